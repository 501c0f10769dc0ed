//! What a script does, how that is undone, and what it restarts and removes.

use super::data::{Does, Facts, Restart, Unit, fact};
use super::facts::{TRANSPORT, bound};
use super::scope::{Moved, Part, Scope};
use crate::commands;
use crate::endpoint::EndpointKind;
use crate::fact::Fact;
use crate::powershell::Command;
use crate::server::{Connector, ConnectorKind, Server, TlsCertificateName};
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// The steps of all servers, and of the connectors behind them.
pub(super) fn of(scope: &Scope<'_>, facts: &Facts) -> Vec<Unit> {
    let mut steps: Vec<_> = scope.parts.iter().flat_map(|part| of_server(part, facts, scope.now)).collect();
    let ids: Vec<_> = steps.iter().map(|step| step.id.clone()).collect();
    steps.extend(scope.moved.iter().map(|moved| of_moved(scope, moved, &ids)));
    steps
}

fn id(kind: &str, part: &Part<'_>) -> String {
    format!("{kind}|{}", part.server.name())
}

fn of_server(part: &Part<'_>, facts: &Facts, now: Timestamp) -> Vec<Unit> {
    let mut steps = Vec::new();
    let in_question = part.in_question();
    let has_smtp_step = in_question.contains(Service::SMTP);
    if part.is_imported {
        steps.push(import(part, has_smtp_step));
    }
    let needed: Vec<_> = part.is_imported.then(|| id("import", part)).into_iter().collect();
    if has_smtp_step {
        steps.push(smtp(part, now).needs(needed.clone()));
    }
    let clients = in_question & (Service::IMAP | Service::POP | Service::IIS);
    if !clients.is_empty() {
        steps.push(assign(part, clients, facts).needs(needed.clone()));
    }
    for (kind, service) in [("um", Service::UM), ("umcr", Service::UM_CALL_ROUTER)] {
        if in_question.contains(service) {
            steps.push(unified_messaging(part, kind, service).needs(needed.clone()));
        }
    }
    let before_names = if has_smtp_step { vec![id("smtp", part)] } else { needed };
    let renames =
        part.plan.change().renames().iter().filter(|rename| rename.connector().kind() == ConnectorKind::Receive);
    for rename in renames {
        let (connector, server) = (rename.connector(), part.server);
        let name = server.own_name(connector);
        let key = fact("receive", server.name(), name);
        steps.push(
            named(key, server.name(), name, connector, rename.name(), |name| {
                commands::name_on(server, connector, name)
            })
            .needs(before_names.clone()),
        );
    }
    steps
}

fn import(part: &Part<'_>, has_smtp_step: bool) -> Unit {
    let (server, new) = (part.server, part.plan.change().thumbprint());
    let services = fact("services", server.name(), new);
    let undo = Unit::part(server.name(), format!("remove {new}"))
        .gives(services.clone(), "absent")
        .call(commands::remove_imported(server, new));
    let undo = Unit { removes: Some(new), or_else: has_smtp_step.then(|| id("smtp", part)), ..undo };
    Unit::new(id("import", part), server.name(), format!("import {new}"))
        .gives(services, "None")
        .gives(fact("key", server.name(), new), "CSP")
        .call(commands::import_opened(server))
        .undone_by([undo])
}

fn smtp(part: &Part<'_>, now: Timestamp) -> Unit {
    let (server, new) = (part.server, part.plan.change().thumbprint());
    let moves = part.plan.change().moves_default_smtp();
    let default = fact("default", server.name(), "");
    let former = part.today.default_smtp().value().filter(|former| *former != new);
    // One that is gone, or outside its dates, is not made the default again.
    let given_back =
        former.and_then(|former| part.today.installed(former)).filter(|it| it.is_current(now) && it.has_private_key());
    let undo = given_back.map(|former| {
        let former = former.thumbprint();
        Unit::part(server.name(), format!("the default to {former}"))
            .gives(default.clone(), former.to_string())
            .call(commands::enable_as_default(server, former))
    });
    let ending = match (moves, part.may_keep()) {
        (true, _) => ", as the default",
        (false, true) => ", keeping the default",
        (false, false) => "",
    };
    let step = Unit::new(id("smtp", part), server.name(), format!("SMTP to {new}{ending}"));
    let step = step.gives(fact("services", server.name(), new), "SMTP");
    if moves {
        let step = step.gives(default, new.to_string()).call(commands::enable_as_default(server, new));
        return step.undone_by(undo);
    }
    if !part.may_keep() {
        return step.call(commands::enable_quietly(server, new, Service::SMTP, false));
    }
    // Whoever holds a subscription holds the default of that time: it is not given to another one, not even for a moment.
    let may_give_back = given_back.is_some() && !server.edge_subscribed();
    let step = former.iter().fold(step, |step, former| step.gives(default.clone(), former.to_string()));
    let step = step.undone_by(undo.filter(|_| may_give_back));
    Unit { does: Some(Does::Keep { former, may_give_back }), ..step }
}

