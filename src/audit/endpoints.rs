//! What the endpoints of a server present today.

use std::collections::BTreeSet;

use super::{Audited, Cause, Found, Severity, audit_rule, cause, successor};
use crate::block::Block;
use crate::commands;
use crate::endpoint::{Endpoint, EndpointKind, Flags, Presented};
use crate::fact::Fact;
use crate::finding::presented::presenting;
use crate::finding::{Finding, message};
use crate::remedy;
use crate::server::{Connector, EXCHANGE_BACK_END, Installed, NotReadKind, TlsCertificateName, WebBinding};
use crate::service::Service;
use crate::text::{joined, list, shown};
use crate::thumbprint::Thumbprint;

audit_rule! {
    /// An endpoint has no working certificate.
    ///
    /// A web site then serves no HTTPS, a connector offers no STARTTLS or leaves mail in its queue. It weighs less where
    /// the service may not run at all, between servers of the organisation, and at a Receive connector with a name of
    /// its own that does not demand TLS.
    AUDIT_ENDPOINT_FAILS: High | Low, Support, fails
}

fn fails(case: &Audited<'_>) -> Vec<Found> {
    let is_told = |endpoint: &&Endpoint| endpoint.is_dead() && servers_that_send(case, endpoint).is_empty();
    let weigh = |endpoint: &Endpoint| (failure(case, endpoint), cause::of_failure(case, endpoint));
    let found = grouped(case.endpoints.iter().filter(is_told), weigh);
    let found = found.into_iter().map(|group| {
        let finding = group.found("there is no certificate that can be used");
        finding.map(|finding| finding.steps(repairs(case, &group.endpoints)))
    });
    found.collect()
}

fn failure(case: &Audited<'_>, endpoint: &Endpoint) -> Severity {
    let has_own_name = |connector: &Connector| {
        !endpoint.is_named()
            && connector.fqdn().value().is_some_and(|fqdn| !case.server.is_called(fqdn))
            && connector.require_tls() != Some(true)
    };
    let is_less = match endpoint.kind() {
        EndpointKind::ReceiveConnector => endpoint.is_hub() || endpoint.connector().is_some_and(has_own_name),
        _ => endpoint.is_optional(),
    };
    if is_less { Severity::Low } else { Severity::High }
}

