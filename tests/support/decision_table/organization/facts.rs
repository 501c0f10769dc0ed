//! Servers, what belongs to all of them, and the request.

use super::super::facts::*;

#[derive(Clone, Debug)]
pub struct OrganizationFacts {
    /// Unix seconds.
    pub now: i64,
    /// Each with its own connectors alone: Receive connectors, and the Send connectors of an Edge Transport server.
    /// What they say of the Auth certificates is not looked at.
    pub servers: Vec<ServerFacts>,
    /// Send connectors and the hybrid configuration.
    pub connectors: Vec<ConnectorFacts>,
    /// Thumbprints; `None` is not known.
    pub auth: Option<AuthThumbprints>,
    /// Of the organisation; what is a server's own stands there.
    pub not_read: Vec<NotRead>,
    pub request: RenewalFacts,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthThumbprints {
    pub current: Option<String>,
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct RenewalFacts {
    /// As it is wherever it is not installed yet.
    pub new: CertificateFacts,
    /// A thumbprint; without it, each server's own best.
    pub old: Option<String>,
    pub update_connectors: bool,
    pub keep_old: bool,
    pub default_smtp: Option<Answer>,
    pub caller: Option<Vec<String>>,
    pub accept_status: Vec<Status>,
    pub require_ssl: bool,
    /// Places of servers; `None` is all of them.
    pub order: Option<Vec<usize>>,
    pub reading: Reading,
}

/// How far the rules look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// By the letter: a server with an import is judged against itself with the new certificate, which nothing is
    /// assigned to, so that no rule sees what the import alone changes; and a server without a plan goes on wherever the
    /// new certificate has SMTP, be it without its key.
    #[default]
    Letter,
    /// A server is judged against itself as it is today, and one without a plan goes on where the name does no harm.
    Harmless,
}

impl Default for RenewalFacts {
    fn default() -> Self {
        Self {
            new: CertificateFacts::default(),
            old: None,
            update_connectors: true,
            keep_old: false,
            default_smtp: None,
            caller: None,
            accept_status: Vec::new(),
            require_ssl: true,
            order: None,
            reading: Reading::Letter,
        }
    }
}

/// A server as it is judged: with all that belongs to the organisation, and with the new certificate where that is to be
/// imported.
#[derive(Clone, Debug)]
pub struct ViewOfServer {
    pub place: usize,
    pub facts: ServerFacts,
    /// Of each connector of the organisation, the place among the server's connectors.
    pub shared: Vec<Option<usize>>,
    /// Where the server's own connectors begin.
    pub own_from: usize,
    /// How many of the certificates are installed today.
    pub installed: usize,
    /// `None` where it is neither installed nor to be imported.
    pub new: Option<usize>,
    /// `None` where nothing is asked of this server.
    pub old: Option<usize>,
}

impl ViewOfServer {
    pub fn imports(&self) -> bool {
        self.new.is_some_and(|new| new >= self.installed)
    }

    /// As it is today.
    pub fn today(&self) -> ServerFacts {
        let mut facts = self.facts.clone();
        facts.certificates.truncate(self.installed);
        if let Some(auth) = &mut facts.auth_certificates {
            auth.current = auth.current.filter(|index| *index < self.installed);
            auth.next = auth.next.filter(|index| *index < self.installed);
        }
        if matches!(facts.default_smtp, DefaultSmtp::Installed(index) if index >= self.installed) {
            facts.default_smtp = DefaultSmtp::NotInstalledRequested;
        }
        facts
    }
}

impl OrganizationFacts {
    /// The others by name, the Edge Transport servers last by name.
    pub fn order(&self) -> Vec<usize> {
        self.request.order.clone().unwrap_or_else(|| {
            let mut order: Vec<usize> = (0..self.servers.len()).collect();
            order.sort_by_key(|place| (self.servers[*place].is_edge(), self.servers[*place].name.to_lowercase()));
            order
        })
    }

