//! What holds for every server and every request.

mod support {
    pub mod comparison;
    pub mod decision_table;
    pub mod factory;
    pub mod pool;
    pub mod situations;
}

use std::collections::{BTreeMap, BTreeSet};

use exchange_certificates::{AuditRecord, Fleet, Policy, RULES, StoredPlan, audit, plan};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use support::comparison::{by_library, by_table, now, request, server};
use support::decision_table::Situation;
use support::situations::situations;

proptest! {
    #![proptest_config(ProptestConfig { cases: 50_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn library_and_decision_table_agree(situation in situations()) {
        let (library, table) = (by_library(&situation), by_table(&situation));
        prop_assert_eq!(library, table, "the library (left) and tests/support/decision_table (right) disagree");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_that_is_kept_comes_to_the_same_and_to_nothing_else(one in situations(), other in situations()) {
        let planned = |situation: &Situation| plan(&server(situation), &request(situation), now(situation));
        let Ok(kept) = planned(&one) else { return Ok(()) };
        let file = serde_json::to_string(&kept.stored(now(&one))).unwrap();
        let stored: StoredPlan = serde_json::from_str(&file).unwrap();
        prop_assert_eq!(stored.again_on(&server(&one), &Policy::default(), now(&one)).unwrap(), kept.clone());
        // Another situation of a server of that name: the fingerprints are the same where the plan does not go stale.
        let there = server(&other);
        let holds = kept.apply(&mut there.clone(), now(&other)).is_ok();
        let again = stored.again_on(&there, &Policy::default(), now(&other));
        prop_assert_eq!(again.is_ok(), holds, "{:?}", again.map(|plan| plan.fingerprint()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_findings_have_one_key_and_the_same_server_has_the_same_ones(situation in situations()) {
        let fleet = [server(&situation)].into_iter().collect::<Result<Fleet, _>>().unwrap();
        let audit = audit(&fleet, now(&situation));
        let keys: BTreeSet<_> = audit.findings.iter().map(|finding| finding.key()).collect();
        prop_assert_eq!(keys.len(), audit.findings.len(), "{:#?}", audit.findings);
        let kept: AuditRecord = serde_json::from_str(&serde_json::to_string(&audit).unwrap()).unwrap();
        prop_assert_eq!(&kept, &audit.record());
        prop_assert!(audit.since(&kept).new.is_empty() && audit.since(&kept).changed.is_empty());
        prop_assert!(audit.since(&kept).gone.is_empty() && audit.since(&kept).not_judged.is_empty());
    }
}

/// Without it the property above could hold of situations in which nothing happens.
#[test]
fn the_situations_make_every_rule_speak_and_every_operation_go_through() {
    let mut runner = TestRunner::deterministic();
    let mut spoken: BTreeMap<String, usize> = RULES.iter().map(|rule| (rule.id().to_owned(), 0)).collect();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..30_000 {
        let decided = by_library(&situations().new_tree(&mut runner).unwrap().current());
        *outcomes.entry(format!("{:?}", decided.outcome)).or_default() += 1;
        for (rule, ..) in decided.diagnostics {
            *spoken.entry(rule).or_default() += 1;
        }
    }
    println!("{outcomes:?}\n{spoken:?}");
    assert_eq!(outcomes.len(), 5, "{outcomes:?}");
    // It speaks of several servers, and tests/renewals.rs hears it.
    spoken.remove("endpoint-changes");
    let silent: Vec<_> = spoken.iter().filter(|(_, count)| **count == 0).collect();
    assert!(silent.is_empty(), "no situation of tests/support/situations.rs makes these rules speak: {silent:?}");
}
