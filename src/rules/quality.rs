//! What the certificate itself is fit for.

use crate::case::Assignment;
use crate::certificate::{ExtendedKeyUsage, KeyUsage, PublicKey};
use crate::finding::{Detail, Finding};
use crate::rule::rule;
use crate::server::{KeyStorage, Version};
use crate::service::Service;

rule! {
    /// What a rule needs of the certificate can be read.
    ///
    /// A certificate with an extension that is malformed, or there twice, still loads, as in Windows.
    /// But nothing is assumed in its favour: an unreadable extended key usage may not hold Server
    /// Authentication, and unreadable names may hold a wildcard.
    UNREADABLE_EXTENSION: Refuse, DecidedHere, Assign(unreadable)
}

rule! {
    /// The certificate is meant for servers.
    ///
    /// Its extended key usage, where it has one, holds Server Authentication; any purpose alone does
    /// not do.
    NOT_SERVER_AUTHENTICATION: Refuse, Reference("Enable-ExchangeCertificate"), Assign(not_server_authentication)
}

rule! {
    /// An RSA key has 1024 bits at least.
    ///
    /// Windows refuses smaller ones.
    KEY_TOO_SMALL: Refuse, DecidedHere, Assign(key_too_small)
}

rule! {
    /// Exchange 2013 does not support keys on elliptic curves.
    ECC_UNSUPPORTED: Refuse, DecidedHere, Assign(ecc_unsupported)
}

rule! {
    /// The private key for IIS is kept by the CryptoAPI.
    ///
    /// Outlook on the web and the admin center do not support a key that is kept by a CNG key storage
    /// provider: nobody could log on.
    CNG_KEY: Refuse, Support, Assign(cng_key)
}

rule! {
    /// The certificate is no CA's.
    CA_CERTIFICATE: Warn, DecidedHere, Assign(ca_certificate)
}

rule! {
    /// Clients trust the certificate.
    ///
    /// They do not trust a self-signed one, until it is installed on every device.
    SELF_SIGNED: Warn, Encryption, Assign(self_signed)
}

rule! {
    /// An RSA key has 2048 bits at least.
    WEAK_KEY: Warn, HealthChecker, Assign(weak_key)
}

rule! {
    /// The signature holds.
    ///
    /// MD2, MD4, MD5 and SHA-1 are broken. A self-signed certificate is not judged: nobody relies on
    /// its signature.
    WEAK_SIGNATURE: Warn, HealthChecker, Assign(weak_signature)
}

rule! {
    /// A key on an elliptic curve needs an update and a setting.
    ///
    /// Exchange supports them from the April 2024 update on, once its setting is turned on.
    ECC_KEY: Warn, HealthChecker, Assign(ecc_key)
}

rule! {
    /// The key usage, where there is one, holds Digital Signature.
    KEY_USAGE: Warn, DecidedHere, Assign(key_usage)
}

rule! {
    /// The certificate serves as a client's too.
    ///
    /// In mutual TLS a server presents it as a client. Public CAs stopped issuing Client
    /// Authentication in 2026: partners that ask for it may refuse the certificate.
    NO_CLIENT_AUTHENTICATION: Note, DecidedHere, Assign(no_client_authentication)
}

const LEAST_RSA_BITS: u32 = 1024;
const ANOTHER: &str = "request another certificate";

fn unreadable(case: &Assignment<'_>) -> Option<Finding> {
    let certificate = case.certificate()?;
    let usage = certificate.extended_key_usage().is_unreadable();
    let by_name = case.in_question() & (Service::IMAP | Service::POP);
    let names = certificate.dns_names().is_unreadable() && !by_name.is_empty();
    let services = if usage { case.in_question() } else { by_name };
    (usage || names).then(|| Finding::on(services, Detail::Unreadable { usage, names }).advise(ANOTHER))
}

fn not_server_authentication(case: &Assignment<'_>) -> Option<Finding> {
    let usage = case.certificate()?.extended_key_usage().present()?;
    (!usage.contains(ExtendedKeyUsage::SERVER_AUTH)).then(|| {
        Finding::on(case.in_question(), Detail::NotServerAuthentication)
            .advise("request a certificate from a template for web servers")
    })
}

