//! Organisations at random: servers of several versions, what they share, and a renewal.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::comparison::NOT_INSTALLED;
use super::decision_table::organization::{AuthThumbprints, OrganizationFacts, Reading, RenewalFacts};
use super::decision_table::{
    Answer, CertificateFacts, CertificateName, ConnectorFacts, ConnectorKind, DefaultSmtp, FEDERATION, Fact, IIS, IMAP,
    KeyStorage, LoadBalancing, NotRead, POP, Role, RootCaType, SMTP, ServerFacts, StartupMode, Status, TransportRole,
    UM, UM_CALL_ROUTER, Version, WebBinding,
};
use super::pool::{
    AUTH, ELLIPTIC_CURVE, EMPTY_SUBJECT_RENEWED, EXPIRED, HEALTHY, NOW, OTHER_FIRST, OTHER_ISSUER, OWN_NAME, POOL,
    RENEWED, SELF_SIGNED, SELF_SIGNED_MAIL, SHORT, WEB_MANAGEMENT, WILDCARD_ALONE, WILDCARD_LATER, seconds,
};

/// Another key of the names and dates of the renewed one's predecessor: older than the healthy one.
const OLDER: usize = 2;
const ALL: u8 = IMAP | POP | UM | IIS | SMTP | UM_CALL_ROUTER;

/// What a connector names, before the certificates are looked up.
#[derive(Clone, Copy, Debug)]
enum Names {
    Nothing,
    NotKnown,
    Pool(usize),
    New,
    Nobody,
}

/// The choices that are made once for the organisation.
#[derive(Clone, Debug)]
struct Plot {
    new: usize,
    /// What is in use on most servers.
    old: usize,
    kinds: Vec<Kind>,
}

type Kind = (Version, Vec<Role>);

pub fn organizations() -> impl Strategy<Value = OrganizationFacts> {
    plot().prop_flat_map(|plot| {
        let servers: Vec<_> = (0..plot.kinds.len()).map(|place| server(place, &plot)).collect();
        let count = plot.kinds.len();
        (Just(plot), servers, vec(connector(count), 0..=3), hybrid(count), auth(), not_read(), request(count)).prop_map(
            |(plot, servers, connectors, hybrid, auth, not_read, request)| {
                settled(&plot, servers, connectors.into_iter().chain(hybrid).collect(), auth, not_read, request)
            },
        )
    })
}

/// A pair of certificates of one name far more often than not.
fn plot() -> impl Strategy<Value = Plot> {
    let pairs = prop_oneof![
        5 => Just((RENEWED, HEALTHY)),
        5 => Just((OTHER_ISSUER, HEALTHY)),
        2 => Just((WILDCARD_LATER, HEALTHY)),
        2 => Just((WILDCARD_ALONE, HEALTHY)),
        2 => Just((OTHER_FIRST, OTHER_FIRST - 1)),
        1 => Just((OTHER_FIRST, HEALTHY)),
        1 => Just((EMPTY_SUBJECT_RENEWED, HEALTHY)),
        1 => Just((SELF_SIGNED_MAIL, HEALTHY)),
        1 => Just((OTHER_ISSUER, SELF_SIGNED_MAIL)),
        1 => Just((SHORT, HEALTHY)),
        1 => Just((RENEWED, EXPIRED)),
        1 => Just((EXPIRED, HEALTHY)),
        1 => Just((ELLIPTIC_CURVE, HEALTHY)),
        1 => Just((OTHER_ISSUER, OLDER)),
        1 => (0..POOL.len(), 0..POOL.len()),
    ];
    let mailbox = prop_oneof![
        1 => Just((Version::E2013, vec![Role::Mailbox, Role::ClientAccess])),
        1 => Just((Version::E2013, vec![Role::Mailbox])),
        1 => Just((Version::E2013, vec![Role::ClientAccess])),
        3 => Just((Version::E2016, vec![Role::Mailbox])),
        3 => Just((Version::E2019, vec![Role::Mailbox])),
        4 => Just((Version::Se, vec![Role::Mailbox])),
    ];
    let edge = select(vec![Version::E2016, Version::Se]).prop_map(|version| (version, vec![Role::Edge]));
    (pairs, vec(mailbox, 2..=3), option::weighted(0.35, edge)).prop_map(|((new, old), mut kinds, edge)| {
        kinds.extend(edge);
        // No certificate takes its own place.
        let another = if new == SELF_SIGNED { HEALTHY } else { SELF_SIGNED };
        Plot { new, old: if old == new { another } else { old }, kinds }
    })
}

