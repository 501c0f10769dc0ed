//! What was asked of a server or of the organisation and not answered, or never exported.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Server, ServerError};
use crate::json_object::JsonObject;
use crate::text::{self, Text, TextError};

/// Something of a server or of the organisation that was not read: it was asked for and not answered, or not exported.
///
/// What is not read is never "there is none". Serialized as the kind alone, or with the message beside it.
///
/// ```
/// use exchange_certificates::{NotRead, NotReadKind, Role, Server, Version};
///
/// let certificates = NotRead::new(NotReadKind::Certificates).with_message("The server is down.")?;
/// let server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?.with_not_read([certificates])?;
/// let entry = server.not_read().next().ok_or("everything was read")?;
/// assert_eq!(entry.to_string(), "certificates (The server is down.)");
/// assert_eq!(entry.what().cmdlets(), ["Get-ExchangeCertificate"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRead {
    what: NotReadKind,
    message: Option<Text>,
}

/// Declares each kind once: its name in files, whether the organisation has it, and the cmdlets that read it.
macro_rules! kinds {
    ($($(#[doc = $documentation:literal])+ $kind:ident: $name:literal, $of_organization:literal, $cmdlets:expr;)+) => {
        /// What may be not read, by the name that scenario files have for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum NotReadKind {
            $($(#[doc = $documentation])+ $kind,)+
        }

        impl NotReadKind {
            /// Every kind: those of a server, then those of the organisation.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Whether it is of the whole organisation, and not of one server.
            pub fn is_of_organization(self) -> bool {
                match self {
                    $(Self::$kind => $of_organization,)+
                }
            }

            /// The cmdlets of the Exchange Management Shell that read it, all of which are needed.
            pub fn cmdlets(self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind => &$cmdlets,)+
                }
            }

            fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// The installed certificates.
    Certificates: "certificates", false, ["Get-ExchangeCertificate"];
    /// The Receive connectors of the server.
    ReceiveConnectors: "receive-connectors", false, ["Get-ReceiveConnector"];
    /// The host names that clients use: of the virtual directories, Outlook Anywhere and Autodiscover.
    ClientNames: "client-names", false, [
        "Get-OwaVirtualDirectory",
        "Get-EcpVirtualDirectory",
        "Get-WebServicesVirtualDirectory",
        "Get-ActiveSyncVirtualDirectory",
        "Get-OabVirtualDirectory",
        "Get-AutodiscoverVirtualDirectory",
        "Get-OutlookAnywhere",
        "Get-MapiVirtualDirectory",
        "Get-ClientAccessService",
    ];
    /// The default SMTP certificate.
    DefaultSmtp: "default-smtp", false, ["Get-TransportService"];
    /// The settings of IMAP.
    Imap: "imap", false, ["Get-ImapSettings"];
    /// The settings of POP.
    Pop: "pop", false, ["Get-PopSettings"];
    /// The settings of Unified Messaging.
    Um: "um", false, ["Get-UMService"];
    /// The settings of the Unified Messaging Call Router.
    UmCallRouter: "um-call-router", false, ["Get-UMCallRouterSettings"];
    /// The bindings of the web sites, which the server itself is asked for.
    WebBindings: "web-bindings", false, ["Get-WebBinding"];
    /// Which certificates the server finds for a host name.
    Selection: "selection", false, ["Get-ExchangeCertificate"];
    /// The servers of the organisation.
    Servers: "servers", true, ["Get-ExchangeServer"];
    /// The Send connectors of the organisation; an Edge Transport server has its own.
    SendConnectors: "send-connectors", true, ["Get-SendConnector"];
    /// The hybrid configuration.
    Hybrid: "hybrid", true, ["Get-HybridConfiguration"];
    /// The Auth configuration.
    Auth: "auth", true, ["Get-AuthConfig"];
    /// The federation trust.
    Federation: "federation", true, ["Get-FederationTrust"];
    /// The Edge subscriptions.
    EdgeSubscriptions: "edge-subscriptions", true, ["Get-EdgeSubscription"];
}

impl NotReadKind {
    /// Whether a decision or an audit may stand on it. What does not count is a fact of its own, which is then not
    /// known.
    pub fn counts(self) -> bool {
        !matches!(
            self,
            Self::DefaultSmtp
                | Self::Imap
                | Self::Pop
                | Self::Um
                | Self::UmCallRouter
                | Self::WebBindings
                | Self::Selection
        )
    }

    /// Whether an Edge Transport server has such a thing, of its own or with the organisation.
    pub(crate) fn is_on_edge(self) -> bool {
        !matches!(self, Self::Auth | Self::Federation | Self::Hybrid | Self::ClientNames | Self::EdgeSubscriptions)
    }

    /// Whether it stands at a server: what is of a server, and the Send connectors of an Edge Transport server.
    pub(crate) fn stands_at(self, is_edge: bool) -> bool {
        !self.is_of_organization() || is_edge && self == Self::SendConnectors
    }
}

impl NotReadKind {
    /// What it is, in words: `the Send connectors`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Certificates => "the certificates",
            Self::ReceiveConnectors => "the Receive connectors",
            Self::ClientNames => "the host names that clients use",
            Self::DefaultSmtp => "the default SMTP certificate",
            Self::Imap => "the settings of IMAP",
            Self::Pop => "the settings of POP",
            Self::Um => "the settings of Unified Messaging",
            Self::UmCallRouter => "the settings of the Unified Messaging Call Router",
            Self::WebBindings => "the bindings of the web sites",
            Self::Selection => "which certificates the server finds for a host name",
            Self::Servers => "the servers",
            Self::SendConnectors => "the Send connectors",
            Self::Hybrid => "the hybrid configuration",
            Self::Auth => "the Auth configuration",
            Self::Federation => "the federation trust",
            Self::EdgeSubscriptions => "the Edge subscriptions",
        }
    }
}

/// Why a text does not name a kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {} to be read; {}", text::excerpt(.text), expected(.text))]
#[non_exhaustive]
pub struct NotReadKindError {
    /// The text as it stood.
    pub text: String,
}

/// The nearest name, or else all of them.
fn expected(text: &str) -> String {
    let names: Vec<_> = NotReadKind::ALL.iter().map(|kind| kind.name()).collect();
    match text::nearest(text, names.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("expected one of {}", names.join(", ")),
    }
}

/// Why a list of what was not read is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotReadError {
    /// A kind that is listed twice.
    #[error("{what} is listed twice")]
    Twice {
        /// The kind.
        what: NotReadKind,
    },
    /// A kind of a server among those of the organisation.
    #[error("{what} belongs to a server, and stands there")]
    OfServer {
        /// The kind.
        what: NotReadKind,
    },
    /// A kind of the organisation at one server of several.
    #[error("{what}, which {} has, belongs to the organisation, and stands beside the servers", text::shown(.server))]
    OfOrganization {
        /// The kind.
        what: NotReadKind,
        /// The server.
        server: String,
    },
}

