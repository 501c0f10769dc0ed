//! The web sites: every https binding has a certificate of its own.

use super::{
    Endpoint, EndpointChange, EndpointKind, Flags, MissingFact, Of, Presented, PresentedCertificate, Reason, View,
};
use crate::change::Change;
use crate::server::{DEFAULT_WEB_SITE, EXCHANGE_BACK_END, Installed, LoadBalancing, Role, Server, Version, WebBinding};
use crate::service::Service;
use crate::text::{Caseless, same};
use crate::thumbprint::Thumbprint;

/// The web sites as they are.
pub(super) fn endpoints(view: &View<'_>, endpoints: &mut Vec<Endpoint>) {
    for (kind, site) in hosted_sites(view.server) {
        let bindings = bindings(view.server, site);
        if bindings.is_empty() {
            let presented = match view.server.web_bindings() {
                Some(_) => Presented::Nothing,
                None => by_sites(view, kind, site),
            };
            endpoints.push(endpoint(view, kind, None, presented));
        }
        for binding in bindings {
            let presented = bound(view, kind, binding);
            endpoints.push(endpoint(view, kind, Some(binding), presented));
        }
    }
}

/// The web sites before and after a change.
pub(super) fn changes(after: &View<'_>, changes: &mut Vec<EndpointChange>) {
    let mut before = Vec::new();
    endpoints(&View { change: None, ..*after }, &mut before);
    let assigned = after.change.filter(|change| change.gained().contains(Service::IIS));
    let new = assigned.and_then(|change| after.server.installed(change.thumbprint()));
    let removed = after.change.and_then(Change::removed);
    for endpoint in before {
        // No Exchange cmdlet binds a certificate to the Exchange Back End.
        let new = new.filter(|_| endpoint.kind == EndpointKind::DefaultWebSite);
        let presented = new.map_or_else(|| endpoint.presented.clone(), |new| with(after, &endpoint, new));
        let presented = removed.map_or_else(|| presented.clone(), |removed| presented.clone().without_removed(removed));
        let before = endpoint.presented.clone();
        changes.push(EndpointChange { before, after: Endpoint { presented, ..endpoint } });
    }
}

/// The Default Web Site belongs to the Client Access services, the Exchange Back End to the Mailbox role.
fn hosted_sites(server: &Server) -> impl Iterator<Item = (EndpointKind, u32)> {
    let has_client_access = match server.version() {
        Version::Exchange2013 => server.roles().contains(&Role::ClientAccess),
        _ => server.is_mailbox(),
    };
    let default = has_client_access.then_some((EndpointKind::DefaultWebSite, DEFAULT_WEB_SITE));
    let back_end = server.is_mailbox().then_some((EndpointKind::ExchangeBackEnd, EXCHANGE_BACK_END));
    default.into_iter().chain(back_end)
}

/// The https bindings of a site, in the order of their ids.
fn bindings(server: &Server, site: u32) -> Vec<&WebBinding> {
    let known = server.web_bindings().unwrap_or_default();
    let mut bindings: Vec<_> = known.iter().filter(|binding| binding.site() == site).collect();
    if bindings.len() > 1 {
        bindings.sort_by_cached_key(|binding| Caseless(binding.id().to_string()));
    }
    bindings
}

fn endpoint(view: &View<'_>, kind: EndpointKind, binding: Option<&WebBinding>, presented: Presented) -> Endpoint {
    Endpoint::new(view, kind, Of::Binding(binding.cloned()), presented)
}

/// What a binding has, or may have taken since it was read.
fn bound(view: &View<'_>, kind: EndpointKind, binding: &WebBinding) -> Presented {
    let present = |thumbprint| {
        let installed = view.installed(thumbprint)?;
        Some(present(view, kind, Some(binding), installed))
    };
    let has = binding.thumbprint().and_then(present);
    match (has, binding.perhaps()) {
        (Some(certificate), []) => Presented::Certificate(certificate, Reason::Bound),
        (None, []) => Presented::Nothing,
        (has, perhaps) => {
            let several: Vec<_> = [has].into_iter().chain(perhaps.iter().map(|known| present(*known))).collect();
            let is_any_there = several.iter().any(Option::is_some);
            if is_any_there { Presented::OneOf(several, Reason::MayKeep) } else { Presented::Nothing }
        }
    }
}

