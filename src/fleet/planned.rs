//! Planning for many servers: first what each of them assigns, then the names, then what is removed.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use super::error::RolloutError;
use super::left_over::LeftOver;
use super::names::{MovedName, Names, moved_by_assignment};
use super::rollout::{PlannedRemoval, Rollout, RolloutPlan};
use super::{Fleet, steps};
use crate::case::{Assignment, Part};
use crate::certificate::Certificate;
use crate::change::{Change, Rename};
use crate::comparison::Unnamed;
use crate::diagnostic::Diagnostic;
use crate::endpoint::{self, EndpointChange, View};
use crate::judgement;
use crate::plan::{NoPlan, Plan, case_among, case_of_part, decide, renewing};
use crate::policy::Policy;
use crate::request::{Answer, ConnectorNames, Operation, Request};
use crate::server::{Connector, ConnectorKind, Installed, Nearest, Server, TlsCertificateName};
use crate::service::Service;

/// Whether old certificates are replaced.
pub(super) fn is_renewal(request: &Request) -> bool {
    matches!(request.operation(), Operation::Replace { .. } | Operation::Renew { .. })
}

/// The new certificate of a rollout: as it was given, or as a server has it.
pub(super) fn new_certificate(fleet: &Fleet, rollout: &Rollout) -> Option<Certificate> {
    let thumbprint = rollout.request.thumbprint();
    let given = rollout.given().ok().flatten().cloned();
    given.or_else(|| fleet.servers().find_map(|server| server.installed(thumbprint)).map(|it| it.certificate().clone()))
}

/// Installs a certificate as an import does: with its private key, and without a service.
pub(super) fn import(server: &mut Server, new: &Certificate) {
    // Nobody imports what is installed.
    drop(server.install(Installed::new(new.clone()).with_services(Service::empty()).with_web_sites([])));
}

/// A server of a renewal, with what is asked of it.
pub(super) struct Planned<'a> {
    pub(super) server: &'a Server,
    pub(super) request: Request,
    is_imported: bool,
    /// Whether a connector that keeps its name stands against the removal.
    is_held: bool,
    /// What is judged of it, and the services that the request names there.
    outcome: Option<(Service, Service, Result<Plan, NoPlan>)>,
}

impl<'a> Planned<'a> {
    /// The certificate that is renewed.
    pub(super) fn old(&self) -> Option<&'a Installed> {
        self.server.installed(self.request.old()?)
    }

    pub(super) fn plan(&self) -> Option<&Plan> {
        self.outcome.as_ref()?.2.as_ref().ok()
    }

    /// Whether it refuses, or is to be asked first.
    fn stands_still(&self) -> bool {
        self.outcome.as_ref().is_some_and(|(_, _, outcome)| outcome.is_err())
    }

    /// The endpoints of services that the request does not name there.
    fn unnamed(&self) -> impl Iterator<Item = &EndpointChange> {
        let named = self.outcome.as_ref().map(|(_, named, _)| *named).unwrap_or_default();
        let endpoints = self.plan().map(Plan::endpoints).unwrap_or_default();
        endpoints.iter().filter(move |change| !named.contains(change.after.kind().service()))
    }

    fn decide(&mut self, fleet: &Fleet, policy: &Policy, now: SystemTime, moving: &[&Connector]) {
        let part = Part { moving, is_imported: self.is_imported };
        let request = match self.is_held {
            true => Cow::Owned(self.request.clone().keeping_old()),
            false => Cow::Borrowed(&self.request),
        };
        let case = case_of_part(policy, fleet, self.server, &request, now, Some(part));
        let assignment = case.assignment.as_ref();
        let in_question = assignment.map(Assignment::in_question).unwrap_or_default();
        let of_old = self.old().map(Installed::known_services).unwrap_or_default();
        let named = in_question | of_old | assignment.map(Assignment::served_by_name).unwrap_or_default();
        self.outcome = Some((in_question, named, decide(policy, case)));
    }
}

pub(super) fn plan(
    fleet: &Fleet,
    policy: &Policy,
    rollout: &Rollout,
    now: SystemTime,
) -> Result<RolloutPlan, RolloutError> {
    if matches!(rollout.request.operation(), Operation::Remove) {
        return Err(RolloutError::Removal);
    }
    let order = rollout.order_in(fleet)?;
    let given = rollout.given()?;
    if is_renewal(&rollout.request) {
        return renewal(fleet, policy, rollout, now, &order);
    }
    let imports = match given {
        Some(new) => lacking(order.iter().copied(), new),
        None => Vec::new(),
    };
    let with_imports = imported(fleet, rollout, &imports);
    let order = rollout.order_in(&with_imports)?;
    assignment([fleet, &with_imports], policy, rollout, now, &order, imports)
}