/// What gives the endpoints a certificate; nothing is said twice.
fn repairs(case: &Audited<'_>, endpoints: &[&Endpoint]) -> Vec<Block> {
    let mut steps: Vec<Block> = Vec::new();
    for step in endpoints.iter().flat_map(|endpoint| repair(case, endpoint)) {
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
}

fn repair(case: &Audited<'_>, endpoint: &Endpoint) -> Vec<Block> {
    let server = case.server;
    let unreadable = endpoint.presented().certificates().find(|known| known.flags.contains(Flags::KEY_UNREADABLE));
    let has_no_key = endpoint.presented().certificates().any(|known| known.flags.contains(Flags::NO_KEY));
    let one = |words: &'static str, command| vec![Block::of(words, command)];
    match (endpoint.kind(), endpoint.connector(), unreadable) {
        (EndpointKind::ReceiveConnector | EndpointKind::SendConnector, Some(_), Some(known)) => {
            let words = "assign SMTP to it, so that transport can read its key";
            vec![remedy::assign_smtp(words, server, known.thumbprint)]
        }
        _ if has_no_key => one("import the certificate again, with its private key:", Some(commands::import(server))),
        (EndpointKind::ReceiveConnector | EndpointKind::SendConnector, Some(connector), _) if endpoint.is_named() => {
            vec![rename(case, connector)]
        }
        (EndpointKind::ReceiveConnector | EndpointKind::SendConnector, ..) => one(
            "assign SMTP to a certificate that covers the FQDN of the connector, or give the connector the name of one",
            None,
        ),
        (EndpointKind::DefaultWebSite, ..) => one(
            "assign IIS to the certificate that clients are to see; these are installed:",
            Some(commands::show_certificates(server)),
        ),
        (EndpointKind::ExchangeBackEnd, ..) => remedy::bind_back_end(server, case.now),
        (EndpointKind::Imap | EndpointKind::Pop, ..) => {
            one("set X509CertificateName to a name that an installed certificate covers, and restart the service", None)
        }
        (EndpointKind::Internal | EndpointKind::EdgeSync, ..) => remedy::make_default(server),
        (EndpointKind::UnifiedMessaging | EndpointKind::CallRouter, ..) => {
            one("assign the service to a certificate", None)
        }
    }
}

/// Gives a connector the name of a certificate that all its servers have, if there is one.
pub(super) fn rename(case: &Audited<'_>, connector: &Connector) -> Block {
    match case.across.elsewhere().for_connector(case, connector) {
        Some(installed) => Block::of(
            format!(
                "install the certificate that it names, or give it the name of {}, which is installed, valid and \
                 assigned to SMTP:",
                installed.thumbprint()
            ),
            [commands::set_tls_certificate_name(connector, &TlsCertificateName::of(installed.certificate()))],
        ),
        None => Block::of(
            "install the certificate that it names, or give it the name of one that is installed, in this form:",
            [commands::set_chosen_tls_certificate_name(connector)],
        ),
    }
}

audit_rule! {
    /// An endpoint presents an expired certificate.
    ///
    /// Clients and partners refuse it. Between servers of the organisation mail goes on, and it weighs less.
    AUDIT_ENDPOINT_EXPIRED: High | Low, Support, expired
}

fn expired(case: &Audited<'_>) -> Vec<Found> {
    let is_told = |endpoint: &&Endpoint| !endpoint.is_dead() && endpoint.presented().always_has(Flags::OUTSIDE_DATES);
    let weigh = |endpoint: &Endpoint| {
        let severity = if endpoint.is_internal() { Severity::Low } else { Severity::High };
        (severity, endpoint.presented().one().map(Cause::OutsideDates))
    };
    let found = grouped(case.endpoints.iter().filter(is_told), weigh).into_iter().map(|group| {
        let found = group.found("the certificate that is presented is outside its dates");
        match group.of.ok().and_then(|thumbprint| case.server.installed(thumbprint)) {
            Some(installed) => found.map(|finding| successor::renew(finding, case, installed)),
            None => found,
        }
    });
    found.collect()
}

audit_rule! {
    /// An endpoint for clients presents a self-signed certificate.
    ///
    /// They warn of it, or refuse it. Between servers of the organisation it is as good as any.
    AUDIT_ENDPOINT_SELF_SIGNED: Low, Support, self_signed
}

fn self_signed(case: &Audited<'_>) -> Vec<Found> {
    // Where it is not known whether some connector presents another one, that may be what is to be said.
    let are_some_unread = [NotReadKind::ReceiveConnectors, NotReadKind::SendConnectors]
        .iter()
        .any(|what| case.server.unread(*what).is_some());
    let is_named =
        if are_some_unread { unreached(case).next().is_some() } else { !reached_by_nothing(case).is_empty() };
    let is_seen = |endpoint: &&Endpoint| match endpoint.kind() {
        EndpointKind::DefaultWebSite => !endpoint.is_loopback(),
        EndpointKind::Imap | EndpointKind::Pop => true,
        EndpointKind::ReceiveConnector => !endpoint.is_internal() && !is_named,
        _ => false,
    };
    let is_told = |endpoint: &&Endpoint| {
        is_seen(endpoint) && !endpoint.is_dead() && endpoint.presented().always_has(Flags::SELF_SIGNED)
    };
    let found = grouped(case.endpoints.iter().filter(is_told), |_| (Severity::Low, None)).into_iter().map(|group| {
        let advice = "assign these services to a certificate of a CA that clients and partners trust";
        group.found("a self-signed certificate is presented").map(|finding| finding.advise(advice))
    });
    found.collect()
}

audit_rule! {
    /// It is not certain which certificate some endpoints present.
    ///
    /// Sources disagree or are silent, or a fact was not exported. One of them may be the wrong one.
    AUDIT_ENDPOINT_AMBIGUOUS: Low, DecidedHere, ambiguous
}

fn ambiguous(case: &Audited<'_>) -> Vec<Found> {
    let is_open = |endpoint: &&Endpoint| matches!(endpoint.presented(), Presented::OneOf(..)) && !endpoint.is_dead();
    let open: Vec<_> = case.endpoints.iter().filter(is_open).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let message = presenting(open.iter().copied(), "it is not certain which certificate is presented");
    let mut finding = Finding::on(services(&open), message);
    let by_host = open.iter().filter(|endpoint| !endpoint.is_named()).filter_map(|endpoint| endpoint.connector());
    let hosts: BTreeSet<_> = by_host
        .filter_map(|connector| match connector.fqdn() {
            Fact::Value(fqdn) => Some(fqdn.to_lowercase()),
            _ => case.server.fqdn().map(str::to_lowercase),
        })
        .collect();
    if !hosts.is_empty() {
        let show = hosts.iter().map(|host| commands::show_certificates_for(case.server, host));
        finding = finding.advise("the first with SMTP is the one that transport takes:").commands(show);
    }
    if open.iter().any(|endpoint| endpoint.connector().is_some()) {
        finding = finding.advise("the protocol log of a connector shows it too, as \"Sending certificate\"");
    }
    if open.iter().any(|endpoint| endpoint.connector().is_none()) {
        finding = finding.advise("look at the certificate with a client, or remove those that are not used any more");
    }
    vec![Found::with(None, finding)]
}

audit_rule! {
    /// A source server of a Send connector lacks its certificate.
    ///
    /// The connector names its certificate on all of them. Mail that leaves by the one without it stays in its queue.
    AUDIT_SEND_SERVER_LACKS: High, Support, send_server_lacks
}

fn send_server_lacks(case: &Audited<'_>) -> Vec<Found> {
    let found = case.endpoints_of(EndpointKind::SendConnector).filter_map(|endpoint| {
        let connector = endpoint.connector()?;
        let others = servers_that_send(case, endpoint);
        if others.is_empty() {
            return None;
        }
        let steps = copied_from(case, connector, others);
        let others: Vec<_> = others.iter().map(|name| (*name).to_owned()).collect();
        let message = message!(
            connector = connector.name().to_owned(), others;
            "{} finds no certificate here, and has one on {}: mail from here stays queued (454 4.7.5)",
            shown(connector), list(others)
        );
        let found = Found::of_server(Service::SMTP, message).map(|finding| {
            finding.steps(steps).advise("or take the server from SourceTransportServers of the connector")
        });
        Some(found)
    });
    found.collect()
}

/// The certificate that a connector names, from one of the servers that have it.
fn copied_from(case: &Audited<'_>, connector: &Connector, senders: &[&str]) -> Vec<Block> {
    let server = case.server;
    let holders = senders.iter().filter_map(|sender| case.across.server(sender));
    let mut reached = holders.filter(|holder| !holder.is_edge() && !server.is_edge());
    let found = connector.tls_certificate_name().value().and_then(|name| {
        reached.find_map(|holder| {
            let named = holder.inventory().named(name);
            let usable = named.filter(|installed| installed.has_private_key() && installed.has(Service::SMTP));
            Some((holder, usable.max_by_key(|installed| installed.certificate().ends())?))
        })
    });
    let Some((holder, installed)) = found else {
        let words = "import the certificate of those servers here, with its private key, and assign SMTP to it:";
        return vec![Block::of(words, [commands::import(server)])];
    };
    let thumbprint = installed.thumbprint();
    let copy = remedy::copy(&[holder], thumbprint, server);
    copy.into_iter().chain([remedy::assign_smtp("then assign SMTP to it", server, thumbprint)]).collect()
}

/// The other servers that have the certificate which a Send connector names and this one lacks.
fn servers_that_send<'a>(case: &Audited<'a>, endpoint: &Endpoint) -> &'a [&'a str] {
    let lacks =
        endpoint.kind() == EndpointKind::SendConnector && endpoint.is_named() && endpoint.presented().is_nothing();
    match endpoint.connector().filter(|_| lacks) {
        Some(connector) => case.across.senders(connector),
        None => &[],
    }
}

