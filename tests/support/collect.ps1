# Runs the collection script in each situation of a folder, each in a session of its own.
#
# A situation is a folder with organization.json, session.ps1 (what the session did before) and place.json (the
# home folder and the computer); said.txt and calls.txt are written into it.
param([string] $Script, [string] $Module, [string] $Folder)

$text = Get-Content -LiteralPath $Script -Raw
foreach ($situation in Get-ChildItem -LiteralPath $Folder -Directory | Sort-Object Name) {
    $place = Get-Content -LiteralPath (Join-Path $situation 'place.json') -Raw | ConvertFrom-Json
    $env:COMPUTERNAME = $place.computer
    $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
    $null = $shell.AddScript({
        param($module, $organization, $place)
        Set-Variable HOME $place -Force -Scope Global
        Import-Module $module -DisableNameChecking
        foreach ($cmdlet in Set-Organization $organization) { Remove-Item "function:$cmdlet" }
    }).AddArgument($Module).AddArgument((Join-Path $situation 'organization.json')).AddArgument($place.home).Invoke()
    if ($shell.HadErrors) { throw "$($situation.Name): $($shell.Streams.Error)" }
    $shell.Commands.Clear()
    $said = @(
        try {
            $null = $shell.AddScript([IO.File]::ReadAllText((Join-Path $situation 'session.ps1'))).Invoke()
            $shell.Commands.Clear()
            $shell.AddScript($text).Invoke()
        } catch {
            "thrown: $($_.Exception.InnerException.Message)"
        }
        $shell.Streams.Information
        $shell.Streams.Warning | ForEach-Object { "warning: $_" }
        $shell.Streams.Error | ForEach-Object { "error: $_" }
    )
    $said | Out-File -LiteralPath (Join-Path $situation 'said.txt') -Width 10000
    $shell.Runspace.SessionStateProxy.SetVariable('ErrorActionPreference', 'Continue')
    $shell.Commands.Clear()
    $shell.AddScript('Get-OrganizationCall').Invoke() | Out-File -LiteralPath (Join-Path $situation 'calls.txt') -Width 10000
    $shell.Dispose()
}
