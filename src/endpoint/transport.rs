//! SMTP: connectors, mail between servers and EdgeSync.

use super::{
    At, EndpointKind, Flags, Found, MissingFact, NotOffered, Place, Presented, PresentedCertificate, Reason, View,
};
use crate::fact::Fact;
use crate::server::{Connector, ConnectorKind, Installed, KeyStorage, NotReadKind, Server};
use crate::service::Service;

pub(super) fn places<'a>(server: &'a Server, places: &mut Vec<Place<'a>>) {
    for (kind, of_kind, unread) in [
        (EndpointKind::ReceiveConnector, ConnectorKind::Receive, NotReadKind::ReceiveConnectors),
        (EndpointKind::SendConnector, ConnectorKind::Send, NotReadKind::SendConnectors),
    ] {
        // Where a Send connector runs may not be known.
        let is_here =
            |connector: &&Connector| connector.kind() == of_kind && server.runs(connector) && !is_edge_sync(connector);
        let begin = places.len();
        places
            .extend(server.connectors().filter(is_here).map(|connector| Place { kind, at: At::Connector(connector) }));
        if let Some(of_kind) = places.get_mut(begin..) {
            of_kind.sort_by_key(Place::name);
        }
        if server.unread(unread).is_some() {
            places.push(Place::of_server(kind));
        }
    }
    places.push(Place::of_server(EndpointKind::Internal));
    if server.edge_subscribed() && (server.is_edge() || server.is_mailbox()) {
        places.push(Place::of_server(EndpointKind::EdgeSync));
    }
}

/// Whether it is a Send connector of EdgeSync, which uses the certificate of mail between servers.
fn is_edge_sync(connector: &Connector) -> bool {
    connector.smart_hosts().is_some_and(|hosts| hosts.iter().any(|host| host == "--"))
}

pub(super) fn presented<'a>(view: &View<'a>, connector: &'a Connector, found: &mut Found<'a>) -> Presented {
    if connector.enabled() == Some(false) {
        return Presented::NotOffered(NotOffered::Disabled);
    }
    let [name_is_missing, fqdn_is_missing] = match connector.kind() {
        ConnectorKind::Receive if !connector.offers_tls() => return Presented::NotOffered(NotOffered::NoTls),
        ConnectorKind::Receive => [MissingFact::ReceiveCertificateName, MissingFact::ReceiveFqdn],
        _ if connector.ignore_starttls() == Some(true) => return Presented::NotOffered(NotOffered::IgnoresStartTls),
        _ if connector.servers().is_empty() => return Presented::Unknown(MissingFact::SourceServers),
        _ => [MissingFact::SendCertificateName, MissingFact::SendFqdn],
    };
    match view.tls_certificate_name(connector) {
        Fact::NotKnown => return Presented::Unknown(name_is_missing),
        Fact::Value(name) => {
            return view.presented(found.named(view, name), |installed| by_name(view, installed));
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
    view.presented(found.hosted(view, host), |installed| view.present(installed))
}

/// Transport chose it by name, and can read its key only if SMTP is assigned to it.
fn by_name(view: &View<'_>, installed: &Installed) -> PresentedCertificate {
    let is_readable = view.services(installed).contains(Service::SMTP);
    view.present(installed).with(Flags::KEY_UNREADABLE, !is_readable)
}

/// The default SMTP certificate, whatever its name, services and dates.
pub(super) fn default(view: &View<'_>) -> Presented {
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
pub(super) fn for_edge_sync(view: &View<'_>) -> Presented {
    match default(view) {
        Presented::Certificate(certificate, reason) if view.server.is_mailbox() => {
            let installed = view.installed(certificate.thumbprint);
            let is_ksp = installed.is_some_and(|installed| installed.key_storage() == Some(KeyStorage::Ksp));
            Presented::Certificate(certificate.with(Flags::KSP, is_ksp), reason)
        }
        other => other,
    }
}
