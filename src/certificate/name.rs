//! Distinguished names as Windows writes them.

use std::borrow::Cow;
use std::fmt;

use smallvec::SmallVec;

use super::oid::{self, Dotted, oid};
use super::tlv::{Cursor, Element, tag};

const COMMON_NAME: &[u8] = oid!("2.5.4.3");

/// The keys by which Windows prints attributes; any other one is printed by its object identifier.
const KEYS: [(&[u8], &str); 20] = [
    (COMMON_NAME, "CN"),
    (oid!("2.5.4.4"), "SN"),
    (oid!("2.5.4.5"), "SERIALNUMBER"),
    (oid!("2.5.4.6"), "C"),
    (oid!("2.5.4.7"), "L"),
    (oid!("2.5.4.8"), "S"),
    (oid!("2.5.4.9"), "STREET"),
    (oid!("2.5.4.10"), "O"),
    (oid!("2.5.4.11"), "OU"),
    (oid!("2.5.4.12"), "T"),
    (oid!("2.5.4.13"), "Description"),
    (oid!("2.5.4.17"), "PostalCode"),
    (oid!("2.5.4.18"), "POBox"),
    (oid!("2.5.4.20"), "Phone"),
    (oid!("2.5.4.24"), "X21Address"),
    (oid!("2.5.4.42"), "G"),
    (oid!("2.5.4.43"), "I"),
    (oid!("2.5.4.46"), "dnQualifier"),
    (oid!("1.2.840.113549.1.9.1"), "E"),
    (oid!("0.9.2342.19200300.100.1.25"), "DC"),
];

/// A distinguished name: the subject or the issuer of a certificate.
///
/// Printed as Windows and Exchange print it, the last part first. Two names are equal when their
/// DER is: this is the comparison by which a certificate counts as self-signed.
///
/// ```
/// use exchange_certificates::Certificate;
///
/// let certificate: Certificate = std::fs::read_to_string("examples/data/wildcard.pem")?.parse()?;
/// assert_eq!(certificate.subject().to_string(), "CN=*.contoso.com, O=Contoso, C=US");
/// assert!(certificate.subject() != certificate.issuer(), "it is not self-signed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name<'a> {
    der: &'a [u8],
}

/// One attribute of a [`Name`], printed as `key=value`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attribute<'a> {
    oid: &'a [u8],
    value: Element<'a>,
}

impl<'a> Name<'a> {
    pub(super) const fn new(der: &'a [u8]) -> Self {
        Self { der }
    }

    /// The DER of the whole name.
    pub const fn as_der(&self) -> &'a [u8] {
        self.der
    }

    /// Whether the name holds no attribute at all, as the subject of some certificates does.
    pub fn is_empty(&self) -> bool {
        self.attributes().next().is_none()
    }

    /// The attributes in the order of the DER, which is the reverse of what is printed.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        self.all_attributes()
    }

    /// The texts of the common names, in the order of the DER.
    pub fn common_names(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        self.attributes().filter_map(|attribute| text(attribute.common_name()?))
    }

    /// The [`attributes`](Self::attributes) as what they are.
    pub(super) fn all_attributes(&self) -> Attributes<'a> {
        Attributes { part: Cursor::new(&[]), parts: self.parts() }
    }

    /// The relative distinguished names, each a set of attributes.
    fn parts(&self) -> Cursor<'a> {
        Cursor::new(self.der).inside(tag::SEQUENCE).unwrap_or(Cursor::new(&[]))
    }
}

impl<'a> Attribute<'a> {
    /// The key by which Windows prints the attribute: `CN`, or `OID.` with its object identifier.
    pub fn key(&self) -> Cow<'static, str> {
        // The last byte tells nearly all of them apart.
        let is_own = |(oid, _): &&(&[u8], &str)| oid.last() == self.oid.last() && *oid == self.oid;
        match KEYS.iter().find(is_own) {
            Some((_, key)) => Cow::Borrowed(key),
            None => Cow::Owned(format!("OID.{}", Dotted(self.oid))),
        }
    }

    /// The object identifier in dotted decimals.
    pub fn oid(&self) -> String {
        Dotted(self.oid).to_string()
    }

    /// The value if it is a string of any kind.
    ///
    /// Bytes that a string of its kind cannot hold become replacement characters, or are read as
    /// Latin-1 if the kind has a byte to a character.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        text(self.value)
    }

    /// The value if it is a common name.
    #[inline]
    pub(super) fn common_name(&self) -> Option<Element<'a>> {
        (self.oid == COMMON_NAME).then_some(self.value)
    }
}

/// Whether the DER is a name: a sequence of sets of attributes, each with a type and a value.
#[inline(always)]
pub(super) fn is_well_formed(name: &[u8]) -> bool {
    fn walk(mut parts: Cursor<'_>) -> Option<()> {
        while !parts.is_empty() {
            let mut part = parts.inside(tag::SET)?;
            while !part.is_empty() {
                let mut attribute = part.inside(tag::SEQUENCE)?;
                let oid = attribute.read(tag::OID)?;
                attribute.next()?;
                if !oid::is_complete(oid) || !attribute.is_empty() {
                    return None;
                }
            }
        }
        Some(())
    }
    Cursor::new(name).inside(tag::SEQUENCE).and_then(walk).is_some()
}