audit_rule! {
    /// The bindings of the Default Web Site have different certificates.
    ///
    /// Which one clients see depends on the address by which they come. Bindings with a host name are meant to differ.
    AUDIT_BINDING_DIFFERS: Low, DecidedHere, binding_differs
}

fn binding_differs(case: &Audited<'_>) -> Vec<Found> {
    let is_general = |endpoint: &&Endpoint| {
        !endpoint.is_loopback() && endpoint.binding().is_some_and(|binding| binding.host().is_none())
    };
    let bound = case.endpoints_of(EndpointKind::DefaultWebSite).filter(is_general);
    let bound: Vec<_> = bound.filter(|endpoint| endpoint.presented().one().is_some()).collect();
    let different: BTreeSet<_> = bound.iter().filter_map(|endpoint| endpoint.presented().one()).collect();
    if different.len() < 2 {
        return Vec::new();
    }
    let message = presenting(bound, "the bindings of the Default Web Site have different certificates");
    let advice = "bind one certificate to all of them in IIS Manager, unless each is meant";
    vec![Found::of_server(Service::IIS, message).map(|finding| finding.advise(advice))]
}

audit_rule! {
    /// The Exchange Back End has no binding on port 444.
    ///
    /// What comes in at the Default Web Site is passed on to it, by the name of the server.
    AUDIT_BACK_END_BINDING: Low, HealthChecker, back_end_binding
}

