//! Commands for the Exchange Management Shell: the only place that writes PowerShell.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::server::Server;
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;

/// A cmdlet with its arguments, written as one line that can be pasted.
///
/// Every value is quoted as one literal unless it is a plain word, so that nothing in a name can
/// run or become another parameter.
///
/// ```
/// use exchange_certificates::powershell::Command;
///
/// let command = Command::new("Set-ImapSettings").value("Server", "MBX01").value("X509CertificateName", "it's; here");
/// assert_eq!(command.to_string(), "Set-ImapSettings -Server MBX01 -X509CertificateName 'it''s; here'");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Keeps what the command gives, for the commands after it.
    variable: Option<&'static str>,
    cmdlet: &'static str,
    arguments: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Argument {
    Switch(&'static str),
    Value(&'static str, Cow<'static, str>),
    /// Several, each quoted unless it is a plain word.
    Values(&'static str, Vec<String>),
    /// The name of the server that is decided about.
    Server(Arc<str>),
    /// Written as it is.
    Bare(&'static str, Bare),
    Literal(Cow<'static, str>),
    /// Without a parameter name, and static, hence never from input.
    Word(&'static str),
    Piped(Command),
    /// Piped to `Format-List`, for these properties.
    Listed(&'static str),
    /// The place of a certificate of the computer.
    Stored(Thumbprint),
    /// Another command that runs on the named computer, and what it is given as `$args`.
    On(String, Option<Bare>, Box<Command>),
    /// Lets only those through whose source servers hold this one.
    SourceServer(Arc<str>),
}

/// What is never quoted, since the crate prints it itself: when it is asked for, not when it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bare {
    Word(&'static str),
    Thumbprint(Thumbprint),
    Services(Service),
}

impl From<&'static str> for Bare {
    fn from(word: &'static str) -> Self {
        Self::Word(word)
    }
}

impl From<Thumbprint> for Bare {
    fn from(thumbprint: Thumbprint) -> Self {
        Self::Thumbprint(thumbprint)
    }
}

impl From<Service> for Bare {
    fn from(services: Service) -> Self {
        Self::Services(services)
    }
}

impl fmt::Display for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Thumbprint(thumbprint) => thumbprint.fmt(f),
            Self::Services(services) => services.names().enumerate().try_for_each(|(index, (_, name))| {
                f.write_str(if index == 0 { "" } else { "," })?;
                f.write_str(name)
            }),
        }
    }
}

impl Command {
    /// A command without arguments.
    pub const fn new(cmdlet: &'static str) -> Self {
        Self { variable: None, cmdlet, arguments: Vec::new() }
    }

    /// Adds `-Name value`, quoted unless it is a plain word.
    #[must_use]
    pub fn value(self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.with(Argument::Value(name, value.into()))
    }

    /// Adds `-Name one,two`, each quoted unless it is a plain word.
    #[must_use]
    pub fn values(self, name: &'static str, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(Argument::Values(name, values.into_iter().map(Into::into).collect()))
    }

    /// Adds a value without a parameter name, quoted unless it is a plain word.
    #[must_use]
    pub fn literal(self, value: impl Into<Cow<'static, str>>) -> Self {
        self.with(Argument::Literal(value.into()))
    }

    /// Adds `-Server`, except for an Edge Transport server, whose cmdlets know no other.
    #[must_use]
    pub fn server(self, server: &Server) -> Self {
        if server.is_edge() { self } else { self.with(Argument::Server(server.shared_name())) }
    }

    /// Adds `-Name`.
    #[must_use]
    pub fn switch(self, name: &'static str) -> Self {
        self.with(Argument::Switch(name))
    }

    /// Adds an argument of the program's own, as it is and without a parameter name.
    #[must_use]
    pub fn word(self, word: &'static str) -> Self {
        self.with(Argument::Word(word))
    }

    /// Hands the output on to another command.
    #[must_use]
    pub fn pipe(self, command: Command) -> Self {
        self.with(Argument::Piped(command))
    }

    /// Shows these properties of the output, one a line.
    pub(crate) fn list(self, properties: &'static str) -> Self {
        self.with(Argument::Listed(properties))
    }

    /// Lets only those connectors through whose source servers hold this one.
    pub(crate) fn of_source_server(self, server: &Server) -> Self {
        self.with(Argument::SourceServer(server.shared_name()))
    }

    /// Adds the place of a certificate among those of the computer.
    pub(crate) fn stored(self, thumbprint: Thumbprint) -> Self {
        self.with(Argument::Stored(thumbprint))
    }

    /// This command, run on another computer by `Invoke-Command`.
    #[must_use]
    pub fn on(self, computer: impl Into<String>) -> Self {
        Self::new("Invoke-Command").with(Argument::On(computer.into(), None, Box::new(self)))
    }

    /// Keeps what the command gives in a variable.
    #[must_use]
    pub(crate) fn kept_in(self, variable: &'static str) -> Self {
        Self { variable: Some(variable), ..self }
    }

    /// The variable that it is kept in.
    pub(crate) fn variable(&self) -> Option<&'static str> {
        self.variable
    }

    /// The same, with an expression of the program's own that the command reads as `$args[0]`.
    pub(crate) fn on_with(self, computer: impl Into<String>, given: impl Into<Bare>) -> Self {
        Self::new("Invoke-Command").with(Argument::On(computer.into(), Some(given.into()), Box::new(self)))
    }

    /// Adds `-Name value` as it stands; only for what is printed by the crate's own types.
    #[must_use]
    pub(crate) fn bare(self, name: &'static str, value: impl Into<Bare>) -> Self {
        self.with(Argument::Bare(name, value.into()))
    }

    fn with(mut self, argument: Argument) -> Self {
        self.arguments.push(argument);
        self
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variable) = self.variable {
            write!(f, "{variable} = ")?;
        }
        f.write_str(self.cmdlet)?;
        for argument in &self.arguments {
            match argument {
                Argument::Switch(name) => write!(f, " -{name}")?,
                Argument::Server(name) => write!(f, " -Server {}", computer(name))?,
                Argument::Value(name, value) => write!(f, " -{name} {}", computer(value))?,
                Argument::Values(name, values) => {
                    for (index, value) in values.iter().enumerate() {
                        let before = if index == 0 { format_args!(" -{name} ") } else { format_args!(",") };
                        write!(f, "{before}{}", quoted(value))?;
                    }
                }
                Argument::Bare(name, value) => write!(f, " -{name} {value}")?,
                Argument::Literal(value) => write!(f, " {}", computer(value))?,
                Argument::Word(word) => write!(f, " {word}")?,
                Argument::Piped(command) => write!(f, " | {command}")?,
                Argument::Listed(properties) => write!(f, " | Format-List {properties}")?,
                Argument::SourceServer(name) => {
                    f.write_str(
                        " | Where-Object { @($_.SourceTransportServers | ForEach-Object { \"$_\" }) -contains ",
                    )?;
                    write!(f, "{} }}", string(name))?;
                }
                Argument::Stored(thumbprint) => write!(f, r" Cert:\LocalMachine\My\{thumbprint}")?,
                Argument::On(computer, given, command) => {
                    write!(f, " -ComputerName {}", self::computer(computer))?;
                    given.iter().try_for_each(|given| write!(f, " -ArgumentList {given}"))?;
                    write!(f, " -ScriptBlock {{ {command} }}")?;
                }
            }
        }
        Ok(())
    }
}

