//! Finding what is known in a text, whatever stands around it: in time that grows with its length alone.

use std::collections::BTreeMap;
use std::ops::Range;

use super::known::{KnownText, Log, Sign};
use super::known_texts;
use super::named::floor;

/// How many letters and digits may stand between two parts of one text.
const GAP: usize = 500;
/// How far the source of an event may be from its id.
const NEAR: usize = 600;
/// How far it may be from the value of a field that nothing else says is an event's id.
const VERY_NEAR: usize = 200;
/// How far it may be from a number of which nothing says so.
const ADJACENT: usize = 12;
/// How close a text that says more makes another one silent.
const CLOSE: usize = 700;
/// How often one text is looked for.
const MOST: usize = 200;

/// A known text, with every place where it stands, the first one first.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) known: &'static KnownText,
    pub(super) places: Vec<Range<usize>>,
}

/// Finds every known text, in the order of the text.
pub(super) fn find(text: &str) -> Vec<Found> {
    let squeezed = Squeezed::of(text);
    let events = Events::of(text, &squeezed);
    let mut found: Vec<_> = known_texts()
        .map(|known| {
            let mut places: Vec<_> =
                known.signs.iter().flat_map(|sign| look(*sign, text, &squeezed, &events)).collect();
            places.sort_by_key(|place| (place.start, place.end));
            places.truncate(MOST);
            Found { known, places }
        })
        .filter(|found| !found.places.is_empty())
        .collect();
    silence(&mut found);
    found.sort_by_key(|found| found.places.first().map(|place| (place.start, place.end)));
    found
}

/// Takes out what another text says too.
fn silence(found: &mut Vec<Found>) {
    let places: BTreeMap<_, _> = found.iter().map(|found| (found.known.id, found.places.clone())).collect();
    for found in &mut *found {
        let louder: Vec<_> = found.known.unless.iter().filter_map(|id| places.get(id)).flatten().collect();
        let is_close = |place: &Range<usize>, other: &Range<usize>| {
            place.start < other.end.saturating_add(CLOSE) && other.start < place.end.saturating_add(CLOSE)
        };
        found.places.retain(|place| !louder.iter().any(|other| is_close(place, other)));
    }
    found.retain(|found| !found.places.is_empty());
}

fn look(sign: Sign, text: &str, squeezed: &Squeezed, events: &Events) -> Vec<Range<usize>> {
    match sign {
        Sign::Words(parts) => words(parts, text, squeezed),
        Sign::Reply(code) => replies(code, text),
        Sign::Event(log, id) => events.of_log(log, id),
    }
}

/// The ASCII letters and digits of a text, in lower case: marks of quotations, line breaks and white space, also
/// within words, hide nothing.
struct Squeezed {
    letters: String,
    /// The place of each in the text.
    places: Vec<usize>,
}

impl Squeezed {
    fn of(text: &str) -> Self {
        let mut squeezed = Self { letters: String::new(), places: Vec::new() };
        // The colours of a terminal are no letters: they go from an escape to a letter.
        let mut is_escape = false;
        for (place, character) in text.char_indices() {
            if character == '\u{1b}' {
                is_escape = true;
            } else if is_escape {
                is_escape = !character.is_ascii_alphabetic();
            } else if character.is_ascii_alphanumeric() {
                squeezed.letters.push(character.to_ascii_lowercase());
                squeezed.places.push(place);
            }
        }
        squeezed
    }

    /// The place in the text of letters here.
    fn place(&self, letters: Range<usize>) -> Option<Range<usize>> {
        let last = letters.end.checked_sub(1)?;
        Some(*self.places.get(letters.start)?..self.places.get(last)? + 1)
    }

    /// Where a word begins and ends the same as the letters.
    fn whole(&self, text: &str, letters: Range<usize>) -> Option<Range<usize>> {
        let place = self.place(letters)?;
        let is_in_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        let before = text.get(..place.start)?.chars().next_back();
        let after = text.get(place.end..)?.chars().next();
        (!is_in_word(before) && !is_in_word(after)).then_some(place)
    }
}

