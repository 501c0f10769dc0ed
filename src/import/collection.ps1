# Collects what Exchange knows about certificates, from all servers (2013 to SE), in one file:
# exchange-certificates.xml in your home folder.
#
# It changes nothing in Exchange or Windows. It only calls Get- cmdlets (on each server Get-WebBinding, by
# Invoke-Command), and writes that file: first as exchange-certificates.xml.new beside it, then moved.
#
# Paste all of it into the Exchange Management Shell of the newest server, opened as administrator. Run it again
# - on each Edge Transport server: no other server can read its certificates and connectors;
# - in the shell of a 2016 or 2013 server, if Unified Messaging is used: newer shells lack its cmdlets.
# Keep every file: they are read together. A no-language session (Enter-PSSession to Exchange itself)
# cannot run this script; the Exchange Management Shell can.
#
# A question that fails stops nothing: it is printed, and the file says that it was not answered.

& {
    # Settings of your session that would change what is asked or written.
    $PSDefaultParameterValues = @{}
    $ErrorActionPreference = 'Continue'
    $WarningPreference = 'Continue'
    $ConfirmPreference = 'None'
    $WhatIfPreference = $false
    Set-StrictMode -Off

    $file = [IO.Path]::Combine($HOME, 'exchange-certificates.xml')

    # Asked once; an Edge Transport server is only asked for its Send connectors.
    $ofAll = 'Get-SendConnector', 'Get-EdgeSubscription', 'Get-AuthConfig', 'Get-HybridConfiguration', 'Get-FederationTrust'

    # Asked about each server for which one of the properties Of is true: the cmdlets, the parameter By that takes the
    # server's name, and a switch. If two cmdlets stand for each other, the first one that this shell has is asked.
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

    $outcomes = @{ failed = 'failed'; absent = 'is not available'; elsewhere = 'was not asked' }

    $found = [Collections.ArrayList] @()
    $unread = [Collections.ArrayList] @()

    function Add-Record($type, $properties) {
        $record = [pscustomobject] $properties
        $record.PSObject.TypeNames.Insert(0, "ExchangeCertificates.$type")
        [void] $found.Add($record)
    }

    # Asks one question, records its outcome, and returns the answers. If the outcome is given, nothing is asked.
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
                # Errors are taken from among the answers: the cmdlets of a remote session report them nowhere else.
                & $cmdlet @with -ErrorAction Continue -WarningAction Continue 2>&1 | ForEach-Object {
                    if ($_ -is [Management.Automation.ErrorRecord]) { [void] $errors.Add($_) }
                    elseif ($null -ne $_) { [void] $answers.Add($_) }
                }
            } catch {
                [void] $errors.Add($_)
            }
            $outcome = 'read'
            if ($errors.Count) {
                $outcome = 'failed'
                $message = @("$($errors[0])", 'no reason was given') -match '\S' | Select-Object -First 1
            }
        }
        $message = ("$message" -replace '[\s\p{Cc}\p{Cf}]+', ' ').Trim()
        Add-Record 'Question' ([ordered] @{
            Server = $server; Cmdlet = $cmdlet; About = $about; Outcome = $outcome; Count = $answers.Count; Message = $message
        })
        if ($outcome -ne 'read') {
            [void] $unread.Add($outcome)
            $who = if ($server) { "${server}:" }
            $what = if ($about) { "($about)" }
            $line = "$who $cmdlet $what $($outcomes[$outcome]): $message"
            Write-Host ($line -replace '[\s\p{Cc}\p{Cf}]+', ' ').Trim()
        }
        $answers
    }

    # Exported as it is, a certificate would lose everything but its RawData.
    function Add-Certificate($server, $certificate) {
        $sites = $null
        if ($null -ne $certificate.IISServices) {
            $sites = [string[]] @(foreach ($site in $certificate.IISServices) {
                @("$site", "$($site.ServiceName)") -match '/W3SVC/\d' | Select-Object -First 1
            })
            # Unless every site has a name, the list is not known.
            if ($sites.Count -ne @($certificate.IISServices).Count) { $sites = $null }
        }
        $properties = [ordered] @{
            Server = $server
            RawData = $certificate.RawData
            SerializationData = $certificate.SerializationData
            IisServices = $sites
        }
        # Without services, the session has rebuilt it: its friendly name and private key are then those of this computer.
        if ($certificate.PSObject.Properties['Services']) {
            foreach ($property in 'Services', 'Status', 'RootCAType', 'FriendlyName', 'HasPrivateKey') {
                $properties[$property] = $certificate.$property
            }
        }
        Add-Record 'Certificate' $properties
    }

    # The certificates that the server itself chooses for a host name, best first.
    function Add-Selection($server, $fqdn, $certificates) {
        $sha1 = [Security.Cryptography.SHA1]::Create()
        $thumbprints = foreach ($certificate in $certificates) {
            if ($certificate.Thumbprint) { "$($certificate.Thumbprint)" }
            elseif ($der = $certificate.RawData -as [byte[]]) { [BitConverter]::ToString($sha1.ComputeHash($der)) -replace '-' }
        }
        Add-Record 'Selection' ([ordered] @{ Server = $server; Fqdn = $fqdn; Thumbprints = [string[]] @($thumbprints) })
    }

    if (-not (Test-Path -LiteralPath $HOME -PathType Container)) { throw "There is no folder ${HOME}: nothing was asked." }
    foreach ($path in $file, "$file.new") {
        $there = Get-Item -LiteralPath $path -Force -ErrorAction Ignore
        if ($there.PSIsContainer) { throw "$path is a folder: nothing was asked because the result could not be written." }
        if ($there.IsReadOnly) { throw "$path is read-only: nothing was asked because the result could not be written." }
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
        if (-not $server.IsE15OrLater) { Write-Host "$name is older than Exchange 2013 and was not asked."; continue }
        if ($edge -and $name -ne $edge) { continue }
        $elsewhere = $words = $null
        if ($server.IsEdgeServer -and -not $edge) {
            $elsewhere = 'elsewhere'
            $words = 'run this script on the Edge Transport server itself'
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

        # If its certificates could not be read, further questions would only wait for the same time-out.
        $outcome = $words = $null
        if ($hasFailed) { $outcome = 'failed'; $words = 'not asked because Get-ExchangeCertificate failed' }

        # Each host name of a connector of this server, once; its source servers may be written as paths.
        $own = @($sending | Where-Object {
            $edge -or @($_.SourceTransportServers) -replace '^CN=([^,]*).*', '$1' -replace '^.*/' -contains $name
        })
        $fqdns = @()
        foreach ($connector in $receiving + $own) {
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
            foreach ($property in 'protocol', 'bindingInformation', 'certificateHash', 'certificateStoreName', 'sslFlags',
                'ItemXPath') {
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
    if ($unread.Count) { Write-Host "$($unread.Count) questions were not answered: see above; the file lists them too." }
}

