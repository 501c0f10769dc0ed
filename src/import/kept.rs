//! What was read, as it is kept: serialized, and read back.

use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::{Origin, Place};
use super::exported::{ExportedCertificate, Facts};
use crate::certificate::Certificate;

/// As `file` and `place`; when the file was collected is not kept.
impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut origin = serializer.serialize_struct("Origin", 2)?;
        origin.serialize_field("file", &*self.file)?;
        origin.serialize_field("place", &self.place)?;
        origin.end()
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Form {
            file: String,
            place: Place,
        }

        let Form { file, place } = Form::deserialize(deserializer)?;
        Ok(Self { file: file.into(), place, collected: None })
    }
}

/// As `certificate` (base64 of the DER), `server`, `facts` and `origin`.
impl Serialize for ExportedCertificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut exported = serializer.serialize_struct("ExportedCertificate", 4)?;
        exported.serialize_field("certificate", self.certificate())?;
        exported.serialize_field("server", &self.server())?;
        exported.serialize_field("facts", self.facts())?;
        exported.serialize_field("origin", self.origin())?;
        exported.end()
    }
}

impl<'de> Deserialize<'de> for ExportedCertificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Form {
            certificate: Certificate,
            #[serde(default)]
            server: Option<String>,
            #[serde(default)]
            facts: Facts,
            origin: Origin,
        }

        let Form { certificate, server, facts, origin } = Form::deserialize(deserializer)?;
        Ok(Self::new(certificate, server.map(Arc::from), facts, origin))
    }
}