impl NotRead {
    /// Something that was not read, and nobody said why.
    pub fn new(what: NotReadKind) -> Self {
        Self { what, message: None }
    }

    /// Sets what was answered.
    ///
    /// # Errors
    ///
    /// [`TextError`] if it is empty or holds a control character: it stands on one line.
    pub fn with_message(self, message: impl Into<String>) -> Result<Self, TextError> {
        Ok(Self { message: Some(Text::new(message)?), ..self })
    }

    /// What was not read.
    pub fn what(&self) -> NotReadKind {
        self.what
    }

    /// What was answered, if anything was.
    pub fn message(&self) -> Option<&str> {
        self.message.as_ref().map(Text::as_str)
    }
}

impl fmt::Display for NotReadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for NotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt(f)?;
        self.message().map_or(Ok(()), |message| write!(f, " ({})", text::plain(message)))
    }
}

impl FromStr for NotReadKind {
    type Err = NotReadKindError;

    fn from_str(text: &str) -> Result<Self, NotReadKindError> {
        let found = Self::ALL.iter().find(|kind| kind.name().eq_ignore_ascii_case(text.trim()));
        found.copied().ok_or_else(|| NotReadKindError { text: text.to_owned() })
    }
}

impl Serialize for NotReadKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for NotReadKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// An entry with its message.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explained {
    what: NotReadKind,
    message: Option<Text>,
}

