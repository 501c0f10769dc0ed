//! What is done on many servers, step by step: as lines of a script, and as blocks that are pasted.

use super::Fleet;
use super::names::MovedName;
use super::planned::Planned;
use crate::block::{Block, IsAssigned, Statement};
use crate::certificate::Certificate;
use crate::change::Rename;
use crate::commands;
use crate::diagnostic::Diagnostic;
use crate::finding::Kind;
use crate::plan::{NoPlan, Plan};
use crate::remedy::{self, Elsewhere as _};
use crate::script::{self, Line};
use crate::server::{Connector, Server, TlsCertificateName};
use crate::text;

/// The steps in their order.
#[derive(Default)]
pub(super) struct Steps {
    lines: Vec<Line>,
    blocks: Vec<Block>,
    /// Whether the last lines run on an Edge Transport server.
    is_on_edge: bool,
}

/// The steps of an assignment: a server after the other, each with a look whether it worked, and the connectors behind
/// the last server that they concern.
pub(super) fn of_assignment(
    fleet: &Fleet,
    order: &[&Server],
    servers: &[(String, Result<Plan, NoPlan>)],
    connectors: &[MovedName],
    imports: &[String],
    new: Option<&Certificate>,
) -> Steps {
    let mut steps = Steps::default();
    new.into_iter().for_each(|new| steps.import(fleet, imports, new));
    for (done, (server, (_, outcome))) in (1..).zip(order.iter().zip(servers)) {
        let Ok(plan) = outcome else { continue };
        steps.assign(server, plan);
        steps.name(None, connectors.iter().filter(|moved| moved.place() == done));
    }
    steps
}

