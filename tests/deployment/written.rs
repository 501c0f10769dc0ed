//! What a deployment script looks like, and when none is written.

use std::fs;
use std::path::Path;

use exchange_certificates::{
    Answer, ConnectorNames, Deployment, DeploymentOptions, Installed, LoadBalancing, NoDeployment, Policy, Request,
    Rollout, Server, Service, Version, plan,
};
use serde_json::json;

use super::support::deployment_worlds as worlds;
use super::support::pwsh::{beside, folder, pwsh, run_file};
use super::support::worlds::World;
use super::{now, of_one_server, of_organization};

const PARTS: [&str; 4] = ["facts", "look", "steps", "body"];

fn part(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/deployment/{name}.ps1"));
    fs::read_to_string(path).unwrap()
}

fn deployments() -> Vec<Deployment> {
    let of_worlds = [worlds::wildcard_for_three(), worlds::with_an_edge(), worlds::hostile()];
    let all = of_worlds.iter().map(|world| of_organization(world).0);
    all.chain([of_one_server(&worlds::renewed_by_like()).0]).collect()
}

#[test]
fn a_script_is_its_comment_the_parameters_the_data_and_the_same_body() {
    let body: String = PARTS.map(part).concat();
    for deployment in deployments() {
        for file in deployment.files() {
            let bytes = file.bytes();
            assert!(bytes.starts_with(b"\xEF\xBB\xBF# Deploys the certificate "));
            assert!(!file.text().replace("\r\n", "").contains(['\r', '\n']), "a line ends in another way");
            let text = file.text().replace("\r\n", "\n");
            let (top, rest) = text.split_once(&part("head")).unwrap();
            assert!(top.lines().all(|line| line.starts_with('#')));
            let data = rest.strip_suffix(&body).unwrap();
            assert!(data.starts_with("$plan = @{\n") && data.ends_with("\n}\n"));
            assert!(!data.contains('#') || file.text().contains("throw 1 #"), "no comment stands in the data");
        }
    }
}

#[test]
fn the_comment_holds_no_name_but_plain_words() {
    let (deployment, _) = of_organization(&worlds::hostile());
    let text = deployment.files()[0].text();
    let top: Vec<_> = text.lines().take_while(|line| line.starts_with('#')).collect();
    assert!(
        top.iter().any(|line| line.contains("Deploys the certificate") && line.ends_with("on 2 servers.")),
        "{top:?}"
    );
    for name in worlds::HOSTILE.iter().chain(&["MBX'01", "$(MBX02)", "throw"]) {
        assert!(!top.iter().any(|line| line.contains(name)), "{name}");
    }
    let (deployment, _) = of_organization(&worlds::wildcard_for_three());
    assert!(deployment.files()[0].text().lines().next().unwrap().ends_with(" on MBX16, MBX19, MBXSE."));
}

#[test]
fn an_edge_transport_server_has_a_file_of_its_own_which_comes_first() {
    let (deployment, _) = of_organization(&worlds::with_an_edge());
    let [edge, main] = deployment.files() else { panic!("there are {} files", deployment.files().len()) };
    assert_eq!((edge.suffix(), edge.server()), ("-EDGE01", Some("EDGE01")));
    assert_eq!((main.suffix(), main.server()), ("", None));
    assert!(main.text().contains("Twins = @{ 'EDGE01' = 'renew-EDGE01.ps1' }"));
    assert!(main.text().contains("Edge Transport servers have files of their own, which are run there first: EDGE01."));
    assert!(edge.text().contains("It is run before the main file"));
    assert!(!edge.text().contains("Set-SendConnector"), "EdgeSync sets what an Edge Transport server sends by");
    assert!(!edge.text().contains(" -Server "), "its cmdlets know no other server");
    assert!(main.text().contains("Set-SendConnector -Identity 'From Edge'"));
}

#[test]
fn the_example_is_what_is_written() {
    let (deployment, _) = of_organization(&worlds::wildcard_for_three());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deployment-example.ps1");
    let bytes = deployment.files()[0].bytes();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &bytes).unwrap();
    }
    assert!(fs::read(&path).is_ok_and(|known| known == bytes), "UPDATE_EXPECT=1 cargo test writes {}", path.display());
}