fn name_of(place: usize, roles: &[Role]) -> String {
    if roles == [Role::Edge] { "EDGE01".to_owned() } else { format!("MBX0{}", place + 1) }
}

fn services(hosted: u8) -> impl Strategy<Value = Option<u8>> {
    let set = prop_oneof![
        5 => Just(ALL),
        3 => Just(IIS | SMTP),
        2 => Just(SMTP),
        1 => Just(IMAP | POP | IIS),
        1 => Just(0),
        1 => 0_u8..128,
    ];
    option::weighted(0.98, set.prop_map(move |set| set & (hosted | FEDERATION)))
}

fn certificate(place: usize, services: impl Strategy<Value = Option<u8>>) -> impl Strategy<Value = CertificateFacts> {
    let statuses = vec![Status::Untrusted, Status::RevocationCheckFailure, Status::Revoked, Status::Valid];
    (
        services,
        prop_oneof![9 => Just(None), 1 => select(statuses).prop_map(Some)],
        option::weighted(0.2, select(vec![RootCaType::ThirdParty, RootCaType::Registry])),
        option::weighted(0.1, select(vec![KeyStorage::Csp, KeyStorage::Ksp])),
        prop::bool::weighted(0.97),
        prop::bool::weighted(0.93),
    )
        .prop_map(move |(services, status, root_ca_type, key_storage, has_private_key, sites_known)| {
            let iis = services.unwrap_or(0) & IIS != 0;
            CertificateFacts {
                services,
                status,
                root_ca_type,
                key_storage,
                has_private_key,
                web_sites: sites_known.then(|| if iis { vec![1] } else { Vec::new() }),
                ..POOL[place].facts.clone()
            }
        })
}

