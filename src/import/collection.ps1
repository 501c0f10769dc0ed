# Collects what decides about certificates, of all Exchange servers (2013 to SE), into one file.
#
# It changes nothing: every command is a Get- cmdlet, but for the last, which writes the file.
# Paste it into the Exchange Management Shell of the newest server; where Unified Messaging is used,
# into that of a 2016 or 2013 server too. It names each server that does not answer, and goes on.
# On an Edge Transport server run it there: no other server can read its certificates.

$file = "$HOME\exchange-certificates.xml"

# One statement as a whole, so that it can be pasted.
if ($true) {
    $found = @()
    $servers = @()

    try {
        $servers = @(Get-ExchangeServer -ErrorAction Stop)
    } catch {
        "The servers cannot be read: $($_.Exception.Message)"
    }

    foreach ($server in $servers) {
        $name = $server.Name
        $is2019 = "$($server.AdminDisplayVersion)" -like '*15.2 *'
        if (-not $server.IsE15OrLater) {
            "$name is older than Exchange 2013 and is left out."
            continue
        }
        $found += $server
        if ($server.IsEdgeServer -and $name -ne $env:COMPUTERNAME) {
            "$name is an Edge Transport server: run this script there too."
            continue
        }

        try {
            if ($server.IsEdgeServer) {
                $certificates = @(Get-ExchangeCertificate -ErrorAction Stop)
            } else {
                $certificates = @(Get-ExchangeCertificate -Server $name -ErrorAction Stop)
            }
            if ($certificates.Count -eq 0) { "$name answered without any certificate." }
            $found += $certificates
        } catch {
            "$name does not answer with its certificates: $($_.Exception.Message)"
        }

        if ($server.IsEdgeServer -or $server.IsHubTransportServer) {
            try {
                $found += @(Get-TransportService -Identity $name -ErrorAction Stop)
            } catch {
                "$name does not answer with its transport service: $($_.Exception.Message)"
            }
        }

        if ($server.IsClientAccessServer) {
            try {
                $found += @(Get-ImapSettings -Server $name -ErrorAction Stop)
                $found += @(Get-PopSettings -Server $name -ErrorAction Stop)
            } catch {
                "$name does not answer with its IMAP and POP settings: $($_.Exception.Message)"
            }

            try {
                $found += @(Get-OwaVirtualDirectory -Server $name -ADPropertiesOnly -ErrorAction Stop)
                $found += @(Get-EcpVirtualDirectory -Server $name -ADPropertiesOnly -ErrorAction Stop)
                $found += @(Get-WebServicesVirtualDirectory -Server $name -ADPropertiesOnly -ErrorAction Stop)
                $found += @(Get-ActiveSyncVirtualDirectory -Server $name -ADPropertiesOnly -ErrorAction Stop)
                $found += @(Get-OabVirtualDirectory -Server $name -ADPropertiesOnly -ErrorAction Stop)
                $found += @(Get-AutodiscoverVirtualDirectory -Server $name -ADPropertiesOnly -ErrorAction Stop)
                $found += @(Get-OutlookAnywhere -Server $name -ADPropertiesOnly -ErrorAction Stop)
                if (Get-Command Get-MapiVirtualDirectory -ErrorAction SilentlyContinue) {
                    $found += @(Get-MapiVirtualDirectory -Server $name -ADPropertiesOnly -ErrorAction Stop)
                }
            } catch {
                "$name does not answer with its virtual directories: $($_.Exception.Message)"
            }

            try {
                if (Get-Command Get-ClientAccessService -ErrorAction SilentlyContinue) {
                    $found += @(Get-ClientAccessService -Identity $name -ErrorAction Stop)
                } else {
                    $found += @(Get-ClientAccessServer -Identity $name -ErrorAction Stop)
                }
            } catch {
                "$name does not answer with its Autodiscover settings: $($_.Exception.Message)"
            }
        }

        # Unified Messaging ended with Exchange 2016, and its cmdlets with it.
        if (-not $is2019 -and -not $server.IsEdgeServer) {
            if (Get-Command Get-UMService -ErrorAction SilentlyContinue) {
                try {
                    if ($server.IsUnifiedMessagingServer) {
                        $found += @(Get-UMService -Identity $name -ErrorAction Stop)
                    }
                    if ($server.IsClientAccessServer) {
                        $found += @(Get-UMCallRouterSettings -Server $name -ErrorAction Stop)
                    }
                } catch {
                    "$name does not answer with its Unified Messaging settings: $($_.Exception.Message)"
                }
            } else {
                "The Unified Messaging settings of $name can be read in its own shell alone."
            }
        }
    }

    try {
        $found += @(Get-SendConnector -ErrorAction Stop)
        $found += @(Get-ReceiveConnector -ErrorAction Stop)
    } catch {
        "The connectors cannot be read: $($_.Exception.Message)"
    }

    # These exist in the organisation alone, not on an Edge Transport server.
    if (Get-Command Get-AuthConfig -ErrorAction SilentlyContinue) {
        try {
            $found += @(Get-EdgeSubscription -ErrorAction Stop)
        } catch {
            "The Edge subscriptions cannot be read: $($_.Exception.Message)"
        }
        try {
            $found += @(Get-AuthConfig -ErrorAction Stop)
        } catch {
            "The Auth configuration cannot be read: $($_.Exception.Message)"
        }
        try {
            $found += @(Get-HybridConfiguration -ErrorAction Stop)
        } catch {
            "The hybrid configuration cannot be read: $($_.Exception.Message)"
        }
    }

    $found | Export-Clixml -Path $file -Encoding UTF8
    "$($found.Count) objects are in $file"
}
