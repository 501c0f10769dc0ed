//! A secret seed for each hash table, so that attackers cannot predict collisions.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

/// Strangers choose the names of their certificates, and with patience some bytes of a thumbprint. By a hash that they
/// could work out they would put all of them into one place of a table.
#[derive(Clone)]
pub(crate) struct Seed {
    start: u64,
    multipliers: SharedSeed,
}

impl Default for Seed {
    /// Drawn as the standard library draws the keys of each of its own maps. `foldhash` would draw it from addresses
    /// and the clock instead.
    fn default() -> Self {
        let drawn = || RandomState::new().build_hasher().finish();
        Self { start: drawn(), multipliers: SharedSeed::from_u64(drawn()) }
    }
}

impl Seed {
    #[inline]
    pub(crate) fn hasher(&self) -> FoldHasher<'_> {
        FoldHasher::with_seed(self.start, &self.multipliers)
    }
}

/// A secret that is printed is none.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::Hasher;

    use super::*;

    fn hash(seed: &Seed, number: u64) -> u64 {
        let mut hasher = seed.hasher();
        hasher.write_u64(number);
        hasher.finish()
    }

    #[test]
    fn what_meets_under_one_seed_is_far_apart_under_another() {
        let (one, other) = (Seed::default(), Seed::default());
        // As a stranger would who knew the first seed: all of these fall into the same of 1024 places.
        let place = |seed: &Seed, number| hash(seed, number) % 1024;
        let chosen: Vec<_> = (0..2_000_000_u64).filter(|number| place(&one, *number) == 0).take(1024).collect();
        assert_eq!(chosen.len(), 1024);
        let places: HashSet<_> = chosen.iter().map(|number| place(&other, *number)).collect();
        // About 647 of them by chance.
        assert!(places.len() > 500, "{}", places.len());
    }

    #[test]
    fn a_clone_finds_what_was_put_in_before() {
        let seed = Seed::default();
        assert_eq!(hash(&seed, 7), hash(&seed.clone(), 7));
        assert_eq!(format!("{seed:?}"), "Seed");
    }
}
