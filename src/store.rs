//! Many certificates, found by thumbprint and by DNS name.

mod index;
mod iter;
mod load;
mod seed;

use std::collections::BTreeSet;
use std::fmt;

use smallvec::SmallVec;

use self::index::{Names, Thumbprints};
pub use self::iter::{StoreIntoIter, StoreIter};
pub use self::load::{LoadError, LoadErrors};
pub(crate) use self::seed::Seed;
use crate::certificate::{Certificate, domain_covers};
use crate::thumbprint::Thumbprint;

/// Certificates by thumbprint and by DNS name, in the order of their insertion.
///
/// It holds certificates themselves, or whatever has one. Finding costs the same however many there
/// are. Names compare without ASCII case, and a wildcard and the names that it covers find each other.
///
/// Nobody can slow it down by certificates with names made for that: each store hashes with a seed of
/// its own, which comes from the keys of the standard library's maps. That library asks the operating
/// system for random numbers, once in each thread; no file is opened and no clock is read.
///
/// ```
/// use exchange_certificates::{Certificate, Store};
///
/// let pem = std::fs::read_to_string("examples/data/wildcard.pem")?;
/// let store: Store = [Certificate::from_pem(&pem)?].into_iter().collect();
/// assert_eq!(store.covering("MAIL.contoso.com").count(), 1);
/// assert_eq!(store.named("mail.contoso.com").count(), 0);
/// for certificate in &store {
///     assert!(certificate.is_wildcard());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Store<T = Certificate> {
    /// What was taken out stays in its slot for a while, so that the others keep their places.
    slots: Vec<T>,
    gone: BTreeSet<u32>,
    thumbprints: Thumbprints,
    names: Names,
}

/// A certificate that is in the store already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate is in the store already")]
pub struct Duplicate<T>(
    /// What was not inserted.
    pub T,
);

impl<T: AsRef<Certificate>> Store<T> {
    /// A store with nothing in it.
    pub fn new() -> Self {
        Self { slots: Vec::new(), gone: BTreeSet::new(), thumbprints: Thumbprints::default(), names: Names::default() }
    }

    /// How many certificates there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.gone.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The certificate of this thumbprint.
    #[inline]
    pub fn get(&self, thumbprint: Thumbprint) -> Option<&T> {
        self.at(self.slot(thumbprint)?)
    }

