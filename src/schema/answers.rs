//! What answers to scenarios hold. They are written by hand, and each struct here names the fields in their order.
#![expect(dead_code, reason = "these are only described")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::fact::Fact;
use crate::finding::{FactValue, Kind};
use crate::fleet::{LeftOver, PlannedRemoval};
use crate::json_object::{FORMAT, like};
use crate::request::Answer;
use crate::server::ConnectorKind;
use crate::service::Service;
use crate::thumbprint::Thumbprint;

like! {
    crate::plan::Plan: Closed<Plan>;
    crate::plan::NoPlan: Closed<NoPlan>;
    crate::diagnostic::Refusal: Closed<Refusal>;
    crate::diagnostic::Decision: Closed<Decision>;
    crate::diagnostic::Diagnostic: Diagnostic;
    crate::block::Block: Block;
    crate::fleet::RolloutPlan: Closed<Rollout>;
    crate::fleet::MovedName: MovedName;
    crate::endpoint::Endpoint: Endpoint;
    crate::endpoint::EndpointChange: EndpointChange;
    crate::endpoint::PresentedCertificate: PresentedCertificate;
    crate::verify::Verification: Closed<Verification>;
    crate::scenario::Outcome: Closed<Outcome>;
}

/// An answer without further fields. The answers themselves are open, since in a rollout the server stands beside them.
pub(super) struct Closed<T>(T);

impl<T: JsonSchema> JsonSchema for Closed<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = generator.subschema_for::<T>();
        schema.insert("unevaluatedProperties".to_owned(), false.into());
        schema
    }
}

/// The number of the form in which answers are written.
pub(super) struct Format;

impl JsonSchema for Format {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Format".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "The number of the form in which answers are written.", "const": FORMAT })
    }
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Outcome {
    Plan(Plan),
    NoPlan(NoPlan),
    Rollout(Rollout),
    Verification(Verification),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum NoPlan {
    Refusal(Refusal),
    Decision(Decision),
    Stale(Stale),
}

/// The request goes through: what it comes to, and nothing has been changed yet.
#[derive(JsonSchema)]
struct Plan {
    format: Format,
    outcome: Planned,
    /// The certificate that is asked for.
    thumbprint: Thumbprint,
    /// The services that are assigned in addition.
    added: Service,
    /// All services of the certificate afterwards.
    services: Service,
    /// For each added service, every other certificate that has it.
    superseded: Vec<Superseded>,
    /// The default SMTP certificate afterwards.
    default_smtp: Fact<Thumbprint>,
    /// The endpoints that present something else afterwards.
    endpoints: Vec<EndpointChange>,
    /// What every endpoint presents afterwards.
    presented: Vec<Endpoint>,
    /// What the rules say, in their order.
    diagnostics: Vec<Diagnostic>,
    /// The commands for the Exchange Management Shell, line by line.
    script: Vec<String>,
    /// The same as people paste it.
    blocks: Vec<Block>,
}

#[derive(JsonSchema)]
#[schemars(inline, rename_all = "kebab-case")]
enum Planned {
    Assigned,
    Removed,
    Replaced,
}

/// A certificate that has an added service.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Superseded {
    service: Service,
    thumbprint: Thumbprint,
    /// Whether it keeps it; absent if it does not.
    #[schemars(skip_serializing_if = "is_absent")]
    keeps: bool,
}

/// The rules refuse the request.
#[derive(JsonSchema)]
struct Refusal {
    format: Format,
    outcome: Refused,
    /// The services in question that would pass; absent if the request assigns none.
    #[schemars(skip_serializing_if = "is_absent")]
    assignable: Service,
    diagnostics: Vec<Diagnostic>,
}

#[derive(JsonSchema)]
#[schemars(inline, rename_all = "kebab-case")]
enum Refused {
    Refused,
}

/// The request takes an answer first.
#[derive(JsonSchema)]
struct Decision {
    format: Format,
    outcome: DecisionRequired,
    decision: What,
    /// The default SMTP certificate now.
    current: Thumbprint,
    /// The certificate that would take its place.
    proposed: Thumbprint,
    /// The answer that serves best.
    recommended: Answer,
    diagnostics: Vec<Diagnostic>,
}

#[derive(JsonSchema)]
#[schemars(inline, rename_all = "kebab-case")]
enum DecisionRequired {
    DecisionRequired,
}

/// What is to be decided.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "kebab-case")]
enum What {
    ReplaceDefaultSmtp,
}

/// The server has changed since the plan was made.
#[derive(JsonSchema)]
struct Stale {
    format: Format,
    outcome: IsStale,
    /// What the request comes to now.
    now: Closed<Box<Now>>,
}

