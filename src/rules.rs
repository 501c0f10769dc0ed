//! Every rule, in the order in which they report.

mod connectors;
mod endpoints;
mod follow_up;
mod hosting;
mod installation;
mod names;
mod not_read;
mod permission;
mod quality;
mod removal;
mod smtp;
mod status;
mod unified_messaging;
mod wildcard;

use crate::rule::Rule;
use crate::text;

/// Every rule of the crate, in the order in which they report: first what Microsoft's article on
/// the assignment of certificates says, then what the references and support articles add. Those that compare what is
/// presented stand last: they look at what all others say.
///
/// ```
/// use exchange_certificates::{Kind, RULES};
///
/// assert!(RULES.iter().any(|rule| rule.id() == "wildcard-imap" && rule.kind() == Kind::Refuse));
/// ```
pub static RULES: &[&Rule] = &[
    &installation::CERTIFICATE_NOT_INSTALLED,
    &status::STATUS_NOT_VALID,
    &status::STATUS_ACCEPTED,
    &wildcard::WILDCARD_IMAP,
    &wildcard::WILDCARD_POP,
    &smtp::REPLACE_DEFAULT_SMTP,
    &smtp::DEFAULT_SMTP_REPLACED,
    &smtp::DEFAULT_SMTP_UNKNOWN,
    &unified_messaging::UM_STARTUP_MODE,
    &unified_messaging::UM_CALL_ROUTER_STARTUP_MODE,
    &unified_messaging::UM_NOT_AVAILABLE,
    &installation::ASSIGNMENT_IRREVOCABLE,
    &follow_up::RESTART_IIS,
    &follow_up::RECREATE_EDGE_SUBSCRIPTION,
    &permission::PERMISSION_DENIED,
    &permission::PERMISSION_UNCERTAIN,
    &permission::PERMISSION_UNCHECKED,
    &permission::PERMISSION_PARTIAL,
    &follow_up::VERIFY_ASSIGNMENT,
    &installation::NO_SERVICES,
    &hosting::FEDERATION_NOT_ASSIGNABLE,
    &hosting::SERVICE_NOT_HOSTED,
    &quality::UNREADABLE_EXTENSION,
    &installation::PRIVATE_KEY_MISSING,
    &quality::NOT_SERVER_AUTHENTICATION,
    &quality::KEY_TOO_SMALL,
    &quality::ECC_UNSUPPORTED,
    &quality::CNG_KEY,
    &removal::REMOVES_DEFAULT_SMTP,
    &removal::REMOVES_LAST_ASSIGNMENT,
    &removal::REMOVES_CONNECTOR_CERTIFICATE,
    &removal::REMOVES_BACK_END_CERTIFICATE,
    &removal::REMOVES_KEYLESS,
    &removal::REMOVES_FEDERATION_CERTIFICATE,
    &removal::REMOVES_AUTH_CERTIFICATE,
    &installation::SERVICES_UNKNOWN,
    &not_read::FACTS_UNKNOWN,
    &removal::REMOVES_LIKELY_AUTH_CERTIFICATE,
    &removal::REMOVES_WEB_MANAGEMENT,
    &follow_up::REQUIRE_SSL,
    &follow_up::RESTART_IMAP,
    &follow_up::RESTART_POP,
    &follow_up::SERVED_BY_NAME,
    &connectors::CONNECTOR_FQDN_INVALID,
    &connectors::SEND_SERVER_LACKS,
    &connectors::UPDATE_HYBRID,
    &follow_up::RESTART_UM,
    &follow_up::RESTART_UM_CALL_ROUTER,
    &follow_up::LOAD_BALANCER_CERTIFICATE,
    &names::IMAP_NAME_MISMATCH,
    &names::POP_NAME_MISMATCH,
    &names::RESTORE_IMAP_NAME,
    &names::RESTORE_POP_NAME,
    &names::IIS_NAME_NOT_COVERED,
    &connectors::UPDATE_CONNECTORS,
    &connectors::CONNECTOR_USES_OTHER,
    &smtp::EDGE_SYNC_BREAKS,
    &connectors::HYBRID_ROOT,
    &smtp::DEFAULT_SMTP_NAME_MISMATCH,
    &smtp::DEFAULT_SMTP_MISSING,
    &smtp::DEFAULT_SMTP_EXPIRED,
    &smtp::AUTH_CERTIFICATE,
    &quality::CA_CERTIFICATE,
    &quality::SELF_SIGNED,
    &quality::EMPTY_SUBJECT,
    &names::NO_DOMAIN,
    &status::EXPIRES_SOON,
    &quality::WEAK_KEY,
    &quality::WEAK_SIGNATURE,
    &quality::ECC_KEY,
    &quality::KEY_USAGE,
    &quality::NO_CLIENT_AUTHENTICATION,
    &hosting::SERVICE_SKIPPED,
    &endpoints::ENDPOINT_FAILS,
    &endpoints::ENDPOINT_WORSE,
    &endpoints::SMTP_REACHES_NOTHING,
    &endpoints::SMTP_REACHES_SOME,
    &endpoints::IMAP_AMBIGUOUS,
    &endpoints::POP_AMBIGUOUS,
    &endpoints::IIS_BINDING_KEEPS_OTHER,
    &endpoints::IMPORT_TAKES_OVER,
    &endpoints::ENDPOINT_CHANGES,
    &endpoints::ENDPOINTS_UNKNOWN,
];

/// The id that is most like a misspelt one, by the edits that lead from one to the other.
pub(crate) fn nearest(id: &str) -> &'static str {
    let known = RULES.iter().map(|rule| rule.id());
    known.min_by_key(|known| text::distance(id, known)).unwrap_or_default()
}

/// The rule of this id.
///
/// ```
/// let rule = exchange_certificates::rule("wildcard-imap").ok_or("no such rule")?;
/// assert_eq!(rule.summary(), "A wildcard certificate cannot be assigned to IMAP.");
/// # Ok::<(), &str>(())
/// ```
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id() == id).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Check;

    #[test]
    fn the_rules_that_look_at_what_others_say_stand_last() {
        let compares = |rule: &&&Rule| matches!(rule.check, Check::Compare(_) | Check::Fleet(_));
        let last = RULES.iter().rev().take_while(compares).count();
        assert_eq!(last, RULES.iter().filter(compares).count());
    }
}
