//! Which connectors are given the name of a new certificate: each once, and only where all its servers have it.

use std::collections::{HashMap, HashSet};

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::Fleet;
use super::left_over::LeftOver;
use super::planned::Planned;
use crate::certificate::Certificate;
use crate::change::Rename;
use crate::plan::{NoPlan, Plan};
use crate::server::{Connector, ConnectorKind, Server, TlsCertificateName};
use crate::service::Service;

/// A connector, or the hybrid configuration, that is given the name of the new certificate.
///
/// ```
/// use exchange_certificates::{Certificate, ConnectorNames, Fleet, Policy, Request, Rollout, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let new = Certificate::chain_from_pem(&std::fs::read_to_string("examples/data/fullchain.pem")?)?.leaf().clone();
/// let request = Request::renew(new.thumbprint()).with_connector_names(ConnectorNames::Update);
/// let plan = fleet.roll_out(&Policy::default(), &Rollout::new(request).with_certificate(new), now)?;
/// for moved in plan.connectors() {
///     println!("{}: {} once {} are done", moved.connector().name(), moved.name(), moved.after().join(", "));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedName {
    rename: Rename,
    after: Vec<String>,
    place: usize,
}

impl MovedName {
    pub(super) fn new(rename: Rename, after: Vec<String>, place: usize) -> Self {
        Self { rename, after, place }
    }

    /// The connector, with the name that it has.
    pub fn connector(&self) -> &Connector {
        self.rename.connector()
    }

    /// The name that it is given.
    pub fn name(&self) -> &TlsCertificateName {
        self.rename.name()
    }

    /// The servers that are done before.
    pub fn after(&self) -> &[String] {
        &self.after
    }

    pub(crate) fn rename(&self) -> &Rename {
        &self.rename
    }

    /// Behind so many servers of the order.
    pub(super) fn place(&self) -> usize {
        self.place
    }
}

impl Serialize for MovedName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let connector = self.connector();
        let mut moved = serializer.serialize_struct("MovedName", 5)?;
        moved.serialize_field("kind", &connector.kind())?;
        moved.serialize_field("name", connector.name())?;
        moved.serialize_field("from", &connector.tls_certificate_name().value().map(ToString::to_string))?;
        moved.serialize_field("to", &self.name().to_string())?;
        moved.serialize_field("after", &self.after)?;
        moved.end()
    }
}

/// The connectors whose name moves with an assignment to many servers.
///
/// One moves if its certificate is another installed one with SMTP, and every server that it names has SMTP on
/// the new one afterwards. A server outside the order, or one that the fleet does not know, may not have it.
pub(super) fn moved_by_assignment(
    fleet: &Fleet,
    order: &[&Server],
    servers: &[(String, Result<Plan, NoPlan>)],
) -> Vec<MovedName> {
    let outcomes: HashMap<_, _> = servers.iter().map(|(name, outcome)| (name.as_str(), outcome)).collect();
    let mut all: Vec<MovedName> = Vec::new();
    for (server, (_, outcome)) in order.iter().zip(servers) {
        let Ok(plan) = outcome else { continue };
        let thumbprint = plan.request().thumbprint();
        let installed = server.installed(thumbprint).map(|installed| installed.certificate());
        // No connector is given a name with an empty subject.
        let Some(certificate) = installed.filter(|certificate| !certificate.subject().is_empty()) else {
            continue;
        };
        let goes_on = |named: &Server| match outcomes.get(named.name()) {
            Some(outcome) => outcome.as_ref().is_ok_and(|plan| plan.services().contains(Service::SMTP)),
            None => named.installed(thumbprint).is_some_and(|installed| installed.has(Service::SMTP)),
        };
        let organisation = server.connectors().filter(|connector| connector.kind() != ConnectorKind::Receive);
        for connector in organisation.filter(|connector| !connector.names(certificate)) {
            let is_known = all.iter().any(|known| known.rename.is_of(connector));
            let names_another = connector
                .tls_certificate_name()
                .value()
                .is_some_and(|name| server.inventory().named(name).any(|installed| installed.has(Service::SMTP)));
            let all_go_on = || match connector.servers() {
                [] => fleet.servers().all(goes_on),
                names => names.iter().all(|name| fleet.get(name).is_some_and(goes_on)),
            };
            if !is_known && names_another && all_go_on() {
                let last = order.iter().rposition(|server| server.runs(connector));
                let place = last.map_or(order.len(), |last| last + 1);
                let after = order.iter().take(place).filter(|server| server.runs(connector));
                let after = after.map(|server| server.name().to_owned()).collect();
                all.push(MovedName::new(Rename::of(connector, TlsCertificateName::of(certificate)), after, place));
            }
        }
    }
    all
}

/// The connectors of the organisation that a renewal is about.
pub(super) struct Names<'a> {
    /// Those that are given the name of the new certificate, or have it already and let go of it for a while.
    pub(super) moving: Vec<&'a Connector>,
    /// Those that keep theirs, with the servers that would lack the certificate.
    pub(super) kept: Vec<(&'a Connector, Vec<String>)>,
}

