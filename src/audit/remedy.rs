//! What to do about findings that several rules have.

use crate::finding::Finding;
use crate::powershell::Command;
use crate::script;
use crate::server::{Installed, Server};
use crate::thumbprint::Thumbprint;

/// How a certificate is renewed: by its CA, by the server itself, or by the authorization configuration.
pub(super) fn renew(finding: Finding, server: &Server, installed: &Installed) -> Finding {
    let thumbprint = installed.thumbprint();
    if server.auth_certificates().is_some_and(|auth| auth.contains(thumbprint)) {
        return renew_auth_certificate(finding, server);
    }
    let renewal = Command::new("New-ExchangeCertificate").server(server);
    let show = show(server, thumbprint);
    if installed.certificate().is_self_signed() {
        return finding
            .advise("make a new one of the same names, and replace this one by it:")
            .command(show.pipe(renewal));
    }
    finding
        .advise("request a new one from the CA, import it, and replace this one by it:")
        .command(show.pipe(renewal.switch("GenerateRequest")))
}

/// A new default SMTP certificate, as setup makes it.
pub(super) fn make_default(finding: Finding, server: &Server) -> Finding {
    let finding = finding
        .advise("make a new self-signed one for it, and answer Yes at its prompt:")
        .command(Command::new("New-ExchangeCertificate").server(server));
    if server.edge_subscribed() {
        finding.advise("then create the Edge subscription again, which ends with the old one (New-EdgeSubscription)")
    } else {
        finding
    }
}

/// A new Auth certificate of the organisation.
pub(super) fn renew_auth_certificate(finding: Finding, server: &Server) -> Finding {
    let create = Command::new("New-ExchangeCertificate")
        .server(server)
        .value("SubjectName", "CN=Microsoft Exchange Server Auth Certificate")
        .value("FriendlyName", "Microsoft Exchange Server Auth Certificate")
        .word("-DomainName @() -PrivateKeyExportable $true");
    let publish = script::publish_auth_certificate();
    publish.into_iter().fold(
        finding
            .advise("make a new Auth certificate, answer No at its prompt, publish it, and clear the previous one:")
            .command(create),
        Finding::command,
    )
}

fn show(server: &Server, thumbprint: Thumbprint) -> Command {
    Command::new("Get-ExchangeCertificate").bare("Thumbprint", thumbprint).server(server)
}
