//! All that can be against a deployment script.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::{Value, json};

use super::runs::{Script, Undisturbed, job};

/// What goes wrong: a theme, with its kind behind a colon, and the jobs of it.
pub fn jobs(script: &Script, calm: &Undisturbed) -> Vec<(&'static str, Value)> {
    let mut jobs = Vec::new();
    calls(script, calm, &mut jobs);
    cmdlets(script, calm, &mut jobs);
    servers(script, calm, &mut jobs);
    stale(script, &mut jobs);
    listeners(script, &mut jobs);
    sessions(script, &mut jobs);
    jobs
}

type Jobs = Vec<(&'static str, Value)>;

/// A failure before and after every call that changes something, and an end of the script there.
fn calls(script: &Script, calm: &Undisturbed, jobs: &mut Jobs) {
    for (how, theme) in [
        ("before", "failed: before"),
        ("after", "failed: after"),
        ("kill-before", "killed: before"),
        ("kill-after", "killed: after"),
    ] {
        for at in 1..=calm.calls.len() {
            let fault = json!({ "fault": { "how": how, "at": at } });
            jobs.push((theme, job(script, &format!("{how} {at}"), 2, fault)));
        }
    }
    for at in (1..=calm.reads).step_by(9) {
        jobs.push((
            "reading failed: once",
            job(script, &format!("get {at}"), 2, json!({ "fault": { "how": "get", "at": at } })),
        ));
    }
    for at in (1..=calm.reads).step_by(11) {
        let fault = json!({ "fault": { "how": "get-good", "at": at } });
        jobs.push(("reading failed: for good", job(script, &format!("get-good {at}"), 2, fault)));
    }
}

/// A cmdlet that fails for good.
fn cmdlets(script: &Script, calm: &Undisturbed, jobs: &mut Jobs) {
    for cmdlet in &calm.cmdlets {
        let fault = json!({ "fault": { "how": "good", "cmdlet": cmdlet, "at": 0 } });
        jobs.push(("failed: for good", job(script, &format!("good {cmdlet}"), 2, fault)));
    }
    for services in ["IIS", "Services SMTP"] {
        let fault =
            json!({ "fault": { "how": "good", "cmdlet": "Enable-ExchangeCertificate", "with": services, "at": 0 } });
        jobs.push(("failed: for good", job(script, &format!("good {services}"), 2, fault)));
    }
}

/// A server that goes away, or is down from the start.
fn servers(script: &Script, calm: &Undisturbed, jobs: &mut Jobs) {
    let servers: Vec<_> = script.world["servers"].as_object().unwrap().keys().collect();
    for server in servers.into_iter().filter(|server| **server != script.world["computer"]) {
        for at in (1..=calm.calls.len()).step_by(4) {
            let fault = json!({ "fault": { "how": "gone", "at": at, "server": server } });
            jobs.push(("server gone", job(script, &format!("gone {server} {at}"), 2, fault)));
        }
        let change = json!({ "change": [{ "path": ["servers", server, "down"], "value": true }] });
        jobs.push(("server gone", job(script, &format!("down {server}"), 1, change)));
    }
}

/// Every fact, as it is not any more.
fn stale(script: &Script, jobs: &mut Jobs) {
    let world = &script.world;
    let mut changes: Vec<(Vec<String>, Value)> = Vec::new();
    let path = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>();
    for (server, it) in world["servers"].as_object().unwrap() {
        let at = |steps: &[&str]| path(&[&["servers", server][..], steps].concat());
        changes.push((at(&["default"]), "%ALIEN%".into()));
        changes.push((at(&["certificates", "%OLD%", "services"]), json!([])));
        changes.push((at(&["certificates", "%OLD%", "key"]), "KSP".into()));
        changes.push((at(&["runs", "MSExchangeTransport"]), "Stopped".into()));
        if world["edge"] == false {
            changes.push((at(&["imap"]), "x.contoso.com".into()));
            changes.push((at(&["pop"]), "x.contoso.com".into()));
        }
        for binding in it["bindings"].as_object().unwrap().keys() {
            changes.push((at(&["bindings", binding]), "%ALIEN%".into()));
        }
        for (name, connector) in it["receive"].as_object().unwrap() {
            changes.push((at(&["receive", name, "tls"]), "<I>x<S>y".into()));
            if connector["tls"] != "" {
                changes.push((at(&["receive", name, "fqdn"]), "z.contoso.com".into()));
                changes.push((at(&["receive", name]), Value::Null));
            }
        }
    }
    for name in world["send"].as_object().unwrap().keys().filter(|_| world["edge"] == false) {
        changes.push((path(&["send", name, "tls"]), "<I>x<S>y".into()));
        changes.push((path(&["send", name, "sources"]), json!(["OTHER"])));
        changes.push((path(&["send", name, "fqdn"]), "z".into()));
    }
    let another = json!({ "tls": script.old_name, "fqdn": "", "sources": [] });
    changes.push((path(&["send", "Another"]), another));
    if world["edge"] == false {
        changes.push((path(&["hybrid"]), "<I>x<S>y".into()));
        changes.push((path(&["edges"]), json!(["EDGE09"])));
    }
    for (place, (path, value)) in changes.into_iter().enumerate() {
        let named = format!("stale {place} {}", path.join("/"));
        jobs.push(("stale fact", job(script, &named, 1, json!({ "change": [{ "path": path, "value": value }] }))));
    }
}

/// Every port with another listener than the usual one, before the run and after its first change.
fn listeners(script: &Script, jobs: &mut Jobs) {
    for port in script.ports.keys() {
        for (mode, theme) in [
            ("silent", "listener: silent"),
            ("close", "listener: closed"),
            ("plain", "listener: no STARTTLS"),
            ("%ALIEN%", "listener: another"),
            ("former", "listener: former"),
            ("late", "listener: former until restarted"),
            ("once", "listener: once"),
        ] {
            if mode == "plain" && !port.contains("smtp") {
                continue;
            }
            for when in ["before", "after"] {
                if matches!(mode, "former" | "late" | "once") && when == "before" {
                    continue;
                }
                let listen = json!({ "listen": { (port.as_str()): { "mode": mode, "when": when } } });
                jobs.push((theme, job(script, &format!("listen {port} {mode} {when}"), 2, listen)));
            }
        }
    }
}

/// How it is started, and what it finds there.
fn sessions(script: &Script, jobs: &mut Jobs) {
    let parameters = |more: Value| {
        let mut parameters =
            json!({ "PfxPath": "%folder%/NEW.pfx", "PfxPassword": "a password", "StopTransport": true });
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "parameters": parameters })
    };
    let mut add = |name: &str, runs: u32, more: Value| {
        let theme = match name {
            _ if name.contains("whatif") => "session: -WhatIf",
            _ if name.contains("proxies") => "session: proxies",
            _ => "session: other",
        };
        jobs.push((theme, job(script, name, runs, more)));
    };
    add("whatif", 2, parameters(json!({ "WhatIf": true })));
    add("norestart", 2, parameters(json!({ "NoRestart": true })));
    add("nostop", 2, json!({ "parameters": { "PfxPath": "%folder%/NEW.pfx", "PfxPassword": "a password" } }));
    add("iis", 2, parameters(json!({ "RestartIis": true })));
    add("badpw", 1, parameters(json!({ "PfxPassword": "no" })));
    add("wrongpfx", 1, parameters(json!({ "PfxPath": "%folder%/OLD.pfx" })));
    add("nopfx", 1, json!({ "parameters": {} }));
    add("badlog", 1, parameters(json!({ "LogPath": "/nowhere/x.log" })));
    add("pref", 2, json!({ "preferences": true }));
    add("loaded", 2, json!({ "loaded": true }));
    add("forbidden", 2, json!({ "forbidden": true }));
    add("process", 2, json!({ "process": true }));
    add("process-whatif", 1, {
        let mut more = parameters(json!({ "WhatIf": true }));
        more["process"] = true.into();
        more
    });
    add("proxies", 2, json!({ "proxies": true }));
    add("proxies-forbidden", 2, json!({ "proxies": true, "forbidden": true }));
    add("proxies-whatif", 1, {
        let mut more = parameters(json!({ "WhatIf": true }));
        more["proxies"] = true.into();
        more
    });
    add("proxies-failing", 2, json!({ "proxies": true, "fault": { "how": "after", "at": 3 } }));
    add("busy", 2, json!({ "busy": true }));
    add("without", 1, json!({ "without": true }));
    add("ksp", 1, json!({ "change": [{ "path": ["importKey"], "value": "KSP" }] }));
    add("missing", 1, json!({ "missing": "Get-ExchangeCertificate" }));
    let server = script.world["computer"].as_str().unwrap();
    let there = json!({ "services": [], "key": "CSP" });
    add(
        "installed",
        2,
        json!({ "change": [{ "path": ["servers", server, "certificates", "%NEW%"], "value": there }] }),
    );
}