/// What stands for a server that is not known: no line with it can run.
pub(crate) const SOME_SERVER: &str = "<server>";

/// The name of a computer, or the subject that it is of, as one literal, unless the computer is to be put in.
fn computer(name: &str) -> impl fmt::Display {
    let is_to_be_put_in = name.strip_prefix("CN=").unwrap_or(name) == SOME_SERVER;
    text::from_fn(move |f| if is_to_be_put_in { f.write_str(name) } else { write!(f, "{}", quoted(name)) })
}

/// A text as one literal of PowerShell: bare if it is a plain word, else in single quotes with
/// every character doubled that PowerShell takes for one. A control character would break the
/// line, so it is written by its number, and the literal becomes an expression in parentheses.
///
/// ```
/// use exchange_certificates::powershell::quoted;
///
/// assert_eq!(quoted("mail.contoso.com").to_string(), "mail.contoso.com");
/// assert_eq!(quoted("1MB").to_string(), "'1MB'");
/// assert_eq!(quoted("a\u{2019}; iisreset").to_string(), "'a\u{2019}\u{2019}; iisreset'");
/// assert_eq!(quoted("a\nb").to_string(), "('a' + [char]10 + 'b')");
/// ```
pub fn quoted(text: &str) -> impl fmt::Display {
    text::from_fn(move |f| {
        if is_plain_word(text) {
            return f.write_str(text);
        }
        // PowerShell takes even a quoted one for the sign to stop parsing, unless it stands in parentheses.
        if text == "--%" {
            return write!(f, "({})", string(text));
        }
        write!(f, "{}", string(text))
    })
}

