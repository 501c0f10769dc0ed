//! Text that comes from outside: what may stand in it, how it is compared and how it is shown.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text cannot name anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Nothing, or white space alone.
    #[error("the name is empty")]
    Empty,
    /// A control character, which has no place in a command.
    #[error("character {place} is the control character U+{:04X}", u32::from(*.character))]
    ControlCharacter {
        /// The character.
        character: char,
        /// Its place, counted in characters from 1.
        place: usize,
    },
    /// A word that scenario files have in place of a name.
    #[error("`none` stands for no name, and `unknown` for a name that is not known")]
    Reserved,
}

/// A name that may stand in a command and on one line of a message: not empty, and without control characters.
/// Shared by its copies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Text(Arc<str>);

impl Text {
    pub(crate) fn new(text: impl Into<String>) -> Result<Self, TextError> {
        Self::try_from(text.into())
    }

    /// A name that Exchange takes from a certificate, whatever it holds.
    pub(crate) fn unchecked(text: &str) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl TryFrom<String> for Text {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        check(&text)?;
        Ok(Self(text.into()))
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

pub(crate) fn check(text: &str) -> Result<(), TextError> {
    if let Some((index, character)) = text.chars().enumerate().find(|(_, character)| character.is_control()) {
        return Err(TextError::ControlCharacter { character, place: index + 1 });
    }
    if text.trim().is_empty() { Err(TextError::Empty) } else { Ok(()) }
}

/// Checks every text of a list.
pub(crate) fn all<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Result<Vec<String>, TextError> {
    let checked = |text: T| {
        let text = text.into();
        check(&text).map(|()| text)
    };
    texts.into_iter().map(checked).collect()
}

/// Reads a list of texts, an error at its place; null is none.
pub(crate) fn deserialize_all<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let texts = Option::<Vec<Text>>::deserialize(deserializer)?;
    Ok(texts.map(|texts| texts.iter().map(|text| text.as_str().to_owned()).collect()))
}

/// A name that compares, hashes and sorts without case.
///
/// Each character counts as its upper case if that is one character, else as itself: `ς`, `σ` and `Σ` are one, and
/// `ß` is not `SS`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Caseless<T>(pub(crate) T);

fn upper_case(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => character,
    }
}

impl<T: AsRef<str>> Caseless<T> {
    fn characters(&self) -> impl Iterator<Item = char> {
        self.0.as_ref().chars().map(upper_case)
    }

    /// Whether this is printed, piece by piece until one is unlike it. Keeps nothing of what is printed, unless there is
    /// more than ASCII to compare.
    pub(crate) fn is_printed_by(&self, print: impl Fn(Pieces<'_>) -> Result<(), Unlike>) -> bool {
        let mut left = self.0.as_ref();
        let mut is_undecided = false;
        let is_printed = print(&mut |piece| match left.split_at_checked(piece.len()) {
            Some((start, rest)) if start == piece || start.eq_ignore_ascii_case(piece) => {
                left = rest;
                Ok(())
            }
            _ => {
                is_undecided = !(piece.is_ascii() && left.is_ascii());
                Err(Unlike)
            }
        });
        is_printed.is_ok() && left.is_empty()
            || is_undecided && {
                let mut whole = String::new();
                let is_whole = print(&mut |piece| {
                    whole.push_str(piece);
                    Ok(())
                });
                is_whole.is_ok() && *self == Caseless(whole)
            }
    }
}

/// What is printed goes here.
pub(crate) type Pieces<'a> = &'a mut dyn FnMut(&str) -> Result<(), Unlike>;

/// What is printed is not what is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unlike;

impl<T: AsRef<str>, U: AsRef<str>> PartialEq<Caseless<U>> for Caseless<T> {
    fn eq(&self, other: &Caseless<U>) -> bool {
        let (one, another) = (self.0.as_ref(), other.0.as_ref());
        one.eq_ignore_ascii_case(another)
            || !(one.is_ascii() && another.is_ascii()) && self.characters().eq(other.characters())
    }
}

impl<T: AsRef<str>> Eq for Caseless<T> {}

impl<T: AsRef<str>> Ord for Caseless<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, another) = (self.0.as_ref(), other.0.as_ref());
        // Names of one server begin and end alike: what is alike in ASCII is passed over byte by byte.
        let is_alike = |(one, other): &(u8, u8)| one.is_ascii() && one.eq_ignore_ascii_case(other);
        let alike = one.bytes().zip(another.bytes()).take_while(is_alike).count();
        if let (Some(one), Some(other)) = (one.as_bytes().get(alike), another.as_bytes().get(alike))
            && one.is_ascii()
            && other.is_ascii()
        {
            return one.to_ascii_uppercase().cmp(&other.to_ascii_uppercase());
        }
        let [one, another] = [one, another].map(|text| text.get(alike..).unwrap_or_default());
        one.chars().map(upper_case).cmp(another.chars().map(upper_case))
    }
}

