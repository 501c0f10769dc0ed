//! Which connectors of the organisation take the new name, and which keep theirs.

use super::super::facts::*;
use super::super::rank::{is_dead, is_worse};
use super::after::left;
use super::servers::Decided;
use super::{After, Kept, OrganizationFacts, Reading, ViewOfServer, changes_of};

/// What is known of the names so far: one that is kept stays kept.
#[derive(Clone, Debug)]
pub struct Names {
    kept: Vec<bool>,
    /// Those that move as far as is known.
    pub moving: Vec<usize>,
}

/// Which servers a connector asks whether they go on.
pub struct Asked {
    pub servers: Vec<usize>,
    /// Named, and in no fleet.
    pub strangers: Vec<String>,
}

impl Names {
    /// Every one whose servers could go on moves.
    pub fn at_first(facts: &OrganizationFacts, views: &[ViewOfServer]) -> Self {
        let mut names = Self { kept: vec![false; facts.connectors.len()], moving: Vec::new() };
        names.keep(facts, views, &|view| view.old.is_some(), &|view, place| could_go_on(facts, view, place));
        names
    }

    /// Says whether one is kept that was not before.
    pub fn keep_more(
        &mut self,
        facts: &OrganizationFacts,
        views: &[ViewOfServer],
        decided: &[Option<Decided>],
    ) -> bool {
        let before = (self.kept.clone(), self.moving.clone());
        self.keep(facts, views, &|view| view.old.is_some(), &|view, place| goes_on(facts, view, decided, place));
        before != (self.kept.clone(), self.moving.clone())
    }

    fn keep(
        &mut self,
        facts: &OrganizationFacts,
        views: &[ViewOfServer],
        has_plan: &dyn Fn(&ViewOfServer) -> bool,
        goes_on: &dyn Fn(&ViewOfServer, usize) -> bool,
    ) {
        self.moving.clear();
        for place in 0..facts.connectors.len() {
            if !is_to_move(facts, place) || !is_concerned(facts, views, place, has_plan) {
                continue;
            }
            let asked = asked(facts, views, place);
            let all_go_on = asked.strangers.is_empty() && asked.servers.iter().all(|it| goes_on(&views[*it], place));
            self.kept[place] |= !all_go_on;
            if !self.kept[place] {
                self.moving.push(place);
            }
        }
    }

    pub fn kept(&self, facts: &OrganizationFacts, views: &[ViewOfServer], decided: &[Option<Decided>]) -> Vec<Kept> {
        let kept = (0..facts.connectors.len()).filter(|place| self.kept[*place]);
        kept.map(|connector| {
            let asked = asked(facts, views, connector);
            let lacking = asked.servers.iter().filter(|it| !goes_on(facts, &views[**it], decided, connector));
            let lacking = lacking.map(|it| facts.servers[*it].name.clone()).chain(asked.strangers).collect();
            Kept { connector, lacking }
        })
        .collect()
    }
}

/// Another name than that of the new certificate, which has one.
fn is_to_move(facts: &OrganizationFacts, place: usize) -> bool {
    let new = &facts.request.new;
    facts.request.update_connectors && !new.has_empty_subject() && !facts.connectors[place].names(new)
}

/// It names the old certificate of a server that is asked.
fn is_concerned(
    facts: &OrganizationFacts,
    views: &[ViewOfServer],
    place: usize,
    has_plan: &dyn Fn(&ViewOfServer) -> bool,
) -> bool {
    let names_old =
        |view: &ViewOfServer| view.old.is_some_and(|old| facts.connectors[place].names(&view.facts.certificates[old]));
    views.iter().any(|view| has_plan(view) && names_old(view))
}

pub fn asked(facts: &OrganizationFacts, views: &[ViewOfServer], place: usize) -> Asked {
    let connector = &facts.connectors[place];
    if connector.servers.is_empty() {
        let holds =
            |view: &&ViewOfServer| view.facts.certificates[..view.installed].iter().any(|it| connector.names(it));
        return Asked { servers: views.iter().filter(holds).map(|it| it.place).collect(), strangers: Vec::new() };
    }
    let mut asked = Asked { servers: Vec::new(), strangers: Vec::new() };
    for name in &connector.servers {
        match facts.called(name) {
            Some(server) if !asked.servers.contains(&server) => asked.servers.push(server),
            Some(_) => {}
            None => asked.strangers.push(name.clone()),
        }
    }
    asked
}

fn goes_on(facts: &OrganizationFacts, view: &ViewOfServer, decided: &[Option<Decided>], place: usize) -> bool {
    match &decided[view.place] {
        Some(it) => it.has_plan() && view.new.is_some_and(|new| it.left.has(new, SMTP)),
        None => view.old.is_none() && has_smtp(view, view.new) && does_no_harm(facts, view, place),
    }
}

/// Before anything is decided: as if nothing stood against it.
fn could_go_on(facts: &OrganizationFacts, view: &ViewOfServer, place: usize) -> bool {
    match view.old {
        Some(_) => has_smtp(view, view.new) || has_smtp(view, view.old),
        None => has_smtp(view, view.new) && does_no_harm(facts, view, place),
    }
}

/// On a server without a plan no rule judges what it presents under the new name.
fn does_no_harm(facts: &OrganizationFacts, view: &ViewOfServer, place: usize) -> bool {
    if facts.request.reading == Reading::Letter {
        return true;
    }
    let after = After::of(&left(facts, view, None, &[place]));
    changes_of(facts, view, &after).iter().all(|change| {
        let fails = is_dead(&change.before.answer) == Some(false) && is_dead(&change.after.answer) == Some(true);
        !fails && !is_worse(&change.before.answer, &change.after.answer, &change.after.uncounted)
    })
}

fn has_smtp(view: &ViewOfServer, index: Option<usize>) -> bool {
    index.is_some_and(|index| view.facts.certificates[index].has(SMTP))
}
