//! A server as a scenario file writes it.

use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    AuthCertificates, Connector, DefaultSmtp, Installed, Inventory, LoadBalancing, Role, Server, ServerError,
    StartupMode, Version,
};
use crate::json_object::JsonObject;
use crate::text::{self, Text};
use crate::thumbprint::Thumbprint;

/// The `server` of a scenario file. A null is a setting left out.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerForm {
    name: Text,
    fqdn: Option<Text>,
    version: Version,
    roles: Vec<Role>,
    um_startup_mode: Option<StartupMode>,
    um_call_router_startup_mode: Option<StartupMode>,
    imap_certificate_name: Option<Text>,
    pop_certificate_name: Option<Text>,
    client_names: Option<Vec<Text>>,
    edge_subscribed: Option<bool>,
    load_balancing: Option<LoadBalancing>,
    #[serde(default)]
    default_smtp: DefaultSmtp,
    auth_certificates: Option<AuthCertificates>,
    connectors: Option<Vec<Connector>>,
    certificates: Inventory,
}

impl TryFrom<JsonObject<ServerForm>> for Server {
    type Error = ServerError;

    fn try_from(JsonObject(form): JsonObject<ServerForm>) -> Result<Self, ServerError> {
        let server = Self::new(form.name.0, form.version, form.roles)?;
        let server = Self {
            fqdn: form.fqdn.map(|text| text.0),
            um_startup_mode: form.um_startup_mode.unwrap_or_default(),
            um_call_router_startup_mode: form.um_call_router_startup_mode.unwrap_or_default(),
            imap_certificate_name: form.imap_certificate_name.map(|text| text.0),
            pop_certificate_name: form.pop_certificate_name.map(|text| text.0),
            client_names: form.client_names.map(text::strings),
            edge_subscribed: form.edge_subscribed.unwrap_or_default(),
            load_balancing: form.load_balancing.unwrap_or_default(),
            default_smtp: form.default_smtp,
            auth_certificates: form.auth_certificates,
            inventory: form.certificates,
            ..server
        };
        Ok(form.connectors.into_iter().flatten().fold(server, Self::with_connector))
    }
}

impl From<Server> for ServerForm {
    fn from(server: Server) -> Self {
        Self {
            name: Text(server.name.as_ref().to_owned()),
            fqdn: server.fqdn.map(Text),
            version: server.version,
            roles: server.roles.into_iter().collect(),
            um_startup_mode: Some(server.um_startup_mode),
            um_call_router_startup_mode: Some(server.um_call_router_startup_mode),
            imap_certificate_name: server.imap_certificate_name.map(Text),
            pop_certificate_name: server.pop_certificate_name.map(Text),
            client_names: server.client_names.map(|names| names.into_iter().map(Text).collect()),
            edge_subscribed: Some(server.edge_subscribed),
            load_balancing: Some(server.load_balancing),
            default_smtp: server.default_smtp,
            auth_certificates: server.auth_certificates,
            connectors: Some(server.connectors),
            certificates: server.inventory,
        }
    }
}

/// The `auth_certificates` of a scenario file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthCertificatesForm {
    current: Option<Thumbprint>,
    next: Option<Thumbprint>,
}

impl From<JsonObject<AuthCertificatesForm>> for AuthCertificates {
    fn from(JsonObject(form): JsonObject<AuthCertificatesForm>) -> Self {
        Self { current: form.current, next: form.next }
    }
}

/// `"none"` or a thumbprint.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) enum DefaultSmtpForm {
    None,
    Certificate(Thumbprint),
}

impl TryFrom<String> for DefaultSmtpForm {
    type Error = crate::thumbprint::ThumbprintError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.eq_ignore_ascii_case("none") { Ok(Self::None) } else { text.parse().map(Self::Certificate) }
    }
}

impl From<DefaultSmtpForm> for String {
    fn from(form: DefaultSmtpForm) -> Self {
        match form {
            DefaultSmtpForm::None => "none".to_owned(),
            DefaultSmtpForm::Certificate(thumbprint) => thumbprint.to_string(),
        }
    }
}

impl From<Option<DefaultSmtpForm>> for DefaultSmtp {
    fn from(form: Option<DefaultSmtpForm>) -> Self {
        match form {
            None => Self::NotKnown,
            Some(DefaultSmtpForm::None) => Self::None,
            Some(DefaultSmtpForm::Certificate(thumbprint)) => Self::Certificate(thumbprint),
        }
    }
}

impl From<DefaultSmtp> for Option<DefaultSmtpForm> {
    fn from(default_smtp: DefaultSmtp) -> Self {
        match default_smtp {
            DefaultSmtp::NotKnown => None,
            DefaultSmtp::None => Some(DefaultSmtpForm::None),
            DefaultSmtp::Certificate(thumbprint) => Some(DefaultSmtpForm::Certificate(thumbprint)),
        }
    }
}

impl Serialize for Inventory {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Inventory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Certificates;

        impl<'de> Visitor<'de> for Certificates {
            type Value = Inventory;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of installed certificates")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Inventory, A::Error> {
                let mut inventory = Inventory::default();
                while list.next_element_seed(Next(&mut inventory))?.is_some() {}
                Ok(inventory)
            }
        }

        deserializer.deserialize_seq(Certificates)
    }
}

/// Reads one certificate into the inventory, so that an error stands at its place in the list.
struct Next<'a>(&'a mut Inventory);

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.insert(Installed::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
