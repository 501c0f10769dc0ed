//! What is wrong today, without a request.

mod agenda;
mod auth;
mod certificates;
mod connectors;
mod endpoints;
mod fleet_wide;
mod services;

use std::fmt;
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

pub use self::agenda::{AgendaItem, agenda};
use crate::block::Block;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::finding::{Finding, Message};
use crate::fleet::Fleet;
use crate::rfc3339;
use crate::rule::{About, Source};
use crate::server::{Connector, Installed, NotRead, NotReadKind, Server};
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// How much a finding weighs, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// To be put right in time.
    Low,
    /// Something fails, or fails at the next update.
    High,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::High => "high",
        })
    }
}

/// A rule of the audit.
#[derive(Debug)]
pub struct AuditRule {
    pub(crate) about: About,
    /// The heaviest first.
    pub(crate) severities: &'static [Severity],
    pub(crate) check: fn(&Audited<'_>) -> Vec<Found>,
}

impl AuditRule {
    /// Its permanent name, like `audit-expired`.
    pub fn id(&self) -> &'static str {
        self.about.id
    }

    /// How much its findings weigh, at most.
    pub fn severity(&self) -> Severity {
        self.severities.first().copied().unwrap_or(Severity::Low)
    }

    /// How much its findings can weigh, the heaviest first. Nearly every rule has one.
    pub fn severities(&self) -> &'static [Severity] {
        self.severities
    }

    /// Where it comes from.
    pub fn source(&self) -> Source {
        self.about.source
    }

    /// What it says and why, in Markdown; the first line is a summary.
    pub fn documentation(&self) -> &'static str {
        self.about.documentation
    }

    /// The first line of the documentation.
    pub fn summary(&self) -> &'static str {
        self.about.summary()
    }
}

/// Declares a rule of the audit, as `rule!` declares one about a request.
macro_rules! audit_rule {
    ($(#[doc = $line:literal])+ $name:ident: $($severity:ident)|+, $source:expr, $check:expr) => {
        $(#[doc = $line])+
        pub(crate) static $name: $crate::audit::AuditRule = $crate::audit::AuditRule {
            about: $crate::rule::about!($name, $source, $($line)+),
            severities: &[$($crate::audit::Severity::$severity),+],
            check: $check,
        };
    };
}
use audit_rule;

/// Every rule of the audit, in the order in which they report.
pub static AUDIT_RULES: &[&AuditRule] = &[
    &certificates::AUDIT_EXPIRED,
    &certificates::AUDIT_EXPIRES_SOON,
    &services::AUDIT_SERVICE_UNCOVERED,
    &certificates::AUDIT_WILDCARD_IMAP_POP,
    &services::AUDIT_DEFAULT_SMTP_MISSING,
    &services::AUDIT_DEFAULT_SMTP_EXPIRED,
    &services::AUDIT_DEFAULT_SMTP_WRONG_NAME,
    &auth::AUDIT_AUTH_CERTIFICATE_MISSING,
    &auth::AUDIT_AUTH_CERTIFICATE_EXPIRES,
    &connectors::AUDIT_CONNECTOR_CERTIFICATE_MISSING,
    &connectors::AUDIT_CONNECTOR_AMBIGUOUS,
    &connectors::AUDIT_CONNECTOR_STALE,
    &connectors::AUDIT_CONNECTOR_FQDN_UNCOVERED,
    &services::AUDIT_CLIENT_NAME_UNCOVERED,
    &certificates::AUDIT_REMOVABLE,
    &certificates::AUDIT_KEY_MISSING,
    &certificates::AUDIT_WEAK,
    &fleet_wide::AUDIT_FLEET_DIFFERS,
    &endpoints::AUDIT_ENDPOINT_FAILS,
    &endpoints::AUDIT_ENDPOINT_EXPIRED,
    &endpoints::AUDIT_ENDPOINT_SELF_SIGNED,
    &endpoints::AUDIT_ENDPOINT_AMBIGUOUS,
    &endpoints::AUDIT_SEND_SERVER_LACKS,
    &connectors::AUDIT_HYBRID_CONNECTOR_DIFFERS,
    &endpoints::AUDIT_BINDING_DIFFERS,
    &endpoints::AUDIT_BACK_END_BINDING,
    &endpoints::AUDIT_SMTP_REACHES_NOTHING,
    &fleet_wide::AUDIT_OUT_OF_SUPPORT,
];

/// What a rule of the audit sees: one server, among the others, at a point in time.
#[derive(Debug)]
pub(crate) struct Audited<'a> {
    server: &'a Server,
    endpoints: &'a [Endpoint],
    across: &'a fleet_wide::Across<'a>,
    now: Timestamp,
}

/// What a rule of the audit found, and of which certificate.
#[derive(Debug)]
pub(crate) struct Found {
    /// How much it weighs, if the rule does not always say the same.
    severity: Option<Severity>,
    thumbprint: Option<Thumbprint>,
    finding: Finding,
}

impl Found {
    fn of(installed: &Installed, services: Service, message: impl Into<Message>) -> Self {
        Self::about(Some(installed.thumbprint()), services, message)
    }

    fn of_server(services: Service, message: impl Into<Message>) -> Self {
        Self::about(None, services, message)
    }

    fn about(thumbprint: Option<Thumbprint>, services: Service, message: impl Into<Message>) -> Self {
        Self { severity: None, thumbprint, finding: Finding::on(services, message) }
    }

    fn with_severity(self, severity: Severity) -> Self {
        Self { severity: Some(severity), ..self }
    }

    fn map(self, change: impl FnOnce(Finding) -> Finding) -> Self {
        Self { finding: change(self.finding), ..self }
    }
}

/// Something that is wrong. Serialized with rule, severity, server, thumbprint, services, message, facts and remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFinding {
    rule: &'static str,
    severity: Severity,
    server: String,
    thumbprint: Option<Thumbprint>,
    finding: Finding,
}

