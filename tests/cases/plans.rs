//! What a rollout comes to, before its script is run.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use exchange_certificates::{
    Answer, ConnectorNames, Fleet, LeftOver, Line, NoPlan, Policy, Request, Rollout, RolloutError, RolloutPlan,
    RolloutStopped, Service, TlsCertificateName,
};
use serde_json::{Value, json};

use crate::support::servers::{
    connector, edge, fleet, mailbox, microsoft_exchange, new, now, old, request, thumbprint,
};

fn plan(fleet: &Fleet, rollout: &Rollout) -> RolloutPlan {
    fleet.roll_out(&Policy::default(), rollout, now()).unwrap()
}

fn order(plan: &RolloutPlan) -> Vec<&str> {
    plan.servers().map(|(name, _)| name).collect()
}

fn lines(plan: &RolloutPlan) -> Vec<String> {
    plan.script().iter().map(ToString::to_string).collect()
}

fn left(left: Vec<LeftOver>) -> Vec<(String, Service)> {
    let of_server = |left| match left {
        LeftOver::Services { server, services } => (server, services),
        other => panic!("{other:?}"),
    };
    left.into_iter().map(of_server).collect()
}

/// A server on which the certificate is not installed.
fn without(mut server: Value) -> Value {
    server["certificates"].as_array_mut().unwrap().pop();
    server
}

/// A server on which the certificate has these services.
fn with(mut server: Value, services: &str) -> Value {
    let web_sites: &[u32] = if services.contains("IIS") { &[1] } else { &[] };
    server["certificates"][2]["services"] = json!(services);
    server["certificates"][2]["web_sites"] = json!(web_sites);
    server
}

#[test]
fn edge_servers_come_last_unless_an_order_says_otherwise() {
    let fleet = fleet(&[mailbox("MBX02"), edge("EDGE02"), mailbox("mbx01"), edge("EDGE01"), mailbox("ZZZ")]);
    let rollout = Rollout::new(request(Service::SMTP));
    assert_eq!(order(&plan(&fleet, &rollout)), ["mbx01", "MBX02", "ZZZ", "EDGE01", "EDGE02"]);
    let ordered = rollout.clone().with_order(["edge01", "MBX01", "zzz.contoso.com"]);
    assert_eq!(order(&plan(&fleet, &ordered)), ["EDGE01", "mbx01", "ZZZ"]);
}

#[test]
fn an_order_and_answers_name_servers_of_the_fleet_and_each_once() {
    let fleet = fleet(&[mailbox("MBX01"), mailbox("MBX02")]);
    let rollout = || Rollout::new(request(Service::SMTP));
    let error = |rollout| fleet.roll_out(&Policy::default(), &rollout, now()).unwrap_err().to_string();
    assert_eq!(error(rollout().with_order(["MBX01", "MBX03"])), "servers: there is no server `MBX03`");
    assert_eq!(error(rollout().with_order(["MBX01", "MBX02", "mbx01"])), "servers: `mbx01` is listed twice");
    let by_fqdn = rollout().with_order(["MBX01", "mbx01.contoso.com"]);
    assert_eq!(error(by_fqdn), "servers: `mbx01.contoso.com` is listed twice");
    assert_eq!(error(rollout().with_answer("MBX03", Answer::Keep)), "answers: there is no server `MBX03`");
}

#[test]
fn an_answer_for_one_server_goes_before_the_answer_for_all() {
    let fleet = fleet(&[mailbox("MBX01"), mailbox("MBX02"), mailbox("MBX03")]);
    let defaults = |rollout: &Rollout| {
        let plan = plan(&fleet, rollout);
        let replaced = plan.servers().map(|(_, outcome)| match outcome {
            Ok(plan) => Some(plan.default_smtp().value() == Some(thumbprint(&new()))),
            Err(no_plan) => no_plan.decision().map(|_| None).unwrap(),
        });
        replaced.collect::<Vec<_>>()
    };
    let unanswered = Rollout::new(Request::assign(thumbprint(&new()), Service::SMTP));
    assert_eq!(defaults(&unanswered), [None, None, None]);
    let one = unanswered.with_answer("mbx02", Answer::Keep).with_answer("MBX03.contoso.com", Answer::Replace);
    assert_eq!(defaults(&one), [None, Some(false), Some(true)]);
    let all = Rollout::new(request(Service::SMTP)).with_answer("MBX01", Answer::Replace);
    assert_eq!(defaults(&all), [Some(true), Some(false), Some(false)]);
}

