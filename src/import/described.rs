//! What an export says of a server, from whichever of its objects.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::error::{ImportError, Origin};
use super::note::ImportNote;
use crate::fact::Fact;
use crate::server::{Role, Server, ServerError, StartupMode, Version, WebBinding};
use crate::text::{self, Caseless};
use crate::thumbprint::Thumbprint;

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

/// Declares each fact of a server once: its words for people, its name, its type, and how a server is given it.
macro_rules! facts {
    ($($(#[doc = $documentation:literal])+ $fact:ident: $type:ty, $words:literal, $give:expr;)+) => {
        /// What is known of a server so far, beside its version and roles.
        #[derive(Clone, Debug, Default)]
        pub(super) struct ServerFacts {
            pub(super) name: Field<Name>,
            /// As the server's own object says.
            pub(super) fqdn: Field<Name>,
            /// As certificates and sessions name it.
            pub(super) seen_as: Field<Name>,
            pub(super) build: Field<String>,
            /// As an Edge Transport server says of itself, which holds against what others say.
            pub(super) own_build: Field<String>,
            pub(super) roles: Field<BTreeSet<Role>>,
            /// What was said by hand, where no object tells it.
            pub(super) told: Option<(Version, BTreeSet<Role>)>,
            /// The names in each URL or host name, by the cmdlet, the object and its property.
            pub(super) client_names: BTreeMap<(&'static str, Caseless<String>, &'static str), Known<Option<String>>>,
            /// The certificates that it finds for each host name.
            pub(super) selection: BTreeMap<Caseless<String>, Known<Vec<Thumbprint>>>,
            $(pub(super) $fact: Field<$type>,)+
        }

        impl ServerFacts {
            fn merge_settings(&mut self, other: &mut Self, outdated: &mut Vec<Conflict>) -> Result<(), Conflict> {
                $(settle(&mut self.$fact, other.$fact.take(), $words, outdated)?;)+
                Ok(())
            }

            /// Gives a server all that is known of it.
            pub(super) fn give(&self, mut server: Server) -> Result<Server, ServerError> {
                $(if let Some(known) = &self.$fact {
                    let give: fn(Server, &$type) -> Result<Server, ServerError> = $give;
                    server = give(server, &known.value)?;
                })+
                Ok(server)
            }
        }

        impl ExportedServer<'_> {
            $($(#[doc = $documentation])+
            pub fn $fact(&self) -> Option<&$type> {
                self.facts.$fact.as_ref().map(|known| &known.value)
            })+

            fn has_same_settings(&self, other: &Self) -> bool {
                $(self.$fact() == other.$fact())&&+
            }
        }
    };
}

facts! {
    /// The Active Directory site that it is in.
    site: String, "the site", |server, site| server.with_site(site);
    /// How the Unified Messaging service starts.
    um_startup_mode: StartupMode, "the startup mode of Unified Messaging",
        |server, mode| Ok(server.with_um_startup_mode(*mode));
    /// How the Unified Messaging Call Router service starts.
    um_call_router_startup_mode: StartupMode, "the startup mode of the call router",
        |server, mode| Ok(server.with_um_call_router_startup_mode(*mode));
    /// The `X509CertificateName` of IMAP.
    imap_certificate_name: Fact<String>, "the X509CertificateName of IMAP",
        |server, name| server.with_imap_certificate_name(name.as_deref());
    /// The `X509CertificateName` of POP.
    pop_certificate_name: Fact<String>, "the X509CertificateName of POP",
        |server, name| server.with_pop_certificate_name(name.as_deref());
    /// The default SMTP certificate.
    default_smtp: Fact<Thumbprint>, "the default SMTP certificate",
        |server, default| Ok(server.with_default_smtp(*default));
    /// The https bindings of its web sites.
    web_bindings: Vec<WebBinding>, "the bindings of the web sites",
        |server, bindings| Ok(server.with_web_bindings(bindings.iter().cloned()));
}

/// A server as an export describes it. What was not said is not known.
#[derive(Clone, Copy, Debug)]
pub struct ExportedServer<'a> {
    key: &'a str,
    facts: &'a ServerFacts,
    edge_subscribed: Option<bool>,
    /// Whether all that names clients was read, so that there is no name where none is.
    has_all_client_names: bool,
}

impl PartialEq for ExportedServer<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.name(), self.fqdn(), self.build(), self.roles(), self.client_names(), self.edge_subscribed)
            == (other.name(), other.fqdn(), other.build(), other.roles(), other.client_names(), other.edge_subscribed)
            && self.selection() == other.selection()
            && self.has_same_settings(other)
    }
}

