//! The servers of a scenario file, on which remedies are run: what each cmdlet does to them, from its reference and
//! from the specification. What is in a certificate is read by the library.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a JSON value answers for an absent key with null"
)]

mod certificates;
mod cmdlets;

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use exchange_certificates::{Certificate, Fleet, Service};
use serde_json::{Value, json};

use crate::support::interpreter::{Call, Command, Condition, Failure, Item, Value as Given, bind, read};

pub struct Organization {
    pub servers: Vec<Value>,
    now: SystemTime,
    /// The shell's own, then those of each scope that is open; what a variable holds is a certificate or a text.
    variables: Vec<BTreeMap<String, Kept>>,
    /// Certificates that a computer trusts.
    trusted: BTreeSet<(String, String)>,
    stopped: BTreeSet<(String, String)>,
    /// Whether the lines that a paste left over are taken, so that a question waits for whoever reads it.
    is_drained: bool,
    /// What `$args[0]` is, in a session on another computer.
    given: Option<String>,
    made: u8,
    /// How many cmdlets run before one fails, and then which one it was.
    fails_after: Option<usize>,
    failed: Option<&'static str>,
    /// Whether the next Auth certificate becomes the current one by itself, after its day.
    is_staged: bool,
}

#[derive(Clone)]
enum Kept {
    Nothing,
    Certificate(Certificate),
    /// An exported certificate with its private key.
    Exported(Value),
    Password,
}

pub fn certificate(installed: &Value) -> Certificate {
    serde_json::from_value(installed["certificate"].clone()).unwrap()
}

fn services(installed: &Value) -> Service {
    serde_json::from_value(installed["services"].clone()).unwrap_or(Service::empty())
}

