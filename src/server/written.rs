//! A server as a scenario file writes it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AuthCertificates, Connector, Facts, Inventory, NotRead, Organization, Server};
use crate::fact::Fact;
use crate::json_object::JsonObject;
use crate::thumbprint::Thumbprint;

impl Serialize for Server {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written(self.not_read().collect(), true).serialize(serializer)
    }
}

/// A server of several, beside which stands what of their organisation was not read.
pub(crate) struct OneOfSeveral<'a> {
    pub(crate) server: &'a Server,
    /// Whether what else belongs to the organisation stands here, and not at another server or beside all of them.
    pub(crate) has_shared: bool,
}

impl Serialize for OneOfSeveral<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.server.written(self.server.own_not_read().iter().collect(), self.has_shared).serialize(serializer)
    }
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    facts: &'a Facts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_read: Vec<&'a NotRead>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_certificates: Option<Option<AuthCertificates>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    federation_certificate: Option<Fact<Thumbprint>>,
    connectors: Vec<&'a Connector>,
    certificates: &'a Inventory,
}

impl Server {
    fn written<'a>(&'a self, not_read: Vec<&'a NotRead>, has_shared: bool) -> Written<'a> {
        let is_written = |connector: &&Connector| has_shared || !Organization::owns(connector) || self.owns(connector);
        Written {
            facts: &self.facts,
            not_read,
            auth_certificates: has_shared.then(|| self.auth_certificates()),
            federation_certificate: has_shared.then(|| self.federation_certificate()),
            connectors: self.connectors().filter(is_written).collect(),
            certificates: &self.facts.inventory,
        }
    }
}

impl<'de> Deserialize<'de> for Server {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let JsonObject(facts) = JsonObject::<Facts>::deserialize(deserializer)?;
        Self::of(facts).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schemars")]
crate::json_object::like! { Server: Facts; }
