//! An Exchange server: its version, roles, settings and installed certificates.

mod builders;
mod connector;
mod error;
mod installed;
mod inventory;
mod not_read;
mod organization;
mod renewed;
mod reported;
mod selection;
mod settings;
mod sites;
mod tls_certificate_name;
mod version;
mod web_binding;
mod written;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::connector::{Connector, ConnectorKind, TransportRole};
pub use self::error::ServerError;
pub use self::installed::{DEFAULT_WEB_SITE, EXCHANGE_BACK_END, Installed};
use self::inventory::Inventory;
pub(crate) use self::not_read::NotReadList;
pub use self::not_read::{NotRead, NotReadError, NotReadKind, NotReadKindError};
pub(crate) use self::organization::Organization;
pub use self::renewed::Nearest;
pub(crate) use self::renewed::Rank;
pub use self::reported::{KeyStorage, RootCaType, Status};
use self::selection::Selection;
pub(crate) use self::settings::site_name;
pub use self::settings::{AuthCertificates, LoadBalancing, Role, StartupMode};
pub(crate) use self::sites::Sites;
pub use self::tls_certificate_name::{TlsCertificateName, TlsCertificateNameError};
pub use self::version::Version;
pub use self::web_binding::{WebBinding, WebBindingError};
pub(crate) use self::written::OneOfSeveral;
use crate::fact::Fact;
use crate::service::Service;
use crate::text::{self, Text};
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
///     .with_fqdn("mbx01.contoso.com")?
///     .with_um_startup_mode(StartupMode::Dual);
/// assert!(server.hosts().contains(Service::IIS | Service::UM));
/// # Ok::<(), exchange_certificates::ServerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    facts: Facts,
    organization: Arc<Organization>,
}

/// All that a scenario file says of a server. What belongs to the organisation stands here only while it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Server", description = "A server."))]
#[serde(deny_unknown_fields)]
struct Facts {
    name: Text,
    fqdn: Option<Text>,
    version: Version,
    build: Option<Text>,
    #[serde(deserialize_with = "settings::roles")]
    #[cfg_attr(feature = "schemars", schemars(with = "settings::Roles"))]
    roles: BTreeSet<Role>,
    site: Option<Text>,
    #[serde(default, deserialize_with = "settings::or_default")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<StartupMode>"))]
    um_startup_mode: StartupMode,
    #[serde(default, deserialize_with = "settings::or_default")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<StartupMode>"))]
    um_call_router_startup_mode: StartupMode,
    #[serde(default)]
    imap_certificate_name: Fact<Text>,
    #[serde(default)]
    pop_certificate_name: Fact<Text>,
    #[serde(default, deserialize_with = "text::deserialize_all")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<Vec<Text>>"))]
    client_names: Option<Vec<String>>,
    #[serde(default, deserialize_with = "settings::or_default")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<bool>"))]
    edge_subscribed: bool,
    #[serde(default, deserialize_with = "settings::or_default")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<LoadBalancing>"))]
    load_balancing: LoadBalancing,
    #[serde(default)]
    default_smtp: Fact<Thumbprint>,
    web_bindings: Option<Vec<WebBinding>>,
    selection: Option<Selection>,
    /// Kept once a plan is carried out.
    #[serde(skip)]
    sites: Option<Sites>,
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "schemars", schemars(!skip_serializing))]
    not_read: NotReadList,
    #[serde(skip_serializing)]
    #[cfg_attr(feature = "schemars", schemars(!skip_serializing))]
    auth_certificates: Option<AuthCertificates>,
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "schemars", schemars(!skip_serializing))]
    federation_certificate: Fact<Thumbprint>,
    #[serde(default, skip_serializing, deserialize_with = "settings::or_default")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<Vec<Connector>>", !skip_serializing))]
    connectors: Vec<Connector>,
    #[serde(rename = "certificates", skip_serializing)]
    #[cfg_attr(feature = "schemars", schemars(with = "Vec<Installed>", !skip_serializing))]
    inventory: Inventory,
}

