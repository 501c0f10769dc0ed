//! Where certificates stand by issuer and subject, as connectors name them.

use std::fmt::{self, Write};

use hashbrown::HashTable;

use crate::certificate::Certificate;
use crate::server::TlsCertificateName;
use crate::store::Seed;
use crate::text::HashPrinted;

/// Slots by the hash of issuer and subject without case. Two names may share a hash, so that whoever
/// asks has to compare.
#[derive(Clone, Debug, Default)]
pub(super) struct PrintedNames {
    slots: HashTable<(u64, u32)>,
    seed: Seed,
}

impl PrintedNames {
    pub(super) fn insert(&mut self, slot: u32, certificate: &Certificate) {
        let hash = self.hash(certificate.issuer(), certificate.subject());
        self.slots.insert_unique(hash, (hash, slot), |(hash, _)| *hash);
    }

    pub(super) fn remove(&mut self, slot: u32, certificate: &Certificate) {
        let hash = self.hash(certificate.issuer(), certificate.subject());
        if let Ok(entry) = self.slots.find_entry(hash, |(_, known)| *known == slot) {
            entry.remove();
        }
    }

    /// The slots that may hold a certificate of this name, in the order of their insertion.
    pub(super) fn slots(&self, name: &TlsCertificateName) -> impl Iterator<Item = u32> {
        let hash = self.hash(name.issuer(), name.subject());
        let mut slots: Vec<_> = self.slots.iter_hash(hash).map(|(_, slot)| *slot).collect();
        slots.sort_unstable();
        slots.into_iter()
    }

    fn hash(&self, issuer: impl fmt::Display, subject: impl fmt::Display) -> u64 {
        let mut printed = HashPrinted::new(self.seed.hasher());
        // Hashing never fails.
        let _ = write!(printed, "{issuer}\0{subject}");
        printed.finish()
    }
}
