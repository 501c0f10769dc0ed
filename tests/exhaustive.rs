//! Every combination of what an assignment turns on, and of what was not read, decided by the library and by the
//! decision table.

mod support {
    pub mod comparison;
    pub mod decision_table;
    pub mod factory;
    pub mod pool;
}

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use support::comparison::{NOT_INSTALLED, by_library, by_table};
use support::decision_table::{
    Answer, AuthFacts, CertificateFacts, CertificateName, ConnectorFacts, ConnectorKind, DefaultSmtp, Fact, IIS, IMAP,
    LoadBalancing, Mode, NotRead, Operation, POP, RequestFacts, Role, SMTP, ServerFacts, Situation, StartupMode,
    Status, UM, UM_CALL_ROUTER, Version,
};
use support::pool::{
    AUTH, ELLIPTIC_CURVE, EMPTY_SUBJECT, EXPIRED, HEALTHY, NOW, POOL, RENEWED, SELF_SIGNED, SMALL_KEY,
    UNREADABLE_NAMES, UNREADABLE_NAMES_ALONE, UNREADABLE_PURPOSES, WILDCARD_ALONE, WILDCARD_LATER, seconds,
    versions_with_roles,
};

const KINDS: [usize; 11] = [
    HEALTHY,
    WILDCARD_LATER,
    WILDCARD_ALONE,
    SELF_SIGNED,
    EXPIRED,
    SMALL_KEY,
    ELLIPTIC_CURVE,
    UNREADABLE_NAMES,
    UNREADABLE_NAMES_ALONE,
    UNREADABLE_PURPOSES,
    EMPTY_SUBJECT,
];

/// A reported status, and whether the request accepts it.
const STATUSES: [(Option<Status>, bool); 5] = [
    (None, false),
    (Some(Status::Untrusted), false),
    (Some(Status::Untrusted), true),
    (Some(Status::Revoked), true),
    (Some(Status::Unrecognized(9)), true),
];

const DEFAULTS: [DefaultSmtp; 5] = [
    DefaultSmtp::NotKnown,
    DefaultSmtp::Nothing,
    // The certificate itself, another one, and one that is not there.
    DefaultSmtp::Installed(0),
    DefaultSmtp::Installed(1),
    DefaultSmtp::NotInstalled,
];

/// Version, roles, and the startup modes where there is Unified Messaging.
fn servers() -> Vec<(Version, Vec<Role>, StartupMode, StartupMode)> {
    let mut servers = Vec::new();
    for (version, roles) in versions_with_roles() {
        let has_modes = version <= Version::E2016 && !roles.contains(&Role::Edge);
        let modes: &[_] = if has_modes { &[StartupMode::Tcp, StartupMode::Dual] } else { &[StartupMode::Tcp] };
        for um in modes {
            for call_router in modes {
                servers.push((version, roles.clone(), *um, *call_router));
            }
        }
    }
    servers
}

fn installed(kind: usize, services: u8, status: Option<Status>) -> CertificateFacts {
    CertificateFacts { services: Some(services), status, ..POOL[kind].facts.clone() }
}

/// Every set of the services that the rules treat differently; POP goes with IMAP.
fn service_sets() -> impl Iterator<Item = u8> {
    (0_u8..32).map(|set| {
        [(1, IMAP | POP), (2, UM), (4, IIS), (8, SMTP), (16, UM_CALL_ROUTER)]
            .into_iter()
            .filter(|(place, _)| set & place != 0)
            .fold(0, |services, (_, service)| services | service)
    })
}

#[test]
fn every_combination_is_decided_as_the_table_says() {
    let checked = AtomicUsize::new(0);
    let servers = servers();
    thread::scope(|scope| {
        for half in servers.chunks(servers.len().div_ceil(2)) {
            scope.spawn(|| half.iter().for_each(|server| check(server, &checked)));
        }
    });
    let checked = checked.into_inner();
    println!(
        "{checked} combinations of version, roles, startup modes, certificate, status, services, default and answer"
    );
    assert_eq!(checked, servers.len() * KINDS.len() * STATUSES.len() * 32 * DEFAULTS.len() * 3);
}

