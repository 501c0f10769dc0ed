# Runs remedies through the proxies of a remote session, and writes what each block called on the other side, and what
# it called once one of these calls failed.
param([string] $References, [string] $Remotely, [string] $Folder)
Set-Location -LiteralPath $Folder
[IO.Directory]::SetCurrentDirectory($Folder)
$theRemedies = Get-Content -Raw -LiteralPath remedies.json | ConvertFrom-Json -NoEnumerate
$theNames = Get-Content -Raw -LiteralPath cmdlets.json | ConvertFrom-Json
. $Remotely -Module "$References/ExchangeReferences.psm1" -Command $theNames
Import-Module "$References/WindowsReferences.psm1" -DisableNameChecking
. "$PSScriptRoot/stand-ins.ps1"
# What is asked there is told there.
Microsoft.PowerShell.Core\Invoke-Command -Session $RemoteSession -ArgumentList "$PSScriptRoot/stand-ins.ps1", $Folder -ScriptBlock {
    param($standIns, $folder)
    Set-Location -LiteralPath $folder
    [IO.Directory]::SetCurrentDirectory($folder)
    . $standIns
}
function global:Read-Host { 'keep' }

function Invoke-Block($Script, $At, $By, $Default) {
    Microsoft.PowerShell.Core\Invoke-Command -Session $RemoteSession -ArgumentList $At, $By, $Default -ScriptBlock {
        param($at, $by, $default)
        $global:Calls.Clear()
        $global:FailAt = $at
        $global:FailBy = $by
        $global:DefaultThumbprint = $default
    }
    try { . $Script *> $null } catch { }
    $global:ErrorActionPreference = 'Continue'
    , @(Microsoft.PowerShell.Core\Invoke-Command -Session $RemoteSession -ScriptBlock { $global:Calls | ForEach-Object Cmdlet })
}

$theResults = foreach ($theRemedy in $theRemedies) {
    Remove-Variable new -Scope Global -ErrorAction Ignore
    $theBlocks = foreach ($theBlock in $theRemedy) {
        $env:COMPUTERNAME = $theBlock.computer
        $theScript = [scriptblock]::Create($theBlock.filled)
        $theCalls = Invoke-Block $theScript 0 '' $theBlock.default
        $theNew = Get-Variable new -Scope Global -ValueOnly -ErrorAction Ignore
        $theFailures = for ($theAt = 0; $theBlock.fails -and $theAt -lt $theCalls.Count; $theAt++) {
            foreach ($theWay in 'throw', 'error') {
                [pscustomobject]@{ at = $theAt; by = $theWay; calls = Invoke-Block $theScript ($theAt + 1) $theWay $theBlock.default }
                $global:new = $theNew
            }
        }
        [pscustomobject]@{ calls = $theCalls; failures = @($theFailures) }
    }
    , @($theBlocks)
}
[IO.File]::WriteAllText('results.json', (ConvertTo-Json -Depth 8 -InputObject @($theResults)))
Remove-PSSession $RemoteSession
