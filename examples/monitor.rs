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
use exchange_certificates::{Audit, Policy, audit_with};

mod common {
    pub(crate) mod exports;
    pub(crate) mod given;
    pub(crate) mod input;
    pub(crate) mod output;
    pub(crate) mod scenario;
    pub(crate) mod since;
}
use common::exports::Completeness;
use common::given::Given;
use common::input::{self, BadInput};
use common::{output, since};

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
    input::main(run)
}

fn run(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    let date = |name: &str, text: &Option<String>| text.as_deref().map(|text| input::date(name, text)).transpose();
    let now = date("--now", &arguments.now)?.unwrap_or_else(SystemTime::now);
    let earlier = date("--earlier", &arguments.earlier)?.unwrap_or(now);
    let policy = match &arguments.policy {
        Some(file) => input::policy(file)?,
        None => Policy::default(),
    };
    let audited = |file: &Path, now: SystemTime| -> Result<(Audit, ImportedOrganization), BadInput> {
        let imported = Given::read(&[file.to_owned()], &arguments.completeness)?.organization()?;
        Ok((imported.judged(audit_with(&policy, imported.fleet(), now)), imported))
    };
    let before = audited(&arguments.before, earlier)?.0.record();
    let (after, imported) = audited(&arguments.after, now)?;
    let change = after.since(&before);
    since::lines(&change).for_each(|(word, severity, line)| eprintln!("{word}: {severity} {line}"));
    output::text(&after.to_prometheus(now).to_string());
    Ok(ExitCode::from(match after.has_high() {
        true => 1,
        false if after.is_incomplete() || imported.is_incomplete() => 2,
        false => 0,
    }))
}
