//! What several findings on one server come from.

use super::{AuditFinding, Audited};
use crate::endpoint::{Endpoint, EndpointKind, Flags};
use crate::fact::Fact;
use crate::server::Installed;
use crate::service::Service;
use crate::thumbprint::Thumbprint;

/// What is at fault. What is found of the same cause is one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A certificate is outside its dates.
    OutsideDates(Thumbprint),
    /// A certificate expires soon.
    ExpiresSoon(Thumbprint),
    /// Exchange reports a status for which a certificate is not used.
    Status(Thumbprint),
    /// The private key of a certificate is not on the server.
    Key(Thumbprint),
    /// The default SMTP certificate is not installed.
    MissingDefault,
}

/// The rules whose findings and remedies are nearest to a cause, the nearest first; the others find what follows.
const NEAREST: [&str; 7] = [
    "audit-auth-certificate-expires",
    "audit-expired",
    "audit-expires-soon",
    "audit-status",
    "audit-key-missing",
    "audit-default-smtp-missing",
    "audit-default-smtp-expired",
];

/// Lets what comes from the same cause be one finding, at the place of the one that is nearest to the cause.
pub(super) fn joined(said: Vec<(Option<Cause>, AuditFinding)>) -> Vec<AuditFinding> {
    let distance =
        |finding: &AuditFinding| NEAREST.iter().position(|rule| *rule == finding.rule()).unwrap_or(NEAREST.len());
    let mut joined: Vec<(Option<Cause>, AuditFinding, Vec<AuditFinding>)> = Vec::with_capacity(said.len());
    for (cause, finding) in said {
        let same = cause.and_then(|_| joined.iter_mut().find(|(known, ..)| *known == cause));
        match same {
            Some((_, nearest, others)) => {
                let is_nearer = distance(&finding) < distance(nearest);
                others.push(if is_nearer { std::mem::replace(nearest, finding) } else { finding });
            }
            None => joined.push((cause, finding, Vec::new())),
        }
    }
    let with_consequences = joined.into_iter().map(|(_, mut finding, others)| {
        others.into_iter().for_each(|other| finding.add_consequence(other));
        finding
    });
    with_consequences.collect()
}

/// What keeps an endpoint from having a certificate, if that is one thing.
pub(super) fn of_failure(case: &Audited<'_>, endpoint: &Endpoint) -> Option<Cause> {
    if matches!(endpoint.kind(), EndpointKind::Internal | EndpointKind::EdgeSync) && endpoint.presented().is_nothing() {
        return matches!(case.server.default_smtp(), Fact::Value(_)).then_some(Cause::MissingDefault);
    }
    let mut presented = endpoint.presented().certificates();
    if let (Some(only), None) = (presented.next(), presented.next()) {
        return only.flags.contains(Flags::NO_KEY).then_some(Cause::Key(only.thumbprint));
    }
    // What would be presented is passed over.
    let would_be = |installed: &&Installed| !installed.may_be_presented() && is_meant_for(case, endpoint, installed);
    let mut passed_over = case.server.certificates().filter(would_be).filter(|_| endpoint.presented().is_nothing());
    match (passed_over.next(), passed_over.next()) {
        (Some(only), None) if !only.has_private_key() => Some(Cause::Key(only.thumbprint())),
        (Some(only), None) => Some(Cause::Status(only.thumbprint())),
        _ => None,
    }
}

/// Whether an endpoint chooses by a name that a certificate has.
fn is_meant_for(case: &Audited<'_>, endpoint: &Endpoint, installed: &Installed) -> bool {
    let covers = |host: Option<&str>| host.is_some_and(|host| installed.covers(host));
    match (endpoint.kind(), endpoint.connector()) {
        (EndpointKind::Imap | EndpointKind::Pop, _) => {
            covers(case.server.certificate_name(endpoint.kind().service()).value())
        }
        (_, Some(connector)) => match (connector.tls_certificate_name(), connector.fqdn()) {
            (Fact::Value(name), _) => name.matches(installed.certificate()),
            (_, Fact::Value(fqdn)) => installed.has(Service::SMTP) && covers(Some(fqdn)),
            (_, Fact::None) => installed.has(Service::SMTP) && covers(case.server.fqdn()),
            (_, Fact::NotKnown) => false,
        },
        _ => false,
    }
}
