//! The dates of a certificate.

use super::tlv::{Element, tag};
use crate::time::{DAY, Timestamp, day};

/// The point in time that an element names.
///
/// Every form that ASN.1 has and that names one point in time is read: without seconds, with a
/// fraction of one (dropped), with a zone other than UTC. A time of day without a zone names none.
#[inline(always)]
pub(super) fn timestamp(time: Element<'_>) -> Option<Timestamp> {
    let mut digits = Digits(time.value);
    let year = match time.tag {
        tag::UTC_TIME => match digits.pair()? {
            year @ 50.. => 1900 + year,
            year => 2000 + year,
        },
        tag::GENERALIZED_TIME => digits.pair()? * 100 + digits.pair()?,
        _ => return None,
    };
    let day = day(year, digits.pair()?, digits.pair()?)?;
    let hour = digits.below(24)?;
    let minute = if digits.has_pair() || time.tag == tag::UTC_TIME { digits.below(60)? } else { 0 };
    let second = if digits.has_pair() { digits.below(60)? } else { 0 };
    Some(Timestamp::from_seconds(day * DAY + (hour * 60 + minute) * 60 + second - digits.zone(time.tag)?))
}

struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    #[inline(always)]
    fn has_pair(&self) -> bool {
        self.0.first().is_some_and(u8::is_ascii_digit)
    }

    #[inline(always)]
    fn pair(&mut self) -> Option<i64> {
        let (&[tens, ones], rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    }

    #[inline(always)]
    fn below(&mut self, end: i64) -> Option<i64> {
        self.pair().filter(|number| *number < end)
    }

    /// How many seconds the zone, which is all that is left, is ahead of UTC.
    #[inline(always)]
    fn zone(mut self, tag: u8) -> Option<i64> {
        if let (tag::GENERALIZED_TIME, [b'.' | b',', fraction @ ..]) = (tag, self.0) {
            let end = fraction.iter().position(|byte| !byte.is_ascii_digit()).filter(|end| *end > 0)?;
            self.0 = fraction.get(end..)?;
        }
        let (sign, rest) = self.0.split_first()?;
        self.0 = rest;
        let ahead = match sign {
            b'Z' => 0,
            b'+' => self.below(24)? * 3600 + self.below(60)? * 60,
            b'-' => -(self.below(24)? * 3600 + self.below(60)? * 60),
            _ => return None,
        };
        self.0.is_empty().then_some(ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tag: u8, text: &str) -> Option<String> {
        let time = Element { tag, value: text.as_bytes(), der: &[] };
        timestamp(time).map(|time| time.to_string())
    }

    #[test]
    fn every_form_that_names_a_point_in_time_is_read() {
        for (tag, text, expected) in [
            (tag::UTC_TIME, "261001000000Z", "2026-10-01T00:00:00Z"),
            (tag::UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z"),
            (tag::UTC_TIME, "500101000000Z", "1950-01-01T00:00:00Z"),
            (tag::UTC_TIME, "2610010000Z", "2026-10-01T00:00:00Z"),
            (tag::UTC_TIME, "261001000000+0130", "2026-09-30T22:30:00Z"),
            (tag::UTC_TIME, "2610010000-0100", "2026-10-01T01:00:00Z"),
            (tag::GENERALIZED_TIME, "99991231235959Z", "9999-12-31T23:59:59Z"),
            (tag::GENERALIZED_TIME, "00010101000000Z", "0001-01-01T00:00:00Z"),
            (tag::GENERALIZED_TIME, "2026100100Z", "2026-10-01T00:00:00Z"),
            (tag::GENERALIZED_TIME, "202610010007Z", "2026-10-01T00:07:00Z"),
            (tag::GENERALIZED_TIME, "20240229000000.999Z", "2024-02-29T00:00:00Z"),
            (tag::GENERALIZED_TIME, "20240229000000,5-1400", "2024-02-29T14:00:00Z"),
        ] {
            assert_eq!(read(tag, text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_names_none_is_refused() {
        for (tag, text) in [
            (tag::UTC_TIME, ""),
            (tag::UTC_TIME, "261001000000"),
            (tag::UTC_TIME, "2610010Z"),
            (tag::UTC_TIME, "26100100Z"),
            (tag::UTC_TIME, "261301000000Z"),
            (tag::UTC_TIME, "260229000000Z"),
            (tag::UTC_TIME, "261001240000Z"),
            (tag::UTC_TIME, "261001000060Z"),
            (tag::UTC_TIME, "261001000000.5Z"),
            (tag::UTC_TIME, "261001000000Zx"),
            (tag::UTC_TIME, "261001000000+01"),
            (tag::UTC_TIME, "20261001000000Z"),
            (tag::GENERALIZED_TIME, "20261001000000"),
            (tag::GENERALIZED_TIME, "20261001000000.Z"),
            (tag::GENERALIZED_TIME, "20261001000000.5"),
            (tag::GENERALIZED_TIME, "2026100100000Z"),
            (tag::BIT_STRING, "261001000000Z"),
        ] {
            assert_eq!(read(tag, text), None, "{text}");
        }
    }
}
