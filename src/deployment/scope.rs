//! What one script is about: its servers, each as it is today, before the removal and afterwards, and the connectors
//! that no server has for itself.

use std::time::SystemTime;

use crate::fleet::{Fleet, RolloutPlan};
use crate::plan::Plan;
use crate::server::{Connector, ConnectorKind, Installed, LoadBalancing, Server, TlsCertificateName};
use crate::service::Service;
use crate::text::{Caseless, same};
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// A server with its plan.
pub(super) struct Part<'a> {
    pub(super) plan: &'a Plan,
    /// As it was planned for: what is imported is there.
    pub(super) server: &'a Server,
    pub(super) today: Server,
    pub(super) interim: Server,
    pub(super) after: Server,
    pub(super) is_imported: bool,
    pub(super) removed: Option<Thumbprint>,
}

/// A connector of the organisation, or the hybrid configuration, that is given another name.
pub(super) struct Moved<'a> {
    pub(super) connector: &'a Connector,
    pub(super) name: &'a TlsCertificateName,
    /// The servers that are done before; empty where that is all of them.
    pub(super) after: &'a [String],
}

/// What one script is about.
pub(super) struct Scope<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) moved: Vec<Moved<'a>>,
    /// Send connectors that have the name of the new certificate when an old one of that name is removed, and let go of
    /// it for so long.
    pub(super) same: Vec<&'a Connector>,
    /// Send connectors of that name which do not let go of it: perhaps they are those of Edge Transport servers. The old
    /// certificate stays.
    pub(super) beyond: Vec<&'a Connector>,
    /// Subscribed Edge Transport servers, as far as they are known.
    pub(super) subscribed: Vec<&'a str>,
    pub(super) fleet: Option<&'a Fleet>,
    pub(super) now: Timestamp,
    pub(super) new: Thumbprint,
}

impl<'a> Part<'a> {
    fn new(plan: &'a Plan, server: &'a Server, is_imported: bool) -> Self {
        let change = plan.change();
        let mut today = server.clone();
        if is_imported {
            today.inventory_mut().remove(change.thumbprint());
        }
        let mut interim = server.clone();
        change.before_removal().commit(&mut interim);
        let mut after = server.clone();
        change.commit(&mut after);
        Self { plan, server, today, interim, after, is_imported, removed: change.removed() }
    }

    /// The services that are assigned, or made the default.
    pub(super) fn in_question(&self) -> Service {
        self.plan.in_question()
    }

    pub(super) fn new_certificate(&self) -> Option<&'a Installed> {
        self.server.installed(self.plan.change().thumbprint())
    }

    /// The certificate that loses what the new one gets: the one that is replaced, or else that of the web site.
    pub(super) fn old(&self) -> Option<&'a Installed> {
        let request = self.plan.request();
        let of_request = request.old().or_else(|| request.removes());
        let of_site = || {
            let iis = self.plan.superseded().iter().filter(|(service, _)| *service == Service::IIS);
            iis.map(|(_, thumbprint)| *thumbprint).find(|thumbprint| !self.plan.keeps(Service::IIS, *thumbprint))
        };
        self.server.installed(of_request.or_else(of_site)?)
    }

    /// The computer's name in the network.
    pub(super) fn address(&self) -> &'a str {
        self.server.fqdn().unwrap_or(self.server.name())
    }

    /// The Receive connectors of the server with their names before and afterwards.
    pub(super) fn receive_connectors(&self) -> impl Iterator<Item = &'a Connector> {
        let server = self.server;
        let is_here = |connector: &&Connector| connector.kind() == ConnectorKind::Receive;
        server.connectors().filter(is_here).filter(move |connector| server.runs(connector))
    }

    /// Whether the question of the default may come, and is to be answered with No.
    pub(super) fn may_keep(&self) -> bool {
        let is_new = self.today.default_smtp().value() == Some(self.plan.change().thumbprint());
        let is_asked = self.today.default_smtp() != crate::fact::Fact::None && !is_new;
        let is_assigned = self.in_question().contains(Service::SMTP);
        is_assigned && self.has_transport() && !self.plan.change().moves_default_smtp() && is_asked
    }

    /// Whether the server has the Transport service, and with it a default SMTP certificate: a 2013 server with the Client
    /// Access role alone has only the front end.
    pub(super) fn has_transport(&self) -> bool {
        self.server.is_mailbox() || self.server.is_edge()
    }
}

