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
$run = @{ Outcome = ''; Exit = 0; Changed = $false; Dropped = $false; Clean = $true; Web = $false; Owns = $false; Started = $false }
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

function Get-Words($reason) {
    if ($reason -is [Management.Automation.ErrorRecord]) { $reason = $reason.Exception.GetBaseException().Message }
    ("$reason" -replace '[\s\p{Cc}\p{Cf}]+', ' ').Trim()
}

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
    if (-not $certificate.PSObject.Properties['IISServices']) { return }
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

function Split-Services($services) { @("$services" -split '[,\s]+' | Where-Object { $_ -and $_ -ne 'None' }) }

# Whether a fact has that value. Services: those that Exchange stores; or, of a step, those that it gives.
function Test-Value($fact, $now, $wanted, [switch] $Contains) {
    if ($fact -notlike 'services|*' -or $now -eq 'absent' -or $wanted -eq 'absent') { return $now -eq $wanted }
    $shown = Split-Services $now
    $lacks = @(Split-Services $wanted | Where-Object { $shown -notcontains $_ })
    if ($Contains) { return -not $lacks }
    $stored = @($lacks) + @($shown | Where-Object { @(Split-Services $wanted) -notcontains $_ })
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
