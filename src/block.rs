//! What is pasted into a console as a whole, and the words that belong above it.

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::fact::Fact;
use crate::powershell::Command;
use crate::server::Server;
use crate::service::Service;
use crate::text::{self, plain, shown};
use crate::thumbprint::Thumbprint;

/// Words for people, and what is pasted after them as a whole: a console takes the lines behind a question for its
/// answers, and goes on after a line that failed, so that what is pasted is one statement at a time.
///
/// Several commands are one statement that stops at the first one that fails. A command that asks is alone, and first
/// takes what is left of a paste. Serialized with `words`, `computer` and `text`, each where there is one.
///
/// ```
/// use exchange_certificates::{Request, Scenario, Service, Thumbprint, plan};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
///
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let plan = plan(&server, &Request::assign(mail, Service::IIS), now)?;
/// for block in plan.blocks() {
///     println!("{}\n{}", block.title(), block.text());
/// }
/// assert!(!plan.blocks().iter().any(|block| block.asks()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    words: Cow<'static, str>,
    place: Place,
    statements: Vec<Statement>,
}

/// Where a block is pasted.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Where the server is managed that it is about: an Edge Transport server is managed on itself.
    Here,
    /// In the shell at hand, whichever server it is about.
    AnyShell,
    /// On this computer.
    On(String),
}

/// A part of what is pasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    Command(Command),
    /// A command that asks whether to replace the default SMTP certificate, which is to be kept.
    Asking(Command),
    /// Commands, and those that follow whatever fails between.
    Guarded(Vec<Command>, Vec<Command>),
    /// Stops unless the default SMTP certificate has been kept.
    DefaultIsKept(DefaultIsKept),
    /// Stops unless a certificate shows these services.
    IsAssigned(IsAssigned),
    /// Does nothing.
    Nothing,
    /// Stops unless an earlier block made a new certificate, which it kept in `$new`.
    NewIsThere,
}

/// The default SMTP certificate before a question; if it was not known, the one that it must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DefaultIsKept {
    show: Command,
    default: Fact<Thumbprint>,
    /// `None` for the one in `$new`.
    new: Option<Thumbprint>,
}

/// The services that a certificate must show, and the command that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IsAssigned {
    pub(crate) show: Command,
    pub(crate) services: Service,
}

impl fmt::Display for IsAssigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("if (")?;
        for (index, (_, name)) in self.services.names().enumerate() {
            write!(f, "{}'{name}'", if index > 0 { "," } else { "" })?;
        }
        write!(f, " | Where-Object {{ \"$(({}).Services)\" -split ', ' -notcontains $_ }}) ", self.show)?;
        f.write_str("{ throw 'The services are not assigned: nothing after this line was done.' }")
    }
}

impl Block {
    /// What is run where the server is managed that it is about.
    pub(crate) fn new(words: impl Into<Cow<'static, str>>, statements: Vec<Statement>) -> Self {
        Self { words: words.into(), place: Place::Here, statements }
    }

    /// Words alone.
    pub(crate) fn words_alone(words: impl Into<Cow<'static, str>>) -> Self {
        Self::new(words, Vec::new())
    }

    /// Commands, one after the other.
    pub(crate) fn of(words: impl Into<Cow<'static, str>>, commands: impl IntoIterator<Item = Command>) -> Self {
        Self::new(words, commands.into_iter().map(Statement::Command).collect())
    }

    /// A command that asks whether to replace the default SMTP certificate, which is to be kept.
    pub(crate) fn asking(words: impl Into<Cow<'static, str>>, command: Command) -> Self {
        Self::new(words, vec![Statement::Asking(command)])
    }

    /// What a file does, one statement after the other, whatever it asks.
    pub(crate) fn of_whole_file(mut statements: Vec<Statement>) -> Self {
        // One statement alone would be written for a paste.
        statements.extend((statements.len() == 1).then_some(Statement::Nothing));
        Self::new("", statements)
    }

    /// Adds a statement.
    pub(crate) fn push(&mut self, statement: Statement) {
        self.statements.push(statement);
    }

    /// What is about an Edge Transport server is run there.
    pub(crate) fn at(self, server: &Server) -> Self {
        let is_there = self.place == Place::Here && server.is_edge() && !self.statements.is_empty();
        if is_there { self.on(server.name()) } else { self }
    }

    /// What is run on a computer, whichever server it is about.
    pub(crate) fn on(self, computer: &str) -> Self {
        Self { place: Place::On(computer.to_owned()), ..self }
    }

    /// What is run in the shell at hand, whichever server it is about.
    pub(crate) fn in_any_shell(self) -> Self {
        Self { place: Place::AnyShell, ..self }
    }

    /// The same, for one of several servers.
    pub(crate) fn of_server(self, server: &Server) -> Self {
        if self.computer().is_some() {
            self
        } else {
            Self { words: format!("{}: {}", shown(server.name()), self.words).into(), ..self }
        }
    }

    /// What it is for; empty if the text says it all.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The computer that it is pasted on, if it is not the shell at hand.
    pub fn computer(&self) -> Option<&str> {
        match &self.place {
            Place::On(computer) => Some(computer),
            Place::Here | Place::AnyShell => None,
        }
    }

