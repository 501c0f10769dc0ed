//! An organisation in which much stands on each certificate, and every way in which collecting it fails.

use serde_json::{Value, json};

use crate::support::factory::CertificateFactory;
use crate::support::shell::Situation;
use crate::support::stand_in::{EDGE, Held, OF_2016, OF_2019, Organization, object, receive_connector};
use crate::support::told::Telling;

/// Where it is collected: inside, and on the Edge Transport server.
pub const PLACES: [&str; 2] = ["inside", "Edge"];
/// Sets off every run; without it a tenth of them is made.
pub const ALL: &str = "EXCHANGE_CERTIFICATES_LONG";

/// Runs that are always made: what decisions stand on first.
const ALWAYS: [&str; 8] = [
    "error: - Get-SendConnector",
    "half: - Get-SendConnector",
    "error: MBX01 Get-ReceiveConnector",
    "half: MBX01 Get-ReceiveConnector",
    "half: MBX01 Get-ExchangeCertificate",
    "error: - Get-HybridConfiguration",
    "error: MBX01 Get-TransportService",
    "missing: Get-ReceiveConnector",
];

/// A run with what is wrong in it.
#[derive(Clone)]
pub struct Run {
    pub name: String,
    pub organization: Organization,
}

fn of(name: &str, services: i32) -> Held {
    Held { root_ca_type: 1, ..Held::new(name, services) }
}

fn named(held: &str) -> Value {
    json!(format!("<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN={held}, O=Contoso, C=US"))
}

fn of_setup(server: &str) -> Held {
    let fqdn = format!("{}.contoso.com", server.to_lowercase());
    let factory = CertificateFactory::new(server).subject(&[("CN", server)]).dns_names([server, &fqdn]).self_signed();
    Held { root_ca_type: 0, ..Held::of(&factory, 8 | 16).at(&[2]) }
}

fn from_another_authority() -> Held {
    let issuer = [("C", "US"), ("O", "Contoso"), ("CN", "Contoso Issuing CA 2")];
    Held::of(&CertificateFactory::new("mail.contoso.com").issuer(&issuer).not_after("2027-06-01T00:00:00Z"), 16)
}

fn auth() -> Held {
    let subject = [("CN", "Microsoft Exchange Server Auth Certificate")];
    Held::of(&CertificateFactory::new("x").subject(&subject).dns_names([]).self_signed(), 16)
}

