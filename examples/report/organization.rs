//! The servers of an organisation, put together from files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use exchange_certificates::import::{ExportedCertificate, ExportedServer, Import, ImportError};
use exchange_certificates::{
    Audit, Connector, Fleet, NotRead, NotReadKind, Role, Server, ServerError, Service, Version,
};

use crate::common::exports::{self, Completeness};
use crate::common::input::{BadInput, plain};
use crate::common::scenario::{self, Scenario, Subject};

/// The name of what holds the certificates of which no file says where they are installed.
const NO_SERVER: &str = "(server not said)";

/// What the files say.
#[derive(Default)]
pub(crate) struct Organization {
    pub(crate) fleet: Fleet,
    /// The point in time that the files name, where they name one.
    pub(crate) now: Option<SystemTime>,
    /// What could not be judged, and why, in sentences for people.
    pub(crate) notes: Vec<String>,
    /// Whether certificates are shown as text alone, which are not judged.
    has_listed: bool,
    /// The scenario that each server stands in.
    files: BTreeMap<String, String>,
    /// The servers of which something is not known that rules need.
    gaps: BTreeMap<String, Gap>,
}

/// What is not known of a server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Its version and its roles.
    VersionAndRoles,
    /// Everything but that connectors name it.
    AllButConnectors,
    /// Whether it is one server at all.
    Server,
}

impl Organization {
    /// Reads the files. Where the point in time is named already, theirs may differ.
    pub(crate) fn read(paths: &[PathBuf], has_now: bool, completeness: Completeness) -> Result<Self, BadInput> {
        let mut organization = Self::default();
        let mut import = Import::new();
        for path in paths {
            if is_scenario(path)? {
                organization.add_scenario(scenario::read(path)?, has_now)?;
            } else {
                exports::read(&mut import, path)?;
            }
        }
        organization.add_exports(&completeness.of(import))?;
        Ok(organization)
    }

    /// Whether the version and the roles of a server are not known.
    pub(crate) fn is_guessed(&self, server: &str) -> bool {
        self.gaps.contains_key(&server.to_lowercase())
    }

