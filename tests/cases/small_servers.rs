//! Every small server: one, two or three certificates with every combination of the facts that decide, and what each
//! endpoint of it presents by the library and by the decision table.
//!
//! Facts that no answer takes together are varied in tests of their own: else there would be too many servers.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod front_ends;
mod not_read;
mod plans;
mod roles;
mod transport;
mod web_sites;

use exchange_certificates::{Installed, Server, Thumbprint};

use crate::support::comparison::{bare_server, installed, now};
use crate::support::decision_table::{
    CertificateFacts, CertificateName, ConnectorFacts, Fact, RequestFacts, ServerFacts, Situation, Status, endpoints,
};
use crate::support::pool::{NOW, POOL, seconds};
use crate::support::presented::same;

const MAIL: &str = "mail.contoso.com";
const FQDN: &str = "mbx01.contoso.com";

/// How many servers were looked at, and how many answers of their endpoints.
#[derive(Debug, Default, PartialEq)]
struct Checked {
    servers: usize,
    answers: usize,
}

/// A certificate with one combination of facts, ready to be installed.
struct Candidate {
    facts: CertificateFacts,
    installed: Installed,
}

impl Candidate {
    fn new(facts: CertificateFacts) -> Self {
        let made = POOL.iter().find(|made| made.facts.thumbprint == facts.thumbprint).unwrap();
        Self { installed: installed(&facts, made.certificate.clone()), facts }
    }
}

fn of_kind(kind: usize) -> CertificateFacts {
    POOL[kind].facts.clone()
}

/// Every combination of services, status and private key.
fn with(kind: usize, services: &[Option<u8>], statuses: &[Option<Status>], keys: &[bool]) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for services in services {
        for status in statuses {
            for has_private_key in keys {
                candidates.push(Candidate::new(CertificateFacts {
                    services: *services,
                    status: *status,
                    has_private_key: *has_private_key,
                    ..of_kind(kind)
                }));
            }
        }
    }
    candidates
}

/// Every set of so many kinds.
fn sets<T: Copy>(kinds: &[T], size: usize) -> Vec<Vec<T>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (place, first) in kinds.iter().enumerate() {
        for rest in sets(&kinds[place + 1..], size - 1) {
            all.push([vec![*first], rest].concat());
        }
    }
    all
}

/// Every way to take one of each list.
fn choices<'a, T>(lists: &'a [Vec<T>]) -> Vec<Vec<&'a T>> {
    let one_more = |taken: Vec<Vec<&'a T>>, list: &'a Vec<T>| {
        taken.iter().flat_map(|taken| list.iter().map(|next| [&taken[..], &[next]].concat())).collect()
    };
    lists.iter().fold(vec![Vec::new()], one_more)
}

fn situation(server: ServerFacts) -> Situation {
    let server = ServerFacts { name: "MBX01".into(), fqdn: Some(FQDN.into()), ..server };
    Situation { now: seconds(NOW), server, request: RequestFacts::default() }
}

fn install(situation: &mut Situation, certificates: &[&Candidate]) {
    situation.server.certificates = certificates.iter().map(|candidate| candidate.facts.clone()).collect();
}

impl Checked {
    /// One more server, whose certificates are installed in the situation.
    fn check(&mut self, situation: &Situation, certificates: &[&Candidate]) {
        self.check_on(situation, bare_server(situation), certificates);
    }

    /// The same where the server is made already, but for its certificates.
    fn check_on(&mut self, situation: &Situation, mut server: Server, certificates: &[&Candidate]) {
        for candidate in certificates {
            server.install(candidate.installed.clone()).unwrap();
        }
        let by_library = server.endpoints(now(situation));
        let by_table = endpoints(situation.now, &situation.server);
        let thumbprints: Vec<Thumbprint> = certificates.iter().map(|it| it.installed.thumbprint()).collect();
        let is_same = by_library.len() == by_table.len()
            && by_library.iter().zip(&by_table).all(|(library, table)| same(library, table, &thumbprints));
        assert!(is_same, "{}", difference(situation, &server));
        self.servers += 1;
        self.answers += by_table.len();
    }

    fn print(&self, what: &str) {
        println!("{} servers with {} answers: {what}", self.servers, self.answers);
    }
}

/// The endpoints that differ, and the whole server.
fn difference(situation: &Situation, server: &Server) -> String {
    let certificates = &situation.server.certificates;
    let thumbprints: Vec<_> = certificates.iter().map(|it| it.thumbprint.parse().unwrap()).collect();
    let mut text = String::new();
    let by_table = endpoints(situation.now, &situation.server);
    for (library, table) in server.endpoints(now(situation)).iter().zip(&by_table) {
        if !same(library, table, &thumbprints) {
            let answer = table.answer.print(&|index| certificates[index].thumbprint.clone());
            text += &format!("{}: {}\n{}: {answer} by the decision table\n", library.id(), library.answer(), table.id);
        }
    }
    format!("{text}{:#?}", situation.server)
}

/// What a connector may name: a certificate, one that nobody has, none, or it was not exported.
fn names(kinds: &[usize]) -> Vec<Fact<CertificateName>> {
    let nobody = CertificateName { issuer: "CN=Nobody".into(), subject: "CN=Nobody".into() };
    let known = kinds.iter().map(|kind| CertificateName::of(&POOL[*kind].facts)).chain([nobody]).map(Fact::Value);
    known.chain([Fact::Null, Fact::NotKnown]).collect()
}

/// The FQDN of a connector.
fn fqdns() -> [Fact<String>; 4] {
    [Fact::Value(MAIL.into()), Fact::Value(FQDN.into()), Fact::Null, Fact::NotKnown]
}

/// Connectors each with a name of its own, in which its place stands.
fn numbered(connectors: Vec<ConnectorFacts>) -> Vec<ConnectorFacts> {
    let numbered = |(place, connector)| ConnectorFacts { name: format!("C{place:03}"), ..connector };
    connectors.into_iter().enumerate().map(numbered).collect()
}
