//! What the certificate itself is fit for.

use crate::case::Assignment;
use crate::certificate::{ExtendedKeyUsage, KeyUsage, PublicKey};
use crate::commands;
use crate::finding::{Finding, message};
use crate::rule::rule;
use crate::server::{KeyStorage, Version};
use crate::service::Service;

const ANOTHER: &str = "request another certificate";

rule! {
    /// The extensions that a rule needs must be readable.
    ///
    /// A certificate with an extension that is malformed, or there twice, still loads, as in Windows.
    /// But nothing is assumed in its favour: an unreadable extended key usage may not include Server
    /// Authentication. Unreadable names may begin with a wildcard, unless a common name is a DNS name.
    UNREADABLE_EXTENSION: Refuse, DecidedHere, Assign(unreadable)
}

fn unreadable(case: &Assignment<'_>) -> Option<Finding> {
    let certificate = case.certificate()?;
    let by_name = case.in_question() & (Service::IMAP | Service::POP);
    let usage = certificate.extended_key_usage().is_unreadable();
    // A common name that is a DNS name stands before all that cannot be read.
    let has_first = certificate.first_domain().is_some();
    let names = certificate.dns_names().is_unreadable() && !by_name.is_empty() && !has_first;
    let (services, message) = match (usage, names) {
        (true, true) => {
            (case.in_question(), "neither its extended key usage nor its subject alternative names can be read")
        }
        (true, false) => {
            (case.in_question(), "its extended key usage cannot be read, so it may not be meant for servers")
        }
        (false, true) => (by_name, "its subject alternative names cannot be read, so a wildcard cannot be ruled out"),
        (false, false) => return None,
    };
    Some(Finding::on(services, message).advise(ANOTHER))
}

rule! {
    /// The extended key usage, if present, must include Server Authentication.
    ///
    /// Any purpose is not enough.
    NOT_SERVER_AUTHENTICATION: Refuse, Reference("Enable-ExchangeCertificate"), Assign(not_server_authentication)
}

fn not_server_authentication(case: &Assignment<'_>) -> Option<Finding> {
    let usage = case.certificate()?.extended_key_usage().present()?;
    (!usage.contains(ExtendedKeyUsage::SERVER_AUTH)).then(|| {
        Finding::on(case.in_question(), "its extended key usage does not include Server Authentication")
            .advise("request a certificate from a template for web servers")
    })
}

rule! {
    /// An RSA key must have at least 1024 bits.
    ///
    /// Windows refuses smaller ones.
    KEY_TOO_SMALL: Refuse, DecidedHere, Assign(|case| small_key(case, LEAST_RSA_BITS))
}

rule! {
    /// An RSA key should have at least 2048 bits.
    WEAK_KEY: Warn, HealthChecker,
    Assign(|case| match small_key(case, LEAST_RSA_BITS) {
        None => small_key(case, case.thresholds().minimum_rsa_bits),
        Some(_) => None,
    })
}

fn small_key(case: &Assignment<'_>, minimum: u32) -> Option<Finding> {
    match case.certificate()?.public_key() {
        PublicKey::Rsa { bits } if bits < minimum => {
            let wanted = case.thresholds().minimum_rsa_bits;
            let words = format!("request a certificate with an RSA key of at least {wanted} bits");
            let message = message!(bits, minimum; "its RSA key has {bits} bits; at least {minimum} are required");
            Some(Finding::on(case.in_question(), message).advise(words))
        }
        _ => None,
    }
}

const LEAST_RSA_BITS: u32 = 1024;

rule! {
    /// Exchange 2013 does not support elliptic-curve keys.
    ECC_UNSUPPORTED: Refuse, DecidedHere, Assign(ecc_unsupported)
}

fn ecc_unsupported(case: &Assignment<'_>) -> Option<Finding> {
    let version = elliptic_curve(case).filter(|version| *version == Version::Exchange2013)?;
    let message =
        message!(version = version.title(); "its key is on an elliptic curve, which {version} does not support");
    Some(Finding::on(case.in_question(), message).advise("request a certificate with an RSA key of at least 2048 bits"))
}

rule! {
    /// An elliptic-curve key needs an update of Exchange and a registry value.
    ///
    /// Exchange 2016 and 2019 support them from the April 2024 update on, once a setting override turns that on; from
    /// the November 2024 update on it takes a registry value, without which the override is no longer enough.
    /// Subscription Edition takes the registry value. The Auth certificate, the certificate of a federation trust and
    /// AD FS claims go on needing RSA keys.
    ECC_KEY: Warn, HealthChecker, Assign(ecc_key)
}

fn ecc_key(case: &Assignment<'_>) -> Option<Finding> {
    let version = elliptic_curve(case).filter(|version| *version > Version::Exchange2013)?;
    let update = match version {
        Version::Exchange2016 => Some("Cumulative Update 23"),
        Version::Exchange2019 => Some("Cumulative Update 13 or 14"),
        _ => None,
    };
    let (message, advice) = match update {
        Some(update) => (
            message!(
                version = version.title(), update;
                "its key is on an elliptic curve, which {version} supports with {update}, the April 2024 update and its \
                 setting override; since the November 2024 update it takes a registry value, and the override is not \
                 enough"
            ),
            "use an RSA key, or install the November 2024 update or a later one and set the registry value on every \
             server:",
        ),
        None => (
            message!(
                version = version.title();
                "its key is on an elliptic curve, which {version} supports only with a registry value"
            ),
            "use an RSA key, or set the registry value on every server:",
        ),
    };
    Some(
        Finding::on(case.in_question(), message)
            .advise(advice)
            .command(commands::support_elliptic_curves(case.server()))
            .advise("the Auth certificate, federation and AD FS claims still need an RSA key"),
    )
}

