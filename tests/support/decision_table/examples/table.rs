//! The examples in their order.

use super::super::Kind;
use super::super::facts::*;
use super::Example;
use super::parts::*;

type Answers = &'static [(&'static str, &'static str)];
type Rules = &'static [(&'static str, Option<Kind>)];

struct Table(Vec<Example>);

impl Table {
    fn add(&mut self, number: u8, server: ServerFacts, certificates: &[Lettered], expected: Answers) {
        let letters = certificates.iter().map(|it| it.letter).collect();
        self.0.push(Example { number, server, letters, request: None, expected, rules: &[] });
    }

    /// After a request on the server of the example before.
    fn then(&mut self, request: RequestFacts, expected: Answers, rules: Rules) {
        let Some(last) = self.0.last() else {
            return;
        };
        let (number, server, letters) = (last.number, last.server.clone(), last.letters.clone());
        self.0.push(Example { number, server, letters, request: Some(request), expected, rules });
    }
}

/// Example 2.
fn usual() -> [Lettered; 2] {
    [s().with(IIS | SMTP, &[2]), p().with(ALL, &[1])]
}

fn on(certificates: &[Lettered], change: impl FnOnce(&mut ServerFacts)) -> ServerFacts {
    let mut server = mailbox(MAIL, certificates);
    change(&mut server);
    server
}

fn connector<'a>(server: &'a mut ServerFacts, name: &str) -> &'a mut ConnectorFacts {
    let place = server.connectors.iter().position(|it| it.name == name).unwrap_or_default();
    &mut server.connectors[place]
}

fn cf_is_mail(server: &mut ServerFacts) {
    connector(server, "CF").fqdn = Fact::Value(MAIL.to_owned());
}

fn df_is_named(server: &mut ServerFacts) {
    connector(server, "DF").tls_certificate_name = name_of(&p());
}

pub fn all() -> Vec<Example> {
    let mut table = Table(Vec::new());
    usual_servers(&mut table);
    choices(&mut table);
    relays(&mut table);
    defaults(&mut table);
    organisations(&mut table);
    others(&mut table);
    table.0
}

fn usual_servers(table: &mut Table) {
    let fresh = [s().with(ALL, &[1, 2])];
    table.add(
        1,
        mailbox("MBX01", &fresh),
        &fresh,
        &[
            ("https/1/*:443", "S self-signed"),
            ("https/2/*:444", "S self-signed"),
            ("imap", "S self-signed"),
            ("pop", "S self-signed"),
            ("receive/MBX01\\CF", "S self-signed"),
            ("receive/MBX01\\D", "S self-signed"),
            ("receive/MBX01\\DF", "S self-signed"),
            ("send/SI@MBX01", "S self-signed"),
            ("internal", "S self-signed"),
        ],
    );
    let certificates = usual();
    table.add(
        2,
        mailbox(MAIL, &certificates),
        &certificates,
        &[
            ("https/1/*:443", "P"),
            ("https/2/*:444", "S self-signed"),
            ("imap", "P"),
            ("pop", "P"),
            ("receive/MBX01\\CF", "S self-signed"),
            ("receive/MBX01\\D", "S self-signed"),
            ("receive/MBX01\\DF", "S self-signed"),
            ("send/SI@MBX01", "S self-signed"),
            ("internal", "S self-signed"),
        ],
    );
    let certificates = [s().with(IIS | SMTP, &[2]), p().with(IMAP | POP | IIS, &[1])];
    table.add(2, mailbox(MAIL, &certificates), &certificates, &[("receive/MBX01\\DF", "S self-signed")]);
    table.then(
        assigning(SMTP, 1, Answer::Keep),
        &[("receive/MBX01\\DF", "S self-signed")],
        &[
            ("smtp-reaches-nothing", Some(Kind::Warn)),
            ("smtp-reaches-some", None),
            ("endpoint-worse", None),
            ("endpoints-unknown", None),
        ],
    );
    let certificates = usual();
    table.add(
        3,
        on(&certificates, cf_is_mail),
        &certificates,
        &[
            ("https/1/*:443", "P"),
            ("receive/MBX01\\CF", "P"),
            ("receive/MBX01\\D", "S self-signed"),
            ("receive/MBX01\\DF", "S self-signed"),
            ("send/SI@MBX01", "S self-signed"),
            ("internal", "S self-signed"),
        ],
    );
    table.add(
        4,
        on(&certificates, df_is_named),
        &certificates,
        &[
            ("receive/MBX01\\CF", "S self-signed"),
            ("receive/MBX01\\D", "S self-signed"),
            ("receive/MBX01\\DF", "P"),
            ("send/SI@MBX01", "S self-signed"),
            ("internal", "S self-signed"),
        ],
    );
    let certificates = [s().with(IIS | SMTP, &[2]), w().with(IIS | SMTP, &[1])];
    table.add(
        5,
        mailbox(MAIL, &certificates),
        &certificates,
        &[
            ("https/1/*:443", "W"),
            ("https/2/*:444", "S self-signed"),
            ("imap", "W"),
            ("pop", "W"),
            ("receive/MBX01\\CF", "OneOf[W, S self-signed]"),
            ("receive/MBX01\\D", "OneOf[W, S self-signed]"),
            ("receive/MBX01\\DF", "OneOf[W, S self-signed]"),
            ("send/SI@MBX01", "OneOf[W, S self-signed]"),
            ("internal", "S self-signed"),
        ],
    );
}

