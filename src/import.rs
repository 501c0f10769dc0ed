//! Reading what Exchange exports: CLIXML, JSON, CSV, `Format-List` and `Format-Table` text, PEM, DER and PKCS#7.
//!
//! An [`Import`] takes any number of files, in any order and mixture, and tells which servers,
//! certificates and connectors they describe. What no file says is not known, and what was not read
//! is named by [`Import::not_read`]; what two files say differently is an error that names both
//! places, unless one is of a collection that is newer by more than an hour. [`collection_script`]
//! is the PowerShell that collects all of it, and [`probe_script`] one that looks at what is really presented.
//!
//! Whatever is in a file, reading it ends, in an error with a place at worst: sizes are bounded by
//! [`MAXIMUM_LENGTH`] and [`MAXIMUM_CLIXML_LENGTH`], nesting by 256 levels of CLIXML, 128 of JSON and 32
//! of serialized data, and no length above 4096 in a file is believed before the bytes are there.
//!
//! ```
//! use exchange_certificates::import::Import;
//! use exchange_certificates::Service;
//!
//! let mut import = Import::new();
//! import.add(
//!     "certificates.txt",
//!     b"Thumbprint                                Services   Subject
//!       ----------                                --------   -------
//!       5113AE0233A72FCCB75B1D0198628675333D010E  IP.WS..    CN=mail.contoso.com, O=Cont...",
//! )?;
//! let listed = import.listed().next().ok_or("nothing is listed")?;
//! assert_eq!(listed.services, Some(Service::IMAP | Service::POP | Service::IIS | Service::SMTP));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod certificates;
mod clixml;
mod collected;
mod collection;
mod columns;
mod connectors;
mod csv;
mod described;
mod encoding;
mod error;
mod escape;
mod exported;
mod format;
mod format_list;
mod format_table;
mod json;
mod kept;
mod known;
mod listed;
mod newer;
mod not_read;
mod note;
mod nrbf;
mod objects;
mod organization;
mod pasted;
mod presented;
mod probe;
mod property_list;
mod questions;
mod records;
mod servers;
mod shown;
mod value;
mod wrapped;

use std::borrow::Cow;
use std::io::{BufRead, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::collection::collection_script;
pub use self::described::ExportedServer;
use self::encoding::{Encoding, Utf16};
pub use self::error::{FieldError, ImportError, Origin, Place};
pub use self::exported::ExportedCertificate;
use self::format::CertificateForm;
pub use self::format::Format;
pub use self::listed::Listed;
pub use self::note::ImportNote;
pub use self::organization::{Guess, ImportedOrganization, OrganizationNote};
pub use self::probe::probe_script;
use self::questions::Question;
use self::records::Records;
use self::shown::Reading;
use self::value::ObjectKind;
use crate::certificate::{Certificate, CertificateError};
use crate::fact::Fact;
use crate::server::{AuthCertificates, Connector};
use crate::thumbprint::Thumbprint;
use crate::verify::PresentedAt;

/// How many bytes are read at most of a file that is not CLIXML: 64 MiB.
pub const MAXIMUM_LENGTH: u64 = 64 << 20;

/// How many bytes of CLIXML are read at most: 4 GiB, since one file may hold a whole fleet.
pub const MAXIMUM_CLIXML_LENGTH: u64 = clixml::MAXIMUM_LENGTH;

/// What was read of one or many files.
///
/// ```
/// use exchange_certificates::import::Import;
/// use exchange_certificates::audit;
///
/// let mut import = Import::new();
/// import.add("chain.pem", &std::fs::read("examples/data/fullchain.pem")?)?;
/// import.add("renewed.pem", &std::fs::read("examples/data/renewed.pem")?)?;
/// assert!(import.certificates().len() >= 2);
///
/// // Whatever servers the files name, and what is not known of them:
/// let organization = import.organization();
/// let now = exchange_certificates::rfc3339::parse("2026-11-24")?;
/// let audit = organization.judged(audit(organization.fleet(), now));
/// assert!(organization.is_incomplete() && audit.findings.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Import {
    records: Records,
    is_complete: bool,
}

/// The name of a file, and perhaps the server that it is about.
///
/// ```
/// use std::path::Path;
/// use exchange_certificates::import::{Import, ImportError, Input};
///
/// let path = Path::new("exports").join("MBX01.txt");
/// let error = Import::new().add(&path, b"Dear colleagues").unwrap_err();
/// assert!(matches!(&error, ImportError::UnknownFormat { file } if file.ends_with("MBX01.txt")));
/// assert_eq!(Input::named("MBX01.txt"), Input::from(Path::new("MBX01.txt")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    name: Arc<str>,
    server: Option<String>,
}

impl Input {
    /// A file of this name, by which errors call it: a text, or a path, of which nothing is opened.
    pub fn named(name: impl Into<Self>) -> Self {
        name.into()
    }

