//! Every block that is printed anywhere, judged by PowerShell: over the declarations of the references it binds, and
//! does what it says, the rest of it where a command failed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;
use std::time::UNIX_EPOCH;

use exchange_certificates::{AUDIT_RULES, Certificate, Fleet, RULES, Scenario, audit, rfc3339};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::page::{in_package, merge, patch, sections};
use crate::support::filled::filled;
use crate::support::shell::{beside, folder, pwsh, run_file, support};
use crate::{fleets_of_pages, requests};

/// Blocks in the order in which they are pasted.
pub(crate) type Remedy = Vec<String>;

/// What PowerShell made of a block.
#[derive(Deserialize)]
pub(crate) struct Judged {
    /// Why it does not parse as it is printed, and filled in.
    unfilled: Vec<String>,
    errors: Vec<String>,
    /// What it said when it was run.
    said: Vec<String>,
    pub(crate) commands: Vec<Named>,
    pub(crate) calls: Vec<Called>,
    pub(crate) failures: Vec<Failure>,
    guards: Vec<Guard>,
}

/// A command that the text names. Those of one statement have one unit.
#[derive(Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    unit: usize,
    /// With the value where it is constant.
    parameters: BTreeMap<String, Option<String>>,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Called {
    pub(crate) cmdlet: String,
    pub(crate) parameters: BTreeMap<String, Value>,
}

/// What came of it with the call of this number failing.
#[derive(Deserialize)]
pub(crate) struct Failure {
    pub(crate) at: usize,
    pub(crate) by: String,
    said: Vec<String>,
    pub(crate) calls: Vec<String>,
}

#[derive(Deserialize)]
struct Guard {
    guard: String,
    said: Vec<String>,
    calls: Vec<String>,
}

/// What a block uses of PowerShell itself.
const MEANS: [&str; 9] = [
    "ConvertTo-SecureString",
    "Export-Clixml",
    "ForEach-Object",
    "Format-List",
    "Get-Date",
    "Get-Variable",
    "Read-Host",
    "Where-Object",
    "Write-Host",
];

/// Every case of the pages: a scenario, or a fleet with its point in time.
pub(crate) fn cases() -> (Vec<Value>, Vec<(Value, String)>) {
    let of_page = |folder: &str, id: &str| -> Vec<Value> {
        let page = fs::read_to_string(in_package(folder).join(id).with_extension("md")).unwrap();
        let (_, sections) = sections(&page);
        let cases = sections.iter().filter(|section| section.body.contains("```json\n"));
        cases.map(|section| serde_json::from_str(patch(section.body).unwrap().1).unwrap()).collect()
    };
    let plain: Value = serde_json::from_str(include_str!("../rules/plain.json")).unwrap();
    let of_rules = RULES.iter().flat_map(|rule| of_page("tests/rules", rule.id()));
    let mut scenarios: Vec<_> =
        of_rules.chain([subscribed()]).map(|patch| requests::scenario(&plain, &patch).unwrap().0).collect();
    let of_audit = AUDIT_RULES.iter().flat_map(|rule| of_page("tests/audit", rule.id()));
    let mut fleets: Vec<_> =
        of_audit.map(|patch| fleets_of_pages::fleet(&patch).unwrap()).map(|(fleet, now, _)| (fleet, now)).collect();
    let data = |name: &str| fs::read_to_string(in_package("examples/data").join(name)).unwrap();
    let json = |name: &str| -> Value { serde_json::from_str(&data(name)).unwrap() };
    let organization = json("organization.json");
    scenarios.extend(["article.json", "assign.json"].map(json));
    scenarios.extend(renewals(json("renewal.json"), &Certificate::from_pem(&data("renewed.pem")).unwrap()));
    scenarios.extend(rollouts(&organization));
    fleets.push((organization["servers"].clone(), organization["now"].as_str().unwrap().to_owned()));
    (scenarios, fleets)
}

