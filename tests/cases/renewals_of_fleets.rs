//! The renewal of an organisation: one certificate, all servers, connectors once, what is old last.
#![allow(unreachable_pub)]

use exchange_certificates::{
    Answer, ConnectorNames, Fleet, LeftOver, Policy, Request, Rollout, RolloutError, RolloutPlan, RolloutStopped,
    Service, TlsCertificateName,
};
use serde_json::{Value, json};

use crate::support::factory::CertificateFactory;
use crate::support::servers::{
    connector, edge, fleet, installed, mailbox, microsoft_exchange, new, now, old, thumbprint,
};

/// The renewed certificate of the very same names and issuer.
fn alike() -> CertificateFactory {
    old().valid("2026-11-01T00:00:00Z", "2027-06-01T00:00:00Z")
}

/// A server on which the new certificate is not installed yet.
fn before(mut server: Value) -> Value {
    server["certificates"].as_array_mut().unwrap().pop();
    server
}

/// The same with connectors.
fn connected(mut server: Value, connectors: &[Value]) -> Value {
    server["connectors"] = json!(connectors);
    server
}

fn receive(server: &str, names: &CertificateFactory) -> Value {
    json!({ "kind": "Receive", "name": format!("Default Frontend {server}"), "fqdn": "mail.contoso.com",
        "tls_certificate_name": TlsCertificateName::of(&names.build()), "servers": [server] })
}

fn hybrid(names: &CertificateFactory) -> Value {
    json!({ "kind": "Hybrid", "name": "Hybrid Configuration",
        "tls_certificate_name": TlsCertificateName::of(&names.build()) })
}

fn renewing(new: &CertificateFactory) -> Rollout {
    let request = Request::renew(thumbprint(new)).with_default_smtp(Answer::Keep);
    Rollout::new(request.with_connector_names(ConnectorNames::Update)).with_certificate(new.build())
}

fn plan(fleet: &Fleet, rollout: &Rollout) -> RolloutPlan {
    fleet.roll_out(&Policy::default(), rollout, now()).unwrap()
}

fn lines(plan: &RolloutPlan) -> Vec<String> {
    plan.script().iter().map(ToString::to_string).collect()
}

/// The commands that change something, without what says how.
fn commands(plan: &RolloutPlan) -> Vec<String> {
    let is_command = |line: &&String| !line.starts_with(['#', '$']) && !line.starts_with("if ");
    lines(plan).iter().filter(is_command).cloned().collect()
}

fn answer(plan: &RolloutPlan) -> Value {
    serde_json::to_value(plan).unwrap()
}

fn name(certificate: &CertificateFactory) -> TlsCertificateName {
    TlsCertificateName::of(&certificate.build())
}

/// The names that the connectors of a server hold afterwards.
fn names(fleet: &Fleet, server: &str) -> Vec<Option<TlsCertificateName>> {
    let server = fleet.get(server).unwrap();
    server.connectors().map(|connector| connector.tls_certificate_name().value().cloned()).collect()
}

fn holds(fleet: &Fleet, server: &str, certificate: &CertificateFactory) -> bool {
    fleet.get(server).unwrap().installed(thumbprint(certificate)).is_some()
}

