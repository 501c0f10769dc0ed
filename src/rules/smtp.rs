//! SMTP: the default certificate.

use std::borrow::Cow;

use crate::case::{Assignment, Removal};
use crate::commands;
use crate::fact::Fact;
use crate::finding::{Finding, message, validity};
use crate::remedy;
use crate::request::Answer;
use crate::rule::rule;
use crate::server::NotReadKind;
use crate::service::Service;
use crate::text::shown;

rule! {
    /// The request must say whether to replace the default SMTP certificate.
    ///
    /// Assigning SMTP makes the shell ask whether to overwrite the default SMTP certificate, which is
    /// the self-signed one that internal servers use among themselves. It seldom needs replacing;
    /// at the prompt, Enter alone means Yes. If the default one is not installed, not valid now or not
    /// self-signed, replacing is recommended if the certificate covers the server's own name; else a new
    /// self-signed one serves better. A default one that is about to be removed cannot be kept.
    REPLACE_DEFAULT_SMTP: Decide, Article, Assign(replace_default)
}

fn replace_default(case: &Assignment<'_>) -> Option<Finding> {
    let current = case.other_default_smtp().filter(|_| case.asks_for_default_smtp())?;
    let message = message!(
        current;
        "the default SMTP certificate is {current}, and the shell asks whether to replace it: Enter alone at its \
         prompt means Yes"
    );
    let advice = match case.recommended() {
        Answer::Keep if case.has_unsound_default_smtp() => {
            "answer with the request: keep is recommended, and a new self-signed certificate for the default, which \
             does not do any more; replace is what -Force does"
        }
        Answer::Keep => "answer with the request: keep is recommended, replace is what -Force does",
        Answer::Replace => "answer with the request: replace is recommended here, which is what -Force does",
    };
    Some(Finding::on(Service::SMTP, message).advise(advice))
}

rule! {
    /// The request makes this the default SMTP certificate.
    ///
    /// All traffic between internal transport servers uses it from then on.
    DEFAULT_SMTP_REPLACED: Warn, Article, Assign(default_replaced)
}

fn default_replaced(case: &Assignment<'_>) -> Option<Finding> {
    case.moves_default_smtp().then(|| {
        let finding = Finding::on(Service::SMTP, "the request makes this the default SMTP certificate of the server");
        if case.removes_default_smtp() { finding } else { finding.advise("answer keep, unless it is meant") }
    })
}

rule! {
    /// The default SMTP certificate of the server is not known.
    ///
    /// The shell may ask whether to replace it; and a certificate with SMTP that is removed may be the
    /// one.
    DEFAULT_SMTP_UNKNOWN: Warn, Article, Both(default_unknown, default_unknown_at_removal)
}

fn default_unknown(case: &Assignment<'_>) -> Option<Finding> {
    let is_unknown = case.server().default_smtp() == Fact::NotKnown;
    (is_unknown && case.adds(Service::SMTP) && case.request().default_smtp() != Some(Answer::Replace)).then(|| {
        let message = "it is not known which certificate is the default one for SMTP: the shell may ask whether to \
                       replace it; answer No unless it is meant";
        Finding::on(Service::SMTP, message).command(commands::show_default_smtp(case.server()))
    })
}

fn default_unknown_at_removal(case: &Removal<'_>) -> Option<Finding> {
    (case.default_smtp() == Fact::NotKnown && case.has(Service::SMTP)).then(|| {
        let message =
            "it is not known which certificate is the default one for SMTP: it may be the one that is to be removed";
        Finding::on(Service::SMTP, message).command(commands::show_default_smtp(case.server()))
    })
}

rule! {
    /// Replacing the default SMTP certificate breaks EdgeSync.
    ///
    /// EdgeSync authenticates by it: after a replacement the subscription must be created again.
    EDGE_SYNC_BREAKS: Warn, Support, Assign(edge_sync)
}

fn edge_sync(case: &Assignment<'_>) -> Option<Finding> {
    let server = case.server();
    (case.moves_default_smtp() && server.edge_subscribed() && server.is_mailbox()).then(|| {
        Finding::on(
            Service::SMTP,
            "EdgeSync breaks if the default SMTP certificate is replaced: the Edge subscription must be created again",
        )
        .advise(keep_or(case, "plan to create the Edge subscription again"))
    })
}

rule! {
    /// The default SMTP certificate should cover the server's own name.
    DEFAULT_SMTP_NAME_MISMATCH: Warn, Encryption, Assign(default_name)
}

fn default_name(case: &Assignment<'_>) -> Option<Finding> {
    let certificate = case.certificate().filter(|_| case.moves_default_smtp())?;
    let fqdn = case.server().fqdn().filter(|fqdn| !certificate.covers(fqdn))?.to_owned();
    let message = message!(fqdn; "the certificate does not cover the server's own name {}", shown(fqdn));
    Some(
        Finding::on(Service::SMTP, message)
            .advise(keep_or(case, "use a certificate that includes the server's own name")),
    )
}

rule! {
    /// The default SMTP certificate that the server names is not installed.
    DEFAULT_SMTP_MISSING: Warn, HealthChecker, Assign(default_missing)
}

fn default_missing(case: &Assignment<'_>) -> Option<Finding> {
    let thumbprint = case.server().default_smtp().value().filter(|_| case.adds(Service::SMTP))?;
    let is_missing = case.server().installed(thumbprint).is_none();
    (is_missing && case.server().unread(NotReadKind::Certificates).is_none()).then(|| {
        let message = message!(thumbprint; "the default SMTP certificate {thumbprint} is not installed");
        let finding = Finding::on(Service::SMTP, message);
        if case.moves_default_smtp() { finding } else { another_default(case, finding) }
    })
}

rule! {
    /// The default SMTP certificate that is kept is outside its validity period.
    DEFAULT_SMTP_EXPIRED: Warn, HealthChecker, Assign(default_expired)
}

fn default_expired(case: &Assignment<'_>) -> Option<Finding> {
    let is_kept = case.adds(Service::SMTP) && case.request().default_smtp() != Some(Answer::Replace);
    let thumbprint = case.other_default_smtp().filter(|_| is_kept)?;
    let message = validity::default_outside_dates(case.server().installed(thumbprint)?, case.at())?;
    Some(another_default(case, Finding::on(Service::SMTP, message)))
}

fn another_default(case: &Assignment<'_>, finding: Finding) -> Finding {
    finding.advise("answer replace, or make a new one for it:").steps(remedy::make_default(case.server()))
}

rule! {
    /// The Auth certificate should not become the default SMTP certificate.
    ///
    /// It signs tokens between servers and partners and contains no host name.
    AUTH_CERTIFICATE: Warn, HealthChecker, Assign(auth_certificate)
}

fn auth_certificate(case: &Assignment<'_>) -> Option<Finding> {
    (case.moves_default_smtp() && case.is_auth_certificate()).then(|| {
        Finding::on(Service::SMTP, "it is the Auth certificate of the organisation, which is not meant for SMTP")
            .advise(keep_or(case, "use another certificate"))
    })
}

/// Keeping the default certificate, or something else; a default one that is about to be removed cannot be kept.
fn keep_or(case: &Assignment<'_>, other: &'static str) -> Cow<'static, str> {
    if case.removes_default_smtp() { other.into() } else { format!("answer keep, or {other}").into() }
}
