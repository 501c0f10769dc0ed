//! Real exports. The expected values were taken from the files with other tools: OpenSSL for the
//! certificates, a search for the bytes of each enumeration and property for what stands beside them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use exchange_certificates::import::{Format, Import, ImportError};
use exchange_certificates::{ConnectorKind, Fact, KeyStorage, Role, RootCaType, Service, Status, Thumbprint, Version};

const EXCHANGE_2016: &str = "exchange-2016.xml";
const EXCHANGE_2019: &str = "exchange-2019.xml";
const AUTH: &str = "Microsoft Exchange Server Auth Certificate";

/// A certificate: its thumbprint, server, services, root CA type, friendly name and sites. The status
/// of all is Valid, and all have their private key in a CSP.
type Expected = (&'static str, &'static str, u8, RootCaType, &'static str, &'static [u32]);

#[rustfmt::skip]
const CERTIFICATES: [(&str, &[Expected]); 5] = [
    (EXCHANGE_2016, &[
        ("92E196F3C8D3D753FCFC5B7690C3173AA1C0ABE3", "Solo-E16A.Solo.local", 16, RootCaType::None, AUTH, &[]),
        ("823884A32609DCDC8C4B5462952586C30D814073", "Solo-E16A.Solo.local", 27, RootCaType::Registry, "Microsoft Exchange", &[1, 2]),
        ("A60C6E62FF85D208DF668D597A1B077E1534147F", "Solo-E16A.Solo.local", 0, RootCaType::Registry, "CN=WMSvc-WIN-9UC94ETVM30", &[]),
    ]),
    ("exchange-2016-azure.xml", &[
        ("EC1D075732E935F49E551936718A9254B117E523", "E2k16-1.Contoso.lab", 0, RootCaType::None, "TenantEncryptionCert", &[]),
        ("F57DEA0EEA488E092EF787F8857845B8CC0139DF", "E2k16-1.Contoso.lab", 16, RootCaType::None, AUTH, &[]),
        ("EEA2F1BD51FC122348942C1D1CEA3D1B415C4FA1", "E2k16-1.Contoso.lab", 24, RootCaType::Registry, "Microsoft Exchange", &[2]),
    ]),
    (EXCHANGE_2019, &[
        ("C3EDCF181EF4F9B53D01768ECA99564014BCA6E7", "Solo-E19A.Solo.com", 16, RootCaType::None, AUTH, &[]),
        ("6C7DE09FB39A40144F57EFEBC3DF0148E3A9AB28", "Solo-E19A.Solo.com", 27, RootCaType::Registry, "Microsoft Exchange", &[1, 2]),
        ("38247AD2B76244411748274C508D13446311830B", "Solo-E19A.Solo.com", 0, RootCaType::Registry, "CN=WMSvc-WIN-K300A9DA9VA", &[]),
    ]),
    ("exchange-2019-workgroup-name.xml", &[
        ("2D10A746D6BB8D795F1679AEBD89D5D2AE583CB7", "WIN-CTD3L0RGEN4.exlab.dom", 0, RootCaType::None, AUTH, &[]),
        ("611C687DFC4343A5A03E0005A1EC6E9B6AFF586D", "WIN-CTD3L0RGEN4.exlab.dom", 11, RootCaType::Registry, "Microsoft Exchange", &[1, 2]),
        ("E267D459A0FB53D0EF225C11FAC062D522648C09", "WIN-CTD3L0RGEN4.exlab.dom", 0, RootCaType::None, "IIS Express Development Certificate", &[]),
        ("3341CEAF3DF4D3A9527EC98BDD53C54ECC3E0620", "WIN-CTD3L0RGEN4.exlab.dom", 0, RootCaType::Registry, "WMSVC-SHA2", &[]),
    ]),
    ("signed-session.xml", &[
        ("B22BD738BED13136D29B7F410CE2993C5313F8FA", "E2k16-1.Contoso.lab", 16, RootCaType::None,
         "Microsoft Exchange Server Auth Certificate - 20230105015642", &[]),
    ]),
];