#[test]
fn the_answer_names_the_outcome_of_each_server_and_what_is_left_over() {
    let undecided = with(mailbox("MBX03"), "IIS");
    let mut known = mailbox("MBX01");
    known["default_smtp"] = json!("none");
    let fleet = fleet(&[known, without(mailbox("MBX02")), undecided, with(mailbox("MBX04"), "IIS, SMTP")]);
    let rollout = Rollout::new(Request::assign(thumbprint(&new()), Service::IIS | Service::SMTP));
    let all = plan(&fleet, &rollout);
    assert!(all.is_refused() && !all.is_complete());
    let answer = serde_json::to_value(&all).unwrap();
    assert_eq!((&answer["outcome"], &answer["thumbprint"]), (&json!("refused"), &json!(thumbprint(&new()))));
    let entries = answer["servers"].as_array().unwrap();
    let outcomes: Vec<_> = entries.iter().map(|entry| (&entry["server"], &entry["outcome"])).collect();
    let expected = [("MBX01", "assigned"), ("MBX02", "refused"), ("MBX03", "decision-required"), ("MBX04", "assigned")];
    assert_eq!(
        outcomes,
        expected
            .map(|(server, outcome)| (json!(server), json!(outcome)))
            .iter()
            .map(|(a, b)| (a, b))
            .collect::<Vec<_>>()
    );
    assert_eq!((&entries[0]["added"], &entries[3]["added"]), (&json!("IIS, SMTP"), &json!("None")));
    assert_eq!(answer["script"], json!(lines(&all)));
    // The third has IIS already.
    let rest = json!([{ "server": "MBX02", "services": "IIS, SMTP" }, { "server": "MBX03", "services": "SMTP" }]);
    assert_eq!(answer["left_over"], rest);

    let decided = plan(&fleet, &rollout.clone().with_order(["MBX01", "MBX03"]));
    assert!(!decided.is_refused() && !decided.is_complete());
    assert_eq!(serde_json::to_value(&decided).unwrap()["outcome"], "decision-required");
    assert_eq!(left(decided.left_over()), [("MBX03".to_owned(), Service::SMTP)]);
    let complete = plan(&fleet, &rollout.with_answer("MBX03", Answer::Keep).with_order(["MBX01", "MBX03", "MBX04"]));
    assert!(complete.is_complete() && complete.left_over().is_empty());
    assert_eq!(serde_json::to_value(&complete).unwrap()["outcome"], "assigned");
}

#[test]
fn if_a_script_stops_that_server_and_all_after_it_are_left_over() {
    let fleet = fleet(&[
        mailbox("MBX01"),
        without(mailbox("MBX02")),
        mailbox("MBX03"),
        with(mailbox("MBX04"), "IIS, SMTP"),
        with(mailbox("MBX05"), "IIS"),
    ]);
    let plan = plan(&fleet, &Rollout::new(request(Service::IIS | Service::SMTP)));
    let both = Service::IIS | Service::SMTP;
    let at = |server: &str| left(plan.left_over_at(server));
    let entry = |server: &str, services| (server.to_owned(), services);
    let (second, third, fifth) = (entry("MBX02", both), entry("MBX03", both), entry("MBX05", Service::SMTP));
    assert_eq!(at("MBX01"), [entry("MBX01", both), second.clone(), third.clone(), fifth.clone()]);
    assert_eq!(at("mbx03"), [second.clone(), third, fifth.clone()]);
    assert_eq!(at("MBX04"), [second.clone(), fifth.clone()], "there is nothing to do on the fourth itself");
    assert_eq!(at("MBX05"), [second.clone(), fifth]);
    assert_eq!(left(plan.left_over()), [second]);
}

