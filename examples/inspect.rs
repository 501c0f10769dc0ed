//! Shows what exports of Exchange say: certificates, servers and connectors.
//!
//! Exit status 0, or 3 where a file cannot be read: then one line on standard error names it and the place.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use comfy_table::{Table, presets};
use exchange_certificates::import::{ExportedCertificate, Import, Listed, collection_script, probe_script};
use exchange_certificates::{
    AuthCertificates, Connector, Endpoint, Fact, Installed, NotRead, NotReadKind, PresentedAt, Role, Server, Service,
    Thumbprint, rfc3339,
};
use serde::Serialize;
use serde_json::{Value, json};

mod common {
    pub(crate) mod exports;
    pub(crate) mod input;
    pub(crate) mod output;
}
use common::exports::{self, Completeness, read};
use common::input::{self, BadInput, plain, pretty};
use common::output;

const HELP: &str = "\
Example: inspect exchange-certificates.xml --endpoints

Exit status 0, or 3: bad input.";

/// Shows what exports of Exchange say: CLIXML, JSON, Format-List and Format-Table text, PEM, DER, PKCS#7.
#[derive(Parser)]
#[command(name = "inspect", version, after_help = HELP)]
struct Arguments {
    /// The files to read, in any order and mixture; - is standard input.
    #[arg(value_name = "FILE", required_unless_present_any = ["collection_script", "probe_script"])]
    files: Vec<PathBuf>,
    /// Prints one JSON object.
    #[arg(long, conflicts_with_all = ["format_list", "scenario"])]
    json: bool,
    /// Prints the certificates as Format-List shows them.
    #[arg(long, conflicts_with = "scenario")]
    format_list: bool,
    /// Prints a scenario of this server for the example `assign`, with a request to be edited.
    #[arg(long, value_name = "SERVER")]
    scenario: Option<String>,
    /// Prints a scenario of all servers for the examples `assign` and `rollout`, with a request to be edited.
    #[arg(long, conflicts_with_all = ["json", "format_list", "scenario"])]
    fleet: bool,
    /// Prints which certificate each server presents where, and why.
    #[arg(long, conflicts_with_all = ["format_list", "scenario", "fleet"])]
    endpoints: bool,
    /// The point in time for --endpoints, and at which the certificate of --scenario and --fleet is valid, like 2026-11-24 or
    /// 2026-11-24T08:00:00Z; by default that of the clock.
    #[arg(long, value_name = "TIME", conflicts_with = "format_list")]
    now: Option<String>,
    #[command(flatten)]
    completeness: Completeness,
    /// Prints the PowerShell that collects everything that is read here.
    #[arg(long)]
    collection_script: bool,
    /// Prints the PowerShell that looks at what the servers really present.
    #[arg(long, conflicts_with = "collection_script")]
    probe_script: bool,
}

fn main() -> ExitCode {
    match input::arguments::<Arguments>().map(|arguments| shown(&arguments)) {
        Ok(Ok(text)) => {
            output::text(&text);
            ExitCode::SUCCESS
        }
        Ok(Err(bad_input)) => bad_input.report(),
        Err(status) => status,
    }
}

fn shown(arguments: &Arguments) -> Result<String, BadInput> {
    if arguments.collection_script {
        return Ok(collection_script().to_owned());
    }
    if arguments.probe_script {
        return Ok(probe_script().to_owned());
    }
    let mut import = Import::new();
    for file in &arguments.files {
        read(&mut import, file)?;
    }
    let import = arguments.completeness.of(import)?;
    let now = input::now(arguments.now.as_deref())?;
    let now = now.unwrap_or_else(SystemTime::now);
    let is_for_other_use = arguments.scenario.is_some() || arguments.fleet || arguments.format_list;
    if is_for_other_use || arguments.endpoints && !arguments.json {
        import.notes().iter().for_each(|note| eprintln!("note: {}", plain(&note.to_string())));
    }
    if let Some(name) = &arguments.scenario {
        let server = import.server(name).map_err(|error| {
            let known: Vec<_> = import.servers().iter().map(|server| plain(server.name())).collect();
            let known = if known.is_empty() { String::new() } else { format!("; the files hold {}", known.join(", ")) };
            BadInput::named(format!("{error}{known}"))
        })?;
        let request = request([&server], now);
        return pretty(&json!({ "server": server, "policy": {}, "request": request }));
    }
    if arguments.fleet {
        let fleet = exports::fleet(&import);
        let mut scenario = json!({ "servers": fleet, "policy": {}, "request": request(fleet.servers(), now) });
        let not_read: Vec<_> = fleet.not_read().collect();
        if !not_read.is_empty() {
            scenario["not_read"] = json!(not_read);
        }
        return pretty(&scenario);
    }
    let certificates: Vec<_> = import
        .certificates()
        .map(|certificate| Row::of_certificate(&import, certificate))
        .chain(import.listed().map(|listed| Row::of_listed(&import, listed)))
        .collect();
    let endpoints = arguments.endpoints.then(|| endpoints(&import, now));
    if arguments.json {
        return pretty(&Answer { endpoints, ..Answer::new(&import, certificates) });
    }
    if let Some(endpoints) = endpoints {
        return Ok(endpoint_table(&endpoints));
    }
    Ok(if arguments.format_list { format_list(&certificates) } else { tables(&import, &certificates) })
}

