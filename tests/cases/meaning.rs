//! Every script is PowerShell, and run it leaves the server that its plan leaves.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

use exchange_certificates::{Block, Diagnostic, Plan, Server, plan};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::comparison::{self, NOT_INSTALLED};
use crate::support::decision_table::{
    Answer, CertificateName, ConnectorFacts, ConnectorKind, FEDERATION, Fact, IIS, KeyStorage, Mode, Operation, Role,
    Situation, StartupMode, Status,
};
use crate::support::filled::filled;
use crate::support::interpreter::{Default, Item, Machine, Value, bind, read};
use crate::support::situations::situations;

proptest! {
    #![proptest_config(ProptestConfig { cases: 25_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scripts_do_what_their_plans_say(situation in situations().prop_map(settled)) {
        check(&situation).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn scripts_of_promising_requests_do_what_their_plans_say(situation in promising()) {
        check(&situation).map_err(TestCaseError::fail)?;
    }
}

/// Without it the properties above could hold of scripts in which nothing happens.
#[test]
fn the_scripts_run_every_command_and_renew_with_transport_stopped() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..10_000 {
        let situation = promising().new_tree(&mut runner).unwrap().current();
        let server = comparison::server(&situation);
        let Ok(plan) = plan(&server, &comparison::request(&situation), comparison::now(&situation)) else { continue };
        let items = read(&script(&plan)).unwrap();
        if items.is_empty() {
            *counts.entry("nothing to do".into()).or_default() += 1;
        }
        count(&items, "", &mut counts);
    }
    println!("{counts:#?}");
    for expected in [
        "nothing to do",
        "comment",
        "Enable-ExchangeCertificate",
        "Remove-ExchangeCertificate",
        "Remove-Item",
        "elsewhere Remove-Item",
        "Set-SendConnector",
        "Set-ReceiveConnector",
        "Set-HybridConfiguration",
        "elsewhere Stop-Service MSExchangeUM",
        "elsewhere Start-Service MSExchangeUM",
        "elsewhere Stop-Service MSExchangeUMCR",
        "elsewhere Start-Service MSExchangeUMCR",
        "Stop-Service MSExchangeTransport",
        "Start-Service MSExchangeTransport",
        "elsewhere Stop-Service MSExchangeTransport",
        "elsewhere Start-Service MSExchangeTransport",
    ] {
        let count = counts.get(expected).copied().unwrap_or(0);
        assert!(count >= 20, "{expected}: {count} of {counts:#?}");
    }
}

fn count(items: &[Item], place: &str, counts: &mut BTreeMap<String, usize>) {
    for item in items {
        let Item::Pipeline(commands) = item else {
            *counts.entry("comment".into()).or_default() += 1;
            continue;
        };
        let call = bind(&commands[0]).unwrap();
        let services = if call.has("Name") { call.words("Name").unwrap() } else { Vec::new() };
        let shown = format!("{place}{} {}", call.cmdlet, services.join(" "));
        *counts.entry(shown.trim_end().to_owned()).or_default() += 1;
        if let Ok(Value::Block(items)) = call.value("ScriptBlock") {
            count(items, "elsewhere ", counts);
        }
    }
}

/// Runs what a situation gives on a machine in that situation.
fn check(situation: &Situation) -> Result<(), String> {
    let server = comparison::server(situation);
    let now = comparison::now(situation);
    match plan(&server, &comparison::request(situation), now) {
        Err(no_plan) => no_plan.diagnostics().iter().try_for_each(check_remedy),
        Ok(plan) => {
            let mut after = server;
            plan.apply(&mut after, now).map_err(|error| error.to_string())?;
            let mut machine = Machine::new(situation, NOT_INSTALLED);
            run(&mut machine, &script(&plan))?;
            let (shown, expected) = (of_machine(&machine), of_library(&after));
            if shown != expected {
                return Err(format!("{}\nleaves {shown:#?}\nand the plan {expected:#?}", script(&plan)));
            }
            let required = machine.require_ssl;
            if required.is_some_and(|required| required != situation.request.require_ssl) {
                return Err(format!("{}\nleaves \"Require SSL\" at {required:?}", script(&plan)));
            }
            check_every_line(situation, &script(&plan), &expected)?;
            check_follow_ups(situation, &plan, machine)?;
            plan.diagnostics().iter().try_for_each(check_remedy)
        }
    }
}

