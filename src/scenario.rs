//! A scenario file: a server, a policy and a request at a point in time.

mod written;

use std::fmt;
use std::time::SystemTime;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::certificate::Certificate;
use crate::fact::Fact;
use crate::fleet::{Fleet, FleetError, Rollout, RolloutError, RolloutPlan};
use crate::json_object::JsonObject;
use crate::plan::{NoPlan, Plan, plan_with};
use crate::policy::Policy;
use crate::request::{AcceptedStatus, Answer, ConnectorNames, Mode, Operation, Request};
use crate::rfc3339;
use crate::server::{AuthCertificates, Connector, NotReadList, Server};
use crate::service::Service;
use crate::text::{self, Text};
use crate::thumbprint::Thumbprint;
use crate::verify::{Expectation, Shown, Verification, verify};
use crate::word::{self, words};

/// A scenario: everything that a decision depends on, in one file.
///
/// It is about one `server`, or about the `servers` of a fleet, to which one certificate is rolled out. An
/// unknown or repeated key is an error, and a null is a setting left out.
///
/// ```
/// use exchange_certificates::{Outcome, Scenario};
///
/// let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// let now = scenario.now().ok_or("the file names a point in time")?;
/// assert!(matches!(scenario.answer(now)?, Outcome::Plan(plan) if plan.has("verify-assignment")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "JsonObject<ScenarioForm>")]
pub struct Scenario {
    now: Option<SystemTime>,
    subject: Subject,
    policy: Policy,
    task: Task,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    Server(Box<Server>),
    Fleet(Fleet),
}

/// What a scenario asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// What a request comes to.
    Decide(Request),
    /// What it comes to on every server of a fleet.
    RollOut(Rollout),
    /// Whether an assignment worked, by what is shown, or by the server itself if nothing is.
    Verify(Expectation, Option<Vec<Shown>>),
}

/// The answer to a scenario, serialized as one object with an `outcome`.
///
/// ```
/// # use exchange_certificates::{Outcome, Scenario};
/// let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/assign.json")?)?;
/// let Outcome::NoPlan(refused) = scenario.answer(std::time::UNIX_EPOCH)? else { panic!("it goes through") };
/// assert!(refused.has("wildcard-imap"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Outcome {
    /// The request goes through.
    Plan(Box<Plan>),
    /// It does not, or not yet.
    NoPlan(NoPlan),
    /// What it comes to on each server.
    Rollout(Box<RolloutPlan>),
    /// What the comparison came to.
    Verification(Verification),
}

impl Scenario {
    /// The point in time, if the scenario names one.
    pub fn now(&self) -> Option<SystemTime> {
        self.now
    }

    /// The server, if it is about one.
    pub fn server(&self) -> Option<&Server> {
        match &self.subject {
            Subject::Server(server) => Some(server),
            Subject::Fleet(_) => None,
        }
    }

    /// The servers, as many as there are.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        let (server, fleet) = match &self.subject {
            Subject::Server(server) => (Some(server.as_ref()), None),
            Subject::Fleet(fleet) => (None, Some(fleet)),
        };
        server.into_iter().chain(fleet.into_iter().flat_map(Fleet::servers))
    }

    /// The servers, if it speaks of several.
    pub fn fleet(&self) -> Option<&Fleet> {
        match &self.subject {
            Subject::Server(_) => None,
            Subject::Fleet(fleet) => Some(fleet),
        }
    }

    /// The organisation's policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is asked.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// Answers the scenario, at its own point in time or else at this one.
    ///
    /// # Errors
    ///
    /// [`ScenarioError`] if a rollout names servers that there are not.
    pub fn answer(&self, now: SystemTime) -> Result<Outcome, ScenarioError> {
        let now = self.now.unwrap_or(now);
        Ok(match (&self.task, &self.subject) {
            (Task::Decide(request), Subject::Server(server)) => match plan_with(&self.policy, server, request, now) {
                Ok(plan) => Outcome::Plan(Box::new(plan)),
                Err(no_plan) => Outcome::NoPlan(no_plan),
            },
            (Task::RollOut(rollout), Subject::Fleet(fleet)) => {
                Outcome::Rollout(Box::new(fleet.roll_out(&self.policy, rollout, now)?))
            }
            (Task::Verify(expectation, Some(shown)), Subject::Server(server)) => {
                Outcome::Verification(expectation.verify_shown(server, shown.iter().copied()))
            }
            (Task::Verify(expectation, Some(shown)), Subject::Fleet(_)) => {
                Outcome::Verification(verify(expectation, shown.iter().copied()))
            }
            (Task::Verify(expectation, None), Subject::Server(server)) => {
                Outcome::Verification(expectation.verify_on(server))
            }
            (Task::Decide(_) | Task::Verify(..), Subject::Fleet(_)) => return Err(ScenarioError::OneServer),
            (Task::RollOut(_), Subject::Server(_)) => return Err(ScenarioError::ManyServers),
        })
    }
}

