//! Names that would run if they were not literals: PowerShell does with them what it does with plain ones.

use std::collections::{BTreeMap, BTreeSet};

use exchange_certificates::{
    Answer, Block, Connector, ConnectorKind, ConnectorNames, Installed, Request, Role, Server, Service,
    TlsCertificateName, Version, plan, rfc3339,
};
use serde_json::Value;

use crate::blocks::{Called, Remedy, cases, judge, of_fleet, of_scenario, references};
use crate::support::factory::CertificateFactory;

/// What every name begins with.
const HOSTILE: [&str; 11] = [
    "it's; iisreset; '",
    "\"; iisreset; \"",
    "$(iisreset)",
    "@(iisreset)",
    "--% ",
    "a`nb`",
    "\u{2018}a\u{2019}; iisreset; \u{201A}b\u{201B}\u{201C}x\u{201D}",
    "{ iisreset } # ",
    "\u{2013}Force ",
    "<name> | iisreset, ",
    "1MB",
];
/// What one name is, and no more.
const EXACT: [&str; 4] = ["--%", "-Force", "$null", "'"];

/// What a command makes anew each time that it is run.
const OTHER_EACH_TIME: [&str; 2] = ["SubjectKeyIdentifier", "NewCertificateEffectiveDate"];

/// Whatever is a name of a server, a connector, a site or a group of permissions, and is written into commands.
fn each_name(case: &mut Value, change: &mut dyn FnMut(&mut String)) {
    let is_server = case.get("name").is_some();
    match case {
        Value::Array(values) => values.iter_mut().for_each(|value| each_name(value, change)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("name" | "site", Value::String(name)) if is_server => change(name),
                    ("servers" | "caller", Value::Array(names)) if names.iter().all(Value::is_string) => {
                        // A host name is another name of its server.
                        let names = names.iter_mut().filter(|name| !name.as_str().unwrap().contains('.'));
                        names.for_each(|name| {
                            if let Value::String(name) = name {
                                change(name);
                            }
                        });
                    }
                    ("server" | "servers" | "connectors" | "request", value) => each_name(value, change),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// The names of a case, each with a number.
fn names(case: &Value) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    each_name(&mut case.clone(), &mut |name| {
        let number = names.len();
        names.entry(name.to_lowercase()).or_insert(number);
    });
    names
}

/// A plain name, which stands in no other word.
fn token(number: usize) -> String {
    format!("Zq{number}z")
}

/// A case with other names, by their numbers.
fn renamed(case: &Value, name: &dyn Fn(usize) -> String) -> Value {
    let (names, mut case) = (names(case), case.clone());
    each_name(&mut case, &mut |known| *known = name(names[&known.to_lowercase()]));
    case
}

/// What a value is with other names in place of the plain ones.
fn with_names(value: &Value, count: usize, name: &dyn Fn(usize) -> String) -> Value {
    match value {
        Value::String(text) => {
            Value::String((0..count).fold(text.clone(), |text, number| text.replace(&token(number), &name(number))))
        }
        Value::Array(values) => values.iter().map(|value| with_names(value, count, name)).collect(),
        other => other.clone(),
    }
}

/// A scenario, or a fleet at a point in time.
type Case = (Value, Option<String>);

fn remedies((case, now): &Case) -> Option<Vec<Remedy>> {
    match now {
        Some(now) => of_fleet(case, now),
        None => of_scenario(case),
    }
}

/// A remedy by which others are the same: without thumbprints and numbers of names.
fn kind(remedy: &Remedy) -> String {
    let text = remedy.join("\n");
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_thumbprint = |word: &&str| word.len() == 40 || word.starts_with("Zq");
    words.filter(|word| !is_thumbprint(word)).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_hostile_name_arrives_as_one_literal_value() {
    let Some((pwsh, references)) = references() else { return };
    let (scenarios, fleets) = cases();
    let fleets = fleets.into_iter().map(|(fleet, now)| (fleet, Some(now)));
    let cases = scenarios.into_iter().map(|scenario| (scenario, None)).chain(fleets);
    let (mut kinds, mut all, mut expected) = (BTreeSet::new(), Vec::new(), Vec::new());
    for (case, now) in cases {
        let plain: Case = (renamed(&case, &token), now);
        let plain_remedies = remedies(&plain).unwrap();
        let count = names(&case).len();
        let mut variants: Vec<(usize, &str, bool)> = HOSTILE.map(|hostile| (count, hostile, false)).into();
        // The findings of a fleet are in the order of its servers' names.
        let exact = if case.get("server").is_some() { count } else { 0 };
        variants.extend((0..exact).flat_map(|number| EXACT.map(|hostile| (number, hostile, true))));
        let new: Vec<_> = plain_remedies
            .iter()
            .enumerate()
            .filter(|(_, remedy)| remedy.concat().contains("Zq") && kinds.insert(kind(remedy)))
            .collect();
        if new.is_empty() {
            continue;
        }
        let hostile: Vec<_> = variants
            .into_iter()
            .map(|(which, hostile, is_exact)| {
                let name = move |number: usize| match is_exact {
                    true if number == which => hostile.to_owned(),
                    true => token(number),
                    false => format!("{hostile}{}", token(number)),
                };
                let remedies = remedies(&(renamed(&case, &name), plain.1.clone()));
                (name, remedies.unwrap_or_else(|| panic!("{hostile} is no name: {case}")))
            })
            .collect();
        for (place, remedy) in new {
            let first = expected.len();
            all.push(remedy.clone());
            expected.extend(remedy.iter().map(|_| None));
            for (name, remedies) in &hostile {
                let hostile = &remedies[place];
                assert_eq!(hostile.len(), remedy.len(), "{remedy:#?}\nis with other names\n{hostile:#?}\n{case}");
                all.push(hostile.clone());
                expected.extend((first..first + remedy.len()).map(|plain| Some((plain, count, *name))));
            }
        }
    }
    let judged = judge(&pwsh, &references, "hostile", &all, false);
    let texts: Vec<_> = all.iter().flatten().collect();
    let (mut hostile, mut places) = (0, BTreeSet::new());
    for ((judged_one, expected), text) in judged.iter().zip(&expected).zip(texts) {
        judged_one.check(text);
        let Some((plain, count, name)) = expected else { continue };
        let bound = |call: &Called, name: &dyn Fn(&Value) -> Value| {
            let parameters =
                call.parameters.iter().filter(|(parameter, _)| !OTHER_EACH_TIME.contains(&parameter.as_str()));
            (call.cmdlet.clone(), parameters.map(|(parameter, value)| (parameter.clone(), name(value))).collect())
        };
        let of = |calls: &[Called], name: &dyn Fn(&Value) -> Value| -> Vec<(String, BTreeMap<String, Value>)> {
            // Connectors come in the order of their names.
            let mut calls: Vec<_> = calls.iter().map(|call| bound(call, name)).collect();
            calls.sort_by_key(|call| format!("{call:?}"));
            calls
        };
        for call in &judged[*plain].calls {
            let named = call.parameters.iter().filter(|(_, value)| value.to_string().contains("Zq"));
            places.extend(named.map(|(parameter, _)| format!("{} -{parameter}", call.cmdlet)));
        }
        let expected = of(&judged[*plain].calls, &|value| with_names(value, *count, name));
        assert_eq!(of(&judged_one.calls, &Value::clone), expected, "{text}");
        hostile += 1;
    }
    println!("{} remedies with names, {hostile} blocks with hostile ones: {places:#?}", kinds.len());
    assert!(kinds.len() > 50 && hostile > 1000, "{} {hostile}", kinds.len());
    for place in [
        "Enable-ExchangeCertificate -Server",
        "Get-ManagementRoleAssignment -RoleAssignee",
        "Get-TransportService -Identity",
        "Invoke-Command -ComputerName",
        "New-EdgeSubscription -Site",
        "New-ExchangeCertificate -DomainName",
        "New-ExchangeCertificate -SubjectName",
        "Remove-EdgeSubscription -Identity",
        "Set-ReceiveConnector -Identity",
        "Set-SendConnector -Identity",
        "Set-SendConnector -SourceTransportServers",
    ] {
        assert!(places.contains(place), "{place} is never a name");
    }
}

#[test]
fn a_hostile_issuer_or_subject_arrives_as_one_literal_value() {
    let Some((pwsh, references)) = references() else { return };
    let certificate = |name: &str, not_after: &str| {
        let factory = CertificateFactory::new("mail.contoso.com").issuer(&[("C", "US"), ("CN", name)]);
        factory.subject(&[("C", "US"), ("CN", name)]).not_after(not_after).build()
    };
    let mut remedies = Vec::new();
    let mut names = Vec::new();
    for hostile in HOSTILE.iter().chain(&EXACT) {
        for old_name in [hostile, &"mail"] {
            let old = certificate(old_name, "2027-04-19T00:00:00Z");
            let new = certificate(hostile, "2027-05-19T00:00:00Z");
            let connector = |kind| {
                let connector = Connector::new(kind, "Outbound").unwrap();
                connector.with_tls_certificate_name(TlsCertificateName::of(&old)).unwrap()
            };
            let mut server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])
                .unwrap()
                .with_connector(connector(ConnectorKind::Send).with_servers(["MBX01"]).unwrap())
                .with_connector(connector(ConnectorKind::Hybrid));
            let services = Service::IIS | Service::SMTP;
            server.install(Installed::new(old.clone()).with_services(services)).unwrap();
            server.install(Installed::new(new.clone()).with_services(Service::empty())).unwrap();
            let request = Request::replace(old.thumbprint(), new.thumbprint());
            let request = request.with_connector_names(ConnectorNames::Update).with_default_smtp(Answer::Replace);
            let plan = plan(&server, &request, rfc3339::parse("2026-11-24T00:00:00Z").unwrap()).unwrap();
            let texts: Remedy = plan.blocks().iter().map(Block::text).collect();
            names.extend(texts.iter().map(|_| TlsCertificateName::of(&new).to_string()));
            remedies.push(texts);
        }
    }
    let judged = judge(&pwsh, &references, "hostile-certificates", &remedies, false);
    let mut set = 0;
    for ((judged, name), text) in judged.iter().zip(&names).zip(remedies.iter().flatten()) {
        judged.check(text);
        let values = judged.calls.iter().filter_map(|call| call.parameters.get("TlsCertificateName")?.as_str());
        // Before the name is set it may be taken away.
        for value in values.filter(|value| !value.is_empty()) {
            assert_eq!(value, name, "{text}");
            set += 1;
        }
    }
    println!("{set} names of hostile certificates");
    assert_eq!(set, 3 * (HOSTILE.len() + EXACT.len()));
}
