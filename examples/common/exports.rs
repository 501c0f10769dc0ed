//! Reading exports of Exchange, with the progress on a terminal.
#![allow(dead_code, unreachable_pub)]

use std::io::{self, BufReader, IsTerminal as _};
use std::path::Path;

use clap::Args;
use exchange_certificates::Fleet;
use exchange_certificates::import::{Import, ImportError};
use indicatif::{ProgressBar, ProgressStyle};

use super::input::{BadInput, Kind, Source, plain};

/// What is said of exports beside their files.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Completeness {
    /// Take what is in the exports for all there is: what is not in them is not there.
    #[arg(long)]
    complete: bool,
}

impl Completeness {
    /// What was read, of which nothing is missing if it was said so.
    pub fn of(self, import: Import) -> Import {
        if self.complete { import.complete() } else { import }
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
            let with = if certificates > 0 { format!("; with its {certificates} certificates") } else { String::new() };
            eprintln!("left out: {}{with}", plain(&error.to_string()));
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
