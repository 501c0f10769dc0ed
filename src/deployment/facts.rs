//! The facts that a script reads before, on the way and afterwards.

use super::data::{Facts, fact, joined, runs};
use super::scope::{Part, Scope};
use crate::certificate::PublicKey;
use crate::fact::Fact;
use crate::server::{
    Connector, ConnectorKind, DEFAULT_WEB_SITE, Installed, KeyStorage, NotReadKind, Server, StartupMode,
    TlsCertificateName,
};
use crate::service::Service;

/// The services whose flags Exchange stores, and does not work out when it prints them.
const STORED: Service = Service::SMTP.union(Service::UM).union(Service::UM_CALL_ROUTER);

const ABSENT: &str = "absent";

pub(super) fn of(scope: &Scope<'_>) -> Facts {
    let mut facts = Facts::default();
    let names = scope.names();
    for part in &scope.parts {
        certificates(part, &names, &mut facts);
        default(part, &mut facts);
        edge_subscription(part, &mut facts);
        web_sites(part, &mut facts);
        clients(part, &mut facts);
        receive_connectors(part, &names, &mut facts);
        unified_messaging(part, &mut facts);
    }
    let stopped = scope.transport_servers();
    for part in &scope.parts {
        let server = part.server;
        if part.has_transport() && !stopped.iter().any(|name| server.is_called(name)) {
            facts.stays(runs(server.name(), TRANSPORT), "Running");
        }
    }
    for server in &stopped {
        facts.on_the_way(runs(server, TRANSPORT), "Running", "Running", ["Stopped".to_owned()]);
    }
    organization(scope, &names, &mut facts);
    facts
}

/// The Windows service of transport.
pub(super) const TRANSPORT: &str = "MSExchangeTransport";

fn certificates(part: &Part<'_>, names: &[TlsCertificateName], facts: &mut Facts) {
    let server = part.server.name();
    let is_named = |installed: &&Installed| names.iter().any(|name| name.matches(installed.certificate()));
    let (known, others): (Vec<_>, Vec<_>) =
        part.server.certificates().filter(is_named).partition(|installed| installed.services().is_some());
    for installed in known {
        let thumbprint = installed.thumbprint();
        let printed = |server: &Server| match server.installed(thumbprint) {
            Some(installed) => installed.known_services().to_string(),
            None => ABSENT.to_owned(),
        };
        let is_new = thumbprint == part.plan.change().thumbprint();
        let way = if is_new {
            on_the_way(installed.known_services(), part.plan.change().gained() & STORED)
        } else {
            Vec::new()
        };
        facts.on_the_way(fact("services", server, thumbprint), printed(&part.today), printed(&part.after), way);
        if part.today.web_bindings().is_none() {
            let sites = |server: &Server| match server.installed(thumbprint) {
                Some(installed) => installed.web_sites().map(|sites| joined(sites.iter().map(ToString::to_string))),
                None => Some(String::new()),
            };
            if let (Some(before), Some(after)) = (sites(&part.today), sites(&part.after)) {
                facts.add(fact("sites", server, thumbprint), before, after);
            }
        }
        let is_kept = part.after.installed(thumbprint).is_some();
        if part.is_imported && is_new {
            facts.on_the_way(fact("key", server, thumbprint), ABSENT, "CSP", ["KSP".to_owned()]);
        } else if let Some(key) = key(installed) {
            facts.add(fact("key", server, thumbprint), key, if is_kept { key } else { ABSENT });
        }
    }
    let listed = |server: &Server| {
        joined(
            others
                .iter()
                .map(|other| other.thumbprint())
                .filter(|it| server.installed(*it).is_some())
                .map(|it| it.to_string()),
        )
    };
    facts.add(fact("others", server, ""), listed(&part.today), listed(&part.after));
}

/// What a certificate may show while services are added one after the other, and none at all once it is imported.
fn on_the_way(has: Service, gained: Service) -> Vec<String> {
    let mut way = vec![has];
    for service in gained.each() {
        let with: Vec<_> = way.iter().map(|known| *known | service).collect();
        way.extend(with);
    }
    way.into_iter().map(|services| services.to_string()).collect()
}

/// Where a key is kept, in the words of the script, for which every elliptic curve is fine.
fn key(installed: &Installed) -> Option<&'static str> {
    if !installed.has_private_key() {
        return Some("none");
    }
    match (installed.certificate().public_key(), installed.key_storage()?) {
        (PublicKey::Rsa { .. }, KeyStorage::Ksp) => Some("KSP"),
        _ => Some("CSP"),
    }
}

