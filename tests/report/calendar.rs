//! The calendar of the renewals.

use serde_json::Value;

use crate::support::organization::{NOW, hostile, organization};
use crate::{audit, file, folder};

/// The lines of a calendar, put together where they were folded.
fn unfolded(calendar: &str) -> Vec<String> {
    let body = calendar.strip_suffix("\r\n").expect("the last line ends too");
    assert!(!body.replace("\r\n", "").contains(['\r', '\n']), "every line ends in CRLF");
    let mut lines: Vec<String> = Vec::new();
    for line in body.split("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        match line.strip_prefix(' ') {
            Some(rest) => lines.last_mut().unwrap().push_str(rest),
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

fn calendar(test: &str, scenario: &Value, now: &str) -> Vec<String> {
    let input = file(test, "scenario.json", &scenario.to_string());
    let ics = folder(test).join("renewals.ics");
    let output = audit(&[&input, "--ics", ics.to_str().unwrap(), "--now", now]);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    unfolded(&std::fs::read_to_string(ics).unwrap())
}

fn values<'a>(lines: &'a [String], property: &str) -> Vec<&'a str> {
    lines.iter().filter_map(|line| line.strip_prefix(property)).collect()
}

/// The lines of the alarms, and the others.
fn parted(lines: Vec<String>) -> (Vec<String>, Vec<String>) {
    let mut is_alarm = false;
    lines.into_iter().partition(|line| {
        let is_of_alarm = is_alarm || line == "BEGIN:VALARM";
        is_alarm = is_of_alarm && line != "END:VALARM";
        is_of_alarm
    })
}

#[test]
fn each_renewal_is_told_once_a_day_before() {
    let (alarms, _) = parted(calendar("calendar-alarms", &organization(), NOW));
    assert_eq!(values(&alarms, "BEGIN:VALARM").len(), 6);
    assert_eq!(values(&alarms, "TRIGGER;RELATED=START:"), ["-PT54000S"; 6], "at nine, if the day begins at midnight");
    let (later, _) = parted(calendar("calendar-alarms-again", &organization(), NOW));
    assert_eq!(alarms, later, "nothing comes from the clock or by chance");
}

#[test]
fn the_calendar_holds_a_day_for_each_renewal() {
    let (_, lines) = parted(calendar("calendar", &organization(), NOW));
    assert_eq!([lines.first().unwrap().as_str(), lines.last().unwrap()], ["BEGIN:VCALENDAR", "END:VCALENDAR"]);
    assert_eq!(values(&lines, "VERSION:"), ["2.0"]);
    assert_eq!(values(&lines, "PRODID:").len(), 1);
    assert_eq!(values(&lines, "METHOD:"), ["PUBLISH"]);
    assert_eq!(values(&lines, "BEGIN:VEVENT").len(), 6);
    assert_eq!(values(&lines, "END:VEVENT").len(), 6);
    assert_eq!(values(&lines, "DTSTAMP:"), ["20261124T000000Z"; 6]);
    // What has expired, or is due already, stands at the day itself, where it is seen.
    assert_eq!(values(&lines, "DTSTART;VALUE=DATE:"), [&["20261124"; 5][..], &["20270218"]].concat());
    assert_eq!(values(&lines, "SUMMARY:").first(), Some(&"Renew MBX02 (expired 2026-10-30)"));
    let uids = values(&lines, "UID:");
    let (_, later) = parted(calendar("calendar-later", &organization(), "2026-11-25"));
    assert_eq!(uids, values(&later, "UID:"));
    assert_eq!(uids.iter().collect::<std::collections::BTreeSet<_>>().len(), 6);
    assert_eq!(values(&lines, "SUMMARY:").last(), Some(&"Renew mail.contoso.com (expires 2027-04-19)"));
    let last = values(&lines, "DESCRIPTION:").last().unwrap().to_string();
    assert!(last.starts_with(r"Plan: "), "{last}");
    assert!(last.contains(r"Services: IMAP\, POP\, IIS\, SMTP\nServers: MBX01\, MBX03\n"), "{last}");
}

#[test]
fn hostile_names_stay_in_their_line_of_the_calendar() {
    let lines = calendar("calendar-hostile", &hostile(), NOW);
    let properties = [
        "BEGIN:",
        "END:",
        "VERSION:",
        "PRODID:",
        "CALSCALE:",
        "METHOD:",
        "ACTION:",
        "TRIGGER;RELATED=START:",
        "NAME:",
        "X-WR-CALNAME:",
        "UID:",
        "DTSTAMP:",
        "DTSTART;VALUE=DATE:",
        "SUMMARY:",
        "DESCRIPTION:",
        "TRANSP:",
    ];
    for line in &lines {
        assert!(properties.iter().any(|property| line.starts_with(property)), "{line}");
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{202E}'), "{line}");
    }
    let summary = values(&lines, "SUMMARY:")[0];
    assert!(summary.contains(r"\;\,\\ "), "{summary}");
    assert!(values(&lines, "DESCRIPTION:")[0].contains('\u{1F600}'), "a fold splits no character");
}
