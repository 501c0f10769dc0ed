# Like collect.ps1, through the proxies that a remote session imports. It is dot-sourced, so that what the session
# did before is done where a user would do it.
param([string] $Script, [string] $Module, [string] $Folder, [string] $Remotely)

. $Remotely -Module $Module -Command 'Get-*', 'Set-Organization'
$text = [scriptblock]::Create((Get-Content -LiteralPath $Script -Raw))

# The other computers are known in the second PowerShell alone.
function Invoke-Command {
    [CmdletBinding()] param([Parameter(Mandatory)][string[]] $ComputerName, [Parameter(Mandatory)][scriptblock] $ScriptBlock)
    if ("$ScriptBlock".Trim() -ne 'Get-WebBinding') { throw "this is not to be run elsewhere: $ScriptBlock" }
    Microsoft.PowerShell.Core\Invoke-Command -Session $RemoteSession -ArgumentList $ComputerName -ScriptBlock {
        Invoke-Command -ComputerName $args[0] -ScriptBlock { Get-WebBinding }
    }
}

foreach ($situation in Get-ChildItem -LiteralPath $Folder -Directory | Sort-Object Name) {
    $place = Get-Content -LiteralPath (Join-Path $situation 'place.json') -Raw | ConvertFrom-Json
    $env:COMPUTERNAME = $place.computer
    Set-Variable HOME $place.home -Force -Scope Global
    $missing = @(Set-Organization (Join-Path $situation 'organization.json') | Where-Object { Test-Path "function:$_" })
    foreach ($cmdlet in $missing) { Remove-Item "function:$cmdlet" }
    . ([scriptblock]::Create([IO.File]::ReadAllText((Join-Path $situation 'session.ps1'))))
    $said = try { . $text *>&1 } catch { "thrown: $_" }
    $ErrorActionPreference = 'Continue'
    $WarningPreference = 'Continue'
    $ConfirmPreference = 'High'
    $WhatIfPreference = $false
    $PSDefaultParameterValues = @{}
    Set-StrictMode -Off
    $said | ForEach-Object { if ($_ -is [Management.Automation.ErrorRecord]) { "error: $_" } else { "$_" } } |
        Out-File -LiteralPath (Join-Path $situation 'said.txt') -Width 10000
    Get-OrganizationCall | Out-File -LiteralPath (Join-Path $situation 'calls.txt') -Width 10000
    if ($missing) { $null = Import-PSSession $RemoteSession -CommandName $missing -AllowClobber -DisableNameChecking }
}
Remove-PSSession $RemoteSession
