//! Any bytes as a scenario file: it has an answer whose every command is one line, and its servers are written as they
//! are read.
#![no_main]

use std::time::SystemTime;

use exchange_certificates::{Outcome, Scenario, Server};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(scenario) = serde_json::from_slice::<Scenario>(bytes) else { return };
    for server in scenario.servers() {
        let text = serde_json::to_string(server).expect("a text");
        let read: Server = serde_json::from_str(&text).expect("what was written");
        assert_eq!(serde_json::to_string(&read).expect("a text"), text);
    }
    let Ok(outcome) = scenario.answer(SystemTime::UNIX_EPOCH) else { return };
    serde_json::to_string(&outcome).expect("a text");
    let script = match &outcome {
        Outcome::Plan(plan) => plan.script(),
        Outcome::Rollout(plan) => plan.script().to_vec(),
        _ => return,
    };
    for line in script {
        assert!(!line.to_string().chars().any(char::is_control), "{line}");
    }
});
