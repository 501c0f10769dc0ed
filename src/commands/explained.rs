//! What shows or sets something that a text speaks of, whichever it is.

use super::{at, name_cmdlet, set_certificate_name};
use crate::powershell::Command;
use crate::server::Server;
use crate::service::Service;

/// The thumbprint that is to be put in.
pub(crate) const CHOSEN: &str = "<thumbprint>";

/// Shows the names and certificates of Receive connectors.
pub(crate) fn show_receive_connectors(server: &Server) -> Command {
    Command::new("Get-ReceiveConnector").server(server).list("Identity,Fqdn,TlsCertificateName,AuthMechanism")
}

/// Shows which certificate is bound to each port.
pub(crate) fn show_tls_bindings(server: &Server) -> Command {
    at(server, Command::new("netsh").word("http show sslcert"))
}

/// Shows by which name IMAP or POP takes its certificate, or how Unified Messaging starts.
pub(crate) fn show_client_settings(server: &Server, service: Service) -> Command {
    let get = match service {
        Service::IMAP => Command::new("Get-ImapSettings").server(server),
        Service::POP => Command::new("Get-PopSettings").server(server),
        Service::UM_CALL_ROUTER => Command::new("Get-UMCallRouterSettings").server(server),
        _ => Command::new("Get-UMService").literal(server.name().to_owned()),
    };
    let is_of_mail = (Service::IMAP | Service::POP).contains(service);
    get.list(if is_of_mail { "X509CertificateName" } else { "UMStartupMode,UMCertificateThumbprint" })
}

/// Names the host that IMAP or POP serves; if it is not known, it is to be put in.
pub(crate) fn name_chosen_host(server: &Server, service: Service, host: Option<&str>) -> Command {
    match host {
        Some(host) => set_certificate_name(server, service, host.to_owned()),
        None => name_cmdlet(server, service).bare("X509CertificateName", "<the name that clients use>"),
    }
}

/// Gives a Send connector the name of a certificate, both to be put in.
pub(crate) fn name_chosen_connector() -> Command {
    chosen_connector().bare("TlsCertificateName", "<issuer and subject>")
}

/// Takes the name of its certificate away from a Send connector that is to be put in.
pub(crate) fn clear_chosen_connector() -> Command {
    chosen_connector().bare("TlsCertificateName", "$null")
}

fn chosen_connector() -> Command {
    Command::new("Set-SendConnector").bare("Identity", "<name of the Send connector>")
}
