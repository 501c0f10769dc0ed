//! What belongs to all servers of an organisation.

use crate::fact::Fact;
use crate::server::{AuthCertificates, Connector, ConnectorKind};
use crate::thumbprint::Thumbprint;

/// What belongs to all servers of an organisation, and is shared by them: Send connectors, the hybrid configuration,
/// the Auth certificates and the certificate of the federation trust.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Organization {
    pub(crate) connectors: Vec<Connector>,
    pub(crate) auth_certificates: Option<AuthCertificates>,
    pub(crate) federation_certificate: Fact<Thumbprint>,
}

impl Organization {
    /// Whether a connector belongs to the organisation, and not to one server.
    pub(crate) fn owns(connector: &Connector) -> bool {
        connector.kind() != ConnectorKind::Receive
    }
}
