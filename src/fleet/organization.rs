//! What the servers of a fleet share: it is said once, and by all in the same way.

use std::collections::HashMap;
use std::sync::Arc;

use super::FleetError;
use crate::change::Rename;
use crate::fact::Fact;
use crate::server::{Connector, ConnectorKind, NotRead, NotReadError, Organization};
use crate::text::{self, Caseless};

/// The organisation of a fleet, and which server spoke first of each part.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    organization: Arc<Organization>,
    connectors: HashMap<(ConnectorKind, Caseless<String>), (usize, String)>,
    auth_certificates: String,
    federation_certificate: String,
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        self.organization == other.organization
    }
}

impl Eq for Shared {}

impl Shared {
    pub(super) fn shared(&self) -> &Arc<Organization> {
        &self.organization
    }

    /// Whether a connector is known in another way.
    pub(super) fn contradicts(&self, connector: &Connector) -> bool {
        let known = self.connectors.get(&key(connector));
        known.is_some_and(|(index, _)| self.organization.connectors.get(*index) != Some(connector))
    }

    /// Takes over what a server says, and tells whether there was anything new.
    pub(super) fn learn(&mut self, server: &str, said: &Arc<Organization>) -> Result<bool, FleetError> {
        if Arc::ptr_eq(&self.organization, said) {
            return Ok(false);
        }
        let mut new = Vec::new();
        for connector in &said.connectors {
            match self.connectors.get(&key(connector)) {
                None => new.push(connector),
                Some((index, one)) if self.organization.connectors.get(*index) != Some(connector) => {
                    let what = format!("connectors: {}", text::shown(connector.name()));
                    return Err(differs(what, one, server));
                }
                Some(_) => {}
            }
        }
        let auth = self.organization.auth_certificates;
        if auth.is_some() && said.auth_certificates.is_some() && auth != said.auth_certificates {
            return Err(differs("auth_certificates".to_owned(), &self.auth_certificates, server));
        }
        let federation = self.organization.federation_certificate;
        let says_federation = said.federation_certificate.is_known();
        if federation.is_known() && says_federation && federation != said.federation_certificate {
            return Err(differs("federation_certificate".to_owned(), &self.federation_certificate, server));
        }
        let learns_auth = auth.is_none() && said.auth_certificates.is_some();
        let learns_federation = federation == Fact::NotKnown && says_federation;
        let is_read_as_known = self.organization.not_read.covers(&said.not_read);
        if new.is_empty() && !learns_auth && !learns_federation && is_read_as_known {
            return Ok(false);
        }
        let organization = Arc::make_mut(&mut self.organization);
        organization.not_read.learn(&said.not_read);
        for connector in new {
            let entry = (organization.connectors.len(), server.to_owned());
            // A server that says a thing twice has said it once.
            if self.connectors.insert(key(connector), entry).is_none() {
                organization.connectors.push(connector.clone());
            }
        }
        if learns_auth {
            organization.auth_certificates = said.auth_certificates;
            self.auth_certificates = server.to_owned();
        }
        if learns_federation {
            organization.federation_certificate = said.federation_certificate;
            self.federation_certificate = server.to_owned();
        }
        Ok(true)
    }

    /// Adds something that was not read of the organisation.
    pub(super) fn add_not_read(&mut self, entry: NotRead) -> Result<(), NotReadError> {
        Arc::make_mut(&mut self.organization).not_read.add(entry)
    }

    pub(super) fn rename(&mut self, rename: &Rename) {
        let connectors = &mut Arc::make_mut(&mut self.organization).connectors;
        let renamed = connectors.iter_mut().filter(|connector| rename.is_of(connector));
        renamed.for_each(|connector| connector.rename(rename.name().clone()));
    }
}

fn key(connector: &Connector) -> (ConnectorKind, Caseless<String>) {
    let (kind, _, Caseless(name)) = connector.identity();
    (kind, Caseless(name.to_owned()))
}

fn differs(what: String, one: &str, other: &str) -> FleetError {
    FleetError::Differs { what, one: one.to_owned(), other: other.to_owned() }
}