#[rustfmt::skip]
const WITHOUT_SERVICES: [(&str, Option<&str>, &[&str]); 2] = [
    ("deserialized-without-services.xml", Some("e2k16-1.contoso.lab"), &[
        "8BFE845E6DCA42BBDC8F872672CDA1A4E0C3EBF1",
        "D003810EBE1624145889D031FBB77ED2BD280FD3",
        "2759456DC53C76E3DED093B567B6D8DAA42C0ADD",
        "63F480EA98F26E6F8AE7BB5311B33BB2C692D3CA",
        "FE0FAE9305F294F49DD2426AB214CC17853A7E87",
    ]),
    ("internal-transport-certificate.xml", None, &["D003810EBE1624145889D031FBB77ED2BD280FD3"]),
];

pub(crate) fn path(file: &str) -> Option<PathBuf> {
    let Some(corpus) = std::env::var_os("EXCHANGE_CORPUS") else {
        eprintln!("skipped: EXCHANGE_CORPUS does not name the folder of real exports");
        return None;
    };
    Some(PathBuf::from(corpus).join("exchange").join(file))
}

fn read(file: &str) -> Option<Import> {
    let bytes = std::fs::read(path(file)?).unwrap();
    let mut import = Import::new();
    assert_eq!(import.add(file, &bytes), Ok(Format::Clixml));
    let mut streamed = Import::new();
    streamed.add_from(file, bytes.as_slice()).unwrap();
    assert_eq!(streamed.certificates().len(), import.certificates().len());
    assert_eq!(streamed.servers(), import.servers());
    Some(import)
}

fn thumbprint(text: &str) -> Thumbprint {
    text.parse().unwrap()
}

#[test]
fn certificates_are_what_other_tools_find_in_them() {
    for (file, expected) in CERTIFICATES {
        let Some(import) = read(file) else { return };
        assert_eq!(import.certificates().len(), expected.len(), "{file}");
        for (certificate, expected) in import.certificates().zip(expected) {
            let (thumbprint, server, services, root_ca_type, friendly_name, sites) = expected;
            assert_eq!(certificate.thumbprint(), self::thumbprint(thumbprint));
            assert_eq!(certificate.server(), Some(*server));
            assert_eq!(certificate.services(), Service::from_bits(*services));
            assert_eq!(certificate.status(), Some(Status::Valid));
            assert_eq!(certificate.root_ca_type(), Some(*root_ca_type));
            assert_eq!(certificate.friendly_name(), Some(*friendly_name));
            assert_eq!(certificate.has_private_key(), Some(true));
            assert_eq!(certificate.key_storage(), Some(KeyStorage::Csp));
            assert_eq!(certificate.web_sites(), Some(&sites.iter().copied().collect::<BTreeSet<u32>>()));
        }
    }
}

#[test]
fn services_are_not_known_where_the_export_does_not_hold_them() {
    for (file, server, expected) in WITHOUT_SERVICES {
        let Some(import) = read(file) else { return };
        let found: Vec<_> = import.certificates().map(|certificate| certificate.thumbprint()).collect();
        assert_eq!(found, expected.iter().map(|text| thumbprint(text)).collect::<Vec<_>>(), "{file}");
        for certificate in import.certificates() {
            assert_eq!(certificate.server(), server);
            assert_eq!(certificate.services(), None);
            assert_eq!(certificate.status(), None);
            assert_eq!(certificate.root_ca_type(), None);
            assert_eq!(certificate.friendly_name(), None);
            assert_eq!(certificate.has_private_key(), None);
            assert_eq!(certificate.key_storage(), None);
            assert_eq!(certificate.web_sites(), None);
        }
    }
}

