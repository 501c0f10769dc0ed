//! The unattended scripts that the examples write, and when they write none.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};

use crate::renewal;
use crate::support::deployment_worlds::with_an_edge;
use crate::support::example::run;
use crate::support::worlds::NOW;

/// A folder of its own for a test, with files in it.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("scripts").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn told(output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

/// The files of a renewal of one server, and where its script is to be.
fn of_one_server(name: &str, change: impl FnOnce(&mut Value)) -> [String; 3] {
    let folder = folder(name);
    let mut scenario = renewal();
    change(&mut scenario);
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    fs::write(path("scenario.json"), scenario.to_string()).unwrap();
    [path("scenario.json"), "examples/data/renewed.pem".to_owned(), path("renew.ps1")]
}

#[test]
fn a_renewal_writes_its_script_and_none_where_a_decision_is_open() {
    let [scenario, new, script] = of_one_server("renew", |_| {});
    let renew = |more: &[&str]| told(&run("renew", &[&[&*scenario, &new, "--script", &script], more].concat()));
    let (status, said) = renew(&["--default-smtp", "replace", "--json"]);
    assert_eq!((status, said.trim()), (0, &*format!("{script}: the script is written")));
    let bytes = fs::read(&script).unwrap();
    assert!(bytes.starts_with(b"\xEF\xBB\xBF# Deploys the certificate "));
    assert!(String::from_utf8(bytes).unwrap().contains("becomes the default SMTP certificate"));

    let (status, said) = renew(&[]);
    assert_eq!(status, 2);
    let expected = [
        format!("{script}: the older script is deleted"),
        format!("{script}: no script is written: a decision is open"),
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    assert!(!fs::exists(&script).unwrap());
}

#[test]
fn a_balancer_that_lacks_the_certificate_has_it_first() {
    let [scenario, new, script] =
        of_one_server("balancer", |scenario| scenario["server"]["load_balancing"] = json!("Layer7"));
    let renew = |more: &[&str]| {
        let arguments = [&*scenario, &new, "--default-smtp", "replace", "--script", &script];
        told(&run("renew", &[&arguments[..], more].concat()))
    };
    assert_eq!(renew(&["--balancer-ready"]).0, 0);
    let (status, said) = renew(&[]);
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("is behind a layer-7 load balancer"), "{said}");
    assert!(!fs::exists(&script).unwrap());
}

#[test]
fn an_edge_transport_server_has_its_own_script() {
    let folder = folder("edge");
    let world = with_an_edge();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut scenario = json!({ "now": NOW, "servers": world.servers, "connectors": world.connectors });
    fs::write(path("scenario.json"), scenario.to_string()).unwrap();
    fs::write(path("new.cer"), world.known("NEW").certificate.as_der()).unwrap();
    let arguments = [&*path("scenario.json"), &path("new.cer"), "--default-smtp", "keep", "--script", &path("a b.ps1")];
    let (status, said) = told(&run("renew", &arguments));
    assert_eq!(status, 0, "{said}");
    let written = ["a b-EDGE01.ps1", "a b.ps1"].map(|name| fs::read_to_string(path(name)).unwrap());
    assert!(written[0].contains("'a b.ps1 is run after it'") && written[1].contains("'a b-EDGE01.ps1'"));

    // The same as a scenario, which refuses: both older files go.
    scenario["servers"][0]["imap_certificate_name"] = json!("mail.contoso.com");
    scenario["request"] = json!({
        "operation": "replace", "certificate": world.known("NEW").certificate,
        "thumbprint": world.known("NEW").certificate.thumbprint(), "connectors": "update",
    });
    fs::write(path("scenario.json"), scenario.to_string()).unwrap();
    let (status, said) = told(&run("assign", &[&path("scenario.json"), "--script", &path("a b.ps1")]));
    assert_eq!(status, 2, "{said}");
    assert!(!fs::exists(path("a b.ps1")).unwrap() && !fs::exists(path("a b-EDGE01.ps1")).unwrap(), "{said}");
}

#[test]
fn a_rollout_writes_its_script() {
    let folder = folder("rollout");
    let world = with_an_edge().with_new();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let scenario = json!({ "now": NOW, "servers": world.servers, "connectors": world.connectors });
    fs::write(path("scenario.json"), scenario.to_string()).unwrap();
    fs::write(path("new.cer"), world.known("NEW").certificate.as_der()).unwrap();
    let arguments = [
        &*path("scenario.json"),
        &path("new.cer"),
        "--services",
        "SMTP",
        "--default-smtp",
        "keep",
        "--script",
        &path("x.ps1"),
    ];
    let (status, said) = told(&run("rollout", &arguments));
    assert_eq!(status, 0, "{said}");
    assert!(
        fs::read_to_string(path("x.ps1")).unwrap().contains("MBX01: assigns SMTP; the default SMTP certificate stays.")
    );
    assert!(!fs::read_to_string(path("x-EDGE01.ps1")).unwrap().contains("Import-ExchangeCertificate -"));
    let (status, said) = told(&run("rollout", &[&arguments[..7], &[&*path("x.txt")]].concat()));
    assert_eq!(status, 3, "{said}");
}
