//! The audit by an organisation's own policy, one finding for one cause, and what is installed already.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use exchange_certificates::{
    AUDIT_RULES, Audit, Finding, OwnAuditRule, Policy, PolicyError, Service, Severity, agenda, audit, audit_with,
    rfc3339,
};
use serde_json::json;

use crate::support::servers::{fleet, installed, mailbox, microsoft_exchange, new, now, old, thumbprint};

fn policy(form: serde_json::Value) -> Policy {
    serde_json::from_value(form).unwrap()
}

fn severity(audit: &Audit, rule: &str) -> Option<Severity> {
    audit.findings.iter().find(|finding| finding.rule() == rule).map(|finding| finding.severity())
}

#[test]
fn only_what_is_of_low_severity_is_silenced_and_raised() {
    for rule in AUDIT_RULES {
        let (has_low, has_high) =
            (rule.severities().contains(&Severity::Low), rule.severities().contains(&Severity::High));
        assert_eq!(Policy::default().silence(rule.id()).is_ok(), !has_high, "{}", rule.id());
        assert_eq!(Policy::default().raise(rule.id(), Severity::High).is_ok(), has_low, "{}", rule.id());
        let error = Policy::default().raise(rule.id(), Severity::Low).unwrap_err();
        assert!(matches!(&error, PolicyError::NotRaised { id, .. } if *id == rule.id()), "{error}");
    }
}

#[test]
fn a_policy_raises_and_silences_rules_of_the_audit() {
    let mut server = mailbox("MBX01");
    server["version"] = json!("2016");
    server["certificates"][1]["certificate"] = json!(old().rsa(1024).build());
    let fleet = fleet(&[server]);
    let plain = audit(&fleet, now());
    assert_eq!(severity(&plain, "audit-weak"), Some(Severity::Low));
    assert!(plain.has("audit-out-of-support") && !plain.has_high());
    let strict = policy(json!({ "raise": { "audit-weak": "high" }, "silence": ["audit-out-of-support"] }));
    let strict = audit_with(&strict, &fleet, now());
    assert_eq!(severity(&strict, "audit-weak"), Some(Severity::High));
    assert!(!strict.has("audit-out-of-support") && strict.has_high());
    assert_eq!(strict.findings[0].rule(), "audit-weak", "the heavy ones come first");
}

#[test]
fn thresholds_of_a_policy_hold_for_the_audit() {
    let fleet = fleet(&[mailbox("MBX01")]);
    let has = |policy: &Policy, rule| audit_with(policy, &fleet, now()).has(rule);
    let (days, bits) =
        (Policy::default().with_expires_soon_days(90).unwrap(), Policy::default().with_minimum_rsa_bits(3072).unwrap());
    // It is valid for 200 days, and has 85 left.
    let soon = rfc3339::parse("2026-12-14T00:00:00Z").unwrap();
    assert!(!audit(&fleet, soon).has("audit-expires-soon"));
    assert!(audit_with(&days, &fleet, soon).has("audit-expires-soon"), "a third of its lifetime is 66 days");
    assert!(!has(&Policy::default(), "audit-weak") && has(&bits, "audit-weak"));
}

#[test]
fn rules_of_ones_own_report_last_and_capture_what_they_need() {
    let issuer = "CN=Contoso Issuing CA 2, O=Contoso, C=US".to_owned();
    let of_certificates = OwnAuditRule::of_certificates("contoso/company-ca", Severity::High, move |_, installed| {
        let services = installed.known_services();
        let is_foreign = services.contains(Service::IIS) && installed.certificate().issuer().to_string() != issuer;
        is_foreign.then(|| Finding::new(services, "it is not issued by the company's CA").advise("call the PKI team"))
    });
    let of_servers = OwnAuditRule::of_servers("contoso/site", Severity::Low, |audited| {
        assert!(!audited.endpoints().is_empty());
        audited.server().site().is_none().then(|| Finding::new(Service::empty(), "the site of the server is not known"))
    });
    assert_eq!((of_servers.id(), of_servers.severity()), ("contoso/site", Severity::Low));
    let policy = Policy::default().with_audit_rule(of_certificates).unwrap().with_audit_rule(of_servers).unwrap();
    let mut unread = mailbox("MBX02");
    unread["not_read"] = json!(["certificates"]);
    let audit = audit_with(&policy, &fleet(&[mailbox("MBX01"), unread]), now());
    let said: Vec<_> =
        audit.findings.iter().map(|it| (it.rule(), it.server(), it.severity(), it.thumbprint())).collect();
    let expected = [
        ("contoso/company-ca", "MBX01", Severity::High, Some(thumbprint(&old()))),
        ("contoso/site", "MBX01", Severity::Low, None),
    ];
    assert_eq!(said, expected, "a server whose certificates were not read is not asked about");
    let finding = serde_json::to_value(&audit.findings[0]).unwrap();
    assert_eq!(finding["remedy"].as_array().unwrap().len(), 1);
    assert!(finding.get("facts").is_none() && finding.get("consequences").is_none());
}

