//! What was really presented, held against what was to be.

use std::fmt;

use serde::{Serialize, Serializer};

use super::fleets::ComparedEndpoint;
use super::presented_at::PresentedAt;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::text;

/// A look at a port, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Look {
    /// What was seen.
    #[serde(flatten)]
    pub seen: PresentedAt,
    /// The ids of the endpoints that answer there: one, or every Receive connector that listens at the port.
    pub endpoints: Vec<String>,
    /// How that stands beside what they are to present.
    pub verdict: Verdict,
    /// Whether one of them runs on every server, and so was to be seen.
    #[serde(skip)]
    is_expected: bool,
}

/// How what was seen stands beside what is to be presented.
///
/// ```
/// use exchange_certificates::Verdict;
///
/// assert_eq!(Verdict::NotSeen.to_string(), "not-seen");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It is, or may be, that.
    AsExpected,
    /// It is what was presented formerly: the service has not taken the new one yet.
    Late,
    /// It is another certificate than either.
    Other,
    /// Nothing was seen.
    NotSeen,
    /// It is not known what is to be presented there.
    NotCompared,
}

impl Look {
    /// A look at one of these endpoints, which are those of its server.
    pub(super) fn new(seen: &PresentedAt, of_server: &[&ComparedEndpoint]) -> Self {
        let found: Vec<_> = of_server.iter().copied().filter(|compared| answers(compared, seen)).collect();
        let is_expected = found.iter().filter_map(|compared| compared.after.as_ref()).any(is_always_there);
        let endpoints = found.iter().map(|compared| compared.id().to_string()).collect();
        Self { seen: seen.clone(), endpoints, verdict: verdict(seen, &found), is_expected }
    }

    /// Whether something else was seen than is to be presented.
    pub fn contradicts(&self) -> bool {
        matches!(self.verdict, Verdict::Late | Verdict::Other)
    }

    /// Whether it tells something: a port at which nothing is to answer tells enough by its silence, and so do IMAP and
    /// POP, which do not run by default.
    pub fn is_known(&self) -> bool {
        match self.verdict {
            Verdict::NotSeen => !self.is_expected,
            Verdict::NotCompared => false,
            Verdict::AsExpected | Verdict::Late | Verdict::Other => true,
        }
    }
}

fn verdict(seen: &PresentedAt, found: &[&ComparedEndpoint]) -> Verdict {
    let Some(thumbprint) = seen.thumbprint else { return Verdict::NotSeen };
    let after = || found.iter().filter_map(|compared| compared.after.as_ref());
    let is = |endpoint: &Endpoint| endpoint.presented().may_be(thumbprint);
    if after().any(is) {
        return Verdict::AsExpected;
    }
    if after().next().is_none() || after().any(|endpoint| endpoint.presented().is_unknown()) {
        return Verdict::NotCompared;
    }
    if found.iter().filter_map(|compared| compared.before.as_ref()).any(is) { Verdict::Late } else { Verdict::Other }
}

/// Whether an endpoint answers where somebody looked.
fn answers(compared: &ComparedEndpoint, seen: &PresentedAt) -> bool {
    let Some(endpoint) = compared.either() else { return false };
    match &seen.endpoint {
        Some(id) => text::same(endpoint.id().to_string(), id),
        None => endpoint.kind() == EndpointKind::ReceiveConnector && listens_at(endpoint, seen.port),
    }
}

fn listens_at(endpoint: &Endpoint, port: u16) -> bool {
    let bindings = endpoint.connector().and_then(|connector| connector.bindings()).unwrap_or_default();
    bindings.iter().any(|binding| binding.rsplit_once(':').is_some_and(|(_, end)| end.trim().parse() == Ok(port)))
}

/// Whether it runs on every server and presents something, to whoever connects from anywhere.
fn is_always_there(endpoint: &Endpoint) -> bool {
    endpoint.presented().certificates().next().is_some() && !endpoint.is_optional() && !endpoint.is_loopback()
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsExpected => "as-expected",
            Self::Late => "late",
            Self::Other => "other",
            Self::NotSeen => "not-seen",
            Self::NotCompared => "not-compared",
        })
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