fn server(place: usize, plot: &Plot) -> impl Strategy<Value = ServerFacts> + use<> {
    let (version, roles) = plot.kinds[place].clone();
    let name = name_of(place, &roles);
    let plain = ServerFacts { name: name.clone(), version, roles: roles.clone(), ..ServerFacts::default() };
    let hosted = plain.hosted() & !FEDERATION;
    let edge = plain.is_edge();
    let (old, new) = (plot.old, plot.new);
    // The one of the organisation, or what else there is of its names.
    let old = prop_oneof![
        14 => Just(Some(old)),
        1 => Just(Some(OLDER)),
        1 => Just(Some(EXPIRED)),
        1 => Just(None),
    ]
    .prop_flat_map(move |place| match place.filter(|place| *place != new) {
        Some(place) => certificate(place, services(hosted)).prop_map(Some).boxed(),
        None => Just(None).boxed(),
    });
    let of_new = prop_oneof![
        4 => Just(Some(0)),
        1 => Just(Some(SMTP)),
        1 => Just(Some(ALL)),
        1 => Just(Some(IIS)),
    ];
    let new = option::weighted(0.55, certificate(new, of_new.prop_map(move |it| it.map(|set| set & hosted))));
    let own = certificate(SELF_SIGNED, Just(Some((SMTP | IIS) & hosted)));
    let others = vec![AUTH, WEB_MANAGEMENT, WILDCARD_ALONE, OTHER_FIRST, OWN_NAME, SHORT, OTHER_ISSUER, RENEWED];
    let other = option::weighted(
        0.35,
        select(others).prop_flat_map(move |place| certificate(place, select(vec![Some(0), Some(SMTP & hosted)]))),
    );
    let host = select(vec!["mail.contoso.com", "autodiscover.contoso.com", "pop.contoso.com"]);
    let host = || prop_oneof![1 => Just(Fact::NotKnown), 1 => Just(Fact::Null), 5 => host.clone().prop_map(|it| Fact::Value(it.to_owned()))];
    let defaults = prop_oneof![8 => Just(0_u8), 1 => Just(1), 1 => Just(2), 2 => Just(3), 1 => Just(4), 1 => Just(5)];
    let modes = || select(vec![StartupMode::Dual, StartupMode::Dual, StartupMode::Tls, StartupMode::Tcp]);
    (
        (old, new, own, other),
        (host(), host(), option::of(subsequence(vec!["mail.contoso.com", "autodiscover.contoso.com"], 0..=2))),
        (modes(), modes(), select(vec![LoadBalancing::None, LoadBalancing::Layer4, LoadBalancing::Layer7])),
        (defaults, prop::bool::weighted(if edge { 0.6 } else { 0.2 }), prop::bool::weighted(0.95)),
        (vec(receive(), 0..=2), bindings(), prop::bool::weighted(0.04)),
    )
        .prop_map(
            move |(
                (old, new, mut own, other),
                (imap, pop, clients),
                (um, call_router, load_balancing),
                (default, edge_subscribed, fqdn_known),
                (receive, bindings, certificates_unread),
            )| {
                if own.services.unwrap_or(0) & IIS != 0 {
                    own.web_sites = Some(vec![2]);
                    own.friendly_name = Some("Microsoft Exchange".to_owned());
                }
                let mut certificates: Vec<CertificateFacts> = vec![own];
                for it in [old, other, new].into_iter().flatten() {
                    if certificates.iter().all(|there| there.thumbprint != it.thumbprint) {
                        certificates.push(it);
                    }
                }
                let last = certificates.len() - 1;
                let connectors = receive.into_iter().enumerate().map(|(place, it)| ConnectorFacts {
                    name: ["Default Frontend", "Relay"][place].to_owned(),
                    servers: vec![plain.name.clone()],
                    ..it
                });
                ServerFacts {
                    fqdn: fqdn_known.then(|| format!("{}.contoso.com", plain.name.to_lowercase())),
                    um_startup_mode: um,
                    um_call_router_startup_mode: call_router,
                    imap_certificate_name: imap,
                    pop_certificate_name: pop,
                    client_names: clients.map(|them| them.into_iter().map(str::to_owned).collect()),
                    edge_subscribed,
                    load_balancing,
                    default_smtp: match default {
                        0 => DefaultSmtp::Installed(0),
                        1 => DefaultSmtp::NotKnown,
                        2 => DefaultSmtp::Nothing,
                        3 => DefaultSmtp::Installed(last.min(1)),
                        4 => DefaultSmtp::NotInstalled,
                        _ => DefaultSmtp::Installed(last),
                    },
                    connectors: connectors.collect(),
                    web_bindings: bindings.clone().map(|them| bound(them, &certificates)),
                    not_read: if certificates_unread { vec![NotRead::ReceiveConnectors] } else { Vec::new() },
                    certificates,
                    ..plain.clone()
                }
            },
        )
}

/// The usual bindings, and some of their own.
fn bindings() -> impl Strategy<Value = Option<Vec<(u32, &'static str, usize)>>> {
    let own =
        subsequence(vec![(1, "10.0.0.5:443:", 1), (1, "*:443:mail.contoso.com", 1), (1, "127.0.0.1:443:", 0)], 0..=2);
    option::weighted(0.25, own.prop_map(|own| [vec![(1, "*:443:", 1), (2, "*:444:", 0)], own].concat()))
}