#[test]
fn servers_have_their_versions_and_roles() {
    for (file, name, fqdn, version, build) in [
        ("server-2016.xml", "SOLO-E16A", "Solo-E16A.Solo.local", Version::Exchange2016, "15.1.2375.7"),
        ("server-2019.xml", "SOLO-E19A", "Solo-E19A.Solo.com", Version::Exchange2019, "15.2.986.5"),
    ] {
        let Some(import) = read(file) else { return };
        let servers = import.servers();
        assert_eq!(servers.len(), 1);
        assert_eq!(servers[0].name(), name);
        assert_eq!(servers[0].fqdn(), Some(fqdn));
        assert_eq!(servers[0].version(), Some(version));
        assert_eq!(servers[0].build(), Some(build));
        assert_eq!(servers[0].roles(), Some(&BTreeSet::from([Role::Mailbox])));
        assert_eq!(servers[0].um_startup_mode(), None);
        assert_eq!(servers[0].edge_subscribed(), None);
        assert_eq!(servers[0].client_names(), None);
    }
}

#[test]
fn connectors_name_their_certificates() {
    let server = "WIN-CTD3L0RGEN4";
    let own = format!("<I>CN={server}<S>CN={server}");
    let hybrid = "<I>CN=GeoTrust TLS RSA CA G1, OU=www.digicert.com, O=DigiCert Inc, C=US<S>CN=mail.contoso.com";
    let receive = |name: &str, tls_certificate_name| {
        let fqdn = Fact::Value("WIN-CTD3L0RGEN4.exlab.dom");
        (ConnectorKind::Receive, format!("{name} {server}"), tls_certificate_name, fqdn, server)
    };
    let send = "<I>CN=localhost<S>CN=localhost".to_owned();
    for (file, expected) in [
        ("send-connector.xml", vec![(ConnectorKind::Send, "Mail to O365".to_owned(), Some(send), Fact::None, server)]),
        (
            "receive-connectors.xml",
            vec![
                receive("Default", None),
                receive("Client Proxy", None),
                receive("Default Frontend", Some(own)),
                receive("Outbound Proxy Frontend", None),
                receive("Client Frontend", None),
            ],
        ),
        (
            "hybrid-configuration.xml",
            vec![(
                ConnectorKind::Hybrid,
                "Hybrid Configuration".to_owned(),
                Some(hybrid.to_owned()),
                Fact::NotKnown,
                "ex-02",
            )],
        ),
    ] {
        let Some(import) = read(file) else { return };
        let found: Vec<_> = import
            .connectors()
            .map(|connector| {
                let name = connector.tls_certificate_name().value().map(ToString::to_string);
                assert_eq!(connector.servers().len(), 1);
                let server = connector.servers()[0].as_str();
                (connector.kind(), connector.name().to_owned(), name, connector.fqdn(), server)
            })
            .collect();
        assert_eq!(found, expected, "{file}");
    }
}

#[test]
fn the_auth_configuration_names_the_certificate_in_use() {
    let Some(import) = read("auth-config.xml") else { return };
    let auth = import.auth_certificates().unwrap();
    assert_eq!(auth.current, Some(thumbprint("C3EDCF181EF4F9B53D01768ECA99564014BCA6E7")));
    assert_eq!(auth.next, None);
}

#[test]
fn all_files_together_are_servers() {
    let mut import = Import::new();
    for file in [EXCHANGE_2016, EXCHANGE_2019, "server-2016.xml", "server-2019.xml", "auth-config.xml"] {
        let Some(path) = path(file) else { return };
        let bytes = std::fs::read(path).unwrap();
        import.add(file, &bytes).unwrap();
        // What is there already is there once.
        import.add("again.xml", &bytes).unwrap();
    }
    assert_eq!(import.certificates().len(), 6);
    let (fleet, left_out) = import.fleet();
    assert_eq!(left_out, []);
    let servers: Vec<_> = fleet.servers().collect();
    let names: Vec<_> = servers.iter().map(|server| server.name()).collect();
    assert_eq!(names, ["SOLO-E16A", "SOLO-E19A"]);
    assert!(servers.iter().all(|server| server.certificates().count() == 3));
    assert!(servers.iter().all(|server| server.auth_certificates() == import.auth_certificates()));
    let by_fqdn = import.server("solo-e16a.solo.LOCAL").unwrap();
    assert_eq!(&by_fqdn, servers[0]);
    assert!(matches!(import.server("solo-e16a.other.local"), Err(ImportError::NotDescribed { .. })));
}
