//! What a rule can be raised to.

use super::Severity;
use crate::finding::Kind;
use crate::word::{Word, words};

/// How much a rule weighs: by its kind, or, if it is a rule of the audit, by the severity of its findings.
///
/// ```
/// use exchange_certificates::{Kind, Severity, Weight};
///
/// assert_eq!(Weight::from(Kind::Refuse).to_string(), "refuse");
/// assert_eq!("high".parse(), Ok(Weight::Severity(Severity::High)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Weight {
    /// Of a rule about requests.
    Kind(Kind),
    /// Of a rule of the audit.
    Severity(Severity),
}

impl From<Kind> for Weight {
    fn from(kind: Kind) -> Self {
        Self::Kind(kind)
    }
}

impl From<Severity> for Weight {
    fn from(severity: Severity) -> Self {
        Self::Severity(severity)
    }
}

impl Weight {
    /// What rules of this one's sort can be raised from, and to.
    pub(super) fn what_can_be_raised(self) -> &'static str {
        match self {
            Self::Kind(_) => "only a note or a warning can be raised, to warn or refuse",
            Self::Severity(_) => "only a finding of low severity can be raised, to high",
        }
    }
}

impl Word for Weight {
    const WHAT: &'static str = "kind or severity";
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Kind(Kind::Note), "note"),
        (Self::Kind(Kind::FollowUp), "follow-up"),
        (Self::Kind(Kind::Warn), "warn"),
        (Self::Kind(Kind::Decide), "decide"),
        (Self::Kind(Kind::Refuse), "refuse"),
        (Self::Severity(Severity::Low), "low"),
        (Self::Severity(Severity::High), "high"),
    ];
    const LIKE: &'static str = "refuse";
}

words!(read Weight);
words!(printed Weight);
