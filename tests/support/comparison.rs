//! One situation decided twice: by the library and by the decision table.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

pub mod organization;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exchange_certificates as library;
use exchange_certificates::{
    AcceptedStatus, AuthCertificates, Certificate, Connector, Diagnostic, Installed, NoPlan, NotReadKind, Plan,
    Request, Server, Service, Thumbprint, TlsCertificateName,
};

use super::decision_table as table;
use super::decision_table::{Answer, DefaultSmtp, Operation, Situation, decide};
use super::pool::POOL;

/// A thumbprint that no certificate of the pool has.
pub const NOT_INSTALLED: &str = "00112233445566778899AABBCCDDEEFF00112233";

/// What a decision comes to, in the terms that both know.
#[derive(Debug, PartialEq)]
pub struct Decided {
    pub outcome: table::Outcome,
    pub diagnostics: Vec<(String, table::Kind, u8)>,
    pub added: u8,
    pub services: u8,
    pub superseded: Vec<(u8, String)>,
    pub default_smtp: Option<String>,
    pub assignable: Option<u8>,
    pub recommended: Option<Answer>,
    pub script: Option<Vec<String>>,
    pub after: Option<After>,
}

/// The server afterwards, as far as an operation changes it.
#[derive(Debug, PartialEq)]
pub struct After {
    pub certificates: Vec<(String, Option<u8>, Option<Vec<u32>>)>,
    pub imap_name: table::Fact<String>,
    pub pop_name: table::Fact<String>,
}

/// Decides a situation by the table.
pub fn by_table(situation: &Situation) -> Decided {
    let verdict = decide(situation);
    let thumbprint = |index: usize| situation.server.certificates[index].thumbprint.clone();
    let mut recommended = verdict.recommended;
    // The table takes SPEC by its letter: it would keep a default certificate that is about to be removed.
    if let (Operation::Replace { old: Some(old), .. }, DefaultSmtp::Installed(default)) =
        (situation.request.operation, situation.server.default_smtp)
    {
        let goes = old == default && !situation.request.keep_old;
        recommended = recommended.map(|answer| if goes { Answer::Replace } else { answer });
    }
    let went_through = verdict.script.is_some();
    Decided {
        outcome: verdict.outcome,
        diagnostics: verdict.diagnostics.iter().map(|said| (said.rule.to_owned(), said.kind, said.services)).collect(),
        added: verdict.added,
        services: if went_through { verdict.services } else { 0 },
        superseded: verdict.superseded.iter().map(|(service, index)| (*service, thumbprint(*index))).collect(),
        default_smtp: if went_through { default_text(situation, verdict.default_smtp_after) } else { None },
        assignable: verdict.assignable,
        recommended,
        script: verdict.script,
        after: verdict.after.map(|certificates| After {
            certificates: certificates
                .into_iter()
                .map(|after| (thumbprint(after.index), after.services, sorted(after.web_sites)))
                .collect(),
            imap_name: verdict.imap_name_after,
            pop_name: verdict.pop_name_after,
        }),
    }
}

/// Decides a situation by the library: plans it, applies the plan, and looks at the server.
pub fn by_library(situation: &Situation) -> Decided {
    planned(situation)
}

fn planned(situation: &Situation) -> Decided {
    let mut server = server(situation);
    let request = request(situation);
    let now = now(situation);
    let before = server.clone();
    match library::plan(&server, &request, now) {
        Ok(plan) => {
            plan.apply(&mut server, now).unwrap();
            went_through(situation, &plan, &server)
        }
        Err(no_plan) => {
            assert_eq!(library::assign(&mut server, &request, now).unwrap_err().to_string(), no_plan.to_string());
            assert_eq!(server, before, "a refusal changes nothing");
            did_not(&no_plan)
        }
    }
}

fn went_through(situation: &Situation, plan: &Plan, server: &Server) -> Decided {
    Decided {
        outcome: match situation.request.operation {
            Operation::Assign { .. } => table::Outcome::Assigned,
            Operation::Remove => table::Outcome::Removed,
            Operation::Replace { .. } => table::Outcome::Replaced,
        },
        diagnostics: said(plan.diagnostics()),
        added: plan.added().bits(),
        services: plan.services().bits(),
        superseded: plan.superseded().iter().map(|(service, other)| (service.bits(), other.to_string())).collect(),
        default_smtp: match plan.default_smtp() {
            library::Fact::Value(thumbprint) => Some(thumbprint.to_string()),
            library::Fact::None => Some("none".to_owned()),
            _ => None,
        },
        assignable: None,
        recommended: None,
        script: Some(plan.script().iter().map(ToString::to_string).filter(|line| !line.starts_with('#')).collect()),
        after: Some(After {
            certificates: server
                .certificates()
                .map(|installed| {
                    let sites = installed.web_sites().map(|sites| sites.iter().copied().collect());
                    // What was not known stays so; the table says what was added since, where something was.
                    let known = installed.known_services();
                    let services = installed.services().or((!known.is_empty()).then_some(known));
                    (installed.thumbprint().to_string(), services.map(|services| services.bits()), sites)
                })
                .collect(),
            imap_name: told(server.imap_certificate_name()),
            pop_name: told(server.pop_certificate_name()),
        }),
    }
}

