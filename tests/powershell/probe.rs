//! The probe script in real PowerShell, against listeners on the loopback.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use exchange_certificates::import::{Import, probe_script};
use serde_json::Value;

use crate::support::shell::{Situation, beside, folder, lay_out, pwsh, run_file, support};
use crate::support::stand_in::{EDGE, OF_2010, OF_2019, Organization};
use crate::support::written::records;

const FILE: &str = "exchange-presented.xml";

/// Who listens at 993, 995, 25, 587, 443 and 444 of the situation.
type Listeners = [&'static str; 6];

const USUAL: Listeners = ["silent-1", "nobody-1", "mail-1", "plain-1", "tls-web", "close-1"];
const OTHER: Listeners = ["tls-imap", "drip-1", "busy-1", "endless-1", "tls-web", "nobody-1"];
const QUIET: Listeners = ["nobody-1", "nobody-1", "nobody-1", "nobody-1", "nobody-1", "nobody-1"];
const OF_EDGE: Listeners = ["nobody-1", "nobody-1", "mail-1", "nobody-1", "nobody-1", "nobody-1"];

/// What came of it.
struct Probed {
    file: Option<Vec<u8>>,
    left: bool,
    said: String,
    calls: Vec<String>,
    told: Value,
}

fn organization(computer: &str) -> Organization {
    Organization::empty("2019", computer).server_named("MBX01", "localhost", OF_2019).without("Get-WebBinding")
}

/// As setup makes them, with one for a host name of its own, one of another site, and one without TLS.
fn bound(organization: Organization) -> Organization {
    let hash = "0".repeat(40);
    [
        ("https", "*:%port:tls-web%:", 1),
        ("https", ":%port:tls-web%:mail.contoso.com", 1),
        ("https", "127.0.0.1:%port:tls-web%:", 1),
        ("https", "*:%port:close-1%:", 2),
        ("https", "*:%port:tls-web%:other.contoso.com", 3),
        ("http", "*:80:", 1),
    ]
    .into_iter()
    .fold(organization, |all, (protocol, information, site)| all.binding("MBX01", protocol, information, &hash, site))
}

fn read_only(home: &Path) {
    fs::write(home.join(FILE), "older").unwrap();
    let mut permissions = fs::metadata(home.join(FILE)).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(home.join(FILE), permissions).unwrap();
}

fn older(home: &Path) {
    fs::write(home.join(FILE), "older").unwrap();
}

fn situations() -> Vec<(Situation, Listeners)> {
    let session = "Set-StrictMode -Version 3; $ErrorActionPreference = 'Stop'; $WhatIfPreference = $true
        $ConfirmPreference = 'Low'; $PSDefaultParameterValues = @{ '*:LiteralPath' = 'nowhere'; 'Out-File:Encoding' = 'ascii' }";
    let named = Situation::new;
    vec![
        (named("bound", bound(organization("DESK01"))), USUAL),
        (named("on the server itself", bound(organization("MBX01"))).session(session).prepare(older), QUIET),
        (named("no bindings", organization("DESK01").fails("Invoke-Command", None, "throw")), OTHER),
        (named("on Edge", Organization::empty("Edge", "EDGE01").server_named("EDGE01", "localhost", EDGE)), OF_EDGE),
        (
            named(
                "others",
                Organization::empty("2019", "DESK01").server("MBX00", OF_2010).server_named(
                    "EDGE01",
                    "localhost",
                    EDGE,
                ),
            ),
            OF_EDGE,
        ),
        (named("no server", organization("DESK01").fails("Get-ExchangeServer", None, "throw")), QUIET),
        (named("no cmdlet", organization("DESK01").missing("Get-ExchangeServer")), QUIET),
        (named("read-only", organization("DESK01")).prepare(read_only), QUIET),
    ]
}

/// The script with other ports, since nobody may listen at the usual ones.
fn script(listeners: Listeners) -> String {
    let ports = [993, 995, 25, 587, 443, 444];
    ports.into_iter().zip(listeners).fold(probe_script().to_owned(), |script, (port, listener)| {
        let place = [format!("Port = {port};"), format!("Port = {port} ")];
        let place = place.iter().find(|place| script.matches(place.as_str()).count() == 1);
        let place = place.unwrap_or_else(|| panic!("{port} stands in one place"));
        script.replace(place, &place.replace(&port.to_string(), &format!("%port:{listener}%")))
    })
}

static ALL: LazyLock<Option<Vec<(String, Probed)>>> = LazyLock::new(|| {
    let pwsh = pwsh()?;
    let folder = folder("probes");
    let situations = situations();
    let places: Vec<_> = situations
        .iter()
        .enumerate()
        .map(|(index, (situation, listeners))| {
            let (place, home) = lay_out(&folder, index, situation);
            fs::write(place.join("probe.ps1"), script(*listeners)).unwrap();
            (place, home)
        })
        .collect();
    run_file(&pwsh, &support("probe.ps1"), &[&support("exchange.psm1"), &folder]);
    let probed = places.iter().map(|(place, home)| {
        let read = |file: &str| fs::read_to_string(place.join(file)).unwrap();
        Probed {
            file: fs::read(home.join(FILE)).ok(),
            left: home.join(format!("{FILE}.new")).exists(),
            said: read("said.txt"),
            calls: read("calls.txt").lines().map(str::to_owned).collect(),
            told: serde_json::from_str(&read("told.json")).unwrap(),
        }
    });
    Some(situations.iter().map(|(situation, _)| situation.name.clone()).zip(probed).collect())
});

fn probed(name: &str) -> Option<&'static Probed> {
    pwsh()?;
    Some(&ALL.as_ref()?.iter().find(|(known, _)| known == name).unwrap().1)
}

