//! Which questions a shell asks, and in which forms certificates arrive.

use crate::support::shell::Situation;
use crate::support::stand_in::{EDGE, Held, Kind, OF_2013, OF_2016, OF_2019, OF_SE, Organization, receive_connector};
use crate::support::stand_in::{object, send_connector};
use crate::support::written::{Record, questions};
use crate::{collected, read};
use serde_json::{Value, json};

const SHELLS: [(&str, &str); 4] = [("2013", "MBX13"), ("2016", "MBX16"), ("2019", "MBX19"), ("SE", "MBXSE")];
const CLIENT_ACCESS: Kind = Kind("Version 15.0 (Build 1497.2)", "ClientAccess");
const MAILBOX: Kind = Kind("Version 15.0 (Build 1497.2)", "Mailbox");

/// A server of each version, and 2013 with its roles apart.
fn of_every_version(shell: &str, computer: &str) -> Organization {
    Organization::empty(shell, computer)
        .server("MBX13", OF_2013)
        .server("CAS13", CLIENT_ACCESS)
        .server("BACK13", MAILBOX)
        .server("MBX16", OF_2016)
        .server("MBX19", OF_2019)
        .server("MBXSE", OF_SE)
        .server("EDGE01", EDGE)
        .answer("Get-SendConnector", "", send_connector("Outbound", Value::Null, &["MBX16"]))
        .answer(
            "Get-SendConnector",
            "",
            send_connector("ByPath", json!("path.contoso.com"), &["contoso.com/Servers/MBX16"]),
        )
        .answer(
            "Get-SendConnector",
            "",
            send_connector("ByName", json!("dn.contoso.com"), &["MBX19", "CN=MBX16,CN=Servers"]),
        )
        .answer(
            "Get-SendConnector",
            "",
            send_connector("Likewise", json!("like.contoso.com"), &["MBX1", "MBX160", "EDGE01"]),
        )
}

/// An Edge Transport server with its certificates, which knows a Mailbox server by name.
fn on_edge(form: &str) -> Organization {
    let mail = Held::new("mail.contoso.com", 16);
    let other = object(
        "Management.ExchangeServer",
        json!({ "Name": "MBX01", "Fqdn": "mbx01.contoso.com", "AdminDisplayVersion": { "prints": "Version 15.1 (Build 1.1)" },
            "ServerRole": "Mailbox", "IsE15OrLater": true, "IsHubTransportServer": true, "IsClientAccessServer": true,
            "IsEdgeServer": false, "IsUnifiedMessagingServer": false }),
    );
    Organization::empty("Edge", "edge01")
        .form(form)
        .server("EDGE01", EDGE)
        .answer("Get-ExchangeServer", "", other)
        // Answers of the computer that is asked stand under its name as Windows knows it.
        .answer("Get-ReceiveConnector", "edge01", receive_connector("EDGE01", "Default", json!("mail.contoso.com")))
        .answer("Get-ReceiveConnector", "edge01", receive_connector("EDGE01", "Second", json!("MAIL.contoso.com")))
        .answer("Get-TransportService", "edge01", object("Management.TransportServer", json!({ "Name": "EDGE01" })))
        .answer("Get-SendConnector", "", send_connector("EdgeSync", Value::Null, &["elsewhere"]))
        .certificate("edge01", &mail)
        .certificate("edge01", &Held { status: 3, ..Held::new("web.contoso.com", 8) })
        .selection("edge01", "mail.contoso.com", &[&mail.thumbprint()])
}

/// One server whose certificates arrive in a form.
fn in_form(form: &str) -> Organization {
    let (mail, default) = (Held::new("mail.contoso.com", 11), Held::new("MBX01.contoso.com", 16));
    Organization::empty("2016", "MBX01")
        .form(form)
        .server("MBX01", OF_2016)
        .server("MBX02", OF_2016)
        .certificate("MBX01", &Held { sites: vec![1, 2], ..mail.clone() })
        .certificate("MBX01", &default)
        .certificate("MBX02", &mail)
        .selection("MBX01", "mbx01.contoso.com", &[&default.thumbprint(), &mail.thumbprint()])
}

pub fn situations() -> Vec<Situation> {
    let mut situations: Vec<_> = SHELLS
        .iter()
        .map(|(shell, computer)| Situation::new(format!("shell: {shell}"), of_every_version(shell, computer)))
        .collect();
    situations.push(Situation::new("on Edge", on_edge("snap-in")));
    situations.push(Situation::new("on Edge, all fails", all_fails()));
    let elsewhere = of_every_version("2019", "ADMIN01");
    situations.push(Situation::new("from another computer", elsewhere));
    for form in ["unserialized", "flat", "snap-in"] {
        situations.push(Situation::new(format!("form: {form}"), in_form(form)));
    }
    situations
}

