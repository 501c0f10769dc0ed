//! Runs the collection script in real PowerShell.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use exchange_certificates::import::collection_script;
use serde_json::json;

pub use super::pwsh::{beside, folder, pwsh, run_file, support};
use super::stand_in::Organization;

/// Where the script is run, and over what.
#[derive(Clone, Debug)]
pub struct Situation {
    pub name: String,
    pub organization: Organization,
    /// What the session did before.
    pub session: String,
    /// Makes what is in the home folder beforehand.
    pub prepare: fn(&Path),
    /// A home folder that is not made for the test.
    pub home: Option<&'static str>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Collected {
    pub file: Option<Vec<u8>>,
    /// Whether the file that was to be moved is still there.
    pub left: bool,
    pub said: String,
    pub calls: Vec<String>,
}

impl Situation {
    pub fn new(name: impl Into<String>, organization: Organization) -> Self {
        Self { name: name.into(), organization, session: String::new(), prepare: |_| (), home: None }
    }

    pub fn session(self, session: &str) -> Self {
        Self { session: session.to_owned(), ..self }
    }

    pub fn prepare(self, prepare: fn(&Path)) -> Self {
        Self { prepare, ..self }
    }

    pub fn home(self, home: &'static str) -> Self {
        Self { home: Some(home), ..self }
    }
}

/// Runs the script in every situation, by one PowerShell.
pub fn run(pwsh: &Path, set: &str, situations: &[Situation]) -> Vec<Collected> {
    let (folder, script, places) = prepare(set, situations);
    run_file(pwsh, &support("collect.ps1"), &[&script, &support("exchange.psm1"), &folder]);
    places.iter().map(|(place, home)| collected(place, home)).collect()
}

/// Runs the script in every situation through the proxies that `remotely` imports.
pub fn run_remotely(pwsh: &Path, remotely: &Path, set: &str, situations: &[Situation]) -> Vec<Collected> {
    let (folder, script, places) = prepare(set, situations);
    let quoted = |path: &Path| format!("'{}'", path.to_str().unwrap().replace('\'', "''"));
    let words =
        [&*support("collect-remotely.ps1"), &*script, &*support("exchange.psm1"), &*folder, remotely].map(quoted);
    // Into a file: the second PowerShell has it open, too, and only ends when this one has been waited for.
    let log = fs::File::create(folder.join("log.txt")).unwrap();
    let status = Command::new(pwsh)
        .args(["-NoProfile", "-NonInteractive", "-Command", &format!(". {}", words.join(" "))])
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .status();
    assert!(status.unwrap().success(), "{}", fs::read_to_string(folder.join("log.txt")).unwrap());
    places.iter().map(|(place, home)| collected(place, home)).collect()
}

/// The folder of a set of situations, the script in it, and where each situation and its home are.
fn prepare(set: &str, situations: &[Situation]) -> (PathBuf, PathBuf, Vec<(PathBuf, PathBuf)>) {
    let folder = folder(set);
    let script = folder.join("collection.ps1");
    fs::write(&script, collection_script()).unwrap();
    let places = situations.iter().enumerate().map(|(index, situation)| lay_out(&folder, index, situation)).collect();
    (folder, script, places)
}

/// Writes what a situation consists of: its folder, and its home folder.
pub fn lay_out(folder: &Path, index: usize, situation: &Situation) -> (PathBuf, PathBuf) {
    let place = folder.join(format!("{index:04}"));
    // Brackets, which a path must not be taken for a pattern by.
    let home = situation.home.map_or_else(|| place.join("home [1]"), PathBuf::from);
    fs::create_dir_all(&place).unwrap();
    if situation.home.is_none() {
        fs::create_dir(&home).unwrap();
        (situation.prepare)(&home);
    }
    let organization = &situation.organization.0;
    fs::write(place.join("organization.json"), organization.to_string()).unwrap();
    fs::write(place.join("session.ps1"), &situation.session).unwrap();
    let settings = json!({ "home": home, "computer": organization["computer"] });
    fs::write(place.join("place.json"), settings.to_string()).unwrap();
    (place, home)
}

pub fn collected(place: &Path, home: &Path) -> Collected {
    let read = |file: &str| fs::read_to_string(place.join(file)).unwrap();
    Collected {
        file: fs::read(home.join("exchange-certificates.xml")).ok(),
        left: fs::symlink_metadata(home.join("exchange-certificates.xml.new")).is_ok(),
        said: read("said.txt"),
        calls: read("calls.txt").lines().map(str::to_owned).collect(),
    }
}