impl<T: AsRef<str>> PartialOrd for Caseless<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: AsRef<str>> Hash for Caseless<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.characters().for_each(|character| state.write_u32(u32::from(character)));
        state.write_u8(u8::MAX);
    }
}

/// Hashes what is printed so that names that are the same without case hash alike, whatever pieces they are printed in.
pub(crate) struct HashPrinted<H> {
    hasher: H,
    /// Hashing a piece costs much more than hashing a byte.
    pending: [u8; 64],
    filled: usize,
}

impl<H: Hasher> HashPrinted<H> {
    pub(crate) fn new(hasher: H) -> Self {
        Self { hasher, pending: [0; 64], filled: 0 }
    }

    pub(crate) fn finish(mut self) -> u64 {
        self.hasher.write(self.pending.get(..self.filled).unwrap_or_default());
        self.hasher.finish()
    }

    fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.filled == self.pending.len() {
                self.hasher.write(&self.pending);
                self.filled = 0;
            }
            let free = self.pending.get_mut(self.filled..).unwrap_or_default();
            let (taken, rest) = bytes.split_at(bytes.len().min(free.len()));
            for (free, byte) in free.iter_mut().zip(taken) {
                *free = byte.to_ascii_uppercase();
            }
            self.filled += taken.len();
            bytes = rest;
        }
    }

    pub(crate) fn write(&mut self, text: &str) {
        if text.is_ascii() {
            return self.push(text.as_bytes());
        }
        let mut encoded = [0; 4];
        let upper = text.chars().map(upper_case);
        upper.for_each(|character| self.push(character.encode_utf8(&mut encoded).as_bytes()));
    }
}

/// Whether two names are the same without case.
pub(crate) fn same(one: impl AsRef<str>, other: impl AsRef<str>) -> bool {
    Caseless(one) == Caseless(other)
}

/// Prints what the function prints. The standard library has the same since Rust 1.93.
pub(crate) fn from_fn<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result>(print: F) -> impl fmt::Display {
    struct Printed<F>(F);

    impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Printed<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (self.0)(f)
        }
    }

    Printed(print)
}

/// Text in backticks with everything escaped that could forge a line or hide something in one.
pub(crate) fn shown(text: &str) -> impl fmt::Display {
    from_fn(move |f| write!(f, "`{}`", plain(text)))
}

/// The same of a text that may be of any length: its beginning.
pub(crate) fn excerpt(text: &str) -> impl fmt::Display {
    const LONGEST: usize = 64;
    from_fn(move |f| match text.char_indices().nth(LONGEST) {
        Some((end, _)) => write!(f, "`{}\u{2026}`", plain(text.get(..end).unwrap_or_default())),
        None => write!(f, "{}", shown(text)),
    })
}

