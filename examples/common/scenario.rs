//! A scenario file whose request is not looked at.
#![allow(dead_code)]

use std::path::Path;
use std::time::SystemTime;

use exchange_certificates::{
    AuthCertificates, Connector, Fact, Fleet, NotRead, Policy, ScenarioError, Server, Thumbprint, rfc3339,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::input::{self, BadInput, Kind, Source};

/// What the file says.
pub(crate) struct Scenario {
    /// The name of the file.
    pub(crate) file: String,
    pub(crate) now: Option<SystemTime>,
    pub(crate) subject: Subject,
    pub(crate) policy: Policy,
}

/// What a scenario is about.
pub(crate) enum Subject {
    Server(Box<Server>),
    Fleet(Fleet),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    now: Option<String>,
    server: Option<Box<Server>>,
    servers: Option<Fleet>,
    connectors: Option<Vec<Connector>>,
    auth_certificates: Option<AuthCertificates>,
    #[serde(default)]
    federation_certificate: Fact<Thumbprint>,
    not_read: Option<Vec<NotRead>>,
    policy: Option<Policy>,
    #[serde(rename = "request")]
    _request: Option<IgnoredAny>,
}

/// Reads a scenario file.
pub(crate) fn read(path: &Path) -> Result<Scenario, BadInput> {
    read_source(Source::open_one_of(path, &[Kind::Scenario])?)
}

/// Reads an open scenario file.
pub(crate) fn read_source(source: Source) -> Result<Scenario, BadInput> {
    let file = source.name.clone();
    let form: Form = input::json(&file, &source.whole()?)?;
    let beside = [
        (form.connectors.is_some(), "connectors"),
        (form.auth_certificates.is_some(), "auth_certificates"),
        (form.federation_certificate.is_known(), "federation_certificate"),
        (form.not_read.is_some(), "not_read"),
    ];
    let subject = match (form.server, form.servers) {
        (Some(server), None) => match beside.iter().find(|(is_said, _)| *is_said) {
            Some((_, field)) => return Err(BadInput::new(&file, ScenarioError::Beside { field })),
            None => Subject::Server(server),
        },
        (None, Some(fleet)) => {
            let connectors = form.connectors.unwrap_or_default();
            let fleet = fleet
                .with_organization(connectors, form.auth_certificates, form.federation_certificate)
                .and_then(|fleet| fleet.with_not_read(form.not_read.unwrap_or_default()));
            Subject::Fleet(fleet.map_err(|error| BadInput::new(&file, error))?)
        }
        _ => return Err(BadInput::new(&file, "server: a scenario is about one server, or about servers in its place")),
    };
    let now = form.now.as_deref().map(rfc3339::parse).transpose();
    let now = now.map_err(|error| BadInput::new(&file, format_args!("now: {error}")))?;
    Ok(Scenario { file, now, subject, policy: form.policy.unwrap_or_default() })
}
