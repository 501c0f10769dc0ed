//! Deployment scripts in real PowerShell, over a stand-in of Exchange that keeps its state.
//!
//! `PWSH` names the program. Without it there is nothing to test; with it, it has to be there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "support"]
mod support {
    pub mod deployment_worlds;
    pub mod factory;
    pub mod faults;
    pub mod pwsh;
    pub mod runs;
    pub mod worlds;
}

#[path = "deployment/written.rs"]
mod written;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::thread;

use exchange_certificates::{
    Answer, ConnectorNames, Deployment, DeploymentOptions, Fleet, Installed, Policy, Request, Rollout, Service, plan,
    rfc3339,
};
use serde_json::{Value, json};
use support::deployment_worlds as worlds;
use support::faults;
use support::pwsh::pwsh;
use support::runs::{Judged, Script, Undisturbed, job, run_jobs, undisturbed};
use support::worlds::{NOW, World, state};

fn now() -> std::time::SystemTime {
    rfc3339::parse(NOW).unwrap()
}

/// The script of one server on which the certificate is replaced, and the servers afterwards.
fn of_one_server(world: &World) -> (Deployment, Fleet) {
    of_one_server_with(world, Answer::Keep)
}

fn of_one_server_with(world: &World, answer: Answer) -> (Deployment, Fleet) {
    let new = world.known("NEW");
    let mut server = world.server();
    let imported = Installed::new(new.certificate.clone()).with_services(Service::empty()).with_web_sites([]);
    server.install(imported).unwrap();
    let request = Request::renew(new.certificate.thumbprint()).with_connector_names(ConnectorNames::Update);
    let plan = plan(&server, &request.with_default_smtp(answer), now()).unwrap();
    let options = DeploymentOptions::new().with_import(true);
    let deployment = plan.deployment(&server, now(), &options).unwrap();
    plan.apply(&mut server, now()).unwrap();
    let mut fleet = Fleet::new();
    fleet.insert(server).unwrap();
    (deployment, fleet)
}

/// The scripts of a renewal of the organisation, and the servers afterwards.
fn of_organization(world: &World) -> (Deployment, Fleet) {
    let new = world.known("NEW");
    let mut fleet = world.fleet();
    let request = Request::renew(new.certificate.thumbprint()).with_default_smtp(Answer::Keep);
    let rollout = Rollout::new(request.with_connector_names(ConnectorNames::Update));
    let plan = fleet.roll_out(&Policy::default(), &rollout.with_certificate(new.certificate.clone()), now()).unwrap();
    let deployment = plan.deployment(&fleet, now(), &DeploymentOptions::new().with_name("renew"));
    let deployment = deployment.unwrap_or_else(|no| panic!("{no}: {}", serde_json::to_string_pretty(&plan).unwrap()));
    fleet.apply(&plan, now()).unwrap();
    (deployment, fleet)
}

/// The script that assigns what is installed on all servers, and the servers afterwards.
fn of_assignment(world: &World) -> (Deployment, Fleet) {
    let mut fleet = world.fleet();
    let request = Request::assign(world.known("NEW").certificate.thumbprint(), Service::IIS | Service::SMTP);
    let rollout = Rollout::new(request.with_default_smtp(Answer::Keep)).with_connector_names(ConnectorNames::Update);
    let plan = fleet.roll_out(&Policy::default(), &rollout, now()).unwrap();
    let deployment = plan.deployment(&fleet, now(), &DeploymentOptions::new()).unwrap();
    fleet.apply(&plan, now()).unwrap();
    (deployment, fleet)
}

/// The script that removes a certificate, and the server afterwards.
fn of_removal(world: &World, name: &str) -> (Deployment, Fleet) {
    let mut server = world.server();
    let plan = plan(&server, &Request::remove(world.known(name).certificate.thumbprint()), now()).unwrap();
    let deployment = plan.deployment(&server, now(), &DeploymentOptions::new()).unwrap();
    plan.apply(&mut server, now()).unwrap();
    let mut fleet = Fleet::new();
    fleet.insert(server).unwrap();
    (deployment, fleet)
}

/// Scripts of which only is asked where they end.
fn other_scripts() -> Vec<Script> {
    let like = worlds::renewed_by_like();
    let three = worlds::wildcard_for_three().with_new();
    let spare = worlds::with_a_spare();
    [
        ("z", &like, of_one_server_with(&like, Answer::Replace)),
        ("r", &three, of_assignment(&three)),
        ("x", &spare, of_removal(&spare, "SPARE")),
    ]
    .into_iter()
    .map(|(name, world, (deployment, after))| Script {
        name: name.to_owned(),
        ..Script::new(world, &deployment.files()[0], state(world, &after))
    })
    .collect()
}

