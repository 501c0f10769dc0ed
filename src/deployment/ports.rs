//! Which ports are looked at, and what no look can see.

use std::time::SystemTime;

use super::data::Port;
use super::scope::{Part, Scope};
use crate::endpoint::{Endpoint, EndpointKind, Flags, Presented};
use crate::fact::Fact;
use crate::server::{Connector, TransportRole};
use crate::text::same;
use crate::thumbprint::Thumbprint;

/// The ports, and the endpoints that cannot be looked at with their servers.
pub(super) fn of(scope: &Scope<'_>) -> (Vec<Port>, Vec<(String, String)>) {
    let (mut ports, mut unseen) = (Vec::new(), Vec::new());
    let Some(now) = scope.now.to_system_time() else { return (ports, unseen) };
    for part in &scope.parts {
        of_server(part, now, &mut ports, &mut unseen);
    }
    (ports, unseen)
}

/// An endpoint with what it may present before, and from the assignments on.
struct Seen {
    endpoint: Endpoint,
    before: Option<Vec<Thumbprint>>,
    after: Option<Vec<Thumbprint>>,
}

/// The certificates that a look may see; `None` if that is not known.
fn visible(presented: &Presented) -> Option<Vec<Thumbprint>> {
    if presented.is_unknown() {
        return None;
    }
    let dead = Flags::NO_KEY | Flags::KEY_UNREADABLE;
    let seen = presented.certificates().filter(|certificate| !certificate.flags.intersects(dead));
    Some(seen.map(|certificate| certificate.thumbprint).collect())
}

fn seen(part: &Part<'_>, now: SystemTime) -> Vec<Seen> {
    let [before, interim] = [&part.today, &part.interim].map(|server| server.endpoints(now));
    let find = |all: &[Endpoint], id: &str| visible(all.iter().find(|known| known.id().to_string() == id)?.presented());
    let after = part.after.endpoints(now).into_iter().map(|endpoint| {
        let id = endpoint.id().to_string();
        // What is removed is there until the last look.
        let mut after = find(&interim, &id);
        if let (Some(after), Some(last)) = (&mut after, visible(endpoint.presented())) {
            after.extend(last.into_iter().filter(|thumbprint| !after.contains(thumbprint)).collect::<Vec<_>>());
        }
        Seen { before: find(&before, &id), after, endpoint }
    });
    after.collect()
}

fn of_server(part: &Part<'_>, now: SystemTime, ports: &mut Vec<Port>, unseen: &mut Vec<(String, String)>) {
    let server = part.server;
    let all = seen(part, now);
    let mut lines: Vec<Port> = Vec::new();
    let mut hidden: Vec<String> = Vec::new();
    for one in all.iter().filter(|one| !one.endpoint.presented().is_not_offered()) {
        let id = one.endpoint.id().to_string();
        let place = match one.endpoint.kind() {
            EndpointKind::DefaultWebSite | EndpointKind::ExchangeBackEnd => web_site(part, &one.endpoint),
            EndpointKind::Imap => Some(("imap", part.address().to_owned(), 993, served(part, EndpointKind::Imap))),
            EndpointKind::Pop => Some(("pop", part.address().to_owned(), 995, served(part, EndpointKind::Pop))),
            _ => None,
        };
        match (place, &one.before, &one.after) {
            (Some((kind, address, port, name)), Some(before), Some(after)) if !after.is_empty() => lines.push(Port {
                server: server.name().to_owned(),
                endpoint: id,
                kind,
                address,
                port,
                name,
                before: before.clone(),
                after: after.clone(),
                late: None,
            }),
            _ if one.endpoint.kind() == EndpointKind::ReceiveConnector && one.endpoint.connector().is_some() => {}
            _ => hidden.push(id),
        }
    }
    mail(part, &all, &mut lines, &mut hidden);
    ports.extend(lines);
    unseen.extend(hidden.into_iter().map(|endpoint| (server.name().to_owned(), endpoint)));
}

/// Where a binding of a web site is looked at, and by which name; none that only the server itself reaches.
fn web_site(part: &Part<'_>, endpoint: &Endpoint) -> Option<(&'static str, String, u16, String)> {
    let usual = if endpoint.kind() == EndpointKind::DefaultWebSite { 443 } else { 444 };
    let Some(binding) = endpoint.binding() else {
        return Some(("https", part.address().to_owned(), usual, part.address().to_owned()));
    };
    let address = reached(part, binding.address())?;
    // A name that has a binding of its own would be answered by that one.
    let bindings = part.server.web_bindings().unwrap_or_default();
    let is_taken = |name: &str| bindings.iter().any(|known| known.host().is_some_and(|host| same(host, name)));
    let own = [part.address(), part.server.name()].into_iter().find(|name| !is_taken(name)).unwrap_or("localhost");
    Some(("https", address, binding.port(), binding.host().unwrap_or(own).to_owned()))
}

