//! What belongs to all servers of an organisation.

use crate::fact::Fact;
use crate::server::{AuthCertificates, Connector, ConnectorKind, NotReadList};
use crate::thumbprint::Thumbprint;

/// What belongs to all servers of an organisation, and is shared by them: Send connectors, the hybrid configuration,
/// the Auth certificates, the certificate of the federation trust, and what of these was not read.
#[derive(Clone, Debug, Default, PartialEq)]
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
