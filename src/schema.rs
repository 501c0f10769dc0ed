//! JSON Schemas of what is read and written (draft 2020-12), for editors, validators and generators of code.
//!
//! The same as files stand in the folder `docs/schema` of the package. A schema of what is read accepts every form that
//! the crate reads, and some texts that it refuses: that a certificate is one, and whether fields go together, is for
//! [`Scenario`] to say. A schema of what is written names every field; programs should be ready for more of them in a
//! later version. Types that are part of these have schemas of their own, by [`schemars::JsonSchema`].
//!
//! ```
//! let scenario = exchange_certificates::schema::scenario();
//! assert!(scenario.pointer("/$defs/Server/properties/default_smtp").is_some());
//! ```

mod answers;
mod audits;
mod values;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::scenario::{Outcome, Scenario};

/// What a scenario file may hold, as [`Scenario`] is read.
///
/// ```
/// let schema = exchange_certificates::schema::scenario();
/// assert!(schema.pointer("/properties/server").is_some());
/// assert_eq!(schema.get("additionalProperties"), Some(&false.into()), "an unknown field is an error");
/// ```
pub fn scenario() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let mut schema = titled::<Scenario>(settings, "Scenario", "A scenario file");
    // Files without a request are read too, by who asks about servers alone.
    schema.remove("required");
    schema
}

/// What the answer to a scenario holds, as [`Outcome`] is written: a plan, a refusal, a decision, a stale plan, a
/// rollout or a verification.
///
/// ```
/// let schema = exchange_certificates::schema::answer();
/// assert!(schema.pointer("/$defs/Refusal/properties/assignable").is_some());
/// ```
pub fn answer() -> Schema {
    titled::<Outcome>(SchemaSettings::draft2020_12().for_serialize(), "Answer", "The answer to a scenario")
}

/// What an audit holds, as [`Audit`](crate::Audit) is written, and as the example `audit` prints it with `--json`.
///
/// ```
/// let schema = exchange_certificates::schema::audit();
/// assert!(schema.pointer("/$defs/AuditFinding/properties/key").is_some());
/// ```
pub fn audit() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = titled::<audits::Answer>(settings, "Audit", "What an audit found");
    RecursiveTransform(closed).transform(&mut schema);
    schema
}

fn titled<T: JsonSchema>(settings: SchemaSettings, title: &str, description: &str) -> Schema {
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.insert("description".to_owned(), description.into());
    RecursiveTransform(first_paragraph).transform(&mut schema);
    schema
}

/// Says of an object with known fields that there are no others, though a reader of it would not mind them.
fn closed(schema: &mut Schema) {
    if schema.get("properties").is_some() {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
}

/// Leaves of a description that is written for readers of code what is there for readers of files.
fn first_paragraph(schema: &mut Schema) {
    let Some(description) = schema.get("description").and_then(|it| it.as_str()) else { return };
    let paragraph = description.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let mut plain = String::with_capacity(paragraph.len());
    let mut parts = paragraph.split("](");
    plain.extend(parts.next());
    // The targets of links, each up to its parenthesis.
    parts.for_each(|part| plain.extend(part.split_once(')').map(|(_, rest)| rest)));
    schema.insert("description".to_owned(), plain.replace(['[', ']'], "").into());
}