    /// What it is for, and where it is pasted, for people.
    pub fn title(&self) -> impl fmt::Display {
        text::from_fn(move |f| match (self.computer(), &*self.words) {
            (Some(computer), "") => write!(f, "on {}:", shown(computer)),
            (Some(computer), words) => write!(f, "on {}, {}", shown(computer), plain(words)),
            (None, words) => write!(f, "{}", plain(words)),
        })
    }

    /// What is pasted: one command, or several lines with an empty one behind them, for which some consoles wait. Empty
    /// if there are only words.
    pub fn text(&self) -> String {
        match self.statements.as_slice() {
            [] => String::new(),
            [Statement::Command(command)] => command.to_string(),
            [Statement::Asking(command)] => asking(command),
            [Statement::IsAssigned(check)] => check.to_string(),
            statements => {
                let mut text = format!("& {{\n    {SAVE}\n    {STOP}\n    try {{\n");
                statements.iter().for_each(|statement| statement.write(&mut text));
                text + &format!("    }} finally {{\n        {RESTORE}\n    }}\n}}\n")
            }
        }
    }

    /// Whether it asks something, so that nothing may be pasted after it.
    pub fn asks(&self) -> bool {
        self.statements.iter().any(|statement| matches!(statement, Statement::Asking(_)))
    }

    pub(crate) fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

/// A command that asks. What it gives is for the blocks after it, hence global.
fn asking(command: &Command) -> String {
    match command.variable() {
        Some(_) => {
            let command = command.clone().kept_in(GLOBAL_NEW);
            format!("& {{\n    {GLOBAL_NEW} = $null\n    {DRAIN}\n    {command}\n}}\n")
        }
        None => format!("& {{\n    {DRAIN}\n    {command}\n}}\n"),
    }
}

const GLOBAL_NEW: &str = "$global:new";
const NEW_IS_THERE: &str = "if (-not (Get-Variable new -ValueOnly -ErrorAction Ignore)) { throw 'The new certificate was \
                            not made: nothing more was done.' }";

const SAVE: &str = "$preference = $global:ErrorActionPreference";
/// The cmdlets of Exchange are functions of a module, which do not see the preference of who calls them.
const STOP: &str = "$global:ErrorActionPreference = 'Stop'";
const RESTORE: &str = "$global:ErrorActionPreference = $preference";
/// Takes the lines that a paste left over, so that none of them is the answer.
const DRAIN: &str = "do { $answer = Read-Host 'Type keep, then answer N to the question' } until ($answer -eq 'keep')";

impl Statement {
    fn write(&self, text: &mut String) {
        let mut line = |depth: usize, line: &dyn fmt::Display| text.push_str(&format!("{:1$}{line}\n", "", depth * 4));
        match self {
            Self::Command(command) | Self::Asking(command) => line(2, command),
            Self::DefaultIsKept(check) => line(2, check),
            Self::IsAssigned(check) => line(2, check),
            Self::NewIsThere => line(2, &NEW_IS_THERE),
            Self::Nothing => {}
            Self::Guarded(commands, always) => {
                // One that fails must not keep the next one from being run, so that each has a `finally` of its own.
                let outermost = 2 + always.len();
                (2..outermost).for_each(|depth| line(depth, &"try {"));
                commands.iter().for_each(|command| line(outermost, command));
                for (depth, command) in (2..outermost).rev().zip(always) {
                    line(depth, &"} finally {");
                    line(depth + 1, command);
                    line(depth, &"}");
                }
            }
        }
    }

    /// The commands in their order.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &Command> {
        let (one, several) = match self {
            Self::Command(command) | Self::Asking(command) => (Some(command), None),
            Self::Guarded(commands, always) => (None, Some(commands.iter().chain(always))),
            Self::DefaultIsKept(_) | Self::IsAssigned(_) | Self::NewIsThere | Self::Nothing => (None, None),
        };
        one.into_iter().chain(several.into_iter().flatten())
    }
}

impl DefaultIsKept {
    pub(crate) fn new(show: Command, default: Fact<Thumbprint>, new: Option<Thumbprint>) -> Self {
        Self { show, default, new }
    }
}

impl fmt::Display for DefaultIsKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "if (({}).InternalTransportCertificateThumbprint ", self.show)?;
        match (self.default, self.new) {
            (Fact::Value(default), _) => write!(f, "-ne '{default}') ")?,
            (_, Some(new)) => write!(f, "-eq '{new}') ")?,
            (_, None) => f.write_str("-eq $new.Thumbprint) ")?,
        }
        f.write_str("{ throw 'The default SMTP certificate is another one now: nothing more was done.' }")
    }
}

/// The words, then what is pasted, as far as there are any.
impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (title, text) = (self.title().to_string(), self.text());
        let is_parted = !title.is_empty() && !text.is_empty();
        write!(f, "{title}{}{text}", if is_parted { "\n" } else { "" })
    }
}

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut block = serializer.serialize_struct("Block", 3)?;
        let (words, text) = (plain(&self.words).to_string(), self.text());
        let parts = [("words", Some(&*words)), ("computer", self.computer()), ("text", Some(&*text))];
        for (name, part) in parts {
            match part.filter(|part| !part.is_empty()) {
                Some(part) => block.serialize_field(name, part)?,
                None => block.skip_field(name)?,
            }
        }
        block.end()
    }
}
