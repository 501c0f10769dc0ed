//! What was not read of a server and of its organisation: built, written and read.

use exchange_certificates::{Connector, ConnectorKind, Fleet, NotRead, NotReadKind, Role, Scenario, Server, Version};
use serde_json::{Value, json};

fn server(name: &str) -> Server {
    Server::new(name, Version::Exchange2019, [Role::Mailbox]).unwrap()
}

fn edge() -> Server {
    Server::new("EDGE01", Version::Exchange2019, [Role::EdgeTransport]).unwrap()
}

fn not_read(kinds: &[&str]) -> Vec<NotRead> {
    kinds.iter().map(|kind| NotRead::new(kind.parse().unwrap())).collect()
}

fn kinds<'a>(entries: impl Iterator<Item = &'a NotRead>) -> Vec<String> {
    entries.map(|entry| entry.what().to_string()).collect()
}

fn file(name: &str, roles: &str, not_read: Value) -> Value {
    json!({ "name": name, "version": "2019", "roles": [roles], "not_read": not_read, "certificates": [] })
}

fn scenario(subject: Value) -> Result<Scenario, String> {
    let mut scenario = json!({ "request": { "thumbprint": "0".repeat(40), "services": "SMTP" } });
    for (key, value) in subject.as_object().unwrap() {
        scenario[key] = value.clone();
    }
    serde_json::from_value(scenario).map_err(|error| error.to_string())
}

const OF_SERVER: [&str; 10] = [
    "certificates",
    "receive-connectors",
    "client-names",
    "default-smtp",
    "imap",
    "pop",
    "um",
    "um-call-router",
    "web-bindings",
    "selection",
];
const OF_ORGANIZATION: [&str; 6] = ["servers", "send-connectors", "hybrid", "auth", "federation", "edge-subscriptions"];

