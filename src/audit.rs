//! What is wrong today, without a request.

mod agenda;
mod auth;
mod cause;
mod certificates;
mod connectors;
mod endpoints;
mod finding;
mod fitness;
mod fleet_wide;
mod prometheus;
mod record;
mod removable;
mod sarif;
mod services;
mod successor;

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use serde::Serialize;

pub use self::agenda::{AgendaItem, agenda, agenda_with};
use self::cause::Cause;
use self::finding::Found;
pub use self::finding::{AuditFinding, Consequence};
pub use self::record::{AuditChange, AuditRecord, ConsequenceRecord, FindingKey, FindingRecord};
use crate::case::Thresholds;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::fleet::Fleet;
use crate::policy::{AuditedServer, OwnAuditCheck, Policy, Severity};
use crate::rfc3339;
use crate::rule::{About, Source};
use crate::server::{Connector, Installed, NotRead, NotReadKind, Server, Sites};
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// A rule of the audit.
///
/// ```
/// use exchange_certificates::{AUDIT_RULES, Severity};
///
/// let rule = AUDIT_RULES.iter().find(|rule| rule.id() == "audit-expired").ok_or("no such rule")?;
/// assert_eq!(rule.severities(), [Severity::High, Severity::Low]);
/// println!("{}", rule.documentation());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
            severities: &[$($crate::policy::Severity::$severity),+],
            check: $check,
        };
    };
}
use audit_rule;

/// Every rule of the audit, in the order in which they report.
///
/// ```
/// for rule in exchange_certificates::AUDIT_RULES {
///     println!("{}: {}", rule.id(), rule.summary());
/// }
/// ```
pub static AUDIT_RULES: &[&AuditRule] = &[
    &certificates::AUDIT_EXPIRED,
    &certificates::AUDIT_EXPIRES_SOON,
    &fitness::AUDIT_STATUS,
    &fitness::AUDIT_UNSUITABLE,
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
    &removable::AUDIT_REMOVABLE,
    &certificates::AUDIT_KEY_MISSING,
    &certificates::AUDIT_WEAK,
    &fleet_wide::AUDIT_FLEET_DIFFERS,
    &endpoints::AUDIT_ENDPOINT_FAILS,
    &endpoints::AUDIT_ENDPOINT_EXPIRED,
    &endpoints::AUDIT_ENDPOINT_SELF_SIGNED,
    &endpoints::AUDIT_ENDPOINT_AMBIGUOUS,
    &endpoints::AUDIT_SEND_SERVER_LACKS,
    &connectors::AUDIT_HYBRID_CONNECTOR_DIFFERS,
    &connectors::AUDIT_HYBRID_ROOT,
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
    sites: Sites,
    thresholds: Thresholds,
}

/// A certificate of the audit: where it is, how long it lasts, what uses it.
///
/// ```
/// use exchange_certificates::{Fleet, audit, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let audit = audit(&fleet, now);
/// let next = audit.certificates.iter().filter(|it| it.days_left >= 0).min_by_key(|it| it.days_left);
/// assert!(next.is_some_and(|it| it.not_after > now));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
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
    #[cfg_attr(feature = "schemars", schemars(with = "rfc3339::Time"))]
    pub not_before: SystemTime,
    /// Until when it is valid.
    #[serde(serialize_with = "rfc3339::serialize")]
    #[cfg_attr(feature = "schemars", schemars(with = "rfc3339::Time"))]
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
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
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
///
/// ```
/// use exchange_certificates::{Fleet, Severity, audit, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let audit = audit(&fleet, now);
/// assert!(audit.has_high() && !audit.is_incomplete());
/// for finding in audit.findings.iter().filter(|finding| finding.severity() == Severity::High) {
///     println!("{finding}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Audit {
    /// The servers, by name.
    pub servers: Vec<String>,
    /// What was not read, of the organisation first: no rule speaks of it.
    pub not_read: Vec<NotJudged>,
    /// Every installed certificate, by server.
    pub certificates: Vec<AuditedCertificate>,
    /// Every finding: the heavy ones first, by server within them.
    pub findings: Vec<AuditFinding>,
}

impl Audit {
    /// The audit in Prometheus' text format, for the point in time for which it was made: when each installed certificate
    /// expires, every finding with its [key](AuditFinding::key), and what was not read.
    pub fn to_prometheus(&self, now: SystemTime) -> impl fmt::Display {
        prometheus::Prometheus { audit: self, now }
    }

