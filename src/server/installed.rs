//! A certificate in the store of a server, with what its DER does not hold.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{KeyStorage, RootCaType, Status};
use crate::certificate::{Certificate, bytes_cover};
use crate::json_object::JsonObject;
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// The site number of the Default Web Site in IIS.
pub const DEFAULT_WEB_SITE: u32 = 1;
/// The site number of the Exchange Back End site in IIS.
pub const EXCHANGE_BACK_END: u32 = 2;

/// A certificate that is installed on a server, with the facts that stand beside it.
///
/// ```
/// use exchange_certificates::{Certificate, Installed, Service};
///
/// let certificate: Certificate = std::fs::read_to_string("examples/data/renewed.pem")?.parse()?;
/// let installed = Installed::new(certificate).with_services(Service::IIS | Service::SMTP).with_web_sites([1]);
/// assert!(installed.has_private_key());
/// assert_eq!(installed.status(), None, "it is not known");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(from = "JsonObject<InstalledForm>", into = "InstalledForm")]
pub struct Installed {
    certificate: Certificate,
    friendly_name: Option<String>,
    has_private_key: bool,
    key_storage: Option<KeyStorage>,
    status: Option<Status>,
    root_ca_type: Option<RootCaType>,
    pub(super) known_services: Service,
    has_all_services_known: bool,
    pub(super) web_sites: Option<BTreeSet<u32>>,
    /// The offsets of the first domain and of the first wildcard: several rules of every decision ask for them.
    first_domain: Option<u32>,
    first_wildcard: Option<u32>,
}

impl Installed {
    /// A certificate with its private key, of which nothing else is known.
    pub fn new(certificate: Certificate) -> Self {
        let first_domain = certificate.domain_offsets().next().map(|(offset, _)| offset);
        Self {
            first_domain,
            first_wildcard: certificate.first_wildcard_offset(),
            certificate,
            friendly_name: None,
            has_private_key: true,
            key_storage: None,
            status: None,
            root_ca_type: None,
            known_services: Service::empty(),
            has_all_services_known: false,
            web_sites: None,
        }
    }

    /// Sets the friendly name, which may be any text: it stands in no command.
    #[must_use]
    pub fn with_friendly_name(mut self, name: impl Into<String>) -> Self {
        self.friendly_name = Some(name.into());
        self
    }

    /// Sets whether the server has the private key.
    #[must_use]
    pub fn with_private_key(mut self, has_private_key: bool) -> Self {
        self.has_private_key = has_private_key;
        self
    }

    /// Sets where the private key is kept.
    #[must_use]
    pub fn with_key_storage(mut self, storage: KeyStorage) -> Self {
        self.key_storage = Some(storage);
        self
    }

    /// Sets the status that Exchange reported.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the root CA type that Exchange reported.
    #[must_use]
    pub fn with_root_ca_type(mut self, root_ca_type: RootCaType) -> Self {
        self.root_ca_type = Some(root_ca_type);
        self
    }

    /// Sets the services that it is assigned to; they are then known.
    #[must_use]
    pub fn with_services(mut self, services: Service) -> Self {
        self.known_services = services;
        self.has_all_services_known = true;
        self
    }

    /// Sets the IIS sites that it is bound to; they are then known.
    #[must_use]
    pub fn with_web_sites(mut self, sites: impl IntoIterator<Item = u32>) -> Self {
        self.web_sites = Some(sites.into_iter().collect());
        self
    }

