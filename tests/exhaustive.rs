//! Every combination of what an assignment turns on, decided by the library and by the decision table.

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
    Answer, CertificateFacts, DefaultSmtp, Fact, IIS, IMAP, LoadBalancing, Mode, Operation, POP, RequestFacts, Role,
    SMTP, ServerFacts, Situation, StartupMode, Status, UM, UM_CALL_ROUTER, Version,
};
use support::pool::{
    ELLIPTIC_CURVE, EXPIRED, HEALTHY, NOW, POOL, RENEWED, SELF_SIGNED, SMALL_KEY, UNREADABLE_NAMES,
    UNREADABLE_PURPOSES, WILDCARD, seconds, versions_with_roles,
};

const KINDS: [usize; 8] =
    [HEALTHY, WILDCARD, SELF_SIGNED, EXPIRED, SMALL_KEY, ELLIPTIC_CURVE, UNREADABLE_NAMES, UNREADABLE_PURPOSES];

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
