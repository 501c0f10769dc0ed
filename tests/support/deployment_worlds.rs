//! The organisations over which deployment scripts are run.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use serde_json::{Value, json};

use super::worlds::{Known, World, known};

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
    let own = own("MBX01");
    World {
        name: "a",
        servers: vec![mailbox("MBX01", "2019", &old, &own, true)],
        connectors: vec![send("Internet", &["MBX01"], &old)],
        edges: Vec::new(),
        computer: "MBX01".to_owned(),
        known: vec![old, new, own],
    }
}
