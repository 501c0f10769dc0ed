//! What services and the default SMTP certificate lack.

use std::collections::BTreeSet;

use super::{Audited, Cause, Found, audit_rule};
use crate::commands;
use crate::endpoint::{EndpointKind, PresentedCertificate, asked_names};
use crate::finding::{message, validity};
use crate::remedy;
use crate::server::{Installed, NotReadKind};
use crate::service::Service;
use crate::text::{list, shown};
use crate::thumbprint::Thumbprint;

audit_rule! {
    /// IIS or SMTP has no valid certificate.
    ///
    /// Where it is known what the Default Web Site and the Receive connectors present, it speaks of those alone that
    /// have a certificate within its dates which is not valid; the rules about endpoints speak of the others. Else a
    /// valid certificate has to have the service, IIS for another site than the Exchange Back End.
    AUDIT_SERVICE_UNCOVERED: High, HealthChecker, service_uncovered
}

fn service_uncovered(case: &Audited<'_>) -> Vec<Found> {
    let hosted = case.server.hosts() & (Service::IIS | Service::SMTP);
    let invalid = hosted.iter().map(|service| (service, invalid_certificates(case, service)));
    let uncovered: Vec<_> = invalid.filter_map(|(service, invalid)| Some((service, invalid?))).collect();
    let services: Service = uncovered.iter().map(|(service, _)| *service).collect();
    if services.is_empty() {
        return Vec::new();
    }
    let message = message!(services; "no certificate that is valid now has {services}");
    let at_fault: BTreeSet<_> = uncovered.iter().flat_map(|(_, invalid)| invalid).copied().collect();
    let is_one = at_fault.len() == 1 && uncovered.iter().all(|(_, invalid)| !invalid.is_empty());
    let cause = at_fault.first().filter(|_| is_one).map(|only| {
        let is_current = case.server.installed(*only).is_some_and(|installed| installed.is_current(case.now));
        if is_current { Cause::Status(*only) } else { Cause::OutsideDates(*only) }
    });
    vec![Found::of_server(services, message).with_cause(cause).map(|finding| {
        finding
            .advise("assign a valid certificate to them; these are installed:")
            .command(commands::show_certificates(case.server))
    })]
}

/// The certificates that a service has, if none of them is valid; `None` if it may be in order, or other rules speak of
/// it.
fn invalid_certificates(case: &Audited<'_>, service: Service) -> Option<Vec<Thumbprint>> {
    match invalid_at_endpoints(case, service) {
        Some(invalid) => (!invalid.is_empty()).then_some(invalid),
        None => {
            let may_have = |installed: &&Installed| {
                installed
                    .services()
                    .is_none_or(|services| case.sites.counted_services(installed, services).contains(service))
            };
            let holders: Vec<_> = case.server.certificates().filter(may_have).collect();
            let is_covered = holders.iter().any(|installed| installed.may_be_valid(case.now));
            (!is_covered).then(|| holders.into_iter().map(Installed::thumbprint).collect())
        }
    }
}

/// The certificates that make endpoints of a service invalid, though they are within their dates; `None` if it is not
/// known what is presented.
fn invalid_at_endpoints(case: &Audited<'_>, service: Service) -> Option<Vec<Thumbprint>> {
    // Those that nobody saw may present anything.
    if service == Service::SMTP && case.server.unread(NotReadKind::ReceiveConnectors).is_some() {
        return Some(Vec::new());
    }
    let kind = if service == Service::IIS { EndpointKind::DefaultWebSite } else { EndpointKind::ReceiveConnector };
    let mut endpoints = case.endpoints_of(kind).peekable();
    endpoints.peek()?;
    let mut invalid = Vec::new();
    for endpoint in endpoints {
        if endpoint.presented().is_unknown() {
            return None;
        }
        let is_invalid = |it: &PresentedCertificate| {
            case.server.installed(it.thumbprint).is_some_and(|it| is_reported_invalid(case, it))
        };
        if !endpoint.is_dead() && endpoint.presented().certificates().all(|it| is_invalid(&it)) {
            invalid.extend(endpoint.presented().certificates().map(|it| it.thumbprint));
        }
    }
    Some(invalid)
}

fn is_reported_invalid(case: &Audited<'_>, installed: &Installed) -> bool {
    installed.is_current(case.now) && !installed.may_be_valid(case.now)
}

audit_rule! {
    /// The default SMTP certificate that a server names is not installed.
    AUDIT_DEFAULT_SMTP_MISSING: Low, HealthChecker, default_missing
}

fn default_missing(case: &Audited<'_>) -> Vec<Found> {
    let missing = default_smtp(case).filter(|(_, installed)| installed.is_none());
    let found = missing.map(|(thumbprint, _)| {
        let message = message!(thumbprint; "the default SMTP certificate {thumbprint} is not installed");
        Found::of_server(Service::SMTP, message)
            .with_cause(Cause::MissingDefault)
            .map(|finding| finding.steps(remedy::make_default(case.server)))
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
        let found =
            Found::of(installed?, Service::SMTP, message).with_cause(Cause::OutsideDates(installed?.thumbprint()));
        Some(found.map(|finding| finding.steps(remedy::make_default(case.server))))
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
        Some(found.map(|finding| finding.steps(remedy::make_default(case.server))))
    });
    found.into_iter().collect()
}

audit_rule! {
    /// No certificate of the Default Web Site covers a host name that clients use.
    ///
    /// A name that a binding has is asked of that binding alone. Where it is not known what the bindings present, a
    /// certificate with IIS has to cover the name.
    AUDIT_CLIENT_NAME_UNCOVERED: High, Support, client_name_uncovered
}

fn client_name_uncovered(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let names = server.client_names().filter(|_| server.hosts().contains(Service::IIS)).unwrap_or_default();
    let may_have_iis = |installed: &Installed| {
        installed.services().is_none_or(|it| case.sites.counted_services(installed, it).contains(Service::IIS))
    };
    let has_iis = |name: &String| server.inventory().covering(name).any(may_have_iis);
    let is_covered = |name: &&String| presents_name(case, name).unwrap_or_else(|| has_iis(name));
    let names: Vec<_> = names.iter().filter(|name| !is_covered(name)).cloned().collect();
    if names.is_empty() {
        return Vec::new();
    }
    let message = message!(names; "clients use {}, which no certificate of the Default Web Site covers", list(names));
    let found = Found::of_server(Service::IIS, message);
    vec![found.map(|finding| finding.advise("assign IIS to a certificate that covers these names"))]
}

/// Whether a binding that clients ask for this name may cover it, or another rule speaks of it; `None` if that is not
/// known.
fn presents_name(case: &Audited<'_>, name: &str) -> Option<bool> {
    let endpoints: Vec<_> = case.endpoints_of(EndpointKind::DefaultWebSite).collect();
    if endpoints.is_empty() || endpoints.iter().any(|endpoint| endpoint.presented().is_unknown()) {
        return None;
    }
    let is_asked = |binding| asked_names(case.server, binding).any(|asked| asked == name);
    let mut asked = endpoints.iter().filter(|endpoint| is_asked(endpoint.binding())).peekable();
    let covers = |thumbprint| case.server.installed(thumbprint).is_some_and(|installed| installed.covers(name));
    Some(
        asked.peek().is_none()
            || asked.any(|endpoint| {
                endpoint.is_dead() || endpoint.presented().certificates().any(|known| covers(known.thumbprint))
            }),
    )
}
