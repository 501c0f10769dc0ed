//! The settings of connectors.

use super::error::{FieldError, ImportError};
use super::value::Object;
use crate::fact::Fact;
use crate::server::{Connector, TlsCertificateName, TlsCertificateNameError, TransportRole};
use crate::text::TextError;

/// Gives a connector all settings that the object has.
pub(super) fn settings(object: &Object, connector: Connector) -> Result<Connector, ImportError> {
    let connector = names(object, connector)?;
    let connector = switches(object, connector)?;
    let connector = lists(object, connector)?;
    Ok(match object.text("TransportRole").unwrap_or_default().to_ascii_lowercase().as_str() {
        "frontendtransport" | "16384" => connector.with_transport_role(TransportRole::FrontendTransport),
        "hubtransport" | "32" => connector.with_transport_role(TransportRole::HubTransport),
        _ => connector,
    })
}

/// The name of the certificate and the FQDN, which may be there and empty.
fn names(object: &Object, mut connector: Connector) -> Result<Connector, ImportError> {
    let field = "TlsCertificateName";
    let name = match (object.get(field), object.text(field)) {
        (None, _) => Fact::NotKnown,
        (Some(_), None) => Fact::None,
        (Some(_), Some(name)) => {
            let name: Result<TlsCertificateName, TlsCertificateNameError> = name.parse();
            Fact::Value(name.map_err(|error| object.origin.field(field, error))?)
        }
    };
    connector = connector.with_tls_certificate_name(name).map_err(|error| object.origin.field(field, error))?;
    let fqdn = match object.get("Fqdn") {
        None => Fact::NotKnown,
        Some(_) => Fact::from(object.checked("Fqdn")?),
    };
    connector.with_fqdn(fqdn).map_err(|error| object.origin.field("Fqdn", error))
}

fn switches(object: &Object, mut connector: Connector) -> Result<Connector, ImportError> {
    type Give = fn(Connector, bool) -> Connector;
    let give: [(&'static str, Give); 5] = [
        ("Enabled", Connector::with_enabled),
        ("IgnoreSTARTTLS", Connector::with_ignore_starttls),
        ("RequireTLS", Connector::with_require_tls),
        ("DomainSecureEnabled", Connector::with_domain_secure_enabled),
        ("CloudServicesMailEnabled", Connector::with_cloud_services_mail_enabled),
    ];
    for (field, give) in give {
        connector = match object.text(field) {
            None => connector,
            Some(text) if text.eq_ignore_ascii_case("true") => give(connector, true),
            Some(text) if text.eq_ignore_ascii_case("false") => give(connector, false),
            Some(text) => {
                let error = FieldError::Value { text: text.to_owned(), expected: "true or false" };
                return Err(object.origin.field(field, error));
            }
        };
    }
    Ok(connector)
}

fn lists(object: &Object, mut connector: Connector) -> Result<Connector, ImportError> {
    type Give = fn(Connector, Vec<String>) -> Result<Connector, TextError>;
    let give: [(&'static str, Give); 3] = [
        ("TlsDomainCapabilities", Connector::with_tls_domain_capabilities),
        ("SmartHosts", Connector::with_smart_hosts),
        ("Bindings", Connector::with_bindings),
    ];
    for (field, give) in give {
        let Some(value) = object.get(field) else { continue };
        let texts = value.texts().into_iter().map(str::to_owned).collect();
        connector = give(connector, texts).map_err(|error| object.origin.field(field, error))?;
    }
    let field = "AuthMechanism";
    let Some(value) = object.get(field) else { return Ok(connector) };
    let names = match value.number() {
        Some(number) => auth_mechanisms(number),
        None => value.texts().into_iter().flat_map(|text| text.split(',')).map(|name| name.trim().to_owned()).collect(),
    };
    let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
    connector.with_auth_mechanism(names).map_err(|error| object.origin.field(field, error))
}

/// The mechanisms of a number, in which a remote session may write them.
fn auth_mechanisms(number: i64) -> Vec<String> {
    let names = [
        (1, "Tls"),
        (2, "Integrated"),
        (4, "BasicAuth"),
        (8, "BasicAuthRequireTLS"),
        (16, "ExchangeServer"),
        (32, "ExternalAuthoritative"),
    ];
    names.iter().filter(|(bit, _)| number & bit != 0).map(|(_, name)| (*name).to_owned()).collect()
}
