//! The records of a collection: what was asked and answered, and what only they hold.

use std::collections::{BTreeMap, BTreeSet};

use exchange_certificates::import::{Import, ImportError};
use exchange_certificates::{Fact, KeyStorage, NotRead, RootCaType, Service, Status, Thumbprint, Version, WebBinding};

use crate::support::collection::{
    CLIENT_NAMES, Collection, ORGANIZATION, certificate, list, question, selection, web_binding,
};
use crate::support::export::{Element, Node, Serialized, document};
use crate::support::factory::CertificateFactory;

const MORNING: &str = "2026-11-24T08:00:00.1234567Z";
const NOON: &str = "2026-11-24T12:00:00Z";
const VERSION_2019: &str = "Version 15.2 (Build 1544.4)";

pub(crate) fn der(name: &str) -> Vec<u8> {
    CertificateFactory::new(name).build_der()
}

fn thumbprint(name: &str) -> Thumbprint {
    Thumbprint::of(&der(name))
}

pub(crate) fn read(files: &[&Collection]) -> Result<Import, ImportError> {
    let mut import = Import::new();
    for (index, file) in files.iter().enumerate() {
        import.add(format!("{index}.xml"), &file.file())?;
    }
    Ok(import)
}

fn entries(import: &Import) -> Vec<String> {
    let entry = |(server, entry): (Option<&str>, NotRead)| match server {
        Some(server) => format!("{server}: {entry}"),
        None => entry.to_string(),
    };
    import.not_read().into_iter().map(entry).collect()
}

fn notes(import: &Import) -> Vec<String> {
    import.notes().iter().map(ToString::to_string).collect()
}

pub(crate) fn of_kind(class: &str) -> Element {
    Element::new(&[&format!("Microsoft.Exchange.Data.Directory.SystemConfiguration.{class}"), "System.Object"])
}

fn send_connector(name: &str, fqdn: &str) -> Element {
    of_kind("SmtpSendConnectorConfig").text("Name", name).text("Fqdn", fqdn)
}

fn receive_connector(server: &str, name: &str) -> Element {
    of_kind("ReceiveConnector").text("Name", name).text("Server", server)
}

/// One server, of which everything was asked and answered with nothing but itself.
fn organization(collected: &str) -> Collection {
    let (server, rest) = ORGANIZATION.split_first().unwrap();
    Collection::new(collected, None)
        .server("MBX01", VERSION_2019, "Mailbox")
        .read(None, server, 1)
        .all_read(None, rest)
        .all_read(Some("MBX01"), &CLIENT_NAMES)
        .all_read(Some("MBX01"), &["Get-ExchangeCertificate", "Get-ReceiveConnector"])
}

/// The same, with another answer to one question.
fn organization_but(collected: &str, other: Element) -> Collection {
    let mut collection = organization(collected);
    // A question that is read wins over one that failed, so that the answer must not stand there.
    let written = document(std::slice::from_ref(&other));
    let of = |text: &str, name: &str| {
        let tag = format!("N=\"{name}\"");
        text.split(&tag).nth(1).map(|rest| rest.split('<').next().unwrap_or_default().to_owned())
    };
    collection.elements.retain(|element| {
        let text = document(std::slice::from_ref(element));
        let is_question = text.contains("ExchangeCertificates.Question");
        !is_question || ["Server", "Cmdlet"].iter().any(|name| of(&text, name) != of(&written, name))
    });
    collection.with(other)
}

#[test]
fn what_was_asked_and_answered_with_nothing_is_none() {
    let import = read(&[&organization(MORNING)]).unwrap();
    assert_eq!(entries(&import), Vec::<String>::new());
    assert_eq!(notes(&import), Vec::<String>::new());
    let (fleet, left_out) = import.fleet();
    assert_eq!((fleet.len(), left_out.len(), fleet.not_read().count()), (1, 0, 0));
    let server = fleet.get("MBX01").unwrap();
    assert_eq!(server.not_read().count(), 0);
    assert_eq!(server.client_names(), Some([].as_slice()));
    assert_eq!(server.federation_certificate(), Fact::None);
    assert!(server.auth_certificates().is_some());
    assert_eq!(import.servers()[0].edge_subscribed(), Some(false));
}

