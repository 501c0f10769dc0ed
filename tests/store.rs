//! The store against a list that is searched, and a server against one that was made from what it ended as.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support {
    pub mod factory;
}

use std::sync::LazyLock;
use std::time::SystemTime;

use exchange_certificates::{
    Answer, Certificate, Connector, ConnectorKind, ConnectorNames, Duplicate, Fact, Installed, LoadError, Request,
    Role, Server, Service, Store, TlsCertificateName, Version, assign, domain_covers, plan, rfc3339,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use support::factory::CertificateFactory;

/// Names that differ by case, by a label more or less, or not at all; hosts, wildcards and what is neither.
const NAMES: [&str; 16] = [
    "a.test",
    "A.Test",
    "b.test",
    "B.TEST",
    "*.test",
    "*.TEST",
    "*.a.test",
    "x.a.test",
    "y.A.test",
    "*.x.a.test",
    "test",
    "TEST",
    ".test",
    "a..test",
    "*",
    "z\u{fc}rich.test",
];

/// Certificates of up to four names, often the same ones in other certificates.
static POOL: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
    let made = |serial: usize| {
        let names = (0..serial % 5).map(|place| NAMES[(serial * (place + 3) + place) % NAMES.len()]);
        let common_name = [("CN", NAMES[serial * 7 % NAMES.len()])];
        let subject = if serial.is_multiple_of(3) { &common_name[..] } else { &[("O", "Contoso")] };
        let factory = CertificateFactory::new("mail.test").subject(subject).dns_names(names);
        factory.serial_number(serial.to_be_bytes()).build()
    };
    (0..90).map(made).collect()
});

/// The store as a list that is searched from end to end.
#[derive(Clone, Debug, Default)]
struct Model(Vec<Certificate>);

impl Model {
    fn insert(&mut self, certificate: Certificate) -> bool {
        let is_new = !self.0.contains(&certificate);
        if is_new {
            self.0.push(certificate);
        }
        is_new
    }

    fn newest(&self, is_sought: impl Fn(&Certificate) -> bool) -> Vec<&Certificate> {
        self.0.iter().rev().filter(|certificate| is_sought(certificate)).collect()
    }

    fn named(&self, name: &str) -> Vec<&Certificate> {
        self.newest(|certificate| certificate.has_domain(name))
    }

    fn covering(&self, host: &str) -> Vec<&Certificate> {
        let by_wildcard = self.newest(|certificate| !certificate.has_domain(host) && certificate.covers(host));
        [self.named(host), by_wildcard].concat()
    }

    fn covered_by(&self, wildcard: &str) -> Vec<&Certificate> {
        self.newest(|certificate| {
            let mut domains = certificate.domains().into_iter().filter(|name| !name.starts_with("*."));
            wildcard.starts_with("*.") && domains.any(|name| domain_covers(wildcard, &name))
        })
    }
}

fn agrees(store: &Store, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(store.len(), model.0.len());
    prop_assert_eq!(store.is_empty(), model.0.is_empty());
    prop_assert!(store.iter().eq(&model.0));
    prop_assert_eq!(store, &model.0.iter().cloned().collect::<Store>());
    for certificate in POOL.iter() {
        let found = model.0.iter().find(|known| *known == certificate);
        prop_assert_eq!(store.get(certificate.thumbprint()), found);
    }
    for name in NAMES.iter().chain(&["", "*.", ".", "A.TEST", "*.A.tesT", "q.x.a.test", "mail.test", "*.zz"]) {
        prop_assert_eq!(store.named(name).collect::<Vec<_>>(), model.named(name), "named {}", name);
        prop_assert_eq!(store.covering(name).collect::<Vec<_>>(), model.covering(name), "covering {}", name);
        prop_assert_eq!(store.covered_by(name).collect::<Vec<_>>(), model.covered_by(name), "covered by {}", name);
    }
    Ok(())
}

