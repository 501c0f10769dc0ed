//! What became of each endpoint between two looks at an organisation.

use std::collections::HashMap;
use std::fmt;
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::moved::{CertificateAt, ConnectorChange, DefaultSmtpChange};
use super::presented_at::PresentedAt;
use super::probed::Look;
use crate::endpoint::{Endpoint, EndpointKind, Rank};
use crate::fleet::Fleet;
use crate::server::NotReadKind;
use crate::text::{self, Caseless};

/// Compares two looks at an organisation, endpoint by endpoint, both as they are at one point in time.
///
/// ```
/// use exchange_certificates::{EndpointState, Fact, Fleet, Role, Server, Thumbprint, Version, compare, rfc3339};
///
/// let server = |default| -> Result<Fleet, Box<dyn std::error::Error>> {
///     let server = Server::new("MBX01", Version::Exchange2019, [Role::EdgeTransport])?;
///     let mut fleet = Fleet::new();
///     fleet.insert(server.with_default_smtp(default))?;
///     Ok(fleet)
/// };
/// let (before, after) = (server(Fact::None)?, server(Fact::NotKnown)?);
/// let change = compare(&before, &after, rfc3339::parse("2026-11-24")?);
/// assert_eq!(change.endpoints[0].state, EndpointState::NotKnown);
/// assert!(!change.is_worse() && !change.is_known());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare(before: &Fleet, after: &Fleet, now: SystemTime) -> FleetChange {
    FleetChange {
        endpoints: endpoints(before, after, now),
        default_smtp: DefaultSmtpChange::all(before, after),
        connectors: ConnectorChange::all(before, after),
        added: CertificateAt::missing(after, before),
        removed: CertificateAt::missing(before, after),
        looks: Vec::new(),
    }
}

/// What became of an organisation.
///
/// ```
/// use exchange_certificates::{Fleet, PresentedAt, Thumbprint, Verdict, compare, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let seen = PresentedAt::seen("MBX01", "mbx01.contoso.com", 443, Thumbprint::of(b"")).with_endpoint("https/1/*:443");
/// let change = compare(&fleet, &fleet, now).with_probe([&seen]);
/// assert!(change.added.is_empty());
/// assert_eq!(change.looks[0].verdict, Verdict::Other);
/// assert!(change.is_worse());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FleetChange {
    /// Every endpoint: by server, those of one as [`Server::endpoints`](crate::Server::endpoints) lists them.
    pub endpoints: Vec<ComparedEndpoint>,
    /// The servers whose default SMTP certificate is another one now.
    pub default_smtp: Vec<DefaultSmtpChange>,
    /// The connectors that are new or gone, or name another certificate now.
    pub connectors: Vec<ConnectorChange>,
    /// What is installed now and was not before, on servers whose certificates were read both times.
    pub added: Vec<CertificateAt>,
    /// What was installed and is not now.
    pub removed: Vec<CertificateAt>,
    /// What was really presented, where somebody looked, held against the later endpoints.
    pub looks: Vec<Look>,
}

/// An endpoint before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComparedEndpoint {
    /// What it was; `None` if it was not there.
    pub before: Option<Endpoint>,
    /// What it is; `None` if it is not there.
    pub after: Option<Endpoint>,
    /// What became of it.
    pub state: EndpointState,
}

/// What became of an endpoint.
///
/// ```
/// use exchange_certificates::{EndpointState, Fleet, compare, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let change = compare(&fleet, &fleet, now);
/// assert!(change.endpoints.iter().all(|it| matches!(it.state, EndpointState::Same | EndpointState::NotKnown)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EndpointState {
    /// It presents the same.
    Same,
    /// It presents something else, that is not worse.
    Changed,
    /// It presents something worse, or no TLS at all any more.
    Worse,
    /// It is not there any more.
    Gone,
    /// It was not there before.
    New,
    /// A fact that decides is not known, before or after.
    NotKnown,
}

impl FleetChange {
    /// Holds what was really presented after the change against it.
    #[must_use]
    pub fn with_probe<'a>(mut self, presented: impl IntoIterator<Item = &'a PresentedAt>) -> Self {
        let mut on_server: HashMap<Caseless<String>, Vec<&ComparedEndpoint>> = HashMap::new();
        for endpoint in &self.endpoints {
            on_server.entry(Caseless(endpoint.server().to_owned())).or_default().push(endpoint);
        }
        let look = |seen: &PresentedAt| {
            let of_server = on_server.get(&Caseless(seen.server.clone()));
            Look::new(seen, of_server.map_or(&[], Vec::as_slice))
        };
        let looks: Vec<_> = presented.into_iter().map(look).collect();
        self.looks.extend(looks);
        self
    }

    /// Whether an endpoint got worse, or something else is really presented than the later facts say.
    pub fn is_worse(&self) -> bool {
        self.endpoints.iter().any(ComparedEndpoint::is_worse) || self.looks.iter().any(Look::contradicts)
    }

    /// Whether it is known of every endpoint what became of it, and everything that has to answer was seen.
    pub fn is_known(&self) -> bool {
        self.endpoints.iter().all(|endpoint| endpoint.state != EndpointState::NotKnown)
            && self.looks.iter().all(Look::is_known)
    }
}

/// By server and id, both without case.
pub(crate) type EndpointKey = (Caseless<String>, Caseless<String>);

pub(crate) fn key_of(server: &str, id: impl Into<String>) -> EndpointKey {
    (Caseless(server.to_owned()), Caseless(id.into()))
}

