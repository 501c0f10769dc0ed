//! Organisations twice over: as the library reads them from a scenario, and as the stand-in of Exchange has them.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use exchange_certificates::{Certificate, Fleet, Server};
use serde_json::{Map, Value, json};

use super::factory::CertificateFactory;

pub const NOW: &str = "2026-11-24T00:00:00Z";

/// A certificate of a world.
#[derive(Clone, Debug)]
pub struct Known {
    /// How the stand-in calls it.
    pub name: String,
    pub certificate: Certificate,
    /// The later, the better.
    pub order: i64,
    pub is_expired: bool,
}

/// An organisation as a scenario has it, and what only the stand-in needs to know.
#[derive(Clone, Debug)]
pub struct World {
    pub name: &'static str,
    pub known: Vec<Known>,
    /// As in a scenario file.
    pub servers: Vec<Value>,
    pub connectors: Vec<Value>,
    /// Whether the library is not told of the bindings of web sites.
    pub hides_bindings: bool,
    /// Names of Edge subscriptions.
    pub edges: Vec<String>,
    /// Where the script runs.
    pub computer: String,
}

/// A certificate from a CA, or a self-signed one, valid from a day of 2026 on.
pub fn known(name: &str, issuer: Option<&str>, domains: &[&str], month: u32) -> Known {
    known_of(2026, name, issuer, domains, month)
}

/// The same of another year, for a year.
pub fn known_of(year: u32, name: &str, issuer: Option<&str>, domains: &[&str], month: u32) -> Known {
    let factory = CertificateFactory::new(domains[0]).subject(&[("O", "Contoso"), ("CN", domains[0])]);
    let factory = factory.dns_names(domains.iter().copied());
    let factory = match issuer {
        Some(issuer) => factory.issuer(&[("O", "Contoso"), ("CN", issuer)]),
        None => factory.self_signed(),
    };
    let from = format!("{year}-{month:02}-01T00:00:00Z");
    let until = format!("{}-{month:02}-01T00:00:00Z", year + 1);
    let certificate = factory.valid(&from, &until).build();
    Known { name: name.to_owned(), certificate, order: i64::from(month) * 30, is_expired: until.as_str() < NOW }
}

impl Known {
    pub fn thumbprint(&self) -> String {
        self.certificate.thumbprint().to_string()
    }

    /// What connectors call it by.
    pub fn connector_name(&self) -> String {
        format!("<I>{}<S>{}", self.certificate.issuer(), self.certificate.subject())
    }

    /// As it is installed in a scenario.
    pub fn installed(&self, services: &str, sites: &[u32]) -> Value {
        json!({ "certificate": self.certificate, "services": services, "web_sites": sites, "key_storage": "CSP" })
    }
}

impl World {
    pub fn known(&self, name: &str) -> &Known {
        self.known.iter().find(|known| known.name == name).unwrap()
    }

    /// The same with the new certificate on every server.
    pub fn with_new(mut self) -> Self {
        let new = self.known("NEW").installed("None", &[]);
        for server in &mut self.servers {
            server["certificates"].as_array_mut().unwrap().push(new.clone());
        }
        self
    }

    /// The servers as the library reads them.
    pub fn fleet(&self) -> Fleet {
        let mut servers = self.servers.clone();
        for server in &mut servers {
            let own = server["connectors"].as_array().cloned().unwrap_or_default();
            if self.hides_bindings {
                server.as_object_mut().unwrap().remove("web_bindings");
            }
            server["connectors"] = own
                .into_iter()
                .chain(self.connectors.iter().filter(|_| server["roles"][0] != "EdgeTransport").cloned())
                .collect();
        }
        serde_json::from_value(Value::Array(servers)).unwrap()
    }

    /// The only server.
    pub fn server(&self) -> Server {
        self.fleet().servers().next().unwrap().clone()
    }

    /// The names of the stand-in in place of thumbprints.
    pub fn named(&self, text: &str) -> String {
        self.known
            .iter()
            .fold(text.to_owned(), |text, known| text.replace(&known.thumbprint(), &format!("%{}%", known.name)))
    }

    /// The world of the stand-in, in which these servers are there, with the ports that a script looks at.
    pub fn of_stand_in(&self, is_edge: bool, ports: &BTreeMap<String, (String, String)>) -> Value {
        let known = self.known.iter().map(|known| {
            let certificate = &known.certificate;
            let facts = json!({
                "issuer": certificate.issuer().to_string(), "subject": certificate.subject().to_string(),
                "domains": certificate.domains(), "order": known.order, "selfSigned": certificate.is_self_signed(),
                "expired": known.is_expired,
            });
            (format!("%{}%", known.name), facts)
        });
        let known: Map<_, _> = known.chain([("%ALIEN%".to_owned(), json!({ "issuer": "CN=Other CA", "subject": "CN=other", "domains": ["o.contoso.com"], "order": 3, "selfSigned": false }))]).collect();
        let is_of_this = |server: &&Value| {
            (server["roles"][0] == "EdgeTransport") == is_edge && (!is_edge || server["name"] == *self.edge())
        };
        let servers: Map<_, _> = self
            .servers
            .iter()
            .filter(is_of_this)
            .map(|server| (text(&server["name"]), self.server_of_stand_in(server)))
            .collect();
        let sends: Map<_, _> = self.connectors.iter().filter(|it| it["kind"] == "Send" && (!is_edge || it["servers"].as_array().unwrap().iter().any(|name| *name == *self.edge()))).map(|connector| {
            (text(&connector["name"]), json!({ "tls": text(&connector["tls_certificate_name"]), "fqdn": none(&connector["fqdn"]), "sources": connector["servers"] }))
        }).collect();
        let hybrid = self
            .connectors
            .iter()
            .find(|it| it["kind"] == "Hybrid" && !is_edge)
            .map(|it| it["tls_certificate_name"].clone());
        let ports: Map<_, _> = ports
            .iter()
            .map(|(port, (server, endpoint))| (port.clone(), json!({ "server": server, "endpoint": endpoint })))
            .collect();
        json!({
            "computer": if is_edge { self.edge() } else { &self.computer }, "edge": is_edge, "known": known, "servers": servers, "send": sends, "hybrid": hybrid,
            "edges": if is_edge { &[][..] } else { &self.edges }, "ports": ports,
        })
    }

