//! What was read so far: identical objects are one, and two that contradict each other are an error.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::collected;
use super::described::{Conflict, Field, Known, ServerFacts, settle};
use super::error::{ImportError, Origin};
use super::exported::ExportedCertificate;
use super::listed::Listed;
use super::note::ImportNote;
use super::presented::PresentedKey;
use super::questions::{Account, Answers};
use crate::server::{AuthCertificates, Connector, ConnectorKind};
use crate::text::Caseless;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;
use crate::verify::PresentedAt;

#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    /// By the thumbprint and the number of the server.
    pub(super) certificates: IndexMap<(Thumbprint, u32), ExportedCertificate>,
    pub(super) listed: IndexMap<(Thumbprint, Option<String>), Vec<Listed>>,
    pub(super) servers: BTreeMap<ServerKey, ServerFacts>,
    pub(super) connectors: IndexMap<ConnectorKey, Known<Connector>>,
    pub(super) auth_certificates: Field<AuthCertificates>,
    pub(super) federation_certificate: Field<Thumbprint>,
    /// Edge servers, each with the site that it is subscribed to.
    pub(super) edges: BTreeMap<ServerKey, Known<Option<String>>>,
    /// What a probe saw, by server, address, port and name.
    pub(super) presented: IndexMap<PresentedKey, Known<PresentedAt>>,
    pub(super) skipped: u64,
    pub(super) answers: Answers,
    pub(super) notes: Vec<ImportNote>,
    /// Of the file that is being read: when it was collected, and what it says of itself.
    pub(super) collected: Option<Arc<Timestamp>>,
    pub(super) account: Account,
    /// The number of a server by each of its names.
    names: HashMap<Arc<str>, u32>,
    numbers: HashMap<ServerKey, u32>,
    /// The certificates of each server by its number, as indices.
    certificates_on: BTreeMap<u32, Vec<usize>>,
    /// The connectors of each server, and those of which it is not said, as indices: all but the organisation's.
    connectors_on: HashMap<Option<ServerKey>, Vec<usize>>,
}

