//! What is no certificate, and is often given for one.

use std::fmt;

use super::tlv::tag;

/// What is no certificate, and lies beside certificates in the same folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mistaken {
    /// PKCS#12: a `.pfx` or `.p12` file.
    Pkcs12,
    /// A private key, encrypted or not: PKCS#8, PKCS#1, SEC 1 or OpenSSH.
    PrivateKey,
    /// A certificate request, PKCS#10.
    Request,
    /// A key store of Java: JKS or JCEKS.
    KeyStore,
}

impl Mistaken {
    /// What the first bytes of a file are; `None` if they are none of these.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if [[0xFE, 0xED, 0xFE, 0xED], [0xCE; 4]].iter().any(|magic| bytes.starts_with(magic)) {
            return Some(Self::KeyStore);
        }
        let outer = inside(bytes, tag::SEQUENCE)?;
        if outer.first() != Some(&tag::SEQUENCE) {
            return version(outer);
        }
        let first = inside(outer, tag::SEQUENCE)?;
        if first.first() == Some(&tag::OID) {
            return is_encryption(inside(first, tag::OID)?).then_some(Self::PrivateKey);
        }
        // A request has a name where a certificate of version 1 has an algorithm.
        let (0, rest) = small(first)? else { return None };
        let name = inside(rest, tag::SEQUENCE)?;
        let is_empty = rest.get(1) == Some(&0) && name.first() == Some(&tag::SEQUENCE);
        (name.first() == Some(&tag::SET) || is_empty).then_some(Self::Request)
    }

    /// What the label of a PEM block says.
    pub(super) fn of_label(label: &str) -> Option<Self> {
        match label.trim() {
            label if label.ends_with("PRIVATE KEY") => Some(Self::PrivateKey),
            label if label.ends_with("CERTIFICATE REQUEST") => Some(Self::Request),
            "PKCS12" | "PKCS #12" => Some(Self::Pkcs12),
            _ => None,
        }
    }
}

/// What begins with a small number: the version of PKCS#12 and of each form of a key.
fn version(content: &[u8]) -> Option<Mistaken> {
    // All types of content in PKCS#7, two of which a PKCS#12 file has.
    const PKCS7: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07];
    let (version, rest) = small(content)?;
    match (version, rest.first()?) {
        (3, &tag::SEQUENCE) => {
            let kind = inside(inside(rest, tag::SEQUENCE)?, tag::OID)?;
            kind.starts_with(PKCS7).then_some(Mistaken::Pkcs12)
        }
        (0 | 1, &tag::SEQUENCE) => {
            let algorithm = inside(rest, tag::SEQUENCE)?;
            (algorithm.first() == Some(&tag::OID)).then_some(Mistaken::PrivateKey)
        }
        (0 | 1, &tag::INTEGER) | (1, &tag::OCTET_STRING) => Some(Mistaken::PrivateKey),
        _ => None,
    }
}

/// Whether a type is one by which keys are encrypted with a password: PKCS#5 and PKCS#12.
fn is_encryption(oid: &[u8]) -> bool {
    const PKCS5: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05];
    const PKCS12: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x01];
    oid.starts_with(PKCS5) || oid.starts_with(PKCS12)
}

/// A number of one byte, and what follows.
fn small(content: &[u8]) -> Option<(u8, &[u8])> {
    match content {
        [tag::INTEGER, 1, number, rest @ ..] => Some((*number, rest)),
        _ => None,
    }
}

/// What begins inside of an element, whatever its length and however much of it is there.
fn inside(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let [found, length, rest @ ..] = bytes else { return None };
    if *found != tag {
        return None;
    }
    match length {
        ..=0x80 => Some(rest),
        0x81..=0x84 => rest.get(usize::from(length & 0x7F)..),
        _ => None,
    }
}

impl fmt::Display for Mistaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pkcs12 => {
                "this is a PKCS#12 file (.pfx or .p12): it holds the private key and is not read here; \
                 give the certificate alone"
            }
            Self::PrivateKey => "this is a private key, which is not read here; give the certificate",
            Self::Request => "this is a certificate request; give the certificate that was issued for it",
            Self::KeyStore => {
                "this is a key store of Java: it may hold private keys and is not read here; give the certificate alone"
            }
        })
    }
}
