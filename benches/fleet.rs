//! A fleet of 10 000 servers with ten certificates each: what a rollout and an audit take, a server and in all, and
//! how both grow with the fleet. `cargo bench --bench fleet`, with `-- --quick` for a fleet a tenth as large.

#[path = "../tests/support/factory.rs"]
mod factory;
mod support {
    pub mod measure;
}

use std::time::{Duration, SystemTime};

use exchange_certificates::{
    Answer, AuthCertificates, Connector, ConnectorKind, ConnectorNames, Fact, Fleet, Installed, Policy, Request, Role,
    Rollout, Server, Service, Thumbprint, TlsCertificateName, Version, agenda, audit, rfc3339,
};
use factory::CertificateFactory;
use support::measure::{is_quick, timed};

/// What the audit of the largest fleet may take.
const BUDGET: Duration = Duration::from_secs(2);

fn main() {
    let largest = if is_quick() { 1_000 } else { 10_000 };
    let now = rfc3339::parse("2026-11-24T00:00:00Z").unwrap_or(SystemTime::UNIX_EPOCH);
    println!("{:>8} {:>22} {:>22} {:>22}", "servers", "rollout", "audit", "agenda");
    for servers in [largest / 100, largest / 10, largest] {
        let (fleet, new) = fleet(servers);
        let rollout = Rollout::new(
            Request::assign(new, Service::IIS | Service::SMTP)
                .with_default_smtp(Answer::Keep)
                .with_caller(["Organization Management"]),
        );
        let rollout = fastest(|| fleet.roll_out(&Policy::default(), &rollout, now));
        let audited = fastest(|| audit(&fleet, now));
        let year = Duration::from_secs(365 * 86_400);
        let due = fastest(|| agenda(&fleet, now, now + year));
        println!("{servers:>8} {} {} {}", each(rollout, servers), each(audited, servers), each(due, servers));
        if servers == 10_000 && audited > BUDGET {
            eprintln!("the audit takes {audited:?}, and {BUDGET:?} at most is wanted");
            std::process::exit(1);
        }
    }
    renewals(now);
}

/// The renewal of an organisation: from few servers and connectors to sixty and thirty, and how the cost grows.
fn renewals(now: SystemTime) {
    println!();
    println!("{:>8} {:>10} {:>12} {:>16}", "servers", "connectors", "renewal", "a pair of both");
    for (servers, connectors) in [(15, 30), (30, 30), (60, 30), (60, 15), (60, 60), (120, 30)] {
        let (fleet, _) = fleet(servers);
        let old = fleet.servers().next().and_then(|server| server.certificates().nth(4)).map(Installed::certificate);
        let old = old.expect("every server has it").clone();
        let names: Vec<_> = fleet.servers().map(|server| server.name().to_owned()).collect();
        let send = (0..connectors).map(|index| {
            let connector = Connector::new(ConnectorKind::Send, format!("Outbound {index}")).unwrap();
            let named = connector.with_tls_certificate_name(TlsCertificateName::of(&old)).unwrap();
            named.with_servers(&names).unwrap()
        });
        let fleet = fleet.with_organization(send, None, Fact::NotKnown).expect("no server says otherwise");
        let new = CertificateFactory::new("mail.contoso.com")
            .issuer(&[("CN", "Contoso Issuing CA 2")])
            .dns_names(["mail.contoso.com", "autodiscover.contoso.com"])
            .valid("2026-11-20T00:00:00Z", "2027-06-08T00:00:00Z")
            .build();
        let request = Request::renew(new.thumbprint())
            .with_connector_names(ConnectorNames::Update)
            .with_default_smtp(Answer::Keep)
            .with_caller(["Organization Management"]);
        let rollout = Rollout::new(request).with_certificate(new);
        let took = fastest(|| fleet.roll_out(&Policy::default(), &rollout, now));
        let pair = (took / (servers * connectors)).as_secs_f64() * 1e6;
        println!("{servers:>8} {connectors:>10} {:>12} {pair:>13.2} µs", format!("{took:.1?}"));
    }
}