#[test]
fn a_default_certificate_that_is_to_be_replaced_is_left_over_too() {
    let mut undecided = with(mailbox("MBX01"), "SMTP");
    undecided["certificates"][2]["has_private_key"] = json!(false);
    let fleet = fleet(&[undecided]);
    let rollout = Rollout::new(request(Service::SMTP).with_default_smtp(Answer::Replace));
    assert_eq!(left(plan(&fleet, &rollout).left_over()), [("MBX01".to_owned(), Service::SMTP)]);
    // Nothing is in question where the default one stays.
    assert!(plan(&fleet, &Rollout::new(request(Service::SMTP))).is_complete());
}

#[test]
fn the_script_has_a_block_for_each_server_that_has_something_to_do() {
    let servers = [mailbox("MBX01"), with(mailbox("MBX02"), "IIS, SMTP"), without(mailbox("MBX03")), mailbox("MBX04")];
    let plan = plan(&fleet(&servers), &Rollout::new(request(Service::IIS | Service::SMTP)));
    let thumbprint = thumbprint(&new());
    let block = |server: &str| {
        vec![
            "# The next server:".to_owned(),
            format!("Enable-ExchangeCertificate -Thumbprint {thumbprint} -Services IIS -Server {server}"),
            "# Answer No when asked whether to overwrite the default SMTP certificate: Enter alone means Yes."
                .to_owned(),
            format!("Enable-ExchangeCertificate -Thumbprint {thumbprint} -Services SMTP -Server {server}"),
            format!(
                "if ('IIS','SMTP' | Where-Object {{ \"$((Get-ExchangeCertificate -Thumbprint {thumbprint} -Server {server}).Services)\" \
                 -split ', ' -notcontains $_ }}) {{ throw 'The services are not assigned: nothing after this line was done.' }}"
            ),
        ]
    };
    let expected = [vec!["$ErrorActionPreference = 'Stop'".to_owned()], block("MBX01"), block("MBX04")].concat();
    assert_eq!(lines(&plan), expected);
}

#[test]
fn an_edge_block_names_its_server_and_no_other_parameter_does() {
    let fleet = fleet(&[edge("EDGE01")]);
    let plan = plan(&fleet, &Rollout::new(request(Service::SMTP).with_default_smtp(Answer::Replace)));
    let lines = lines(&plan);
    assert_eq!(lines[1], "# On the Edge Transport server itself:");
    assert!(lines[2].starts_with("if ($env:COMPUTERNAME -ne 'EDGE01') { throw '"), "{}", lines[2]);
    assert!(lines[3].starts_with("Enable-ExchangeCertificate") && lines[3].ends_with("-Services SMTP -Force"));
    assert!(lines.iter().all(|line| !line.contains("-Server ")), "{lines:#?}");
}

#[test]
fn a_rollout_with_nothing_to_do_has_no_script() {
    let fleet = fleet(&[with(mailbox("MBX01"), "IIS, SMTP"), without(mailbox("MBX02"))]);
    let nothing = plan(&fleet, &Rollout::new(request(Service::IIS | Service::SMTP)));
    assert!(nothing.script().is_empty());
}

#[test]
fn a_rollout_needs_an_assignment_and_servers() {
    let fleet = fleet(&[mailbox("MBX01")]);
    let error = |fleet: &Fleet, rollout: &Rollout| fleet.roll_out(&Policy::default(), rollout, now()).unwrap_err();
    let rollout = Rollout::new(request(Service::IIS));
    assert_eq!(error(&Fleet::new(), &rollout), RolloutError::NoServers);
    assert_eq!(error(&fleet, &rollout.with_order::<String>([])), RolloutError::NoServers);
    let removal = Rollout::new(Request::remove(thumbprint(&new())));
    assert_eq!(error(&fleet, &removal), RolloutError::Removal);
}

