//! Keys and signatures.

use std::borrow::Cow;

use super::oid::{Dotted, oid};
use super::tlv::{Cursor, tag};

/// The public key of a certificate, as far as Exchange cares.
///
/// ```
/// use exchange_certificates::{Certificate, PublicKey};
///
/// let certificate: Certificate = std::fs::read_to_string("examples/data/wildcard.pem")?.parse()?;
/// assert!(matches!(certificate.public_key(), PublicKey::Rsa { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PublicKey {
    /// An RSA key.
    Rsa {
        /// The length of its modulus.
        bits: u32,
    },
    /// A key on an elliptic curve of the kind that ECDSA signs with.
    EllipticCurve,
    /// Any other kind, or an RSA key that cannot be read.
    Other,
}

const RSA: &[u8] = oid!("1.2.840.113549.1.1.1");
const ELLIPTIC_CURVE: &[u8] = oid!("1.2.840.10045.2.1");
const RSA_PSS: &[u8] = oid!("1.2.840.113549.1.1.10");
const SPECIFIED_ECDSA: &[u8] = oid!("1.2.840.10045.4.3");

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hash {
    Weak,
    Strong,
    /// The parameters tell.
    Parameter,
}

/// Signature algorithms with the names that Windows gives them.
const SIGNATURES: [(&[u8], &str, Hash); 25] = [
    (oid!("1.2.840.113549.1.1.11"), "sha256RSA", Hash::Strong),
    (oid!("1.2.840.113549.1.1.12"), "sha384RSA", Hash::Strong),
    (oid!("1.2.840.113549.1.1.13"), "sha512RSA", Hash::Strong),
    (oid!("1.2.840.10045.4.3.2"), "sha256ECDSA", Hash::Strong),
    (oid!("1.2.840.10045.4.3.3"), "sha384ECDSA", Hash::Strong),
    (oid!("1.2.840.10045.4.3.4"), "sha512ECDSA", Hash::Strong),
    (RSA_PSS, "RSASSA-PSS", Hash::Parameter),
    (SPECIFIED_ECDSA, "specifiedECDSA", Hash::Parameter),
    (oid!("1.2.840.113549.1.1.5"), "sha1RSA", Hash::Weak),
    (oid!("1.2.840.113549.1.1.4"), "md5RSA", Hash::Weak),
    (oid!("1.2.840.113549.1.1.3"), "md4RSA", Hash::Weak),
    (oid!("1.2.840.113549.1.1.2"), "md2RSA", Hash::Weak),
    (oid!("1.2.840.10045.4.1"), "sha1ECDSA", Hash::Weak),
    (oid!("1.2.840.10040.4.3"), "sha1DSA", Hash::Weak),
    // What the Open Systems Environment Implementors' Workshop registered before.
    (oid!("1.3.14.3.2.2"), "md4RSA", Hash::Weak),
    (oid!("1.3.14.3.2.3"), "md5RSA", Hash::Weak),
    (oid!("1.3.14.3.2.4"), "md4RSA", Hash::Weak),
    (oid!("1.3.14.3.2.13"), "sha1DSA", Hash::Weak),
    (oid!("1.3.14.3.2.15"), "shaRSA", Hash::Weak),
    (oid!("1.3.14.3.2.24"), "1.3.14.3.2.24", Hash::Weak),
    (oid!("1.3.14.3.2.25"), "1.3.14.3.2.25", Hash::Weak),
    (oid!("1.3.14.3.2.27"), "dsaSHA1", Hash::Weak),
    (oid!("1.3.14.3.2.28"), "1.3.14.3.2.28", Hash::Weak),
    (oid!("1.3.14.3.2.29"), "sha1RSA", Hash::Weak),
    (oid!("1.3.14.7.2.3.1"), "md2RSA", Hash::Weak),
];

/// Hashes that no longer withstand forgers: MD2, MD4, MD5, SHA and SHA-1.
const WEAK_HASHES: [&[u8]; 5] = [
    oid!("1.3.14.3.2.26"),
    oid!("1.3.14.3.2.18"),
    oid!("1.2.840.113549.2.5"),
    oid!("1.2.840.113549.2.4"),
    oid!("1.2.840.113549.2.2"),
];

/// The public key from the fields of its algorithm, and from the bits that are the key.
#[inline(always)]
pub(super) fn public_key(mut algorithm: Cursor<'_>, bits: &[u8]) -> PublicKey {
    match algorithm.read(tag::OID) {
        Some(RSA | RSA_PSS) => modulus_bits(bits).map_or(PublicKey::Other, |bits| PublicKey::Rsa { bits }),
        Some(ELLIPTIC_CURVE) => PublicKey::EllipticCurve,
        _ => PublicKey::Other,
    }
}

