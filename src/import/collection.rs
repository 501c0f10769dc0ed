//! The script that collects everything that is read here.

/// The PowerShell that collects everything that is read here.
pub fn collection_script() -> &'static str {
    include_str!("collection.ps1")
}
