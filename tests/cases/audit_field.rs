//! What was reported from the field, and what the audit says of it.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use exchange_certificates::{Audit, AuditFinding, Block, Severity, Status, agenda, audit, rfc3339};
use serde_json::{Value, json};

use crate::support::factory::CertificateFactory;
use crate::support::servers::{fleet, installed, microsoft_exchange, now, old, thumbprint};

fn finding<'a>(audit: &'a Audit, rule: &str) -> &'a AuditFinding {
    audit.findings.iter().find(|finding| finding.rule() == rule).unwrap_or_else(|| panic!("{rule}: {audit:#?}"))
}

fn rules(audit: &Audit) -> Vec<(&str, Severity)> {
    audit.findings.iter().map(|finding| (finding.rule(), finding.severity())).collect()
}

/// A server whose only certificate is a public one.
fn public_default() -> Value {
    let public = CertificateFactory::new("mail.contoso.com").valid("2026-08-01T00:00:00Z", "2027-08-01T00:00:00Z");
    json!({
        "name": "ZOO", "fqdn": "zoo.corp.example", "version": "SE", "roles": ["Mailbox"],
        "default_smtp": thumbprint(&public), "imap_certificate_name": "mail.contoso.com",
        "pop_certificate_name": "mail.contoso.com",
        "connectors": [{ "kind": "Receive", "name": "Default Frontend ZOO", "fqdn": "zoo.corp.example", "servers": ["ZOO"] }],
        "certificates": [installed(&public, "IMAP, POP, IIS, SMTP", &[1, 2])]
    })
}

#[test]
fn no_remedy_takes_imap_and_pop_away_from_the_public_certificate() {
    let audit = audit(&fleet(&[public_default()]), now());
    let wrong_name = finding(&audit, "audit-default-smtp-wrong-name");
    let makes = |text: &str| text.contains("New-ExchangeCertificate");
    assert!(wrong_name.remedy().iter().any(|step| makes(&step.to_string())), "{wrong_name:#?}");
    for step in audit.findings.iter().flat_map(AuditFinding::remedy).map(Block::text).filter(|step| makes(step)) {
        for command in step.split("New-ExchangeCertificate").skip(1) {
            assert!(command.contains("-Services SMTP"), "without services it takes IMAP, POP and SMTP: {step}");
            assert!(!command.contains("IMAP") && !command.contains("POP"), "{step}");
        }
    }
}

/// The usual server: the public certificate at the Default Web Site, setup's own one at the Exchange Back End.
fn usual(public: &Value) -> Value {
    let own = microsoft_exchange("MBX01");
    json!({
        "name": "MBX01", "fqdn": "mbx01.contoso.com", "version": "SE", "roles": ["Mailbox"],
        "default_smtp": thumbprint(&own), "client_names": ["mail.contoso.com"],
        "certificates": [public, installed(&own, "IMAP, POP, IIS, SMTP", &[2])]
    })
}

#[test]
fn a_revoked_certificate_in_use_is_of_high_severity_and_one_finding() {
    let mut public = installed(&old(), "IIS, SMTP", &[1]);
    public["status"] = json!(Status::Revoked);
    let audit = audit(&fleet(&[usual(&public)]), now());
    assert_eq!(rules(&audit), [("audit-status", Severity::High)]);
    let status = finding(&audit, "audit-status");
    assert_eq!(status.thumbprint(), Some(thumbprint(&old())));
    assert_eq!(status.message().to_string(), "Exchange reports the status Revoked");
    assert_eq!(status.rules().collect::<Vec<_>>(), ["audit-status", "audit-service-uncovered"]);
    assert!(audit.has("audit-service-uncovered"), "what follows is seen");
}

#[test]
fn a_certificate_for_clients_only_is_unsuitable() {
    let for_clients = old().extended_key_usage(&["1.3.6.1.5.5.7.3.2"]);
    let found = audit(&fleet(&[usual(&installed(&for_clients, "IIS, SMTP", &[1]))]), now());
    assert_eq!(rules(&found), [("audit-unsuitable", Severity::High)]);
    let for_both = old().extended_key_usage(&["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"]);
    let found = audit(&fleet(&[usual(&installed(&for_both, "IIS, SMTP", &[1]))]), now());
    assert_eq!(rules(&found), []);
}

#[test]
fn a_next_auth_certificate_that_is_staged_is_not_made_again() {
    let auth = |not_before, not_after| {
        CertificateFactory::new("auth")
            .subject(&[("CN", "Microsoft Exchange Server Auth Certificate")])
            .without("2.5.29.17")
            .valid(not_before, not_after)
            .self_signed()
    };
    let current = auth("2022-01-01T00:00:00Z", "2026-12-20T00:00:00Z");
    let next = auth("2026-11-01T00:00:00Z", "2031-11-01T00:00:00Z");
    let server = |with_next: bool| {
        let mut server = usual(&installed(&old(), "IIS, SMTP", &[1]));
        server["auth_certificates"] = json!({ "current": thumbprint(&current), "next": null });
        let certificates = server["certificates"].as_array_mut().unwrap();
        certificates.push(installed(&current, "SMTP", &[]));
        if with_next {
            certificates.push(installed(&next, "SMTP", &[]));
            server["auth_certificates"]["next"] = json!(thumbprint(&next));
        }
        fleet(&[server])
    };
    let until = rfc3339::parse("2027-02-01T00:00:00Z").unwrap();
    let said = |with_next| {
        let fleet = server(with_next);
        let audit = audit(&fleet, now());
        assert_eq!(rules(&audit), [("audit-auth-certificate-expires", Severity::Low)]);
        let remedy: Vec<_> = audit.findings[0].remedy().iter().map(ToString::to_string).collect();
        let items = agenda(&fleet, now(), until);
        let item = items.iter().find(|item| item.thumbprint == thumbprint(&current)).unwrap().clone();
        (remedy.join("\n"), item)
    };
    let (remedy, item) = said(true);
    assert!(!remedy.contains("New-ExchangeCertificate") && !remedy.contains("Set-AuthConfig"), "{remedy}");
    let named = thumbprint(&next).to_string();
    assert!(remedy.contains(&named) && remedy.contains("nothing has to be made"), "{remedy}");
    assert_eq!(item.successor, Some(thumbprint(&next)));
    assert!(item.plan.contains(&named) && item.plan.starts_with("nothing has to be made"), "{}", item.plan);
    let (remedy, item) = said(false);
    assert!(remedy.contains("New-ExchangeCertificate"), "{remedy}");
    assert_eq!(item.plan, "make a new Auth certificate, and publish it (Set-AuthConfig)");
}
