//! The script of an operation, from the commands of SPEC's operations in their order.

use std::borrow::Cow;
use std::fmt;

use crate::case::{Assignment, Case};
use crate::certificate::Certificate;
use crate::powershell::{Command, string, windows_services};
use crate::request::Answer;
use crate::server::{Connector, ConnectorKind, DefaultSmtp, Server, TlsCertificateName};
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

/// One line of a script: a command, or a comment for whoever runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line {
    /// A command.
    Command(Command),
    /// A comment, which never holds input.
    Comment(&'static str),
    /// A statement of the language, which never holds input.
    Statement(&'static str),
    /// Stops the script where it runs on another computer than this one.
    Here {
        /// The name of the server.
        server: String,
    },
    /// Stops the script where a certificate does not show these services.
    Check {
        /// The command that shows the certificate.
        show: Command,
        /// The services.
        services: Service,
    },
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => command.fmt(f),
            Self::Comment(text) => write!(f, "# {text}"),
            Self::Statement(text) => f.write_str(text),
            Self::Here { server } => {
                // What Windows calls the computer is the first label of its name.
                let computer = server.split('.').next().unwrap_or(server);
                write!(f, "if ($env:COMPUTERNAME -ne {}) ", string(computer))?;
                f.write_str("{ throw 'This block runs on the Edge Transport server itself: nothing after this line was done.' }")
            }
            Self::Check { show, services } => {
                f.write_str("if (")?;
                for (index, (_, name)) in services.names().enumerate() {
                    write!(f, "{}'{name}'", if index > 0 { "," } else { "" })?;
                }
                write!(f, " | Where-Object {{ \"$(({show}).Services)\" -split ', ' -notcontains $_ }}) ")?;
                f.write_str("{ throw 'The services are not assigned: nothing after this line was done.' }")
            }
        }
    }
}

impl From<Command> for Line {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

const ANSWER_NO: &str =
    "Answer No when asked whether to overwrite the default SMTP certificate: Enter alone means Yes.";

/// The whole script of a request that goes through.
pub(crate) fn script(case: &Case<'_>) -> Vec<Line> {
    let mut lines = case.assignment.as_ref().map(assignment).unwrap_or_default();
    let Some(removed) = case.removal.as_ref().and_then(|removal| removal.removed()) else {
        return lines;
    };
    let removal = [remove(case.server, removed.thumbprint())];
    match Renaming::of(case) {
        None => lines.extend(removal.map(Line::from)),
        Some(renaming) if renaming.changes_names => {
            lines.extend(renaming.set().chain(removal).map(Line::from));
        }
        Some(renaming) => {
            // Exchange does not remove a certificate while a Send connector names its names.
            let connectors = || renaming.connectors.iter().map(|(_, connector)| *connector);
            let clear = connectors().map(|connector| set_connector(connector).bare("TlsCertificateName", "$null"));
            let stop = transport("Stop-Service", connectors(), case.server);
            let start = transport("Start-Service", connectors(), case.server);
            let commands = stop.into_iter().chain(clear).chain(removal).chain(renaming.set()).chain(start);
            lines.extend(commands.map(Line::from));
        }
    }
    lines
}

/// The connectors whose name a replacement sets to the new certificate's.
#[derive(Debug)]
pub(crate) struct Renaming<'a> {
    /// Each with its place among the connectors of the server.
    pub(crate) connectors: Vec<(usize, &'a Connector)>,
    pub(crate) name: TlsCertificateName,
    /// Whether issuer or subject differ; otherwise Send connectors alone let go of the name for a while.
    changes_names: bool,
}

impl<'a> Renaming<'a> {
    pub(crate) fn of(case: &Case<'a>) -> Option<Self> {
        let new = case.assignment.as_ref()?.certificate()?;
        let old = case.removal.as_ref()?.removed().filter(|_| case.request.updates_connectors())?.certificate();
        let name = TlsCertificateName::of(new);
        let changes_names = name != TlsCertificateName::of(old);
        let moves =
            |connector: &Connector| connector.names(old) && (changes_names || connector.kind() == ConnectorKind::Send);
        let connectors =
            case.server.connectors().iter().enumerate().filter(|(_, connector)| moves(connector)).collect();
        Some(Self { connectors, name, changes_names })
    }

