//! The tables of §5 and of ENDPOINTS §7, row by row and in their order.

mod article;
mod assignment;
mod not_read;
mod permission;
mod presented;
mod references;
mod removal;
mod removals;

pub use assignment::{Assignment, Replacing, default_open};
pub use presented::{Comparison, PRESENTED};
pub use removal::Removal;

use super::Kind::{self, Refuse};
use super::facts::*;

/// `None` is silent; otherwise the services that the diagnostic names, 0 where it names none.
type Answered = Option<u8>;

/// What a row asks.
pub enum Judge<T: 'static> {
    Always(Kind, T),
    /// A rule of several kinds, the given one the weaker: it speaks so where the second says so.
    Weaker(Kind, T, Kind, T),
    /// A rule of several cases, each of its own kind: it speaks once, in the strongest.
    Cases(&'static [(Kind, T)]),
}

type OnAssignment = Judge<fn(&Assignment<'_>) -> Answered>;
type OnRemoval = Judge<fn(&Removal<'_>) -> Answered>;

pub struct Row {
    pub rule: &'static str,
    pub assignment: Option<OnAssignment>,
    pub removal: Option<OnRemoval>,
    /// Judged even where no service is in question.
    pub always: bool,
}

impl<T: Copy + 'static> Judge<T> {
    pub fn judge(&self, ask: impl Fn(T) -> Answered) -> Option<(Kind, u8)> {
        match self {
            Judge::Always(kind, judge) => ask(*judge).map(|services| (*kind, services)),
            Judge::Weaker(kind, judge, weaker, softens) => {
                let services = ask(*judge)?;
                Some((if ask(*softens).is_some() { *weaker } else { *kind }, services))
            }
            Judge::Cases(cases) => cases
                .iter()
                .filter_map(|(kind, judge)| ask(*judge).map(|services| (*kind, services)))
                .reduce(|(kind, services), (other, more)| (kind.max(other), joined(services, more))),
        }
    }
}

const fn assigning(rule: &'static str, kind: Kind, judge: fn(&Assignment<'_>) -> Answered) -> Row {
    Row { rule, assignment: Some(Judge::Always(kind, judge)), removal: None, always: false }
}

const fn assigning_anything(rule: &'static str, kind: Kind, judge: fn(&Assignment<'_>) -> Answered) -> Row {
    Row { rule, assignment: Some(Judge::Always(kind, judge)), removal: None, always: true }
}

const fn removing(rule: &'static str, kind: Kind, judge: fn(&Removal<'_>) -> Answered) -> Row {
    Row { rule, assignment: None, removal: Some(Judge::Always(kind, judge)), always: false }
}

const fn both(
    rule: &'static str,
    kind: Kind,
    assign: fn(&Assignment<'_>) -> Answered,
    remove: fn(&Removal<'_>) -> Answered,
) -> Row {
    Row {
        rule,
        assignment: Some(Judge::Always(kind, assign)),
        removal: Some(Judge::Always(kind, remove)),
        always: false,
    }
}

const fn both_always(
    rule: &'static str,
    kind: Kind,
    assign: fn(&Assignment<'_>) -> Answered,
    remove: fn(&Removal<'_>) -> Answered,
) -> Row {
    Row { always: true, ..both(rule, kind, assign, remove) }
}

/// 5.1, then 5.2.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [article::ROWS, references::FITNESS, removals::ROWS, references::CONSEQUENCES].into_iter().flatten()
}

/// What is about the whole request names no service, whatever else is found.
pub fn joined(services: u8, more: u8) -> u8 {
    if services == 0 || more == 0 { 0 } else { services | more }
}

fn some(services: u8) -> Answered {
    (services != 0).then_some(services)
}

fn whole(speaks: bool) -> Answered {
    speaks.then_some(0)
}

fn unknown_services(server: &ServerFacts) -> Answered {
    whole(server.certificates.iter().any(|it| it.services.is_none()))
}

/// The rules of §5 have spoken; which services those that refuse name.
pub fn refused(said: &[super::Said]) -> u8 {
    said.iter().filter(|it| it.kind == Refuse).fold(0, |services, it| services | it.services)
}
