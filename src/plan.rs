//! Deciding, and carrying out what was decided.

mod answer;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::block::Block;
use crate::case::{Assignment, Case, Part};
use crate::certificate::Certificate;
use crate::change::Change;
use crate::diagnostic::{Decision, Diagnostic, Refusal, has};
use crate::endpoint::EndpointChange;
use crate::fact::Fact;
use crate::finding::Kind;
use crate::judgement;
use crate::policy::Policy;
use crate::remedy::Elsewhere;
use crate::request::{Operation, Request};
use crate::script::{self, Line};
use crate::server::{Installed, Server};
use crate::service::Service;
use crate::thumbprint::Thumbprint;

/// What a request comes to that the rules let through: what it changes, what to know about it and
/// the script. A plan changes nothing by itself; [`apply`](Self::apply) does.
///
/// Serialized as the answer to a scenario: `format`, `outcome`, `thumbprint`, `added`, `services`,
/// `superseded`, `default_smtp`, `diagnostics`, `script`.
///
/// ```
/// use exchange_certificates::{Request, Scenario, Service, Thumbprint, plan};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (mut server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let plan = plan(&server, &Request::assign(mail, Service::IIS), now)?;
/// assert_eq!(plan.added(), Service::IIS);
/// assert!(plan.script()[0].to_string().starts_with("Enable-ExchangeCertificate"));
/// plan.apply(&mut server, now)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a plan changes nothing until it is applied"]
pub struct Plan {
    server: Arc<str>,
    is_edge: bool,
    request: Request,
    policy: Policy,
    change: Change,
    in_question: Service,
    added: Service,
    services: Service,
    superseded: Vec<(Service, Thumbprint)>,
    kept: Vec<(Service, Thumbprint)>,
    default_smtp: Fact<Thumbprint>,
    endpoints: Vec<EndpointChange>,
    diagnostics: Vec<Diagnostic>,
    blocks: Vec<Block>,
    /// Servers whose transport also sends by the names that are taken away and given back, and is not touched.
    other_sources: Vec<String>,
}

/// Why a request has no plan. Prints every diagnostic, one a line with its kind and rule.
///
/// ```
/// use exchange_certificates::{NoPlan, Request, Scenario, Service, Thumbprint, plan};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// match plan(&server, &Request::assign(mail, Service::SMTP), now) {
///     Err(NoPlan::DecisionRequired(open)) => assert_eq!(open.proposed(), mail),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoPlan {
    /// The rules refuse it.
    Refused(Refusal),
    /// It takes an answer first.
    DecisionRequired(Decision),
    /// The server has changed since it was planned, and it comes to something else now.
    Stale(Box<Result<Plan, NoPlan>>),
}

/// Decides a request for a server at a point in time, and changes nothing.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use exchange_certificates::{Request, Role, Server, Service, Thumbprint, Version, plan};
///
/// let server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?;
/// let thumbprint: Thumbprint = "5113AE0233A72FCCB75B1D0198628675333D010E".parse()?;
/// let now = UNIX_EPOCH + Duration::from_secs(1_795_478_400);
///
/// let no_plan = plan(&server, &Request::assign(thumbprint, Service::IIS | Service::UM), now).unwrap_err();
/// assert!(no_plan.has("certificate-not-installed") && no_plan.has("um-not-available"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A [`NoPlan`] if the rules refuse the request or it takes an answer first.
pub fn plan(server: &Server, request: &Request, now: SystemTime) -> Result<Plan, NoPlan> {
    plan_with(&Policy::default(), server, request, now)
}

/// Decides as [`plan`] does, by an organisation's own policy.
///
/// ```
/// use exchange_certificates::{Policy, Request, Scenario, Service, Thumbprint, plan_with};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let policy = Policy::default().with_minimum_rsa_bits(4096)?;
/// let plan = plan_with(&policy, &server, &Request::assign(mail, Service::IIS), now)?;
/// assert!(plan.has("weak-key"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A [`NoPlan`] if the rules or the policy refuse the request, or it takes an answer first.
pub fn plan_with(policy: &Policy, server: &Server, request: &Request, now: SystemTime) -> Result<Plan, NoPlan> {
    let request = on(server, request);
    decide(policy, Case::new(server, &request, now.into(), policy.thresholds()))
}

