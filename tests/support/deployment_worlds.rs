//! The organisations over which deployment scripts are run.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::{Value, json};

use super::worlds::{Known, World, known, known_of};

fn receive(name: &str, server: &str, port: u16, tls: Option<&Known>, fqdn: &str) -> Value {
    let mut connector = json!({
        "kind": "Receive", "name": name, "servers": [server], "fqdn": fqdn,
        "auth_mechanism": ["Tls"], "transport_role": "FrontendTransport", "bindings": [format!("0.0.0.0:{port}")],
    });
    if let Some(known) = tls {
        connector["tls_certificate_name"] = known.connector_name().into();
    }
    connector
}

fn send(name: &str, servers: &[&str], tls: &Known) -> Value {
    json!({
        "kind": "Send", "name": name, "servers": servers, "fqdn": "none", "tls_certificate_name": tls.connector_name(),
        "auth_mechanism": null,
    })
}

/// A Mailbox server on which the old certificate has everything but the default and the Exchange Back End.
fn mailbox(name: &str, version: &str, old: &Known, own: &Known, is_pop_served: bool) -> Value {
    let fqdn = format!("{}.contoso.com", name.to_lowercase());
    let um = if version == "2016" { ", UM" } else { "" };
    let services = format!("IMAP{}{um}, IIS, SMTP", if is_pop_served { ", POP" } else { "" });
    json!({
        "name": name, "fqdn": fqdn, "version": version, "roles": ["Mailbox"], "um_startup_mode": "Dual",
        "imap_certificate_name": "mail.contoso.com",
        "pop_certificate_name": if is_pop_served { "mail.contoso.com" } else { "none" },
        "client_names": ["mail.contoso.com"], "default_smtp": own.thumbprint(),
        "web_bindings": [
            { "site": 1, "binding": "*:443:", "thumbprint": old.thumbprint() },
            { "site": 1, "binding": "127.0.0.1:443:", "thumbprint": old.thumbprint() },
            { "site": 2, "binding": "*:444:", "thumbprint": own.thumbprint() },
        ],
        "connectors": [
            receive(&format!("Default Frontend {name}"), name, 25, None, &fqdn),
            receive(&format!("Client Frontend {name}"), name, 587, Some(old), "none"),
        ],
        "certificates": [old.installed(&services, &[1]), own.installed("IIS, SMTP", &[2])],
    })
}

fn own(name: &str) -> Known {
    known(&format!("DEF{name}"), None, &[name, &format!("{}.contoso.com", name.to_lowercase())], 2)
}

/// One server whose certificate is renewed by like, and a Send connector of that name.
pub fn renewed_by_like() -> World {
    let old = known("OLD", Some("Contoso CA"), &["mail.contoso.com"], 1);
    let new = known("NEW", Some("Contoso CA"), &["mail.contoso.com"], 10);
    of_one_server("a", old, new)
}

/// One 2019 server with a certificate, and a Send connector of its name.
fn of_one_server(name: &'static str, old: Known, new: Known) -> World {
    let own = own("MBX01");
    World {
        name,
        servers: vec![mailbox("MBX01", "2019", &old, &own, true)],
        connectors: vec![send("Internet", &["MBX01"], &old)],
        hides_bindings: false,
        edges: Vec::new(),
        computer: "MBX01".to_owned(),
        known: vec![old, new, own],
    }
}

/// The same server with a certificate that nothing needs.
pub fn with_a_spare() -> World {
    let spare = known("SPARE", Some("Contoso CA"), &["spare.contoso.com"], 1);
    let mut world = renewed_by_like();
    world.servers[0]["certificates"].as_array_mut().unwrap().push(spare.installed("None", &[]));
    world.known.push(spare);
    world
}

/// Three servers of three versions, a wildcard certificate in place of one name, and the names of connectors moved.
pub fn wildcard_for_three() -> World {
    let old = known("OLD", Some("Contoso CA"), &["mail.contoso.com"], 1);
    let new = known("NEW", Some("Contoso CA 2"), &["*.contoso.com"], 10);
    let servers = [("MBX16", "2016"), ("MBX19", "2019"), ("MBXSE", "SE")];
    let owns: Vec<_> = servers.iter().map(|(name, _)| own(name)).collect();
    let of_servers = servers.iter().zip(&owns).map(|((name, version), own)| mailbox(name, version, &old, own, false));
    World {
        name: "b",
        servers: of_servers.collect(),
        connectors: vec![
            send("Outbound", &["MBX16", "MBX19", "MBXSE"], &old),
            send("Partner", &["MBX19"], &old),
            json!({ "kind": "Hybrid", "name": "Hybrid Configuration", "tls_certificate_name": old.connector_name() }),
        ],
        hides_bindings: false,
        edges: Vec::new(),
        computer: "MBX19".to_owned(),
        known: [old, new].into_iter().chain(owns).collect(),
    }
}

