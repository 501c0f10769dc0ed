//! What a rule can be raised to.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Severity;
use crate::finding::Kind;

/// How much a rule weighs: by its kind, or, if it is a rule of the audit, by the severity of its findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => kind.fmt(f),
            Self::Severity(severity) => severity.fmt(f),
        }
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

impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum Name {
            Note,
            FollowUp,
            Warn,
            Decide,
            Refuse,
            Low,
            High,
        }

        Ok(match Name::deserialize(deserializer)? {
            Name::Note => Kind::Note.into(),
            Name::FollowUp => Kind::FollowUp.into(),
            Name::Warn => Kind::Warn.into(),
            Name::Decide => Kind::Decide.into(),
            Name::Refuse => Kind::Refuse.into(),
            Name::Low => Severity::Low.into(),
            Name::High => Severity::High.into(),
        })
    }
}
