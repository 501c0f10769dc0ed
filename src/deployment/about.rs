//! What a script says of itself at its top, for who must trust it.

use std::fmt::Write as _;

use super::data::Data;
use super::scope::Scope;
use crate::endpoint::{Flags, Presented};
use crate::powershell::is_plain_word;
use crate::request::Operation;
use crate::server::ConnectorKind;
use crate::service::Service;
use crate::time::Timestamp;

/// The comment at the top. It holds no input but names of servers that are plain words.
pub(super) fn top(scope: &Scope<'_>, data: &Data, planned: Timestamp) -> String {
    let mut top = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // A text takes whatever is written into it.
        let _ = writeln!(top, "{}", format!("# {text}").trim_end());
    };
    let is_removal = scope.parts.iter().all(|part| matches!(part.plan.request().operation(), Operation::Remove));
    let does = if is_removal { "Removes" } else { "Deploys" };
    match scope.edge() {
        Some(edge) => line(format_args!(
            "{does} the certificate {} on {} itself, an Edge Transport server.",
            data.new,
            plain(edge.name())
        )),
        None => line(format_args!(
            "{does} the certificate {} on {}.",
            data.new,
            servers(data.servers.iter().map(|it| it.server.as_str()))
        )),
    }
    line(format_args!("Planned at {planned} by exchange-certificates {}.", env!("CARGO_PKG_VERSION")));
    if !data.twins.is_empty() {
        let edges = servers(data.twins.iter().map(|(server, _)| server.as_str()));
        line(format_args!("Edge Transport servers have files of their own, which are run there first: {edges}."));
    }
    if scope.edge().is_some() && scope.fleet.is_some() {
        line(format_args!("It is run before the main file, which gives connectors their names on all servers."));
    }
    line(format_args!(""));
    for part in &scope.parts {
        let mut done: Vec<String> = Vec::new();
        if part.is_imported {
            done.push("imports it".to_owned());
        }
        let services = part.in_question();
        if !services.is_empty() {
            done.push(format!("assigns {services}"));
        }
        if services.contains(Service::SMTP) {
            let moves = part.plan.change().moves_default_smtp();
            let default =
                if moves { "it becomes the default SMTP certificate" } else { "the default SMTP certificate stays" };
            done.push(default.to_owned());
        }
        let renames = part.plan.change().renames().iter();
        let receives = renames.filter(|rename| rename.connector().kind() == ConnectorKind::Receive).count();
        if receives > 0 {
            done.push(format!("names it at Receive connectors ({receives})"));
        }
        let restarts = data.restarts.iter().filter(|restart| restart.server == part.server.name());
        let restarted: Vec<_> = restarts.flat_map(|restart| restart.services.split(',')).collect();
        if !restarted.is_empty() {
            done.push(format!("restarts {}", restarted.join(", ")));
        }
        if let Some(removed) = part.removed {
            done.push(format!("removes {removed}"));
        }
        let done = if done.is_empty() { "nothing".to_owned() } else { done.join("; ") };
        line(format_args!("{}: {done}.", plain(part.server.name())));
    }
    let sends = scope.moved.iter().filter(|moved| moved.connector.kind() == ConnectorKind::Send).count();
    let hybrid = scope.moved.iter().any(|moved| moved.connector.kind() == ConnectorKind::Hybrid);
    if sends > 0 {
        line(format_args!("The organisation: names it at Send connectors ({sends})."));
    }
    if hybrid {
        line(format_args!("The organisation: names it in the hybrid configuration."));
    }
    if data.is_behind_layer4 {
        line(format_args!(
            "IIS is restarted at the end, on one server after another: they are behind a layer-4 balancer."
        ));
    }
    if !scope.same.is_empty() && data.removals.iter().any(|removal| removal.switch.is_some()) {
        line(format_args!(
            "Send connectors ({}) name the old certificate and the new one alike: the old one is removed with -StopTransport \
             alone, and stays without it.",
            scope.same.len()
        ));
    }
    if !scope.beyond.is_empty() && !data.removals.is_empty() {
        line(format_args!(
            "Send connectors ({}) name the old certificate and the new one alike, and servers that are not known here send \
             by them: the old one stays.",
            scope.beyond.len()
        ));
    }
    line(format_args!(
        "What each endpoint presents before and afterwards is the first thing in $plan, below the parameters."
    ));
    line(format_args!(""));
    top
}

/// A name as far as a comment may hold it.
fn plain(name: &str) -> &str {
    if is_plain_word(name) { name } else { "a server whose name is no plain word" }
}

fn servers<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let (plain, others): (Vec<_>, Vec<_>) = names.partition(|name| is_plain_word(name));
    match (plain.len(), others.len()) {
        (_, 0) => plain.join(", "),
        (0, others) => format!("{others} servers"),
        (_, others) => format!("{} and {others} more", plain.join(", ")),
    }
}

/// The files beside it, and endpoint by endpoint what is presented, in words.
pub(super) fn lines(scope: &Scope<'_>, others: &[(String, String)], main: Option<&str>) -> Vec<String> {
    let beside = others.iter().map(|(server, file)| format!("{file} is run on {server}"));
    let main = main.filter(|_| scope.edge().is_some()).map(|main| format!("{main} is run after it"));
    let mut about: Vec<_> = beside.chain(main).collect();
    let Some(now) = scope.now.to_system_time() else { return about };
    for part in &scope.parts {
        let before = part.today.endpoints(now);
        for endpoint in part.after.endpoints(now) {
            let id = endpoint.id().to_string();
            let was = before.iter().find(|known| known.id().to_string() == id).map(|known| short(known.presented()));
            let (was, is) = (was.unwrap_or_else(|| "nothing".to_owned()), short(endpoint.presented()));
            let name = part.server.name();
            about.push(if was == is { format!("{name} {id}: {is}") } else { format!("{name} {id}: {was} -> {is}") });
        }
    }
    about
}

fn short(presented: &Presented) -> String {
    match presented {
        Presented::Certificate(certificate, _) => {
            let is_dead = certificate.flags.intersects(Flags::NO_KEY | Flags::KEY_UNREADABLE);
            format!("{}{}", certificate.thumbprint, if is_dead { ", which cannot be used" } else { "" })
        }
        Presented::OneOf(several, _) => {
            let several =
                several.iter().map(|one| one.map_or_else(|| "nothing".to_owned(), |one| one.thumbprint.to_string()));
            several.collect::<Vec<_>>().join(" or ")
        }
        Presented::Nothing => "nothing".to_owned(),
        Presented::NotOffered(_) => "no TLS".to_owned(),
        Presented::Unknown(_) => "not known".to_owned(),
    }
}
