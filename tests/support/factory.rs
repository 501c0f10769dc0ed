//! Certificates for tests: no keys are generated and nothing is signed, since nothing here verifies a signature.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use std::fmt::Display;

use der::asn1::ObjectIdentifier;
use exchange_certificates::{Certificate, KeyUsage, rfc3339};

pub const KEY_USAGE: &str = "2.5.29.15";
pub const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

pub const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
pub const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
pub const EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";
pub const ANY_PURPOSE: &str = "2.5.29.37.0";

/// Keys as Windows prints them, for the attributes that tests use.
const ATTRIBUTES: [(&str, &str); 10] = [
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("S", "2.5.4.8"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("E", "1.2.840.113549.1.9.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
];

/// How a certificate says that it is signed.
#[derive(Clone, Copy, Debug)]
pub enum Signature {
    Sha256Rsa,
    Sha384Rsa,
    Sha1Rsa,
    Md5Rsa,
    Md4Rsa,
    Md2Rsa,
    PssSha256,
    PssSha1,
    /// RSA-PSS with empty parameters: its hash is SHA-1 by default.
    PssDefault,
    Sha256Ecdsa,
    Sha1Ecdsa,
    Sha1Dsa,
    Ed25519,
}

/// Makes a certificate that is in order, but for what its methods change.
///
/// The same calls make the same bytes. `CertificateFactory::new("mail.contoso.com").build()` is an
/// RSA certificate for one name, from a CA, for TLS servers and clients, valid for 200 days.
#[derive(Clone, Debug)]
pub struct CertificateFactory {
    version: u8,
    serial_number: Option<Vec<u8>>,
    signature: Signature,
    issuer: Vec<u8>,
    not_before: Vec<u8>,
    not_after: Vec<u8>,
    subject: Vec<u8>,
    public_key: Vec<u8>,
    /// In the order of the certificate, each by its object identifier.
    extensions: Vec<(String, Vec<u8>)>,
}

impl CertificateFactory {
    /// A certificate for one DNS name, which is its common name and its subject alternative name.
    pub fn new(name: &str) -> Self {
        Self {
            version: 3,
            serial_number: None,
            signature: Signature::Sha256Rsa,
            issuer: distinguished_name(&[("C", "US"), ("O", "Contoso"), ("CN", "Contoso Issuing CA 1")]),
            not_before: time("2026-10-01T00:00:00Z"),
            not_after: time("2027-04-19T00:00:00Z"),
            subject: distinguished_name(&[("C", "US"), ("O", "Contoso"), ("CN", name)]),
            public_key: rsa_key(2048),
            extensions: Vec::new(),
        }
        .key_usage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT)
        .extended_key_usage(&[SERVER_AUTH, CLIENT_AUTH])
        .authority(false)
        .dns_names([name])
    }

    /// The version; 1 has no extensions, and is not written.
    pub fn version(mut self, version: u8) -> Self {
        self.version = version;
        if version < 3 {
            self.extensions.clear();
        }
        self
    }

    /// The subject's attributes in the order of the DER, the country first.
    pub fn subject(mut self, attributes: &[(&str, &str)]) -> Self {
        self.subject = distinguished_name(attributes);
        self
    }

    /// The DER of the subject.
    pub fn raw_subject(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.subject = der.into();
        self
    }

    /// The issuer's attributes in the order of the DER, the country first.
    pub fn issuer(mut self, attributes: &[(&str, &str)]) -> Self {
        self.issuer = distinguished_name(attributes);
        self
    }

    /// The DER of the issuer.
    pub fn raw_issuer(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.issuer = der.into();
        self
    }

    /// The issuer is the subject; to be called after the subject is set.
    pub fn self_signed(mut self) -> Self {
        self.issuer = self.subject.clone();
        self
    }

    /// The bytes of the serial number's value; without, they are made from everything else.
    pub fn serial_number(mut self, value: impl Into<Vec<u8>>) -> Self {
        self.serial_number = Some(value.into());
        self
    }

    /// From when to when it is valid, as RFC 3339.
    pub fn valid(mut self, not_before: &str, not_after: &str) -> Self {
        self.not_before = time(not_before);
        self.not_after = time(not_after);
        self
    }

    /// Until when it is valid, as RFC 3339.
    pub fn not_after(mut self, time_text: &str) -> Self {
        self.not_after = time(time_text);
        self
    }

    /// The dates as elements of DER.
    pub fn raw_dates(mut self, not_before: impl Into<Vec<u8>>, not_after: impl Into<Vec<u8>>) -> Self {
        self.not_before = not_before.into();
        self.not_after = not_after.into();
        self
    }

    /// The DNS names of the subject alternative name, in place of what it holds.
    pub fn dns_names<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<_> = names.into_iter().map(|name| tlv(0x82, &[name.as_bytes()])).collect();
        self.general_names(&names)
    }

    /// The general names of the subject alternative name as elements of DER, in place of what it holds.
    pub fn general_names(self, names: &[Vec<u8>]) -> Self {
        self.with(SUBJECT_ALTERNATIVE_NAME, sequence(names))
    }

    /// An RSA key with a modulus of so many bits.
    pub fn rsa(mut self, bits: usize) -> Self {
        self.public_key = rsa_key(bits);
        self
    }

    /// A key on the curve P-256.
    pub fn elliptic_curve(mut self) -> Self {
        let algorithm = sequence(&[oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")]);
        self.public_key = sequence(&[algorithm, bit_string(&[&[4][..], &filling(64)].concat())]);
        self
    }

    /// A key that is neither RSA nor ECDSA.
    pub fn ed25519(mut self) -> Self {
        self.public_key = sequence(&[sequence(&[oid("1.3.101.112")]), bit_string(&filling(32))]);
        self
    }

    /// The public key as an element of DER.
    pub fn raw_public_key(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.public_key = der.into();
        self
    }

    /// How it says that it is signed.
    pub fn signature(mut self, signature: Signature) -> Self {
        self.signature = signature;
        self
    }

    /// What the key may be used for.
    pub fn key_usage(self, usage: KeyUsage) -> Self {
        let bytes: Vec<_> = usage.bits().to_le_bytes().into_iter().map(u8::reverse_bits).collect();
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |index| index + 1);
        let unused = bytes[..used].last().map_or(0, |byte| byte.trailing_zeros());
        self.with(KEY_USAGE, tlv(0x03, &[&[u8::try_from(unused).unwrap()], &bytes[..used]]))
    }

    /// Which purposes it is for, by their object identifiers.
    pub fn extended_key_usage(self, purposes: &[&str]) -> Self {
        let purposes: Vec<_> = purposes.iter().map(oid).collect();
        self.with(EXTENDED_KEY_USAGE, sequence(&purposes))
    }

    /// Whether it belongs to a certification authority.
    pub fn authority(self, is_one: bool) -> Self {
        let fields = if is_one { vec![tlv(0x01, &[&[0xFF]])] } else { Vec::new() };
        self.with(BASIC_CONSTRAINTS, sequence(&fields))
    }

    /// Without an extension.
    pub fn without(mut self, extension: &str) -> Self {
        self.extensions.retain(|(oid, _)| oid != extension);
        self
    }

    /// With an extension whose value is not the DER of its type.
    pub fn unreadable(self, extension: &str) -> Self {
        self.with(extension, b"\x30\x05odd".to_vec())
    }

    /// With an extension whose value are these bytes, in place of the one that was there.
    pub fn with(mut self, extension: &str, value: Vec<u8>) -> Self {
        match self.extensions.iter_mut().find(|(oid, _)| oid == extension) {
            Some((_, old)) => *old = value,
            None => self.extensions.push((extension.to_owned(), value)),
        }
        self
    }

    /// With an extension whose value are these bytes, beside one that may be there.
    pub fn with_another(mut self, extension: &str, value: Vec<u8>) -> Self {
        self.extensions.push((extension.to_owned(), value));
        self
    }

    /// With an extension a second time.
    pub fn twice(self, extension: &str) -> Self {
        let value = self.extensions.iter().find(|(oid, _)| oid == extension).map(|(_, value)| value.clone());
        self.with_another(extension, value.unwrap())
    }

    /// The certificate's DER.
    pub fn build_der(&self) -> Vec<u8> {
        let (algorithm, signature_length) = self.signature.parts();
        let extensions: Vec<_> =
            self.extensions.iter().map(|(extension, value)| sequence(&[oid(extension), tlv(0x04, &[value])])).collect();
        let rest = [
            algorithm.clone(),
            self.issuer.clone(),
            sequence(&[self.not_before.clone(), self.not_after.clone()]),
            self.subject.clone(),
            self.public_key.clone(),
            if extensions.is_empty() { Vec::new() } else { tlv(0xA3, &[&sequence(&extensions)]) },
        ]
        .concat();
        let serial_number = self.serial_number.clone().unwrap_or_else(|| fingerprint(&rest).to_vec());
        let version = if self.version == 1 { Vec::new() } else { tlv(0xA0, &[&tlv(0x02, &[&[self.version - 1]])]) };
        let signed = sequence(&[version, tlv(0x02, &[&serial_number]), rest]);
        sequence(&[signed, algorithm, bit_string(&filling(signature_length))])
    }

    /// The certificate.
    pub fn build(&self) -> Certificate {
        Certificate::from_der(self.build_der()).unwrap()
    }
}

impl Signature {
    /// The algorithm identifier, and how many bytes such a signature has.
    fn parts(self) -> (Vec<u8>, usize) {
        let null = tlv(0x05, &[]);
        let rsa = |number: u8| (sequence(&[oid(format!("1.2.840.113549.1.1.{number}")), null.clone()]), 256);
        let other = |algorithm: &str, length| (sequence(&[oid(algorithm)]), length);
        let pss = |parameters: &[Vec<u8>]| (sequence(&[oid("1.2.840.113549.1.1.10"), sequence(parameters)]), 256);
        let hash = |hash: &str| tlv(0xA0, &[&sequence(&[oid(hash), null.clone()])]);
        match self {
            Self::Md2Rsa => rsa(2),
            Self::Md4Rsa => rsa(3),
            Self::Md5Rsa => rsa(4),
            Self::Sha1Rsa => rsa(5),
            Self::Sha256Rsa => rsa(11),
            Self::Sha384Rsa => rsa(12),
            Self::PssSha256 => pss(&[hash("2.16.840.1.101.3.4.2.1")]),
            Self::PssSha1 => pss(&[hash("1.3.14.3.2.26")]),
            Self::PssDefault => pss(&[]),
            Self::Sha256Ecdsa => other("1.2.840.10045.4.3.2", 71),
            Self::Sha1Ecdsa => other("1.2.840.10045.4.1", 71),
            Self::Sha1Dsa => other("1.2.840.10040.4.3", 46),
            Self::Ed25519 => other("1.3.101.112", 64),
        }
    }
}

/// An element of DER with its parts in it.
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = value.len().to_be_bytes();
    let length = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let header = if value.len() < 0x80 { vec![] } else { vec![0x80 | u8::try_from(length.len()).unwrap()] };
    [&[tag], &header[..], length, &value].concat()
}

