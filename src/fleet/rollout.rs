//! One certificate for many servers.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::error::{RolloutError, RolloutStopped};
use super::left_over::LeftOver;
use super::names::MovedName;
use super::{Fleet, planned};
use crate::block::Block;
use crate::certificate::Certificate;
use crate::diagnostic::{self, Diagnostic};
use crate::endpoint::EndpointChange;
use crate::plan::{NoPlan, Plan};
use crate::policy::Policy;
use crate::request::{Answer, ConnectorNames, Request};
use crate::script::Line;
use crate::server::Server;
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

/// A request for many servers, one after the other: an assignment, or a renewal of what the organisation has.
///
/// By default the servers that are no Edge Transport servers come first, by name, and the Edge
/// Transport servers last: their commands run on themselves.
///
/// ```
/// use exchange_certificates::{ConnectorNames, Fleet, Policy, Request, Rollout};
/// # use exchange_certificates::Certificate;
///
/// # fn renewed(fleet: &Fleet, new: Certificate, now: std::time::SystemTime) -> Result<(), Box<dyn std::error::Error>> {
/// let request = Request::renew(new.thumbprint()).with_connector_names(ConnectorNames::Update);
/// let plan = fleet.roll_out(&Policy::default(), &Rollout::new(request).with_certificate(new), now)?;
/// for line in plan.script() {
///     println!("{line}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    pub(super) request: Request,
    certificate: Option<Certificate>,
    order: Option<Vec<String>>,
    answers: BTreeMap<String, Answer>,
    pub(super) connectors: ConnectorNames,
}

impl Rollout {
    /// Asks the same of every server of a fleet. A replacement concerns the servers that have the old certificate, and
    /// [`Request::renew`] those on which the new one renews something: all their connectors are then set once, and the
    /// old certificates are removed last.
    pub fn new(request: Request) -> Self {
        let connectors = if request.updates_connectors() { ConnectorNames::Update } else { ConnectorNames::Keep };
        Self { request, certificate: None, order: None, answers: BTreeMap::new(), connectors }
    }

    /// Gives the certificate itself: where it is not installed, it is planned as imported first.
    #[must_use]
    pub fn with_certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Says which servers, in which order.
    #[must_use]
    pub fn with_order<T: Into<String>>(mut self, servers: impl IntoIterator<Item = T>) -> Self {
        self.order = Some(servers.into_iter().map(Into::into).collect());
        self
    }

    /// Answers for one server what the request answers for all.
    #[must_use]
    pub fn with_answer(mut self, server: &str, answer: Answer) -> Self {
        self.answers.insert(server.to_owned(), answer);
        self
    }

    /// Says what becomes of the names that Send connectors and the hybrid configuration hold. They belong to
    /// the organisation: each is moved once, after the last server that it names.
    #[must_use]
    pub fn with_connector_names(mut self, connectors: ConnectorNames) -> Self {
        self.request = self.request.with_connector_names(connectors);
        self.connectors = connectors;
        self
    }

    /// What is asked of every server.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The certificate itself, if it was given.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// The servers in their order, if that was said.
    pub fn servers(&self) -> Option<&[String]> {
        self.order.as_deref()
    }

    /// The answers for servers, by their names.
    pub fn answers(&self) -> impl Iterator<Item = (&str, Answer)> {
        self.answers.iter().map(|(server, answer)| (server.as_str(), *answer))
    }

    /// What becomes of the names that connectors of the organisation hold.
    pub fn connector_names(&self) -> ConnectorNames {
        self.connectors
    }