impl Serialize for NotRead {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.message {
            None => self.what.serialize(serializer),
            message => Explained { what: self.what, message: message.clone() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for NotRead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;

        impl<'de> Visitor<'de> for Entry {
            type Value = NotRead;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what was not read, or an object with what and message")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<NotRead, E> {
                text.parse().map(NotRead::new).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NotRead, A::Error> {
                let JsonObject(Explained { what, message }) = JsonObject::of(map)?;
                Ok(NotRead { what, message })
            }
        }

        deserializer.deserialize_any(Entry)
    }
}

/// What was not read, each kind once, in the order of the kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NotReadList(Vec<NotRead>);

impl NotReadList {
    pub(crate) fn get(&self, what: NotReadKind) -> Option<&NotRead> {
        self.0.iter().find(|entry| entry.what == what)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &NotRead> {
        self.0.iter()
    }

    pub(crate) fn add(&mut self, entry: NotRead) -> Result<(), NotReadError> {
        match self.0.binary_search_by_key(&entry.what, |known| known.what) {
            Ok(_) => Err(NotReadError::Twice { what: entry.what }),
            Err(place) => {
                self.0.insert(place, entry);
                Ok(())
            }
        }
    }

    /// Takes over the kinds that are not there yet, and tells whether there were any.
    pub(crate) fn learn(&mut self, others: &Self) -> bool {
        let known = self.0.len();
        others.iter().cloned().for_each(|entry| self.add(entry).unwrap_or_default());
        self.0.len() > known
    }

    /// Whether another list has only kinds that are here.
    pub(crate) fn covers(&self, others: &Self) -> bool {
        others.iter().all(|entry| self.get(entry.what).is_some())
    }

    /// Takes the kinds out of which this holds.
    pub(super) fn take(&mut self, is_taken: impl Fn(NotReadKind) -> bool) -> Self {
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|entry| is_taken(entry.what));
        self.0 = left;
        Self(taken)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for NotReadList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for NotReadList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = NotReadList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of what was not read")
            }

            fn visit_unit<E: de::Error>(self) -> Result<NotReadList, E> {
                Ok(NotReadList::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<NotReadList, A::Error> {
                let mut list = NotReadList::default();
                while let Some(entry) = sequence.next_element()? {
                    list.add(entry).map_err(de::Error::custom)?;
                }
                Ok(list)
            }
        }

        deserializer.deserialize_any(List)
    }
}

impl Server {
    /// What of it and of its organisation was not read. An Edge Transport server has no part in the Auth configuration,
    /// federation, hybrid configuration and Edge subscriptions, no client names, and Send connectors of its own.
    pub fn not_read(&self) -> impl Iterator<Item = &NotRead> {
        NotReadKind::ALL.iter().filter_map(|what| self.unread(*what))
    }

    /// Says what was not read, of it and of its organisation, beside what was said before.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotRead`] if a kind is listed twice.
    pub fn with_not_read(mut self, not_read: impl IntoIterator<Item = NotRead>) -> Result<Self, ServerError> {
        let is_edge = self.is_edge();
        for entry in not_read.into_iter().filter(|entry| !is_edge || entry.what.is_on_edge()) {
            if entry.what.stands_at(is_edge) {
                self.facts.not_read.add(entry)?;
            } else {
                std::sync::Arc::make_mut(&mut self.organization).not_read.add(entry)?;
            }
        }
        Ok(self)
    }

    /// The entry of something that was not read; `None` if it was read, or is nothing that the server has.
    pub(crate) fn unread(&self, what: NotReadKind) -> Option<&NotRead> {
        let of_organization = || self.organization.not_read.get(what).filter(|_| self.shares(what));
        self.facts.not_read.get(what).or_else(of_organization)
    }

    pub(crate) fn own_not_read(&self) -> &NotReadList {
        &self.facts.not_read
    }

    /// Whether what the organisation lacks is lacking for this server.
    fn shares(&self, what: NotReadKind) -> bool {
        !self.is_edge() || what.is_on_edge() && !what.stands_at(true)
    }
}
