//! Plans as files: planned again to the same, stale where anything that decides has changed, looked up afterwards.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::SystemTime;

use exchange_certificates::{
    Answer, Certificate, ConnectorNames, Fleet, Installed, OwnRule, PlannedAgain, PlannedState, Policy, Request, Role,
    Rollout, Scenario, Server, Service, StalePlan, StoredPlan, Task, Thumbprint, Version, plan, plan_with, rfc3339,
};
use serde_json::Value;

fn now() -> SystemTime {
    rfc3339::parse("2026-11-24").unwrap()
}

/// An organisation, of which something is asked.
fn organization_file() -> Value {
    let mut file: Value = serde_json::from_str(include_str!("../examples/data/organization.json")).unwrap();
    let request = Rollout::new(Request::renew(new_certificate().thumbprint())).with_certificate(new_certificate());
    file["request"] = serde_json::to_value(request).unwrap();
    file
}

fn organization() -> Scenario {
    serde_json::from_value(organization_file()).unwrap()
}

fn certificate() -> Certificate {
    include_str!("../examples/data/self-signed.pem").parse().unwrap()
}

fn new_certificate() -> Certificate {
    Certificate::chain_from_pem(include_str!("../examples/data/fullchain.pem")).unwrap().leaf().clone()
}

fn server() -> Server {
    let mut server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox]).unwrap();
    server.install(Installed::new(certificate()).with_services(Service::empty())).unwrap();
    server
}

fn request() -> Request {
    Request::assign(certificate().thumbprint(), Service::IMAP | Service::POP)
}

/// Through the file and back.
fn read(stored: &StoredPlan) -> StoredPlan {
    serde_json::from_str(&serde_json::to_string(stored).unwrap()).unwrap()
}

fn renewal(fleet: &Fleet) -> StoredPlan {
    let request = Request::renew(new_certificate().thumbprint())
        .with_default_smtp(Answer::Keep)
        .with_connector_names(ConnectorNames::Update);
    let rollout = Rollout::new(request).with_certificate(new_certificate());
    fleet.roll_out(&Policy::default(), &rollout, now()).unwrap().stored(now())
}

#[test]
fn a_stored_plan_comes_to_the_same_on_the_same_server() {
    let stored = read(&plan(&server(), &request(), now()).unwrap().stored(now()));
    let later = rfc3339::parse("2026-11-25").unwrap();
    assert_eq!(
        stored.again_on(&server(), &Policy::default(), later).unwrap(),
        plan(&server(), &request(), later).unwrap()
    );
    assert_eq!((stored.server(), stored.now()), (Some("MBX01"), now()));
}

#[test]
fn a_stored_renewal_comes_to_the_same_in_the_same_organisation() {
    let scenario = organization();
    let fleet = scenario.fleet().unwrap();
    let stored = read(&renewal(fleet));
    let again = stored.again(fleet, &Policy::default(), now()).unwrap();
    let PlannedAgain::Rollout(plan) = again else { panic!("{again:?}") };
    assert_eq!(plan.fingerprint(), stored.fingerprint());
    assert!(!plan.connectors().is_empty() && !plan.removals().is_empty(), "it is about something");
    let no_servers = stored.again_on(&server(), &Policy::default(), now());
    assert_eq!(no_servers, Err(StalePlan::ManyServers));
}

#[test]
fn a_plan_is_stale_on_a_server_that_has_changed() {
    let stored = read(&plan(&server(), &request(), now()).unwrap().stored(now()));
    let mut changed = server();
    changed.install(Installed::new(new_certificate()).with_services(Service::IMAP)).unwrap();
    let stale = stored.again_on(&changed, &Policy::default(), now()).unwrap_err();
    assert!(matches!(&stale, StalePlan::Changed { now } if now.is_ok()), "{stale}");
    let empty = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox]).unwrap();
    let stale = stored.again_on(&empty, &Policy::default(), now()).unwrap_err();
    assert!(stale.to_string().contains("certificate-not-installed"), "{stale}");
    let another = Server::new("MBX02", Version::Exchange2019, [Role::Mailbox]).unwrap();
    let stale = stored.again_on(&another, &Policy::default(), now()).unwrap_err();
    assert_eq!(stale, StalePlan::NoServer { server: "MBX01".to_owned() });
}

#[test]
fn a_renewal_is_stale_once_a_connector_names_something_else() {
    let scenario = organization();
    let stored = renewal(scenario.fleet().unwrap());
    let mut file = organization_file();
    for server in file["servers"].as_array_mut().unwrap() {
        let connectors = server.get_mut("connectors").and_then(Value::as_array_mut);
        connectors.into_iter().for_each(|known| known.retain(|connector| connector["kind"] != "Send"));
    }
    let changed: Scenario = serde_json::from_value(file).unwrap();
    let stale = stored.again(changed.fleet().unwrap(), &Policy::default(), now()).unwrap_err();
    assert!(matches!(&stale, StalePlan::RolloutChanged { now } if now.is_ok()), "{stale}");
}