    /// The certificate itself.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        self.certificate.thumbprint()
    }

    /// Its friendly name.
    pub fn friendly_name(&self) -> Option<&str> {
        self.friendly_name.as_deref()
    }

    /// Whether the server has the private key.
    pub fn has_private_key(&self) -> bool {
        self.has_private_key
    }

    /// Where the private key is kept, if that is known.
    pub fn key_storage(&self) -> Option<KeyStorage> {
        self.key_storage
    }

    /// The status that Exchange reported, if it did.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    /// The root CA type that Exchange reported, if it did.
    pub fn root_ca_type(&self) -> Option<RootCaType> {
        self.root_ca_type
    }

    /// The services that it is assigned to; `None` if they are not known.
    pub fn services(&self) -> Option<Service> {
        self.has_all_services_known.then_some(self.known_services)
    }

    /// The services that it is known to be assigned to. Where they are [not known](Self::services)
    /// as a whole, these are the ones that were assigned since, and there may be more; a scenario file does
    /// not hold them.
    pub fn known_services(&self) -> Service {
        self.known_services
    }

    /// The IIS sites that it is bound to; `None` if they are not known.
    pub fn web_sites(&self) -> Option<&BTreeSet<u32>> {
        self.web_sites.as_ref()
    }

    /// Whether it is known to be assigned to all of these services.
    pub fn has(&self, services: Service) -> bool {
        self.known_services.contains(services)
    }

    /// Whether it is known to be assigned to something.
    pub(crate) fn is_assigned(&self) -> bool {
        !self.known_services.is_empty()
    }

    /// Whether it has a service, or may have it since its services are not known.
    pub(crate) fn may_have(&self, service: Service) -> bool {
        self.services().is_none_or(|services| services.contains(service))
    }

    /// Whether it is valid, or may be since Exchange could not tell.
    pub(crate) fn may_be_valid(&self, now: Timestamp) -> bool {
        matches!(self.status_at(now), Status::Valid | Status::Unknown | Status::RevocationCheckFailure)
    }

    /// Whether a service can use it: it may be valid, which outside its dates it is not, and has its key.
    pub(crate) fn can_serve(&self, now: Timestamp) -> bool {
        self.has_private_key() && self.may_be_valid(now)
    }

    /// The certificate's [first domain](Certificate::first_domain).
    pub(crate) fn first_domain(&self) -> Option<Cow<'_, str>> {
        self.first_domain.and_then(|offset| self.certificate.domain_at(offset))
    }

    /// The certificate's [first wildcard](Certificate::first_wildcard).
    pub(crate) fn first_wildcard(&self) -> Option<Cow<'_, str>> {
        self.first_wildcard.and_then(|offset| self.certificate.domain_at(offset))
    }

    /// Whether the certificate has any domain.
    pub(crate) fn has_domains(&self) -> bool {
        self.first_domain.is_some()
    }

    /// Whether the certificate has any wildcard.
    pub(crate) fn is_wildcard(&self) -> bool {
        self.first_wildcard.is_some()
    }

    /// Whether the certificate has this [domain](Certificate::has_domain).
    pub(crate) fn has_domain(&self, name: &str) -> bool {
        match self.first_bytes(name) {
            Some((_, first)) if first.eq_ignore_ascii_case(name.as_bytes()) => true,
            Some((offset, _)) => {
                self.certificate.has_later_domain_by(offset, |domain| domain.eq_ignore_ascii_case(name.as_bytes()))
            }
            None => self.has_domains() && self.certificate.has_domain(name),
        }
    }

    /// Whether the certificate [covers](Certificate::covers) this host.
    pub(crate) fn covers(&self, host: &str) -> bool {
        match self.first_bytes(host) {
            Some((_, first)) if bytes_cover(first, host.as_bytes()) => true,
            Some((offset, _)) => {
                self.certificate.has_later_domain_by(offset, |domain| bytes_cover(domain, host.as_bytes()))
            }
            None => self.has_domains() && self.certificate.covers(host),
        }
    }

    /// Where the first domain stands, with its bytes, to compare with a text in ASCII: it mostly tells.
    fn first_bytes(&self, text: &str) -> Option<(u32, &[u8])> {
        let offset = self.first_domain.filter(|_| text.is_ascii())?;
        Some((offset, self.certificate.domain_bytes_at(offset)?))
    }

    /// Whether this point in time lies within its dates.
    pub(crate) fn is_current(&self, now: Timestamp) -> bool {
        (self.certificate.starts()..=self.certificate.ends()).contains(&now)
    }

    /// The whole days until it expires; negative if it has.
    pub(crate) fn days_left(&self, now: Timestamp) -> i64 {
        now.days_until(self.certificate.ends())
    }

    /// With fewer days left than these it expires soon: a third of its lifetime, or at most so many.
    pub(crate) fn expires_soon_from(&self, days: u32) -> i64 {
        let lifetime = self.certificate.starts().days_until(self.certificate.ends());
        i64::from(days).min(lifetime.div_euclid(3))
    }

    /// Whether transport and the front ends look at it at all: with its key, and neither revoked nor broken.
    pub(crate) fn may_be_presented(&self) -> bool {
        // None of these depends on the time.
        let is_dropped = matches!(
            self.status,
            Some(Status::Revoked | Status::Invalid | Status::PendingRequest | Status::Unrecognized(_))
        );
        self.has_private_key && !is_dropped
    }

    /// The status in force: the reported one, unless the dates say otherwise.
    pub(crate) fn status_at(&self, now: Timestamp) -> Status {
        let reported = self.status.unwrap_or(Status::Valid);
        match reported {
            Status::Valid | Status::RevocationCheckFailure | Status::Untrusted | Status::Unknown
                if !self.is_current(now) =>
            {
                Status::DateInvalid
            }
            _ => reported,
        }
    }
}

impl AsRef<Certificate> for Installed {
    fn as_ref(&self) -> &Certificate {
        &self.certificate
    }
}

impl From<Certificate> for Installed {
    fn from(certificate: Certificate) -> Self {
        Self::new(certificate)
    }
}

/// An installed certificate in a scenario.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Installed"))]
#[serde(deny_unknown_fields)]
struct InstalledForm {
    certificate: Certificate,
    friendly_name: Option<String>,
    /// It is there if this is left out.
    has_private_key: Option<bool>,
    key_storage: Option<KeyStorage>,
    status: Option<Status>,
    root_ca_type: Option<RootCaType>,
    /// Not known if it is left out.
    services: Option<Service>,
    /// The numbers of the web sites that are bound to it; not known if it is left out.
    web_sites: Option<BTreeSet<u32>>,
}

impl From<JsonObject<InstalledForm>> for Installed {
    fn from(JsonObject(form): JsonObject<InstalledForm>) -> Self {
        Self {
            friendly_name: form.friendly_name,
            has_private_key: form.has_private_key.unwrap_or(true),
            key_storage: form.key_storage,
            status: form.status,
            root_ca_type: form.root_ca_type,
            known_services: form.services.unwrap_or_default(),
            has_all_services_known: form.services.is_some(),
            web_sites: form.web_sites,
            ..Self::new(form.certificate)
        }
    }
}

impl From<Installed> for InstalledForm {
    fn from(installed: Installed) -> Self {
        Self {
            services: installed.services(),
            certificate: installed.certificate,
            friendly_name: installed.friendly_name,
            has_private_key: Some(installed.has_private_key),
            key_storage: installed.key_storage,
            status: installed.status,
            root_ca_type: installed.root_ca_type,
            web_sites: installed.web_sites,
        }
    }
}
