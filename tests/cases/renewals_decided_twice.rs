//! Renewals of organisations at random: the library and the decision table come to the same, and so does the script.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use super::renewals_by_hand::{OLD, certificate, connector, edge, mailbox, two};
use exchange_certificates::{
    self as library, AcceptedStatus, ConnectorNames, Fleet, LeftOver, NoPlan, Policy, Request, Rollout, RolloutPlan,
    Thumbprint,
};
use proptest::prelude::*;

use crate::support::comparison::organization::{self, same};
use crate::support::comparison::{NOT_INSTALLED, said};
use crate::support::decision_table::organization::{
    After, ENDPOINT_CHANGES, OrganizationFacts, Reading, RenewalFacts, Renewed, Standing, ViewOfServer, renew,
};
use crate::support::decision_table::{
    self as table, CertificateName, ConnectorKind, IIS, Outcome, SMTP, ServerFacts, Status,
};
use crate::support::interpreter::{Machine, Organisation};
use crate::support::organizations::organizations;
use crate::support::pool::{OTHER_ISSUER, RENEWED};
use crate::support::presented;

fn rollout(facts: &OrganizationFacts) -> Rollout {
    let asked = &facts.request;
    let new = organization::new_certificate(asked);
    let request = match &asked.old {
        Some(old) => Request::replace(old.parse().unwrap(), new.thumbprint()),
        None => Request::renew(new.thumbprint()),
    };
    let names = if asked.update_connectors { ConnectorNames::Update } else { ConnectorNames::Keep };
    let mut request = request.with_connector_names(names).with_require_ssl(asked.require_ssl);
    if asked.keep_old {
        request = request.keeping_old();
    }
    if let Some(answer) = asked.default_smtp {
        request = request.with_default_smtp(match answer {
            table::Answer::Keep => library::Answer::Keep,
            table::Answer::Replace => library::Answer::Replace,
        });
    }
    if let Some(caller) = &asked.caller {
        request = request.with_caller(caller.iter().cloned());
    }
    for status in &asked.accept_status {
        request = request.with_accepted_status(match status {
            Status::RevocationCheckFailure => AcceptedStatus::RevocationCheckFailure,
            Status::Untrusted => AcceptedStatus::Untrusted,
            Status::Unknown => AcceptedStatus::Unknown,
            other => panic!("{other:?} is never accepted"),
        });
    }
    let rollout = Rollout::new(request).with_certificate(new);
    match organization::order(facts) {
        Some(order) => rollout.with_order(order),
        None => rollout,
    }
}

/// What both say of one thing, by names.
fn by_library(plan: &RolloutPlan) -> Vec<String> {
    let answer = serde_json::to_value(plan).unwrap();
    let mut told = vec![format!("outcome {}", answer["outcome"].as_str().unwrap())];
    told.extend(plan.imports().iter().map(|server| format!("import on {server}")));
    told.extend(plan.skipped().iter().map(|server| format!("skipped {server}")));
    told.extend(plan.connectors().iter().map(|moved| {
        format!("{:?} {} moves after {:?}", moved.connector().kind(), moved.connector().name(), moved.after())
    }));
    told.extend(plan.removals().iter().map(|it| format!("{} removed from {}", it.thumbprint, it.server)));
    for left in plan.left_over() {
        match left {
            // To a certificate without a subject no name is moved, which the table does not count among them.
            LeftOver::Connector { lacking, .. } if lacking.is_empty() => {}
            LeftOver::Connector { kind, connector, mut lacking } => {
                lacking.sort();
                told.push(format!("{kind:?} {connector} is kept for {lacking:?}"));
            }
            LeftOver::Certificate { server, thumbprint, .. } => told.push(format!("{thumbprint} stays on {server}")),
            _ => {}
        }
    }
    for said in plan.diagnostics() {
        let facts = serde_json::to_value(said).unwrap();
        let texts = |name: &str| facts["facts"][name].as_array().unwrap().clone();
        let pairs = texts("servers").into_iter().zip(texts("endpoints"));
        told.extend(
            pairs.map(|(server, id)| format!("{} {} {}", said.rule(), server.as_str().unwrap(), id.as_str().unwrap())),
        );
    }
    told.sort();
    told
}