impl<'a> ExportedServer<'a> {
    pub(super) fn new(key: &'a str, facts: &'a ServerFacts) -> Self {
        Self { key, facts, edge_subscribed: None, has_all_client_names: false }
    }

    pub(super) fn with_edge_subscribed(self, edge_subscribed: Option<bool>) -> Self {
        Self { edge_subscribed, ..self }
    }

    pub(super) fn with_all_client_names(self, has_all_client_names: bool) -> Self {
        Self { has_all_client_names, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.facts.name(self.key)
    }

    /// Its fully qualified domain name.
    pub fn fqdn(&self) -> Option<&'a str> {
        self.facts.fqdn()
    }

    /// Its version; `None` also if it is not one of those that are modelled.
    pub fn version(&self) -> Option<Version> {
        let told = || self.facts.told.as_ref().map(|(version, _)| *version);
        self.build().map_or_else(told, version)
    }

    /// Its build, as in `15.2.1544.4`, or what else Exchange prints for its version.
    pub fn build(&self) -> Option<&'a str> {
        self.facts.build().map(|known| known.value.as_str())
    }

    /// Its roles.
    pub fn roles(&self) -> Option<&'a BTreeSet<Role>> {
        let told = || self.facts.told.as_ref().map(|(_, roles)| roles);
        self.facts.roles.as_ref().map(|known| &known.value).or_else(told)
    }

    /// The host names that clients use.
    pub fn client_names(&self) -> Option<Vec<String>> {
        self.facts.names_of_clients().or_else(|| self.has_all_client_names.then(Vec::new))
    }

    /// Which certificates it finds for each host name that it was asked about; `None` if it was asked about none.
    pub fn selection(&self) -> Option<BTreeMap<&'a str, &'a [Thumbprint]>> {
        let found = self.facts.selection.iter().map(|(Caseless(host), known)| (host.as_str(), known.value.as_slice()));
        Some(found.collect()).filter(|found: &BTreeMap<_, _>| !found.is_empty())
    }

    /// Whether an Edge subscription exists: of this Edge server, or to this Mailbox server's site.
    pub fn edge_subscribed(&self) -> Option<bool> {
        self.edge_subscribed
    }

    /// The server that it describes, of this version and with these roles.
    pub(super) fn to_server(self, version: Version, roles: BTreeSet<Role>) -> Result<Server, ServerError> {
        let mut server = self.facts.give(Server::new(self.name(), version, roles)?)?;
        if let Some(fqdn) = self.fqdn() {
            server = server.with_fqdn(fqdn)?;
        }
        // Where the version is guessed, the build is not one of it.
        if let Some(build) = self.build().filter(|build| self::version(build) == Some(version)) {
            server = server.with_build(build)?;
        }
        if let Some(names) = self.client_names() {
            server = server.with_client_names(names)?;
        }
        for (host, thumbprints) in self.selection().into_iter().flatten() {
            server = server.with_selection(host, thumbprints.iter().copied())?;
        }
        if let Some(subscribed) = self.edge_subscribed {
            server = server.with_edge_subscribed(subscribed);
        }
        Ok(server)
    }
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
        let Self { what, one, other } = self;
        ImportError::Contradiction { what: format!("{what} of {}", text::shown(subject)), one, other }
    }

    /// The same with the first one newer.
    pub(super) fn turned(self) -> Self {
        Self { what: self.what, one: self.other, other: self.one }
    }

    /// The same as a remark, if the other one is newer.
    pub(super) fn note(self, subject: &str) -> ImportNote {
        let Self { what, one, other } = self;
        ImportNote::Outdated { what: format!("{what} of {}", text::shown(subject)), older: one, newer: other }
    }
}

/// Takes over a value that is not known yet; one that is known must be the same, unless one of the two is of a newer
/// collection, which then holds.
pub(super) fn settle<T: PartialEq>(
    field: &mut Field<T>,
    other: Field<T>,
    what: &'static str,
    outdated: &mut Vec<Conflict>,
) -> Result<(), Conflict> {
    let Some(other) = other else { return Ok(()) };
    let Some(known) = field else {
        *field = Some(other);
        return Ok(());
    };
    if known.value == other.value {
        // It is as new as the newest that says so.
        if other.origin.collected > known.origin.collected {
            known.origin = other.origin;
        }
        return Ok(());
    }
    let (one, another) = (known.origin.clone(), other.origin.clone());
    match one.cmp_collected(&another) {
        Ordering::Equal => return Err(Conflict { what, one, other: another }),
        Ordering::Less => {
            *known = other;
            outdated.push(Conflict { what, one, other: another });
        }
        Ordering::Greater => outdated.push(Conflict { what, one: another, other: one }),
    }
    Ok(())
}

