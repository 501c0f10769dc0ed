//! A server as a scenario file writes it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AuthCertificates, Connector, Facts, Inventory, Server};
use crate::fact::Fact;
use crate::json_object::JsonObject;
use crate::thumbprint::Thumbprint;

impl Serialize for Server {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            #[serde(flatten)]
            facts: &'a Facts,
            auth_certificates: Option<AuthCertificates>,
            federation_certificate: Fact<Thumbprint>,
            connectors: Vec<&'a Connector>,
            certificates: &'a Inventory,
        }

        let written = Written {
            facts: &self.facts,
            auth_certificates: self.auth_certificates(),
            federation_certificate: self.federation_certificate(),
            connectors: self.connectors().collect(),
            certificates: &self.facts.inventory,
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Server {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let JsonObject(facts) = JsonObject::<Facts>::deserialize(deserializer)?;
        Self::of(facts).map_err(serde::de::Error::custom)
    }
}