fn elliptic_curve(case: &Assignment<'_>) -> Option<Version> {
    matches!(case.certificate()?.public_key(), PublicKey::EllipticCurve).then(|| case.server().version())
}

rule! {
    /// For IIS, an RSA private key must be kept by a CryptoAPI provider, not by CNG.
    ///
    /// Outlook on the web and the admin center do not support a key that is kept by a CNG key storage
    /// provider: users could not log on.
    CNG_KEY: Refuse, Support, Assign(cng_key)
}

fn cng_key(case: &Assignment<'_>) -> Option<Finding> {
    let installed = case.installed()?;
    // A key on an elliptic curve is always kept there.
    let is_rsa = matches!(installed.certificate().public_key(), PublicKey::Rsa { .. });
    (is_rsa && installed.key_storage() == Some(KeyStorage::Ksp) && case.adds(Service::IIS)).then(|| {
        Finding::on(
            Service::IIS,
            "its RSA private key is kept by a CNG key storage provider, which Outlook on the web and the admin center do \
             not support",
        )
        .advise("import the certificate into a cryptographic service provider (certutil -csp), then assign it")
    })
}

rule! {
    /// The certificate should not be a CA certificate.
    CA_CERTIFICATE: Warn, DecidedHere, Assign(ca_certificate)
}

fn ca_certificate(case: &Assignment<'_>) -> Option<Finding> {
    let constraints = case.certificate()?.basic_constraints();
    let message = match constraints.present() {
        Some(constraints) if constraints.ca => "it is the certificate of a CA, not of a server",
        None if constraints.is_unreadable() => {
            "its basic constraints cannot be read, so it may be the certificate of a CA"
        }
        _ => return None,
    };
    Some(Finding::on(case.in_question(), message).advise(ANOTHER))
}

rule! {
    /// The certificate should not be self-signed.
    ///
    /// Clients do not trust a self-signed one until it is installed on every device.
    SELF_SIGNED: Warn, Encryption, Assign(self_signed)
}

fn self_signed(case: &Assignment<'_>) -> Option<Finding> {
    let services = case.in_question() - Service::SMTP - Service::FEDERATION;
    (case.certificate()?.is_self_signed() && !services.is_empty()).then(|| {
        Finding::on(services, "it is self-signed, and clients do not trust it")
            .advise("use a certificate of a CA that clients trust")
    })
}

rule! {
    /// The subject of the certificate should not be empty.
    ///
    /// Connectors and the hybrid configuration name a certificate by its issuer and subject, and nothing documents that
    /// an empty subject works. No script gives a connector such a name. CAs that issue by ACME offer profiles without a
    /// common name, whose subject is empty.
    EMPTY_SUBJECT: Warn, DecidedHere, Assign(empty_subject)
}

fn empty_subject(case: &Assignment<'_>) -> Option<Finding> {
    (case.adds(Service::SMTP) && case.certificate()?.subject().is_empty()).then(|| {
        Finding::on(
            Service::SMTP,
            "its subject is empty: connectors and the hybrid configuration name a certificate by issuer and subject, \
             nothing documents that an empty one works, and no connector is given this name",
        )
        .advise("ask the CA for a certificate with a common name, in ACME by another profile")
    })
}

rule! {
    /// The certificate should not be signed with a broken hash.
    ///
    /// MD2, MD4, MD5 and SHA-1 are broken. A self-signed certificate is not judged: its signature
    /// proves nothing anyway.
    WEAK_SIGNATURE: Warn, HealthChecker, Assign(weak_signature)
}

fn weak_signature(case: &Assignment<'_>) -> Option<Finding> {
    let certificate = case.certificate()?;
    (certificate.has_weak_signature() && !certificate.is_self_signed()).then(|| {
        let algorithm = certificate.signature_algorithm().to_string();
        let message = message!(algorithm; "it is signed with {algorithm}, whose hash is broken");
        Finding::on(case.in_question(), message).advise(ANOTHER)
    })
}

rule! {
    /// The key usage, if present, should include Digital Signature.
    ///
    /// Modern TLS handshakes need it.
    KEY_USAGE: Warn, DecidedHere, Assign(key_usage)
}

fn key_usage(case: &Assignment<'_>) -> Option<Finding> {
    let usage = case.certificate()?.key_usage();
    let message = match usage.present() {
        Some(usage) if !usage.contains(KeyUsage::DIGITAL_SIGNATURE) => {
            "its key usage lacks Digital Signature, so modern TLS handshakes fail"
        }
        None if usage.is_unreadable() => "its key usage cannot be read, so modern TLS handshakes may fail",
        _ => return None,
    };
    Some(Finding::on(case.in_question(), message).advise(ANOTHER))
}

rule! {
    /// The certificate does not include Client Authentication.
    ///
    /// In mutual TLS a server presents it as a client. Public CAs stopped issuing Client
    /// Authentication in 2026: partners that ask for it may refuse the certificate. A self-signed one they refuse
    /// anyway.
    NO_CLIENT_AUTHENTICATION: Note, DecidedHere, Assign(no_client_authentication)
}

fn no_client_authentication(case: &Assignment<'_>) -> Option<Finding> {
    let usage =
        case.certificate().filter(|certificate| !certificate.is_self_signed())?.extended_key_usage().present()?;
    (case.adds(Service::SMTP) && !usage.intersects(ExtendedKeyUsage::CLIENT_AUTH | ExtendedKeyUsage::ANY)).then(|| {
        Finding::on(
            Service::SMTP,
            "its extended key usage does not include Client Authentication: partners that ask for a client certificate \
             in mutual TLS may refuse it",
        )
    })
}
