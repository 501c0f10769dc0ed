//! What is asked on the command line, straight from the files in which the servers are.

use std::fs;

use serde_json::Value;

use crate::support::example::run;
use crate::{expected, transcript};

const ORGANIZATION: &str = "examples/data/organization.json";
const CHAIN: &str = "examples/data/fullchain.pem";
const MAIL: &str = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6";

fn asked(arguments: &[&str]) -> (i32, String, String) {
    let output = run("assign", arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_certificate_that_is_installed_nowhere_is_planned_as_imported_and_that_is_said_first() {
    let arguments =
        [ORGANIZATION, "--server", "mbx02", "--certificate", CHAIN, "--services", "IIS,SMTP", "--default-smtp", "keep"];
    expected("assign-direct.txt").assert_eq(&transcript(&run("assign", &arguments)));
    let (status, answer, said) = asked(&[&arguments[..], &["--json"]].concat());
    assert_eq!((status, said.trim()), (0, "note: It is not installed yet: import it on MBX02 first."));
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&answer["outcome"], &answer["added"]), (&"assigned".into(), &"IIS, SMTP".into()));
}

#[test]
fn an_installed_certificate_is_named_by_its_thumbprint() {
    let of = |more: &[&str]| asked(&[&[ORGANIZATION, "--json", "--now", "2026-11-24"], more].concat());
    let assign = ["--server", "MBX01", "--certificate", MAIL, "--services", "IMAP"];
    let (status, answer, said) = of(&assign);
    assert_eq!((status, said.as_str()), (0, ""), "{answer}");
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["added"], "IMAP");
    // On a server that lacks it, the others that hold it are named.
    let (status, answer, _) = of(&["--server", "MBX02", "--certificate", MAIL, "--services", "IMAP"]);
    assert_eq!(status, 1);
    assert!(answer.contains("certificate-not-installed") && answer.contains("MBX03"), "{answer}");
    let (status, answer, _) = of(&["--server", "MBX01", "--remove", MAIL]);
    assert_eq!((status, serde_json::from_str::<Value>(&answer).unwrap()["outcome"].clone()), (1, "refused".into()));
    let (status, answer, _) = of(&[&assign[..], &["--caller", "Recipient Management"]].concat());
    assert_eq!(status, 1);
    assert!(answer.contains("permission-denied"), "{answer}");
}

#[test]
fn what_is_missing_or_said_in_vain_is_named() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let policy = folder.join("direct-policy.json");
    fs::write(&policy, r#"{ "raise": { "connector-uses-other": "refuse" } }"#).unwrap();
    let policy = policy.to_str().unwrap();
    let asks = ["--certificate", CHAIN, "--services", "IIS"];
    for (arguments, words) in [
        (vec![ORGANIZATION], "--server: say which one is meant; the files hold EDGE01, MBX01, MBX02, MBX03"),
        (vec![ORGANIZATION, "--server", "MBX09"], "--server: there is no MBX09; the files hold EDGE01, MBX01"),
        (vec!["--server", "MBX01"], "name the exports of Exchange, or a scenario"),
    ] {
        let (status, printed, said) = asked(&[&arguments[..], &asks].concat());
        assert_eq!((status, printed.as_str()), (3, ""), "{said}");
        assert!(said.contains(words), "{said}");
    }
    for (arguments, words) in [
        (vec!["examples/data/assign.json", ORGANIZATION], "a second file: one scenario is decided"),
        (vec!["examples/data/assign.json", "--server", "MBX01"], "--server: say with --certificate and --services"),
        (vec![ORGANIZATION, "--certificate", CHAIN], "--services"),
        (vec![ORGANIZATION, "--services", "IIS"], "--certificate"),
        (vec![ORGANIZATION, "--remove", MAIL, "--default-smtp", "keep"], "--certificate"),
        (vec![CHAIN], "certificates: a scenario or an export says on which server they are"),
        (vec![policy], "a policy"),
    ] {
        let (status, _, said) = asked(&arguments);
        assert_eq!(status, 3, "{said}");
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn a_policy_of_its_own_decides_too() {
    let policy = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("strict-policy.json");
    fs::write(&policy, r#"{ "minimum_rsa_bits": 4096, "raise": { "require-ssl": "refuse" } }"#).unwrap();
    let asks = ["--server", "MBX02", "--certificate", CHAIN, "--services", "IIS", "--json"];
    let strict = asked(&[&[ORGANIZATION, "--policy", policy.to_str().unwrap()], &asks[..]].concat());
    assert_eq!(strict.0, 1, "{}", strict.2);
    assert!(strict.1.contains("require-ssl"));
    assert_eq!(asked(&[&[ORGANIZATION], &asks[..]].concat()).0, 0);
}

#[test]
fn a_renewal_of_one_server_of_many_is_planned_there_alone() {
    let output = run("renew", &[ORGANIZATION, CHAIN, "--server", "MBX02", "--default-smtp", "keep", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["outcome"], answer.get("servers")), (&"replaced".into(), None), "{answer}");
    assert!(answer["script"].to_string().contains("-Server MBX02") && !answer["script"].to_string().contains("MBX03"));
}

#[test]
fn every_example_says_its_version_and_an_example() {
    for example in ["assign", "audit", "explain", "hook", "inspect", "monitor", "renew", "rollout", "verify"] {
        let version = run(example, &["--version"]);
        assert_eq!(String::from_utf8(version.stdout).unwrap(), format!("{example} {}\n", env!("CARGO_PKG_VERSION")));
        let help = String::from_utf8(run(example, &["--help"]).stdout).unwrap();
        assert!(example == "hook" || help.contains("Example: ") && help.contains("Exit status 0"), "{help}");
    }
}
