//! What connectors find by the names that they hold.

use super::{Audited, Found, audit_rule, endpoints};
use crate::certificate::Certificate;
use crate::commands;
use crate::endpoint::Endpoint;
use crate::fact::Fact;
use crate::finding::message;
use crate::server::{Connector, ConnectorKind, Installed, NotReadKind, RootCaType, TlsCertificateName};
use crate::service::Service;
use crate::text::shown;

/// The connectors that concern the server, with the certificates that they find, the one in use first.
fn connectors<'a>(
    case: &Audited<'a>,
) -> impl Iterator<Item = (&'a Connector, &'a TlsCertificateName, Vec<&'a Installed>)> {
    let server = case.server;
    server.connectors_here().filter_map(|connector| {
        let name = connector.tls_certificate_name().value()?;
        let mut found: Vec<_> = server.inventory().named(name).collect();
        found.sort_by_key(|installed| std::cmp::Reverse(installed.certificate().ends()));
        Some((connector, name, found))
    })
}

audit_rule! {
    /// No installed certificate matches the name in a connector.
    ///
    /// Nothing installed has the issuer and subject that it names, so STARTTLS is gone.
    AUDIT_CONNECTOR_CERTIFICATE_MISSING: High, Support, missing
}

fn missing(case: &Audited<'_>) -> Vec<Found> {
    // Where it is known what the connector presents, the rules about endpoints speak.
    let is_missing = |found: &[&Installed], connector| found.is_empty() && !case.is_known_at(connector);
    let missing = connectors(case).filter(|(connector, _, found)| is_missing(found, connector));
    let found = missing.map(|(connector, name, _)| {
        let message = match connector.kind() {
            ConnectorKind::Hybrid => message!(
                connector = connector.name().to_owned(), name = name.to_string();
                "{} names {}, and no such certificate is installed: the Hybrid Configuration wizard has to be run again \
                 with another one", shown(connector), shown(name)
            ),
            _ => message!(
                connector = connector.name().to_owned(), name = name.to_string();
                "{} names {}, and no such certificate is installed: STARTTLS is gone", shown(connector), shown(name)
            ),
        };
        Found::of_server(Service::SMTP, message).map(|finding| finding.step(endpoints::rename(case, connector)))
    });
    found.collect()
}

audit_rule! {
    /// Several installed certificates match the name in a connector.
    ///
    /// Of several, Exchange uses the one that expires last.
    AUDIT_CONNECTOR_AMBIGUOUS: Low, Support, ambiguous
}

fn ambiguous(case: &Audited<'_>) -> Vec<Found> {
    let unknown = connectors(case).filter(|(connector, ..)| !case.is_known_at(connector));
    let found = unknown.filter_map(|(connector, _, found)| {
        let (used, others) = found.split_first().filter(|(_, others)| !others.is_empty())?;
        let others: Vec<_> = others.iter().map(|other| other.thumbprint().to_string()).collect();
        let words = format!("replace {} by it, which assigns what they have and removes them", others.join(" and "));
        let message = message!(
            connector = connector.name().to_owned(), count = found.len();
            "{} finds {count} certificates, and uses this one, which expires last", shown(connector)
        );
        Some(Found::of(used, Service::SMTP, message).map(|finding| finding.advise(words)))
    });
    found.collect()
}

audit_rule! {
    /// A newer certificate for the same domains exists beside the one that a connector names.
    ///
    /// Newer is one that expires later, is valid now and has SMTP and its private key.
    AUDIT_CONNECTOR_STALE: Low, Support, stale
}

fn stale(case: &Audited<'_>) -> Vec<Found> {
    let found = connectors(case).filter_map(|(connector, name, found)| {
        let used = *found.first()?;
        let domains = sorted_domains(used.certificate());
        let first = used.first_domain()?;
        let newer = case.server.inventory().holding(&first).filter(|other| {
            let certificate = other.certificate();
            other.has(Service::SMTP)
                && other.can_serve(case.now)
                && !name.matches(certificate)
                && certificate.ends() > used.certificate().ends()
                && sorted_domains(certificate) == domains
        });
        let newer = newer.max_by_key(|other| other.certificate().ends())?.certificate();
        let message = message!(
            connector = connector.name().to_owned(), newer = newer.thumbprint();
            "{} names this certificate, and {newer} has the same domains and expires later", shown(connector)
        );
        let set = commands::set_tls_certificate_name(connector, &TlsCertificateName::of(newer));
        Some(Found::of(used, Service::SMTP, message).map(|finding| finding.command(set)))
    });
    found.collect()
}

fn sorted_domains(certificate: &Certificate) -> Vec<String> {
    let mut domains: Vec<_> = certificate.domains().iter().map(|domain| domain.to_ascii_lowercase()).collect();
    domains.sort_unstable();
    domains
}

audit_rule! {
    /// No certificate with SMTP covers the FQDN of a connector.
    AUDIT_CONNECTOR_FQDN_UNCOVERED: Low, Reference("Set-ReceiveConnector"), fqdn_uncovered
}

