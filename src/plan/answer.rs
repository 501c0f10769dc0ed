//! Plans as the answer to a scenario writes them.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{NoPlan, Plan};
use crate::json_object::FORMAT;
use crate::request::Operation;
use crate::service::Service;
use crate::thumbprint::Thumbprint;

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Superseded {
            service: Service,
            thumbprint: Thumbprint,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            keeps: bool,
        }

        let outcome = match self.request.operation() {
            Operation::Assign { .. } => "assigned",
            Operation::Remove => "removed",
            Operation::Replace { .. } | Operation::Renew { .. } => "replaced",
        };
        let superseded = self.superseded().iter().map(|&(service, thumbprint)| Superseded {
            service,
            thumbprint,
            keeps: self.keeps(service, thumbprint),
        });
        let superseded: Vec<_> = superseded.collect();
        let script: Vec<_> = self.script().iter().map(ToString::to_string).collect();
        let changed: Vec<_> = self.endpoints.iter().filter(|change| change.is_changed()).collect();
        let presented: Vec<_> = self.endpoints.iter().map(|change| &change.after).collect();
        let mut plan = serializer.serialize_struct("Plan", 12)?;
        plan.serialize_field("format", &FORMAT)?;
        plan.serialize_field("outcome", outcome)?;
        plan.serialize_field("thumbprint", &self.request.thumbprint())?;
        plan.serialize_field("added", &self.added())?;
        plan.serialize_field("services", &self.services())?;
        plan.serialize_field("superseded", &superseded)?;
        plan.serialize_field("default_smtp", &self.default_smtp())?;
        plan.serialize_field("endpoints", &changed)?;
        plan.serialize_field("presented", &presented)?;
        plan.serialize_field("diagnostics", &self.diagnostics)?;
        plan.serialize_field("script", &script)?;
        plan.serialize_field("blocks", &self.blocks)?;
        plan.end()
    }
}

impl Serialize for NoPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Refused(refusal) => refusal.serialize(serializer),
            Self::DecisionRequired(decision) => decision.serialize(serializer),
            Self::Stale(outcome) => serialize_stale(outcome, serializer),
        }
    }
}

fn serialize_stale<S: Serializer>(outcome: &Result<Plan, NoPlan>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut stale = serializer.serialize_struct("Stale", 3)?;
    stale.serialize_field("format", &FORMAT)?;
    stale.serialize_field("outcome", "stale")?;
    match outcome {
        Ok(plan) => stale.serialize_field("now", plan)?,
        Err(no_plan) => stale.serialize_field("now", no_plan)?,
    }
    stale.end()
}
