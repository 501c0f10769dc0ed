//! The number that an issuer gave a certificate.

use std::fmt;

use crate::text;

/// The number that an issuer gave a certificate, as its DER holds it.
///
/// Printed as Windows prints it: upper-case hex with the octet that only carries the sign. Ordered by its bytes.
///
/// ```
/// use exchange_certificates::Certificate;
///
/// let certificate: Certificate = std::fs::read_to_string("examples/data/wildcard.pem")?.parse()?;
/// println!("{}", certificate.serial_number());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber<'a>(pub(super) &'a [u8]);

impl<'a> SerialNumber<'a> {
    /// The bytes of the number, the most significant first, as a signed integer.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl AsRef<[u8]> for SerialNumber<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

impl fmt::Display for SerialNumber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode_upper(self.0))
    }
}

impl fmt::LowerHex for SerialNumber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_hex(f, &hex::encode(self.0))
    }
}

impl fmt::UpperHex for SerialNumber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_hex(f, &hex::encode_upper(self.0))
    }
}

impl fmt::Debug for SerialNumber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SerialNumber({self})")
    }
}