pub(crate) fn key(endpoint: &Endpoint) -> EndpointKey {
    key_of(endpoint.server(), endpoint.id().to_string())
}

fn endpoints(before: &Fleet, after: &Fleet, now: SystemTime) -> Vec<ComparedEndpoint> {
    let mut former: HashMap<EndpointKey, Endpoint> =
        before.endpoints(now).into_iter().map(|endpoint| (key(&endpoint), endpoint)).collect();
    let mut compared: Vec<_> = after
        .endpoints(now)
        .into_iter()
        .map(|endpoint| {
            let known = former.remove(&key(&endpoint));
            let state = match &known {
                Some(known) => state(known, &endpoint),
                None => alone(&endpoint, before, EndpointState::New),
            };
            ComparedEndpoint { before: known, after: Some(endpoint), state }
        })
        .collect();
    compared.extend(former.into_values().map(|endpoint| {
        let state = alone(&endpoint, after, EndpointState::Gone);
        ComparedEndpoint { before: Some(endpoint), after: None, state }
    }));
    compared.sort_by_cached_key(|compared| {
        let (server, id) = compared.either().map(key).unzip();
        (server, compared.either().map(Endpoint::kind), id)
    });
    compared
}

/// What became of an endpoint that is there both times.
fn state(before: &Endpoint, after: &Endpoint) -> EndpointState {
    let (former, present) = (before.presented(), after.presented());
    if former.is_unknown() || present.is_unknown() {
        return EndpointState::NotKnown;
    }
    if former.is_the_same(present) {
        return EndpointState::Same;
    }
    let is_worse = match (before.ranks(), after.ranks()) {
        (Some((worst, best)), Some((worst_after, best_after))) => worst_after < worst || best_after < best,
        // No TLS at all is worse than TLS that works.
        (Some(_), None) => is_usable(before),
        (None, _) => false,
    };
    if is_worse { EndpointState::Worse } else { EndpointState::Changed }
}

/// What became of an endpoint that is only there once: nothing is known where the other look could not see it.
fn alone(endpoint: &Endpoint, other: &Fleet, state: EndpointState) -> EndpointState {
    let presented = endpoint.presented();
    let is_web = matches!(endpoint.kind(), EndpointKind::DefaultWebSite | EndpointKind::ExchangeBackEnd);
    // Without its binding only the web site is known, and it may be any of those that the other look saw.
    let is_guessed = is_web && endpoint.binding().is_none() && !presented.is_nothing();
    if presented.is_unknown() || is_guessed || !could_see(other, endpoint) { EndpointState::NotKnown } else { state }
}

fn could_see(fleet: &Fleet, endpoint: &Endpoint) -> bool {
    let Some(server) = fleet.get(endpoint.server()) else {
        return fleet.not_read().all(|entry| entry.what() != NotReadKind::Servers);
    };
    let was_read = |what| server.unread(what).is_none();
    match endpoint.kind() {
        EndpointKind::DefaultWebSite | EndpointKind::ExchangeBackEnd => server.web_bindings().is_some(),
        EndpointKind::ReceiveConnector => was_read(NotReadKind::ReceiveConnectors),
        EndpointKind::SendConnector => was_read(NotReadKind::SendConnectors),
        EndpointKind::EdgeSync => was_read(NotReadKind::EdgeSubscriptions),
        _ => true,
    }
}

/// Whether clients could use what it presents.
fn is_usable(endpoint: &Endpoint) -> bool {
    endpoint.ranks().is_some_and(|(_, best)| best > Rank::Dead)
}

impl ComparedEndpoint {
    /// The endpoint as it is, or else as it was.
    pub(super) fn either(&self) -> Option<&Endpoint> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// The server that it is on.
    pub fn server(&self) -> &str {
        self.either().map_or("", Endpoint::server)
    }

    /// Its permanent name on its server, as [`Endpoint::id`] has it.
    pub fn id(&self) -> impl fmt::Display {
        text::from_fn(|f| self.either().map_or(Ok(()), |endpoint| write!(f, "{}", endpoint.id())))
    }

    /// Whether it got worse, or presented something that could be used and is gone.
    pub fn is_worse(&self) -> bool {
        match self.state {
            EndpointState::Worse => true,
            EndpointState::Gone => self.before.as_ref().is_some_and(is_usable),
            _ => false,
        }
    }
}

/// The endpoint in words, with what it presented and presents.
impl fmt::Display for ComparedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(endpoint) = self.either() else { return Ok(()) };
        write!(f, "{}: ", endpoint.title())?;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) if !before.presented().is_the_same(after.presented()) => {
                write!(f, "{} -> {}", before.presented().in_short(), after.answer())
            }
            (Some(before), None) => write!(f, "formerly {}", before.presented().in_short()),
            (_, Some(after)) => write!(f, "{}", after.answer()),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for EndpointState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::Worse => "worse",
            Self::Gone => "gone",
            Self::New => "new",
            Self::NotKnown => "not-known",
        })
    }
}

impl Serialize for EndpointState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for ComparedEndpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut compared = serializer.serialize_struct("ComparedEndpoint", 5)?;
        compared.serialize_field("server", self.server())?;
        compared.serialize_field("id", &self.id().to_string())?;
        compared.serialize_field("before", &self.before.as_ref().map(Endpoint::presented_as_json))?;
        compared.serialize_field("after", &self.after.as_ref().map(Endpoint::presented_as_json))?;
        compared.serialize_field("state", &self.state)?;
        compared.end()
    }
}
