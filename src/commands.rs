//! Every cmdlet that is written anywhere, once.

mod edge_subscription;
mod explained;
mod unattended;

use std::borrow::Cow;

pub(crate) use self::edge_subscription::*;
pub(crate) use self::explained::*;
pub(crate) use self::unattended::*;
use crate::certificate::Certificate;
use crate::powershell::{Bare, Command};
use crate::server::{Connector, ConnectorKind, Installed, Server, TlsCertificateName, Version};
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

// Certificates

/// Assigns a certificate to services.
pub(crate) fn enable(server: &Server, thumbprint: impl Into<Bare>, services: Service) -> Command {
    Command::new("Enable-ExchangeCertificate").bare("Thumbprint", thumbprint).bare("Services", services).server(server)
}

/// Removes an installed certificate. Exchange's cmdlet fails on one without a private key.
pub(crate) fn remove_installed(server: &Server, installed: &Installed) -> Command {
    if installed.has_private_key() {
        return remove(server, installed.thumbprint());
    }
    at(server, Command::new("Remove-Item").stored(installed.thumbprint()))
}

/// Removes a certificate. Its question would take the line below it for the answer.
pub(crate) fn remove(server: &Server, thumbprint: impl Into<Bare>) -> Command {
    Command::new("Remove-ExchangeCertificate").bare("Thumbprint", thumbprint).server(server).word("-Confirm:$false")
}

/// Gets one certificate of a server.
pub(crate) fn get_certificate(server: &Server, thumbprint: Thumbprint) -> Command {
    Command::new("Get-ExchangeCertificate").bare("Thumbprint", thumbprint).server(server)
}

/// Shows the certificates of a server, to find the right thumbprint.
pub(crate) fn show_certificates(server: &Server) -> Command {
    get_certificates(server).list("FriendlyName,Subject,Thumbprint,Services")
}

/// Shows the certificates that cover a name, that which transport takes first.
pub(crate) fn show_certificates_for(server: &Server, host: &str) -> Command {
    get_certificates(server).value("DomainName", host.to_owned()).list("Thumbprint,Services,NotBefore,NotAfter")
}

/// Shows what the certificates of a server are assigned to.
pub(crate) fn show_services(server: &Server) -> Command {
    get_certificates(server).list("Thumbprint,Services")
}

/// Shows all that tells whether an assignment worked, as the article does.
pub(crate) fn show_assignments(server: &Server) -> Command {
    get_certificates(server).list("FriendlyName,Subject,CertificateDomains,Thumbprint,Services")
}

fn get_certificates(server: &Server) -> Command {
    Command::new("Get-ExchangeCertificate").server(server)
}

/// Imports a certificate with its private key.
pub(crate) fn import(server: &Server) -> Command {
    import_certificate(server)
        .word("-FileData ([IO.File]::ReadAllBytes( <path of the .pfx file> ))")
        .word("-Password (Get-Credential).Password -PrivateKeyExportable $true")
}

/// Shows the Send connectors with their source servers and certificates.
pub(crate) fn show_send_connectors() -> Command {
    Command::new("Get-SendConnector").list("Name,SourceTransportServers,TlsCertificateName")
}

/// Completes a pending request with the certificate that the CA sends.
pub(crate) fn import_answer(server: &Server) -> Command {
    import_certificate(server).word("-FileData ([IO.File]::ReadAllBytes( <path of the .cer file> ))")
}

fn import_certificate(server: &Server) -> Command {
    Command::new("Import-ExchangeCertificate").server(server)
}

/// Copies a certificate with its private key from one server to another, under a password that nobody needs to know.
pub(crate) fn copy(from: &Server, thumbprint: Thumbprint, to: &Server) -> [Command; 3] {
    let password = Command::new("ConvertTo-SecureString").word("([Guid]::NewGuid().ToString()) -AsPlainText -Force");
    let export = Command::new("Export-ExchangeCertificate")
        .bare("Thumbprint", thumbprint)
        .server(from)
        .word("-BinaryEncoded -Password $password");
    let import =
        import_certificate(to).word("-FileData $copy.FileData -Password $password -PrivateKeyExportable $true");
    [password.kept_in("$password"), export.kept_in("$copy"), import]
}

