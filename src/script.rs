//! The script of an operation: its commands in their order.

use std::borrow::Cow;
use std::fmt;

use crate::block::{Block, DefaultIsKept, IsAssigned, Statement};
use crate::case::{Assignment, Case};
use crate::change::Rename;
use crate::commands;
use crate::fact::Fact;
use crate::powershell::{Command, is_plain_word, string};
use crate::request::Answer;
use crate::server::{Connector, ConnectorKind, Installed, Server, TlsCertificateName};
use crate::service::Service;
use crate::text::{self, list};
use crate::thumbprint::Thumbprint;

/// One line of a script: a command, or a comment for whoever runs it.
///
/// ```
/// use exchange_certificates::{Line, Request, Scenario, Service, Thumbprint, plan};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (server, now) = (scenario.server().cloned().unwrap(), scenario.now().unwrap());
///
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let script = plan(&server, &Request::assign(mail, Service::IIS), now)?.script();
/// assert!(matches!(script[..], [Line::Command(_)]));
/// println!("{}", script[0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line {
    /// A command.
    Command(Command),
    /// A comment, which never holds input.
    Comment(&'static str),
    /// A comment that names servers: only those whose name is a plain word, and how many others there are.
    OtherSources {
        /// The servers.
        servers: Vec<String>,
    },
    /// A comment that names the servers on which the certificate is to be imported first.
    Imports {
        /// The servers.
        servers: Vec<String>,
    },
    /// A statement of the language, which never holds input.
    Statement(&'static str),
    /// Stops the script if it runs on another computer than this one.
    Here {
        /// The name of the server.
        server: String,
    },
    /// Stops the script if a certificate does not show these services.
    Check {
        /// The command that shows the certificate.
        show: Command,
        /// The services.
        services: Service,
    },
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => command.fmt(f),
            Self::Comment(text) => write!(f, "# {text}"),
            Self::OtherSources { servers } => {
                f.write_str(
                    "# This removes the certificate from one server alone. Other source servers of the Send connectors \
                     may have it too: ",
                )?;
                write_servers(servers, f)
            }
            Self::Imports { servers } => {
                f.write_str("# Import the certificate with its private key on these servers first: ")?;
                write_servers(servers, f)
            }
            Self::Statement(text) => f.write_str(text),
            Self::Here { server } => {
                // What Windows calls the computer is the first label of its name.
                let computer = server.split('.').next().unwrap_or(server);
                write!(f, "if ($env:COMPUTERNAME -ne {}) ", string(computer))?;
                f.write_str("{ throw 'This block runs on the Edge Transport server itself: nothing after this line was done.' }")
            }
            Self::Check { show, services } => IsAssigned { show: show.clone(), services: *services }.fmt(f),
        }
    }
}

/// Servers in a comment: those whose name is a plain word, and how many others there are.
fn write_servers(servers: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_plain = |server: &&String| is_plain_word(server);
    let named: Vec<_> = servers.iter().filter(is_plain).map(String::as_str).collect();
    f.write_str(&named.join(", "))?;
    match (named.len(), servers.len() - named.len()) {
        (_, 0) => Ok(()),
        (0, others) => write!(f, "{others}"),
        (_, others) => write!(f, " and {others} more"),
    }
}