    /// The answers by the names that the fleet has for the servers.
    pub(super) fn answers_in<'a>(&self, fleet: &'a Fleet) -> Result<BTreeMap<&'a str, Answer>, RolloutError> {
        let answer = |(name, answer): (&String, &Answer)| match fleet.get(name) {
            Some(server) => Ok((server.name(), *answer)),
            None => Err(RolloutError::NoSuchAnswered { name: name.clone() }),
        };
        self.answers.iter().map(answer).collect()
    }

    /// The servers in their order.
    pub(super) fn order_in<'a>(&self, fleet: &'a Fleet) -> Result<Vec<&'a Server>, RolloutError> {
        if fleet.is_empty() || self.order.as_ref().is_some_and(Vec::is_empty) {
            return Err(RolloutError::NoServers);
        }
        let Some(names) = &self.order else {
            let (edge, others): (Vec<_>, Vec<_>) = fleet.servers().partition(|server| server.is_edge());
            return Ok(others.into_iter().chain(edge).collect());
        };
        let mut order: Vec<&Server> = Vec::new();
        for name in names {
            let server = fleet.get(name).ok_or_else(|| RolloutError::NoSuchServer { name: name.clone() })?;
            if order.iter().any(|known| known.name() == server.name()) {
                return Err(RolloutError::Twice { name: name.clone() });
            }
            order.push(server);
        }
        Ok(order)
    }

    /// The certificate that was given.
    pub(super) fn given(&self) -> Result<Option<&Certificate>, RolloutError> {
        let thumbprint = self.request.thumbprint();
        match self.certificate.as_ref().map(Certificate::thumbprint).filter(|given| *given != thumbprint) {
            Some(given) => Err(RolloutError::AnotherGiven { given, thumbprint }),
            None => Ok(self.certificate.as_ref()),
        }
    }
}

/// What a rollout comes to: a plan or a refusal for each server, and one script.
///
/// The script has a block for each server that has something to do, with a look at the result after it, and
/// stops at the first failure. Whoever stops there plans again: what is assigned already adds nothing.
///
/// Of a renewal the plans of the servers hold what is assigned there; the names of connectors and the removals stand
/// behind all of them, and [`Fleet::apply`] carries out the whole.
///
/// ```
/// use exchange_certificates::{Answer, Certificate, ConnectorNames, Fleet, Policy, Request, Rollout, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let chain = Certificate::chain_from_pem(&std::fs::read_to_string("examples/data/fullchain.pem")?)?;
/// let request = Request::renew(chain.leaf().thumbprint())
///     .with_default_smtp(Answer::Keep)
///     .with_connector_names(ConnectorNames::Update);
/// let rollout = Rollout::new(request).with_certificate(chain.leaf().clone());
/// let plan = fleet.roll_out(&Policy::default(), &rollout, now)?;
/// assert!(plan.is_complete() && plan.is_renewal());
/// println!("imported first on {}", plan.imports().join(", "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a plan changes nothing until it is applied"]
pub struct RolloutPlan {
    pub(super) rollout: Rollout,
    pub(super) policy: Policy,
    pub(super) servers: Vec<(String, Result<Plan, NoPlan>)>,
    /// The services in question on each of the servers.
    pub(super) in_question: Vec<Service>,
    pub(super) skipped: Vec<String>,
    pub(super) imports: Vec<String>,
    pub(super) connectors: Vec<MovedName>,
    pub(super) removals: Vec<PlannedRemoval>,
    /// The connectors that keep their names, and the certificates that stay for them.
    pub(super) kept: Vec<LeftOver>,
    /// Whether one of these keeps its name since a server would lack the certificate.
    pub(super) is_held: bool,
    /// What the other servers present.
    pub(super) unplanned: Vec<EndpointChange>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) script: Vec<Line>,
    pub(super) blocks: Vec<Block>,
}

/// A certificate that a renewal removes from a server.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[non_exhaustive]
pub struct PlannedRemoval {
    /// The server.
    pub server: String,
    /// The certificate.
    pub thumbprint: Thumbprint,
}

impl Fleet {
    /// Plans a rollout, and changes nothing.
    ///
    /// # Errors
    ///
    /// A [`RolloutError`] if the order names no server, or one twice, an answer is for none, or nothing is renewed.
    pub fn roll_out(&self, policy: &Policy, rollout: &Rollout, now: SystemTime) -> Result<RolloutPlan, RolloutError> {
        planned::plan(self, policy, rollout, now)
    }

