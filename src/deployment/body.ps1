# From here on every such script is the same. What it does is in $plan, all of it literals:
#
#   New            the thumbprint that it serves
#   Edge           on an Edge Transport server: its name; else ''
#   Twins          what is to be run as well: server -> file
#   Servers        server -> Computer (its name for Invoke-Command), Outside (whether the old one is outside its dates)
#   Names          <I>issuer<S>subject of old and new
#   Layer4         whether a layer-4 load balancer stands before them: IIS is restarted
#   Limit, Wait    seconds for one answer of a port, and for a port to follow
#   Facts          kind|server|what -> what it is before, what it is afterwards, and what else it may be on the way:
#       services   of a certificate, as Exchange prints them, or absent; IMAP, POP and IIS are not compared: they
#                  follow the names and the bindings
#       sites      of a certificate, by Exchange: numbers
#       key        of the new certificate: CSP, KSP (on an elliptic curve it is CSP, too, since it may lie there) or none
#       others     thumbprints of the old and new names that have no fact of their own
#       default    the default SMTP certificate, or ''
#       binding    of site/address:port[:host name]: thumbprint, or absent
#       imap, pop  X509CertificateName
#       sends, receives, edges    the Send connectors, and Receive connectors of a server, that have one of Names; the
#                  Edge subscriptions: names in ordinal order, joined by ' | '
#       send, receive, hybrid     TlsCertificateName of the connector
#       sources, fqdn             of a connector
#       um, umcr   startup mode
#       runs       Running or Stopped, of a Windows service
#   Ports          Server, Endpoint, Kind (https, imap, pop, smtp), Address, Port, Name (host name), StartTls, Before and
#                  After (thumbprints), Late (the service to restart where it stays late)
#   Unseen         Server, Endpoint: what no look can see
#   Steps          in order: units. A unit is a step,
#                      Id, Server (or ''), What; Gives: fact -> value (of services: what it contains)
#                      and one of Call (a script block), Keep (the former default, and whether it may be set again
#                      with -Force: Former, Fallback), Stop, Start (a Windows service of Server)
#                      Needs (Ids), Undo (units whose Gives are the former values), Removes (the thumbprint that it
#                      removes), Else (the Id of the step that completes it where it has to stay)
#                  or a group, Id, Server, What, Steps, Finally (units that come in any case).
#   Restarts       Server, Services, Kind of its ports, After (Ids)
#   Removals       units, in order; a group may have Switch: StopTransport
#
# In a Call, @quiet stands for what every call says, @look for what a reading call says, $pfx and $password for the file.

$quiet = @{ ErrorAction = 'Stop'; WarningAction = 'SilentlyContinue'; Confirm = $false }
$look = @{ ErrorAction = 'Stop'; WarningAction = 'SilentlyContinue' }
$pfx = $password = $answering = $null
$cache = @{}
$run = @{ Outcome = ''; Exit = 0; Changed = $false; Dropped = $false; Clean = $true; Web = $false; Owns = $false }
$stack = New-Object Collections.ArrayList
$stays = @{}
$done = @{}
$failed = @{}
$running = @{}
$first = @{}
$open = New-Object Collections.ArrayList

function Write-Json($value) {
    # ASCII alone, so that no code page changes it.
    $text = [regex]::Replace((ConvertTo-Json $value -Compress -Depth 4), '[^ -~]', { '\u{0:x4}' -f [int] [char] $args[0].Value })
    [Console]::Out.WriteLine($text)
    try { [IO.File]::AppendAllText($LogPath, $text + [Environment]::NewLine) } catch { }
}

function Get-Words($reason) { ("$reason" -replace '[\s\p{Cc}\p{Cf}]+', ' ').Trim() }

function Write-Line($step, $server, $what, $state, $message) {
    $server = if ($server) { "$server" }
    Write-Json ([ordered] @{ step = $step; server = $server; what = "$what"; state = $state; message = Get-Words $message })
}

function Stop-Run($outcome, $server, $what, $message) {
    Write-Line $null $server $what 'failed' $message
    $run.Outcome = $outcome
    $run.Exit = @{ 'stale' = 3; 'cannot-run' = 4 }[$outcome]
    throw "$message"
}

# ---- what is there ----

function Invoke-At($server, [scriptblock] $block, $argument) {
    if ($plan.Edge -or $server -eq $env:COMPUTERNAME) { return & $block $argument }
    Invoke-Command -ComputerName $plan.Servers[$server].Computer -ScriptBlock $block -ArgumentList (, $argument) -ErrorAction Stop
}

$sources = @{
    certificates = { Get-ExchangeCertificate @of @look }
    transport = { if ($plan.Edge) { Get-TransportService @look } else { Get-TransportService -Identity $server @look } }
    bindings = {
        Invoke-At $server {
            param($protocol)
            Get-WebBinding -Protocol $protocol -ErrorAction Stop | Select-Object bindingInformation, certificateHash, ItemXPath
        } 'https'
    }
    imap = { Get-ImapSettings @of @look }
    pop = { Get-PopSettings @of @look }
    send = { Get-SendConnector @look }
    receive = { Get-ReceiveConnector @of @look }
    hybrid = { Get-HybridConfiguration @look }
    edges = { Get-EdgeSubscription @look }
    um = { Get-UMService -Identity $server @look }
    umcr = { Get-UMCallRouterSettings @of @look }
    runs = { Invoke-At $server { param($name) "$((Get-Service -Name $name -ErrorAction Stop).Status)" } $what }
    key = {
        Invoke-At $server {
            param($thumbprint)
            $certificate = Get-Item -LiteralPath "Cert:\LocalMachine\My\$thumbprint" -ErrorAction Stop
            $key = $null
            # .NET reads keys of a CSP by this property, and no others.
            try { $key = $certificate.PrivateKey } catch { }
            if (-not $certificate.HasPrivateKey) { 'none' }
            elseif ($key -is [Security.Cryptography.RSACryptoServiceProvider]) { 'CSP' }
            elseif ($certificate.PublicKey.Oid.Value -ne '1.2.840.113549.1.1.1') { 'CSP' }
            else { 'KSP' }
        } $what
    }
}

