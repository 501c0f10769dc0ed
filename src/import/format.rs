//! Which format a file has, by what is in it.

use der::asn1::ObjectIdentifier;

use super::csv;
use super::encoding;
use super::format_list;
use crate::certificate::Mistaken;

/// A format that is read.
///
/// ```
/// use exchange_certificates::import::Format;
///
/// assert_eq!(Format::of(b"-----BEGIN CERTIFICATE-----"), Some(Format::Certificates));
/// assert_eq!(Format::of(b"Dear colleagues"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// CSV, as `Export-Csv` and `ConvertTo-Csv` write it.
    Csv,
}

/// How many bytes tell the format.
const BEGINNING: usize = 64 * 1024;

impl Format {
    /// The format of a file by its first bytes; `None` if it is none of these.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let start = bytes.get(..BEGINNING).unwrap_or(bytes);
        if CertificateForm::of(start).is_some() {
            return Some(Self::Certificates);
        }
        let whole = encoding::text(start);
        let text = whole.trim_start();
        if text.starts_with('<') {
            return Some(Self::Clixml);
        }
        if text.starts_with('{') || text.strip_prefix('[').is_some_and(is_inside_of_array) {
            return Some(Self::Json);
        }
        if text.contains("-----BEGIN ") {
            return Some(Self::Certificates);
        }
        if csv::looks_like(text) {
            return Some(Self::Csv);
        }
        // The blanks before the heading of a table tell its columns.
        format_list::looks_like(&whole).then_some(Self::Text)
    }
}

/// How a file writes certificates that are not PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CertificateForm {
    Der,
    Pkcs7,
    Base64,
}

impl CertificateForm {
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        // The type of signed data, with which PKCS#7 begins.
        const SIGNED_DATA: &[u8] = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2").as_bytes();
        const SEQUENCE: u8 = 0x30;
        match bytes {
            // A sequence, with a length that takes more than one byte as in any certificate.
            [SEQUENCE, 0x80..=0x84, rest @ ..] => {
                let beginning = rest.get(..SIGNED_DATA.len() + 6).unwrap_or(rest);
                let is_signed_data = beginning.windows(SIGNED_DATA.len()).any(|window| window == SIGNED_DATA);
                Some(if is_signed_data { Self::Pkcs7 } else { Self::Der })
            }
            _ if Mistaken::of(bytes).is_some() => Some(Self::Der),
            _ => is_base64(bytes).then_some(Self::Base64),
        }
    }
}

/// Whether bytes are base64 and nothing else, of something as long as a certificate.
fn is_base64(bytes: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    bytes.starts_with(b"MI")
        && bytes.len() > 100
        && bytes.iter().all(|byte| is_digit(byte) || byte.is_ascii_whitespace())
}

/// Whether an array of JSON goes on like this; a prompt of PowerShell begins with a bracket too.
fn is_inside_of_array(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with(['{', '[', ']', '"'])
}
