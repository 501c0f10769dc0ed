//! Sentences on what endpoints present.

use std::collections::BTreeSet;

use super::FactValue;
use super::message::{Message, Values};
use crate::endpoint::{Endpoint, EndpointChange, MissingFact, Presented};
use crate::text::{self, joined, shown};

/// How some endpoints change: `endpoints`, `before`, `after`.
pub(crate) fn changing(changes: &[&EndpointChange], what: &'static str) -> Message {
    let values = Changing(Endpoints::new(changes, what));
    Message::told(&["endpoints", "before", "after"], values, |Changing(endpoints), f| {
        write!(f, "{}: {}", endpoints.what, joined(&endpoints.changes, "; "))
    })
}

/// The same of several servers: `servers`, one for each of `endpoints`.
pub(crate) fn changing_on_servers(changes: &[&EndpointChange], what: &'static str) -> Message {
    let values = ChangingOnServers(Endpoints::new(changes, what));
    Message::told(&["servers", "endpoints", "before", "after"], values, |ChangingOnServers(endpoints), f| {
        let on_server = |change: &EndpointChange| format!("{}: {change}", shown(change.after.server()));
        let changes: Vec<_> = endpoints.changes.iter().map(on_server).collect();
        write!(f, "{}: {}", endpoints.what, joined(&changes, "; "))
    })
}

/// What some endpoints present: `endpoints`, `presented`.
pub(crate) fn presenting<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>, what: &'static str) -> Message {
    let values = Presenting { endpoints: endpoints.into_iter().cloned().collect(), what };
    Message::told(&["endpoints", "presented"], values, |Presenting { endpoints, what }, f| {
        let answers = endpoints.iter().map(|it| text::from_fn(move |f| write!(f, "{}: {}", it.title(), it.answer())));
        write!(f, "{what}: {}", joined(&answers.collect::<Vec<_>>(), "; "))
    })
}

/// The endpoints after their change.
pub(crate) fn after<'a>(changes: &[&'a EndpointChange]) -> impl Iterator<Item = &'a Endpoint> {
    changes.iter().map(|change| &change.after)
}

/// What some endpoints present is not known: `endpoints`, `missing`.
pub(crate) fn not_known(changes: &[&EndpointChange]) -> Message {
    let values = NotKnown(Endpoints::new(changes, "it is not known what is presented at"));
    Message::told(&["endpoints", "missing"], values, |NotKnown(endpoints), f| {
        let titles = endpoints.changes.iter().map(|change| change.after.title()).collect::<Vec<_>>();
        let missing = endpoints.missing();
        let verb = if missing.len() == 1 { "was" } else { "were" };
        write!(f, "{} {}: {} {verb} not exported", endpoints.what, joined(&titles, ", "), joined(&missing, ", "))
    })
}

#[derive(Clone)]
struct Endpoints {
    changes: Vec<EndpointChange>,
    what: &'static str,
}

impl Endpoints {
    fn new(changes: &[&EndpointChange], what: &'static str) -> Self {
        Self { changes: changes.iter().copied().cloned().collect(), what }
    }

    fn texts(&self, text: fn(&EndpointChange) -> String) -> FactValue {
        FactValue::Texts(self.changes.iter().map(text).collect())
    }

    fn missing(&self) -> Vec<MissingFact> {
        let presented = self.changes.iter().flat_map(|change| [&change.before, change.after.presented()]);
        presented.filter_map(Presented::missing).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn ids(&self) -> FactValue {
        self.texts(|change| change.after.id().to_string())
    }
}

#[derive(Clone)]
struct Changing(Endpoints);

impl Values for Changing {
    fn values(&self) -> Vec<FactValue> {
        let Self(endpoints) = self;
        vec![
            endpoints.ids(),
            endpoints.texts(|change| change.before.in_short().to_string()),
            endpoints.texts(|change| change.after.presented().in_short().to_string()),
        ]
    }
}

#[derive(Clone)]
struct ChangingOnServers(Endpoints);

impl Values for ChangingOnServers {
    fn values(&self) -> Vec<FactValue> {
        let Self(endpoints) = self;
        let servers = endpoints.texts(|change| change.after.server().to_owned());
        [servers].into_iter().chain(Changing(endpoints.clone()).values()).collect()
    }
}

#[derive(Clone)]
struct Presenting {
    endpoints: Vec<Endpoint>,
    what: &'static str,
}

impl Values for Presenting {
    fn values(&self) -> Vec<FactValue> {
        let texts = |text: fn(&Endpoint) -> String| FactValue::Texts(self.endpoints.iter().map(text).collect());
        vec![texts(|it| it.id().to_string()), texts(|it| it.presented().in_short().to_string())]
    }
}

#[derive(Clone)]
struct NotKnown(Endpoints);

impl Values for NotKnown {
    fn values(&self) -> Vec<FactValue> {
        let Self(endpoints) = self;
        let missing = endpoints.missing().iter().map(ToString::to_string).collect();
        vec![endpoints.ids(), FactValue::Texts(missing)]
    }
}
