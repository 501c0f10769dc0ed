//! What was to change, and what did.

use std::collections::HashMap;
use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize, Serializer};

use super::StoredPlan;
use crate::endpoint::{EndpointChange, Presented};
use crate::fact::Fact;
use crate::fleet::Fleet;
use crate::plan::Plan;
use crate::server::{Connector, ConnectorKind, NotReadKind, Server, TlsCertificateName};
use crate::service::Service;
use crate::text::same;
use crate::thumbprint::Thumbprint;
use crate::verify::{EndpointKey, Expectation, Verification, key, key_of};

/// What a certificate is to have on a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlannedCertificate {
    server: String,
    thumbprint: Thumbprint,
    services: Service,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<Thumbprint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_smtp: Option<Thumbprint>,
}

/// The name that a connector is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlannedConnector {
    kind: ConnectorKind,
    name: String,
    /// Of a Receive connector, whose name alone is not unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<TlsCertificateName>,
    after: TlsCertificateName,
}

/// What an endpoint presents before, and is to present afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlannedEndpoint {
    server: String,
    id: String,
    before: PresentedThen,
    after: PresentedThen,
}

/// What an endpoint presents, by its certificates alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PresentedThen {
    Certificate(Thumbprint),
    OneOf(Vec<Option<Thumbprint>>),
    Nothing,
    NotOffered,
    Unknown,
}

impl PlannedCertificate {
    pub(super) fn new(plan: &Plan) -> Self {
        let has_smtp = plan.in_question().contains(Service::SMTP);
        Self {
            server: plan.server().to_owned(),
            thumbprint: plan.request().thumbprint(),
            services: plan.in_question(),
            removed: plan.change().removed(),
            default_smtp: plan.default_smtp().value().filter(|_| has_smtp),
        }
    }
}

impl PlannedConnector {
    pub(super) fn new(connector: &Connector, name: &TlsCertificateName) -> Self {
        let is_of_server = connector.kind() == ConnectorKind::Receive;
        Self {
            kind: connector.kind(),
            name: connector.name().to_owned(),
            server: connector.servers().first().filter(|_| is_of_server).cloned(),
            before: connector.tls_certificate_name().value().cloned(),
            after: name.clone(),
        }
    }

    fn is(&self, connector: &Connector) -> bool {
        let is_there = |server: &String| connector.servers().iter().any(|known| same(known, server));
        connector.kind() == self.kind
            && (self.kind == ConnectorKind::Hybrid || same(connector.name(), &self.name))
            && self.server.as_ref().is_none_or(is_there)
    }
}

impl PlannedEndpoint {
    pub(super) fn new(change: &EndpointChange) -> Self {
        Self {
            server: change.after.server().to_owned(),
            id: change.after.id().to_string(),
            before: PresentedThen::of(&change.before),
            after: PresentedThen::of(change.after.presented()),
        }
    }
}

impl PresentedThen {
    fn of(presented: &Presented) -> Self {
        match presented {
            Presented::Certificate(certificate, _) => Self::Certificate(certificate.thumbprint),
            Presented::OneOf(several, _) => {
                Self::OneOf(several.iter().map(|known| known.map(|certificate| certificate.thumbprint)).collect())
            }
            Presented::Nothing => Self::Nothing,
            Presented::NotOffered(_) => Self::NotOffered,
            Presented::Unknown(_) => Self::Unknown,
        }
    }

    /// Whether what is presented now is what this says; `None` if that cannot be told.
    fn is(&self, now: &Self) -> Option<bool> {
        let unless = |may_be: bool| if may_be { None } else { Some(false) };
        match (self, now) {
            (Self::Unknown, _) | (_, Self::Unknown) => None,
            (one, another) if one == another => Some(true),
            (Self::OneOf(several), Self::Certificate(now)) => Some(several.contains(&Some(*now))),
            (Self::OneOf(several), Self::Nothing) => Some(several.contains(&None)),
            (Self::Certificate(one), Self::OneOf(several)) => unless(several.contains(&Some(*one))),
            (Self::Nothing, Self::OneOf(several)) => unless(several.contains(&None)),
            (Self::OneOf(some), Self::OneOf(several)) => unless(several.iter().any(|it| some.contains(it))),
            _ => Some(false),
        }
    }
}

