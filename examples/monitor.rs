//! A look of a monitoring system: `monitor EARLIER LATER [--policy FILE] [--earlier DATE] [--now DATE]`.
//!
//! Audits two exports of an organisation, says on standard error what is new, changed or gone, and prints the later audit
//! for Prometheus. Exit status 0: nothing of high severity; 1: findings of high severity; 2: none, but something could not
//! be judged; 3: bad input.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use exchange_certificates::import::ImportedOrganization;
use exchange_certificates::{Audit, AuditFinding, FindingRecord, Policy, audit_with};

mod common {
    pub(crate) mod exports;
    pub(crate) mod given;
    pub(crate) mod input;
    pub(crate) mod output;
    pub(crate) mod scenario;
}
use common::exports::Completeness;
use common::given::Given;
use common::input::{self, BadInput, plain};
use common::output;

const HELP: &str = "\
Example: monitor yesterday.xml today.xml

Exit status 0: nothing of high severity; 1: findings of high severity; 2: none, but something could not be judged; \
3: bad input.";

/// Says what is new since an earlier export, and prints all that is known for Prometheus.
#[derive(Parser)]
#[command(name = "monitor", version, after_help = HELP)]
struct Arguments {
    /// The earlier export.
    #[arg(value_name = "EARLIER")]
    before: PathBuf,
    /// The later one.
    #[arg(value_name = "LATER")]
    after: PathBuf,
    /// The organisation's own policy, as JSON.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The point in time of the earlier export: a date, which is midnight UTC, or RFC 3339; without, that of the later one.
    #[arg(long, value_name = "DATE")]
    earlier: Option<String>,
    /// The point in time of the later one; without, now.
    #[arg(long, value_name = "DATE")]
    now: Option<String>,
    #[command(flatten)]
    completeness: Completeness,
}

fn main() -> ExitCode {
    match input::arguments() {
        Ok(arguments) => run(&arguments).unwrap_or_else(|bad_input| bad_input.report()),
        Err(status) => status,
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    let date = |name: &str, text: &Option<String>| text.as_deref().map(|text| input::date(name, text)).transpose();
    let now = date("--now", &arguments.now)?.unwrap_or_else(SystemTime::now);
    let earlier = date("--earlier", &arguments.earlier)?.unwrap_or(now);
    let policy = match &arguments.policy {
        Some(file) => input::json(&file.display().to_string(), &input::read(file)?)?,
        None => Policy::default(),
    };
    let audited = |file: &Path, now: SystemTime| -> Result<(Audit, ImportedOrganization), BadInput> {
        let imported = Given::read(&[file.to_owned()], &arguments.completeness)?.organization()?;
        Ok((imported.judged(audit_with(&policy, imported.fleet(), now)), imported))
    };
    let before = audited(&arguments.before, earlier)?.0.record();
    let (after, imported) = audited(&arguments.after, now)?;
    let change = after.since(&before);
    let found = |word: &str, findings: &[&AuditFinding]| {
        findings.iter().for_each(|it| eprintln!("{word}: {} {}", it.severity(), plain(&it.to_string())));
    };
    let kept = |word: &str, findings: &[&FindingRecord]| {
        let line = |it: &&FindingRecord| format!("{} on {}: {}", it.rule, it.server, it.message);
        findings.iter().for_each(|it| eprintln!("{word}: {} {}", it.severity, plain(&line(it))));
    };
    found("new", &change.new);
    found("changed", &change.changed);
    kept("gone", &change.gone);
    kept("not judged", &change.not_judged);
    output::text(&after.to_prometheus(now).to_string());
    Ok(ExitCode::from(match after.has_high() {
        true => 1,
        false if after.is_incomplete() || imported.is_incomplete() => 2,
        false => 0,
    }))
}
