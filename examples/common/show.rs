//! Decisions as text for people.
#![allow(dead_code, unreachable_pub)]

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use exchange_certificates::{
    Block, Decision, Diagnostic, EndpointChange, EndpointKind, Kind, NoPlan, Operation, Plan, Refusal, RolloutPlan,
    Service, Thumbprint, Verification,
};

use super::output::{self, say};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// A plan: what it does, what to know about it, and the script as it can be pasted.
pub fn plan(outcome: &str, plan: &Plan) {
    headline(AnsiColor::Green, outcome);
    if !plan.added().is_empty() {
        say!("  {} would be assigned to {}", plan.request().thumbprint(), plan.added());
    }
    let stays = |other: &Thumbprint| match plan.request().operation() {
        Operation::Replace { old, .. } => *other != old,
        _ => true,
    };
    for (service, other) in plan.superseded().iter().filter(|(_, other)| stays(other)) {
        match *service {
            service if !plan.keeps(service, *other) => say!("  {service} moves away from {other}"),
            Service::IIS if is_back_end(plan, *other) => say!("  {other} keeps IIS too, for the Exchange Back End"),
            service => say!("  {other} keeps {service} too"),
        }
    }
    presented(plan.endpoints());
    diagnostics(plan.diagnostics());
    blocks(plan.blocks());
}

fn is_back_end(plan: &Plan, certificate: Thumbprint) -> bool {
    let mut of_back_end = plan.endpoints().iter().filter(|change| change.after.kind() == EndpointKind::ExchangeBackEnd);
    of_back_end.any(|change| change.after.presented().may_be(certificate))
}

/// The endpoints that would present something else.
fn presented(endpoints: &[EndpointChange]) {
    let changed: Vec<_> = endpoints.iter().filter(|change| change.is_changed()).collect();
    if !changed.is_empty() {
        say!();
        say!("{BOLD}What would be presented:{BOLD:#}");
        for change in changed {
            say!("  {change}");
        }
    }
}

/// Why there is no plan, and what would help.
pub fn no_plan(no_plan: &NoPlan) {
    match no_plan {
        NoPlan::Refused(refusal) => refused(refusal),
        NoPlan::DecisionRequired(decision) => decision_required(decision),
        other => say!("{other}"),
    }
}

fn refused(refusal: &Refusal) {
    headline(AnsiColor::Red, "refused: nothing has been changed");
    diagnostics(refusal.diagnostics());
    say!();
    match refusal.assignable() {
        Some(services) if services == Service::empty() => say!("No service would pass as things are."),
        Some(services) => say!("These services would pass: {BOLD}{services}{BOLD:#}"),
        None => {}
    }
}

fn decision_required(decision: &Decision) {
    headline(AnsiColor::Yellow, "decision required: nothing has been changed");
    diagnostics(decision.diagnostics());
    say!();
    say!("The default SMTP certificate is {}.", decision.current());
    say!("Put \"default_smtp\": \"keep\" or \"replace\" into the request; {} is recommended.", answer(decision));
}

fn answer(decision: &Decision) -> &'static str {
    match decision.recommended() {
        exchange_certificates::Answer::Keep => "keep",
        _ => "replace",
    }
}

/// What a rollout comes to on each server, then its script.
pub fn rollout(rollout: &RolloutPlan) {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::ASCII_BORDERS_ONLY_CONDENSED);
    table.set_header(["server", "outcome", "services", "rules"]);
    for (server, outcome) in rollout.servers() {
        let (said, services) = match outcome {
            Ok(plan) if plan.blocks().is_empty() => ("nothing to do", plan.services()),
            Ok(plan) => ("can be assigned", plan.in_question()),
            Err(NoPlan::DecisionRequired(_)) => ("decision required", Service::empty()),
            Err(_) => ("refused", Service::empty()),
        };
        let strongest = outcome.as_ref().map_or(Kind::Decide, |_| Kind::Warn);
        let diagnostics = outcome.as_ref().map_or_else(NoPlan::diagnostics, Plan::diagnostics);
        let rules = diagnostics.iter().filter(|it| it.kind() >= strongest).map(Diagnostic::rule).collect::<Vec<_>>();
        table.add_row([server.to_owned(), said.to_owned(), services.to_string(), rules.join(", ")]);
    }
    say!("{table}");
    for left in rollout.left_over() {
        say!("left over: {left}");
    }
    for (server, outcome) in rollout.servers() {
        if let Err(reason) = outcome {
            say!();
            say!("{BOLD}{server}{BOLD:#}");
            no_plan(reason);
        }
    }
    blocks(rollout.blocks());
}

/// What a verification came to.
pub fn verification(verification: &Verification) {
    match verification {
        Verification::Verified { services } => {
            headline(AnsiColor::Green, "verified");
            say!("  the certificate is shown with {services}");
        }
        Verification::Missing { missing, services } => {
            headline(AnsiColor::Red, "missing");
            say!("  {missing} is not among what is shown: {services}");
        }
        _ => {
            headline(AnsiColor::Yellow, "inconclusive");
            say!("  the services of the certificate are not shown");
        }
    }
}

/// Diagnostics by kind, the strongest first, each with its remedy.
pub fn diagnostics(diagnostics: &[Diagnostic]) {
    for (kind, color) in [
        (Kind::Refuse, AnsiColor::Red),
        (Kind::Decide, AnsiColor::Yellow),
        (Kind::Warn, AnsiColor::Yellow),
        (Kind::FollowUp, AnsiColor::Cyan),
        (Kind::Note, AnsiColor::BrightBlack),
    ] {
        let style = Style::new().bold().fg_color(Some(color.into()));
        for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.kind() == kind) {
            let services = diagnostic.services();
            let about = if services.is_empty() { String::new() } else { format!(" ({services})") };
            say!();
            say!("{style}{kind}{style:#} {}{about}", diagnostic.rule());
            say!("  {}", diagnostic.message());
            diagnostic.remedy().iter().for_each(step);
        }
    }
}

/// A step of a remedy: the words, then what is pasted.
pub fn step(step: &Block) {
    let title = step.title().to_string();
    if !title.is_empty() {
        say!("  - {title}");
    }
    step.text().lines().for_each(|line| say!("      {DIM}{line}{DIM:#}"));
}

/// What is pasted, a block after the other.
fn blocks(blocks: &[Block]) {
    say!();
    if blocks.is_empty() {
        say!("There is nothing to do.");
        return;
    }
    say!("{BOLD}Paste into the Exchange Management Shell, one block after the other:{BOLD:#}");
    for (number, block) in (1..).zip(blocks) {
        say!();
        say!("{number}. {}", block.title());
        say!();
        say!("{}", block.text());
    }
}

fn headline(color: AnsiColor, text: impl Display) {
    let style = Style::new().bold().fg_color(Some(color.into()));
    say!("{style}{text}{style:#}");
}
