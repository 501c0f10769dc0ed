//! A policy as a scenario file writes it.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::{LEAST_BITS, LEAST_DAYS, OwnAuditRule, OwnRule, Policy, PolicyError, Weight};
use crate::json_object::JsonObject;

/// What a policy says, as far as it can be written: own rules stand by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Policy"))]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_soon_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_rsa_bits: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schemars",
        schemars(with = "Option<std::collections::BTreeMap<String, Weight>>", extend("propertyNames" = { "enum": ids() }))
    )]
    raise: Option<Raised>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(extend("items" = { "enum": ids() })))]
    silence: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    own_rules: Option<Vec<String>>,
}

/// The rules that a policy may name; whether a rule can be raised or silenced is for the policy to say.
#[cfg(feature = "schemars")]
fn ids() -> Vec<&'static str> {
    let audited = super::AUDITED.iter().map(|(id, _)| *id);
    crate::rules::RULES.iter().map(|rule| rule.id()).chain(audited).collect()
}

/// In one order, so that two are equal that say the same.
impl From<Policy> for PolicyForm {
    fn from(policy: Policy) -> Self {
        let some = |mut names: Vec<String>| {
            names.sort();
            Some(names).filter(|names| !names.is_empty())
        };
        let mut raised: Vec<_> = policy.raised.iter().map(|(id, to)| ((*id).to_owned(), *to)).collect();
        raised.sort_by(|(one, _), (another, _)| one.cmp(another));
        let own = policy.own.iter().map(OwnRule::id).chain(policy.own_audited.iter().map(OwnAuditRule::id));
        let thresholds = policy.thresholds;
        Self {
            expires_soon_days: Some(thresholds.expires_soon_days).filter(|days| *days != LEAST_DAYS),
            minimum_rsa_bits: Some(thresholds.minimum_rsa_bits).filter(|bits| *bits != LEAST_BITS),
            raise: Some(Raised(raised)).filter(|raised| !raised.0.is_empty()),
            silence: some(policy.silenced.iter().map(|id| (*id).to_owned()).collect()),
            own_rules: some(own.map(str::to_owned).collect()),
        }
    }
}

impl PolicyForm {
    /// The ids of the own rules.
    pub(crate) fn own_rules(&self) -> &[String] {
        self.own_rules.as_deref().unwrap_or_default()
    }
}

impl TryFrom<JsonObject<PolicyForm>> for Policy {
    type Error = PolicyError;

    fn try_from(JsonObject(form): JsonObject<PolicyForm>) -> Result<Self, PolicyError> {
        if let Some(ids) = form.own_rules.filter(|ids| !ids.is_empty()) {
            return Err(PolicyError::OwnRules { ids });
        }
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
#[derive(Clone, Debug, PartialEq, Eq)]
struct Raised(Vec<(String, Weight)>);

impl Serialize for Raised {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(id, weight)| (id, weight)))
    }
}

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