    /// Whether a server or all certificates are too little known to be judged.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.is_nothing_judged()
            || self.knows_no_certificate()
            || self.fleet.servers().any(|server| !is_read(server))
            || self.gaps.values().any(|gap| *gap != Gap::Server)
    }

    /// Whether there is no server that could be judged, nor any certificate.
    pub(crate) fn is_nothing_judged(&self) -> bool {
        let is_judged = |server: &Server| {
            let is_known = match self.gaps.get(&server.name().to_lowercase()) {
                None => true,
                Some(Gap::VersionAndRoles | Gap::Server) => server.certificates().next().is_some(),
                Some(Gap::AllButConnectors) => false,
            };
            is_known && is_read(server)
        };
        !self.fleet.servers().any(is_judged) || self.knows_no_certificate()
    }

    /// Whether there are certificates, and of none of them it is known what it is assigned to.
    fn knows_no_certificate(&self) -> bool {
        let mut certificates = self.fleet.servers().flat_map(Server::certificates).peekable();
        let is_any = certificates.peek().is_some() || self.has_listed;
        is_any && certificates.all(|installed| installed.services().is_none())
    }

    /// What an audit found, without what too little is known for.
    pub(crate) fn judged(&self, mut audit: Audit) -> Audit {
        for finding in &mut audit.findings {
            if self.gaps.get(&finding.server().to_lowercase()) == Some(&Gap::Server) {
                finding.retain_consequences(|consequence| consequence.rule() != "audit-service-uncovered");
            }
        }
        audit.findings.retain(|finding| match self.gaps.get(&finding.server().to_lowercase()) {
            None => true,
            Some(Gap::VersionAndRoles) => !matches!(finding.rule(), "audit-out-of-support" | "audit-fleet-differs"),
            Some(Gap::AllButConnectors) => {
                matches!(finding.rule(), "audit-connector-certificate-missing" | "audit-endpoint-fails")
            }
            Some(Gap::Server) => finding.thumbprint().is_some(),
        });
        audit
    }

    fn add_scenario(&mut self, scenario: Scenario, has_now: bool) -> Result<(), BadInput> {
        let file = scenario.file.as_str();
        if let Some(now) = scenario.now {
            if !has_now && self.now.is_some_and(|other| other != now) {
                return Err(BadInput::new(file, "now: another file names another time; --now says which one is meant"));
            }
            self.now = Some(now);
        }
        match scenario.subject {
            Subject::Server(server) => self.insert(file, *server),
            Subject::Fleet(fleet) => fleet.servers().try_for_each(|server| self.insert(file, server.clone())),
        }
    }

    fn insert(&mut self, file: &str, server: Server) -> Result<(), BadInput> {
        let name = server.name().to_lowercase();
        let known = self.files.get(&name).cloned();
        self.fleet.insert(server).map_err(|error| match known {
            Some(other) => BadInput::new(file, format_args!("{error}, in {other}")),
            None => BadInput::new(file, error),
        })?;
        self.files.insert(name, file.to_owned());
        Ok(())
    }

    fn add_exports(&mut self, import: &Import) -> Result<(), BadInput> {
        let guess = self.version_of_no_server(import);
        for exported in import.servers() {
            let server = match import.server(exported.name()) {
                Ok(server) => server,
                Err(ImportError::NotDescribed { .. } | ImportError::UnknownVersion { .. }) => {
                    self.note(exported.name(), "neither its version nor its roles are known, and what depends on them is not judged: export those of Get-ExchangeServer too");
                    self.gaps.insert(exported.name().to_lowercase(), Gap::VersionAndRoles);
                    guessed(import, exported, guess).map_err(BadInput::named)?
                }
                Err(error) => return Err(BadInput::named(error)),
            };
            self.insert("the exports", server)?;
        }
        self.add_connectors(import, guess)?;
        self.add_certificates(import, guess)?;
        let is_new = |entry: &NotRead| self.fleet.not_read().all(|known| known.what() != entry.what());
        let of_organization = import.not_read().into_iter().filter(|(server, _)| server.is_none());
        let not_read: Vec<_> = of_organization.map(|(_, entry)| entry).filter(is_new).collect();
        self.fleet = std::mem::take(&mut self.fleet).with_not_read(not_read).map_err(BadInput::named)?;
        self.notes.extend(import.notes().iter().map(|note| format!("{note}.")));
        let unknown = import.certificates().filter(|certificate| certificate.services().is_none()).count();
        self.has_listed = import.listed().next().is_some();
        if unknown > 0 {
            let all = import.certificates().len();
            self.notes.push(format!(
                "The services of {unknown} of {all} exported certificates are not known: whether they are in use is not judged."
            ));
        }
        if import.listed().next().is_some() {
            let listed = import.listed().count();
            self.notes.push(format!(
                "{listed} certificates are shown as text alone, as Format-List and Format-Table do, and are not judged: export them with Export-Clixml."
            ));
        }
        Ok(())
    }

    /// Servers that connectors alone name: nothing of them was read, but that a certificate is nowhere can be said.
    fn add_connectors(&mut self, import: &Import, guess: Version) -> Result<(), BadInput> {
        let is_held =
            |connector: &Connector| import.certificates().any(|certificate| connector.names(certificate.certificate()));
        let mut unread: BTreeMap<String, Vec<&Connector>> = BTreeMap::new();
        for connector in import.connectors().filter(|connector| connector.tls_certificate_name().value().is_some()) {
            for name in connector.servers().iter().filter(|name| self.fleet.get(name).is_none()) {
                unread.entry(name.to_lowercase()).or_default().push(connector);
            }
        }
        for (key, connectors) in unread {
            let names = connectors[0].servers().iter().find(|name| name.to_lowercase() == key);
            let name = names.unwrap_or(&key).clone();
            self.note(&name, "connectors name it, and nothing else of it is in the files: only whether anything installed elsewhere is what they name is judged");
            let server = Server::new(name, guess, [Role::EdgeTransport]).map_err(BadInput::named)?;
            let missing = connectors.into_iter().filter(|connector| !is_held(connector));
            let server = missing.fold(server, |server, connector| server.with_connector(connector.clone()));
            self.gaps.insert(key, Gap::AllButConnectors);
            self.insert("the exports", server)?;
        }
        Ok(())
    }

    /// Certificates of which no file says where they are installed; one that some server holds is that one.
    fn add_certificates(&mut self, import: &Import, guess: Version) -> Result<(), BadInput> {
        let held: BTreeSet<_> = self
            .fleet
            .servers()
            .flat_map(|server| server.certificates().map(|installed| installed.thumbprint()))
            .collect();
        let is_alone = |certificate: &&ExportedCertificate| {
            certificate.server().is_none() && !held.contains(&certificate.thumbprint())
        };
        let mut alone = import.certificates().filter(is_alone).peekable();
        if alone.peek().is_none() {
            return Ok(());
        }
        let mut server = Server::new(NO_SERVER, guess, [Role::EdgeTransport]).map_err(BadInput::named)?;
        for certificate in alone {
            server.install(certificate.to_installed()).map_err(BadInput::named)?;
        }
        self.gaps.insert(NO_SERVER.to_owned(), Gap::Server);
        self.notes.push(
            "No file says on which server some certificates are installed: they are judged one by one.".to_owned(),
        );
        self.insert("the exports", server)
    }

    /// A version that no server has, so that none is compared with one of which it is not known.
    fn version_of_no_server(&self, import: &Import) -> Version {
        let exported: BTreeSet<_> = import.servers().into_iter().filter_map(|server| server.version()).collect();
        let is_free = |version: &Version| {
            !exported.contains(version) && self.fleet.servers().all(|server| server.version() != *version)
        };
        let versions =
            [Version::SubscriptionEdition, Version::Exchange2019, Version::Exchange2016, Version::Exchange2013];
        versions.into_iter().find(is_free).unwrap_or(Version::SubscriptionEdition)
    }

    fn note(&mut self, server: &str, what: &str) {
        self.notes.push(format!("{}: {what}.", plain(server)));
    }
}

