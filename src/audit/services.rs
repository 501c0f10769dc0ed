//! What services, connectors and settings lack.

use super::{Audited, Found, audit_rule, remedy};
use crate::finding::Detail;
use crate::policy::LEAST_DAYS;
use crate::script;
use crate::server::{Connector, Installed, Status, TlsCertificateName};
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

audit_rule! {
    /// IIS and SMTP have a certificate that is valid now.
    AUDIT_SERVICE_UNCOVERED: High, HealthChecker, service_uncovered
}

audit_rule! {
    /// The default SMTP certificate that a server names is installed.
    AUDIT_DEFAULT_SMTP_MISSING: Low, HealthChecker, default_missing
}

audit_rule! {
    /// The default SMTP certificate is within its dates.
    AUDIT_DEFAULT_SMTP_EXPIRED: Low, HealthChecker, default_expired
}

audit_rule! {
    /// The default SMTP certificate covers the server's own name.
    AUDIT_DEFAULT_SMTP_WRONG_NAME: Low, Encryption, default_wrong_name
}

audit_rule! {
    /// The Auth certificate of the organisation is installed on every server but the Edge Transport ones.
    AUDIT_AUTH_CERTIFICATE_MISSING: Low, HealthChecker, auth_missing
}

audit_rule! {
    /// The Auth certificate of the organisation does not expire soon.
    ///
    /// With it goes the sign-on between servers, and hybrid and Skype integration.
    AUDIT_AUTH_CERTIFICATE_EXPIRES: Low, HealthChecker, auth_expires
}

audit_rule! {
    /// A connector finds its certificate.
    ///
    /// Where nothing installed has the issuer and subject that it names, STARTTLS is gone.
    AUDIT_CONNECTOR_CERTIFICATE_MISSING: High, Support, connector_missing
}

audit_rule! {
    /// A connector finds one certificate.
    ///
    /// Of several, Exchange uses the one that expires last.
    AUDIT_CONNECTOR_AMBIGUOUS: Low, Support, connector_ambiguous
}

audit_rule! {
    /// A connector names the newest certificate of its domains.
    ///
    /// Newer is one that expires later, is valid now and has SMTP and its private key.
    AUDIT_CONNECTOR_STALE: Low, Support, connector_stale
}

audit_rule! {
    /// A certificate with SMTP covers the FQDN that a connector presents.
    AUDIT_CONNECTOR_FQDN_UNCOVERED: Low, Reference("Set-ReceiveConnector"), connector_fqdn
}

audit_rule! {
    /// A certificate with IIS covers every host name that clients use.
    AUDIT_CLIENT_NAME_UNCOVERED: High, Support, client_names
}

fn service_uncovered(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let hosted = server.hosts() & (Service::IIS | Service::SMTP);
    let valid: Vec<_> = server.certificates().filter(|installed| may_be_valid(installed, case.now)).collect();
    let is_served = |service: &Service| valid.iter().any(|installed| may_have(installed, *service));
    let uncovered: Service = hosted.iter().filter(|service| !is_served(service)).collect();
    if uncovered.is_empty() {
        return Vec::new();
    }
    let found = Found::of_server(uncovered, Detail::Uncovered { services: uncovered });
    vec![found.map(|finding| {
        finding
            .advise("assign a valid certificate to them; these are installed:")
            .command(script::show_certificates(server))
    })]
}

/// Whether a certificate has a service, or may have it where its services are not known.
fn may_have(installed: &Installed, service: Service) -> bool {
    installed.services().is_none_or(|services| services.contains(service))
}

/// Whether a certificate is valid, or may be where Exchange could not tell.
fn may_be_valid(installed: &Installed, now: Timestamp) -> bool {
    matches!(installed.status_at(now), Status::Valid | Status::Unknown | Status::RevocationCheckFailure)
}

