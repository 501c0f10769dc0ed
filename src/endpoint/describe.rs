//! Endpoints in words and as JSON.

use std::fmt;

use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

use super::{
    Endpoint, EndpointChange, EndpointKind, Flags, MissingFact, NotOffered, Presented, PresentedCertificate, Reason,
};
use crate::fact::Fact;
use crate::server::Connector;
use crate::text::{self, shown};

impl Endpoint {
    /// Its permanent name on its server: `https/1/*:443`, `imap`, `receive/MBX01\Default Frontend MBX01`,
    /// `send/Internet@MBX01`, `internal`; `receive` and `send` for connectors that were not read.
    pub fn id(&self) -> impl fmt::Display {
        let name = self.connector().map(Connector::name).unwrap_or_default();
        text::from_fn(move |f| match self.kind {
            EndpointKind::DefaultWebSite | EndpointKind::ExchangeBackEnd => {
                let (site, port) = if self.kind == EndpointKind::DefaultWebSite { (1, 443) } else { (2, 444) };
                match self.binding() {
                    Some(binding) => write!(f, "https/{site}/{}", binding.id()),
                    None => write!(f, "https/{site}/*:{port}"),
                }
            }
            EndpointKind::Imap => f.write_str("imap"),
            EndpointKind::Pop => f.write_str("pop"),
            EndpointKind::ReceiveConnector if self.is_unseen() => f.write_str("receive"),
            EndpointKind::SendConnector if self.is_unseen() => f.write_str("send"),
            EndpointKind::ReceiveConnector => write!(f, "receive/{}\\{}", self.server, self.own_name(name)),
            EndpointKind::SendConnector => write!(f, "send/{name}@{}", self.server),
            EndpointKind::Internal => f.write_str("internal"),
            EndpointKind::EdgeSync => f.write_str("edgesync"),
            EndpointKind::UnifiedMessaging => f.write_str("um"),
            EndpointKind::CallRouter => f.write_str("um-call-router"),
        })
    }

    /// Whether it stands for the connectors that nobody saw.
    fn is_unseen(&self) -> bool {
        self.connector().is_none()
    }

