//! Scenario files about many servers, through the example `assign`.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use serde_json::{Value, json};

use crate::support::example::{decide, run, write};
use crate::support::servers::{NOW, edge, mailbox, microsoft_exchange, new, old, thumbprint};

fn scenario(request: Value) -> Value {
    let mut scenario = json!({
        "now": NOW,
        "servers": [mailbox("MBX01"), mailbox("MBX02"), edge("EDGE01")],
        "request": { "thumbprint": thumbprint(&new()), "services": "SMTP", "default_smtp": "keep" }
    });
    for (key, value) in request.as_object().unwrap() {
        scenario["request"][key] = value.clone();
    }
    scenario
}

#[test]
fn every_outcome_has_its_exit_status() {
    let (answer, status) = decide("fleet-assigned", &scenario(json!({})));
    assert_eq!((&answer["outcome"], status), (&json!("assigned"), 0));
    let servers: Vec<_> =
        answer["servers"].as_array().unwrap().iter().map(|entry| entry["server"].as_str().unwrap()).collect();
    assert_eq!(servers, ["MBX01", "MBX02", "EDGE01"]);
    assert_eq!(answer["left_over"], json!([]));

    let (answer, status) = decide("fleet-refused", &scenario(json!({ "services": "IIS, SMTP" })));
    assert_eq!((&answer["outcome"], status), (&json!("refused"), 1));
    assert_eq!(answer["servers"][2]["assignable"], "SMTP");
    assert_eq!(answer["left_over"], json!([{ "server": "EDGE01", "services": "IIS, SMTP" }]));

    let undecided = json!({ "default_smtp": null, "answers": { "MBX01": "keep", "edge01": "replace" } });
    let (answer, status) = decide("fleet-decision", &scenario(undecided));
    assert_eq!((&answer["outcome"], status), (&json!("decision-required"), 2));
    assert_eq!(answer["servers"][1]["outcome"], "decision-required");
    assert_eq!(answer["left_over"], json!([{ "server": "MBX02", "services": "SMTP" }]));
    assert!(
        answer["script"]
            .as_array()
            .unwrap()
            .iter()
            .any(|line| line.as_str().unwrap().ends_with("-Services SMTP -Force"))
    );
}

#[test]
fn an_order_and_connectors_are_asked_for_in_the_request() {
    let ordered = scenario(json!({ "servers": ["mbx02", "MBX01.contoso.com"] }));
    let (answer, _) = decide("fleet-order", &ordered);
    let servers: Vec<_> = answer["servers"].as_array().unwrap().iter().map(|entry| entry["server"].clone()).collect();
    assert_eq!(servers, ["MBX02", "MBX01"]);

    let mut connected = scenario(json!({ "servers": ["MBX01"], "connectors": "update" }));
    connected["servers"][0]["connectors"] = json!([crate::support::servers::connector("Outbound", &old(), &["MBX01"])]);
    let (answer, status) = decide("fleet-connectors", &connected);
    let last = answer["script"].as_array().unwrap().last().unwrap().as_str().unwrap();
    assert_eq!(status, 0);
    assert!(last.starts_with("Set-SendConnector -Identity Outbound -TlsCertificateName '<I>"), "{last}");
}

#[test]
fn the_text_for_people_is_a_table_and_blocks_to_be_pasted() {
    let output = run("assign", &[&write("fleet-text", &scenario(json!({})))]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    for part in ["MBX01", "`MBX02`: assign", "on `EDGE01`, ", "go on only if this says nothing:"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn bad_input_about_many_servers_is_one_line_with_its_field() {
    let with = |patch: Value| {
        let mut scenario = scenario(json!({}));
        for (key, value) in patch.as_object().unwrap() {
            scenario[key] = value.clone();
        }
        scenario
    };
    let one = |request: Value| {
        let mut one = scenario(request);
        one["server"] = one["servers"][0].take();
        one.as_object_mut().unwrap().remove("servers");
        one
    };
    let mut nothing = scenario(json!({}));
    nothing.as_object_mut().unwrap().remove("servers");
    let mut repeated = scenario(json!({ "answers": { "MBX01": "keep" } })).to_string();
    repeated = repeated.replace("{\"MBX01\":\"keep\"}", "{\"MBX01\":\"keep\",\"mbx01\":\"replace\"}");
    let shown = json!([{ "thumbprint": thumbprint(&new()), "services": "SMTP" }]);
    for (name, scenario, problem) in [
        ("both", with(json!({ "server": mailbox("MBX03") })).to_string(), "server: a scenario is about one server"),
        ("neither", nothing.to_string(), "server: a scenario is about one server"),
        (
            "twins",
            with(json!({ "servers": [mailbox("MBX01"), mailbox("mbx01")] })).to_string(),
            "servers[1].name: there is a server `mbx01` already",
        ),
        (
            "remove",
            scenario(json!({ "operation": "remove", "services": null })).to_string(),
            "servers: a removal, and a verification",
        ),
        (
            "replace",
            scenario(
                json!({ "operation": "replace", "services": null, "old": thumbprint(&microsoft_exchange("MBX09")) }),
            )
            .to_string(),
            "request.old: ",
        ),
        ("verify", scenario(json!({ "operation": "verify" })).to_string(), "servers: a removal"),
        ("shown", scenario(json!({ "operation": "verify", "shown": shown })).to_string(), "servers: a removal"),
        (
            "order",
            scenario(json!({ "servers": ["MBX01", "MBX09"] })).to_string(),
            "request.servers: there is no server `MBX09`",
        ),
        (
            "twice",
            scenario(json!({ "servers": ["MBX01", "mbx01"] })).to_string(),
            "request.servers: `mbx01` is listed twice",
        ),
        ("control", scenario(json!({ "servers": ["MBX01\n"] })).to_string(), "request.servers[0]: character 6"),
        (
            "answers",
            scenario(json!({ "answers": { "MBX09": "keep" } })).to_string(),
            "request.answers: there is no server `MBX09`",
        ),
        (
            "answer",
            scenario(json!({ "answers": { "MBX01": "yes" } })).to_string(),
            "request.answers.MBX01: unknown answer `yes`; expected one of keep, replace",
        ),
        ("repeated", repeated, "request.answers: `mbx01` is listed twice"),
        ("one-order", one(json!({ "servers": ["MBX01"] })).to_string(), "server: an order of servers and answers"),
        (
            "one-answers",
            one(json!({ "answers": { "MBX01": "keep" } })).to_string(),
            "server: an order of servers and answers",
        ),
    ] {
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("exchange-certificates-fleet-bad-{name}.json"));
        std::fs::write(&file, scenario).unwrap();
        let output = run("assign", &[file.to_str().unwrap(), "--json"]);
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(line.starts_with(&format!("{}: {problem}", file.display())), "{name}: {line}");
        assert_eq!(line.lines().count(), 1, "{name}: {line}");
        assert_eq!(output.status.code(), Some(3), "{name}");
        assert!(output.stdout.is_empty(), "{name}");
    }
}
