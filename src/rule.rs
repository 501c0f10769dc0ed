//! A rule: what it says, where it comes from, and the check.

use std::fmt;

use crate::case::{Assignment, Case, Removal};
use crate::comparison::{Comparison, Unnamed};
use crate::finding::{Finding, Kind};

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// Microsoft's article *Assign certificates to Exchange Server services*.
    Article,
    /// Microsoft's reference of a cmdlet.
    Reference(&'static str),
    /// Microsoft's article *Digital certificates and encryption in Exchange Server*.
    Encryption,
    /// Microsoft's support articles.
    Support,
    /// Microsoft's HealthChecker script.
    HealthChecker,
    /// No source settles it: it was decided here.
    DecidedHere,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Article => f.write_str("Assign certificates to Exchange Server services"),
            Self::Reference(cmdlet) => write!(f, "the reference of {cmdlet}"),
            Self::Encryption => f.write_str("Digital certificates and encryption in Exchange Server"),
            Self::Support => f.write_str("Microsoft's support articles"),
            Self::HealthChecker => f.write_str("Microsoft's HealthChecker"),
            Self::DecidedHere => f.write_str("decided here"),
        }
    }
}

/// A rule about the assignment or the removal of a certificate.
///
/// ```
/// use exchange_certificates::{Kind, rule};
///
/// let rule = rule("wildcard-imap").ok_or("no such rule")?;
/// assert_eq!(rule.kind(), Kind::Refuse);
/// println!("{} ({})", rule.documentation(), rule.source());
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug)]
pub struct Rule {
    pub(crate) about: About,
    /// The strongest first.
    pub(crate) kinds: &'static [Kind],
    pub(crate) check: Check,
}

/// What every rule has, whatever it looks at.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) id: &'static str,
    pub(crate) source: Source,
    pub(crate) documentation: &'static str,
}

impl About {
    pub(crate) fn summary(&self) -> &'static str {
        self.documentation.lines().next().unwrap_or_default().trim()
    }
}

impl Rule {
    /// Its permanent name, like `wildcard-imap`.
    pub fn id(&self) -> &'static str {
        self.about.id
    }

    /// What follows if it speaks; of several kinds, the strongest.
    pub fn kind(&self) -> Kind {
        self.kinds.first().copied().unwrap_or(Kind::Note)
    }

    /// The kinds that its findings have, the strongest first. Nearly every rule has one.
    pub fn kinds(&self) -> &'static [Kind] {
        self.kinds
    }

    /// Where it comes from.
    pub fn source(&self) -> Source {
        self.about.source
    }

    /// What it says and why, in Markdown; the first line is a summary.
    pub fn documentation(&self) -> &'static str {
        self.about.documentation
    }

    /// The first line of the documentation.
    pub fn summary(&self) -> &'static str {
        self.about.summary()
    }
}

/// What a rule looks at. Each check speaks at most once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    /// At the request itself, also if no service is in question.
    Request(fn(&Case<'_>) -> Option<Finding>),
    /// At an assignment, if a service is in question.
    Assign(fn(&Assignment<'_>) -> Option<Finding>),
    /// At a removal.
    Remove(fn(&Removal<'_>) -> Option<Finding>),
    /// At what is presented before and afterwards, once the rules above have spoken.
    Compare(fn(&Comparison<'_>) -> Option<Finding>),
    /// At what changes over a fleet beside that.
    Fleet(fn(&Unnamed<'_>) -> Option<Finding>),
    /// At both; where both find something, the stronger counts.
    Both(fn(&Assignment<'_>) -> Option<Finding>, fn(&Removal<'_>) -> Option<Finding>),
}

/// Declares a rule: its documentation, its name, kind and source, and the check, which is a plain function.
macro_rules! rule {
    (
        $(#[doc = $line:literal])+
        $name:ident: $kind:ident $(| $weaker:ident)*, $source:expr, $check:ident($($function:expr),+)
    ) => {
        $(#[doc = $line])+
        pub(crate) static $name: $crate::rule::Rule = $crate::rule::Rule {
            about: $crate::rule::about!($name, $source, $($line)+),
            kinds: &[$crate::finding::Kind::$kind $(, $crate::finding::Kind::$weaker)*],
            check: $crate::rule::Check::$check($($function),+),
        };
    };
}
pub(crate) use rule;

/// What every rule has, from its name in the code, its source and the lines of its documentation.
macro_rules! about {
    ($name:ident, $source:expr, $($line:literal)+) => {{
        const ID: [u8; stringify!($name).len()] = $crate::rule::kebab_case(stringify!($name));
        $crate::rule::About {
            id: match std::str::from_utf8(&ID) {
                Ok(id) => id,
                Err(_) => unreachable!(),
            },
            source: { #[allow(unused_imports)] use $crate::rule::Source::*; $source },
            documentation: concat!($($line, "\n"),+),
        }
    }};
}
pub(crate) use about;

/// The id of a rule from its name in the code: `WILDCARD_IMAP` is `wildcard-imap`.
#[expect(clippy::indexing_slicing, reason = "runs at compile time, on names of this crate")]
pub(crate) const fn kebab_case<const N: usize>(name: &str) -> [u8; N] {
    let mut id = [0; N];
    let mut place = 0;
    while place < N {
        let byte = name.as_bytes()[place];
        id[place] = if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
        place += 1;
    }
    id
}