    /// The name of a Receive connector without its server before it.
    fn own_name<'a>(&self, name: &'a str) -> &'a str {
        match name.split_once('\\') {
            Some((server, rest)) if server.eq_ignore_ascii_case(&self.server) => rest,
            _ => name,
        }
    }

    /// What it is, for people: `443 of the Default Web Site`, `Receive connector ...`.
    pub fn title(&self) -> impl fmt::Display {
        let name = self.connector().map(Connector::name).unwrap_or_default();
        text::from_fn(move |f| match self.kind {
            EndpointKind::DefaultWebSite | EndpointKind::ExchangeBackEnd => {
                let is_default = self.kind == EndpointKind::DefaultWebSite;
                let site = if is_default { "the Default Web Site" } else { "the Exchange Back End" };
                match self.binding() {
                    Some(binding) if binding.address() == "*" && binding.host().is_none() => {
                        write!(f, "{} of {site}", binding.port())
                    }
                    Some(binding) => write!(f, "{} of {site}", shown(&binding.id().to_string())),
                    None => write!(f, "{} of {site}", if is_default { 443 } else { 444 }),
                }
            }
            EndpointKind::Imap => f.write_str("IMAP"),
            EndpointKind::Pop => f.write_str("POP"),
            EndpointKind::ReceiveConnector if self.is_unseen() => f.write_str("other Receive connectors"),
            EndpointKind::SendConnector if self.is_unseen() => f.write_str("other Send connectors"),
            EndpointKind::ReceiveConnector => write!(f, "Receive connector {}", shown(self.own_name(name))),
            EndpointKind::SendConnector => write!(f, "Send connector {}", shown(name)),
            EndpointKind::Internal => f.write_str("mail between servers"),
            EndpointKind::EdgeSync => f.write_str("EdgeSync"),
            EndpointKind::UnifiedMessaging => f.write_str("Unified Messaging"),
            EndpointKind::CallRouter => f.write_str("Unified Messaging Call Router"),
        })
    }

    /// What it presents and why, for people.
    pub fn answer(&self) -> impl fmt::Display {
        self.in_words(&self.presented)
    }

    /// What it presents, as an answer writes it.
    pub(crate) fn presented_as_json(&self) -> impl Serialize {
        Answer(self, &self.presented)
    }

    pub(crate) fn in_words<'a>(&'a self, presented: &'a Presented) -> impl fmt::Display + use<'a> {
        text::from_fn(move |f| match presented {
            Presented::Certificate(certificate, reason) => {
                write!(f, "{certificate}: {}", self.reason(*reason))
            }
            Presented::OneOf(_, reason) => write!(f, "{}: {}", presented.in_short(), self.reason(*reason)),
            Presented::Nothing => write!(f, "nothing: {}", self.consequence()),
            Presented::NotOffered(why) => write!(f, "no TLS: {why}"),
            Presented::Unknown(fact) => write!(f, "not known: {fact} was not exported"),
        })
    }

    /// Why it presents what it presents.
    fn reason(&self, reason: Reason) -> impl fmt::Display {
        text::from_fn(move |f| {
            f.write_str(match reason {
                Reason::Bound => "its binding has this certificate",
                Reason::Site => "Exchange shows it at this site",
                Reason::LooksLikeBackEnd => "it looks like the certificate that setup binds to this site",
                Reason::OnlyOther => "it is the only other certificate with IIS",
                Reason::BindingsDiffer => "bindings with different certificates",
                Reason::MayKeep => "nothing documents whether an assignment reaches this binding",
                Reason::Named => "TlsCertificateName names its issuer and subject",
                Reason::NamedSeveral => {
                    "TlsCertificateName names their issuer and subject, and sources differ on which one is used"
                }
                Reason::NamedDoubtful => "the one that TlsCertificateName finds may count as not found",
                Reason::Covers => "the newest certificate with SMTP that covers the FQDN, not self-signed ones first",
                Reason::CoverSeveral => "several certificates with SMTP cover the FQDN and are equally new",
                Reason::CoversExpired => "the newest one is outside its dates, and may be skipped",
                Reason::CoversByWildcard => "the newest one is a wildcard certificate, and an exact name may go first",
                Reason::OwnAnswer => "the server's own answer",
                Reason::CertificateName => "it covers X509CertificateName",
                Reason::CertificateNameSeveral => "several certificates cover X509CertificateName",
                Reason::Default if self.kind == EndpointKind::EdgeSync => {
                    "the default SMTP certificate, as long as it is the one of the subscription"
                }
                Reason::Default => "the default SMTP certificate",
                Reason::Assigned => "it is assigned",
                Reason::AssignedSeveral => "several are assigned",
            })?;
            let is_taken_for_granted = self.kind == EndpointKind::ReceiveConnector
                && self.connector().is_some_and(|connector| connector.auth_mechanism().is_none());
            if is_taken_for_granted {
                f.write_str("; AuthMechanism was not exported, and TLS is taken as offered")?;
            }
            Ok(())
        })
    }

    /// What follows if there is no certificate.
    pub fn consequence(&self) -> &'static str {
        let is_named = self.connector().is_some_and(|connector| connector.tls_certificate_name() != Fact::None);
        match self.kind {
            EndpointKind::DefaultWebSite => "HTTPS cannot be served (HttpEvent 15021)",
            EndpointKind::ExchangeBackEnd => "Outlook on the web, the admin center and the shell fail",
            EndpointKind::Imap => "TLS cannot be offered to IMAP clients",
            EndpointKind::Pop => "TLS cannot be offered to POP clients",
            EndpointKind::ReceiveConnector => "STARTTLS is not advertised (event 12014)",
            EndpointKind::SendConnector if is_named => {
                "mail stays queued (454 4.7.5: the certificate in TlsCertificateName could not be found)"
            }
            EndpointKind::SendConnector if self.is_checked_by_partner() => {
                "no client certificate (event 12014), so mutual TLS fails"
            }
            EndpointKind::SendConnector => "no client certificate (event 12014)",
            EndpointKind::Internal => {
                "mail between servers and from front end to back end can stop (events 12012 and 12013)"
            }
            EndpointKind::EdgeSync => "EdgeSync stops",
            EndpointKind::UnifiedMessaging | EndpointKind::CallRouter => "the service does not start",
        }
    }
}

impl Presented {
    /// What is presented, without the reason.
    pub(crate) fn in_short(&self) -> impl fmt::Display {
        text::from_fn(move |f| match self {
            Self::Certificate(certificate, _) => write!(f, "{certificate}"),
            Self::OneOf(several, _) => {
                f.write_str("one of ")?;
                several.iter().enumerate().try_for_each(|(index, known)| {
                    f.write_str(if index > 0 { ", " } else { "" })?;
                    match known {
                        Some(certificate) => write!(f, "{certificate}"),
                        None => f.write_str("none"),
                    }
                })
            }
            Self::Nothing => f.write_str("nothing"),
            Self::NotOffered(_) => f.write_str("no TLS"),
            Self::Unknown(_) => f.write_str("not known"),
        })
    }
}