impl Records {
    /// The name of a server as one value that all its certificates share; the server is then known.
    pub(super) fn server_name(&mut self, name: &str, origin: &Origin) -> Result<Arc<str>, ImportError> {
        if let Some((known, _)) = self.names.get_key_value(name) {
            return Ok(Arc::clone(known));
        }
        let mut facts = ServerFacts::default();
        if name.contains('.') && name.parse::<IpAddr>().is_err() {
            facts.seen_as = Some(Known::new(Caseless(name.to_owned()), origin));
        } else {
            facts.name = Some(Known::new(Caseless(name.to_owned()), origin));
        }
        self.put_server(name, facts)?;
        let next = u32::try_from(self.numbers.len() + 1).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(server_key(name)).or_insert(next);
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name), number);
        Ok(name)
    }

    pub(super) fn put_certificate(&mut self, certificate: ExportedCertificate) -> Result<(), ImportError> {
        let number = self.number(certificate.server());
        match self.certificates.entry((certificate.thumbprint(), number)) {
            Entry::Vacant(entry) => {
                self.certificates_on.entry(number).or_default().push(entry.index());
                entry.insert(certificate);
            }
            Entry::Occupied(mut entry) => match difference(entry.get(), &certificate) {
                None => entry.get_mut().fill(certificate),
                Some(conflict) => {
                    let subject = certificate.thumbprint().to_string();
                    let known = entry.get_mut();
                    let (note, older) = match known.origin().cmp_collected(certificate.origin()) {
                        Ordering::Equal => return Err(conflict.about(&subject)),
                        Ordering::Less => (conflict.note(&subject), std::mem::replace(known, certificate)),
                        Ordering::Greater => (conflict.turned().note(&subject), certificate),
                    };
                    known.fill(older);
                    self.notes.push(note);
                }
            },
        }
        Ok(())
    }

    pub(super) fn put_listed(&mut self, listed: Listed) -> Result<(), ImportError> {
        let known = self.listed.entry((listed.thumbprint, listed.server.clone())).or_default();
        if let Some((first, what)) = known.first().and_then(|first| Some((first, first.differs(&listed)?))) {
            let conflict = Conflict { what, one: first.origin.clone(), other: listed.origin };
            return Err(conflict.about(&listed.thumbprint.to_string()));
        }
        if !known.iter().any(|known| known.says_the_same(&listed)) {
            known.push(listed);
        }
        Ok(())
    }

    pub(super) fn put_server(&mut self, name: &str, facts: ServerFacts) -> Result<(), ImportError> {
        let outdated = self.servers.entry(server_key(name)).or_default().merge(facts);
        let outdated = outdated.map_err(|conflict| conflict.about(name))?;
        self.notes.extend(outdated.into_iter().map(|conflict| conflict.note(name)));
        Ok(())
    }

    /// Takes a connector; the Send connectors of an Edge Transport server's own collection are its own.
    pub(super) fn put_connector(
        &mut self,
        edge: Option<ServerKey>,
        connector: Known<Connector>,
    ) -> Result<(), ImportError> {
        let name = connector.value.name().to_owned();
        match self.connectors.entry(connector_key(edge, &connector.value)) {
            Entry::Vacant(entry) => {
                let (kind, server, _) = entry.key();
                if *kind == ConnectorKind::Receive || server.is_some() {
                    self.connectors_on.entry(server.clone()).or_default().push(entry.index());
                }
                entry.insert(connector);
                Ok(())
            }
            Entry::Occupied(mut entry) => {
                let mut outdated = Vec::new();
                let mut known = Some(entry.get().clone());
                let settled = settle(&mut known, Some(connector), "the settings", &mut outdated);
                known.into_iter().for_each(|known| drop(entry.insert(known)));
                self.noted(settled, outdated, &name)
            }
        }
    }

    pub(super) fn put_auth_certificates(&mut self, auth: Known<AuthCertificates>) -> Result<(), ImportError> {
        let mut outdated = Vec::new();
        let settled = settle(&mut self.auth_certificates, Some(auth), "the certificates", &mut outdated);
        self.noted(settled, outdated, "Auth Configuration")
    }

    pub(super) fn put_federation(&mut self, certificate: Known<Thumbprint>) -> Result<(), ImportError> {
        let mut outdated = Vec::new();
        let settled = settle(&mut self.federation_certificate, Some(certificate), "the certificate", &mut outdated);
        self.noted(settled, outdated, "the federation trust")
    }

    pub(super) fn put_edge(&mut self, name: &str, site: Known<Option<String>>) -> Result<(), ImportError> {
        let mut outdated = Vec::new();
        let mut known = self.edges.remove(&server_key(name));
        let settled = settle(&mut known, Some(site), "the site of the Edge subscription", &mut outdated);
        self.edges.extend(known.map(|known| (server_key(name), known)));
        self.noted(settled, outdated, name)
    }

    fn noted(
        &mut self,
        settled: Result<(), Conflict>,
        outdated: Vec<Conflict>,
        subject: &str,
    ) -> Result<(), ImportError> {
        self.notes.extend(outdated.into_iter().map(|conflict| conflict.note(subject)));
        settled.map_err(|conflict| conflict.about(subject))
    }

    /// Takes over all of a file, or nothing where something contradicts what is known.
    pub(super) fn absorb(&mut self, mut other: Self) -> Result<(), ImportError> {
        collected::conclude(&mut other)?;
        if self.is_empty() {
            *self = other;
            return Ok(());
        }
        for certificate in other.certificates.values() {
            let key = (certificate.thumbprint(), self.number(certificate.server()));
            let Some(known) = self.certificates.get(&key) else { continue };
            if let Some(conflict) = difference(known, certificate)
                && known.origin().cmp_collected(certificate.origin()) == Ordering::Equal
            {
                return Err(conflict.about(&certificate.thumbprint().to_string()));
            }
        }
        // All but the certificates is small: it is merged into a copy, which takes its place in the end.
        let mut merged = Self {
            listed: self.listed.clone(),
            servers: self.servers.clone(),
            connectors: self.connectors.clone(),
            connectors_on: self.connectors_on.clone(),
            auth_certificates: self.auth_certificates.clone(),
            federation_certificate: self.federation_certificate.clone(),
            answers: self.answers.clone(),
            notes: self.notes.clone(),
            edges: self.edges.clone(),
            presented: self.presented.clone(),
            skipped: self.skipped + other.skipped,
            ..Self::default()
        };
        for (name, facts) in std::mem::take(&mut other.servers) {
            merged.put_server(&name.0, facts)?;
        }
        for listed in std::mem::take(&mut other.listed).into_values().flatten() {
            merged.put_listed(listed)?;
        }
        for ((kind, server, _), connector) in std::mem::take(&mut other.connectors) {
            merged.put_connector(server.filter(|_| kind == ConnectorKind::Send), connector)?;
        }
        for (name, site) in std::mem::take(&mut other.edges) {
            merged.put_edge(&name.0, site)?;
        }
        if let Some(auth) = other.auth_certificates.take() {
            merged.put_auth_certificates(auth)?;
        }
        if let Some(certificate) = other.federation_certificate.take() {
            merged.put_federation(certificate)?;
        }
        for seen in std::mem::take(&mut other.presented).into_values() {
            merged.put_presented(seen)?;
        }
        merged.answers.merge(std::mem::take(&mut other.answers));
        merged.notes.append(&mut other.notes);
        merged.certificates = std::mem::take(&mut self.certificates);
        merged.certificates_on = std::mem::take(&mut self.certificates_on);
        merged.names = std::mem::take(&mut self.names);
        merged.numbers = std::mem::take(&mut self.numbers);
        *self = merged;
        for certificate in other.certificates.into_values() {
            if let Some(name) = certificate.server() {
                let origin = certificate.origin().clone();
                self.server_name(name, &origin)?;
            }
            self.put_certificate(certificate)?;
        }
        self.forget_what_is_gone();
        Ok(())
    }

    /// Counts anew where certificates and connectors stand, once some are taken away.
    pub(super) fn reindex(&mut self) {
        self.certificates_on.clear();
        for (index, (_, number)) in self.certificates.keys().enumerate() {
            self.certificates_on.entry(*number).or_default().push(index);
        }
        self.connectors_on.clear();
        for (index, (kind, server, _)) in self.connectors.keys().enumerate() {
            if *kind == ConnectorKind::Receive || server.is_some() {
                self.connectors_on.entry(server.clone()).or_default().push(index);
            }
        }
    }

    /// The certificates of a server, by its short name.
    pub(super) fn certificates_on(&self, key: &ServerKey) -> impl Iterator<Item = &ExportedCertificate> {
        let indices = self.numbers.get(key).and_then(|number| self.certificates_on.get(number));
        let found = indices.into_iter().flatten().filter_map(|index| self.certificates.get_index(*index));
        found.map(|(_, certificate)| certificate)
    }

    /// The Send connectors of the organisation, and its hybrid configuration.
    pub(super) fn connectors_of_organization(&self) -> impl Iterator<Item = &Connector> {
        let of_organization = |(kind, server, _): &ConnectorKey| *kind != ConnectorKind::Receive && server.is_none();
        self.connectors.iter().filter(move |(key, _)| of_organization(key)).map(|(_, known)| &known.value)
    }

    /// The connectors of a server, by its short name, and those of which it is not said.
    pub(super) fn connectors_on(&self, key: &ServerKey) -> impl Iterator<Item = &Connector> {
        let on = |key: Option<ServerKey>| self.connectors_on.get(&key).into_iter().flatten();
        let indices = on(Some(key.clone())).chain(on(None));
        indices.filter_map(|index| self.connectors.get_index(*index)).map(|(_, known)| &known.value)
    }

    fn is_empty(&self) -> bool {
        self.has_no_object() && self.presented.is_empty() && !self.answers.has_export
    }

    /// Whether they hold what a probe saw, and nothing of an export.
    pub(super) fn are_of_probe_alone(&self) -> bool {
        !self.presented.is_empty() && self.has_no_object()
    }

    fn has_no_object(&self) -> bool {
        self.certificates.is_empty()
            && self.listed.is_empty()
            && self.servers.is_empty()
            && self.connectors.is_empty()
            && self.auth_certificates.is_none()
            && self.federation_certificate.is_none()
            && self.edges.is_empty()
            && self.skipped == 0
            && self.notes.is_empty()
    }

    fn number(&self, server: Option<&str>) -> u32 {
        let Some(server) = server else { return 0 };
        let number = self.names.get(server).or_else(|| self.numbers.get(&server_key(server)));
        // A server that has no number yet has no certificate either.
        number.copied().unwrap_or(u32::MAX)
    }
}

