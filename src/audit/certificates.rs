//! What is wrong with certificates.

use super::{Audited, Found, audit_rule};
use crate::case::is_named_auth_certificate;
use crate::finding::Detail;
use crate::script;
use crate::server::{DefaultSmtp, Installed};
use crate::service::Service;

audit_rule! {
    /// A certificate that is assigned is within its dates.
    ///
    /// Clients and partners refuse one that is not; and the setup of a cumulative update fails half-way
    /// and leaves the server broken.
    AUDIT_EXPIRED: High, HealthChecker, expired
}

audit_rule! {
    /// A certificate that is assigned does not expire soon.
    ///
    /// Soon is what it is for an assignment: fewer than 60 whole days, or than a third of its lifetime.
    AUDIT_EXPIRES_SOON: Low, HealthChecker, expires_soon
}

audit_rule! {
    /// A wildcard certificate is not assigned to IMAP or POP.
    AUDIT_WILDCARD_IMAP_POP: Low, Article, wildcard
}

audit_rule! {
    /// A certificate that nothing uses can go.
    ///
    /// Nothing is known to use it: no service, no site, no connector, neither the default SMTP certificate
    /// nor the authorization configuration.
    AUDIT_REMOVABLE: Low, DecidedHere, removable
}

audit_rule! {
    /// A certificate that is assigned has its private key on the server.
    AUDIT_KEY_MISSING: Low, Reference("Get-ExchangeCertificate"), key_missing
}

audit_rule! {
    /// A certificate that is assigned has a strong key and a signature that holds.
    AUDIT_WEAK: Low, HealthChecker, weak
}

const LEAST_RSA_BITS: u32 = 2048;
const DAYS: u32 = 60;

fn assigned<'a>(case: &'a Audited<'_>) -> impl Iterator<Item = &'a Installed> {
    case.server.certificates().filter(|installed| !installed.known_services().is_empty())
}

fn expired(case: &Audited<'_>) -> Vec<Found> {
    let outside = assigned(case).filter(|installed| !installed.is_current(case.now));
    let found = outside.map(|installed| {
        let certificate = installed.certificate();
        let (not_before, not_after) = (certificate.not_before_seconds(), certificate.not_after_seconds());
        let detail = Detail::OutsideDates { now: case.now, not_before, not_after };
        Found::of(installed, installed.known_services(), detail)
            .map(|finding| finding.advise("replace it by a renewed one, before any cumulative update"))
    });
    found.collect()
}

fn expires_soon(case: &Audited<'_>) -> Vec<Found> {
    let current = assigned(case).filter(|installed| installed.is_current(case.now));
    let soon = current.filter_map(|installed| {
        let days = installed.days_left(case.now);
        let threshold = installed.expires_soon_from(DAYS);
        (days < threshold).then(|| {
            let not_after = installed.certificate().not_after_seconds();
            let detail = Detail::ExpiresSoon { days, not_after, urgent: days * 2 < threshold };
            Found::of(installed, installed.known_services(), detail)
                .map(|finding| finding.advise("renew it, and assign the new certificate in its place"))
        })
    });
    soon.collect()
}

fn wildcard(case: &Audited<'_>) -> Vec<Found> {
    let found = assigned(case).filter_map(|installed| {
        let services = installed.known_services() & (Service::IMAP | Service::POP);
        let name = installed.certificate().first_wildcard().filter(|_| !services.is_empty())?.into_owned();
        Some(Found::of(installed, services, Detail::Wildcard { service: services, name }).map(|finding| {
            finding.advise("assign a certificate without a wildcard to them, or set X509CertificateName")
        }))
    });
    found.collect()
}

fn removable(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let is_known = server.default_smtp() != DefaultSmtp::NotKnown;
    let unused = server.certificates().filter(|installed| {
        let certificate = installed.certificate();
        let is_kept = certificate
            .common_names()
            .any(|name| name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("WMSvc-")));
        is_known
            && installed.services() == Some(Service::empty())
            && installed.web_sites().is_some_and(|sites| sites.is_empty())
            && !is_kept
            && !is_named_auth_certificate(certificate)
            && case.named_by(installed).is_empty()
    });
    let found = unused.map(|installed| {
        Found::of(installed, Service::empty(), Detail::Removable)
            .map(|finding| finding.command(script::remove(server, installed.thumbprint())))
    });
    found.collect()
}

fn key_missing(case: &Audited<'_>) -> Vec<Found> {
    let without = assigned(case).filter(|installed| !installed.has_private_key());
    let found = without.map(|installed| {
        Found::of(installed, installed.known_services(), Detail::NoPrivateKey)
            .map(|finding| finding.advise("import a file that holds the private key (.pfx)"))
    });
    found.collect()
}

fn weak(case: &Audited<'_>) -> Vec<Found> {
    let found = assigned(case).filter_map(|installed| {
        let detail = weakness(installed)?;
        let found = Found::of(installed, installed.known_services(), detail);
        Some(found.map(|finding| finding.advise("replace it by one with an RSA key of 2048 bits, signed with SHA-256")))
    });
    found.collect()
}

fn weakness(installed: &Installed) -> Option<Detail> {
    let certificate = installed.certificate();
    match certificate.public_key() {
        crate::certificate::PublicKey::Rsa { bits } if bits < LEAST_RSA_BITS => {
            Some(Detail::SmallKey { bits, minimum: LEAST_RSA_BITS })
        }
        _ if certificate.has_weak_signature() && !certificate.is_self_signed() => {
            Some(Detail::WeakSignature { algorithm: certificate.signature_algorithm().to_string() })
        }
        _ => None,
    }
}
