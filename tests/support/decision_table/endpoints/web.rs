//! The Default Web Site and the Exchange Back End (§4.1, §4.2).

use super::super::facts::*;
use super::super::rank::{Flag, Shown};
use super::super::selection::by_thumbprint;
use super::super::sites::{Binding, Bound};
use super::super::state::View;
use super::{Endpoint, EndpointKind, Presents, any_of};

pub fn of_site(view: View<'_>, site: u32) -> Vec<Endpoint> {
    let usual = Binding::every_address(if site == DEFAULT_WEB_SITE { "443" } else { "444" });
    let Some(bindings) = &view.state.bindings else {
        return vec![endpoint(site, &usual, shown_by_exchange(view, site))];
    };
    let bound: Vec<&Bound> = bindings.iter().filter(|it| it.site == site).collect();
    if bound.is_empty() {
        return vec![endpoint(site, &usual, Presents::Nothing)];
    }
    let one = |it: &Bound| {
        let of_binding = |certificate: &Option<usize>| {
            let index = certificate.filter(|index| view.state.installed[*index])?;
            Some(shown(view, site, Some(&it.binding), index))
        };
        let answer = any_of(it.certificates.iter().map(of_binding).collect());
        Endpoint { binding: Some(it.binding.clone()), ..endpoint(site, &it.binding, answer) }
    };
    bound.into_iter().map(one).collect()
}

fn endpoint(site: u32, binding: &Binding, answer: Presents) -> Endpoint {
    let id = format!("https/{site}/{binding}");
    let kind = if site == DEFAULT_WEB_SITE { EndpointKind::DefaultWebSite } else { EndpointKind::BackEnd };
    let endpoint = Endpoint::new(kind, id, answer);
    if kind == EndpointKind::BackEnd || binding.is_loopback() { endpoint.internal() } else { endpoint }
}

/// Where no binding is known.
fn shown_by_exchange(view: View<'_>, site: u32) -> Presents {
    let at = |index: &usize| view.state.sites[*index].at(site);
    let bound: Vec<usize> = view.state.installed().filter(|index| at(index) == Some(true)).collect();
    if bound.is_empty() && view.state.installed().any(|index| at(&index).is_none()) {
        return Presents::Unknown(vec!["ExchangeCertificate.IISServices"]);
    }
    let bound = by_thumbprint(&view.server.certificates, bound);
    any_of(bound.into_iter().map(|index| Some(shown(view, site, None, index))).collect())
}

fn shown(view: View<'_>, site: u32, binding: Option<&Binding>, index: usize) -> Shown {
    let judged = site == DEFAULT_WEB_SITE
        && !binding.is_some_and(Binding::is_loopback)
        && view.server.load_balancing != LoadBalancing::Layer7;
    let domains = view.server.certificates[index].domains();
    let uncovered = |name: &String| asked_of(view, binding, name) && !covered(&domains, name);
    let misses = view.server.client_names.as_ref().is_some_and(|names| names.iter().any(uncovered));
    Shown::new(view.now, view.server, index).with(Flag::Name, judged && misses)
}

/// §3: a name that a binding has is asked of that binding alone.
fn asked_of(view: View<'_>, binding: Option<&Binding>, name: &str) -> bool {
    match binding.filter(|it| !it.host.is_empty()) {
        Some(binding) => binding.host.eq_ignore_ascii_case(name),
        None => !view.state.has_binding_of(name),
    }
}
