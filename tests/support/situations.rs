//! Situations at random, with everything in them that a rule looks at.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::comparison::NOT_INSTALLED;
use super::decision_table::{
    Answer, AuthFacts, CertificateFacts, CertificateName, ConnectorFacts, ConnectorKind, DefaultSmtp, Fact, KeyStorage,
    LoadBalancing, Mode, NotRead, Operation, OwnAnswer, RequestFacts, Role, RootCaType, ServerFacts, Situation,
    StartupMode, Status, TransportRole, Version, WebBinding,
};
use super::pool::{NOW, OTHER_ISSUER, POOL, seconds};

const HOSTS: [&str; 6] =
    ["mail.contoso.com", "MAIL.contoso.com", "pop.contoso.com", "mbx01.contoso.com", "a.b.contoso.com", "MBX01"];
/// And one of 63 characters in a label, which is none.
const INVALID: [&str; 6] = [
    "mail_1.contoso.com",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.contoso.com",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.contoso.com",
    "-mail.contoso.com",
    "mail.contoso-.com",
    "mail..contoso.com",
];
const GROUPS: [&str; 7] = [
    "Organization Management",
    "server management",
    "Exchange Server Certificates",
    "BUILTIN\\Administrators",
    "Help Desk",
    "View-Only Organization Management",
    "Contoso Mail Team",
];

/// A server with some of the pool's certificates, and a request of any operation.
pub fn situations() -> impl Strategy<Value = Situation> {
    // The last one is for small servers: more kinds make the situations in which a rule speaks rarer.
    let places: Vec<_> = (0..OTHER_ISSUER).collect();
    subsequence(places, 1..=5)
        .prop_flat_map(|places| {
            let certificates = places.into_iter().map(certificate).collect::<Vec<_>>();
            let count = certificates.len();
            (certificates, server(count), request(count))
        })
        .prop_map(|(certificates, server, request)| {
            let mut situation =
                Situation { now: seconds(NOW), server: ServerFacts { certificates, ..server }, request };
            settle(&mut situation);
            situation
        })
}

/// Writes down what follows from the rest: thumbprints, and what connectors name.
fn settle(situation: &mut Situation) {
    let certificates = &situation.server.certificates;
    let thumbprint =
        |index: Option<usize>| index.map_or(NOT_INSTALLED.to_owned(), |index| certificates[index].thumbprint.clone());
    let request = &mut situation.request;
    request.thumbprint = thumbprint(request.certificate);
    if let Operation::Replace { old, .. } = &mut request.operation {
        if *old == request.certificate {
            // A certificate cannot take its own place; this one then takes that of one that is not there.
            *old = if request.certificate.is_some() { None } else { Some(0) };
        }
        request.old_thumbprint = thumbprint(*old);
    }
    if situation.server.default_smtp == DefaultSmtp::NotInstalled && request.certificate.is_none() {
        situation.server.default_smtp = DefaultSmtp::NotInstalledRequested;
    }
    for connector in &mut situation.server.connectors {
        let Fact::Value(name) = &mut connector.tls_certificate_name else { continue };
        // The place was kept in the issuer until the certificates were known.
        let index = name.issuer.parse::<usize>().unwrap();
        let (issuer, subject) = match situation.server.certificates.get(index) {
            Some(certificate) => (certificate.issuer.clone(), certificate.subject.clone()),
            None => ("CN=Nobody".into(), "CN=Nobody".into()),
        };
        *name = CertificateName { issuer, subject: subject.to_lowercase() };
    }
}

fn certificate(place: usize) -> impl Strategy<Value = CertificateFacts> {
    let statuses = vec![
        Status::Valid,
        Status::Valid,
        Status::Valid,
        Status::Unknown,
        Status::Revoked,
        Status::DateInvalid,
        Status::Untrusted,
        Status::RevocationCheckFailure,
        Status::PendingRequest,
        Status::Unrecognized(8),
    ];
    let roots = vec![RootCaType::None, RootCaType::ThirdParty, RootCaType::Registry];
    (
        option::weighted(0.97, 0_u8..128),
        option::weighted(0.3, select(statuses)),
        option::of(select(roots)),
        option::of(select(vec![KeyStorage::Csp, KeyStorage::Ksp])),
        option::of(subsequence(vec![1, 2, 3], 0..=3)),
        prop::bool::weighted(0.9),
        option::of(Just("Microsoft Exchange".to_owned())),
    )
        .prop_map(
            move |(services, status, root_ca_type, key_storage, web_sites, has_private_key, friendly_name)| {
                CertificateFacts {
                    services,
                    status,
                    root_ca_type,
                    key_storage,
                    web_sites,
                    has_private_key,
                    friendly_name,
                    ..POOL[place].facts.clone()
                }
            },
        )
}

