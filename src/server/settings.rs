//! What a server is and how it is set.

use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Version;
use crate::json_object::JsonObject;
use crate::rfc3339;
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::word::words;

/// A role of an Exchange server.
///
/// ```
/// use exchange_certificates::Role;
///
/// assert_eq!("Edge".parse(), Ok(Role::EdgeTransport), "which is what Exchange prints");
/// assert_eq!(Role::EdgeTransport.to_string(), "EdgeTransport");
/// # Ok::<(), exchange_certificates::UnknownName>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Mailbox; from 2016 on with the Client Access services in it.
    Mailbox,
    /// Client Access, a role of its own in 2013 alone.
    ClientAccess,
    /// Edge Transport, alone on its server.
    EdgeTransport,
}

words! {
    Role, "role", like "Mailbox":
    Mailbox = "Mailbox", ClientAccess = "ClientAccess", EdgeTransport = "EdgeTransport";
    or ClientAccess = "Cafe", EdgeTransport = "Edge"
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

/// How a Unified Messaging service starts. Printed and serialized as `TCP`, `TLS` or `Dual`.
///
/// ```
/// use exchange_certificates::StartupMode;
///
/// assert_eq!("tls".parse(), Ok(StartupMode::Tls));
/// assert_eq!(StartupMode::default().to_string(), "TCP");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StartupMode {
    /// Without TLS: no certificate is used.
    #[default]
    Tcp,
    /// With TLS alone.
    Tls,
    /// With and without TLS.
    Dual,
}

words! { StartupMode, "startup mode", like "TLS": Tcp = "TCP", Tls = "TLS", Dual = "Dual" }

/// How the HTTP traffic of a server is balanced.
///
/// ```
/// use exchange_certificates::LoadBalancing;
///
/// assert_eq!("L7".parse(), Ok(LoadBalancing::Layer7));
/// assert_eq!(LoadBalancing::default(), LoadBalancing::None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

words! {
    LoadBalancing, "load balancing", like "Layer7":
    None = "None", Layer4 = "Layer4", Layer7 = "Layer7";
    or Layer4 = "L4", Layer7 = "L7"
}

/// The certificates of the organisation's authorization configuration (`Get-AuthConfig`).
///
/// ```
/// use exchange_certificates::{AuthCertificates, Thumbprint};
///
/// let current = Thumbprint::of(b"current");
/// let auth = AuthCertificates::new(Some(current), None);
/// assert!(auth.contains(current));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(from = "JsonObject<AuthCertificatesForm>")]
#[non_exhaustive]
pub struct AuthCertificates {
    /// The one in use.
    pub current: Option<Thumbprint>,
    /// The one that takes its place.
    pub next: Option<Thumbprint>,
    /// When it does, if that is known.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "rfc3339::serialize_some")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<rfc3339::Time>"))]
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
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "AuthCertificates"))]
#[serde(deny_unknown_fields)]
struct AuthCertificatesForm {
    current: Option<Thumbprint>,
    next: Option<Thumbprint>,
    #[serde(default, deserialize_with = "rfc3339::deserialize_some")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<rfc3339::Time>"))]
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

/// What [`roles`] reads.
#[cfg(feature = "schemars")]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is only described")]
pub(super) enum Roles {
    List(BTreeSet<Role>),
    /// Several names with commas, as Exchange prints them.
    Text(String),
}

/// Reads a list of roles, or the text in which Exchange prints several.
pub(super) fn roles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<Role>, D::Error> {
    struct Roles;

    impl<'de> Visitor<'de> for Roles {
        type Value = BTreeSet<Role>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of roles, like [\"Mailbox\"]")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<BTreeSet<Role>, E> {
            text.split(',').map(str::parse).collect::<Result<_, _>>().map_err(E::custom)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<BTreeSet<Role>, A::Error> {
            let mut roles = BTreeSet::new();
            while let Some(role) = list.next_element()? {
                roles.insert(role);
            }
            Ok(roles)
        }
    }

    deserializer.deserialize_any(Roles)
}
