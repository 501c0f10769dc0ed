//! What is to be done after an assignment, or stands in its script.

use crate::case::{Assignment, Case, Removal};
use crate::commands;
use crate::fact::Fact;
use crate::finding::{Finding, message};
use crate::remedy;
use crate::request::Answer;
use crate::rule::rule;
use crate::server::{Installed, LoadBalancing, Server};
use crate::service::Service;
use crate::thumbprint::Thumbprint;

rule! {
    /// IIS may need a restart.
    ///
    /// Behind layer-4 load balancing it is recommended: the previous certificate may go on encrypting
    /// the cookie of Outlook on the web.
    RESTART_IIS: FollowUp, Article, Assign(restart_iis)
}

fn restart_iis(case: &Assignment<'_>) -> Option<Finding> {
    let message = if case.server().load_balancing() == LoadBalancing::Layer4 {
        "a restart of IIS is recommended: behind layer-4 load balancing the previous certificate may go on encrypting \
         the Outlook on the web cookie"
    } else {
        "IIS may need a restart"
    };
    case.adds(Service::IIS).then(|| Finding::on(Service::IIS, message).command(commands::restart_iis(case.server())))
}

rule! {
    /// Create the Edge subscription again.
    ///
    /// The subscription holds the default SMTP certificate of a subscribed Edge Transport server: EdgeSync needs a new
    /// one if that changes. Microsoft's article asks for it wherever a certificate with SMTP that is not self-signed is
    /// renewed, replaced or removed there, even if the default stays.
    RECREATE_EDGE_SUBSCRIPTION: FollowUp, Article, Both(recreate, recreate_at_removal)
}

fn recreate(case: &Assignment<'_>) -> Option<Finding> {
    let server = subscribed_edge(case.server()).filter(|_| case.adds(Service::SMTP))?;
    let issued = case.other_holders(Service::SMTP).filter(|holder| is_issued(holder)).map(Installed::thumbprint);
    let removed = case.request().removes();
    let old = issued.min_by_key(|holder| removed != Some(*holder));
    let moves = case.moves_default_smtp();
    let mut finding = match old {
        _ if moves => Finding::on(
            Service::SMTP,
            "the Edge subscription must be created again: it holds the default SMTP certificate, which the request \
             replaces",
        ),
        Some(old) => must_be_recreated(old, server),
        None => return None,
    };
    if let Some(old) = old {
        if server.default_smtp() == Fact::Value(old) && case.request().default_smtp() == Some(Answer::Keep) {
            let enable = commands::enable(server, case.request().thumbprint(), Service::SMTP).switch("Force");
            let words =
                "the old certificate is the default one for SMTP: assign SMTP to the new one again with replace:";
            finding = finding.advise(words).command(enable);
        }
        if removed != Some(old) {
            let remove = server.installed(old).map(|old| commands::remove_installed(server, old));
            finding = finding.advise("remove the old certificate:").commands(remove);
        }
    }
    Some(finding.steps(remedy::resubscribe(server)))
}

fn recreate_at_removal(case: &Removal<'_>) -> Option<Finding> {
    let server = subscribed_edge(case.server())?;
    let old = case.removed().filter(|removed| case.has(Service::SMTP) && is_issued(removed))?.thumbprint();
    Some(must_be_recreated(old, server).steps(remedy::resubscribe(server)))
}

/// For whom the default SMTP certificate stays, as far as it is known.
fn must_be_recreated(old: Thumbprint, server: &Server) -> Finding {
    let message = match server.default_smtp() {
        Fact::Value(default) if default != old => message!(
            old, default;
            "the Edge subscription must be created again: {old} is assigned to SMTP and is not self-signed; Microsoft's \
             article asks for it all the same where the default SMTP certificate, {default}, stays"
        ),
        _ => message!(
            old;
            "the Edge subscription must be created again: {old} is assigned to SMTP and is not self-signed"
        ),
    };
    Finding::on(Service::SMTP, message)
}

fn subscribed_edge(server: &Server) -> Option<&Server> {
    (server.is_edge() && server.edge_subscribed()).then_some(server)
}

fn is_issued(installed: &Installed) -> bool {
    !installed.certificate().is_self_signed()
}

rule! {
    /// Check that the services are assigned.
    ///
    /// Exchange may show more services than were assigned; what counts is that it shows those.
    VERIFY_ASSIGNMENT: FollowUp, Article, Assign(verify)
}

