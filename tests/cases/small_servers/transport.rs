//! Connectors, by name and by host name.

use super::{Candidate, Checked, FQDN, MAIL, choices, fqdns, install, names, numbered, sets, situation, with};
use crate::support::comparison::bare_server;
use crate::support::decision_table::{
    ConnectorFacts, ConnectorKind, Fact, OwnAnswer, SMTP, ServerFacts, Situation, Status,
};
use crate::support::pool::{
    EXPIRED, HEALTHY, OTHER_ISSUER, OWN_NAME, RENEWED, SELF_SIGNED, SHORT, TIED, WILDCARD_ALONE,
};

const KINDS: [usize; 9] = [HEALTHY, RENEWED, SHORT, TIED, EXPIRED, OTHER_ISSUER, WILDCARD_ALONE, SELF_SIGNED, OWN_NAME];

const SERVICES: [Option<u8>; 3] = [None, Some(0), Some(SMTP)];

const STATUSES: [Option<Status>; 4] = [None, Some(Status::Untrusted), Some(Status::Revoked), Some(Status::DateInvalid)];

/// Every connector: what it names, its FQDN, and whether it offers TLS. A connector has no say in what another presents,
/// so that one server may have them all.
fn connectors() -> Vec<ConnectorFacts> {
    let mut connectors = Vec::new();
    for tls_certificate_name in names(&[HEALTHY, SELF_SIGNED]) {
        for fqdn in fqdns() {
            for offers_tls in [true, false] {
                for kind in [ConnectorKind::Receive, ConnectorKind::Send] {
                    connectors.push(ConnectorFacts {
                        kind,
                        tls_certificate_name: tls_certificate_name.clone(),
                        fqdn: fqdn.clone(),
                        servers: vec!["MBX01".into()],
                        auth_mechanism: (!offers_tls).then(|| vec!["Integrated".into()]),
                        ignore_starttls: Some(!offers_tls),
                        ..ConnectorFacts::default()
                    });
                }
            }
        }
    }
    numbered(connectors)
}

fn check_all(situation: &mut Situation, lists: &[Vec<Candidate>], checked: &mut Checked) {
    let bare = bare_server(situation);
    for certificates in choices(lists) {
        install(situation, &certificates);
        checked.check_on(situation, bare.clone(), &certificates);
    }
}

fn with_connectors(fqdn: Option<&str>) -> Situation {
    let mut situation = situation(ServerFacts { connectors: connectors(), ..ServerFacts::default() });
    situation.server.fqdn = fqdn.map(str::to_owned);
    situation
}

#[test]
fn every_connector_of_a_server_with_two_certificates_presents_what_the_table_says() {
    let mut checked = Checked::default();
    for fqdn in [Some(FQDN), None] {
        let mut situation = with_connectors(fqdn);
        for kinds in [sets(&KINDS, 0), sets(&KINDS, 1), sets(&KINDS, 2)].concat() {
            let lists: Vec<_> = kinds.iter().map(|kind| with(*kind, &SERVICES, &STATUSES, &[true, false])).collect();
            check_all(&mut situation, &lists, &mut checked);
        }
    }
    checked.print("two certificates, and every connector");
    assert_eq!(checked, Checked { servers: 41_906, answers: 3_562_010 });
}

/// Of a third certificate less is of interest: each fact is in order but for one.
#[test]
fn every_connector_of_a_server_with_three_certificates_presents_what_the_table_says() {
    let mut checked = Checked::default();
    let mut situation = with_connectors(Some(FQDN));
    for kinds in sets(&KINDS, 3) {
        let list = |kind: &usize| {
            let mut list = with(*kind, &SERVICES, &[None], &[true]);
            list.extend(with(*kind, &[Some(SMTP)], &[Some(Status::Untrusted)], &[true]));
            list.extend(with(*kind, &[Some(SMTP)], &[None], &[false]));
            list
        };
        let lists: Vec<_> = kinds.iter().map(list).collect();
        check_all(&mut situation, &lists, &mut checked);
    }
    checked.print("three certificates, and every connector");
    assert_eq!(checked, Checked { servers: 10_500, answers: 892_500 });
}

/// What the server itself said that it chooses.
#[test]
fn every_own_answer_of_a_server_settles_what_the_table_says() {
    let mut checked = Checked::default();
    let connectors = fqdns().map(|fqdn| ConnectorFacts {
        kind: ConnectorKind::Receive,
        tls_certificate_name: Fact::Null,
        fqdn,
        ..ConnectorFacts::default()
    });
    let mut situation = situation(ServerFacts { connectors: numbered(connectors.to_vec()), ..ServerFacts::default() });
    let places = [Some(0), Some(1), None];
    let pairs = places.iter().flat_map(|first| places.iter().map(|second| vec![*first, *second]));
    let answers: Vec<_> = [vec![]].into_iter().chain(places.map(|place| vec![place])).chain(pairs).collect();
    for kinds in sets(&KINDS, 2) {
        let lists: Vec<_> = kinds.iter().map(|kind| with(*kind, &SERVICES, &STATUSES[..2], &[true, false])).collect();
        for certificates in choices(&lists) {
            install(&mut situation, &certificates);
            for answer in &answers {
                let own = OwnAnswer { fqdn: MAIL.to_uppercase(), certificates: answer.clone() };
                situation.server.selection = vec![own];
                checked.check(&situation, &certificates);
            }
        }
    }
    checked.print("two certificates, and every own answer of the server");
    assert_eq!(checked, Checked { servers: 67_392, answers: 606_528 });
}
