//! What was asked of whom, and what came of it: of what no file says anything, nobody knows whether there is any.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::Origin;
use super::records::{ServerKey, server_key};
use super::value::ObjectKind;
use crate::server::{NotReadKind, WebBinding};
use crate::text::Caseless;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// One question: a cmdlet, asked of a server or of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    /// `None` is the organisation.
    pub(super) server: Option<ServerKey>,
    pub(super) what: NotReadKind,
    pub(super) cmdlet: &'static str,
    /// The host name of a selection.
    pub(super) host: Option<Caseless<String>>,
}

impl Question {
    pub(super) fn new(server: Option<ServerKey>, what: NotReadKind, cmdlet: &'static str) -> Self {
        Self { server, what, cmdlet, host: None }
    }

    /// The question of a record; `None` if nothing that is read here depends on it.
    pub(super) fn of_record(server: Option<&str>, cmdlet: &str, about: Option<&str>) -> Option<Self> {
        let asked = match (cmdlet, about) {
            // On another server, which has the cmdlet.
            ("Invoke-Command", Some(about)) => about,
            // Before Exchange 2016 these were named otherwise.
            ("Get-ClientAccessServer", _) => "Get-ClientAccessService",
            ("Get-TransportServer", _) => "Get-TransportService",
            _ => cmdlet,
        };
        let server = server.map(server_key);
        let host = about.filter(|_| asked == "Get-ExchangeCertificate").map(|host| Caseless(host.to_owned()));
        if host.is_some() {
            return Some(Self { host, ..Self::new(server, NotReadKind::Selection, "Get-ExchangeCertificate") });
        }
        let mut kinds = NotReadKind::ALL.iter().filter(|what| **what != NotReadKind::Selection);
        kinds.find_map(|what| {
            let known = what.cmdlets().iter().find(|known| known.eq_ignore_ascii_case(asked))?;
            Some(Self::new(server.clone(), *what, known))
        })
    }

    /// The question that an object of a kind answers.
    pub(super) fn of_object(server: Option<ServerKey>, kind: ObjectKind) -> Option<Self> {
        use NotReadKind::*;
        let (what, cmdlet) = match kind {
            ObjectKind::Certificate | ObjectKind::PlainCertificate | ObjectKind::CertificateRecord => {
                (Certificates, "Get-ExchangeCertificate")
            }
            ObjectKind::Server => (Servers, "Get-ExchangeServer"),
            ObjectKind::SendConnector => (SendConnectors, "Get-SendConnector"),
            ObjectKind::ReceiveConnector => (ReceiveConnectors, "Get-ReceiveConnector"),
            ObjectKind::HybridConfiguration => (Hybrid, "Get-HybridConfiguration"),
            ObjectKind::AuthConfiguration => (Auth, "Get-AuthConfig"),
            ObjectKind::FederationTrust => (Federation, "Get-FederationTrust"),
            ObjectKind::EdgeSubscription => (EdgeSubscriptions, "Get-EdgeSubscription"),
            ObjectKind::ImapSettings => (Imap, "Get-ImapSettings"),
            ObjectKind::PopSettings => (Pop, "Get-PopSettings"),
            ObjectKind::UmService => (Um, "Get-UMService"),
            ObjectKind::UmCallRouter => (UmCallRouter, "Get-UMCallRouterSettings"),
            ObjectKind::TransportService => (DefaultSmtp, "Get-TransportService"),
            ObjectKind::VirtualDirectory(cmdlet) if ClientNames.cmdlets().contains(&cmdlet) => (ClientNames, cmdlet),
            ObjectKind::ClientAccessService => (ClientNames, "Get-ClientAccessService"),
            ObjectKind::WebBinding => (WebBindings, "Get-WebBinding"),
            ObjectKind::VirtualDirectory(_)
            | ObjectKind::Collection
            | ObjectKind::Question
            | ObjectKind::Selection
            | ObjectKind::Presented => return None,
        };
        Some(Self::new(server, what, cmdlet))
    }
}