fn default_smtp<'a>(case: &Audited<'a>) -> Option<(Thumbprint, Option<&'a Installed>)> {
    let thumbprint = case.server.default_smtp().thumbprint()?;
    Some((thumbprint, case.server.installed(thumbprint)))
}

fn default_missing(case: &Audited<'_>) -> Vec<Found> {
    let missing = default_smtp(case).filter(|(_, installed)| installed.is_none());
    let found = missing.map(|(thumbprint, _)| {
        Found::of_server(Service::SMTP, Detail::DefaultMissing { thumbprint })
            .map(|finding| remedy::make_default(finding, case.server))
    });
    found.into_iter().collect()
}

fn default_expired(case: &Audited<'_>) -> Vec<Found> {
    let found = default_smtp(case).and_then(|(thumbprint, installed)| {
        let installed = installed.filter(|installed| !installed.is_current(case.now))?;
        let certificate = installed.certificate();
        let (not_before, not_after) = (certificate.starts(), certificate.ends());
        let detail = Detail::DefaultOutsideDates { thumbprint, not_before, not_after };
        Some(Found::of(installed, Service::SMTP, detail).map(|finding| remedy::make_default(finding, case.server)))
    });
    found.into_iter().collect()
}

fn default_wrong_name(case: &Audited<'_>) -> Vec<Found> {
    let found = default_smtp(case).and_then(|(_, installed)| {
        let installed = installed?;
        let fqdn = case.server.fqdn().filter(|fqdn| !installed.certificate().covers(fqdn))?.to_owned();
        let found = Found::of(installed, Service::SMTP, Detail::FqdnNotCovered { fqdn });
        Some(found.map(|finding| remedy::make_default(finding, case.server)))
    });
    found.into_iter().collect()
}

fn auth_missing(case: &Audited<'_>) -> Vec<Found> {
    let current = case.server.auth_certificates().and_then(|auth| auth.current).filter(|_| !case.server.is_edge());
    let missing = current.filter(|thumbprint| case.server.installed(*thumbprint).is_none());
    let found = missing.map(|thumbprint| {
        Found::of_server(Service::empty(), Detail::AuthMissing { thumbprint }).map(|finding| {
            // In a large organisation most servers hold it, and a few names are enough to find it.
            let holders = case.whole.auth_holders(thumbprint);
            let first = holders.get(..3).unwrap_or(holders);
            let holders = match holders.len() - first.len() {
                0 if first.is_empty() => return remedy::renew_auth_certificate(finding, case.server),
                0 => text::list(first).to_string(),
                1 => format!("{} and another server", text::list(first)),
                others => format!("{} and {others} others", text::list(first)),
            };
            finding
                .advise(format!("it is installed on {holders}: export it there with its private key, and import it:"))
                .command(script::import(case.server))
        })
    });
    found.into_iter().collect()
}

fn auth_expires(case: &Audited<'_>) -> Vec<Found> {
    let current = case.server.auth_certificates().and_then(|auth| auth.current);
    let installed = current.and_then(|thumbprint| case.server.installed(thumbprint));
    let soon = installed.filter(|installed| installed.days_left(case.now) < installed.expires_soon_from(LEAST_DAYS));
    let found = soon.map(|installed| {
        let not_after = installed.certificate().ends();
        Found::of(installed, Service::empty(), Detail::AuthExpires { days: installed.days_left(case.now), not_after })
            .map(|finding| remedy::renew_auth_certificate(finding, case.server))
    });
    found.into_iter().collect()
}

/// The connectors that concern the server, with the certificates that they find, the one in use first.
fn connectors<'a>(
    case: &Audited<'a>,
) -> impl Iterator<Item = (&'a Connector, &'a TlsCertificateName, Vec<&'a Installed>)> {
    let server = case.server;
    server.connectors_here().filter_map(|connector| {
        let name = connector.tls_certificate_name()?;
        let mut found: Vec<_> = server.inventory().named(name).collect();
        found.sort_by_key(|installed| std::cmp::Reverse(installed.certificate().ends()));
        Some((connector, name, found))
    })
}