#[test]
fn all_servers_first_then_each_connector_once_and_the_old_certificates_last() {
    let shared = [connector("Outbound", &old(), &["MBX01", "MBX02"]), hybrid(&old())];
    let first = connected(before(mailbox("MBX01")), &[&shared[..], &[receive("MBX01", &old())]].concat());
    let mut fleet = fleet(&[first, connected(before(mailbox("MBX02")), &shared)]);
    let planned = plan(&fleet, &renewing(&new()));
    assert_eq!(planned.imports(), ["MBX01", "MBX02"]);
    let (old_one, new_one, to) = (thumbprint(&old()), thumbprint(&new()), name(&new()));
    assert_eq!(
        commands(&planned),
        [
            format!("Enable-ExchangeCertificate -Thumbprint {new_one} -Services IIS -Server MBX01"),
            format!("Enable-ExchangeCertificate -Thumbprint {new_one} -Services SMTP -Server MBX01"),
            format!("Enable-ExchangeCertificate -Thumbprint {new_one} -Services IIS -Server MBX02"),
            format!("Enable-ExchangeCertificate -Thumbprint {new_one} -Services SMTP -Server MBX02"),
            format!("Set-SendConnector -Identity Outbound -TlsCertificateName '{to}'"),
            format!("Set-HybridConfiguration -TlsCertificateName '{to}'"),
            format!(r"Set-ReceiveConnector -Identity 'MBX01\Default Frontend MBX01' -TlsCertificateName '{to}'"),
            format!("Remove-ExchangeCertificate -Thumbprint {old_one} -Server MBX01 -Confirm:$false"),
            format!("Remove-ExchangeCertificate -Thumbprint {old_one} -Server MBX02 -Confirm:$false"),
        ]
    );
    let answer = answer(&planned);
    assert_eq!(answer["outcome"], "replaced");
    assert_eq!(
        answer["connectors"],
        json!([
            { "kind": "Send", "name": "Outbound", "from": name(&old()), "to": to, "after": ["MBX01", "MBX02"] },
            { "kind": "Hybrid", "name": "Hybrid Configuration", "from": name(&old()), "to": to, "after": ["MBX01", "MBX02"] },
            { "kind": "Receive", "name": "Default Frontend MBX01", "from": name(&old()), "to": to, "after": ["MBX01"] },
        ])
    );
    let removals = json!([{ "server": "MBX01", "thumbprint": old_one }, { "server": "MBX02", "thumbprint": old_one }]);
    assert_eq!((&answer["removals"], &answer["left_over"]), (&removals, &json!([])));

    fleet.apply(&planned, now()).unwrap();
    for server in ["MBX01", "MBX02"] {
        assert!(holds(&fleet, server, &new()) && !holds(&fleet, server, &old()));
        assert!(names(&fleet, server).iter().all(|name| name.as_ref() == Some(&to)), "{server}");
    }
    let again = fleet.roll_out(&Policy::default(), &renewing(&new()), now()).unwrap_err();
    assert!(again.to_string().contains("; it is assigned already on `MBX01`, `MBX02`"), "{again}");
}

#[test]
fn of_the_same_names_all_old_certificates_go_while_transport_is_stopped_once() {
    let shared = [connector("Outbound", &old(), &["MBX01", "MBX02", "MBX09"])];
    let servers = ["MBX01", "MBX02", "MBX03"].map(|name| connected(before(mailbox(name)), &shared));
    let mut fleet = fleet(&servers);
    let planned = plan(&fleet, &renewing(&alike()));
    let (old_one, kept) = (thumbprint(&old()), name(&old()));
    let commands = commands(&planned);
    let stopped: Vec<_> = ["MBX01", "MBX02", "MBX09"]
        .map(|server| {
            format!("Invoke-Command -ComputerName {server} -ScriptBlock {{ Stop-Service MSExchangeTransport }}")
        })
        .to_vec();
    let removed = ["MBX01", "MBX02", "MBX03"]
        .map(|server| format!("Remove-ExchangeCertificate -Thumbprint {old_one} -Server {server} -Confirm:$false"));
    let started = stopped.iter().map(|line| line.replace("Stop-", "Start-"));
    let cleared = "Set-SendConnector -Identity Outbound -TlsCertificateName $null".to_owned();
    let set = format!("Set-SendConnector -Identity Outbound -TlsCertificateName '{kept}'");
    let end: Vec<_> = stopped.iter().cloned().chain([cleared]).chain(removed).chain([set]).chain(started).collect();
    assert_eq!(commands[6..], end);
    assert!(planned.connectors().is_empty(), "there is nothing to set");
    let last = planned.blocks().last().unwrap().text();
    assert!(last.find("Remove-").unwrap() < last.find("finally").unwrap(), "{last}");

    fleet.apply(&planned, now()).unwrap();
    assert!(["MBX01", "MBX02", "MBX03"].iter().all(|server| !holds(&fleet, server, &old())));
    assert_eq!(names(&fleet, "MBX01"), [Some(kept)]);
}

