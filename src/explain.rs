//! What Exchange, Windows and mail partners say about certificates, explained.

mod clients;
mod cmdlets;
mod found;
mod known;
mod named;
mod nearest;
mod resolved;
mod services;
mod smtp;
mod steps;
mod transport;
mod windows;

use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use self::found::Found;
pub use self::known::{KnownText, Publication};
use self::resolved::{Resolved, Resolver};
use crate::block::Block;
use crate::fleet::Fleet;
use crate::json_object::FORMAT;
use crate::text::plain;
use crate::thumbprint::Thumbprint;

/// How many bytes of a text are looked at.
const LONGEST: usize = 4 << 20;
/// At how many places one text is looked at closely.
const PLACES: usize = 32;
/// How many characters of what was recognised are shown.
const SHOWN: usize = 240;

/// Every text that is known, by theme.
///
/// ```
/// use exchange_certificates::known_texts;
///
/// assert!(known_texts().count() > 100);
/// assert!(known_texts().any(|known| known.id() == "overwrite-default-smtp"));
/// ```
pub fn known_texts() -> impl Iterator<Item = &'static KnownText> {
    let themes = [cmdlets::KNOWN, transport::KNOWN, services::KNOWN, windows::KNOWN, smtp::KNOWN, clients::KNOWN];
    themes.into_iter().flatten()
}

/// What a text says that is known, in its order, each once. Serialized as an answer: `format` and `entries`, and, if
/// nothing is known, the ids of the `nearest` ones.
///
/// ```
/// use exchange_certificates::explain;
///
/// let explained = explain("NET::ERR_CERT_DATE_INVALID");
/// let answer = serde_json::to_value(&explained)?;
/// assert_eq!(answer["entries"][0]["id"], "chrome-date");
///
/// let explained = explain("the internal transport certificate is gone");
/// assert!(!explained.is_recognised() && !explained.nearest().is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Explained {
    entries: Vec<Explanation>,
    nearest: Vec<&'static KnownText>,
    is_cut: bool,
}

/// One known text in a text. Serialized with `id`, `recognised`, `meaning`, `look_at`, `rules`, `servers`,
/// `endpoints`, `thumbprints`, `remedy` and `source`.
///
/// ```
/// use exchange_certificates::explain;
///
/// let explained = explain("MBX01 says:\n> 451  5.7.3 STARTTLS\n> is required to send mail");
/// let entry = &explained.entries()[0];
/// assert_eq!((entry.id(), entry.recognised()), ("starttls-required", "STARTTLS is required to send mail"));
/// assert!(entry.look_at().iter().any(|block| block.text().starts_with("Get-ReceiveConnector ")));
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    known: &'static KnownText,
    recognised: String,
    resolved: Resolved,
}

/// Explains a text: an error, a warning or a question of a cmdlet, an event, a reply of SMTP, what a browser or Outlook
/// says. Anything may stand around it. Events are recognised by their English words, or in any language by id and
/// source. Only the first 4 MiB are looked at.
///
/// ```
/// use exchange_certificates::explain;
///
/// let mail = "Hi all, since this morning we see\n\
///     > Log Name: Application  Source: MSExchangeTransport  Event ID: 12015\n\
///     > An internal transport certificate expired.\n\
///     > Thumbprint:5A492D0FC58EC83A7C6BA0A16C4D0A3F1E92B700\n";
/// let explained = explain(mail);
/// let [entry] = explained.entries() else { panic!("one text is known") };
/// assert_eq!(entry.id(), "internal-certificate-expired");
/// assert!(entry.rules().contains(&"audit-default-smtp-expired"));
/// assert_eq!(entry.thumbprints()[0].to_string(), "5A492D0FC58EC83A7C6BA0A16C4D0A3F1E92B700");
///
/// assert!(!explain("The printer on floor 3 is out of paper.").is_recognised());
/// ```
pub fn explain(text: &str) -> Explained {
    explained(text, None)
}

/// Explains a text as [`explain`] does, and says which servers, endpoints and certificates of a fleet it is about, at a
/// point in time.
///
/// ```
/// use exchange_certificates::{Fleet, Role, Server, Version, explain_in, rfc3339};
///
/// let mut fleet = Fleet::new();
/// fleet.insert(Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?.with_fqdn("mbx01.contoso.com")?)?;
/// fleet.insert(Server::new("MBX02", Version::Exchange2019, [Role::Mailbox])?)?;
/// let event = "HttpEvent 15021, mbx01.contoso.com: An error occurred while using SSL configuration for endpoint \
///     0.0.0.0:444. The error status code is contained within the returned data.";
/// let explained = explain_in(event, &fleet, rfc3339::parse("2026-11-24")?);
/// let [entry] = explained.entries() else { panic!("one text is known") };
/// assert_eq!(entry.servers(), ["MBX01"]);
/// assert_eq!(entry.endpoints(), ["https/2/*:444"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain_in(text: &str, fleet: &Fleet, now: SystemTime) -> Explained {
    explained(text, Some((fleet, now)))
}

fn explained(text: &str, fleet: Option<(&Fleet, SystemTime)>) -> Explained {
    let is_cut = text.len() > LONGEST;
    let text = text.get(..named::floor(text, LONGEST)).unwrap_or(text);
    let found = found::find(text);
    let mut places: Vec<_> = found.iter().flat_map(|found| &found.places).cloned().collect();
    places.sort_by_key(|place| (place.start, place.end));
    let resolver = Resolver::new(text, fleet);
    let entries: Vec<_> = found
        .into_iter()
        .filter_map(|Found { known, places: own }| {
            let resolved = own.iter().take(PLACES).map(|place| {
                let area = around(text, &places, place);
                resolver.resolve(area, place, known)
            });
            let resolved = resolved.reduce(Resolved::with)?;
            Some(Explanation { known, recognised: recognised(text, &own), resolved })
        })
        .collect();
    let nearest = if entries.is_empty() { nearest::nearest(text) } else { Vec::new() };
    Explained { entries, nearest, is_cut }
}