/// Bytes as Latin-1, which is what ASCII becomes if a byte is beyond it.
pub(super) fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// The attributes of some parts of a name, one after the other.
pub(super) struct Attributes<'a> {
    part: Cursor<'a>,
    parts: Cursor<'a>,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    #[inline]
    fn next(&mut self) -> Option<Attribute<'a>> {
        loop {
            if let Some(attribute) = self.part.next() {
                let mut fields = Cursor::new(attribute.value);
                return Some(Attribute { oid: fields.read(tag::OID)?, value: fields.next()? });
            }
            self.part = Cursor::new(self.parts.next()?.value);
        }
    }
}

/// Whether the text of a string is this one, without ASCII case.
pub(super) fn is_text(element: Element<'_>, wanted: &str) -> bool {
    if has_a_byte_a_character(element.tag) && wanted.is_ascii() {
        return element.value.eq_ignore_ascii_case(wanted.as_bytes());
    }
    text(element).is_some_and(|text| text.eq_ignore_ascii_case(wanted))
}

/// Whether ASCII stands in a string of this kind as it is: UTF-8, Numeric, Printable, Teletex, Videotex, IA5, Graphic,
/// Visible and General.
pub(super) fn has_a_byte_a_character(tag: u8) -> bool {
    matches!(tag, 0x0C | 0x12..=0x16 | 0x19..=0x1B)
}

/// The text of a string of any kind.
pub(super) fn text(Element { tag, value, .. }: Element<'_>) -> Option<Cow<'_, str>> {
    match tag {
        0x0C => Some(match str::from_utf8(value) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(value),
        }),
        _ if has_a_byte_a_character(tag) => Some(latin1(value)),
        // Universal: UTF-32, big end first.
        0x1C => {
            let (units, left) = value.as_chunks::<4>();
            let characters = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit)));
            Some(cut(characters.map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)), left))
        }
        // BMP: UTF-16, big end first.
        0x1E => {
            let (units, left) = value.as_chunks::<2>();
            let characters = char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)));
            Some(cut(characters.map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)), left))
        }
        _ => None,
    }
}

/// Characters as a text that shows when its last one was cut off.
fn cut(characters: impl Iterator<Item = char>, left: &[u8]) -> Cow<'static, str> {
    characters.chain((!left.is_empty()).then_some(char::REPLACEMENT_CHARACTER)).collect()
}

impl Name<'_> {
    /// What is printed, piece by piece, until one is not wanted.
    pub(crate) fn print<E>(&self, write: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        let parts: SmallVec<[_; 8]> = self.parts().filter(|part| !part.value.is_empty()).collect();
        for (index, part) in parts.into_iter().rev().enumerate() {
            if index > 0 {
                write(", ")?;
            }
            let attributes = Attributes { part: Cursor::new(part.value), parts: Cursor::new(&[]) };
            for (index, attribute) in attributes.enumerate() {
                if index > 0 {
                    write(" + ")?;
                }
                attribute.print(write)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(&mut |piece| f.write_str(piece))
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({:?})", self.to_string())
    }
}

impl Attribute<'_> {
    fn print<E>(&self, write: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        write(&self.key())?;
        write("=")?;
        match self.text() {
            None => {
                write("#")?;
                write(&hex::encode_upper(self.value.der))
            }
            Some(text) if needs_quotes(&text) => {
                write("\"")?;
                for (index, piece) in text.split('"').enumerate() {
                    if index > 0 {
                        write("\"\"")?;
                    }
                    write(piece)?;
                }
                write("\"")
            }
            Some(text) => write(&text),
        }
    }
}

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(&mut |piece| f.write_str(piece))
    }
}

impl fmt::Debug for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attribute({:?})", self.to_string())
    }
}

/// The characters for which Windows quotes a value, each a bit.
const SPECIAL: u64 =
    1 << b',' | 1 << b'+' | 1 << b'=' | 1 << b'"' | 1 << b'\n' | 1 << b'<' | 1 << b'>' | 1 << b'#' | 1 << b';';

