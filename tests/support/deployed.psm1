# A stand-in of Exchange and Windows that keeps its state in a file, so that every process and runspace sees one world:
# world.json in the folder $env:DEPLOYED. What its listeners present is written beside it (presented.json).
#
#   computer    where the script runs; edge: it is an Edge Transport server
#   known       certificates by thumbprint: issuer, subject, domains, order (the later, the better), selfSigned, expired
#   servers     by name: fqdn, down, certificates (thumbprint -> services that are stored, key), bindings, default, imap,
#               pop, receive (name -> tls, fqdn), runs (services), loaded (what a running service keeps), um
#   send        name -> tls, fqdn, sources; hybrid; edges
#   ports       number -> server, endpoint; listen: number -> mode, when (before, after, always)
#   fault       how (before, after, good, kill-before, kill-after, get, get-good), at (a number of call), cmdlet, server
# Beside it: calls (those that change something, one a line), reads (one character each).

$PSDefaultParameterValues = @{}
Set-StrictMode -Off
$place = $null

function Get-World { [IO.File]::ReadAllText("$env:DEPLOYED/world.json") | ConvertFrom-Json -AsHashtable }
function Save-World($world) {
    $endpoints = Get-Endpoints $world
    $world.endpoints = $endpoints
    $presented = @{}
    foreach ($number in $world.ports.Keys) { $presented[$number] = Get-Listening $world $number $endpoints }
    foreach ($pair in @(@('presented', $presented), @('world', $world))) {
        [IO.File]::WriteAllText("$env:DEPLOYED/$($pair[0]).new", (ConvertTo-Json $pair[1] -Depth 9 -Compress))
        [IO.File]::Move("$env:DEPLOYED/$($pair[0]).new", "$env:DEPLOYED/$($pair[0]).json", $true)
    }
}

function Get-NameOf($world, $thumbprint) { "<I>$($world.known[$thumbprint].issuer)<S>$($world.known[$thumbprint].subject)" }
function Test-Covers($world, $thumbprint, $name) {
    foreach ($domain in $world.known[$thumbprint].domains) {
        if ($domain -eq $name -or ($domain -like '`*.*' -and $name -match '^[^.]+(\..*)$' -and $domain.Substring(1) -eq $Matches[1])) { return $true }
    }
    $false
}

# What each endpoint presents: a thumbprint, or dead.
function Get-Endpoints($world) {
    $found = @{}
    foreach ($server in $world.servers.Keys) {
        $it = $world.servers[$server]
        $best = @($it.certificates.Keys | Where-Object { $it.certificates[$_].key -ne 'none' } | Sort-Object { $world.known[$_].selfSigned }, { -$world.known[$_].order })
        $choose = {
            param($tls, $fqdn)
            if ($tls) { $one = $best | Where-Object { (Get-NameOf $world $_) -eq $tls } | Select-Object -First 1; if ($one -and $it.certificates[$one].services -notcontains 'SMTP') { $one = $null } }
            else { $one = $best | Where-Object { $it.certificates[$_].services -contains 'SMTP' -and (Test-Covers $world $_ $(if ($fqdn) { $fqdn } else { $it.fqdn })) } | Select-Object -First 1 }
            if ($one) { $one } else { 'dead' }
        }
        foreach ($binding in $it.bindings.Keys) { $found["$server https/$binding"] = if ($it.certificates.Contains($it.bindings[$binding])) { $it.bindings[$binding] } else { 'dead' } }
        foreach ($kind in 'imap', 'pop') {
            $service = @{ imap = 'MSExchangeIMAP4'; pop = 'MSExchangePOP3' }[$kind]
            if ($it.runs.Contains($service)) { $found["$server $kind"] = if ($it.runs[$service] -eq 'Running' -and $it.loaded[$kind]) { $it.loaded[$kind] } else { 'dead' } }
        }
        $front = if ($world.edge) { 'MSExchangeTransport' } else { 'MSExchangeFrontEndTransport' }
        foreach ($name in $it.receive.Keys) { $found["$server receive $name"] = if ($it.runs[$front] -eq 'Running') { & $choose $it.receive[$name].tls $it.receive[$name].fqdn } else { 'dead' } }
        foreach ($name in $world.send.Keys) {
            if ($world.send[$name].sources -notcontains $server) { continue }
            $found["$server send $name"] = if ($it.runs['MSExchangeTransport'] -eq 'Running') { & $choose $world.send[$name].tls $world.send[$name].fqdn } else { 'dead' }
        }
        if ($it.runs.Contains('MSExchangeTransport')) { $found["$server internal"] = if ($it.certificates.Contains("$($it.default)")) { $it.default } else { 'dead' } }
    }
    $found
}

