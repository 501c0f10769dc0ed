//! Whether there is something to assign, and whether the request only adds.

use crate::case::{Assignment, Case, Removal};
use crate::finding::{Detail, Finding, Kind};
use crate::powershell::Command;
use crate::request::Operation;
use crate::rule::rule;
use crate::script;
use crate::server::{Installed, Server};
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

rule! {
    /// The certificate is installed on the server.
    ///
    /// Exchange assigns what is in the store of the server itself: a certificate on another server,
    /// or in a file, has to be imported first. A replacement needs both certificates.
    CERTIFICATE_NOT_INSTALLED: Refuse, Article, Request(not_installed)
}

rule! {
    /// An assignment is never taken back.
    ///
    /// No cmdlet and no dialog takes a service away from a certificate. A request that asks for it,
    /// or for an exact set that lacks a service which the certificate has, is refused.
    ASSIGNMENT_IRREVOCABLE: Refuse, Article, Request(irrevocable)
}

rule! {
    /// The request names a service.
    NO_SERVICES: Refuse, Reference("Enable-ExchangeCertificate"), Request(no_services)
}

rule! {
    /// The private key is on the server.
    ///
    /// Without it the server cannot prove that the certificate is its own. A certificate file
    /// without the key, or a request completed on another server, leaves it that way.
    PRIVATE_KEY_MISSING: Refuse, Reference("Get-ExchangeCertificate"), Assign(private_key_missing)
}

rule! {
    /// What the certificates are assigned to is known.
    ///
    /// Without it nobody can say whether a removal leaves a service without a certificate, so that a
    /// removal or replacement is refused. An assignment goes on with a warning: what is known may
    /// be less than what there is.
    SERVICES_UNKNOWN: Warn, DecidedHere, Both(unknown_at_assignment, unknown_at_removal)
}

fn not_installed(case: &Case<'_>) -> Option<Finding> {
    let server = case.server;
    let is_missing = |thumbprint: &Thumbprint| server.installed(*thumbprint).is_none();
    let assigned = case.assignment.is_some().then(|| case.request.thumbprint()).filter(is_missing);
    let removed = case.request.removes().filter(is_missing);
    let thumbprints: Vec<_> = assigned.into_iter().chain(removed).collect();
    if thumbprints.is_empty() {
        return None;
    }
    let finding = Finding::on_request(Detail::NotInstalled { thumbprints, server: server.name().to_owned() });
    let finding = if assigned.is_some() {
        let holders = case.elsewhere.map(|elsewhere| elsewhere.holders(case.request.thumbprint())).unwrap_or_default();
        let finding = if holders.is_empty() {
            finding
        } else {
            let holders = text::list(&holders);
            finding.advise(format!("it is installed on {holders}: export it there with its private key"))
        };
        finding
            .advise("import the certificate with its private key on this server, or look up the right thumbprint:")
            .command(script::import(server))
    } else {
        finding.advise("look up the right thumbprint:")
    };
    Some(finding.command(script::show_certificates(server)))
}

fn irrevocable(case: &Case<'_>) -> Option<Finding> {
    let taken = case.assignment.as_ref()?.taken();
    (!taken.is_empty()).then(|| {
        Finding::on_request(Detail::Irrevocable { taken })
            .advise("assign another certificate in its place, then remove this one")
    })
}

fn no_services(case: &Case<'_>) -> Option<Finding> {
    let Operation::Assign { services, .. } = case.request.operation() else {
        return None;
    };
    services.is_empty().then(|| {
        let assignable = case.server.hosts() - Service::FEDERATION;
        Finding::on_request(Detail::NoServices).advise(format!("name what this server hosts: {assignable}"))
    })
}

fn private_key_missing(case: &Assignment<'_>) -> Option<Finding> {
    (!case.installed()?.has_private_key()).then(|| {
        Finding::on(case.in_question(), Detail::NoPrivateKey)
            .advise("import a file that holds the private key (.pfx), or recover the link to it:")
            .command(script::repair_key(case.request().thumbprint()))
    })
}

fn unknown_at_assignment(case: &Assignment<'_>) -> Option<Finding> {
    services_unknown(case.server(), case.installed())
}

fn unknown_at_removal(case: &Removal<'_>) -> Option<Finding> {
    Some(services_unknown(case.server(), case.removed())?.with_kind(Kind::Refuse))
}

fn services_unknown(server: &Server, this: Option<&Installed>) -> Option<Finding> {
    let count = server.inventory().unknown_services();
    let this = this.is_some_and(|installed| installed.services().is_none());
    (count > 0).then(|| {
        Finding::on_request(Detail::ServicesUnknown { this, others: count > usize::from(this) })
            .advise("read them from the server, in a session of the Exchange Management Shell there:")
            .command(
                Command::new("Get-ExchangeCertificate")
                    .server(server)
                    .pipe(Command::new("Format-List").word("Thumbprint,Services")),
            )
    })
}