#[test]
fn every_outcome_but_read_leaves_its_kind_unread() {
    for (outcome, message, expected) in [
        ("failed", "The server is\r\n  down.", "(The server is down.)"),
        ("failed", "", ""),
        ("absent", "", "(neither the shell nor the caller's role has Get-ReceiveConnector)"),
        ("absent", "No such cmdlet.", "(No such cmdlet.)"),
        ("elsewhere", "", "(only its own shell can read this: run the collection script there too)"),
    ] {
        let other = question(Some("MBX01"), "Get-ReceiveConnector", None, outcome, 0, message);
        let import = read(&[&organization_but(MORNING, other)]).unwrap();
        let expected = format!("MBX01: receive-connectors {expected}");
        assert_eq!(entries(&import), [expected.trim_end()], "{outcome}");
        let (fleet, _) = import.fleet();
        let of_server: Vec<_> = fleet.get("MBX01").unwrap().not_read().map(|entry| entry.what().to_string()).collect();
        assert_eq!(of_server, ["receive-connectors"]);
    }
    let other = question(Some("MBX01"), "Get-ReceiveConnector", None, "perhaps", 0, "");
    let error = read(&[&organization_but(MORNING, other)]).unwrap_err().to_string();
    assert!(error.ends_with("Outcome: `perhaps` is not read, failed, absent or elsewhere"), "{error}");
}

#[test]
fn each_kind_of_the_organisation_is_unread_where_its_cmdlet_failed() {
    for (cmdlet, kind) in [
        ("Get-SendConnector", "send-connectors"),
        ("Get-HybridConfiguration", "hybrid"),
        ("Get-AuthConfig", "auth"),
        ("Get-FederationTrust", "federation"),
        ("Get-EdgeSubscription", "edge-subscriptions"),
    ] {
        let failed = question(None, cmdlet, None, "failed", 0, "Access is denied.");
        let import = read(&[&organization_but(MORNING, failed)]).unwrap();
        assert_eq!(entries(&import), [format!("{kind} (Access is denied.)")]);
        let (fleet, _) = import.fleet();
        let shared: Vec<_> = fleet.not_read().map(|entry| entry.what().to_string()).collect();
        assert_eq!(shared, [kind]);
        let server = import.server("MBX01").unwrap();
        assert_eq!(server.not_read().next().unwrap().message(), Some("Access is denied."));
        assert_eq!(&server, fleet.get("MBX01").unwrap());
    }
    let nothing = Collection::new(MORNING, None).failed(None, "Get-ExchangeServer", "Access is denied.");
    assert_eq!(entries(&read(&[&nothing]).unwrap())[0], "servers (Access is denied.)");
}

#[test]
fn names_of_clients_are_unread_if_one_of_nine_cmdlets_is() {
    for cmdlet in CLIENT_NAMES {
        let failed = question(Some("MBX01"), cmdlet, None, "failed", 0, "Denied.");
        let owa =
            of_kind("ADEcpVirtualDirectory").text("Identity", "MBX01\\ecp").text("InternalUrl", "https://mail/ecp");
        let import = read(&[&organization_but(MORNING, failed).with(owa)]).unwrap();
        assert_eq!(entries(&import), [format!("MBX01: client-names ({cmdlet}: Denied.)")]);
        // What was answered stays.
        assert_eq!(import.server("MBX01").unwrap().client_names(), Some(["mail".to_owned()].as_slice()));
    }
    // Before Exchange 2016 the last one has another name.
    let other = question(Some("MBX01"), "Get-ClientAccessServer", None, "read", 0, "");
    let mut older = organization_but(MORNING, question(Some("MBX01"), "Get-ClientAccessService", None, "x", 0, ""));
    older.elements.pop();
    assert_eq!(entries(&read(&[&older]).unwrap()), ["MBX01: client-names (Get-ClientAccessService: not exported)"]);
    assert_eq!(entries(&read(&[&older.with(other)]).unwrap()), Vec::<String>::new());

    let all = CLIENT_NAMES
        .iter()
        .fold(Collection::new(MORNING, None).server("MBX01", VERSION_2019, "Mailbox"), |all, cmdlet| {
            all.failed(Some("MBX01"), cmdlet, "The server is down.")
        });
    let found = entries(&read(&[&all]).unwrap());
    assert!(found.contains(&"MBX01: client-names (The server is down.)".to_owned()), "{found:?}");
}

