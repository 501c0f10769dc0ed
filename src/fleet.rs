//! The servers of an organisation.

mod answer;
mod collection;
mod error;
mod left_over;
mod names;
mod organization;
mod planned;
mod rollout;
mod steps;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::collection::{FleetIntoIter, FleetIter};
pub use self::error::{FleetError, FleetPlanError, RolloutError, RolloutStopped};
pub use self::left_over::LeftOver;
pub use self::names::MovedName;
use self::organization::Shared;
pub use self::rollout::{PlannedRemoval, Rollout, RolloutPlan};
use crate::certificate::Certificate;
use crate::change::Rename;
use crate::endpoint::Endpoint;
use crate::fact::Fact;
use crate::plan::{Plan, plan_among};
use crate::policy::Policy;
use crate::remedy::Elsewhere;
use crate::request::Request;
use crate::server::{AuthCertificates, Connector, NotRead, NotReadError, OneOfSeveral, Organization, Rank, Server};
use crate::text::{self, Caseless};
use crate::thumbprint::Thumbprint;

/// Servers by name, without case, in the order of their names.
///
/// ```
/// use exchange_certificates::{Fleet, Role, Server, Version};
///
/// let mut fleet = Fleet::new();
/// fleet.insert(Server::new("MBX02", Version::Exchange2019, [Role::Mailbox])?)?;
/// fleet.insert(Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?)?;
/// assert_eq!(fleet.servers().map(Server::name).collect::<Vec<_>>(), ["MBX01", "MBX02"]);
/// assert!(fleet.insert(Server::new("mbx01", Version::Exchange2016, [Role::Mailbox])?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    servers: BTreeMap<Caseless<String>, Server>,
    organization: Shared,
}

impl Fleet {
    /// A fleet of no servers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a server.
    ///
    /// # Errors
    ///
    /// [`FleetError::NameTaken`] with the server if one of its name is there, [`FleetError::Differs`] if it says something else of the
    /// organisation than another server; nothing is changed then.
    pub fn insert(&mut self, mut server: Server) -> Result<(), FleetError> {
        let key = key(server.name());
        if self.servers.contains_key(&key) {
            return Err(FleetError::NameTaken { server: Box::new(server) });
        }
        // The Send connectors of an Edge Transport server may be its own.
        server.keep_own(|connector| self.organization.contradicts(connector));
        let has_grown = self.organization.learn(server.name(), server.organization())?;
        self.servers.insert(key.clone(), server);
        let organization = self.organization.shared();
        let servers = self.servers.iter_mut().filter(|(name, _)| has_grown || **name == key);
        servers.for_each(|(_, server)| server.set_organization(Arc::clone(organization)));
        Ok(())
    }

    /// Says what of the organisation was not read, beside what its servers say.
    ///
    /// # Errors
    ///
    /// [`FleetError::NotRead`] if a kind is listed twice, or is of one server.
    pub fn with_not_read(mut self, not_read: impl IntoIterator<Item = NotRead>) -> Result<Self, FleetError> {
        for entry in not_read {
            if !entry.what().is_of_organization() {
                return Err(NotReadError::OfServer { what: entry.what() }.into());
            }
            self.organization.add_not_read(entry)?;
        }
        self.share();
        Ok(self)
    }

    /// Says what belongs to the organisation, beside what its servers say: Send connectors and the hybrid configuration,
    /// the Auth certificates, and the certificate of the federation trust.
    ///
    /// # Errors
    ///
    /// [`FleetError::Differs`] if a server says something else, [`FleetError::OfServer`] for a Receive connector.
    pub fn with_organization(
        mut self,
        connectors: impl IntoIterator<Item = Connector>,
        auth_certificates: Option<AuthCertificates>,
        federation_certificate: Fact<Thumbprint>,
    ) -> Result<Self, FleetError> {
        let connectors: Vec<_> = connectors.into_iter().collect();
        if let Some(connector) = connectors.iter().find(|connector| !Organization::owns(connector)) {
            return Err(FleetError::OfServer { connector: connector.name().to_owned() });
        }
        let said = Organization { connectors, auth_certificates, federation_certificate, ..Organization::default() };
        self.organization.learn("the organisation", &Arc::new(said))?;
        self.share();
        Ok(self)
    }

    /// What all servers share.
    pub(crate) fn shared(&self) -> &Organization {
        self.organization.shared()
    }

    /// What of the organisation was not read.
    pub fn not_read(&self) -> impl Iterator<Item = &NotRead> {
        self.organization.shared().not_read.iter()
    }

