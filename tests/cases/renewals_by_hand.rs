//! Renewals of small organisations, answered by the text alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::support::comparison::{NOT_INSTALLED, organization};
use crate::support::decision_table::organization::{
    Kept, LeftOut, OrganizationFacts, RenewalFacts, Renewed, Standing, renew,
};
use crate::support::decision_table::{
    Answer, CertificateFacts, CertificateName, ConnectorFacts, ConnectorKind, DefaultSmtp, Fact, IIS, Outcome, Role,
    SMTP, ServerFacts, Version,
};
use crate::support::interpreter::Organisation;
use crate::support::pool::{
    EMPTY_SUBJECT_RENEWED, HEALTHY, NOW, OTHER_FIRST, OTHER_ISSUER, POOL, RENEWED, SELF_SIGNED, SELF_SIGNED_MAIL,
    WILDCARD_LATER, seconds,
};

/// Places of a server's certificates.
pub(super) const OLD: usize = 1;
pub(super) const NEW: usize = 2;

pub(super) fn certificate(place: usize, services: u8, sites: &[u32]) -> CertificateFacts {
    CertificateFacts { services: Some(services), web_sites: Some(sites.to_vec()), ..POOL[place].facts.clone() }
}

pub(super) fn thumbprint(place: usize) -> String {
    POOL[place].facts.thumbprint.clone()
}

/// With its own default, the old certificate and the new one, which nothing is assigned to.
pub(super) fn mailbox(name: &str, new: usize) -> ServerFacts {
    ServerFacts {
        name: name.to_owned(),
        fqdn: Some(format!("{}.contoso.com", name.to_lowercase())),
        version: Version::Se,
        imap_certificate_name: Fact::Null,
        pop_certificate_name: Fact::Null,
        default_smtp: DefaultSmtp::Installed(0),
        certificates: vec![
            certificate(SELF_SIGNED, IIS | SMTP, &[2]),
            certificate(HEALTHY, IIS | SMTP, &[1]),
            certificate(new, 0, &[]),
        ],
        ..ServerFacts::default()
    }
}

pub(super) fn edge(name: &str, new: usize) -> ServerFacts {
    let mut server = ServerFacts { roles: vec![Role::Edge], ..mailbox(name, new) };
    for (it, services) in server.certificates.iter_mut().zip([SMTP, SMTP, 0]) {
        (it.services, it.web_sites) = (Some(services), Some(Vec::new()));
    }
    server
}

pub(super) fn connector(kind: ConnectorKind, names: usize, servers: &[&str]) -> ConnectorFacts {
    let name = if kind == ConnectorKind::Hybrid { "Hybrid Configuration" } else { "Outbound" };
    ConnectorFacts {
        kind,
        name: name.to_owned(),
        tls_certificate_name: Fact::Value(CertificateName::of(&POOL[names].facts)),
        servers: servers.iter().map(|name| (*name).to_owned()).collect(),
        ..ConnectorFacts::default()
    }
}

pub(super) fn send(servers: &[&str]) -> ConnectorFacts {
    connector(ConnectorKind::Send, HEALTHY, servers)
}

fn organisation(new: usize, servers: Vec<ServerFacts>, connectors: Vec<ConnectorFacts>) -> OrganizationFacts {
    OrganizationFacts {
        now: seconds(NOW),
        servers,
        connectors,
        auth: None,
        not_read: Vec::new(),
        request: RenewalFacts {
            new: POOL[new].facts.clone(),
            default_smtp: Some(Answer::Keep),
            ..RenewalFacts::default()
        },
    }
}

/// Two servers that have all, and what connects them.
pub(super) fn two(new: usize, connectors: Vec<ConnectorFacts>) -> OrganizationFacts {
    organisation(new, vec![mailbox("MBX01", new), mailbox("MBX02", new)], connectors)
}

