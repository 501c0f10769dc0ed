//! The requests of the pages beside the rules: a scenario each, and the answer to it as people read it.
#![allow(clippy::indexing_slicing, reason = "a JSON value answers for an absent key with null")]

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use exchange_certificates::{Certificate, Kind, Scenario, rule};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::page::{
    Answer, Factory, Result, build, facts, list, merge, print_findings, resolve, resolve_connectors, with_keys, words,
};

/// The answer to a patched plain case.
pub(crate) fn answer(id: &str, patch: &Value) -> Result<Answer> {
    let rule = rule(id).ok_or("there is no such rule")?;
    let (answer, certificates) = answered(include_str!("../rules/plain.json"), patch)?;
    Ok(Answer {
        text: with_keys(printed(id, &answer), &certificates),
        is_heard: list(&answer["diagnostics"]).any(|said| said["rule"] == id),
        facts: facts(id, &answer["diagnostics"]),
        would_be_heard: would_carry(&words(&answer["outcome"]), rule.kind()),
    })
}

/// The answer to a plain case with a patch, and every certificate in it by its key.
pub(crate) fn answered(plain: &str, patch: &Value) -> Result<(Value, BTreeMap<String, Certificate>)> {
    let (scenario, certificates) = scenario(&serde_json::from_str(plain)?, patch)?;
    let scenario: Scenario = serde_json::from_value(scenario)?;
    Ok((serde_json::to_value(scenario.answer(UNIX_EPOCH)?)?, certificates))
}

/// Whether a rule of this kind would be heard here if it spoke: what stops a request leaves out what
/// would matter if it went through.
fn would_carry(outcome: &str, kind: Kind) -> bool {
    match outcome {
        "refused" => matches!(kind, Kind::Refuse | Kind::Warn),
        "decision-required" => matches!(kind, Kind::Refuse | Kind::Decide | Kind::Warn),
        _ => true,
    }
}

/// What becomes of the request, on one line.
pub(crate) fn headline(answer: &Value) -> String {
    let mut text = words(&answer["outcome"]);
    let fields = [
        ("thumbprint", ""),
        ("decision", ""),
        ("current", "; current "),
        ("proposed", "; proposed "),
        ("recommended", "; recommended "),
        ("assignable", "; assignable "),
        ("added", "; added "),
        ("services", "; services "),
    ];
    for (field, label) in fields {
        if let Some(value) = answer.get(field).filter(|value| *value != "None") {
            text.push_str(if label.is_empty() { " " } else { label });
            text.push_str(&words(value));
        }
    }
    for superseded in list(&answer["superseded"]) {
        text.push_str(&format!("; {} also on {}", words(&superseded["service"]), words(&superseded["thumbprint"])));
    }
    if let Some(default) = answer.get("default_smtp") {
        text.push_str("; default SMTP ");
        text.push_str(default.as_str().unwrap_or("not known"));
    }
    text + "\n"
}

/// An answer as people read it.
fn printed(id: &str, answer: &Value) -> String {
    let mut text = headline(answer);
    for server in list(&answer["servers"]) {
        text.push_str(&format!("{}: {}", words(&server["server"]), headline(server)));
    }
    print_findings(&mut text, id, &answer["diagnostics"], "kind");
    let script: Vec<_> = list(&answer["script"]).map(words).collect();
    if ABOUT_THE_SCRIPT.contains(&id) {
        script.iter().for_each(|line| text.push_str(&format!("PS> {line}\n")));
    } else if !script.is_empty() {
        text.push_str(&folded(&script));
    }
    text
}

/// The rules about what the script does: their pages show it line by line.
const ABOUT_THE_SCRIPT: [&str; 7] = [
    "default-smtp-replaced",
    "removes-connector-certificate",
    "replace-default-smtp",
    "require-ssl",
    "restart-um",
    "restart-um-call-router",
    "update-connectors",
];

