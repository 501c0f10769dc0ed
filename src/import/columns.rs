//! The columns of a table: where they stand, on which side their values stand, and what is in them.

use super::shown;
use super::wrapped::is_cut;
use crate::service::Service;

/// The columns of a table.
pub(super) struct Columns {
    columns: Vec<Column>,
    /// Whether bars stand between them, as in Markdown.
    has_bars: bool,
    /// Whether some values stand where none can: blanks were lost.
    is_shifted: bool,
}

/// A column: of its heading, the name and where it begins and ends, in characters.
pub(super) struct Column {
    name: String,
    start: usize,
    end: usize,
    is_right: bool,
}

/// What the values of a column look like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Hex digits.
    Digits,
    /// Names of services, or their letters.
    Services,
    Word,
    /// Anything, always on the left.
    Text,
    /// Anything, on either side.
    Other,
}

impl Column {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How wide its heading is; a heading that is narrower than its name is as wide as the column. Bars cut nothing.
    pub(super) fn width(&self) -> usize {
        if self.end == 0 { usize::MAX } else { self.end - self.start }
    }

    fn look(&self) -> Look {
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(&self.name));
        if is(&["Thumbprint", "SerialNumber"]) {
            Look::Digits
        } else if is(&["Services"]) {
            Look::Services
        } else if is(&["Status", "RootCAType", "HasPrivateKey", "IsSelfSigned", "PublicKeySize"]) {
            Look::Word
        } else if is(&["Subject", "Issuer", "FriendlyName", "CertificateDomains", "IISServices", "AccessRules"])
            || is(&["RawData", "Identity", "PSComputerName"])
        {
            Look::Text
        } else {
            Look::Other
        }
    }
}

type Cells = Vec<Option<String>>;

