//! What must not be removed.

use crate::case::{Removal, is_named_auth_certificate};
use crate::finding::{Detail, Finding, Remedy};
use crate::powershell::Command;
use crate::request::Operation;
use crate::rule::rule;
use crate::script;
use crate::server::{Connector, ConnectorKind, DefaultSmtp, EXCHANGE_BACK_END, Installed, TlsCertificateName};
use crate::service::Service;

rule! {
    /// The default SMTP certificate is not removed.
    ///
    /// Transport would stop between internal servers: replace it first.
    REMOVES_DEFAULT_SMTP: Refuse, Reference("Remove-ExchangeCertificate"), Remove(default_smtp)
}

rule! {
    /// The last certificate of a service is not removed.
    ///
    /// The Auth certificate does not count as another one: it serves no client.
    REMOVES_LAST_ASSIGNMENT: Refuse, Article, Remove(last_assignment)
}

rule! {
    /// A certificate that a connector names is not removed.
    ///
    /// Exchange refuses to remove a certificate whose issuer and subject a Send connector or the hybrid
    /// configuration names, even where another installed certificate has the same. A Receive connector
    /// goes on with another one of the same names; without one it loses STARTTLS.
    REMOVES_CONNECTOR_CERTIFICATE: Refuse, Support, Remove(connector_certificate)
}

rule! {
    /// The certificate of the Exchange Back End site is not removed.
    ///
    /// Outlook on the web, the admin center and the shell would stop. Where the bindings are not known, it
    /// is a self-signed certificate with IIS whose friendly name is `Microsoft Exchange`.
    REMOVES_BACK_END_CERTIFICATE: Refuse, Support, Remove(back_end)
}

rule! {
    /// A certificate of a federation trust is not removed.
    REMOVES_FEDERATION_CERTIFICATE: Refuse, Support, Remove(federation)
}

rule! {
    /// An Auth certificate in use is not removed.
    REMOVES_AUTH_CERTIFICATE: Refuse, Support, Remove(auth_certificate)
}

rule! {
    /// What is named like the Auth certificate may be the one in use.
    REMOVES_LIKELY_AUTH_CERTIFICATE: Warn, Encryption, Remove(likely_auth_certificate)
}

rule! {
    /// The certificate of the IIS Web Management service is needed by it.
    REMOVES_WEB_MANAGEMENT: Warn, Encryption, Remove(web_management)
}

fn default_smtp(case: &Removal<'_>) -> Option<Finding> {
    let removed = case.removed()?.thumbprint();
    let is_default = case.default_smtp() == DefaultSmtp::Certificate(removed) && !case.decision_is_open();
    is_default.then(|| {
        let finding = Finding::on_request(Detail::RemovesDefault);
        if matches!(case.request().operation(), Operation::Replace { .. }) {
            return finding.advise("answer replace, so that the new certificate takes its place");
        }
        finding
            .advise("make another certificate the default one first: assign SMTP to it with replace, or make a new self-signed one and answer Yes at its prompt:")
            .command(Command::new("New-ExchangeCertificate").server(case.server()))
    })
}

fn last_assignment(case: &Removal<'_>) -> Option<Finding> {
    let judged = case.services(case.removed()?) & (case.server().hosts() - Service::FEDERATION);
    let services: Service = judged.iter().filter(|service| !case.has_another_holder(*service)).collect();
    (!services.is_empty()).then(|| {
        Finding::on(services, Detail::RemovesLast { services })
            .advise("assign another certificate first, then remove this one")
    })
}

fn connector_certificate(case: &Removal<'_>) -> Option<Finding> {
    let removed = case.removed()?;
    let mut held: Vec<_> = case.connectors().collect();
    // Looking for a namesake takes the printing of names.
    let is_served = !held.is_empty() && has_namesake(case, removed);
    held.retain(|connector| connector.kind() != ConnectorKind::Receive || !is_served);
    let connectors: Vec<_> = held.iter().map(|connector| connector.name().to_owned()).collect();
    (!held.is_empty()).then(|| {
        let finding = Finding::on_request(Detail::RemovesConnectorCertificate { connectors });
        match case.request().operation() {
            Operation::Replace { .. } => {
                finding.advise("ask for the names to be moved with the replacement (\"connectors\": \"update\")")
            }
            _ if is_served => finding
                .advise("take the name away while the certificate is removed, then give it back:")
                .remedies(removal_without_name(case, &held, removed)),
            _ => finding
                .advise("give the connectors the name of another certificate first, or take the name away:")
                .remedies(held.iter().map(|connector| Remedy::Command(clear_name(connector)))),
        }
    })
}

