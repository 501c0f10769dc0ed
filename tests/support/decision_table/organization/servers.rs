//! One server of a renewal, decided as a replacement there.

use super::super::facts::*;
use super::super::plan::Plan;
use super::super::state::State;
use super::super::{Outcome, Verdict, verdict};
use super::after::earlier;
use super::names::Names;
use super::{LeftOut, OrganizationFacts, ViewOfServer};

#[derive(Clone, Debug)]
pub struct Decided {
    pub verdict: Verdict,
    pub question: u8,
    pub served: u8,
    /// The server as its plan leaves it.
    pub left: State,
    /// Places among its own connectors.
    pub own_moved: Vec<usize>,
    pub left_out: Option<LeftOut>,
}

impl Decided {
    pub fn has_plan(&self) -> bool {
        self.verdict.outcome == Outcome::Replaced
    }
}

pub fn decide(facts: &OrganizationFacts, view: &ViewOfServer, names: &Names) -> Decided {
    let left_out = left_out(facts, view, names);
    let request = &facts.request;
    let thumbprint = |index: Option<usize>| index.map(|index| view.facts.certificates[index].thumbprint.clone());
    let situation = Situation {
        now: facts.now,
        server: view.facts.clone(),
        request: RequestFacts {
            operation: Operation::Replace { old: view.old, update_connectors: request.update_connectors },
            certificate: view.new,
            thumbprint: request.new.thumbprint.clone(),
            old_thumbprint: thumbprint(view.old).unwrap_or_default(),
            default_smtp: request.default_smtp,
            caller: request.caller.clone(),
            accept_status: request.accept_status.clone(),
            require_ssl: request.require_ssl,
            keep_old: request.keep_old || left_out.is_some(),
            moving: request.update_connectors.then(|| moving(view, names)),
        },
    };
    let before = State::of(&situation.server);
    let plan = Plan::since(&situation, &before, earlier(facts, view, facts.request.reading));
    let mut verdict = verdict(&situation, &plan);
    // A connector one of whose servers lacks the certificate keeps its name.
    verdict.diagnostics.retain(|it| it.rule != "send-server-lacks");
    let moved = plan.assignment.as_ref().map(|it| it.moved()).unwrap_or_default();
    Decided {
        verdict,
        question: plan.assignment.as_ref().map_or(0, |it| it.question),
        served: plan.assignment.as_ref().map_or(0, |it| it.served),
        left: plan.left.clone(),
        own_moved: moved.into_iter().filter_map(|index| index.checked_sub(view.own_from)).collect(),
        left_out,
    }
}

/// Every concerned connector of the organisation that moves, and the server's own that name its old certificate.
fn moving(view: &ViewOfServer, names: &Names) -> Vec<usize> {
    let names_old = |connector: &ConnectorFacts| {
        view.old.is_some_and(|old| connector.names(&view.facts.certificates[old])) && view.facts.counts(connector)
    };
    let shared = names.moving.iter().filter_map(|place| view.shared[*place]);
    let own = (view.own_from..view.facts.connectors.len()).filter(|index| names_old(&view.facts.connectors[*index]));
    shared.chain(own).collect()
}

/// What stands against removing the certificate once names have moved.
fn left_out(facts: &OrganizationFacts, view: &ViewOfServer, names: &Names) -> Option<LeftOut> {
    let old = &view.facts.certificates[view.old?];
    if !facts.request.update_connectors || facts.request.keep_old {
        return None;
    }
    let naming = |kind: ConnectorKind| {
        let connectors = facts.connectors.iter().enumerate();
        connectors.filter(move |(_, it)| it.kind == kind && it.names(old))
    };
    // No connector is given a name without a subject, be it the one that it has.
    let new = &facts.request.new;
    let keeps = |(place, it): (usize, &ConnectorFacts)| {
        (new.has_empty_subject() || !it.names(new)) && !names.moving.contains(&place)
    };
    let another_matches = |connector: &ConnectorFacts| view.facts.others(view.old).any(|(_, it)| connector.names(it));
    let subscribed = view.facts.is_edge() && view.facts.edge_subscribed;
    // One of the new names that was called otherwise is given its name.
    let is_named_then = CertificateName::of(old) == CertificateName::of(&facts.request.new)
        && names.moving.iter().any(|place| facts.connectors[*place].kind == ConnectorKind::Send);
    if naming(ConnectorKind::Send).any(keeps)
        || naming(ConnectorKind::Hybrid).any(|it| keeps(it) && !another_matches(it.1))
    {
        Some(LeftOut::KeptName)
    } else if subscribed && (is_named_then || naming(ConnectorKind::Send).any(|(_, it)| it.names(&facts.request.new))) {
        Some(LeftOut::Synchronised)
    } else {
        None
    }
}
