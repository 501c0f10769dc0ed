//! The servers of an organisation, put together from files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use exchange_certificates::import::{Import, ImportedOrganization};
use exchange_certificates::{Fleet, FleetError, Server};

use crate::common::exports::{self, Completeness};
use crate::common::input::BadInput;
use crate::common::scenario::{self, Scenario, Subject};

/// What the files say.
#[derive(Default)]
pub(crate) struct Organization {
    pub(crate) imported: ImportedOrganization,
    /// The point in time that the files name, where they name one.
    pub(crate) now: Option<SystemTime>,
    /// What could not be judged, and why, in sentences for people.
    pub(crate) notes: Vec<String>,
}

/// The servers of scenario files.
#[derive(Default)]
struct Scenarios {
    fleet: Fleet,
    now: Option<SystemTime>,
    /// The scenario that each server stands in.
    files: BTreeMap<String, String>,
}

impl Organization {
    /// Reads the files. Where the point in time is named already, theirs may differ.
    pub(crate) fn read(paths: &[PathBuf], has_now: bool, completeness: Completeness) -> Result<Self, BadInput> {
        let mut scenarios = Scenarios::default();
        let mut import = Import::new();
        for path in paths {
            if is_scenario(path)? {
                scenarios.add(scenario::read(path)?, has_now)?;
            } else {
                exports::read(&mut import, path)?;
            }
        }
        let Scenarios { fleet, now, files } = scenarios;
        let imported = completeness.of(import).organization_beside(fleet);
        let imported = imported.map_err(|error| taken("the exports", &files, &error))?;
        let notes = imported.notes().iter().map(ToString::to_string).collect();
        Ok(Self { imported, now, notes })
    }

    pub(crate) fn fleet(&self) -> &Fleet {
        self.imported.fleet()
    }

    /// Whether something of a server was guessed.
    pub(crate) fn is_guessed(&self, server: &str) -> bool {
        self.imported.guess(server).is_some()
    }
}

impl Scenarios {
    fn add(&mut self, scenario: Scenario, has_now: bool) -> Result<(), BadInput> {
        let file = scenario.file.as_str();
        if let Some(now) = scenario.now {
            if !has_now && self.now.is_some_and(|other| other != now) {
                return Err(BadInput::new(file, "now: another file names another time; --now says which one is meant"));
            }
            self.now = Some(now);
        }
        match scenario.subject {
            Subject::Server(server) => self.insert(file, *server),
            Subject::Fleet(fleet) => fleet.servers().try_for_each(|server| self.insert(file, server.clone())),
        }
    }

    fn insert(&mut self, file: &str, server: Server) -> Result<(), BadInput> {
        let name = server.name().to_lowercase();
        self.fleet.insert(server).map_err(|error| taken(file, &self.files, &error))?;
        self.files.insert(name, file.to_owned());
        Ok(())
    }
}

/// Why a server of a file does not join those of the others, with the file that has it already.
fn taken(file: &str, files: &BTreeMap<String, String>, error: &FleetError) -> BadInput {
    let name = match error {
        FleetError::NameTaken { name } => name.to_lowercase(),
        _ => String::new(),
    };
    match files.get(&name) {
        Some(other) => BadInput::new(file, format_args!("{error}, in {other}")),
        None => BadInput::new(file, error),
    }
}

/// Whether a file is a scenario, and not JSON that PowerShell wrote: told by the names in its beginning.
fn is_scenario(path: &Path) -> Result<bool, BadInput> {
    let failed = |error| BadInput::new(&path.display().to_string(), error);
    let mut start = Vec::new();
    File::open(path).map_err(failed)?.take(64 * 1024).read_to_end(&mut start).map_err(failed)?;
    let start = String::from_utf8_lossy(&start);
    let start = start.trim_start_matches('\u{FEFF}').trim_start();
    let names = ["\"server\"", "\"servers\"", "\"request\"", "\"policy\"", "\"now\""];
    Ok(start.starts_with('{') && names.iter().any(|name| start.contains(name)))
}