/// A sequence of elements.
pub fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &elements.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// An object identifier from dotted decimals.
pub fn oid(dotted: impl Display) -> Vec<u8> {
    tlv(0x06, &[ObjectIdentifier::new(&dotted.to_string()).unwrap().as_bytes()])
}

/// A name of one attribute to a part, by the keys of Windows or by object identifiers, as UTF-8.
pub fn distinguished_name(attributes: &[(&str, &str)]) -> Vec<u8> {
    let part = |(key, value): &(&str, &str)| {
        let dotted = ATTRIBUTES.iter().find(|(known, _)| known == key).map_or(*key, |(_, dotted)| dotted);
        let attribute = sequence(&[oid(dotted), tlv(0x0C, &[value.as_bytes()])]);
        tlv(0x31, &[&attribute])
    };
    sequence(&attributes.iter().map(part).collect::<Vec<_>>())
}

fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], bytes])
}

/// An RSA key whose modulus is no product of primes.
fn rsa_key(bits: usize) -> Vec<u8> {
    let mut modulus = filling(bits.div_ceil(8));
    let unused = modulus.len() * 8 - bits;
    modulus[0] = (modulus[0] | 0x80) >> unused;
    let sign: &[u8] = if modulus[0] & 0x80 == 0 { &[] } else { &[0] };
    let key = sequence(&[tlv(0x02, &[sign, &modulus]), tlv(0x02, &[&[1, 0, 1]])]);
    sequence(&[sequence(&[oid("1.2.840.113549.1.1.1"), tlv(0x05, &[])]), bit_string(&key)])
}

/// UTCTime for the years that it has, GeneralizedTime for all others.
fn time(rfc3339: &str) -> Vec<u8> {
    let printed = rfc3339::print(rfc3339::parse(rfc3339).unwrap()).to_string();
    let digits: String = printed.chars().filter(|character| !matches!(character, '-' | ':' | 'T')).collect();
    match digits[..4].parse().unwrap() {
        1950..2050 => tlv(0x17, &[&digits.as_bytes()[2..]]),
        _ => tlv(0x18, &[digits.as_bytes()]),
    }
}

/// Bytes that stand for what would be random.
fn filling(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 167 + 41) as u8).collect()
}

/// A positive serial number that differs where anything else does (FNV-1a).
fn fingerprint(bytes: &[u8]) -> [u8; 8] {
    let hash = bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3));
    (hash >> 1 | 1 << 62).to_be_bytes()
}