#[test]
fn what_neither_an_object_nor_a_record_tells_was_not_read() {
    let objects = [
        Serialized::new(der("mail.contoso.com"), 8, "MBX01.contoso.com\\0").element(false),
        Collection::new(NOON, None).server("MBX01", VERSION_2019, "Mailbox").elements.remove(1),
    ];
    let mut import = Import::new();
    import.add("by-hand.xml", document(&objects).as_bytes()).unwrap();
    let expected = [
        "send-connectors",
        "hybrid",
        "auth",
        "federation",
        "edge-subscriptions",
        "MBX01: receive-connectors",
        "MBX01: client-names",
    ];
    assert_eq!(entries(&import), expected);
    // A second file tells the rest of it, or a part.
    let more = [send_connector("Outbound", "mail"), receive_connector("MBX01", "Default")];
    import.add("more.xml", document(&more).as_bytes()).unwrap();
    assert_eq!(entries(&import), ["hybrid", "auth", "federation", "edge-subscriptions", "MBX01: client-names"]);
    // What is in the files is all there is, if whoever exported it says so.
    let complete = import.clone().complete();
    assert_eq!(entries(&complete), Vec::<String>::new());
    assert_eq!(complete.server("MBX01").unwrap().not_read().count(), 0);
    assert_eq!(complete.fleet().0.not_read().count(), 0);
}

#[test]
fn certificates_alone_are_no_export() {
    let mut import = Import::new();
    import.add("mail.cer", &der("mail.contoso.com")).unwrap();
    assert_eq!(entries(&import), Vec::<String>::new());
    let list = format!("Thumbprint : {}\nServices : SMTP\n", "0".repeat(40));
    import.add("list.txt", list.as_bytes()).unwrap();
    assert_eq!(entries(&import).len(), 6, "a listing is an export, and tells nothing of the organisation");
}

#[test]
fn kinds_are_judged_over_all_files_in_any_order() {
    let down = organization_but(
        MORNING,
        question(Some("MBX01"), "Get-ExchangeCertificate", None, "failed", 0, "The server is down."),
    );
    // Within the hour, hours later and hours before: what was read is read.
    for collected in ["2026-11-24T08:30:00Z", NOON, "2026-11-23T00:00:00Z"] {
        let up = organization(collected);
        for files in [[&down, &up], [&up, &down]] {
            assert_eq!(entries(&read(&files).unwrap()), Vec::<String>::new(), "{collected}");
        }
    }
    // An object that stands elsewhere does not undo it, nor does the answer to another question.
    let by_hand = Serialized::new(der("mail.contoso.com"), 8, "MBX01.contoso.com\\0").element(false);
    let by_hand = Collection { elements: vec![by_hand] };
    let other = Collection::new(MORNING, None)
        .with(question(Some("MBX01"), "Get-ExchangeCertificate", Some("mail.contoso.com"), "read", 0, ""))
        .read(Some("MBX02"), "Get-ExchangeCertificate", 0);
    for files in [[&down, &by_hand, &other], [&other, &by_hand, &down]] {
        let found = entries(&read(&files).unwrap());
        assert!(found.contains(&"MBX01: certificates (The server is down.)".to_owned()), "{found:?}");
    }
}

#[test]
fn an_answer_in_part_stays_and_its_kind_stays_unread() {
    let two = question(Some("MBX01"), "Get-ReceiveConnector", None, "read", 2, "");
    let one = receive_connector("MBX01", "Default");
    let import = read(&[&organization_but(MORNING, two).with(one.clone())]).unwrap();
    assert_eq!(entries(&import), ["MBX01: receive-connectors (2 were counted, and 1 could be read)"]);
    assert_eq!(import.server("MBX01").unwrap().connectors().count(), 1);

    let failed = question(Some("MBX01"), "Get-ReceiveConnector", None, "failed", 1, "Interrupted.");
    let import = read(&[&organization_but(MORNING, failed).with(one)]).unwrap();
    assert_eq!(entries(&import), ["MBX01: receive-connectors (Interrupted.)"]);
    assert_eq!(import.server("MBX01").unwrap().connectors().count(), 1);
}

#[test]
fn an_object_whose_name_holds_a_control_character_is_left_out_and_named() {
    let bad = send_connector("Out\u{1b}bound", "mail");
    let good = send_connector("Outbound", "mail");
    let two = question(None, "Get-SendConnector", None, "read", 2, "");
    let collected = organization_but(MORNING, two).with(bad.clone()).with(good.clone());
    let import = read(&[&collected]).unwrap();
    let left_out = "an object was left out, since a name in it holds a control character";
    assert_eq!(entries(&import), [format!("send-connectors ({left_out})")]);
    assert_eq!(import.connectors().map(|connector| connector.name()).collect::<Vec<_>>(), ["Outbound"]);
    let [note] = notes(&import).try_into().unwrap();
    assert!(note.starts_with("left out: `0.xml`, object "), "{note}");
    assert!(note.ends_with("Name: character 4 is the control character U+001B"), "{note}");
    // Another file that has all of it settles it.
    let again = organization_but(MORNING, question(None, "Get-SendConnector", None, "read", 1, "")).with(good.clone());
    assert_eq!(entries(&read(&[&collected, &again]).unwrap()), Vec::<String>::new());

    // By hand there is no record that would miss it.
    let mut import = Import::new();
    import.add("by-hand.xml", document(&[good, bad]).as_bytes()).unwrap();
    assert!(entries(&import).contains(&format!("send-connectors ({left_out})")), "{:?}", entries(&import));
}