    /// The audit as SARIF 2.1.0, to be serialized: a result for each finding, with its [key](AuditFinding::key) as a
    /// partial fingerprint, and a notification for each thing that was not read.
    pub fn to_sarif(&self) -> impl Serialize + use<> {
        sarif::Sarif::of(self)
    }

    /// Whether there is a finding of high severity.
    pub fn has_high(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity() == Severity::High)
    }

    /// Whether something was not read that rules look at.
    pub fn is_incomplete(&self) -> bool {
        self.not_read.iter().any(|entry| entry.what.counts())
    }

    /// Whether this rule found something, be it a consequence of what another one found.
    pub fn has(&self, rule: &str) -> bool {
        self.findings.iter().any(|finding| finding.rules().any(|known| known == rule))
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
    audit_with(&Policy::default(), fleet, now)
}

/// Looks at every server as [`audit`] does, by an organisation's own policy.
///
/// ```
/// use exchange_certificates::{Fleet, Policy, Role, Server, Version, audit_with, rfc3339};
///
/// let mut fleet = Fleet::new();
/// fleet.insert(Server::new("MBX01", Version::Exchange2016, [Role::Mailbox])?)?;
/// let policy = Policy::default().silence("audit-out-of-support")?;
/// let audit = audit_with(&policy, &fleet, rfc3339::parse("2026-11-24T00:00:00Z")?);
/// assert!(!audit.has("audit-out-of-support"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn audit_with(policy: &Policy, fleet: &Fleet, now: SystemTime) -> Audit {
    let endpoints: Vec<_> = fleet.servers().map(|server| server.endpoints(now)).collect();
    let now = now.into();
    let mut certificates = Vec::new();
    let mut findings = Vec::new();
    let across = fleet_wide::Across::of(fleet, &endpoints, now);
    for (server, endpoints) in fleet.servers().zip(&endpoints) {
        let audited =
            Audited { server, endpoints, across: &across, now, sites: server.sites(), thresholds: policy.thresholds() };
        certificates.extend(server.certificates().map(|installed| audited.describe(installed)));
        // What is there beside those that were read may be all that is needed.
        if server.unread(NotReadKind::Certificates).is_none() {
            findings.extend(audited.judge(policy));
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
    let of_organization = fleet.not_read().map(|entry| NotJudged::new(None, entry));
    let of_servers = fleet
        .servers()
        .flat_map(|server| server.own_not_read().iter().map(|entry| NotJudged::new(Some(server), entry)));
    let servers = fleet.servers().map(|server| server.name().to_owned()).collect();
    Audit { servers, not_read: of_organization.chain(of_servers).collect(), certificates, findings }
}

impl<'a> Audited<'a> {
    /// Asks every rule in its order, the organisation's own ones last.
    fn judge(&self, policy: &Policy) -> Vec<AuditFinding> {
        let mut said = Vec::new();
        for rule in AUDIT_RULES {
            for found in (rule.check)(self) {
                let severity = found.severity.unwrap_or_else(|| rule.severity());
                if let Some(severity) = policy.severity_of(rule.id(), severity) {
                    said.push((found.cause, found.said(Cow::Borrowed(rule.id()), severity, self.server)));
                }
            }
        }
        let mut findings = cause::joined(said);
        let place = |finding: &AuditFinding| AUDIT_RULES.iter().position(|rule| rule.id() == finding.rule());
        findings.sort_by_cached_key(place);
        let seen = AuditedServer { server: self.server, endpoints: self.endpoints, now: self.now };
        for rule in policy.own_audit_rules() {
            let found: Vec<_> = match rule.check() {
                OwnAuditCheck::OfServers(check) => {
                    check(&seen).map(|finding| Found::with(None, finding)).into_iter().collect()
                }
                OwnAuditCheck::OfCertificates(check) => {
                    let of = |installed: &Installed| {
                        Some(Found::with(Some(installed.thumbprint()), check(&seen, installed)?))
                    };
                    self.server.certificates().filter_map(of).collect()
                }
            };
            findings.extend(found.into_iter().map(|it| it.said(rule.shared_id(), rule.severity(), self.server)));
        }
        findings
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::AUDITED;

    #[test]
    fn a_policy_knows_every_rule_of_the_audit() {
        let rules: Vec<_> = AUDIT_RULES.iter().map(|rule| (rule.id(), rule.severities())).collect();
        assert_eq!(rules, AUDITED, "AUDIT_RULES in src/audit.rs and AUDITED in src/policy/audited.rs differ");
    }
}
