//! JSON, as `ConvertTo-Json` writes it of `Get-ExchangeCertificate`.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess};

use super::error::{ImportError, Origin, Place};
use super::shown::is_type_name;
use super::value::{Object, ObjectKind, Structure, Value};

/// Reads one object or an array of them.
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Vec<Object>, ImportError> {
    let Entries(entries) = serde_json::from_str(text).map_err(|error| {
        let place = Place::Column { line: error.line() as u64, column: error.column() as u64 };
        // The sentence ends with the place, which stands before it already.
        let sentence = error.to_string();
        let problem = sentence.rsplit_once(" at line ").map_or(sentence.as_str(), |(problem, _)| problem);
        Origin::new(file, place).syntax(problem)
    })?;
    let object = |(index, members)| {
        let origin = Origin::new(file, Place::Entry(index as u64 + 1));
        Object { kind: ObjectKind::Certificate, origin, members }
    };
    Ok(entries.into_iter().enumerate().map(object).collect())
}

type Members = Vec<(&'static str, Value)>;

struct Entries(Vec<Members>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of Get-ExchangeCertificate, or an array of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entries, A::Error> {
                Ok(Entries(vec![members(map)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(Entry(members)) = list.next_element()? {
                    entries.push(members);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

struct Entry(Members);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of Get-ExchangeCertificate")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
                members(map).map(Entry)
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

fn members<'de, A: MapAccess<'de>>(mut map: A) -> Result<Members, A::Error> {
    let mut members = Vec::new();
    while let Some(name) = map.next_key::<String>()? {
        match ObjectKind::Certificate.wants(&name) {
            Some(name @ ("RawData" | "SerializationData")) => {
                let Bytes(value) = map.next_value()?;
                if !value.text().is_some_and(is_type_name) {
                    members.push((name, value));
                }
            }
            Some(name) => {
                let AnyValue(value) = map.next_value()?;
                // The name of a type stands where a value was left out.
                if !value.text().is_some_and(is_type_name) {
                    members.push((name, value));
                }
            }
            None => {
                map.next_value::<IgnoredAny>()?;
            }
        }
    }
    Ok(members)
}

/// A value in whichever form PowerShell chose: an enumeration may be its number, its name, or an
/// object with the name in `Value`.
struct AnyValue(Value);

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValueVisitor).map(AnyValue)
    }
}

struct AnyValueVisitor;

impl<'de> de::Visitor<'de> for AnyValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a property")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut structure = Structure::default();
        while let Some(AnyValue(value)) = list.next_element()? {
            structure.items.push(value);
        }
        Ok(Value::Structure(Box::new(structure)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut structure = Structure::default();
        while let Some(name) = map.next_key::<String>()? {
            let AnyValue(value) = map.next_value()?;
            let prints = ["Value", "Domain", "Address", "Name", "DateTime"];
            let prints = prints.iter().any(|known| known.eq_ignore_ascii_case(&name));
            if name.eq_ignore_ascii_case("value") && matches!(value, Value::Structure(_)) {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(value);
            }
            if prints && structure.text.is_none() {
                structure.text = value.text().map(str::to_owned);
                structure.number = value.number();
            }
            structure.items.push(value);
        }
        Ok(Value::Structure(Box::new(structure)))
    }
}

/// Bytes as base64 or as an array of numbers, which Windows PowerShell may put into an object.
struct Bytes(Value);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64 or an array of bytes")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
                Ok(Value::Nil)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = list.next_element::<u8>()? {
                    bytes.push(byte);
                }
                Ok(Value::Bytes(bytes))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut found = Value::Nil;
                while let Some(name) = map.next_key::<String>()? {
                    if name.eq_ignore_ascii_case("value") {
                        Bytes(found) = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(found)
            }
        }

        deserializer.deserialize_any(Visitor).map(Bytes)
    }
}
