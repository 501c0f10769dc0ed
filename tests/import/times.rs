//! Collections of different times, and those of Edge Transport servers.

use exchange_certificates::import::Import;
use exchange_certificates::{ConnectorKind, Fleet, Scenario, Service, Thumbprint, Version};
use serde_json::json;

use crate::collection::{der, of_kind, read};
use crate::support::collection::{Collection, certificate, question};
use crate::support::export::{Element, Node, document};

const OLD: &str = "2026-11-23T08:00:00Z";
const NEW: &str = "2026-11-24T08:00:00Z";
const VERSION_2019: &str = "Version 15.2 (Build 1544.4)";

fn with_services(server: &str, name: &str, services: &str) -> Element {
    certificate(server, der(name)).note("Services", Node::text(services))
}

fn connector(name: &str, fqdn: &str) -> Element {
    of_kind("SmtpSendConnectorConfig").text("Name", name).text("Fqdn", fqdn)
}

fn notes(import: &Import) -> Vec<String> {
    import.notes().iter().map(ToString::to_string).collect()
}

fn entries(import: &Import) -> Vec<String> {
    let entries = import.not_read().into_iter();
    entries
        .map(|(server, entry)| format!("{}{entry}", server.map(|it| format!("{it}: ")).unwrap_or_default()))
        .collect()
}

/// MBX01 with these certificates and Send connectors, all of which were asked for.
fn collected(time: &str, certificates: &[(&str, &str)], connectors: &[(&str, &str)]) -> Collection {
    let mut collection = Collection::new(time, None)
        .server("MBX01", VERSION_2019, "Mailbox")
        .read(None, "Get-ExchangeServer", 1)
        .read(Some("MBX01"), "Get-ExchangeCertificate", i64::try_from(certificates.len()).unwrap())
        .read(None, "Get-SendConnector", i64::try_from(connectors.len()).unwrap());
    for (name, services) in certificates {
        collection = collection.with(with_services("MBX01", name, services));
    }
    for (name, fqdn) in connectors {
        collection = collection.with(connector(name, fqdn));
    }
    collection
}

#[test]
fn of_two_collections_an_hour_apart_the_newer_holds_in_either_order() {
    let old = collected(OLD, &[("mail", "IIS"), ("gone", "SMTP")], &[("Outbound", "old"), ("Gone", "old")]);
    let new = collected(NEW, &[("mail", "IIS, SMTP")], &[("Outbound", "new")]);
    for (files, older, newer) in [([&old, &new], "0.xml", "1.xml"), ([&new, &old], "1.xml", "0.xml")] {
        let import = read(&files).unwrap();
        let server = import.server("MBX01").unwrap();
        let held: Vec<_> = server.certificates().map(|held| (held.thumbprint(), held.services().unwrap())).collect();
        assert_eq!(held, [(Thumbprint::of(&der("mail")), Service::IIS | Service::SMTP)]);
        let connectors: Vec<_> = server.connectors().map(|it| (it.name(), it.fqdn().value())).collect();
        assert_eq!(connectors, [("Outbound", Some("new"))]);
        // What differed is named, with both files where both have it.
        let notes = notes(&import);
        assert_eq!(notes.len(), 4, "{notes:#?}");
        let find = |words: &str| notes.iter().find(|note| note.contains(words)).unwrap_or_else(|| panic!("{words}"));
        for subject in [&format!("the services of `{}`", Thumbprint::of(&der("mail"))), "the settings of `Outbound`"] {
            let note = find(subject);
            let places = [format!("`{newer}`, object "), format!("is newer than `{older}`, object ")];
            assert!(places.iter().all(|place| note.contains(place)), "{note}");
        }
        for subject in [&format!("the certificate {} of MBX01", Thumbprint::of(&der("gone"))), "the connector Gone"] {
            let note = find(subject);
            assert!(note.contains(&format!("`{older}`, object ")), "{note}");
            assert!(note.ends_with("has it, and a newer collection has it no more"), "{note}");
        }
    }
}

#[test]
fn within_the_hour_a_contradiction_is_an_error_that_names_both() {
    let old = collected("2026-11-24T07:00:00Z", &[("mail", "IIS")], &[]);
    let new = collected(NEW, &[("mail", "IIS, SMTP")], &[]);
    let by_hand = Collection { elements: new.elements[1..].to_vec() };
    for files in [[&old, &new], [&new, &old], [&by_hand, &old], [&old, &by_hand]] {
        let error = read(&files).unwrap_err().to_string();
        assert!(error.contains("`0.xml`, object ") && error.contains("`1.xml`, object "), "{error}");
        assert!(error.contains("contradict each other: the services of"), "{error}");
    }
    // What one has and the other has not is together what there is.
    let more = collected("2026-11-24T07:00:00Z", &[("mail", "IIS, SMTP"), ("other", "SMTP")], &[]);
    let import = read(&[&more, &new]).unwrap();
    assert_eq!((import.certificates().len(), import.notes().len()), (2, 0));
}

