//! One certificate for many servers.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::Fleet;
use crate::block::{Block, IsAssigned, Statement};
use crate::case::Assignment;
use crate::change::Rename;
use crate::commands;
use crate::json_object::FORMAT;
use crate::plan::{NoPlan, Plan, case_among, decide};
use crate::policy::Policy;
use crate::request::{Answer, ConnectorNames, Operation, Request};
use crate::script::Line;
use crate::server::{Connector, ConnectorKind, Server, TlsCertificateName};
use crate::service::Service;
use crate::text;

/// A request for many servers, one after the other.
///
/// By default the servers that are no Edge Transport servers come first, by name, and the Edge
/// Transport servers last: their commands run on themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    request: Request,
    order: Option<Vec<String>>,
    answers: BTreeMap<String, Answer>,
    connectors: ConnectorNames,
}

/// Why a rollout cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RolloutError {
    /// The fleet has no server of this name.
    #[error("servers: there is no server {}", text::shown(.name))]
    NoSuchServer {
        /// The name.
        name: String,
    },
    /// A server stands in the order more than once.
    #[error("servers: {} is listed twice", text::shown(.name))]
    Twice {
        /// The name.
        name: String,
    },
    /// An answer is for a server that the fleet does not have.
    #[error("answers: there is no server {}", text::shown(.name))]
    NoSuchAnswered {
        /// The name.
        name: String,
    },
    /// There is no server to roll out to.
    #[error("servers: there is none")]
    NoServers,
    /// The request is a removal or a replacement.
    #[error("operation: a rollout assigns; a removal or a replacement is about one server")]
    NotAnAssignment,
}

/// Why a rollout stopped while it was carried out. The servers before this one are done.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RolloutStopped {
    /// The request comes to something else there by now.
    #[error("{}: {reason}", text::shown(.server))]
    NoPlan {
        /// The server.
        server: String,
        /// What it comes to.
        reason: Box<NoPlan>,
    },
    /// The server is gone from the fleet.
    #[error("{}: there is no such server any more", text::shown(.server))]
    Gone {
        /// The server.
        server: String,
    },
}

impl Rollout {
    /// Asks the same of every server of a fleet; the request is an assignment.
    pub fn new(request: Request) -> Self {
        Self { request, order: None, answers: BTreeMap::new(), connectors: ConnectorNames::Keep }
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
        self.connectors = connectors;
        self
    }

    /// The answers by the names that the fleet has for the servers.
    fn answers<'a>(&self, fleet: &'a Fleet) -> Result<BTreeMap<&'a str, Answer>, RolloutError> {
        let answer = |(name, answer): (&String, &Answer)| match fleet.get(name) {
            Some(server) => Ok((server.name(), *answer)),
            None => Err(RolloutError::NoSuchAnswered { name: name.clone() }),
        };
        self.answers.iter().map(answer).collect()
    }

    fn order<'a>(&self, fleet: &'a Fleet) -> Result<Vec<&'a Server>, RolloutError> {
        if !matches!(self.request.operation(), Operation::Assign { .. }) {
            return Err(RolloutError::NotAnAssignment);
        }
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
}

/// What a rollout comes to: a plan or a refusal for each server, and one script.
///
/// The script has a block for each server that has something to do, with a look at the result after it, and
/// stops at the first failure. Whoever stops there plans again: what is assigned already adds nothing.
#[derive(Clone, Debug)]
#[must_use = "a plan changes nothing until it is applied"]
pub struct RolloutPlan {
    request: Request,
    servers: Vec<(String, Result<Plan, NoPlan>)>,
    /// The services in question on each of the servers.
    in_question: Vec<Service>,
    /// Each after so many servers.
    renames: Vec<(usize, Rename)>,
    script: Vec<Line>,
    blocks: Vec<Block>,
}

/// A server on which something stays undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LeftOver {
    /// The server.
    pub server: String,
    /// What is not assigned there.
    pub services: Service,
}

