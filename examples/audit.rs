//! Audits an organisation: `audit FILE… [--policy FILE] [--format FORMAT] [--since OLD.json] [--html OUT] [--ics OUT]
//! [--now DATE]`.
//!
//! The files are scenarios with a `server` or `servers`, whose request and policy are not looked at, exports of
//! Exchange, certificates and a policy, in any mixture; `-` is standard input. Exit status 0: nothing of high severity; 1: findings of high severity; 2: none, but a
//! server, or every certificate, could not be judged, or something was not read that rules look at; 3: bad input.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Parser, ValueEnum};
use exchange_certificates::{
    AgendaItem, Audit, AuditChange, AuditFinding, AuditRecord, AuditedCertificate, NotJudged, Policy, agenda_with,
    audit_with, rfc3339,
};
use serde::Serialize;

mod common {
    pub(crate) mod exports;
    pub(crate) mod given;
    pub(crate) mod input;
    pub(crate) mod output;
    pub(crate) mod scenario;
    pub(crate) mod show;
    pub(crate) mod since;
}
mod report {
    pub(crate) mod calendar;
    pub(crate) mod digest;
    pub(crate) mod organization;
    pub(crate) mod page;
    pub(crate) mod text;
}
use common::exports::Completeness;
use common::given::Given;
use common::input::{self, BadInput, Kind, Source};
use common::output;
use report::digest::Digest;
use report::organization::Organization;
use report::{calendar, page, text};

const HELP: &str = "\
Example: audit exchange-certificates.xml --html audit.html

Exit status 0: nothing of high severity; 1: findings of high severity; 2: none, but something could not be judged; \
3: bad input.";

/// Says what is wrong with the certificates of an organisation, and what falls due.
#[derive(Parser)]
#[command(name = "audit", version, after_help = HELP)]
struct Arguments {
    /// Scenario files with servers, exports of Exchange and a policy, in any order and mixture; - is standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The organisation's own policy, as JSON.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// What --json wrote of an earlier audit: says what is new, changed and gone since.
    #[arg(long, value_name = "OLD.json")]
    since: Option<PathBuf>,
    /// Write a page to be mailed or printed; it needs no server and no network.
    #[arg(long, value_name = "OUT.html")]
    html: Option<PathBuf>,
    /// Write a calendar of the renewals (RFC 5545).
    #[arg(long, value_name = "OUT.ics")]
    ics: Option<PathBuf>,
    /// The point in time: a date, which is midnight UTC, or RFC 3339; without, that of the files, or else now.
    #[arg(long, value_name = "DATE")]
    now: Option<String>,
    #[command(flatten)]
    completeness: Completeness,
}

/// How the answer is printed.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// All of it for programs.
    Json,
    /// Prometheus' text format: when certificates expire, findings, what was not read.
    Prometheus,
    /// SARIF 2.1.0, for consoles that collect findings.
    Sarif,
}

/// The answer for programs.
#[derive(Serialize)]
struct Answer<'a> {
    format: u8,
    not_read: &'a [NotJudged],
    now: String,
    certificates: &'a [AuditedCertificate],
    findings: &'a [AuditFinding],
    agenda: &'a [AgendaItem],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
    /// Since the earlier audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<AuditChange<'a>>,
}

fn main() -> ExitCode {
    input::main(run)
}

fn run(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    let named = input::now(arguments.now.as_deref())?;
    let given = Given::read(&arguments.files, &arguments.completeness)?;
    let organization = Organization::of(given, named.is_some())?;
    let now = named.or(organization.now).unwrap_or_else(SystemTime::now);
    let policy = match (arguments.policy.as_deref(), organization.policy.clone()) {
        (Some(_), Some(_)) => return Err(BadInput::new("--policy", "a file is a policy too")),
        (Some(path), None) => input::policy(path)?,
        (None, policy) => policy.unwrap_or_default(),
    };
    let audit = organization.imported.judged(audit_with(&policy, organization.fleet(), now));
    let agenda = falling_due(&policy, &organization, now);
    let digest = Digest::new(&organization, &audit, &agenda, now);
    if let Some(path) = &arguments.html {
        write(path, &page::page(&digest))?;
    }
    if let Some(path) = &arguments.ics {
        write(path, &calendar::calendar(&agenda, now))?;
    }
    let earlier = arguments.since.as_deref().map(earlier).transpose()?;
    let since = earlier.as_ref().map(|earlier| audit.since(earlier));
    match if arguments.json { Format::Json } else { arguments.format } {
        Format::Text => {
            since.iter().for_each(text::since);
            text::print(&digest);
        }
        Format::Json => input::print_json(&answer(&organization, &audit, &agenda, since, now))?,
        Format::Prometheus | Format::Sarif if since.is_some() => {
            return Err(BadInput::named("--since: only text and json say what is new"));
        }
        Format::Prometheus => output::text(&audit.to_prometheus(now).to_string()),
        Format::Sarif => input::print_json(&audit.to_sarif())?,
    }
    Ok(ExitCode::from(if audit.has_high() {
        1
    } else if audit.is_incomplete() || organization.imported.is_incomplete() {
        2
    } else {
        0
    }))
}

fn answer<'a>(
    organization: &'a Organization,
    audit: &'a Audit,
    agenda: &'a [AgendaItem],
    since: Option<AuditChange<'a>>,
    now: SystemTime,
) -> Answer<'a> {
    Answer {
        format: 3,
        not_read: &audit.not_read,
        now: rfc3339::print(now).to_string(),
        certificates: &audit.certificates,
        findings: &audit.findings,
        agenda,
        notes: &organization.notes,
        since,
    }
}

/// The findings of an earlier audit.
fn earlier(path: &Path) -> Result<AuditRecord, BadInput> {
    let source = Source::open_one_of(path, &[Kind::Answer])?;
    input::json(&source.name.clone(), &source.whole()?)
}

/// What has expired, and the renewals of the next year.
fn falling_due(policy: &Policy, organization: &Organization, now: SystemTime) -> Vec<AgendaItem> {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    agenda_with(policy, organization.fleet(), now, now.checked_add(YEAR).unwrap_or(now))
}

fn write(path: &Path, text: &str) -> Result<(), BadInput> {
    std::fs::write(path, text).map_err(|error| BadInput::new(&path.display().to_string(), error))
}