/// What came of a question.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) is_read: bool,
    /// Why it was not read, if anybody said so.
    pub(super) message: Option<String>,
    pub(super) origin: Origin,
}

impl Answer {
    /// What was read holds whatever else was answered to the same question; otherwise the later word does.
    fn merge(&mut self, other: Self) {
        let is_later = other.origin.collected > self.origin.collected;
        if (other.is_read, is_later) > (self.is_read, false) {
            *self = other;
        }
    }
}

/// The answers of all files together.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    recorded: BTreeMap<Question, Answer>,
    /// What objects answer that stand in a file without a record.
    seen: BTreeSet<Question>,
    /// Whether there is an export at all, and one that is not an Edge Transport server's own.
    pub(super) has_export: bool,
    pub(super) has_organization: bool,
    /// When the oldest and the newest collection were made.
    collected: Option<(Timestamp, Timestamp)>,
}

/// Whether something was read.
pub(super) enum Reading<'a> {
    Read,
    /// Not read, with what was answered.
    Answered(Option<&'a str>),
    /// Neither an object nor a record says anything of it.
    Absent,
}

impl Answers {
    pub(super) fn merge(&mut self, other: Self) {
        other.recorded.into_iter().for_each(|(question, answer)| self.put(question, answer));
        self.seen.extend(other.seen);
        self.has_export |= other.has_export;
        self.has_organization |= other.has_organization;
        self.collected = match (self.collected, other.collected) {
            (Some((oldest, newest)), Some((other_oldest, other_newest))) => {
                Some((oldest.min(other_oldest), newest.max(other_newest)))
            }
            (one, other) => one.or(other),
        };
    }

    /// Whether some collections are newer than others.
    pub(super) fn are_of_different_times(&self) -> bool {
        self.collected.is_some_and(|(oldest, newest)| !oldest.is_within_an_hour_of(newest))
    }

    fn put(&mut self, question: Question, answer: Answer) {
        match self.recorded.get_mut(&question) {
            Some(known) => known.merge(answer),
            None => drop(self.recorded.insert(question, answer)),
        }
    }

    /// What came of a question. An object of which nobody knows the server answers for all of them.
    pub(super) fn reading(&self, question: &Question) -> Reading<'_> {
        let of_all = Question { server: None, ..question.clone() };
        let left_out = self.recorded.get(&of_all).filter(|_| !question.what.is_of_organization());
        match self.recorded.get(question).or(left_out) {
            Some(answer) if answer.is_read => Reading::Read,
            Some(answer) => Reading::Answered(answer.message.as_deref()),
            None if self.seen.contains(question) => Reading::Read,
            // What was exported by hand need not say of which server a connector is.
            None if question.cmdlet.ends_with("Connector") && self.seen.contains(&of_all) => Reading::Read,
            None => Reading::Absent,
        }
    }

    /// Whether a record says that something was read.
    pub(super) fn settles(&self, question: &Question) -> bool {
        self.recorded.get(question).is_some_and(|answer| answer.is_read)
    }

    /// The records about a server, or about the organisation.
    pub(super) fn of(&self, server: Option<&ServerKey>) -> impl Iterator<Item = (&Question, &Answer)> {
        let first = Question::new(server.cloned(), NotReadKind::Certificates, "");
        self.recorded.range(first..).take_while(move |(question, _)| question.server.as_ref() == server)
    }

    /// The Edge Transport servers whose own word on themselves could not be read.
    pub(super) fn silent_edges(&self) -> impl Iterator<Item = (&ServerKey, &Answer)> {
        let unread =
            self.recorded.iter().filter(|(question, answer)| question.what == NotReadKind::Servers && !answer.is_read);
        unread.filter_map(|(question, answer)| Some((question.server.as_ref()?, answer)))
    }

    /// The origin of a record that says that something was read.
    pub(super) fn read_at(&self, question: &Question) -> Option<&Origin> {
        self.recorded.get(question).filter(|answer| answer.is_read).map(|answer| &answer.origin)
    }
}