impl AuditFinding {
    /// The id of the rule.
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// How much it weighs.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The name of the server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The certificate, if it is about one.
    pub fn thumbprint(&self) -> Option<Thumbprint> {
        self.thumbprint
    }

    /// The services, if it is about some.
    pub fn services(&self) -> Service {
        self.finding.services
    }

    /// What it says, with the facts in it.
    pub fn message(&self) -> &Message {
        &self.finding.message
    }

    /// What to do about it, step by step.
    pub fn remedy(&self) -> &[Block] {
        &self.finding.remedy
    }
}

impl fmt::Display for AuditFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}: {}", self.rule, text::shown(&self.server), self.finding.message)
    }
}

impl Serialize for AuditFinding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("AuditFinding", 8)?;
        finding.serialize_field("rule", self.rule)?;
        finding.serialize_field("severity", &self.severity)?;
        finding.serialize_field("server", &self.server)?;
        finding.serialize_field("thumbprint", &self.thumbprint)?;
        self.finding.serialize_fields(&mut finding)?;
        finding.end()
    }
}

/// A certificate of the audit: where it is, how long it lasts, what uses it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuditedCertificate {
    /// The name of the server.
    pub server: String,
    /// Its thumbprint.
    pub thumbprint: Thumbprint,
    /// Its friendly name.
    pub friendly_name: Option<String>,
    /// Its subject, as Windows prints it.
    pub subject: String,
    /// Its domains.
    pub domains: Vec<String>,
    /// From when it is valid.
    #[serde(serialize_with = "rfc3339::serialize")]
    pub not_before: SystemTime,
    /// Until when it is valid.
    #[serde(serialize_with = "rfc3339::serialize")]
    pub not_after: SystemTime,
    /// The whole days that are left; negative if it has expired.
    pub days_left: i64,
    /// The services that it is assigned to; `None` if they are not known.
    pub services: Option<Service>,
    /// What names it otherwise: the default SMTP certificate, the Auth certificate, connectors.
    pub named_by: Vec<String>,
}

/// Something that was not read, and so was not judged. Serialized with server, what and message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NotJudged {
    /// The name of the server; `None` if it is of the organisation.
    pub server: Option<String>,
    /// What was not read.
    pub what: NotReadKind,
    /// What was answered, if anything was.
    pub message: Option<String>,
}

impl NotJudged {
    fn new(server: Option<&Server>, entry: &NotRead) -> Self {
        Self {
            server: server.map(|server| server.name().to_owned()),
            what: entry.what(),
            message: entry.message().map(str::to_owned),
        }
    }
}

/// The answer of an audit: what could not be judged, every installed certificate, and every finding by severity, then
/// server.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Audit {
    /// What was not read, of the organisation first: no rule speaks of it.
    pub not_read: Vec<NotJudged>,
    /// Every installed certificate, by server.
    pub certificates: Vec<AuditedCertificate>,
    /// Every finding: the heavy ones first, by server within them.
    pub findings: Vec<AuditFinding>,
}

