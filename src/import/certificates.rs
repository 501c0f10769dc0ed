//! What an object says of a certificate: by its properties, or inside `SerializationData`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::error::{FieldError, ImportError, Origin};
use super::exported::{ExportedCertificate, Facts};
use super::listed::Listed;
use super::nrbf::{self, Item, Malformed};
use super::property_list;
use super::records::{Records, server_key};
use super::value::{Object, Value};
use crate::base64;
use crate::certificate::Certificate;
use crate::rfc3339;
use crate::server::{RootCaType, Status};
use crate::service::Service;
use crate::time::Timestamp;

const DATA: &str = "SerializationData";

pub(super) fn take(records: &mut Records, object: &Object, server: Option<&str>) -> Result<(), ImportError> {
    let raw = bytes(object, "RawData")?;
    let data = bytes(object, DATA)?;
    let mut facts = facts(object)?;
    let serialized = data.as_deref().map(|data| serialized(data, &object.origin)).transpose()?.unwrap_or_default();
    if serialized.facts.has_private_key.is_some() {
        // The property is of the computer that the session ran on, which has no key of other servers.
        facts.has_private_key = None;
    }
    if let Some(what) = facts.differs(&serialized.facts) {
        let text = what.to_owned();
        return Err(object.origin.field(DATA, FieldError::Value { text, expected: "what the properties say" }));
    }
    facts.fill(serialized.facts);
    if let (Some(raw), Some(der)) = (raw.as_deref(), serialized.der)
        && raw != der
    {
        let expected = "the same certificate as RawData";
        return Err(object.origin.field(DATA, FieldError::Value { text: "CertData".to_owned(), expected }));
    }
    let identity = serialized.identity.or(object.checked("Identity")?);
    let own = identity.and_then(|identity| identity.rsplit_once('\\')).map(|(server, _)| server);
    let server = own.or(server).or(object.checked("PSComputerName")?);
    let server = server.map(|name| records.server_name(name, &object.origin)).transpose()?;
    let der: Option<&[u8]> = raw.as_deref().or(serialized.der);
    let Some(der) = der else {
        let server = server.as_deref().map(str::to_owned);
        return records.put_listed(listed(object, facts, server)?);
    };
    let certificate = Certificate::from_der(der)
        .map_err(|error| ImportError::Certificate { origin: object.origin.clone(), error })?;
    if let Some(other) = object.thumbprint("Thumbprint")?.filter(|other| *other != certificate.thumbprint()) {
        let error = FieldError::Value { text: other.to_string(), expected: "the thumbprint of RawData" };
        return Err(object.origin.field("Thumbprint", error));
    }
    put(records, ExportedCertificate::new(certificate, server, facts, object.origin.clone()))
}

/// Takes the record of a certificate, which says of which server it was asked.
pub(super) fn take_record(records: &mut Records, object: &Object, server: &str) -> Result<(), ImportError> {
    let raw = bytes(object, "RawData")?.filter(|raw| !raw.is_empty());
    let raw = raw.ok_or_else(|| object.origin.field("RawData", FieldError::Missing))?;
    let data = bytes(object, DATA)?;
    let serialized = data.as_deref().map(|data| serialized(data, &object.origin)).transpose()?.unwrap_or_default();
    let mut known = serialized.facts;
    known.fill(facts(object)?);
    let identity = serialized.identity.and_then(|identity| identity.rsplit_once('\\')).map(|(server, _)| server);
    let fqdn = identity.filter(|identity| server_key(identity) == server_key(server));
    let server = records.server_name(fqdn.unwrap_or(server), &object.origin)?;
    let certificate = Certificate::from_der(&*raw)
        .map_err(|error| ImportError::Certificate { origin: object.origin.clone(), error })?;
    put(records, ExportedCertificate::new(certificate, Some(server), known, object.origin.clone()))
}

fn put(records: &mut Records, certificate: ExportedCertificate) -> Result<(), ImportError> {
    records.account.found_certificate(certificate.shared_server());
    records.put_certificate(certificate)
}

/// What `SerializationData` holds.
#[derive(Default)]
struct Serialized<'a> {
    facts: Facts,
    der: Option<&'a [u8]>,
    identity: Option<&'a str>,
}

