//! CSV, as `Export-Csv` and `ConvertTo-Csv` write it.

use std::sync::Arc;

use super::error::{ImportError, Origin, Place};
use super::shown::{self, Member, Reading, Shown};
use super::value::ObjectKind;
use super::wrapped::{Habit, Wrapped};

/// The marks that stand between fields, by the list separator of a language or by choice.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Whether a text begins with the names of properties, as CSV has them.
pub(super) fn looks_like(text: &str) -> bool {
    let (type_line, rest) = type_line(text);
    let heading = rest.lines().next().unwrap_or_default();
    type_line.is_some() && !heading.is_empty() || delimiter(heading).is_some()
}

/// Reads one object of each record.
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Reading, ImportError> {
    let text = text.trim_start();
    let (type_line, rest) = type_line(text);
    let kind = type_line.and_then(ObjectKind::of);
    let skipped = text.get(..text.len() - rest.len()).unwrap_or_default().matches('\n').count() as u64;
    let delimiter = delimiter(rest.lines().next().unwrap_or_default()).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(rest.as_bytes());
    let mut reading = Reading::default();
    let mut names: Vec<String> = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let line = |position: &csv::Position| position.line() + skipped;
        let origin = |line| Origin::new(file, Place::Line(line));
        let at = line(reader.position());
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(origin(at).syntax(&error.to_string())),
        }
        let at = record.position().map_or(at, line);
        if names.is_empty() {
            names = record.iter().map(|name| name.trim().to_owned()).collect();
            continue;
        }
        if record.len() != names.len() {
            return Err(ImportError::Malformed {
                origin: origin(at),
                expected: "as many fields as there are names in the first line",
            });
        }
        let members = names.iter().zip(&record).map(|(name, value)| member(name, value)).collect();
        let shown = Shown { origin: origin(at), asked: kind, members };
        reading.take(&shown);
    }
    if reading.objects.is_empty() {
        let expected = "records of Get-ExchangeCertificate with thumbprints";
        return Err(reading.nothing(ImportError::Malformed { origin: Origin::new(file, Place::Line(1)), expected }));
    }
    Ok(reading)
}

fn member(name: &str, value: &str) -> Member {
    let is_list = ["CertificateDomains", "IISServices", "SourceTransportServers", "SmartHosts", "Bindings"];
    let value = match is_list.iter().any(|list| list.eq_ignore_ascii_case(name)) && !shown::is_type_name(value) {
        // Whoever joins a list chooses what stands between.
        true => {
            let items: Vec<_> = value.split([',', ';', '|', ' ', '\n', '\r']).filter(|item| !item.is_empty()).collect();
            format!("{{{}}}", items.join(","))
        }
        false => value.to_owned(),
    };
    Member { name: name.to_owned(), value: Wrapped::new(&value), habit: Habit::Kept, widest: 0 }
}

/// The type in the first line, and what follows.
fn type_line(text: &str) -> (Option<&str>, &str) {
    let text = text.trim_start();
    match text.strip_prefix("#TYPE ") {
        Some(rest) => {
            let (name, rest) = rest.split_once('\n').unwrap_or((rest, ""));
            (Some(name.trim()), rest)
        }
        None => (None, text),
    }
}

/// The mark between the names of a heading; `None` if it is none.
fn delimiter(heading: &str) -> Option<u8> {
    let has_quotes = heading.starts_with('"');
    let known = |delimiter: &u8| {
        let names: Vec<_> = heading
            .trim_end()
            .split(char::from(*delimiter))
            .take(500)
            .map(|name| name.trim_matches(['"', ' ']))
            .collect();
        let is_name =
            |name: &&str| !name.is_empty() && !name.contains([':', '=', '"']) && (has_quotes || !name.contains(' '));
        let known = names.iter().filter(|name| shown::is_telling(name)).count();
        (names.len() > 1 && names.iter().all(is_name)).then_some(known).filter(|known| *known > 0)
    };
    let found = DELIMITERS.into_iter().filter_map(|delimiter| Some((known(&delimiter)?, delimiter)));
    let (known, delimiter) = found.max_by_key(|(known, _)| *known)?;
    (known > 1 || has_quotes).then_some(delimiter)
}