    fn edge(&self) -> &str {
        let edge = self.servers.iter().find(|server| server["roles"][0] == "EdgeTransport");
        edge.map_or("", |edge| edge["name"].as_str().unwrap())
    }

    fn server_of_stand_in(&self, server: &Value) -> Value {
        let certificates: Map<_, _> = server["certificates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|installed| {
                let certificate: Certificate = serde_json::from_value(installed["certificate"].clone()).unwrap();
                let services = text(&installed["services"]);
                let stored: Vec<_> =
                    services.split(", ").filter(|it| ["SMTP", "UM", "UMCallRouter"].contains(it)).collect();
                (
                    self.named(&certificate.thumbprint().to_string()),
                    json!({ "services": stored, "key": installed["key_storage"] }),
                )
            })
            .collect();
        let empty = Vec::new();
        let bindings: Map<_, _> = server["web_bindings"]
            .as_array()
            .unwrap_or(&empty)
            .iter()
            .map(|binding| {
                let id = format!("{}/{}", binding["site"], text(&binding["binding"]).trim_end_matches(':'));
                (id, Value::String(self.named(binding["thumbprint"].as_str().unwrap())))
            })
            .collect();
        let name = text(&server["name"]);
        let receive: Map<_, _> = server["connectors"]
            .as_array()
            .unwrap_or(&empty)
            .iter()
            .filter(|it| it["kind"] == "Receive")
            .map(|connector| {
                (
                    text(&connector["name"]),
                    json!({ "tls": text(&connector["tls_certificate_name"]), "fqdn": none(&connector["fqdn"]) }),
                )
            })
            .collect();
        let roles: Vec<_> = server["roles"].as_array().unwrap().iter().map(|role| role.as_str().unwrap()).collect();
        let is_2013 = server["version"] == "2013";
        let mut runs = Vec::new();
        if roles != ["ClientAccess"] {
            runs.push("MSExchangeTransport");
        }
        if if is_2013 { roles.contains(&"ClientAccess") } else { roles == ["Mailbox"] } {
            runs.extend(["MSExchangeFrontEndTransport", "MSExchangeIMAP4", "MSExchangePOP3"]);
        }
        if roles.contains(&"Mailbox") {
            runs.extend(["MSExchangeIMAP4BE", "MSExchangePOP3BE"]);
        }
        if server["version"] == "2016" || is_2013 {
            runs.extend(["MSExchangeUM", "MSExchangeUMCR"]);
        }
        let runs: Map<_, _> = runs.into_iter().map(|name| (name.to_owned(), json!("Running"))).collect();
        let _ = name;
        json!({
            "fqdn": server["fqdn"], "certificates": certificates, "bindings": bindings,
            "default": self.named(&text(&server["default_smtp"])), "imap": none(&server["imap_certificate_name"]), "pop": none(&server["pop_certificate_name"]),
            "receive": receive, "runs": runs, "um": server["um_startup_mode"], "umcr": server["um_call_router_startup_mode"],
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A text of which "none" is none.
fn none(value: &Value) -> String {
    value.as_str().filter(|text| *text != "none").unwrap_or_default().to_owned()
}

/// The state of a server or an organisation, by the names that the stand-in has for it.
pub fn state(world: &World, fleet: &Fleet) -> BTreeMap<String, String> {
    let mut state = BTreeMap::new();
    let thumbprint = |text: &str| world.named(text);
    for server in fleet.servers() {
        let name = server.name();
        for known in &world.known {
            let stored = match server.installed(known.certificate.thumbprint()) {
                Some(installed) => {
                    let services = installed.known_services().to_string();
                    let mut stored: Vec<_> =
                        services.split(", ").filter(|it| ["SMTP", "UM", "UMCallRouter"].contains(it)).collect();
                    stored.sort_unstable();
                    stored.join(", ")
                }
                None => "absent".to_owned(),
            };
            state.insert(format!("{name}|services %{}%", known.name), stored);
        }
        for binding in server.web_bindings().unwrap_or_default() {
            let bound = binding.thumbprint().map(|it| thumbprint(&it.to_string())).unwrap_or_default();
            state.insert(format!("{name}|binding {}/{}", binding.site(), binding.id()), bound);
        }
        let default = server.default_smtp().value().map(|it| thumbprint(&it.to_string())).unwrap_or_default();
        state.insert(format!("{name}|default"), default);
        if !server.is_edge() {
            state.insert(format!("{name}|imap"), server.imap_certificate_name().value().unwrap_or_default().to_owned());
            state.insert(format!("{name}|pop"), server.pop_certificate_name().value().unwrap_or_default().to_owned());
        }
        for connector in server.connectors() {
            let named = connector.tls_certificate_name().value().map(ToString::to_string).unwrap_or_default();
            let key = match connector.kind() {
                exchange_certificates::ConnectorKind::Receive if connector.servers().iter().all(|it| it == name) => {
                    format!("{name}|receive {}", connector.name())
                }
                exchange_certificates::ConnectorKind::Send => format!("|send {}", connector.name()),
                exchange_certificates::ConnectorKind::Hybrid => "|hybrid".to_owned(),
                _ => continue,
            };
            state.insert(key, named);
        }
    }
    state
}
