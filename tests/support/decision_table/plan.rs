//! A request on a server: the server before it and after it, and what the rules say.

use std::cmp::Ordering;

use super::endpoints::{Endpoint, endpoints_of};
use super::facts::*;
use super::rules::{Assignment, Comparison, Judge, PRESENTED, Removal, joined, rows};
use super::state::{State, View};
use super::{Kind, Said};

/// What an endpoint presents before a plan and after it, refused or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub before: Endpoint,
    pub after: Endpoint,
}

/// Every endpoint, in order, whether it changes or not.
pub fn changes(situation: &Situation) -> Vec<Change> {
    let before = State::of(&situation.server);
    Plan::of(situation, &before).changes
}

pub struct Plan<'a> {
    server: &'a ServerFacts,
    pub assignment: Option<Assignment<'a>>,
    pub removal: Option<Removal<'a>>,
    /// Once every service in question is assigned, and before anything is removed.
    pub assigned: State,
    /// Once names have moved, and what is removed is gone.
    pub left: State,
    changes: Vec<Change>,
    /// Those of the assignment alone.
    changes_of_assignment: Vec<Change>,
}

pub struct Findings {
    pub said: Vec<Said>,
    pub assignable: Option<u8>,
}

impl<'a> Plan<'a> {
    pub fn of(situation: &'a Situation, before: &'a State) -> Self {
        let Situation { now, server, .. } = situation;
        Self::since(situation, before, endpoints_of(View { now: *now, server, state: before, before }))
    }

    /// Judged by what is worse than this.
    pub fn since(situation: &'a Situation, before: &'a State, earlier: Vec<Endpoint>) -> Self {
        let Situation { now, server, request } = situation;
        let presented = |state: &State| endpoints_of(View { now: *now, server, state, before });
        let compared = |later: Vec<Endpoint>| -> Vec<Change> {
            earlier.iter().cloned().zip(later).map(|(before, after)| Change { before, after }).collect()
        };
        let assignment = Assignment::of(*now, server, request, before, &earlier);
        let mut removal = Removal::of(*now, server, request, before, assignment.as_ref());
        let assigned = assignment.as_ref().map_or_else(|| before.clone(), State::after);
        let changes_of_assignment = compared(presented(&assigned));
        let moved = assignment.as_ref().map(Assignment::moved).unwrap_or_default();
        let this = assignment.as_ref().and_then(|it| it.certificate);
        let left = assigned.clone().naming(&moved, this).without(removal.as_ref().and_then(|it| it.gone));
        let later = presented(&left);
        if let Some(removal) = &mut removal {
            removal.judge_by_endpoint(&earlier, &later);
        }
        let changes = compared(later);
        Self { server, assignment, removal, assigned, left, changes, changes_of_assignment }
    }

    pub fn judge(&self) -> Findings {
        let assignment = self.assignment.as_ref();
        let removal = self.removal.as_ref();
        let mut said = Vec::new();
        let mut assignable = assignment.map(|it| it.question);
        let mut take = |services: u8| {
            let refused = if services == 0 { u8::MAX } else { services };
            assignable = assignable.map(|it| it & !refused);
        };
        for row in rows() {
            let asked = assignment.filter(|it| row.always || it.question != 0);
            let on_assignment = judged(&row.assignment, asked, |judge, it| judge(it));
            let on_removal = judged(&row.removal, removal, |judge, it| judge(it));
            if let Some((Kind::Refuse, services)) = on_assignment {
                take(services);
            }
            let together = match (on_assignment, on_removal) {
                (Some(one), Some(other)) => Some(stronger(one, other)),
                (one, other) => one.or(other),
            };
            if let Some((kind, services)) = together {
                said.push(Said { rule: row.rule, kind, services });
            }
        }
        let of_removal = |it: &&Said| rows().any(|row| row.rule == it.rule && row.assignment.is_none());
        let of_assignment: Vec<Said> = said.iter().filter(|it| !of_removal(it)).copied().collect();
        let compared = |changes| Comparison { server: self.server, assignment, removal, changes, said: &said };
        let assigned_alone = Comparison {
            server: self.server,
            assignment,
            removal: None,
            changes: &self.changes_of_assignment,
            said: &of_assignment,
        };
        let mut presented = Vec::new();
        for (rule, judge) in PRESENTED {
            if let Some((kind, services)) = judge(&compared(&self.changes)) {
                presented.push(Said { rule, kind, services });
            }
            // What the removal alone breaks does not stand against assigning.
            if let Some((Kind::Refuse, services)) = judge(&assigned_alone) {
                take(services);
            }
        }
        said.extend(presented);
        Findings { said, assignable }
    }
}

/// §5: an id in both lists speaks once, in its stronger kind; what the weaker names is not what that is about.
fn stronger((kind, services): (Kind, u8), (other, more): (Kind, u8)) -> (Kind, u8) {
    match kind.cmp(&other) {
        Ordering::Greater => (kind, services),
        Ordering::Equal => (kind, joined(services, more)),
        Ordering::Less => (other, more),
    }
}

fn judged<F: Copy + 'static, T>(
    judge: &Option<Judge<F>>,
    about: Option<&T>,
    ask: impl Fn(F, &T) -> Option<u8>,
) -> Option<(Kind, u8)> {
    let about = about?;
    judge.as_ref()?.judge(|judge| ask(judge, about))
}
