//! What an import says of itself beside what it read.

use std::fmt;

use super::error::{ImportError, Origin};
use crate::text;

/// Something to know about what was read: nothing of it is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportNote {
    /// A file whose collection was written for a later version of this crate: what is known of it was read.
    NewerFormat {
        /// The place of the record.
        origin: Origin,
        /// The number of its format.
        format: i64,
    },
    /// An object that was left out, because a name in it holds a control character.
    LeftOut(ImportError),
    /// Two collections say different things, and the newer one holds.
    Outdated {
        /// What they say different things about.
        what: String,
        /// The one that does not hold.
        older: Origin,
        /// The one that holds.
        newer: Origin,
    },
    /// An object that a text shows, and of which too little is shown to be taken.
    NotTaken {
        /// Where it begins.
        origin: Origin,
        /// What it is, and what is missing.
        why: &'static str,
    },
    /// Lines of a text that say nothing that is read.
    PassedOver {
        /// The first of them.
        origin: Origin,
        /// How many.
        lines: u64,
        /// How the first begins.
        first: String,
    },
    /// Rows of a table without thumbprints.
    RowsPassedOver {
        /// The heading of the table.
        origin: Origin,
        /// How many.
        rows: u64,
    },
    /// A file that is neither UTF-8 nor UTF-16, and was read as Windows-1252.
    Windows1252 {
        /// The file.
        origin: Origin,
    },
    /// An older collection has what a newer one has no more; it is not taken.
    Gone {
        /// What it is.
        what: String,
        /// Where it stands.
        older: Origin,
    },
}

impl fmt::Display for ImportNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewerFormat { origin, format } => {
                write!(f, "{origin}: the format {format} is newer than 3: only what is known of it is read")
            }
            Self::LeftOut(error) => write!(f, "left out: {error}"),
            Self::Outdated { what, older, newer } => {
                write!(f, "{what}: {newer} is newer than {older} and says otherwise; the newer one holds")
            }
            Self::NotTaken { origin, why } => write!(f, "{origin}: not taken: {why}"),
            Self::PassedOver { origin, lines: 1, first } => {
                write!(
                    f,
                    "{origin}: a line that says nothing of certificates was passed over: {}",
                    text::excerpt(first)
                )
            }
            Self::PassedOver { origin, lines, first } => write!(
                f,
                "{origin}: {lines} lines that say nothing of certificates were passed over, from here on: {}",
                text::excerpt(first)
            ),
            Self::RowsPassedOver { origin, rows } => {
                write!(f, "{origin}: not taken: a table of certificates without thumbprints, rows: {rows}")
            }
            Self::Windows1252 { origin } => {
                write!(f, "{origin}: neither UTF-8 nor UTF-16: read as Windows-1252")
            }
            Self::Gone { what, older } => {
                write!(f, "{}: {older} has it, and a newer collection has it no more", text::plain(what))
            }
        }
    }
}
