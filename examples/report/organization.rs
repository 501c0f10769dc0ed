//! The servers of an organisation, put together from files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use exchange_certificates::{Audit, Fleet, Policy, Server, rfc3339};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::common::input::{self, BadInput};

/// What the files say.
#[derive(Default)]
pub(crate) struct Organization {
    pub(crate) fleet: Fleet,
    /// The point in time that the files name, where they name one.
    pub(crate) now: Option<SystemTime>,
    /// What could not be judged, and why, in sentences for people.
    pub(crate) notes: Vec<String>,
    /// The file that each server stands in.
    files: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    now: Option<String>,
    server: Option<Server>,
    servers: Option<Fleet>,
    #[serde(rename = "policy")]
    _policy: Option<Policy>,
    #[serde(rename = "request")]
    _request: Option<IgnoredAny>,
}

impl Organization {
    /// Reads the files. Where the point in time is named already, theirs may differ.
    pub(crate) fn read(paths: &[PathBuf], has_now: bool) -> Result<Self, BadInput> {
        let mut organization = Self::default();
        for path in paths {
            let file = path.display().to_string();
            organization.add_scenario(&file, &input::read(path)?, has_now)?;
        }
        Ok(organization)
    }

    /// What an audit found, without what too little is known for.
    pub(crate) fn judged(&self, audit: Audit) -> Audit {
        audit
    }

    fn add_scenario(&mut self, file: &str, bytes: &[u8], has_now: bool) -> Result<(), BadInput> {
        let scenario: Scenario = input::json(file, bytes)?;
        if let Some(text) = &scenario.now {
            let now = rfc3339::parse(text).map_err(|error| BadInput::new(file, format_args!("now: {error}")))?;
            if !has_now && self.now.is_some_and(|other| other != now) {
                return Err(BadInput::new(file, "now: another file names another time; --now says which one is meant"));
            }
            self.now = Some(now);
        }
        match (scenario.server, scenario.servers) {
            (Some(server), None) => self.insert(file, server),
            (None, Some(fleet)) => fleet.servers().try_for_each(|server| self.insert(file, server.clone())),
            _ => Err(BadInput::new(file, "server: an audit is of one server, or of servers in its place")),
        }
    }

    fn insert(&mut self, file: &str, server: Server) -> Result<(), BadInput> {
        let name = server.name().to_owned();
        let known = self.files.get(&name.to_lowercase()).cloned();
        self.fleet.insert(server).map_err(|error| match known {
            Some(other) => BadInput::new(file, format_args!("{error}, in {other}")),
            None => BadInput::new(file, error),
        })?;
        self.files.insert(name.to_lowercase(), file.to_owned());
        Ok(())
    }
}
