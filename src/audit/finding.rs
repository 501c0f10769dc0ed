//! What a rule of the audit found, and what follows from it.

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::Cause;
use crate::block::Block;
use crate::finding::{Finding, Message};
use crate::policy::Severity;
use crate::server::{Installed, Server};
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

/// What a rule of the audit found, and of which certificate.
#[derive(Debug)]
pub(crate) struct Found {
    /// How much it weighs, if the rule does not always say the same.
    pub(super) severity: Option<Severity>,
    /// What it comes from, if other rules may find the same cause.
    pub(super) cause: Option<Cause>,
    thumbprint: Option<Thumbprint>,
    finding: Finding,
}

impl Found {
    pub(super) fn of(installed: &Installed, services: Service, message: impl Into<Message>) -> Self {
        Self::about(Some(installed.thumbprint()), services, message)
    }

    pub(super) fn of_server(services: Service, message: impl Into<Message>) -> Self {
        Self::about(None, services, message)
    }

    pub(super) fn about(thumbprint: Option<Thumbprint>, services: Service, message: impl Into<Message>) -> Self {
        Self::with(thumbprint, Finding::on(services, message))
    }

    pub(super) fn with(thumbprint: Option<Thumbprint>, finding: Finding) -> Self {
        Self { severity: None, cause: None, thumbprint, finding }
    }

    pub(super) fn with_severity(self, severity: Severity) -> Self {
        Self { severity: Some(severity), ..self }
    }

    pub(super) fn with_cause(self, cause: impl Into<Option<Cause>>) -> Self {
        Self { cause: cause.into(), ..self }
    }

    pub(super) fn map(self, change: impl FnOnce(Finding) -> Finding) -> Self {
        Self { finding: change(self.finding), ..self }
    }

    /// The same as a rule says it.
    pub(super) fn said(self, rule: Cow<'static, str>, severity: Severity, server: &Server) -> AuditFinding {
        let (thumbprint, finding) = (self.thumbprint, self.finding.at(server));
        AuditFinding { rule, severity, server: server.name().to_owned(), thumbprint, finding, consequences: Vec::new() }
    }
}

/// Something that is wrong, with what other rules say of the same cause. Serialized with key, rule, severity,
/// server, thumbprint, services, message, facts, remedy and, if there are any, consequences.
///
/// ```
/// use exchange_certificates::{AuditFinding, Finding, Service, Severity};
///
/// // As a rule makes it, for tests of what is done with findings:
/// let found = Finding::new(Service::SMTP, "it is not issued by the CA of the company");
/// let finding = AuditFinding::new("contoso/company-ca", Severity::Low, "MBX01", found);
/// assert_eq!(finding.key().as_str(), "contoso/company-ca mbx01 - SMTP");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFinding {
    rule: Cow<'static, str>,
    severity: Severity,
    server: String,
    thumbprint: Option<Thumbprint>,
    finding: Finding,
    consequences: Vec<Consequence>,
}

/// What another rule says of the cause of a finding, on the same server. Serialized with rule, services, message and
/// facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequence {
    rule: Cow<'static, str>,
    severity: Severity,
    thumbprint: Option<Thumbprint>,
    services: Service,
    message: Message,
}

impl AuditFinding {
    /// A finding as a rule makes it, for tests of what is done with findings.
    pub fn new(
        rule: impl Into<Cow<'static, str>>,
        severity: Severity,
        server: impl Into<String>,
        finding: Finding,
    ) -> Self {
        let (rule, server) = (rule.into(), server.into());
        Self { rule, severity, server, thumbprint: None, finding, consequences: Vec::new() }
    }

    /// The same about a certificate.
    #[must_use]
    pub fn with_thumbprint(self, thumbprint: Thumbprint) -> Self {
        Self { thumbprint: Some(thumbprint), ..self }
    }

    /// The id of the rule.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// How much it weighs, with its consequences.
    pub fn severity(&self) -> Severity {
        self.consequences.iter().map(Consequence::severity).fold(self.severity, Severity::max)
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

    /// What to do about it, step by step. It does away with the consequences too.
    pub fn remedy(&self) -> &[Block] {
        &self.finding.remedy
    }

    /// What other rules say of the same cause.
    pub fn consequences(&self) -> &[Consequence] {
        &self.consequences
    }

    /// The rules that speak: its own, and those of its consequences.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.rule()).chain(self.consequences.iter().map(Consequence::rule))
    }

    /// Keeps only the consequences for which this holds.
    pub fn retain_consequences(&mut self, keep: impl FnMut(&Consequence) -> bool) {
        self.consequences.retain(keep);
    }

    /// Takes what another rule says of the same cause.
    pub(super) fn add_consequence(&mut self, other: Self) {
        let Self { rule, severity, thumbprint, finding, consequences, .. } = other;
        let (services, message) = (finding.services, finding.message);
        self.consequences.push(Consequence { rule, severity, thumbprint, services, message });
        self.consequences.extend(consequences);
    }
}

impl Consequence {
    /// The id of the rule.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// How much it weighs by itself.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The certificate, if it is about one.
    pub fn thumbprint(&self) -> Option<Thumbprint> {
        self.thumbprint
    }

    /// The services, if it is about some.
    pub fn services(&self) -> Service {
        self.services
    }

    /// What it says, with the facts in it.
    pub fn message(&self) -> &Message {
        &self.message
    }
}

impl fmt::Display for AuditFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}: {}", self.rule, text::shown(&self.server), self.finding.message)
    }
}

impl Serialize for AuditFinding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("AuditFinding", 10)?;
        finding.serialize_field("key", &self.key())?;
        finding.serialize_field("rule", &self.rule)?;
        finding.serialize_field("severity", &self.severity())?;
        finding.serialize_field("server", &self.server)?;
        finding.serialize_field("thumbprint", &self.thumbprint)?;
        self.finding.serialize_fields(&mut finding)?;
        match self.consequences.as_slice() {
            [] => finding.skip_field("consequences")?,
            consequences => finding.serialize_field("consequences", consequences)?,
        }
        finding.end()
    }
}

impl Serialize for Consequence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut consequence = serializer.serialize_struct("Consequence", 4)?;
        consequence.serialize_field("rule", &self.rule)?;
        consequence.serialize_field("services", &self.services)?;
        consequence.serialize_field("message", &self.message.to_string())?;
        self.message.serialize_facts(&mut consequence)?;
        consequence.end()
    }
}
