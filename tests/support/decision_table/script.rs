//! The command lines of §7, without the comments.

use super::facts::*;
use super::rules::{Assignment, Replacing};

pub fn assigning(a: &Assignment<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(certificate) = a.certificate else {
        return lines;
    };
    let default_not_known = a.server.default_smtp == DefaultSmtp::NotKnown;
    let smtp_alone = a.asks(SMTP) && (a.other_default() || default_not_known || a.moves_default);
    let first = if smtp_alone { a.question & !SMTP } else { a.question };
    let stopped = [(UM, "MSExchangeUM"), (UM_CALL_ROUTER, "MSExchangeUMCR")];
    let stopped = || stopped.iter().filter(|(service, _)| first & service != 0);
    if first != 0 {
        lines.extend(stopped().map(|(_, name)| at_computer(a.server, &format!("Stop-Service {name}"))));
        lines.push(enable(a, &certificate.thumbprint, first, false));
        lines.extend(stopped().map(|(_, name)| at_computer(a.server, &format!("Start-Service {name}"))));
    }
    if smtp_alone {
        lines.push(enable(a, &certificate.thumbprint, SMTP, a.moves_default));
    }
    lines
}

pub fn removing(server: &ServerFacts, gone: &CertificateFacts) -> String {
    // §5.2, `removes-keyless`: Exchange's own cmdlet fails on it.
    if !gone.has_private_key {
        return at_computer(server, &format!(r"Remove-Item Cert:\LocalMachine\My\{}", gone.thumbprint));
    }
    format!("Remove-ExchangeCertificate -Thumbprint {}{} -Confirm:$false", gone.thumbprint, on(server))
}

pub fn replacing(a: &Assignment<'_>, replacing: Replacing) -> Vec<String> {
    let mut lines = assigning(a);
    let (Some(old), Some(new)) = (replacing.old, a.certificate) else {
        return lines;
    };
    let old = &a.server.certificates[old];
    let remove = removing(a.server, old);
    let name = quoted(&format!("<I>{}<S>{}", new.issuer, new.subject));
    if !old.same_names(new) || replacing.keep_old {
        lines.extend(a.moved().into_iter().map(|index| set_name(&a.server.connectors[index], &name)));
        lines.extend((!replacing.keep_old).then_some(remove));
        return lines;
    }
    let send = || {
        a.server
            .connectors
            .iter()
            .filter(|it| replacing.update_connectors && it.names(old) && it.kind == ConnectorKind::Send)
    };
    // §7: one remove between, so that no Send connector names either certificate then.
    lines.extend(at_transport(a.server, send(), "Stop-Service"));
    lines.extend(send().map(|it| set_name(it, "$null")));
    lines.push(remove);
    lines.extend(send().map(|it| set_name(it, &name)));
    lines.extend(at_transport(a.server, send(), "Start-Service"));
    lines
}

/// On every source server once, in the order in which they are named; without any on this one.
fn at_transport<'a>(
    server: &ServerFacts,
    connectors: impl Iterator<Item = &'a ConnectorFacts>,
    cmdlet: &str,
) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for connector in connectors {
        let sources: Vec<&str> = if connector.servers.is_empty() {
            vec![&server.name]
        } else {
            connector.servers.iter().map(String::as_str).collect()
        };
        for name in sources {
            if !names.iter().any(|it| it.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
    }
    let line = |name: &str| {
        let command = format!("{cmdlet} MSExchangeTransport");
        if name.eq_ignore_ascii_case(&server.name) { at_computer(server, &command) } else { invoked(name, &command) }
    };
    names.into_iter().map(line).collect()
}

/// Bare on an Edge Transport server alone.
fn at_computer(server: &ServerFacts, command: &str) -> String {
    if server.is_edge() { command.to_owned() } else { invoked(&server.name, command) }
}

fn invoked(name: &str, command: &str) -> String {
    format!("Invoke-Command -ComputerName {} -ScriptBlock {{ {command} }}", argument(name))
}

fn enable(a: &Assignment<'_>, thumbprint: &str, services: u8, force: bool) -> String {
    let names: Vec<&str> =
        SERVICES.iter().filter(|(service, _)| services & service != 0).map(|(_, name)| *name).collect();
    let mut line =
        format!("Enable-ExchangeCertificate -Thumbprint {thumbprint} -Services {}{}", names.join(","), on(a.server));
    if force {
        line.push_str(" -Force");
    }
    // It says something about IIS alone, so that it stands where IIS is assigned.
    if services & IIS != 0 && !a.request.require_ssl {
        line.push_str(" -DoNotRequireSsl");
    }
    line
}

fn set_name(connector: &ConnectorFacts, name: &str) -> String {
    let command = match connector.kind {
        ConnectorKind::Send => "Set-SendConnector",
        ConnectorKind::Receive => "Set-ReceiveConnector",
        ConnectorKind::Hybrid => {
            return format!("Set-HybridConfiguration -TlsCertificateName {name}");
        }
    };
    let identity = match connector.servers.as_slice() {
        // The name of a Receive connector alone is not unique.
        [server] if connector.kind == ConnectorKind::Receive && !connector.name.contains('\\') => {
            argument(&format!(r"{server}\{}", connector.name))
        }
        _ => argument(&connector.name),
    };
    format!("{command} -Identity {identity} -TlsCertificateName {name}")
}

fn on(server: &ServerFacts) -> String {
    if server.is_edge() { String::new() } else { format!(" -Server {}", argument(&server.name)) }
}

/// As it stands where nothing in it could be read as anything but text.
pub fn argument(text: &str) -> String {
    let begins = text.starts_with(|it: char| it.is_ascii_alphabetic());
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '.' || it == '-';
    if begins && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

pub fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        literal.push(character);
        if matches!(character, '\'' | '\u{2018}'..='\u{201B}') {
            literal.push(character);
        }
    }
    literal.push('\'');
    literal
}