impl Audit {
    /// Whether there is a finding of high severity.
    pub fn has_high(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::High)
    }

    /// Whether something was not read that rules look at.
    pub fn is_incomplete(&self) -> bool {
        self.not_read.iter().any(|entry| entry.what.counts())
    }

    /// Whether this rule found something.
    pub fn has(&self, rule: &str) -> bool {
        self.findings.iter().any(|finding| finding.rule == rule)
    }
}

/// Looks at every server of a fleet at a point in time.
///
/// ```
/// use exchange_certificates::{Fleet, Role, Server, Version, audit, rfc3339};
///
/// let mut fleet = Fleet::new();
/// fleet.insert(Server::new("MBX01", Version::Exchange2016, [Role::Mailbox])?)?;
/// let audit = audit(&fleet, rfc3339::parse("2026-11-24T00:00:00Z")?);
/// assert!(audit.has("audit-out-of-support") && audit.has("audit-service-uncovered"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn audit(fleet: &Fleet, now: SystemTime) -> Audit {
    let endpoints: Vec<_> = fleet.servers().map(|server| server.endpoints(now)).collect();
    let now = now.into();
    let mut certificates = Vec::new();
    let mut findings = Vec::new();
    let across = fleet_wide::Across::of(fleet, &endpoints);
    for (server, endpoints) in fleet.servers().zip(&endpoints) {
        let audited = Audited { server, endpoints, across: &across, now };
        certificates.extend(server.certificates().map(|installed| audited.describe(installed)));
        // What is there beside those that were read may be all that is needed.
        let is_judged = server.unread(NotReadKind::Certificates).is_none();
        for rule in AUDIT_RULES.iter().filter(|_| is_judged) {
            findings.extend((rule.check)(&audited).into_iter().map(|found| AuditFinding {
                rule: rule.id(),
                severity: found.severity.unwrap_or_else(|| rule.severity()),
                server: server.name().to_owned(),
                thumbprint: found.thumbprint,
                finding: found.finding.at(server),
            }));
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let of_organization = fleet.not_read().map(|entry| NotJudged::new(None, entry));
    let of_servers = fleet
        .servers()
        .flat_map(|server| server.own_not_read().iter().map(|entry| NotJudged::new(Some(server), entry)));
    Audit { not_read: of_organization.chain(of_servers).collect(), certificates, findings }
}

impl<'a> Audited<'a> {
    /// Whether a connector is an endpoint of the server of which it is known what it presents.
    fn is_known_at(&self, connector: &Connector) -> bool {
        let is_it = |endpoint: &&Endpoint| endpoint.connector().is_some_and(|known| known.is(connector));
        self.endpoints.iter().find(is_it).is_some_and(|endpoint| !endpoint.presented().is_unknown())
    }

    /// The endpoints of a kind.
    fn endpoints_of(&self, kind: EndpointKind) -> impl Iterator<Item = &'a Endpoint> + use<'a> {
        self.endpoints.iter().filter(move |endpoint| endpoint.kind() == kind)
    }

    /// The endpoints of connectors.
    fn connectors(&self) -> impl Iterator<Item = &'a Endpoint> + use<'a> {
        self.endpoints.iter().filter(|endpoint| endpoint.kind().is_connector())
    }

    fn describe(&self, installed: &Installed) -> AuditedCertificate {
        let certificate = installed.certificate();
        AuditedCertificate {
            server: self.server.name().to_owned(),
            thumbprint: installed.thumbprint(),
            friendly_name: installed.friendly_name().map(str::to_owned),
            subject: certificate.subject().to_string(),
            domains: certificate.domains().into_iter().map(Into::into).collect(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            days_left: installed.days_left(self.now),
            services: installed.services(),
            named_by: self.named_by(installed),
        }
    }

    /// What names a certificate other than its services.
    fn named_by(&self, installed: &Installed) -> Vec<String> {
        let thumbprint = installed.thumbprint();
        let default = self.server.default_smtp().value() == Some(thumbprint);
        let auth = self.server.auth_certificates().is_some_and(|auth| auth.contains(thumbprint));
        let connectors = self.server.connectors_here().filter(|connector| connector.names(installed.certificate()));
        let default = default.then(|| "default SMTP certificate".to_owned());
        let auth = auth.then(|| "Auth certificate".to_owned());
        default.into_iter().chain(auth).chain(connectors.map(|connector| connector.name().to_owned())).collect()
    }
}
