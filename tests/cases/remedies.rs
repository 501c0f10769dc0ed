//! Every remedy of the audit that needs nobody but whoever pastes it, run on the servers of its page: the finding is gone
//! afterwards, and no endpoint is worse.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use exchange_certificates::powershell::quoted;
use exchange_certificates::{
    AuditFinding, Fleet, Installed, Rank, Server, Service, TlsCertificateName, audit, rfc3339,
};
use serde_json::Value;

use crate::fleets;
use crate::page::{patch, sections};
use crate::support::interpreter::{Item, read};
use crate::support::remedied::Organization;

/// The cases of every page, each by its name.
pub(super) fn cases(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        for section in sections(&text).1 {
            if let Ok((_, json)) = patch(section.body) {
                let name = format!("{}: {}", path.file_stem().unwrap().to_string_lossy(), section.heading);
                cases.push((name, serde_json::from_str(json).unwrap()));
            }
        }
    }
    cases
}

/// What a remedy waits for, if whoever pastes it cannot do it alone.
pub(super) fn waits(texts: &[&str], server: &Server) -> Option<&'static str> {
    let all = texts.join("\n");
    if all.contains("Set-AuthConfig") && server.auth_certificates().is_none() {
        return Some("the Auth certificates, which were not read");
    }
    if all.is_empty() {
        return Some("words alone");
    }
    for (part, what) in [
        ("Format-List FriendlyName,Subject,Thumbprint,Services", "a choice among certificates"),
        ("-GenerateRequest", "a certification authority"),
        ("New-ItemProperty", "a value of the registry, which is not read"),
        ("EdgeSubscription", "an Edge subscription"),
        ("Set-FederationTrust", "a federation trust"),
        ("ReadAllBytes", "a file"),
        ("<", "a value that the reader knows"),
    ] {
        // The name of a certificate begins so too.
        if all.replace("'<I>", "").replace("<S>", "").contains(part) {
            return Some(what);
        }
    }
    let items = texts.iter().flat_map(|text| read(text).unwrap_or_else(|failure| panic!("{text}\n{failure}")));
    items.into_iter().all(|item| looks(&item)).then_some("somebody who looks")
}

/// Whether nothing is done but look.
fn looks(item: &Item) -> bool {
    match item {
        Item::Pipeline(commands) => commands[0].name.starts_with("Get-") || commands[0].name.starts_with("Test-"),
        Item::Scope(items) => items.iter().all(looks),
        Item::Finally { tried, always } => tried.iter().chain(always).all(looks),
        Item::Assignment { .. } | Item::Copied { .. } | Item::Comment { .. } => true,
        _ => false,
    }
}

fn speaks(fleet: &Fleet, now: SystemTime, finding: &AuditFinding) -> usize {
    let audit = audit(fleet, now);
    let same = |rule: &str, thumbprint| rule == finding.rule() && thumbprint == finding.thumbprint();
    let found = audit.findings.iter().filter(|it| it.server() == finding.server());
    found
        .map(|it| {
            let own = usize::from(same(it.rule(), it.thumbprint()));
            own + it.consequences().iter().filter(|it| same(it.rule(), it.thumbprint())).count()
        })
        .sum()
}

/// The endpoints that are worse than before.
pub(super) fn worse(before: &Fleet, after: &Fleet, now: SystemTime) -> Vec<String> {
    let later = after.endpoints(now);
    let mut worse = Vec::new();
    for endpoint in before.endpoints(now) {
        let id = format!("{} {}", endpoint.server(), endpoint.id());
        let Some(other) = later.iter().find(|other| format!("{} {}", other.server(), other.id()) == id) else {
            worse.push(format!("{id} is gone"));
            continue;
        };
        let is_worse = match (endpoint.ranks(), other.ranks()) {
            (Some((worst, best)), Some(others)) => others.0 < worst || others.1 < best,
            (Some((_, best)), None) => best > Rank::Dead,
            (None, _) => false,
        };
        if is_worse && endpoint.presented() != other.presented() {
            worse.push(format!("{id}: {:?}, and was {:?}", other.presented(), endpoint.presented()));
        }
    }
    worse
}

