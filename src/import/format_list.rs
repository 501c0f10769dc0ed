//! What `Format-List` and `Format-Table` show of certificates, as it was copied from a console.

use std::sync::Arc;

use super::error::{ImportError, Origin, Place};
use super::value::{Object, ObjectKind, Value};
use crate::service::Service;
use crate::thumbprint::Thumbprint;

/// Reads blocks of `Name : value` and tables of thumbprints, with prompts and anything else between.
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Vec<Object>, ImportError> {
    let mut reader = BlockReader { file, objects: Vec::new(), block: None, column: None };
    for (index, line) in text.lines().enumerate() {
        reader.line(index as u64 + 1, line.trim_end())?;
    }
    reader.close()?;
    if reader.objects.is_empty() {
        return Err(reader.expected(1, "a list or a table of Get-ExchangeCertificate with thumbprints"));
    }
    Ok(reader.objects)
}

/// Whether a text may be such a listing.
pub(super) fn looks_like(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_end();
        header(line).is_some() || row_without_header(line) || property(line).is_some_and(|property| property.is_known)
    })
}

struct BlockReader<'a> {
    file: &'a Arc<str>,
    objects: Vec<Object>,
    block: Option<Block>,
    /// In a table: the column where the subject begins.
    column: Option<usize>,
}

/// A block of `Format-List` that is being read.
struct Block {
    line: u64,
    /// The column of the values.
    column: usize,
    members: Vec<(String, String)>,
}

/// A line of a block.
struct Property<'a> {
    name: &'a str,
    value: &'a str,
    column: usize,
    is_known: bool,
}

impl BlockReader<'_> {
    fn line(&mut self, number: u64, line: &str) -> Result<(), ImportError> {
        if is_prompt(line) {
            self.column = None;
            return self.close();
        }
        if line.trim().is_empty() {
            // A table as pasted has a blank line after each row.
            return self.close();
        }
        if let Some(column) = header(line) {
            self.close()?;
            self.column = Some(column);
            return Ok(());
        }
        if self.column.is_some() && is_dashes(line) {
            return Ok(());
        }
        if let Some(block) = &mut self.block
            && indent(line) >= block.column
            && let Some((_, value)) = block.members.last_mut()
        {
            join(value, line.trim_start());
            return Ok(());
        }
        if let Some(property) = property(line) {
            self.column = None;
            return self.property(number, &property);
        }
        match self.column {
            Some(column) if indent(line) >= column => {
                self.wrapped(line.trim_start());
                Ok(())
            }
            Some(_) if is_row(line) => self.row(number, line),
            None if row_without_header(line) => self.row(number, line),
            // Prose, of which no word is anything of a certificate.
            _ => Ok(()),
        }
    }

    fn property(&mut self, number: u64, property: &Property<'_>) -> Result<(), ImportError> {
        let is_repeated =
            |block: &Block| block.members.iter().any(|(name, _)| name.eq_ignore_ascii_case(property.name));
        if self.block.as_ref().is_some_and(is_repeated) {
            self.close()?;
        }
        let column = property.column;
        let block = self.block.get_or_insert_with(|| Block { line: number, column, members: Vec::new() });
        block.members.push((property.name.to_owned(), property.value.to_owned()));
        Ok(())
    }

    fn row(&mut self, number: u64, line: &str) -> Result<(), ImportError> {
        let line = unmarked(line);
        let origin = self.origin(number);
        let (thumbprint, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if thumbprint.parse::<Thumbprint>().is_err() || thumbprint.len() != 2 * Thumbprint::LENGTH {
            let error = thumbprint.parse::<Thumbprint>().err();
            let error = error.unwrap_or(crate::thumbprint::ThumbprintError::Length { digits: thumbprint.len() });
            let text = thumbprint.to_owned();
            return Err(origin.field("Thumbprint", super::error::FieldError::Thumbprint { text, error }));
        }
        let (services, subject) = services_and_subject(rest.trim_start());
        let mut members = vec![("Thumbprint", text(thumbprint)), ("Services", text(services))];
        if !subject.is_empty() {
            members.push(("Subject", text(subject)));
        }
        self.objects.push(Object { kind: ObjectKind::Certificate, origin, members });
        Ok(())
    }

    /// Goes on with the subject of the last row.
    fn wrapped(&mut self, more: &str) {
        if let Some((_, Value::Text(subject))) = self.objects.last_mut().and_then(|object| object.members.last_mut()) {
            join(subject, more);
        }
    }

    fn close(&mut self) -> Result<(), ImportError> {
        let Some(block) = self.block.take() else { return Ok(()) };
        let wanted = |(name, value): &(String, String)| match ObjectKind::Certificate.wants(name)? {
            // A list shows the first bytes alone.
            "RawData" | "SerializationData" => None,
            name => Some((name, text(value))),
        };
        let members: Vec<_> = block.members.iter().filter_map(wanted).collect();
        if members.is_empty() {
            // A block of something else, or a line of prose with a colon in it.
            return Ok(());
        }
        self.objects.push(Object { kind: ObjectKind::Certificate, origin: self.origin(block.line), members });
        Ok(())
    }

    fn origin(&self, line: u64) -> Origin {
        Origin::new(self.file, Place::Line(line))
    }

    fn expected(&self, line: u64, expected: &'static str) -> ImportError {
        ImportError::Malformed { origin: self.origin(line), expected }
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.trim().to_owned())
}

