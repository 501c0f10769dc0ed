//! The audit from end to end, and what falls due.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use exchange_certificates::{AgendaItem, Fleet, Policy, Service, Severity, agenda, agenda_with, audit, rfc3339};
use serde_json::json;

use crate::support::factory::CertificateFactory;
use crate::support::servers::{
    connector, edge, fleet, installed, mailbox, microsoft_exchange, new, now, old, thumbprint,
};

#[test]
fn findings_come_by_severity_then_server_then_rule() {
    let expired = old().not_after("2026-11-23T23:59:59Z");
    let mut servers = ["MBX02", "MBX01"].map(mailbox);
    for server in &mut servers {
        server["certificates"].as_array_mut().unwrap().push(installed(&expired, "POP", &[]));
        server["client_names"] = json!(["owa.contoso.com"]);
        server["version"] = json!("2016");
    }
    let audit = audit(&fleet(&servers), now());
    let said: Vec<_> = audit
        .findings
        .iter()
        .map(|finding| (finding.severity().to_string(), finding.server(), finding.rule()))
        .collect();
    let expected = [
        ("high", "MBX01", "audit-expired"),
        ("high", "MBX01", "audit-client-name-uncovered"),
        ("high", "MBX02", "audit-expired"),
        ("high", "MBX02", "audit-client-name-uncovered"),
        ("low", "MBX01", "audit-out-of-support"),
        ("low", "MBX02", "audit-out-of-support"),
    ];
    assert_eq!(said, expected.map(|(severity, server, rule)| (severity.to_owned(), server, rule)));
    assert!(audit.has_high() && audit.has("audit-expired") && !audit.has("audit-weak"));
    assert_eq!(Severity::High.max(Severity::Low), Severity::High);

    let finding = serde_json::to_value(&audit.findings[0]).unwrap();
    assert_eq!(finding["rule"], "audit-expired");
    assert_eq!(finding["severity"], "high");
    assert_eq!(finding["server"], "MBX01");
    assert_eq!(finding["thumbprint"], json!(thumbprint(&expired)));
    assert_eq!(finding["services"], "POP");
    assert_eq!(finding["message"], "it expired on 2026-11-23T23:59:59Z");
    assert_eq!(finding["remedy"].as_array().unwrap().len(), audit.findings[0].remedy().len());
    assert_eq!(audit.findings[0].to_string(), "audit-expired on `MBX01`: it expired on 2026-11-23T23:59:59Z");
}

#[test]
fn an_audit_tells_the_days_left_and_what_names_each_certificate() {
    let auth =
        CertificateFactory::new("auth").subject(&[("CN", "Microsoft Exchange Server Auth Certificate")]).self_signed();
    let next = auth.clone().not_after("2029-01-01T00:00:00Z");
    let mut server = mailbox("MBX01");
    server["auth_certificates"] = json!({ "current": thumbprint(&auth), "next": thumbprint(&next) });
    server["connectors"] = json!([
        connector("Outbound", &old(), &["MBX01"]),
        connector("To partners", &old(), &[]),
        connector("Elsewhere", &old(), &["MBX02"])
    ]);
    let certificates = server["certificates"].as_array_mut().unwrap();
    certificates.push(installed(&auth, "SMTP", &[]));
    certificates.push(installed(&next, "None", &[]));
    certificates.push(installed(&old().not_after("2026-11-23T23:59:59Z").dns_names([]), "None", &[]));
    certificates[2]["services"] = json!(null);
    certificates[2]["friendly_name"] = json!("mail 2027");
    let audit = audit(&fleet(&[server, edge("EDGE01")]), now());
    assert_eq!(audit.certificates.len(), 9);
    assert!(audit.certificates[..3].iter().all(|audited| audited.server == "EDGE01"));
    let mine = &audit.certificates[3..];
    let named: Vec<_> = mine.iter().map(|audited| audited.named_by.join(", ")).collect();
    let connectors = "Outbound, To partners";
    assert_eq!(named, ["default SMTP certificate", connectors, "", "Auth certificate", "Auth certificate", connectors]);
    let days: Vec<_> = mine.iter().map(|audited| audited.days_left).collect();
    assert_eq!(days, [920, 85, 189, 146, 769, -1]);
    let services: Vec<_> = mine.iter().map(|audited| audited.services).collect();
    assert_eq!(services[..4], [Some(Service::SMTP), Some(Service::IIS | Service::SMTP), None, Some(Service::SMTP)]);
    let answer = serde_json::to_value(&mine[2]).unwrap();
    let expected = json!({
        "server": "MBX01", "thumbprint": thumbprint(&new()), "friendly_name": "mail 2027",
        "subject": "CN=mail.contoso.com, O=Contoso, C=US", "domains": ["mail.contoso.com", "autodiscover.contoso.com"],
        "not_before": "2026-08-01T00:00:00Z", "not_after": "2027-06-01T00:00:00Z", "days_left": 189,
        "services": null, "named_by": []
    });
    assert_eq!(answer, expected);
}

#[test]
fn an_empty_fleet_has_no_findings() {
    let audit = audit(&Fleet::new(), now());
    assert!(audit.certificates.is_empty() && audit.findings.is_empty() && !audit.has_high());
}

fn due(fleet: &Fleet, from: &str, until: &str) -> Vec<AgendaItem> {
    agenda(fleet, rfc3339::parse(from).unwrap(), rfc3339::parse(until).unwrap())
}

