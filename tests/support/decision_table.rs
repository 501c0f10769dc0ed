//! The specification's decision table as a program of its own: a second opinion to test the
//! library against. It shares no code with it and reads nothing but plain facts.

#![allow(
    clippy::indexing_slicing,
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test program builds and reads only the facts that it is about"
)]

mod endpoints;
pub mod examples;
mod facts;
pub mod organization;
mod plan;
mod rank;
mod rules;
mod script;
mod selection;
mod sites;
mod state;

pub use endpoints::{Endpoint, EndpointKind, Presents, endpoints};
pub use facts::*;
use plan::Plan;
pub use plan::{Change, changes};
pub use rank::{Flag, Shown, grades, is_dead, is_worse};
use rules::Assignment;
pub use selection::{Chosen, hosted, named};
pub use sites::{Binding, counted};
use state::State;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Assigned,
    Removed,
    Replaced,
    Refused,
    DecisionRequired,
}

/// In order of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Note,
    FollowUp,
    Warn,
    Decide,
    Refuse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    pub rule: &'static str,
    pub kind: Kind,
    pub services: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterCertificate {
    /// As it was before, also where one before it is removed.
    pub index: usize,
    pub services: Option<u8>,
    pub web_sites: Option<Vec<u32>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// In the order of §5, those that the outcome carries.
    pub diagnostics: Vec<Said>,
    /// What is new; nothing where the operation does not go through.
    pub added: u8,
    /// Of the certificate afterwards.
    pub services: u8,
    /// A service bit, and the index of another certificate that had it before.
    pub superseded: Vec<(u8, usize)>,
    pub default_smtp_after: DefaultSmtp,
    pub assignable: Option<u8>,
    pub recommended: Option<Answer>,
    pub script: Option<Vec<String>>,
    pub after: Option<Vec<AfterCertificate>>,
    pub imap_name_after: Fact<String>,
    pub pop_name_after: Fact<String>,
}

pub fn decide(situation: &Situation) -> Verdict {
    let before = State::of(&situation.server);
    verdict(situation, &Plan::of(situation, &before))
}

fn verdict(situation: &Situation, plan: &Plan<'_>) -> Verdict {
    let now = situation.now;
    let server = &situation.server;
    let request = &situation.request;
    let findings = plan.judge();

    let spoke = |kind: Kind| findings.said.iter().any(|it| it.kind == kind);
    let outcome = if spoke(Kind::Refuse) {
        Outcome::Refused
    } else if spoke(Kind::Decide) {
        Outcome::DecisionRequired
    } else {
        match request.operation {
            Operation::Assign { .. } => Outcome::Assigned,
            Operation::Remove => Outcome::Removed,
            Operation::Replace { .. } => Outcome::Replaced,
        }
    };
    let carried = |kind: Kind| match outcome {
        Outcome::Refused => matches!(kind, Kind::Refuse | Kind::Warn),
        Outcome::DecisionRequired => matches!(kind, Kind::Decide | Kind::Warn),
        Outcome::Assigned | Outcome::Removed | Outcome::Replaced => {
            matches!(kind, Kind::Warn | Kind::FollowUp | Kind::Note)
        }
    };
    let mut diagnostics = findings.said;
    diagnostics.retain(|it| carried(it.kind));

    match outcome {
        Outcome::Refused | Outcome::DecisionRequired => {
            let shown = request.certificate.and_then(|index| server.certificates[index].services);
            let refused = outcome == Outcome::Refused;
            Verdict {
                outcome,
                diagnostics,
                added: 0,
                services: shown.unwrap_or(0),
                superseded: Vec::new(),
                default_smtp_after: server.default_smtp,
                assignable: findings.assignable.filter(|_| refused),
                recommended: (!refused).then(|| recommended(now, server, request.certificate)),
                script: None,
                after: None,
                imap_name_after: server.imap_certificate_name.clone(),
                pop_name_after: server.pop_certificate_name.clone(),
            }
        }
        Outcome::Assigned | Outcome::Removed | Outcome::Replaced => {
            let assignment = plan.assignment.as_ref();
            let gone = plan.removal.as_ref().and_then(|it| it.gone);
            let script = script(server, assignment, gone);
            let state = &plan.assigned;
            let shown = assignment.and_then(|it| it.this).and_then(|this| state.services[this]);
            Verdict {
                outcome,
                diagnostics,
                added: assignment.map_or(0, Assignment::added),
                services: shown.unwrap_or(0),
                superseded: assignment.map(superseded).unwrap_or_default(),
                default_smtp_after: state.default_smtp,
                assignable: None,
                recommended: None,
                script: Some(script),
                after: Some(after(state, gone)),
                imap_name_after: state.imap_name.clone(),
                pop_name_after: state.pop_name.clone(),
            }
        }
    }
}

/// §5.1, `replace-default-smtp`: the only rule that leaves something to decide.
fn recommended(now: i64, server: &ServerFacts, this: Option<usize>) -> Answer {
    let sound = |index: usize| {
        let default = &server.certificates[index];
        default.status_in_force(now) == Status::Valid && default.self_signed
    };
    match server.default_smtp {
        DefaultSmtp::Installed(index) if sound(index) => Answer::Keep,
        // It may be installed, and as it should be.
        DefaultSmtp::NotInstalled | DefaultSmtp::NotInstalledRequested if server.lacks(NotRead::Certificates) => {
            Answer::Keep
        }
        // Else a new self-signed one is to be made.
        _ => {
            let covers = |fqdn: &String| this.is_some_and(|this| covered(&server.certificates[this].domains(), fqdn));
            if server.fqdn.as_ref().is_some_and(covers) { Answer::Replace } else { Answer::Keep }
        }
    }
}

/// §6: "for each added service, every other certificate that has it".
fn superseded(a: &Assignment<'_>) -> Vec<(u8, usize)> {
    SERVICES
        .iter()
        .map(|(service, _)| *service)
        .filter(|service| a.added() & service != 0)
        .flat_map(|service| {
            a.server.others(a.this).filter(move |(_, it)| it.has(service)).map(move |(index, _)| (service, index))
        })
        .collect()
}

fn script(server: &ServerFacts, assignment: Option<&Assignment<'_>>, gone: Option<usize>) -> Vec<String> {
    match assignment {
        Some(assignment) => match assignment.replaces {
            Some(replacing) => script::replacing(assignment, replacing),
            None => script::assigning(assignment),
        },
        None => gone.map(|index| script::removing(server, &server.certificates[index])).into_iter().collect(),
    }
}

fn after(state: &State, gone: Option<usize>) -> Vec<AfterCertificate> {
    state
        .services
        .iter()
        .zip(&state.web_sites)
        .enumerate()
        .filter(|(index, _)| Some(*index) != gone)
        .map(|(index, (services, web_sites))| AfterCertificate {
            index,
            services: *services,
            web_sites: web_sites.clone(),
        })
        .collect()
}
