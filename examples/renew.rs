//! Puts a renewed certificate in the place of what it renews: `renew SCENARIO|EXPORT… CERTIFICATE`.
//!
//! The last file is the new certificate, alone or with its chain; the others are scenarios, whose requests are not
//! looked at, and exports of Exchange, in any mixture. A scenario with one `server` is a plan for that server; anything
//! else is the organisation. Exit statuses are those of `assign`; where the certificate renews nothing it is 3.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use exchange_certificates::{
    Chain, ConnectorNames, Fleet, Installed, NoDeployment, NoPlan, Policy, Request, Rollout, Server, Service, plan_with,
};

mod common {
    pub(crate) mod deploy;
    pub(crate) mod direct;
    pub(crate) mod exports;
    pub(crate) mod given;
    pub(crate) mod input;
    pub(crate) mod output;
    pub(crate) mod scenario;
    pub(crate) mod show;
}
use common::deploy::Script;
use common::direct;
use common::exports::Completeness;
use common::given::Given;
use common::input::{self, BadInput, DefaultSmtp};
use common::output::{self, say};
use common::scenario::Subject;
use common::show;

const HELP: &str = "\
Example: renew exchange-certificates.xml fullchain.pem --default-smtp keep --script renew.ps1

Exit status 0: every server goes on; 1: refused; 2: a decision is required; 3: bad input, or nothing is renewed.";

/// Plans a renewal: the new certificate takes over what the old ones have, and those are removed.
#[derive(Parser)]
#[command(name = "renew", version, after_help = HELP)]
struct Arguments {
    /// Scenario files and exports with the servers, and last the new certificate: PEM, with its chain or without, DER or
    /// PKCS#7.
    #[arg(value_name = "FILE", required = true, num_args = 2..)]
    files: Vec<PathBuf>,
    /// What becomes of the default SMTP certificates.
    #[arg(long)]
    default_smtp: Option<DefaultSmtp>,
    /// Renew on this server alone.
    #[arg(long, conflicts_with = "order")]
    server: Option<String>,
    /// Who asks: role groups and management roles, or local groups on an Edge Transport server.
    #[arg(long, value_delimiter = ',')]
    caller: Option<Vec<String>>,
    /// The organisation's own policy, as JSON.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Assign and move names, and remove nothing.
    #[arg(long)]
    keep_old: bool,
    /// The servers, in this order; without, all of them, Edge Transport servers last.
    #[arg(long, value_delimiter = ',')]
    order: Option<Vec<String>>,
    /// The point in time: a date, which is midnight UTC, or RFC 3339; without, that of the files, or else now.
    #[arg(long, value_name = "DATE")]
    now: Option<String>,
    #[command(flatten)]
    completeness: Completeness,
    #[command(flatten)]
    script: Script,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    input::main(run)
}

fn run(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    arguments.script.delete_older()?;
    let Some((certificate, files)) = arguments.files.split_last() else {
        return Err(BadInput::named("give the servers, and the new certificate last"));
    };
    let named = input::now(arguments.now.as_deref())?;
    let given = Given::read(files, &arguments.completeness)?;
    let now = match named {
        Some(now) => now,
        None => given.now(false)?.unwrap_or_else(SystemTime::now),
    };
    let policy = match &arguments.policy {
        Some(file) => direct::policy(file, &given)?,
        None => given.policy()?,
    };
    let chain = input::chain(certificate)?;
    let request = Request::renew(chain.leaf().thumbprint()).with_connector_names(ConnectorNames::Update);
    let request = arguments.default_smtp.map_or(request.clone(), |answer| answer.answer(request.clone()));
    let request = if arguments.keep_old { request.keeping_old() } else { request };
    let request = match &arguments.caller {
        Some(groups) => request.with_caller(groups.iter().cloned()),
        None => request,
    };
    let renewal = Renewal { request, chain, policy, now, json: arguments.json, script: arguments.script.clone() };
    if !renewal.json {
        show::chain(&renewal.chain);
    }
    if let Some(name) = &arguments.server {
        return renewal.of_server(direct::one(&given.every_server()?, Some(name))?.clone());
    }
    match given.subject()? {
        Subject::Server(_) if arguments.order.is_some() => {
            Err(BadInput::named("--order: a scenario with one server has no order"))
        }
        Subject::Server(server) => renewal.of_server(*server),
        Subject::Fleet(fleet) => renewal.of_organization(&fleet, arguments.order.as_deref()),
    }
}

struct Renewal {
    request: Request,
    chain: Chain,
    policy: Policy,
    now: SystemTime,
    json: bool,
    script: Script,
}

impl Renewal {
    fn of_server(&self, mut server: Server) -> Result<ExitCode, BadInput> {
        let new = self.chain.leaf().thumbprint();
        let renewed: Vec<_> = server.renewed_by(self.chain.leaf()).iter().map(|old| old.thumbprint()).collect();
        let Some((old, others)) = renewed.split_first() else {
            let nearest = server.nearest_renewed_by(self.chain.leaf()).map(|nearest| format!("; {nearest}"));
            let nearest = nearest.unwrap_or_default();
            let problem = format!("server.certificates: {new} renews none that has a service{nearest}");
            return Err(BadInput::named(problem));
        };
        let is_installed = server.installed(new).is_some();
        if !is_installed {
            let imported = Installed::new(self.chain.leaf().clone()).with_services(Service::empty());
            let imported = imported.with_web_sites([]);
            server.install(imported).map_err(|error| BadInput::named(format!("server: {error}")))?;
        }
        let decided = plan_with(&self.policy, &server, &self.request, self.now);
        if self.json {
            match &decided {
                Ok(plan) => input::print_json(plan)?,
                Err(no_plan) => input::print_json(no_plan)?,
            }
        } else {
            others.iter().for_each(|other| say!("{other} would be renewed by it too."));
            say!("{new} renews {old}.");
            if !is_installed {
                say!("It is not installed yet: import it on {} first.", input::plain(server.name()));
            }
            match &decided {
                Ok(plan) => show::plan("can be replaced: nothing has been changed yet", plan),
                Err(no_plan) => show::no_plan(no_plan),
            }
        }
        let status = match decided {
            Ok(_) => 0,
            Err(NoPlan::DecisionRequired(_)) => 2,
            Err(_) => 1,
        };
        let written = self.script.write(status, &[], |options| match &decided {
            Ok(plan) => Some(plan.deployment(&server, self.now, &options.clone().with_import(!is_installed))),
            Err(NoPlan::DecisionRequired(_)) => Some(Err(NoDeployment::Undecided)),
            Err(_) => Some(Err(NoDeployment::Refused)),
        });
        written.map(ExitCode::from)
    }

    fn of_organization(&self, fleet: &Fleet, order: Option<&[String]>) -> Result<ExitCode, BadInput> {
        let rollout = Rollout::new(self.request.clone()).with_certificate(self.chain.leaf().clone());
        let rollout = match order {
            Some(order) => rollout.with_order(order.iter().cloned()),
            None => rollout,
        };
        let plan = fleet.roll_out(&self.policy, &rollout, self.now).map_err(BadInput::named)?;
        if self.json {
            input::print_json(&plan)?;
        } else {
            show::renewal(&plan);
        }
        let status = match () {
            () if plan.is_refused() => 1,
            () if plan.is_complete() => 0,
            () => 2,
        };
        let edges: Vec<_> =
            fleet.servers().filter(|server| server.is_edge()).map(|edge| edge.name().to_owned()).collect();
        let written = self.script.write(status, &edges, |options| Some(plan.deployment(fleet, self.now, options)));
        written.map(ExitCode::from)
    }
}