fn back_end_binding(case: &Audited<'_>) -> Vec<Found> {
    let server = case.server;
    let Some(bindings) = server.web_bindings().filter(|_| server.is_mailbox()) else { return Vec::new() };
    if bindings.iter().any(WebBinding::is_of_back_end) {
        return Vec::new();
    }
    let of_site = bindings.iter().filter(|binding| binding.site() == EXCHANGE_BACK_END);
    let bindings: Vec<_> = of_site.map(|binding| binding.id().to_string()).collect();
    let message = message!(bindings; "the Exchange Back End has no https binding *:444; it has {}", or_none(bindings));
    vec![Found::of_server(Service::IIS, message).map(|finding| finding.steps(remedy::bind_back_end(server, case.now)))]
}

fn or_none(bindings: &[String]) -> String {
    if bindings.is_empty() { "none".to_owned() } else { joined(bindings, ", ").to_string() }
}

audit_rule! {
    /// No connector presents a certificate that is assigned to SMTP.
    ///
    /// A connector chooses by its `TlsCertificateName`, else by its FQDN, which mostly is the name of the server.
    AUDIT_SMTP_REACHES_NOTHING: Low, Support, smtp_reaches_nothing
}

fn smtp_reaches_nothing(case: &Audited<'_>) -> Vec<Found> {
    let offered = || case.connectors().filter(|endpoint| !endpoint.presented().is_not_offered());
    let found = reached_by_nothing(case).into_iter().map(|installed| {
        let name = TlsCertificateName::of(installed.certificate());
        let meant = offered().filter(|endpoint| endpoint.is_meant_for_others() && !endpoint.is_named());
        let renames: Vec<_> = meant
            .filter_map(Endpoint::connector)
            .map(|connector| commands::set_tls_certificate_name(connector, &name))
            .collect();
        let found =
            Found::of(installed, Service::SMTP, presenting(offered(), "no connector presents this certificate"));
        if renames.is_empty() {
            return found;
        }
        let advice = "if clients and partners are to see it there, give the connectors its name:";
        found.map(|finding| finding.advise(advice).commands(renames))
    });
    found.collect()
}

/// The certificates with SMTP, meant for others, that no connector presents; none where that is not known.
fn reached_by_nothing<'a>(case: &Audited<'a>) -> Vec<&'a Installed> {
    let server = case.server;
    let is_offering = |endpoint: &Endpoint| {
        endpoint.kind() == EndpointKind::ReceiveConnector && !endpoint.presented().is_not_offered()
    };
    if server.default_smtp() == Fact::NotKnown
        || !case.connectors().any(is_offering)
        || case.connectors().any(|endpoint| endpoint.presented().is_unknown())
    {
        return Vec::new();
    }
    unreached(case).collect()
}

/// The certificates with SMTP, meant for others, that no connector of which that is known presents.
pub(super) fn unreached<'a>(case: &Audited<'a>) -> impl Iterator<Item = &'a Installed> {
    let server = case.server;
    let is_unreached = move |installed: &&Installed| {
        let thumbprint = installed.thumbprint();
        !installed.certificate().is_self_signed()
            && server.default_smtp() != Fact::Value(thumbprint)
            && installed.can_serve(case.now)
            && !case.connectors().any(|endpoint| endpoint.presented().may_be(thumbprint))
    };
    server.inventory().holders(Service::SMTP).filter(is_unreached)
}

/// Endpoints of the same weight and cause that present the same certificate, or of the same service that present none.
struct Group<'a> {
    severity: Severity,
    cause: Option<Cause>,
    of: Result<Thumbprint, Service>,
    endpoints: Vec<&'a Endpoint>,
}

fn grouped<'a>(
    endpoints: impl Iterator<Item = &'a Endpoint>,
    weigh: impl Fn(&Endpoint) -> (Severity, Option<Cause>),
) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for endpoint in endpoints {
        let (severity, cause) = weigh(endpoint);
        let of = endpoint.presented().one().ok_or(endpoint.kind().service());
        match groups.iter_mut().find(|group| (group.severity, group.cause, group.of) == (severity, cause, of)) {
            Some(group) => group.endpoints.push(endpoint),
            None => groups.push(Group { severity, cause, of, endpoints: vec![endpoint] }),
        }
    }
    groups
}

impl Group<'_> {
    fn found(&self, what: &'static str) -> Found {
        let message = presenting(self.endpoints.iter().copied(), what);
        Found::about(self.of.ok(), services(&self.endpoints), message)
            .with_severity(self.severity)
            .with_cause(self.cause)
    }
}

fn services(endpoints: &[&Endpoint]) -> Service {
    endpoints.iter().map(|endpoint| endpoint.kind().service()).collect()
}
