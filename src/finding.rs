//! What a rule found: facts, the sentence that they make, and the remedy.

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize};

use crate::powershell::{Command, windows_services};
use crate::server::{Status, Version};
use crate::service::Service;
use crate::text::{list, plain, shown};
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// What a rule has to say about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub(crate) services: Service,
    pub(crate) detail: Detail,
    pub(crate) remedy: Vec<Remedy>,
    /// Stronger than the rule's own, where the same fact weighs more in one operation.
    pub(crate) kind: Option<Kind>,
}

impl Finding {
    /// A finding about these services, or about the whole request where there are none, in a
    /// sentence of one's own: lower case, no full stop.
    pub fn new(services: Service, sentence: impl Into<String>) -> Self {
        Self::on(services, Detail::Own { sentence: sentence.into() })
    }

    /// Adds a remedy in words.
    #[must_use]
    pub fn advise(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.remedy.push(Remedy::Words(words.into()));
        self
    }

    /// Adds a command to the remedy.
    #[must_use]
    pub fn command(mut self, command: Command) -> Self {
        self.remedy.push(Remedy::Command(command));
        self
    }

    pub(crate) fn on(services: Service, detail: Detail) -> Self {
        Self { services, detail, remedy: Vec::new(), kind: None }
    }

    pub(crate) fn on_request(detail: Detail) -> Self {
        Self::on(Service::empty(), detail)
    }

    /// A command that is run somewhere else; the place is a comment behind it.
    #[must_use]
    pub(crate) fn command_at(mut self, command: Command, place: &'static str) -> Self {
        self.remedy.push(Remedy::CommandAt(command, place));
        self
    }

    #[must_use]
    pub(crate) fn remedies(mut self, steps: impl IntoIterator<Item = Remedy>) -> Self {
        self.remedy.extend(steps);
        self
    }

    #[must_use]
    pub(crate) fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Writes what every answer says of a finding: services, message and remedy.
    pub(crate) fn serialize_fields<S: SerializeStruct>(&self, answer: &mut S) -> Result<(), S::Error> {
        let remedy: Vec<_> = self.remedy.iter().map(ToString::to_string).collect();
        answer.serialize_field("services", &self.services)?;
        answer.serialize_field("message", &self.detail.to_string())?;
        answer.serialize_field("remedy", &remedy)
    }
}

/// What follows where a rule speaks, in ascending strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// The operation goes on; it is said for completeness.
    Note,
    /// The operation goes on; something is to be done afterwards.
    FollowUp,
    /// The operation goes on, with a warning.
    Warn,
    /// The operation needs an answer first.
    Decide,
    /// The operation fails.
    Refuse,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::FollowUp => "follow-up",
            Self::Warn => "warn",
            Self::Decide => "decide",
            Self::Refuse => "refuse",
        })
    }
}

/// One step of a remedy: words, or a command for the Exchange Management Shell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// What to do, in words.
    Words(Cow<'static, str>),
    /// A command to run.
    Command(Command),
    /// A command to run at another place, which the second field names.
    CommandAt(Command, &'static str),
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => plain(words).fmt(f),
            Self::Command(command) => command.fmt(f),
            Self::CommandAt(command, place) => write!(f, "{command} # {place}"),
        }
    }
}

/// The facts that a rule found, and the sentence that they make. Points in time are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(private_interfaces, reason = "points in time are printed, and not for programs yet")]
#[expect(missing_docs, reason = "each sentence says what its fields are")]
pub enum Detail {
    #[error("{}", plain(.sentence))]
    Own { sentence: String },

    // Installation
    #[error("{} installed on {}", missing(.thumbprints), shown(.server))]
    NotInstalled { thumbprints: Vec<Thumbprint>, server: String },
    #[error("the certificate has no private key on this server")]
    NoPrivateKey,
    #[error("the request names no service")]
    NoServices,
    #[error("the certificate has {taken}, and an assignment can never be taken back")]
    Irrevocable { taken: Service },
    #[error("{services} {} not hosted by {}", is_or_are(*.services), shown(.server))]
    NotHosted { services: Service, server: String },
    #[error("{services} {} not available: {version} has no Unified Messaging", is_or_are(*.services))]
    NoUnifiedMessaging { services: Service, version: Version },
    #[error("Federation is not assigned: New-FederationTrust and Set-FederationTrust manage its certificate")]
    Federation,
    #[error("the old certificate has {services}, which {} does not host", shown(.server))]
    Skipped { services: Service, server: String },
    #[error("it is not known which services {} to", assigned(*.this, *.others))]
    ServicesUnknown { this: bool, others: bool },

    // Status
    #[error("its status is DateInvalid at {}: it is valid from {} to {}", .now, .not_before, .not_after)]
    OutsideDates { now: Timestamp, not_before: Timestamp, not_after: Timestamp },
    #[error("Exchange reports the status DateInvalid, though {} lies within its dates, {} to {}", .now, .not_before, .not_after)]
    DatesReported { now: Timestamp, not_before: Timestamp, not_after: Timestamp },
    #[error("its status is {status}, not Valid")]
    StatusNotValid { status: Status },
    #[error("its status is {status}, which the request accepts")]
    StatusAccepted { status: Status },
    #[error("{}it expires {}, on {}", if *.urgent { "urgent: " } else { "" }, within_days(*.days), .not_after)]
    ExpiresSoon { days: i64, not_after: Timestamp, urgent: bool },

