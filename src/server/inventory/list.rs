//! The installed certificates as a scenario file writes them: a list.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Inventory;
use crate::server::Installed;

impl Serialize for Inventory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Inventory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Certificates;

        impl<'de> Visitor<'de> for Certificates {
            type Value = Inventory;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of installed certificates")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Inventory, A::Error> {
                let mut inventory = Inventory::default();
                while list.next_element_seed(Next(&mut inventory))?.is_some() {}
                Ok(inventory)
            }
        }

        deserializer.deserialize_seq(Certificates)
    }
}

/// Reads one certificate into the inventory, so that an error stands at its place in the list.
struct Next<'a>(&'a mut Inventory);

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.insert(Installed::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