pub(super) fn squeezed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

/// Every place where the parts stand one after the other. Each part is looked for once over the whole text.
fn words(parts: &[&str], text: &str, squeezed_text: &Squeezed) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut parts = parts.iter().map(|part| Part { letters: squeezed(part), next: Some(0) });
    let Some(mut first) = parts.next() else { return places };
    let mut rest: Vec<_> = parts.collect();
    let mut from = 0;
    while let Some(start) = first.at(&squeezed_text.letters, from)
        && places.len() < MOST
    {
        from = start + 1;
        let mut end = start + first.letters.len();
        let is_there = rest.iter_mut().all(|part| match part.at(&squeezed_text.letters, end) {
            Some(next) if next <= end + GAP => {
                end = next + part.letters.len();
                true
            }
            _ => false,
        });
        if let Some(place) = squeezed_text.whole(text, start..end).filter(|_| is_there) {
            places.push(place);
            from = end;
        }
    }
    places
}

/// A part of a text, and where it stands next.
struct Part {
    letters: String,
    next: Option<usize>,
}

impl Part {
    /// Where it stands from a place on. That place only grows, so that nothing is read twice.
    fn at(&mut self, letters: &str, from: usize) -> Option<usize> {
        let known = self.next?;
        if known < from || known == 0 {
            self.next = letters.get(from..).and_then(|rest| rest.find(&self.letters)).map(|place| from + place);
        }
        self.next
    }
}

/// Every place of a reply: its code, and the enhanced code behind it.
fn replies(code: &str, text: &str) -> Vec<Range<usize>> {
    let Some((basic, enhanced)) = code.split_once(' ') else { return Vec::new() };
    let place = |(at, _): (usize, &str)| {
        let end = at + enhanced.len();
        let mut after = text.get(end..)?.chars();
        let (next, then) = (after.next(), after.next());
        let goes_on = next.is_some_and(char::is_alphanumeric)
            || next == Some('.') && then.is_some_and(|character| character.is_ascii_digit());
        let before = text.get(..at)?;
        let gap =
            before.len() - before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '#' | '>')).len();
        let begin = before.get(..at.checked_sub(gap)?)?.strip_suffix(basic)?;
        let is_alone = !begin.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '.');
        ((1..=8).contains(&gap) && is_alone && !goes_on).then_some(begin.len()..end)
    };
    text.match_indices(enhanced).filter_map(place).take(MOST).collect()
}

/// The numbers that are the ids of events, and the sources that are named.
struct Events {
    numbers: Vec<Number>,
    sources: Vec<(Range<usize>, Log)>,
}

struct Number {
    place: Range<usize>,
    value: u32,
    /// Whether a word before it says that it is an event's.
    is_named: bool,
    /// Whether it stands like the value of a field.
    is_labelled: bool,
    /// Whether a source is named close by, whichever it is.
    has_source: bool,
}

impl Events {
    fn of(text: &str, squeezed_text: &Squeezed) -> Self {
        let mut sources = Vec::new();
        for log in Log::ALL {
            for source in log.sources() {
                let letters = squeezed(source);
                let found = squeezed_text.letters.match_indices(&letters);
                sources.extend(found.filter_map(|(at, _)| Some((squeezed_text.place(at..at + letters.len())?, log))));
            }
        }
        sources.sort_by_key(|(place, _)| (place.start, place.end));
        Self { numbers: numbers(text), sources }
    }

    /// The source that stands closest to a place.
    fn source(&self, place: &Range<usize>) -> Option<(Log, usize)> {
        let after = self.sources.partition_point(|(source, _)| source.start < place.start);
        let distance = |(source, log): &(Range<usize>, Log)| {
            let distance = place.start.saturating_sub(source.end).max(source.start.saturating_sub(place.end));
            (*log, distance)
        };
        let before = after.checked_sub(1).and_then(|before| self.sources.get(before)).map(distance);
        let after = self.sources.get(after).map(distance);
        [before, after].into_iter().flatten().min_by_key(|(_, distance)| *distance)
    }