/// Makes a certificate. It takes IMAP, POP and SMTP unless it is told which services.
fn new_certificate(server: &Server) -> Command {
    Command::new("New-ExchangeCertificate").server(server)
}

const NEW_KEY: &str = "-KeySize 2048 -PrivateKeyExportable $true";

/// Makes a self-signed certificate of the server's own names, with SMTP alone.
fn new_of_server(server: &Server, friendly_name: &'static str) -> Command {
    new_certificate(server)
        .value("FriendlyName", friendly_name)
        .value("SubjectName", format!("CN={}", server.name()))
        .value("DomainName", server.name().to_owned())
        .switch("IncludeServerFQDN")
        .word(NEW_KEY)
        .bare("Services", Service::SMTP)
        .kept_in(NEW)
}

/// Makes a new default SMTP certificate, without the question.
pub(crate) fn new_default(server: &Server) -> Command {
    new_of_server(server, "Internal transport certificate").switch("Force")
}

/// Makes a new certificate for the Exchange Back End, and asks whether it is to be the default one too.
pub(crate) fn new_back_end(server: &Server) -> Command {
    new_of_server(server, "Exchange Back End certificate")
}

/// Makes a self-signed certificate like another one, with the same services.
pub(crate) fn renew_self_signed(server: &Server, thumbprint: Thumbprint, services: Service) -> Command {
    let services = if services.is_empty() { Bare::Word("None") } else { services.into() };
    let new = new_certificate(server).word(NEW_KEY).bare("Services", services);
    get_certificate(server, thumbprint).pipe(new).kept_in(NEW)
}

/// Requests a new certificate like another one from a CA, in a file.
pub(crate) fn request_renewal(server: &Server, thumbprint: Thumbprint) -> Vec<Command> {
    let new = new_certificate(server).switch("GenerateRequest").word(NEW_KEY);
    if server.version() == Version::Exchange2013 {
        let new = new.bare("RequestFile", "<UNC path of the request file>");
        return vec![get_certificate(server, thumbprint).pipe(new)];
    }
    let write = Command::new("[IO.File]::WriteAllText( <path of the request file> , $request, [Text.Encoding]::ASCII)");
    vec![get_certificate(server, thumbprint).pipe(new).kept_in("$request"), write]
}

/// Lets the computer of a server trust its own certificate.
pub(crate) fn trust(server: &Server, thumbprint: impl Into<Bare>) -> Command {
    Command::new("Get-Item")
        .word("\"Cert:\\LocalMachine\\My\\$($args[0])\"")
        .pipe(Command::new("Export-Certificate").word("-FilePath \"$env:TEMP\\$($args[0]).cer\" -Force"))
        .pipe(Command::new("Import-Certificate").word("-CertStoreLocation Cert:\\LocalMachine\\Root"))
        .on_with(server.name(), thumbprint)
}

/// Makes the binding of the Exchange Back End, which has none.
pub(crate) fn add_back_end_binding(server: &Server) -> Command {
    Command::new("New-WebBinding")
        .word("-Name 'Exchange Back End' -Protocol https -IPAddress '*' -Port 444")
        .on(server.name())
}

/// Binds a certificate to port 444 of the Exchange Back End, in place of the one that is there.
pub(crate) fn bind_to_back_end(server: &Server, thumbprint: impl Into<Bare>) -> Command {
    let binding =
        "(Get-WebBinding -Name 'Exchange Back End' -Protocol https -Port 444).AddSslCertificate($args[0], 'My')";
    Command::new(binding).on_with(server.name(), thumbprint)
}

/// Makes a new Auth certificate, and asks whether it is to be the default one for SMTP too.
pub(crate) fn new_auth_certificate(server: &Server) -> Command {
    new_certificate(server)
        .value("SubjectName", "CN=Microsoft Exchange Server Auth Certificate")
        .word("-DomainName @()")
        .value("FriendlyName", "Microsoft Exchange Server Auth Certificate")
        .word(NEW_KEY)
        .bare("Services", Service::SMTP)
        .kept_in(NEW)
}