/// What servers are known by: the name without a domain.
pub(super) type ServerKey = Caseless<String>;

pub(super) fn server_key(name: &str) -> ServerKey {
    Caseless(label(name).to_owned())
}

fn label(name: &str) -> &str {
    match name.split_once('.') {
        Some((label, _)) if name.parse::<IpAddr>().is_err() => label,
        _ => name,
    }
}

fn difference(known: &ExportedCertificate, other: &ExportedCertificate) -> Option<Conflict> {
    let what = known.facts().differs(other.facts())?;
    Some(Conflict { what, one: known.origin().clone(), other: other.origin().clone() })
}

/// The kind, the server that it belongs to, and the name.
pub(super) type ConnectorKey = (ConnectorKind, Option<ServerKey>, Caseless<String>);

/// A Receive connector belongs to a server, and there is one hybrid configuration, whatever it is called.
fn connector_key(edge: Option<ServerKey>, connector: &Connector) -> ConnectorKey {
    let (server, name) = match (connector.kind(), connector.servers()) {
        (ConnectorKind::Receive, [server, ..]) => (Some(server_key(server)), connector.name()),
        (ConnectorKind::Hybrid, _) => (None, ""),
        (ConnectorKind::Send, _) => (edge, connector.name()),
        _ => (None, connector.name()),
    };
    (connector.kind(), server, Caseless(name.to_owned()))
}
