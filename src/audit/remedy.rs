//! What to do about findings that several rules have.

use crate::commands;
use crate::finding::Finding;
use crate::server::{Installed, Server};

/// How a certificate is renewed: by its CA, by the server itself, or by the authorization configuration.
pub(super) fn renew(finding: Finding, server: &Server, installed: &Installed) -> Finding {
    let thumbprint = installed.thumbprint();
    if server.auth_certificates().is_some_and(|auth| auth.contains(thumbprint)) {
        return renew_auth_certificate(finding, server);
    }
    if installed.certificate().is_self_signed() {
        return finding
            .advise("make a new one of the same names, and replace this one by it:")
            .command(commands::renew_self_signed(server, thumbprint));
    }
    finding
        .advise("request a new one from the CA, import it, and replace this one by it:")
        .command(commands::request_renewal(server, thumbprint))
}

/// A new default SMTP certificate, as setup makes it.
pub(super) fn make_default(finding: Finding, server: &Server) -> Finding {
    let finding = finding
        .advise("make a new self-signed one for it, and answer Yes at its prompt:")
        .command(commands::new_certificate(server));
    if server.edge_subscribed() {
        finding.advise("then create the Edge subscription again, which ends with the old one (New-EdgeSubscription)")
    } else {
        finding
    }
}

/// A new Auth certificate of the organisation.
pub(super) fn renew_auth_certificate(finding: Finding, server: &Server) -> Finding {
    finding
        .advise("make a new Auth certificate, answer No at its prompt, publish it, and clear the previous one:")
        .command(commands::new_auth_certificate(server))
        .commands(commands::publish_auth_certificate())
}
