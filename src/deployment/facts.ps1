# From here on every such script is the same. What it does is in $plan, all of it literals:
#
#   About          the files beside it, and what each endpoint presents before and afterwards, for people
#   New            the thumbprint that it serves
#   Edge           the name of the Edge Transport server that this script is of, which it has to run on; else ''
#   Twins          the scripts that come first: Edge Transport server -> file
#   Servers        [ordered] server -> Computer (its name for Invoke-Command), Old (a thumbprint, or ''), Outside ($true
#                  where that is outside its dates: nothing goes back to it), and Default (whether it has a default SMTP
#                  certificate: Client Access of 2013 has none)
#   Names          '<I>issuer<S>subject' of old and new, as connectors name them
#   Layer4         $true behind a layer-4 load balancer: IIS is restarted without -RestartIis, too
#   Limit, Wait    seconds for one answer of a port (5), and for all ports to present what they are to (120)
#   Facts          [ordered] 'kind|server|what' -> what it is before, what it is afterwards, and each other value that it
#                  may have on the way. Server is empty where it is the organisation's. All are texts, '' is none, and
#                  case does not count; several names are in ordinal order, joined by ' | '. Kinds:
#       services   of the certificate what, as Exchange prints them, or absent. IMAP, POP and IIS are not compared, but for
#                  the steps: they follow imap, pop and binding
#       sites      of the certificate what, by Exchange, where bindings are not known: numbers, joined by ' | '
#       key        of the certificate what: CSP (or on an elliptic curve, of whatever store), KSP, none, or absent
#       others     thumbprints with one of Names that have no services fact
#       default    the default SMTP certificate
#       binding    of what, site/address:port[:host name], an empty address is *: a thumbprint, or absent
#       imap, pop  X509CertificateName
#       sends, receives, edges    names of the Send connectors, and of the Receive connectors of server, that have one of
#                  Names; of the Edge subscriptions
#       send, receive, hybrid     TlsCertificateName, of the connector what; or absent
#       sources, fqdn             of the Send connector what or, of fqdn, with a server of its Receive connector
#       subscribed yes where an Edge Transport server is subscribed to the site of server
#       um, umcr   startup mode
#       runs       Running or Stopped, of the Windows service what
#   Ports          Server, Endpoint, Kind (https, imap, pop, smtp), Address, Port, Name (host name), StartTls, Before and
#                  After (lists of thumbprints), and Late, the service that is restarted once where it stays late, or none
#   Unseen         Server, Endpoint: what no look can see
#   Steps          units, in order. A unit is a step
#                      Id ('import|SERVER' of an import; none within a group), Server (or ''), What (words for people)
#                      Gives: fact -> value; of services those that it contains at least, None where it is installed
#                      one of: Call (a script block); Keep (SMTP for New: Former, the default that is kept, and Fallback,
#                      whether it may be given back with -Force); Stop, Start (a Windows service of Server)
#                      Needs (Ids without which it is not tried), Undo (units whose Gives are the former values; of an
#                      import with Removes, and Else, the Id of the step that gives SMTP), Removes (a thumbprint)
#                  or a group: Id, Server, What, Needs, Steps, and Finally (units that come in any case).
#   Restarts       Server, Services, Kind of the ports that tell whether it is due, After (Ids that make it due)
#   Removals       units with Removes, in order; a group may have Switch, StopTransport, without which it is left
#
# In a Call @quiet is what every call says, $pfx and $password are the file's, and Invoke-At SERVER { param($x) ... } X runs
# on a server. A Call names one cmdlet, with its parameters in full, so that a role that lacks it is noticed before.

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
    server = { Get-ExchangeServer -Identity $server @look }
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

# A name that may be written as a path.
function Get-Leaf($name) { "$name" -replace '^CN=([^,]*).*', '$1' -replace '^.*/' }

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
        { $_ -in 'sends', 'receives' } {
            $all = @(Get-Source ($kind -replace 's$') $server)
            Join-Names @($all | Where-Object { $plan.Names -contains "$($_.TlsCertificateName)" } | ForEach-Object { $_.Name })
        }
        'edges' { Join-Names @(Get-Source edges | ForEach-Object { $_.Name }) }
        'subscribed' {
            $site = @(Get-Source server $server | ForEach-Object { Get-Leaf $_.Site })
            if (@(Get-Source edges | Where-Object { $site -contains (Get-Leaf $_.Site) })) { 'yes' }
        }
        'hybrid' { foreach ($one in @(Get-Source hybrid)) { "$($one.TlsCertificateName)" } }
        'runs' { Get-Source runs $server $what }
        { $_ -in 'imap', 'pop' } { (Get-Source $kind $server).X509CertificateName }
        { $_ -in 'um', 'umcr' } { (Get-Source $kind $server).UMStartupMode }
        { $_ -in 'send', 'receive', 'sources', 'fqdn' } {
            $source = if ($server) { 'receive' } else { 'send' }
            $found = @(Get-Source $source $server | Where-Object { $_.Name -eq $what })
            if (-not $found) { 'absent' }
            elseif ($kind -eq 'fqdn') { $found[0].Fqdn }
            elseif ($kind -eq 'sources') { Join-Names @($found[0].SourceTransportServers | ForEach-Object { Get-Leaf $_ }) }
            else { $found[0].TlsCertificateName }
        }
        default { throw "no fact is called $kind" }
    }
    "$value"
}

function Get-Sites($certificate) {
    if (-not $certificate.PSObject.Properties['IISServices']) { return }
    foreach ($site in @($certificate.IISServices | Where-Object { $_ })) {
        $name = if ($site.PSObject.Properties['ServiceName']) { $site.ServiceName }
        if ("$site $name" -match '/W3SVC/(\d+)') { $Matches[1] }
    }
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
    foreach ($one in @(if ($unit['Steps']) { $unit.Steps; $unit.Finally } else { $unit })) {
        foreach ($fact in $one.Gives.Keys) { $gives[$fact] = $one.Gives[$fact] }
    }
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
    if ($plan.Servers[$server].Default -and (Read-Fact "default|$server|") -eq $thumbprint) { 'it is the default SMTP certificate' }
    if (-not $plan.Edge) {
        foreach ($binding in @(Get-Bindings $server)) { if ($binding.Hash -eq $thumbprint) { "it is bound to $($binding.Id)" } }
        foreach ($site in @(Get-Sites $this[0])) { "it is bound to site $site" }
        $hybrid = @(if ($isOnly) { Get-Source hybrid })
        if (@($hybrid | Where-Object { "$($_.TlsCertificateName)" -eq $name })) { 'the hybrid configuration names it' }
    }
    foreach ($one in @(if ($isOnly) { Get-Source receive $server })) {
        if ("$($one.TlsCertificateName)" -eq $name) { "the Receive connector $($one.Name) names it" }
    }
    if ($ButSend) { return }
    # Exchange refuses to remove any certificate of that name.
    foreach ($one in @(Get-Source send)) {
        if ("$($one.TlsCertificateName)" -eq $name) { "the Send connector $($one.Name) names it" }
    }
}
