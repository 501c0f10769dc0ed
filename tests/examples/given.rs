//! Whatever file an example is given, it is understood, or one line says what to do.

use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::example::{run, run_on};
use crate::support::export::{EXCHANGE_SERVER, Element, Node, Serialized, document, utf16_be, utf16_le};
use crate::support::factory::CertificateFactory;
use crate::{mail_2025, pem, renewal, renewed, teaching};

fn file(name: &str, contents: impl AsRef<[u8]>) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("given");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, contents).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The one line on standard error of what cannot be read.
fn problem(output: &Output) -> String {
    let line = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(3), "{line}");
    assert_eq!((line.lines().count(), output.stdout.len()), (1, 0), "{line}");
    line
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// Two servers of which both have the certificate.
fn export() -> String {
    let of = |name: &str| {
        let server = Element::new(EXCHANGE_SERVER)
            .text("Name", name)
            .text("Fqdn", &format!("{name}.contoso.com"))
            .printed("AdminDisplayVersion", "Version 15.2 (Build 1544.4)")
            .property("ServerRole", Node::text("Mailbox"));
        let identity = format!("{name}.contoso.com\\0");
        [server, Serialized::new(renewed().build_der(), 0, &identity).element(true)]
    };
    document(&[of("MBX01"), of("MBX02")].concat())
}

fn fleet() -> Value {
    let mut servers = ["MBX01", "MBX02"].map(|name| {
        let mut server = teaching()["server"].take();
        server["name"] = json!(name);
        server
    });
    json!({ "now": "2026-11-24T00:00:00Z", "servers": servers.each_mut().map(Value::take) })
}

