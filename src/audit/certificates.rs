//! What is wrong with certificates.

use super::{Audited, Cause, Found, audit_rule, fitness, removable, successor};
use crate::certificate::PublicKey;
use crate::commands;
use crate::fact::Fact;
use crate::finding::{Message, message, validity};
use crate::policy::Severity;
use crate::server::{Installed, NotReadKind};
use crate::service::Service;
use crate::text::shown;

fn assigned<'a>(case: &'a Audited<'_>) -> impl Iterator<Item = &'a Installed> {
    case.server.certificates().filter(|installed| installed.is_assigned())
}

audit_rule! {
    /// An assigned certificate is outside its validity period.
    ///
    /// Clients and partners refuse it; and the setup of a cumulative update fails half-way and leaves the server broken.
    /// It weighs less if no endpoint presents it and it is not the default SMTP certificate.
    AUDIT_EXPIRED: High | Low, HealthChecker, expired
}

fn expired(case: &Audited<'_>) -> Vec<Found> {
    let outside = assigned(case).filter(|installed| !installed.is_current(case.now));
    let found = outside.map(|installed| {
        let certificate = installed.certificate();
        let services = installed.known_services();
        let is_default = case.server.default_smtp() == Fact::Value(installed.thumbprint());
        let is_used = is_default || removable::may_present(case, installed);
        let of = |message| {
            Found::of(installed, services, message)
                .with_severity(if is_used { Severity::High } else { Severity::Low })
                .with_cause(Cause::OutsideDates(installed.thumbprint()))
        };
        if case.now < certificate.starts() {
            let message = message!(not_before = certificate.starts(); "it is not valid before {not_before}");
            return of(message)
                .map(|finding| finding.advise("go on with the previous one until then, and check the server's clock"));
        }
        let not_after = certificate.ends();
        if is_used {
            let message = message!(not_after; "it expired on {not_after}");
            return of(message)
                .map(|finding| successor::renew(finding, case, installed))
                .map(|finding| finding.advise("install no cumulative update before that"));
        }
        let message = message!(
            not_after;
            "it expired on {not_after}; no endpoint presents it, but the setup of a cumulative update fails half-way over \
             it"
        );
        of(message).map(|finding| {
            let finding = finding.advise("remove it if it is not needed any more; else renew it");
            successor::renew(finding, case, installed).advise("install no cumulative update before that")
        })
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
        let message = validity::expires_soon(installed, case.now, case.thresholds.expires_soon_days)?;
        let found = Found::of(installed, installed.known_services(), message)
            .with_cause(Cause::ExpiresSoon(installed.thumbprint()));
        Some(found.map(|finding| successor::renew(finding, case, installed)))
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
            [name, commands::restart_running(case.server, service)]
        });
        let advice = "name the host, by which Exchange finds its certificate, or assign one without a wildcard:";
        Some(Found::of(installed, services, message).map(|finding| finding.advise(advice).commands(named)))
    });
    found.collect()
}

audit_rule! {
    /// An assigned certificate has no private key on the server.
    AUDIT_KEY_MISSING: Low, Reference("Get-ExchangeCertificate"), key_missing
}

fn key_missing(case: &Audited<'_>) -> Vec<Found> {
    let without = assigned(case).filter(|installed| !installed.has_private_key());
    let found = without.map(|installed| {
        let message = "the certificate has no private key on this server";
        let found =
            Found::of(installed, installed.known_services(), message).with_cause(Cause::Key(installed.thumbprint()));
        found.map(|finding| {
            finding
                .advise("import a file that holds the private key (.pfx), or recover the link to it:")
                .command(commands::repair_key(case.server, installed.thumbprint()))
        })
    });
    found.collect()
}

audit_rule! {
    /// An assigned certificate has a weak key or a weak signature.
    ///
    /// A key that no assignment would take has a rule of its own.
    AUDIT_WEAK: Low, HealthChecker, weak
}

fn weak(case: &Audited<'_>) -> Vec<Found> {
    let minimum = case.thresholds.minimum_rsa_bits;
    let found = assigned(case).filter_map(|installed| {
        let found = Found::of(installed, installed.known_services(), weakness(installed, minimum)?);
        Some(found.map(|finding| {
            finding.advise(format!("replace it by one with an RSA key of at least {minimum} bits, signed with SHA-256"))
        }))
    });
    found.collect()
}

fn weakness(installed: &Installed, minimum: u32) -> Option<Message> {
    let certificate = installed.certificate();
    match certificate.public_key() {
        PublicKey::Rsa { bits } if (fitness::LEAST_RSA_BITS..minimum).contains(&bits) => Some(message!(
            bits, minimum;
            "its RSA key has {bits} bits; at least {minimum} are required"
        )),
        _ if certificate.has_weak_signature() && !certificate.is_self_signed() => {
            let algorithm = certificate.signature_algorithm().to_string();
            Some(message!(algorithm; "it is signed with {algorithm}, whose hash is broken"))
        }
        _ => None,
    }
}