/// What was recognised first, on one line: rather words than a number.
fn recognised(text: &str, places: &[Range<usize>]) -> String {
    const SAME: usize = 1000;
    let Some(first) = places.first() else { return String::new() };
    let same = places.iter().take_while(|place| place.start <= first.end.saturating_add(SAME));
    excerpt(text, same.max_by_key(|place| (place.len(), Reverse(place.start))).unwrap_or(first))
}

/// The part of a text that speaks of a place, among all places of known texts.
fn around(text: &str, places: &[Range<usize>], place: &Range<usize>) -> Range<usize> {
    // What is close by is of the same record: its id, its words.
    const SAME: usize = 200;
    let after = places.partition_point(|other| other.start <= place.end.saturating_add(SAME));
    let next = places.get(after).map(|other| other.start);
    let until = places.partition_point(|other| other.start < place.start);
    let ends = places.iter().take(until).rev().take(8).map(|other| other.end);
    let before = ends.filter(|end| end.saturating_add(SAME) < place.start).max();
    named::area(text, before, place, next)
}

/// What was recognised, on one line.
fn excerpt(text: &str, place: &Range<usize>) -> String {
    let mut words = String::new();
    // A number alone says little: its line is shown.
    let is_short = place.len() < 12;
    let line_start = text.get(..place.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let line_end = text.get(place.end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| place.end + end);
    let shown = match is_short {
        true => {
            named::floor(text, line_start.max(place.start.saturating_sub(SHOWN / 2)))
                ..named::floor(text, line_end.min(place.end + SHOWN / 2))
        }
        false => place.start..named::floor(text, place.end.min(place.start + 4 * SHOWN)),
    };
    let is_mark = |word: &&str| !word.chars().all(|c| matches!(c, '>' | '|'));
    for word in text.get(shown).unwrap_or_default().split_whitespace().filter(is_mark) {
        if words.chars().count() + word.chars().count() > SHOWN {
            words.push_str(" …");
            break;
        }
        words.push_str(if words.is_empty() { "" } else { " " });
        words.push_str(word);
    }
    words
}

impl Explained {
    /// What is known of the text, in its order.
    pub fn entries(&self) -> &[Explanation] {
        &self.entries
    }

    /// Whether anything is known.
    pub fn is_recognised(&self) -> bool {
        !self.entries.is_empty()
    }

    /// If nothing is known, the known texts that share most words with it, the nearest first.
    pub fn nearest(&self) -> &[&'static KnownText] {
        &self.nearest
    }

    /// Whether the text was longer than what is looked at.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

impl Serialize for Explained {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nearest: Vec<_> = self.nearest.iter().map(|known| known.id).collect();
        let mut answer = serializer.serialize_struct("Explained", 3)?;
        answer.serialize_field("format", &FORMAT)?;
        answer.serialize_field("entries", &self.entries)?;
        match nearest.is_empty() {
            true => answer.skip_field("nearest")?,
            false => answer.serialize_field("nearest", &nearest)?,
        }
        answer.end()
    }
}

impl Explanation {
    /// The permanent name of what is known.
    pub fn id(&self) -> &'static str {
        self.known.id
    }

    /// What is known.
    pub fn known(&self) -> &'static KnownText {
        self.known
    }

    /// What of the text was recognised, on one line, as it stands there.
    pub fn recognised(&self) -> &str {
        &self.recognised
    }

    /// What it means.
    pub fn meaning(&self) -> &'static str {
        self.known.meaning
    }

    /// What to look at, and what to collect.
    pub fn look_at(&self) -> &[Block] {
        &self.resolved.look_at
    }

    /// The ids of the rules behind it.
    pub fn rules(&self) -> &'static [&'static str] {
        self.known.rules
    }

    /// The servers that it is about: names of the fleet, or else as the text names them.
    pub fn servers(&self) -> &[String] {
        &self.resolved.servers
    }

    /// The ids of the endpoints that it is about; empty without a fleet.
    pub fn endpoints(&self) -> &[String] {
        &self.resolved.endpoints
    }

    /// The certificates that it is about: those that the text names, or else those of the fleet that it speaks of.
    pub fn thumbprints(&self) -> &[Thumbprint] {
        &self.resolved.thumbprints
    }

    /// What to do, in order.
    pub fn remedy(&self) -> &[Block] {
        &self.resolved.remedy
    }

    /// Where it is printed or described.
    pub fn source(&self) -> Publication {
        self.known.source
    }
}

impl fmt::Display for Explanation {
    /// The text and its meaning, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", plain(&self.recognised), self.known.meaning)
    }
}

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entry = serializer.serialize_struct("Explanation", 10)?;
        entry.serialize_field("id", self.known.id)?;
        entry.serialize_field("recognised", &plain(&self.recognised).to_string())?;
        entry.serialize_field("meaning", self.known.meaning)?;
        entry.serialize_field("look_at", &self.resolved.look_at)?;
        entry.serialize_field("rules", self.known.rules)?;
        entry.serialize_field("servers", &self.resolved.servers)?;
        entry.serialize_field("endpoints", &self.resolved.endpoints)?;
        entry.serialize_field("thumbprints", &self.resolved.thumbprints)?;
        entry.serialize_field("remedy", &self.resolved.remedy)?;
        entry.serialize_field("source", &self.known.source)?;
        entry.end()
    }
}