impl fmt::Display for PresentedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.thumbprint.fmt(f)?;
        for (index, name) in flag_names(self.flags).enumerate() {
            write!(f, "{}{name}", if index == 0 { " (" } else { ", " })?;
        }
        f.write_str(if self.flags.is_empty() { "" } else { ")" })
    }
}

/// The flags by their permanent names.
fn flag_names(flags: Flags) -> impl Iterator<Item = &'static str> {
    let names = [
        (Flags::OUTSIDE_DATES, "outside-dates"),
        (Flags::STATUS, "status"),
        (Flags::NO_KEY, "no-key"),
        (Flags::KEY_UNREADABLE, "key-unreadable"),
        (Flags::KSP, "ksp"),
        (Flags::NAME, "name"),
        (Flags::SELF_SIGNED, "self-signed"),
    ];
    names.into_iter().filter_map(move |(flag, name)| flags.contains(flag).then_some(name))
}

impl fmt::Display for NotOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disabled => "the connector is disabled",
            Self::NoTls => "AuthMechanism lacks Tls",
            Self::IgnoresStartTls => "IgnoreSTARTTLS is set",
            Self::StartupMode => "the startup mode is TCP",
        })
    }
}

impl fmt::Display for MissingFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificates => "ExchangeCertificate",
            Self::ReceiveConnectors => "ReceiveConnector",
            Self::SendConnectors => "SendConnector",
            Self::Services => "ExchangeCertificate.Services",
            Self::WebSites => "ExchangeCertificate.IISServices",
            Self::ImapCertificateName => "ImapSettings.X509CertificateName",
            Self::PopCertificateName => "PopSettings.X509CertificateName",
            Self::ReceiveCertificateName => "ReceiveConnector.TlsCertificateName",
            Self::ReceiveFqdn => "ReceiveConnector.Fqdn",
            Self::SendCertificateName => "SendConnector.TlsCertificateName",
            Self::SendFqdn => "SendConnector.Fqdn",
            Self::SourceServers => "SendConnector.SourceTransportServers",
            Self::ServerFqdn => "ExchangeServer.Fqdn",
            Self::DefaultSmtp => "TransportService.InternalTransportCertificateThumbprint",
        })
    }
}

/// What an endpoint presents, as an answer writes it.
struct Answer<'a>(&'a Endpoint, &'a Presented);

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(endpoint, presented) = self;
        let mut answer = serializer.serialize_map(None)?;
        match presented {
            Presented::Certificate(certificate, reason) => {
                answer.serialize_entry("certificate", &certificate.thumbprint)?;
                answer.serialize_entry("flags", &FlagNames(certificate.flags))?;
                answer.serialize_entry("reason", &endpoint.reason(*reason).to_string())?;
            }
            Presented::OneOf(several, reason) => {
                answer.serialize_entry("one_of", several)?;
                answer.serialize_entry("reason", &endpoint.reason(*reason).to_string())?;
            }
            Presented::Nothing => answer.serialize_entry("nothing", endpoint.consequence())?,
            Presented::NotOffered(why) => answer.serialize_entry("not_offered", &why.to_string())?,
            Presented::Unknown(fact) => answer.serialize_entry("unknown", &[fact.to_string()])?,
        }
        answer.end()
    }
}

struct FlagNames(Flags);

impl Serialize for FlagNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut names = serializer.serialize_seq(None)?;
        flag_names(self.0).try_for_each(|name| names.serialize_element(name))?;
        names.end()
    }
}

impl Serialize for PresentedCertificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut certificate = serializer.serialize_struct("PresentedCertificate", 2)?;
        certificate.serialize_field("certificate", &self.thumbprint)?;
        certificate.serialize_field("flags", &FlagNames(self.flags))?;
        certificate.end()
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut endpoint = serializer.serialize_struct("Endpoint", 2)?;
        endpoint.serialize_field("id", &self.id().to_string())?;
        endpoint.serialize_field("answer", &Answer(self, &self.presented))?;
        endpoint.end()
    }
}

impl Serialize for EndpointChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut change = serializer.serialize_struct("EndpointChange", 3)?;
        change.serialize_field("id", &self.after.id().to_string())?;
        change.serialize_field("before", &Answer(&self.after, &self.before))?;
        change.serialize_field("after", &Answer(&self.after, &self.after.presented))?;
        change.end()
    }
}

impl fmt::Display for EndpointChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.before.in_short();
        write!(f, "{}: {before} -> {}", self.after.title(), self.after.in_words(&self.after.presented))
    }
}
