//! What is asked, and what stands in the file where everything answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::rfc3339;

use crate::support::shell::Situation;
use crate::support::stand_in::{Held, OF_2010, OF_2016, Organization};
use crate::support::written::{Record, questions, records};
use crate::{collected, read};

pub fn situations() -> Vec<Situation> {
    let bare = Organization::empty("2016", "MBX01");
    vec![
        Situation::new("plain", Organization::new()),
        Situation::new("nothing configured", bare.clone().server("MBX01", OF_2016).without("Get-ReceiveConnector")),
        Situation::new("no server", bare.clone()),
        Situation::new("an older server", bare.server("OLD01", OF_2010).server("MBX01", OF_2016)),
    ]
}

/// What is asked of MBX01, MBX02 and EDGE01 from the shell of MBX01, with what came.
pub const PLAIN: &str = "\
- Get-ExchangeServer read 3
- Get-SendConnector read 2
- Get-EdgeSubscription read 1
- Get-AuthConfig read 1
- Get-HybridConfiguration read 1
- Get-FederationTrust read 1
MBX01 Get-ExchangeCertificate read 2
MBX01 Get-ReceiveConnector read 1
MBX01 Get-TransportService read 1
MBX01 Get-ImapSettings read 1
MBX01 Get-PopSettings read 1
MBX01 Get-OwaVirtualDirectory read 1
MBX01 Get-EcpVirtualDirectory read 1
MBX01 Get-WebServicesVirtualDirectory read 1
MBX01 Get-ActiveSyncVirtualDirectory read 1
MBX01 Get-OabVirtualDirectory read 1
MBX01 Get-AutodiscoverVirtualDirectory read 1
MBX01 Get-MapiVirtualDirectory read 1
MBX01 Get-OutlookAnywhere read 1
MBX01 Get-ClientAccessService read 1
MBX01 Get-UMService read 1
MBX01 Get-UMCallRouterSettings read 1
MBX01 Get-ExchangeCertificate [mbx01.contoso.com] read 2
MBX01 Get-ExchangeCertificate [mail.contoso.com] read 1
MBX01 Invoke-Command [Get-WebBinding] read 2
MBX02 Get-ExchangeCertificate read 2
MBX02 Get-ReceiveConnector read 1
MBX02 Get-TransportService read 1
MBX02 Get-ImapSettings read 1
MBX02 Get-PopSettings read 1
MBX02 Get-OwaVirtualDirectory read 1
MBX02 Get-EcpVirtualDirectory read 1
MBX02 Get-WebServicesVirtualDirectory read 1
MBX02 Get-ActiveSyncVirtualDirectory read 1
MBX02 Get-OabVirtualDirectory read 1
MBX02 Get-AutodiscoverVirtualDirectory read 1
MBX02 Get-MapiVirtualDirectory read 1
MBX02 Get-OutlookAnywhere read 1
MBX02 Get-ClientAccessService read 1
MBX02 Get-ExchangeCertificate [mbx02.contoso.com] read 0
MBX02 Invoke-Command [Get-WebBinding] read 2
EDGE01 Get-ExchangeCertificate elsewhere 0: run this script on the Edge Transport server itself
EDGE01 Get-ReceiveConnector elsewhere 0: run this script on the Edge Transport server itself
EDGE01 Get-TransportService elsewhere 0: run this script on the Edge Transport server itself
";

#[test]
fn every_question_and_its_outcome_stands_in_the_file() {
    let Some(records) = read("plain") else { return };
    assert_eq!(questions(&records), PLAIN);
}

#[test]
fn the_file_begins_with_its_format_and_the_time_in_utc() {
    let Some(records) = read("plain") else { return };
    let first = &records[0];
    assert!(first.is("Collection"), "{first:?}");
    assert_eq!(first.types[0], "ExchangeCertificates.Collection");
    assert_eq!(first.names(), ["Format", "Collected", "Edge"]);
    assert_eq!((first.shown("Format").as_str(), first.shown("Edge").as_str()), ("3", "-"));
    let collected = first.note("Collected").unwrap();
    assert_eq!(collected.tag, "DT");
    assert!(collected.text.ends_with('Z') && rfc3339::parse(&collected.text).is_ok(), "{}", collected.text);
    assert_eq!(records.iter().filter(|record| record.is("Collection")).count(), 1);
}

