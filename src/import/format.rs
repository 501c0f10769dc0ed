//! Which format a file has, by what is in it.

use super::encoding;
use super::format_list;

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// CLIXML, as `Export-Clixml` writes it.
    Clixml,
    /// JSON, as `ConvertTo-Json` writes it.
    Json,
    /// What `Format-List` or `Format-Table` shows.
    Text,
    /// DER, PEM or a PKCS#7 bundle.
    Certificates,
}

/// How many bytes tell the format.
const BEGINNING: usize = 64 * 1024;

impl Format {
    /// The format of a file by its first bytes; nothing where it is none of these.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let start = bytes.get(..BEGINNING).unwrap_or(bytes);
        if is_der(start) || is_base64(start) {
            return Some(Self::Certificates);
        }
        let text = encoding::text(start);
        let text = text.trim_start();
        if text.starts_with('<') {
            return Some(Self::Clixml);
        }
        if text.starts_with('{') || text.strip_prefix('[').is_some_and(is_inside_of_array) {
            return Some(Self::Json);
        }
        if text.contains("-----BEGIN ") {
            return Some(Self::Certificates);
        }
        format_list::looks_like(text).then_some(Self::Text)
    }
}

/// Whether bytes are a PKCS#7 bundle: a sequence that begins with the type of signed data.
pub(super) fn is_pkcs7(bytes: &[u8]) -> bool {
    const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
    bytes.first() == Some(&0x30) && bytes.iter().take(6 + SIGNED_DATA.len()).count() > SIGNED_DATA.len() && {
        let inside = bytes.get(1..6 + SIGNED_DATA.len()).unwrap_or_default();
        inside.windows(SIGNED_DATA.len()).any(|window| window == SIGNED_DATA)
    }
}

/// Whether bytes are base64 alone, of something as long as a certificate.
pub(super) fn is_base64(bytes: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    bytes.starts_with(b"MI")
        && bytes.len() > 100
        && bytes.iter().all(|byte| is_digit(byte) || byte.is_ascii_whitespace())
}

fn is_der(bytes: &[u8]) -> bool {
    // A sequence, with a length that takes more than one byte as in any certificate.
    matches!(bytes, [0x30, 0x80..=0x84, ..])
}

/// Whether an array of JSON goes on like this; a prompt of PowerShell begins with a bracket too.
fn is_inside_of_array(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with(['{', '[', ']', '"'])
}
