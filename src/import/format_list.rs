//! What `Format-List` and `Format-Table` show, as it was copied from a console or a mail.

use std::sync::Arc;

use super::error::{ImportError, Origin, Place};
use super::format_table::{self, Table};
use super::note::ImportNote;
use super::pasted::{self, Line};
use super::shown::{self, Member, Reading, Shown};
use super::value::ObjectKind;
use super::wrapped::{Evidence, Habit, Wrapped};

/// Reads blocks of `Name : value` and tables, with prompts and anything else between.
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Reading, ImportError> {
    let mut reader = Reader::new(file);
    for line in pasted::lines(text) {
        reader.line(line)?;
    }
    reader.finish()
}

/// Whether a text may be such a listing.
pub(super) fn looks_like(text: &str) -> bool {
    let mut before: Vec<Line<'_>> = Vec::new();
    pasted::lines(text).any(|line| {
        let text = line.text.as_ref();
        let found = property(text).is_some_and(|property| shown::is_telling(property.name))
            || format_table::is_header(text)
            || format_table::row_alone(text).is_some()
            || Table::under(&before, &line).is_some();
        remember(&mut before, line);
        found
    })
}

/// Keeps the lines that may be the heading of a table.
fn remember<'a>(before: &mut Vec<Line<'a>>, line: Line<'a>) {
    const MOST: usize = 40;
    if line.gap > 1 || before.len() >= MOST {
        before.clear();
    }
    before.push(line);
}

struct Reader<'a> {
    file: &'a Arc<str>,
    shown: Vec<Shown>,
    block: Option<Block>,
    table: Option<Table<'a>>,
    /// The last lines that are nothing yet, of which a table may have its heading.
    before: Vec<Line<'a>>,
    asked: Option<ObjectKind>,
    /// Whether the line before is a row without a heading.
    is_after_row: bool,
    /// Whether blocks of one line follow each other with a blank line between.
    has_single_lines: bool,
    /// The first line that says nothing, and how many there are.
    passed_over: Option<(u64, String)>,
    lines_passed_over: u64,
    notes: Vec<ImportNote>,
}

/// A block of `Format-List` that is being read.
struct Block {
    line: u64,
    /// The column of the values.
    column: usize,
    members: Vec<(String, Wrapped)>,
    /// How many blank lines stand between two lines of it, once there are two.
    spacing: Option<u64>,
    /// Lines after the last value that go on with it if another property follows.
    pending: Vec<String>,
}

/// A line of a block.
struct Property<'a> {
    name: &'a str,
    value: &'a str,
    column: usize,
}

impl<'a> Reader<'a> {
    fn new(file: &'a Arc<str>) -> Self {
        Self {
            file,
            shown: Vec::new(),
            block: None,
            table: None,
            before: Vec::new(),
            asked: None,
            is_after_row: false,
            has_single_lines: false,
            passed_over: None,
            lines_passed_over: 0,
            notes: Vec::new(),
        }
    }