/// An Edge Transport server that is a source of a Send connector beside another one, in a site that is known.
fn subscribed() -> Value {
    let connector = json!({ "kind": "Send", "name": "Outbound", "servers": ["EDGE01", "EDGE02"],
        "tls_certificate_name": { "of": "new" } });
    json!({
        "server": { "name": "EDGE01", "roles": ["EdgeTransport"], "edge_subscribed": true, "site": "Berlin",
            "connectors": [connector] },
        "certificates": { "default": { "services": "SMTP" }, "auth": { "installed": false }, "old": { "services": "SMTP" } },
        "request": { "services": "SMTP", "default_smtp": "keep", "caller": ["Administrators"] }
    })
}

/// The renewal of the examples, with each answer.
fn renewals(mut scenario: Value, renewed: &Certificate) -> Vec<Value> {
    let certificates = scenario["server"]["certificates"].as_array_mut().unwrap();
    let connector = "CN=mail.contoso.com, O=Contoso, C=US";
    let thumbprints: Vec<_> = certificates
        .iter()
        .map(|installed| serde_json::from_value::<Certificate>(installed["certificate"].clone()).unwrap())
        .filter(|certificate| certificate.subject().to_string() == connector)
        .map(|certificate| certificate.thumbprint().to_string())
        .collect();
    let [old] = thumbprints.as_slice() else { panic!("{thumbprints:?}") };
    certificates.push(json!({ "certificate": renewed, "services": "None", "status": "Valid" }));
    let new = renewed.thumbprint().to_string();
    let request =
        json!({ "request": { "operation": "replace", "old": old, "thumbprint": new, "connectors": "update" } });
    merge(&mut scenario, &request);
    with_each_answer(&scenario)
}

/// The certificate of the connectors, to every server of the organisation and to each.
fn rollouts(organization: &Value) -> Vec<Value> {
    let fleet: Fleet = serde_json::from_value(organization["servers"].clone()).unwrap();
    let server = fleet.get("MBX01").unwrap();
    let request = |thumbprint: String, servers: &[&str]| {
        json!({ "now": organization["now"], "servers": organization["servers"], "request": { "thumbprint": thumbprint,
            "services": "IMAP, POP, IIS, SMTP", "connectors": "update", "servers": servers } })
    };
    let all = server.certificates().map(|installed| installed.thumbprint().to_string());
    let orders = [&["MBX01", "MBX02"] as &[&str], &["MBX01", "MBX02", "MBX03"], &["MBX02", "MBX01", "EDGE01"]];
    let asked = all.flat_map(|thumbprint| orders.map(|servers| request(thumbprint.clone(), servers)));
    asked.flat_map(|scenario| with_each_answer(&scenario)).collect()
}

fn with_each_answer(scenario: &Value) -> Vec<Value> {
    ["keep", "replace"]
        .map(|answer| {
            let mut scenario = scenario.clone();
            scenario["request"]["default_smtp"] = json!(answer);
            scenario
        })
        .into()
}

/// The remedies and plans in the answer to a scenario, if it has one.
pub(crate) fn of_scenario(scenario: &Value) -> Option<Vec<Remedy>> {
    let scenario: Scenario = serde_json::from_value(scenario.clone()).ok()?;
    Some(remedies(&serde_json::to_value(scenario.answer(UNIX_EPOCH).ok()?).unwrap()))
}

/// The remedies in what the audit of a fleet finds.
pub(crate) fn of_fleet(fleet: &Value, now: &str) -> Option<Vec<Remedy>> {
    let fleet: Fleet = serde_json::from_value(fleet.clone()).ok()?;
    Some(remedies(&serde_json::to_value(audit(&fleet, rfc3339::parse(now).unwrap()).findings).unwrap()))
}