/// What the bindings have, as far as `IISServices` tells.
fn by_sites(view: &View<'_>, kind: EndpointKind, site: u32) -> Presented {
    let inventory = view.server.inventory();
    let counted = view.sites.counted().filter_map(|thumbprint| view.server.installed(thumbprint));
    let counted = counted.filter(|installed| view.sites.holds(installed, site) == Some(true));
    let mut there: Vec<_> = inventory.at_site(site).chain(counted).collect();
    there.sort_by_key(|installed| installed.thumbprint());
    let reason = match there.first() {
        Some(installed) if installed.web_sites().is_some() => Reason::Site,
        Some(installed) if view.sites.is_back_end(installed.thumbprint()) => Reason::LooksLikeBackEnd,
        _ => Reason::OnlyOther,
    };
    let may_be_there = |installed: &Installed| view.sites.holds(installed, site).is_none();
    let is_open = || {
        inventory.with_iis_at_unknown_sites().any(may_be_there) || inventory.with_unknown_services().any(may_be_there)
    };
    if there.is_empty() && is_open() {
        return Presented::Unknown(MissingFact::WebSites);
    }
    let present = there.into_iter().map(|installed| present(view, kind, None, installed));
    Presented::of(present, reason, Reason::BindingsDiffer)
}

/// What an endpoint of the Default Web Site presents once IIS is assigned to a certificate.
fn with(view: &View<'_>, endpoint: &Endpoint, new: &Installed) -> Presented {
    let new = present(view, endpoint.kind, endpoint.binding(), new);
    let takes_it = endpoint.binding().is_none_or(WebBinding::follows_assignments);
    if takes_it || endpoint.presented.is(new.thumbprint) {
        return Presented::Certificate(new, Reason::Bound);
    }
    let mut several: Vec<_> = match &endpoint.presented {
        Presented::OneOf(several, _) => several.clone(),
        Presented::Certificate(old, _) => vec![Some(*old)],
        _ => vec![None],
    };
    if !several.iter().flatten().any(|known| known.thumbprint == new.thumbprint) {
        several.push(Some(new));
    }
    Presented::OneOf(several, Reason::MayKeep)
}

impl Presented {
    /// A binding keeps naming a certificate that is removed, and then presents none.
    fn without_removed(self, removed: Thumbprint) -> Self {
        match self {
            Self::Certificate(certificate, _) if certificate.thumbprint == removed => Self::Nothing,
            Self::OneOf(several, reason) if several.iter().flatten().any(|known| known.thumbprint == removed) => {
                let left: Vec<_> =
                    several.into_iter().map(|known| known.filter(|known| known.thumbprint != removed)).collect();
                let is_any_left = left.iter().any(Option::is_some);
                if is_any_left { Self::OneOf(left, reason) } else { Self::Nothing }
            }
            other => other,
        }
    }
}

fn present(
    view: &View<'_>,
    kind: EndpointKind,
    binding: Option<&WebBinding>,
    installed: &Installed,
) -> PresentedCertificate {
    let lacks =
        kind == EndpointKind::DefaultWebSite && !asked_names(view.server, binding).all(|name| installed.covers(name));
    view.present(installed).with(Flags::NAME, lacks)
}

/// The names that clients ask a binding for: one with a host name answers for that alone.
///
/// None of a layer-7 balancer's, which ends TLS itself, and none of the loopback.
pub(crate) fn asked_names<'a>(server: &'a Server, binding: Option<&'a WebBinding>) -> impl Iterator<Item = &'a String> {
    let is_asked = server.load_balancing() != LoadBalancing::Layer7
        && binding.is_none_or(|binding| binding.address() != "127.0.0.1");
    let names = server.client_names().filter(|_| is_asked).unwrap_or_default();
    let host = binding.and_then(WebBinding::host);
    names.iter().filter(move |name| match host {
        Some(host) => same(host, name),
        None => !has_host_binding(server, name),
    })
}

/// Whether a binding of the Default Web Site answers for this host name alone.
pub(crate) fn has_host_binding(server: &Server, name: &str) -> bool {
    let bindings = server.web_bindings().unwrap_or_default().iter();
    bindings
        .filter(|binding| binding.site() == DEFAULT_WEB_SITE)
        .any(|binding| binding.host().is_some_and(|host| same(host, name)))
}
