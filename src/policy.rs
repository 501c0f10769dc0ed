//! An organisation's own view of the rules: stricter, never weaker.

mod audited;
mod form;
mod weight;

use std::borrow::Cow;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use self::audited::{AUDITED, OwnCheck as OwnAuditCheck};
pub use self::audited::{AuditedServer, OwnAuditRule, Severity};
pub(crate) use self::form::PolicyForm;
pub use self::weight::Weight;
use crate::case::{Assignment, Removal, Thresholds};
use crate::finding::{Finding, Kind};
use crate::json_object::JsonObject;
use crate::rule::Rule;
use crate::rules;
use crate::text;

/// What an organisation demands beyond the rules: thresholds, rules that weigh more, rules that
/// need not speak, and rules of its own.
///
/// A policy never weakens a decision: what the default one refuses stays refused.
///
/// ```
/// use exchange_certificates::{Kind, Policy, Severity};
///
/// let policy = Policy::default()
///     .with_expires_soon_days(90)?
///     .with_minimum_rsa_bits(3072)?
///     .raise("self-signed", Kind::Refuse)?
///     .raise("audit-weak", Severity::High)?
///     .silence("no-client-authentication")?
///     .silence("audit-out-of-support")?;
/// assert!(Policy::default().silence("wildcard-imap").is_err());
/// # Ok::<(), exchange_certificates::PolicyError>(())
/// ```
///
/// Two policies are equal that demand the same by the rules of the crate, and whose own rules have the same ids. It is
/// serialized as a scenario file writes it; own rules are code, and stand there by their ids as `own_rules`, which no
/// file can be read with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(into = "PolicyForm", try_from = "JsonObject<PolicyForm>")]
pub struct Policy {
    thresholds: Thresholds,
    raised: Vec<(&'static str, Weight)>,
    silenced: Vec<&'static str>,
    own: Vec<OwnRule>,
    own_audited: Vec<OwnAuditRule>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            thresholds: Thresholds { expires_soon_days: LEAST_DAYS, minimum_rsa_bits: LEAST_BITS },
            raised: Vec::new(),
            silenced: Vec::new(),
            own: Vec::new(),
            own_audited: Vec::new(),
        }
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        PolicyForm::from(self.clone()) == PolicyForm::from(other.clone())
    }
}

impl Eq for Policy {}

/// A rule of an organisation's own, about assignments or about removals. It reports after the rules of the crate.
///
/// One about assignments is silent if no service is in question, one about removals where nothing is removed. A
/// replacement is both.
///
/// ```
/// use exchange_certificates::{Finding, Kind, OwnRule, Policy};
///
/// let ca = "CN=Contoso Issuing CA 1, O=Contoso, C=US".to_owned();
/// let rule = OwnRule::new("contoso/company-ca", Kind::Refuse, move |case| {
///     let issuer = case.certificate()?.issuer().to_string();
///     (issuer != ca).then(|| Finding::new(case.in_question(), "it is not issued by the company's CA"))
/// });
/// let kept = OwnRule::of_removals("contoso/keeps-its-own", Kind::Refuse, |removal| {
///     let is_own = removal.certificate()?.issuer().to_string().contains("O=Contoso");
///     is_own.then(|| Finding::new(removal.services(), "what the company's CA issued is kept for a year"))
/// });
/// let policy = Policy::default().with_rule(rule)?.with_rule(kept)?;
/// # Ok::<(), exchange_certificates::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct OwnRule {
    id: Cow<'static, str>,
    kind: Kind,
    documentation: Cow<'static, str>,
    check: OwnCheck,
}

