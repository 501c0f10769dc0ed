# A stand-in of Exchange: cmdlets that answer what an organisation in JSON says, in the ways in which
# the real ones answer, fail and are missing. It knows nothing of the script that asks.
#
#   shell, computer   what the shell is of (2013, 2016, 2019, SE, Edge) and where it runs
#   form              how certificates arrive: session, unserialized, flat, snap-in
#   servers           name, fqdn, edge
#   answers           by cmdlet and server ('' for those that name none): objects with type and properties; a
#                     value may be { prints }, { enumeration, value } or { der }
#   certificates      by server
#   selection         by server and host name: thumbprints in their order
#   fails             cmdlet, server, domain, how (error, throw, half, half-throw, warning), message
#   missing           cmdlets that the caller's role lacks

# Exchange's cmdlets are not PowerShell: what the session has set does not reach into them.
$PSDefaultParameterValues = @{}
$ConfirmPreference = 'None'
$WhatIfPreference = $false
Set-StrictMode -Off

$shells = @{
    '2013' = '^(?!Get-ClientAccessService$)'
    '2016' = '.'
    '2019' = '^(?!Get-UM)'
    'SE'   = '^(?!Get-UM)'
    'Edge' = '^Get-(Exchange|Transport|Receive|Send|EdgeSubscription)|^(Invoke-Command|Get-WebBinding)$'
}
$byServer = '[Parameter(ValueFromPipeline)][string] $Server, [string] $DomainController'
$byIdentity = '[Parameter(Position = 0)][string] $Identity, [string] $DomainController'
$ofDirectory = '[Parameter(ParameterSetName = "S", Mandatory)][string] $Server, [switch] $ADPropertiesOnly, [Parameter(ParameterSetName = "I", Position = 0)][string] $Identity'
$cmdlets = @{
    'Get-ExchangeServer' = $byIdentity; 'Get-SendConnector' = $byIdentity; 'Get-EdgeSubscription' = $byIdentity
    'Get-AuthConfig' = '[string] $DomainController'; 'Get-HybridConfiguration' = '[string] $DomainController'
    'Get-FederationTrust' = $byIdentity; 'Get-TransportService' = $byIdentity; 'Get-UMService' = $byIdentity
    'Get-ClientAccessService' = $byIdentity; 'Get-ClientAccessServer' = $byIdentity
    'Get-ImapSettings' = $byServer; 'Get-PopSettings' = $byServer; 'Get-UMCallRouterSettings' = $byServer
    'Get-ReceiveConnector' = '[Parameter(ParameterSetName = "S")][string] $Server, [Parameter(ParameterSetName = "I", Position = 0)][string] $Identity'
    'Get-ExchangeCertificate' = '[string] $Server, [object[]] $DomainName, [Parameter(Position = 0)][string] $Thumbprint'
    'Invoke-Command' = '[Parameter(Mandatory)][string[]] $ComputerName, [Parameter(Mandatory)][scriptblock] $ScriptBlock'
    'Get-WebBinding' = '[string] $Name'
}
foreach ($kind in 'Owa', 'Ecp', 'WebServices', 'ActiveSync', 'Oab', 'Autodiscover', 'Mapi') { $cmdlets["Get-${kind}VirtualDirectory"] = $ofDirectory }
$cmdlets['Get-OutlookAnywhere'] = $ofDirectory
foreach ($cmdlet in $cmdlets.Keys) {
    Invoke-Expression "function $cmdlet { [CmdletBinding(DefaultParameterSetName = 'I')] param($($cmdlets[$cmdlet])) process { Out-Answer '$cmdlet' `$PSBoundParameters `$PSCmdlet } }"
}

$calls = [Collections.Generic.List[string]] @()
$organization = $null
$at = $null

# Takes an organisation, and says which cmdlets its shell lacks.
function Set-Organization([string] $Path) {
    $script:organization = Get-Content -LiteralPath $Path -Raw | ConvertFrom-Json -AsHashtable
    $script:calls.Clear()
    $script:at = $null
    $cmdlets.Keys | Where-Object { $_ -notmatch $shells[$organization.shell] -or $_ -in $organization.missing }
}

