//! A certificate as a listing shows it: without its DER, and never taken for a certificate.

use std::collections::BTreeSet;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::error::Origin;
use crate::rfc3339;
use crate::server::{RootCaType, Status};
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::verify::Shown;

/// A certificate as `Format-List`, `Format-Table`, CSV or JSON without `RawData` shows it.
///
/// It serves [`verify`](crate::verify) and people; no rule can judge it. Texts stand as they were shown.
///
/// ```
/// use exchange_certificates::import::Import;
///
/// let mut import = Import::new();
/// import.add(
///     "table.txt",
///     b"Thumbprint                                Services   Subject
///       ----------                                --------   -------
///       5113AE0233A72FCCB75B1D0198628675333D010E  IP.WS..    CN=mail.contoso.com, O=Cont...",
/// )?;
/// let listed = import.listed().next().ok_or("nothing is listed")?;
/// assert_eq!(listed.services.map(|it| it.to_string()).as_deref(), Some("IMAP, POP, IIS, SMTP"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Listed {
    /// Its thumbprint.
    pub thumbprint: Thumbprint,
    /// Its services; `None` if they were not shown, or cut short.
    pub services: Option<Service>,
    /// Its status.
    pub status: Option<Status>,
    /// The kind of CA that issued its root.
    pub root_ca_type: Option<RootCaType>,
    /// Its subject, perhaps cut short: it then ends with `...` or `…`.
    pub subject: Option<String>,
    /// Its issuer, perhaps cut short.
    pub issuer: Option<String>,
    /// Its serial number.
    pub serial_number: Option<String>,
    /// Its domains.
    pub domains: Option<Vec<String>>,
    /// Whether the list of domains was cut short: there are more than it holds.
    pub domains_cut_short: bool,
    /// Its friendly name.
    pub friendly_name: Option<String>,
    /// Whether the server has the private key.
    pub has_private_key: Option<bool>,
    /// The IIS sites that it is bound to; `None` if they were not shown, or cut short.
    pub web_sites: Option<BTreeSet<u32>>,
    /// Since when it is valid; only JSON tells in which time zone that was meant.
    #[serde(default, serialize_with = "rfc3339::serialize_some", deserialize_with = "rfc3339::deserialize_some")]
    pub not_before: Option<SystemTime>,
    /// Until when it is valid.
    #[serde(default, serialize_with = "rfc3339::serialize_some", deserialize_with = "rfc3339::deserialize_some")]
    pub not_after: Option<SystemTime>,
    /// The server that it is installed on.
    pub server: Option<String>,
    /// Where it was read.
    pub origin: Origin,
}

impl Listed {
    pub(super) fn new(thumbprint: Thumbprint, origin: Origin) -> Self {
        Self {
            thumbprint,
            services: None,
            status: None,
            root_ca_type: None,
            subject: None,
            issuer: None,
            serial_number: None,
            domains: None,
            domains_cut_short: false,
            friendly_name: None,
            has_private_key: None,
            web_sites: None,
            not_before: None,
            not_after: None,
            server: None,
            origin,
        }
    }

    /// Whether two listings say the same, wherever they stand.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        Self { origin: self.origin.clone(), ..other.clone() } == *self
    }

    /// The first thing that both know and show differently.
    pub(super) fn differs(&self, other: &Self) -> Option<&'static str> {
        let differ = |one: bool, what| one.then_some(what);
        differ(self.services.zip(other.services).is_some_and(|(one, other)| one != other), "the services")
            .or(differ(self.status.zip(other.status).is_some_and(|(one, other)| one != other), "the status"))
    }
}

impl From<&Listed> for Shown {
    fn from(listed: &Listed) -> Self {
        Self::new(listed.thumbprint, listed.services)
    }
}
