//! What audits hold.
#![expect(dead_code, reason = "these are only described")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::answers::Format;
use crate::audit::{AgendaItem, AuditChange, AuditedCertificate, FindingKey, NotJudged};
use crate::block::Block;
use crate::finding::FactValue;
use crate::json_object::like;
use crate::policy::Severity;
use crate::rfc3339::Time;
use crate::service::Service;
use crate::thumbprint::Thumbprint;

like! {
    crate::audit::AuditFinding: AuditFinding;
    crate::audit::Consequence: Consequence;
}

/// What an audit found: as the library writes it, and with what the example `audit` prints beside it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Answer {
    #[schemars(skip_serializing_if = "is_absent")]
    format: Format,
    /// The servers, by name, in an audit as the library writes it.
    #[schemars(skip_serializing_if = "is_absent")]
    servers: Vec<String>,
    /// What was not read, of the organisation first: no rule speaks of it.
    not_read: Vec<NotJudged>,
    /// The point in time of the audit.
    #[schemars(skip_serializing_if = "is_absent", with = "Time")]
    now: String,
    /// Every installed certificate, by server.
    certificates: Vec<AuditedCertificate>,
    /// Every finding: the heavy ones first, by server within them.
    findings: Vec<AuditFinding>,
    /// What falls due.
    #[schemars(skip_serializing_if = "is_absent")]
    agenda: Vec<AgendaItem>,
    /// What was noticed while the files were read; absent if there is nothing.
    #[schemars(skip_serializing_if = "is_absent")]
    notes: Vec<String>,
    /// What became of the findings of an earlier audit, if one was given.
    #[schemars(skip_serializing_if = "is_absent", with = "AuditChange<'static>")]
    since: (),
}

/// Something that is wrong, with what other rules say of the same cause.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct AuditFinding {
    /// What tells it from others.
    key: FindingKey,
    /// The id of the rule.
    rule: String,
    severity: Severity,
    /// The name of the server.
    server: String,
    /// The certificate, if it is about one.
    thumbprint: Option<Thumbprint>,
    /// The services that it names.
    services: Service,
    message: String,
    /// The facts in the message; absent in a rule of one's own.
    #[schemars(skip_serializing_if = "is_absent")]
    facts: BTreeMap<String, FactValue>,
    /// What to do about it, in order.
    remedy: Vec<Block>,
    /// What other rules say of the same cause; absent if they say nothing.
    #[schemars(skip_serializing_if = "is_absent")]
    consequences: Vec<Consequence>,
}

/// What another rule says of the cause of a finding, on the same server.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Consequence {
    /// The id of the rule.
    rule: String,
    services: Service,
    message: String,
    /// The facts in the message; absent in a rule of one's own.
    #[schemars(skip_serializing_if = "is_absent")]
    facts: BTreeMap<String, FactValue>,
}