# What was called so far, with the parameters that were given.
function Get-OrganizationCall { $calls }

function Out-Answer($cmdlet, $bound, $caller) {
    $given = $bound.Keys | Where-Object { $_ -notin 'ErrorAction', 'WarningAction' } | Sort-Object | ForEach-Object { "-$_ $("$($bound[$_])".Trim())" }
    $calls.Add(("$cmdlet $given").TrimEnd())
    $isEdge = $organization.shell -eq 'Edge'
    $server = "$($bound['Server'])$($bound['Identity'])$($bound['ComputerName'])"
    if ($isEdge -and $server) { throw "$cmdlet on an Edge Transport server takes no server" }
    foreach ($known in $organization.servers) { if ($server -eq $known.fqdn) { $server = $known.name } }
    if ($cmdlet -eq 'Get-WebBinding') { $server = $at }
    $edges = $organization.servers | Where-Object edge | ForEach-Object name
    if (-not $isEdge -and $server -and $edges -contains $server) { throw "the Edge Transport server $server does not answer" }
    if ($isEdge -and $cmdlet -notin 'Get-ExchangeServer', 'Get-SendConnector') { $server = $organization.computer }
    $domain = "$($bound['DomainName'])"

    $answers = @(switch ($cmdlet) {
        'Get-ExchangeCertificate' { Get-CertificateObject $server $domain }
        'Invoke-Command' { $script:at = $server; & $bound['ScriptBlock']; $script:at = $null }
        default { foreach ($object in $organization.answers[$cmdlet].$server) { New-AnswerObject $object } }
    })
    $fail = $organization.fails | Where-Object {
        $_.cmdlet -eq $cmdlet -and $_.server -in $null, $server -and "$($_.domain)" -eq $domain
    } | Select-Object -First 1
    switch -Wildcard ("$($fail.how)") {
        'half*' { $answers[0..([Math]::Ceiling($answers.Count / 2) - 1)] }
        'warning' { $caller.WriteWarning($fail.message); $answers }
        '' { $answers }
    }
    $message = $fail.message
    switch -Wildcard ("$($fail.how)") {
        '*throw' { $caller.ThrowTerminatingError((New-Failure $message)) }
        'half' { $caller.WriteError((New-Failure $message)) }
        'error' { $caller.WriteError((New-Failure $message)); $caller.WriteError((New-Failure 'and another one')) }
    }
}

function New-Failure($message) {
    [Management.Automation.ErrorRecord]::new([InvalidOperationException]::new($message), 'StandIn', 'InvalidOperation', $null)
}

if (-not ('Microsoft.Exchange.Data.Printed' -as [type])) { Add-Type -IgnoreWarnings -WarningAction Ignore -TypeDefinition @'
#pragma warning disable SYSLIB0057
using System;
using System.Collections.Generic;
using System.Security.Cryptography.X509Certificates;
namespace Microsoft.Exchange.Management.SystemConfigurationTasks {
    [Flags] public enum AllowedServices { None = 0, IMAP = 1, POP = 2, UM = 4, IIS = 8, SMTP = 16, Federation = 32, UMCallRouter = 64 }
    public enum CertificateStatus { Unknown, Valid, Revoked, DateInvalid, Untrusted, Invalid, RevocationCheckFailure, PendingRequest }
    public enum CertificateAuthorityType { None, ThirdParty, Enterprise, Registry, GroupPolicy, Unknown }
    public class IisService { public string ServiceName { get; set; } }
    public class ExchangeCertificate : X509Certificate2 {
        public ExchangeCertificate(byte[] der) : base(der) { IISServices = new List<IisService>(); }
        public AllowedServices Services { get; set; }
        public CertificateStatus Status { get; set; }
        public CertificateAuthorityType RootCAType { get; set; }
        public new string FriendlyName { get; set; }
        public new bool HasPrivateKey { get; set; }
        public List<IisService> IISServices { get; set; }
    }
}
namespace Microsoft.Exchange.Data {
    [Flags] public enum AuthMechanisms { None = 0, Tls = 1, Integrated = 2, BasicAuth = 4, BasicAuthRequireTLS = 8, ExchangeServer = 16, ExternalAuthoritative = 32 }
    public enum ServerRole { None = 0, Mailbox = 2, HubTransport = 32, FrontendTransport = 16384, Edge = 64 }
    public enum UMStartupMode { TCP, TLS, Dual }
    public class Printed { string text; public Printed(string text) { this.text = text; } public override string ToString() { return text; } }
}
'@
}