/// Assigns IMAP, POP and IIS.
fn assign(part: &Part<'_>, services: Service, facts: &Facts) -> Unit {
    let (server, new) = (part.server, part.plan.change().thumbprint());
    let leaves_ssl = !part.plan.request().require_ssl() || part.old().is_some_and(|old| old.has(Service::IIS));
    let printed = services.to_string();
    let mut step = Unit::new(id("assign", part), server.name(), format!("{services} to {new}"))
        .gives(fact("services", server.name(), new), printed)
        .call(commands::enable_quietly(server, new, services, leaves_ssl));
    let mut undo = Vec::new();
    if services.contains(Service::IIS) {
        let bound: Vec<_> = bound(part).into_iter().filter(|(key, _)| facts.has(key)).collect();
        step = bound.iter().fold(step, |step, (key, _)| step.gives(key.clone(), new.to_string()));
        let former = bound.iter().find_map(|(key, former)| Some((key.clone(), (*former)?)));
        let former = former.map(|(key, former)| (key, former.to_string(), former)).or_else(|| by_sites(part, facts));
        if let Some((key, value, former)) = former.filter(|(_, _, former)| can_be_assigned(part, *former)) {
            let undo_iis = Unit::part(server.name(), format!("IIS to {former}")).gives(key, value);
            undo.push(undo_iis.call(commands::enable_quietly(server, former, Service::IIS, true)));
        }
    }
    for (kind, service) in [("imap", Service::IMAP), ("pop", Service::POP)] {
        let name = part.plan.change().new_certificate_name(server, service);
        let Some(name) = name.filter(|_| services.contains(service)) else { continue };
        let key = fact(kind, server.name(), "");
        if !facts.has(&key) {
            continue;
        }
        step = step.gives(key.clone(), &*name);
        let former = match server.certificate_name(service) {
            Fact::Value(former) => Some(former),
            _ => None,
        };
        if former != Some(&*name) {
            let what = former.map_or_else(|| format!("{kind} names nothing"), |former| format!("{kind} to {former}"));
            let undo_name = Unit::part(server.name(), what).gives(key, former.unwrap_or_default());
            undo.push(undo_name.call(commands::host_quietly(server, service, former)));
        }
    }
    step.undone_by(undo)
}

/// Whether a certificate is there, and Exchange would take it.
fn can_be_assigned(part: &Part<'_>, thumbprint: Thumbprint) -> bool {
    let installed = part.today.installed(thumbprint);
    thumbprint != part.plan.change().thumbprint() && installed.is_some_and(|installed| installed.has_private_key())
}

/// What shows that IIS has gone back, where bindings are not known.
fn by_sites(part: &Part<'_>, facts: &Facts) -> Option<(String, String, Thumbprint)> {
    let old = part.old().filter(|old| old.has(Service::IIS))?;
    let key = fact("sites", part.server.name(), old.thumbprint());
    let before = facts.before(&key)?.to_owned();
    Some((key, before, old.thumbprint()))
}

fn unified_messaging(part: &Part<'_>, kind: &str, service: Service) -> Unit {
    let (server, new) = (part.server, part.plan.change().thumbprint());
    let windows = service.windows_services();
    let enable = Unit::part(server.name(), format!("{service} to {new}"))
        .gives(fact("services", server.name(), new), service.to_string())
        .call(commands::enable_quietly(server, new, service, false));
    Unit {
        steps: vec![Unit::stop(server.name(), windows), enable],
        finally: vec![Unit::start(server.name(), windows)],
        ..Unit::new(id(kind, part), server.name(), format!("{service} to {new}"))
    }
}

/// Gives a connector another name, and takes it back.
fn named(
    key: String,
    at: &str,
    shown: &str,
    connector: &Connector,
    name: &TlsCertificateName,
    set: impl Fn(Option<&TlsCertificateName>) -> Command,
) -> Unit {
    let former = connector.tls_certificate_name().value();
    let undo = Unit::part(at, format!("{shown} to the former name"))
        .gives(key.clone(), former.map(ToString::to_string).unwrap_or_default())
        .call(set(former));
    Unit::new(key.clone(), at, format!("{shown} to the new name"))
        .gives(key, name.to_string())
        .call(set(Some(name)))
        .undone_by([undo])
}