fn run(machine: &mut Machine, script: &str) -> Result<(), String> {
    machine.run(script).map_err(|failure| format!("{script}\n{failure}"))
}

pub fn script(plan: &Plan) -> String {
    let lines: Vec<_> = plan.script().iter().map(ToString::to_string).collect();
    assert!(lines.iter().all(|line| !line.contains('\n')), "one element is one line: {lines:?}");
    lines.join("\n")
}

/// Without any one of its lines a script fails or leaves another server.
fn check_every_line(situation: &Situation, script: &str, expected: &Left) -> Result<(), String> {
    let lines: Vec<_> = script.lines().collect();
    for (place, line) in lines.iter().enumerate() {
        let mut rest = lines.clone();
        rest.remove(place);
        // A computer may be named twice, by its name and by its FQDN: its transport is then stopped twice.
        // A comment about other servers does nothing here.
        if rest.contains(line) || line.starts_with("# This removes ") {
            continue;
        }
        let mut machine = Machine::new(situation, NOT_INSTALLED);
        // What a certificate gains is not seen where its services are not known.
        if situation.request.certificate.is_some_and(|index| machine.certificates[index].services.is_none()) {
            return Ok(());
        }
        // Nor that one which has IIS by the Exchange Back End is bound to another site as well, where sites are not known.
        let has_iis_somewhere = |index: usize| {
            let installed = &machine.certificates[index];
            installed.web_sites.is_none() && installed.services.is_some_and(|services| services & IIS != 0)
        };
        if line.contains("IIS") && situation.request.certificate.is_some_and(has_iis_somewhere) {
            continue;
        }
        if machine.run(&rest.join("\n")).is_ok() && of_machine(&machine) == *expected {
            return Err(format!("{script}\nis the same without\n{line}"));
        }
    }
    Ok(())
}

/// What is to be done after the script runs after it: connectors find a certificate by their new names, and IMAP and
/// POP have their old names back.
fn check_follow_ups(situation: &Situation, plan: &Plan, mut machine: Machine) -> Result<(), String> {
    for diagnostic in plan.diagnostics() {
        let rule = diagnostic.rule();
        if !matches!(rule, "update-connectors" | "restore-imap-name" | "restore-pop-name") {
            continue;
        }
        run(&mut machine, &commands(diagnostic).join("\n"))?;
        let (shown, before) = match rule {
            "restore-imap-name" => (&machine.imap_name, &situation.server.imap_certificate_name),
            "restore-pop-name" => (&machine.pop_name, &situation.server.pop_certificate_name),
            _ => continue,
        };
        if *shown != before.value().cloned() {
            return Err(format!("{rule} leaves {shown:?}, and it was {before:?}"));
        }
    }
    Ok(())
}

pub fn commands(diagnostic: &Diagnostic) -> Vec<String> {
    diagnostic.remedy().iter().flat_map(commands_of).collect()
}

/// The commands of a block, without what lets it be pasted, and without the variables that keep what they give. What is
/// an expression of the language is for PowerShell itself.
fn commands_of(block: &Block) -> Vec<String> {
    let text = block.text();
    let lines = text.lines().map(str::trim).filter_map(|line| {
        let command = line.split_once(" = ").filter(|(variable, _)| variable.starts_with('$')).map_or(line, |it| it.1);
        let is_command = command.starts_with(|c: char| c.is_ascii_uppercase()) || command.starts_with("certutil");
        (is_command || command.starts_with("iisreset")).then(|| command.to_owned())
    });
    lines.collect()
}

