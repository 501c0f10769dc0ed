//! Why a rollout cannot be planned, or stops.

use super::rollout::RolloutPlan;
use crate::plan::NoPlan;
use crate::server::Nearest;
use crate::text::{self, list};
use crate::thumbprint::Thumbprint;

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
#[derive(Clone, Debug, thiserror::Error)]
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
