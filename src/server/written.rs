//! A server as a scenario file writes it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AuthCertificates, Connector, Facts, Inventory, NotRead, Server};
use crate::fact::Fact;
use crate::json_object::JsonObject;
use crate::thumbprint::Thumbprint;

impl Serialize for Server {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written(self.not_read().collect()).serialize(serializer)
    }
}

/// A server of several, beside which stands what of their organisation was not read.
pub(crate) struct OneOfSeveral<'a>(pub(crate) &'a Server);

impl Serialize for OneOfSeveral<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.written(self.0.own_not_read().iter().collect()).serialize(serializer)
    }
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    facts: &'a Facts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_read: Vec<&'a NotRead>,
    auth_certificates: Option<AuthCertificates>,
    federation_certificate: Fact<Thumbprint>,
    connectors: Vec<&'a Connector>,
    certificates: &'a Inventory,
}

impl Server {
    fn written<'a>(&'a self, not_read: Vec<&'a NotRead>) -> Written<'a> {
        Written {
            facts: &self.facts,
            not_read,
            auth_certificates: self.auth_certificates(),
            federation_certificate: self.federation_certificate(),
            connectors: self.connectors().collect(),
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
