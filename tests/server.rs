//! What is built of a server is what a scenario file may say of it.
#![allow(clippy::unwrap_used)]

#[path = "server/not_read.rs"]
mod not_read;
#[path = "support"]
mod support {
    pub mod factory;
}

use exchange_certificates::{
    Connector, ConnectorKind, Fact, Installed, Role, Server, Thumbprint, TlsCertificateName, Version, WebBinding,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::factory::CertificateFactory;

fn server() -> Server {
    Server::new("MBX01", Version::Exchange2019, [Role::Mailbox]).unwrap()
}

fn connector() -> Connector {
    Connector::new(ConnectorKind::Send, "Outbound").unwrap()
}

fn read(server: &Value) -> Result<Server, String> {
    serde_json::from_value(server.clone()).map_err(|error| error.to_string())
}

/// A server of which one name is this text: as it is built, or why it is not, and as a scenario file says it.
fn with(text: &str) -> Vec<(Result<Server, String>, Value)> {
    let says = |field: &str, value: Value| {
        let mut json = json!({ "name": "MBX01", "version": "2019", "roles": ["Mailbox"], "certificates": [] });
        json[field] = value;
        json
    };
    let connects = |field: &str, value: Value| {
        let mut connector = json!({ "kind": "Send", "name": "Outbound" });
        connector[field] = value;
        says("connectors", json!([connector]))
    };
    let texts = ["a", text];
    let own = [
        ("name", json!(text), Server::new(text, Version::Exchange2019, [Role::Mailbox])),
        ("fqdn", json!(text), server().with_fqdn(text)),
        ("build", json!(text), server().with_build(text)),
        ("site", json!(text), server().with_site(text)),
        ("imap_certificate_name", json!(text), server().with_imap_certificate_name(Fact::Value(text))),
        ("pop_certificate_name", json!(text), server().with_pop_certificate_name(Fact::Value(text))),
        ("client_names", json!(texts), server().with_client_names(texts)),
        ("selection", json!({ text: [] }), server().with_selection(text, [])),
    ];
    let of_connector = [
        ("name", json!(text), Connector::new(ConnectorKind::Send, text)),
        ("fqdn", json!(text), connector().with_fqdn(Fact::Value(text))),
        ("servers", json!(texts), connector().with_servers(texts)),
        ("auth_mechanism", json!(texts), connector().with_auth_mechanism(texts)),
        ("tls_domain_capabilities", json!(texts), connector().with_tls_domain_capabilities(texts)),
        ("smart_hosts", json!(texts), connector().with_smart_hosts(texts)),
        ("bindings", json!(texts), connector().with_bindings(texts)),
    ];
    let own = own.into_iter().map(|(field, value, built)| {
        // The field stands before what is wrong with it.
        let built = built.map_err(|error| error.to_string().replacen(&format!("{field}: "), "", 1));
        (built, says(field, value))
    });
    let of_connector = of_connector.into_iter().map(|(field, value, built)| {
        let built = built.map(|connector| server().with_connector(connector));
        (built.map_err(|error| error.to_string()), connects(field, value))
    });
    own.chain(of_connector).collect()
}

fn texts() -> impl Strategy<Value = String> {
    const HOSTILE: [&str; 11] =
        ["", " ", "\u{a0}", "none", "None", "unknown", "\n", "\u{85}", "'; Get-Item", "<I>a<S>b", "null"];
    prop_oneof![proptest::sample::select(&HOSTILE[..]).prop_map(str::to_owned), "\\PC{0,8}", ".{0,8}"]
}

proptest! {
    #[test]
    fn a_name_is_built_if_a_scenario_may_hold_it(text in texts()) {
        for (built, json) in with(&text) {
            let is_word = ["none", "unknown"].iter().any(|word| text.eq_ignore_ascii_case(word));
            match built {
                // A scenario file has these words in place of a name.
                Err(problem) if is_word => prop_assert!(problem.starts_with("`none` stands for no name"), "{}", problem),
                built => prop_assert_eq!(read(&json), built),
            }
        }
    }

    #[test]
    fn what_was_built_is_read_back(
        names in proptest::array::uniform8(texts()),
        common_name in texts(),
        is_known in any::<bool>(),
    ) {
        let certificate = CertificateFactory::new("mail.contoso.com").subject(&[("CN", &common_name)]).build();
        let [name, fqdn, imap, client, connector, identity, host, friendly] = &names;
        // Whatever is refused is left out.
        let server = Server::new(name, Version::Exchange2019, [Role::Mailbox]).unwrap_or_else(|_| server());
        let server = server.clone().with_fqdn(fqdn).unwrap_or(server);
        let server = server.clone().with_imap_certificate_name(Fact::Value(imap)).unwrap_or(server);
        let pop: Fact<&str> = if is_known { Fact::None } else { Fact::NotKnown };
        let server = server.clone().with_pop_certificate_name(pop).unwrap_or(server);
        let server = server.clone().with_client_names([client, host]).unwrap_or(server);
        let built = Connector::new(ConnectorKind::Receive, connector).unwrap_or_else(|_| self::connector());
        let built = built.clone().with_servers([identity]).unwrap_or(built);
        let built = built.clone().with_fqdn(Fact::Value(host)).unwrap_or(built);
        let built = built.clone().with_tls_certificate_name(TlsCertificateName::of(&certificate)).unwrap_or(built);
        let server = server.clone().with_selection(client, [Thumbprint::of(b"")]).unwrap_or(server);
        let binding = WebBinding::new(1, &format!("*:443:{host}"), is_known.then(|| certificate.thumbprint()));
        let mut server = server.with_web_bindings(binding).with_connector(built);
        server.install(Installed::new(certificate).with_friendly_name(friendly)).unwrap();
        let text = serde_json::to_string(&server).unwrap();
        prop_assert_eq!(serde_json::from_str::<Server>(&text).unwrap(), server, "{}", text);
    }
}

#[test]
fn an_empty_setting_differs_from_one_that_is_not_known() {
    let empty = server().with_imap_certificate_name(Fact::<&str>::None).unwrap();
    assert_ne!(empty, server());
    let json = serde_json::to_value(&empty).unwrap();
    assert_eq!((&json["imap_certificate_name"], &json["pop_certificate_name"]), (&json!("none"), &Value::Null));
    assert_eq!(read(&json).unwrap().imap_certificate_name(), Fact::None);
}

#[test]
fn an_error_names_the_field() {
    let error = server().with_client_names(["a\n"]).unwrap_err().to_string();
    assert_eq!(error, "client_names: character 2 is the control character U+000A");
}

#[test]
fn a_connector_takes_no_name_of_a_certificate_that_could_not_be_read_back() {
    let certificate = CertificateFactory::new("mail.contoso.com").subject(&[("CN", "a\nb")]).build();
    let error = connector().with_tls_certificate_name(TlsCertificateName::of(&certificate)).unwrap_err();
    assert!(error.to_string().ends_with("is the control character U+000A"), "{error}");
}
