//! Text that comes from outside: what may stand in it, how it is compared and how it is shown.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

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
}

/// A name from a scenario: not empty, and safe to print on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Text(pub(crate) String);

impl TryFrom<String> for Text {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        check(&text)?;
        Ok(Self(text))
    }
}

pub(crate) fn check(text: &str) -> Result<(), TextError> {
    if let Some((index, character)) = text.chars().enumerate().find(|(_, character)| character.is_control()) {
        return Err(TextError::ControlCharacter { character, place: index + 1 });
    }
    if text.trim().is_empty() { Err(TextError::Empty) } else { Ok(()) }
}

/// The texts of a list, checked when it was read.
pub(crate) fn strings(texts: Vec<Text>) -> Vec<String> {
    texts.into_iter().map(|text| text.0).collect()
}

/// Whether two texts are the same without case.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || !(one.is_ascii() && other.is_ascii())
            && one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}

/// Whether something prints as this text [without case](same). Keeps nothing of what is printed, unless there is more
/// than ASCII to compare.
pub(crate) fn prints_as(printed: impl fmt::Display, expected: &str) -> bool {
    struct Comparing<'a> {
        left: &'a str,
        is_undecided: bool,
    }

    impl fmt::Write for Comparing<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            match self.left.split_at_checked(text.len()) {
                Some((start, left)) if start.eq_ignore_ascii_case(text) => {
                    self.left = left;
                    Ok(())
                }
                _ => {
                    self.is_undecided = !(text.is_ascii() && self.left.is_ascii());
                    Err(fmt::Error)
                }
            }
        }
    }

    let mut comparing = Comparing { left: expected, is_undecided: false };
    let is_printed = write!(comparing, "{printed}").is_ok();
    is_printed && comparing.left.is_empty() || comparing.is_undecided && same(&printed.to_string(), expected)
}

/// Text in backticks with everything escaped that could forge a line or hide something in one.
pub(crate) fn shown(text: &str) -> impl fmt::Display {
    fmt::from_fn(move |f| write!(f, "`{}`", plain(text)))
}

/// The same without backticks, for a whole sentence.
pub(crate) fn plain(text: &str) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        text.chars().try_for_each(|character| match character {
            '\'' | '"' | '\\' => f.write_char(character),
            _ => write!(f, "{}", character.escape_debug()),
        })
    })
}

/// The names of a list, each as [`shown`].
pub(crate) fn list<T: AsRef<str>>(texts: &[T]) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        for (index, text) in texts.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { ", " } else { "" }, shown(text.as_ref()))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_compared_without_case() {
        // Printed in pieces of one character, as a name may be.
        let pieces = |text: &'static str| fmt::from_fn(move |f| text.chars().try_for_each(|c| f.write_char(c)));
        let texts = [
            "", "a", "A", "ab", "aB", "\u{e9}", "\u{c9}", "k", "\u{212a}", "i\u{307}", "\u{130}", "a\u{e9}", "\u{c9}b",
        ];
        for (one, other) in texts.iter().flat_map(|one| texts.iter().map(move |other| (one, other))) {
            let expected = same(one, other);
            assert_eq!(prints_as(one, other), expected, "{one} {other}");
            assert_eq!(prints_as(pieces(one), other), expected, "{one} {other}");
        }
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
