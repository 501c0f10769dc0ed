//! What is made of certificates whose web sites were not exported.

use super::{DEFAULT_WEB_SITE, EXCHANGE_BACK_END, Installed, Server};
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

/// What is made of certificates with IIS whose web sites were not exported: what setup and HealthChecker's own command
/// leave. Worked out on the server as it was read, and kept whatever changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sites {
    /// Those that look like the certificate of the Exchange Back End.
    back_end: Vec<Thumbprint>,
    /// The only other one, which then is the Default Web Site's.
    only_other: Option<Thumbprint>,
    /// The one that IIS was assigned to since, so that it is the Default Web Site's, with whether it was known not to
    /// be at another site.
    assigned: Option<(Thumbprint, bool)>,
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
        let only_other = match others.as_slice() {
            [only] if !back_end.is_empty() && server.inventory().at_site(DEFAULT_WEB_SITE).next().is_none() => {
                Some(only.thumbprint())
            }
            _ => None,
        };
        Self { back_end, only_other, assigned: None }
    }

    /// The same once IIS is assigned to a certificate.
    pub(crate) fn assigned_to(mut self, installed: &Installed) -> Self {
        // What is known need not be kept.
        if installed.web_sites().is_some() && self == Self::default() {
            return self;
        }
        let is_nowhere_else = installed.services().is_some() && !self.is_back_end(installed.thumbprint());
        self.assigned = Some((installed.thumbprint(), is_nowhere_else));
        self
    }

    /// Whether a certificate with IIS counts as bound to a site; `None` if that is not known.
    pub(crate) fn holds(&self, installed: &Installed, site: u32) -> Option<bool> {
        if let Some(sites) = installed.web_sites() {
            return Some(sites.contains(&site));
        }
        let thumbprint = installed.thumbprint();
        let is_back_end = self.is_back_end(thumbprint);
        let is_only_other = self.only_other == Some(thumbprint);
        match (site, self.assigned) {
            (DEFAULT_WEB_SITE, Some((assigned, _))) => Some(thumbprint == assigned),
            (EXCHANGE_BACK_END, Some((assigned, true))) if thumbprint == assigned => Some(false),
            (DEFAULT_WEB_SITE, None) if is_back_end || is_only_other => Some(is_only_other),
            (EXCHANGE_BACK_END, _) if is_back_end || is_only_other => Some(is_back_end),
            (DEFAULT_WEB_SITE | EXCHANGE_BACK_END, _) => None,
            _ => (is_back_end || is_only_other).then_some(false),
        }
    }

    /// Those of these services of a certificate that count as assigned: IIS by the Exchange Back End alone does not.
    pub(crate) fn counted_services(&self, installed: &Installed, services: Service) -> Service {
        let is_elsewhere = || self.holds(installed, DEFAULT_WEB_SITE) == Some(false);
        if services.contains(Service::IIS) && is_elsewhere() { services - Service::IIS } else { services }
    }

    /// Whether a certificate counts as the Exchange Back End's, as setup makes it.
    pub(crate) fn is_back_end(&self, thumbprint: Thumbprint) -> bool {
        self.back_end.contains(&thumbprint)
    }

    /// Whether IIS was assigned to a certificate since the server was read.
    pub(crate) fn is_assigned(&self, thumbprint: Thumbprint) -> bool {
        self.assigned.is_some_and(|(assigned, _)| assigned == thumbprint)
    }

    /// Those whose sites are worked out, each once.
    pub(crate) fn counted(&self) -> impl Iterator<Item = Thumbprint> {
        let assigned = self.assigned.map(|(assigned, _)| assigned);
        let others = self.back_end.iter().copied().chain(self.only_other);
        others.filter(move |other| Some(*other) != assigned).chain(assigned)
    }
}