/// A text as one string of PowerShell if a word alone would not be one, as in a comparison.
pub(crate) fn string(text: &str) -> impl fmt::Display {
    text::from_fn(move |f| {
        if !text.contains(breaks_the_line) {
            return literal(f, text);
        }
        f.write_char('(')?;
        let mut rest = text;
        // A first operand that is a string makes the whole sum one.
        let mut begun = false;
        while let Some(place) = rest.find(breaks_the_line) {
            let (before, after) = rest.split_at(place);
            if !begun || !before.is_empty() {
                f.write_str(if begun { " + " } else { "" })?;
                literal(f, before)?;
            }
            begun = true;
            let mut characters = after.chars();
            if let Some(control) = characters.next() {
                write!(f, " + [char]{}", u32::from(control))?;
            }
            rest = characters.as_str();
        }
        if !rest.is_empty() {
            f.write_str(" + ")?;
            literal(f, rest)?;
        }
        f.write_char(')')
    })
}

/// Whether PowerShell takes a text for one word as it stands.
pub(crate) fn is_plain_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

fn breaks_the_line(character: char) -> bool {
    // Directional marks break no line, but let it be read as another than the one that runs.
    character.is_control()
        || matches!(character, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn literal(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('\'')?;
    for character in text.chars() {
        f.write_char(character)?;
        if matches!(character, '\'' | '\u{2018}'..='\u{201B}') {
            f.write_char(character)?;
        }
    }
    f.write_char('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_is_one_literal() {
        for (name, literal) in [
            ("MBX01", "MBX01"),
            ("mail.contoso.com", "mail.contoso.com"),
            ("", "''"),
            ("-Force", "'-Force'"),
            ("1MB", "'1MB'"),
            ("0x10", "'0x10'"),
            ("a b", "'a b'"),
            ("$(iisreset)", "'$(iisreset)'"),
            ("`n", "'`n'"),
            ("a;b", "'a;b'"),
            ("a,b", "'a,b'"),
            ("'", "''''"),
            ("\u{2018}\u{2019}\u{201A}\u{201B}", "'\u{2018}\u{2018}\u{2019}\u{2019}\u{201A}\u{201A}\u{201B}\u{201B}'"),
            ("\u{201C}", "'\u{201C}'"),
            ("Zürich", "'Zürich'"),
            ("--%", "('--%')"),
            ("--% ", "'--% '"),
        ] {
            assert_eq!(quoted(name).to_string(), literal);
        }
    }

    #[test]
    fn a_control_character_never_breaks_the_line() {
        for (name, expression) in [
            ("\n", "('' + [char]10)"),
            ("\r\na", "('' + [char]13 + [char]10 + 'a')"),
            ("a\0b\u{85}'c", "('a' + [char]0 + 'b' + [char]133 + '''c')"),
            ("a\u{2028}", "('a' + [char]8232)"),
        ] {
            assert_eq!(quoted(name).to_string(), expression);
        }
    }

    #[test]
    fn a_command_is_one_line_of_cmdlet_and_arguments() {
        let command = Command::new("Get-TransportService")
            .value("Identity", "MBX 01")
            .bare("Services", "IIS,SMTP")
            .switch("Force")
            .pipe(Command::new("Format-List").word("Name"));
        assert_eq!(
            command.to_string(),
            "Get-TransportService -Identity 'MBX 01' -Services IIS,SMTP -Force | Format-List Name"
        );
        assert_eq!(
            Command::new("Stop-Service").word("MSExchangeTransport").on("MBX'02").to_string(),
            "Invoke-Command -ComputerName 'MBX''02' -ScriptBlock { Stop-Service MSExchangeTransport }"
        );
    }
}
