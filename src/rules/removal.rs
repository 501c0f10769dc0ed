//! What must not be removed.

use crate::block::Block;
use crate::case::Removal;
use crate::commands;
use crate::fact::Fact;
use crate::finding::{Finding, Kind, message};
use crate::remedy;
use crate::request::Operation;
use crate::rule::rule;
use crate::script;
use crate::server::{ConnectorKind, NotReadKind, TlsCertificateName};
use crate::service::Service;
use crate::text::{list, shown};

rule! {
    /// The default SMTP certificate cannot be removed.
    ///
    /// Transport would stop between internal servers: replace it first.
    REMOVES_DEFAULT_SMTP: Refuse, Reference("Remove-ExchangeCertificate"), Remove(default_smtp)
}

fn default_smtp(case: &Removal<'_>) -> Option<Finding> {
    let removed = case.removed()?.thumbprint();
    let is_default = case.default_smtp() == Fact::Value(removed) && !case.decision_is_open();
    is_default.then(|| {
        let finding = Finding::on_request("it is the default SMTP certificate of the server");
        if matches!(case.request().operation(), Operation::Replace { .. }) {
            return finding.advise("answer replace, so that the new certificate takes its place");
        }
        finding
            .advise("make another certificate the default one first: assign SMTP to it with replace, or:")
            .steps(remedy::make_default(case.server()))
    })
}

rule! {
    /// The last certificate of a service cannot be removed.
    ///
    /// The Auth certificate does not count as another one: it serves no client. IIS, IMAP and POP are judged by what
    /// their endpoints present, wherever that is known. A certificate that is outside its dates may go from IMAP, POP
    /// and Unified Messaging, which may not even run.
    REMOVES_LAST_ASSIGNMENT: Refuse | Warn, Article, Remove(last_assignment)
}

fn last_assignment(case: &Removal<'_>) -> Option<Finding> {
    if case.server().unread(NotReadKind::Certificates).is_some() {
        return None;
    }
    let judged = case.services() & (case.server().hosts() - Service::FEDERATION);
    let is_left = |service: &Service| !case.has_another_holder(*service);
    let left: Service = judged.iter().filter(is_left).collect();
    if left.is_empty() {
        return None;
    }
    let services = left - case.judged_by_endpoint();
    if services.is_empty() {
        return None;
    }
    let finding = Finding::on(services, message!(services; "{services} would be left without a certificate"))
        .advise("assign another certificate first, then remove this one");
    let optional = Service::IMAP | Service::POP | Service::UM | Service::UM_CALL_ROUTER;
    Some(if case.is_expired() && optional.contains(services) { finding.with_kind(Kind::Warn) } else { finding })
}

rule! {
    /// A certificate that a connector names cannot be removed.
    ///
    /// Exchange refuses to remove a certificate whose issuer and subject a Send connector names, even if another
    /// installed certificate has the same. A Receive connector and the hybrid configuration go on with another one of
    /// the same names; without one a Receive connector loses STARTTLS.
    REMOVES_CONNECTOR_CERTIFICATE: Refuse, Support, Remove(connector_certificate)
}

fn connector_certificate(case: &Removal<'_>) -> Option<Finding> {
    let removed = case.removed()?;
    let mut held: Vec<_> = case.connectors().collect();
    let name = held.iter().find_map(|connector| connector.tls_certificate_name().value());
    let is_served = name.is_some_and(|name| {
        case.server().inventory().named(name).any(|other| other.thumbprint() != removed.thumbprint())
    });
    // Whether another one serves the others may stand in what was not read.
    let may_be_served = is_served || case.server().unread(NotReadKind::Certificates).is_some();
    held.retain(|connector| connector.kind() == ConnectorKind::Send || !may_be_served);
    if held.is_empty() {
        return None;
    }
    let connectors: Vec<_> = held.iter().map(|connector| connector.name().to_owned()).collect();
    let finding = Finding::on_request(message!(
        connectors;
        "{} {} its issuer and subject", list(connectors), if connectors.len() == 1 { "names" } else { "name" }
    ));
    Some(match case.request().operation() {
        Operation::Replace { .. } if case.request().updates_connectors() => finding.advise(
            "the subject of the new certificate is empty, so that no name moves to it: give the connectors the name of \
             another certificate first",
        ),
        Operation::Replace { .. } => {
            finding.advise("ask for the names to be moved with the replacement (\"connectors\": \"update\")")
        }
        _ if is_served && !removed.certificate().subject().is_empty() => finding.step(Block::new(
            "take the name away while the certificate is removed, then give it back:",
            vec![script::remove_unnamed(
                case.server(),
                &held,
                &TlsCertificateName::of(removed.certificate()),
                commands::remove_installed(case.server(), removed),
            )],
        )),
        _ => finding
            .advise("give the connectors the name of another certificate first, or take the name away:")
            .commands(held.iter().map(|connector| commands::clear_tls_certificate_name(connector))),
    })
}

