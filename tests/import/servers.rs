//! From the objects of an organisation to its servers.

use std::collections::BTreeSet;

use exchange_certificates::import::{Import, ImportError};
use exchange_certificates::{
    ConnectorKind, Expectation, Fact, Role, Server, Service, StartupMode, Thumbprint, Verification, Version, verify,
};

use crate::support::export::{EXCHANGE_SERVER, Element, Node, Serialized, document};
use crate::support::factory::CertificateFactory;

pub(crate) fn der(name: &str) -> Vec<u8> {
    CertificateFactory::new(name).build_der()
}

pub(crate) fn server(name: &str, version: &str, role: &str) -> Element {
    Element::new(EXCHANGE_SERVER)
        .text("Name", name)
        .text("Fqdn", &format!("{name}.contoso.com"))
        .printed("AdminDisplayVersion", version)
        .property("ServerRole", Node::text(role))
        .printed("Site", "contoso.com/Configuration/Sites/Berlin")
}

pub(crate) fn of_kind(class: &str) -> Element {
    Element::new(&[&format!("Microsoft.Exchange.Data.Directory.SystemConfiguration.{class}"), "System.Object"])
}

pub(crate) fn names(names: &[&str]) -> Node {
    let name = |name: &&str| Node::Object(Element::new(&["Microsoft.Exchange.Data.Directory.ADObjectId"]).prints(name));
    let types =
        ["Microsoft.Exchange.Data.Directory.ADMultiValuedProperty`1[[Microsoft.Exchange.Data.Directory.ADObjectId]]"];
    Node::Object(Element::new(&types).list("LST", names.iter().map(name).collect()))
}

fn organisation() -> Vec<Element> {
    let default = Thumbprint::of(&der("MBX01")).to_string();
    let tls = "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=mail.contoso.com, O=Contoso, C=US";
    vec![
        server("MBX01", "Version 15.1 (Build 2507.6)", "Mailbox"),
        server("MBX02", "Version 15.2 (Build 2562.17)", "Mailbox"),
        server("EDGE01", "Version 15.2 (Build 1544.4)", "Edge"),
        server("OLD01", "Version 14.3 (Build 123.4)", "Mailbox, ClientAccess, HubTransport"),
        Serialized::new(der("MBX01"), 16, "MBX01.contoso.com\\0").element(false),
        Serialized::new(der("mail.contoso.com"), 9, "MBX01.contoso.com\\0").element(true),
        Serialized::new(der("mail.contoso.com"), 8, "MBX02.contoso.com\\0").element(true),
        of_kind("Imap4AdConfiguration").printed("Server", "MBX01").text("X509CertificateName", "mail.contoso.com"),
        of_kind("Pop3AdConfiguration").text("Identity", "MBX01\\1").property("X509CertificateName", Node::Nil),
        Element::new(&["Microsoft.Exchange.Data.Directory.Management.UMServer"]).text("Name", "MBX01").enumeration(
            "UMStartupMode",
            "Dual",
            2,
        ),
        of_kind("SIPFEServerConfiguration")
            .text("DistinguishedName", "CN=UMCallRouterSettings,CN=MBX01,CN=Servers,CN=Contoso,DC=contoso,DC=com")
            .enumeration("UMStartupMode", "TLS", 1),
        Element::new(&["Deserialized.Microsoft.Exchange.Data.Directory.Management.TransportServer"])
            .text("Name", "MBX01")
            .text("InternalTransportCertificateThumbprint", &default),
        Element::new(&["Microsoft.Exchange.Data.Directory.Management.TransportServer"])
            .text("Name", "MBX02")
            .text("InternalTransportCertificateThumbprint", ""),
        of_kind("SmtpSendConnectorConfig")
            .text("Name", "Outbound")
            .printed("TlsCertificateName", tls)
            .printed("Fqdn", "mail.contoso.com")
            .property("SourceTransportServers", names(&["MBX01"])),
        of_kind("ReceiveConnector")
            .text("Name", "Default Frontend MBX02")
            .printed("Identity", "MBX02\\Default Frontend MBX02")
            .printed("Server", "MBX02")
            .property("TlsCertificateName", Node::Nil),
        of_kind("HybridConfiguration")
            .text("Name", "Hybrid Configuration")
            .printed("TlsCertificateName", tls)
            .property("SendingTransportServers", names(&["MBX01"]))
            .property("ReceivingTransportServers", names(&["MBX01", "MBX02"])),
        of_kind("AuthConfig")
            .text("CurrentCertificateThumbprint", "5113AE0233A72FCCB75B1D0198628675333D010E")
            .text("NextCertificateThumbprint", ""),
        Element::new(&["Microsoft.Exchange.Data.Directory.Management.EdgeSubscription"])
            .text("Name", "EDGE01")
            .printed("Site", "contoso.com/Configuration/Sites/Berlin"),
        of_kind("ADOwaVirtualDirectory")
            .printed("Identity", "MBX01\\owa (Default Web Site)")
            .printed("Server", "MBX01")
            .property("InternalUrl", Node::Primitive("URI", "https://mail.contoso.com/owa".to_owned()))
            .property("ExternalUrl", Node::Nil),
        of_kind("ADRpcHttpVirtualDirectory")
            .printed("Identity", "MBX01\\Rpc (Default Web Site)")
            .printed("Server", "MBX01")
            .printed("InternalHostname", "outlook.contoso.com")
            .printed("ExternalHostname", "MAIL.contoso.com"),
        Element::new(&["Microsoft.Exchange.Data.Directory.Management.ClientAccessServer"])
            .text("Name", "MBX01")
            .property(
                "AutoDiscoverServiceInternalUri",
                Node::Primitive("URI", "https://autodiscover.contoso.com/Autodiscover/Autodiscover.xml".to_owned()),
            ),
    ]
}

