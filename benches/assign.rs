//! Deciding about one certificate on servers with ever more of them.
//!
//! `cargo bench --bench assign` prints tables; `-- --quick` only sees whether it runs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "../tests/support/factory.rs"]
mod factory;
mod support {
    pub mod counting;
    pub mod input;
    pub mod measure;
}

use std::hint::black_box;
use std::time::SystemTime;

use exchange_certificates::{
    Answer, Certificate, Connector, ConnectorKind, ConnectorNames, Fact, Installed, Request, Role, Server, Service,
    Status, TlsCertificateName, TransportRole, Version, assign, plan, rfc3339,
};
use factory::CertificateFactory;
use support::counting::{Allocated, counted};
use support::input::{corpus, many};
use support::measure::{Job, is_quick, medians, nanoseconds, table, timed, times};

fn main() {
    let quick = is_quick();
    let sizes: &[usize] = if quick { &[10, 1_000] } else { &[10, 1_000, 1_000_000] };
    let repeated = if quick { 10 } else { 1_000 };
    let ders = many(&corpus().0, sizes[sizes.len() - 1]);
    let benches: Vec<_> = sizes.iter().map(|size| Bench::new(&ders[..*size])).collect();
    let jobs = benches.iter().flat_map(|bench| bench.jobs(repeated)).collect();
    let medians = medians(if quick { 1 } else { 101 }, jobs);
    let line = |job: usize| {
        let of_each_size = medians.iter().skip(job).step_by(JOBS.len()).map(|time| time / repeated as f64);
        let least = of_each_size.clone().fold(f64::INFINITY, f64::min);
        let most = of_each_size.clone().fold(0.0, f64::max);
        let cells = of_each_size.map(nanoseconds).chain([times(most / least), benches[0].allocations(job)]);
        [JOBS[job].to_owned()].into_iter().chain(cells).collect()
    };
    let lines: Vec<Vec<_>> = (0..JOBS.len()).map(line).collect();
    let sizes = sizes.iter().map(ToString::to_string);
    let heading: Vec<_> = ["installed certificates".to_owned()]
        .into_iter()
        .chain(sizes)
        .chain(["most ÷ least".to_owned(), "allocations, kept".to_owned()])
        .collect();
    table("Deciding a request", &heading.iter().map(String::as_str).collect::<Vec<_>>(), &lines);
}

const JOBS: [&str; 13] = [
    "plan: passes",
    "plan: refused",
    "plan: a replacement passes",
    "plan: a removal passes",
    "plan: passes, beside two connectors",
    "plan: passes, beside ten connectors",
    "plan: refused, beside ten connectors",
    "plan: a replacement passes, beside ten connectors",
    "plan: a removal passes, beside ten connectors",
    "endpoints",
    "endpoints, ten connectors among them",
    "plan and apply: moves IMAP and IIS",
    "assign: moves IMAP and IIS",
];

struct Bench {
    server: Server,
    two_connectors: Server,
    ten_connectors: Server,
    /// One that passes, one that is refused, a replacement and a removal.
    requests: [Request; 4],
    /// Each of the two takes from the other what it gains, so that every request changes something.
    moving: [Request; 2],
    now: SystemTime,
}

