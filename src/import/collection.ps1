# Collects what decides about certificates, of all Exchange servers (2013 to SE), into one file:
# exchange-certificates.xml in your home folder.
#
# It changes nothing in Exchange or Windows: it calls Get- cmdlets alone (Get-WebBinding on each server,
# by Invoke-Command), and writes that file, by way of exchange-certificates.xml.new beside it.
#
# Paste it whole into the Exchange Management Shell of the newest server, as an administrator. Run it also
# - on each Edge Transport server: no other server can read its certificates and connectors;
# - in the shell of a 2016 or 2013 server where Unified Messaging is used: newer shells lack its cmdlets.
# Keep each file; they are read together. A no-language session (Enter-PSSession to Exchange itself)
# cannot run it: use the Exchange Management Shell.
#
# What is not answered is named and stands in the file as not read; it stops nothing.

& {
    # Whatever the session has set, here it is as usual.
    $PSDefaultParameterValues = @{}
    $ErrorActionPreference = 'Continue'
    $WarningPreference = 'Continue'
    $ConfirmPreference = 'None'
    $WhatIfPreference = $false
    Set-StrictMode -Off

    $file = [IO.Path]::Combine($HOME, 'exchange-certificates.xml')

    # What is asked once, of the organisation; on an Edge Transport server its Send connectors alone.
    $ofAll = 'Get-SendConnector', 'Get-EdgeSubscription', 'Get-AuthConfig', 'Get-HybridConfiguration', 'Get-FederationTrust'

    # What is asked of each server that is one of these (they are properties of Get-ExchangeServer), by which parameter
    # it is named there, and with which switch. Of two cmdlets with "or" between, the first that is there is asked.
    $ofEach = @(
        @{ Of = 'IsE15OrLater'; By = 'Server'; Ask = 'Get-ExchangeCertificate', 'Get-ReceiveConnector' }
        @{ Of = 'IsHubTransportServer', 'IsEdgeServer'; By = 'Identity'; Ask = 'Get-TransportService' }
        @{ Of = 'IsClientAccessServer'; By = 'Server'; Ask = 'Get-ImapSettings', 'Get-PopSettings' }
        @{ Of = 'IsClientAccessServer'; By = 'Server'; With = 'ADPropertiesOnly'
            Ask = 'Get-OwaVirtualDirectory', 'Get-EcpVirtualDirectory', 'Get-WebServicesVirtualDirectory',
                'Get-ActiveSyncVirtualDirectory', 'Get-OabVirtualDirectory', 'Get-AutodiscoverVirtualDirectory',
                'Get-MapiVirtualDirectory', 'Get-OutlookAnywhere' }
        @{ Of = 'IsClientAccessServer'; By = 'Identity'; Ask = 'Get-ClientAccessService or Get-ClientAccessServer' }
        # Unified Messaging ended with Exchange 2016.
        @{ Of = 'IsUnifiedMessagingServer'; By = 'Identity'; Ask = 'Get-UMService'; Until2016 = $true }
        @{ Of = 'IsClientAccessServer'; By = 'Server'; Ask = 'Get-UMCallRouterSettings'; Until2016 = $true }
    )

    $found = [Collections.ArrayList] @()
    $unread = [Collections.ArrayList] @()

    function Add-Record($type, $properties) {
        $record = [pscustomobject] $properties
        $record.PSObject.TypeNames.Insert(0, "ExchangeCertificates.$type")
        [void] $found.Add($record)
    }

    # Asks one question, notes how it ended, and returns the answers. Where the outcome is given, it is only noted.
    function Read-Answer($server, $ask, $with, $about, $outcome, $message) {
        $answers = [Collections.ArrayList] @()
        $errors = [Collections.ArrayList] @()
        $cmdlets = $ask -split ' or '
        $there = @($cmdlets | Where-Object { Get-Command $_ -ErrorAction Ignore })
        $cmdlet = ($there + $cmdlets)[0]
        if (-not $outcome -and -not $there) {
            $outcome = 'absent'
            $message = 'this shell, or your role in it, lacks the cmdlet'
        }
        if (-not $outcome) {
            try {
                # Errors come with the answers: the cmdlets of a remote session tell them in no other way.
                & $cmdlet @with -ErrorAction Continue 2>&1 | ForEach-Object {
                    if ($_ -is [Management.Automation.ErrorRecord]) { [void] $errors.Add($_) }
                    elseif ($null -ne $_) { [void] $answers.Add($_) }
                }
            } catch {
                [void] $errors.Add($_)
            }
            $outcome = 'read'
            if ($errors.Count) {
                $outcome = 'failed'
                $message = @("$($errors[0])", 'it gave no reason') -match '\S' | Select-Object -First 1
            }
        }
        $message = ("$message" -replace '[\s\p{Cc}\p{Cf}]+', ' ').Trim()
        Add-Record 'Question' ([ordered] @{
            Server = $server; Cmdlet = $cmdlet; About = $about; Outcome = $outcome; Count = $answers.Count; Message = $message
        })
        if ($outcome -ne 'read') {
            [void] $unread.Add($outcome)
            $line = "$server $cmdlet $about ${outcome}: $message"
            Write-Host ($line -replace '[\s\p{Cc}\p{Cf}]+', ' ').Trim()
        }
        $answers
    }

    # What PowerShell would write of a certificate is its RawData alone, without services and server.
    function Add-Certificate($server, $certificate) {
        $sites = $null
        if ($null -ne $certificate.IISServices) {
            $sites = [string[]] @(foreach ($site in $certificate.IISServices) {
                @("$site", "$($site.ServiceName)") -match '/W3SVC/\d' | Select-Object -First 1
            })
            # Sites that do not print are not known.
            if ($sites.Count -ne @($certificate.IISServices).Count) { $sites = $null }
        }
        $properties = [ordered] @{
            Server = $server; RawData = $certificate.RawData; SerializationData = $certificate.SerializationData; IisServices = $sites
        }
        # Without services it was rebuilt by the session, and so were its friendly name and its private key.
        if ($certificate.PSObject.Properties['Services']) {
            foreach ($property in 'Services', 'Status', 'RootCAType', 'FriendlyName', 'HasPrivateKey') {
                $properties[$property] = $certificate.$property
            }
        }
        Add-Record 'Certificate' $properties
    }

    # Which certificates the server itself chooses for a host name, in its order.
    function Add-Selection($server, $fqdn, $certificates) {
        $sha1 = [Security.Cryptography.SHA1]::Create()
        $thumbprints = foreach ($certificate in $certificates) {
            if ($certificate.Thumbprint) { "$($certificate.Thumbprint)" }
            elseif ($certificate.RawData) { [BitConverter]::ToString($sha1.ComputeHash([byte[]] $certificate.RawData)) -replace '-' }
        }
        Add-Record 'Selection' ([ordered] @{ Server = $server; Fqdn = $fqdn; Thumbprints = [string[]] @($thumbprints) })
    }

    if (-not (Test-Path -LiteralPath $HOME -PathType Container)) { throw "There is no folder ${HOME}: nothing was asked." }
    foreach ($path in $file, "$file.new") {
        $there = Get-Item -LiteralPath $path -Force -ErrorAction Ignore
        if ($there.PSIsContainer) { throw "$path is a folder: nothing was asked, since the file could not be written." }
        if ($there.IsReadOnly) { throw "$path is read-only: nothing was asked, since the file could not be written." }
    }

    Add-Record 'Collection' ([ordered] @{ Format = 3; Collected = [DateTime]::UtcNow; Edge = $null })
    $servers = @(Read-Answer $null 'Get-ExchangeServer' @{})
    $edge = $servers | Where-Object { $_.IsEdgeServer -and $_.Name -eq $env:COMPUTERNAME } | Select-Object -First 1
    if ($edge) {
        $edge = "$($edge.Name)"
        foreach ($record in $found) { if ($record.Outcome) { $record.Server = $edge } else { $record.Edge = $edge } }
        $ofAll = 'Get-SendConnector'
    }
    $found.AddRange($servers)

    $sending = @()
    if ($servers) {
        foreach ($ask in $ofAll) {
            $answers = @(Read-Answer $edge $ask @{})
            $found.AddRange($answers)
            if ($ask -eq 'Get-SendConnector') { $sending = $answers }
        }
    }

    foreach ($server in $servers) {
        $name = "$($server.Name)"
        $computer = @("$($server.Fqdn)", $name) -match '\S' | Select-Object -First 1
        if (-not $server.IsE15OrLater) { Write-Host "$name is older than Exchange 2013, and is not asked."; continue }
        if ($edge -and $name -ne $edge) { continue }
        $elsewhere = $words = $null
        if ($server.IsEdgeServer -and -not $edge) {
            $elsewhere = 'elsewhere'
            $words = 'only the Edge Transport server itself can tell: run this script there'
        }
        $hasUnifiedMessaging = "$($server.AdminDisplayVersion)" -notmatch '^\D*15\.0?2\b'
        $receiving = @()
        $hasFailed = $false

        foreach ($question in $ofEach) {
            if (-not ($question.Of | Where-Object { $server.$_ })) { continue }
            if ($question.Until2016 -and -not $hasUnifiedMessaging) { continue }
            foreach ($ask in $question.Ask) {
                $with = @{}
                if ($question.With) { $with[$question.With] = $true }
                if (-not $edge) { $with[$question.By] = $name }
                $answers = @(Read-Answer $name $ask $with $null $elsewhere $words)
                if ($ask -eq 'Get-ReceiveConnector') { $receiving = $answers }
                if ($ask -ne 'Get-ExchangeCertificate') { $found.AddRange($answers); continue }
                $hasFailed = $found[$found.Count - 1].Outcome -eq 'failed'
                foreach ($certificate in $answers) { Add-Certificate $name $certificate }
            }
        }
        if ($elsewhere) { continue }

        # A server that did not answer with its certificates is not made to wait for again.
        $outcome = $words = $null
        if ($hasFailed) { $outcome = 'failed'; $words = 'not asked, since Get-ExchangeCertificate failed' }

        $sends = { $edge -or @($_.SourceTransportServers | ForEach-Object { "$_" -replace '^CN=([^,]*).*', '$1' -replace '^.*/' }) -contains $name }
        $fqdns = @()
        foreach ($connector in $receiving + @($sending | Where-Object $sends)) {
            $fqdn = @("$($connector.Fqdn)", $computer) -match '\S' | Select-Object -First 1
            if ($fqdns -notcontains $fqdn) { $fqdns += $fqdn }
        }
        foreach ($fqdn in $fqdns) {
            $with = @{ DomainName = $fqdn }
            if (-not $edge) { $with.Server = $name }
            $answers = @(Read-Answer $name 'Get-ExchangeCertificate' $with $fqdn $outcome $words)
            if ($found[$found.Count - 1].Outcome -eq 'read') { Add-Selection $name $fqdn $answers }
        }

        if ($edge) { continue }
        $with = @{ ComputerName = $computer; ScriptBlock = { Get-WebBinding } }
        foreach ($binding in @(Read-Answer $name 'Invoke-Command' $with 'Get-WebBinding' $outcome $words)) {
            $properties = [ordered] @{ Server = $name }
            foreach ($property in 'protocol', 'bindingInformation', 'certificateHash', 'certificateStoreName', 'sslFlags', 'ItemXPath') {
                $properties[$property] = $binding.$property
            }
            Add-Record 'WebBinding' $properties
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
    Write-Host "$($found.Count) objects are in $file."
    if ($unread.Count) { Write-Host "$($unread.Count) questions were not answered: they are named above and in the file." }
}

