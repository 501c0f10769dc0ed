//! Transport chooses for a host among certificates of version 3 alone.

#![allow(clippy::unwrap_used)]

use exchange_certificates::{
    Connector, ConnectorKind, EndpointKind, Fact, Installed, Role, Server, Service, TlsCertificateName, Version,
    rfc3339,
};

use crate::support::factory::CertificateFactory;

/// Whether a connector presents the one certificate that is installed, which it finds by its name or for its host.
fn is_presented(version: u8, by_name: bool) -> bool {
    let certificate = CertificateFactory::new("mail.contoso.com").version(version).build();
    let thumbprint = certificate.thumbprint();
    let connector = Connector::new(ConnectorKind::Receive, "Relay").unwrap();
    let connector = connector.with_fqdn(Fact::Value("mail.contoso.com")).unwrap();
    let connector = if by_name {
        connector.with_tls_certificate_name(TlsCertificateName::of(&certificate)).unwrap()
    } else {
        connector.with_tls_certificate_name(Fact::None).unwrap()
    };
    let mut server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox]).unwrap().with_connector(connector);
    server.install(Installed::new(certificate).with_services(Service::SMTP)).unwrap();
    let endpoints = server.endpoints(rfc3339::parse("2026-11-24").unwrap());
    let relay = endpoints.iter().find(|endpoint| endpoint.kind() == EndpointKind::ReceiveConnector).unwrap();
    assert!(relay.presented().is(thumbprint) || relay.presented().is_nothing());
    relay.presented().is(thumbprint)
}

#[test]
fn a_host_is_served_by_a_certificate_of_version_3_alone() {
    assert!(is_presented(3, false));
    assert!(!is_presented(2, false));
    assert!(!is_presented(1, false));
}

#[test]
fn a_name_finds_a_certificate_of_any_version() {
    assert!(is_presented(3, true));
    assert!(is_presented(1, true));
}
