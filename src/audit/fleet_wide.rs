//! What shows only beside the other servers, or by the calendar.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::successor::Successors;
use super::{Audited, Found, audit_rule, successor};
use crate::endpoint::{Endpoint, EndpointKind, Presented};
use crate::finding::message;
use crate::fleet::Fleet;
use crate::server::{AuthCertificates, Connector, Installed, NotReadKind, Server, Version};
use crate::service::Service;
use crate::text::{Caseless, shown};
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

audit_rule! {
    /// Servers of the same version have different certificates for IIS.
    ///
    /// Clients are sent from one to the other. Certificates that a server made for itself are not compared.
    AUDIT_FLEET_DIFFERS: Low, DecidedHere, differs
}

fn differs(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let peer = case.across.peers.get(&server.version()).filter(|_| can_be_compared(server));
    let other = peer.filter(|peer| peer.name() != server.name() && issued_for_iis(peer) != issued_for_iis(server));
    let found = other.map(|peer| {
        let message = message!(
            version = server.version().title(), other = peer.name().to_owned();
            "{} is {version} too, and has other certificates for IIS", shown(other)
        );
        Found::of_server(Service::IIS, message)
            .map(|finding| finding.advise("roll one certificate out to all servers of the version"))
    });
    found.into_iter().collect()
}

fn can_be_compared(server: &Server) -> bool {
    server.unread(NotReadKind::Certificates).is_none()
        && server.hosts().contains(Service::IIS)
        && server.certificates().all(|installed| installed.services().is_some())
}

fn issued_for_iis(server: &Server) -> BTreeSet<Thumbprint> {
    let holders = server.inventory().holders(Service::IIS);
    holders.filter(|installed| !installed.certificate().is_self_signed()).map(Installed::thumbprint).collect()
}

audit_rule! {
    /// The version of Exchange is out of support.
    ///
    /// 2013 has been since 2023-04-11, 2016 and 2019 since 2025-10-14; Subscription Edition ends on 2035-12-31.
    AUDIT_OUT_OF_SUPPORT: Low, HealthChecker, out_of_support
}

fn out_of_support(case: &Audited<'_>) -> Vec<Found> {
    let version = case.server.version();
    let (year, month, day_of_month) = match version {
        Version::Exchange2013 => (2023, 4, 11),
        Version::Exchange2016 | Version::Exchange2019 => (2025, 10, 14),
        Version::SubscriptionEdition => (2035, 12, 31),
    };
    let end = Timestamp::midnight(year, month, day_of_month).filter(|end| case.now >= *end);
    let found = end.map(|end| {
        let message = message!(version = version.title(), end; "{version} has been out of support since {}", end.day());
        Found::of_server(Service::empty(), message).map(|finding| {
            finding.advise(match version {
                Version::SubscriptionEdition => "move to the version that follows it",
                _ => "move to Exchange Server Subscription Edition",
            })
        })
    });
    found.into_iter().collect()
}

/// What the audit of one server needs to know of all of them, found once for all.
#[derive(Debug, Default)]
pub(super) struct Across<'a> {
    /// The first server of each version, with which the others are compared.
    peers: BTreeMap<Version, &'a Server>,
    /// The servers that hold the Auth certificates of the organisation.
    auth_holders: BTreeMap<Thumbprint, Vec<&'a Server>>,
    /// The servers whose certificates were not read.
    unread: Vec<&'a str>,
    /// The source servers on which a Send connector has a certificate, by the name of the connector.
    senders: BTreeMap<Caseless<String>, Vec<&'a str>>,
    /// The next Auth certificate, if it is there and valid.
    staged: Option<(Thumbprint, AuthCertificates)>,
    successors: Successors<'a>,
    by_name: HashMap<&'a str, &'a Server>,
}

impl<'a> Across<'a> {
    pub(super) fn of(fleet: &'a Fleet, endpoints: &'a [Vec<Endpoint>], now: Timestamp) -> Self {
        let mut across =
            Self { staged: successor::staged(fleet, now), successors: Successors::of(fleet, now), ..Self::default() };
        for endpoint in endpoints.iter().flatten().filter(|endpoint| endpoint.kind() == EndpointKind::SendConnector) {
            if let (Presented::Certificate(..), Some(connector)) = (endpoint.presented(), endpoint.connector()) {
                across.senders.entry(Caseless(connector.name().to_owned())).or_default().push(endpoint.server());
            }
        }
        across.by_name = fleet.servers().map(|server| (server.name(), server)).collect();
        for server in fleet.servers() {
            if server.unread(NotReadKind::Certificates).is_some() {
                across.unread.push(server.name());
            }
            if can_be_compared(server) {
                across.peers.entry(server.version()).or_insert(server);
            }
            let auth = server.auth_certificates().into_iter().flat_map(|auth| [auth.current, auth.next]).flatten();
            auth.for_each(|thumbprint| {
                across.auth_holders.entry(thumbprint).or_default();
            });
        }
        for server in fleet.servers() {
            for installed in server.certificates() {
                if let Some(holders) = across.auth_holders.get_mut(&installed.thumbprint()) {
                    holders.push(server);
                }
            }
        }
        across
    }

    /// The servers on which a Send connector has a certificate.
    pub(super) fn senders(&self, connector: &Connector) -> &[&'a str] {
        self.senders.get(&Caseless(connector.name().to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The server of this name, as its fleet writes it.
    pub(super) fn server(&self, name: &str) -> Option<&'a Server> {
        self.by_name.get(name).copied()
    }

    /// The servers whose certificates were not read.
    pub(super) fn unread(&self) -> &[&'a str] {
        &self.unread
    }

    /// The next Auth certificate of the organisation, if a server has it and it is valid beyond the current one.
    pub(super) fn staged(&self) -> Option<(Thumbprint, AuthCertificates)> {
        self.staged
    }

    /// What can take the place of a certificate and is installed on any server.
    pub(super) fn elsewhere(&self) -> &Successors<'a> {
        &self.successors
    }

    pub(super) fn auth_holders(&self, thumbprint: Thumbprint) -> &[&'a Server] {
        self.auth_holders.get(&thumbprint).map_or(&[], Vec::as_slice)
    }
}
