# ---- the executor ----

function Set-Running($server, $name, $status) {
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
    $holds = try { Test-Gives $step } catch { Write-Line $step['Id'] $step.Server $step.What 'failed' $_; throw }
    if ($holds) {
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
        elseif ($step['Stop']) { Set-Running $step.Server $step.Stop 'Stopped' }
        elseif ($step['Start']) { Set-Running $step.Server $step.Start 'Running' }
        else { $null = & $step.Call }
    } catch { $reason = $_ }
    # What the call said counts for less than what is there.
    $cache.Clear()
    $holds = try { Test-Gives $step } catch { $reason = $_; $false }
    if ($holds) { Write-Line $step['Id'] $step.Server $step.What $state $reason; return }
    if (-not $reason) { $reason = 'it was called, and changed nothing' }
    foreach ($fact in @($step.Gives.Keys) -like 'key|*') {
        try { if ((Read-Fact $fact) -eq 'KSP') { $reason = 'cng-key: its key is kept in a KSP' } } catch { }
    }
    Write-Line $step['Id'] $step.Server $step.What 'failed' $reason
    throw $reason
}

function Invoke-Unit($unit, $state) {
    if (-not $unit['Steps']) { Invoke-Step $unit $state; return }
    if ($state -eq 'done' -and (Test-Gives $unit)) { Write-Line $unit['Id'] $unit.Server $unit.What 'already'; return }
    try {
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
    # It may have been there before this run, and its key nowhere else.
    if (-not $pfx) { try { Open-Certificate } catch { $standing += "-PfxPath does not hold it: $_" } }
    if ($run.Clean -and -not $standing) { Invoke-Step $unit 'undone'; return }
    # It has to stay: with SMTP, or what has its name would choose it and could not read its key.
    $else = @($plan.Steps | Where-Object { $_['Id'] -eq $unit['Else'] })
    $reason = (@($standing) + 'something else was not undone')[0]
    Write-Line $unit['Id'] $unit.Server $unit.What 'failed' "it stays: $reason"
    if (-not $else) { throw "it stays: $reason" }
    try { Invoke-Step $else[0] 'done' } catch {
        # Exchange would refuse, but nothing stands on a certificate that never had a service.
        $services = Read-Fact "services|$($unit.Server)|$($unit.Removes)"
        if (-not $pfx -or (Split-Services $services) -contains 'SMTP') { throw }
        if (@(Get-Standing $unit.Server $unit.Removes -ButSend)) { throw }
        $call = {
            Invoke-At $unit.Server {
                param($thumbprint)
                Remove-Item -LiteralPath "Cert:\LocalMachine\My\$thumbprint" -DeleteKey -ErrorAction Stop
            } $unit.Removes
        }
        Invoke-Step @{ Server = $unit.Server; What = $unit.What; Gives = $unit.Gives; Call = $call } 'undone'
    }
}

# Nothing but the default goes back to a certificate that is outside its dates.
function Test-Outside($server) {
    [bool] @(@(if ($server) { $server } else { $plan.Servers.Keys }) | Where-Object { $plan.Servers[$_].Outside })
}

function Undo-Stack {
    for ($i = $stack.Count - 1; $i -ge 0; $i--) {
        foreach ($unit in @($stack[$i].Undo)) {
            try {
                if (Test-Gives $unit) { continue }
                $isFree = $unit['Removes'] -or @($unit['Gives'] | ForEach-Object { $_.Keys }) -like 'default|*'
                if (-not $isFree -and (Test-Outside $unit.Server)) { $run.Clean = $false; continue }
                $done[$stack[$i].Id] = $true
                # It is tried twice, as what comes in any case is.
                try { Undo-Unit $unit } catch { Undo-Unit $unit }
            } catch { $run.Clean = $false }
        }
    }
    $stack.Clear()
}

# ---- ports and restarts ----

function Show-Look($port, $seen, $state) {
    $message = if ($seen.Message) { $seen.Message } else { $seen.Thumbprint }
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
            if ($NoRestart -and ($is -eq 'late' -or @('imap', 'pop') -contains $port.Kind)) {
                $is = 'not-seen'
                $seen.Message = 'not compared: nothing was restarted'
            }
            if (@('seen', 'not-seen') -contains $is) { Show-Look $port $seen $is }
            else { $bad += @{ Port = $port; Seen = $seen; Is = $is } }
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
            if ((Read-Fact "runs|$server|$name") -ne 'Running') { Set-Running $server $name 'Running' }
            else {
                Invoke-At $server {
                    param($service)
                    Restart-Service -Name $service -Force -WarningAction SilentlyContinue -ErrorAction Stop
                } $name
            }
            Write-Line 'restart' $server $name 'done'
        } catch {
            # It may have been stopped, and not started.
            try { Set-Running $server $name 'Running' } catch { }
            Write-Line 'restart' $server $name 'failed' $_
            throw
        }
    }
}

function Restart-Planned([switch] $All) {
    foreach ($one in $plan.Restarts) {
        $isLate = @($plan.Ports | Where-Object {
            $_.Server -eq $one.Server -and $_.Kind -eq $one['Kind'] -and
            $first[$_].State -eq 'seen' -and @($_.After) -notcontains $first[$_].Thumbprint
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
    # The script's own last: its shell runs through IIS.
    $servers = @($plan.Servers.Keys | Where-Object { $_ -ne $env:COMPUTERNAME })
    $servers += @($plan.Servers.Keys | Where-Object { $_ -eq $env:COMPUTERNAME })
    foreach ($server in $servers) {
        $ports = @($plan.Ports | Where-Object { $_.Server -eq $server -and $_.Kind -eq 'https' })
        if (-not $ports) { continue }
        if ($WhatIf) { Write-Line 'restart' $server 'iisreset' 'would'; continue }
        try {
            Invoke-At $server {
                param($option)
                $null = iisreset $option
                if ($LASTEXITCODE) { throw "iisreset ended with $LASTEXITCODE" }
            } '/noforce'
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
