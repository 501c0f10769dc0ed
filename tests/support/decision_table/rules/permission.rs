//! Who may do it (§5.1).

use super::super::facts::*;
use super::{Answered, Assignment, whole};

#[derive(PartialEq, Eq)]
enum Permission {
    Granted,
    Denied,
    Uncertain,
    Unchecked,
}

const ADMINISTRATORS: [&str; 3] = ["Local Administrators", "Administrators", "BUILTIN\\Administrators"];
/// It alone may change Send connectors and the hybrid configuration.
const ORGANIZATION_MANAGEMENT: &str = "Organization Management";
const EXCHANGE_GRANTING: [&str; 3] = [ORGANIZATION_MANAGEMENT, "Server Management", "Exchange Server Certificates"];
const NEVER_GRANTING: [&str; 12] = [
    "Recipient Management",
    "View-Only Organization Management",
    "Help Desk",
    "Hygiene Management",
    "Records Management",
    "Discovery Management",
    "Compliance Management",
    "Public Folder Management",
    "UM Management",
    "Delegated Setup",
    "Security Reader",
    "Security Administrator",
];

fn permission(server: &ServerFacts, request: &RequestFacts) -> Permission {
    let Some(caller) = &request.caller else {
        return Permission::Unchecked;
    };
    let (granting, denied) =
        if server.is_edge() { (ADMINISTRATORS, EXCHANGE_GRANTING) } else { (EXCHANGE_GRANTING, ADMINISTRATORS) };
    let one_of = |names: &[&str], group: &str| names.iter().any(|it| it.eq_ignore_ascii_case(group));
    if caller.iter().any(|group| one_of(&granting, group)) {
        Permission::Granted
    } else if caller.iter().all(|group| one_of(&denied, group) || one_of(&NEVER_GRANTING, group)) {
        Permission::Denied
    } else {
        Permission::Uncertain
    }
}

pub fn is_denied(server: &ServerFacts, request: &RequestFacts) -> Answered {
    whole(matches!(permission(server, request), Permission::Denied))
}

pub fn is_uncertain(server: &ServerFacts, request: &RequestFacts) -> Answered {
    whole(matches!(permission(server, request), Permission::Uncertain))
}

/// §5.1, `permission-partial`: by the script, or by the remedies of `update-connectors` and `update-hybrid`.
pub fn is_partial(a: &Assignment<'_>) -> Answered {
    let granted = permission(a.server, a.request) == Permission::Granted && !a.server.is_edge();
    let whole_organization =
        a.request.caller.iter().flatten().any(|group| group.eq_ignore_ascii_case(ORGANIZATION_MANAGEMENT));
    whole(granted && !whole_organization && a.changes_organization())
}

pub fn is_unchecked(server: &ServerFacts, request: &RequestFacts) -> Answered {
    whole(matches!(permission(server, request), Permission::Unchecked))
}
