//! All servers that an export names, those too of which it says too little to plan anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::error::ImportError;
use super::note::ImportNote;
use super::records::{ServerKey, server_key};
use super::{ExportedCertificate, ExportedServer, Import};
use crate::audit::Audit;
use crate::finding::FactValue;
use crate::fleet::{Fleet, FleetError};
use crate::server::{Connector, NotReadKind, Role, Server, Version};
use crate::service::Service;
use crate::text::{self, Caseless};

/// The name of what holds the certificates of which no file says where they are installed.
const NO_SERVER: &str = "(server not said)";

/// Every server that an [`Import`] names, and every certificate: what [`audit`](crate::audit()) looks at.
///
/// Where version and roles of a server are not known they are guessed, so that its certificates can be judged at all;
/// [`judged`](Self::judged) then takes out what stands on the guess. For a plan there is [`Import::fleet`], which
/// guesses nothing.
///
/// ```
/// use exchange_certificates::import::{Guess, Import};
/// use exchange_certificates::{audit, rfc3339};
///
/// let mut import = Import::new();
/// import.add("renewed.pem", &std::fs::read("examples/data/renewed.pem")?)?;
/// let organization = import.organization();
/// let server = organization.fleet().servers().next().ok_or("the certificate is nowhere")?;
/// assert_eq!(organization.guess(server.name()), Some(Guess::Server));
/// let audit = organization.judged(audit(organization.fleet(), rfc3339::parse("2027-04-20")?));
/// assert!(audit.findings.is_empty(), "it has expired, and nobody says that it is in use");
/// assert!(organization.is_incomplete());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ImportedOrganization {
    fleet: Fleet,
    guesses: BTreeMap<Caseless<String>, Guessed>,
    notes: Vec<OrganizationNote>,
    has_left_out: bool,
    has_listed: bool,
}

/// What is not known of a server, and so was guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Guess {
    /// Its version and its roles.
    VersionAndRoles,
    /// All but that connectors name it.
    AllButConnectors,
    /// Whether it is one server at all: it holds the certificates of which no file says where they are installed.
    Server,
}

/// A guess, with the connectors that name a certificate which no server has.
#[derive(Clone, Debug)]
struct Guessed {
    guess: Guess,
    missing: Vec<String>,
}

/// What could not be judged of an [`ImportedOrganization`], and why: a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrganizationNote {
    /// A server of which version and roles, or one of these, are not known.
    NotDescribed {
        /// Its name.
        server: String,
    },
    /// A server whose version is none that is modelled.
    UnknownVersion {
        /// Its name.
        server: String,
        /// The version as it stands in the export.
        version: String,
    },
    /// A server of which the files hold nothing but that connectors name it.
    NamedByConnectors {
        /// Its name.
        server: String,
    },
    /// A server that there cannot be; it is left out.
    LeftOut(ImportError),
    /// No file says where some certificates are installed.
    NoServer,
    /// Certificates of which it is not known what they are assigned to.
    ServicesNotKnown {
        /// How many.
        certificates: usize,
        /// Of how many.
        of: usize,
    },
    /// Certificates that are shown as text alone.
    Listed {
        /// How many.
        certificates: usize,
    },
    /// What the import says of itself.
    Import(ImportNote),
}

impl Import {
    /// Every server that is named anywhere, whatever is known of it: none is left out without a word.
    pub fn organization(&self) -> ImportedOrganization {
        // Alone an import says nothing in two ways.
        self.organization_beside(Fleet::new()).unwrap_or_default()
    }

    /// The same beside servers that are known from elsewhere.
    ///
    /// # Errors
    ///
    /// [`FleetError`] if the files have one of these servers too, or say something else of the organisation.
    pub fn organization_beside(&self, fleet: Fleet) -> Result<ImportedOrganization, FleetError> {
        let mut organization = ImportedOrganization { fleet, ..ImportedOrganization::default() };
        let guess = organization.version_of_no_server(self);
        for exported in self.servers() {
            organization.add_server(self, exported, guess)?;
        }
        organization.add_named_by_connectors(self, guess)?;
        organization.add_certificates(self, guess)?;
        organization.take_not_read(self)?;
        organization.add_notes(self);
        Ok(organization)
    }

    /// The servers of which nothing but connectors speaks, with these connectors.
    pub(super) fn named_by_connectors(&self) -> BTreeMap<ServerKey, (&str, Vec<&Connector>)> {
        let mut named: BTreeMap<ServerKey, (&str, Vec<&Connector>)> = BTreeMap::new();
        for connector in self.connectors().filter(|connector| connector.tls_certificate_name().value().is_some()) {
            for name in connector.servers() {
                let key = server_key(name);
                if !self.records.servers.contains_key(&key) {
                    named.entry(key).or_insert_with(|| (name, Vec::new())).1.push(connector);
                }
            }
        }
        named
    }