fn default(part: &Part<'_>, facts: &mut Facts) {
    if !part.has_transport() {
        return;
    }
    let new = part.plan.change().thumbprint();
    let is_new = part.in_question().contains(Service::SMTP);
    let before = match part.today.default_smtp() {
        Fact::Value(default) => default.to_string(),
        // Nothing documents whether Exchange then takes the first certificate with SMTP.
        Fact::None if is_new && !part.plan.change().moves_default_smtp() => return,
        Fact::None => String::new(),
        Fact::NotKnown => return,
    };
    let after = part.after.default_smtp().value().map(|after| after.to_string()).unwrap_or_default();
    let half_done = part.may_keep().then(|| new.to_string());
    facts.on_the_way(fact("default", part.server.name(), ""), before, after, half_done);
}

/// Whether somebody holds the default: a site whose Edge Transport servers hold a subscription.
fn edge_subscription(part: &Part<'_>, facts: &mut Facts) {
    let server = part.server;
    let is_read = server.unread(NotReadKind::EdgeSubscriptions).is_none();
    if is_read && server.is_mailbox() && part.in_question().contains(Service::SMTP) {
        facts.stays(fact("subscribed", server.name(), ""), if server.edge_subscribed() { "yes" } else { "" });
    }
}

fn web_sites(part: &Part<'_>, facts: &mut Facts) {
    let server = part.server.name();
    let Some(before) = part.today.web_bindings() else { return };
    let after = part.after.web_bindings().unwrap_or_default();
    for binding in after {
        let id = format!("{}/{}", binding.site(), binding.id());
        let known = before
            .iter()
            .find(|known| known.site() == binding.site() && known.id().to_string() == binding.id().to_string());
        let shown =
            |thumbprint: Option<crate::thumbprint::Thumbprint>| thumbprint.map(|it| it.to_string()).unwrap_or_default();
        // Nothing documents whether an assignment reaches every binding.
        if binding.perhaps().is_empty() {
            let before = known.map_or_else(|| ABSENT.to_owned(), |known| shown(known.thumbprint()));
            facts.add(fact("binding", server, id), before, shown(binding.thumbprint()));
        }
    }
}

fn clients(part: &Part<'_>, facts: &mut Facts) {
    if !part.server.has_client_access() {
        return;
    }
    for (kind, service) in [("imap", Service::IMAP), ("pop", Service::POP)] {
        let name = |server: &Server| match server.certificate_name(service) {
            Fact::Value(name) => Some(name.to_owned()),
            Fact::None => Some(String::new()),
            Fact::NotKnown => None,
        };
        if let (Some(before), Some(after)) = (name(&part.today), name(&part.after)) {
            facts.add(fact(kind, part.server.name(), ""), before, after);
        }
    }
}

/// The name that a connector holds, as the script reads it; `None` if it is not known.
pub(super) fn name_of(connector: &Connector) -> Option<String> {
    match connector.tls_certificate_name() {
        Fact::Value(name) => Some(name.to_string()),
        Fact::None => Some(String::new()),
        Fact::NotKnown => None,
    }
}

fn is_named(connector: &Connector, names: &[TlsCertificateName]) -> bool {
    connector.tls_certificate_name().value().is_some_and(|name| names.contains(name))
}

fn fqdn(connector: &Connector, key: String, facts: &mut Facts) {
    match connector.fqdn() {
        Fact::Value(fqdn) => facts.stays(key, fqdn),
        Fact::None => facts.stays(key, ""),
        Fact::NotKnown => {}
    }
}

fn receive_connectors(part: &Part<'_>, names: &[TlsCertificateName], facts: &mut Facts) {
    let server = part.server;
    let is_whole = part.receive_connectors().all(|connector| connector.tls_certificate_name().is_known());
    if server.unread(NotReadKind::ReceiveConnectors).is_none() && is_whole {
        let named = part.receive_connectors().filter(|connector| is_named(connector, names));
        facts.stays(fact("receives", server.name(), ""), joined(named.map(|connector| server.own_name(connector))));
    }
    for connector in part.receive_connectors().filter(|connector| is_named(connector, names)) {
        let own_name = server.own_name(connector);
        let before = name_of(connector).unwrap_or_default();
        let after = part.plan.change().name_of(connector).map_or_else(|| before.clone(), ToString::to_string);
        facts.add(fact("receive", server.name(), own_name), before, after);
        fqdn(connector, fact("fqdn", server.name(), own_name), facts);
    }
}