/// Stages the new Auth certificate: more than 48 hours ahead, so that every server has it by then.
pub(crate) fn stage_auth_certificate(thumbprint: impl Into<Bare>) -> Command {
    announce_auth_certificate(thumbprint).word("-NewCertificateEffectiveDate (Get-Date).AddHours(72) -Force")
}

/// What an earlier command kept in `$new`.
pub(crate) const NEW_THUMBPRINT: &str = "$new.Thumbprint";

fn announce_auth_certificate(thumbprint: impl Into<Bare>) -> Command {
    Command::new("Set-AuthConfig").bare("NewCertificateThumbprint", thumbprint)
}

/// Makes another Auth certificate the current one.
pub(crate) fn publish_auth_certificate(thumbprint: impl Into<Bare>) -> [Command; 3] {
    let set = || Command::new("Set-AuthConfig");
    [
        announce_auth_certificate(thumbprint).word("-NewCertificateEffectiveDate (Get-Date) -Force"),
        set().switch("PublishCertificate").switch("Force"),
        set().switch("ClearPreviousCertificate").switch("Force"),
    ]
}

/// Lets a server take the new Auth certificate at once.
pub(crate) fn reload_auth_certificate(server: &Server) -> [Command; 3] {
    let pool = |name| Command::new("Restart-WebAppPool").word(name);
    let service = Command::new("Restart-Service").word("MSExchangeServiceHost");
    [service, pool("MSExchangeOWAAppPool"), pool("MSExchangeECPAppPool")].map(|command| command.on(server.name()))
}

/// Makes a new certificate for the federation trust.
pub(crate) fn new_federation_certificate(server: &Server) -> Command {
    new_certificate(server)
        .value("FriendlyName", "Exchange Federated Delegation")
        .word("-DomainName 'Federation' -SubjectKeyIdentifier ([Guid]::NewGuid().ToString('N'))")
        .word(NEW_KEY)
        .bare("Services", "Federation")
        .kept_in(NEW)
}

fn set_federation_trust() -> Command {
    Command::new("Set-FederationTrust").bare("Identity", "<name of the federation trust>")
}

/// Names the new certificate to the federation trust.
pub(crate) fn announce_federation_certificate() -> Command {
    set_federation_trust().bare("Thumbprint", NEW_THUMBPRINT)
}

/// Makes the next certificate of the federation trust the current one.
pub(crate) fn publish_federation_certificate() -> Command {
    set_federation_trust().switch("PublishFederationCertificate")
}

/// Shows the text that proves a federated domain.
pub(crate) fn show_federation_proof() -> Command {
    Command::new("Get-FederatedDomainProof").bare("DomainName", "<federated domain>")
}

/// Tests whether every server has the certificates of the federation trust.
pub(crate) fn test_federation_certificate() -> Command {
    Command::new("Test-FederationTrustCertificate")
}

/// Shows which Auth certificates are in use.
pub(crate) fn show_auth_certificates() -> Command {
    Command::new("Get-AuthConfig").list("*CertificateThumbprint,NextCertificateEffectiveDate")
}

/// Shows which certificates federation trusts use.
pub(crate) fn show_federation_certificates() -> Command {
    Command::new("Get-FederationTrust").list("Name,*Certificate*")
}

/// Recovers the link from a certificate to its private key.
pub(crate) fn repair_key(server: &Server, thumbprint: impl Into<Bare>) -> Command {
    at(server, Command::new("certutil").bare("repairstore My", thumbprint))
}

// Transport

/// Shows which certificate is the default one for SMTP.
pub(crate) fn show_default_smtp(server: &Server) -> Command {
    get_transport_service(server).list("InternalTransportCertificateThumbprint")
}

/// Gets the transport service of a server; an Edge Transport server knows its own alone.
pub(crate) fn get_transport_service(server: &Server) -> Command {
    let get = Command::new("Get-TransportService");
    if server.is_edge() { get } else { get.literal(server.name().to_owned()) }
}

