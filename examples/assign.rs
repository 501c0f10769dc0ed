//! Decides a scenario: `assign [FILE] [--json] [--explain RULE] [--script FILE.ps1]`.
//!
//! Exit status 0: assigned, removed, replaced or verified; 1: refused or missing; 2: a decision is
//! required, or inconclusive; 3: bad input.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use exchange_certificates::{
    AUDIT_RULES, NoDeployment, NoPlan, Operation, Outcome, RULES, Scenario, Verification, rule,
};

mod common {
    pub(crate) mod deploy;
    pub(crate) mod input;
    pub(crate) mod output;
    pub(crate) mod show;
}
use common::deploy::Script;
use common::input::{self, BadInput, Kind, Source};
use common::output;
use common::show;

const BUILT_IN: &str = include_str!("data/assign.json");

/// Decides beforehand whether a certificate may be assigned to Exchange services.
#[derive(Parser)]
struct Arguments {
    /// The scenario file; - is standard input, and without one, a built-in scenario is decided.
    file: Option<PathBuf>,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
    /// Print what a rule, one of the audit too, says and why, and decide nothing.
    #[arg(long, value_name = "RULE")]
    explain: Option<String>,
    #[command(flatten)]
    script: Script,
}

fn main() -> ExitCode {
    let arguments: Arguments = match input::arguments() {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    let done = match &arguments.explain {
        Some(id) => explain(id),
        None => decide(&arguments),
    };
    done.unwrap_or_else(|bad_input| bad_input.report())
}

fn explain(id: &str) -> Result<ExitCode, BadInput> {
    let audit_rule = || AUDIT_RULES.iter().find(|rule| rule.id() == id);
    let (weight, source, documentation) = match (rule(id), audit_rule()) {
        (Some(rule), _) => {
            let kinds: Vec<_> = rule.kinds().iter().map(ToString::to_string).collect();
            (kinds.join(" or "), rule.source(), rule.documentation())
        }
        (None, Some(rule)) => {
            let severities: Vec<_> = rule.severities().iter().map(ToString::to_string).collect();
            (format!("{} severity", severities.join(" or ")), rule.source(), rule.documentation())
        }
        (None, None) => {
            let ids = RULES.iter().map(|rule| rule.id()).chain(AUDIT_RULES.iter().map(|rule| rule.id()));
            let ids: Vec<_> = ids.collect();
            return Err(BadInput::new("--explain", format!("no rule is named {id:?}; there are {}", ids.join(", "))));
        }
    };
    let lines: Vec<_> = documentation.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    output::text(&format!("{id} ({weight}; source: {source})\n\n{}\n", lines.join("\n")));
    Ok(ExitCode::SUCCESS)
}

fn decide(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    arguments.script.delete_older()?;
    let (file, bytes) = match &arguments.file {
        Some(path) => {
            let source = Source::open_one_of(path, &[Kind::Scenario])?;
            (source.name.clone(), source.whole()?)
        }
        None => ("the built-in scenario".to_owned(), BUILT_IN.as_bytes().to_vec()),
    };
    let scenario: Scenario = input::json(&file, &bytes)?;
    let now = scenario.now().unwrap_or_else(SystemTime::now);
    let outcome = scenario.answer(now).map_err(|error| BadInput::new(&file, error))?;
    if arguments.json {
        input::print_json(&outcome)?;
    } else {
        print(&outcome);
    }
    let edges: Vec<_> =
        scenario.servers().filter(|server| server.is_edge()).map(|edge| edge.name().to_owned()).collect();
    let written = arguments.script.write(status(&outcome), &edges, |options| match &outcome {
        Outcome::Plan(plan) => Some(plan.deployment(scenario.server()?, now, options)),
        Outcome::Rollout(rollout) => Some(rollout.deployment(scenario.fleet()?, now, options)),
        Outcome::NoPlan(NoPlan::DecisionRequired(_)) => Some(Err(NoDeployment::Undecided)),
        Outcome::NoPlan(_) => Some(Err(NoDeployment::Refused)),
        _ => None,
    });
    written.map(ExitCode::from)
}

fn print(outcome: &Outcome) {
    match outcome {
        Outcome::Plan(plan) => {
            let outcome = match plan.request().operation() {
                Operation::Remove => "can be removed: nothing has been changed yet",
                Operation::Replace { .. } => "can be replaced: nothing has been changed yet",
                _ => "can be assigned: nothing has been changed yet",
            };
            show::plan(outcome, plan);
        }
        Outcome::NoPlan(no_plan) => show::no_plan(no_plan),
        Outcome::Rollout(rollout) if rollout.is_renewal() => show::renewal(rollout),
        Outcome::Rollout(rollout) => show::rollout(rollout),
        Outcome::Verification(verification) => show::verification(verification),
        _ => {}
    }
}

fn status(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Plan(_) | Outcome::Verification(Verification::Verified { .. }) => 0,
        Outcome::Rollout(rollout) if rollout.is_complete() => 0,
        Outcome::Rollout(rollout) if !rollout.is_refused() => 2,
        Outcome::NoPlan(NoPlan::DecisionRequired(_)) | Outcome::Verification(Verification::Inconclusive) => 2,
        _ => 1,
    }
}