/// What became of a part of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PlannedState {
    /// It is as it was planned.
    AsPlanned,
    /// It was to change, and is as it was before.
    AsBefore,
    /// It is something else.
    Other,
    /// What would tell was not read.
    NotKnown,
}

impl fmt::Display for PlannedState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsPlanned => "as-planned",
            Self::AsBefore => "as-before",
            Self::Other => "other",
            Self::NotKnown => "not-known",
        })
    }
}

/// What was to change by a stored plan, and what did.
///
/// ```
/// use exchange_certificates::{Fleet, Request, Scenario, Service, Thumbprint, plan};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
///
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let stored = plan(&server, &Request::assign(mail, Service::IIS), now)?.stored(now);
/// # let mut fleet = Fleet::new();
/// # fleet.insert(server)?;
/// // Nobody has run the script yet.
/// let verification = stored.verify(&fleet, now);
/// assert!(verification.is_missing());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlanVerification {
    /// What the plan was about on each server: the new certificate, and the one that was to go.
    pub certificates: Vec<VerifiedCertificate>,
    /// The connectors that were to be given a name.
    pub connectors: Vec<VerifiedConnector>,
    /// Every endpoint of the plan.
    pub endpoints: Vec<VerifiedEndpoint>,
}

/// What a certificate was to have on a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VerifiedCertificate {
    /// The server.
    pub server: String,
    /// The certificate.
    pub thumbprint: Thumbprint,
    /// The services that were to be assigned.
    pub services: Service,
    /// Those that are not.
    pub missing: Service,
    /// The certificate that was to be removed.
    pub removed: Option<Thumbprint>,
    /// What became of all that.
    pub state: PlannedState,
}

/// A connector that was to be given a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VerifiedConnector {
    /// Its kind.
    pub kind: ConnectorKind,
    /// Its name.
    pub name: String,
    /// The name that it was to be given.
    #[serde(serialize_with = "as_text")]
    pub planned: TlsCertificateName,
    /// The name that it has.
    #[serde(serialize_with = "as_fact")]
    pub now: Fact<TlsCertificateName>,
    /// What became of it.
    pub state: PlannedState,
}

/// An endpoint of a stored plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VerifiedEndpoint {
    /// The server.
    pub server: String,
    /// Its permanent name there.
    pub id: String,
    /// Whether it was to change.
    pub was_to_change: bool,
    /// The certificate that it was to present, if that was one for certain.
    pub planned: Option<Thumbprint>,
    /// The certificate that it presents, if that is one for certain.
    pub now: Option<Thumbprint>,
    /// What became of it.
    pub state: PlannedState,
}

fn as_text<S: Serializer>(name: &TlsCertificateName, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(name)
}

fn as_fact<S: Serializer>(name: &Fact<TlsCertificateName>, serializer: S) -> Result<S::Ok, S::Error> {
    name.as_ref().map(ToString::to_string).serialize(serializer)
}

impl PlanVerification {
    /// Whether something is known not to be as it was planned.
    pub fn is_missing(&self) -> bool {
        self.states().any(|state| matches!(state, PlannedState::AsBefore | PlannedState::Other))
    }

    /// Whether all is known.
    pub fn is_known(&self) -> bool {
        self.states().all(|state| state != PlannedState::NotKnown)
    }

    fn states(&self) -> impl Iterator<Item = PlannedState> {
        let certificates = self.certificates.iter().map(|it| it.state);
        let connectors = self.connectors.iter().map(|it| it.state);
        certificates.chain(connectors).chain(self.endpoints.iter().map(|it| it.state))
    }
}

impl StoredPlan {
    /// Holds an organisation as it is now against the plan, endpoint by endpoint: what was to change, and what did. The
    /// plan need not be of this version.
    pub fn verify(&self, fleet: &Fleet, now: SystemTime) -> PlanVerification {
        let present: HashMap<_, _> =
            fleet.endpoints(now).iter().map(|known| (key(known), PresentedThen::of(known.presented()))).collect();
        PlanVerification {
            certificates: self.certificates.iter().map(|planned| certificate(planned, fleet)).collect(),
            connectors: self.connectors.iter().map(|planned| connector(planned, fleet)).collect(),
            endpoints: self.endpoints.iter().map(|planned| endpoint(planned, fleet, &present)).collect(),
        }
    }
}

