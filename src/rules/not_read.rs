//! What a decision stands on, and was not read.

use crate::case::{Assignment, Removal};
use crate::finding::{FactValue, Finding, Kind, Message, Values};
use crate::rule::rule;
use crate::server::{NotRead, NotReadKind, Server};
use crate::service::Service;
use crate::text::{joined, shown};

rule! {
    /// Something that the decision stands on was not read.
    ///
    /// It was asked for and not answered, or not exported at all: that is never "there is none". Without the
    /// certificates of the server or its connectors nobody can say what a removal breaks, so a removal or replacement
    /// is refused. Of the hybrid and the Auth configuration it warns there, and of the Edge subscriptions where the
    /// default SMTP certificate changes; otherwise it is a note.
    FACTS_UNKNOWN: Refuse | Warn | Note, DecidedHere, Both(for_assignment, for_removal)
}

/// A replacement is judged as a whole with its removal.
fn for_assignment(case: &Assignment<'_>) -> Option<Finding> {
    let concerns = of_assignment(case);
    if concerns.is_empty() || case.request().removes().is_some() {
        None
    } else {
        Some(finding(case.server(), &concerns))
    }
}

fn for_removal(case: &Removal<'_>) -> Option<Finding> {
    let server = case.server();
    let speaks_of_auth = case.is_likely_auth_certificate();
    let weighed = [
        (NotReadKind::Certificates, Kind::Refuse),
        (NotReadKind::SendConnectors, Kind::Refuse),
        (NotReadKind::ReceiveConnectors, Kind::Refuse),
        (NotReadKind::Hybrid, Kind::Warn),
        (NotReadKind::Auth, Kind::Warn),
    ];
    let counts = |(what, _): &(NotReadKind, Kind)| *what != NotReadKind::Auth || !speaks_of_auth;
    let concern = |(what, kind)| Some(Concern { entry: server.unread(what)?, kind, services: Service::empty() });
    let mut concerns: Vec<_> = weighed.into_iter().filter(counts).filter_map(concern).collect();
    for concern in case.assignment().into_iter().flat_map(of_assignment) {
        if !concerns.iter().any(|known| known.entry.what() == concern.entry.what()) {
            concerns.push(concern);
        }
    }
    (!concerns.is_empty()).then(|| finding(server, &concerns))
}

/// What was not read, how much that weighs, and for which services; for the whole request if there are none.
struct Concern<'a> {
    entry: &'a NotRead,
    kind: Kind,
    services: Service,
}

fn of_assignment<'a>(case: &Assignment<'a>) -> Vec<Concern<'a>> {
    let server = case.server();
    let subscriptions = if case.moves_default_smtp() { Kind::Warn } else { Kind::Note };
    let weighed = [
        (NotReadKind::Certificates, Kind::Note, Service::empty()),
        (NotReadKind::SendConnectors, Kind::Note, Service::SMTP),
        (NotReadKind::ReceiveConnectors, Kind::Note, Service::SMTP),
        (NotReadKind::Hybrid, Kind::Note, Service::SMTP),
        (NotReadKind::EdgeSubscriptions, subscriptions, Service::SMTP),
        (NotReadKind::ClientNames, Kind::Note, Service::IIS),
    ];
    let counts = |(_, _, services): &(NotReadKind, Kind, Service)| services.is_empty() || case.adds(*services);
    let concern = |(what, kind, services)| Some(Concern { entry: server.unread(what)?, kind, services });
    weighed.into_iter().filter(counts).filter_map(concern).collect()
}

fn finding(server: &Server, concerns: &[Concern<'_>]) -> Finding {
    let kind = concerns.iter().map(|concern| concern.kind).max().unwrap_or(Kind::Note);
    let is_whole = concerns.iter().any(|concern| concern.services.is_empty());
    let services = if is_whole { Service::empty() } else { concerns.iter().map(|concern| concern.services).collect() };
    let entries = concerns.iter().map(|concern| concern.entry.clone()).collect();
    let message = Message::told(&["not_read", "answered"], Entries(entries), |Entries(entries), f| {
        let described: Vec<_> = entries.iter().map(described).collect();
        write!(f, "this was not read, and is not known: {}", joined(&described, ", "))
    });
    let place = if server.is_edge() { " on the server itself" } else { "" };
    Finding::on(services, message).with_kind(kind).advise(format!(
        "collect again with the collection script{place}, and read its file too; these have to be answered: {}",
        cmdlets(concerns)
    ))
}

/// The cmdlets that read what was not read; of many, the first ones.
fn cmdlets(concerns: &[Concern<'_>]) -> String {
    let each = concerns.iter().map(|concern| match concern.entry.what().cmdlets() {
        [first, second, third, others @ ..] if !others.is_empty() => {
            format!("{first}, {second}, {third} and {} like them", others.len())
        }
        cmdlets => cmdlets.join(", "),
    });
    each.collect::<Vec<_>>().join(", ")
}

#[derive(Clone)]
struct Entries(Vec<NotRead>);

impl Values for Entries {
    fn values(&self) -> Vec<FactValue> {
        let Self(entries) = self;
        let answered = entries.iter().filter_map(NotRead::message).map(str::to_owned);
        let not_read = entries.iter().map(|entry| entry.what().to_string());
        vec![FactValue::Texts(not_read.collect()), FactValue::Texts(answered.collect())]
    }
}

fn described(entry: &NotRead) -> String {
    match entry.message() {
        Some(answer) => format!("{} ({})", entry.what().title(), shown(answer)),
        None => entry.what().title().to_owned(),
    }
}
