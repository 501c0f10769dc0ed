//! Unified Messaging and its call router, on 2013 and 2016.

use super::{EndpointKind, MissingFact, NotOffered, Place, Presented, Reason, View};
use crate::server::{Server, StartupMode};

pub(super) fn places(server: &Server, places: &mut Vec<Place<'_>>) {
    let kinds = [EndpointKind::UnifiedMessaging, EndpointKind::CallRouter];
    let hosted = kinds.into_iter().filter(|kind| server.hosts().contains(kind.service()));
    places.extend(hosted.map(Place::of_server));
}

pub(super) fn presented(view: &View<'_>, kind: EndpointKind) -> Presented {
    let service = kind.service();
    let mode = match kind {
        EndpointKind::CallRouter => view.server.um_call_router_startup_mode(),
        _ => view.server.um_startup_mode(),
    };
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