    /// How many servers there are.
    pub fn len(&self) -> usize {
        self.servers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// What a new certificate renews: the installed ones whose every name it covers, the best first, with the servers
    /// that have them.
    pub fn renewals(&self, new: &Certificate) -> Vec<Renewable> {
        let mut found: BTreeMap<Thumbprint, (Rank, Vec<String>)> = BTreeMap::new();
        for server in self.servers() {
            for old in server.renewed_by(new) {
                let rank = Rank::of(old, new);
                let (best, servers) = found.entry(old.thumbprint()).or_insert_with(|| (rank.clone(), Vec::new()));
                *best = rank.min(best.clone());
                servers.push(server.name().to_owned());
            }
        }
        let mut found: Vec<_> =
            found.into_iter().map(|(thumbprint, (rank, servers))| (rank, thumbprint, servers)).collect();
        found.sort();
        found.into_iter().map(|(_, thumbprint, servers)| Renewable { thumbprint, servers }).collect()
    }

    /// Plans a request for one of the servers, by its name or its fully qualified name.
    ///
    /// Where the certificate is not installed there, the refusal says which servers hold it.
    ///
    /// # Errors
    ///
    /// [`FleetPlanError::NoSuchServer`] if there is none of this name, else [`FleetPlanError::NoPlan`] as [`plan_with`].
    ///
    /// [`plan_with`]: crate::plan_with
    pub fn plan(
        &self,
        policy: &Policy,
        server: &str,
        request: &Request,
        now: SystemTime,
    ) -> Result<Plan, FleetPlanError> {
        let Some(server) = self.get(server) else {
            let nearest = text::nearest(server, self.servers().map(Server::name)).map(str::to_owned);
            return Err(FleetPlanError::NoSuchServer { name: server.to_owned(), nearest });
        };
        Ok(plan_among(policy, self, server, request, now)?)
    }

    /// Which certificate every server presents where, at a point in time, as [`Server::endpoints`] has it.
    pub fn endpoints(&self, now: SystemTime) -> Vec<Endpoint> {
        self.servers().flat_map(|server| server.endpoints(now)).collect()
    }

    /// Gives a connector of the organisation another name, on all servers at once.
    fn rename(&mut self, rename: &Rename) {
        self.organization.rename(rename);
        self.share();
    }

    /// Lets all servers have what belongs to the organisation.
    fn share(&mut self) {
        let organization = self.organization.shared();
        self.servers.values_mut().for_each(|server| server.set_organization(Arc::clone(organization)));
    }
}

/// A certificate that a new one renews.
///
/// ```
/// use exchange_certificates::{Certificate, Fleet};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
///
/// let chain = Certificate::chain_from_pem(&std::fs::read_to_string("examples/data/fullchain.pem")?)?;
/// for renewable in fleet.renewals(chain.leaf()) {
///     println!("{} on {}", renewable.thumbprint, renewable.servers.join(", "));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Renewable {
    /// The certificate.
    pub thumbprint: Thumbprint,
    /// The servers on which it is installed and assigned to something.
    pub servers: Vec<String>,
}

fn key(name: &str) -> Caseless<String> {
    Caseless(name.to_owned())
}

impl Elsewhere for Fleet {
    fn holders(&self, thumbprint: Thumbprint) -> Vec<&Server> {
        self.servers().filter(|server| server.installed(thumbprint).is_some()).collect()
    }
}

/// As a list of servers, of which one says what belongs to the organisation.
impl Serialize for Fleet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = self.servers().position(|server| !server.is_edge()).unwrap_or_default();
        let of = |(index, server)| OneOfSeveral { server, has_shared: index == place };
        serializer.collect_seq(self.servers().enumerate().map(of))
    }
}

impl<'de> Deserialize<'de> for Fleet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Servers;

        impl<'de> Visitor<'de> for Servers {
            type Value = Fleet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of servers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Fleet, A::Error> {
                let mut fleet = Fleet::new();
                let (mut edges, mut misplaced) = (Vec::new(), None);
                let mut next = Next { fleet: &mut fleet, edges: &mut edges, misplaced: &mut misplaced };
                while list.next_element_seed(&mut next)?.is_some() {}
                edges.into_iter().try_for_each(|edge| fleet.insert(edge)).map_err(A::Error::custom)?;
                match misplaced.filter(|_| fleet.len() > 1) {
                    Some(misplaced) => Err(A::Error::custom(FleetError::NotRead(misplaced))),
                    None => Ok(fleet),
                }
            }
        }

        deserializer.deserialize_seq(Servers)
    }
}

/// Reads one server into the fleet, so that an error stands at its place in the list.
struct Next<'a> {
    fleet: &'a mut Fleet,
    /// Edge Transport servers join last: what they have in another way than the organisation is their own.
    edges: &'a mut Vec<Server>,
    /// What of the organisation stands at a server, which is an error beside other servers.
    misplaced: &'a mut Option<NotReadError>,
}

impl<'de> DeserializeSeed<'de> for &mut Next<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let server = Server::deserialize(deserializer)?;
        if let (None, Some(entry)) = (&self.misplaced, server.organization().not_read.iter().next()) {
            let server = server.name().to_owned();
            *self.misplaced = Some(NotReadError::OfOrganization { what: entry.what(), server });
        }
        if server.is_edge() {
            self.edges.push(server);
            return Ok(());
        }
        self.fleet.insert(server).map_err(D::Error::custom)
    }
}
