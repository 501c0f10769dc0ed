//! The fleet that files of collections tell, as scenario files write it; it shares nothing with the readers.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::Thumbprint;
use serde_json::{Map, Value, json};

use super::told::{CLIENT_NAMES, Telling, Told, last_name, same, text};

const OF_ORGANIZATION: [(&str, &str); 6] = [
    ("servers", "Get-ExchangeServer"),
    ("send-connectors", "Get-SendConnector"),
    ("hybrid", "Get-HybridConfiguration"),
    ("auth", "Get-AuthConfig"),
    ("federation", "Get-FederationTrust"),
    ("edge-subscriptions", "Get-EdgeSubscription"),
];

/// What stands in several files together.
pub struct Expected<'a>(pub &'a [&'a Telling]);

impl Expected<'_> {
    /// The servers by name.
    pub fn servers(&self) -> BTreeMap<String, Value> {
        let mut servers = BTreeMap::new();
        for telling in self.0 {
            for server in objects(telling.told.iter().filter(|told| told.kind == "servers")) {
                let name = text(&server["Name"]);
                let is_own = telling.edge.as_deref() == Some(&name);
                let version = text(&server["AdminDisplayVersion"]);
                if !name.contains(char::is_control)
                    && !version.contains("14.")
                    && (is_own || !servers.contains_key(&name))
                {
                    let described = self.server(&name, &server);
                    servers.insert(name, described);
                }
            }
        }
        servers
    }

    /// All answers of a kind about a server, or about the organisation.
    fn told<'a>(&'a self, server: Option<&'a str>, kind: &'a str) -> impl Iterator<Item = &'a Told> {
        let all = self.0.iter().flat_map(|telling| &telling.told);
        all.filter(move |told| told.kind == kind && told.server.as_deref() == server)
    }

    fn first(&self, server: Option<&str>, kind: &str) -> Option<Value> {
        objects(self.told(server, kind)).next()
    }

    fn is_read(&self, server: Option<&str>, kind: &str) -> bool {
        self.told(server, kind).any(|told| told.unread.is_none())
    }

    fn server(&self, name: &str, server: &Value) -> Value {
        let version = text(&server["AdminDisplayVersion"]);
        let is_edge = server["IsEdgeServer"] == true;
        let of = Some(name);
        let mode = |kind| {
            let mode = self.first(of, kind).map(|object| object["UMStartupMode"].clone());
            mode.map_or(json!("TCP"), |mode| match &mode["value"] {
                Value::Null => mode,
                number => json!(["TCP", "TLS", "Dual"][usize::try_from(number.as_u64().unwrap()).unwrap()]),
            })
        };
        let certificate_name =
            |kind| self.first(of, kind).map_or(Value::Null, |object| or_none(&object["X509CertificateName"]));
        let default = self
            .first(of, "default-smtp")
            .and_then(|object| object.get("InternalTransportCertificateThumbprint").cloned());
        let bindings = self.bindings(name);
        let federation = self.federation();
        let certificates = self.certificates(name, bindings.as_ref(), &federation);
        json!({
            "name": name,
            "fqdn": server["Fqdn"],
            "version": match version.split(['.', ' ']).nth(2).unwrap() {
                "0" => "2013",
                "1" => "2016",
                _ if version.contains("2562") => "SE",
                _ => "2019",
            },
            "build": version.replace("Version ", "").replace(" (Build ", ".").replace(')', ""),
            "roles": roles(&text(&server["ServerRole"]), &version),
            "site": server.get("Site").map_or(Value::Null, |site| json!(text(site))),
            "um_startup_mode": mode("um"),
            "um_call_router_startup_mode": mode("um-call-router"),
            "imap_certificate_name": certificate_name("imap"),
            "pop_certificate_name": certificate_name("pop"),
            "client_names": self.client_names(name),
            "edge_subscribed": self.is_subscribed(name, is_edge, server),
            "load_balancing": "None",
            "default_smtp": default.map_or(Value::Null, |default| or_none(&default)),
            "web_bindings": bindings,
            "selection": self.selection(name),
            "auth_certificates": self.auth(),
            "federation_certificate": federation,
            "connectors": self.connectors(name, is_edge),
            "certificates": certificates,
            "not_read": self.not_read(name, is_edge, &version, &text(&server["ServerRole"])),
        })
    }

    fn client_names(&self, name: &str) -> Value {
        let mut names: Vec<String> = Vec::new();
        let mut is_known = CLIENT_NAMES.iter().all(|cmdlet| {
            self.told(Some(name), "client-names").any(|told| told.cmdlet == *cmdlet && told.unread.is_none())
        });
        for object in objects(self.told(Some(name), "client-names")) {
            is_known = true;
            for field in
                ["InternalUrl", "ExternalUrl", "InternalHostname", "ExternalHostname", "AutoDiscoverServiceInternalUri"]
            {
                let url = text(&object[field]);
                let host =
                    url.split_once("://").map_or(url.as_str(), |(_, rest)| rest).split(['/', ':']).next().unwrap();
                if !host.is_empty() && !names.iter().any(|known| same(known, host)) {
                    names.push(host.to_owned());
                }
            }
        }
        names.sort();
        if is_known { json!(names) } else { Value::Null }
    }

    fn is_subscribed(&self, name: &str, is_edge: bool, server: &Value) -> bool {
        objects(self.told(None, "edge-subscriptions")).any(|edge| {
            let (of, here) = (text(&edge["Site"]), text(&server["Site"]));
            if is_edge { same(&text(&edge["Name"]), name) } else { same(last_name(&of), last_name(&here)) }
        })
    }

    fn bindings(&self, name: &str) -> Option<Vec<Value>> {
        let whole = self.told(Some(name), "web-bindings").find(|told| told.unread.is_none())?;
        let of_https = objects([whole].into_iter()).filter(|binding| binding["protocol"] == "https");
        let bindings = of_https.map(|binding| {
            let path = text(&binding["ItemXPath"]);
            let site: u32 = path.split("@id='").last().unwrap().split('\'').next().unwrap().parse().unwrap();
            let hash = text(&binding["certificateHash"]);
            // An empty address is that of all.
            let information = text(&binding["bindingInformation"]);
            let information = if information.starts_with(':') { format!("*{information}") } else { information };
            json!({ "site": site, "binding": information, "thumbprint": if hash.is_empty() { Value::Null } else { json!(hash) } })
        });
        Some(bindings.collect())
    }

    fn selection(&self, name: &str) -> Value {
        let read = self.told(Some(name), "selection").filter(|told| told.unread.is_none());
        let hosts: Map<String, Value> =
            read.map(|told| (told.host.clone().unwrap().to_lowercase(), json!(told.answers))).collect();
        if hosts.is_empty() { Value::Null } else { Value::Object(hosts) }
    }

    fn auth(&self) -> Value {
        match self.first(None, "auth") {
            Some(auth) => {
                json!({ "current": auth["CurrentCertificateThumbprint"], "next": auth["NextCertificateThumbprint"] })
            }
            None if self.is_read(None, "auth") => json!({ "current": null, "next": null }),
            None => Value::Null,
        }
    }

    fn federation(&self) -> Value {
        match self.first(None, "federation") {
            Some(trust) => {
                let der = STANDARD.decode(trust["OrgCertificate"]["der"].as_str().unwrap()).unwrap();
                json!(Thumbprint::of(&der).to_string())
            }
            None if self.is_read(None, "federation") => json!("none"),
            None => Value::Null,
        }
    }

    fn certificates(&self, name: &str, bindings: Option<&Vec<Value>>, federation: &Value) -> BTreeMap<String, Value> {
        let mut certificates = BTreeMap::new();
        for telling in self.0 {
            let told =
                telling.told.iter().filter(|told| told.kind == "certificates" && told.server.as_deref() == Some(name));
            for held in told.flat_map(|told| &told.answers) {
                let thumbprint = text(&held["thumbprint"]);
                let described = certificate(held, &telling.form, bindings, *federation == json!(thumbprint));
                certificates.insert(thumbprint, described);
            }
        }
        certificates
    }

    fn connectors(&self, name: &str, is_edge: bool) -> BTreeMap<String, Value> {
        let mut connectors = BTreeMap::new();
        let mut put = |connector: Value| {
            connectors.insert(format!("{} {}", text(&connector["kind"]), text(&connector["name"])), connector)
        };
        for connector in objects(self.told(None, "send-connectors")) {
            put(send_connector(&connector));
        }
        // On its own Edge Transport server a connector of the same name is the same, as that server has it.
        for connector in objects(self.told(Some(name), "send-connectors")).filter(|_| is_edge) {
            put(send_connector(&connector));
        }
        if let Some(hybrid) = self.first(None, "hybrid") {
            let of = ["SendingTransportServers", "ReceivingTransportServers", "EdgeTransportServers"];
            let servers: Vec<_> = of.iter().flat_map(|field| list(&hybrid[*field])).collect();
            put(
                json!({ "kind": "Hybrid", "name": hybrid["Name"], "tls_certificate_name": certificate_name(&hybrid), "fqdn": null,
                "servers": servers }),
            );
        }
        for connector in objects(self.told(Some(name), "receive-connectors")) {
            put(receive_connector(&connector, name));
        }
        connectors.retain(|_, connector| !text(&connector["name"]).contains(char::is_control));
        connectors
    }

    /// What of a server is not read, by its kind, with its message.
    fn not_read(&self, name: &str, is_edge: bool, version: &str, roles: &str) -> BTreeMap<String, String> {
        let mut not_read = BTreeMap::new();
        let has_clients = !is_edge && (!version.contains("15.0") || roles.contains("ClientAccess"));
        for (kind, cmdlets) in [
            ("certificates", &["Get-ExchangeCertificate"][..]),
            ("receive-connectors", &["Get-ReceiveConnector"]),
            ("client-names", &CLIENT_NAMES),
            ("send-connectors", &["Get-SendConnector"]),
        ] {
            if (kind == "client-names" && !has_clients) || (kind == "send-connectors" && !is_edge) {
                continue;
            }
            not_read.extend(self.entry(Some(name), kind, cmdlets).map(|message| (kind.to_owned(), message)));
        }
        for kind in ["default-smtp", "imap", "pop", "um", "um-call-router", "web-bindings", "selection"] {
            let all: Vec<_> = self.told(Some(name), kind).collect();
            let is_read = |told: &Told| all.iter().any(|other| other.host == told.host && other.unread.is_none());
            // Of several answers to a question the first one counts.
            let is_first = |index: usize, told: &Told| all[..index].iter().all(|other| other.host != told.host);
            let first = all.iter().enumerate().filter(|(index, told)| !is_read(told) && is_first(*index, told));
            let unread: BTreeSet<_> = first.filter_map(|(_, told)| told.unread.clone()).collect();
            if !unread.is_empty() {
                not_read.insert(kind.to_owned(), unread.into_iter().collect::<Vec<_>>().join("; "));
            }
        }
        not_read
    }

    /// What of the organisation is not read.
    pub fn organization_not_read(&self) -> BTreeMap<String, String> {
        if self.0.iter().all(|telling| telling.edge.is_some()) {
            return BTreeMap::new();
        }
        let entries = OF_ORGANIZATION
            .iter()
            .filter_map(|(kind, cmdlet)| Some(((*kind).to_owned(), self.entry(None, kind, &[cmdlet])?)));
        entries.collect()
    }

    /// Why a kind is not read: what was answered, each with the cmdlets unless it was answered by all.
    fn entry(&self, server: Option<&str>, kind: &str, cmdlets: &[&str]) -> Option<String> {
        let mut answered: Vec<(String, Vec<&str>)> = Vec::new();
        for cmdlet in cmdlets {
            let all: Vec<_> = self.told(server, kind).filter(|told| told.cmdlet == *cmdlet).collect();
            if all.iter().any(|told| told.unread.is_none()) {
                continue;
            }
            let message = all.first().map_or_else(String::new, |told| told.unread.clone().unwrap());
            match answered.iter_mut().find(|(known, _)| *known == message) {
                Some((_, cmdlets)) => cmdlets.push(cmdlet),
                None => answered.push((message, vec![cmdlet])),
            }
        }
        match answered.as_slice() {
            [] => None,
            [(message, unread)] if unread.len() == cmdlets.len() => Some(message.clone()),
            several => {
                let part = |(message, cmdlets): &(String, Vec<&str>)| format!("{}: {message}", cmdlets.join(", "));
                Some(several.iter().map(part).collect::<Vec<_>>().join("; "))
            }
        }
    }
}