#[test]
fn a_plan_of_another_version_is_stale_and_says_so() {
    let mut file = serde_json::to_value(plan(&server(), &request(), now()).unwrap().stored(now())).unwrap();
    file["version"] = "0.0.1".into();
    let stored: StoredPlan = serde_json::from_value(file).unwrap();
    let stale = stored.again_on(&server(), &Policy::default(), now()).unwrap_err();
    assert_eq!(stale, StalePlan::AnotherVersion { version: "0.0.1".to_owned() });
    assert!(stale.to_string().contains("0.0.1") && stale.to_string().contains(env!("CARGO_PKG_VERSION")), "{stale}");
}

#[test]
fn a_plan_by_another_policy_is_stale() {
    let own = OwnRule::new("contoso/freeze", exchange_certificates::Kind::Note, |_| None);
    let policy = Policy::default().with_expires_soon_days(90).unwrap().with_rule(own.clone()).unwrap();
    let stored = read(&plan_with(&policy, &server(), &request(), now()).unwrap().stored(now()));
    assert_eq!(stored.own_rules(), ["contoso/freeze"]);
    assert!(stored.again_on(&server(), &policy, now()).is_ok());
    let stale = stored.again_on(&server(), &Policy::default(), now()).unwrap_err();
    assert_eq!(stale, StalePlan::AnotherPolicy { own_rules: vec!["contoso/freeze".to_owned()] });
    assert!(stale.to_string().contains("`contoso/freeze`"), "{stale}");
    let days = Policy::default().with_rule(own).unwrap();
    assert!(stored.again_on(&server(), &days, now()).is_err(), "the days of the policy count too");
}

#[test]
fn script_and_diagnostics_of_the_file_are_not_read() {
    let mut file = serde_json::to_value(plan(&server(), &request(), now()).unwrap().stored(now())).unwrap();
    assert!(file["script"].as_array().unwrap().iter().any(|line| line.as_str().unwrap().contains("Enable-")));
    file["script"] = serde_json::json!(["Remove-Item C:\\"]);
    file["diagnostics"] = serde_json::json!([1, { "any": "thing" }]);
    let stored: StoredPlan = serde_json::from_value(file).unwrap();
    assert_eq!(serde_json::to_value(&stored).unwrap()["script"], serde_json::json!([]));
    assert!(stored.again_on(&server(), &Policy::default(), now()).is_ok());
}

#[test]
fn what_was_done_is_as_planned_and_what_was_not_is_as_before() {
    let scenario = organization();
    let mut fleet = scenario.fleet().unwrap().clone();
    let stored = read(&renewal(&fleet));
    let before = stored.verify(&fleet, now());
    assert!(before.is_missing());
    let removed = before.certificates.iter().find(|it| it.removed.is_some()).unwrap();
    assert_eq!(removed.state, PlannedState::AsBefore);
    let changed: Vec<_> = before.endpoints.iter().filter(|it| it.was_to_change).map(|it| it.state).collect();
    assert!(changed.contains(&PlannedState::AsBefore) && !changed.contains(&PlannedState::AsPlanned), "{changed:?}");
    assert!(before.connectors.iter().all(|it| it.state == PlannedState::AsBefore));

    let PlannedAgain::Rollout(plan) = stored.again(&fleet, &Policy::default(), now()).unwrap() else { panic!() };
    fleet.apply(&plan, now()).unwrap();
    let after = stored.verify(&fleet, now());
    assert!(!after.is_missing(), "{after:#?}");
    assert!(after.certificates.iter().all(|it| it.state == PlannedState::AsPlanned && it.missing.is_empty()));
    assert!(after.connectors.iter().all(|it| it.state == PlannedState::AsPlanned));

    // One server that was not read, and nothing is known of it.
    let one = fleet.servers().next().unwrap().clone();
    let mut alone = Fleet::new();
    alone.insert(one).unwrap();
    let partly = stored.verify(&alone, now());
    assert!(!partly.is_known() && !partly.is_missing(), "{partly:#?}");
}

#[test]
fn a_certificate_that_was_assigned_by_half_lacks_the_rest() {
    let stored = read(&plan(&server(), &request(), now()).unwrap().stored(now()));
    let mut half = server();
    plan(&half, &Request::assign(certificate().thumbprint(), Service::IMAP), now())
        .unwrap()
        .apply(&mut half, now())
        .unwrap();
    let mut fleet = Fleet::new();
    fleet.insert(half).unwrap();
    let verification = stored.verify(&fleet, now());
    assert_eq!(verification.certificates[0].missing, Service::POP);
    assert!(verification.is_missing());
}