/// Why a server stands still.
fn refusing() -> Value {
    let mut server = before(mailbox("MBX02"));
    server["certificates"][1]["services"] = json!("IMAP, IIS, SMTP");
    server["version"] = json!("2016");
    // The old certificate is the one of the Exchange Back End, too.
    server["certificates"][1]["web_sites"] = json!([1, 2]);
    server
}

#[test]
fn a_server_that_refuses_keeps_the_names_of_its_connectors_and_every_certificate_that_they_need() {
    let shared = [
        connector("Of both", &old(), &["MBX01", "MBX02"]),
        connector("Of one", &old(), &["MBX01"]),
        connector("Of others", &microsoft_exchange("MBX09"), &["MBX02"]),
    ];
    let servers = [before(mailbox("MBX01")), refusing(), before(mailbox("MBX03"))];
    let mut fleet = fleet(&servers.map(|server| connected(server, &shared)));
    let planned = plan(&fleet, &renewing(&new()));
    let answer = answer(&planned);
    assert_eq!(answer["outcome"], "refused");
    let outcomes: Vec<_> = answer["servers"].as_array().unwrap().iter().map(|entry| &entry["outcome"]).collect();
    assert_eq!(outcomes, ["replaced", "refused", "replaced"]);
    assert!(planned.has("removes-back-end-certificate"));
    let moved: Vec<_> = planned.connectors().iter().map(|moved| moved.connector().name()).collect();
    assert_eq!(moved, ["Of one"]);
    assert!(planned.removals().is_empty(), "a name still needs it on each of the servers");
    let stays = |server: &str| LeftOver::Certificate {
        server: server.into(),
        thumbprint: thumbprint(&old()),
        connectors: vec!["Of both".into()],
    };
    let kept = LeftOver::Connector {
        kind: exchange_certificates::ConnectorKind::Send,
        connector: "Of both".into(),
        lacking: vec!["MBX02".into()],
    };
    let left = planned.left_over();
    assert!(
        matches!(&left[0], LeftOver::Services { server, services } if server == "MBX02" && services.contains(Service::SMTP))
    );
    assert_eq!(left[1..], [kept, stays("MBX01"), stays("MBX03")]);
    assert!(!lines(&planned).iter().any(|line| line.contains("Remove-") || line.contains("MBX02")));

    fleet.apply(&planned, now()).unwrap();
    for server in ["MBX01", "MBX02", "MBX03"] {
        assert!(holds(&fleet, server, &old()), "{server}");
    }
    let [of_both, of_one] = [0, 1].map(|index| names(&fleet, "MBX02")[index].clone().unwrap());
    assert_eq!((of_both, of_one), (name(&old()), name(&new())));
}

