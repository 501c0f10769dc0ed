//! The fleets of the pages beside the rules of the audit, and their findings as people read them.
#![allow(clippy::indexing_slicing, reason = "a JSON value answers for an absent key with null")]

use std::collections::BTreeMap;

use exchange_certificates::{Certificate, Fleet, audit, rfc3339};
use serde_json::{Value, json};

use crate::page::{Answer, Result, build, facts, merge, print_findings, resolve, resolve_connectors, with_keys, words};

/// The findings in a patched plain fleet.
pub(crate) fn answer(id: &str, patch: &Value) -> Result<Answer> {
    let (fleet, now, certificates) = fleet(patch)?;
    let fleet: Fleet = serde_json::from_value(fleet)?;
    let audit = audit(&fleet, rfc3339::parse(&now)?);
    let findings = serde_json::to_value(&audit.findings)?;
    let mut text = String::new();
    print_findings(&mut text, id, &findings, "severity");
    Ok(Answer {
        text: if text.is_empty() { "nothing\n".to_owned() } else { with_keys(text, &certificates) },
        is_heard: audit.has(id),
        facts: facts(id, &findings),
        would_be_heard: true,
    })
}

/// The servers of a patched plain fleet, the point in time, and every certificate by its key.
pub(crate) fn fleet(patch: &Value) -> Result<(Value, String, BTreeMap<String, Certificate>)> {
    let plain: Value = serde_json::from_str(include_str!("../audit/plain.json"))?;
    let mut case = json!({});
    for patch in [&plain["fleet"], patch] {
        begin(&mut case["certificates"], &patch["certificates"], &plain["certificate"]);
        begin(&mut case["servers"], &patch["servers"], &plain["server"]);
        for (name, server) in patch["servers"].as_object().into_iter().flatten() {
            begin(&mut case["servers"][name]["installed"], &server["installed"], &plain["installed"]);
        }
        merge(&mut case, patch);
    }
    let certificates = build(serde_json::from_value(case["certificates"].take())?)?;
    let mut servers = Vec::new();
    for (name, server) in case["servers"].as_object_mut().into_iter().flatten() {
        let mut installed = Vec::new();
        for (key, beside) in server["installed"].as_object_mut().into_iter().flatten() {
            let certificate = certificates.get(key).ok_or_else(|| format!("{name}: there is no certificate {key}"))?;
            beside["certificate"] = serde_json::to_value(certificate)?;
            installed.push(beside.take());
        }
        server.as_object_mut().and_then(|server| server.remove("installed"));
        server["name"] = json!(name);
        server["certificates"] = json!(installed);
        resolve(server, &["/default_smtp", "/auth_certificates/current", "/auth_certificates/next"], &certificates);
        resolve_lists(server, &certificates);
        resolve_connectors(server, &certificates);
        servers.push(server.take());
    }
    Ok((json!(servers), words(&case["now"]), certificates))
}

/// Writes the thumbprints of a server's bindings, and of what it said to have chosen.
fn resolve_lists(server: &mut Value, certificates: &BTreeMap<String, Certificate>) {
    let bindings = server["web_bindings"].as_array_mut().into_iter().flatten();
    bindings.for_each(|binding| resolve(binding, &["/thumbprint"], certificates));
    let chosen = server["selection"].as_object_mut().into_iter().flatten().flat_map(|(_, list)| list.as_array_mut());
    chosen.flatten().for_each(|thumbprint| resolve(thumbprint, &[""], certificates));
}

/// Begins what a patch names for the first time with what is so of all of its kind.
fn begin(entries: &mut Value, patch: &Value, with: &Value) {
    for (key, value) in patch.as_object().into_iter().flatten() {
        if entries.get(key).is_none() && !value.is_null() {
            entries[key] = with.clone();
        }
    }
}
