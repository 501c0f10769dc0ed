//! What a script consists of beside its body: facts, ports, steps and what is removed.

use std::collections::HashSet;

use crate::powershell::Command;
use crate::text::Caseless;
use crate::thumbprint::Thumbprint;

/// The plan of one script, as `facts.ps1` describes it.
#[derive(Debug, Default)]
pub(super) struct Data {
    /// What it changes and what each endpoint presents, in words.
    pub(super) about: Vec<String>,
    pub(super) new: String,
    /// The name of the computer, if it is an Edge Transport server.
    pub(super) edge: String,
    /// Edge Transport servers, and the files that are run there first.
    pub(super) twins: Vec<(String, String)>,
    pub(super) servers: Vec<Computer>,
    pub(super) names: Vec<String>,
    pub(super) is_behind_layer4: bool,
    pub(super) facts: Facts,
    pub(super) ports: Vec<Port>,
    pub(super) unseen: Vec<(String, String)>,
    pub(super) steps: Vec<Unit>,
    pub(super) restarts: Vec<Restart>,
    pub(super) removals: Vec<Unit>,
}

/// A server that the script reaches.
#[derive(Debug)]
pub(super) struct Computer {
    pub(super) server: String,
    pub(super) address: String,
    pub(super) old: Option<Thumbprint>,
    /// Whether that is outside its dates.
    pub(super) is_outside: bool,
    /// Whether it has a default SMTP certificate.
    pub(super) has_default: bool,
}

/// Facts with all their values: the one before, the one afterwards, and those on the way. PowerShell's tables know no
/// case, and take no key twice.
#[derive(Debug, Default)]
pub(super) struct Facts {
    known: HashSet<Caseless<String>>,
    all: Vec<(String, Vec<String>)>,
}

impl Facts {
    /// Adds a fact that has other values on the way.
    pub(super) fn on_the_way(
        &mut self,
        fact: String,
        before: impl Into<String>,
        after: impl Into<String>,
        way: impl IntoIterator<Item = String>,
    ) {
        if !self.known.insert(Caseless(fact.clone())) {
            return;
        }
        let mut values = vec![before.into(), after.into()];
        for value in way {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        self.all.push((fact, values));
    }

    /// Adds a fact that is the one or the other.
    pub(super) fn add(&mut self, fact: String, before: impl Into<String>, after: impl Into<String>) {
        self.on_the_way(fact, before, after, []);
    }

    /// Adds a fact that does not change.
    pub(super) fn stays(&mut self, fact: String, value: impl Into<String>) {
        let value = value.into();
        self.add(fact, value.clone(), value);
    }

    /// Whether a fact is compared.
    pub(super) fn has(&self, fact: &str) -> bool {
        self.known.contains(&Caseless(fact.to_owned()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.all.iter().map(|(fact, values)| (fact.as_str(), values.as_slice()))
    }

    /// What a fact is before.
    pub(super) fn before(&self, fact: &str) -> Option<&str> {
        let (_, values) = self.iter().find(|(known, _)| *known == fact)?;
        values.first().map(String::as_str)
    }
}

/// A port that is looked at.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) server: String,
    pub(super) endpoint: String,
    pub(super) kind: &'static str,
    pub(super) address: String,
    pub(super) port: u16,
    pub(super) name: String,
    pub(super) before: Vec<Thumbprint>,
    pub(super) after: Vec<Thumbprint>,
    /// The service that is restarted where it stays late.
    pub(super) late: Option<&'static str>,
}

/// A step, or a group of steps.
#[derive(Debug, Default)]
pub(super) struct Unit {
    pub(super) id: String,
    pub(super) server: String,
    pub(super) what: String,
    pub(super) needs: Vec<String>,
    pub(super) gives: Vec<(String, String)>,
    pub(super) does: Option<Does>,
    pub(super) removes: Option<Thumbprint>,
    /// The step that gives SMTP, if the certificate has to stay.
    pub(super) or_else: Option<String>,
    pub(super) undo: Vec<Unit>,
    pub(super) steps: Vec<Unit>,
    pub(super) finally: Vec<Unit>,
    /// Without this parameter it is left.
    pub(super) switch: Option<&'static str>,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Does {
    Call(Command),
    /// Assigns SMTP and keeps the default; whether that may be given back with `-Force`.
    Keep {
        former: Option<Thumbprint>,
        may_give_back: bool,
    },
    Stop(&'static str),
    Start(&'static str),
}

/// Services that are restarted after steps.
#[derive(Debug)]
pub(super) struct Restart {
    pub(super) server: String,
    pub(super) kind: &'static str,
    pub(super) services: &'static str,
    pub(super) after: Vec<String>,
}

impl Unit {
    pub(super) fn new(id: impl Into<String>, server: impl Into<String>, what: impl Into<String>) -> Self {
        Self { id: id.into(), server: server.into(), what: what.into(), ..Self::default() }
    }

    /// A step of a group, which is not needed by another.
    pub(super) fn part(server: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new("", server, what)
    }

    pub(super) fn gives(mut self, fact: impl Into<String>, value: impl Into<String>) -> Self {
        let fact = fact.into();
        if !self.gives.iter().any(|(known, _)| Caseless(known) == Caseless(&fact)) {
            self.gives.push((fact, value.into()));
        }
        self
    }

    pub(super) fn call(self, command: Command) -> Self {
        Self { does: Some(Does::Call(command)), ..self }
    }

    /// Stops a Windows service, and gives that.
    pub(super) fn stop(server: &str, service: &'static str) -> Self {
        let part = Self::part(server, format!("stop {service}")).gives(runs(server, service), "Stopped");
        Self { does: Some(Does::Stop(service)), ..part }
    }

    /// Starts a Windows service, and gives that.
    pub(super) fn start(server: &str, service: &'static str) -> Self {
        let part = Self::part(server, format!("start {service}")).gives(runs(server, service), "Running");
        Self { does: Some(Does::Start(service)), ..part }
    }

    pub(super) fn needs(self, ids: impl IntoIterator<Item = String>) -> Self {
        Self { needs: ids.into_iter().collect(), ..self }
    }

    pub(super) fn undone_by(mut self, undo: impl IntoIterator<Item = Unit>) -> Self {
        self.undo.extend(undo);
        self
    }
}

/// The name of a fact.
pub(super) fn fact(kind: &str, server: &str, what: impl std::fmt::Display) -> String {
    format!("{kind}|{server}|{what}")
}

/// Whether a Windows service runs.
pub(super) fn runs(server: &str, service: &str) -> String {
    fact("runs", server, service)
}

/// Several names in the order of their UTF-16 units, as the script joins them.
pub(super) fn joined<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
    names.sort_by(|one, other| one.encode_utf16().cmp(other.encode_utf16()));
    names.join(" | ")
}
