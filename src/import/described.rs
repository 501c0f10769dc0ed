//! What an export says of a server, from whichever of its objects.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::error::{ImportError, Origin};
use crate::server::{DefaultSmtp, Role, StartupMode, Version};
use crate::text::{self, Caseless};

/// A server as an export describes it. What was not said is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedServer {
    /// Its name.
    pub name: String,
    /// Its fully qualified domain name.
    pub fqdn: Option<String>,
    /// Its version; nothing too where it is none of those that are modelled.
    pub version: Option<Version>,
    /// Its version as Exchange prints it: `Version 15.2 (Build 1544.4)`.
    pub build: Option<String>,
    /// Its roles.
    pub roles: Option<BTreeSet<Role>>,
    /// The Active Directory site that it is in.
    pub site: Option<String>,
    /// How the Unified Messaging service starts.
    pub um_startup_mode: Option<StartupMode>,
    /// How the Unified Messaging Call Router service starts.
    pub um_call_router_startup_mode: Option<StartupMode>,
    /// The `X509CertificateName` of IMAP; nothing inside where it is known that there is none.
    pub imap_certificate_name: Option<Option<String>>,
    /// The `X509CertificateName` of POP; nothing inside where it is known that there is none.
    pub pop_certificate_name: Option<Option<String>>,
    /// The host names that clients use.
    pub client_names: Option<Vec<String>>,
    /// Whether an Edge subscription exists: of this Edge server, or to this Mailbox server's site.
    pub edge_subscribed: Option<bool>,
    /// The default SMTP certificate.
    pub default_smtp: DefaultSmtp,
}

/// A value with the place where it was read.
#[derive(Clone, Debug)]
pub(super) struct Known<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

pub(super) type Field<T> = Option<Known<T>>;

/// Two values that contradict each other.
#[derive(Debug)]
pub(super) struct Conflict {
    pub(super) what: &'static str,
    pub(super) one: Origin,
    pub(super) other: Origin,
}

/// What is known of a server so far.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerFacts {
    pub(super) name: Field<Name>,
    /// As the server's own object says.
    pub(super) fqdn: Field<Name>,
    /// As certificates and sessions name it.
    pub(super) seen_as: Field<Name>,
    pub(super) build: Field<String>,
    pub(super) roles: Field<BTreeSet<Role>>,
    pub(super) site: Field<String>,
    pub(super) um_startup_mode: Field<StartupMode>,
    pub(super) um_call_router_startup_mode: Field<StartupMode>,
    pub(super) imap_certificate_name: Field<Option<String>>,
    pub(super) pop_certificate_name: Field<Option<String>>,
    pub(super) default_smtp: Field<DefaultSmtp>,
    /// The names in each URL or host name, by the object and its property.
    pub(super) client_names: BTreeMap<String, Known<Option<String>>>,
}

/// A name of a server.
pub(super) type Name = Caseless<String>;

impl<T> Known<T> {
    pub(super) fn new(value: T, origin: &Origin) -> Self {
        Self { value, origin: origin.clone() }
    }
}

impl Conflict {
    pub(super) fn about(self, subject: &str) -> ImportError {
        ImportError::Contradiction {
            what: format!("{} of {}", self.what, text::shown(subject)),
            one: self.one,
            other: self.other,
        }
    }
}

/// Takes over a value that is not known yet; one that is known must be the same.
pub(super) fn settle<T: PartialEq>(field: &mut Field<T>, other: Field<T>, what: &'static str) -> Result<(), Conflict> {
    match (&field, other) {
        (Some(known), Some(other)) if known.value != other.value => {
            Err(Conflict { what, one: known.origin.clone(), other: other.origin })
        }
        (None, other) => {
            *field = other;
            Ok(())
        }
        (Some(_), _) => Ok(()),
    }
}