fn by_table(facts: &OrganizationFacts, renewed: &Renewed) -> Vec<String> {
    let name = |place: &usize| facts.servers[*place].name.clone();
    let outcome = match renewed.outcome {
        Outcome::Refused => "refused",
        Outcome::DecisionRequired => "decision-required",
        _ => "replaced",
    };
    let mut told = vec![format!("outcome {outcome}")];
    told.extend(renewed.imports.iter().map(|place| format!("import on {}", name(place))));
    let skipped = renewed.servers.iter().enumerate().filter(|(_, it)| it.standing == Standing::Skipped);
    told.extend(skipped.map(|(place, _)| format!("skipped {}", name(&place))));
    let connector = |place: usize| format!("{:?} {}", facts.connectors[place].kind, facts.connectors[place].name);
    told.extend(renewed.moved.iter().map(|moved| {
        let after: Vec<_> = moved.after.iter().map(name).collect();
        format!("{} moves after {after:?}", connector(moved.connector))
    }));
    told.extend(renewed.own_moved.iter().map(|(server, own)| {
        let own = &facts.servers[*server].connectors[*own];
        format!("{:?} {} moves after {:?}", own.kind, own.name, [name(server)])
    }));
    told.extend(renewed.removals.iter().map(|(server, it)| format!("{it} removed from {}", name(server))));
    told.extend(renewed.kept.iter().map(|it| {
        let mut lacking = it.lacking.clone();
        lacking.sort();
        format!("{} is kept for {lacking:?}", connector(it.connector))
    }));
    told.extend(renewed.left_out.iter().map(|(server, it, _)| format!("{it} stays on {}", name(server))));
    let changes = renewed.endpoint_changes.iter();
    told.extend(changes.map(|(server, id)| format!("{ENDPOINT_CHANGES} {} {id}", name(server))));
    told.sort();
    told
}

/// Each server by itself: its outcome, what is said of it, and what it presents.
fn check_servers(facts: &OrganizationFacts, renewed: &Renewed, plan: &RolloutPlan) -> Result<(), String> {
    let views = facts.views();
    for (place, (server, view)) in renewed.servers.iter().zip(&views).enumerate() {
        let name = &facts.servers[place].name;
        let outcome = plan.servers().find(|(known, _)| known == name).map(|(_, outcome)| outcome);
        let (standing, diagnostics) = match outcome {
            None => (None, Vec::new()),
            Some(Ok(plan)) => (Some("planned"), plan.diagnostics().to_vec()),
            Some(Err(NoPlan::Refused(refusal))) => (Some("refused"), refusal.diagnostics().to_vec()),
            Some(Err(no_plan)) => (Some("undecided"), no_plan.diagnostics().to_vec()),
        };
        let expected = match server.standing {
            Standing::Outside | Standing::Skipped => None,
            Standing::Planned { .. } => Some("planned"),
            Standing::Refused { .. } => Some("refused"),
            Standing::Undecided { .. } => Some("undecided"),
        };
        if standing != expected {
            return Err(format!("{name}: {standing:?} is {:?} by the table; {diagnostics:#?}", server.standing));
        }
        if let (Some(Ok(plan)), Standing::Planned { question, added, .. }) = (outcome, server.standing) {
            let told = (plan.in_question().bits(), plan.added().bits());
            if told != (question, added) {
                return Err(format!("{name}: in question and added {told:?}, by the table {:?}", (question, added)));
            }
        }
        let told = said(&diagnostics);
        let table: Vec<_> = server.diagnostics.iter().map(|it| (it.rule.to_owned(), it.kind, it.services)).collect();
        if told != table {
            return Err(format!("{name}: {told:?}\nby the table {table:?}"));
        }
        let thumbprints: Vec<Thumbprint> =
            view.facts.certificates.iter().map(|it| it.thumbprint.parse().unwrap()).collect();
        let presented: Vec<_> = plan.endpoints().filter(|change| change.after.server() == name).collect();
        if presented.len() != server.changes.len() {
            return Err(format!("{name}: {} endpoints, by the table {}", presented.len(), server.changes.len()));
        }
        for (change, table) in presented.iter().zip(&server.changes) {
            let is_same = presented::same_answer(&change.before, &table.before.answer, &thumbprints)
                && presented::same(&change.after, &table.after, &thumbprints);
            if !is_same {
                return Err(format!("{name}: {change:#?}\nby the table {table:#?}"));
            }
        }
    }
    Ok(())
}

pub(super) fn check(facts: &OrganizationFacts) -> Result<(), String> {
    let (fleet, now) = (organization::fleet(facts), organization::now(facts));
    let planned = fleet.roll_out(&Policy::default(), &rollout(facts), now);
    let Some(renewed) = renew(facts) else {
        return match planned {
            Err(_) => Ok(()),
            Ok(plan) => Err(format!("nothing is to be renewed, by the table: {plan:#?}")),
        };
    };
    let plan = planned.map_err(|error| format!("{error}: by the table {renewed:#?}"))?;
    let (library, table) = (by_library(&plan), by_table(facts, &renewed));
    if library != table {
        let here: BTreeSet<_> = library.iter().collect();
        let there: BTreeSet<_> = table.iter().collect();
        let only = |these: &BTreeSet<&String>, others: &BTreeSet<&String>| format!("{:#?}", these - others);
        return Err(format!("here alone: {}\nby the table alone: {}", only(&here, &there), only(&there, &here)));
    }
    check_servers(facts, &renewed, &plan)?;
    check_done(facts, &renewed, &plan, fleet, now)
}

