//! Why an export cannot be read, and where.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::certificate::CertificateError;
use crate::fleet::FleetError;
use crate::server::{ServerError, TlsCertificateNameError};
use crate::service::ServiceError;
use crate::text::{self, TextError};
use crate::thumbprint::{Thumbprint, ThumbprintError};
use crate::time::Timestamp;

/// Why an export cannot be read, or does not say what is asked of it.
///
/// ```
/// use exchange_certificates::import::{Import, ImportError};
///
/// let error = Import::new().add("notes.txt", b"Dear colleagues").unwrap_err();
/// assert!(matches!(error, ImportError::UnknownFormat { file } if file == "notes.txt"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Bytes of none of the formats that are read.
    #[error("{}: unrecognised file format; expected CLIXML, JSON, CSV, Format-List, Format-Table, PEM, DER or PKCS#7", text::shown(.file))]
    UnknownFormat {
        /// The file.
        file: String,
    },
    /// More bytes than are read.
    #[error("{}: larger than the limit of {maximum} bytes", text::shown(.file))]
    TooLarge {
        /// The file.
        file: String,
        /// How many bytes are read at most.
        maximum: u64,
    },
    /// More levels of nesting than are read.
    #[error("{origin}: nested deeper than the limit of {maximum} levels")]
    TooDeep {
        /// Where.
        origin: Origin,
        /// How many levels are read at most.
        maximum: usize,
    },
    /// Something else stands where a part of the format should be.
    #[error("{origin}: expected {expected}")]
    Malformed {
        /// Where.
        origin: Origin,
        /// What should have been there.
        expected: &'static str,
    },
    /// What no reader of XML or JSON can read.
    #[error("{origin}: {problem}")]
    Syntax {
        /// Where.
        origin: Origin,
        /// What the reader says of it.
        problem: String,
    },
    /// Binary data inside an object that is damaged.
    #[error("{origin}: {field}, byte {byte}: expected {expected}")]
    Binary {
        /// Where the object stands.
        origin: Origin,
        /// The property that holds the data.
        field: &'static str,
        /// The place in the data, counted from 0.
        byte: usize,
        /// What should have been there.
        expected: &'static str,
    },
    /// A certificate that cannot be read.
    #[error("{origin}: {error}")]
    Certificate {
        /// Where it stands.
        origin: Origin,
        /// What is wrong with it.
        #[source]
        error: CertificateError,
    },
    /// A property whose value cannot be what it is for.
    #[error("{origin}: {field}: {error}")]
    Field {
        /// Where the object stands.
        origin: Origin,
        /// The property.
        field: &'static str,
        /// What is wrong with its value.
        #[source]
        error: FieldError,
    },
    /// Two objects that say different things of one.
    #[error("{one} and {other} contradict each other: {what}")]
    Contradiction {
        /// What they say different things about.
        what: String,
        /// The one that was read first.
        one: Origin,
        /// The other one.
        other: Origin,
    },
    /// A server that no object describes.
    #[error("{}: no object of Get-ExchangeServer that was read describes this server, and without its version and roles nothing can be decided", text::shown(.server))]
    NotDescribed {
        /// The name of the server.
        server: String,
    },
    /// A server whose version is none that is modelled.
    #[error("{}: version {} is not one of Exchange 2013, 2016, 2019 and Subscription Edition", text::shown(.server), text::shown(.version))]
    UnknownVersion {
        /// The name of the server.
        server: String,
        /// The version as it stands in the export.
        version: String,
    },
    /// A server of which the files hold nothing but that connectors name it.
    #[error("{}: connectors name this server, and nothing else of it was read", text::shown(.server))]
    NamedByConnectors {
        /// The name of the server.
        server: String,
    },
    /// A certificate that no file puts on a server.
    #[error("{thumbprint}, {}: no file says on which server this certificate is installed", text::shown(.subject))]
    NoServer {
        /// Its thumbprint.
        thumbprint: Thumbprint,
        /// Its subject.
        subject: String,
    },
    /// A certificate that is shown and not exported.
    #[error(
        "{thumbprint}: this certificate is shown as text alone, by which nothing can be decided; export it with Export-Clixml"
    )]
    TextAlone {
        /// Its thumbprint.
        thumbprint: Thumbprint,
    },
    /// Something is said of a server that no file names.
    #[error("{}: no file names this server; {}", text::shown(.server), those_named(.named))]
    NoSuchServer {
        /// The name of the server.
        server: String,
        /// Those that are named.
        named: Vec<String>,
    },
    /// Something else is said of a server than was exported, or than was said before.
    #[error("{}: {what} {given} was given, and {known} is known already", text::shown(.server))]
    KnownOtherwise {
        /// The name of the server.
        server: String,
        /// What of it.
        what: &'static str,
        /// What was said.
        given: String,
        /// What was known.
        known: String,
    },
    /// A server that is none of the others.
    #[error("{}: {error}", text::shown(.server))]
    Fleet {
        /// The name of the server.
        server: String,
        /// What is wrong with it.
        #[source]
        error: FleetError,
    },
    /// A server that there cannot be.
    #[error("{}: {error}", text::shown(.server))]
    Server {
        /// The name of the server.
        server: String,
        /// What is wrong with it.
        #[source]
        error: ServerError,
    },
}

