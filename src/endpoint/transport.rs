//! SMTP: connectors, mail between servers and EdgeSync.

use super::selection::{Chosen, hosted, named};
use super::{
    Endpoint, EndpointKind, Flags, MissingFact, NotOffered, Of, Presented, PresentedCertificate, Reason, View,
};
use crate::fact::Fact;
use crate::server::{Connector, ConnectorKind, Installed, KeyStorage};
use crate::service::Service;
use crate::text::Caseless;

pub(super) fn endpoints(view: &View<'_>, endpoints: &mut Vec<Endpoint>) {
    let mut cache = Cache::default();
    connectors(view, ConnectorKind::Receive, &mut cache, endpoints);
    connectors(view, ConnectorKind::Send, &mut cache, endpoints);
    let default = default(view);
    endpoints.push(Endpoint::new(view, EndpointKind::Internal, Of::Server, default.clone()));
    if view.server.edge_subscribed() && (view.server.is_edge() || view.server.is_mailbox()) {
        endpoints.push(Endpoint::new(view, EndpointKind::EdgeSync, Of::Server, for_edge_sync(view, default)));
    }
}

/// What was chosen for a host: nearly every connector has the same.
#[derive(Default)]
struct Cache<'a> {
    hosts: Vec<(&'a str, Chosen<'a>)>,
}

fn connectors<'a>(view: &View<'a>, kind: ConnectorKind, cache: &mut Cache<'a>, endpoints: &mut Vec<Endpoint>) {
    let begin = endpoints.len();
    let of_server =
        |connector: &&Connector| connector.kind() == kind && is_here(view, connector) && !is_edge_sync(connector);
    for connector in view.server.connectors().filter(of_server) {
        let (endpoint, presented) = match kind {
            ConnectorKind::Receive => (EndpointKind::ReceiveConnector, receive(view, connector, cache)),
            _ => (EndpointKind::SendConnector, send(view, connector, cache)),
        };
        endpoints.push(Endpoint::new(view, endpoint, Of::Connector(connector.clone()), presented));
    }
    let name = |endpoint: &Endpoint| Caseless(endpoint.connector().map(Connector::name).unwrap_or_default().to_owned());
    if let Some(of_kind) = endpoints.get_mut(begin..).filter(|of_kind| of_kind.len() > 1) {
        of_kind.sort_by_cached_key(name);
    }
}

/// Whether a connector runs on the server; where a Send connector runs may not be known.
fn is_here(view: &View<'_>, connector: &Connector) -> bool {
    view.server.runs(connector)
}

/// Whether it is a Send connector of EdgeSync, which uses the certificate of mail between servers.
fn is_edge_sync(connector: &Connector) -> bool {
    connector.smart_hosts().is_some_and(|hosts| hosts.iter().any(|host| host == "--"))
}

fn receive<'a>(view: &View<'a>, connector: &'a Connector, cache: &mut Cache<'a>) -> Presented {
    if connector.enabled() == Some(false) {
        return Presented::NotOffered(NotOffered::Disabled);
    }
    if !connector.offers_tls() {
        return Presented::NotOffered(NotOffered::NoTls);
    }
    let missing = [MissingFact::ReceiveCertificateName, MissingFact::ReceiveFqdn];
    select(view, connector, missing, cache)
}

fn send<'a>(view: &View<'a>, connector: &'a Connector, cache: &mut Cache<'a>) -> Presented {
    if connector.enabled() == Some(false) {
        return Presented::NotOffered(NotOffered::Disabled);
    }
    if connector.ignore_starttls() == Some(true) {
        return Presented::NotOffered(NotOffered::IgnoresStartTls);
    }
    if connector.servers().is_empty() {
        return Presented::Unknown(MissingFact::SourceServers);
    }
    let missing = [MissingFact::SendCertificateName, MissingFact::SendFqdn];
    select(view, connector, missing, cache)
}

fn select<'a>(
    view: &View<'a>,
    connector: &'a Connector,
    [name_is_missing, fqdn_is_missing]: [MissingFact; 2],
    cache: &mut Cache<'a>,
) -> Presented {
    match view.tls_certificate_name(connector) {
        Fact::NotKnown => return Presented::Unknown(name_is_missing),
        Fact::Value(name) => {
            return view.presented(&named(view, name), |installed| by_name(view, installed));
        }
        Fact::None => {}
    }
    let host = match connector.fqdn() {
        Fact::NotKnown => return Presented::Unknown(fqdn_is_missing),
        Fact::Value(fqdn) => fqdn,
        Fact::None => match view.server.fqdn() {
            Some(fqdn) => fqdn,
            None => return Presented::Unknown(MissingFact::ServerFqdn),
        },
    };
    let index = cache.hosts.iter().position(|(known, _)| known.eq_ignore_ascii_case(host)).unwrap_or_else(|| {
        cache.hosts.push((host, hosted(view, host)));
        cache.hosts.len() - 1
    });
    cache
        .hosts
        .get(index)
        .map_or(Presented::Nothing, |(_, chosen)| view.presented(chosen, |installed| view.present(installed)))
}

/// Transport chose it by name, and can read its key only if SMTP is assigned to it.
fn by_name(view: &View<'_>, installed: &Installed) -> PresentedCertificate {
    let is_readable = view.services(installed).contains(Service::SMTP);
    view.present(installed).with(Flags::KEY_UNREADABLE, !is_readable)
}

/// The default SMTP certificate, whatever its name, services and dates.
fn default(view: &View<'_>) -> Presented {
    match view.default_smtp() {
        Fact::NotKnown => Presented::Unknown(MissingFact::DefaultSmtp),
        Fact::None => Presented::Nothing,
        Fact::Value(thumbprint) => match view.installed(thumbprint) {
            Some(installed) => Presented::Certificate(view.present(installed), Reason::Default),
            None => Presented::Nothing,
        },
    }
}

/// EdgeSync uses the default SMTP certificate too, on a Mailbox server only by a CryptoAPI provider.
fn for_edge_sync(view: &View<'_>, default: Presented) -> Presented {
    match default {
        Presented::Certificate(certificate, reason) if view.server.is_mailbox() => {
            let installed = view.installed(certificate.thumbprint);
            let is_ksp = installed.is_some_and(|installed| installed.key_storage() == Some(KeyStorage::Ksp));
            Presented::Certificate(certificate.with(Flags::KSP, is_ksp), reason)
        }
        other => other,
    }
}
