//! Deployment scripts in real PowerShell, over a stand-in of Exchange that keeps its state.
//!
//! `PWSH` names the program. Without it there is nothing to test; with it, it has to be there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "support"]
mod support {
    pub mod deployment_worlds;
    pub mod factory;
    pub mod faults;
    pub mod figures;
    pub mod pwsh;
    pub mod runs;
    pub mod worlds;
}

#[path = "deployment/written.rs"]
mod written;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;
use std::thread;

use exchange_certificates::{
    Answer, ConnectorNames, Deployment, DeploymentOptions, Fleet, Installed, Policy, Request, Rollout, Service, plan,
    rfc3339,
};
use serde_json::{Value, json};
use support::deployment_worlds as worlds;
use support::faults;
use support::figures;
use support::pwsh::pwsh;
use support::runs::{Script, Undisturbed, job, run_jobs, undisturbed};
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

/// The scripts against which everything is tried.
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

/// Scripts of which each is about one thing more.
fn further_scripts() -> Vec<Script> {
    let of_servers = [
        worlds::behind_layer_4(),
        worlds::expired(),
        worlds::client_access_alone(),
        worlds::given_the_name_of_another(),
    ];
    let alone = [worlds::bound_by_host_name(), worlds::bindings_not_known(), worlds::sent_by_an_edge()];
    let all = of_servers.iter().map(|world| (world, of_organization(world)));
    let all = all.chain(alone.iter().map(|world| (world, of_one_server(world))));
    all.map(|(world, (deployment, after))| {
        let mut planned = state(world, &after);
        if world.name == "s" {
            // The connector of the Edge Transport server never lets go of its name.
            planned.insert("MBX01|services %OLD%".to_owned(), "SMTP".to_owned());
        }
        Script::new(world, &deployment.files()[0], planned)
    })
    .collect()
}

fn plain(script: &Script) -> Value {
    job(script, "plain", 2, json!({}))
}

/// A sample of what can go wrong, the same in every run: as many of each theme as there is time for.
fn sample(most: usize, jobs: Vec<Themed>, seed: &mut u64) -> Vec<Themed> {
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

/// How many jobs of each theme run of each script, and of each of the further ones.
const MOST: [(&str, usize, usize); 7] = [
    ("failed", 4, 1),
    ("killed", 2, 0),
    ("reading failed", 1, 0),
    ("server gone", 1, 0),
    ("stale fact", 2, 0),
    ("listener", 2, 0),
    ("session", 2, 0),
];

fn is_long() -> bool {
    std::env::var_os("EXCHANGE_CERTIFICATES_LONG").is_some()
}

/// A job with its theme.
type Themed = (&'static str, Value);

/// All that is tried, or a sample of it, in two halves.
fn tried(scripts: &[(Script, Undisturbed)]) -> [Vec<(Script, Vec<Themed>)>; 2] {
    let mut seed = 0x2545_F491_4F6C_DD1D;
    let mut halves: [Vec<_>; 2] = Default::default();
    let usual = self::scripts().len();
    for (place, (script, calm)) in scripts.iter().enumerate() {
        let mut of_themes: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (theme, job) in faults::jobs(script, calm) {
            of_themes.entry(theme.split(':').next().unwrap()).or_default().push((theme, job));
        }
        let mut jobs = Vec::new();
        for (theme, all) in of_themes {
            let most = MOST.iter().find(|(known, ..)| *known == theme).unwrap();
            let most = if place < usual { most.1 } else { most.2 };
            jobs.extend(if is_long() { all } else { sample(most, all, &mut seed) });
        }
        let second = jobs.split_off(jobs.len() / 2);
        for (half, jobs) in halves.iter_mut().zip([jobs, second]).filter(|(_, jobs)| !jobs.is_empty()) {
            half.push((script.clone(), jobs));
        }
    }
    halves
}

/// Every script with what it comes to where nothing disturbs it; none where there is no PowerShell.
static CALM: LazyLock<Option<Vec<(Script, Undisturbed)>>> = LazyLock::new(|| {
    let pwsh = pwsh()?;
    let all: Vec<_> = scripts().into_iter().chain(further_scripts()).chain(other_scripts()).collect();
    let judged: Vec<_> = thread::scope(|scope| {
        let runs = all.chunks(all.len().div_ceil(2)).enumerate().map(|(place, half)| {
            let pwsh = &pwsh;
            let calm: Vec<_> = half.iter().map(|script| (script.clone(), vec![plain(script)])).collect();
            scope.spawn(move || run_jobs(pwsh, &format!("plain-{place}"), &calm))
        });
        runs.collect::<Vec<_>>().into_iter().map(|run| run.join().unwrap()).collect()
    });
    let faults: Vec<_> = judged.iter().flat_map(|judged| &judged.faults).map(String::as_str).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let results: Vec<_> = judged.iter().flat_map(|judged| &judged.results).collect();
    let calm = all.iter().map(|script| undisturbed(script, &results)).collect::<Vec<_>>();
    Some(all.into_iter().zip(calm).collect())
});

#[test]
fn a_script_ends_where_its_plan_does_and_a_second_run_does_nothing() {
    let Some(calm) = CALM.as_ref() else { return };
    let changing = calm.iter().filter(|(_, calm)| !calm.calls.is_empty()).count();
    assert_eq!((calm.len(), changing), (15, 15));
}

#[test]
fn behind_a_layer_4_balancer_iis_restarts_on_one_server_after_another_on_its_own_last() {
    let Some(calm) = CALM.as_ref() else { return };
    let resets = |name: &str| {
        let (_, calm) = calm.iter().find(|(script, _)| script.name == name).unwrap();
        let last = calm.calls.iter().rev().take_while(|call| call.starts_with("iisreset")).collect::<Vec<_>>();
        assert_eq!(last.len(), calm.calls.iter().filter(|call| call.starts_with("iisreset")).count(), "{name}");
        last.into_iter().rev().map(|call| call.rsplit('@').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(resets("l"), ["MBX02", "MBX01"]);
    assert!(resets("b").is_empty());
}

#[test]
fn whatever_goes_wrong_a_script_ends_where_it_began_or_says_what_is_left() {
    let (Some(pwsh), Some(calm)) = (pwsh(), CALM.as_ref()) else { return };
    let calm = &calm[..calm.len() - other_scripts().len()];
    let halves = tried(calm);
    let judged: Vec<_> = thread::scope(|scope| {
        let runs = halves.iter().enumerate().map(|(place, half)| {
            let pwsh = &pwsh;
            scope.spawn(move || {
                let jobs = |(script, jobs): &(Script, Vec<Themed>)| {
                    let jobs = jobs.iter().map(|(_, job)| job.clone());
                    (script.clone(), std::iter::once(plain(script)).chain(jobs).collect())
                };
                run_jobs(pwsh, &format!("faults-{place}"), &half.iter().map(jobs).collect::<Vec<_>>())
            })
        });
        runs.collect::<Vec<_>>().into_iter().map(|run| run.join().unwrap()).collect()
    });
    let all = halves.iter().flatten().flat_map(|(_, jobs)| jobs);
    let themes: HashMap<_, _> = all.map(|(theme, job)| (job["name"].as_str().unwrap(), *theme)).collect();
    figures::print(calm, &themes, judged.iter().flat_map(|judged| &judged.results));
    println!("hostile names {}", worlds::HOSTILE.len() * 2 + 2);
    let faults: Vec<_> = judged.iter().flat_map(|judged| &judged.faults).map(String::as_str).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