/// The only server, with the new certificate on it, and the request.
fn with_new(world: &World, change: impl FnOnce(Server) -> Server) -> (Server, Request) {
    let new = world.known("NEW");
    let mut server = change(world.server());
    let imported = Installed::new(new.certificate.clone()).with_services(Service::empty()).with_web_sites([]);
    server.install(imported).unwrap();
    (server, Request::renew(new.certificate.thumbprint()).with_connector_names(ConnectorNames::Update))
}

#[test]
fn a_layer_7_balancer_has_to_have_the_certificate_first() {
    let world = worlds::renewed_by_like();
    let (server, request) = with_new(&world, |server| server.with_load_balancing(LoadBalancing::Layer7));
    let plan = plan(&server, &request.with_default_smtp(Answer::Keep), now()).unwrap();
    let options = DeploymentOptions::new().with_import(true);
    let expected = NoDeployment::Balancer { server: "MBX01".to_owned() };
    assert_eq!(plan.deployment(&server, now(), &options), Err(expected));
    assert!(plan.deployment(&server, now(), &options.with_balancer_ready(true)).is_ok());
}

#[test]
fn layer_4_balancing_restarts_iis() {
    let world = worlds::renewed_by_like();
    for (balancing, data) in [(LoadBalancing::Layer4, "Layer4 = $true"), (LoadBalancing::None, "Layer4 = $false")] {
        let (server, request) = with_new(&world, |server| server.with_load_balancing(balancing));
        let plan = plan(&server, &request.with_default_smtp(Answer::Keep), now()).unwrap();
        let deployment = plan.deployment(&server, now(), &DeploymentOptions::new().with_import(true)).unwrap();
        assert!(deployment.files()[0].text().contains(data));
    }
}

#[test]
fn a_server_that_has_changed_has_another_plan() {
    let world = worlds::renewed_by_like();
    let (mut server, request) = with_new(&world, |server| server);
    let plan = plan(&server, &request.with_default_smtp(Answer::Keep), now()).unwrap();
    plan.apply(&mut server, now()).unwrap();
    assert!(plan.deployment(&server, now(), &DeploymentOptions::new()).is_err());
}

#[test]
fn a_rollout_without_an_answer_or_with_a_refusal_has_no_script() {
    let world = worlds::wildcard_for_three();
    let new = world.known("NEW").certificate.clone();
    let roll_out = |world: &World, request: Request| {
        let fleet = world.fleet();
        let rollout = Rollout::new(request.with_connector_names(ConnectorNames::Update)).with_certificate(new.clone());
        let plan = fleet.roll_out(&Policy::default(), &rollout, now()).unwrap();
        plan.deployment(&fleet, now(), &DeploymentOptions::new()).map(|_| ())
    };
    assert_eq!(roll_out(&world, Request::renew(new.thumbprint())), Err(NoDeployment::Undecided));
    let answered = || Request::renew(new.thumbprint()).with_default_smtp(Answer::Keep);
    assert_eq!(roll_out(&world, answered()), Ok(()));
    let mut refused = world.clone();
    refused.servers[0]["um_startup_mode"] = "TCP".into();
    assert_eq!(roll_out(&refused, answered()), Err(NoDeployment::Refused));
}

#[test]
fn a_connector_of_exchange_online_keeps_the_domain_that_is_expected() {
    let mut world = worlds::wildcard_for_three();
    world.connectors[0]["cloud_services_mail_enabled"] = true.into();
    let new = world.known("NEW").certificate.clone();
    let fleet = world.fleet();
    let request = Request::renew(new.thumbprint()).with_default_smtp(Answer::Keep);
    let rollout = Rollout::new(request.with_connector_names(ConnectorNames::Update)).with_certificate(new);
    let plan = fleet.roll_out(&Policy::default(), &rollout, now()).unwrap();
    let expected =
        NoDeployment::HybridDomain { connector: "Outbound".to_owned(), domain: "mail.contoso.com".to_owned() };
    assert_eq!(plan.deployment(&fleet, now(), &DeploymentOptions::new()), Err(expected));
}

