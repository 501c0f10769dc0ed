//! The records of a collection: what was asked, what came of it, and what only a collection holds.

use std::sync::Arc;

use super::certificates;
use super::described::{Known, ServerFacts};
use super::error::{FieldError, ImportError};
use super::note::ImportNote;
use super::objects::server_name;
use super::questions::{Asked, Collection, Question};
use super::records::{Records, server_key};
use super::value::{Object, Value};
use crate::rfc3339;
use crate::server::{NotReadKind, WebBinding};
use crate::text::{self, Caseless};
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// The format of the records that are read.
const FORMAT: i64 = 3;

/// The first record of a file: its format, and when and where it was collected.
pub(super) fn collection(records: &mut Records, object: &Object) -> Result<(), ImportError> {
    let format = number(object, "Format")?;
    let collected = object.text("Collected").map(|text| {
        let error = |_| FieldError::Value { text: text.to_owned(), expected: "a date in UTC" };
        rfc3339::parse(text).map(Timestamp::from).map_err(|parsed| object.origin.field("Collected", error(parsed)))
    });
    let collected = collected.transpose()?;
    let edge = object.checked("Edge")?.map(server_key);
    if format > FORMAT {
        records.notes.push(ImportNote::NewerFormat { origin: object.origin.clone(), format });
    }
    records.collected = collected.map(Arc::new);
    records.account.collection = Some(Collection { format, edge });
    Ok(())
}

/// A question, and whether it was answered.
pub(super) fn question(records: &mut Records, object: &Object) -> Result<(), ImportError> {
    let cmdlet = object.required("Cmdlet")?;
    let server = object.checked("Server")?;
    let outcome = object.required("Outcome")?;
    let message = match outcome {
        "read" | "failed" => None,
        "absent" => Some(format!("neither the shell nor the caller's role has {cmdlet}")),
        "elsewhere" => Some("only its own shell can read this: run the collection script there too".to_owned()),
        // A later format may have others.
        _ if records.account.collection.as_ref().is_some_and(|collection| collection.format > FORMAT) => {
            Some(outcome.to_owned())
        }
        _ => {
            let expected = "read, failed, absent or elsewhere";
            return Err(object.origin.field("Outcome", FieldError::Value { text: outcome.to_owned(), expected }));
        }
    };
    let count = number(object, "Count")?;
    let Some(question) = Question::of_record(server, cmdlet, object.checked("About")?) else { return Ok(()) };
    records.account.asked.push(Asked {
        question,
        is_read: outcome == "read",
        count: u64::try_from(count).unwrap_or_default(),
        message: object.text("Message").and_then(one_line).or(message),
        origin: object.origin.clone(),
    });
    Ok(())
}

/// A certificate with the server that it was asked of.
pub(super) fn certificate(records: &mut Records, object: &Object) -> Result<(), ImportError> {
    certificates::take_record(records, object, object.required("Server")?)
}

/// The thumbprints that a server finds for a host name, in its order.
pub(super) fn selection(records: &mut Records, object: &Object) -> Result<(), ImportError> {
    let server = object.required("Server")?;
    let host = object.required("Fqdn")?;
    let texts = object.get("Thumbprints").map(Value::texts).unwrap_or_default();
    let thumbprints: Result<Vec<Thumbprint>, _> = texts.into_iter().map(|text| parsed(object, text)).collect();
    let thumbprints = thumbprints?;
    let Some(question) = Question::of_record(Some(server), "Get-ExchangeCertificate", Some(host)) else {
        return Ok(());
    };
    records.account.found(question.clone(), thumbprints.len() as u64);
    records.account.selections.insert(question, thumbprints);
    Ok(())
}

fn parsed(object: &Object, text: &str) -> Result<Thumbprint, ImportError> {
    let error = |error| FieldError::Thumbprint { text: text.to_owned(), error };
    text.parse().map_err(|parsed| object.origin.field("Thumbprints", error(parsed)))
}

/// A binding of a web site; only those of https have a certificate.
pub(super) fn web_binding(records: &mut Records, object: &Object) -> Result<Option<Question>, ImportError> {
    let server = server_key(object.required("Server")?);
    let question = Question::new(Some(server.clone()), NotReadKind::WebBindings, "Get-WebBinding");
    if !object.text("protocol").is_some_and(|protocol| protocol.eq_ignore_ascii_case("https")) {
        return Ok(Some(question));
    }
    let path = object.required("ItemXPath")?;
    let site = site(path).ok_or_else(|| {
        let expected = "a path with the number of a site, as in site[@id='1']";
        object.origin.field("ItemXPath", FieldError::Value { text: path.to_owned(), expected })
    })?;
    // The hash is a text of hex digits, or bytes; nothing where no certificate is bound.
    let hash = match object.get("certificateHash") {
        Some(Value::Text(text)) => text.trim().to_owned(),
        Some(value) => certificates::bytes_of(object, "certificateHash", value)?.iter().map(hex).collect(),
        None => String::new(),
    };
    let thumbprint = Some(hash).filter(|hash| !hash.is_empty()).map(|text| {
        let error = |error| FieldError::Thumbprint { text: text.clone(), error };
        text.parse().map_err(|parsed| object.origin.field("certificateHash", error(parsed)))
    });
    let information = object.required("bindingInformation")?;
    let binding = WebBinding::new(site, information, thumbprint.transpose()?).map_err(|_| {
        let expected = "address, port and host name with colons between";
        object.origin.field("bindingInformation", FieldError::Value { text: information.to_owned(), expected })
    })?;
    records.account.bindings.entry(server).or_default().push(binding);
    Ok(Some(question))
}

