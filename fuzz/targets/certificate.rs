//! Any bytes as a certificate: what it says of itself fits together, and agrees with what `x509-cert` reads.
#![no_main]

use exchange_certificates::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(certificate) = Certificate::from_der(bytes) else { return };
    assert_eq!(certificate.as_der(), bytes);
    let domains = certificate.domains();
    for domain in &domains {
        assert!(certificate.has_domain(domain));
    }
    assert_eq!(certificate.first_domain().as_ref(), domains.first());
    if let Some(wildcard) = certificate.first_wildcard() {
        assert!(certificate.is_wildcard() && wildcard.contains('*'));
    }
    let _ = (certificate.subject().to_string(), certificate.issuer().to_string());
    let _ = (certificate.not_before(), certificate.not_after(), certificate.serial_number().to_string());
    let _ = (certificate.public_key(), certificate.signature_algorithm(), certificate.has_weak_signature());
    let _ = (certificate.key_usage(), certificate.extended_key_usage(), certificate.basic_constraints());
    if let Ok(known) = certificate.to_x509() {
        assert_eq!(known.tbs_certificate().serial_number().as_bytes(), certificate.serial_number().as_bytes());
    }
});
