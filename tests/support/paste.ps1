# Makes a console into which blocks are pasted: cmdlets ask, and every call is a line of the log.
param([string] $References, [string] $Folder)
Set-Location -LiteralPath $Folder
[IO.Directory]::SetCurrentDirectory($Folder)
Import-Module "$References/ExchangeReferences.psm1", "$References/WindowsReferences.psm1" -DisableNameChecking
. "$PSScriptRoot/stand-ins.ps1"
$env:COMPUTERNAME = 'MBX01'
$global:ReferenceAsks = $true
$global:LogCalls = "$Folder/log.txt"
function global:prompt { '> ' }
function global:Write-Mark($Mark) { [IO.File]::AppendAllText($global:LogCalls, "mark $Mark`n") }
function global:Start-Paste($Number, $Default, $FailAt) {
    $global:Calls.Clear()
    $global:FailAt = $FailAt
    $global:DefaultThumbprint = $Default
    $global:new = [pscustomobject]@{ Thumbprint = '00112233445566778899AABBCCDDEEFF00112233' }
    Write-Mark "ready $Number"
}
Set-PSReadLineOption -HistorySaveStyle SaveNothing -PredictionSource None