fn import(elements: &[Element]) -> Result<Import, ImportError> {
    let mut import = Import::new();
    import.add("fleet.xml", document(elements).as_bytes()).map(|_| import)
}

fn connectors(server: &Server) -> Vec<(ConnectorKind, &str)> {
    server.connectors().map(|connector| (connector.kind(), connector.name())).collect()
}

#[test]
fn one_file_is_the_whole_fleet() {
    let import = import(&organisation()).unwrap();
    let first = import.server("mbx01").unwrap();
    assert_eq!(first.name(), "MBX01");
    assert_eq!(first.fqdn(), Some("MBX01.contoso.com"));
    assert_eq!(first.version(), Version::Exchange2016);
    assert_eq!(first.roles(), &BTreeSet::from([Role::Mailbox]));
    assert_eq!(first.um_startup_mode(), StartupMode::Dual);
    assert_eq!(first.um_call_router_startup_mode(), StartupMode::Tls);
    assert_eq!(first.imap_certificate_name(), Fact::Value("mail.contoso.com"));
    assert_eq!(first.pop_certificate_name(), Fact::None);
    let names = ["autodiscover.contoso.com", "mail.contoso.com", "outlook.contoso.com"];
    let found: BTreeSet<_> = first.client_names().unwrap().iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(found, names.map(str::to_owned).into());
    assert_eq!(first.default_smtp(), Fact::Value(Thumbprint::of(&der("MBX01"))));
    assert_eq!(first.auth_certificates(), import.auth_certificates());
    assert!(first.edge_subscribed());
    assert_eq!(
        connectors(&first),
        [(ConnectorKind::Send, "Outbound"), (ConnectorKind::Hybrid, "Hybrid Configuration")]
    );
    assert_eq!(first.connectors().nth(1).unwrap().servers(), ["MBX01", "MBX02"]);
    let mail = first.installed(Thumbprint::of(&der("mail.contoso.com"))).unwrap();
    assert_eq!(mail.services(), Some(Service::IMAP | Service::IIS));
    assert!(first.connectors().next().unwrap().names(mail.certificate()));

    let second = import.server("MBX02.contoso.com").unwrap();
    assert_eq!(second.version(), Version::SubscriptionEdition);
    assert_eq!(second.default_smtp(), Fact::None);
    assert_eq!(second.client_names(), None);
    let expected = [
        (ConnectorKind::Send, "Outbound"),
        (ConnectorKind::Hybrid, "Hybrid Configuration"),
        (ConnectorKind::Receive, "Default Frontend MBX02"),
    ];
    assert_eq!(connectors(&second), expected, "Send connectors belong to the organisation");
    assert_eq!(second.certificates().count(), 1);

    let edge = import.server("EDGE01").unwrap();
    assert!(edge.is_edge() && edge.edge_subscribed());
    assert_eq!(edge.default_smtp(), Fact::NotKnown);
}

