//! What objects of an export say: of certificates, servers, connectors and the organisation.

use std::collections::{BTreeSet, HashSet};

use super::described::{Known, ServerFacts, build_numbers, version};
use super::error::{FieldError, ImportError};
use super::note::ImportNote;
use super::questions::Question;
use super::records::{Records, ServerKey, server_key};
use super::value::{Object, ObjectKind, Value};
use super::{certificates, collected, connectors, presented};
use crate::fact::Fact;
use crate::server::{AuthCertificates, Connector, ConnectorKind, Role, StartupMode, Version};
use crate::text::{self, Caseless};

/// Takes what an object says into the records. `server` is the caller's word for whose it is.
///
/// An object is left out, and named, if a name in it holds a control character.
pub(super) fn take(records: &mut Records, mut object: Object, server: Option<&str>) -> Result<(), ImportError> {
    object.origin.collected.clone_from(&records.collected);
    match taken(records, &object, server) {
        Ok(question) => {
            question.into_iter().for_each(|question| records.account.found(question, 1));
            Ok(())
        }
        // Without one of its looks a probe would say less than it seems to.
        Err(error) if error.is_about_control_character() && object.kind != ObjectKind::Presented => {
            let question = question(records, object.kind, collected::said_server(&object));
            records.account.leave_out(question, &object.origin);
            records.notes.push(ImportNote::LeftOut(error));
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// The question that an object answers. On an Edge Transport server some are about itself alone.
fn question(records: &Records, kind: ObjectKind, server: Option<ServerKey>) -> Option<Question> {
    let of_edge = matches!(kind, ObjectKind::Server | ObjectKind::SendConnector);
    let of_organization = Question::of_object(None, kind)?.what.is_of_organization();
    let server = match of_organization {
        true => records.account.edge().filter(|_| of_edge).cloned(),
        false => server,
    };
    Question::of_object(server, kind)
}

/// Takes what an object says, and tells which question it answers.
fn taken(records: &mut Records, object: &Object, server: Option<&str>) -> Result<Option<Question>, ImportError> {
    match object.kind {
        // These are counted where they are put.
        ObjectKind::Certificate | ObjectKind::PlainCertificate => {
            return certificates::take(records, object, server).map(|()| None);
        }
        ObjectKind::CertificateRecord => return collected::certificate(records, object).map(|()| None),
        ObjectKind::WebBinding => return collected::web_binding(records, object),
        ObjectKind::Presented => return presented::take(records, object).map(|()| None),
        ObjectKind::ReceiveConnector => return receive_connector(records, object),
        ObjectKind::Server => described(records, object)?,
        ObjectKind::SendConnector => send_connector(records, object)?,
        ObjectKind::HybridConfiguration => hybrid_configuration(records, object)?,
        ObjectKind::Collection => collected::collection(records, object)?,
        ObjectKind::Question => collected::question(records, object)?,
        ObjectKind::Selection => collected::selection(records, object)?,
        ObjectKind::FederationTrust => collected::federation_trust(records, object)?,
        ObjectKind::AuthConfiguration => {
            let current = object.thumbprint("CurrentCertificateThumbprint")?;
            let next = object.thumbprint("NextCertificateThumbprint")?;
            let mut auth = AuthCertificates::new(current, next);
            auth.next_effective = object.text("NextCertificateEffectiveDate").and_then(certificates::point_in_time);
            records.put_auth_certificates(Known::new(auth, &object.origin))?;
        }
        ObjectKind::EdgeSubscription => {
            let name = object.required("Name")?;
            let site = object.text("Site").map(str::to_owned);
            records.put_edge(name, Known::new(site, &object.origin))?;
        }
        ObjectKind::ImapSettings
        | ObjectKind::PopSettings
        | ObjectKind::UmService
        | ObjectKind::UmCallRouter
        | ObjectKind::TransportService
        | ObjectKind::VirtualDirectory(_)
        | ObjectKind::ClientAccessService => return setting(records, object, server),
    }
    Ok(question(records, object.kind, None))
}

fn described(records: &mut Records, object: &Object) -> Result<(), ImportError> {
    let origin = &object.origin;
    let name = object.required("Name")?;
    let build = object.checked("AdminDisplayVersion")?;
    let is_2013 = build.and_then(version) == Some(Version::Exchange2013);
    let roles = object.get("ServerRole").and_then(|value| roles(value, is_2013));
    let build = build.map(|build| Known::new(build_numbers(build), origin));
    // Others see of an Edge Transport server what it was when it was subscribed.
    let (own_build, build) = match records.account.edge().is_some_and(|edge| *edge == server_key(name)) {
        true => (build, None),
        false => (None, build),
    };
    let facts = ServerFacts {
        name: Some(Known::new(Caseless(name.to_owned()), origin)),
        fqdn: object.checked("Fqdn")?.map(|fqdn| Known::new(Caseless(fqdn.to_owned()), origin)),
        build,
        own_build,
        roles: roles.map(|roles| Known::new(roles, origin)),
        site: object.checked("Site")?.map(|site| Known::new(site.to_owned(), origin)),
        ..ServerFacts::default()
    };
    records.put_server(name, facts)
}

/// The roles by their names, or else by the bits of their number. From 2016 on the Client Access
/// services are part of the Mailbox role.
fn roles(value: &Value, is_2013: bool) -> Option<BTreeSet<Role>> {
    let names = value.text().unwrap_or_default().split(',').map(str::trim);
    let mut roles: BTreeSet<Role> = names
        .filter_map(|name| match name {
            "Mailbox" => Some(Role::Mailbox),
            "ClientAccess" | "Cafe" => Some(Role::ClientAccess),
            "Edge" | "EdgeTransport" => Some(Role::EdgeTransport),
            _ => None,
        })
        .collect();
    if roles.is_empty() {
        let number = value.number()?;
        let bits = [(2, Role::Mailbox), (1 | 4, Role::ClientAccess), (64, Role::EdgeTransport)];
        roles = bits.into_iter().filter_map(|(bits, role)| (number & bits != 0).then_some(role)).collect();
    }
    if !is_2013 && roles.contains(&Role::Mailbox) {
        roles.remove(&Role::ClientAccess);
    }
    Some(roles).filter(|roles| !roles.is_empty())
}

fn setting(records: &mut Records, object: &Object, server: Option<&str>) -> Result<Option<Question>, ImportError> {
    let origin = &object.origin;
    let of = match object.kind {
        ObjectKind::TransportService | ObjectKind::ClientAccessService => {
            object.checked("Name")?.or(object.checked("Identity")?)
        }
        ObjectKind::UmService => object.checked("Server")?.or(object.checked("Name")?).or(object.checked("Identity")?),
        // The identity is the server's name, a backslash and the name of the setting.
        _ => {
            let identity = object.checked("Identity")?.and_then(|identity| identity.split_once('\\'));
            object.checked("Server")?.or(identity.map(|(server, _)| server))
        }
    };
    let of = of.map(server_name).or_else(|| server_in(object.text("DistinguishedName")?)).or(server);
    let Some(of) = of else {
        // Without a server it says nothing.
        records.skipped += 1;
        return Ok(None);
    };
    let mut facts = ServerFacts::default();
    let certificate_name = |field| -> Result<_, ImportError> {
        let name = Fact::from(object.text(field).map(str::to_owned));
        name.as_deref().checked().map_err(|error| object.origin.field(field, error))?;
        Ok(object.get(field).map(|_| Known::new(name, origin)))
    };
    match object.kind {
        ObjectKind::ImapSettings => facts.imap_certificate_name = certificate_name("X509CertificateName")?,
        ObjectKind::PopSettings => facts.pop_certificate_name = certificate_name("X509CertificateName")?,
        ObjectKind::UmService => facts.um_startup_mode = startup_mode(object)?,
        ObjectKind::UmCallRouter => facts.um_call_router_startup_mode = startup_mode(object)?,
        ObjectKind::TransportService => {
            let field = "InternalTransportCertificateThumbprint";
            let default = object.thumbprint(field)?.map_or(Fact::None, Fact::Value);
            facts.default_smtp = object.get(field).map(|_| Known::new(default, origin));
        }
        _ => {
            let question = question(records, object.kind, None);
            let cmdlet = question.map_or("", |question| question.cmdlet);
            let identity = object.text("Identity").unwrap_or_default();
            let fields = [
                "InternalUrl",
                "ExternalUrl",
                "InternalHostname",
                "ExternalHostname",
                "AutoDiscoverServiceInternalUri",
            ];
            for field in fields.into_iter().filter(|field| object.get(field).is_some()) {
                let host = object.checked(field)?.and_then(host).map(str::to_owned);
                let key = (cmdlet, Caseless(identity.to_owned()), field);
                facts.client_names.insert(key, Known::new(host, origin));
            }
        }
    }
    records.put_server(of, facts)?;
    Ok(question(records, object.kind, Some(server_key(of))))
}

fn startup_mode(object: &Object) -> Result<Option<Known<StartupMode>>, ImportError> {
    let field = "UMStartupMode";
    let Some(text) = object.text(field) else { return Ok(None) };
    let mode = match text.to_ascii_lowercase().as_str() {
        "tcp" | "0" => StartupMode::Tcp,
        "tls" | "1" => StartupMode::Tls,
        "dual" | "2" => StartupMode::Dual,
        _ => {
            let error = FieldError::Value { text: text.to_owned(), expected: "TCP, TLS or Dual" };
            return Err(object.origin.field(field, error));
        }
    };
    Ok(Some(Known::new(mode, &object.origin)))
}

fn send_connector(records: &mut Records, object: &Object) -> Result<(), ImportError> {
    let name = object.required("Name")?;
    let connector = named(object, ConnectorKind::Send, name, servers(object, &["SourceTransportServers"])?)?;
    put(records, object, connector)
}

fn receive_connector(records: &mut Records, object: &Object) -> Result<Option<Question>, ImportError> {
    let identity = object.checked("Identity")?.and_then(|identity| identity.split_once('\\'));
    let name = object.checked("Name")?.or(identity.map(|(_, name)| name));
    let name = name.ok_or_else(|| object.origin.field("Name", FieldError::Missing))?;
    let server = object.checked("Server")?.map(server_name).or(identity.map(|(server, _)| server));
    put(records, object, named(object, ConnectorKind::Receive, name, server)?)?;
    Ok(question(records, object.kind, server.map(server_key)))
}

fn hybrid_configuration(records: &mut Records, object: &Object) -> Result<(), ImportError> {
    let name = object.checked("Name")?.unwrap_or("Hybrid Configuration");
    let of = ["SendingTransportServers", "ReceivingTransportServers", "EdgeTransportServers"];
    put(records, object, named(object, ConnectorKind::Hybrid, name, servers(object, &of)?)?)
}

fn named<T: Into<String>>(
    object: &Object,
    kind: ConnectorKind,
    name: &str,
    servers: impl IntoIterator<Item = T>,
) -> Result<Connector, ImportError> {
    let connector = Connector::new(kind, name).and_then(|connector| connector.with_servers(servers));
    connector.map_err(|error| object.origin.field("Name", error))
}

fn put(records: &mut Records, object: &Object, connector: Connector) -> Result<(), ImportError> {
    let connector = connectors::settings(object, connector)?;
    // Those of an Edge Transport server are its own.
    let edge = records.account.edge().filter(|_| connector.kind() == ConnectorKind::Send).cloned();
    records.put_connector(edge, Known::new(connector, &object.origin))
}

/// The servers that the properties name, each once.
fn servers(object: &Object, fields: &[&'static str]) -> Result<Vec<String>, ImportError> {
    let mut servers: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for field in fields {
        for server in object.get(field).map(Value::texts).unwrap_or_default() {
            text::check(server).map_err(|error| object.origin.field(field, error))?;
            let server = server_name(server);
            if seen.insert(Caseless(server)) {
                servers.push(server.to_owned());
            }
        }
    }
    Ok(servers)
}

/// The server below which an object stands in Active Directory.
fn server_in(distinguished_name: &str) -> Option<&str> {
    let (before, _) = distinguished_name.split_once(",CN=Servers,")?;
    before.rsplit_once("CN=").map(|(_, server)| server).filter(|server| text::check(server).is_ok())
}

/// The name of a server in an identity of Active Directory, which may be a path or a distinguished name.
pub(super) fn server_name(identity: &str) -> &str {
    if let Some(name) = identity.strip_prefix("CN=") {
        return name.split(',').next().unwrap_or(name);
    }
    identity.rsplit('/').next().unwrap_or(identity)
}

/// The host in a URL, or the host name that a text is.
fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?;
    Some(host).filter(|host| text::check(host).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_found_in_a_url_and_in_a_host_name() {
        for (url, expected) in [
            ("https://mail.contoso.com/owa", Some("mail.contoso.com")),
            ("https://mail.contoso.com:444/EWS/Exchange.asmx", Some("mail.contoso.com")),
            ("https://mail.contoso.com?x", Some("mail.contoso.com")),
            ("mail.contoso.com", Some("mail.contoso.com")),
            ("/owa", None),
            ("https://", None),
            ("https:// /owa", None),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }

    #[test]
    fn a_server_is_named_by_a_path_or_a_distinguished_name_too() {
        for identity in ["MBX01", "contoso.com/Configuration/Servers/MBX01", "CN=MBX01,CN=Servers,DC=contoso"] {
            assert_eq!(server_name(identity), "MBX01");
        }
    }

    #[test]
    fn a_server_is_found_above_its_settings() {
        let name = "CN=UMCallRouterSettings,CN=Protocols,CN=MBX01,CN=Servers,CN=Administrative Groups,DC=contoso";
        assert_eq!(server_in(name), Some("MBX01"));
        assert_eq!(server_in("CN=MBX01,CN=Servers,DC=contoso"), Some("MBX01"));
        assert_eq!(server_in("CN=Auth Configuration,DC=contoso"), None);
    }

    #[test]
    fn roles_are_read_from_names_or_a_number() {
        let text = |text: &str| Value::Text(text.to_owned());
        let mailbox = Some(BTreeSet::from([Role::Mailbox]));
        let both = Some(BTreeSet::from([Role::Mailbox, Role::ClientAccess]));
        assert_eq!(roles(&text("Mailbox, ClientAccess"), true), both);
        assert_eq!(roles(&text("Mailbox, ClientAccess"), false), mailbox);
        assert_eq!(roles(&text("Edge"), false), Some(BTreeSet::from([Role::EdgeTransport])));
        assert_eq!(roles(&text("16438"), true), both);
        assert_eq!(roles(&text("None"), false), None);
    }
}
