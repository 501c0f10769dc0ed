//! What moves by itself (§3), and what a plan changes (ENDPOINTS §6).

use super::facts::*;
use super::rules::Assignment;
use super::sites::{self, Binding, Bound, Sites};

#[derive(Clone, Debug)]
pub struct State {
    pub installed: Vec<bool>,
    /// As Exchange prints them.
    pub services: Vec<Option<u8>>,
    /// Its services were not exported: what it was given since is not all that it may have.
    pub open: Vec<bool>,
    pub web_sites: Vec<Option<Vec<u32>>>,
    pub default_smtp: DefaultSmtp,
    pub imap_name: Fact<String>,
    pub pop_name: Fact<String>,
    /// As they count for every rule.
    pub sites: Vec<Sites>,
    pub bindings: Option<Vec<Bound>>,
    /// What each connector names.
    pub connector_names: Vec<Fact<CertificateName>>,
}

/// A server as it is, or as a plan leaves it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub now: i64,
    pub server: &'a ServerFacts,
    pub state: &'a State,
    /// As the server was when it was exported.
    pub before: &'a State,
}

impl State {
    pub fn of(server: &ServerFacts) -> Self {
        let certificates = &server.certificates;
        let bindings = sites::bound(server);
        let (web_sites, counted) = match &bindings {
            Some(bindings) => (
                (0..certificates.len()).map(|index| Some(sites::sites_of(bindings, index))).collect(),
                sites::counted_by_bindings(bindings, certificates.len()),
            ),
            None => (certificates.iter().map(|it| it.web_sites.clone()).collect(), sites::counted(server)),
        };
        Self {
            installed: vec![true; certificates.len()],
            services: certificates.iter().map(|it| it.services).collect(),
            open: certificates.iter().map(|it| it.services.is_none()).collect(),
            web_sites,
            default_smtp: server.default_smtp,
            imap_name: server.imap_certificate_name.clone(),
            pop_name: server.pop_certificate_name.clone(),
            sites: counted,
            bindings,
            connector_names: server.connectors.iter().map(|it| it.tls_certificate_name.clone()).collect(),
        }
    }

    /// The server once every service in question is assigned (never Federation).
    pub fn after(a: &Assignment<'_>) -> Self {
        let mut state = a.before.clone();
        if a.moves_default {
            state.default_smtp = a.this.map_or(DefaultSmtp::NotInstalledRequested, DefaultSmtp::Installed);
        }
        let (Some(this), Some(certificate)) = (a.this, a.certificate) else {
            return state;
        };
        let added = a.added() & !FEDERATION;
        if added != 0 {
            // §5: services that are not known count as none, so that these are all there are.
            state.services[this] = Some(a.prints | added);
        }
        if added & IIS != 0 {
            state.move_default_web_site(this);
        }
        // ENDPOINTS §4.3: of a wildcard certificate nothing is set.
        if let Some(first) = a.domains.first().filter(|_| !certificate.is_wildcard()) {
            for service in [IMAP, POP] {
                if added & service != 0 {
                    state.move_name(a.server, this, service, first);
                }
            }
        }
        state
    }

    /// Once the certificate is gone too.
    pub fn without(mut self, gone: Option<usize>) -> Self {
        if let Some(gone) = gone {
            self.installed[gone] = false;
        }
        self
    }

    /// Once these connectors name this certificate.
    pub fn naming(mut self, connectors: &[usize], this: Option<&CertificateFacts>) -> Self {
        if let Some(this) = this {
            for index in connectors {
                self.connector_names[*index] = Fact::Value(CertificateName::of(this));
            }
        }
        self
    }

    pub fn has(&self, index: usize, service: u8) -> bool {
        self.services[index].unwrap_or(0) & service != 0
    }

    /// Whether it has the service or not is known.
    pub fn knows(&self, index: usize, service: u8) -> bool {
        !self.open[index] || self.has(index, service)
    }

    pub fn may_have(&self, index: usize, service: u8) -> bool {
        self.open[index] || self.has(index, service)
    }

    /// §5: IIS by the Exchange Back End alone does not count as assigned.
    pub fn counts(&self, index: usize, service: u8) -> bool {
        self.has(index, service) && (service != IIS || self.sites[index].default_web_site != Some(false))
    }

    pub fn installed(&self) -> impl Iterator<Item = usize> + '_ {
        self.installed.iter().enumerate().filter(|(_, installed)| **installed).map(|(index, _)| index)
    }

    /// A binding of the Default Web Site for this very host name.
    pub fn has_binding_of(&self, name: &str) -> bool {
        self.bindings.as_ref().is_some_and(|bindings| {
            bindings.iter().any(|it| it.site == DEFAULT_WEB_SITE && it.binding.host.eq_ignore_ascii_case(name))
        })
    }

    pub fn move_default_web_site(&mut self, this: usize) {
        if let Some(bindings) = &mut self.bindings {
            move_bindings(bindings, this);
            self.sites = sites::counted_by_bindings(bindings, self.services.len());
            for (index, sites) in self.web_sites.iter_mut().enumerate() {
                *sites = Some(sites::sites_of(bindings, index));
            }
        } else {
            for (index, sites) in self.sites.iter_mut().enumerate() {
                sites.default_web_site = Some(index == this);
            }
            for (index, sites) in self.web_sites.iter_mut().enumerate() {
                let Some(sites) = sites else {
                    continue;
                };
                sites.retain(|site| *site != DEFAULT_WEB_SITE);
                if index == this {
                    sites.push(DEFAULT_WEB_SITE);
                    sites.sort_unstable();
                }
            }
        }
        for (index, sites) in self.web_sites.iter().enumerate() {
            if index != this && sites.as_ref().is_some_and(Vec::is_empty) {
                self.services[index] = self.services[index].map(|it| it & !IIS);
            }
        }
    }

    fn move_name(&mut self, server: &ServerFacts, this: usize, service: u8, name: &str) {
        for (index, certificate) in server.others(Some(this)) {
            if self.has(index, service) && !holds(&certificate.domains(), name) {
                self.services[index] = self.services[index].map(|it| it & !service);
            }
        }
        let shown = if service == IMAP { &mut self.imap_name } else { &mut self.pop_name };
        *shown = Fact::Value(name.to_owned());
    }
}

fn move_bindings(bindings: &mut Vec<Bound>, this: usize) {
    let mut any = false;
    for it in bindings.iter_mut().filter(|it| it.site == DEFAULT_WEB_SITE) {
        any = true;
        if it.binding.follows_exchange() {
            it.certificates = vec![Some(this)];
        } else if !it.certificates.contains(&Some(this)) {
            // Whether it stays or moves nobody says.
            it.certificates.push(Some(this));
        }
    }
    if !any {
        bindings.push(Bound {
            site: DEFAULT_WEB_SITE,
            binding: Binding::every_address("443"),
            certificates: vec![Some(this)],
        });
    }
}
