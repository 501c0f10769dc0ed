//! What became of certificates, connectors and default SMTP certificates.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fact::Fact;
use crate::fleet::Fleet;
use crate::server::{Connector, ConnectorKind, NotReadKind, Server, TlsCertificateName};
use crate::text::Caseless;
use crate::thumbprint::Thumbprint;

/// A certificate on a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateAt {
    /// The name of the server.
    pub server: String,
    /// The certificate.
    pub thumbprint: Thumbprint,
}

impl CertificateAt {
    /// What one fleet has and another one lacks, on servers of both whose certificates were read.
    pub(super) fn missing(one: &Fleet, other: &Fleet) -> Vec<Self> {
        let was_read = |server: &Server| server.unread(NotReadKind::Certificates).is_none();
        let mut missing = Vec::new();
        for (server, twin) in both(one, other).filter(|(server, twin)| was_read(server) && was_read(twin)) {
            let here = server.certificates().map(|installed| installed.thumbprint());
            let alone = here.filter(|thumbprint| twin.installed(*thumbprint).is_none());
            missing.extend(alone.map(|thumbprint| Self { server: server.name().to_owned(), thumbprint }));
        }
        missing
    }
}

/// A server whose default SMTP certificate is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DefaultSmtpChange {
    /// The name of the server.
    pub server: String,
    /// The default as it was.
    pub before: Fact<Thumbprint>,
    /// The default as it is.
    pub after: Fact<Thumbprint>,
}

impl DefaultSmtpChange {
    pub(super) fn all(before: &Fleet, after: &Fleet) -> Vec<Self> {
        let change = |(former, server): (&Server, &Server)| {
            let (before, after) = (former.default_smtp(), server.default_smtp());
            let is_changed = before.is_known() && after.is_known() && before != after;
            is_changed.then(|| Self { server: server.name().to_owned(), before, after })
        };
        both(before, after).filter_map(change).collect()
    }
}

/// A connector, or the hybrid configuration, that is new or gone, or names another certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConnectorChange {
    /// The server of a Receive connector; `None` where it is the organisation's.
    pub server: Option<String>,
    /// What kind of connector it is.
    pub kind: ConnectorKind,
    /// Its name.
    pub name: String,
    /// What it named; `None` if it was not there.
    pub before: Option<Fact<TlsCertificateName>>,
    /// What it names; `None` if it is not there.
    pub after: Option<Fact<TlsCertificateName>>,
}

/// The kind, the server of a Receive connector, and the name.
type Key = (ConnectorKind, Option<Caseless<String>>, Caseless<String>);

impl ConnectorChange {
    pub(super) fn all(before: &Fleet, after: &Fleet) -> Vec<Self> {
        let (former, mut present) = (connectors(before), connectors(after));
        let mut changes = Vec::new();
        for (key, connector) in &former {
            let other = present.remove(key);
            let is_changed = match other {
                Some(other) => {
                    let (one, another) = (connector.tls_certificate_name(), other.tls_certificate_name());
                    one.is_known() && another.is_known() && one != another
                }
                None => was_read(after, key),
            };
            if is_changed {
                changes.push(Self::new(key, Some(connector), other));
            }
        }
        let new = present.into_iter().filter(|(key, _)| was_read(before, key));
        changes.extend(new.map(|(key, connector)| Self::new(&key, None, Some(connector))));
        changes
    }

    fn new(key: &Key, before: Option<&Connector>, after: Option<&Connector>) -> Self {
        let named = |connector: &Connector| connector.tls_certificate_name().map(Clone::clone);
        let (kind, server, Caseless(name)) = key;
        let name = after.or(before).map_or(name.as_str(), Connector::name).to_owned();
        let server = server.as_ref().map(|Caseless(server)| server.clone());
        Self { server, kind: *kind, name, before: before.map(named), after: after.map(named) }
    }
}

/// The connectors of all servers, each once.
fn connectors(fleet: &Fleet) -> BTreeMap<Key, &Connector> {
    let of_server = |server| Server::connectors(server).map(move |connector| (key(server, connector), connector));
    fleet.servers().flat_map(of_server).collect()
}

fn key(server: &Server, connector: &Connector) -> Key {
    let (kind, of, Caseless(name)) = connector.identity();
    let of = of.map(|Caseless(of)| of).or_else(|| (kind == ConnectorKind::Receive).then(|| server.name()));
    (kind, of.map(|of| Caseless(of.to_owned())), Caseless(name.to_owned()))
}

/// Whether the fleet would have the connector if it were there.
fn was_read(fleet: &Fleet, (kind, server, _): &Key) -> bool {
    let is_read = |what| fleet.not_read().all(|entry| entry.what() != what);
    match (kind, server) {
        (ConnectorKind::Receive, Some(Caseless(server))) => match fleet.get(server) {
            Some(server) => server.unread(NotReadKind::ReceiveConnectors).is_none(),
            None => is_read(NotReadKind::Servers),
        },
        (ConnectorKind::Hybrid, _) => is_read(NotReadKind::Hybrid),
        _ => is_read(NotReadKind::SendConnectors),
    }
}

/// The servers that are in both fleets.
fn both<'a>(one: &'a Fleet, other: &'a Fleet) -> impl Iterator<Item = (&'a Server, &'a Server)> {
    one.servers().filter_map(|server| Some((server, other.get(server.name())?)))
}
