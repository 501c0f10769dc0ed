//! Which servers, endpoints and certificates a text is about.

use std::ops::Range;
use std::time::SystemTime;

use super::known::KnownText;
use super::named;
use super::steps::Matter;
use crate::block::Block;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::fleet::Fleet;
use crate::powershell::SOME_SERVER;
use crate::server::{Connector, Installed, Role, Server, Version};
use crate::text::same;
use crate::thumbprint::Thumbprint;

/// How many servers a text is said to be about.
const SERVERS: usize = 16;
/// For how many servers there are steps.
const STEPS: usize = 3;
/// How many endpoints and certificates are named.
const MOST: usize = 32;

/// What a text is about, and the steps for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Resolved {
    pub(super) servers: Vec<String>,
    pub(super) endpoints: Vec<String>,
    pub(super) thumbprints: Vec<Thumbprint>,
    pub(super) look_at: Vec<Block>,
    pub(super) remedy: Vec<Block>,
}

impl Resolved {
    /// What the text itself names.
    pub(super) fn alone(text: &str, area: Range<usize>, place: &Range<usize>, known: &'static KnownText) -> Self {
        let here = text.get(area.clone()).unwrap_or_default();
        let mut servers = named::computers(here);
        if servers.is_empty() {
            servers = named::computers(text);
            servers.truncate(usize::from(servers.len() == 1));
        }
        let hosts = named::hosts(here, place.start.saturating_sub(area.start));
        let thumbprints = named::thumbprints(here);
        // Its fully qualified name stands for the server as well.
        let name = servers.first().and_then(|name| name.split('.').next()).unwrap_or(SOME_SERVER);
        let Ok(server) = Server::new(name, Version::Exchange2019, [Role::Mailbox]) else { return Self::default() };
        let matter = Matter {
            server: &server,
            certificate: thumbprints.first().copied(),
            host: hosts.first().map(String::as_str),
            connectors: Vec::new(),
            holders: Vec::new(),
            now: None,
        };
        let (look_at, remedy) = (matter.blocks(known.look_at), matter.blocks(known.remedy));
        Self { servers, endpoints: Vec::new(), thumbprints, look_at, remedy }
    }

    /// What the text names in a fleet.
    pub(super) fn in_fleet(
        text: &str,
        area: Range<usize>,
        place: &Range<usize>,
        known: &'static KnownText,
        fleet: &Fleet,
        now: SystemTime,
    ) -> Self {
        let here = text.get(area.clone()).unwrap_or_default();
        let said = Said {
            text: here,
            hosts: named::hosts(here, place.start.saturating_sub(area.start)),
            thumbprints: named::thumbprints(here),
        };
        let servers = said.servers(fleet, text);
        if servers.is_empty() {
            return Self::alone(text, area, place, known);
        }
        let mut resolved = Self { thumbprints: said.thumbprints.clone(), ..Self::default() };
        for (number, server) in servers.iter().enumerate() {
            let about = said.at(server, known.about, now);
            resolved.servers.push(server.name().to_owned());
            add(&mut resolved.endpoints, about.endpoints.iter().map(|endpoint| endpoint.id().to_string()));
            if said.thumbprints.is_empty() {
                add(&mut resolved.thumbprints, about.certificates.iter().copied());
            }
            let certificate = said.thumbprints.first().or(about.certificates.first()).copied();
            let holds = |other: &&Server| certificate.is_some_and(|thumbprint| other.installed(thumbprint).is_some());
            let matter = Matter {
                server,
                certificate,
                host: said.hosts.first().map(String::as_str),
                connectors: about.connectors,
                holders: fleet.servers().filter(holds).collect(),
                now: Some(now.into()),
            };
            if number < STEPS {
                let of_one = servers.len() > 1;
                let blocks = |blocks: Vec<Block>| {
                    blocks.into_iter().map(move |it| if of_one { it.of_server(server) } else { it })
                };
                add(&mut resolved.look_at, blocks(matter.blocks(known.look_at)));
                add(&mut resolved.remedy, blocks(matter.blocks(known.remedy)));
            }
        }
        resolved
    }

    /// What both say, each once.
    pub(super) fn with(mut self, other: Self) -> Self {
        let knows = |one: &Self| !one.servers.is_empty();
        // The steps for a server that is known are better than those for one that is not.
        if !knows(&self) && knows(&other) {
            (self.look_at, self.remedy) = (other.look_at, other.remedy);
        } else if self.servers != other.servers && knows(&other) && self.servers.len() < STEPS {
            add(&mut self.look_at, other.look_at);
            add(&mut self.remedy, other.remedy);
        }
        add(&mut self.servers, other.servers);
        add(&mut self.endpoints, other.endpoints);
        add(&mut self.thumbprints, other.thumbprints);
        self
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for item in more {
        if list.len() < MOST && !list.contains(&item) {
            list.push(item);
        }
    }
}

/// What a text names around what is known of it.
struct Said<'a> {
    text: &'a str,
    hosts: Vec<String>,
    thumbprints: Vec<Thumbprint>,
}

