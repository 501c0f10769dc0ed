//! What stays undone.

use std::fmt;

use serde::Serialize;

use crate::server::ConnectorKind;
use crate::service::Service;
use crate::text::{list, shown};
use crate::thumbprint::Thumbprint;

/// What stays undone.
///
/// ```
/// use exchange_certificates::{Answer, Certificate, Fleet, LeftOver, Policy, Request, Rollout, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let chain = Certificate::chain_from_pem(&std::fs::read_to_string("examples/data/fullchain.pem")?)?;
/// let request = Request::renew(chain.leaf().thumbprint()).with_default_smtp(Answer::Keep);
/// let rollout = Rollout::new(request).with_certificate(chain.leaf().clone());
/// for left in fleet.roll_out(&Policy::default(), &rollout, now)?.left_over() {
///     match left {
///         LeftOver::Connector { connector, .. } => println!("{connector} keeps its name"),
///         other => println!("{other}"),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[serde(untagged)]
#[non_exhaustive]
pub enum LeftOver {
    /// Services that are not assigned on a server.
    Services {
        /// The server.
        server: String,
        /// What is not assigned there.
        services: Service,
    },
    /// A connector, or the hybrid configuration, that keeps the name of the old certificate.
    Connector {
        /// Its kind.
        kind: ConnectorKind,
        /// Its name.
        connector: String,
        /// The servers of it that lack the new certificate with SMTP.
        lacking: Vec<String>,
    },
    /// A certificate that is not removed.
    Certificate {
        /// The server.
        server: String,
        /// The certificate.
        thumbprint: Thumbprint,
        /// The connectors that still name it.
        connectors: Vec<String>,
    },
}

impl fmt::Display for LeftOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Services { server, services } => write!(f, "{services} on {}", shown(server)),
            Self::Connector { kind, connector, lacking } => {
                match kind {
                    ConnectorKind::Hybrid => f.write_str("the hybrid configuration")?,
                    _ => write!(f, "the connector {}", shown(connector))?,
                }
                f.write_str(" keeps the name of the old certificate")?;
                match lacking.len() {
                    0 => Ok(()),
                    1 => write!(f, ": {} lacks the new one with SMTP", list(lacking)),
                    _ => write!(f, ": {} lack the new one with SMTP", list(lacking)),
                }
            }
            Self::Certificate { server, thumbprint, connectors } => {
                write!(f, "{thumbprint} stays on {}", shown(server))?;
                match connectors.len() {
                    0 => Ok(()),
                    1 => write!(f, ", since {} names it", list(connectors)),
                    _ => write!(f, ", since {} name it", list(connectors)),
                }
            }
        }
    }
}
