//! Facts that may be exported and empty, or not exported at all.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::StrDeserializer;
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::text::{Text, TextError};

/// The words that stand in place of a value.
const NONE: &str = "none";
const UNKNOWN: &str = "unknown";

/// A fact with three values: something, nothing, or not known.
///
/// Serialized as its value, as `"none"`, or as null. It is read from these and from `"unknown"`, and a field that is
/// left out is not known.
///
/// ```
/// use exchange_certificates::Fact;
///
/// let name = Fact::Value("mail.contoso.com");
/// assert_eq!(name.value(), Some("mail.contoso.com"));
/// assert!(Fact::<&str>::None.is_known() && !Fact::<&str>::NotKnown.is_known());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fact<T> {
    /// It was not exported.
    #[default]
    NotKnown,
    /// It was exported, and there is none.
    None,
    /// There is one.
    Value(T),
}

impl<T> Fact<T> {
    /// The value; `None` if there is none or it is not known.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::None | Self::NotKnown => None,
        }
    }

    /// Whether it was exported, be it empty.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::NotKnown)
    }

    /// The same with a reference to the value.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::NotKnown => Fact::NotKnown,
            Self::None => Fact::None,
            Self::Value(value) => Fact::Value(value),
        }
    }

    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::NotKnown => Fact::NotKnown,
            Self::None => Fact::None,
            Self::Value(value) => Fact::Value(change(value)),
        }
    }

    /// The same, if the value can be changed.
    pub(crate) fn try_map<U, E>(self, change: impl FnOnce(T) -> Result<U, E>) -> Result<Fact<U>, E> {
        Ok(match self {
            Self::NotKnown => Fact::NotKnown,
            Self::None => Fact::None,
            Self::Value(value) => Fact::Value(change(value)?),
        })
    }
}

impl<T: Into<String>> Fact<T> {
    /// The same with a checked text, which would not be read as one of the words.
    pub(crate) fn checked(self) -> Result<Fact<Text>, TextError> {
        self.try_map(|text| {
            let text = text.into();
            let is_word = [NONE, UNKNOWN].iter().any(|word| text.eq_ignore_ascii_case(word));
            if is_word { Err(TextError::Reserved) } else { Text::new(text) }
        })
    }
}

impl Fact<String> {
    /// The same with a borrowed text.
    pub fn as_deref(&self) -> Fact<&str> {
        self.as_ref().map(String::as_str)
    }
}

/// A known fact: a value, or none.
impl<T> From<Option<T>> for Fact<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Self::Value)
    }
}

impl<T: Serialize> Serialize for Fact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::NotKnown => serializer.serialize_none(),
            Self::None => serializer.serialize_str(NONE),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Words<T> {
            type Value = Fact<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, \"none\", or null if it is not known")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Fact<T>, E> {
                Ok(Fact::NotKnown)
            }

            fn visit_none<E: de::Error>(self) -> Result<Fact<T>, E> {
                Ok(Fact::NotKnown)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fact<T>, D::Error> {
                deserializer.deserialize_str(self)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Fact<T>, E> {
                if text.eq_ignore_ascii_case(NONE) {
                    return Ok(Fact::None);
                }
                if text.eq_ignore_ascii_case(UNKNOWN) {
                    return Ok(Fact::NotKnown);
                }
                let text: StrDeserializer<'_, E> = text.into_deserializer();
                T::deserialize(text).map(Fact::Value)
            }
        }

        deserializer.deserialize_option(Words(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_read_as_it_is_written() {
        for fact in [Fact::NotKnown, Fact::None, Fact::Value("MBX01".to_owned())] {
            let written = serde_json::to_string(&fact).unwrap();
            assert_eq!(serde_json::from_str::<Fact<String>>(&written).unwrap(), fact, "{written}");
        }
        assert_eq!(serde_json::from_str::<Fact<String>>("\"unknown\"").unwrap(), Fact::NotKnown);
        assert!(serde_json::from_str::<Fact<String>>("7").is_err());
    }
}
