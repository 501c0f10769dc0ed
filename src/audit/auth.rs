//! The Auth certificate of the organisation.

use super::{Audited, Found, audit_rule};
use crate::commands;
use crate::finding::message;
use crate::policy::LEAST_DAYS;
use crate::remedy;
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

audit_rule! {
    /// A server lacks the organisation's Auth certificate.
    ///
    /// Every server but the Edge Transport ones needs it.
    AUDIT_AUTH_CERTIFICATE_MISSING: Low, HealthChecker, missing
}

fn missing(case: &Audited<'_>) -> Vec<Found> {
    let current = case.server.auth_certificates().and_then(|auth| auth.current).filter(|_| !case.server.is_edge());
    let missing = current.filter(|thumbprint| case.server.installed(*thumbprint).is_none());
    let found = missing.map(|thumbprint| {
        let message = message!(thumbprint; "the Auth certificate {thumbprint} of the organisation is not installed");
        Found::of_server(Service::empty(), message).map(|finding| match holders(case, thumbprint) {
            None if !case.across.unread().is_empty() => finding.advise(format!(
                "it may be installed on {}, whose certificates were not read: read those first",
                text::list(case.across.unread())
            )),
            None => finding.steps(remedy::replace_auth_certificate(case.server)),
            Some(holders) => finding
                .advise(format!("it is installed on {holders}: export it there with its private key, and import it:"))
                .command(commands::import(case.server)),
        })
    });
    found.into_iter().collect()
}

/// Who holds it: in a large organisation most servers do, and a few names are enough to find it.
fn holders(case: &Audited<'_>, thumbprint: Thumbprint) -> Option<String> {
    let holders = case.across.auth_holders(thumbprint);
    let first = holders.get(..3).unwrap_or(holders);
    match holders.len() - first.len() {
        0 if first.is_empty() => None,
        0 => Some(text::list(first).to_string()),
        1 => Some(format!("{} and another server", text::list(first))),
        others => Some(format!("{} and {others} others", text::list(first))),
    }
}

audit_rule! {
    /// The organisation's Auth certificate expires soon or has expired.
    ///
    /// With it goes the sign-on between servers, and hybrid and Skype integration.
    AUDIT_AUTH_CERTIFICATE_EXPIRES: Low, HealthChecker, expires
}

fn expires(case: &Audited<'_>) -> Vec<Found> {
    let current = case.server.auth_certificates().and_then(|auth| auth.current);
    let installed = current.and_then(|thumbprint| case.server.installed(thumbprint));
    let soon = installed.filter(|installed| installed.days_left(case.now) < installed.expires_soon_from(LEAST_DAYS));
    let found = soon.map(|installed| {
        let (days, not_after) = (installed.days_left(case.now), installed.certificate().ends());
        let message = if days < 0 {
            message!(days, not_after; "the Auth certificate of the organisation expired on {not_after}")
        } else {
            message!(days, not_after; "the Auth certificate of the organisation expires on {not_after}")
        };
        Found::of(installed, Service::empty(), message)
            .map(|finding| finding.steps(remedy::replace_auth_certificate(case.server)))
    });
    found.into_iter().collect()
}