#[test]
fn a_certificate_has_what_its_record_and_its_serialized_data_say() {
    let serialized = Serialized::new(der("mail.contoso.com"), 24, "mbx01.contoso.com\\0");
    // The bytes win over properties, of which a session may have rebuilt false ones.
    let remote = certificate("MBX01", serialized.der.clone())
        .note("SerializationData", Node::Bytes(serialized.bytes()))
        .note("HasPrivateKey", Node::Primitive("B", "false".to_owned()))
        .note("IisServices", list(vec![Node::text("IIS://MBX01/W3SVC/2")]));
    let direct = certificate("MBX01", der("direct.contoso.com"))
        .note("SerializationData", Node::Nil)
        .note("IisServices", list(vec![Node::text("IIS://MBX01/W3SVC/2")]))
        .note("Services", Node::text("IIS, SMTP"))
        .note("Status", Node::text("Valid"))
        .note("RootCAType", Node::Primitive("I32", "1".to_owned()))
        .note("FriendlyName", Node::text("direct"))
        .note("HasPrivateKey", Node::Primitive("B", "true".to_owned()));
    let bare = certificate("MBX01", der("bare.contoso.com")).note("IisServices", Node::Nil);
    let asked = question(Some("MBX01"), "Get-ExchangeCertificate", None, "read", 3, "");
    let import = read(&[&organization_but(MORNING, asked).with(remote).with(direct).with(bare)]).unwrap();
    assert_eq!(entries(&import), Vec::<String>::new());
    let found: BTreeMap<_, _> = import.certificates().map(|found| (found.thumbprint(), found)).collect();
    let remote = found[&thumbprint("mail.contoso.com")];
    assert_eq!((remote.services(), remote.has_private_key()), (Some(Service::IIS | Service::SMTP), Some(true)));
    assert_eq!((remote.key_storage(), remote.server()), (Some(KeyStorage::Csp), Some("mbx01.contoso.com")));
    assert_eq!(remote.web_sites(), Some(&BTreeSet::from([1])));
    let direct = found[&thumbprint("direct.contoso.com")];
    assert_eq!((direct.services(), direct.status()), (Some(Service::IIS | Service::SMTP), Some(Status::Valid)));
    assert_eq!((direct.root_ca_type(), direct.friendly_name()), (Some(RootCaType::ThirdParty), Some("direct")));
    assert_eq!((direct.has_private_key(), direct.web_sites()), (Some(true), Some(&BTreeSet::from([2]))));
    assert_eq!(direct.server(), Some("MBX01"));
    let bare = found[&thumbprint("bare.contoso.com")];
    assert_eq!((bare.services(), bare.has_private_key(), bare.web_sites()), (None, None, None));
    assert_eq!(import.server("MBX01").unwrap().certificates().count(), 3);
}

