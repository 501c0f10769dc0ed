//! Connectors and the hybrid configuration.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{TlsCertificateName, TlsCertificateNameError};
use crate::certificate::Certificate;
use crate::fact::Fact;
use crate::json_object::JsonObject;
use crate::text::{self, Caseless, Text, TextError};
use crate::word::words;

/// What kind of object names the certificate.
///
/// ```
/// use exchange_certificates::ConnectorKind;
///
/// assert_eq!("SendConnector".parse(), Ok(ConnectorKind::Send));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConnectorKind {
    /// A Send connector.
    Send,
    /// A Receive connector.
    Receive,
    /// The hybrid configuration of the organisation.
    Hybrid,
}

words! {
    ConnectorKind, "kind of connector", like "Send":
    Send = "Send", Receive = "Receive", Hybrid = "Hybrid";
    or Send = "SendConnector", Receive = "ReceiveConnector", Hybrid = "HybridConfiguration"
}

/// The transport service that a Receive connector belongs to.
///
/// ```
/// use exchange_certificates::TransportRole;
///
/// assert_eq!("hubtransport".parse(), Ok(TransportRole::HubTransport));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TransportRole {
    /// Front End Transport, to which the world connects.
    FrontendTransport,
    /// Transport, behind it.
    HubTransport,
}

words! {
    TransportRole, "transport role", like "FrontendTransport":
    FrontendTransport = "FrontendTransport", HubTransport = "HubTransport"
}

/// A connector, or the hybrid configuration, that may name a certificate. Its copies share what they hold.
///
/// ```
/// use exchange_certificates::{Connector, ConnectorKind, Fact};
///
/// let connector = Connector::new(ConnectorKind::Receive, "Client Frontend MBX01")?
///     .with_fqdn(Fact::Value("mail.contoso.com"))?
///     .with_servers(["MBX01"])?;
/// assert_eq!(connector.fqdn().value(), Some("mail.contoso.com"));
/// assert_eq!(connector.require_tls(), None, "it is not known");
/// # Ok::<(), exchange_certificates::TextError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector(Arc<Settings>);

/// The settings of a connector, as a scenario file writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Connector"))]
#[serde(deny_unknown_fields)]
struct Settings {
    kind: ConnectorKind,
    name: Text,
    /// Left out, there is none: older files have no other way to say so.
    #[serde(default = "none", with = "certificate_name")]
    #[cfg_attr(feature = "schemars", schemars(with = "Fact<TlsCertificateName>"))]
    tls_certificate_name: Fact<TlsCertificateName>,
    #[serde(default)]
    fqdn: Fact<Text>,
    /// The source servers of a Send connector, the server of a Receive connector.
    #[serde(default, deserialize_with = "texts")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<Vec<Text>>"))]
    servers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text::deserialize_all")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<Vec<Text>>"))]
    auth_mechanism: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transport_role: Option<TransportRole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ignore_starttls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    require_tls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_secure_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_services_mail_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text::deserialize_all")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<Vec<Text>>"))]
    tls_domain_capabilities: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text::deserialize_all")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<Vec<Text>>"))]
    smart_hosts: Option<Vec<String>>,
    /// Where a Receive connector listens.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text::deserialize_all")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<Vec<Text>>"))]
    bindings: Option<Vec<String>>,
}

