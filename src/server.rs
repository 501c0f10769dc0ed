//! An Exchange server: its version, roles, settings and installed certificates.

mod connector;
mod form;
mod installed;
mod inventory;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::connector::{Connector, ConnectorKind, TlsCertificateName, TlsCertificateNameError};
pub use self::installed::{DEFAULT_WEB_SITE, EXCHANGE_BACK_END, Installed, KeyStorage, RootCaType, Status};
use self::inventory::Inventory;
use crate::certificate::Certificate;
use crate::json_object::JsonObject;
use crate::service::Service;
use crate::text::{self, TextError};
use crate::thumbprint::Thumbprint;

/// An Exchange server, as far as certificates and services go.
///
/// What is not known stays not known: a setting that was never set is never taken in favour of an
/// assignment. Serialized, it is the `server` of a scenario file.
///
/// ```
/// use exchange_certificates::{Role, Server, Service, StartupMode, Version};
///
/// let server = Server::new("MBX01", Version::Exchange2016, [Role::Mailbox])?
///     .with_fqdn("mbx01.contoso.com")
///     .with_um_startup_mode(StartupMode::Dual);
/// assert!(server.hosts().contains(Service::IIS | Service::UM));
/// # Ok::<(), exchange_certificates::ServerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "JsonObject<form::ServerForm>", into = "form::ServerForm")]
pub struct Server {
    /// Shared with every command that names the server.
    name: Arc<str>,
    fqdn: Option<String>,
    version: Version,
    roles: BTreeSet<Role>,
    um_startup_mode: StartupMode,
    um_call_router_startup_mode: StartupMode,
    imap_certificate_name: Option<String>,
    pop_certificate_name: Option<String>,
    client_names: Option<Vec<String>>,
    edge_subscribed: bool,
    load_balancing: LoadBalancing,
    default_smtp: DefaultSmtp,
    auth_certificates: Option<AuthCertificates>,
    connectors: Vec<Connector>,
    inventory: Inventory,
}

/// Why there can be no such server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Its name is empty or holds a control character.
    #[error("name: {0}")]
    Name(TextError),
    /// It has no role.
    #[error("roles: a server has at least one role: Mailbox, ClientAccess or EdgeTransport")]
    NoRole,
    /// An Edge Transport server with another role.
    #[error("roles: the Edge Transport role stands alone on its server")]
    EdgeWithOtherRole,
    /// The Client Access role on a version that has none.
    #[error("roles: the Client Access role exists on Exchange 2013 alone, and this is {version}")]
    NoClientAccess {
        /// The version of the server.
        version: Version,
    },
    /// A certificate that is installed already.
    #[error("the certificate {thumbprint} is installed already")]
    AlreadyInstalled {
        /// Its thumbprint.
        thumbprint: Thumbprint,
    },
}

impl Server {
    /// A server with these roles, of which nothing else is known.
    ///
    /// # Errors
    ///
    /// A [`ServerError`] where the name cannot stand in a command, or where there is no such
    /// combination of version and roles.
    pub fn new(
        name: impl Into<String>,
        version: Version,
        roles: impl IntoIterator<Item = Role>,
    ) -> Result<Self, ServerError> {
        let name = name.into();
        text::check(&name).map_err(ServerError::Name)?;
        let roles: BTreeSet<_> = roles.into_iter().collect();
        if roles.is_empty() {
            return Err(ServerError::NoRole);
        }
        if roles.contains(&Role::EdgeTransport) && roles.len() > 1 {
            return Err(ServerError::EdgeWithOtherRole);
        }
        if roles.contains(&Role::ClientAccess) && version != Version::Exchange2013 {
            return Err(ServerError::NoClientAccess { version });
        }
        Ok(Self {
            name: name.into(),
            fqdn: None,
            version,
            roles,
            um_startup_mode: StartupMode::default(),
            um_call_router_startup_mode: StartupMode::default(),
            imap_certificate_name: None,
            pop_certificate_name: None,
            client_names: None,
            edge_subscribed: false,
            load_balancing: LoadBalancing::default(),
            default_smtp: DefaultSmtp::default(),
            auth_certificates: None,
            connectors: Vec::new(),
            inventory: Inventory::default(),
        })
    }

    /// Sets the fully qualified domain name.
    #[must_use]
    pub fn with_fqdn(mut self, fqdn: impl Into<String>) -> Self {
        self.fqdn = Some(fqdn.into());
        self
    }

    /// Sets the startup mode of the Unified Messaging service.
    #[must_use]
    pub fn with_um_startup_mode(mut self, mode: StartupMode) -> Self {
        self.um_startup_mode = mode;
        self
    }

