# Prints objects like those of Get-ExchangeCertificate in every way that PowerShell has, each into a file of its own.
param([string] $Folder)
Add-Type -TypeDefinition @'
using System;
namespace Formatted {
    [Flags] public enum AllowedServices { None = 0, IMAP = 1, POP = 2, UM = 4, IIS = 8, SMTP = 16, Federation = 32, UMCallRouter = 64 }
    public enum CertificateStatus { Unknown, Valid, Revoked, DateInvalid, Untrusted, Invalid, RevocationCheckFailure, PendingRequest }
    public enum CertificateAuthorityType { None, ThirdParty, Enterprise, Registry, GroupPolicy, Unknown }
    public class ExchangeCertificate {
        public string[] AccessRules { get; set; }
        public string[] CertificateDomains { get; set; }
        public string FriendlyName { get; set; }
        public bool HasPrivateKey { get; set; }
        public string[] IISServices { get; set; }
        public bool IsSelfSigned { get; set; }
        public string Issuer { get; set; }
        public DateTime NotAfter { get; set; }
        public DateTime NotBefore { get; set; }
        public int PublicKeySize { get; set; }
        public byte[] RawData { get; set; }
        public CertificateAuthorityType RootCAType { get; set; }
        public string SerialNumber { get; set; }
        public AllowedServices Services { get; set; }
        public CertificateStatus Status { get; set; }
        public string Subject { get; set; }
        public string Thumbprint { get; set; }
    }
}
'@
$all = foreach ($wanted in Get-Content -Raw -LiteralPath "$Folder/certificates.json" | ConvertFrom-Json) {
    $one = [Formatted.ExchangeCertificate]::new()
    foreach ($property in $wanted.PSObject.Properties) { $one.($property.Name) = $property.Value }
    $one.AccessRules = @('System.Security.AccessControl.CryptoKeyAccessRule') * 2
    $one.NotAfter = [datetime] '2027-01-02 13:14:15'
    $one.NotBefore = [datetime] '2025-12-01 01:00:00'
    $one.PublicKeySize = 2048
    $one.RawData = 1..200
    $one
}
# As a remote session gives them: enumerations are texts, which stand on the left.
$texts = $all | Select-Object FriendlyName, @{ n = 'Services'; e = { "$($_.Services)" } }, @{ n = 'Status'; e = { "$($_.Status)" } },
    Thumbprint, Subject, HasPrivateKey
$columns = [ordered] @{
    usual = 'Thumbprint', 'Services', 'Subject'
    name = 'FriendlyName', 'Services', 'Status', 'Thumbprint'
    first = 'Services', 'Thumbprint', 'HasPrivateKey', 'CertificateDomains', 'RootCAType'
    last = 'Subject', 'NotAfter', 'Services', 'Thumbprint'
    three = 'Thumbprint', 'Subject', 'FriendlyName', 'Services'
    short = 'Thumbprint', 'Status', 'HasPrivateKey'
    sites = 'Thumbprint', 'IISServices', 'RootCAType', 'Services'
    renamed = @{ n = 'Zertifikat'; e = { $_.Thumbprint } }, @{ n = 'Dienste'; e = { $_.Services } }, 'Subject'
}
$writers = [ordered] @{}
$writers['list all'] = { $all | Format-List * }
$writers['list some'] = { $all | Format-List FriendlyName, Services, Status, Thumbprint, Subject, Issuer, CertificateDomains, IISServices }
$writers['list texts'] = { $texts | Format-List }
foreach ($name in $columns.Keys) {
    $shown = $columns[$name]
    $writers["table $name"] = { $all | Format-Table $shown }.GetNewClosure()
    $writers["table $name auto"] = { $all | Format-Table $shown -AutoSize }.GetNewClosure()
    $writers["table $name wrap"] = { $all | Format-Table $shown -Wrap }.GetNewClosure()
    $writers["table $name wrap auto"] = { $all | Format-Table $shown -Wrap -AutoSize }.GetNewClosure()
    $writers["table $name group"] = { $all | Format-Table $shown -GroupBy Status }.GetNewClosure()
}
$writers['table texts'] = { $texts | Format-Table Thumbprint, Services, Status, FriendlyName }
$writers['table texts wrap'] = { $texts | Format-Table FriendlyName, Services, Thumbprint -Wrap }
$writers['table one'] = { $all[0] | Format-Table FriendlyName, Services, Thumbprint, Status }
$write = {
    param($Name, $Lines)
    [IO.File]::WriteAllText("$Folder/$Name.txt", (@($Lines) -join "`n"))
}
# The languages in which lines are broken between words.
$helper = [psobject].Assembly.GetType('Microsoft.PowerShell.Commands.Internal.Format.StringManipulationHelper')
$field = $helper.GetFields('NonPublic, Static') | Where-Object { $_.FieldType.IsGenericType -and "$($_.FieldType)" -match 'String' } | Select-Object -First 1
if (-not $field) { throw 'the formatter keeps its languages elsewhere' }
$languages = $field.GetValue($null)
$own = [cultureinfo]::CurrentCulture.TwoLetterISOLanguageName
foreach ($habit in 'hard', 'words') {
    if ($habit -eq 'words') { $null = $languages.Add($own) } else { $null = $languages.Remove($own) }
    foreach ($width in 60, 70, 80, 100, 120, 160, 200) {
        foreach ($name in $writers.Keys) {
            & $write "$name $habit $width" (& $writers[$name] | Out-String -Width $width)
        }
    }
}
foreach ($delimiter in ',', ';', "`t") {
    $mark = @{ ',' = 'comma'; ';' = 'semicolon'; "`t" = 'tab' }[$delimiter]
    & $write "csv $mark" ($all | ConvertTo-Csv -Delimiter $delimiter)
    & $write "csv $mark type" ($all | ConvertTo-Csv -Delimiter $delimiter -IncludeTypeInformation)
    & $write "csv $mark bare" ($all | Select-Object $columns.name | ConvertTo-Csv -Delimiter $delimiter -UseQuotes AsNeeded)
    & $write "csv $mark joined" ($all | Select-Object Thumbprint, Services, @{ n = 'CertificateDomains'; e = { $_.CertificateDomains -join ' ' } } |
            ConvertTo-Csv -Delimiter $delimiter)
}
$json = $all | Select-Object Thumbprint, Services, Status, RootCAType, FriendlyName, HasPrivateKey, CertificateDomains, IISServices, Subject
& $write 'json' ($json | ConvertTo-Json)
& $write 'json compressed' ($json | ConvertTo-Json -Compress)
& $write 'json names' ($json | ConvertTo-Json -EnumsAsStrings)
& $write 'json flat' ($json | ConvertTo-Json -Depth 1)
