# Runs deployment scripts in worlds of deployed.psm1, many in one process, and writes what became of each world.
#
# A job is { name, world, script, parameters, runs } and more. World and script (the $plan alone) are files, in which %NEW%
# stands for the thumbprint of a certificate that the world knows as NEW, and %port:NAME% for a port of the loopback. The
# script is run so many times; what is against it is so in the first run alone:
#
#   fault, listen      as in deployed.psm1. It is killed by an exception that no catch sees, after which every cmdlet does
#                      nothing but throw it, so that whatever the script still does changes nothing
#   later              listen, of the runs after the first
#   change             [ { path, value } ] of the world, since it was planned for
#   preferences        of a session that suppresses errors, asks much and has -WhatIf everywhere
#   loaded, proxies    Exchange's cmdlets are there already; are proxies (of the file that -Remotely names)
#   process            it is started by -File, in a process of its own, with the password in a file
#   without, missing   Exchange's own scripts cannot be found; its cmdlets that a role lacks
#   forbidden, busy    Add-Type fails; another run goes on
#
# Parts is the folder of what every script has. What became of it is results.json in Folder.
param([string] $Jobs, [string] $Parts, [string] $Folder, [string] $Remotely)
Set-StrictMode -Version 1
$ErrorActionPreference = 'Stop'

Add-Type -IgnoreWarnings -WarningAction Ignore -TypeDefinition @'
using System; using System.Collections.Generic; using System.IO; using System.Net; using System.Net.Security; using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates; using System.Text; using System.Text.Json; using System.Threading.Tasks;
public static class Listeners {
    public static Dictionary<string, X509Certificate2> Certificates = new Dictionary<string, X509Certificate2>();
    public static string File = "";
    public static HashSet<string> Served = new HashSet<string>();
    public static int Open(bool isMail) {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Task.Run(async () => { while (true) { var client = await listener.AcceptTcpClientAsync(); _ = Task.Run(() => Serve(client, port.ToString(), isMail)); } });
        return port;
    }
    static void Serve(TcpClient client, string port, bool isMail) {
        try {
            using (client) {
                string mode = "close";
                using (var document = JsonDocument.Parse(System.IO.File.ReadAllText(File))) if (document.RootElement.TryGetProperty(port, out var value)) mode = value.GetString();
                if (mode.StartsWith("once:")) { mode = Served.Add(port) ? mode.Substring(5) : "close"; }
                if (mode == "close") return;
                if (mode == "silent") { Task.Delay(5000).Wait(); return; }
                var stream = client.GetStream();
                if (isMail) {
                    Say(stream, "220 mail ready");
                    Hear(stream);
                    if (mode == "plain") { Say(stream, "250-mail\r\n250 SIZE"); Hear(stream); return; }
                    Say(stream, "250-mail\r\n250-SIZE\r\n250 STARTTLS");
                    Hear(stream);
                    Say(stream, "220 go");
                }
                using (var tls = new SslStream(stream)) {
                    tls.AuthenticateAsServer(Certificates[mode], false, System.Security.Authentication.SslProtocols.Tls12, false);
                    tls.ReadByte();
                }
            }
        } catch (Exception) { }
    }
    static void Say(Stream stream, string text) { var bytes = Encoding.ASCII.GetBytes(text + "\r\n"); stream.Write(bytes, 0, bytes.Length); }
    static void Hear(Stream stream) { int one; while ((one = stream.ReadByte()) >= 0 && one != 10) { } }
}
'@

$made = @{}
$files = @{}
$ports = @{}
$authority = @{}
$password = 'a password'