fn certificate(planned: &PlannedCertificate, fleet: &Fleet) -> VerifiedCertificate {
    let PlannedCertificate { ref server, thumbprint, services, removed, default_smtp } = *planned;
    let (missing, state) = match fleet.get(server) {
        None => (Service::empty(), PlannedState::NotKnown),
        Some(server) => {
            let expectation = Expectation { thumbprint, services };
            // A removal assigns nothing.
            let assigned = (!services.is_empty()).then(|| expectation.verify_on(server));
            let missing = match assigned {
                Some(Verification::Missing { missing, .. }) => missing,
                _ => Service::empty(),
            };
            (missing, state_on(server, assigned, removed, default_smtp))
        }
    };
    VerifiedCertificate { server: server.clone(), thumbprint, services, missing, removed, state }
}

fn state_on(
    server: &Server,
    assigned: Option<Verification>,
    removed: Option<Thumbprint>,
    default_smtp: Option<Thumbprint>,
) -> PlannedState {
    let is_assigned = match assigned {
        None | Some(Verification::Verified { .. }) => Some(true),
        Some(Verification::Missing { .. }) => Some(false),
        Some(Verification::Inconclusive) => None,
    };
    let is_gone = match removed.map(|removed| server.installed(removed).is_some()) {
        Some(true) => Some(false),
        Some(false) if server.unread(NotReadKind::Certificates).is_some() => None,
        _ => Some(true),
    };
    let is_default = match (default_smtp, server.default_smtp()) {
        (None, _) => Some(true),
        (Some(_), Fact::NotKnown) => None,
        (Some(planned), now) => Some(now == Fact::Value(planned)),
    };
    match [is_assigned, is_gone, is_default] {
        [Some(true), Some(true), Some(true)] => PlannedState::AsPlanned,
        [Some(false), Some(false), _] => PlannedState::AsBefore,
        states if states.contains(&Some(false)) => PlannedState::Other,
        _ => PlannedState::NotKnown,
    }
}

fn connector(planned: &PlannedConnector, fleet: &Fleet) -> VerifiedConnector {
    let on = |server: &String| fleet.get(server).into_iter().flat_map(Server::connectors);
    let of_edges = || fleet.servers().filter(|server| server.is_edge()).flat_map(Server::connectors);
    let mut of_server = planned.server.iter().flat_map(on);
    let mut others = fleet.shared().connectors.iter().chain(of_edges());
    let found = of_server.find(|connector| planned.is(connector));
    let now = found.or_else(|| others.find(|connector| planned.is(connector))).map(Connector::tls_certificate_name);
    let now = now.map_or(Fact::NotKnown, |name| match name {
        Fact::NotKnown => Fact::NotKnown,
        Fact::None => Fact::None,
        Fact::Value(name) => Fact::Value(name.clone()),
    });
    let state = match &now {
        Fact::NotKnown => PlannedState::NotKnown,
        Fact::Value(name) if *name == planned.after => PlannedState::AsPlanned,
        Fact::Value(name) if Some(name) == planned.before.as_ref() => PlannedState::AsBefore,
        _ => PlannedState::Other,
    };
    let name = planned.name.clone();
    VerifiedConnector { kind: planned.kind, name, planned: planned.after.clone(), now, state }
}

fn endpoint(
    planned: &PlannedEndpoint,
    fleet: &Fleet,
    present: &HashMap<EndpointKey, PresentedThen>,
) -> VerifiedEndpoint {
    let now = present.get(&key_of(&planned.server, planned.id.as_str()));
    let was_to_change = planned.before != planned.after;
    let state = match now {
        // A binding, or a connector, that nobody read has no endpoint.
        None if fleet.get(&planned.server).is_none_or(|server| server.not_read().next().is_some()) => {
            PlannedState::NotKnown
        }
        None => PlannedState::Other,
        Some(now) => match (planned.after.is(now), planned.before.is(now)) {
            (None, _) => PlannedState::NotKnown,
            (Some(true), _) => PlannedState::AsPlanned,
            (Some(false), Some(true)) => PlannedState::AsBefore,
            (Some(false), _) => PlannedState::Other,
        },
    };
    let one = |presented: &PresentedThen| match presented {
        PresentedThen::Certificate(thumbprint) => Some(*thumbprint),
        _ => None,
    };
    VerifiedEndpoint {
        server: planned.server.clone(),
        id: planned.id.clone(),
        was_to_change,
        planned: one(&planned.after),
        now: now.and_then(one),
        state,
    }
}
