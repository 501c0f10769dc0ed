//! What may be removed, by what each endpoint presents.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use std::cell::Cell;

use exchange_certificates::{Diagnostic, Endpoint, Kind, NoPlan, Plan, Request, Server, plan};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::comparison::{bare_server, installed, now};
use crate::support::decision_table::{ConnectorKind, DefaultSmtp, Fact, Situation};
use crate::support::pool::POOL;
use crate::support::situations::situations;

/// The same situation with everything exported that decides what an endpoint presents.
///
/// What the server itself chose is left out: that is believed even of a certificate that does not cover the name, and
/// any change to those that do puts an end to it.
fn known(mut situation: Situation) -> Situation {
    fn none<T>(fact: &mut Fact<T>) {
        if matches!(fact, Fact::NotKnown) {
            *fact = Fact::Null;
        }
    }
    let server = &mut situation.server;
    server.selection.clear();
    server.not_read.clear();
    server.fqdn.get_or_insert("mbx01.contoso.com".into());
    none(&mut server.imap_certificate_name);
    none(&mut server.pop_certificate_name);
    if server.default_smtp == DefaultSmtp::NotKnown {
        server.default_smtp = DefaultSmtp::Nothing;
    }
    for certificate in &mut server.certificates {
        certificate.services.get_or_insert_default();
        certificate.web_sites.get_or_insert_default();
    }
    for connector in &mut server.connectors {
        none(&mut connector.tls_certificate_name);
        none(&mut connector.fqdn);
        if connector.kind == ConnectorKind::Send && connector.servers.is_empty() {
            connector.servers = vec![server.name.clone()];
        }
    }
    situation
}

/// With all certificates but one.
fn server_without(situation: &Situation, gone: Option<usize>) -> Server {
    let mut server = bare_server(situation);
    for (place, facts) in situation.server.certificates.iter().enumerate() {
        if gone != Some(place) {
            let made = POOL.iter().find(|made| made.facts.thumbprint == facts.thumbprint).unwrap();
            server.install(installed(facts, made.certificate.clone())).unwrap();
        }
    }
    server
}

fn said(outcome: &Result<Plan, NoPlan>) -> &[Diagnostic] {
    outcome.as_ref().map_or_else(NoPlan::diagnostics, Plan::diagnostics)
}

/// An endpoint rule, or one of removals, warns of it or refuses it.
fn is_heard(outcome: &Result<Plan, NoPlan>) -> bool {
    let is_about_it =
        |rule: &str| rule == "endpoint-fails" || (rule.starts_with("removes-") && rule != "removes-keyless");
    said(outcome).iter().any(|said| matches!(said.kind(), Kind::Warn | Kind::Refuse) && is_about_it(said.rule()))
}

fn works(endpoint: &Endpoint) -> bool {
    endpoint.ranks().is_some() && !endpoint.is_dead()
}

#[test]
fn a_certificate_may_go_if_no_endpoint_presents_it_and_not_unheard_if_one_has_no_other() {
    let (unpresented, only) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&situations().prop_map(known), |situation| {
        let (server, now) = (server_without(&situation, None), now(&situation));
        let before = server.endpoints(now);
        prop_assert!(before.iter().all(|endpoint| !endpoint.presented().is_unknown()));
        for (place, facts) in situation.server.certificates.iter().enumerate() {
            let thumbprint = facts.thumbprint.parse().unwrap();
            let outcome = plan(&server, &Request::remove(thumbprint), now);
            if !before.iter().any(|endpoint| endpoint.presented().may_be(thumbprint)) {
                unpresented.set(unpresented.get() + 1);
                let fails = said(&outcome).iter().find(|said| said.rule() == "endpoint-fails");
                prop_assert!(fails.is_none(), "{thumbprint} is presented nowhere: {}", fails.unwrap().message());
            }
            let after = server_without(&situation, Some(place)).endpoints(now);
            for (before, after) in before.iter().zip(&after) {
                if works(before) && !works(after) {
                    only.set(only.get() + 1);
                    prop_assert!(is_heard(&outcome), "{}: {}, then {}", before.id(), before.answer(), after.answer());
                }
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    // Else it would hold of situations in which nothing is to be seen.
    let (unpresented, only) = (unpresented.get(), only.get());
    println!("{unpresented} certificates that no endpoint presents, {only} endpoints that have no other");
    assert!(unpresented > 1_000 && only > 1_000);
}
