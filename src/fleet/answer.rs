//! Rollouts as the answer to a scenario writes them.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::rollout::RolloutPlan;
use crate::endpoint::EndpointChange;
use crate::json_object::FORMAT;
use crate::plan::{NoPlan, Plan};

#[derive(Serialize)]
struct Entry<'a> {
    server: &'a str,
    #[serde(flatten)]
    outcome: Answered<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answered<'a> {
    Plan(&'a Plan),
    NoPlan(&'a NoPlan),
}

impl<'a> Entry<'a> {
    fn new((server, outcome): (&'a str, &'a Result<Plan, NoPlan>)) -> Self {
        let outcome = match outcome {
            Ok(plan) => Answered::Plan(plan),
            Err(no_plan) => Answered::NoPlan(no_plan),
        };
        Self { server, outcome }
    }
}

#[derive(Serialize)]
struct Changed<'a> {
    server: &'a str,
    #[serde(flatten)]
    change: &'a EndpointChange,
}

impl RolloutPlan {
    fn outcome(&self) -> &'static str {
        match self {
            _ if self.is_refused() => "refused",
            _ if !self.is_complete() => "decision-required",
            _ if self.is_renewal() => "replaced",
            _ => "assigned",
        }
    }
}

impl Serialize for RolloutPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let servers: Vec<_> = self.servers().map(Entry::new).collect();
        let changed = self.endpoints().filter(|change| change.is_changed());
        let changed: Vec<_> = changed.map(|change| Changed { server: change.after.server(), change }).collect();
        let script: Vec<_> = self.script.iter().map(ToString::to_string).collect();
        let mut answer = serializer.serialize_struct("RolloutPlan", 14)?;
        answer.serialize_field("format", &FORMAT)?;
        answer.serialize_field("outcome", self.outcome())?;
        answer.serialize_field("thumbprint", &self.rollout.request.thumbprint())?;
        answer.serialize_field("servers", &servers)?;
        answer.serialize_field("skipped", &self.skipped)?;
        answer.serialize_field("imports", &self.imports)?;
        answer.serialize_field("connectors", &self.connectors)?;
        answer.serialize_field("removals", &self.removals)?;
        answer.serialize_field("endpoints", &changed)?;
        answer.serialize_field("diagnostics", &self.diagnostics)?;
        answer.serialize_field("script", &script)?;
        answer.serialize_field("blocks", &self.blocks)?;
        answer.serialize_field("left_over", &self.left_over())?;
        answer.end()
    }
}
