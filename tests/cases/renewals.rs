//! What holds of every renewal of an organisation.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::comparison::organization;
use crate::support::decision_table::organization::{
    After, LeftOut, OrganizationFacts, RenewalFacts, Renewed, Since, Standing, lacking, renew, worse,
};
use crate::support::decision_table::{ConnectorKind, Outcome, endpoints};
use crate::support::organizations::organizations;

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
    fn nothing_gets_worse_without_a_word(facts in organizations(), today in any::<bool>()) {
        let since = if today { Since::Today } else { Since::Import };
        let facts = OrganizationFacts { request: RenewalFacts { since, ..facts.request }, ..facts };
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