/// Every command of a remedy is PowerShell, and gives known cmdlets parameters that they have.
fn check_remedy(diagnostic: &Diagnostic) -> Result<(), String> {
    thread_local! {
        // The same few are said again and again.
        static SEEN: RefCell<HashSet<String>> = RefCell::default();
    }
    for command in commands(diagnostic) {
        if SEEN.with_borrow_mut(|seen| !seen.insert(command.clone())) {
            continue;
        }
        let fail = |failure| format!("{}: {command}\n{failure}", diagnostic.rule());
        let filled = filled(&command);
        let items = read(&filled).map_err(fail)?;
        if !matches!(items.as_slice(), [Item::Pipeline(_)] | [Item::Pipeline(_), Item::Comment { .. }]) {
            return Err(format!("{}: {command} is no single command", diagnostic.rule()));
        }
        check_parameters(&items).map_err(fail)?;
    }
    Ok(())
}

fn check_parameters(items: &[Item]) -> Result<(), crate::support::interpreter::Failure> {
    for item in items {
        let Item::Pipeline(commands) = item else { continue };
        for command in commands {
            let call = bind(command)?;
            if let Ok(Value::Block(items)) = call.value("ScriptBlock") {
                check_parameters(items)?;
            }
        }
    }
    Ok(())
}

/// A server afterwards, as far as a script changes it.
#[derive(Debug, PartialEq)]
pub struct Left {
    certificates: Vec<(String, Option<u8>, Option<Vec<u32>>)>,
    imap_name: Option<String>,
    pop_name: Option<String>,
    default_smtp: Default,
    connectors: Vec<Option<String>>,
}

pub fn of_machine(machine: &Machine) -> Left {
    let sorted = |mut sites: Vec<u32>| {
        sites.sort_unstable();
        sites
    };
    let certificates = machine.certificates.iter();
    // Those of the organisation come first.
    let (own, shared): (Vec<_>, Vec<_>) =
        machine.connectors.iter().partition(|connector| connector.kind == ConnectorKind::Receive);
    let connectors = shared.into_iter().chain(own);
    Left {
        certificates: certificates
            .map(|installed| {
                (installed.facts.thumbprint.clone(), installed.services, installed.web_sites.clone().map(sorted))
            })
            .collect(),
        imap_name: machine.imap_name.clone(),
        pop_name: machine.pop_name.clone(),
        default_smtp: machine.default_smtp.clone(),
        connectors: connectors
            .map(|connector| connector.tls_certificate_name.as_ref().map(|name| name.to_lowercase()))
            .collect(),
    }
}

pub fn of_library(server: &Server) -> Left {
    let connectors = server.connectors();
    Left {
        certificates: server
            .certificates()
            .map(|installed| {
                let services = installed.services().map(|services| services.bits());
                (
                    installed.thumbprint().to_string(),
                    services,
                    installed.web_sites().map(|sites| sites.iter().copied().collect()),
                )
            })
            .collect(),
        imap_name: server.imap_certificate_name().value().map(str::to_owned),
        pop_name: server.pop_certificate_name().value().map(str::to_owned),
        default_smtp: match server.default_smtp() {
            exchange_certificates::Fact::Value(thumbprint) => Default::Thumbprint(thumbprint.to_string()),
            exchange_certificates::Fact::None => Default::Nothing,
            _ => Default::NotKnown,
        },
        connectors: connectors
            .map(|connector| connector.tls_certificate_name().value().map(|name| name.to_string().to_lowercase()))
            .collect(),
    }
}

/// What an organisation cannot be like, and no rule refuses.
fn settled(mut situation: Situation) -> Situation {
    let server = &mut situation.server;
    // There is one hybrid configuration, and `Set-HybridConfiguration` takes no name.
    let mut there = false;
    server
        .connectors
        .retain(|connector| connector.kind != ConnectorKind::Hybrid || !std::mem::replace(&mut there, true));
    // A server that is a Client Access server alone does not run MSExchangeTransport, and sends for no connector.
    if server.roles == [Role::ClientAccess] {
        for connector in server.connectors.iter_mut() {
            let here = |name: &str| Some(name) == server.fqdn.as_deref() || name.eq_ignore_ascii_case(&server.name);
            connector.servers.retain(|name| !here(name));
            if connector.servers.is_empty() {
                connector.servers = vec!["MBX02".into()];
            }
        }
    }
    situation
}