impl RolloutPlan {
    /// The certificate.
    pub(crate) fn thumbprint(&self) -> crate::thumbprint::Thumbprint {
        self.rollout.request.thumbprint()
    }

    /// Whether it still comes to the same.
    pub(crate) fn still_holds(&self, fleet: &Fleet, now: SystemTime) -> bool {
        fleet.roll_out(&self.policy, &self.rollout, now).is_ok_and(|again| again.comes_to_the_same(self))
    }

    /// The fleet once what is missing has been imported.
    pub(crate) fn with_imports<'a>(&self, fleet: &'a Fleet) -> Cow<'a, Fleet> {
        imported(fleet, &self.rollout, &self.imports)
    }
}

/// The servers that lack a certificate.
fn lacking<'a>(servers: impl Iterator<Item = &'a Server>, new: &Certificate) -> Vec<String> {
    let lacks = |server: &&Server| server.installed(new.thumbprint()).is_none();
    servers.filter(lacks).map(|server| server.name().to_owned()).collect()
}

/// The fleet once the certificate has been imported on these servers.
fn imported<'a>(fleet: &'a Fleet, rollout: &Rollout, imports: &[String]) -> Cow<'a, Fleet> {
    match new_certificate(fleet, rollout).filter(|_| !imports.is_empty()) {
        None => Cow::Borrowed(fleet),
        Some(new) => {
            let mut fleet = fleet.clone();
            for name in imports {
                fleet.get_mut(name).into_iter().for_each(|server| import(server, &new));
            }
            Cow::Owned(fleet)
        }
    }
}

/// The fleet is that of today, and that in which what is missing has been imported.
fn assignment(
    [today, fleet]: [&Fleet; 2],
    policy: &Policy,
    rollout: &Rollout,
    now: SystemTime,
    order: &[&Server],
    imports: Vec<String>,
) -> Result<RolloutPlan, RolloutError> {
    let answers = rollout.answers_in(fleet)?;
    let (mut servers, mut in_question) = (Vec::new(), Vec::new());
    for server in order {
        let request = answered(rollout.request.clone(), answers.get(server.name()));
        let case = case_among(policy, fleet, server, &request, now);
        in_question.push(case.assignment.as_ref().map(Assignment::in_question).unwrap_or_default());
        servers.push((server.name().to_owned(), decide(policy, case)));
    }
    let connectors = match rollout.connectors {
        ConnectorNames::Update => moved_by_assignment(fleet, order, &servers),
        ConnectorNames::Keep => Vec::new(),
    };
    let planned: HashSet<_> =
        servers.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(name, _)| name.as_str()).collect();
    let unplanned = if connectors.is_empty() {
        Vec::new()
    } else {
        endpoints(today, &rollout.request, now, &connectors, |server| !planned.contains(server.name()))
    };
    let diagnostics = unnamed(policy, unplanned.iter());
    let steps =
        steps::of_assignment(fleet, order, &servers, &connectors, &imports, new_certificate(fleet, rollout).as_ref());
    let (script, blocks) = steps.unless(&diagnostics);
    Ok(RolloutPlan {
        rollout: rollout.clone(),
        policy: policy.clone(),
        servers,
        in_question,
        skipped: Vec::new(),
        imports,
        connectors,
        removals: Vec::new(),
        kept: Vec::new(),
        is_held: false,
        unplanned,
        diagnostics,
        script,
        blocks,
    })
}

/// A request with the answer for one server, if there is one.
fn answered(request: Request, answer: Option<&Answer>) -> Request {
    match answer {
        Some(answer) => request.with_default_smtp(*answer),
        None => request,
    }
}

/// What is asked of a server, if the certificate that is to be replaced is there.
fn replacement_on(server: &Server, request: &Request, new: &Certificate) -> Option<Request> {
    match request.operation() {
        Operation::Renew { .. } => renewing(server, request, new),
        Operation::Replace { old, .. } => server.installed(old).map(|_| request.clone()),
        Operation::Assign { .. } | Operation::Remove => None,
    }
}

