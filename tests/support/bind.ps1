# Binds what was called to the cmdlets as their references declare them: a line for each call that does not bind.
param([string] $References, [string] $Calls)

Import-Module $References -DisableNameChecking
foreach ($call in Get-Content -LiteralPath $Calls) {
    $words = $call -split ' '
    $with = @{}
    for ($i = 1; $i -lt $words.Count; $i += 2) {
        $with[$words[$i].TrimStart('-')] = if ($words[$i + 1] -eq 'True') { $true } else { $words[$i + 1] }
    }
    try { $null = & $words[0] @with -ErrorAction Stop } catch { "${call}: $_" }
}
