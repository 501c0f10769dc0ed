//! The script as a text: what it calls, where it can be run, and how it is pasted.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use exchange_certificates::import::collection_script;

use crate::plain::PLAIN;
use crate::situations;
use crate::support::shell::{Situation, beside, folder, lay_out, pwsh, run_file, support};
use crate::support::stand_in::Organization;
use crate::support::written::{questions, records};

/// What it uses of PowerShell itself, and what of that is about its two files alone.
const MEANS: [&str; 8] = [
    "ForEach-Object",
    "Get-Command",
    "Get-Item",
    "Select-Object",
    "Set-StrictMode",
    "Test-Path",
    "Where-Object",
    "Write-Host",
];
const OF_ITS_FILES: [&str; 3] = ["Export-Clixml", "Move-Item", "Remove-Item"];

fn script(name: &str) -> std::path::PathBuf {
    let file = folder(name).join("collection.ps1");
    fs::write(&file, collection_script()).unwrap();
    file
}

#[test]
fn it_calls_get_cmdlets_invoke_command_with_get_web_binding_and_its_files_alone() {
    let Some(pwsh) = pwsh() else { return };
    let script = script("text-commands");
    let printed = run_file(&pwsh, &support("commands.ps1"), &[&script]);
    let of = |kind: &str| -> Vec<&str> {
        printed.lines().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' ')).collect()
    };
    assert!(of("error").is_empty() && of("redirection").is_empty(), "{printed}");
    let functions = of("function");
    assert!(functions.iter().all(|name| name.contains('-')), "an alias beats a function: {functions:?}");
    for command in of("command") {
        let is_block = command.starts_with('{');
        let known = MEANS.contains(&command) || OF_ITS_FILES.contains(&command) || functions.contains(&command);
        assert!(known || is_block || command == "$cmdlet" || command == "Get-WebBinding", "{command}");
    }
    // What the variable may hold.
    let asked: BTreeSet<_> = of("named").into_iter().filter(|name| !functions.contains(name)).collect();
    let called = asked.iter().filter(|name| !MEANS.contains(name) && !OF_ITS_FILES.contains(name));
    for name in called {
        assert!(name.starts_with("Get-") || *name == "Invoke-Command", "{name}");
    }
    assert_eq!(asked.iter().filter(|name| name.starts_with("Get-")).count(), 26, "{asked:#?}");
    let methods: BTreeSet<_> = of("method").into_iter().collect();
    let harmless = ["Add", "AddRange", "Combine", "ComputeHash", "Create", "Insert", "ToString", "Trim"];
    assert_eq!(methods, BTreeSet::from(harmless));
    let text = collection_script();
    assert_eq!(text.matches("ScriptBlock = { Get-WebBinding }").count(), text.matches("ScriptBlock").count());
    for command in OF_ITS_FILES {
        let lines: Vec<_> = text.lines().filter(|line| line.contains(command)).collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.contains("-LiteralPath \"$file.new\"")), "{lines:?}");
    }
}

#[test]
fn windows_powershell_can_run_it() {
    let Some(pwsh) = pwsh() else { return };
    let Some(check) = beside(&pwsh, "windows-powershell.ps1") else { return };
    assert_eq!(run_file(&pwsh, &check, &[&script("text-windows")]), "");
}

#[test]
fn every_call_binds_to_the_cmdlet_of_the_reference() {
    let Some(pwsh) = pwsh() else { return };
    let Some(references) = beside(&pwsh, "references/ExchangeReferences.psm1") else { return };
    let mut calls = BTreeSet::new();
    for situation in ["plain", "shell: 2013", "on Edge"] {
        let collected = crate::collected(situation).unwrap();
        calls.extend(
            collected.calls.iter().filter(|call| call.starts_with("Get-") && *call != "Get-WebBinding").cloned(),
        );
    }
    assert!(calls.len() > 60);
    let file = folder("text-calls").join("calls.txt");
    fs::write(&file, calls.into_iter().collect::<Vec<_>>().join("\n")).unwrap();
    assert_eq!(run_file(&pwsh, &support("bind.ps1"), &[&references, &file]), "");
}

/// A console without line editing takes line after line, and the empty one as the end of what it was given.
#[test]
fn pasted_into_a_console_it_runs_without_another_key() {
    let Some(pwsh) = pwsh() else { return };
    let folder = folder("text-console");
    let situation = Situation::new("console", Organization::new());
    let (place, home) = lay_out(&folder, 0, &situation);
    let quoted = |path: &std::path::Path| format!("'{}'", path.display());
    let before = format!(
        "Set-Variable HOME {} -Force\n$env:COMPUTERNAME = 'MBX01'\nImport-Module {} -DisableNameChecking\n\
         $null = Set-Organization {}\n",
        quoted(&home),
        quoted(&support("exchange.psm1")),
        quoted(&place.join("organization.json")),
    );
    let mut console = Command::new(&pwsh)
        .args(["-NoProfile", "-NonInteractive", "-Command", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut keys = console.stdin.take().unwrap();
    // Taken together with the script, what stands behind it would keep all of it from running.
    write!(keys, "{before}{})\n'after'\n", collection_script()).unwrap();
    drop(keys);
    let output = console.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("after"), "{said}");
    assert!(said.contains(" objects are in "), "{said}");
    let file = fs::read(home.join("exchange-certificates.xml")).unwrap();
    assert_eq!(questions(&records(&file)), PLAIN);
}

#[test]
fn its_comment_says_what_it_does_and_where_else_to_run_it() {
    let comment: String =
        collection_script().lines().take_while(|line| line.starts_with('#')).collect::<Vec<_>>().join(" ");
    for words in
        ["changes nothing", "no-language session", "Edge Transport server", "newest server", "Unified Messaging"]
    {
        assert!(comment.contains(words), "{words}");
    }
    assert!(collection_script().is_ascii() && collection_script().ends_with("\n}\n\n"));
}

#[test]
fn every_situation_has_a_name_of_its_own() {
    let all = situations();
    let names: BTreeSet<_> = all.iter().map(|situation| &situation.name).collect();
    assert_eq!(names.len(), all.len());
}
