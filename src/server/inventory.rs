//! The installed certificates of a server, found by what the rules ask for: whatever a decision looks
//! up is kept, never searched.

mod list;
mod printed_names;

use std::collections::{BTreeSet, HashMap};

use self::printed_names::PrintedNames;
use super::{DEFAULT_WEB_SITE, EXCHANGE_BACK_END, Installed, ServerError, TlsCertificateName, WebBinding};
use crate::service::Service;
use crate::store::{Duplicate, Store};
use crate::thumbprint::Thumbprint;

#[derive(Clone, Debug, Default)]
pub(crate) struct Inventory {
    store: Store<Installed>,
    /// The slots of the certificates that have a service, in the order of the services' bits.
    holders: [BTreeSet<u32>; 8],
    /// The slots of the certificates whose sites are known.
    bound: BTreeSet<u32>,
    /// The slots of the certificates of the Default Web Site and of the Exchange Back End.
    at_sites: [BTreeSet<u32>; 2],
    /// The slots of the certificates with IIS whose sites are not known.
    unbound: BTreeSet<u32>,
    /// The slots of the certificates of which it is not known what they are assigned to.
    unread: BTreeSet<u32>,
    /// Made once a connector names a certificate, since it costs the printing of every name.
    printed_names: Option<PrintedNames>,
}

impl Inventory {
    pub(crate) fn insert(&mut self, installed: Installed) -> Result<(), ServerError> {
        let thumbprint = installed.thumbprint();
        self.store.insert(installed).map_err(|Duplicate(_)| ServerError::AlreadyInstalled { thumbprint })?;
        if let Some(slot) = self.store.slot(thumbprint) {
            self.enter(slot);
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, thumbprint: Thumbprint) -> Option<Installed> {
        let slots = self.store.slot_count();
        let slot = self.store.slot(thumbprint)?;
        self.leave(slot);
        let removed = self.store.remove(thumbprint);
        if self.store.slot_count() < slots {
            self.reindex();
        }
        removed
    }

    /// Changes what stands beside a certificate, if it is there.
    pub(crate) fn update(&mut self, thumbprint: Thumbprint, change: impl FnOnce(Installed) -> Installed) -> bool {
        let Some(slot) = self.store.slot(thumbprint) else { return false };
        let changed = self.store.at(slot).cloned().map(change).filter(|changed| changed.thumbprint() == thumbprint);
        let Some(changed) = changed else { return false };
        self.leave(slot);
        if let Some(installed) = self.store.at_mut(slot) {
            *installed = changed;
        }
        self.enter(slot);
        true
    }

    pub(crate) fn get(&self, thumbprint: Thumbprint) -> Option<&Installed> {
        self.store.get(thumbprint)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Installed> {
        self.store.iter()
    }

    /// The certificates that are known to be assigned to one service.
    pub(crate) fn holders(&self, service: Service) -> impl Iterator<Item = &Installed> {
        self.at(self.holders.get(service_index(service)).into_iter().flatten())
    }

    /// The certificates that a connector with this name would find.
    pub(crate) fn named<'a>(&'a self, name: &TlsCertificateName) -> impl Iterator<Item = &'a Installed> {
        let slots = self.printed_names.iter().flat_map(|names| names.slots(name));
        slots.filter_map(|slot| self.store.at(slot)).filter(|installed| name.matches(installed.certificate()))
    }

    /// The certificates that hold this name.
    pub(crate) fn holding(&self, name: &str) -> impl Iterator<Item = &Installed> {
        self.store.named(name)
    }