fn is_edge(server: &Value) -> bool {
    server["roles"] == json!(["EdgeTransport"])
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

impl Organization {
    pub fn new(servers: &Value, now: SystemTime) -> Self {
        Self {
            servers: servers.as_array().unwrap().clone(),
            now,
            variables: vec![BTreeMap::new()],
            trusted: BTreeSet::new(),
            stopped: BTreeSet::new(),
            is_drained: false,
            given: None,
            made: 0,
            is_staged: false,
            fails_after: None,
            failed: None,
        }
    }

    pub fn fleet(&self) -> Fleet {
        serde_json::from_value(json!(self.servers)).unwrap()
    }

    /// Runs what is pasted on a computer, or in a shell that reaches every server but the Edge Transport servers.
    pub fn paste(&mut self, text: &str, computer: Option<&str>) -> Result<(), Failure> {
        let run = self.items(&read(text)?, computer);
        self.variables.truncate(1);
        run?;
        match self.stopped.first() {
            Some((computer, service)) => fail(format!("{service} is left stopped on {computer}")),
            None => Ok(()),
        }
    }

    /// What is left stopped where any one of the cmdlets fails, but those that start it.
    pub fn stopped_by_a_failure(
        servers: &Value,
        texts: &[(String, Option<&str>)],
        now: SystemTime,
    ) -> Result<(), String> {
        for place in 0.. {
            let mut organization = Self::new(servers, now);
            organization.fails_after = Some(place);
            // Blocks are pasted one after the other, whatever becomes of the one before.
            texts.iter().for_each(|(text, computer)| drop(organization.paste(text, *computer)));
            match (organization.failed, organization.stopped.first()) {
                (None, _) => break,
                (Some("Start-Service"), _) | (_, None) => {}
                (Some(failed), Some((computer, service))) => {
                    return Err(format!("{service} is left stopped on {computer} where {failed} fails"));
                }
            }
        }
        Ok(())
    }

    /// What Exchange does by itself in the days afterwards: every server gets the Auth certificates, and a next one that
    /// was staged becomes the current one.
    pub fn settle(&mut self) {
        self.copy_auth_certificates();
        for server in self.servers.iter_mut().filter(|_| self.is_staged) {
            if let Some(next) = server["auth_certificates"].get_mut("next").map(Value::take) {
                server["auth_certificates"] = json!({ "current": next });
            }
        }
    }

    fn copy_auth_certificates(&mut self) {
        let installed: Vec<Value> = self
            .servers
            .iter()
            .flat_map(|server| server["certificates"].as_array().cloned().unwrap_or_default())
            .collect();
        for server in self.servers.iter_mut().filter(|server| !is_edge(server)) {
            for which in ["current", "next"] {
                let Some(thumbprint) = server["auth_certificates"][which].as_str().map(str::to_owned) else { continue };
                let is_it = |other: &&Value| certificate(other).thumbprint().to_string() == thumbprint;
                let list = server["certificates"].as_array_mut().unwrap();
                if let (None, Some(found)) = (list.iter().find(is_it), installed.iter().find(is_it)) {
                    list.push(found.clone());
                }
            }
        }
    }

    fn items(&mut self, items: &[Item], computer: Option<&str>) -> Result<(), Failure> {
        items.iter().try_for_each(|item| self.item(item, computer))
    }

    fn item(&mut self, item: &Item, computer: Option<&str>) -> Result<(), Failure> {
        match item {
            Item::Comment { .. } => Ok(()),
            Item::Assignment { variable, .. } if variable == "$global:ErrorActionPreference" => Ok(()),
            Item::Assignment { variable, .. } => fail(format!("{variable} means nothing here")),
            Item::Copied { variable, .. } => {
                if variable == "$global:new" {
                    self.variables[0].insert("$new".to_owned(), Kept::Nothing);
                }
                Ok(())
            }
            Item::Drain => {
                self.is_drained = true;
                Ok(())
            }
            Item::Scope(items) => {
                self.variables.push(BTreeMap::new());
                let run = self.items(items, computer);
                self.variables.pop();
                self.is_drained = false;
                run
            }
            Item::Finally { tried, always } => {
                let run = self.items(tried, computer);
                self.items(always, computer)?;
                run
            }
            Item::Kept { variable, commands } => {
                let kept = self.commands(commands, computer)?;
                let scope = match variable.strip_prefix("$global:") {
                    Some(_) => self.variables.first_mut(),
                    None => self.variables.last_mut(),
                };
                scope.unwrap().insert(variable.replace("global:", ""), kept);
                Ok(())
            }
            Item::Pipeline(commands) => self.commands(commands, computer).map(drop),
            Item::Expression { text, .. } => self.expression(text, computer),
            Item::Throw { when, text, .. } => match self.holds(when, computer)? {
                true => fail(text.clone()),
                false => Ok(()),
            },
        }
    }

    fn holds(&self, when: &Condition, computer: Option<&str>) -> Result<bool, Failure> {
        match when {
            Condition::Unset(name) => Ok(matches!(self.variable(&format!("${name}")), None | Some(Kept::Nothing))),
            Condition::Compared { command, property, is_equal, text } => {
                let call = bind(command)?;
                if call.cmdlet != "Get-TransportService" || property != "InternalTransportCertificateThumbprint" {
                    return command.fail("shows nothing that is known here");
                }
                let named = if call.has("Identity") { Some(call.text("Identity")?) } else { computer };
                let shown = self.server(&call, named)?;
                let text = match (text.as_str(), self.variable("$new")) {
                    ("$new.Thumbprint", Some(Kept::Certificate(new))) => new.thumbprint().to_string(),
                    (literal, _) => literal.to_owned(),
                };
                Ok((self.servers[shown]["default_smtp"] == json!(text)) == *is_equal)
            }
            Condition::ElsewhereThan(_) | Condition::Lacks { .. } => fail("a condition that means nothing here"),
        }
    }

    fn variable(&self, name: &str) -> Option<&Kept> {
        self.variables.iter().rev().find_map(|scope| scope.get(name))
    }

    fn commands(&mut self, commands: &[Command], computer: Option<&str>) -> Result<Kept, Failure> {
        let mut piped = None;
        for command in commands {
            let call = bind(command)?;
            piped = Some(self.call(&call, piped.take(), computer)?);
        }
        Ok(piped.unwrap_or(Kept::Nothing))
    }

    /// Binds a certificate to a site.
    fn expression(&mut self, text: &str, computer: Option<&str>) -> Result<(), Failure> {
        let bind =
            "(Get-WebBinding -Name 'Exchange Back End' -Protocol https -Port 444).AddSslCertificate($args[0], 'My')";
        let (Some(given), Some(computer)) = (self.given.clone(), computer) else { return fail("nothing is given") };
        if text != bind {
            return fail(format!("{text} is not known here"));
        }
        let server = self.named(computer).ok_or_else(|| failure("there is no such computer"))?;
        self.bind_back_end(server, &given)
    }

    fn named(&self, name: &str) -> Option<usize> {
        let is_it = |text: &Value| text.as_str().is_some_and(|text| same(text, name));
        self.servers.iter().position(|server| is_it(&server["name"]) || is_it(&server["fqdn"]))
    }

    /// The server that a cmdlet is run on.
    fn server(&self, call: &Call<'_>, named: Option<&str>) -> Result<usize, Failure> {
        let Some(name) = named else { return call.command.fail("runs on whatever server the shell is on") };
        match self.named(name) {
            Some(server) => Ok(server),
            None => call.command.fail(format!("there is no server {name}")),
        }
    }

    /// By `-Server`, or where the shell is.
    fn addressed(&self, call: &Call<'_>, computer: Option<&str>) -> Result<usize, Failure> {
        if !call.has("Server") {
            let here = self.server(call, computer)?;
            return if is_edge(&self.servers[here]) { Ok(here) } else { call.command.fail("lacks -Server") };
        }
        let server = self.server(call, Some(call.text("Server")?))?;
        match is_edge(&self.servers[server]) {
            true => call.command.fail("an Edge server knows no -Server"),
            false => Ok(server),
        }
    }

    fn thumbprint(&self, call: &Call<'_>, name: &str) -> Result<String, Failure> {
        match call.value(name)? {
            Given::Expression(text) if text == "$new.Thumbprint" => match self.variable("$new") {
                Some(Kept::Certificate(new)) => Ok(new.thumbprint().to_string()),
                _ => call.command.fail("$new holds no certificate"),
            },
            _ => call.text(name).map(str::to_owned),
        }
    }
}

fn failure(what: impl Into<String>) -> Failure {
    Failure { line: 1, column: 1, what: what.into() }
}

fn fail<T>(what: impl Into<String>) -> Result<T, Failure> {
    Err(failure(what))
}