/// The new certificate has no key there.
fn refusing(mut facts: OrganizationFacts, server: usize) -> OrganizationFacts {
    facts.servers[server].certificates[NEW].has_private_key = false;
    facts
}

fn asking(mut facts: OrganizationFacts, change: impl FnOnce(&mut RenewalFacts)) -> OrganizationFacts {
    change(&mut facts.request);
    facts
}

fn removed_on(renewed: &Renewed) -> Vec<usize> {
    renewed.removals.iter().map(|(server, _)| *server).collect()
}

fn left_out(renewed: &Renewed) -> Vec<(usize, LeftOut)> {
    renewed.left_out.iter().map(|(server, _, why)| (*server, *why)).collect()
}

fn kept(renewed: &Renewed) -> Vec<(usize, Vec<&str>)> {
    let shown = |it: &'_ Kept| it.connector;
    renewed.kept.iter().map(|it| (shown(it), it.lacking.iter().map(String::as_str).collect())).collect()
}

fn said(renewed: &Renewed, server: usize, rule: &str) -> bool {
    renewed.servers[server].diagnostics.iter().any(|it| it.rule == rule)
}

#[test]
fn a_name_moves_once_when_every_server_that_it_names_has_the_certificate() {
    let facts = two(OTHER_ISSUER, vec![send(&["MBX02", "mbx01.contoso.com"])]);
    let renewed = renew(&facts).unwrap();
    assert_eq!(renewed.outcome, Outcome::Replaced);
    assert_eq!((renewed.moved.len(), renewed.moved[0].after.as_slice()), (1, &[0, 1][..]));
    assert_eq!(renewed.moved[0].from, CertificateName::of(&POOL[HEALTHY].facts));
    assert_eq!(renewed.moved[0].to, CertificateName::of(&POOL[OTHER_ISSUER].facts));
    assert_eq!(renewed.removals, [(0, thumbprint(HEALTHY)), (1, thumbprint(HEALTHY))]);
    assert!(renewed.kept.is_empty() && renewed.left_out.is_empty() && renewed.imports.is_empty());
    for server in &renewed.servers {
        assert_eq!(server.standing, Standing::Planned { question: IIS | SMTP, added: IIS | SMTP, served: 0 });
        assert!(!server.after.has(OLD));
        let new = server.after.certificates.iter().find(|it| it.index == NEW).unwrap();
        assert_eq!((new.services, new.web_sites.as_deref()), (Some(IIS | SMTP), Some(&[1][..])));
        assert_eq!(server.after.default_smtp, DefaultSmtp::Installed(0));
    }
    assert!(!said(&renewed, 0, "send-server-lacks"));
}

#[test]
fn a_server_that_refuses_keeps_the_name_and_the_old_certificate_where_it_is_named() {
    let facts = refusing(two(OTHER_ISSUER, vec![send(&["MBX01", "MBX02"])]), 1);
    let renewed = renew(&facts).unwrap();
    assert_eq!(renewed.outcome, Outcome::Refused);
    assert!(
        matches!(renewed.servers[1].standing, Standing::Refused { .. }) && said(&renewed, 1, "private-key-missing")
    );
    assert_eq!(kept(&renewed), [(0, vec!["MBX02"])]);
    assert!(renewed.moved.is_empty() && renewed.removals.is_empty());
    assert_eq!(left_out(&renewed), [(0, LeftOut::KeptName)]);
    assert!(renewed.servers[0].after.has(OLD) && renewed.servers[1].after.has(OLD));
    assert_eq!(renewed.servers[0].after.certificates[NEW].services, Some(IIS | SMTP), "it goes on there");
    assert_eq!(renewed.servers[1].after.certificates[NEW].services, Some(0));
}

#[test]
fn what_a_refusing_server_has_no_part_in_goes_on() {
    let facts = refusing(two(OTHER_ISSUER, vec![send(&["MBX01"])]), 1);
    let renewed = renew(&facts).unwrap();
    assert_eq!(renewed.outcome, Outcome::Refused);
    assert_eq!((renewed.moved.len(), removed_on(&renewed), renewed.kept.len()), (1, vec![0], 0));
}

