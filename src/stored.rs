//! Plans that are stored, carried out later, and looked up once more when they have been.

mod fingerprint;
mod verified;

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

pub use self::fingerprint::{Fingerprint, FingerprintError};
pub use self::verified::{PlanVerification, PlannedState, VerifiedCertificate, VerifiedConnector, VerifiedEndpoint};
use self::verified::{PlannedCertificate, PlannedConnector, PlannedEndpoint};
use crate::fleet::{Fleet, Rollout, RolloutError, RolloutPlan};
use crate::json_object::FORMAT;
use crate::plan::{NoPlan, Plan, plan_with};
use crate::policy::{Policy, PolicyForm};
use crate::request::Request;
use crate::rfc3339;
use crate::script::Line;
use crate::server::Server;
use crate::text::{from_fn, list, shown};

/// The version of this crate.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A plan as a file: what was asked, of which server or of which rollout, by which policy and when, and the
/// [`Fingerprint`] of what it came to.
///
/// It is carried out by planning again and comparing, so a file that somebody changed does nothing else than what is
/// asked in it. Diagnostics and script stand in the file for people, and are not read.
///
/// ```
/// use exchange_certificates::{Fleet, Installed, PlannedAgain, Policy, Request, Role, Server, Service, StoredPlan, Version};
/// use exchange_certificates::{Certificate, StalePlan, plan, rfc3339};
/// # let certificate: Certificate = include_str!("../examples/data/self-signed.pem").parse()?;
///
/// let now = rfc3339::parse("2026-11-24")?;
/// let thumbprint = certificate.thumbprint();
/// let mut server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?;
/// server.install(Installed::new(certificate).with_services(Service::empty()))?;
///
/// let plan = plan(&server, &Request::assign(thumbprint, Service::IMAP), now)?;
/// let file = serde_json::to_string_pretty(&plan.stored(now))?;
///
/// let stored: StoredPlan = serde_json::from_str(&file)?;
/// let again = stored.again_on(&server, &Policy::default(), now)?;
/// assert_eq!(again, plan);
///
/// let (policy, another) = (Policy::default(), Server::new("MBX02", Version::Exchange2019, [Role::Mailbox])?);
/// assert!(matches!(stored.again_on(&another, &policy, now), Err(StalePlan::NoServer { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct StoredPlan {
    version: String,
    now: SystemTime,
    asked: Asked,
    policy: PolicyForm,
    fingerprint: Fingerprint,
    certificates: Vec<PlannedCertificate>,
    connectors: Vec<PlannedConnector>,
    endpoints: Vec<PlannedEndpoint>,
    for_people: ForPeople,
}

#[derive(Clone, Debug)]
enum Asked {
    OfServer(String, Box<Request>),
    OfFleet(Box<Rollout>),
}

/// What no program reads.
#[derive(Clone, Debug, Default)]
struct ForPeople {
    diagnostics: Vec<String>,
    script: Vec<String>,
}

/// What a stored plan is once it has been planned again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlannedAgain {
    /// That of one server.
    Plan(Box<Plan>),
    /// That of many.
    Rollout(Box<RolloutPlan>),
}

impl PlannedAgain {
    /// The script, a line each.
    pub fn script(&self) -> Vec<Line> {
        match self {
            Self::Plan(plan) => plan.script(),
            Self::Rollout(plan) => plan.script().to_vec(),
        }
    }
}

/// Why a stored plan does not hold any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StalePlan {
    /// Another version of this crate made it, which may decide otherwise.
    #[error("the plan was made by version {}, and this is {VERSION}: plan again", shown(.version))]
    AnotherVersion {
        /// The version that made it.
        version: String,
    },
    /// The policy is another one than it was made by.
    #[error("the plan was made by another policy{}: plan again", named(.own_rules))]
    AnotherPolicy {
        /// The own rules that it was made by.
        own_rules: Vec<String>,
    },
    /// Its server is not there.
    #[error("the plan is for {}, which is not there", shown(.server))]
    NoServer {
        /// The name of the server.
        server: String,
    },
    /// It is for many servers, and one was given.
    #[error("the plan is for many servers, and one server was given")]
    ManyServers,
    /// It comes to something else on its server by now.
    #[error("{}", by_now(.now))]
    Changed {
        /// What it comes to.
        now: Box<Result<Plan, NoPlan>>,
    },
    /// It comes to something else on the servers by now.
    #[error("{}", by_now_on_servers(.now))]
    RolloutChanged {
        /// What it comes to.
        now: Box<Result<RolloutPlan, RolloutError>>,
    },
}