    /// A server of which version and roles are not known. As an Edge Transport server it demands the least of its
    /// certificates; as a Mailbox server only where what is known of it shows that it is one.
    fn guessed(&self, exported: ExportedServer<'_>, version: Version) -> Result<Server, ImportError> {
        let of_clients = Service::IIS | Service::IMAP | Service::POP;
        let key = server_key(exported.name());
        let mut certificates = self.records.certificates_on(&key);
        let has_clients = exported.client_names().is_some()
            || certificates
                .any(|certificate| certificate.services().is_some_and(|services| services.intersects(of_clients)));
        let role = if has_clients { Role::Mailbox } else { Role::EdgeTransport };
        self.server_as(exported, version, [role].into(), &self.shared_organization())
    }
}

impl ImportedOrganization {
    /// All servers, with what was guessed of some of them.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// What was guessed of a server; `None` if nothing was.
    pub fn guess(&self, server: &str) -> Option<Guess> {
        self.guessed(server).map(|guessed| guessed.guess)
    }

    /// What could not be judged, and why.
    pub fn notes(&self) -> &[OrganizationNote] {
        &self.notes
    }

    /// What an audit of the [`fleet`](Self::fleet) found, without what too little is known for.
    #[must_use]
    pub fn judged(&self, mut audit: Audit) -> Audit {
        for finding in &mut audit.findings {
            if self.guess(finding.server()) == Some(Guess::Server) {
                finding.retain_consequences(|consequence| consequence.rule() != "audit-service-uncovered");
            }
        }
        audit.findings.retain(|finding| match self.guessed(finding.server()) {
            None => true,
            Some(Guessed { guess: Guess::VersionAndRoles, .. }) => {
                !matches!(finding.rule(), "audit-out-of-support" | "audit-fleet-differs")
            }
            Some(Guessed { guess: Guess::AllButConnectors, missing }) => match finding.rule() {
                "audit-connector-certificate-missing" => {
                    let connector = finding.message().fact("connector");
                    missing.iter().any(|name| connector == Some(FactValue::Text(name.clone())))
                }
                "audit-endpoint-fails" => !missing.is_empty(),
                _ => false,
            },
            Some(Guessed { guess: Guess::Server, .. }) => finding.thumbprint().is_some(),
        });
        audit
    }

    /// Whether a server, or every certificate, is too little known to be judged.
    pub fn is_incomplete(&self) -> bool {
        self.is_nothing_judged()
            || self.has_left_out
            || self.fleet.servers().any(|server| !is_read(server))
            || self.guesses.values().any(|guessed| guessed.guess != Guess::Server)
    }

