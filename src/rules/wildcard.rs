//! Wildcard certificates and the two services that cannot use one.

use crate::case::Assignment;
use crate::finding::{Detail, Finding};
use crate::powershell::Command;
use crate::rule::rule;
use crate::script;
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
    wildcard(case, Service::IMAP)
}

fn wildcard_pop(case: &Assignment<'_>) -> Option<Finding> {
    wildcard(case, Service::POP)
}

fn wildcard(case: &Assignment<'_>, service: Service) -> Option<Finding> {
    let installed = case.installed().filter(|_| case.adds(service))?;
    let name = installed.first_wildcard()?.into_owned();
    Some(
        Finding::on(service, Detail::Wildcard { service, name })
            .advise("leave the service out, and name the host instead:")
            .command(script::name_host(case.server(), service, installed.certificate()))
            .command(Command::restart(service)),
    )
}