fn objects<'a>(told: impl Iterator<Item = &'a Told>) -> impl Iterator<Item = Value> {
    told.flat_map(|told| &told.answers).map(|answer| answer["properties"].clone())
}

/// A value that may be there and empty.
fn or_none(value: &Value) -> Value {
    let text = text(value);
    json!(if text.is_empty() { "none" } else { &text })
}

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|item| last_name(&text(item)).to_owned()).collect()
}

fn roles(printed: &str, version: &str) -> Vec<&'static str> {
    let is_2013 = version.contains("15.0");
    let all = [("Mailbox", "Mailbox"), ("ClientAccess", "ClientAccess"), ("Edge", "EdgeTransport")];
    let has = all.into_iter().filter(|(name, _)| printed.contains(name) && (is_2013 || *name != "ClientAccess"));
    has.map(|(_, role)| role).collect()
}

fn certificate(held: &Value, form: &str, bindings: Option<&Vec<Value>>, is_federated: bool) -> Value {
    let is_told = form != "unserialized";
    let told = |value: Value| if is_told { value } else { Value::Null };
    let of_bindings = |bindings: &Vec<Value>| -> BTreeSet<u64> {
        let here = bindings.iter().filter(|binding| binding["thumbprint"] == held["thumbprint"]);
        here.map(|binding| binding["site"].as_u64().unwrap()).collect()
    };
    let services = held["services"].as_u64().unwrap() | if is_federated { 32 } else { 0 };
    let names = ["IMAP", "POP", "UM", "IIS", "SMTP", "Federation", "UMCallRouter"];
    let names: Vec<_> =
        names.into_iter().enumerate().filter(|(bit, _)| services >> bit & 1 == 1).map(|(_, name)| name).collect();
    let status = [
        "Unknown",
        "Valid",
        "Revoked",
        "DateInvalid",
        "Untrusted",
        "Invalid",
        "RevocationCheckFailure",
        "PendingRequest",
    ];
    let root = ["None", "ThirdParty", "Enterprise", "Registry", "GroupPolicy", "Unknown"];
    let number = |field: &str| usize::try_from(held[field].as_u64().unwrap()).unwrap();
    let storage = match (form, held["provider"].as_u64()) {
        ("session", Some(0)) => json!("KSP"),
        ("session", Some(_)) => json!("CSP"),
        _ => Value::Null,
    };
    json!({
        "certificate": held["der"],
        "friendly_name": told(held["friendly_name"].clone()),
        "has_private_key": if is_told { held["has_private_key"].clone() } else { json!(true) },
        "key_storage": storage,
        "status": told(json!(status[number("status")])),
        "root_ca_type": told(json!(root[number("root_ca_type")])),
        "services": told(json!(if names.is_empty() { "None".to_owned() } else { names.join(", ") })),
        "web_sites": bindings.map_or_else(|| told(held["sites"].clone()), |bindings| json!(of_bindings(bindings))),
    })
}