    /// The certificates that cover this host.
    pub(crate) fn covering<'a>(&'a self, host: &str) -> impl Iterator<Item = &'a Installed> {
        self.store.covering(host)
    }

    /// Prepares for being asked what a connector would find.
    pub(crate) fn prepare_names(&mut self) {
        if self.printed_names.is_none() {
            let mut names = PrintedNames::default();
            self.store.filled().for_each(|(slot, installed)| names.insert(slot, installed.certificate()));
            self.printed_names = Some(names);
        }
    }

    /// How many certificates there are of which it is not known what they are assigned to.
    pub(crate) fn unknown_services(&self) -> usize {
        self.unread.len()
    }

    /// The certificates of which it is not known what they are assigned to.
    pub(crate) fn with_unknown_services(&self) -> impl Iterator<Item = &Installed> {
        self.at(self.unread.iter())
    }

    /// The certificates that are known to be bound to a site.
    pub(crate) fn at_site(&self, site: u32) -> impl Iterator<Item = &Installed> {
        self.at(site_index(site).and_then(|index| self.at_sites.get(index)).into_iter().flatten())
    }

    /// The certificates with IIS whose sites are not known.
    pub(crate) fn with_iis_at_unknown_sites(&self) -> impl Iterator<Item = &Installed> {
        self.at(self.unbound.iter())
    }

    /// Lets the sites of every certificate be those of these bindings.
    pub(crate) fn bind(&mut self, bindings: &[WebBinding]) {
        let mut sites: HashMap<Thumbprint, BTreeSet<u32>> = HashMap::new();
        for binding in bindings {
            for thumbprint in binding.thumbprint().iter().chain(binding.perhaps()) {
                sites.entry(*thumbprint).or_default().insert(binding.site());
            }
        }
        let slots: Vec<_> = self.store.filled().map(|(slot, installed)| (slot, installed.thumbprint())).collect();
        for (slot, thumbprint) in slots {
            self.set_sites(slot, Some(sites.get(&thumbprint).cloned().unwrap_or_default()));
        }
    }

    /// Assigns a service to an installed certificate, if it is there.
    pub(crate) fn add(&mut self, thumbprint: Thumbprint, service: Service) {
        let Some(installed) = self.get(thumbprint) else { return };
        let (services, sites) = (installed.known_services() | service, installed.web_sites().cloned());
        self.change(thumbprint, services, sites);
    }

    fn set_sites(&mut self, slot: u32, sites: Option<BTreeSet<u32>>) {
        let Some(installed) = self.store.at_mut(slot).filter(|installed| installed.web_sites != sites) else { return };
        installed.web_sites = sites;
        self.enter_sites(slot);
    }

    /// Notes where the certificate in a slot is bound.
    fn enter_sites(&mut self, slot: u32) {
        let Some(installed) = self.store.at(slot) else { return };
        put(&mut self.bound, slot, installed.web_sites.is_some());
        let is_unbound = installed.web_sites.is_none() && installed.has(Service::IIS);
        put(&mut self.unbound, slot, is_unbound);
        for (site, slots) in [DEFAULT_WEB_SITE, EXCHANGE_BACK_END].into_iter().zip(&mut self.at_sites) {
            put(slots, slot, installed.web_sites.as_ref().is_some_and(|sites| sites.contains(&site)));
        }
    }

    /// The certificates whose services or sites may change when one gains these services: itself, and
    /// those that hold one that moves by itself.
    pub(crate) fn affected_by(&self, thumbprint: Thumbprint, gained: Service) -> impl Iterator<Item = &Installed> {
        let moving = gained & (Service::IMAP | Service::POP | Service::IIS);
        let bound = gained.contains(Service::IIS).then_some(&self.bound).into_iter().flatten();
        let moved = moving.each().flat_map(|service| self.holders.get(service_index(service))).flatten();
        let slots: BTreeSet<_> = bound.chain(moved).copied().chain(self.store.slot(thumbprint)).collect();
        slots.into_iter().filter_map(|slot| self.store.at(slot))
    }

    /// Sets what a certificate is assigned and bound to.
    pub(crate) fn change(&mut self, thumbprint: Thumbprint, services: Service, web_sites: Option<BTreeSet<u32>>) {
        let Some(slot) = self.store.slot(thumbprint) else { return };
        let Some(installed) = self.store.at_mut(slot) else { return };
        let before = std::mem::replace(&mut installed.known_services, services);
        installed.web_sites = web_sites;
        self.enter_sites(slot);
        for gained in (services - before).each() {
            self.holders.get_mut(service_index(gained)).map(|holders| holders.insert(slot));
        }
        for lost in (before - services).each() {
            self.holders.get_mut(service_index(lost)).map(|holders| holders.remove(&slot));
        }
    }

    fn at<'a>(&'a self, slots: impl Iterator<Item = &'a u32>) -> impl Iterator<Item = &'a Installed> {
        slots.filter_map(|slot| self.store.at(*slot))
    }

    /// Notes what stands in a slot.
    fn enter(&mut self, slot: u32) {
        let Some(installed) = self.store.at(slot) else { return };
        for service in installed.known_services().each() {
            self.holders.get_mut(service_index(service)).map(|holders| holders.insert(slot));
        }
        put(&mut self.unread, slot, installed.services().is_none());
        if let Some(names) = &mut self.printed_names {
            names.insert(slot, installed.certificate());
        }
        self.enter_sites(slot);
    }

    /// Forgets what stands in a slot.
    fn leave(&mut self, slot: u32) {
        let Some(installed) = self.store.at(slot) else { return };
        self.holders.iter_mut().for_each(|holders| {
            holders.remove(&slot);
        });
        let [default, back_end] = &mut self.at_sites;
        for slots in [&mut self.bound, &mut self.unbound, &mut self.unread, default, back_end] {
            slots.remove(&slot);
        }
        if let Some(names) = &mut self.printed_names {
            names.remove(slot, installed.certificate());
        }
    }

    fn reindex(&mut self) {
        let has_names = self.printed_names.is_some();
        let store = std::mem::take(&mut self.store);
        *self = Self { store, ..Self::default() };
        let slots: Vec<_> = self.store.filled().map(|(slot, _)| slot).collect();
        slots.into_iter().for_each(|slot| self.enter(slot));
        if has_names {
            self.prepare_names();
        }
    }
}

/// Equal if the same certificates stand in the same order with the same beside them.
impl PartialEq for Inventory {
    fn eq(&self, other: &Self) -> bool {
        self.store == other.store
    }
}

impl Eq for Inventory {}

fn put(slots: &mut BTreeSet<u32>, slot: u32, is_there: bool) {
    if is_there {
        slots.insert(slot);
    } else {
        slots.remove(&slot);
    }
}

fn site_index(site: u32) -> Option<usize> {
    [DEFAULT_WEB_SITE, EXCHANGE_BACK_END].iter().position(|known| *known == site)
}

fn service_index(service: Service) -> usize {
    service.bits().trailing_zeros() as usize
}
