//! How transport chooses a certificate: by the name that a connector gives, or by a host name.

use super::{Reason, View};
use crate::server::{Installed, Status, TlsCertificateName};
use crate::service::Service;
use crate::time::Timestamp;

/// What transport chooses.
#[derive(Clone, Debug)]
pub(super) enum Chosen<'a> {
    Nothing,
    One(&'a Installed, Reason),
    /// The sources disagree or are silent; in the order in which they are named.
    OneOf(Vec<&'a Installed>, Reason),
    /// What a certificate is assigned to was not exported.
    ServicesUnknown,
}

/// By name: `TlsCertificateName` is set, and is looked for among issuers and subjects.
///
/// Neither the FQDN nor SMTP plays a part: a certificate that is only imported is chosen, and TLS then fails.
pub(super) fn named<'a>(view: &View<'a>, found: &[&'a Installed]) -> Chosen<'a> {
    let (best, reason) = best_by_name(view, found);
    chosen(view, best, reason, reason)
}

/// What is found by a name, whatever it is assigned to: none, one, or several of which one is used.
pub(crate) fn found_by_name<'a>(view: &View<'a>, name: &TlsCertificateName) -> Vec<&'a Installed> {
    let found: Vec<_> = view.server.inventory().named(name).collect();
    best_by_name(view, &found).0
}

fn best_by_name<'a>(view: &View<'a>, found: &[&'a Installed]) -> (Vec<&'a Installed>, Reason) {
    let candidates: Vec<_> = view.presentable(found.iter().copied()).collect();
    if candidates.len() == 1 {
        return (candidates, Reason::Named);
    }
    let best = best_named(&candidates);
    let &[winner] = best.as_slice() else { return (best, Reason::NamedSeveral) };
    let mut valid = candidates;
    valid.retain(|candidate| is_valid(candidate, view.now));
    if is_valid(winner, view.now) || valid.is_empty() {
        return (best, Reason::Named);
    }
    let mut several = best_named(&valid);
    several.push(winner);
    (several, Reason::NamedDoubtful)
}

/// The one that expires last, and the one that is valid latest (not self-signed ones first), which nearly always are
/// one: Microsoft's team blog says the former, its reference the latter.
fn best_named<'a>(candidates: &[&'a Installed]) -> Vec<&'a Installed> {
    let by_end = |installed: &Installed| (installed.certificate().ends(), installed.certificate().starts());
    let by_start = |installed: &Installed| (order_by_host(installed), installed.certificate().ends());
    let mut best = all_best(candidates, by_end);
    for other in all_best(candidates, by_start) {
        if !best.iter().any(|known| known.thumbprint() == other.thumbprint()) {
            best.push(other);
        }
    }
    best
}

/// By host name: no `TlsCertificateName` is set, and the FQDN of the connector or of the server is looked for.
pub(super) fn hosted<'a>(view: &View<'a>, host: &str, found: &[&'a Installed]) -> Chosen<'a> {
    if let Some(answer) = view.own_answer(host) {
        return answer;
    }
    let is_candidate =
        |candidate: &&Installed| candidate.certificate().is_version_three() && view.may_have(candidate, Service::SMTP);
    let candidates: Vec<_> = view.presentable(found.iter().copied()).filter(is_candidate).collect();
    if candidates.len() < 2 {
        return chosen(view, candidates, Reason::Covers, Reason::Covers);
    }
    let current: Vec<_> = candidates.iter().copied().filter(|candidate| is_current(candidate, view.now)).collect();
    let best = all_best(&candidates, order_by_host);
    let &[winner] = best.as_slice() else {
        // Some of them may be outside their dates, and skipped for that.
        let skipped = best.iter().any(|candidate| !is_current(candidate, view.now));
        let mut several = if skipped { all_best(&current, order_by_host) } else { Vec::new() };
        several.extend(best.into_iter().filter(|candidate| !skipped || !is_current(candidate, view.now)));
        return chosen(view, several, Reason::CoverSeveral, Reason::CoverSeveral);
    };
    if !is_current(winner, view.now) {
        let mut several = all_best(&current, order_by_host);
        several.push(winner);
        return chosen(view, several, Reason::Covers, Reason::CoversExpired);
    }
    let exact: Vec<_> = current.into_iter().filter(|candidate| candidate.has_domain(host)).collect();
    let mut several = vec![winner];
    if !winner.has_domain(host) {
        several.extend(all_best(&exact, order_by_host));
    }
    chosen(view, several, Reason::Covers, Reason::CoversByWildcard)
}

/// Not self-signed ones first, then those that are valid from the latest time on.
fn order_by_host(installed: &Installed) -> (bool, Timestamp) {
    (!installed.certificate().is_self_signed(), installed.certificate().starts())
}

/// All candidates that nothing stands before in this order.
fn all_best<'a, K: Ord>(candidates: &[&'a Installed], order: impl Fn(&Installed) -> K) -> Vec<&'a Installed> {
    let Some(best) = candidates.iter().map(|candidate| order(candidate)).max() else { return Vec::new() };
    let mut all: Vec<_> = candidates.iter().copied().filter(|candidate| order(candidate) == best).collect();
    all.sort_by_key(|candidate| candidate.thumbprint());
    all
}

fn chosen<'a>(view: &View<'a>, certificates: Vec<&'a Installed>, one: Reason, several: Reason) -> Chosen<'a> {
    if certificates.iter().any(|certificate| !view.are_services_known(certificate)) {
        return Chosen::ServicesUnknown;
    }
    match certificates.as_slice() {
        [] => Chosen::Nothing,
        [certificate] => Chosen::One(certificate, one),
        _ => Chosen::OneOf(certificates, several),
    }
}

fn is_valid(installed: &Installed, now: Timestamp) -> bool {
    installed.status_at(now) == Status::Valid
}

/// Whether it is not known to be outside its dates.
pub(super) fn is_current(installed: &Installed, now: Timestamp) -> bool {
    installed.status_at(now) != Status::DateInvalid
}
