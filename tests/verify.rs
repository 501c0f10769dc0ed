//! The example `verify`, over exports as the collection script writes them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "support"]
mod support {
    pub mod collection;
    pub mod example;
    pub mod export;
    pub mod factory;
}

use std::path::{Path, PathBuf};
use std::process::Output;

use exchange_certificates::Thumbprint;
use expect_test::expect_file;
use serde_json::{Value, json};
use support::collection::{CLIENT_NAMES, Collection, certificate, list, presented, question, web_binding};
use support::example::run;
use support::export::{Element, Node, document};
use support::factory::CertificateFactory;

const NOW: &str = "2026-12-01";
const NAME: &str = "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=mail.contoso.com, O=Contoso, C=US";

/// The self-signed certificate of a server.
fn own(server: &str) -> CertificateFactory {
    CertificateFactory::new(server)
        .subject(&[("CN", server)])
        .dns_names([server, &format!("{}.contoso.com", server.to_lowercase())])
        .valid("2024-02-01T08:00:00Z", "2029-02-01T08:00:00Z")
        .self_signed()
}

fn former() -> CertificateFactory {
    CertificateFactory::new("mail.contoso.com").valid("2026-02-01T00:00:00Z", "2026-12-20T00:00:00Z")
}

fn renewed() -> CertificateFactory {
    CertificateFactory::new("mail.contoso.com").valid("2026-11-20T00:00:00Z", "2027-12-01T00:00:00Z")
}

/// One that nobody expects.
fn stray() -> CertificateFactory {
    CertificateFactory::new("stray.contoso.com")
}

fn thumbprint(factory: &CertificateFactory) -> String {
    Thumbprint::of(&factory.build_der()).to_string()
}

fn of_kind(class: &str) -> Element {
    Element::new(&[&format!("Microsoft.Exchange.Data.Directory.SystemConfiguration.{class}"), "System.Object"])
}

/// How an organisation is, of which everything is exported.
#[derive(Clone)]
struct State {
    servers: Vec<&'static str>,
    public: CertificateFactory,
    /// The certificate of the name that IMAP has, and POP.
    imap: &'static str,
    pop: &'static str,
    /// What else is installed, without services.
    beside: Vec<CertificateFactory>,
    default_is_public: bool,
    relay: Option<&'static str>,
    has_tls: bool,
    failed: Option<&'static str>,
}

impl State {
    fn new(public: CertificateFactory) -> Self {
        Self {
            servers: vec!["MBX01"],
            public,
            imap: "mail.contoso.com",
            pop: "mail.contoso.com",
            beside: Vec::new(),
            default_is_public: false,
            relay: None,
            has_tls: true,
            failed: None,
        }
    }

    fn export(&self) -> Collection {
        let count = i64::try_from(self.servers.len()).unwrap();
        let empty = ["Get-HybridConfiguration", "Get-AuthConfig", "Get-FederationTrust", "Get-EdgeSubscription"];
        let sources = self.servers.iter().map(|server| Node::text(server)).collect();
        let send = of_kind("SmtpSendConnectorConfig")
            .text("Name", "Outbound")
            .property("Fqdn", Node::Nil)
            .text("TlsCertificateName", NAME)
            .property("SourceTransportServers", list(sources));
        let all = Collection::new("2026-11-30T08:00:00Z", None)
            .read(None, "Get-ExchangeServer", count)
            .all_read(None, &empty)
            .read(None, "Get-SendConnector", 1)
            .with(send);
        self.servers.iter().fold(all, |all, server| self.server(all, server))
    }

