//! What a server is and how it is set.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize};

use crate::json_object::JsonObject;
use crate::rfc3339;
use crate::service::Service;
use crate::thumbprint::Thumbprint;

/// A version of Exchange Server. Serialized as `2013`, `2016`, `2019` or `SE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Version {
    /// Exchange Server 2013 (15.0).
    #[serde(rename = "2013")]
    Exchange2013,
    /// Exchange Server 2016 (15.1).
    #[serde(rename = "2016")]
    Exchange2016,
    /// Exchange Server 2019 (15.2).
    #[serde(rename = "2019")]
    Exchange2019,
    /// Exchange Server Subscription Edition (15.2 from build 2562).
    #[serde(rename = "SE")]
    SubscriptionEdition,
}

impl Version {
    /// Whether it has Unified Messaging, which is gone from 2019 on.
    pub fn has_unified_messaging(self) -> bool {
        self < Self::Exchange2019
    }

    pub(super) fn services(self) -> Service {
        let unified_messaging = Service::UM | Service::UM_CALL_ROUTER;
        if self.has_unified_messaging() { Service::all() } else { Service::all() - unified_messaging }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exchange2013 => "Exchange 2013",
            Self::Exchange2016 => "Exchange 2016",
            Self::Exchange2019 => "Exchange 2019",
            Self::SubscriptionEdition => "Exchange Subscription Edition",
        })
    }
}

/// A role of an Exchange server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Role {
    /// Mailbox; from 2016 on with the Client Access services in it.
    Mailbox,
    /// Client Access, a role of its own in 2013 alone.
    ClientAccess,
    /// Edge Transport, alone on its server.
    EdgeTransport,
}

impl Role {
    pub(super) fn hosts(self, version: Version) -> Service {
        let clients = Service::IMAP | Service::POP | Service::IIS | Service::SMTP;
        match self {
            Self::Mailbox if version == Version::Exchange2013 => clients | Service::UM | Service::FEDERATION,
            Self::Mailbox => Service::all(),
            Self::ClientAccess => clients | Service::UM_CALL_ROUTER,
            Self::EdgeTransport => Service::SMTP,
        }
    }
}

/// How a Unified Messaging service starts. Serialized as `TCP`, `TLS` or `Dual`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StartupMode {
    /// Without TLS: no certificate is used.
    #[default]
    #[serde(rename = "TCP")]
    Tcp,
    /// With TLS alone.
    #[serde(rename = "TLS")]
    Tls,
    /// With and without TLS.
    Dual,
}

/// How the HTTP traffic of a server is balanced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LoadBalancing {
    /// Not at all.
    #[default]
    None,
    /// By connections: the balancer does not look inside TLS.
    Layer4,
    /// By requests: the balancer ends TLS with a certificate of its own.
    Layer7,
}

/// The certificates of the organisation's authorization configuration (`Get-AuthConfig`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "JsonObject<AuthCertificatesForm>")]
#[non_exhaustive]
pub struct AuthCertificates {
    /// The one in use.
    pub current: Option<Thumbprint>,
    /// The one that takes its place.
    pub next: Option<Thumbprint>,
    /// When it does, if that is known.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "rfc3339::serialize_some")]
    pub next_effective: Option<SystemTime>,
}

impl AuthCertificates {
    /// The certificate in use and the one that takes its place.
    pub fn new(current: Option<Thumbprint>, next: Option<Thumbprint>) -> Self {
        Self { current, next, next_effective: None }
    }

    /// Sets when the next one takes its place.
    #[must_use]
    pub fn with_next_effective(mut self, effective: SystemTime) -> Self {
        self.next_effective = Some(effective);
        self
    }

    /// Whether it is one of the two.
    pub fn contains(self, thumbprint: Thumbprint) -> bool {
        [self.current, self.next].contains(&Some(thumbprint))
    }
}

/// The `auth_certificates` of a scenario file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthCertificatesForm {
    current: Option<Thumbprint>,
    next: Option<Thumbprint>,
    #[serde(default, deserialize_with = "rfc3339::deserialize_some")]
    next_effective: Option<SystemTime>,
}

impl From<JsonObject<AuthCertificatesForm>> for AuthCertificates {
    fn from(JsonObject(form): JsonObject<AuthCertificatesForm>) -> Self {
        Self { current: form.current, next: form.next, next_effective: form.next_effective }
    }
}

/// The name of a site, which is the last part of its path in Active Directory.
pub(crate) fn site_name(site: &str) -> &str {
    site.rsplit('/').next().unwrap_or(site)
}

/// A setting that was left out, or is null, is its default.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