impl Columns {
    /// The columns of a heading of which each word is a name.
    pub(super) fn under<'l>(heading: impl Iterator<Item = &'l str>) -> Self {
        let line = heading.last().unwrap_or_default();
        if line.contains('|') {
            return Self::with_bars(line);
        }
        Self::of(words(line).into_iter().map(|(name, start)| (name.to_owned(), start, start + name.chars().count())))
    }

    /// The columns over a row of dashes, whose names may stand in several lines.
    pub(super) fn over<'l>(dashes: &str, heading: impl Iterator<Item = &'l str> + Clone) -> Self {
        let last = heading.clone().last().unwrap_or_default();
        if dashes.contains('|') || last.contains('|') {
            return Self::with_bars(last);
        }
        let groups = words(dashes);
        let named = words(last);
        let is_whole = named.iter().all(|(name, _)| shown::is_of_certificate(name));
        if named.len() == groups.len() && is_whole {
            return Self::under(std::iter::once(last));
        }
        let lines: Vec<Vec<char>> = heading.map(|line| line.chars().collect()).collect();
        Self::of(groups.into_iter().map(|(group, start)| {
            let end = start + group.chars().count();
            let name: String = lines.iter().map(|line| slice(line, start, end).trim().to_owned()).collect();
            (name, start, end)
        }))
    }

    fn with_bars(line: &str) -> Self {
        let names = bars(line).map(|name| (name.to_owned(), 0, 0));
        Self { has_bars: true, ..Self::of(names) }
    }

    fn of(columns: impl Iterator<Item = (String, usize, usize)>) -> Self {
        const MOST: usize = 100;
        let columns = columns.take(MOST).map(|(name, start, end)| Column { name, start, end, is_right: false });
        Self { columns: columns.collect(), has_bars: false, is_shifted: false }
    }

    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter()
    }

    /// Whether the names are those of a table of certificates.
    pub(super) fn is_of_certificates(&self) -> bool {
        let known = self.columns.iter().filter(|column| shown::is_of_certificate(&column.name)).count();
        known > 1 || self.place("Thumbprint").is_some()
    }

    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// What a line has in the column of the thumbprints; `None` if there is no such column.
    pub(super) fn thumbprint_in<'l>(&self, line: &'l str) -> Option<&'l str> {
        let place = self.place("Thumbprint")?;
        if self.has_bars {
            let is_row = line.contains('|');
            return Some(if is_row { bars(line).nth(place).unwrap_or_default() } else { line });
        }
        let start = self.columns.get(place).map_or(0, |column| column.start);
        let from = line.char_indices().nth(start).map_or(line.len(), |(at, _)| at);
        let (before, rest) = line.split_at_checked(from).unwrap_or((line, ""));
        if !before.is_empty() && !before.ends_with(' ') {
            return Some(before);
        }
        Some(rest.split(' ').next().unwrap_or_default())
    }

    /// Finds out on which side the values of each column stand, and what is in those without a known name.
    pub(super) fn settle<'l>(&mut self, lines: impl Iterator<Item = &'l str> + Clone) {
        if !self.has_bars {
            self.align(lines.clone());
        }
        let unknown = |column: &Column| !shown::is_of_certificate(&column.name);
        for place in 0..self.columns.len() {
            if !self.columns.get(place).is_some_and(unknown) {
                continue;
            }
            let (mut thumbprints, mut services, mut all) = (0, 0, 0);
            let mut has_names = false;
            for line in lines.clone() {
                let cells = self.cells(line);
                let Some(cell) = cells.get(place).and_then(Option::as_deref).map(str::trim) else { continue };
                if cell.is_empty() {
                    continue;
                }
                all += 1;
                thumbprints += usize::from(is_thumbprint(cell));
                let found = cell.parse::<Service>().ok().filter(|_| cell.parse::<i64>().is_err());
                services += usize::from(found.is_some());
                has_names |= found.is_some_and(|found| !found.is_empty());
            }
            let name = match () {
                () if all == 0 => continue,
                () if thumbprints == all => "Thumbprint",
                () if services == all && has_names => "Services",
                () => continue,
            };
            if self.place(name).is_none()
                && let Some(column) = self.columns.get_mut(place)
            {
                name.clone_into(&mut column.name);
            }
        }
    }

    fn align<'l>(&mut self, lines: impl Iterator<Item = &'l str> + Clone) {
        let is_row = |line: &&str| line.split(' ').any(is_thumbprint);
        let has_rows = lines.clone().any(|line| is_row(&line));
        let mut can_be = vec![(true, true); self.columns.len()];
        for line in lines.filter(|line| !has_rows || is_row(line)) {
            let line: Vec<char> = line.chars().collect();
            for (column, (left, right)) in self.columns.iter().zip(&mut can_be) {
                let is_blank = |at: usize| line.get(at).is_none_or(|character| *character == ' ');
                let last = column.end.saturating_sub(1);
                *left &=
                    (column.start == 0 || is_blank(column.start - 1)) && (!is_blank(column.start) || is_blank(last));
                // A line that goes on may end in a blank.
                let ends = !is_blank(last) || last > column.start && !is_blank(last - 1);
                *right &= is_blank(column.end) && (ends || is_blank(column.start));
            }
        }
        for (column, (left, right)) in self.columns.iter_mut().zip(can_be) {
            match column.look() {
                Look::Digits | Look::Text => self.is_shifted |= !left,
                Look::Services | Look::Word | Look::Other => {
                    self.is_shifted |= !left && !right;
                    column.is_right = right;
                }
            }
        }
    }

    /// What stands in each column of a line; of those that cannot be told, dots, as of what is cut short.
    pub(super) fn cells(&self, line: &str) -> Cells {
        if self.has_bars {
            let mut cells: Cells = bars(line).map(|cell| Some(cell.to_owned())).collect();
            cells.resize(self.columns.len(), None);
            return cells;
        }
        let characters: Vec<char> = line.chars().collect();
        if !self.is_shifted && self.fits(&characters) {
            return self.by_place(&characters);
        }
        self.by_look(line)
    }

    /// Whether blanks stand between the columns of a line where they have to.
    fn fits(&self, line: &[char]) -> bool {
        let is_blank = |at: usize| line.get(at).is_none_or(|character| *character == ' ');
        self.columns.iter().all(|column| match column.is_right {
            true => is_blank(column.end),
            false => column.start == 0 || is_blank(column.start - 1),
        })
    }

    fn by_place(&self, line: &[char]) -> Cells {
        let mut cells = Vec::with_capacity(self.columns.len());
        // Where the column before ends.
        let mut from = 0;
        let mut columns = self.columns.iter().peekable();
        while let Some(column) = columns.next() {
            if column.is_right {
                cells.push(Some(slice(line, from, column.end)));
                from = column.end;
                continue;
            }
            match columns.peek() {
                None => cells.push(Some(slice(line, column.start, line.len()))),
                Some(next) if !next.is_right => {
                    cells.push(Some(slice(line, column.start, next.start)));
                    from = next.start;
                }
                // The value on the right is as long as it is, and this one ends before it.
                Some(next) => {
                    let both = slice(line, column.start, next.end);
                    let is_value =
                        |back| next.end.checked_sub(back).and_then(|at| line.get(at)).is_some_and(|c| *c != ' ');
                    let has_value = is_value(1) || is_value(2) && next.width() > 3;
                    let both = both.trim_end();
                    let (own, value) = match (has_value, next.look()) {
                        (false, _) => (both, ""),
                        (true, Look::Services) => chain_at_end(both),
                        (true, _) => both.rsplit_once(' ').unwrap_or(("", both)),
                    };
                    cells.extend([Some(own.to_owned()), Some(value.to_owned())]);
                    from = next.end;
                    columns.next();
                }
            }
        }
        cells
    }

    /// The same of a line whose blanks were lost, by what the values look like.
    fn by_look(&self, line: &str) -> Cells {
        let indent = line.chars().take_while(|character| *character == ' ').count();
        let line = line.trim();
        let unknown = || vec![Some("…".to_owned()); self.columns.len()];
        let Some(place) = self.place("Thumbprint") else { return unknown() };
        let Some((before, after)) = self.columns.split_at_checked(place) else { return unknown() };
        let found = words_at(line).find(|(word, _)| is_thumbprint(word));
        let Some((thumbprint, at)) = found else {
            // A masked one is named; anything else went on with the row above.
            let mut cells = unknown();
            let first = line.split(' ').next().unwrap_or_default();
            let column = self.columns.get(place).map_or(0, |column| column.start);
            let is_masked = place == 0 && indent <= column + 2 && !super::format_table::goes_on_with_row(line);
            if let Some(cell) = cells.get_mut(place) {
                *cell = Some(if is_masked { first.to_owned() } else { String::new() });
            }
            return cells;
        };
        let mut cells = by_look_of(before, line.get(..at).unwrap_or_default());
        cells.push(Some(thumbprint.to_owned()));
        let rest = line.get(at + thumbprint.len()..).unwrap_or_default();
        cells.extend(by_look_of(after.get(1..).unwrap_or_default(), rest));
        cells
    }
}

