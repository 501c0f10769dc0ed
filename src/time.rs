//! Points in time, to the second.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::text;

/// The seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// A point in time, in whole seconds since 1970 and rounded down. Prints as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Timestamp(i64);

impl Timestamp {
    pub(crate) const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The seconds since 1970.
    pub(crate) const fn seconds(self) -> i64 {
        self.0
    }

    /// Midnight in UTC; `None` if there is no such date.
    pub(crate) fn midnight(year: i64, month: i64, day_of_month: i64) -> Option<Self> {
        Some(Self(day(year, month, day_of_month)? * DAY))
    }

    /// The whole days until another point in time; negative if that one is earlier.
    pub(crate) const fn days_until(self, later: Self) -> i64 {
        later.0.saturating_sub(self.0).div_euclid(DAY)
    }

    /// Whether no more than an hour lies between.
    #[cfg(feature = "import")]
    pub(crate) const fn is_within_an_hour_of(self, other: Self) -> bool {
        self.0.abs_diff(other.0) <= 3600
    }

    /// So many days earlier.
    pub(crate) const fn days_earlier(self, days: i64) -> Self {
        Self(self.0.saturating_sub(days.saturating_mul(DAY)))
    }

    /// The day alone: `2026-11-24`.
    pub(crate) fn day(self) -> impl fmt::Display {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        text::from_fn(move |f| write!(f, "{year:04}-{month:02}-{day:02}"))
    }

    /// The platform's own type; `None` if it cannot tell this point in time.
    pub(crate) fn to_system_time(self) -> Option<SystemTime> {
        let distance = Duration::from_secs(self.0.unsigned_abs());
        if self.0 < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.rem_euclid(DAY);
        write!(f, "{}T{:02}:{:02}:{:02}Z", self.day(), second / 3600, second / 60 % 60, second % 60)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => {
                let before = before.duration();
                let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                -whole - i64::from(before.subsec_nanos() > 0)
            }
        })
    }
}

/// The nearest point in time that the platform can tell: Windows knows none before 1601.
impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        const YEAR_1601: u64 = 11_644_473_600;
        const YEAR_10000: u64 = 253_402_300_800;
        let nearest = || match timestamp.0 {
            ..0 => UNIX_EPOCH - Duration::from_secs(YEAR_1601),
            _ => UNIX_EPOCH + Duration::from_secs(YEAR_10000),
        };
        timestamp.to_system_time().unwrap_or_else(nearest)
    }
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

/// The day of a date, counted from 1970-01-01; `None` if there is no such date.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_1970_is_one() {
        let before = SystemTime::from(Timestamp(-1));
        assert_eq!(UNIX_EPOCH.duration_since(before).unwrap(), Duration::from_secs(1));
        assert_eq!(Timestamp::from(before), Timestamp(-1));
        assert_eq!(Timestamp::from(before - Duration::from_millis(1)), Timestamp(-2));
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
}