/// A Mailbox server and the Edge Transport server that is subscribed to its site.
pub fn with_an_edge() -> World {
    let old = known("OLD", Some("Contoso CA"), &["mail.contoso.com"], 1);
    let new = known("NEW", Some("Contoso CA 2"), &["mail.contoso.com"], 10);
    let (own, edge) = (own("MBX01"), own("EDGE01"));
    let mut mailbox = mailbox("MBX01", "2019", &old, &own, false);
    mailbox["edge_subscribed"] = true.into();
    let name = "Default internal receive connector EDGE01";
    let mut connector = receive(name, "EDGE01", 25, Some(&old), "edge01.contoso.com");
    connector["transport_role"] = "HubTransport".into();
    let server = json!({
        "name": "EDGE01", "fqdn": "edge01.contoso.com", "version": "2019", "roles": ["EdgeTransport"],
        "edge_subscribed": true, "default_smtp": edge.thumbprint(), "connectors": [connector],
        "certificates": [old.installed("SMTP", &[]), edge.installed("SMTP", &[])],
    });
    World {
        name: "c",
        servers: vec![mailbox, server],
        connectors: vec![send("Outbound", &["MBX01"], &old), send("From Edge", &["EDGE01"], &old)],
        hides_bindings: false,
        edges: vec!["EDGE01".to_owned()],
        computer: "MBX01".to_owned(),
        known: vec![old, new, own, edge],
    }
}

/// Names that another reader than PowerShell would run.
pub const HOSTILE: [&str; 10] = [
    "it's; Stop-Computer",
    "a\u{2019}; throw 1 #\u{2018}",
    "$(Stop-Computer)",
    "--%",
    "`n`$x",
    "-Force",
    "@quiet } ; throw 2 ; {",
    "a | b",
    "\u{201C}quoted\u{201D} \"too\"",
    "\u{202E}backwards",
];

/// Two servers and connectors of such names.
pub fn hostile() -> World {
    let old = known("OLD", Some("Contoso's CA; throw 3"), &["mail.contoso.com"], 1);
    let new = known("NEW", Some("Contoso $(throw 4) CA\u{2019}"), &["mail.contoso.com"], 10);
    let names = ["MBX'01", "$(MBX02)"];
    let owns: Vec<_> = names.iter().enumerate().map(|(place, _)| own(&format!("H{}", place + 1))).collect();
    let of_server = |(name, own): (&&str, &Known)| {
        let mut server = mailbox(name, "2019", &old, own, false);
        let place = if *name == names[0] { 1 } else { 2 };
        server["fqdn"] = format!("h{place}.contoso.com").into();
        server["connectors"][0]["fqdn"] = server["fqdn"].clone();
        let connectors = server["connectors"].as_array_mut().unwrap();
        for hostile in HOSTILE.iter().skip(place - 1).step_by(2) {
            connectors.push(receive(hostile, name, 2525, Some(&old), "none"));
        }
        server
    };
    let sends = HOSTILE.iter().map(|name| send(name, &names, &old));
    World {
        name: "h",
        servers: names.iter().zip(&owns).map(of_server).collect(),
        connectors: sends.collect(),
        hides_bindings: false,
        edges: Vec::new(),
        computer: names[0].to_owned(),
        known: [old, new].into_iter().chain(owns).collect(),
    }
}

/// Two servers behind a layer-4 balancer; the script runs on the first.
pub fn behind_layer_4() -> World {
    let old = known("OLD", Some("Contoso CA"), &["mail.contoso.com"], 1);
    let new = known("NEW", Some("Contoso CA 2"), &["mail.contoso.com"], 10);
    let owns = [own("MBX01"), own("MBX02")];
    let of_servers = ["MBX01", "MBX02"].iter().zip(&owns).map(|(name, own)| {
        let mut server = mailbox(name, "2019", &old, own, false);
        server["load_balancing"] = "Layer4".into();
        server
    });
    World {
        name: "l",
        servers: of_servers.collect(),
        connectors: vec![send("Outbound", &["MBX01", "MBX02"], &old)],
        hides_bindings: false,
        edges: Vec::new(),
        computer: "MBX01".to_owned(),
        known: [old, new].into_iter().chain(owns).collect(),
    }
}