/// What one file says of itself, kept until it has been read whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    /// Whether it is no export: PEM, DER and PKCS#7 say nothing of what they do not hold.
    pub(super) is_bare: bool,
    /// Whether it shows what somebody chose to show: there may be more objects of each kind.
    pub(super) is_excerpt: bool,
    pub(super) collection: Option<Collection>,
    pub(super) asked: Vec<Asked>,
    pub(super) bindings: BTreeMap<ServerKey, Vec<WebBinding>>,
    pub(super) selections: BTreeMap<Question, Vec<Thumbprint>>,
    /// How many objects answer each question.
    found: BTreeMap<Question, u64>,
    /// How many certificates of one server stand together: there are many, and of few servers.
    certificates: Vec<(Option<Arc<str>>, u64)>,
    /// Objects that are not taken, because a name holds a control character.
    left_out: Vec<(Question, Origin)>,
}

/// Where and when a file was collected.
#[derive(Clone, Debug)]
pub(super) struct Collection {
    pub(super) format: i64,
    /// The name of the Edge Transport server that it is of.
    pub(super) edge: Option<ServerKey>,
}

/// A question with the answer as it is recorded.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) is_read: bool,
    pub(super) count: u64,
    pub(super) message: Option<String>,
    pub(super) origin: Origin,
}

impl Account {
    /// Whose word it is about the organisation: that of an Edge Transport server is about itself.
    pub(super) fn edge(&self) -> Option<&ServerKey> {
        self.collection.as_ref().and_then(|collection| collection.edge.as_ref())
    }

    pub(super) fn found(&mut self, question: Question, count: u64) {
        *self.found.entry(question).or_default() += count;
    }

    pub(super) fn found_certificate(&mut self, server: Option<&Arc<str>>) {
        match self.certificates.last_mut() {
            Some((known, count)) if known.as_ref().map(Arc::as_ptr) == server.map(Arc::as_ptr) => *count += 1,
            _ => self.certificates.push((server.cloned(), 1)),
        }
    }

    pub(super) fn leave_out(&mut self, question: Option<Question>, origin: &Origin) {
        self.left_out.extend(question.map(|question| (question, origin.clone())));
    }

    /// What the file says of what was read, once it has been read whole.
    pub(super) fn answers(&mut self, collected: Option<Timestamp>) -> Answers {
        if self.is_bare {
            return Answers::default();
        }
        for (server, count) in std::mem::take(&mut self.certificates) {
            let server = server.as_deref().map(server_key);
            let question = Question::of_object(server, ObjectKind::Certificate);
            question.into_iter().for_each(|question| self.found(question, count));
        }
        let has_organization = self.edge().is_none();
        let collected = collected.map(|collected| (collected, collected));
        let mut answers = Answers { has_export: true, has_organization, collected, ..Answers::default() };
        for asked in &self.asked {
            let found = self.found.get(&asked.question).copied().unwrap_or_default();
            let is_whole = found >= asked.count;
            let message = asked.message.clone().filter(|_| !asked.is_read);
            let missing = || format!("{} were counted, and {found} could be read", asked.count);
            let message = message.or_else(|| (asked.is_read && !is_whole).then(missing));
            let answer = Answer { is_read: asked.is_read && is_whole, message, origin: asked.origin.clone() };
            answers.put(asked.question.clone(), answer);
        }
        // Of these there is one, so that whoever shows it shows all.
        let is_one =
            |what| matches!(what, NotReadKind::Auth | NotReadKind::Imap | NotReadKind::Pop | NotReadKind::DefaultSmtp);
        let found = self.found.keys().filter(|question| !self.is_excerpt || is_one(question.what));
        for question in found.filter(|question| !answers.recorded.contains_key(question)) {
            answers.seen.insert(question.clone());
        }
        for (question, origin) in &self.left_out {
            let message = Some("an object was left out, since a name in it holds a control character".to_owned());
            let answer = Answer { is_read: false, message, origin: origin.clone() };
            answers.recorded.insert(question.clone(), answer);
        }
        answers
    }
}
