//! Object identifiers as they stand in DER.

use std::fmt::{self, Write as _};

/// The DER of an object identifier that is written in dotted decimals.
macro_rules! oid {
    ($dotted:literal) => {{
        const OID: &[u8] = der::asn1::ObjectIdentifier::new_unwrap($dotted).as_bytes();
        OID
    }};
}
pub(super) use oid;

// Extensions
pub(super) const KEY_USAGE: &[u8] = oid!("2.5.29.15");
pub(super) const SUBJECT_ALTERNATIVE_NAME: &[u8] = oid!("2.5.29.17");
pub(super) const BASIC_CONSTRAINTS: &[u8] = oid!("2.5.29.19");
pub(super) const EXTENDED_KEY_USAGE: &[u8] = oid!("2.5.29.37");

// Purposes
pub(super) const SERVER_AUTH: &[u8] = oid!("1.3.6.1.5.5.7.3.1");
pub(super) const CLIENT_AUTH: &[u8] = oid!("1.3.6.1.5.5.7.3.2");
pub(super) const ANY_PURPOSE: &[u8] = oid!("2.5.29.37.0");

/// An object identifier in dotted decimals.
pub(super) struct Dotted<'a>(pub(super) &'a [u8]);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(arcs) = arcs(self.0) else {
            // Over 128 bits in one arc: no reader of a number is served by its decimals.
            return write!(f, "#{}", hex::encode_upper(self.0));
        };
        for (index, arc) in arcs.iter().enumerate() {
            if index == 0 {
                let first = (arc / 40).min(2);
                write!(f, "{first}.{}", arc - first * 40)?;
            } else {
                f.write_char('.')?;
                write!(f, "{arc}")?;
            }
        }
        Ok(())
    }
}

/// Whether there is at least one arc, and the last of them is complete.
#[inline(always)]
pub(super) fn is_complete(oid: &[u8]) -> bool {
    oid.last().is_some_and(|last| *last < 0x80)
}

/// Whether bytes are an object identifier in DER: complete, and every arc in its shortest form.
#[inline(always)]
pub(super) fn is_well_formed(oid: &[u8]) -> bool {
    is_complete(oid) && oid.split_inclusive(|byte| *byte < 0x80).all(|arc| arc.first() != Some(&0x80))
}

/// The arcs, with the first two still in one.
fn arcs(oid: &[u8]) -> Option<Vec<u128>> {
    oid.split_inclusive(|byte| byte & 0x80 == 0)
        .map(|arc| arc.iter().try_fold(0_u128, |sum, byte| Some(sum.checked_mul(128)? | u128::from(byte & 0x7F))))
        .collect()
}

#[cfg(test)]
mod tests {
    use der::asn1::ObjectIdentifier;

    use super::*;

    #[test]
    fn arcs_are_printed_as_decimals() {
        for oid in ["2.5.4.3", "1.2.840.113549.1.1.11", "0.9.2342.19200300.100.1.25", "2.39.0", "1.39.0"] {
            let encoded = ObjectIdentifier::new_unwrap(oid);
            assert!(is_well_formed(encoded.as_bytes()));
            assert_eq!(Dotted(encoded.as_bytes()).to_string(), oid);
        }
        assert_eq!(Dotted(&[0x88, 0x37, 1]).to_string(), "2.999.1");
        let mut uuid = vec![0x69];
        uuid.extend([0x83].into_iter().chain([0xFF; 17]).chain([0x7F]));
        assert_eq!(Dotted(&uuid).to_string(), format!("2.25.{}", u128::MAX));
        assert!(Dotted(&[0xFF; 30]).to_string().starts_with("#FFFF"));
    }

    #[test]
    fn an_arc_is_complete_and_in_its_shortest_form() {
        for (oid, complete, well_formed) in [
            (&[0x55, 0x81, 0x01][..], true, true),
            (&[0x55, 0x80, 0x01], true, false),
            (&[0x55, 0x81], false, false),
            (&[0x80], false, false),
            (&[], false, false),
        ] {
            assert_eq!((is_complete(oid), is_well_formed(oid)), (complete, well_formed), "{oid:?}");
        }
    }
}