/// An endpoint with the server that it belongs to.
#[derive(Serialize)]
struct EndpointRow {
    server: String,
    #[serde(flatten)]
    endpoint: Endpoint,
}

/// What the described servers present.
fn endpoints(import: &Import, now: SystemTime) -> Vec<EndpointRow> {
    let fleet = exports::fleet(import);
    let row = |endpoint: Endpoint| EndpointRow { server: endpoint.server().to_owned(), endpoint };
    fleet.endpoints(now).into_iter().map(row).collect()
}

fn endpoint_table(rows: &[EndpointRow]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(["Server", "Endpoint", "Presents"]);
    for row in rows {
        table.add_row([
            plain(&row.server),
            plain(&row.endpoint.title().to_string()),
            plain(&row.endpoint.answer().to_string()),
        ]);
    }
    format!("{table}\n")
}

/// A certificate, or what a listing shows of one.
#[derive(Serialize)]
struct Row {
    thumbprint: String,
    subject: Option<String>,
    issuer: Option<String>,
    serial: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    domains: Option<Vec<String>>,
    /// Whether there are more domains, which were not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    domains_cut_short: bool,
    services: Option<Service>,
    status: Option<exchange_certificates::Status>,
    root_ca_type: Option<exchange_certificates::RootCaType>,
    friendly_name: Option<String>,
    has_private_key: Option<bool>,
    key_storage: Option<exchange_certificates::KeyStorage>,
    web_sites: Option<Vec<u32>>,
    server: Option<String>,
}

impl Row {
    fn of_certificate(import: &Import, exported: &ExportedCertificate) -> Self {
        let certificate = exported.certificate();
        Self {
            thumbprint: exported.thumbprint().to_string(),
            subject: Some(certificate.subject().to_string()),
            issuer: Some(certificate.issuer().to_string()),
            serial: Some(certificate.serial_number().to_string()),
            not_before: Some(rfc3339::print(certificate.not_before()).to_string()),
            not_after: Some(rfc3339::print(certificate.not_after()).to_string()),
            domains: Some(certificate.domains().into_iter().map(Into::into).collect()),
            domains_cut_short: false,
            services: exported.services(),
            status: exported.status(),
            root_ca_type: exported.root_ca_type(),
            friendly_name: exported.friendly_name().map(str::to_owned),
            has_private_key: exported.has_private_key(),
            key_storage: exported.key_storage(),
            web_sites: exported.web_sites().map(|sites| sites.iter().copied().collect()),
            server: exported.server().map(|name| import.printed_name(name)),
        }
    }

    fn of_listed(import: &Import, listed: &Listed) -> Self {
        Self {
            thumbprint: listed.thumbprint.to_string(),
            subject: listed.subject.clone(),
            issuer: listed.issuer.clone(),
            serial: listed.serial_number.clone(),
            not_before: listed.not_before.map(|time| rfc3339::print(time).to_string()),
            not_after: listed.not_after.map(|time| rfc3339::print(time).to_string()),
            domains: listed.domains.clone(),
            domains_cut_short: listed.domains_cut_short,
            services: listed.services,
            status: listed.status,
            root_ca_type: listed.root_ca_type,
            friendly_name: listed.friendly_name.clone(),
            has_private_key: listed.has_private_key,
            key_storage: None,
            web_sites: listed.web_sites.as_ref().map(|sites| sites.iter().copied().collect()),
            server: listed.server.as_deref().map(|name| import.printed_name(name)),
        }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    format: u8,
    not_read: Vec<NotReadRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    certificates: Vec<Row>,
    servers: Vec<Value>,
    connectors: Vec<ConnectorRow<'a>>,
    auth_certificates: Option<AuthCertificates>,
    federation_certificate: Fact<Thumbprint>,
    /// What the probe script saw.
    presented_at: Vec<&'a PresentedAt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoints: Option<Vec<EndpointRow>>,
}

/// Something that was not read, of a server or else of the organisation.
#[derive(Serialize)]
struct NotReadRow<'a> {
    server: Option<&'a str>,
    what: NotReadKind,
    message: Option<String>,
}

