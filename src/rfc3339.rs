//! Points in time as RFC 3339 writes them, to the second and in UTC when printed.

use std::fmt;
use std::time::SystemTime;

use crate::text;
use crate::time::{DAY, Timestamp, day};

/// Why a text is no point in time.
///
/// ```
/// use exchange_certificates::rfc3339;
///
/// assert_eq!(rfc3339::parse("tomorrow").unwrap_err().text, "tomorrow");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{} is not an RFC 3339 time with a time zone, like 2026-11-24T00:00:00Z or 2026-11-24T01:00:00+01:00, nor a date like 2026-11-24", text::excerpt(.text))]
pub struct TimeError {
    /// The text as it stood.
    pub text: String,
}

/// The point in time that an RFC 3339 text names: date, time and zone, or a date alone, which is its midnight in UTC.
/// Fractions of a second are dropped.
///
/// ```
/// use exchange_certificates::rfc3339;
///
/// let now = rfc3339::parse("2026-11-24T01:00:00+01:00")?;
/// assert_eq!(rfc3339::print(now).to_string(), "2026-11-24T00:00:00Z");
/// assert!(rfc3339::parse("2026-11-24T00:00:00").is_err(), "without a zone it names no point in time");
/// # Ok::<(), rfc3339::TimeError>(())
/// ```
///
/// # Errors
///
/// [`TimeError`] with the text, if it is anything else.
pub fn parse(text: &str) -> Result<SystemTime, TimeError> {
    timestamp(text).and_then(Timestamp::to_system_time).ok_or_else(|| TimeError { text: text.to_owned() })
}

/// Prints a point in time in UTC, to the second: `2026-11-24T00:00:00Z`.
///
/// ```
/// use exchange_certificates::rfc3339;
///
/// assert_eq!(rfc3339::print(std::time::UNIX_EPOCH).to_string(), "1970-01-01T00:00:00Z");
/// ```
pub fn print(time: SystemTime) -> impl fmt::Display {
    Timestamp::from(time)
}

/// A point in time in files, where it is described.
#[cfg(feature = "schemars")]
pub(crate) struct Time;

/// Serializes a point in time as it [prints](print).
pub(crate) fn serialize<S: serde::Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&print(*time))
}

/// The same, if there is one.
pub(crate) fn serialize_some<S: serde::Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serialize(time, serializer),
        None => serializer.serialize_none(),
    }
}

/// Reads a point in time as [`parse`] does.
pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = <String as serde::Deserialize>::deserialize(deserializer)?;
    parse(&text).map_err(serde::de::Error::custom)
}

/// The same, where null is none.
pub(crate) fn deserialize_some<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SystemTime>, D::Error> {
    let text = <Option<String> as serde::Deserialize>::deserialize(deserializer)?;
    text.map(|text| parse(&text).map_err(serde::de::Error::custom)).transpose()
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    if rest.is_empty() {
        let [year, month, day_of_month] = fields(date, '-', [4, 2, 2])?;
        return Timestamp::midnight(year, month, day_of_month);
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, rest) = rest.split_at_checked(8)?;
    let [year, month, day_of_month] = fields(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = fields(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (zone.len() < fraction.len()).then_some(zone)?
        }
        None => rest,
    };
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let (sign, zone) = zone.split_at_checked(1)?;
            let [hours, minutes] = fields(zone, ':', [2, 2])?;
            let sign = match sign {
                "+" => 1,
                "-" => -1,
                _ => return None,
            };
            (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))?
        }
    };
    let seconds = day(year, month, day_of_month)? * DAY + hour * 3600 + minute * 60 + second - offset;
    Some(Timestamp::from_seconds(seconds))
}

/// Unsigned numbers of these widths, with one character between them.
fn fields<const N: usize>(text: &str, between: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(between);
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next().filter(|part| part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-631_152_000, "1950-01-01T00:00:00Z"),
        ] {
            let timestamp = Timestamp::from_seconds(seconds);
            assert_eq!(timestamp.to_string(), text);
            assert_eq!(Timestamp::from(parse(text).unwrap()), timestamp);
        }
    }

    #[test]
    fn a_date_alone_is_its_midnight() {
        assert_eq!(parse("2026-11-24"), parse("2026-11-24T00:00:00Z"));
    }

    #[test]
    fn what_names_no_point_in_time_is_refused() {
        for text in [
            "",
            "2026-11-31",
            "2026-11-2",
            "2026-11-24T00:00:00",
            "2026-11-24T00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-24T24:00:00Z",
            "2026-11-24T00:00:00.Z",
            "2026-11-24T00:00:00+1:00",
            "2026-11-24T00:00:00+01",
            "20261124T000000Z",
            "2026-11-24T00:00:00Zulu",
            "99-11-24T000:00:00Z",
            "026-11-024T00:00:00Z",
            "26-11-0024T00:00:00Z",
            "2026-11-24T00:00:00é",
        ] {
            assert_eq!(parse(text), Err(TimeError { text: text.to_owned() }));
        }
    }
}