/// The same without backticks, for a whole sentence.
pub(crate) fn plain(text: &str) -> impl fmt::Display {
    from_fn(move |f| {
        text.chars().try_for_each(|character| match character {
            '\'' | '"' | '\\' => f.write_char(character),
            _ => write!(f, "{}", character.escape_debug()),
        })
    })
}

/// The names of a list, each as [`shown`].
pub(crate) fn list<T: AsRef<str>>(texts: &[T]) -> impl fmt::Display {
    from_fn(move |f| {
        for (index, text) in texts.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { ", " } else { "" }, shown(text.as_ref()))?;
        }
        Ok(())
    })
}

/// Bytes in hex as `{:x}` and `{:X}` print a number: filled to a width, and with `0x` before them by `#`.
pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, digits: &str) -> fmt::Result {
    f.pad_integral(true, "0x", digits)
}

/// How many characters have to be changed, added, left out or exchanged with their neighbour to make one text of the
/// other. Only the beginning of a long text counts.
pub(crate) fn distance(one: &str, other: &str) -> usize {
    const LIMIT: usize = 64;
    let other: Vec<_> = other.chars().take(LIMIT).collect();
    let mut row: Vec<_> = (0..=other.len()).collect();
    let (mut row_before, mut before) = (row.clone(), None);
    for (index, character) in one.chars().take(LIMIT).enumerate() {
        let mut next = vec![index + 1];
        let mut left = index + 1;
        let (mut exchanged, mut beside) = (None, None);
        for (cells, known) in row.windows(2).zip(&other) {
            let &[diagonal, above] = cells else { break };
            let replaced = diagonal + usize::from(character != *known);
            left = replaced.min(above + 1).min(left + 1);
            if before == Some(*known) && beside == Some(character) {
                left = left.min(exchanged.unwrap_or(usize::MAX - 1) + 1);
            }
            exchanged = row_before.get(next.len() - 1).copied();
            beside = Some(*known);
            next.push(left);
        }
        row_before = std::mem::replace(&mut row, next);
        before = Some(character);
    }
    row.last().copied().unwrap_or_default()
}

