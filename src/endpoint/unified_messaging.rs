//! Unified Messaging and its call router, on 2013 and 2016.

use super::{Endpoint, EndpointKind, MissingFact, NotOffered, Of, Presented, Reason, View};
use crate::server::StartupMode;
use crate::service::Service;

pub(super) fn endpoints(view: &View<'_>, endpoints: &mut Vec<Endpoint>) {
    let server = view.server;
    for (kind, mode) in [
        (EndpointKind::UnifiedMessaging, server.um_startup_mode()),
        (EndpointKind::CallRouter, server.um_call_router_startup_mode()),
    ] {
        if server.hosts().contains(kind.service()) {
            endpoints.push(Endpoint::new(view, kind, Of::Server, assigned(view, kind.service(), mode)));
        }
    }
}

fn assigned(view: &View<'_>, service: Service, mode: StartupMode) -> Presented {
    if mode == StartupMode::Tcp {
        return Presented::NotOffered(NotOffered::StartupMode);
    }
    let is_open = view
        .server
        .inventory()
        .with_unknown_services()
        .any(|installed| view.is_there(installed.thumbprint()) && !view.services(installed).contains(service));
    if is_open {
        return Presented::Unknown(MissingFact::Services);
    }
    let mut holders = view.holders(service);
    holders.sort_by_key(|holder| (holder.certificate().is_self_signed(), holder.thumbprint()));
    let present = holders.into_iter().map(|holder| view.present(holder));
    Presented::of(present, Reason::Assigned, Reason::AssignedSeveral)
}
