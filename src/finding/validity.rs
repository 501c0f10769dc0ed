//! Sentences about the dates of a certificate, for rules of both kinds.

use super::{Message, message};
use crate::server::Installed;
use crate::time::Timestamp;

/// What is to be said if a certificate expires soon.
pub(crate) fn expires_soon(installed: &Installed, now: Timestamp, days: u32) -> Option<Message> {
    let days_left = installed.days_left(now);
    let threshold = installed.expires_soon_from(days);
    let not_after = installed.certificate().ends();
    if days_left >= threshold {
        return None;
    }
    Some(if days_left * 2 < threshold {
        message!(days = days_left, not_after; "urgent: it expires {}, on {not_after}", within(*days))
    } else {
        message!(days = days_left, not_after; "it expires {}, on {not_after}", within(*days))
    })
}

fn within(days: i64) -> String {
    match days {
        0 => "in less than a day".to_owned(),
        1 => "in 1 day".to_owned(),
        _ => format!("in {days} days"),
    }
}

/// What is to be said if the default SMTP certificate is outside its dates.
pub(crate) fn default_outside_dates(installed: &Installed, now: Timestamp) -> Option<Message> {
    let certificate = installed.certificate();
    (!installed.is_current(now)).then(|| {
        message!(
            thumbprint = certificate.thumbprint(), not_before = certificate.starts(), not_after = certificate.ends();
            "the default SMTP certificate {thumbprint} is outside its dates, {not_before} to {not_after}"
        )
    })
}