impl From<Command> for Line {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

const ANSWER_NO: &str =
    "Answer No when asked whether to overwrite the default SMTP certificate: Enter alone means Yes.";

/// The whole script of a request that goes through, a line each.
pub(crate) fn lines(blocks: &[Block], other_sources: &[String]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut statements = blocks.iter().flat_map(Block::statements).peekable();
    while let Some(statement) = statements.next() {
        // The removal is the last one.
        if statements.peek().is_none() && !other_sources.is_empty() {
            lines.push(Line::OtherSources { servers: other_sources.to_vec() });
        }
        if matches!(statement, Statement::Asking(_)) {
            lines.push(Line::Comment(ANSWER_NO));
        }
        lines.extend(statement.commands().cloned().map(Line::from));
    }
    lines
}

/// The blocks as one file: nothing is parted from what comes after it, since nobody pastes it. What is for another
/// computer is done there alone.
pub(crate) fn file(blocks: &[Block]) -> Vec<u8> {
    let mut places: Vec<&str> = Vec::new();
    for computer in blocks.iter().filter_map(Block::computer) {
        if !places.contains(&computer) {
            places.push(computer);
        }
    }
    let mut text = String::new();
    for group in blocks.chunk_by(|one, other| one.computer() == other.computer()) {
        let statements: Vec<_> = group.iter().flat_map(Block::statements).cloned().collect();
        if statements.is_empty() {
            continue;
        }
        let body = Block::of_whole_file(statements).text();
        match group.first().and_then(Block::computer) {
            Some(computer) => text.push_str(&format!("if ({}) {{\n{body}}}\n", is_on(computer))),
            None if places.is_empty() => text.push_str(&body),
            None => {
                let others: Vec<_> = places.iter().map(|place| is_on(place).to_string()).collect();
                text.push_str(&format!("if (-not ({})) {{\n{body}}}\n", others.join(" -or ")));
            }
        }
    }
    marked(&text.replace('\n', "\r\n"))
}

fn is_on(computer: &str) -> impl fmt::Display {
    // What Windows calls the computer is the first label of its name.
    let computer = computer.split('.').next().unwrap_or(computer);
    text::from_fn(move |f| write!(f, "$env:COMPUTERNAME -eq {}", string(computer)))
}

/// UTF-8 with a byte order mark.
pub(crate) fn marked(text: &str) -> Vec<u8> {
    [b"\xEF\xBB\xBF", text.as_bytes()].concat()
}

/// What a request that goes through takes, a block after the other. Of what is planned for the whole organisation it is
/// the assignment alone.
pub(crate) fn blocks(case: &Case<'_>) -> Vec<Block> {
    let mut blocks = case.assignment.as_ref().map(assignment).unwrap_or_default();
    if case.is_part {
        return blocks;
    }
    let check = blocks.iter().any(Block::asks).then(|| default_is_kept(case.server, case.request.thumbprint()));
    if let Some(removed) = case.removal().and_then(|removal| removal.removed()) {
        let others = other_sources(case);
        let words: Cow<'static, str> = if case.change.renames().is_empty() {
            "remove the certificate:".into()
        } else if others.is_empty() {
            "give the connectors the name of the new certificate, and remove the old one:".into()
        } else {
            format!(
                "give the connectors the name of the new certificate, and remove the old one from this server alone; \
                 other source servers of the connectors may have it too: {}:",
                list(&others)
            )
            .into()
        };
        let removal = removal(case, removed);
        blocks.push(Block::new(words, check.into_iter().chain(removal).collect()).at(case.server));
    } else if !case.change.renames().is_empty() {
        let names = renamed(case).map(|(rename, connector)| set_name(rename, connector));
        let words = "give the connectors the name of the new certificate:";
        blocks.push(Block::new(words, check.into_iter().chain(names).collect()).at(case.server));
    }
    blocks
}

/// Stops unless the default SMTP certificate has been kept, as a question before it was to be answered.
pub(crate) fn default_is_kept(server: &Server, new: Thumbprint) -> Statement {
    let show = commands::get_transport_service(server);
    Statement::DefaultIsKept(DefaultIsKept::new(show, server.default_smtp(), Some(new)))
}

/// The other source servers of the Send connectors whose name is taken away and given back: Exchange does not remove
/// the old certificate there while they have it.
pub(crate) fn other_sources(case: &Case<'_>) -> Vec<String> {
    if case.is_part {
        return Vec::new();
    }
    let held = case.change.renames().iter().filter(|rename| rename.is_the_same()).map(Rename::connector);
    let mut servers: Vec<String> = Vec::new();
    for server in held.flat_map(Connector::servers) {
        if !case.server.is_called(server) && !servers.iter().any(|known| text::same(known, server)) {
            servers.push(server.clone());
        }
    }
    servers
}

