//! The renewals as a calendar (RFC 5545).

use std::time::SystemTime;

use chrono::Duration;
use exchange_certificates::{AgendaItem, rfc3339};
use icalendar::{Alarm, Calendar, Component as _, Event, EventLike as _, Property, Trigger};

use super::digest::{day, several, title};
use crate::common::input::plain;

/// One all-day event for each renewal. Its identifier is that of the certificate, so that a calendar that has it
/// already moves it instead of showing it twice.
pub(crate) fn calendar(agenda: &[AgendaItem], now: SystemTime) -> String {
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0"));
    calendar.append_property(("PRODID", "-//exchange-certificates//audit//EN"));
    calendar.append_property(("CALSCALE", "GREGORIAN"));
    // It is published, and nobody is invited.
    calendar.append_property(("METHOD", "PUBLISH"));
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
    let summary = format!(
        "Renew {} ({} {})",
        title(&item.domains, &item.subject, item.thumbprint),
        if item.not_after < now { "expired" } else { "expires" },
        day(item.not_after)
    );
    event.summary(&summary);
    let due = if is_overdue { format!("Was due on {}.\n", day(item.due)) } else { String::new() };
    event.description(&format!(
        "{due}Plan: {}\nServices: {}\nServers: {}\nExpires: {}\nSubject: {}\nThumbprint: {}",
        plain(&item.plan),
        item.services,
        several(&item.servers, 100),
        rfc3339::print(item.not_after),
        plain(&item.subject),
        item.thumbprint
    ));
    // It takes no time of a day in which meetings may be.
    event.add_property("TRANSP", "TRANSPARENT");
    // At nine in the morning of the day before.
    let mut alarm = Alarm::display(&summary, Trigger::before_start(Duration::hours(15)));
    alarm.add_property("UID", format!("reminder-{}@exchange-certificates", item.thumbprint));
    alarm.add_property("DTSTAMP", compact(&rfc3339::print(now).to_string()));
    event.alarm(alarm);
    event.done()
}

/// The basic form of a date or a time: `20261124T080000Z`.
fn compact(rfc3339: &str) -> String {
    rfc3339.chars().filter(|character| !matches!(character, '-' | ':')).collect()
}
