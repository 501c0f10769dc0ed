//! Blocks through the proxies of a remote session, as the Exchange Management Shell has Exchange's cmdlets: a proxy sees
//! no preference but the global one, and turns an error that ends a command into one that does not.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::blocks::{Remedy, all, default_of, is_block, judge, references};
use crate::support::filled::filled;
use crate::support::shell::{beside, folder, support};

#[derive(Deserialize)]
struct Through {
    calls: Vec<String>,
    failures: Vec<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    at: usize,
    by: String,
    calls: Vec<String>,
}

#[test]
fn through_proxies_a_command_that_fails_stops_its_block_as_well() {
    let Some((pwsh, references)) = references() else { return };
    let Some(remotely) = beside(&pwsh, "import-remotely.ps1") else { return };
    let remedies = chosen();
    let direct = judge(&pwsh, &references, "blocks-directly", &remedies, true);
    let folder = folder("blocks-remotely");
    let block = |text: &String| json!({ "filled": filled(text), "default": default_of(text), "computer": "MBX01", "fails": is_block(text) });
    let written: Vec<Vec<Value>> = remedies.iter().map(|remedy| remedy.iter().map(block).collect()).collect();
    fs::write(folder.join("remedies.json"), json!(written).to_string()).unwrap();
    let exchange = fs::read_to_string(references.join("ExchangeReferences.psm1")).unwrap();
    let is_exchange = |name: &str| exchange.contains(&format!("\nfunction {name} "));
    let names: BTreeSet<_> =
        direct.iter().flat_map(|judged| judged.called()).filter(|name| is_exchange(name)).collect();
    fs::write(folder.join("cmdlets.json"), json!(names).to_string()).unwrap();

    let log = fs::File::create(folder.join("log.txt")).unwrap();
    let status = Command::new(&pwsh)
        .args(["-NoProfile", "-NonInteractive", "-File"])
        .arg(support("blocks-remotely.ps1"))
        .args([&references, &remotely, &folder])
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .status();
    assert!(status.unwrap().success(), "{}", fs::read_to_string(folder.join("log.txt")).unwrap());
    let through: Vec<Vec<Through>> =
        serde_json::from_str(&fs::read_to_string(folder.join("results.json")).unwrap()).unwrap();

    let of_exchange =
        |calls: &[String]| calls.iter().filter(|name| is_exchange(name)).cloned().collect::<Vec<String>>();
    let (mut failures, mut cut_short) = (0, 0);
    for ((text, direct), through) in remedies.iter().flatten().zip(&direct).zip(through.iter().flatten()) {
        let called: Vec<_> = direct.calls.iter().map(|call| call.cmdlet.clone()).collect();
        assert_eq!(through.calls, of_exchange(&called), "{text}");
        // The place of each call of Exchange among all calls.
        let places: Vec<_> = (0..called.len()).filter(|place| is_exchange(&called[*place])).collect();
        for failure in &through.failures {
            let place = places[failure.at];
            let Some(expected) = direct.failures.iter().find(|it| it.at == place && it.by == failure.by) else {
                continue;
            };
            let expected = of_exchange(&expected.calls);
            assert_eq!(failure.calls, expected, "{text}\nwith a failing {} ({})", called[place], failure.by);
            failures += 1;
            cut_short += usize::from(expected.len() < through.calls.len());
        }
    }
    println!("{failures} failures through proxies, {cut_short} of which keep a later command from being run");
    assert!(failures > 30 && cut_short > 15, "{failures} {cut_short}");
}

/// One remedy of each sequence of cmdlets that has several of them in one block.
fn chosen() -> Vec<Remedy> {
    let mut seen = BTreeSet::new();
    let cmdlets = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let is_cmdlet = |word: &&str| word.contains('-') && word.starts_with(|c: char| c.is_ascii_uppercase());
        words.filter(is_cmdlet).map(str::to_owned).collect::<Vec<_>>()
    };
    let remedies = all().into_iter().filter(|remedy| {
        let sequence: Vec<_> = remedy.iter().map(|text| cmdlets(text)).collect();
        let has_several = remedy.iter().any(|text| is_block(text) && cmdlets(text).len() > 1);
        has_several && seen.insert(sequence)
    });
    remedies.take(MOST).collect()
}

/// How many remedies are run: each call goes to the other PowerShell and back.
const MOST: usize = 40;