fn assignment(case: &Assignment<'_>) -> Vec<Block> {
    let server = case.server();
    let services = case.in_question() - Service::FEDERATION;
    let default = server.default_smtp();
    let may_ask = default == Fact::NotKnown || case.other_default_smtp().is_some() || case.moves_default_smtp();
    let alone = if may_ask { services & Service::SMTP } else { Service::empty() };
    let mut statements = Vec::new();
    let together = services - alone;
    if !together.is_empty() {
        let unified_messaging: Service = services & (Service::UM | Service::UM_CALL_ROUTER);
        let of_each = |command: fn(&Server, Service) -> Command| {
            unified_messaging.each().map(move |service| command(server, service))
        };
        statements.push(if unified_messaging.is_empty() {
            Statement::Command(enable(case, together))
        } else {
            let stopped = of_each(commands::stop).chain([enable(case, together)]);
            Statement::Guarded(stopped.collect(), of_each(commands::start).collect())
        });
    }
    let is_replaced = case.request().default_smtp() == Some(Answer::Replace);
    if !alone.is_empty() && is_replaced {
        statements.push(Statement::Command(enable(case, alone).switch("Force")));
    }
    let mut blocks = Vec::new();
    if !statements.is_empty() {
        blocks.push(Block::new("assign the certificate:", statements).at(server));
    }
    if !alone.is_empty() && !is_replaced {
        let words = "assign SMTP, and answer No when asked whether to overwrite the default SMTP certificate: Enter \
                     alone means Yes:";
        blocks.push(Block::new(words, vec![Statement::Asking(enable(case, alone))]).at(server));
    }
    blocks
}

fn enable(case: &Assignment<'_>, services: Service) -> Command {
    let command = commands::enable(case.server(), case.request().thumbprint(), services);
    if services.contains(Service::IIS) && !case.request().require_ssl() {
        command.switch("DoNotRequireSsl")
    } else {
        command
    }
}

/// The connectors that are given a name, in the order of the server's.
fn renamed<'a>(case: &'a Case<'_>) -> impl Iterator<Item = (&'a Rename, &'a Connector)> {
    let of = |connector| case.change.renames().iter().find(|rename| rename.is_of(connector)).zip(Some(connector));
    case.server.connectors().filter_map(of)
}

fn set_name(rename: &Rename, connector: &Connector) -> Statement {
    Statement::Command(commands::set_tls_certificate_name(connector, rename.name()))
}

/// The removal, with the names that move to the new certificate.
fn removal(case: &Case<'_>, removed: &Installed) -> Vec<Statement> {
    let remove = commands::remove_installed(case.server, removed);
    match case.change.renames().iter().find(|rename| rename.is_the_same()) {
        Some(rename) => {
            let connectors: Vec<_> = renamed(case).map(|(_, connector)| connector).collect();
            vec![remove_unnamed(case.server, &connectors, rename.name(), remove)]
        }
        None => {
            let set = renamed(case).map(|(rename, connector)| set_name(rename, connector));
            set.chain([Statement::Command(remove)]).collect()
        }
    }
}

/// Removes a certificate while no connector names it: Exchange refuses to while a Send connector does. They get the name
/// back, since it is another certificate's too, and transport is started again, whatever fails between.
pub(crate) fn remove_unnamed(
    server: &Server,
    connectors: &[&Connector],
    name: &TlsCertificateName,
    remove: Command,
) -> Statement {
    let sending = || connectors.iter().copied().filter(|connector| connector.kind() == ConnectorKind::Send);
    let mut commands = commands::stop_transport(sending(), server);
    commands.extend(connectors.iter().map(|connector| commands::clear_tls_certificate_name(connector)));
    commands.push(remove);
    let set = connectors.iter().map(|connector| commands::set_tls_certificate_name(connector, name));
    Statement::Guarded(commands, set.chain(commands::start_transport(sending(), server)).collect())
}
