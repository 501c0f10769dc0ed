//! ENDPOINTS §7: the rules that compare what is presented before a plan and after it.

use super::super::endpoints::{Endpoint, EndpointKind, Presents};
use super::super::facts::*;
use super::super::rank::{Flag, is_dead, is_worse};
use super::super::{Change, Kind, Said};
use super::{Assignment, Removal, default_open, refused};

pub struct Comparison<'a> {
    pub server: &'a ServerFacts,
    pub assignment: Option<&'a Assignment<'a>>,
    pub removal: Option<&'a Removal<'a>>,
    pub changes: &'a [Change],
    /// What the rules of §5 say.
    pub said: &'a [Said],
}

type OnEndpoints = fn(&Comparison<'_>) -> Option<(Kind, u8)>;

/// In the order of that section.
pub static PRESENTED: &[(&str, OnEndpoints)] = &[
    ("endpoint-fails", |it| {
        let failing = it.failing();
        let kind = failing.iter().map(|change| failure(it.server, &change.after)).max()?;
        Some((kind, it.services_of(&failing)))
    }),
    ("endpoint-worse", |it| {
        let named = [it.failing(), it.keeping_other()].concat();
        let is_named = |change: &Change| named.iter().any(|other| std::ptr::eq(*other, change));
        let worse: Vec<&Change> = it.speaking().filter(|change| !is_named(change) && it.is_worse(change)).collect();
        (!worse.is_empty()).then(|| (Kind::Warn, it.services_of(&worse)))
    }),
    ("smtp-reaches-nothing", reaches_nothing),
    ("smtp-reaches-some", reaches_some),
    ("imap-ambiguous", |it| it.ambiguous(EndpointKind::Imap)),
    ("pop-ambiguous", |it| it.ambiguous(EndpointKind::Pop)),
    ("iis-binding-keeps-other", |it| {
        let failing = it.failing();
        let is_named = |change: &Change| failing.iter().any(|other| std::ptr::eq(*other, change));
        it.keeping_other().iter().any(|change| !is_named(change)).then_some((Kind::Warn, IIS))
    }),
    ("import-takes-over", |it| {
        let a = it.assignment.filter(|a| a.question != 0)?;
        let this = a.this?;
        let no_smtp = (a.prints | a.question) & SMTP == 0;
        let taken = |change: &Change| change.after.named && change.after.answer.is(this);
        (no_smtp && it.changes.iter().any(taken)).then_some((Kind::Warn, 0))
    }),
    ("endpoints-unknown", |it| {
        let in_plan = |change: &&Change| it.removal.is_some() || it.question() & change.after.kind.service() != 0;
        let unknown = |change: &&Change| change.before.answer.is_unknown() || change.after.answer.is_unknown();
        let unknown: Vec<&Change> = it.changes.iter().filter(in_plan).filter(unknown).collect();
        (!unknown.is_empty()).then(|| (Kind::Note, it.services_of(&unknown)))
    }),
];

/// IMAP, POP and Unified Messaging may not run, and a client certificate is optional.
fn failure(server: &ServerFacts, endpoint: &Endpoint) -> Kind {
    let optional = match endpoint.kind {
        EndpointKind::Imap | EndpointKind::Pop | EndpointKind::UnifiedMessaging | EndpointKind::CallRouter => true,
        EndpointKind::Send => {
            let checked = endpoint.connector.is_some_and(|index| server.connectors[index].is_checked());
            !endpoint.named && !checked
        }
        EndpointKind::DefaultWebSite
        | EndpointKind::BackEnd
        | EndpointKind::Receive
        | EndpointKind::Internal
        | EndpointKind::EdgeSync => false,
    };
    if optional { Kind::Warn } else { Kind::Refuse }
}

fn reaches_nothing(it: &Comparison<'_>) -> Option<(Kind, u8)> {
    let a = it.assignment.filter(|a| a.asks(SMTP) && !a.moves_default)?;
    let this = a.this?;
    let not_default = match it.server.default_smtp {
        DefaultSmtp::NotKnown => false,
        DefaultSmtp::Installed(index) => index != this,
        DefaultSmtp::Nothing | DefaultSmtp::NotInstalled | DefaultSmtp::NotInstalledRequested => true,
    };
    let connectors = || it.changes.iter().filter(|change| change.after.kind.is_connector());
    let offered = connectors()
        .any(|change| change.after.kind == EndpointKind::Receive && change.after.answer != Presents::NotOffered);
    let reached = connectors().any(|change| change.after.answer.may_be(this));
    let unknown = connectors().any(|change| change.after.answer.is_unknown());
    let updates = it.said.iter().any(|said| said.rule == "update-connectors");
    if !not_default || !offered || reached || unknown || updates {
        return None;
    }
    let reached_none = |index: usize| {
        connectors().all(|change| !change.before.answer.may_be(index) && !change.before.answer.is_unknown())
    };
    let alike = |(index, other): (usize, &CertificateFacts)| {
        other.has(SMTP)
            && !other.self_signed
            && it.server.default_smtp != DefaultSmtp::Installed(index)
            && reached_none(index)
    };
    let old = a.replaces.and_then(|replacing| replacing.old);
    let as_before = old.is_some_and(reached_none) || it.server.others(Some(this)).any(alike);
    Some((if as_before { Kind::Note } else { Kind::Warn }, SMTP))
}

fn reaches_some(it: &Comparison<'_>) -> Option<(Kind, u8)> {
    let this = it.assignment.filter(|a| a.asks(SMTP))?.this?;
    let connectors = || it.changes.iter().filter(|change| change.after.kind.is_connector());
    let reaches = connectors().any(|change| change.after.answer.may_be(this));
    let stays_self_signed = |change: &Change| {
        let external = change.after.kind == EndpointKind::Receive && change.after.uncounted.is_empty();
        external
            && !change.after.answer.may_be(this)
            && change.before.answer.is_self_signed()
            && change.after.answer.is_self_signed()
    };
    (reaches && connectors().any(stays_self_signed)).then_some((Kind::Note, SMTP))
}

impl Comparison<'_> {
    fn question(&self) -> u8 {
        self.assignment.map_or(0, |a| a.question)
    }

    /// Those in question; a rule that names none is about the request.
    fn services_of(&self, changes: &[&Change]) -> u8 {
        changes.iter().fold(0, |services, it| services | it.after.kind.service()) & self.question()
    }

    /// Where no other rule speaks of the endpoint already.
    fn speaking(&self) -> impl Iterator<Item = &Change> {
        // What a certificate that is not installed would present cannot be compared.
        let judged = self.assignment.is_none_or(|a| a.this.is_some());
        self.changes.iter().filter(move |change| judged && !self.is_named_already(&change.after))
    }

    fn is_named_already(&self, endpoint: &Endpoint) -> bool {
        let spoke = |rule: &str| self.said.iter().find(|it| it.rule == rule);
        let kind = endpoint.kind;
        let service = kind.service();
        let default = matches!(kind, EndpointKind::Internal | EndpointKind::EdgeSync);
        let connector = |connectors: Vec<usize>| endpoint.connector.is_some_and(|it| connectors.contains(&it));
        let of_gone = || {
            let connector = endpoint.connector.map(|index| &self.server.connectors[index]);
            let gone = self.removal.and_then(|it| it.certificate);
            connector.zip(gone).is_some_and(|(connector, gone)| connector.names(gone))
        };
        let by_assignment = self.assignment.is_some_and(|a| {
            (default && default_open(a).is_some())
                || refused(self.said) & service != 0
                || (spoke("update-connectors").is_some() && connector(a.left_behind()))
                || (spoke("connector-uses-other").is_some() && connector(a.using_other()))
        });
        by_assignment
            || (default && spoke("removes-default-smtp").is_some())
            || (kind == EndpointKind::BackEnd && spoke("removes-back-end-certificate").is_some())
            || (spoke("removes-connector-certificate").is_some() && of_gone())
            || spoke("removes-last-assignment").is_some_and(|it| it.services & service != 0)
    }

    fn failing(&self) -> Vec<&Change> {
        let fails = |it: &&Change| is_dead(&it.before.answer) == Some(false) && is_dead(&it.after.answer) == Some(true);
        self.speaking().filter(fails).collect()
    }

    /// Bindings of the Default Web Site that Exchange does not move.
    fn keeping_other(&self) -> Vec<&Change> {
        let Some(this) = self.assignment.filter(|a| a.asks(IIS)).and_then(|a| a.this) else {
            return Vec::new();
        };
        let keeps = |it: &&Change| {
            let binding = it.before.binding.as_ref();
            let stays = binding.is_some_and(|it| it.has_host_or_address() && !it.follows_exchange());
            let other = matches!(&it.before.answer, Presents::Certificate(shown) if shown.index != this);
            it.before.kind == EndpointKind::DefaultWebSite && stays && other
        };
        self.speaking().filter(keeps).collect()
    }

    fn is_worse(&self, change: &Change) -> bool {
        let mut uncounted = change.after.uncounted.clone();
        let excuses = [
            ("iis-name-not-covered", Flag::Name),
            ("self-signed", Flag::SelfSigned),
            ("status-accepted", Flag::Status),
        ];
        for (rule, flag) in excuses {
            let service = change.after.kind.service();
            if self.said.iter().any(|it| it.rule == rule && it.services & service != 0) {
                uncounted.push(flag);
            }
        }
        is_worse(&change.before.answer, &change.after.answer, &uncounted)
    }

    fn ambiguous(&self, kind: EndpointKind) -> Option<(Kind, u8)> {
        let service = kind.service();
        let several = |it: &Change| it.after.kind == kind && matches!(it.after.answer, Presents::OneOf(_));
        (self.question() & service != 0 && self.changes.iter().any(several)).then_some((Kind::Note, service))
    }
}
