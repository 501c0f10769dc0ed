//! The values in files whose forms no derived schema knows.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::certificate::Certificate;
use crate::fact::Fact;
use crate::fleet::Fleet;
use crate::json_object::like;
use crate::rfc3339::Time;
use crate::server::{NotRead, NotReadKind, NotReadList, Server, TlsCertificateName};
use crate::service::Service;
use crate::text::Text;
use crate::thumbprint::Thumbprint;

/// Types with what is read of them, and what is written.
macro_rules! values {
    ($($type:ty as $name:literal: read $read:expr; written $written:expr;)+) => {
        $(impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                if generator.contract().is_deserialize() { $read } else { $written }
            }
        })+
    };
}

values! {
    Thumbprint as "Thumbprint":
        read json_schema!({
            "description": "A thumbprint: 40 hex digits, and what a paste from a dialog, a mail or a table brings along.",
            "type": "string",
            "pattern": format!("^(?:{BESIDE_DIGITS}*[0-9A-Fa-f]){{40}}{BESIDE_DIGITS}*$"),
            "examples": ["DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"],
        });
        written json_schema!({ "type": "string", "pattern": "^[0-9A-F]{40}$" });
    Certificate as "Certificate":
        read json_schema!({
            "description": "A certificate: PEM with one certificate in it, or the base64 of its DER.",
            "type": "string",
        });
        written json_schema!({ "description": "DER.", "type": "string", "contentEncoding": "base64" });
    Service as "Services": read services(); written json_schema!({
        "description": "Services as Exchange prints them.",
        "type": "string",
        "pattern": format!("^(?:None|(?:{0})(?:, (?:{0}))*)$", names().join("|")),
    });
    Time as "Time":
        read json_schema!({
            "description": "RFC 3339 with a time zone, or a date alone, which is its midnight in UTC.",
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2}))?$",
            "examples": ["2026-11-24", "2026-11-24T01:00:00+01:00"],
        });
        written json_schema!({ "type": "string", "format": "date-time" });
    Text as "Text":
        read json_schema!({
            "description": "A text on one line, without control characters.",
            "type": "string",
            "pattern": r"^[^\u0000-\u001F\u007F-\u009F]+$",
        });
        written json_schema!({ "type": "string" });
    TlsCertificateName as "TlsCertificateName":
        read json_schema!({
            "description": "How a connector names its certificate: by issuer and subject.",
            "type": "string",
            "pattern": "<[Ii]>.*<[Ss]>.*",
            "examples": ["<I>CN=Contoso CA<S>CN=mail.contoso.com"],
        });
        written json_schema!({ "type": "string" });
    NotReadKind as "NotReadKind":
        read {
            let names: Vec<_> = NotReadKind::ALL.iter().map(ToString::to_string).collect();
            let spelt: Vec<_> = names.iter().map(|name| caseless(name)).collect();
            json_schema!({
                "anyOf": [
                    { "enum": names },
                    { "type": "string", "pattern": format!(r"^\s*(?:{})\s*$", spelt.join("|")) },
                ],
            })
        };
        written json_schema!({ "enum": NotReadKind::ALL });
}

like! {
    Fleet: Vec<Server>;
    NotReadList: Option<Vec<NotRead>>;
}

/// What may stand beside the digits of a thumbprint.
const BESIDE_DIGITS: &str = r"[\s:\-\u0085\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]";

fn names() -> Vec<&'static str> {
    Service::all().names().map(|(_, name)| name).collect()
}

fn caseless(name: &str) -> String {
    let letter = |letter: char| match letter.is_ascii_alphabetic() {
        true => format!("[{}{}]", letter.to_ascii_uppercase(), letter.to_ascii_lowercase()),
        false => letter.to_string(),
    };
    name.chars().map(letter).collect()
}

/// Every form in which services are read.
fn services() -> Schema {
    let all = names().into_iter().chain(["UM_CALL_ROUTER", "None"]).map(caseless);
    let name = format!("(?:{})", all.collect::<Vec<_>>().join("|"));
    json_schema!({
        "description": "Services: their names, their integer, or the short form of a table.",
        "examples": ["IIS, SMTP", ["IIS", "SMTP"], 12, "...WS.."],
        "anyOf": [
            { "type": "string", "pattern": format!(r"^[\s,|]*{name}(?:[\s,|]+{name})*[\s,|]*$") },
            {
                "description": "The places of Format-Table, a dot where a service is absent.",
                "type": "string",
                "pattern": r"^\s*[.Ii][.Pp][.Uu][.Ww][.Ss](?:[.Ff][.Cc]?)?\s*$",
            },
            { "type": "string", "pattern": r"^\s*-?[0-9]+\s*$" },
            { "type": "integer", "minimum": 0, "maximum": Service::all().bits() },
            { "type": "array", "items": { "type": "string", "pattern": format!(r"^\s*{name}\s*$") } },
        ],
    })
}

impl<T: JsonSchema> JsonSchema for Fact<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Fact_of_{}", T::schema_name()).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("Fact<{}>", T::schema_id()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        let none = match generator.contract().is_deserialize() {
            true => {
                json_schema!({ "type": "string", "pattern": "^(?:[Nn][Oo][Nn][Ee]|[Uu][Nn][Kk][Nn][Oo][Ww][Nn])$" })
            }
            false => json_schema!({ "const": "none" }),
        };
        json_schema!({ "description": "`none` if there is none, null if it is not known.", "anyOf": [value, none, { "type": "null" }] })
    }
}

impl JsonSchema for NotRead {
    fn schema_name() -> Cow<'static, str> {
        "NotRead".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let what = generator.subschema_for::<NotReadKind>();
        let message = generator.subschema_for::<Option<Text>>();
        json_schema!({
            "description": "What was asked for and not answered, or not exported: alone, or with what was answered.",
            "anyOf": [
                what,
                {
                    "type": "object",
                    "properties": { "what": what, "message": message },
                    "required": ["what"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