# What its listener does: a thumbprint, plain (no STARTTLS), close, silent, or once:thumbprint (then it is closed).
function Get-Listening($world, $number, $endpoints) {
    $port = $world.ports[$number]
    if ($world.servers[$port.server].down) { return 'close' }
    $now = $endpoints["$($port.server) $($port.endpoint)"]
    $mode = $world.listen[$number]
    $changed = $world.changed
    if ($mode -and ($mode.when -eq 'always' -or ($mode.when -eq 'after') -eq $changed)) {
        switch ($mode.mode) {
            'former' { return $world.initial[$number] }
            'late' { if ($world.fronts -eq 0) { return $world.initial[$number] } }
            'once' { return "once:$now" }
            default { return $mode.mode }
        }
    }
    if ($now -and $now -ne 'dead') { return $now }
    if ($port.endpoint -like 'receive*') { 'plain' } else { 'close' }
}

# Makes the world of a job, and remembers how it was.
function Initialize-World([string] $Path) {
    $world = [IO.File]::ReadAllText($Path) | ConvertFrom-Json -AsHashtable
    $world.changed = $false; $world.fronts = 0; $world.asked = @()
    foreach ($server in $world.servers.Keys) {
        $it = $world.servers[$server]
        $it.loaded = @{}
        foreach ($kind in 'imap', 'pop') { $it.loaded[$kind] = Get-Loaded $world $server $kind }
    }
    $world.initial = @{}
    if (-not $world.listen) { $world.listen = @{} }
    $endpoints = Get-Endpoints $world
    foreach ($number in $world.ports.Keys) { $world.initial[$number] = $endpoints["$($world.ports[$number].server) $($world.ports[$number].endpoint)"] }
    Save-World $world
}

function Get-Loaded($world, $server, $kind) {
    $it = $world.servers[$server]
    @($it.certificates.Keys | Where-Object { $it[$kind] -and (Test-Covers $world $_ $it[$kind]) } | Sort-Object { $world.known[$_].selfSigned }, { -$world.known[$_].order })[0]
}

function New-Failure($message) { [Management.Automation.ErrorRecord]::new([InvalidOperationException]::new($message), 'StandIn', 'InvalidOperation', $null) }

# One call: it is counted and kept; it may fail before or after what it does; or the script is killed there.
function Invoke-Call($caller, $bound, $server, [scriptblock] $does, [switch] $Reads) {
    $cmdlet = $caller.MyInvocation.MyCommand.Name
    $world = Get-World
    if ($world.killed) { throw [Management.Automation.PipelineStoppedException]::new() }
    foreach ($known in $world.servers.Keys) { if ($server -eq $world.servers[$known].fqdn) { $server = $known } }
    if (-not $server) { $server = if ($place) { $place } else { $world.computer } }
    elseif ($world.edge -and $bound.ContainsKey('Server')) { $caller.WriteError((New-Failure "$cmdlet on an Edge Transport server takes no server")); return }
    $said = "$cmdlet " + (($bound.Keys | Where-Object { $_ -notin 'ErrorAction', 'WarningAction', 'Confirm', 'FileData', 'Password' } | Sort-Object | ForEach-Object { "-$_ $($bound[$_])" }) -join ' ')
    $fault = $world.fault
    $fails = $null
    if ($Reads) {
        [IO.File]::AppendAllText("$env:DEPLOYED/reads", '.')
        $soFar = [IO.FileInfo]::new("$env:DEPLOYED/reads").Length
        if ($fault.how -like 'get*' -and ($soFar -eq $fault.at -or ($fault.how -eq 'get-good' -and $soFar -ge $fault.at -and (-not $fault.cmdlet -or $fault.cmdlet -eq $cmdlet)))) { $fails = 'before' }
    } else {
        [IO.File]::AppendAllText("$env:DEPLOYED/calls", "$said @$server`n")
        $soFar = [IO.File]::ReadAllLines("$env:DEPLOYED/calls").Count
        if ($fault.how -eq 'good') { if ($fault.cmdlet -eq $cmdlet -and (-not $fault.server -or $fault.server -eq $server) -and (-not $fault.with -or $said -match $fault.with)) { $fails = 'before' } }
        elseif ($soFar -eq $fault.at) { $fails = $fault.how }
        if ($fault.how -eq 'gone' -and $soFar -ge $fault.at) { $world.servers[$fault.server].down = $true; Save-World $world }
    }
    if ($world.servers[$server].down) { $caller.WriteError((New-Failure "$server does not answer")); return }
    if ($fails -eq 'kill-before') { $world.killed = $true; Save-World $world; throw [Management.Automation.PipelineStoppedException]::new() }
    if ($fails -eq 'before') { $caller.WriteError((New-Failure "injected before $cmdlet")); return }
    $it = $world.servers[$server]
    $failure = $null
    try { & $does } catch { $failure = $_ }
    if (-not $Reads -and -not $failure) {
        if ($fails -eq 'kill-after') { $world.killed = $true }
        $world.changed = $true
        Save-World $world
        if ($fails -eq 'kill-after') { throw [Management.Automation.PipelineStoppedException]::new() }
    }
    if ($failure) { $caller.WriteError((New-Failure "$failure")); return }
    if ($fails -eq 'after') { $caller.WriteError((New-Failure "injected after $cmdlet")) }
}

