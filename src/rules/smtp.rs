//! SMTP: the default certificate, connectors and the hybrid configuration.

use std::borrow::Cow;

use crate::case::{Assignment, Removal};
use crate::finding::{Detail, Finding, Remedy};
use crate::powershell::Command;
use crate::request::Answer;
use crate::rule::rule;
use crate::script;
use crate::server::{Connector, ConnectorKind, DefaultSmtp, Installed, RootCaType, TlsCertificateName};
use crate::service::Service;
use crate::thumbprint::Thumbprint;

rule! {
    /// Whether the default SMTP certificate is replaced is answered beforehand.
    ///
    /// Assigning SMTP makes the shell ask whether to overwrite the default SMTP certificate, which is
    /// the self-signed one that internal servers use among themselves. It seldom needs replacing;
    /// at the prompt, Enter alone means Yes. Replacing is recommended where the default one is not
    /// installed, not valid now or not self-signed, or about to be removed.
    REPLACE_DEFAULT_SMTP: Decide, Article, Assign(replace_default)
}

rule! {
    /// The request makes the certificate the default one for SMTP.
    ///
    /// All traffic between internal transport servers uses it from then on.
    DEFAULT_SMTP_REPLACED: Warn, Article, Assign(default_replaced)
}

rule! {
    /// It is known which certificate is the default one for SMTP.
    ///
    /// Where it is not, the shell may ask whether to replace it; and a certificate with SMTP that is
    /// removed may be the one.
    DEFAULT_SMTP_UNKNOWN: Warn, Article, Both(default_unknown, default_unknown_at_removal)
}

rule! {
    /// Connectors name the certificate that is to serve them.
    ///
    /// A connector, or the hybrid configuration, names issuer and subject of its certificate. Where it
    /// names another installed certificate with SMTP, mail goes on with that one until the name is
    /// changed.
    UPDATE_CONNECTORS: FollowUp, Support, Assign(update_connectors)
}

rule! {
    /// A connector that names the certificate uses it.
    ///
    /// Of several installed certificates with the issuer and the subject that a connector names,
    /// Exchange uses the one that expires last.
    CONNECTOR_USES_OTHER: Warn, Support, Assign(uses_other)
}

rule! {
    /// The default SMTP certificate of a server with an Edge subscription stays.
    ///
    /// EdgeSync authenticates by it: replaced, the subscription must be created again.
    EDGE_SYNC_BREAKS: Warn, Support, Assign(edge_sync)
}

rule! {
    /// Hybrid mail uses a certificate of a commercial CA.
    ///
    /// Exchange Online trusts no other root, and mail to it stays pending.
    HYBRID_ROOT: Warn, Support, Assign(hybrid_root)
}

rule! {
    /// The default SMTP certificate covers the server's own name.
    DEFAULT_SMTP_NAME_MISMATCH: Warn, Encryption, Assign(default_name)
}

rule! {
    /// The default SMTP certificate that the server names is installed.
    DEFAULT_SMTP_MISSING: Warn, HealthChecker, Assign(default_missing)
}

rule! {
    /// The default SMTP certificate that stays is within its dates.
    DEFAULT_SMTP_EXPIRED: Warn, HealthChecker, Assign(default_expired)
}

rule! {
    /// The Auth certificate does not become the default one for SMTP.
    ///
    /// It signs tokens between servers and partners and holds no host name.
    AUTH_CERTIFICATE: Warn, HealthChecker, Assign(auth_certificate)
}

fn replace_default(case: &Assignment<'_>) -> Option<Finding> {
    let current = case.other_default_smtp().filter(|_| case.asks_for_default_smtp())?;
    let words = match case.recommended() {
        Answer::Keep => "answer with the request: keep is recommended, replace is what -Force does",
        Answer::Replace => "answer with the request: replace is recommended here, which is what -Force does",
    };
    Some(Finding::on(Service::SMTP, Detail::ReplaceDefault { current }).advise(words))
}

fn default_replaced(case: &Assignment<'_>) -> Option<Finding> {
    case.moves_default_smtp().then(|| {
        let finding = Finding::on(Service::SMTP, Detail::DefaultReplaced);
        if case.removes_default_smtp() { finding } else { finding.advise("answer keep, unless it is meant") }
    })
}

fn default_unknown(case: &Assignment<'_>) -> Option<Finding> {
    let is_unknown = case.server().default_smtp() == DefaultSmtp::NotKnown;
    (is_unknown && case.adds(Service::SMTP) && case.request().default_smtp() != Some(Answer::Replace))
        .then(|| Finding::on(Service::SMTP, Detail::DefaultUnknown).command(show_default(case.server().name())))
}

fn default_unknown_at_removal(case: &Removal<'_>) -> Option<Finding> {
    (case.default_smtp() == DefaultSmtp::NotKnown && case.has(Service::SMTP)).then(|| {
        Finding::on(Service::SMTP, Detail::DefaultUnknownAtRemoval).command(show_default(case.server().name()))
    })
}

fn show_default(server: &str) -> Command {
    Command::new("Get-TransportService")
        .literal(server.to_owned())
        .pipe(Command::new("Format-List").word("InternalTransportCertificateThumbprint"))
}

