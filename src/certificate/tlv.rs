//! A strict cursor over DER: tags of one byte, definite lengths in their shortest form, never past the end.

/// The tags that a certificate is made of.
pub(super) mod tag {
    pub(in crate::certificate) const BOOLEAN: u8 = 0x01;
    pub(in crate::certificate) const INTEGER: u8 = 0x02;
    pub(in crate::certificate) const BIT_STRING: u8 = 0x03;
    pub(in crate::certificate) const OCTET_STRING: u8 = 0x04;
    pub(in crate::certificate) const OID: u8 = 0x06;
    pub(in crate::certificate) const UTC_TIME: u8 = 0x17;
    pub(in crate::certificate) const GENERALIZED_TIME: u8 = 0x18;
    pub(in crate::certificate) const SEQUENCE: u8 = 0x30;
    pub(in crate::certificate) const SET: u8 = 0x31;

    /// `[number]` around something simple.
    pub(in crate::certificate) const fn primitive(number: u8) -> u8 {
        0x80 | number
    }

    /// `[number]` around other elements.
    pub(in crate::certificate) const fn constructed(number: u8) -> u8 {
        0xA0 | number
    }
}

/// Walks over elements that stand one after the other.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(&'a [u8]);

/// One element: its tag, its value, and both with the length between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) value: &'a [u8],
    pub(super) der: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    pub(super) const fn new(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// What has not been read yet.
    #[inline(always)]
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    #[inline(always)]
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the next element, if it can be read at all, has this tag.
    #[inline(always)]
    pub(super) fn is_at(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The next element if it has this tag; otherwise the cursor stays where it is.
    #[inline(always)]
    pub(super) fn element(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.is_at(tag) { self.next() } else { None }
    }

    /// The value of the next element if it has this tag; otherwise the cursor stays where it is.
    #[inline(always)]
    pub(super) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.element(tag).map(|element| element.value)
    }

    /// A cursor over the elements inside of the next one.
    #[inline(always)]
    pub(super) fn inside(&mut self, tag: u8) -> Option<Self> {
        self.read(tag).map(Self)
    }
}

/// Stops before the first element that cannot be read.
impl<'a> Iterator for Cursor<'a> {
    type Item = Element<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Element<'a>> {
        let (&[tag, length], rest) = self.0.split_first_chunk()?;
        if tag & 0x1F == 0x1F {
            return None;
        }
        let (length, shortest, rest) = match length {
            ..=0x7F => (usize::from(length), 0, rest),
            0x81 => {
                let (&[a], rest) = rest.split_first_chunk()?;
                (usize::from(a), 0x80, rest)
            }
            0x82 => {
                let (&[a, b], rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes([a, b])), 0x100, rest)
            }
            0x83 => {
                let (&[a, b, c], rest) = rest.split_first_chunk()?;
                (u32::from_be_bytes([0, a, b, c]) as usize, 0x1_0000, rest)
            }
            0x84 => {
                let (&length, rest) = rest.split_first_chunk()?;
                (u32::from_be_bytes(length) as usize, 0x100_0000, rest)
            }
            _ => return None,
        };
        if length < shortest {
            return None;
        }
        let (value, rest) = rest.split_at_checked(length)?;
        let (der, rest) = self.0.split_at_checked(self.0.len() - rest.len())?;
        self.0 = rest;
        Some(Element { tag, value, der })
    }
}

#[cfg(test)]
mod tests {
    use der::asn1::AnyRef;
    use der::{Decode, Encode, Reader, SliceReader, Tagged};
    use proptest::prelude::*;

    use super::*;

    /// The first element as the crate `der` reads it, and how many bytes are left.
    fn oracle(der: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
        let mut reader = SliceReader::new(der).ok()?;
        let element = AnyRef::decode(&mut reader).ok()?;
        let tag = element.tag().to_der().ok()?;
        Some((tag[0], element.value().to_vec(), usize::try_from(reader.remaining_len()).ok()?))
    }

    fn ours(der: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
        let mut cursor = Cursor::new(der);
        let element = cursor.next()?;
        assert_eq!(element.der.len() + cursor.rest().len(), der.len());
        Some((element.tag, element.value.to_vec(), cursor.rest().len()))
    }

    #[test]
    fn only_the_shortest_definite_length_is_read() {
        for refused in ["30", "3080", "308100", "30817F", "3082007F", "308200FF", "3083000080", "308400FFFFFF", "3085"]
        {
            let mut der = hex::decode(refused).unwrap();
            der.resize(if refused == "30" { 1 } else { 300 }, 0);
            assert_eq!(Cursor::new(&der).next(), None, "{refused}");
        }
        for (header, length) in [("30817F", None), ("308180", Some(0x80)), ("30820100", Some(0x100))] {
            let der = [hex::decode(header).unwrap(), vec![0; 300]].concat();
            assert_eq!(Cursor::new(&der).next().map(|element| element.value.len()), length, "{header}");
        }
    }

    #[test]
    fn what_is_not_read_stays() {
        let mut cursor = Cursor::new(&[2, 1, 7, 4, 3, 0]);
        assert_eq!(cursor.read(tag::SEQUENCE), None);
        assert_eq!(cursor.read(tag::INTEGER), Some(&[7][..]));
        assert_eq!(cursor.read(tag::OCTET_STRING), None, "it would end past the end");
        assert_eq!(cursor.rest(), [4, 3, 0]);
    }

    /// A header that is right or nearly so, and bytes after it.
    fn element() -> impl Strategy<Value = Vec<u8>> {
        let tag = prop_oneof![Just(0x02), Just(0x04), Just(0x0C), Just(0x30), Just(0x31), 0x80_u8..0x89, 0xA0_u8..0xA9];
        let length = prop_oneof![
            any::<u8>().prop_map(|length| vec![length]),
            any::<u8>().prop_map(|length| vec![0x81, length]),
            (0_u8..3, any::<u8>()).prop_map(|(a, b)| vec![0x82, a, b]),
            (0_u8..2, 0_u8..2, any::<u8>()).prop_map(|(a, b, c)| vec![0x83, a, b, c]),
            (0x80_u8.., any::<[u8; 4]>()).prop_map(|(header, bytes)| [&[header][..], &bytes].concat()),
        ];
        (tag, length, 0..700_usize).prop_map(|(tag, length, left)| [vec![tag], length, vec![0; left]].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn it_reads_what_der_reads(der in element()) {
            prop_assert_eq!(ours(&der), oracle(&der));
        }
    }
}