fn verify(case: &Assignment<'_>) -> Option<Finding> {
    let services = case.in_question();
    let in_admin_center = "or in the admin center: Servers > Certificates, select the server, then the certificate; \
                           \"Assigned to services\" must contain the services";
    (!services.is_empty()).then(|| {
        let show = commands::show_assignments(case.server());
        let finding = Finding::on(services, "check that the services are assigned").command(show);
        // The admin center does not show Edge Transport servers' certificates.
        if case.server().is_edge() { finding } else { finding.advise(in_admin_center) }
    })
}

rule! {
    /// "Require SSL" will be set on the default web site.
    ///
    /// Assigning IIS does that, unless the request says otherwise. A redirection from http to https on that site stops
    /// working by it.
    REQUIRE_SSL: Note, Reference("Enable-ExchangeCertificate"), Assign(require_ssl)
}

fn require_ssl(case: &Assignment<'_>) -> Option<Finding> {
    let is_set = case.adds(Service::IIS) && case.request().require_ssl();
    is_set.then(|| {
        let message = "\"Require SSL\" will be set on the default web site: a redirection from http to https there stops \
                       working by it";
        let advice = "where there is such a redirection, ask for the assignment without it (\"require_ssl\": false), \
                      which is what -DoNotRequireSsl does";
        Finding::on(Service::IIS, message).advise(advice)
    })
}

rule! {
    /// Restart IMAP so that it uses the certificate.
    RESTART_IMAP: FollowUp, Reference("Set-ImapSettings"), Request(|case| restart(case, Service::IMAP))
}

rule! {
    /// Restart POP so that it uses the certificate.
    RESTART_POP: FollowUp, Reference("Set-PopSettings"), Request(|case| restart(case, Service::POP))
}

fn restart(case: &Case<'_>, service: Service) -> Option<Finding> {
    let assignment = case.assignment.as_ref()?;
    (assignment.in_question() | assignment.served_by_name()).contains(service).then(|| {
        let message = match service {
            Service::IMAP => "IMAP uses the certificate once its Windows services are restarted",
            _ => "POP uses the certificate once its Windows services are restarted",
        };
        Finding::on(service, message).command(commands::restart_running(case.server, service))
    })
}

rule! {
    /// IMAP or POP use the certificate by name, without an assignment.
    ///
    /// Exchange does not assign a wildcard certificate to IMAP or POP. They present the certificate that covers
    /// their `X509CertificateName`, so that a replacement leaves them out and they follow by themselves.
    SERVED_BY_NAME: Note, DecidedHere, Request(served_by_name)
}

fn served_by_name(case: &Case<'_>) -> Option<Finding> {
    let services = case.assignment.as_ref()?.served_by_name();
    (!services.is_empty()).then(|| {
        let message = message!(
            services;
            "{services} would use the wildcard certificate by X509CertificateName, which it covers, without being \
             assigned"
        );
        Finding::on(services, message)
    })
}

rule! {
    /// Unified Messaging must be stopped before the assignment and started after it.
    RESTART_UM: FollowUp, Reference("Set-UMService"), Assign(|case| stop_and_start(case, Service::UM))
}

rule! {
    /// The Unified Messaging Call Router must be stopped before the assignment and started after it.
    RESTART_UM_CALL_ROUTER: FollowUp, Reference("Set-UMCallRouterSettings"),
    Assign(|case| stop_and_start(case, Service::UM_CALL_ROUTER))
}

fn stop_and_start(case: &Assignment<'_>, service: Service) -> Option<Finding> {
    case.adds(service).then(|| {
        let message = message!(
            windows_services = service.windows_services();
            "{windows_services} must be stopped before the assignment and started after it"
        );
        Finding::on(service, message).advise("the script does both")
    })
}

rule! {
    /// Install the certificate on the layer-7 load balancer as well.
    ///
    /// It ends TLS itself, and Extended Protection compares the two certificates.
    LOAD_BALANCER_CERTIFICATE: FollowUp, Support, Assign(load_balancer)
}

fn load_balancer(case: &Assignment<'_>) -> Option<Finding> {
    (case.adds(Service::IIS) && case.server().load_balancing() == LoadBalancing::Layer7).then(|| {
        Finding::on(
            Service::IIS,
            "the load balancer must present the same certificate: Extended Protection compares them",
        )
        .advise("install the certificate with its private key on the load balancer")
    })
}