#[derive(JsonSchema)]
#[schemars(inline, rename_all = "kebab-case")]
enum IsStale {
    Stale,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Now {
    Plan(Plan),
    NoPlan(NoPlan),
}

/// What the request comes to on many servers.
#[derive(JsonSchema)]
struct Rollout {
    format: Format,
    outcome: RolledOut,
    /// The certificate that is asked for.
    thumbprint: Thumbprint,
    /// The servers in their order, with what the request comes to on each.
    servers: Vec<Closed<OnServer>>,
    /// The servers on which nothing is to be done.
    skipped: Vec<String>,
    /// The servers on which the certificate is to be installed first.
    imports: Vec<String>,
    /// The connectors that are given the name of the new certificate.
    connectors: Vec<MovedName>,
    /// The certificates that are removed.
    removals: Vec<PlannedRemoval>,
    /// The endpoints that present something else afterwards.
    endpoints: Vec<ChangedOnServer>,
    /// What the rules say of all of it.
    diagnostics: Vec<Diagnostic>,
    /// The commands for the Exchange Management Shell, line by line.
    script: Vec<String>,
    /// The same as people paste it.
    blocks: Vec<Block>,
    /// What stays undone.
    left_over: Vec<LeftOver>,
}

#[derive(JsonSchema)]
#[schemars(inline, rename_all = "kebab-case")]
enum RolledOut {
    Assigned,
    Replaced,
    Refused,
    DecisionRequired,
}

/// What the request comes to on a server.
struct OnServer;

impl JsonSchema for OnServer {
    fn schema_name() -> Cow<'static, str> {
        "OnServer".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What the request comes to on a server.",
            "type": "object",
            "properties": { "server": { "type": "string" } },
            "required": ["server"],
            "allOf": [generator.subschema_for::<Now>()],
        })
    }
}

/// A connector, or the hybrid configuration, that is given the name of the new certificate.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MovedName {
    kind: ConnectorKind,
    name: String,
    /// The name of the certificate that it has, if it has one.
    from: Option<String>,
    to: String,
    /// The servers that are done before.
    after: Vec<String>,
}

/// What the comparison of expected and shown services came to.
#[derive(JsonSchema)]
#[schemars(tag = "outcome", rename_all = "kebab-case")]
enum Verification {
    /// The services shown contain the expected ones.
    Verified {
        format: Format,
        /// What is shown.
        services: Service,
    },
    /// They lack some.
    Missing {
        format: Format,
        /// What lacks.
        missing: Service,
        /// What is shown.
        services: Service,
    },
    /// The services are not known.
    Inconclusive { format: Format },
}

/// What one rule said.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Diagnostic {
    /// The id of the rule.
    rule: String,
    kind: Kind,
    /// The services that it names.
    services: Service,
    message: String,
    /// The facts in the message; absent in a rule of one's own.
    #[schemars(skip_serializing_if = "is_absent")]
    facts: BTreeMap<String, FactValue>,
    /// What to do about it, in order.
    remedy: Vec<Block>,
}

/// What is pasted as a whole, and the words above it, as far as there are any.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Block {
    /// What is to be done, for people.
    #[schemars(skip_serializing_if = "is_absent")]
    words: String,
    /// Where it is pasted, if it is not the shell at hand.
    #[schemars(skip_serializing_if = "is_absent")]
    computer: String,
    /// What is pasted.
    #[schemars(skip_serializing_if = "is_absent")]
    text: String,
}

/// A place where a server presents a certificate.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Endpoint {
    id: String,
    answer: Presented,
}

/// An endpoint, with what it presents before and after.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct EndpointChange {
    id: String,
    before: Presented,
    after: Presented,
}

/// An endpoint of a server, with what it presents before and after.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ChangedOnServer {
    server: String,
    id: String,
    before: Presented,
    after: Presented,
}

/// What an endpoint presents.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Presented {
    Certificate(PresentedFor),
    OneOf(OneOf),
    Nothing(Nothing),
    NotOffered(NotOffered),
    Unknown(Unknown),
}

/// A certificate.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct PresentedFor {
    certificate: Thumbprint,
    /// What clients or Exchange may hold against it.
    flags: Vec<String>,
    /// Why it is this one.
    reason: String,
}

/// One of several certificates, or, for null, none: it is not certain which.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OneOf {
    one_of: Vec<Option<PresentedCertificate>>,
    /// Why it is one of these.
    reason: String,
}

/// No certificate, with what follows from that.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Nothing {
    nothing: String,
}

/// TLS is not offered, with the reason.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct NotOffered {
    not_offered: String,
}

/// It is not known, for want of these facts.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Unknown {
    unknown: Vec<String>,
}

/// A certificate that may be presented.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct PresentedCertificate {
    certificate: Thumbprint,
    /// What clients or Exchange may hold against it.
    flags: Vec<String>,
}