fn server(count: usize) -> impl Strategy<Value = ServerFacts> {
    let kinds = vec![
        (Version::E2013, vec![Role::Mailbox]),
        (Version::E2013, vec![Role::ClientAccess]),
        (Version::E2013, vec![Role::ClientAccess, Role::Mailbox]),
        (Version::E2013, vec![Role::Edge]),
        (Version::E2016, vec![Role::Mailbox]),
        (Version::E2016, vec![Role::Mailbox]),
        (Version::E2016, vec![Role::Edge]),
        (Version::E2019, vec![Role::Mailbox]),
        (Version::Se, vec![Role::Mailbox]),
        (Version::Se, vec![Role::Edge]),
    ];
    let modes = || select(vec![StartupMode::Tcp, StartupMode::Tls, StartupMode::Dual]);
    let host = || option::of(select(HOSTS.map(str::to_owned).to_vec()));
    let name = || fact(select(HOSTS.map(str::to_owned).to_vec()));
    let defaults = prop_oneof![
        Just(DefaultSmtp::NotKnown),
        Just(DefaultSmtp::Nothing),
        Just(DefaultSmtp::NotInstalled),
        (0..count).prop_map(DefaultSmtp::Installed),
        (0..count).prop_map(DefaultSmtp::Installed),
    ];
    let auth = option::of((option::of(0..count), option::of(0..count)));
    (
        select(kinds),
        (modes(), modes(), select(vec![LoadBalancing::None, LoadBalancing::Layer4, LoadBalancing::Layer7])),
        (host(), name(), name(), option::of(subsequence(HOSTS.map(str::to_owned).to_vec(), 0..=2))),
        any::<bool>(),
        defaults,
        auth,
        vec(connector(count), 0..=4),
        (web_bindings(count), selection(count), not_read()),
    )
        .prop_map(
            |(
                (version, roles),
                (um, call_router, load_balancing),
                (fqdn, imap, pop, clients),
                edge,
                default_smtp,
                auth,
                connectors,
                (web_bindings, selection, not_read),
            )| {
                let connectors = connectors
                    .into_iter()
                    .enumerate()
                    .map(|(place, connector)| ConnectorFacts { name: format!("Connector {place}"), ..connector });
                // Those of the organisation come first.
                let mut connectors: Vec<_> = connectors.collect();
                connectors.sort_by_key(|connector| connector.kind == ConnectorKind::Receive);
                ServerFacts {
                    name: "MBX01".into(),
                    fqdn,
                    version,
                    roles,
                    um_startup_mode: um,
                    um_call_router_startup_mode: call_router,
                    imap_certificate_name: imap,
                    pop_certificate_name: pop,
                    client_names: clients,
                    edge_subscribed: edge,
                    load_balancing,
                    default_smtp,
                    auth_certificates: auth.map(|(current, next)| AuthFacts { current, next }),
                    connectors,
                    web_bindings,
                    selection,
                    not_read,
                    ..ServerFacts::default()
                }
            },
        )
}

/// Mostly all was read, so that what a rule says of it is heard often enough.
fn not_read() -> impl Strategy<Value = Vec<NotRead>> {
    prop_oneof![4 => Just(Vec::new()), 1 => subsequence(NotRead::ALL.to_vec(), 1..=4)]
}

fn connector(count: usize) -> impl Strategy<Value = ConnectorFacts> {
    let kinds = vec![ConnectorKind::Send, ConnectorKind::Receive, ConnectorKind::Receive, ConnectorKind::Hybrid];
    let switch = || option::weighted(0.3, any::<bool>());
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mechanisms = vec![texts(&["Tls"]), texts(&["Tls", "ExchangeServer"]), texts(&["None"])];
    (
        (select(kinds), fact(0..=count), subsequence(texts(&["mbx01", "MBX02"]), 0..=2)),
        fact(prop_oneof![
            19 => select(texts(&["mail.contoso.com", "mbx01.contoso.com", "MBX01", "relay.contoso.local"])),
            1 => select(texts(&INVALID)),
        ]),
        (switch(), switch(), switch(), switch(), switch()),
        option::of(select(vec![TransportRole::FrontendTransport, TransportRole::HubTransport])),
        option::weighted(0.3, select(mechanisms)),
        option::weighted(0.1, Just(texts(&["--"]))),
        option::weighted(0.3, select(vec![texts(&["0.0.0.0:25"]), texts(&["0.0.0.0:717", "[::]:717"])])),
    )
        .prop_map(
            |((kind, place, servers), fqdn, switches, transport_role, auth_mechanism, smart_hosts, bindings)| {
                let (enabled, ignore_starttls, require_tls, domain_secure_enabled, cloud_services_mail_enabled) =
                    switches;
                let named = |place: usize| CertificateName { issuer: place.to_string(), subject: String::new() };
                let tls_certificate_name = match place {
                    Fact::Value(place) => Fact::Value(named(place)),
                    Fact::Null => Fact::Null,
                    Fact::NotKnown => Fact::NotKnown,
                };
                let facts = ConnectorFacts { kind, tls_certificate_name, servers, ..ConnectorFacts::default() };
                match kind {
                    ConnectorKind::Hybrid => ConnectorFacts { servers: Vec::new(), ..facts },
                    ConnectorKind::Receive => {
                        ConnectorFacts { fqdn, enabled, require_tls, transport_role, auth_mechanism, bindings, ..facts }
                    }
                    ConnectorKind::Send => ConnectorFacts {
                        fqdn,
                        enabled,
                        ignore_starttls,
                        require_tls,
                        domain_secure_enabled,
                        cloud_services_mail_enabled,
                        smart_hosts,
                        ..facts
                    },
                }
            },
        )
}

