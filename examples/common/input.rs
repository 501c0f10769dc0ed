//! What every example does with bad input: one line that names file and field, and exit status 3.
#![allow(dead_code, unreachable_pub)]

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Parser, ValueEnum};
use exchange_certificates::{Answer, Certificate, Request, rfc3339};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::output;

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
        eprintln!("{}", plain(&self.0));
        ExitCode::from(BAD_INPUT)
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

/// Reads one certificate, as PEM or DER.
pub fn certificate(path: &Path) -> Result<Certificate, BadInput> {
    let bytes = read(path)?;
    let read = match std::str::from_utf8(&bytes) {
        Ok(text) if text.contains("-----BEGIN") => Certificate::from_pem(text),
        _ => Certificate::from_der(bytes),
    };
    read.map_err(|error| BadInput::new(&path.display().to_string(), error))
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

/// Text in which nothing can forge a line or move the cursor.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' => plain.push(character),
            _ => plain.extend(character.escape_debug()),
        }
    }
    plain
}

/// Reads a file whole.
pub fn read(path: &Path) -> Result<Vec<u8>, BadInput> {
    std::fs::read(path).map_err(|error| BadInput::new(&path.display().to_string(), error))
}

/// Reads one JSON value; an error names the field that it is about.
pub fn json<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, BadInput> {
    // Editors on Windows put a byte order mark in front.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = match error.path().to_string() {
            path if path == "." => String::new(),
            path => path,
        };
        let problem =
            error.into_inner().to_string().replace("expected u32", "expected a whole number from 0 to 4294967295");
        BadInput::new(file, at(&path, &problem))
    })?;
    deserializer.end().map_err(|error| BadInput::new(file, error))?;
    Ok(value)
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
