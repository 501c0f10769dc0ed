//! Files, pages and answers are valid by the JSON Schemas in `docs/schema`, and what is damaged is not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../tests/support/factory.rs"]
mod factory;
#[allow(dead_code)]
#[path = "../../tests/support/page.rs"]
mod page;
#[allow(dead_code)]
#[path = "../../tests/support/requests.rs"]
mod requests;

use std::fs;
use std::path::{Path, PathBuf};

use exchange_certificates::{AuditRecord, Fleet, Request, Scenario, Service, Thumbprint, agenda, audit, rfc3339};
use jsonschema::Validator;
use serde_json::{Value, json};

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(Path::new("..").join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|it| it == extension)).collect();
    files.sort();
    assert!(!files.is_empty(), "{folder}");
    files
}

fn schema(name: &str) -> Validator {
    let schema = serde_json::from_str(&read(format!("docs/schema/{name}.json"))).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
fn assert_valid(schema: &Validator, value: &Value, what: &str) {
    let errors: Vec<_> = schema.iter_errors(value).map(|it| format!("{}: {it:.300}", it.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {}", errors.join("\n"));
}

/// The scenarios of the pages beside the rules and about ordinary life, with where each stands.
fn pages() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for folder in ["tests/rules", "tests/ordinary"] {
        let plain: Value = serde_json::from_str(&read(format!("{folder}/plain.json"))).unwrap();
        for path in files(folder, "md") {
            let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
            for section in page::sections(&text).1.iter().filter(|section| section.body.contains("```json")) {
                let (_, patch) = page::patch(section.body).unwrap();
                let (scenario, _) = requests::scenario(&plain, &serde_json::from_str(patch).unwrap()).unwrap();
                all.push((format!("{}: {}", path.display(), section.heading), scenario));
            }
        }
    }
    assert!(all.len() > 300, "there are only {} cases", all.len());
    all
}

fn examples() -> Vec<(String, Value)> {
    let read = |path: PathBuf| {
        (path.display().to_string(), serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap())
    };
    files("examples/data", "json").into_iter().map(read).collect()
}

/// Every object in a value, by its pointer.
fn objects(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                objects(field, format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
            found.push(pointer);
        }
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(place, entry)| objects(entry, format!("{pointer}/{place}"), found));
        }
        _ => {}
    }
}

/// With a field too many in each object in turn, and with another type in place of each object, nothing is valid.
fn assert_damage_is_seen(schema: &Validator, value: &Value, has_names_of_its_own: impl Fn(&str) -> bool) {
    let mut pointers = Vec::new();
    objects(value, String::new(), &mut pointers);
    for pointer in pointers {
        let mut wrong = value.clone();
        *wrong.pointer_mut(&pointer).unwrap() = json!(true);
        assert!(!schema.is_valid(&wrong), "true at {pointer}");
        if !has_names_of_its_own(&pointer) {
            let mut unknown = value.clone();
            unknown.pointer_mut(&pointer).unwrap()["colour"] = json!("red");
            assert!(!schema.is_valid(&unknown), "a further field in {pointer}");
        }
    }
}

#[test]
fn every_scenario_is_valid_and_none_that_is_damaged() {
    let schema = schema("scenario");
    for (name, scenario) in pages().iter().chain(&examples()) {
        assert_valid(&schema, scenario, name);
    }
    for (_, scenario) in examples() {
        assert_damage_is_seen(&schema, &scenario, |pointer| {
            ["/selection", "/raise", "/answers"].iter().any(|field| pointer.ends_with(field))
        });
    }
}

#[test]
fn a_scenario_is_valid_as_it_is_written() {
    let schema = schema("scenario");
    for (name, scenario) in pages() {
        let written = serde_json::to_value(serde_json::from_value::<Scenario>(scenario).unwrap()).unwrap();
        assert_valid(&schema, &written, &name);
    }
}

