//! What is to be done after an assignment, or stands in its script.

use crate::case::{Assignment, Removal};
use crate::finding::{Detail, Finding};
use crate::powershell::Command;
use crate::request::Answer;
use crate::rule::rule;
use crate::server::{DefaultSmtp, Installed, LoadBalancing, Server};
use crate::service::Service;

rule! {
    /// IIS may want a restart.
    ///
    /// Behind layer-4 load balancing it is recommended: the previous certificate may go on encrypting
    /// the cookie of Outlook on the web.
    RESTART_IIS: FollowUp, Article, Assign(restart_iis)
}

rule! {
    /// A subscribed Edge server gets a new subscription when its certificate changes.
    ///
    /// Where a certificate with SMTP that is not self-signed is renewed, replaced or removed, EdgeSync
    /// goes on only with a new Edge subscription.
    RECREATE_EDGE_SUBSCRIPTION: FollowUp, Article, Both(recreate, recreate_at_removal)
}

rule! {
    /// The result is looked at.
    ///
    /// Exchange may show more services than were assigned; what counts is that it shows those.
    VERIFY_ASSIGNMENT: FollowUp, Article, Assign(verify)
}

rule! {
    /// IIS requires SSL afterwards.
    ///
    /// Assigning IIS sets "Require SSL" on the default web site, unless the request says otherwise.
    REQUIRE_SSL: Note, Reference("Enable-ExchangeCertificate"), Assign(require_ssl)
}

rule! {
    /// IMAP takes the certificate after a restart.
    RESTART_IMAP: FollowUp, Reference("Set-ImapSettings"), Assign(restart_imap)
}

rule! {
    /// POP takes the certificate after a restart.
    RESTART_POP: FollowUp, Reference("Set-PopSettings"), Assign(restart_pop)
}

rule! {
    /// Unified Messaging is stopped before the assignment and started after it.
    RESTART_UM: FollowUp, Reference("Set-UMService"), Assign(restart_um)
}

rule! {
    /// The Unified Messaging Call Router is stopped before the assignment and started after it.
    RESTART_UM_CALL_ROUTER: FollowUp, Reference("Set-UMCallRouterSettings"), Assign(restart_um_call_router)
}

rule! {
    /// A layer-7 load balancer presents the same certificate.
    ///
    /// It ends TLS itself, and Extended Protection compares the two certificates.
    LOAD_BALANCER_CERTIFICATE: FollowUp, Support, Assign(load_balancer)
}

fn restart_iis(case: &Assignment<'_>) -> Option<Finding> {
    let recommended = case.server().load_balancing() == LoadBalancing::Layer4;
    case.adds(Service::IIS)
        .then(|| Finding::on(Service::IIS, Detail::RestartIis { recommended }).command(Command::new("iisreset")))
}

fn recreate(case: &Assignment<'_>) -> Option<Finding> {
    let server = subscribed_edge(case.server())?;
    let issued = case.other_holders(Service::SMTP).filter(|holder| is_issued(holder)).map(Installed::thumbprint);
    let removed = case.request().removes();
    let thumbprint = issued.min_by_key(|holder| removed != Some(*holder)).filter(|_| case.adds(Service::SMTP))?;
    let mut finding = Finding::on(Service::SMTP, Detail::RecreateSubscription { old: thumbprint });
    if server.default_smtp() == DefaultSmtp::Certificate(thumbprint)
        && case.request().default_smtp() == Some(Answer::Keep)
    {
        let assign = Command::new("Enable-ExchangeCertificate")
            .bare("Thumbprint", case.request().thumbprint())
            .bare("Services", Service::SMTP)
            .switch("Force");
        finding = finding
            .advise("the old certificate is the default one for SMTP: assign SMTP to the new one again with replace")
            .command_at(assign, ON_EDGE);
    }
    if removed != Some(thumbprint) {
        let remove = Command::new("Remove-ExchangeCertificate").bare("Thumbprint", thumbprint);
        finding = finding.command_at(remove, ON_EDGE);
    }
    Some(subscription_steps(finding, server))
}

