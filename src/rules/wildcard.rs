//! Wildcard certificates and the two services that cannot use one.

use crate::case::Assignment;
use crate::finding::{Detail, Finding};
use crate::powershell::Command;
use crate::rule::rule;
use crate::service::Service;

rule! {
    /// A wildcard certificate is not assigned to IMAP.
    ///
    /// Exchange serves IMAP4 by one name: set `X509CertificateName` to the host name that clients
    /// use, and Exchange finds the certificate that covers it.
    WILDCARD_IMAP: Refuse, Article, Assign(wildcard_imap)
}

rule! {
    /// A wildcard certificate is not assigned to POP.
    ///
    /// Exchange serves POP3 by one name: set `X509CertificateName` to the host name that clients
    /// use, and Exchange finds the certificate that covers it.
    WILDCARD_POP: Refuse, Article, Assign(wildcard_pop)
}

fn wildcard_imap(case: &Assignment<'_>) -> Option<Finding> {
    wildcard(case, Service::IMAP, case.server().imap_certificate_name(), "Set-ImapSettings")
}

fn wildcard_pop(case: &Assignment<'_>) -> Option<Finding> {
    wildcard(case, Service::POP, case.server().pop_certificate_name(), "Set-PopSettings")
}

fn wildcard(case: &Assignment<'_>, service: Service, present: Option<&str>, cmdlet: &'static str) -> Option<Finding> {
    let certificate = case.certificate().filter(|_| case.adds(service))?;
    let name = certificate.first_wildcard()?.into_owned();
    let finding = Finding::on(service, Detail::Wildcard { service, name });
    let covered = present.filter(|name| certificate.covers(name)).map(str::to_owned);
    let host = covered.or_else(|| {
        let domains = certificate.domains();
        domains.iter().find(|domain| !domain.contains('*')).map(|domain| domain.clone().into_owned())
    });
    let set = Command::new(cmdlet).server(case.server());
    let finding = finding.advise("leave the service out, and name the host instead:");
    let finding = match host {
        Some(host) => finding.command(set.value("X509CertificateName", host)),
        None => finding.command(set.value("X509CertificateName", "the name that clients use")),
    };
    Some(finding.command(Command::restart(service)))
}