/// What is pasted, wherever it stands in an answer.
fn remedies(answer: &Value) -> Vec<Remedy> {
    let mut found = Vec::new();
    match answer {
        Value::Array(values) => found.extend(values.iter().flat_map(remedies)),
        Value::Object(fields) => {
            for (key, value) in fields {
                let texts = |value: &Value| -> Vec<String> {
                    let texts = value.as_array().unwrap().iter().filter_map(|block| block["text"].as_str());
                    texts.map(str::to_owned).collect()
                };
                match key.as_str() {
                    "remedy" | "blocks" => found.push(texts(value)),
                    // A file that is run.
                    "script" => {
                        let lines = value.as_array().into_iter().flatten().map(|line| line.as_str().unwrap());
                        found.push(vec![lines.collect::<Vec<_>>().join("\n")]);
                    }
                    _ => found.extend(remedies(value)),
                }
            }
        }
        _ => {}
    }
    found.retain(|texts| texts.iter().any(|text| !text.is_empty()));
    found
}

/// Every remedy and plan, once.
pub(crate) fn all() -> Vec<Remedy> {
    let (scenarios, fleets) = cases();
    let of_scenarios = scenarios.iter().flat_map(|scenario| of_scenario(scenario).unwrap());
    let all: BTreeSet<_> =
        of_scenarios.chain(fleets.iter().flat_map(|(fleet, now)| of_fleet(fleet, now).unwrap())).collect();
    all.into_iter().collect()
}

/// The literal that a text has after these words.
fn named(text: &str, words: &str) -> Option<String> {
    let (mut literal, mut characters) = (String::new(), text.split_once(words)?.1.chars());
    let is_quote = |character: char| matches!(character, '\'' | '\u{2018}'..='\u{201B}');
    while let Some(character) = characters.next() {
        if is_quote(character) && !characters.next().is_some_and(is_quote) {
            break;
        }
        literal.push(character);
    }
    Some(literal)
}

const NO_THUMBPRINT: &str = "0000000000000000000000000000000000000000";

/// The default SMTP certificate with which a block goes on.
pub(crate) fn default_of(text: &str) -> String {
    named(text, "InternalTransportCertificateThumbprint -ne '").unwrap_or_else(|| NO_THUMBPRINT.to_owned())
}

pub(crate) fn is_block(text: &str) -> bool {
    text.starts_with("& {")
}

/// Runs remedies, each in a session of its own: what came of each of their blocks, in order. `fails` also lets every
/// command fail. The second folder is where the texts are.
pub(crate) fn judge(pwsh: &Path, references: &Path, set: &str, remedies: &[Remedy], fails: bool) -> Vec<Judged> {
    let folder = folder(set);
    let block = |text: &String| {
        let forbidden = named(text, "InternalTransportCertificateThumbprint -eq '");
        let computer = named(text, "$env:COMPUTERNAME -ne '").unwrap_or_else(|| "MBX01".to_owned());
        json!({ "text": text, "filled": filled(text), "computer": computer,
            "is_file": !is_block(text) && text.trim_end().contains('\n'), "fails": fails && is_block(text),
            "default": default_of(text), "other": forbidden.unwrap_or_else(|| NO_THUMBPRINT.to_owned()),
            "other_is_new": text.contains("InternalTransportCertificateThumbprint -eq $new.Thumbprint"),
            "looks": fails && text.contains(".InternalTransportCertificateThumbprint -"),
            "needs_new": fails && text.contains("Get-Variable new") })
    };
    let remedies: Vec<Vec<Value>> = remedies.iter().map(|remedy| remedy.iter().map(block).collect()).collect();
    fs::write(folder.join("remedies.json"), json!(remedies).to_string()).unwrap();
    run_file(pwsh, &support("blocks.ps1"), &[&references, &folder]);
    serde_json::from_str(&fs::read_to_string(folder.join("results.json")).unwrap()).unwrap()
}

/// The folder of the references beside PowerShell, if both are there.
pub(crate) fn references() -> Option<(std::path::PathBuf, std::path::PathBuf)> {
    let pwsh = pwsh()?;
    let references = beside(&pwsh, "references/ExchangeReferences.psm1")?;
    beside(&pwsh, "references/WindowsReferences.psm1")?;
    Some((pwsh, references.parent().unwrap().to_owned()))
}

