//! The Auth certificate of the organisation, and the next one.

use super::{Audited, Cause, Found, audit_rule, successor};
use crate::finding::message;
use crate::policy::Severity;
use crate::remedy;
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

/// The current Auth certificate, and the next one with true beside it.
fn auth_certificates(case: &Audited<'_>) -> impl Iterator<Item = (Thumbprint, bool)> {
    let auth = case.server.auth_certificates().filter(|_| !case.server.is_edge()).unwrap_or_default();
    let next = auth.next.filter(|next| auth.current != Some(*next));
    auth.current.map(|current| (current, false)).into_iter().chain(next.map(|next| (next, true)))
}

audit_rule! {
    /// A server lacks the organisation's Auth certificate.
    ///
    /// Every server but the Edge Transport ones needs it, and the next one before it takes its place.
    AUDIT_AUTH_CERTIFICATE_MISSING: High, HealthChecker, missing
}

fn missing(case: &Audited<'_>) -> Vec<Found> {
    let missing = auth_certificates(case).filter(|(thumbprint, _)| case.server.installed(*thumbprint).is_none());
    let found = missing.map(|(thumbprint, is_next)| {
        let message = if is_next {
            message!(thumbprint; "the next Auth certificate {thumbprint} of the organisation is not installed")
        } else {
            message!(thumbprint; "the Auth certificate {thumbprint} of the organisation is not installed")
        };
        Found::of_server(Service::empty(), message).map(|finding| match case.across.auth_holders(thumbprint) {
            [] if !case.across.unread().is_empty() => finding.advise(format!(
                "it may be installed on {}, whose certificates were not read: read those first",
                text::list(case.across.unread())
            )),
            [] => successor::renew_auth(finding, case, thumbprint, None),
            holders => finding.steps(remedy::copy(holders, thumbprint, case.server)),
        })
    });
    found.collect()
}

audit_rule! {
    /// The organisation's Auth certificate expires soon or has expired.
    ///
    /// With it goes the sign-on between servers, and hybrid and Skype integration. The next one is looked at in the same
    /// way; if it is there and valid, nothing has to be made.
    AUDIT_AUTH_CERTIFICATE_EXPIRES: High | Low, HealthChecker, expires
}

fn expires(case: &Audited<'_>) -> Vec<Found> {
    let installed =
        auth_certificates(case).filter_map(|(thumbprint, is_next)| Some((case.server.installed(thumbprint)?, is_next)));
    let found = installed.filter_map(|(installed, is_next)| {
        let (days, not_after) = (installed.days_left(case.now), installed.certificate().ends());
        if days >= installed.expires_soon_from(case.thresholds.expires_soon_days) {
            return None;
        }
        let is_over = not_after < case.now;
        let message = match (is_next, is_over) {
            (false, true) => {
                message!(days, not_after; "the Auth certificate of the organisation expired on {not_after}")
            }
            (false, false) => {
                message!(days, not_after; "the Auth certificate of the organisation expires on {not_after}")
            }
            (true, true) => {
                message!(days, not_after; "the next Auth certificate of the organisation expired on {not_after}")
            }
            (true, false) => {
                message!(days, not_after; "the next Auth certificate of the organisation expires on {not_after}")
            }
        };
        let thumbprint = installed.thumbprint();
        let (severity, cause) = if is_over {
            (Severity::High, Cause::OutsideDates(thumbprint))
        } else {
            (Severity::Low, Cause::ExpiresSoon(thumbprint))
        };
        let found = Found::of(installed, Service::empty(), message).with_severity(severity).with_cause(cause);
        Some(found.map(|finding| successor::renew(finding, case, installed)))
    });
    found.collect()
}
