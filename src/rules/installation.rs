//! Whether there is something to assign, and whether the request only adds.

use crate::block::Block;
use crate::case::{Assignment, Case};
use crate::commands;
use crate::finding::{Finding, Kind, message};
use crate::remedy;
use crate::request::Operation;
use crate::rule::rule;
use crate::server::{Installed, NotReadKind, Server};
use crate::service::Service;
use crate::text::{self, shown};
use crate::thumbprint::Thumbprint;

rule! {
    /// The certificate must be installed on the server.
    ///
    /// Exchange assigns what is in the store of the server itself: a certificate on another server,
    /// or in a file, has to be imported first. A replacement needs both certificates.
    CERTIFICATE_NOT_INSTALLED: Refuse, Article, Request(not_installed)
}

fn not_installed(case: &Case<'_>) -> Option<Finding> {
    let server = case.server;
    if matches!(case.request.operation(), Operation::Renew { .. }) {
        return Some(renews_nothing(case));
    }
    let is_missing = |thumbprint: &Thumbprint| server.installed(*thumbprint).is_none();
    let assigned = case.assignment.is_some().then(|| case.request.thumbprint()).filter(is_missing);
    let old = case.request.old().or(case.request.removes()).filter(is_missing);
    let thumbprints: Vec<_> = assigned.into_iter().chain(old).collect();
    if thumbprints.is_empty() {
        return None;
    }
    let name = server.name().to_owned();
    let finding = Finding::on_request(if server.unread(NotReadKind::Certificates).is_some() {
        message!(
            thumbprints, server = name;
            "{} not among the certificates of {} that were read", named(thumbprints), shown(server)
        )
    } else {
        message!(thumbprints, server = name; "{} not installed on {}", named(thumbprints), shown(server))
    });
    if assigned.is_none() {
        return Some(finding.advise("look up the right thumbprint:").command(commands::show_certificates(server)));
    }
    let holders = case.elsewhere.map(|elsewhere| elsewhere.holders(case.request.thumbprint())).unwrap_or_default();
    let copy = remedy::copy(&holders, case.request.thumbprint(), server);
    let import = "import it with its private key:";
    let import = if copy.is_some() { "or import it from a file:" } else { import };
    Some(
        finding
            .steps(copy)
            .advise(import)
            .command(commands::import(server))
            .advise("or look up the right thumbprint:")
            .command(commands::show_certificates(server)),
    )
}

/// A renewal without anything to renew.
fn renews_nothing(case: &Case<'_>) -> Finding {
    let (server, thumbprint) = (case.server, case.request.thumbprint());
    let name = server.name().to_owned();
    let Some(new) = server.installed(thumbprint) else {
        let message =
            message!(thumbprint, server = name; "the certificate {thumbprint} is not installed on {}", shown(server));
        return Finding::on_request(message)
            .advise("import it with its private key:")
            .command(commands::import(server));
    };
    let nearest = server.nearest_renewed_by(new.certificate());
    let message = message!(
        thumbprint, server = name;
        "{thumbprint} renews no certificate of {} that has a service", shown(server)
    );
    Finding::on_request(message).steps(nearest.map(|nearest| Block::words_alone(nearest.to_string())))
}

fn named(thumbprints: &[Thumbprint]) -> String {
    match thumbprints {
        [thumbprint] => format!("the certificate {thumbprint} is"),
        _ => format!("the certificates {} are", text::joined(thumbprints, " and ")),
    }
}

rule! {
    /// A service cannot be taken away from a certificate.
    ///
    /// No cmdlet and no dialog does it. A request that asks for it, or for an exact set that lacks a
    /// service which the certificate has, is refused.
    ASSIGNMENT_IRREVOCABLE: Refuse, Article, Request(irrevocable)
}

fn irrevocable(case: &Case<'_>) -> Option<Finding> {
    let services = case.assignment.as_ref()?.taken();
    (!services.is_empty()).then(|| {
        let message = message!(services; "the certificate has {services}, and an assignment can never be taken back");
        Finding::on_request(message).advise("assign another certificate in its place, then remove this one")
    })
}

rule! {
    /// The request must name at least one service.
    NO_SERVICES: Refuse, Reference("Enable-ExchangeCertificate"), Request(no_services)
}

fn no_services(case: &Case<'_>) -> Option<Finding> {
    let Operation::Assign { services, .. } = case.request.operation() else {
        return None;
    };
    services.is_empty().then(|| {
        let assignable = case.server.hosts() - Service::FEDERATION;
        Finding::on_request("the request names no service").advise(format!("name what this server hosts: {assignable}"))
    })
}

rule! {
    /// The server must have the private key.
    ///
    /// Without it the server cannot prove that the certificate is its own. A certificate file
    /// without the key, or a request completed on another server, leaves it that way.
    PRIVATE_KEY_MISSING: Refuse, Reference("Get-ExchangeCertificate"), Assign(private_key_missing)
}

fn private_key_missing(case: &Assignment<'_>) -> Option<Finding> {
    (!case.installed()?.has_private_key()).then(|| {
        Finding::on(case.in_question(), "the certificate has no private key on this server")
            .advise("import a file that holds the private key (.pfx), or recover the link to it:")
            .command(commands::repair_key(case.server(), case.request().thumbprint()))
    })
}

rule! {
    /// It is not known which services the installed certificates are assigned to.
    ///
    /// A removal or replacement may then leave a service without a certificate, so it is refused. An
    /// assignment goes on with a warning: what is known may be less than what there is.
    SERVICES_UNKNOWN: Refuse | Warn, DecidedHere,
    Both(
        |case| Some(services_unknown(case.server(), case.installed())?.with_kind(Kind::Warn)),
        |case| services_unknown(case.server(), case.removed())
    )
}

fn services_unknown(server: &Server, this: Option<&Installed>) -> Option<Finding> {
    let certificates = server.inventory().unknown_services();
    let is_this = this.is_some_and(|installed| installed.services().is_none());
    let message = match (certificates, is_this) {
        (0, _) => return None,
        (1, true) => message!(certificates; "it is not known which services this certificate is assigned to"),
        (_, true) => message!(
            certificates;
            "it is not known which services this certificate and other installed ones are assigned to"
        ),
        _ => message!(certificates; "it is not known which services other installed certificates are assigned to"),
    };
    let remedy = "read them from the server, in a session of the Exchange Management Shell there:";
    Some(Finding::on_request(message).advise(remedy).command(commands::show_services(server)))
}