fn check((version, roles, um, call_router): &(Version, Vec<Role>, StartupMode, StartupMode), checked: &AtomicUsize) {
    let mut situation = Situation {
        now: seconds(NOW),
        server: ServerFacts {
            name: "MBX01".into(),
            fqdn: Some("mbx01.contoso.com".into()),
            version: *version,
            roles: roles.clone(),
            um_startup_mode: *um,
            um_call_router_startup_mode: *call_router,
            imap_certificate_name: Fact::Value("mail.contoso.com".into()),
            pop_certificate_name: Fact::Value("pop.contoso.com".into()),
            client_names: Some(vec!["mail.contoso.com".into(), "autodiscover.contoso.com".into()]),
            edge_subscribed: true,
            load_balancing: LoadBalancing::Layer4,
            ..ServerFacts::default()
        },
        request: RequestFacts {
            operation: Operation::Remove,
            certificate: Some(0),
            thumbprint: String::new(),
            old_thumbprint: NOT_INSTALLED.into(),
            default_smtp: None,
            caller: Some(vec!["server management".into()]),
            accept_status: Vec::new(),
            require_ssl: true,
            ..RequestFacts::default()
        },
    };
    for kind in KINDS {
        for (status, accepts) in STATUSES {
            situation.server.certificates =
                vec![installed(kind, IMAP, status), installed(RENEWED, IMAP | POP | IIS | SMTP, None)];
            situation.request.thumbprint = POOL[kind].facts.thumbprint.clone();
            situation.request.accept_status = if accepts { vec![Status::Untrusted] } else { Vec::new() };
            for services in service_sets() {
                situation.request.operation = Operation::Assign { services, mode: Mode::Add };
                for default_smtp in DEFAULTS {
                    situation.server.default_smtp = default_smtp;
                    for answer in [None, Some(Answer::Keep), Some(Answer::Replace)] {
                        situation.request.default_smtp = answer;
                        assert_eq!(by_library(&situation), by_table(&situation), "{situation:#?}");
                        checked.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    }
}

/// Every set of what a removal stands on, alone and with each that is warned of or noted, and with all of those.
fn not_read() -> Vec<Vec<NotRead>> {
    let refusing = [NotRead::Certificates, NotRead::SendConnectors, NotRead::ReceiveConnectors];
    let telling = [NotRead::Hybrid, NotRead::Auth, NotRead::EdgeSubscriptions, NotRead::ClientNames];
    let others: Vec<_> = [vec![]].into_iter().chain(telling.map(|what| vec![what])).chain([telling.to_vec()]).collect();
    let sets = (0..1_usize << refusing.len()).flat_map(|set| {
        let of_set = (0..refusing.len()).filter(move |place| set >> place & 1 == 1).map(|place| refusing[place]);
        others.iter().map(move |others| of_set.clone().chain(others.iter().copied()).collect())
    });
    sets.collect()
}

/// Everything that may be asked of the first certificate: where it is replaced, by the second.
fn requests(certificates: &[CertificateFacts]) -> Vec<RequestFacts> {
    let [first, second] = [0, 1].map(|place| certificates[place].thumbprint.clone());
    let plain = RequestFacts {
        operation: Operation::Remove,
        caller: Some(vec!["server management".into()]),
        ..RequestFacts::default()
    };
    let about_first = RequestFacts { certificate: Some(0), thumbprint: first.clone(), ..plain.clone() };
    let missing = RequestFacts { thumbprint: NOT_INSTALLED.into(), ..plain.clone() };
    let mut requests = vec![about_first.clone(), missing.clone()];
    for default_smtp in [None, Some(Answer::Keep), Some(Answer::Replace)] {
        for services in [0, SMTP, IIS, IMAP | POP | IIS | SMTP] {
            let operation = Operation::Assign { services, mode: Mode::Add };
            requests.push(RequestFacts { operation, default_smtp, ..about_first.clone() });
        }
        let operation = Operation::Assign { services: IIS | SMTP, mode: Mode::Add };
        requests.push(RequestFacts { operation, default_smtp, ..missing.clone() });
        for update_connectors in [false, true] {
            requests.push(RequestFacts {
                operation: Operation::Replace { old: Some(0), update_connectors },
                certificate: Some(1),
                thumbprint: second.clone(),
                old_thumbprint: first.clone(),
                default_smtp,
                ..plain.clone()
            });
        }
    }
    requests
}

/// Connectors of every kind: of those that were not read some may be known.
fn connectors(named: &CertificateFacts) -> Vec<ConnectorFacts> {
    let name = Fact::Value(CertificateName::of(named));
    let kinds = [ConnectorKind::Send, ConnectorKind::Hybrid, ConnectorKind::Receive];
    let by_name = kinds.map(|kind| ConnectorFacts {
        kind,
        name: format!("{kind:?}"),
        tls_certificate_name: name.clone(),
        servers: if kind == ConnectorKind::Hybrid { Vec::new() } else { vec!["MBX01".into()] },
        ..ConnectorFacts::default()
    });
    let by_host = ConnectorFacts {
        name: "Relay".into(),
        fqdn: Fact::Value("mbx01.contoso.com".into()),
        servers: vec!["MBX01".into()],
        ..ConnectorFacts::default()
    };
    by_name.into_iter().chain([by_host]).collect()
}

/// Known and not known, beside what was not read: an answer that came in part stays.
fn known(certificates: Vec<CertificateFacts>, (version, role): (Version, Role), is_known: bool) -> ServerFacts {
    ServerFacts {
        name: "MBX01".into(),
        fqdn: Some("mbx01.contoso.com".into()),
        version,
        roles: vec![role],
        imap_certificate_name: Fact::Value("mail.contoso.com".into()),
        pop_certificate_name: Fact::Value("pop.contoso.com".into()),
        client_names: is_known.then(|| vec!["mail.contoso.com".into(), "owa.contoso.com".into()]),
        edge_subscribed: is_known,
        auth_certificates: is_known.then_some(AuthFacts { current: None, next: None }),
        connectors: if is_known { connectors(&certificates[0]) } else { Vec::new() },
        certificates,
        ..ServerFacts::default()
    }
}

#[test]
fn whatever_was_not_read_is_decided_as_the_table_says() {
    let checked = AtomicUsize::new(0);
    let sets = not_read();
    thread::scope(|scope| {
        for half in sets.chunks(sets.len().div_ceil(2)) {
            scope.spawn(|| half.iter().for_each(|not_read| check_not_read(not_read, &checked)));
        }
    });
    let checked = checked.into_inner();
    println!("{checked} combinations of what was not read, server, certificates, default, known facts and request");
    assert_eq!(checked, 48 * 3 * 4 * 2 * 4 * 23);
}

fn check_not_read(not_read: &[NotRead], checked: &AtomicUsize) {
    let all = IMAP | POP | IIS | SMTP;
    let pairs = [
        (HEALTHY, all, RENEWED, 0),
        (SELF_SIGNED, SMTP | IIS, WILDCARD_ALONE, IIS | SMTP),
        (AUTH, SMTP, HEALTHY, all),
        (HEALTHY, 0, EXPIRED, all),
    ];
    for (first, services, second, others) in pairs {
        let certificates = vec![installed(first, services, None), installed(second, others, None)];
        for server in [(Version::Se, Role::Mailbox), (Version::E2013, Role::ClientAccess), (Version::E2019, Role::Edge)]
        {
            for is_known in [true, false] {
                let server =
                    ServerFacts { not_read: not_read.to_vec(), ..known(certificates.clone(), server, is_known) };
                for default_smtp in &DEFAULTS[1..] {
                    for request in requests(&certificates) {
                        let server = ServerFacts { default_smtp: *default_smtp, ..server.clone() };
                        let mut situation = Situation { now: seconds(NOW), server, request };
                        if *default_smtp == DefaultSmtp::NotInstalled && situation.request.certificate.is_none() {
                            situation.server.default_smtp = DefaultSmtp::NotInstalledRequested;
                        }
                        assert_eq!(by_library(&situation), by_table(&situation), "{situation:#?}");
                        checked.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    }
}