/// What is read is valid, in whatever form; and what the schema knows to be wrong is not read.
#[test]
fn the_schema_and_the_reader_agree_about_forms() {
    let schema = schema("scenario");
    let example: Value = serde_json::from_str(&read("examples/data/article.json")).unwrap();
    let forms = [
        (
            "/server/version",
            json!([
                "2019",
                "exchange 2019",
                "Exchange Server 2019",
                "15.2.1544.4",
                "15.2",
                "se",
                "Version 15.2 (Build 1544.4)",
                "Microsoft Exchange Server 2019",
                "Subscription Edition",
                "2007",
                2019,
                null
            ]),
        ),
        ("/server/roles", json!([["mailbox"], ["Mail_Box"], "Mailbox", "mailbox, mailbox", ["Malibox"], [], 7])),
        ("/server/load_balancing", json!(["layer7", "L7", "layer 4", null, "none", "Layer8", 4])),
        ("/server/default_smtp", json!(["none", "NONE", "unknown", null, "nobody", 7])),
        ("/server/imap_certificate_name", json!(["mail.contoso.com", "none", null, "a\nb", 7])),
        (
            "/server/not_read",
            json!([[], null, ["certificates"], [" Client-Names "], [{ "what": "imap" }],
            [{ "what": "pop", "message": "It is down." }], [{ "what": "pop", "why": "" }], ["clients"], "pop"]),
        ),
        (
            "/server/connectors",
            json!([null, [], [{ "kind": "send connector", "name": "Out" }], [{ "kind": "Send" }],
            [{ "kind": "Send", "name": "Out", "tls_certificate_name": "<i>CN=a<s>CN=b", "require_tls": null }],
            [{ "kind": "Send", "name": "Out", "tls_certificate_name": "unknown", "fqdn": "None" }],
            [{ "kind": "Send", "name": "Out", "require_tls": "yes" }], [{ "kind": "Post", "name": "Out" }]]),
        ),
        ("/server/certificates/0/status", json!(["valid", "Revocation Check Failure", 6, "6", 99, null, "Good", true])),
        (
            "/server/certificates/0/services",
            json!([
                "IIS, SMTP",
                "iis|smtp",
                "IIS SMTP",
                12,
                "12",
                "...WS..",
                "IP.WS",
                ["IIS", "smtp"],
                [],
                "None",
                "UM_CALL_ROUTER",
                null,
                "FTP",
                ["FTP"],
                128,
                -1,
                true,
                ""
            ]),
        ),
        ("/request/services", json!(["IIS", 8, "UMCallRouter, Federation", "FTP", {}])),
        ("/request/accept_status", json!([["untrusted"], null, [], ["Revoked"], "Unknown"])),
        (
            "/now",
            json!([
                "2026-11-24",
                "2026-11-24T00:00:00Z",
                "2026-11-24 00:00:00.5+01:00",
                null,
                "2026-11-24T00:00:00",
                "tomorrow",
                0
            ]),
        ),
        (
            "/policy",
            json!([null, {}, { "expires_soon_days": 90, "raise": { "self-signed": "Refuse" } },
            { "raise": { "self-singed": "refuse" } }, { "silence": ["self-singed"] }, { "minimum_rsa_bits": "3072" }]),
        ),
    ];
    let mut refused = 0;
    for (pointer, values) in forms {
        for value in values.as_array().unwrap() {
            let mut scenario = example.clone();
            let (object, field) = pointer.rsplit_once('/').unwrap();
            scenario.pointer_mut(object).unwrap()[field] = value.clone();
            let is_read = serde_json::from_value::<Scenario>(scenario.clone()).is_ok();
            // Of lists it does not say that they need an entry.
            if *value != json!([]) {
                assert_eq!(schema.is_valid(&scenario), is_read, "{pointer}: {value}");
            }
            refused += usize::from(!is_read);
        }
    }
    assert!(refused > 30, "{refused}");
    let thumbprint = example["request"]["thumbprint"].as_str().unwrap().to_owned();
    let pairs = |between: &str| {
        thumbprint.as_bytes().chunks(2).map(|it| String::from_utf8_lossy(it)).collect::<Vec<_>>().join(between)
    };
    let pasted = format!("\u{200E}{}\r\n", pairs("\u{A0}"));
    for (text, is_read) in [(thumbprint.to_lowercase(), true), (pairs(":"), true), (pasted, true), (pairs("."), false)]
    {
        let mut scenario = example.clone();
        scenario["request"]["thumbprint"] = json!(text);
        assert_eq!(serde_json::from_value::<Scenario>(scenario.clone()).is_ok(), is_read, "{text}");
        assert_eq!(schema.is_valid(&scenario), is_read, "{text}");
    }
}

#[test]
fn every_answer_is_valid_and_none_that_is_damaged() {
    let schema = schema("answer");
    let mut outcomes = std::collections::BTreeMap::<String, Value>::new();
    for (name, scenario) in pages() {
        let scenario: Scenario = serde_json::from_value(scenario).unwrap();
        let answer = serde_json::to_value(scenario.answer(std::time::UNIX_EPOCH).unwrap()).unwrap();
        assert_valid(&schema, &answer, &name);
        let kind = if answer.get("servers").is_some() { "rollout" } else { "" };
        outcomes.insert(format!("{kind} {}", answer["outcome"].as_str().unwrap()), answer);
    }
    for path in files("tests/expected", "json") {
        let text = fs::read_to_string(&path).unwrap();
        // The exit status stands below the answer.
        let answer = serde_json::Deserializer::from_str(&text).into_iter::<Value>().next().unwrap().unwrap();
        // Explanations are no answers to scenarios.
        if answer.get("entries").is_none() {
            assert_valid(&schema, &answer, &path.display().to_string());
        }
    }
    for answer in verifications().into_iter().chain(rollouts()).chain([stale()]) {
        assert_valid(&schema, &answer, "of its own");
        let kind = if answer.get("servers").is_some() { "rollout" } else { "" };
        outcomes.insert(format!("{kind} {}", answer["outcome"].as_str().unwrap()), answer);
    }
    let seen: Vec<_> = outcomes.keys().map(|outcome| outcome.trim()).collect();
    for outcome in [
        "assigned",
        "removed",
        "replaced",
        "refused",
        "decision-required",
        "stale",
        "verified",
        "missing",
        "inconclusive",
    ] {
        assert!(seen.contains(&outcome), "{outcome}: {seen:?}");
    }
    assert_eq!(seen.iter().filter(|outcome| outcome.starts_with("rollout")).count(), 4, "{seen:?}");
    for answer in outcomes.values() {
        assert_damage_is_seen(&schema, answer, |pointer| pointer.ends_with("/facts"));
        let mut other = answer.clone();
        other["outcome"] = json!("perhaps");
        assert!(!schema.is_valid(&other));
        other = answer.clone();
        other["format"] = json!(2);
        assert!(!schema.is_valid(&other));
    }
}

