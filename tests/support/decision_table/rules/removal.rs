//! What taking a certificate away leaves behind.

use super::super::endpoints::{Endpoint, EndpointKind};
use super::super::facts::*;
use super::super::state::State;
use super::assignment::{Assignment, default_open};

pub struct Removal<'a> {
    pub now: i64,
    pub server: &'a ServerFacts,
    pub request: &'a RequestFacts,
    pub gone: Option<usize>,
    pub certificate: Option<&'a CertificateFacts>,
    pub hosted: u8,
    /// The server as the removal finds it.
    pub state: State,
    /// Services that count as held though nothing that is installed has them.
    pub held_elsewhere: u8,
    /// Services that the endpoint rules judge.
    pub by_endpoint: u8,
    pub names_move: bool,
    pub default_open: bool,
}

impl<'a> Removal<'a> {
    pub fn of(
        now: i64,
        server: &'a ServerFacts,
        request: &'a RequestFacts,
        before: &State,
        assignment: Option<&Assignment<'a>>,
    ) -> Option<Self> {
        let (gone, names_move) = match request.operation {
            Operation::Assign { .. } => return None,
            Operation::Remove => (request.certificate, false),
            // §5: it is judged as an assignment is, and no rule of the removal speaks.
            Operation::Replace { .. } if request.keep_old => return None,
            Operation::Replace { old, .. } => (old, assignment.is_some_and(Assignment::updates_connectors)),
        };
        Some(Self {
            now,
            server,
            request,
            gone,
            certificate: gone.map(|index| &server.certificates[index]),
            hosted: server.hosted(),
            state: assignment.map_or_else(|| before.clone(), State::after),
            held_elsewhere: assignment.map_or(0, |it| match it.this {
                Some(_) => it.served,
                None => it.question & !FEDERATION,
            }),
            by_endpoint: 0,
            names_move,
            default_open: assignment.is_some_and(|it| default_open(it).is_some()),
        })
    }

    /// Where what is presented is known on both sides, flags say nothing more.
    pub fn judge_by_endpoint(&mut self, before: &[Endpoint], after: &[Endpoint]) {
        let known = |endpoints: &[Endpoint], kind: EndpointKind| {
            let mut answers = endpoints.iter().filter(|it| it.kind == kind).map(|it| &it.answer).peekable();
            answers.peek().is_some() && answers.all(|it| !it.is_unknown())
        };
        for kind in [EndpointKind::DefaultWebSite, EndpointKind::Imap, EndpointKind::Pop] {
            if known(before, kind) && known(after, kind) {
                self.by_endpoint |= kind.service();
            }
        }
    }

    pub fn has(&self, service: u8) -> bool {
        self.gone.is_some_and(|gone| self.state.counts(gone, service))
    }

    /// Of which Auth certificates are in use nothing is known, and it is called like one.
    pub fn is_likely_auth_certificate(&self) -> bool {
        self.server.auth_certificates.is_none() && self.certificate.is_some_and(CertificateFacts::has_auth_name)
    }

    /// An Auth certificate never counts as another holder.
    pub fn held_by_another(&self, service: u8) -> bool {
        self.held_elsewhere & service != 0
            || self
                .server
                .others(self.gone)
                .any(|(index, _)| self.state.counts(index, service) && !self.server.is_auth_certificate(index))
    }

    /// Services that nothing else holds, apart from those that the endpoint rules judge. One of the certificates that
    /// were not read may hold each of them.
    pub fn last(&self) -> u8 {
        if self.server.lacks(NotRead::Certificates) {
            return 0;
        }
        SERVICES
            .iter()
            .map(|(service, _)| *service)
            .filter(|service| *service != FEDERATION && self.hosted & !self.by_endpoint & service != 0)
            .filter(|service| self.has(*service) && !self.held_by_another(*service))
            .fold(0, |services, service| services | service)
    }
}