impl ServerFacts {
    /// Takes over what is not known here.
    pub(super) fn merge(&mut self, other: Self) -> Result<(), Conflict> {
        settle(&mut self.name, other.name, "the name")?;
        settle(&mut self.fqdn, other.fqdn, "the fully qualified domain name")?;
        let seen = other.seen_as.clone();
        settle(&mut self.seen_as, other.seen_as, "the fully qualified domain name")?;
        // A session writes its server's name in lower case; elsewhere it stands as Windows prints it.
        if let (Some(known), Some(seen)) = (&mut self.seen_as, seen)
            && known.value.0 == known.value.0.to_lowercase()
        {
            known.value = seen.value;
        }
        // Both are names of one server, so that they must agree too.
        settle(&mut self.fqdn.clone(), self.seen_as.clone(), "the fully qualified domain name")?;
        settle(&mut self.build, other.build, "the version")?;
        settle(&mut self.roles, other.roles, "the roles")?;
        settle(&mut self.site, other.site, "the site")?;
        settle(&mut self.um_startup_mode, other.um_startup_mode, "the startup mode of Unified Messaging")?;
        let mode = other.um_call_router_startup_mode;
        settle(&mut self.um_call_router_startup_mode, mode, "the startup mode of the call router")?;
        settle(&mut self.imap_certificate_name, other.imap_certificate_name, "the X509CertificateName of IMAP")?;
        settle(&mut self.pop_certificate_name, other.pop_certificate_name, "the X509CertificateName of POP")?;
        settle(&mut self.default_smtp, other.default_smtp, "the default SMTP certificate")?;
        for (key, name) in other.client_names {
            let mut known = self.client_names.remove(&key);
            let settled = settle(&mut known, Some(name), "the host names of a virtual directory");
            self.client_names.extend(known.map(|known| (key, known)));
            settled?;
        }
        Ok(())
    }

    /// The version, where it is one of those that are modelled.
    pub(super) fn version(&self) -> Option<Version> {
        version(&self.build.as_ref()?.value)
    }

    /// The fully qualified domain name: as the server's own object says, or else as others name it.
    pub(super) fn fqdn(&self) -> Option<&str> {
        self.fqdn.as_ref().or(self.seen_as.as_ref()).map(|known| known.value.0.as_str())
    }

    /// The name, or else the key that the server is known by.
    pub(super) fn name<'a>(&'a self, key: &'a str) -> &'a str {
        let label = || self.fqdn().and_then(|fqdn| fqdn.split('.').next());
        self.name.as_ref().map(|known| known.value.0.as_str()).or_else(label).unwrap_or(key)
    }

    pub(super) fn exported(&self, key: &str) -> ExportedServer {
        ExportedServer {
            name: self.name(key).to_owned(),
            fqdn: self.fqdn().map(str::to_owned),
            version: self.version(),
            build: value(&self.build),
            roles: value(&self.roles),
            site: value(&self.site),
            um_startup_mode: value(&self.um_startup_mode),
            um_call_router_startup_mode: value(&self.um_call_router_startup_mode),
            imap_certificate_name: value(&self.imap_certificate_name),
            pop_certificate_name: value(&self.pop_certificate_name),
            client_names: self.names_of_clients(),
            edge_subscribed: None,
            default_smtp: value(&self.default_smtp).unwrap_or_default(),
        }
    }

    fn names_of_clients(&self) -> Option<Vec<String>> {
        if self.client_names.is_empty() {
            return None;
        }
        let mut seen = HashSet::new();
        let names = self.client_names.values().filter_map(|known| known.value.as_ref());
        Some(names.filter(|name| seen.insert(Caseless(name.as_str()))).cloned().collect())
    }
}

fn value<T: Clone>(field: &Field<T>) -> Option<T> {
    field.as_ref().map(|known| known.value.clone())
}

/// The version in a text like `Version 15.2 (Build 1544.4)` or `15.2.1544.4`.
pub(super) fn version(text: &str) -> Option<Version> {
    // The number of the build where the Subscription Edition begins, and what Active Directory adds
    // to each build.
    const SUBSCRIPTION_EDITION: u32 = 2562;
    const OFFSET: u32 = 30_000;

    let mut numbers = text.split(|character: char| !character.is_ascii_digit()).filter(|part| !part.is_empty());
    let mut number = || numbers.next()?.parse::<u32>().ok();
    let (major, minor, build) = (number()?, number()?, number()?);
    let build = build.checked_sub(OFFSET).unwrap_or(build);
    Some(match (major, minor) {
        (15, 0) => Version::Exchange2013,
        (15, 1) => Version::Exchange2016,
        (15, 2) if build < SUBSCRIPTION_EDITION => Version::Exchange2019,
        (15, 2) => Version::SubscriptionEdition,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_exchange_prints() {
        for (text, expected) in [
            ("Version 15.0 (Build 1497.2)", Some(Version::Exchange2013)),
            ("Version 15.1 (Build 1591.10)", Some(Version::Exchange2016)),
            ("Version 15.2 (Build 1544.4)", Some(Version::Exchange2019)),
            ("Version 15.2 (Build 2561.99)", Some(Version::Exchange2019)),
            ("Version 15.2 (Build 2562.17)", Some(Version::SubscriptionEdition)),
            ("Version 15.2 (Build 31544.4)", Some(Version::Exchange2019)),
            ("15.02.1544.004", Some(Version::Exchange2019)),
            ("Version 14.3 (Build 123.4)", None),
            ("Version 15.3 (Build 1.1)", None),
            ("Version 15", None),
            ("", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
