//! What is wrong with certificates.

use std::collections::BTreeSet;

use super::{Audited, Found, audit_rule};
use crate::certificate::PublicKey;
use crate::commands;
use crate::fact::Fact;
use crate::finding::{Kind, Message, message, validity};
use crate::plan::plan;
use crate::policy::{LEAST_BITS, LEAST_DAYS};
use crate::remedy;
use crate::request::Request;
use crate::server::{Installed, NotReadKind, Status};
use crate::service::Service;
use crate::text::shown;

fn assigned<'a>(case: &'a Audited<'_>) -> impl Iterator<Item = &'a Installed> {
    case.server.certificates().filter(|installed| installed.is_assigned())
}

audit_rule! {
    /// An assigned certificate is outside its validity period.
    ///
    /// Clients and partners refuse it; and the setup of a cumulative update fails half-way
    /// and leaves the server broken.
    AUDIT_EXPIRED: High, HealthChecker, expired
}

fn expired(case: &Audited<'_>) -> Vec<Found> {
    let outside = assigned(case).filter(|installed| !installed.is_current(case.now));
    let found = outside.map(|installed| {
        let certificate = installed.certificate();
        let services = installed.known_services();
        if case.now < certificate.starts() {
            let message = message!(not_before = certificate.starts(); "it is not valid before {not_before}");
            return Found::of(installed, services, message)
                .map(|finding| finding.advise("go on with the previous one until then, and check the server's clock"));
        }
        let message = message!(not_after = certificate.ends(); "it expired on {not_after}");
        Found::of(installed, services, message)
            .map(|finding| finding.steps(remedy::renew(case.server, installed, case.now)))
            .map(|finding| finding.advise("install no cumulative update before that"))
    });
    found.collect()
}

audit_rule! {
    /// An assigned certificate expires soon.
    ///
    /// Soon is what it is for an assignment: fewer than 60 whole days, or than a third of its lifetime.
    AUDIT_EXPIRES_SOON: Low, HealthChecker, expires_soon
}

fn expires_soon(case: &Audited<'_>) -> Vec<Found> {
    let current = assigned(case).filter(|installed| installed.is_current(case.now));
    let soon = current.filter_map(|installed| {
        let message = validity::expires_soon(installed, case.now, LEAST_DAYS)?;
        let found = Found::of(installed, installed.known_services(), message);
        Some(found.map(|finding| finding.steps(remedy::renew(case.server, installed, case.now))))
    });
    soon.collect()
}

audit_rule! {
    /// A wildcard certificate is assigned to IMAP or POP.
    AUDIT_WILDCARD_IMAP_POP: Low, Article, wildcard
}

fn wildcard(case: &Audited<'_>) -> Vec<Found> {
    let found = assigned(case).filter_map(|installed| {
        let is_served_by_name = |service: &Service| {
            let name = case.server.certificate_name(*service).value();
            name.is_some_and(|name| !name.starts_with('*') && installed.covers(name))
        };
        let assigned = installed.known_services() & (Service::IMAP | Service::POP);
        let is_unread = |service: &Service| {
            let settings = if *service == Service::IMAP { NotReadKind::Imap } else { NotReadKind::Pop };
            case.server.unread(settings).is_some()
        };
        let services = assigned.iter().filter(|service| !is_served_by_name(service) && !is_unread(service));
        let services: Service = services.collect();
        let name = installed.certificate().first_wildcard().filter(|_| !services.is_empty())?.into_owned();
        let message = message!(name, services; "{} is a wildcard name, and {services} {} served by one host name", shown(name), if services.iter().count() == 1 { "is" } else { "are" });
        let named = services.iter().flat_map(|service| {
            let name = commands::name_host(case.server, service, installed.certificate());
            [name, commands::restart(service)]
        });
        let advice = "name the host, by which Exchange finds its certificate, or assign one without a wildcard:";
        Some(Found::of(installed, services, message).map(|finding| finding.advise(advice).commands(named)))
    });
    found.collect()
}

audit_rule! {
    /// Nothing uses the certificate.
    ///
    /// It has no service and no site, it waits for no CA, no connector names it, and no rule about removals has a
    /// word against it. If the services of any certificate are not known, nothing is said.
    AUDIT_REMOVABLE: Low, DecidedHere, removable
}

fn removable(case: &Audited<'_>) -> Vec<Found> {
    let unused = case.server.certificates().filter(|installed| {
        installed.services() == Some(Service::empty())
            && installed.web_sites().is_some_and(BTreeSet::is_empty)
            // Its key waits for the answer of the CA.
            && installed.status() != Some(Status::PendingRequest)
            // It may be the previous one, which the authorization configuration still holds.
            && !installed.certificate().is_named_auth_certificate()
            && is_let_go(case, installed)
    });
    let found = unused.map(|installed| {
        Found::of(installed, Service::empty(), "nothing uses it").map(|finding| {
            finding
                .advise("remove it, unless it is still to be assigned:")
                .command(commands::remove(case.server, installed.thumbprint()))
        })
    });
    found.collect()
}

/// Whether no connector names it, and no rule refuses its removal or warns of it.
fn is_let_go(case: &Audited<'_>, installed: &Installed) -> bool {
    let thumbprint = installed.thumbprint();
    let is_named = case.server.connectors().any(|connector| connector.names(installed.certificate()));
    let removal = || plan(case.server, &Request::remove(thumbprint), case.now.into()).ok();
    !is_named
        && case.server.unread(NotReadKind::Federation).is_none()
        && case.server.default_smtp() != Fact::NotKnown
        && removal().is_some_and(|plan| plan.diagnostics().iter().all(|said| said.kind() < Kind::Warn))
}

audit_rule! {
    /// An assigned certificate has no private key on the server.
    AUDIT_KEY_MISSING: Low, Reference("Get-ExchangeCertificate"), key_missing
}

fn key_missing(case: &Audited<'_>) -> Vec<Found> {
    let without = assigned(case).filter(|installed| !installed.has_private_key());
    let found = without.map(|installed| {
        let message = "the certificate has no private key on this server";
        Found::of(installed, installed.known_services(), message).map(|finding| {
            finding
                .advise("import a file that holds the private key (.pfx), or recover the link to it:")
                .command(commands::repair_key(case.server, installed.thumbprint()))
        })
    });
    found.collect()
}

audit_rule! {
    /// An assigned certificate has a weak key or a weak signature.
    AUDIT_WEAK: Low, HealthChecker, weak
}

fn weak(case: &Audited<'_>) -> Vec<Found> {
    let found = assigned(case).filter_map(|installed| {
        let found = Found::of(installed, installed.known_services(), weakness(installed)?);
        Some(found.map(|finding| {
            finding.advise("replace it by one with an RSA key of at least 2048 bits, signed with SHA-256")
        }))
    });
    found.collect()
}

fn weakness(installed: &Installed) -> Option<Message> {
    let certificate = installed.certificate();
    match certificate.public_key() {
        PublicKey::Rsa { bits } if bits < LEAST_BITS => Some(message!(
            bits, minimum = LEAST_BITS;
            "its RSA key has {bits} bits; at least {minimum} are required"
        )),
        _ if certificate.has_weak_signature() && !certificate.is_self_signed() => {
            let algorithm = certificate.signature_algorithm().to_string();
            Some(message!(algorithm; "it is signed with {algorithm}, whose hash is broken"))
        }
        _ => None,
    }
}