/// Decides as [`plan_with`] does, with someone to ask which other servers hold a certificate.
pub(crate) fn plan_among(
    policy: &Policy,
    elsewhere: &dyn Elsewhere,
    server: &Server,
    request: &Request,
    now: SystemTime,
) -> Result<Plan, NoPlan> {
    decide(policy, case_among(policy, elsewhere, server, &on(server, request), now))
}

/// What [`plan_among`] decides.
pub(crate) fn case_among<'a>(
    policy: &Policy,
    elsewhere: &'a dyn Elsewhere,
    server: &'a Server,
    request: &'a Request,
    now: SystemTime,
) -> Case<'a> {
    case_of_part(policy, elsewhere, server, request, now, None)
}

/// The same as a part of a renewal.
pub(crate) fn case_of_part<'a>(
    policy: &Policy,
    elsewhere: &'a dyn Elsewhere,
    server: &'a Server,
    request: &'a Request,
    now: SystemTime,
    part: Option<Part<'_>>,
) -> Case<'a> {
    let case = Case::of_part(server, request, now.into(), policy.thresholds(), part);
    Case { elsewhere: Some(elsewhere), ..case }
}

/// The request for a server on which the best of what a certificate renews is to be replaced.
fn on<'a>(server: &Server, request: &'a Request) -> Cow<'a, Request> {
    let new = server.installed(request.thumbprint()).filter(|_| matches!(request.operation(), Operation::Renew { .. }));
    let renewed = new.and_then(|new| renewing(server, request, new.certificate()));
    renewed.map_or(Cow::Borrowed(request), Cow::Owned)
}

/// The replacement of the best of what a certificate renews on a server.
pub(crate) fn renewing(server: &Server, request: &Request, new: &Certificate) -> Option<Request> {
    Some(request.replacing(server.renewed_by(new).first()?.thumbprint()))
}

/// Plans a request, of whatever operation, and commits it to the server: all of it or nothing.
///
/// ```
/// use exchange_certificates::{Request, Scenario, Service, Thumbprint, assign};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (mut server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// assign(&mut server, &Request::assign(mail, Service::IIS), now)?;
/// assert!(server.installed(mail).is_some_and(|it| it.services() == Some(Service::IIS)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A [`NoPlan`] as from [`plan`]; the server is as it was.
pub fn assign(server: &mut Server, request: &Request, now: SystemTime) -> Result<Plan, NoPlan> {
    assign_with(&Policy::default(), server, request, now)
}

/// Plans a request by an organisation's own policy, and commits it to the server.
///
/// # Errors
///
/// A [`NoPlan`] as from [`plan_with`]; the server is as it was.
pub fn assign_with(policy: &Policy, server: &mut Server, request: &Request, now: SystemTime) -> Result<Plan, NoPlan> {
    let plan = plan_with(policy, server, request, now)?;
    plan.change.commit(server);
    Ok(plan)
}

/// Removes an installed certificate from the server.
///
/// ```
/// use exchange_certificates::{Fact, Scenario, remove};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (mut server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
/// let Fact::Value(default) = server.default_smtp() else { panic!("it is known") };
/// assert!(remove(&mut server, default, now).unwrap_err().has("removes-default-smtp"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A [`NoPlan`] as from [`plan`]; the server is as it was.
pub fn remove(server: &mut Server, thumbprint: Thumbprint, now: SystemTime) -> Result<Plan, NoPlan> {
    assign(server, &Request::remove(thumbprint), now)
}

/// Assigns `new` to every service of `old` that the server hosts, and removes `old`: the article's
/// way to stop using a certificate.
///
/// ```
/// use exchange_certificates::{Scenario, Thumbprint, replace};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (mut server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
///
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let default: Thumbprint = "48E44AD6651271A04D549F9F908678BD3BED1B3D".parse()?;
/// let refused = replace(&mut server, default, mail, now).unwrap_err();
/// assert!(refused.has("removes-back-end-certificate"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A [`NoPlan`] as from [`plan`]; the server is as it was.
pub fn replace(server: &mut Server, old: Thumbprint, new: Thumbprint, now: SystemTime) -> Result<Plan, NoPlan> {
    assign(server, &Request::replace(old, new), now)
}

