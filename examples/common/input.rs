//! What every example does with bad input: one line that names file and field, and exit status 3.
#![allow(dead_code, unreachable_pub)]

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use clap::{Parser, ValueEnum};
use exchange_certificates::import::{Format, MAXIMUM_LENGTH};
use exchange_certificates::{Answer, Certificate, Chain, Policy, Request, rfc3339};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::output;
pub use super::output::plain;

/// The exit status of bad input.
pub const BAD_INPUT: u8 = 3;

/// Why the input is of no use, in one line.
#[derive(Debug)]
pub struct BadInput(String);

impl BadInput {
    pub fn new(file: &str, problem: impl Display) -> Self {
        Self(format!("{file}: {problem}"))
    }

    /// A problem that names its file itself.
    pub fn named(problem: impl Display) -> Self {
        Self(problem.to_string())
    }

    /// Says it on standard error.
    pub fn report(&self) -> ExitCode {
        eprintln!("{}", short(&plain(&self.0)));
        ExitCode::from(BAD_INPUT)
    }
}

/// A line that can be read at a glance, whatever a file holds: of a long one, its beginning and its end.
fn short(line: &str) -> Cow<'_, str> {
    const MOST: usize = 500;
    const BEGINNING: usize = 300;
    let characters: Vec<_> = line.chars().collect();
    match characters.len().checked_sub(MOST) {
        None | Some(0) => line.into(),
        Some(too_many) => {
            let (beginning, end) = (&characters[..BEGINNING], &characters[BEGINNING + too_many + 1..]);
            beginning.iter().chain(&['\u{2026}']).chain(end).collect::<String>().into()
        }
    }
}

/// The arguments of the command line, or the exit status where there is nothing more to do.
pub fn arguments<A: Parser>() -> Result<A, ExitCode> {
    A::try_parse().map_err(|error| {
        if !error.use_stderr() {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        let message = error.to_string();
        let lines: Vec<_> = message.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        let line = lines.join(" ");
        BadInput(format!("{}; --help tells more", line.trim_start_matches("error: "))).report()
    })
}

/// Runs an example with the arguments of the command line, and says what of its input is of no use.
pub fn main<A: Parser>(run: impl FnOnce(&A) -> Result<ExitCode, BadInput>) -> ExitCode {
    match arguments() {
        Ok(arguments) => run(&arguments).unwrap_or_else(|bad_input| bad_input.report()),
        Err(status) => status,
    }
}

/// The point in time that `--now` names, if it was said.
pub fn now(text: Option<&str>) -> Result<Option<SystemTime>, BadInput> {
    text.map(|text| date("--now", text)).transpose()
}

/// Reads a policy that is a file of its own.
pub fn policy(path: &Path) -> Result<Policy, BadInput> {
    let source = Source::open_one_of(path, &[Kind::Policy, Kind::Export])?;
    json(&source.name.clone(), &source.whole()?)
}

/// What becomes of the default SMTP certificate, as the command line says it.
#[derive(Clone, Copy, ValueEnum)]
pub enum DefaultSmtp {
    Keep,
    Replace,
}

impl DefaultSmtp {
    pub fn answer(self, request: Request) -> Request {
        request.with_default_smtp(match self {
            Self::Keep => Answer::Keep,
            Self::Replace => Answer::Replace,
        })
    }
}

/// A point in time as a command line names it: a date alone is its midnight UTC.
pub fn date(argument: &str, text: &str) -> Result<SystemTime, BadInput> {
    let midnight = rfc3339::parse(&format!("{text}T00:00:00Z"));
    midnight.or_else(|_| rfc3339::parse(text)).map_err(|_| {
        let known = "neither a date like 2026-11-24 nor a time like 2026-11-24T08:00:00Z";
        BadInput::new(argument, format_args!("`{text}` is {known}"))
    })
}

/// Reads one certificate, as PEM, DER or PKCS#7, perhaps with its chain.
pub fn certificate(path: &Path) -> Result<Certificate, BadInput> {
    chain(path).map(|chain| chain.leaf().clone())
}

/// Reads a certificate with what the file holds of its chain.
pub fn chain(path: &Path) -> Result<Chain, BadInput> {
    let source = Source::open_one_of(path, &[Kind::Certificates])?;
    let name = source.name.clone();
    let bytes = source.whole()?;
    let text = decoded(&bytes);
    let read = if text.contains("-----BEGIN") {
        Certificate::chain_from_pem(&text)
    } else {
        let one = Certificate::from_der(bytes.as_slice()).or_else(|error| text.parse().map_err(|_| error));
        let bundle = |error| Certificate::all_from_pkcs7(&bytes).map_err(|_| error);
        one.map(|certificate| vec![certificate]).or_else(bundle).and_then(Chain::of)
    };
    read.map_err(|error| BadInput::new(&name, error))
}

/// Prints an answer as JSON.
pub fn print_json(answer: &impl Serialize) -> Result<(), BadInput> {
    output::text(&pretty(answer)?);
    Ok(())
}

/// JSON in which the characters are escaped too that a terminal acts upon.
pub fn pretty(value: &impl Serialize) -> Result<String, BadInput> {
    let text = serde_json::to_string_pretty(value).map_err(|error| BadInput::new("the answer", error))?;
    let mut escaped = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        match character {
            '\u{7F}'..='\u{9F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => escaped.push(character),
        }
    }
    escaped.push('\n');
    Ok(escaped)
}

