//! Certificates as a user of the crate sees them.

mod support {
    pub mod factory;
}

use support::factory::CertificateFactory;

#[test]
fn a_plain_certificate_answers_for_itself() {
    let certificate =
        CertificateFactory::new("mail.contoso.com").dns_names(["mail.contoso.com", "autodiscover.contoso.com"]).build();
    assert_eq!(certificate.subject().to_string(), "CN=mail.contoso.com, O=Contoso, C=US");
    assert_eq!(certificate.issuer().to_string(), "CN=Contoso Issuing CA 1, O=Contoso, C=US");
    assert_eq!(certificate.domains(), ["mail.contoso.com", "autodiscover.contoso.com"]);
}
