//! All that a rule may see of a request: the assignment in it, and the removal.

use std::fmt;

use crate::certificate::Certificate;
use crate::change::Change;
use crate::endpoint::{self, EndpointChange};
use crate::fact::Fact;
use crate::request::{AcceptedStatus, Answer, Mode, Operation, Request};
use crate::server::{Connector, Installed, Server, Status};
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// How strict the rules are that count something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thresholds {
    /// Days, from which on a certificate expires soon.
    pub(crate) expires_soon_days: u32,
    /// Bits of an RSA modulus under which a key is weak.
    pub(crate) minimum_rsa_bits: u32,
}

/// A request to a server at a point in time.
#[derive(Clone, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) server: &'a Server,
    pub(crate) request: &'a Request,
    pub(crate) assignment: Option<Assignment<'a>>,
    pub(crate) change: Change,
    /// What every endpoint presents before and after.
    pub(crate) endpoints: Vec<EndpointChange>,
    pub(crate) elsewhere: Option<&'a dyn Elsewhere>,
}

/// Who knows which other servers hold a certificate.
pub(crate) trait Elsewhere: fmt::Debug {
    /// The names of the servers on which the certificate is installed.
    fn holders(&self, thumbprint: Thumbprint) -> Vec<String>;
}

impl<'a> Case<'a> {
    pub(crate) fn new(server: &'a Server, request: &'a Request, now: Timestamp, thresholds: Thresholds) -> Self {
        let assignment = Assignment::new(server, request, now, thresholds);
        let (gained, moves_default) = match &assignment {
            Some(assignment) => (assignment.in_question(), assignment.moves_default_smtp()),
            None => (Service::empty(), false),
        };
        let change = Change::of_assignment(request, gained, moves_default).with_removal(request, server);
        let sites = server.sites();
        let endpoints = endpoint::changes(server, &change, &sites, now);
        Self { server, request, assignment, change, endpoints, elsewhere: None }
    }

    /// The removal in the request, if there is one.
    pub(crate) fn removal(&self) -> Option<Removal<'_>> {
        let removed = self.server.installed(self.request.removes()?);
        let decision_is_open = self.assignment.as_ref().is_some_and(Assignment::asks_for_default_smtp);
        Some(Removal { server: self.server, request: self.request, removed, change: &self.change, decision_is_open })
    }
}

/// The assignment of a certificate to services, as rules see it.
///
/// Rules judge the services [in question](Self::in_question). Where the certificate is not
/// installed there is nothing to judge about it, so a rule that begins with
/// [`certificate()?`](Self::certificate) is silent.
#[derive(Clone, Debug)]
pub struct Assignment<'a> {
    server: &'a Server,
    request: &'a Request,
    now: Timestamp,
    thresholds: Thresholds,
    installed: Option<&'a Installed>,
    skipped: Service,
    taken: Service,
    in_question: Service,
    moves_default: bool,
}

impl<'a> Assignment<'a> {
    fn new(server: &'a Server, request: &'a Request, now: Timestamp, thresholds: Thresholds) -> Option<Self> {
        let (requested, skipped, mode) = match request.operation() {
            Operation::Assign { services, mode } => (services, Service::empty(), mode),
            Operation::Replace { old, .. } => {
                let services = server.installed(old).map(Installed::known_services).unwrap_or_default();
                let asked = services & (server.hosts() | Service::FEDERATION);
                (asked, services - asked, Mode::Add)
            }
            Operation::Remove => return None,
        };
        let installed = server.installed(request.thumbprint());
        let has = installed.map(Installed::known_services).unwrap_or_default();
        let taken = match mode {
            Mode::Add => Service::empty(),
            Mode::Exact => has - requested,
            Mode::Take => has & requested,
        };
        let adds = mode != Mode::Take;
        let moves_default = adds
            && requested.contains(Service::SMTP)
            && request.default_smtp() == Some(Answer::Replace)
            && server.default_smtp() != Fact::Value(request.thumbprint());
        let mut in_question = if adds { requested - has } else { Service::empty() };
        in_question.set(Service::SMTP, in_question.contains(Service::SMTP) || moves_default);
        Some(Self { server, request, now, thresholds, installed, skipped, taken, in_question, moves_default })
    }