/// The address that a listener is reached by; none that only the server itself reaches.
fn reached(part: &Part<'_>, address: &str) -> Option<String> {
    match address.trim_start_matches('[').trim_end_matches(']') {
        "*" | "0.0.0.0" | "::" | "" => Some(part.address().to_owned()),
        "::1" => None,
        loopback if loopback.starts_with("127.") => None,
        other => Some(other.to_owned()),
    }
}

/// The name that clients ask IMAP or POP for.
fn served(part: &Part<'_>, kind: EndpointKind) -> String {
    match part.after.certificate_name(kind.service()) {
        Fact::Value(name) if !name.contains('*') => name.to_owned(),
        _ => part.address().to_owned(),
    }
}

/// The ports of Receive connectors that clients and other servers use. One stands for every connector that listens there,
/// since which of them answers depends on who asks.
fn mail(part: &Part<'_>, all: &[Seen], lines: &mut Vec<Port>, hidden: &mut Vec<String>) {
    let connectors: Vec<_> = all
        .iter()
        .filter_map(|one| Some((one, one.endpoint.connector()?)))
        .filter(|(one, connector)| {
            one.endpoint.kind() == EndpointKind::ReceiveConnector && connector.enabled() != Some(false)
        })
        .collect();
    let mut places: Vec<(String, u16)> = Vec::new();
    for (_, connector) in &connectors {
        for (address, port) in listening(part, connector) {
            if !places.iter().any(|(known, number)| same(known, &address) && *number == port) {
                places.push((address, port));
            }
        }
    }
    let mut is_shown = vec![false; connectors.len()];
    for (address, port) in places {
        // One that listens everywhere may answer at a certain address as well, and that at all of them.
        let is_there = |connector: &Connector| {
            let here = listening(part, connector);
            here.iter().any(|(known, number)| {
                *number == port && (same(known, &address) || known == part.address() || address == part.address())
            })
        };
        let there: Vec<_> = connectors.iter().enumerate().filter(|(_, (_, connector))| is_there(connector)).collect();
        let offered: Vec<_> = there.iter().filter(|(_, (one, _))| !one.endpoint.presented().is_not_offered()).collect();
        let both = |one: &Seen| Some((one.before.clone()?, one.after.clone()?));
        let known: Option<Vec<_>> = offered.iter().map(|(_, (one, _))| both(one)).collect();
        let Some(known) = known.filter(|known| known.iter().any(|(_, after)| !after.is_empty())) else { continue };
        let is_hub = |connector: &Connector| connector.transport_role() == Some(TransportRole::HubTransport);
        let is_behind = part.server.is_edge() || offered.iter().any(|(_, (_, connector))| is_hub(connector));
        let ids: Vec<_> = offered.iter().map(|(_, (one, _))| one.endpoint.id().to_string()).collect();
        let union = |lists: &mut dyn Iterator<Item = &Vec<Thumbprint>>| {
            let mut union = Vec::new();
            for thumbprint in lists.flatten() {
                if !union.contains(thumbprint) {
                    union.push(*thumbprint);
                }
            }
            union
        };
        there.iter().for_each(|(place, _)| is_shown.iter_mut().skip(*place).take(1).for_each(|shown| *shown = true));
        lines.push(Port {
            server: part.server.name().to_owned(),
            endpoint: ids.join(" | "),
            kind: "smtp",
            name: part.address().to_owned(),
            before: union(&mut known.iter().map(|(before, _)| before)),
            after: union(&mut known.iter().map(|(_, after)| after)),
            late: Some(if is_behind { "MSExchangeTransport" } else { "MSExchangeFrontEndTransport" }),
            address,
            port,
        });
    }
    let left = connectors
        .iter()
        .zip(is_shown)
        .filter(|((one, _), shown)| !shown && !one.endpoint.presented().is_not_offered());
    hidden.extend(left.map(|((one, _), _)| one.endpoint.id().to_string()));
}

/// Where a connector listens of the ports that are looked at.
fn listening(part: &Part<'_>, connector: &Connector) -> Vec<(String, u16)> {
    let bindings = connector.bindings().unwrap_or_default().iter();
    let places = bindings.filter_map(|binding| {
        let (address, port) = binding.trim().rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| [25, 587].contains(port))?;
        Some((reached(part, address)?, port))
    });
    places.collect()
}