fn key_too_small(case: &Assignment<'_>) -> Option<Finding> {
    small_key(case, LEAST_RSA_BITS)
}

fn weak_key(case: &Assignment<'_>) -> Option<Finding> {
    if key_too_small(case).is_some() { None } else { small_key(case, case.thresholds().minimum_rsa_bits) }
}

fn small_key(case: &Assignment<'_>, minimum: u32) -> Option<Finding> {
    match case.certificate()?.public_key() {
        PublicKey::Rsa { bits } if bits < minimum => {
            let wanted = case.thresholds().minimum_rsa_bits;
            let words = format!("request a certificate with an RSA key of {wanted} bits or more");
            Some(Finding::on(case.in_question(), Detail::SmallKey { bits, minimum }).advise(words))
        }
        _ => None,
    }
}

fn ecc_unsupported(case: &Assignment<'_>) -> Option<Finding> {
    let version = elliptic_curve(case)?;
    (version == Version::Exchange2013).then(|| {
        Finding::on(case.in_question(), Detail::EllipticCurveUnsupported { version })
            .advise("request a certificate with an RSA key of 2048 bits or more")
    })
}

fn ecc_key(case: &Assignment<'_>) -> Option<Finding> {
    let version = elliptic_curve(case)?;
    (version > Version::Exchange2013).then(|| {
        Finding::on(case.in_question(), Detail::EllipticCurve { version }).advise(
            "install the April 2024 update or a later one and turn its support for such keys on, or use an RSA key",
        )
    })
}

fn elliptic_curve(case: &Assignment<'_>) -> Option<Version> {
    matches!(case.certificate()?.public_key(), PublicKey::EllipticCurve).then(|| case.server().version())
}

fn cng_key(case: &Assignment<'_>) -> Option<Finding> {
    (case.installed()?.key_storage() == Some(KeyStorage::Ksp) && case.adds(Service::IIS)).then(|| {
        Finding::on(Service::IIS, Detail::KeyStorageProvider)
            .advise("import the certificate into a cryptographic service provider (certutil -csp), then assign it")
    })
}

fn ca_certificate(case: &Assignment<'_>) -> Option<Finding> {
    let constraints = case.certificate()?.basic_constraints();
    let readable = !constraints.is_unreadable();
    let is_ca = constraints.present().is_some_and(|constraints| constraints.ca);
    (is_ca || !readable).then(|| Finding::on(case.in_question(), Detail::CaCertificate { readable }).advise(ANOTHER))
}

fn self_signed(case: &Assignment<'_>) -> Option<Finding> {
    let services = case.in_question() - Service::SMTP - Service::FEDERATION;
    (case.certificate()?.is_self_signed() && !services.is_empty())
        .then(|| Finding::on(services, Detail::SelfSigned).advise("use a certificate of a CA that clients trust"))
}

fn weak_signature(case: &Assignment<'_>) -> Option<Finding> {
    let certificate = case.certificate()?;
    (certificate.has_weak_signature() && !certificate.is_self_signed()).then(|| {
        let algorithm = certificate.signature_algorithm().to_string();
        Finding::on(case.in_question(), Detail::WeakSignature { algorithm }).advise(ANOTHER)
    })
}

fn key_usage(case: &Assignment<'_>) -> Option<Finding> {
    let usage = case.certificate()?.key_usage();
    let readable = !usage.is_unreadable();
    let lacks = usage.present().is_some_and(|usage| !usage.contains(KeyUsage::DIGITAL_SIGNATURE));
    (lacks || !readable).then(|| Finding::on(case.in_question(), Detail::KeyUsage { readable }).advise(ANOTHER))
}

fn no_client_authentication(case: &Assignment<'_>) -> Option<Finding> {
    let usage = case.certificate()?.extended_key_usage().present()?;
    (case.adds(Service::SMTP) && !usage.intersects(ExtendedKeyUsage::CLIENT_AUTH | ExtendedKeyUsage::ANY))
        .then(|| Finding::on(Service::SMTP, Detail::NoClientAuthentication))
}
