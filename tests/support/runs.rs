//! Runs deployment scripts over the stand-in, many in one PowerShell, and judges what became of it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use exchange_certificates::DeploymentFile;
use serde_json::{Value, json};

use super::pwsh::{beside, folder, run_file, support};
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
    /// What connectors call the old certificate by.
    pub old_name: String,
}

impl Script {
    pub fn new(world: &World, file: &DeploymentFile, planned: BTreeMap<String, String>) -> Self {
        let text = file.text().replace("\r\n", "\n");
        let begin = text.find("$plan = @{\n").unwrap();
        let end = begin + text[begin..].find("\n}\n").unwrap() + 3;
        let plan = world.named(&text[begin..end]);
        let plan = plan.replace("\n    Limit = 5\n    Wait = 120\n", "\n    Limit = 4\n    Wait = 1\n");
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
        Self {
            name,
            plan: lines.join("\n") + "\n",
            world: world.of_stand_in(is_edge, &ports),
            planned,
            ports,
            old_name: world.known("OLD").connector_name(),
        }
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

/// What an undisturbed run of a script comes to.
#[derive(Clone, Debug, Default)]
pub struct Undisturbed {
    /// The calls that change something.
    pub calls: Vec<String>,
    /// How many read something.
    pub reads: usize,
    /// The cmdlets that change something.
    pub cmdlets: Vec<String>,
}

/// What became of jobs.
#[derive(Debug, Default)]
pub struct Judged {
    pub faults: Vec<String>,
    pub results: Vec<Value>,
}

/// Runs jobs, of each script the undisturbed one first, in so many PowerShells at once.
pub fn run_jobs(pwsh: &Path, set: &str, scripts: &[(Script, Vec<Value>)]) -> Judged {
    let folder = folder(&format!("deployment-{set}"));
    let mut all = Vec::new();
    for (script, jobs) in scripts {
        let place = |ending: &str| folder.join(format!("{}.{ending}", script.name));
        fs::write(place("plan.ps1"), &script.plan).unwrap();
        fs::write(place("world.json"), script.world.to_string()).unwrap();
        all.extend(jobs.iter().cloned().map(|mut job| {
            job["world"] = place("world.json").to_str().unwrap().into();
            job["script"] = place("plan.ps1").to_str().unwrap().into();
            job
        }));
    }
    let file = folder.join("jobs.json");
    fs::write(&file, Value::Array(all).to_string()).unwrap();
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/deployment");
    let mut arguments: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&"-Jobs", &file, &"-Parts", &parts, &"-Folder", &folder];
    let remotely = beside(pwsh, "import-remotely.ps1");
    if let Some(remotely) = &remotely {
        arguments.extend([&"-Remotely" as &dyn AsRef<std::ffi::OsStr>, remotely]);
    }
    run_file(pwsh, &support("deploy.ps1"), &arguments);
    let results = folder.join("results.json");
    let said = run_file(pwsh, &support("judge-deployed.ps1"), &[&"-Jobs", &file, &"-Results", &results]);
    let mut lines: Vec<_> = said.trim().lines().map(str::to_owned).collect();
    assert_ne!(lines.pop(), None, "the judge counts what it has seen");
    let results = serde_json::from_str(&fs::read_to_string(results).unwrap()).unwrap();
    Judged { faults: lines, results }
}

/// The result of a script that nothing disturbs, which has to end where its plan does.
pub fn undisturbed(script: &Script, results: &[&Value]) -> Undisturbed {
    let result = results.iter().find(|result| result["name"] == format!("{} plain", script.name)).unwrap();
    let first = &result["runs"][0];
    let mut state = first["state"].to_string();
    for (name, thumbprint) in result["thumbprints"].as_object().unwrap() {
        state = state.replace(thumbprint.as_str().unwrap(), &format!("%{name}%"));
    }
    let state: BTreeMap<String, Value> = serde_json::from_str(&state).unwrap();
    let servers = script.world["servers"].as_object().unwrap();
    let is_seen = |key: &&String| {
        let server = key.split('|').next().unwrap();
        if server.is_empty() { script.world["edge"] == false } else { servers.contains_key(server) }
    };
    assert!(script.planned.keys().filter(is_seen).count() > 5, "{}: there is little to compare", script.name);
    for key in script.planned.keys().filter(is_seen) {
        let there = state.get(key).map(|there| there.as_str().unwrap_or_default());
        assert_eq!(there, Some(script.planned[key].as_str()), "{}: {key}; {}", script.name, first["lines"]);
    }
    assert_eq!(first["last"]["outcome"], "done", "{}: {}", script.name, first["lines"]);
    assert_eq!(result["runs"][1]["last"]["outcome"], "nothing-to-do", "{}", script.name);
    assert_eq!(result["runs"][1]["calls"], first["calls"], "{}: a second run changes something", script.name);
    let calls: Vec<_> = first["calls"].as_array().unwrap().iter().map(|call| call.as_str().unwrap()).collect();
    let mut cmdlets: Vec<_> = calls.iter().map(|call| call.split(' ').next().unwrap().to_owned()).collect();
    cmdlets.sort();
    cmdlets.dedup();
    let calls = calls.into_iter().map(str::to_owned).collect();
    Undisturbed { calls, reads: usize::try_from(first["reads"].as_u64().unwrap()).unwrap(), cmdlets }
}