fn did_not(no_plan: &NoPlan) -> Decided {
    let decision = no_plan.decision();
    Decided {
        outcome: if decision.is_some() { table::Outcome::DecisionRequired } else { table::Outcome::Refused },
        diagnostics: said(no_plan.diagnostics()),
        added: 0,
        services: 0,
        superseded: Vec::new(),
        default_smtp: None,
        assignable: no_plan.assignable().map(|services| services.bits()),
        recommended: decision.map(|decision| match decision.recommended() {
            library::Answer::Keep => Answer::Keep,
            _ => Answer::Replace,
        }),
        script: None,
        after: None,
    }
}

/// Rule, kind and services of each.
pub fn said(diagnostics: &[Diagnostic]) -> Vec<(String, table::Kind, u8)> {
    let kind = |diagnostic: &Diagnostic| match diagnostic.kind() {
        library::Kind::Note => table::Kind::Note,
        library::Kind::FollowUp => table::Kind::FollowUp,
        library::Kind::Warn => table::Kind::Warn,
        library::Kind::Decide => table::Kind::Decide,
        _ => table::Kind::Refuse,
    };
    diagnostics
        .iter()
        .map(|diagnostic| (diagnostic.rule().to_owned(), kind(diagnostic), diagnostic.services().bits()))
        .collect()
}

fn default_text(situation: &Situation, default: DefaultSmtp) -> Option<String> {
    match default {
        DefaultSmtp::NotKnown => None,
        DefaultSmtp::Nothing => Some("none".to_owned()),
        DefaultSmtp::Installed(index) => Some(situation.server.certificates[index].thumbprint.clone()),
        DefaultSmtp::NotInstalled => Some(NOT_INSTALLED.to_owned()),
        DefaultSmtp::NotInstalledRequested => Some(situation.request.thumbprint.clone()),
    }
}

fn sorted(sites: Option<Vec<u32>>) -> Option<Vec<u32>> {
    sites.map(|mut sites| {
        sites.sort_unstable();
        sites
    })
}

pub fn now(situation: &Situation) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(situation.now.unsigned_abs())
}

/// The server of a situation, as the library has it.
pub fn server(situation: &Situation) -> Server {
    let mut server = bare_server(situation);
    for facts in &situation.server.certificates {
        server.install(installed(facts, certificate_of(facts))).unwrap();
    }
    server
}

/// A certificate of the pool.
pub fn certificate_of(facts: &table::CertificateFacts) -> Certificate {
    POOL.iter().find(|made| made.facts.thumbprint == facts.thumbprint).unwrap().certificate.clone()
}

