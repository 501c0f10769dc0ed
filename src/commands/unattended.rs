//! What a deployment script calls, with nobody there to answer.

use super::{Command, Connector, Installed, Server, Service, Thumbprint, TlsCertificateName, enable};

/// No question, no warning, and an error that stops: `$quiet` stands in every deployment script.
const QUIET: &str = "@quiet";

/// Imports the certificate that the script has opened.
pub(crate) fn import_opened(server: &Server) -> Command {
    super::import_certificate(server).word("-FileData $pfx -Password $password -PrivateKeyExportable $true").word(QUIET)
}

/// Assigns services; IIS leaves the setting of the web site as it is if it is told so.
pub(crate) fn enable_quietly(server: &Server, thumbprint: Thumbprint, services: Service, leaves_ssl: bool) -> Command {
    let command = enable(server, thumbprint, services);
    let command =
        if leaves_ssl && services.contains(Service::IIS) { command.switch("DoNotRequireSsl") } else { command };
    command.word(QUIET)
}

/// Assigns SMTP, so that the certificate becomes the default one.
pub(crate) fn enable_as_default(server: &Server, thumbprint: Thumbprint) -> Command {
    enable(server, thumbprint, Service::SMTP).switch("Force").word(QUIET)
}

/// Removes an installed certificate. Exchange's cmdlet fails on one without a private key.
pub(crate) fn remove_quietly(server: &Server, installed: &Installed) -> Command {
    let thumbprint = installed.thumbprint();
    if installed.has_private_key() {
        return remove_imported(server, thumbprint);
    }
    Command::new("Invoke-At")
        .literal(server.name().to_owned())
        .word("{ param($path) Remove-Item -LiteralPath $path -ErrorAction Stop }")
        .stored(thumbprint)
}

/// Removes a certificate that has a private key.
pub(crate) fn remove_imported(server: &Server, thumbprint: Thumbprint) -> Command {
    Command::new("Remove-ExchangeCertificate").bare("Thumbprint", thumbprint).server(server).word(QUIET)
}

/// Gives a Receive connector of this server a name, or takes it away.
pub(crate) fn name_on(server: &Server, connector: &Connector, name: Option<&TlsCertificateName>) -> Command {
    let identity = format!("{}\\{}", server.name(), server.own_name(connector));
    named(Command::new("Set-ReceiveConnector").value("Identity", identity), name)
}

/// Gives a Send connector, or the hybrid configuration, a name, or takes it away.
pub(crate) fn name_everywhere(connector: &Connector, name: Option<&TlsCertificateName>) -> Command {
    named(super::set_connector(connector), name)
}

fn named(set: Command, name: Option<&TlsCertificateName>) -> Command {
    match name {
        Some(name) => set.value("TlsCertificateName", name.to_string()).word(QUIET),
        None => set.bare("TlsCertificateName", "$null").word(QUIET),
    }
}

/// Names the host that IMAP or POP serves, or none.
pub(crate) fn host_quietly(server: &Server, service: Service, host: Option<&str>) -> Command {
    let set = super::name_cmdlet(server, service);
    match host {
        Some(host) => set.value("X509CertificateName", host.to_owned()).word(QUIET),
        None => set.bare("X509CertificateName", "$null").word(QUIET),
    }
}
