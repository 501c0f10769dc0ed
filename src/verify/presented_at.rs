//! What was really presented at a port, when somebody looked.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::thumbprint::Thumbprint;

/// What a look at a port of a server saw.
///
/// ```
/// use exchange_certificates::{PresentedAt, Thumbprint};
///
/// let seen = PresentedAt::seen("MBX01", "mbx01.contoso.com", 993, Thumbprint::of(b"")).with_endpoint("imap");
/// assert_eq!(seen.thumbprint, Some(Thumbprint::of(b"")));
/// let silent = PresentedAt::not_seen("MBX01", "mbx01.contoso.com", 995, "no answer").with_endpoint("pop");
/// assert_eq!(silent.thumbprint, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PresentedAt {
    /// The server, by the name that Exchange gives it.
    pub server: String,
    /// The id of the endpoint; `None` if it is any Receive connector that listens at the port.
    pub endpoint: Option<String>,
    /// Where it connected to.
    pub address: String,
    /// The port.
    pub port: u16,
    /// The host name that it asked for.
    pub name: String,
    /// The certificate that was presented; `None` if none was seen.
    pub thumbprint: Option<Thumbprint>,
    /// Why none was seen.
    pub message: String,
}

impl PresentedAt {
    /// A certificate that was seen at a port, asked for by the address.
    pub fn seen(server: impl Into<String>, address: impl Into<String>, port: u16, thumbprint: Thumbprint) -> Self {
        Self { thumbprint: Some(thumbprint), ..Self::not_seen(server, address, port, "") }
    }

    /// A port at which no certificate was seen, and why.
    pub fn not_seen(
        server: impl Into<String>,
        address: impl Into<String>,
        port: u16,
        message: impl Into<String>,
    ) -> Self {
        let address = address.into();
        let (server, message, name) = (server.into(), message.into(), address.clone());
        Self { server, endpoint: None, address, port, name, thumbprint: None, message }
    }

    /// Says which endpoint it is, by its id.
    #[must_use]
    pub fn with_endpoint(self, endpoint: impl Into<String>) -> Self {
        Self { endpoint: Some(endpoint.into()), ..self }
    }

    /// Says by which host name it was asked for.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// `seen` or `not-seen`.
    pub fn state(&self) -> &'static str {
        if self.thumbprint.is_some() { "seen" } else { "not-seen" }
    }
}

impl<'de> Deserialize<'de> for PresentedAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// As it is written; `state` says again whether there is a thumbprint.
        #[derive(Deserialize)]
        struct Form {
            server: String,
            #[serde(default)]
            endpoint: Option<String>,
            address: String,
            port: u16,
            name: String,
            #[serde(default)]
            thumbprint: Option<Thumbprint>,
            #[serde(default)]
            message: String,
        }

        let Form { server, endpoint, address, port, name, thumbprint, message } = Form::deserialize(deserializer)?;
        Ok(Self { server, endpoint, address, port, name, thumbprint, message })
    }
}

impl Serialize for PresentedAt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seen = serializer.serialize_struct("PresentedAt", 8)?;
        seen.serialize_field("server", &self.server)?;
        seen.serialize_field("endpoint", &self.endpoint)?;
        seen.serialize_field("address", &self.address)?;
        seen.serialize_field("port", &self.port)?;
        seen.serialize_field("name", &self.name)?;
        seen.serialize_field("state", self.state())?;
        seen.serialize_field("thumbprint", &self.thumbprint)?;
        seen.serialize_field("message", &self.message)?;
        seen.end()
    }
}
