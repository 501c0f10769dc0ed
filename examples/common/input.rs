//! What every example does with bad input: one line that names file and field, and exit status 3.
#![allow(dead_code, unreachable_pub)]

use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Parser, ValueEnum};
use exchange_certificates::{Answer, Certificate, Request, rfc3339};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The exit status of bad input.
pub const BAD_INPUT: u8 = 3;

/// Why the input is of no use, in one line.
#[derive(Debug)]
pub struct BadInput(String);

impl BadInput {
    pub fn new(file: &str, problem: impl Display) -> Self {
        Self(format!("{file}: {problem}"))
    }

    /// Says it on standard error.
    pub fn report(&self) -> ExitCode {
        let line: String = self.0.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        eprintln!("{line}");
        ExitCode::from(BAD_INPUT)
    }
}

/// The arguments of the command line, or what clap has to say about them.
pub fn arguments<A: Parser>() -> Result<A, ExitCode> {
    A::try_parse().map_err(|error| {
        let _ = error.print();
        if error.use_stderr() { ExitCode::from(BAD_INPUT) } else { ExitCode::SUCCESS }
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

/// The point in time that a scenario names, or else now.
pub fn point_in_time(file: &str, text: Option<&str>) -> Result<SystemTime, BadInput> {
    let named = text.map(|text| rfc3339::parse(text).map_err(|error| BadInput::new(file, format!("now: {error}"))));
    named.unwrap_or_else(|| Ok(SystemTime::now()))
}

/// A point in time as a command line names it: a date alone is its midnight UTC.
pub fn date(argument: &str, text: &str) -> Result<SystemTime, BadInput> {
    let midnight = rfc3339::parse(&format!("{text}T00:00:00Z"));
    midnight.or_else(|_| rfc3339::parse(text)).map_err(|_| {
        let text = text.escape_debug();
        BadInput::new(
            argument,
            format_args!("`{text}` is neither a date like 2026-11-24 nor a time like 2026-11-24T08:00:00Z"),
        )
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
    let text = serde_json::to_string_pretty(answer).map_err(|error| BadInput::new("the answer", error))?;
    // Whoever closes the pipe early has read enough.
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(())
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
        BadInput::new(file, at(&path, &error.into_inner().to_string()))
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