#[test]
fn of_the_same_names_nothing_moves_and_no_other_server_is_waited_for() {
    let facts = refusing(two(RENEWED, vec![send(&["MBX01", "MBX02", "MBX99"])]), 1);
    let renewed = renew(&facts).unwrap();
    assert_eq!(renewed.outcome, Outcome::Refused);
    assert!(renewed.moved.is_empty() && renewed.kept.is_empty() && renewed.left_out.is_empty());
    assert_eq!(removed_on(&renewed), [0]);
}

#[test]
fn a_server_that_no_fleet_knows_lacks_the_certificate() {
    let renewed = renew(&two(OTHER_ISSUER, vec![send(&["mbx01", "MBX99"])])).unwrap();
    assert_eq!(renewed.outcome, Outcome::Refused);
    assert_eq!(kept(&renewed), [(0, vec!["MBX99"])]);
    assert_eq!(
        (left_out(&renewed), removed_on(&renewed)),
        (vec![(0, LeftOut::KeptName), (1, LeftOut::KeptName)], vec![])
    );
}

#[test]
fn a_skipped_server_goes_on_where_it_has_smtp_already() {
    for (services, goes_on) in [(SMTP, true), (IIS, false)] {
        let mut facts = two(OTHER_ISSUER, vec![send(&["MBX01", "MBX02"])]);
        facts.servers[1].certificates[NEW].services = Some(services);
        facts.servers[1].certificates.remove(OLD);
        let renewed = renew(&facts).unwrap();
        assert_eq!(renewed.servers[1].standing, Standing::Skipped);
        assert_eq!(renewed.outcome, if goes_on { Outcome::Replaced } else { Outcome::Refused });
        assert_eq!(
            renewed.moved.iter().map(|it| it.after.clone()).collect::<Vec<_>>(),
            if goes_on { vec![vec![0]] } else { vec![] }
        );
        assert_eq!(removed_on(&renewed), if goes_on { vec![0] } else { vec![] });
        let changed: &[(usize, String)] = if goes_on { &[(1, "send/Outbound@MBX02".to_owned())] } else { &[] };
        assert_eq!(renewed.endpoint_changes, changed);
    }
}

#[test]
fn a_server_that_is_not_asked_for_is_left_alone_and_is_asked_all_the_same() {
    let facts = asking(two(OTHER_ISSUER, vec![send(&["MBX01", "MBX02"])]), |it| it.order = Some(vec![0]));
    let renewed = renew(&facts).unwrap();
    assert_eq!(renewed.servers[1].standing, Standing::Outside);
    assert_eq!((kept(&renewed), left_out(&renewed)), (vec![(0, vec!["MBX02"])], vec![(0, LeftOut::KeptName)]));
}

#[test]
fn a_connector_without_servers_asks_those_that_hold_its_certificate() {
    let without = |old: bool| {
        let mut facts = refusing(two(OTHER_ISSUER, vec![send(&[])]), 1);
        if !old {
            facts.servers[1].certificates[OLD] = certificate(SELF_SIGNED_MAIL, SMTP, &[]);
        }
        renew(&facts).unwrap()
    };
    assert_eq!(kept(&without(true)), [(0, vec!["MBX02"])]);
    assert_eq!((without(false).moved.len(), removed_on(&without(false))), (1, vec![0]));
}

#[test]
fn the_hybrid_configuration_keeps_a_certificate_that_nothing_else_there_matches() {
    let facts = || refusing(two(OTHER_ISSUER, vec![connector(ConnectorKind::Hybrid, HEALTHY, &["MBX01", "MBX02"])]), 1);
    let renewed = renew(&facts()).unwrap();
    assert_eq!((kept(&renewed), left_out(&renewed)), (vec![(0, vec!["MBX02"])], vec![(0, LeftOut::KeptName)]));
    let mut matched = facts();
    matched.servers[0].certificates.push(certificate(RENEWED, 0, &[]));
    let renewed = renew(&matched).unwrap();
    assert_eq!((kept(&renewed), removed_on(&renewed)), (vec![(0, vec!["MBX02"])], vec![0]));
    assert_eq!(renewed.outcome, Outcome::Refused);
}