    /// Whether there is no server that could be judged, nor any certificate.
    pub fn is_nothing_judged(&self) -> bool {
        let is_judged = |server: &Server| {
            let is_known = match self.guess(server.name()) {
                None => true,
                Some(Guess::VersionAndRoles | Guess::Server) => server.certificates().next().is_some(),
                Some(Guess::AllButConnectors) => false,
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

    fn guessed(&self, server: &str) -> Option<&Guessed> {
        self.guesses.get(&Caseless(server.to_owned()))
    }

    fn add_guessed(&mut self, server: Server, guess: Guess, missing: Vec<String>) -> Result<(), FleetError> {
        self.guesses.insert(Caseless(server.name().to_owned()), Guessed { guess, missing });
        self.fleet.insert(server)
    }

    fn add_server(&mut self, import: &Import, exported: ExportedServer<'_>, guess: Version) -> Result<(), FleetError> {
        let server = exported.name().to_owned();
        let note = match import.server(exported.name()) {
            Ok(server) => return self.fleet.insert(server),
            Err(ImportError::NotDescribed { .. }) => OrganizationNote::NotDescribed { server },
            Err(ImportError::UnknownVersion { version, .. }) => OrganizationNote::UnknownVersion { server, version },
            Err(error) => {
                self.leave_out(error);
                return Ok(());
            }
        };
        match import.guessed(exported, guess) {
            Ok(server) => {
                self.notes.push(note);
                self.add_guessed(server, Guess::VersionAndRoles, Vec::new())
            }
            Err(error) => {
                self.leave_out(error);
                Ok(())
            }
        }
    }

    fn leave_out(&mut self, error: ImportError) {
        self.has_left_out = true;
        self.notes.push(OrganizationNote::LeftOut(error));
    }

    /// Servers that connectors alone name: nothing of them was read, but that a certificate is nowhere can be said.
    fn add_named_by_connectors(&mut self, import: &Import, guess: Version) -> Result<(), FleetError> {
        let is_held =
            |connector: &Connector| import.certificates().any(|certificate| connector.names(certificate.certificate()));
        for (name, connectors) in import.named_by_connectors().into_values() {
            // It may be known from elsewhere.
            if self.fleet.get(name).is_some() {
                continue;
            }
            let server = match Server::new(name, guess, [Role::EdgeTransport]) {
                Ok(server) => server,
                Err(error) => {
                    self.leave_out(ImportError::Server { server: name.to_owned(), error });
                    continue;
                }
            };
            self.notes.push(OrganizationNote::NamedByConnectors { server: name.to_owned() });
            let missing: Vec<_> = connectors.into_iter().filter(|connector| !is_held(connector)).collect();
            let names = missing.iter().map(|connector| connector.name().to_owned()).collect();
            let server = missing.into_iter().fold(server, |server, connector| server.with_connector(connector.clone()));
            self.add_guessed(server, Guess::AllButConnectors, names)?;
        }
        Ok(())
    }

    /// Certificates of which no file says where they are installed; one that some server holds is that one.
    fn add_certificates(&mut self, import: &Import, guess: Version) -> Result<(), FleetError> {
        let held = self.fleet.servers().flat_map(Server::certificates).map(|installed| installed.thumbprint());
        let held: BTreeSet<_> = held.collect();
        let is_alone = |certificate: &&ExportedCertificate| {
            certificate.server().is_none() && !held.contains(&certificate.thumbprint())
        };
        let mut alone = import.certificates().filter(is_alone).peekable();
        if alone.peek().is_none() {
            return Ok(());
        }
        let is_free = |name: &String| self.fleet.get(name).is_none();
        let mut names =
            std::iter::once(NO_SERVER.to_owned()).chain((2_u64..).map(|next| format!("{NO_SERVER} {next}")));
        let name = names.find(is_free).unwrap_or_default();
        let Ok(mut server) = Server::new(name, guess, [Role::EdgeTransport]) else { return Ok(()) };
        // Each stands there once.
        alone.for_each(|certificate| server.install(certificate.to_installed()).unwrap_or_default());
        self.notes.push(OrganizationNote::NoServer);
        self.add_guessed(server, Guess::Server, Vec::new())
    }

    fn take_not_read(&mut self, import: &Import) -> Result<(), FleetError> {
        let is_known = |what: NotReadKind| self.fleet.not_read().any(|known| known.what() == what);
        let mut new = import.not_read_of_organization();
        new.retain(|entry| !is_known(entry.what()));
        self.fleet = std::mem::take(&mut self.fleet).with_not_read(new)?;
        Ok(())
    }

    fn add_notes(&mut self, import: &Import) {
        self.notes.extend(import.notes().iter().cloned().map(OrganizationNote::Import));
        let of = import.certificates().len();
        let certificates = import.certificates().filter(|certificate| certificate.services().is_none()).count();
        if certificates > 0 {
            self.notes.push(OrganizationNote::ServicesNotKnown { certificates, of });
        }
        let certificates = import.listed().count();
        self.has_listed = certificates > 0;
        if self.has_listed {
            self.notes.push(OrganizationNote::Listed { certificates });
        }
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
}

/// Whether all certificates of a server were read.
fn is_read(server: &Server) -> bool {
    server.not_read().all(|entry| entry.what() != NotReadKind::Certificates)
}

impl fmt::Display for OrganizationNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDescribed { server } => write!(
                f,
                "{}: neither its version nor its roles are known, and what depends on them is not judged: export those \
                 of Get-ExchangeServer too.",
                text::plain(server)
            ),
            Self::UnknownVersion { server, version } => write!(
                f,
                "{}: its version {} is not one of Exchange 2013, 2016, 2019 and Subscription Edition, and what depends \
                 on it is not judged.",
                text::plain(server),
                text::plain(version)
            ),
            Self::NamedByConnectors { server } => write!(
                f,
                "{}: connectors name it, and nothing else of it is in the files: only whether anything installed \
                 elsewhere is what they name is judged.",
                text::plain(server)
            ),
            Self::LeftOut(error) => write!(f, "left out: {error}."),
            Self::NoServer => {
                f.write_str("No file says on which server some certificates are installed: they are judged one by one.")
            }
            Self::ServicesNotKnown { certificates, of } => write!(
                f,
                "The services of {certificates} of {of} exported certificates are not known: whether they are in use is \
                 not judged."
            ),
            Self::Listed { certificates } => write!(
                f,
                "{certificates} certificates are shown as text alone, as Format-List and Format-Table do, and are not \
                 judged: export them with Export-Clixml."
            ),
            Self::Import(note) => write!(f, "{note}."),
        }
    }
}
