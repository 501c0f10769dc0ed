//! Which certificate a server presents where, and why.
//!
//! The flags that `Get-ExchangeCertificate` prints are not what clients see: a certificate has IIS since it is bound
//! to some site, and connectors choose theirs by name. So decisions are made about endpoints.

mod client_access;
mod describe;
mod found;
mod https;
mod place;
mod rank;
mod selection;
mod transport;
mod unified_messaging;
mod view;

use std::sync::Arc;
use std::time::SystemTime;

use self::found::Found;
pub(crate) use self::https::{asked_names, has_host_binding};
use self::place::{At, Place};
pub use self::rank::Rank;
pub(crate) use self::selection::found_by_name;
pub(crate) use self::view::View;
use crate::change::Change;
use crate::server::{Connector, Installed, Server, Status, WebBinding};
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// A place where a server presents a certificate: a binding of a web site, a service, a connector.
///
/// ```
/// use exchange_certificates::{Role, Server, Version, rfc3339};
///
/// let server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?;
/// let endpoints = server.endpoints(rfc3339::parse("2026-11-24")?);
/// let ids: Vec<_> = endpoints.iter().map(|endpoint| endpoint.id().to_string()).collect();
/// assert_eq!(ids, ["https/1/*:443", "https/2/*:444", "imap", "pop", "internal"]);
/// assert!(endpoints[0].presented().is_nothing(), "no certificate is installed");
/// assert!(endpoints[4].presented().is_unknown(), "the default SMTP certificate was not exported");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    server: Arc<str>,
    is_on_edge: bool,
    kind: EndpointKind,
    of: Of,
    presented: Presented,
}

/// What an endpoint belongs to beside its server.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    Server,
    /// A binding of a web site; `None` if the bindings are not known, or there is none yet.
    Binding(Option<Box<WebBinding>>),
    Connector(Connector),
}

/// What kind of endpoint it is, in the order in which endpoints are listed.
///
/// ```
/// use exchange_certificates::{EndpointKind, Service};
///
/// assert_eq!(EndpointKind::ReceiveConnector.service(), Service::SMTP);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EndpointKind {
    /// A binding of the Default Web Site: Outlook, Outlook on the web, Exchange ActiveSync.
    DefaultWebSite,
    /// A binding of the Exchange Back End site: what the Client Access services connect to.
    ExchangeBackEnd,
    /// IMAP4 clients.
    Imap,
    /// POP3 clients.
    Pop,
    /// STARTTLS of a Receive connector.
    ReceiveConnector,
    /// The client certificate of a Send connector.
    SendConnector,
    /// Mail between servers of the organisation.
    Internal,
    /// Synchronization with subscribed Edge Transport servers.
    EdgeSync,
    /// Unified Messaging.
    UnifiedMessaging,
    /// The Unified Messaging Call Router.
    CallRouter,
}

impl EndpointKind {
    /// Whether it is a connector's.
    pub(crate) fn is_connector(self) -> bool {
        matches!(self, Self::ReceiveConnector | Self::SendConnector)
    }

    /// The service that the endpoint belongs to.
    pub fn service(self) -> Service {
        match self {
            Self::DefaultWebSite | Self::ExchangeBackEnd => Service::IIS,
            Self::Imap => Service::IMAP,
            Self::Pop => Service::POP,
            Self::ReceiveConnector | Self::SendConnector | Self::Internal | Self::EdgeSync => Service::SMTP,
            Self::UnifiedMessaging => Service::UM,
            Self::CallRouter => Service::UM_CALL_ROUTER,
        }
    }
}

/// What an endpoint presents.
///
/// ```
/// use exchange_certificates::{Fleet, Presented, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let server = fleet.get("MBX01").ok_or("no such server")?;
/// for endpoint in server.endpoints(now) {
///     match endpoint.presented() {
///         Presented::Certificate(certificate, _) => println!("{}: {certificate}", endpoint.id()),
///         Presented::Unknown(fact) => println!("{}: {fact} was not exported", endpoint.id()),
///         _ => println!("{}: no one certificate", endpoint.id()),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Presented {
    /// This certificate.
    Certificate(PresentedCertificate, Reason),
    /// One of these, as sources disagree or are silent, or a fact is not known; `None` is no certificate.
    OneOf(Vec<Option<PresentedCertificate>>, Reason),
    /// The endpoint is there and has no certificate.
    Nothing,
    /// No TLS, by its configuration.
    NotOffered(NotOffered),
    /// A fact that decides was not exported.
    Unknown(MissingFact),
}

/// A certificate as an endpoint presents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PresentedCertificate {
    /// The certificate.
    pub thumbprint: Thumbprint,
    /// What is wrong with it at this endpoint.
    pub flags: Flags,
}

