//! What moves by itself (§3).

use super::facts::*;
use super::rules::Assignment;

#[derive(Clone, Debug)]
pub struct State {
    pub services: Vec<Option<u8>>,
    pub web_sites: Vec<Option<Vec<u32>>>,
    pub default_smtp: DefaultSmtp,
    pub imap_name: Option<String>,
    pub pop_name: Option<String>,
}

impl State {
    pub fn of(server: &ServerFacts) -> Self {
        let certificates = &server.certificates;
        Self {
            services: certificates.iter().map(|it| it.services).collect(),
            web_sites: certificates.iter().map(|it| it.web_sites.clone()).collect(),
            default_smtp: server.default_smtp,
            imap_name: server.imap_certificate_name.clone(),
            pop_name: server.pop_certificate_name.clone(),
        }
    }

    /// The server once every service in question is assigned (never Federation).
    pub fn after(a: &Assignment<'_>) -> Self {
        let mut state = Self::of(a.server);
        if a.moves_default {
            state.default_smtp = a.this.map_or(DefaultSmtp::NotInstalledRequested, DefaultSmtp::Installed);
        }
        let Some(this) = a.this else {
            return state;
        };
        let added = a.added() & !FEDERATION;
        if added != 0 {
            // §5: services that are not known count as none, so that these are all there are.
            state.services[this] = Some(a.has | added);
        }
        if added & IIS != 0 {
            state.move_default_web_site(this);
        }
        if let Some(first) = a.domains.first() {
            for service in [IMAP, POP] {
                if added & service != 0 {
                    state.move_name(a.server, this, service, first);
                }
            }
        }
        state
    }

    pub fn has(&self, index: usize, service: u8) -> bool {
        self.services[index].unwrap_or(0) & service != 0
    }

    fn move_default_web_site(&mut self, this: usize) {
        for (index, sites) in self.web_sites.iter_mut().enumerate() {
            let Some(sites) = sites else {
                continue;
            };
            if index == this {
                if !sites.contains(&DEFAULT_WEB_SITE) {
                    sites.push(DEFAULT_WEB_SITE);
                    sites.sort_unstable();
                }
                continue;
            }
            sites.retain(|site| *site != DEFAULT_WEB_SITE);
            if sites.is_empty() {
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
        *shown = Some(name.to_owned());
    }
}