impl Probed {
    /// The records in the words of this file: ports and thumbprints by their names.
    fn shown(&self) -> Vec<String> {
        let mut names: Vec<(String, &str)> = Vec::new();
        for (name, port) in self.told["ports"].as_object().unwrap() {
            names.push((port.to_string(), name));
        }
        for name in ["FIRST", "LATER"] {
            names.push((self.told[name].as_str().unwrap().to_owned(), name));
        }
        let named = |text: String| names.iter().fold(text, |text, (known, name)| text.replace(known.as_str(), name));
        let file = self.file.as_ref().unwrap_or_else(|| panic!("there is no file: {}", self.said));
        records(file)
            .iter()
            .map(|record| {
                assert_eq!(record.types[0], "ExchangeCertificates.Presented");
                let fields = ["Server", "Endpoint", "Address", "Port", "Name", "State", "Thumbprint", "Message"];
                assert_eq!(record.names(), fields);
                fields.map(|field| named(record.shown(field))).join(" | ")
            })
            .collect()
    }

    /// The same without what the operating system says.
    fn without_messages(&self) -> Vec<String> {
        self.shown().iter().map(|line| line.rsplit_once(" |").unwrap().0.to_owned()).collect()
    }

    /// Why a port was not seen.
    fn message(&self, port: &str) -> String {
        let line = self.shown().into_iter().find(|line| line.contains(&format!("| {port} |"))).unwrap();
        line.rsplit_once("| ").unwrap().1.to_owned()
    }
}

#[test]
fn each_binding_is_seen_by_its_own_host_name_and_mail_by_starttls() {
    let Some(probed) = probed("bound") else { return };
    assert_eq!(
        probed.without_messages(),
        [
            "MBX01 | https/1/*:tls-web | localhost | tls-web | localhost | seen | FIRST",
            "MBX01 | https/1/*:tls-web:mail.contoso.com | localhost | tls-web | mail.contoso.com | seen | LATER",
            "MBX01 | https/1/127.0.0.1:tls-web | 127.0.0.1 | tls-web | localhost | not-seen | -",
            "MBX01 | https/2/*:close-1 | localhost | close-1 | localhost | not-seen | -",
            "MBX01 | imap | localhost | silent-1 | localhost | not-seen | -",
            "MBX01 | pop | localhost | nobody-1 | localhost | not-seen | -",
            "MBX01 | - | localhost | mail-1 | localhost | seen | FIRST",
            "MBX01 | - | localhost | plain-1 | localhost | not-seen | -",
        ]
    );
    assert_eq!(probed.message("plain-1"), "no STARTTLS is offered");
    for port in ["silent-1", "nobody-1", "close-1"] {
        assert!(!probed.message(port).is_empty(), "{port}");
    }
    assert!(
        probed.said.contains("8 looks are in ") && probed.said.contains("was seen in 3 of them"),
        "{}",
        probed.said
    );
    assert!(!probed.left);
}

#[test]
fn without_bindings_the_usual_ports_are_looked_at_and_every_refusal_is_in_words() {
    let Some(probed) = probed("no bindings") else { return };
    assert_eq!(
        probed.without_messages(),
        [
            "MBX01 | https/1/*:443 | localhost | tls-web | localhost | seen | FIRST",
            "MBX01 | https/2/*:444 | localhost | nobody-1 | localhost | not-seen | -",
            "MBX01 | imap | localhost | tls-imap | localhost | seen | FIRST",
            "MBX01 | pop | localhost | drip-1 | localhost | not-seen | -",
            "MBX01 | - | localhost | busy-1 | localhost | not-seen | -",
            "MBX01 | - | localhost | endless-1 | localhost | not-seen | -",
        ]
    );
    assert_eq!(probed.message("busy-1"), "it replied 421 4.3.2 Service not available");
    assert_eq!(probed.message("endless-1"), "no reply");
    assert_eq!(probed.message("drip-1"), "no answer within 5 seconds");
    assert!(probed.said.contains("MBX01: Get-WebBinding failed, so that only the usual bindings"), "{}", probed.said);
    assert!(probed.said.contains("The RPC server is unavailable."), "{}", probed.said);
}