    /// Where a server stands that goes by this name, or by this full name.
    pub fn called(&self, name: &str) -> Option<usize> {
        let is_called = |server: &ServerFacts| {
            same_text(&server.name, name) || server.fqdn.as_ref().is_some_and(|fqdn| same_text(fqdn, name))
        };
        self.servers.iter().position(is_called)
    }

    pub fn view(&self, place: usize, order: &[usize]) -> ViewOfServer {
        let mut facts = self.servers[place].clone();
        let (mut connectors, mut shared) = (Vec::new(), Vec::new());
        for connector in &self.connectors {
            // What an Edge Transport server says of a connector is what holds there.
            let is_own =
                |own: &ConnectorFacts| own.kind == connector.kind && own.name.eq_ignore_ascii_case(&connector.name);
            let hidden = facts.is_edge() && facts.connectors.iter().any(is_own);
            shared.push((!hidden).then_some(connectors.len()));
            if !hidden {
                connectors.push(connector.clone());
            }
        }
        let own_from = connectors.len();
        connectors.append(&mut facts.connectors);
        for connector in &mut connectors {
            connector.servers.iter_mut().for_each(|name| *name = self.printed(name));
        }
        facts.connectors = connectors;
        facts.auth_certificates = self.auth_of(&facts);
        facts.not_read.extend(&self.not_read);

        let installed = facts.certificates.len();
        let new = &self.request.new;
        let mut at = facts.certificates.iter().position(|it| it.thumbprint == new.thumbprint);
        let old = order.contains(&place).then(|| self.old_of(&facts)).flatten();
        if at.is_none() && old.is_some() {
            at = Some(installed);
            facts.certificates.push(imported(new));
            if facts.default_smtp == DefaultSmtp::NotInstalledRequested {
                facts.default_smtp = DefaultSmtp::Installed(installed);
            }
        }
        // The one that is imported may be it.
        facts.auth_certificates = self.auth_of(&facts);
        ViewOfServer { place, facts, shared, own_from, installed, new: at, old }
    }

    fn auth_of(&self, server: &ServerFacts) -> Option<AuthFacts> {
        let place_of = |thumbprint: &Option<String>| {
            server.certificates.iter().position(|it| Some(&it.thumbprint) == thumbprint.as_ref())
        };
        self.auth.as_ref().map(|it| AuthFacts { current: place_of(&it.current), next: place_of(&it.next) })
    }

    /// As the fleet has it, where it knows the server.
    pub fn printed(&self, name: &str) -> String {
        self.called(name).map_or_else(|| name.to_owned(), |place| self.servers[place].name.clone())
    }

    fn old_of(&self, server: &ServerFacts) -> Option<usize> {
        let new = &self.request.new;
        if let Some(old) = &self.request.old {
            return server.certificates.iter().position(|it| it.thumbprint == *old);
        }
        let domains = new.domains();
        let is_renewed = |index: &usize| {
            let it = &server.certificates[*index];
            let own = it.domains();
            it.thumbprint != new.thumbprint
                && it.services.is_some_and(|services| services != 0)
                && !own.is_empty()
                && own.iter().all(|name| covered(&domains, name))
                && !server.names_as_auth(*index)
        };
        let mut renewed: Vec<usize> = (0..server.certificates.len()).filter(is_renewed).collect();
        // The first of those that compare equal is the one that was installed first.
        renewed.sort_by_key(|index| {
            let it = &server.certificates[*index];
            let same_domains = {
                let own = it.domains();
                own.len() == domains.len() && own.iter().all(|name| holds(&domains, name))
            };
            let services = it.services.unwrap_or(0).count_ones();
            (it.self_signed != new.self_signed, std::cmp::Reverse((services, same_domains, it.not_after)))
        });
        renewed.first().copied()
    }
}

/// It has its key, and nothing else is said of it.
fn imported(new: &CertificateFacts) -> CertificateFacts {
    CertificateFacts {
        has_private_key: true,
        friendly_name: None,
        status: None,
        key_storage: None,
        root_ca_type: None,
        services: Some(0),
        web_sites: Some(Vec::new()),
        ..new.clone()
    }
}
