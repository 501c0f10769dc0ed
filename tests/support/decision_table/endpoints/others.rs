//! IMAP and POP, traffic between servers, EdgeSync and Unified Messaging (§4.3, §4.6 to §4.8).

use super::super::facts::*;
use super::super::rank::{Flag, Shown};
use super::super::selection::{SERVICES_NOT_KNOWN, by_thumbprint, in_order};
use super::super::state::View;
use super::{Endpoint, EndpointKind, Presents, any_of};

/// Whatever is assigned: IMAP and POP go by `X509CertificateName`.
pub fn by_certificate_name(view: View<'_>, kind: EndpointKind) -> Endpoint {
    let (id, name, fact) = match kind {
        EndpointKind::Imap => ("imap", &view.state.imap_name, "ImapSettings.X509CertificateName"),
        _ => ("pop", &view.state.pop_name, "PopSettings.X509CertificateName"),
    };
    let answer = match (name, name.set()) {
        (Fact::NotKnown, _) => Presents::Unknown(vec![fact]),
        (_, None) => Presents::Nothing,
        (_, Some(name)) => any_of(shown(view, in_order(&view.server.certificates, covering(view, name)))),
    };
    Endpoint::new(kind, id.to_owned(), answer)
}

fn covering(view: View<'_>, name: &str) -> Vec<usize> {
    let certificates = &view.server.certificates;
    let fits = |index: &usize| {
        let it = &certificates[*index];
        it.has_private_key && !it.is_unusable(view.now) && covered(&it.domains(), name)
    };
    let candidates: Vec<usize> = view.state.installed().filter(fits).collect();
    let within: Vec<usize> =
        candidates.iter().copied().filter(|index| !certificates[*index].is_outside_dates(view.now)).collect();
    if within.is_empty() { candidates } else { within }
}

pub fn internal(view: View<'_>) -> Endpoint {
    Endpoint::new(EndpointKind::Internal, "internal".to_owned(), default_smtp(view, false)).internal()
}

pub fn edge_sync(view: View<'_>) -> Option<Endpoint> {
    let mailbox = view.server.roles.contains(&Role::Mailbox);
    let synchronises = view.server.edge_subscribed && (mailbox || view.server.is_edge());
    synchronises
        .then(|| Endpoint::new(EndpointKind::EdgeSync, "edgesync".to_owned(), default_smtp(view, mailbox)).internal())
}

fn default_smtp(view: View<'_>, needs_csp: bool) -> Presents {
    match view.state.default_smtp {
        DefaultSmtp::NotKnown => Presents::Unknown(vec!["TransportService.InternalTransportCertificateThumbprint"]),
        DefaultSmtp::Installed(index) if view.state.installed[index] => {
            let ksp = view.server.certificates[index].key_storage == Some(KeyStorage::Ksp);
            Presents::Certificate(Shown::new(view.now, view.server, index).with(Flag::Ksp, needs_csp && ksp))
        }
        // Nothing moves the default when its certificate goes.
        DefaultSmtp::Installed(_)
        | DefaultSmtp::Nothing
        | DefaultSmtp::NotInstalled
        | DefaultSmtp::NotInstalledRequested => Presents::Nothing,
    }
}

pub fn unified_messaging(view: View<'_>) -> Vec<Endpoint> {
    let server = view.server;
    let modes = [
        (EndpointKind::UnifiedMessaging, "um", server.um_startup_mode),
        (EndpointKind::CallRouter, "um-call-router", server.um_call_router_startup_mode),
    ];
    let here = modes.into_iter().filter(|(kind, ..)| server.hosted() & kind.service() != 0);
    here.map(|(kind, id, mode)| {
        let answer = if mode == StartupMode::Tcp { Presents::NotOffered } else { with_service(view, kind.service()) };
        Endpoint::new(kind, id.to_owned(), answer).internal()
    })
    .collect()
}

fn with_service(view: View<'_>, service: u8) -> Presents {
    if view.state.installed().any(|index| !view.state.knows(index, service)) {
        return Presents::Unknown(vec![SERVICES_NOT_KNOWN]);
    }
    let certificates = &view.server.certificates;
    let assigned = view.state.installed().filter(|index| view.state.has(*index, service)).collect();
    let mut assigned = by_thumbprint(certificates, assigned);
    assigned.sort_by_key(|index| certificates[*index].self_signed);
    any_of(shown(view, assigned))
}

fn shown(view: View<'_>, indices: Vec<usize>) -> Vec<Option<Shown>> {
    indices.into_iter().map(|index| Some(Shown::new(view.now, view.server, index))).collect()
}
