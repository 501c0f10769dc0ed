//! Where certificates stand by issuer and subject, as connectors name them.

use std::convert::Infallible;

use hashbrown::HashTable;
use smallvec::SmallVec;

use crate::certificate::{Certificate, Name};
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
        let hash = self.hash_of(certificate);
        self.slots.insert_unique(hash, (hash, slot), |(hash, _)| *hash);
    }

    pub(super) fn remove(&mut self, slot: u32, certificate: &Certificate) {
        let hash = self.hash_of(certificate);
        if let Ok(entry) = self.slots.find_entry(hash, |(_, known)| *known == slot) {
            entry.remove();
        }
    }

    /// The slots that may hold a certificate of this name, in the order of their insertion.
    pub(super) fn slots(&self, name: &TlsCertificateName) -> impl Iterator<Item = u32> {
        let hash = self.hash(|write| [name.issuer(), BETWEEN, name.subject()].into_iter().for_each(write));
        let mut slots: SmallVec<[_; 4]> = self.slots.iter_hash(hash).map(|(_, slot)| *slot).collect();
        slots.sort_unstable();
        slots.into_iter()
    }

    fn hash_of(&self, certificate: &Certificate) -> u64 {
        self.hash(|write| {
            print(certificate.issuer(), write);
            write(BETWEEN);
            print(certificate.subject(), write);
        })
    }

    fn hash(&self, print: impl FnOnce(&mut dyn FnMut(&str))) -> u64 {
        let mut printed = HashPrinted::new(self.seed.hasher());
        print(&mut |piece| printed.write(piece));
        printed.finish()
    }
}

/// What stands in no name.
const BETWEEN: &str = "\0";

fn print(name: Name<'_>, write: &mut dyn FnMut(&str)) {
    let Ok(()) = name.print(&mut |piece| {
        write(piece);
        Ok::<_, Infallible>(())
    });
}