# The certificate that a world knows by that name: issued by its issuer, later ones later.
function New-Certificate($name, $known) {
    $id = "$name|$($known.issuer)|$($known.subject)|$($known.order)"
    if ($made.ContainsKey($id)) { [IO.File]::WriteAllBytes("$Folder/$name.pfx", $files[$id]); return $made[$id] }
    $key = [Security.Cryptography.RSA]::Create(2048)
    $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new($known.subject, $key, 'SHA256', [Security.Cryptography.RSASignaturePadding]::Pkcs1)
    $from = [DateTimeOffset]::UtcNow.AddDays(-400 + $known.order)
    $until = [DateTimeOffset]::UtcNow.AddDays(400 + $known.order)
    if ($known.issuer -eq $known.subject) { $certificate = $request.CreateSelfSigned($from, $until) }
    else {
        if (-not $authority.ContainsKey($known.issuer)) {
            $root = [Security.Cryptography.X509Certificates.CertificateRequest]::new($known.issuer, [Security.Cryptography.RSA]::Create(2048), 'SHA256', [Security.Cryptography.RSASignaturePadding]::Pkcs1)
            $root.CertificateExtensions.Add([Security.Cryptography.X509Certificates.X509BasicConstraintsExtension]::new($true, $false, 0, $true))
            $authority[$known.issuer] = $root.CreateSelfSigned([DateTimeOffset]::UtcNow.AddDays(-1000), [DateTimeOffset]::UtcNow.AddDays(2000))
        }
        $serial = [byte[]]::new(8)
        [Security.Cryptography.RandomNumberGenerator]::Fill($serial)
        $signed = $request.Create($authority[$known.issuer], $from, $until, $serial)
        $certificate = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::CopyWithPrivateKey($signed, $key)
    }
    $file = $files[$id] = $certificate.Export('Pfx', $password)
    $certificate = [Security.Cryptography.X509Certificates.X509CertificateLoader]::LoadPkcs12($file, $password)
    [IO.File]::WriteAllBytes("$Folder/$name.pfx", $file)
    [Listeners]::Certificates[$certificate.Thumbprint] = $certificate
    $made[$id] = $certificate
    $certificate
}

# A text with the thumbprints and ports of this run in it.
function Expand-Text($text, $thumbprints) {
    foreach ($name in $thumbprints.Keys) { $text = $text.Replace("%$name%", $thumbprints[$name]) }
    [regex]::Replace($text, '%port:(\w+)%', {
        param($match)
        $name = $match.Groups[1].Value
        if (-not $ports.ContainsKey($name)) { $ports[$name] = [Listeners]::Open($name -like '*smtp*') }
        "$($ports[$name])"
    })
}

# The state of a world, by the names of facts; services are those that are stored.
function Get-State($world) {
    $state = @{}
    foreach ($server in $world.servers.Keys) {
        $it = $world.servers[$server]
        foreach ($t in $world.known.Keys) { $state["$server|services $t"] = if ($it.certificates.Contains($t)) { "$(@($it.certificates[$t].services | Sort-Object) -join ', ')" } else { 'absent' } }
        foreach ($b in $it.bindings.Keys) { $state["$server|binding $b"] = $it.bindings[$b] }
        foreach ($n in $it.receive.Keys) { $state["$server|receive $n"] = $it.receive[$n].tls }
        foreach ($s in $it.runs.Keys) { $state["$server|runs $s"] = $it.runs[$s] }
        foreach ($p in 'default', 'imap', 'pop') { $state["$server|$p"] = "$($it[$p])" }
    }
    foreach ($n in $world.send.Keys) { $state["|send $n"] = $world.send[$n].tls }
    $state['|hybrid'] = "$($world.hybrid)"
    $state
}

function Read-World { [IO.File]::ReadAllText("$env:DEPLOYED/world.json") | ConvertFrom-Json -AsHashtable }
function Write-World($world) { [IO.File]::WriteAllText("$env:DEPLOYED/world.json", (ConvertTo-Json $world -Depth 9)) }