fn article() -> Value {
    serde_json::from_str(&read("examples/data/article.json")).unwrap()
}

/// An assignment to many servers: it goes through, is to be decided, and is refused.
fn rollouts() -> Vec<Value> {
    let mut scenario = article();
    let server = scenario.as_object_mut().unwrap().remove("server").unwrap();
    scenario["servers"] = json!([server]);
    let mut requests = vec![scenario["request"].clone(); 3];
    requests[1].as_object_mut().unwrap().remove("default_smtp");
    requests[2]["thumbprint"] = json!(Thumbprint::of(b"").to_string());
    let answer = |request: Value| {
        scenario["request"] = request;
        let scenario: Scenario = serde_json::from_value(scenario.clone()).unwrap();
        serde_json::to_value(scenario.answer(std::time::UNIX_EPOCH).unwrap()).unwrap()
    };
    requests.into_iter().map(answer).collect()
}

fn verifications() -> Vec<Value> {
    let mut scenario = article();
    let thumbprint = scenario["request"]["thumbprint"].clone();
    let shown = [json!("IIS, SMTP"), json!("IMAP"), json!("IIS, ...")];
    let answer = |services: &Value| {
        let shown = json!([{ "thumbprint": thumbprint, "services": services }]);
        scenario["request"] =
            json!({ "operation": "verify", "thumbprint": thumbprint, "services": "IIS", "shown": shown });
        assert_valid(&schema("scenario"), &scenario, "verify");
        let scenario: Scenario = serde_json::from_value(scenario.clone()).unwrap();
        serde_json::to_value(scenario.answer(std::time::UNIX_EPOCH).unwrap()).unwrap()
    };
    shown.iter().map(answer).collect()
}

/// A plan that is carried out on a server that has changed since.
fn stale() -> Value {
    let file = article();
    let scenario: Scenario = serde_json::from_value(file.clone()).unwrap();
    let now = scenario.now().unwrap();
    let server = scenario.server().unwrap();
    let thumbprint: Thumbprint = file["request"]["thumbprint"].as_str().unwrap().parse().unwrap();
    let request = Request::assign(thumbprint, Service::POP);
    let plan = exchange_certificates::plan(server, &request, now).unwrap();
    let mut other = file["server"].clone();
    other["certificates"].as_array_mut().unwrap().clear();
    let mut other = serde_json::from_value(other).unwrap();
    let stale = plan.apply(&mut other, now).unwrap_err();
    serde_json::to_value(&stale).unwrap()
}

#[test]
fn every_audit_is_valid_and_none_that_is_damaged() {
    let schema = schema("audit");
    let file: Value = serde_json::from_str(&read("examples/data/organization.json")).unwrap();
    let fleet: Fleet = serde_json::from_value(file["servers"].clone()).unwrap();
    let now = rfc3339::parse("2026-11-24").unwrap();
    let audit = audit(&fleet, now);
    let library = serde_json::to_value(&audit).unwrap();
    assert_valid(&schema, &library, "as the library writes it");
    let mut earlier = library.clone();
    let findings = earlier["findings"].as_array_mut().unwrap();
    findings.remove(0);
    let mut other = findings[0].clone();
    other["key"] = json!("audit-removed MBX01 - -");
    other["rule"] = json!("audit-removed");
    findings.push(other);
    let earlier: AuditRecord = serde_json::from_value(earlier).unwrap();
    let year = std::time::Duration::from_secs(365 * 86_400);
    let example = json!({
        "format": 3,
        "not_read": audit.not_read,
        "now": rfc3339::print(now).to_string(),
        "certificates": audit.certificates,
        "findings": audit.findings,
        "agenda": agenda(&fleet, now, now + year),
        "notes": ["a.xml: 1 object was left out"],
        "since": audit.since(&earlier),
    });
    assert!(
        !example["agenda"].as_array().unwrap().is_empty() && !example["since"]["new"].as_array().unwrap().is_empty()
    );
    assert_valid(&schema, &example, "as the example prints it");
    for answer in [library, example] {
        assert_damage_is_seen(&schema, &answer, |pointer| pointer.ends_with("/facts"));
    }
}
