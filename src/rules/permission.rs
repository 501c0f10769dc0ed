//! Who may assign certificates.

use crate::case::{Assignment, Case};
use crate::change::Rename;
use crate::commands::{self, CERTIFICATES_ROLE};
use crate::finding::{Finding, message};
use crate::rule::rule;
use crate::server::{Connector, ConnectorKind};
use crate::text::{list, same};

rule! {
    /// The caller must be allowed to manage certificates.
    ///
    /// The role groups Organization Management and Server Management are, and holders of the management
    /// role Exchange Server Certificates; on an Edge Transport server, its local administrators. If the
    /// caller has none of these, and only built-in groups, the request is refused.
    PERMISSION_DENIED: Refuse, Article, Request(denied)
}

fn denied(case: &Case<'_>) -> Option<Finding> {
    let Verdict::Denied(groups) = verdict(case)? else {
        return None;
    };
    let finding = if groups.is_empty() {
        Finding::on_request("the caller has no group and no role")
    } else {
        let groups = groups.to_vec();
        Finding::on_request(message!(groups; "{} may not manage certificates", list(groups)))
    };
    Some(finding.advise(if case.server.is_edge() {
        "on an Edge Transport server, the local administrators may"
    } else {
        "Organization Management, Server Management or the management role Exchange Server Certificates may"
    }))
}

rule! {
    /// The caller's groups are not built in, so they may or may not grant the permission.
    PERMISSION_UNCERTAIN: Warn, Article, Request(uncertain)
}

fn uncertain(case: &Case<'_>) -> Option<Finding> {
    let Verdict::Uncertain(groups) = verdict(case)? else {
        return None;
    };
    let commands: Vec<_> = groups.iter().map(|group| commands::show_role_assignment(group)).collect();
    let message = message!(
        groups;
        "{} {}, and may or may not be allowed to manage certificates",
        list(groups), if groups.len() == 1 { "is not a built-in group" } else { "are not built-in groups" }
    );
    let finding = Finding::on_request(message);
    if case.server.is_edge() {
        // An Edge Transport server knows no management roles.
        let advice = "check whether it is among the local administrators:";
        return Some(finding.advise(advice).command(commands::show_local_administrators()));
    }
    Some(finding.commands(commands))
}

rule! {
    /// The request does not say who the caller is.
    PERMISSION_UNCHECKED: Note, Article,
    Request(|case| case.request.caller().is_none().then(unchecked))
}

fn unchecked() -> Finding {
    Finding::on_request("the request does not say who the caller is, so the permission cannot be checked")
}

rule! {
    /// The caller may not run every command of the plan.
    ///
    /// Server Management and the management role Exchange Server Certificates may manage certificates. Send connectors
    /// and the hybrid configuration belong to the organisation, which takes Organization Management.
    PERMISSION_PARTIAL: Warn, Article, Request(partial)
}

fn partial(case: &Case<'_>) -> Option<Finding> {
    let groups = case.request.caller().filter(|_| !case.server.is_edge())?;
    let [organization, lesser @ ..] = GRANTING;
    let is_named = |name: &str| groups.iter().any(|group| same(name, group));
    if is_named(organization) || !lesser.into_iter().any(is_named) {
        return None;
    }
    let left = case.assignment.as_ref().map(Assignment::connectors_left_behind).unwrap_or_default();
    // No remedy gives a Send connector a name with an empty subject.
    let is_nameless =
        case.server.installed(case.request.thumbprint()).is_some_and(|new| new.certificate().subject().is_empty());
    let left = left.iter().filter(|connector| connector.kind() != ConnectorKind::Send || !is_nameless);
    let changed = || case.change.renames().iter().map(Rename::connector).chain(left.clone()).map(Connector::kind);
    let cmdlets = [(ConnectorKind::Send, "Set-SendConnector"), (ConnectorKind::Hybrid, "Set-HybridConfiguration")];
    let commands = cmdlets.into_iter().filter(|(kind, _)| changed().any(|changed| changed == *kind));
    let commands: Vec<_> = commands.map(|(_, cmdlet)| cmdlet).collect();
    (!commands.is_empty()).then(|| {
        let message = message!(
            commands;
            "the caller may manage certificates, but may not run {}", commands.join(" and ")
        );
        Finding::on_request(message).advise("let a member of Organization Management run these commands")
    })
}

const GRANTING: [&str; 3] = ["Organization Management", "Server Management", CERTIFICATES_ROLE];
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

/// What the caller's groups amount to.
enum Verdict<'a> {
    Granted,
    Denied(&'a [String]),
    Uncertain(Vec<String>),
}

fn verdict<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let groups = case.request.caller()?;
    let (granting, others) =
        if case.server.is_edge() { (LOCAL_ADMINISTRATORS, GRANTING) } else { (GRANTING, LOCAL_ADMINISTRATORS) };
    let is_one = |group: &str, names: &[&str]| names.iter().any(|name| same(name, group));
    if groups.iter().any(|group| is_one(group, &granting)) {
        return Some(Verdict::Granted);
    }
    let unknown: Vec<_> =
        groups.iter().filter(|group| !is_one(group, &BUILT_IN) && !is_one(group, &others)).cloned().collect();
    Some(if unknown.is_empty() { Verdict::Denied(groups) } else { Verdict::Uncertain(unknown) })
}
