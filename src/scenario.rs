//! A scenario file: a server, a policy and a request at a point in time.

use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize};

use crate::plan::{NoPlan, Plan, plan_with};
use crate::policy::Policy;
use crate::request::{AcceptedStatus, Answer, ConnectorNames, Mode, Operation, Request};
use crate::rfc3339;
use crate::server::Server;
use crate::service::Service;
use crate::text::{self, Text};
use crate::thumbprint::Thumbprint;
use crate::verify::{Expectation, Shown, Verification, verify};

/// A scenario: everything that a decision depends on, in one file.
///
/// An unknown or repeated key is an error, and a null is a setting left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// The point in time; nothing where the caller's clock decides.
    #[serde(default, deserialize_with = "point_in_time")]
    pub now: Option<SystemTime>,
    /// The server as it is.
    pub server: Server,
    /// The organisation's policy.
    #[serde(default, deserialize_with = "or_default")]
    pub policy: Policy,
    /// What is asked.
    pub request: Task,
}

/// What a scenario asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RequestForm")]
#[non_exhaustive]
pub enum Task {
    /// What a request comes to.
    Decide(Request),
    /// Whether an assignment worked, by what is shown, or by the server itself where nothing is.
    Verify(Expectation, Option<Vec<Shown>>),
}

/// The answer to a scenario, serialized as one object with an `outcome`.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Outcome {
    /// The request goes through.
    Plan(Plan),
    /// It does not, or not yet.
    NoPlan(NoPlan),
    /// What the comparison came to.
    Verification(Verification),
}

impl Scenario {
    /// Answers the scenario, at its own point in time or else at this one.
    pub fn answer(&self, now: SystemTime) -> Outcome {
        let now = self.now.unwrap_or(now);
        match &self.request {
            Task::Decide(request) => match plan_with(&self.policy, &self.server, request, now) {
                Ok(plan) => Outcome::Plan(plan),
                Err(no_plan) => Outcome::NoPlan(no_plan),
            },
            Task::Verify(expectation, None) => Outcome::Verification(expectation.verify_on(&self.server)),
            Task::Verify(expectation, Some(shown)) => Outcome::Verification(verify(expectation, shown.iter().copied())),
        }
    }
}

/// Why a request of a scenario is none.
#[derive(Debug, thiserror::Error)]
enum TaskError {
    #[error("{field}: missing, and {operation} needs it")]
    Missing { field: &'static str, operation: &'static str },
    #[error("old: the certificate cannot take its own place: thumbprint names the same one")]
    OldIsNew,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OperationForm {
    #[default]
    Assign,
    Remove,
    Replace,
    Verify,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestForm {
    operation: Option<OperationForm>,
    thumbprint: Thumbprint,
    old: Option<Thumbprint>,
    connectors: Option<ConnectorNames>,
    services: Option<Service>,
    mode: Option<Mode>,
    default_smtp: Option<Answer>,
    caller: Option<Vec<Text>>,
    accept_status: Option<Vec<AcceptedStatus>>,
    require_ssl: Option<bool>,
    shown: Option<Vec<Shown>>,
}

impl TryFrom<RequestForm> for Task {
    type Error = TaskError;

    fn try_from(form: RequestForm) -> Result<Self, TaskError> {
        let services = |operation| form.services.ok_or(TaskError::Missing { field: "services", operation });
        let operation = match form.operation.unwrap_or_default() {
            OperationForm::Assign => {
                Operation::Assign { services: services("assign")?, mode: form.mode.unwrap_or_default() }
            }
            OperationForm::Remove => Operation::Remove,
            OperationForm::Replace => {
                let old = form.old.ok_or(TaskError::Missing { field: "old", operation: "replace" })?;
                if old == form.thumbprint {
                    return Err(TaskError::OldIsNew);
                }
                Operation::Replace { old, connectors: form.connectors.unwrap_or_default() }
            }
            OperationForm::Verify => {
                let expectation = Expectation { thumbprint: form.thumbprint, services: services("verify")? };
                return Ok(Self::Verify(expectation, form.shown));
            }
        };
        let mut request = Request::new(form.thumbprint, operation).with_require_ssl(form.require_ssl.unwrap_or(true));
        if let Some(answer) = form.default_smtp {
            request = request.with_default_smtp(answer);
        }
        if let Some(groups) = form.caller {
            request = request.with_caller(text::strings(groups));
        }
        let accepted = form.accept_status.unwrap_or_default();
        Ok(Self::Decide(accepted.into_iter().fold(request, Request::with_accepted_status)))
    }
}

fn point_in_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| rfc3339::parse(&text).map_err(serde::de::Error::custom)).transpose()
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