impl Server {
    /// A server with these roles, of which nothing else is known.
    ///
    /// # Errors
    ///
    /// A [`ServerError`] if the name cannot stand in a command, or if there is no such
    /// combination of version and roles.
    pub fn new(
        name: impl Into<String>,
        version: Version,
        roles: impl IntoIterator<Item = Role>,
    ) -> Result<Self, ServerError> {
        Self::of(Facts {
            name: Text::new(name).map_err(ServerError::Name)?,
            fqdn: None,
            version,
            build: None,
            roles: roles.into_iter().collect(),
            site: None,
            um_startup_mode: StartupMode::default(),
            um_call_router_startup_mode: StartupMode::default(),
            imap_certificate_name: Fact::NotKnown,
            pop_certificate_name: Fact::NotKnown,
            client_names: None,
            edge_subscribed: false,
            load_balancing: LoadBalancing::default(),
            default_smtp: Fact::NotKnown,
            web_bindings: None,
            selection: None,
            sites: None,
            not_read: NotReadList::default(),
            auth_certificates: None,
            federation_certificate: Fact::NotKnown,
            connectors: Vec::new(),
            inventory: Inventory::default(),
        })
    }

    fn of(mut facts: Facts) -> Result<Self, ServerError> {
        if facts.roles.is_empty() {
            return Err(ServerError::NoRole);
        }
        if facts.roles.contains(&Role::EdgeTransport) && facts.roles.len() > 1 {
            return Err(ServerError::EdgeWithOtherRole);
        }
        if facts.roles.contains(&Role::ClientAccess) && facts.version != Version::Exchange2013 {
            return Err(ServerError::NoClientAccess { version: facts.version });
        }
        let (shared, own) = std::mem::take(&mut facts.connectors).into_iter().partition(Organization::owns);
        facts.connectors = own;
        let is_edge = facts.roles.contains(&Role::EdgeTransport);
        facts.not_read.take(|what| is_edge && !what.is_on_edge());
        let organization = Organization {
            not_read: facts.not_read.take(|what| !what.stands_at(is_edge)),
            connectors: shared,
            auth_certificates: facts.auth_certificates.take(),
            federation_certificate: std::mem::take(&mut facts.federation_certificate),
        };
        let mut server = Self { facts, organization: Arc::new(organization) };
        server.follow_bindings();
        server.follow_federation();
        server.prepare_names();
        Ok(server)
    }

    /// The sites of every certificate are those of the bindings, if they are known.
    fn follow_bindings(&mut self) {
        if let Some(bindings) = &self.facts.web_bindings {
            self.facts.inventory.bind(bindings);
        }
    }

    /// The certificate of the federation trust has Federation.
    fn follow_federation(&mut self) {
        if let Fact::Value(thumbprint) = self.organization.federation_certificate {
            self.facts.inventory.add(thumbprint, Service::FEDERATION);
        }
    }

    fn prepare_names(&mut self) {
        if self.connectors().any(|connector| connector.tls_certificate_name().value().is_some()) {
            self.facts.inventory.prepare_names();
        }
    }

    /// Installs a certificate.
    ///
    /// # Errors
    ///
    /// [`ServerError::AlreadyInstalled`] if it is installed; nothing is changed then.
    pub fn install(&mut self, installed: Installed) -> Result<(), ServerError> {
        let thumbprint = installed.thumbprint();
        self.facts.inventory.insert(installed)?;
        if self.organization.federation_certificate == Fact::Value(thumbprint) {
            self.follow_federation();
        }
        self.follow_bindings();
        Ok(())
    }

