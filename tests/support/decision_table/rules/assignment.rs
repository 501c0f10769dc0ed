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
                (requested, false, Some(Replacing { old, update_connectors }), follows)
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

    /// Connectors that go on with another certificate of this server, since they name it.
    pub fn left_behind(&self) -> Vec<usize> {
        let stays = |connector: &ConnectorFacts| {
            !self.certificate.is_some_and(|it| connector.names(it))
                && self.server.others(self.this).any(|(_, it)| it.has(SMTP) && connector.names(it))
        };
        if !self.asks(SMTP) || self.updates_connectors() {
            return Vec::new();
        }
        self.connectors(stays)
    }

    /// Connectors that name this certificate and would, or may, use another; the one that is
    /// replaced is gone then.
    pub fn using_other(&self) -> Vec<usize> {
        let Some(certificate) = self.certificate.filter(|_| self.asks(SMTP)) else {
            return Vec::new();
        };
        let mut state = self.before.clone();
        if let Some(old) = self.replaces.and_then(|it| it.old) {
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
        let missing = |name: &String| !holds(&self.domains, name);
        let speaks = self.certificate.is_some_and(|it| !it.is_wildcard()) && name.set().is_some_and(missing);
        self.one(service, speaks)
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
