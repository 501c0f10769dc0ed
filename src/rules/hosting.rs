//! What a server hosts.

use crate::case::Assignment;
use crate::finding::{Finding, message};
use crate::request::Operation;
use crate::rule::rule;
use crate::service::Service;
use crate::text::shown;

rule! {
    /// Federation cannot be assigned; the federation trust manages its certificate.
    ///
    /// New-FederationTrust and Set-FederationTrust do.
    FEDERATION_NOT_ASSIGNABLE: Refuse, Reference("Enable-ExchangeCertificate"), Assign(federation)
}

fn federation(case: &Assignment<'_>) -> Option<Finding> {
    let words = match case.request().operation() {
        Operation::Replace { .. } => {
            "give the federation trust the new certificate, and assign only the other services"
        }
        _ => "leave it out; Get-FederationTrust shows the certificate that it uses",
    };
    case.adds(Service::FEDERATION).then(|| {
        Finding::on(
            Service::FEDERATION,
            "New-FederationTrust and Set-FederationTrust manage the certificate of Federation",
        )
        .advise(words)
    })
}

rule! {
    /// The server must host the service.
    ///
    /// A role of it does, on its version.
    SERVICE_NOT_HOSTED: Refuse, Reference("Enable-ExchangeCertificate"), Assign(not_hosted)
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
        let name = server.name().to_owned();
        Finding::on(services, message!(services, server = name; "{} does not host {services}", shown(server)))
            .advise("leave out what it does not host, or assign it on a server that does")
    })
}

rule! {
    /// The server does not host some services of the old certificate, so they are skipped.
    ///
    /// The old certificate may show services that no role of this server hosts.
    SERVICE_SKIPPED: Note, DecidedHere, Assign(skipped)
}

fn skipped(case: &Assignment<'_>) -> Option<Finding> {
    let services = case.skipped();
    (!services.is_empty()).then(|| {
        let name = case.server().name().to_owned();
        let message = message!(
            services, server = name;
            "the old certificate has {services}, which {} does not host", shown(server)
        );
        Finding::on(services, message)
    })
}