fn serialized<'a>(data: &'a [u8], origin: &Origin) -> Result<Serialized<'a>, ImportError> {
    let binary = |field, offset: usize| {
        move |error: Malformed| ImportError::Binary {
            origin: origin.clone(),
            field,
            byte: offset + error.byte,
            expected: error.expected,
        }
    };
    let graph = nrbf::read(data).map_err(binary(DATA, 0))?;
    let mut serialized = Serialized::default();
    if let Some(Item::Bytes(bytes)) = graph.member("CertData") {
        let list = property_list::read(bytes).map_err(binary("CertData", 0))?;
        serialized.facts.friendly_name = list.friendly_name;
        serialized.facts.has_private_key = Some(list.key_storage.is_some());
        serialized.facts.key_storage = list.key_storage;
        serialized.der = list.der;
    }
    let number = |field| graph.enumeration(field).map(|number| (field, number));
    let facts = &mut serialized.facts;
    facts.services = number("Services").map(|(field, value)| services_of(value, field, origin)).transpose()?;
    facts.status =
        number("Status").map(|(field, value)| small(value, field, origin).map(Status::from_value)).transpose()?;
    facts.root_ca_type = number("RootCAType")
        .map(|(field, value)| small(value, field, origin).map(RootCaType::from_value))
        .transpose()?;
    let mut sites = BTreeSet::new();
    let list = graph.each_text("IISServices", &mut |text| sites.extend(site(text)));
    facts.web_sites = list.map(|()| sites);
    if let Some(Item::Text(identity)) = graph.member("Identity") {
        crate::text::check(identity).map_err(|error| origin.field("Identity", error))?;
        serialized.identity = Some(identity);
    }
    Ok(serialized)
}

fn facts(object: &Object) -> Result<Facts, ImportError> {
    let origin = &object.origin;
    let web_sites = object.get("IISServices").filter(|value| matches!(value, Value::Structure(_))).map(|value| {
        let mut sites = BTreeSet::new();
        value.each_text(&mut |text| sites.extend(site(text)));
        sites
    });
    Ok(Facts {
        friendly_name: friendly_name(object),
        has_private_key: boolean(object, "HasPrivateKey")?,
        key_storage: None,
        status: named(object, "Status", 8, Status::from_value, "a status of Get-ExchangeCertificate")?,
        root_ca_type: named(object, "RootCAType", 6, RootCaType::from_value, "a root CA type")?,
        services: services(object, origin)?,
        web_sites,
    })
}

/// The friendly name as it stands, blanks at its ends included.
fn friendly_name(object: &Object) -> Option<String> {
    match object.get("FriendlyName")? {
        Value::Text(name) => Some(name.clone()).filter(|name| !name.is_empty()),
        other => other.text().map(str::to_owned),
    }
}

fn services(object: &Object, origin: &Origin) -> Result<Option<Service>, ImportError> {
    let field = "Services";
    let Some(value) = object.get(field) else { return Ok(None) };
    if let Some(number) = value.number() {
        return services_of(number, field, origin).map(Some);
    }
    let texts = value.texts().join(", ");
    let texts = texts.strip_prefix('{').unwrap_or(&texts).trim_end_matches('}');
    if texts.is_empty() {
        return Ok(None);
    }
    match texts.parse() {
        // The short form may end in dots, and is whole then.
        Ok(services) => Ok(Some(services)),
        Err(_) if is_cut_short(texts) => Ok(None),
        Err(error) => Err(origin.field(field, error)),
    }
}

fn services_of(number: i64, field: &'static str, origin: &Origin) -> Result<Service, ImportError> {
    Service::from_value(number).map_err(|error| origin.field(field, error))
}

fn small(number: i64, field: &'static str, origin: &Origin) -> Result<u32, ImportError> {
    let expected = "a number of an enumeration";
    let error = |_| origin.field(field, FieldError::Value { text: number.to_string(), expected });
    u32::try_from(number).map_err(error)
}

/// A value of an enumeration by its number or its name.
fn named<T: std::fmt::Display>(
    object: &Object,
    field: &'static str,
    count: u32,
    from_value: fn(u32) -> T,
    expected: &'static str,
) -> Result<Option<T>, ImportError> {
    let Some(value) = object.get(field) else { return Ok(None) };
    if let Some(number) = value.number() {
        return small(number, field, &object.origin).map(|number| Some(from_value(number)));
    }
    let Some(text) = value.text() else { return Ok(None) };
    let found = (0..count).map(from_value).find(|value| value.to_string().eq_ignore_ascii_case(text));
    let error = || object.origin.field(field, FieldError::Value { text: text.to_owned(), expected });
    found.map(Some).ok_or_else(error)
}

fn boolean(object: &Object, field: &'static str) -> Result<Option<bool>, ImportError> {
    let Some(text) = object.text(field) else { return Ok(None) };
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(Some(true)),
        "false" | "0" => Ok(Some(false)),
        _ => {
            let error = FieldError::Value { text: text.to_owned(), expected: "True or False" };
            Err(object.origin.field(field, error))
        }
    }
}

/// The number of the site in a text like `IIS://host/W3SVC/2`.
fn site(text: &str) -> Option<u32> {
    let mut parts = text.split('/');
    parts.find(|part| part.eq_ignore_ascii_case("W3SVC"))?;
    parts.next()?.parse().ok()
}

/// The bytes of a property, in whichever way they are written.
fn bytes<'a>(object: &'a Object, field: &'static str) -> Result<Option<Cow<'a, [u8]>>, ImportError> {
    let Some(value) = object.get(field).filter(|value| **value != Value::Nil) else { return Ok(None) };
    let bytes = bytes_of(object, field, value)?;
    // Bytes that are there and empty are damaged; an empty text or list says that there are none.
    Ok(Some(bytes).filter(|bytes| matches!(value, Value::Bytes(_)) || !bytes.is_empty()))
}