/// Every script of every world.
fn scripts() -> Vec<Script> {
    let (deployment, after) = of_one_server(&worlds::renewed_by_like());
    let world = worlds::renewed_by_like();
    let mut scripts = vec![Script::new(&world, &deployment.files()[0], state(&world, &after))];
    for world in [worlds::wildcard_for_three(), worlds::with_an_edge(), worlds::hostile()] {
        let (deployment, after) = of_organization(&world);
        let mut planned = state(&world, &after);
        // A Send connector that EdgeSync brings still names it, until the main file has been run.
        planned.insert("EDGE01|services %OLD%".to_owned(), "SMTP".to_owned());
        scripts.extend(deployment.files().iter().map(|file| Script::new(&world, file, planned.clone())));
    }
    scripts
}

fn plain(script: &Script) -> Value {
    job(script, "plain", 2, json!({}))
}

/// A sample of what can go wrong, the same in every run: as many of each theme as there is time for.
fn sample(theme: &str, jobs: Vec<Value>, seed: &mut u64) -> Vec<Value> {
    if std::env::var_os("EXCHANGE_CERTIFICATES_LONG").is_some() {
        return jobs;
    }
    let most = MOST.iter().find(|(known, _)| *known == theme).map_or(0, |(_, most)| *most);
    let mut keyed: Vec<_> = jobs
        .into_iter()
        .map(|job| {
            // Xorshift.
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            (*seed, job)
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.truncate(most);
    keyed.into_iter().map(|(_, job)| job).collect()
}

/// How many jobs of each theme run of each script.
const MOST: [(&str, usize); 8] = [
    ("failed call", 3),
    ("killed", 2),
    ("failed read", 1),
    ("failed for good", 1),
    ("server gone", 1),
    ("stale fact", 2),
    ("listener", 2),
    ("session", 1),
];

/// Every script with what it comes to where nothing disturbs it; none where there is no PowerShell.
static CALM: LazyLock<Option<Vec<(Script, Undisturbed)>>> = LazyLock::new(|| {
    let all: Vec<_> = scripts().into_iter().chain(other_scripts()).collect();
    let calm: Vec<_> = all.iter().map(|script| (script.clone(), vec![plain(script)])).collect();
    let judged = run_jobs(&pwsh()?, "plain", &calm);
    assert!(judged.faults.is_empty(), "{}", judged.faults.join("\n"));
    let calm = all.iter().map(|script| undisturbed(script, &judged)).collect::<Vec<_>>();
    Some(all.into_iter().zip(calm).collect())
});

#[test]
fn a_script_ends_where_its_plan_does_and_a_second_run_does_nothing() {
    let Some(calm) = CALM.as_ref() else { return };
    let changing = calm.iter().filter(|(_, calm)| calm.calls > 0).count();
    assert_eq!((calm.len(), changing), (8, 8));
}

#[test]
fn whatever_goes_wrong_a_script_ends_where_it_began_or_says_what_is_left() {
    let (Some(pwsh), Some(calm)) = (pwsh(), CALM.as_ref()) else { return };
    let scripts = scripts();
    let calm: Vec<_> = calm.iter().take(scripts.len()).map(|(_, calm)| calm.clone()).collect();

    let mut seed = 0x2545_F491_4F6C_DD1D;
    let mut themes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut halves: [Vec<(Script, Vec<Value>)>; 2] = Default::default();
    for (script, calm) in scripts.iter().zip(&calm) {
        let mut of_themes: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        faults::jobs(script, calm).into_iter().for_each(|(theme, job)| of_themes.entry(theme).or_default().push(job));
        let mut jobs = Vec::new();
        for (theme, all) in of_themes {
            let sampled = sample(theme, all, &mut seed);
            *themes.entry(theme).or_default() += sampled.len();
            jobs.extend(sampled);
        }
        let second = jobs.split_off(jobs.len() / 2);
        for (half, jobs) in halves.iter_mut().zip([jobs, second]) {
            half.push((script.clone(), std::iter::once(plain(script)).chain(jobs).collect()));
        }
    }
    let judged: Vec<_> = thread::scope(|scope| {
        let runs = halves.iter().enumerate().map(|(place, half)| {
            let pwsh = &pwsh;
            scope.spawn(move || run_jobs(pwsh, &format!("faults-{place}"), half))
        });
        runs.collect::<Vec<_>>().into_iter().map(|run| run.join().unwrap()).collect()
    });
    print_table(&scripts, &calm, &themes, &judged);
    let faults: Vec<_> = judged.iter().flat_map(|judged| &judged.faults).map(String::as_str).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn print_table(scripts: &[Script], calm: &[Undisturbed], themes: &BTreeMap<&str, usize>, judged: &[Judged]) {
    println!("scripts {}, steps {}", scripts.len(), calm.iter().map(|calm| calm.calls).sum::<usize>());
    println!("hostile names {}", worlds::HOSTILE.len() * 2 + 2);
    themes.iter().for_each(|(theme, count)| println!("{theme:>16} {count}"));
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for (outcome, count) in judged.iter().flat_map(|judged| &judged.outcomes) {
        *outcomes.entry(outcome).or_default() += count;
    }
    outcomes.iter().for_each(|(outcome, count)| println!("{outcome:>16} {count} runs"));
}