/// The same, before any certificate is installed.
pub fn bare_server(situation: &Situation) -> Server {
    let facts = &situation.server;
    let version = match facts.version {
        table::Version::E2013 => library::Version::Exchange2013,
        table::Version::E2016 => library::Version::Exchange2016,
        table::Version::E2019 => library::Version::Exchange2019,
        table::Version::Se => library::Version::SubscriptionEdition,
    };
    let roles = facts.roles.iter().map(|role| match role {
        table::Role::Mailbox => library::Role::Mailbox,
        table::Role::ClientAccess => library::Role::ClientAccess,
        table::Role::Edge => library::Role::EdgeTransport,
    });
    let thumbprint = |index: usize| facts.certificates[index].thumbprint.parse::<Thumbprint>().unwrap();
    let mut server = Server::new(facts.name.clone(), version, roles)
        .unwrap()
        .with_um_startup_mode(startup_mode(facts.um_startup_mode))
        .with_um_call_router_startup_mode(startup_mode(facts.um_call_router_startup_mode))
        .with_edge_subscribed(facts.edge_subscribed)
        .with_load_balancing(match facts.load_balancing {
            table::LoadBalancing::None => library::LoadBalancing::None,
            table::LoadBalancing::Layer4 => library::LoadBalancing::Layer4,
            table::LoadBalancing::Layer7 => library::LoadBalancing::Layer7,
        })
        .with_default_smtp(match facts.default_smtp {
            DefaultSmtp::NotKnown => library::Fact::NotKnown,
            DefaultSmtp::Nothing => library::Fact::None,
            other => library::Fact::Value(default_text(situation, other).unwrap().parse().unwrap()),
        });
    if let Some(fqdn) = &facts.fqdn {
        server = server.with_fqdn(fqdn).unwrap();
    }
    server = server
        .with_imap_certificate_name(known(&facts.imap_certificate_name).map(String::as_str))
        .unwrap()
        .with_pop_certificate_name(known(&facts.pop_certificate_name).map(String::as_str))
        .unwrap();
    if let Some(names) = &facts.client_names {
        server = server.with_client_names(names.clone()).unwrap();
    }
    if let Some(auth) = facts.auth_certificates {
        server = server
            .with_auth_certificates(AuthCertificates::new(auth.current.map(thumbprint), auth.next.map(thumbprint)));
    }
    server = facts.connectors.iter().map(connector).fold(server, Server::with_connector);
    let named = |index: Option<usize>| index.map_or_else(|| NOT_INSTALLED.parse().unwrap(), thumbprint);
    if let Some(bindings) = &facts.web_bindings {
        let bound = |it: &table::WebBinding| {
            library::WebBinding::new(it.site, &it.binding, Some(named(it.certificate))).unwrap()
        };
        server = server.with_web_bindings(bindings.iter().map(bound));
    }
    for answer in &facts.selection {
        server = server.with_selection(&answer.fqdn, answer.certificates.iter().copied().map(named)).unwrap();
    }
    server.with_not_read(facts.not_read.iter().map(not_read)).unwrap()
}

pub fn not_read(what: &table::NotRead) -> library::NotRead {
    library::NotRead::new(match what {
        table::NotRead::Certificates => NotReadKind::Certificates,
        table::NotRead::ReceiveConnectors => NotReadKind::ReceiveConnectors,
        table::NotRead::ClientNames => NotReadKind::ClientNames,
        table::NotRead::Servers => NotReadKind::Servers,
        table::NotRead::SendConnectors => NotReadKind::SendConnectors,
        table::NotRead::Hybrid => NotReadKind::Hybrid,
        table::NotRead::Auth => NotReadKind::Auth,
        table::NotRead::Federation => NotReadKind::Federation,
        table::NotRead::EdgeSubscriptions => NotReadKind::EdgeSubscriptions,
    })
}

fn known<T>(fact: &table::Fact<T>) -> library::Fact<&T> {
    match fact {
        table::Fact::NotKnown => library::Fact::NotKnown,
        table::Fact::Null => library::Fact::None,
        table::Fact::Value(value) => library::Fact::Value(value),
    }
}

fn told(fact: library::Fact<&str>) -> table::Fact<String> {
    match fact {
        library::Fact::Value(value) => table::Fact::Value(value.to_owned()),
        library::Fact::None => table::Fact::Null,
        _ => table::Fact::NotKnown,
    }
}

fn connector(facts: &table::ConnectorFacts) -> Connector {
    let kind = match facts.kind {
        table::ConnectorKind::Send => library::ConnectorKind::Send,
        table::ConnectorKind::Receive => library::ConnectorKind::Receive,
        table::ConnectorKind::Hybrid => library::ConnectorKind::Hybrid,
    };
    let name = known(&facts.tls_certificate_name)
        .map(|name| format!("<I>{}<S>{}", name.issuer, name.subject).parse::<TlsCertificateName>().unwrap());
    let mut connector = Connector::new(kind, facts.name.clone())
        .unwrap()
        .with_tls_certificate_name(name)
        .unwrap()
        .with_fqdn(known(&facts.fqdn).map(String::as_str))
        .unwrap()
        .with_servers(facts.servers.clone())
        .unwrap();
    type Switch = fn(Connector, bool) -> Connector;
    let switches: [(_, Switch); 5] = [
        (facts.enabled, Connector::with_enabled),
        (facts.ignore_starttls, Connector::with_ignore_starttls),
        (facts.require_tls, Connector::with_require_tls),
        (facts.domain_secure_enabled, Connector::with_domain_secure_enabled),
        (facts.cloud_services_mail_enabled, Connector::with_cloud_services_mail_enabled),
    ];
    for (value, with) in switches {
        connector = value.map_or(connector.clone(), |value| with(connector, value));
    }
    if let Some(role) = facts.transport_role {
        connector = connector.with_transport_role(match role {
            table::TransportRole::FrontendTransport => library::TransportRole::FrontendTransport,
            table::TransportRole::HubTransport => library::TransportRole::HubTransport,
        });
    }
    if let Some(names) = &facts.auth_mechanism {
        connector = connector.with_auth_mechanism(names.clone()).unwrap();
    }
    if let Some(hosts) = &facts.smart_hosts {
        connector = connector.with_smart_hosts(hosts.clone()).unwrap();
    }
    if let Some(bindings) = &facts.bindings {
        connector = connector.with_bindings(bindings.clone()).unwrap();
    }
    connector
}

