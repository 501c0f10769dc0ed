//! JSON objects that are nothing else.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::text;

/// What every answer is written in.
pub(crate) const FORMAT: u8 = 3;

/// Reads a struct from an object alone. Derived code would take a list of its fields' values too, in
/// which a value stands for whatever field it happens to meet. A field that there is not is an error that names the
/// nearest one.
pub(crate) struct JsonObject<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for JsonObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = JsonObject<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<JsonObject<T>, A::Error> {
                JsonObject::of(map)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> JsonObject<T> {
    /// The same of an object that has begun.
    pub(crate) fn of<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(Object(map)).map(Self)
    }
}

struct Object<A>(A);

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Object<A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self.0)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_map(OfFields { map: self.0, fields })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The entries of an object, as long as they are of these fields.
struct OfFields<A> {
    map: A,
    fields: &'static [&'static str],
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for OfFields<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.map.next_key_seed(Field { seed, fields: self.fields })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

struct Field<K> {
    seed: K,
    fields: &'static [&'static str],
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Field<K> {
    type Value = K::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Field<K> {
    type Value = K::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<K::Value, E> {
        if !self.fields.contains(&name) {
            return Err(E::custom(unknown(name, self.fields)));
        }
        self.seed.deserialize(name.into_deserializer())
    }
}

fn unknown(name: &str, fields: &[&str]) -> String {
    const AT_MOST_LISTED: usize = 8;

    let unknown = format!("unknown field {}", text::excerpt(name));
    match text::nearest(name, fields.iter().copied()) {
        Some(nearest) => format!("{unknown}; did you mean `{nearest}`?"),
        None if fields.len() <= AT_MOST_LISTED => format!("{unknown}; expected one of {}", fields.join(", ")),
        None => unknown,
    }
}

/// Types that are read and written as another one is, which alone is described.
#[cfg(feature = "schemars")]
macro_rules! like {
    (@ [$($generic:tt)*] $type:ty, $like:ty) => {
        impl$($generic)* schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                <$like>::inline_schema()
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                <$like>::schema_name()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                <$like>::schema_id()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$like>::json_schema(generator)
            }
        }
    };
    ($($type:ty: $like:ty;)+) => {
        $($crate::json_object::like!(@ [] $type, $like);)+
    };
}
#[cfg(feature = "schemars")]
pub(crate) use like;

#[cfg(feature = "schemars")]
like!(@ [<T: schemars::JsonSchema>] JsonObject<T>, T);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[allow(dead_code)]
        friendly_name: Option<String>,
        #[allow(dead_code)]
        status: Option<u8>,
    }

    fn read(json: &str) -> Result<Form, String> {
        let read = serde_json::from_str::<JsonObject<Form>>(json);
        read.map(|JsonObject(form)| form).map_err(|error| error.to_string())
    }

    #[test]
    fn a_misspelt_field_is_an_error_that_names_the_nearest() {
        assert!(read(r#"{ "friendly_name": "a", "status": 1 }"#).is_ok());
        for (json, problem) in [
            (r#"{ "freindly_name": "a" }"#, "unknown field `freindly_name`; did you mean `friendly_name`?"),
            (r#"{ "FriendlyName": "a" }"#, "unknown field `FriendlyName`; did you mean `friendly_name`?"),
            (r#"{ "x\n": 1 }"#, "unknown field `x\\n`; expected one of friendly_name, status"),
            (r#"{ "status": 1, "status": 1 }"#, "duplicate field `status`"),
            (r#"["a", 1]"#, "invalid type: sequence, expected an object"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
        }
        let long = read(&format!(r#"{{ "{}": 1 }}"#, "x".repeat(5000))).unwrap_err();
        assert!(long.len() < 200, "{long}");
    }
}
