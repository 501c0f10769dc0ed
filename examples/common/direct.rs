//! What is asked of one server on the command line, without a request in a scenario.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use exchange_certificates::{Certificate, Fleet, Installed, Policy, Request, Server, Service, Thumbprint};

use super::exports::Completeness;
use super::given::Given;
use super::input::{self, BadInput, DefaultSmtp, plain};

/// The request, and the server of whichever files there are.
#[derive(Args, Clone)]
pub(crate) struct Direct {
    /// The certificate to assign: a file, or the thumbprint of one that is installed.
    #[arg(long, value_name = "FILE|THUMBPRINT", requires = "services")]
    certificate: Option<String>,
    /// The services to assign it to, like IIS,SMTP.
    #[arg(long, requires = "certificate")]
    services: Option<Service>,
    /// What becomes of the default SMTP certificate.
    #[arg(long, requires = "certificate")]
    default_smtp: Option<DefaultSmtp>,
    /// The certificate to remove.
    #[arg(long, value_name = "THUMBPRINT", conflicts_with = "certificate")]
    remove: Option<Thumbprint>,
    /// The server; without, the one that the files hold.
    #[arg(long)]
    server: Option<String>,
    /// Who asks: role groups and management roles, or local groups on an Edge Transport server.
    #[arg(long, value_delimiter = ',')]
    caller: Option<Vec<String>>,
    /// The organisation's own policy, as JSON.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The point in time: a date, which is midnight UTC, or RFC 3339; without, that of the files, or else now.
    #[arg(long, value_name = "DATE")]
    now: Option<String>,
    #[command(flatten)]
    completeness: Completeness,
}

/// What is asked, and of which server.
pub(crate) struct Question {
    pub(crate) server: Server,
    pub(crate) fleet: Fleet,
    pub(crate) request: Request,
    pub(crate) policy: Policy,
    pub(crate) now: SystemTime,
    /// Whether the certificate has to be imported first.
    pub(crate) is_imported: bool,
}

impl Direct {
    /// Whether something is asked here.
    pub(crate) fn is_asked(&self) -> bool {
        self.certificate.is_some() || self.remove.is_some()
    }

    /// What is said beside a request that stands nowhere.
    pub(crate) fn check_unasked(&self) -> Result<(), BadInput> {
        let said = [
            (self.server.is_some(), "--server"),
            (self.caller.is_some(), "--caller"),
            (self.policy.is_some(), "--policy"),
            (self.now.is_some(), "--now"),
        ];
        match said.iter().find(|(is_said, _)| *is_said) {
            Some((_, name)) => {
                Err(BadInput::new(name, "say with --certificate and --services, or --remove, what is asked"))
            }
            None => Ok(()),
        }
    }

    /// Reads the files, and the certificate where it is one.
    pub(crate) fn question(&self, files: &[PathBuf]) -> Result<Question, BadInput> {
        let named = input::now(self.now.as_deref())?;
        let given = Given::read(files, &self.completeness)?;
        let now = match named {
            Some(now) => now,
            None => given.now(false)?.unwrap_or_else(SystemTime::now),
        };
        let policy = match &self.policy {
            Some(file) => self::policy(file, &given)?,
            None => given.policy()?,
        };
        let fleet = given.every_server()?;
        let mut server = one(&fleet, self.server.as_deref())?.clone();
        let (request, new) = self.request(&server)?;
        let new = new.filter(|new| server.installed(new.thumbprint()).is_none());
        let is_imported = new.is_some();
        if let Some(new) = new {
            let imported = Installed::new(new).with_services(Service::empty()).with_web_sites([]);
            server.install(imported).map_err(|error| BadInput::new("--certificate", error))?;
        }
        Ok(Question { server, fleet, request, policy, now, is_imported })
    }

    /// The request, and the certificate if it is given as a file.
    fn request(&self, server: &Server) -> Result<(Request, Option<Certificate>), BadInput> {
        let (request, certificate) = match (&self.certificate, self.remove) {
            (Some(text), _) => {
                // A file may have any name, and what is none of these is missing.
                let (thumbprint, certificate) = match (text.parse::<Thumbprint>(), Path::new(text).exists()) {
                    (Ok(thumbprint), false) => (thumbprint, None),
                    _ => {
                        let leaf = input::chain(Path::new(text))?.leaf().clone();
                        (leaf.thumbprint(), Some(leaf))
                    }
                };
                (Request::assign(thumbprint, self.services.unwrap_or_default()), certificate)
            }
            (None, Some(thumbprint)) => (Request::remove(thumbprint), None),
            (None, None) => return Err(BadInput::named(format!("nothing is asked of {}", plain(server.name())))),
        };
        let request = self.default_smtp.map_or(request.clone(), |answer| answer.answer(request));
        let request = match &self.caller {
            Some(groups) => request.with_caller(groups.iter().cloned()),
            None => request,
        };
        Ok((request, certificate))
    }
}

/// A policy that is a file of its own, and none among the others.
pub(crate) fn policy(file: &Path, given: &Given) -> Result<Policy, BadInput> {
    if given.policy_file().is_some() {
        return Err(BadInput::new("--policy", "a file is a policy too"));
    }
    input::policy(file)
}

/// The server of this name, or the only one.
pub(crate) fn one<'a>(fleet: &'a Fleet, name: Option<&str>) -> Result<&'a Server, BadInput> {
    let names = || fleet.servers().map(|server| plain(server.name())).collect::<Vec<_>>().join(", ");
    match name {
        Some(name) => fleet.get(name).ok_or_else(|| {
            BadInput::new("--server", format_args!("there is no {}; the files hold {}", plain(name), names()))
        }),
        None if fleet.len() == 1 => fleet.servers().next().ok_or_else(|| BadInput::named("there is no server")),
        None => Err(BadInput::new("--server", format_args!("say which one is meant; the files hold {}", names()))),
    }
}