# Runs a script once in a process of its own, as a scheduler does.
function Invoke-Process($job, $path) {
    ConvertTo-SecureString $password -AsPlainText -Force | Export-Clixml -LiteralPath "$Folder/password.xml"
    $given = @($job.parameters.Keys | Where-Object { $_ -ne 'PfxPassword' } | ForEach-Object {
        "-$_"
        if ($job.parameters[$_] -is [string]) { $job.parameters[$_].Replace('%folder%', $Folder) }
    })
    $start = [Diagnostics.ProcessStartInfo]::new([Environment]::ProcessPath)
    $first = if ([Environment]::ProcessPath -like '*dotnet') { "$PSHOME/pwsh.dll" }
    foreach ($one in @($first; '-NoProfile'; '-NonInteractive'; '-File'; $path; $given; '-PfxPasswordFile'; "$Folder/password.xml")) { $start.ArgumentList.Add($one) }
    $start.RedirectStandardOutput = $start.RedirectStandardError = $start.RedirectStandardInput = $true
    $process = [Diagnostics.Process]::Start($start)
    $process.StandardInput.Close()
    $errors = $process.StandardError.ReadToEndAsync()
    $said = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    $lines = @("$said" -split '\r?\n' | Where-Object { $_ })
    $last = if ($lines) { try { $lines[-1] | ConvertFrom-Json -AsHashtable } catch { $null } }
    @{ lines = $lines; last = $last; stray = @("exit $($process.ExitCode)"); errors = @($errors.Result -split '\r?\n' | Where-Object { $_ }); preferences = 'Continue False High Continue' }
}

# Runs a script once, in a runspace of its own, as its job says.
function Invoke-Script($job, $path) {
    $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
    $null = $shell.AddScript({
        param($job, $module)
        Import-Module $module -DisableNameChecking
        if ($job.loaded -ne $true) { foreach ($one in (Get-Module deployed).ExportedFunctions.Keys) { if ($one -match '-(Exchange|Send|Receive|Hybrid|Imap|Pop|Transport|Edge|UM)') { Microsoft.PowerShell.Management\Remove-Item "function:$one" } } }
        # What is loaded where Add-Type is forbidden, too.
        if ($job.forbidden) { function global:Add-Type { throw 'Add-Type is forbidden here' } }
        if ($job.without) { $env:ExchangeInstallPath = 'nowhere' }
        if ($job.preferences) {
            $global:ErrorActionPreference = 'SilentlyContinue'; $global:WhatIfPreference = $true; $global:ConfirmPreference = 'Low'; $global:WarningPreference = 'Stop'
            $global:PSDefaultParameterValues = @{ '*:Server' = 'NOBODY'; 'Get-Service:Name' = 'nothing' }
            Set-StrictMode -Version 3
        }
    }).AddArgument($job).AddArgument("$PSScriptRoot/deployed.psm1").Invoke()
    if ($shell.HadErrors) { throw "$($job.name): $($shell.Streams.Error)" }
    $shell.Commands.Clear()
    $console = [Console]::Out
    $said = [IO.StringWriter]::new()
    [Console]::SetOut($said)
    $stray = @()
    try {
        $parameters = @{}
        foreach ($one in $job.parameters.Keys) {
            $value = $job.parameters[$one]
            if ($one -eq 'PfxPassword') { $value = ConvertTo-SecureString $value -AsPlainText -Force }
            if ($value -is [string]) { $value = $value.Replace('%folder%', $Folder) }
            $parameters[$one] = $value
        }
        # As -File does, and as the shell of an administrator does.
        $null = $shell.AddScript('param($path, $parameters) & $path @parameters; "exit $LASTEXITCODE"').AddArgument($path).AddArgument($parameters)
        try { $stray = @($shell.Invoke()) } catch { $stray = @("thrown: $($_.Exception.GetBaseException())") }
    } finally { [Console]::SetOut($console) }
    $shell.Commands.Clear()
    $kept = try { @($shell.AddScript('"$global:ErrorActionPreference $global:WhatIfPreference $global:ConfirmPreference $global:WarningPreference"').Invoke())[0] } catch { "$_" }
    $errors = @($shell.Streams.Error | ForEach-Object { "$_" })
    $shell.Dispose()
    $lines = @("$said" -split '\r?\n' | Where-Object { $_ })
    $last = if ($lines) { try { $lines[-1] | ConvertFrom-Json -AsHashtable } catch { $null } }
    @{ lines = $lines; last = $last; stray = @($stray | ForEach-Object { "$_" }); errors = $errors; preferences = $kept }
}

