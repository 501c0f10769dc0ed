//! §5.1: the rules from the article.

use super::super::Kind::{Decide, FollowUp, Note, Refuse, Warn};
use super::super::facts::*;
use super::permission::{is_denied, is_partial, is_uncertain, is_unchecked};
use super::{Row, assigning, assigning_anything, both, both_always, default_open, whole};

pub static ROWS: &[Row] = &[
    both_always(
        "certificate-not-installed",
        Refuse,
        |a| whole(a.this.is_none() || a.replaces.is_some_and(|it| it.old.is_none())),
        |r| whole(r.gone.is_none()),
    ),
    assigning("status-not-valid", Refuse, |a| {
        a.all(a.certificate.is_some_and(|it| {
            let status = it.status_in_force(a.now);
            status != Status::Valid && !a.accepts(status)
        }))
    }),
    assigning("status-accepted", Warn, |a| a.all(a.certificate.is_some_and(|it| a.accepts(it.status_in_force(a.now))))),
    assigning("wildcard-imap", Refuse, |a| a.one_about(IMAP, CertificateFacts::is_wildcard)),
    assigning("wildcard-pop", Refuse, |a| a.one_about(POP, CertificateFacts::is_wildcard)),
    assigning("replace-default-smtp", Decide, default_open),
    assigning("default-smtp-replaced", Warn, |a| a.one(SMTP, a.moves_default)),
    both(
        "default-smtp-unknown",
        Warn,
        |a| {
            let unknown = a.server.default_smtp == DefaultSmtp::NotKnown;
            a.one(SMTP, unknown && a.request.default_smtp != Some(Answer::Replace))
        },
        |r| (r.has(SMTP) && r.state.default_smtp == DefaultSmtp::NotKnown).then_some(SMTP),
    ),
    assigning("um-startup-mode", Refuse, |a| {
        let plain = a.server.um_startup_mode == StartupMode::Tcp;
        a.one(UM, plain && a.hosted & UM != 0)
    }),
    assigning("um-call-router-startup-mode", Refuse, |a| {
        let plain = a.server.um_call_router_startup_mode == StartupMode::Tcp;
        a.one(UM_CALL_ROUTER, plain && a.hosted & UM_CALL_ROUTER != 0)
    }),
    assigning("um-not-available", Refuse, |a| a.those(UNIFIED_MESSAGING).filter(|_| !a.server.has_unified_messaging())),
    assigning_anything("assignment-irrevocable", Refuse, |a| {
        let lost = match a.request.operation {
            Operation::Assign { services, mode } => match mode {
                Mode::Add => 0,
                Mode::Exact => a.prints & !services,
                Mode::Take => a.prints & services,
            },
            Operation::Remove | Operation::Replace { .. } => 0,
        };
        whole(lost != 0)
    }),
    assigning("restart-iis", FollowUp, |a| a.one(IIS, true)),
    both(
        "recreate-edge-subscription",
        FollowUp,
        |a| {
            let renewed = |(_, it): (usize, &CertificateFacts)| it.has(SMTP) && !it.self_signed;
            let subscribed = a.server.is_edge() && a.server.edge_subscribed;
            a.one(SMTP, subscribed && (a.moves_default || a.server.others(a.this).any(renewed)))
        },
        |r| {
            let subscribed = r.server.is_edge() && r.server.edge_subscribed;
            let renewed = r.has(SMTP) && r.certificate.is_some_and(|it| !it.self_signed);
            (subscribed && renewed).then_some(SMTP)
        },
    ),
    both_always("permission-denied", Refuse, |a| is_denied(a.server, a.request), |r| is_denied(r.server, r.request)),
    both_always(
        "permission-uncertain",
        Warn,
        |a| is_uncertain(a.server, a.request),
        |r| is_uncertain(r.server, r.request),
    ),
    both_always(
        "permission-unchecked",
        Note,
        |a| is_unchecked(a.server, a.request),
        |r| is_unchecked(r.server, r.request),
    ),
    assigning_anything("permission-partial", Warn, is_partial),
    assigning("verify-assignment", FollowUp, |a| a.all(true)),
];
