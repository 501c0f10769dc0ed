//! Setting what is known of a server. Texts are checked as a scenario file's are.

use std::sync::Arc;

use super::{AuthCertificates, Connector, LoadBalancing, Organization, Server, ServerError, StartupMode, WebBinding};
use crate::fact::Fact;
use crate::text::{self, Text};
use crate::thumbprint::Thumbprint;

impl Server {
    fn text(field: &'static str, text: impl Into<String>) -> Result<Text, ServerError> {
        Text::new(text).map_err(|error| ServerError::Text { field, error })
    }

    fn name_or_none(field: &'static str, name: Fact<impl Into<String>>) -> Result<Fact<Text>, ServerError> {
        name.checked().map_err(|error| ServerError::Text { field, error })
    }

    /// Sets the fully qualified domain name.
    ///
    /// # Errors
    ///
    /// [`ServerError::Text`] if it is empty or holds a control character; likewise for all names below.
    pub fn with_fqdn(mut self, fqdn: impl Into<String>) -> Result<Self, ServerError> {
        self.facts.fqdn = Some(Self::text("fqdn", fqdn)?);
        Ok(self)
    }

    /// Sets the build, as in `15.2.1544.4`.
    ///
    /// # Errors
    ///
    /// [`ServerError::Text`].
    pub fn with_build(mut self, build: impl Into<String>) -> Result<Self, ServerError> {
        self.facts.build = Some(Self::text("build", build)?);
        Ok(self)
    }

    /// Sets the Active Directory site.
    ///
    /// # Errors
    ///
    /// [`ServerError::Text`].
    pub fn with_site(mut self, site: impl Into<String>) -> Result<Self, ServerError> {
        self.facts.site = Some(Self::text("site", site)?);
        Ok(self)
    }

    /// Sets the startup mode of the Unified Messaging service.
    #[must_use]
    pub fn with_um_startup_mode(mut self, mode: StartupMode) -> Self {
        self.facts.um_startup_mode = mode;
        self
    }

    /// Sets the startup mode of the Unified Messaging Call Router service.
    #[must_use]
    pub fn with_um_call_router_startup_mode(mut self, mode: StartupMode) -> Self {
        self.facts.um_call_router_startup_mode = mode;
        self
    }

    /// Sets the `X509CertificateName` of IMAP.
    ///
    /// # Errors
    ///
    /// [`ServerError::Text`], also if the name is `none` or `unknown`, which scenario files have in place of a name.
    pub fn with_imap_certificate_name<T: Into<String>>(mut self, name: Fact<T>) -> Result<Self, ServerError> {
        self.facts.imap_certificate_name = Self::name_or_none("imap_certificate_name", name)?;
        Ok(self)
    }

    /// Sets the `X509CertificateName` of POP.
    ///
    /// # Errors
    ///
    /// [`ServerError::Text`], as for IMAP.
    pub fn with_pop_certificate_name<T: Into<String>>(mut self, name: Fact<T>) -> Result<Self, ServerError> {
        self.facts.pop_certificate_name = Self::name_or_none("pop_certificate_name", name)?;
        Ok(self)
    }

    /// Sets the host names that clients use; they are then known.
    ///
    /// # Errors
    ///
    /// [`ServerError::Text`].
    pub fn with_client_names<T: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = T>,
    ) -> Result<Self, ServerError> {
        let names = text::all(names).map_err(|error| ServerError::Text { field: "client_names", error })?;
        self.facts.client_names = Some(names);
        Ok(self)
    }

    /// Sets whether an Edge subscription exists: of this Edge server, or to this Mailbox server's site.
    #[must_use]
    pub fn with_edge_subscribed(mut self, subscribed: bool) -> Self {
        self.facts.edge_subscribed = subscribed;
        self
    }

    /// Sets how its HTTP traffic is balanced.
    #[must_use]
    pub fn with_load_balancing(mut self, load_balancing: LoadBalancing) -> Self {
        self.facts.load_balancing = load_balancing;
        self
    }

    /// Sets the default SMTP certificate, which encrypts the traffic between internal transport servers.
    #[must_use]
    pub fn with_default_smtp(mut self, default_smtp: Fact<Thumbprint>) -> Self {
        self.facts.default_smtp = default_smtp;
        self
    }

    /// Sets the https bindings of its web sites; they are then known, and with them the sites of every certificate.
    #[must_use]
    pub fn with_web_bindings(mut self, bindings: impl IntoIterator<Item = WebBinding>) -> Self {
        self.facts.web_bindings = Some(bindings.into_iter().collect());
        self.follow_bindings();
        self
    }

    /// Sets which certificates the server itself finds for a host name (`Get-ExchangeCertificate -DomainName`), in its
    /// order.
    ///
    /// # Errors
    ///
    /// [`ServerError::Text`].
    pub fn with_selection(
        mut self,
        host: impl Into<String>,
        thumbprints: impl IntoIterator<Item = Thumbprint>,
    ) -> Result<Self, ServerError> {
        let host = Self::text("selection", host)?;
        let selection = self.facts.selection.get_or_insert_default();
        selection.insert(host, thumbprints.into_iter().collect());
        Ok(self)
    }

    /// Sets the Auth certificates of the organisation; they are then known.
    #[must_use]
    pub fn with_auth_certificates(mut self, certificates: AuthCertificates) -> Self {
        Arc::make_mut(&mut self.organization).auth_certificates = Some(certificates);
        self
    }

    /// Sets the certificate of the organisation's federation trust. If it is installed, it has Federation.
    #[must_use]
    pub fn with_federation_certificate(mut self, certificate: Fact<Thumbprint>) -> Self {
        Arc::make_mut(&mut self.organization).federation_certificate = certificate;
        self.follow_federation();
        self
    }

    /// Adds a connector, or the hybrid configuration.
    #[must_use]
    pub fn with_connector(mut self, connector: Connector) -> Self {
        if connector.tls_certificate_name().value().is_some() {
            self.facts.inventory.prepare_names();
        }
        if Organization::owns(&connector) {
            Arc::make_mut(&mut self.organization).connectors.push(connector);
        } else {
            self.facts.connectors.push(connector);
        }
        self
    }

    /// Adds a connector that is the server's own: a Receive connector, or a Send connector of an Edge Transport server.
    #[cfg(feature = "import")]
    pub(crate) fn with_own_connector(mut self, connector: Connector) -> Self {
        self.facts.connectors.push(connector);
        self.prepare_names();
        self
    }
}
