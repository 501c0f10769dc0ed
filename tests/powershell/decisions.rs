//! What a fleet decides: every removal, replacement and assignment of its certificates, and its audit.

use std::collections::BTreeMap;
use std::time::SystemTime;

use exchange_certificates::{
    Answer, ConnectorNames, Diagnostic, Fleet, Kind, Request, Service, Thumbprint, audit, plan, rfc3339,
};

pub fn now() -> SystemTime {
    rfc3339::parse("2026-11-24T00:00:00Z").unwrap()
}

/// What is asked of a server.
#[derive(Clone, Debug)]
pub struct Asked {
    pub server: String,
    pub operation: &'static str,
    pub request: Request,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub passes: bool,
    pub rules: BTreeMap<String, Kind>,
    /// Whether a Send or Receive connector refuses it, and by which rule.
    pub refused_by_connector: Option<&'static str>,
}

/// Messages by rule, server and certificate.
pub type Findings = BTreeMap<(String, String, Option<Thumbprint>), String>;

/// Every request about the certificates of a fleet.
pub fn requests(fleet: &Fleet) -> Vec<Asked> {
    let mut all = Vec::new();
    for server in fleet.servers() {
        let thumbprints: Vec<_> = server.certificates().map(|installed| installed.thumbprint()).collect();
        let mut ask = |operation, request| all.push(Asked { server: server.name().to_owned(), operation, request });
        for one in &thumbprints {
            ask("remove", Request::remove(*one));
            for other in thumbprints.iter().filter(|other| *other != one) {
                for names in [ConnectorNames::Keep, ConnectorNames::Update] {
                    let request = Request::replace(*one, *other).with_connector_names(names);
                    ask("replace", request.with_default_smtp(Answer::Replace));
                }
            }
            let all_hosted = server.hosts() - Service::FEDERATION;
            for services in [Service::SMTP, Service::IIS, Service::IMAP | Service::POP, Service::UM, all_hosted] {
                let request = Request::assign(*one, services);
                ask("assign", request.clone());
                if services.contains(Service::SMTP) {
                    ask("assign", request.clone().with_default_smtp(Answer::Keep));
                    ask("assign", request.with_default_smtp(Answer::Replace));
                }
            }
        }
    }
    all
}

/// What comes of a request; nothing where there is no such server.
pub fn outcome(fleet: &Fleet, asked: &Asked) -> Option<Outcome> {
    let server = fleet.get(&asked.server)?;
    Some(match plan(server, &asked.request, now()) {
        Ok(plan) => described(true, plan.diagnostics()),
        Err(none) => described(false, none.diagnostics()),
    })
}

fn described(passes: bool, diagnostics: &[Diagnostic]) -> Outcome {
    let rules = diagnostics.iter().map(|diagnostic| (diagnostic.rule().to_owned(), diagnostic.kind())).collect();
    let refused_by_connector = diagnostics.iter().find_map(by_connector);
    Outcome { passes, rules, refused_by_connector }
}

fn by_connector(diagnostic: &Diagnostic) -> Option<&'static str> {
    let message = diagnostic.message().to_string();
    let is_refusal = diagnostic.kind() == Kind::Refuse;
    match diagnostic.rule() {
        // The hybrid configuration alone is no connector.
        "removes-connector-certificate" if is_refusal && !message.contains("Hybrid Configuration") => {
            Some("removes-connector-certificate")
        }
        "endpoint-fails"
            if is_refusal && (message.contains("Receive connector ") || message.contains("Send connector ")) =>
        {
            Some("endpoint-fails")
        }
        _ => None,
    }
}

/// The findings of an audit and their consequences, each by its rule, server and certificate.
pub fn findings(fleet: &Fleet) -> Findings {
    let found = audit(fleet, now()).findings.into_iter();
    let keyed = found.flat_map(|found| {
        let server = found.server().to_owned();
        let key = |rule: &str, thumbprint| (rule.to_owned(), server.clone(), thumbprint);
        let said = (key(found.rule(), found.thumbprint()), found.message().to_string());
        let consequences = found
            .consequences()
            .iter()
            .map(|consequence| (key(consequence.rule(), consequence.thumbprint()), consequence.message().to_string()));
        std::iter::once(said).chain(consequences).collect::<Vec<_>>()
    });
    keyed.collect()
}