/// Every block with what became of it.
static JUDGED: LazyLock<Option<Vec<(String, Judged)>>> = LazyLock::new(|| {
    let (pwsh, references) = references()?;
    let remedies = all();
    let judged = judge(&pwsh, &references, "blocks", &remedies, true);
    let texts: Vec<_> = remedies.into_iter().flatten().collect();
    assert_eq!(judged.len(), texts.len());
    Some(texts.into_iter().zip(judged).collect())
});

impl Judged {
    /// The first failure of a call by its number, and what was called then.
    pub(crate) fn failure(&self, is_wanted: impl Fn(usize) -> bool) -> Option<(usize, &[String])> {
        let mut thrown = self.failures.iter().filter(|failure| failure.by == "throw");
        thrown.find(|failure| is_wanted(failure.at)).map(|failure| (failure.at, &*failure.calls))
    }

    /// The names of what it called. What looks at one thing for each of several is one call.
    pub(crate) fn called(&self) -> Vec<&str> {
        self.called_once().map(|call| &*call.cmdlet).collect()
    }

    fn called_once(&self) -> impl Iterator<Item = &Called> {
        let is_again = |place: usize, call: &Called| {
            call.cmdlet.starts_with("Get-") && place.checked_sub(1).and_then(|last| self.calls.get(last)) == Some(call)
        };
        self.calls.iter().enumerate().filter(move |(place, call)| !is_again(*place, call)).map(|(_, call)| call)
    }

    /// The commands that it names and that do something to a server or a certificate.
    pub(crate) fn named(&self) -> Vec<&Named> {
        self.commands.iter().filter(|command| !MEANS.contains(&&*command.name)).collect()
    }

    /// Complains unless it ran, called every command that it names, and gave it what it says.
    pub(crate) fn check(&self, text: &str) {
        assert!(self.errors.is_empty(), "{text}\ndoes not parse: {:?}", self.errors);
        assert!(self.said.is_empty(), "{text}\nsays {:?}", self.said);
        let names: Vec<_> = self.named().iter().map(|command| &*command.name).collect();
        assert_eq!(self.called(), names, "{text}\ncalls something else");
        for (command, call) in self.named().iter().zip(self.called_once()) {
            // A program takes what it is given as it is.
            let is_program = command.name == "certutil" || command.name == "iisreset";
            for (parameter, value) in command.parameters.iter().filter(|_| !is_program) {
                let bound = call.parameters.get(parameter);
                assert!(bound.is_some(), "{text}\n{} binds {parameter} as {:?}", call.cmdlet, call.parameters);
                let (Some(value), Some(Value::String(bound))) = (value, bound) else { continue };
                assert!(bound.eq_ignore_ascii_case(value), "{text}\n{} has {parameter} {bound:?}", call.cmdlet);
            }
        }
    }
}

#[test]
fn every_block_binds_and_calls_its_commands_in_their_order() {
    let Some(judged) = &*JUDGED else { return };
    for (text, judged) in judged {
        judged.check(text);
    }
    let texts: BTreeSet<_> = judged.iter().map(|(text, _)| text).collect();
    let cmdlets: BTreeSet<_> = judged.iter().flat_map(|(_, judged)| judged.called()).collect();
    println!("{} blocks bound, of {} remedies and plans: {cmdlets:?}", texts.len(), all().len());
    assert!(texts.len() > 200 && cmdlets.len() > 30, "{} {cmdlets:?}", texts.len());
}

#[test]
fn a_block_with_a_placeholder_does_not_parse_before_it_is_filled_in() {
    let Some(judged) = &*JUDGED else { return };
    let mut unfilled = BTreeSet::new();
    for (text, judged) in judged {
        let has_placeholder = filled(text) != *text;
        assert_eq!(!judged.unfilled.is_empty(), has_placeholder, "{text}\n{:?}", judged.unfilled);
        if has_placeholder {
            unfilled.insert(text);
        }
    }
    println!("{} blocks do not parse before they are filled in", unfilled.len());
    assert!(unfilled.len() > 10);
}

