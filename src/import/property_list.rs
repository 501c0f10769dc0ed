//! The property list in which Windows keeps a certificate with what stands beside it.

use super::nrbf::Malformed;
use crate::server::KeyStorage;

const PROVIDER: u32 = 2;
const FRIENDLY_NAME: u32 = 11;
const CERTIFICATE: u32 = 32;

/// What the list says of a certificate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PropertyList<'a> {
    pub(super) friendly_name: Option<String>,
    /// Where the private key is kept; `None` if the list names no private key.
    pub(super) key_storage: Option<KeyStorage>,
    pub(super) der: Option<&'a [u8]>,
}

/// Reads a list of `u32 id, u32 1, u32 length, bytes`.
pub(super) fn read(mut bytes: &[u8]) -> Result<PropertyList<'_>, Malformed> {
    let whole = bytes.len();
    let mut list = PropertyList::default();
    while !bytes.is_empty() {
        let malformed = |expected| Malformed { byte: whole - bytes.len(), expected };
        let expected = "a property: its number, 1, its length and as many bytes";
        let (id, value, rest) = property(bytes).ok_or_else(|| malformed(expected))?;
        match id {
            FRIENDLY_NAME => list.friendly_name = friendly_name(value),
            PROVIDER => {
                // The type of a cryptographic service provider; key storage providers have none.
                let kind = word(value, 2).ok_or_else(|| malformed("three numbers of a private key's provider"))?;
                list.key_storage = Some(if kind == 0 { KeyStorage::Ksp } else { KeyStorage::Csp });
            }
            CERTIFICATE => list.der = Some(value),
            _ => {}
        }
        bytes = rest;
    }
    Ok(list)
}

fn property(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let id = word(bytes, 0)?;
    let length = usize::try_from(word(bytes, 2)?).ok().filter(|_| word(bytes, 1) == Some(1))?;
    let (value, rest) = bytes.get(12..)?.split_at_checked(length)?;
    Some((id, value, rest))
}

fn word(bytes: &[u8], index: usize) -> Option<u32> {
    bytes.get(index * 4..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn friendly_name(bytes: &[u8]) -> Option<String> {
    let units = bytes.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    let mut name = String::with_capacity(bytes.len() / 2);
    name.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Some(name).filter(|name| !name.is_empty())
}