#[test]
fn what_the_newer_one_did_not_read_is_that_of_the_older_one() {
    let old = collected(OLD, &[("mail", "IIS"), ("other", "SMTP")], &[("Outbound", "old")]);
    let new = Collection::new(NEW, None)
        .server("MBX01", VERSION_2019, "Mailbox")
        .read(None, "Get-ExchangeServer", 1)
        .failed(Some("MBX01"), "Get-ExchangeCertificate", "The server is down.")
        .failed(None, "Get-SendConnector", "Interrupted.")
        .with(connector("Outbound", "new"));
    for files in [[&old, &new], [&new, &old]] {
        let import = read(&files).unwrap();
        let server = import.server("MBX01").unwrap();
        assert_eq!(server.certificates().count(), 2);
        let connectors: Vec<_> = server.connectors().map(|it| it.fqdn().value()).collect();
        assert_eq!(connectors, [Some("new")], "an answer in part holds too");
        let unread = entries(&import);
        assert!(!unread.iter().any(|entry| entry.contains("certificates") || entry.contains("send-")), "{unread:?}");
    }
}

#[test]
fn a_server_that_is_gone_goes_with_all_that_is_of_it() {
    let old = Collection::new(OLD, None)
        .server("MBX01", VERSION_2019, "Mailbox")
        .server("MBX02", VERSION_2019, "Mailbox")
        .read(None, "Get-ExchangeServer", 2)
        .read(Some("MBX02"), "Get-ExchangeCertificate", 1)
        .with(with_services("MBX02", "mail", "IIS"))
        .with(of_kind("ReceiveConnector").text("Name", "Default").text("Server", "MBX02"));
    let new = collected(NEW, &[("mail", "SMTP")], &[]);
    for files in [[&old, &new], [&new, &old]] {
        let import = read(&files).unwrap();
        let (fleet, left_out) = import.fleet();
        assert_eq!((fleet.len(), left_out.len()), (1, 0));
        assert_eq!((import.servers().len(), import.certificates().len(), import.connectors().count()), (1, 1, 0));
        assert_eq!(fleet.get("MBX01").unwrap().certificates().count(), 1);
        assert!(notes(&import).iter().any(|note| note.starts_with("the server MBX02: ")), "{:?}", notes(&import));
    }
}

/// Of an Edge Transport server, from its own shell.
fn edge(time: &str) -> Collection {
    Collection::new(time, Some("EDGE01"))
        .server("EDGE01", "Version 15.2 (Build 2562.17)", "Edge")
        .read(Some("EDGE01"), "Get-ExchangeServer", 1)
        .read(Some("EDGE01"), "Get-ExchangeCertificate", 1)
        .with(with_services("EDGE01", "mail", "SMTP"))
        .read(Some("EDGE01"), "Get-TransportService", 0)
        .read(Some("EDGE01"), "Get-ReceiveConnector", 0)
        .read(Some("EDGE01"), "Get-SendConnector", 1)
        .with(connector("Outbound", "edge.contoso.com"))
}

/// The organisation around it, from inside.
fn inside(time: &str, connectors: &[(&str, &str)]) -> Collection {
    let seen = Collection::new(time, None).server("EDGE01", VERSION_2019, "Edge");
    let mut collection = collected(time, &[("mail", "IIS")], connectors);
    collection.elements.extend(seen.elements.into_iter().skip(1));
    collection.with(question(Some("EDGE01"), "Get-ExchangeCertificate", None, "elsewhere", 0, "")).with(question(
        Some("EDGE01"),
        "Get-ReceiveConnector",
        None,
        "elsewhere",
        0,
        "",
    ))
}

#[test]
fn an_edge_transport_server_has_the_last_word_about_itself() {
    let (edge, inside) = (edge(OLD), inside(NEW, &[("Outbound", "mail.contoso.com")]));
    for files in [vec![&inside], vec![&edge, &inside], vec![&inside, &edge]] {
        let import = read(&files).unwrap();
        let server = import.server("EDGE01").unwrap();
        let unread: Vec<_> = server.not_read().map(ToString::to_string).collect();
        if files.len() == 1 {
            assert_eq!(server.version(), Version::Exchange2019);
            let kinds: Vec<_> = server.not_read().map(|entry| entry.what().to_string()).collect();
            assert_eq!(kinds, ["certificates", "receive-connectors", "send-connectors"], "{unread:?}");
            continue;
        }
        assert_eq!(server.version(), Version::SubscriptionEdition);
        assert_eq!(unread, Vec::<String>::new());
        assert_eq!(server.certificates().count(), 1);
        let fqdns: Vec<_> = server.connectors().map(|it| it.fqdn().value()).collect();
        assert_eq!(fqdns, [Some("edge.contoso.com")], "its Send connectors are its own");
        let of_organization = import.server("MBX01").unwrap();
        let fqdns: Vec<_> = of_organization.connectors().map(|it| it.fqdn().value()).collect();
        assert_eq!(fqdns, [Some("mail.contoso.com")]);
    }
}