fn named(own_rules: &[String]) -> impl fmt::Display {
    from_fn(move |f| match own_rules {
        [] => Ok(()),
        rules => write!(f, ", with the own rules {}", list(rules)),
    })
}

const CHANGED: &str = "the server has changed since the plan was made, and it comes to something else now";

fn by_now(now: &Result<Plan, NoPlan>) -> impl fmt::Display {
    from_fn(move |f| match now {
        Ok(_) => f.write_str(CHANGED),
        Err(no_plan) => write!(f, "{CHANGED}: {no_plan}"),
    })
}

fn by_now_on_servers(now: &Result<RolloutPlan, RolloutError>) -> impl fmt::Display {
    from_fn(move |f| match now {
        Ok(_) => f.write_str("the servers have changed since the plan was made, and it comes to something else now"),
        Err(error) => write!(f, "the servers have changed since the plan was made: {error}"),
    })
}

impl Plan {
    /// The plan as a file, with the point in time at which it was made.
    pub fn stored(&self, now: SystemTime) -> StoredPlan {
        let asked = Asked::OfServer(self.server().to_owned(), Box::new(self.request().clone()));
        let renames = self.change().renames();
        StoredPlan {
            certificates: vec![PlannedCertificate::new(self)],
            connectors: renames.iter().map(|rename| PlannedConnector::new(rename.connector(), rename.name())).collect(),
            endpoints: self.endpoints().iter().map(PlannedEndpoint::new).collect(),
            for_people: ForPeople {
                diagnostics: self.diagnostics().iter().map(|said| format!("{}: {said}", said.kind())).collect(),
                script: self.script().iter().map(ToString::to_string).collect(),
            },
            ..StoredPlan::new(now, asked, self.policy(), self.fingerprint())
        }
    }
}

impl RolloutPlan {
    /// The plan as a file, with the point in time at which it was made.
    pub fn stored(&self, now: SystemTime) -> StoredPlan {
        let plans = self.servers().filter_map(|(_, outcome)| outcome.as_ref().ok());
        let of_server = |(server, outcome): (&str, &Result<Plan, NoPlan>)| {
            let said = match outcome {
                Ok(plan) => plan.diagnostics(),
                Err(no_plan) => no_plan.diagnostics(),
            };
            let server = server.to_owned();
            said.iter().map(move |said| format!("{server}: {}: {said}", said.kind())).collect::<Vec<_>>()
        };
        let of_whole = self.diagnostics().iter().map(|said| format!("{}: {said}", said.kind()));
        StoredPlan {
            certificates: plans.map(PlannedCertificate::new).collect(),
            connectors: self
                .connectors()
                .iter()
                .map(|moved| PlannedConnector::new(moved.connector(), moved.name()))
                .collect(),
            endpoints: self.endpoints().map(PlannedEndpoint::new).collect(),
            for_people: ForPeople {
                diagnostics: self.servers().flat_map(of_server).chain(of_whole).collect(),
                script: self.script().iter().map(ToString::to_string).collect(),
            },
            ..StoredPlan::new(now, Asked::OfFleet(Box::new(self.rollout().clone())), self.policy(), self.fingerprint())
        }
    }
}

impl StoredPlan {
    fn new(now: SystemTime, asked: Asked, policy: &Policy, fingerprint: Fingerprint) -> Self {
        Self {
            version: VERSION.to_owned(),
            now,
            asked,
            policy: policy.clone().into(),
            fingerprint,
            certificates: Vec::new(),
            connectors: Vec::new(),
            endpoints: Vec::new(),
            for_people: ForPeople::default(),
        }
    }

    /// The version of this crate that made it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// When it was made, to the second.
    pub fn now(&self) -> SystemTime {
        self.now
    }

    /// What it came to.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The server, if it is for one alone.
    pub fn server(&self) -> Option<&str> {
        match &self.asked {
            Asked::OfServer(server, _) => Some(server),
            Asked::OfFleet(_) => None,
        }
    }

    /// What was asked of each server.
    pub fn request(&self) -> &Request {
        match &self.asked {
            Asked::OfServer(_, request) => request,
            Asked::OfFleet(rollout) => rollout.request(),
        }
    }

    /// The rollout, if it is for many servers.
    pub fn rollout(&self) -> Option<&Rollout> {
        match &self.asked {
            Asked::OfServer(..) => None,
            Asked::OfFleet(rollout) => Some(rollout),
        }
    }