# ---- Exchange ----

function Get-ExchangeCertificate {
    [CmdletBinding()] param([string] $Server)
    Invoke-Call $PSCmdlet $PSBoundParameters $Server -Reads {
        foreach ($thumbprint in $it.certificates.Keys) {
            $stored = @($it.certificates[$thumbprint].services)
            $sites = @($it.bindings.Keys | Where-Object { $it.bindings[$_] -eq $thumbprint } | ForEach-Object { $_[0] } | Sort-Object -Unique)
            $shown = @(
                foreach ($kind in 'imap', 'pop') { if ($it[$kind] -and $world.known[$thumbprint].domains -contains $it[$kind]) { $kind.ToUpper() } }
                if ($stored -contains 'UM') { 'UM' }
                if ($sites) { 'IIS' }
                if ($stored -contains 'SMTP') { 'SMTP' }
                if ($stored -contains 'UMCallRouter') { 'UMCallRouter' }
            )
            [pscustomobject] @{
                Thumbprint = $thumbprint; Issuer = $world.known[$thumbprint].issuer; Subject = $world.known[$thumbprint].subject
                Services = if ($shown) { $shown -join ', ' } else { 'None' }
                NotAfter = [DateTime]::Now.AddDays($(if ($world.known[$thumbprint].expired) { -1 } else { 400 }))
                IISServices = @(foreach ($site in $sites) { "IIS://$server/W3SVC/$site" })
            }
        }
    }
}
function Enable-ExchangeCertificate {
    [CmdletBinding(SupportsShouldProcess)] param([string] $Server, [Parameter(Mandatory)][string] $Thumbprint, [Parameter(Mandatory)][string[]] $Services, [switch] $Force, [switch] $DoNotRequireSsl)
    if (-not $PSCmdlet.ShouldProcess($Thumbprint)) { return }
    $caller = $PSCmdlet
    Invoke-Call $PSCmdlet $PSBoundParameters $Server {
        $certificate = $it.certificates[$Thumbprint]
        if (-not $certificate) { throw "The certificate with thumbprint $Thumbprint was not found." }
        $names = @($Services -split '\s*,\s*')
        if ($names -contains 'SMTP') {
            $isDefault = $true
            if ($it.default -and $it.default -ne $Thumbprint -and -not $Force) {
                $world.asked = @($world.asked) + "$($Host.Name)"
                Save-World $world
                $isDefault = $caller.ShouldContinue("Overwrite the existing default SMTP certificate?`n`nCurrent certificate: '$($it.default)' (expires 1/1/2031 12:00:00 AM)`nReplace it with certificate: '$Thumbprint' (expires 1/1/2032 12:00:00 AM)", 'Confirm')
            }
            $certificate.services = @(@($certificate.services) + 'SMTP' | Where-Object { $_ } | Sort-Object -Unique)
            if ($isDefault -and $it.runs.Contains('MSExchangeTransport')) { $it.default = $Thumbprint }
        }
        foreach ($kind in 'IMAP', 'POP') {
            if ($names -notcontains $kind) { continue }
            if ($world.known[$Thumbprint].domains[0] -like '*`**') { throw 'This certificate cannot be used: its subject is no FQDN.' }
            $it[$kind.ToLower()] = $world.known[$Thumbprint].domains[0]
        }
        foreach ($kind in 'UM', 'UMCallRouter') { if ($names -contains $kind) { $certificate.services = @(@($certificate.services) + $kind | Where-Object { $_ } | Sort-Object -Unique) } }
        if ($names -contains 'IIS') {
            foreach ($binding in @($it.bindings.Keys)) { if ($binding -in '1/*:443', '1/127.0.0.1:443') { $it.bindings[$binding] = $Thumbprint } }
            if (-not $DoNotRequireSsl) { $it.requireSsl = $true }
        }
    }
}
function Import-ExchangeCertificate {
    [CmdletBinding(SupportsShouldProcess)] param([string] $Server, [byte[]] $FileData, [securestring] $Password, [bool] $PrivateKeyExportable)
    if (-not $PSCmdlet.ShouldProcess('a file')) { return }
    Invoke-Call $PSCmdlet $PSBoundParameters $Server {
        $opened = [Security.Cryptography.X509Certificates.X509CertificateLoader]::LoadPkcs12($FileData, [Net.NetworkCredential]::new('', $Password).Password)
        if ($it.certificates.Contains($opened.Thumbprint)) { throw "The certificate $($opened.Thumbprint) already exists." }
        $it.certificates[$opened.Thumbprint] = @{ services = @(); key = $(if ($world.importKey) { $world.importKey } else { 'CSP' }) }
    }
}
function Remove-ExchangeCertificate {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param([string] $Server, [Parameter(Mandatory)][string] $Thumbprint)
    if (-not $PSCmdlet.ShouldProcess($Thumbprint)) { return }
    Invoke-Call $PSCmdlet $PSBoundParameters $Server {
        if (-not $it.certificates.Contains($Thumbprint)) { throw "The certificate with thumbprint $Thumbprint was not found." }
        if ($it.default -eq $Thumbprint) { throw 'The internal transport certificate cannot be removed.' }
        foreach ($name in $world.send.Keys) { if ($world.send[$name].tls -eq (Get-NameOf $world $Thumbprint)) { throw "These certificates are tagged with following Send Connectors : $name." } }
        if ($it.certificates[$Thumbprint].key -eq 'none') { throw 'The private key could not be found.' }
        $it.certificates.Remove($Thumbprint)
    }
}
function Get-SendConnector {
    [CmdletBinding()] param()
    Invoke-Call $PSCmdlet $PSBoundParameters '' -Reads {
        foreach ($name in $world.send.Keys) { [pscustomobject] @{ Name = $name; TlsCertificateName = $world.send[$name].tls; Fqdn = $world.send[$name].fqdn; SourceTransportServers = @($world.send[$name].sources) } }
    }
}
function Set-SendConnector {
    [CmdletBinding(SupportsShouldProcess)] param([Parameter(Position = 0, Mandatory)][string] $Identity, [AllowNull()][object] $TlsCertificateName)
    if (-not $PSCmdlet.ShouldProcess($Identity)) { return }
    Invoke-Call $PSCmdlet $PSBoundParameters '' {
        if (-not $world.send.Contains($Identity)) { throw "there is no Send connector $Identity" }
        $world.send[$Identity].tls = "$TlsCertificateName"
    }
}
function Get-ReceiveConnector {
    [CmdletBinding()] param([string] $Server)
    Invoke-Call $PSCmdlet $PSBoundParameters $Server -Reads {
        foreach ($name in $it.receive.Keys) { [pscustomobject] @{ Name = $name; TlsCertificateName = $it.receive[$name].tls; Fqdn = $it.receive[$name].fqdn } }
    }
}
function Set-ReceiveConnector {
    [CmdletBinding(SupportsShouldProcess)] param([Parameter(Position = 0, Mandatory)][string] $Identity, [AllowNull()][object] $TlsCertificateName)
    if (-not $PSCmdlet.ShouldProcess($Identity)) { return }
    $of, $name = $Identity -split '\\', 2
    Invoke-Call $PSCmdlet $PSBoundParameters $of {
        if (-not $it.receive.Contains("$name")) { throw "there is no Receive connector $Identity" }
        $it.receive[$name].tls = "$TlsCertificateName"
    }
}
function Get-HybridConfiguration {
    [CmdletBinding()] param()
    Invoke-Call $PSCmdlet $PSBoundParameters '' -Reads { if ($null -ne $world.hybrid) { [pscustomobject] @{ TlsCertificateName = $world.hybrid } } }
}
function Set-HybridConfiguration {
    [CmdletBinding(SupportsShouldProcess)] param([AllowNull()][object] $TlsCertificateName)
    if (-not $PSCmdlet.ShouldProcess('hybrid')) { return }
    Invoke-Call $PSCmdlet $PSBoundParameters '' { $world.hybrid = "$TlsCertificateName" }
}
foreach ($kind in 'Imap', 'Pop') {
    Invoke-Expression @"
function Get-${kind}Settings {
    [CmdletBinding()] param([string] `$Server)
    Invoke-Call `$PSCmdlet `$PSBoundParameters `$Server -Reads { [pscustomobject] @{ X509CertificateName = `$it['$($kind.ToLower())'] } }
}
function Set-${kind}Settings {
    [CmdletBinding(SupportsShouldProcess)] param([string] `$Server, [object] `$X509CertificateName)
    if (-not `$PSCmdlet.ShouldProcess(`$Server)) { return }
    Invoke-Call `$PSCmdlet `$PSBoundParameters `$Server { `$it['$($kind.ToLower())'] = "`$X509CertificateName" }
}
"@
}
function Get-TransportService {
    [CmdletBinding()] param([Parameter(Position = 0)][string] $Identity)
    Invoke-Call $PSCmdlet $PSBoundParameters $Identity -Reads {
        if (-not $it.runs.Contains('MSExchangeTransport')) { throw "$server has no transport service." }
        [pscustomobject] @{ Name = $server; InternalTransportCertificateThumbprint = $it.default }
    }
}
function Get-ExchangeServer {
    [CmdletBinding()] param([Parameter(Position = 0)][string] $Identity)
    Invoke-Call $PSCmdlet $PSBoundParameters $Identity -Reads { [pscustomobject] @{ Name = $server; Fqdn = $it.fqdn; Site = 'contoso.com/Configuration/Sites/HQ' } }
}
function Get-EdgeSubscription {
    [CmdletBinding()] param([Parameter(Position = 0)][string] $Identity)
    Invoke-Call $PSCmdlet $PSBoundParameters '' -Reads { foreach ($name in $world.edges) { [pscustomobject] @{ Name = $name; Site = 'contoso.com/Configuration/Sites/HQ' } } }
}
function Get-UMService {
    [CmdletBinding()] param([Parameter(Position = 0)][string] $Identity)
    Invoke-Call $PSCmdlet $PSBoundParameters $Identity -Reads { [pscustomobject] @{ UMStartupMode = $it.um } }
}
function Get-UMCallRouterSettings {
    [CmdletBinding()] param([string] $Server)
    Invoke-Call $PSCmdlet $PSBoundParameters $Server -Reads { [pscustomobject] @{ UMStartupMode = $it.umcr } }
}

# ---- Windows ----

# On another computer a script block sees nothing of here, and what it gives comes back as data.
function Invoke-Command {
    [CmdletBinding()] param([string] $ComputerName, [scriptblock] $ScriptBlock, [object[]] $ArgumentList, [object] $Session)
    # The other PowerShell of proxies.
    if ($Session) { return Microsoft.PowerShell.Core\Invoke-Command @PSBoundParameters }
    $world = Get-World
    if ($world.killed) { throw [Management.Automation.PipelineStoppedException]::new() }
    foreach ($name in $world.servers.Keys) { if ($ComputerName -eq $world.servers[$name].fqdn) { $script:place = $name } }
    if (-not $place) { throw "$ComputerName cannot be reached" }
    if ($place -eq $world.computer) { $script:place = $null; throw "what concerns $ComputerName itself runs bare" }
    try {
        $answers = @(& ([scriptblock]::Create("$ScriptBlock")) @ArgumentList)
        foreach ($answer in $answers) { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($answer, 2)) }
    } catch { if ($_.Exception -is [Management.Automation.PipelineStoppedException]) { throw }; $PSCmdlet.WriteError($_) }
    finally { $script:place = $null }
}
function Get-WebBinding {
    [CmdletBinding()] param([string] $Protocol)
    Invoke-Call $PSCmdlet $PSBoundParameters '' -Reads {
        foreach ($binding in $it.bindings.Keys) {
            $null = $binding -match '^(\d)/(.*?:\d+)(:(.*))?$'
            [pscustomobject] @{
                protocol = 'https'; bindingInformation = "$($Matches[2] -replace '^\*(?=:443)'):$($Matches[4])"; certificateHash = $it.bindings[$binding].ToLower()
                ItemXPath = "/system.applicationHost/sites/site[@name='a site' and @id='$($Matches[1])']"
            }
        }
    }
}
function Get-Service {
    [CmdletBinding()] param([string[]] $Name)
    $bound = $PSBoundParameters
    foreach ($one in $Name) {
        Invoke-Call $PSCmdlet $bound '' -Reads {
            if (-not $it.runs.Contains($one)) { throw "Cannot find any service with service name '$one'." }
            [pscustomobject] @{ Name = $one; Status = $it.runs[$one] }
        }
    }
}
function Set-Running($world, $server, $name, $runs) {
    $it = $world.servers[$server]
    if (-not $it.runs.Contains($name)) { throw "Cannot find any service with service name '$name'." }
    $it.runs[$name] = $runs
    if ($runs -ne 'Running') { return }
    if ($name -eq 'MSExchangeIMAP4') { $it.loaded.imap = Get-Loaded $world $server 'imap' }
    if ($name -eq 'MSExchangePOP3') { $it.loaded.pop = Get-Loaded $world $server 'pop' }
    if ($name -in 'MSExchangeFrontEndTransport', 'MSExchangeTransport') { $world.fronts++ }
}
foreach ($verb in 'Stop', 'Start', 'Restart') {
    $runs = if ($verb -eq 'Stop') { 'Stopped' } else { 'Running' }
    $force = if ($verb -ne 'Start') { ', [switch] $Force' }
    Invoke-Expression @"
function $verb-Service {
    [CmdletBinding(SupportsShouldProcess)] param([Parameter(Position = 0)][string] `$Name$force)
    if (-not `$PSCmdlet.ShouldProcess(`$Name)) { return }
    Invoke-Call `$PSCmdlet `$PSBoundParameters '' { Set-Running `$world `$server `$Name '$runs' }
}
"@
}
function iisreset {
    [CmdletBinding()] param([Parameter(Position = 0)][string] $Option)
    $global:LASTEXITCODE = 1
    Invoke-Call $PSCmdlet $PSBoundParameters '' { $global:LASTEXITCODE = 0; $world.resets = @($world.resets) + $server }
}
function Get-Item {
    [CmdletBinding()] param([Parameter(Position = 0)][string] $Path, [string] $LiteralPath, [switch] $Force)
    if ("$Path$LiteralPath" -notlike 'Cert:*') { return Microsoft.PowerShell.Management\Get-Item @PSBoundParameters }
    Invoke-Call $PSCmdlet $PSBoundParameters '' -Reads {
        $key = $it.certificates[($LiteralPath -split '\\')[-1]].key
        if (-not $key) { throw "Cannot find path '$LiteralPath'" }
        [pscustomobject] @{
            HasPrivateKey = $key -ne 'none'; PublicKey = @{ Oid = @{ Value = $(if ($key -eq 'curve') { '1.2.840.10045.2.1' } else { '1.2.840.113549.1.1.1' }) } }
            PrivateKey = if ($key -eq 'CSP') { [Security.Cryptography.RSACryptoServiceProvider]::new(512) }
        }
    }
}
function Remove-Item {
    [CmdletBinding(SupportsShouldProcess)] param([Parameter(Position = 0)][string] $Path, [string] $LiteralPath, [switch] $Force, [switch] $Recurse, [switch] $DeleteKey)
    if ("$Path$LiteralPath" -notlike 'Cert:*') { return Microsoft.PowerShell.Management\Remove-Item @PSBoundParameters }
    if (-not $PSCmdlet.ShouldProcess($LiteralPath)) { return }
    Invoke-Call $PSCmdlet $PSBoundParameters '' { $it.certificates.Remove(($LiteralPath -split '\\')[-1]) }
}
Export-ModuleMember -Function '*-Exchange*', '*Connector', '*-Hybrid*', '*-ImapSettings', '*-PopSettings', 'Get-TransportService', 'Get-EdgeSubscription', 'Get-UM*',
    'Invoke-Command', 'Get-WebBinding', '*-Service', 'iisreset', 'Get-Item', 'Remove-Item', 'Initialize-World'
