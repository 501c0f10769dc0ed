//! Connectors and the hybrid configuration, which name their certificate.

use crate::case::{Assignment, Case};
use crate::change::Rename;
use crate::commands;
use crate::finding::{Finding, message};
use crate::rule::rule;
use crate::server::{ConnectorKind, RootCaType, TlsCertificateName};
use crate::service::Service;
use crate::text::list;

rule! {
    /// Connectors that name another certificate must be updated to use this one.
    ///
    /// A connector, or the hybrid configuration, names issuer and subject of its certificate. If it
    /// names another installed certificate with SMTP, mail goes on with that one until the name is
    /// changed.
    UPDATE_CONNECTORS: FollowUp, Support, Assign(update_connectors)
}

fn update_connectors(case: &Assignment<'_>) -> Option<Finding> {
    let certificate = case.certificate()?;
    let stale = case.connectors_left_behind();
    if stale.is_empty() {
        return None;
    }
    let connectors: Vec<_> = stale.iter().map(|connector| connector.name().to_owned()).collect();
    let message = message!(
        connectors;
        "{} {} another certificate with SMTP, and mail goes on with that one", list(connectors), verb(connectors)
    );
    let name = TlsCertificateName::of(certificate);
    let commands = stale.iter().map(|connector| commands::set_tls_certificate_name(connector, &name));
    let finding = Finding::on(Service::SMTP, message).commands(commands);
    Some(if stale.iter().any(|connector| connector.kind() == ConnectorKind::Hybrid) {
        finding.advise("for the hybrid configuration, the Hybrid Configuration wizard does the same")
    } else {
        finding
    })
}

rule! {
    /// A connector that names this certificate would use another one with the same issuer and subject.
    ///
    /// Of several installed certificates with the issuer and the subject that a connector names,
    /// Exchange uses the one that expires last, or the one that is valid latest: sources differ.
    CONNECTOR_USES_OTHER: Warn, Support, Assign(uses_other)
}

fn uses_other(case: &Assignment<'_>) -> Option<Finding> {
    let (naming, found) = case.connectors_using_other();
    if naming.is_empty() {
        return None;
    }
    let connectors: Vec<_> = naming.iter().map(|connector| connector.name().to_owned()).collect();
    let this = case.request().thumbprint();
    let is_possible = found.contains(&this);
    let others: Vec<_> = found.into_iter().filter(|other| *other != this).map(|other| other.to_string()).collect();
    let message = if is_possible {
        message!(
            connectors, others;
            "{} {} this certificate's issuer and subject, and {} has the same: mail may go on with that one",
            list(connectors), verb(connectors), others.join(" and ")
        )
    } else {
        message!(
            connectors, others;
            "{} {} this certificate's issuer and subject, and {} has the same: mail goes on with that one",
            list(connectors), verb(connectors), others.join(" and ")
        )
    };
    Some(
        Finding::on(Service::SMTP, message)
            .advise("assign the certificate that is used by that name, or remove it if it is not meant to be used"),
    )
}

fn verb(connectors: &[String]) -> &'static str {
    if connectors.len() == 1 { "names" } else { "name" }
}

rule! {
    /// A Send connector would be given a name that another of its source servers may not know.
    ///
    /// A Send connector has one `TlsCertificateName` for all its source servers. Where no certificate of that
    /// issuer and subject with SMTP is installed, mail stays queued (454 4.7.5).
    SEND_SERVER_LACKS: Warn, Support, Request(send_server_lacks)
}

fn send_server_lacks(case: &Case<'_>) -> Option<Finding> {
    let is_elsewhere = |name: &&String| !case.server.is_called(name);
    let moved = case.change.renames().iter().filter(|rename| !rename.is_the_same()).map(Rename::connector);
    let sending = moved.filter(|connector| connector.kind() == ConnectorKind::Send);
    let elsewhere: Vec<_> =
        sending.filter(|connector| connector.servers().iter().any(|name| is_elsewhere(&name))).collect();
    if elsewhere.is_empty() {
        return None;
    }
    let connectors: Vec<_> = elsewhere.iter().map(|connector| connector.name().to_owned()).collect();
    let mut servers: Vec<_> =
        elsewhere.iter().flat_map(|connector| connector.servers()).filter(is_elsewhere).cloned().collect();
    servers.sort_unstable();
    servers.dedup();
    let message = message!(
        connectors, servers;
        "{} would be given the name of this certificate on {} too, and it is not known that it is installed there with \
         SMTP: without it mail from there stays queued (454 4.7.5)",
        list(connectors), list(servers)
    );
    Some(
        Finding::on(Service::SMTP, message)
            .advise("import the certificate on those servers and assign SMTP to it there first"),
    )
}

rule! {
    /// Hybrid mail needs a certificate whose root is a known commercial CA's.
    ///
    /// Exchange Online trusts no other root, and mail to it stays pending.
    HYBRID_ROOT: Warn, Support, Assign(hybrid_root)
}

fn hybrid_root(case: &Assignment<'_>) -> Option<Finding> {
    let root = case.installed()?.root_ca_type()?;
    let is_hybrid = case.server().connectors().any(|connector| connector.kind() == ConnectorKind::Hybrid);
    (is_hybrid && root != RootCaType::ThirdParty && case.adds(Service::SMTP)).then(|| {
        let message = "its root is not a commercial CA's: mail of the hybrid configuration stays pending";
        Finding::on(Service::SMTP, message).advise("use a certificate of a commercial CA for mail to Exchange Online")
    })
}
