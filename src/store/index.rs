//! Where a thumbprint or a name stands. Both indexes hold places of 32 bits and look at the
//! certificates themselves for what stands there.

use std::borrow::Cow;
use std::hash::Hasher;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::seed::Seed;
use crate::certificate::Certificate;
use crate::thumbprint::Thumbprint;

pub(super) fn certificate<T: AsRef<Certificate>>(slots: &[T], slot: u32) -> Option<&Certificate> {
    slots.get(usize::try_from(slot).ok()?).map(AsRef::as_ref)
}

/// Slots by thumbprint.
#[derive(Clone, Default)]
pub(super) struct Thumbprints {
    slots: HashTable<u32>,
    seed: Seed,
}

impl Thumbprints {
    /// A stranger can choose some bytes of a SHA-1, so that they are hashed once more, with the seed.
    fn hash(seed: &Seed, thumbprint: Thumbprint) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = *thumbprint.as_bytes();
        let mut hasher = seed.hasher();
        hasher.write_u64(u64::from_ne_bytes([a, b, c, d, e, f, g, h]));
        hasher.finish()
    }

    fn hash_slot<T: AsRef<Certificate>>(seed: &Seed, slots: &[T], slot: u32) -> u64 {
        certificate(slots, slot).map_or(0, |certificate| Self::hash(seed, certificate.thumbprint()))
    }

    fn is_at<T: AsRef<Certificate>>(slots: &[T], slot: u32, thumbprint: Thumbprint) -> bool {
        certificate(slots, slot).is_some_and(|certificate| certificate.thumbprint() == thumbprint)
    }

    #[inline]
    pub(super) fn get<T: AsRef<Certificate>>(&self, thumbprint: Thumbprint, slots: &[T]) -> Option<u32> {
        let hash = Self::hash(&self.seed, thumbprint);
        self.slots.find(hash, |slot| Self::is_at(slots, *slot, thumbprint)).copied()
    }

    /// Whether the thumbprint was not there.
    pub(super) fn insert<T: AsRef<Certificate>>(&mut self, thumbprint: Thumbprint, slot: u32, slots: &[T]) -> bool {
        let Self { slots: table, seed } = self;
        let entry = table.entry(
            Self::hash(seed, thumbprint),
            |slot| Self::is_at(slots, *slot, thumbprint),
            |slot| Self::hash_slot(seed, slots, *slot),
        );
        match entry {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(slot);
                true
            }
        }
    }

    pub(super) fn remove<T: AsRef<Certificate>>(&mut self, thumbprint: Thumbprint, slots: &[T]) -> Option<u32> {
        let hash = Self::hash(&self.seed, thumbprint);
        let entry = self.slots.find_entry(hash, |slot| Self::is_at(slots, *slot, thumbprint)).ok()?;
        Some(entry.remove().0)
    }

    pub(super) fn reserve<T: AsRef<Certificate>>(&mut self, more: usize, slots: &[T]) {
        let Self { slots: table, seed } = self;
        table.reserve(more, |slot| Self::hash_slot(seed, slots, *slot));
    }
}

/// One name of one certificate.
#[derive(Clone, Copy)]
struct Name {
    slot: u32,
    /// Where it stands in the DER.
    offset: u32,
    /// The one before it that is the same name, or [`END`].
    same: u32,
    /// The one before it under the same parent, or [`END`].
    sibling: u32,
}

const END: u32 = u32::MAX;

/// Names by themselves, and by their parents: what stands behind the first dot.
///
/// Those of one kind are chained, the newest first. A certificate is in a chain at most once.
#[derive(Clone, Default)]
pub(super) struct Names {
    names: Vec<Name>,
    newest: HashTable<u32>,
    newest_children: HashTable<u32>,
    seed: Seed,
}

/// What stands behind the first dot of a name.
pub(super) fn parent(name: &str) -> Option<&str> {
    let dot = name.bytes().position(|byte| byte == b'.')?;
    name.get(dot + 1..)
}

impl Names {
    /// Puts the names of the newest certificate, which stands in its slot already, in front of their chains.
    pub(super) fn insert<T: AsRef<Certificate>>(&mut self, slot: u32, slots: &[T]) {
        let Some(certificate) = certificate(slots, slot) else { return };
        for (offset, text) in certificate.domain_offsets() {
            let Some(number) = u32::try_from(self.names.len()).ok().filter(|number| *number != END) else { return };
            let Self { names, newest, newest_children, seed } = self;
            let chained = |table: &mut HashTable<u32>, part: Part, key: &str| {
                let entry = table.entry(
                    hash(seed, key),
                    |number| part.is(names, slots, *number, key),
                    |number| part.hash(seed, names, slots, *number),
                );
                match entry {
                    Entry::Occupied(entry) if name(names, *entry.get()).is_some_and(|name| name.slot == slot) => None,
                    Entry::Occupied(mut entry) => Some(std::mem::replace(entry.get_mut(), number)),
                    Entry::Vacant(entry) => {
                        entry.insert(number);
                        Some(END)
                    }
                }
            };
            let same = chained(newest, Part::FullName, &text);
            let sibling = parent(&text).and_then(|parent| chained(newest_children, Part::Parent, parent));
            if same.is_some() || sibling.is_some() {
                let (same, sibling) = (same.unwrap_or(END), sibling.unwrap_or(END));
                self.names.push(Name { slot, offset, same, sibling });
            }
        }
    }

