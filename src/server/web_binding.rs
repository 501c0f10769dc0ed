//! The https bindings of web sites in IIS.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DEFAULT_WEB_SITE, EXCHANGE_BACK_END, Installed};
use crate::json_object::JsonObject;
use crate::text;
use crate::thumbprint::Thumbprint;

/// An https binding of a web site, as `Get-WebBinding` shows it.
///
/// ```
/// use exchange_certificates::{Thumbprint, WebBinding};
///
/// let binding = WebBinding::new(1, ":443:autodiscover.contoso.com", Some(Thumbprint::of(b"")))?;
/// assert_eq!((binding.address(), binding.port(), binding.host()), ("*", 443, Some("autodiscover.contoso.com")));
/// assert_eq!(binding.id().to_string(), "*:443:autodiscover.contoso.com");
/// # Ok::<(), exchange_certificates::WebBindingError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(try_from = "JsonObject<WebBindingForm>", into = "WebBindingForm")]
pub struct WebBinding {
    site: u32,
    address: String,
    port: u16,
    host: Option<String>,
    thumbprint: Option<Thumbprint>,
    /// What it may have taken since: nothing says whether an assignment reaches it.
    perhaps: Vec<Thumbprint>,
}

/// Why a text is not a binding.
///
/// ```
/// use exchange_certificates::WebBinding;
///
/// assert_eq!(WebBinding::new(1, "443", None).unwrap_err().text, "443");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{} is not a binding; expected address, port and host name, like *:443: or *:443:mail.contoso.com", text::shown(.text))]
pub struct WebBindingError {
    /// The text as it stood.
    pub text: String,
}

impl WebBinding {
    /// A binding of a site (1 is the Default Web Site, 2 the Exchange Back End) with its certificate, from its
    /// `bindingInformation`.
    ///
    /// # Errors
    ///
    /// [`WebBindingError`] if the text is not address, port and host name with colons between.
    pub fn new(site: u32, binding: &str, thumbprint: Option<Thumbprint>) -> Result<Self, WebBindingError> {
        let parts = || {
            text::check(binding).ok()?;
            // An address of IPv6 has colons of its own, within brackets.
            let end = binding.rfind(']').map_or(0, |end| end + 1);
            let (address, rest) = binding.get(end..)?.split_once(':')?;
            let address = if end > 0 { binding.get(..end).filter(|_| address.is_empty())? } else { address };
            let (port, host) = rest.split_once(':').unwrap_or((rest, ""));
            let host = Some(host).filter(|host| !host.is_empty()).map(str::to_owned);
            let address = if address.is_empty() { "*" } else { address };
            Some((address.to_owned(), port.parse().ok()?, host))
        };
        let (address, port, host) = parts().ok_or_else(|| WebBindingError { text: binding.to_owned() })?;
        Ok(Self { site, address, port, host, thumbprint, perhaps: Vec::new() })
    }

    /// The number of the site.
    pub fn site(&self) -> u32 {
        self.site
    }

    /// The address, `*` for all.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host name, if it answers for one alone.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The certificate, installed or not.
    pub fn thumbprint(&self) -> Option<Thumbprint> {
        self.thumbprint
    }

    /// `*:443`, or `*:443:mail.contoso.com` with a host name.
    pub fn id(&self) -> impl fmt::Display {
        text::from_fn(move |f| {
            write!(f, "{}:{}", self.address, self.port)?;
            self.host.iter().try_for_each(|host| write!(f, ":{host}"))
        })
    }

    /// What it may have taken since it was read.
    pub(crate) fn perhaps(&self) -> &[Thumbprint] {
        &self.perhaps
    }

    /// The binding that the first assignment of IIS makes.
    pub(super) fn default_web_site(thumbprint: Thumbprint) -> Self {
        let address = "*".to_owned();
        Self {
            site: DEFAULT_WEB_SITE,
            address,
            port: 443,
            host: None,
            thumbprint: Some(thumbprint),
            perhaps: Vec::new(),
        }
    }

    /// Whether it is the one that the front end passes on to: port 444 of every address.
    pub(crate) fn is_of_back_end(&self) -> bool {
        self.site == EXCHANGE_BACK_END && self.address == "*" && self.port == 444 && self.host.is_none()
    }

    /// Whether it takes a certificate for certain when IIS is assigned to it.
    pub(crate) fn follows_assignments(&self) -> bool {
        matches!(self.address.as_str(), "*" | "127.0.0.1") && self.port == 443 && self.host.is_none()
    }

    /// Whether an assignment of IIS leaves, or may leave, this certificate at the Default Web Site.
    pub(crate) fn may_keep(&self, installed: &Installed) -> bool {
        let has = |thumbprint| self.thumbprint == Some(thumbprint) || self.perhaps.contains(&thumbprint);
        self.site == DEFAULT_WEB_SITE && !self.follows_assignments() && has(installed.thumbprint())
    }

    /// Takes a certificate that IIS is assigned to, or may take it.
    pub(super) fn assign(&mut self, thumbprint: Thumbprint) {
        if self.follows_assignments() {
            self.thumbprint = Some(thumbprint);
            self.perhaps.clear();
        } else if self.thumbprint != Some(thumbprint) && !self.perhaps.contains(&thumbprint) {
            self.perhaps.push(thumbprint);
        }
    }
}

/// A binding in a scenario.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "WebBinding"))]
#[serde(deny_unknown_fields)]
struct WebBindingForm {
    /// The number of the web site.
    site: u32,
    /// Address, port and host name, like `*:443:`.
    binding: String,
    thumbprint: Option<Thumbprint>,
}

impl TryFrom<JsonObject<WebBindingForm>> for WebBinding {
    type Error = WebBindingError;

    fn try_from(JsonObject(form): JsonObject<WebBindingForm>) -> Result<Self, WebBindingError> {
        Self::new(form.site, &form.binding, form.thumbprint)
    }
}

impl From<WebBinding> for WebBindingForm {
    fn from(binding: WebBinding) -> Self {
        let host = binding.host().unwrap_or_default();
        Self {
            site: binding.site,
            binding: format!("{}:{}:{host}", binding.address, binding.port),
            thumbprint: binding.thumbprint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_is_address_port_and_host_name() {
        for (text, id) in [
            ("*:443:", "*:443"),
            (":443:", "*:443"),
            (":443", "*:443"),
            ("127.0.0.1:443:", "127.0.0.1:443"),
            ("[::1]:444:", "[::1]:444"),
            ("*:443:mail.contoso.com", "*:443:mail.contoso.com"),
        ] {
            assert_eq!(WebBinding::new(1, text, None).unwrap().id().to_string(), id, "{text}");
        }
        for text in ["", "443", "*:x:", "*:99999:", "*", "[::1]x:443:", "*:443:a\nb"] {
            let error = WebBinding::new(1, text, None).unwrap_err();
            assert!(error.to_string().contains("is not a binding; expected"), "{text:?}");
        }
    }
}
