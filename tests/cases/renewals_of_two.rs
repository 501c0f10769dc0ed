//! Every renewal of two servers by what the parts of an organisation have to do with each other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::thread;

use super::renewals_by_hand::{NEW, OLD, connector, edge, mailbox, two};
use super::renewals_decided_twice::check;
use crate::support::decision_table::organization::{OrganizationFacts, Reading, RenewalFacts};
use crate::support::decision_table::{Answer, ConnectorFacts, ConnectorKind, IIS, SMTP, ServerFacts};
use crate::support::pool::{HEALTHY, OTHER_ISSUER, RENEWED};

/// What the second server is.
#[derive(Clone, Copy)]
enum Second {
    Mailbox,
    Edge,
    SubscribedEdge,
}

fn second(kind: Second, new: usize) -> ServerFacts {
    match kind {
        Second::Mailbox => mailbox("MBX02", new),
        Second::Edge => edge("MBX02", new),
        Second::SubscribedEdge => ServerFacts { edge_subscribed: true, ..edge("MBX02", new) },
    }
}

/// Where the new certificate is before the renewal.
#[derive(Clone, Copy)]
enum New {
    Nowhere,
    Everywhere,
    OnSecondWithSmtp,
}

/// The source servers of a Send connector that names the old certificate.
const SOURCES: [Option<&[&str]>; 6] = [
    None,
    Some(&[]),
    Some(&["MBX01"]),
    Some(&["MBX02"]),
    Some(&["MBX01", "mbx02.contoso.com"]),
    Some(&["MBX01", "MBX99"]),
];

fn every_organisation() -> Vec<OrganizationFacts> {
    let mut all = Vec::new();
    for kind in [Second::Mailbox, Second::Edge, Second::SubscribedEdge] {
        for new in [RENEWED, OTHER_ISSUER] {
            for place in [New::Nowhere, New::Everywhere, New::OnSecondWithSmtp] {
                for services in [IIS | SMTP, IIS, SMTP, 0].iter().flat_map(|one| [IIS | SMTP, 0].map(|it| [*one, it])) {
                    for sources in SOURCES {
                        for has_hybrid in [false, true] {
                            all.push(organisation(kind, new, place, services, sources, has_hybrid));
                        }
                    }
                }
            }
        }
    }
    all
}

fn organisation(
    kind: Second,
    new: usize,
    place: New,
    services: [u8; 2],
    sources: Option<&[&str]>,
    has_hybrid: bool,
) -> OrganizationFacts {
    let send = sources.map(|servers| connector(ConnectorKind::Send, HEALTHY, servers));
    let hybrid = has_hybrid.then(|| connector(ConnectorKind::Hybrid, HEALTHY, &[]));
    let connectors: Vec<ConnectorFacts> = send.into_iter().chain(hybrid).collect();
    let mut facts = two(new, connectors);
    facts.servers[1] = second(kind, new);
    for (server, services) in facts.servers.iter_mut().zip(services) {
        let hosted = if server.is_edge() { services & SMTP } else { services };
        let old = &mut server.certificates[OLD];
        old.services = Some(hosted);
        old.web_sites = Some(if hosted & IIS != 0 { vec![1] } else { Vec::new() });
    }
    let places: &[usize] = match place {
        New::Nowhere => &[0, 1],
        New::Everywhere => &[],
        New::OnSecondWithSmtp => {
            facts.servers[1].certificates[NEW].services = Some(SMTP);
            &[0]
        }
    };
    places.iter().for_each(|place| drop(facts.servers[*place].certificates.remove(NEW)));
    facts
}

#[test]
fn every_renewal_of_two_servers_is_decided_alike() {
    let all = every_organisation();
    let ways: Vec<_> = [true, false].into_iter().flat_map(|update| [true, false].map(|keep| (update, keep))).collect();
    let decided = thread::scope(|scope| {
        let share = all.len().div_ceil(2);
        let workers: Vec<_> = all
            .chunks(share)
            .map(|facts| {
                let ways = &ways;
                scope.spawn(move || {
                    for facts in facts {
                        for (update_connectors, keep_old) in ways {
                            let request = RenewalFacts {
                                update_connectors: *update_connectors,
                                keep_old: *keep_old,
                                default_smtp: Some(Answer::Keep),
                                reading: Reading::Harmless,
                                ..facts.request.clone()
                            };
                            let facts = OrganizationFacts { request, ..facts.clone() };
                            check(&facts).unwrap_or_else(|problem| panic!("{problem}\n{facts:#?}"));
                        }
                    }
                    facts.len() * ways.len()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<usize>()
    });
    println!("{decided} renewals of two servers");
    assert!(decided > 6_000, "{decided}");
}
