//! Certificates as a page describes them.

use exchange_certificates::{Certificate, KeyUsage};
use serde::Deserialize;

use super::Result;
use crate::factory::{
    ANY_PURPOSE, BASIC_CONSTRAINTS, CLIENT_AUTH, CertificateFactory, EMAIL_PROTECTION, EXTENDED_KEY_USAGE, KEY_USAGE,
    SERVER_AUTH, SUBJECT_ALTERNATIVE_NAME, Signature,
};

/// The knobs of the certificate factory.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Factory {
    subject: String,
    issuer: String,
    #[serde(default)]
    self_signed: bool,
    dns_names: Option<Vec<String>>,
    not_before: String,
    not_after: String,
    public_key: String,
    signature: String,
    key_usage: Option<Vec<String>>,
    extended_key_usage: Option<Vec<String>>,
    ca: Option<bool>,
    #[serde(default)]
    unreadable: Vec<String>,
    #[serde(default)]
    twice: Vec<String>,
}

impl Factory {
    pub(super) fn build(&self, key: &str) -> Result<Certificate> {
        // The serial number alone tells two certificates apart that are otherwise the same.
        let serial_number = [b"\x01", key.as_bytes()].concat();
        let mut factory = CertificateFactory::new("")
            .serial_number(serial_number)
            .subject(&attributes(&self.subject)?)
            .issuer(&attributes(&self.issuer)?)
            .valid(&self.not_before, &self.not_after)
            .signature(known(&SIGNATURES, &self.signature)?);
        if self.self_signed {
            factory = factory.self_signed();
        }
        factory = match self.public_key.split_once(' ') {
            Some(("RSA", bits)) => factory.rsa(bits.parse()?),
            None if self.public_key == "P-256" => factory.elliptic_curve(),
            None if self.public_key == "Ed25519" => factory.ed25519(),
            _ => return Err(format!("{} is no public key: RSA 2048, P-256 or Ed25519", self.public_key).into()),
        };
        factory = match &self.dns_names {
            Some(names) => factory.dns_names(names.iter().map(String::as_str)),
            None => factory.without(SUBJECT_ALTERNATIVE_NAME),
        };
        factory = match &self.key_usage {
            Some(names) => {
                let usages = names.iter().map(|name| known(&KEY_USAGES, name));
                factory.key_usage(usages.collect::<Result<_>>()?)
            }
            None => factory.without(KEY_USAGE),
        };
        factory = match &self.extended_key_usage {
            Some(names) => {
                let purposes = names.iter().map(|name| known(&PURPOSES, name));
                factory.extended_key_usage(&purposes.collect::<Result<Vec<_>>>()?)
            }
            None => factory.without(EXTENDED_KEY_USAGE),
        };
        factory = match self.ca {
            Some(is_one) => factory.authority(is_one),
            None => factory.without(BASIC_CONSTRAINTS),
        };
        for name in &self.unreadable {
            factory = factory.unreadable(known(&EXTENSIONS, name)?);
        }
        for name in &self.twice {
            factory = factory.twice(known(&EXTENSIONS, name)?);
        }
        Ok(factory.build())
    }
}

/// The attributes of a name that is written as Windows prints it, in the order of the DER.
fn attributes(name: &str) -> Result<Vec<(&str, &str)>> {
    let parts = name.rsplit(", ").filter(|part| !name.is_empty() || !part.is_empty());
    parts.map(|part| part.split_once('=').ok_or_else(|| format!("{part} lacks `=`").into())).collect()
}

fn known<T: Copy>(names: &[(&str, T)], name: &str) -> Result<T> {
    let found = names.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
        format!("{name} is none of {}", names.join(", ")).into()
    })
}

const EXTENSIONS: [(&str, &str); 4] = [
    ("key_usage", KEY_USAGE),
    ("extended_key_usage", EXTENDED_KEY_USAGE),
    ("dns_names", SUBJECT_ALTERNATIVE_NAME),
    ("ca", BASIC_CONSTRAINTS),
];

const KEY_USAGES: [(&str, KeyUsage); 4] = [
    ("digitalSignature", KeyUsage::DIGITAL_SIGNATURE),
    ("keyEncipherment", KeyUsage::KEY_ENCIPHERMENT),
    ("keyCertSign", KeyUsage::KEY_CERT_SIGN),
    ("cRLSign", KeyUsage::CRL_SIGN),
];

const PURPOSES: [(&str, &str); 4] = [
    ("serverAuth", SERVER_AUTH),
    ("clientAuth", CLIENT_AUTH),
    ("emailProtection", EMAIL_PROTECTION),
    ("anyExtendedKeyUsage", ANY_PURPOSE),
];

const SIGNATURES: [(&str, Signature); 11] = [
    ("sha256RSA", Signature::Sha256Rsa),
    ("sha384RSA", Signature::Sha384Rsa),
    ("sha1RSA", Signature::Sha1Rsa),
    ("md5RSA", Signature::Md5Rsa),
    ("md4RSA", Signature::Md4Rsa),
    ("md2RSA", Signature::Md2Rsa),
    ("RSASSA-PSS with SHA-256", Signature::PssSha256),
    ("RSASSA-PSS with SHA-1", Signature::PssSha1),
    ("RSASSA-PSS", Signature::PssDefault),
    ("sha256ECDSA", Signature::Sha256Ecdsa),
    ("sha1ECDSA", Signature::Sha1Ecdsa),
];
