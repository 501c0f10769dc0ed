//! Several servers, and a script that runs in one shell for all of them but the Edge Transport servers.

use super::super::decision_table::organization::{OrganizationFacts, ViewOfServer};
use super::super::decision_table::{CertificateFacts, ConnectorKind, RequestFacts, SERVICES, Situation};
use super::cmdlets::{Call, bind};
use super::machine::Machine;
use super::syntax::{Command, Condition, Failure, Item, Value, read};

/// The servers of an organisation.
#[derive(Clone, Debug)]
pub struct Organisation {
    pub servers: Vec<Machine>,
    /// The server whose next assignment fails, as when it does not answer.
    pub fails: Option<String>,
    /// What was done, in its order.
    pub ran: Vec<Ran>,
}

/// A command that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Where it had its effect; `None` is the organisation.
    pub server: Option<String>,
    /// As it stands in the script.
    pub line: String,
}

/// What leads back from an Edge Transport server.
const BACK_IN_SHELL: [&str; 2] = ["# The next server:", "# For the organisation, not on the Edge Transport server:"];

/// Where the administrator is.
enum Place {
    /// In a shell that reaches every server but the Edge Transport servers.
    Shell,
    /// Before an Edge Transport server that the script has not named yet.
    AnyEdge,
    Edge(usize),
}

impl Organisation {
    pub fn new(servers: Vec<Machine>) -> Self {
        Self { servers, fails: None, ran: Vec::new() }
    }

    /// The servers of a renewal as they are today.
    pub fn of(facts: &OrganizationFacts, thumbprint_of_no_certificate: &str) -> Self {
        let request = RequestFacts { thumbprint: facts.request.new.thumbprint.clone(), ..RequestFacts::default() };
        let machine = |view: &ViewOfServer| {
            let situation = Situation { now: facts.now, server: view.today(), request: request.clone() };
            let mut machine = Machine::new(&situation, thumbprint_of_no_certificate);
            machine.has_own_from(view.own_from);
            machine
        };
        let mut organisation = Self::new(facts.views().iter().map(machine).collect());
        let edges: Vec<String> =
            organisation.servers.iter().filter(|it| !it.sends_from_inside()).flat_map(Machine::names).collect();
        organisation.servers.iter_mut().for_each(|it| it.cannot_reach(&edges));
        organisation
    }

