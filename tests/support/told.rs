//! What the stand-in of Exchange tells to whom asks it all, worked out from what was put into it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::Value;

use super::stand_in::Organization;

/// The kinds of what may be not read, each with the cmdlets that read it.
const KINDS: [(&str, &[&str]); 15] = [
    ("certificates", &["Get-ExchangeCertificate"]),
    ("receive-connectors", &["Get-ReceiveConnector"]),
    ("default-smtp", &["Get-TransportService"]),
    ("imap", &["Get-ImapSettings"]),
    ("pop", &["Get-PopSettings"]),
    ("um", &["Get-UMService"]),
    ("um-call-router", &["Get-UMCallRouterSettings"]),
    ("web-bindings", &["Get-WebBinding"]),
    ("servers", &["Get-ExchangeServer"]),
    ("send-connectors", &["Get-SendConnector"]),
    ("hybrid", &["Get-HybridConfiguration"]),
    ("auth", &["Get-AuthConfig"]),
    ("federation", &["Get-FederationTrust"]),
    ("edge-subscriptions", &["Get-EdgeSubscription"]),
    ("client-names", &CLIENT_NAMES),
];

/// What tells the names that clients use.
pub const CLIENT_NAMES: [&str; 9] = [
    "Get-OwaVirtualDirectory",
    "Get-EcpVirtualDirectory",
    "Get-WebServicesVirtualDirectory",
    "Get-ActiveSyncVirtualDirectory",
    "Get-OabVirtualDirectory",
    "Get-AutodiscoverVirtualDirectory",
    "Get-OutlookAnywhere",
    "Get-MapiVirtualDirectory",
    "Get-ClientAccessService",
];

/// A question with what comes of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The server, or none for the organisation.
    pub server: Option<String>,
    pub kind: &'static str,
    /// Of those that stand for each other the newer one.
    pub cmdlet: String,
    /// The host name of a selection.
    pub host: Option<String>,
    /// Why it was not read.
    pub unread: Option<String>,
    pub answers: Vec<Value>,
}

/// The questions of one run.
#[derive(Clone, Debug)]
pub struct Telling {
    pub form: String,
    /// The Edge Transport server that it is of.
    pub edge: Option<String>,
    pub told: Vec<Told>,
}

impl Telling {
    pub fn of(organization: &Organization) -> Self {
        let all = &organization.0;
        let mut telling = Self { form: text(&all["form"]), edge: None, told: Vec::new() };
        let servers = telling.ask(all, None, "Get-ExchangeServer", None);
        let computer = text(&all["computer"]);
        let is_here = |server: &&Value| server["IsEdgeServer"] == true && same(&text(&server["Name"]), &computer);
        telling.edge = servers.iter().find(is_here).map(|server| text(&server["Name"]));
        telling.told[0].server.clone_from(&telling.edge);
        if servers.is_empty() {
            return telling;
        }
        let edge = telling.edge.clone();
        let sending = telling.ask(all, edge.as_deref(), "Get-SendConnector", None);
        if edge.is_none() {
            for cmdlet in ["Get-EdgeSubscription", "Get-AuthConfig", "Get-HybridConfiguration", "Get-FederationTrust"] {
                telling.ask(all, None, cmdlet, None);
            }
        }
        for server in servers.iter().filter(|server| server["IsE15OrLater"] == true) {
            if edge.as_deref().is_none_or(|edge| edge == text(&server["Name"])) {
                telling.ask_server(all, server, &sending);
            }
        }
        telling
    }

    fn ask_server(&mut self, all: &Value, server: &Value, sending: &[Value]) {
        let name = text(&server["Name"]);
        let on = |property: &str| server[property] == true;
        self.ask(all, Some(&name), "Get-ExchangeCertificate", None);
        let has_failed = self.told.last().unwrap().unread.as_deref().filter(|message| *message != ABSENT).is_some();
        let receiving = self.ask(all, Some(&name), "Get-ReceiveConnector", None);
        if on("IsHubTransportServer") || on("IsEdgeServer") {
            self.ask(all, Some(&name), "Get-TransportService", None);
        }
        if on("IsClientAccessServer") {
            for cmdlet in ["Get-ImapSettings", "Get-PopSettings"].into_iter().chain(CLIENT_NAMES) {
                self.ask(all, Some(&name), cmdlet, None);
            }
        }
        let has_um = !text(&server["AdminDisplayVersion"]).contains("15.2");
        if has_um && on("IsUnifiedMessagingServer") {
            self.ask(all, Some(&name), "Get-UMService", None);
        }
        if has_um && on("IsClientAccessServer") {
            self.ask(all, Some(&name), "Get-UMCallRouterSettings", None);
        }
        if on("IsEdgeServer") && self.edge.is_none() {
            return;
        }
        let mut hosts: Vec<String> = Vec::new();
        let runs = |connector: &&Value| {
            let sources = connector["SourceTransportServers"].as_array();
            let is_this = |source: &Value| same(last_name(&text(source)), &name);
            self.edge.is_some() || sources.is_some_and(|sources| sources.iter().any(is_this))
        };
        let own: Vec<Value> = sending.iter().filter(runs).cloned().collect();
        for connector in receiving.iter().chain(&own) {
            let host = Some(text(&connector["Fqdn"])).filter(|host| !host.is_empty());
            let host = host.unwrap_or_else(|| text(&server["Fqdn"]));
            if !hosts.iter().any(|known| same(known, &host)) {
                hosts.push(host);
            }
        }
        let failed = has_failed.then_some("not asked because Get-ExchangeCertificate failed");
        for host in hosts {
            self.ask_unless(failed, all, Some(&name), "Get-ExchangeCertificate", Some(&host));
        }
        if self.edge.is_none() {
            self.ask_unless(failed, all, Some(&name), "Get-WebBinding", None);
        }
    }

