//! What is written of a fleet says what the exports say, and names what it cannot say.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::example::run;
use crate::support::export::{EXCHANGE_SERVER, Element, Node, Serialized, document};
use crate::support::factory::CertificateFactory;
use crate::{collection, file, text};

const NAME: &str = "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=mail.contoso.com, O=Contoso, C=US";

fn audit(files: &[&str]) -> Value {
    let output = run("audit", &[files, &["--json", "--now", "2027-05-01"]].concat());
    let output = if output.status.code() == Some(3) { panic!("{}", text(&output.stderr)) } else { output };
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Compares the audit of exports with that of the scenario that is written of them; gives what is said to be left out.
fn agree(name: &str, files: &[&str]) -> Vec<String> {
    let output = run("inspect", &[&["--fleet"], files].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let scenario: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: BTreeSet<_> =
        scenario["servers"].as_array().unwrap().iter().map(|server| server["name"].as_str().unwrap()).collect();
    let said = text(&output.stderr);
    let left_out: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("left out: ")).map(str::to_owned).collect();
    let (exports, written) = (audit(files), audit(&[&file(&format!("{name}.json"), &output.stdout)]));
    let is_written = |entry: &Value| entry["server"].as_str().is_none_or(|server| names.contains(server));
    for (list, count) in [("not_read", 0), ("certificates", 1), ("findings", 1)] {
        let entries = |audit: &Value| audit[list].as_array().unwrap().clone();
        let of_written: Vec<_> = entries(&exports).into_iter().filter(is_written).collect();
        assert_eq!(entries(&written), of_written, "{name}: {list}");
        assert!(of_written.len() >= count, "{name}: {list}");
        for other in entries(&exports).into_iter().filter(|entry| !is_written(entry)) {
            let of = |what: &str| {
                other[what].as_str().is_some_and(|what| said.to_lowercase().contains(&what.to_lowercase()))
            };
            assert!(of("server") || of("thumbprint"), "{name}: nothing is said of {other:#}");
        }
    }
    let of_written = exports["agenda"].as_array().unwrap().iter().filter(|item| {
        item["servers"].as_array().unwrap().iter().any(|server| names.contains(server.as_str().unwrap()))
    });
    let due = |item: &Value| (item["due"].clone(), item["thumbprint"].clone());
    let due_there: Vec<_> = of_written.map(due).collect();
    assert_eq!(written["agenda"].as_array().unwrap().iter().map(due).collect::<Vec<_>>(), due_there, "{name}");
    left_out
}

#[test]
fn the_audit_of_a_written_fleet_agrees_with_that_of_the_exports() {
    let Some(corpus) = std::env::var_os("EXCHANGE_CORPUS") else {
        println!("skipped: EXCHANGE_CORPUS names no folder");
        return;
    };
    let files = std::fs::read_dir(PathBuf::from(corpus).join("exchange")).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path().to_str().unwrap().to_owned()).collect();
    files.sort();
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    let left_out = agree("corpus", &files);
    assert_eq!(left_out.len(), 3, "{left_out:?}");
    for (said, name, count) in [(&left_out[0], "E2k16-1", "9"), (&left_out[1], "WIN-CTD3L0RGEN4", "4")] {
        assert!(
            said.starts_with(&format!("`{name}`: ")) && said.contains(&format!("with its {count} certificates")),
            "{said}"
        );
    }
    assert!(left_out[2].starts_with("`ex-02`: connectors name this server"), "{left_out:?}");
    assert!(
        left_out.iter().all(|said| said.ends_with("--known says them, as in --known MBX01=2019,Mailbox")),
        "{left_out:?}"
    );

    // What is said by hand is in both.
    let known = ["--known", "E2K16-1=2016,Mailbox", "--known", "win-ctd3l0rgen4.exlab.dom=2019,Mailbox"];
    let known = [&files[..], &known].concat();
    let left_out = agree("corpus-known", &known);
    assert!(left_out.len() == 1 && left_out[0].starts_with("`ex-02`: "), "{left_out:?}");
}