impl<'a> Scope<'a> {
    /// That of the plan of one server.
    pub(super) fn of_plan(plan: &'a Plan, server: &'a Server, now: SystemTime, is_imported: bool) -> Self {
        let renames = plan.change().renames().iter();
        let renames = renames.filter(|rename| rename.connector().kind() != ConnectorKind::Receive);
        // What EdgeSync gives to a subscribed Edge Transport server cannot be set there.
        let renames = renames.filter(|_| !(server.is_edge() && server.edge_subscribed()));
        let (same, moved): (Vec<_>, Vec<_>) = renames.partition(|rename| rename.is_the_same());
        let mut same: Vec<_> = same.into_iter().map(|rename| rename.connector()).collect();
        // Of servers that are not known, some are Edge Transport servers, on which transport cannot be stopped from here.
        let is_beyond = |connector: &&Connector| {
            server.edge_subscribed() && connector.servers().iter().any(|name| !server.is_called(name))
        };
        let beyond =
            if !server.is_edge() && same.iter().any(is_beyond) { std::mem::take(&mut same) } else { Vec::new() };
        Self {
            parts: vec![Part::new(plan, server, is_imported)],
            moved: moved
                .into_iter()
                .map(|rename| Moved { connector: rename.connector(), name: rename.name(), after: &[] })
                .collect(),
            same,
            beyond,
            subscribed: Vec::new(),
            fleet: None,
            now: now.into(),
            new: plan.change().thumbprint(),
        }
    }

    /// Those of a rollout: one for each Edge Transport server, then that of the others. The fleet is that in which what
    /// is missing has been imported.
    pub(super) fn of_rollout(rollout: &'a RolloutPlan, fleet: &'a Fleet, now: SystemTime) -> Vec<Self> {
        let parts = rollout.servers().filter_map(|(name, outcome)| {
            let is_imported = rollout.imports().iter().any(|imported| same(imported, name));
            Some(Part::new(outcome.as_ref().ok()?, fleet.get(name)?, is_imported))
        });
        let (edges, others): (Vec<Part<'a>>, Vec<Part<'a>>) = parts.partition(|part| part.server.is_edge());
        let is_subscribed = |server: &&Server| server.is_edge() && server.edge_subscribed();
        let subscribed: Vec<_> = fleet.servers().filter(is_subscribed).map(Server::name).collect();
        let scope = |parts, moved, same, new| Self {
            parts,
            moved,
            same,
            beyond: Vec::new(),
            subscribed: subscribed.clone(),
            fleet: Some(fleet),
            now: now.into(),
            new,
        };
        let is_own = |connector: &Connector| fleet.servers().any(|server| server.is_edge() && server.owns(connector));
        let moved = |is_wanted: &dyn Fn(&Connector) -> bool| {
            let of_organization = rollout
                .connectors()
                .iter()
                .filter(|moved| moved.connector().kind() != ConnectorKind::Receive && is_wanted(moved.connector()));
            let moved = of_organization.map(|moved| Moved {
                connector: moved.connector(),
                name: moved.name(),
                after: moved.after(),
            });
            moved.collect::<Vec<_>>()
        };
        let mut scopes = Vec::new();
        let new = rollout.thumbprint();
        for part in edges {
            let server = part.server;
            let same = same_of(std::slice::from_ref(&part), |connector| server.owns(connector));
            scopes.push(scope(vec![part], moved(&|connector| server.owns(connector)), same, new));
        }
        let mut same = same_of(&others, |connector| !is_own(connector));
        let moved = moved(&|connector| !is_own(connector));
        // One that was called otherwise names an old certificate of the new one's names by then.
        let moved_to = |old: &Installed| {
            let name = TlsCertificateName::of(old.certificate());
            let send = moved.iter().filter(|moved| moved.connector.kind() == ConnectorKind::Send);
            send.filter(|moved| *moved.name == name).map(|moved| moved.connector).collect::<Vec<_>>()
        };
        for old in others.iter().filter(|part| part.removed.is_some()).filter_map(Part::old) {
            let more: Vec<_> = moved_to(old).into_iter().filter(|connector| !same.contains(connector)).collect();
            same.extend(more);
        }
        if !others.is_empty() || !moved.is_empty() {
            scopes.push(scope(others, moved, same, new));
        }
        scopes
    }

