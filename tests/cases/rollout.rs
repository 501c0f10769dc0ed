//! The one script of a rollout, run on a model of every server.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use std::time::SystemTime;

use exchange_certificates::{Answer, ConnectorNames, Fleet, Policy, Rollout, RolloutPlan, Server, Service};
use serde_json::{Value, json};

use super::meaning::{of_library, of_machine};
use crate::support::comparison::{self, NOT_INSTALLED};
use crate::support::decision_table::{
    AuthFacts, CertificateName, ConnectorFacts, ConnectorKind, DefaultSmtp, Fact, IIS, IMAP, LoadBalancing, Mode,
    Operation, POP, RequestFacts, Role, SMTP, ServerFacts, Situation, StartupMode, UM, UM_CALL_ROUTER, Version,
};
use crate::support::interpreter::{Machine, Organisation, parse};
use crate::support::pool::{HEALTHY, NOW, OTHER_FIRST, POOL, SELF_SIGNED, seconds};

const OLD: usize = 0;
const NEW: usize = 2;

/// A server before the rollout: the old certificate has everything, the new one nothing.
fn facts(name: &str, version: Version, roles: &[Role]) -> ServerFacts {
    let is_edge = roles == [Role::Edge];
    let mut certificates = [HEALTHY, SELF_SIGNED, OTHER_FIRST].map(|kind| POOL[kind].facts.clone());
    certificates[OLD].services = Some(if is_edge { SMTP } else { IMAP | POP | IIS | SMTP });
    certificates[OLD].web_sites = Some(if is_edge { vec![] } else { vec![1] });
    certificates[1].services = Some(if is_edge { SMTP } else { IIS | SMTP });
    certificates[1].web_sites = Some(if is_edge { vec![] } else { vec![2] });
    certificates[NEW].services = Some(0);
    certificates[NEW].web_sites = Some(vec![]);
    ServerFacts {
        name: name.to_owned(),
        fqdn: Some(format!("{}.contoso.com", name.to_lowercase())),
        version,
        roles: roles.to_vec(),
        um_startup_mode: StartupMode::Dual,
        um_call_router_startup_mode: StartupMode::Tls,
        imap_certificate_name: Fact::Value("mail.contoso.com".into()),
        pop_certificate_name: Fact::NotKnown,
        client_names: None,
        edge_subscribed: false,
        load_balancing: LoadBalancing::None,
        default_smtp: DefaultSmtp::Installed(1),
        auth_certificates: Some(AuthFacts { current: None, next: None }),
        connectors: connectors()
            .into_iter()
            .filter(|connector| !is_edge || connector.kind != ConnectorKind::Receive)
            .collect(),
        certificates: certificates.into(),
        ..ServerFacts::default()
    }
}

/// What the organisation has: each names the old certificate.
fn connectors() -> Vec<ConnectorFacts> {
    let old = &POOL[HEALTHY].facts;
    let connector = |kind, name: &str, servers: &[&str]| ConnectorFacts {
        kind,
        name: name.to_owned(),
        tls_certificate_name: Fact::Value(CertificateName::of(old)),
        servers: servers.iter().map(|name| (*name).to_owned()).collect(),
        ..ConnectorFacts::default()
    };
    vec![
        connector(ConnectorKind::Send, "To partners", &["MBX02", "mbx01.contoso.com"]),
        connector(ConnectorKind::Hybrid, "Hybrid Configuration", &["MBX07", "MBX08"]),
        connector(ConnectorKind::Receive, "From partners", &[]),
    ]
}

