//! Decides a scenario: `assign [FILE] [--json] [--explain RULE] [--script FILE.ps1]`; or what is asked of a server straight
//! from exports: `assign EXPORT… --server MBX01 --certificate new.pem --services IIS,SMTP`, or `--remove THUMBPRINT`.
//!
//! Exit status 0: assigned, removed, replaced or verified; 1: refused or missing; 2: a decision is
//! required, or inconclusive; 3: bad input.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use exchange_certificates::{
    AUDIT_RULES, FleetPlanError, NoDeployment, NoPlan, Operation, Outcome, RULES, Scenario, Verification, plan_with,
    rule,
};

mod common {
    pub(crate) mod deploy;
    pub(crate) mod direct;
    pub(crate) mod exports;
    pub(crate) mod given;
    pub(crate) mod input;
    pub(crate) mod output;
    pub(crate) mod scenario;
    pub(crate) mod show;
}
use common::deploy::Script;
use common::direct::{Direct, Question};
use common::input::{self, BadInput, Kind, Source, plain};
use common::output::{self, say};
use common::show;

const BUILT_IN: &str = include_str!("data/assign.json");

const HELP: &str = "\
Example: assign exchange-certificates.xml --server MBX01 --certificate new.pem --services IIS,SMTP --default-smtp keep

Exit status 0: assigned, removed, replaced or verified; 1: refused or missing; 2: a decision is required, or inconclusive; \
3: bad input.";

/// Decides beforehand whether a certificate may be assigned to Exchange services.
#[derive(Parser)]
#[command(name = "assign", version, after_help = HELP)]
struct Arguments {
    /// The scenario file, or exports of Exchange with --certificate or --remove; - is standard input, and without one, a
    /// built-in scenario is decided.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    direct: Direct,
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
        None if arguments.direct.is_asked() => ask(&arguments),
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

/// Decides what is asked on the command line.
fn ask(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    arguments.script.delete_older()?;
    if arguments.files.is_empty() {
        return Err(BadInput::named("FILE…: name the exports of Exchange, or a scenario, in which the server is"));
    }
    let Question { server, fleet, request, policy, now, is_imported } = arguments.direct.question(&arguments.files)?;
    // What comes from a file nobody else is asked for.
    let decided = match is_imported {
        true => plan_with(&policy, &server, &request, now).map_err(FleetPlanError::NoPlan),
        false => fleet.plan(&policy, server.name(), &request, now),
    };
    let outcome = match decided {
        Ok(plan) => Outcome::Plan(Box::new(plan)),
        Err(FleetPlanError::NoPlan(no_plan)) => Outcome::NoPlan(no_plan),
        Err(other) => return Err(BadInput::named(other)),
    };
    let first = format!("It is not installed yet: import it on {} first.", plain(server.name()));
    match (arguments.json, is_imported) {
        (true, true) => eprintln!("note: {first}"),
        (false, true) => say!("{first}"),
        (_, false) => {}
    }
    if arguments.json {
        input::print_json(&outcome)?;
    } else {
        print(&outcome);
    }
    let edges: Vec<_> = server.is_edge().then(|| server.name().to_owned()).into_iter().collect();
    let written = arguments.script.write(status(&outcome), &edges, |options| match &outcome {
        Outcome::Plan(plan) => Some(plan.deployment(&server, now, &options.clone().with_import(is_imported))),
        Outcome::NoPlan(NoPlan::DecisionRequired(_)) => Some(Err(NoDeployment::Undecided)),
        _ => Some(Err(NoDeployment::Refused)),
    });
    written.map(ExitCode::from)
}

fn decide(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    arguments.script.delete_older()?;
    arguments.direct.check_unasked()?;
    let (file, bytes) = match arguments.files.as_slice() {
        [path] => {
            let source = Source::open(path)?;
            match source.kind {
                Kind::Export => {
                    let problem =
                        "an export of Exchange: say what is asked with --certificate and --services, or --remove";
                    return Err(BadInput::new(&source.name, problem));
                }
                Kind::Scenario | Kind::Unknown => {}
                other => {
                    let instead = other.instead().unwrap_or_default();
                    return Err(BadInput::new(&source.name, instead));
                }
            }
            (source.name.clone(), source.whole()?)
        }
        [_, other, ..] => {
            let problem = "a second file: one scenario is decided, or what --certificate or --remove asks of exports";
            return Err(BadInput::new(&other.display().to_string(), problem));
        }
        [] => ("the built-in scenario".to_owned(), BUILT_IN.as_bytes().to_vec()),
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