#[test]
fn a_source_server_that_is_not_known_to_have_the_certificate_keeps_the_name() {
    // One that the fleet does not know, and one on which nothing is renewed.
    let mut bare = before(mailbox("MBX02"));
    bare["certificates"].as_array_mut().unwrap().pop();
    for servers in [&["MBX01", "MBX09"][..], &["MBX01", "mbx02.contoso.com"]] {
        let shared = [connector("Outbound", &old(), servers)];
        let fleet = fleet(&[connected(before(mailbox("MBX01")), &shared), connected(bare.clone(), &shared)]);
        let planned = plan(&fleet, &renewing(&new()));
        assert_eq!(planned.skipped(), ["MBX02"]);
        assert!(planned.is_refused() && planned.connectors().is_empty() && planned.removals().is_empty());
        let lacks = if servers[1] == "MBX09" { "MBX09" } else { "MBX02" };
        assert_eq!(answer(&planned)["left_over"][0]["lacking"], json!([lacks]));
        assert!(!planned.has("send-server-lacks"), "over a fleet it is refused, and not warned of");
        assert_eq!(commands(&planned).len(), 2, "it is assigned all the same");
    }
    // Where the other one has it already, the name moves there too, which nobody asked for.
    let mut there = mailbox("MBX02");
    there["certificates"].as_array_mut().unwrap().remove(1);
    there["certificates"][1] = installed(&new(), "SMTP", &[]);
    let shared = [connector("Outbound", &old(), &["MBX01", "MBX02"])];
    let fleet = fleet(&[connected(before(mailbox("MBX01")), &shared), connected(there, &shared)]);
    let planned = plan(&fleet, &renewing(&new()));
    assert!(planned.is_complete() && planned.connectors().len() == 1);
    let said = planned.diagnostics();
    assert_eq!(said.iter().map(|said| said.rule()).collect::<Vec<_>>(), ["endpoint-changes"]);
    let facts = serde_json::to_value(&said[0]).unwrap();
    assert_eq!(facts["facts"]["servers"], json!(["MBX02"]));
    assert_eq!(facts["facts"]["endpoints"], json!(["send/Outbound@MBX02"]));
}

#[test]
fn what_is_kept_assigns_and_moves_names_and_removes_nothing() {
    let shared = [connector("Outbound", &old(), &["MBX01", "MBX02"])];
    let servers = ["MBX01", "MBX02"].map(|name| connected(before(mailbox(name)), &shared));
    let mut fleet = fleet(&servers);
    let keeping = |new: &CertificateFactory| {
        let request = Request::renew(thumbprint(new)).with_default_smtp(Answer::Keep).keeping_old();
        Rollout::new(request.with_connector_names(ConnectorNames::Update)).with_certificate(new.build())
    };
    let of_same_names = plan(&fleet, &keeping(&alike()));
    assert_eq!(commands(&of_same_names).len(), 4, "nothing is stopped where nothing is removed");
    let planned = plan(&fleet, &keeping(&new()));
    assert!(planned.is_complete() && planned.removals().is_empty() && planned.left_over().is_empty());
    assert_eq!(planned.connectors().len(), 1);
    fleet.apply(&planned, now()).unwrap();
    assert!(holds(&fleet, "MBX01", &old()) && holds(&fleet, "MBX02", &old()));
    assert_eq!(names(&fleet, "MBX01"), [Some(name(&new()))]);
}

#[test]
fn a_server_that_is_to_be_asked_keeps_names_until_it_is_answered() {
    let shared = [connector("Outbound", &old(), &["MBX01", "MBX02"])];
    let fleet = fleet(&["MBX01", "MBX02"].map(|name| connected(before(mailbox(name)), &shared)));
    let open = Request::renew(thumbprint(&new())).with_connector_names(ConnectorNames::Update);
    let open = Rollout::new(open).with_certificate(new().build());
    let planned = plan(&fleet, &open.clone().with_answer("MBX01", Answer::Keep));
    assert_eq!(answer(&planned)["outcome"], "decision-required");
    assert!(planned.connectors().is_empty() && planned.removals().is_empty());
    let answered = open.with_answer("MBX01", Answer::Keep).with_answer("mbx02.contoso.com", Answer::Replace);
    let planned = plan(&fleet, &answered);
    assert!(planned.is_complete() && planned.connectors().len() == 1 && planned.removals().len() == 2);
    assert!(commands(&planned).iter().any(|line| line.ends_with("-Services SMTP -Server MBX02 -Force")));
}

/// A Mailbox server, and an Edge Transport server that has a connector of its own.
fn with_edge(is_subscribed: bool) -> Fleet {
    let mut edge = edge("EDGE01");
    edge["certificates"][1] = installed(&old(), "SMTP", &[]);
    edge["certificates"].as_array_mut().unwrap().pop();
    edge["edge_subscribed"] = json!(is_subscribed);
    let own = connector("To partners", &old(), &["EDGE01"]);
    let inside = json!({ "kind": "Send", "name": "To partners", "servers": ["MBX01"] });
    fleet(&[connected(before(mailbox("MBX01")), &[inside]), connected(edge, &[own])])
}