/// Why a scenario has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// It has neither a server nor servers, or both.
    #[error("server: a scenario is about one server, or about servers in its place")]
    Subject,
    /// What it asks is asked of one server.
    #[error("servers: a removal, and a verification by what the server itself shows, are about one server")]
    OneServer,
    /// What it asks is asked of many servers.
    #[error("server: an order of servers and answers for them are about servers")]
    ManyServers,
    /// What stands beside servers stands beside one server.
    #[error("{field}: beside one server this stands at the server")]
    Beside {
        /// The field.
        field: &'static str,
    },
    /// What is asked of one server alone has another form.
    #[error("request.{field}: {reason}")]
    OfFleet {
        /// The field.
        field: &'static str,
        /// What is said instead.
        reason: &'static str,
    },
    /// Servers that are no fleet.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// A rollout that cannot be planned.
    #[error("request.{0}")]
    Rollout(#[from] RolloutError),
}

/// Why a request of a scenario is none.
#[derive(Debug, thiserror::Error)]
enum TaskError {
    #[error("{field}: missing, and {operation} needs it")]
    Missing { field: &'static str, operation: &'static str },
    #[error("{field}: {operation} has no such field; it belongs to {of}")]
    Misplaced { field: &'static str, operation: &'static str, of: &'static str },
    #[error("certificate: it is {given}, and thumbprint names {thumbprint}")]
    Another { given: Thumbprint, thumbprint: Thumbprint },
    #[error("old: the certificate cannot take its own place: thumbprint names the same one")]
    OldIsNew,
}

#[derive(Deserialize)]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename = "Scenario", extend("anyOf" = [{ "required": ["server"] }, { "required": ["servers"] }]))
)]
#[serde(deny_unknown_fields)]
struct ScenarioForm {
    /// The point in time of the decision.
    #[serde(default, deserialize_with = "rfc3339::deserialize_some")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<rfc3339::Time>"))]
    now: Option<SystemTime>,
    /// The server, if it is about one.
    server: Option<Server>,
    /// The servers of a fleet, if it is about several.
    servers: Option<Fleet>,
    /// What belongs to the organisation stands beside the servers that share it.
    connectors: Option<Vec<Connector>>,
    auth_certificates: Option<AuthCertificates>,
    #[serde(default)]
    federation_certificate: Fact<Thumbprint>,
    #[serde(default)]
    not_read: NotReadList,
    policy: Option<Policy>,
    request: Asked,
}

impl ScenarioForm {
    /// A field that stands beside servers alone.
    fn beside(&self) -> Option<&'static str> {
        let fields = [
            (self.connectors.is_some(), "connectors"),
            (self.auth_certificates.is_some(), "auth_certificates"),
            (self.federation_certificate.is_known(), "federation_certificate"),
            (!self.not_read.is_empty(), "not_read"),
        ];
        fields.into_iter().find_map(|(is_said, field)| is_said.then_some(field))
    }
}

impl TryFrom<JsonObject<ScenarioForm>> for Scenario {
    type Error = ScenarioError;

