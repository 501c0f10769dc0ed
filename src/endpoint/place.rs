//! The places where a server presents a certificate, whichever that is.

use super::{
    Endpoint, EndpointKind, Found, MissingFact, Of, Presented, View, client_access, https, transport, unified_messaging,
};
use crate::change::Change;
use crate::server::{Connector, NotReadKind, Server, WebBinding};
use crate::service::Service;
use crate::text::Caseless;

/// An endpoint before it is known what it presents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) kind: EndpointKind,
    pub(super) at: At<'a>,
}

/// What a place belongs to beside its server.
#[derive(Clone, Copy, Debug)]
pub(super) enum At<'a> {
    Server,
    Binding(Option<&'a WebBinding>),
    Connector(&'a Connector),
}

impl<'a> Place<'a> {
    /// All places of a server. No change makes or ends one.
    pub(super) fn all(server: &'a Server) -> Vec<Self> {
        let mut places = Vec::with_capacity(16);
        https::places(server, &mut places);
        client_access::places(server, &mut places);
        transport::places(server, &mut places);
        unified_messaging::places(server, &mut places);
        places
    }

    pub(super) fn of_server(kind: EndpointKind) -> Self {
        Self { kind, at: At::Server }
    }

    /// What those of one kind are sorted by.
    pub(super) fn name(&self) -> Caseless<&'a str> {
        match self.at {
            At::Connector(connector) => Caseless(connector.name()),
            At::Server | At::Binding(_) => Caseless(""),
        }
    }

    pub(super) fn presented(self, view: &View<'a>, found: &mut Found<'a>) -> Presented {
        if view.server.unread(NotReadKind::Certificates).is_some() {
            return Presented::Unknown(MissingFact::Certificates);
        }
        match (self.kind, self.at) {
            (EndpointKind::Imap | EndpointKind::Pop, _) => client_access::presented(view, self.kind, found),
            (EndpointKind::Internal, _) => transport::default(view),
            (EndpointKind::EdgeSync, _) => transport::for_edge_sync(view),
            (EndpointKind::UnifiedMessaging | EndpointKind::CallRouter, _) => {
                unified_messaging::presented(view, self.kind)
            }
            (_, At::Connector(connector)) => transport::presented(view, connector, found),
            (_, At::Binding(binding)) => https::presented(view, self.kind, binding),
            // These stand for the connectors that nobody saw.
            (EndpointKind::SendConnector, At::Server) => Presented::Unknown(MissingFact::SendConnectors),
            (_, At::Server) => Presented::Unknown(MissingFact::ReceiveConnectors),
        }
    }

    pub(super) fn presenting(self, server: &Server, presented: Presented) -> Endpoint {
        let of = match self.at {
            At::Server => Of::Server,
            At::Binding(binding) => Of::Binding(binding.cloned().map(Box::new)),
            At::Connector(connector) => Of::Connector(connector.clone()),
        };
        Endpoint { server: server.shared_name(), is_on_edge: server.is_edge(), kind: self.kind, of, presented }
    }

    /// Whether it may present something else after a change than before. A certificate that is not presented, not even
    /// perhaps, can be removed without that, since all those are presented that nothing stands before.
    pub(super) fn may_change(self, server: &Server, before: &Presented, change: &Change) -> bool {
        let gains = |service| change.gained().contains(service);
        let loses = |removed| before.may_be(removed) || before.is_unknown();
        change.removed().is_some_and(loses)
            || match self.kind {
                // No Exchange cmdlet binds a certificate to it.
                EndpointKind::ExchangeBackEnd => false,
                EndpointKind::Internal | EndpointKind::EdgeSync => change.moves_default_smtp(),
                EndpointKind::ReceiveConnector | EndpointKind::SendConnector => {
                    gains(Service::SMTP) || !change.renames().is_empty() || server.knows_selections()
                }
                kind => gains(kind.service()),
            }
    }
}