    // Names
    #[error("{} is a wildcard name, and {service} {} served by one host name", shown(.name), is_or_are(*.service))]
    Wildcard { service: Service, name: String },
    #[error("the {service} certificate name changes from {} to {}, and clients that connect by the old one are warned", shown(.from), shown(.to))]
    NameChanges { service: Service, from: String, to: String },
    #[error("the {service} certificate name stays {}, which the certificate does not hold, and clients are warned", shown(.name))]
    NameStays { service: Service, name: String },
    #[error("the assignment changes the {service} certificate name from {} to {}, though the certificate holds both", shown(.from), shown(.to))]
    NameOverwritten { service: Service, from: String, to: String },
    #[error("clients use {}, which no name of the certificate covers", list(.names))]
    ClientNames { names: Vec<String> },
    #[error("the certificate holds no DNS name")]
    NoDomain,
    #[error("no name of the certificate covers the server's own name {}", shown(.fqdn))]
    FqdnNotCovered { fqdn: String },

    // The certificate itself
    #[error("{}", unreadable(*.usage, *.names))]
    Unreadable { usage: bool, names: bool },
    #[error("its extended key usage does not hold Server Authentication")]
    NotServerAuthentication,
    #[error(
        "its extended key usage does not hold Client Authentication: partners that ask for a client certificate in mutual TLS may refuse it"
    )]
    NoClientAuthentication,
    #[error("its RSA key has {bits} bits, and {minimum} are the least")]
    SmallKey { bits: u32, minimum: u32 },
    #[error("its key is on an elliptic curve, which {version} does not support")]
    EllipticCurveUnsupported { version: Version },
    #[error(
        "its key is on an elliptic curve, which {version} supports from the April 2024 update on, once its setting is turned on"
    )]
    EllipticCurve { version: Version },
    #[error("it is signed with {algorithm}, whose hash is broken")]
    WeakSignature { algorithm: String },
    #[error(
        "its private key is kept by a CNG key storage provider, which Outlook on the web and the admin center do not support"
    )]
    KeyStorageProvider,
    #[error("its key usage {}", if *.readable { "lacks Digital Signature: modern TLS handshakes fail" } else { "cannot be read: modern TLS handshakes may fail" })]
    KeyUsage { readable: bool },
    #[error("{}", if *.readable { "it is the certificate of a CA, not of a server" } else { "its basic constraints cannot be read, so that it may be the certificate of a CA" })]
    CaCertificate { readable: bool },
    #[error("it is self-signed: clients do not trust it")]
    SelfSigned,
    #[error("its root is not that of a commercial CA: mail of the hybrid configuration stays pending")]
    HybridRoot,

    // The default SMTP certificate
    #[error(
        "the default SMTP certificate is {current}, and the shell asks whether to replace it: Enter alone at its prompt means Yes"
    )]
    ReplaceDefault { current: Thumbprint },
    #[error("the certificate becomes the default SMTP certificate of the server")]
    DefaultReplaced,
    #[error(
        "it is not known which certificate is the default for SMTP: the shell may ask whether to replace it; answer No unless it is meant"
    )]
    DefaultUnknown,
    #[error("it is not known which certificate is the default for SMTP: it may be the one that is removed")]
    DefaultUnknownAtRemoval,
    #[error("the default SMTP certificate {thumbprint} is not installed")]
    DefaultMissing { thumbprint: Thumbprint },
    #[error("the default SMTP certificate {thumbprint} is outside its dates, {} to {}", .not_before, .not_after)]
    DefaultOutsideDates { thumbprint: Thumbprint, not_before: Timestamp, not_after: Timestamp },
    #[error("EdgeSync breaks with the default SMTP certificate: the Edge subscription must be created again")]
    EdgeSync,
    #[error("it is the Auth certificate of the organisation, which is not meant for SMTP")]
    AuthCertificate,

    // Unified Messaging
    #[error("the startup mode of {service} is TCP, which uses no certificate: it has to be TLS or Dual")]
    StartupMode { service: Service },

    // Permission
    #[error("{}", match .groups.as_slice() { [] => "who asks has no group and no role at all".to_owned(), groups => format!("{} may not manage certificates", list(groups)) })]
    Denied { groups: Vec<String> },
    #[error("{} {}, and may or may not be allowed to manage certificates", list(.groups), if .groups.len() == 1 { "is no built-in group" } else { "are no built-in groups" })]
    Uncertain { groups: Vec<String> },
    #[error("the request does not say who asks")]
    Unchecked,

    // What is to be done afterwards
    #[error("see whether the services are assigned")]
    Verify,
    #[error("{}", if *.recommended { "a restart of IIS is recommended: behind layer-4 load balancing the previous certificate may go on encrypting the Outlook on the web cookie" } else { "IIS may need a restart" })]
    RestartIis { recommended: bool },
    #[error("{service} takes the certificate when its Windows services are restarted")]
    Restart { service: Service },
    #[error("{} is stopped before the assignment and started after it", windows_services(*.service))]
    StopAndStart { service: Service },
    #[error("\"Require SSL\" is set on the default web site")]
    RequireSsl,
    #[error("the load balancer must present the same certificate: Extended Protection compares them")]
    LoadBalancer,
    #[error("the Edge subscription must be created again: {old} has SMTP and is not self-signed")]
    RecreateSubscription { old: Thumbprint },
    #[error("{} {} another certificate with SMTP, and mail goes on with that one", list(.connectors), if .connectors.len() == 1 { "names" } else { "name" })]
    UpdateConnectors { connectors: Vec<String> },
    #[error("{} {} this certificate's issuer and subject, and {other} has the same and expires later: mail goes on with that one", list(.connectors), if .connectors.len() == 1 { "names" } else { "name" })]
    UsesOther { connectors: Vec<String>, other: Thumbprint },

    // Audit
    #[error("it expired on {}", .not_after)]
    Expired { not_after: Timestamp },
    #[error("it is not valid before {}", .not_before)]
    NotYetValid { not_before: Timestamp },
    #[error("no certificate that is valid now has {services}")]
    Uncovered { services: Service },
    #[error("clients use {}, which no certificate with IIS covers", list(.names))]
    ClientNamesUncovered { names: Vec<String> },
    #[error("the Auth certificate {thumbprint} of the organisation is not installed")]
    AuthMissing { thumbprint: Thumbprint },
    #[error("the Auth certificate of the organisation {} on {}", if *.days < 0 { "expired" } else { "expires" }, .not_after)]
    AuthExpires { days: i64, not_after: Timestamp },
    #[error("{} names {}, and no such certificate is installed: STARTTLS is gone", shown(.connector), shown(.name))]
    ConnectorMissing { connector: String, name: String },
    #[error("{} finds {count} certificates, and uses this one, which expires last", shown(.connector))]
    ConnectorAmbiguous { connector: String, count: usize },
    #[error("{} names this certificate, and {newer} has the same domains and expires later", shown(.connector))]
    ConnectorStale { connector: String, newer: Thumbprint },
    #[error("{} presents {}, which no certificate with SMTP covers", shown(.connector), shown(.fqdn))]
    ConnectorFqdn { connector: String, fqdn: String },
    #[error("nothing uses it")]
    Removable,
    #[error("{} is {version} too, and holds other certificates for IIS", shown(.other))]
    Differs { version: Version, other: String },
    #[error("{version} has been out of support since {}", .end.day())]
    OutOfSupport { version: Version, end: Timestamp },

    // Removal
    #[error("it is the default SMTP certificate of the server")]
    RemovesDefault,
    #[error("no other certificate serves {services}")]
    RemovesLast { services: Service },
    #[error("{} {} its issuer and subject", list(.connectors), if .connectors.len() == 1 { "names" } else { "name" })]
    RemovesConnectorCertificate { connectors: Vec<String> },
    #[error("it {} the Exchange Back End site: Outlook on the web, the admin center and the shell would stop", if *.known { "is bound to" } else { "looks like the certificate of" })]
    RemovesBackEnd { known: bool },
    #[error("it is assigned to Federation")]
    RemovesFederation,
    #[error("it is the {} Auth certificate of the organisation", if *.current { "current" } else { "next" })]
    RemovesAuth { current: bool },
    #[error("which Auth certificates are in use is not known, and by its name it is one")]
    RemovesLikelyAuth,
    #[error("{} is the certificate of the IIS Web Management service, which then fails to start", shown(.name))]
    RemovesWebManagement { name: String },
}

fn within_days(days: i64) -> String {
    match days {
        0 => "in less than a day".to_owned(),
        1 => "in 1 day".to_owned(),
        _ => format!("in {days} days"),
    }
}

fn is_or_are(services: Service) -> &'static str {
    if services.iter().count() == 1 { "is" } else { "are" }
}

fn missing(thumbprints: &[Thumbprint]) -> String {
    let all: Vec<_> = thumbprints.iter().map(ToString::to_string).collect();
    match all.as_slice() {
        [one] => format!("no certificate {one} is"),
        _ => format!("the certificates {} are not", all.join(" and ")),
    }
}

fn assigned(this: bool, others: bool) -> &'static str {
    match (this, others) {
        (true, false) => "this certificate is assigned",
        (true, true) => "this certificate and other installed ones are assigned",
        _ => "other installed certificates are assigned",
    }
}

fn unreadable(usage: bool, names: bool) -> &'static str {
    match (usage, names) {
        (true, true) => "neither its extended key usage nor its subject alternative names can be read",
        (true, false) => "its extended key usage cannot be read, so that it may not be meant for servers",
        _ => "its subject alternative names cannot be read, so that a wildcard cannot be ruled out",
    }
}