    fn server(&self, all: Collection, name: &str) -> Collection {
        let own = own(name);
        let public = thumbprint(&self.public);
        let held = |factory: &CertificateFactory, services: &str, site: &str| {
            certificate(name, factory.build_der())
                .note("IisServices", list(vec![Node::text(site)]))
                .note("Services", Node::text(services))
                .note("Status", Node::text("Valid"))
                .note("HasPrivateKey", Node::Primitive("B", "true".to_owned()))
        };
        let named = |class: &str, of: &str| {
            of_kind(class).text("Server", name).text("Identity", &format!("{name}\\1")).text("X509CertificateName", of)
        };
        let default = if self.default_is_public { public.clone() } else { thumbprint(&own) };
        let transport =
            of_kind("TransportServer").text("Name", name).text("InternalTransportCertificateThumbprint", &default);
        let bound =
            |site, binding: &str, thumbprint: &str| web_binding(name, "https", site, binding, Node::text(thumbprint));
        let asked = |all: Collection, cmdlet: &str, about: Option<&str>, count: i64| {
            if self.failed == Some(about.unwrap_or(cmdlet)) {
                return all.with(question(Some(name), cmdlet, about, "failed", 0, "The server is down."));
            }
            all.with(question(Some(name), cmdlet, about, "read", count, ""))
        };
        let is_read = |what: &str| self.failed != Some(what);
        let mut receive = vec![
            self.receive(name, "Default Frontend", 25, Some(NAME), "FrontendTransport"),
            self.receive(name, "Client Frontend", 587, None, "FrontendTransport"),
            self.receive(name, "Default", 2525, None, "HubTransport"),
        ];
        receive.extend(self.relay.map(|relay| self.receive(name, relay, 26, Some(NAME), "FrontendTransport")));
        let mut certificates = vec![
            held(&own, "IIS, SMTP", "IIS://MBX/W3SVC/2"),
            held(&self.public, "IMAP, POP, IIS, SMTP", "IIS://MBX/W3SVC/1"),
        ];
        certificates.extend(self.beside.iter().map(|factory| {
            let none = Node::Object(Element::new(&["System.Object[]"]).list("LST", Vec::new()));
            certificate(name, factory.build_der()).note("IisServices", none).note("Services", Node::text("None"))
        }));
        let bindings = vec![
            bound(1, "*:443:", &public),
            bound(1, "127.0.0.1:443:", &public),
            bound(2, "*:444:", &thumbprint(&own)),
        ];
        let mut all = all
            .server(name, "Version 15.2 (Build 1544.4)", "Mailbox")
            .all_read(Some(name), &CLIENT_NAMES)
            .with(transport)
            .with(named("Imap4AdConfiguration", self.imap))
            .with(named("Pop3AdConfiguration", self.pop));
        for (cmdlet, about, objects) in [
            ("Get-ExchangeCertificate", None, certificates),
            ("Get-ReceiveConnector", None, receive),
            ("Invoke-Command", Some("Get-WebBinding"), bindings),
        ] {
            all = asked(all, cmdlet, about, i64::try_from(objects.len()).unwrap());
            if is_read(about.unwrap_or(cmdlet)) {
                all = objects.into_iter().fold(all, Collection::with);
            }
        }
        all
    }

    fn receive(&self, server: &str, name: &str, port: u16, named: Option<&str>, role: &str) -> Element {
        let fqdn = if port == 587 { Node::text("mail.contoso.com") } else { Node::Nil };
        let has_tls = self.has_tls || port != 587;
        of_kind("ReceiveConnector")
            .text("Name", &format!("{name} {server}"))
            .text("Server", server)
            .property("Fqdn", fqdn)
            .property("TlsCertificateName", named.map_or(Node::Nil, Node::text))
            .text("AuthMechanism", if has_tls { "Tls, BasicAuth" } else { "BasicAuth" })
            .text("TransportRole", role)
            .property(
                "Bindings",
                list(vec![Node::text(&format!("[::]:{port}")), Node::text(&format!("0.0.0.0:{port}"))]),
            )
    }
}

fn file(name: &str, contents: &[u8]) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("verify");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, contents).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What the probe saw of a server whose public certificate is one, and that of IMAP another.
fn probe(name: &str, public: &str, imap: &str) -> String {
    let own = thumbprint(&own("MBX01"));
    let looks = [
        presented("MBX01", Some("https/1/*:443"), 443, Some(public)),
        presented("MBX01", Some("https/2/*:444"), 444, Some(&own)),
        presented("MBX01", Some("imap"), 993, Some(imap)),
        // POP does not run.
        presented("MBX01", Some("pop"), 995, None),
        presented("MBX01", None, 25, Some(public)),
        presented("MBX01", None, 587, Some(public)),
    ];
    file(&format!("{name}.probe.xml"), document(&looks).as_bytes())
}