    /// Sets the startup mode of the Unified Messaging Call Router service.
    #[must_use]
    pub fn with_um_call_router_startup_mode(mut self, mode: StartupMode) -> Self {
        self.um_call_router_startup_mode = mode;
        self
    }

    /// Sets the `X509CertificateName` of IMAP.
    #[must_use]
    pub fn with_imap_certificate_name(mut self, name: impl Into<String>) -> Self {
        self.imap_certificate_name = Some(name.into());
        self
    }

    /// Sets the `X509CertificateName` of POP.
    #[must_use]
    pub fn with_pop_certificate_name(mut self, name: impl Into<String>) -> Self {
        self.pop_certificate_name = Some(name.into());
        self
    }

    /// Sets the host names that clients use; they are then known.
    #[must_use]
    pub fn with_client_names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.client_names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets whether an Edge subscription exists: of this Edge server, or to this Mailbox server's site.
    #[must_use]
    pub fn with_edge_subscribed(mut self, subscribed: bool) -> Self {
        self.edge_subscribed = subscribed;
        self
    }

    /// Sets how its HTTP traffic is balanced.
    #[must_use]
    pub fn with_load_balancing(mut self, load_balancing: LoadBalancing) -> Self {
        self.load_balancing = load_balancing;
        self
    }

    /// Sets the default SMTP certificate.
    #[must_use]
    pub fn with_default_smtp(mut self, default_smtp: DefaultSmtp) -> Self {
        self.default_smtp = default_smtp;
        self
    }

    /// Sets the Auth certificates of the organisation; they are then known.
    #[must_use]
    pub fn with_auth_certificates(mut self, certificates: AuthCertificates) -> Self {
        self.auth_certificates = Some(certificates);
        self
    }

    /// Adds a connector, or the hybrid configuration.
    #[must_use]
    pub fn with_connector(mut self, connector: Connector) -> Self {
        if connector.tls_certificate_name().is_some() {
            self.inventory.prepare_names();
        }
        self.connectors.push(connector);
        self
    }

    /// Installs a certificate.
    ///
    /// # Errors
    ///
    /// [`ServerError::AlreadyInstalled`] where it is installed; nothing is changed then.
    pub fn install(&mut self, installed: Installed) -> Result<(), ServerError> {
        self.inventory.insert(installed)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its fully qualified domain name, where it is known.
    pub fn fqdn(&self) -> Option<&str> {
        self.fqdn.as_deref()
    }

    /// Its version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Its roles.
    pub fn roles(&self) -> &BTreeSet<Role> {
        &self.roles
    }

    /// Whether it is an Edge Transport server.
    pub fn is_edge(&self) -> bool {
        self.roles.contains(&Role::EdgeTransport)
    }

    /// Whether it is a Mailbox server.
    pub fn is_mailbox(&self) -> bool {
        self.roles.contains(&Role::Mailbox)
    }

    /// The startup mode of the Unified Messaging service.
    pub fn um_startup_mode(&self) -> StartupMode {
        self.um_startup_mode
    }

    /// The startup mode of the Unified Messaging Call Router service.
    pub fn um_call_router_startup_mode(&self) -> StartupMode {
        self.um_call_router_startup_mode
    }

    /// The `X509CertificateName` of IMAP.
    pub fn imap_certificate_name(&self) -> Option<&str> {
        self.imap_certificate_name.as_deref()
    }

    /// The `X509CertificateName` of POP.
    pub fn pop_certificate_name(&self) -> Option<&str> {
        self.pop_certificate_name.as_deref()
    }

    /// The `X509CertificateName` of IMAP or of POP.
    pub(crate) fn certificate_name(&self, service: Service) -> Option<&str> {
        if service == Service::IMAP { self.imap_certificate_name() } else { self.pop_certificate_name() }
    }

    /// The host names that clients use, where they are known.
    pub fn client_names(&self) -> Option<&[String]> {
        self.client_names.as_deref()
    }

    /// Whether an Edge subscription exists: of this Edge server, or to this Mailbox server's site.
    pub fn edge_subscribed(&self) -> bool {
        self.edge_subscribed
    }

    /// How its HTTP traffic is balanced.
    pub fn load_balancing(&self) -> LoadBalancing {
        self.load_balancing
    }

    /// The default SMTP certificate.
    pub fn default_smtp(&self) -> DefaultSmtp {
        self.default_smtp
    }

    /// The Auth certificates of the organisation, where they are known.
    pub fn auth_certificates(&self) -> Option<AuthCertificates> {
        self.auth_certificates
    }

    /// What may name a certificate: connectors and the hybrid configuration.
    pub fn connectors(&self) -> &[Connector] {
        &self.connectors
    }

    /// The connectors that run on this server: those that name it, or no server at all.
    pub fn connectors_here(&self) -> impl Iterator<Item = &Connector> {
        self.connectors.iter().filter(|connector| self.runs(connector))
    }

    /// Whether the connector names this server, or no server at all.
    pub(crate) fn runs(&self, connector: &Connector) -> bool {
        connector.servers().is_empty() || connector.servers().iter().any(|name| self.is_called(name))
    }

    /// Whether this is the name of the server or its fully qualified name, without case.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        [Some(self.name()), self.fqdn()].into_iter().flatten().any(|own| text::same(own, name))
    }

