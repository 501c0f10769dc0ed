//! The examples against their expected output, and the scenarios that they come with.

#[path = "examples/direct.rs"]
mod direct;
#[path = "examples/explained.rs"]
mod explained;
#[path = "examples/forgiving.rs"]
mod forgiving;
#[path = "examples/given.rs"]
mod given;
#[path = "examples/organization.rs"]
mod organization;
#[path = "examples/programs.rs"]
mod programs;
#[path = "examples/scripts.rs"]
mod scripts;
#[path = "support"]
mod support {
    pub mod deployment_worlds;
    pub mod example;
    pub mod export;
    pub mod factory;
    pub mod organization;
    pub mod worlds;
}

use std::path::{Path, PathBuf};
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::expect_file;
use serde_json::{Value, json};
use support::example::{decide, run, write};
use support::factory::CertificateFactory;

/// Standard output, standard error where there is any, and the exit status.
fn transcript(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace("\r\n", "\n");
    let errors = text(&output.stderr);
    let errors = if errors.is_empty() { errors } else { format!("standard error:\n{errors}") };
    format!("{}{errors}exit status {}\n", text(&output.stdout), output.status.code().unwrap())
}

fn expected(name: &str) -> expect_test::ExpectFile {
    expect_file![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(name)]
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data").join(name)
}

fn base64(factory: &CertificateFactory) -> String {
    STANDARD.encode(factory.build_der())
}

/// The self-signed certificate that setup makes for a server.
fn microsoft_exchange() -> CertificateFactory {
    CertificateFactory::new("MBX01")
        .subject(&[("CN", "MBX01")])
        .dns_names(["MBX01", "mbx01.contoso.com"])
        .valid("2024-02-01T08:00:00Z", "2029-02-01T08:00:00Z")
        .self_signed()
}

fn mail_2025() -> CertificateFactory {
    CertificateFactory::new("mail.contoso.com")
        .dns_names(["mail.contoso.com", "autodiscover.contoso.com"])
        .valid("2026-06-10T00:00:00Z", "2026-12-27T00:00:00Z")
}

/// The wildcard certificate of the built-in scenario.
fn wildcard() -> CertificateFactory {
    CertificateFactory::new("*.contoso.com")
        .dns_names(["*.contoso.com"])
        .valid("2026-05-29T00:00:00Z", "2026-12-15T00:00:00Z")
}

/// The scenario that `cargo run --example assign` decides: a wildcard certificate for everything.
fn teaching() -> Value {
    let wildcard = wildcard();
    json!({
        "now": "2026-11-24T00:00:00Z",
        "server": {
            "name": "MBX01", "fqdn": "mbx01.contoso.com", "version": "2016", "roles": ["Mailbox"],
            "um_startup_mode": "TCP",
            "imap_certificate_name": "mail.contoso.com",
            "client_names": ["mail.contoso.com", "autodiscover.contoso.com", "contoso.com"],
            "load_balancing": "Layer4",
            "default_smtp": microsoft_exchange().build().thumbprint(),
            "certificates": [
                { "certificate": base64(&microsoft_exchange()), "friendly_name": "Microsoft Exchange",
                  "status": "Valid", "services": "SMTP", "web_sites": [2] },
                { "certificate": base64(&mail_2025()), "friendly_name": "mail 2025",
                  "status": "Valid", "services": "IMAP, POP, IIS, SMTP", "web_sites": [1] },
                { "certificate": base64(&wildcard), "friendly_name": "wildcard 2026",
                  "status": "Valid", "key_storage": "CSP", "services": "None", "web_sites": [] }
            ]
        },
        "request": {
            "thumbprint": wildcard.build().thumbprint(),
            "services": "IMAP, POP, UM, IIS, SMTP",
            "default_smtp": "keep",
            "caller": ["Organization Management"]
        }
    })
}

