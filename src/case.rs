//! All that a rule may see of a request: the assignment in it, and the removal.

mod connectors;

use std::sync::OnceLock;
use std::time::SystemTime;

use crate::certificate::Certificate;
use crate::change::{self, Change, Names};
use crate::endpoint::{self, EndpointChange, EndpointKind, View};
use crate::fact::Fact;
use crate::remedy::Elsewhere;
use crate::request::{AcceptedStatus, Answer, Mode, Operation, Request};
use crate::server::{Connector, EXCHANGE_BACK_END, Installed, NotReadKind, Server, Sites, Status};
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
    pub(crate) now: Timestamp,
    pub(crate) assignment: Option<Assignment<'a>>,
    pub(crate) change: Change,
    pub(crate) sites: Sites,
    /// What every endpoint presents before and after.
    pub(crate) endpoints: Vec<EndpointChange>,
    pub(crate) elsewhere: Option<&'a dyn Elsewhere>,
    /// Whether it is a part of what is planned for the whole organisation, which sets names and removes by itself.
    pub(crate) is_part: bool,
    /// Whether the new certificate is imported first, and not there before.
    pub(crate) is_imported: bool,
}

/// What a case is told of the renewal of which it is a part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    /// The connectors of the organisation that are given the name of the new certificate.
    pub(crate) moving: &'a [&'a Connector],
    /// Whether the new certificate is imported first.
    pub(crate) is_imported: bool,
}

impl<'a> Case<'a> {
    pub(crate) fn new(server: &'a Server, request: &'a Request, now: Timestamp, thresholds: Thresholds) -> Self {
        Self::of_part(server, request, now, thresholds, None)
    }

    /// A case that is a part of a renewal.
    pub(crate) fn of_part(
        server: &'a Server,
        request: &'a Request,
        now: Timestamp,
        thresholds: Thresholds,
        part: Option<Part<'_>>,
    ) -> Self {
        let sites = server.sites();
        let is_imported = part.is_some_and(|part| part.is_imported);
        let view = View::of(server, now, &sites).without(Some(request.thumbprint()).filter(|_| is_imported));
        let assignment = Assignment::new(server, request, thresholds, &view);
        let names = part.map_or(Names::All, |part| Names::Of(part.moving));
        let change = Self::assigned(request, assignment.as_ref()).with_removal(request, server, names);
        let endpoints = endpoint::changes(&view, &change);
        let is_part = part.is_some();
        Self { server, request, now, assignment, change, sites, endpoints, elsewhere: None, is_part, is_imported }
    }

    fn assigned(request: &Request, assignment: Option<&Assignment<'_>>) -> Change {
        let (gained, moves_default) = match assignment {
            Some(assignment) => (assignment.in_question(), assignment.moves_default_smtp()),
            None => (Service::empty(), false),
        };
        Change::of_assignment(request, gained, moves_default)
    }

    /// What every endpoint presents before and after the assignment alone.
    pub(crate) fn endpoints_of_assignment(&self) -> Vec<EndpointChange> {
        let imported = Some(self.request.thumbprint()).filter(|_| self.is_imported);
        let view = View::of(self.server, self.now, &self.sites).without(imported);
        let change = Self::assigned(self.request, self.assignment.as_ref());
        endpoint::changes(&view, &change)
    }

    /// The removal in the request, if there is one.
    pub(crate) fn removal(&self) -> Option<Removal<'_>> {
        let removed = self.server.installed(self.request.removes()?);
        Some(Removal { case: self, removed })
    }
}

/// The assignment of a certificate to services, as rules see it.
///
/// Rules judge the services [in question](Self::in_question). Where the certificate is not
/// installed there is nothing to judge about it, so a rule that begins with
/// [`certificate()?`](Self::certificate) is silent.
///
/// ```
/// use exchange_certificates::{Finding, Kind, OwnRule};
///
/// let rule = OwnRule::new("contoso/two-years", Kind::Warn, |case| {
///     let days = case.certificate()?.not_after().duration_since(case.now()).ok()?.as_secs() / 86_400;
///     (days > 730).then(|| Finding::new(case.in_question(), format!("it lasts for {days} days")))
/// });
/// assert_eq!(rule.id(), "contoso/two-years");
/// ```
#[derive(Clone, Debug)]
pub struct Assignment<'a> {
    server: &'a Server,
    request: &'a Request,
    now: Timestamp,
    thresholds: Thresholds,
    installed: Option<&'a Installed>,
    has: Service,
    skipped: Service,
    taken: Service,
    in_question: Service,
    served_by_name: Service,
    moves_default: bool,
    /// Found once somebody asks, since it takes the printing of names.
    left_behind: OnceLock<Vec<Connector>>,
}