bitflags::bitflags! {
    /// What is wrong with a certificate at an endpoint.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Flags: u8 {
        /// It is outside its dates.
        const OUTSIDE_DATES = 1;
        /// Its status is not Valid, for another reason than its dates.
        const STATUS = 1 << 1;
        /// Its private key is not on the server.
        const NO_KEY = 1 << 2;
        /// A connector chose it by name though SMTP is not assigned to it, so transport cannot read its key, unless
        /// the Network Service may read it for another reason.
        const KEY_UNREADABLE = 1 << 3;
        /// EdgeSync does not support where its private key is kept.
        const KSP = 1 << 4;
        /// It does not cover every name that clients use.
        const NAME = 1 << 5;
        /// It is self-signed.
        const SELF_SIGNED = 1 << 6;
    }
}

/// Why an endpoint presents what it presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The binding has it.
    Bound,
    /// Exchange shows it at the web site.
    Site,
    /// Exchange shows it at the Exchange Back End, as setup makes it.
    LooksLikeBackEnd,
    /// It is the only other certificate with IIS.
    OnlyOther,
    /// Several certificates are at the web site, by different bindings.
    BindingsDiffer,
    /// IIS is assigned, and the binding may take the certificate or keep its own.
    MayKeep,
    /// `TlsCertificateName` names its issuer and subject.
    Named,
    /// Several have the issuer and subject: the one that expires last, or the one that is valid latest.
    NamedSeveral,
    /// The one that is named may not count as found.
    NamedDoubtful,
    /// It is the newest certificate with SMTP that covers the name.
    Covers,
    /// Several certificates with SMTP that cover the name are valid from the same time on.
    CoverSeveral,
    /// The newest one is outside its dates, and may be skipped.
    CoversExpired,
    /// The newest one is a wildcard certificate, and an exact name may go first.
    CoversByWildcard,
    /// The server itself said so.
    OwnAnswer,
    /// It covers the `X509CertificateName`.
    CertificateName,
    /// Several certificates cover the `X509CertificateName`.
    CertificateNameSeveral,
    /// It is the default SMTP certificate.
    Default,
    /// It is assigned.
    Assigned,
    /// Several are assigned.
    AssignedSeveral,
}

/// Why an endpoint offers no TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotOffered {
    /// The connector is disabled.
    Disabled,
    /// `AuthMechanism` lacks Tls.
    NoTls,
    /// `IgnoreSTARTTLS` is set.
    IgnoresStartTls,
    /// The startup mode is TCP.
    StartupMode,
}

/// A fact that was not exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MissingFact {
    /// The certificates of the server.
    Certificates,
    /// Receive connectors that nobody saw.
    ReceiveConnectors,
    /// Send connectors that nobody saw.
    SendConnectors,
    /// What certificates are assigned to.
    Services,
    /// The web sites of certificates.
    WebSites,
    /// `X509CertificateName` of IMAP.
    ImapCertificateName,
    /// `X509CertificateName` of POP.
    PopCertificateName,
    /// `TlsCertificateName` of a Receive connector.
    ReceiveCertificateName,
    /// `Fqdn` of a Receive connector.
    ReceiveFqdn,
    /// `TlsCertificateName` of a Send connector.
    SendCertificateName,
    /// `Fqdn` of a Send connector.
    SendFqdn,
    /// `SourceTransportServers` of a Send connector.
    SourceServers,
    /// The FQDN of the server.
    ServerFqdn,
    /// The default SMTP certificate.
    DefaultSmtp,
}

impl Endpoint {
    /// The server that presents.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// What kind of endpoint it is.
    pub fn kind(&self) -> EndpointKind {
        self.kind
    }

    /// The connector, if it is one's.
    pub fn connector(&self) -> Option<&Connector> {
        match &self.of {
            Of::Connector(connector) => Some(connector),
            Of::Server | Of::Binding(_) => None,
        }
    }

    /// The binding of the web site, if it is known.
    pub fn binding(&self) -> Option<&WebBinding> {
        match &self.of {
            Of::Binding(binding) => binding.as_deref(),
            Of::Server | Of::Connector(_) => None,
        }
    }

    /// What it presents.
    pub fn presented(&self) -> &Presented {
        &self.presented
    }
}

impl Presented {
    /// The certificate that is presented, if it is one for certain.
    pub(crate) fn one(&self) -> Option<Thumbprint> {
        match self {
            Self::Certificate(certificate, _) => Some(certificate.thumbprint),
            _ => None,
        }
    }

    /// Whether this certificate is presented, for certain.
    pub fn is(&self, thumbprint: Thumbprint) -> bool {
        self.one() == Some(thumbprint)
    }

    /// Whether this certificate is presented, even perhaps.
    pub fn may_be(&self, thumbprint: Thumbprint) -> bool {
        self.certificates().any(|certificate| certificate.thumbprint == thumbprint)
    }

    /// The certificates that may be presented: none, one or several.
    pub fn certificates(&self) -> impl Iterator<Item = PresentedCertificate> {
        let (one, several) = match self {
            Self::Certificate(certificate, _) => (Some(*certificate), None),
            Self::OneOf(certificates, _) => (None, Some(certificates.iter().flatten().copied())),
            Self::Nothing | Self::NotOffered(_) | Self::Unknown(_) => (None, None),
        };
        one.into_iter().chain(several.into_iter().flatten())
    }

