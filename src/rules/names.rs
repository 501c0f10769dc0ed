//! The names of the certificate against the names that clients use.

use crate::case::Assignment;
use crate::finding::{Detail, Finding};
use crate::powershell::Command;
use crate::rule::rule;
use crate::service::Service;

rule! {
    /// The certificate holds the name that IMAP clients connect by.
    ///
    /// The assignment sets `X509CertificateName` of IMAP to the first domain of the certificate. Where
    /// the name set now is none of its domains, whoever connects by it is warned by his client.
    IMAP_NAME_MISMATCH: Warn, Reference("Set-ImapSettings"), Assign(imap_mismatch)
}

rule! {
    /// The certificate holds the name that POP clients connect by.
    ///
    /// The assignment sets `X509CertificateName` of POP to the first domain of the certificate. Where
    /// the name set now is none of its domains, whoever connects by it is warned by his client.
    POP_NAME_MISMATCH: Warn, Reference("Set-PopSettings"), Assign(pop_mismatch)
}

rule! {
    /// The IMAP certificate name is set back after the assignment.
    ///
    /// The assignment overwrites `X509CertificateName` with the first domain of the certificate, though
    /// the name set now is among its domains too.
    RESTORE_IMAP_NAME: FollowUp, Support, Assign(restore_imap)
}

rule! {
    /// The POP certificate name is set back after the assignment.
    ///
    /// The assignment overwrites `X509CertificateName` with the first domain of the certificate, though
    /// the name set now is among its domains too.
    RESTORE_POP_NAME: FollowUp, Support, Assign(restore_pop)
}

rule! {
    /// The certificate covers every host name that clients use.
    ///
    /// Those are the names of the virtual directories' URLs, of Outlook Anywhere and of Autodiscover.
    IIS_NAME_NOT_COVERED: Warn, Support, Assign(iis_not_covered)
}

rule! {
    /// The certificate holds a DNS name.
    ///
    /// Clients and partners compare the host that they connect to with the DNS names of the
    /// certificate. One without any, like the Auth certificate of Exchange, serves none of them.
    NO_DOMAIN: Warn, Encryption, Assign(no_domain)
}

fn imap_mismatch(case: &Assignment<'_>) -> Option<Finding> {
    mismatch(case, Service::IMAP, case.server().imap_certificate_name())
}

fn pop_mismatch(case: &Assignment<'_>) -> Option<Finding> {
    mismatch(case, Service::POP, case.server().pop_certificate_name())
}

fn mismatch(case: &Assignment<'_>, service: Service, present: Option<&str>) -> Option<Finding> {
    let installed = case.installed().filter(|_| case.adds(service))?;
    let is_held = |name: &str| installed.is_wildcard() || installed.has_domain(name);
    let name = present.filter(|name| !is_held(name))?.to_owned();
    let detail = match installed.first_domain() {
        Some(first) => Detail::NameChanges { service, from: name, to: first.into_owned() },
        None => Detail::NameStays { service, name },
    };
    Some(Finding::on(service, detail).advise("assign a certificate that holds the name, or tell who connects by it"))
}

fn restore_imap(case: &Assignment<'_>) -> Option<Finding> {
    restore(case, Service::IMAP, case.server().imap_certificate_name(), "Set-ImapSettings")
}

fn restore_pop(case: &Assignment<'_>) -> Option<Finding> {
    restore(case, Service::POP, case.server().pop_certificate_name(), "Set-PopSettings")
}

fn restore(case: &Assignment<'_>, service: Service, present: Option<&str>, cmdlet: &'static str) -> Option<Finding> {
    let installed = case.installed().filter(|_| case.adds(service))?;
    let from = present.filter(|name| installed.has_domain(name))?;
    let to = installed.first_domain().filter(|first| !first.eq_ignore_ascii_case(from))?;
    let set = Command::new(cmdlet).server(case.server()).value("X509CertificateName", from.to_owned());
    Some(
        Finding::on(service, Detail::NameOverwritten { service, from: from.to_owned(), to: to.into_owned() })
            .command(set)
            .command(Command::restart(service)),
    )
}

fn iis_not_covered(case: &Assignment<'_>) -> Option<Finding> {
    let installed = case.installed().filter(|_| case.adds(Service::IIS))?;
    let used = case.server().client_names()?;
    let names: Vec<_> = used.iter().filter(|name| !installed.covers(name)).cloned().collect();
    (!names.is_empty()).then(|| {
        Finding::on(Service::IIS, Detail::ClientNames { names })
            .advise("request a certificate that holds these names too, or change the URLs that clients are given")
    })
}

fn no_domain(case: &Assignment<'_>) -> Option<Finding> {
    let services = case.in_question() & (Service::IIS | Service::IMAP | Service::POP | Service::SMTP);
    let is_bare = !case.installed()?.has_domains();
    (is_bare && !services.is_empty()).then(|| {
        Finding::on(services, Detail::NoDomain)
            .advise("request a certificate with the host names as subject alternative names")
    })
}