    /// The certificates, in the order of their insertion.
    pub fn iter(&self) -> StoreIter<'_, T> {
        StoreIter::new(&self.slots, &self.gone)
    }

    /// The item with the certificate of this thumbprint, to change what stands beside its certificate.
    ///
    /// The certificate itself stays the same. To put another one in its place is a mistake, as it is with a key of the
    /// standard library's maps: nothing breaks, but the store may then find neither.
    pub fn get_mut(&mut self, thumbprint: Thumbprint) -> Option<&mut T> {
        self.at_mut(self.slot(thumbprint)?)
    }

    /// Whether the certificate of this thumbprint is there.
    pub fn contains(&self, thumbprint: Thumbprint) -> bool {
        self.slot(thumbprint).is_some()
    }

    /// Inserts a certificate.
    ///
    /// # Errors
    ///
    /// Gives it back if one of the same thumbprint is there; nothing is changed then.
    pub fn insert(&mut self, item: T) -> Result<(), Duplicate<T>> {
        let slot = u32::try_from(self.slots.len()).ok();
        let thumbprint = item.as_ref().thumbprint();
        match slot.filter(|slot| self.thumbprints.insert(thumbprint, *slot, &self.slots)) {
            None => Err(Duplicate(item)),
            Some(slot) => {
                self.slots.push(item);
                self.names.insert(slot, &self.slots);
                Ok(())
            }
        }
    }

    /// Takes a certificate out.
    pub fn remove(&mut self, thumbprint: Thumbprint) -> Option<T>
    where
        T: Clone,
    {
        let slot = self.thumbprints.remove(thumbprint, &self.slots)?;
        let item = self.at(slot).cloned();
        self.gone.insert(slot);
        if self.slots.len() > 32 && self.gone.len() > self.slots.len() / 2 {
            *self = self.iter().cloned().collect();
        }
        item
    }

    /// The certificates that hold this name, of which the first label may be a `*`; the newest first.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &T> {
        self.names.holding(name, &self.slots).filter_map(|slot| self.at(slot))
    }

    /// The certificates that cover this host: by the name itself, then by a wildcard for its first label.
    pub fn covering<'a>(&'a self, host: &str) -> impl Iterator<Item = &'a T> {
        let parent = host.split_once('.').filter(|(label, _)| !matches!(*label, "" | "*"));
        let wildcard =
            parent.map(|(_, parent)| SmallVec::<[u8; 64]>::from_iter(b"*.".iter().chain(parent.as_bytes()).copied()));
        let wildcard = wildcard.as_deref().and_then(|wildcard| str::from_utf8(wildcard).ok());
        let exact = self.names.holding(host, &self.slots);
        // One with both names stands among the exact ones. All are in descending order, being the newest first.
        let mut passed = exact.clone().peekable();
        let mut is_exact = move |slot: &u32| {
            while passed.next_if(|newer| newer > slot).is_some() {}
            passed.peek() == Some(slot)
        };
        let by_wildcard = wildcard.map(|wildcard| self.names.holding(wildcard, &self.slots));
        let by_wildcard = by_wildcard.into_iter().flatten().filter(move |slot| !is_exact(slot));
        exact.chain(by_wildcard).filter_map(|slot| self.at(slot))
    }

    /// The certificates with a name that this wildcard covers, itself apart; the newest first.
    pub fn covered_by<'a>(&'a self, wildcard: &'a str) -> impl Iterator<Item = &'a T> {
        let parent = wildcard.strip_prefix("*.");
        let children = parent.into_iter().flat_map(|parent| self.names.children(parent, &self.slots));
        children.filter_map(|slot| self.at(slot)).filter(move |item| {
            item.as_ref().domain_names().any(|name| !name.starts_with("*.") && domain_covers(wildcard, &name))
        })
    }

    #[inline]
    pub(crate) fn slot(&self, thumbprint: Thumbprint) -> Option<u32> {
        self.thumbprints.get(thumbprint, &self.slots)
    }

    #[inline]
    pub(crate) fn at(&self, slot: u32) -> Option<&T> {
        if !self.gone.is_empty() && self.gone.contains(&slot) {
            return None;
        }
        self.slots.get(usize::try_from(slot).ok()?)
    }

    /// What is in a slot, to change what stands beside its certificate.
    pub(crate) fn at_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(usize::try_from(slot).ok()?)
    }

    /// The filled slots with what is in them, in order.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (u32, &T)> + Clone {
        (0..).zip(&self.slots).filter(|(slot, _)| self.gone.is_empty() || !self.gone.contains(slot))
    }

    /// How many slots there are; fewer than before where what is in them has moved.
    pub(crate) fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// Makes room at once for so many more.
    fn reserve(&mut self, more: usize) {
        self.slots.reserve_exact(more);
        self.thumbprints.reserve(more, &self.slots);
        self.names.reserve(more, &self.slots);
    }

    /// Gives back the room that was made and not taken.
    fn shrink(&mut self) {
        self.slots.shrink_to_fit();
        self.names.shrink();
    }
}

impl<T: AsRef<Certificate>> Default for Store<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Equal if the same things stand in the same order.
impl<T: AsRef<Certificate> + PartialEq> PartialEq for Store<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: AsRef<Certificate> + Eq> Eq for Store<T> {}

impl<T: AsRef<Certificate> + fmt::Debug> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Of several of one thumbprint, the first stays.
impl<T: AsRef<Certificate>> Extend<T> for Store<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            let _ = self.insert(item);
        }
    }
}

impl<T: AsRef<Certificate>> FromIterator<T> for Store<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut store = Self::new();
        store.extend(items);
        store
    }
}
