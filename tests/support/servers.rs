//! Servers of one organisation, as scenario files describe them.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::time::SystemTime;

use exchange_certificates::{Answer, Fleet, Request, Service, Thumbprint, TlsCertificateName, rfc3339};
use serde_json::{Value, json};

use super::factory::CertificateFactory;

pub const NOW: &str = "2026-11-24T00:00:00Z";

pub fn now() -> SystemTime {
    rfc3339::parse(NOW).unwrap()
}

/// The self-signed certificate that setup makes for a server.
pub fn microsoft_exchange(name: &str) -> CertificateFactory {
    CertificateFactory::new(name)
        .subject(&[("CN", name)])
        .dns_names([name, &format!("{}.contoso.com", name.to_lowercase())])
        .valid("2024-06-01T00:00:00Z", "2029-06-01T00:00:00Z")
        .self_signed()
}

/// What serves mail until the rollout.
pub fn old() -> CertificateFactory {
    CertificateFactory::new("mail.contoso.com")
        .dns_names(["mail.contoso.com", "autodiscover.contoso.com"])
        .valid("2026-08-01T00:00:00Z", "2027-02-17T00:00:00Z")
}

/// What is rolled out: of the same names, from another CA.
pub fn new() -> CertificateFactory {
    old().issuer(&[("C", "US"), ("O", "Contoso"), ("CN", "Contoso Issuing CA 2")]).not_after("2027-06-01T00:00:00Z")
}

pub fn thumbprint(factory: &CertificateFactory) -> Thumbprint {
    factory.build().thumbprint()
}

pub fn installed(factory: &CertificateFactory, services: &str, web_sites: &[u32]) -> Value {
    json!({ "certificate": factory.build(), "status": "Valid", "services": services, "web_sites": web_sites })
}

/// A Mailbox server with the three certificates; the new one is assigned to nothing.
pub fn mailbox(name: &str) -> Value {
    let default = microsoft_exchange(name);
    json!({
        "name": name, "fqdn": format!("{}.contoso.com", name.to_lowercase()), "version": "SE", "roles": ["Mailbox"],
        "default_smtp": thumbprint(&default),
        "certificates": [
            installed(&default, "SMTP", &[2]), installed(&old(), "IIS, SMTP", &[1]), installed(&new(), "None", &[])
        ]
    })
}

/// An Edge Transport server with the same.
pub fn edge(name: &str) -> Value {
    let default = microsoft_exchange(name);
    json!({
        "name": name, "fqdn": format!("{}.contoso.com", name.to_lowercase()), "version": "SE",
        "roles": ["EdgeTransport"], "default_smtp": thumbprint(&default),
        "certificates": [
            installed(&default, "SMTP", &[]), installed(&old(), "None", &[]), installed(&new(), "None", &[])
        ]
    })
}

/// A Send connector that names a certificate.
pub fn connector(name: &str, names: &CertificateFactory, servers: &[&str]) -> Value {
    let name_of = TlsCertificateName::of(&names.build());
    json!({ "kind": "Send", "name": name, "tls_certificate_name": name_of, "servers": servers })
}

pub fn fleet(servers: &[Value]) -> Fleet {
    serde_json::from_value(json!(servers)).unwrap()
}

/// Asks for the new certificate, and keeps the default one.
pub fn request(services: Service) -> Request {
    Request::assign(thumbprint(&new()), services).with_default_smtp(Answer::Keep)
}
