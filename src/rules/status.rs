//! The status that Exchange reports, and the dates.

use std::borrow::Cow;

use crate::case::Assignment;
use crate::finding::{Detail, Finding, Remedy};
use crate::powershell::Command;
use crate::rule::rule;
use crate::server::{Installed, Status};
use crate::time::Timestamp;

rule! {
    /// The status of the certificate is Valid.
    ///
    /// The status in force is the one that Exchange reported (Valid where it reported none). Outside
    /// the dates of the certificate Valid, RevocationCheckFailure, Untrusted and Unknown become
    /// DateInvalid. A request may accept RevocationCheckFailure, Untrusted and Unknown, and no other.
    STATUS_NOT_VALID: Refuse, Article, Assign(not_valid)
}

rule! {
    /// A status other than Valid was accepted.
    ///
    /// The admin center demands Valid, and the shell is silent: a request that knows why may accept
    /// RevocationCheckFailure, Untrusted or Unknown.
    STATUS_ACCEPTED: Warn, DecidedHere, Assign(accepted)
}

rule! {
    /// The certificate does not expire soon.
    ///
    /// Soon is fewer than 60 whole days, or than a third of the certificate's whole lifetime where
    /// that is less: certificates of 47 days are coming. Under half of that it is urgent.
    EXPIRES_SOON: Warn, HealthChecker, Assign(expires_soon)
}

fn not_valid(case: &Assignment<'_>) -> Option<Finding> {
    let installed = case.installed()?;
    let status = case.status_in_force().filter(|status| *status != Status::Valid && !case.accepts(*status))?;
    let (now, not_before, not_after) = (case.now(), dates(installed).0, dates(installed).1);
    let detail = match status {
        Status::DateInvalid if installed.is_current(now) => Detail::DatesReported { now, not_before, not_after },
        Status::DateInvalid => Detail::OutsideDates { now, not_before, not_after },
        _ => Detail::StatusNotValid { status },
    };
    Some(Finding::on(case.in_question(), detail).remedies(remedy(case, installed, status)))
}

fn remedy(case: &Assignment<'_>, installed: &Installed, status: Status) -> Vec<Remedy> {
    let words: Cow<'static, str> = match status {
        Status::DateInvalid if installed.is_current(case.now()) => {
            "read the status again, and see whether the clock of the server is right"
        }
        Status::DateInvalid if case.now() < installed.certificate().starts() => {
            "wait until it is valid, and see whether the clock of the server is right"
        }
        Status::DateInvalid => "renew the certificate, install the new one and assign that",
        Status::PendingRequest => "complete the pending request with the certificate that the CA sends:",
        Status::Revoked => "request a new certificate with a new key: a revoked one never becomes valid again",
        Status::Untrusted => {
            "install its root among the trusted root authorities of the server, and the CAs below among the \
             intermediate ones, or accept the status with the request"
        }
        Status::RevocationCheckFailure => {
            "let the server reach the revocation list of the CA (its proxy: netsh winhttp show proxy), or accept the \
             status with the request"
        }
        Status::Unknown => {
            "look at the certificate in the Windows console certlm.msc, or accept the status with the request"
        }
        _ => "look at the certificate in the Windows console certlm.msc, and request a new one where it is broken",
    }
    .into();
    let import = (status == Status::PendingRequest).then(|| {
        let file = "-FileData ([System.IO.File]::ReadAllBytes('C:\\certificate.cer'))";
        Remedy::Command(Command::new("Import-ExchangeCertificate").server(case.server()).word(file))
    });
    [Remedy::Words(words)].into_iter().chain(import).collect()
}

fn accepted(case: &Assignment<'_>) -> Option<Finding> {
    let status = case.status_in_force().filter(|status| case.accepts(*status))?;
    Some(Finding::on(case.in_question(), Detail::StatusAccepted { status }))
}

fn expires_soon(case: &Assignment<'_>) -> Option<Finding> {
    let installed = case.installed().filter(|installed| installed.is_current(case.now()))?;
    let days = installed.days_left(case.now());
    let threshold = installed.expires_soon_from(case.thresholds().expires_soon_days);
    let not_after = installed.certificate().ends();
    (days < threshold).then(|| {
        Finding::on(case.in_question(), Detail::ExpiresSoon { days, not_after, urgent: days * 2 < threshold })
            .advise("renew it, and assign the new certificate in its place")
    })
}

fn dates(installed: &Installed) -> (Timestamp, Timestamp) {
    (installed.certificate().starts(), installed.certificate().ends())
}