    fn line(&mut self, line: Line<'a>) -> Result<(), ImportError> {
        let text = line.text.as_ref();
        if is_prompt(text) {
            self.close()?;
            self.asked = shown::asked(text).flatten();
            self.has_single_lines = false;
            return Ok(());
        }
        if std::mem::take(&mut self.is_after_row) && line.gap <= 1 && format_table::row_alone(text).is_none() {
            // Nobody can tell whether the subject goes on here.
            let row = self.shown.last_mut();
            row.and_then(|shown| shown.members.last_mut()).into_iter().for_each(|subject| subject.value.end_open());
        }
        if let Some(table) = &mut self.table {
            let is_property = property(text).is_some_and(|property| shown::is_telling(property.name));
            if !is_property && !format_table::is_header(text) && table.takes(&line) {
                return Ok(());
            }
            self.close()?;
        }
        if self.block.is_some() && self.goes_on(&line) {
            return Ok(());
        }
        if let Some(property) = property(text) {
            return self.property(&line, &property);
        }
        if let Some(table) = Table::under(&self.before, &line) {
            self.close()?;
            let heading = table.heading() as u64;
            self.lines_passed_over = self.lines_passed_over.saturating_sub(heading);
            if self.passed_over.as_ref().is_some_and(|(number, _)| *number >= table.line()) {
                self.passed_over = None;
            }
            self.table = Some(table);
            return Ok(());
        }
        if let Some(table) = Table::headed(&line) {
            self.close()?;
            self.table = Some(table);
            return Ok(());
        }
        if let Some(members) = format_table::row_alone(text) {
            self.close()?;
            self.show(line.number, members.into_iter().map(alone).collect());
            self.is_after_row = true;
            return Ok(());
        }
        if let Some(block) = self.block.as_mut().filter(|block| line.gap <= block.spacing.unwrap_or(0)) {
            block.pending.push(text.trim().to_owned());
            return Ok(());
        }
        self.close()?;
        if let Some(kind) = shown::asked(text) {
            self.asked = kind;
        }
        self.pass_over(line);
        Ok(())
    }

    /// Whether a line goes on with the last value of the block.
    fn goes_on(&mut self, line: &Line<'_>) -> bool {
        let Some(block) = &mut self.block else { return false };
        let is_near = line.gap <= block.spacing.unwrap_or(1);
        let text = line.text.as_ref();
        let Some((_, value)) = block.members.last_mut().filter(|_| is_near) else { return false };
        let is_indented = indent(text) >= block.column;
        let is_listed = value.is_open() && block.pending.is_empty() && property(text).is_none();
        if !is_indented && !is_listed {
            return false;
        }
        block.spacing.get_or_insert(line.gap);
        if is_indented {
            let from = text.char_indices().nth(block.column).map_or(text.len(), |(at, _)| at);
            value.push(text.get(from..).unwrap_or_default());
        } else {
            value.push_unindented(text);
        }
        true
    }

    fn property(&mut self, line: &Line<'_>, property: &Property<'_>) -> Result<(), ImportError> {
        if let Some(block) = &mut self.block {
            let is_repeated = block.members.iter().any(|(name, _)| name.eq_ignore_ascii_case(property.name));
            let is_near = line.gap <= block.spacing.unwrap_or(u64::from(!self.has_single_lines));
            if is_repeated || !is_near {
                let is_single = block.members.len() == 1 && block.spacing.is_none() && line.gap > 0;
                self.has_single_lines |= is_repeated && is_single;
                self.close()?;
            }
        }
        let new = || Block {
            line: line.number,
            column: property.column,
            members: Vec::new(),
            spacing: None,
            pending: Vec::new(),
        };
        let is_new = self.block.is_none();
        let block = self.block.get_or_insert_with(new);
        if !is_new {
            block.spacing.get_or_insert(line.gap);
        }
        if let Some((_, value)) = block.members.last_mut() {
            block.pending.drain(..).for_each(|piece| value.push_unindented(&piece));
        }
        block.members.push((property.name.to_owned(), Wrapped::new(property.value)));
        Ok(())
    }

