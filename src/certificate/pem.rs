//! PEM, base64 and PKCS#7: where the DER of certificates is found in what administrators keep.

use super::error::CertificateError;
use super::reader::{DerReader, Placed, offset};
use super::tlv::{Cursor, tag};
use crate::base64;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// What the label of a PEM block promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PemLabel {
    Certificate,
    /// A certificate with more DER after it, which tells what OpenSSL trusts it for.
    Trusted,
    Pkcs7,
    /// A private key, say.
    Other,
}

/// A PEM block: its label, and its body between two lines of dashes.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// Which one it is, counted from 1.
    pub(super) number: usize,
    pub(super) label: &'a str,
    pub(super) kind: PemLabel,
    /// The text that the block stands in.
    text: &'a str,
    body: &'a str,
}

/// Whether a text is PEM rather than bare base64.
pub(super) fn is_pem(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The PEM blocks of a text, with anything between them and line breaks anywhere or nowhere.
pub(super) fn blocks(text: &str) -> Result<Vec<Block<'_>>, CertificateError> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once(BEGIN) {
        let number = blocks.len() + 1;
        let label = begun.split(DASHES).next().and_then(|label| label.lines().next()).unwrap_or_default();
        let block = begun.get(label.len()..).and_then(|begun| begun.strip_prefix(DASHES)).and_then(|begun| {
            let (body, ended) = begun.split_once("-----END ")?;
            Some((body, ended.strip_prefix(label)?.strip_prefix(DASHES)?))
        });
        let Some((body, ended)) = block.filter(|(body, _)| !body.contains(DASHES)) else {
            let error = CertificateError::Unfinished { label: label.to_owned() };
            return Err(CertificateError::InBlock { block: number, error: error.into() });
        };
        let kind = match label.trim() {
            "CERTIFICATE" | "X509 CERTIFICATE" => PemLabel::Certificate,
            "TRUSTED CERTIFICATE" => PemLabel::Trusted,
            "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => PemLabel::Pkcs7,
            _ => PemLabel::Other,
        };
        blocks.push(Block { number, label, kind, text, body });
        rest = ended;
    }
    Ok(blocks)
}

impl Block<'_> {
    /// The bytes of the block.
    pub(super) fn der(&self) -> Result<Vec<u8>, CertificateError> {
        let start = offset(self.body.as_bytes(), self.text.as_bytes());
        let mut der = base64::decode(self.body).map_err(|at| position(self.text, start + at))?;
        if self.kind == PemLabel::Trusted
            && let Some(certificate) = Cursor::new(&der).next()
        {
            der.truncate(certificate.der.len());
        }
        Ok(der)
    }
}

/// The bytes of a text that is bare base64.
pub(super) fn bare(text: &str) -> Result<Vec<u8>, CertificateError> {
    base64::decode(text).map_err(|at| position(text, at))
}

/// The certificates in the SignedData of a PKCS#7 bundle, each as DER that was not looked into.
pub(super) fn certificates(bundle: &[u8]) -> Result<Vec<&[u8]>, CertificateError> {
    fn read<'a>(der: &'a [u8]) -> Result<Vec<&'a [u8]>, Placed<'a>> {
        const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];

        let mut content = DerReader::new(der).inside(tag::SEQUENCE, "a complete PKCS#7 bundle")?;
        content.read_if(tag::OID, "the type of signed data", |oid| oid == SIGNED_DATA)?;
        let mut content = content.inside(tag::constructed(0), "signed data")?;
        let mut signed = content.inside(tag::SEQUENCE, "signed data")?;
        signed.read(tag::INTEGER, "the version of signed data")?;
        signed.read(tag::SET, "digest algorithms")?;
        signed.read(tag::SEQUENCE, "the content that is signed")?;
        let mut found = Vec::new();
        if signed.is_at(tag::constructed(0)) {
            let mut certificates = signed.inside(tag::constructed(0), "certificates")?;
            while !certificates.is_empty() {
                // Attribute certificates and the like are tagged, and left alone.
                let element = certificates.any("a certificate")?;
                if element.tag == tag::SEQUENCE {
                    found.push(element.der);
                }
            }
        }
        Ok(found)
    }
    if bundle.is_empty() {
        return Err(CertificateError::Empty);
    }
    read(bundle).map_err(|error| error.within(bundle))
}