impl<'a> NotReadRow<'a> {
    fn all(import: &'a Import) -> Vec<Self> {
        let entries = import.not_read().into_iter();
        let row = |(server, entry): (Option<&'a str>, NotRead)| Self {
            server,
            what: entry.what(),
            message: entry.message().map(str::to_owned),
        };
        entries.map(row).collect()
    }
}

/// A connector with all that is known of it: `"none"` if it was exported and is empty, null if it is not known.
#[derive(Serialize)]
struct ConnectorRow<'a> {
    kind: exchange_certificates::ConnectorKind,
    name: &'a str,
    tls_certificate_name: Fact<String>,
    servers: &'a [String],
    fqdn: Fact<&'a str>,
    enabled: Option<bool>,
    auth_mechanism: Option<&'a [String]>,
    transport_role: Option<exchange_certificates::TransportRole>,
    ignore_starttls: Option<bool>,
    require_tls: Option<bool>,
    domain_secure_enabled: Option<bool>,
    cloud_services_mail_enabled: Option<bool>,
    tls_domain_capabilities: Option<&'a [String]>,
    smart_hosts: Option<&'a [String]>,
    bindings: Option<&'a [String]>,
}

impl<'a> ConnectorRow<'a> {
    fn new(connector: &'a Connector) -> Self {
        Self {
            kind: connector.kind(),
            name: connector.name(),
            tls_certificate_name: connector.tls_certificate_name().map(ToString::to_string),
            servers: connector.servers(),
            fqdn: connector.fqdn(),
            enabled: connector.enabled(),
            auth_mechanism: connector.auth_mechanism(),
            transport_role: connector.transport_role(),
            ignore_starttls: connector.ignore_starttls(),
            require_tls: connector.require_tls(),
            domain_secure_enabled: connector.domain_secure_enabled(),
            cloud_services_mail_enabled: connector.cloud_services_mail_enabled(),
            tls_domain_capabilities: connector.tls_domain_capabilities(),
            smart_hosts: connector.smart_hosts(),
            bindings: connector.bindings(),
        }
    }
}

impl<'a> Answer<'a> {
    fn new(import: &'a Import, certificates: Vec<Row>) -> Self {
        let servers = import.servers().into_iter().map(|server| {
            json!({
                "name": server.name(),
                "fqdn": server.fqdn(),
                "version": server.version(),
                "roles": server.roles(),
                "build": server.build(),
                "site": server.site(),
                "um_startup_mode": server.um_startup_mode(),
                "um_call_router_startup_mode": server.um_call_router_startup_mode(),
                "imap_certificate_name": server.imap_certificate_name(),
                "pop_certificate_name": server.pop_certificate_name(),
                "client_names": server.client_names(),
                "edge_subscribed": server.edge_subscribed(),
                "default_smtp": server.default_smtp(),
                "web_bindings": server.web_bindings(),
                "selection": server.selection(),
            })
        });
        Self {
            format: 3,
            not_read: NotReadRow::all(import),
            notes: import.notes().iter().map(ToString::to_string).collect(),
            certificates,
            servers: servers.collect(),
            connectors: import.connectors().map(ConnectorRow::new).collect(),
            auth_certificates: import.auth_certificates(),
            federation_certificate: import.federation_certificate(),
            presented_at: import.presented().collect(),
            endpoints: None,
        }
    }
}

/// A request to be edited: it assigns the certificate that is most likely meant, the one that expires last of
/// those that are valid now and that a CA issued, or else of those that IIS has.
fn request<'a>(servers: impl IntoIterator<Item = &'a Server>, now: SystemTime) -> Value {
    let candidate = |installed: &&Installed| {
        let certificate = installed.certificate();
        let is_current = (certificate.not_before()..=certificate.not_after()).contains(&now);
        (is_current, !certificate.is_self_signed(), installed.has(Service::IIS), certificate.not_after())
    };
    let mut hosted = Service::empty();
    let mut installed = Vec::new();
    for server in servers {
        hosted |= server.hosts();
        installed.extend(server.certificates());
    }
    let likely = installed.into_iter().max_by_key(candidate);
    let thumbprint = likely.map_or_else(|| "0".repeat(40), |installed| installed.thumbprint().to_string());
    let services = hosted & (Service::IIS | Service::SMTP);
    json!({ "operation": "assign", "thumbprint": thumbprint, "services": services, "mode": "add" })
}

