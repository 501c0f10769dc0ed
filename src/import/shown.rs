//! What an object is of which only names and printed values are known, and what its values mean.

use super::error::{FieldError, ImportError, Origin};
use super::note::ImportNote;
use super::value::{Object, ObjectKind, Structure, Value};
use super::wrapped::{Habit, Wrapped, is_cut};

/// An object as a list, a row of a table or a line of CSV shows it.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) origin: Origin,
    /// What was asked for last, if the text says so.
    pub(super) asked: Option<ObjectKind>,
    pub(super) members: Vec<Member>,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) value: Wrapped,
    /// How its lines were broken, and how long they are.
    pub(super) habit: Habit,
    pub(super) widest: usize,
}

/// What was read of a text, and what is to be said of it.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) objects: Vec<Object>,
    pub(super) notes: Vec<ImportNote>,
}

impl Reading {
    /// Takes an object, or says why it is passed over.
    pub(super) fn take(&mut self, shown: &Shown) {
        match shown.object() {
            Ok(object) => self.objects.push(object),
            Err(why) => self.notes.push(ImportNote::NotTaken { origin: shown.origin.clone(), why }),
        }
    }

    /// The error of a text of which nothing could be taken.
    pub(super) fn nothing(&self, otherwise: ImportError) -> ImportError {
        let left = self.notes.iter().find_map(|note| match note {
            ImportNote::NotTaken { origin, why } => Some((origin, *why)),
            _ => None,
        });
        match left {
            Some((origin, NO_THUMBPRINT)) => origin.field("Thumbprint", FieldError::Missing),
            Some((origin, why)) => origin.syntax(why),
            None => otherwise,
        }
    }
}

const NO_THUMBPRINT: &str = "a certificate without its thumbprint";
const NO_KIND: &str = "a connector, of which nothing says whether it sends or receives";
const NO_PROTOCOL: &str = "settings of IMAP or POP, and nothing says of which";
const NO_NAME: &str = "an object without its whole name";
const NO_SERVER: &str = "settings without the name of their server";

impl Shown {
    fn get(&self, name: &str) -> Option<&Wrapped> {
        self.members.iter().find(|member| member.name.eq_ignore_ascii_case(name)).map(|member| &member.value)
    }

    fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }

    fn kind(&self) -> Result<ObjectKind, &'static str> {
        if self.has(&["Thumbprint", "RawData", "SerializationData"]) {
            return Ok(ObjectKind::Certificate);
        }
        for (kind, names) in MARKS {
            if self.has(names) {
                return Ok(*kind);
            }
        }
        // Databases and virtual directories say the version of their server too.
        if self.has(&["ServerRole"]) || self.has(&["AdminDisplayVersion"]) && !self.has(&["Server"]) {
            return Ok(ObjectKind::Server);
        }
        if self.has(&["X509CertificateName"]) {
            return self.protocol();
        }
        match self.asked {
            Some(
                kind @ (ObjectKind::SendConnector | ObjectKind::ReceiveConnector | ObjectKind::HybridConfiguration),
            ) => Ok(kind),
            _ if !self.has(&["TlsCertificateName"]) => Err(NO_THUMBPRINT),
            _ if self.get("Identity").is_some_and(|identity| identity.compact().contains('\\')) => {
                Ok(ObjectKind::ReceiveConnector)
            }
            _ => Err(NO_KIND),
        }
    }

    /// Whose settings they are, as far as they say so or were asked for.
    fn protocol(&self) -> Result<ObjectKind, &'static str> {
        let says = |words: [&str; 3]| {
            let names = ["ProtocolName", "DistinguishedName", "ObjectCategory", "Banner", "Id"];
            let values =
                names.iter().filter_map(|name| self.get(name)).map(|value| value.compact().to_ascii_lowercase());
            values.into_iter().any(|value| words.iter().any(|word| value.contains(word)))
        };
        match (says(["imap4", "-imap-", "imap"]), says(["pop3", "-pop-", "pop"])) {
            (true, false) => return Ok(ObjectKind::ImapSettings),
            (false, true) => return Ok(ObjectKind::PopSettings),
            _ => {}
        }
        match self.asked {
            Some(kind @ (ObjectKind::ImapSettings | ObjectKind::PopSettings)) => Ok(kind),
            _ if self.has(&["ShowHiddenFoldersEnabled"]) => Ok(ObjectKind::ImapSettings),
            _ if self.has(&["MessageRetrievalSortOrder"]) => Ok(ObjectKind::PopSettings),
            _ => file_is_of(&self.origin.file).ok_or(NO_PROTOCOL),
        }
    }

    fn object(&self) -> Result<Object, &'static str> {
        let kind = self.kind()?;
        let mut members: Vec<(&'static str, Value)> = Vec::new();
        for member in &self.members {
            let Some(name) = kind.wants(&member.name) else { continue };
            if members.iter().any(|(known, _)| *known == name) {
                continue;
            }
            members.extend(member.value(name).map(|value| (name, value)));
        }
        let has = |name: &str| members.iter().any(|(known, value)| *known == name && value.text().is_some());
        match kind {
            ObjectKind::Certificate if !has("Thumbprint") && !has("RawData") && !has("SerializationData") => {
                return Err(NO_THUMBPRINT);
            }
            ObjectKind::SendConnector | ObjectKind::Server if !has("Name") => {
                // The identity of both is the name.
                let identity = self.members.iter().find(|member| member.name.eq_ignore_ascii_case("Identity"));
                let name = identity.and_then(|member| member.value("Name")).ok_or(NO_NAME)?;
                if name.text().is_none_or(|name| name.contains('\\')) {
                    return Err(NO_NAME);
                }
                members.retain(|(known, _)| *known != "Name");
                members.push(("Name", name));
            }
            ObjectKind::ReceiveConnector if !has("Name") && !has("Identity") => return Err(NO_NAME),
            ObjectKind::TransportService if !has("Name") && !has("Identity") => return Err(NO_SERVER),
            ObjectKind::ImapSettings | ObjectKind::PopSettings
                if !has("Server") && !has("Identity") && !has("DistinguishedName") =>
            {
                return Err(NO_SERVER);
            }
            _ => {}
        }
        Ok(Object { kind, origin: self.origin.clone(), members })
    }
}

