//! Which parameters the cmdlets have, from their references, as far as a script or a remedy may use them.

use super::syntax::{Argument, Command, Failure, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
}
use Takes::{Nothing, Value as One};

struct Cmdlet {
    name: &'static str,
    /// The parameter of a value that stands without one.
    positional: Option<&'static str>,
    parameters: &'static [(&'static str, Takes)],
    /// `-Server` is there, except on Edge Transport servers.
    server: bool,
}

const fn cmdlet(
    name: &'static str,
    positional: Option<&'static str>,
    parameters: &'static [(&'static str, Takes)],
) -> Cmdlet {
    Cmdlet { name, positional, parameters, server: false }
}

const fn at_server(
    name: &'static str,
    positional: Option<&'static str>,
    parameters: &'static [(&'static str, Takes)],
) -> Cmdlet {
    Cmdlet { name, positional, parameters, server: true }
}

const CMDLETS: &[Cmdlet] = &[
    at_server(
        "Enable-ExchangeCertificate",
        Some("Thumbprint"),
        &[("Thumbprint", One), ("Services", One), ("Force", Nothing), ("DoNotRequireSsl", Nothing)],
    ),
    at_server("Remove-ExchangeCertificate", Some("Thumbprint"), &[("Thumbprint", One), ("Confirm", One)]),
    at_server(
        "Export-ExchangeCertificate",
        Some("Thumbprint"),
        &[("Thumbprint", One), ("BinaryEncoded", Nothing), ("FileName", One), ("Password", One)],
    ),
    cmdlet("Remove-Item", Some("Path"), &[("Path", One)]),
    at_server("Get-ExchangeCertificate", Some("Thumbprint"), &[("Thumbprint", One), ("DomainName", One)]),
    at_server(
        "Import-ExchangeCertificate",
        None,
        &[
            ("FileData", One),
            ("FileName", One),
            ("FriendlyName", One),
            ("Password", One),
            ("PrivateKeyExportable", One),
        ],
    ),
    at_server(
        "New-ExchangeCertificate",
        None,
        &[
            ("SubjectName", One),
            ("FriendlyName", One),
            ("DomainName", One),
            ("PrivateKeyExportable", One),
            ("GenerateRequest", Nothing),
            ("RequestFile", One),
            ("BinaryEncoded", Nothing),
            ("IncludeServerFQDN", Nothing),
            ("IncludeServerNetBIOSName", Nothing),
            ("IncludeAcceptedDomains", Nothing),
            ("IncludeAutoDiscover", Nothing),
            ("KeySize", One),
            ("Services", One),
            ("SubjectKeyIdentifier", One),
            ("Force", Nothing),
        ],
    ),
    at_server("Set-ImapSettings", None, &[("X509CertificateName", One)]),
    at_server("Set-PopSettings", None, &[("X509CertificateName", One)]),
    at_server("Set-UMCallRouterSettings", None, &[("UMStartupMode", One)]),
    cmdlet("Set-UMService", Some("Identity"), &[("Identity", One), ("UMStartupMode", One)]),
    cmdlet("Get-SendConnector", Some("Identity"), &[("Identity", One)]),
    cmdlet(
        "Set-SendConnector",
        Some("Identity"),
        &[("Identity", One), ("TlsCertificateName", One), ("SourceTransportServers", One), ("Fqdn", One)],
    ),
    cmdlet("Set-ReceiveConnector", Some("Identity"), &[("Identity", One), ("TlsCertificateName", One), ("Fqdn", One)]),
    cmdlet("Set-HybridConfiguration", None, &[("TlsCertificateName", One)]),
    cmdlet("Get-TransportService", Some("Identity"), &[("Identity", One)]),
    cmdlet("Get-ManagementRoleAssignment", Some("Identity"), &[("RoleAssignee", One), ("Role", One)]),
    cmdlet("Get-LocalGroupMember", Some("Group"), &[("Group", One)]),
    cmdlet("Get-FederationTrust", Some("Identity"), &[("Identity", One)]),
    cmdlet("Get-AuthConfig", None, &[]),
    cmdlet(
        "Set-AuthConfig",
        None,
        &[
            ("NewCertificateThumbprint", One),
            ("NewCertificateEffectiveDate", One),
            ("PublishCertificate", Nothing),
            ("ClearPreviousCertificate", Nothing),
            ("Force", Nothing),
        ],
    ),
    cmdlet(
        "Set-FederationTrust",
        Some("Identity"),
        &[("Identity", One), ("Thumbprint", One), ("PublishFederationCertificate", Nothing)],
    ),
    cmdlet("Get-FederatedDomainProof", None, &[("DomainName", One), ("Thumbprint", One)]),
    cmdlet("Test-FederationTrustCertificate", None, &[]),
    cmdlet("New-EdgeSubscription", None, &[("FileName", One), ("FileData", One), ("Site", One), ("Force", Nothing)]),
    cmdlet("Remove-EdgeSubscription", Some("Identity"), &[("Identity", One), ("Confirm", One)]),
    cmdlet("Start-EdgeSynchronization", None, &[("ForceFullSync", Nothing)]),
    cmdlet("Test-EdgeSynchronization", None, &[]),
    cmdlet("Stop-Service", Some("Name"), &[("Name", One)]),
    cmdlet("Start-Service", Some("Name"), &[("Name", One)]),
    cmdlet("Restart-Service", Some("Name"), &[("Name", One)]),
    cmdlet("Get-Service", Some("Name"), &[("Name", One)]),
    cmdlet(
        "New-ItemProperty",
        None,
        &[("Path", One), ("Name", One), ("Value", One), ("PropertyType", One), ("Force", Nothing)],
    ),
    cmdlet("Where-Object", Some("Property"), &[("Property", One), ("eq", One)]),
    cmdlet("ForEach-Object", Some("Process"), &[("Process", One)]),
    cmdlet("Invoke-Command", None, &[("ComputerName", One), ("ScriptBlock", One), ("ArgumentList", One)]),
    cmdlet("Export-Clixml", Some("Path"), &[("Path", One), ("Force", Nothing)]),
    cmdlet("ConvertTo-SecureString", Some("String"), &[("String", One), ("AsPlainText", Nothing), ("Force", Nothing)]),
    cmdlet("Get-Item", Some("Path"), &[("Path", One)]),
    cmdlet("Export-Certificate", None, &[("FilePath", One), ("Cert", One), ("Force", Nothing)]),
    cmdlet("Import-Certificate", Some("FilePath"), &[("FilePath", One), ("CertStoreLocation", One)]),
    cmdlet("New-WebBinding", None, &[("Name", One), ("Protocol", One), ("IPAddress", One), ("Port", One)]),
    cmdlet("Restart-WebAppPool", Some("Name"), &[("Name", One)]),
    cmdlet("Get-WebBinding", Some("Name"), &[("Name", One), ("Protocol", One), ("Port", One)]),
    cmdlet("Format-List", Some("Property"), &[("Property", One)]),
    // Programs of Windows.
    cmdlet("iisreset", None, &[]),
    cmdlet("certutil", Some("Store and certificate"), &[("repairstore", One), ("Store and certificate", One)]),
];

