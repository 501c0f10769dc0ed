//! What is wrong with certificates.

use std::collections::BTreeSet;

use super::{Audited, Found, audit_rule, remedy};
use crate::case::is_named_auth_certificate;
use crate::finding::{Detail, Kind};
use crate::plan::plan;
use crate::policy::{LEAST_BITS, LEAST_DAYS};
use crate::powershell::Command;
use crate::request::Request;
use crate::script;
use crate::server::{DefaultSmtp, Installed, Status};
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
    /// It has no service and no site, it waits for no CA, no connector names it, and no rule about removals has a
    /// word against it. Where the services of any certificate are not known, nothing is said.
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

fn assigned<'a>(case: &'a Audited<'_>) -> impl Iterator<Item = &'a Installed> {
    case.server.certificates().filter(|installed| installed.is_assigned())
}

fn expired(case: &Audited<'_>) -> Vec<Found> {
    let outside = assigned(case).filter(|installed| !installed.is_current(case.now));
    let found = outside.map(|installed| {
        let certificate = installed.certificate();
        let (not_before, not_after) = (certificate.starts(), certificate.ends());
        if case.now < not_before {
            return Found::of(installed, installed.known_services(), Detail::NotYetValid { not_before })
                .map(|finding| finding.advise("go on with the previous one until then, and see the server's clock"));
        }
        Found::of(installed, installed.known_services(), Detail::Expired { not_after })
            .map(|finding| remedy::renew(finding, case.server, installed))
            .map(|finding| finding.advise("install no cumulative update before that"))
    });
    found.collect()
}

fn expires_soon(case: &Audited<'_>) -> Vec<Found> {
    let current = assigned(case).filter(|installed| installed.is_current(case.now));
    let soon = current.filter_map(|installed| {
        let days = installed.days_left(case.now);
        let threshold = installed.expires_soon_from(LEAST_DAYS);
        (days < threshold).then(|| {
            let not_after = installed.certificate().ends();
            let detail = Detail::ExpiresSoon { days, not_after, urgent: days * 2 < threshold };
            Found::of(installed, installed.known_services(), detail)
                .map(|finding| remedy::renew(finding, case.server, installed))
        })
    });
    soon.collect()
}

fn wildcard(case: &Audited<'_>) -> Vec<Found> {
    let found = assigned(case).filter_map(|installed| {
        let services = installed.known_services() & (Service::IMAP | Service::POP);
        let name = installed.certificate().first_wildcard().filter(|_| !services.is_empty())?.into_owned();
        let found = Found::of(installed, services, Detail::Wildcard { service: services, name });
        Some(found.map(|finding| {
            let finding = finding
                .advise("name the host, by which Exchange finds its certificate, or assign one without a wildcard:");
            services.iter().fold(finding, |finding, service| {
                finding
                    .command(script::name_host(case.server, service, installed.certificate()))
                    .command(Command::restart(service))
            })
        }))
    });
    found.collect()
}

fn removable(case: &Audited<'_>) -> Vec<Found> {
    let unused = case.server.certificates().filter(|installed| {
        installed.services() == Some(Service::empty())
            && installed.web_sites().is_some_and(BTreeSet::is_empty)
            // Its key waits for the answer of the CA.
            && installed.status() != Some(Status::PendingRequest)
            // It may be the previous one, which the authorization configuration still holds.
            && !is_named_auth_certificate(installed.certificate())
            && is_let_go(case, installed)
    });
    let found = unused.map(|installed| {
        Found::of(installed, Service::empty(), Detail::Removable).map(|finding| {
            finding
                .advise("remove it, unless it is still to be assigned:")
                .command(script::remove(case.server, installed.thumbprint()))
        })
    });
    found.collect()
}

/// Whether no connector names it, and no rule refuses its removal or warns of it.
fn is_let_go(case: &Audited<'_>, installed: &Installed) -> bool {
    let thumbprint = installed.thumbprint();
    let is_named = case.server.connectors().iter().any(|connector| connector.names(installed.certificate()));
    let removal = || plan(case.server, &Request::remove(thumbprint), case.now.into()).ok();
    !is_named
        && case.server.default_smtp() != DefaultSmtp::NotKnown
        && removal().is_some_and(|plan| plan.diagnostics().iter().all(|said| said.kind() < Kind::Warn))
}

fn key_missing(case: &Audited<'_>) -> Vec<Found> {
    let without = assigned(case).filter(|installed| !installed.has_private_key());
    let found = without.map(|installed| {
        Found::of(installed, installed.known_services(), Detail::NoPrivateKey).map(|finding| {
            finding
                .advise("import a file that holds the private key (.pfx), or recover the link to it:")
                .command(script::repair_key(installed.thumbprint()))
        })
    });
    found.collect()
}

fn weak(case: &Audited<'_>) -> Vec<Found> {
    let found = assigned(case).filter_map(|installed| {
        let detail = weakness(installed)?;
        let found = Found::of(installed, installed.known_services(), detail);
        Some(found.map(|finding| {
            finding.advise("replace it by one with an RSA key of 2048 bits or more, signed with SHA-256")
        }))
    });
    found.collect()
}

fn weakness(installed: &Installed) -> Option<Detail> {
    let certificate = installed.certificate();
    match certificate.public_key() {
        crate::certificate::PublicKey::Rsa { bits } if bits < LEAST_BITS => {
            Some(Detail::SmallKey { bits, minimum: LEAST_BITS })
        }
        _ if certificate.has_weak_signature() && !certificate.is_self_signed() => {
            Some(Detail::WeakSignature { algorithm: certificate.signature_algorithm().to_string() })
        }
        _ => None,
    }
}