/// What only one kind of object has.
const MARKS: &[(ObjectKind, &[&str])] = &[
    (
        ObjectKind::AuthConfiguration,
        &["CurrentCertificateThumbprint", "NextCertificateThumbprint", "NextCertificateEffectiveDate"],
    ),
    (ObjectKind::TransportService, &["InternalTransportCertificateThumbprint"]),
    (
        ObjectKind::ReceiveConnector,
        &["RemoteIPRanges", "PermissionGroups", "AuthMechanism", "TransportRole", "TlsDomainCapabilities"],
    ),
    (
        ObjectKind::SendConnector,
        &[
            "SourceTransportServers",
            "AddressSpaces",
            "DNSRoutingEnabled",
            "SmartHosts",
            "SmartHostAuthMechanism",
            "IgnoreSTARTTLS",
            "CloudServicesMailEnabled",
        ],
    ),
    (ObjectKind::HybridConfiguration, &["ReceivingTransportServers", "SendingTransportServers", "OnPremisesSmartHost"]),
];

/// Properties of `Get-ExchangeCertificate` of which nothing is read, and that tell a list or a table of it.
const OTHERS: [&str; 9] = [
    "AccessRules",
    "IsSelfSigned",
    "PublicKeySize",
    "ServicesStringForm",
    "DnsNameList",
    "EnhancedKeyUsageList",
    "NotAfter",
    "NotBefore",
    "PrivateKeyExportable",
];

/// Whether a property of this name says something that is read.
pub(super) fn is_telling(name: &str) -> bool {
    let is_mark = |name: &str| MARKS.iter().any(|(_, marks)| marks.iter().any(|mark| mark.eq_ignore_ascii_case(name)));
    let others = ["AdminDisplayVersion", "ServerRole", "X509CertificateName", "TlsCertificateName"];
    ObjectKind::Certificate.wants(name).is_some()
        || is_mark(name)
        || others.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a column of this name may stand in a table of certificates.
pub(super) fn is_of_certificate(name: &str) -> bool {
    ObjectKind::Certificate.wants(name).is_some() || OTHERS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The protocol that the name of a file tells, if it tells one alone.
fn file_is_of(file: &str) -> Option<ObjectKind> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file).to_ascii_lowercase();
    let has = |word: &str| {
        name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part.trim_start_matches("get").starts_with(word))
    };
    match (has("imap"), has("pop")) {
        (true, false) => Some(ObjectKind::ImapSettings),
        (false, true) => Some(ObjectKind::PopSettings),
        _ => None,
    }
}

/// The kind of what a cmdlet gives that a line names.
pub(super) fn asked(line: &str) -> Option<Option<ObjectKind>> {
    let (_, rest) = line.split_once("Get-")?;
    let noun = rest.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    let known = [
        ("ExchangeCertificate", ObjectKind::Certificate),
        ("ExchangeServer", ObjectKind::Server),
        ("SendConnector", ObjectKind::SendConnector),
        ("ReceiveConnector", ObjectKind::ReceiveConnector),
        ("HybridConfiguration", ObjectKind::HybridConfiguration),
        ("AuthConfig", ObjectKind::AuthConfiguration),
        ("ImapSettings", ObjectKind::ImapSettings),
        ("PopSettings", ObjectKind::PopSettings),
        ("TransportService", ObjectKind::TransportService),
        ("TransportServer", ObjectKind::TransportService),
    ];
    Some(known.iter().find_map(|(name, kind)| name.eq_ignore_ascii_case(noun).then_some(*kind)))
}