fn position(text: &str, at: usize) -> CertificateError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or(before);
    CertificateError::Base64 { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_whatever_stands_around_them() {
        let text = "\u{FEFF}Bag Attributes\r\n  -----BEGIN PRIVATE KEY-----\r\n  AAAA\r\n  -----END PRIVATE KEY-----\r\n\
                    subject=\r\n-----BEGIN CERTIFICATE-----MAA=-----END CERTIFICATE----------BEGIN CMS-----\n\
                    M A\tA\n-----END CMS-----";
        let blocks = blocks(text).unwrap();
        let seen: Vec<_> = blocks.iter().map(|block| (block.number, block.label, block.kind)).collect();
        assert_eq!(
            seen,
            [
                (1, "PRIVATE KEY", PemLabel::Other),
                (2, "CERTIFICATE", PemLabel::Certificate),
                (3, "CMS", PemLabel::Pkcs7)
            ]
        );
        assert_eq!(blocks[1].der(), Ok(vec![0x30, 0]));
        assert_eq!(blocks[2].der(), Ok(vec![0x30, 0]), "with white space in it and without padding");
    }

    #[test]
    fn openssl_s_trust_is_cut_off() {
        let text = "-----BEGIN TRUSTED CERTIFICATE-----\nMAAwAA==\n-----END TRUSTED CERTIFICATE-----";
        assert_eq!(blocks(text).unwrap()[0].der(), Ok(vec![0x30, 0]));
    }

    #[test]
    fn a_block_ends_with_its_own_label() {
        for (text, label) in [
            ("-----BEGIN CERTIFICATE-----\nMAA=", "CERTIFICATE"),
            ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CMS-----", "CERTIFICATE"),
            ("-----BEGIN A-----\nMAA=\n-----BEGIN A-----\nMAA=\n-----END A-----", "A"),
            ("-----BEGIN CERTIFICATE---\nMAA=\n-----END CERTIFICATE-----", "CERTIFICATE---"),
        ] {
            let error = Box::new(CertificateError::Unfinished { label: label.into() });
            assert_eq!(blocks(text).unwrap_err(), CertificateError::InBlock { block: 1, error }, "{text}");
        }
    }

    #[test]
    fn bad_base64_has_a_line_and_a_column() {
        for (text, line, column) in [
            ("\u{FEFF}MA?=", 1, 4),
            ("MAAA\r\n  MA?=", 2, 5),
            ("MAAA\n\nMAüA", 3, 3),
            ("MAAAM\n", 1, 6),
            ("MAAA=MAA", 1, 5),
            ("MAB=", 1, 3),
        ] {
            assert_eq!(bare(text), Err(CertificateError::Base64 { line, column }), "{text}");
        }
    }

    #[test]
    fn the_certificates_of_a_bundle_are_found() {
        let signed = "020101 3100 3003 060100";
        for (bundle, expected) in [
            (format!("301F 0609 2A864886F70D010702 A012 3010 {signed} A004 30003000"), Ok(2)),
            (format!("301F 0609 2A864886F70D010702 A012 3010 {signed} A004 A0003000"), Ok(1)),
            (format!("301A 0609 2A864886F70D010702 A00C 300A {signed}"), Err((0, "a complete PKCS#7 bundle"))),
            ("300D 0609 2A864886F70D010701 A000".into(), Err((2, "the type of signed data"))),
        ] {
            let bytes = hex::decode(bundle.replace(' ', "")).unwrap();
            let expected = expected.map_err(|(offset, expected)| CertificateError::Malformed { offset, expected });
            assert_eq!(certificates(&bytes).map(|found| found.len()), expected, "{bundle}");
        }
        let error = CertificateError::IndefiniteLength { offset: 0 };
        assert_eq!(certificates(&[0x30, 0x80, 0x06, 0x09]), Err(error));
        assert_eq!(certificates(&[]), Err(CertificateError::Empty));
    }
}
