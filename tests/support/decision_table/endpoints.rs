//! Which certificate a server presents where (ENDPOINTS §4).

mod mail;
mod others;
mod web;

use super::facts::*;
use super::rank::{Flag, Shown};
use super::selection::Chosen;
use super::sites::Binding;
use super::state::{State, View};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointKind {
    DefaultWebSite,
    BackEnd,
    Imap,
    Pop,
    Receive,
    Send,
    Internal,
    EdgeSync,
    UnifiedMessaging,
    CallRouter,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presents {
    Certificate(Shown),
    /// `None` is none of them.
    OneOf(Vec<Option<Shown>>),
    Nothing,
    NotOffered,
    /// The facts that were not exported.
    Unknown(Vec<&'static str>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub id: String,
    pub kind: EndpointKind,
    /// Index into the server's connectors.
    pub connector: Option<usize>,
    /// Where it is known.
    pub binding: Option<Binding>,
    /// By a `TlsCertificateName`.
    pub named: bool,
    pub answer: Presents,
    /// Flags that do not count at this endpoint.
    pub uncounted: Vec<Flag>,
}

impl EndpointKind {
    pub fn service(self) -> u8 {
        match self {
            EndpointKind::DefaultWebSite | EndpointKind::BackEnd => IIS,
            EndpointKind::Imap => IMAP,
            EndpointKind::Pop => POP,
            EndpointKind::Receive | EndpointKind::Send | EndpointKind::Internal | EndpointKind::EdgeSync => SMTP,
            EndpointKind::UnifiedMessaging => UM,
            EndpointKind::CallRouter => UM_CALL_ROUTER,
        }
    }

    pub fn is_connector(self) -> bool {
        matches!(self, EndpointKind::Receive | EndpointKind::Send)
    }
}

impl Presents {
    pub fn is_unknown(&self) -> bool {
        matches!(self, Presents::Unknown(_))
    }

    /// This one, and no other.
    pub fn is(&self, index: usize) -> bool {
        matches!(self, Presents::Certificate(shown) if shown.index == index)
    }

    /// Even perhaps.
    pub fn may_be(&self, index: usize) -> bool {
        match self {
            Presents::Certificate(shown) => shown.index == index,
            Presents::OneOf(elements) => elements.iter().flatten().any(|it| it.index == index),
            Presents::Nothing | Presents::NotOffered | Presents::Unknown(_) => false,
        }
    }

    /// Whichever it is.
    pub fn is_self_signed(&self) -> bool {
        let self_signed = |shown: &Shown| shown.flags.contains(&Flag::SelfSigned);
        match self {
            Presents::Certificate(shown) => self_signed(shown),
            Presents::OneOf(elements) => elements.iter().all(|it| it.as_ref().is_some_and(self_signed)),
            Presents::Nothing | Presents::NotOffered | Presents::Unknown(_) => false,
        }
    }

    /// For people and for tables: a certificate by what `letter` calls it, then its flags.
    pub fn print(&self, letter: &dyn Fn(usize) -> String) -> String {
        let one = |shown: &Shown| {
            let mut text = letter(shown.index);
            for flag in &shown.flags {
                text.push(' ');
                text.push_str(flag.text());
            }
            text
        };
        match self {
            Presents::Certificate(shown) => one(shown),
            Presents::OneOf(elements) => {
                let texts: Vec<String> =
                    elements.iter().map(|it| it.as_ref().map_or_else(|| "none".to_owned(), one)).collect();
                format!("OneOf[{}]", texts.join(", "))
            }
            Presents::Nothing => "Nothing".to_owned(),
            Presents::NotOffered => "NotOffered".to_owned(),
            Presents::Unknown(facts) => format!("Unknown({})", facts.join(", ")),
        }
    }
}

impl Endpoint {
    fn new(kind: EndpointKind, id: String, answer: Presents) -> Self {
        Self { id, kind, connector: None, binding: None, named: false, answer, uncounted: Vec::new() }
    }

    /// Exchange's servers trust each other's self-signed certificates whatever they are called.
    fn internal(mut self) -> Self {
        self.uncounted = vec![Flag::Name, Flag::SelfSigned];
        self
    }
}

/// §5: of a server whose certificates were not read nobody knows what it presents, even nothing.
const CERTIFICATES_NOT_READ: &str = "ExchangeCertificate";

pub fn endpoints(now: i64, server: &ServerFacts) -> Vec<Endpoint> {
    let state = State::of(server);
    endpoints_of(View { now, server, state: &state, before: &state })
}

/// In the order of §4, then by name without case.
pub fn endpoints_of(view: View<'_>) -> Vec<Endpoint> {
    let server = view.server;
    let mailbox = server.roles.contains(&Role::Mailbox);
    let client_access = server.has_client_access();
    let mut all = Vec::new();
    if client_access {
        all.extend(sorted(web::of_site(view, DEFAULT_WEB_SITE)));
    }
    if mailbox {
        all.extend(sorted(web::of_site(view, EXCHANGE_BACK_END)));
    }
    if client_access {
        all.push(others::by_certificate_name(view, EndpointKind::Imap));
        all.push(others::by_certificate_name(view, EndpointKind::Pop));
    }
    all.extend(sorted(mail::receiving(view)));
    all.extend(mail::unseen(server, NotRead::ReceiveConnectors));
    all.extend(sorted(mail::sending(view)));
    all.extend(mail::unseen(server, NotRead::SendConnectors));
    all.push(others::internal(view));
    all.extend(others::edge_sync(view));
    all.extend(others::unified_messaging(view));
    if server.lacks(NotRead::Certificates) {
        all.iter_mut().for_each(|it| it.answer = Presents::Unknown(vec![CERTIFICATES_NOT_READ]));
    }
    all
}

fn sorted(mut endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
    endpoints.sort_by_key(|it| it.id.to_lowercase());
    endpoints
}

/// What transport chose, with the flags that `shown` gives.
fn presented(chosen: Chosen, shown: impl Fn(usize) -> Shown) -> Presents {
    match chosen {
        Chosen::Nothing => Presents::Nothing,
        Chosen::One(index) => Presents::Certificate(shown(index)),
        Chosen::OneOf(indices) => Presents::OneOf(indices.into_iter().map(|index| Some(shown(index))).collect()),
        Chosen::Unknown(facts) => Presents::Unknown(facts),
    }
}

/// One, several or none, in the order given.
fn any_of(elements: Vec<Option<Shown>>) -> Presents {
    match <[_; 1]>::try_from(elements) {
        Ok([Some(only)]) => Presents::Certificate(only),
        Ok([None]) => Presents::Nothing,
        Err(elements) if elements.iter().all(Option::is_none) => Presents::Nothing,
        Err(elements) => Presents::OneOf(elements),
    }
}
