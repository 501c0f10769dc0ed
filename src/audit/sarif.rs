//! An audit as SARIF 2.1.0, which code scanning and security consoles read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{AUDIT_RULES, Audit, AuditFinding, FindingKey};
use crate::block::Block;
use crate::policy::Severity;
use crate::text::plain;

/// The log with its one run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sarif {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<SarifRule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRule {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Text>,
}

/// What was not read is said here: a run without results does not mean that all is well.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    partial_fingerprints: BTreeMap<&'static str, FindingKey>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    logical_locations: [LogicalLocation; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

fn text(text: impl Into<String>) -> Text {
    Text { text: text.into() }
}

impl Sarif {
    pub(super) fn of(audit: &Audit) -> Self {
        let mut rules: Vec<SarifRule> = AUDIT_RULES
            .iter()
            .map(|rule| SarifRule {
                id: rule.id().to_owned(),
                short_description: Some(text(rule.summary())),
                help: Some(text(rule.documentation())),
            })
            .collect();
        let mut places: BTreeMap<String, usize> =
            rules.iter().enumerate().map(|(place, rule)| (rule.id.clone(), place)).collect();
        let mut results = Vec::new();
        for finding in &audit.findings {
            let rule_index = *places.entry(finding.rule().to_owned()).or_insert_with(|| {
                // A rule of an organisation's own.
                rules.push(SarifRule { id: finding.rule().to_owned(), short_description: None, help: None });
                rules.len() - 1
            });
            results.push(SarifResult::new(finding, rule_index));
        }
        let notifications = audit.not_read.iter().map(|entry| {
            let server = entry.server.as_deref().unwrap_or("the organisation");
            let said = entry.message.as_deref().map(|message| format!(": {}", plain(message))).unwrap_or_default();
            let told = format!("{} of {} was not read, and is not judged{said}", entry.what, plain(server));
            Notification { level: "warning", message: text(told) }
        });
        Self {
            schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            version: "2.1.0",
            runs: [Run {
                tool: Tool {
                    driver: Driver { name: env!("CARGO_PKG_NAME"), semantic_version: env!("CARGO_PKG_VERSION"), rules },
                },
                invocations: [Invocation {
                    execution_successful: true,
                    tool_execution_notifications: notifications.collect(),
                }],
                results,
            }],
        }
    }
}

impl SarifResult {
    fn new(finding: &AuditFinding, rule_index: usize) -> Self {
        let mut told = finding.message().to_string();
        for consequence in finding.consequences() {
            let _ = write!(told, "\nhence {}: {}", consequence.rule(), consequence.message());
        }
        finding.remedy().iter().for_each(|block| write_block(&mut told, block));
        let server = plain(finding.server()).to_string();
        let of = finding.thumbprint().map(|it| it.to_string()).unwrap_or_else(|| "-".to_owned());
        Self {
            rule_id: finding.rule().to_owned(),
            rule_index,
            level: match finding.severity() {
                Severity::High => "error",
                _ => "warning",
            },
            message: text(told),
            locations: [Location {
                logical_locations: [LogicalLocation {
                    fully_qualified_name: format!("{server}/{of}"),
                    name: server,
                    kind: "resource",
                }],
            }],
            partial_fingerprints: BTreeMap::from([("findingKey/v1", finding.key())]),
        }
    }
}

/// A step of the remedy, the commands below the words.
fn write_block(told: &mut String, block: &Block) {
    if !block.words().is_empty() {
        let _ = write!(told, "\n{}", block.title());
    }
    let text = block.text();
    if !text.is_empty() {
        let _ = write!(told, "\n{text}");
    }
}
