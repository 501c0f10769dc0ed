//! What `Format-Table` shows of certificates, and what Markdown makes of it.

use std::sync::Arc;

use super::columns::{Column, Columns, chain_at_end, chain_at_start};
use super::error::{FieldError, ImportError, Origin, Place};
use super::note::ImportNote;
use super::pasted::Line;
use super::shown::{self, Member};
use super::wrapped::{Evidence, Wrapped, is_cut};
use crate::service::Service;
use crate::thumbprint::{Thumbprint, ThumbprintError};

/// How many lines of a heading there may be.
const MOST_OF_HEADING: usize = 40;

/// A table that is being read.
pub(super) struct Table<'a> {
    heading: Vec<Line<'a>>,
    lines: Vec<Line<'a>>,
    columns: Columns,
    has_dashes: bool,
    /// How many blank lines stand between two lines of it, once there are two.
    spacing: Option<u64>,
    /// Whether a line stands under the last row of which nobody can tell whether it goes on with it.
    ends_open: bool,
}

/// What a table holds: the members of each row with the line that it stands in.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<(u64, Vec<Member>)>,
    pub(super) note: Option<ImportNote>,
}

/// Whether a line is the heading of a table of certificates.
pub(super) fn is_header(line: &str) -> bool {
    let names = names(line);
    let known = names.iter().filter(|name| shown::is_of_certificate(name)).count();
    let is_word = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_markdown = line.contains('|');
    let has_thumbprint = names.iter().any(|name| name.eq_ignore_ascii_case("Thumbprint"));
    let is_all_known = known == names.len();
    known > 1 && names.iter().all(is_word) && (has_thumbprint || !is_markdown) && (is_markdown || is_all_known)
}

/// The words of a heading, whatever stands between them.
fn names(line: &str) -> Vec<&str> {
    let words = line.split(|c: char| c.is_whitespace() || c == '|');
    words.map(|word| word.trim_matches(['*', '`'])).filter(|word| !word.is_empty()).take(100).collect()
}

fn is_dashes(line: &str) -> bool {
    line.contains('-')
        && line.chars().all(|character| matches!(character, '-' | '|' | ':' | '+') || character.is_whitespace())
}

