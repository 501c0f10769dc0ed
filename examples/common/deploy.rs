//! Writing the script of a plan that is run unattended.
#![allow(dead_code)]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use exchange_certificates::{Deployment, DeploymentOptions, NoDeployment};

use super::input::{BadInput, plain};

/// Whether a script is written, and what is known for it.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Script {
    /// Write the plan as a script that is run unattended, and one more for each Edge Transport server: FILE-EDGE01.ps1.
    /// An older FILE.ps1 is deleted first.
    #[arg(long, value_name = "FILE.ps1")]
    script: Option<PathBuf>,
    /// The layer-7 load balancer presents the new certificate already.
    #[arg(long, requires = "script")]
    balancer_ready: bool,
}

impl Script {
    /// Deletes an older script, before anything can keep a new one from being written.
    pub(crate) fn delete_older(&self) -> Result<(), BadInput> {
        let Some(file) = &self.script else { return Ok(()) };
        if !file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ps1")) || file.file_stem().is_none() {
            return Err(BadInput::new("--script", format_args!("{}: a script ends in .ps1", file.display())));
        }
        delete(file)
    }

    /// Writes the script, or says why there is none. The exit status is that of the plan where there is one.
    pub(crate) fn write(
        &self,
        status: u8,
        edges: &[String],
        deploy: impl FnOnce(&DeploymentOptions) -> Option<Result<Deployment, NoDeployment>>,
    ) -> Result<u8, BadInput> {
        let Some(file) = &self.script else { return Ok(status) };
        // Those of Edge Transport servers are found once these are known.
        for edge in
            edges.iter().filter(|edge| edge.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
        {
            delete(&beside(file, &format!("-{edge}")))?;
        }
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let options = DeploymentOptions::new().with_balancer_ready(self.balancer_ready).with_name(stem);
        let deployment = match deploy(&options) {
            Some(Ok(deployment)) => deployment,
            Some(Err(reason)) => {
                eprintln!(
                    "{}: no script is written: {}",
                    plain(&file.display().to_string()),
                    plain(&reason.to_string())
                );
                return Ok(match reason {
                    NoDeployment::Refused => 1,
                    _ => 2,
                });
            }
            None => {
                eprintln!("{}: no script is written: there is no plan", plain(&file.display().to_string()));
                return Ok(status);
            }
        };
        for written in deployment.files() {
            let path = beside(file, written.suffix());
            fs::write(&path, written.bytes()).map_err(|error| BadInput::new(&path.display().to_string(), error))?;
            let place = written.server().map(|server| format!(", to be run on {} first", plain(server)));
            eprintln!("{}: the script is written{}", plain(&path.display().to_string()), place.unwrap_or_default());
        }
        Ok(status)
    }
}

/// The file whose name has something more before its ending.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    name.push(suffix);
    name.push(".");
    name.push(file.extension().unwrap_or_default());
    file.with_file_name(name)
}

fn delete(file: &Path) -> Result<(), BadInput> {
    let name = file.display().to_string();
    match fs::remove_file(file) {
        Ok(()) => eprintln!("{}: the older script is deleted", plain(&name)),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(BadInput::new(&name, error)),
    }
    Ok(())
}