impl Plan {
    /// Carries the plan out on the server, if the request still comes to the same there.
    ///
    /// # Errors
    ///
    /// [`NoPlan::Stale`] with what it comes to now, if that is something else; nothing is changed
    /// then.
    pub fn apply(&self, server: &mut Server, now: SystemTime) -> Result<(), NoPlan> {
        match plan_with(&self.policy, server, &self.request, now) {
            Ok(again) if again.comes_to_the_same(self) => {
                again.change.commit(server);
                Ok(())
            }
            other => Err(NoPlan::Stale(Box::new(other))),
        }
    }

    /// Whether the request still comes to the same on the server.
    pub(crate) fn still_holds(&self, server: &Server, now: SystemTime) -> Result<(), NoPlan> {
        match plan_with(&self.policy, server, &self.request, now) {
            Ok(again) if again.comes_to_the_same(self) => Ok(()),
            Err(no_plan) => Err(no_plan),
            other => Err(NoPlan::Stale(Box::new(other))),
        }
    }

    /// Changes the server, which nobody has asked again.
    pub(crate) fn commit(&self, server: &mut Server) {
        self.change.commit(server);
    }

    pub(crate) fn change(&self) -> &Change {
        &self.change
    }

    /// The name of the server that it is for.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The policy by which it was planned.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The services in question: those added, and SMTP also if the certificate becomes the default one.
    pub fn in_question(&self) -> Service {
        self.in_question
    }

    /// The services that the certificate has not had yet.
    pub fn added(&self) -> Service {
        self.added
    }

    /// The services of the certificate afterwards, as far as they are known.
    pub fn services(&self) -> Service {
        self.services
    }

    /// For each added service, every other certificate that has it.
    pub fn superseded(&self) -> &[(Service, Thumbprint)] {
        &self.superseded
    }

    /// Whether another certificate that has an added service keeps it: IIS for the Exchange Back End, SMTP always.
    pub fn keeps(&self, service: Service, other: Thumbprint) -> bool {
        self.kept.contains(&(service, other))
    }

    /// The default SMTP certificate afterwards.
    pub fn default_smtp(&self) -> Fact<Thumbprint> {
        self.default_smtp
    }

    /// Every endpoint of the server, with what it presents before and afterwards.
    pub fn endpoints(&self) -> &[EndpointChange] {
        &self.endpoints
    }

    /// What warns, what is to be done afterwards and what is noted, in the order of the rules.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether this rule spoke.
    pub fn has(&self, rule: &str) -> bool {
        has(&self.diagnostics, rule)
    }

    /// The script for the Exchange Management Shell, a line each; empty if there is nothing to do. Where the default
    /// SMTP certificate is to be kept, a command asks: [`blocks`](Self::blocks) are safe to paste.
    pub fn script(&self) -> Vec<Line> {
        script::lines(&self.blocks, &self.other_sources)
    }

    /// The same for who pastes it, a block after the other; empty if there is nothing to do.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The steps in the admin center for who prefers to click; empty if no service is
    /// assigned, nor on an Edge Transport server, which the admin center does not show.
    ///
    /// The admin center adds services and never removes one, and it asks the same question about the
    /// default SMTP certificate as the shell does.
    pub fn admin_center_steps(&self) -> Vec<String> {
        let services = self.in_question;
        if services.is_empty() || self.is_edge {
            return Vec::new();
        }
        vec![
            "open the Exchange admin center and go to Servers > Certificates".to_owned(),
            format!("in the list Select server, select {}", crate::text::shown(&self.server)),
            format!("select the certificate {}: its status must be Valid", self.request.thumbprint()),
            "select Edit, and there Services".to_owned(),
            format!("select {services}: services can be added, not removed"),
            "select Save".to_owned(),
        ]
    }

    pub(crate) fn comes_to_the_same(&self, other: &Self) -> bool {
        // The script for an Edge Transport server does not name it.
        self.server == other.server
            && self.change == other.change
            && (self.in_question, self.added, self.services) == (other.in_question, other.added, other.services)
            && (&self.superseded, self.default_smtp) == (&other.superseded, other.default_smtp)
            && self.blocks == other.blocks
            && self.endpoints == other.endpoints
            && self.diagnostics.len() == other.diagnostics.len()
            && self.diagnostics.iter().zip(&other.diagnostics).all(|(one, another)| one.is_alike(another))
    }
}

impl NoPlan {
    /// Whether this rule spoke.
    pub fn has(&self, rule: &str) -> bool {
        has(self.diagnostics(), rule)
    }