#[inline(always)]
fn modulus_bits(key: &[u8]) -> Option<u32> {
    let (0, key) = key.split_first()? else { return None };
    let mut numbers = Cursor::new(key).inside(tag::SEQUENCE)?;
    let modulus = numbers.read(tag::INTEGER)?;
    numbers.read(tag::INTEGER)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let unused = modulus.get(zeros).map_or(0, |byte| byte.leading_zeros());
    Some(u32::try_from((modulus.len() - zeros) * 8).ok()? - unused)
}

/// The name of a signature algorithm from its fields.
pub(super) fn signature_name(mut algorithm: Cursor<'_>) -> Cow<'static, str> {
    let oid = algorithm.read(tag::OID).unwrap_or_default();
    match SIGNATURES.iter().find(|(known, ..)| *known == oid) {
        Some((_, name, _)) => Cow::Borrowed(name),
        None => Cow::Owned(Dotted(oid).to_string()),
    }
}

/// Whether a signature algorithm uses one of the hashes that forgers can break.
pub(super) fn is_weak(mut algorithm: Cursor<'_>) -> bool {
    let oid = algorithm.read(tag::OID).unwrap_or_default();
    match SIGNATURES.iter().find(|(known, ..)| *known == oid) {
        None => false,
        Some((_, _, Hash::Parameter)) => {
            let hash = if oid == RSA_PSS { pss_hash(algorithm) } else { first_oid(&mut algorithm) };
            // A hash that cannot be read is not assumed to be a good one.
            hash.is_none_or(|hash| WEAK_HASHES.contains(&hash))
        }
        Some((_, _, hash)) => *hash == Hash::Weak,
    }
}

/// The hash of RSA-PSS; `None` if it cannot be read or is left out, which stands for SHA-1.
fn pss_hash(mut parameters: Cursor<'_>) -> Option<&[u8]> {
    first_oid(&mut parameters.inside(tag::SEQUENCE)?.inside(tag::constructed(0))?)
}

fn first_oid<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    cursor.inside(tag::SEQUENCE)?.read(tag::OID)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text.replace(' ', "")).unwrap()
    }

    #[test]
    fn a_weak_hash_is_told_by_name_or_by_parameter() {
        let pss = "0609 2A864886F70D01010A";
        let ecdsa = "0607 2A8648CE3D0403";
        let sha1 = "3009 0605 2B0E03021A 0500";
        let sha256 = "300D 0609 608648016503040201 0500";
        for (algorithm, name, weak) in [
            ("0609 2A864886F70D01010B 0500".into(), "sha256RSA", false),
            ("0609 2A864886F70D010105 0500".into(), "sha1RSA", true),
            ("0609 2A864886F70D010104".into(), "md5RSA", true),
            ("0607 2A8648CE3D0401".into(), "sha1ECDSA", true),
            ("0608 2A8648CE3D040303".into(), "sha384ECDSA", false),
            ("0603 2B6570".into(), "1.3.101.112", false),
            (pss.into(), "RSASSA-PSS", true),
            (format!("{pss} 0500"), "RSASSA-PSS", true),
            (format!("{pss} 3000"), "RSASSA-PSS", true),
            (format!("{pss} 300D A00B {sha1}"), "RSASSA-PSS", true),
            (format!("{pss} 3011 A00F {sha256}"), "RSASSA-PSS", false),
            (format!("{pss} 3005 A203 020120"), "RSASSA-PSS", true),
            (format!("{ecdsa} {sha1}"), "specifiedECDSA", true),
            (format!("{ecdsa} {sha256}"), "specifiedECDSA", false),
        ] {
            let fields = bytes(&algorithm);
            assert_eq!(signature_name(Cursor::new(&fields)), name, "{algorithm}");
            assert_eq!(is_weak(Cursor::new(&fields)), weak, "{algorithm}");
        }
    }

    #[test]
    fn the_bits_of_a_modulus_are_counted_without_leading_zeros() {
        for (key, expected) in [
            ("00 3006 020107 020103", Some(3)),
            ("00 3007 02020080 020103", Some(8)),
            ("00 3007 02020100 020103", Some(9)),
            ("00 3006 020180 020103", Some(8)),
            ("00 3006 020100 020103", Some(0)),
            ("00 3003 020107", None),
            ("01 3006 020107 020103", None),
            ("00", None),
            ("", None),
        ] {
            assert_eq!(modulus_bits(&bytes(key)), expected, "{key}");
        }
    }
}