# What a cmdlet answers, asked twice where it fails, and once until something is changed.
function Get-Source($source, $server, $what) {
    $key = "$source|$server|$what"
    if (-not $cache.ContainsKey($key)) {
        $of = if ($plan.Edge) { @{} } else { @{ Server = $server } }
        try { $answers = @(& $sources[$source]) }
        catch { Start-Sleep -Milliseconds 500; $answers = @(& $sources[$source]) }
        $cache[$key] = @($answers | Where-Object { $null -ne $_ })
    }
    $cache[$key]
}

function Join-Names($names) {
    $sorted = [string[]] @($names | ForEach-Object { "$_" })
    [Array]::Sort($sorted, [StringComparer]::Ordinal)
    $sorted -join ' | '
}

function Get-Name($certificate) { "<I>$($certificate.Issuer)<S>$($certificate.Subject)" }

function Read-Fact($fact) {
    $kind, $server, $what = $fact -split '\|', 3
    $value = switch ($kind) {
        'services' {
            $found = @(Get-Source certificates $server | Where-Object { $_.Thumbprint -eq $what })
            if ($found) { "$($found[0].Services)" } else { 'absent' }
        }
        'sites' {
            $found = @(Get-Source certificates $server | Where-Object { $_.Thumbprint -eq $what })
            Join-Names @(foreach ($one in $found) { Get-Sites $one })
        }
        'key' { if ((Read-Fact "services|$server|$what") -eq 'absent') { 'absent' } else { Get-Source key $server $what } }
        'others' {
            Join-Names @(Get-Source certificates $server | Where-Object {
                $plan.Names -contains (Get-Name $_) -and -not $plan.Facts.Contains("services|$server|$($_.Thumbprint)")
            } | ForEach-Object { $_.Thumbprint })
        }
        'default' { (Get-Source transport $server).InternalTransportCertificateThumbprint }
        'binding' { (@(Get-Bindings $server | Where-Object { $_.Id -eq $what } | ForEach-Object { $_.Hash }) + 'absent')[0] }
        'sends' { Join-Names @(Get-Source send | Where-Object { $plan.Names -contains "$($_.TlsCertificateName)" } | ForEach-Object { $_.Name }) }
        'receives' { Join-Names @(Get-Source receive $server | Where-Object { $plan.Names -contains "$($_.TlsCertificateName)" } | ForEach-Object { $_.Name }) }
        'edges' { Join-Names @(Get-Source edges | ForEach-Object { $_.Name }) }
        'hybrid' { foreach ($one in @(Get-Source hybrid)) { "$($one.TlsCertificateName)" } }
        'runs' { Get-Source runs $server $what }
        { $_ -in 'imap', 'pop' } { (Get-Source $kind $server).X509CertificateName }
        { $_ -in 'um', 'umcr' } { (Get-Source $kind $server).UMStartupMode }
        { $_ -in 'send', 'receive', 'sources', 'fqdn' } {
            $source = if ($server) { 'receive' } else { 'send' }
            $found = @(Get-Source $source $server | Where-Object { $_.Name -eq $what })
            if (-not $found) { 'absent' }
            elseif ($kind -eq 'fqdn') { $found[0].Fqdn }
            # They may be written as paths.
            elseif ($kind -eq 'sources') { Join-Names @(@($found[0].SourceTransportServers) -replace '^CN=([^,]*).*', '$1' -replace '^.*/') }
            else { $found[0].TlsCertificateName }
        }
        default { throw "no fact is called $kind" }
    }
    "$value"
}

function Get-Sites($certificate) {
    foreach ($site in @($certificate.IISServices | Where-Object { $_ })) { if ("$site $(if ($site.PSObject.Properties['ServiceName']) { $site.ServiceName })" -match '/W3SVC/(\d+)') { $Matches[1] } }
}

function Get-Bindings($server) {
    foreach ($binding in @(Get-Source bindings $server)) {
        if ("$($binding.ItemXPath)" -notmatch "@id='(\d+)'") { throw 'a binding names no site' }
        $id = $Matches[1]
        if ("$($binding.bindingInformation)" -notmatch '^(.*):(\d+):(.*)$') { throw "a binding is $($binding.bindingInformation)" }
        $address = if ($Matches[1]) { $Matches[1] } else { '*' }
        $name = if ($Matches[3]) { ":$($Matches[3])" }
        @{ Id = "$id/${address}:$($Matches[2])$name"; Hash = "$($binding.certificateHash)".ToUpperInvariant() }
    }
}

