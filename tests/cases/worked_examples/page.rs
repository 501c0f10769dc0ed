//! The worked examples as a page for readers: what is so, what is presented, and why.

use std::fmt::Write as _;
use std::path::Path;
use std::time::SystemTime;

use exchange_certificates::rfc3339;
use expect_test::expect_file;

use super::{Worked, worked};
use crate::support::decision_table::{
    Answer, ConnectorFacts, ConnectorKind, DefaultSmtp, Fact, Operation, RequestFacts, Role, SERVICES, Version,
};

const TITLES: [&str; 25] = [
    "A fresh server",
    "The usual server",
    "A connector with the name that clients use as its FQDN",
    "A connector that names a certificate",
    "A wildcard certificate",
    "Two certificates of one issuer and subject",
    "A renewed one that is only imported, under a Receive connector",
    "A renewed one that is only imported, under a Send connector",
    "One that expires last beside one that starts last",
    "A newer one that has expired",
    "Only one that has expired",
    "No private key",
    "A connector without an FQDN",
    "An FQDN that nothing covers",
    "A connector without TLS",
    "What the self-signed certificate alone covers",
    "No default SMTP certificate",
    "An expired default SMTP certificate",
    "A source server that lacks the certificate",
    "Hybrid, and a certificate of another issuer",
    "Hybrid, and a Send connector that names none",
    "A subscribed Edge Transport server",
    "Several certificates that cover the name of IMAP and POP",
    "Bindings with certificates of their own",
    "Servers of 2013, each with one role",
];

#[test]
fn the_worked_examples_are_a_page_to_read() {
    let mut page = "# Worked examples: which certificate is presented where\n\nOn 2026-11-24. What is wrong with a \
                    certificate at an endpoint stands behind it.\n"
        .to_owned();
    let mut last = 0;
    for worked in worked() {
        let number = worked.example.number;
        if number != last {
            write!(page, "\n## {number}. {}\n", TITLES[usize::from(number) - 1]).unwrap();
            last = number;
        }
        match &worked.example.request {
            Some(request) => write!(page, "\nThat server after this: {}.\n\n", worked.request(request)).unwrap(),
            None => write!(page, "\n{}\n", worked.facts()).unwrap(),
        }
        let answered = worked.answer();
        page.push_str("| endpoint | presented | why |\n|---|---|---|\n");
        for endpoint in &answered.endpoints {
            let mut why = endpoint.answer().to_string();
            why = why.split_once(": ").unwrap().1.to_owned();
            writeln!(page, "| `{}` | {} | {why} |", endpoint.id(), worked.printed(endpoint)).unwrap();
        }
        if worked.example.request.is_some() {
            let said: Vec<_> =
                answered.diagnostics.iter().map(|said| format!("{} ({})", said.rule(), said.kind())).collect();
            let said = if said.is_empty() { "nothing".to_owned() } else { said.join(", ") };
            write!(page, "\nRules say: {said}.\n").unwrap();
        }
    }
    expect_file![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/endpoints.md")].assert_eq(&page);
}

impl Worked {
    fn request(&self, request: &RequestFacts) -> String {
        let letter = self.example.letters[request.certificate.unwrap()];
        match request.operation {
            Operation::Assign { services, .. } => {
                let default = match request.default_smtp {
                    Some(Answer::Replace) => ", which becomes the default SMTP certificate",
                    _ => "",
                };
                format!("{} assigned to {letter}{default}", services_of(services))
            }
            _ => format!("{letter} removed"),
        }
    }

    /// The server, its certificates and its connectors.
    fn facts(&self) -> String {
        let server = &self.example.server;
        let version = match server.version {
            Version::E2013 => "2013",
            Version::E2016 => "2016",
            Version::E2019 => "2019",
            Version::Se => "SE",
        };
        let role = match server.roles[0] {
            Role::Mailbox => "Mailbox",
            Role::ClientAccess => "Client Access",
            Role::Edge => "Edge Transport",
        };
        let default = match server.default_smtp {
            DefaultSmtp::Installed(index) => self.example.letters[index],
            DefaultSmtp::Nothing => "none",
            _ => "not installed",
        };
        let mut text = format!(
            "{} ({}, {version}, {role}), default SMTP certificate {default}, name of IMAP and POP {}\n\n",
            server.name,
            server.fqdn.as_deref().unwrap(),
            server.imap_certificate_name.value().unwrap(),
        );
        for (facts, letter) in server.certificates.iter().zip(&self.example.letters) {
            let installed = self.server_without(None);
            let installed = installed.installed(facts.thumbprint.parse().unwrap()).unwrap();
            let sites = facts.web_sites.as_deref().unwrap();
            let sites: Vec<_> = sites.iter().map(u32::to_string).collect();
            let sites = if sites.is_empty() { String::new() } else { format!(", site {}", sites.join(" and ")) };
            let certificate = installed.certificate();
            let key = if facts.has_private_key { "" } else { ", no private key" };
            let issuer = if facts.self_signed { "self-signed".to_owned() } else { format!("by {}", facts.issuer) };
            writeln!(
                text,
                "- {letter}: `{}`, {issuer}, {} to {}, {}{sites}{key}",
                facts.domains().join(", "),
                day(certificate.not_before()),
                day(certificate.not_after()),
                services_of(facts.services.unwrap()),
            )
            .unwrap();
        }
        for connector in &server.connectors {
            writeln!(text, "- {}", described(connector)).unwrap();
        }
        for it in server.web_bindings.iter().flatten() {
            let certificate = it.certificate.map_or("not installed", |index| self.example.letters[index]);
            writeln!(text, "- binding of site {} `{}`: {certificate}", it.site, it.binding).unwrap();
        }
        text
    }
}

fn described(connector: &ConnectorFacts) -> String {
    let kind = match connector.kind {
        ConnectorKind::Receive => "Receive connector",
        ConnectorKind::Send => "Send connector",
        ConnectorKind::Hybrid => return "hybrid configuration".to_owned(),
    };
    let name = connector.tls_certificate_name.value();
    let name = name.map_or_else(String::new, |name| format!(", named `<I>{}<S>{}`", name.issuer, name.subject));
    let fqdn = match &connector.fqdn {
        Fact::Value(fqdn) => format!(", FQDN {fqdn}"),
        _ => String::new(),
    };
    let mechanism = match connector.auth_mechanism.as_deref() {
        Some([only]) if only != "Tls" => format!(", AuthMechanism {only}"),
        _ => String::new(),
    };
    format!("{kind} {}{name}{fqdn}{mechanism}", connector.name)
}

fn day(time: SystemTime) -> String {
    rfc3339::print(time).to_string().chars().take(10).collect()
}

fn services_of(services: u8) -> String {
    let names: Vec<_> = SERVICES.iter().filter(|(bit, _)| services & bit != 0).map(|(_, name)| *name).collect();
    if names.is_empty() { "no services".to_owned() } else { names.join(", ") }
}
