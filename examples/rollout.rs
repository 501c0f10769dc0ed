//! One certificate for the servers of an organisation: `rollout FILE… CERTIFICATE`.
//!
//! The files are a scenario with `servers`, whose request is not looked at, or exports of Exchange, and perhaps a policy;
//! `-` is standard input. Prints a table of servers and outcomes, then the script. Exit statuses are those of `assign`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use exchange_certificates::{ConnectorNames, Request, Rollout, Service};

mod common {
    pub(crate) mod deploy;
    pub(crate) mod exports;
    pub(crate) mod given;
    pub(crate) mod input;
    pub(crate) mod output;
    pub(crate) mod scenario;
    pub(crate) mod show;
}
use common::deploy::Script;
use common::exports::Completeness;
use common::given::Given;
use common::input::{self, BadInput, DefaultSmtp};
use common::scenario::Subject;
use common::show;

const HELP: &str = "\
Example: rollout exchange-certificates.xml new.pem --services IIS,SMTP --default-smtp keep

Exit status 0: every server goes on; 1: refused; 2: a decision is required; 3: bad input.";

/// Plans the assignment of one certificate on many servers.
#[derive(Parser)]
#[command(name = "rollout", version, after_help = HELP)]
struct Arguments {
    /// The scenario file with the servers, or exports of Exchange, and last the certificate, as PEM, DER or PKCS#7; it
    /// has to be installed on the servers.
    #[arg(value_name = "FILE", num_args = 2.., required = true)]
    files: Vec<PathBuf>,
    /// The services.
    #[arg(long, default_value = "IIS, SMTP")]
    services: Service,
    /// The servers, in this order; without, all of them, Edge Transport servers last.
    #[arg(long, value_delimiter = ',')]
    order: Option<Vec<String>>,
    /// What becomes of the default SMTP certificates.
    #[arg(long)]
    default_smtp: Option<DefaultSmtp>,
    /// Give the connectors of the organisation the name of the certificate, after the last server that each names.
    #[arg(long)]
    update_connectors: bool,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    script: Script,
    #[command(flatten)]
    completeness: Completeness,
}

fn main() -> ExitCode {
    input::main(roll_out)
}

fn roll_out(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    arguments.script.delete_older()?;
    let Some((certificate, servers)) = arguments.files.split_last() else {
        return Err(BadInput::named("FILE… CERTIFICATE: the files with the servers come first, the certificate last"));
    };
    let file = match servers {
        [file] => file.display().to_string(),
        _ => "the files".to_owned(),
    };
    let given = Given::read(servers, &arguments.completeness)?;
    let certificate = input::certificate(certificate)?;
    let (now, policy) = (given.now(false)?.unwrap_or_else(SystemTime::now), given.policy()?);
    let Subject::Fleet(fleet) = given.subject()? else {
        return Err(BadInput::new(&file, "server: a rollout is to servers"));
    };
    let request = Request::assign(certificate.thumbprint(), arguments.services);
    let request = match arguments.default_smtp {
        Some(answer) => answer.answer(request),
        None => request,
    };
    let names = if arguments.update_connectors { ConnectorNames::Update } else { ConnectorNames::Keep };
    let rollout = Rollout::new(request).with_connector_names(names);
    let rollout = match &arguments.order {
        Some(order) => rollout.with_order(order.iter().cloned()),
        None => rollout,
    };
    let plan = fleet.roll_out(&policy, &rollout, now).map_err(|error| BadInput::new(&file, error))?;
    if arguments.json {
        input::print_json(&plan)?;
    } else {
        show::rollout(&plan);
    }
    let status = match () {
        () if plan.is_refused() => 1,
        () if plan.is_complete() => 0,
        () => 2,
    };
    let edges: Vec<_> = fleet.servers().filter(|server| server.is_edge()).map(|edge| edge.name().to_owned()).collect();
    let written = arguments.script.write(status, &edges, |options| Some(plan.deployment(&fleet, now, options)));
    written.map(ExitCode::from)
}