#[test]
fn the_default_is_given_back_only_where_it_can_be() {
    let world = worlds::renewed_by_like();
    let keeps = |change: &dyn Fn(&mut World)| {
        let mut world = world.clone();
        change(&mut world);
        let (server, request) = with_new(&world, |server| server);
        let plan = plan(&server, &request.with_default_smtp(Answer::Keep), now()).unwrap();
        let deployment = plan.deployment(&server, now(), &DeploymentOptions::new().with_import(true)).unwrap();
        let text = deployment.files()[0].text().to_owned();
        let keep = text.split("Keep = ").nth(1).unwrap().split('}').next().unwrap().to_owned();
        world.named(&keep)
    };
    assert_eq!(keeps(&|_| {}), "@{ Former = '%DEFMBX01%'; Fallback = $true ");
    assert_eq!(
        keeps(&|world| world.servers[0]["edge_subscribed"] = true.into()),
        "@{ Former = '%DEFMBX01%'; Fallback = $false "
    );
    assert_eq!(keeps(&|world| world.servers[0]["default_smtp"] = json!(null)), "@{ Former = ''; Fallback = $false ");
    let gone = "5113AE0233A72FCCB75B1D0198628675333D010E";
    let of_gone = keeps(&|world| world.servers[0]["default_smtp"] = gone.into());
    assert_eq!(of_gone, format!("@{{ Former = '{gone}'; Fallback = $false "));
}

#[test]
fn unified_messaging_is_read_where_it_is() {
    let (deployment, after) = of_organization(&worlds::wildcard_for_three());
    let text = deployment.files()[0].text();
    for server in after.servers() {
        let is_read = text.contains(&format!("'um|{}|'", server.name()));
        assert_eq!(is_read, server.version() == Version::Exchange2016, "{}", server.name());
    }
}

#[test]
fn the_short_script_is_one_file_too() {
    let world = worlds::renewed_by_like();
    let (server, request) = with_new(&world, |server| server);
    let plan = plan(&server, &request.with_default_smtp(Answer::Keep), now()).unwrap();
    let file = String::from_utf8(plan.script_file()).unwrap();
    let text = file.strip_prefix('\u{FEFF}').unwrap();
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    let last = ["Remove-ExchangeCertificate", "} finally {", "Start-Service MSExchangeTransport"];
    let places: Vec<_> = last.iter().map(|words| text.find(words).unwrap()).collect();
    assert!(places.is_sorted(), "transport is started again whatever fails:\n{text}");
    assert!(!text.contains("Read-Host"), "nothing is pasted after it");
}

/// Every file that is written, the short ones too.
fn all_files() -> Vec<Vec<u8>> {
    let mut files: Vec<_> =
        deployments().iter().flat_map(Deployment::files).map(exchange_certificates::DeploymentFile::bytes).collect();
    for world in [worlds::wildcard_for_three(), worlds::with_an_edge(), worlds::hostile()] {
        // Where it is to be imported, a path is to be filled in.
        let world = world.with_new();
        let request = Request::renew(world.known("NEW").certificate.thumbprint()).with_default_smtp(Answer::Keep);
        let rollout = Rollout::new(request.with_connector_names(ConnectorNames::Update));
        files.push(world.fleet().roll_out(&Policy::default(), &rollout, now()).unwrap().script_file());
    }
    files
}

#[test]
fn windows_powershell_reads_every_file() {
    let Some(pwsh) = pwsh() else { return };
    let Some(judge) = beside(&pwsh, "windows-powershell.ps1") else { return };
    let folder = folder("deployment-written");
    let places: Vec<_> = all_files()
        .into_iter()
        .enumerate()
        .map(|(place, bytes)| {
            let path = folder.join(format!("{place}.ps1"));
            fs::write(&path, bytes).unwrap();
            path
        })
        .collect();
    let arguments: Vec<_> = places.iter().map(|place| place as &dyn AsRef<std::ffi::OsStr>).collect();
    assert_eq!(run_file(&pwsh, &judge, &arguments), "");
}