/// A command whose arguments are known by the parameters' names.
#[derive(Debug)]
pub struct Call<'a> {
    pub command: &'a Command,
    pub cmdlet: &'static str,
    pub on_server: bool,
    values: Vec<(&'static str, Option<&'a Value>)>,
}

/// Finds each argument its parameter.
pub fn bind(command: &Command) -> Result<Call<'_>, Failure> {
    let Some(cmdlet) = CMDLETS.iter().find(|cmdlet| cmdlet.name.eq_ignore_ascii_case(&command.name)) else {
        return command.fail("no such cmdlet is known");
    };
    let mut call = Call { command, cmdlet: cmdlet.name, on_server: cmdlet.server, values: Vec::new() };
    let mut arguments = command.arguments.iter();
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument {
            Argument::Parameter(given) => {
                let server = cmdlet.server.then_some(&("Server", One));
                let known = cmdlet.parameters.iter().chain(server).find(|(name, _)| name.eq_ignore_ascii_case(given));
                match known {
                    None => return command.fail(format!("has no parameter -{given}")),
                    Some((name, Nothing)) => (*name, None),
                    Some((name, One)) => match arguments.next() {
                        Some(Argument::Value(value)) => (*name, Some(value)),
                        _ => return command.fail(format!("-{name} lacks its value")),
                    },
                }
            }
            Argument::Value(value) => match cmdlet.positional {
                Some(name) => (name, Some(value)),
                None => return command.fail(format!("takes no value without a parameter: {value:?}")),
            },
        };
        if call.values.iter().any(|(given, _)| *given == name) {
            return command.fail(format!("-{name} is given twice"));
        }
        call.values.push((name, value));
    }
    Ok(call)
}

impl<'a> Call<'a> {
    pub fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(given, _)| *given == name)
    }

    pub fn value(&self, name: &str) -> Result<&'a Value, Failure> {
        match self.values.iter().find(|(given, _)| *given == name) {
            Some((_, Some(value))) => Ok(value),
            _ => self.command.fail(format!("-{name} is missing")),
        }
    }

    /// The text of a value: quoted, or a word that can be nothing else.
    pub fn text(&self, name: &str) -> Result<&'a str, Failure> {
        match self.value(name)? {
            Value::Text(text) => Ok(text),
            Value::Word(word) if is_plain(word) => Ok(word),
            other => self.command.fail(format!("-{name} is no plain text: {other:?}")),
        }
    }

    /// The thumbprint behind the path of this computer's own certificates, which stands bare.
    pub fn stored(&self, name: &str) -> Result<&'a str, Failure> {
        match self.value(name)? {
            Value::Word(path) => {
                let thumbprint = path.strip_prefix(r"Cert:\LocalMachine\My\").filter(|rest| is_thumbprint(rest));
                thumbprint.map_or_else(|| self.command.fail(format!("{path} is no certificate")), Ok)
            }
            other => self.command.fail(format!("-{name} is no path: {other:?}")),
        }
    }

    /// The words of a list, or of the one value.
    pub fn words(&self, name: &str) -> Result<Vec<&'a str>, Failure> {
        let values = match self.value(name)? {
            Value::List(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        let word = |value: &'a Value| match value {
            Value::Word(word) if is_plain(word) => Ok(word.as_str()),
            other => self.command.fail(format!("-{name} holds what is no word: {other:?}")),
        };
        values.iter().map(word).collect()
    }
}

fn is_thumbprint(word: &str) -> bool {
    word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// §7: "begins with an ASCII letter and holds only ASCII letters, digits, dots and hyphens (a thumbprint … bare)".
fn is_plain(word: &str) -> bool {
    is_thumbprint(word)
        || word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}
