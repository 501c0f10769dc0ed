//! One pass over the DER of a certificate: what stands where.

use super::algorithm::{self, PublicKey};
use super::error::CertificateError;
use super::extension::{self, BasicConstraints, ExtendedKeyUsage, Extension, KeyUsage};
use super::reader::{DerReader, Failure, Placed, Unplaced, offset};
use super::tlv::{Cursor, Element, tag};
use super::{name, oid, time};
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// Far more than any certificate has, and little enough for places of 32 bits.
pub(super) const MAXIMUM_LENGTH: usize = 16 * 1024 * 1024;

/// What the rules need of a certificate, so that nothing is decoded twice.
#[derive(Clone)]
pub(super) struct Facts {
    pub(super) thumbprint: Thumbprint,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) serial_number: Span,
    pub(super) issuer: Span,
    pub(super) subject: Span,
    /// The sequence of the general names of the subject alternative name.
    pub(super) general_names: Extension<Span>,
    pub(super) public_key: PublicKey,
    pub(super) key_usage: Extension<KeyUsage>,
    pub(super) extended_key_usage: Extension<ExtendedKeyUsage>,
    pub(super) basic_constraints: Extension<BasicConstraints>,
}

/// Where an element begins in the DER. Where it ends is read again when asked: a million certificates are a good deal
/// smaller without.
#[derive(Clone, Copy)]
pub(super) struct Span(u32);

impl Span {
    /// Where what is left to read begins in the whole.
    #[inline(always)]
    fn of(rest: &[u8], whole: &[u8]) -> Self {
        Self(offset(rest, whole) as u32)
    }

    /// The elements from here on, in the whole that the place was found in.
    #[inline(always)]
    pub(super) fn cursor(self, whole: &[u8]) -> Cursor<'_> {
        Cursor::new(whole.get(self.0 as usize..).unwrap_or_default())
    }

    /// What stands before it, in the whole that it was found in.
    pub(super) fn before(self, whole: &[u8]) -> &[u8] {
        whole.get(..self.0 as usize).unwrap_or_default()
    }

    /// The element, in the whole that it was found in.
    #[inline(always)]
    pub(super) fn element(self, whole: &[u8]) -> Element<'_> {
        self.cursor(whole).next().unwrap_or(Element { tag: 0, value: &[], der: &[] })
    }
}

/// Reads a certificate from exactly these bytes.
pub(super) fn decode(der: &[u8]) -> Result<Facts, CertificateError> {
    if der.is_empty() {
        return Err(CertificateError::Empty);
    }
    if der.len() > MAXIMUM_LENGTH {
        return Err(CertificateError::TooLarge { length: der.len(), maximum: MAXIMUM_LENGTH });
    }
    read::<Unplaced>(der).or_else(|Unplaced| read_again(der))
}

/// Finds out what is wrong, by the same pass with errors that tell.
#[cold]
#[inline(never)]
fn read_again(der: &[u8]) -> Result<Facts, CertificateError> {
    if let Some(certificate) = Cursor::new(der).element(tag::SEQUENCE)
        && let offset = certificate.der.len()
        && let Some(extra @ 1..) = der.len().checked_sub(offset)
    {
        return Err(CertificateError::TrailingBytes { offset, extra });
    }
    read::<Placed<'_>>(der).map_err(|error| error.within(der))
}