impl<'a> Names<'a> {
    /// Those that name an old certificate move, for now.
    pub(super) fn of(fleet: &'a Fleet, new: &Certificate, old: &[&Certificate]) -> Self {
        let connectors = &fleet.organization.shared().connectors;
        let mut names: Vec<TlsCertificateName> = Vec::new();
        for old in old.iter().map(|old| TlsCertificateName::of(old)) {
            if !names.contains(&old) {
                names.push(old);
            }
        }
        let is_concerned =
            |connector: &&Connector| connector.tls_certificate_name().value().is_some_and(|name| names.contains(name));
        let concerned: Vec<_> = connectors.iter().filter(is_concerned).collect();
        if new.subject().is_empty() {
            // Nothing documents that a connector finds a certificate by an empty subject.
            return Self { moving: Vec::new(), kept: concerned.into_iter().map(|known| (known, Vec::new())).collect() };
        }
        Self { moving: concerned, kept: Vec::new() }
    }

    /// Lets those keep their names of which a server would lack the certificate, and tells whether there was one.
    pub(super) fn keep(
        &mut self,
        fleet: &Fleet,
        new: &Certificate,
        goes_on: impl Fn(&Server, &Connector) -> bool,
    ) -> bool {
        let known = self.kept.len();
        self.moving.retain(|connector| {
            if connector.names(new) {
                return true;
            }
            let lacking = lacking(fleet, connector, |server| goes_on(server, connector));
            let goes = lacking.is_empty();
            if !goes {
                self.kept.push((connector, lacking));
            }
            goes
        });
        self.kept.len() > known
    }

    /// Looks once more which servers lack the certificate, since some may have been refused in the meantime.
    pub(super) fn look_again(&mut self, fleet: &Fleet, goes_on: impl Fn(&Server, &Connector) -> bool) {
        for (connector, known) in self.kept.iter_mut().filter(|(_, known)| !known.is_empty()) {
            *known = lacking(fleet, connector, |server| goes_on(server, connector));
        }
    }

    /// The connectors that still name a certificate when it is to be removed from a server: Exchange refuses that, or
    /// the hybrid configuration would name nothing.
    pub(super) fn holding(&self, part: &Planned<'_>) -> Vec<String> {
        let Some(old) = part.old() else { return Vec::new() };
        let server = part.server;
        let is_served = |connector: &Connector| {
            connector
                .tls_certificate_name()
                .value()
                .is_some_and(|name| server.inventory().named(name).any(|other| other.thumbprint() != old.thumbprint()))
        };
        let kept = self.kept.iter().map(|(connector, _)| *connector).filter(|connector| {
            connector.names(old.certificate()) && (connector.kind() == ConnectorKind::Send || !is_served(connector))
        });
        kept.map(|connector| connector.name().to_owned()).collect()
    }

    /// The Send connectors that name a certificate on a subscribed Edge Transport server: they are synchronised, and
    /// cannot be set there.
    pub(super) fn synchronised(&self, part: &Planned<'_>, new: &Certificate) -> Vec<String> {
        let server = part.server;
        let Some(old) = part.old().filter(|_| server.is_edge() && server.edge_subscribed()) else { return Vec::new() };
        let is_called_alike = TlsCertificateName::of(old.certificate()) == TlsCertificateName::of(new);
        let names_old = |connector: &Connector| {
            if self.moving.contains(&connector) {
                is_called_alike
            } else {
                connector.names(old.certificate()) && (connector.names(new) || server.owns(connector))
            }
        };
        let names_old = |connector: &&Connector| connector.kind() == ConnectorKind::Send && names_old(connector);
        server.connectors().filter(names_old).map(|connector| connector.name().to_owned()).collect()
    }

    /// Those that move, each with the servers that are done before.
    pub(super) fn moved(&self, fleet: &Fleet, new: &Certificate, parts: &[Planned<'_>]) -> Vec<MovedName> {
        let moved = self.moving.iter().filter(|connector| !connector.names(new)).map(|connector| {
            let rename = Rename::of(connector, TlsCertificateName::of(new));
            let servers: HashSet<_> =
                servers_of(fleet, connector).filter_map(|(_, server)| Some(server?.name())).collect();
            let is_done = |part: &&Planned<'_>| part.plan().is_some() && servers.contains(part.server.name());
            let after = parts.iter().filter(is_done).map(|part| part.server.name().to_owned()).collect();
            MovedName::new(rename, after, parts.len())
        });
        moved.collect()
    }

    /// Those that keep their names, for who asks what is left over.
    pub(super) fn left_over(&self) -> impl Iterator<Item = LeftOver> + '_ {
        self.kept.iter().map(|(connector, lacking)| LeftOver::Connector {
            kind: connector.kind(),
            connector: connector.name().to_owned(),
            lacking: lacking.clone(),
        })
    }
}

/// The servers of a connector by the names that it has for them, and as far as the fleet knows them. One that names
/// none runs where its present certificate is installed.
fn servers_of<'a>(fleet: &'a Fleet, connector: &'a Connector) -> impl Iterator<Item = (&'a str, Option<&'a Server>)> {
    let named = connector.servers().iter().map(|name| (name.as_str(), fleet.get(name)));
    let is_there = |server: &&Server| {
        let name = connector.tls_certificate_name().value();
        connector.servers().is_empty() && name.is_some_and(|name| server.inventory().named(name).next().is_some())
    };
    named.chain(fleet.servers().filter(is_there).map(|server| (server.name(), Some(server))))
}

fn lacking(fleet: &Fleet, connector: &Connector, goes_on: impl Fn(&Server) -> bool) -> Vec<String> {
    let lacking = servers_of(fleet, connector).filter(|(_, server)| !server.is_some_and(&goes_on));
    lacking.map(|(name, server)| server.map_or(name, Server::name).to_owned()).collect()
}