/// The same for all that is known by a key.
fn settle_each<K: Ord, T: PartialEq>(
    known: &mut BTreeMap<K, Known<T>>,
    others: BTreeMap<K, Known<T>>,
    what: &'static str,
    outdated: &mut Vec<Conflict>,
) -> Result<(), Conflict> {
    for (key, other) in others {
        let mut field = known.remove(&key);
        let settled = settle(&mut field, Some(other), what, outdated);
        known.extend(field.map(|field| (key, field)));
        settled?;
    }
    Ok(())
}

impl ServerFacts {
    /// Takes over what is not known here, and tells what of an older collection does not hold.
    pub(super) fn merge(&mut self, mut other: Self) -> Result<Vec<Conflict>, Conflict> {
        let mut outdated = Vec::new();
        let old = &mut outdated;
        self.merge_settings(&mut other, old)?;
        settle(&mut self.name, other.name, "the name", old)?;
        settle(&mut self.fqdn, other.fqdn, "the fully qualified domain name", old)?;
        let seen = other.seen_as.clone();
        settle(&mut self.seen_as, other.seen_as, "the fully qualified domain name", old)?;
        // A session writes its server's name in lower case; elsewhere it stands as Windows prints it.
        if let (Some(known), Some(seen)) = (&mut self.seen_as, seen)
            && known.value.0 == known.value.0.to_lowercase()
        {
            known.value = seen.value;
        }
        // Both are names of one server, so that they must agree too.
        settle(&mut self.fqdn.clone(), self.seen_as.clone(), "the fully qualified domain name", &mut Vec::new())?;
        settle(&mut self.build, other.build, "the version", old)?;
        settle(&mut self.own_build, other.own_build, "the version", old)?;
        settle(&mut self.roles, other.roles, "the roles", old)?;
        settle_each(&mut self.client_names, other.client_names, "the host names of a virtual directory", old)?;
        settle_each(&mut self.selection, other.selection, "the certificates found for a host name", old)?;
        Ok(outdated)
    }

    /// Whether version and roles are known.
    pub(super) fn is_described(&self) -> bool {
        self.told.is_some() || self.build().is_some() && self.roles.is_some()
    }

    /// What the server itself says of its version, or else what others say.
    pub(super) fn build(&self) -> Option<&Known<String>> {
        self.own_build.as_ref().or(self.build.as_ref())
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

    fn names_of_clients(&self) -> Option<Vec<String>> {
        if self.client_names.is_empty() {
            return None;
        }
        let mut seen = HashSet::new();
        let names = self.client_names.values().filter_map(|known| known.value.as_ref());
        Some(names.filter(|name| seen.insert(Caseless(name.as_str()))).cloned().collect())
    }
}

/// What Active Directory adds to the third number of a build.
const OFFSET: u32 = 30_000;

/// The numbers of a build, as in `15.2.1544.4`; a text that does not hold four of them stays as it is.
pub(super) fn build_numbers(text: &str) -> String {
    let mut numbers: Vec<_> = numbers(text).map(str::to_owned).collect();
    let [_, _, build, _] = numbers.as_mut_slice() else {
        return text.to_owned();
    };
    if let Some(printed) = build.parse().ok().and_then(|build: u32| build.checked_sub(OFFSET)) {
        *build = printed.to_string();
    }
    numbers.join(".")
}

fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_ascii_digit()).filter(|part| !part.is_empty())
}

/// The version in a text like `Version 15.2 (Build 1544.4)` or `15.2.1544.4`.
pub(super) fn version(text: &str) -> Option<Version> {
    let mut numbers = numbers(text);
    let mut number = || numbers.next()?.parse::<u32>().ok();
    let (major, minor, build) = (number()?, number()?, number()?);
    Version::of_build(major, minor, build.checked_sub(OFFSET).unwrap_or(build))
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
            assert_eq!(version(&build_numbers(text)), expected, "{text}");
        }
    }

    #[test]
    fn the_numbers_of_a_build_are_kept_as_text() {
        for (text, expected) in [
            ("Version 15.2 (Build 1544.4)", "15.2.1544.4"),
            ("Version 15.2 (Build 31544.4)", "15.2.1544.4"),
            ("15.02.1544.004", "15.02.1544.004"),
            ("Version 15.2", "Version 15.2"),
            ("", ""),
        ] {
            assert_eq!(build_numbers(text), expected, "{text}");
        }
    }
}
