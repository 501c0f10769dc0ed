//! What is presented before a request and after it, as the endpoint rules see it.

use crate::case::{Assignment, Case};
use crate::diagnostic::Diagnostic;
use crate::endpoint::{Endpoint, EndpointChange, EndpointKind, Flags};
use crate::finding::Kind;
use crate::server::{Connector, Installed, Server};
use crate::service::Service;
use crate::thumbprint::Thumbprint;

/// The endpoints before and after, beside what all other rules said: of an endpoint that one of them names already,
/// these rules are silent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison<'a> {
    case: &'a Case<'a>,
    changes: &'a [EndpointChange],
    said: &'a [Diagnostic],
}

/// The endpoints that change over a fleet, though the request names neither their server nor their service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unnamed<'a> {
    pub(crate) changes: &'a [&'a EndpointChange],
}

impl<'a> Comparison<'a> {
    pub(crate) fn new(case: &'a Case<'a>, changes: &'a [EndpointChange], said: &'a [Diagnostic]) -> Self {
        Self { case, changes, said }
    }

    pub(crate) fn server(&self) -> &'a Server {
        self.case.server
    }

    pub(crate) fn assignment(&self) -> Option<&'a Assignment<'a>> {
        self.case.assignment.as_ref()
    }

    /// The services in question.
    pub(crate) fn in_question(&self) -> Service {
        self.assignment().map(Assignment::in_question).unwrap_or_default()
    }

    /// The certificate that is assigned to this service, if it is in question and the certificate installed.
    pub(crate) fn assigned_to(&self, service: Service) -> Option<Thumbprint> {
        let assignment = self.assignment().filter(|assignment| assignment.adds(service))?;
        assignment.installed().map(Installed::thumbprint)
    }

    /// Whether a certificate is to be removed, installed or not.
    pub(crate) fn removes(&self) -> bool {
        self.case.request.removes().is_some()
    }

    /// The certificate that is removed.
    pub(crate) fn removed(&self) -> Option<&'a Installed> {
        self.case.request.removes().and_then(|thumbprint| self.server().installed(thumbprint))
    }

    /// The certificate whose place another one takes, or that is removed.
    pub(crate) fn old(&self) -> Option<Thumbprint> {
        let old = self.case.request.old().or(self.case.request.removes());
        old.filter(|thumbprint| self.server().installed(*thumbprint).is_some())
    }

    /// Every endpoint.
    pub(crate) fn changes(&self) -> &'a [EndpointChange] {
        self.changes
    }

    /// The connectors.
    pub(crate) fn connectors(&self) -> impl Iterator<Item = &'a EndpointChange> + use<'a> {
        self.changes.iter().filter(|change| change.after.kind().is_connector())
    }

    /// The services of these endpoints, as far as they are in question.
    pub(crate) fn services(&self, changes: &[&EndpointChange]) -> Service {
        let services: Service = changes.iter().map(|change| change.after.kind().service()).collect();
        services & self.in_question()
    }

    /// The endpoints that had a certificate that can be used, and would have none.
    pub(crate) fn failing(&self) -> Vec<&'a EndpointChange> {
        self.changes.iter().filter(|change| change.fails() && !self.is_named_already(&change.after)).collect()
    }

    /// The bindings of the Default Web Site that keep another certificate, since Exchange moves none that has a host
    /// name or an address.
    pub(crate) fn keeping_other(&self) -> Vec<&'a EndpointChange> {
        let Some(new) = self.assigned_to(Service::IIS) else { return Vec::new() };
        let keeps = |change: &&EndpointChange| {
            let binding = change.after.binding();
            let stays = binding.is_some_and(|binding| {
                !binding.follows_assignments() && (binding.host().is_some() || binding.address() != "*")
            });
            let is_other = change.before.one().is_some_and(|other| other != new);
            change.after.kind() == EndpointKind::DefaultWebSite && stays && is_other
        };
        self.changes.iter().filter(|change| keeps(change) && !self.is_named_already(&change.after)).collect()
    }

    /// The endpoints that would present something worse, and of which no rule has spoken.
    pub(crate) fn worse(&self) -> Vec<&'a EndpointChange> {
        let is_worse = |change: &&EndpointChange| {
            change.may_be_worse()
                && change.is_worse_beside(self.excused(change.after.kind().service()))
                && !self.is_named_already(&change.after)
        };
        self.changes.iter().filter(is_worse).collect()
    }

    /// The flags of which another rule speaks for the service.
    fn excused(&self, service: Service) -> Flags {
        let speaks = |rule| self.said(rule).is_some_and(|said| said.services().intersects(service));
        let mut excused = Flags::empty();
        excused.set(Flags::NAME, speaks("iis-name-not-covered"));
        excused.set(Flags::SELF_SIGNED, speaks("self-signed"));
        excused.set(Flags::STATUS, speaks("status-accepted"));
        excused
    }

    /// What a rule said.
    fn said(&self, rule: &str) -> Option<&'a Diagnostic> {
        self.said.iter().find(|said| said.rule() == rule)
    }

    fn is_named_already(&self, endpoint: &Endpoint) -> bool {
        let kind = endpoint.kind();
        let is_default = matches!(kind, EndpointKind::Internal | EndpointKind::EdgeSync);
        let is = |known: &Connector| endpoint.connector().is_some_and(|connector| connector.is(known));
        let is_of_removed = || match (endpoint.connector(), self.removed()) {
            (Some(connector), Some(removed)) => connector.names(removed.certificate()),
            _ => false,
        };
        let by_assignment = |assignment: &Assignment<'_>| {
            // What a certificate that is not installed would present cannot be compared.
            assignment.installed().is_none()
                || is_default && assignment.asks_for_default_smtp()
                || self.refused().intersects(kind.service())
                || assignment.connectors_left_behind().iter().any(is)
                || self.said("connector-uses-other").is_some()
                    && assignment.connectors_using_other().0.into_iter().any(is)
        };
        self.assignment().is_some_and(by_assignment)
            || is_default && self.said("removes-default-smtp").is_some()
            || kind == EndpointKind::ExchangeBackEnd && self.said("removes-back-end-certificate").is_some()
            || self.said("removes-connector-certificate").is_some() && is_of_removed()
            || self.said("removes-last-assignment").is_some_and(|said| said.services().intersects(kind.service()))
    }

    /// The services that other rules refuse.
    fn refused(&self) -> Service {
        let refused = self.said.iter().filter(|said| said.kind() == Kind::Refuse);
        refused.map(Diagnostic::services).fold(Service::empty(), |all, services| all | services)
    }
}
