//! Base64, with white space anywhere and with or without padding, as administrators keep it.

use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use base64::{DecodeError, Engine as _};

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
static ENGINE: std::sync::LazyLock<base64::engine::Simd> =
    std::sync::LazyLock::new(|| base64::engine::Simd::standard(CONFIG));

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
static ENGINE: base64::engine::GeneralPurpose =
    base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, CONFIG);

/// Bytes as base64 on one line.
pub(crate) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// The bytes that a text stands for, or the byte of the text at which it is no base64.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    // Most often there is no white space in it.
    if let Ok(bytes) = ENGINE.decode(text) {
        return Ok(bytes);
    }
    let is_blank = |character: char| character.is_whitespace() || character == '\u{FEFF}';
    let mut dense = String::with_capacity(text.len());
    dense.extend(text.split(is_blank));
    ENGINE.decode(&dense).map_err(|error| {
        let at = match error {
            DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol { offset: at, .. } => at,
            _ => dense.len(),
        };
        let mut solid = text.char_indices().filter(|(_, character)| !is_blank(*character));
        let skipped = dense.get(..at).map_or(usize::MAX, |before| before.chars().count());
        solid.nth(skipped).map_or(text.trim_end_matches(is_blank).len(), |(at, _)| at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_of_any_kind_may_stand_in_it() {
        assert_eq!(decode("\u{FEFF}MIIB\u{A0}AQ\r\n\t=\u{2003}="), Ok(vec![0x30, 0x82, 1, 1]));
        assert_eq!(decode("MIIBAQ"), Ok(vec![0x30, 0x82, 1, 1]));
        assert_eq!(decode(" \u{3000}"), Ok(vec![]));
        assert_eq!(decode("MI\u{A0}I-AQ=="), Err(5));
    }
}