function Get-Set($services) { @("$services" -split '[,\s]+' | Where-Object { $_ -and $_ -ne 'None' }) }

# Whether a fact has that value. Services: those that Exchange stores; or, of a step, those that it gives.
function Test-Value($fact, $now, $wanted, [switch] $Contains) {
    if ($fact -notlike 'services|*' -or $now -eq 'absent' -or $wanted -eq 'absent') { return $now -eq $wanted }
    $shown = Get-Set $now
    $lacks = @(Get-Set $wanted | Where-Object { $shown -notcontains $_ })
    if ($Contains) { return -not $lacks }
    $stored = @($lacks) + @($shown | Where-Object { @(Get-Set $wanted) -notcontains $_ })
    -not @($stored | Where-Object { @('IMAP', 'POP', 'IIS') -notcontains $_ })
}

function Test-Gives($unit) {
    # What a group's end gives takes the place of what its steps gave on the way.
    $gives = @{}
    foreach ($one in @(if ($unit['Steps']) { $unit.Steps; $unit.Finally } else { $unit })) { foreach ($fact in $one.Gives.Keys) { $gives[$fact] = $one.Gives[$fact] } }
    foreach ($fact in $gives.Keys) { if (-not (Test-Value $fact (Read-Fact $fact) $gives[$fact] -Contains)) { return $false } }
    $true
}

# Each fact that is not as before (0), or as planned (1).
function Get-Left($column) {
    foreach ($fact in $plan.Facts.Keys) {
        $values = @($plan.Facts[$fact])
        $now = try { Read-Fact $fact } catch { "cannot be read: $(Get-Words $_)" }
        if (Test-Value $fact $now $values[$column]) { continue }
        $kind, $server, $what = $fact -split '\|', 3
        @{ Fact = $fact; Show = [ordered] @{
            server = $(if ($server) { $server }); what = "$kind $what".Trim(); before = $values[0]; now = $now; planned = $values[1]
        } }
    }
}

# Why a certificate is not to be removed from a server, if anything stands on it.
function Get-Standing($server, $thumbprint, [switch] $ButSend) {
    $certificates = @(Get-Source certificates $server)
    $this = @($certificates | Where-Object { $_.Thumbprint -eq $thumbprint })
    if (-not $this) { return }
    $name = Get-Name $this[0]
    $isOnly = -not @($certificates | Where-Object { $_.Thumbprint -ne $thumbprint -and (Get-Name $_) -eq $name })
    if ((Read-Fact "default|$server|") -eq $thumbprint) { 'it is the default SMTP certificate' }
    if (-not $plan.Edge) {
        foreach ($binding in @(Get-Bindings $server)) { if ($binding.Hash -eq $thumbprint) { "it is bound to $($binding.Id)" } }
        foreach ($site in @(Get-Sites $this[0])) { "it is bound to site $site" }
        foreach ($one in @(Get-Source hybrid)) { if ($isOnly -and "$($one.TlsCertificateName)" -eq $name) { 'the hybrid configuration names it' } }
    }
    foreach ($one in @(Get-Source receive $server)) { if ($isOnly -and "$($one.TlsCertificateName)" -eq $name) { "$($one.Name) names it" } }
    if ($ButSend) { return }
    # Exchange refuses to remove any certificate of that name.
    foreach ($one in @(Get-Source send)) { if ("$($one.TlsCertificateName)" -eq $name) { "the Send connector $($one.Name) names it" } }
}

# ---- the executor ----

function Set-Service-State($server, $name, $status) {
    Invoke-At $server {
        param($service)
        if ($service[1] -eq 'Stopped') { Stop-Service -Name $service[0] -Force -WarningAction SilentlyContinue -ErrorAction Stop }
        else { Start-Service -Name $service[0] -WarningAction SilentlyContinue -ErrorAction Stop }
    } @($name, $status)
}

# SMTP without the default: the question is answered No, by a host of its own or, where there is none, undone.
function Enable-Keeping($step) {
    $with = $quiet + @{ Thumbprint = $plan.New; Services = 'SMTP' }
    if (-not $plan.Edge) { $with.Server = $step.Server }
    if ($answering) {
        $talk = New-Object $answering.FullName (, [string[]] @($plan.New, $step.Keep.Former))
        $space = [Management.Automation.Runspaces.RunspaceFactory]::CreateRunspace($talk)
        $shell = [powershell]::Create()
        try {
            $space.Open()
            $shell.Runspace = $space
            [void] $shell.AddScript("$load").AddArgument($isSnapIn).AddArgument($true).Invoke()
            $shell.Commands.Clear()
            $shell.Streams.Error.Clear()
            [void] $shell.AddCommand('Enable-ExchangeCertificate').AddParameters($with).Invoke()
            if ($shell.Streams.Error.Count) { throw "$($shell.Streams.Error[0])" }
        } finally {
            $shell.Dispose()
            $space.Dispose()
        }
    } else {
        Enable-ExchangeCertificate @with -Force
    }
    $cache.Clear()
    if ((Read-Fact "default|$($step.Server)|") -ne $plan.New) { return }
    if (-not $step.Keep.Fallback) { throw 'the default SMTP certificate is the new one' }
    $with.Thumbprint = $step.Keep.Former
    Enable-ExchangeCertificate @with -Force
}

