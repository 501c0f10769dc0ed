//! Connectors and the hybrid configuration, which name their certificate.

use crate::case::Assignment;
use crate::commands;
use crate::finding::{Finding, message};
use crate::rule::rule;
use crate::server::{Connector, ConnectorKind, Installed, RootCaType, TlsCertificateName};
use crate::service::Service;
use crate::text::list;
use crate::thumbprint::Thumbprint;

rule! {
    /// Connectors that name another certificate must be updated to use this one.
    ///
    /// A connector, or the hybrid configuration, names issuer and subject of its certificate. If it
    /// names another installed certificate with SMTP, mail goes on with that one until the name is
    /// changed.
    UPDATE_CONNECTORS: FollowUp, Support, Assign(update_connectors)
}

fn update_connectors(case: &Assignment<'_>) -> Option<Finding> {
    let certificate =
        case.certificate().filter(|_| case.adds(Service::SMTP) && !case.request().updates_connectors())?;
    let is_stale = |connector: &&Connector| {
        !connector.names(certificate) && others_named(case, connector).any(|other| other.has(Service::SMTP))
    };
    let stale: Vec<_> = case.server().connectors().filter(is_stale).collect();
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
    /// Exchange uses the one that expires last.
    CONNECTOR_USES_OTHER: Warn, Support, Assign(uses_other)
}

fn uses_other(case: &Assignment<'_>) -> Option<Finding> {
    let certificate = case.certificate().filter(|_| case.adds(Service::SMTP))?;
    let later = |connector: &Connector| -> Option<Thumbprint> {
        others_named(case, connector)
            .filter(|other| other.certificate().ends() > certificate.ends())
            .max_by_key(|other| other.certificate().ends())
            .map(Installed::thumbprint)
    };
    let naming = case.server().connectors().filter(|connector| connector.names(certificate));
    let used: Vec<_> = naming.filter_map(|connector| Some((connector.name().to_owned(), later(connector)?))).collect();
    let (_, other) = *used.first()?;
    let connectors: Vec<_> = used.into_iter().map(|(name, _)| name).collect();
    let message = message!(
        connectors, other;
        "{} {} this certificate's issuer and subject, and {other} has the same and expires later: mail goes on with \
         that one",
        list(connectors), verb(connectors)
    );
    Some(
        Finding::on(Service::SMTP, message)
            .advise("assign the certificate that expires last, or remove it if it is not meant to be used"),
    )
}

fn verb(connectors: &[String]) -> &'static str {
    if connectors.len() == 1 { "names" } else { "name" }
}

/// The other installed certificates that a connector would find.
fn others_named<'a>(case: &Assignment<'a>, connector: &'a Connector) -> impl Iterator<Item = &'a Installed> {
    let thumbprint = case.request().thumbprint();
    let inventory = case.server().inventory();
    let named = connector.tls_certificate_name().value().map(|name| inventory.named(name));
    named.into_iter().flatten().filter(move |installed| installed.thumbprint() != thumbprint)
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
