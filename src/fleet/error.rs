//! Why a server does not join a fleet, and why nothing is planned, or stops.

use super::rollout::RolloutPlan;
use crate::plan::NoPlan;
use crate::server::{Nearest, NotReadError, Server};
use crate::text::{self, list};
use crate::thumbprint::Thumbprint;

/// Why a server does not join a fleet.
///
/// ```
/// use exchange_certificates::{Fleet, FleetError, Role, Server, Version};
///
/// let mut fleet = Fleet::new();
/// fleet.insert(Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?)?;
/// let again = fleet.insert(Server::new("mbx01", Version::Exchange2019, [Role::Mailbox])?);
/// assert!(matches!(again, Err(FleetError::NameTaken { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// There is one of this name.
    #[error("name: there is a server {} already", text::shown(.server.name()))]
    NameTaken {
        /// The server that did not join.
        server: Box<Server>,
    },
    /// It says something else of what belongs to the whole organisation than another server.
    #[error("{what}: {} and {} say different things of it", text::shown(.one), text::shown(.other))]
    Differs {
        /// What they speak of.
        what: String,
        /// The server that spoke first.
        one: String,
        /// The one that contradicts it.
        other: String,
    },
    /// A connector of the organisation that belongs to one server.
    #[error("connectors: {} is a Receive connector, which stands at its server", text::shown(.connector))]
    OfServer {
        /// The name of the connector.
        connector: String,
    },
    /// A list of what was not read that is none.
    #[error("not_read: {0}")]
    NotRead(#[from] NotReadError),
}

/// Why a request for a server of a fleet has no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FleetPlanError {
    /// The fleet has no server of this name.
    #[error("there is no server {}{}", text::shown(.name), perhaps(.nearest.as_deref()))]
    NoSuchServer {
        /// The name.
        name: String,
        /// The server whose name is most like it, if one is like it at all.
        nearest: Option<String>,
    },
    /// The rules or the policy refuse the request, or it takes an answer first.
    #[error(transparent)]
    NoPlan(#[from] NoPlan),
}

fn perhaps(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean {}?", text::shown(nearest))).unwrap_or_default()
}

/// Why a rollout cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RolloutError {
    /// The fleet has no server of this name.
    #[error("servers: there is no server {}", text::shown(.name))]
    NoSuchServer {
        /// The name.
        name: String,
    },
    /// A server stands in the order more than once.
    #[error("servers: {} is listed twice", text::shown(.name))]
    Twice {
        /// The name.
        name: String,
    },
    /// An answer is for a server that the fleet does not have.
    #[error("answers: there is no server {}", text::shown(.name))]
    NoSuchAnswered {
        /// The name.
        name: String,
    },
    /// There is no server to roll out to.
    #[error("servers: there is none")]
    NoServers,
    /// The request is a removal.
    #[error("operation: a rollout assigns or renews; a removal is about one server")]
    Removal,
    /// The new certificate is installed nowhere, and was not given.
    #[error("thumbprint: {thumbprint} is installed on no server; give the certificate itself too")]
    NotGiven {
        /// The thumbprint.
        thumbprint: Thumbprint,
    },
    /// Another certificate was given than the one that is asked for.
    #[error("certificate: it is {given}, and thumbprint names {thumbprint}")]
    AnotherGiven {
        /// The certificate that was given.
        given: Thumbprint,
        /// The one that the request names.
        thumbprint: Thumbprint,
    },
    /// No server has the certificate that is to be replaced.
    #[error("old: {old} is installed on no server of these")]
    NoSuchOld {
        /// The certificate.
        old: Thumbprint,
    },
    /// The certificate renews none that has a service.
    #[error("thumbprint: {thumbprint} renews no certificate that has a service{}", further(.serving, .nearest.as_ref()))]
    RenewsNothing {
        /// The new certificate.
        thumbprint: Thumbprint,
        /// The servers on which it is assigned to something already.
        serving: Vec<String>,
        /// The one that it would renew if it had more names.
        nearest: Option<Nearest>,
    },
}

/// What is to be known where nothing is renewed.
fn further(serving: &[String], nearest: Option<&Nearest>) -> String {
    match (serving, nearest) {
        ([], None) => String::new(),
        ([], Some(nearest)) => format!("; {nearest}"),
        (serving, _) => format!("; it is assigned already on {}", list(serving)),
    }
}

/// Why a rollout stopped while it was carried out. The servers before this one are done; of a renewal nothing is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RolloutStopped {
    /// The request comes to something else there by now.
    #[error("{}: {reason}", text::shown(.server))]
    NoPlan {
        /// The server.
        server: String,
        /// What it comes to.
        #[source]
        reason: Box<NoPlan>,
    },
    /// The server is gone from the fleet.
    #[error("{}: there is no such server any more", text::shown(.server))]
    Gone {
        /// The server.
        server: String,
    },
    /// The renewal comes to something else by now.
    #[error("the servers have changed since the renewal was planned: it comes to something else now")]
    Stale {
        /// What it comes to.
        now: Box<Result<RolloutPlan, RolloutError>>,
    },
    /// The policy refuses what the rollout comes to.
    #[error("the policy refuses what the rollout changes on servers that it does not name")]
    Refused,
}
