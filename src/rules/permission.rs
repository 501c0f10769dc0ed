//! Who may assign certificates.

use crate::case::Case;
use crate::finding::{Detail, Finding, Remedy};
use crate::powershell::Command;
use crate::rule::rule;
use crate::text;

rule! {
    /// Who asks may assign certificates.
    ///
    /// The role groups Organization Management and Server Management may, and whoever holds the
    /// management role Exchange Server Certificates; on an Edge Transport server, its local
    /// administrators. Where nobody named is one of these and all are built-in groups, the request is
    /// refused.
    PERMISSION_DENIED: Refuse, Article, Request(denied)
}

rule! {
    /// A group that is not built in may hold the role.
    PERMISSION_UNCERTAIN: Warn, Article, Request(uncertain)
}

rule! {
    /// The request says who asks.
    PERMISSION_UNCHECKED: Note, Article, Request(unchecked)
}

const ROLE: &str = "Exchange Server Certificates";
const GRANTING: [&str; 3] = ["Organization Management", "Server Management", ROLE];
const LOCAL_ADMINISTRATORS: [&str; 3] = ["Local Administrators", "Administrators", "BUILTIN\\Administrators"];
const BUILT_IN: [&str; 12] = [
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

/// What the groups named amount to.
enum Verdict<'a> {
    Granted,
    Denied(&'a [String]),
    Uncertain(Vec<&'a String>),
}

fn verdict<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let groups = case.request.caller()?;
    let (granting, others) =
        if case.server.is_edge() { (LOCAL_ADMINISTRATORS, GRANTING) } else { (GRANTING, LOCAL_ADMINISTRATORS) };
    let is_one = |group: &str, names: &[&str]| names.iter().any(|name| text::same(name, group));
    if groups.iter().any(|group| is_one(group, &granting)) {
        return Some(Verdict::Granted);
    }
    let unknown: Vec<_> = groups.iter().filter(|group| !is_one(group, &BUILT_IN) && !is_one(group, &others)).collect();
    Some(if unknown.is_empty() { Verdict::Denied(groups) } else { Verdict::Uncertain(unknown) })
}

fn denied(case: &Case<'_>) -> Option<Finding> {
    let Verdict::Denied(groups) = verdict(case)? else {
        return None;
    };
    let would_do = if case.server.is_edge() {
        "on an Edge Transport server, the local administrators would do"
    } else {
        "Organization Management, Server Management or the management role Exchange Server Certificates would do"
    };
    Some(Finding::on_request(Detail::Denied { groups: groups.to_vec() }).advise(would_do))
}

fn uncertain(case: &Case<'_>) -> Option<Finding> {
    let Verdict::Uncertain(groups) = verdict(case)? else {
        return None;
    };
    let finding = Finding::on_request(Detail::Uncertain { groups: groups.iter().copied().cloned().collect() });
    if case.server.is_edge() {
        // An Edge Transport server knows no management roles.
        let members = Command::new("Get-LocalGroupMember").value("Group", "Administrators");
        return Some(finding.advise("see whether it is among the local administrators:").command(members));
    }
    let look_up = |group: &String| {
        let command = Command::new("Get-ManagementRoleAssignment").value("RoleAssignee", group.clone());
        Remedy::Command(command.value("Role", ROLE))
    };
    Some(finding.remedies(groups.into_iter().map(look_up).collect::<Vec<_>>()))
}

fn unchecked(case: &Case<'_>) -> Option<Finding> {
    case.request.caller().is_none().then(|| Finding::on_request(Detail::Unchecked))
}
