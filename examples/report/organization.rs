//! The servers of an organisation, put together from files.

use std::time::SystemTime;

use exchange_certificates::import::ImportedOrganization;
use exchange_certificates::{Fleet, Policy};

use crate::common::given::Given;
use crate::common::input::BadInput;

/// What the files say.
pub(crate) struct Organization {
    pub(crate) imported: ImportedOrganization,
    /// The point in time that the files name, where they name one.
    pub(crate) now: Option<SystemTime>,
    /// The policy among the files.
    pub(crate) policy: Option<Policy>,
    /// What could not be judged, and why, in sentences for people.
    pub(crate) notes: Vec<String>,
}

impl Organization {
    /// Of the files. Where the point in time is named already, theirs may differ.
    pub(crate) fn of(given: Given, has_now: bool) -> Result<Self, BadInput> {
        let (now, policy) = (given.now(has_now)?, given.policy_file().cloned());
        let imported = given.organization()?;
        let notes = imported.notes().iter().map(ToString::to_string).collect();
        Ok(Self { imported, now, policy, notes })
    }

    pub(crate) fn fleet(&self) -> &Fleet {
        self.imported.fleet()
    }

    /// Whether something of a server was guessed.
    pub(crate) fn is_guessed(&self, server: &str) -> bool {
        self.imported.guess(server).is_some()
    }
}