    fn try_from(JsonObject(mut form): JsonObject<ScenarioForm>) -> Result<Self, ScenarioError> {
        let (subject, task) = match (form.server.take(), form.servers.take()) {
            (Some(_), None) if form.request.is_about_many() => return Err(ScenarioError::ManyServers),
            (Some(server), None) => match form.beside() {
                None => (Subject::Server(Box::new(server)), form.request.of_one()?),
                Some(field) => return Err(ScenarioError::Beside { field }),
            },
            (None, Some(fleet)) => {
                let connectors = form.connectors.unwrap_or_default();
                let fleet = fleet.with_organization(connectors, form.auth_certificates, form.federation_certificate)?;
                let fleet = fleet.with_not_read(form.not_read.iter().cloned())?;
                (Subject::Fleet(fleet), form.request.of_many()?)
            }
            _ => return Err(ScenarioError::Subject),
        };
        Ok(Self { now: form.now, subject, policy: form.policy.unwrap_or_default(), task })
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum OperationForm {
    #[default]
    Assign,
    Remove,
    Replace,
    Verify,
}

words! {
    OperationForm, "operation", like "assign":
    Assign = "assign", Remove = "remove", Replace = "replace", Verify = "verify"
}

impl OperationForm {
    fn name(self) -> &'static str {
        word::name(self).unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename = "Request", extend("anyOf" = [{ "required": ["thumbprint"] }, { "required": ["certificate"] }]))
)]
#[serde(deny_unknown_fields)]
struct RequestForm {
    /// `assign` if it is left out.
    operation: Option<OperationForm>,
    /// The certificate that is assigned or removed, or takes the place of another one.
    thumbprint: Option<Thumbprint>,
    /// The certificate itself, where it is installed nowhere yet.
    certificate: Option<Certificate>,
    /// The certificate whose place is taken.
    old: Option<Thumbprint>,
    /// Whether the old certificate stays installed; its removal is then not judged.
    keep_old: Option<bool>,
    /// What becomes of the names that connectors hold.
    connectors: Option<ConnectorNames>,
    /// What it is assigned to, or expected at.
    services: Option<Service>,
    /// `add` if it is left out.
    mode: Option<Mode>,
    /// Whether the default SMTP certificate is replaced.
    default_smtp: Option<Answer>,
    /// The role groups of who carries it out, if that is said.
    caller: Option<Vec<Text>>,
    /// Statuses other than Valid that are accepted.
    accept_status: Option<Vec<AcceptedStatus>>,
    /// Whether "Require SSL" is set on the default web site; it is if this is left out.
    require_ssl: Option<bool>,
    /// What `Get-ExchangeCertificate` shows, for `verify`.
    shown: Option<Vec<Shown>>,
    /// The servers in their order; all of them if it is left out.
    servers: Option<Vec<Text>>,
    /// Answers of single servers, in place of `default_smtp`.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<std::collections::BTreeMap<String, Option<Answer>>>"))]
    answers: Option<Answers>,
}

/// Answers by the names of servers, no two for one.
#[derive(Clone, Default)]
struct Answers(Vec<(String, Answer)>);

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByServer;

        impl<'de> Visitor<'de> for ByServer {
            type Value = Answers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an answer for each of some servers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answers, A::Error> {
                let mut answers: Vec<(String, Answer)> = Vec::new();
                while let Some((server, answer)) = map.next_entry::<String, Option<Answer>>()? {
                    if answers.iter().any(|(known, _)| text::same(known, &server)) {
                        return Err(A::Error::custom(format!("{} is listed twice", text::shown(&server))));
                    }
                    answers.extend(answer.map(|answer| (server, answer)));
                }
                Ok(Answers(answers))
            }
        }

        deserializer.deserialize_map(ByServer)
    }
}

/// What the request of a scenario asks, before it is known of how many servers.
#[derive(Deserialize)]
#[serde(try_from = "JsonObject<RequestForm>")]
struct Asked {
    task: Task,
    certificate: Option<Certificate>,
    order: Option<Vec<String>>,
    answers: Vec<(String, Answer)>,
    connectors: ConnectorNames,
}

impl Asked {
    fn is_about_many(&self) -> bool {
        self.order.is_some() || !self.answers.is_empty()
    }

    /// What one server is asked.
    fn of_one(self) -> Result<Task, ScenarioError> {
        let is_renewal =
            matches!(&self.task, Task::Decide(request) if matches!(request.operation(), Operation::Renew { .. }));
        let field = if self.certificate.is_some() {
            Some(("certificate", "beside one server, it stands among the certificates of the server"))
        } else {
            is_renewal.then_some(("old", "missing, and replace needs it beside one server"))
        };
        field.map_or(Ok(self.task), |(field, reason)| Err(ScenarioError::OfFleet { field, reason }))
    }

    fn of_many(self) -> Result<Task, ScenarioError> {
        let request = match self.task {
            Task::Decide(request) if request.operation() != Operation::Remove => request,
            _ => return Err(ScenarioError::OneServer),
        };
        let rollout = Rollout::new(request).with_connector_names(self.connectors);
        let rollout = match self.certificate {
            Some(certificate) => rollout.with_certificate(certificate),
            None => rollout,
        };
        let rollout =
            self.answers.iter().fold(rollout, |rollout, (server, answer)| rollout.with_answer(server, *answer));
        Ok(Task::RollOut(match self.order {
            Some(order) => rollout.with_order(order),
            None => rollout,
        }))
    }
}

