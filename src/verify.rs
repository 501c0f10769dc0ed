//! Whether an assignment worked, by what `Get-ExchangeCertificate` shows afterwards; and what became of a whole
//! organisation.

mod fleets;
mod moved;
mod presented_at;
mod probed;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::fleets::{ComparedEndpoint, EndpointState, FleetChange, compare};
pub(crate) use self::fleets::{EndpointKey, key, key_of};
pub use self::moved::{CertificateAt, ConnectorChange, DefaultSmtpChange};
pub use self::presented_at::PresentedAt;
pub use self::probed::{Look, Verdict};
use crate::json_object::{FORMAT, JsonObject};
use crate::server::{DEFAULT_WEB_SITE, EXCHANGE_BACK_END, Installed, NotReadKind, Server};
use crate::service::Service;
use crate::thumbprint::Thumbprint;

/// What a certificate is expected to be assigned to.
///
/// ```
/// use exchange_certificates::{Expectation, Service, Thumbprint};
///
/// let expectation = Expectation { thumbprint: Thumbprint::of(b""), services: Service::IIS };
/// let file = serde_json::to_string(&expectation)?;
/// assert_eq!(serde_json::from_str::<Expectation>(&file)?, expectation);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The certificate.
    pub thumbprint: Thumbprint,
    /// The services that it is to have; Exchange may show more.
    pub services: Service,
}

/// A certificate as `Get-ExchangeCertificate` shows it.
///
/// ```
/// use exchange_certificates::{Service, Shown};
///
/// let shown: Shown = serde_json::from_str(
///     r#"{ "thumbprint": "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6", "services": "IIS, SMTP" }"#,
/// )?;
/// assert_eq!(shown.services, Some(Service::IIS | Service::SMTP));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(from = "JsonObject<ShownForm>")]
#[non_exhaustive]
pub struct Shown {
    /// The certificate.
    pub thumbprint: Thumbprint,
    /// Its services; `None` if they were not shown, or cut short by `...`.
    pub services: Option<Service>,
}

impl Shown {
    /// A certificate with the services that are shown of it, if any are.
    pub fn new(thumbprint: Thumbprint, services: Option<Service>) -> Self {
        Self { thumbprint, services }
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Shown"))]
#[serde(deny_unknown_fields)]
struct ShownForm {
    thumbprint: Thumbprint,
    #[serde(default, deserialize_with = "unless_cut_short")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<ShownServices>"))]
    services: Option<Service>,
}

impl From<JsonObject<ShownForm>> for Shown {
    fn from(JsonObject(form): JsonObject<ShownForm>) -> Self {
        Self::new(form.thumbprint, form.services)
    }
}

/// What [`unless_cut_short`] reads.
#[cfg(feature = "schemars")]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is only described")]
enum ShownServices {
    Whole(Service),
    /// A list that the shell cut short.
    CutShort(#[schemars(regex(pattern = r"\.\.\.|…"))] String),
    /// Names, the last of which may be cut short.
    Names(Vec<String>),
}

/// A list that the shell cut short says nothing about what it left out.
fn unless_cut_short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Service>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "services: names like \"IIS, SMTP\", a list of names, or their integer")]
    enum Form {
        Text(String),
        Names(Vec<String>),
        Value(i64),
    }

    let text = match Option::<Form>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Form::Text(text)) => text,
        Some(Form::Names(names)) if names.is_empty() => return Ok(Some(Service::empty())),
        Some(Form::Names(names)) => names.join(","),
        Some(Form::Value(value)) => value.to_string(),
    };
    match text.parse() {
        Ok(services) => Ok(Some(services)),
        Err(_) if text.contains("...") || text.contains('…') => Ok(None),
        Err(error) => Err(serde::de::Error::custom(error)),
    }
}

/// What is known of an installed certificate: its IIS counts where the Default Web Site may have it.
impl From<&Installed> for Shown {
    fn from(installed: &Installed) -> Self {
        let is_elsewhere = installed.web_sites().is_some_and(|sites| !sites.contains(&DEFAULT_WEB_SITE));
        let uncounted = if is_elsewhere { Service::IIS } else { Service::empty() };
        Self::new(installed.thumbprint(), installed.services().map(|services| services - uncounted))
    }
}