    fn set(&self) -> impl Iterator<Item = Command> {
        let name = self.name.to_string();
        self.connectors
            .iter()
            .map(move |(_, connector)| set_connector(connector).value("TlsCertificateName", name.clone()))
    }
}

fn assignment(case: &Assignment<'_>) -> Vec<Line> {
    let services = case.in_question() - Service::FEDERATION;
    let default = case.server().default_smtp();
    let may_ask = default == DefaultSmtp::NotKnown || case.other_default_smtp().is_some() || case.moves_default_smtp();
    let alone = if may_ask { services & Service::SMTP } else { Service::empty() };
    let mut lines = Vec::new();
    let together = services - alone;
    if !together.is_empty() {
        let called: Service = services & (Service::UM | Service::UM_CALL_ROUTER);
        let run =
            |verb| called.each().map(move |service| Line::from(Command::new(verb).word(windows_services(service))));
        lines.extend(run("Stop-Service"));
        lines.push(enable(case, together).into());
        lines.extend(run("Start-Service"));
    }
    if !alone.is_empty() {
        let command = enable(case, alone);
        if case.request().default_smtp() == Some(Answer::Replace) {
            lines.push(command.switch("Force").into());
        } else {
            lines.extend([Line::Comment(ANSWER_NO), command.into()]);
        }
    }
    lines
}

fn enable(case: &Assignment<'_>, services: Service) -> Command {
    let command = Command::new("Enable-ExchangeCertificate")
        .bare("Thumbprint", case.request().thumbprint())
        .bare("Services", services)
        .server(case.server());
    if services.contains(Service::IIS) && !case.request().require_ssl() {
        command.switch("DoNotRequireSsl")
    } else {
        command
    }
}

/// Removes a certificate.
pub(crate) fn remove(server: &Server, thumbprint: Thumbprint) -> Command {
    Command::new("Remove-ExchangeCertificate").bare("Thumbprint", thumbprint).server(server)
}

/// Shows the certificates of a server, to find the right thumbprint.
pub(crate) fn show_certificates(server: &Server) -> Command {
    Command::new("Get-ExchangeCertificate")
        .server(server)
        .pipe(Command::new("Format-List").word("FriendlyName,Subject,Thumbprint,Services"))
}

/// Recovers the link from a certificate to its private key.
pub(crate) fn repair_key(thumbprint: Thumbprint) -> Command {
    Command::new("certutil").bare("repairstore My", thumbprint)
}

/// Names the host that IMAP or POP serves, in place of assigning a wildcard certificate.
pub(crate) fn name_host(server: &Server, service: Service, certificate: &Certificate) -> Command {
    let (cmdlet, present) = match service {
        Service::IMAP => ("Set-ImapSettings", server.imap_certificate_name()),
        _ => ("Set-PopSettings", server.pop_certificate_name()),
    };
    let covered = present.filter(|name| certificate.covers(name)).map(str::to_owned);
    let host = covered.or_else(|| certificate.domain_names().find(|domain| !domain.contains('*')).map(Cow::into_owned));
    let host = host.unwrap_or_else(|| "the name that clients use".to_owned());
    Command::new(cmdlet).server(server).value("X509CertificateName", host)
}

/// Imports a certificate with its private key.
pub(crate) fn import(server: &Server) -> Command {
    Command::new("Import-ExchangeCertificate")
        .server(server)
        .word("-FileData ([System.IO.File]::ReadAllBytes('C:\\certificate.pfx'))")
        .word("-Password (Get-Credential).Password")
}

/// Makes another Auth certificate the current one.
pub(crate) fn publish_auth_certificate() -> [Command; 3] {
    let set = || Command::new("Set-AuthConfig");
    let announce = set()
        .value("NewCertificateThumbprint", "thumbprint of the new one")
        .word("-NewCertificateEffectiveDate (Get-Date)");
    [announce, set().switch("PublishCertificate"), set().switch("ClearPreviousCertificate")]
}

/// Looks whether a certificate shows these services.
pub(crate) fn check(server: &Server, thumbprint: Thumbprint, services: Service) -> Line {
    let show = Command::new("Get-ExchangeCertificate").bare("Thumbprint", thumbprint).server(server);
    Line::Check { show, services }
}

/// The command that changes a connector, or the hybrid configuration.
pub(crate) fn set_connector(connector: &Connector) -> Command {
    let identity = |cmdlet| Command::new(cmdlet).value("Identity", connector.name().to_owned());
    match connector.kind() {
        ConnectorKind::Send => identity("Set-SendConnector"),
        ConnectorKind::Receive => identity("Set-ReceiveConnector"),
        ConnectorKind::Hybrid => Command::new("Set-HybridConfiguration"),
    }
}

/// Stops or starts transport on every server of these connectors, once on each.
pub(crate) fn transport<'a>(
    verb: &'static str,
    connectors: impl IntoIterator<Item = &'a Connector>,
    here: &Server,
) -> Vec<Command> {
    let mut places: Vec<&str> = Vec::new();
    for connector in connectors {
        let servers = connector.servers().iter().map(String::as_str);
        // A connector whose servers nobody named runs here, where it is looked at.
        let fallback = connector.servers().is_empty().then(|| here.name());
        for place in servers.map(|place| if here.is_called(place) { here.name() } else { place }).chain(fallback) {
            if !places.iter().any(|known| text::same(known, place)) {
                places.push(place);
            }
        }
    }
    let command = Command::new(verb).word(windows_services(Service::SMTP));
    places
        .into_iter()
        .map(|place| if place == here.name() { command.clone() } else { command.clone().on(place) })
        .collect()
}