/// A server whose certificate has expired already.
pub fn expired() -> World {
    let old = known_of(2025, "OLD", Some("Contoso CA"), &["mail.contoso.com"], 1);
    let new = known("NEW", Some("Contoso CA 2"), &["mail.contoso.com"], 10);
    of_one_server("o", old, new)
}

/// A server whose web site has a binding of a host name beside those of setup, and one whose bindings are not known.
pub fn bound_by_host_name() -> World {
    let mut world = renewed_by_like();
    world.name = "n";
    let own = world.known("DEFMBX01").thumbprint();
    let bindings = world.servers[0]["web_bindings"].as_array_mut().unwrap();
    bindings.push(json!({ "site": 1, "binding": "*:443:owa.contoso.com", "thumbprint": own }));
    bindings.push(json!({ "site": 3, "binding": "*:8443:other.contoso.com", "thumbprint": own }));
    world
}

pub fn bindings_not_known() -> World {
    World { name: "u", hides_bindings: true, ..renewed_by_like() }
}

/// Exchange 2013 with Client Access on a server of its own.
pub fn client_access_alone() -> World {
    let old = known("OLD", Some("Contoso CA"), &["mail.contoso.com"], 1);
    let new = known("NEW", Some("Contoso CA 2"), &["mail.contoso.com"], 10);
    let owns = [own("CAS13"), own("MBX13")];
    let mut client_access = mailbox("CAS13", "2013", &old, &owns[0], true);
    client_access["roles"] = json!(["ClientAccess"]);
    client_access["um_call_router_startup_mode"] = "Dual".into();
    client_access["web_bindings"].as_array_mut().unwrap().truncate(2);
    client_access["certificates"][0] = old.installed("IMAP, POP, IIS, SMTP, UMCallRouter", &[1]);
    client_access["certificates"][1] = owns[0].installed("SMTP", &[]);
    client_access.as_object_mut().unwrap().remove("default_smtp");
    let mut server = mailbox("MBX13", "2013", &old, &owns[1], false);
    for gone in ["imap_certificate_name", "pop_certificate_name"] {
        server.as_object_mut().unwrap().remove(gone);
    }
    server["web_bindings"].as_array_mut().unwrap().drain(..2);
    server["connectors"] = json!([]);
    server["certificates"][0] = old.installed("SMTP", &[]);
    World {
        name: "v",
        servers: vec![client_access, server],
        connectors: vec![send("Outbound", &["MBX13"], &old)],
        hides_bindings: false,
        edges: Vec::new(),
        computer: "MBX13".to_owned(),
        known: [old, new].into_iter().chain(owns).collect(),
    }
}

/// Two servers, of which the second has an old certificate of the new one's names: the connector that is called otherwise
/// is given the name of that.
pub fn given_the_name_of_another() -> World {
    let old = known("OLD", Some("Contoso CA 2"), &["mail.contoso.com"], 1);
    let like = known("LIKE", Some("Contoso CA"), &["mail.contoso.com"], 2);
    let new = known("NEW", Some("Contoso CA"), &["mail.contoso.com"], 10);
    let owns = [own("MBX01"), own("MBX02")];
    World {
        name: "m",
        servers: vec![
            mailbox("MBX01", "2019", &old, &owns[0], false),
            mailbox("MBX02", "2019", &like, &owns[1], false),
        ],
        connectors: vec![send("Outbound", &["MBX01", "MBX02"], &old)],
        hides_bindings: false,
        edges: Vec::new(),
        computer: "MBX01".to_owned(),
        known: [old, like, new].into_iter().chain(owns).collect(),
    }
}

/// The server that is renewed by like, with the connector of an Edge Transport server that it knows nothing of.
pub fn sent_by_an_edge() -> World {
    let mut world = renewed_by_like();
    world.name = "s";
    world.servers[0]["edge_subscribed"] = true.into();
    world.connectors[0]["servers"] = json!(["EDGE01"]);
    world.edges = vec!["EDGE01".to_owned()];
    world
}