# Carries out a step, unless what it gives is there already; its undoing is on the stack before its call.
function Invoke-Step($step, $state) {
    if ($state -eq 'done' -and -not $run.Dropped -and -not $WhatIf -and $step['Undo']) { [void] $stack.Add($step) }
    if (Test-Gives $step) {
        if ($state -eq 'done') { Write-Line $step['Id'] $step.Server $step.What 'already' }
        return
    }
    if ($WhatIf) { Write-Line $step['Id'] $step.Server $step.What 'would'; return }
    $reason = $null
    $run.Changed = $true
    if ($step['Id']) { $done[$step.Id] = $true }
    if (@($step.Gives.Keys) -like 'binding|*') { $run.Web = $true }
    try {
        if ($step['Keep']) { Enable-Keeping $step }
        elseif ($step['Stop']) { Set-Service-State $step.Server $step.Stop 'Stopped' }
        elseif ($step['Start']) { Set-Service-State $step.Server $step.Start 'Running' }
        else { $null = & $step.Call }
    } catch { $reason = $_ }
    # What the call said counts for less than what is there.
    $cache.Clear()
    $holds = try { Test-Gives $step } catch { $reason = $_; $false }
    if ($holds) { Write-Line $step['Id'] $step.Server $step.What $state $reason; return }
    if (-not $reason) { $reason = 'it was called, and changed nothing' }
    foreach ($fact in @($step.Gives.Keys)) { if ($fact -like 'key|*' -and (Read-Fact $fact) -eq 'KSP') { $reason = 'cng-key: its key is kept in a KSP' } }
    Write-Line $step['Id'] $step.Server $step.What 'failed' $reason
    throw $reason
}

function Invoke-Unit($unit, $state) {
    if (-not $unit['Steps']) { Invoke-Step $unit $state; return }
    try {
        if ($state -eq 'done' -and (Test-Gives $unit)) { Write-Line $unit['Id'] $unit.Server $unit.What 'already'; return }
        foreach ($one in $unit.Steps) { if (-not ($NoRestart -and $one['Stop'])) { Invoke-Step $one $state } }
    } finally {
        if (-not $WhatIf) { Complete-Group $unit $state }
    }
}

# What comes in any case is tried twice.
function Complete-Group($group, $state) {
    $reason = $null
    foreach ($one in $group.Finally) {
        try { Invoke-Step $one $state } catch { try { Invoke-Step $one $state } catch { $reason = $_ } }
    }
    if ($reason) { throw $reason }
}

function Undo-Unit($unit) {
    if (Test-Gives $unit) { return }
    if (-not $unit['Removes']) { Invoke-Unit $unit 'undone'; return }
    $standing = @(Get-Standing $unit.Server $unit.Removes)
    if ($run.Clean -and -not $standing) { Invoke-Step $unit 'undone'; return }
    # It has to stay: with SMTP, or what has its name would choose it and could not read its key.
    $else = @($plan.Steps | Where-Object { $_['Id'] -eq $unit['Else'] })
    $reason = (@($standing) + 'something else was not undone')[0]
    Write-Line $unit['Id'] $unit.Server $unit.What 'failed' "it stays: $reason"
    if (-not $else) { throw "it stays: $reason" }
    try { Invoke-Step $else[0] 'undone' } catch {
        # Exchange would refuse, but nothing stands on a certificate that never had a service.
        $names = "services|$($unit.Server)|$($unit.Removes)"
        if ((Get-Set (Read-Fact $names)) -contains 'SMTP' -or @(Get-Standing $unit.Server $unit.Removes -ButSend)) { throw }
        Invoke-Step @{ Server = $unit.Server; What = $unit.What; Gives = $unit.Gives; Call = {
            Invoke-At $unit.Server { param($t) Remove-Item -LiteralPath "Cert:\LocalMachine\My\$t" -DeleteKey -ErrorAction Stop } $unit.Removes
        } } 'undone'
    }
}

function Undo-Stack {
    for ($i = $stack.Count - 1; $i -ge 0; $i--) {
        foreach ($unit in @($stack[$i].Undo)) {
            try {
                if (Test-Gives $unit) { continue }
                $done[$stack[$i].Id] = $true
                Undo-Unit $unit
            } catch { $run.Clean = $false }
        }
    }
    $stack.Clear()
}

# ---- ports and restarts ----

function Show-Look($port, $seen, $state) {
    $message = if ($seen.Thumbprint) { $seen.Thumbprint } else { $seen.Message }
    Write-Line $null $port.Server "$($port.Endpoint) at $($port.Address):$($port.Port)" $state $message
}

# Looks until every port presents what it is to, or the time is over: what is not as it is to be.
function Get-Late($column, $ports) {
    $other = if ($column -eq 'After') { 'Before' } else { 'After' }
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $todo = @($ports)
    $bad = @()
    do {
        if ($bad) { Start-Sleep -Milliseconds ([Math]::Min(3000, 1000 * $plan.Limit)) }
        $bad = @()
        foreach ($port in $todo) {
            $seen = Get-Presented $port $plan.Limit
            $was = $first[$port]
            $is = if ($seen.State -ne 'seen') { if ($was.State -eq 'seen') { 'dead' } else { 'not-seen' } }
            elseif (@($port[$column]) -contains $seen.Thumbprint) { 'seen' }
            elseif (@($port[$other]) -contains $seen.Thumbprint) { 'late' } else { 'other' }
            # Where nothing is restarted, what is kept by a service stays.
            if ($NoRestart -and ($is -eq 'late' -or @('imap', 'pop') -contains $port.Kind)) { $is = 'not-seen'; $seen.Message = 'not compared: nothing was restarted' }
            if (@('seen', 'not-seen') -contains $is) { Show-Look $port $seen $is } else { $bad += @{ Port = $port; Seen = $seen; Is = $is } }
        }
        $todo = @($bad | ForEach-Object { $_.Port })
    } while ($bad -and $watch.Elapsed.TotalSeconds -lt $plan.Wait)
    foreach ($one in $bad) { Show-Look $one.Port $one.Seen $(if ($one.Is -eq 'late') { 'late' } else { 'failed' }) }
    $bad
}

