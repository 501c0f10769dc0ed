//! The remedies of what is said about requests, run on the server of their pages: what refuses or warns is silent
//! afterwards, what is to be done after the script can be done after it, and no endpoint is worse.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use exchange_certificates::{Scenario, Server, rfc3339};
use serde_json::{Value, json};

use super::remedies::{Tally, cases, filled, waits, worse};
use crate::page::{list, words};
use crate::requests;
use crate::support::remedied::Organization;

fn answer(scenario: &Value) -> Value {
    let scenario: Scenario = serde_json::from_value(scenario.clone()).unwrap();
    serde_json::to_value(scenario.answer(UNIX_EPOCH).unwrap()).unwrap()
}

/// What is pasted, and on which computer.
fn pasted(blocks: &Value) -> Vec<(String, Option<String>)> {
    let text =
        |block: &Value| Some((block["text"].as_str()?.to_owned(), block["computer"].as_str().map(str::to_owned)));
    list(blocks).filter_map(text).collect()
}

fn paste(organization: &mut Organization, texts: &[(String, Option<String>)]) -> Result<(), String> {
    for (text, computer) in texts {
        organization.paste(text, computer.as_deref()).map_err(|failure| failure.to_string())?;
    }
    organization.settle();
    Ok(())
}

fn judge(scenario: &Value, said: &Value, texts: &[(String, Option<String>)], script: &Value) -> Result<(), String> {
    let now = rfc3339::parse(&words(&scenario["now"])).unwrap();
    let mut organization = Organization::new(&json!([scenario["server"]]), now);
    let words = words(&said["remedy"]);
    let is_after = said["kind"] == "follow-up" || said["kind"] == "note" || words.contains("once SMTP is assigned");
    if is_after {
        paste(&mut organization, &pasted(script)).map_err(|what| format!("the script: {what}"))?;
    }
    let before = organization.fleet();
    let borrowed: Vec<_> = texts.iter().map(|(text, computer)| (text.clone(), computer.as_deref())).collect();
    Organization::stopped_by_a_failure(&json!(organization.servers), &borrowed, now)?;
    paste(&mut organization, texts)?;
    let worse = worse(&before, &organization.fleet(), now);
    if !worse.is_empty() {
        return Err(format!("worse:\n{}", worse.join("\n")));
    }
    // Where the sites are not known, only the looks of a certificate say that it is of the Exchange Back End.
    let is_guess = said["message"].as_str().is_some_and(|message| message.starts_with("it looks like"));
    if is_after || is_guess || INSTEAD.contains(&said["rule"].as_str().unwrap_or_default()) {
        return Ok(());
    }
    let mut again = scenario.clone();
    again["server"] = organization.servers[0].clone();
    let answer = answer(&again);
    let same = |other: &&Value| other["rule"] == said["rule"] && other["message"] == said["message"];
    match list(&answer["diagnostics"]).find(same) {
        None => Ok(()),
        Some(_) => Err("the rule still speaks".to_owned()),
    }
}

/// The cases of the rules' pages; what is planned for several servers is run by other tests.
fn cases_of_one_server() -> impl Iterator<Item = (String, Value)> {
    cases("tests/rules").into_iter().filter(|(_, patch)| patch.get("others").is_none())
}

/// What is pasted to do what a plan says runs to its end, and leaves nothing stopped where a part of it fails.
#[test]
fn what_a_plan_gives_to_paste_runs() {
    let plain: Value = serde_json::from_str(include_str!("../rules/plain.json")).unwrap();
    let mut ran = 0;
    for (name, patch) in cases_of_one_server() {
        let (scenario, _) = requests::scenario(&plain, &patch).unwrap();
        let now = rfc3339::parse(&words(&scenario["now"])).unwrap();
        let texts = pasted(&answer(&scenario)["blocks"]);
        if texts.is_empty()
            || waits(
                &texts.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(),
                &serde_json::from_value(scenario["server"].clone()).unwrap(),
            )
            .is_some()
        {
            continue;
        }
        ran += 1;
        let servers = json!([scenario["server"]]);
        paste(&mut Organization::new(&servers, now), &texts)
            .unwrap_or_else(|what| panic!("{name}\n{texts:#?}\n{what}"));
        let borrowed: Vec<_> = texts.iter().map(|(text, computer)| (text.clone(), computer.as_deref())).collect();
        Organization::stopped_by_a_failure(&servers, &borrowed, now)
            .unwrap_or_else(|what| panic!("{name}\n{texts:#?}\n{what}"));
    }
    assert!(ran > 200, "{ran} were run");
}

/// What is done instead of the request, which stays refused.
const INSTEAD: [&str; 2] = ["wildcard-imap", "wildcard-pop"];

/// Rules of which some remedy needs nobody, and is run here.
const RUN: [&str; 21] = [
    "connector-fqdn-invalid",
    "default-smtp-expired",
    "default-smtp-missing",
    "import-takes-over",
    "private-key-missing",
    "removes-auth-certificate",
    "removes-back-end-certificate",
    "removes-connector-certificate",
    "removes-default-smtp",
    "restart-iis",
    "restart-imap",
    "restart-pop",
    "restore-imap-name",
    "restore-pop-name",
    "smtp-reaches-nothing",
    "smtp-reaches-some",
    "um-call-router-startup-mode",
    "um-startup-mode",
    "update-connectors",
    "wildcard-imap",
    "wildcard-pop",
];

#[test]
fn a_remedy_of_a_plan_does_what_it_is_for_and_no_harm() {
    let mut seen = BTreeSet::new();
    let mut tally = Tally::default();
    let plain: Value = serde_json::from_str(include_str!("../rules/plain.json")).unwrap();
    for (name, patch) in cases_of_one_server() {
        let (scenario, _) = requests::scenario(&plain, &patch).unwrap();
        let now = rfc3339::parse(&words(&scenario["now"])).unwrap();
        let server: Server = serde_json::from_value(scenario["server"].clone()).unwrap();
        let answer = answer(&scenario);
        for said in list(&answer["diagnostics"]) {
            if !seen.insert((scenario.to_string(), said.to_string())) {
                continue;
            }
            let rule = words(&said["rule"]);
            let mut texts = pasted(&said["remedy"]);
            texts.iter_mut().for_each(|(text, _)| *text = filled(std::mem::take(text), &server, now));
            if !tally.runs(&rule, &texts.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), &server) {
                continue;
            }
            let Err(what) = judge(&scenario, said, &texts, &answer["blocks"]) else { continue };
            let remedy: Vec<_> = texts.iter().map(|(text, _)| text.as_str()).collect();
            tally.complain(format!("{name}\n{rule}: {}\n{}\n=> {what}", words(&said["message"]), remedy.join("\n")));
        }
    }
    tally.close(&RUN);
}