fn all_fails() -> Organization {
    let mut all = on_edge("snap-in");
    for cmdlet in ["Get-ExchangeCertificate", "Get-TransportService", "Get-ReceiveConnector", "Get-SendConnector"] {
        all = all.fails(cmdlet, None, "throw");
    }
    all
}

/// The cmdlets that were asked of a server, each with its outcome, without what is about host names.
fn asked_of(records: &[Record], server: &str) -> Vec<String> {
    let all = questions(records);
    let lines = all.lines().filter_map(|line| line.strip_prefix(server)?.strip_prefix(' '));
    let words = lines.filter(|line| !line.contains("contoso.com]")).map(|line| line.split(' ').collect::<Vec<_>>());
    words
        .map(|words| {
            format!(
                "{} {}",
                words[0].trim_start_matches("Get-"),
                words[words.iter().position(|word| ["read", "failed", "absent", "elsewhere"].contains(word)).unwrap()]
            )
        })
        .collect()
}

#[test]
fn unified_messaging_is_asked_of_2013_and_2016_alone_and_absent_from_newer_shells() {
    for (shell, _) in SHELLS {
        let Some(records) = read(&format!("shell: {shell}")) else { return };
        let outcome = if ["2019", "SE"].contains(&shell) { "absent" } else { "read" };
        for (server, expected) in [
            ("MBX13", vec!["UMService", "UMCallRouterSettings"]),
            ("CAS13", vec!["UMCallRouterSettings"]),
            ("BACK13", vec!["UMService"]),
            ("MBX16", vec!["UMService", "UMCallRouterSettings"]),
            ("MBX19", vec![]),
            ("MBXSE", vec![]),
            ("EDGE01", vec![]),
        ] {
            let of_um: Vec<_> = asked_of(&records, server).into_iter().filter(|line| line.starts_with("UM")).collect();
            let expected: Vec<_> = expected.iter().map(|cmdlet| format!("{cmdlet} {outcome}")).collect();
            assert_eq!(of_um, expected, "{server} in the shell of {shell}");
        }
    }
}

#[test]
fn what_cannot_apply_is_not_asked_and_has_no_record() {
    let Some(records) = read("shell: 2016") else { return };
    assert_eq!(
        asked_of(&records, "BACK13"),
        [
            "ExchangeCertificate read",
            "ReceiveConnector read",
            "TransportService read",
            "UMService read",
            "Invoke-Command read",
        ]
    );
    let of_client_access = asked_of(&records, "CAS13");
    assert!(!of_client_access.contains(&"TransportService read".to_owned()));
    assert_eq!(of_client_access.len(), 2 + 2 + 9 + 1 + 1, "{of_client_access:?}");
    assert_eq!(
        asked_of(&records, "EDGE01"),
        ["ExchangeCertificate elsewhere", "ReceiveConnector elsewhere", "TransportService elsewhere",]
    );
}

#[test]
fn a_host_name_is_asked_for_on_the_source_servers_of_its_connector() {
    let Some(records) = read("shell: SE") else { return };
    let selections = records.iter().filter(|record| record.is("Selection"));
    let of_connectors: Vec<_> = selections
        .filter(|record| !record.shown("Fqdn").starts_with(&record.shown("Server").to_lowercase()))
        .map(|record| format!("{} {}", record.shown("Server"), record.shown("Fqdn")))
        .collect();
    assert_eq!(of_connectors, ["MBX16 path.contoso.com", "MBX16 dn.contoso.com", "MBX19 dn.contoso.com"]);
}

#[test]
fn of_two_cmdlets_that_stand_for_each_other_the_one_that_is_there_is_named() {
    for (shell, _) in SHELLS {
        let Some(records) = read(&format!("shell: {shell}")) else { return };
        let expected = if shell == "2013" { "ClientAccessServer read" } else { "ClientAccessService read" };
        for server in ["MBX13", "CAS13", "MBX16", "MBXSE"] {
            let of_both: Vec<_> =
                asked_of(&records, server).into_iter().filter(|line| line.starts_with("ClientAccessSer")).collect();
            assert_eq!(of_both, [expected], "{server} in the shell of {shell}");
        }
    }
}

