//! Several servers, and a script that runs in one shell for all of them but the Edge Transport servers.

use super::super::decision_table::{ConnectorKind, SERVICES};
use super::cmdlets::{Call, bind};
use super::machine::Machine;
use super::syntax::{Command, Condition, Failure, Item, Value, read};

/// The servers of an organisation.
#[derive(Clone, Debug)]
pub struct Organisation {
    pub servers: Vec<Machine>,
    /// The server whose next assignment fails, as when it does not answer.
    pub fails: Option<String>,
}

/// Where the administrator is.
enum Place {
    /// In a shell that reaches every server but the Edge Transport servers.
    Shell,
    /// Before an Edge Transport server that the script has not named yet.
    AnyEdge,
    Edge(usize),
}

impl Organisation {
    /// Runs a script to its end, or to what stops it.
    pub fn run(&mut self, script: &str) -> Result<(), Failure> {
        let items = read(script)?;
        let mut place = Place::Shell;
        let mut stops_at_errors = false;
        let mut comment = None;
        for item in &items {
            match item {
                Item::Assignment { line, variable, text } => {
                    if variable != "$ErrorActionPreference" || text != "Stop" || *line != 1 {
                        return fail(*line, "an assignment that means nothing here");
                    }
                    stops_at_errors = true;
                }
                Item::Comment { text, .. } if text == "# On the Edge Transport server itself:" => {
                    place = Place::AnyEdge
                }
                Item::Comment { text, .. } if text == "# The next server:" => place = Place::Shell,
                Item::Comment { .. } => comment = Some(item.clone()),
                Item::Scope(_) | Item::Finally { .. } | Item::Kept { .. } | Item::Copied { .. } | Item::Drain => {
                    return fail(1, "what is pasted, which a script has no use for");
                }
                Item::Throw { line, when: Condition::Unset(_) | Condition::Compared { .. }, .. } => {
                    return fail(*line, "a condition that means nothing here");
                }
                Item::Expression { line, .. } => return fail(*line, "an expression that means nothing here"),
                Item::Throw { line, when: Condition::ElsewhereThan(name), .. } => {
                    let is_named = |server: &Machine| server.is_edge() && server.name().eq_ignore_ascii_case(name);
                    place = match (place, self.servers.iter().position(is_named)) {
                        (Place::AnyEdge, Some(edge)) => Place::Edge(edge),
                        _ => return fail(*line, "nobody is at this server"),
                    };
                }
                Item::Throw { line, when: Condition::Lacks { texts, command, property }, text } => {
                    let call = bind(command)?;
                    if call.cmdlet != "Get-ExchangeCertificate" || property != "Services" {
                        return command.fail("shows no services");
                    }
                    let server = self.place(&call, &place)?;
                    let shown = self.servers[server].shown(call.text("Thumbprint")?);
                    let has = |name: &String| SERVICES.iter().any(|(bit, known)| known == name && shown & bit != 0);
                    if !texts.iter().all(has) {
                        return fail(*line, text);
                    }
                }
                Item::Pipeline(commands) => {
                    let [command] = commands.as_slice() else { return commands[0].fail("a pipeline") };
                    if !stops_at_errors {
                        return command.fail("the script goes on where it fails");
                    }
                    let said = comment.take().into_iter().chain([item.clone()]).collect();
                    self.command(command, said, &place)?;
                }
            }
        }
        for server in &mut self.servers {
            server.end().map_err(|what| Failure { line: script.lines().count(), column: 1, what })?;
        }
        Ok(())
    }

    fn command(&mut self, command: &Command, said: Vec<Item>, place: &Place) -> Result<(), Failure> {
        let call = bind(command)?;
        let kind = match call.cmdlet {
            "Set-SendConnector" => Some(ConnectorKind::Send),
            "Set-HybridConfiguration" => Some(ConnectorKind::Hybrid),
            _ => None,
        };
        if let Some(kind) = kind {
            return self.connector(&call, kind);
        }
        let server = match call.cmdlet {
            "Invoke-Command" => self.named(&call, call.text("ComputerName")?)?,
            _ if call.on_server => self.place(&call, place)?,
            _ => return command.fail("runs on whatever computer the shell is on"),
        };
        let name = self.servers[server].name().to_owned();
        if call.cmdlet == "Enable-ExchangeCertificate" && self.fails.as_deref() == Some(&name) {
            return command.fail("the server does not answer");
        }
        self.servers[server].run_items(&said, &name)
    }

    /// A connector of the organisation is one, whichever server is asked.
    fn connector(&mut self, call: &Call<'_>, kind: ConnectorKind) -> Result<(), Failure> {
        let identity = (kind != ConnectorKind::Hybrid).then(|| call.text("Identity")).transpose()?;
        let name = match call.value("TlsCertificateName")? {
            Value::Text(name) => name,
            other => return call.command.fail(format!("no name: {other:?}")),
        };
        let mut is_known = false;
        for server in &mut self.servers {
            is_known |= server.follow_connector(kind, identity, name).or_else(|what| call.command.fail(what))?;
        }
        if is_known { Ok(()) } else { call.command.fail("there is no such connector") }
    }

    fn place(&self, call: &Call<'_>, place: &Place) -> Result<usize, Failure> {
        match (place, call.has("Server")) {
            (Place::Edge(edge), false) => Ok(*edge),
            (Place::Shell, true) => self.named(call, call.text("Server")?),
            (Place::Shell, false) => call.command.fail("runs on whatever server the shell is on"),
            (Place::Edge(_), true) => call.command.fail("an Edge server knows no -Server"),
            (Place::AnyEdge, _) => call.command.fail("nobody knows on which Edge Transport server"),
        }
    }

    fn named(&self, call: &Call<'_>, name: &str) -> Result<usize, Failure> {
        match self.servers.iter().position(|server| server.name() == name && !server.is_edge()) {
            Some(server) => Ok(server),
            None => call.command.fail(format!("there is no server {name}")),
        }
    }
}

fn fail<T>(line: usize, what: &str) -> Result<T, Failure> {
    Err(Failure { line, column: 1, what: what.to_owned() })
}