    /// The server.
    pub fn server(&self) -> &'a Server {
        self.server
    }

    /// The request.
    pub fn request(&self) -> &'a Request {
        self.request
    }

    /// The certificate with what stands beside it, if it is installed.
    pub fn installed(&self) -> Option<&'a Installed> {
        self.installed
    }

    /// The certificate, if it is installed.
    pub fn certificate(&self) -> Option<&'a Certificate> {
        self.installed.map(Installed::certificate)
    }

    /// The services in question: those requested and not assigned to this certificate yet, and SMTP
    /// also if the request makes this certificate the default one.
    pub fn in_question(&self) -> Service {
        self.in_question
    }

    /// Whether this service is in question.
    pub fn adds(&self, service: Service) -> bool {
        self.in_question.intersects(service)
    }

    /// Whether the request makes this certificate the default SMTP certificate.
    pub fn moves_default_smtp(&self) -> bool {
        self.moves_default
    }

    /// The services of the old certificate that this server does not host.
    pub(crate) fn skipped(&self) -> Service {
        self.skipped
    }

    /// The services that the certificate would lose, which it never does.
    pub(crate) fn taken(&self) -> Service {
        self.taken
    }

    /// The services that the certificate has not had yet.
    pub(crate) fn added(&self) -> Service {
        self.in_question - self.installed.map(Installed::known_services).unwrap_or_default()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// The status that keeps the certificate from being assigned, unless it is accepted.
    pub(crate) fn status_in_force(&self) -> Option<Status> {
        self.installed.map(|installed| installed.status_at(self.now))
    }

    /// Whether the request accepts this status.
    pub(crate) fn accepts(&self, status: Status) -> bool {
        self.request.accepted_statuses().iter().any(|accepted| match accepted {
            AcceptedStatus::RevocationCheckFailure => status == Status::RevocationCheckFailure,
            AcceptedStatus::Untrusted => status == Status::Untrusted,
            AcceptedStatus::Unknown => status == Status::Unknown,
        })
    }

    /// The other certificate that is the default one for SMTP, installed or not.
    pub(crate) fn other_default_smtp(&self) -> Option<Thumbprint> {
        self.server.default_smtp().value().filter(|default| *default != self.request.thumbprint())
    }

    /// Whether it takes an answer first.
    pub(crate) fn asks_for_default_smtp(&self) -> bool {
        self.adds(Service::SMTP) && self.other_default_smtp().is_some() && self.request.default_smtp().is_none()
    }

    /// Whether the same request removes the default certificate, which then cannot be kept.
    pub(crate) fn removes_default_smtp(&self) -> bool {
        self.request.removes().is_some() && self.request.removes() == self.server.default_smtp().value()
    }

    /// Which answer serves best.
    pub(crate) fn recommended(&self) -> Answer {
        let default = self.other_default_smtp();
        let is_sound = default.and_then(|thumbprint| self.server.installed(thumbprint)).is_some_and(|installed| {
            installed.status_at(self.now) == Status::Valid && installed.certificate().is_self_signed()
        });
        if is_sound && !self.removes_default_smtp() { Answer::Keep } else { Answer::Replace }
    }

    /// The other installed certificates that have this service.
    pub(crate) fn other_holders(&self, service: Service) -> impl Iterator<Item = &'a Installed> {
        let thumbprint = self.request.thumbprint();
        self.server.inventory().holders(service).filter(move |installed| installed.thumbprint() != thumbprint)
    }

    /// Whether the certificate is the Auth certificate, by the server's word or by its name.
    pub(crate) fn is_auth_certificate(&self) -> bool {
        self.installed.is_some_and(|installed| is_auth_certificate(self.server, installed))
    }
}

/// The removal of a certificate, as rules see it: on the server as it is after the assignment, if
/// the same request makes one.
#[derive(Clone, Debug)]
pub(crate) struct Removal<'a> {
    server: &'a Server,
    request: &'a Request,
    removed: Option<&'a Installed>,
    change: &'a Change,
    decision_is_open: bool,
}

impl<'a> Removal<'a> {
    pub(crate) fn server(&self) -> &'a Server {
        self.server
    }

    /// The certificate that is removed, if it is installed.
    pub(crate) fn removed(&self) -> Option<&'a Installed> {
        self.removed
    }

    /// The services that an installed certificate is known to have at the time of the removal.
    pub(crate) fn services(&self, installed: &Installed) -> Service {
        self.change.services(self.server, installed)
    }

    /// Whether the removed certificate is then known to have this service.
    pub(crate) fn has(&self, service: Service) -> bool {
        self.removed.is_some_and(|removed| self.services(removed).intersects(service))
    }

    /// The default SMTP certificate at the time of the removal.
    pub(crate) fn default_smtp(&self) -> Fact<Thumbprint> {
        self.change.default_smtp(self.server)
    }

    /// Whether another certificate than the removed one and the Auth certificate then has this service.
    pub(crate) fn has_another_holder(&self, service: Service) -> bool {
        let counts = |thumbprint| match self.server.installed(thumbprint) {
            Some(installed) => !is_auth_certificate(self.server, installed),
            None => true,
        };
        self.change.gained().contains(service) && counts(self.change.thumbprint())
            || self.server.inventory().holders(service).any(|holder| {
                let is_removed = self.removed.is_some_and(|removed| removed.thumbprint() == holder.thumbprint());
                !is_removed && counts(holder.thumbprint()) && self.services(holder).contains(service)
            })
    }

    /// The request.
    pub(crate) fn request(&self) -> &'a Request {
        self.request
    }

    /// The connectors that name the removed certificate, unless their names move.
    pub(crate) fn connectors(&self) -> impl Iterator<Item = &'a Connector> {
        let removed = self.removed.filter(|_| !self.request.updates_connectors());
        let is_named =
            move |connector: &&Connector| removed.is_some_and(|removed| connector.names(removed.certificate()));
        self.server.connectors().filter(is_named)
    }

    /// Whether it is still to be decided which certificate is the default one.
    pub(crate) fn decision_is_open(&self) -> bool {
        self.decision_is_open
    }
}

/// Whether it is the Auth certificate, by the server's word or by its name.
fn is_auth_certificate(server: &Server, installed: &Installed) -> bool {
    server.auth_certificates().is_some_and(|auth| auth.contains(installed.thumbprint()))
        || is_named_auth_certificate(installed.certificate())
}

pub(crate) fn is_named_auth_certificate(certificate: &Certificate) -> bool {
    certificate.has_common_name("Microsoft Exchange Server Auth Certificate")
}