/// What the comparison came to. Serialized as the answer to a scenario.
///
/// ```
/// use exchange_certificates::{Service, Verification};
///
/// let missing = Verification::Missing { missing: Service::SMTP, services: Service::IIS };
/// assert_eq!(
///     serde_json::to_string(&missing)?,
///     r#"{"format":3,"outcome":"missing","missing":"SMTP","services":"IIS"}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verification {
    /// The services shown contain the expected ones.
    Verified {
        /// What is shown.
        services: Service,
    },
    /// They lack some.
    Missing {
        /// What lacks.
        missing: Service,
        /// What is shown; `None` if the certificate itself is not.
        services: Service,
    },
    /// The services are not known.
    Inconclusive,
}

/// Compares what is expected with what is shown: of a server, a list of certificates, or one.
///
/// ```
/// use exchange_certificates::{Expectation, Service, Shown, Thumbprint, Verification, verify};
///
/// let thumbprint = Thumbprint::of(b"");
/// let expectation = Expectation { thumbprint, services: Service::IIS | Service::SMTP };
/// let shown = [Shown::new(thumbprint, Some("IMAP, POP, IIS".parse()?))];
/// let missing = Verification::Missing { missing: Service::SMTP, services: "IMAP, POP, IIS".parse()? };
/// assert_eq!(verify(&expectation, shown), missing);
/// # Ok::<(), exchange_certificates::ServiceError>(())
/// ```
pub fn verify(expectation: &Expectation, shown: impl IntoIterator<Item = impl Into<Shown>>) -> Verification {
    let found = shown.into_iter().map(Into::into).find(|shown| shown.thumbprint == expectation.thumbprint);
    let services = match found {
        Some(Shown { services: Some(services), .. }) => services,
        Some(Shown { services: None, .. }) => return Verification::Inconclusive,
        None => Service::empty(),
    };
    let missing = expectation.services - services;
    if found.is_some() && missing.is_empty() {
        Verification::Verified { services }
    } else {
        Verification::Missing { missing, services }
    }
}

impl Expectation {
    /// Compares it with what is known of a server: inconclusive where its certificates were not read.
    pub fn verify_on(&self, server: &Server) -> Verification {
        let installed = server.installed(self.thumbprint);
        if installed.is_none() && server.unread(NotReadKind::Certificates).is_some() {
            return Verification::Inconclusive;
        }
        verify(self, installed)
    }

    /// Compares it with the services that are shown, where the server was known before.
    ///
    /// `Get-ExchangeCertificate` does not show which web site IIS comes from: of a certificate that the Exchange Back
    /// End had, and the Default Web Site not for certain, it is inconclusive.
    pub fn verify_shown(&self, server: &Server, shown: impl IntoIterator<Item = impl Into<Shown>>) -> Verification {
        let verification = verify(self, shown);
        let asks_for_iis = self.services.contains(Service::IIS);
        let sites = server.sites();
        let is_back_end = |installed: &Installed| {
            sites.holds(installed, EXCHANGE_BACK_END) == Some(true)
                && sites.holds(installed, DEFAULT_WEB_SITE) != Some(true)
        };
        match verification {
            Verification::Verified { .. }
                if asks_for_iis && server.installed(self.thumbprint).is_some_and(is_back_end) =>
            {
                Verification::Inconclusive
            }
            other => other,
        }
    }
}

impl Serialize for Verification {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut verification = serializer.serialize_struct("Verification", 4)?;
        verification.serialize_field("format", &FORMAT)?;
        match self {
            Self::Verified { services } => {
                verification.serialize_field("outcome", "verified")?;
                verification.serialize_field("services", services)?;
            }
            Self::Missing { missing, services } => {
                verification.serialize_field("outcome", "missing")?;
                verification.serialize_field("missing", missing)?;
                verification.serialize_field("services", services)?;
            }
            Self::Inconclusive => verification.serialize_field("outcome", "inconclusive")?,
        }
        verification.end()
    }
}