/// Twelve servers of four versions, the last of them an Edge Transport server.
fn twelve() -> Vec<ServerFacts> {
    let mailbox = &[Role::Mailbox][..];
    let mut servers = vec![
        facts("MBX01", Version::E2013, &[Role::Mailbox, Role::ClientAccess]),
        facts("MBX02", Version::E2013, mailbox),
        facts("MBX03", Version::E2016, mailbox),
        facts("MBX04", Version::E2016, mailbox),
        facts("MBX05", Version::E2016, mailbox),
        facts("MBX06", Version::E2019, mailbox),
        facts("MBX07", Version::E2019, mailbox),
        facts("MBX08", Version::E2019, mailbox),
        facts("MBX09", Version::Se, mailbox),
        facts("MBX10", Version::Se, mailbox),
        facts("mbx11 \u{2019}; iisreset", Version::Se, mailbox),
        facts("EDGE01", Version::E2019, &[Role::Edge]),
    ];
    // The default one is not known, there is none, and it is the new one already.
    servers[5].default_smtp = DefaultSmtp::NotKnown;
    servers[6].default_smtp = DefaultSmtp::Nothing;
    servers[7].default_smtp = DefaultSmtp::Installed(NEW);
    // Nothing is left to do here.
    servers[3].certificates[NEW].services = Some(IMAP | POP | IIS | SMTP);
    servers
}

fn situation(server: &ServerFacts, services: u8) -> Situation {
    let request = RequestFacts {
        operation: Operation::Assign { services, mode: Mode::Add },
        certificate: Some(NEW),
        thumbprint: server.certificates[NEW].thumbprint.clone(),
        old_thumbprint: NOT_INSTALLED.to_owned(),
        default_smtp: None,
        caller: None,
        accept_status: Vec::new(),
        require_ssl: true,
        ..RequestFacts::default()
    };
    Situation { now: seconds(NOW), server: server.clone(), request }
}

/// The servers as the library has them and as the models are, and a rollout that answers for all of them.
struct Both {
    fleet: Fleet,
    organisation: Organisation,
    rollout: Rollout,
    now: SystemTime,
}

fn both(servers: &[ServerFacts], services: u8) -> Both {
    let situations: Vec<_> = servers.iter().map(|server| situation(server, services)).collect();
    let mut fleet = Fleet::new();
    for situation in &situations {
        fleet.insert(comparison::server(situation)).unwrap();
    }
    let machines = situations.iter().map(|situation| Machine::new(situation, NOT_INSTALLED)).collect();
    let rollout = Rollout::new(comparison::request(&situations[0]).with_default_smtp(Answer::Keep))
        .with_connector_names(ConnectorNames::Update);
    let now = comparison::now(&situations[0]);
    Both { fleet, organisation: Organisation::new(machines), rollout, now }
}

fn script(plan: &RolloutPlan) -> String {
    let lines: Vec<_> = plan.script().iter().map(ToString::to_string).collect();
    assert!(lines.iter().all(|line| !line.contains('\n')), "one element is one line: {lines:?}");
    lines.join("\n")
}

fn run(organisation: &mut Organisation, plan: &RolloutPlan) {
    organisation.run(&script(plan)).unwrap_or_else(|failure| panic!("{}\n{failure}", script(plan)));
}

/// Every model is as the library has the server.
fn compare(organisation: &Organisation, fleet: &Fleet) {
    for machine in &organisation.servers {
        assert_eq!(of_machine(machine), of_library(fleet.get(machine.name()).unwrap()), "{}", machine.name());
    }
}

/// What the certificate lacks of these services on each server, in the order of a plan.
fn lacking(organisation: &Organisation, plan: &RolloutPlan, services: u8) -> Vec<(String, Service)> {
    let lacking = plan.servers().filter_map(|(name, _)| {
        let machine = organisation.servers.iter().find(|machine| machine.name() == name).unwrap();
        let shown = machine.shown(&POOL[OTHER_FIRST].facts.thumbprint);
        let lacks = Service::from_bits(services & !shown).unwrap();
        (!lacks.is_empty()).then(|| (name.to_owned(), lacks))
    });
    lacking.collect()
}

fn left(left: Vec<exchange_certificates::LeftOver>) -> Vec<(String, Service)> {
    let of_server = |left| match left {
        exchange_certificates::LeftOver::Services { server, services } => (server, services),
        other => panic!("{other:?}"),
    };
    left.into_iter().map(of_server).collect()
}

