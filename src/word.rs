//! One of a few names: printed as files write it, read without case and in the other forms that are clear.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

use crate::text;

/// A type whose values have names in files.
pub(crate) trait Word: Copy + PartialEq + 'static {
    /// What it is, as in `unknown role`.
    const WHAT: &'static str;
    /// Every value with the name that files have for it.
    const NAMES: &'static [(Self, &'static str)];
    /// Other names that Exchange has, or people.
    const OTHER_NAMES: &'static [(Self, &'static str)] = &[];
    /// The name that shows what would be right.
    const LIKE: &'static str;

    /// What else a text may mean.
    fn from_other(_text: &str) -> Option<Self> {
        None
    }

    /// What a text looks like that [`from_other`](Self::from_other) understands.
    #[cfg(feature = "schemars")]
    const OTHER_PATTERN: Option<&'static str> = None;

    /// What a number means that exports hold in place of the name.
    fn from_number(_number: u32) -> Option<Self> {
        None
    }
}

/// Why a text names none of the values of a type: it is a misspelt name, or something else.
///
/// ```
/// use exchange_certificates::Role;
///
/// let error = "Malibox".parse::<Role>().unwrap_err();
/// assert_eq!(error.nearest(), Some("Mailbox"));
/// assert_eq!(
///     error.to_string(),
///     "unknown role `Malibox`; did you mean `Mailbox`? Expected one of Mailbox, ClientAccess, EdgeTransport"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct UnknownName {
    what: &'static str,
    text: String,
    expected: Vec<&'static str>,
}

impl UnknownName {
    fn of<T: Word>(text: &str) -> Self {
        let expected = T::NAMES.iter().map(|(_, name)| *name).collect();
        Self { what: T::WHAT, text: text.to_owned(), expected }
    }

    /// What it should be the name of, as in `role`.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The text as it stood.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names that there are.
    pub fn expected(&self) -> &[&'static str] {
        &self.expected
    }

    /// The name that is most like the text, if one is like it at all.
    pub fn nearest(&self) -> Option<&'static str> {
        text::nearest(&self.text, self.expected.iter().copied())
    }

    fn sentence(&self) -> String {
        let (what, text, expected) = (self.what, text::excerpt(&self.text), self.expected.join(", "));
        match self.nearest() {
            Some(nearest) => format!("unknown {what} {text}; did you mean `{nearest}`? Expected one of {expected}"),
            None => format!("unknown {what} {text}; expected one of {expected}"),
        }
    }
}

/// The name that files have for a value.
pub(crate) fn name<T: Word>(value: T) -> Option<&'static str> {
    T::NAMES.iter().find(|(known, _)| *known == value).map(|(_, name)| *name)
}

/// The value of this name, without case, white space, hyphens and underscores.
pub(crate) fn find<T: Word>(text: &str) -> Result<T, UnknownName> {
    let mut names = T::NAMES.iter().chain(T::OTHER_NAMES);
    let named = names.find(|(_, name)| letters(name).eq(letters(text))).map(|(value, _)| *value);
    let number = || text.trim().parse().ok().and_then(T::from_number);
    named.or_else(number).or_else(|| T::from_other(text)).ok_or_else(|| UnknownName::of::<T>(text))
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    let is_between = |c: &char| c.is_whitespace() || matches!(c, '-' | '_');
    text.chars().filter(move |c| !is_between(c)).map(|c| c.to_ascii_lowercase())
}

/// Reads a value from its name, or from the number in place of it if there are any.
pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Word>(deserializer: D) -> Result<T, D::Error> {
    struct Words<T>(PhantomData<T>);

    impl<T: Word> Visitor<'_> for Words<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a string, like \"{}\"", T::LIKE)?;
            f.write_str(if T::from_number(0).is_some() { ", or its number" } else { "" })
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            find(text).map_err(E::custom)
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
            let known = u32::try_from(value).ok().and_then(T::from_number);
            known.ok_or_else(|| E::invalid_type(serde::de::Unexpected::Unsigned(value), &self))
        }
    }

    deserializer.deserialize_any(Words(PhantomData))
}

/// Describes what is read: the names first, for who looks for one, then every form of them; or what is written.
#[cfg(feature = "schemars")]
pub(crate) fn json_schema<T: Word>(generator: &schemars::SchemaGenerator) -> schemars::Schema {
    use schemars::json_schema;
    let names: Vec<_> = T::NAMES.iter().map(|(_, name)| *name).collect();
    if generator.contract().is_serialize() {
        return json_schema!({ "enum": names });
    }
    let between = r"[\s_-]*";
    let spelt = |name: &str| {
        let letter = |letter: char| match letter.to_ascii_uppercase() {
            upper if upper == letter.to_ascii_lowercase() => format!("{letter}{between}"),
            upper => format!("[{upper}{}]{between}", upper.to_ascii_lowercase()),
        };
        letters(name).map(letter).collect::<String>()
    };
    let all = T::NAMES.iter().chain(T::OTHER_NAMES).map(|(_, name)| spelt(name));
    let mut forms = vec![
        json_schema!({ "enum": names }),
        json_schema!({
            "description": "The same without case, white space, hyphens and underscores.",
            "type": "string",
            "pattern": format!("^{between}(?:{})$", all.collect::<Vec<_>>().join("|")),
        }),
    ];
    if T::from_number(0).is_some() {
        forms.push(json_schema!({ "description": "Its number.", "type": "integer", "minimum": 0 }));
        forms.push(json_schema!({ "type": "string", "pattern": r"^\s*\+?[0-9]+\s*$" }));
    }
    if let Some(pattern) = T::OTHER_PATTERN {
        forms.push(json_schema!({ "type": "string", "pattern": pattern }));
    }
    json_schema!({ "anyOf": forms })
}

/// Gives a type its names, once: what it prints, serializes, parses and deserializes.
macro_rules! words {
    (
        $type:ident, $what:literal, like $like:literal:
        $($value:ident = $name:literal),+ $(; or $($other:ident = $other_name:literal),+)?
    ) => {
        impl $crate::word::Word for $type {
            const WHAT: &'static str = $what;
            const NAMES: &'static [(Self, &'static str)] = &[$((Self::$value, $name)),+];
            $(const OTHER_NAMES: &'static [(Self, &'static str)] = &[$((Self::$other, $other_name)),+];)?
            const LIKE: &'static str = $like;
        }

        $crate::word::words!(read $type);
        $crate::word::words!(printed $type);
    };
    (read $type:ident) => {
        /// Reads what is printed, without case, and the other forms that Exchange prints.
        impl std::str::FromStr for $type {
            type Err = $crate::word::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::word::find(text)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::word::deserialize(deserializer)
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).trim_end_matches("Form").into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::word::json_schema::<$type>(generator)
            }
        }
    };
    (printed $type:ident) => {
        /// Prints what scenario files and answers have for it.
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad($crate::word::name(*self).unwrap_or_default())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}
pub(crate) use words;
