//! The installed certificates of a server, found by what the rules ask for.

use std::collections::BTreeSet;

use super::{Installed, ServerError, TlsCertificateName};
use crate::service::Service;
use crate::thumbprint::Thumbprint;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Inventory {
    installed: Vec<Installed>,
}

impl Inventory {
    pub(crate) fn insert(&mut self, installed: Installed) -> Result<(), ServerError> {
        let thumbprint = installed.thumbprint();
        if self.get(thumbprint).is_some() {
            return Err(ServerError::AlreadyInstalled { thumbprint });
        }
        self.installed.push(installed);
        Ok(())
    }

    pub(crate) fn remove(&mut self, thumbprint: Thumbprint) -> Option<Installed> {
        let place = self.installed.iter().position(|installed| installed.thumbprint() == thumbprint)?;
        Some(self.installed.remove(place))
    }

    pub(crate) fn get(&self, thumbprint: Thumbprint) -> Option<&Installed> {
        self.installed.iter().find(|installed| installed.thumbprint() == thumbprint)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Installed> {
        self.installed.iter()
    }

    /// The certificates that are known to be assigned to a service.
    pub(crate) fn holders(&self, service: Service) -> impl Iterator<Item = &Installed> {
        self.installed.iter().filter(move |installed| installed.has(service))
    }

    /// The certificates that a connector with this name would find.
    pub(crate) fn named<'a>(&'a self, name: &'a TlsCertificateName) -> impl Iterator<Item = &'a Installed> {
        self.installed.iter().filter(|installed| name.matches(installed.certificate()))
    }

    /// How many certificates there are of which it is not known what they are assigned to.
    pub(crate) fn unknown_services(&self) -> usize {
        self.installed.iter().filter(|installed| installed.services().is_none()).count()
    }

    /// The certificates whose services or sites may change when one gains these services: itself, and
    /// those that hold one that moves by itself.
    pub(crate) fn affected_by(&self, thumbprint: Thumbprint, gained: Service) -> impl Iterator<Item = &Installed> {
        let moving = gained & (Service::IMAP | Service::POP | Service::IIS);
        self.installed.iter().filter(move |installed| {
            installed.thumbprint() == thumbprint
                || installed.known_services().intersects(moving)
                || moving.contains(Service::IIS) && installed.web_sites().is_some()
        })
    }

    /// Sets what a certificate is assigned and bound to.
    pub(crate) fn change(&mut self, thumbprint: Thumbprint, services: Service, web_sites: Option<BTreeSet<u32>>) {
        if let Some(installed) = self.installed.iter_mut().find(|installed| installed.thumbprint() == thumbprint) {
            installed.known_services = services;
            installed.web_sites = web_sites;
        }
    }
}