/// The article's own example: POP, IMAP, IIS and SMTP for one thumbprint.
fn article(default_smtp: &CertificateFactory) -> Value {
    let new = CertificateFactory::new("mail.contoso.com").dns_names(["mail.contoso.com", "autodiscover.contoso.com"]);
    json!({
        "now": "2026-11-24T00:00:00Z",
        "server": {
            "name": "MBX01", "fqdn": "mbx01.contoso.com", "version": "2019", "roles": ["Mailbox"],
            "client_names": ["mail.contoso.com", "autodiscover.contoso.com"],
            "default_smtp": default_smtp.build().thumbprint(),
            "certificates": [
                { "certificate": base64(&microsoft_exchange()), "friendly_name": "Microsoft Exchange",
                  "services": "IIS, SMTP", "web_sites": [1, 2] },
                { "certificate": base64(&new), "friendly_name": "mail 2026", "services": "None", "web_sites": [] }
            ]
        },
        "request": {
            "thumbprint": new.build().thumbprint(), "services": "POP, IMAP, IIS, SMTP",
            "default_smtp": "keep", "caller": ["Server Management"]
        }
    })
}

/// The renewal of what serves mail, as the company's CA issues it.
fn renewed() -> CertificateFactory {
    CertificateFactory::new("mail.contoso.com").dns_names(["mail.contoso.com", "autodiscover.contoso.com"]).rsa(3072)
}

/// A server before an ordinary renewal: everything that can name a certificate names the old one.
fn renewal() -> Value {
    let name = "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=mail.contoso.com, O=Contoso, C=US";
    json!({
        "now": "2026-11-24T00:00:00Z",
        "server": {
            "name": "MBX01", "fqdn": "mbx01.contoso.com", "version": "2019", "roles": ["Mailbox"],
            "imap_certificate_name": "mail.contoso.com",
            "client_names": ["mail.contoso.com", "autodiscover.contoso.com"],
            "default_smtp": mail_2025().build().thumbprint(),
            "connectors": [
                { "kind": "Send", "name": "Outbound to Office 365", "tls_certificate_name": name, "servers": ["MBX01", "MBX02"] },
                { "kind": "Hybrid", "name": "Hybrid Configuration", "tls_certificate_name": name }
            ],
            "certificates": [
                { "certificate": base64(&microsoft_exchange()), "friendly_name": "Microsoft Exchange",
                  "services": "IIS", "web_sites": [2] },
                { "certificate": base64(&mail_2025()), "friendly_name": "mail 2025", "root_ca_type": "ThirdParty",
                  "services": "IMAP, IIS, SMTP", "web_sites": [1] }
            ]
        }
    })
}

