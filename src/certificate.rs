//! Certificates: who they are, what they are for and how long.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::SystemTime;

use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

mod algorithm;
mod chain;
mod decode;
mod domain;
mod error;
mod extension;
mod forms;
mod made_by;
mod mistaken;
mod name;
mod oid;
mod pem;
mod reader;
mod serial_number;
mod time;
mod tlv;

pub use self::algorithm::PublicKey;
pub use self::chain::Chain;
pub(crate) use self::domain::bytes_cover;
pub use self::domain::domain_covers;
pub use self::error::CertificateError;
pub use self::extension::{BasicConstraints, ExtendedKeyUsage, Extension, KeyUsage};
pub use self::mistaken::Mistaken;
pub use self::name::{Attribute, Name};
pub use self::serial_number::SerialNumber;

/// An X.509 certificate, as lenient towards its DER as Windows is.
///
/// It owns its bytes, and a clone shares them. Two certificates are equal when their bytes are.
/// With `serde` a certificate is a string: written as base64, read as base64 or PEM.
///
/// ```
/// use exchange_certificates::{Certificate, PublicKey};
///
/// let certificate = Certificate::from_pem(
///     "-----BEGIN CERTIFICATE-----
///      MIIB3jCCAYSgAwIBAgIIZ4+vSw+KvXYwCgYIKoZIzj0EAwIwPjELMAkGA1UEBgwCVVMxEDAOBgNVBAoMB0NvbnRvc28xHTAb
///      BgNVBAMMFENvbnRvc28gSXNzdWluZyBDQSAxMB4XDTI2MTAwMTAwMDAwMFoXDTI3MDQxOTAwMDAwMFowOjELMAkGA1UEBgwC
///      VVMxEDAOBgNVBAoMB0NvbnRvc28xGTAXBgNVBAMMEG1haWwuY29udG9zby5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
///      AAQp0HcexWwTumEIr1b9pEvymUDnjjXcgyrReB/GbRS7YgmwV/6lTPOaQeiPNt2EK9J5IMduFbxjCrFY/6ZN9JtCo3AwbjAL
///      BgNVHQ8EBAMCBaAwHQYDVR0lBBYwFAYIKwYBBQUHAwEGCCsGAQUFBwMCMAkGA1UdEwQCMAAwNQYDVR0RBC4wLIIQbWFpbC5j
///      b250b3NvLmNvbYIYYXV0b2Rpc2NvdmVyLmNvbnRvc28uY29tMAoGCCqGSM49BAMCA0gAKdB3HsVsE7phCK9W/aRL8plA5441
///      3IMq0Xgfxm0Uu2IJsFf+pUzzmkHojzbdhCvSeSDHbhW8YwqxWP+mTfSbQumQN96FLNM=
///     -----END CERTIFICATE-----",
/// )?;
/// assert_eq!(certificate.subject().to_string(), "CN=mail.contoso.com, O=Contoso, C=US");
/// assert_eq!(certificate.domains(), ["mail.contoso.com", "autodiscover.contoso.com"]);
/// assert!(certificate.covers("autodiscover.contoso.com"));
/// assert!(!certificate.is_wildcard() && !certificate.is_self_signed());
/// assert_eq!(certificate.public_key(), PublicKey::EllipticCurve);
/// # Ok::<(), exchange_certificates::CertificateError>(())
/// ```
#[derive(Clone)]
pub struct Certificate {
    der: Arc<[u8]>,
    facts: decode::Facts,
}

impl Certificate {
    /// The largest number of bytes that is read as a certificate: 16 MiB.
    pub const MAXIMUM_LENGTH: usize = decode::MAXIMUM_LENGTH;

    /// Reads a certificate from its DER, which it then owns.
    ///
    /// # Errors
    ///
    /// Where the outer structure cannot be read, with the place; also where bytes follow the
    /// certificate. What is often given for a certificate is named: see [`Mistaken`]. An extension that cannot be read is no error: see [`Extension`].
    pub fn from_der(der: impl Into<Arc<[u8]>>) -> Result<Self, CertificateError> {
        let der = der.into();
        let mistaken = |error| Mistaken::of(&der).map_or(error, CertificateError::Mistaken);
        let facts = decode::decode(&der).map_err(mistaken)?;
        Ok(Self { der, facts })
    }

