//! Rules of an organisation's own: what they see, and what follows from what they say.
#![allow(clippy::unwrap_used)]

mod support {
    pub mod factory;
}

use std::time::SystemTime;

use exchange_certificates::{
    Fact, Finding, Installed, Kind, NoPlan, OwnRule, Policy, Request, Role, Server, Service, Version, plan_with,
    rfc3339,
};
use support::factory::CertificateFactory;

fn time(text: &str) -> SystemTime {
    rfc3339::parse(text).unwrap()
}

fn old() -> CertificateFactory {
    CertificateFactory::new("webmail.contoso.com").valid("2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
}

fn new() -> CertificateFactory {
    CertificateFactory::new("mail.contoso.com").valid("2026-10-01T00:00:00Z", "2028-01-01T00:00:00Z").serial_number([9])
}

fn server() -> Server {
    let default = CertificateFactory::new("MBX01").self_signed();
    let mut server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox]).unwrap();
    server = server.with_default_smtp(Fact::Value(default.build().thumbprint()));
    for (factory, services) in
        [(default, Service::SMTP), (old(), Service::IMAP | Service::POP), (new(), Service::empty())]
    {
        server.install(Installed::new(factory.build()).with_services(services).with_web_sites([])).unwrap();
    }
    server
}

fn policy(rule: OwnRule) -> Policy {
    Policy::default().with_rule(rule).unwrap()
}

/// The kinds of what one rule says, whether there is a plan or not, and what could be assigned if there is none.
fn said(policy: &Policy, request: &Request, now: &str, id: &str) -> (Vec<Kind>, Option<Service>) {
    let outcome = plan_with(policy, &server(), request, time(now));
    let (diagnostics, assignable) = match &outcome {
        Ok(plan) => (plan.diagnostics(), None),
        Err(NoPlan::Refused(refusal)) => (refusal.diagnostics(), refusal.assignable()),
        Err(other) => panic!("{other}"),
    };
    (diagnostics.iter().filter(|said| said.rule() == id).map(|said| said.kind()).collect(), assignable)
}

#[test]
fn a_change_freeze_is_a_policy() {
    let [from, until] = ["2026-12-18", "2027-01-04"].map(time);
    let frozen = move |now| (from..until).contains(&now);
    let rule = OwnRule::new("contoso/change-freeze", Kind::Refuse, move |case| {
        frozen(case.now()).then(|| Finding::new(case.in_question(), "nothing is changed until 4 January"))
    });
    let removals = OwnRule::of_removals("contoso/removal-freeze", Kind::Refuse, move |removal| {
        frozen(removal.now()).then(|| Finding::new(removal.services(), "nothing is removed until 4 January"))
    });
    let policy = policy(rule).with_rule(removals).unwrap();
    let assign = Request::assign(new().build().thumbprint(), Service::IMAP);
    let remove = Request::remove(new().build().thumbprint());
    for (now, kinds) in [
        ("2026-12-17T23:59:59Z", vec![]),
        ("2026-12-18T00:00:00Z", vec![Kind::Refuse]),
        ("2027-01-03T23:59:59Z", vec![Kind::Refuse]),
        ("2027-01-04T00:00:00Z", vec![]),
    ] {
        assert_eq!(said(&policy, &assign, now, "contoso/change-freeze").0, kinds, "{now}");
        assert_eq!(said(&policy, &remove, now, "contoso/removal-freeze").0, kinds, "{now}");
        assert_eq!(said(&policy, &remove, now, "contoso/change-freeze").0, [], "nothing is assigned");
    }
}

#[test]
fn a_rule_about_removals_sees_what_is_removed_and_what_it_still_has() {
    const NOW: &str = "2026-11-24T00:00:00Z";
    let [old, new] = [old(), new()].map(|factory| factory.build().thumbprint());
    let about = |kind| {
        policy(OwnRule::of_removals("contoso/kept", kind, move |removal| {
            let certificate = removal.certificate()?;
            assert_eq!(removal.removed()?.thumbprint(), certificate.thumbprint());
            assert_eq!((removal.server().name(), removal.now()), ("MBX01", time(NOW)));
            let sentence = format!("{} with {}", removal.request().thumbprint(), removal.services());
            (certificate.thumbprint() == old).then(|| Finding::new(removal.services(), sentence))
        }))
    };
    let replace = Request::replace(old, new);
    let none = (vec![], None);
    let said = |kind, request: &Request| said(&about(kind), request, NOW, "contoso/kept");
    assert_eq!(said(Kind::Refuse, &replace), (vec![Kind::Refuse], Some(Service::IMAP | Service::POP)));
    assert_eq!(said(Kind::Warn, &replace), (vec![Kind::Warn], None));
    assert_eq!(said(Kind::Refuse, &replace.clone().keeping_old()), none);
    assert_eq!(said(Kind::Refuse, &Request::assign(new, Service::IMAP)), none);
    assert_eq!(said(Kind::Refuse, &Request::remove(new)), none);

    // At the time of the removal IMAP and POP have moved: no name of the new certificate is one of the old.
    let plan = plan_with(&about(Kind::Note), &server(), &replace, time(NOW)).unwrap();
    let noted = plan.diagnostics().iter().find(|said| said.rule() == "contoso/kept").unwrap();
    assert_eq!(noted.message().to_string(), format!("{new} with None"));
    let refused = plan_with(&about(Kind::Warn), &server(), &Request::remove(old), time(NOW)).unwrap_err();
    let noted = refused.diagnostics().iter().find(|said| said.rule() == "contoso/kept").unwrap();
    assert_eq!(noted.services(), Service::IMAP | Service::POP);
}

#[test]
fn a_rule_about_a_removal_is_silent_where_nothing_is_installed_to_be_removed() {
    let rule = OwnRule::of_removals("contoso/kept", Kind::Refuse, |removal| {
        assert_eq!((removal.removed(), removal.services()), (None, Service::empty()));
        removal.certificate().map(|_| Finding::new(Service::empty(), "never"))
    });
    let gone = CertificateFactory::new("gone.contoso.com").build().thumbprint();
    assert_eq!(said(&policy(rule), &Request::remove(gone), "2026-11-24", "contoso/kept").0, []);
}

#[test]
fn a_rule_of_a_policy_survives_its_copies() {
    let rule = OwnRule::of_removals("contoso/any", Kind::Note, |_| Some(Finding::new(Service::empty(), "said")));
    let copy = policy(rule.clone()).clone();
    assert_eq!((rule.id(), rule.kind()), ("contoso/any", Kind::Note));
    let remove = Request::remove(new().build().thumbprint());
    assert_eq!(said(&copy, &remove, "2026-11-24", "contoso/any").0, [Kind::Note]);
    assert!(Policy::default().with_rule(OwnRule::of_removals("any", Kind::Note, |_| None)).is_err());
    assert!(Policy::default().with_rule(OwnRule::of_removals("contoso/any", Kind::Decide, |_| None)).is_err());
}