fn pem(factory: &CertificateFactory) -> String {
    let base64 = base64(factory).into_bytes();
    let lines: Vec<_> = base64.chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn check_data(name: &str, scenario: &Value) {
    expect_file![data(name)].assert_eq(&format!("{scenario:#}\n"));
}

#[test]
fn the_built_in_scenario_is_answered_as_expected() {
    check_data("assign.json", &teaching());
    expect_file![data("wildcard.pem")].assert_eq(&pem(&wildcard()));
    expected("assign.txt").assert_eq(&transcript(&run("assign", &[])));
    expected("assign.json").assert_eq(&transcript(&run("assign", &["--json"])));
}

#[test]
fn the_example_of_the_article_is_one_command_or_two() {
    let new = CertificateFactory::new("mail.contoso.com").dns_names(["mail.contoso.com", "autodiscover.contoso.com"]);
    for (default_smtp, commands) in [(microsoft_exchange(), 2), (new, 1)] {
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("exchange-certificates-article-{commands}.json"));
        std::fs::write(&file, article(&default_smtp).to_string()).unwrap();
        let output = run("assign", &[file.to_str().unwrap(), "--json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let script = answer["script"].as_array().unwrap();
        let enables = script.iter().filter(|line| line.as_str().unwrap().starts_with("Enable-ExchangeCertificate"));
        assert_eq!(enables.count(), commands, "{answer:#}");
        assert_eq!(answer["outcome"], "assigned");
        assert_eq!(output.status.code(), Some(0));
        if commands == 2 {
            check_data("article.json", &article(&default_smtp));
            expected("article.txt").assert_eq(&transcript(&run("assign", &["examples/data/article.json"])));
            expected("article.json").assert_eq(&transcript(&run("assign", &["examples/data/article.json", "--json"])));
        }
    }
}

#[test]
fn the_readme_shows_what_the_example_prints() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let console = readme.split("```console\n$ cargo run --example assign\n").nth(1).unwrap();
    let output = transcript(&run("assign", &[]));
    let mut lines = output.lines();
    for shown in console.lines().take_while(|line| *line != "```").filter(|line| *line != "…") {
        assert!(lines.any(|line| line == shown), "{shown:?} is not printed there");
    }
}

#[test]
fn every_operation_has_its_answer_and_exit_status() {
    let (default, new) =
        (microsoft_exchange().build().thumbprint(), article(&microsoft_exchange())["request"]["thumbprint"].clone());
    let request = |request: Value| patched(&json!({ "request": request }));
    let verify = |shown: Value| {
        request(
            json!({ "operation": "verify", "services": "IIS, SMTP", "shown": shown, "default_smtp": null, "caller": null }),
        )
    };
    let undecided = request(json!({ "default_smtp": null }));
    let (answer, status) = decide("decision", &undecided);
    let decision = json!({ "format": 3, "outcome": "decision-required", "decision": "replace-default-smtp", "current": default,
        "proposed": new, "recommended": "keep", "diagnostics": answer["diagnostics"] });
    assert_eq!((answer, status), (decision, 2));

    let with_default = request(json!({ "default_smtp": "replace" }));
    let (answer, status) = decide("replace-default", &with_default);
    assert_eq!((&answer["outcome"], status), (&json!("assigned"), 0));
    assert_eq!(answer["default_smtp"], new);
    let script = answer["script"].as_array().unwrap();
    assert!(script[1].as_str().unwrap().ends_with("-Services SMTP -Server MBX01 -Force"), "{script:?}");

    let (answer, status) = decide("take", &request(json!({ "mode": "take" })));
    assert_eq!(
        (&answer["outcome"], &answer["added"], &answer["script"], status),
        (&json!("assigned"), &json!("None"), &json!([]), 0)
    );

    let (answer, status) = decide("remove", &request(json!({ "operation": "remove", "services": null })));
    assert_eq!((&answer["outcome"], status), (&json!("removed"), 0));
    assert_eq!(
        answer["script"],
        json!([format!(
            "Remove-ExchangeCertificate -Thumbprint {} -Server MBX01 -Confirm:$false",
            new.as_str().unwrap()
        )])
    );

    let (answer, status) =
        decide("remove-default", &request(json!({ "operation": "remove", "services": null, "thumbprint": default })));
    assert_eq!((&answer["outcome"], status), (&json!("refused"), 1));
    let rules: Vec<_> =
        answer["diagnostics"].as_array().unwrap().iter().map(|it| it["rule"].as_str().unwrap()).collect();
    assert_eq!(
        rules,
        ["removes-default-smtp", "removes-last-assignment", "removes-back-end-certificate", "endpoint-fails"]
    );
    assert!(answer.get("assignable").is_none() && answer.get("script").is_none());

    let (answer, status) = decide(
        "replace",
        &request(json!({ "operation": "replace", "services": null, "old": default, "default_smtp": "replace" })),
    );
    assert_eq!((&answer["outcome"], &answer["assignable"], status), (&json!("refused"), &json!("IIS, SMTP"), 1));

    let (answer, status) = decide("policy", &patched(&json!({ "policy": { "raise": { "require-ssl": "refuse" } } })));
    assert_eq!((&answer["outcome"], &answer["assignable"], status), (&json!("refused"), &json!("IMAP, POP, SMTP"), 1));

    let shown = |services: Value| verify(json!([{ "thumbprint": new, "services": services }]));
    let verified = (json!({ "format": 3, "outcome": "verified", "services": "IMAP, IIS, SMTP" }), 0);
    assert_eq!(decide("verified", &shown(json!("IMAP, IIS, SMTP"))), verified);
    assert_eq!(decide("short", &shown(json!("I..WS.."))), verified);
    let missing = (json!({ "format": 3, "outcome": "missing", "missing": "SMTP", "services": "IIS" }), 1);
    assert_eq!(decide("missing", &shown(json!(["IIS"]))), missing);
    let inconclusive = (json!({ "format": 3, "outcome": "inconclusive" }), 2);
    assert_eq!(decide("unknown", &shown(Value::Null)), inconclusive);
    assert_eq!(decide("cut-short", &shown(json!("IMAP, IIS..."))), inconclusive);
    let absent = (json!({ "format": 3, "outcome": "missing", "missing": "IIS, SMTP", "services": "None" }), 1);
    assert_eq!(decide("absent", &verify(json!([]))), absent);
    assert_eq!(decide("server", &verify(Value::Null)), absent);
}

#[test]
fn a_renewal_is_one_script() {
    check_data("renewal.json", &renewal());
    expect_file![data("renewed.pem")].assert_eq(&pem(&renewed()));
    let files = ["examples/data/renewal.json", "examples/data/renewed.pem"];
    let replace = [files[0], files[1], "--default-smtp", "replace"];
    expected("renew.txt").assert_eq(&transcript(&run("renew", &replace)));
    assert_eq!(run("renew", &files).status.code(), Some(2), "the default SMTP certificate takes an answer");
    let json = [&replace[..], &["--json"]].concat();
    let answer: Value = serde_json::from_slice(&run("renew", &json).stdout).unwrap();
    assert_eq!(answer["outcome"], "replaced");
    assert_eq!(answer["default_smtp"], json!(renewed().build().thumbprint()));
    let nothing = run("renew", &[files[0], "examples/data/self-signed.pem"]);
    assert_eq!(nothing.status.code(), Some(3));
    assert!(nothing.stdout.is_empty());
}

#[test]
fn the_policy_of_an_organisation_decides() {
    expect_file![data("self-signed.pem")].assert_eq(&pem(&microsoft_exchange()));
    expected("policy.txt").assert_eq(&transcript(&run("policy", &[])));
}

#[test]
fn a_rollout_is_to_many_servers() {
    let nothing = write("of-no-server", &json!({ "now": "2026-11-24T00:00:00Z" }));
    for (example, scenario, problem) in [
        ("rollout", "examples/data/renewal.json", "server: a rollout is to servers"),
        ("renew", nothing.as_str(), "server: a scenario is about one server, or about servers in its place"),
    ] {
        let output = run(example, &[scenario, "examples/data/renewed.pem"]);
        assert_eq!(output.status.code(), Some(3));
        assert!(output.stdout.is_empty());
        assert_eq!(String::from_utf8(output.stderr).unwrap(), format!("{scenario}: {problem}\n"));
    }
}

#[test]
fn a_rule_is_explained() {
    expected("explain.txt").assert_eq(&transcript(&run("assign", &["--explain", "wildcard-imap"])));
    expected("explain-audit.txt").assert_eq(&transcript(&run("assign", &["--explain", "audit-expired"])));
    let output = run("assign", &["--explain", "wildcard-imp"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty());
}

/// The article's scenario with a JSON merge patch on it.
fn patched(patch: &Value) -> Value {
    fn merge(target: &mut Value, patch: &Value) {
        let Value::Object(patch) = patch else {
            *target = patch.clone();
            return;
        };
        if !target.is_object() {
            *target = json!({});
        }
        let target = target.as_object_mut().unwrap();
        for (key, value) in patch {
            if value.is_null() {
                target.remove(key);
            } else {
                merge(target.entry(key).or_insert(Value::Null), value);
            }
        }
    }
    let mut scenario = article(&microsoft_exchange());
    merge(&mut scenario, patch);
    scenario
}

#[test]
fn bad_input_is_one_line_with_file_and_field() {
    let certificate = |services: Value| {
        let mut certificates = article(&microsoft_exchange())["server"]["certificates"].clone();
        certificates[1]["services"] = services;
        json!({ "server": { "certificates": certificates } })
    };
    let twice = {
        let certificates = article(&microsoft_exchange())["server"]["certificates"].clone();
        json!({ "server": { "certificates": [certificates[0], certificates[1], certificates[0]] } })
    };
    let raw = |text: &str| article(&microsoft_exchange()).to_string().replacen('{', text, 1);
    let text = |patch: Value| patched(&patch).to_string();
    let new = article(&microsoft_exchange())["request"]["thumbprint"].clone();
    let cases = [
        ("services", text(certificate(json!("IIS, FTP"))), "server.certificates[1].services: unknown service `FTP`"),
        ("bits", text(certificate(json!(128))), "server.certificates[1].services: 128"),
        ("twice", text(twice), "server.certificates[2]: "),
        ("role", text(json!({ "server": { "roles": ["Mailbox", "HubTransport"] } })), "server.roles[1]: "),
        ("no-role", text(json!({ "server": { "roles": [] } })), "server.roles: "),
        ("edge", text(json!({ "server": { "roles": ["Mailbox", "EdgeTransport"] } })), "server.roles: "),
        ("client-access", text(json!({ "server": { "roles": ["ClientAccess"] } })), "server.roles: "),
        ("version", text(json!({ "server": { "version": "2010" } })), "server.version: "),
        ("name", text(json!({ "server": { "name": " " } })), "server.name: the name is empty"),
        ("control", text(json!({ "server": { "name": "MBX01\n; iisreset" } })), "server.name: character 6"),
        ("caller", text(json!({ "request": { "caller": ["a", "b\u{7}"] } })), "request.caller[1]: character 2"),
        ("now", text(json!({ "now": "2026-11-24T00:00:00" })), "now: `2026-11-24T00:00:00`"),
        ("thumbprint", text(json!({ "request": { "thumbprint": "5113" } })), "request.thumbprint: "),
        (
            "status",
            text(json!({ "request": { "accept_status": ["Untrusted", "Revoked"] } })),
            "request.accept_status[1]: ",
        ),
        ("old", text(json!({ "request": { "operation": "replace", "services": null, "old": new } })), "request.old: "),
        ("no-old", text(json!({ "request": { "operation": "replace", "services": null } })), "request.old: "),
        (
            "services-of-remove",
            text(json!({ "request": { "operation": "remove" } })),
            "request.services: remove has no such field; it belongs to assign and verify",
        ),
        ("old-of-assign", text(json!({ "request": { "old": new } })), "request.old: assign has no such field"),
        ("no-services", text(json!({ "request": { "services": null } })), "request.services: "),
        (
            "no-thumbprint",
            text(json!({ "request": { "thumbprint": null } })),
            "request.thumbprint: missing, and assign needs it",
        ),
        ("list", "[]".to_owned(), "expected an object"),
        ("list-inside", text(json!({ "server": { "auth_certificates": [null, null] } })), "server.auth_certificates: "),
        ("empty-services", text(certificate(json!(""))), "server.certificates[1].services: "),
        ("unknown", text(json!({ "server": { "mode": "TLS" } })), "server.mode: unknown field `mode`"),
        ("repeated", raw("{\"now\": \"2026-11-24T00:00:00Z\","), "duplicate field `now`"),
        (
            "policy",
            text(json!({ "policy": { "silence": ["wildcard-imap"] } })),
            "policy: `wildcard-imap` cannot be silenced",
        ),
        ("number", text(json!({ "server": { "edge_subscribed": "yes" } })), "server.edge_subscribed: "),
        ("after", format!("{} {{}}", article(&microsoft_exchange())), "trailing characters"),
        ("empty", String::new(), "EOF while parsing"),
        (
            "pem",
            text(json!({ "server": { "certificates": [{ "certificate": "MIIB" }] } })),
            "server.certificates[0].certificate: ",
        ),
    ];
    for (name, scenario, problem) in cases {
        let file =
            std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("exchange-certificates-bad-{name}.json"));
        std::fs::write(&file, scenario).unwrap();
        let output = run("assign", &[file.to_str().unwrap(), "--json"]);
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(line.starts_with(&format!("{}: ", file.display())), "{name}: {line}");
        assert!(line.contains(problem), "{name}: {line}");
        assert_eq!(line.lines().count(), 1, "{name}: {line}");
        assert_eq!(output.status.code(), Some(3), "{name}");
        assert!(output.stdout.is_empty(), "{name}");
    }
}
