//! The script that collects what is read here.

/// The PowerShell that an administrator pastes into the Exchange Management Shell to collect
/// everything that is read here, of all servers, into one file of CLIXML.
///
/// It is read-only: every command is a `Get-` cmdlet, but for the `Export-Clixml` at its end. It works
/// on Exchange 2013 to Subscription Edition, in remote and direct sessions, and names each server
/// that does not answer.
///
/// ```
/// let script = exchange_certificates::import::collection_script();
/// assert!(script.contains("Get-ExchangeCertificate -Server $name"));
/// ```
pub fn collection_script() -> &'static str {
    include_str!("collection.ps1")
}
