//! What an object of an export holds of what is needed, whatever format it was written in.

use super::error::{FieldError, ImportError, Origin};
use crate::text;
use crate::thumbprint::Thumbprint;

/// An object of a known kind with the properties that are needed of it.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) kind: ObjectKind,
    pub(super) origin: Origin,
    pub(super) members: Vec<(&'static str, Value)>,
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Nil,
    Text(String),
    Bytes(Vec<u8>),
    Structure(Box<Structure>),
}

/// A value that is an object itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Structure {
    /// How it prints.
    pub(super) text: Option<String>,
    /// The number of an enumeration.
    pub(super) number: Option<i64>,
    /// Its elements or properties.
    pub(super) items: Vec<Value>,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Certificate,
    PlainCertificate,
    Server,
    SendConnector,
    ReceiveConnector,
    HybridConfiguration,
    AuthConfiguration,
    ImapSettings,
    PopSettings,
    UmService,
    UmCallRouter,
    TransportService,
    EdgeSubscription,
    FederationTrust,
    /// With the cmdlet that gives it.
    VirtualDirectory(&'static str),
    ClientAccessService,
    /// The records of a collection.
    Collection,
    Question,
    CertificateRecord,
    Selection,
    WebBinding,
    /// A record of the probe script.
    Presented,
}

impl ObjectKind {
    /// The kind of a .NET type, by the name that PowerShell gives it.
    pub(super) fn of(type_name: &str) -> Option<Self> {
        let mut name = type_name.trim();
        // A remote session and `Select-Object` put these before the name, in either order.
        while let Some(rest) = name.strip_prefix("Deserialized.").or_else(|| name.strip_prefix("Selected.")) {
            name = rest;
        }
        if name.contains(['`', '[']) {
            return None;
        }
        if let Some(record) = name.strip_prefix("ExchangeCertificates.") {
            return Self::of_record(record);
        }
        if name == "System.Security.Cryptography.X509Certificates.X509Certificate2" {
            return Some(Self::PlainCertificate);
        }
        let (_, class) = name.strip_prefix("Microsoft.Exchange.")?.rsplit_once('.')?;
        Some(match class {
            "ExchangeCertificate" => Self::Certificate,
            "ExchangeServer" => Self::Server,
            "SmtpSendConnectorConfig" => Self::SendConnector,
            "ReceiveConnector" => Self::ReceiveConnector,
            "HybridConfiguration" => Self::HybridConfiguration,
            "AuthConfig" => Self::AuthConfiguration,
            "Imap4AdConfiguration" => Self::ImapSettings,
            "Pop3AdConfiguration" => Self::PopSettings,
            "UMServer" | "UMService" => Self::UmService,
            "SIPFEServerConfiguration" | "UMCallRouterSettings" => Self::UmCallRouter,
            "TransportServer" | "TransportService" => Self::TransportService,
            "EdgeSubscription" => Self::EdgeSubscription,
            "FederationTrust" => Self::FederationTrust,
            "ClientAccessServer" | "ClientAccessService" => Self::ClientAccessService,
            "ADOwaVirtualDirectory" => Self::VirtualDirectory("Get-OwaVirtualDirectory"),
            "ADEcpVirtualDirectory" => Self::VirtualDirectory("Get-EcpVirtualDirectory"),
            "ADWebServicesVirtualDirectory" => Self::VirtualDirectory("Get-WebServicesVirtualDirectory"),
            "ADMobileVirtualDirectory" => Self::VirtualDirectory("Get-ActiveSyncVirtualDirectory"),
            "ADOabVirtualDirectory" => Self::VirtualDirectory("Get-OabVirtualDirectory"),
            "ADAutodiscoverVirtualDirectory" => Self::VirtualDirectory("Get-AutodiscoverVirtualDirectory"),
            "ADRpcHttpVirtualDirectory" => Self::VirtualDirectory("Get-OutlookAnywhere"),
            "ADMapiVirtualDirectory" => Self::VirtualDirectory("Get-MapiVirtualDirectory"),
            _ if class.starts_with("AD") && class.ends_with("VirtualDirectory") => Self::VirtualDirectory(""),
            _ => return None,
        })
    }

    /// The kind of a record that the collection script writes.
    fn of_record(class: &str) -> Option<Self> {
        Some(match class {
            "Collection" => Self::Collection,
            "Question" => Self::Question,
            "Certificate" => Self::CertificateRecord,
            "Selection" => Self::Selection,
            "WebBinding" => Self::WebBinding,
            "Presented" => Self::Presented,
            _ => return None,
        })
    }

    /// Whether the bytes inside the value of a property are needed.
    pub(super) fn wants_bytes(self) -> bool {
        self == Self::FederationTrust
    }

