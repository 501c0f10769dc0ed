//! Reading exports of Exchange, with the progress on a terminal.
#![allow(dead_code, unreachable_pub)]

use std::io::{self, BufReader, IsTerminal as _};
use std::path::Path;
use std::str::FromStr;

use clap::Args;
use exchange_certificates::import::{Import, ImportError};
use exchange_certificates::{Fleet, Role, UnknownName, Version};
use indicatif::{ProgressBar, ProgressStyle};

use super::input::{BadInput, Kind, Source, plain};

/// What is said of exports beside their files.
#[derive(Args, Clone, Debug, Default)]
pub struct Completeness {
    /// Take what is in the exports for all there is: what is not in them is not there.
    #[arg(long)]
    complete: bool,
    /// Version and roles of a server that only its certificates or connectors name; may be said of several.
    #[arg(long, value_name = "SERVER=VERSION,ROLE…")]
    known: Vec<KnownServer>,
}

/// A server of which version and roles are said.
#[derive(Clone, Debug)]
struct KnownServer {
    name: String,
    version: Version,
    roles: Vec<Role>,
}

impl FromStr for KnownServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, facts) =
            text.rsplit_once('=').ok_or("expected a server, =, its version and its roles, as in MBX01=2019,Mailbox")?;
        let (version, roles) =
            facts.split_once(',').ok_or("expected the roles behind the version, as in 2019,Mailbox")?;
        let roles = roles.split(',').map(word).collect::<Result<_, _>>()?;
        Ok(Self { name: name.trim().to_owned(), version: word(version)?, roles })
    }
}

/// A version or a role as scenario files write it.
fn word<T: FromStr<Err = UnknownName>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: UnknownName| error.to_string())
}

impl Completeness {
    /// What was read, with what is said beside it.
    pub fn of(&self, mut import: Import) -> Result<Import, BadInput> {
        for KnownServer { name, version, roles } in &self.known {
            let known = import.know(name, *version, roles.iter().copied());
            known.map_err(|error| BadInput::new("--known", error))?;
        }
        Ok(if self.complete { import.complete() } else { import })
    }
}

/// The servers that can be planned. What is left out of them is named, with its reason, on standard error.
pub fn fleet(import: &Import) -> Fleet {
    let (fleet, left_out) = import.fleet();
    if !left_out.is_empty() {
        let organization = import.organization();
        for error in left_out {
            let server = match &error {
                ImportError::NotDescribed { server }
                | ImportError::UnknownVersion { server, .. }
                | ImportError::Server { server, .. } => organization.fleet().get(server),
                _ => None,
            };
            let certificates = server.map_or(0, |server| server.certificates().count());
            let is_unknown = matches!(error, ImportError::NotDescribed { .. } | ImportError::NamedByConnectors { .. });
            let hint = if is_unknown { "; --known says them, as in --known MBX01=2019,Mailbox" } else { "" };
            let with = if certificates > 0 { format!("; with its {certificates} certificates") } else { String::new() };
            eprintln!("left out: {}{with}{hint}", plain(&error.to_string()));
        }
    }
    fleet
}

/// Reads a file into an import.
pub fn read(import: &mut Import, path: &Path) -> Result<(), BadInput> {
    read_source(import, Source::open_one_of(path, &[Kind::Export, Kind::Certificates])?)
}

/// Reads an open file into an import.
pub fn read_source(import: &mut Import, source: Source) -> Result<(), BadInput> {
    const LARGE: u64 = 16 << 20;
    let (name, length) = (source.name.clone(), source.length.unwrap_or_default());
    let bar =
        if length >= LARGE && io::stderr().is_terminal() { ProgressBar::new(length) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}") {
        bar.set_style(style);
    }
    bar.set_message(plain(&name));
    let stream = BufReader::with_capacity(256 * 1024, bar.wrap_read(source.stream()));
    let read = import.add_from(name.as_str(), stream);
    bar.finish_and_clear();
    read.map(drop).map_err(BadInput::named)
}