function Show-Port($bad) {
    [ordered] @{
        server = $bad.Port.Server; what = "$($bad.Port.Endpoint) at $($bad.Port.Address):$($bad.Port.Port)"
        before = $first[$bad.Port].Thumbprint; now = $bad.Seen.Thumbprint; planned = @($bad.Port.After) -join ' | '
    }
}

# Restarts those that ran when this run began.
function Restart-Running($server, $services) {
    foreach ($name in @($services)) {
        if ($running["$server|$name"] -ne 'Running') { continue }
        $run.Changed = $true
        try {
            $cache.Clear()
            if ((Read-Fact "runs|$server|$name") -ne 'Running') { Set-Service-State $server $name 'Running' }
            else { Invoke-At $server { param($n) Restart-Service -Name $n -Force -WarningAction SilentlyContinue -ErrorAction Stop } $name }
            Write-Line 'restart' $server $name 'done'
        } catch {
            # It may have been stopped, and not started.
            try { Set-Service-State $server $name 'Running' } catch { }
            Write-Line 'restart' $server $name 'failed' $_
            throw
        }
    }
}

function Restart-Planned([switch] $All) {
    foreach ($one in $plan.Restarts) {
        $isLate = @($plan.Ports | Where-Object {
            $_.Server -eq $one.Server -and $_.Kind -eq $one['Kind'] -and $first[$_].State -eq 'seen' -and @($_.After) -notcontains $first[$_].Thumbprint
        })
        if (-not $isLate -and -not @($one.After | Where-Object { $done[$_] })) { continue }
        if ($WhatIf) { Write-Line 'restart' $one.Server (@($one.Services) -join ', ') 'would'; continue }
        try { Restart-Running $one.Server $one.Services } catch { if (-not $All) { throw } }
    }
}

# Services that a late port needs, once each.
function Restart-Late($bad) {
    $once = @{}
    foreach ($one in @($bad)) {
        $name = "$($one.Port.Server)|$($one.Port['Late'])"
        if ($one.Is -ne 'late' -or -not $one.Port['Late'] -or $once[$name]) { continue }
        $once[$name] = $true
        Restart-Running $one.Port.Server $one.Port.Late
    }
}

function Restart-Web {
    $servers = @($plan.Servers.Keys | Where-Object { $_ -ne $env:COMPUTERNAME }) + @($plan.Servers.Keys | Where-Object { $_ -eq $env:COMPUTERNAME })
    foreach ($server in $servers) {
        $ports = @($plan.Ports | Where-Object { $_.Server -eq $server -and $_.Kind -eq 'https' })
        if (-not $ports) { continue }
        if ($WhatIf) { Write-Line 'restart' $server 'iisreset' 'would'; continue }
        try {
            Invoke-At $server { param($option) $null = iisreset $option; if ($LASTEXITCODE) { throw "iisreset ended with $LASTEXITCODE" } } '/noforce'
            Write-Line 'restart' $server 'iisreset' 'done'
            $bad = @(Get-Late 'After' $ports)
        } catch {
            Write-Line 'restart' $server 'iisreset' 'failed' $_
            [void] $open.Add([ordered] @{ server = $server; what = 'iisreset'; before = $null; now = 'failed'; planned = 'done' })
            return
        }
        foreach ($one in $bad) { [void] $open.Add((Show-Port $one)) }
        if ($bad) { return }
    }
}

# ---- start ----

# Exchange's own scripts know neither strict mode nor other preferences than the usual ones.
$load = {
    param($isSnapIn, $isAnew)
    Set-StrictMode -Off
    $ErrorActionPreference = $global:ErrorActionPreference = 'Continue'
    $global:WarningPreference = 'Continue'
    $global:ConfirmPreference = 'None'
    $global:WhatIfPreference = $WhatIfPreference = $false
    if (-not $isAnew -and (Get-Command Enable-ExchangeCertificate -ErrorAction Ignore)) { return }
    . {
        if ($isSnapIn) { Add-PSSnapin Microsoft.Exchange.Management.PowerShell.SnapIn -ErrorAction Stop }
        else {
            . ([IO.Path]::Combine("$env:ExchangeInstallPath", 'bin', 'RemoteExchange.ps1'))
            Connect-ExchangeServer -auto -ClientApplication:ManagementShell
        }
    } *> $null
}

