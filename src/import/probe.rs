//! The script that looks at what servers really present.

use std::sync::LazyLock;

/// The PowerShell that looks at which certificates the servers really present, read-only, and writes one file of CLIXML
/// that [`Import::presented`](super::Import::presented) reads.
///
/// It is pasted into the Exchange Management Shell, or run there, after what was planned is done and services are
/// restarted. It connects to ports 443, 444, 993, 995, 25 and 587 of each server that `Get-ExchangeServer` prints, and
/// to each https binding of its two web sites by its own host name, asks for TLS 1.2 and disconnects. Any certificate will do for a look. No
/// mail is sent, and nobody signs in. Connecting and reading are limited in seconds: what does not listen, is silent or
/// offers no STARTTLS is not seen, with the reason in words.
///
/// ```
/// let script = exchange_certificates::import::probe_script();
/// assert!(script.contains("[Security.Authentication.SslProtocols]::Tls12"));
/// assert!(script.is_ascii() && script.ends_with("}\n\n"), "it can be pasted into any console");
/// ```
pub fn probe_script() -> &'static str {
    static SCRIPT: LazyLock<String> = LazyLock::new(|| {
        let indented = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") };
        let look: String = include_str!("../deployment/look.ps1").lines().map(indented).collect();
        include_str!("probe.ps1").replace("    # Here stands look.ps1.\n", &look)
    });
    &SCRIPT
}
