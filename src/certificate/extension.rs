//! The extensions that decide what a certificate may be used for.

use super::tlv::{Cursor, Element, tag};
use super::{name, oid};

/// What a certificate says in one of its extensions.
///
/// Windows loads a certificate although it cannot read one of its extensions, and so does this
/// crate; a rule that needs the extension must then not assume in the certificate's favour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
// Exhaustive like `Option`: there is no fourth case, and a match should need no arm for one.
pub enum Extension<T> {
    /// The certificate does not have the extension.
    #[default]
    Absent,
    /// The extension is there twice, or its value is not the DER of its type.
    Unreadable,
    /// What the extension says.
    Present(T),
}

bitflags::bitflags! {
    /// What the key may be used for, with the bits in the order of RFC 5280.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct KeyUsage: u16 {
        /// Signing anything but certificates and revocation lists; every modern TLS handshake needs it.
        const DIGITAL_SIGNATURE = 1;
        /// Signing what the signer is to be held to; also called non-repudiation.
        const CONTENT_COMMITMENT = 1 << 1;
        /// Encrypting keys, as a TLS handshake with RSA key exchange does.
        const KEY_ENCIPHERMENT = 1 << 2;
        /// Encrypting data without a key of its own.
        const DATA_ENCIPHERMENT = 1 << 3;
        /// Agreeing upon keys.
        const KEY_AGREEMENT = 1 << 4;
        /// Signing certificates.
        const KEY_CERT_SIGN = 1 << 5;
        /// Signing revocation lists.
        const CRL_SIGN = 1 << 6;
        /// Only encrypting while agreeing upon keys.
        const ENCIPHER_ONLY = 1 << 7;
        /// Only decrypting while agreeing upon keys.
        const DECIPHER_ONLY = 1 << 8;
    }

    /// Those of the purposes in an extended key usage that matter to a mail server.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct ExtendedKeyUsage: u8 {
        /// TLS servers.
        const SERVER_AUTH = 1;
        /// TLS clients, among them a mail server that offers its certificate to another one.
        const CLIENT_AUTH = 2;
        /// `anyExtendedKeyUsage`.
        const ANY = 4;
    }
}

/// Whether a certificate belongs to a certification authority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BasicConstraints {
    /// Whether the certificate may issue others.
    pub ca: bool,
}

impl<T> Extension<T> {
    /// What the extension says, if it is there and can be read.
    pub fn present(self) -> Option<T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Unreadable => None,
        }
    }

    /// Whether the certificate has the extension and it cannot be read.
    pub const fn is_unreadable(&self) -> bool {
        matches!(self, Self::Unreadable)
    }

    /// The same with another view on what the extension says.
    pub fn map<U>(self, view: impl FnOnce(T) -> U) -> Extension<U> {
        match self {
            Self::Absent => Extension::Absent,
            Self::Unreadable => Extension::Unreadable,
            Self::Present(value) => Extension::Present(view(value)),
        }
    }

    /// Notes that the extension was met, with its value if that can be read.
    #[inline(always)]
    pub(super) fn meet(&mut self, value: Option<T>) {
        *self = match (&self, value) {
            (Self::Absent, Some(value)) => Self::Present(value),
            _ => Self::Unreadable,
        };
    }
}

// Each of these reads one complete value and ignores bytes after it, as Windows does.

#[inline(always)]
pub(super) fn key_usage(value: &[u8]) -> Option<KeyUsage> {
    // The first byte counts the unused bits of the last one. Trailing zero bytes, which DER forbids,
    // stand in the certificate of every IIS management service.
    let (&unused, bytes) = Cursor::new(value).read(tag::BIT_STRING)?.split_first()?;
    if unused > if bytes.is_empty() { 0 } else { 7 } {
        return None;
    }
    let mut bytes = bytes.iter().enumerate().map(|(index, byte)| {
        let used = if index + 1 == bytes.len() { 0xFF << unused } else { 0xFF };
        u16::from((byte & used).reverse_bits())
    });
    let bits = bytes.next().unwrap_or(0) | bytes.next().unwrap_or(0) << 8;
    Some(KeyUsage::from_bits_truncate(bits))
}

#[inline(always)]
pub(super) fn extended_key_usage(value: &[u8]) -> Option<ExtendedKeyUsage> {
    let mut purposes = Cursor::new(value).inside(tag::SEQUENCE)?;
    let mut usage = ExtendedKeyUsage::empty();
    while !purposes.is_empty() {
        usage |= match purposes.read(tag::OID)? {
            oid::SERVER_AUTH => ExtendedKeyUsage::SERVER_AUTH,
            oid::CLIENT_AUTH => ExtendedKeyUsage::CLIENT_AUTH,
            oid::ANY_PURPOSE => ExtendedKeyUsage::ANY,
            other => oid::is_well_formed(other).then_some(ExtendedKeyUsage::empty())?,
        };
    }
    Some(usage)
}