    /// The installed certificate of this thumbprint.
    pub fn installed(&self, thumbprint: Thumbprint) -> Option<&Installed> {
        self.inventory.get(thumbprint)
    }

    /// The installed certificates, in the order of their installation.
    pub fn certificates(&self) -> impl Iterator<Item = &Installed> {
        self.inventory.iter()
    }

    /// The installed certificates that this one renews, the one with the most services first: those that
    /// are assigned to something, and whose every name it covers.
    ///
    /// The Auth certificates are none of them: they are renewed by the authorization configuration.
    pub fn renewed_by(&self, certificate: &Certificate) -> Vec<&Installed> {
        let mut renewed: Vec<_> = self
            .certificates()
            .filter(|installed| {
                let domains = installed.certificate().domains();
                installed.thumbprint() != certificate.thumbprint()
                    && installed.is_assigned()
                    && !domains.is_empty()
                    && domains.iter().all(|domain| certificate.covers(domain))
                    && !self.auth_certificates.is_some_and(|auth| auth.contains(installed.thumbprint()))
            })
            .collect();
        renewed.sort_by_key(|installed| std::cmp::Reverse(installed.known_services().iter().count()));
        renewed
    }

    /// The services that its roles host on its version, Federation included.
    pub fn hosts(&self) -> Service {
        let of_roles = self.roles.iter().fold(Service::empty(), |services, role| services | role.hosts(self.version));
        of_roles & self.version.services()
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(crate) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    pub(crate) fn inventory_mut(&mut self) -> &mut Inventory {
        &mut self.inventory
    }

    pub(crate) fn rename_connectors(&mut self, name: &TlsCertificateName, is_renamed: impl Fn(&Connector) -> bool) {
        let renamed = self.connectors.iter_mut().filter(|connector| is_renamed(connector));
        renamed.for_each(|connector| connector.rename(name.clone()));
    }

    pub(crate) fn set_default_smtp(&mut self, thumbprint: Thumbprint) {
        self.default_smtp = DefaultSmtp::Certificate(thumbprint);
    }

    pub(crate) fn set_certificate_name(&mut self, service: Service, name: &str) {
        if service.contains(Service::IMAP) {
            self.imap_certificate_name = Some(name.to_owned());
        }
        if service.contains(Service::POP) {
            self.pop_certificate_name = Some(name.to_owned());
        }
    }
}

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

    fn services(self) -> Service {
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
    fn hosts(self, version: Version) -> Service {
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

/// Which certificate encrypts the traffic between internal transport servers.
///
/// Exchange makes a self-signed one at setup. Serialized as its thumbprint, `none`, or null where
/// it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Option<form::DefaultSmtpForm>", into = "Option<form::DefaultSmtpForm>")]
#[non_exhaustive]
pub enum DefaultSmtp {
    /// Nobody said.
    #[default]
    NotKnown,
    /// There is none.
    None,
    /// The certificate of this thumbprint, installed or not.
    Certificate(Thumbprint),
}

impl DefaultSmtp {
    /// The thumbprint, where one is named.
    pub fn thumbprint(self) -> Option<Thumbprint> {
        match self {
            Self::Certificate(thumbprint) => Some(thumbprint),
            Self::NotKnown | Self::None => None,
        }
    }
}

/// The certificates of the organisation's authorization configuration (`Get-AuthConfig`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "JsonObject<form::AuthCertificatesForm>")]
#[non_exhaustive]
pub struct AuthCertificates {
    /// The one in use.
    pub current: Option<Thumbprint>,
    /// The one that takes its place.
    pub next: Option<Thumbprint>,
}

impl AuthCertificates {
    /// The certificate in use and the one that takes its place.
    pub fn new(current: Option<Thumbprint>, next: Option<Thumbprint>) -> Self {
        Self { current, next }
    }

    /// Whether it is one of the two.
    pub fn contains(self, thumbprint: Thumbprint) -> bool {
        [self.current, self.next].contains(&Some(thumbprint))
    }
}
