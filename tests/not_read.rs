//! What was not read is never "there is none": a world beside the same world of which a part was not read.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod support {
    pub mod comparison;
    pub mod decision_table;
    pub mod factory;
    pub mod pool;
    pub mod situations;
}

use std::cell::Cell;
use std::collections::BTreeSet;

use exchange_certificates::{Audit, Fleet, NoPlan, NotReadKind, Plan, Server, Thumbprint, audit, plan};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::TestRunner;
use support::comparison::{bare_server, installed, not_read, now, request};
use support::decision_table::{ConnectorKind, FEDERATION, NotRead, Operation, Situation};
use support::pool::POOL;
use support::situations::situations;

/// Two servers of one organisation, and a request about the first.
#[derive(Clone, Debug)]
struct World {
    first: Situation,
    second: Situation,
}

/// What was not read of it.
#[derive(Clone, Debug)]
struct Lost {
    what: Vec<NotRead>,
    /// Of the certificates of each server, those that nobody saw; one that the request names is always seen.
    certificates: [Vec<bool>; 2],
}

fn worlds() -> impl Strategy<Value = World> {
    (situations(), situations(), any::<bool>()).prop_map(|(first, mut second, is_calm)| {
        second.server.name = "MBX02".into();
        // What belongs to the organisation is said once.
        second.server.connectors.retain(|it| it.kind == ConnectorKind::Receive);
        second.server.auth_certificates = None;
        let mut world = World { first, second };
        for situation in [&mut world.first, &mut world.second] {
            situation.server.not_read.clear();
            if is_calm {
                calm(situation);
            }
        }
        world
    })
}

/// Without that for which most requests are refused, so that what is left decides.
fn calm(Situation { server, request, .. }: &mut Situation) {
    request.caller = None;
    server.web_bindings = None;
    for certificate in &mut server.certificates {
        certificate.services = certificate.services.map(|services| services & !FEDERATION);
        certificate.services.get_or_insert_default();
        certificate.status = None;
        certificate.has_private_key = true;
        if let Some(sites) = &mut certificate.web_sites {
            sites.retain(|site| *site != 2);
        }
    }
}

/// Without these nothing is removed.
const REFUSING: [NotRead; 3] = [NotRead::Certificates, NotRead::SendConnectors, NotRead::ReceiveConnectors];

fn losses() -> impl Strategy<Value = Lost> {
    // The rest is warned of or noted, so that more may pass.
    let telling = [NotRead::Hybrid, NotRead::Auth, NotRead::EdgeSubscriptions, NotRead::ClientNames];
    let all = [&REFUSING[..], &telling].concat();
    let what = prop_oneof![subsequence(all, 1..=3), subsequence(telling.to_vec(), 1..=3)];
    let unseen = || vec(any::<bool>(), 5);
    (what, unseen(), unseen()).prop_map(|(what, first, second)| Lost { what, certificates: [first, second] })
}

/// The same situation as it is known to who did not read so much of it.
fn without(situation: &Situation, what: &[NotRead]) -> Situation {
    let mut left = situation.clone();
    left.server.not_read = what.to_vec();
    let facts = left.server.clone();
    let server = &mut left.server;
    server.connectors.retain(|connector| {
        !facts.lacks(match connector.kind {
            ConnectorKind::Send => NotRead::SendConnectors,
            ConnectorKind::Receive => NotRead::ReceiveConnectors,
            ConnectorKind::Hybrid => NotRead::Hybrid,
        })
    });
    if facts.lacks(NotRead::EdgeSubscriptions) {
        server.edge_subscribed = false;
    }
    if facts.lacks(NotRead::Auth) {
        server.auth_certificates = None;
    }
    if facts.lacks(NotRead::ClientNames) {
        server.client_names = None;
    }
    left
}

/// With all certificates but those that nobody saw.
fn server(situation: &Situation, unseen: impl Fn(usize) -> bool) -> Server {
    let mut server = bare_server(situation);
    for (place, facts) in situation.server.certificates.iter().enumerate() {
        if !unseen(place) {
            let made = POOL.iter().find(|made| made.facts.thumbprint == facts.thumbprint).unwrap();
            server.install(installed(facts, made.certificate.clone())).unwrap();
        }
    }
    server
}

impl World {
    fn known(&self) -> Fleet {
        fleet([server(&self.first, |_| false), server(&self.second, |_| false)])
    }

    fn known_without(&self, lost: &Lost) -> Fleet {
        let request = &self.first.request;
        let named = [&request.thumbprint, &request.old_thumbprint];
        let is_lost = lost.what.contains(&NotRead::Certificates);
        let is_named = |place: usize| named.contains(&&self.first.server.certificates[place].thumbprint);
        fleet([
            server(&without(&self.first, &lost.what), |it| is_lost && lost.certificates[0][it] && !is_named(it)),
            server(&without(&self.second, &lost.what), |it| is_lost && lost.certificates[1][it]),
        ])
    }
}

fn fleet(servers: [Server; 2]) -> Fleet {
    let mut fleet = Fleet::new();
    servers.into_iter().for_each(|server| fleet.insert(server).unwrap());
    fleet
}

type Planned = Result<Plan, NoPlan>;

fn says(planned: &Planned, rule: &str) -> bool {
    planned.as_ref().map_or_else(NoPlan::diagnostics, Plan::diagnostics).iter().any(|said| said.rule() == rule)
}