fn send_connector(connector: &Value) -> Value {
    let mut described =
        json!({ "kind": "Send", "name": connector["Name"], "servers": list(&connector["SourceTransportServers"]) });
    settings(&mut described, connector);
    described
}

fn receive_connector(connector: &Value, server: &str) -> Value {
    let mut described = json!({ "kind": "Receive", "name": connector["Name"], "servers": [server] });
    settings(&mut described, connector);
    described
}

fn certificate_name(connector: &Value) -> Value {
    let name = text(&connector["TlsCertificateName"]);
    if name.is_empty() { Value::Null } else { json!(name) }
}

/// The settings of a connector, where it has them.
fn settings(described: &mut Value, connector: &Value) {
    let described = described.as_object_mut().unwrap();
    described.insert("tls_certificate_name".to_owned(), certificate_name(connector));
    described.insert("fqdn".to_owned(), connector.get("Fqdn").map_or(Value::Null, or_none));
    for (name, field) in [
        ("enabled", "Enabled"),
        ("ignore_starttls", "IgnoreSTARTTLS"),
        ("require_tls", "RequireTLS"),
        ("domain_secure_enabled", "DomainSecureEnabled"),
        ("cloud_services_mail_enabled", "CloudServicesMailEnabled"),
    ] {
        described.extend(connector.get(field).map(|value| (name.to_owned(), value.clone())));
    }
    for (name, field) in
        [("tls_domain_capabilities", "TlsDomainCapabilities"), ("smart_hosts", "SmartHosts"), ("bindings", "Bindings")]
    {
        let texts = |value: &Value| json!(value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>());
        described.extend(connector.get(field).map(|value| (name.to_owned(), texts(value))));
    }
    let mechanisms =
        ["Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS", "ExchangeServer", "ExternalAuthoritative"];
    let names = |value: &Value| match value["value"].as_u64() {
        Some(bits) => {
            let set = mechanisms.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
            set.map(|(_, name)| (*name).to_owned()).collect::<Vec<_>>()
        }
        None => text(value).split(", ").map(str::to_owned).collect(),
    };
    described.extend(connector.get("AuthMechanism").map(|value| ("auth_mechanism".to_owned(), json!(names(value)))));
    let role = |value: &Value| match value["value"].as_u64().or(value.as_u64()) {
        Some(16384) => "FrontendTransport",
        _ => "HubTransport",
    };
    described.extend(connector.get("TransportRole").map(|value| ("transport_role".to_owned(), json!(role(value)))));
}
