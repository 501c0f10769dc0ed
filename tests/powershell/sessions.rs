//! Sessions in which something is set that other scripts stumble over, and names that are meant to do harm.

use crate::plain::PLAIN;
use crate::support::shell::Situation;
use crate::support::stand_in::{Held, OF_2016, Organization, receive_connector, send_connector};
use crate::support::written::questions;
use crate::{collected, read};
use serde_json::json;

/// What a session may have done before. In each the same is collected.
const SESSIONS: [(&str, &str); 12] = [
    (
        "typed variables",
        "[string] $found = ''; [int] $server = 1; [string] $servers = ''; [int] $file = 1; [datetime] $name = 0; [string[]] $answers = @(); [int] $with = 0; [int] $message = 0; [int] $outcome = 1; [string] $errors = ''; [int] $fqdn = 1; [string] $fqdns = ''; [bool] $edge = $true; [int] $record = 1; [string] $properties = ''; [int] $there = 0; [int] $computer = 0; [int] $ask = 0; [int] $question = 0; [string] $ofEach = ''; [string] $ofAll = ''; [int] $path = 0; [string] $unread = ''",
    ),
    (
        "read-only variables",
        "Set-Variable found, server, servers, file, name, answers, edge, with, path, there 1 -Option ReadOnly",
    ),
    (
        "aliases",
        "foreach ($word in 'ask', 'add', 'note', 'say', 'read', 'write', 'question', 'found', 'answer', 'record', 'server', 'edge', 'collect', 'where', 'select', 'foreach', 'of', 'with', 'by') { Set-Alias $word Get-Date -Force -Option AllScope -ErrorAction Ignore }",
    ),
    (
        "default parameters",
        "$PSDefaultParameterValues = @{ '*:ErrorAction' = 'SilentlyContinue'; '*:WhatIf' = $true; 'Export-Clixml:Depth' = 0; 'Export-Clixml:NoClobber' = $true; 'Get-Command:Module' = 'none'; 'Get-*:Server' = 'MBX09'; 'Get-ExchangeCertificate:Thumbprint' = 'x'; 'Where-Object:Not' = $true; 'Select-Object:First' = 0; 'Move-Item:Destination' = '/nowhere'; '*:Verbose' = $true }",
    ),
    (
        "default parameters that are switched off",
        "$PSDefaultParameterValues = @{ 'Disabled' = $false; '*:OutVariable' = 'found' }",
    ),
    ("strict mode", "Set-StrictMode -Version Latest"),
    ("errors stop", "$ErrorActionPreference = 'Stop'"),
    ("errors are ignored", "$ErrorActionPreference = 'SilentlyContinue'"),
    ("what if", "$WhatIfPreference = $true"),
    ("confirmation", "$ConfirmPreference = 'Low'"),
    ("warnings stop", "$WarningPreference = 'Stop'"),
    (
        "separators",
        "$OFS = '-'; $FormatEnumerationLimit = 0; [Threading.Thread]::CurrentThread.CurrentCulture = [Globalization.CultureInfo]::InvariantCulture.Clone(); [Threading.Thread]::CurrentThread.CurrentCulture.DateTimeFormat.ShortDatePattern = 'dd.MM.yy'",
    ),
];

/// Names of servers and connectors that would act if anything took them for more than names.
const HOSTILE: [&str; 14] = [
    "O'Brien",
    "\"quoted\"",
    "$(throw 'run')",
    "`$name`n",
    "a;Remove-Item *",
    "a|b&c",
    "*",
    "[a-z]?",
    "-Server",
    "@{a=1}",
    "line\nbreak\u{7}",
    "\u{1b}[2Jclear",
    "Zürich \u{1F4E7} \u{202e}moc",
    "_x000A_ <&>",
];

