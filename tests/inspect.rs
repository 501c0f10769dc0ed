//! The example `inspect`, as a user runs it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "inspect/agreement.rs"]
mod agreement;
#[path = "support"]
mod support {
    pub mod collection;
    pub mod example;
    pub mod export;
    pub mod factory;
}

use std::path::PathBuf;
use std::process::Output;

use exchange_certificates::{Scenario, Thumbprint};
use serde_json::{Value, json};
use support::collection::{
    CLIENT_NAMES, Collection, ORGANIZATION, certificate, presented, question, selection, web_binding,
};
use support::example;
use support::export::{EXCHANGE_SERVER, Element, Node, Serialized, document};
use support::factory::CertificateFactory;

fn inspect(arguments: &[&str]) -> Output {
    example::run("inspect", arguments)
}

fn file(name: &str, contents: impl AsRef<[u8]>) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("inspect");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, contents).unwrap();
    path.to_str().unwrap().to_owned()
}

fn fleet(subject: &str) -> String {
    let certificate = CertificateFactory::new("mail.contoso.com").subject(&[("CN", subject)]).build_der();
    let server = Element::new(EXCHANGE_SERVER)
        .text("Name", "MBX01")
        .text("Fqdn", "mbx01.contoso.com")
        .printed("AdminDisplayVersion", "Version 15.2 (Build 1544.4)")
        .property("ServerRole", Node::text("Mailbox"));
    document(&[server, Serialized::new(certificate, 24, "mbx01.contoso.com\\0").element(true)])
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn json_has_every_key_and_null_for_what_is_not_known() {
    let pem = CertificateFactory::new("other.contoso.com").build_der();
    let list = file("list.txt", format!("Thumbprint : {}\nServices : SMTP\n", "0".repeat(40)));
    let output = inspect(&["--json", &file("fleet.xml", fleet("mail.contoso.com")), &file("other.cer", &pem), &list]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let certificates = answer["certificates"].as_array().unwrap();
    assert_eq!(certificates.len(), 3);
    for certificate in certificates {
        let keys: Vec<_> = certificate.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = vec![
            "thumbprint",
            "subject",
            "issuer",
            "serial",
            "not_before",
            "not_after",
            "domains",
            "services",
            "status",
            "root_ca_type",
            "friendly_name",
            "has_private_key",
            "key_storage",
            "web_sites",
            "server",
        ];
        // The keys of a JSON value are sorted.
        expected.sort_unstable();
        assert_eq!(keys, expected);
    }
    let first = &certificates[0];
    assert_eq!(first["services"], "IIS, SMTP");
    assert_eq!(first["status"], "Valid");
    assert_eq!(first["root_ca_type"], "Registry");
    assert_eq!(first["not_before"], "2026-10-01T00:00:00Z");
    assert_eq!(first["key_storage"], "CSP");
    assert_eq!(first["web_sites"], json!([1]));
    assert_eq!(first["server"], "mbx01.contoso.com");
    assert_eq!(certificates[1]["thumbprint"], Thumbprint::of(&pem).to_string());
    for unknown in ["services", "status", "root_ca_type", "friendly_name", "has_private_key", "web_sites", "server"] {
        assert_eq!(certificates[1][unknown], Value::Null, "{unknown}");
    }
    assert_eq!(certificates[2]["services"], "SMTP");
    assert_eq!(certificates[2]["subject"], Value::Null);
    assert_eq!(answer["servers"][0]["name"], "MBX01");
    assert_eq!(answer["servers"][0]["version"], "2019");
    assert_eq!(answer["servers"][0]["roles"], json!(["Mailbox"]));
    assert_eq!(answer["servers"][0]["default_smtp"], Value::Null);
    assert_eq!(answer["connectors"], json!([]));
    assert_eq!(answer["auth_certificates"], Value::Null);
    assert!(answer.as_object().unwrap().contains_key("auth_certificates"));
}

#[test]
fn bad_input_is_one_line_on_standard_error() {
    let bad = file("bad.txt", "Thumbprint  Services  Subject\nXXXX  IP.WS..  CN=a\n");
    let good = file("good.xml", fleet("mail.contoso.com"));
    for (arguments, words) in [
        (vec![good.as_str(), bad.as_str()], "bad.txt`, line 2: Thumbprint: `XXXX` is not a thumbprint"),
        (vec!["--json", "no such file"], "no such file: "),
        (vec!["--scenario", "MBX09", good.as_str()], "`MBX09`: no object of Get-ExchangeServer"),
        (vec![], "required arguments"),
        (vec!["--unknown"], "unexpected argument"),
    ] {
        let output = inspect(&arguments);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(text(&output.stdout), "");
        let error = text(&output.stderr);
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_scenario_is_valid_input() {
    let output = inspect(&["--scenario", "mbx01", &file("scenario.xml", fleet("mail.contoso.com"))]);
    let scenario: Scenario = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(scenario.server().unwrap().name(), "MBX01");
    assert_eq!(scenario.server().unwrap().certificates().count(), 1);
}

#[test]
fn what_format_list_prints_is_read_back() {
    let printed = inspect(&["--format-list", &file("print.xml", fleet("mail.contoso.com"))]);
    let read = inspect(&["--json", &file("printed.txt", &printed.stdout)]);
    let answer: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(answer["certificates"][0]["services"], "IIS, SMTP");
    assert_eq!(answer["certificates"][0]["friendly_name"], "mail 2026");
}

#[test]
fn a_subject_cannot_forge_a_line_on_a_terminal() {
    let hostile = "mail\r\n\u{1b}[2J\u{9b}1m\u{202e}moc";
    let path = file("hostile.xml", fleet(hostile));
    for arguments in [vec![path.as_str()], vec!["--json", path.as_str()], vec!["--format-list", path.as_str()]] {
        let output = text(&inspect(&arguments).stdout);
        assert!(output.contains("moc"), "{output}");
        let acts = |character: char| character != '\n' && character.is_control() || character == '\u{202e}';
        assert!(!output.contains(acts), "{output:?}");
    }
}

#[test]
fn the_collection_script_is_printed_without_files() {
    let output = inspect(&["--collection-script"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("Export-Clixml"));
}

/// A collection in which the server did not answer with its Receive connectors, nor the organisation with its trust.
fn collection() -> Vec<u8> {
    let der = CertificateFactory::new("mail.contoso.com").build_der();
    let thumbprint = Thumbprint::of(&der).to_string();
    let [server, send, hybrid, auth, federation, edges] = ORGANIZATION;
    let name = Some("MBX01");
    Collection::new("2026-11-24T08:00:00Z", None)
        .server("MBX01", "Version 15.2 (Build 1544.4)", "Mailbox")
        .read(None, server, 1)
        .all_read(None, &[send, hybrid, auth, edges])
        .failed(None, federation, "Access is denied.")
        .all_read(name, &CLIENT_NAMES)
        .read(name, "Get-ExchangeCertificate", 1)
        .with(certificate("MBX01", der))
        .with(question(name, "Get-ReceiveConnector", None, "absent", 0, ""))
        .with(question(name, "Invoke-Command", Some("Get-WebBinding"), "read", 1, ""))
        .with(web_binding("MBX01", "https", 1, "*:443:", Node::text(&thumbprint)))
        .with(question(name, "Get-ExchangeCertificate", Some("mail.contoso.com"), "read", 1, ""))
        .with(selection("MBX01", "mail.contoso.com", &[thumbprint]))
        .file()
}

#[test]
fn what_was_not_read_comes_first_with_what_was_answered_and_the_cmdlet() {
    let path = file("collection.xml", collection());
    let shown = text(&inspect(&[&path]).stdout);
    assert!(shown.starts_with("Not read\n"), "{shown}");
    let row = |words: [&str; 4]| {
        let mut lines = shown.lines();
        assert!(lines.any(|line| words.iter().all(|word| line.contains(word))), "{words:?} in {shown}");
    };
    row(["(organisation)", "federation", "Access is denied.", "Get-FederationTrust"]);
    row(["MBX01", "receive-connectors", "nor the caller's role has Get-ReceiveConnector", "Get-ReceiveConnector"]);

    let answer: Value = serde_json::from_slice(&inspect(&["--json", &path]).stdout).unwrap();
    let expected = json!([
        { "server": null, "what": "federation", "message": "Access is denied." },
        { "server": "MBX01", "what": "receive-connectors",
          "message": "neither the shell nor the caller's role has Get-ReceiveConnector" }
    ]);
    assert_eq!(answer["not_read"], expected);
    let thumbprint = answer["certificates"][0]["thumbprint"].as_str().unwrap();
    let server = &answer["servers"][0];
    assert_eq!(server["web_bindings"], json!([{ "site": 1, "binding": "*:443:", "thumbprint": thumbprint }]));
    assert_eq!(server["selection"], json!({ "mail.contoso.com": [thumbprint] }));
    assert_eq!((&server["client_names"], &server["edge_subscribed"]), (&json!([]), &json!(false)));
    assert_eq!(answer["federation_certificate"], Value::Null);

    let complete: Value = serde_json::from_slice(&inspect(&["--json", "--complete", &path]).stdout).unwrap();
    assert_eq!(complete["not_read"], json!([]));
    assert!(!text(&inspect(&["--complete", &path]).stdout).contains("Not read"));
}

#[test]
fn what_was_not_read_stands_in_the_scenarios() {
    let path = file("unread.xml", collection());
    let denied = json!({ "what": "federation", "message": "Access is denied." });
    let scenario = inspect(&["--scenario", "MBX01", &path]).stdout;
    let written: Value = serde_json::from_slice(&scenario).unwrap();
    assert_eq!(written["server"]["not_read"][0]["what"], "receive-connectors");
    assert_eq!(written["server"]["not_read"][1], denied);
    let scenario: Scenario = serde_json::from_slice(&scenario).unwrap();
    assert_eq!(scenario.server().unwrap().not_read().count(), 2);

    let fleet = inspect(&["--fleet", &path]).stdout;
    let written: Value = serde_json::from_slice(&fleet).unwrap();
    assert_eq!(
        (written["servers"][0]["not_read"].as_array().unwrap().len(), &written["not_read"]),
        (1, &json!([denied]))
    );
    let read: Scenario = serde_json::from_slice(&fleet).unwrap();
    assert_eq!(read.servers().next(), scenario.server());

    let complete: Value = serde_json::from_slice(&inspect(&["--fleet", "--complete", &path]).stdout).unwrap();
    assert!(complete.get("not_read").is_none() && complete["servers"][0].get("not_read").is_none());
}

#[test]
fn a_note_is_said_beside_what_was_read() {
    let bad = Element::new(&["Microsoft.Exchange.Data.Directory.SystemConfiguration.SmtpSendConnectorConfig"]);
    let path = file("note.xml", document(&[bad.text("Name", "Out\u{1b}[2Jbound")]));
    let words = "is the control character U+001B";
    let shown = inspect(&[&path]);
    assert!(text(&shown.stdout).contains(words) && shown.stderr.is_empty());
    let answer: Value = serde_json::from_slice(&inspect(&["--json", &path]).stdout).unwrap();
    assert!(answer["notes"][0].as_str().unwrap().contains(words));
    let fleet = inspect(&["--fleet", &path]);
    assert!(text(&fleet.stderr).starts_with("note: left out: ") && text(&fleet.stderr).contains(words));
    assert!(serde_json::from_slice::<Value>(&fleet.stdout).is_ok());
}

#[test]
fn what_a_probe_saw_is_shown_and_its_script_is_printed() {
    let thumbprint = "5113AE0233A72FCCB75B1D0198628675333D010E";
    let looks = [presented("MBX01", Some("imap"), 993, Some(thumbprint)), presented("MBX\u{202e}02", None, 25, None)];
    let probe = file("presented.xml", document(&looks));
    let output = inspect(&["--json", &probe]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let seen = json!({ "server": "MBX01", "endpoint": "imap", "address": "mbx01.contoso.com", "port": 993,
        "name": "mbx01.contoso.com", "state": "seen", "thumbprint": thumbprint, "message": "" });
    assert_eq!(answer["presented_at"][0], seen);
    let not_seen = &answer["presented_at"][1];
    assert_eq!((&not_seen["state"], &not_seen["thumbprint"]), (&json!("not-seen"), &Value::Null));
    assert_eq!((&not_seen["endpoint"], &not_seen["message"]), (&Value::Null, &json!("no answer")));
    assert_eq!((&answer["not_read"], &answer["servers"]), (&json!([]), &json!([])));

    let table = text(&inspect(&[&probe]).stdout);
    assert!(table.starts_with("Presented\n") && table.contains(thumbprint), "{table}");
    assert!(table.contains("not seen: no answer") && table.contains("mbx01.contoso.com:993"), "{table}");
    assert!(!table.contains('\u{202e}'), "{table}");

    let script = inspect(&["--probe-script"]);
    assert_eq!(text(&script.stdout), exchange_certificates::import::probe_script());
    let both = inspect(&["--probe-script", "--collection-script"]);
    assert_eq!((both.status.code(), both.stdout.len()), (Some(3), 0));
}