#[test]
fn a_certificate_is_written_with_the_server_that_was_asked() {
    let Some(records) = read("plain") else { return };
    let certificates: Vec<_> = records.iter().filter(|record| record.is("Certificate")).collect();
    assert_eq!(certificates.len(), 4);
    for (certificate, (server, name, services)) in certificates.iter().zip([
        ("MBX01", "mail.contoso.com", 11),
        ("MBX01", "MBX01.contoso.com", 16),
        ("MBX02", "mail.contoso.com", 11),
        ("MBX02", "MBX02.contoso.com", 16),
    ]) {
        let held = Held::new(name, services);
        // Friendly name and private key of a rebuilt certificate are not those of the server.
        assert_eq!(certificate.names(), ["Server", "RawData", "SerializationData", "IisServices"]);
        assert_eq!(certificate.types[0], "ExchangeCertificates.Certificate");
        assert_eq!(certificate.shown("Server"), server);
        assert_eq!(certificate.note("RawData").unwrap().bytes(), held.der);
        assert_eq!(certificate.note("SerializationData").unwrap().bytes(), held.serialized(server));
        assert_eq!(certificate.shown("IisServices"), "-");
        assert!(certificate.properties.is_empty());
    }
    let is_bare = |record: &Record| record.types.iter().any(|name| name.ends_with(".ExchangeCertificate"));
    assert!(!records.iter().any(is_bare), "a certificate stands in the file as PowerShell writes it");
}

#[test]
fn selections_and_bindings_are_written_as_the_server_gave_them() {
    let Some(records) = read("plain") else { return };
    let (mail, own) = (Held::new("mail.contoso.com", 0).thumbprint(), Held::new("MBX01.contoso.com", 0).thumbprint());
    let of = |kind: &str, names: &[&str]| -> Vec<String> {
        let found: Vec<_> = records.iter().filter(|record| record.is(kind)).collect();
        assert!(found.iter().all(|record| record.names() == names), "{kind}");
        let line = |record: &&Record| names.iter().map(|name| record.shown(name)).collect::<Vec<_>>().join(" ");
        found.iter().map(line).collect()
    };
    assert_eq!(
        of("Selection", &["Server", "Fqdn", "Thumbprints"]),
        [
            format!("MBX01 mbx01.contoso.com [{own}, {mail}]"),
            format!("MBX01 mail.contoso.com [{mail}]"),
            "MBX02 mbx02.contoso.com []".to_owned(),
        ]
    );
    let path = "/system.applicationHost/sites/site[@name='Site' and @id='1']/bindings/binding";
    let names = [
        "Server",
        "protocol",
        "bindingInformation",
        "certificateHash",
        "certificateStoreName",
        "sslFlags",
        "ItemXPath",
    ];
    assert_eq!(
        of("WebBinding", &names),
        [
            format!("MBX01 https *:443: {mail} My 0 {path}"),
            format!("MBX01 http *:80:   0 {path}"),
            format!("MBX02 https *:443: {mail} My 0 {path}"),
            format!("MBX02 http *:80:   0 {path}"),
        ]
    );
}

#[test]
fn objects_of_every_other_kind_stand_in_the_file_whole() {
    let Some(records) = read("plain") else { return };
    let classes = [
        ("ExchangeServer", 3),
        ("SmtpSendConnectorConfig", 2),
        ("EdgeSubscription", 1),
        ("AuthConfig", 1),
        ("HybridConfiguration", 1),
        ("FederationTrust", 1),
        ("ReceiveConnector", 2),
        ("TransportServer", 2),
        ("Imap4AdConfiguration", 2),
        ("Pop3AdConfiguration", 2),
        ("ADOwaVirtualDirectory", 2),
        ("ADRpcHttpVirtualDirectory", 2),
        ("ClientAccessServer", 2),
        ("UMServer", 1),
        ("SIPFEServerConfiguration", 1),
    ];
    for (class, count) in classes {
        assert_eq!(records.iter().filter(|record| record.is(class)).count(), count, "{class}");
    }
    let find = |class: &str| records.iter().find(|record| record.is(class)).unwrap();
    assert_eq!(find("ReceiveConnector").shown("Bindings"), "[[::]:25, 0.0.0.0:25]");
    assert_eq!(find("ExchangeServer").shown("AdminDisplayVersion"), "Version 15.1 (Build 2507.6)");
    let trust = find("FederationTrust").note("OrgCertificate").unwrap().clone();
    let raw = STANDARD.encode(&Held::new("Federation", 32).der);
    assert!(format!("{trust:?}").contains(&raw), "the certificate of the federation trust is not whole");
}