/// Whether another installed certificate has the issuer and the subject of this one.
fn has_namesake(case: &Removal<'_>, removed: &Installed) -> bool {
    let name = TlsCertificateName::of(removed.certificate());
    case.server().inventory().named(&name).any(|other| other.thumbprint() != removed.thumbprint())
}

/// The removal while no connector names the certificate. They get the name back, since it is another one's too.
fn removal_without_name(case: &Removal<'_>, held: &[&Connector], removed: &Installed) -> Vec<Remedy> {
    let name = TlsCertificateName::of(removed.certificate()).to_string();
    let set_name = |connector: &&Connector| script::set_connector(connector).value("TlsCertificateName", name.clone());
    let sending = || held.iter().copied().filter(|connector| connector.kind() == ConnectorKind::Send);
    let mut commands = script::transport("Stop-Service", sending(), case.server());
    commands.extend(held.iter().map(|connector| clear_name(connector)));
    commands.push(script::remove(case.server(), removed.thumbprint()));
    commands.extend(held.iter().map(set_name));
    commands.extend(script::transport("Start-Service", sending(), case.server()));
    commands.into_iter().map(Remedy::Command).collect()
}

fn clear_name(connector: &Connector) -> Command {
    script::set_connector(connector).bare("TlsCertificateName", "$null")
}

fn back_end(case: &Removal<'_>) -> Option<Finding> {
    let removed = case.removed()?;
    let known = removed.web_sites().is_some();
    let is_bound = match removed.web_sites() {
        Some(sites) => sites.contains(&EXCHANGE_BACK_END),
        None => {
            case.has(Service::IIS)
                && removed.certificate().is_self_signed()
                && removed.friendly_name() == Some("Microsoft Exchange")
        }
    };
    is_bound.then(|| {
        Finding::on_request(Detail::RemovesBackEnd { known })
            .advise("bind another certificate to the site Exchange Back End, port 444, in IIS first")
    })
}

fn federation(case: &Removal<'_>) -> Option<Finding> {
    case.has(Service::FEDERATION).then(|| {
        Finding::on_request(Detail::RemovesFederation)
            .advise("give the federation trust another certificate first (Set-FederationTrust), and publish it:")
            .command(Command::new("Get-FederationTrust").pipe(Command::new("Format-List").word("Name,*Certificate*")))
    })
}

fn auth_certificate(case: &Removal<'_>) -> Option<Finding> {
    let removed = case.removed()?.thumbprint();
    let auth = case.server().auth_certificates().filter(|auth| auth.contains(removed))?;
    let finding = Finding::on_request(Detail::RemovesAuth { current: auth.current == Some(removed) })
        .advise("make another one current, publish it, and clear the previous one:");
    Some(script::publish_auth_certificate().into_iter().fold(finding, Finding::command))
}

fn likely_auth_certificate(case: &Removal<'_>) -> Option<Finding> {
    let is_likely =
        case.server().auth_certificates().is_none() && is_named_auth_certificate(case.removed()?.certificate());
    is_likely.then(|| {
        Finding::on_request(Detail::RemovesLikelyAuth)
            .advise("see which ones are in use:")
            .command(Command::new("Get-AuthConfig").pipe(Command::new("Format-List").word("*CertificateThumbprint")))
    })
}

fn web_management(case: &Removal<'_>) -> Option<Finding> {
    let begins = |name: &str| name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("WMSvc-"));
    let name = case.removed()?.certificate().common_names().find(|name| begins(name))?.into_owned();
    Some(
        Finding::on_request(Detail::RemovesWebManagement { name })
            .advise("give the Web Management service another certificate in IIS first, or leave this one"),
    )
}