    /// What the rules said, in their order.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Refused(refusal) => refusal.diagnostics(),
            Self::DecisionRequired(decision) => decision.diagnostics(),
            Self::Stale(outcome) => match outcome.as_ref() {
                Ok(plan) => plan.diagnostics(),
                Err(no_plan) => no_plan.diagnostics(),
            },
        }
    }

    /// The services in question that would pass, if the request is refused.
    pub fn assignable(&self) -> Option<Service> {
        match self {
            Self::Refused(refusal) => refusal.assignable(),
            Self::DecisionRequired(_) => None,
            Self::Stale(outcome) => outcome.as_ref().as_ref().err().and_then(Self::assignable),
        }
    }

    /// What is to be decided, if that is all that is missing.
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Self::DecisionRequired(decision) => Some(decision),
            Self::Refused(_) => None,
            Self::Stale(outcome) => outcome.as_ref().as_ref().err().and_then(Self::decision),
        }
    }
}

impl fmt::Display for NoPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::DecisionRequired(decision) => decision.fmt(f),
            Self::Stale(outcome) => {
                f.write_str("the server has changed since the plan was made; now the request ")?;
                match outcome.as_ref() {
                    Ok(_) => f.write_str("comes to another plan"),
                    Err(no_plan) => write!(f, "is {no_plan}"),
                }
            }
        }
    }
}

impl std::error::Error for NoPlan {}

pub(crate) fn decide(policy: &Policy, case: Case<'_>) -> Result<Plan, NoPlan> {
    let judgement = judgement::judge(policy, &case);
    let strongest = judgement.diagnostics.iter().map(Diagnostic::kind).max();
    let keep = |kind: Kind, diagnostics: Vec<Diagnostic>| {
        diagnostics.into_iter().filter(|diagnostic| [kind, Kind::Warn].contains(&diagnostic.kind())).collect()
    };
    let assignment = case.assignment.as_ref();
    let other_default = assignment.and_then(|assignment| Some((assignment, assignment.other_default_smtp()?)));
    match (strongest, other_default) {
        (Some(Kind::Refuse), _) => Err(NoPlan::Refused(Refusal {
            assignable: assignment.map(|assignment| judgement.assignable(assignment.in_question())),
            diagnostics: keep(Kind::Refuse, judgement.diagnostics),
        })),
        (Some(Kind::Decide), Some((assignment, current))) => Err(NoPlan::DecisionRequired(Decision {
            current,
            proposed: case.request.thumbprint(),
            recommended: assignment.recommended(),
            diagnostics: keep(Kind::Decide, judgement.diagnostics),
        })),
        _ => {
            let added = assignment.map(Assignment::added).unwrap_or_default();
            let has = assignment.and_then(Assignment::installed).map(Installed::known_services).unwrap_or_default();
            let superseded = assignment.map(|assignment| superseded(assignment, added)).unwrap_or_default();
            Ok(Plan {
                server: case.server.shared_name(),
                is_edge: case.server.is_edge(),
                request: case.request.clone(),
                policy: policy.clone(),
                in_question: assignment.map(Assignment::in_question).unwrap_or_default(),
                added,
                services: has | added,
                kept: kept(&case, &superseded),
                superseded,
                default_smtp: case.change.default_smtp(case.server),
                diagnostics: judgement.diagnostics,
                blocks: script::blocks(&case),
                other_sources: script::other_sources(&case),
                change: case.change,
                endpoints: case.endpoints,
            })
        }
    }
}

/// Those of these services that their certificates keep.
fn kept(case: &Case<'_>, superseded: &[(Service, Thumbprint)]) -> Vec<(Service, Thumbprint)> {
    let keeps = |(service, other): &&(Service, Thumbprint)| {
        let installed = case.server.installed(*other).filter(|_| case.request.removes() != Some(*other));
        installed.is_some_and(|installed| case.change.leaves(case.server, installed, *service))
    };
    superseded.iter().filter(keeps).copied().collect()
}

/// For each added service, every other certificate that has it.
fn superseded(assignment: &Assignment<'_>, added: Service) -> Vec<(Service, Thumbprint)> {
    let holders = |service| assignment.other_holders(service).map(move |holder| (service, holder.thumbprint()));
    added.each().flat_map(holders).collect()
}