impl Fleet {
    /// Plans a rollout, and changes nothing.
    ///
    /// # Errors
    ///
    /// A [`RolloutError`] if the order names no server, or one twice, or an answer is for none.
    pub fn roll_out(&self, policy: &Policy, rollout: &Rollout, now: SystemTime) -> Result<RolloutPlan, RolloutError> {
        let order = rollout.order(self)?;
        let answers = rollout.answers(self)?;
        let mut servers = Vec::new();
        let mut in_question = Vec::new();
        for server in &order {
            let request = match answers.get(server.name()) {
                Some(answer) => rollout.request.clone().with_default_smtp(*answer),
                None => rollout.request.clone(),
            };
            let case = case_among(policy, self, server, &request, now);
            in_question.push(case.assignment.as_ref().map(Assignment::in_question).unwrap_or_default());
            servers.push((server.name().to_owned(), decide(policy, case)));
        }
        let moved =
            if rollout.connectors == ConnectorNames::Update { moved(self, &order, &servers) } else { Vec::new() };
        let script = script(&order, &servers, &moved);
        let blocks = blocks(&order, &servers, &moved);
        let renames = moved.into_iter().map(|moved| (moved.after, moved.rename)).collect();
        Ok(RolloutPlan { request: rollout.request.clone(), servers, in_question, renames, script, blocks })
    }

    /// Carries out what a rollout planned, on every server that has a plan.
    ///
    /// # Errors
    ///
    /// [`RolloutStopped`] with the first server whose request comes to something else by now; those before it are
    /// done, as with the script that stops there.
    pub fn apply(&mut self, rollout: &RolloutPlan, now: SystemTime) -> Result<(), RolloutStopped> {
        let mut stopped = Ok(());
        let mut done = 0;
        for (name, outcome) in &rollout.servers {
            stopped = match (outcome, self.server_mut(name)) {
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
        for (_, rename) in rollout.renames.iter().filter(|(after, _)| *after <= done) {
            self.rename(rename);
        }
        stopped
    }
}

/// A connector whose name moves to the new certificate.
struct Moved<'a> {
    connector: &'a Connector,
    rename: Rename,
    /// After so many servers: behind the last one that it names.
    after: usize,
}

/// The connectors whose name moves.
///
/// One moves if its certificate is another installed one with SMTP, and every server that it names has SMTP on
/// the new one afterwards. A server outside the order, or one that the fleet does not know, may not have it.
fn moved<'a>(fleet: &Fleet, order: &[&'a Server], servers: &[(String, Result<Plan, NoPlan>)]) -> Vec<Moved<'a>> {
    let outcomes: HashMap<_, _> = servers.iter().map(|(name, outcome)| (name.as_str(), outcome)).collect();
    let mut all: Vec<Moved<'_>> = Vec::new();
    for (server, (_, outcome)) in order.iter().zip(servers) {
        let Ok(plan) = outcome else { continue };
        let thumbprint = plan.request().thumbprint();
        let installed = server.installed(thumbprint).map(|installed| installed.certificate());
        // No connector is given a name with an empty subject.
        let Some(certificate) = installed.filter(|certificate| !certificate.subject().is_empty()) else {
            continue;
        };
        let goes_on = |named: &Server| match outcomes.get(named.name()) {
            Some(outcome) => outcome.as_ref().is_ok_and(|plan| plan.services().contains(Service::SMTP)),
            None => named.installed(thumbprint).is_some_and(|installed| installed.has(Service::SMTP)),
        };
        let organisation = server.connectors().filter(|connector| connector.kind() != ConnectorKind::Receive);
        for connector in organisation.filter(|connector| !connector.names(certificate)) {
            let is_known = all.iter().any(|known| known.rename.is_of(connector));
            let names_another = connector
                .tls_certificate_name()
                .value()
                .is_some_and(|name| server.inventory().named(name).any(|installed| installed.has(Service::SMTP)));
            let all_go_on = || match connector.servers() {
                [] => fleet.servers().all(goes_on),
                names => names.iter().all(|name| fleet.get(name).is_some_and(goes_on)),
            };
            if !is_known && names_another && all_go_on() {
                let last = order.iter().rposition(|server| server.runs(connector));
                let after = last.map_or(order.len(), |last| last + 1);
                let rename = Rename::of(connector, TlsCertificateName::of(certificate));
                all.push(Moved { connector, rename, after });
            }
        }
    }
    all
}

fn script(order: &[&Server], servers: &[(String, Result<Plan, NoPlan>)], moved: &[Moved<'_>]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (done, (server, (_, outcome))) in (1..).zip(order.iter().zip(servers)) {
        let Ok(plan) = outcome else { continue };
        if !plan.blocks().is_empty() {
            if server.is_edge() {
                lines.push(Line::Comment("On the Edge Transport server itself:"));
                lines.push(Line::Here { server: server.name().to_owned() });
            } else {
                lines.push(Line::Comment("The next server:"));
            }
            lines.extend(plan.script());
            let show = commands::get_certificate(server, plan.request().thumbprint());
            lines.push(Line::Check { show, services: plan.in_question() });
        }
        for moved in moved.iter().filter(|moved| moved.after == done) {
            lines.push(commands::set_tls_certificate_name(moved.connector, moved.rename.name()).into());
        }
    }
    if !lines.is_empty() {
        lines.insert(0, Line::Statement("$ErrorActionPreference = 'Stop'"));
    }
    lines
}

