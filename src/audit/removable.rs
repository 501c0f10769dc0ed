//! What nothing uses.

use std::collections::BTreeSet;

use super::{Audited, Found, audit_rule, endpoints, successor};
use crate::commands;
use crate::endpoint::{Endpoint, EndpointKind, MissingFact, Presented};
use crate::fact::Fact;
use crate::finding::Kind;
use crate::plan::plan;
use crate::request::Request;
use crate::server::{Connector, Installed, NotReadKind, Status};
use crate::service::Service;

audit_rule! {
    /// Nothing uses the certificate.
    ///
    /// No endpoint presents it, even perhaps, and it is known what every endpoint presents that could present it; it
    /// waits for no CA, takes the place of no other one, and no rule about removals has a word against it. Other
    /// programs of the computer may use it.
    AUDIT_REMOVABLE: Low, DecidedHere, removable
}

fn removable(case: &Audited<'_>) -> Vec<Found> {
    let unreached: BTreeSet<_> = endpoints::unreached(case).map(Installed::thumbprint).collect();
    let successors: BTreeSet<_> = case
        .server
        .certificates()
        .filter(|installed| installed.is_assigned())
        .filter_map(|installed| successor::of(case.server, &case.sites, installed, case.now))
        .map(Installed::thumbprint)
        .collect();
    let unused = case.server.certificates().filter(|installed| {
        let thumbprint = installed.thumbprint();
        installed.services().is_some()
            && installed.web_sites().is_some_and(BTreeSet::is_empty)
            // Its key waits for the answer of the CA.
            && installed.status() != Some(Status::PendingRequest)
            // It may be the previous one, which the authorization configuration still holds.
            && !installed.certificate().is_named_auth_certificate()
            // Once its key or its status is put right, it may be presented.
            && (installed.may_be_presented() || !installed.is_assigned())
            // Another rule says that it is assigned in vain.
            && !unreached.contains(&thumbprint)
            && !successors.contains(&thumbprint)
            && !may_present(case, installed)
            && is_let_go(case, installed)
    });
    let found = unused.map(|installed| {
        Found::of(installed, installed.known_services(), "no endpoint presents it").map(|finding| {
            finding
                .advise(
                    "other programs of the computer may use it (Remote Desktop, LDAPS, agents): if none does, and it is \
                     not still to be assigned, remove it:",
                )
                .command(commands::remove_installed(case.server, installed))
        })
    });
    found.collect()
}

/// Whether no rule refuses its removal, nor warns of anything but what it is itself.
fn is_let_go(case: &Audited<'_>, installed: &Installed) -> bool {
    let is_minor = |rule: &str| matches!(rule, "removes-keyless" | "removes-last-assignment");
    case.server.unread(NotReadKind::Federation).is_none()
        && plan(case.server, &Request::remove(installed.thumbprint()), case.now.into())
            .is_ok_and(|plan| plan.diagnostics().iter().all(|said| said.kind() < Kind::Warn || is_minor(said.rule())))
}

/// Whether an endpoint presents a certificate, even perhaps, or could since what it presents is not known.
pub(super) fn may_present(case: &Audited<'_>, installed: &Installed) -> bool {
    let thumbprint = installed.thumbprint();
    case.endpoints.iter().any(|endpoint| endpoint.presented().may_be(thumbprint) || could_present(endpoint, installed))
}

/// Whether it is not known what an endpoint presents, and it could be this certificate.
fn could_present(endpoint: &Endpoint, installed: &Installed) -> bool {
    let Presented::Unknown(missing) = endpoint.presented() else { return false };
    match (endpoint.kind(), endpoint.connector(), missing) {
        (_, _, MissingFact::Certificates) => true,
        (EndpointKind::DefaultWebSite | EndpointKind::ExchangeBackEnd, ..) => {
            installed.web_sites().is_none() || installed.may_have(Service::IIS)
        }
        (EndpointKind::Imap | EndpointKind::Pop, ..) => installed.may_be_presented() && installed.has_domains(),
        (EndpointKind::ReceiveConnector | EndpointKind::SendConnector, Some(connector), missing) => {
            installed.may_be_presented() && could_be_chosen(connector, *missing, installed)
        }
        // Connectors that nobody saw, and the default SMTP certificate, can be any.
        (EndpointKind::UnifiedMessaging | EndpointKind::CallRouter, ..) => {
            installed.may_have(endpoint.kind().service())
        }
        _ => true,
    }
}

fn could_be_chosen(connector: &Connector, missing: MissingFact, installed: &Installed) -> bool {
    match (missing, connector.tls_certificate_name()) {
        (MissingFact::ReceiveCertificateName | MissingFact::SendCertificateName, _) => true,
        (_, Fact::Value(name)) => name.matches(installed.certificate()),
        (_, Fact::None) => installed.may_have(Service::SMTP) && installed.has_domains(),
        (_, Fact::NotKnown) => true,
    }
}
