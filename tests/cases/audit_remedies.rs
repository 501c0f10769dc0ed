//! The commands that the audit advises are PowerShell, and give known cmdlets parameters that they have.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use crate::support::filled::filled;
use crate::support::interpreter::{Item, bind, read};

/// Every command on the pages beside the rules of the audit, with a thumbprint for each key of a certificate.
fn commands() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit");
    let pages = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let text: String = pages.map(|page| fs::read_to_string(page).unwrap()).collect();
    let steps = text.lines().filter_map(|line| line.strip_prefix("    "));
    let commands = steps.filter(|step| {
        let first = step.split(' ').next().unwrap_or_default();
        first == "certutil" || first.contains('-') && first.starts_with(|first: char| first.is_ascii_uppercase())
    });
    let mut commands: Vec<_> = commands.map(with_thumbprints).collect();
    commands.sort();
    commands.dedup();
    commands
}

/// A page stands `<key>` for a thumbprint, in the place of one.
fn with_thumbprints(step: &str) -> String {
    let mut words: Vec<String> = step.split(' ').map(str::to_owned).collect();
    for place in 1..words.len() {
        let is_key = words[place].starts_with('<') && words[place].ends_with('>');
        if is_key && ["-Thumbprint", "-NewCertificateThumbprint", "My"].contains(&words[place - 1].as_str()) {
            words[place] = "5113AE0233A72FCCB75B1D0198628675333D010E".to_owned();
        }
    }
    words.join(" ")
}

#[test]
fn every_command_that_the_audit_advises_is_valid() {
    let commands = commands();
    assert!(commands.len() > 20, "{commands:#?}");
    for command in commands {
        let filled = filled(&command);
        let items = read(&filled).unwrap_or_else(|failure| panic!("{command}: {failure}"));
        let [Item::Pipeline(parts)] = items.as_slice() else { panic!("{command} is no single command") };
        for part in parts {
            bind(part).unwrap_or_else(|failure| panic!("{command}: {failure}"));
        }
    }
}