$answerer = @'
using System; using System.Collections.Generic; using System.Collections.ObjectModel; using System.Globalization;
using System.Management.Automation; using System.Management.Automation.Host; using System.Security;
namespace ExchangeCertificates {
    public class AnsweringHost : PSHost {
        readonly Guid id = Guid.NewGuid(); readonly AnsweringInterface ui;
        public AnsweringHost(string[] thumbprints) { ui = new AnsweringInterface(thumbprints); }
        public override CultureInfo CurrentCulture { get { return CultureInfo.InvariantCulture; } }
        public override CultureInfo CurrentUICulture { get { return CultureInfo.InvariantCulture; } }
        public override Guid InstanceId { get { return id; } }
        public override string Name { get { return "ExchangeCertificates"; } }
        public override PSHostUserInterface UI { get { return ui; } }
        public override Version Version { get { return new Version(1, 0); } }
        public override void EnterNestedPrompt() { throw new NotSupportedException(); }
        public override void ExitNestedPrompt() { }
        public override void NotifyBeginApplication() { }
        public override void NotifyEndApplication() { }
        public override void SetShouldExit(int exitCode) { }
    }
    public class AnsweringInterface : PSHostUserInterface {
        readonly string[] thumbprints;
        public AnsweringInterface(string[] thumbprints) { this.thumbprints = thumbprints; }
        static Exception Other(string text) { return new HostException("another question was asked: " + text); }
        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) {
            string text = caption + " " + message;
            foreach (string one in thumbprints) if (one.Length == 0 || text.IndexOf(one, StringComparison.OrdinalIgnoreCase) < 0) throw Other(text);
            return choices.Count > 3 ? 2 : 1;
        }
        public override PSHostRawUserInterface RawUI { get { return null; } }
        public override Dictionary<string, PSObject> Prompt(string c, string m, Collection<FieldDescription> d) { throw Other(c + " " + m); }
        public override PSCredential PromptForCredential(string c, string m, string u, string t) { throw Other(c + " " + m); }
        public override PSCredential PromptForCredential(string c, string m, string u, string t, PSCredentialTypes a, PSCredentialUIOptions o) { throw Other(c + " " + m); }
        public override string ReadLine() { throw Other("a line"); }
        public override SecureString ReadLineAsSecureString() { throw Other("a line"); }
        public override void Write(string v) { }
        public override void Write(ConsoleColor f, ConsoleColor b, string v) { }
        public override void WriteLine(string v) { }
        public override void WriteErrorLine(string v) { }
        public override void WriteDebugLine(string m) { }
        public override void WriteProgress(long s, ProgressRecord r) { }
        public override void WriteVerboseLine(string m) { }
        public override void WriteWarningLine(string m) { }
    }
}
'@

# Every command of the plan has to be there, with its parameters: a role that lacks them takes them away.
function Test-Commands {
    foreach ($call in @(Get-Calls $plan.Steps) + @(Get-Calls $plan.Removals)) {
        foreach ($node in $call.Ast.FindAll({ param($n) $n -is [Management.Automation.Language.CommandAst] }, $false)) {
            $name = $node.GetCommandName()
            if ($name -eq 'Invoke-At') { continue }
            $command = Get-Command $name -ErrorAction Ignore
            if (-not $command) { Stop-Run 'cannot-run' '' $name 'this shell, or your role in it, lacks the cmdlet' }
            foreach ($one in $node.CommandElements) {
                if ($one -isnot [Management.Automation.Language.CommandParameterAst]) { continue }
                if (-not @($command.Parameters.Keys | Where-Object { $_ -like "$($one.ParameterName)*" })) { Stop-Run 'cannot-run' '' $name "your role lacks its parameter -$($one.ParameterName)" }
            }
        }
    }
}

function Get-Calls($units) {
    foreach ($unit in @($units)) {
        if (-not $unit) { continue }
        if ($unit['Call']) { $unit.Call }
        Get-Calls (@($unit['Steps']) + @($unit['Finally']) + @($unit['Undo']))
    }
}

function Open-Certificate {
    try {
        if (-not $PfxPath) { throw '-PfxPath is not given' }
        $script:password = $PfxPassword
        if ($PfxPasswordFile) { $script:password = Import-Clixml -LiteralPath $PfxPasswordFile -ErrorAction Stop }
        if ($password -isnot [securestring]) { throw '-PfxPassword or -PfxPasswordFile holds no password' }
        $script:pfx = [IO.File]::ReadAllBytes($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($PfxPath))
        # 32 is EphemeralKeySet: the key is written nowhere.
        $opened = New-Object Security.Cryptography.X509Certificates.X509Certificate2($pfx, $password, [Security.Cryptography.X509Certificates.X509KeyStorageFlags] 32)
        if ($opened.Thumbprint -ne $plan.New) { throw "it holds $($opened.Thumbprint)" }
        if (-not $opened.HasPrivateKey) { throw 'it holds no private key' }
    } catch { Stop-Run 'cannot-run' '' 'the .pfx file' $_ }
}

