//! What a plan is beyond its answer.

mod support {
    pub mod factory;
}

use std::time::SystemTime;

use exchange_certificates::{
    Certificate, Fact, Installed, NoPlan, Request, Role, Server, Service, Version, plan, replace, rfc3339,
};
use support::factory::CertificateFactory;

fn now() -> SystemTime {
    rfc3339::parse("2026-11-24T00:00:00Z").unwrap()
}

fn mail() -> Certificate {
    CertificateFactory::new("mail.contoso.com").build()
}

fn server(name: &str, role: Role, services: Service) -> Server {
    let server = Server::new(name, Version::Exchange2019, [role]).unwrap();
    let mut server = server.with_default_smtp(Fact::None);
    server.install(Installed::new(mail()).with_services(services).with_web_sites([])).unwrap();
    server
}

#[test]
fn the_steps_in_the_admin_center_name_server_certificate_and_services() {
    let request = Request::assign(mail().thumbprint(), Service::IIS | Service::IMAP);
    let plan = plan(&server("MBX01", Role::Mailbox, Service::IMAP), &request, now()).unwrap();
    assert_eq!(
        plan.admin_center_steps(),
        [
            "open the Exchange admin center and go to Servers > Certificates",
            "in the list Select server, select `MBX01`",
            &format!("select the certificate {}: its status must be Valid", mail().thumbprint()),
            "select Edit, and there Services",
            "select IIS: services can be added, not removed",
            "select Save",
        ]
    );
}

#[test]
fn the_admin_center_has_no_steps_where_nothing_is_assigned_nor_on_an_edge_server() {
    let request = Request::assign(mail().thumbprint(), Service::SMTP);
    for (role, services) in [(Role::Mailbox, Service::SMTP), (Role::EdgeTransport, Service::empty())] {
        let plan = plan(&server("MBX01", role, services), &request, now()).unwrap();
        assert!(plan.admin_center_steps().is_empty());
    }
}

#[test]
fn a_plan_for_one_edge_server_is_stale_on_another() {
    let request = Request::assign(mail().thumbprint(), Service::SMTP);
    let edge = |name| server(name, Role::EdgeTransport, Service::empty());
    let plan = plan(&edge("EDGE01"), &request, now()).unwrap();
    let (mut other, before) = (edge("EDGE02"), edge("EDGE02"));
    assert!(matches!(plan.apply(&mut other, now()), Err(NoPlan::Stale(_))));
    assert_eq!(other, before);
    plan.apply(&mut edge("EDGE01"), now()).unwrap();
}

#[test]
fn a_certificate_does_not_take_its_own_place() {
    for services in [Service::empty(), Service::IIS] {
        let mut server = server("MBX01", Role::Mailbox, services);
        let before = server.clone();
        let plan = replace(&mut server, mail().thumbprint(), mail().thumbprint(), now()).unwrap();
        assert!(plan.script().is_empty());
        assert_eq!(server, before);
    }
}
