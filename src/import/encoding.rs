//! Encodings of text files as Windows writes them: UTF-8 and UTF-16, with and without a mark.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

/// How the bytes of a text stand for characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// The encoding by the first bytes, and how many of these are its mark. All that is read begins
    /// with an ASCII character, so that a zero byte tells UTF-16 without a mark.
    pub(super) fn of(start: &[u8]) -> (Self, usize) {
        match start {
            [0xEF, 0xBB, 0xBF, ..] => (Self::Utf8, 3),
            [0xFF, 0xFE, ..] => (Self::Utf16Le, 2),
            [0xFE, 0xFF, ..] => (Self::Utf16Be, 2),
            [first, 0, ..] if *first != 0 => (Self::Utf16Le, 0),
            [0, second, ..] if *second != 0 => (Self::Utf16Be, 0),
            _ => (Self::Utf8, 0),
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        if self == Self::Utf16Be { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }
}

/// The text of a file. Bytes that are no UTF-8 are read as Windows' Western code page.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    let (encoding, mark) = Encoding::of(bytes);
    let bytes = bytes.get(mark..).unwrap_or_default();
    if encoding != Encoding::Utf8 {
        let units = bytes.as_chunks().0.iter().map(|unit| encoding.unit(*unit));
        return char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
    }
}

/// Whether a file is neither UTF-8 nor UTF-16.
pub(super) fn is_windows_1252(bytes: &[u8]) -> bool {
    Encoding::of(bytes).0 == Encoding::Utf8 && std::str::from_utf8(bytes).is_err()
}

/// The character of a byte: but for two rows, it is that of Latin-1.
fn windows_1252(byte: u8) -> char {
    const ROWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ";
    let in_rows = byte.checked_sub(0x80).and_then(|place| ROWS.chars().nth(usize::from(place)));
    in_rows.filter(|_| byte < 0xA0).unwrap_or(char::from(byte))
}

/// UTF-16 read as UTF-8, a piece at a time.
pub(super) struct Utf16<R> {
    inner: R,
    encoding: Encoding,
    /// The bytes that are no whole character yet.
    carried: Vec<u8>,
    piece: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Utf16<R> {
    pub(super) fn new(inner: R, encoding: Encoding) -> Self {
        Self { inner, encoding, carried: Vec::new(), piece: Vec::new(), at: 0 }
    }

    fn refill(&mut self) -> io::Result<()> {
        const PIECE: usize = 16 * 1024;
        while self.at >= self.piece.len() {
            self.piece.clear();
            self.at = 0;
            let read = self.inner.fill_buf()?;
            let taken = read.len().min(PIECE);
            let at_end = taken == 0;
            self.carried.extend(read.iter().take(taken));
            self.inner.consume(taken);
            let mut units: Vec<u16> = self.carried.as_chunks().0.iter().map(|unit| self.encoding.unit(*unit)).collect();
            // Half of a pair waits for its other half.
            if !at_end && units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
                units.pop();
            }
            self.carried.drain(..units.len() * 2);
            if at_end && !self.carried.is_empty() {
                self.carried.clear();
                units.push(0xFFFD);
            }
            for unit in char::decode_utf16(units) {
                let character = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
                self.piece.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            if at_end {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(into)?;
        self.consume(taken);
        Ok(taken)
    }
}

impl<R: BufRead> BufRead for Utf16<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.refill()?;
        Ok(self.piece.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.piece.len());
    }
}

/// A stream that ends in an error if it is longer than this.
pub(super) struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R> Limited<R> {
    pub(super) fn new(inner: R, maximum: u64) -> Self {
        Self { inner, left: maximum }
    }
}

impl<R: BufRead> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(into)?;
        self.consume(taken);
        Ok(taken)
    }
}

impl<R: BufRead> BufRead for Limited<R> {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let read = self.inner.fill_buf()?;
        if read.len() as u64 <= self.left {
            return Ok(read);
        }
        match read.get(..usize::try_from(self.left).unwrap_or(usize::MAX)) {
            Some(rest) if !rest.is_empty() => Ok(rest),
            _ => Err(io::Error::other("the file is larger than is read")),
        }
    }

    #[inline]
    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount as u64);
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_each_encoding_at_once_and_in_pieces() {
        let text = format!("<{}", "Zürich 😀 ".repeat(5000));
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, encoding) in [(&le, Encoding::Utf16Le), (&be, Encoding::Utf16Be)] {
            assert_eq!(Encoding::of(bytes), (encoding, 0));
            assert_eq!(super::text(bytes), text);
            for capacity in [1, 3, 4096] {
                let mut read = String::new();
                let pieces = io::BufReader::with_capacity(capacity, bytes.as_slice());
                Utf16::new(pieces, encoding).read_to_string(&mut read).unwrap();
                assert_eq!(read, text);
            }
        }
        assert_eq!(super::text(b"\xEF\xBB\xBFabc"), "abc");
        assert_eq!(super::text(b"CN=Z\xFCrich, O=C\x85"), "CN=Zürich, O=C…");
        assert_eq!(super::text(b"\x80 \x96 \x9F\xA0\xFF"), "€ – Ÿ\u{A0}ÿ");
        assert!(is_windows_1252(b"Z\xFCrich") && !is_windows_1252("Zürich".as_bytes()) && !is_windows_1252(&le));
    }

    #[test]
    fn a_stream_may_be_as_long_as_its_limit_and_no_longer() {
        let read = |length: u64, capacity| {
            let mut text = String::new();
            let pieces = io::BufReader::with_capacity(capacity, b"abc".as_slice());
            Limited::new(pieces, length).read_to_string(&mut text).map(|_| text).map_err(|error| error.to_string())
        };
        for capacity in [1, 2, 3, 64] {
            assert_eq!(read(4, capacity).as_deref(), Ok("abc"));
            assert_eq!(read(3, capacity).as_deref(), Ok("abc"));
            for length in 0..3 {
                assert_eq!(read(length, capacity), Err("the file is larger than is read".to_owned()));
            }
        }
    }
}
