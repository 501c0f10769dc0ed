//! What an assignment of SMTP means to the connectors that name a certificate.

use super::Assignment;
use crate::certificate::Certificate;
use crate::endpoint::{View, found_by_name};
use crate::server::{Connector, Installed, Sites, TlsCertificateName};
use crate::service::Service;
use crate::thumbprint::Thumbprint;

impl<'a> Assignment<'a> {
    /// The connectors that go on with another certificate that has SMTP, since they name that one.
    pub(crate) fn connectors_left_behind(&self) -> &[Connector] {
        self.left_behind.get_or_init(|| self.find_left_behind())
    }

    /// Whether connectors are to follow a certificate: partners do not trust a self-signed one.
    fn names_may_follow(&self, certificate: &Certificate) -> bool {
        self.adds(Service::SMTP) && !certificate.is_self_signed() && !self.moves_names()
    }

    fn find_left_behind(&self) -> Vec<Connector> {
        let Some(certificate) = self.certificate().filter(|certificate| self.names_may_follow(certificate)) else {
            return Vec::new();
        };
        let thumbprint = certificate.thumbprint();
        let server = self.server;
        let mut finds_other = TlsCertificateName::remembered(|name| {
            !name.matches(certificate)
                && server
                    .inventory()
                    .named(name)
                    .any(|other| other.thumbprint() != thumbprint && other.has(Service::SMTP))
        });
        let is_left =
            |connector: &&'a Connector| connector.tls_certificate_name().value().is_some_and(&mut finds_other);
        self.server.connectors_that_count().filter(is_left).cloned().collect()
    }

    /// The connectors that name the certificate and find, or may find, another one by that name, with what they find.
    /// A certificate that is replaced is gone then.
    pub(crate) fn connectors_using_other(&self) -> (Vec<&'a Connector>, Vec<Thumbprint>) {
        let Some(certificate) = self.certificate().filter(|_| self.adds(Service::SMTP)) else {
            return Default::default();
        };
        let mut is_naming = Connector::naming(certificate);
        let naming: Vec<_> = self.server.connectors_that_count().filter(|connector| is_naming(connector)).collect();
        let Some(name) = naming.iter().find_map(|connector| connector.tls_certificate_name().value()) else {
            return Default::default();
        };
        let sites = Sites::default();
        let view = View::of(self.server, self.now, &sites).without(self.request.removes());
        let found = found_by_name(&view, name);
        let found: Vec<_> = found.into_iter().map(Installed::thumbprint).collect();
        if found.iter().all(|other| *other == certificate.thumbprint()) {
            return Default::default();
        }
        (naming, found)
    }
}