    fn of_log(&self, log: Log, id: u32) -> Vec<Range<usize>> {
        let is_of = |number: &&Number| {
            // A short number may be anything: its source has to be there.
            let is_long = id >= 10_000;
            match self.source(&number.place).filter(|(_, distance)| *distance <= NEAR) {
                Some((source, _)) if source != log => false,
                Some((_, distance)) => {
                    number.is_named || distance <= ADJACENT || distance <= VERY_NEAR && number.is_labelled
                }
                None => is_long && number.is_named && !number.has_source,
            }
        };
        let of_id = self.numbers.iter().filter(|number| number.value == id);
        of_id.filter(is_of).map(|number| number.place.clone()).take(MOST).collect()
    }
}

/// The numbers that are an id of a known event.
fn numbers(text: &str) -> Vec<Number> {
    let signs = known_texts().flat_map(|known| known.signs);
    let mut ids: Vec<_> =
        signs.filter_map(|sign| if let Sign::Event(_, id) = sign { Some(*id) } else { None }).collect();
    ids.sort_unstable();
    let mut numbers = Vec::new();
    let mut at = 0;
    for run in text.split(|character: char| !character.is_alphanumeric()) {
        let place = at..at + run.len();
        at = place.end + text.get(place.end..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let is_id = (2..=5).contains(&run.len()) && run.bytes().all(|byte| byte.is_ascii_digit());
        let value = run.parse().ok().filter(|value| is_id && ids.binary_search(value).is_ok());
        if let Some(value) = value
            && !is_of_date(text, &place)
        {
            let (is_named, is_labelled) = standing(text, place.start);
            let has_source = names_source(text, &place);
            numbers.push(Number { place, value, is_named, is_labelled, has_source });
        }
    }
    numbers
}

/// Whether a number is a part of a date, a time, a version or a fraction.
fn is_of_date(text: &str, place: &Range<usize>) -> bool {
    let digit_behind = |mut characters: Box<dyn Iterator<Item = char> + '_>| {
        let joins = characters.next().is_some_and(|c| matches!(c, '.' | '/' | '-' | ':' | ','));
        joins && characters.next().is_some_and(|c| c.is_ascii_digit())
    };
    let before = text.get(..place.start).unwrap_or_default();
    let after = text.get(place.end..).unwrap_or_default();
    digit_behind(Box::new(before.chars().rev())) || digit_behind(Box::new(after.chars()))
}

/// Whether the record of a number has a field for its source.
fn names_source(text: &str, place: &Range<usize>) -> bool {
    let around = floor(text, place.start.saturating_sub(VERY_NEAR))..floor(text, place.end.saturating_add(VERY_NEAR));
    let around = squeezed_with_signs(text.get(around).unwrap_or_default());
    ["source:", "quelle:", "providername:", "providername="].iter().any(|label| around.contains(label))
}

/// A text without white space, in lower case.
fn squeezed_with_signs(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// What stands before a number: a word for an event, or a label.
fn standing(text: &str, at: usize) -> (bool, bool) {
    const EVENT: [&str; 11] = [
        "ereignis",
        "evento",
        "événement",
        "evenement",
        "evènement",
        "событи",
        "zdarzeni",
        "gebeurtenis",
        "händelse",
        "イベント",
        "事件",
    ];
    let start = at.saturating_sub(64);
    let before = (start..=at).find_map(|start| text.get(start..at)).unwrap_or_default();
    let trimmed = before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '*'));
    let is_labelled =
        trimmed.strip_suffix([':', '=', '>', '|']).is_some_and(|label| !label.ends_with(|c: char| c.is_ascii_digit()));
    let is_event = |word: &str| {
        let word = word.to_lowercase();
        ["id", "event", "events", "eventid", "instanceid"].contains(&&*word)
            || EVENT.iter().any(|event| word.starts_with(event))
    };
    let words = before.rsplit(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_named = words.take(3).any(is_event);
    (is_named, is_labelled)
}
