//! Runs deployment scripts over the stand-in, many in one PowerShell, and judges what became of it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use exchange_certificates::DeploymentFile;
use serde_json::{Value, json};

use super::pwsh::{folder, pwsh, run_file, support};
use super::worlds::World;

/// A script with its world.
#[derive(Clone, Debug)]
pub struct Script {
    pub name: String,
    /// The plan alone, with the names of the stand-in.
    pub plan: String,
    pub world: Value,
    /// What is planned, by the names of the stand-in.
    pub planned: BTreeMap<String, String>,
    /// The ports by their names, with server and endpoint.
    pub ports: BTreeMap<String, (String, String)>,
}

impl Script {
    pub fn new(world: &World, file: &DeploymentFile, planned: BTreeMap<String, String>) -> Self {
        let text = file.text().replace("\r\n", "\n");
        let begin = text.find("$plan = @{\n").unwrap();
        let end = begin + text[begin..].find("\n}\n").unwrap() + 3;
        let plan = world.named(&text[begin..end]);
        let plan = plan.replace("\n    Limit = 5\n    Wait = 120\n", "\n    Limit = 1.5\n    Wait = 1\n");
        let mut ports = BTreeMap::new();
        let mut lines = Vec::new();
        for line in plan.lines() {
            let Some((before, rest)) = line.split_once("; Address = ") else {
                lines.push(line.to_owned());
                continue;
            };
            let kind = if line.contains("; Kind = 'smtp'; ") { "smtp" } else { "" };
            let port = format!("%port:{}{kind}{}%", world.name, ports.len());
            let (server, rest_of_before) = literal(before.split_once("Server = ").unwrap().1);
            let (endpoint, _) = literal(rest_of_before.split_once("Endpoint = ").unwrap().1);
            let endpoint = match endpoint.split(" | ").next().unwrap().split_once('\\') {
                Some((_, connector)) => format!("receive {connector}"),
                None => endpoint,
            };
            let (_, rest) = rest.split_once("; Name = ").unwrap();
            lines.push(format!("{before}; Address = '127.0.0.1'; Port = {port}; Name = {rest}"));
            ports.insert(port, (server, endpoint));
        }
        let is_edge = file.server().is_some();
        let name = format!("{}{}", world.name, file.suffix());
        Self { name, plan: lines.join("\n") + "\n", world: world.of_stand_in(is_edge, &ports), planned, ports }
    }
}

/// A literal of PowerShell, and what comes after it.
fn literal(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((place, character)) = characters.next() {
        let is_quote = matches!(character, '\'' | '\u{2018}'..='\u{201B}');
        match characters.peek() {
            Some((_, next)) if is_quote && matches!(next, '\'' | '\u{2018}'..='\u{201B}') => {
                characters.next();
                value.push(character);
            }
            _ if is_quote => return (value, &text[place + 1..]),
            _ => value.push(character),
        }
    }
    panic!("no literal: {text}")
}

/// What is against a script, and how often it is run.
pub fn job(script: &Script, name: &str, runs: u32, more: Value) -> Value {
    let mut job = json!({
        "name": format!("{} {name}", script.name), "runs": runs,
        "parameters": { "PfxPath": "%folder%/NEW.pfx", "PfxPassword": "a password", "StopTransport": true },
    });
    let place = job.as_object_mut().unwrap();
    place.extend(more.as_object().unwrap().clone());
    job
}

/// Writes the files of a script, and says of jobs which they are.
fn lay_out(folder: &Path, script: &Script, jobs: &mut [Value]) {
    let place = |ending: &str| folder.join(format!("{}.{ending}", script.name));
    fs::write(place("plan.ps1"), &script.plan).unwrap();
    fs::write(place("world.json"), script.world.to_string()).unwrap();
    for job in jobs {
        job["world"] = place("world.json").to_str().unwrap().into();
        job["script"] = place("plan.ps1").to_str().unwrap().into();
    }
}

/// Runs scripts, each undisturbed.
pub fn run(set: &str, scripts: &[Script]) {
    let jobs =
        scripts.iter().map(|script| (script.clone(), vec![job(script, "plain", 2, json!({}))])).collect::<Vec<_>>();
    run_jobs(set, &jobs);
}

/// Runs jobs, of each script the undisturbed one first, and holds the undisturbed ones to what is planned.
pub fn run_jobs(set: &str, scripts: &[(Script, Vec<Value>)]) {
    let Some(pwsh) = pwsh() else { return };
    let folder = folder(&format!("deployment-{set}"));
    let mut all = Vec::new();
    for (script, jobs) in scripts {
        let mut jobs = jobs.clone();
        lay_out(&folder, script, &mut jobs);
        all.extend(jobs);
    }
    let file = folder.join("jobs.json");
    fs::write(&file, Value::Array(all).to_string()).unwrap();
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/deployment");
    run_file(&pwsh, &support("deploy.ps1"), &[&"-Jobs", &file, &"-Parts", &parts, &"-Folder", &folder]);
    let results = folder.join("results.json");
    let said = run_file(&pwsh, &support("judge-deployed.ps1"), &[&"-Jobs", &file, &"-Results", &results]);
    println!("{said}");
    let results: Vec<Value> = serde_json::from_str(&fs::read_to_string(results).unwrap()).unwrap();
    for (script, _) in scripts {
        let result = results.iter().find(|result| result["name"] == format!("{} plain", script.name)).unwrap();
        let mut state = result["runs"][0]["state"].to_string();
        for (name, thumbprint) in result["thumbprints"].as_object().unwrap() {
            state = state.replace(thumbprint.as_str().unwrap(), &format!("%{name}%"));
        }
        let state: BTreeMap<String, Value> = serde_json::from_str(&state).unwrap();
        for (key, value) in &script.planned {
            if key.split('|').next() == Some("")
                || state.contains_key(&format!("{}|default", key.split('|').next().unwrap()))
            {
                let there = state.get(key).map(|there| there.as_str().unwrap_or_default());
                assert_eq!(there, Some(value.as_str()), "{}: {key}; {}", script.name, result["runs"][0]["lines"]);
            }
        }
    }
    let faults: Vec<_> = said.trim().lines().rev().skip(1).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
