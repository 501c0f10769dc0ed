//! The servers of an organisation by their names.

#![allow(clippy::unwrap_used)]

use exchange_certificates::{Connector, Fleet, FleetPlanError, Policy, Role, Scenario, Server, Service, Version};
use serde_json::{Value, json};

use crate::support::servers::{
    connector, edge, fleet, installed, mailbox, microsoft_exchange, new, now, request, thumbprint,
};

fn names(fleet: &Fleet) -> Vec<&str> {
    fleet.servers().map(Server::name).collect()
}

#[test]
fn servers_are_found_by_name_without_case_and_by_full_name() {
    let fleet = fleet(&[mailbox("mbx02"), mailbox("MBX10"), edge("EDGE01"), mailbox("MBX01")]);
    assert_eq!(names(&fleet), ["EDGE01", "MBX01", "mbx02", "MBX10"]);
    assert_eq!((fleet.len(), fleet.is_empty(), Fleet::new().is_empty()), (4, false, true));
    for name in ["MBX02", "Mbx02", "mbx02.contoso.com", "MBX02.CONTOSO.COM"] {
        assert_eq!(fleet.get(name).unwrap().name(), "mbx02", "{name}");
    }
    for name in ["MBX03", "", "contoso.com", "mbx02.contoso.com."] {
        assert!(fleet.get(name).is_none(), "{name}");
    }
}

#[test]
fn two_servers_cannot_have_the_same_name() {
    let mut fleet = fleet(&[mailbox("MBX01")]);
    let before = fleet.clone();
    let error = fleet.insert(Server::new("mbx01", Version::Exchange2019, [Role::Mailbox]).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "name: there is a server `mbx01` already");
    assert_eq!(fleet, before);
}

#[test]
fn the_greek_sigma_is_one_letter_in_every_form() {
    let mut fleet = Fleet::new();
    fleet.insert(Server::new("ΑΣ", Version::Exchange2019, [Role::Mailbox]).unwrap()).unwrap();
    for name in ["ασ", "ας", "Ας"] {
        assert_eq!(fleet.get(name).unwrap().name(), "ΑΣ", "{name}");
        assert!(fleet.insert(Server::new(name, Version::Exchange2019, [Role::Mailbox]).unwrap()).is_err(), "{name}");
    }
}

#[test]
fn a_fleet_is_read_as_it_was_written() {
    let fleet = fleet(&[mailbox("MBX01"), edge("EDGE01")]);
    let written = serde_json::to_value(&fleet).unwrap();
    assert_eq!(written[0]["name"], "EDGE01");
    assert_eq!(serde_json::from_value::<Fleet>(written).unwrap(), fleet);
    assert_eq!(serde_json::to_value(Fleet::new()).unwrap(), json!([]));
}

#[test]
fn what_belongs_to_the_organisation_stands_beside_its_servers() {
    let scenario = |change: &dyn Fn(&mut Value)| {
        let certificates = json!([installed(&new(), "SMTP", &[])]);
        let server = json!({ "name": "MBX01", "version": "2019", "roles": ["Mailbox"], "certificates": certificates });
        let mut scenario = json!({
            "now": "2026-11-24T00:00:00Z",
            "servers": [server, { "name": "MBX02", "version": "2019", "roles": ["Mailbox"], "certificates": [] }],
            "connectors": [connector("Outbound", &new(), &["MBX01"])],
            "auth_certificates": { "current": thumbprint(&new()) },
            "federation_certificate": thumbprint(&new()),
            "request": { "thumbprint": thumbprint(&new()), "services": "IIS" }
        });
        change(&mut scenario);
        serde_json::from_value::<Scenario>(scenario).map_err(|error| error.to_string())
    };
    let both = scenario(&|_| {}).unwrap();
    for server in both.servers() {
        assert_eq!(server.connectors().map(Connector::name).collect::<Vec<_>>(), ["Outbound"]);
        assert_eq!(server.auth_certificates().unwrap().current, Some(thumbprint(&new())));
        assert_eq!(server.federation_certificate().value(), Some(thumbprint(&new())));
    }
    let holder = both.servers().next().unwrap().certificates().next().unwrap();
    assert_eq!(holder.services(), Some(Service::SMTP | Service::FEDERATION), "the trust names it");

    let twice = scenario(&|it| it["servers"][0]["connectors"] = json!([connector("Outbound", &new(), &["MBX02"])]));
    let expected = "connectors: `Outbound`: `MBX01` and `the organisation` say different things of it";
    assert!(twice.unwrap_err().contains(expected));
    let receive = scenario(&|it| it["connectors"][0]["kind"] = json!("Receive"));
    assert!(receive.unwrap_err().contains("connectors: `Outbound` is a Receive connector, which stands at its server"));
    let one = scenario(&|it| {
        it["server"] = it["servers"][0].take();
        it.as_object_mut().unwrap().remove("servers");
    });
    assert!(one.unwrap_err().contains("connectors: beside one server this stands at the server"));
}