    /// Carries out what a rollout planned, on every server that has a plan.
    ///
    /// # Errors
    ///
    /// [`RolloutStopped`] with the first server whose request comes to something else by now; those before it are
    /// done, as with the script that stops there. A renewal is all or nothing: if it comes to something else by now, or
    /// the policy refuses it, nothing is changed.
    pub fn apply(&mut self, plan: &RolloutPlan, now: SystemTime) -> Result<(), RolloutStopped> {
        if plan.is_blocked() {
            return Err(RolloutStopped::Refused);
        }
        if plan.is_renewal() { self.renew(plan, now) } else { self.assign_in_order(plan, now) }
    }

    fn assign_in_order(&mut self, plan: &RolloutPlan, now: SystemTime) -> Result<(), RolloutStopped> {
        let mut stopped = Ok(());
        let mut done = 0;
        for (name, outcome) in &plan.servers {
            stopped = match (outcome, self.get_mut(name)) {
                (Err(_), _) => Ok(()),
                (Ok(_), None) => Err(RolloutStopped::Gone { server: name.clone() }),
                (Ok(plan), Some(server)) => plan
                    .apply(server, now)
                    .map_err(|no_plan| RolloutStopped::NoPlan { server: name.clone(), reason: Box::new(no_plan) }),
            };
            if stopped.is_err() {
                break;
            }
            done += 1;
        }
        // Last, since a plan for a server that comes later knows the connectors by their old names.
        for moved in plan.connectors.iter().filter(|moved| moved.place() <= done) {
            self.rename(moved.rename());
        }
        stopped
    }

    fn renew(&mut self, plan: &RolloutPlan, now: SystemTime) -> Result<(), RolloutStopped> {
        let again = self.roll_out(&plan.policy, &plan.rollout, now);
        let again = match again {
            Ok(again) if again.comes_to_the_same(plan) => again,
            now => return Err(RolloutStopped::Stale { now: Box::new(now) }),
        };
        let new = planned::new_certificate(self, &plan.rollout);
        for (name, planned) in again.servers.iter().filter_map(|(name, outcome)| Some((name, outcome.as_ref().ok()?))) {
            let Some(server) = self.get_mut(name) else { continue };
            if let Some(new) = new.as_ref().filter(|_| again.imports.contains(name)) {
                planned::import(server, new);
            }
            planned.commit(server);
        }
        again.connectors.iter().for_each(|moved| self.rename(moved.rename()));
        Ok(())
    }
}

impl RolloutPlan {
    /// What was asked.
    pub fn rollout(&self) -> &Rollout {
        &self.rollout
    }

    /// The policy by which it was planned.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Every server with its plan, or why it has none, in order.
    pub fn servers(&self) -> impl Iterator<Item = (&str, &Result<Plan, NoPlan>)> {
        self.servers.iter().map(|(name, outcome)| (name.as_str(), outcome))
    }

    /// The servers on which the certificate renews nothing.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// The servers on which the certificate has to be imported first.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// The connectors, and the hybrid configuration, that are given the name of the certificate.
    pub fn connectors(&self) -> &[MovedName] {
        &self.connectors
    }

    /// The certificates that are removed.
    pub fn removals(&self) -> &[PlannedRemoval] {
        &self.removals
    }

    /// Every endpoint of every server with a plan, then those of the other servers of the fleet if names change that
    /// they share, with what each presents before and afterwards.
    pub fn endpoints(&self) -> impl Iterator<Item = &EndpointChange> {
        let planned = self.servers.iter().filter_map(|(_, outcome)| outcome.as_ref().ok());
        planned.flat_map(Plan::endpoints).chain(&self.unplanned)
    }

