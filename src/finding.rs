//! What a rule found: a message, and the remedy.

mod message;
pub(crate) mod presented;
pub(crate) mod validity;

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize};

pub use self::message::{FactValue, Message};
pub(crate) use self::message::{Values, message};
use crate::powershell::Command;
use crate::service::Service;
use crate::text::plain;

/// What a rule has to say about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub(crate) services: Service,
    pub(crate) message: Message,
    pub(crate) remedy: Vec<Remedy>,
    /// Of a rule of several kinds, if it is not the strongest.
    pub(crate) kind: Option<Kind>,
}

impl Finding {
    /// A finding about these services, or about the whole request if there are none, in a
    /// sentence of one's own: lower case, no full stop.
    pub fn new(services: Service, sentence: impl Into<String>) -> Self {
        Self::on(services, Message::own(sentence.into()))
    }

    /// Adds a remedy in words.
    #[must_use]
    pub fn advise(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.remedy.push(Remedy::Words(words.into()));
        self
    }

    /// Adds a command to the remedy.
    #[must_use]
    pub fn command(mut self, command: Command) -> Self {
        self.remedy.push(Remedy::Command(command));
        self
    }

    pub(crate) fn on(services: Service, message: impl Into<Message>) -> Self {
        Self { services, message: message.into(), remedy: Vec::new(), kind: None }
    }

    pub(crate) fn on_request(message: impl Into<Message>) -> Self {
        Self::on(Service::empty(), message)
    }

    /// Adds commands to the remedy, one after the other.
    #[must_use]
    pub(crate) fn commands(self, commands: impl IntoIterator<Item = Command>) -> Self {
        self.remedies(commands.into_iter().map(Remedy::Command))
    }

    /// A command that is run somewhere else; the place is a comment behind it.
    #[must_use]
    pub(crate) fn command_at(mut self, command: Command, place: &'static str) -> Self {
        self.remedy.push(Remedy::CommandAt(command, place));
        self
    }

    #[must_use]
    pub(crate) fn remedies(mut self, steps: impl IntoIterator<Item = Remedy>) -> Self {
        self.remedy.extend(steps);
        self
    }

    #[must_use]
    pub(crate) fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Writes what every answer says of a finding: services, message, facts and remedy.
    pub(crate) fn serialize_fields<S: SerializeStruct>(&self, answer: &mut S) -> Result<(), S::Error> {
        let remedy: Vec<_> = self.remedy.iter().map(ToString::to_string).collect();
        answer.serialize_field("services", &self.services)?;
        answer.serialize_field("message", &self.message.to_string())?;
        match self.message.serialized_facts() {
            Some(facts) => answer.serialize_field("facts", &facts)?,
            None => answer.skip_field("facts")?,
        }
        answer.serialize_field("remedy", &remedy)
    }
}

/// What follows if a rule speaks, in ascending strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// The operation goes on; it is said for completeness.
    Note,
    /// The operation goes on; something is to be done afterwards.
    FollowUp,
    /// The operation goes on, with a warning.
    Warn,
    /// The operation needs an answer first.
    Decide,
    /// The operation fails.
    Refuse,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::FollowUp => "follow-up",
            Self::Warn => "warn",
            Self::Decide => "decide",
            Self::Refuse => "refuse",
        })
    }
}

/// One step of a remedy: words, or a command for the Exchange Management Shell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// What to do, in words.
    Words(Cow<'static, str>),
    /// A command to run.
    Command(Command),
    /// A command to run at another place, which the second field names.
    CommandAt(Command, &'static str),
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => plain(words).fmt(f),
            Self::Command(command) => command.fmt(f),
            Self::CommandAt(command, place) => write!(f, "{command} # {place}"),
        }
    }
}
