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
            foreach (string one in thumbprints)
                if (one.Length == 0 || text.IndexOf(one, StringComparison.OrdinalIgnoreCase) < 0) throw Other(text);
            return choices.Count > 3 ? 2 : 1;
        }
        public override PSHostRawUserInterface RawUI { get { return null; } }
        public override Dictionary<string, PSObject> Prompt(string c, string m, Collection<FieldDescription> d) { throw Other(c + " " + m); }
        public override PSCredential PromptForCredential(string c, string m, string u, string t) { throw Other(c + " " + m); }
        public override PSCredential PromptForCredential(string c, string m, string u, string t, PSCredentialTypes a,
            PSCredentialUIOptions o) { throw Other(c + " " + m); }
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
                $parameter = $one.ParameterName
                if (@($command.Parameters.Keys) -like "$parameter*") { continue }
                Stop-Run 'cannot-run' '' $name "your role lacks its parameter -$parameter"
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
    if (-not $PfxPath) { throw '-PfxPath is not given' }
    $script:password = $PfxPassword
    if ($PfxPasswordFile) { $script:password = Import-Clixml -LiteralPath $PfxPasswordFile -ErrorAction Stop }
    if ($password -isnot [securestring]) { throw '-PfxPassword or -PfxPasswordFile holds no password' }
    $bytes = [IO.File]::ReadAllBytes($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($PfxPath))
    # 32 is EphemeralKeySet: the key is written nowhere.
    $ephemeral = [Security.Cryptography.X509Certificates.X509KeyStorageFlags] 32
    $opened = New-Object Security.Cryptography.X509Certificates.X509Certificate2($bytes, $password, $ephemeral)
    if ($opened.Thumbprint -ne $plan.New) { throw "it holds $($opened.Thumbprint)" }
    if (-not $opened.HasPrivateKey) { throw 'it holds no private key' }
    $script:pfx = $bytes
}

function Start-Run {
    if ([IntPtr]::Size -ne 8) {
        Stop-Run 'cannot-run' '' 'PowerShell' "it is 32-bit: run $env:windir\sysnative\WindowsPowerShell\v1.0\powershell.exe"
    }
    try { [IO.File]::AppendAllText($LogPath, '') } catch { Stop-Run 'cannot-run' '' 'the log' $_ }
    if ([Environment]::OSVersion.Platform -eq 'Win32NT') {
        $who = New-Object Security.Principal.WindowsPrincipal([Security.Principal.WindowsIdentity]::GetCurrent())
        if (-not $who.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
            Stop-Run 'cannot-run' '' 'PowerShell' 'it does not run as administrator'
        }
    }
    if ($plan.Edge -and $plan.Edge -ne $env:COMPUTERNAME) {
        Stop-Run 'cannot-run' $plan.Edge 'this computer' "it is $env:COMPUTERNAME"
    }
    $isFree = try { $mutex.WaitOne(0) } catch [Threading.AbandonedMutexException] { $true }
    if (-not $isFree) { Stop-Run 'cannot-run' '' 'this script' 'another run of such a script has not ended' }
    $run.Owns = $true
    try { & $load $isSnapIn $false } catch { Stop-Run 'cannot-run' '' 'the cmdlets of Exchange' $_ }
    if (-not (Get-Command Enable-ExchangeCertificate -ErrorAction Ignore)) {
        Stop-Run 'cannot-run' '' 'the cmdlets of Exchange' 'they are not there'
    }
    Test-Commands
    foreach ($server in $plan.Twins.Keys) {
        Write-Line $null $server $plan.Twins[$server] 'not-seen' 'it comes first, and whether it ran cannot be seen from here'
    }

    foreach ($fact in $plan.Facts.Keys) {
        $kind, $server, $what = $fact -split '\|', 3
        $name = "$kind $what".Trim()
        $now = try { Read-Fact $fact }
        catch [Management.Automation.CommandNotFoundException] { Stop-Run 'cannot-run' $server $name "your role lacks what reads it: $_" }
        catch { Stop-Run 'stale' $server $name "it cannot be read: $_" }
        $allowed = @($plan.Facts[$fact] | Where-Object { Test-Value $fact $now $_ })
        if (-not $allowed.Count) { Stop-Run 'stale' $server $name "it is '$now'" }
    }
    foreach ($server in $plan.Servers.Keys) {
        $old = @(Get-Source certificates $server | Where-Object { $_.Thumbprint -eq $plan.Servers[$server].Old })
        if ($old -and $old[0].PSObject.Properties['NotAfter'] -and $old[0].NotAfter -lt (Get-Date)) { $plan.Servers[$server].Outside = $true }
    }
    foreach ($name in @(foreach ($one in $plan.Restarts) { foreach ($service in $one.Services) { "$($one.Server)|$service" } }) +
        @($plan.Ports | Where-Object { $_['Late'] } | ForEach-Object { "$($_.Server)|$($_.Late)" })) {
        $running[$name] = try { Read-Fact "runs|$name" } catch { '' }
    }
    foreach ($one in $plan.Unseen) { Write-Line $null $one.Server $one.Endpoint 'not-seen' 'it cannot be looked at' }
    foreach ($port in $plan.Ports) {
        $seen = $first[$port] = Get-Presented $port $plan.Limit
        $isPlanned = (@($port.Before) + @($port.After)) -contains $seen.Thumbprint
        if ($seen.State -ne 'seen' -or $isPlanned) { Show-Look $port $seen $seen.State; continue }
        Stop-Run 'stale' $port.Server "$($port.Endpoint) at $($port.Address):$($port.Port)" "it presents $($seen.Thumbprint)"
    }
    if (@($plan.Steps | Where-Object { $_['Id'] -like 'import|*' -and -not (Test-Gives $_) })) {
        try { Open-Certificate } catch { Stop-Run 'cannot-run' '' 'the .pfx file' $_ }
    }
    $keeping = @($plan.Steps | Where-Object { $_['Keep'] -and -not (Test-Gives $_) })
    if ($keeping) {
        $name = 'ExchangeCertificates.AnsweringHost'
        try { if (-not ($name -as [type])) { Add-Type -TypeDefinition $answerer -ErrorAction Stop } } catch { }
        $script:answering = $name -as [type]
        foreach ($step in $keeping) {
            if ($answering -or $step.Keep.Fallback) { continue }
            Stop-Run 'cannot-run' $step.Server $step.What 'Add-Type is forbidden here: without it the default cannot be kept'
        }
    }
    # A removal that was carried out by a former run: from there nothing is taken back.
    foreach ($one in Get-Removals $plan.Removals) { if (Test-Gives $one) { $run.Dropped = $true } }
}

