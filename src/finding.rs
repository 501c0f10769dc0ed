//! What a rule found: a message, and the remedy.

mod message;
pub(crate) mod presented;
pub(crate) mod validity;

use std::borrow::Cow;

use serde::ser::SerializeStruct;

pub use self::message::{FactValue, Message};
pub(crate) use self::message::{Values, message};
use crate::block::{Block, Statement};
use crate::powershell::Command;
use crate::server::Server;
use crate::service::Service;
use crate::word::words;

/// What a rule has to say about a request.
///
/// ```
/// use exchange_certificates::{Finding, Service};
///
/// let finding = Finding::new(Service::IIS, "it is not issued by the CA of the company")
///     .advise("request a certificate from pki.contoso.com");
/// # let _ = finding;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub(crate) services: Service,
    pub(crate) message: Message,
    pub(crate) remedy: Vec<Block>,
    /// Of a rule of several kinds, if it is not the strongest.
    pub(crate) kind: Option<Kind>,
}

impl Finding {
    /// A finding about these services, or about the whole request if there are none, in a
    /// sentence of one's own: lower case, no full stop.
    pub fn new(services: Service, sentence: impl Into<String>) -> Self {
        Self::on(services, Message::own(sentence.into()))
    }

    /// Adds a step to the remedy, in words; commands that are added next stand below them.
    #[must_use]
    pub fn advise(self, words: impl Into<Cow<'static, str>>) -> Self {
        self.step(Block::words_alone(words))
    }

    /// Adds a command to the last step of the remedy.
    #[must_use]
    pub fn command(mut self, command: Command) -> Self {
        match self.remedy.last_mut() {
            Some(step) => step.push(Statement::Command(command)),
            None => self.remedy.push(Block::of("", [command])),
        }
        self
    }

    pub(crate) fn on(services: Service, message: impl Into<Message>) -> Self {
        Self { services, message: message.into(), remedy: Vec::new(), kind: None }
    }

    pub(crate) fn on_request(message: impl Into<Message>) -> Self {
        Self::on(Service::empty(), message)
    }

    /// Adds commands to the last step of the remedy, one after the other.
    #[must_use]
    pub(crate) fn commands(self, commands: impl IntoIterator<Item = Command>) -> Self {
        commands.into_iter().fold(self, Self::command)
    }

    /// Adds a step to the remedy.
    #[must_use]
    pub(crate) fn step(mut self, step: Block) -> Self {
        self.remedy.push(step);
        self
    }

    /// Adds steps to the remedy.
    #[must_use]
    pub(crate) fn steps(mut self, steps: impl IntoIterator<Item = Block>) -> Self {
        self.remedy.extend(steps);
        self
    }

    /// Says where each step is done.
    #[must_use]
    pub(crate) fn at(mut self, server: &Server) -> Self {
        if server.is_edge() {
            self.remedy = self.remedy.into_iter().map(|step| step.at(server)).collect();
        }
        self
    }

    #[must_use]
    pub(crate) fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Writes what every answer says of a finding: services, message, facts and remedy.
    pub(crate) fn serialize_fields<S: SerializeStruct>(&self, answer: &mut S) -> Result<(), S::Error> {
        answer.serialize_field("services", &self.services)?;
        answer.serialize_field("message", &self.message.to_string())?;
        self.message.serialize_facts(answer)?;
        answer.serialize_field("remedy", &self.remedy)
    }
}

/// What follows if a rule speaks, in ascending strength.
///
/// ```
/// use exchange_certificates::Kind;
///
/// assert!(Kind::Refuse > Kind::Warn && Kind::Warn > Kind::Note);
/// assert_eq!("follow-up".parse(), Ok(Kind::FollowUp));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

words! {
    Kind, "kind", like "warn":
    Note = "note", FollowUp = "follow-up", Warn = "warn", Decide = "decide", Refuse = "refuse"
}
