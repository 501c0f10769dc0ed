//! What an assignment or a replacement asks for.

use super::super::endpoints::{Endpoint, EndpointKind};
use super::super::facts::*;
use super::super::selection::winners_by_name;
use super::super::state::{State, View};
use super::{Answered, some};

pub struct Assignment<'a> {
    pub now: i64,
    pub server: &'a ServerFacts,
    pub request: &'a RequestFacts,
    pub before: &'a State,
    pub this: Option<usize>,
    pub certificate: Option<&'a CertificateFacts>,
    pub domains: Vec<&'a str>,
    pub hosted: u8,
    /// What the request names, or what `replace` makes of it.
    pub requested: u8,
    /// What Exchange shows of the certificate.
    pub prints: u8,
    /// What counts as assigned to it.
    pub has: u8,
    pub question: u8,
    /// IMAP and POP that follow the certificate by name in a replacement.
    pub served: u8,
    pub moves_default: bool,
    pub replaces: Option<Replacing>,
}

#[derive(Clone, Copy)]
pub struct Replacing {
    pub old: Option<usize>,
    pub update_connectors: bool,
    pub keep_old: bool,
}

impl<'a> Assignment<'a> {
    /// `presented` are the endpoints before the plan.
    pub fn of(
        now: i64,
        server: &'a ServerFacts,
        request: &'a RequestFacts,
        before: &'a State,
        presented: &[Endpoint],
    ) -> Option<Self> {
        let hosted = server.hosted();
        let this = request.certificate;
        let certificate = this.map(|index| &server.certificates[index]);
        let domains = certificate.map(CertificateFacts::domains).unwrap_or_default();
        let prints = certificate.and_then(|it| it.services).unwrap_or(0);
        let has = this.map_or(0, |this| counted(before, this));
        let (requested, takes, replaces, served) = match request.operation {
            Operation::Assign { services, mode } => (services, mode == Mode::Take, None, 0),
            Operation::Remove => return None,
            Operation::Replace { old, update_connectors } => {
                let of_old = old.map_or(0, |old| counted(before, old));
                let follows = match (old, certificate) {
                    (Some(old), Some(certificate)) if certificate.is_wildcard() => {
                        hosted & followed(server, presented, old, of_old, &domains)
                    }
                    _ => 0,
                };
                // §4: Federation is not skipped where it is not hosted, it refuses.
                let requested = of_old & (hosted | FEDERATION) & !follows;
                // §5.2, `empty-subject`: no name is ever set to an empty subject.
                let update_connectors =
                    update_connectors && !certificate.is_some_and(CertificateFacts::has_empty_subject);
                (requested, false, Some(Replacing { old, update_connectors, keep_old: request.keep_old }), follows)
            }
        };
        let is_default = match server.default_smtp {
            DefaultSmtp::Installed(index) => this == Some(index),
            DefaultSmtp::NotInstalledRequested => this.is_none(),
            DefaultSmtp::NotKnown | DefaultSmtp::Nothing | DefaultSmtp::NotInstalled => false,
        };
        let moves_default =
            !takes && requested & SMTP != 0 && request.default_smtp == Some(Answer::Replace) && !is_default;
        let mut question = if takes { 0 } else { requested & !has };
        if moves_default {
            question |= SMTP;
        }
        Some(Self {
            now,
            server,
            request,
            before,
            this,
            certificate,
            domains,
            hosted,
            requested,
            prints,
            has,
            question,
            served,
            moves_default,
            replaces,
        })
    }

    pub fn added(&self) -> u8 {
        self.question & !self.has
    }

    pub fn asks(&self, services: u8) -> bool {
        self.question & services != 0
    }

    /// The server names a default SMTP certificate, and it is not this one.
    pub fn other_default(&self) -> bool {
        match self.server.default_smtp {
            DefaultSmtp::Installed(index) => self.this != Some(index),
            DefaultSmtp::NotInstalled => true,
            DefaultSmtp::NotInstalledRequested => self.this.is_some(),
            DefaultSmtp::NotKnown | DefaultSmtp::Nothing => false,
        }
    }

    pub fn updates_connectors(&self) -> bool {
        self.replaces.is_some_and(|it| it.update_connectors)
    }

    /// Connectors that go on with another certificate of this server, since they name it; a self-signed one is
    /// not meant for them.
    pub fn left_behind(&self) -> Vec<usize> {
        let stays = |connector: &ConnectorFacts| {
            !self.certificate.is_some_and(|it| connector.names(it))
                && self.server.others(self.this).any(|(_, it)| it.has(SMTP) && connector.names(it))
        };
        let meant = !self.certificate.is_some_and(|it| it.self_signed);
        if !self.asks(SMTP) || !meant || self.updates_connectors() {
            return Vec::new();
        }
        self.connectors(stays)
    }

    /// Connectors whose name a replacement moves to this certificate, also where nothing is in question.
    pub fn moved(&self) -> Vec<usize> {
        let old = self.replaces.and_then(|it| it.old).filter(|_| self.updates_connectors());
        let (Some(old), Some(new)) = (old.map(|old| &self.server.certificates[old]), self.certificate) else {
            return Vec::new();
        };
        match &self.request.moving {
            None => self.connectors(|connector| connector.names(old) && !connector.names(new)),
            Some(moving) => moving.iter().copied().filter(|index| !self.server.connectors[*index].names(new)).collect(),
        }
    }

    /// What is taken away; one that is kept goes on.
    pub fn gone(&self) -> Option<usize> {
        self.replaces.filter(|it| !it.keep_old).and_then(|it| it.old)
    }