fn choices(table: &mut Table) {
    let with_p2 = |services: u8| {
        let [own, public] = usual();
        [own, public, p2().with(services, &[])]
    };
    let certificates = with_p2(SMTP);
    table.add(
        6,
        on(&certificates, df_is_named),
        &certificates,
        &[("https/1/*:443", "P"), ("receive/MBX01\\DF", "P2"), ("internal", "S self-signed")],
    );
    table.then(assigning(IIS | IMAP | POP, 2, Answer::Keep), &[("https/1/*:443", "P2")], &[]);
    let [own, former, later] = with_p2(SMTP);
    let certificates = [own, former.with(SMTP, &[]), later.with(ALL, &[1])];
    table.add(6, on(&certificates, df_is_named), &certificates, &[("imap", "OneOf[P2, P]")]);
    table.then(
        removing(1),
        &[("imap", "P2"), ("receive/MBX01\\DF", "P2")],
        &[("removes-connector-certificate", None), ("endpoint-fails", None), ("endpoint-worse", None)],
    );
    let with_send = |server: &mut ServerFacts| server.connectors.push(so(&p()));
    table.add(6, on(&certificates, with_send), &certificates, &[("send/SO@MBX01", "P2")]);
    table.then(
        removing(1),
        &[("send/SO@MBX01", "P2")],
        &[("removes-connector-certificate", Some(Kind::Refuse)), ("endpoint-fails", None)],
    );
    let certificates = with_p2(0);
    table.add(
        7,
        on(&certificates, df_is_named),
        &certificates,
        &[("imap", "OneOf[P2, P]"), ("pop", "OneOf[P2, P]"), ("receive/MBX01\\DF", "P2 key-unreadable")],
    );
    table.then(assigning(IIS, 2, Answer::Keep), &[("https/1/*:443", "P2")], &[("import-takes-over", Some(Kind::Warn))]);
    table.add(
        8,
        on(&certificates, with_send),
        &certificates,
        &[("send/SI@MBX01", "S self-signed"), ("send/SO@MBX01", "P2 key-unreadable")],
    );
    let certificates = [s_usual(), p().with(SMTP, &[]), p_short().with(SMTP, &[])];
    table.add(9, on(&certificates, df_is_named), &certificates, &[("receive/MBX01\\DF", "OneOf[P, P']")]);
    let certificates = [s_usual(), p().with(SMTP, &[]), x().with(SMTP, &[])];
    table.add(10, on(&certificates, cf_is_mail), &certificates, &[("receive/MBX01\\CF", "OneOf[P, X outside-dates]")]);
    let certificates = [s_usual(), x().with(SMTP, &[])];
    table.add(11, on(&certificates, cf_is_mail), &certificates, &[("receive/MBX01\\CF", "X outside-dates")]);
    let certificates = [s_usual(), p().with(IIS | SMTP, &[1]).but(|it| it.has_private_key = false)];
    table.add(
        12,
        on(&certificates, cf_is_mail),
        &certificates,
        &[("https/1/*:443", "P no-key"), ("receive/MBX01\\CF", "Nothing")],
    );
}

fn s_usual() -> Lettered {
    s().with(IIS | SMTP, &[2])
}

fn relays(table: &mut Table) {
    let certificates = usual();
    let mut add = |number, connector: ConnectorFacts, expected: Answers| {
        table.add(number, on(&certificates, |it| it.connectors.push(connector)), &certificates, expected);
    };
    let local = || Fact::Value("relay.contoso.local".to_owned());
    add(13, relay(Fact::Null, "Tls"), &[("receive/MBX01\\Relay", "S self-signed")]);
    add(14, relay(local(), "Tls"), &[("receive/MBX01\\Relay", "Nothing")]);
    add(15, relay(local(), "None"), &[("receive/MBX01\\Relay", "NotOffered")]);
    add(15, relay(local(), "ExternalAuthoritative"), &[("receive/MBX01\\Relay", "NotOffered")]);
}