#[test]
fn an_own_rule_of_the_audit_has_an_id_of_its_own_with_a_slash() {
    let rule = |id: &'static str| OwnAuditRule::of_servers(id, Severity::Low, |_| None);
    assert!(matches!(Policy::default().with_audit_rule(rule("audit-mine")), Err(PolicyError::OwnId { .. })));
    let twice = Policy::default().with_audit_rule(rule("contoso/a")).unwrap().with_audit_rule(rule("contoso/a"));
    assert!(matches!(twice, Err(PolicyError::Twice { .. })));
}

#[test]
fn one_cause_is_one_finding() {
    let expired = microsoft_exchange("MBX01").not_after("2026-11-23T23:59:59Z");
    let mut server = mailbox("MBX01");
    server["default_smtp"] = json!(thumbprint(&expired));
    server["certificates"] = json!([installed(&expired, "IIS, SMTP", &[1, 2])]);
    let audit = audit(&fleet(&[server]), now());
    let finding = serde_json::to_value(audit.findings.iter().find(|it| it.rule() == "audit-expired").unwrap()).unwrap();
    let consequences: Vec<_> =
        finding["consequences"].as_array().unwrap().iter().map(|it| (&it["rule"], &it["services"])).collect();
    let [uncovered, default, presented] =
        ["audit-service-uncovered", "audit-default-smtp-expired", "audit-endpoint-expired"].map(|rule| json!(rule));
    let (smtp, iis, both) = (json!("SMTP"), json!("IIS"), json!("IIS, SMTP"));
    assert_eq!(consequences, [(&uncovered, &smtp), (&default, &smtp), (&presented, &iis), (&presented, &both)]);
    let of_it = audit.findings.iter().filter(|it| it.thumbprint() == Some(thumbprint(&expired)));
    let rules: Vec<_> = of_it.map(|it| it.rule()).collect();
    assert_eq!(rules, ["audit-expired", "audit-endpoint-self-signed"], "another cause is another finding");
    assert!(audit.has("audit-default-smtp-expired") && audit.has("audit-endpoint-expired"));
}

#[test]
fn a_silenced_cause_does_not_silence_what_follows_from_it() {
    let mut server = mailbox("MBX01");
    server["certificates"][1]["has_private_key"] = json!(false);
    let fleet = fleet(&[server]);
    let plain = audit(&fleet, now());
    assert_eq!(severity(&plain, "audit-key-missing"), Some(Severity::High), "it weighs what follows from it");
    assert!(plain.has("audit-endpoint-fails"));
    let without = audit_with(&policy(json!({ "silence": ["audit-key-missing"] })), &fleet, now());
    assert_eq!(severity(&without, "audit-endpoint-fails"), Some(Severity::High));
    assert!(!without.has("audit-key-missing"));
}

#[test]
fn what_is_installed_already_is_named_by_findings_and_agenda_alike() {
    // The new one is installed on the first server alone.
    let mut second = mailbox("MBX02");
    second["certificates"].as_array_mut().unwrap().pop();
    let fleet = fleet(&[mailbox("MBX01"), second]);
    let later = rfc3339::parse("2027-01-01T00:00:00Z").unwrap();
    let audit = audit(&fleet, later);
    let remedies = |server: &str| {
        let found =
            audit.findings.iter().find(|it| it.rule() == "audit-expires-soon" && it.server() == server).unwrap();
        found.remedy().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let (here, there) = (thumbprint(&new()).to_string(), remedies("MBX02"));
    assert!(remedies("MBX01").contains(&here) && !remedies("MBX01").contains("GenerateRequest"));
    let copied = format!("Export-ExchangeCertificate -Thumbprint {here} -Server MBX01");
    assert!(!there.contains("GenerateRequest") && there.contains(&copied), "{there}");
    assert!(!audit.has("audit-removable"), "what takes the place of another one is not called removable");
    let items = agenda(&fleet, later, rfc3339::parse("2027-02-01T00:00:00Z").unwrap());
    assert_eq!(items.len(), 1);
    assert_eq!((items[0].thumbprint, items[0].successor), (thumbprint(&old()), Some(thumbprint(&new()))));
    let expected = format!(
        "replace {0} by {1}, which is installed on `MBX01` and has the same names, which assigns IIS, SMTP; copy {1}, which \
         is installed on `MBX01` and has the same names, to `MBX02`, and replace {0} by it there, which assigns IIS, SMTP",
        thumbprint(&old()),
        here
    );
    assert_eq!(items[0].plan, expected);
    assert_eq!(serde_json::to_value(&items[0]).unwrap()["successor"], json!(here));
}

#[test]
fn what_has_expired_comes_first_on_the_agenda() {
    let expired = old().not_after("2026-11-23T23:59:59Z");
    let long_expired = old().valid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    let mut server = mailbox("MBX01");
    let certificates = server["certificates"].as_array_mut().unwrap();
    certificates.extend([installed(&expired, "POP", &[]), installed(&long_expired, "IMAP", &[])]);
    let items = agenda(&fleet(&[server]), now(), rfc3339::parse("2027-11-24T00:00:00Z").unwrap());
    let thumbprints: Vec<_> = items.iter().map(|item| item.thumbprint).collect();
    assert_eq!(thumbprints, [thumbprint(&long_expired), thumbprint(&expired), thumbprint(&old())]);
}