/// A text with the values that whoever pastes it knows: the first name that clients use, and a certificate of the server
/// for connectors that serves it already.
pub(super) fn filled(text: String, server: &Server, now: SystemTime) -> String {
    let name = server.client_names().and_then(<[_]>::first).map(|name| quoted(name).to_string());
    let serves = |it: &&Installed| {
        let certificate = it.certificate();
        let is_valid = (certificate.not_before()..=certificate.not_after()).contains(&now);
        is_valid && it.has(Service::SMTP) && it.has_private_key() && !certificate.is_self_signed()
    };
    let for_connectors = server.certificates().find(serves).map(|it| TlsCertificateName::of(it.certificate()));
    let values = [
        ("<the name that clients use>", name),
        ("<issuer and subject>", for_connectors.map(|name| quoted(&name.to_string()).to_string())),
    ];
    values.into_iter().fold(text, |text, (placeholder, value)| match value {
        Some(value) => text.replace(placeholder, &value),
        None => text,
    })
}

/// What the words ask for after what is pasted.
fn asked_by_words(finding: &AuditFinding) -> Option<String> {
    let asks = finding.remedy().iter().any(|block| {
        let words = block.words();
        let is_asked = words.contains("the removal of this one") || words.contains("remove this one");
        (is_asked && block.text().is_empty()) || words.contains("remove this one afterwards")
    });
    let thumbprint = finding.thumbprint().filter(|_| asks)?;
    Some(format!("Remove-ExchangeCertificate -Thumbprint {thumbprint} -Server {} -Confirm:$false", finding.server()))
}

/// Pastes each text on its computer, and looks at what is left.
fn judge(
    servers: &Value,
    finding: &AuditFinding,
    texts: &[(String, Option<&str>)],
    now: SystemTime,
) -> Result<(), String> {
    Organization::stopped_by_a_failure(servers, texts, now)?;
    let mut organization = Organization::new(servers, now);
    let before = organization.fleet();
    for (text, computer) in texts {
        organization.paste(text, *computer).map_err(|failure| failure.to_string())?;
    }
    organization.settle();
    let after = organization.fleet();
    let worse = worse(&before, &after, now);
    if !worse.is_empty() {
        return Err(format!("worse:\n{}", worse.join("\n")));
    }
    if speaks(&after, now, finding) < speaks(&before, now, finding) {
        return Ok(());
    }
    let still: Vec<_> = audit(&after, now).findings.iter().map(ToString::to_string).collect();
    Err(format!("the rule still speaks:\n{}", still.join("\n")))
}

/// Rules of which some remedy needs nobody, and is run here.
const RUN: [&str; 15] = [
    "audit-auth-certificate-expires",
    "audit-auth-certificate-missing",
    "audit-connector-certificate-missing",
    "audit-connector-stale",
    "audit-default-smtp-expired",
    "audit-default-smtp-missing",
    "audit-default-smtp-wrong-name",
    "audit-endpoint-fails",
    "audit-expired",
    "audit-expires-soon",
    "audit-hybrid-connector-differs",
    "audit-key-missing",
    "audit-removable",
    "audit-smtp-reaches-nothing",
    "audit-wildcard-imap-pop",
];