/// Reads a file whole; `-` is standard input.
pub fn read(path: &Path) -> Result<Vec<u8>, BadInput> {
    Source::open(path)?.whole()
}

/// What a file is, by what is in its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Scenario,
    Policy,
    Export,
    Certificates,
    /// A plan that is kept.
    StoredPlan,
    /// What an example wrote for programs, the example `inspect` too.
    Answer,
    Page,
    Calendar,
    Unknown,
}

impl Kind {
    fn of(start: &[u8]) -> Self {
        const OF_SCENARIO: [&str; 5] = ["server", "servers", "request", "policy", "now"];
        const OF_POLICY: [&str; 4] = ["expires_soon_days", "minimum_rsa_bits", "raise", "silence"];
        let text = decoded(start);
        let text = text.trim_start();
        let begins = |words: &str| text.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words));
        let keys = keys(text);
        let has = |names: &[&str]| keys.iter().any(|key| names.contains(&key.as_str()));
        match Format::of(start) {
            _ if has(&["fingerprint"]) => Self::StoredPlan,
            _ if has(&["format"]) => Self::Answer,
            _ if has(&OF_SCENARIO) => Self::Scenario,
            _ if has(&OF_POLICY) => Self::Policy,
            _ if begins("<!doctype html") || begins("<html") => Self::Page,
            _ if begins("BEGIN:VCALENDAR") => Self::Calendar,
            Some(Format::Certificates) => Self::Certificates,
            Some(Format::Json) if !text.contains(['{', '"']) => Self::Unknown,
            Some(_) => Self::Export,
            None => Self::Unknown,
        }
    }

    /// What it is in words, and what to do with it where something else is wanted; nothing where it cannot be told.
    pub fn instead(self) -> Option<&'static str> {
        Some(match self {
            Self::Scenario => "a scenario, and no export: audit looks at its servers, and assign answers its request",
            Self::Policy => "a policy: it stands as policy in a scenario, and audit takes it by --policy",
            Self::Export => "an export of Exchange: inspect --scenario SERVER or --fleet writes a scenario of it",
            Self::Certificates => "certificates: a scenario or an export says on which server they are",
            Self::StoredPlan => "a plan that is kept: hook --apply looks whether it holds, verify what became of it",
            Self::Answer => "an answer that an example wrote for programs: give the files that it was made of",
            Self::Page => "a page that audit wrote for people: give the files that it was made of",
            Self::Calendar => "a calendar that audit wrote for people: give the files that it was made of",
            Self::Unknown => return None,
        })
    }
}

/// A file that is open, with its beginning.
pub struct Source {
    pub name: String,
    pub kind: Kind,
    pub length: Option<u64>,
    start: Vec<u8>,
    rest: Box<dyn Read>,
}

