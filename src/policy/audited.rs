//! What a policy says of the audit: its rules by name, and rules of one's own.

use std::borrow::Cow;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::SystemTime;

use crate::endpoint::Endpoint;
use crate::finding::Finding;
use crate::server::{Installed, Server};
use crate::time::Timestamp;
use crate::word::words;

/// How much a finding weighs, in ascending order.
///
/// ```
/// use exchange_certificates::Severity;
///
/// assert!(Severity::High > Severity::Low);
/// assert_eq!("high".parse(), Ok(Severity::High));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// To be put right in time.
    Low,
    /// Something fails, or fails at the next update.
    High,
}

words! { Severity, "severity", like "high": Low = "low", High = "high" }

const HIGH: &[Severity] = &[Severity::High];
const LOW: &[Severity] = &[Severity::Low];
const EITHER: &[Severity] = &[Severity::High, Severity::Low];

/// The rules of the audit with how much their findings can weigh, the heaviest first: a policy is read before there is
/// an audit. The audit holds its rules against this list.
pub(crate) const AUDITED: &[(&str, &[Severity])] = &[
    ("audit-expired", EITHER),
    ("audit-expires-soon", LOW),
    ("audit-status", EITHER),
    ("audit-unsuitable", HIGH),
    ("audit-service-uncovered", HIGH),
    ("audit-wildcard-imap-pop", LOW),
    ("audit-default-smtp-missing", LOW),
    ("audit-default-smtp-expired", LOW),
    ("audit-default-smtp-wrong-name", LOW),
    ("audit-auth-certificate-missing", HIGH),
    ("audit-auth-certificate-expires", EITHER),
    ("audit-connector-certificate-missing", HIGH),
    ("audit-connector-ambiguous", LOW),
    ("audit-connector-stale", LOW),
    ("audit-connector-fqdn-uncovered", LOW),
    ("audit-client-name-uncovered", HIGH),
    ("audit-removable", LOW),
    ("audit-key-missing", LOW),
    ("audit-weak", LOW),
    ("audit-fleet-differs", LOW),
    ("audit-endpoint-fails", EITHER),
    ("audit-endpoint-expired", EITHER),
    ("audit-endpoint-self-signed", LOW),
    ("audit-endpoint-ambiguous", LOW),
    ("audit-send-server-lacks", HIGH),
    ("audit-hybrid-connector-differs", LOW),
    ("audit-hybrid-root", LOW),
    ("audit-binding-differs", LOW),
    ("audit-back-end-binding", LOW),
    ("audit-smtp-reaches-nothing", LOW),
    ("audit-out-of-support", LOW),
];

/// A server as a rule of one's own for the audit sees it.
///
/// ```
/// use exchange_certificates::{Finding, OwnAuditRule, Service, Severity};
///
/// let rule = OwnAuditRule::of_servers("contoso/every-endpoint-known", Severity::Low, |audited| {
///     let is_unknown = audited.endpoints().iter().any(|endpoint| endpoint.presented().is_unknown());
///     is_unknown.then(|| Finding::new(Service::empty(), "export all of this server"))
/// });
/// assert_eq!(rule.severity(), Severity::Low);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AuditedServer<'a> {
    pub(crate) server: &'a Server,
    pub(crate) endpoints: &'a [Endpoint],
    pub(crate) now: Timestamp,
}

impl<'a> AuditedServer<'a> {
    /// The server.
    pub fn server(&self) -> &'a Server {
        self.server
    }

    /// What it presents where.
    pub fn endpoints(&self) -> &'a [Endpoint] {
        self.endpoints
    }

    /// The point in time of the audit.
    pub fn now(&self) -> SystemTime {
        self.now.into()
    }
}

/// A rule of an organisation's own for the audit. It reports after the rules of the crate, and is not asked about a
/// server whose certificates were not read.
///
/// ```
/// use exchange_certificates::{Finding, OwnAuditRule, Service, Severity};
///
/// let ca = "CN=Contoso Issuing CA 1, O=Contoso, C=US".to_owned();
/// let rule = OwnAuditRule::of_certificates("contoso/company-ca", Severity::Low, move |_, installed| {
///     let services = installed.known_services();
///     let is_foreign = !services.is_empty() && installed.certificate().issuer().to_string() != ca;
///     is_foreign.then(|| Finding::new(services, "it is not issued by the company's CA"))
/// });
/// assert_eq!(rule.id(), "contoso/company-ca");
/// ```
#[derive(Clone)]
pub struct OwnAuditRule {
    id: Cow<'static, str>,
    severity: Severity,
    documentation: Cow<'static, str>,
    check: OwnCheck,
}

type OfServers = dyn Fn(&AuditedServer<'_>) -> Option<Finding> + Send + Sync;
type OfCertificates = dyn Fn(&AuditedServer<'_>, &Installed) -> Option<Finding> + Send + Sync;

pub(crate) enum OwnCheck {
    OfServers(AssertUnwindSafe<Arc<OfServers>>),
    OfCertificates(AssertUnwindSafe<Arc<OfCertificates>>),
}

impl Clone for OwnCheck {
    fn clone(&self) -> Self {
        match self {
            Self::OfServers(check) => Self::OfServers(AssertUnwindSafe(Arc::clone(check))),
            Self::OfCertificates(check) => Self::OfCertificates(AssertUnwindSafe(Arc::clone(check))),
        }
    }
}

impl OwnAuditRule {
    /// A rule that looks at each server, with an id that holds a slash.
    pub fn of_servers(
        id: impl Into<Cow<'static, str>>,
        severity: Severity,
        check: impl Fn(&AuditedServer<'_>) -> Option<Finding> + Send + Sync + 'static,
    ) -> Self {
        Self::new(id.into(), severity, OwnCheck::OfServers(AssertUnwindSafe(Arc::new(check))))
    }

    /// A rule that looks at each installed certificate, with an id that holds a slash.
    pub fn of_certificates(
        id: impl Into<Cow<'static, str>>,
        severity: Severity,
        check: impl Fn(&AuditedServer<'_>, &Installed) -> Option<Finding> + Send + Sync + 'static,
    ) -> Self {
        Self::new(id.into(), severity, OwnCheck::OfCertificates(AssertUnwindSafe(Arc::new(check))))
    }

    fn new(id: Cow<'static, str>, severity: Severity, check: OwnCheck) -> Self {
        Self { id, severity, documentation: Cow::Borrowed(""), check }
    }

    /// Says what the rule demands and why.
    #[must_use]
    pub fn with_documentation(mut self, documentation: impl Into<Cow<'static, str>>) -> Self {
        self.documentation = documentation.into();
        self
    }

    /// Its permanent name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How much its findings weigh.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What it demands and why.
    pub fn documentation(&self) -> &str {
        &self.documentation
    }

    pub(crate) fn check(&self) -> &OwnCheck {
        &self.check
    }

    pub(crate) fn shared_id(&self) -> Cow<'static, str> {
        self.id.clone()
    }
}

impl fmt::Debug for OwnAuditRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnAuditRule").field("id", &self.id).field("severity", &self.severity).finish_non_exhaustive()
    }
}
