//! Fleets, stores and servers as collections, and what is made of what.
#![allow(clippy::unwrap_used)]

mod support {
    pub mod factory;
}

use std::collections::{BTreeSet, HashMap};
use std::error::Error;

use exchange_certificates::{
    Certificate, CertificateError, Connector, ConnectorKind, Fact, Fleet, FleetError, FleetPlanError, Installed,
    LoadError, Policy, Request, Role, SerialNumber, Server, ServerError, Service, Status, Store, TextError, Thumbprint,
    Version, WebBinding,
};
use support::factory::CertificateFactory;

fn server(name: &str) -> Server {
    let fqdn = format!("{}.contoso.com", name.to_lowercase());
    Server::new(name, Version::Exchange2019, [Role::Mailbox]).unwrap().with_fqdn(fqdn).unwrap()
}

fn fleet(names: &[&str]) -> Fleet {
    names.iter().map(|name| server(name)).collect::<Result<_, _>>().unwrap()
}

fn certificate(name: &str) -> Certificate {
    CertificateFactory::new(name).serial_number([7, name.len() as u8]).build()
}

fn names(fleet: &Fleet) -> Vec<&str> {
    fleet.servers().map(Server::name).collect()
}

#[test]
fn a_fleet_is_collected_of_servers_or_gives_back_the_one_whose_name_is_taken() {
    let fleet = fleet(&["MBX02", "MBX01"]);
    assert_eq!(names(&fleet), ["MBX01", "MBX02"]);
    let collected: Result<Fleet, _> = ["MBX01", "MBX02", "mbx01"].map(server).into_iter().collect();
    assert_eq!(collected, Err(FleetError::NameTaken { server: Box::new(server("mbx01")) }));
    assert_eq!(collected.unwrap_err().to_string(), "name: there is a server `mbx01` already");
}

#[test]
fn a_fleet_is_extended_by_all_servers_or_by_none() {
    let send = |fqdn: &str| {
        let connector = Connector::new(ConnectorKind::Send, "Outbound").unwrap();
        connector.with_fqdn(Fact::Value(fqdn)).unwrap()
    };
    let mut fleet = fleet(&["MBX02"]);
    let before = fleet.clone();
    let learned = server("MBX01").with_connector(send("mail.contoso.com"));
    let error = fleet.try_extend([learned.clone(), server("MBX03"), server("mbx02")]).unwrap_err();
    assert_eq!(error, FleetError::NameTaken { server: Box::new(server("mbx02")) });
    assert_eq!(fleet, before, "what the first one said of the organisation is forgotten too");

    // What an Edge Transport server has in another way is its own, although it comes first.
    let edge = Server::new("EDGE01", Version::Exchange2019, [Role::EdgeTransport]).unwrap();
    let edge = edge.with_connector(send("edge.contoso.com"));
    fleet.try_extend([edge, learned]).unwrap();
    assert_eq!(names(&fleet), ["EDGE01", "MBX01", "MBX02"]);
    let presents =
        |name| fleet.get(name).unwrap().connectors().map(|it| it.fqdn().value().unwrap()).collect::<Vec<_>>();
    assert_eq!(
        ["EDGE01", "MBX01", "MBX02"].map(presents),
        [["edge.contoso.com"], ["mail.contoso.com"], ["mail.contoso.com"]]
    );
}

#[test]
fn a_fleet_is_gone_through_in_the_order_of_names() {
    let fleet = fleet(&["MBX03", "MBX01", "MBX02"]);
    let mut seen = Vec::new();
    for server in &fleet {
        seen.push(server.name());
    }
    assert_eq!(seen, ["MBX01", "MBX02", "MBX03"]);
    assert_eq!((fleet.servers().len(), fleet.servers().next_back().unwrap().name()), (3, "MBX03"));
    let owned: Vec<Server> = fleet.clone().into_iter().collect();
    assert_eq!(owned.into_iter().collect::<Result<Fleet, _>>(), Ok(fleet));
}