#[inline(always)]
pub(super) fn basic_constraints(value: &[u8]) -> Option<BasicConstraints> {
    let mut fields = Cursor::new(value).inside(tag::SEQUENCE)?;
    let ca = if fields.is_at(tag::BOOLEAN) { boolean(fields.read(tag::BOOLEAN)?)? } else { false };
    if fields.is_at(tag::INTEGER) && fields.read(tag::INTEGER)?.is_empty() {
        return None;
    }
    fields.is_empty().then_some(BasicConstraints { ca })
}

/// BER's booleans, not only DER's: anything but zero is true, and false may be written out.
#[inline(always)]
pub(super) fn boolean(value: &[u8]) -> Option<bool> {
    match value {
        [byte] => Some(*byte != 0),
        _ => None,
    }
}

/// The general names of a subject alternative name, where every one of them is well-formed.
#[inline(always)]
pub(super) fn general_names(value: &[u8]) -> Option<&[u8]> {
    let names = Cursor::new(value).read(tag::SEQUENCE)?;
    let mut cursor = Cursor::new(names);
    while !cursor.is_empty() {
        let name = cursor.next()?;
        let is_well_formed = match name.tag {
            // Any bytes. An address of an odd length is not an address, but well-formed.
            MAIL_ADDRESS | DNS_NAME | URI | IP_ADDRESS => true,
            other => is_rare_name_well_formed(other, name.value),
        };
        if !is_well_formed {
            return None;
        }
    }
    Some(names)
}

/// The DNS names among general names, in order.
pub(super) fn dns_names(general_names: &[u8]) -> impl Iterator<Item = &[u8]> {
    dns_name_elements(general_names).map(|name| name.value)
}

/// The same with tag and length.
pub(super) fn dns_name_elements(general_names: &[u8]) -> impl Iterator<Item = Element<'_>> {
    Cursor::new(general_names).filter(|name| is_dns_name(*name))
}

pub(super) fn is_dns_name(name: Element<'_>) -> bool {
    name.tag == DNS_NAME
}

// The kinds of general names.
const OTHER_NAME: u8 = tag::constructed(0);
const MAIL_ADDRESS: u8 = tag::primitive(1);
const DNS_NAME: u8 = tag::primitive(2);
const X400_ADDRESS: u8 = tag::constructed(3);
const DIRECTORY_NAME: u8 = tag::constructed(4);
const EDI_PARTY_NAME: u8 = tag::constructed(5);
const URI: u8 = tag::primitive(6);
const IP_ADDRESS: u8 = tag::primitive(7);
const REGISTERED_ID: u8 = tag::primitive(8);

fn is_rare_name_well_formed(tag: u8, value: &[u8]) -> bool {
    let mut fields = Cursor::new(value);
    match tag {
        // A type and, in [0], one value of it.
        OTHER_NAME => {
            let is_typed = fields.read(tag::OID).is_some_and(oid::is_well_formed);
            is_typed && is_one(fields.inside(tag::constructed(0))) && fields.is_empty()
        }
        // A sequence of up to three parts, the first of them a sequence.
        X400_ADDRESS => {
            let is_address = fields.read(tag::SEQUENCE).is_some();
            fields.by_ref().for_each(drop);
            is_address && fields.is_empty()
        }
        // Explicitly tagged, since a name is a choice.
        DIRECTORY_NAME => {
            let is_name = fields.element(tag::SEQUENCE).is_some_and(|element| name::is_well_formed(element.der));
            is_name && fields.is_empty()
        }
        // Perhaps who assigned it in [0], and the party in [1], each a string.
        EDI_PARTY_NAME => {
            let is_assigned = !fields.is_at(tag::constructed(0)) || is_one(fields.inside(tag::constructed(0)));
            is_assigned && is_one(fields.inside(tag::constructed(1))) && fields.is_empty()
        }
        REGISTERED_ID => oid::is_well_formed(value),
        _ => false,
    }
}