/// Whether all certificates of a server were read.
fn is_read(server: &Server) -> bool {
    server.not_read().all(|entry| entry.what() != NotReadKind::Certificates)
}

/// A server of which the version and the roles are not known. As an Edge Transport server it demands the least of its
/// certificates; as a Mailbox server only where what is known of it shows that it is one.
fn guessed(import: &Import, exported: ExportedServer<'_>, version: Version) -> Result<Server, String> {
    let names = [Some(exported.name()), exported.fqdn()];
    let is_this = |name: &str| names.into_iter().flatten().any(|known| known.eq_ignore_ascii_case(name));
    let certificates = || import.certificates().filter(|certificate| certificate.server().is_some_and(is_this));
    let of_clients = Service::IIS | Service::IMAP | Service::POP;
    let has_clients = exported.client_names().is_some()
        || certificates()
            .any(|certificate| certificate.services().is_some_and(|services| services.intersects(of_clients)));
    let role = if has_clients { Role::Mailbox } else { Role::EdgeTransport };
    let failed = |error: ServerError| error.to_string();
    let mut server = Server::new(exported.name(), version, [role]).map_err(failed)?;
    if let Some(default) = exported.default_smtp() {
        server = server.with_default_smtp(*default);
    }
    if let Some(fqdn) = exported.fqdn() {
        server = server.with_fqdn(fqdn).map_err(failed)?;
    }
    if let Some(names) = exported.client_names() {
        server = server.with_client_names(names).map_err(failed)?;
    }
    for connector in import.connectors() {
        if connector.servers().is_empty() || connector.servers().iter().any(|name| is_this(name)) {
            server = server.with_connector(connector.clone());
        }
    }
    let not_read = import.not_read().into_iter().filter(|(name, _)| name.is_some_and(is_this));
    server = server.with_not_read(not_read.map(|(_, entry)| entry)).map_err(failed)?;
    for certificate in certificates() {
        server.install(certificate.to_installed()).map_err(|error| error.to_string())?;
    }
    Ok(server)
}

/// Whether a file is a scenario, and not JSON that PowerShell wrote: told by the names in its beginning.
fn is_scenario(path: &Path) -> Result<bool, BadInput> {
    let failed = |error| BadInput::new(&path.display().to_string(), error);
    let mut start = Vec::new();
    File::open(path).map_err(failed)?.take(64 * 1024).read_to_end(&mut start).map_err(failed)?;
    let start = String::from_utf8_lossy(&start);
    let start = start.trim_start_matches('\u{FEFF}').trim_start();
    let names = ["\"server\"", "\"servers\"", "\"request\"", "\"policy\"", "\"now\""];
    Ok(start.starts_with('{') && names.iter().any(|name| start.contains(name)))
}
