# Looks at which certificates the Exchange servers (2013 to SE) really present, and writes that into one file:
# exchange-presented.xml in your home folder.
#
# It changes nothing in Exchange or Windows. It calls Get-ExchangeServer and on each server Get-WebBinding (by
# Invoke-Command), connects to https, IMAP, POP and SMTP of each server, asks for TLS, and disconnects: nobody signs in,
# and no mail is sent. It writes that file: first as exchange-presented.xml.new beside it, then moved.
#
# Paste all of it into the Exchange Management Shell, opened as administrator, after services were restarted. Run it on
# each Edge Transport server too if a firewall stands between. A no-language session (Enter-PSSession to Exchange
# itself) cannot run this script; the Exchange Management Shell can.
#
# What does not listen, answers late or offers no STARTTLS is in the file too: as not seen, and why.

& {
    # Settings of your session that would change what is asked or written.
    $PSDefaultParameterValues = @{}
    $ErrorActionPreference = 'Continue'
    $WarningPreference = 'Continue'
    $ConfirmPreference = 'None'
    $WhatIfPreference = $false
    Set-StrictMode -Off

    $file = [IO.Path]::Combine($HOME, 'exchange-presented.xml')

    # How many seconds a connection may take, and each answer.
    $limit = 5

    # Where IMAP, POP and SMTP are; a Receive connector is any that listens there.
    $ofMail = @(
        @{ Port = 993; Endpoint = 'imap' }
        @{ Port = 995; Endpoint = 'pop' }
        @{ Port = 25; StartTls = $true; IsOfEdge = $true }
        @{ Port = 587; StartTls = $true }
    )

    # Where https is if nobody tells its bindings.
    $ofWeb = @(
        @{ Port = 443; Endpoint = 'https/1/*:443' }
        @{ Port = 444; Endpoint = 'https/2/*:444' }
    )

    $found = [Collections.ArrayList] @()

    # Here stands look.ps1.

    function Get-OneLine($text) { ("$text" -replace '[\s\p{Cc}\p{Cf}]+', ' ').Trim() }

    # Asks, and tells what went wrong beside the answers.
    function Read-Answer($cmdlet, $with) {
        $answers = [Collections.ArrayList] @()
        $errors = [Collections.ArrayList] @()
        try {
            # Errors are taken from among the answers: the cmdlets of a remote session report them nowhere else.
            & $cmdlet @with -ErrorAction Continue -WarningAction Continue 2>&1 | ForEach-Object {
                if ($_ -is [Management.Automation.ErrorRecord]) { [void] $errors.Add($_) }
                elseif ($null -ne $_) { [void] $answers.Add($_) }
            }
        } catch {
            [void] $errors.Add($_)
        }
        $message = ''
        if ($errors.Count) { $message = @((Get-OneLine $errors[0]), 'no reason was given') -match '\S' | Select-Object -First 1 }
        @{ Answers = $answers; Message = $message }
    }

    function Add-Look($server, $port) {
        $seen = @{ State = 'not-seen'; Thumbprint = $null; Message = $port['Message'] }
        if (-not $port['Message']) { $seen = Get-Presented $port $limit }
        $record = [pscustomobject] ([ordered] @{
            Server = $server; Endpoint = $port['Endpoint']; Address = $port['Address']; Port = $port['Port']; Name = $port['Name']
            State = $seen.State; Thumbprint = $seen.Thumbprint; Message = Get-OneLine $seen.Message
        })
        $record.PSObject.TypeNames.Insert(0, 'ExchangeCertificates.Presented')
        [void] $found.Add($record)
    }

    # The https bindings of the Default Web Site and of the Exchange Back End, each by its own host name.
    function Get-WebPort($bindings, $computer, $isHere) {
        foreach ($binding in $bindings) {
            if ("$($binding.protocol)" -ne 'https' -or "$($binding.ItemXPath)" -notmatch '.*@id=[''"]([12])[''"]') { continue }
            $site = $Matches[1]
            if ("$($binding.bindingInformation)" -notmatch '^(\[.*\]|[^:]*):(\d+):?(.*)$') { continue }
            $address, $number, $name = $Matches[1], $Matches[2], $Matches[3]
            if (-not $address) { $address = '*' }
            $port = @{ Endpoint = "https/$site/${address}:$number"; Port = [int] $number; Address = $computer; Name = $computer }
            if ($name) {
                $port.Endpoint += ":$name"
                # Of a wildcard binding, one of its names.
                $port.Name = $name -replace '^\*', 'any'
            }
            if ('*', '0.0.0.0', '[::]' -notcontains $address) { $port.Address = $address.Trim('[', ']') }
            if ('127.0.0.1', '::1' -contains $port.Address -and -not $isHere) {
                $port.Message = 'only the server itself can connect to it'
            }
            $port
        }
    }

    if (-not (Test-Path -LiteralPath $HOME -PathType Container)) { throw "There is no folder ${HOME}: nothing was looked at." }
    foreach ($path in $file, "$file.new") {
        $there = Get-Item -LiteralPath $path -Force -ErrorAction Ignore
        if ($there.PSIsContainer) { throw "$path is a folder: nothing was looked at because the result could not be written." }
        if ($there.IsReadOnly) { throw "$path is read-only: nothing was looked at because the result could not be written." }
    }
    if (-not (Get-Command Get-ExchangeServer -ErrorAction Ignore)) {
        throw 'This shell, or your role in it, lacks Get-ExchangeServer: nothing was looked at.'
    }

    $asked = Read-Answer 'Get-ExchangeServer' @{}
    if ($asked.Message) { Write-Host "Get-ExchangeServer failed: $($asked.Message)" }
    if (-not $asked.Answers.Count) { throw 'Get-ExchangeServer gave no server: nothing was looked at.' }
    $edge = $asked.Answers | Where-Object { $_.IsEdgeServer -and $_.Name -eq $env:COMPUTERNAME } | Select-Object -First 1

    foreach ($server in $asked.Answers) {
        $name = "$($server.Name)"
        if ($edge -and $name -ne "$($edge.Name)") { continue }
        if (-not $server.IsE15OrLater) { Write-Host "$(Get-OneLine $name) is older than Exchange 2013 and was not looked at."; continue }
        $computer = @("$($server.Fqdn)", $name) -match '\S' | Select-Object -First 1
        $ports = @()
        if (-not $server.IsEdgeServer) {
            $bound = Read-Answer 'Invoke-Command' @{ ComputerName = $computer; ScriptBlock = { Get-WebBinding } }
            if ($bound.Message) {
                Write-Host "$(Get-OneLine $name): Get-WebBinding failed, so that only the usual bindings were looked at: $($bound.Message)"
                $ports += $ofWeb
            } else {
                $ports += @(Get-WebPort $bound.Answers $computer ($name -eq $env:COMPUTERNAME))
            }
        }
        $ports += @($ofMail | Where-Object { -not $server.IsEdgeServer -or $_['IsOfEdge'] })
        foreach ($port in $ports) {
            $whole = @{ Address = $computer; Name = $computer }
            foreach ($key in $port.Keys) { $whole[$key] = $port[$key] }
            Add-Look $name $whole
        }
    }

    try {
        $found | Export-Clixml -LiteralPath "$file.new" -Encoding UTF8 -ErrorAction Stop
        Move-Item -LiteralPath "$file.new" -Destination $file -Force -ErrorAction Stop
    } catch {
        throw "Nothing was written to ${file}: $_"
    } finally {
        Remove-Item -LiteralPath "$file.new" -Force -ErrorAction Ignore
    }
    $seen = @($found | Where-Object { $_.State -eq 'seen' })
    Write-Host "$($found.Count) looks are in ${file}: a certificate was seen in $($seen.Count) of them."
}