#[test]
fn a_server_is_found_changed_and_taken_out_by_either_name() {
    let mut fleet = fleet(&["MBX01", "MBX02"]);
    for name in ["mbx01", "MBX01.contoso.com"] {
        assert_eq!(fleet.get(name).unwrap().name(), "MBX01");
        assert_eq!(fleet.get_mut(name).unwrap().name(), "MBX01");
    }
    fleet.get_mut("mbx02.CONTOSO.com").unwrap().install(certificate("a.test").into()).unwrap();
    assert_eq!(fleet.get("MBX02").unwrap().certificates().count(), 1);
    assert_eq!(fleet.remove("MBX09"), None);
    assert_eq!(fleet.remove("mbx02.contoso.com").unwrap().name(), "MBX02");
    assert_eq!((names(&fleet), fleet.get("MBX02").is_some()), (vec!["MBX01"], false));
    fleet.insert(server("MBX02")).unwrap();
}

#[test]
fn a_plan_for_a_server_that_there_is_not_names_the_nearest() {
    let fleet = fleet(&["MBX01", "MBX02"]);
    let request = Request::assign(Thumbprint::of(b""), Service::IIS);
    let plan = |name| fleet.plan(&Policy::default(), name, &request, std::time::UNIX_EPOCH).unwrap_err();
    assert_eq!(plan("MBX1").to_string(), "there is no server `MBX1`; did you mean `MBX01`?");
    assert_eq!(plan("EXCH07").to_string(), "there is no server `EXCH07`");
    match plan("mbx02.contoso.com") {
        FleetPlanError::NoPlan(no_plan) => assert!(no_plan.has("certificate-not-installed")),
        other => panic!("{other}"),
    }
}

#[test]
fn a_store_is_gone_through_without_what_was_taken_out() {
    let certificates: Vec<_> = ["a.test", "bb.test", "ccc.test"].map(certificate).into();
    let mut store: Store = certificates.iter().cloned().collect();
    assert!(store.contains(certificates[1].thumbprint()));
    store.remove(certificates[1].thumbprint()).unwrap();
    assert!(!store.contains(certificates[1].thumbprint()));
    let left = [&certificates[0], &certificates[2]];
    assert!((&store).into_iter().eq(left) && store.iter().eq(left));
    assert_eq!((store.iter().len(), store.iter().skip(1).len()), (2, 1));
    let iter = store.clone().into_iter();
    assert_eq!(iter.len(), 2);
    assert!(iter.eq(left.into_iter().cloned()));
}

#[test]
fn what_stands_beside_a_certificate_in_a_store_is_changed_in_its_place() {
    let [one, other] = ["a.test", "bb.test"].map(certificate);
    let mut store: Store<Installed> = [one.clone(), other.clone()].into_iter().map(Installed::from).collect();
    let installed = store.get_mut(one.thumbprint()).unwrap();
    *installed = installed.clone().with_status(Status::Revoked);
    assert_eq!(store.get(one.thumbprint()).unwrap().status(), Some(Status::Revoked));
    assert_eq!(store.get(other.thumbprint()).unwrap().status(), None);
    store.remove(one.thumbprint());
    assert!(store.get_mut(one.thumbprint()).is_none());
}

#[test]
fn what_stands_beside_an_installed_certificate_is_changed_and_found_anew() {
    let [mail, other] = ["mail.contoso.com", "a.test"].map(certificate);
    let mut server = server("MBX01");
    server.install(Installed::new(mail.clone()).with_services(Service::SMTP)).unwrap();
    let same = server.clone();
    assert!(!server.update(other.thumbprint(), |installed| installed));
    assert!(!server.update(mail.thumbprint(), |_| Installed::new(other.clone())), "another certificate is none");
    assert_eq!(server, same);

    assert!(server.update(mail.thumbprint(), |installed| installed.with_services(Service::IIS)));
    // Renewing looks the services up.
    let renewed = CertificateFactory::new("mail.contoso.com").serial_number([9]).build();
    let of = |server: &Server| server.renewed_by(&renewed).iter().map(|old| old.known_services()).collect::<Vec<_>>();
    assert_eq!(of(&server), [Service::IIS]);
    assert!(server.update(mail.thumbprint(), |installed| installed.with_services(Service::empty())));
    assert_eq!(of(&server), []);

    assert_eq!(server.uninstall(mail.thumbprint()).map(|gone| gone.thumbprint()), Some(mail.thumbprint()));
    assert_eq!(server.uninstall(mail.thumbprint()), None);
    assert_eq!(server.certificates().count(), 0);
}

