//! What is known of a text.

use serde::Serialize;

use super::steps::Step;
use crate::endpoint::EndpointKind;

/// A text that Exchange, Windows or a mail partner prints about certificates.
///
/// ```
/// use exchange_certificates::known_texts;
///
/// let known = known_texts().find(|known| known.id() == "http-binding-broken").unwrap();
/// assert_eq!(known.signs().next().unwrap(), "event 15021 of HttpEvent");
/// assert!(known.meaning().contains("port 444") && known.rules().contains(&"audit-back-end-binding"));
/// ```
#[derive(Debug)]
pub struct KnownText {
    pub(super) id: &'static str,
    /// Any of these is the text.
    pub(super) signs: &'static [Sign],
    /// The texts of these say the same and more where they stand close by.
    pub(super) unless: &'static [&'static str],
    pub(super) meaning: &'static str,
    pub(super) about: &'static [EndpointKind],
    pub(super) look_at: &'static [Step],
    pub(super) rules: &'static [&'static str],
    pub(super) remedy: &'static [Step],
    pub(super) source: Publication,
}

impl KnownText {
    /// Its permanent name, like `starttls-certificate-expired`.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What it means.
    pub fn meaning(&self) -> &'static str {
        self.meaning
    }

    /// The ids of the rules behind it, those of the audit too.
    pub fn rules(&self) -> &'static [&'static str] {
        self.rules
    }

    /// Where it is printed or described.
    pub fn source(&self) -> Publication {
        self.source
    }

    /// The events, replies and words that it is recognised by, as people read them.
    pub fn signs(&self) -> impl Iterator<Item = String> {
        self.signs.iter().map(|sign| match sign {
            Sign::Event(log, id) => format!("event {id} of {}", log.title()),
            Sign::Reply(code) => format!("reply {code}"),
            Sign::Words(parts) => parts.join(" … "),
        })
    }
}

/// A public page.
///
/// ```
/// use exchange_certificates::known_texts;
///
/// let known = known_texts().find(|known| known.id() == "schannel-remote-expired").unwrap();
/// assert_eq!(known.source().title, "Schannel Events");
/// assert!(known.source().address.starts_with("https://learn.microsoft.com/"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Publication {
    /// Its title.
    pub title: &'static str,
    /// Its address.
    pub address: &'static str,
}

impl Publication {
    pub(super) const fn new(title: &'static str, address: &'static str) -> Self {
        Self { title, address }
    }
}

/// What a text is recognised by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sign {
    /// An event, by its source and id.
    Event(Log, u32),
    /// A reply of SMTP: the code and the enhanced code.
    Reply(&'static str),
    /// These words, with anything of some length between one part and the next.
    Words(&'static [&'static str]),
}

/// Who writes events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    Transport,
    EdgeSync,
    CertificateDeployment,
    OAuth,
    WebServices,
    FrontEndProxy,
    Imap,
    Pop,
    UnifiedMessaging,
    Http,
    Schannel,
}

impl Log {
    pub(super) const ALL: [Self; 11] = [
        Self::Transport,
        Self::EdgeSync,
        Self::CertificateDeployment,
        Self::OAuth,
        Self::WebServices,
        Self::FrontEndProxy,
        Self::Imap,
        Self::Pop,
        Self::UnifiedMessaging,
        Self::Http,
        Self::Schannel,
    ];

    /// Its sources, as events name them.
    pub(super) fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Transport => &[
                "MSExchangeTransport",
                "MSExchangeFrontEndTransport",
                "MSExchangeTransportDelivery",
                "MSExchangeTransportSubmission",
            ],
            Self::EdgeSync => &["MSExchange EdgeSync"],
            Self::CertificateDeployment => &["MSExchange Certificate Deployment"],
            Self::OAuth => &["MSExchange OAuth"],
            Self::WebServices => &["MSExchange Web Services"],
            Self::FrontEndProxy => &["MSExchange Front End HTTP Proxy", "MSExchange Front End HTTPS Proxy"],
            Self::Imap => &["MSExchangeIMAP4"],
            Self::Pop => &["MSExchangePOP3"],
            Self::UnifiedMessaging => &["MSExchange Unified Messaging"],
            Self::Http => &["HttpEvent"],
            Self::Schannel => &["Schannel"],
        }
    }

    fn title(self) -> &'static str {
        self.sources().first().copied().unwrap_or_default()
    }
}