# What loads Exchange's cmdlets: its own scripts, and its snap-in.
$null = [IO.Directory]::CreateDirectory("$Folder/exchange/bin"), [IO.Directory]::CreateDirectory("$Folder/modules/Snapins")
$env:DEPLOYED_MODULE = "$PSScriptRoot/deployed.psm1"
$env:ExchangeInstallPath = "$Folder/exchange"
$env:PSModulePath += "$([IO.Path]::PathSeparator)$Folder/modules"
[IO.File]::WriteAllText("$Folder/exchange/bin/RemoteExchange.ps1", @'
if ($aVariableThatNobodySet.Length -or $WhatIfPreference) { }
Write-Host 'Welcome'
Write-Warning 'and more'
'a stray line'
function Connect-ExchangeServer {
    param([switch] $auto, $ClientApplication)
    if (-not $env:DEPLOYED_REMOTELY) {
        Import-Module $env:DEPLOYED_MODULE -DisableNameChecking -Global
        # What a role lacks.
        foreach ($one in "$env:DEPLOYED_MISSING" -split ' ' -ne '') { Microsoft.PowerShell.Management\Remove-Item "function:$one" }
        return
    }
    . $env:DEPLOYED_REMOTELY -Module $env:DEPLOYED_MODULE -Command *-Exchange*, *Connector, *-Hybrid*, *-ImapSettings, *-PopSettings, Get-TransportService, Get-EdgeSubscription, Get-UM*
}
'@)
[IO.File]::WriteAllText("$Folder/modules/Snapins/Snapins.psm1", 'function Add-PSSnapin { [CmdletBinding()] param([Parameter(Position = 0)][string] $Name) Import-Module $env:DEPLOYED_MODULE -DisableNameChecking -Global }')

$theResults = foreach ($job in @([IO.File]::ReadAllText($Jobs) | ConvertFrom-Json -AsHashtable)) {
    $env:DEPLOYED_MISSING = "$($job.missing)"
    $env:DEPLOYED_REMOTELY = if ($job.proxies) { $Remotely }
    $env:DEPLOYED = "$Folder/$($job.name -replace '[^\w.-]', '_')"
    $null = [IO.Directory]::CreateDirectory($env:DEPLOYED)
    $raw = [IO.File]::ReadAllText($job.world)
    $thumbprints = @{}
    $known = ($raw | ConvertFrom-Json -AsHashtable).known
    foreach ($name in $known.Keys) { $thumbprints[$name.Trim('%')] = (New-Certificate $name.Trim('%') $known[$name]).Thumbprint }
    $world = Expand-Text $raw $thumbprints | ConvertFrom-Json -AsHashtable
    # As it was planned for, whatever a job changes.
    $given = Expand-Text $raw $thumbprints | ConvertFrom-Json -AsHashtable
    $extra = Expand-Text (ConvertTo-Json $job -Depth 9) $thumbprints | ConvertFrom-Json -AsHashtable
    # One path for all of its jobs, so that it is compiled once.
    $path = "$Folder/$([IO.Path]::GetFileNameWithoutExtension($job.script)).run.ps1"
    [IO.File]::Delete("$path.log")
    $head = Expand-Text ([IO.File]::ReadAllText($job.script)) $thumbprints
    $text = @([IO.File]::ReadAllText("$Parts/head.ps1"), $head; foreach ($part in 'facts', 'look', 'steps', 'body') { [IO.File]::ReadAllText("$Parts/$part.ps1") }) -join "`n"
    # Other processes that test have other scripts.
    $text = $text.Replace('Global\ExchangeCertificates', "Global\ExchangeCertificates$PID")
    [IO.File]::WriteAllText($path, $text.Replace("`n", "`r`n"), [Text.UTF8Encoding]::new($true))
    $env:COMPUTERNAME = $world.computer
    $env:ExchangeInstallPath = "$Folder/exchange"
    Import-Module "$PSScriptRoot/deployed.psm1" -DisableNameChecking -Function Initialize-World -Force

    # One change of the world before the run: a path, and a value.
    foreach ($one in @($extra.change | Where-Object { $_ })) {
        $at = $world
        foreach ($step in @($one.path | Select-Object -SkipLast 1)) { $at = $at[$step] }
        if ($null -eq $one.value) { $at.Remove($one.path[-1]) } else { $at[$one.path[-1]] = $one.value }
    }
    $before = Get-State $given
    if ($extra.fault) { $world.fault = $extra.fault }
    if ($extra.listen) { $world.listen = $extra.listen }
    foreach ($file in 'reads', 'calls') { [IO.File]::Delete("$env:DEPLOYED/$file") }
    Write-World $world
    Initialize-World "$env:DEPLOYED/world.json"
    [Listeners]::File = "$env:DEPLOYED/presented.json"
    $begin = Read-World
    $runs = @(for ($i = 1; $i -le $job.runs; $i++) {
        if ($job.busy -and $i -eq 1) {
            # Another thread has it.
            $other = [powershell]::Create().AddScript('$m = [Threading.Mutex]::new($false, "Global\ExchangeCertificates$PID"); $null = $m.WaitOne(); "held"; Start-Sleep 600')
            $nothing = [Management.Automation.PSDataCollection[psobject]]::new()
            $nothing.Complete()
            $taken = [Management.Automation.PSDataCollection[psobject]]::new()
            $null = $other.BeginInvoke($nothing, $taken)
            while (-not $taken.Count) { Start-Sleep -Milliseconds 20 }
        }
        $log = "$path.log"
        foreach ($file in 'reads', 'calls') { [IO.File]::AppendAllText("$env:DEPLOYED/$file", '') }
        $at = if ([IO.File]::Exists($log)) { [IO.File]::ReadAllText($log).Length } else { 0 }
        [Listeners]::Served.Clear()
        $one = if ($job.process) { Invoke-Process $extra $path } else { Invoke-Script $extra $path }
        if ($job.busy -and $i -eq 1) { $other.Stop(); $other.Dispose() }
        $one.logged = [IO.File]::Exists($log) -and (($one.lines -join "`n") + "`n") -eq [IO.File]::ReadAllText($log).Substring($at)
        $now = Read-World
        $one.killed = $now.Contains('killed')
        $one.calls = @([IO.File]::ReadAllLines("$env:DEPLOYED/calls"))
        $one.reads = [IO.FileInfo]::new("$env:DEPLOYED/reads").Length
        $one.asked = $now.asked
        $one.endpoints = $now.endpoints; $one.state = Get-State $now; $one.resets = $now['resets']
        # The next run is without a fault.
        $now.Remove('killed'); $now.Remove('fault'); $now.listen = if ($extra.later) { $extra.later } else { @{} }; $now.asked = @()
        [IO.File]::Delete("$env:DEPLOYED/reads")
        foreach ($server in $now.servers.Keys) { $now.servers[$server].Remove('down') }
        Write-World $now
        & (Get-Module deployed) { Save-World (Get-World) }
        $one
    })
    # The other PowerShells of its proxies.
    if ($job.proxies) { Get-Process | Where-Object { $_.Parent.Id -eq $PID } | Stop-Process -Force }
    if ($job.keep -ne $true) { Remove-Item -LiteralPath $env:DEPLOYED -Recurse -Force }
    @{ name = $job.name; before = $before; begin = Get-State $begin; endpoints = $begin.endpoints; runs = $runs; thumbprints = $thumbprints }
}
[IO.File]::WriteAllText("$Folder/results.json", (ConvertTo-Json @($theResults) -Depth 9 -Compress))
[Environment]::Exit(0)
