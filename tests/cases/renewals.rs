//! What holds of every renewal of an organisation.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::renewals_by_hand::{NEW, OLD, certificate, mailbox, send, thumbprint, two};
use crate::support::comparison::organization;
use crate::support::decision_table::organization::{
    After, LeftOut, OrganizationFacts, Reading, RenewalFacts, Renewed, Standing, lacking, renew, worse,
};
use crate::support::decision_table::{
    Answer, ConnectorFacts, ConnectorKind, DefaultSmtp, IIS, Kind, Operation, Outcome, RequestFacts, SMTP, ServerFacts,
    Situation, decide, endpoints,
};
use crate::support::organizations::organizations;
use crate::support::pool::{HEALTHY, NOW, OTHER_ISSUER, RENEWED, TIED, seconds};

fn after(renewed: &Renewed) -> Vec<After> {
    renewed.servers.iter().map(|it| it.after.clone()).collect()
}

fn check(facts: &OrganizationFacts, renewed: &Renewed) -> Result<(), String> {
    let after = after(renewed);
    let spoke = |server: usize, rule: &str| renewed.servers[server].diagnostics.iter().any(|it| it.rule == rule);
    let worse = worse(facts, &after, &spoke);
    let lacking = lacking(facts, &after);
    if worse.is_empty() && lacking.is_empty() { Ok(()) } else { Err(format!("{worse:#?}\n{lacking:#?}\n{renewed:#?}")) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_gets_worse_without_a_word(facts in organizations()) {
        let request = RenewalFacts { reading: Reading::Harmless, ..facts.request };
        let facts = OrganizationFacts { request, ..facts };
        if let Some(renewed) = renew(&facts) {
            check(&facts, &renewed).map_err(TestCaseError::fail)?;
        }
    }

    #[test]
    fn the_table_reads_the_fleet_as_it_wrote_it(facts in organizations()) {
        let fleet = organization::fleet(&facts);
        let now = organization::now(&facts);
        for (view, after) in facts.views().iter().zip(organization::after(&facts, &fleet)) {
            let today = view.today();
            let here = fleet.get(&today.name).unwrap();
            let ids: Vec<String> = here.endpoints(now).iter().map(|it| it.id().to_string()).collect();
            let known: Vec<String> = endpoints(facts.now, &today).into_iter().map(|it| it.id).collect();
            prop_assert_eq!(ids, known);
            let unchanged = After {
                certificates: after.certificates.iter().filter(|it| it.index < view.installed).cloned().collect(),
                ..after.clone()
            };
            prop_assert!(organization::same(&after, &unchanged));
        }
    }
}

/// Without it the properties above could hold of renewals in which nothing happens.
#[test]
fn the_organisations_are_well_mixed() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..5_000 {
        let facts = organizations().new_tree(&mut runner).unwrap().current();
        let mut count = |what, is_so: bool| *counts.entry(what).or_default() += usize::from(is_so);
        let Some(it) = renew(&facts) else {
            count("nothing to renew", true);
            continue;
        };
        count("replaced", it.outcome == Outcome::Replaced);
        count("refused", it.outcome == Outcome::Refused);
        count("decision required", it.outcome == Outcome::DecisionRequired);
        let any = |is_it: &dyn Fn(Standing) -> bool| it.servers.iter().any(|server| is_it(server.standing));
        let planned = |standing| matches!(standing, Standing::Planned { .. });
        let refused = |standing| matches!(standing, Standing::Refused { .. });
        count("a server is skipped", any(&|it| it == Standing::Skipped));
        count("a server is not asked for", any(&|it| it == Standing::Outside));
        count("a server refuses", any(&refused));
        count("a server refuses, another does not", any(&refused) && any(&planned));
        count("a server is undecided", any(&|it| matches!(it, Standing::Undecided { .. })));
        count("several servers have plans", it.servers.iter().filter(|it| planned(it.standing)).count() > 1);
        let kinds = |kind| it.moved.iter().any(|moved| facts.connectors[moved.connector].kind == kind);
        count("a Send connector moves", kinds(ConnectorKind::Send));
        count("the hybrid configuration moves", kinds(ConnectorKind::Hybrid));
        count("a move waits for several servers", it.moved.iter().any(|moved| moved.after.len() > 1));
        count("a Receive connector moves", !it.own_moved.is_empty());
        count("a name is kept", !it.kept.is_empty());
        count("a name is kept, another moves", !it.kept.is_empty() && !it.moved.is_empty());
        let same_name = |(server, _): &(usize, String)| {
            let view = &facts.views()[*server];
            let old = &view.facts.certificates[view.old.unwrap()];
            facts.request.update_connectors
                && old.same_names(&facts.request.new)
                && facts.connectors.iter().any(|it| it.kind == ConnectorKind::Send && it.names(old))
        };
        let restored = it.removals.iter().filter(|it| same_name(it)).count();
        count("a name is taken away and set again", restored > 0);
        count("the same on several servers", restored > 1);
        count("a removal", !it.removals.is_empty());
        let left_out = |why| it.left_out.iter().any(|(.., left)| *left == why);
        count("a removal is left out for a kept name", left_out(LeftOut::KeptName));
        count("a removal is left out at a subscribed Edge server", left_out(LeftOut::Synchronised));
        count("an import", !it.imports.is_empty());
        count("an endpoint changes that nobody asked for", !it.endpoint_changes.is_empty());
    }
    println!("{counts:#?}");
    for (what, count) in &counts {
        assert!(*count >= 25, "{what}: {count}");
    }
}