fn defaults(table: &mut Table) {
    let certificates = [s().with(SMTP, &[]), p().with(ALL, &[1, 2])];
    let to_p = |server: &mut ServerFacts| server.default_smtp = DefaultSmtp::Installed(1);
    table.add(
        16,
        on(&certificates, to_p),
        &certificates,
        &[("https/2/*:444", "P"), ("receive/MBX01\\CF", "S self-signed"), ("internal", "P")],
    );
    table.then(
        removing(0),
        &[
            ("https/2/*:444", "P"),
            ("receive/MBX01\\CF", "Nothing"),
            ("receive/MBX01\\D", "Nothing"),
            ("receive/MBX01\\DF", "Nothing"),
            ("send/SI@MBX01", "Nothing"),
            ("internal", "P"),
        ],
        &[
            ("endpoint-fails", Some(Kind::Refuse)),
            ("removes-default-smtp", None),
            ("removes-last-assignment", None),
            ("removes-connector-certificate", None),
            ("removes-back-end-certificate", None),
        ],
    );
    let certificates = usual();
    for default in [DefaultSmtp::Nothing, DefaultSmtp::NotInstalled] {
        table.add(
            17,
            on(&certificates, |it| it.default_smtp = default),
            &certificates,
            &[
                ("receive/MBX01\\CF", "S self-signed"),
                ("receive/MBX01\\D", "S self-signed"),
                ("receive/MBX01\\DF", "S self-signed"),
                ("send/SI@MBX01", "S self-signed"),
                ("internal", "Nothing"),
            ],
        );
    }
    let certificates = [s_usual().but(|it| it.not_after = date(2026, 6, 1)), p().with(ALL, &[1])];
    table.add(
        18,
        mailbox(MAIL, &certificates),
        &certificates,
        &[
            ("https/1/*:443", "P"),
            ("receive/MBX01\\DF", "S outside-dates self-signed"),
            ("internal", "S outside-dates self-signed"),
        ],
    );
}

fn organisations(table: &mut Table) {
    let both = || vec!["MBX01".to_owned(), "MBX02".to_owned()];
    let shared = |server: &mut ServerFacts| {
        server.connectors = vec![ConnectorFacts { servers: both(), ..so(&p()) }];
    };
    let certificates = usual();
    table.add(19, on(&certificates, shared), &certificates, &[("send/SO@MBX01", "P")]);
    let certificates = [s_usual()];
    let second = |server: &mut ServerFacts| {
        shared(server);
        server.name = "MBX02".to_owned();
    };
    table.add(19, on(&certificates, second), &certificates, &[("send/SO@MBX02", "Nothing")]);
    let hybrid = |server: &mut ServerFacts| {
        df_is_named(server);
        connector(server, "DF").tls_domain_capabilities = Some(vec!["mail.protection.outlook.com".to_owned()]);
        server.connectors.push(so(&p()));
        server.connectors.push(ConnectorFacts {
            kind: ConnectorKind::Hybrid,
            name: "Hybrid".to_owned(),
            tls_certificate_name: name_of(&p()),
            ..ConnectorFacts::default()
        });
    };
    let [own, public] = usual();
    let certificates = [own, public, p3()];
    table.add(20, on(&certificates, hybrid), &certificates, &[("receive/MBX01\\DF", "P"), ("send/SO@MBX01", "P")]);
    table.then(
        assigning(SMTP, 2, Answer::Keep),
        &[("receive/MBX01\\DF", "P"), ("send/SO@MBX01", "P")],
        &[("update-connectors", Some(Kind::FollowUp)), ("smtp-reaches-nothing", None)],
    );
    table.then(
        removing(1),
        &[("receive/MBX01\\DF", "Nothing"), ("send/SO@MBX01", "Nothing")],
        &[("removes-connector-certificate", Some(Kind::Refuse)), ("endpoint-fails", Some(Kind::Refuse))],
    );
    let certificates = usual();
    let unnamed = |server: &mut ServerFacts| {
        server.connectors.push(ConnectorFacts { tls_certificate_name: Fact::Null, ..so(&p()) });
    };
    table.add(21, on(&certificates, unnamed), &certificates, &[("send/SO@MBX01", "S self-signed")]);
}