#[test]
fn bindings_and_the_federation_trust_go_on_telling_of_a_certificate_that_is_changed() {
    let mail = certificate("mail.contoso.com");
    let binding = WebBinding::new(1, "*:443:", Some(mail.thumbprint())).unwrap();
    let server = server("MBX01").with_web_bindings([binding]);
    let mut server = server.with_federation_certificate(Fact::Value(mail.thumbprint()));
    server.install(mail.clone().into()).unwrap();
    server.update(mail.thumbprint(), |installed| installed.with_services(Service::SMTP).with_web_sites([7]));
    let installed = server.installed(mail.thumbprint()).unwrap();
    assert_eq!(installed.known_services(), Service::SMTP | Service::FEDERATION);
    assert_eq!(installed.web_sites(), Some(&BTreeSet::from([1])));
}

#[test]
fn certificates_and_serial_numbers_are_made_of_bytes_and_give_them() {
    let factory = CertificateFactory::new("mail.contoso.com").serial_number([0x1A, 0xFF]);
    let der = factory.build_der();
    let certificate = Certificate::try_from(&der[..]).unwrap();
    assert_eq!(Certificate::try_from(der.clone()), Ok(certificate.clone()));
    let bytes: &[u8] = certificate.as_ref();
    assert_eq!((bytes, Thumbprint::of(bytes)), (&der[..], certificate.thumbprint()));
    assert_eq!(Certificate::try_from(&[][..]), Err(CertificateError::Empty));
    let serial: SerialNumber<'_> = certificate.serial_number();
    assert_eq!(format!("{serial:x} {serial:X} {serial:#06x}"), "1aff 1AFF 0x1aff");
    assert_eq!(AsRef::<[u8]>::as_ref(&serial), [0x1A, 0xFF]);
    let installed = Installed::from(certificate.clone());
    assert_eq!(installed, Installed::new(certificate));
}

#[test]
fn many_errors_are_one_error_that_names_the_first() {
    fn load(ders: &[Vec<u8>]) -> Result<Store, Box<dyn Error>> {
        Ok(Store::from_ders(ders)?)
    }
    let der = CertificateFactory::new("a.test").build_der();
    assert_eq!(load(std::slice::from_ref(&der)).unwrap().len(), 1);
    let ders = [vec![], der, vec![0x30], vec![]];
    let errors = Store::from_ders(&ders).unwrap_err();
    let places: Vec<_> = (&errors).into_iter().map(|error| error.index).collect();
    assert_eq!((places, errors.as_ref().len()), (vec![0, 2, 3], 3));
    let error = load(&ders).unwrap_err();
    assert_eq!(error.to_string(), "certificate 0: there is nothing to read a certificate from; and 2 more");
    assert_eq!(error.source().unwrap().downcast_ref(), Some(&CertificateError::Empty));
    let one = Store::from_ders(&ders[..1]).unwrap_err();
    assert_eq!(one.to_string(), "certificate 0: there is nothing to read a certificate from");
    let all: Vec<LoadError> = errors.into_iter().collect();
    assert_eq!(all[0], LoadError { index: 0, error: CertificateError::Empty });
}

#[test]
fn an_error_gives_its_cause() {
    let error = server("MBX01").with_site("a\n").unwrap_err();
    let cause = error.source().unwrap().downcast_ref::<TextError>().unwrap();
    assert_eq!(error, ServerError::Text { field: "site", error: cause.clone() });
    let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let error = Certificate::from_pem(pem).unwrap_err();
    assert_eq!(error.to_string(), format!("PEM block 1: {}", error.source().unwrap()));
}

#[test]
fn what_has_an_identity_is_a_key() {
    let statuses = HashMap::from([(Status::Valid, 1), (Status::Revoked, 2)]);
    assert_eq!(statuses[&Status::Revoked], 2);
    let mut requests = HashMap::new();
    requests.insert(Request::assign(Thumbprint::of(b""), Service::IIS), "first");
    assert_eq!(requests[&Request::assign(Thumbprint::of(b""), Service::IIS)], "first");
    assert!(!requests.contains_key(&Request::remove(Thumbprint::of(b""))));
    let kinds = BTreeSet::from([ConnectorKind::Receive, ConnectorKind::Send]);
    assert_eq!(kinds.first(), Some(&ConnectorKind::Send));
}
