//! What the rules said of a request that cannot be carried out, or not yet.

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::block::Block;
use crate::finding::{Finding, Kind, Message};
use crate::json_object::FORMAT;
use crate::request::Answer;
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

/// What one rule said. Serialized as rule, kind, services, message, facts and remedy.
///
/// ```
/// use exchange_certificates::{Kind, Request, Role, Server, Service, Thumbprint, Version, plan, rfc3339};
///
/// let server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?;
/// let request = Request::assign(Thumbprint::of(b""), Service::UM);
/// let refused = plan(&server, &request, rfc3339::parse("2026-11-24")?).unwrap_err();
/// let said = refused.diagnostics().iter().find(|said| said.rule() == "um-not-available").ok_or("it is available")?;
/// assert_eq!((said.kind(), said.services()), (Kind::Refuse, Service::UM));
/// println!("{said}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    rule: Cow<'static, str>,
    kind: Kind,
    finding: Finding,
}

impl Diagnostic {
    pub(crate) fn new(rule: Cow<'static, str>, kind: Kind, finding: Finding) -> Self {
        Self { rule, kind, finding }
    }

    /// The id of the rule.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What follows from it.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The services that it names; empty if it is about the whole request.
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

    /// Whether the two say the same of the same services, in whatever words.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        (&self.rule, self.kind, self.services()) == (&other.rule, other.kind, other.services())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.message())
    }
}

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut diagnostic = serializer.serialize_struct("Diagnostic", 6)?;
        diagnostic.serialize_field("rule", &self.rule)?;
        diagnostic.serialize_field("kind", &self.kind)?;
        self.finding.serialize_fields(&mut diagnostic)?;
        diagnostic.end()
    }
}

/// A request that the rules refuse: nothing was changed.
///
/// ```
/// use exchange_certificates::{NoPlan, Request, Role, Server, Service, Thumbprint, Version, plan, rfc3339};
///
/// let server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?;
/// let request = Request::assign(Thumbprint::of(b""), Service::IIS);
/// let Err(NoPlan::Refused(refusal)) = plan(&server, &request, rfc3339::parse("2026-11-24")?) else {
///     panic!("the certificate is not installed");
/// };
/// assert!(refusal.has("certificate-not-installed"));
/// assert_eq!(refusal.assignable(), Some(Service::empty()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) assignable: Option<Service>,
}

impl Refusal {
    /// What refuses and what warns, in the order of the rules.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The services in question that would pass, so that one can go on with those; nothing where
    /// the request assigns none.
    pub fn assignable(&self) -> Option<Service> {
        self.assignable
    }

    /// Whether this rule spoke.
    pub fn has(&self, rule: &str) -> bool {
        has(&self.diagnostics, rule)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused{}", lines(&self.diagnostics))
    }
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut refusal = serializer.serialize_struct("Refusal", 4)?;
        refusal.serialize_field("format", &FORMAT)?;
        refusal.serialize_field("outcome", "refused")?;
        match &self.assignable {
            Some(assignable) => refusal.serialize_field("assignable", assignable)?,
            None => refusal.skip_field("assignable")?,
        }
        refusal.serialize_field("diagnostics", &self.diagnostics)?;
        refusal.end()
    }
}

/// A request that takes an answer first: whether the default SMTP certificate is replaced.
///
/// ```
/// use exchange_certificates::{Answer, Request, Scenario, Service, Thumbprint, plan};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
///
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let request = Request::assign(mail, Service::SMTP);
/// let open = plan(&server, &request, now).unwrap_err();
/// let decision = open.decision().ok_or("it is decided")?;
/// assert_eq!(decision.recommended(), Answer::Keep);
/// assert!(plan(&server, &request.clone().with_default_smtp(decision.recommended()), now).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub(crate) current: Thumbprint,
    pub(crate) proposed: Thumbprint,
    pub(crate) recommended: Answer,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Decision {
    /// The default SMTP certificate now.
    pub fn current(&self) -> Thumbprint {
        self.current
    }

    /// The certificate that would take its place.
    pub fn proposed(&self) -> Thumbprint {
        self.proposed
    }

    /// The answer that serves best.
    pub fn recommended(&self) -> Answer {
        self.recommended
    }

    /// What is to be decided and what warns, in the order of the rules.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether this rule spoke.
    pub fn has(&self, rule: &str) -> bool {
        has(&self.diagnostics, rule)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "decision required{}", lines(&self.diagnostics))
    }
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut decision = serializer.serialize_struct("Decision", 7)?;
        decision.serialize_field("format", &FORMAT)?;
        decision.serialize_field("outcome", "decision-required")?;
        decision.serialize_field("decision", "replace-default-smtp")?;
        decision.serialize_field("current", &self.current)?;
        decision.serialize_field("proposed", &self.proposed)?;
        decision.serialize_field("recommended", &self.recommended)?;
        decision.serialize_field("diagnostics", &self.diagnostics)?;
        decision.end()
    }
}

pub(crate) fn has(diagnostics: &[Diagnostic], rule: &str) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.rule() == rule)
}

/// The diagnostics for people, one a line with its kind and rule.
fn lines(diagnostics: &[Diagnostic]) -> impl fmt::Display {
    text::from_fn(move |f| {
        diagnostics.iter().try_for_each(|diagnostic| write!(f, "\n{}: {diagnostic}", diagnostic.kind))
    })
}
