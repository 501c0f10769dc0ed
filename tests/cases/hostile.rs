//! Whatever a name holds, it comes out as one literal argument.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::powershell::quoted;
use exchange_certificates::{
    Answer, Certificate, Connector, ConnectorKind, ConnectorNames, Installed, Request, Role, Scenario, Server, Service,
    TlsCertificateName, Version, plan, rfc3339,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use super::meaning::script;
use crate::support::factory::CertificateFactory;
use crate::support::interpreter::{Argument, Call, Item, Value, bind, read};
use crate::support::pool::NOW;

const HOSTILE: [&str; 17] = [
    "it's",
    "'; iisreset; '",
    "\u{2018}a\u{2019}; iisreset; \u{201A}b\u{201B}",
    "'\u{2019}\u{201A}'",
    "say \"x\"; \u{201C}y\u{201D}\u{201E}z",
    "$(iisreset)",
    "@(iisreset)",
    "$env:Path $null",
    "a`nb`'",
    "; iisreset",
    "a | iisreset # b",
    "-Force",
    "\u{2013}Force",
    "--%",
    "1MB",
    "0x10",
    "{ iisreset }",
];

fn texts() -> impl Strategy<Value = String> {
    let bad = select(
        "'\u{2018}\u{2019}\u{201A}\u{201B}\"\u{201C}\u{201D}\u{201E}`$(){}[]@;,|&<>#-+ \t\n\r\0\u{7}\u{1b}\
         \u{7f}\u{85}\u{a0}\u{2028}\u{feff}aZ09."
            .chars()
            .collect::<Vec<_>>(),
    );
    let character = prop_oneof![4 => bad, 1 => any::<char>()];
    prop_oneof![
        vec(character, 0..24).prop_map(String::from_iter),
        "[A-Za-z][A-Za-z0-9.-]{0,12}",
        "[-0-9A-Za-z.]{0,12}",
        select(HOSTILE.to_vec()).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_quoted_text_is_one_argument(text in texts()) {
        let items = read(&format!("Set-SendConnector -Identity {} -Name next", quoted(&text))).map_err(|failure| {
            TestCaseError::fail(format!("{}: {failure}", quoted(&text)))
        })?;
        let [Item::Pipeline(commands)] = items.as_slice() else { panic!("{items:?}") };
        let [command] = commands.as_slice() else { panic!("{items:?}") };
        let [Argument::Parameter(identity), Argument::Value(value), Argument::Parameter(_), Argument::Value(_)] =
            command.arguments.as_slice()
        else {
            panic!("{items:?}")
        };
        prop_assert_eq!(identity, "Identity");
        match value {
            Value::Text(says) => prop_assert_eq!(says, &text),
            Value::Word(word) => {
                prop_assert_eq!(word, &text);
                prop_assert!(word.starts_with(|first: char| first.is_ascii_alphabetic()));
                prop_assert!(word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// As Windows prints a value of a name (§2).
fn printed(value: &str) -> String {
    let quotes = value.starts_with(' ') || value.contains([',', '+', '=', '"', '<', '>', '#', ';', '\n', '\r']);
    if quotes { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
}

fn certificate(common_name: &str, not_after: &str) -> Certificate {
    CertificateFactory::new("mail.contoso.com")
        .issuer(&[("C", "US"), ("CN", common_name)])
        .subject(&[("C", "US"), ("CN", common_name)])
        .not_after(not_after)
        .build()
}

fn server(name: &str, connector: &str, named: &Certificate, certificates: &[(&Certificate, Service)]) -> Server {
    let of_kind = |kind| {
        let connector = Connector::new(kind, connector).unwrap();
        connector.with_tls_certificate_name(TlsCertificateName::of(named)).unwrap()
    };
    let mut server = Server::new(name, Version::Exchange2019, [Role::Mailbox])
        .unwrap()
        .with_connector(of_kind(ConnectorKind::Send).with_servers([name, connector]).unwrap())
        .with_connector(of_kind(ConnectorKind::Receive))
        .with_connector(of_kind(ConnectorKind::Hybrid));
    for (certificate, services) in certificates {
        server.install(Installed::new((*certificate).clone()).with_services(*services)).unwrap();
    }
    server
}

fn planned(server: &Server, old: &Certificate, new: &Certificate) -> Vec<Item> {
    let request = Request::replace(old.thumbprint(), new.thumbprint())
        .with_connector_names(ConnectorNames::Update)
        .with_default_smtp(Answer::Replace);
    let script = script(&plan(server, &request, rfc3339::parse(NOW).unwrap()).unwrap());
    read(&script).unwrap_or_else(|failure| panic!("{script}\n{failure}"))
}

fn calls(items: &[Item]) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for item in items {
        match item {
            Item::Pipeline(commands) if commands.len() == 1 => calls.push(bind(&commands[0]).unwrap()),
            // Which servers it names, and how many it does not, the pages say.
            Item::Comment { text, .. } => {
                assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"# .,:-".contains(&byte)), "{text}");
            }
            other => panic!("no single command: {other:?}"),
        }
    }
    calls
}

#[test]
fn names_of_servers_connectors_and_certificates_stay_literals() {
    let services = Service::IIS | Service::SMTP;
    for hostile in HOSTILE {
        // A line break may stand in a certificate alone; everything else is refused with one.
        for common_name in [hostile.to_owned(), format!("a\n{hostile}"), "\n".into()] {
            let old = certificate("old", "2027-04-19T00:00:00Z");
            let new = certificate(&common_name, "2027-04-19T00:00:00Z");
            let server = server(hostile, hostile, &old, &[(&old, services), (&new, Service::empty())]);
            let items = planned(&server, &old, &new);
            let calls = calls(&items);
            let name = format!("<I>CN={0}, C=US<S>CN={0}, C=US", printed(&common_name));
            let texts: Vec<_> = calls
                .iter()
                .flat_map(|call| ["Identity", "TlsCertificateName", "Server"].map(|parameter| (call, parameter)))
                .filter(|(call, parameter)| call.has(parameter))
                .map(|(call, parameter)| (call.cmdlet, parameter, call.text(parameter).unwrap()))
                .collect();
            assert_eq!(
                texts,
                [
                    ("Enable-ExchangeCertificate", "Server", hostile),
                    ("Enable-ExchangeCertificate", "Server", hostile),
                    ("Set-SendConnector", "Identity", hostile),
                    ("Set-SendConnector", "TlsCertificateName", &name),
                    ("Set-HybridConfiguration", "TlsCertificateName", &name),
                    ("Set-ReceiveConnector", "Identity", hostile),
                    ("Set-ReceiveConnector", "TlsCertificateName", &name),
                    ("Remove-ExchangeCertificate", "Server", hostile),
                ]
            );
        }
    }
}

#[test]
fn names_of_other_computers_stay_literals() {
    let services = Service::IIS | Service::SMTP;
    for hostile in HOSTILE {
        let old = certificate(hostile, "2027-04-19T00:00:00Z");
        let new = certificate(hostile, "2027-05-19T00:00:00Z");
        let server = server("MBX01", hostile, &old, &[(&old, services), (&new, Service::empty())]);
        let items = planned(&server, &old, &new);
        let calls = calls(&items);
        let computers: Vec<_> = calls.iter().filter_map(|call| call.text("ComputerName").ok()).collect();
        assert_eq!(computers, ["MBX01", hostile, "MBX01", hostile]);
        let blocks: Vec<_> = calls.iter().filter_map(|call| call.value("ScriptBlock").ok()).collect();
        for (block, cmdlet) in blocks.iter().zip(["Stop-Service", "Stop-Service", "Start-Service", "Start-Service"]) {
            let Value::Block(items) = block else { panic!("{block:?}") };
            let inner = self::calls(items);
            assert_eq!(inner.len(), 1);
            assert_eq!((inner[0].cmdlet, inner[0].words("Name").unwrap()), (cmdlet, vec!["MSExchangeTransport"]));
        }
    }
}

fn scenario() -> Json {
    let der = CertificateFactory::new("mail.contoso.com").build_der();
    json!({
        "now": NOW,
        "server": {
            "name": "MBX01", "fqdn": "mbx01.contoso.com", "version": "2016", "roles": ["Mailbox"],
            "imap_certificate_name": "mail.contoso.com", "pop_certificate_name": "mail.contoso.com",
            "client_names": ["mail.contoso.com"],
            "connectors": [{ "kind": "Send", "name": "Outbound", "tls_certificate_name": "<I>CN=A<S>CN=B",
                "fqdn": "mail.contoso.com", "servers": ["MBX01"] }],
            "certificates": [{ "certificate": STANDARD.encode(der), "friendly_name": "mail", "services": "SMTP" }]
        },
        "request": { "thumbprint": "00112233445566778899AABBCCDDEEFF00112233", "services": "IIS",
            "caller": ["Contoso Mail Team"] }
    })
}

#[test]
fn scenarios_with_control_characters_are_refused() {
    serde_json::from_value::<Scenario>(scenario()).unwrap();
    for field in [
        "/server/name",
        "/server/fqdn",
        "/server/imap_certificate_name",
        "/server/pop_certificate_name",
        "/server/client_names/0",
        "/server/connectors/0/name",
        "/server/connectors/0/tls_certificate_name",
        "/server/connectors/0/fqdn",
        "/server/connectors/0/servers/0",
        "/request/caller/0",
    ] {
        for character in ['\n', '\r', '\0', '\u{1b}', '\u{7f}', '\u{85}'] {
            let mut scenario = scenario();
            let text = scenario.pointer_mut(field).unwrap();
            *text = Json::from(format!("{}{character}x", text.as_str().unwrap()));
            assert!(serde_json::from_value::<Scenario>(scenario).is_err(), "{field} with {character:?}");
        }
    }
}