/// A script on one line. Nothing is left out by which two scripts could differ.
fn folded(script: &[String]) -> String {
    let on_server =
        |line: &String| line.split_once(" -Server ").map(|(_, rest)| rest.split(' ').next().map(str::to_owned));
    let mut servers = script.iter().filter(|line| line.contains("-ExchangeCertificate ")).map(on_server);
    let server = servers
        .next()
        .flatten()
        .flatten()
        .filter(|server| servers.all(|other| other.flatten().as_ref() == Some(server)));
    let commands = script.iter().map(|line| {
        if line.starts_with("# Answer No ") {
            return "# Answer No".to_owned();
        }
        let line = match &server {
            Some(server) => line.replace(&format!(" -Server {server}"), ""),
            None => line.clone(),
        };
        let line = line.replace(" -Thumbprint ", " ");
        match line.split_once(" -Services ") {
            Some((command, rest)) => {
                let (services, rest) = rest
                    .split_once(' ')
                    .map_or((rest, String::new()), |(services, rest)| (services, format!(" {rest}")));
                format!("{command} ({}){rest}", services.replace(',', ", "))
            }
            None => line,
        }
    });
    let commands: Vec<_> = commands.collect();
    let place = server.as_ref().map(|server| format!(" on {server}")).unwrap_or_default();
    format!("script{place}: {}\n", commands.join("; "))
}

/// The scenario of a patched plain case, and every certificate in it by its key.
pub(crate) fn scenario(plain: &Value, patch: &Value) -> Result<(Value, BTreeMap<String, Certificate>)> {
    let mut case = json!({ "certificates": {} });
    for patch in [&plain["case"], patch] {
        for (key, _) in patch["certificates"].as_object().into_iter().flatten() {
            if case["certificates"].get(key).is_none() {
                case["certificates"][key] = plain["certificate"].clone();
            }
        }
        merge(&mut case, patch);
    }
    let entries = case.as_object_mut().and_then(|case| case.remove("certificates")).unwrap_or_default();
    let entries: BTreeMap<String, Entry> = serde_json::from_value(entries)?;
    let (beside, factories): (Vec<_>, BTreeMap<_, _>) =
        entries.into_iter().map(|(key, entry)| ((entry.installed, entry.beside), (key, entry.factory))).unzip();
    let certificates = build(factories)?;
    let mut installed = Vec::new();
    let mut by_key = BTreeMap::new();
    for ((is_installed, mut beside), (key, certificate)) in beside.into_iter().zip(&certificates) {
        beside.insert("certificate".to_owned(), serde_json::to_value(certificate)?);
        by_key.insert(key.clone(), json!(beside));
        if is_installed {
            installed.push(beside);
        }
    }
    case["server"]["certificates"] = json!(installed);
    resolve(&mut case, &REFERENCES, &certificates);
    resolve_connectors(&mut case["server"], &certificates);
    if let Some(others) = case.as_object_mut().and_then(|case| case.remove("others")) {
        let server = case.as_object_mut().and_then(|case| case.remove("server")).unwrap_or_default();
        let others = list(&others).map(|other| another(&server, other, &by_key));
        case["servers"] = [server.clone()].into_iter().chain(others).collect();
    }
    Ok((case, certificates))
}

/// Another server of the organisation: a patch on the first one, with the certificates that it names by their keys.
fn another(server: &Value, patch: &Value, by_key: &BTreeMap<String, Value>) -> Value {
    let mut other = server.clone();
    let mut patch = patch.clone();
    let own = patch.as_object_mut().and_then(|patch| patch.remove("certificates")).unwrap_or_default();
    merge(&mut other, &patch);
    let installed = own.as_object().into_iter().flatten().filter_map(|(key, patch)| {
        let mut installed = by_key.get(key)?.clone();
        merge(&mut installed, patch);
        Some(installed)
    });
    other["certificates"] = installed.collect();
    other
}

/// Where a scenario names a certificate by its thumbprint, and a page by its key.
const REFERENCES: [&str; 8] = [
    "/server/web_bindings/0/thumbprint",
    "/server/web_bindings/1/thumbprint",
    "/server/web_bindings/2/thumbprint",
    "/server/default_smtp",
    "/server/auth_certificates/current",
    "/server/auth_certificates/next",
    "/request/thumbprint",
    "/request/old",
];

/// A certificate of a case.
#[derive(Deserialize)]
struct Entry {
    factory: Factory,
    #[serde(default = "yes")]
    installed: bool,
    /// What a scenario says beside the certificate.
    #[serde(flatten)]
    beside: Map<String, Value>,
}

fn yes() -> bool {
    true
}