/// What it names at one server.
struct About<'a> {
    endpoints: Vec<Endpoint>,
    certificates: Vec<Thumbprint>,
    connectors: Vec<&'a Connector>,
}

impl Said<'_> {
    /// The servers by their names, or else those that hold the certificate, or the only one.
    fn servers<'a>(&self, fleet: &'a Fleet, text: &str) -> Vec<&'a Server> {
        let by_name = |text: &str| -> Vec<&'a Server> {
            let mut servers: Vec<&Server> = Vec::new();
            for word in named::words(text) {
                let short = word.text.split('.').next().unwrap_or_default();
                let server = fleet.get(word.text).or_else(|| fleet.get(short)).or_else(|| {
                    let mut all = fleet.servers();
                    all.find(|server| server.fqdn().is_some_and(|fqdn| same(fqdn, word.text)))
                });
                // A name that is a word too has to be called a computer.
                let is_name = |server: &Server| {
                    word.names_computer()
                        || server.fqdn().is_some_and(|fqdn| same(fqdn, word.text))
                        || same(server.name(), word.text) && word.text.chars().any(|c| c.is_ascii_digit() || c == '-')
                        || same(server.name(), short) && word.is_computer
                };
                let is_new = |server: &&Server| !servers.iter().any(|known| same(known.name(), server.name()));
                if let Some(server) = server.filter(|server| is_name(server)).filter(is_new) {
                    servers.push(server);
                }
                if servers.len() == SERVERS {
                    break;
                }
            }
            servers
        };
        let mut servers = by_name(self.text);
        if servers.is_empty() {
            servers = by_name(text);
            if servers.len() > 1 {
                servers.clear();
            }
        }
        if servers.is_empty() {
            let holds = |server: &&Server| self.thumbprints.iter().any(|it| server.installed(*it).is_some());
            servers = fleet.servers().filter(holds).take(SERVERS).collect();
        }
        if servers.is_empty() && fleet.len() == 1 {
            servers = fleet.servers().collect();
        }
        servers
    }

    fn at<'a>(&self, server: &'a Server, about: &[EndpointKind], now: SystemTime) -> About<'a> {
        let text = self.text.to_lowercase();
        let names = |connector: &Connector| {
            let name = connector.name().rsplit('\\').next().unwrap_or_default();
            let is_named = name.len() >= 4 && text.contains(&name.to_lowercase());
            let fqdn = connector.fqdn().value();
            is_named || fqdn.is_some_and(|fqdn| self.hosts.iter().any(|host| same(host, fqdn)))
        };
        let mut endpoints: Vec<_> =
            server.endpoints(now).into_iter().filter(|endpoint| about.contains(&endpoint.kind())).collect();
        keep_if_any(&mut endpoints, |endpoint| endpoint.connector().is_some_and(names));
        let is_at = |port: &str, kind: EndpointKind| text.contains(port) && about.contains(&kind);
        if is_at(":444", EndpointKind::ExchangeBackEnd) && !text.contains(":443") {
            keep_if_any(&mut endpoints, |endpoint| endpoint.kind() == EndpointKind::ExchangeBackEnd);
        } else if is_at(":443", EndpointKind::DefaultWebSite) && !text.contains(":444") {
            keep_if_any(&mut endpoints, |endpoint| endpoint.kind() == EndpointKind::DefaultWebSite);
        }
        endpoints.truncate(MOST);
        let connectors = server.connectors_here().filter(|connector| names(connector)).take(MOST).collect();
        let certificates = self.certificates(server, &endpoints, &text);
        About { endpoints, certificates, connectors }
    }

    /// Those whose subject the text names, or else what the endpoints present, or else what covers the host.
    fn certificates(&self, server: &Server, endpoints: &[Endpoint], text: &str) -> Vec<Thumbprint> {
        let thumbprints = |found: &mut dyn Iterator<Item = &Installed>| -> Vec<Thumbprint> {
            found.take(MOST).map(Installed::thumbprint).collect()
        };
        let is_named = |installed: &&Installed| {
            let subject = installed.certificate().subject().to_string().to_lowercase();
            subject.len() > 6 && text.contains(&subject)
        };
        let named = thumbprints(&mut server.certificates().filter(is_named));
        if !named.is_empty() {
            return named;
        }
        let mut presented = Vec::new();
        add(&mut presented, endpoints.iter().flat_map(|endpoint| endpoint.presented().one()));
        if !presented.is_empty() {
            return presented;
        }
        let covers = |installed: &&Installed| self.hosts.iter().any(|host| installed.certificate().covers(host));
        thumbprints(&mut server.certificates().filter(covers))
    }
}

fn keep_if_any<T>(list: &mut Vec<T>, keep: impl Fn(&T) -> bool) {
    if list.iter().any(&keep) {
        list.retain(keep);
    }
}