fn others(table: &mut Table) {
    let certificates = [se().with(SMTP, &[]), pe().with(SMTP, &[])];
    let edge = |server: &mut ServerFacts| {
        server.name = "EDGE01".to_owned();
        server.fqdn = Some("edge01.dmz.local".to_owned());
        server.roles = vec![Role::Edge];
        server.edge_subscribed = true;
        server.connectors = vec![ConnectorFacts {
            name: "EDGE01\\Default".to_owned(),
            servers: vec!["EDGE01".to_owned()],
            fqdn: Fact::Value("edge01.dmz.local".to_owned()),
            ..receive("", TransportRole::HubTransport)
        }];
    };
    table.add(
        22,
        on(&certificates, edge),
        &certificates,
        &[
            ("receive/EDGE01\\Default", "SE self-signed"),
            ("internal", "SE self-signed"),
            ("edgesync", "SE self-signed"),
        ],
    );
    let named = |server: &mut ServerFacts| {
        edge(server);
        server.connectors[0].tls_certificate_name = name_of(&pe());
    };
    table.add(
        22,
        on(&certificates, named),
        &certificates,
        &[("receive/EDGE01\\Default", "PE"), ("internal", "SE self-signed"), ("edgesync", "SE self-signed")],
    );
    table.then(assigning(SMTP, 1, Answer::Replace), &[("internal", "PE"), ("edgesync", "PE")], &[]);
    let certificates = [s_usual(), p(), w()];
    table.add(23, mailbox(MAIL, &certificates), &certificates, &[("imap", "OneOf[W, P]"), ("pop", "OneOf[W, P]")]);
    table.add(23, mailbox("imap.fabrikam.com", &certificates), &certificates, &[("imap", "Nothing")]);
    let certificates = [s().with(SMTP, &[]), p().with(IIS, &[1]), q().with(IIS, &[1]), r().with(IIS, &[1]), p2()];
    let bound = |server: &mut ServerFacts| {
        server.web_bindings = Some(vec![
            binding(1, ":443:", Some(1)),
            binding(1, "10.0.0.5:443:", Some(2)),
            binding(1, "*:443:autodiscover.contoso.com", Some(3)),
            binding(2, "*:444:", None),
        ]);
    };
    table.add(24, mailbox(MAIL, &certificates), &certificates, &[("https/1/*:443", "OneOf[P, Q, R]")]);
    table.add(
        24,
        on(&certificates, bound),
        &certificates,
        &[
            ("https/1/*:443", "P"),
            ("https/1/*:443:autodiscover.contoso.com", "R"),
            ("https/1/10.0.0.5:443", "Q"),
            ("https/2/*:444", "Nothing"),
        ],
    );
    table.then(
        assigning(IIS, 4, Answer::Keep),
        &[
            ("https/1/*:443", "P2"),
            ("https/1/*:443:autodiscover.contoso.com", "OneOf[R, P2]"),
            ("https/1/10.0.0.5:443", "OneOf[Q, P2]"),
            ("https/2/*:444", "Nothing"),
        ],
        &[("iis-binding-keeps-other", Some(Kind::Warn))],
    );
    let certificates = [s().with(IIS | SMTP | UM, &[2]), p().with(SMTP | UM, &[])];
    let mb1 = |server: &mut ServerFacts| {
        server.version = Version::E2013;
        server.name = "MB1".to_owned();
        server.um_startup_mode = StartupMode::Dual;
        server.connectors =
            vec![ConnectorFacts { servers: vec!["MB1".to_owned()], ..receive("D", TransportRole::HubTransport) }];
    };
    table.add(
        25,
        on(&certificates, mb1),
        &certificates,
        &[
            ("https/2/*:444", "S self-signed"),
            ("receive/MB1\\D", "S self-signed"),
            ("internal", "S self-signed"),
            ("um", "OneOf[P, S self-signed]"),
        ],
    );
    let certificates = [s().with(SMTP, &[]), p().with(ALL, &[1])];
    let cas1 = |server: &mut ServerFacts| {
        mb1(server);
        server.name = "CAS1".to_owned();
        server.roles = vec![Role::ClientAccess];
        server.connectors = vec![ConnectorFacts {
            servers: vec!["CAS1".to_owned()],
            ..receive("DF", TransportRole::FrontendTransport)
        }];
    };
    table.add(
        25,
        on(&certificates, cas1),
        &certificates,
        &[
            ("https/1/*:443", "P"),
            ("imap", "P"),
            ("pop", "P"),
            ("receive/CAS1\\DF", "S self-signed"),
            ("internal", "S self-signed"),
            ("um-call-router", "NotOffered"),
        ],
    );
}