/// The values of some columns in a text: from both ends, as long as they can be told.
fn by_look_of(columns: &[Column], text: &str) -> Cells {
    let mut rest = text.trim();
    let mut cells: Cells = vec![None; columns.len()];
    let mut left = 0;
    for (column, cell) in columns.iter().zip(&mut cells) {
        let (value, after) = match column.look() {
            Look::Services => chain_at_start(rest).unwrap_or_default(),
            Look::Word | Look::Digits => rest.split_once(' ').unwrap_or((rest, "")),
            Look::Text | Look::Other => break,
        };
        *cell = Some(value.to_owned());
        rest = after.trim();
        left += 1;
    }
    let mut right = columns.len();
    for (column, cell) in columns.iter().zip(&mut cells).skip(left).rev() {
        let (before, value) = match column.look() {
            Look::Services => chain_at_end(rest),
            Look::Word | Look::Digits => rest.rsplit_once(' ').unwrap_or(("", rest)),
            Look::Text | Look::Other => break,
        };
        *cell = Some(value.to_owned());
        rest = before.trim();
        right -= 1;
    }
    // One text is all that is left; several cannot be told apart.
    if right == left + 1
        && let Some(cell) = cells.get_mut(left)
    {
        *cell = Some(rest.to_owned());
    }
    for (column, cell) in columns.iter().zip(&mut cells) {
        let is_services = |text: &str| text.parse::<Service>().is_ok() || is_cut(text);
        if column.look() == Look::Services && cell.as_deref().is_some_and(|text| !is_services(text)) {
            *cell = None;
        }
    }
    cells
}

/// The services with which a text begins, and what follows: names go on after a comma.
pub(super) fn chain_at_start(text: &str) -> Option<(&str, &str)> {
    let mut end = 0;
    for word in text.split_inclusive(' ') {
        end += word.len();
        let word = word.trim_end();
        if !word.is_empty() && !word.ends_with(',') {
            break;
        }
    }
    let (services, rest) = text.split_at_checked(end)?;
    Some((services.trim_end(), rest.trim())).filter(|(services, _)| !services.is_empty())
}

/// What stands before the services with which a text ends, and these: they may be cut on either side.
pub(super) fn chain_at_end(text: &str) -> (&str, &str) {
    const NAMES: [&str; 8] = ["IMAP", "POP", "UM", "IIS", "SMTP", "Federation", "UMCallRouter", "None"];
    let is_part = |word: &str| {
        let bare = word.trim_end_matches(',').trim_start_matches(['.', '…']);
        NAMES.iter().any(|name| name.contains(bare))
    };
    let text = text.trim_end();
    let (mut at, mut start) = (text.len(), text.len());
    for word in text.rsplit(' ') {
        let begins = at - word.len();
        if start < text.len() && !(word.ends_with(',') && is_part(word)) {
            break;
        }
        start = begins;
        at = begins.saturating_sub(1);
    }
    text.split_at_checked(start).unwrap_or(("", text))
}

fn is_thumbprint(word: &str) -> bool {
    word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The words of a line with the byte at which each begins.
fn words_at(line: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    line.split(' ').map(move |word| {
        let begins = at;
        at += word.len() + 1;
        (word, begins)
    })
}

/// The words of a line with the character at which each begins.
fn words(line: &str) -> Vec<(&str, usize)> {
    let mut at = 0;
    let words = line.split(' ').map(|word| {
        let begins = at;
        at += word.chars().count() + 1;
        (word, begins)
    });
    words.filter(|(word, _)| !word.is_empty()).take(100).collect()
}

fn slice(line: &[char], from: usize, to: usize) -> String {
    line.get(from..to.min(line.len())).unwrap_or_default().iter().collect()
}

/// The cells between bars, without the marks of bold type and code.
fn bars(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = line.strip_suffix('|').unwrap_or(line);
    line.split('|').map(|cell| cell.trim().trim_matches(['*', '`']))
}