    /// Says whose certificates these are, if the file itself does not.
    #[must_use]
    pub fn on_server(mut self, server: impl Into<String>) -> Self {
        self.server = Some(server.into());
        self
    }
}

/// Each of these types is the name of a file.
macro_rules! names {
    ($($type:ty: $name:ident => $text:expr),+) => {
        $(impl From<$type> for Input {
            fn from($name: $type) -> Self {
                Self { name: $text.into(), server: None }
            }
        })+
    };
}
names!(
    &str: name => name,
    String: name => name,
    &String: name => name.as_str(),
    Arc<str>: name => name,
    Cow<'_, str>: name => name,
    &Path: path => path.to_string_lossy(),
    &PathBuf: path => path.to_string_lossy(),
    PathBuf: path => path.to_string_lossy()
);

impl Import {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a file of any of the formats, which is told by what is in it.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, or contradicts one that was: nothing of it is taken then.
    pub fn add(&mut self, input: impl Into<Input>, bytes: &[u8]) -> Result<Format, ImportError> {
        let input = input.into();
        let format = Format::of(bytes).ok_or_else(|| ImportError::UnknownFormat { file: input.name.to_string() })?;
        self.add_as(format, input, bytes).map(|()| format)
    }

    /// Reads a file of a format that is known.
    ///
    /// # Errors
    ///
    /// Like [`add`](Self::add), and if it is not of this format.
    pub fn add_as(&mut self, format: Format, input: impl Into<Input>, bytes: &[u8]) -> Result<(), ImportError> {
        let input = input.into();
        match format {
            Format::Clixml => self.add_clixml(&input, bytes),
            Format::Json => self.add_json(&input, bytes),
            Format::Text => self.add_text(&input, bytes),
            Format::Csv => self.add_csv(&input, bytes),
            Format::Certificates => self.add_certificates(&input, bytes),
        }
    }

    fn add_clixml(&mut self, input: &Input, bytes: &[u8]) -> Result<(), ImportError> {
        too_large(input, bytes.len() as u64, MAXIMUM_CLIXML_LENGTH)?;
        let (encoding, mark) = Encoding::of(bytes);
        let bytes = bytes.get(mark..).unwrap_or_default();
        if encoding == Encoding::Utf8 {
            self.clixml(input, clixml::Borrowed::new(bytes))
        } else {
            self.clixml(input, clixml::Streamed::new(Utf16::new(bytes, encoding)))
        }
    }

    /// Reads a file of any of the formats from a stream, CLIXML without having all of it in memory.
    ///
    /// # Errors
    ///
    /// Like [`add`](Self::add), and if the stream itself fails.
    pub fn add_from(&mut self, input: impl Into<Input>, mut stream: impl BufRead) -> Result<Format, ImportError> {
        // A pipe may give its first bytes one by one.
        const ENOUGH_TO_TELL: u64 = 64 * 1024;

        let input = input.into();
        let mut bytes = Vec::new();
        stream.by_ref().take(ENOUGH_TO_TELL).read_to_end(&mut bytes).map_err(|error| failed(&input, &error))?;
        if Format::of(&bytes) == Some(Format::Clixml) {
            self.add_clixml_from(&input, bytes.as_slice().chain(stream))?;
            return Ok(Format::Clixml);
        }
        stream
            .take((MAXIMUM_LENGTH + 1).saturating_sub(bytes.len() as u64))
            .read_to_end(&mut bytes)
            .map_err(|error| failed(&input, &error))?;
        self.add(input, &bytes)
    }

    fn add_clixml_from(&mut self, input: &Input, mut stream: impl BufRead) -> Result<(), ImportError> {
        let mut start = Vec::new();
        stream.by_ref().take(4).read_to_end(&mut start).map_err(|error| failed(input, &error))?;
        let (encoding, mark) = Encoding::of(&start);
        let start = start.get(mark..).unwrap_or_default();
        let stream = encoding::Limited::new(start.chain(stream), MAXIMUM_CLIXML_LENGTH);
        if encoding == Encoding::Utf8 {
            self.clixml(input, clixml::Streamed::new(stream))
        } else {
            self.clixml(input, clixml::Streamed::new(Utf16::new(stream, encoding)))
        }
    }

    fn add_json(&mut self, input: &Input, bytes: &[u8]) -> Result<(), ImportError> {
        self.add_read(input, bytes, false, |file, text| {
            json::read(file, text).map(|objects| Reading { objects, notes: Vec::new() })
        })
    }

    fn add_csv(&mut self, input: &Input, bytes: &[u8]) -> Result<(), ImportError> {
        self.add_read(input, bytes, false, csv::read)
    }

    fn add_text(&mut self, input: &Input, bytes: &[u8]) -> Result<(), ImportError> {
        self.add_read(input, bytes, true, format_list::read)
    }