    /// The Edge Transport server whose script it is.
    pub(super) fn edge(&self) -> Option<&'a Server> {
        self.parts.first().map(|part| part.server).filter(|server| server.is_edge())
    }

    /// What connectors name the old certificates and the new one by.
    pub(super) fn names(&self) -> Vec<TlsCertificateName> {
        let mut names: Vec<TlsCertificateName> = Vec::new();
        let mut add = |name: TlsCertificateName| {
            if !names.contains(&name) {
                names.push(name);
            }
        };
        for part in &self.parts {
            let both = part.old().into_iter().chain(part.new_certificate());
            both.for_each(|installed| add(TlsCertificateName::of(installed.certificate())));
            let renames =
                part.plan.change().renames().iter().filter_map(|it| it.connector().tls_certificate_name().value());
            renames.cloned().for_each(&mut add);
        }
        self.moved.iter().filter_map(|it| it.connector.tls_certificate_name().value()).cloned().for_each(&mut add);
        names
    }

    /// A server whose word about the organisation is taken.
    pub(super) fn host(&self) -> Option<&'a Server> {
        let fleet = || self.fleet.and_then(|fleet| fleet.servers().find(|server| !server.is_edge()));
        self.parts.first().map(|part| part.server).or_else(fleet)
    }

    /// Every Send connector and the hybrid configuration that the script can see.
    pub(super) fn connectors(&self) -> Vec<&'a Connector> {
        let Some(server) = self.host() else { return self.moved.iter().map(|moved| moved.connector).collect() };
        let is_of_organization = |connector: &&Connector| connector.kind() != ConnectorKind::Receive;
        let is_seen = |connector: &&Connector| !server.is_edge() || server.runs(connector);
        server.connectors().filter(is_of_organization).filter(is_seen).collect()
    }

    /// What a connector names once all names are set.
    pub(super) fn name_then<'b>(&'b self, connector: &'b Connector) -> Option<&'b TlsCertificateName> {
        let moved = self.moved.iter().find(|moved| moved.connector == connector);
        moved.map(|moved| moved.name).or_else(|| connector.tls_certificate_name().value())
    }

    /// The servers on which transport is stopped while connectors let go of their name: an Edge Transport server reaches
    /// itself alone, and no other server reaches it.
    pub(super) fn transport_servers(&self) -> Vec<String> {
        if let Some(edge) = self.edge() {
            return self.same.first().map(|_| edge.name().to_owned()).into_iter().collect();
        }
        let planned = |name: &str| self.parts.iter().map(|part| part.server).find(|server| server.is_called(name));
        let mut servers: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if !servers.iter().any(|known| Caseless(known.as_str()) == Caseless(name)) {
                servers.push(name.to_owned());
            }
        };
        for connector in &self.same {
            for name in connector.servers() {
                match planned(name).or_else(|| self.fleet.and_then(|fleet| fleet.get(name))) {
                    Some(server) if server.is_edge() => {}
                    Some(server) => add(server.name()),
                    None => add(name),
                }
            }
            if connector.servers().is_empty() {
                self.parts.iter().for_each(|part| add(part.server.name()));
            }
        }
        servers
    }

    pub(super) fn is_behind(&self, balancing: LoadBalancing) -> Option<&Part<'a>> {
        let is_there =
            |part: &&Part<'_>| part.server.load_balancing() == balancing && part.in_question().contains(Service::IIS);
        self.parts.iter().find(is_there)
    }
}

fn same_of<'a>(parts: &[Part<'a>], is_wanted: impl Fn(&Connector) -> bool) -> Vec<&'a Connector> {
    let mut same: Vec<&Connector> = Vec::new();
    for part in parts {
        for rename in part.plan.change().renames().iter().filter(|rename| rename.is_the_same()) {
            if is_wanted(rename.connector()) && !same.iter().any(|known| *known == rename.connector()) {
                same.push(rename.connector());
            }
        }
    }
    same
}
