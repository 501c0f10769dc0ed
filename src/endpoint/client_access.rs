//! IMAP4 and POP3: one name each, and the certificate that covers it.

use super::selection::is_current;
use super::{EndpointKind, Found, MissingFact, Place, Presented, Reason, View};
use crate::fact::Fact;
use crate::server::{Installed, Server};

pub(super) fn places(server: &Server, places: &mut Vec<Place<'_>>) {
    if server.has_client_access() {
        places.extend([EndpointKind::Imap, EndpointKind::Pop].map(Place::of_server));
    }
}

/// Assigned or not: Exchange shows a certificate at IMAP and POP since it covers the name.
pub(super) fn presented<'a>(view: &View<'a>, kind: EndpointKind, found: &mut Found<'a>) -> Presented {
    let name = match view.certificate_name(kind.service()) {
        Fact::NotKnown if kind == EndpointKind::Imap => return Presented::Unknown(MissingFact::ImapCertificateName),
        Fact::NotKnown => return Presented::Unknown(MissingFact::PopCertificateName),
        Fact::None => return Presented::Nothing,
        Fact::Value(name) => name,
    };
    found.covering(view, name, |covering| by_name(view, covering))
}

fn by_name<'a>(view: &View<'a>, covering: &[&'a Installed]) -> Presented {
    let mut presentable = view.presentable(covering.iter().copied());
    let mut candidates = match (presentable.next(), presentable.next()) {
        (None, _) => return Presented::Nothing,
        (Some(only), None) => return Presented::Certificate(view.present(only), Reason::CertificateName),
        (Some(first), Some(second)) => [first, second].into_iter().chain(presentable).collect::<Vec<_>>(),
    };
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
