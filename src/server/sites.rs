//! What is made of certificates whose web sites were not exported.

use super::{DEFAULT_WEB_SITE, EXCHANGE_BACK_END, Installed, Server};
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

/// What is made of certificates with IIS whose web sites were not exported: what setup and HealthChecker's own command
/// leave. Worked out on the server as it is, and kept whatever changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sites {
    /// Those that look like the certificate of the Exchange Back End.
    back_end: Vec<Thumbprint>,
    /// The only other one, which then is the Default Web Site's.
    default: Option<Thumbprint>,
}

impl Sites {
    pub(crate) fn of(server: &Server) -> Self {
        let unbound: Vec<_> = server.inventory().with_iis_at_unknown_sites().collect();
        if unbound.is_empty() {
            return Self::default();
        }
        let looks_like_back_end = |installed: &&Installed| {
            installed.certificate().is_self_signed()
                && (installed.friendly_name() == Some("Microsoft Exchange")
                    || installed.first_domain().is_some_and(|domain| text::same(domain, server.name())))
        };
        let (alike, others): (Vec<_>, Vec<_>) = unbound.into_iter().partition(looks_like_back_end);
        let is_alike = |holder: &Installed| alike.iter().any(|known| known.thumbprint() == holder.thumbprint());
        // One of them alone may be the Default Web Site's as well.
        if !server.inventory().holders(Service::IIS).any(|holder| !is_alike(holder)) {
            return Self::default();
        }
        let back_end: Vec<_> = alike.iter().map(|installed| installed.thumbprint()).collect();
        let default = match others.as_slice() {
            [only] if !back_end.is_empty() && server.inventory().at_site(DEFAULT_WEB_SITE).next().is_none() => {
                Some(only.thumbprint())
            }
            _ => None,
        };
        Self { back_end, default }
    }

    /// Whether a certificate with IIS counts as bound to a site; `None` if that is not known.
    pub(crate) fn holds(&self, installed: &Installed, site: u32) -> Option<bool> {
        match installed.web_sites() {
            Some(sites) => Some(sites.contains(&site)),
            None if self.default == Some(installed.thumbprint()) => Some(site == DEFAULT_WEB_SITE),
            None if self.back_end.contains(&installed.thumbprint()) => Some(site == EXCHANGE_BACK_END),
            None => None,
        }
    }

    /// Whether a certificate counts as the Exchange Back End's, as setup makes it.
    pub(crate) fn is_back_end(&self, thumbprint: Thumbprint) -> bool {
        self.back_end.contains(&thumbprint)
    }

    pub(crate) fn counted(&self) -> impl Iterator<Item = Thumbprint> {
        self.back_end.iter().copied().chain(self.default)
    }
}