/// The server of each block, in order.
fn blocks(plan: &RolloutPlan) -> Vec<&str> {
    plan.servers()
        .filter(|(_, outcome)| outcome.as_ref().is_ok_and(|plan| !plan.script().is_empty()))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn one_script_rolls_a_certificate_out_to_twelve_servers() {
    let Both { mut fleet, mut organisation, rollout, now } = both(&twelve(), SMTP);
    let rollout = rollout.with_answer("mbx03", Answer::Replace).with_answer("EDGE01", Answer::Replace);
    let plan = fleet.roll_out(&Policy::default(), &rollout, now).unwrap();
    assert!(plan.is_complete() && plan.left_over().is_empty(), "{plan:#?}");
    parse(&script(&plan)).unwrap();
    let lines: Vec<_> = plan.script().iter().map(ToString::to_string).collect();
    assert_eq!(lines[0], "$ErrorActionPreference = 'Stop'");
    assert_eq!(lines.iter().filter(|line| line.starts_with("Enable-ExchangeCertificate")).count(), 11);
    assert_eq!(lines.iter().filter(|line| line.starts_with("if ('SMTP' | Where-Object")).count(), 11);
    assert_eq!(lines.iter().filter(|line| line.ends_with("-Force")).count(), 2);
    assert_eq!(blocks(&plan).last(), Some(&"EDGE01"));
    run(&mut organisation, &plan);
    fleet.apply(&plan, now).unwrap();
    compare(&organisation, &fleet);
    assert!(lacking(&organisation, &plan, SMTP).is_empty());
    let again = fleet.roll_out(&Policy::default(), &rollout, now).unwrap();
    assert!(again.is_complete() && again.script().is_empty(), "{}", script(&again));
}

#[test]
fn what_an_edge_server_does_not_host_is_left_over() {
    let Both { mut fleet, mut organisation, rollout, now } = both(&twelve(), IMAP | POP | IIS | SMTP);
    let plan = fleet.roll_out(&Policy::default(), &rollout, now).unwrap();
    let refused: Vec<_> = plan.servers().filter(|(_, outcome)| outcome.is_err()).collect();
    assert!(matches!(refused.as_slice(), [("EDGE01", Err(no_plan))] if no_plan.has("service-not-hosted")));
    run(&mut organisation, &plan);
    fleet.apply(&plan, now).unwrap();
    compare(&organisation, &fleet);
    assert_eq!(lacking(&organisation, &plan, IMAP | POP | IIS | SMTP), left(plan.left_over()));
}

#[test]
fn unified_messaging_stops_and_starts_on_each_server() {
    let servers: Vec<_> =
        ["MBX01", "mbx ' 02"].map(|name| facts(name, Version::E2016, &[Role::Mailbox])).into_iter().collect();
    let Both { mut fleet, mut organisation, rollout, now } = both(&servers, UM | UM_CALL_ROUTER);
    let plan = fleet.roll_out(&Policy::default(), &rollout, now).unwrap();
    assert!(plan.is_complete(), "{plan:#?}");
    run(&mut organisation, &plan);
    fleet.apply(&plan, now).unwrap();
    compare(&organisation, &fleet);
}

#[test]
fn every_edge_server_has_a_block_of_its_own() {
    let servers = ["EDGE01", "EDGE02"].map(|name| facts(name, Version::E2019, &[Role::Edge]));
    let Both { mut fleet, mut organisation, rollout, now } = both(&servers, SMTP);
    let plan = fleet.roll_out(&Policy::default(), &rollout, now).unwrap();
    run(&mut organisation, &plan);
    fleet.apply(&plan, now).unwrap();
    compare(&organisation, &fleet);
    let without_place: Vec<_> =
        script(&plan).lines().filter(|line| !line.contains("COMPUTERNAME")).map(str::to_owned).collect();
    let failure = both(&servers, SMTP).organisation.run(&without_place.join("\n")).unwrap_err();
    assert!(failure.what.contains("nobody knows on which"), "{failure}");
}

/// Without any one of its assignments the script stops behind the block that it belongs to.
#[test]
fn the_script_stops_where_an_assignment_did_nothing() {
    let Both { fleet, organisation, rollout, now } = both(&twelve(), SMTP);
    let plan = fleet.roll_out(&Policy::default(), &rollout, now).unwrap();
    let script = script(&plan);
    let lines: Vec<_> = script.lines().collect();
    for (place, _) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("Enable-ExchangeCertificate")) {
        let mut rest = lines.clone();
        rest.remove(place);
        let failure = organisation.clone().run(&rest.join("\n")).unwrap_err();
        assert_eq!(failure.what, "The services are not assigned: nothing after this line was done.");
        assert_eq!(failure.line, place + 1);
    }
}