    /// What is said of the whole, beside what is said of each server.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether this rule spoke, of a server or of the whole.
    pub fn has(&self, rule: &str) -> bool {
        let of_server = |outcome: &Result<Plan, NoPlan>| match outcome {
            Ok(plan) => plan.has(rule),
            Err(no_plan) => no_plan.has(rule),
        };
        diagnostic::has(&self.diagnostics, rule) || self.servers.iter().any(|(_, outcome)| of_server(outcome))
    }

    /// The one script.
    pub fn script(&self) -> &[Line] {
        &self.script
    }

    /// The same in blocks that are pasted one after the other, each where it says.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Whether every server goes on, and no connector keeps its name since a server would lack the certificate.
    pub fn is_complete(&self) -> bool {
        self.servers.iter().all(|(_, outcome)| outcome.is_ok()) && !self.is_held && !self.is_blocked()
    }

    /// Whether a server refuses, or a connector keeps its name since one of its servers would lack the certificate.
    pub fn is_refused(&self) -> bool {
        let refuses = |outcome: &Result<Plan, NoPlan>| matches!(outcome, Err(NoPlan::Refused(_)));
        self.is_blocked() || self.is_held || self.servers.iter().any(|(_, outcome)| refuses(outcome))
    }

    /// Whether old certificates are replaced.
    pub fn is_renewal(&self) -> bool {
        planned::is_renewal(&self.rollout.request)
    }

    /// Whether the policy makes a refusal of what is said of the whole.
    pub(super) fn is_blocked(&self) -> bool {
        self.diagnostics.iter().any(|said| said.kind() == crate::finding::Kind::Refuse)
    }

    /// What is left over once the script has run: the servers that have no plan, with what is not assigned there, the
    /// connectors that keep their names, and the certificates that stay for them.
    pub fn left_over(&self) -> Vec<LeftOver> {
        let mut left = self.left(|_, is_planned| !is_planned);
        left.extend(self.kept.iter().cloned());
        left
    }

    /// What is left over if the script stops at this server: it and those after it, those without a plan, and of a
    /// renewal all names and removals, which come last.
    pub fn left_over_at(&self, server: &str) -> Vec<LeftOver> {
        let mut is_reached = false;
        let mut left = self.left(|name, is_planned| {
            is_reached |= text::same(name, server);
            is_reached || !is_planned
        });
        left.extend(self.kept.iter().cloned());
        if self.is_renewal() {
            left.extend(self.connectors.iter().map(|moved| LeftOver::Connector {
                kind: moved.connector().kind(),
                connector: moved.connector().name().to_owned(),
                lacking: Vec::new(),
            }));
            left.extend(self.removals.iter().map(|PlannedRemoval { server, thumbprint }| LeftOver::Certificate {
                server: server.clone(),
                thumbprint: *thumbprint,
                connectors: Vec::new(),
            }));
        }
        left
    }

    fn left(&self, mut is_left: impl FnMut(&str, bool) -> bool) -> Vec<LeftOver> {
        let mut left = Vec::new();
        for ((server, outcome), services) in self.servers.iter().zip(&self.in_question) {
            // Where everything is assigned already, nothing is left.
            if is_left(server, outcome.is_ok()) && !services.is_empty() {
                left.push(LeftOver::Services { server: server.clone(), services: *services });
            }
        }
        left
    }

    pub(super) fn comes_to_the_same(&self, other: &Self) -> bool {
        let is_alike = |one: &(String, Result<Plan, NoPlan>), another: &(String, Result<Plan, NoPlan>)| {
            one.0 == another.0
                && match (&one.1, &another.1) {
                    (Ok(one), Ok(another)) => one.comes_to_the_same(another),
                    (Err(_), Err(_)) => true,
                    _ => false,
                }
        };
        self.servers.len() == other.servers.len()
            && self.servers.iter().zip(&other.servers).all(|(one, another)| is_alike(one, another))
            && (&self.skipped, &self.imports) == (&other.skipped, &other.imports)
            && (&self.connectors, &self.removals, &self.kept) == (&other.connectors, &other.removals, &other.kept)
            && (&self.unplanned, &self.blocks) == (&other.unplanned, &other.blocks)
    }
}
