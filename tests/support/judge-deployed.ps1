# Judges what deploy.ps1 wrote: a line for each run that did not end in a state that can be named, and how often each
# outcome came. The first job of each world is the one that nothing disturbs: where it ends is what is planned.
param([string] $Jobs, [string] $Results)
$ErrorActionPreference = 'Stop'
$asked = @{}
foreach ($job in [IO.File]::ReadAllText($Jobs) | ConvertFrom-Json -AsHashtable) { $asked[$job.name] = $job }
$planned = @{}
$stays = @{}
$counts = @{}

function Compare-State($one, $other) { @(@($one.Keys) + @($other.Keys) | Sort-Object -Unique | Where-Object { "$($one[$_])" -ne "$($other[$_])" }) }
function Join-Keys($keys) { @($keys | Sort-Object -Unique) -join '; ' }

function Get-Faults($job, $result, $i, $state, $calls, $exit) {
    $run = $result.runs[$i]
    $last = $run.last
    if (-not $last -or -not $last.Contains('outcome')) { 'there is no last line'; return }
    $counts["$($last.outcome) $($last.exit)"]++
    if ("$($run.stray)" -ne "exit $($last.exit)") { "it ended with $($run.stray)" }
    if (-not $run.logged -and $job.parameters.LogPath -eq $null) { 'the log differs from the output' }
    if ($run.errors) { "errors were written: $($run.errors[0])" }
    $preferences = if ($job.preferences) { 'SilentlyContinue True Low Stop' } else { 'Continue False High Continue' }
    if ($run.preferences -ne $preferences) { "the preferences are left at $($run.preferences)" }
    if (@($run.asked | Where-Object { $_ -and $_ -notin 'ExchangeCertificates', 'ServerRemoteHost' })) { "a question reached $($run.asked)" }
    $now = $run.state
    # What cannot be read is listed, whatever it is; what the job itself had changed is not the script's.
    $unread = @($last.left | Where-Object { "$($_.now)" -like 'cannot be read*' } | ForEach-Object { "$($_.server)|$($_.what)" })
    $given = @(Compare-State $result.begin $result.before | Where-Object { $now[$_] -eq $result.begin[$_] })
    $fromBefore = @(Compare-State $now $result.before | Where-Object { $_ -notin $unread })
    $fromPlan = @(Compare-State $now $planned[$job.world] | Where-Object { $_ -notin $unread -and $_ -notin $given })
    $left = @($last.left | Where-Object { $_ } | ForEach-Object { "$($_.server)|$($_.what)" })
    $leftFacts = @($left | Where-Object { $now.Contains($_) -and $_ -notin $unread })
    $isSame = -not (Compare-State $now $state) -and @($run.calls).Count -eq $calls
    switch ($last.exit) {
        0 {
            if ($last.outcome -in 'what-if', 'nothing-to-do' -and -not $isSame) { 'something was changed' }
            $more = @($fromPlan | Where-Object { $_ -notin $leftFacts })
            if ($last.outcome -ne 'what-if' -and $more) { "not as planned: $(Join-Keys $more)" }
        }
        6 { if ($fromBefore) { "not as before: $(Join-Keys $fromBefore)" } }
        { $_ -in 3, 4 } { if (-not $isSame) { 'something was changed' } }
        { $_ -in 2, 5 } {
            # What an undisturbed run leaves where it is, and lists, is listed here too.
            $more = @($leftFacts | Where-Object { $_ -notin $stays[$job.world] -or $_ -in $fromPlan })
            if ((Join-Keys $leftFacts) -ne (Join-Keys $fromBefore) -and (Join-Keys $more) -ne (Join-Keys $fromPlan)) { "left: $(Join-Keys $leftFacts), from before: $(Join-Keys $fromBefore), from the plan: $(Join-Keys $fromPlan)" }
            if (-not $left) { 'nothing is left' }
        }
    }
    # A second run.
    if ($i -gt 0 -and $exit -eq 0 -and $last.outcome -ne 'nothing-to-do' -and -not $job.parameters.NoRestart -and -not $job.parameters.WhatIf) { "a second run was $($last.outcome)" }
    if ($i -gt 0 -and $exit -in 6, 'killed' -and $last.exit -ne 0) { "after $exit it was $($last.outcome)" }
    $dead = @($run.endpoints.Keys | Where-Object { $run.endpoints[$_] -eq 'dead' -and $result.endpoints[$_] -ne 'dead' })
    $said = $left -join "`n"
    $more = @($dead | Where-Object { $server, $kind = $_ -split ' '; -not ($said -match "(?m)^$server\|(runs|$($kind[0] -replace '/.*'))") })
    if ($more) { "dead: $(Join-Keys $more)" }
}

foreach ($result in [IO.File]::ReadAllText($Results) | ConvertFrom-Json -AsHashtable) {
    $job = $asked[$result.name]
    if (-not $planned.ContainsKey($job.world)) {
        $planned[$job.world] = $result.runs[0].state
        $stays[$job.world] = @($result.runs[0].last.left | Where-Object { $_ } | ForEach-Object { "$($_.server)|$($_.what)" })
    }
    $state = $result.begin
    $calls = 0
    $exit = $null
    for ($i = 0; $i -lt $result.runs.Count; $i++) {
        $run = $result.runs[$i]
        if ($run.killed) { $counts['killed']++; $exit = 'killed' }
        else {
            foreach ($fault in Get-Faults $job $result $i $state $calls $exit) { "$($result.name), run $($i + 1): $fault" }
            $exit = $run.last.exit
        }
        $state = $run.state
        $calls = @($run.calls).Count
    }
}
"$(($counts.Keys | Sort-Object | ForEach-Object { "$($counts[$_]) $_" }) -join ', ')"