fn startup_mode(mode: StartupMode) -> &'static str {
    match mode {
        StartupMode::Tcp => "TCP",
        StartupMode::Tls => "TLS",
        StartupMode::Dual => "Dual",
    }
}

/// Unified Messaging, where the server has it and it is in question.
fn unified_messaging(part: &Part<'_>, facts: &mut Facts) {
    let server = part.server;
    for (kind, service, mode) in [
        ("um", Service::UM, server.um_startup_mode()),
        ("umcr", Service::UM_CALL_ROUTER, server.um_call_router_startup_mode()),
    ] {
        if part.in_question().contains(service) {
            facts.stays(fact(kind, server.name(), ""), startup_mode(mode));
            let runs = runs(server.name(), service.windows_services());
            facts.on_the_way(runs, "Running", "Running", ["Stopped".to_owned()]);
        }
    }
}

fn organization(scope: &Scope<'_>, names: &[TlsCertificateName], facts: &mut Facts) {
    let Some(server) = scope.host() else { return };
    let all = scope.connectors();
    let is_synchronised = server.is_edge() && server.edge_subscribed();
    let sends = || all.iter().copied().filter(|connector| connector.kind() == ConnectorKind::Send);
    let after = |connector: &Connector| scope.name_then(connector).map(ToString::to_string).unwrap_or_default();
    let is_whole = sends().all(|connector| connector.tls_certificate_name().is_known());
    if server.unread(NotReadKind::SendConnectors).is_none() && is_whole {
        let named: Vec<_> = sends().filter(|connector| is_named(connector, names)).collect();
        let is_same = |connector: &Connector| scope.same.contains(&connector);
        // They let go of their name one after the other, and get it back so.
        let let_go: Vec<_> = scope.same.iter().map(|connector| connector.name()).collect();
        let without = |gone: &[&str]| {
            let kept = named.iter().filter(|connector| !(is_same(connector) && gone.contains(&connector.name())));
            joined(kept.map(|connector| connector.name()))
        };
        let way = (1..=let_go.len()).flat_map(|count| {
            let (first, last) = (let_go.get(..count), let_go.get(let_go.len() - count..));
            [without(first.unwrap_or_default()), without(last.unwrap_or_default())]
        });
        facts.on_the_way(fact("sends", "", ""), without(&[]), without(&[]), way.collect::<Vec<_>>());
    }
    // What EdgeSync brings may change at any time.
    for connector in sends().filter(|connector| is_named(connector, names) && !is_synchronised) {
        let name = connector.name();
        let lets_go = scope.same.contains(&connector).then(String::new);
        facts.on_the_way(fact("send", "", name), name_of(connector).unwrap_or_default(), after(connector), lets_go);
        if !connector.servers().is_empty() {
            facts.stays(fact("sources", "", name), joined(connector.servers()));
        }
        fqdn(connector, fact("fqdn", "", name), facts);
    }
    if server.is_edge() {
        return;
    }
    if server.unread(NotReadKind::Hybrid).is_none() {
        let hybrid = all.iter().copied().find(|connector| connector.kind() == ConnectorKind::Hybrid);
        match hybrid.map(|connector| (name_of(connector), after(connector))) {
            Some((Some(before), after)) => facts.add(fact("hybrid", "", ""), before, after),
            Some((None, _)) => {}
            None => facts.stays(fact("hybrid", "", ""), ""),
        }
    }
    // Of one server it is known whether an Edge Transport server is subscribed to its site, and not which one.
    if server.unread(NotReadKind::EdgeSubscriptions).is_none() && !scope.subscribed.is_empty() {
        facts.stays(fact("edges", "", ""), joined(&scope.subscribed));
    }
}

/// The facts of the bindings that an assignment of IIS is known to reach.
pub(super) fn bound(part: &Part<'_>) -> Vec<(String, Option<crate::thumbprint::Thumbprint>)> {
    let before = part.today.web_bindings();
    let after = part.after.web_bindings().unwrap_or_default().iter();
    let reached = after.filter(|binding| binding.site() == DEFAULT_WEB_SITE && binding.follows_assignments());
    let with_former = reached.map(|binding| {
        let former = before
            .unwrap_or_default()
            .iter()
            .find(|known| known.site() == binding.site() && known.id().to_string() == binding.id().to_string());
        let key = fact("binding", part.server.name(), format_args!("{}/{}", binding.site(), binding.id()));
        (key, former.and_then(|former| former.thumbprint()))
    });
    with_former.collect()
}
