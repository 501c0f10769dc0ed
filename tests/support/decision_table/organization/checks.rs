//! What must hold of every renewal, whoever planned it.

use super::super::facts::*;
use super::super::rank::{Flag, is_dead, is_worse};
use super::super::{Change, EndpointKind};
use super::after::earlier;
use super::{After, OrganizationFacts, Reading, ViewOfServer, changes_of};

/// An endpoint that is worse than before, and no warning of its server speaks of it.
#[derive(Clone, Debug)]
pub struct Worse {
    pub server: usize,
    pub change: Change,
}

/// A connector of the organisation, and a server that has no certificate of its name any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// Into the connectors of the organisation; `None` where it is the server's own.
    pub connector: Option<usize>,
    pub name: String,
    pub server: usize,
}

/// Of each server what it is afterwards, and whether a rule spoke there.
pub fn worse(facts: &OrganizationFacts, after: &[After], spoke: &dyn Fn(usize, &str) -> bool) -> Vec<Worse> {
    let mut worse = Vec::new();
    for (view, after) in facts.views().iter().zip(after) {
        let spoke = |rule: &str| spoke(view.place, rule);
        // Without a plan nothing is imported.
        let imported = view.new.is_some_and(|new| after.has(new));
        let since = earlier(facts, view, if imported { facts.request.reading } else { Reading::Harmless });
        for (before, change) in since.into_iter().zip(changes_of(facts, view, after)) {
            let change = Change { before, ..change };
            if got_worse(&change, &spoke) {
                worse.push(Worse { server: view.place, change });
            }
        }
    }
    worse
}

fn got_worse(change: &Change, spoke: &dyn Fn(&str) -> bool) -> bool {
    let fails = is_dead(&change.before.answer) == Some(false) && is_dead(&change.after.answer) == Some(true);
    let any = |rules: &[&str]| rules.iter().any(|rule| spoke(rule));
    let mut uncounted = change.after.uncounted.clone();
    for (rule, flag) in
        [("iis-name-not-covered", Flag::Name), ("self-signed", Flag::SelfSigned), ("status-accepted", Flag::Status)]
    {
        if spoke(rule) {
            uncounted.push(flag);
        }
    }
    if !fails && !is_worse(&change.before.answer, &change.after.answer, &uncounted) {
        return false;
    }
    // Of these each names the endpoints that it is about.
    let of_connectors = change.after.kind.is_connector() && any(&["connector-uses-other", "update-connectors"]);
    let of_import = change.after.named && any(&["import-takes-over"]);
    let of_bindings = change.after.kind == EndpointKind::DefaultWebSite && any(&["iis-binding-keeps-other"]);
    // A warning where the service may not run, or the certificate is optional.
    !(any(&["endpoint-fails"]) || !fails && any(&["endpoint-worse"]) || of_connectors || of_import || of_bindings)
}

/// Connectors whose certificate a server had before, and has no more.
pub fn lacking(facts: &OrganizationFacts, after: &[After]) -> Vec<Lacking> {
    let mut lacking = Vec::new();
    for (view, after) in facts.views().iter().zip(after) {
        let organisation = view.shared.iter().enumerate().filter_map(|(place, at)| at.map(|at| (Some(place), at)));
        let own = (view.own_from..view.facts.connectors.len()).map(|at| (None, at));
        for (connector, at) in organisation.chain(own) {
            let known = &view.facts.connectors[at];
            let runs_here = known.servers.is_empty() || known.runs_on(&view.facts.name);
            let has = |name: &Fact<CertificateName>, installed: &dyn Fn(usize) -> bool| {
                let certificates = view.facts.certificates.iter().enumerate();
                name.value()
                    .is_some_and(|name| certificates.into_iter().any(|(it, facts)| installed(it) && name.is_of(facts)))
            };
            let had = has(&known.tls_certificate_name, &|index| index < view.installed);
            if runs_here && had && !has(&after.connector_names[at], &|index| after.has(index)) {
                lacking.push(Lacking { connector, name: known.name.clone(), server: view.place });
            }
        }
    }
    lacking
}

impl OrganizationFacts {
    pub fn views(&self) -> Vec<ViewOfServer> {
        let order = self.order();
        (0..self.servers.len()).map(|place| self.view(place, &order)).collect()
    }
}
