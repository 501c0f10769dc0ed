//! The servers that the files of a command line speak of, whatever files these are.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use exchange_certificates::import::{Import, ImportedOrganization};
use exchange_certificates::{Fleet, FleetError, NotRead, NotReadKind, Policy, Server};

use super::exports::{self, Completeness};
use super::input::{self, BadInput, Kind, Source};
use super::scenario::{self, Scenario, Subject};

/// What the files say: scenarios, exports, certificates and a policy, in any order and mixture.
pub(crate) struct Given {
    scenarios: Vec<Scenario>,
    import: Import,
    has_exports: bool,
    policy: Option<Policy>,
}

impl Given {
    /// Reads the files; `-` among them is standard input.
    pub(crate) fn read(paths: &[PathBuf], completeness: &Completeness) -> Result<Self, BadInput> {
        const KINDS: [Kind; 4] = [Kind::Scenario, Kind::Export, Kind::Certificates, Kind::Policy];
        let mut import = Import::new();
        let (mut scenarios, mut has_exports, mut policy) = (Vec::new(), false, None);
        for path in paths {
            let source = Source::open_one_of(path, &KINDS)?;
            match source.kind {
                Kind::Scenario => scenarios.push(scenario::read_source(source)?),
                Kind::Policy => {
                    let name = source.name.clone();
                    if policy.replace(input::json(&name, &source.whole()?)?).is_some() {
                        return Err(BadInput::new(&name, "a policy, and another file is one too"));
                    }
                }
                _ => {
                    has_exports = true;
                    exports::read_source(&mut import, source)?;
                }
            }
        }
        Ok(Self { scenarios, import: completeness.of(import)?, has_exports, policy })
    }

    /// The point in time that the scenarios name. Where one is named already, theirs may differ.
    pub(crate) fn now(&self, is_named: bool) -> Result<Option<SystemTime>, BadInput> {
        let mut now = None;
        for scenario in self.scenarios.iter().filter(|scenario| scenario.now.is_some()) {
            if !is_named && now.is_some() && now != scenario.now {
                let problem = "now: another file names another time; --now says which one is meant";
                return Err(BadInput::new(&scenario.file, problem));
            }
            now = scenario.now;
        }
        Ok(now)
    }

    /// The policy that is a file of its own.
    pub(crate) fn policy_file(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// The policy: that which is a file, or else that of the scenario that has one.
    pub(crate) fn policy(&self) -> Result<Policy, BadInput> {
        let mut own = self.scenarios.iter().filter(|scenario| scenario.policy != Policy::default());
        match (&self.policy, own.next(), own.next()) {
            (Some(policy), ..) => Ok(policy.clone()),
            (None, _, Some(other)) => {
                Err(BadInput::new(&other.file, "policy: another file has one too: give the one that holds as a file"))
            }
            (None, own, None) => Ok(own.map_or_else(Policy::default, |scenario| scenario.policy.clone())),
        }
    }

    /// All servers, those too of which too little is known to plan anything.
    pub(crate) fn organization(self) -> Result<ImportedOrganization, BadInput> {
        let Self { scenarios, import, .. } = self;
        let (fleet, files) = fleet(scenarios)?;
        import.organization_beside(fleet).map_err(|error| taken("the exports", &files, &error))
    }

    /// All servers that can be planned. Where one is left out, the servers count as not read.
    pub(crate) fn every_server(self) -> Result<Fleet, BadInput> {
        let has_left_out = !self.import.fleet().1.is_empty();
        let fleet = match self.subject()? {
            Subject::Fleet(fleet) => fleet,
            Subject::Server(server) => {
                let mut fleet = Fleet::new();
                fleet.insert(*server).map_err(BadInput::named)?;
                fleet
            }
        };
        let is_said = fleet.not_read().any(|entry| entry.what() == NotReadKind::Servers);
        match has_left_out && !is_said {
            true => fleet.with_not_read([NotRead::new(NotReadKind::Servers)]).map_err(BadInput::named),
            false => Ok(fleet),
        }
    }

    /// The one server of a scenario, or else all servers that can be planned. What is left out is named on standard
    /// error.
    pub(crate) fn subject(self) -> Result<Subject, BadInput> {
        let Self { mut scenarios, import, has_exports, .. } = self;
        if let ([_], false) = (scenarios.as_slice(), has_exports) {
            return scenarios
                .pop()
                .map(|scenario| scenario.subject)
                .ok_or_else(|| BadInput::named("there is no server"));
        }
        let (mut fleet, files) = fleet(scenarios)?;
        if has_exports {
            import.notes().iter().for_each(|note| eprintln!("note: {}", input::plain(&note.to_string())));
            let exported = exports::fleet(&import);
            for server in exported.servers() {
                fleet.insert(server.clone()).map_err(|error| taken("the exports", &files, &error))?;
            }
            let is_new = |what| fleet.not_read().all(|known| known.what() != what);
            let new: Vec<_> = exported.not_read().filter(|entry| is_new(entry.what())).cloned().collect();
            fleet = fleet.with_not_read(new).map_err(BadInput::named)?;
        }
        if fleet.is_empty() {
            return Err(BadInput::named(
                "the files hold no server that can be planned: export those of Get-ExchangeServer",
            ));
        }
        Ok(Subject::Fleet(fleet))
    }
}

/// The servers of scenarios, and the file that each stands in.
fn fleet(scenarios: Vec<Scenario>) -> Result<(Fleet, BTreeMap<String, String>), BadInput> {
    let (mut fleet, mut files) = (Fleet::new(), BTreeMap::new());
    let mut insert = |fleet: &mut Fleet, file: &str, server: Server| {
        let name = server.name().to_lowercase();
        fleet.insert(server).map_err(|error| taken(file, &files, &error))?;
        files.insert(name, file.to_owned());
        Ok(())
    };
    for Scenario { file, subject, .. } in scenarios {
        match subject {
            Subject::Server(server) => insert(&mut fleet, &file, *server)?,
            Subject::Fleet(others) => {
                others.servers().try_for_each(|server| insert(&mut fleet, &file, server.clone()))?;
            }
        }
    }
    Ok((fleet, files))
}

/// Why a server of a file does not join those of the others, with the file that has it already.
fn taken(file: &str, files: &BTreeMap<String, String>, error: &FleetError) -> BadInput {
    let name = match error {
        FleetError::NameTaken { server } => server.name().to_lowercase(),
        _ => String::new(),
    };
    match files.get(&name) {
        Some(other) => BadInput::new(file, format_args!("{error}, in {other}")),
        None => BadInput::new(file, error),
    }
}