#[test]
fn so_does_that_of_made_exports() {
    let name = file("agreement-collection.xml", collection());
    assert_eq!(agree("collection", &[&name]), [""; 0]);

    let server = |name: &str, version: &str| {
        Element::new(EXCHANGE_SERVER)
            .text("Name", name)
            .text("Fqdn", &format!("{name}.contoso.com"))
            .printed("AdminDisplayVersion", version)
            .property("ServerRole", Node::text("Mailbox"))
    };
    let mail = CertificateFactory::new("mail.contoso.com");
    let next = mail.clone().valid("2027-03-01T00:00:00Z", "2027-09-01T00:00:00Z");
    let of = |factory: &CertificateFactory, services, server: &str| {
        Serialized::new(factory.build_der(), services, &format!("{server}.contoso.com\\0")).element(true)
    };
    let send = |name: &str, tls: &str, servers: &[&str]| {
        let servers = servers.iter().map(|name| Node::text(name)).collect();
        Element::new(&["Microsoft.Exchange.Data.Directory.SystemConfiguration.SmtpSendConnectorConfig"])
            .text("Name", name)
            .text("TlsCertificateName", tls)
            .property("SourceTransportServers", Node::Object(Element::new(&["System.Object[]"]).list("LST", servers)))
    };
    let half = file(
        "agreement-half.xml",
        document(&[
            server("MBX01", "Version 15.2 (Build 1544.4)"),
            server("MBX02", "Version 15.2 (Build 1544.4)"),
            server("OLD01", "Version 14.3 (Build 123.4)"),
            of(&mail, 24, "MBX01"),
            of(&next, 16, "MBX02"),
            of(&CertificateFactory::new("other.contoso.com"), 24, "MBX05"),
            of(&CertificateFactory::new("old.contoso.com"), 24, "OLD01"),
            send("Outbound", NAME, &["MBX01", "MBX02", "MBX09"]),
            send("Partner", &NAME.replace("mail.", "partner."), &["MBX09"]),
        ]),
    );
    let loose = file("agreement-loose.cer", CertificateFactory::new("loose.contoso.com").build_der());
    let list = file("agreement-list.txt", format!("Thumbprint : {}\nServices : SMTP\n", "0".repeat(40)));
    let left_out = agree("half", &[&half, &loose, &list]);
    let begins: Vec<_> = left_out.iter().map(|said| said.split([':', ',']).next().unwrap()).collect();
    let thumbprint = CertificateFactory::new("loose.contoso.com").build().thumbprint().to_string();
    assert_eq!(begins, ["`MBX05`", "`OLD01`", "`MBX09`", &thumbprint, &"0".repeat(40)]);
}

#[test]
fn what_is_said_of_a_server_is_a_version_and_roles() {
    let path = file("known.xml", collection());
    for (known, expected) in [
        ("MBX07=2019,Mailbox", "--known: `MBX07`: no file names this server; named are `MBX01`\n"),
        (
            "MBX01=2016,Mailbox",
            "--known: `MBX01`: the version Exchange 2016 was given, and Exchange 2019 is known already\n",
        ),
        ("MBX01", "expected a server, =, its version and its roles"),
        ("MBX01=2019", "expected the roles behind the version"),
        ("MBX01=2010,Mailbox", "unknown version `2010`; expected one of"),
        ("MBX01=2019,HubTransport", "unknown role `HubTransport`; expected one of"),
    ] {
        for example in ["inspect", "audit"] {
            let output = run(example, &[path.as_str(), "--known", known]);
            let line = text(&output.stderr);
            assert_eq!((output.status.code(), output.stdout.len(), line.lines().count()), (Some(3), 0, 1), "{line}");
            assert!(line.contains(expected), "{line}");
        }
    }
    let certificate = file("known.pem", CertificateFactory::new("mail.contoso.com").build_der());
    let rolled_out = run("rollout", &[&path, &certificate, "--known", "MBX01=2019,Mailbox", "--json"]);
    assert_ne!(rolled_out.status.code(), Some(3), "{}", text(&rolled_out.stderr));
}
