//! Wildcard certificates and the two services that cannot use one.

use crate::case::Assignment;
use crate::commands;
use crate::finding::{Finding, message};
use crate::rule::rule;
use crate::service::Service;
use crate::text::shown;

rule! {
    /// A wildcard certificate cannot be assigned to IMAP.
    ///
    /// Exchange serves IMAP4 by one name: set `X509CertificateName` to the host name that clients
    /// use, and Exchange finds the certificate that covers it.
    WILDCARD_IMAP: Refuse, Article, Assign(|case| wildcard(case, Service::IMAP))
}

rule! {
    /// A wildcard certificate cannot be assigned to POP.
    ///
    /// Exchange serves POP3 by one name: set `X509CertificateName` to the host name that clients
    /// use, and Exchange finds the certificate that covers it.
    WILDCARD_POP: Refuse, Article, Assign(|case| wildcard(case, Service::POP))
}

fn wildcard(case: &Assignment<'_>, service: Service) -> Option<Finding> {
    let installed = case.installed().filter(|_| case.adds(service))?;
    let name = installed.first_wildcard()?.into_owned();
    let message =
        message!(name, service; "{} is a wildcard name, and {service} is served by one host name", shown(name));
    Some(
        Finding::on(service, message)
            .advise("leave the service out, and name the host instead:")
            .command(commands::name_host(case.server(), service, installed.certificate()))
            .command(commands::restart_running(case.server(), service)),
    )
}