    /// Send connectors or the hybrid configuration, by the script or by the remedies of `update-connectors` and
    /// `update-hybrid`.
    pub fn changes_organization(&self) -> bool {
        let Some(new) = self.certificate else {
            return false;
        };
        // Where the names are the same, those of Send connectors are taken away and set again.
        let old = self.gone().filter(|_| self.updates_connectors());
        let set_again =
            self.connectors(|it| old.is_some_and(|old| it.names(&self.server.certificates[old]) && it.names(new)));
        let (moved, left) = (self.moved(), self.left_behind());
        self.any_is(&moved, ConnectorKind::Send)
            || self.any_is(&moved, ConnectorKind::Hybrid)
            || self.any_is(&set_again, ConnectorKind::Send)
            || self.any_is(&left, ConnectorKind::Hybrid)
            // No remedy sets a name to an empty subject.
            || (self.any_is(&left, ConnectorKind::Send) && !new.has_empty_subject())
    }

    /// Of these connectors.
    pub fn any_is(&self, connectors: &[usize], kind: ConnectorKind) -> bool {
        connectors.iter().any(|index| self.server.connectors[*index].kind == kind)
    }

    /// Connectors that name this certificate and would, or may, use another; the one that is
    /// replaced is gone then.
    pub fn using_other(&self) -> Vec<usize> {
        let Some(certificate) = self.certificate.filter(|_| self.asks(SMTP)) else {
            return Vec::new();
        };
        let mut state = self.before.clone();
        if let Some(old) = self.gone() {
            state.installed[old] = false;
        }
        let view = View { now: self.now, server: self.server, state: &state, before: self.before };
        let winners = winners_by_name(view, &CertificateName::of(certificate));
        if winners.iter().all(|index| Some(*index) == self.this) {
            return Vec::new();
        }
        self.connectors(|connector| connector.names(certificate))
    }

    fn connectors(&self, wanted: impl Fn(&ConnectorFacts) -> bool) -> Vec<usize> {
        let connectors = self.server.connectors.iter().enumerate();
        connectors.filter(|(_, it)| self.server.counts(it) && wanted(it)).map(|(index, _)| index).collect()
    }

    pub fn all(&self, speaks: bool) -> Answered {
        speaks.then_some(self.question)
    }

    pub fn all_about(&self, speaks: fn(&CertificateFacts) -> bool) -> Answered {
        self.all(self.certificate.is_some_and(speaks))
    }

    pub fn one(&self, service: u8, speaks: bool) -> Answered {
        (speaks && self.asks(service)).then_some(service)
    }

    pub fn one_about(&self, service: u8, speaks: fn(&CertificateFacts) -> bool) -> Answered {
        self.one(service, self.certificate.is_some_and(speaks))
    }

    pub fn those(&self, services: u8) -> Answered {
        some(self.question & services)
    }

    pub fn those_about(&self, services: u8, speaks: fn(&CertificateFacts) -> bool) -> Answered {
        self.those(services).filter(|_| self.certificate.is_some_and(speaks))
    }

    /// A restart shows what was assigned, and what is served by name.
    pub fn restarts(&self, service: u8) -> Answered {
        some((self.question | self.served) & service)
    }

    pub fn accepts(&self, status: Status) -> bool {
        acceptable(status) && self.request.accept_status.contains(&status)
    }

    /// The name that the shell shows for IMAP or POP, where the certificate does not bear it.
    pub fn name_mismatch(&self, service: u8, name: &Fact<String>) -> Answered {
        let missing = |name: &String| !holds(&self.domains, name) && !self.only_self_signed_cover(name);
        let speaks = self.certificate.is_some_and(|it| !it.is_wildcard()) && name.set().is_some_and(missing);
        self.one(service, speaks)
    }

    /// A fresh server. Of the certificates that were not read one may be another.
    fn only_self_signed_cover(&self, name: &str) -> bool {
        let mut covering = self.server.certificates.iter().filter(|it| covered(&it.domains(), name)).peekable();
        covering.peek().is_some() && covering.all(|it| it.self_signed) && !self.server.lacks(NotRead::Certificates)
    }

    /// The name that assigning overwrites with the certificate's first.
    pub fn name_not_first(&self, service: u8, name: &Fact<String>) -> Answered {
        let later = |name: &String| holds(&self.domains, name) && !self.domains[0].eq_ignore_ascii_case(name);
        self.one(service, name.set().is_some_and(later))
    }
}

pub fn default_open(a: &Assignment<'_>) -> Answered {
    a.one(SMTP, a.other_default() && a.request.default_smtp.is_none())
}

fn counted(state: &State, index: usize) -> u8 {
    SERVICES.iter().filter(|(service, _)| state.counts(index, *service)).fold(0, |has, (service, _)| has | service)
}

/// §4: what a wildcard certificate takes over by name.
fn followed(server: &ServerFacts, presented: &[Endpoint], old: usize, of_old: u8, domains: &[&str]) -> u8 {
    let services = [
        (IMAP, EndpointKind::Imap, &server.imap_certificate_name),
        (POP, EndpointKind::Pop, &server.pop_certificate_name),
    ];
    let follows = |(service, kind, name): &(u8, EndpointKind, &Fact<String>)| {
        let shown = || presented.iter().any(|it| it.kind == *kind && it.answer.may_be(old));
        name.set().is_some_and(|name| covered(domains, name)) && (of_old & service != 0 || shown())
    };
    services.iter().filter(|it| follows(it)).fold(0, |served, (service, ..)| served | service)
}

fn acceptable(status: Status) -> bool {
    matches!(status, Status::RevocationCheckFailure | Status::Untrusted | Status::Unknown)
}