#[test]
fn every_kind_has_one_name_and_the_cmdlets_that_read_it() {
    let names: Vec<_> = NotReadKind::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(names, [OF_SERVER.as_slice(), &OF_ORGANIZATION].concat());
    for kind in NotReadKind::ALL {
        let name = kind.to_string();
        assert_eq!(name.parse(), Ok(*kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(name));
        assert_eq!(kind.is_of_organization(), OF_ORGANIZATION.contains(&name.as_str()));
        assert!(kind.cmdlets().iter().all(|cmdlet| cmdlet.starts_with("Get-")), "{name}");
    }
    assert_eq!(NotReadKind::ClientNames.cmdlets().len(), 9);
    let counting: Vec<_> = NotReadKind::ALL.iter().filter(|kind| kind.counts()).map(ToString::to_string).collect();
    assert_eq!(counting, [&OF_SERVER[..3], &OF_ORGANIZATION].concat());
}

#[test]
fn an_entry_is_written_in_its_shortest_form_and_read_in_both() {
    let entries = json!(["certificates", { "what": "client-names", "message": "Access is denied." }]);
    let verbose = json!([
        { "what": "certificates", "message": null },
        { "message": "Access is denied.", "what": "client-names" }
    ]);
    for form in [&entries, &verbose] {
        let server: Server = serde_json::from_value(file("MBX01", "Mailbox", form.clone())).unwrap();
        assert_eq!(kinds(server.not_read()), ["certificates", "client-names"]);
        assert_eq!(server.not_read().last().unwrap().message(), Some("Access is denied."));
        assert_eq!(serde_json::to_value(&server).unwrap()["not_read"], entries);
    }
    let all_read: Server = serde_json::from_value(file("MBX01", "Mailbox", Value::Null)).unwrap();
    assert_eq!(all_read, server("MBX01"));
    assert!(serde_json::to_value(&all_read).unwrap().get("not_read").is_none());
}

#[test]
fn the_only_server_has_both_kinds_and_is_read_back() {
    let all = [OF_SERVER.as_slice(), &OF_ORGANIZATION].concat();
    let built = server("MBX01").with_not_read(not_read(&all)).unwrap();
    assert_eq!(kinds(built.not_read()), all);
    let text = serde_json::to_string(&built).unwrap();
    assert_eq!(serde_json::from_str::<Server>(&text).unwrap(), built);
    let alone = scenario(json!({ "servers": [serde_json::to_value(&built).unwrap()] })).unwrap();
    assert_eq!(alone.servers().next(), Some(&built));
}

#[test]
fn what_is_no_list_of_what_was_not_read_is_an_error() {
    for (list, problem) in [
        (json!(["certificate"]), "there is no `certificate` to be read; did you mean `certificates`?"),
        (json!(["certificates", "certificates"]), "certificates is listed twice"),
        (json!(["auth", { "what": "auth" }]), "auth is listed twice"),
        (json!([{ "what": "auth", "message": "a\nb" }]), "character 2 is the control character U+000A"),
        (json!([{ "what": "auth", "message": " " }]), "the name is empty"),
        (json!([{ "what": "auth", "why": "" }]), "unknown field `why`"),
        (json!([{ "message": "" }]), "the name is empty"),
        (json!([{ "message": "a" }]), "missing field `what`"),
        (json!([7]), "expected what was not read, or an object with what and message"),
        (json!("auth"), "expected a list of what was not read"),
    ] {
        let error = serde_json::from_value::<Server>(file("MBX01", "Mailbox", list.clone())).unwrap_err();
        assert!(error.to_string().contains(problem), "{list}: {error}");
    }
    let twice = server("MBX01").with_not_read(not_read(&["pop"])).unwrap().with_not_read(not_read(&["pop"]));
    assert_eq!(twice.unwrap_err().to_string(), "not_read: pop is listed twice");
}

#[test]
fn several_servers_share_what_the_organisation_lacks() {
    let servers = || [file("MBX01", "Mailbox", json!(["certificates"])), file("MBX02", "Mailbox", json!([]))];
    let beside = scenario(json!({ "servers": servers(), "not_read": ["hybrid"] })).unwrap();
    let found: Vec<_> = beside.servers().map(|server| kinds(server.not_read())).collect();
    assert_eq!(found, [vec!["certificates", "hybrid"], vec!["hybrid"]]);

    let mut built = Fleet::new();
    built.insert(server("MBX01").with_not_read(not_read(&["certificates"])).unwrap()).unwrap();
    let mut built = built.with_not_read(not_read(&["hybrid"])).unwrap();
    // One that joins later knows of it too, and what it says itself is of all.
    built.insert(server("MBX02").with_not_read(not_read(&["auth", "hybrid"])).unwrap()).unwrap();
    assert_eq!(kinds(built.not_read()), ["hybrid", "auth"]);
    assert_eq!(kinds(built.get("MBX01").unwrap().not_read()), ["certificates", "hybrid", "auth"]);

    // Each server is written with its own alone.
    let written = serde_json::to_value(&built).unwrap();
    assert_eq!(written[0]["not_read"], json!(["certificates"]));
    assert!(written[1].get("not_read").is_none());
    let read: Fleet = serde_json::from_value(written).unwrap();
    assert_eq!(read.with_not_read(built.not_read().cloned()).unwrap(), built);
}

#[test]
fn what_stands_at_the_wrong_place_is_an_error_that_says_the_right_one() {
    let at_server = |kinds: Value| [file("MBX01", "Mailbox", kinds), file("MBX02", "Mailbox", json!([]))];
    for (subject, problem) in [
        (
            json!({ "servers": at_server(json!(["imap", "federation"])) }),
            "not_read: federation, which `MBX01` has, belongs to the organisation, and stands beside the servers",
        ),
        (
            json!({ "servers": at_server(json!([])), "not_read": ["auth", "imap"] }),
            "not_read: imap belongs to a server, and stands there",
        ),
        (
            json!({ "servers": [file("MBX01", "Mailbox", json!(["auth"]))], "not_read": ["auth"] }),
            "not_read: auth is listed twice",
        ),
        (
            json!({ "server": file("MBX01", "Mailbox", json!([])), "not_read": ["auth"] }),
            "not_read: beside one server this stands at the server",
        ),
    ] {
        let error = scenario(subject.clone()).unwrap_err();
        assert!(error.contains(problem), "{subject}: {error}");
    }
}

#[test]
fn an_edge_transport_server_lacks_nothing_that_it_does_not_have() {
    let all = [OF_SERVER.as_slice(), &OF_ORGANIZATION].concat();
    let alone = edge().with_not_read(not_read(&all)).unwrap();
    let of_edge: Vec<_> = OF_SERVER.into_iter().filter(|kind| *kind != "client-names").collect();
    assert_eq!(kinds(alone.not_read()), [of_edge, vec!["servers", "send-connectors"]].concat());
    let text = serde_json::to_string(&alone).unwrap();
    assert_eq!(serde_json::from_str::<Server>(&text).unwrap(), alone);

    // Its Send connectors are its own: those of the organisation say nothing of them, nor the other way round.
    let mut fleet = Fleet::new().with_not_read(not_read(&["servers", "send-connectors", "hybrid"])).unwrap();
    fleet.insert(edge()).unwrap();
    assert_eq!(kinds(fleet.get("EDGE01").unwrap().not_read()), ["servers"]);
    let servers = [file("EDGE01", "EdgeTransport", json!(["send-connectors"])), file("MBX01", "Mailbox", json!([]))];
    let scenario = scenario(json!({ "servers": servers })).unwrap();
    let found: Vec<_> = scenario.servers().map(|server| kinds(server.not_read())).collect();
    assert_eq!(found, [vec!["send-connectors"], vec![]]);
}

#[test]
fn a_server_with_other_facts_beside_is_read_back() {
    let connector = Connector::new(ConnectorKind::Send, "Outbound").unwrap();
    let message = NotRead::new(NotReadKind::Certificates).with_message("Der Server antwortet nicht.").unwrap();
    let built = server("MBX01").with_connector(connector).with_not_read([message]).unwrap();
    let text = serde_json::to_string(&built).unwrap();
    assert_eq!(serde_json::from_str::<Server>(&text).unwrap(), built, "{text}");
}
