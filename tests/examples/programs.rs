//! What programs use: a deploy hook, a monitor, the formats of the audit, and a plan that is kept.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::example::run;
use crate::{expected, transcript};

const ORGANIZATION: &str = "examples/data/organization.json";
const CHAIN: &str = "examples/data/fullchain.pem";
const NOW: &str = "2026-11-24";

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("programs").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace("\r\n", "\n");
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn organization() -> Value {
    serde_json::from_str(&fs::read_to_string(ORGANIZATION).unwrap()).unwrap()
}

#[test]
fn a_hook_keeps_a_plan_and_prints_its_script_as_long_as_it_holds() {
    let folder = folder("hook");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (plan, script) = (path("plan.json"), path("renew.ps1"));
    let (status, _, said) =
        told(&run("hook", &[ORGANIZATION, CHAIN, "--plan", &plan, "--script", &script, "--now", NOW]));
    assert_eq!(status, 0, "{said}");
    assert!(fs::exists(&script).unwrap() && fs::exists(path("renew-EDGE01.ps1")).unwrap(), "{said}");

    // On the same export the next day it prints what `renew` does.
    let apply = |export: &str| told(&run("hook", &["--apply", export, &plan, "--now", "2026-11-25"]));
    let (status, printed, said) = apply(ORGANIZATION);
    assert_eq!((status, said.as_str()), (0, ""));
    let renewed = run("renew", &[ORGANIZATION, CHAIN, "--default-smtp", "keep", "--now", "2026-11-25", "--json"]);
    let renewed: Value = serde_json::from_slice(&renewed.stdout).unwrap();
    let lines: Vec<_> = renewed["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(lines.len() > 10);
    assert_eq!(printed.lines().collect::<Vec<_>>(), lines.join("\n").lines().collect::<Vec<_>>());

    let mut changed = organization();
    changed["servers"].as_array_mut().unwrap().retain(|server| server["name"] != "MBX02");
    fs::write(path("later.json"), changed.to_string()).unwrap();
    let (status, printed, said) = apply(&path("later.json"));
    assert_eq!((status, printed.as_str()), (4, ""));
    assert!(said.starts_with("stale: the servers have changed since the plan was made"), "{said}");
}

#[test]
fn a_hook_says_what_stands_against_it_and_writes_nothing() {
    let folder = folder("refused");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut refusing = organization();
    refusing["policy"] = json!({ "raise": { "connector-uses-other": "refuse" } });
    fs::write(path("refusing.json"), refusing.to_string()).unwrap();
    let (plan, script) = (path("plan.json"), path("renew.ps1"));
    let arguments = [&*path("refusing.json"), CHAIN, "--plan", &plan, "--script", &script, "--now", NOW];
    let (status, printed, said) = told(&run("hook", &arguments));
    assert_eq!((status, printed.as_str()), (1, ""), "{said}");
    assert!(said.lines().any(|line| line.starts_with("MBX01: refuse: connector-uses-other: ")), "{said}");
    assert!(!fs::exists(&plan).unwrap() && !fs::exists(&script).unwrap());
}

#[test]
fn a_plan_that_is_kept_is_held_against_what_became_of_it() {
    let folder = folder("verify");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let plan = path("plan.json");
    let (status, _, said) = told(&run("hook", &[ORGANIZATION, CHAIN, "--plan", &plan, "--now", NOW]));
    assert_eq!(status, 0, "{said}");
    expected("verify-plan.txt").assert_eq(&transcript(&run("verify", &[&plan, ORGANIZATION])));
    let answer = run("verify", &[&plan, ORGANIZATION, "--json"]);
    assert_eq!(answer.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["outcome"], "missing");
    let to_change = answer["endpoints"].as_array().unwrap().iter().filter(|it| it["was_to_change"] == json!(true));
    let states: Vec<_> = to_change.map(|it| it["state"].as_str().unwrap()).collect();
    assert!(states.iter().filter(|state| **state == "as-before").count() > 3, "{states:?}");
    assert!(states.iter().all(|state| ["as-before", "not-known"].contains(state)), "{states:?}");

    let (status, _, said) = told(&run("assign", &[&plan]));
    assert_eq!(status, 3);
    assert!(said.contains("a plan that is kept"), "{said}");
}

#[test]
fn a_monitor_says_what_is_new_and_prints_all_for_prometheus() {
    let folder = folder("monitor");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut later = organization();
    let servers = later["servers"].as_array_mut().unwrap();
    let first = servers.iter_mut().find(|server| server["name"] == "MBX01").unwrap();
    let connectors = first["connectors"].as_array_mut().unwrap();
    let receive = connectors.iter_mut().find(|connector| connector["kind"] == "Receive").unwrap();
    // A name that would end its label, and begin a sample of its own.
    receive["name"] = json!("Front\"} 1 exchange_certificates_finding{rule=\"x\\");
    fs::write(path("later.json"), later.to_string()).unwrap();
    let same = run("monitor", &[ORGANIZATION, ORGANIZATION, "--now", NOW]);
    expected("monitor.txt").assert_eq(&transcript(&same));
    let (status, printed, said) = told(&run("monitor", &[ORGANIZATION, &path("later.json"), "--now", NOW]));
    assert_eq!(status, 1);
    let words: Vec<_> = said.lines().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(words, ["new: low audit-endpoint-ambiguous", "gone: low audit-endpoint-ambiguous"], "{said}");
    assert!(printed.contains(r"front%22%7D%201%20exchange_certificates_finding%7Brule%3D%22x%5C"), "{printed}");
    for line in printed.lines() {
        let is_sample = line.starts_with("exchange_certificates_") && line.rsplit_once(' ').is_some();
        assert!(line.starts_with("# ") || is_sample, "{line}");
    }
}

#[test]
fn an_audit_is_compared_with_an_earlier_one() {
    let folder = folder("since");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let audit = |file: &str, more: &[&str]| run("audit", &[&[file][..], more].concat());
    let old = audit(ORGANIZATION, &["--json", "--now", NOW]);
    fs::write(path("old.json"), &old.stdout).unwrap();
    let same = told(&audit(ORGANIZATION, &["--since", &path("old.json"), "--now", "2026-11-25"])).1;
    assert!(same.starts_with("Since the earlier audit nothing is new, changed or gone\n"), "{same}");

    // The Auth certificate is urgent by then, one more has expired, and one server was not read.
    let mut later = organization();
    later["servers"].as_array_mut().unwrap().retain(|server| server["name"] != "MBX02");
    fs::write(path("later.json"), later.to_string()).unwrap();
    let answer = audit(&path("later.json"), &["--since", &path("old.json"), "--now", "2027-01-06", "--json"]);
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    let of = |what: &str| -> Vec<(String, String)> {
        let findings = answer["since"][what].as_array().unwrap().iter();
        let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
        findings.map(|it| (text(it, "rule"), text(it, "server"))).collect()
    };
    assert!(of("new").contains(&("audit-expired".to_owned(), "MBX01".to_owned())), "{:?}", of("new"));
    assert!(of("gone").contains(&("audit-expires-soon".to_owned(), "MBX01".to_owned())), "{:?}", of("gone"));
    assert!(of("gone").iter().all(|(_, server)| server != "MBX02"), "{:?}", of("gone"));
    assert!(of("not_judged").iter().all(|(_, server)| server == "MBX02") && !of("not_judged").is_empty());
    let (status, _, said) = told(&audit(ORGANIZATION, &["--since", ORGANIZATION]));
    assert_eq!(status, 3);
    assert!(said.contains("a scenario"), "{said}");
}

#[test]
fn findings_are_a_result_each_for_programs_that_collect_them() {
    let output = run("audit", &[ORGANIZATION, "--format", "sarif", "--now", NOW]);
    let sarif: Value = serde_json::from_slice(&output.stdout).unwrap();
    let json = run("audit", &[ORGANIZATION, "--format", "json", "--now", NOW]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let (results, findings) = (&sarif["runs"][0]["results"], &json["findings"]);
    assert_eq!(results.as_array().unwrap().len(), findings.as_array().unwrap().len());
    for (result, finding) in results.as_array().unwrap().iter().zip(findings.as_array().unwrap()) {
        assert_eq!(result["ruleId"], finding["rule"]);
        assert_eq!(result["partialFingerprints"]["findingKey/v1"], finding["key"]);
        let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], finding["rule"]);
        assert_eq!(result["level"], if finding["severity"] == "high" { "error" } else { "warning" });
    }
    let (status, printed, said) = told(&run("audit", &[ORGANIZATION, "--format", "prometheus", "--now", NOW]));
    assert_eq!((status, said.as_str()), (1, ""));
    let samples = printed.lines().filter(|line| line.starts_with("exchange_certificates_finding{")).count();
    assert_eq!(samples, findings.as_array().unwrap().len());
}
