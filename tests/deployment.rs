//! Deployment scripts in real PowerShell, over a stand-in of Exchange that keeps its state.
//!
//! `PWSH` names the program. Without it there is nothing to test; with it, it has to be there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "support"]
mod support {
    pub mod deployment_worlds;
    pub mod factory;
    pub mod pwsh;
    pub mod runs;
    pub mod worlds;
}

use exchange_certificates::{
    Answer, ConnectorNames, Deployment, DeploymentOptions, Fleet, Installed, Request, Service, plan, rfc3339,
};
use support::deployment_worlds as worlds;
use support::runs::{Script, run};
use support::worlds::{NOW, World, state};

fn now() -> std::time::SystemTime {
    rfc3339::parse(NOW).unwrap()
}

/// The script of one server on which the certificate is replaced, and the servers afterwards.
fn of_one_server(world: &World) -> (Deployment, Fleet) {
    let new = world.known("NEW");
    let mut server = world.server();
    let imported = Installed::new(new.certificate.clone()).with_services(Service::empty()).with_web_sites([]);
    server.install(imported).unwrap();
    let request = Request::renew(new.certificate.thumbprint()).with_connector_names(ConnectorNames::Update);
    let plan = plan(&server, &request.with_default_smtp(Answer::Keep), now()).unwrap();
    let options = DeploymentOptions::new().with_import(true);
    let deployment = plan.deployment(&server, now(), &options).unwrap();
    plan.apply(&mut server, now()).unwrap();
    let mut fleet = Fleet::new();
    fleet.insert(server).unwrap();
    (deployment, fleet)
}

#[test]
fn a_script_ends_where_its_plan_does() {
    let world = worlds::renewed_by_like();
    let (deployment, after) = of_one_server(&world);
    let script = Script::new(&world, &deployment.files()[0], state(&world, &after));
    run("plain", &[script]);
}