/// The bytes of a value of a property; none of null.
pub(super) fn bytes_of<'a>(
    object: &Object,
    field: &'static str,
    value: &'a Value,
) -> Result<Cow<'a, [u8]>, ImportError> {
    let error = |text: &str| {
        let text = text.chars().take(40).collect();
        object.origin.field(field, FieldError::Value { text, expected: "base64 or an array of bytes" })
    };
    match value {
        Value::Nil => Ok(Cow::Borrowed(&[])),
        Value::Bytes(bytes) => Ok(bytes.into()),
        Value::Text(text) => base64::decode(text).map(Cow::Owned).map_err(|_| error(text)),
        Value::Structure(structure) => {
            let byte = |item: &Value| item.text().and_then(|text| text.parse::<u8>().ok());
            let bytes: Option<Vec<u8>> = structure.items.iter().map(byte).collect();
            bytes.map(Cow::Owned).ok_or_else(|| error(structure.text.as_deref().unwrap_or_default()))
        }
    }
}

/// An entry without its DER: what was shown, and no more.
fn listed(object: &Object, facts: Facts, server: Option<String>) -> Result<Listed, ImportError> {
    let thumbprint =
        object.thumbprint("Thumbprint")?.ok_or_else(|| object.origin.field("Thumbprint", FieldError::Missing))?;
    let text = |field| object.text(field).map(str::to_owned);
    let (domains, domains_cut_short) = domains(object);
    Ok(Listed {
        services: facts.services,
        status: facts.status,
        root_ca_type: facts.root_ca_type,
        subject: text("Subject"),
        issuer: text("Issuer"),
        serial_number: text("SerialNumber"),
        domains,
        domains_cut_short,
        friendly_name: facts.friendly_name,
        has_private_key: facts.has_private_key,
        web_sites: facts.web_sites,
        not_before: object.text("NotBefore").and_then(point_in_time),
        not_after: object.text("NotAfter").and_then(point_in_time),
        server,
        ..Listed::new(thumbprint, object.origin.clone())
    })
}

/// The domains of a list, or of a text in braces; and whether it was cut short.
fn domains(object: &Object) -> (Option<Vec<String>>, bool) {
    let Some(value) = object.get("CertificateDomains") else { return (None, false) };
    let Some(text) = value.text().filter(|text| text.starts_with('{')) else {
        // A list that was made a text has blanks between its names, or commas.
        let names = value.texts().into_iter().flat_map(|text| text.split([' ', ',', ';']));
        let names = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        return (Some(names).filter(|_| *value != Value::Nil), false);
    };
    let inside = text.trim_start_matches('{');
    let (inside, is_closed) = inside.strip_suffix('}').map_or((inside, false), |inside| (inside, true));
    let whole = inside.trim_end_matches(['.', '…']);
    let names = whole.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    (Some(names.collect()), !is_closed || is_cut_short(inside))
}

fn is_cut_short(text: &str) -> bool {
    text.ends_with("...") || text.ends_with('…')
}

/// A time in a form that means the same everywhere: `/Date(1575413252000)/` or ISO with a zone.
pub(super) fn point_in_time(text: &str) -> Option<std::time::SystemTime> {
    let Some(inside) = text.strip_prefix("/Date(").and_then(|text| text.strip_suffix(")/")) else {
        return rfc3339::parse(text).ok();
    };
    // A zone may follow, which does not change the point in time.
    let digits = inside.char_indices().skip(1).find(|(_, character)| matches!(character, '+' | '-'));
    let number = digits.map_or(Some(inside), |(at, _)| inside.get(..at))?;
    Timestamp::from_seconds(number.parse::<i64>().ok()?.div_euclid(1000)).to_system_time()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_the_number_after_the_service() {
        assert_eq!(site("IIS://MBX01/W3SVC/2"), Some(2));
        assert_eq!(site("IIS://MBX01/w3svc/1/ROOT"), Some(1));
        assert_eq!(site("IIS://MBX01/W3SVC"), None);
        assert_eq!(site("https://mail.contoso.com/2"), None);
    }

    #[test]
    fn a_time_is_read_where_it_means_the_same_everywhere() {
        let read = |text| point_in_time(text).map(|time| rfc3339::print(time).to_string());
        let expected = Some("2019-12-03T22:47:32Z".to_owned());
        assert_eq!(read("/Date(1575413252000)/"), expected);
        assert_eq!(read("/Date(-1000)/").as_deref(), Some("1969-12-31T23:59:59Z"));
        assert_eq!(read("/Date(1575413252000+0100)/"), expected);
        assert_eq!(read("2019-12-03T14:47:32-08:00"), expected);
        assert_eq!(read("12/02/2018 1:53:00 PM"), None);
        assert_eq!(read("2019-12-03T14:47:32"), None);
    }
}