/// A fleet of three whose servers all know of one connector.
fn connected(servers: [Value; 3], connector: &Value) -> Fleet {
    let connect = |mut server: Value| {
        server["connectors"] = json!([connector]);
        server
    };
    fleet(&servers.map(connect))
}

fn three() -> [Value; 3] {
    ["MBX01", "MBX02", "MBX03"].map(mailbox)
}

/// The server of the block after which connectors move, once for each line that moves one.
fn moved_after(plan: &RolloutPlan) -> Vec<String> {
    let mut server = String::new();
    let mut moved = Vec::new();
    for line in plan.script() {
        match line {
            Line::Check { show, .. } => server = show.to_string().split(' ').next_back().unwrap().to_owned(),
            Line::Command(command) if command.to_string().starts_with("Set-SendConnector") => {
                moved.push(server.clone());
            }
            _ => {}
        }
    }
    moved
}

#[test]
fn a_connector_moves_once_after_the_last_server_that_it_names() {
    let rollout = Rollout::new(request(Service::SMTP)).with_connector_names(ConnectorNames::Update);
    for (servers, after) in [
        (&["MBX01"][..], "MBX01"),
        (&["mbx02.contoso.com", "MBX01"], "MBX02"),
        (&["MBX01", "MBX03"], "MBX03"),
        (&[], "MBX03"),
    ] {
        let mut fleet = connected(three(), &connector("Outbound", &old(), servers));
        let planned = plan(&fleet, &rollout);
        assert_eq!(moved_after(&planned), [after], "{servers:?}");
        fleet.apply(&planned, now()).unwrap();
        let name = TlsCertificateName::of(&new().build());
        assert!(
            fleet
                .servers()
                .all(|server| server.connectors().next().unwrap().tls_certificate_name().value() == Some(&name))
        );
        assert!(plan(&fleet, &rollout).script().is_empty(), "{servers:?}");
    }
    let reversed = rollout.clone().with_order(["MBX03", "MBX02", "MBX01"]);
    let fleet = connected(three(), &connector("Outbound", &old(), &["MBX01", "MBX03"]));
    assert_eq!(moved_after(&plan(&fleet, &reversed)), ["MBX01"]);
    assert!(moved_after(&plan(&fleet, &Rollout::new(request(Service::SMTP)))).is_empty(), "nobody asked for it");
}

#[test]
fn a_connector_stays_where_one_of_its_servers_would_lose_it() {
    let rollout = Rollout::new(request(Service::SMTP)).with_connector_names(ConnectorNames::Update);
    let outbound = connector("Outbound", &old(), &["MBX01", "MBX02"]);
    let moved = |servers, rollout: &Rollout, connector: &Value| {
        moved_after(&plan(&connected(servers, connector), rollout)).len()
    };
    let [first, second, third] = three();
    assert_eq!(moved([first.clone(), second.clone(), third.clone()], &rollout, &outbound), 1);
    assert_eq!(moved([first.clone(), without(second.clone()), third.clone()], &rollout, &outbound), 0, "refused");
    assert_eq!(moved([first.clone(), second.clone(), without(third.clone())], &rollout, &outbound), 1, "not named");
    let undecided = Rollout::new(Request::assign(thumbprint(&new()), Service::SMTP))
        .with_answer("MBX01", Answer::Keep)
        .with_answer("MBX03", Answer::Keep)
        .with_connector_names(ConnectorNames::Update);
    assert_eq!(moved(three(), &undecided, &outbound), 0, "it is not decided on one of them");
    let one = rollout.clone().with_order(["MBX01"]);
    assert_eq!(moved(three(), &one, &outbound), 0, "the other one is not in the order");
    let there = [first.clone(), with(second, "SMTP"), third];
    assert_eq!(moved(there, &one, &outbound), 1, "the other one has it already");
    assert_eq!(moved(three(), &rollout, &connector("Outbound", &old(), &["MBX01", "MBX09"])), 0, "not of the fleet");
    assert_eq!(moved(three(), &rollout, &connector("Outbound", &new(), &["MBX01"])), 0, "it has the name");
    let own = microsoft_exchange("MBX09");
    assert_eq!(moved(three(), &rollout, &connector("Outbound", &own, &["MBX01"])), 0, "it finds no certificate");
    let iis = Rollout::new(request(Service::IIS)).with_connector_names(ConnectorNames::Update);
    assert_eq!(moved(three(), &iis, &outbound), 0, "SMTP is not assigned");
}