    /// Reads the one certificate in a PEM text.
    ///
    /// Anything may stand around the PEM blocks, and blocks that are no certificate, a private key
    /// say, are passed over; lines may be indented, broken anywhere or nowhere.
    ///
    /// # Errors
    ///
    /// Like [`all_from_pem`](Self::all_from_pem), and if there is more than one certificate.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        exactly_one(Self::all_from_pem(text)?)
    }

    /// Reads all certificates in a PEM text, those in PKCS#7 blocks too, in the order of the text.
    ///
    /// # Errors
    ///
    /// If no block holds certificates, or one of them cannot be read: with the number of
    /// the block, counted from 1 over blocks of any kind.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        let blocks = pem::blocks(text)?;
        let mut certificates = Vec::new();
        for block in &blocks {
            let read = match block.kind {
                pem::PemLabel::Other => continue,
                pem::PemLabel::Pkcs7 => block.der().and_then(|der| Self::all_from_pkcs7(&der)),
                pem::PemLabel::Certificate | pem::PemLabel::Trusted => block.der().and_then(|der| {
                    // The CA of Active Directory labels its bundles like a certificate.
                    let bundle = |error| Self::all_from_pkcs7(&der).map_err(|_| error);
                    Self::from_der(der.as_slice()).map(|certificate| vec![certificate]).or_else(bundle)
                }),
            };
            let error = |error| CertificateError::InBlock { block: block.number, error: Box::new(error) };
            certificates.extend(read.map_err(error)?);
        }
        match blocks.first() {
            None if text.trim().is_empty() => Err(CertificateError::Empty),
            None => Err(CertificateError::NoPem),
            Some(first) if blocks.iter().all(|block| block.kind == pem::PemLabel::Other) => {
                let other = || CertificateError::OtherLabel { label: first.label.to_owned() };
                Err(Mistaken::of_label(first.label).map_or_else(other, CertificateError::Mistaken))
            }
            Some(_) => Ok(certificates),
        }
    }

    /// Reads all certificates in a PKCS#7 bundle (`.p7b`, `.p7c`), in the order of the bundle.
    ///
    /// # Errors
    ///
    /// If the bytes are not the DER of signed data, with the place, or one of the certificates
    /// cannot be read, with its number.
    pub fn all_from_pkcs7(der: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let certificates = pem::certificates(der)?.into_iter().enumerate().map(|(index, der)| {
            Self::from_der(der)
                .map_err(|error| CertificateError::InBundle { certificate: index + 1, error: Box::new(error) })
        });
        certificates.collect()
    }

    /// The DER that the certificate was read from.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The SHA-1 of the DER, by which Windows and Exchange name the certificate.
    pub const fn thumbprint(&self) -> Thumbprint {
        self.facts.thumbprint
    }

    /// Whom the certificate is for.
    pub fn subject(&self) -> Name<'_> {
        Name::new(self.facts.subject.element(&self.der).der)
    }

    /// Who issued the certificate.
    pub fn issuer(&self) -> Name<'_> {
        Name::new(self.facts.issuer.element(&self.der).der)
    }

    /// The number that the issuer gave the certificate.
    pub fn serial_number(&self) -> SerialNumber<'_> {
        SerialNumber(self.facts.serial_number.element(&self.der).value)
    }

    /// Whether it is of version 3, as all are that have extensions.
    pub(crate) fn is_version_three(&self) -> bool {
        // The version stands before the serial number, and is left out in version 1.
        self.facts.serial_number.before(&self.der).ends_with(&[0xA0, 3, 2, 1, 2])
    }

    /// Since when the certificate is valid.
    pub fn not_before(&self) -> SystemTime {
        self.starts().into()
    }

    /// Until when the certificate is valid, that second included.
    pub fn not_after(&self) -> SystemTime {
        self.ends().into()
    }

    /// The common names of the subject in the order of the DER.
    pub fn common_names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.subject().common_names()
    }

    /// Whether one of the common names is this one, without ASCII case.
    pub fn has_common_name(&self, name: &str) -> bool {
        let mut attributes = self.subject().all_attributes();
        attributes.any(|attribute| attribute.common_name().is_some_and(|element| name::is_text(element, name)))
    }

    /// The DNS names of the subject alternative name in the order of the DER.
    ///
    /// Bytes beyond ASCII are read as Latin-1; nothing is converted from or to Punycode.
    pub fn dns_names(&self) -> Extension<impl Iterator<Item = Cow<'_, str>>> {
        self.facts.general_names.map(|names| extension::dns_names(names.element(&self.der).value).map(name::latin1))
    }

    /// The names that the certificate is for, as Exchange lists them in `CertificateDomains`.
    ///
    /// These are the common names that are written as DNS names, then the DNS names of the subject
    /// alternative name; a name that is there again, in whatever ASCII case, is listed once.
    pub fn domains(&self) -> Vec<Cow<'_, str>> {
        let mut seen = HashSet::new();
        self.domain_names().filter(|name| seen.insert(name.to_ascii_lowercase())).collect()
    }

    /// Whether this name is one of the [`domains`](Self::domains), without ASCII case.
    pub fn has_domain(&self, name: &str) -> bool {
        self.has_domain_by(|domain| domain.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The first of the [`domains`](Self::domains), which Exchange writes into `X509CertificateName`
    /// for IMAP and POP.
    pub fn first_domain(&self) -> Option<Cow<'_, str>> {
        self.domain_names().next()
    }

    /// Whether one of the [`domains`](Self::domains) [covers](domain_covers) the host.
    pub fn covers(&self, host: &str) -> bool {
        self.has_domain_by(|domain| domain::bytes_cover(domain, host.as_bytes()))
    }

    /// The name with a `*` that makes it a [wildcard certificate](Self::is_wildcard).
    pub fn first_wildcard(&self) -> Option<Cow<'_, str>> {
        self.domain_at(self.first_wildcard_offset()?)
    }

    /// Whether the certificate is a wildcard certificate: a common name has a `*`, or the first of the
    /// [`domains`](Self::domains) does.
    pub fn is_wildcard(&self) -> bool {
        self.first_wildcard_offset().is_some()
    }

    /// Whether issuer and subject are the same, byte for byte.
    pub fn is_self_signed(&self) -> bool {
        self.issuer() == self.subject()
    }

    /// The kind of the public key and, of an RSA key, its length.
    pub const fn public_key(&self) -> PublicKey {
        self.facts.public_key
    }

    /// How the certificate is signed, by the name that Windows has for it (`sha256RSA`), or else by
    /// the object identifier.
    pub fn signature_algorithm(&self) -> Cow<'static, str> {
        algorithm::signature_name(self.signature())
    }

    /// Whether the certificate is signed over a hash that forgers can break: MD2, MD4, MD5 or SHA-1.
    pub fn has_weak_signature(&self) -> bool {
        algorithm::is_weak(self.signature())
    }

    /// Which purposes the certificate is for.
    pub const fn extended_key_usage(&self) -> Extension<ExtendedKeyUsage> {
        self.facts.extended_key_usage
    }

    /// What the key may be used for.
    pub const fn key_usage(&self) -> Extension<KeyUsage> {
        self.facts.key_usage
    }

    /// Whether the certificate belongs to a certification authority.
    pub const fn basic_constraints(&self) -> Extension<BasicConstraints> {
        self.facts.basic_constraints
    }

    /// The whole certificate as [`x509_cert`] decodes it, for programs that need more of it. The crate is exported again,
    /// so that its types are those of the version that reads here.
    ///
    /// ```
    /// use exchange_certificates::{Certificate, x509_cert};
    ///
    /// let pem = std::fs::read_to_string("examples/data/wildcard.pem")?;
    /// let certificate: x509_cert::Certificate = Certificate::from_pem(&pem)?.to_x509()?;
    /// let version = certificate.tbs_certificate().version();
    /// assert_eq!(version, x509_cert::certificate::Version::V3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where that crate is stricter than Windows: it refuses dates before 1970, for example.
    pub fn to_x509(&self) -> Result<x509_cert::Certificate, x509_cert::der::Error> {
        x509_cert::der::Decode::from_der(&self.der)
    }

    /// [`not_before`](Self::not_before), to compare and to print.
    pub(crate) const fn starts(&self) -> Timestamp {
        self.facts.not_before
    }

    /// [`not_after`](Self::not_after), to compare and to print.
    pub(crate) const fn ends(&self) -> Timestamp {
        self.facts.not_after
    }

    /// Whether the bytes of one of the [`domains`](Self::domains) are wanted. The DNS names go first, since they nearly
    /// always tell.
    fn has_domain_by(&self, is_wanted: impl Fn(&[u8]) -> bool) -> bool {
        self.has_dns_name_by(&is_wanted)
            || self.common_names().any(|name| domain::is_dns_name(&name) && is_wanted(name.as_bytes()))
    }

    fn has_dns_name_by(&self, is_wanted: impl Fn(&[u8]) -> bool) -> bool {
        let mut names = extension::dns_names(self.general_names().rest()).filter(|name| !name.is_empty());
        names.any(|name| if name.is_ascii() { is_wanted(name) } else { is_wanted(name::latin1(name).as_bytes()) })
    }

    /// Whether the bytes of one of the [`domains`](Self::domains) behind the first one, which stands at this offset, are
    /// wanted. Where the common name ends the subject, as it mostly does, nothing else of it is looked at.
    pub(crate) fn has_later_domain_by(&self, first: u32, is_wanted: impl Fn(&[u8]) -> bool) -> bool {
        let end = |element: tlv::Element<'_>| reader::offset(element.der, &self.der) + element.der.len();
        let end_of_subject = end(self.facts.subject.element(&self.der));
        let has_others = self.element_at(first).is_some_and(|name| end(name) < end_of_subject);
        if has_others { self.has_domain_by(is_wanted) } else { self.has_dns_name_by(is_wanted) }
    }

    fn general_names(&self) -> tlv::Cursor<'_> {
        let general_names = self.facts.general_names.present().map(|names| names.element(&self.der).value);
        tlv::Cursor::new(general_names.unwrap_or_default())
    }

    /// The [`domains`](Self::domains) with repetitions, and without an allocation for the list.
    pub(crate) fn domain_names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.domain_offsets().map(|(_, name)| name)
    }

    /// The [`domain_names`](Self::domain_names), each with its offset in the DER.
    pub(crate) fn domain_offsets(&self) -> impl Iterator<Item = (u32, Cow<'_, str>)> {
        self.names(domain::is_dns_name)
    }

    /// Where the [`first_wildcard`](Self::first_wildcard) stands in the DER.
    pub(crate) fn first_wildcard_offset(&self) -> Option<u32> {
        // The first common name with a `*`, or else the first DNS name: no common name has one then.
        let (offset, name) = self.names(|name| name.contains('*')).next()?;
        let is_first = || self.domain_offsets().next().is_some_and(|(first, _)| first == offset);
        let is_common_name = || self.element_at(offset).is_some_and(|element| !extension::is_dns_name(element));
        (name.contains('*') && (is_common_name() || is_first())).then_some(offset)
    }

    /// The common names that are wanted, then the DNS names, each with its offset in the DER.
    fn names<W: Fn(&str) -> bool>(&self, is_wanted: W) -> Names<'_, W> {
        Names {
            attributes: self.subject().all_attributes(),
            is_wanted,
            general_names: self.general_names(),
            der: &self.der,
        }
    }

    /// The domain name at an offset that [`domain_offsets`](Self::domain_offsets) gave.
    pub(crate) fn domain_at(&self, offset: u32) -> Option<Cow<'_, str>> {
        let element = self.element_at(offset)?;
        if extension::is_dns_name(element) { Some(name::latin1(element.value)) } else { name::text(element) }
    }

    /// The bytes of the domain name at an offset that [`domain_offsets`](Self::domain_offsets) gave, if ASCII stands in
    /// them as it is: to compare with a text in ASCII they are as good as the name.
    pub(crate) fn domain_bytes_at(&self, offset: u32) -> Option<&[u8]> {
        let is_plain =
            |name: &tlv::Element<'_>| extension::is_dns_name(*name) || name::has_a_byte_a_character(name.tag);
        self.element_at(offset).filter(is_plain).map(|name| name.value)
    }

    fn element_at(&self, offset: u32) -> Option<tlv::Element<'_>> {
        tlv::Cursor::new(self.der.get(usize::try_from(offset).ok()?..)?).next()
    }

    /// The fields of the signature algorithm, which stands between the serial number and the issuer.
    fn signature(&self) -> tlv::Cursor<'_> {
        let mut fields = self.facts.serial_number.cursor(&self.der);
        fields.next();
        fields.inside(tlv::tag::SEQUENCE).unwrap_or(tlv::Cursor::new(&[]))
    }
}