fn startup_mode(mode: table::StartupMode) -> library::StartupMode {
    match mode {
        table::StartupMode::Tcp => library::StartupMode::Tcp,
        table::StartupMode::Tls => library::StartupMode::Tls,
        table::StartupMode::Dual => library::StartupMode::Dual,
    }
}

/// A certificate as it is installed, with what its server says of it.
pub fn installed(facts: &table::CertificateFacts, certificate: Certificate) -> Installed {
    let mut installed = Installed::new(certificate).with_private_key(facts.has_private_key);
    if let Some(name) = &facts.friendly_name {
        installed = installed.with_friendly_name(name);
    }
    if let Some(storage) = facts.key_storage {
        installed = installed.with_key_storage(match storage {
            table::KeyStorage::Csp => library::KeyStorage::Csp,
            table::KeyStorage::Ksp => library::KeyStorage::Ksp,
        });
    }
    if let Some(status) = facts.status {
        installed = installed.with_status(match status {
            table::Status::Unknown => library::Status::Unknown,
            table::Status::Valid => library::Status::Valid,
            table::Status::Revoked => library::Status::Revoked,
            table::Status::DateInvalid => library::Status::DateInvalid,
            table::Status::Untrusted => library::Status::Untrusted,
            table::Status::Invalid => library::Status::Invalid,
            table::Status::RevocationCheckFailure => library::Status::RevocationCheckFailure,
            table::Status::PendingRequest => library::Status::PendingRequest,
            table::Status::Unrecognized(value) => library::Status::Unrecognized(value),
        });
    }
    if let Some(root) = facts.root_ca_type {
        installed = installed.with_root_ca_type(match root {
            table::RootCaType::None => library::RootCaType::None,
            table::RootCaType::ThirdParty => library::RootCaType::ThirdParty,
            table::RootCaType::Enterprise => library::RootCaType::Enterprise,
            table::RootCaType::Registry => library::RootCaType::Registry,
            table::RootCaType::GroupPolicy => library::RootCaType::GroupPolicy,
            table::RootCaType::Unknown => library::RootCaType::Unknown,
        });
    }
    if let Some(services) = facts.services {
        installed = installed.with_services(Service::from_bits(services).unwrap());
    }
    if let Some(sites) = &facts.web_sites {
        installed = installed.with_web_sites(sites.iter().copied());
    }
    installed
}

/// The request of a situation, as the library has it.
pub fn request(situation: &Situation) -> Request {
    let facts = &situation.request;
    let thumbprint = facts.thumbprint.parse::<Thumbprint>().unwrap();
    let mut request = match facts.operation {
        Operation::Assign { services, mode } => Request::assign(thumbprint, Service::from_bits(services).unwrap())
            .with_mode(match mode {
                table::Mode::Add => library::Mode::Add,
                table::Mode::Exact => library::Mode::Exact,
                table::Mode::Take => library::Mode::Take,
            }),
        Operation::Remove => Request::remove(thumbprint),
        Operation::Replace { update_connectors, .. } => {
            let names = if update_connectors { library::ConnectorNames::Update } else { library::ConnectorNames::Keep };
            Request::replace(facts.old_thumbprint.parse().unwrap(), thumbprint).with_connector_names(names)
        }
    };
    if let Some(answer) = facts.default_smtp {
        request = request.with_default_smtp(match answer {
            Answer::Keep => library::Answer::Keep,
            Answer::Replace => library::Answer::Replace,
        });
    }
    if let Some(groups) = &facts.caller {
        request = request.with_caller(groups.clone());
    }
    for status in &facts.accept_status {
        request = request.with_accepted_status(match status {
            table::Status::RevocationCheckFailure => AcceptedStatus::RevocationCheckFailure,
            table::Status::Untrusted => AcceptedStatus::Untrusted,
            _ => AcceptedStatus::Unknown,
        });
    }
    request.with_require_ssl(facts.require_ssl)
}