fn renewal(
    fleet: &Fleet,
    policy: &Policy,
    rollout: &Rollout,
    now: SystemTime,
    order: &[&Server],
) -> Result<RolloutPlan, RolloutError> {
    let thumbprint = rollout.request.thumbprint();
    let new = new_certificate(fleet, rollout).ok_or(RolloutError::NotGiven { thumbprint })?;
    let is_concerned = |server: &&Server| replacement_on(server, &rollout.request, &new).is_some();
    let (concerned, skipped): (Vec<&Server>, Vec<&Server>) = order.iter().copied().partition(is_concerned);
    if concerned.is_empty() {
        return Err(match rollout.request.operation() {
            Operation::Replace { old, .. } => RolloutError::NoSuchOld { old },
            _ => {
                let serves = |server: &&&Server| server.installed(thumbprint).is_some_and(Installed::is_assigned);
                let serving = order.iter().filter(serves).map(|server| server.name().to_owned()).collect();
                RolloutError::RenewsNothing { thumbprint, serving, nearest: nearest(order, &new) }
            }
        });
    }
    let imports = lacking(concerned.iter().copied(), &new);
    let names: Vec<_> = concerned.iter().map(|server| server.name().to_owned()).collect();
    let skipped = skipped.iter().map(|server| server.name().to_owned()).collect();
    let with_imports = imported(fleet, rollout, &imports);
    let parts = parts(&with_imports, rollout, &names, &new, &imports)?;
    let places = parts.iter().enumerate().map(|(place, part)| (part.server.name(), place)).collect();
    Ok(Renewal { places, fleet: &with_imports, today: fleet, policy, rollout, now, new: &new, imports, parts }
        .plan(skipped))
}

fn nearest(order: &[&Server], new: &Certificate) -> Option<Nearest> {
    let nearest = order.iter().filter_map(|server| server.nearest_renewed_by(new));
    nearest.min_by_key(|nearest| nearest.lacking.len())
}

fn parts<'a>(
    fleet: &'a Fleet,
    rollout: &Rollout,
    names: &[String],
    new: &Certificate,
    imports: &[String],
) -> Result<Vec<Planned<'a>>, RolloutError> {
    let answers = rollout.answers_in(fleet)?;
    let part = |name: &String| {
        let server = fleet.get(name)?;
        let request = replacement_on(server, &rollout.request, new)?;
        let request = answered(request, answers.get(server.name()));
        Some(Planned { server, request, is_imported: imports.contains(name), is_held: false, outcome: None })
    };
    Ok(names.iter().filter_map(part).collect())
}

/// A renewal while it is planned.
struct Renewal<'a> {
    /// The places of the servers among the parts.
    places: HashMap<&'a str, usize>,
    fleet: &'a Fleet,
    /// The same as it is today, before anything is imported.
    today: &'a Fleet,
    policy: &'a Policy,
    rollout: &'a Rollout,
    now: SystemTime,
    new: &'a Certificate,
    imports: Vec<String>,
    parts: Vec<Planned<'a>>,
}