/// The steps of a renewal: the assignments on all servers, each connector once, and what is removed at the end. The
/// Send connectors that have the name of the new certificate by then let go of it for as long as an old one of that name
/// is removed.
pub(super) fn of_renewal(
    fleet: &Fleet,
    parts: &[Planned<'_>],
    connectors: &[MovedName],
    send: &[&Connector],
    imports: &[String],
    new: &Certificate,
) -> Steps {
    let mut steps = Steps::default();
    let planned = || parts.iter().filter_map(|part| Some((part, part.plan()?)));
    let imports: Vec<_> =
        planned().map(|(part, _)| part.server.name().to_owned()).filter(|name| imports.contains(name)).collect();
    steps.import(fleet, &imports, new);
    planned().for_each(|(part, plan)| steps.assign(part.server, plan));
    let is_on_edge =
        |moved: &&MovedName| parts.iter().any(|part| part.server.is_edge() && part.server.owns(moved.connector()));
    steps.name(None, connectors.iter().filter(|moved| !is_on_edge(moved)));
    for part in parts.iter().filter(|part| part.server.is_edge()) {
        steps.name(Some(part.server), connectors.iter().filter(|moved| part.server.owns(moved.connector())));
    }
    let removed: Vec<_> =
        planned().filter(|(_, plan)| plan.change().removed().is_some()).map(|(part, _)| part).collect();
    if !removed.is_empty() {
        steps.look();
        steps.remove(fleet, &removed, send, new);
    }
    steps
}

impl Steps {
    /// The script and the blocks, unless something of the whole refuses them.
    pub(super) fn unless(mut self, diagnostics: &[Diagnostic]) -> (Vec<Line>, Vec<Block>) {
        if diagnostics.iter().any(|said| said.kind() == Kind::Refuse) {
            return (Vec::new(), Vec::new());
        }
        if !self.lines.is_empty() {
            self.lines.insert(0, Line::Statement("$ErrorActionPreference = 'Stop'"));
        }
        (self.lines, self.blocks)
    }

    fn import(&mut self, fleet: &Fleet, imports: &[String], new: &Certificate) {
        if imports.is_empty() {
            return;
        }
        self.lines.push(Line::Imports { servers: imports.to_vec() });
        let thumbprint = new.thumbprint();
        let holders = fleet.holders(thumbprint);
        let holders: Vec<_> =
            holders.into_iter().filter(|server| !imports.iter().any(|name| name == server.name())).collect();
        for server in imports.iter().filter_map(|name| fleet.get(name)) {
            let words = "import the certificate with its private key, which the .pfx file holds:";
            let import = || Block::of(words, [commands::import(server)]).at(server);
            let block = remedy::copy(&holders, thumbprint, server).filter(|block| !block.statements().is_empty());
            self.blocks.push(block.unwrap_or_else(import).of_server(server));
        }
    }

    fn heading(&mut self, server: &Server) {
        self.is_on_edge = server.is_edge();
        if server.is_edge() {
            self.lines.push(Line::Comment("On the Edge Transport server itself:"));
            self.lines.push(Line::Here { server: server.name().to_owned() });
        } else {
            self.lines.push(Line::Comment("The next server:"));
        }
    }

    /// Back to the shell that reaches all other servers.
    fn heading_of_organisation(&mut self) {
        if std::mem::take(&mut self.is_on_edge) {
            self.lines.push(Line::Comment("For the organisation, not on the Edge Transport server:"));
        }
    }

    fn assign(&mut self, server: &Server, plan: &Plan) {
        if plan.blocks().is_empty() {
            return;
        }
        let thumbprint = plan.request().thumbprint();
        let show = commands::get_certificate(server, thumbprint);
        self.heading(server);
        self.lines.extend(plan.script());
        self.lines.push(Line::Check { show: show.clone(), services: plan.in_question() });
        self.blocks.extend(plan.blocks().iter().cloned().map(|block| block.of_server(server)));
        let is_kept = plan.blocks().iter().any(Block::asks).then(|| script::default_is_kept(server, thumbprint));
        let is_assigned = Statement::IsAssigned(IsAssigned { show, services: plan.in_question() });
        let check = Block::new("go on only if this says nothing:", is_kept.into_iter().chain([is_assigned]).collect());
        self.blocks.push(check.at(server).of_server(server));
    }

    /// Sets names: of an Edge Transport server's own connectors there, else in the shell at hand.
    fn name<'a>(&mut self, edge: Option<&Server>, connectors: impl Iterator<Item = &'a MovedName>) {
        let set: Vec<_> =
            connectors.map(|moved| commands::set_tls_certificate_name(moved.connector(), moved.name())).collect();
        if set.is_empty() {
            return;
        }
        match edge {
            Some(edge) => self.heading(edge),
            None => self.heading_of_organisation(),
        }
        self.lines.extend(set.iter().cloned().map(Line::from));
        let block = Block::of("give the connectors the name of the new certificate:", set);
        self.blocks.push(match edge {
            Some(edge) => block.at(edge),
            None => block.in_any_shell(),
        });
    }

    fn look(&mut self) {
        self.lines.push(Line::Comment(
            "Carry out the restarts first, and look at what every server presents: what is removed now is gone.",
        ));
        let words = "carry out the restarts that are named, look at what every server presents and at the names of the \
                     connectors, and go on only if all is as planned: what is removed is gone:";
        self.blocks.push(Block::of(words, [commands::show_send_connectors()]).in_any_shell());
    }

    fn remove(&mut self, fleet: &Fleet, removed: &[&Planned<'_>], send: &[&Connector], new: &Certificate) {
        let name = TlsCertificateName::of(new);
        let (held, free): (Vec<&Planned<'_>>, Vec<&Planned<'_>>) = removed.iter().copied().partition(|part| {
            let is_named = part.old().is_some_and(|old| TlsCertificateName::of(old.certificate()) == name);
            !part.server.is_edge() && is_named && !send.is_empty()
        });
        let remove = |part: &&Planned<'_>| Some(commands::remove_installed(part.server, part.old()?));
        for part in &free {
            self.heading(part.server);
            let own = on_edge(part);
            let around = |remove| match own.as_slice() {
                [] => Statement::Command(remove),
                own => script::remove_unnamed(part.server, own, &name, remove),
            };
            let statements = remove(part).map(around).into_iter().collect();
            let block = Block::new("remove the old certificate:", statements).at(part.server);
            self.lines.extend(block.statements().iter().flat_map(Statement::commands).cloned().map(Line::from));
            self.blocks.push(block.of_server(part.server));
        }
        if held.is_empty() {
            return;
        }
        // Exchange removes no certificate from any server while a Send connector names its names.
        let computers = computers(fleet, send);
        let (words, comment) = match computers.as_slice() {
            // An Edge Transport server's is its own, and nothing is sent from here.
            [] => (
                "remove the old certificate from all servers, while the connectors have no name, which is the new \
                 certificate's too:",
                "On all servers, while the connectors have no name:",
            ),
            _ => (
                "remove the old certificate from all servers, while transport is stopped and the connectors have no \
                 name, which is the new certificate's too:",
                "On all servers, while transport is stopped there:",
            ),
        };
        let computers = || computers.iter().map(String::as_str);
        let mut commands = commands::stop_transport_on(computers());
        commands.extend(send.iter().map(|connector| commands::clear_tls_certificate_name(connector)));
        commands.extend(held.iter().filter_map(remove));
        let set = send.iter().map(|connector| commands::set_tls_certificate_name(connector, &name));
        let always = set.chain(commands::start_transport_on(computers())).collect();
        let block = Block::new(words, vec![Statement::Guarded(commands, always)]).in_any_shell();
        self.heading_of_organisation();
        self.lines.push(Line::Comment(comment));
        self.lines.extend(block.statements().iter().flat_map(Statement::commands).cloned().map(Line::from));
        self.blocks.push(block);
    }
}

/// An Edge Transport server's own connectors that let go of their name while the old certificate is removed there.
fn on_edge<'a>(part: &'a Planned<'_>) -> Vec<&'a Connector> {
    let renames = part.plan().filter(|_| part.server.is_edge()).map(|plan| plan.change().renames()).unwrap_or_default();
    let same = renames.iter().filter(|rename| rename.is_the_same()).map(Rename::connector);
    same.filter(|connector| part.server.owns(connector)).collect()
}

/// The computers on which transport sends by these connectors, as far as they are reached from inside.
fn computers(fleet: &Fleet, connectors: &[&Connector]) -> Vec<String> {
    let mut computers: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !computers.iter().any(|known| text::same(known, name)) {
            computers.push(name.to_owned());
        }
    };
    for connector in connectors {
        for name in connector.servers() {
            match fleet.get(name) {
                // The Client Access role of 2013 has no transport of its own that sends.
                Some(server) if !server.is_mailbox() => {}
                Some(server) => add(server.name()),
                None => add(name),
            }
        }
        if connector.servers().is_empty() {
            fleet.servers().filter(|server| server.is_mailbox()).for_each(|server| add(server.name()));
        }
    }
    computers
}