/// A loop, since every decision comes by several times, and a chain of adapters takes twice as long.
struct Names<'a, W> {
    attributes: name::Attributes<'a>,
    is_wanted: W,
    general_names: tlv::Cursor<'a>,
    der: &'a [u8],
}

impl<'a, W: Fn(&str) -> bool> Iterator for Names<'a, W> {
    type Item = (u32, Cow<'a, str>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let offset = |element: tlv::Element<'_>| reader::offset(element.der, self.der) as u32;
        for attribute in &mut self.attributes {
            if let Some(element) = attribute.common_name()
                && let Some(name) = name::text(element).filter(|name| (self.is_wanted)(name))
            {
                return Some((offset(element), name));
            }
        }
        let mut dns_names = self.general_names.by_ref().filter(|name| extension::is_dns_name(*name));
        dns_names.find(|name| !name.value.is_empty()).map(|element| (offset(element), name::latin1(element.value)))
    }
}

fn exactly_one(mut certificates: Vec<Certificate>) -> Result<Certificate, CertificateError> {
    let count = certificates.len();
    certificates.pop().filter(|_| count == 1).ok_or(CertificateError::NotOne { count })
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        // The hash first, since it nearly always tells; the bytes too, since SHA-1 can be forged.
        self.thumbprint() == other.thumbprint() && self.der == other.der
    }
}

impl Eq for Certificate {}

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.thumbprint().hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} {:?})", self.thumbprint(), self.subject().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_takes_little_room() {
        assert!(size_of::<Certificate>() <= 88, "{}", size_of::<Certificate>());
    }
}
