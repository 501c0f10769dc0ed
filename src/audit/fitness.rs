//! What an assigned certificate is not fit for.

use super::{Audited, Cause, Found, audit_rule};
use crate::certificate::{ExtendedKeyUsage, PublicKey};
use crate::commands;
use crate::finding::message;
use crate::policy::Severity;
use crate::server::{Installed, KeyStorage, Sites, Status};
use crate::service::Service;
use crate::text::joined;

audit_rule! {
    /// An assigned certificate is not valid in the eyes of Exchange.
    ///
    /// Transport looks away from one that is revoked, invalid or a pending request, clients refuse what is revoked, and
    /// the admin center assigns none of these. What is outside its dates has a rule of its own.
    AUDIT_STATUS: High | Low, Reference("Get-ExchangeCertificate"), status
}

fn status(case: &Audited<'_>) -> Vec<Found> {
    let assigned = case.server.certificates().filter(|installed| installed.is_assigned());
    let found = assigned.filter_map(|installed| {
        let status = installed.status()?;
        let (severity, advice) = match status {
            Status::Valid | Status::DateInvalid => return None,
            Status::Revoked => (
                Severity::High,
                "request a new certificate with a new key, and replace this one by it: a revoked one never becomes valid \
                 again",
            ),
            Status::Untrusted => (
                Severity::Low,
                "install its root among the trusted root authorities of the server, and the CAs below among the \
                 intermediate ones",
            ),
            Status::RevocationCheckFailure => (
                Severity::Low,
                "let the server reach the revocation list of the CA (its proxy: netsh winhttp show proxy)",
            ),
            Status::PendingRequest => {
                (Severity::Low, "complete the pending request with the certificate that the CA sends:")
            }
            Status::Unknown => (Severity::Low, "look at the certificate in the Windows console certlm.msc"),
            Status::Invalid | Status::Unrecognized(_) => (
                Severity::Low,
                "look at the certificate in the Windows console certlm.msc, and request a new one if it is broken",
            ),
        };
        let answer = (status == Status::PendingRequest).then(|| commands::import_answer(case.server));
        let message = message!(status; "Exchange reports the status {status}");
        let found = Found::of(installed, installed.known_services(), message)
            .with_severity(severity)
            .with_cause(Cause::Status(installed.thumbprint()));
        Some(found.map(|finding| finding.advise(advice).commands(answer)))
    });
    found.collect()
}

audit_rule! {
    /// An assigned certificate cannot serve its services.
    ///
    /// An assignment would be refused today: it was made before, or by other means. Its extended key usage lacks Server
    /// Authentication, its RSA key has fewer than 1024 bits, or IIS has an RSA key that a CNG provider keeps.
    AUDIT_UNSUITABLE: High, Reference("Enable-ExchangeCertificate"), unsuitable
}

fn unsuitable(case: &Audited<'_>) -> Vec<Found> {
    let found = case.server.certificates().filter_map(|installed| {
        let assigned = installed.known_services() - Service::FEDERATION;
        let faults = faults(&case.sites, installed, assigned);
        if faults.is_empty() {
            return None;
        }
        let services = faults.iter().map(|(services, _)| *services).collect();
        let reasons: Vec<_> = faults.iter().map(|(_, reason)| *reason).collect();
        let message = message!(reasons; "{}", joined(reasons, "; "));
        let is_about_storage = faults.iter().all(|(_, reason)| *reason == KEPT_BY_CNG);
        let advice = if is_about_storage {
            "import the certificate into a cryptographic service provider (certutil -csp), and assign IIS to it again"
        } else {
            "request a certificate for web servers with an RSA key of at least 2048 bits, and replace this one by it"
        };
        Some(Found::of(installed, services, message).map(|finding| finding.advise(advice)))
    });
    found.collect()
}

/// Why an assignment of these services would be refused, and which of them that is about.
pub(super) fn faults(sites: &Sites, installed: &Installed, services: Service) -> Vec<(Service, &'static str)> {
    let certificate = installed.certificate();
    let usage = certificate.extended_key_usage().present();
    let is_rsa = matches!(certificate.public_key(), PublicKey::Rsa { .. });
    let of_clients = sites.counted_services(installed, services) & Service::IIS;
    let faults = [
        (services, NOT_FOR_SERVERS, usage.is_some_and(|usage| !usage.contains(ExtendedKeyUsage::SERVER_AUTH))),
        (
            services,
            "its RSA key has fewer than 1024 bits",
            matches!(certificate.public_key(), PublicKey::Rsa { bits } if bits < LEAST_RSA_BITS),
        ),
        (of_clients, KEPT_BY_CNG, is_rsa && installed.key_storage() == Some(KeyStorage::Ksp)),
    ];
    let told = faults.into_iter().filter(|(services, _, is_so)| *is_so && !services.is_empty());
    told.map(|(services, reason, _)| (services, reason)).collect()
}

const NOT_FOR_SERVERS: &str = "its extended key usage does not include Server Authentication";
const KEPT_BY_CNG: &str = "its private key is kept by a CNG key storage provider, which Outlook on the web and the admin \
    center do not support";

/// What an assignment takes at least.
pub(super) const LEAST_RSA_BITS: u32 = 1024;