#[test]
fn each_cmdlet_is_called_once_with_its_parameters() {
    let Some(collected) = collected("plain") else { return };
    let mut calls = collected.calls.clone();
    for expected in [
        "Get-ExchangeServer",
        "Get-SendConnector",
        "Get-ExchangeCertificate -Server MBX01",
        "Get-ReceiveConnector -Server MBX01",
        "Get-TransportService -Identity MBX01",
        "Get-ImapSettings -Server MBX01",
        "Get-OwaVirtualDirectory -ADPropertiesOnly True -Server MBX01",
        "Get-OutlookAnywhere -ADPropertiesOnly True -Server MBX01",
        "Get-ClientAccessService -Identity MBX01",
        "Get-UMService -Identity MBX01",
        "Get-UMCallRouterSettings -Server MBX01",
        "Get-ExchangeCertificate -DomainName mail.contoso.com -Server MBX01",
        "Invoke-Command -ComputerName mbx01.contoso.com -ScriptBlock Get-WebBinding",
    ] {
        assert!(calls.iter().any(|call| call == expected), "{expected} is not in {calls:#?}");
    }
    // One for each question, and the Get-WebBinding inside; none of the Edge Transport server.
    assert_eq!(calls.len(), PLAIN.lines().filter(|line| !line.contains("elsewhere")).count() + 2);
    assert!(!calls.iter().any(|call| call.contains("EDGE01")));
    calls.retain(|call| call != "Get-WebBinding");
    let all = calls.len();
    calls.sort();
    calls.dedup();
    assert_eq!(calls.len(), all, "something is asked twice");
}

#[test]
fn what_was_not_answered_is_named_to_people() {
    let Some(collected) = collected("plain") else { return };
    let lines: Vec<_> = collected.said.lines().collect();
    assert_eq!(lines.len(), 5, "{}", collected.said);
    assert!(lines[0].starts_with("EDGE01: Get-ExchangeCertificate was not asked: run this script on the Edge"));
    assert!(lines[3].ends_with("exchange-certificates.xml.") && lines[3].contains(" objects are in "), "{}", lines[3]);
    assert_eq!(lines[4], "3 questions were not answered: see above; the file lists them too.");
    assert!(!collected.left);
}

#[test]
fn what_is_asked_and_not_there_is_read_with_none() {
    let Some(records) = read("nothing configured") else { return };
    let said = questions(&records);
    for line in
        ["- Get-SendConnector read 0\n", "- Get-EdgeSubscription read 0\n", "MBX01 Get-ReceiveConnector read 0\n"]
    {
        assert!(said.contains(line), "{said}");
    }
    assert!(said.contains("MBX01 Get-ExchangeCertificate read 0\n"), "{said}");
    assert!(!said.contains("failed") && !said.contains("contoso.com]"), "{said}");
}

#[test]
fn without_a_server_nothing_else_is_asked() {
    let Some(collected) = collected("no server") else { return };
    assert_eq!(collected.calls, ["Get-ExchangeServer"]);
    assert_eq!(questions(&records(collected.file.as_ref().unwrap())), "- Get-ExchangeServer read 0\n");
}

#[test]
fn a_server_older_than_2013_is_written_and_not_asked() {
    let Some(collected) = collected("an older server") else { return };
    let records = records(collected.file.as_ref().unwrap());
    assert_eq!(records.iter().filter(|record| record.is("ExchangeServer")).count(), 2);
    assert!(!collected.calls.iter().any(|call| call.contains("OLD01")), "{:#?}", collected.calls);
    assert!(!questions(&records).contains("OLD01"));
    assert!(collected.said.contains("OLD01 is older than Exchange 2013"), "{}", collected.said);
}