# ---- the run ----

# The steps among units that remove a certificate.
function Get-Removals($units) {
    foreach ($unit in @($units)) { foreach ($one in @($unit) + @($unit['Steps'])) { if ($one -and $one['Removes']) { $one } } }
}

function Invoke-Steps {
    foreach ($unit in $plan.Steps) {
        $lacks = @($unit['Needs'] | Where-Object { $_ -and $failed[$_] })
        if ($lacks) {
            $failed[$unit.Id] = $true
            Write-Line $unit.Id $unit.Server $unit.What 'failed' "not done: $lacks failed"
            continue
        }
        try { Invoke-Unit $unit 'done' } catch {
            if (-not (Test-Outside $unit.Server)) { throw }
            # Nothing goes back to a certificate that is outside its dates, but one that is only half there goes.
            $failed[$unit.Id] = $true
            if ($run.Dropped) { continue }
            foreach ($entry in @($stack | Where-Object { $_.Server -eq $unit.Server })) {
                foreach ($undo in @($entry.Undo | Where-Object { $_['Removes'] })) {
                    try {
                        $services = Read-Fact "services|$($undo.Server)|$($undo.Removes)"
                        if ((Split-Services $services) -notcontains 'SMTP') { Undo-Unit $undo; $failed[$entry.Id] = $true }
                    } catch { }
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
        $removes = @(Get-Removals $unit)
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
        $run.Started = $true
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
        else { foreach ($one in Get-Removals $plan.Removals) { foreach ($fact in $one.Gives.Keys) { $stays[$fact] = $true } } }
    } catch {
        if ($run.Outcome) { Complete-Run $run.Outcome $run.Exit @(); return }
        Write-Line $null '' 'this run' 'failed' $_
        if (-not $run.Started) { Complete-Run 'stale' 3 @(); return }
        if (-not $run.Dropped) {
            # A run that has changed nothing takes nothing back: what it found is of another one.
            if ($run.Changed) {
                Undo-Stack
                if (-not $NoRestart) { Restart-Planned -All }
                $bad = @(Get-Late 'Before' $plan.Ports)
                if (-not $NoRestart -and @($bad | Where-Object { $_.Is -eq 'late' -and $_.Port['Late'] })) {
                    try { Restart-Late $bad } catch { }
                    $bad = @(Get-Late 'Before' @($bad | ForEach-Object { $_.Port }))
                }
            }
            $cache.Clear()
            $facts = @(Get-Left 0)
            # What was carried out by a former run, and is as planned, is not listed.
            $other = if ($run.Changed) { $facts } else { @(Get-Left 1) }
            if (@($other).Count -lt $facts.Count) { $facts = @($other) }
            $left = @($facts | ForEach-Object { $_.Show }) + @($bad | ForEach-Object { Show-Port $_ })
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
foreach ($name in 'ErrorActionPreference', 'WarningPreference', 'ConfirmPreference', 'WhatIfPreference') {
    $former[$name] = Get-Variable $name -Scope Global -ValueOnly
}
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$WhatIfPreference = $false
$ConfirmPreference = 'None'
$PSDefaultParameterValues = @{}
$mutex = New-Object Threading.Mutex($false, 'Global\ExchangeCertificates')
try { & { Invoke-Run } *> $null }
catch { Write-Line $null '' 'this run' 'failed' $_; Complete-Run 'failed' 2 @() }
finally {
    if ($run['Owns']) { $mutex.ReleaseMutex() }
    foreach ($name in $former.Keys) { Set-Variable $name $former[$name] -Scope Global }
}
exit $run.Exit