    /// Ends what is being read.
    fn close(&mut self) -> Result<(), ImportError> {
        if let Some(mut block) = self.block.take() {
            self.before.clear();
            let mut pending = block.pending.drain(..).peekable();
            let mut may_go_on = false;
            if let Some((name, value)) = block.members.last_mut() {
                while let Some(piece) = pending.next_if(|piece| shown::goes_on(name, value, piece)) {
                    value.push_unindented(&piece);
                }
                // A line under the last value may go on with it, or is what somebody wrote.
                may_go_on = pending.peek().is_some();
            }
            let pending: Vec<_> = pending.collect();
            let mut evidence = Evidence::default();
            block.members.iter().for_each(|(_, value)| evidence.see(value));
            if let Some((_, value)) = block.members.last_mut().filter(|_| may_go_on) {
                value.end_open();
            }
            let lines: usize = block.members.iter().map(|(_, value)| value.lines()).sum();
            let member = |(name, value)| Member { name, value, habit: evidence.habit(), widest: evidence.widest() };
            let members: Vec<_> = block.members.into_iter().map(member).collect();
            let is_known = members.iter().any(|member| shown::is_telling(&member.name));
            let first = members.first().map(|member| format!("{} :", member.name)).unwrap_or_default();
            if is_known
                || self.asked.is_some_and(|kind| members.iter().any(|member| kind.wants(&member.name).is_some()))
            {
                self.show(block.line, members);
                self.lines_passed_over += pending.len() as u64;
                if let Some(first) = pending.into_iter().next() {
                    self.passed_over.get_or_insert((block.line + lines as u64, first));
                }
            } else {
                self.lines_passed_over += (lines + pending.len()) as u64;
                self.passed_over.get_or_insert((block.line, first));
            }
        }
        if let Some(table) = self.table.take() {
            self.before.clear();
            let read = table.read(self.file)?;
            for (line, members) in read.rows {
                self.show(line, members);
            }
            self.notes.extend(read.note);
        }
        Ok(())
    }

    fn show(&mut self, line: u64, members: Vec<Member>) {
        self.shown.push(Shown { origin: self.origin(line), asked: self.asked, members });
    }

    fn pass_over(&mut self, line: Line<'a>) {
        let is_word = line.text.chars().any(char::is_alphanumeric);
        if is_word {
            self.lines_passed_over += 1;
            self.passed_over.get_or_insert_with(|| (line.number, line.text.trim().to_owned()));
        }
        remember(&mut self.before, line);
    }

    fn origin(&self, line: u64) -> Origin {
        Origin::new(self.file, Place::Line(line))
    }

    fn finish(mut self) -> Result<Reading, ImportError> {
        self.close()?;
        let mut reading = Reading { notes: std::mem::take(&mut self.notes), ..Reading::default() };
        let habits: Vec<Habit> = {
            let all = self.shown.iter().flat_map(|shown| shown.members.iter().map(|member| member.habit));
            [Habit::Words, Habit::Hard, Habit::Kept]
                .into_iter()
                .filter(|habit| all.clone().any(|seen| seen == *habit))
                .collect()
        };
        for shown in &mut self.shown {
            for member in &mut shown.members {
                member.habit = member.habit.or_of_all(&habits);
            }
            reading.take(shown);
        }
        if reading.objects.is_empty() {
            let expected = "a list or a table of Get-ExchangeCertificate with thumbprints";
            return Err(reading.nothing(ImportError::Malformed { origin: self.origin(1), expected }));
        }
        if let Some((line, first)) = self.passed_over.take() {
            let (origin, lines) = (self.origin(line), self.lines_passed_over.max(1));
            reading.notes.push(ImportNote::PassedOver { origin, lines, first });
        }
        Ok(reading)
    }
}

fn alone((name, value): (&str, &str)) -> Member {
    Member { name: name.to_owned(), value: Wrapped::new(value), habit: Habit::Unknown, widest: 0 }
}

fn is_prompt(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("[PS]") || line.starts_with("PS ") && line.contains('>') || line.starts_with("PS>")
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|character| character.is_whitespace()).count()
}

/// A line `Name : value`, where the name is one word.
fn property(line: &str) -> Option<Property<'_>> {
    let (before, value) = line.split_once(':')?;
    let name = before.trim();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // In a list a space stands before the colon, and after it if there is a value.
    if !is_name || !before.ends_with(' ') || !(value.is_empty() || value.starts_with(' ')) {
        return None;
    }
    let column = before.chars().count() + 2;
    Some(Property { name, value: value.strip_prefix(' ').unwrap_or(value), column })
}