#[test]
fn a_server_that_is_too_old_or_not_described_is_left_out() {
    let import = import(&organisation()).unwrap();
    let error = import.server("OLD01").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`OLD01`: version `14.3.123.4` is not one of Exchange 2013, 2016, 2019 and Subscription Edition"
    );
    assert!(matches!(import.server("MBX09"), Err(ImportError::NotDescribed { .. })));
    let certificates = [Serialized::new(der("mail.contoso.com"), 8, "MBX05.contoso.com\\0").element(false)];
    let import = self::import(&certificates).unwrap();
    let servers = import.servers();
    assert_eq!((servers[0].name(), servers[0].version()), ("MBX05", None));
    assert_eq!(servers[0].fqdn(), Some("MBX05.contoso.com"));
    assert!(matches!(import.server("MBX05"), Err(ImportError::NotDescribed { .. })));
    assert!(import.fleet().0.is_empty());
}

#[test]
fn identical_objects_merge_over_files_in_any_order() {
    let elements = organisation();
    let whole = import(&elements).unwrap();
    let mut pieces = Import::new();
    for element in elements.iter().rev().chain(&elements) {
        pieces.add("piece.xml", document(std::slice::from_ref(element)).as_bytes()).unwrap();
    }
    assert_eq!(pieces.servers(), whole.servers());
    assert_eq!(pieces.certificates().len(), whole.certificates().len());
    assert_eq!(pieces.connectors().count(), whole.connectors().count());
    let mut twice: Vec<_> = elements.clone();
    twice.extend(elements);
    assert_eq!(import(&twice).unwrap().servers(), whole.servers());
}

#[test]
fn a_contradiction_names_both_places() {
    let of = |services| Serialized::new(der("mail.contoso.com"), services, "MBX01.contoso.com\\0").element(false);
    let imap = |name: &str| of_kind("Imap4AdConfiguration").text("Server", "MBX01").text("X509CertificateName", name);
    let auth = |thumbprint: &str| of_kind("AuthConfig").text("CurrentCertificateThumbprint", thumbprint);
    let send = |servers: &[&str]| {
        of_kind("SmtpSendConnectorConfig").text("Name", "Outbound").property("SourceTransportServers", names(servers))
    };
    let owa = |url: &str| {
        of_kind("ADOwaVirtualDirectory").text("Identity", "MBX01\\owa").text("Server", "MBX01").text("InternalUrl", url)
    };
    let edge = |site: &str| {
        Element::new(&["Microsoft.Exchange.Data.Directory.Management.EdgeSubscription"])
            .text("Name", "E")
            .text("Site", site)
    };
    for (one, other, what) in [
        (of(8), of(16), "the services of"),
        (imap("a.contoso.com"), imap("b.contoso.com"), "the X509CertificateName of IMAP of `MBX01`"),
        (auth(&"0".repeat(40)), auth(&"1".repeat(40)), "the certificates of `Auth Configuration`"),
        (send(&["MBX01"]), send(&["MBX02"]), "the settings of `Outbound`"),
        (owa("https://a/owa"), owa("https://b/owa"), "the host names of a virtual directory of `MBX01`"),
        (edge("Berlin"), edge("Bonn"), "the site of the Edge subscription of `E`"),
        (
            server("MBX01", "Version 15.1 (Build 2507.6)", "Mailbox"),
            server("mbx01", "Version 15.2 (Build 1544.4)", "Mailbox"),
            "the version of `mbx01`",
        ),
    ] {
        // Within one file, and over two.
        let error = import(&[one.clone(), other.clone()]).map(drop).unwrap_err().to_string();
        assert!(
            error.contains("`fleet.xml`, object 1 at byte ") && error.contains("`fleet.xml`, object 2 at byte "),
            "{error}"
        );
        assert!(error.contains(&format!("contradict each other: {what}")), "{error}");
        let mut files = Import::new();
        files.add("one.xml", document(&[one]).as_bytes()).unwrap();
        let untouched = files.clone();
        let new = Serialized::new(der("new.contoso.com"), 0, "MBX07.contoso.com\\0").element(false);
        let error = files.add("other.xml", document(&[new, other]).as_bytes()).map(drop).unwrap_err().to_string();
        assert!(
            error.contains("`one.xml`, object 1 at byte ") && error.contains("`other.xml`, object 2 at byte "),
            "{error}"
        );
        assert_eq!(
            (files.servers(), files.certificates().len(), files.auth_certificates()),
            (untouched.servers(), untouched.certificates().len(), untouched.auth_certificates()),
            "nothing is taken"
        );
    }
}