fn bound(them: Vec<(u32, &'static str, usize)>, certificates: &[CertificateFacts]) -> Vec<WebBinding> {
    let bound = |(site, binding, place): (u32, &str, usize)| WebBinding {
        site,
        binding: binding.to_owned(),
        certificate: (place < certificates.len()).then_some(place),
    };
    them.into_iter().map(bound).collect()
}

fn names() -> impl Strategy<Value = Names> {
    prop_oneof![
        8 => Just(Names::Pool(usize::MAX)),
        2 => Just(Names::New),
        2 => Just(Names::Nothing),
        1 => Just(Names::NotKnown),
        1 => Just(Names::Nobody),
        1 => Just(Names::Pool(SELF_SIGNED)),
        1 => Just(Names::Pool(OTHER_FIRST)),
    ]
}

/// What it names, kept in the issuer until the certificates are known.
fn kept(names: Names) -> Fact<CertificateName> {
    match names {
        Names::NotKnown => Fact::NotKnown,
        Names::Nothing => Fact::Null,
        other => Fact::Value(CertificateName { issuer: format!("{other:?}"), subject: String::new() }),
    }
}

fn receive() -> impl Strategy<Value = ConnectorFacts> {
    let fqdn = prop_oneof![
        1 => Just(Fact::NotKnown),
        2 => Just(Fact::Null),
        4 => select(vec!["mail.contoso.com", "mbx01.contoso.com", "MBX01"]).prop_map(|it| Fact::Value(it.to_owned())),
    ];
    let roles = option::of(select(vec![TransportRole::FrontendTransport, TransportRole::HubTransport]));
    (names(), fqdn, roles).prop_map(|(names, fqdn, transport_role)| ConnectorFacts {
        kind: ConnectorKind::Receive,
        tls_certificate_name: kept(names),
        fqdn,
        transport_role,
        ..ConnectorFacts::default()
    })
}

/// Which servers it names: places, and beyond them what no fleet knows.
fn sources(count: usize) -> impl Strategy<Value = Vec<String>> {
    let known: Vec<usize> = (0..count).collect();
    let known = prop_oneof![
        1 => Just(Vec::new()),
        5 => subsequence(known.clone(), 1..=1),
        5 => subsequence(known, 2..=count),
    ];
    (known, prop::bool::weighted(0.08)).prop_map(|(known, stranger)| {
        known.iter().map(ToString::to_string).chain(stranger.then(|| "MBX99".to_owned())).collect()
    })
}

fn connector(count: usize) -> impl Strategy<Value = ConnectorFacts> {
    let switch = || option::weighted(0.3, any::<bool>());
    let fqdn = prop_oneof![
        1 => Just(Fact::NotKnown),
        2 => Just(Fact::Null),
        2 => select(vec!["mail.contoso.com", "mbx01.contoso.com"]).prop_map(|it| Fact::Value(it.to_owned())),
    ];
    (names(), sources(count), fqdn, (switch(), switch(), option::weighted(0.05, Just(false)))).prop_map(
        |(names, servers, fqdn, (domain_secure_enabled, cloud_services_mail_enabled, enabled))| ConnectorFacts {
            kind: ConnectorKind::Send,
            tls_certificate_name: kept(names),
            servers,
            fqdn,
            domain_secure_enabled,
            cloud_services_mail_enabled,
            enabled,
            ..ConnectorFacts::default()
        },
    )
}

fn hybrid(count: usize) -> impl Strategy<Value = Option<ConnectorFacts>> {
    let made = (names(), sources(count)).prop_map(|(names, servers)| ConnectorFacts {
        kind: ConnectorKind::Hybrid,
        name: "Hybrid Configuration".to_owned(),
        tls_certificate_name: kept(names),
        servers,
        ..ConnectorFacts::default()
    });
    option::weighted(0.35, made)
}

fn auth() -> impl Strategy<Value = Option<AuthThumbprints>> {
    let thumbprint = |place: usize| POOL[place].facts.thumbprint.clone();
    let certificates = prop_oneof![6 => Just(Some(AUTH)), 2 => Just(None), 1 => Just(Some(HEALTHY))];
    let known = certificates.prop_map(move |place| AuthThumbprints { current: place.map(thumbprint), next: None });
    option::weighted(0.8, known)
}

fn not_read() -> impl Strategy<Value = Vec<NotRead>> {
    let kinds = vec![NotRead::SendConnectors, NotRead::Hybrid, NotRead::Auth, NotRead::EdgeSubscriptions];
    prop_oneof![19 => Just(Vec::new()), 1 => subsequence(kinds, 1..=2)]
}

fn request(count: usize) -> impl Strategy<Value = RenewalFacts> {
    let groups = vec![vec![], vec!["Organization Management"], vec!["server management"], vec!["Contoso Mail Team"]];
    let caller = prop_oneof![
        8 => Just(None),
        2 => select(groups).prop_map(|groups| Some(groups.into_iter().map(str::to_owned).collect::<Vec<_>>())),
    ];
    // Which certificate is given is known once the pair is.
    let old = prop_oneof![6 => Just(None), 3 => Just(Some(String::new())), 1 => Just(Some(NOT_INSTALLED.to_owned()))];
    let places: Vec<usize> = (0..count).collect();
    let order = prop_oneof![
        6 => Just(None),
        1 => Just(places.clone()).prop_shuffle().prop_map(Some),
        1 => subsequence(places, 1..=count).prop_shuffle().prop_map(Some),
    ];
    let answer = prop_oneof![3 => Just(Some(Answer::Keep)), 2 => Just(Some(Answer::Replace)), 1 => Just(None)];
    let accepted = prop_oneof![
        4 => Just(Vec::new()),
        1 => Just(vec![Status::Untrusted, Status::RevocationCheckFailure, Status::Unknown]),
    ];
    (old, prop::bool::weighted(0.8), prop::bool::weighted(0.2), answer, caller, accepted, any::<bool>(), order)
        .prop_map(|(old, update_connectors, keep_old, default_smtp, caller, accept_status, require_ssl, order)| {
            RenewalFacts {
                new: CertificateFacts::default(),
                old,
                update_connectors,
                keep_old,
                default_smtp,
                caller,
                accept_status,
                require_ssl,
                order,
                reading: Reading::Letter,
            }
        })
}

/// Writes down what follows from the rest.
fn settled(
    plot: &Plot,
    mut servers: Vec<ServerFacts>,
    mut connectors: Vec<ConnectorFacts>,
    auth: Option<AuthThumbprints>,
    not_read: Vec<NotRead>,
    mut request: RenewalFacts,
) -> OrganizationFacts {
    request.new = POOL[plot.new].facts.clone();
    if request.old.as_ref().is_some_and(String::is_empty) {
        request.old = Some(POOL[plot.old].facts.thumbprint.clone());
    }
    let names: Vec<(String, Option<String>)> = servers.iter().map(|it| (it.name.clone(), it.fqdn.clone())).collect();
    let name_of = |text: &String, place: usize| match text.parse::<usize>() {
        // Exchange prints one or the other.
        Ok(server) if place == 1 => names[server].1.clone().unwrap_or_else(|| names[server].0.clone()),
        Ok(server) => names[server].0.clone(),
        Err(_) => text.clone(),
    };
    for (place, connector) in connectors.iter_mut().enumerate() {
        connector.servers.iter_mut().for_each(|text| *text = name_of(text, place));
        if connector.kind == ConnectorKind::Send {
            connector.name = ["Outbound to Office 365", "To partners", "It's \u{2019}; one"][place].to_owned();
        }
    }
    let own = servers.iter_mut().flat_map(|it| &mut it.connectors);
    for connector in connectors.iter_mut().chain(own) {
        let Fact::Value(name) = &mut connector.tls_certificate_name else { continue };
        *name = match name.issuer.as_str() {
            "New" => CertificateName::of(&request.new),
            "Nobody" => CertificateName { issuer: "CN=Nobody".into(), subject: "CN=Nobody".into() },
            pool => {
                let place = pool.trim_start_matches("Pool(").trim_end_matches(')').parse().unwrap_or(plot.old);
                let named = &POOL[if place < POOL.len() { place } else { plot.old }].facts;
                CertificateName { issuer: named.issuer.clone(), subject: named.subject.to_lowercase() }
            }
        };
    }
    OrganizationFacts { now: seconds(NOW), servers, connectors, auth, not_read, request }
}
