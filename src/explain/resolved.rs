//! Which servers, endpoints and certificates a text is about.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;
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
use crate::time::Timestamp;

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

/// Finds what a text is about: in itself, or in a fleet.
pub(super) struct Resolver<'a> {
    text: &'a str,
    fleet: Option<Named<'a>>,
    /// The computers that the whole text names.
    computers: OnceCell<Vec<String>>,
}

/// A fleet, with its servers by their names in lower case.
struct Named<'a> {
    fleet: &'a Fleet,
    now: SystemTime,
    servers: BTreeMap<String, &'a Server>,
    /// Those that the whole text names.
    of_text: OnceCell<Vec<&'a Server>>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(text: &'a str, fleet: Option<(&'a Fleet, SystemTime)>) -> Self {
        let fleet = fleet.map(|(fleet, now)| {
            let names = |server: &'a Server| [Some(server.name()), server.fqdn()].into_iter().flatten();
            let servers = fleet.servers().flat_map(|server| names(server).map(move |it| (it.to_lowercase(), server)));
            Named { fleet, now, servers: servers.collect(), of_text: OnceCell::new() }
        });
        Self { text, fleet, computers: OnceCell::new() }
    }

    /// What the text is about at a place, by what stands around it.
    pub(super) fn resolve(&self, area: Range<usize>, place: &Range<usize>, known: &'static KnownText) -> Resolved {
        let here = self.text.get(area.clone()).unwrap_or_default();
        let said = Said {
            text: here,
            hosts: named::hosts(here, place.start.saturating_sub(area.start)),
            thumbprints: named::thumbprints(here),
        };
        let found = self.fleet.as_ref().map(|named| (named, said.servers(named, self.text)));
        match found.filter(|(_, servers)| !servers.is_empty()) {
            Some((named, servers)) => said.in_fleet(known, named, &servers),
            None => self.alone(said, known),
        }
    }

    /// What the text itself names.
    fn alone(&self, said: Said<'_>, known: &'static KnownText) -> Resolved {
        let mut servers = named::computers(said.text);
        if let ([], [only]) =
            (servers.as_slice(), self.computers.get_or_init(|| named::computers(self.text)).as_slice())
        {
            servers.push(only.clone());
        }
        // Its fully qualified name stands for the server as well.
        let name = servers.first().and_then(|name| name.split('.').next()).unwrap_or(SOME_SERVER);
        let Ok(server) = Server::new(name, Version::Exchange2019, [Role::Mailbox]) else { return Resolved::default() };
        let matter = Matter {
            server: &server,
            certificate: said.thumbprints.first().copied(),
            host: said.hosts.first().map(String::as_str),
            connectors: Vec::new(),
            holders: Vec::new(),
            now: None,
        };
        let (look_at, remedy) = (matter.blocks(known.look_at), matter.blocks(known.remedy));
        Resolved { servers, endpoints: Vec::new(), thumbprints: said.thumbprints, look_at, remedy }
    }
}

impl<'a> Named<'a> {
    /// The servers that a text names. A name that may be a word has to be called a computer.
    fn in_text(&self, text: &str) -> Vec<&'a Server> {
        let mut servers: Vec<&Server> = Vec::new();
        for word in named::words(text) {
            let name = word.text.to_lowercase();
            let short = name.split('.').next().unwrap_or_default();
            let whole = self.servers.get(&name).filter(|_| {
                word.is_computer || name.contains('.') || name.chars().any(|c| c.is_ascii_digit() || c == '-')
            });
            let server = whole.or_else(|| self.servers.get(short).filter(|_| word.is_computer));
            if let Some(server) = server.filter(|server| !servers.iter().any(|known| same(known.name(), server.name())))
            {
                servers.push(server);
            }
            if servers.len() == SERVERS {
                break;
            }
        }
        servers
    }
}

impl Resolved {
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
    fn servers<'a>(&self, named: &Named<'a>, text: &str) -> Vec<&'a Server> {
        let mut servers = named.in_text(self.text);
        if let ([], [only]) = (servers.as_slice(), named.of_text.get_or_init(|| named.in_text(text)).as_slice()) {
            servers.push(only);
        }
        if servers.is_empty() {
            let holds = |server: &&Server| self.thumbprints.iter().any(|it| server.installed(*it).is_some());
            servers = named.fleet.servers().filter(holds).take(SERVERS).collect();
        }
        if servers.is_empty() && named.fleet.len() == 1 {
            servers = named.fleet.servers().collect();
        }
        servers
    }

    /// What it is about at these servers, and the steps for the first ones.
    fn in_fleet(&self, known: &'static KnownText, named: &Named<'_>, servers: &[&Server]) -> Resolved {
        let mut resolved = Resolved { thumbprints: self.thumbprints.clone(), ..Resolved::default() };
        for (number, server) in servers.iter().enumerate() {
            let about = self.at(server, known.about, named.now);
            resolved.servers.push(server.name().to_owned());
            add(&mut resolved.endpoints, about.endpoints.iter().map(|endpoint| endpoint.id().to_string()));
            if self.thumbprints.is_empty() {
                add(&mut resolved.thumbprints, about.certificates.iter().copied());
            }
            if number >= STEPS {
                continue;
            }
            let certificate = self.thumbprints.first().or(about.certificates.first()).copied();
            let holds = |other: &&Server| certificate.is_some_and(|thumbprint| other.installed(thumbprint).is_some());
            let matter = Matter {
                server,
                certificate,
                host: self.hosts.first().map(String::as_str),
                connectors: about.connectors,
                holders: named.fleet.servers().filter(holds).collect(),
                now: Some(named.now.into()),
            };
            let of_one = |block: Block| if servers.len() > 1 { block.of_server(server) } else { block };
            add(&mut resolved.look_at, matter.blocks(known.look_at).into_iter().map(of_one));
            add(&mut resolved.remedy, matter.blocks(known.remedy).into_iter().map(of_one));
        }
        resolved
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
        let certificates = self.certificates(server, &endpoints, &text, now.into());
        About { endpoints, certificates, connectors }
    }

    /// Those whose subject the text names, or else what the endpoints present, or else what covers the host, the fittest
    /// first.
    fn certificates(&self, server: &Server, endpoints: &[Endpoint], text: &str, now: Timestamp) -> Vec<Thumbprint> {
        let is_named = |installed: &&Installed| {
            let subject = installed.certificate().subject().to_string().to_lowercase();
            subject.len() > 6 && text.contains(&subject)
        };
        let named: Vec<_> = server.certificates().filter(is_named).map(Installed::thumbprint).take(MOST).collect();
        if !named.is_empty() {
            return named;
        }
        let mut presented = Vec::new();
        add(&mut presented, endpoints.iter().flat_map(|endpoint| endpoint.presented().one()));
        if !presented.is_empty() {
            return presented;
        }
        let covers = |installed: &&Installed| self.hosts.iter().any(|host| installed.certificate().covers(host));
        let mut covering: Vec<_> = server.certificates().filter(covers).collect();
        covering.sort_by_key(|installed| {
            let is_fit = installed.is_current(now) && installed.has_private_key();
            Reverse((is_fit, installed.certificate().starts()))
        });
        covering.into_iter().map(Installed::thumbprint).take(MOST).collect()
    }
}

fn keep_if_any<T>(list: &mut Vec<T>, keep: impl Fn(&T) -> bool) {
    if list.iter().any(&keep) {
        list.retain(keep);
    }
}