fn hostile() -> Organization {
    let mut all = Organization::empty("2016", "MBX01");
    for name in HOSTILE {
        let mail = Held::new("mail.contoso.com", 16);
        all = all
            .server_named(name, &format!("{name}.contoso.com"), OF_2016)
            .answer("Get-ReceiveConnector", name, receive_connector(name, name, json!(name)))
            .answer("Get-SendConnector", "", send_connector(name, json!(format!("of {name}")), &[name]))
            .certificate(name, &mail)
            .selection(name, name, &[&mail.thumbprint()]);
    }
    all
}

fn many() -> Organization {
    let mut all = Organization::empty("2016", "MBX01").form("unserialized").server("MBX01", OF_2016);
    for index in 0..2000 {
        all = all.certificate("MBX01", &Held::new(&format!("mail{index}.contoso.com"), 0));
    }
    all
}

pub fn situations() -> Vec<Situation> {
    let with_one_failure = Organization::new().fails("Get-EdgeSubscription", None, "half").fails(
        "Get-PopSettings",
        Some("MBX01"),
        "warning",
    );
    let mut situations: Vec<_> = SESSIONS
        .iter()
        .map(|(name, session)| Situation::new(format!("session: {name}"), with_one_failure.clone()).session(session))
        .collect();
    situations.push(Situation::new("hostile names", hostile()));
    situations.push(Situation::new("2,000 certificates", many()));
    situations
}

#[test]
fn what_the_session_has_set_changes_nothing() {
    let failed = "- Get-EdgeSubscription failed 1: The RPC server is unavailable.";
    let expected = PLAIN.replace("- Get-EdgeSubscription read 1", failed);
    for (name, _) in SESSIONS {
        let Some(records) = read(&format!("session: {name}")) else { return };
        assert_eq!(questions(&records), expected, "{name}");
        let said = &collected(&format!("session: {name}")).unwrap().said;
        // Four failures, the two lines of a warning, and the two at the end.
        assert_eq!(said.lines().filter(|line| !line.is_empty()).count(), 8, "{name}: {said}");
        let connectors: Vec<_> = records.iter().filter(|record| record.is("ReceiveConnector")).collect();
        assert_eq!(connectors[0].shown("Bindings"), "[[::]:25, 0.0.0.0:25]", "{name}");
    }
}

#[test]
fn a_name_is_never_more_than_a_name() {
    let Some(records) = read("hostile names") else { return };
    for name in HOSTILE {
        let of_server: Vec<_> =
            records.iter().filter(|record| record.is("Question") && record.shown("Server") == name).collect();
        assert_eq!(of_server.len(), 20, "{name:?}");
        for question in of_server {
            assert_eq!(
                (question.shown("Outcome").as_str(), question.shown("Message").as_str()),
                ("read", ""),
                "{name:?}"
            );
        }
        let of_server = |kind: &str| {
            records.iter().filter(|record| record.is(kind) && record.shown("Server") == name).collect::<Vec<_>>()
        };
        assert_eq!(of_server("Certificate").len(), 1, "{name:?}");
        assert_eq!(of_server("WebBinding").len(), 2, "{name:?}");
        let selections: Vec<_> = of_server("Selection").into_iter().map(|record| record.shown("Fqdn")).collect();
        assert_eq!(selections, [format!("{name}.contoso.com"), name.to_owned(), format!("of {name}")]);
        let connectors = of_server("ReceiveConnector");
        assert_eq!(connectors.iter().map(|record| record.shown("Name")).collect::<Vec<_>>(), ["Default", name]);
    }
    let said = &collected("hostile names").unwrap().said;
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn two_thousand_certificates_are_all_in_the_file() {
    let Some(records) = read("2,000 certificates") else { return };
    let certificates: Vec<_> = records.iter().filter(|record| record.is("Certificate")).collect();
    assert_eq!(certificates.len(), 2000);
    assert_eq!(certificates[1999].note("RawData").unwrap().bytes(), Held::new("mail1999.contoso.com", 0).der);
    assert!(questions(&records).contains("MBX01 Get-ExchangeCertificate read 2000\n"));
}