#[test]
fn bindings_and_selections_are_known_only_where_all_of_them_were_read() {
    let hash = Node::text(&thumbprint("mail.contoso.com").to_string());
    let bytes = Node::Bytes(thumbprint("mail.contoso.com").as_bytes().to_vec());
    let mail = thumbprint("mail.contoso.com");
    let numbers = list(mail.as_bytes().iter().map(|byte| Node::Primitive("By", byte.to_string())).collect());
    let chosen = [thumbprint("mail.contoso.com").to_string(), thumbprint("other.contoso.com").to_string()];
    let ask = |outcome: &str, bindings, thumbprints| {
        organization(MORNING)
            .with(question(Some("MBX01"), "Invoke-Command", Some("Get-WebBinding"), outcome, bindings, ""))
            .with(question(
                Some("MBX01"),
                "Get-ExchangeCertificate",
                Some("mail.contoso.com"),
                outcome,
                thumbprints,
                "",
            ))
            .with(web_binding("MBX01", "http", 1, "*:80:", Node::Nil))
            .with(web_binding("MBX01", "https", 1, "*:443:", hash.clone()))
            .with(web_binding("MBX01", "https", 2, "*:444:", bytes.clone()))
            .with(web_binding("MBX01", "https", 2, "*:445:", numbers.clone()))
            .with(web_binding("MBX01", "https", 3, "*:446:", Node::text("")))
            .with(selection("MBX01", "mail.contoso.com", &chosen))
    };
    let import = read(&[&ask("read", 5, 2)]).unwrap();
    assert_eq!(entries(&import), Vec::<String>::new());
    let server = import.server("MBX01").unwrap();
    let binding = |site, text| WebBinding::new(site, text, Some(thumbprint("mail.contoso.com"))).unwrap();
    let unbound = WebBinding::new(3, "*:446:", None).unwrap();
    let expected = [binding(1, "*:443:"), binding(2, "*:444:"), binding(2, "*:445:"), unbound];
    assert_eq!(server.web_bindings(), Some(expected.as_slice()));
    let expected: Vec<Thumbprint> = chosen.iter().map(|text| text.parse().unwrap()).collect();
    assert_eq!(server.selection("MAIL.contoso.com"), Some(expected.as_slice()));
    assert_eq!(server.selection("other.contoso.com"), None);

    for (collection, message) in [
        (ask("failed", 5, 2), ["MBX01: web-bindings", "MBX01: selection"]),
        (
            ask("read", 6, 3),
            [
                "MBX01: web-bindings (6 were counted, and 5 could be read)",
                "MBX01: selection (3 were counted, and 2 could be read)",
            ],
        ),
    ] {
        let import = read(&[&collection]).unwrap();
        assert_eq!(entries(&import), message);
        let server = import.server("MBX01").unwrap();
        assert_eq!((server.web_bindings(), server.selection("mail.contoso.com")), (None, None));
    }
    // Asked and answered with nothing, there is none.
    let none = organization(MORNING)
        .with(question(Some("MBX01"), "Invoke-Command", Some("Get-WebBinding"), "read", 0, ""))
        .with(question(Some("MBX01"), "Get-ExchangeCertificate", Some("mail.contoso.com"), "read", 0, ""));
    let server = read(&[&none]).unwrap().server("MBX01").unwrap();
    assert_eq!(
        (server.web_bindings(), server.selection("mail.contoso.com")),
        (Some([].as_slice()), Some([].as_slice()))
    );
}

#[test]
fn a_federation_trust_names_its_certificate() {
    let types = ["System.Security.Cryptography.X509Certificates.X509Certificate2"];
    let trust = |value: Node| of_kind("FederationTrust").text("Name", "Microsoft").property("OrgCertificate", value);
    let printed = format!("[Subject]\r\n  CN=Federation\r\n\r\n[Thumbprint]\r\n  {}\r\n", thumbprint("federation"));
    let whole =
        Node::Object(Element::new(&types).prints("[Subject]").property("RawData", Node::Bytes(der("federation"))));
    for (value, expected) in [
        (whole, Fact::Value(thumbprint("federation"))),
        (Node::Object(Element::new(&types).prints(&printed)), Fact::Value(thumbprint("federation"))),
        (Node::Nil, Fact::NotKnown),
    ] {
        let mut import = Import::new();
        import.add("trust.xml", document(&[trust(value)]).as_bytes()).unwrap();
        assert_eq!(import.federation_certificate(), expected);
        assert!(!entries(&import).contains(&"federation".to_owned()));
        // The certificate of the trust is not taken for one that is installed.
        assert_eq!(import.certificates().count(), 0);
    }
    let asked = question(None, "Get-FederationTrust", None, "read", 1, "");
    let held = certificate("MBX01", der("federation")).note("Services", Node::text("SMTP"));
    let collection = organization_but(MORNING, asked).with(trust(Node::Bytes(der("federation")))).with(held);
    let server = read(&[&collection]).unwrap().server("MBX01").unwrap();
    let services = server.installed(thumbprint("federation")).unwrap().services();
    assert_eq!(services, Some(Service::SMTP | Service::FEDERATION));
}

#[test]
fn a_later_format_is_said_and_what_is_known_of_it_is_read() {
    let mut later = organization(MORNING);
    later.elements[0] = Collection::of_format(4, MORNING, None).elements.remove(0);
    let unheard_of = Element::new(&["ExchangeCertificates.Something"]).note("Server", Node::text("MBX01"));
    let later = later
        .with(unheard_of)
        .with(question(Some("MBX01"), "Get-Something", None, "read", 5, ""))
        .with(question(Some("MBX01"), "Get-ImapSettings", None, "postponed", 0, ""));
    let import = read(&[&later]).unwrap();
    assert_eq!(entries(&import), ["MBX01: imap (postponed)"]);
    let [note] = notes(&import).try_into().unwrap();
    assert!(note.ends_with("the format 4 is newer than 3: only what is known of it is read"), "{note}");
    assert_eq!(import.server("MBX01").unwrap().version(), Version::Exchange2019);
}