/// The same to be pasted: a server after the other, each with a look whether it worked, and the connectors behind the
/// last server that they concern.
fn blocks(order: &[&Server], servers: &[(String, Result<Plan, NoPlan>)], moved: &[Moved<'_>]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (done, (server, (_, outcome))) in (1..).zip(order.iter().zip(servers)) {
        let Ok(plan) = outcome else { continue };
        if !plan.blocks().is_empty() {
            blocks.extend(plan.blocks().iter().cloned().map(|block| block.of_server(server)));
            let show = commands::get_certificate(server, plan.request().thumbprint());
            let check = IsAssigned { show, services: plan.in_question() };
            let words = "go on only if this says nothing:";
            blocks.push(Block::new(words, vec![Statement::IsAssigned(check)]).at(server).of_server(server));
        }
        let renames: Vec<_> = moved.iter().filter(|moved| moved.after == done).collect();
        if !renames.is_empty() {
            let set = |moved: &Moved<'_>| commands::set_tls_certificate_name(moved.connector, moved.rename.name());
            let words = "give the connectors the name of the new certificate:";
            blocks.push(Block::of(words, renames.into_iter().map(set)).in_any_shell());
        }
    }
    blocks
}

impl RolloutPlan {
    /// Every server with its plan, or why it has none, in order.
    pub fn servers(&self) -> impl Iterator<Item = (&str, &Result<Plan, NoPlan>)> {
        self.servers.iter().map(|(name, outcome)| (name.as_str(), outcome))
    }

    /// The one script.
    pub fn script(&self) -> &[Line] {
        &self.script
    }

    /// The same in blocks that are pasted one after the other, each where it says.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Whether every server goes on.
    pub fn is_complete(&self) -> bool {
        self.servers.iter().all(|(_, outcome)| outcome.is_ok())
    }

    /// Whether a server refuses.
    pub fn is_refused(&self) -> bool {
        self.servers.iter().any(|(_, outcome)| matches!(outcome, Err(NoPlan::Refused(_))))
    }

    /// What is left over once the script has run: the servers that have no plan, with what is not assigned there.
    pub fn left_over(&self) -> Vec<LeftOver> {
        self.left(|_, is_planned| !is_planned)
    }

    /// What is left over if the script stops at this server: it and those after it, and those without a plan.
    pub fn left_over_at(&self, server: &str) -> Vec<LeftOver> {
        let mut is_reached = false;
        self.left(|name, is_planned| {
            is_reached |= text::same(name, server);
            is_reached || !is_planned
        })
    }

    fn left(&self, mut is_left: impl FnMut(&str, bool) -> bool) -> Vec<LeftOver> {
        let mut left = Vec::new();
        for ((server, outcome), services) in self.servers.iter().zip(&self.in_question) {
            // Where everything is assigned already, nothing is left.
            if is_left(server, outcome.is_ok()) && !services.is_empty() {
                left.push(LeftOver { server: server.clone(), services: *services });
            }
        }
        left
    }

    fn outcome(&self) -> &'static str {
        match self {
            _ if self.is_refused() => "refused",
            _ if self.is_complete() => "assigned",
            _ => "decision-required",
        }
    }
}

impl Serialize for RolloutPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Entry<'a> {
            server: &'a str,
            #[serde(flatten)]
            outcome: Answered<'a>,
        }

        #[derive(Serialize)]
        #[serde(untagged)]
        enum Answered<'a> {
            Plan(&'a Plan),
            NoPlan(&'a NoPlan),
        }

        let servers: Vec<_> = self
            .servers
            .iter()
            .map(|(server, outcome)| Entry {
                server,
                outcome: match outcome {
                    Ok(plan) => Answered::Plan(plan),
                    Err(no_plan) => Answered::NoPlan(no_plan),
                },
            })
            .collect();
        let script: Vec<_> = self.script.iter().map(ToString::to_string).collect();
        let mut answer = serializer.serialize_struct("RolloutPlan", 7)?;
        answer.serialize_field("format", &FORMAT)?;
        answer.serialize_field("outcome", self.outcome())?;
        answer.serialize_field("thumbprint", &self.request.thumbprint())?;
        answer.serialize_field("servers", &servers)?;
        answer.serialize_field("script", &script)?;
        answer.serialize_field("blocks", &self.blocks)?;
        answer.serialize_field("left_over", &self.left_over())?;
        answer.end()
    }
}