fn needs_quotes(text: &str) -> bool {
    // What Windows takes for white space here; a carriage return inside of a text is no line break to it.
    let is_blank = |byte: Option<&u8>| matches!(byte, None | Some(b' ' | b'\t'..=b'\r'));
    let is_special = |byte: &u8| *byte < 64 && SPECIAL & (1 << byte) != 0;
    let bytes = text.as_bytes();
    is_blank(bytes.first()) || is_blank(bytes.last()) || bytes.iter().any(is_special)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let value = parts.concat();
        [&[tag, u8::try_from(value.len()).unwrap()], &value[..]].concat()
    }

    fn attribute(oid: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
        tlv(0x30, &[&tlv(0x06, &[oid]), &tlv(tag, &[value])])
    }

    /// A name of one common name.
    fn printed(tag: u8, value: &[u8]) -> String {
        let name = tlv(0x30, &[&tlv(0x31, &[&attribute(COMMON_NAME, tag, value)])]);
        assert!(is_well_formed(&name));
        Name::new(&name).to_string()
    }

    #[test]
    fn parts_are_printed_last_first_with_the_keys_of_windows() {
        let name = tlv(
            0x30,
            &[
                &tlv(0x31, &[&attribute(&[0x55, 4, 6], 0x13, b"US")]),
                &tlv(0x31, &[]),
                &tlv(0x31, &[&attribute(&[0x2A, 3], 0x0C, b"odd"), &attribute(&[0x55, 4, 5], 0x13, b"7")]),
                &tlv(0x31, &[&attribute(COMMON_NAME, 0x0C, b"mail.contoso.com")]),
            ],
        );
        assert!(is_well_formed(&name));
        let name = Name::new(&name);
        assert_eq!(name.to_string(), "CN=mail.contoso.com, OID.1.2.3=odd + SERIALNUMBER=7, C=US");
        assert_eq!(format!("{name:?}"), r#"Name("CN=mail.contoso.com, OID.1.2.3=odd + SERIALNUMBER=7, C=US")"#);
        assert_eq!(name.attributes().map(|attribute| attribute.oid()).collect::<Vec<_>>()[..2], ["2.5.4.6", "1.2.3"]);
        assert_eq!(name.common_names().collect::<Vec<_>>(), ["mail.contoso.com"]);
    }

    #[test]
    fn an_empty_name_prints_nothing() {
        let name = Name::new(&[0x30, 0]);
        assert!(is_well_formed(name.as_der()) && name.is_empty());
        assert_eq!(name.to_string(), "");
    }

    #[test]
    fn a_value_is_quoted_where_windows_quotes_it() {
        for (value, expected) in [
            ("", r#"CN="""#),
            (" a", r#"CN=" a""#),
            ("a\u{b}", "CN=\"a\u{b}\""),
            ("a, b", r#"CN="a, b""#),
            (r#"a "b" c"#, r#"CN="a ""b"" c""#),
            ("a\r\nb", "CN=\"a\r\nb\""),
            ("a\rb", "CN=a\rb"),
            ("a#b", r#"CN="a#b""#),
            ("a;b", r#"CN="a;b""#),
            (r"a\b/c'd", r"CN=a\b/c'd"),
            ("\u{a0}a", "CN=\u{a0}a"),
        ] {
            assert_eq!(printed(0x0C, value.as_bytes()), expected);
        }
    }

    #[test]
    fn every_kind_of_string_is_read_and_nothing_else() {
        for (tag, value, expected) in [
            (0x0C, &b"Z\xC3\xBCrich"[..], "CN=Zürich"),
            (0x0C, b"Z\xFCrich", "CN=Z\u{FFFD}rich"),
            (0x13, b"Z\xFCrich", "CN=Zürich"),
            (0x14, b"Z\xFCrich", "CN=Zürich"),
            (0x14, b"Z\xC3\xBCrich", "CN=ZÃ¼rich"),
            (0x16, b"a@b", "CN=a@b"),
            (0x12, b"12", "CN=12"),
            (0x1A, b"ab", "CN=ab"),
            (0x1E, b"\x00Z\x00\xFC\xD8\x3D\xDE\x00", "CN=Zü😀"),
            (0x1E, b"\x00Z\xD8\x3D\x00", "CN=Z\u{FFFD}\u{FFFD}"),
            (0x1C, b"\x00\x00\x00Z\x00\x01\xF6\x00", "CN=Z😀"),
            (0x1C, b"\x00\x00\xD8\x00\x00", "CN=\u{FFFD}\u{FFFD}"),
            (0x05, b"", "CN=#0500"),
            (0x03, b"\x00\xAB", "CN=#030200AB"),
            (0x30, b"", "CN=#3000"),
        ] {
            assert_eq!(printed(tag, value), expected);
        }
    }

    #[test]
    fn what_is_no_name_is_told() {
        let good = attribute(COMMON_NAME, 0x0C, b"a");
        for wrong in [
            tlv(0x31, &[]),
            tlv(0x30, &[&tlv(0x30, &[&good])]),
            tlv(0x30, &[&tlv(0x31, &[b"\x30\x03\x06\x01\x55"])]),
            tlv(0x30, &[&tlv(0x31, &[&attribute(&[0x55, 0x81], 0x0C, b"a")])]),
            tlv(0x30, &[&tlv(0x31, &[&good, b"\x30"])]),
            tlv(0x30, &[&tlv(0x31, &[&tlv(0x30, &[&good[2..], b"\x05\x00"])])]),
        ] {
            assert!(!is_well_formed(&wrong), "{wrong:?}");
        }
    }
}