type OfAssignments = dyn Fn(&Assignment<'_>) -> Option<Finding> + Send + Sync;
type OfRemovals = dyn Fn(&Removal<'_>) -> Option<Finding> + Send + Sync;

/// Whoever catches a panic in a check of his own answers for what it leaves behind.
enum OwnCheck {
    OfAssignments(AssertUnwindSafe<Arc<OfAssignments>>),
    OfRemovals(AssertUnwindSafe<Arc<OfRemovals>>),
}

impl Clone for OwnCheck {
    fn clone(&self) -> Self {
        match self {
            Self::OfAssignments(check) => Self::OfAssignments(AssertUnwindSafe(Arc::clone(check))),
            Self::OfRemovals(check) => Self::OfRemovals(AssertUnwindSafe(Arc::clone(check))),
        }
    }
}

impl OwnRule {
    /// A rule about assignments, with an id that holds a slash, a kind of note, warn or refuse, and a check.
    pub fn new(
        id: impl Into<Cow<'static, str>>,
        kind: Kind,
        check: impl Fn(&Assignment<'_>) -> Option<Finding> + Send + Sync + 'static,
    ) -> Self {
        Self::of(id.into(), kind, OwnCheck::OfAssignments(AssertUnwindSafe(Arc::new(check))))
    }

    /// A rule about removals, that of a replacement too.
    pub fn of_removals(
        id: impl Into<Cow<'static, str>>,
        kind: Kind,
        check: impl Fn(&Removal<'_>) -> Option<Finding> + Send + Sync + 'static,
    ) -> Self {
        Self::of(id.into(), kind, OwnCheck::OfRemovals(AssertUnwindSafe(Arc::new(check))))
    }

    fn of(id: Cow<'static, str>, kind: Kind, check: OwnCheck) -> Self {
        Self { id, kind, documentation: Cow::Borrowed(""), check }
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

    /// What follows if it speaks.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it demands and why.
    pub fn documentation(&self) -> &str {
        &self.documentation
    }
}

impl OwnRule {
    /// What it says of an assignment.
    pub(crate) fn check_assignment(&self, assignment: &Assignment<'_>) -> Option<Finding> {
        match &self.check {
            OwnCheck::OfAssignments(check) => check(assignment),
            OwnCheck::OfRemovals(_) => None,
        }
    }

    /// What it says of a removal.
    pub(crate) fn check_removal(&self, removal: &Removal<'_>) -> Option<Finding> {
        match &self.check {
            OwnCheck::OfAssignments(_) => None,
            OwnCheck::OfRemovals(check) => check(removal),
        }
    }

    pub(crate) fn shared_id(&self) -> Cow<'static, str> {
        self.id.clone()
    }
}

impl fmt::Debug for OwnRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnRule").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Why a policy is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// There is no such rule.
    #[error("there is no rule {}; did you mean `{nearest}`?", text::excerpt(.id))]
    Unknown {
        /// The id as it stood.
        id: String,
        /// The rule whose id is most like it.
        nearest: &'static str,
    },
    /// A rule is named more than once.
    #[error("{} is named twice", text::excerpt(.id))]
    Twice {
        /// The id of the rule.
        id: String,
    },
    /// A rule is both raised and silenced.
    #[error("`{id}` is both raised and silenced")]
    RaisedAndSilenced {
        /// The id of the rule.
        id: &'static str,
    },
    /// A rule that no policy may silence.
    #[error("`{id}` cannot be silenced: {reason}")]
    NotSilenced {
        /// The id of the rule.
        id: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// A rule that does not take this kind or severity.
    #[error("`{id}` cannot be raised from {from} to {to}: {}", .from.what_can_be_raised())]
    NotRaised {
        /// The id of the rule.
        id: &'static str,
        /// What the rule weighs.
        from: Weight,
        /// What was asked for.
        to: Weight,
    },
    /// A file that names rules of one's own.
    #[error("own_rules: {} are code, which no file holds: read the rest, and add them with Policy::with_rule", text::list(.ids))]
    OwnRules {
        /// The ids of the rules.
        ids: Vec<String>,
    },
    /// Fewer days than the default.
    #[error("expires_soon_days must be at least {LEAST_DAYS}, not {days}: a policy only tightens")]
    Days {
        /// The days that were asked for.
        days: u32,
    },
    /// Fewer bits than the default.
    #[error("minimum_rsa_bits must be at least {LEAST_BITS}, not {bits}: a policy only tightens")]
    Bits {
        /// The bits that were asked for.
        bits: u32,
    },
    /// An own rule whose id could be one of the crate's, or of another kind.
    #[error("{} cannot be the id of a rule of one's own: it must hold a slash, like contoso/company-ca", text::excerpt(.id))]
    OwnId {
        /// The id as it stood.
        id: String,
    },
    /// An own rule of a kind that it cannot have.
    #[error("{} is a {kind} rule; a rule of one's own can only note, warn or refuse", text::excerpt(.id))]
    OwnKind {
        /// The id of the rule.
        id: String,
        /// The kind that it was given.
        kind: Kind,
    },
}

/// What is demanded at least: by the rules without a policy, and by the audit.
pub(crate) const LEAST_DAYS: u32 = 60;
pub(crate) const LEAST_BITS: u32 = 2048;

/// What has to be heard although it does not stop anything.
const NEVER_SILENT: [&str; 9] = [
    "status-accepted",
    "send-server-lacks",
    "permission-partial",
    "default-smtp-replaced",
    "default-smtp-unknown",
    "services-unknown",
    "permission-denied",
    "permission-uncertain",
    "permission-unchecked",
];

impl Policy {
    /// Warns so many days before a certificate expires, 60 or more.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Days`] if it would warn later than the default.
    pub fn with_expires_soon_days(mut self, days: u32) -> Result<Self, PolicyError> {
        if days < LEAST_DAYS {
            return Err(PolicyError::Days { days });
        }
        self.thresholds.expires_soon_days = days;
        Ok(self)
    }

    /// Warns of RSA keys with fewer bits than these, 2048 or more.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Bits`] if it would let weaker keys pass than the default.
    pub fn with_minimum_rsa_bits(mut self, bits: u32) -> Result<Self, PolicyError> {
        if bits < LEAST_BITS {
            return Err(PolicyError::Bits { bits });
        }
        self.thresholds.minimum_rsa_bits = bits;
        Ok(self)
    }

    /// Gives a rule more weight: a note or a warning to warn or refuse, the findings of low severity of a rule of the
    /// audit to high.
    ///
    /// # Errors
    ///
    /// A [`PolicyError`] if there is no such rule, it is named already or cannot be raised to this.
    pub fn raise(mut self, id: &str, to: impl Into<Weight>) -> Result<Self, PolicyError> {
        let (named, to) = (find(id)?, to.into());
        let id = named.id();
        if !named.may_rise(to) {
            return Err(PolicyError::NotRaised { id, from: named.weight(), to });
        }
        if self.silenced.contains(&id) {
            return Err(PolicyError::RaisedAndSilenced { id });
        }
        if self.raised.iter().any(|(raised, _)| *raised == id) {
            return Err(PolicyError::Twice { id: id.to_owned() });
        }
        self.raised.push((id, to));
        Ok(self)
    }

    /// Silences a warning or a note, or a rule of the audit whose findings are of low severity.
    ///
    /// # Errors
    ///
    /// A [`PolicyError`] if there is no such rule, it is named already or has to be heard.
    pub fn silence(mut self, id: &str) -> Result<Self, PolicyError> {
        let named = find(id)?;
        let id = named.id();
        if let Some(reason) = named.has_to_be_heard() {
            return Err(PolicyError::NotSilenced { id, reason });
        }
        if self.raised.iter().any(|(raised, _)| *raised == id) {
            return Err(PolicyError::RaisedAndSilenced { id });
        }
        if self.silenced.contains(&id) {
            return Err(PolicyError::Twice { id: id.to_owned() });
        }
        self.silenced.push(id);
        Ok(self)
    }

    /// Adds a rule of one's own.
    ///
    /// # Errors
    ///
    /// A [`PolicyError`] where its id holds no slash or is taken, or if it is no note, warning or refusal.
    pub fn with_rule(mut self, rule: OwnRule) -> Result<Self, PolicyError> {
        if !matches!(rule.kind, Kind::Note | Kind::Warn | Kind::Refuse) {
            let id = self.own_id(&rule.id)?;
            return Err(PolicyError::OwnKind { id, kind: rule.kind });
        }
        self.own_id(&rule.id)?;
        self.own.push(rule);
        Ok(self)
    }

    /// Adds a rule of one's own for the audit.
    ///
    /// # Errors
    ///
    /// A [`PolicyError`] if its id holds no slash or is taken.
    pub fn with_audit_rule(mut self, rule: OwnAuditRule) -> Result<Self, PolicyError> {
        self.own_id(rule.id())?;
        self.own_audited.push(rule);
        Ok(self)
    }

    /// An id that a rule of one's own can have.
    fn own_id(&self, id: &str) -> Result<String, PolicyError> {
        let mut known = self.own.iter().map(OwnRule::id).chain(self.own_audited.iter().map(OwnAuditRule::id));
        let id = id.to_owned();
        if !id.contains('/') || id.contains(|c: char| c.is_control() || c.is_whitespace()) {
            Err(PolicyError::OwnId { id })
        } else if known.any(|known| known == id) {
            Err(PolicyError::Twice { id })
        } else {
            Ok(id)
        }
    }

    pub(crate) fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// The organisation's own rules.
    pub(crate) fn own_rules(&self) -> &[OwnRule] {
        &self.own
    }

    /// The organisation's own rules for the audit.
    pub(crate) fn own_audit_rules(&self) -> &[OwnAuditRule] {
        &self.own_audited
    }

    /// The kind that a finding of this rule has under the policy; `None` if it is silenced.
    pub(crate) fn kind_of(&self, rule: &Rule, finding: &Finding) -> Option<Kind> {
        if self.silenced.contains(&rule.id()) {
            return None;
        }
        let raised = self.raised_to(rule.id()).and_then(|weight| match weight {
            Weight::Kind(kind) => Some(kind),
            Weight::Severity(_) => None,
        });
        Some(finding.kind.unwrap_or(rule.kind())).max(raised)
    }

    /// The severity that a finding of this rule of the audit has under the policy; `None` if it is silenced.
    pub(crate) fn severity_of(&self, rule: &str, severity: Severity) -> Option<Severity> {
        if self.silenced.contains(&rule) {
            return None;
        }
        Some(if self.raised_to(rule).is_some() { Severity::High } else { severity })
    }

    fn raised_to(&self, rule: &str) -> Option<Weight> {
        self.raised.iter().find(|(id, _)| *id == rule).map(|(_, weight)| *weight)
    }
}

/// What a policy can name.
enum Named {
    Rule(&'static Rule),
    /// A rule of the audit, with how much its findings can weigh, the heaviest first.
    Audited(&'static str, &'static [Severity]),
}

fn find(id: &str) -> Result<Named, PolicyError> {
    if let Some((id, severities)) = AUDITED.iter().find(|(known, _)| *known == id) {
        return Ok(Named::Audited(id, severities));
    }
    rules::rule(id).map(Named::Rule).ok_or_else(|| {
        let ids = [rules::nearest(id)].into_iter().chain(AUDITED.iter().map(|(known, _)| *known));
        let nearest = ids.min_by_key(|known| text::distance(id, known)).unwrap_or_default();
        PolicyError::Unknown { id: id.to_owned(), nearest }
    })
}

impl Named {
    fn id(&self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.id(),
            Self::Audited(id, _) => id,
        }
    }

    /// What it weighs at most.
    fn weight(&self) -> Weight {
        match self {
            Self::Rule(rule) => rule.kind().into(),
            Self::Audited(_, severities) => severities.first().copied().unwrap_or(Severity::Low).into(),
        }
    }

    fn may_rise(&self, to: Weight) -> bool {
        match (self, to) {
            (Self::Rule(rule), Weight::Kind(to)) => {
                let from = rule.kind();
                matches!(from, Kind::Note | Kind::Warn) && matches!(to, Kind::Warn | Kind::Refuse) && to > from
            }
            (Self::Audited(_, severities), Weight::Severity(to)) => {
                to == Severity::High && severities.contains(&Severity::Low)
            }
            _ => false,
        }
    }

    fn has_to_be_heard(&self) -> Option<&'static str> {
        match self {
            Self::Rule(rule) if NEVER_SILENT.contains(&rule.id()) => Some("it has to be heard"),
            Self::Rule(rule) => match rule.kind() {
                Kind::Warn | Kind::Note => None,
                Kind::FollowUp => Some("what is to be done afterwards has to be heard"),
                Kind::Decide | Kind::Refuse => Some("a policy never weakens a decision"),
            },
            Self::Audited(_, severities) => {
                severities.contains(&Severity::High).then_some("what is of high severity has to be heard")
            }
        }
    }
}
