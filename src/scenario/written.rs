//! Scenarios and requests as a scenario file writes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Asked, OperationForm, Scenario, Subject, Task};
use crate::certificate::Certificate;
use crate::fact::Fact;
use crate::fleet::Rollout;
use crate::policy::Policy;
use crate::request::{AcceptedStatus, Answer, ConnectorNames, Mode, Operation, Request};
use crate::rfc3339;
use crate::server::{AuthCertificates, Connector, NotRead, OneOfSeveral, Server};
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::verify::{Expectation, Shown};

/// A request of a scenario; what says nothing is left out.
#[derive(Serialize)]
struct Written<'a> {
    operation: OperationForm,
    thumbprint: Thumbprint,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<&'a Certificate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Thumbprint>,
    #[serde(skip_serializing_if = "is_false")]
    keep_old: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    connectors: Option<ConnectorNames>,
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<Service>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_smtp: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'a [String]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    accept_status: &'a [AcceptedStatus],
    #[serde(skip_serializing_if = "Option::is_none")]
    require_ssl: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<&'a [Shown]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    servers: Option<&'a [String]>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    answers: BTreeMap<&'a str, Answer>,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl<'a> Written<'a> {
    fn new(operation: OperationForm, thumbprint: Thumbprint) -> Self {
        Self {
            operation,
            thumbprint,
            certificate: None,
            old: None,
            keep_old: false,
            connectors: None,
            services: None,
            mode: None,
            default_smtp: None,
            caller: None,
            accept_status: &[],
            require_ssl: None,
            shown: None,
            servers: None,
            answers: BTreeMap::new(),
        }
    }

    fn of_request(request: &'a Request) -> Self {
        let moved = |names: ConnectorNames| Some(names).filter(|names| *names != ConnectorNames::default());
        let written = |operation| Self::new(operation, request.thumbprint());
        let written = match request.operation() {
            Operation::Assign { services, mode } => Self {
                services: Some(services),
                mode: Some(mode).filter(|mode| *mode != Mode::default()),
                ..written(OperationForm::Assign)
            },
            Operation::Remove => written(OperationForm::Remove),
            Operation::Replace { old, connectors } => {
                Self { old: Some(old), connectors: moved(connectors), ..written(OperationForm::Replace) }
            }
            Operation::Renew { connectors } => {
                Self { connectors: moved(connectors), ..written(OperationForm::Replace) }
            }
        };
        Self {
            keep_old: request.keeps_old() && written.operation == OperationForm::Replace,
            default_smtp: request.default_smtp(),
            caller: request.caller(),
            accept_status: request.accepted_statuses(),
            require_ssl: Some(false).filter(|_| !request.require_ssl()),
            ..written
        }
    }

    fn of_rollout(rollout: &'a Rollout) -> Self {
        let written = Self::of_request(rollout.request());
        let moved = Some(rollout.connector_names()).filter(|names| *names != ConnectorNames::default());
        Self {
            certificate: rollout.certificate(),
            connectors: moved.or(written.connectors),
            servers: rollout.servers(),
            answers: rollout.answers().collect(),
            ..written
        }
    }

    fn of_verification(expectation: &Expectation, shown: Option<&'a [Shown]>) -> Self {
        let services = Some(expectation.services);
        Self { services, shown, ..Self::new(OperationForm::Verify, expectation.thumbprint) }
    }
}

/// As the request of a scenario about one server. Of a renewal `old` is left out.
impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written::of_request(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let asked = Asked::deserialize(deserializer)?;
        if asked.certificate.is_some() || asked.is_about_many() {
            return Err(D::Error::custom("certificate, servers and answers belong to a rollout"));
        }
        match asked.task {
            Task::Decide(request) => Ok(request),
            _ => Err(D::Error::custom("operation: verify is no request")),
        }
    }
}

/// As the request of a scenario about many servers.
impl Serialize for Rollout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written::of_rollout(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rollout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match Asked::deserialize(deserializer)?.of_many().map_err(D::Error::custom)? {
            Task::RollOut(rollout) => Ok(rollout),
            _ => Err(D::Error::custom("operation: this is asked of one server")),
        }
    }
}

/// Without a point in time where it has none; a policy with own rules cannot be read back.
impl Serialize for Scenario {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct File<'a> {
            #[serde(skip_serializing_if = "Option::is_none", serialize_with = "rfc3339::serialize_some")]
            now: Option<std::time::SystemTime>,
            #[serde(skip_serializing_if = "Option::is_none")]
            server: Option<&'a Server>,
            #[serde(skip_serializing_if = "Option::is_none")]
            servers: Option<Vec<OneOfSeveral<'a>>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            connectors: Option<&'a [Connector]>,
            #[serde(skip_serializing_if = "Option::is_none")]
            auth_certificates: Option<AuthCertificates>,
            #[serde(skip_serializing_if = "Option::is_none")]
            federation_certificate: Option<Fact<Thumbprint>>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            not_read: Vec<&'a NotRead>,
            #[serde(skip_serializing_if = "is_default")]
            policy: &'a Policy,
            request: Written<'a>,
        }

        let request = match &self.task {
            Task::Decide(request) => Written::of_request(request),
            Task::RollOut(rollout) => Written::of_rollout(rollout),
            Task::Verify(expectation, shown) => Written::of_verification(expectation, shown.as_deref()),
        };
        let of_fleet = match &self.subject {
            Subject::Server(_) => None,
            Subject::Fleet(fleet) => Some((fleet, fleet.shared())),
        };
        let shared = of_fleet.map(|(_, shared)| shared);
        let alone = |server| OneOfSeveral { server, has_shared: false };
        let file = File {
            now: self.now,
            server: self.server(),
            servers: of_fleet.map(|(fleet, _)| fleet.servers().map(alone).collect()),
            connectors: shared.map(|shared| shared.connectors.as_slice()).filter(|known| !known.is_empty()),
            auth_certificates: shared.and_then(|shared| shared.auth_certificates),
            federation_certificate: shared.map(|shared| shared.federation_certificate).filter(Fact::is_known),
            not_read: of_fleet.map(|(fleet, _)| fleet.not_read().collect()).unwrap_or_default(),
            policy: &self.policy,
            request,
        };
        file.serialize(serializer)
    }
}

#[cfg(feature = "schemars")]
crate::json_object::like! {
    Scenario: super::ScenarioForm;
    Asked: super::RequestForm;
    Request: super::RequestForm;
    Rollout: super::RequestForm;
}

fn is_default(policy: &&Policy) -> bool {
    **policy == Policy::default()
}
