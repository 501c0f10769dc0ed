//! What a policy may change, and what it may not.

// The example's own tests run here, since examples are built to be run.
#[allow(dead_code)]
#[path = "../examples/policy.rs"]
mod example;

use exchange_certificates::{Finding, Kind, OwnRule, Policy, PolicyError, RULES};
use serde_json::json;

/// Warnings and notes that have to be heard.
const NEVER_SILENT: [&str; 8] = [
    "status-accepted",
    "send-server-lacks",
    "permission-partial",
    "default-smtp-replaced",
    "default-smtp-unknown",
    "services-unknown",
    "permission-uncertain",
    "permission-unchecked",
];

fn read(policy: serde_json::Value) -> Result<Policy, String> {
    serde_json::from_value(policy).map_err(|error| error.to_string())
}

#[test]
fn only_warnings_and_notes_are_silenced_and_not_all_of_them() {
    for rule in RULES {
        let may = matches!(rule.kind(), Kind::Warn | Kind::Note) && !NEVER_SILENT.contains(&rule.id());
        let silenced = Policy::default().silence(rule.id());
        assert_eq!(silenced.is_ok(), may, "{}", rule.id());
        if let Err(error) = silenced {
            assert!(matches!(&error, PolicyError::NotSilenced { id, .. } if *id == rule.id()), "{error}");
        }
    }
}

#[test]
fn only_warnings_and_notes_are_raised_and_only_upwards() {
    for rule in RULES {
        for to in [Kind::Note, Kind::FollowUp, Kind::Warn, Kind::Decide, Kind::Refuse] {
            let may = match rule.kind() {
                Kind::Note => matches!(to, Kind::Warn | Kind::Refuse),
                Kind::Warn => to == Kind::Refuse,
                _ => false,
            };
            assert_eq!(Policy::default().raise(rule.id(), to).is_ok(), may, "{} to {to}", rule.id());
        }
    }
}

#[test]
fn thresholds_only_tighten() {
    assert_eq!(Policy::default().with_expires_soon_days(59).unwrap_err(), PolicyError::Days { days: 59 });
    assert_eq!(Policy::default().with_minimum_rsa_bits(2047).unwrap_err(), PolicyError::Bits { bits: 2047 });
    assert!(Policy::default().with_expires_soon_days(60).is_ok());
    assert!(Policy::default().with_minimum_rsa_bits(2048).is_ok());
}

#[test]
fn an_own_rule_has_a_slash_in_its_id_and_can_warn_note_or_refuse() {
    let rule = |id: &'static str, kind| OwnRule::new(id, kind, |case| Some(Finding::new(case.in_question(), "no")));
    for kind in [Kind::Note, Kind::Warn, Kind::Refuse] {
        assert!(Policy::default().with_rule(rule("contoso/any", kind)).is_ok());
    }
    for kind in [Kind::FollowUp, Kind::Decide] {
        let error = Policy::default().with_rule(rule("contoso/any", kind)).unwrap_err();
        assert_eq!(error, PolicyError::OwnKind { id: "contoso/any".to_owned(), kind });
    }
    for id in ["wildcard-imap", "contoso", "contoso/a b", "contoso/\n"] {
        assert!(matches!(Policy::default().with_rule(rule(id, Kind::Warn)), Err(PolicyError::OwnId { .. })), "{id:?}");
    }
    let twice = Policy::default()
        .with_rule(rule("contoso/any", Kind::Note))
        .unwrap()
        .with_rule(rule("contoso/any", Kind::Warn));
    assert!(matches!(twice, Err(PolicyError::Twice { .. })));
}

#[test]
fn a_policy_in_json_says_what_is_wrong_with_it() {
    assert!(read(json!({})).is_ok());
    assert!(read(json!({ "raise": { "audit-weak": "high", "audit-expired": "high" } })).is_ok());
    assert!(
        read(json!({ "expires_soon_days": 90, "minimum_rsa_bits": 3072, "raise": { "self-signed": "refuse" },
        "silence": ["no-client-authentication", "audit-out-of-support"] }))
        .is_ok()
    );
    for (policy, problem) in [
        (json!({ "silence": ["no-such-rule"] }), "there is no rule `no-such-rule`; did you mean"),
        (json!({ "raise": { "contoso/any": "warn" } }), "there is no rule `contoso/any`; did you mean"),
        (json!({ "silence": ["self-signed", "self-signed"] }), "`self-signed` is named twice"),
        (
            json!({ "silence": ["self-signed"], "raise": { "self-signed": "refuse" } }),
            "`self-signed` is both raised and silenced",
        ),
        (json!({ "silence": ["restart-iis"] }), "`restart-iis` cannot be silenced"),
        (json!({ "raise": { "self-signed": "warn" } }), "`self-signed` cannot be raised from warn to warn"),
        (json!({ "raise": { "self-signed": "deny" } }), "unknown kind or severity `deny`; expected one of note"),
        (json!({ "silence": ["audit-expierd"] }), "there is no rule `audit-expierd`; did you mean `audit-expired`?"),
        (
            json!({ "silence": ["audit-expired"] }),
            "`audit-expired` cannot be silenced: what is of high severity has to be heard",
        ),
        (
            json!({ "raise": { "audit-unsuitable": "high" } }),
            "`audit-unsuitable` cannot be raised from high to high: only a finding of low severity can be raised, to high",
        ),
        (json!({ "raise": { "audit-weak": "refuse" } }), "`audit-weak` cannot be raised from low to refuse"),
        (json!({ "raise": { "self-signed": "high" } }), "`self-signed` cannot be raised from warn to high"),
        (json!({ "silence": ["audit-weak", "audit-weak"] }), "`audit-weak` is named twice"),
        (
            json!({ "silence": ["audit-weak"], "raise": { "audit-weak": "high" } }),
            "`audit-weak` is both raised and silenced",
        ),
        (json!({ "expires_soon_days": 30 }), "expires_soon_days must be at least 60, not 30"),
        (json!({ "minimum_rsa_bits": 1024 }), "minimum_rsa_bits must be at least 2048, not 1024"),
        (json!({ "rules": [] }), "unknown field `rules`"),
    ] {
        let error = read(policy).unwrap_err();
        assert!(error.starts_with(problem), "{error}");
    }
    let twice = r#"{ "raise": { "self-signed": "refuse", "self-signed": "refuse" } }"#;
    let error = serde_json::from_str::<Policy>(twice).unwrap_err().to_string();
    assert!(error.starts_with("`self-signed` is named twice"), "{error}");
}