/// A connector of the first server or of its organisation names what is to be removed.
fn is_named_by_a_connector(situation: &Situation) -> bool {
    let Situation { server, request, .. } = situation;
    let gone = match request.operation {
        Operation::Replace { old, .. } => old,
        _ => request.certificate,
    };
    let mut connectors = server.connectors.iter().filter(|it| it.kind != ConnectorKind::Hybrid && server.counts(it));
    gone.is_some_and(|gone| connectors.any(|it| it.names(&server.certificates[gone])))
}

fn is_assignment(world: &World) -> bool {
    matches!(world.first.request.operation, Operation::Assign { .. })
}

/// What passes only because less is known is not passed in silence, and never against a connector.
fn is_told(world: &World, before: &Planned, after: &Planned) -> Result<(), TestCaseError> {
    if is_assignment(world) {
        // Where nothing is in question nothing is done, and nothing said.
        let does_nothing = after.as_ref().is_ok_and(|plan| plan.script().is_empty());
        prop_assert!(does_nothing || says(after, "facts-unknown") || says(after, "default-smtp-unknown"));
        return Ok(());
    }
    prop_assert!(says(after, "facts-unknown") || says(after, "removes-likely-auth-certificate"));
    let by_connector = says(before, "removes-connector-certificate") && is_named_by_a_connector(&world.first);
    prop_assert!(!by_connector, "a connector that is known refuses it");
    Ok(())
}

#[test]
fn nothing_is_planned_in_silence_because_less_is_known() {
    let (refused, passed) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&(worlds(), losses()), |(world, lost)| {
        let (request, now) = (request(&world.first), now(&world.first));
        let planned = |fleet: &Fleet| plan(fleet.get("MBX01").unwrap(), &request, now);
        let (before, after) = (planned(&world.known()), planned(&world.known_without(&lost)));
        if lost.what.iter().any(|what| REFUSING.contains(what)) && !is_assignment(&world) {
            prop_assert!(after.is_err() && says(&after, "facts-unknown"));
        }
        if matches!(before, Err(NoPlan::Refused(_))) {
            refused.set(refused.get() + 1);
            if after.is_ok() {
                passed.set(passed.get() + 1);
                is_told(&world, &before, &after)?;
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    // Else it would hold of worlds in which nothing depends on what was not read.
    let (refused, passed) = (refused.get(), passed.get());
    println!("{refused} requests are refused, {passed} of which pass where less is known");
    assert!(refused > 5_000 && passed > 20);
}

type Found = (String, String, Option<Thumbprint>);

/// What the audit says, be it a finding or a consequence of one.
fn found(audit: &Audit) -> BTreeSet<Found> {
    let said = audit.findings.iter().flat_map(|it| {
        let consequences = it.consequences().iter().map(|consequence| (consequence.rule(), consequence.thumbprint()));
        let said = std::iter::once((it.rule(), it.thumbprint())).chain(consequences);
        said.map(|(rule, thumbprint)| (rule.to_owned(), it.server().to_owned(), thumbprint))
    });
    said.collect()
}

#[test]
fn the_audit_finds_nothing_because_less_is_known_and_says_what_was_not_read() {
    let (all, left) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&(worlds(), losses()), |(world, lost)| {
        let now = now(&world.first);
        let (before, after) = (audit(&world.known(), now), audit(&world.known_without(&lost), now));
        let (known, still) = (found(&before), found(&after));
        let new: Vec<_> = still
            .difference(&known)
            .filter(|it| it.0 != "audit-endpoint-ambiguous" && !is_missed_by_nobody(&world, &lost, it))
            .collect();
        prop_assert!(new.is_empty(), "{:?} makes the audit find {:?}", lost.what, new);
        prop_assert!(before.not_read.is_empty());
        for situation in [&world.first, &world.second] {
            names_what_was_lost(&without(situation, &lost.what), &after)?;
        }
        all.set(all.get() + known.len());
        left.set(left.get() + still.len());
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let (all, left) = (all.get(), left.get());
    println!("{all} findings, {left} of which are left where less is known");
    assert!(left > 10_000 && all > left + 5_000);
}

/// The hybrid and the Auth configuration may name a certificate of an Edge Transport server too, and are never unread
/// there.
fn is_missed_by_nobody(world: &World, lost: &Lost, (rule, server, _): &Found) -> bool {
    let is_edge = [&world.first, &world.second].iter().any(|it| it.server.name == *server && it.server.is_edge());
    is_edge && rule == "audit-removable" && lost.what.iter().any(|what| [NotRead::Hybrid, NotRead::Auth].contains(what))
}

fn names_what_was_lost(situation: &Situation, audit: &Audit) -> Result<(), TestCaseError> {
    let server = &situation.server;
    for what in server.not_read.iter().filter(|what| server.lacks(**what)) {
        let kind = not_read(what).what();
        let stands_at = !kind.is_of_organization() || server.is_edge() && kind == NotReadKind::SendConnectors;
        let place = stands_at.then_some(server.name.as_str());
        let is_named = audit.not_read.iter().any(|it| it.what == kind && it.server.as_deref() == place);
        prop_assert!(is_named, "{kind} of {place:?} is not among {:?}", audit.not_read);
    }
    if server.lacks(NotRead::Certificates) {
        let finding = audit.findings.iter().find(|it| it.server() == server.name);
        prop_assert!(finding.is_none(), "of a server whose certificates were not read: {}", finding.unwrap());
    }
    Ok(())
}
