//! IMAP4 and POP3: one name each, and the certificate that covers it.

use super::selection::is_current;
use super::{Endpoint, EndpointKind, MissingFact, Of, Presented, Reason, View};
use crate::fact::Fact;
use crate::server::{Role, Version};
use crate::service::Service;

pub(super) fn endpoints(view: &View<'_>, endpoints: &mut Vec<Endpoint>) {
    let hosts_client_access = match view.server.version() {
        Version::Exchange2013 => view.server.roles().contains(&Role::ClientAccess),
        _ => view.server.is_mailbox(),
    };
    if hosts_client_access {
        let imap = by_name(view, Service::IMAP, MissingFact::ImapCertificateName);
        endpoints.push(Endpoint::new(view, EndpointKind::Imap, Of::Server, imap));
        let pop = by_name(view, Service::POP, MissingFact::PopCertificateName);
        endpoints.push(Endpoint::new(view, EndpointKind::Pop, Of::Server, pop));
    }
}

/// Assigned or not: Exchange shows a certificate at IMAP and POP since it covers the name.
fn by_name(view: &View<'_>, service: Service, fact: MissingFact) -> Presented {
    let name = match view.certificate_name(service) {
        Fact::NotKnown => return Presented::Unknown(fact),
        Fact::None => return Presented::Nothing,
        Fact::Value(name) => name,
    };
    let mut candidates: Vec<_> = view.covering(&name).filter(|known| known.may_be_presented()).collect();
    if candidates.iter().any(|candidate| is_current(candidate, view.now)) {
        candidates.retain(|candidate| is_current(candidate, view.now));
    }
    // As transport orders them, since no source tells.
    candidates.sort_by_key(|candidate| {
        let certificate = candidate.certificate();
        (certificate.is_self_signed(), std::cmp::Reverse(certificate.starts()), candidate.thumbprint())
    });
    let present = candidates.into_iter().map(|candidate| view.present(candidate));
    Presented::of(present, Reason::CertificateName, Reason::CertificateNameSeveral)
}