/// The one of these names that is most like a misspelt one, without ASCII case, if one is like it at all: two characters
/// are not right, or a quarter of them. A number is another one, and none is meant.
pub(crate) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.trim().to_ascii_lowercase();
    let with_distance = names.map(|name| (distance(&text, &name.to_ascii_lowercase()), name));
    let nearest = with_distance.min_by_key(|(distance, _)| *distance);
    let is_like = |(distance, name): &(usize, &str)| {
        let length = name.chars().count();
        *distance <= (length / 3).min(2).max(length / 4).max(1)
    };
    nearest.filter(is_like).map(|(_, name)| name).filter(|_| !text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What is printed of each, with the same words between.
pub(crate) fn joined<T: fmt::Display>(items: &[T], between: &str) -> impl fmt::Display {
    from_fn(move |f| {
        items.iter().enumerate().try_for_each(|(index, item)| {
            f.write_str(if index > 0 { between } else { "" })?;
            item.fmt(f)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::hash::DefaultHasher;

    use super::*;

    #[test]
    fn what_is_printed_is_compared_without_case() {
        // Printed in pieces of one character, as a name may be.
        let pieces = |text: &'static str| text.split("").collect::<Vec<_>>();
        let texts = [
            "",
            "a",
            "A",
            "ab",
            "aB",
            "\u{e9}",
            "\u{c9}",
            "k",
            "\u{212a}",
            "i\u{307}",
            "\u{130}",
            "a\u{e9}",
            "\u{c9}b",
            "CN=Contoso Issuing Certification Authority 1, O=Contoso, C=US, E=\u{e9}",
            "CN=Contoso Issuing Certification Authority 1, O=Contoso, C=US, E=\u{c9}",
            "cn=contoso issuing certification authority 1, o=contoso, c=us, e=f",
        ];
        for (one, other) in texts.iter().flat_map(|one| texts.iter().map(move |other| (one, other))) {
            let expected = same(one, other);
            assert_eq!(Caseless(other).is_printed_by(|write| write(one)), expected, "{one} {other}");
            let is_printed = Caseless(other).is_printed_by(|write| pieces(one).into_iter().try_for_each(&mut *write));
            assert_eq!(is_printed, expected, "{one} {other}");
            assert_eq!(Caseless(one).cmp(&Caseless(other)).is_eq(), expected, "{one} {other}");
            assert_eq!(hash(one) == hash(other), expected, "{one} {other}");
            assert_eq!(hash_printed(&pieces(one)) == hash_printed(&[other]), expected, "{one} {other}");
        }
    }

    fn hash(name: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        Caseless(name).hash(&mut hasher);
        hasher.finish()
    }

    fn hash_printed(name: &[&str]) -> u64 {
        let mut printed = HashPrinted::new(DefaultHasher::new());
        name.iter().for_each(|piece| printed.write(piece));
        printed.finish()
    }

    #[test]
    fn a_character_counts_as_its_upper_case_if_that_is_one_character() {
        assert!(same("\u{391}\u{3a3}", "\u{3b1}\u{3c3}") && same("\u{391}\u{3a3}", "\u{3b1}\u{3c2}"));
        assert!(same("stra\u{df}e", "STRA\u{df}E") && !same("stra\u{df}e", "STRASSE"));
        let mut names = ["b", "A", "\u{c9}", "a", "\u{e9}"].map(Caseless);
        names.sort();
        assert_eq!(names.map(|name| name.0), ["A", "a", "b", "\u{c9}", "\u{e9}"]);
    }

    #[test]
    fn the_distance_counts_what_is_changed() {
        for (one, other, distance) in [
            ("", "", 0),
            ("a", "", 1),
            ("wildcard", "wildcard", 0),
            ("wildcrad", "wildcard", 1),
            ("vaild", "valid", 1),
            ("abcd", "badc", 2),
            ("ab", "bca", 3),
            ("imap", "pop", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(
                (super::distance(one, other), super::distance(other, one)),
                (distance, distance),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn the_nearest_name_is_like_the_misspelt_one() {
        let nearest = |text| super::nearest(text, ["Mailbox", "ClientAccess", "SE", "2013"].into_iter());
        assert_eq!(
            ["Malibox", " mailbx", "clientacces", "S"].map(nearest),
            [Some("Mailbox"), Some("Mailbox"), Some("ClientAccess"), Some("SE")]
        );
        assert_eq!(["", "HubTransport", "2010", "Box"].map(nearest), [None; 4]);
        assert_eq!(excerpt(&"\u{e9}".repeat(65)).to_string(), format!("`{}\u{2026}`", "\u{e9}".repeat(64)));
    }

    #[test]
    fn what_could_forge_a_line_is_escaped() {
        assert_eq!(shown("O'Brien \"&\" \\ Söhne").to_string(), "`O'Brien \"&\" \\ Söhne`");
        assert_eq!(
            shown("a\nrefused\u{1b}[0m\u{202e}\u{2028}").to_string(),
            "`a\\nrefused\\u{1b}[0m\\u{202e}\\u{2028}`"
        );
        assert_eq!(list(&["a", "b"]).to_string(), "`a`, `b`");
    }

    #[test]
    fn texts_compare_without_case_beyond_ascii_too() {
        assert!(same("CN=Zürich", "cn=ZÜRICH"));
        assert!(!same("CN=Zürich", "CN=Zurich"));
    }

    #[test]
    fn a_name_is_neither_empty_nor_does_it_hold_a_control_character() {
        assert_eq!(check(" "), Err(TextError::Empty));
        let error = check("MBX\u{7}").unwrap_err();
        assert_eq!(error.to_string(), "character 4 is the control character U+0007");
        assert_eq!(check("MBX 01"), Ok(()));
    }
}
