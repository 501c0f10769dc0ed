//! A fleet as a collection of servers.

use std::collections::btree_map;
use std::iter::FusedIterator;

use super::{Fleet, FleetError, key};
use crate::server::Server;
use crate::text::{self, Caseless};

impl Fleet {
    /// The server of this name, or of this fully qualified name.
    pub fn get(&self, name: &str) -> Option<&Server> {
        self.servers.get(&key(name)).or_else(|| self.servers.get(&self.key_of_fqdn(name)?))
    }

    /// The same, to change it, or to carry out a plan on it. Its name stays.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Server> {
        let key = self.key(name)?;
        self.servers.get_mut(&key)
    }

    /// Takes the server of this name, or of this fully qualified name, out of the fleet. It keeps what it knows of the
    /// organisation, and so does the fleet.
    pub fn remove(&mut self, name: &str) -> Option<Server> {
        let key = self.key(name)?;
        self.servers.remove(&key)
    }

    /// Adds several servers, or none of them. Edge Transport servers join last, in whatever order they are given: what
    /// they have in another way than the organisation is their own.
    ///
    /// There is no [`Extend`], which could only drop a server of a name that is taken, or replace the one that has it.
    ///
    /// ```
    /// use exchange_certificates::{Fleet, FleetError, Role, Server, Version};
    ///
    /// let server = |name| Server::new(name, Version::Exchange2019, [Role::Mailbox]);
    /// let mut fleet: Fleet = [server("MBX01")?, server("MBX02")?].into_iter().collect::<Result<_, _>>()?;
    /// match fleet.try_extend([server("MBX03")?, server("mbx02")?]) {
    ///     Err(FleetError::NameTaken { server }) => assert_eq!(server.name(), "mbx02"),
    ///     _ => unreachable!("the name is taken"),
    /// }
    /// assert_eq!(fleet.len(), 2, "nothing is changed then");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Like [`insert`](Self::insert).
    pub fn try_extend(&mut self, servers: impl IntoIterator<Item = Server>) -> Result<(), FleetError> {
        let mut extended = self.clone();
        let (edges, others): (Vec<_>, Vec<_>) = servers.into_iter().partition(Server::is_edge);
        others.into_iter().chain(edges).try_for_each(|server| extended.insert(server))?;
        *self = extended;
        Ok(())
    }

    /// The servers, in the order of their names.
    pub fn servers(&self) -> FleetIter<'_> {
        FleetIter(self.servers.values())
    }

    fn key(&self, name: &str) -> Option<Caseless<String>> {
        let key = key(name);
        if self.servers.contains_key(&key) { Some(key) } else { self.key_of_fqdn(name) }
    }

    fn key_of_fqdn(&self, fqdn: &str) -> Option<Caseless<String>> {
        let mut servers = self.servers.iter();
        let found = servers.find(|(_, server)| server.fqdn().is_some_and(|known| text::same(known, fqdn)));
        found.map(|(key, _)| key.clone())
    }
}

/// A fleet of these servers, as [`Fleet::try_extend`] makes one: `servers.collect::<Result<Fleet, _>>()`.
impl FromIterator<Server> for Result<Fleet, FleetError> {
    fn from_iter<I: IntoIterator<Item = Server>>(servers: I) -> Self {
        let mut fleet = Fleet::new();
        fleet.try_extend(servers)?;
        Ok(fleet)
    }
}

/// The servers of a [`Fleet`], in the order of their names.
#[derive(Clone, Debug)]
pub struct FleetIter<'a>(btree_map::Values<'a, Caseless<String>, Server>);

impl<'a> Iterator for FleetIter<'a> {
    type Item = &'a Server;

    fn next(&mut self) -> Option<&'a Server> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for FleetIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

impl ExactSizeIterator for FleetIter<'_> {}

impl FusedIterator for FleetIter<'_> {}

impl<'a> IntoIterator for &'a Fleet {
    type Item = &'a Server;
    type IntoIter = FleetIter<'a>;

    fn into_iter(self) -> FleetIter<'a> {
        self.servers()
    }
}

/// The servers that were in a [`Fleet`], in the order of their names.
#[derive(Debug)]
pub struct FleetIntoIter(btree_map::IntoValues<Caseless<String>, Server>);

impl Iterator for FleetIntoIter {
    type Item = Server;

    fn next(&mut self) -> Option<Server> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for FleetIntoIter {
    fn next_back(&mut self) -> Option<Server> {
        self.0.next_back()
    }
}

impl ExactSizeIterator for FleetIntoIter {}

impl FusedIterator for FleetIntoIter {}

impl IntoIterator for Fleet {
    type Item = Server;
    type IntoIter = FleetIntoIter;

    fn into_iter(self) -> FleetIntoIter {
        FleetIntoIter(self.servers.into_values())
    }
}
