//! The renewal of the organisation that the README audits.

use expect_test::expect_file;
use serde_json::{Value, json};

use crate::support::example::{run, run_on, write};
use crate::support::factory::CertificateFactory;
use crate::support::organization::{issuing, renewed};
use crate::{data, expected, pem, transcript};

const FILES: [&str; 4] = ["examples/data/organization.json", "examples/data/fullchain.pem", "--default-smtp", "keep"];

#[test]
fn an_organisation_is_renewed_as_one_plan() {
    // A CA hands out the chain in any order.
    expect_file![data("fullchain.pem")].assert_eq(&format!("{}{}", pem(&issuing()), pem(&renewed())));
    expected("renew-organization.txt").assert_eq(&transcript(&run("renew", &FILES)));
    let json = [&FILES[..], &["--json"]].concat();
    expected("renew-organization.json").assert_eq(&transcript(&run("renew", &json)));
    assert_eq!(run("renew", &FILES[..2]).status.code(), Some(2), "the default SMTP certificates take an answer");
}

#[test]
fn what_is_kept_is_removed_nowhere() {
    let kept = [&FILES[..], &["--keep-old", "--json"]].concat();
    let answer: Value = serde_json::from_slice(&run("renew", &kept).stdout).unwrap();
    assert_eq!((&answer["outcome"], &answer["removals"]), (&json!("replaced"), &json!([])));
    assert!(!answer["script"].to_string().contains("Remove-ExchangeCertificate"));
}

#[test]
fn a_request_of_the_file_renews_as_the_example_does() {
    let mut scenario: Value = serde_json::from_slice(&std::fs::read(data("organization.json")).unwrap()).unwrap();
    scenario["request"] = json!({ "operation": "replace", "certificate": renewed().build(), "default_smtp": "keep",
        "connectors": "update" });
    let output = run("assign", &[&write("renewing", &scenario), "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let example = run("renew", &[&FILES[..], &["--json"]].concat());
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    assert_eq!(json(&output.stdout), json(&example.stdout));
    // For one server the certificate stands at the server.
    scenario["server"] = scenario["servers"][0].take();
    scenario.as_object_mut().unwrap().remove("servers");
    let output = run("assign", &[&write("renewing-one", &scenario)]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stderr).unwrap().contains("request.certificate: beside one server"));
}

#[test]
fn the_new_certificate_or_the_servers_may_come_from_standard_input() {
    let chain = std::fs::read(data("fullchain.pem")).unwrap();
    let from_input = run_on(&chain, "renew", &["examples/data/organization.json", "-", "--default-smtp", "keep"]);
    assert_eq!(transcript(&from_input), transcript(&run("renew", &FILES)));
}

#[test]
fn where_nothing_is_renewed_the_nearest_certificate_is_named() {
    let short = CertificateFactory::new("autodiscover.contoso.com");
    let output = run_on(pem(&short).as_bytes(), "renew", &["examples/data/organization.json", "-"]);
    assert_eq!(output.status.code(), Some(3));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("but the new certificate lacks `mail.contoso.com`"), "{error}");
}
