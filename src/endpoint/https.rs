//! The web sites: every https binding has a certificate of its own.

use super::{At, EndpointKind, Flags, MissingFact, Place, Presented, PresentedCertificate, Reason, View};
use crate::server::{DEFAULT_WEB_SITE, EXCHANGE_BACK_END, Installed, LoadBalancing, Server, WebBinding};
use crate::text::{Caseless, same};
use crate::thumbprint::Thumbprint;

pub(super) fn places<'a>(server: &'a Server, places: &mut Vec<Place<'a>>) {
    for kind in hosted_sites(server) {
        let begin = places.len();
        places.extend(bindings(server, kind).into_iter().map(|binding| Place { kind, at: At::Binding(Some(binding)) }));
        if places.len() == begin {
            places.push(Place { kind, at: At::Binding(None) });
        }
    }
}

pub(super) fn presented(view: &View<'_>, kind: EndpointKind, binding: Option<&WebBinding>) -> Presented {
    // No Exchange cmdlet binds a certificate to the Exchange Back End.
    let new = view.gains_iis().filter(|_| kind == EndpointKind::DefaultWebSite);
    match (binding, new, view.server.web_bindings()) {
        (Some(binding), _, _) => bound(view, kind, binding, new),
        (None, Some(new), _) => Presented::Certificate(present(view, kind, None, new), Reason::Bound),
        (None, None, Some(_)) => Presented::Nothing,
        (None, None, None) => by_sites(view, kind),
    }
}

/// The Default Web Site belongs to the Client Access services, the Exchange Back End to the Mailbox role.
fn hosted_sites(server: &Server) -> impl Iterator<Item = EndpointKind> {
    let default = server.has_client_access().then_some(EndpointKind::DefaultWebSite);
    let back_end = server.is_mailbox().then_some(EndpointKind::ExchangeBackEnd);
    default.into_iter().chain(back_end)
}

fn site(kind: EndpointKind) -> u32 {
    if kind == EndpointKind::ExchangeBackEnd { EXCHANGE_BACK_END } else { DEFAULT_WEB_SITE }
}

/// The https bindings of a site, in the order of their ids.
fn bindings(server: &Server, kind: EndpointKind) -> Vec<&WebBinding> {
    let known = server.web_bindings().unwrap_or_default();
    let mut bindings: Vec<_> = known.iter().filter(|binding| binding.site() == site(kind)).collect();
    if bindings.len() > 1 {
        bindings.sort_by_cached_key(|binding| Caseless(binding.id().to_string()));
    }
    bindings
}

/// What a binding has, or may have taken since it was read, or takes with an assignment of IIS.
fn bound(view: &View<'_>, kind: EndpointKind, binding: &WebBinding, new: Option<&Installed>) -> Presented {
    let new = new.map(Installed::thumbprint);
    let has = [binding.thumbprint()].into_iter().chain(binding.perhaps().iter().copied().map(Some));
    let mut several: Vec<_> = match new.filter(|_| binding.follows_assignments()) {
        Some(new) => vec![Some(new)],
        None => has.collect(),
    };
    if new.is_some() && !several.contains(&new) {
        several.push(new);
    }
    let present = |thumbprint: Option<Thumbprint>| {
        let installed = view.installed(thumbprint?)?;
        Some(present(view, kind, Some(binding), installed))
    };
    let several: Vec<_> = several.into_iter().map(present).collect();
    match several.as_slice() {
        [Some(only)] => Presented::Certificate(*only, Reason::Bound),
        _ if several.iter().any(Option::is_some) => Presented::OneOf(several, Reason::MayKeep),
        _ => Presented::Nothing,
    }
}

/// What the bindings have, as far as `IISServices` tells.
fn by_sites(view: &View<'_>, kind: EndpointKind) -> Presented {
    let site = site(kind);
    let inventory = view.server.inventory();
    let counted = view.sites.counted().filter_map(|thumbprint| view.server.installed(thumbprint));
    let counted = counted.filter(|installed| installed.web_sites().is_none());
    let counted = counted.filter(|installed| view.sites.holds(installed, site) == Some(true));
    let is_there = |installed: &&Installed| view.is_there(installed.thumbprint());
    let may_be_there = |installed: &Installed| is_there(&installed) && view.sites.holds(installed, site).is_none();
    let is_open = || {
        inventory.with_iis_at_unknown_sites().any(may_be_there) || inventory.with_unknown_services().any(may_be_there)
    };
    let reason = |installed: &Installed| match installed.thumbprint() {
        _ if installed.web_sites().is_some() => Reason::Site,
        thumbprint if view.sites.is_assigned(thumbprint) => Reason::Bound,
        thumbprint if view.sites.is_back_end(thumbprint) => Reason::LooksLikeBackEnd,
        _ => Reason::OnlyOther,
    };
    let present = |installed| present(view, kind, None, installed);
    let mut there = inventory.at_site(site).chain(counted).filter(is_there);
    match (there.next(), there.next()) {
        (None, _) if is_open() => Presented::Unknown(MissingFact::WebSites),
        (None, _) => Presented::Nothing,
        (Some(only), None) => Presented::Certificate(present(only), reason(only)),
        (Some(first), Some(second)) => {
            let mut several: Vec<_> = [first, second].into_iter().chain(there).collect();
            several.sort_by_key(|installed| installed.thumbprint());
            Presented::OneOf(several.into_iter().map(present).map(Some).collect(), Reason::BindingsDiffer)
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
