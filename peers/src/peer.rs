//! What each crate does to read the fields that the rules need: dates, serial number, issuer and subject, DNS names, the
//! kind and length of the key, key usages and basic constraints. Each takes the SHA-1 of the bytes as well.

use std::hint::black_box;

use exchange_certificates::{Certificate, PublicKey};
use openssl::hash::MessageDigest;
use openssl::x509::X509;
use sha1::{Digest, Sha1};
use x509_cert::der::Decode;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_parser::prelude::{FromDer, GeneralName as ParsedName, ParsedExtension, X509Certificate};

pub trait Peer {
    type Kept<'a>;

    /// The thumbprint, and what is kept of a certificate.
    fn read(der: &[u8]) -> Option<([u8; 20], Self::Kept<'_>)>;

    /// Touches what is kept.
    fn look_at(kept: &Self::Kept<'_>);

    fn can_read(der: &[u8]) -> bool {
        Self::read(der).is_some()
    }
}

pub struct Ours;
pub struct Webpki;
pub struct X509Parser;
pub struct X509Cert;
pub struct OpenSsl;

impl Peer for Ours {
    type Kept<'a> = Certificate;

    fn read(der: &[u8]) -> Option<([u8; 20], Certificate)> {
        let certificate = Certificate::from_der(der).ok()?;
        Some((*certificate.thumbprint().as_bytes(), certificate))
    }

    fn look_at(kept: &Certificate) {
        black_box(matches!(kept.public_key(), PublicKey::Other));
    }
}

/// It keeps a reference to the bytes, knows neither dates nor usages before it verifies, and reads version 3 alone.
impl Peer for Webpki {
    type Kept<'a> = usize;

    fn read(der: &[u8]) -> Option<([u8; 20], usize)> {
        let der = rustls_pki_types::CertificateDer::from(der);
        let certificate = webpki::EndEntityCert::try_from(&der).ok()?;
        black_box((certificate.serial(), certificate.issuer(), certificate.subject()));
        let names = certificate.valid_dns_names().count();
        Some((Sha1::digest(&der).into(), names))
    }

    fn look_at(kept: &usize) {
        black_box(kept);
    }
}

/// It keeps references to the bytes too.
impl Peer for X509Parser {
    type Kept<'a> = X509Certificate<'a>;

    fn read(der: &[u8]) -> Option<([u8; 20], X509Certificate<'_>)> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        black_box((certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp()));
        black_box((certificate.raw_serial(), certificate.issuer().as_raw(), certificate.subject().as_raw()));
        black_box(certificate.public_key().parsed().map(|key| key.key_size()).ok());
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(names) => {
                    let is_dns = |name: &&ParsedName<'_>| matches!(name, ParsedName::DNSName(_));
                    black_box(names.general_names.iter().filter(is_dns).count());
                }
                ParsedExtension::KeyUsage(usage) => _ = black_box(usage.digital_signature()),
                ParsedExtension::ExtendedKeyUsage(usage) => _ = black_box(usage.server_auth),
                ParsedExtension::BasicConstraints(constraints) => _ = black_box(constraints.ca),
                _ => {}
            }
        }
        Some((Sha1::digest(der).into(), certificate))
    }

    fn look_at(kept: &X509Certificate<'_>) {
        black_box(kept.validity().not_after.timestamp());
    }
}

impl Peer for X509Cert {
    type Kept<'a> = x509_cert::Certificate;

    fn read(der: &[u8]) -> Option<([u8; 20], x509_cert::Certificate)> {
        let certificate = x509_cert::Certificate::from_der(der).ok()?;
        let signed = certificate.tbs_certificate();
        let validity = signed.validity();
        black_box((validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration()));
        black_box((signed.serial_number().as_bytes(), signed.issuer(), signed.subject()));
        let key = signed.subject_public_key_info();
        black_box((key.algorithm.oid, key.subject_public_key.bit_len()));
        // An extension that cannot be read keeps nobody from reading the certificate.
        if let Ok(Some((_, SubjectAltName(names)))) = signed.get_extension() {
            black_box(names.iter().filter(|name| matches!(name, GeneralName::DnsName(_))).count());
        }
        black_box(signed.get_extension::<KeyUsage>().ok());
        black_box(signed.get_extension::<ExtendedKeyUsage>().ok());
        black_box(signed.get_extension::<BasicConstraints>().ok());
        Some((Sha1::digest(der).into(), certificate))
    }

    fn look_at(kept: &x509_cert::Certificate) {
        black_box(kept.tbs_certificate().validity().not_after.to_unix_duration());
    }
}

/// By its own SHA-1; the binding shows no key usages.
impl Peer for OpenSsl {
    type Kept<'a> = X509;

    fn read(der: &[u8]) -> Option<([u8; 20], X509)> {
        let certificate = X509::from_der(der).ok()?;
        black_box((certificate.not_before(), certificate.not_after()));
        black_box((certificate.serial_number(), certificate.issuer_name(), certificate.subject_name()));
        black_box(certificate.subject_alt_names().map(|names| names.iter().filter_map(|name| name.dnsname()).count()));
        black_box(certificate.public_key().map(|key| key.bits()).ok());
        let thumbprint = certificate.digest(MessageDigest::sha1()).ok()?;
        Some((thumbprint.as_ref().try_into().ok()?, certificate))
    }

    fn look_at(kept: &X509) {
        black_box(kept.not_after());
    }
}