fn each(took: Duration, servers: u32) -> String {
    let all = format!("{took:.1?}");
    format!("{all:>10} {:>8.2} µs/1", (took / servers).as_secs_f64() * 1e6)
}

/// The fastest of three, which is the one that the rest of the machine has disturbed the least.
fn fastest<T>(mut run: impl FnMut() -> T) -> Duration {
    (0..3).map(|_| timed(&mut run)).min().unwrap_or_default()
}

/// Servers of the three newest versions, each with certificates of its own and of the organisation.
fn fleet(servers: u32) -> (Fleet, Thumbprint) {
    let shared: Vec<_> = ["2026-11-05", "2027-01-10", "2027-04-19"]
        .map(|until| {
            CertificateFactory::new("mail.contoso.com")
                .dns_names(["mail.contoso.com", "autodiscover.contoso.com"])
                .valid("2026-04-01T00:00:00Z", &format!("{until}T00:00:00Z"))
                .build()
        })
        .into();
    let new = CertificateFactory::new("mail.contoso.com")
        .dns_names(["mail.contoso.com", "autodiscover.contoso.com"])
        .valid("2026-11-20T00:00:00Z", "2027-06-01T00:00:00Z")
        .build();
    let auth = CertificateFactory::new("Microsoft Exchange Server Auth Certificate").self_signed().build();
    let mut fleet = Fleet::new();
    for index in 0..servers {
        let name = format!("MBX{index:05}");
        let fqdn = format!("mbx{index:05}.contoso.com");
        let version = match index % 3 {
            0 => Version::Exchange2016,
            1 => Version::Exchange2019,
            _ => Version::SubscriptionEdition,
        };
        let of_server = |kind: &str, until: &str| {
            CertificateFactory::new(&format!("{kind}{name}"))
                .subject(&[("CN", &format!("{kind}{name}"))])
                .dns_names([&*name, &*fqdn])
                .valid("2022-04-01T00:00:00Z", until)
                .self_signed()
                .build()
        };
        let own = of_server("", "2027-04-01T00:00:00Z");
        let connector = Connector::new(ConnectorKind::Receive, format!("Default Frontend {name}"))
            .unwrap()
            .with_fqdn(Fact::Value(&fqdn))
            .unwrap()
            .with_tls_certificate_name(TlsCertificateName::of(&new))
            .unwrap();
        let mut server = Server::new(&name, version, [Role::Mailbox])
            .expect("the name is plain")
            .with_fqdn(&fqdn)
            .unwrap()
            .with_client_names(["mail.contoso.com", "autodiscover.contoso.com"])
            .unwrap()
            .with_auth_certificates(AuthCertificates::new(Some(auth.thumbprint()), None))
            .with_default_smtp(Fact::Value(own.thumbprint()))
            .with_connector(connector);
        let held = [
            (own, Service::SMTP),
            // A few servers lack the Auth certificate, and are told where it is.
            (if index % 5 == 0 { of_server("none-", "2030-01-01T00:00:00Z") } else { auth.clone() }, Service::SMTP),
            (shared[0].clone(), Service::IMAP | Service::POP),
            (shared[1].clone(), Service::IIS),
            (shared[2].clone(), Service::SMTP),
            (new.clone(), Service::empty()),
            (of_server("WMSvc-SHA2-", "2031-01-01T00:00:00Z"), Service::empty()),
            (of_server("", "2025-01-01T00:00:00Z"), Service::empty()),
            (of_server("spare-", "2026-12-10T00:00:00Z"), Service::empty()),
            (of_server("test-", "2026-11-30T00:00:00Z"), Service::SMTP),
        ];
        for (certificate, services) in held {
            let installed = Installed::new(certificate).with_services(services).with_web_sites([]);
            server.install(installed).expect("no certificate is twice on a server");
        }
        fleet.insert(server).expect("no server is named twice");
    }
    (fleet, new.thumbprint())
}
