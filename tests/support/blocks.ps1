# Runs remedies, each a list of blocks in a session of its own, and writes what each block is and did.
param([string] $References, [string] $Folder)
Set-StrictMode -Version 3
Set-Location -LiteralPath $Folder
[IO.Directory]::SetCurrentDirectory($Folder)
Import-Module "$References/ExchangeReferences.psm1", "$References/WindowsReferences.psm1" -DisableNameChecking
. "$PSScriptRoot/stand-ins.ps1"
function global:Read-Host { 'keep' }

function Get-Errors([string] $Text) {
    $errors = $null
    $null = [Management.Automation.Language.Parser]::ParseInput($Text, [ref] $null, [ref] $errors)
    foreach ($e in $errors) { "$e" }
}

# The commands of a text in the order in which they are called: what is in parentheses before what it is given to. Those
# of one statement have the same unit.
function Get-Commands([string] $Text) {
    $tree = [Management.Automation.Language.Parser]::ParseInput($Text, [ref] $null, [ref] $null)
    $list = [Collections.Generic.List[object]]::new()
    $is = { param($node) ($node -is [Management.Automation.Language.CommandAst] -and $node.GetCommandName()) -or
        ($node -is [Management.Automation.Language.InvokeMemberExpressionAst] -and "$($node.Member)" -eq 'AddSslCertificate') }
    foreach ($node in $tree.FindAll({ param($node) & $is $node }, $true)) {
        $place = $list.Count
        $unit = $node
        $isArgument = $true
        for ($parent = $node.Parent; $parent; $parent = $parent.Parent) {
            if ($parent -is [Management.Automation.Language.ScriptBlockExpressionAst]) { $isArgument = $false }
            if (-not (& $is $parent)) { continue }
            $unit = $parent
            if ($isArgument) { for ($i = 0; $i -lt $list.Count; $i++) { if ($list[$i].Node -eq $parent) { $place = [Math]::Min($place, $i) } } }
        }
        while ($unit -isnot [Management.Automation.Language.PipelineAst]) { $unit = $unit.Parent }
        $isCommand = $node -is [Management.Automation.Language.CommandAst]
        $parameters = [ordered]@{}
        $elements = if ($isCommand) { @($node.CommandElements) } else { @() }
        for ($i = 1; $i -lt $elements.Count; $i++) {
            if ($elements[$i] -isnot [Management.Automation.Language.CommandParameterAst]) { continue }
            $value = $elements[$i].Argument
            if (-not $value -and $i + 1 -lt $elements.Count -and $elements[$i + 1] -isnot [Management.Automation.Language.CommandParameterAst]) { $value = $elements[$i + 1] }
            $parameters[$elements[$i].ParameterName] = if ($value -is [Management.Automation.Language.StringConstantExpressionAst]) { $value.Value } else { $null }
        }
        $name = if ($isCommand) { $node.GetCommandName() } else { "$($node.Member)" }
        $list.Insert($place, [pscustomobject]@{ Node = $node; name = $name; unit = $unit.Extent.StartOffset; parameters = $parameters })
    }
    foreach ($command in $list) { [pscustomobject]@{ name = $command.name; unit = $command.unit; parameters = $command.parameters } }
}

function Show($Value) {
    if ($Value -is [string]) { return $Value }
    if ($Value -is [array]) { return , @(foreach ($one in $Value) { "$one" }) }
    "$Value"
}
function Get-Shown {
    foreach ($call in $global:Calls) {
        $parameters = [ordered]@{}
        foreach ($key in $call.Parameters.Keys) { $parameters[$key] = Show $call.Parameters[$key] }
        [pscustomobject]@{ cmdlet = $call.Cmdlet; parameters = $parameters }
    }
}
function Reset-Calls($At, $By) {
    $global:Error.Clear()
    $global:Calls.Clear()
    $global:FailAt = $At
    $global:FailBy = $By
}
function Get-Said {
    if ($global:ErrorActionPreference -ne 'Continue') { "the preference is left at $global:ErrorActionPreference"; $global:ErrorActionPreference = 'Continue' }
    foreach ($e in $global:Error) { "$e" }
}

$theResults = [Collections.Generic.List[object]]::new()
foreach ($theRemedy in (Get-Content -Raw -LiteralPath remedies.json | ConvertFrom-Json -NoEnumerate)) {
    Remove-Variable new, password, copy, request, answer, preference -Scope Global -ErrorAction Ignore
    foreach ($theBlock in $theRemedy) {
        $env:COMPUTERNAME = $theBlock.computer
        $global:DefaultThumbprint = $theBlock.default
        $theScript = try { [scriptblock]::Create($theBlock.filled) } catch { { } }
        # As typed into a console, in its own scope, but for what is run as a file.
        Reset-Calls 0 ''
        try { if ($theBlock.is_file) { & $theScript *> $null } else { . $theScript *> $null } } catch { }
        $theSaid = @(Get-Said)
        $theCalls = @(Get-Shown)
        $theCommands = @(Get-Commands $theBlock.filled)
        $theFailures = @(
            if ($theBlock.fails) {
                $theKnown = @($theCommands | Where-Object name -CIn @($theCalls.cmdlet))
                for ($theAt = 0; $theAt -lt $theKnown.Count; $theAt++) {
                    if ($theAt -gt 0 -and $theKnown[$theAt].unit -eq $theKnown[$theAt - 1].unit) { continue }
                    foreach ($theWay in 'throw', 'error') {
                        Reset-Calls ($theAt + 1) $theWay
                        try { . $theScript *> $null } catch { }
                        $theFailure = @(Get-Said)
                        [pscustomobject]@{ at = $theAt; by = $theWay; said = $theFailure; calls = @($global:Calls.Cmdlet) }
                    }
                }
            }
        )
        $theGuards = @(
            if ($theBlock.needs_new) {
                $theNew = Get-Variable new -ValueOnly
                Remove-Variable new -Scope Global
                Reset-Calls 0 ''
                try { . $theScript *> $null } catch { }
                [pscustomobject]@{ guard = 'new'; said = @(Get-Said); calls = @($global:Calls | ForEach-Object Cmdlet) }
                $global:new = $theNew
            }
            if ($theBlock.looks) {
                $global:DefaultThumbprint = if ($theBlock.other_is_new) { $global:new.Thumbprint } else { $theBlock.other }
                Reset-Calls 0 ''
                try { . $theScript *> $null } catch { }
                [pscustomobject]@{ guard = 'default'; said = @(Get-Said); calls = @($global:Calls | ForEach-Object Cmdlet) }
            }
        )
        $theResults.Add([pscustomobject]@{
                unfilled = @(Get-Errors $theBlock.text); errors = @(Get-Errors $theBlock.filled); said = $theSaid
                commands = $theCommands; calls = $theCalls; failures = $theFailures; guards = $theGuards
            })
    }
}
[IO.File]::WriteAllText("$Folder/results.json", (ConvertTo-Json -InputObject @($theResults) -Depth 8 -Compress))