#[test]
fn an_edge_transport_server_is_done_on_itself_and_its_own_connector_with_it() {
    let mut fleet = with_edge(false);
    let planned = plan(&fleet, &renewing(&new()));
    let lines = lines(&planned);
    let on_edge = lines.iter().filter(|line| line.starts_with("# On the Edge")).count();
    assert_eq!(on_edge, 3, "to assign, to name and to remove: {lines:#?}");
    let set = lines.iter().position(|line| line.starts_with("Set-SendConnector")).unwrap();
    assert!(lines[set - 1].starts_with("if ($env:COMPUTERNAME -ne 'EDGE01')"), "{lines:#?}");
    fleet.apply(&planned, now()).unwrap();
    assert_eq!(names(&fleet, "EDGE01"), [Some(name(&new()))]);
    assert_eq!(names(&fleet, "MBX01"), [None]);
    assert!(!holds(&fleet, "EDGE01", &old()));
}

#[test]
fn on_a_subscribed_edge_transport_server_no_send_connector_is_set() {
    let mut fleet = with_edge(true);
    let planned = plan(&fleet, &renewing(&new()));
    assert!(planned.has("recreate-edge-subscription") && !planned.is_refused());
    assert!(!commands(&planned).iter().any(|line| line.starts_with("Set-SendConnector")));
    let stays = LeftOver::Certificate {
        server: "EDGE01".into(),
        thumbprint: thumbprint(&old()),
        connectors: vec!["To partners".into()],
    };
    assert_eq!(planned.left_over(), [stays]);
    fleet.apply(&planned, now()).unwrap();
    assert!(holds(&fleet, "EDGE01", &old()) && !holds(&fleet, "MBX01", &old()));
}

#[test]
fn what_edge_sync_gives_to_an_edge_server_holds_the_old_certificate_there() {
    let mut edge = edge("EDGE01");
    edge["certificates"][1] = installed(&old(), "SMTP", &[]);
    edge["certificates"].as_array_mut().unwrap().pop();
    edge["edge_subscribed"] = json!(true);
    let shared = [connector("Outbound", &old(), &["EDGE01"])];
    let fleet = fleet(&[connected(before(mailbox("MBX01")), &shared), connected(edge, &shared)]);
    let planned = plan(&fleet, &renewing(&alike()));
    let removals: Vec<_> = planned.removals().iter().map(|removal| removal.server.as_str()).collect();
    assert_eq!(removals, ["MBX01"]);
    assert!(matches!(&planned.left_over()[..], [LeftOver::Certificate { server, .. }] if server == "EDGE01"));
    assert!(!commands(&planned).iter().any(|line| line.contains("EDGE01")), "nobody reaches it from inside");
}

#[test]
fn a_renewal_is_carried_out_as_a_whole_or_not_at_all() {
    let shared = [connector("Outbound", &old(), &["MBX01", "MBX02"])];
    let servers = ["MBX01", "MBX02"].map(|name| connected(before(mailbox(name)), &shared));
    let planned = plan(&fleet(&servers), &renewing(&new()));
    let mut changed = servers.clone();
    changed[1]["certificates"][1]["status"] = json!("Revoked");
    changed[1]["default_smtp"] = json!(thumbprint(&old()));
    let mut changed = fleet(&changed);
    let as_it_was = changed.clone();
    let error = changed.apply(&planned, now()).unwrap_err();
    assert!(matches!(error, RolloutStopped::Stale { .. }), "{error}");
    assert_eq!(changed, as_it_was);
    // Another connector of the organisation has come.
    let more = [&shared[..], &[connector("Another", &old(), &["MBX02"])]].concat();
    let mut more = fleet(&servers.map(|server| connected(server, &more)));
    assert!(matches!(more.apply(&planned, now()).unwrap_err(), RolloutStopped::Stale { .. }));
}

