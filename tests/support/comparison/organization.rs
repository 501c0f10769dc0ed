//! An organisation of the decision table as the library's fleet, and the fleet as the table sees it afterwards.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exchange_certificates::{self as library, Certificate, Fleet, Installed, Server};

use super::super::decision_table::organization::{After, OrganizationFacts, RenewalFacts, ViewOfServer};
use super::super::decision_table::{
    AfterCertificate, CertificateFacts, CertificateName, ConnectorKind, DefaultSmtp, Fact, RequestFacts, Situation,
};
use super::super::pool::POOL;
use super::{NOT_INSTALLED, bare_server, certificate_of, installed, told};

/// The servers with all that belongs to the organisation.
///
/// A Send connector of an Edge Transport server's own is read from exports alone, so that there must be none.
pub fn fleet(facts: &OrganizationFacts) -> Fleet {
    let mut fleet = Fleet::new();
    for place in 0..facts.servers.len() {
        fleet.insert(server(facts, place)).unwrap();
    }
    fleet
}

fn server(facts: &OrganizationFacts, place: usize) -> Server {
    let own = &facts.servers[place];
    assert!(own.connectors.iter().all(|it| it.kind == ConnectorKind::Receive), "{:?}", own.connectors);
    let situation = situation(facts, place);
    let mut server = bare_server(&situation);
    if let Some(auth) = &facts.auth {
        let thumbprint = |it: &Option<String>| it.as_ref().map(|it| it.parse().unwrap());
        server = server
            .with_auth_certificates(library::AuthCertificates::new(thumbprint(&auth.current), thumbprint(&auth.next)));
    }
    for it in &own.certificates {
        server.install(installed(it, certificate_of(it))).unwrap();
    }
    server
}

/// The server alone, as it is today, with names of servers as the facts have them.
pub fn situation(facts: &OrganizationFacts, place: usize) -> Situation {
    let mut server = facts.servers[place].clone();
    server.connectors = facts.connectors.iter().chain(&facts.servers[place].connectors).cloned().collect();
    server.not_read.extend(&facts.not_read);
    server.auth_certificates = None;
    let request = RequestFacts {
        thumbprint: facts.request.new.thumbprint.clone(),
        old_thumbprint: facts.request.old.clone().unwrap_or_else(|| NOT_INSTALLED.to_owned()),
        default_smtp: facts.request.default_smtp,
        caller: facts.request.caller.clone(),
        accept_status: facts.request.accept_status.clone(),
        require_ssl: facts.request.require_ssl,
        ..RequestFacts::default()
    };
    Situation { now: facts.now, server, request }
}

pub fn now(facts: &OrganizationFacts) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(facts.now.unsigned_abs())
}

/// What is rolled out.
pub fn new_certificate(request: &RenewalFacts) -> Certificate {
    certificate_of(&request.new)
}

/// Names of the servers that are asked for, in their order; `None` is all of them.
pub fn order(facts: &OrganizationFacts) -> Option<Vec<&str>> {
    let order = facts.request.order.as_ref()?;
    Some(order.iter().map(|place| facts.servers[*place].name.as_str()).collect())
}

/// Each server of the fleet as it is now, at its place in the facts.
pub fn after(facts: &OrganizationFacts, fleet: &Fleet) -> Vec<After> {
    let views = facts.views();
    views.iter().map(|view| after_of(view, fleet.get(&view.facts.name).unwrap())).collect()
}

fn after_of(view: &ViewOfServer, server: &Server) -> After {
    let place_of = |thumbprint: &str| view.facts.certificates.iter().position(|it| it.thumbprint == thumbprint);
    let mut names: Vec<Fact<CertificateName>> = Vec::new();
    // By kind and name: those of the organisation come first in both.
    for known in &view.facts.connectors {
        let is_it = |it: &&library::Connector| it.name() == known.name && kind_of(it) == known.kind;
        let connector = server.connectors().find(is_it).unwrap();
        names.push(match connector.tls_certificate_name() {
            library::Fact::Value(name) => Fact::Value(parse_name(&name.to_string())),
            library::Fact::None => Fact::Null,
            _ => Fact::NotKnown,
        });
    }
    After {
        certificates: server
            .certificates()
            .map(|it| AfterCertificate {
                index: place_of(&it.thumbprint().to_string()).unwrap(),
                services: services_of(it),
                web_sites: it.web_sites().map(|sites| sites.iter().copied().collect()),
            })
            .collect(),
        default_smtp: match server.default_smtp() {
            library::Fact::Value(thumbprint) => match place_of(&thumbprint.to_string()) {
                Some(index) if index < view.installed || server.installed(thumbprint).is_some() => {
                    DefaultSmtp::Installed(index)
                }
                Some(_) => DefaultSmtp::NotInstalledRequested,
                None => DefaultSmtp::NotInstalled,
            },
            library::Fact::None => DefaultSmtp::Nothing,
            _ => DefaultSmtp::NotKnown,
        },
        imap_name: told(server.imap_certificate_name()),
        pop_name: told(server.pop_certificate_name()),
        connector_names: names,
    }
}

/// What was not known stays so; the table says what was added since, where something was.
fn services_of(it: &Installed) -> Option<u8> {
    let known = it.known_services();
    it.services().or((!known.is_empty()).then_some(known)).map(|services| services.bits())
}

fn kind_of(connector: &library::Connector) -> ConnectorKind {
    match connector.kind() {
        library::ConnectorKind::Receive => ConnectorKind::Receive,
        library::ConnectorKind::Hybrid => ConnectorKind::Hybrid,
        _ => ConnectorKind::Send,
    }
}

fn parse_name(text: &str) -> CertificateName {
    let (issuer, subject) = text.trim_start_matches("<I>").split_once("<S>").unwrap();
    CertificateName { issuer: issuer.to_owned(), subject: subject.to_owned() }
}

/// Two words of the same servers agree: of names the case says nothing.
pub fn same(one: &After, other: &After) -> bool {
    plain(one.clone()) == plain(other.clone())
}

fn plain(mut after: After) -> After {
    for name in &mut after.connector_names {
        if let Fact::Value(name) = name {
            name.issuer = name.issuer.to_lowercase();
            name.subject = name.subject.to_lowercase();
        }
    }
    if after.default_smtp == DefaultSmtp::NotInstalledRequested {
        after.default_smtp = DefaultSmtp::NotInstalled;
    }
    after.certificates.sort_by_key(|it| it.index);
    after
}

/// Facts of the pool, by thumbprint.
pub fn in_pool(thumbprint: &str) -> &'static CertificateFacts {
    &POOL.iter().find(|made| made.facts.thumbprint == thumbprint).unwrap().facts
}