/// Situations in which little stands against a request, under names that are no plain words.
fn promising() -> impl Strategy<Value = Situation> {
    let names = || select(vec!["MBX01", "mb\u{2019}x 1; iisreset", "-Force", "$(x)`n'\u{201B}\"#"]);
    let kinds = vec![ConnectorKind::Send, ConnectorKind::Send, ConnectorKind::Receive, ConnectorKind::Hybrid];
    let connector = (
        select(kinds),
        0_usize..5,
        names(),
        subsequence(vec!["this", "THIS", "mbx01.contoso.com", "MBX02", "mbx02", "it's; there"], 0..=3),
    );
    let services = select(vec![8_u8, 16, 24, 19, 27, 80, 28, 31, 95]);
    (situations(), names(), vec(connector, 0..=3), vec(services, 5), any::<[bool; 3]>()).prop_map(
        |(mut situation, name, connectors, services, [answer, same, update])| {
            let server = &mut situation.server;
            server.name = name.to_owned();
            server.um_startup_mode = StartupMode::Dual;
            server.um_call_router_startup_mode = StartupMode::Tls;
            server.auth_certificates = None;
            let hosted = server.hosted() & !FEDERATION;
            for (certificate, services) in server.certificates.iter_mut().zip(services) {
                certificate.friendly_name = None;
                certificate.status = certificate.within_dates(situation.now).then_some(Status::Valid);
                certificate.services = certificate.services.map(|_| services & hosted);
                certificate.key_storage = certificate.key_storage.map(|_| KeyStorage::Csp);
                if let Some(sites) = &mut certificate.web_sites {
                    sites.retain(|site| *site != 2);
                }
            }
            let request = &mut situation.request;
            request.caller = None;
            request.default_smtp = request.default_smtp.or(answer.then_some(Answer::Replace));
            match &mut request.operation {
                Operation::Assign { services, mode } => {
                    (*services, *mode) = (*services & hosted, Mode::Add);
                }
                Operation::Replace { old, update_connectors } => {
                    *update_connectors |= update;
                    // Certificates of one name are renewed far more often than not.
                    if let (true, Some(old), Some(new)) = (same, *old, request.certificate) {
                        let alike = |index: &usize| {
                            *index != new && server.certificates[*index].same_names(&server.certificates[new])
                        };
                        let old =
                            if alike(&old) { old } else { (0..server.certificates.len()).find(alike).unwrap_or(old) };
                        request.operation = Operation::Replace { old: Some(old), update_connectors: true };
                        request.old_thumbprint = server.certificates[old].thumbprint.clone();
                    }
                }
                Operation::Remove => {}
            }
            // Of what goes alone the private key may be missing.
            let gone = match request.operation {
                Operation::Assign { .. } => None,
                Operation::Remove => request.certificate,
                Operation::Replace { old, .. } => old,
            };
            for (index, certificate) in server.certificates.iter_mut().enumerate() {
                certificate.has_private_key |= gone != Some(index);
            }
            // What a removal is about must be held by a connector now and then.
            server.connectors = connectors
                .into_iter()
                .enumerate()
                .filter_map(|(place, (kind, index, name, servers))| {
                    let certificate = server.certificates.get(index)?;
                    let here = |name: &str| match name {
                        "this" => server.name.to_lowercase(),
                        "THIS" => server.name.clone(),
                        other => other.to_owned(),
                    };
                    Some(ConnectorFacts {
                        kind,
                        name: format!("{name} {place}"),
                        tls_certificate_name: Fact::Value(CertificateName {
                            issuer: certificate.issuer.clone(),
                            subject: certificate.subject.to_uppercase(),
                        }),
                        servers: servers.into_iter().map(here).collect(),
                        ..ConnectorFacts::default()
                    })
                })
                .collect();
            settled(situation)
        },
    )
}