/// Whether there is exactly one element.
fn is_one(elements: Option<Cursor<'_>>) -> bool {
    elements.is_some_and(|mut elements| elements.next().is_some() && elements.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text.replace(' ', "")).unwrap()
    }

    #[test]
    fn key_usage_forgives_trailing_zeros_and_bits() {
        let wmsvc = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::DATA_ENCIPHERMENT;
        for (value, expected) in [
            ("03 05 00 B0 00 00 00", Some(wmsvc)),
            ("03 02 04 B0", Some(wmsvc)),
            ("03 02 04 BF", Some(wmsvc)),
            ("03 02 05 A0 FF FF", Some(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT)),
            ("03 03 07 08 80", Some(KeyUsage::KEY_AGREEMENT | KeyUsage::DECIPHER_ONLY)),
            ("03 01 00", Some(KeyUsage::empty())),
            ("03 00", None),
            ("03 01 01", None),
            ("03 02 08 80", None),
            ("03 03 07 80", None),
            ("04 02 05 A0", None),
            ("", None),
        ] {
            assert_eq!(key_usage(&bytes(value)), expected, "{value}");
        }
    }

    #[test]
    fn extended_key_usage_holds_what_matters() {
        let server = "06 08 2B06010505070301";
        for (purposes, expected) in [
            (format!("300A {server}"), Some(ExtendedKeyUsage::SERVER_AUTH)),
            (format!("3010 0604551D2500 {server}"), Some(ExtendedKeyUsage::SERVER_AUTH | ExtendedKeyUsage::ANY)),
            ("300A 0608 2B06010505070302 05".into(), Some(ExtendedKeyUsage::CLIENT_AUTH)),
            ("300A 0608 2B06010505070304".into(), Some(ExtendedKeyUsage::empty())),
            ("3000".into(), Some(ExtendedKeyUsage::empty())),
            ("3003 060180".into(), None),
            ("3002 0600".into(), None),
            (format!("300C {server} 0500"), None),
            (format!("310A {server}"), None),
            (server.into(), None),
        ] {
            assert_eq!(extended_key_usage(&bytes(&purposes)), expected, "{purposes}");
        }
    }

    #[test]
    fn basic_constraints_tell_an_authority() {
        for (value, expected) in [
            ("3000", Some(false)),
            ("3003 0101FF", Some(true)),
            ("3003 010101", Some(true)),
            ("3003 010100", Some(false)),
            ("3006 0101FF 020100", Some(true)),
            ("3003 0201FF", Some(false)),
            ("3000 FF", Some(false)),
            ("3002 0100", None),
            ("3002 0200", None),
            ("3002 0500", None),
            ("3005 0101FF 0500", None),
            ("0101FF", None),
        ] {
            assert_eq!(basic_constraints(&bytes(value)).map(|constraints| constraints.ca), expected, "{value}");
        }
    }

    #[test]
    fn one_malformed_general_name_spoils_them_all() {
        for good in [
            "",
            "8200",
            "8103 FF40FF",
            "8605 687474703A",
            "8704 0A000001",
            "8705 0A00000102",
            "8803 550403",
            "A00A 0603 2A0304 A003 0C0141",
            "A302 3000",
            "A40D 300B 3109 3007 0603550403 0500",
            "A402 3000",
            "A505 A103 0C0141",
            "A50A A003 0C0141 A103 0C0142",
        ] {
            let names = bytes(&format!("8201 61 {good} 8201 62"));
            let value = [&[0x30, u8::try_from(names.len()).unwrap()], &names[..], b"after"].concat();
            assert_eq!(general_names(&value), Some(&names[..]), "{good}");
            let dns_names: Vec<_> = dns_names(&names).filter(|name| !name.is_empty()).collect();
            assert_eq!(dns_names, [b"a", b"b"], "{good}");
        }
        for wrong in [
            "8900",
            "8201",
            "A203 040161",
            "0C01 61",
            "3000",
            "8801 80",
            "8800",
            "A000",
            "8000",
            "A005 0603 2A0304",
            "A009 0603 2A0304 A002 0C01",
            "A00C 0603 2A0304 A005 0C0141 0500",
            "A300",
            "A304 3000 0501",
            "A400",
            "A404 3002 3100 00",
            "A404 3002 3000",
            "A500",
            "A505 A003 0C0141",
            "A507 A000 A103 0C0142",
        ] {
            let names = bytes(&format!("8201 61 {wrong}"));
            let value = [&[0x30, u8::try_from(names.len()).unwrap()], &names[..]].concat();
            assert_eq!(general_names(&value), None, "{wrong}");
        }
    }

    #[test]
    fn an_extension_met_twice_is_unreadable() {
        let mut extension = Extension::Absent;
        extension.meet(Some(1));
        assert_eq!(extension, Extension::Present(1));
        extension.meet(Some(1));
        assert!(extension.is_unreadable());
        extension.meet(Some(1));
        assert!(extension.is_unreadable());
    }
}
