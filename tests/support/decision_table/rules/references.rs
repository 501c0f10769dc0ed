//! §5.2: the rules from the references and from practice, in three parts.

use super::super::Kind::{FollowUp, Note, Refuse, Warn};
use super::super::facts::*;
use super::{Row, assigning, assigning_anything, some, whole};

pub static FITNESS: &[Row] = &[
    assigning_anything("no-services", Refuse, |a| {
        // A replacement names no service and takes what the old certificate has, which may be none.
        whole(a.replaces.is_none() && a.requested == 0)
    }),
    assigning("federation-not-assignable", Refuse, |a| a.one(FEDERATION, true)),
    assigning("service-not-hosted", Refuse, |a| {
        let judged_elsewhere =
            if a.server.has_unified_messaging() { FEDERATION } else { FEDERATION | UNIFIED_MESSAGING };
        a.those(!(a.hosted | judged_elsewhere))
    }),
    assigning("unreadable-extension", Refuse, |a| {
        let certificate = a.certificate?;
        if matches!(certificate.extended_key_usage, Extension::Unreadable) {
            Some(a.question)
        } else {
            let unreadable = matches!(certificate.dns_names, Extension::Unreadable);
            a.those(IMAP | POP).filter(|_| unreadable && !certificate.has_dns_common_name())
        }
    }),
    assigning("private-key-missing", Refuse, |a| a.all_about(|it| !it.has_private_key)),
    assigning("not-server-authentication", Refuse, |a| {
        a.all_about(|it| covers_purpose(it, &[Purpose::ServerAuth]) == Some(false))
    }),
    assigning("key-too-small", Refuse, |a| a.all_about(|it| matches!(it.key, Key::Rsa(bits) if bits < 1024))),
    assigning("ecc-unsupported", Refuse, |a| {
        let unsupported = a.server.version == Version::E2013;
        a.all_about(|it| it.key == Key::EllipticCurve).filter(|_| unsupported)
    }),
    assigning("cng-key", Refuse, |a| {
        a.one_about(IIS, |it| matches!(it.key, Key::Rsa(_)) && it.key_storage == Some(KeyStorage::Ksp))
    }),
];