impl<'a> Assignment<'a> {
    fn new(server: &'a Server, request: &'a Request, thresholds: Thresholds, view: &View<'_>) -> Option<Self> {
        let View { now, sites, .. } = *view;
        let counted = |known: &Installed| sites.counted_services(known, known.known_services());
        let installed = server.installed(request.thumbprint());
        let (requested, served_by_name, skipped, mode) = match request.operation() {
            Operation::Assign { services, mode } => (services, Service::empty(), Service::empty(), mode),
            Operation::Replace { old, .. } => {
                let old = server.installed(old);
                let services = old.map(counted).unwrap_or_default();
                let passable = server.hosts() | Service::FEDERATION;
                let served = match (old, installed) {
                    (Some(old), Some(new)) if new.is_wildcard() => served_by_name(view, services, old, new),
                    _ => Service::empty(),
                };
                let skipped = old.map(Installed::known_services).unwrap_or_default() - passable;
                (services & (passable - served), served, skipped, Mode::Add)
            }
            Operation::Remove | Operation::Renew { .. } => return None,
        };
        let shown = installed.map(Installed::known_services).unwrap_or_default();
        let has = installed.map(counted).unwrap_or_default();
        let taken = match mode {
            Mode::Add => Service::empty(),
            Mode::Exact => shown - requested,
            Mode::Take => shown & requested,
        };
        let adds = mode != Mode::Take;
        let moves_default = adds
            && requested.contains(Service::SMTP)
            && request.default_smtp() == Some(Answer::Replace)
            && server.default_smtp() != Fact::Value(request.thumbprint());
        let mut in_question = if adds { requested - has } else { Service::empty() };
        in_question.set(Service::SMTP, in_question.contains(Service::SMTP) || moves_default);
        Some(Self {
            server,
            request,
            now,
            thresholds,
            installed,
            has,
            skipped,
            taken,
            in_question,
            served_by_name,
            moves_default,
            left_behind: OnceLock::new(),
        })
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

    /// The services that the certificate has not had yet; IIS by the Exchange Back End alone does not count.
    pub(crate) fn added(&self) -> Service {
        self.in_question - self.has
    }

    /// IMAP and POP, as far as they follow a wildcard certificate by `X509CertificateName` in a replacement: they are
    /// not in question then.
    pub(crate) fn served_by_name(&self) -> Service {
        self.served_by_name
    }

    /// The point in time of the decision.
    ///
    /// ```
    /// use exchange_certificates::{Finding, Kind, OwnRule, rfc3339};
    ///
    /// let [from, until] = ["2026-12-18", "2027-01-04"].map(rfc3339::parse);
    /// let frozen = from?..until?;
    /// OwnRule::new("contoso/change-freeze", Kind::Refuse, move |case| {
    ///     let finding = || Finding::new(case.in_question(), "nothing is changed until 4 January");
    ///     frozen.contains(&case.now()).then(finding)
    /// });
    /// # Ok::<(), exchange_certificates::rfc3339::TimeError>(())
    /// ```
    pub fn now(&self) -> SystemTime {
        self.now.into()
    }

    /// The same, to compare and to print.
    pub(crate) fn at(&self) -> Timestamp {
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

    /// Whether the names that connectors hold move to the certificate.
    pub(crate) fn moves_names(&self) -> bool {
        change::moves_names(self.request, self.server)
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

    /// Whether the other default SMTP certificate does not do any more: it is not installed, not valid now or not
    /// self-signed.
    pub(crate) fn has_unsound_default_smtp(&self) -> bool {
        let default = self.other_default_smtp();
        match default.and_then(|thumbprint| self.server.installed(thumbprint)) {
            Some(installed) => {
                installed.status_at(self.now) != Status::Valid || !installed.certificate().is_self_signed()
            }
            None => self.server.unread(NotReadKind::Certificates).is_none(),
        }
    }

    /// Which answer serves best.
    pub(crate) fn recommended(&self) -> Answer {
        let covers_server = || {
            let fqdn = self.server.fqdn();
            fqdn.zip(self.installed).is_some_and(|(fqdn, installed)| installed.covers(fqdn))
        };
        // What is removed cannot be kept.
        let replaces = self.removes_default_smtp() || self.has_unsound_default_smtp() && covers_server();
        if replaces { Answer::Replace } else { Answer::Keep }
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

/// The IMAP and POP of an old certificate that a wildcard certificate takes over without an assignment, since it covers
/// their `X509CertificateName`.
fn served_by_name(view: &View<'_>, of_old: Service, old: &Installed, new: &Installed) -> Service {
    let server = view.server;
    let kinds = [EndpointKind::Imap, EndpointKind::Pop];
    let follows = |kind: &EndpointKind| {
        server.certificate_name(kind.service()).value().is_some_and(|name| new.covers(name))
            && (of_old.contains(kind.service()) || endpoint::may_present(view, *kind, old.thumbprint()))
    };
    let served: Service = kinds.into_iter().filter(follows).map(EndpointKind::service).collect();
    served & server.hosts()
}

/// The removal of a certificate, as rules see it: on the server as it is after the assignment, if
/// the same request makes one.
///
/// Where the certificate is not installed there is nothing to judge about it, so a rule that begins with
/// [`certificate()?`](Self::certificate) is silent.
///
/// ```
/// use exchange_certificates::{Finding, Kind, OwnRule};
///
/// let rule = OwnRule::of_removals("contoso/keeps-valid-ones", Kind::Warn, |removal| {
///     let is_valid = removal.certificate()?.not_after() > removal.now();
///     is_valid.then(|| Finding::new(removal.services(), "it is still valid"))
/// });
/// assert_eq!(rule.kind(), Kind::Warn);
/// ```
#[derive(Clone, Debug)]
pub struct Removal<'a> {
    case: &'a Case<'a>,
    removed: Option<&'a Installed>,
}

impl<'a> Removal<'a> {
    /// The server.
    pub fn server(&self) -> &'a Server {
        self.case.server
    }

    /// The certificate that is removed, with what stands beside it, if it is installed.
    pub fn removed(&self) -> Option<&'a Installed> {
        self.removed
    }

    /// The certificate that is removed, if it is installed.
    pub fn certificate(&self) -> Option<&'a Certificate> {
        self.removed.map(Installed::certificate)
    }

    /// The services that the removed certificate still has at the time of the removal.
    pub fn services(&self) -> Service {
        self.removed.map(|removed| self.services_of(removed)).unwrap_or_default()
    }

    /// The point in time of the decision.
    pub fn now(&self) -> SystemTime {
        self.case.now.into()
    }

    /// The services that count as assigned to an installed certificate at the time of the removal.
    pub(crate) fn services_of(&self, installed: &Installed) -> Service {
        self.case.change.counted_services(self.case.server, &self.case.sites, installed)
    }

    /// Whether the removed certificate then has this service.
    pub(crate) fn has(&self, service: Service) -> bool {
        self.services().intersects(service)
    }

    /// Whether the removed certificate counts as the one of the Exchange Back End.
    pub(crate) fn is_back_end(&self) -> bool {
        self.removed.is_some_and(|removed| self.case.sites.holds(removed, EXCHANGE_BACK_END) == Some(true))
    }

    /// Whether the removed certificate is named like the Auth certificate, and which one is in use is not known.
    pub(crate) fn is_likely_auth_certificate(&self) -> bool {
        self.server().auth_certificates().is_none()
            && self.removed.is_some_and(|removed| removed.certificate().is_named_auth_certificate())
    }

    /// Whether the removed certificate is outside its dates.
    pub(crate) fn is_expired(&self) -> bool {
        self.removed.is_some_and(|removed| !removed.is_current(self.case.now))
    }

    /// The services that are judged by what they present, before and after, since that is known.
    pub(crate) fn judged_by_endpoint(&self) -> Service {
        let kinds = [EndpointKind::DefaultWebSite, EndpointKind::Imap, EndpointKind::Pop];
        let is_known = |kind: &EndpointKind| {
            let mut of_kind = self.case.endpoints.iter().filter(|change| change.after.kind() == *kind).peekable();
            of_kind.peek().is_some() && of_kind.all(EndpointChange::is_known)
        };
        kinds.into_iter().filter(is_known).map(EndpointKind::service).collect()
    }

    /// The default SMTP certificate at the time of the removal.
    pub(crate) fn default_smtp(&self) -> Fact<Thumbprint> {
        self.case.change.default_smtp(self.case.server)
    }

    /// Whether another certificate than the removed one and the Auth certificate then has this service.
    pub(crate) fn has_another_holder(&self, service: Service) -> bool {
        let (server, change) = (self.case.server, &self.case.change);
        let counts = |thumbprint| match server.installed(thumbprint) {
            Some(installed) => !is_auth_certificate(server, installed),
            None => true,
        };
        let served = self.case.assignment.as_ref().map(Assignment::served_by_name).unwrap_or_default();
        served.contains(service)
            || change.gained().contains(service) && counts(change.thumbprint())
            || server.inventory().holders(service).any(|holder| {
                let is_removed = self.removed.is_some_and(|removed| removed.thumbprint() == holder.thumbprint());
                !is_removed && counts(holder.thumbprint()) && self.services_of(holder).contains(service)
            })
    }

    /// The request.
    pub fn request(&self) -> &'a Request {
        self.case.request
    }

    /// The assignment of the same request, if a service is in question.
    pub(crate) fn assignment(&self) -> Option<&'a Assignment<'a>> {
        self.case.assignment.as_ref().filter(|assignment| !assignment.in_question().is_empty())
    }

    /// The connectors that name the removed certificate, unless their names move.
    pub(crate) fn connectors(&self) -> impl Iterator<Item = &'a Connector> {
        let removed = self.removed.filter(|_| !change::moves_names(self.request(), self.server()));
        let mut is_named = removed.map(|removed| Connector::naming(removed.certificate()));
        let names = move |connector: &&'a Connector| is_named.as_mut().is_some_and(|is_named| is_named(connector));
        self.server().connectors_that_count().filter(names)
    }

    /// Whether it is still to be decided which certificate is the default one.
    pub(crate) fn decision_is_open(&self) -> bool {
        self.case.assignment.as_ref().is_some_and(Assignment::asks_for_default_smtp)
    }
}

/// Whether it is the Auth certificate, by the server's word or by its name.
fn is_auth_certificate(server: &Server, installed: &Installed) -> bool {
    server.auth_certificates().is_some_and(|auth| auth.contains(installed.thumbprint()))
        || installed.certificate().is_named_auth_certificate()
}