#[test]
fn a_subscribed_edge_server_keeps_what_a_synchronised_connector_names() {
    for (subscribed, new, stays) in [(true, RENEWED, true), (false, RENEWED, false), (true, OTHER_ISSUER, false)] {
        let edge = ServerFacts { edge_subscribed: subscribed, ..edge("EDGE01", new) };
        let facts = organisation(new, vec![edge, mailbox("MBX01", new)], vec![send(&["EDGE01"])]);
        let renewed = renew(&facts).unwrap();
        assert_eq!(renewed.order, [1, 0], "Edge Transport servers come last");
        assert_eq!(renewed.outcome, Outcome::Replaced);
        assert_eq!(left_out(&renewed), if stays { vec![(0, LeftOut::Synchronised)] } else { vec![] });
        assert_eq!(removed_on(&renewed), if stays { vec![1] } else { vec![1, 0] });
        assert_eq!(renewed.moved.len(), usize::from(new == OTHER_ISSUER));
    }
}

#[test]
fn an_edge_servers_own_connector_moves_with_its_plan() {
    let mut edge = edge("EDGE01", OTHER_ISSUER);
    edge.connectors = vec![send(&["EDGE01"])];
    let renewed = renew(&organisation(OTHER_ISSUER, vec![edge], Vec::new())).unwrap();
    assert_eq!((renewed.moved.len(), renewed.own_moved.as_slice()), (0, &[(0, 0)][..]));
    assert_eq!((renewed.outcome, removed_on(&renewed)), (Outcome::Replaced, vec![0]));
    let name = Fact::Value(CertificateName::of(&POOL[OTHER_ISSUER].facts));
    assert_eq!(renewed.servers[0].after.connector_names, [name]);
}

#[test]
fn a_certificate_that_is_nowhere_yet_is_imported_where_it_renews_something() {
    let mut facts = two(OTHER_ISSUER, vec![send(&["MBX01"])]);
    facts.servers.iter_mut().for_each(|it| drop(it.certificates.pop()));
    facts.servers[1].certificates.pop();
    let renewed = renew(&facts).unwrap();
    assert_eq!((renewed.outcome, renewed.imports.as_slice()), (Outcome::Replaced, &[0][..]));
    assert_eq!(renewed.servers[1].standing, Standing::Skipped);
    let shown: Vec<_> = renewed.servers[0].after.certificates.iter().map(|it| (it.index, it.services)).collect();
    assert_eq!(shown, [(0, Some(IIS | SMTP)), (NEW, Some(IIS | SMTP))]);
    assert_eq!(renewed.servers[1].after.certificates.len(), 1);
}

#[test]
fn names_are_kept_where_they_are_not_to_move_and_the_certificate_stays_refused() {
    let facts = asking(two(OTHER_ISSUER, vec![send(&["MBX01"])]), |it| it.update_connectors = false);
    let renewed = renew(&facts).unwrap();
    assert!((0..2).all(|server| said(&renewed, server, "removes-connector-certificate")));
    assert!(renewed.kept.is_empty() && renewed.left_out.is_empty());
    let kept_old = renew(&asking(facts, |it| it.keep_old = true)).unwrap();
    assert_eq!((kept_old.outcome, kept_old.removals.len(), kept_old.left_out.len()), (Outcome::Replaced, 0, 0));
    assert!(said(&kept_old, 0, "update-connectors"));
}

