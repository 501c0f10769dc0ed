//! Points in time as RFC 3339 writes them, to the second and in UTC when printed.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// Why a text is no point in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("`{}` is no time with a zone, like 2026-11-24T00:00:00Z or 2026-11-24T01:00:00+01:00", .text.escape_debug())]
pub struct TimeError {
    /// The text as it stood.
    pub text: String,
}

/// The point in time that an RFC 3339 text names: date, time and zone, all of them; fractions of
/// a second are dropped.
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
/// [`TimeError`] with the text, where it is anything else.
pub fn parse(text: &str) -> Result<SystemTime, TimeError> {
    parse_seconds(text).and_then(system_time).ok_or_else(|| TimeError { text: text.to_owned() })
}

/// Prints a point in time in UTC, to the second: `2026-11-24T00:00:00Z`.
pub fn print(time: SystemTime) -> impl fmt::Display {
    print_seconds(seconds(time))
}

/// Whole seconds since 1970, rounded down; negative before.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            -whole - i64::from(before.subsec_nanos() > 0)
        }
    }
}

pub(crate) fn system_time(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

pub(crate) fn print_seconds(seconds: i64) -> impl fmt::Display {
    let second = seconds.rem_euclid(DAY);
    fmt::from_fn(move |f| {
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}Z", print_day(seconds))
    })
}

/// The day of a point in time: `2026-11-24`.
pub(crate) fn print_day(seconds: i64) -> impl fmt::Display {
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    fmt::from_fn(move |f| write!(f, "{year:04}-{month:02}-{day:02}"))
}

/// The proleptic Gregorian date of a day counted from 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    // Counted from 0000-03-01, so that the leap day is the last of its year.
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// The day of a date, counted from 1970-01-01; nothing where there is no such date.
pub(crate) fn day(year: i64, month: i64, day: i64) -> Option<i64> {
    // Every certificate has two dates: adding up what has gone by is a third of the work of going there and back.
    const BEFORE_MONTH: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    let month = usize::try_from(month).ok()?;
    let (before, after) = (BEFORE_MONTH.get(month.checked_sub(1)?)?, BEFORE_MONTH.get(month)?);
    let leap_day = i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    let length = after - before + if month == 2 { leap_day } else { 0 };
    let whole_years = year - 1;
    let leap_days = whole_years.div_euclid(4) - whole_years.div_euclid(100) + whole_years.div_euclid(400);
    let day_of_year = before + if month > 2 { leap_day } else { 0 } + day - 1;
    (1..=length).contains(&day).then_some(whole_years * 365 + leap_days + day_of_year - 719_162)
}

fn parse_seconds(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
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
    Some(day(year, month, day_of_month)? * DAY + hour * 3600 + minute * 60 + second - offset)
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
            assert_eq!(print_seconds(seconds).to_string(), text);
            assert_eq!(super::seconds(parse(text).unwrap()), seconds);
        }
    }

    #[test]
    fn every_day_that_four_digits_can_name_has_its_date() {
        let mut days = -719_528;
        for year in 0..10_000 {
            for (month, day_of_month) in (0..14).flat_map(|month| (0..33).map(move |day| (month, day))) {
                let is_date = civil(days) == (year, month, day_of_month);
                assert_eq!(day(year, month, day_of_month), is_date.then_some(days));
                days += i64::from(is_date);
            }
        }
        assert_eq!(civil(days), (10_000, 1, 1));
    }

    #[test]
    fn what_names_no_point_in_time_is_refused() {
        for text in [
            "",
            "2026-11-24",
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
