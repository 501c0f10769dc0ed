# Stands in for what only Windows has, after the references have been imported: certificates as items, the registry,
# files of other computers. Every call is kept in $global:Calls; the one of number $global:FailAt fails.

$global:Calls = [Collections.Generic.List[object]]::new()
$global:FailAt = 0
$global:FailBy = 'throw'
$global:LogCalls = $null
$global:DefaultThumbprint = '0000000000000000000000000000000000000000'
$global:ReferenceCalls = [pscustomobject]@{} | Add-Member -PassThru ScriptMethod Add {
    param($call)
    # A service that is handed on, of several: the cmdlet is called once.
    $last = if ($global:Calls.Count) { $global:Calls[$global:Calls.Count - 1] }
    if ($call.Parameters.Contains('InputObject') -and $last -and $last.Cmdlet -eq $call.Cmdlet) { return }
    $global:Calls.Add($call)
    if ($global:LogCalls) { [IO.File]::AppendAllText($global:LogCalls, "$($call.Cmdlet)`n") }
    if ($global:Calls.Count -ne $global:FailAt) { return }
    if ($global:FailBy -eq 'throw') { throw 'injected' }
    Write-Error 'injected'
}
function global:Add-StandIn($Name, $Bound) {
    $parameters = [ordered]@{}
    foreach ($key in $Bound.Keys) { $parameters[$key] = $Bound[$key] }
    $global:ReferenceCalls.Add([pscustomobject]@{ Cmdlet = $Name; ParameterSet = ''; Parameters = $parameters })
}

# What a server answers: the default certificate, and one that has every service.
$global:ReferenceAnswer = {
    param($call)
    switch ($call.Cmdlet) {
        'Get-TransportService' { $call | Add-Member NoteProperty InternalTransportCertificateThumbprint $global:DefaultThumbprint }
        'Get-ExchangeCertificate' { $call | Add-Member NoteProperty Services 'IMAP, POP, UM, IIS, SMTP, Federation, UMCallRouter' }
    }
}

function global:Get-Item {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [string[]] $Path)
    if ($Path[0] -notlike 'Cert:*') { return Microsoft.PowerShell.Management\Get-Item @PSBoundParameters }
    Add-StandIn Get-Item $PSBoundParameters
    [pscustomobject]@{ PSPath = $Path[0] }
}
function global:Remove-Item {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [string[]] $Path)
    if ($Path[0] -notlike 'Cert:*') { return Microsoft.PowerShell.Management\Remove-Item @PSBoundParameters }
    Add-StandIn Remove-Item $PSBoundParameters
}
function global:New-ItemProperty {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string[]] $Path, [Parameter(Mandatory, Position = 1)] [string] $Name, [object] $Value,
        [ValidateSet('String', 'ExpandString', 'Binary', 'DWord', 'MultiString', 'QWord')] [string] $PropertyType, [switch] $Force
    )
    Add-StandIn New-ItemProperty $PSBoundParameters
}
# It gives the file that it wrote, which the reference does not.
function global:Export-Certificate {
    [CmdletBinding()]
    param([Parameter(Mandatory, ValueFromPipeline)] [object] $Cert, [Parameter(Mandatory, Position = 0)] [string] $FilePath, [switch] $Force)
    process {
        WindowsReferences\Export-Certificate @PSBoundParameters
        [pscustomobject]@{ FullName = $FilePath }
    }
}
# Files of other computers, and those that a placeholder names.
foreach ($file in 'filled', 'C:\EdgeSubscription.xml') { [IO.File]::WriteAllText($file, 'file') }
$env:TEMP = '/tmp'