/// A row of a table whose heading was not copied: only what can be nothing else.
pub(super) fn row_alone(line: &str) -> Option<[(&'static str, &str); 3]> {
    let line = line.trim();
    let (thumbprint, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (services, subject) = chain_at_start(rest)?;
    let is_short = services.contains('.') || services.eq_ignore_ascii_case("IPUWSFC");
    let is_named = subject.is_empty() || subject.contains('=') || is_cut(subject);
    let is_services = services.parse::<Service>().is_ok() || is_cut(services) && chain_at_end(services).0.is_empty();
    let is_row = is_thumbprint(thumbprint) && is_services && (is_short || is_named);
    is_row.then_some([("Thumbprint", thumbprint), ("Services", services), ("Subject", subject)])
}

fn is_thumbprint(word: &str) -> bool {
    word.len() == 2 * Thumbprint::LENGTH && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A row even where its thumbprint is masked: its services give it away.
fn is_row(line: &str) -> bool {
    let mut words = line.split(|c: char| c.is_whitespace() || c == '|').filter(|word| !word.is_empty());
    let is_thumbprint = words.next().is_some_and(|word| word.parse::<Thumbprint>().is_ok());
    let is_short = |word: &str| word.contains('.') && (5..=7).contains(&word.len()) && word.parse::<Service>().is_ok();
    let mut services = words.enumerate();
    is_thumbprint
        || services
            .any(|(index, word)| is_short(word) || index == 0 && word.trim_end_matches(',').parse::<Service>().is_ok())
}

/// Whether a line under a row goes on with it, rather than being a row itself.
pub(super) fn goes_on_with_row(line: &str) -> bool {
    !is_row(line)
}

impl<'a> Table<'a> {
    /// The table whose heading is this line.
    pub(super) fn headed(line: &Line<'a>) -> Option<Self> {
        is_header(&line.text)
            .then(|| Self::new(vec![line.clone()], Columns::under(std::iter::once(line.text.as_ref()))))
    }

    /// The table whose heading stands in the lines before a row of dashes.
    pub(super) fn under(before: &[Line<'a>], dashes: &Line<'a>) -> Option<Self> {
        if !is_dashes(&dashes.text) || dashes.gap > 1 {
            return None;
        }
        let mut heading: Vec<Line<'a>> = Vec::new();
        let mut gap = dashes.gap;
        for line in before.iter().rev().take(MOST_OF_HEADING) {
            if gap > dashes.gap {
                break;
            }
            heading.push(line.clone());
            gap = line.gap;
        }
        heading.reverse();
        let columns = Columns::over(&dashes.text, heading.iter().map(|line| line.text.as_ref()));
        columns.is_of_certificates().then(|| Self {
            has_dashes: true,
            spacing: Some(dashes.gap),
            ..Self::new(heading, columns)
        })
    }

    fn new(heading: Vec<Line<'a>>, columns: Columns) -> Self {
        Self { heading, lines: Vec::new(), columns, has_dashes: false, spacing: None, ends_open: false }
    }

    /// How many lines its heading has.
    pub(super) fn heading(&self) -> usize {
        self.heading.len()
    }

    /// The line with which it begins.
    pub(super) fn line(&self) -> u64 {
        self.heading.first().map_or(1, |line| line.number)
    }

    /// Takes a line if it belongs to the table.
    pub(super) fn takes(&mut self, line: &Line<'a>) -> bool {
        let text = line.text.as_ref();
        if is_dashes(text) {
            if !self.has_dashes && self.lines.len() < MOST_OF_HEADING {
                self.has_dashes = true;
                self.spacing = Some(line.gap);
                self.heading.append(&mut self.lines);
                let heading = self.heading.iter().map(|line| line.text.as_ref());
                self.columns = Columns::over(text, heading);
            }
            return true;
        }
        let spacing = self.spacing.unwrap_or(1);
        let is_near = line.gap <= spacing;
        let is_taken = match self.columns.thumbprint_in(text) {
            // It goes on with the row above.
            Some("") => {
                // A blank within a value may fill a line; no heading of a group stands so far to the right.
                const FAR: usize = 30;
                let is_far = text.bytes().take_while(|byte| *byte == b' ').count() >= FAR;
                let spacing = self.spacing.unwrap_or(0);
                line.gap == 0 || line.gap <= spacing || is_far && line.gap <= 2 * spacing + 1
            }
            Some(word) if is_near && word.trim_end_matches(['…', '.']).bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                true
            }
            Some(_) => is_row(text) || text.split_whitespace().any(is_thumbprint),
            None => is_near,
        };
        if is_taken {
            if !self.lines.is_empty() {
                self.spacing.get_or_insert(line.gap);
            }
            self.lines.push(line.clone());
        }
        self.ends_open = !is_taken && is_near;
        is_taken
    }

    /// All rows.
    pub(super) fn read(mut self, file: &Arc<str>) -> Result<Rows, ImportError> {
        self.columns.settle(self.lines.iter().map(|line| line.text.as_ref()));
        let Some(thumbprint) = self.columns.place("Thumbprint") else {
            let origin = Origin::new(file, Place::Line(self.line()));
            let note = ImportNote::RowsPassedOver { origin, rows: self.lines.len() as u64 };
            return Ok(Rows { rows: Vec::new(), note: Some(note).filter(|_| !self.lines.is_empty()) });
        };
        let mut rows: Vec<(u64, Vec<Option<Wrapped>>)> = Vec::new();
        for line in &self.lines {
            let cells = self.columns.cells(&line.text);
            let piece = cells.get(thumbprint).and_then(Option::as_deref).unwrap_or_default().trim();
            let row = rows.last_mut().filter(|(_, row)| {
                let known = row.get(thumbprint).and_then(Option::as_ref).map(Wrapped::compact).unwrap_or_default();
                let goes_on =
                    known.len() < 2 * Thumbprint::LENGTH && known.bytes().all(|byte| byte.is_ascii_hexdigit());
                piece.is_empty()
                    || goes_on && piece.bytes().all(|byte| byte.is_ascii_hexdigit()) && !is_thumbprint(piece)
            });
            let Some((_, row)) = row else {
                rows.push((line.number, cells.into_iter().map(|cell| cell.as_deref().map(Wrapped::new)).collect()));
                continue;
            };
            for (value, cell) in row.iter_mut().zip(cells) {
                let Some(cell) = cell.filter(|cell| !cell.trim().is_empty()) else { continue };
                match value {
                    Some(value) if !value.is_blank() => value.push(&cell),
                    _ => *value = Some(Wrapped::new(&cell)),
                }
            }
        }
        for (line, row) in &rows {
            let text = row.get(thumbprint).and_then(Option::as_ref).map(Wrapped::compact).unwrap_or_default();
            if !is_thumbprint(&text) {
                let word = text.split(' ').next().unwrap_or_default();
                let error = word.parse::<Thumbprint>().err().unwrap_or(ThumbprintError::Length { digits: word.len() });
                let error = FieldError::Thumbprint { text: word.to_owned(), error };
                return Err(Origin::new(file, Place::Line(*line)).field("Thumbprint", error));
            }
        }
        if let Some((_, row)) = rows.last_mut().filter(|_| self.ends_open) {
            row.iter_mut().flatten().for_each(Wrapped::end_open);
        }
        let mut evidence = vec![Evidence::default(); self.columns.len()];
        for (_, row) in &rows {
            for (evidence, value) in evidence.iter_mut().zip(row) {
                value.iter().for_each(|value| evidence.see(value));
            }
        }
        // So narrow a column is cut without dots: only what has a length of its own is whole.
        let is_narrow = |column: &&Column| column.width() <= 3 && !column.name().eq_ignore_ascii_case("Thumbprint");
        let names: Vec<_> =
            self.columns.iter().map(|column| if is_narrow(&column) { "" } else { column.name() }).collect();
        let members = |row: Vec<Option<Wrapped>>| {
            let cells = row.into_iter().zip(&names).zip(&evidence);
            let member = |((value, name), evidence): ((Option<Wrapped>, &&str), &Evidence)| {
                let (habit, widest) = (evidence.habit(), evidence.widest());
                Some(Member { name: (*name).to_owned(), value: value?, habit, widest })
            };
            cells.filter_map(member).collect()
        };
        Ok(Rows { rows: rows.into_iter().map(|(line, row)| (line, members(row))).collect(), note: None })
    }
}