#[test]
fn the_hybrid_configuration_moves_and_receive_connectors_stay() {
    let name = TlsCertificateName::of(&old().build());
    let mut servers = three();
    servers[0]["connectors"] = json!([
        { "kind": "Receive", "name": "From partners", "tls_certificate_name": name },
        { "kind": "Hybrid", "name": "Hybrid Configuration", "tls_certificate_name": name }
    ]);
    let mut fleet = fleet(&servers);
    let rollout = Rollout::new(request(Service::SMTP)).with_connector_names(ConnectorNames::Update);
    let planned = plan(&fleet, &rollout);
    let last = lines(&planned).pop().unwrap();
    assert!(last.starts_with("Set-HybridConfiguration -TlsCertificateName '<I>CN=Contoso Issuing CA 2,"), "{last}");
    fleet.apply(&planned, now()).unwrap();
    let connectors: Vec<_> = fleet.get("MBX01").unwrap().connectors().collect();
    let [hybrid, receive] = connectors[..] else { panic!("{connectors:?}") };
    assert!(hybrid.names(&new().build()) && receive.names(&old().build()));
}

#[test]
fn a_rollout_that_stops_is_planned_again_for_exactly_the_rest() {
    let servers = [mailbox("MBX01"), mailbox("MBX02"), with(mailbox("MBX03"), "IIS"), mailbox("MBX04"), edge("EDGE01")];
    let whole = fleet(&servers);
    let rollout = Rollout::new(request(Service::SMTP)).with_answer("MBX02", Answer::Replace);
    let planned = plan(&whole, &rollout);
    let all = lines(&planned);
    let names = order(&planned);
    let mut done = whole.clone();
    done.apply(&planned, now()).unwrap();
    for count in 0..=names.len() {
        let state = |name: &&str| if names[..count].contains(name) { done.get(name) } else { whole.get(name) };
        let mut stopped = Fleet::new();
        for name in &names {
            stopped.insert(state(name).unwrap().clone()).unwrap();
        }
        let again = plan(&stopped, &rollout);
        assert!(again.is_complete());
        let rest = lines(&again);
        assert_eq!(rest.is_empty(), count == names.len());
        assert!(all.ends_with(rest.get(1..).unwrap_or_default()), "{rest:#?}");
        let busy = again.servers().filter(|(_, outcome)| outcome.as_ref().is_ok_and(|plan| !plan.script().is_empty()));
        assert_eq!(busy.map(|(name, _)| name).collect::<Vec<_>>(), names[count..]);
        if let Some(next) = names.get(count) {
            assert_eq!(planned.left_over_at(next), again.left_over_at(next));
        }
        stopped.apply(&again, now()).unwrap();
        assert_eq!(stopped, done);
    }
}

#[test]
fn a_rollout_that_is_stale_stops_at_that_server() {
    let fleet_before = fleet(&three());
    let planned = plan(&fleet_before, &Rollout::new(request(Service::SMTP)));
    let [first, second, third] = three();
    let mut changed = fleet(&[first, without(second), third]);
    let error = changed.apply(&planned, now()).unwrap_err();
    let RolloutStopped::NoPlan { server, reason } = &error else { panic!("{error}") };
    assert!(matches!(**reason, NoPlan::Stale(_)) && reason.has("certificate-not-installed"), "{error}");
    assert!(error.to_string().starts_with(&format!("`{server}`: ")), "{error}");
    let has = |name: &str| {
        changed.get(name).unwrap().installed(thumbprint(&new())).is_some_and(|installed| installed.has(Service::SMTP))
    };
    assert_eq!(["MBX01", "MBX02", "MBX03"].map(has), [true, false, false]);
}