#[test]
fn requests_are_written_as_scenarios_write_them_and_read_back() {
    let (old, new) = (Thumbprint::of(b"old"), Thumbprint::of(b"new"));
    let requests = [
        Request::assign(new, Service::IIS | Service::SMTP),
        Request::assign(new, Service::IIS).with_mode(exchange_certificates::Mode::Exact),
        Request::remove(old),
        Request::replace(old, new).with_connector_names(ConnectorNames::Update),
        Request::renew(new).keeping_old().with_require_ssl(false),
        Request::assign(new, Service::SMTP)
            .with_default_smtp(Answer::Replace)
            .with_caller(["Organization Management", "It's; one"])
            .with_accepted_status(exchange_certificates::AcceptedStatus::Untrusted),
    ];
    for request in requests {
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request, "{text}");
        if !matches!(request.operation(), exchange_certificates::Operation::Remove) {
            let rollout = Rollout::new(request).with_order(["MBX02", "MBX01"]).with_answer("MBX01", Answer::Keep);
            let text = serde_json::to_string(&rollout).unwrap();
            assert_eq!(serde_json::from_str::<Rollout>(&text).unwrap(), rollout, "{text}");
        }
    }
    let assign = serde_json::to_value(Request::assign(new, Service::IIS)).unwrap();
    assert_eq!(assign, serde_json::json!({ "operation": "assign", "thumbprint": new, "services": "IIS" }));
    assert!(
        serde_json::from_str::<Request>(r#"{"operation": "verify", "thumbprint": "0", "services": "IIS"}"#).is_err()
    );
}

#[test]
fn scenarios_are_written_and_answer_the_same() {
    for text in [
        organization_file().to_string().as_str(),
        include_str!("../examples/data/assign.json"),
        include_str!("../examples/data/article.json"),
    ] {
        let scenario: Scenario = serde_json::from_str(text).unwrap();
        let written = serde_json::to_string(&scenario).unwrap();
        let again: Scenario = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
        let answer = |scenario: &Scenario| serde_json::to_value(scenario.answer(now()).unwrap()).unwrap();
        assert_eq!(answer(&again), answer(&scenario));
        assert_eq!((again.now(), again.task(), again.fleet()), (scenario.now(), scenario.task(), scenario.fleet()));
        if let (Task::RollOut(_), Some(fleet)) = (scenario.task(), scenario.fleet()) {
            let send = written.matches(r#""kind":"Send""#).count();
            let known = fleet.servers().find(|server| !server.is_edge()).unwrap().connectors();
            let known = known.filter(|it| it.kind() == exchange_certificates::ConnectorKind::Send).count();
            assert!(send <= known + 1, "what belongs to the organisation stands once: {send} of {known}");
        }
    }
}

#[test]
fn policies_are_written_and_read_back_but_not_their_own_rules() {
    let policy = Policy::default()
        .with_minimum_rsa_bits(3072)
        .unwrap()
        .raise("self-signed", exchange_certificates::Kind::Refuse)
        .unwrap()
        .silence("no-client-authentication")
        .unwrap();
    let text = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    assert_ne!(policy, Policy::default());
    let own = OwnRule::new("contoso/freeze", exchange_certificates::Kind::Note, |_| None);
    let text = serde_json::to_string(&policy.with_rule(own).unwrap()).unwrap();
    let error = serde_json::from_str::<Policy>(&text).unwrap_err().to_string();
    assert!(error.starts_with("own_rules: `contoso/freeze` are code"), "{error}");
}

#[test]
fn what_a_probe_saw_is_written_and_read_back() {
    use exchange_certificates::PresentedAt;
    let seen = PresentedAt::seen("MBX01", "mbx01.contoso.com", 993, certificate().thumbprint()).with_endpoint("imap");
    let silent =
        PresentedAt::not_seen("MBX01", "10.0.0.1", 25, "no answer within 5 seconds").with_name("mail.contoso.com");
    for seen in [seen, silent] {
        let text = serde_json::to_string(&seen).unwrap();
        assert_eq!(serde_json::from_str::<PresentedAt>(&text).unwrap(), seen, "{text}");
    }
}

#[cfg(feature = "import")]
#[test]
fn what_was_read_is_written_and_read_back() {
    use exchange_certificates::import::{ExportedCertificate, Import, Listed};
    let mut import = Import::new();
    import.add("renewed.pem", include_bytes!("../examples/data/renewed.pem")).unwrap();
    let list = format!("Thumbprint : {}\nServices : IIS, SMTP\nSubject : CN=mail\n", certificate().thumbprint());
    import.add("list.txt", list.as_bytes()).unwrap();
    let exported = import.certificates().next().unwrap();
    let text = serde_json::to_string(exported).unwrap();
    assert_eq!(serde_json::from_str::<ExportedCertificate>(&text).unwrap(), *exported, "{text}");
    let listed = import.listed().next().unwrap();
    let text = serde_json::to_string(listed).unwrap();
    assert_eq!(serde_json::from_str::<Listed>(&text).unwrap(), *listed, "{text}");
}
