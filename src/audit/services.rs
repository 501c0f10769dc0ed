//! What services and the default SMTP certificate lack.

use super::{Audited, Found, audit_rule, remedy};
use crate::commands;
use crate::finding::{message, validity};
use crate::server::Installed;
use crate::service::Service;
use crate::text::{list, shown};
use crate::thumbprint::Thumbprint;

audit_rule! {
    /// IIS or SMTP has no valid certificate.
    AUDIT_SERVICE_UNCOVERED: High, HealthChecker, service_uncovered
}

fn service_uncovered(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let hosted = server.hosts() & (Service::IIS | Service::SMTP);
    let valid: Vec<_> = server.certificates().filter(|installed| installed.may_be_valid(case.now)).collect();
    let is_served = |service: &Service| valid.iter().any(|installed| installed.may_have(*service));
    let services: Service = hosted.iter().filter(|service| !is_served(service)).collect();
    if services.is_empty() {
        return Vec::new();
    }
    let message = message!(services; "no certificate that is valid now has {services}");
    vec![Found::of_server(services, message).map(|finding| {
        finding
            .advise("assign a valid certificate to them; these are installed:")
            .command(commands::show_certificates(server))
    })]
}

audit_rule! {
    /// The default SMTP certificate that a server names is not installed.
    AUDIT_DEFAULT_SMTP_MISSING: Low, HealthChecker, default_missing
}

fn default_missing(case: &Audited<'_>) -> Vec<Found> {
    let missing = default_smtp(case).filter(|(_, installed)| installed.is_none());
    let found = missing.map(|(thumbprint, _)| {
        let message = message!(thumbprint; "the default SMTP certificate {thumbprint} is not installed");
        Found::of_server(Service::SMTP, message).map(|finding| remedy::make_default(finding, case.server))
    });
    found.into_iter().collect()
}

fn default_smtp<'a>(case: &Audited<'a>) -> Option<(Thumbprint, Option<&'a Installed>)> {
    let thumbprint = case.server.default_smtp().value()?;
    Some((thumbprint, case.server.installed(thumbprint)))
}

audit_rule! {
    /// The default SMTP certificate is outside its validity period.
    AUDIT_DEFAULT_SMTP_EXPIRED: Low, HealthChecker, default_expired
}

fn default_expired(case: &Audited<'_>) -> Vec<Found> {
    let found = default_smtp(case).and_then(|(_, installed)| {
        let message = validity::default_outside_dates(installed?, case.now)?;
        let found = Found::of(installed?, Service::SMTP, message);
        Some(found.map(|finding| remedy::make_default(finding, case.server)))
    });
    found.into_iter().collect()
}

audit_rule! {
    /// The default SMTP certificate does not cover the server's own name.
    AUDIT_DEFAULT_SMTP_WRONG_NAME: Low, Encryption, default_wrong_name
}

fn default_wrong_name(case: &Audited<'_>) -> Vec<Found> {
    let found = default_smtp(case).and_then(|(_, installed)| {
        let installed = installed?;
        let fqdn = case.server.fqdn().filter(|fqdn| !installed.certificate().covers(fqdn))?.to_owned();
        let message = message!(fqdn; "the certificate does not cover the server's own name {}", shown(fqdn));
        let found = Found::of(installed, Service::SMTP, message);
        Some(found.map(|finding| remedy::make_default(finding, case.server)))
    });
    found.into_iter().collect()
}

audit_rule! {
    /// No certificate with IIS covers a host name that clients use.
    AUDIT_CLIENT_NAME_UNCOVERED: High, Support, client_name_uncovered
}

fn client_name_uncovered(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let names = server.client_names().filter(|_| server.hosts().contains(Service::IIS)).unwrap_or_default();
    let is_covered =
        |name: &&String| server.inventory().covering(name).any(|installed| installed.may_have(Service::IIS));
    let names: Vec<_> = names.iter().filter(|name| !is_covered(name)).cloned().collect();
    if names.is_empty() {
        return Vec::new();
    }
    let message = message!(names; "clients use {}, which no certificate with IIS covers", list(names));
    let found = Found::of_server(Service::IIS, message);
    vec![found.map(|finding| finding.advise("assign IIS to a certificate that covers these names"))]
}