#[test]
fn a_script_that_stops_is_continued_by_a_new_plan() {
    let services = IMAP | POP | IIS | SMTP;
    let mut servers = twelve();
    servers.pop();
    let Both { mut fleet, mut organisation, rollout, now } = both(&servers, services);
    let plan = fleet.roll_out(&Policy::default(), &rollout, now).unwrap();
    let failing = blocks(&plan)[4].to_owned();
    organisation.fails = Some(failing.clone());
    let failure = organisation.run(&script(&plan)).unwrap_err();
    assert!(failure.what.contains("the server does not answer"), "{failure}");
    assert_eq!(lacking(&organisation, &plan, services), left(plan.left_over_at(&failing)));

    // What happened until then, as someone would read it from the servers again.
    let mut stopped = serde_json::to_value(&fleet).unwrap();
    for (place, (name, outcome)) in plan.servers().take_while(|(name, _)| *name != failing).enumerate() {
        let mut server = fleet.get(name).unwrap().clone();
        outcome.as_ref().unwrap().apply(&mut server, now).unwrap();
        stopped[place] = serde_json::to_value(&server).unwrap();
    }
    let moved = &organisation.servers[0].connectors[0];
    // It stands at whichever server says what belongs to the organisation.
    for server in stopped.as_array_mut().unwrap() {
        let connectors = server["connectors"].as_array_mut().unwrap().iter_mut();
        for connector in connectors.filter(|connector| connector["name"] == json!(moved.name)) {
            connector["tls_certificate_name"] = json!(moved.tls_certificate_name);
        }
    }
    let stopped: Fleet = serde_json::from_value(stopped).unwrap();
    compare(&organisation, &stopped);

    let rest = stopped.roll_out(&Policy::default(), &rollout, now).unwrap();
    let blocks_before = blocks(&plan);
    assert_eq!(blocks(&rest), blocks_before[4..], "exactly the rest has something to do");
    assert!(script(&plan).ends_with(&script(&rest).lines().skip(1).collect::<Vec<_>>().join("\n")));
    organisation.fails = None;
    run(&mut organisation, &rest);
    fleet.apply(&plan, now).unwrap();
    compare(&organisation, &fleet);
}

#[test]
fn applying_a_rollout_stops_where_its_script_would() {
    let Both { fleet, rollout, now, .. } = both(&twelve()[..11], SMTP);
    let plan = fleet.roll_out(&Policy::default(), &rollout, now).unwrap();
    let mut changed: Value = serde_json::to_value(&fleet).unwrap();
    changed[4]["certificates"][NEW]["has_private_key"] = json!(false);
    let mut changed: Fleet = serde_json::from_value(changed).unwrap();
    let before: Vec<Server> = changed.servers().cloned().collect();
    assert!(changed.apply(&plan, now).is_err());
    let certificates = |server: &Server| server.certificates().cloned().collect::<Vec<_>>();
    for (place, (server, before)) in changed.servers().zip(&before).enumerate() {
        let is_done = place < 4 && place != 3;
        assert_eq!(certificates(server) != certificates(before), is_done, "{}", server.name());
        let name = |server: &Server, place: usize| {
            server.connectors().nth(place).unwrap().tls_certificate_name().value().cloned()
        };
        assert_ne!(name(server, 0), name(before, 0), "MBX01 and MBX02 are done, and the connector moved");
        assert_eq!(name(server, 1), name(before, 1), "MBX07 and MBX08 are not");
    }
}
