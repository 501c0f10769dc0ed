//! What holds for every server and every request.

mod support {
    pub mod comparison;
    pub mod decision_table;
    pub mod factory;
    pub mod pool;
    pub mod situations;
}

use std::collections::BTreeMap;

use exchange_certificates::RULES;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use support::comparison::{by_library, by_table};
use support::situations::situations;

proptest! {
    #![proptest_config(ProptestConfig { cases: 50_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn library_and_decision_table_agree(situation in situations()) {
        let (library, table) = (by_library(&situation), by_table(&situation));
        prop_assert_eq!(library, table, "the library (left) and tests/support/decision_table (right) disagree");
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