fn connector_missing(case: &Audited<'_>) -> Vec<Found> {
    let missing = connectors(case).filter(|(_, _, found)| found.is_empty());
    let found = missing.map(|(connector, name, _)| {
        let detail = Detail::ConnectorMissing { connector: connector.name().to_owned(), name: name.to_string() };
        Found::of_server(Service::SMTP, detail).map(|finding| {
            finding
                .advise(
                    "install the certificate, or give the connector the name of one that is installed, in this form:",
                )
                .command(script::set_connector(connector).value("TlsCertificateName", "<I>issuer<S>subject"))
        })
    });
    found.collect()
}

fn connector_ambiguous(case: &Audited<'_>) -> Vec<Found> {
    let found = connectors(case).filter_map(|(connector, _, found)| {
        let (used, others) = found.split_first().filter(|(_, others)| !others.is_empty())?;
        let others: Vec<_> = others.iter().map(|other| other.thumbprint().to_string()).collect();
        let words = format!("replace {} by it, which assigns what they have and removes them", others.join(" and "));
        let detail = Detail::ConnectorAmbiguous { connector: connector.name().to_owned(), count: found.len() };
        Some(Found::of(used, Service::SMTP, detail).map(|finding| finding.advise(words)))
    });
    found.collect()
}

fn connector_stale(case: &Audited<'_>) -> Vec<Found> {
    let found = connectors(case).filter_map(|(connector, name, found)| {
        let used = found.first()?.certificate();
        let domains = sorted_domains(used);
        let first = used.first_domain()?.into_owned();
        let newer = case.server.inventory().holding(&first).filter(|other| {
            let certificate = other.certificate();
            other.has(Service::SMTP)
                && other.has_private_key()
                && may_be_valid(other, case.now)
                && !name.matches(certificate)
                && certificate.ends() > used.ends()
                && sorted_domains(certificate) == domains
        });
        let newer = newer.max_by_key(|other| other.certificate().ends())?;
        let detail = Detail::ConnectorStale { connector: connector.name().to_owned(), newer: newer.thumbprint() };
        let name = TlsCertificateName::of(newer.certificate()).to_string();
        Some(
            Found { thumbprint: Some(used.thumbprint()), ..Found::of(newer, Service::SMTP, detail) }
                .map(|finding| finding.command(script::set_connector(connector).value("TlsCertificateName", name))),
        )
    });
    found.collect()
}

fn sorted_domains(certificate: &crate::certificate::Certificate) -> Vec<String> {
    let mut domains: Vec<_> = certificate.domains().iter().map(|domain| domain.to_ascii_lowercase()).collect();
    domains.sort_unstable();
    domains
}

fn connector_fqdn(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let uncovered = server.connectors_here().filter_map(|connector| {
        let fqdn = connector.fqdn()?;
        let is_covered = server.inventory().covering(fqdn).any(|installed| may_have(installed, Service::SMTP));
        (!is_covered).then(|| {
            let detail = Detail::ConnectorFqdn { connector: connector.name().to_owned(), fqdn: fqdn.to_owned() };
            Found::of_server(Service::SMTP, detail)
                .map(|finding| finding.advise("assign SMTP to a certificate that holds the name"))
        })
    });
    uncovered.collect()
}

fn client_names(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let names = server.client_names().filter(|_| server.hosts().contains(Service::IIS)).unwrap_or_default();
    let is_covered =
        |name: &&String| server.inventory().covering(name).any(|installed| may_have(installed, Service::IIS));
    let names: Vec<_> = names.iter().filter(|name| !is_covered(name)).cloned().collect();
    if names.is_empty() {
        return Vec::new();
    }
    let found = Found::of_server(Service::IIS, Detail::ClientNamesUncovered { names });
    vec![found.map(|finding| finding.advise("assign IIS to a certificate that holds these names"))]
}
