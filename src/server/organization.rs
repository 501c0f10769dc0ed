//! What belongs to all servers of an organisation.

use std::sync::Arc;

use crate::fact::Fact;
use crate::server::{AuthCertificates, Connector, ConnectorKind, NotReadList, Server};
use crate::text;
use crate::thumbprint::Thumbprint;

/// What belongs to all servers of an organisation, and is shared by them: Send connectors, the hybrid configuration,
/// the Auth certificates, the certificate of the federation trust, and what of these was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Organization {
    pub(crate) connectors: Vec<Connector>,
    pub(crate) auth_certificates: Option<AuthCertificates>,
    pub(crate) federation_certificate: Fact<Thumbprint>,
    pub(crate) not_read: NotReadList,
}

impl Organization {
    /// Whether a connector belongs to the organisation, and not to one server.
    pub(crate) fn owns(connector: &Connector) -> bool {
        connector.kind() != ConnectorKind::Receive
    }
}

impl Server {
    /// Whether a connector is the server's own, and no other server has it.
    pub(crate) fn owns(&self, connector: &Connector) -> bool {
        self.facts.connectors.contains(connector)
    }

    /// The name of a Receive connector without its server before it, as some exports have it.
    pub(crate) fn own_name<'a>(&self, connector: &'a Connector) -> &'a str {
        match connector.name().split_once('\\') {
            Some((server, rest)) if self.is_called(server) => rest,
            _ => connector.name(),
        }
    }

    /// Whether it has a connector of the same kind and name of its own, as an Edge Transport server may have.
    pub(super) fn has_own(&self, shared: &Connector) -> bool {
        let is_same = |own: &Connector| own.kind() == shared.kind() && text::same(own.name(), shared.name());
        self.facts.connectors.iter().any(is_same)
    }

    /// Keeps connectors of an Edge Transport server as its own, which its organisation has in another way.
    pub(crate) fn keep_own(&mut self, is_own: impl Fn(&Connector) -> bool) {
        if self.is_edge() && self.organization.connectors.iter().any(&is_own) {
            let connectors = &mut Arc::make_mut(&mut self.organization).connectors;
            let (own, shared) = std::mem::take(connectors).into_iter().partition(&is_own);
            *connectors = shared;
            let own: Vec<_> = own;
            self.facts.connectors.extend(own);
        }
    }
}