fn update_connectors(case: &Assignment<'_>) -> Option<Finding> {
    let certificate =
        case.certificate().filter(|_| case.adds(Service::SMTP) && !case.request().updates_connectors())?;
    let stale: Vec<_> = case
        .server()
        .connectors()
        .iter()
        .filter(|connector| {
            !connector.names(certificate) && others_named(case, connector).any(|other| other.has(Service::SMTP))
        })
        .collect();
    let connectors: Vec<_> = stale.iter().map(|connector| connector.name().to_owned()).collect();
    (!stale.is_empty()).then(|| {
        let name = TlsCertificateName::of(certificate).to_string();
        let commands = stale.iter().map(|connector| {
            Remedy::Command(script::set_connector(connector).value("TlsCertificateName", name.clone()))
        });
        let finding = Finding::on(Service::SMTP, Detail::UpdateConnectors { connectors }).remedies(commands);
        if stale.iter().any(|connector| connector.kind() == ConnectorKind::Hybrid) {
            finding.advise("for the hybrid configuration, the Hybrid Configuration wizard does the same")
        } else {
            finding
        }
    })
}

fn uses_other(case: &Assignment<'_>) -> Option<Finding> {
    let certificate = case.certificate().filter(|_| case.adds(Service::SMTP))?;
    let later = |connector: &Connector| -> Option<Thumbprint> {
        others_named(case, connector)
            .filter(|other| other.certificate().ends() > certificate.ends())
            .max_by_key(|other| other.certificate().ends())
            .map(Installed::thumbprint)
    };
    let naming = case.server().connectors().iter().filter(|connector| connector.names(certificate));
    let used: Vec<_> = naming.filter_map(|connector| Some((connector.name().to_owned(), later(connector)?))).collect();
    let (_, other) = *used.first()?;
    let connectors = used.into_iter().map(|(name, _)| name).collect();
    Some(
        Finding::on(Service::SMTP, Detail::UsesOther { connectors, other })
            .advise("assign the certificate that expires last, or remove it where it is not meant to be used"),
    )
}

fn edge_sync(case: &Assignment<'_>) -> Option<Finding> {
    let server = case.server();
    (case.moves_default_smtp() && server.edge_subscribed() && server.is_mailbox()).then(|| {
        Finding::on(Service::SMTP, Detail::EdgeSync).advise(keep_or(case, "plan to create the Edge subscription again"))
    })
}

fn hybrid_root(case: &Assignment<'_>) -> Option<Finding> {
    let root = case.installed()?.root_ca_type()?;
    let is_hybrid = case.server().connectors().iter().any(|connector| connector.kind() == ConnectorKind::Hybrid);
    (is_hybrid && root != RootCaType::ThirdParty && case.adds(Service::SMTP)).then(|| {
        Finding::on(Service::SMTP, Detail::HybridRoot)
            .advise("use a certificate of a commercial CA for mail to Exchange Online")
    })
}

fn default_name(case: &Assignment<'_>) -> Option<Finding> {
    let certificate = case.certificate().filter(|_| case.moves_default_smtp())?;
    let fqdn = case.server().fqdn().filter(|fqdn| !certificate.covers(fqdn))?.to_owned();
    Some(
        Finding::on(Service::SMTP, Detail::FqdnNotCovered { fqdn })
            .advise(keep_or(case, "use a certificate that holds the server's own name")),
    )
}

fn default_missing(case: &Assignment<'_>) -> Option<Finding> {
    let thumbprint = case.server().default_smtp().thumbprint().filter(|_| case.adds(Service::SMTP))?;
    case.server().installed(thumbprint).is_none().then(|| {
        let finding = Finding::on(Service::SMTP, Detail::DefaultMissing { thumbprint });
        if case.moves_default_smtp() { finding } else { another_default(case, finding) }
    })
}

fn default_expired(case: &Assignment<'_>) -> Option<Finding> {
    let stays = case.adds(Service::SMTP) && case.request().default_smtp() != Some(Answer::Replace);
    let thumbprint = case.other_default_smtp().filter(|_| stays)?;
    let installed = case.server().installed(thumbprint).filter(|installed| !installed.is_current(case.now()))?;
    let (not_before, not_after) = (installed.certificate().starts(), installed.certificate().ends());
    let detail = Detail::DefaultOutsideDates { thumbprint, not_before, not_after };
    Some(another_default(case, Finding::on(Service::SMTP, detail)))
}

fn another_default(case: &Assignment<'_>, finding: Finding) -> Finding {
    finding
        .advise("answer replace, or make a new self-signed one for it and answer Yes at its prompt:")
        .command(Command::new("New-ExchangeCertificate").server(case.server()))
}

fn auth_certificate(case: &Assignment<'_>) -> Option<Finding> {
    (case.moves_default_smtp() && case.is_auth_certificate())
        .then(|| Finding::on(Service::SMTP, Detail::AuthCertificate).advise(keep_or(case, "use another certificate")))
}

/// Keeping the default certificate, or something else; a default one that is about to be removed cannot be kept.
fn keep_or(case: &Assignment<'_>, other: &'static str) -> Cow<'static, str> {
    if case.removes_default_smtp() { other.into() } else { format!("answer keep, or {other}").into() }
}

/// The other installed certificates that a connector would find.
fn others_named<'a>(case: &Assignment<'a>, connector: &'a Connector) -> impl Iterator<Item = &'a Installed> {
    let thumbprint = case.request().thumbprint();
    let inventory = case.server().inventory();
    let named = connector.tls_certificate_name().map(|name| inventory.named(name));
    named.into_iter().flatten().filter(move |installed| installed.thumbprint() != thumbprint)
}