/// How the value of a property is printed.
enum Form {
    /// Without blanks: hex digits, a host name.
    Compact,
    /// A list in braces.
    List,
    /// Names of an enumeration, `True`, `False`.
    Names,
    Words,
    /// Bytes, of which only the first are shown.
    Bytes,
}

impl Form {
    fn of(name: &str) -> Self {
        match name {
            "Thumbprint"
            | "SerialNumber"
            | "CurrentCertificateThumbprint"
            | "NextCertificateThumbprint"
            | "InternalTransportCertificateThumbprint"
            | "Fqdn"
            | "X509CertificateName"
            | "PSComputerName" => Self::Compact,
            "CertificateDomains"
            | "IISServices"
            | "SourceTransportServers"
            | "SmartHosts"
            | "Bindings"
            | "TlsDomainCapabilities"
            | "ReceivingTransportServers"
            | "SendingTransportServers"
            | "EdgeTransportServers" => Self::List,
            "Services"
            | "Status"
            | "RootCAType"
            | "HasPrivateKey"
            | "Enabled"
            | "IgnoreSTARTTLS"
            | "RequireTLS"
            | "DomainSecureEnabled"
            | "CloudServicesMailEnabled"
            | "AuthMechanism"
            | "TransportRole"
            | "ServerRole" => Self::Names,
            "RawData" | "SerializationData" => Self::Bytes,
            _ => Self::Words,
        }
    }
}

impl Member {
    /// What the value of a property means; `None` if it is cut short, or tells nothing.
    fn value(&self, name: &str) -> Option<Value> {
        let compact = self.value.compact();
        if is_type_name(&compact) {
            return None;
        }
        match Form::of(name) {
            Form::Bytes => (self.value.lines() == 1 && is_base64(&compact)).then_some(Value::Text(compact)),
            Form::Compact if name == "Thumbprint" => Some(Value::Text(compact)),
            Form::Compact => (!is_cut(&compact)).then_some(Value::Text(compact)),
            Form::Names if name == "Services" => {
                let inside = compact.strip_prefix('{').map_or(compact.as_str(), |inside| inside.trim_end_matches('}'));
                // In one line the blanks tell names apart; the short form may begin and end in dots.
                let text = if self.value.lines() == 1 { self.value.words(Habit::Kept, 0) } else { inside.to_owned() };
                let is_whole = inside.parse::<crate::service::Service>().is_ok() || !is_cut(inside);
                let is_whole = is_whole && !inside.ends_with(',');
                is_whole.then_some(Value::Text(text))
            }
            Form::Names => (!is_cut(&compact)).then_some(Value::Text(compact)),
            // The domains say themselves whether they are all.
            Form::List => {
                let (items, is_cut) = self.value.list();
                if name == "CertificateDomains" && is_cut {
                    return Some(Value::Text(format!("{{{}…}}", items.join(", "))));
                }
                let items = items.into_iter().map(Value::Text).collect();
                (!is_cut).then(|| Value::Structure(Box::new(Structure { items, ..Structure::default() })))
            }
            Form::Words => {
                let words = self.value.words(self.habit, self.widest);
                let may_be_cut = matches!(name, "Subject" | "Issuer" | "FriendlyName");
                (may_be_cut || !is_cut(&words)).then_some(Value::Text(words))
            }
        }
    }
}

/// Whether a line without indent goes on with the value above it: where that is not whole without it.
pub(super) fn goes_on(name: &str, value: &Wrapped, piece: &str) -> bool {
    let Some(name) = ObjectKind::Certificate.wants(name) else { return false };
    let text = value.compact();
    match Form::of(name) {
        Form::Compact => {
            let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            name == "Thumbprint" && is_hex(&text) && is_hex(piece) && text.len() + piece.len() <= 40
        }
        Form::Names if name == "Services" => {
            let is_services = |text: &str| text.parse::<crate::service::Service>().is_ok();
            text.ends_with(',') || piece.starts_with(',') || is_services(&format!("{text}{piece}"))
        }
        _ => text.ends_with(','),
    }
}

/// Whether a text is the name of a .NET type, which stands where a value has no form of its own.
pub(super) fn is_type_name(text: &str) -> bool {
    let is_of =
        |prefix: &str| text.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    is_of("System.") || is_of("Microsoft.Exchange.") || is_of("Deserialized.")
}

fn is_base64(text: &str) -> bool {
    text.len() > 100 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}
