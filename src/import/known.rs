//! What is said by hand of servers that exports do not describe.

use std::collections::BTreeSet;

use super::Import;
use super::described::{Known, ServerFacts};
use super::error::{ImportError, Origin, Place};
use super::records::server_key;
use crate::server::{Role, Server, Version};
use crate::text::Caseless;

impl Import {
    /// Says version and roles of a server that the files name, and no object of `Get-ExchangeServer` describes: its
    /// certificates may have been exported alone. It is then a server like any other.
    ///
    /// It is said once all files are read.
    ///
    /// ```
    /// use exchange_certificates::import::{Import, Input};
    /// use exchange_certificates::{Role, Version};
    ///
    /// let mut import = Import::new();
    /// let certificate = std::fs::read("examples/data/renewed.pem")?;
    /// import.add(Input::named("renewed.pem").on_server("MBX01"), &certificate)?;
    /// assert!(import.server("MBX01").is_err());
    /// import.know("MBX01", Version::Exchange2019, [Role::Mailbox])?;
    /// assert_eq!(import.server("MBX01")?.certificates().count(), 1);
    /// assert!(import.know("MBX01", Version::Exchange2016, [Role::Mailbox]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ImportError::NoSuchServer`] if no file names it, [`ImportError::KnownOtherwise`] if something else is known of
    /// it, [`ImportError::Server`] if there is no such combination of version and roles; nothing is changed then.
    pub fn know(
        &mut self,
        server: &str,
        version: Version,
        roles: impl IntoIterator<Item = Role>,
    ) -> Result<(), ImportError> {
        let roles: BTreeSet<_> = roles.into_iter().collect();
        let key = server_key(server);
        let by_connectors = self.named_by_connectors();
        let is_other_fqdn = |fqdn: &str| server.contains('.') && !crate::text::same(fqdn, server);
        let facts = self.records.servers.get(&key).filter(|facts| !facts.fqdn().is_some_and(is_other_fqdn));
        let name = match (facts, by_connectors.get(&key)) {
            (Some(facts), _) => facts.name(&key.0),
            (None, Some((name, _))) => name,
            (None, None) => {
                let named = self.records.servers.iter().map(|(key, facts)| facts.name(&key.0));
                let named = named.chain(by_connectors.values().map(|(name, _)| *name));
                let named = named.map(str::to_owned).collect();
                return Err(ImportError::NoSuchServer { server: server.to_owned(), named });
            }
        };
        let name = name.to_owned();
        let failed = |error| ImportError::Server { server: name.clone(), error };
        Server::new(name.as_str(), version, roles.iter().copied()).map_err(failed)?;
        let otherwise =
            |what, given, known| Err(ImportError::KnownOtherwise { server: name.clone(), what, given, known });
        if let Some(exported) = self.exported(&key) {
            let known =
                exported.version().map(|version| version.title().to_owned()).or(exported.build().map(str::to_owned));
            if let Some(known) = known.filter(|_| exported.version() != Some(version)) {
                return otherwise("the version", version.title().to_owned(), known);
            }
            if let Some(known) = exported.roles().filter(|known| **known != roles) {
                return otherwise("the role", words(&roles), words(known));
            }
        }
        let mut facts = ServerFacts::default();
        if !self.records.servers.contains_key(&key) {
            let origin = Origin::new(&"what was said by hand".into(), Place::File);
            facts.name = Some(Known::new(Caseless(name), &origin));
        }
        let known = self.records.servers.entry(key).or_insert(facts);
        known.told = Some((version, roles));
        Ok(())
    }
}

fn words(roles: &BTreeSet<Role>) -> String {
    roles.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