#[test]
fn what_is_kept_moves_the_names_all_the_same() {
    let facts = asking(two(OTHER_ISSUER, vec![send(&["MBX01"])]), |it| it.keep_old = true);
    let renewed = renew(&facts).unwrap();
    assert_eq!((renewed.outcome, renewed.moved.len()), (Outcome::Replaced, 1));
    assert!(renewed.removals.is_empty() && renewed.servers.iter().all(|it| it.after.has(OLD)));
}

#[test]
fn an_empty_subject_is_never_named() {
    let facts = two(EMPTY_SUBJECT_RENEWED, vec![send(&["MBX01"])]);
    let facts = asking(facts, |it| it.old = Some(thumbprint(HEALTHY)));
    let renewed = renew(&facts).unwrap();
    assert!(renewed.moved.is_empty());
    assert_eq!(left_out(&renewed), [(0, LeftOut::KeptName), (1, LeftOut::KeptName)]);
    assert_eq!(renewed.outcome, Outcome::Refused);
}

#[test]
fn each_server_has_its_own_best() {
    let mut facts = two(WILDCARD_LATER, vec![]);
    let certificates = &mut facts.servers[0].certificates;
    // More services come before later dates, and a self-signed one after all that are not.
    certificates[OLD].services = Some(SMTP);
    certificates.push(certificate(OTHER_ISSUER, IIS | SMTP, &[1]));
    certificates.push(certificate(SELF_SIGNED_MAIL, 0x1F, &[1]));
    let renewed = renew(&facts).unwrap();
    assert_eq!(renewed.servers.iter().map(|it| it.old).collect::<Vec<_>>(), [Some(3), Some(OLD)]);
    // A certificate that is given is sought on every server.
    let given = renew(&asking(facts, |it| it.old = Some(thumbprint(OTHER_ISSUER)))).unwrap();
    assert_eq!(given.servers.iter().map(|it| it.standing == Standing::Skipped).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn nothing_to_renew_is_no_answer() {
    let facts = two(OTHER_ISSUER, vec![]);
    assert!(renew(&asking(facts.clone(), |it| it.old = Some(NOT_INSTALLED.to_owned()))).is_none());
    assert!(renew(&asking(facts, |it| it.order = Some(Vec::new()))).is_none());
    let mut other = two(OTHER_FIRST, vec![]);
    other.servers.iter_mut().for_each(|it| it.certificates[OLD].services = None);
    assert!(renew(&other).is_none());
}

#[test]
fn an_open_decision_stops_what_depends_on_its_server() {
    let facts = asking(two(OTHER_ISSUER, vec![]), |it| it.default_smtp = None);
    let renewed = renew(&facts).unwrap();
    assert_eq!(renewed.outcome, Outcome::DecisionRequired);
    assert!(matches!(renewed.servers[0].standing, Standing::Undecided { recommended: Answer::Keep }));
    let mut open = two(OTHER_ISSUER, vec![send(&["MBX01", "MBX02"])]);
    open.servers[0].default_smtp = DefaultSmtp::Nothing;
    let renewed = renew(&asking(open, |it| it.default_smtp = None)).unwrap();
    assert_eq!((renewed.outcome, kept(&renewed)), (Outcome::DecisionRequired, vec![(0, vec!["MBX02"])]));
}

/// The model after a script, against what the table says of each server.
fn assert_done(organisation: &Organisation, facts: &OrganizationFacts) {
    let renewed = renew(facts).unwrap();
    for (view, server) in facts.views().iter().zip(&renewed.servers) {
        let machine = organisation.servers.iter().find(|it| it.name() == view.facts.name).unwrap();
        let shown: Vec<_> = machine
            .certificates
            .iter()
            .map(|it| (it.facts.thumbprint.clone(), it.services, it.web_sites.clone()))
            .collect();
        let told = server
            .after
            .certificates
            .iter()
            .map(|it| (view.facts.certificates[it.index].thumbprint.clone(), it.services, it.web_sites.clone()));
        assert_eq!(shown, told.collect::<Vec<_>>(), "{}", view.facts.name);
        let names: Vec<_> = machine.connectors.iter().map(|it| it.tls_certificate_name.clone()).collect();
        let told = server.after.connector_names.iter();
        let told = told.map(|it| it.value().map(|it| format!("<I>{}<S>{}", it.issuer, it.subject)));
        assert_eq!(names, told.collect::<Vec<_>>(), "{}", view.facts.name);
    }
}

/// What assigns the new certificate on a server.
fn assigning(server: &str, new: usize) -> Vec<String> {
    let new = thumbprint(new);
    [
        "# The next server:".to_owned(),
        format!("Enable-ExchangeCertificate -Thumbprint {new} -Services IIS -Server {server}"),
        "# Answer No when asked whether to overwrite the default SMTP certificate: Enter alone means Yes.".to_owned(),
        format!("Enable-ExchangeCertificate -Thumbprint {new} -Services SMTP -Server {server}"),
    ]
    .to_vec()
}

fn script(parts: &[Vec<String>]) -> String {
    [vec!["$ErrorActionPreference = 'Stop'".to_owned()], parts.concat()].concat().join("\n")
}

fn remove(server: &str) -> String {
    format!("Remove-ExchangeCertificate -Thumbprint {} -Server {server} -Confirm:$false", thumbprint(HEALTHY))
}

fn set(place: usize) -> String {
    let it = &POOL[place].facts;
    format!("Set-SendConnector -Identity Outbound -TlsCertificateName '<I>{}<S>{}'", it.issuer, it.subject)
}

fn transport(cmdlet: &str, server: &str) -> String {
    format!("Invoke-Command -ComputerName {server} -ScriptBlock {{ {cmdlet} MSExchangeTransport }}")
}

/// A new run of a script on the servers of today.
fn run(facts: &OrganizationFacts, script: &str) -> Result<Organisation, String> {
    let mut organisation = Organisation::of(facts, NOT_INSTALLED);
    for place in renew(facts).unwrap().imports {
        organisation.import(&facts.servers[place].name, &facts.request.new);
    }
    organisation.run(script).map(|()| organisation).map_err(|failure| failure.what)
}

#[test]
fn a_script_for_two_servers_moves_a_name_and_removes_on_both() {
    let mut facts = two(OTHER_ISSUER, vec![send(&["MBX02", "mbx01.contoso.com"])]);
    facts.servers[1].certificates.pop();
    let assigned = [assigning("MBX01", OTHER_ISSUER), assigning("MBX02", OTHER_ISSUER)];
    let rest = vec![set(OTHER_ISSUER), remove("MBX01"), remove("MBX02")];
    let organisation = run(&facts, &script(&[assigned.concat(), rest.clone()])).unwrap();
    assert_done(&organisation, &facts);
    let on: Vec<_> = organisation.ran.iter().map(|it| it.server.as_deref()).collect();
    let (one, two) = (Some("MBX01"), Some("MBX02"));
    assert_eq!(on, [one, one, two, two, None, one, two]);
    assert_eq!(organisation.ran[4].line, rest[0]);

    let early = script(&[assigned.concat(), vec![rest[1].clone(), rest[0].clone()]]);
    assert!(run(&facts, &early).unwrap_err().contains("Send connector Outbound names it"));
    let half = script(&[assigned[0].clone(), rest]);
    assert!(run(&facts, &half).unwrap_err().contains("MBX02 has no certificate of this name"));
}

#[test]
fn a_name_that_stays_is_taken_away_and_set_again_while_transport_is_stopped() {
    let facts = two(RENEWED, vec![send(&["MBX02.contoso.com", "MBX01", "MBX99"])]);
    let assigned = [assigning("MBX01", RENEWED), assigning("MBX02", RENEWED)].concat();
    let servers = ["MBX02", "MBX01", "MBX99"];
    let stop: Vec<String> = servers.map(|it| transport("Stop-Service", it)).to_vec();
    let start: Vec<String> = servers.map(|it| transport("Start-Service", it)).to_vec();
    let null = vec!["Set-SendConnector -Identity Outbound -TlsCertificateName $null".to_owned()];
    let removed = vec![remove("MBX01"), remove("MBX02")];
    let whole = [assigned.clone(), stop.clone(), null.clone(), removed.clone(), vec![set(HEALTHY)], start.clone()];
    assert_done(&run(&facts, &script(&whole)).unwrap(), &facts);

    let without = |part: usize, line: usize| {
        let mut parts = whole.clone();
        parts[part].remove(line);
        run(&facts, &script(&parts)).map(|organisation| organisation.ran.len())
    };
    for line in 0..3 {
        assert!(without(1, line).unwrap_err().contains("Outbound sends without a certificate"));
        assert!(without(5, line).unwrap_err().contains("the script ends with MSExchangeTransport stopped"));
    }
    assert!(without(2, 0).unwrap_err().contains("Send connector Outbound names it"));
    assert!(without(4, 0).unwrap_err().contains("Outbound sends without a certificate"), "transport was started");
}

#[test]
fn an_edge_server_is_reached_from_itself_alone() {
    let edge = |subscribed| ServerFacts { edge_subscribed: subscribed, ..edge("EDGE01", RENEWED) };
    let facts = |subscribed| {
        let servers = vec![mailbox("MBX01", RENEWED), edge(subscribed)];
        organisation(RENEWED, servers, vec![send(&["EDGE01"])])
    };
    let old = thumbprint(HEALTHY);
    let here = [
        "# On the Edge Transport server itself:",
        "if ($env:COMPUTERNAME -ne 'EDGE01') { throw 'This is for EDGE01.' }",
        "# Answer No when asked whether to overwrite the default SMTP certificate: Enter alone means Yes.",
        &format!("Enable-ExchangeCertificate -Thumbprint {} -Services SMTP", thumbprint(RENEWED)),
    ]
    .map(str::to_owned)
    .to_vec();
    let remove_here = vec![format!("Remove-ExchangeCertificate -Thumbprint {old} -Confirm:$false")];
    let shell = vec![
        "# The next server:".to_owned(),
        "Set-SendConnector -Identity Outbound -TlsCertificateName $null".to_owned(),
        remove("MBX01"),
        set(HEALTHY),
    ];
    let assigned = assigning("MBX01", RENEWED);
    let whole = |remove: &[String]| script(&[assigned.clone(), here.clone(), remove.to_vec(), shell.clone()]);
    assert_done(&run(&facts(true), &whole(&[])).unwrap(), &facts(true));
    assert_done(&run(&facts(false), &whole(&remove_here)).unwrap(), &facts(false));
    assert!(run(&facts(true), &whole(&remove_here)).unwrap_err().contains("Send connector Outbound names it"));
    assert!(run(&facts(true), &whole(&[set(RENEWED)])).unwrap_err().contains("is synchronised"));
    assert!(run(&facts(false), &whole(&[set(RENEWED)])).unwrap_err().contains("there is no such connector"));
    let stop = transport("Stop-Service", "EDGE01");
    assert!(run(&facts(true), &script(&[assigned, vec![stop]])).unwrap_err().contains("no shell reaches"));
}

#[test]
fn a_fleet_of_the_library_is_read_back_as_it_was_made() {
    let facts = two(OTHER_ISSUER, vec![send(&["MBX01", "MBX02"])]);
    let fleet = organization::fleet(&facts);
    let after = organization::after(&facts, &fleet);
    assert_eq!(after[1].certificates.len(), 3);
    assert_eq!(after[0].default_smtp, DefaultSmtp::Installed(0));
    assert_eq!(after[0].connector_names, [Fact::Value(CertificateName::of(&POOL[HEALTHY].facts))]);
    assert_eq!(organization::order(&asking(facts, |it| it.order = Some(vec![1]))), Some(vec!["MBX02"]));
}
