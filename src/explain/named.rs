//! The servers, hosts and thumbprints that a text names around what is known of it.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::text::same;
use crate::thumbprint::Thumbprint;

/// How far around what is known something may be named.
const FAR: usize = 4096;
/// How many of a kind are taken from one text.
const MOST: usize = 32;

/// The part of a text that speaks of one place in it: up to the record before, and to the one after.
pub(super) fn area(text: &str, before: Option<usize>, place: &Range<usize>, after: Option<usize>) -> Range<usize> {
    let start = before.map_or(0, |end| border(text, end, place.start));
    let end = after.map_or(text.len(), |next| border(text, place.end, next));
    floor(text, start.max(place.start.saturating_sub(FAR)))..floor(text, end.min(place.end.saturating_add(FAR)))
}

pub(super) fn floor(text: &str, place: usize) -> usize {
    (0..=place.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or_default()
}

/// Where one record ends and the next one begins: the last empty line, else the last prompt, else the last line.
fn border(text: &str, from: usize, to: usize) -> usize {
    let (from, to) = (from.max(floor(text, to.saturating_sub(2 * FAR))), to);
    let Some(between) = text.get(floor(text, from)..floor(text, to)) else { return to };
    let mut at = floor(text, from);
    let (mut empty, mut prompt, mut line_start) = (None, None, None);
    for line in between.split_inclusive('\n') {
        let bare = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '|'));
        if at > from {
            line_start = Some(at);
            if bare.is_empty() && line.ends_with('\n') {
                empty = Some(at);
            } else if bare.starts_with("[PS]") || bare.starts_with("PS ") || bare.starts_with("Log Name") {
                prompt = Some(at);
            }
        }
        at += line.len();
    }
    empty.max(prompt).or(line_start).unwrap_or(to)
}

/// Every thumbprint, each once.
pub(super) fn thumbprints(text: &str) -> Vec<Thumbprint> {
    const DIGITS: usize = 2 * Thumbprint::LENGTH;
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(|c: char| c.is_ascii_hexdigit())) {
        let start = at + start;
        let rest = text.get(start..).unwrap_or_default();
        let run = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
        let is_begin = !text.get(..start).unwrap_or_default().chars().next_back().is_some_and(char::is_alphanumeric);
        let end = match run {
            DIGITS => Some(DIGITS),
            2 => in_pairs(rest, Thumbprint::LENGTH),
            _ => None,
        };
        let thumbprint =
            end.filter(|_| is_begin).and_then(|end| rest.get(..end)).and_then(|digits| digits.parse().ok());
        at = start + if thumbprint.is_some() { end.unwrap_or(run) } else { run };
        if let Some(thumbprint) = thumbprint.filter(|thumbprint| !found.contains(thumbprint)) {
            found.push(thumbprint);
            if found.len() == MOST {
                break;
            }
        }
    }
    found
}

/// The length of so many pairs of hex digits with one sign between, as Windows shows a thumbprint.
fn in_pairs(text: &str, pairs: usize) -> Option<usize> {
    let length = 3 * pairs - 1;
    let shown = text.get(..length)?.as_bytes();
    let is_so = shown.chunks(3).all(|chunk| match chunk {
        [one, two, between @ ..] => {
            one.is_ascii_hexdigit() && two.is_ascii_hexdigit() && matches!(between, [] | [b' ' | b':' | b'-'])
        }
        _ => false,
    });
    let goes_on = text.get(length..).and_then(|rest| rest.chars().next()).is_some_and(|c| c.is_alphanumeric());
    (is_so && !goes_on).then_some(length)
}

/// A name in a text, of a computer or a host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Whether the text says before it that it is a computer.
    pub(super) is_computer: bool,
    /// Whether it is a part of a mail address.
    is_of_address: bool,
}

/// Every word that could be such a name.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    const COMPUTER: [&str; 7] =
        ["computer", "computername", "pscomputername", "machinename", "hostname", "server", "servername"];
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_');
    let mut at = 0;
    let mut previous = "";
    text.split(move |character: char| !is_of_name(character)).filter_map(move |run| {
        let start = at;
        at = start
            + run.len()
            + text.get(start + run.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        if run.is_empty() {
            return None;
        }
        let name = run.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let before = text.get(..start).unwrap_or_default().chars().next_back();
        let is_label = |label: &str| label.eq_ignore_ascii_case(previous.trim_start_matches('-'));
        let is_computer = COMPUTER.iter().any(|label| is_label(label))
            && matches!(before, Some(':' | '=' | ' ' | '"' | '\'' | '>' | '`'));
        previous = run;
        let offset = run.find(name).unwrap_or_default();
        (!name.is_empty()).then_some(Word {
            text: name,
            at: start + offset,
            is_computer,
            is_of_address: before == Some('@'),
        })
    })
}

impl Word<'_> {
    /// Whether it is the name of a computer that the text calls one.
    pub(super) fn names_computer(&self) -> bool {
        const NOT: [&str; 10] = ["name", "the", "is", "and", "that", "to", "of", "for", "certificate", "certificates"];
        let is_word = NOT.iter().any(|word| same(word, self.text));
        let is_name = self.text.chars().any(|c| c.is_ascii_digit())
            || self.text.contains(['.', '-'])
            || self.text.chars().all(|c| c.is_ascii_uppercase());
        self.is_computer && !is_word && is_name && self.text.len() <= 255
    }

    /// Whether it is the name of a host, and of no program, file or person.
    pub(super) fn names_host(&self) -> bool {
        const NO_HOST: [&str; 16] = [
            "ps1", "psm1", "exe", "dll", "xml", "txt", "pfx", "cer", "crt", "csv", "log", "md", "req", "p7b", "aspx",
            "asmx",
        ];
        let labels = || self.text.split('.');
        let is_label = |label: &str| !label.is_empty() && label.len() <= 63 && !label.contains('_');
        let last = labels().next_back().unwrap_or_default();
        let first = labels().next().unwrap_or_default();
        labels().count() >= 2
            && self.text.len() <= 253
            && labels().all(is_label)
            && last.len() >= 2
            && last.chars().all(|c| c.is_ascii_alphabetic())
            && !NO_HOST.iter().any(|ending| same(ending, last))
            && !["Microsoft", "System", "M", "Windows"].contains(&first)
            && !self.is_of_address
            && !labels().any(|label| label.starts_with(|c: char| c.is_ascii_uppercase()) && label.len() > 16)
    }
}

/// The computers that a text calls so, each once.
pub(super) fn computers(text: &str) -> Vec<String> {
    distinct(words(text).filter(Word::names_computer).map(|word| word.text))
}

/// The hosts in a text, each once, those behind a place first.
pub(super) fn hosts(text: &str, place: usize) -> Vec<String> {
    let hosts: Vec<_> = words(text).filter(|word| word.names_host() && !word.names_computer()).collect();
    let (behind, before): (Vec<_>, Vec<_>) = hosts.into_iter().partition(|word| word.at >= place);
    distinct(behind.into_iter().chain(before).map(|word| word.text))
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(name.to_ascii_lowercase())).take(MOST).map(str::to_owned).collect()
}
