//! STARTTLS of Receive connectors, and Send connectors as clients (§4.4, §4.5).

use super::super::facts::*;
use super::super::rank::{Flag, Shown};
use super::super::selection::{Chosen, by_host, by_name};
use super::super::state::View;
use super::{Endpoint, EndpointKind, Presents, presented};

pub fn receiving(view: View<'_>) -> Vec<Endpoint> {
    let server = view.server;
    let here = |it: &ConnectorFacts| it.kind == ConnectorKind::Receive && server.counts(it);
    let one = |(index, connector): (usize, &ConnectorFacts)| {
        let name = without_server(&connector.name, &server.name);
        let offered = connector.is_enabled() && connector.offers_tls();
        let id = format!("receive/{}\\{name}", server.name);
        let endpoint = Endpoint {
            connector: Some(index),
            named: view.state.connector_names[index].value().is_some(),
            ..Endpoint::new(EndpointKind::Receive, id, answer(view, index, offered))
        };
        let hub = connector.transport_role == Some(TransportRole::HubTransport) && !server.is_edge();
        if hub || connector.is_outbound_proxy() { endpoint.internal() } else { endpoint }
    };
    server.connectors.iter().enumerate().filter(|(_, it)| here(it)).map(one).collect()
}

pub fn sending(view: View<'_>) -> Vec<Endpoint> {
    let server = view.server;
    let here = |it: &ConnectorFacts| {
        it.kind == ConnectorKind::Send && !it.is_edge_sync() && (it.servers.is_empty() || it.runs_on(&server.name))
    };
    let one = |(index, connector): (usize, &ConnectorFacts)| {
        let offered = connector.is_enabled() && connector.ignore_starttls != Some(true);
        let answer = if offered && connector.servers.is_empty() {
            Presents::Unknown(vec!["SendConnector.SourceTransportServers"])
        } else {
            answer(view, index, offered)
        };
        let id = format!("send/{}@{}", connector.name, server.name);
        let mut endpoint = Endpoint {
            connector: Some(index),
            named: view.state.connector_names[index].value().is_some(),
            ..Endpoint::new(EndpointKind::Send, id, answer)
        };
        if !connector.is_checked() {
            endpoint.uncounted = vec![Flag::SelfSigned];
        }
        endpoint
    };
    server.connectors.iter().enumerate().filter(|(_, it)| here(it)).map(one).collect()
}

/// The one, without a name, for all that nobody saw (§5).
pub fn unseen(server: &ServerFacts, what: NotRead) -> Option<Endpoint> {
    let (kind, id, fact) = match what {
        NotRead::ReceiveConnectors => (EndpointKind::Receive, "receive", "ReceiveConnector"),
        _ => (EndpointKind::Send, "send", "SendConnector"),
    };
    server.lacks(what).then(|| Endpoint::new(kind, id.to_owned(), Presents::Unknown(vec![fact])))
}

fn answer(view: View<'_>, index: usize, offered: bool) -> Presents {
    if !offered {
        return Presents::NotOffered;
    }
    let connector = &view.server.connectors[index];
    let receives = connector.kind == ConnectorKind::Receive;
    let plain = |index: usize| Shown::new(view.now, view.server, index);
    let not_known =
        |receive: &'static str, send: &'static str| Presents::Unknown(vec![if receives { receive } else { send }]);
    match &view.state.connector_names[index] {
        Fact::NotKnown => not_known("ReceiveConnector.TlsCertificateName", "SendConnector.TlsCertificateName"),
        Fact::Value(name) => presented(by_name(view, name), |index| {
            let unreadable = view.state.services[index].is_some_and(|services| services & SMTP == 0);
            plain(index).with(Flag::KeyUnreadable, unreadable)
        }),
        Fact::Null => match &connector.fqdn {
            Fact::NotKnown => not_known("ReceiveConnector.Fqdn", "SendConnector.Fqdn"),
            Fact::Value(fqdn) => presented(by_host(view, fqdn), plain),
            Fact::Null => {
                let chosen = match &view.server.fqdn {
                    Some(fqdn) => by_host(view, fqdn),
                    None => Chosen::Unknown(vec!["ExchangeServer.Fqdn"]),
                };
                presented(chosen, plain)
            }
        },
    }
}

fn without_server<'a>(name: &'a str, server: &str) -> &'a str {
    match name.split_once('\\') {
        Some((first, rest)) if first.eq_ignore_ascii_case(server) => rest,
        _ => name,
    }
}