$class = 'Microsoft.Exchange.Management.SystemConfigurationTasks.ExchangeCertificate'

function Get-CertificateObject($server, $domain) {
    $certificates = @($organization.certificates[$server] | Where-Object { $_ })
    if ($domain) {
        $certificates = foreach ($thumbprint in $organization.selection[$server].$domain) {
            $certificates | Where-Object thumbprint -eq $thumbprint
        }
    }
    foreach ($certificate in $certificates) { New-CertificateObject $certificate $server }
}

# A certificate in the form in which it arrives.
function New-CertificateObject($known, $server) {
    $der = [Convert]::FromBase64String($known.der)
    $sites = @($known.sites | ForEach-Object { "IIS://$server/W3SVC/$_" })
    if ($organization.form -eq 'snap-in') {
        $typed = ("$class" -as [type])::new($der)
        $typed.Services = $known.services; $typed.Status = $known.status; $typed.RootCAType = $known.root_ca_type
        $typed.FriendlyName = $known.friendly_name; $typed.HasPrivateKey = $known.has_private_key
        foreach ($site in $sites) { $typed.IISServices.Add([Microsoft.Exchange.Management.SystemConfigurationTasks.IisService] @{ ServiceName = $site }) }
        return $typed
    }
    if ($organization.form -eq 'flat') {
        $flat = [pscustomobject] @{
            RawData = $der; Services = $known.services; Status = $known.status; RootCAType = $known.root_ca_type
            FriendlyName = $known.friendly_name; HasPrivateKey = $known.has_private_key; IISServices = [string[]] $sites
        }
        $flat.PSObject.TypeNames.Insert(0, "Deserialized.$class")
        return $flat
    }
    # The session builds a certificate again from its RawData; all else that it shows is of the computer here.
    $rebuilt = [Security.Cryptography.X509Certificates.X509Certificate2]::new($der)
    $rebuilt.PSObject.TypeNames.Insert(0, $class)
    $notes = @{ PSComputerName = 'session.contoso.com'; RunspaceId = [guid]::Empty; PSShowComputerName = $false }
    if ($organization.form -eq 'session') { $notes.SerializationData = [Convert]::FromBase64String($known.serialization_data) }
    Add-Member -InputObject $rebuilt -NotePropertyMembers $notes
    $rebuilt
}

# A value of a property: itself, what prints, an enumeration, or a certificate.
function New-Value($value) {
    if ($value -isnot [Collections.IDictionary]) { return $value }
    if ($value.Contains('prints')) { return [Microsoft.Exchange.Data.Printed]::new($value.prints) }
    if ($value.Contains('enumeration')) { return [Enum]::ToObject("Microsoft.Exchange.Data.$($value.enumeration)" -as [type], [int] $value.value) }
    [Security.Cryptography.X509Certificates.X509Certificate2]::new([Convert]::FromBase64String($value.der))
}

# Any other object; one of a session has been serialized.
function New-AnswerObject($known) {
    $properties = [ordered] @{}
    foreach ($property in $known.properties.GetEnumerator()) {
        $value = $property.Value
        if ($value -is [Collections.IList]) { $value = [object[]] @($value | ForEach-Object { New-Value $_ }) } else { $value = New-Value $value }
        $properties[$property.Key] = $value
    }
    $object = [pscustomobject] $properties
    $object.PSObject.TypeNames.Insert(0, $known.type)
    if ($organization.form -eq 'snap-in') { return $object }
    [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($object, 2))
}

Export-ModuleMember -Function (@($cmdlets.Keys) + 'Set-Organization', 'Get-OrganizationCall')
