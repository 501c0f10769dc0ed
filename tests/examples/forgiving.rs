//! A scenario file may say a thing in any form that is clear; an error says what would be right, in a short line.

use serde_json::{Value, json};

use crate::support::example::run;
use crate::{article, microsoft_exchange, patched};

fn answer(name: &str, scenario: &str) -> std::process::Output {
    let file =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("exchange-certificates-forgiving-{name}"));
    std::fs::write(&file, scenario).unwrap();
    run("assign", &[file.to_str().unwrap(), "--json"])
}

/// What is wrong, in one line without the name of the file.
fn problem(name: &str, scenario: &str) -> String {
    let output = answer(name, scenario);
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), line.lines().count()), (Some(3), 1), "{line}");
    assert!(line.trim_end().chars().count() <= 500, "{} characters: {line}", line.chars().count());
    line.trim_end().split_once(&format!("forgiving-{name}: ")).unwrap().1.to_owned()
}

#[test]
fn what_is_clear_is_understood() {
    let said = article(&microsoft_exchange());
    let expected = answer("expected", &said.to_string());
    let decided = String::from_utf8(expected.stdout).unwrap();
    assert!(decided.contains("\"outcome\""), "{}", String::from_utf8_lossy(&expected.stderr));
    for (name, patch) in [
        ("lower-version", json!({ "server": { "version": "exchange 2019" } })),
        ("product", json!({ "server": { "version": "Microsoft Exchange Server 2019" } })),
        ("build", json!({ "server": { "version": "15.2.1544.4" } })),
        ("printed", json!({ "server": { "version": "Version 15.2 (Build 1544.4)" } })),
        ("roles", json!({ "server": { "roles": ["mailbox"] } })),
        ("role", json!({ "server": { "roles": "Mailbox" } })),
        ("startup", json!({ "server": { "um_startup_mode": "tcp", "um_call_router_startup_mode": "tcp" } })),
        ("balancing", json!({ "server": { "load_balancing": "none" } })),
        ("mode", json!({ "request": { "operation": "Assign", "mode": "ADD" } })),
        ("accept", json!({ "request": { "accept_status": [] } })),
        ("date", json!({ "now": "2026-11-24" })),
    ] {
        let same = answer(name, &patched(&patch).to_string());
        assert_eq!(String::from_utf8(same.stdout).unwrap(), decided, "{name}: {:?}", String::from_utf8(same.stderr));
    }
    let mut certificates = said["server"]["certificates"].clone();
    for installed in certificates.as_array_mut().unwrap() {
        for field in ["status", "root_ca_type", "key_storage"] {
            if let Some(text) = installed[field].as_str() {
                installed[field] = json!(text.to_lowercase());
            }
        }
    }
    let same = answer("statuses", &patched(&json!({ "server": { "certificates": certificates } })).to_string());
    assert_eq!(String::from_utf8(same.stdout).unwrap(), decided);
}

#[test]
fn an_error_says_what_would_be_right() {
    let certificate = |field: &str, value: Value| {
        let mut certificates = article(&microsoft_exchange())["server"]["certificates"].clone();
        certificates[1][field] = value;
        json!({ "server": { "certificates": certificates } })
    };
    for (patch, expected) in [
        (
            json!({ "server": { "version": 2019 } }),
            "server.version: invalid type: integer `2019`, expected a string, like \"2019\"",
        ),
        (json!({ "server": { "version": "2010" } }), "server.version: unknown version `2010`; expected one of 2013, "),
        (
            json!({ "server": { "roles": ["Malibox"] } }),
            "server.roles[0]: unknown role `Malibox`; did you mean `Mailbox`? Expected one of Mailbox, ",
        ),
        (
            json!({ "server": { "roles": 7 } }),
            "server.roles: invalid type: integer `7`, expected a list of roles, like [",
        ),
        (
            json!({ "server": { "cilent_names": [] } }),
            "server.cilent_names: unknown field `cilent_names`; did you mean `client_names`?",
        ),
        (json!({ "sever": {} }), "sever: unknown field `sever`; did you mean `server`?"),
        (json!({ "server": { "edge_subscribed": "yes" } }), "expected true or false"),
        (json!({ "server": { "client_names": "mail.contoso.com" } }), "expected a list in brackets"),
        (json!({ "server": { "fqdn": 7 } }), "expected a string in quotes"),
        (
            certificate("status", json!("Vaild")),
            "server.certificates[1].status: unknown status `Vaild`; did you mean `Valid`?",
        ),
        (certificate("services", json!("IIS, SMPT")), "unknown service `SMPT`; did you mean `SMTP`?"),
        (certificate("freindly_name", json!("a")), "unknown field `freindly_name`; did you mean `friendly_name`?"),
        (json!({ "request": { "mode": "exakt" } }), "request.mode: unknown mode `exakt`; did you mean `exact`?"),
        (
            json!({ "request": { "operation": "renew" } }),
            "request.operation: unknown operation `renew`; expected one of ",
        ),
        (
            json!({ "request": { "default_smpt": "keep" } }),
            "unknown field `default_smpt`; did you mean `default_smtp`?",
        ),
        (
            json!({ "policy": { "raise": { "self-singed": "refuse" } } }),
            "policy: there is no rule `self-singed`; did you mean `self-signed`?",
        ),
        (json!({ "policy": { "raise": { "self-signed": "refues" } } }), "did you mean `refuse`?"),
        (json!({ "policy": { "rules": [] } }), "expected one of expires_soon_days, minimum_rsa_bits, raise, silence"),
        (json!({ "now": "24.11.2026" }), "now: `24.11.2026` is not an RFC 3339 time"),
    ] {
        let line = problem("right", &patched(&patch).to_string());
        assert!(line.contains(expected), "{expected}: {line}");
    }
}

/// The places of an object, of all in it, and of the values themselves.
fn places(value: &Value, at: &str, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| self::places(value, &format!("{at}/{key}"), places))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| self::places(item, &format!("{at}/{place}"), places));
        }
        _ => places.push(at.to_owned()),
    }
}

#[test]
fn a_line_is_short_whatever_stands_in_the_file() {
    let said = patched(&json!({ "policy": { "silence": ["self-signed"], "raise": { "weak-key": "refuse" } } }));
    let mut all = Vec::new();
    places(&said, "", &mut all);
    assert!(all.len() > 20, "{all:?}");
    let long = "x\u{7}\u{e9} ".repeat(2000);
    for place in all {
        let mut hostile = said.clone();
        *hostile.pointer_mut(&place).unwrap() = json!(long);
        // A friendly name may be any text.
        if !place.ends_with("friendly_name") {
            problem("long", &hostile.to_string());
        }
        *hostile.pointer_mut(&place).unwrap() = json!({ long.as_str(): [long.as_str()] });
        problem("long", &hostile.to_string());
        let (object, _) = place.rsplit_once('/').unwrap();
        let mut hostile = said.clone();
        if let Some(fields) = hostile.pointer_mut(object).unwrap().as_object_mut() {
            fields.insert(long.clone(), json!(1));
            problem("long", &hostile.to_string());
        }
    }
}
