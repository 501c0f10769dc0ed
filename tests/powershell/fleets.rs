//! Large fleets of all versions, told by three files: of the newest shell, of a 2016 server's, and of an Edge
//! Transport server itself.

use serde_json::{Value, json};

use crate::support::factory::CertificateFactory;
use crate::support::shell::Situation;
use crate::support::stand_in::{
    EDGE, Held, Kind, OF_2013, OF_2016, OF_2019, OF_SE, Organization, object, receive_connector,
};

/// How certificates arrive from the servers inside.
pub const FORMS: [&str; 2] = ["session", "flat"];

const SERVERS: [(&str, Kind); 7] = [
    ("MBX13", OF_2013),
    ("CAS13", Kind("Version 15.0 (Build 1497.2)", "ClientAccess")),
    ("BACK13", Kind("Version 15.0 (Build 1497.2)", "Mailbox")),
    ("MBX16", OF_2016),
    ("MBX19", OF_2019),
    ("MBXSE", OF_SE),
    ("MBXSE2", OF_SE),
];
const MAIL: &str = "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=mail.contoso.com, O=Contoso, C=US";

fn enumeration(name: &str, value: u32) -> Value {
    json!({ "enumeration": name, "value": value })
}

/// The certificate that setup makes.
fn of_setup(name: &str) -> Held {
    let fqdn = format!("{}.contoso.com", name.to_lowercase());
    let factory = CertificateFactory::new(name).subject(&[("CN", name)]).dns_names([name, &fqdn]).self_signed();
    Held {
        root_ca_type: 0,
        friendly_name: Some("Microsoft Exchange".to_owned()),
        ..Held::of(&factory, 8 | 16).at(&[2])
    }
}

fn mail() -> Held {
    Held { root_ca_type: 1, ..Held::new("mail.contoso.com", 1 | 2 | 8 | 16) }
}

fn auth() -> Held {
    let subject = [("CN", "Microsoft Exchange Server Auth Certificate")];
    let factory = CertificateFactory::new("x").subject(&subject).dns_names([]).self_signed();
    Held { friendly_name: None, root_ca_type: 5, status: 0, ..Held::of(&factory, 16) }
}

fn federation() -> Held {
    Held { friendly_name: Some("Exchange Delegation Federation ".to_owned()), ..Held::new("Federation", 16) }
}

/// Everything that can stand at a Receive connector.
fn with_receive_connectors(all: Organization, server: &str, key: &str, is_typed: bool) -> Organization {
    let front = receive_connector(server, "Default Frontend", json!({ "prints": format!("{server}.contoso.com") }));
    let relay = receive_connector(server, "Relay ' \u{e9}", json!("relay.contoso.com"));
    let all = all.answer("Get-ReceiveConnector", key, front);
    let all = all
        .set("Get-ReceiveConnector", key, "TlsCertificateName", json!(MAIL))
        .set("Get-ReceiveConnector", key, "Enabled", json!(true))
        .set("Get-ReceiveConnector", key, "RequireTLS", json!(false))
        .set("Get-ReceiveConnector", key, "DomainSecureEnabled", json!(true))
        .set(
            "Get-ReceiveConnector",
            key,
            "TlsDomainCapabilities",
            json!([{ "prints": "mail.protection.outlook.com:AcceptCloudServicesMail" }]),
        )
        .set("Get-ReceiveConnector", key, "Bindings", json!([{ "prints": "[::]:25" }, { "prints": "0.0.0.0:25" }]))
        .answer("Get-ReceiveConnector", key, relay)
        .set("Get-ReceiveConnector", key, "Enabled", json!(false))
        .set("Get-ReceiveConnector", key, "Bindings", json!([]));
    if is_typed {
        all.set("Get-ReceiveConnector", key, "AuthMechanism", enumeration("AuthMechanisms", 1 | 4 | 8)).set(
            "Get-ReceiveConnector",
            key,
            "TransportRole",
            enumeration("ServerRole", 32),
        )
    } else {
        all.set("Get-ReceiveConnector", key, "AuthMechanism", json!("Tls, BasicAuth, BasicAuthRequireTLS")).set(
            "Get-ReceiveConnector",
            key,
            "TransportRole",
            json!(32),
        )
    }
}

fn send_connector(name: &str, servers: &[&str], properties: Value) -> Value {
    let mut connector = object(
        "SystemConfiguration.SmtpSendConnectorConfig",
        json!({ "Name": name, "SourceTransportServers": servers.iter().map(|server| json!({ "prints": server })).collect::<Vec<_>>(),
            "Fqdn": null, "TlsCertificateName": null, "Enabled": true, "IgnoreSTARTTLS": false, "RequireTLS": false,
            "DomainSecureEnabled": false, "CloudServicesMailEnabled": false, "SmartHosts": [] }),
    );
    for (property, value) in properties.as_object().unwrap() {
        connector["properties"][property] = value.clone();
    }
    connector
}