#[test]
fn on_the_server_itself_its_loopback_binding_is_seen_whatever_the_session_has_set() {
    let Some(probed) = probed("on the server itself") else { return };
    let seen: Vec<_> = probed.without_messages().into_iter().filter(|line| line.contains("| seen |")).collect();
    assert_eq!(
        seen,
        [
            "MBX01 | https/1/*:tls-web | localhost | tls-web | localhost | seen | FIRST",
            "MBX01 | https/1/*:tls-web:mail.contoso.com | localhost | tls-web | mail.contoso.com | seen | LATER",
            "MBX01 | https/1/127.0.0.1:tls-web | 127.0.0.1 | tls-web | localhost | seen | FIRST",
        ]
    );
    assert!(!probed.said.contains("error:") && !probed.left, "{}", probed.said);
}

#[test]
fn an_edge_transport_server_has_smtp_alone_and_one_before_2013_is_not_looked_at() {
    for (name, from_inside) in [("on Edge", false), ("others", true)] {
        let Some(probed) = probed(name) else { return };
        assert_eq!(probed.without_messages(), ["EDGE01 | - | localhost | mail-1 | localhost | seen | FIRST"], "{name}");
        assert_eq!(probed.said.contains("MBX00 is older than Exchange 2013"), from_inside, "{}", probed.said);
        assert_eq!(probed.calls, ["Get-ExchangeServer"]);
    }
}

#[test]
fn where_nothing_can_be_looked_at_or_written_it_says_so_before_anything_is_asked() {
    for (name, words, is_asked) in [
        ("no server", "thrown: Get-ExchangeServer gave no server: nothing was looked at.", true),
        ("no cmdlet", "lacks Get-ExchangeServer: nothing was looked at.", false),
        ("read-only", "exchange-presented.xml is read-only: nothing was looked at", false),
    ] {
        let Some(probed) = probed(name) else { return };
        assert!(probed.said.contains(words), "{name}: {}", probed.said);
        assert_eq!(!probed.calls.is_empty(), is_asked, "{name}: {:?}", probed.calls);
        let older = (name == "read-only").then(|| b"older".to_vec());
        assert_eq!(probed.file, older, "{name}");
    }
}

#[test]
fn what_it_writes_is_read_back() {
    let Some(probed) = probed("bound") else { return };
    let mut import = Import::new();
    import.add("presented.xml", probed.file.as_ref().unwrap()).unwrap();
    assert_eq!(import.presented().len(), 8);
    let sni = import.presented().nth(1).unwrap();
    assert_eq!((sni.name.as_str(), sni.state()), ("mail.contoso.com", "seen"));
    assert_eq!(sni.thumbprint.unwrap().to_string(), probed.told["LATER"].as_str().unwrap());
    assert_eq!(import.presented().last().unwrap().message, "no STARTTLS is offered");
    assert!(import.not_read().is_empty(), "a probe is no export");
}

#[test]
fn it_only_asks_looks_and_writes_its_file_and_windows_powershell_can_run_it() {
    let Some(pwsh) = pwsh() else { return };
    let file = folder("probe-text").join("probe.ps1");
    fs::write(&file, probe_script()).unwrap();
    let printed = run_file(&pwsh, &support("commands.ps1"), &[&file]);
    let of = |kind: &str| -> BTreeSet<&str> {
        printed.lines().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' ')).collect()
    };
    assert!(of("error").is_empty() && of("redirection").is_empty(), "{printed}");
    let functions = of("function");
    assert!(functions.iter().all(|name| name.contains('-')), "an alias beats a function: {functions:?}");
    let commands: Vec<_> =
        of("command").into_iter().filter(|command| !functions.contains(command) && !command.starts_with('{')).collect();
    let known = [
        "$cmdlet",
        "Export-Clixml",
        "ForEach-Object",
        "Get-Command",
        "Get-Item",
        "Get-WebBinding",
        "Move-Item",
        "New-Object",
        "Remove-Item",
        "Select-Object",
        "Set-StrictMode",
        "Test-Path",
        "Where-Object",
        "Write-Host",
    ];
    assert_eq!(commands, known);
    let asked: Vec<_> = of("named").into_iter().filter(|name| !functions.contains(name)).collect();
    let asked: Vec<_> = asked.into_iter().filter(|name| !known.contains(name)).collect();
    assert_eq!(asked, ["Get-ExchangeServer", "Invoke-Command"]);
    assert!(probe_script().is_ascii() && probe_script().ends_with("\n}\n\n"));
    assert!(probe_script().contains("function Get-Presented") && !probe_script().contains("look.ps1"));
    let Some(check) = beside(&pwsh, "windows-powershell.ps1") else { return };
    assert_eq!(run_file(&pwsh, &check, &[&file]), "");
}