/// Puts the next line of a wrapped value after what came before.
fn join(value: &mut String, more: &str) {
    // The console breaks after a space, which a copy loses, or after a hyphen.
    if !value.is_empty() && !value.ends_with(['-', ' ']) {
        value.push(' ');
    }
    value.push_str(more);
}

fn is_prompt(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("[PS]") || line.starts_with("PS ") && line.contains('>') || line.starts_with("PS>")
}

/// The column of the subject in the header of a table.
fn header(line: &str) -> Option<usize> {
    let mut words = unmarked(line).split_whitespace();
    let is_header = words.next()? == "Thumbprint" && words.next()? == "Services" && words.next()? == "Subject";
    is_header.then(|| line.find("Subject")).flatten()
}

fn is_dashes(line: &str) -> bool {
    unmarked(line).chars().all(|character| character == '-' || character.is_whitespace())
}

/// A row of a table, even where its thumbprint is masked: its services give it away.
fn is_row(line: &str) -> bool {
    let mut words = unmarked(line).split_whitespace();
    let is_thumbprint = words.next().is_some_and(|word| word.parse::<Thumbprint>().is_ok());
    let mut services = words.enumerate();
    is_thumbprint
        || services.any(|(index, word)| short_form(word).is_some() || index == 0 && word.parse::<Service>().is_ok())
}

/// A row of a table whose header was not copied: only what can be nothing else.
fn row_without_header(line: &str) -> bool {
    let mut words = unmarked(line).split_whitespace();
    let is_thumbprint = |word: &str| word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    words.next().is_some_and(is_thumbprint) && words.next().is_some_and(|word| short_form(word).is_some())
}

fn short_form(word: &str) -> Option<Service> {
    word.parse()
        .ok()
        .filter(|_| (5..=7).contains(&word.len()) && word.contains('.'))
        .or_else(|| word.eq_ignore_ascii_case("IPUWSFC").then(Service::all))
}

/// Services in the short form or by name, and the subject after them.
fn services_and_subject(rest: &str) -> (&str, &str) {
    let mut end = 0;
    // Names go on after a comma; anything else is one word.
    for word in rest.split_inclusive(char::is_whitespace) {
        end += word.len();
        if !word.trim_end().is_empty() && !word.trim_end().ends_with(',') {
            break;
        }
    }
    let (services, subject) = rest.split_at_checked(end).unwrap_or((rest, ""));
    (services.trim_end(), subject.trim())
}

/// A line without its indentation and the mark of a list in a mail.
fn unmarked(line: &str) -> &str {
    let line = line.trim();
    line.strip_prefix("* ").map_or(line, str::trim_start)
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|character| character.is_whitespace()).count()
}

/// A line `Name : value`, where the name is one word.
fn property(line: &str) -> Option<Property<'_>> {
    let (before, value) = line.split_once(':')?;
    let name = unmarked(before);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // In a list a space stands before the colon, and after it where there is a value.
    if !is_name || !before.ends_with(' ') || !(value.is_empty() || value.starts_with(' ')) {
        return None;
    }
    let column = before.chars().count() + 2;
    Some(Property { name, value: value.trim(), column, is_known: ObjectKind::Certificate.wants(name).is_some() })
}
