//! The status that Exchange reports, and the dates.

use crate::case::Assignment;
use crate::commands;
use crate::finding::{Finding, message, validity};
use crate::rule::rule;
use crate::server::Status;

rule! {
    /// The status of the certificate must be Valid, or one that the request accepts.
    ///
    /// The status in force is the one that Exchange reported (Valid if it reported none). Outside
    /// the dates of the certificate Valid, RevocationCheckFailure, Untrusted and Unknown become
    /// DateInvalid. A request may accept RevocationCheckFailure, Untrusted and Unknown, and no other.
    STATUS_NOT_VALID: Refuse, Article, Assign(not_valid)
}

fn not_valid(case: &Assignment<'_>) -> Option<Finding> {
    let installed = case.installed()?;
    let status = case.status_in_force().filter(|status| *status != Status::Valid && !case.accepts(*status))?;
    let now = case.at();
    let (not_before, not_after) = (installed.certificate().starts(), installed.certificate().ends());
    let message = match status {
        Status::DateInvalid if installed.is_current(now) => message!(
            status, now, not_before, not_after;
            "Exchange reports the status {status}, though {now} lies within its dates, {not_before} to {not_after}"
        ),
        Status::DateInvalid => message!(
            status, now, not_before, not_after;
            "its status is {status} at {now}: it is valid from {not_before} to {not_after}"
        ),
        _ => message!(status; "its status is {status}, not Valid"),
    };
    let advice = match status {
        Status::DateInvalid if installed.is_current(now) => "read the status again, and check the clock of the server",
        Status::DateInvalid if now < not_before => "wait until it is valid, and check the clock of the server",
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
        _ => "look at the certificate in the Windows console certlm.msc, and request a new one if it is broken",
    };
    let answer = (status == Status::PendingRequest).then(|| commands::import_answer(case.server()));
    Some(Finding::on(case.in_question(), message).advise(advice).commands(answer))
}

rule! {
    /// The request accepts a status other than Valid.
    ///
    /// The admin center demands Valid, and the shell is silent: a request may accept
    /// RevocationCheckFailure, Untrusted or Unknown, for reasons of its own.
    STATUS_ACCEPTED: Warn, DecidedHere, Assign(accepted)
}

fn accepted(case: &Assignment<'_>) -> Option<Finding> {
    let status = case.status_in_force().filter(|status| case.accepts(*status))?;
    let message = message!(status; "its status is {status}, which the request accepts");
    Some(Finding::on(case.in_question(), message))
}

rule! {
    /// The certificate expires soon.
    ///
    /// Soon is fewer than 60 whole days, or than a third of the certificate's whole lifetime if that
    /// is less: certificates of 47 days are coming. Under half of that it is urgent.
    EXPIRES_SOON: Warn, HealthChecker, Assign(expires_soon)
}

fn expires_soon(case: &Assignment<'_>) -> Option<Finding> {
    let installed = case.installed().filter(|installed| installed.is_current(case.at()))?;
    let message = validity::expires_soon(installed, case.at(), case.thresholds().expires_soon_days)?;
    Some(Finding::on(case.in_question(), message).advise("renew it, and assign the new certificate in its place"))
}