impl<'a> Renewal<'a> {
    fn plan(mut self, skipped: Vec<String>) -> RolloutPlan {
        let names = self.settle();
        let holding: Vec<_> = self.parts.iter().map(|part| self.holding(names.as_ref(), part)).collect();
        let Self { fleet, today, policy, rollout, now, new, imports, parts, .. } = self;
        let place = parts.len();
        let mut connectors = names.as_ref().map(|names| names.moved(fleet, new, &parts)).unwrap_or_default();
        for part in &parts {
            let renames = part.plan().map(|plan| plan.change().renames()).unwrap_or_default();
            let is_new = |rename: &&Rename| {
                !rename.is_the_same() && !connectors.iter().any(|known| known.rename().is_of(rename.connector()))
            };
            let own: Vec<_> = renames.iter().filter(is_new).cloned().collect();
            let after = vec![part.server.name().to_owned()];
            connectors.extend(own.into_iter().map(|rename| MovedName::new(rename, after.clone(), place)));
        }
        let removal = |part: &Planned<'_>| {
            let thumbprint = part.plan()?.change().removed()?;
            Some(PlannedRemoval { server: part.server.name().to_owned(), thumbprint })
        };
        let removals = parts.iter().filter_map(removal).collect();
        let mut kept: Vec<_> = names.iter().flat_map(Names::left_over).collect();
        // What waits for an answer may move once it is given.
        let is_open = |name: &String| {
            let part = parts.iter().find(|part| part.server.name() == name);
            part.is_some_and(|part| matches!(part.outcome, Some((_, _, Err(NoPlan::DecisionRequired(_))))))
        };
        let mut is_held = names.iter().flat_map(|names| &names.kept).any(|(_, lacking)| !lacking.iter().all(is_open));
        let is_nameless = new.subject().is_empty();
        for (part, (held, synchronised)) in parts.iter().zip(holding) {
            let is_kept = rollout.request.keeps_old() || held.is_empty() && synchronised.is_empty();
            if let (Some(_), Some(old), false) = (part.plan(), part.request.old(), is_kept) {
                is_held |= is_nameless && !held.is_empty();
                let server = part.server.name().to_owned();
                kept.push(LeftOver::Certificate { server, thumbprint: old, connectors: [held, synchronised].concat() });
            }
        }
        let planned: HashSet<_> =
            parts.iter().filter(|part| part.plan().is_some()).map(|part| part.server.name()).collect();
        let unplanned = endpoints(today, &rollout.request, now, &connectors, |server| !planned.contains(server.name()));
        let diagnostics = unnamed(policy, parts.iter().flat_map(Planned::unnamed).chain(&unplanned));
        let moving = names.iter().flat_map(|names| &names.moving).copied();
        let send: Vec<_> = moving.filter(|connector| connector.kind() == ConnectorKind::Send).collect();
        let steps = steps::of_renewal(fleet, &parts, &connectors, &send, &imports, new);
        let (script, blocks) = steps.unless(&diagnostics);
        let (mut servers, mut in_question) = (Vec::new(), Vec::new());
        for part in parts {
            if let Some((services, _, outcome)) = part.outcome {
                servers.push((part.server.name().to_owned(), outcome));
                in_question.push(services);
            }
        }
        RolloutPlan {
            rollout: rollout.clone(),
            policy: policy.clone(),
            servers,
            in_question,
            skipped,
            imports,
            connectors,
            removals,
            kept,
            is_held,
            unplanned,
            diagnostics,
            script,
            blocks,
        }
    }

    /// Decides every server, until no more connector keeps its name. One that stands still keeps the names of its
    /// connectors, and a name that is kept holds the certificate on every server.
    fn settle(&mut self) -> Option<Names<'a>> {
        if !self.rollout.request.updates_connectors() {
            self.parts.iter_mut().for_each(|part| part.decide(self.fleet, self.policy, self.now, &[]));
            return None;
        }
        let old: Vec<_> = self.parts.iter().filter_map(|part| Some(part.old()?.certificate())).collect();
        let mut names = Names::of(self.fleet, self.new, &old);
        names.keep(self.fleet, self.new, |server, connector| self.may_go_on(server, connector));
        loop {
            for part in self.parts.iter_mut().filter(|part| !part.stands_still()) {
                part.is_held = !names.holding(part).is_empty() || !names.synchronised(part, self.new).is_empty();
                part.decide(self.fleet, self.policy, self.now, &names.moving);
            }
            if !names.keep(self.fleet, self.new, |server, connector| self.may_go_on(server, connector)) {
                names.look_again(self.fleet, |server, connector| self.may_go_on(server, connector));
                return Some(names);
            }
        }
    }

    /// The connectors that still name the old certificate of a server: those that keep their names for the sake of a
    /// server, and those that nobody can set there.
    fn holding(&self, names: Option<&Names<'_>>, part: &Planned<'_>) -> (Vec<String>, Vec<String>) {
        let Some(names) = names else { return Default::default() };
        (names.holding(part), names.synchronised(part, self.new))
    }

    /// Whether a server has SMTP on the new certificate afterwards, as far as it has been decided.
    fn may_go_on(&self, server: &Server, connector: &Connector) -> bool {
        let has_smtp = |installed: Option<&Installed>| installed.is_some_and(|installed| installed.has(Service::SMTP));
        let has_new = || has_smtp(server.installed(self.new.thumbprint()));
        match self.places.get(server.name()).and_then(|place| self.parts.get(*place)) {
            Some(part) if part.outcome.is_none() => has_new() || has_smtp(part.old()),
            Some(part) => part.plan().is_some_and(|plan| plan.services().contains(Service::SMTP)),
            // No rule judges what a server without a plan presents then.
            None => has_new() && self.does_no_harm(server, connector),
        }
    }
}

impl Renewal<'_> {
    /// Whether nothing of a server gets worse when a connector is given the name of the new certificate.
    fn does_no_harm(&self, server: &Server, connector: &Connector) -> bool {
        let rename = Rename::of(connector, TlsCertificateName::of(self.new));
        let change = Change::of_names(&self.rollout.request, vec![rename]);
        let changes = endpoint::changes(&View::of(server, self.now.into(), &server.sites()), &change);
        changes.iter().all(|change| !change.fails() && !change.is_worse())
    }
}

/// What servers without a plan present before and after connectors are given their names.
fn endpoints(
    fleet: &Fleet,
    request: &Request,
    now: SystemTime,
    connectors: &[MovedName],
    is_unplanned: impl Fn(&Server) -> bool,
) -> Vec<EndpointChange> {
    let change = Change::of_names(request, connectors.iter().map(|moved| moved.rename().clone()).collect());
    let of_server = |server: &Server| endpoint::changes(&View::of(server, now.into(), &server.sites()), &change);
    fleet.servers().filter(|server| is_unplanned(server)).flat_map(of_server).collect()
}

/// What is said of endpoints that change, though the request names neither their server nor their service.
fn unnamed<'e>(policy: &Policy, changes: impl Iterator<Item = &'e EndpointChange>) -> Vec<Diagnostic> {
    let changes: Vec<_> = changes.filter(|change| change.is_changed()).collect();
    judgement::judge_fleet(policy, &Unnamed { changes: &changes })
}
