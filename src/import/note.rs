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
            Self::Gone { what, older } => {
                write!(f, "{}: {older} has it, and a newer collection has it no more", text::plain(what))
            }
        }
    }
}