/// What was run, what waits for somebody, and what is wrong.
#[derive(Default)]
pub(super) struct Tally {
    ran: BTreeMap<String, usize>,
    waiting: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Tally {
    /// Whether the remedy of a rule is run; what waits is only counted.
    pub(super) fn runs(&mut self, rule: &str, texts: &[&str], server: &Server) -> bool {
        let waits = waits(texts, server);
        match waits {
            Some(what) => *self.waiting.entry(format!("{rule}: {what}")).or_default() += 1,
            None => *self.ran.entry(rule.to_owned()).or_default() += 1,
        }
        waits.is_none()
    }

    pub(super) fn complain(&mut self, what: String) {
        self.wrong.push(what);
    }

    /// Prints the counts, and complains of what is wrong and of rules none of whose remedies was run.
    pub(super) fn close(self, rules: &[&str]) {
        let Self { ran, waiting, wrong } = self;
        let count = |counts: &BTreeMap<String, usize>| counts.values().sum::<usize>();
        println!("run: {} of {ran:#?}\nwaiting: {} of {waiting:#?}", count(&ran), count(&waiting));
        assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
        let never_run: Vec<_> = rules.iter().filter(|rule| !ran.contains_key(**rule)).collect();
        assert!(never_run.is_empty(), "no remedy is run of {never_run:?}");
    }
}

#[test]
fn a_remedy_of_the_audit_takes_its_finding_away_and_does_no_harm() {
    let mut seen = BTreeSet::new();
    let mut tally = Tally::default();
    for (name, patch) in cases("tests/audit") {
        let (servers, now, _) = fleets::fleet(&patch).unwrap();
        let now = rfc3339::parse(&now).unwrap();
        let fleet: Fleet = serde_json::from_value(servers.clone()).unwrap();
        for finding in &audit(&fleet, now).findings {
            if !seen.insert((servers.to_string(), format!("{finding} {:?}", finding.thumbprint()))) {
                continue;
            }
            let server = fleet.get(finding.server()).unwrap();
            let pasted = finding.remedy().iter().map(|block| (filled(block.text(), server, now), block.computer()));
            let mut texts: Vec<_> = pasted.filter(|(text, _)| !text.is_empty()).collect();
            let rule = finding.rule();
            if !tally.runs(rule, &texts.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), server) {
                continue;
            }
            texts.extend(asked_by_words(finding).map(|text| (text, None)));
            let Err(what) = judge(&servers, finding, &texts, now) else { continue };
            let remedy: Vec<_> = finding.remedy().iter().map(ToString::to_string).collect();
            tally.complain(format!("{name}\n{finding}\n{}\n=> {what}", remedy.join("\n")));
        }
    }
    tally.close(&RUN);
}

