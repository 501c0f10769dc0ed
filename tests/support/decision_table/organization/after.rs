//! The servers once the renewal is done, and what they present then.

use super::super::endpoints::{Endpoint, endpoints_of};
use super::super::facts::*;
use super::super::state::{State, View};
use super::super::{AfterCertificate, Change};
use super::servers::Decided;
use super::{OrganizationFacts, Reading, ViewOfServer};

/// A server afterwards, by whoever says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// By their places in the view of the server.
    pub certificates: Vec<AfterCertificate>,
    pub default_smtp: DefaultSmtp,
    pub imap_name: Fact<String>,
    pub pop_name: Fact<String>,
    /// Of the connectors in the view of the server.
    pub connector_names: Vec<Fact<CertificateName>>,
}

impl After {
    pub fn of(state: &State) -> Self {
        Self {
            certificates: state
                .installed()
                .map(|index| AfterCertificate {
                    index,
                    services: state.services[index],
                    web_sites: state.web_sites[index].clone().map(sorted),
                })
                .collect(),
            default_smtp: state.default_smtp,
            imap_name: state.imap_name.clone(),
            pop_name: state.pop_name.clone(),
            connector_names: state.connector_names.clone(),
        }
    }

    pub fn has(&self, index: usize) -> bool {
        self.certificates.iter().any(|it| it.index == index)
    }
}

fn sorted(mut sites: Vec<u32>) -> Vec<u32> {
    sites.sort_unstable();
    sites
}

/// As its plan and the names of the organisation leave it.
pub fn left(facts: &OrganizationFacts, view: &ViewOfServer, decided: Option<&Decided>, moving: &[usize]) -> State {
    let shared: Vec<usize> = moving.iter().filter_map(|place| view.shared[*place]).collect();
    let state = match decided.filter(|it| it.has_plan()) {
        Some(it) => it.left.clone(),
        None => {
            let mut state = State::of(&view.facts);
            state.installed[view.installed..].fill(false);
            state.default_smtp = view.today().default_smtp;
            state
        }
    };
    state.naming(&shared, Some(&facts.request.new))
}

/// Every endpoint as the server is now, and as it is afterwards by somebody's word.
pub fn changes_of(facts: &OrganizationFacts, view: &ViewOfServer, after: &After) -> Vec<Change> {
    changes_to(facts, view, &told(view, after))
}

pub fn changes_to(facts: &OrganizationFacts, view: &ViewOfServer, left: &State) -> Vec<Change> {
    let before = State::of(&view.facts);
    let later = endpoints_of(View { now: facts.now, server: &view.facts, state: left, before: &before });
    earlier(facts, view, Reading::Harmless)
        .into_iter()
        .zip(later)
        .map(|(before, after)| Change { before, after })
        .collect()
}

pub fn earlier(facts: &OrganizationFacts, view: &ViewOfServer, reading: Reading) -> Vec<Endpoint> {
    let server = match reading {
        Reading::Letter => view.facts.clone(),
        Reading::Harmless => view.today(),
    };
    let state = State::of(&server);
    endpoints_of(View { now: facts.now, server: &server, state: &state, before: &state })
}

/// With what follows from it.
fn told(view: &ViewOfServer, after: &After) -> State {
    let mut state = State::of(&view.facts);
    // Which sites count as whose is worked out on the server as it was.
    let gains_iis = |new: &usize| {
        let at_first = |sites: &Option<Vec<u32>>| sites.as_ref().is_some_and(|it| it.contains(&DEFAULT_WEB_SITE));
        after.certificates.iter().filter(|it| it.index == *new).any(|it| {
            let shown = it.services.unwrap_or(0) & IIS != 0 && !state.has(*new, IIS);
            shown || at_first(&it.web_sites) && !at_first(&state.web_sites[*new])
        })
    };
    if let Some(new) = view.new.filter(gains_iis) {
        state.move_default_web_site(new);
    }
    state.installed = (0..view.facts.certificates.len()).map(|index| after.has(index)).collect();
    for it in &after.certificates {
        state.services[it.index] = it.services;
        state.web_sites[it.index] = it.web_sites.clone();
    }
    state.default_smtp = after.default_smtp;
    state.imap_name = after.imap_name.clone();
    state.pop_name = after.pop_name.clone();
    state.connector_names = after.connector_names.clone();
    state
}
