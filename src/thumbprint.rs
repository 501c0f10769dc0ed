//! The name that Windows and Exchange give a certificate: the SHA-1 of its DER bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha1::{Digest, Sha1};

use crate::text;

/// The SHA-1 of a certificate's DER bytes, by which every Exchange cmdlet names it.
///
/// Printed as 40 upper-case hex digits. Reading forgives what comes along when a thumbprint is
/// copied from the certificate dialog of Windows: white space, colons, hyphens, lower case and
/// invisible characters, anywhere.
///
/// ```
/// use exchange_certificates::Thumbprint;
///
/// let pasted = "\u{200e}5a 49 2d 0f c5 8e c8 3a 7c 6b a0 a1 6c 4d 0a 3f 1e 92 b7 00";
/// let thumbprint: Thumbprint = pasted.parse()?;
/// assert_eq!(thumbprint.to_string(), "5A492D0FC58EC83A7C6BA0A16C4D0A3F1E92B700");
/// assert_eq!(format!("{thumbprint:x}"), "5a492d0fc58ec83a7c6ba0a16c4d0a3f1e92b700");
/// # Ok::<(), exchange_certificates::ThumbprintError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint([u8; Thumbprint::LENGTH]);

/// Why a text is no [`Thumbprint`].
///
/// ```
/// use exchange_certificates::{Thumbprint, ThumbprintError};
///
/// assert_eq!("DA39".parse::<Thumbprint>(), Err(ThumbprintError::Length { digits: 4 }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThumbprintError {
    /// A character that is neither a hex digit nor one that a paste brings along.
    #[error("character {place}, `{}`, is not a hex digit", .character.escape_debug())]
    Character {
        /// The character that does not belong.
        character: char,
        /// Its place in the text, counted in characters from 1.
        place: usize,
    },
    /// Too few or too many hex digits.
    #[error("a thumbprint has 40 hex digits, not {digits}")]
    Length {
        /// How many hex digits there were.
        digits: usize,
    },
    /// Too few or too many bytes.
    #[error("a thumbprint has 20 bytes, not {bytes}")]
    Bytes {
        /// How many bytes there were.
        bytes: usize,
    },
}

impl Thumbprint {
    /// How many bytes a thumbprint has.
    pub const LENGTH: usize = 20;

    /// The thumbprint of the certificate that these DER bytes are.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha1::digest(der).into())
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl From<[u8; Thumbprint::LENGTH]> for Thumbprint {
    fn from(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }
}

impl From<Thumbprint> for [u8; Thumbprint::LENGTH] {
    fn from(thumbprint: Thumbprint) -> Self {
        thumbprint.0
    }
}

/// The bytes of the hash; a certificate's own bytes are hashed by [`Thumbprint::of`].
impl TryFrom<&[u8]> for Thumbprint {
    type Error = ThumbprintError;

    fn try_from(bytes: &[u8]) -> Result<Self, ThumbprintError> {
        bytes.try_into().map(Self).map_err(|_| ThumbprintError::Bytes { bytes: bytes.len() })
    }
}

impl AsRef<[u8]> for Thumbprint {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::LowerHex for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_hex(f, &hex::encode(self.0))
    }
}

impl fmt::UpperHex for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_hex(f, &hex::encode_upper(self.0))
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; Self::LENGTH * 2];
        hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
        digits.make_ascii_uppercase();
        f.pad(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl FromStr for Thumbprint {
    type Err = ThumbprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; Self::LENGTH];
        let mut digits = 0;
        for (index, character) in text.chars().enumerate() {
            if comes_along(character) {
                continue;
            }
            let Some(digit) = character.to_digit(16) else {
                return Err(ThumbprintError::Character { character, place: index + 1 });
            };
            if let Some(byte) = bytes.get_mut(digits / 2) {
                *byte = *byte << 4 | digit as u8;
            }
            digits += 1;
        }
        if digits == Self::LENGTH * 2 { Ok(Self(bytes)) } else { Err(ThumbprintError::Length { digits }) }
    }
}

/// Whether a paste from a dialog, a mail or a table brings this character along.
fn comes_along(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, ':' | '-')
        || matches!(character, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(character, '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709";

    #[test]
    fn the_thumbprint_is_the_sha1_in_upper_case_hex() {
        assert_eq!(Thumbprint::of(b"").to_string(), PRINTED);
        assert_eq!(PRINTED.parse(), Ok(Thumbprint::of(b"")));
    }

    #[test]
    fn what_a_dialog_adds_is_forgiven_anywhere() {
        for pasted in [
            "\u{200E}da 39 a3 ee 5e 6b 4b 0d 32 55 bf ef 95 60 18 90 af d8 07 09\u{200F}",
            "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09\r\n",
            "\u{FEFF}DA39A3EE-5E6B4B0D-3255BFEF\u{A0}95601890\u{200B}AFD8\u{2060}0709",
        ] {
            assert_eq!(pasted.parse(), Ok(Thumbprint::of(b"")), "{pasted:?}");
        }
    }

    #[test]
    fn it_is_printed_in_hex_as_a_number_is() {
        let thumbprint = Thumbprint::of(b"");
        assert_eq!(format!("{thumbprint:X}"), PRINTED);
        assert_eq!(format!("{thumbprint:x}"), PRINTED.to_lowercase());
        assert_eq!(format!("{thumbprint:#x}"), format!("0x{}", PRINTED.to_lowercase()));
        assert_eq!(format!("{thumbprint:>42X}|{thumbprint:042X}"), format!("  {PRINTED}|00{PRINTED}"));
    }

    #[test]
    fn it_is_made_of_its_bytes_and_gives_them() {
        let thumbprint = Thumbprint::of(b"");
        let bytes: &[u8] = thumbprint.as_ref();
        assert_eq!(Thumbprint::try_from(bytes), Ok(thumbprint));
        assert_eq!(<[u8; 20]>::from(thumbprint), *thumbprint.as_bytes());
        for bytes in [0, 19, 21] {
            let error = Thumbprint::try_from(vec![0; bytes].as_slice());
            assert_eq!(error, Err(ThumbprintError::Bytes { bytes }));
        }
    }

    #[test]
    fn an_error_counts_the_digits_or_names_the_character() {
        assert_eq!("DA39".parse::<Thumbprint>(), Err(ThumbprintError::Length { digits: 4 }));
        assert_eq!(format!("{PRINTED}00").parse::<Thumbprint>(), Err(ThumbprintError::Length { digits: 42 }));
        let error = "\u{200E}DA 3G".parse::<Thumbprint>().unwrap_err();
        assert_eq!(error, ThumbprintError::Character { character: 'G', place: 6 });
        assert_eq!(error.to_string(), "character 6, `G`, is not a hex digit");
    }
}