fn with_organization(all: Organization) -> Organization {
    let cloud = json!({ "Fqdn": { "prints": "mail.contoso.com" }, "TlsCertificateName": { "prints": MAIL }, "RequireTLS": true,
        "CloudServicesMailEnabled": true, "SmartHosts": [{ "prints": "contoso-com.mail.protection.outlook.com" }] });
    let partner = json!({ "IgnoreSTARTTLS": true, "Enabled": false, "DomainSecureEnabled": true, "SmartHosts": [{ "prints": "[192.0.2.1]" }, { "prints": "--" }] });
    all.answer("Get-SendConnector", "", send_connector("Outbound to Office 365", &["MBX16", "contoso.com/Servers/MBXSE"], cloud))
        .answer("Get-SendConnector", "", send_connector("Partner", &["CN=MBX13,CN=Servers", "EDGE01"], partner))
        .answer("Get-EdgeSubscription", "", object(
            "SystemConfiguration.EdgeSubscription",
            json!({ "Name": "EDGE01", "Site": { "prints": "contoso.com/Configuration/Sites/Hamburg" } }),
        ))
        .answer("Get-AuthConfig", "", object(
            "SystemConfiguration.AuthConfig",
            json!({ "CurrentCertificateThumbprint": auth().thumbprint(), "NextCertificateThumbprint": mail().thumbprint() }),
        ))
        .answer("Get-HybridConfiguration", "", object(
            "SystemConfiguration.HybridConfiguration",
            json!({ "Name": "Hybrid Configuration", "TlsCertificateName": { "prints": MAIL }, "SendingTransportServers": ["MBX16"],
                "ReceivingTransportServers": ["MBXSE"], "EdgeTransportServers": [] }),
        ))
        .answer("Get-FederationTrust", "", object(
            "SystemConfiguration.FederationTrust",
            json!({ "Name": "Microsoft Federation Gateway", "OrgCertificate": { "der": federation().json("MBX16")["der"] } }),
        ))
}

/// The servers inside, asked from one of them.
fn inside(shell: &str, computer: &str, form: &str) -> Organization {
    let mut all = with_organization(Organization::empty(shell, computer).form(form));
    for (index, (name, kind)) in SERVERS.into_iter().enumerate() {
        all = all.server(name, kind);
        if index % 2 == 0 {
            let site = json!({ "prints": "contoso.com/Configuration/Sites/Hamburg" });
            all = all.set("Get-ExchangeServer", "", "Site", site);
        }
        all = with_receive_connectors(all, name, name, false);
        let own = of_setup(name);
        let broken = Held { provider: None, status: 2, friendly_name: None, ..Held::new("revoked.contoso.com", 16) };
        let ksp = Held { provider: Some(0), ..Held::new("*.contoso.com", 0) };
        for held in [&own, &mail(), &auth(), &federation(), &broken, &ksp] {
            all = all.certificate(name, held);
        }
        let fqdn = format!("{}.contoso.com", name.to_lowercase());
        all = all.selection(name, &fqdn, &[&own.thumbprint(), &ksp.thumbprint()]);
        all = all.selection(name, "relay.contoso.com", &[&ksp.thumbprint()]);
        if kind.1.contains("Mailbox") {
            all = all.set(
                "Get-TransportService",
                name,
                "InternalTransportCertificateThumbprint",
                json!(own.thumbprint()),
            );
            all = all.binding(name, "https", "*:444:", &own.thumbprint(), 2);
        }
        if index == 3 {
            all = all
                .set("Get-ImapSettings", name, "X509CertificateName", json!("imap.contoso.com"))
                .set("Get-PopSettings", name, "X509CertificateName", Value::Null)
                .set(
                    "Get-EcpVirtualDirectory",
                    name,
                    "ExternalUrl",
                    json!({ "prints": "https://ecp.contoso.com:8443/ecp" }),
                )
                .set("Get-OutlookAnywhere", name, "InternalHostname", json!({ "prints": "outlook.contoso.com" }))
                .set("Get-UMService", name, "UMStartupMode", enumeration("UMStartupMode", 1))
                .set("Get-UMCallRouterSettings", name, "UMStartupMode", json!("TCP"))
                .set("Get-TransportService", name, "InternalTransportCertificateThumbprint", Value::Null)
                .binding(name, "https", "127.0.0.1:443:", "", 1)
                .binding(name, "https", "192.0.2.7:443:shop.contoso.com", &mail().thumbprint(), 3);
        }
    }
    // What it was when it was subscribed.
    all.server("EDGE01", Kind("Version 15.2 (Build 1118.7)", "Edge"))
}

fn edge() -> Organization {
    let own = of_setup("EDGE01");
    let synchronized = json!({ "TlsCertificateName": MAIL, "SmartHosts": [{ "prints": "--" }] });
    let all = Organization::empty("Edge", "EDGE01").form("snap-in").server("EDGE01", EDGE);
    with_receive_connectors(all, "EDGE01", "EDGE01", true)
        .answer("Get-SendConnector", "", send_connector("EdgeSync - Hamburg to Internet", &["EDGE01"], synchronized))
        .answer("Get-SendConnector", "", send_connector("Partner", &["EDGE01"], json!({ "Fqdn": "edge.contoso.com" })))
        .set("Get-TransportService", "EDGE01", "InternalTransportCertificateThumbprint", json!(own.thumbprint()))
        .certificate("EDGE01", &own)
        .certificate("EDGE01", &Held { services: 16, ..mail().at(&[]) })
        .certificate(
            "EDGE01",
            &Held { provider: None, status: 3, friendly_name: None, ..Held::new("old.contoso.com", 0) },
        )
        .selection("EDGE01", "edge01.contoso.com", &[&own.thumbprint()])
}

/// What the three files are of.
pub fn organizations(form: &str) -> [(String, Organization); 3] {
    [
        (format!("fleet: {form}, newest"), inside("SE", "MBXSE", form)),
        (format!("fleet: {form}, 2016"), inside("2016", "MBX16", form)),
        (format!("fleet: {form}, Edge"), edge()),
    ]
}

pub fn names(form: &str) -> [String; 3] {
    organizations(form).map(|(name, _)| name)
}

pub fn situations() -> Vec<Situation> {
    FORMS.iter().flat_map(|form| organizations(form)).map(|(name, it)| Situation::new(name, it)).collect()
}