    /// Makes room for so many more names: growing hashes all of them again, and they stand all over the memory. How many
    /// parents they have is left open: it may be one.
    pub(super) fn reserve<T: AsRef<Certificate>>(&mut self, more: usize, slots: &[T]) {
        let Self { names, newest, seed, .. } = self;
        newest.reserve(more, |number| Part::FullName.hash(seed, names, slots, *number));
    }

    /// Gives back the room that no name stands in.
    pub(super) fn shrink(&mut self) {
        self.names.shrink_to_fit();
    }

    /// The slots of the certificates that hold a name, the newest first.
    pub(super) fn holding<'a, T: AsRef<Certificate>>(
        &'a self,
        key: &str,
        slots: &[T],
    ) -> impl Iterator<Item = u32> + Clone + use<'a, T> {
        self.chain(&self.newest, Part::FullName, key, slots, |name| name.same)
    }

    /// The slots of the certificates with a name of one label more than this, the newest first.
    pub(super) fn children<'a, T: AsRef<Certificate>>(
        &'a self,
        key: &str,
        slots: &[T],
    ) -> impl Iterator<Item = u32> + use<'a, T> {
        self.chain(&self.newest_children, Part::Parent, key, slots, |name| name.sibling)
    }

    fn chain<'a, T: AsRef<Certificate>, N: Fn(&Name) -> u32 + Clone>(
        &'a self,
        table: &HashTable<u32>,
        part: Part,
        key: &str,
        slots: &[T],
        next: N,
    ) -> impl Iterator<Item = u32> + Clone + use<'a, T, N> {
        let is_key = |number: &u32| part.is(&self.names, slots, *number, key);
        let newest = table.find(hash(&self.seed, key), is_key).and_then(|number| name(&self.names, *number));
        std::iter::successors(newest, move |found| name(&self.names, next(found))).map(|name| name.slot)
    }
}

/// What a chain has in common.
#[derive(Clone, Copy)]
enum Part {
    FullName,
    Parent,
}

impl Part {
    fn hash<T: AsRef<Certificate>>(self, seed: &Seed, names: &[Name], slots: &[T], number: u32) -> u64 {
        self.of(names, slots, number).map_or(0, |text| hash(seed, &text))
    }

    /// Whether that of a name is this, without ASCII case.
    fn is<T: AsRef<Certificate>>(self, names: &[Name], slots: &[T], number: u32, key: &str) -> bool {
        let bytes = || {
            let name = name(names, number).filter(|_| key.is_ascii())?;
            certificate(slots, name.slot)?.domain_bytes_at(name.offset)
        };
        match (self, bytes()) {
            (Self::FullName, Some(name)) => name.eq_ignore_ascii_case(key.as_bytes()),
            _ => self.of(names, slots, number).is_some_and(|text| text.eq_ignore_ascii_case(key)),
        }
    }

    fn of<'a, T: AsRef<Certificate>>(self, names: &[Name], slots: &'a [T], number: u32) -> Option<Cow<'a, str>> {
        let name = name(names, number)?;
        let text = certificate(slots, name.slot)?.domain_at(name.offset)?;
        match (self, text) {
            (Self::FullName, text) => Some(text),
            (Self::Parent, Cow::Borrowed(text)) => parent(text).map(Cow::Borrowed),
            (Self::Parent, Cow::Owned(text)) => parent(&text).map(|parent| Cow::Owned(parent.to_owned())),
        }
    }
}

fn name(names: &[Name], number: u32) -> Option<&Name> {
    names.get(usize::try_from(number).ok()?)
}

/// The hash of a name without ASCII case.
fn hash(seed: &Seed, name: &str) -> u64 {
    let mut hasher = seed.hasher();
    let (chunks, rest) = name.as_bytes().as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(byte, left)| *byte = *left);
    for chunk in chunks.iter().chain([&last]) {
        hasher.write_u64(lower_case(u64::from_ne_bytes(*chunk)));
    }
    hasher.write_usize(name.len());
    hasher.finish()
}

/// Eight bytes in ASCII lower case, all at once.
const fn lower_case(bytes: u64) -> u64 {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    // Without the highest bit of each byte nothing is carried into the next one.
    let low = bytes & each(0x7F);
    let is_at_least_a = low + each(0x80 - b'A');
    let is_behind_z = low + each(0x80 - (b'Z' + 1));
    let is_upper_case = is_at_least_a & !is_behind_z & !bytes & each(0x80);
    bytes | is_upper_case >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_at_once_are_lower_case_like_one() {
        for byte in 0..=u8::MAX {
            for others in [0, b'A', b'z', 0x7F, 0xFF] {
                let bytes = [others, byte, others, others, byte, others, others, byte];
                let expected = u64::from_ne_bytes(bytes.map(|byte| byte.to_ascii_lowercase()));
                assert_eq!(lower_case(u64::from_ne_bytes(bytes)), expected, "{bytes:?}");
            }
        }
    }
}
