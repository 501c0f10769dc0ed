//! What a server hosts.

use crate::case::Assignment;
use crate::finding::{Detail, Finding};
use crate::request::Operation;
use crate::rule::rule;
use crate::service::Service;

rule! {
    /// Federation is not assigned.
    ///
    /// Its certificate belongs to the federation trust of the organisation, which New-FederationTrust
    /// and Set-FederationTrust manage.
    FEDERATION_NOT_ASSIGNABLE: Refuse, Reference("Enable-ExchangeCertificate"), Assign(federation)
}

rule! {
    /// A role of the server hosts the service.
    SERVICE_NOT_HOSTED: Refuse, Reference("Enable-ExchangeCertificate"), Assign(not_hosted)
}

rule! {
    /// A replacement assigns what the server hosts.
    ///
    /// The old certificate may show services that no role of this server hosts: they are skipped.
    SERVICE_SKIPPED: Note, DecidedHere, Assign(skipped)
}

fn federation(case: &Assignment<'_>) -> Option<Finding> {
    let words = match case.request().operation() {
        Operation::Replace { .. } => {
            "give the federation trust the new certificate, and assign the other services alone"
        }
        _ => "leave it out, and see Get-FederationTrust for the certificate that it uses",
    };
    case.adds(Service::FEDERATION).then(|| Finding::on(Service::FEDERATION, Detail::Federation).advise(words))
}

fn not_hosted(case: &Assignment<'_>) -> Option<Finding> {
    let server = case.server();
    let judged = if server.version().has_unified_messaging() {
        case.in_question() - Service::FEDERATION
    } else {
        case.in_question() - Service::FEDERATION - Service::UM - Service::UM_CALL_ROUTER
    };
    let services = judged - server.hosts();
    (!services.is_empty()).then(|| {
        Finding::on(services, Detail::NotHosted { services, server: server.name().to_owned() })
            .advise("leave out what it does not host, or assign it on a server that does")
    })
}

fn skipped(case: &Assignment<'_>) -> Option<Finding> {
    let services = case.skipped();
    (!services.is_empty())
        .then(|| Finding::on(services, Detail::Skipped { services, server: case.server().name().to_owned() }))
}