/// What keeps a new certificate for the commands after it.
pub(crate) const NEW: &str = "$new";

/// Gives a connector, or the hybrid configuration, the name of its certificate. Nothing documents that a name with an
/// empty subject works: whoever runs it has to choose another certificate.
pub(crate) fn set_tls_certificate_name(connector: &Connector, name: &TlsCertificateName) -> Command {
    if name.subject().is_empty() {
        return set_chosen_tls_certificate_name(connector);
    }
    set_connector(connector).value("TlsCertificateName", name.to_string())
}

/// Gives a Send connector its source servers back, and the name of its certificate.
pub(crate) fn set_source_servers(connector: &Connector) -> Command {
    let set = set_connector(connector).values("SourceTransportServers", connector.servers());
    match connector.tls_certificate_name().value() {
        Some(name) => set.value("TlsCertificateName", name.to_string()),
        None => set,
    }
}

/// The same for whoever has to choose the certificate.
pub(crate) fn set_chosen_tls_certificate_name(connector: &Connector) -> Command {
    set_connector(connector).bare("TlsCertificateName", "<issuer and subject>")
}

/// Takes the name of its certificate away from a connector, or from the hybrid configuration.
pub(crate) fn clear_tls_certificate_name(connector: &Connector) -> Command {
    set_connector(connector).bare("TlsCertificateName", "$null")
}

/// Gives a Receive connector another host name. One that authenticates Exchange servers only takes the server's own.
pub(crate) fn set_fqdn(server: &Server, connector: &Connector) -> Command {
    match server.fqdn().filter(|_| connector.authenticates_exchange_servers()) {
        Some(fqdn) => set_connector(connector).value("Fqdn", fqdn.to_owned()),
        None => set_connector(connector).bare("Fqdn", "<its host name>"),
    }
}

fn set_connector(connector: &Connector) -> Command {
    let identity = |cmdlet, name| Command::new(cmdlet).value("Identity", name);
    match connector.kind() {
        ConnectorKind::Send => identity("Set-SendConnector", connector.name().to_owned()),
        ConnectorKind::Receive => identity("Set-ReceiveConnector", receive_connector(connector)),
        ConnectorKind::Hybrid => Command::new("Set-HybridConfiguration"),
    }
}

/// A Receive connector with its server: its name alone is not unique.
fn receive_connector(connector: &Connector) -> String {
    match connector.servers() {
        [server] if !connector.name().contains('\\') => format!("{server}\\{}", connector.name()),
        _ => connector.name().to_owned(),
    }
}

/// Stops transport on every server of these connectors, once on each.
pub(crate) fn stop_transport<'a>(connectors: impl IntoIterator<Item = &'a Connector>, here: &Server) -> Vec<Command> {
    on_transport_servers(stop_here(Service::SMTP), connectors, here)
}

/// Starts transport on every server of these connectors, once on each.
pub(crate) fn start_transport<'a>(connectors: impl IntoIterator<Item = &'a Connector>, here: &Server) -> Vec<Command> {
    on_transport_servers(start_here(Service::SMTP), connectors, here)
}

/// Stops transport on these servers.
pub(crate) fn stop_transport_on<'a>(servers: impl IntoIterator<Item = &'a str>) -> Vec<Command> {
    servers.into_iter().map(|server| stop_here(Service::SMTP).on(server)).collect()
}

/// Starts transport on these servers.
pub(crate) fn start_transport_on<'a>(servers: impl IntoIterator<Item = &'a str>) -> Vec<Command> {
    servers.into_iter().map(|server| start_here(Service::SMTP).on(server)).collect()
}

fn on_transport_servers<'a>(
    command: Command,
    connectors: impl IntoIterator<Item = &'a Connector>,
    here: &Server,
) -> Vec<Command> {
    let mut servers: Vec<&str> = Vec::new();
    for connector in connectors {
        let named = connector.servers().iter().map(String::as_str);
        // A connector without known servers is taken to run here, where it was read.
        let fallback = connector.servers().is_empty().then(|| here.name());
        for server in named.map(|name| if here.is_called(name) { here.name() } else { name }).chain(fallback) {
            if !servers.iter().any(|known| text::same(known, server)) {
                servers.push(server);
            }
        }
    }
    let run = |server| if server == here.name() { at(here, command.clone()) } else { command.clone().on(server) };
    servers.into_iter().map(run).collect()
}

