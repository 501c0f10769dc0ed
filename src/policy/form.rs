//! A policy as a scenario file writes it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{Policy, PolicyError, Weight};
use crate::json_object::JsonObject;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyForm {
    expires_soon_days: Option<u32>,
    minimum_rsa_bits: Option<u32>,
    raise: Option<Raised>,
    silence: Option<Vec<String>>,
}

impl TryFrom<JsonObject<PolicyForm>> for Policy {
    type Error = PolicyError;

    fn try_from(JsonObject(form): JsonObject<PolicyForm>) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        if let Some(days) = form.expires_soon_days {
            policy = policy.with_expires_soon_days(days)?;
        }
        if let Some(bits) = form.minimum_rsa_bits {
            policy = policy.with_minimum_rsa_bits(bits)?;
        }
        let raised = form.raise.map(|raised| raised.0).unwrap_or_default();
        let policy = raised.into_iter().try_fold(policy, |policy, (id, weight)| policy.raise(&id, weight))?;
        form.silence.unwrap_or_default().iter().try_fold(policy, |policy, id| policy.silence(id))
    }
}

/// Rules and what they are raised to, where a map would drop a rule that is named twice.
struct Raised(Vec<(String, Weight)>);

impl<'de> Deserialize<'de> for Raised {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Raised;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "rules with the kind or severity that each is raised to, like {\"self-signed\": \"refuse\"}",
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raised, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Raised(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}