fn text(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace("\r\n", "\n");
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn verify(name: &str, before: &State, after: &State, more: &[&str]) -> Output {
    let before = file(&format!("{name}.before.xml"), &before.export().file());
    let after = file(&format!("{name}.after.xml"), &after.export().file());
    run("verify", &[&[before.as_str(), &after, "--now", NOW], more].concat())
}

/// The answer and the exit status.
fn answer(name: &str, before: &State, after: &State, more: &[&str]) -> (Value, i32) {
    let output = verify(name, before, after, &[&["--json"], more].concat());
    assert!(output.stderr.is_empty(), "{}", text(&output));
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
}

/// The endpoints of a state, by their ids.
fn of(answer: &Value, state: &str) -> Vec<String> {
    let endpoints = answer["endpoints"].as_array().unwrap().iter();
    endpoints.filter(|it| it["state"] == state).map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

fn verdicts(answer: &Value) -> Vec<(u64, &str)> {
    let presented = answer["presented"].as_array().unwrap().iter();
    presented.map(|look| (look["port"].as_u64().unwrap(), look["verdict"].as_str().unwrap())).collect()
}

const ALL: [&str; 11] = [
    "https/1/*:443",
    "https/1/127.0.0.1:443",
    "https/2/*:444",
    "imap",
    "pop",
    "receive/MBX01\\Client Frontend MBX01",
    "receive/MBX01\\Default Frontend MBX01",
    "receive/MBX01\\Default MBX01",
    "send/Outbound@MBX01",
    "internal",
    "",
];

#[test]
fn where_nothing_changed_every_endpoint_is_the_same() {
    let state = State::new(former());
    let (answer, status) = answer("same", &state, &state, &[]);
    assert_eq!((status, &answer["outcome"], &answer["format"]), (0, &json!("verified"), &json!(3)));
    assert_eq!(of(&answer, "same"), ALL[..10]);
    for field in ["presented", "default_smtp", "connectors", "added", "removed", "not_read"] {
        assert_eq!(answer[field], json!([]), "{field}");
    }
    assert_eq!(answer["endpoints"].as_array().unwrap().len(), 10);
}

#[test]
fn a_renewal_changes_what_it_is_to_change_and_nothing_gets_worse() {
    let (answer, status) = answer("renewed", &State::new(former()), &State::new(renewed()), &[]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("verified")));
    let changed = [&ALL[..2], &ALL[3..7], &ALL[8..9]].concat();
    assert_eq!(of(&answer, "changed"), changed);
    assert_eq!(of(&answer, "same"), [ALL[2], ALL[7], ALL[9]]);
    let imap = answer["endpoints"].as_array().unwrap().iter().find(|it| it["id"] == "imap").unwrap();
    assert_eq!(imap["server"], "MBX01");
    assert_eq!(imap["before"]["certificate"], thumbprint(&former()));
    assert_eq!(imap["after"]["certificate"], thumbprint(&renewed()));
    assert_eq!(answer["added"], json!([{ "server": "MBX01", "thumbprint": thumbprint(&renewed()) }]));
    assert_eq!(answer["removed"], json!([{ "server": "MBX01", "thumbprint": thumbprint(&former()) }]));
}

#[test]
fn an_endpoint_that_got_worse_is_told_apart_from_one_that_changed() {
    let before = State::new(former());
    let after = State { pop: "pop.contoso.com", default_is_public: true, ..State::new(renewed()) };
    let (answer_of_name, status) = answer("worse", &before, &after, &[]);
    assert_eq!((status, &answer_of_name["outcome"]), (1, &json!("worse")));
    assert_eq!(of(&answer_of_name, "worse"), ["pop"]);
    let default = json!([{ "server": "MBX01", "before": thumbprint(&own("MBX01")), "after": thumbprint(&renewed()) }]);
    assert_eq!(answer_of_name["default_smtp"], default);
    // An import without SMTP breaks what is found by name.
    let imported = State { beside: vec![renewed()], ..before.clone() };
    let (imported, status) = answer("imported", &before, &imported, &[]);
    assert_eq!(status, 1);
    assert_eq!(of(&imported, "worse"), [ALL[6], ALL[8]]);
    // One that has run out is as bad as before, and what is the same is never worse.
    let late = ["--now", "2027-01-01"];
    let before = file("run-out.before.xml", &before.export().file());
    let output = run("verify", &[&[before.as_str(), &before], late.as_slice()].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn what_is_gone_and_worked_or_offers_no_tls_any_more_is_worse_and_what_is_new_is_not() {
    let (plain, relay) = (State::new(former()), State { relay: Some("Relay"), ..State::new(former()) });
    let (gone, status) = answer("gone", &relay, &plain, &[]);
    assert_eq!((status, of(&gone, "gone")), (1, vec!["receive/MBX01\\Relay MBX01".to_owned()]));
    let endpoint = gone["endpoints"].as_array().unwrap().iter().find(|it| it["state"] == "gone").unwrap();
    assert_eq!(endpoint["after"], Value::Null);
    assert_eq!(endpoint["before"]["certificate"], thumbprint(&former()));
    let connector =
        json!([{ "server": "MBX01", "kind": "Receive", "name": "Relay MBX01", "before": NAME, "after": null }]);
    assert_eq!(gone["connectors"], connector);
    let (new, status) = answer("new", &plain, &relay, &[]);
    assert_eq!((status, of(&new, "new")), (0, vec!["receive/MBX01\\Relay MBX01".to_owned()]));
    let (no_tls, status) = answer("no-tls", &plain, &State { has_tls: false, ..plain.clone() }, &[]);
    assert_eq!((status, of(&no_tls, "worse")), (1, vec![ALL[5].to_owned()]));
    let (tls, status) = answer("tls", &State { has_tls: false, ..plain.clone() }, &plain, &[]);
    assert_eq!((status, of(&tls, "changed")), (0, vec![ALL[5].to_owned()]));
    // A server that is no more, and one that is new.
    let two = State { servers: vec!["MBX01", "MBX02"], ..plain.clone() };
    let (fewer, status) = answer("fewer", &two, &plain, &[]);
    assert_eq!((status, of(&fewer, "gone").len(), of(&fewer, "same").len()), (1, 10, 10));
    let (more, status) = answer("more", &plain, &two, &[]);
    assert_eq!((status, of(&more, "new").len()), (0, 10));
}

#[test]
fn what_was_not_read_is_not_known_and_never_gone_or_new() {
    let plain = State { relay: Some("Relay"), ..State::new(former()) };
    for (failed, expected) in [("Get-ExchangeCertificate", 11), ("Get-ReceiveConnector", 5), ("Get-WebBinding", 1)] {
        let blind = State { failed: Some(failed), ..plain.clone() };
        for (name, before, after, side) in
            [("blind-after", &plain, &blind, "after"), ("blind-before", &blind, &plain, "before")]
        {
            let (answer, status) = answer(name, before, after, &[]);
            assert_eq!((status, &answer["outcome"]), (2, &json!("inconclusive")), "{failed} {name}");
            assert_eq!(of(&answer, "not-known").len(), expected, "{failed} {name}: {:?}", of(&answer, "not-known"));
            assert!(of(&answer, "gone").is_empty() && of(&answer, "new").is_empty() && of(&answer, "worse").is_empty());
            assert_eq!(answer["added"], json!([]));
            if failed != "Get-WebBinding" {
                let unread = &answer["not_read"][0];
                assert_eq!((&unread["of"], &unread["server"]), (&json!(side), &json!("MBX01")), "{failed}");
            }
        }
    }
    // Something worse weighs more than something that is not known.
    let worse = State { imap: "imap.contoso.com", failed: Some("Get-ReceiveConnector"), ..plain.clone() };
    assert_eq!(answer("worse-and-blind", &plain, &worse, &[]).1, 1);
}

#[test]
fn a_probe_agrees_or_says_what_is_late_and_what_is_another_one() {
    let (before, after) = (State::new(former()), State::new(renewed()));
    let (old, new, other) = (thumbprint(&former()), thumbprint(&renewed()), thumbprint(&stray()));
    let agreeing = probe("agreeing", &new, &new);
    let (agreed, status) = answer("agreeing", &before, &after, &["--probe", &agreeing]);
    assert_eq!((status, &agreed["outcome"]), (0, &json!("verified")));
    let as_expected = "as-expected";
    assert_eq!(
        verdicts(&agreed),
        [
            (443, as_expected),
            (444, as_expected),
            (993, as_expected),
            (995, "not-seen"),
            (25, as_expected),
            (587, as_expected)
        ]
    );
    let of_port_25 = &agreed["presented"][4];
    assert_eq!(of_port_25["endpoints"], json!([ALL[6]]));
    assert_eq!((&of_port_25["state"], &of_port_25["endpoint"]), (&json!("seen"), &Value::Null));

    let (late, status) = answer("late", &before, &after, &["--probe", &probe("late", &new, &old)]);
    assert_eq!((status, &late["outcome"], verdicts(&late)[2]), (1, &json!("worse"), (993, "late")));
    let (wrong, status) = answer("other", &before, &after, &["--probe", &probe("other", &new, &other)]);
    assert_eq!((status, verdicts(&wrong)[2]), (1, (993, "other")));
    let (all_late, _) = answer("all-late", &before, &after, &["--probe", &probe("all-late", &old, &new)]);
    let late: Vec<_> = verdicts(&all_late).into_iter().filter(|(_, verdict)| *verdict == "late").collect();
    assert_eq!(late, [(443, "late"), (25, "late"), (587, "late")]);
    // Where nothing was to change, what is there still is as it is to be.
    assert_eq!(answer("still", &before, &before, &["--probe", &probe("still", &old, &old)]).1, 0);
}

#[test]
fn a_port_that_is_to_answer_and_was_not_seen_leaves_it_open() {
    let state = State::new(former());
    let old = thumbprint(&former());
    let verify = |name: &str, looks: &[Element]| {
        let probe = file(&format!("{name}.probe.xml"), document(looks).as_bytes());
        let (answer, status) = answer(name, &state, &state, &["--probe", &probe]);
        (verdicts(&answer)[0].1.to_owned(), status)
    };
    let look = |endpoint, port, thumbprint| presented("MBX01", endpoint, port, thumbprint);
    for (name, looked, expected) in [
        ("silent-web", look(Some("https/1/*:443"), 443, None), ("not-seen", 2)),
        ("silent-smtp", look(None, 25, None), ("not-seen", 2)),
        // IMAP does not run by default, nobody else reaches the loopback, and no connector listens at 465.
        ("silent-imap", look(Some("imap"), 993, None), ("not-seen", 0)),
        ("silent-loopback", look(Some("https/1/127.0.0.1:443"), 443, None), ("not-seen", 0)),
        ("silent-465", look(None, 465, None), ("not-seen", 0)),
        // What is seen can be held against nothing.
        ("seen-465", look(None, 465, Some(&old)), ("not-compared", 2)),
        ("seen-elsewhere", presented("MBX09", Some("imap"), 993, Some(&old)), ("not-compared", 2)),
    ] {
        assert_eq!(verify(name, &[looked]), (expected.0.to_owned(), expected.1), "{name}");
    }
}

#[test]
fn a_port_of_several_connectors_presents_what_any_of_them_does() {
    let relay = State { relay: Some("Relay"), ..State::new(renewed()) };
    let mut before = State::new(former());
    before.relay = Some("Relay");
    let looks = [presented("mbx01", None, 26, Some(&thumbprint(&former())))];
    let probe = file("several.probe.xml", document(&looks).as_bytes());
    let (answer, status) = answer("several", &before, &relay, &["--probe", &probe]);
    assert_eq!((status, verdicts(&answer)), (1, vec![(26, "late")]));
    assert_eq!(answer["presented"][0]["endpoints"], json!(["receive/MBX01\\Relay MBX01"]));
}

#[test]
fn people_read_what_became_of_each_endpoint() {
    let before = State { relay: Some("Relay"), ..State::new(former()) };
    let after = State { pop: "pop.contoso.com", default_is_public: true, ..State::new(renewed()) };
    let probe = probe("text", &thumbprint(&renewed()), &thumbprint(&former()));
    let output = verify("text", &before, &after, &["--probe", &probe]);
    let transcript = format!("{}exit status {}\n", text(&output), output.status.code().unwrap());
    expect_file![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/verify.txt")].assert_eq(&transcript);
}

#[test]
fn a_web_site_without_its_bindings_may_be_any_of_them() {
    use base64::Engine as _;
    let scenario = |name: &str, bindings: Value| {
        let der = base64::engine::general_purpose::STANDARD.encode(former().build_der());
        let mut server = json!({ "name": "MBX01", "fqdn": "mbx01.contoso.com", "version": "2019", "roles": ["Mailbox"],
            "default_smtp": thumbprint(&former()), "imap_certificate_name": "none", "pop_certificate_name": "none",
            "certificates": [ { "certificate": der, "services": "IIS, SMTP", "web_sites": [1, 2] } ] });
        if !bindings.is_null() {
            server["web_bindings"] = bindings;
        }
        file(&format!("{name}.json"), json!({ "server": server }).to_string().as_bytes())
    };
    let bound =
        |site: u32, binding: &str| json!({ "site": site, "binding": binding, "thumbprint": thumbprint(&former()) });
    let unknown = scenario("unbound", Value::Null);
    let known = scenario("bound", json!([bound(1, "10.0.0.5:443:"), bound(2, "*:444:")]));
    for (before, after) in [(&unknown, &known), (&known, &unknown)] {
        let output = run("verify", &[before, after, "--now", NOW, "--json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(of(&answer, "not-known"), ["https/1/*:443", "https/1/10.0.0.5:443"].map(str::to_owned).as_slice());
        assert_eq!((output.status.code(), of(&answer, "same").len()), (Some(2), 4), "{answer}");
    }
}

#[test]
fn scenarios_are_compared_too_and_further_files_stand_beside_them() {
    let scenario = |name: &str, certificate: &CertificateFactory| {
        use base64::Engine as _;
        let der = base64::engine::general_purpose::STANDARD.encode(certificate.build_der());
        let scenario = json!({ "now": "2026-12-01T00:00:00Z", "server": {
            "name": "EDGE01", "fqdn": "edge01.contoso.com", "version": "2019", "roles": ["EdgeTransport"],
            "default_smtp": certificate.build().thumbprint(),
            "certificates": [ { "certificate": der, "services": "SMTP", "web_sites": [] } ] } });
        file(&format!("{name}.json"), scenario.to_string().as_bytes())
    };
    let (before, after) = (scenario("edge-before", &former()), scenario("edge-after", &renewed()));
    let output = run("verify", &[&before, &after, "--json"]);
    let alone: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), of(&alone, "changed")), (Some(0), vec!["internal".to_owned()]), "{alone}");
    // At the time that they name, and at another one.
    let output = run("verify", &[&after, &before, "--now", "2027-01-01"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let export = file("edge.xml", &State::new(former()).export().file());
    let output = run("verify", &[&export, &export, "--beside-before", &before, "--beside-after", &after, "--json"]);
    let both: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), of(&both, "changed"), of(&both, "same").len()),
        (Some(0), vec!["internal".to_owned()], 10)
    );
}

#[test]
fn bad_input_is_named_in_one_line_and_nothing_is_printed() {
    let export = file("good.xml", &State::new(former()).export().file());
    let bad = presented("MBX01", Some("imap"), 993, Some("51"));
    let bad = file("bad.probe.xml", document(&[bad]).as_bytes());
    for (arguments, words) in [
        ([&export, "missing.xml", "--now", NOW], "missing.xml: "),
        ([&export, &export, "--probe", &export], "it holds nothing that the probe script saw"),
        ([&export, &export, "--probe", &bad], "Thumbprint: `51` is not a thumbprint"),
        ([&export, &export, "--now", "soon"], "--now: `soon` is neither a date"),
        (["-", "-", "--now", NOW], "standard input"),
    ] {
        let output = run("verify", &arguments);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
    }
}