#[test]
fn an_error_in_a_fleet_names_the_server() {
    let mut with_service = mailbox("MBX02");
    with_service["certificates"][2]["services"] = json!("IIS, FTP");
    for (second, place, problem) in [
        (mailbox("mbx01"), "servers[1]", "name: there is a server `mbx01` already"),
        (with_service, "servers[1].certificates[2].services", "`FTP`"),
        (json!({ "name": "MBX02", "version": "SE", "roles": [], "certificates": [] }), "servers[1]", "roles: "),
    ] {
        let text = json!({ "servers": [mailbox("MBX01"), second] }).to_string();
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        #[derive(Debug, serde::Deserialize)]
        struct Servers {
            #[serde(rename = "servers")]
            _servers: Fleet,
        }
        let error = serde_path_to_error::deserialize::<_, Servers>(&mut deserializer).unwrap_err();
        assert_eq!(error.path().to_string(), place);
        assert!(error.inner().to_string().contains(problem), "{error}");
    }
}

#[test]
fn a_refusal_names_the_servers_that_hold_the_certificate() {
    let without = |name: &str| -> Value {
        let mut server = mailbox(name);
        server["certificates"].as_array_mut().unwrap().pop();
        server
    };
    let advice = |servers: &[Value]| {
        let plan = fleet(servers).plan(&Policy::default(), "mbx01", &request(Service::IIS), now());
        let Err(FleetPlanError::NoPlan(refusal)) = plan else { panic!("{plan:?}") };
        let said = refusal.diagnostics().iter().find(|said| said.rule() == "certificate-not-installed").unwrap();
        said.remedy()[0].to_string()
    };
    let held = advice(&[without("MBX01"), mailbox("MBX02"), without("MBX03"), edge("EDGE01")]);
    let copied = "it is installed on `EDGE01`, `MBX02`: copy it with its private key:\n";
    assert!(held.starts_with(copied), "{held}");
    assert!(held.contains("Export-ExchangeCertificate") && held.contains("-Server MBX02 -BinaryEncoded"), "{held}");
    let on_edge = advice(&[without("MBX01"), edge("EDGE01")]);
    assert_eq!(on_edge, "it is installed on `EDGE01`: export it there with its private key, and import it here");
    let nowhere = advice(&[without("MBX01"), without("MBX02")]);
    assert!(nowhere.starts_with("import it with its private key:\nImport-ExchangeCertificate "), "{nowhere}");
}

#[test]
fn a_plan_is_for_a_server_of_the_fleet() {
    let fleet = fleet(&[mailbox("MBX01")]);
    assert!(fleet.plan(&Policy::default(), "MBX02", &request(Service::IIS), now()).is_err());
    let plan = fleet.plan(&Policy::default(), "mbx01.contoso.com", &request(Service::IIS), now()).unwrap();
    assert_eq!(plan.added(), Service::IIS);
    let mut server = fleet.get("MBX01").unwrap().clone();
    assert!(server.install(serde_json::from_value(installed(&new(), "None", &[])).unwrap()).is_err());
    assert!(server.install(serde_json::from_value(installed(&microsoft_exchange("X"), "None", &[])).unwrap()).is_ok());
}