    /// The property of this name, if it is needed of such an object.
    pub(super) fn wants(self, name: &str) -> Option<&'static str> {
        self.properties().iter().copied().find(|known| known.eq_ignore_ascii_case(name))
    }

    fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Certificate | Self::PlainCertificate => &[
                "RawData",
                "SerializationData",
                "PSComputerName",
                "Services",
                "Status",
                "RootCAType",
                "FriendlyName",
                "HasPrivateKey",
                "IISServices",
                "Identity",
                "Thumbprint",
                "Subject",
                "Issuer",
                "SerialNumber",
                "CertificateDomains",
                "NotBefore",
                "NotAfter",
            ],
            Self::Server => &["Name", "Fqdn", "AdminDisplayVersion", "ServerRole", "Site"],
            Self::SendConnector => &[
                "Name",
                "Fqdn",
                "TlsCertificateName",
                "SourceTransportServers",
                "Enabled",
                "IgnoreSTARTTLS",
                "RequireTLS",
                "DomainSecureEnabled",
                "CloudServicesMailEnabled",
                "SmartHosts",
            ],
            Self::ReceiveConnector => &[
                "Name",
                "Fqdn",
                "TlsCertificateName",
                "Server",
                "Identity",
                "Enabled",
                "AuthMechanism",
                "TransportRole",
                "Bindings",
                "TlsDomainCapabilities",
                "RequireTLS",
                "DomainSecureEnabled",
            ],
            Self::HybridConfiguration => &[
                "Name",
                "TlsCertificateName",
                "ReceivingTransportServers",
                "SendingTransportServers",
                "EdgeTransportServers",
            ],
            Self::AuthConfiguration => {
                &["CurrentCertificateThumbprint", "NextCertificateThumbprint", "NextCertificateEffectiveDate"]
            }
            Self::ImapSettings | Self::PopSettings => {
                &["X509CertificateName", "Server", "Identity", "DistinguishedName"]
            }
            Self::UmService | Self::UmCallRouter => {
                &["UMStartupMode", "Name", "Server", "Identity", "DistinguishedName"]
            }
            Self::TransportService => &["Name", "Identity", "InternalTransportCertificateThumbprint"],
            Self::EdgeSubscription => &["Name", "Identity", "Site"],
            Self::FederationTrust => &["Name", "OrgCertificate"],
            Self::VirtualDirectory(_) => &[
                "InternalUrl",
                "ExternalUrl",
                "InternalHostname",
                "ExternalHostname",
                "Server",
                "Identity",
                "DistinguishedName",
            ],
            Self::ClientAccessService => &["Name", "Identity", "AutoDiscoverServiceInternalUri"],
            Self::Collection => &["Format", "Collected", "Edge"],
            Self::Question => &["Server", "Cmdlet", "About", "Outcome", "Count", "Message"],
            Self::CertificateRecord => &[
                "Server",
                "RawData",
                "SerializationData",
                "IISServices",
                "Services",
                "Status",
                "RootCAType",
                "FriendlyName",
                "HasPrivateKey",
            ],
            Self::Selection => &["Server", "Fqdn", "Thumbprints"],
            Self::WebBinding => &["Server", "protocol", "bindingInformation", "certificateHash", "ItemXPath"],
            Self::Presented => &["Server", "Endpoint", "Address", "Port", "Name", "State", "Thumbprint", "Message"],
        }
    }
}

impl Object {
    /// The value of a property; `None` if it is not there.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.members.iter().find_map(|(member, value)| (*member == name).then_some(value))
    }

    /// How a property prints; `None` if it is not there, null, or empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::text)
    }

    /// The text of a property, checked to be fit for a command.
    pub(super) fn checked(&self, field: &'static str) -> Result<Option<&str>, ImportError> {
        let found = self.text(field);
        if let Some(found) = found {
            text::check(found).map_err(|error| self.origin.field(field, error))?;
        }
        Ok(found)
    }

    /// The text of a property that must be there.
    pub(super) fn required(&self, field: &'static str) -> Result<&str, ImportError> {
        self.checked(field)?.ok_or_else(|| self.origin.field(field, FieldError::Missing))
    }

    /// The thumbprint in a property; `None` if it is empty.
    pub(super) fn thumbprint(&self, field: &'static str) -> Result<Option<Thumbprint>, ImportError> {
        let parse = |text: &str| {
            let error = |error| FieldError::Thumbprint { text: text.to_owned(), error };
            text.parse().map_err(|parsed| self.origin.field(field, error(parsed)))
        };
        self.text(field).map(parse).transpose()
    }
}

impl Value {
    /// How it prints; nothing for null and the empty text.
    pub(super) fn text(&self) -> Option<&str> {
        let text = match self {
            Self::Text(text) => text,
            Self::Structure(structure) => structure.text.as_deref()?,
            Self::Nil | Self::Bytes(_) => return None,
        };
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// The number of an enumeration, or of a text that is one.
    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Structure(structure) if structure.number.is_some() => structure.number,
            _ => self.text()?.parse().ok(),
        }
    }

    /// The elements of a list, or the value itself if it is a text.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Structure(structure) if structure.text.is_none() => {
                structure.items.iter().filter_map(Self::text).collect()
            }
            _ => self.text().into_iter().collect(),
        }
    }

    /// Calls this with every text in the value, at whatever depth.
    pub(super) fn each_text(&self, found: &mut dyn FnMut(&str)) {
        if let Some(text) = self.text() {
            found(text);
        }
        if let Self::Structure(structure) = self {
            structure.items.iter().for_each(|item| item.each_text(found));
        }
    }
}