    /// Takes what a reader of text makes of a file. An excerpt shows what somebody chose to show.
    fn add_read(
        &mut self,
        input: &Input,
        bytes: &[u8],
        is_excerpt: bool,
        read: impl Fn(&Arc<str>, &str) -> Result<Reading, ImportError>,
    ) -> Result<(), ImportError> {
        too_large(input, bytes.len() as u64, MAXIMUM_LENGTH)?;
        let mut records = Records::default();
        records.account.is_excerpt = is_excerpt;
        if encoding::is_windows_1252(bytes) {
            records.notes.push(ImportNote::Windows1252 { origin: Origin::new(&input.name, Place::File) });
        }
        let Reading { objects, notes } = read(&input.name, &encoding::text(bytes))?;
        records.notes.extend(notes);
        for object in objects {
            objects::take(&mut records, object, input.server.as_deref())?;
        }
        self.records.absorb(records)
    }

    fn add_certificates(&mut self, input: &Input, bytes: &[u8]) -> Result<(), ImportError> {
        too_large(input, bytes.len() as u64, MAXIMUM_LENGTH)?;
        let failed = |error| ImportError::Certificate { origin: Origin::new(&input.name, Place::File), error };
        let mut records = Records::default();
        records.account.is_bare = true;
        for (index, certificate) in bare_certificates(bytes).map_err(failed)?.into_iter().enumerate() {
            let origin = Origin::new(&input.name, Place::Entry(index as u64 + 1));
            let server = input.server.as_deref().map(|name| records.server_name(name, &origin)).transpose()?;
            records.put_certificate(ExportedCertificate::new(certificate, server, Default::default(), origin))?;
        }
        self.records.absorb(records)
    }

    /// The certificates, in the order in which they were read.
    pub fn certificates(&self) -> impl ExactSizeIterator<Item = &ExportedCertificate> {
        self.records.certificates.values()
    }

    /// What listings show, in the order in which they were read; what is shown of one certificate stands together.
    pub fn listed(&self) -> impl Iterator<Item = &Listed> {
        self.records.listed.values().flatten()
    }

    /// The connectors and the hybrid configuration, in the order in which they were read.
    pub fn connectors(&self) -> impl Iterator<Item = &Connector> {
        self.records.connectors.values().map(|known| &known.value)
    }

    /// The Auth certificates of the organisation, if they are known.
    pub fn auth_certificates(&self) -> Option<AuthCertificates> {
        let known = self.records.auth_certificates.as_ref().map(|known| known.value);
        known.or_else(|| self.has_none(ObjectKind::AuthConfiguration).then(AuthCertificates::default))
    }

    /// The certificate of the organisation's federation trust, if that is known.
    pub fn federation_certificate(&self) -> Fact<Thumbprint> {
        match &self.records.federation_certificate {
            Some(known) => Fact::Value(known.value),
            None if self.has_none(ObjectKind::FederationTrust) => Fact::None,
            None => Fact::NotKnown,
        }
    }

    /// Whether the organisation was asked for objects of a kind, and answered.
    fn has_none(&self, kind: ObjectKind) -> bool {
        Question::of_object(None, kind).is_some_and(|question| self.records.answers.settles(&question))
    }

    /// What was really presented, as [`probe_script`] saw it, in the order in which it was read.
    pub fn presented(&self) -> impl ExactSizeIterator<Item = &PresentedAt> {
        self.records.presented.values().map(|known| &known.value)
    }

    /// What is to be known about what was read, and is no error.
    pub fn notes(&self) -> &[ImportNote] {
        &self.records.notes
    }

    /// How many objects of CLIXML were of a kind that says nothing of certificates.
    pub fn skipped(&self) -> u64 {
        self.records.skipped
    }

    fn clixml(&mut self, input: &Input, events: impl clixml::Events) -> Result<(), ImportError> {
        let mut records = Records::default();
        let server = input.server.as_deref();
        let skipped = clixml::read(&input.name, events, &mut |object| objects::take(&mut records, object, server))?;
        records.skipped += skipped;
        self.records.absorb(records)
    }
}

fn bare_certificates(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    match CertificateForm::of(bytes) {
        Some(CertificateForm::Pkcs7) => Certificate::all_from_pkcs7(bytes),
        Some(CertificateForm::Der) => Certificate::from_der(bytes).map(|certificate| vec![certificate]),
        Some(CertificateForm::Base64) | None => {
            let text = encoding::text(bytes);
            if text.contains("-----BEGIN ") { Certificate::all_from_pem(&text) } else { Ok(vec![text.parse()?]) }
        }
    }
}

fn failed(input: &Input, error: &std::io::Error) -> ImportError {
    Origin::new(&input.name, Place::File).syntax(&error.to_string())
}

fn too_large(input: &Input, length: u64, maximum: u64) -> Result<(), ImportError> {
    if length > maximum {
        return Err(ImportError::TooLarge { file: input.name.to_string(), maximum });
    }
    Ok(())
}