fn fqdn_uncovered(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let unknown = server.connectors_here().filter(|connector| !case.is_known_at(connector));
    let uncovered = unknown.filter_map(|connector| {
        let fqdn = connector.fqdn().value()?;
        let is_covered = server.inventory().covering(fqdn).any(|installed| installed.may_have(Service::SMTP));
        (!is_covered).then(|| {
            let message = message!(
                connector = connector.name().to_owned(), fqdn = fqdn.to_owned();
                "{} presents {}, which no certificate with SMTP covers", shown(connector), shown(fqdn)
            );
            Found::of_server(Service::SMTP, message)
                .map(|finding| finding.advise("assign SMTP to a certificate that covers the name"))
        })
    });
    uncovered.collect()
}

audit_rule! {
    /// A hybrid connector names another certificate than the hybrid configuration.
    ///
    /// The configuration itself selects nothing: the wizard wrote its name to the connectors, and they can be changed
    /// without it. The next run of the wizard sets them back.
    AUDIT_HYBRID_CONNECTOR_DIFFERS: Low, HealthChecker, hybrid_differs
}

fn hybrid_differs(case: &Audited<'_>) -> Vec<Found> {
    let mut hybrid = case.server.connectors().filter(|connector| connector.kind() == ConnectorKind::Hybrid);
    let Some(name) = hybrid.next().and_then(|hybrid| hybrid.tls_certificate_name().value()) else { return Vec::new() };
    let connectors = case.connectors().filter_map(Endpoint::connector).filter(|connector| is_hybrid(connector));
    let found = connectors.filter_map(|connector| {
        let other = match connector.tls_certificate_name() {
            Fact::NotKnown => return None,
            Fact::Value(other) if other == name => return None,
            Fact::Value(other) => shown(&other.to_string()).to_string(),
            Fact::None => "no certificate".to_owned(),
        };
        let message = message!(
            connector = connector.name().to_owned(), other, name = name.to_string();
            "{} names {other}, and the hybrid configuration {}", shown(connector), shown(name)
        );
        let set = commands::set_tls_certificate_name(connector, name);
        let advice = "if the certificate of the hybrid configuration is the one in use, give the connector its name:";
        Some(Found::of_server(Service::SMTP, message).map(|finding| finding.advise(advice).command(set)))
    });
    found.collect()
}

/// Whether the wizard made it for mail to and from Exchange Online.
fn is_hybrid(connector: &Connector) -> bool {
    match connector.kind() {
        ConnectorKind::Send => connector.cloud_services_mail_enabled() == Some(true),
        ConnectorKind::Receive => connector.tls_domain_capabilities().is_some_and(|domains| !domains.is_empty()),
        ConnectorKind::Hybrid => false,
    }
}

audit_rule! {
    /// Hybrid mail uses a certificate whose root is no known commercial CA's.
    ///
    /// Exchange Online trusts no other root, and mail to it stays pending. Hybrid mail uses what the connectors present
    /// that the Hybrid Configuration wizard made; if there are none here, what the hybrid configuration names.
    AUDIT_HYBRID_ROOT: Low, Support, hybrid_root
}

fn hybrid_root(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let hybrid = server.connectors().find(|connector| connector.kind() == ConnectorKind::Hybrid);
    let Some(hybrid) = hybrid else { return Vec::new() };
    let of_wizard = |endpoint: &&Endpoint| endpoint.connector().is_some_and(is_hybrid);
    let mut used: Vec<_> = if case.connectors().any(|endpoint| of_wizard(&endpoint)) {
        let presented = case.connectors().filter(of_wizard).flat_map(|endpoint| endpoint.presented().certificates());
        presented.filter_map(|it| server.installed(it.thumbprint)).collect()
    } else if [NotReadKind::SendConnectors, NotReadKind::ReceiveConnectors]
        .iter()
        .any(|it| server.unread(*it).is_some())
    {
        // What the wizard made may be among what was not read.
        Vec::new()
    } else {
        let name = hybrid.tls_certificate_name().value();
        let named = name.into_iter().flat_map(|name| server.inventory().named(name));
        named.filter(|installed| installed.has(Service::SMTP)).collect()
    };
    used.sort_by_key(|installed| installed.thumbprint());
    used.dedup_by_key(|installed| installed.thumbprint());
    let found = used.into_iter().filter_map(|installed| {
        let root = installed.root_ca_type().filter(|root| *root != RootCaType::ThirdParty)?;
        let advice = match root {
            RootCaType::Registry => {
                "if its root is a commercial CA's, import the root into Third-Party Root Certification Authorities of \
                 the server; else use a certificate of a commercial CA for mail to Exchange Online"
            }
            RootCaType::Unknown => {
                "the server cannot build the chain of the certificate: import the certificates of the CAs above it, or \
                 use a certificate of a commercial CA for mail to Exchange Online"
            }
            _ => "use a certificate of a commercial CA for mail to Exchange Online",
        };
        let message = message!(
            root = root.to_string();
            "hybrid mail uses this certificate, and Exchange reports its root as {root}, not as a commercial CA's: mail \
             to Exchange Online stays pending"
        );
        Some(Found::of(installed, Service::SMTP, message).map(|finding| finding.advise(advice)))
    });
    found.collect()
}