fn expired() -> Held {
    let dates = CertificateFactory::new("old.contoso.com").valid("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    Held { status: 3, ..Held::of(&dates, 1 | 4) }
}

fn certificates(server: &str) -> Vec<Held> {
    let mut all = vec![
        of("mail.contoso.com", 1 | 2 | 8 | 16),
        of_setup(server),
        of("*.contoso.com", 16),
        of("relay.fabrikam.com", 16),
        of("hybrid.fabrikam.com", 16),
        from_another_authority(),
        of("send.fabrikam.com", 16),
        auth(),
        expired(),
    ];
    if server == "MBX01" {
        all.push(of("partner.fabrikam.com", 16));
        all.push(of("Federation", 32));
    }
    all
}

fn receiving(all: Organization, server: &str) -> Organization {
    let one = |name: &str, fqdn: Value, certificate: Value| {
        let mut connector = receive_connector(server, name, fqdn);
        connector["properties"]["AuthMechanism"] = json!("Tls, BasicAuth");
        connector["properties"]["TlsCertificateName"] = certificate;
        connector
    };
    let mut all = all.answer("Get-ReceiveConnector", server, one("Client", json!("relay.fabrikam.com"), Value::Null));
    if server != "MBX02" {
        let partner = one("Partner", json!("partner.fabrikam.com"), named("partner.fabrikam.com"));
        all = all.answer("Get-ReceiveConnector", server, partner);
    }
    all
}

fn sending(name: &str, servers: &[&str], fqdn: Value, certificate: Value) -> Value {
    object(
        "SystemConfiguration.SmtpSendConnectorConfig",
        json!({ "Name": name, "Fqdn": fqdn, "SourceTransportServers": servers, "TlsCertificateName": certificate, "Enabled": true,
            "DomainSecureEnabled": true, "IgnoreSTARTTLS": false, "SmartHosts": ["smart.contoso.com"] }),
    )
}

pub fn whole(place: &str) -> Organization {
    if place == "Edge" {
        return edge();
    }
    let both = ["MBX01", "MBX02"];
    let mut all = Organization::empty("2016", "MBX01")
        .server("MBX01", OF_2016)
        .server("MBX02", OF_2019)
        .server("EDGE01", EDGE)
        .answer("Get-SendConnector", "", sending("Partner", &both, json!("send.fabrikam.com"), Value::Null))
        .answer("Get-SendConnector", "", sending("Outbound", &both, Value::Null, named("mail.contoso.com")))
        .answer("Get-EdgeSubscription", "", object(
            "SystemConfiguration.EdgeSubscription",
            json!({ "Name": "EDGE01", "Site": { "prints": "contoso.com/Configuration/Sites/Berlin" } }),
        ))
        .answer("Get-AuthConfig", "", object(
            "SystemConfiguration.AuthConfig",
            json!({ "CurrentCertificateThumbprint": auth().thumbprint(), "NextCertificateThumbprint": null }),
        ))
        .answer("Get-HybridConfiguration", "", object(
            "SystemConfiguration.HybridConfiguration",
            json!({ "Name": "Hybrid Configuration", "TlsCertificateName": named("hybrid.fabrikam.com"), "SendingTransportServers": both }),
        ))
        .answer("Get-FederationTrust", "", object(
            "SystemConfiguration.FederationTrust",
            json!({ "Name": "Gateway", "OrgCertificate": { "der": of("Federation", 32).json("MBX01")["der"] } }),
        ));
    for server in both {
        all = receiving(all, server);
        let (own, wildcard) = (of_setup(server).thumbprint(), of("*.contoso.com", 0).thumbprint());
        for held in certificates(server) {
            all = all.certificate(server, &held);
        }
        let fqdn = format!("{}.contoso.com", server.to_lowercase());
        all = all
            .set("Get-TransportService", server, "InternalTransportCertificateThumbprint", json!(own))
            .binding(server, "https", "*:444:", &own, 2)
            .selection(server, &fqdn, &[&wildcard, &own])
            .selection(server, "relay.fabrikam.com", &[&of("relay.fabrikam.com", 0).thumbprint()])
            .selection(server, "send.fabrikam.com", &[&of("send.fabrikam.com", 0).thumbprint()])
            .selection(server, "partner.fabrikam.com", &[&of("partner.fabrikam.com", 0).thumbprint()]);
    }
    all
}

fn edge() -> Organization {
    let own = of_setup("EDGE01");
    let all = Organization::empty("Edge", "EDGE01").form("snap-in").server("EDGE01", EDGE);
    receiving(all, "EDGE01")
        .answer("Get-SendConnector", "", sending("EdgeSync", &["EDGE01"], Value::Null, named("mail.contoso.com")))
        .answer("Get-SendConnector", "", sending("Partner", &["EDGE01"], json!("send.fabrikam.com"), Value::Null))
        .set("Get-TransportService", "EDGE01", "InternalTransportCertificateThumbprint", json!(own.thumbprint()))
        .certificate("EDGE01", &own.clone().at(&[]))
        .certificate("EDGE01", &of("mail.contoso.com", 16))
        .certificate("EDGE01", &of("relay.fabrikam.com", 16))
        .certificate("EDGE01", &of("partner.fabrikam.com", 16))
        .certificate("EDGE01", &of("send.fabrikam.com", 16))
        .certificate("EDGE01", &from_another_authority())
        .selection("EDGE01", "edge01.contoso.com", &[&own.thumbprint()])
        .selection("EDGE01", "relay.fabrikam.com", &[&of("relay.fabrikam.com", 0).thumbprint()])
        .selection("EDGE01", "send.fabrikam.com", &[&of("send.fabrikam.com", 0).thumbprint()])
        .selection("EDGE01", "partner.fabrikam.com", &[&of("partner.fabrikam.com", 0).thumbprint()])
}

/// Every run of a place in which something fails, and a few in which two things do.
fn all_failing(place: &str) -> Vec<Run> {
    let whole = whole(place);
    let mut runs = Vec::new();
    let mut cmdlets: Vec<String> = Vec::new();
    let told = Telling::of(&whole).told;
    let asked = told.iter().filter(|told| place == "Edge" || told.server.as_deref() != Some("EDGE01"));
    for told in asked.clone() {
        let cmdlet = if told.cmdlet == "Get-WebBinding" { "Invoke-Command" } else { &told.cmdlet };
        // What is asked of all takes no server.
        let is_of_all = place == "Edge" && ["Get-ExchangeServer", "Get-SendConnector"].contains(&cmdlet);
        let server = told.server.as_deref().filter(|_| !is_of_all);
        let about = told.host.as_deref().map(|host| format!(" {host}")).unwrap_or_default();
        for how in ["error", "half"].into_iter().take(if told.answers.is_empty() { 1 } else { 2 }) {
            let failure = json!({ "cmdlet": cmdlet, "server": server, "domain": told.host, "how": how,
                "message": "The RPC server is unavailable." });
            let name = format!("{how}: {} {}{about}", told.server.as_deref().unwrap_or("-"), told.cmdlet);
            runs.push(Run { name, organization: whole.clone().fails_with(failure) });
        }
        if told.cmdlet != "Get-WebBinding" && !cmdlets.contains(&told.cmdlet) {
            cmdlets.push(told.cmdlet.clone());
        }
    }
    for cmdlet in cmdlets {
        runs.push(Run { name: format!("missing: {cmdlet}"), organization: whole.clone().missing(&cmdlet) });
    }
    for [one, other] in [
        ["Get-SendConnector", "Get-ReceiveConnector"],
        ["Get-ExchangeCertificate", "Get-SendConnector"],
        ["Get-TransportService", "Get-ReceiveConnector"],
    ] {
        let organization = whole.clone().fails(one, None, "half").fails(other, None, "error");
        runs.push(Run { name: format!("half: {one}, error: {other}"), organization });
    }
    for run in &mut runs {
        run.name = format!("{place}: {}", run.name);
    }
    runs
}

/// The runs of a place: all of them, or a tenth that is always the same.
pub fn failing(place: &str) -> Vec<Run> {
    let all = all_failing(place);
    if std::env::var_os(ALL).is_some() {
        return all;
    }
    let mut seed: u32 = 20_261_124;
    let mut is_chosen = |run: &Run| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let always = run.name.split_once(": ").is_some_and(|(_, name)| ALWAYS.contains(&name));
        seed >> 16 & 0xFF < 26 || always
    };
    all.into_iter().filter(|run| is_chosen(run)).collect()
}

pub fn name(place: &str) -> String {
    format!("{place}: whole")
}

pub fn situations() -> Vec<Situation> {
    let of_place = |place: &&str| {
        let whole = Run { name: name(place), organization: whole(place) };
        [vec![whole], failing(place)].concat()
    };
    let runs = PLACES.iter().flat_map(of_place);
    runs.map(|run| Situation::new(run.name, run.organization)).collect()
}