impl Source {
    /// Opens a file; `-` is standard input, and can be read once.
    pub fn open(path: &Path) -> Result<Self, BadInput> {
        // A pipe may give its first bytes one by one.
        const ENOUGH_TO_TELL: u64 = 64 * 1024;
        static IS_TAKEN: AtomicBool = AtomicBool::new(false);

        let is_standard = path == Path::new("-");
        let name = if is_standard { "standard input".to_owned() } else { path.display().to_string() };
        let failed = |error: io::Error| BadInput::new(&name, error);
        let (mut rest, length): (Box<dyn Read>, _) = if !is_standard {
            let file = File::open(path).map_err(failed)?;
            let length = file.metadata().map_err(failed)?.len();
            (Box::new(file), Some(length))
        } else if IS_TAKEN.swap(true, Ordering::Relaxed) {
            return Err(BadInput::new("-", "standard input is one file, and can be named once"));
        } else {
            (Box::new(io::stdin()), None)
        };
        let mut start = Vec::new();
        rest.by_ref().take(ENOUGH_TO_TELL).read_to_end(&mut start).map_err(failed)?;
        Ok(Self { kind: Kind::of(&start), name, length, start, rest })
    }

    /// Opens a file that has to be of one of some kinds. One of which nobody can tell what it is passes: whoever reads it
    /// says what is wrong with it.
    pub fn open_one_of(path: &Path, kinds: &[Kind]) -> Result<Self, BadInput> {
        let source = Self::open(path)?;
        match source.kind.instead().filter(|_| !kinds.contains(&source.kind)) {
            Some(instead) => Err(BadInput::new(&source.name, instead)),
            None => Ok(source),
        }
    }

    /// All bytes, as many as are read at most of anything but CLIXML.
    pub fn whole(self) -> Result<Vec<u8>, BadInput> {
        let mut bytes = Vec::new();
        let read = self.start.as_slice().chain(self.rest).take(MAXIMUM_LENGTH + 1).read_to_end(&mut bytes);
        read.map_err(|error| BadInput::new(&self.name, error))?;
        if bytes.len() as u64 > MAXIMUM_LENGTH {
            return Err(BadInput::new(&self.name, format_args!("larger than the limit of {MAXIMUM_LENGTH} bytes")));
        }
        Ok(bytes)
    }

    /// The bytes one after the other.
    pub fn stream(self) -> impl Read {
        io::Cursor::new(self.start).chain(self.rest)
    }
}

/// The names in the outermost object of JSON, as far as it is there.
fn keys(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let (mut depth, mut is_in_text, mut is_escaped) = (0_u32, false, false);
    let (mut word, mut last) = (String::new(), None);
    if !text.starts_with('{') {
        return keys;
    }
    for character in text.chars() {
        if is_in_text {
            match character {
                '"' if !is_escaped => {
                    is_in_text = false;
                    last = Some(std::mem::take(&mut word));
                }
                _ if depth == 1 => word.push(character),
                _ => {}
            }
            is_escaped = character == '\\' && !is_escaped;
            continue;
        }
        match character {
            '"' => is_in_text = true,
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 1 => keys.extend(last.take()),
            _ => {}
        }
    }
    keys
}

/// Text as editors and shells on Windows write it: UTF-8 or UTF-16, with a byte order mark.
pub fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| -> Vec<u16> {
        bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect()
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => String::from_utf16_lossy(&units(rest, u16::from_le_bytes)).into(),
        [0xFE, 0xFF, rest @ ..] => String::from_utf16_lossy(&units(rest, u16::from_be_bytes)).into(),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// Reads one JSON value; an error names the field that it is about.
pub fn json<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, BadInput> {
    let text = decoded(bytes);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = match error.path().to_string() {
            path if path == "." => String::new(),
            path => path,
        };
        BadInput::new(file, at(&path, &in_words_of_json(&error.into_inner().to_string())))
    })?;
    deserializer.end().map_err(|error| BadInput::new(file, error))?;
    Ok(value)
}

/// What the reader says of types, in words that a file of JSON has for them.
fn in_words_of_json(problem: &str) -> String {
    [
        ("expected u32", "expected a whole number from 0 to 4294967295"),
        ("expected a boolean", "expected true or false"),
        ("expected a sequence", "expected a list in brackets"),
        ("expected a string at", "expected a string in quotes at"),
    ]
    .iter()
    .fold(problem.to_owned(), |problem, (said, words)| problem.replace(said, words))
}

/// Puts path and problem together. A fault that shows only when an object has been read whole names
/// its own field, which then ends the path.
fn at(path: &str, problem: &str) -> String {
    let is_field = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match problem.split_once(": ") {
        _ if path.is_empty() => problem.to_owned(),
        Some((field, problem)) if is_field(field) => format!("{path}.{field}: {problem}"),
        _ => format!("{path}: {problem}"),
    }
}