#[test]
fn an_imported_server_answers_to_verify() {
    let import = import(&organisation()).unwrap();
    let thumbprint = Thumbprint::of(&der("mail.contoso.com"));
    let server = import.server("MBX02").unwrap();
    let expectation = Expectation { thumbprint, services: Service::IIS };
    assert_eq!(expectation.verify_on(&server), Verification::Verified { services: Service::IIS });
    assert_eq!(
        verify(&expectation, import.listed()),
        Verification::Missing { missing: Service::IIS, services: Service::empty() }
    );
}

#[test]
fn an_object_with_a_name_that_could_not_stand_in_a_command_is_left_out_and_named() {
    let good = server("MBX02", "Version 15.1 (Build 2507.6)", "Mailbox");
    for element in [
        server("MBX\u{7}01", "Version 15.1 (Build 2507.6)", "Mailbox"),
        Element::new(EXCHANGE_SERVER).text("Name", "MBX01").text("Site", "Ber\nlin"),
        of_kind("SmtpSendConnectorConfig").text("Name", "Out\nbound"),
        of_kind("SmtpSendConnectorConfig").text("Name", "Outbound").text("TlsCertificateName", "<I>CN=a\nb<S>CN=c"),
        of_kind("Imap4AdConfiguration").text("Server", "MBX01").text("X509CertificateName", "mail\n.contoso.com"),
        Serialized::new(der("mail.contoso.com"), 8, "MBX\u{1b}01\\0").element(false),
    ] {
        let import = import(&[element, good.clone()]).unwrap();
        let [note] = import.notes() else { panic!("{:?}", import.notes()) };
        let note = note.to_string();
        assert!(note.starts_with("left out: `fleet.xml`, object 1 at byte "), "{note}");
        assert!(note.contains("is the control character") && !note.contains(char::is_control), "{note}");
        assert_eq!(import.servers().len(), 1, "{note}");
        assert_eq!((import.connectors().count(), import.certificates().count()), (0, 0), "{note}");
    }
}

#[test]
fn a_word_of_scenario_files_is_no_name_of_a_certificate() {
    let element = of_kind("Pop3AdConfiguration").text("Server", "MBX01").text("X509CertificateName", "None");
    let error = import(&[element]).map(drop).unwrap_err().to_string();
    assert!(error.starts_with("`fleet.xml`, object 1 at byte "), "{error}");
    assert!(
        error.ends_with(": X509CertificateName: `none` stands for no name, and `unknown` for a name that is not known"),
        "{error}"
    );
}

#[test]
fn a_server_with_a_name_beyond_ascii_has_its_certificates_and_connectors() {
    // The lower case of a capital sigma depends on what stands behind it.
    let import = import(&[
        server("ΑΘΗΝΑΣ", "Version 15.2 (Build 1544.4)", "Mailbox"),
        Serialized::new(der("mail.contoso.com"), 16, "ΑΘΗΝΑΣ.contoso.com\\0").element(false),
        of_kind("SmtpSendConnectorConfig")
            .text("Name", "Outbound")
            .property("SourceTransportServers", names(&["ΑΘΗΝΑΣ"])),
        of_kind("SmtpSendConnectorConfig").text("Name", "Other").property("SourceTransportServers", names(&["MBX01"])),
    ])
    .unwrap();
    let server = import.server("ΑΘΗΝΑΣ").unwrap();
    assert_eq!(server.certificates().count(), 1);
    let here: Vec<_> = server.connectors_here().map(|connector| connector.name()).collect();
    assert_eq!(here, ["Outbound"]);
}
