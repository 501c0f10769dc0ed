//! A certificate of an export, with what the export says beside its DER.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::Origin;
use crate::certificate::Certificate;
use crate::server::{Installed, KeyStorage, RootCaType, Status};
use crate::service::Service;
use crate::thumbprint::Thumbprint;

/// A certificate that was read, with what was said of it. What was not said is not known.
///
/// ```
/// use exchange_certificates::import::Import;
///
/// let mut import = Import::new();
/// import.add("renewed.pem", &std::fs::read("examples/data/renewed.pem")?)?;
/// let exported = import.certificates().next().ok_or("there is none")?;
/// assert_eq!(exported.certificate().subject().to_string(), "CN=mail.contoso.com, O=Contoso, C=US");
/// assert_eq!(exported.services(), None, "a bare certificate does not say what it is assigned to");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedCertificate {
    certificate: Certificate,
    server: Option<Arc<str>>,
    facts: Facts,
    origin: Origin,
}

/// What stands beside the DER.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    pub(super) friendly_name: Option<String>,
    pub(super) has_private_key: Option<bool>,
    pub(super) key_storage: Option<KeyStorage>,
    pub(super) status: Option<Status>,
    pub(super) root_ca_type: Option<RootCaType>,
    pub(super) services: Option<Service>,
    pub(super) web_sites: Option<BTreeSet<u32>>,
}

impl ExportedCertificate {
    pub(super) fn new(certificate: Certificate, server: Option<Arc<str>>, facts: Facts, origin: Origin) -> Self {
        Self { certificate, server, facts, origin }
    }

    /// The certificate itself.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        self.certificate.thumbprint()
    }

    /// The server that it is installed on, by the name that it was given there: most often an FQDN.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    pub(super) fn shared_server(&self) -> Option<&Arc<str>> {
        self.server.as_ref()
    }

    /// Its friendly name.
    pub fn friendly_name(&self) -> Option<&str> {
        self.facts.friendly_name.as_deref()
    }

    /// Whether the server has the private key, if that was said.
    pub fn has_private_key(&self) -> Option<bool> {
        self.facts.has_private_key
    }

    /// Where the private key is kept, if that was said.
    pub fn key_storage(&self) -> Option<KeyStorage> {
        self.facts.key_storage
    }

    /// The status that Exchange reported.
    pub fn status(&self) -> Option<Status> {
        self.facts.status
    }

    /// The root CA type that Exchange reported.
    pub fn root_ca_type(&self) -> Option<RootCaType> {
        self.facts.root_ca_type
    }

    /// The services that it is assigned to, if that was said.
    pub fn services(&self) -> Option<Service> {
        self.facts.services
    }

    /// The IIS sites that it is bound to, if that was said.
    pub fn web_sites(&self) -> Option<&BTreeSet<u32>> {
        self.facts.web_sites.as_ref()
    }

    /// Where it was read.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The certificate as a server holds it. Where nobody said whether there is a private key, there is one.
    pub fn to_installed(&self) -> Installed {
        let facts = &self.facts;
        let mut installed = Installed::new(self.certificate.clone());
        if let Some(name) = &facts.friendly_name {
            installed = installed.with_friendly_name(name);
        }
        if let Some(has_private_key) = facts.has_private_key {
            installed = installed.with_private_key(has_private_key);
        }
        if let Some(storage) = facts.key_storage {
            installed = installed.with_key_storage(storage);
        }
        if let Some(status) = facts.status {
            installed = installed.with_status(status);
        }
        if let Some(root_ca_type) = facts.root_ca_type {
            installed = installed.with_root_ca_type(root_ca_type);
        }
        if let Some(services) = facts.services {
            installed = installed.with_services(services);
        }
        if let Some(sites) = &facts.web_sites {
            installed = installed.with_web_sites(sites.iter().copied());
        }
        installed
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Takes over what is not known here; it is as new as the newest that says so.
    pub(super) fn fill(&mut self, other: Self) {
        self.facts.fill(other.facts);
        if other.origin.collected > self.origin.collected {
            self.origin = other.origin;
        }
    }
}

impl Facts {
    /// The first fact of which both know something, and something else.
    pub(super) fn differs(&self, other: &Self) -> Option<&'static str> {
        fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_some_and(|(one, other)| one != other)
        }
        let facts = [
            (differ(self.services.as_ref(), other.services.as_ref()), "the services"),
            (differ(self.status.as_ref(), other.status.as_ref()), "the status"),
            (differ(self.root_ca_type.as_ref(), other.root_ca_type.as_ref()), "the root CA type"),
            (differ(self.friendly_name.as_ref(), other.friendly_name.as_ref()), "the friendly name"),
            (differ(self.has_private_key.as_ref(), other.has_private_key.as_ref()), "the private key"),
            (differ(self.key_storage.as_ref(), other.key_storage.as_ref()), "where the private key is kept"),
            (differ(self.web_sites.as_ref(), other.web_sites.as_ref()), "the web sites"),
        ];
        facts.into_iter().find_map(|(differs, fact)| differs.then_some(fact))
    }

    /// Takes over what is not known here.
    pub(super) fn fill(&mut self, other: Self) {
        self.friendly_name = self.friendly_name.take().or(other.friendly_name);
        self.has_private_key = self.has_private_key.or(other.has_private_key);
        self.key_storage = self.key_storage.or(other.key_storage);
        self.status = self.status.or(other.status);
        self.root_ca_type = self.root_ca_type.or(other.root_ca_type);
        self.services = self.services.or(other.services);
        self.web_sites = self.web_sites.take().or(other.web_sites);
    }
}