    /// The ids of the own rules of the policy. They are code, and a policy with them has to be given again.
    pub fn own_rules(&self) -> &[String] {
        self.policy.own_rules()
    }

    /// Plans once more for the organisation as it is now, by the same policy, and hands the plan out if it comes to the
    /// same.
    ///
    /// # Errors
    ///
    /// A [`StalePlan`] with the reason, if it does not.
    pub fn again(&self, fleet: &Fleet, policy: &Policy, now: SystemTime) -> Result<PlannedAgain, StalePlan> {
        let rollout = match &self.asked {
            Asked::OfServer(name, _) => {
                let server = fleet.get(name).ok_or_else(|| StalePlan::NoServer { server: name.clone() })?;
                return self.again_on(server, policy, now).map(|plan| PlannedAgain::Plan(Box::new(plan)));
            }
            Asked::OfFleet(rollout) => rollout,
        };
        self.check(policy)?;
        match fleet.roll_out(policy, rollout, now) {
            Ok(plan) if plan.fingerprint() == self.fingerprint => Ok(PlannedAgain::Rollout(Box::new(plan))),
            now => Err(StalePlan::RolloutChanged { now: Box::new(now) }),
        }
    }

    /// The same for its server alone.
    ///
    /// # Errors
    ///
    /// A [`StalePlan`] with the reason, if it does not come to the same, or is for many servers.
    pub fn again_on(&self, server: &Server, policy: &Policy, now: SystemTime) -> Result<Plan, StalePlan> {
        let Asked::OfServer(name, request) = &self.asked else { return Err(StalePlan::ManyServers) };
        if !server.is_called(name) {
            return Err(StalePlan::NoServer { server: name.clone() });
        }
        self.check(policy)?;
        match plan_with(policy, server, request, now) {
            Ok(plan) if plan.fingerprint() == self.fingerprint => Ok(plan),
            now => Err(StalePlan::Changed { now: Box::new(now) }),
        }
    }

    fn check(&self, policy: &Policy) -> Result<(), StalePlan> {
        if self.version != VERSION {
            return Err(StalePlan::AnotherVersion { version: self.version.clone() });
        }
        if self.policy != policy.clone().into() {
            return Err(StalePlan::AnotherPolicy { own_rules: self.own_rules().to_vec() });
        }
        Ok(())
    }
}

/// The file.
#[derive(Serialize, Deserialize)]
struct Form {
    format: u8,
    version: String,
    #[serde(serialize_with = "rfc3339::serialize", deserialize_with = "rfc3339::deserialize")]
    now: SystemTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<Request>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollout: Option<Rollout>,
    #[serde(default)]
    policy: PolicyForm,
    fingerprint: Fingerprint,
    #[serde(default)]
    certificates: Vec<PlannedCertificate>,
    #[serde(default)]
    connectors: Vec<PlannedConnector>,
    #[serde(default)]
    endpoints: Vec<PlannedEndpoint>,
    #[serde(skip_deserializing)]
    diagnostics: Vec<String>,
    #[serde(skip_deserializing)]
    script: Vec<String>,
}

impl From<StoredPlan> for Form {
    fn from(stored: StoredPlan) -> Self {
        let (server, request, rollout) = match stored.asked {
            Asked::OfServer(server, request) => (Some(server), Some(*request), None),
            Asked::OfFleet(rollout) => (None, None, Some(*rollout)),
        };
        Self {
            format: FORMAT,
            version: stored.version,
            now: stored.now,
            server,
            request,
            rollout,
            policy: stored.policy,
            fingerprint: stored.fingerprint,
            certificates: stored.certificates,
            connectors: stored.connectors,
            endpoints: stored.endpoints,
            diagnostics: stored.for_people.diagnostics,
            script: stored.for_people.script,
        }
    }
}

impl TryFrom<Form> for StoredPlan {
    type Error = &'static str;

    fn try_from(form: Form) -> Result<Self, &'static str> {
        let asked = match (form.server, form.request, form.rollout) {
            (Some(server), Some(request), None) => Asked::OfServer(server, Box::new(request)),
            (None, None, Some(rollout)) => Asked::OfFleet(Box::new(rollout)),
            _ => return Err("a stored plan has a server with a request, or a rollout in their place"),
        };
        Ok(Self {
            version: form.version,
            now: form.now,
            asked,
            policy: form.policy,
            fingerprint: form.fingerprint,
            certificates: form.certificates,
            connectors: form.connectors,
            endpoints: form.endpoints,
            for_people: ForPeople::default(),
        })
    }
}
