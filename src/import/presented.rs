//! The records of the probe script: what was really presented at a port.

use indexmap::map::Entry;

use super::collected::{number, one_line};
use super::described::{Conflict, Known};
use super::error::{FieldError, ImportError};
use super::records::Records;
use super::value::Object;
use crate::text::Caseless;
use crate::verify::PresentedAt;

/// The server, the address, the port, and the name that was asked for.
pub(super) type PresentedKey = (Caseless<String>, Caseless<String>, u16, Caseless<String>);

/// Takes a record.
pub(super) fn take(records: &mut Records, object: &Object) -> Result<(), ImportError> {
    let wrong = |field: &'static str, text: &str, expected: &'static str| {
        object.origin.field(field, FieldError::Value { text: text.to_owned(), expected })
    };
    let port = number(object, "Port")?;
    let port = u16::try_from(port).ok().filter(|port| *port > 0);
    let port = port.ok_or_else(|| {
        wrong("Port", object.text("Port").unwrap_or_default(), "the number of a port, from 1 to 65535")
    })?;
    let (server, address) = (object.required("Server")?, object.required("Address")?);
    let state = object.required("State")?;
    let thumbprint = object.thumbprint("Thumbprint")?;
    let seen = match (state, thumbprint) {
        ("seen", Some(thumbprint)) => PresentedAt::seen(server, address, port, thumbprint),
        ("seen", None) => return Err(object.origin.field("Thumbprint", FieldError::Missing)),
        ("not-seen", None) => {
            let message = object.text("Message").and_then(one_line).unwrap_or_default();
            PresentedAt::not_seen(server, address, port, message)
        }
        ("not-seen", Some(_)) => return Err(wrong("State", state, "seen, and there is a thumbprint")),
        _ => return Err(wrong("State", state, "seen or not-seen")),
    };
    let seen = seen.with_name(object.required("Name")?);
    let seen = match object.checked("Endpoint")? {
        Some(endpoint) => seen.with_endpoint(endpoint),
        None => seen,
    };
    records.put_presented(Known::new(seen, &object.origin))
}

impl Records {
    /// Takes a look at a port. One that saw a certificate holds beside one that saw nothing; two that saw different
    /// ones contradict each other.
    pub(super) fn put_presented(&mut self, seen: Known<PresentedAt>) -> Result<(), ImportError> {
        let PresentedAt { server, address, port, name, .. } = seen.value.clone();
        let mut entry = match self.presented.entry((Caseless(server), Caseless(address), port, Caseless(name))) {
            Entry::Vacant(entry) => {
                entry.insert(seen);
                return Ok(());
            }
            Entry::Occupied(entry) => entry,
        };
        let known = entry.get_mut();
        let what = match (known.value.thumbprint, seen.value.thumbprint) {
            _ if known.value.endpoint != seen.value.endpoint => "the endpoint",
            (Some(one), Some(other)) if one != other => "the certificate",
            (None, Some(_)) => {
                *known = seen;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let subject = format!("port {} of {}", known.value.port, known.value.server);
        Err(Conflict { what, one: known.origin.clone(), other: seen.origin }.about(&subject))
    }
}