fn fact<T: Clone + std::fmt::Debug>(values: impl Strategy<Value = T>) -> impl Strategy<Value = Fact<T>> {
    prop_oneof![1 => Just(Fact::NotKnown), 1 => Just(Fact::Null), 4 => values.prop_map(Fact::Value)]
}

fn web_bindings(count: usize) -> impl Strategy<Value = Option<Vec<WebBinding>>> {
    let bindings = vec![
        (1, "*:443:"),
        (1, "127.0.0.1:443:"),
        (1, "10.0.0.5:443:"),
        (1, "*:443:mail.contoso.com"),
        (1, "*:8443:"),
        (2, "*:444:"),
        (3, "*:9443:"),
    ];
    let certificates = vec(option::weighted(0.9, 0..count), 7);
    option::weighted(0.4, (subsequence(bindings, 0..=7), certificates)).prop_map(|known| {
        let (bindings, certificates) = known?;
        let bound = |((site, binding), certificate): ((u32, &str), Option<usize>)| WebBinding {
            site,
            binding: binding.to_owned(),
            certificate,
        };
        Some(bindings.into_iter().zip(certificates).map(bound).collect())
    })
}

fn selection(count: usize) -> impl Strategy<Value = Vec<OwnAnswer>> {
    let hosts = subsequence(vec!["mail.contoso.com", "mbx01.contoso.com"], 0..=2);
    (option::weighted(0.3, hosts), vec(vec(option::weighted(0.9, 0..count), 0..=3), 2)).prop_map(|(hosts, answers)| {
        let answer =
            |(host, certificates): (&str, Vec<Option<usize>>)| OwnAnswer { fqdn: host.to_owned(), certificates };
        hosts.unwrap_or_default().into_iter().zip(answers).map(answer).collect()
    })
}

fn request(count: usize) -> impl Strategy<Value = RequestFacts> {
    let certificate = move || prop_oneof![19 => (0..count).prop_map(Some), 1 => Just(None)];
    let services = prop_oneof![3 => select(vec![1_u8, 2, 3, 8, 16, 24, 27]), 1 => 0_u8..128];
    let assign = (services, select(vec![Mode::Add, Mode::Add, Mode::Exact, Mode::Take]))
        .prop_map(|(services, mode)| Operation::Assign { services, mode });
    let replace = (certificate(), any::<bool>())
        .prop_map(|(old, update_connectors)| Operation::Replace { old, update_connectors });
    let operation = prop_oneof![2 => assign, 1 => Just(Operation::Remove), 2 => replace];
    let accepted = subsequence(vec![Status::RevocationCheckFailure, Status::Untrusted, Status::Unknown], 0..=3);
    (
        operation,
        certificate(),
        option::of(select(vec![Answer::Keep, Answer::Replace])),
        prop_oneof![
            14 => Just(None),
            // Those that may change nothing of the organisation.
            2 => Just(Some(vec![GROUPS[1].to_owned()])),
            4 => subsequence(GROUPS.map(str::to_owned).to_vec(), 0..=2).prop_map(Some),
        ],
        accepted,
        any::<bool>(),
    )
        .prop_map(|(operation, certificate, default_smtp, caller, accept_status, require_ssl)| RequestFacts {
            operation,
            certificate,
            thumbprint: String::new(),
            old_thumbprint: NOT_INSTALLED.into(),
            default_smtp,
            caller,
            accept_status,
            require_ssl,
            ..RequestFacts::default()
        })
}
