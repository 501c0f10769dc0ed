//! A deploy hook: `hook EXPORT… CERTIFICATE --script FILE.ps1 --plan PLAN.json`, and later `hook --apply EXPORT… PLAN.json`.
//!
//! The first plans the renewal of the organisation, and writes a script that runs unattended and a plan that is kept. The
//! second prints the script if the plan still comes to the same on a newer export. What stands against it is a line each
//! on standard error. Exit status 0: planned; 1: refused; 2: to be decided first; 3: bad input; 4: stale.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use exchange_certificates::{
    ConnectorNames, NoPlan, PlannedAgain, Request, Rollout, RolloutPlan, StalePlan, StoredPlan,
};

#[rustfmt::skip]
mod common { pub mod deploy; pub mod exports; pub mod given; pub mod input; pub mod output; pub mod scenario; }
use common::deploy::Script;
use common::exports::Completeness;
use common::given::Given;
use common::input::{self, BadInput, DefaultSmtp, plain};
use common::output;

/// Plans a renewal for a script that runs later, and looks whether it still holds.
#[derive(Parser)]
#[command(name = "hook", version)]
struct Arguments {
    /// Exports of Exchange, and last the new certificate, or the plan that is applied.
    #[arg(value_name = "FILE", required = true, num_args = 2..)]
    files: Vec<PathBuf>,
    /// Print the script of the plan, if it still comes to the same.
    #[arg(long, conflicts_with_all = ["plan", "script", "default_smtp"])]
    apply: bool,
    /// Keep the plan in this file.
    #[arg(long, value_name = "PLAN.json")]
    plan: Option<PathBuf>,
    /// What becomes of the default SMTP certificates.
    #[arg(long, default_value = "keep")]
    default_smtp: DefaultSmtp,
    /// The point in time: a date, which is midnight UTC, or RFC 3339; without, now.
    #[arg(long, value_name = "DATE")]
    now: Option<String>,
    #[command(flatten)]
    completeness: Completeness,
    #[command(flatten)]
    script: Script,
}

fn main() -> ExitCode {
    input::main(|arguments| run(arguments).map(ExitCode::from))
}

fn run(arguments: &Arguments) -> Result<u8, BadInput> {
    let now = input::now(arguments.now.as_deref())?;
    let now = now.unwrap_or_else(SystemTime::now);
    let (last, exports) = arguments.files.split_last().ok_or_else(|| BadInput::named("give the exports"))?;
    let given = Given::read(exports, &arguments.completeness)?;
    let (policy, fleet) = (given.policy()?, given.every_server()?);
    if arguments.apply {
        let stored: StoredPlan = input::json(&last.display().to_string(), &input::read(last)?)?;
        return Ok(print(stored.again(&fleet, &policy, now)));
    }
    arguments.script.delete_older()?;
    let leaf = input::chain(last)?.leaf().clone();
    let request = Request::renew(leaf.thumbprint()).with_connector_names(ConnectorNames::Update);
    let rollout = Rollout::new(arguments.default_smtp.answer(request)).with_certificate(leaf);
    let plan = fleet.roll_out(&policy, &rollout, now).map_err(BadInput::named)?;
    if !plan.is_complete() {
        log(&plan);
        return Ok(if plan.is_refused() { 1 } else { 2 });
    }
    if let Some(file) = &arguments.plan {
        let text = input::pretty(&plan.stored(now))?;
        std::fs::write(file, text).map_err(|error| BadInput::new(&file.display().to_string(), error))?;
    }
    arguments.script.write(0, &[], |options| Some(plan.deployment(&fleet, now, options)))
}

/// A line for each thing that stands against it.
fn log(plan: &RolloutPlan) {
    for (server, outcome) in plan.servers() {
        let said = outcome.as_ref().err().map(NoPlan::diagnostics).unwrap_or_default();
        said.iter().for_each(|it| eprintln!("{}", plain(&format!("{server}: {}: {it}", it.kind()))));
    }
    plan.diagnostics().iter().for_each(|it| eprintln!("{}", plain(&format!("{}: {it}", it.kind()))));
    plan.left_over().iter().for_each(|it| eprintln!("{}", plain(&format!("left: {it}"))));
}

fn print(again: Result<PlannedAgain, StalePlan>) -> u8 {
    match again {
        Ok(again) => again.script().iter().for_each(|line| output::text(&format!("{line}\n"))),
        Err(stale) => {
            eprintln!("stale: {}", plain(&stale.to_string()));
            return 4;
        }
    }
    0
}