#[test]
fn what_is_renewed_is_found_best_first() {
    let mut other = before(mailbox("MBX02"));
    let partial = old().dns_names(["mail.contoso.com"]);
    other["certificates"].as_array_mut().unwrap().push(installed(&partial, "POP", &[]));
    let fleet = fleet(&[before(mailbox("MBX01")), other]);
    let found: Vec<_> = fleet.renewals(&new().build()).into_iter().map(|it| (it.thumbprint, it.servers)).collect();
    let both = ["MBX01", "MBX02"].map(str::to_owned).to_vec();
    assert_eq!(found, [(thumbprint(&old()), both), (thumbprint(&partial), vec!["MBX02".to_owned()])]);
    // A wildcard certificate covers the names of the servers' own certificates, too: those are no better for it.
    let wildcard = CertificateFactory::new("*.contoso.com").not_after("2027-06-01T00:00:00Z");
    assert_eq!(fleet.renewals(&wildcard.build())[0].thumbprint, thumbprint(&old()));
}

#[test]
fn where_nothing_is_renewed_the_nearest_is_named_with_the_names_that_lack() {
    let fleet = fleet(&[before(mailbox("MBX01"))]);
    let short = new().dns_names(["mail.contoso.com"]);
    let error = fleet.roll_out(&Policy::default(), &renewing(&short), now()).unwrap_err().to_string();
    let (new_one, old_one) = (thumbprint(&short), thumbprint(&old()));
    assert_eq!(
        error,
        format!(
            "thumbprint: {new_one} renews no certificate that has a service; nearest is {old_one} on `MBX01`, but the \
             new certificate lacks `autodiscover.contoso.com`"
        )
    );
    let unknown = Rollout::new(Request::renew(new_one));
    let error = fleet.roll_out(&Policy::default(), &unknown, now()).unwrap_err();
    assert_eq!(error, RolloutError::NotGiven { thumbprint: new_one });
    let other = Rollout::new(Request::renew(new_one)).with_certificate(old().build());
    let error = fleet.roll_out(&Policy::default(), &other, now()).unwrap_err();
    assert_eq!(error, RolloutError::AnotherGiven { given: old_one, thumbprint: new_one });
}

#[test]
fn a_policy_may_make_a_refusal_of_what_nobody_asked_for() {
    let mut there = mailbox("MBX02");
    there["certificates"].as_array_mut().unwrap().remove(1);
    there["certificates"][1] = installed(&new(), "SMTP", &[]);
    let shared = [connector("Outbound", &old(), &["MBX01", "MBX02"])];
    let mut fleet = fleet(&[connected(before(mailbox("MBX01")), &shared), connected(there, &shared)]);
    let policy: Policy = serde_json::from_value(json!({ "raise": { "endpoint-changes": "refuse" } })).unwrap();
    let planned = fleet.roll_out(&policy, &renewing(&new()), now()).unwrap();
    assert!(planned.is_refused() && planned.script().is_empty() && planned.blocks().is_empty());
    let as_it_was = fleet.clone();
    assert!(matches!(fleet.apply(&planned, now()).unwrap_err(), RolloutStopped::Refused));
    assert_eq!(fleet, as_it_was);
}

#[test]
fn one_server_is_renewed_by_the_best_of_what_it_has() {
    let fleet = fleet(&[mailbox("MBX01")]);
    let server = fleet.get("MBX01").unwrap();
    let request = Request::renew(thumbprint(&new())).with_default_smtp(Answer::Keep);
    let renewed = exchange_certificates::plan(server, &request, now()).unwrap();
    let replaced = Request::replace(thumbprint(&old()), thumbprint(&new())).with_default_smtp(Answer::Keep);
    assert_eq!(renewed.request(), &replaced);
    let nothing = Request::renew(thumbprint(&microsoft_exchange("MBX01")));
    let no_plan = exchange_certificates::plan(server, &nothing, now()).unwrap_err();
    assert!(no_plan.has("certificate-not-installed"), "{no_plan}");
}