/// The number of the site in `/system.applicationHost/sites/site[@name='Default Web Site' and @id='1']`.
fn site(path: &str) -> Option<u32> {
    // The name may hold anything, and stands before the number.
    let (_, rest) = path.rsplit_once("@id=")?;
    let rest = rest.strip_prefix(['\'', '"'])?;
    rest.split(['\'', '"']).next()?.parse().ok()
}

fn hex(byte: &u8) -> String {
    format!("{byte:02X}")
}

pub(super) fn number(object: &Object, field: &'static str) -> Result<i64, ImportError> {
    let value = object.get(field).ok_or_else(|| object.origin.field(field, FieldError::Missing))?;
    value.number().ok_or_else(|| {
        let text = value.text().unwrap_or_default().to_owned();
        object.origin.field(field, FieldError::Value { text, expected: "a whole number" })
    })
}

/// A message as one line; nothing is left of an empty one.
pub(super) fn one_line(message: &str) -> Option<String> {
    let words = message.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    Some(line).filter(|line| text::check(line).is_ok())
}

/// Whose certificate a federation trust uses. A session gives all of it, or how it prints.
pub(super) fn federation_trust(records: &mut Records, object: &Object) -> Result<(), ImportError> {
    let field = "OrgCertificate";
    let certificate = match object.get(field) {
        None => return Ok(()),
        Some(Value::Structure(structure)) => structure.items.iter().find_map(|item| match item {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }),
        Some(Value::Bytes(bytes)) => Some(bytes),
        Some(_) => None,
    };
    let thumbprint = match certificate {
        Some(der) => {
            let certificate = crate::certificate::Certificate::from_der(der.as_slice())
                .map_err(|error| ImportError::Certificate { origin: object.origin.clone(), error })?;
            Some(certificate.thumbprint())
        }
        None => object.text(field).and_then(printed_thumbprint),
    };
    match thumbprint {
        Some(thumbprint) => records.put_federation(Known::new(thumbprint, &object.origin)),
        None => Ok(()),
    }
}

/// The thumbprint in how a certificate prints: the line after `[Thumbprint]`.
fn printed_thumbprint(text: &str) -> Option<Thumbprint> {
    let (_, rest) = text.split_once("[Thumbprint]")?;
    rest.trim_start().lines().next()?.parse().ok()
}

/// Takes over what stands in a whole file once it is known whether all of it was read.
pub(super) fn conclude(records: &mut Records) -> Result<(), ImportError> {
    let mut account = std::mem::take(&mut records.account);
    // What a probe saw tells nothing of what was exported.
    account.is_bare |= records.are_of_probe_alone() && account.collection.is_none() && account.asked.is_empty();
    let answers = account.answers(records.collected.as_deref().copied());
    for asked in &account.asked {
        let question = &asked.question;
        let Some(server) = question.server.as_ref().filter(|_| answers.settles(question)) else { continue };
        let mut facts = ServerFacts::default();
        match (question.what, &question.host) {
            (NotReadKind::WebBindings, _) => {
                let bindings = account.bindings.remove(server).unwrap_or_default();
                facts.web_bindings = Some(Known::new(bindings, &asked.origin));
            }
            (NotReadKind::Selection, Some(Caseless(host))) => {
                let thumbprints = account.selections.remove(question).unwrap_or_default();
                facts.selection.insert(Caseless(host.clone()), Known::new(thumbprints, &asked.origin));
            }
            _ => continue,
        }
        records.put_server(&server.0, facts)?;
    }
    records.answers.merge(answers);
    Ok(())
}

/// The server that an object is of, as far as it can be told of one that is left out.
pub(super) fn said_server(object: &Object) -> Option<super::records::ServerKey> {
    let identity = object.text("Identity").and_then(|identity| identity.split_once('\\')).map(|(server, _)| server);
    let name = object.text("Server").map(server_name).or(identity)?;
    text::check(name).is_ok().then(|| server_key(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_the_number_at_the_end_of_the_path() {
        let path = "/system.applicationHost/sites/site[@name='Default Web Site' and @id='1']";
        assert_eq!(site(path), Some(1));
        assert_eq!(site("/sites/site[@name='@id='7' and @id='2']"), Some(2));
        assert_eq!(site("/sites/site[@name='a']"), None);
        assert_eq!(site("/sites/site[@id='x']"), None);
    }

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(one_line("Access\r\nis  denied.\u{1b}[0m").as_deref(), Some("Access is denied. [0m"));
        assert_eq!(one_line(" \n"), None);
    }
}