#[derive(Clone, Debug)]
enum Step {
    Insert(usize),
    Remove(usize),
    Extend(Vec<usize>),
    /// Enough of them to make the store move what is left.
    RemoveMany(usize, usize),
    Clone,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let certificate = || 0..POOL.len();
    let step = prop_oneof![
        6 => certificate().prop_map(Step::Insert),
        4 => certificate().prop_map(Step::Remove),
        3 => vec(certificate(), 0..60).prop_map(Step::Extend),
        1 => (certificate(), 20..70_usize).prop_map(|(first, count)| Step::RemoveMany(first, count)),
        1 => Just(Step::Clone),
    ];
    vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_finds_what_a_search_of_a_list_finds(steps in steps()) {
        let (mut store, mut model) = (Store::default(), Model::default());
        for step in steps {
            match step {
                Step::Insert(place) => {
                    let certificate = POOL[place].clone();
                    let is_new = model.insert(certificate.clone());
                    let expected = if is_new { Ok(()) } else { Err(Duplicate(certificate.clone())) };
                    prop_assert_eq!(store.insert(certificate), expected);
                }
                Step::Remove(place) => {
                    let thumbprint = POOL[place].thumbprint();
                    let known = model.0.iter().position(|certificate| certificate.thumbprint() == thumbprint);
                    prop_assert_eq!(store.remove(thumbprint), known.map(|known| model.0.remove(known)));
                }
                Step::Extend(places) => {
                    store.extend(places.iter().map(|place| POOL[*place].clone()));
                    places.into_iter().for_each(|place| { model.insert(POOL[place].clone()); });
                }
                Step::RemoveMany(first, count) => {
                    for gone in POOL.iter().cycle().skip(first).take(count) {
                        let was_there = model.0.contains(gone);
                        model.0.retain(|certificate| certificate != gone);
                        prop_assert_eq!(store.remove(gone.thumbprint()).is_some(), was_there);
                    }
                }
                Step::Clone => store = store.clone(),
            }
            agrees(&store, &model)?;
        }
    }

    #[test]
    fn many_certificates_are_read_as_they_are_read_one_by_one(sources in vec((0..POOL.len(), 0..40_u8), 0..60)) {
        let ders: Vec<_> = sources.iter().map(|(place, damage)| source(*place, *damage)).collect();
        let read: Vec<_> = ders.iter().map(|der| Certificate::from_der(&der[..])).collect();
        let errors: Vec<_> = read.iter().enumerate().filter_map(|(place, read)| Some((place, read.clone().err()?))).collect();
        let pems: Vec<_> = ders.iter().map(|der| pem(der)).collect();
        match (Store::from_ders(&ders), Store::from_pems(&pems)) {
            (Ok(from_ders), Ok(from_pems)) => {
                prop_assert!(errors.is_empty());
                prop_assert_eq!(&from_ders, &from_pems);
                let mut model = Model::default();
                read.into_iter().for_each(|certificate| { model.insert(certificate.unwrap()); });
                agrees(&from_ders, &model)?;
            }
            (Err(from_ders), Err(from_pems)) => {
                let places: Vec<_> = from_pems.iter().map(|error| error.index).collect();
                prop_assert_eq!(places, errors.iter().map(|(place, _)| *place).collect::<Vec<_>>());
                let expected: Vec<_> = errors.into_iter().map(|(index, error)| LoadError { index, error }).collect();
                prop_assert_eq!(from_ders.as_ref(), expected);
            }
            (from_ders, from_pems) => prop_assert!(false, "{:?} or {:?}", from_ders, from_pems),
        }
    }
}

/// The DER of a certificate, one time in a few cut short.
fn source(place: usize, damage: u8) -> Vec<u8> {
    let der = POOL[place].as_der();
    if damage == 0 { der[..der.len() - 1 - place].to_vec() } else { der.to_vec() }
}

fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

#[test]
fn many_certificates_keep_their_places_however_they_are_read() {
    let made = |serial: usize| {
        let name = format!("host{}.example{}.test", serial % 9_000, serial % 97);
        CertificateFactory::new(&name).serial_number(serial.to_be_bytes()).build_der()
    };
    // More than once the number that is read at a time, with some that are there again.
    let ders: Vec<_> = (0..20_000).map(|serial| made(serial % 18_500)).collect();
    let store = Store::from_ders(&ders).unwrap();
    assert_eq!(store.len(), 18_500);
    assert!(store.iter().map(Certificate::as_der).eq(ders[..18_500].iter().map(Vec::as_slice)));
    assert_eq!(store, ders.iter().map(|der| Certificate::from_der(&der[..]).unwrap()).collect());
    let place = |certificate: &Certificate| ders.iter().position(|der| der == certificate.as_der()).unwrap();
    assert_eq!(store.named("HOST7.example7.test").map(place).collect::<Vec<_>>(), [7]);
    assert_eq!(store.covered_by("*.example5.test").count(), (0..18_500).filter(|serial| serial % 97 == 5).count());

    let mut damaged = ders;
    for place in [0, 4_095, 4_096, 19_999] {
        damaged[place].pop();
    }
    let errors = Store::from_ders(&damaged).unwrap_err();
    assert_eq!(errors.iter().map(|error| error.index).collect::<Vec<_>>(), [0, 4_095, 4_096, 19_999]);
    assert!(errors.as_ref()[2].to_string().starts_with("certificate 4096: "), "{errors}");
}

