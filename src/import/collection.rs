//! The script that collects what is read here.

/// The PowerShell that an administrator pastes into the Exchange Management Shell to collect
/// everything that is read here, of all servers, into one file of CLIXML.
///
/// It changes nothing but that file: of Exchange it calls `Get-` cmdlets alone, and on each server
/// `Get-WebBinding`, by `Invoke-Command`. It works on Exchange 2013 to Subscription Edition, in remote and direct
/// sessions, in Windows PowerShell 5.1 and later. What a server does not answer is named, and stands in the file as
/// not read: each question is there with its outcome.
///
/// It is to be run on each Edge Transport server too, and where Unified Messaging is used in the shell of a 2016 or
/// 2013 server; the files are read together.
///
/// ```
/// let script = exchange_certificates::import::collection_script();
/// assert!(script.contains("Ask = 'Get-ExchangeCertificate', 'Get-ReceiveConnector'"));
/// assert!(script.is_ascii() && script.ends_with("}\n\n"), "it can be pasted into any console");
/// ```
pub fn collection_script() -> &'static str {
    include_str!("collection.ps1")
}