/// Why the value of a property cannot be what it is for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// It is no thumbprint.
    #[error("{} is not a thumbprint: {error}", text::shown(.text))]
    Thumbprint {
        /// The value as it stands.
        text: String,
        /// What is wrong with it.
        #[source]
        error: ThumbprintError,
    },
    /// It is no set of services.
    #[error(transparent)]
    Services(#[from] ServiceError),
    /// It names no certificate.
    #[error(transparent)]
    TlsCertificateName(#[from] TlsCertificateNameError),
    /// It holds what cannot stand in a command.
    #[error(transparent)]
    Text(#[from] TextError),
    /// It is something else than the property holds.
    #[error("{} is not {expected}", text::shown(.text))]
    Value {
        /// The value as it stands.
        text: String,
        /// What the property holds.
        expected: &'static str,
    },
    /// It is not there.
    #[error("missing")]
    Missing,
}

/// A file and a place in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Origin {
    /// The file, by the name that it was given.
    pub file: Arc<str>,
    /// The place in it.
    pub place: Place,
    /// When the file was collected, if it says so. All its objects share it, so that errors stay small.
    pub(super) collected: Option<Arc<Timestamp>>,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Place {
    /// The whole file.
    File,
    /// A byte, counted from 0; in UTF-16 as if it were UTF-8.
    Byte(u64),
    /// An object of CLIXML.
    Object {
        /// Which one at its level of the file, counted from 1.
        number: u64,
        /// The byte with which it begins, counted from 0.
        byte: u64,
    },
    /// An entry of a JSON array or of a bundle, counted from 1.
    Entry(u64),
    /// A line, counted from 1.
    Line(u64),
    /// A character of JSON.
    Column {
        /// The line, counted from 1.
        line: u64,
        /// The place in the line, counted from 1.
        column: u64,
    },
}

/// The servers that are named.
fn those_named(names: &[String]) -> String {
    if names.is_empty() { "none is named".to_owned() } else { format!("named are {}", text::list(names)) }
}

impl ImportError {
    /// Whether it is about a name that holds a control character.
    pub(super) fn is_about_control_character(&self) -> bool {
        use TextError::ControlCharacter;
        let Self::Field { error, .. } = self else { return false };
        matches!(
            error,
            FieldError::Text(ControlCharacter { .. })
                | FieldError::TlsCertificateName(TlsCertificateNameError::Text(ControlCharacter { .. }))
        )
    }
}

impl Origin {
    pub(super) fn new(file: &Arc<str>, place: Place) -> Self {
        Self { file: Arc::clone(file), place, collected: None }
    }

    /// How an object of a collection stands beside one of another: those of one hour say the same.
    pub(super) fn cmp_collected(&self, other: &Self) -> Ordering {
        let (Some(one), Some(other)) = (&self.collected, &other.collected) else { return Ordering::Equal };
        if one.is_within_an_hour_of(**other) { Ordering::Equal } else { one.cmp(other) }
    }

    /// What a reader of XML or JSON says, which may hold pieces of the file.
    pub(super) fn syntax(&self, problem: &str) -> ImportError {
        const LONGEST: usize = 200;
        let end = problem.char_indices().nth(LONGEST).map_or(problem.len(), |(end, _)| end);
        let problem = text::plain(problem.get(..end).unwrap_or_default()).to_string();
        ImportError::Syntax { origin: self.clone(), problem }
    }

    pub(super) fn field(&self, field: &'static str, error: impl Into<FieldError>) -> ImportError {
        ImportError::Field { origin: self.clone(), field, error: error.into() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::shown(&self.file).fmt(f)?;
        match self.place {
            Place::File => Ok(()),
            _ => write!(f, ", {}", self.place),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the whole file"),
            Self::Byte(byte) => write!(f, "byte {byte}"),
            Self::Object { number, byte } => write!(f, "object {number} at byte {byte}"),
            Self::Entry(number) => write!(f, "entry {number}"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Column { line, column } => write!(f, "line {line}, column {column}"),
        }
    }
}