#[test]
fn windows_powershell_can_run_every_block() {
    let Some(pwsh) = pwsh() else { return };
    let Some(check) = beside(&pwsh, "windows-powershell.ps1") else { return };
    let texts: BTreeSet<_> = all().into_iter().flatten().map(|text| filled(&text)).collect();
    let file = folder("blocks-windows").join("all.ps1");
    let all = texts.into_iter().collect::<Vec<_>>().join("\n");
    fs::write(&file, format!("\u{feff}{all}")).unwrap();
    assert_eq!(run_file(&pwsh, &check, &[&file]), "");
}

/// Where a block has a service stopped, and what is to be done from there whatever fails: the names are set again and
/// the service is started, after the change for which it was stopped.
fn stopped(names: &[&Named]) -> Option<(Range<usize>, Range<usize>)> {
    let is = |cmdlets: &'static [&str]| move |command: &&Named| cmdlets.contains(&&*command.name);
    let stop = names.iter().position(is(&["Stop-Service"]))?;
    let end = names.iter().rposition(is(&["Start-Service"])).unwrap() + 1;
    let change = &["Enable-ExchangeCertificate", "Remove-ExchangeCertificate", "Remove-Item"];
    let change = names[..end].iter().rposition(is(change)).unwrap();
    let begin = names.iter().position(|command| command.unit == names[stop].unit).unwrap();
    Some((begin..end, change + 1..end))
}

#[test]
fn a_command_that_fails_stops_the_rest_of_its_block_but_for_what_must_be_done_in_any_case() {
    let Some(judged) = &*JUDGED else { return };
    let (mut failures, mut goes_on) = (0, 0);
    for (text, judged) in judged {
        let names = judged.named();
        let (stopped, always) = stopped(&names).unwrap_or_default();
        for failure in &judged.failures {
            let unit = names[failure.at].unit;
            // The rest of the statement is not reached, nor what follows, up to what is always done.
            let is_done = |place: usize, command: &Named| {
                let is_always = stopped.contains(&failure.at) && always.contains(&place);
                place <= failure.at || (command.unit != unit && is_always)
            };
            let expected: Vec<_> = names
                .iter()
                .enumerate()
                .filter(|(place, command)| is_done(*place, command))
                .map(|(_, command)| &*command.name)
                .collect();
            assert_eq!(failure.calls, expected, "{text}\nwith a failing {} ({})", names[failure.at].name, failure.by);
            assert!(failure.said.iter().any(|said| said.contains("injected")), "{text}\n{:?}", failure.said);
            assert!(!failure.said.iter().any(|said| said.contains("preference is left")), "{text}\n{:?}", failure.said);
            failures += 1;
            goes_on += usize::from(expected.len() > failure.at + 1);
        }
    }
    println!("{failures} failures, {goes_on} of them with something that is done in any case");
    assert!(failures > 100 && goes_on > 20, "{failures} {goes_on}");
}

#[test]
fn a_guard_that_does_not_hold_stops_its_block_in_words() {
    let Some(judged) = &*JUDGED else { return };
    let (mut of_new, mut of_default) = (0, 0);
    for (text, judged) in judged {
        for guard in &judged.guards {
            let (count, words, calls): (_, _, &[&str]) = match guard.guard.as_str() {
                "new" => (&mut of_new, "The new certificate was not made", &[]),
                _ => (&mut of_default, "The default SMTP certificate is another one now", &["Get-TransportService"]),
            };
            *count += 1;
            assert_eq!(guard.calls, calls, "{text}");
            assert!(matches!(guard.said.as_slice(), [said] if said.starts_with(words)), "{text}\n{:?}", guard.said);
        }
    }
    println!("{of_new} guards of a new certificate, {of_default} of the default one");
    assert!(of_new > 0 && of_default > 0);
}