#[test]
fn a_removed_certificate_can_be_inserted_again() {
    let mut store: Store = POOL.iter().cloned().collect();
    let first = POOL[0].clone();
    assert_eq!(store.remove(first.thumbprint()), Some(first.clone()));
    assert_eq!(store.remove(first.thumbprint()), None);
    store.insert(first.clone()).unwrap();
    assert_eq!(store.insert(first.clone()), Err(Duplicate(first.clone())));
    assert_eq!(store.iter().last(), Some(&first));
    assert_eq!(store.len(), POOL.len());
}

const NOW: &str = "2026-11-24T00:00:00Z";

fn now() -> SystemTime {
    rfc3339::parse(NOW).unwrap()
}

/// A request about installed certificates, chosen when it is made.
#[derive(Clone, Debug)]
enum Action {
    Install(usize, Option<Service>),
    Assign(Index, Service),
    Remove(Index),
    Replace(Index, Index, ConnectorNames),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let services = || select(vec![0_u8, 1, 2, 3, 8, 9, 16, 24, 27]).prop_map(|bits| Service::from_bits(bits).unwrap());
    let certificate = any::<Index>;
    let connectors = select(vec![ConnectorNames::Keep, ConnectorNames::Update]);
    let action = prop_oneof![
        6 => (0..POOL.len(), proptest::option::weighted(0.97, services())).prop_map(|(it, had)| Action::Install(it, had)),
        3 => (certificate(), services()).prop_map(|(it, services)| Action::Assign(it, services)),
        4 => certificate().prop_map(Action::Remove),
        2 => (certificate(), certificate(), connectors).prop_map(|(old, new, names)| Action::Replace(old, new, names)),
    ];
    vec(action, 1..160)
}

impl Action {
    /// Carries the action out, whether or not the rules let it through.
    fn take_place(self, server: &mut Server) {
        let installed: Vec<_> = server.certificates().map(Installed::thumbprint).collect();
        let request = match self {
            Self::Install(place, services) => {
                // Where sites are not known, a server keeps what it made of them before.
                let installed = Installed::new(POOL[place].clone()).with_web_sites([]);
                let installed = match services {
                    None => installed,
                    Some(services) if services.contains(Service::IIS) => {
                        installed.with_services(services).with_web_sites([1])
                    }
                    Some(services) => installed.with_services(services),
                };
                let _ = server.install(installed);
                return;
            }
            _ if installed.is_empty() => return,
            Self::Assign(it, services) => Request::assign(*it.get(&installed), services),
            Self::Remove(it) => Request::remove(*it.get(&installed)),
            Self::Replace(old, new, names) => {
                Request::replace(*old.get(&installed), *new.get(&installed)).with_connector_names(names)
            }
        };
        let _ = assign(server, &request.with_default_smtp(Answer::Keep), now());
    }
}

fn empty_server() -> Server {
    Server::new("MBX01", Version::Exchange2019, [Role::Mailbox]).unwrap().with_default_smtp(Fact::None)
}

/// Connectors that name some of the certificates, so that names are kept too.
fn connected(server: Server) -> Server {
    let connector = |place: usize| {
        let name = TlsCertificateName::of(&POOL[place]);
        Connector::new(ConnectorKind::Send, place.to_string()).unwrap().with_tls_certificate_name(name).unwrap()
    };
    [3, 4].into_iter().map(connector).fold(server, Server::with_connector)
}

/// A server with the same settings and certificates, put together at once.
fn made_anew(server: &Server) -> Server {
    let mut anew = empty_server().with_default_smtp(server.default_smtp());
    anew = anew.with_imap_certificate_name(server.imap_certificate_name()).unwrap();
    anew = anew.with_pop_certificate_name(server.pop_certificate_name()).unwrap();
    server.certificates().for_each(|installed| anew.install(installed.clone()).unwrap());
    server.connectors().cloned().fold(anew, Server::with_connector)
}

/// What every rule says, and what changes, of requests that ask for whatever is kept beside the certificates.
fn answers(server: &Server) -> Vec<String> {
    let installed: Vec<_> = server.certificates().map(Installed::thumbprint).take(12).collect();
    let requests = installed.iter().flat_map(|it| {
        [Request::assign(*it, Service::IMAP | Service::IIS | Service::SMTP), Request::remove(*it)]
            .into_iter()
            .chain(installed.first().map(|old| Request::replace(*old, *it)))
    });
    let answer = |request: Request| match plan(server, &request.with_default_smtp(Answer::Keep), now()) {
        Ok(plan) => serde_json::to_string(&plan).unwrap(),
        Err(no_plan) => serde_json::to_string(&no_plan).unwrap(),
    };
    requests.map(answer).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_server_decides_like_a_new_one_with_the_same_facts(actions in actions()) {
        let mut server = connected(empty_server());
        actions.into_iter().for_each(|action| action.take_place(&mut server));
        let anew = made_anew(&server);
        prop_assert_eq!(&server, &anew);
        prop_assert_eq!(answers(&server), answers(&anew));
    }
}
