//! Which certificate transport chooses (ENDPOINTS §2).

use std::cmp::Reverse;

use super::facts::*;
use super::state::{State, View};

pub const SERVICES_NOT_KNOWN: &str = "ExchangeCertificate.Services";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    Nothing,
    One(usize),
    /// The sources disagree or are silent: at least two.
    OneOf(Vec<usize>),
    /// The facts that are missing.
    Unknown(Vec<&'static str>),
}

/// §2.1, on the server as it is.
pub fn named(now: i64, server: &ServerFacts, name: &CertificateName) -> Chosen {
    let state = State::of(server);
    by_name(View { now, server, state: &state, before: &state }, name)
}

/// §2.2, on the server as it is.
pub fn hosted(now: i64, server: &ServerFacts, fqdn: &str) -> Chosen {
    let state = State::of(server);
    by_host(View { now, server, state: &state, before: &state }, fqdn)
}

pub fn by_name(view: View<'_>, name: &CertificateName) -> Chosen {
    chosen(view, winners_by_name(view, name))
}

/// Whatever their services are: these play no part in the choice by name.
pub fn winners_by_name(view: View<'_>, name: &CertificateName) -> Vec<usize> {
    let certificates = &view.server.certificates;
    let candidates: Vec<usize> =
        view.state.installed().filter(|index| name.is_of(&certificates[*index]) && is_usable(view, *index)).collect();
    let best = best_by_name(certificates, &candidates);
    let [winner] = best[..] else {
        return best;
    };
    let status = |index: usize| certificates[index].status_in_force(view.now);
    let doubtful = certificates[winner].is_outside_dates(view.now)
        || matches!(status(winner), Status::RevocationCheckFailure | Status::Untrusted | Status::Unknown);
    let valid: Vec<usize> = candidates.into_iter().filter(|index| status(*index) == Status::Valid).collect();
    if !doubtful || valid.is_empty() {
        return best;
    }
    joined(best_by_name(certificates, &valid), best)
}

/// Latest end [TB], then, where it differs, latest start [IN].
fn best_by_name(certificates: &[CertificateFacts], candidates: &[usize]) -> Vec<usize> {
    let by_end = |index: usize| (certificates[index].not_after, certificates[index].not_before);
    let by_start = |index: usize| {
        let it = &certificates[index];
        (!it.self_signed, it.not_before, it.not_after)
    };
    joined(highest(certificates, candidates, by_end), highest(certificates, candidates, by_start))
}

pub fn by_host(view: View<'_>, fqdn: &str) -> Chosen {
    let candidates = candidates_by_host(view, fqdn);
    if let Some(chosen) = own_answer(view, fqdn, &candidates) {
        return chosen;
    }
    let certificates = &view.server.certificates;
    let order = |index: usize| (!certificates[index].self_signed, certificates[index].not_before);
    let first = |candidates: &[usize]| highest(certificates, candidates, order);
    let within: Vec<usize> =
        candidates.iter().copied().filter(|it| !certificates[*it].is_outside_dates(view.now)).collect();
    let best = first(&candidates);
    if best.iter().any(|it| !within.contains(it)) {
        return chosen(view, joined(first(&within), best));
    }
    let is_exact = |index: usize| holds(&certificates[index].domains(), fqdn);
    if let [winner] = best[..]
        && !is_exact(winner)
    {
        let exact: Vec<usize> = within.into_iter().filter(|it| is_exact(*it)).collect();
        return chosen(view, joined(best, first(&exact)));
    }
    chosen(view, best)
}

/// Those whose services are not known among them.
fn candidates_by_host(view: View<'_>, fqdn: &str) -> Vec<usize> {
    let fits = |index: &usize| {
        let certificate = &view.server.certificates[*index];
        certificate.version_three
            && is_usable(view, *index)
            && view.state.may_have(*index, SMTP)
            && covered(&certificate.domains(), fqdn)
    };
    view.state.installed().filter(fits).collect()
}

/// §2.3: what the server itself answered, while nothing of what it chose from has changed.
fn own_answer(view: View<'_>, fqdn: &str, candidates: &[usize]) -> Option<Chosen> {
    let answer = view.server.selection.iter().find(|it| it.fqdn.eq_ignore_ascii_case(fqdn))?;
    let earlier = View { state: view.before, ..view };
    let known = |state: &State, index: usize| state.knows(index, SMTP);
    let unchanged = candidates_by_host(earlier, fqdn) == candidates
        && candidates.iter().all(|index| known(view.state, *index) == known(view.before, *index));
    if !unchanged {
        return None;
    }
    if answer.certificates.is_empty() {
        return Some(Chosen::Nothing);
    }
    let mut installed = answer.certificates.iter().flatten().copied().filter(|index| view.state.installed[*index]);
    // One that may have SMTP may be the answer.
    let first = installed.find(|index| view.state.may_have(*index, SMTP))?;
    Some(chosen(view, vec![first]))
}

fn is_usable(view: View<'_>, index: usize) -> bool {
    let certificate = &view.server.certificates[index];
    certificate.has_private_key && !certificate.is_unusable(view.now)
}

fn chosen(view: View<'_>, winners: Vec<usize>) -> Chosen {
    if winners.iter().any(|index| !view.state.knows(*index, SMTP)) {
        return Chosen::Unknown(vec![SERVICES_NOT_KNOWN]);
    }
    match winners[..] {
        [] => Chosen::Nothing,
        [one] => Chosen::One(one),
        _ => Chosen::OneOf(winners),
    }
}

/// Those that share the highest place, in thumbprint order.
fn highest<K: Ord>(certificates: &[CertificateFacts], candidates: &[usize], place: impl Fn(usize) -> K) -> Vec<usize> {
    let best = candidates.iter().map(|index| place(*index)).max();
    let is_best = |index: &usize| Some(place(*index)) == best;
    by_thumbprint(certificates, candidates.iter().copied().filter(is_best).collect())
}

pub fn by_thumbprint(certificates: &[CertificateFacts], mut indices: Vec<usize>) -> Vec<usize> {
    indices.sort_by(|one, other| certificates[*one].thumbprint.cmp(&certificates[*other].thumbprint));
    indices
}

/// §2.2/3: not self-signed first, then the latest start, then the thumbprint.
pub fn in_order(certificates: &[CertificateFacts], indices: Vec<usize>) -> Vec<usize> {
    let mut ordered = by_thumbprint(certificates, indices);
    ordered.sort_by_key(|index| (certificates[*index].self_signed, Reverse(certificates[*index].not_before)));
    ordered
}

fn joined(mut first: Vec<usize>, then: Vec<usize>) -> Vec<usize> {
    for index in then {
        if !first.contains(&index) {
            first.push(index);
        }
    }
    first
}