/// What is about a computer itself says which one it is; on an Edge Transport server, which no other one reaches, it is
/// run there.
fn at(server: &Server, command: Command) -> Command {
    if server.is_edge() { command } else { command.on(server.name()) }
}

// Clients

/// Names the host that IMAP or POP serves.
pub(crate) fn set_certificate_name(server: &Server, service: Service, host: String) -> Command {
    name_cmdlet(server, service).value("X509CertificateName", host)
}

fn name_cmdlet(server: &Server, service: Service) -> Command {
    Command::new(if service == Service::IMAP { "Set-ImapSettings" } else { "Set-PopSettings" }).server(server)
}

/// Names the host that IMAP or POP serves, so that the certificate is used without being assigned.
pub(crate) fn name_host(server: &Server, service: Service, certificate: &Certificate) -> Command {
    let covered = server.certificate_name(service).value().filter(|name| certificate.covers(name)).map(str::to_owned);
    let host = covered.or_else(|| certificate.domain_names().find(|domain| !domain.contains('*')).map(Cow::into_owned));
    match host {
        Some(host) => set_certificate_name(server, service, host),
        None => name_cmdlet(server, service).bare("X509CertificateName", "<the name that clients use>"),
    }
}

/// Lets Unified Messaging, or its call router, use TLS.
pub(crate) fn set_startup_mode(server: &Server, service: Service) -> Command {
    let set = match service {
        Service::UM => Command::new("Set-UMService").value("Identity", server.name().to_owned()),
        _ => Command::new("Set-UMCallRouterSettings").server(server),
    };
    set.value("UMStartupMode", "Dual")
}

// Windows services

/// Restarts IIS.
pub(crate) fn restart_iis(server: &Server) -> Command {
    at(server, Command::new("iisreset"))
}

/// Restarts the Windows services of one service on a server, as far as they run: IMAP and POP are off by default.
pub(crate) fn restart_running(server: &Server, service: Service) -> Command {
    let running = Command::new("Where-Object").word("Status -eq Running").pipe(Command::new("Restart-Service"));
    at(server, Command::new("Get-Service").word(service.windows_services()).pipe(running))
}

/// Lets Exchange use certificates whose key is on an elliptic curve.
pub(crate) fn support_elliptic_curves(server: &Server) -> Command {
    let set = Command::new("New-ItemProperty")
        .word(r"-Path HKLM:\SOFTWARE\Microsoft\ExchangeServer\v15\Diagnostics -Name EnableEccCertificateSupport")
        .word("-Value 1 -PropertyType String -Force");
    at(server, set)
}

/// Stops the Windows services of one service.
pub(crate) fn stop(server: &Server, service: Service) -> Command {
    at(server, stop_here(service))
}

fn stop_here(service: Service) -> Command {
    Command::new("Stop-Service").word(service.windows_services())
}

/// Starts the Windows services of one service.
pub(crate) fn start(server: &Server, service: Service) -> Command {
    at(server, start_here(service))
}

fn start_here(service: Service) -> Command {
    Command::new("Start-Service").word(service.windows_services())
}

// Permissions

/// The management role that allows its holders to manage certificates.
pub(crate) const CERTIFICATES_ROLE: &str = "Exchange Server Certificates";

/// Shows whether a group holds the role that manages certificates.
pub(crate) fn show_role_assignment(group: &str) -> Command {
    Command::new("Get-ManagementRoleAssignment")
        .value("RoleAssignee", group.to_owned())
        .value("Role", CERTIFICATES_ROLE)
}

/// Shows the local administrators of an Edge Transport server.
pub(crate) fn show_local_administrators() -> Command {
    Command::new("Get-LocalGroupMember").value("Group", "Administrators")
}