function Start-Run {
    if ([IntPtr]::Size -ne 8) { Stop-Run 'cannot-run' '' 'PowerShell' "this is the 32-bit one: run $env:windir\sysnative\WindowsPowerShell\v1.0\powershell.exe" }
    try { [IO.File]::AppendAllText($LogPath, '') } catch { Stop-Run 'cannot-run' '' 'the log' $_ }
    if ([Environment]::OSVersion.Platform -eq 'Win32NT') {
        $who = New-Object Security.Principal.WindowsPrincipal([Security.Principal.WindowsIdentity]::GetCurrent())
        if (-not $who.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) { Stop-Run 'cannot-run' '' 'PowerShell' 'it does not run as administrator' }
    }
    if ($plan.Edge -and $plan.Edge -ne $env:COMPUTERNAME) { Stop-Run 'cannot-run' $plan.Edge 'this computer' "it is $env:COMPUTERNAME" }
    $isFree = try { $mutex.WaitOne(0) } catch [Threading.AbandonedMutexException] { $true }
    if (-not $isFree) { Stop-Run 'cannot-run' '' 'this script' 'another run of such a script has not ended' }
    $run.Owns = $true
    try { & $load $isSnapIn $false } catch { Stop-Run 'cannot-run' '' 'the cmdlets of Exchange' $_ }
    if (-not (Get-Command Enable-ExchangeCertificate -ErrorAction Ignore)) { Stop-Run 'cannot-run' '' 'the cmdlets of Exchange' 'they are not there' }
    Test-Commands
    foreach ($server in $plan.Twins.Keys) { Write-Line $null $server $plan.Twins[$server] 'not-seen' 'whether it ran cannot be seen from here: the files of Edge Transport servers come first' }

    foreach ($fact in $plan.Facts.Keys) {
        $kind, $server, $what = $fact -split '\|', 3
        $now = try { Read-Fact $fact }
        catch [Management.Automation.CommandNotFoundException] { Stop-Run 'cannot-run' $server "$kind $what".Trim() "your role lacks a cmdlet that reads it: $_" }
        catch { Stop-Run 'stale' $server "$kind $what".Trim() "it cannot be read: $_" }
        if (-not @($plan.Facts[$fact] | Where-Object { Test-Value $fact $now $_ })) { Stop-Run 'stale' $server "$kind $what".Trim() "it is '$now'" }
    }
    foreach ($name in @(foreach ($one in $plan.Restarts) { foreach ($service in $one.Services) { "$($one.Server)|$service" } }) +
        @($plan.Ports | Where-Object { $_['Late'] } | ForEach-Object { "$($_.Server)|$($_.Late)" })) {
        $running[$name] = try { Read-Fact "runs|$name" } catch { '' }
    }
    foreach ($one in $plan.Unseen) { Write-Line $null $one.Server $one.Endpoint 'not-seen' 'it cannot be looked at' }
    foreach ($port in $plan.Ports) {
        $seen = $first[$port] = Get-Presented $port $plan.Limit
        if ($seen.State -ne 'seen' -or (@($port.Before) + @($port.After)) -contains $seen.Thumbprint) { Show-Look $port $seen $seen.State; continue }
        Stop-Run 'stale' $port.Server "$($port.Endpoint) at $($port.Address):$($port.Port)" "it presents $($seen.Thumbprint)"
    }
    foreach ($step in $plan.Steps) { if ($step['Id'] -like 'import|*' -and -not (Test-Gives $step)) { Open-Certificate; break } }
    $keeping = @($plan.Steps | Where-Object { $_['Keep'] -and -not (Test-Gives $_) })
    if ($keeping) {
        $script:answering = 'ExchangeCertificates.AnsweringHost' -as [type]
        if (-not $answering) { try { Add-Type -TypeDefinition $answerer -ErrorAction Stop; $script:answering = 'ExchangeCertificates.AnsweringHost' -as [type] } catch { } }
        foreach ($step in $keeping) { if (-not $answering -and -not $step.Keep.Fallback) { Stop-Run 'cannot-run' $step.Server $step.What 'Add-Type is forbidden here, and without it the default cannot be kept' } }
    }
    # A removal that was carried out by a former run: from there nothing is taken back.
    foreach ($unit in $plan.Removals) {
        foreach ($one in @($unit['Steps']) + $unit) { if ($one -and $one['Removes'] -and (Test-Gives $one)) { $run.Dropped = $true } }
    }
}

# ---- the run ----

function Invoke-Steps {
    foreach ($unit in $plan.Steps) {
        $lacks = @($unit['Needs'] | Where-Object { $_ -and $failed[$_] })
        if ($lacks) { $failed[$unit.Id] = $true; Write-Line $unit.Id $unit.Server $unit.What 'failed' "not done: $lacks failed"; continue }
        try { Invoke-Unit $unit 'done' } catch {
            $isOutside = @($plan.Servers.Keys | Where-Object { (-not $unit.Server -or $_ -eq $unit.Server) -and $plan.Servers[$_].Outside })
            if (-not $isOutside) { throw }
            # Nothing goes back to a certificate that is outside its dates, but one that is only half there goes.
            $failed[$unit.Id] = $true
            if ($run.Dropped) { continue }
            foreach ($entry in @($stack | Where-Object { $_.Server -eq $unit.Server })) {
                foreach ($undo in @($entry.Undo | Where-Object { $_['Removes'] })) {
                    if ((Get-Set (Read-Fact "services|$($undo.Server)|$($undo.Removes)")) -notcontains 'SMTP') { try { Undo-Unit $undo; $failed[$entry.Id] = $true } catch { } }
                }
            }
        }
    }
}