#[test]
fn the_agenda_lists_each_renewal_once_in_order() {
    let short = CertificateFactory::new("pop.contoso.com").valid("2026-11-01T00:00:00Z", "2026-12-18T00:00:00Z");
    let mut servers = [mailbox("MBX02"), mailbox("MBX01"), edge("EDGE01")];
    servers[0]["certificates"].as_array_mut().unwrap().push(installed(&short, "POP", &[]));
    servers[1]["certificates"].as_array_mut().unwrap().push(installed(&short, "IMAP", &[]));
    servers[2]["certificates"].as_array_mut().unwrap().push(installed(&short, "None", &[]));
    let items = due(&fleet(&servers), "2026-11-24T00:00:00Z", "2027-11-24T00:00:00Z");
    let (days, thumbprints): (Vec<_>, Vec<_>) =
        items.iter().map(|item| (rfc3339::print(item.due).to_string(), item.thumbprint)).unzip();
    // A third of 47 days is 15, of 200 more than 60.
    assert_eq!(days, ["2026-12-03T00:00:00Z", "2026-12-19T00:00:00Z"]);
    assert_eq!(thumbprints, [thumbprint(&short), thumbprint(&old())], "the new one is assigned to nothing");
    let first = serde_json::to_value(&items[0]).unwrap();
    let expected = json!({
        "due": "2026-12-03T00:00:00Z", "not_after": "2026-12-18T00:00:00Z", "thumbprint": thumbprint(&short),
        "subject": "CN=pop.contoso.com, O=Contoso, C=US", "domains": ["pop.contoso.com"], "services": "IMAP, POP",
        "servers": ["MBX01", "MBX02"],
        "plan": format!(
            "request a certificate for `pop.contoso.com`, install it on `MBX01`, `MBX02`, and replace {} by it, which assigns IMAP, POP",
            thumbprint(&short)
        )
    });
    assert_eq!(first, expected);
}

#[test]
fn the_agenda_includes_its_first_second_and_excludes_its_last() {
    let fleet = fleet(&[mailbox("MBX01")]);
    let count = |from, until| due(&fleet, from, until).len();
    assert_eq!(count("2026-12-19T00:00:00Z", "2026-12-19T00:00:01Z"), 1);
    assert_eq!(count("2026-12-18T23:59:59Z", "2026-12-19T00:00:00Z"), 0);
    assert_eq!(count("2026-12-19T00:00:01Z", "2027-12-19T00:00:01Z"), 1, "it fell due before, and is still to be done");
    assert_eq!(count("2026-12-19T00:00:00Z", "2026-12-19T00:00:00Z"), 0);
    let policy = Policy::default().with_expires_soon_days(90).unwrap();
    let items = agenda_with(&policy, &fleet, now(), rfc3339::parse("2027-02-17T00:00:00Z").unwrap());
    let days: Vec<_> = items.iter().map(|item| rfc3339::print(item.due).to_string()).collect();
    assert_eq!(days, ["2026-12-13T00:00:00Z"], "a third of its lifetime is 66 days");
}

/// From the second after it is due the audit finds it as well.
#[test]
fn the_agenda_and_the_audit_agree() {
    let fleet = fleet(&[mailbox("MBX01")]);
    let finds = |text: &str| audit(&fleet, rfc3339::parse(text).unwrap()).has("audit-expires-soon");
    assert!(!finds("2026-12-19T00:00:00Z") && finds("2026-12-19T00:00:01Z"));
}

#[test]
fn auth_and_federation_certificates_are_published_and_not_assigned() {
    let auth = microsoft_exchange("auth").not_after("2027-03-01T00:00:00Z");
    let federation = microsoft_exchange("federation").not_after("2027-04-01T00:00:00Z");
    let mut server = mailbox("MBX01");
    server["auth_certificates"] = json!({ "current": thumbprint(&auth) });
    server["certificates"] = json!([installed(&auth, "SMTP", &[]), installed(&federation, "Federation", &[])]);
    let items = due(&fleet(&[server]), "2026-11-24T00:00:00Z", "2027-11-24T00:00:00Z");
    assert_eq!(items[0].plan, "make a new Auth certificate, and publish it (Set-AuthConfig)");
    assert_eq!(
        items[1].plan,
        "make a new certificate for the federation trust on `MBX01`, and publish it (Set-FederationTrust)"
    );
}

#[test]
fn the_agenda_renews_each_certificate_by_what_it_is() {
    let [default, back_end, other] =
        ["default", "back-end", "other"].map(|key| microsoft_exchange(key).not_after("2027-03-01T00:00:00Z"));
    let auth =
        CertificateFactory::new("auth").subject(&[("CN", "Microsoft Exchange Server Auth Certificate")]).self_signed();
    let mut server = mailbox("MBX01");
    server["default_smtp"] = json!(thumbprint(&default));
    server["certificates"] = json!([
        installed(&default, "SMTP", &[]),
        installed(&back_end, "IIS, SMTP", &[2]),
        installed(&other, "POP", &[]),
        installed(&auth.not_after("2027-03-01T00:00:00Z"), "SMTP", &[]),
    ]);
    let items = due(&fleet(&[server]), "2026-11-24T00:00:00Z", "2027-11-24T00:00:00Z");
    let mut plans: Vec<_> = items.iter().map(|item| item.plan.split(" on `").next().unwrap()).collect();
    plans.sort_unstable();
    assert_eq!(
        plans,
        [
            "make a new Auth certificate, and publish it (Set-AuthConfig)",
            "make a new self-signed certificate",
            "make a new self-signed certificate of the same names and services",
            "make a new self-signed default SMTP certificate",
        ]
    );
}
