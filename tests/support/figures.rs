//! What was run, and what came of it, in figures.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::runs::{Script, Undisturbed};

/// How often each outcome came, of the first run of a job and of the others.
#[derive(Default)]
struct Line {
    jobs: usize,
    first: BTreeMap<String, usize>,
    later: BTreeMap<String, usize>,
}

impl Line {
    fn add(&mut self, result: &Value) {
        self.jobs += 1;
        for (place, run) in result["runs"].as_array().unwrap().iter().enumerate() {
            let outcome = match run["killed"].as_bool() {
                Some(true) => "killed".to_owned(),
                _ => run["last"]["outcome"].as_str().unwrap_or("no last line").to_owned(),
            };
            *if place == 0 { &mut self.first } else { &mut self.later }.entry(outcome).or_default() += 1;
        }
    }

    fn print(&self, name: &str) {
        let shown = |counts: &BTreeMap<String, usize>| {
            counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect::<Vec<_>>().join(", ")
        };
        let later = if self.later.is_empty() { String::new() } else { format!("; run again: {}", shown(&self.later)) };
        println!("{name:<34} {:>5}  {}{later}", self.jobs, shown(&self.first));
    }
}

/// Prints scripts with their steps, what was against them with its outcomes, and the same of each script.
pub fn print<'a>(
    scripts: &[(Script, Undisturbed)],
    themes: &HashMap<&str, &'static str>,
    results: impl Iterator<Item = &'a Value>,
) {
    let calls: usize = scripts.iter().map(|(_, calm)| calm.calls.len()).sum();
    let reads: usize = scripts.iter().map(|(_, calm)| calm.reads).sum();
    println!("{} scripts, {calls} calls that change something, {reads} that read", scripts.len());
    let (mut of_themes, mut of_scripts) = (BTreeMap::<_, Line>::new(), BTreeMap::<_, Line>::new());
    let mut all = Line::default();
    for result in results {
        let name = result["name"].as_str().unwrap();
        let theme = themes.get(name).copied().unwrap_or("undisturbed");
        of_themes.entry(theme).or_default().add(result);
        of_scripts.entry(name.split(' ').next().unwrap()).or_default().add(result);
        all.add(result);
    }
    of_themes.iter().for_each(|(theme, line)| line.print(theme));
    for (script, calm) in scripts {
        if let Some(line) = of_scripts.get(script.name.as_str()) {
            line.print(&format!("{}: {} calls, {} reads", script.name, calm.calls.len(), calm.reads));
        }
    }
    all.print("all");
}