impl Connector {
    /// A connector that names no certificate, of which nothing else is known.
    ///
    /// # Errors
    ///
    /// A [`TextError`] if the name is empty or holds a control character.
    pub fn new(kind: ConnectorKind, name: impl Into<String>) -> Result<Self, TextError> {
        Ok(Self(Arc::new(Settings {
            kind,
            name: Text::new(name)?,
            tls_certificate_name: Fact::None,
            fqdn: Fact::NotKnown,
            servers: Vec::new(),
            enabled: None,
            auth_mechanism: None,
            transport_role: None,
            ignore_starttls: None,
            require_tls: None,
            domain_secure_enabled: None,
            cloud_services_mail_enabled: None,
            tls_domain_capabilities: None,
            smart_hosts: None,
            bindings: None,
        })))
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.0));
        self
    }

    /// Sets its `TlsCertificateName`.
    ///
    /// # Errors
    ///
    /// A [`TlsCertificateNameError`] if it cannot be read back: the names [of a certificate](TlsCertificateName::of)
    /// may hold control characters, and its issuer may be empty.
    pub fn with_tls_certificate_name(
        self,
        name: impl Into<Fact<TlsCertificateName>>,
    ) -> Result<Self, TlsCertificateNameError> {
        let name = name.into().try_map(|name| name.to_string().parse())?;
        Ok(self.with(|settings| settings.tls_certificate_name = name))
    }

    /// Sets the FQDN that it presents; none means the server's own.
    ///
    /// # Errors
    ///
    /// A [`TextError`] if it is empty or holds a control character, or is `none` or `unknown`, which scenario files
    /// have in place of it.
    pub fn with_fqdn<T: Into<String>>(self, fqdn: Fact<T>) -> Result<Self, TextError> {
        let fqdn = fqdn.checked()?;
        Ok(self.with(|settings| settings.fqdn = fqdn))
    }

    /// Sets the servers on which its transport service runs.
    ///
    /// # Errors
    ///
    /// A [`TextError`] if one is empty or holds a control character.
    pub fn with_servers<T: Into<String>>(self, servers: impl IntoIterator<Item = T>) -> Result<Self, TextError> {
        let servers = text::all(servers)?;
        Ok(self.with(|settings| settings.servers = servers))
    }

    /// Sets whether it is enabled.
    #[must_use]
    pub fn with_enabled(self, enabled: bool) -> Self {
        self.with(|settings| settings.enabled = Some(enabled))
    }

    /// Sets the `AuthMechanism` of a Receive connector, by names such as `Tls` and `ExchangeServer`.
    ///
    /// # Errors
    ///
    /// A [`TextError`] if one is empty or holds a control character.
    pub fn with_auth_mechanism<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Result<Self, TextError> {
        let names = text::all(names)?;
        Ok(self.with(|settings| settings.auth_mechanism = Some(names)))
    }

    /// Sets the transport service of a Receive connector.
    #[must_use]
    pub fn with_transport_role(self, role: TransportRole) -> Self {
        self.with(|settings| settings.transport_role = Some(role))
    }

    /// Sets `IgnoreSTARTTLS` of a Send connector.
    #[must_use]
    pub fn with_ignore_starttls(self, ignores: bool) -> Self {
        self.with(|settings| settings.ignore_starttls = Some(ignores))
    }

    /// Sets `RequireTLS`.
    #[must_use]
    pub fn with_require_tls(self, requires: bool) -> Self {
        self.with(|settings| settings.require_tls = Some(requires))
    }

    /// Sets `DomainSecureEnabled`.
    #[must_use]
    pub fn with_domain_secure_enabled(self, enabled: bool) -> Self {
        self.with(|settings| settings.domain_secure_enabled = Some(enabled))
    }

    /// Sets `CloudServicesMailEnabled` of a Send connector.
    #[must_use]
    pub fn with_cloud_services_mail_enabled(self, enabled: bool) -> Self {
        self.with(|settings| settings.cloud_services_mail_enabled = Some(enabled))
    }

    /// Sets `TlsDomainCapabilities` of a Receive connector.
    ///
    /// # Errors
    ///
    /// A [`TextError`] if one is empty or holds a control character.
    pub fn with_tls_domain_capabilities<T: Into<String>>(
        self,
        domains: impl IntoIterator<Item = T>,
    ) -> Result<Self, TextError> {
        let domains = text::all(domains)?;
        Ok(self.with(|settings| settings.tls_domain_capabilities = Some(domains)))
    }

    /// Sets the smart hosts of a Send connector; `--` is that of EdgeSync.
    ///
    /// # Errors
    ///
    /// A [`TextError`] if one is empty or holds a control character.
    pub fn with_smart_hosts<T: Into<String>>(self, hosts: impl IntoIterator<Item = T>) -> Result<Self, TextError> {
        let hosts = text::all(hosts)?;
        Ok(self.with(|settings| settings.smart_hosts = Some(hosts)))
    }

    /// Sets the bindings of a Receive connector, such as `0.0.0.0:25`.
    ///
    /// # Errors
    ///
    /// A [`TextError`] if one is empty or holds a control character.
    pub fn with_bindings<T: Into<String>>(self, bindings: impl IntoIterator<Item = T>) -> Result<Self, TextError> {
        let bindings = text::all(bindings)?;
        Ok(self.with(|settings| settings.bindings = Some(bindings)))
    }

    /// What kind of object it is.
    pub fn kind(&self) -> ConnectorKind {
        self.0.kind
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// The certificate that it names.
    pub fn tls_certificate_name(&self) -> Fact<&TlsCertificateName> {
        self.0.tls_certificate_name.as_ref()
    }

    /// The FQDN that it presents; none means the server's own.
    pub fn fqdn(&self) -> Fact<&str> {
        self.0.fqdn.as_ref().map(Text::as_str)
    }

    /// The servers on which its transport service runs; empty if they are not known.
    pub fn servers(&self) -> &[String] {
        &self.0.servers
    }

    /// Whether it is enabled, if that is known.
    pub fn enabled(&self) -> Option<bool> {
        self.0.enabled
    }

    /// The `AuthMechanism` of a Receive connector, if it is known.
    pub fn auth_mechanism(&self) -> Option<&[String]> {
        self.0.auth_mechanism.as_deref()
    }

    /// Whether a Receive connector offers TLS, which it is taken to do if its `AuthMechanism` is not known.
    pub fn offers_tls(&self) -> bool {
        self.allows("Tls")
    }

    /// Whether Exchange servers authenticate at it, which they are taken to do if its `AuthMechanism` is not known:
    /// such a connector takes no FQDN but the server's own.
    pub fn authenticates_exchange_servers(&self) -> bool {
        self.allows("ExchangeServer")
    }

    fn allows(&self, mechanism: &str) -> bool {
        self.auth_mechanism().is_none_or(|names| names.iter().any(|name| name.eq_ignore_ascii_case(mechanism)))
    }

    /// The transport service of a Receive connector, if it is known.
    pub fn transport_role(&self) -> Option<TransportRole> {
        self.0.transport_role
    }

    /// `IgnoreSTARTTLS` of a Send connector, if it is known.
    pub fn ignore_starttls(&self) -> Option<bool> {
        self.0.ignore_starttls
    }

    /// `RequireTLS`, if it is known.
    pub fn require_tls(&self) -> Option<bool> {
        self.0.require_tls
    }

    /// `DomainSecureEnabled`, if it is known.
    pub fn domain_secure_enabled(&self) -> Option<bool> {
        self.0.domain_secure_enabled
    }

    /// `CloudServicesMailEnabled` of a Send connector, if it is known.
    pub fn cloud_services_mail_enabled(&self) -> Option<bool> {
        self.0.cloud_services_mail_enabled
    }

    /// `TlsDomainCapabilities` of a Receive connector, if they are known.
    pub fn tls_domain_capabilities(&self) -> Option<&[String]> {
        self.0.tls_domain_capabilities.as_deref()
    }

    /// The smart hosts of a Send connector, if they are known.
    pub fn smart_hosts(&self) -> Option<&[String]> {
        self.0.smart_hosts.as_deref()
    }

    /// The bindings of a Receive connector, if they are known.
    pub fn bindings(&self) -> Option<&[String]> {
        self.0.bindings.as_deref()
    }

    /// Whether it names this certificate's issuer and subject.
    pub fn names(&self, certificate: &Certificate) -> bool {
        self.tls_certificate_name().value().is_some_and(|name| name.matches(certificate))
    }

    /// Tells of one connector after the other whether it names this certificate. Comparing takes the printing of names,
    /// and connectors share theirs.
    pub(crate) fn naming<'a>(certificate: &Certificate) -> impl FnMut(&'a Self) -> bool {
        let mut is_named = TlsCertificateName::remembered(|name| name.matches(certificate));
        move |connector| connector.tls_certificate_name().value().is_some_and(&mut is_named)
    }

    /// Whether it is this very connector, or a clone of it.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What tells one connector from another: a Receive connector has its name on its server alone, and there is one
    /// hybrid configuration.
    pub(crate) fn identity(&self) -> (ConnectorKind, Option<Caseless<&str>>, Caseless<&str>) {
        let (server, name) = match self.kind() {
            ConnectorKind::Receive => (self.servers().first().map(|server| Caseless(server.as_str())), self.name()),
            ConnectorKind::Send => (None, self.name()),
            ConnectorKind::Hybrid => (None, ""),
        };
        (self.kind(), server, Caseless(name))
    }

    pub(crate) fn rename(&mut self, name: TlsCertificateName) {
        Arc::make_mut(&mut self.0).tls_certificate_name = Fact::Value(name);
    }
}

impl From<TlsCertificateName> for Fact<TlsCertificateName> {
    fn from(name: TlsCertificateName) -> Self {
        Self::Value(name)
    }
}

impl Serialize for Connector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Connector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        JsonObject::deserialize(deserializer).map(|JsonObject(settings)| Self(Arc::new(settings)))
    }
}

#[cfg(feature = "schemars")]
crate::json_object::like! { Connector: Settings; }

fn none<T>() -> Fact<T> {
    Fact::None
}

fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(text::deserialize_all(deserializer)?.unwrap_or_default())
}

/// A `TlsCertificateName`, of which null says that there is none.
mod certificate_name {
    use super::{Deserialize, Deserializer, Fact, Serialize, Serializer, TlsCertificateName};

    pub(super) fn serialize<S: Serializer>(name: &Fact<TlsCertificateName>, serializer: S) -> Result<S::Ok, S::Error> {
        match name {
            Fact::NotKnown => serializer.serialize_str("unknown"),
            Fact::None => serializer.serialize_none(),
            Fact::Value(name) => name.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Fact<TlsCertificateName>, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(Fact::None))
    }
}