pub static CONSEQUENCES: &[Row] = &[
    assigning("require-ssl", Note, |a| a.one(IIS, a.request.require_ssl)),
    assigning_anything("restart-imap", FollowUp, |a| a.restarts(IMAP)),
    assigning_anything("restart-pop", FollowUp, |a| a.restarts(POP)),
    assigning_anything("served-by-name", Note, |a| some(a.served)),
    assigning("connector-fqdn-invalid", Refuse, |a| {
        let receives = |it: &&ConnectorFacts| it.kind == ConnectorKind::Receive && a.server.counts(it);
        let invalid = a.server.connectors.iter().filter(receives).any(ConnectorFacts::has_invalid_fqdn);
        a.one(SMTP, invalid)
    }),
    assigning_anything("send-server-lacks", Warn, |a| {
        // Nothing is known of what other servers hold.
        let elsewhere = |it: &ConnectorFacts| it.servers.iter().any(|name| !name.eq_ignore_ascii_case(&a.server.name));
        let moves = |it: &ConnectorFacts| it.kind == ConnectorKind::Send && elsewhere(it);
        a.moved().iter().any(|index| moves(&a.server.connectors[*index])).then_some(SMTP)
    }),
    assigning_anything("update-hybrid", FollowUp, |a| {
        let hybrid = |connectors: &[usize]| a.any_is(connectors, ConnectorKind::Hybrid);
        (hybrid(&a.left_behind()) || hybrid(&a.moved())).then_some(SMTP)
    }),
    assigning("restart-um", FollowUp, |a| a.one(UM, true)),
    assigning("restart-um-call-router", FollowUp, |a| a.one(UM_CALL_ROUTER, true)),
    assigning("load-balancer-certificate", FollowUp, |a| a.one(IIS, a.server.load_balancing == LoadBalancing::Layer7)),
    assigning("imap-name-mismatch", Warn, |a| a.name_mismatch(IMAP, &a.server.imap_certificate_name)),
    assigning("pop-name-mismatch", Warn, |a| a.name_mismatch(POP, &a.server.pop_certificate_name)),
    assigning("restore-imap-name", FollowUp, |a| a.name_not_first(IMAP, &a.server.imap_certificate_name)),
    assigning("restore-pop-name", FollowUp, |a| a.name_not_first(POP, &a.server.pop_certificate_name)),
    assigning("iis-name-not-covered", Warn, |a| {
        // A name that a binding of its own has is not asked of the one that is assigned.
        let missed = |name: &String| !a.before.has_binding_of(name) && !covered(&a.domains, name);
        let uncovered = a.server.client_names.as_ref().is_some_and(|names| names.iter().any(missed));
        a.one(IIS, a.certificate.is_some() && uncovered)
    }),
    assigning("update-connectors", FollowUp, |a| a.one(SMTP, !a.left_behind().is_empty())),
    assigning("connector-uses-other", Warn, |a| a.one(SMTP, !a.using_other().is_empty())),
    assigning("edge-sync-breaks", Warn, |a| {
        let mailbox = a.server.roles.contains(&Role::Mailbox);
        a.one(SMTP, mailbox && a.server.edge_subscribed && a.moves_default)
    }),
    assigning("hybrid-root", Warn, |a| {
        let hybrid = a.server.connectors.iter().any(|it| it.kind == ConnectorKind::Hybrid);
        a.one_about(SMTP, |it| it.root_ca_type.is_some_and(|root| root != RootCaType::ThirdParty)).filter(|_| hybrid)
    }),
    assigning("default-smtp-name-mismatch", Warn, |a| {
        let fqdn = a.server.fqdn.as_ref()?;
        a.certificate?;
        a.one(SMTP, a.moves_default && !covered(&a.domains, fqdn))
    }),
    assigning("default-smtp-missing", Warn, |a| {
        let missing = matches!(a.server.default_smtp, DefaultSmtp::NotInstalled | DefaultSmtp::NotInstalledRequested);
        a.one(SMTP, missing && !a.server.lacks(NotRead::Certificates))
    }),
    assigning("default-smtp-expired", Warn, |a| {
        let DefaultSmtp::Installed(index) = a.server.default_smtp else {
            return None;
        };
        let expired = !a.server.certificates[index].within_dates(a.now);
        let stays = a.request.default_smtp != Some(Answer::Replace);
        a.one(SMTP, stays && a.other_default() && expired)
    }),
    assigning("auth-certificate", Warn, |a| {
        let auth = a.server.is_auth_certificate(a.this?);
        a.one(SMTP, a.moves_default && auth)
    }),
    assigning("ca-certificate", Warn, |a| {
        a.all_about(|it| matches!(it.basic_constraints, Extension::Unreadable | Extension::Present(true)))
    }),
    assigning("self-signed", Warn, |a| a.those_about(IMAP | POP | UM | IIS | UM_CALL_ROUTER, |it| it.self_signed)),
    assigning("empty-subject", Warn, |a| a.one_about(SMTP, CertificateFacts::has_empty_subject)),
    assigning("no-domain", Warn, |a| {
        a.those(IMAP | POP | IIS | SMTP).filter(|_| a.certificate.is_some() && a.domains.is_empty())
    }),
    assigning("expires-soon", Warn, |a| a.all(a.certificate.is_some_and(|it| it.expires_soon(a.now)))),
    assigning("weak-key", Warn, |a| a.all_about(|it| matches!(it.key, Key::Rsa(1024..2048)))),
    assigning("weak-signature", Warn, |a| a.all_about(|it| it.weak_signature && !it.self_signed)),
    assigning("ecc-key", Warn, |a| {
        let supported = a.server.version > Version::E2013;
        a.all_about(|it| it.key == Key::EllipticCurve).filter(|_| supported)
    }),
    assigning("key-usage", Warn, |a| {
        a.all_about(|it| matches!(it.key_usage, Extension::Unreadable | Extension::Present(false)))
    }),
    assigning("no-client-authentication", Note, |a| {
        let wanted = [Purpose::ClientAuth, Purpose::Any];
        a.one(SMTP, a.certificate.is_some_and(|it| !it.self_signed && covers_purpose(it, &wanted) == Some(false)))
    }),
    assigning("service-skipped", Note, |a| {
        let old = a.replaces?.old?;
        let services = a.server.certificates[old].services.unwrap_or(0);
        some(services & !(a.hosted | FEDERATION))
    }),
];

fn covers_purpose(certificate: &CertificateFacts, wanted: &[Purpose]) -> Option<bool> {
    match &certificate.extended_key_usage {
        Extension::Present(purposes) => Some(purposes.iter().any(|it| wanted.contains(it))),
        Extension::Absent | Extension::Unreadable => None,
    }
}