#[inline(always)]
fn read<'a, E: Failure<'a>>(der: &'a [u8]) -> Result<Facts, E> {
    let mut outermost = DerReader::<E>::new(der);
    let mut certificate = outermost.inside(tag::SEQUENCE, "a complete certificate")?;
    outermost.end("the end of the certificate")?;

    let mut signed = certificate.inside(tag::SEQUENCE, "what is signed of the certificate")?;
    if signed.is_at(tag::constructed(0)) {
        let mut version = signed.inside(tag::constructed(0), "a version")?;
        version.read_if(tag::INTEGER, "a version", |value| !value.is_empty())?;
        version.end("the end of the version")?;
    }
    let serial_number = Span::of(signed.rest(), der);
    signed.read_if(tag::INTEGER, "a serial number", |value| !value.is_empty())?;
    algorithm_identifier(&mut signed, "a signature algorithm")?;
    let issuer = Span::of(signed.rest(), der);
    distinguished_name(&mut signed, "the name of an issuer")?;
    let mut validity = signed.inside(tag::SEQUENCE, "a period of validity")?;
    let not_before = date(&mut validity)?;
    let not_after = date(&mut validity)?;
    validity.end("the end of the period of validity")?;
    let subject = Span::of(signed.rest(), der);
    distinguished_name(&mut signed, "the name of a subject")?;
    let mut key = signed.inside(tag::SEQUENCE, "a public key")?;
    let key_algorithm = algorithm_identifier(&mut key, "the algorithm of a public key")?;
    let key_bits = key.read(tag::BIT_STRING, "the bits of a public key")?;
    key.end("the end of the public key")?;

    let mut facts = Facts {
        thumbprint: Thumbprint::of(der),
        not_before,
        not_after,
        serial_number,
        issuer,
        subject,
        general_names: Extension::Absent,
        public_key: algorithm::public_key(Cursor::new(key_algorithm), key_bits),
        key_usage: Extension::Absent,
        extended_key_usage: Extension::Absent,
        basic_constraints: Extension::Absent,
    };
    // Identifiers of issuer and subject, which nobody has used for decades.
    for number in [1, 2] {
        if signed.is_at(tag::primitive(number)) {
            signed.read(tag::primitive(number), "a unique identifier")?;
        }
    }
    if signed.is_at(tag::constructed(3)) {
        let mut tagged = signed.inside(tag::constructed(3), "the extensions")?;
        let mut extensions = tagged.inside(tag::SEQUENCE, "the extensions")?;
        tagged.end("the end of the extensions")?;
        while !extensions.is_empty() {
            meet_extension(&mut extensions, &mut facts, der)?;
        }
    }
    signed.end("the end of what is signed")?;

    algorithm_identifier(&mut certificate, "a signature algorithm")?;
    certificate.read_if(tag::BIT_STRING, "a signature", |value| !value.is_empty())?;
    certificate.end("the end of the certificate")?;
    Ok(facts)
}

/// The fields of an algorithm: which it is, and perhaps a parameter.
#[inline(always)]
fn algorithm_identifier<'a, E: Failure<'a>>(
    reader: &mut DerReader<'a, E>,
    expected: &'static str,
) -> Result<&'a [u8], E> {
    reader.read_if(tag::SEQUENCE, expected, |fields| {
        let mut fields = Cursor::new(fields);
        fields.read(tag::OID).is_some_and(oid::is_complete) && {
            fields.next();
            fields.is_empty()
        }
    })
}

#[inline(always)]
fn distinguished_name<'a, E: Failure<'a>>(reader: &mut DerReader<'a, E>, expected: &'static str) -> Result<(), E> {
    let rest = reader.rest();
    let name = reader.element(tag::SEQUENCE, expected)?.der;
    if name::is_well_formed(name) { Ok(()) } else { Err(E::at(rest, expected)) }
}

#[inline(always)]
fn date<'a, E: Failure<'a>>(reader: &mut DerReader<'a, E>) -> Result<Timestamp, E> {
    let rest = reader.rest();
    time::timestamp(reader.any("a date")?).ok_or_else(|| E::at(rest, "a date"))
}

/// Reads one extension: its frame has to be in order, its value need not.
#[inline(always)]
fn meet_extension<'a, E: Failure<'a>>(
    extensions: &mut DerReader<'a, E>,
    facts: &mut Facts,
    der: &'a [u8],
) -> Result<(), E> {
    let mut fields = extensions.inside(tag::SEQUENCE, "an extension")?;
    let oid = fields.read_if(tag::OID, "the type of an extension", oid::is_complete)?;
    if fields.is_at(tag::BOOLEAN) {
        fields
            .read_if(tag::BOOLEAN, "whether an extension is critical", |value| extension::boolean(value).is_some())?;
    }
    let value = fields.read(tag::OCTET_STRING, "the value of an extension")?;
    fields.end("the end of an extension")?;
    match oid {
        oid::KEY_USAGE => facts.key_usage.meet(extension::key_usage(value)),
        oid::SUBJECT_ALTERNATIVE_NAME => {
            facts.general_names.meet(extension::general_names(value).map(|_| Span::of(value, der)));
        }
        oid::BASIC_CONSTRAINTS => facts.basic_constraints.meet(extension::basic_constraints(value)),
        oid::EXTENDED_KEY_USAGE => facts.extended_key_usage.meet(extension::extended_key_usage(value)),
        _ => {}
    }
    Ok(())
}