#[test]
fn a_file_that_an_example_cannot_use_is_told_by_what_is_in_it() {
    let scenario = file("scenario.json", teaching().to_string());
    let wrote = |example: &str, arguments: &[&str]| run(example, arguments).stdout;
    let export = file("export.xml", export());
    let certificate = file("certificate.pem", pem(&renewed()));
    let policy = file("policy.json", r#"{ "raise": { "self-signed": "refuse" } }"#);
    let answer = file("answer.json", wrote("assign", &[&scenario, "--json"]));
    let inspected = file("inspected.json", wrote("inspect", &[&export, "--json"]));
    let audited = file("audited.json", wrote("audit", &[&export, "--json"]));
    let (page, calendar) = (file("page.html", ""), file("calendar.ics", ""));
    run("audit", &["examples/data/organization.json", "--html", &page, "--ics", &calendar]);
    let unusable = [
        (&answer, "an answer that an example wrote for programs"),
        (&inspected, "an answer that an example wrote for programs"),
        (&audited, "an answer that an example wrote for programs"),
        (&page, "a page that audit wrote for people"),
        (&calendar, "a calendar that audit wrote for people"),
    ];
    for (path, words) in unusable {
        for arguments in [["assign", path, "--json"], ["audit", path, "--json"], ["inspect", path, "--json"]] {
            let line = problem(&run(arguments[0], &arguments[1..]));
            assert!(line.starts_with(&format!("{path}: {words}: give the files")), "{arguments:?}: {line}");
        }
        let line = problem(&run("rollout", &[path, &certificate]));
        assert!(line.starts_with(&format!("{path}: {words}")), "{line}");
    }
    for (arguments, words) in [
        (["assign", &export, "--json"], "an export of Exchange: say what is asked with --certificate"),
        (["assign", &certificate, "--json"], "certificates: a scenario or an export says"),
        (["assign", &policy, "--json"], "a policy: it stands as policy in a scenario"),
        (["inspect", &scenario, "--json"], "a scenario, and no export: audit looks at its servers"),
        (["inspect", &policy, "--json"], "a policy: "),
        (["renew", "examples/data/renewal.json", &export], "an export of Exchange: "),
        (["rollout", &export, &scenario], "a scenario, and no export"),
        (["rollout", &export, &policy], "a policy: "),
    ] {
        let line = problem(&run(arguments[0], &arguments[1..]));
        assert!(line.contains(words), "{arguments:?}: {line}");
    }
}

#[test]
fn standard_input_is_a_file() {
    let path = file("again.json", teaching().to_string());
    let scenario = teaching().to_string().into_bytes();
    assert_eq!(run_on(&scenario, "assign", &["-", "--json"]).stdout, run("assign", &[&path, "--json"]).stdout);
    assert_eq!(run_on(&scenario, "audit", &["-", "--json"]).stdout, run("audit", &[&path, "--json"]).stdout);
    let path = file("again.xml", export());
    let read = run_on(export().as_bytes(), "inspect", &["-", "--json"]);
    assert_eq!(json(&read)["certificates"], json(&run("inspect", &[&path, "--json"]))["certificates"]);
    let certificate = pem(&renewed()).into_bytes();
    let planned = run_on(&certificate, "rollout", &[&path, "-", "--default-smtp", "keep", "--json"]);
    assert_eq!(json(&planned)["servers"].as_array().unwrap().len(), 2);
    let renewal = run_on(&certificate, "renew", &["examples/data/renewal.json", "-", "--json"]);
    assert_eq!(json(&renewal)["outcome"], "decision-required");
    for (example, arguments) in [("audit", ["-", "-"]), ("inspect", ["-", "-"]), ("rollout", ["-", "-"])] {
        let line = problem(&run_on(export().as_bytes(), example, &arguments));
        assert_eq!(line, "-: standard input is one file, and can be named once\n", "{example}");
    }
    let line = problem(&run_on(b"{ \"server\": 1 }", "assign", &["-"]));
    assert!(line.starts_with("standard input: server: "), "{line}");
}

#[test]
fn no_file_is_read_for_ever() {
    let large = file("large.json", "{ \"server\": ");
    std::fs::File::options().write(true).open(&large).unwrap().set_len((64 << 20) + 1).unwrap();
    for arguments in [["assign", &large], ["audit", &large]] {
        let line = problem(&run(arguments[0], &arguments[1..]));
        assert_eq!(line, format!("{large}: larger than the limit of 67108864 bytes\n"));
    }
    let line = problem(&run("audit", &["examples/data/organization.json", "--policy", &large]));
    assert!(line.starts_with(&format!("{large}: ")), "{line}");
    if cfg!(unix) {
        for arguments in
            [&["assign", "/dev/zero"][..], &["inspect", "/dev/zero"], &["rollout", "/dev/zero", "/dev/zero"]]
        {
            problem(&run(arguments[0], &arguments[1..]));
        }
    }
}

#[test]
fn what_a_shell_on_windows_writes_is_read() {
    let expected = run("assign", &["--json"]).stdout;
    let text = teaching().to_string();
    let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
    for (name, bytes) in [
        ("mark.json", marked(b"\xEF\xBB\xBF", text.clone().into_bytes())),
        ("little.json", marked(b"\xFF\xFE", utf16_le(&text))),
        ("big.json", marked(b"\xFE\xFF", utf16_be(&text))),
    ] {
        assert_eq!(run("assign", &[&file(name, bytes), "--json"]).stdout, expected, "{name}");
    }
}

#[test]
fn a_rollout_takes_exports_scenarios_and_a_policy() {
    let path = file("rollout.xml", export());
    let certificate = file("rollout.pem", pem(&renewed()));
    let options = ["--default-smtp", "keep", "--json"];
    let planned = run("rollout", &[&[path.as_str(), &certificate], &options[..]].concat());
    assert_eq!(json(&planned)["servers"].as_array().unwrap().len(), 2, "{:#}", json(&planned));
    let fleet = file("fleet.json", fleet().to_string());
    let line = problem(&run("rollout", &[&[path.as_str(), &fleet, &certificate], &options[..]].concat()));
    assert!(
        line.starts_with("the exports: name: there is a server `MBX01` already, in ") && line.contains("fleet.json"),
        "{line}"
    );
    let policy = file("raised.json", r#"{ "raise": { "key-usage": "refuse", "require-ssl": "refuse" } }"#);
    let refused = run("rollout", &[&[path.as_str(), &policy, &certificate], &options[..]].concat());
    assert!(String::from_utf8(refused.stdout).unwrap().contains("\"rule\": \"require-ssl\",\n"), "the policy counts");
    assert_eq!(refused.status.code(), Some(1));
    let line = problem(&run("rollout", &[&[path.as_str(), &policy, &policy, &certificate], &options[..]].concat()));
    assert!(line.ends_with("a policy, and another file is one too\n"), "{line}");
    let nothing = file("nothing.pem", pem(&mail_2025()));
    let output = run("rollout", &[&nothing, &certificate]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.contains("no file says on which server") && errors.contains("export those of Get-ExchangeServer"),
        "{errors}"
    );
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_certificate_may_come_with_its_chain() {
    let ca = [("C", "US"), ("O", "Contoso"), ("CN", "Contoso Issuing CA 1")];
    let ca = CertificateFactory::new("ca").subject(&ca).authority(true);
    let chain = file("chain.pem", format!("{}{}", pem(&ca), pem(&renewed())));
    let der = file("renewed.cer", renewed().build_der());
    let path = file("chain.xml", export());
    let planned = |certificate: &str| run("rollout", &[&path, certificate, "--default-smtp", "keep", "--json"]).stdout;
    assert_eq!(planned(&chain), planned(&der));
    let two = file("two.pem", format!("{}{}", pem(&mail_2025()), pem(&renewed())));
    let line = problem(&run("rollout", &[&path, &two]));
    assert!(line.contains("only one of them can be meant"), "{line}");
}

#[test]
fn a_renewal_and_an_audit_say_which_file_they_mean() {
    let scenario = file("renewal.json", renewal().to_string());
    let policy = file("silent.json", r#"{ "silence": ["audit-out-of-support"] }"#);
    let findings = |arguments: &[&str]| {
        let answer = json(&run("audit", &[&[scenario.as_str(), "--json"], arguments].concat()));
        let rules = answer["findings"].as_array().unwrap().iter();
        rules.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let rule = "audit-out-of-support".to_owned();
    assert!(findings(&[]).contains(&rule) && !findings(&["--policy", &policy]).contains(&rule));
    assert!(!findings(&[&policy]).contains(&rule), "a policy among the files");
    let line = problem(&run("audit", &[&scenario, &policy, "--policy", &policy]));
    assert_eq!(line, "--policy: a file is a policy too\n");
}
