//! The names of the certificate against the names that clients use.

use crate::case::Assignment;
use crate::commands;
use crate::endpoint::has_host_binding;
use crate::finding::{Finding, message};
use crate::rule::rule;
use crate::server::{NotReadKind, Server};
use crate::service::Service;
use crate::text::{list, shown};

rule! {
    /// The certificate should include the name that IMAP clients use.
    ///
    /// The assignment sets `X509CertificateName` of IMAP to the first domain of the certificate. If the
    /// name set now is not among its domains, clients that connect by that name show a warning. On a fresh
    /// server, where only self-signed certificates cover the name, they did so before.
    IMAP_NAME_MISMATCH: Warn, Reference("Set-ImapSettings"), Assign(|case| mismatch(case, Service::IMAP))
}

rule! {
    /// The certificate should include the name that POP clients use.
    ///
    /// The assignment sets `X509CertificateName` of POP to the first domain of the certificate. If the
    /// name set now is not among its domains, clients that connect by that name show a warning. On a fresh
    /// server, where only self-signed certificates cover the name, they did so before.
    POP_NAME_MISMATCH: Warn, Reference("Set-PopSettings"), Assign(|case| mismatch(case, Service::POP))
}

fn mismatch(case: &Assignment<'_>, service: Service) -> Option<Finding> {
    let installed = case.installed().filter(|_| case.adds(service))?;
    let is_held = |name: &str| installed.is_wildcard() || installed.has_domain(name);
    let from = case.server().certificate_name(service).value().filter(|name| !is_held(name))?.to_owned();
    if is_fresh(case.server(), &from) {
        return None;
    }
    let message = match installed.first_domain() {
        Some(first) => message!(
            service, from, to = first.into_owned();
            "the {service} certificate name would change from {} to {}, and clients that connect by the old name would \
             show a warning",
            shown(from), shown(to)
        ),
        None => message!(
            service, from;
            "the {service} certificate name stays {}, which the certificate does not include, so clients would show \
             a warning",
            shown(from)
        ),
    };
    let advice = "assign a certificate that includes the name, or tell the users that connect by it";
    Some(Finding::on(service, message).advise(advice))
}

/// Whether only self-signed certificates cover the name: no client has been able to rely on it.
fn is_fresh(server: &Server, name: &str) -> bool {
    // Another one may stand in what was not read.
    let is_read = server.unread(NotReadKind::Certificates).is_none();
    let mut covering = server.certificates().filter(|installed| installed.covers(name)).peekable();
    is_read && covering.peek().is_some() && covering.all(|installed| installed.certificate().is_self_signed())
}

rule! {
    /// Set the IMAP certificate name back after the assignment.
    ///
    /// The assignment overwrites `X509CertificateName` with the first domain of the certificate, though
    /// the name set now is among its domains too.
    RESTORE_IMAP_NAME: FollowUp, Support, Assign(|case| restore(case, Service::IMAP))
}

rule! {
    /// Set the POP certificate name back after the assignment.
    ///
    /// The assignment overwrites `X509CertificateName` with the first domain of the certificate, though
    /// the name set now is among its domains too.
    RESTORE_POP_NAME: FollowUp, Support, Assign(|case| restore(case, Service::POP))
}

fn restore(case: &Assignment<'_>, service: Service) -> Option<Finding> {
    let installed = case.installed().filter(|_| case.adds(service))?;
    let from = case.server().certificate_name(service).value().filter(|name| installed.has_domain(name))?;
    let to = installed.first_domain().filter(|first| !first.eq_ignore_ascii_case(from))?;
    let message = message!(
        service, from = from.to_owned(), to = to.into_owned();
        "the assignment changes the {service} certificate name from {} to {}, though the certificate includes both",
        shown(from), shown(to)
    );
    Some(
        Finding::on(service, message)
            .command(commands::set_certificate_name(case.server(), service, from.to_owned()))
            .command(commands::restart_running(case.server(), service)),
    )
}

rule! {
    /// The certificate should cover every host name that clients use.
    ///
    /// Those are the names of the virtual directories' URLs, of Outlook Anywhere and of Autodiscover. A name that has
    /// a binding of its own is not among them: that binding has a certificate of its own.
    IIS_NAME_NOT_COVERED: Warn, Support, Assign(iis_not_covered)
}

fn iis_not_covered(case: &Assignment<'_>) -> Option<Finding> {
    let installed = case.installed().filter(|_| case.adds(Service::IIS))?;
    let used = case.server().client_names()?;
    let is_lacking = |name: &&String| !installed.covers(name) && !has_host_binding(case.server(), name);
    let names: Vec<_> = used.iter().filter(is_lacking).cloned().collect();
    (!names.is_empty()).then(|| {
        let message = message!(names; "clients use {}, which the certificate does not cover", list(names));
        Finding::on(Service::IIS, message)
            .advise("request a certificate that covers these names too, or change the URLs that clients are given")
    })
}

rule! {
    /// The certificate should contain a DNS name.
    ///
    /// Clients and partners compare the host that they connect to with the DNS names of the
    /// certificate. One without any, like the Auth certificate of Exchange, serves none of them.
    NO_DOMAIN: Warn, Encryption, Assign(no_domain)
}

fn no_domain(case: &Assignment<'_>) -> Option<Finding> {
    let services = case.in_question() & (Service::IIS | Service::IMAP | Service::POP | Service::SMTP);
    let is_bare = !case.installed()?.has_domains();
    (is_bare && !services.is_empty()).then(|| {
        Finding::on(services, "the certificate contains no DNS name")
            .advise("request a certificate with the host names as subject alternative names")
    })
}