impl Bench {
    /// A server with these certificates, the requested ones among them; its services are held by a handful.
    fn new(ders: &[Vec<u8>]) -> Self {
        let made = |name: &str| CertificateFactory::new(name).build();
        let (fresh, wildcard, old) = (made("mail.contoso.com"), made("*.fabrikam.com"), made("imap.contoso.com"));
        let (one, other) = (made("one.contoso.com"), made("other.contoso.com"));
        let default = CertificateFactory::new("MBX01").self_signed().build();
        let held = |certificate: &Certificate, services, sites: &[u32]| {
            let installed = Installed::new(certificate.clone()).with_services(services).with_status(Status::Valid);
            installed.with_web_sites(sites.iter().copied())
        };
        let mut server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])
            .unwrap()
            .with_fqdn("mbx01.contoso.com")
            .unwrap()
            .with_client_names(["mail.contoso.com"])
            .unwrap()
            .with_imap_certificate_name(Fact::Value("mail.contoso.com"))
            .unwrap()
            .with_pop_certificate_name(Fact::Value("mail.contoso.com"))
            .unwrap()
            .with_default_smtp(Fact::Value(default.thumbprint()));
        for installed in [
            held(&fresh, Service::empty(), &[]),
            held(&wildcard, Service::empty(), &[]),
            held(&old, Service::POP | Service::SMTP, &[]),
            held(&one, Service::IMAP | Service::IIS, &[1]),
            held(&other, Service::empty(), &[]),
            held(&default, Service::SMTP, &[2]),
        ] {
            server.install(installed).unwrap();
        }
        for der in ders.iter().take(ders.len() - 6) {
            let installed = Installed::new(Certificate::from_der(&der[..]).unwrap()).with_services(Service::empty());
            server.install(installed).unwrap();
        }
        let connector = |name: &str, certificate: &Certificate| {
            Connector::new(ConnectorKind::Send, name)
                .unwrap()
                .with_tls_certificate_name(TlsCertificateName::of(certificate))
                .unwrap()
        };
        let two_connectors = server
            .clone()
            .with_connector(connector("to partners", &old))
            .with_connector(connector("to the internet", &fresh));
        let ten_connectors = with_ten_connectors(server.clone(), &old, &fresh);
        let asked = |request: Request| request.with_default_smtp(Answer::Keep).with_caller(["Organization Management"]);
        let all = Service::IMAP | Service::IIS | Service::SMTP;
        let moved = |it: &Certificate| asked(Request::assign(it.thumbprint(), Service::IMAP | Service::IIS));
        Self {
            server,
            two_connectors,
            ten_connectors,
            requests: [
                asked(Request::assign(fresh.thumbprint(), all)),
                asked(Request::assign(wildcard.thumbprint(), all)),
                asked(Request::replace(old.thumbprint(), fresh.thumbprint()))
                    .with_connector_names(ConnectorNames::Update),
                Request::remove(other.thumbprint()),
            ],
            moving: [moved(&other), moved(&one)],
            now: rfc3339::parse("2026-11-24T00:00:00Z").unwrap(),
        }
    }

    fn jobs(&self, repeated: usize) -> [Job<'_>; JOBS.len()] {
        let Self { server, two_connectors, ten_connectors, requests, moving, now } = self;
        for server in [server, ten_connectors] {
            let is_refused = |request| plan(server, request, *now).is_err();
            assert_eq!(requests.each_ref().map(is_refused), [false, true, false, false]);
        }
        let planned = move |server: &'_ Server, request: &Request| {
            timed(|| (0..repeated).for_each(|_| _ = black_box(plan(server, request, *now))))
        };
        let presented =
            move |server: &'_ Server| timed(|| (0..repeated).for_each(|_| _ = black_box(server.endpoints(*now))));
        let moved = move |work: &mut dyn FnMut(&Request)| timed(|| moving.iter().cycle().take(repeated).for_each(work));
        let [mut applied, mut assigned] = [server.clone(), server.clone()];
        [
            Box::new(move || planned(server, &requests[0])),
            Box::new(move || planned(server, &requests[1])),
            Box::new(move || planned(server, &requests[2])),
            Box::new(move || planned(server, &requests[3])),
            Box::new(move || planned(two_connectors, &requests[0])),
            Box::new(move || planned(ten_connectors, &requests[0])),
            Box::new(move || planned(ten_connectors, &requests[1])),
            Box::new(move || planned(ten_connectors, &requests[2])),
            Box::new(move || planned(ten_connectors, &requests[3])),
            Box::new(move || presented(server)),
            Box::new(move || presented(ten_connectors)),
            Box::new(move || {
                moved(&mut |request| plan(&applied, request, *now).unwrap().apply(&mut applied, *now).unwrap())
            }),
            Box::new(move || moved(&mut |request| _ = black_box(assign(&mut assigned, request, *now).unwrap()))),
        ]
    }

    /// How many allocations one decision makes, and how many of them its result keeps.
    fn allocations(&self, job: usize) -> String {
        let Self { server, two_connectors, ten_connectors, requests, now, .. } = self;
        let planned = |server, request| kept(|| plan(server, request, *now));
        let presented = |server: &Server| kept(|| server.endpoints(*now));
        match job {
            0..4 => planned(server, &requests[job]),
            4 => planned(two_connectors, &requests[0]),
            5..9 => planned(ten_connectors, &requests[job - 5]),
            9 => presented(server),
            10 => presented(ten_connectors),
            _ => String::new(),
        }
    }
}

fn kept<T>(work: impl FnOnce() -> T) -> String {
    let (result, Allocated { made, freed, .. }) = counted(work);
    drop(result);
    format!("{made}, {}", made - freed)
}

/// Five Receive connectors as setup makes them, one of which names a certificate, and five Send connectors, of which
/// three do.
fn with_ten_connectors(server: Server, old: &Certificate, fresh: &Certificate) -> Server {
    let connector = |kind, name: &str, certificate: Option<&Certificate>| {
        let name_of = certificate.map_or(Fact::None, |certificate| Fact::Value(TlsCertificateName::of(certificate)));
        let connector = Connector::new(kind, name).unwrap().with_servers(["MBX01"]).unwrap();
        connector.with_tls_certificate_name(name_of).unwrap().with_enabled(true)
    };
    let receive = |name, fqdn, certificate, role, binding| {
        connector(ConnectorKind::Receive, name, certificate)
            .with_fqdn(Fact::Value(fqdn))
            .unwrap()
            .with_auth_mechanism(["Tls", "Integrated", "BasicAuth"])
            .unwrap()
            .with_transport_role(role)
            .with_bindings([binding])
            .unwrap()
    };
    let send =
        |name, certificate| connector(ConnectorKind::Send, name, certificate).with_fqdn(Fact::<String>::None).unwrap();
    let (front, hub) = (TransportRole::FrontendTransport, TransportRole::HubTransport);
    let own = "mbx01.contoso.com";
    [
        receive("Default Frontend MBX01", own, Some(fresh), front, "0.0.0.0:25"),
        receive("Client Frontend MBX01", "mail.contoso.com", None, front, "0.0.0.0:587"),
        receive("Default MBX01", own, None, hub, "0.0.0.0:2525"),
        receive("Client Proxy MBX01", own, None, hub, "0.0.0.0:465"),
        receive("Outbound Proxy Frontend MBX01", own, None, front, "0.0.0.0:717"),
        send("to partners", Some(old)),
        send("to the internet", Some(fresh)),
        send("Outbound to Office 365", Some(fresh)).with_cloud_services_mail_enabled(true),
        send("to the relay", None),
        send("to the printers", None),
    ]
    .into_iter()
    .fold(server, Server::with_connector)
}