#[test]
fn an_edge_server_asks_five_cmdlets_about_itself() {
    let Some(records) = read("on Edge") else { return };
    assert_eq!(records[0].shown("Edge"), "EDGE01");
    assert_eq!(
        questions(&records),
        "EDGE01 Get-ExchangeServer read 2\nEDGE01 Get-SendConnector read 1\nEDGE01 Get-ExchangeCertificate read 2\n\
         EDGE01 Get-ReceiveConnector read 2\nEDGE01 Get-TransportService read 1\n\
         EDGE01 Get-ExchangeCertificate [mail.contoso.com] read 1\nEDGE01 Get-ExchangeCertificate [edge01.contoso.com] read 0\n"
    );
    let calls = &collected("on Edge").unwrap().calls;
    assert_eq!(
        calls,
        &[
            "Get-ExchangeServer",
            "Get-SendConnector",
            "Get-ExchangeCertificate",
            "Get-ReceiveConnector",
            "Get-TransportService",
            "Get-ExchangeCertificate -DomainName mail.contoso.com",
            "Get-ExchangeCertificate -DomainName edge01.contoso.com",
        ]
    );
    let ours = records.iter().filter(|record| record.types[0].starts_with("ExchangeCertificates.")).skip(1);
    assert!(ours.map(|record| record.shown("Server")).all(|server| server == "EDGE01"));
    let Some(records) = read("on Edge, all fails") else { return };
    assert_eq!(records[0].shown("Edge"), "EDGE01");
    assert_eq!(questions(&records).matches("EDGE01 ").count(), 5);
    assert_eq!(questions(&records).matches(" failed 0: The RPC").count(), 4);
}

#[test]
fn a_shell_on_another_computer_sees_an_edge_server_from_inside() {
    let Some(records) = read("from another computer") else { return };
    assert_eq!(records[0].shown("Edge"), "-");
    assert_eq!(asked_of(&records, "EDGE01").len(), 3);
    assert!(!asked_of(&records, "MBX19").is_empty());
}

fn certificates(records: &[Record]) -> Vec<Vec<(String, String)>> {
    let found = records.iter().filter(|record| record.is("Certificate"));
    let pairs = |record: &Record| record.notes.iter().map(|note| (note.name.clone().unwrap(), note.shown())).collect();
    found.map(pairs).collect()
}

fn without_raw_data(certificate: &[(String, String)]) -> String {
    let rest = certificate.iter().filter(|(name, _)| name != "RawData");
    rest.map(|(name, shown)| format!("{name}={shown}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_snap_in_of_an_edge_server_loses_nothing_of_a_certificate() {
    let Some(records) = read("on Edge") else { return };
    let certificates: Vec<_> = certificates(&records).iter().map(|it| without_raw_data(it)).collect();
    assert_eq!(
        certificates,
        [
            "Server=EDGE01 SerializationData=- IisServices=[] Services=SMTP Status=Valid RootCAType=Registry \
         FriendlyName=mail 2026 HasPrivateKey=true",
            "Server=EDGE01 SerializationData=- IisServices=[IIS://edge01/W3SVC/1] Services=IIS Status=DateInvalid \
         RootCAType=Registry FriendlyName=mail 2026 HasPrivateKey=true",
        ]
    );
}

#[test]
fn a_session_without_serialized_data_keeps_the_servers_apart_and_says_no_more_than_it_knows() {
    let Some(records) = read("form: unserialized") else { return };
    let certificates = certificates(&records);
    let rest: Vec<_> = certificates.iter().map(|it| without_raw_data(it)).collect();
    assert_eq!(
        rest,
        [
            "Server=MBX01 SerializationData=- IisServices=-",
            "Server=MBX01 SerializationData=- IisServices=-",
            "Server=MBX02 SerializationData=- IisServices=-",
        ]
    );
    assert_eq!(certificates[0][1], certificates[2][1], "one certificate on two servers");
}

#[test]
fn a_flattened_certificate_keeps_what_the_session_says_of_it() {
    let Some(records) = read("form: flat") else { return };
    let certificates: Vec<_> = certificates(&records).iter().map(|it| without_raw_data(it)).collect();
    let facts = "RootCAType=3 FriendlyName=mail 2026 HasPrivateKey=true";
    assert_eq!(
        certificates,
        [
            format!(
                "Server=MBX01 SerializationData=- IisServices=[IIS://MBX01/W3SVC/1, IIS://MBX01/W3SVC/2] Services=11 Status=1 {facts}"
            ),
            format!("Server=MBX01 SerializationData=- IisServices=[] Services=16 Status=1 {facts}"),
            format!("Server=MBX02 SerializationData=- IisServices=[IIS://MBX02/W3SVC/1] Services=11 Status=1 {facts}"),
        ]
    );
}

#[test]
fn a_selection_is_the_same_in_every_form() {
    // A flattened certificate has no thumbprint: it is the SHA-1 of its bytes.
    for form in ["unserialized", "flat", "snap-in"] {
        let Some(records) = read(&format!("form: {form}")) else { return };
        let (mail, default) = (Held::new("mail.contoso.com", 0), Held::new("MBX01.contoso.com", 0));
        let selection = records.iter().find(|record| record.is("Selection")).unwrap();
        let expected = format!("[{}, {}]", default.thumbprint(), mail.thumbprint());
        assert_eq!(selection.shown("Thumbprints"), expected, "{form}");
    }
}
