//! A server as it is, or as a change leaves it.

use std::borrow::Cow;

use super::selection::Chosen;
use super::{Presented, PresentedCertificate, Reason};
use crate::change::Change;
use crate::fact::Fact;
use crate::server::{Connector, Installed, Server, Sites, TlsCertificateName};
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// A server at a point in time, seen through a change if there is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) server: &'a Server,
    pub(crate) now: Timestamp,
    pub(crate) sites: &'a Sites,
    pub(super) change: Option<&'a Change>,
    /// A certificate that is looked away from.
    without: Option<Thumbprint>,
}

impl<'a> View<'a> {
    pub(crate) fn of(server: &'a Server, now: Timestamp, sites: &'a Sites) -> Self {
        Self { server, now, sites, change: None, without: None }
    }

    /// The same after a change.
    pub(super) fn after(self, change: &'a Change) -> Self {
        Self { change: Some(change), ..self }
    }

    /// The same, looking away from a certificate.
    pub(crate) fn without(self, thumbprint: Option<Thumbprint>) -> Self {
        Self { without: thumbprint, ..self }
    }

    /// Whether there is a certificate that is looked away from.
    pub(crate) fn looks_away(&self) -> bool {
        self.without.is_some()
    }

    /// Whether a certificate is still there.
    pub(super) fn is_there(&self, thumbprint: Thumbprint) -> bool {
        self.change.and_then(Change::removed) != Some(thumbprint) && self.without != Some(thumbprint)
    }

    pub(super) fn installed(&self, thumbprint: Thumbprint) -> Option<&'a Installed> {
        self.server.installed(thumbprint).filter(|_| self.is_there(thumbprint))
    }

    /// Those of these that are still there and that transport and the front ends look at.
    pub(super) fn presentable<I>(&self, found: I) -> impl Iterator<Item = &'a Installed>
    where
        I: IntoIterator<Item = &'a Installed>,
    {
        let is_there = |known: &&Installed| known.may_be_presented() && self.is_there(known.thumbprint());
        found.into_iter().filter(is_there)
    }

    /// The certificate that IIS is assigned to by the change.
    pub(super) fn gains_iis(&self) -> Option<&'a Installed> {
        let change = self.change.filter(|change| change.gained().contains(Service::IIS))?;
        self.installed(change.thumbprint())
    }

    /// The certificates that are known to be assigned to a service.
    pub(super) fn holders(&self, service: Service) -> Vec<&'a Installed> {
        let mut holders: Vec<_> = self
            .server
            .inventory()
            .holders(service)
            .filter(|holder| self.is_there(holder.thumbprint()) && self.services(holder).contains(service))
            .collect();
        if let Some(change) = self.change.filter(|change| change.gained().contains(service))
            && !holders.iter().any(|holder| holder.thumbprint() == change.thumbprint())
        {
            holders.extend(self.installed(change.thumbprint()));
        }
        holders
    }

    pub(super) fn services(&self, installed: &Installed) -> Service {
        self.change.map_or_else(|| installed.known_services(), |change| change.services(self.server, installed))
    }

    /// Whether a certificate has a service, or may have it.
    pub(super) fn may_have(&self, installed: &Installed, service: Service) -> bool {
        installed.services().is_none() || self.services(installed).contains(service)
    }

    /// Whether SMTP is known to be assigned to a certificate or not.
    pub(super) fn are_services_known(&self, installed: &Installed) -> bool {
        installed.services().is_some() || self.services(installed).contains(Service::SMTP)
    }

    pub(super) fn default_smtp(&self) -> Fact<Thumbprint> {
        self.change.map_or_else(|| self.server.default_smtp(), |change| change.default_smtp(self.server))
    }

    pub(super) fn certificate_name(&self, service: Service) -> Fact<Cow<'a, str>> {
        match self.change.and_then(|change| change.new_certificate_name(self.server, service)) {
            Some(name) => Fact::Value(name),
            None => self.server.certificate_name(service).map(Cow::Borrowed),
        }
    }

    pub(super) fn tls_certificate_name(&self, connector: &'a Connector) -> Fact<&'a TlsCertificateName> {
        match self.change.and_then(|change| change.name_of(connector)) {
            Some(name) => Fact::Value(name),
            None => connector.tls_certificate_name(),
        }
    }

    /// What the server itself said that it presents for a host, if that still holds.
    pub(super) fn own_answer(&self, host: &str) -> Option<Chosen<'a>> {
        let selection = self.server.selection(host)?;
        if self.change.is_some_and(|change| change.outdates_selection(self.server, host)) {
            return None;
        }
        if selection.is_empty() {
            return Some(Chosen::Nothing);
        }
        for installed in selection.iter().filter_map(|thumbprint| self.installed(*thumbprint)) {
            if !self.are_services_known(installed) {
                return Some(Chosen::ServicesUnknown);
            }
            if self.services(installed).contains(Service::SMTP) {
                return Some(Chosen::One(installed, Reason::OwnAnswer));
            }
        }
        None
    }

    pub(super) fn present(&self, installed: &Installed) -> PresentedCertificate {
        PresentedCertificate::new(installed, self.now)
    }

    /// What transport chose, as an endpoint presents it.
    pub(super) fn presented(
        &self,
        chosen: Option<&Chosen<'_>>,
        present: impl Fn(&Installed) -> PresentedCertificate,
    ) -> Presented {
        match chosen {
            None | Some(Chosen::Nothing) => Presented::Nothing,
            Some(Chosen::One(installed, reason)) => Presented::Certificate(present(installed), *reason),
            Some(Chosen::OneOf(several, reason)) => {
                Presented::OneOf(several.iter().map(|installed| Some(present(installed))).collect(), *reason)
            }
            Some(Chosen::ServicesUnknown) => Presented::Unknown(super::MissingFact::Services),
        }
    }
}