function Invoke-Removals {
    foreach ($unit in $plan.Removals) {
        $why = @()
        if ($NoRestart) { $why = @('nothing is removed with -NoRestart') }
        elseif ($failed.Count) { $why = @('a step failed') }
        elseif ($unit['Switch'] -and -not $StopTransport) { $why = @('it needs -StopTransport') }
        $removes = @(@($unit) + @($unit['Steps']) | Where-Object { $_ -and $_['Removes'] })
        try {
            if (Test-Gives $unit) { Write-Line $unit['Id'] $unit.Server $unit.What 'already'; continue }
            if (-not $why -and -not $WhatIf) {
                # Read directly before it.
                $cache.Clear()
                $why = @(foreach ($one in $removes) { Get-Standing $one.Server $one.Removes -ButSend:([bool] $unit['Steps']) })
            }
            if (-not $why) { $run.Dropped = $run.Dropped -or -not $WhatIf; Invoke-Unit $unit 'done'; continue }
            foreach ($one in $removes) {
                if ((Read-Fact "services|$($one.Server)|$($one.Removes)") -eq 'absent') { continue }
                foreach ($fact in $one.Gives.Keys) { $stays[$fact] = $true }
                Write-Line $one['Id'] $one.Server $one.What 'already' "it stays: $($why[0])"
            }
            # A run that was broken off may have left transport stopped.
            $unfinished = @($unit['Finally'] | Where-Object { $_ -and -not (Test-Gives $_) })
            if ($unfinished -and -not $WhatIf) { Complete-Group @{ Finally = $unfinished } 'done' }
        } catch { $failed[$unit['Id']] = $true }
    }
}

function Complete-Run($outcome, $exit, $left) {
    Write-Json ([ordered] @{ outcome = $outcome; exit = $exit; left = @($left) })
    $run.Exit = $exit
}

function Invoke-Run {
    $bad = @()
    try {
        Start-Run
        Invoke-Steps
        if (-not $NoRestart) { Restart-Planned }
        if ($WhatIf) {
            foreach ($port in $plan.Ports) { Show-Look $port @{ Thumbprint = $null; Message = 'it is looked at again' } 'would' }
        } else {
            $bad = @(Get-Late 'After' $plan.Ports)
            if (-not $NoRestart -and @($bad | Where-Object { $_.Is -eq 'late' -and $_.Port['Late'] })) {
                Restart-Late $bad
                $bad = @(Get-Late 'After' @($bad | ForEach-Object { $_.Port }))
            }
            if (@($bad | Where-Object { $_.Is -ne 'late' }) -and -not $failed.Count) { throw 'a port presents what it is not to' }
        }
        if (-not $bad) { Invoke-Removals }
        else { foreach ($unit in $plan.Removals) { foreach ($one in @($unit) + @($unit['Steps'])) { if ($one -and $one['Removes']) { foreach ($fact in $one.Gives.Keys) { $stays[$fact] = $true } } } } }
    } catch {
        if ($run.Outcome) { Complete-Run $run.Outcome $run.Exit @(); return }
        Write-Line $null '' 'this run' 'failed' $_
        if (-not $run.Dropped) {
            $count = $stack.Count
            Undo-Stack
            if ($count -and -not $NoRestart) { Restart-Planned -All }
            $bad = @(Get-Late 'Before' $plan.Ports)
            if (-not $NoRestart -and @($bad | Where-Object { $_.Is -eq 'late' -and $_.Port['Late'] })) {
                try { Restart-Late $bad } catch { }
                $bad = @(Get-Late 'Before' @($bad | ForEach-Object { $_.Port }))
            }
            $cache.Clear()
            $left = @(Get-Left 0 | ForEach-Object { $_.Show }) + @($bad | ForEach-Object { Show-Port $_ })
            if ($left) { Complete-Run 'failed' 2 $left } else { Complete-Run 'undone' 6 @() }
            return
        }
        $failed['run'] = $true
    }
    if ($WhatIf) { Complete-Run 'what-if' 0 @(); return }
    $cache.Clear()
    $facts = @(Get-Left 1)
    $left = @($facts | ForEach-Object { $_.Show }) + @($bad | ForEach-Object { Show-Port $_ })
    $wrong = @($facts | Where-Object { -not $stays[$_.Fact] })
    if (-not $wrong -and -not $failed.Count -and $bad) { Complete-Run 'pending' 5 $left; return }
    if (-not $wrong -and -not $failed.Count -and ($RestartIis -or $plan.Layer4) -and -not $NoRestart -and $run.Web) { Restart-Web }
    $left += @($open)
    if ($wrong -or $failed.Count -or $open.Count) { Complete-Run 'failed' 2 $left }
    else { Complete-Run $(if ($run.Changed) { 'done' } else { 'nothing-to-do' }) 0 $left }
}

if (-not $LogPath) { $LogPath = "$PSCommandPath.log" }
$LogPath = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($LogPath)
$isSnapIn = [bool] ($SnapIn -or $plan.Edge)
# What the caller has set is given back; Exchange's cmdlets see what is global, and nothing else.
$former = @{}
foreach ($name in 'ErrorActionPreference', 'WarningPreference', 'ConfirmPreference', 'WhatIfPreference') { $former[$name] = Get-Variable $name -Scope Global -ValueOnly }
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$WhatIfPreference = $false
$ConfirmPreference = 'None'
$PSDefaultParameterValues = @{}
$mutex = New-Object Threading.Mutex($false, 'Global\ExchangeCertificates')
try { & { Invoke-Run } *> $null }
finally {
    if ($run['Owns']) { $mutex.ReleaseMutex() }
    foreach ($name in $former.Keys) { Set-Variable $name $former[$name] -Scope Global }
}
exit $run.Exit