    fn ask(&mut self, all: &Value, server: Option<&str>, cmdlet: &str, host: Option<&str>) -> Vec<Value> {
        self.ask_unless(None, all, server, cmdlet, host)
    }

    /// Asks a question, unless it is known already that it fails; the properties of what came are returned.
    fn ask_unless(
        &mut self,
        failed: Option<&str>,
        all: &Value,
        server: Option<&str>,
        cmdlet: &str,
        host: Option<&str>,
    ) -> Vec<Value> {
        let (unread, answers) = match failed {
            Some(failed) => (Some(failed.to_owned()), Vec::new()),
            None => self.answer(all, server, cmdlet, host),
        };
        let kind = KINDS.iter().find(|(_, cmdlets)| cmdlets.contains(&cmdlet)).unwrap().0;
        let kind = if host.is_some() { "selection" } else { kind };
        let properties = answers.iter().map(|answer| answer["properties"].clone()).collect();
        let (server, cmdlet, host) = (server.map(str::to_owned), cmdlet.to_owned(), host.map(str::to_owned));
        self.told.push(Told { server, kind, cmdlet, host, unread, answers });
        properties
    }

    fn answer(
        &self,
        all: &Value,
        server: Option<&str>,
        cmdlet: &str,
        host: Option<&str>,
    ) -> (Option<String>, Vec<Value>) {
        let is_edge = |known: &Value| known["edge"] == true && server == known["name"].as_str();
        if self.edge.is_none() && all["servers"].as_array().unwrap().iter().any(is_edge) {
            return (Some("run this script on the Edge Transport server itself".to_owned()), Vec::new());
        }
        let asked = match cmdlet {
            "Get-WebBinding" => "Invoke-Command",
            "Get-ClientAccessService" if lacks(all, cmdlet) => "Get-ClientAccessServer",
            _ => cmdlet,
        };
        if lacks(all, asked) {
            return (Some(ABSENT.to_owned()), Vec::new());
        }
        // On an Edge Transport server nothing takes the name of one, and what is asked of it stands under its own.
        let of_all = ["Get-ExchangeServer", "Get-SendConnector"].contains(&cmdlet);
        let server = match &self.edge {
            Some(_) if of_all => None,
            Some(_) => all["computer"].as_str(),
            None => server,
        };
        let key = server.unwrap_or_default();
        let answers = match (cmdlet, host) {
            ("Get-ExchangeCertificate", None) => &all["certificates"][key],
            ("Get-ExchangeCertificate", Some(host)) => find(&all["selection"][key], host),
            _ => &all["answers"][if cmdlet == "Get-WebBinding" { cmdlet } else { asked }][key],
        };
        let answers = answers.as_array().cloned().unwrap_or_default();
        let fails = |fail: &&Value| {
            (fail["cmdlet"] == asked || fail["cmdlet"] == cmdlet)
                && (fail["server"].is_null() || fail["server"].as_str() == server)
                && fail["domain"].as_str().unwrap_or_default() == host.unwrap_or_default()
                && fail["how"] != "warning"
        };
        let Some(fail) = all["fails"].as_array().unwrap().iter().find(fails) else { return (None, answers) };
        let half = if text(&fail["how"]).starts_with("half") { answers.len().div_ceil(2) } else { 0 };
        let words =
            |text: &str| text.split(|c: char| c.is_control() || c == ' ').map(str::to_owned).collect::<Vec<_>>();
        let message: Vec<_> = words(&text(&fail["message"])).into_iter().filter(|word| !word.is_empty()).collect();
        let message = if message.is_empty() { "no reason was given".to_owned() } else { message.join(" ") };
        (Some(message), answers.into_iter().take(half).collect())
    }
}

const ABSENT: &str = "this shell, or your role in it, lacks the cmdlet";

fn lacks(all: &Value, cmdlet: &str) -> bool {
    let is_missing = all["missing"].as_array().unwrap().iter().any(|missing| missing == cmdlet);
    is_missing
        || match all["shell"].as_str().unwrap() {
            "2013" => cmdlet == "Get-ClientAccessService",
            "2019" | "SE" => cmdlet.starts_with("Get-UM"),
            _ => false,
        }
}

/// The value of a key without case.
fn find<'a>(object: &'a Value, key: &str) -> &'a Value {
    let found = object.as_object().and_then(|object| object.iter().find(|(known, _)| same(known, key)));
    found.map_or(&Value::Null, |(_, value)| value)
}

/// A value as it prints; nothing of null.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(object) if object.contains_key("prints") => text(&object["prints"]),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

pub fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// The name at the end of a path, or at the beginning of a distinguished name.
pub fn last_name(identity: &str) -> &str {
    match identity.strip_prefix("CN=") {
        Some(rest) => rest.split(',').next().unwrap(),
        None => identity.rsplit('/').next().unwrap(),
    }
}