fn of_moved(scope: &Scope<'_>, moved: &Moved<'_>, ids: &[String]) -> Unit {
    let connector = moved.connector;
    let (key, shown) = match connector.kind() {
        ConnectorKind::Hybrid => (fact("hybrid", "", ""), "the hybrid configuration"),
        _ => (fact("send", "", connector.name()), connector.name()),
    };
    let needed =
        |part: &&Part<'_>| moved.after.is_empty() || moved.after.iter().any(|name| part.server.is_called(name));
    let needed = scope.parts.iter().filter(needed).flat_map(|part| [id("smtp", part), id("import", part)]);
    let needed: Vec<_> = needed.filter(|id| ids.contains(id)).collect();
    named(key, "", shown, connector, moved.name, |name| commands::name_everywhere(connector, name)).needs(needed)
}

/// What is restarted once the steps that it is due for have been done.
pub(super) fn restarts(scope: &Scope<'_>, steps: &[Unit]) -> Vec<Restart> {
    let now = scope.now;
    let mut restarts = Vec::new();
    for part in &scope.parts {
        for (kind, of_kind, service) in
            [("imap", EndpointKind::Imap, Service::IMAP), ("pop", EndpointKind::Pop, Service::POP)]
        {
            let presented = |server: &Server| {
                let endpoints = now.to_system_time().map(|now| server.endpoints(now)).unwrap_or_default();
                endpoints
                    .into_iter()
                    .find(|endpoint| endpoint.kind() == of_kind)
                    .map(|endpoint| endpoint.presented().clone())
            };
            let is_assigned = part.in_question().contains(service);
            if !is_assigned && presented(&part.today) == presented(&part.after) {
                continue;
            }
            let after = [id("import", part), id("assign", part)];
            let after: Vec<_> = after.into_iter().filter(|id| steps.iter().any(|step| step.id == *id)).collect();
            if !after.is_empty() {
                let server = part.server.name().to_owned();
                restarts.push(Restart { server, kind, services: service.windows_services(), after });
            }
        }
    }
    restarts
}

/// What is removed at the end.
pub(super) fn removals(scope: &Scope<'_>, facts: &Facts) -> Vec<Unit> {
    let removed = || scope.parts.iter().filter_map(|part| Some((part, part.server.installed(part.removed?)?)));
    let is_held = |old: &crate::server::Installed| {
        let name = TlsCertificateName::of(old.certificate());
        scope.same.iter().any(|same| scope.name_then(same) == Some(&name))
    };
    let removal = |(part, old): (&Part<'_>, &crate::server::Installed)| {
        let (server, thumbprint) = (part.server, old.thumbprint());
        let removal = Unit::part(server.name(), format!("remove {thumbprint}"))
            .gives(fact("services", server.name(), thumbprint), "absent")
            .call(commands::remove_quietly(server, old));
        // What else is read of it goes with it.
        let others =
            [("key", "absent"), ("sites", "")].map(|(kind, gone)| (fact(kind, server.name(), thumbprint), gone));
        let removal = others
            .into_iter()
            .filter(|(key, _)| facts.has(key))
            .fold(removal, |removal, (key, gone)| removal.gives(key, gone));
        Unit { removes: Some(thumbprint), ..removal }
    };
    let mut removals: Vec<_> = removed()
        .filter(|(_, old)| !is_held(old))
        .map(|(part, old)| Unit { id: id("remove", part), ..removal((part, old)) })
        .collect();
    let held: Vec<_> = removed().filter(|(_, old)| is_held(old)).map(removal).collect();
    if held.is_empty() {
        return removals;
    }
    let key = |connector: &Connector| fact("send", "", connector.name());
    let let_go = scope.same.iter().map(|connector| {
        let unit = Unit::part("", format!("{} names nothing", connector.name())).gives(key(connector), "");
        unit.call(commands::name_everywhere(connector, None))
    });
    let again = scope.same.iter().map(|connector| {
        let name = scope.name_then(connector);
        let unit = Unit::part("", format!("{} names it again", connector.name()));
        let unit = unit.gives(key(connector), name.map(ToString::to_string).unwrap_or_default());
        unit.call(commands::name_everywhere(connector, name))
    });
    let servers = scope.transport_servers();
    let stop = servers.iter().map(|server| Unit::stop(server, TRANSPORT));
    let start = servers.iter().map(|server| Unit::start(server, TRANSPORT));
    removals.push(Unit {
        switch: Some("StopTransport"),
        steps: stop.chain(let_go).chain(held).collect(),
        finally: again.chain(start).collect(),
        ..Unit::new("remove", "", "remove what Send connectors name, while transport is stopped")
    });
    removals
}