    /// What a script leaves to the administrator: the certificate with its key, on this server.
    pub fn import(&mut self, server: &str, certificate: &CertificateFacts) {
        let server = self.servers.iter_mut().find(|it| it.is_called(server)).unwrap();
        server.import(certificate);
    }

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
                Item::Comment { text, .. } if BACK_IN_SHELL.contains(&text.as_str()) => place = Place::Shell,
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
                    let server = self.command(command, said, &place)?;
                    let line = script.lines().nth(command.line - 1).unwrap_or_default().to_owned();
                    self.ran.push(Ran { server, line });
                }
            }
        }
        for server in &mut self.servers {
            server.end().map_err(|what| Failure { line: script.lines().count(), column: 1, what })?;
        }
        Ok(())
    }

    /// Says on which server it ran.
    fn command(&mut self, command: &Command, said: Vec<Item>, place: &Place) -> Result<Option<String>, Failure> {
        let call = bind(command)?;
        let server = match call.cmdlet {
            "Set-SendConnector" => return self.connector(&call, ConnectorKind::Send, place),
            "Set-HybridConfiguration" => return self.connector(&call, ConnectorKind::Hybrid, place),
            "Set-ReceiveConnector" => self.receiving(&call, place)?,
            "Invoke-Command" => match self.invoked(&call, place)? {
                Some(server) => server,
                None => return self.transport_elsewhere(&call),
            },
            _ if call.on_server => self.place(&call, place)?,
            _ => match place {
                Place::Edge(edge) => *edge,
                _ => return command.fail("runs on whatever computer the shell is on"),
            },
        };
        let name = self.servers[server].name().to_owned();
        if call.cmdlet == "Enable-ExchangeCertificate" && self.fails.as_deref() == Some(&name) {
            return command.fail("the server does not answer");
        }
        self.servers[server].run_items(&said, &name)?;
        if let Some(stops) = controls_transport(&call)? {
            let names = self.servers[server].names();
            self.hear_of_transport(&names, stops);
        }
        Ok(Some(name))
    }

    /// A connector of the organisation is one, whichever server is asked; an Edge Transport server has its own.
    fn connector(&mut self, call: &Call<'_>, kind: ConnectorKind, place: &Place) -> Result<Option<String>, Failure> {
        let identity = (kind != ConnectorKind::Hybrid).then(|| call.text("Identity")).transpose()?;
        let name = match call.value("TlsCertificateName")? {
            Value::Null if kind == ConnectorKind::Send => None,
            Value::Text(name) => Some(name.as_str()),
            other => return call.command.fail(format!("no name: {other:?}")),
        };
        match place {
            Place::Shell => {
                let mut is_known = false;
                for server in &mut self.servers {
                    is_known |=
                        server.follow_connector(kind, identity, name, false).or_else(|what| call.command.fail(what))?;
                }
                if is_known { Ok(None) } else { call.command.fail("there is no such connector") }
            }
            Place::Edge(edge) => {
                let server = &mut self.servers[*edge];
                if server.is_subscribed() {
                    return call.command.fail("is synchronised, and cannot be set here");
                }
                let known = server.follow_connector(kind, identity, name, true);
                if !known.or_else(|what| call.command.fail(what))? {
                    return call.command.fail("there is no such connector");
                }
                Ok(Some(server.name().to_owned()))
            }
            Place::AnyEdge => call.command.fail("nobody knows on which Edge Transport server"),
        }
    }

    /// The server of a Receive connector, which stands before its name.
    fn receiving(&self, call: &Call<'_>, place: &Place) -> Result<usize, Failure> {
        let identity = call.text("Identity")?;
        let named = |(server, name): (&str, &str)| {
            let server = self.servers.iter().position(|it| it.is_called(server))?;
            self.servers[server].has_connector(ConnectorKind::Receive, name).then_some(server)
        };
        match (identity.split_once('\\').and_then(named), place) {
            (Some(server), Place::Edge(edge)) if server == *edge => Ok(server),
            (Some(server), Place::Shell) if !self.servers[server].is_edge() => Ok(server),
            _ => call.command.fail("there is no such connector"),
        }
    }

    /// `None` is a computer that is no server of the fleet.
    fn invoked(&self, call: &Call<'_>, place: &Place) -> Result<Option<usize>, Failure> {
        let computer = call.text("ComputerName")?;
        let server = self.servers.iter().position(|it| it.is_called(computer));
        match (place, server) {
            (Place::Shell, Some(server)) if self.servers[server].is_edge() => {
                call.command.fail("no shell reaches an Edge Transport server")
            }
            (Place::Shell, server) => Ok(server),
            _ => call.command.fail("reaches no other computer from an Edge Transport server"),
        }
    }

    fn transport_elsewhere(&mut self, call: &Call<'_>) -> Result<Option<String>, Failure> {
        let computer = call.text("ComputerName")?.to_owned();
        match controls_transport(call)? {
            Some(stops) => {
                self.hear_of_transport(std::slice::from_ref(&computer), stops);
                Ok(Some(computer))
            }
            None => call.command.fail(format!("there is no server {computer}")),
        }
    }

    fn hear_of_transport(&mut self, names: &[String], stops: bool) {
        for server in &mut self.servers {
            names.iter().for_each(|name| server.hear_of_transport(name, stops));
        }
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
        match self.servers.iter().position(|server| server.is_called(name) && !server.is_edge()) {
            Some(server) => Ok(server),
            None => call.command.fail(format!("there is no server {name}")),
        }
    }
}

/// Whether it stops transport, or starts it.
fn controls_transport(call: &Call<'_>) -> Result<Option<bool>, Failure> {
    if call.cmdlet == "Invoke-Command" {
        let Value::Block(items) = call.value("ScriptBlock")? else { return Ok(None) };
        let [Item::Pipeline(commands)] = items.as_slice() else { return Ok(None) };
        return match commands.as_slice() {
            [command] => controls_transport(&bind(command)?),
            _ => Ok(None),
        };
    }
    let stops = match call.cmdlet {
        "Stop-Service" => true,
        "Start-Service" => false,
        _ => return Ok(None),
    };
    Ok((call.words("Name")? == ["MSExchangeTransport"]).then_some(stops))
}

fn fail<T>(line: usize, what: &str) -> Result<T, Failure> {
    Err(Failure { line, column: 1, what: what.to_owned() })
}
