//! The renewals as a calendar (RFC 5545).

use std::time::SystemTime;

use exchange_certificates::{AgendaItem, rfc3339};
use icalendar::{Calendar, Component as _, Event, Property};

use super::digest::{day, several, title};
use crate::common::input::plain;

/// One all-day event for each renewal. Its identifier is that of the certificate, so that a calendar that has it
/// already moves it instead of showing it twice.
pub(crate) fn calendar(agenda: &[AgendaItem], now: SystemTime) -> String {
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0"));
    calendar.append_property(("PRODID", "-//exchange-certificates//audit//EN"));
    calendar.append_property(("CALSCALE", "GREGORIAN"));
    calendar.name("Exchange certificates");
    calendar.extend(agenda.iter().map(|item| event(item, now)));
    calendar.to_string()
}

fn event(item: &AgendaItem, now: SystemTime) -> Event {
    let is_overdue = item.due < now;
    // In the past nobody would see it.
    let date = if is_overdue { now } else { item.due };
    let mut event = Event::with_uid(&format!("{}@exchange-certificates", item.thumbprint));
    event.add_property("DTSTAMP", compact(&rfc3339::print(now).to_string()));
    // Without an end it takes the whole day.
    event.append_property(Property::new("DTSTART", compact(&day(date))).add_parameter("VALUE", "DATE").done());
    event.summary(&format!(
        "Renew {} ({} {})",
        title(&item.domains, &item.subject, item.thumbprint),
        if item.not_after < now { "expired" } else { "expires" },
        day(item.not_after)
    ));
    let due = if is_overdue { format!("Was due on {}.\n", day(item.due)) } else { String::new() };
    event.description(&format!(
        "{due}Services: {}\nServers: {}\nExpires: {}\nSubject: {}\nThumbprint: {}",
        item.services,
        several(&item.servers, 100),
        rfc3339::print(item.not_after),
        plain(&item.subject),
        item.thumbprint
    ));
    // It takes no time of a day in which meetings may be.
    event.add_property("TRANSP", "TRANSPARENT");
    event.done()
}

/// The basic form of a date or a time: `20261124T080000Z`.
fn compact(rfc3339: &str) -> String {
    rfc3339.chars().filter(|character| !matches!(character, '-' | ':')).collect()
}