fn recreate_at_removal(case: &Removal<'_>) -> Option<Finding> {
    let server = subscribed_edge(case.server())?;
    let old = case.removed().filter(|removed| case.has(Service::SMTP) && is_issued(removed))?.thumbprint();
    Some(subscription_steps(Finding::on(Service::SMTP, Detail::RecreateSubscription { old }), server))
}

fn subscribed_edge(server: &Server) -> Option<&Server> {
    (server.is_edge() && server.edge_subscribed()).then_some(server)
}

fn is_issued(installed: &Installed) -> bool {
    !installed.certificate().is_self_signed()
}

const ON_EDGE: &str = "on this Edge Transport server";
const ON_MAILBOX: &str = "on a Mailbox server of the subscribed site";
const ON_MAILBOX_IN_TIME: &str =
    "on a Mailbox server of the subscribed site, within 24 hours, with the name of the site";

fn subscription_steps(finding: Finding, server: &Server) -> Finding {
    let create = Command::new("New-EdgeSubscription");
    let import = create
        .clone()
        .word("-FileData ([System.IO.File]::ReadAllBytes('C:\\EdgeSubscription.xml'))")
        .word("-Site 'Default-First-Site-Name'");
    finding
        .command_at(Command::new("Remove-EdgeSubscription").value("Identity", server.name().to_owned()), ON_MAILBOX)
        .command_at(create.word("-FileName 'C:\\EdgeSubscription.xml'"), ON_EDGE)
        .command_at(import, ON_MAILBOX_IN_TIME)
        .command_at(Command::new("Start-EdgeSynchronization").switch("ForceFullSync"), ON_MAILBOX)
        .command_at(Command::new("Test-EdgeSynchronization"), ON_MAILBOX)
}

fn verify(case: &Assignment<'_>) -> Option<Finding> {
    let show = Command::new("Get-ExchangeCertificate")
        .server(case.server())
        .list("FriendlyName,Subject,CertificateDomains,Thumbprint,Services");
    let services = case.in_question();
    let in_admin_center = "or in the admin center: Servers > Certificates, select the server, then the certificate; \
                           \"Assigned to services\" must contain the services";
    (!services.is_empty()).then(|| {
        let finding = Finding::on(services, Detail::Verify).command(show);
        // The admin center does not show Edge Transport servers' certificates.
        if case.server().is_edge() { finding } else { finding.advise(in_admin_center) }
    })
}

fn require_ssl(case: &Assignment<'_>) -> Option<Finding> {
    (case.adds(Service::IIS) && case.request().require_ssl()).then(|| Finding::on(Service::IIS, Detail::RequireSsl))
}

fn restart_imap(case: &Assignment<'_>) -> Option<Finding> {
    restart(case, Service::IMAP)
}

fn restart_pop(case: &Assignment<'_>) -> Option<Finding> {
    restart(case, Service::POP)
}

fn restart(case: &Assignment<'_>, service: Service) -> Option<Finding> {
    case.adds(service).then(|| Finding::on(service, Detail::Restart { service }).command(Command::restart(service)))
}

fn restart_um(case: &Assignment<'_>) -> Option<Finding> {
    stop_and_start(case, Service::UM)
}

fn restart_um_call_router(case: &Assignment<'_>) -> Option<Finding> {
    stop_and_start(case, Service::UM_CALL_ROUTER)
}

fn stop_and_start(case: &Assignment<'_>, service: Service) -> Option<Finding> {
    case.adds(service).then(|| Finding::on(service, Detail::StopAndStart { service }).advise("the script does both"))
}

fn load_balancer(case: &Assignment<'_>) -> Option<Finding> {
    (case.adds(Service::IIS) && case.server().load_balancing() == LoadBalancing::Layer7).then(|| {
        Finding::on(Service::IIS, Detail::LoadBalancer)
            .advise("install the certificate with its private key on the load balancer")
    })
}