rule! {
    /// The certificate of the Exchange Back End site cannot be removed.
    ///
    /// Outlook on the web, the admin center and the shell would stop. If the bindings are not known, it is a
    /// self-signed certificate with IIS beside another one with IIS, whose friendly name is `Microsoft Exchange` or
    /// whose first domain is the name of the server.
    REMOVES_BACK_END_CERTIFICATE: Refuse, Support, Remove(back_end)
}

fn back_end(case: &Removal<'_>) -> Option<Finding> {
    if !case.is_back_end() {
        return None;
    }
    let message = if case.removed()?.web_sites().is_some() {
        "it is bound to the Exchange Back End site: Outlook on the web, the admin center and the shell would stop"
    } else {
        "it looks like the certificate of the Exchange Back End site: Outlook on the web, the admin center and the \
         shell would stop"
    };
    let is_default = case.server().default_smtp().value() == Some(case.removed()?.thumbprint());
    let finding = Finding::on_request(message).steps(remedy::renew_back_end(case.server(), None, is_default));
    Some(finding.advise("then plan the removal again"))
}

rule! {
    /// Exchange cannot remove a certificate that has no private key.
    ///
    /// `Remove-ExchangeCertificate` fails on it. The script removes it from the certificate store of the server instead.
    REMOVES_KEYLESS: Warn, Support, Remove(keyless)
}

fn keyless(case: &Removal<'_>) -> Option<Finding> {
    (!case.removed()?.has_private_key()).then(|| {
        Finding::on_request("it has no private key on this server, and Remove-ExchangeCertificate fails on it")
            .advise("the script removes it from the certificate store of the server instead, with Remove-Item")
    })
}

rule! {
    /// The certificate of a federation trust cannot be removed.
    REMOVES_FEDERATION_CERTIFICATE: Refuse, Support, Remove(federation)
}

fn federation(case: &Removal<'_>) -> Option<Finding> {
    case.has(Service::FEDERATION).then(|| {
        let is_over = case.is_expired();
        Finding::on_request("it is assigned to Federation")
            .advise("look which certificates the federation trusts use, and give them another one first:")
            .command(commands::show_federation_certificates())
            .steps(remedy::renew_federation_certificate(case.server(), is_over))
    })
}

rule! {
    /// An Auth certificate in use cannot be removed.
    REMOVES_AUTH_CERTIFICATE: Refuse, Support, Remove(auth_certificate)
}

fn auth_certificate(case: &Removal<'_>) -> Option<Finding> {
    let removed = case.removed()?.thumbprint();
    let auth = case.server().auth_certificates().filter(|auth| auth.contains(removed))?;
    let message = if auth.current == Some(removed) {
        "it is the current Auth certificate of the organisation"
    } else {
        "it is the next Auth certificate of the organisation"
    };
    let is_over = case.is_expired();
    let finding = Finding::on_request(message).advise("let another one take its place first:");
    Some(finding.steps(remedy::another_auth_certificate(case.server(), is_over)))
}

rule! {
    /// The certificate is named like the Auth certificate and may be the one in use.
    REMOVES_LIKELY_AUTH_CERTIFICATE: Warn, Encryption, Remove(likely_auth_certificate)
}

fn likely_auth_certificate(case: &Removal<'_>) -> Option<Finding> {
    case.is_likely_auth_certificate().then(|| {
        Finding::on_request("it is not known which Auth certificates are in use, and by its name it is one")
            .advise("check which ones are in use:")
            .command(commands::show_auth_certificates())
    })
}

rule! {
    /// The IIS Web Management service needs this certificate.
    REMOVES_WEB_MANAGEMENT: Warn, Encryption, Remove(web_management)
}

fn web_management(case: &Removal<'_>) -> Option<Finding> {
    let name = case.removed()?.certificate().web_management_name()?.into_owned();
    let message = message!(
        name;
        "{} is the certificate of the IIS Web Management service, which would then fail to start", shown(name)
    );
    Some(
        Finding::on_request(message)
            .advise("give the Web Management service another certificate in IIS first, or leave this one"),
    )
}
