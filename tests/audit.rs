//! Every rule of the audit, by the pages beside this file: `audit/<id>.md` tells an administrator what the rule finds.
//!
//! A page is the title `# <id>`, a sentence or two, and cases. A case is a heading, `## finds: what is special` or
//! `## silent: the near miss`, and a `json` block with a merge patch (RFC 7386) on the fleet of `audit/plain.json`, in
//! which nothing is wrong. The heading is the judge. The findings follow in a `text` block, which
//! `UPDATE_EXPECT=1 cargo test` writes, but never against a heading: those of the rule in full, the others in few
//! words. A page with more than eight cases gathers them in groups: a group is a heading `## …`, and its cases are
//! headings `### …`.
//!
//! `certificates` describes certificates by keys, each as a patch on the healthy one of `plain.json`, in the dialect
//! of `rules.rs`. `servers` are by their names; a new one begins as the `server` of `plain.json`. What is `installed`
//! on a server stands there by the key of the certificate, with what a scenario says beside it. Wherever a server
//! holds a thumbprint, a key may stand; as `tls_certificate_name` of a connector, `{"of": key}` stands for the name by
//! which it finds that certificate. A finding writes `<key>` for its thumbprint. `audit/facts.txt` lists the facts that
//! the rules tell on their pages.

#[path = "support/factory.rs"]
mod factory;
#[path = "support/fleets.rs"]
mod fleets;
#[path = "support/page.rs"]
mod page;

use exchange_certificates::{AUDIT_RULES, RULES, Severity};

use crate::page::Pages;

/// The rules in the order of the specification, each with its severity.
const SPECIFICATION: &[(&str, Severity)] = &[
    ("audit-expired", Severity::High),
    ("audit-expires-soon", Severity::Low),
    ("audit-status", Severity::High),
    ("audit-unsuitable", Severity::High),
    ("audit-service-uncovered", Severity::High),
    ("audit-wildcard-imap-pop", Severity::Low),
    ("audit-default-smtp-missing", Severity::Low),
    ("audit-default-smtp-expired", Severity::Low),
    ("audit-default-smtp-wrong-name", Severity::Low),
    ("audit-auth-certificate-missing", Severity::High),
    ("audit-auth-certificate-expires", Severity::High),
    ("audit-connector-certificate-missing", Severity::High),
    ("audit-connector-ambiguous", Severity::Low),
    ("audit-connector-stale", Severity::Low),
    ("audit-connector-fqdn-uncovered", Severity::Low),
    ("audit-client-name-uncovered", Severity::High),
    ("audit-removable", Severity::Low),
    ("audit-key-missing", Severity::Low),
    ("audit-weak", Severity::Low),
    ("audit-fleet-differs", Severity::Low),
    ("audit-endpoint-fails", Severity::High),
    ("audit-endpoint-expired", Severity::High),
    ("audit-endpoint-self-signed", Severity::Low),
    ("audit-endpoint-ambiguous", Severity::Low),
    ("audit-send-server-lacks", Severity::High),
    ("audit-hybrid-connector-differs", Severity::Low),
    ("audit-hybrid-root", Severity::Low),
    ("audit-binding-differs", Severity::Low),
    ("audit-back-end-binding", Severity::Low),
    ("audit-smtp-reaches-nothing", Severity::Low),
    ("audit-out-of-support", Severity::Low),
];

#[test]
fn rules_of_the_audit_report_in_the_order_of_the_specification() {
    let rules: Vec<_> = AUDIT_RULES.iter().map(|rule| (rule.id(), rule.severity())).collect();
    page::assert_same_order("AUDIT_RULES in src/audit.rs", &rules, "SPECIFICATION in tests/audit.rs", SPECIFICATION);
}

#[test]
fn no_rule_of_the_audit_is_named_like_another() {
    for rule in AUDIT_RULES {
        let id = rule.id();
        assert_eq!(AUDIT_RULES.iter().filter(|other| other.id() == id).count(), 1, "{id}");
        assert!(id.starts_with("audit-") && RULES.iter().all(|other| other.id() != id), "{id}");
    }
}

#[test]
fn every_documentation_begins_with_a_sentence() {
    for rule in AUDIT_RULES {
        page::assert_is_a_sentence(rule.id(), rule.summary());
    }
}

fn pages() -> Pages<'static> {
    let ids = AUDIT_RULES.iter().map(|rule| rule.id()).collect();
    Pages { folder: "tests/audit", heard: "finds", ids, answer: &fleets::answer }
}

#[test]
fn every_rule_of_the_audit_has_a_page_and_every_page_a_rule() {
    pages().check_names();
}

#[test]
fn every_page_tells_what_its_rule_finds() {
    pages().check_answers();
}

#[test]
fn nothing_is_wrong_in_the_plain_fleet() {
    let nothing = fleets::answer("audit-expired", &serde_json::json!({})).unwrap().text;
    assert_eq!(nothing, "nothing\n");
}