/// The plan carried out, and its script run on a model of the servers.
fn check_done(
    facts: &OrganizationFacts,
    renewed: &Renewed,
    plan: &RolloutPlan,
    mut fleet: Fleet,
    now: std::time::SystemTime,
) -> Result<(), String> {
    fleet.apply(plan, now).map_err(|error| error.to_string())?;
    for ((server, told), known) in renewed.servers.iter().zip(organization::after(facts, &fleet)).zip(&facts.servers) {
        if !same(&server.after, &told) {
            return Err(format!("{}: {told:#?}\nby the table {:#?}", known.name, server.after));
        }
    }
    let mut machines = Organisation::of(facts, NOT_INSTALLED);
    let planned = |server: &&String| plan.servers().any(|(name, outcome)| name == server.as_str() && outcome.is_ok());
    plan.imports().iter().filter(planned).for_each(|server| machines.import(server, &facts.request.new));
    let script: Vec<_> = plan.script().iter().map(ToString::to_string).collect();
    machines.run(&script.join("\n")).map_err(|failure| format!("{failure:?}\n{}", script.join("\n")))?;
    for (server, view) in renewed.servers.iter().zip(facts.views()) {
        let machine = machines.servers.iter().find(|it| it.name() == view.facts.name).unwrap();
        let left = left_by_machine(machine);
        let told = left_by_table(&server.after, &view);
        if left != told {
            return Err(format!("the script leaves {left:#?}\nby the table {told:#?}\n{}", script.join("\n")));
        }
    }
    Ok(())
}

/// Certificates with services and sites, then the names of connectors.
type Left = (Vec<(String, Option<u8>, Option<Vec<u32>>)>, Vec<Option<String>>);

fn left_by_machine(machine: &Machine) -> Left {
    let mut certificates: Vec<_> = machine
        .certificates
        .iter()
        .map(|it| (it.facts.thumbprint.clone(), it.services, sorted(it.web_sites.clone())))
        .collect();
    certificates.sort();
    let names = machine.connectors.iter().map(|it| it.tls_certificate_name.as_ref().map(|name| name.to_lowercase()));
    (certificates, names.collect())
}

fn left_by_table(after: &After, view: &ViewOfServer) -> Left {
    let thumbprint = |index: usize| view.facts.certificates[index].thumbprint.clone();
    let mut certificates: Vec<_> =
        after.certificates.iter().map(|it| (thumbprint(it.index), it.services, sorted(it.web_sites.clone()))).collect();
    certificates.sort();
    let name = |name: &CertificateName| format!("<I>{}<S>{}", name.issuer, name.subject).to_lowercase();
    (certificates, after.connector_names.iter().map(|it| it.value().map(name)).collect())
}

fn sorted(sites: Option<Vec<u32>>) -> Option<Vec<u32>> {
    sites.map(|mut sites| {
        sites.sort_unstable();
        sites
    })
}

/// Two servers, and one of them has its own old certificate, called otherwise than the new one, by which a connector is
/// called: it is given the name that the other's old certificate has too.
fn given_the_name_of_an_old_one(servers: Vec<ServerFacts>, sources: &[&str]) -> OrganizationFacts {
    let mut facts = two(RENEWED, vec![connector(ConnectorKind::Send, OTHER_ISSUER, sources)]);
    facts.servers = servers;
    facts.servers[1].certificates[OLD] = certificate(OTHER_ISSUER, IIS | SMTP, &[1]);
    facts
}

#[test]
fn a_connector_lets_go_of_the_name_that_it_was_given_while_an_old_certificate_of_that_name_is_removed() {
    let servers = vec![mailbox("MBX01", RENEWED), mailbox("MBX02", RENEWED)];
    let facts = given_the_name_of_an_old_one(servers, &["MBX01", "MBX02"]);
    let renewed = renew(&facts).unwrap();
    assert_eq!((renewed.moved.len(), renewed.removals.len()), (1, 2));
    check(&facts).unwrap();
}

#[test]
fn an_edge_server_keeps_the_old_certificate_of_a_name_that_a_synchronised_connector_is_given() {
    let edge = ServerFacts { edge_subscribed: true, ..edge("EDGE01", RENEWED) };
    let facts = given_the_name_of_an_old_one(vec![edge, mailbox("MBX02", RENEWED)], &["EDGE01", "MBX02"]);
    let renewed = renew(&facts).unwrap();
    assert_eq!((renewed.moved.len(), renewed.left_out.len(), renewed.removals.len()), (1, 1, 1));
    check(&facts).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, max_shrink_iters: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_library_the_decision_table_and_the_script_come_to_the_same(facts in organizations()) {
        let facts = OrganizationFacts { request: RenewalFacts { reading: Reading::Harmless, ..facts.request }, ..facts };
        check(&facts).map_err(TestCaseError::fail)?;
    }
}