#[test]
fn an_edge_transport_server_settles_nothing_for_the_organisation() {
    let inside = Collection::new(NEW, None)
        .server("MBX01", VERSION_2019, "Mailbox")
        .read(None, "Get-ExchangeServer", 1)
        .failed(None, "Get-SendConnector", "Denied.");
    for files in [[&inside, &edge(NEW)], [&edge(NEW), &inside]] {
        let (fleet, _) = read(&files).unwrap().fleet();
        let unread = |name: &str| -> Vec<_> { fleet.get(name).unwrap().not_read().map(ToString::to_string).collect() };
        assert!(unread("MBX01").contains(&"send-connectors (Denied.)".to_owned()), "{:?}", unread("MBX01"));
        assert_eq!(unread("EDGE01"), Vec::<String>::new());
        assert_eq!(fleet.get("MBX01").unwrap().connectors().count(), 0);
    }
    // By itself it has no organisation, of which nothing could be read.
    let alone = read(&[&edge(NEW)]).unwrap();
    assert_eq!(entries(&alone), Vec::<String>::new());
    assert_eq!(alone.fleet().0.get("EDGE01").unwrap().connectors().next().unwrap().kind(), ConnectorKind::Send);
    let silent = Collection::new(NEW, Some("EDGE01")).failed(Some("EDGE01"), "Get-ExchangeServer", "Denied.");
    assert_eq!(entries(&read(&[&silent]).unwrap()), ["servers (Denied.)"]);
}

#[test]
fn an_organisation_that_did_not_answer_is_not_hidden_by_an_edge_transport_server_that_did() {
    let inside = Collection::new(NEW, None).failed(None, "Get-ExchangeServer", "Denied.");
    for files in [[&inside, &edge(NEW)], [&edge(NEW), &inside]] {
        let import = read(&files).unwrap();
        let expected = ["servers (Denied.)", "send-connectors", "hybrid", "auth", "federation", "edge-subscriptions"];
        assert_eq!(entries(&import), expected);
        assert_eq!(import.fleet().0.not_read().count(), expected.len());
    }
}

#[test]
fn two_edge_transport_servers_may_have_connectors_of_one_name() {
    let other = Collection::new(NEW, Some("EDGE02"))
        .server("EDGE02", VERSION_2019, "Edge")
        .read(Some("EDGE02"), "Get-SendConnector", 1)
        .with(connector("Outbound", "second.contoso.com"));
    let import = read(&[&edge(NEW), &other, &inside(NEW, &[("Outbound", "mail.contoso.com")])]).unwrap();
    let (fleet, _) = import.fleet();
    let fqdn = |fleet: &Fleet, name: &str| {
        let server = fleet.get(name).unwrap();
        let fqdns: Vec<_> = server.connectors().filter_map(|it| it.fqdn().value().map(str::to_owned)).collect();
        assert_eq!(fqdns.len(), 1, "{fqdns:?}");
        fqdns.into_iter().next().unwrap()
    };
    let servers = [("EDGE01", "edge"), ("EDGE02", "second"), ("MBX01", "mail")];
    servers.iter().for_each(|(server, name)| assert_eq!(fqdn(&fleet, server), format!("{name}.contoso.com")));
    // So it stands in a file of the fleet.
    let scenario = json!({
        "servers": fleet,
        "not_read": fleet.not_read().collect::<Vec<_>>(),
        "request": { "thumbprint": "0".repeat(40), "services": "SMTP" }
    });
    let scenario: Scenario = serde_json::from_value(scenario).unwrap();
    let read: Vec<_> = scenario.servers().cloned().collect();
    assert_eq!(read, fleet.servers().cloned().collect::<Vec<_>>());
}

#[test]
fn an_export_of_an_edge_transport_server_by_hand_lacks_nothing_that_it_has_not() {
    let objects = edge(NEW).elements;
    // Without the records: its description, its certificate and its connector.
    let objects: Vec<_> = objects
        .into_iter()
        .filter(|element| {
            let text = document(std::slice::from_ref(element));
            !["Collection<", "Question<"].iter().any(|class| text.contains(&format!("ExchangeCertificates.{class}")))
        })
        .collect();
    let import = read(&[&Collection { elements: objects }]).unwrap();
    assert_eq!(entries(&import), ["EDGE01: receive-connectors"]);
}
