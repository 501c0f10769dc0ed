//! From what was read to servers.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::Import;
use super::described::ExportedServer;
use super::error::ImportError;
use super::exported::ExportedCertificate;
use super::questions::Question;
use super::records::{ServerKey, server_key};
use super::value::ObjectKind;
use crate::fleet::Fleet;
use crate::server::{NotReadList, Organization, Role, Server, Version, site_name};
use crate::text;

impl Import {
    /// The servers that were named anywhere, by name. Of one that only its certificates name,
    /// neither version nor roles are known.
    pub fn servers(&self) -> Vec<ExportedServer<'_>> {
        self.records.servers.keys().filter_map(|key| self.exported(key)).collect()
    }

    /// A server with its certificates, its connectors and all that is known of it, ready for a plan.
    ///
    /// It is found by its name or its fully qualified domain name. Send connectors and the hybrid configuration
    /// belong to the organisation, and every server has them; a Receive connector belongs to its server.
    ///
    /// ```
    /// use exchange_certificates::Version;
    /// use exchange_certificates::import::Import;
    ///
    /// let mut import = Import::new();
    /// import.add(
    ///     "servers.xml",
    ///     br#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
    ///           <Obj RefId="0">
    ///             <TN RefId="0"><T>Microsoft.Exchange.Data.Directory.Management.ExchangeServer</T></TN>
    ///             <Props>
    ///               <S N="Name">MBX01</S>
    ///               <S N="Fqdn">mbx01.contoso.com</S>
    ///               <S N="AdminDisplayVersion">Version 15.2 (Build 1544.4)</S>
    ///               <S N="ServerRole">Mailbox</S>
    ///             </Props>
    ///           </Obj>
    ///         </Objs>"#,
    /// )?;
    /// let server = import.server("mbx01.contoso.com")?;
    /// assert_eq!(server.name(), "MBX01");
    /// assert_eq!(server.version(), Version::Exchange2019);
    /// assert!(import.server("MBX02").is_err());
    /// # Ok::<(), exchange_certificates::import::ImportError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ImportError::NotDescribed`] if no object of `Get-ExchangeServer` tells its version and
    /// roles, [`ImportError::UnknownVersion`] if it is older than Exchange 2013.
    pub fn server(&self, name: &str) -> Result<Server, ImportError> {
        self.server_in(name, &self.shared_organization())
    }

    /// What belongs to all servers.
    pub(super) fn shared_organization(&self) -> Arc<Organization> {
        let mut not_read = NotReadList::default();
        // No kind stands there twice.
        self.not_read_of_organization().into_iter().for_each(|entry| not_read.add(entry).unwrap_or_default());
        Arc::new(Organization {
            connectors: self.records.connectors_of_organization().cloned().collect(),
            auth_certificates: self.auth_certificates(),
            federation_certificate: self.federation_certificate(),
            not_read,
        })
    }

    fn server_in(&self, name: &str, organization: &Arc<Organization>) -> Result<Server, ImportError> {
        let not_described = || ImportError::NotDescribed { server: name.to_owned() };
        let key = server_key(name);
        let exported = self.exported(&key).ok_or_else(not_described)?;
        if name.contains('.') && exported.fqdn().is_some_and(|fqdn| !text::same(fqdn, name)) {
            return Err(not_described());
        }
        let not_described = || ImportError::NotDescribed { server: exported.name().to_owned() };
        let roles = exported.roles().ok_or_else(not_described)?;
        let version = match (exported.version(), exported.build()) {
            (Some(version), _) => version,
            (None, Some(build)) => {
                let server = exported.name().to_owned();
                return Err(ImportError::UnknownVersion { server, version: build.to_owned() });
            }
            (None, None) => return Err(not_described()),
        };
        self.server_as(exported, version, roles.clone(), organization)
    }

    /// The server that is exported, with everything that belongs to it, of this version and with these roles.
    pub(super) fn server_as(
        &self,
        exported: ExportedServer<'_>,
        version: Version,
        roles: BTreeSet<Role>,
        organization: &Arc<Organization>,
    ) -> Result<Server, ImportError> {
        let key = server_key(exported.name());
        let failed = |error| ImportError::Server { server: exported.name().to_owned(), error };
        let mut server = exported.to_server(version, roles).map_err(failed)?;
        server.set_organization(Arc::clone(organization));
        let subscribed = self.records.edges.get(&key).and_then(|known| known.value.as_deref());
        if let (true, None, Some(site)) = (server.is_edge(), server.site(), subscribed) {
            server = server.with_site(site_name(site)).map_err(failed)?;
        }
        for connector in self.records.connectors_on(&key) {
            server = server.with_own_connector(connector.clone());
        }
        for certificate in self.records.certificates_on(&key) {
            server.install(certificate.to_installed()).map_err(failed)?;
        }
        server.with_not_read(self.not_read_of(&key)).map_err(failed)
    }

    /// The name of a server in its longest known form: its fully qualified domain name, or its name.
    pub fn printed_name(&self, name: &str) -> String {
        let key = server_key(name);
        let facts = self.records.servers.get(&key);
        facts.map_or(name, |facts| facts.fqdn().unwrap_or_else(|| facts.name(&key.0))).to_owned()
    }

    /// Every server that can be planned, and why another one, or a certificate, is left out: a server may be described by
    /// no object of `Get-ExchangeServer`, be older than Exchange 2013 or have no role that is known; of a certificate it
    /// may not be said where it is installed. What is left out is in [`organization`](Self::organization).
    pub fn fleet(&self) -> (Fleet, Vec<ImportError>) {
        let organization = self.shared_organization();
        // The kinds are those of the organisation, each once.
        let mut fleet = Fleet::new().with_not_read(organization.not_read.iter().cloned()).unwrap_or_default();
        let mut left_out = Vec::new();
        for key in self.records.servers.keys() {
            let inserted = self.server_in(&key.0, &organization).and_then(|server| {
                fleet.insert(server).map_err(|error| ImportError::Fleet { server: key.0.clone(), error })
            });
            left_out.extend(inserted.err());
        }
        let named = self.named_by_connectors().into_values();
        left_out.extend(named.map(|(name, _)| ImportError::NamedByConnectors { server: name.to_owned() }));
        let installed = self.certificates().filter(|certificate| certificate.server().is_some());
        let installed: HashSet<_> = installed.map(ExportedCertificate::thumbprint).collect();
        let alone = self.certificates().filter(|certificate| !installed.contains(&certificate.thumbprint()));
        left_out.extend(alone.map(|certificate| ImportError::NoServer {
            thumbprint: certificate.thumbprint(),
            subject: certificate.certificate().subject().to_string(),
        }));
        let known: HashSet<_> = self.certificates().map(ExportedCertificate::thumbprint).collect();
        let listed = self.listed().filter(|listed| !known.contains(&listed.thumbprint));
        left_out.extend(listed.map(|listed| ImportError::TextAlone { thumbprint: listed.thumbprint }));
        (fleet, left_out)
    }

    pub(super) fn exported(&self, key: &ServerKey) -> Option<ExportedServer<'_>> {
        let (key, facts) = self.records.servers.get_key_value(key)?;
        let server = ExportedServer::new(&key.0, facts).with_all_client_names(self.has_all_client_names(key));
        Some(server.with_edge_subscribed(self.edge_subscribed(key, server)))
    }

    /// Whether an Edge subscription concerns a server; not known if none was read at all, since an
    /// export without any may just not have asked for them.
    fn edge_subscribed(&self, key: &ServerKey, server: ExportedServer<'_>) -> Option<bool> {
        let edges = &self.records.edges;
        if edges.is_empty() {
            let asked = Question::of_object(None, ObjectKind::EdgeSubscription)?;
            return self.records.answers.settles(&asked).then_some(false);
        }
        if server.roles()?.contains(&Role::EdgeTransport) {
            return Some(edges.contains_key(key));
        }
        let site = server.site()?;
        let mut sites = edges.values().map(|known| known.value.as_deref());
        Some(sites.any(|other| other.is_some_and(|other| text::same(site_name(other), site_name(site)))))
    }
}