    /// Changes what stands beside an installed certificate, and tells whether it is installed. The certificate itself
    /// stays the same: nothing is changed if another one is given.
    ///
    /// ```
    /// use exchange_certificates::{Certificate, Role, Server, Status, Version};
    ///
    /// let certificate = Certificate::from_pem(&std::fs::read_to_string("examples/data/wildcard.pem")?)?;
    /// let thumbprint = certificate.thumbprint();
    /// let mut server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?;
    /// server.install(certificate.into())?;
    /// assert!(server.update(thumbprint, |installed| installed.with_status(Status::Revoked)));
    /// let installed = server.uninstall(thumbprint).ok_or("it is not installed")?;
    /// assert_eq!(installed.status(), Some(Status::Revoked));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn update(&mut self, thumbprint: Thumbprint, change: impl FnOnce(Installed) -> Installed) -> bool {
        let is_updated = self.facts.inventory.update(thumbprint, change);
        self.follow_federation();
        self.follow_bindings();
        is_updated
    }

    /// Takes a certificate out of the server, whatever it is assigned to: [`remove`](crate::remove) asks the rules.
    pub fn uninstall(&mut self, thumbprint: Thumbprint) -> Option<Installed> {
        self.facts.inventory.remove(thumbprint)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.facts.name.as_str()
    }

    /// Its fully qualified domain name, if it is known.
    pub fn fqdn(&self) -> Option<&str> {
        self.facts.fqdn.as_ref().map(Text::as_str)
    }

    /// Its version.
    pub fn version(&self) -> Version {
        self.facts.version
    }

    /// Its roles.
    pub fn roles(&self) -> &BTreeSet<Role> {
        &self.facts.roles
    }

    /// Whether it is an Edge Transport server.
    pub fn is_edge(&self) -> bool {
        self.facts.roles.contains(&Role::EdgeTransport)
    }

    /// Whether it is a Mailbox server.
    pub fn is_mailbox(&self) -> bool {
        self.facts.roles.contains(&Role::Mailbox)
    }

    /// Whether it has the front ends that clients connect to: a role of its own in 2013, the Mailbox role's since then.
    pub(crate) fn has_client_access(&self) -> bool {
        match self.version() {
            Version::Exchange2013 => self.facts.roles.contains(&Role::ClientAccess),
            _ => self.is_mailbox(),
        }
    }

    /// The startup mode of the Unified Messaging service.
    pub fn um_startup_mode(&self) -> StartupMode {
        self.facts.um_startup_mode
    }

    /// The startup mode of the Unified Messaging Call Router service.
    pub fn um_call_router_startup_mode(&self) -> StartupMode {
        self.facts.um_call_router_startup_mode
    }

    /// The `X509CertificateName` of IMAP.
    pub fn imap_certificate_name(&self) -> Fact<&str> {
        self.facts.imap_certificate_name.as_ref().map(Text::as_str)
    }

    /// The `X509CertificateName` of POP.
    pub fn pop_certificate_name(&self) -> Fact<&str> {
        self.facts.pop_certificate_name.as_ref().map(Text::as_str)
    }

    /// The `X509CertificateName` of IMAP or of POP.
    pub(crate) fn certificate_name(&self, service: Service) -> Fact<&str> {
        if service == Service::IMAP { self.imap_certificate_name() } else { self.pop_certificate_name() }
    }

    /// The host names that clients use, if they are known.
    pub fn client_names(&self) -> Option<&[String]> {
        self.facts.client_names.as_deref()
    }

    /// Whether an Edge subscription exists: of this Edge server, or to this Mailbox server's site.
    pub fn edge_subscribed(&self) -> bool {
        self.facts.edge_subscribed
    }

    /// How its HTTP traffic is balanced.
    pub fn load_balancing(&self) -> LoadBalancing {
        self.facts.load_balancing
    }

    /// The default SMTP certificate.
    pub fn default_smtp(&self) -> Fact<Thumbprint> {
        self.facts.default_smtp
    }

    /// The Auth certificates of the organisation, if they are known.
    pub fn auth_certificates(&self) -> Option<AuthCertificates> {
        self.organization.auth_certificates
    }

    /// The certificate of the organisation's federation trust.
    pub fn federation_certificate(&self) -> Fact<Thumbprint> {
        self.organization.federation_certificate
    }

    /// The build, if it is known.
    pub fn build(&self) -> Option<&str> {
        self.facts.build.as_ref().map(Text::as_str)
    }

    /// The Active Directory site, if it is known.
    pub fn site(&self) -> Option<&str> {
        self.facts.site.as_ref().map(Text::as_str)
    }

    /// The https bindings of its web sites, if they are known.
    pub fn web_bindings(&self) -> Option<&[WebBinding]> {
        self.facts.web_bindings.as_deref()
    }

    /// Which certificates the server itself finds for a host name, if it was asked.
    pub fn selection(&self, host: &str) -> Option<&[Thumbprint]> {
        self.facts.selection.as_ref()?.get(host)
    }

    /// Whether the server was asked which certificates it finds for some host.
    pub(crate) fn knows_selections(&self) -> bool {
        self.facts.selection.is_some()
    }

    /// What may name a certificate: Send connectors and the hybrid configuration of the organisation, and the Receive
    /// connectors of this server.
    pub fn connectors(&self) -> impl Iterator<Item = &Connector> {
        let is_edge = self.is_edge();
        let shared = self.organization.connectors.iter().filter(move |shared| !is_edge || !self.has_own(shared));
        shared.chain(&self.facts.connectors)
    }

    /// The connectors that run on this server: those that name it, or no server at all.
    pub fn connectors_here(&self) -> impl Iterator<Item = &Connector> {
        self.connectors().filter(|connector| self.runs(connector))
    }

    /// The connectors that count for the server: all but the Receive connectors of other servers.
    pub(crate) fn connectors_that_count(&self) -> impl Iterator<Item = &Connector> {
        self.connectors().filter(|connector| connector.kind() != ConnectorKind::Receive || self.runs(connector))
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
        self.facts.inventory.get(thumbprint)
    }

    /// The installed certificates, in the order of their installation.
    pub fn certificates(&self) -> impl Iterator<Item = &Installed> {
        self.facts.inventory.iter()
    }

    /// The services that its roles host on its version, Federation included.
    pub fn hosts(&self) -> Service {
        let of_roles =
            self.facts.roles.iter().fold(Service::empty(), |services, role| services | role.hosts(self.facts.version));
        of_roles & self.facts.version.services()
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        self.facts.name.shared()
    }

    pub(crate) fn inventory(&self) -> &Inventory {
        &self.facts.inventory
    }

    pub(crate) fn inventory_mut(&mut self) -> &mut Inventory {
        &mut self.facts.inventory
    }

    /// Lets it share what belongs to the organisation.
    pub(crate) fn set_organization(&mut self, organization: Arc<Organization>) {
        if !Arc::ptr_eq(&self.organization, &organization) {
            self.organization = organization;
            self.follow_federation();
            self.prepare_names();
        }
    }

    pub(crate) fn organization(&self) -> &Arc<Organization> {
        &self.organization
    }

    /// What is made of certificates with IIS whose web sites are not known.
    pub(crate) fn sites(&self) -> Sites {
        self.facts.sites.clone().unwrap_or_else(|| Sites::of(self))
    }

    /// Keeps what was made of them before a change, if the same cannot be made of them after it. Where bindings are
    /// known these tell.
    pub(crate) fn keep_sites(&mut self, sites: Sites) {
        if self.facts.web_bindings.is_none() {
            self.facts.sites = Some(sites).filter(|sites| *sites != Sites::of(self));
        }
    }

    pub(crate) fn rename_connectors(&mut self, name: &TlsCertificateName, is_renamed: impl Fn(&Connector) -> bool) {
        let rename = |connector: &mut Connector| {
            if is_renamed(connector) {
                connector.rename(name.clone());
            }
        };
        self.facts.connectors.iter_mut().for_each(&rename);
        if self.organization.connectors.iter().any(&is_renamed) {
            Arc::make_mut(&mut self.organization).connectors.iter_mut().for_each(&rename);
        }
    }

    pub(crate) fn set_default_smtp(&mut self, thumbprint: Thumbprint) {
        self.facts.default_smtp = Fact::Value(thumbprint);
    }

    /// Forgets which certificates it said to find for the hosts of which that is outdated.
    pub(crate) fn forget_selections(&mut self, is_outdated: impl Fn(&Self, &str) -> bool) {
        if let Some(mut selection) = self.facts.selection.take() {
            selection.retain(|host| !is_outdated(self, host));
            self.facts.selection = Some(selection);
        }
    }

    /// Binds a certificate to the Default Web Site, as an assignment of IIS does.
    pub(crate) fn bind_default_web_site(&mut self, thumbprint: Thumbprint) {
        let Some(bindings) = &mut self.facts.web_bindings else { return };
        let mut of_site = bindings.iter_mut().filter(|binding| binding.site() == DEFAULT_WEB_SITE).peekable();
        if of_site.peek().is_none() {
            bindings.push(WebBinding::default_web_site(thumbprint));
        } else {
            of_site.for_each(|binding| binding.assign(thumbprint));
        }
        self.follow_bindings();
    }

    pub(crate) fn set_certificate_name(&mut self, service: Service, name: &str) {
        let name = Text::unchecked(name);
        if service.contains(Service::IMAP) {
            self.facts.imap_certificate_name = Fact::Value(name.clone());
        }
        if service.contains(Service::POP) {
            self.facts.pop_certificate_name = Fact::Value(name);
        }
    }
}