impl TryFrom<JsonObject<RequestForm>> for Asked {
    type Error = TaskError;

    fn try_from(JsonObject(form): JsonObject<RequestForm>) -> Result<Self, TaskError> {
        let order = form.servers.clone().map(texts);
        let answers = form.answers.clone().unwrap_or_default().0;
        let connectors = form.connectors.unwrap_or_default();
        let (thumbprint, certificate) = form.named()?;
        Ok(Self { task: form.task(thumbprint)?, certificate, order, answers, connectors })
    }
}

impl RequestForm {
    /// What belongs to another operation would be dropped without a word.
    fn check_fields(&self) -> Result<(), TaskError> {
        use OperationForm::{Assign, Replace, Verify};
        let operation = self.operation();
        let fields: [(&str, bool, &[OperationForm], &str); 7] = [
            ("certificate", self.certificate.is_some(), &[Assign, Replace], "replace, and to assign for many servers"),
            ("keep_old", self.keep_old.is_some(), &[Replace], "replace"),
            ("services", self.services.is_some(), &[Assign, Verify], "assign and verify"),
            ("mode", self.mode.is_some(), &[Assign], "assign"),
            ("old", self.old.is_some(), &[Replace], "replace"),
            ("connectors", self.connectors.is_some(), &[Replace, Assign], "replace, and to assign for many servers"),
            ("shown", self.shown.is_some(), &[Verify], "verify"),
        ];
        let misplaced = fields.into_iter().find(|(_, is_there, of, _)| *is_there && !of.contains(&operation));
        misplaced
            .map_or(Ok(()), |(field, _, _, of)| Err(TaskError::Misplaced { field, operation: operation.name(), of }))
    }

    /// The thumbprint that is asked for, which the certificate itself has too.
    fn named(&self) -> Result<(Thumbprint, Option<Certificate>), TaskError> {
        let given = self.certificate.as_ref().map(Certificate::thumbprint);
        match (self.thumbprint, given) {
            (Some(thumbprint), Some(given)) if thumbprint != given => Err(TaskError::Another { given, thumbprint }),
            (thumbprint, given) => match thumbprint.or(given) {
                Some(thumbprint) => Ok((thumbprint, self.certificate.clone())),
                None => Err(TaskError::Missing { field: "thumbprint", operation: self.operation().name() }),
            },
        }
    }

    fn operation(&self) -> OperationForm {
        self.operation.unwrap_or_default()
    }

    fn task(self, thumbprint: Thumbprint) -> Result<Task, TaskError> {
        let form = self;
        form.check_fields()?;
        let services = |operation| form.services.ok_or(TaskError::Missing { field: "services", operation });
        let operation = match form.operation.unwrap_or_default() {
            OperationForm::Assign => {
                Operation::Assign { services: services("assign")?, mode: form.mode.unwrap_or_default() }
            }
            OperationForm::Remove => Operation::Remove,
            OperationForm::Replace => {
                let connectors = form.connectors.unwrap_or_default();
                match form.old {
                    Some(old) if old == thumbprint => return Err(TaskError::OldIsNew),
                    Some(old) => Operation::Replace { old, connectors },
                    None => Operation::Renew { connectors },
                }
            }
            OperationForm::Verify => {
                let expectation = Expectation { thumbprint, services: services("verify")? };
                return Ok(Task::Verify(expectation, form.shown));
            }
        };
        let mut request = Request::new(thumbprint, operation).with_require_ssl(form.require_ssl.unwrap_or(true));
        if form.keep_old == Some(true) {
            request = request.keeping_old();
        }
        if let Some(answer) = form.default_smtp {
            request = request.with_default_smtp(answer);
        }
        if let Some(groups) = form.caller {
            request = request.with_caller(texts(groups));
        }
        let accepted = form.accept_status.unwrap_or_default();
        Ok(Task::Decide(accepted.into_iter().fold(request, Request::with_accepted_status)))
    }
}

/// Texts that were checked when they were read.
fn texts(texts: Vec<Text>) -> Vec<String> {
    texts.iter().map(|text| text.as_str().to_owned()).collect()
}
