//! Puts a renewed certificate in the place of the one that it renews: `renew SCENARIO CERTIFICATE`.
//!
//! The scenario is the file that `assign` reads; its request is not looked at. Exit statuses are those
//! of `assign`; where nothing on the server is renewed by the certificate it is 3.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use exchange_certificates::{ConnectorNames, Installed, NoPlan, Request, Service, plan_with};

mod common {
    pub(crate) mod input;
    pub(crate) mod output;
    pub(crate) mod scenario;
    pub(crate) mod show;
}
use common::input::{self, BadInput, DefaultSmtp};
use common::output::{self, say};
use common::scenario::{self, Subject};
use common::show;

/// Plans a renewal: the new certificate takes over what the old one has, and the old one is removed.
#[derive(Parser)]
struct Arguments {
    /// The scenario file with the server.
    scenario: PathBuf,
    /// The new certificate, as PEM or DER.
    certificate: PathBuf,
    /// What becomes of the default SMTP certificate.
    #[arg(long)]
    default_smtp: Option<DefaultSmtp>,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match input::arguments() {
        Ok(arguments) => renew(&arguments).unwrap_or_else(|bad_input| bad_input.report()),
        Err(status) => status,
    }
}

fn renew(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    let scenario = scenario::read(&arguments.scenario)?;
    let file = scenario.file;
    let Subject::Server(mut server) = scenario.subject else {
        return Err(BadInput::new(&file, "servers: a renewal is of one server"));
    };
    let now = scenario.now.unwrap_or_else(SystemTime::now);
    let certificate = input::certificate(&arguments.certificate)?;
    let new = certificate.thumbprint();
    let old = {
        let renewed = server.renewed_by(&certificate);
        let old = renewed.first().map(|old| old.thumbprint()).ok_or_else(|| {
            BadInput::new(
                &file,
                format!("server.certificates: {new} renews none of them: it covers the names of none with a service"),
            )
        })?;
        if !arguments.json {
            renewed.iter().skip(1).for_each(|other| say!("{} would be renewed by it too.", other.thumbprint()));
        }
        old
    };
    let is_installed = server.installed(new).is_some();
    if !is_installed {
        let installed = Installed::new(certificate).with_services(Service::empty());
        server.install(installed).map_err(|error| BadInput::new(&file, format!("server: {error}")))?;
    }
    let request = Request::replace(old, new).with_connector_names(ConnectorNames::Update);
    let request = match arguments.default_smtp {
        Some(answer) => answer.answer(request),
        None => request,
    };
    let decided = plan_with(&scenario.policy, &server, &request, now);
    if arguments.json {
        match &decided {
            Ok(plan) => input::print_json(plan)?,
            Err(no_plan) => input::print_json(no_plan)?,
        }
    } else {
        say!("{new} renews {old}.");
        if !is_installed {
            say!("It is not installed yet: import it on {} first.", server.name());
        }
        match &decided {
            Ok(plan) => show::plan("can be replaced: nothing has been changed yet", plan),
            Err(no_plan) => show::no_plan(no_plan),
        }
    }
    Ok(ExitCode::from(match decided {
        Ok(_) => 0,
        Err(NoPlan::DecisionRequired(_)) => 2,
        Err(_) => 1,
    }))
}