/// The text asks for SMTP alone, and what a server without a plan presents then no rule judges.
#[test]
fn by_the_letter_a_skipped_server_goes_on_without_the_key() {
    let read = |reading| {
        let mut facts = two(OTHER_ISSUER, vec![send(&["MBX01", "MBX02"])]);
        facts.request = RenewalFacts { reading, order: Some(vec![0]), ..facts.request };
        facts.servers[1].certificates[NEW].services = Some(SMTP);
        facts.servers[1].certificates[NEW].has_private_key = false;
        let renewed = renew(&facts).unwrap();
        (check(&facts, &renewed).is_ok(), renewed.moved.len(), renewed.outcome)
    };
    assert_eq!(read(Reading::Letter), (false, 1, Outcome::Replaced));
    assert_eq!(read(Reading::Harmless), (true, 0, Outcome::Refused));
}

/// The import alone takes a connector over, and breaks it: nothing assigns SMTP here.
#[test]
fn by_the_letter_no_rule_refuses_what_an_import_breaks() {
    let read = |reading| {
        let mut facts = two(RENEWED, Vec::new());
        let server = &mut facts.servers[0];
        server.certificates.truncate(OLD + 1);
        server.certificates[OLD].services = Some(IIS);
        server.certificates.push(certificate(TIED, SMTP, &[]));
        server.connectors = vec![ConnectorFacts {
            kind: ConnectorKind::Receive,
            name: "Relay".to_owned(),
            servers: vec!["MBX01".to_owned()],
            ..send(&[])
        }];
        facts.request = RenewalFacts { reading, order: Some(vec![0]), ..facts.request };
        facts.request.old = Some(thumbprint(HEALTHY));
        let renewed = renew(&facts).unwrap();
        let said = |rule: &str| renewed.servers[0].diagnostics.iter().any(|it| it.rule == rule);
        (said("import-takes-over"), said("endpoint-fails"), renewed.outcome)
    };
    assert_eq!(read(Reading::Letter), (true, false, Outcome::Replaced));
    assert_eq!(read(Reading::Harmless), (true, true, Outcome::Refused));
}

#[test]
fn what_is_kept_is_judged_as_an_assignment_and_removed_by_no_line() {
    let mut server = ServerFacts { connectors: vec![send(&["MBX01"])], ..mailbox("MBX01", OTHER_ISSUER) };
    server.default_smtp = DefaultSmtp::Installed(OLD);
    server.certificates[0].services = None;
    let situation = Situation {
        now: seconds(NOW),
        server,
        request: RequestFacts {
            operation: Operation::Replace { old: Some(OLD), update_connectors: true },
            certificate: Some(NEW),
            thumbprint: thumbprint(OTHER_ISSUER),
            old_thumbprint: thumbprint(HEALTHY),
            default_smtp: Some(Answer::Keep),
            keep_old: true,
            ..RequestFacts::default()
        },
    };
    let verdict = decide(&situation);
    assert_eq!(verdict.outcome, Outcome::Replaced);
    assert!(verdict.diagnostics.iter().all(|it| !it.rule.starts_with("removes-")));
    let unknown = verdict.diagnostics.iter().find(|it| it.rule == "services-unknown").unwrap();
    assert_eq!(unknown.kind, Kind::Warn);
    let cmdlets: Vec<_> = verdict.script.unwrap().iter().map(|it| it.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(cmdlets, ["Enable-ExchangeCertificate", "Enable-ExchangeCertificate", "Set-SendConnector"]);
    assert_eq!(verdict.after.unwrap().len(), 3);
    let removing = RequestFacts { keep_old: false, ..situation.request };
    assert_eq!(decide(&Situation { request: removing, ..situation }).outcome, Outcome::Refused);
}
