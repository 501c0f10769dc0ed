//! A sentence, and the facts in it as named values.

use std::borrow::Cow;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};

use crate::server::{RootCaType, Status};
use crate::service::Service;
use crate::text::plain;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// What a rule found: its `Display` is the sentence, in lower case and without a full stop, and its
/// [facts](Self::facts) are what the sentence tells, so that a program need not parse it.
///
/// The names of facts are permanent, the words are not.
///
/// ```
/// use exchange_certificates::{Request, Role, Server, Service, Thumbprint, Version, plan, rfc3339};
///
/// let server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox])?;
/// let request = Request::assign(Thumbprint::of(b""), Service::IIS);
/// let refused = plan(&server, &request, rfc3339::parse("2026-11-24")?).unwrap_err();
/// for said in refused.diagnostics() {
///     for (name, value) in said.message().facts() {
///         println!("{name}: {value:?}");
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Message(Form);

#[derive(Clone)]
enum Form {
    /// By a rule of one's own.
    Own(String),
    Plain(Cow<'static, str>),
    Told(Box<dyn Told>),
}

/// A value in a [`Message`]. Serialized as itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum FactValue {
    /// A number.
    Number(i64),
    /// A text: a name, a thumbprint, services as Exchange prints them, a point in time in RFC 3339.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
}

impl Message {
    pub(super) fn own(sentence: String) -> Self {
        Self(Form::Own(sentence))
    }

    /// A sentence that is written when it is asked for, from values with names. See [`message!`].
    pub(crate) fn told<T: Values>(
        names: &'static [&'static str],
        values: T,
        write: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
    ) -> Self {
        Self(Form::Told(Box::new(Sentence { names, values, write })))
    }

    /// The facts in the sentence by their names, in snake case. There are none in a rule of one's own.
    pub fn facts(&self) -> Vec<(&'static str, FactValue)> {
        match &self.0 {
            Form::Told(told) => told.facts(),
            Form::Own(_) | Form::Plain(_) => Vec::new(),
        }
    }

    /// The fact of this name.
    pub fn fact(&self, name: &str) -> Option<FactValue> {
        self.facts().into_iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Writes the facts as every answer does; a rule of one's own has none.
    pub(crate) fn serialize_facts<S: SerializeStruct>(&self, answer: &mut S) -> Result<(), S::Error> {
        match self.0 {
            Form::Own(_) => answer.skip_field("facts"),
            _ => answer.serialize_field("facts", &Facts(self.facts())),
        }
    }
}

impl From<&'static str> for Message {
    fn from(sentence: &'static str) -> Self {
        Self(Form::Plain(Cow::Borrowed(sentence)))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Own(sentence) => plain(sentence).fmt(f),
            Form::Plain(sentence) => f.write_str(sentence),
            Form::Told(told) => told.write(f),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.to_string(), self.facts())
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.facts() == other.facts() && self.to_string() == other.to_string()
    }
}

impl Eq for Message {}

struct Facts(Vec<(&'static str, FactValue)>);

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut facts = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(name, value)| facts.serialize_entry(name, value))?;
        facts.end()
    }
}

/// Makes a [`Message`] of values with names, and the sentence that they make: `message!(days, on = date; "…")`.
/// In the sentence each name is a reference to its value.
macro_rules! message {
    ($($name:ident $(= $value:expr)?),+; $($sentence:tt)+) => {
        $crate::finding::Message::told(
            &[$(stringify!($name)),+],
            ($($crate::finding::message!(@ $name $(= $value)?),)+),
            |($($name,)+), f| {
                // A fact need not stand in the sentence.
                let _ = ($($name,)+);
                write!(f, $($sentence)+)
            },
        )
    };
    (@ $name:ident) => { $name };
    (@ $name:ident = $value:expr) => { $value };
}
pub(crate) use message;

/// A message whose sentence is written when it is asked for: nearly every plan is looked at for its outcome alone.
trait Told: Send + Sync + UnwindSafe + RefUnwindSafe {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn facts(&self) -> Vec<(&'static str, FactValue)>;
    fn boxed(&self) -> Box<dyn Told>;
}

impl Clone for Box<dyn Told> {
    fn clone(&self) -> Self {
        self.as_ref().boxed()
    }
}

#[derive(Clone)]
struct Sentence<T> {
    names: &'static [&'static str],
    values: T,
    write: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
}

impl<T: Values> Told for Sentence<T> {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.write)(&self.values, f)
    }

    fn facts(&self) -> Vec<(&'static str, FactValue)> {
        self.names.iter().copied().zip(self.values.values()).collect()
    }

    fn boxed(&self) -> Box<dyn Told> {
        Box::new(self.clone())
    }
}

/// The values of a message.
pub(crate) trait Values: Clone + Send + Sync + UnwindSafe + RefUnwindSafe + 'static {
    fn values(&self) -> Vec<FactValue>;
}

macro_rules! values {
    ($($value:ident)+) => {
        impl<$($value: Fact),+> Values for ($($value,)+) {
            fn values(&self) -> Vec<FactValue> {
                #[expect(non_snake_case, reason = "a type and its value share their name")]
                let ($($value,)+) = self;
                vec![$($value.value()),+]
            }
        }
    };
}
values!(A);
values!(A B);
values!(A B C);
values!(A B C D);

/// What can be a value of a message.
pub(crate) trait Fact: Clone + Send + Sync + UnwindSafe + RefUnwindSafe + 'static {
    fn value(&self) -> FactValue;
}

macro_rules! texts {
    ($($type:ty),+) => {
        $(impl Fact for $type {
            fn value(&self) -> FactValue {
                FactValue::Text(self.to_string())
            }
        })+
    };
}
texts!(String, &'static str, RootCaType, Service, Status, Thumbprint, Timestamp);

macro_rules! numbers {
    ($($type:ty),+) => {
        $(impl Fact for $type {
            fn value(&self) -> FactValue {
                FactValue::Number(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        })+
    };
}
numbers!(i64, u32, usize);

impl<T: fmt::Display + Fact> Fact for Vec<T> {
    fn value(&self) -> FactValue {
        FactValue::Texts(self.iter().map(ToString::to_string).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_its_facts_by_name_and_as_a_sentence() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let message = message!(days = 3_i64, names, hidden = Service::IIS; "in {days} days: {}", names.join("+"));
        assert_eq!(message.to_string(), "in 3 days: a+b");
        assert_eq!(message.fact("days"), Some(FactValue::Number(3)));
        assert_eq!(message.fact("names"), Some(FactValue::Texts(vec!["a".to_owned(), "b".to_owned()])));
        assert_eq!(message.fact("hidden"), Some(FactValue::Text("IIS".to_owned())));
        assert_eq!(message.fact("sentence"), None);
        assert_eq!(message.clone(), message);
        assert_ne!(message, Message::from("in 3 days: a+b"));
    }
}
