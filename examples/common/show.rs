//! Decisions as text for people.
#![allow(dead_code, unreachable_pub)]

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use exchange_certificates::{
    Block, Chain, ConnectorKind, Decision, Diagnostic, EndpointChange, EndpointKind, Kind, NoPlan, Operation, Plan,
    Refusal, RolloutPlan, Service, Thumbprint, Verification,
};

use super::output::{self, plain, say};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// A plan: what it does, what to know about it, and the script as it can be pasted.
pub fn plan(outcome: &str, plan: &Plan) {
    headline(AnsiColor::Green, outcome);
    if !plan.added().is_empty() {
        say!("  {} would be assigned to {}", plan.request().thumbprint(), plan.added());
    }
    let stays = |other: &Thumbprint| match plan.request().operation() {
        Operation::Replace { old, .. } => *other != old || plan.request().keeps_old(),
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

/// What the file of a new certificate holds beside it, and what it lacks.
pub fn chain(chain: &Chain) {
    if let Some(issuer) = chain.missing() {
        let leaf = chain.leaf().thumbprint();
        say!(
            "The file holds {leaf} without {}, which issued it: unless that is a root that clients trust, the .pfx file \
             that is imported must hold it, since clients fail without it.",
            plain(&issuer.to_string())
        );
    }
    for other in chain.unrelated() {
        say!("The file holds {} too, which has no part in the chain.", other.thumbprint());
    }
}

/// What a renewal of the organisation comes to on each server, what becomes of the connectors, and the blocks.
pub fn renewal(plan: &RolloutPlan) {
    let mut renewed: Vec<(Thumbprint, Vec<String>)> = Vec::new();
    for (server, outcome) in plan.servers() {
        let Ok(Operation::Replace { old, .. }) = outcome.as_ref().map(|plan| plan.request().operation()) else {
            continue;
        };
        match renewed.iter_mut().find(|(known, _)| *known == old) {
            Some((_, servers)) => servers.push(plain(server)),
            None => renewed.push((old, vec![plain(server)])),
        }
    }
    renewed.iter().for_each(|(old, servers)| say!("{old} would be renewed on {}.", servers.join(", ")));
    if !plan.imports().is_empty() {
        say!("The new certificate is not installed yet on {}: import it there first.", names(plan.imports()));
    }
    if !plan.skipped().is_empty() {
        say!("Nothing is renewed on {}.", names(plan.skipped()));
    }
    match plan {
        plan if plan.is_refused() => headline(AnsiColor::Red, "refused: nothing has been changed"),
        plan if plan.is_complete() => headline(AnsiColor::Green, "can be replaced: nothing has been changed yet"),
        _ => headline(AnsiColor::Yellow, "decision required: nothing has been changed"),
    }
    rollout(plan);
}

fn names(names: &[String]) -> String {
    names.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", ")
}

/// What a rollout comes to on each server, then its script.
pub fn rollout(rollout: &RolloutPlan) {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::ASCII_BORDERS_ONLY_CONDENSED);
    table.set_header(["server", "outcome", "services", "rules"]);
    let done = if rollout.is_renewal() { "can be replaced" } else { "can be assigned" };
    for (server, outcome) in rollout.servers() {
        let (said, services) = match outcome {
            Ok(plan) if plan.blocks().is_empty() => ("nothing to do", plan.services()),
            Ok(plan) => (done, plan.in_question()),
            Err(NoPlan::DecisionRequired(_)) => ("decision required", Service::empty()),
            Err(_) => ("refused", Service::empty()),
        };
        let strongest = outcome.as_ref().map_or(Kind::Decide, |_| Kind::Warn);
        let diagnostics = outcome.as_ref().map_or_else(NoPlan::diagnostics, Plan::diagnostics);
        let rules = diagnostics.iter().filter(|it| it.kind() >= strongest).map(Diagnostic::rule).collect::<Vec<_>>();
        table.add_row([plain(server), said.to_owned(), services.to_string(), rules.join(", ")]);
    }
    say!("{table}");
    for moved in rollout.connectors() {
        let kind = match moved.connector().kind() {
            ConnectorKind::Hybrid => "the hybrid configuration".to_owned(),
            kind => format!("the {kind:?} connector {}", plain(moved.connector().name())),
        };
        say!("{kind} takes the name {}", plain(&moved.name().to_string()));
    }
    for removal in rollout.removals() {
        say!("removed at the end: {} on {}", removal.thumbprint, plain(&removal.server));
    }
    for left in rollout.left_over() {
        say!("left over: {left}");
    }
    presented_on_servers(rollout);
    diagnostics(rollout.diagnostics());
    said_of_servers(rollout);
    for (server, outcome) in rollout.servers() {
        if let Err(reason) = outcome {
            say!();
            say!("{BOLD}{}{BOLD:#}", plain(server));
            no_plan(reason);
        }
    }
    blocks(rollout.blocks());
}

/// The endpoints of all servers that would present something else.
fn presented_on_servers(rollout: &RolloutPlan) {
    let mut changed = rollout.endpoints().filter(|change| change.is_changed()).peekable();
    if changed.peek().is_some() {
        say!();
        say!("{BOLD}What would be presented:{BOLD:#}");
        changed.for_each(|change| say!("  {}: {change}", plain(change.after.server())));
    }
}

/// What warns and what is to be done afterwards where there is a plan, each rule once with its servers.
fn said_of_servers(rollout: &RolloutPlan) {
    let planned = || rollout.servers().filter_map(|(server, outcome)| Some((server, outcome.as_ref().ok()?)));
    for (kind, color) in [(Kind::Warn, AnsiColor::Yellow), (Kind::FollowUp, AnsiColor::Cyan)] {
        let style = Style::new().bold().fg_color(Some(color.into()));
        let mut rules: Vec<&str> = Vec::new();
        for said in planned().flat_map(|(_, plan)| plan.diagnostics()).filter(|said| said.kind() == kind) {
            if !rules.contains(&said.rule()) {
                rules.push(said.rule());
            }
        }
        for rule in rules {
            say!();
            say!("{style}{kind}{style:#} {rule}");
            let mut messages: Vec<(String, Vec<String>)> = Vec::new();
            let mut steps: Vec<&Block> = Vec::new();
            for (server, plan) in planned() {
                for said in plan.diagnostics().iter().filter(|said| said.rule() == rule) {
                    let message = said.message().to_string();
                    match messages.iter_mut().find(|(known, _)| *known == message) {
                        Some((_, servers)) => servers.push(plain(server)),
                        None => messages.push((message, vec![plain(server)])),
                    }
                    said.remedy().iter().for_each(|step| {
                        if !steps.contains(&step) {
                            steps.push(step);
                        }
                    });
                }
            }
            messages.iter().for_each(|(message, servers)| say!("  {}: {message}", servers.join(", ")));
            steps.into_iter().for_each(step);
        }
    }
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