fn format_list(certificates: &[Row]) -> String {
    let mut text = String::new();
    for row in certificates {
        let or_empty = |value: &Option<String>| plain(value.as_deref().unwrap_or_default());
        let printed = |value: Option<String>| value.unwrap_or_default();
        let boolean = |value| if value { "True" } else { "False" };
        let more = if row.domains_cut_short { "..." } else { "" };
        let domains = row.domains.as_ref().map(|domains| format!("{{{}{more}}}", plain(&domains.join(", "))));
        let lines = [
            ("CertificateDomains", printed(domains)),
            ("FriendlyName", or_empty(&row.friendly_name)),
            ("HasPrivateKey", row.has_private_key.map(boolean).unwrap_or_default().to_owned()),
            ("Issuer", or_empty(&row.issuer)),
            ("NotAfter", or_empty(&row.not_after)),
            ("NotBefore", or_empty(&row.not_before)),
            ("RootCAType", printed(row.root_ca_type.map(|value| value.to_string()))),
            ("SerialNumber", or_empty(&row.serial)),
            ("Services", printed(row.services.map(|value| value.to_string()))),
            ("Status", printed(row.status.map(|value| value.to_string()))),
            ("Subject", or_empty(&row.subject)),
            ("Thumbprint", row.thumbprint.clone()),
        ];
        for (name, value) in lines {
            text.push_str(format!("{name:<18} : {value}").trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

fn tables(import: &Import, certificates: &[Row]) -> String {
    let mut text = String::new();
    let mut show = |title: &str, header: &[&str], rows: Vec<Vec<String>>| {
        if !rows.is_empty() {
            let mut table = Table::new();
            table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header).add_rows(rows);
            text.push_str(&format!("{title}\n{table}\n\n"));
        }
    };
    let rows = NotReadRow::all(import).into_iter().map(|row| {
        vec![
            row.server.map_or_else(|| "(organisation)".to_owned(), plain),
            row.what.to_string(),
            row.message.as_deref().map(plain).unwrap_or_default(),
            row.what.cmdlets().join("\n"),
        ]
    });
    show("Not read", &["Server", "What", "Answer", "Read by"], rows.collect());
    let known = |value: Option<String>| value.map_or_else(|| "?".to_owned(), |value| plain(&value));
    let rows = certificates.iter().map(|row| {
        vec![
            known(row.server.clone()),
            row.thumbprint.clone(),
            known(row.subject.clone()),
            known(
                row.domains.as_ref().map(|domains| domains.join(" ") + if row.domains_cut_short { " …" } else { "" }),
            ),
            known(row.services.map(|services| services.to_string())),
            known(row.status.map(|status| status.to_string())),
            known(row.not_after.clone()),
        ]
    });
    let header = ["Server", "Thumbprint", "Subject", "Domains", "Services", "Status", "Not after"];
    show("Certificates", &header, rows.collect());
    let roles = |roles: std::collections::BTreeSet<Role>| {
        roles.iter().map(|role| format!("{role:?}")).collect::<Vec<_>>().join(", ")
    };
    let servers = import.servers().into_iter().map(|server| {
        vec![
            plain(server.name()),
            known(server.fqdn().map(str::to_owned)),
            known(server.version().map(|version| version.title().to_owned()).or(server.build().map(str::to_owned))),
            known(server.roles().map(|held| roles(held.clone()))),
            known(server.default_smtp().and_then(|default| default.value()).map(|thumbprint| thumbprint.to_string())),
        ]
    });
    show("Servers", &["Name", "FQDN", "Version", "Roles", "Default SMTP certificate"], servers.collect());
    let connectors = import.connectors().map(|connector: &Connector| {
        vec![
            format!("{:?}", connector.kind()),
            plain(connector.name()),
            connector.tls_certificate_name().value().map_or_else(String::new, |name| plain(&name.to_string())),
            plain(&connector.servers().join(", ")),
        ]
    });
    show("Connectors", &["Kind", "Name", "TlsCertificateName", "Servers"], connectors.collect());
    let presented = import.presented().map(|seen| {
        vec![
            plain(&seen.server),
            seen.endpoint.as_deref().map(plain).unwrap_or_default(),
            plain(&format!("{}:{}", seen.address, seen.port)),
            plain(&seen.name),
            seen.thumbprint.map_or_else(|| format!("not seen: {}", plain(&seen.message)), |it| it.to_string()),
        ]
    });
    show("Presented", &["Server", "Endpoint", "Looked at", "Name", "Thumbprint"], presented.collect());
    if let Some(auth) = import.auth_certificates() {
        let printed =
            |thumbprint: Option<_>| thumbprint.map_or_else(|| "none".to_owned(), |value: Thumbprint| value.to_string());
        text.push_str(&format!("Auth certificates: current {}, next {}\n", printed(auth.current), printed(auth.next)));
    }
    let unknown = certificates.iter().filter(|row| row.services.is_none()).count();
    if unknown > 0 {
        text.push_str(&format!("The services of {unknown} of {} certificates are not known.\n", certificates.len()));
    }
    for note in import.notes() {
        text.push_str(&format!("Note: {}\n", plain(&note.to_string())));
    }
    if import.skipped() > 0 {
        text.push_str(&format!("{} objects of other kinds were passed over.\n", import.skipped()));
    }
    text
}
