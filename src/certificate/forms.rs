//! What a certificate is read from and given as.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Certificate, CertificateError, pem};
use crate::base64;

/// Reads a certificate from its DER, as [`Certificate::from_der`] does.
impl TryFrom<&[u8]> for Certificate {
    type Error = CertificateError;

    fn try_from(der: &[u8]) -> Result<Self, CertificateError> {
        Self::from_der(der)
    }
}

/// Reads a certificate from its DER, as [`Certificate::from_der`] does.
impl TryFrom<Vec<u8>> for Certificate {
    type Error = CertificateError;

    fn try_from(der: Vec<u8>) -> Result<Self, CertificateError> {
        Self::from_der(der)
    }
}

/// The DER.
impl AsRef<[u8]> for Certificate {
    fn as_ref(&self) -> &[u8] {
        &self.der
    }
}

impl AsRef<Certificate> for Certificate {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Reads PEM with exactly one certificate in it, or the bare base64 of its DER.
impl FromStr for Certificate {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        if pem::is_pem(text) { Self::from_pem(text) } else { Self::from_der(pem::bare(text)?) }
    }
}

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64::encode(&self.der))
    }
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