    /// Whether there is no certificate.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// Whether a fact that decides was not exported.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// The fact that decides and was not exported.
    pub(crate) fn missing(&self) -> Option<MissingFact> {
        match self {
            Self::Unknown(missing) => Some(*missing),
            _ => None,
        }
    }

    /// Whether there is no TLS by configuration.
    pub(crate) fn is_not_offered(&self) -> bool {
        matches!(self, Self::NotOffered(_))
    }

    /// Whether it is a certificate with this flag, whichever it is.
    pub(crate) fn always_has(&self, flag: Flags) -> bool {
        let has_flag = |certificate: &PresentedCertificate| certificate.flags.contains(flag);
        match self {
            Self::Certificate(certificate, _) => has_flag(certificate),
            Self::OneOf(several, _) => several.iter().all(|known| known.as_ref().is_some_and(has_flag)),
            Self::Nothing | Self::NotOffered(_) | Self::Unknown(_) => false,
        }
    }

    /// Whether that is the same, for whatever reason.
    pub(crate) fn is_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Certificate(one, _), Self::Certificate(another, _)) => one == another,
            (Self::OneOf(some, _), Self::OneOf(others, _)) => some == others,
            (one, another) => one == another,
        }
    }

    /// One certificate, or one of several.
    fn of(certificates: impl IntoIterator<Item = PresentedCertificate>, one: Reason, several: Reason) -> Self {
        let mut certificates = certificates.into_iter();
        match (certificates.next(), certificates.next()) {
            (None, _) => Self::Nothing,
            (Some(certificate), None) => Self::Certificate(certificate, one),
            (Some(first), Some(second)) => {
                Self::OneOf([first, second].into_iter().chain(certificates).map(Some).collect(), several)
            }
        }
    }
}

impl PresentedCertificate {
    /// A certificate with what is wrong with it everywhere.
    fn new(installed: &Installed, now: Timestamp) -> Self {
        let status = installed.status_at(now);
        let mut flags = Flags::empty();
        // A revoked certificate may have expired beside that.
        flags.set(Flags::OUTSIDE_DATES, status == Status::DateInvalid || !installed.is_current(now));
        flags.set(Flags::STATUS, !matches!(status, Status::Valid | Status::DateInvalid));
        flags.set(Flags::NO_KEY, !installed.has_private_key());
        flags.set(Flags::SELF_SIGNED, installed.certificate().is_self_signed());
        Self { thumbprint: installed.thumbprint(), flags }
    }

    fn with(mut self, flag: Flags, is_set: bool) -> Self {
        self.flags.set(flag, is_set);
        self
    }
}

impl Server {
    /// Which certificate the server presents where, at a point in time: the web sites first, then IMAP, POP,
    /// connectors, mail between servers, EdgeSync and Unified Messaging; of one kind by name.
    ///
    /// Services load certificates when they start, so it is what they present after a restart.
    pub fn endpoints(&self, now: SystemTime) -> Vec<Endpoint> {
        let sites = self.sites();
        let view = View::of(self, now.into(), &sites);
        let mut found = Found::default();
        let places = Place::all(self).into_iter();
        places.map(|place| place.presenting(self, place.presented(&view, &mut found))).collect()
    }
}

/// Whether IMAP or POP may present a certificate, where the server has them.
pub(crate) fn may_present(view: &View<'_>, kind: EndpointKind, thumbprint: Thumbprint) -> bool {
    view.server.has_client_access() && client_access::presented(view, kind, &mut Found::default()).may_be(thumbprint)
}

/// An endpoint before and after a change.
///
/// ```
/// use exchange_certificates::{Request, Scenario, Service, Thumbprint, plan};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
///
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let plan = plan(&server, &Request::assign(mail, Service::POP), now)?;
/// for change in plan.endpoints().iter().filter(|change| change.is_changed()) {
///     println!("{change}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointChange {
    /// What it presents before.
    pub before: Presented,
    /// The endpoint, with what it presents afterwards.
    pub after: Endpoint,
    is_changed: bool,
}

/// Every endpoint before and after a change. A certificate that is looked away from before it is imported with the
/// change.
pub(crate) fn changes(view: &View<'_>, change: &Change) -> Vec<EndpointChange> {
    let server = view.server;
    let places = Place::all(server);
    let mut found = Found::default();
    let after_change = view.without(None).after(change);
    let imports = view.looks_away();
    let compared = places.into_iter().map(|place| {
        let before = place.presented(view, &mut found);
        let may_change = imports || place.may_change(server, &before, change);
        let after = if may_change { place.presented(&after_change, &mut found) } else { before.clone() };
        let is_changed = may_change && !before.is_the_same(&after);
        EndpointChange { before, after: place.presenting(server, after), is_changed }
    });
    compared.collect()
}

impl EndpointChange {
    /// Whether all facts are known that decide what it presents, before and afterwards.
    pub fn is_known(&self) -> bool {
        !self.before.is_unknown() && !self.after.presented.is_unknown()
    }

    /// Whether it presents something else afterwards, for whatever reason.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }
}
