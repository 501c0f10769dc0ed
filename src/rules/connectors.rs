//! Connectors and the hybrid configuration, which name their certificate.

use crate::case::{Assignment, Case};
use crate::change::Rename;
use crate::commands;
use crate::finding::{Finding, message};
use crate::rule::rule;
use crate::server::{Connector, ConnectorKind, RootCaType, TlsCertificateName};
use crate::service::Service;
use crate::text::list;

rule! {
    /// Connectors that name another certificate must be updated to use this one.
    ///
    /// A connector, or the hybrid configuration, names issuer and subject of its certificate. If it
    /// names another installed certificate with SMTP, mail goes on with that one until the name is
    /// changed. To a self-signed certificate no name is moved.
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
    let finding = Finding::on(Service::SMTP, message);
    if certificate.subject().is_empty() {
        return Some(
            finding.advise("assign SMTP to a certificate whose subject is not empty: connectors can name that one"),
        );
    }
    let name = TlsCertificateName::of(certificate);
    Some(finding.commands(stale.iter().map(|connector| commands::set_tls_certificate_name(connector, &name))))
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
    /// The FQDN of a Receive connector must be a valid DNS name.
    ///
    /// Exchange fails to assign SMTP if one of the server's own Receive connectors has another: labels of 1 to 63
    /// letters, digits and hyphens, with no hyphen at either end.
    CONNECTOR_FQDN_INVALID: Refuse, Support, Assign(fqdn_invalid)
}

fn fqdn_invalid(case: &Assignment<'_>) -> Option<Finding> {
    if !case.adds(Service::SMTP) {
        return None;
    }
    let server = case.server();
    let is_invalid = |connector: &&Connector| {
        connector.kind() == ConnectorKind::Receive && connector.fqdn().value().is_some_and(|fqdn| !is_host_name(fqdn))
    };
    let invalid: Vec<_> = server.connectors_that_count().filter(is_invalid).collect();
    let fqdns: Vec<_> = invalid.iter().filter_map(|connector| connector.fqdn().value()).map(str::to_owned).collect();
    (!invalid.is_empty()).then(|| {
        let connectors: Vec<_> = invalid.iter().map(|connector| connector.name().to_owned()).collect();
        let message = message!(
            connectors, fqdns;
            "{} {} {}, and Exchange fails to assign SMTP",
            list(connectors),
            if fqdns.len() == 1 { "has an FQDN that is no valid DNS name," } else { "have FQDNs that are no valid DNS names," },
            list(fqdns)
        );
        Finding::on(Service::SMTP, message)
            .advise("give the connector a host name of letters, digits and hyphens first:")
            .commands(invalid.iter().map(|connector| commands::set_fqdn(server, connector)))
    })
}

fn is_host_name(fqdn: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    fqdn.split('.').all(is_label)
}

rule! {
    /// Another source server of a Send connector may lack the certificate.
    ///
    /// A Send connector has one `TlsCertificateName` for all its source servers. Where no certificate of that
    /// issuer and subject with SMTP is installed, mail stays queued (454 4.7.5).
    SEND_SERVER_LACKS: Warn, Support, Request(send_server_lacks)
}

fn send_server_lacks(case: &Case<'_>) -> Option<Finding> {
    if case.is_part {
        return None;
    }
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
    /// Run the Hybrid Configuration wizard, and check the connectors in Exchange Online.
    ///
    /// The hybrid configuration says which certificate the wizard gives to the connectors. Changing it alone changes
    /// nothing in Exchange Online, which rejects mail whose certificate it does not expect (550 5.7.51).
    UPDATE_HYBRID: FollowUp, Support, Request(update_hybrid)
}

fn update_hybrid(case: &Case<'_>) -> Option<Finding> {
    let left = case.assignment.as_ref().map(Assignment::connectors_left_behind).unwrap_or_default();
    let mut named = case.change.renames().iter().map(Rename::connector).chain(left);
    named.any(|connector| connector.kind() == ConnectorKind::Hybrid).then(|| {
        Finding::on(
            Service::SMTP,
            "the hybrid configuration is to take another certificate: Set-HybridConfiguration alone changes nothing in \
             Exchange Online, which rejects mail whose certificate it does not expect (550 5.7.51)",
        )
        .advise(
            "run the Hybrid Configuration wizard again, and choose there Update Secure Mail Certificate for connectors",
        )
        .advise(
            "in Exchange Online, check that TlsSenderCertificateName of the inbound connector, and the domain that it \
             expects, match the new certificate",
        )
    })
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
        let message = message!(
            root_ca_type = root;
            "Exchange reports {root_ca_type} for the root of the certificate, {}: mail of the hybrid configuration stays \
             pending",
            reported(*root_ca_type)
        );
        let advice = match root {
            RootCaType::Registry => {
                "if the root is a commercial CA's, import it into Third-Party Root Certification Authorities of the \
                 server; else use a certificate of a commercial CA"
            }
            RootCaType::Unknown => {
                "import the certificates of its chain that the server lacks, a commercial CA's root into Third-Party \
                 Root Certification Authorities"
            }
            _ => "use a certificate of a commercial CA for mail to Exchange Online",
        };
        Finding::on(Service::SMTP, message).advise(advice)
    })
}

/// What the kind of a root means to hybrid mail.
fn reported(root: RootCaType) -> &'static str {
    match root {
        RootCaType::Registry => "which lies in Trusted Root alone, and not among the roots of commercial CAs",
        RootCaType::Unknown => "since its chain cannot be built on the server",
        RootCaType::None => "so that no CA vouches for it",
        _ => "which is no commercial CA's",
    }
}