/// The test above would not see harm that its servers do not know.
#[test]
fn what_does_harm_is_seen() {
    let patch = serde_json::json!({ "servers": { "MBX01": {
        "imap_certificate_name": "mail.contoso.com", "pop_certificate_name": "mail.contoso.com",
        "web_bindings": [
            { "site": 1, "binding": "*:443:", "thumbprint": "mail" },
            { "site": 2, "binding": "*:444:", "thumbprint": "mail" },
        ],
        "installed": { "default-1": null },
    } } });
    let (servers, now, certificates) = fleets::fleet(&patch).unwrap();
    let now = rfc3339::parse(&now).unwrap();
    let fleet: Fleet = serde_json::from_value(servers.clone()).unwrap();
    let findings = audit(&fleet, now).findings;
    let missing = findings.iter().find(|finding| finding.rule() == "audit-default-smtp-missing").unwrap();
    let mail = certificates["mail"].thumbprint();
    let new =
        "$new = New-ExchangeCertificate -Server MBX01 -SubjectName 'CN=MBX01' -DomainName MBX01 -IncludeServerFQDN";
    let smtp = format!("{new} -Services SMTP -Force");
    let bind = "Invoke-Command -ComputerName MBX01 -ArgumentList $new.Thumbprint -ScriptBlock { (Get-WebBinding -Name 'Exchange Back End' -Protocol https -Port 444).AddSslCertificate($args[0], 'My') }";
    let trust = "Invoke-Command -ComputerName MBX01 -ArgumentList $new.Thumbprint -ScriptBlock { Get-Item \"Cert:\\LocalMachine\\My\\$($args[0])\" | Export-Certificate -FilePath \"$env:TEMP\\$($args[0]).cer\" -Force | Import-Certificate -CertStoreLocation Cert:\\LocalMachine\\Root }";
    let [stop, start] = ["Stop", "Start"].map(|verb| {
        format!("Invoke-Command -ComputerName MBX01 -ScriptBlock {{ {verb}-Service MSExchangeTransport }}")
    });
    let drain = "do { $answer = Read-Host 'Type keep' } until ($answer -eq 'keep')";
    for (texts, expected) in [
        (vec![smtp.clone()], None),
        (vec![format!("{smtp}\n{trust}\n{bind}")], None),
        // It takes IMAP and POP too.
        (vec![format!("{new} -Force")], Some("MBX01 imap: ")),
        (vec![format!("{new} -Services IIS,SMTP -Force")], Some("MBX01 https/1/*:443: ")),
        (vec![format!("{new} -Services SMTP")], Some("asks whether to overwrite the default SMTP certificate")),
        (vec![format!("& {{\n{drain}\n{new} -Services SMTP\n}}")], Some("the rule still speaks")),
        // Lines of a paste that stand behind it are gone.
        (vec![format!("& {{\n{drain}\n}}\n{new} -Services SMTP")], Some("asks whether to overwrite")),
        (vec![format!("{smtp}\n{bind}")], Some("the server does not trust the certificate")),
        (vec![format!("& {{ {smtp} }}"), trust.to_owned()], Some("$new holds no certificate")),
        (vec![bind.to_owned()], Some("$new holds no certificate")),
        (vec![smtp.clone(), format!("Remove-ExchangeCertificate -Thumbprint {mail} -Server MBX01")], Some("asks, and nobody")),
        (
            vec![smtp.clone(), format!("Remove-ExchangeCertificate -Thumbprint {mail} -Server MBX01 -Confirm:$false")],
            Some("MBX01 https/1/*:443: "),
        ),
        (
            vec![smtp.clone(), format!("Remove-ExchangeCertificate -Thumbprint {mail} -Server MBX02 -Confirm:$false")],
            Some("MBX02 https/1/*:443: "),
        ),
        (vec![smtp.clone(), "Set-ImapSettings -Server MBX01 -X509CertificateName other.contoso.com".into()], Some("MBX01 imap: Nothing")),
        (
            vec![smtp.clone(), "Invoke-Command -ComputerName MBX01 -ScriptBlock { Stop-Service MSExchangeTransport }".into()],
            Some("MSExchangeTransport is left stopped"),
        ),
        (
            vec![smtp.clone(), format!("& {{\ntry {{\n{stop}\niisreset\n{start}\n}} finally {{\n$global:ErrorActionPreference = $preference\n}}\n}}")],
            Some("MSExchangeTransport is left stopped on mbx01 where iisreset fails"),
        ),
        (vec![smtp.clone(), format!("& {{\ntry {{\n{stop}\niisreset\n}} finally {{\n{start}\n}}\n}}")], None),
        (vec![smtp.clone(), "Restart-Service MSExchangeTransport".into()], Some("runs on whatever server")),
        (vec![smtp.clone(), "Set-AuthConfig -NewCertificateThumbprint $new.Thumbprint".into()], Some("asks, and nobody")),
        (
            vec![smtp.clone(), "Set-AuthConfig -NewCertificateThumbprint $new.Thumbprint -NewCertificateEffectiveDate (Get-Date).AddHours(24) -Force".into()],
            Some("takes effect before every server has"),
        ),
        (vec![format!("{smtp} -GenerateRequest")], Some("waits for a certification authority")),
    ] {
        let texts: Vec<_> = texts.into_iter().map(|text| (text, None)).collect();
        let judged = judge(&servers, missing, &texts, now);
        match expected {
            None => assert_eq!(judged, Ok(()), "{texts:#?}"),
            Some(expected) => {
                let what = judged.expect_err(&format!("{texts:#?}"));
                assert!(what.contains(expected), "{texts:#?}\n{what}");
            }
        }
    }
}
