# Deploys the certificate A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 on MBX16, MBX19, MBXSE.
# Planned at 2026-11-24T00:00:00Z by exchange-certificates 0.1.0.
#
# MBX16: imports it; assigns UM, IIS, SMTP; the default SMTP certificate stays; names it at Receive connectors (1); restarts MSExchangeIMAP4, MSExchangeIMAP4BE; removes 45559AC50557A0568EF20CD559DE9305CA360ABE.
# MBX19: imports it; assigns IIS, SMTP; the default SMTP certificate stays; names it at Receive connectors (1); restarts MSExchangeIMAP4, MSExchangeIMAP4BE; removes 45559AC50557A0568EF20CD559DE9305CA360ABE.
# MBXSE: imports it; assigns IIS, SMTP; the default SMTP certificate stays; names it at Receive connectors (1); restarts MSExchangeIMAP4, MSExchangeIMAP4BE; removes 45559AC50557A0568EF20CD559DE9305CA360ABE.
# The organisation: names it at Send connectors (2).
# The organisation: names it in the hybrid configuration.
# What each endpoint presents before and afterwards is the first thing in $plan, below the parameters.
#
# What this script may do is above, and in $plan below; from "From here on" it is the same in every such script.
#
# Run it with -WhatIf first: each step is then a line "would", and nothing is done. A real run
#   1. reads all that the plan stands on and looks at every port. Where one thing is not as it was, it ends: nothing is done.
#   2. imports, assigns and names, server after server, and restarts what is named above.
#   3. looks at every port again. Where one still presents the former certificate it looks for two minutes, restarts the
#      transport service of a mail port once, and looks on.
#   4. removes what is old. Until then, a step that fails is taken back with all before it; from there on nothing is.
# It can be broken off, and run again: it goes on where it was, and a run after the last one does nothing.
#
# Each line of its output, and of its log beside it, is a JSON object. The last one has "outcome", its exit status, and in
# "left" whatever is neither as before nor as planned, with what it was and what it was to be:
#   0 done, nothing-to-do   all is as planned; what "left" names was kept on purpose, and the lines above say why
#   0 what-if               nothing was done
#   2 failed                "left" is what to look at: it was not, or could not be, done or taken back
#   3 stale                 nothing was done: something is not as it was planned for, or cannot be read. Plan anew
#   4 cannot-run            nothing was done: the line above says what is missing here
#   5 pending               nothing was taken back or removed; a port is late. Run it again later
#   6 undone                a step failed, and all is as before
# Without such a last line, or with exit status 1, nothing is known: run it again with -WhatIf.
#
#   powershell.exe -NoProfile -NonInteractive -File THIS.ps1 -PfxPath NEW.pfx -PfxPasswordFile PASSWORD.xml -WhatIf
[CmdletBinding(PositionalBinding = $false)]
param(
    # The new certificate with its private key, which is imported where a server lacks it.
    [string] $PfxPath,
    # Its password; or a file that Export-Clixml made of it, by the account that runs this script, on this computer.
    [securestring] $PfxPassword,
    [string] $PfxPasswordFile,
    # Default: the path of this script, and .log.
    [string] $LogPath,
    # Restarts nothing, and removes nothing.
    [switch] $NoRestart,
    # Restarts IIS (iisreset /noforce) at the end, on one server after another.
    [switch] $RestartIis,
    # Stops transport for the moment in which a certificate that a Send connector names is removed. Without it that stays.
    [switch] $StopTransport,
    # Exchange's snap-in in place of its remote shell: always on an Edge Transport server; elsewhere for SYSTEM, which has no
    # role in the remote shell, though Microsoft supports that on Edge Transport servers alone.
    [switch] $SnapIn,
    # Says what would be done.
    [switch] $WhatIf
)
$plan = @{
    About = @(
        'MBX16 https/1/*:443: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX16 https/1/127.0.0.1:443: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX16 https/2/*:444: 1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9'
        'MBX16 imap: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX16 pop: nothing'
        'MBX16 receive/MBX16\Client Frontend MBX16: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX16 receive/MBX16\Default Frontend MBX16: 1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9 -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 or 1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9'
        'MBX16 send/Outbound@MBX16: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX16 internal: 1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9'
        'MBX16 um: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX16 um-call-router: no TLS'
        'MBX19 https/1/*:443: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX19 https/1/127.0.0.1:443: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX19 https/2/*:444: 7B2CECB3E24B9A8107877341702C0142330A8410'
        'MBX19 imap: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX19 pop: nothing'
        'MBX19 receive/MBX19\Client Frontend MBX19: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX19 receive/MBX19\Default Frontend MBX19: 7B2CECB3E24B9A8107877341702C0142330A8410 -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 or 7B2CECB3E24B9A8107877341702C0142330A8410'
        'MBX19 send/Outbound@MBX19: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX19 send/Partner@MBX19: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBX19 internal: 7B2CECB3E24B9A8107877341702C0142330A8410'
        'MBXSE https/1/*:443: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBXSE https/1/127.0.0.1:443: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBXSE https/2/*:444: 0D8E50DC643A88258DBACD47E9FAB527E2A3BE46'
        'MBXSE imap: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBXSE pop: nothing'
        'MBXSE receive/MBXSE\Client Frontend MBXSE: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBXSE receive/MBXSE\Default Frontend MBXSE: 0D8E50DC643A88258DBACD47E9FAB527E2A3BE46 -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 or 0D8E50DC643A88258DBACD47E9FAB527E2A3BE46'
        'MBXSE send/Outbound@MBXSE: 45559AC50557A0568EF20CD559DE9305CA360ABE -> A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'MBXSE internal: 0D8E50DC643A88258DBACD47E9FAB527E2A3BE46'
    )
    New = 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
    Edge = ''
    Twins = @{  }
    Servers = [ordered] @{
        'MBX16' = @{ Computer = 'mbx16.contoso.com'; Old = '45559AC50557A0568EF20CD559DE9305CA360ABE'; Outside = $false; Default = $true }
        'MBX19' = @{ Computer = 'mbx19.contoso.com'; Old = '45559AC50557A0568EF20CD559DE9305CA360ABE'; Outside = $false; Default = $true }
        'MBXSE' = @{ Computer = 'mbxse.contoso.com'; Old = '45559AC50557A0568EF20CD559DE9305CA360ABE'; Outside = $false; Default = $true }
    }
    Names = @('<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso', '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso')
    Layer4 = $false
    Limit = 5
    Wait = 120
    Facts = [ordered] @{
        'services|MBX16|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'IMAP, UM, IIS, SMTP', 'absent'
        'key|MBX16|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'CSP', 'absent'
        'services|MBX16|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'absent', 'UM, IIS, SMTP', 'None', 'UM', 'SMTP', 'UM, SMTP'
        'key|MBX16|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'absent', 'CSP', 'KSP'
        'others|MBX16|' = '', ''
        'default|MBX16|' = '1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9', '1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9', 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'subscribed|MBX16|' = '', ''
        'binding|MBX16|1/*:443' = '45559AC50557A0568EF20CD559DE9305CA360ABE', 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'binding|MBX16|1/127.0.0.1:443' = '45559AC50557A0568EF20CD559DE9305CA360ABE', 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'binding|MBX16|2/*:444' = '1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9', '1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9'
        'imap|MBX16|' = 'mail.contoso.com', 'mail.contoso.com'
        'pop|MBX16|' = '', ''
        'receives|MBX16|' = 'Client Frontend MBX16', 'Client Frontend MBX16'
        'receive|MBX16|Client Frontend MBX16' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso', '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso'
        'fqdn|MBX16|Client Frontend MBX16' = '', ''
        'um|MBX16|' = 'Dual', 'Dual'
        'runs|MBX16|MSExchangeUM' = 'Running', 'Running', 'Stopped'
        'services|MBX19|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'IMAP, IIS, SMTP', 'absent'
        'key|MBX19|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'CSP', 'absent'
        'services|MBX19|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'absent', 'IIS, SMTP', 'None', 'SMTP'
        'key|MBX19|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'absent', 'CSP', 'KSP'
        'others|MBX19|' = '', ''
        'default|MBX19|' = '7B2CECB3E24B9A8107877341702C0142330A8410', '7B2CECB3E24B9A8107877341702C0142330A8410', 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'subscribed|MBX19|' = '', ''
        'binding|MBX19|1/*:443' = '45559AC50557A0568EF20CD559DE9305CA360ABE', 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'binding|MBX19|1/127.0.0.1:443' = '45559AC50557A0568EF20CD559DE9305CA360ABE', 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'binding|MBX19|2/*:444' = '7B2CECB3E24B9A8107877341702C0142330A8410', '7B2CECB3E24B9A8107877341702C0142330A8410'
        'imap|MBX19|' = 'mail.contoso.com', 'mail.contoso.com'
        'pop|MBX19|' = '', ''
        'receives|MBX19|' = 'Client Frontend MBX19', 'Client Frontend MBX19'
        'receive|MBX19|Client Frontend MBX19' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso', '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso'
        'fqdn|MBX19|Client Frontend MBX19' = '', ''
        'services|MBXSE|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'IMAP, IIS, SMTP', 'absent'
        'key|MBXSE|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'CSP', 'absent'
        'services|MBXSE|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'absent', 'IIS, SMTP', 'None', 'SMTP'
        'key|MBXSE|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'absent', 'CSP', 'KSP'
        'others|MBXSE|' = '', ''
        'default|MBXSE|' = '0D8E50DC643A88258DBACD47E9FAB527E2A3BE46', '0D8E50DC643A88258DBACD47E9FAB527E2A3BE46', 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'subscribed|MBXSE|' = '', ''
        'binding|MBXSE|1/*:443' = '45559AC50557A0568EF20CD559DE9305CA360ABE', 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'binding|MBXSE|1/127.0.0.1:443' = '45559AC50557A0568EF20CD559DE9305CA360ABE', 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'
        'binding|MBXSE|2/*:444' = '0D8E50DC643A88258DBACD47E9FAB527E2A3BE46', '0D8E50DC643A88258DBACD47E9FAB527E2A3BE46'
        'imap|MBXSE|' = 'mail.contoso.com', 'mail.contoso.com'
        'pop|MBXSE|' = '', ''
        'receives|MBXSE|' = 'Client Frontend MBXSE', 'Client Frontend MBXSE'
        'receive|MBXSE|Client Frontend MBXSE' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso', '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso'
        'fqdn|MBXSE|Client Frontend MBXSE' = '', ''
        'runs|MBX16|MSExchangeTransport' = 'Running', 'Running'
        'runs|MBX19|MSExchangeTransport' = 'Running', 'Running'
        'runs|MBXSE|MSExchangeTransport' = 'Running', 'Running'
        'sends||' = 'Outbound | Partner', 'Outbound | Partner'
        'send||Outbound' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso', '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso'
        'sources||Outbound' = 'MBX16 | MBX19 | MBXSE', 'MBX16 | MBX19 | MBXSE'
        'fqdn||Outbound' = '', ''
        'send||Partner' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso', '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso'
        'sources||Partner' = 'MBX19', 'MBX19'
        'fqdn||Partner' = '', ''
        'hybrid||' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso', '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso'
    }
    Ports = @(
        @{ Server = 'MBX16'; Endpoint = 'https/1/*:443'; Kind = 'https'; Address = 'mbx16.contoso.com'; Port = 443; Name = 'mbx16.contoso.com'; StartTls = $false; Before = @('45559AC50557A0568EF20CD559DE9305CA360ABE'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949') }
        @{ Server = 'MBX16'; Endpoint = 'https/2/*:444'; Kind = 'https'; Address = 'mbx16.contoso.com'; Port = 444; Name = 'mbx16.contoso.com'; StartTls = $false; Before = @('1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9'); After = @('1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9') }
        @{ Server = 'MBX16'; Endpoint = 'imap'; Kind = 'imap'; Address = 'mbx16.contoso.com'; Port = 993; Name = 'mail.contoso.com'; StartTls = $false; Before = @('45559AC50557A0568EF20CD559DE9305CA360ABE'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949', '45559AC50557A0568EF20CD559DE9305CA360ABE') }
        @{ Server = 'MBX16'; Endpoint = 'receive/MBX16\Client Frontend MBX16'; Kind = 'smtp'; Address = 'mbx16.contoso.com'; Port = 587; Name = 'mbx16.contoso.com'; StartTls = $true; Before = @('45559AC50557A0568EF20CD559DE9305CA360ABE'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'); Late = 'MSExchangeFrontEndTransport' }
        @{ Server = 'MBX16'; Endpoint = 'receive/MBX16\Default Frontend MBX16'; Kind = 'smtp'; Address = 'mbx16.contoso.com'; Port = 25; Name = 'mbx16.contoso.com'; StartTls = $true; Before = @('1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949', '1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9'); Late = 'MSExchangeFrontEndTransport' }
        @{ Server = 'MBX19'; Endpoint = 'https/1/*:443'; Kind = 'https'; Address = 'mbx19.contoso.com'; Port = 443; Name = 'mbx19.contoso.com'; StartTls = $false; Before = @('45559AC50557A0568EF20CD559DE9305CA360ABE'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949') }
        @{ Server = 'MBX19'; Endpoint = 'https/2/*:444'; Kind = 'https'; Address = 'mbx19.contoso.com'; Port = 444; Name = 'mbx19.contoso.com'; StartTls = $false; Before = @('7B2CECB3E24B9A8107877341702C0142330A8410'); After = @('7B2CECB3E24B9A8107877341702C0142330A8410') }
        @{ Server = 'MBX19'; Endpoint = 'imap'; Kind = 'imap'; Address = 'mbx19.contoso.com'; Port = 993; Name = 'mail.contoso.com'; StartTls = $false; Before = @('45559AC50557A0568EF20CD559DE9305CA360ABE'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949', '45559AC50557A0568EF20CD559DE9305CA360ABE') }
        @{ Server = 'MBX19'; Endpoint = 'receive/MBX19\Client Frontend MBX19'; Kind = 'smtp'; Address = 'mbx19.contoso.com'; Port = 587; Name = 'mbx19.contoso.com'; StartTls = $true; Before = @('45559AC50557A0568EF20CD559DE9305CA360ABE'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'); Late = 'MSExchangeFrontEndTransport' }
        @{ Server = 'MBX19'; Endpoint = 'receive/MBX19\Default Frontend MBX19'; Kind = 'smtp'; Address = 'mbx19.contoso.com'; Port = 25; Name = 'mbx19.contoso.com'; StartTls = $true; Before = @('7B2CECB3E24B9A8107877341702C0142330A8410'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949', '7B2CECB3E24B9A8107877341702C0142330A8410'); Late = 'MSExchangeFrontEndTransport' }
        @{ Server = 'MBXSE'; Endpoint = 'https/1/*:443'; Kind = 'https'; Address = 'mbxse.contoso.com'; Port = 443; Name = 'mbxse.contoso.com'; StartTls = $false; Before = @('45559AC50557A0568EF20CD559DE9305CA360ABE'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949') }
        @{ Server = 'MBXSE'; Endpoint = 'https/2/*:444'; Kind = 'https'; Address = 'mbxse.contoso.com'; Port = 444; Name = 'mbxse.contoso.com'; StartTls = $false; Before = @('0D8E50DC643A88258DBACD47E9FAB527E2A3BE46'); After = @('0D8E50DC643A88258DBACD47E9FAB527E2A3BE46') }
        @{ Server = 'MBXSE'; Endpoint = 'imap'; Kind = 'imap'; Address = 'mbxse.contoso.com'; Port = 993; Name = 'mail.contoso.com'; StartTls = $false; Before = @('45559AC50557A0568EF20CD559DE9305CA360ABE'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949', '45559AC50557A0568EF20CD559DE9305CA360ABE') }
        @{ Server = 'MBXSE'; Endpoint = 'receive/MBXSE\Client Frontend MBXSE'; Kind = 'smtp'; Address = 'mbxse.contoso.com'; Port = 587; Name = 'mbxse.contoso.com'; StartTls = $true; Before = @('45559AC50557A0568EF20CD559DE9305CA360ABE'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'); Late = 'MSExchangeFrontEndTransport' }
        @{ Server = 'MBXSE'; Endpoint = 'receive/MBXSE\Default Frontend MBXSE'; Kind = 'smtp'; Address = 'mbxse.contoso.com'; Port = 25; Name = 'mbxse.contoso.com'; StartTls = $true; Before = @('0D8E50DC643A88258DBACD47E9FAB527E2A3BE46'); After = @('A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949', '0D8E50DC643A88258DBACD47E9FAB527E2A3BE46'); Late = 'MSExchangeFrontEndTransport' }
    )
    Unseen = @(
        @{ Server = 'MBX16'; Endpoint = 'https/1/127.0.0.1:443' }
        @{ Server = 'MBX16'; Endpoint = 'pop' }
        @{ Server = 'MBX16'; Endpoint = 'send/Outbound@MBX16' }
        @{ Server = 'MBX16'; Endpoint = 'internal' }
        @{ Server = 'MBX16'; Endpoint = 'um' }
        @{ Server = 'MBX19'; Endpoint = 'https/1/127.0.0.1:443' }
        @{ Server = 'MBX19'; Endpoint = 'pop' }
        @{ Server = 'MBX19'; Endpoint = 'send/Outbound@MBX19' }
        @{ Server = 'MBX19'; Endpoint = 'send/Partner@MBX19' }
        @{ Server = 'MBX19'; Endpoint = 'internal' }
        @{ Server = 'MBXSE'; Endpoint = 'https/1/127.0.0.1:443' }
        @{ Server = 'MBXSE'; Endpoint = 'pop' }
        @{ Server = 'MBXSE'; Endpoint = 'send/Outbound@MBXSE' }
        @{ Server = 'MBXSE'; Endpoint = 'internal' }
    )
    Steps = @(
        @{ Id = 'import|MBX16'; Server = 'MBX16'; What = 'import A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Gives = @{ 'services|MBX16|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'None'; 'key|MBX16|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'CSP' }; Call = { Import-ExchangeCertificate -Server MBX16 -FileData $pfx -Password $password -PrivateKeyExportable $true @quiet }; Undo = @(
            @{ Server = 'MBX16'; What = 'remove A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Removes = 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Else = 'smtp|MBX16'; Gives = @{ 'services|MBX16|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'absent' }; Call = { Remove-ExchangeCertificate -Thumbprint A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 -Server MBX16 @quiet } }
        ) }
        @{ Id = 'smtp|MBX16'; Server = 'MBX16'; What = 'SMTP to A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949, keeping the default'; Needs = @('import|MBX16'); Gives = @{ 'services|MBX16|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'SMTP'; 'default|MBX16|' = '1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9' }; Keep = @{ Former = '1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9'; Fallback = $true }; Undo = @(
            @{ Server = 'MBX16'; What = 'the default to 1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9'; Gives = @{ 'default|MBX16|' = '1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9' }; Call = { Enable-ExchangeCertificate -Thumbprint 1E5C0DEBCC94C103C9FBD975FBC87EDAFEAA95A9 -Services SMTP -Server MBX16 -Force @quiet } }
        ) }
        @{ Id = 'assign|MBX16'; Server = 'MBX16'; What = 'IIS to A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Needs = @('import|MBX16'); Gives = @{ 'services|MBX16|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'IIS'; 'binding|MBX16|1/*:443' = 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; 'binding|MBX16|1/127.0.0.1:443' = 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' }; Call = { Enable-ExchangeCertificate -Thumbprint A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 -Services IIS -Server MBX16 -DoNotRequireSsl @quiet }; Undo = @(
            @{ Server = 'MBX16'; What = 'IIS to 45559AC50557A0568EF20CD559DE9305CA360ABE'; Gives = @{ 'binding|MBX16|1/*:443' = '45559AC50557A0568EF20CD559DE9305CA360ABE' }; Call = { Enable-ExchangeCertificate -Thumbprint 45559AC50557A0568EF20CD559DE9305CA360ABE -Services IIS -Server MBX16 -DoNotRequireSsl @quiet } }
        ) }
        @{ Id = 'um|MBX16'; Server = 'MBX16'; What = 'UM to A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Needs = @('import|MBX16'); Steps = @(
            @{ Server = 'MBX16'; What = 'stop MSExchangeUM'; Gives = @{ 'runs|MBX16|MSExchangeUM' = 'Stopped' }; Stop = 'MSExchangeUM' }
            @{ Server = 'MBX16'; What = 'UM to A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Gives = @{ 'services|MBX16|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'UM' }; Call = { Enable-ExchangeCertificate -Thumbprint A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 -Services UM -Server MBX16 @quiet } }
        ); Finally = @(
            @{ Server = 'MBX16'; What = 'start MSExchangeUM'; Gives = @{ 'runs|MBX16|MSExchangeUM' = 'Running' }; Start = 'MSExchangeUM' }
        ) }
        @{ Id = 'receive|MBX16|Client Frontend MBX16'; Server = 'MBX16'; What = 'Client Frontend MBX16 to the new name'; Needs = @('smtp|MBX16'); Gives = @{ 'receive|MBX16|Client Frontend MBX16' = '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' }; Call = { Set-ReceiveConnector -Identity 'MBX16\Client Frontend MBX16' -TlsCertificateName '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' @quiet }; Undo = @(
            @{ Server = 'MBX16'; What = 'Client Frontend MBX16 to the former name'; Gives = @{ 'receive|MBX16|Client Frontend MBX16' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' }; Call = { Set-ReceiveConnector -Identity 'MBX16\Client Frontend MBX16' -TlsCertificateName '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' @quiet } }
        ) }
        @{ Id = 'import|MBX19'; Server = 'MBX19'; What = 'import A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Gives = @{ 'services|MBX19|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'None'; 'key|MBX19|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'CSP' }; Call = { Import-ExchangeCertificate -Server MBX19 -FileData $pfx -Password $password -PrivateKeyExportable $true @quiet }; Undo = @(
            @{ Server = 'MBX19'; What = 'remove A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Removes = 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Else = 'smtp|MBX19'; Gives = @{ 'services|MBX19|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'absent' }; Call = { Remove-ExchangeCertificate -Thumbprint A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 -Server MBX19 @quiet } }
        ) }
        @{ Id = 'smtp|MBX19'; Server = 'MBX19'; What = 'SMTP to A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949, keeping the default'; Needs = @('import|MBX19'); Gives = @{ 'services|MBX19|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'SMTP'; 'default|MBX19|' = '7B2CECB3E24B9A8107877341702C0142330A8410' }; Keep = @{ Former = '7B2CECB3E24B9A8107877341702C0142330A8410'; Fallback = $true }; Undo = @(
            @{ Server = 'MBX19'; What = 'the default to 7B2CECB3E24B9A8107877341702C0142330A8410'; Gives = @{ 'default|MBX19|' = '7B2CECB3E24B9A8107877341702C0142330A8410' }; Call = { Enable-ExchangeCertificate -Thumbprint 7B2CECB3E24B9A8107877341702C0142330A8410 -Services SMTP -Server MBX19 -Force @quiet } }
        ) }
        @{ Id = 'assign|MBX19'; Server = 'MBX19'; What = 'IIS to A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Needs = @('import|MBX19'); Gives = @{ 'services|MBX19|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'IIS'; 'binding|MBX19|1/*:443' = 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; 'binding|MBX19|1/127.0.0.1:443' = 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' }; Call = { Enable-ExchangeCertificate -Thumbprint A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 -Services IIS -Server MBX19 -DoNotRequireSsl @quiet }; Undo = @(
            @{ Server = 'MBX19'; What = 'IIS to 45559AC50557A0568EF20CD559DE9305CA360ABE'; Gives = @{ 'binding|MBX19|1/*:443' = '45559AC50557A0568EF20CD559DE9305CA360ABE' }; Call = { Enable-ExchangeCertificate -Thumbprint 45559AC50557A0568EF20CD559DE9305CA360ABE -Services IIS -Server MBX19 -DoNotRequireSsl @quiet } }
        ) }
        @{ Id = 'receive|MBX19|Client Frontend MBX19'; Server = 'MBX19'; What = 'Client Frontend MBX19 to the new name'; Needs = @('smtp|MBX19'); Gives = @{ 'receive|MBX19|Client Frontend MBX19' = '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' }; Call = { Set-ReceiveConnector -Identity 'MBX19\Client Frontend MBX19' -TlsCertificateName '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' @quiet }; Undo = @(
            @{ Server = 'MBX19'; What = 'Client Frontend MBX19 to the former name'; Gives = @{ 'receive|MBX19|Client Frontend MBX19' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' }; Call = { Set-ReceiveConnector -Identity 'MBX19\Client Frontend MBX19' -TlsCertificateName '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' @quiet } }
        ) }
        @{ Id = 'import|MBXSE'; Server = 'MBXSE'; What = 'import A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Gives = @{ 'services|MBXSE|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'None'; 'key|MBXSE|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'CSP' }; Call = { Import-ExchangeCertificate -Server MBXSE -FileData $pfx -Password $password -PrivateKeyExportable $true @quiet }; Undo = @(
            @{ Server = 'MBXSE'; What = 'remove A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Removes = 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Else = 'smtp|MBXSE'; Gives = @{ 'services|MBXSE|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'absent' }; Call = { Remove-ExchangeCertificate -Thumbprint A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 -Server MBXSE @quiet } }
        ) }
        @{ Id = 'smtp|MBXSE'; Server = 'MBXSE'; What = 'SMTP to A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949, keeping the default'; Needs = @('import|MBXSE'); Gives = @{ 'services|MBXSE|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'SMTP'; 'default|MBXSE|' = '0D8E50DC643A88258DBACD47E9FAB527E2A3BE46' }; Keep = @{ Former = '0D8E50DC643A88258DBACD47E9FAB527E2A3BE46'; Fallback = $true }; Undo = @(
            @{ Server = 'MBXSE'; What = 'the default to 0D8E50DC643A88258DBACD47E9FAB527E2A3BE46'; Gives = @{ 'default|MBXSE|' = '0D8E50DC643A88258DBACD47E9FAB527E2A3BE46' }; Call = { Enable-ExchangeCertificate -Thumbprint 0D8E50DC643A88258DBACD47E9FAB527E2A3BE46 -Services SMTP -Server MBXSE -Force @quiet } }
        ) }
        @{ Id = 'assign|MBXSE'; Server = 'MBXSE'; What = 'IIS to A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; Needs = @('import|MBXSE'); Gives = @{ 'services|MBXSE|A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' = 'IIS'; 'binding|MBXSE|1/*:443' = 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949'; 'binding|MBXSE|1/127.0.0.1:443' = 'A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949' }; Call = { Enable-ExchangeCertificate -Thumbprint A97C083E5CDFDEFC9A28BE2BD9DE1AFD7FC94949 -Services IIS -Server MBXSE -DoNotRequireSsl @quiet }; Undo = @(
            @{ Server = 'MBXSE'; What = 'IIS to 45559AC50557A0568EF20CD559DE9305CA360ABE'; Gives = @{ 'binding|MBXSE|1/*:443' = '45559AC50557A0568EF20CD559DE9305CA360ABE' }; Call = { Enable-ExchangeCertificate -Thumbprint 45559AC50557A0568EF20CD559DE9305CA360ABE -Services IIS -Server MBXSE -DoNotRequireSsl @quiet } }
        ) }
        @{ Id = 'receive|MBXSE|Client Frontend MBXSE'; Server = 'MBXSE'; What = 'Client Frontend MBXSE to the new name'; Needs = @('smtp|MBXSE'); Gives = @{ 'receive|MBXSE|Client Frontend MBXSE' = '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' }; Call = { Set-ReceiveConnector -Identity 'MBXSE\Client Frontend MBXSE' -TlsCertificateName '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' @quiet }; Undo = @(
            @{ Server = 'MBXSE'; What = 'Client Frontend MBXSE to the former name'; Gives = @{ 'receive|MBXSE|Client Frontend MBXSE' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' }; Call = { Set-ReceiveConnector -Identity 'MBXSE\Client Frontend MBXSE' -TlsCertificateName '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' @quiet } }
        ) }
        @{ Id = 'send||Outbound'; Server = ''; What = 'Outbound to the new name'; Needs = @('smtp|MBX16', 'import|MBX16', 'smtp|MBX19', 'import|MBX19', 'smtp|MBXSE', 'import|MBXSE'); Gives = @{ 'send||Outbound' = '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' }; Call = { Set-SendConnector -Identity Outbound -TlsCertificateName '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' @quiet }; Undo = @(
            @{ Server = ''; What = 'Outbound to the former name'; Gives = @{ 'send||Outbound' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' }; Call = { Set-SendConnector -Identity Outbound -TlsCertificateName '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' @quiet } }
        ) }
        @{ Id = 'send||Partner'; Server = ''; What = 'Partner to the new name'; Needs = @('smtp|MBX19', 'import|MBX19'); Gives = @{ 'send||Partner' = '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' }; Call = { Set-SendConnector -Identity Partner -TlsCertificateName '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' @quiet }; Undo = @(
            @{ Server = ''; What = 'Partner to the former name'; Gives = @{ 'send||Partner' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' }; Call = { Set-SendConnector -Identity Partner -TlsCertificateName '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' @quiet } }
        ) }
        @{ Id = 'hybrid||'; Server = ''; What = 'the hybrid configuration to the new name'; Needs = @('smtp|MBX16', 'import|MBX16', 'smtp|MBX19', 'import|MBX19', 'smtp|MBXSE', 'import|MBXSE'); Gives = @{ 'hybrid||' = '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' }; Call = { Set-HybridConfiguration -TlsCertificateName '<I>CN=Contoso CA 2, O=Contoso<S>CN=*.contoso.com, O=Contoso' @quiet }; Undo = @(
            @{ Server = ''; What = 'the hybrid configuration to the former name'; Gives = @{ 'hybrid||' = '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' }; Call = { Set-HybridConfiguration -TlsCertificateName '<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com, O=Contoso' @quiet } }
        ) }
    )
    Restarts = @(
        @{ Server = 'MBX16'; Kind = 'imap'; Services = @('MSExchangeIMAP4', 'MSExchangeIMAP4BE'); After = @('import|MBX16', 'assign|MBX16') }
        @{ Server = 'MBX19'; Kind = 'imap'; Services = @('MSExchangeIMAP4', 'MSExchangeIMAP4BE'); After = @('import|MBX19', 'assign|MBX19') }
        @{ Server = 'MBXSE'; Kind = 'imap'; Services = @('MSExchangeIMAP4', 'MSExchangeIMAP4BE'); After = @('import|MBXSE', 'assign|MBXSE') }
    )
    Removals = @(
        @{ Id = 'remove|MBX16'; Server = 'MBX16'; What = 'remove 45559AC50557A0568EF20CD559DE9305CA360ABE'; Removes = '45559AC50557A0568EF20CD559DE9305CA360ABE'; Gives = @{ 'services|MBX16|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'absent'; 'key|MBX16|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'absent' }; Call = { Remove-ExchangeCertificate -Thumbprint 45559AC50557A0568EF20CD559DE9305CA360ABE -Server MBX16 @quiet } }
        @{ Id = 'remove|MBX19'; Server = 'MBX19'; What = 'remove 45559AC50557A0568EF20CD559DE9305CA360ABE'; Removes = '45559AC50557A0568EF20CD559DE9305CA360ABE'; Gives = @{ 'services|MBX19|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'absent'; 'key|MBX19|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'absent' }; Call = { Remove-ExchangeCertificate -Thumbprint 45559AC50557A0568EF20CD559DE9305CA360ABE -Server MBX19 @quiet } }
        @{ Id = 'remove|MBXSE'; Server = 'MBXSE'; What = 'remove 45559AC50557A0568EF20CD559DE9305CA360ABE'; Removes = '45559AC50557A0568EF20CD559DE9305CA360ABE'; Gives = @{ 'services|MBXSE|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'absent'; 'key|MBXSE|45559AC50557A0568EF20CD559DE9305CA360ABE' = 'absent' }; Call = { Remove-ExchangeCertificate -Thumbprint 45559AC50557A0568EF20CD559DE9305CA360ABE -Server MBXSE @quiet } }
    )
}
# From here on every such script is the same. What it does is in $plan, all of it literals:
#
#   About          the files beside it, and what each endpoint presents before and afterwards, for people
#   New            the thumbprint that it serves
#   Edge           the name of the Edge Transport server that this script is of, which it has to run on; else ''
#   Twins          the scripts that come first: Edge Transport server -> file
#   Servers        [ordered] server -> Computer (its name for Invoke-Command), Old (a thumbprint, or ''), Outside ($true
#                  where that is outside its dates: nothing goes back to it), and Default (whether it has a default SMTP
#                  certificate: Client Access of 2013 has none)
#   Names          '<I>issuer<S>subject' of old and new, as connectors name them
#   Layer4         $true behind a layer-4 load balancer: IIS is restarted without -RestartIis, too
#   Limit, Wait    seconds for one answer of a port (5), and for all ports to present what they are to (120)
#   Facts          [ordered] 'kind|server|what' -> what it is before, what it is afterwards, and each other value that it
#                  may have on the way. Server is empty where it is the organisation's. All are texts, '' is none, and
#                  case does not count; several names are in ordinal order, joined by ' | '. Kinds:
#       services   of the certificate what, as Exchange prints them, or absent. IMAP, POP and IIS are not compared, but for
#                  the steps: they follow imap, pop and binding
#       sites      of the certificate what, by Exchange, where bindings are not known: numbers, joined by ' | '
#       key        of the certificate what: CSP (or on an elliptic curve, of whatever store), KSP, none, or absent
#       others     thumbprints with one of Names that have no services fact
#       default    the default SMTP certificate
#       binding    of what, site/address:port[:host name], an empty address is *: a thumbprint, or absent
#       imap, pop  X509CertificateName
#       sends, receives, edges    names of the Send connectors, and of the Receive connectors of server, that have one of
#                  Names; of the Edge subscriptions
#       send, receive, hybrid     TlsCertificateName, of the connector what; or absent
#       sources, fqdn             of the Send connector what or, of fqdn, with a server of its Receive connector
#       subscribed yes where an Edge Transport server is subscribed to the site of server
#       um, umcr   startup mode
#       runs       Running or Stopped, of the Windows service what
#   Ports          Server, Endpoint, Kind (https, imap, pop, smtp), Address, Port, Name (host name), StartTls, Before and
#                  After (lists of thumbprints), and Late, the service that is restarted once where it stays late, or none
#   Unseen         Server, Endpoint: what no look can see
#   Steps          units, in order. A unit is a step
#                      Id ('import|SERVER' of an import; none within a group), Server (or ''), What (words for people)
#                      Gives: fact -> value; of services those that it contains at least, None where it is installed
#                      one of: Call (a script block); Keep (SMTP for New: Former, the default that is kept, and Fallback,
#                      whether it may be given back with -Force); Stop, Start (a Windows service of Server)
#                      Needs (Ids without which it is not tried), Undo (units whose Gives are the former values; of an
#                      import with Removes, and Else, the Id of the step that gives SMTP), Removes (a thumbprint)
#                  or a group: Id, Server, What, Needs, Steps, and Finally (units that come in any case).
#   Restarts       Server, Services, Kind of the ports that tell whether it is due, After (Ids that make it due)
#   Removals       units with Removes, in order; a group may have Switch, StopTransport, without which it is left
#
# In a Call @quiet is what every call says, $pfx and $password are the file's, and Invoke-At SERVER { param($x) ... } X runs
# on a server. A Call names one cmdlet, with its parameters in full, so that a role that lacks it is noticed before.

$quiet = @{ ErrorAction = 'Stop'; WarningAction = 'SilentlyContinue'; Confirm = $false }
$look = @{ ErrorAction = 'Stop'; WarningAction = 'SilentlyContinue' }
$pfx = $password = $answering = $null
$cache = @{}
$run = @{ Outcome = ''; Exit = 0; Changed = $false; Dropped = $false; Clean = $true; Web = $false; Owns = $false; Started = $false }
$stack = New-Object Collections.ArrayList
$stays = @{}
$done = @{}
$failed = @{}
$running = @{}
$first = @{}
$open = New-Object Collections.ArrayList

function Write-Json($value) {
    # ASCII alone, so that no code page changes it.
    $text = [regex]::Replace((ConvertTo-Json $value -Compress -Depth 4), '[^ -~]', { '\u{0:x4}' -f [int] [char] $args[0].Value })
    [Console]::Out.WriteLine($text)
    try { [IO.File]::AppendAllText($LogPath, $text + [Environment]::NewLine) } catch { }
}

function Get-Words($reason) {
    if ($reason -is [Management.Automation.ErrorRecord]) { $reason = $reason.Exception.GetBaseException().Message }
    ("$reason" -replace '[\s\p{Cc}\p{Cf}]+', ' ').Trim()
}

function Write-Line($step, $server, $what, $state, $message) {
    $server = if ($server) { "$server" }
    Write-Json ([ordered] @{ step = $step; server = $server; what = "$what"; state = $state; message = Get-Words $message })
}

function Stop-Run($outcome, $server, $what, $message) {
    Write-Line $null $server $what 'failed' $message
    $run.Outcome = $outcome
    $run.Exit = @{ 'stale' = 3; 'cannot-run' = 4 }[$outcome]
    throw "$message"
}

# ---- what is there ----

function Invoke-At($server, [scriptblock] $block, $argument) {
    if ($plan.Edge -or $server -eq $env:COMPUTERNAME) { return & $block $argument }
    Invoke-Command -ComputerName $plan.Servers[$server].Computer -ScriptBlock $block -ArgumentList (, $argument) -ErrorAction Stop
}

$sources = @{
    certificates = { Get-ExchangeCertificate @of @look }
    transport = { if ($plan.Edge) { Get-TransportService @look } else { Get-TransportService -Identity $server @look } }
    bindings = {
        Invoke-At $server {
            param($protocol)
            Get-WebBinding -Protocol $protocol -ErrorAction Stop | Select-Object bindingInformation, certificateHash, ItemXPath
        } 'https'
    }
    imap = { Get-ImapSettings @of @look }
    pop = { Get-PopSettings @of @look }
    send = { Get-SendConnector @look }
    receive = { Get-ReceiveConnector @of @look }
    hybrid = { Get-HybridConfiguration @look }
    edges = { Get-EdgeSubscription @look }
    server = { Get-ExchangeServer -Identity $server @look }
    um = { Get-UMService -Identity $server @look }
    umcr = { Get-UMCallRouterSettings @of @look }
    runs = { Invoke-At $server { param($name) "$((Get-Service -Name $name -ErrorAction Stop).Status)" } $what }
    key = {
        Invoke-At $server {
            param($thumbprint)
            $certificate = Get-Item -LiteralPath "Cert:\LocalMachine\My\$thumbprint" -ErrorAction Stop
            $key = $null
            # .NET reads keys of a CSP by this property, and no others.
            try { $key = $certificate.PrivateKey } catch { }
            if (-not $certificate.HasPrivateKey) { 'none' }
            elseif ($key -is [Security.Cryptography.RSACryptoServiceProvider]) { 'CSP' }
            elseif ($certificate.PublicKey.Oid.Value -ne '1.2.840.113549.1.1.1') { 'CSP' }
            else { 'KSP' }
        } $what
    }
}

# What a cmdlet answers, asked twice where it fails, and once until something is changed.
function Get-Source($source, $server, $what) {
    $key = "$source|$server|$what"
    if (-not $cache.ContainsKey($key)) {
        $of = if ($plan.Edge) { @{} } else { @{ Server = $server } }
        try { $answers = @(& $sources[$source]) }
        catch { Start-Sleep -Milliseconds 500; $answers = @(& $sources[$source]) }
        $cache[$key] = @($answers | Where-Object { $null -ne $_ })
    }
    $cache[$key]
}

function Join-Names($names) {
    $sorted = [string[]] @($names | ForEach-Object { "$_" })
    [Array]::Sort($sorted, [StringComparer]::Ordinal)
    $sorted -join ' | '
}

# A name that may be written as a path.
function Get-Leaf($name) { "$name" -replace '^CN=([^,]*).*', '$1' -replace '^.*/' }

function Get-Name($certificate) { "<I>$($certificate.Issuer)<S>$($certificate.Subject)" }

function Read-Fact($fact) {
    $kind, $server, $what = $fact -split '\|', 3
    $value = switch ($kind) {
        'services' {
            $found = @(Get-Source certificates $server | Where-Object { $_.Thumbprint -eq $what })
            if ($found) { "$($found[0].Services)" } else { 'absent' }
        }
        'sites' {
            $found = @(Get-Source certificates $server | Where-Object { $_.Thumbprint -eq $what })
            Join-Names @(foreach ($one in $found) { Get-Sites $one })
        }
        'key' { if ((Read-Fact "services|$server|$what") -eq 'absent') { 'absent' } else { Get-Source key $server $what } }
        'others' {
            Join-Names @(Get-Source certificates $server | Where-Object {
                $plan.Names -contains (Get-Name $_) -and -not $plan.Facts.Contains("services|$server|$($_.Thumbprint)")
            } | ForEach-Object { $_.Thumbprint })
        }
        'default' { (Get-Source transport $server).InternalTransportCertificateThumbprint }
        'binding' { (@(Get-Bindings $server | Where-Object { $_.Id -eq $what } | ForEach-Object { $_.Hash }) + 'absent')[0] }
        { $_ -in 'sends', 'receives' } {
            $all = @(Get-Source ($kind -replace 's$') $server)
            Join-Names @($all | Where-Object { $plan.Names -contains "$($_.TlsCertificateName)" } | ForEach-Object { $_.Name })
        }
        'edges' { Join-Names @(Get-Source edges | ForEach-Object { $_.Name }) }
        'subscribed' {
            $site = @(Get-Source server $server | ForEach-Object { Get-Leaf $_.Site })
            if (@(Get-Source edges | Where-Object { $site -contains (Get-Leaf $_.Site) })) { 'yes' }
        }
        'hybrid' { foreach ($one in @(Get-Source hybrid)) { "$($one.TlsCertificateName)" } }
        'runs' { Get-Source runs $server $what }
        { $_ -in 'imap', 'pop' } { (Get-Source $kind $server).X509CertificateName }
        { $_ -in 'um', 'umcr' } { (Get-Source $kind $server).UMStartupMode }
        { $_ -in 'send', 'receive', 'sources', 'fqdn' } {
            $source = if ($server) { 'receive' } else { 'send' }
            $found = @(Get-Source $source $server | Where-Object { $_.Name -eq $what })
            if (-not $found) { 'absent' }
            elseif ($kind -eq 'fqdn') { $found[0].Fqdn }
            elseif ($kind -eq 'sources') { Join-Names @($found[0].SourceTransportServers | ForEach-Object { Get-Leaf $_ }) }
            else { $found[0].TlsCertificateName }
        }
        default { throw "no fact is called $kind" }
    }
    "$value"
}

function Get-Sites($certificate) {
    if (-not $certificate.PSObject.Properties['IISServices']) { return }
    foreach ($site in @($certificate.IISServices | Where-Object { $_ })) {
        $name = if ($site.PSObject.Properties['ServiceName']) { $site.ServiceName }
        if ("$site $name" -match '/W3SVC/(\d+)') { $Matches[1] }
    }
}

function Get-Bindings($server) {
    foreach ($binding in @(Get-Source bindings $server)) {
        if ("$($binding.ItemXPath)" -notmatch "@id='(\d+)'") { throw 'a binding names no site' }
        $id = $Matches[1]
        if ("$($binding.bindingInformation)" -notmatch '^(.*):(\d+):(.*)$') { throw "a binding is $($binding.bindingInformation)" }
        $address = if ($Matches[1]) { $Matches[1] } else { '*' }
        $name = if ($Matches[3]) { ":$($Matches[3])" }
        @{ Id = "$id/${address}:$($Matches[2])$name"; Hash = "$($binding.certificateHash)".ToUpperInvariant() }
    }
}

function Split-Services($services) { @("$services" -split '[,\s]+' | Where-Object { $_ -and $_ -ne 'None' }) }

# Whether a fact has that value. Services: those that Exchange stores; or, of a step, those that it gives.
function Test-Value($fact, $now, $wanted, [switch] $Contains) {
    if ($fact -notlike 'services|*' -or $now -eq 'absent' -or $wanted -eq 'absent') { return $now -eq $wanted }
    $shown = Split-Services $now
    $lacks = @(Split-Services $wanted | Where-Object { $shown -notcontains $_ })
    if ($Contains) { return -not $lacks }
    $stored = @($lacks) + @($shown | Where-Object { @(Split-Services $wanted) -notcontains $_ })
    -not @($stored | Where-Object { @('IMAP', 'POP', 'IIS') -notcontains $_ })
}

function Test-Gives($unit) {
    # What a group's end gives takes the place of what its steps gave on the way.
    $gives = @{}
    foreach ($one in @(if ($unit['Steps']) { $unit.Steps; $unit.Finally } else { $unit })) {
        foreach ($fact in $one.Gives.Keys) { $gives[$fact] = $one.Gives[$fact] }
    }
    foreach ($fact in $gives.Keys) { if (-not (Test-Value $fact (Read-Fact $fact) $gives[$fact] -Contains)) { return $false } }
    $true
}

# Each fact that is not as before (0), or as planned (1).
function Get-Left($column) {
    foreach ($fact in $plan.Facts.Keys) {
        $values = @($plan.Facts[$fact])
        $now = try { Read-Fact $fact } catch { "cannot be read: $(Get-Words $_)" }
        if (Test-Value $fact $now $values[$column]) { continue }
        $kind, $server, $what = $fact -split '\|', 3
        @{ Fact = $fact; Show = [ordered] @{
            server = $(if ($server) { $server }); what = "$kind $what".Trim(); before = $values[0]; now = $now; planned = $values[1]
        } }
    }
}

# Why a certificate is not to be removed from a server, if anything stands on it.
function Get-Standing($server, $thumbprint, [switch] $ButSend) {
    $certificates = @(Get-Source certificates $server)
    $this = @($certificates | Where-Object { $_.Thumbprint -eq $thumbprint })
    if (-not $this) { return }
    $name = Get-Name $this[0]
    $isOnly = -not @($certificates | Where-Object { $_.Thumbprint -ne $thumbprint -and (Get-Name $_) -eq $name })
    if ($plan.Servers[$server].Default -and (Read-Fact "default|$server|") -eq $thumbprint) { 'it is the default SMTP certificate' }
    if (-not $plan.Edge) {
        foreach ($binding in @(Get-Bindings $server)) { if ($binding.Hash -eq $thumbprint) { "it is bound to $($binding.Id)" } }
        foreach ($site in @(Get-Sites $this[0])) { "it is bound to site $site" }
        $hybrid = @(if ($isOnly) { Get-Source hybrid })
        if (@($hybrid | Where-Object { "$($_.TlsCertificateName)" -eq $name })) { 'the hybrid configuration names it' }
    }
    foreach ($one in @(if ($isOnly) { Get-Source receive $server })) {
        if ("$($one.TlsCertificateName)" -eq $name) { "the Receive connector $($one.Name) names it" }
    }
    if ($ButSend) { return }
    # Exchange refuses to remove any certificate of that name.
    foreach ($one in @(Get-Source send)) {
        if ("$($one.TlsCertificateName)" -eq $name) { "the Send connector $($one.Name) names it" }
    }
}
# Which certificate is presented at a port: State is seen or not-seen. It sends a greeting, and nothing else.
function Get-Presented($port, $limit) {
    $seen = @{ State = 'not-seen'; Thumbprint = $null; Message = '' }
    $wait = [int] ($limit * 1000)
    $tcp = New-Object Net.Sockets.TcpClient
    $secure = $null
    # Who says one byte at a time answers every reading in time, and yet never: the connection is closed by the clock.
    $clock = New-Object Threading.CancellationTokenSource
    [void] $clock.Token.Register([Action] [Delegate]::CreateDelegate([Action], $tcp, 'Close'))
    try {
        $pending = $tcp.BeginConnect($port['Address'], $port['Port'], $null, $null)
        if (-not $pending.AsyncWaitHandle.WaitOne($wait)) { throw 'no answer' }
        $tcp.EndConnect($pending)
        $stream = $tcp.GetStream()
        $stream.ReadTimeout = $stream.WriteTimeout = 2 * $wait
        if ($port['StartTls']) {
            $clock.CancelAfter($wait)
            [void] (Read-Reply $stream '220')
            Write-Command $stream "EHLO $([Net.Dns]::GetHostName() -replace '[^A-Za-z0-9.-]')"
            $clock.CancelAfter($wait)
            if ((Read-Reply $stream '250') -notmatch '(?m)^250[- ]STARTTLS\s*$') { throw 'no STARTTLS is offered' }
            Write-Command $stream 'STARTTLS'
            $clock.CancelAfter($wait)
            [void] (Read-Reply $stream '220')
        }
        # Any certificate will do for a look. Older .NET Frameworks would offer TLS 1.0 by themselves.
        $secure = New-Object Net.Security.SslStream($stream, $false, [Net.Security.RemoteCertificateValidationCallback] { $true })
        $clock.CancelAfter($wait)
        $secure.AuthenticateAsClient($port['Name'], $null, [Security.Authentication.SslProtocols]::Tls12, $false)
        $seen.Thumbprint = $secure.RemoteCertificate.GetCertHashString().ToUpperInvariant()
        $seen.State = 'seen'
    } catch {
        $seen.Message = "$($_.Exception.GetBaseException().Message)"
        if ($clock.IsCancellationRequested) { $seen.Message = "no answer within $limit seconds" }
    } finally {
        $clock.Dispose()
        if ($secure) { $secure.Dispose() }
        $tcp.Close()
    }
    $seen
}

function Write-Command($stream, $text) {
    $bytes = [Text.Encoding]::ASCII.GetBytes("$text`r`n")
    $stream.Write($bytes, 0, $bytes.Length)
}

# The reply of a mail server, which has to have that code, and at most so many bytes.
function Read-Reply($stream, $code) {
    $reply = New-Object Text.StringBuilder
    $begin = 0
    do {
        $byte = $stream.ReadByte()
        if ($byte -lt 0 -or $reply.Length -gt 8192) { throw 'no reply' }
        [void] $reply.Append([char] $byte)
        if ($byte -eq 10) {
            $line = $reply.ToString($begin, $reply.Length - $begin)
            $begin = $reply.Length
        }
    } until ($byte -eq 10 -and $line -match '^\d{3}( .*)?\r?\n\z')
    if (-not "$reply".StartsWith($code)) { throw "it replied $("$reply".Trim())" }
    "$reply"
}
# ---- the executor ----

function Set-Running($server, $name, $status) {
    Invoke-At $server {
        param($service)
        if ($service[1] -eq 'Stopped') { Stop-Service -Name $service[0] -Force -WarningAction SilentlyContinue -ErrorAction Stop }
        else { Start-Service -Name $service[0] -WarningAction SilentlyContinue -ErrorAction Stop }
    } @($name, $status)
}

# SMTP without the default: the question is answered No, by a host of its own or, where there is none, undone.
function Enable-Keeping($step) {
    $with = $quiet + @{ Thumbprint = $plan.New; Services = 'SMTP' }
    if (-not $plan.Edge) { $with.Server = $step.Server }
    if ($answering) {
        $talk = New-Object $answering.FullName (, [string[]] @($plan.New, $step.Keep.Former))
        $space = [Management.Automation.Runspaces.RunspaceFactory]::CreateRunspace($talk)
        $shell = [powershell]::Create()
        try {
            $space.Open()
            $shell.Runspace = $space
            [void] $shell.AddScript("$load").AddArgument($isSnapIn).AddArgument($true).Invoke()
            $shell.Commands.Clear()
            $shell.Streams.Error.Clear()
            [void] $shell.AddCommand('Enable-ExchangeCertificate').AddParameters($with).Invoke()
            if ($shell.Streams.Error.Count) { throw "$($shell.Streams.Error[0])" }
        } finally {
            $shell.Dispose()
            $space.Dispose()
        }
    } else {
        Enable-ExchangeCertificate @with -Force
    }
    $cache.Clear()
    if ((Read-Fact "default|$($step.Server)|") -ne $plan.New) { return }
    if (-not $step.Keep.Fallback) { throw 'the default SMTP certificate is the new one' }
    $with.Thumbprint = $step.Keep.Former
    Enable-ExchangeCertificate @with -Force
}

# Carries out a step, unless what it gives is there already; its undoing is on the stack before its call.
function Invoke-Step($step, $state) {
    if ($state -eq 'done' -and -not $run.Dropped -and -not $WhatIf -and $step['Undo']) { [void] $stack.Add($step) }
    $holds = try { Test-Gives $step } catch { Write-Line $step['Id'] $step.Server $step.What 'failed' $_; throw }
    if ($holds) {
        if ($state -eq 'done') { Write-Line $step['Id'] $step.Server $step.What 'already' }
        return
    }
    if ($WhatIf) { Write-Line $step['Id'] $step.Server $step.What 'would'; return }
    $reason = $null
    $run.Changed = $true
    if ($step['Id']) { $done[$step.Id] = $true }
    if (@($step.Gives.Keys) -like 'binding|*') { $run.Web = $true }
    try {
        if ($step['Keep']) { Enable-Keeping $step }
        elseif ($step['Stop']) { Set-Running $step.Server $step.Stop 'Stopped' }
        elseif ($step['Start']) { Set-Running $step.Server $step.Start 'Running' }
        else { $null = & $step.Call }
    } catch { $reason = $_ }
    # What the call said counts for less than what is there.
    $cache.Clear()
    $holds = try { Test-Gives $step } catch { $reason = $_; $false }
    if ($holds) { Write-Line $step['Id'] $step.Server $step.What $state $reason; return }
    if (-not $reason) { $reason = 'it was called, and changed nothing' }
    foreach ($fact in @($step.Gives.Keys) -like 'key|*') {
        try { if ((Read-Fact $fact) -eq 'KSP') { $reason = 'cng-key: its key is kept in a KSP' } } catch { }
    }
    Write-Line $step['Id'] $step.Server $step.What 'failed' $reason
    throw $reason
}

function Invoke-Unit($unit, $state) {
    if (-not $unit['Steps']) { Invoke-Step $unit $state; return }
    if ($state -eq 'done' -and (Test-Gives $unit)) { Write-Line $unit['Id'] $unit.Server $unit.What 'already'; return }
    try {
        foreach ($one in $unit.Steps) { if (-not ($NoRestart -and $one['Stop'])) { Invoke-Step $one $state } }
    } finally {
        if (-not $WhatIf) { Complete-Group $unit $state }
    }
}

# What comes in any case is tried twice.
function Complete-Group($group, $state) {
    $reason = $null
    foreach ($one in $group.Finally) {
        try { Invoke-Step $one $state } catch { try { Invoke-Step $one $state } catch { $reason = $_ } }
    }
    if ($reason) { throw $reason }
}

function Undo-Unit($unit) {
    if (Test-Gives $unit) { return }
    if (-not $unit['Removes']) { Invoke-Unit $unit 'undone'; return }
    $standing = @(Get-Standing $unit.Server $unit.Removes)
    # It may have been there before this run, and its key nowhere else.
    if (-not $pfx) { try { Open-Certificate } catch { $standing += "-PfxPath does not hold it: $_" } }
    if ($run.Clean -and -not $standing) { Invoke-Step $unit 'undone'; return }
    # It has to stay: with SMTP, or what has its name would choose it and could not read its key.
    $else = @($plan.Steps | Where-Object { $_['Id'] -eq $unit['Else'] })
    $reason = (@($standing) + 'something else was not undone')[0]
    Write-Line $unit['Id'] $unit.Server $unit.What 'failed' "it stays: $reason"
    if (-not $else) { throw "it stays: $reason" }
    try { Invoke-Step $else[0] 'done' } catch {
        # Exchange would refuse, but nothing stands on a certificate that never had a service.
        $services = Read-Fact "services|$($unit.Server)|$($unit.Removes)"
        if (-not $pfx -or (Split-Services $services) -contains 'SMTP') { throw }
        if (@(Get-Standing $unit.Server $unit.Removes -ButSend)) { throw }
        $call = {
            Invoke-At $unit.Server {
                param($thumbprint)
                Remove-Item -LiteralPath "Cert:\LocalMachine\My\$thumbprint" -DeleteKey -ErrorAction Stop
            } $unit.Removes
        }
        Invoke-Step @{ Server = $unit.Server; What = $unit.What; Gives = $unit.Gives; Call = $call } 'undone'
    }
}

# Nothing but the default goes back to a certificate that is outside its dates.
function Test-Outside($server) {
    [bool] @(@(if ($server) { $server } else { $plan.Servers.Keys }) | Where-Object { $plan.Servers[$_].Outside })
}

function Undo-Stack {
    for ($i = $stack.Count - 1; $i -ge 0; $i--) {
        foreach ($unit in @($stack[$i].Undo)) {
            try {
                if (Test-Gives $unit) { continue }
                $isFree = $unit['Removes'] -or @($unit['Gives'] | ForEach-Object { $_.Keys }) -like 'default|*'
                if (-not $isFree -and (Test-Outside $unit.Server)) { $run.Clean = $false; continue }
                $done[$stack[$i].Id] = $true
                # It is tried twice, as what comes in any case is.
                try { Undo-Unit $unit } catch { Undo-Unit $unit }
            } catch { $run.Clean = $false }
        }
    }
    $stack.Clear()
}

# ---- ports and restarts ----

function Show-Look($port, $seen, $state) {
    $message = if ($seen.Message) { $seen.Message } else { $seen.Thumbprint }
    Write-Line $null $port.Server "$($port.Endpoint) at $($port.Address):$($port.Port)" $state $message
}

# Looks until every port presents what it is to, or the time is over: what is not as it is to be.
function Get-Late($column, $ports) {
    $other = if ($column -eq 'After') { 'Before' } else { 'After' }
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $todo = @($ports)
    $bad = @()
    do {
        if ($bad) { Start-Sleep -Milliseconds ([Math]::Min(3000, 1000 * $plan.Limit)) }
        $bad = @()
        foreach ($port in $todo) {
            $seen = Get-Presented $port $plan.Limit
            $was = $first[$port]
            $is = if ($seen.State -ne 'seen') { if ($was.State -eq 'seen') { 'dead' } else { 'not-seen' } }
            elseif (@($port[$column]) -contains $seen.Thumbprint) { 'seen' }
            elseif (@($port[$other]) -contains $seen.Thumbprint) { 'late' } else { 'other' }
            # Where nothing is restarted, what is kept by a service stays.
            if ($NoRestart -and ($is -eq 'late' -or @('imap', 'pop') -contains $port.Kind)) {
                $is = 'not-seen'
                $seen.Message = 'not compared: nothing was restarted'
            }
            if (@('seen', 'not-seen') -contains $is) { Show-Look $port $seen $is }
            else { $bad += @{ Port = $port; Seen = $seen; Is = $is } }
        }
        $todo = @($bad | ForEach-Object { $_.Port })
    } while ($bad -and $watch.Elapsed.TotalSeconds -lt $plan.Wait)
    foreach ($one in $bad) { Show-Look $one.Port $one.Seen $(if ($one.Is -eq 'late') { 'late' } else { 'failed' }) }
    $bad
}

function Show-Port($bad) {
    [ordered] @{
        server = $bad.Port.Server; what = "$($bad.Port.Endpoint) at $($bad.Port.Address):$($bad.Port.Port)"
        before = $first[$bad.Port].Thumbprint; now = $bad.Seen.Thumbprint; planned = @($bad.Port.After) -join ' | '
    }
}

# Restarts those that ran when this run began.
function Restart-Running($server, $services) {
    foreach ($name in @($services)) {
        if ($running["$server|$name"] -ne 'Running') { continue }
        $run.Changed = $true
        try {
            $cache.Clear()
            if ((Read-Fact "runs|$server|$name") -ne 'Running') { Set-Running $server $name 'Running' }
            else {
                Invoke-At $server {
                    param($service)
                    Restart-Service -Name $service -Force -WarningAction SilentlyContinue -ErrorAction Stop
                } $name
            }
            Write-Line 'restart' $server $name 'done'
        } catch {
            # It may have been stopped, and not started.
            try { Set-Running $server $name 'Running' } catch { }
            Write-Line 'restart' $server $name 'failed' $_
            throw
        }
    }
}

function Restart-Planned([switch] $All) {
    foreach ($one in $plan.Restarts) {
        $isLate = @($plan.Ports | Where-Object {
            $_.Server -eq $one.Server -and $_.Kind -eq $one['Kind'] -and
            $first[$_].State -eq 'seen' -and @($_.After) -notcontains $first[$_].Thumbprint
        })
        if (-not $isLate -and -not @($one.After | Where-Object { $done[$_] })) { continue }
        if ($WhatIf) { Write-Line 'restart' $one.Server (@($one.Services) -join ', ') 'would'; continue }
        try { Restart-Running $one.Server $one.Services } catch { if (-not $All) { throw } }
    }
}

# Services that a late port needs, once each.
function Restart-Late($bad) {
    $once = @{}
    foreach ($one in @($bad)) {
        $name = "$($one.Port.Server)|$($one.Port['Late'])"
        if ($one.Is -ne 'late' -or -not $one.Port['Late'] -or $once[$name]) { continue }
        $once[$name] = $true
        Restart-Running $one.Port.Server $one.Port.Late
    }
}

function Restart-Web {
    # The script's own last: its shell runs through IIS.
    $servers = @($plan.Servers.Keys | Where-Object { $_ -ne $env:COMPUTERNAME })
    $servers += @($plan.Servers.Keys | Where-Object { $_ -eq $env:COMPUTERNAME })
    foreach ($server in $servers) {
        $ports = @($plan.Ports | Where-Object { $_.Server -eq $server -and $_.Kind -eq 'https' })
        if (-not $ports) { continue }
        if ($WhatIf) { Write-Line 'restart' $server 'iisreset' 'would'; continue }
        try {
            Invoke-At $server {
                param($option)
                $null = iisreset $option
                if ($LASTEXITCODE) { throw "iisreset ended with $LASTEXITCODE" }
            } '/noforce'
            Write-Line 'restart' $server 'iisreset' 'done'
            $bad = @(Get-Late 'After' $ports)
        } catch {
            Write-Line 'restart' $server 'iisreset' 'failed' $_
            [void] $open.Add([ordered] @{ server = $server; what = 'iisreset'; before = $null; now = 'failed'; planned = 'done' })
            return
        }
        foreach ($one in $bad) { [void] $open.Add((Show-Port $one)) }
        if ($bad) { return }
    }
}
# ---- start ----

# Exchange's own scripts know neither strict mode nor other preferences than the usual ones.
$load = {
    param($isSnapIn, $isAnew)
    Set-StrictMode -Off
    $ErrorActionPreference = $global:ErrorActionPreference = 'Continue'
    $global:WarningPreference = 'Continue'
    $global:ConfirmPreference = 'None'
    $global:WhatIfPreference = $WhatIfPreference = $false
    if (-not $isAnew -and (Get-Command Enable-ExchangeCertificate -ErrorAction Ignore)) { return }
    . {
        if ($isSnapIn) { Add-PSSnapin Microsoft.Exchange.Management.PowerShell.SnapIn -ErrorAction Stop }
        else {
            . ([IO.Path]::Combine("$env:ExchangeInstallPath", 'bin', 'RemoteExchange.ps1'))
            Connect-ExchangeServer -auto -ClientApplication:ManagementShell
        }
    } *> $null
}

$answerer = @'
using System; using System.Collections.Generic; using System.Collections.ObjectModel; using System.Globalization;
using System.Management.Automation; using System.Management.Automation.Host; using System.Security;
namespace ExchangeCertificates {
    public class AnsweringHost : PSHost {
        readonly Guid id = Guid.NewGuid(); readonly AnsweringInterface ui;
        public AnsweringHost(string[] thumbprints) { ui = new AnsweringInterface(thumbprints); }
        public override CultureInfo CurrentCulture { get { return CultureInfo.InvariantCulture; } }
        public override CultureInfo CurrentUICulture { get { return CultureInfo.InvariantCulture; } }
        public override Guid InstanceId { get { return id; } }
        public override string Name { get { return "ExchangeCertificates"; } }
        public override PSHostUserInterface UI { get { return ui; } }
        public override Version Version { get { return new Version(1, 0); } }
        public override void EnterNestedPrompt() { throw new NotSupportedException(); }
        public override void ExitNestedPrompt() { }
        public override void NotifyBeginApplication() { }
        public override void NotifyEndApplication() { }
        public override void SetShouldExit(int exitCode) { }
    }
    public class AnsweringInterface : PSHostUserInterface {
        readonly string[] thumbprints;
        public AnsweringInterface(string[] thumbprints) { this.thumbprints = thumbprints; }
        static Exception Other(string text) { return new HostException("another question was asked: " + text); }
        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) {
            string text = caption + " " + message;
            foreach (string one in thumbprints)
                if (one.Length == 0 || text.IndexOf(one, StringComparison.OrdinalIgnoreCase) < 0) throw Other(text);
            return choices.Count > 3 ? 2 : 1;
        }
        public override PSHostRawUserInterface RawUI { get { return null; } }
        public override Dictionary<string, PSObject> Prompt(string c, string m, Collection<FieldDescription> d) { throw Other(c + " " + m); }
        public override PSCredential PromptForCredential(string c, string m, string u, string t) { throw Other(c + " " + m); }
        public override PSCredential PromptForCredential(string c, string m, string u, string t, PSCredentialTypes a,
            PSCredentialUIOptions o) { throw Other(c + " " + m); }
        public override string ReadLine() { throw Other("a line"); }
        public override SecureString ReadLineAsSecureString() { throw Other("a line"); }
        public override void Write(string v) { }
        public override void Write(ConsoleColor f, ConsoleColor b, string v) { }
        public override void WriteLine(string v) { }
        public override void WriteErrorLine(string v) { }
        public override void WriteDebugLine(string m) { }
        public override void WriteProgress(long s, ProgressRecord r) { }
        public override void WriteVerboseLine(string m) { }
        public override void WriteWarningLine(string m) { }
    }
}
'@

# Every command of the plan has to be there, with its parameters: a role that lacks them takes them away.
function Test-Commands {
    foreach ($call in @(Get-Calls $plan.Steps) + @(Get-Calls $plan.Removals)) {
        foreach ($node in $call.Ast.FindAll({ param($n) $n -is [Management.Automation.Language.CommandAst] }, $false)) {
            $name = $node.GetCommandName()
            if ($name -eq 'Invoke-At') { continue }
            $command = Get-Command $name -ErrorAction Ignore
            if (-not $command) { Stop-Run 'cannot-run' '' $name 'this shell, or your role in it, lacks the cmdlet' }
            foreach ($one in $node.CommandElements) {
                if ($one -isnot [Management.Automation.Language.CommandParameterAst]) { continue }
                $parameter = $one.ParameterName
                if (@($command.Parameters.Keys) -like "$parameter*") { continue }
                Stop-Run 'cannot-run' '' $name "your role lacks its parameter -$parameter"
            }
        }
    }
}

function Get-Calls($units) {
    foreach ($unit in @($units)) {
        if (-not $unit) { continue }
        if ($unit['Call']) { $unit.Call }
        Get-Calls (@($unit['Steps']) + @($unit['Finally']) + @($unit['Undo']))
    }
}

function Open-Certificate {
    if (-not $PfxPath) { throw '-PfxPath is not given' }
    $script:password = $PfxPassword
    if ($PfxPasswordFile) { $script:password = Import-Clixml -LiteralPath $PfxPasswordFile -ErrorAction Stop }
    if ($password -isnot [securestring]) { throw '-PfxPassword or -PfxPasswordFile holds no password' }
    $bytes = [IO.File]::ReadAllBytes($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($PfxPath))
    # 32 is EphemeralKeySet: the key is written nowhere.
    $ephemeral = [Security.Cryptography.X509Certificates.X509KeyStorageFlags] 32
    $opened = New-Object Security.Cryptography.X509Certificates.X509Certificate2($bytes, $password, $ephemeral)
    if ($opened.Thumbprint -ne $plan.New) { throw "it holds $($opened.Thumbprint)" }
    if (-not $opened.HasPrivateKey) { throw 'it holds no private key' }
    $script:pfx = $bytes
}

function Start-Run {
    if ([IntPtr]::Size -ne 8) {
        Stop-Run 'cannot-run' '' 'PowerShell' "it is 32-bit: run $env:windir\sysnative\WindowsPowerShell\v1.0\powershell.exe"
    }
    try { [IO.File]::AppendAllText($LogPath, '') } catch { Stop-Run 'cannot-run' '' 'the log' $_ }
    if ([Environment]::OSVersion.Platform -eq 'Win32NT') {
        $who = New-Object Security.Principal.WindowsPrincipal([Security.Principal.WindowsIdentity]::GetCurrent())
        if (-not $who.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
            Stop-Run 'cannot-run' '' 'PowerShell' 'it does not run as administrator'
        }
    }
    if ($plan.Edge -and $plan.Edge -ne $env:COMPUTERNAME) {
        Stop-Run 'cannot-run' $plan.Edge 'this computer' "it is $env:COMPUTERNAME"
    }
    $isFree = try { $mutex.WaitOne(0) } catch [Threading.AbandonedMutexException] { $true }
    if (-not $isFree) { Stop-Run 'cannot-run' '' 'this script' 'another run of such a script has not ended' }
    $run.Owns = $true
    try { & $load $isSnapIn $false } catch { Stop-Run 'cannot-run' '' 'the cmdlets of Exchange' $_ }
    if (-not (Get-Command Enable-ExchangeCertificate -ErrorAction Ignore)) {
        Stop-Run 'cannot-run' '' 'the cmdlets of Exchange' 'they are not there'
    }
    Test-Commands
    foreach ($server in $plan.Twins.Keys) {
        Write-Line $null $server $plan.Twins[$server] 'not-seen' 'it comes first, and whether it ran cannot be seen from here'
    }

    foreach ($fact in $plan.Facts.Keys) {
        $kind, $server, $what = $fact -split '\|', 3
        $name = "$kind $what".Trim()
        $now = try { Read-Fact $fact }
        catch [Management.Automation.CommandNotFoundException] { Stop-Run 'cannot-run' $server $name "your role lacks what reads it: $_" }
        catch { Stop-Run 'stale' $server $name "it cannot be read: $_" }
        $allowed = @($plan.Facts[$fact] | Where-Object { Test-Value $fact $now $_ })
        if (-not $allowed.Count) { Stop-Run 'stale' $server $name "it is '$now'" }
    }
    foreach ($server in $plan.Servers.Keys) {
        $old = @(Get-Source certificates $server | Where-Object { $_.Thumbprint -eq $plan.Servers[$server].Old })
        if ($old -and $old[0].PSObject.Properties['NotAfter'] -and $old[0].NotAfter -lt (Get-Date)) { $plan.Servers[$server].Outside = $true }
    }
    foreach ($name in @(foreach ($one in $plan.Restarts) { foreach ($service in $one.Services) { "$($one.Server)|$service" } }) +
        @($plan.Ports | Where-Object { $_['Late'] } | ForEach-Object { "$($_.Server)|$($_.Late)" })) {
        $running[$name] = try { Read-Fact "runs|$name" } catch { '' }
    }
    foreach ($one in $plan.Unseen) { Write-Line $null $one.Server $one.Endpoint 'not-seen' 'it cannot be looked at' }
    foreach ($port in $plan.Ports) {
        $seen = $first[$port] = Get-Presented $port $plan.Limit
        $isPlanned = (@($port.Before) + @($port.After)) -contains $seen.Thumbprint
        if ($seen.State -ne 'seen' -or $isPlanned) { Show-Look $port $seen $seen.State; continue }
        Stop-Run 'stale' $port.Server "$($port.Endpoint) at $($port.Address):$($port.Port)" "it presents $($seen.Thumbprint)"
    }
    if (@($plan.Steps | Where-Object { $_['Id'] -like 'import|*' -and -not (Test-Gives $_) })) {
        try { Open-Certificate } catch { Stop-Run 'cannot-run' '' 'the .pfx file' $_ }
    }
    $keeping = @($plan.Steps | Where-Object { $_['Keep'] -and -not (Test-Gives $_) })
    if ($keeping) {
        $name = 'ExchangeCertificates.AnsweringHost'
        try { if (-not ($name -as [type])) { Add-Type -TypeDefinition $answerer -ErrorAction Stop } } catch { }
        $script:answering = $name -as [type]
        foreach ($step in $keeping) {
            if ($answering -or $step.Keep.Fallback) { continue }
            Stop-Run 'cannot-run' $step.Server $step.What 'Add-Type is forbidden here: without it the default cannot be kept'
        }
    }
    # A removal that was carried out by a former run: from there nothing is taken back.
    foreach ($one in Get-Removals $plan.Removals) { if (Test-Gives $one) { $run.Dropped = $true } }
}

# ---- the run ----

# The steps among units that remove a certificate.
function Get-Removals($units) {
    foreach ($unit in @($units)) { foreach ($one in @($unit) + @($unit['Steps'])) { if ($one -and $one['Removes']) { $one } } }
}

function Invoke-Steps {
    foreach ($unit in $plan.Steps) {
        $lacks = @($unit['Needs'] | Where-Object { $_ -and $failed[$_] })
        if ($lacks) {
            $failed[$unit.Id] = $true
            Write-Line $unit.Id $unit.Server $unit.What 'failed' "not done: $lacks failed"
            continue
        }
        try { Invoke-Unit $unit 'done' } catch {
            if (-not (Test-Outside $unit.Server)) { throw }
            # Nothing goes back to a certificate that is outside its dates, but one that is only half there goes.
            $failed[$unit.Id] = $true
            if ($run.Dropped) { continue }
            foreach ($entry in @($stack | Where-Object { $_.Server -eq $unit.Server })) {
                foreach ($undo in @($entry.Undo | Where-Object { $_['Removes'] })) {
                    try {
                        $services = Read-Fact "services|$($undo.Server)|$($undo.Removes)"
                        if ((Split-Services $services) -notcontains 'SMTP') { Undo-Unit $undo; $failed[$entry.Id] = $true }
                    } catch { }
                }
            }
        }
    }
}

function Invoke-Removals {
    foreach ($unit in $plan.Removals) {
        $why = @()
        if ($NoRestart) { $why = @('nothing is removed with -NoRestart') }
        elseif ($failed.Count) { $why = @('a step failed') }
        elseif ($unit['Switch'] -and -not $StopTransport) { $why = @('it needs -StopTransport') }
        $removes = @(Get-Removals $unit)
        try {
            if (Test-Gives $unit) { Write-Line $unit['Id'] $unit.Server $unit.What 'already'; continue }
            if (-not $why -and -not $WhatIf) {
                # Read directly before it.
                $cache.Clear()
                $why = @(foreach ($one in $removes) { Get-Standing $one.Server $one.Removes -ButSend:([bool] $unit['Steps']) })
            }
            if (-not $why) { $run.Dropped = $run.Dropped -or -not $WhatIf; Invoke-Unit $unit 'done'; continue }
            foreach ($one in $removes) {
                if ((Read-Fact "services|$($one.Server)|$($one.Removes)") -eq 'absent') { continue }
                foreach ($fact in $one.Gives.Keys) { $stays[$fact] = $true }
                Write-Line $one['Id'] $one.Server $one.What 'already' "it stays: $($why[0])"
            }
            # A run that was broken off may have left transport stopped.
            $unfinished = @($unit['Finally'] | Where-Object { $_ -and -not (Test-Gives $_) })
            if ($unfinished -and -not $WhatIf) { Complete-Group @{ Finally = $unfinished } 'done' }
        } catch { $failed[$unit['Id']] = $true }
    }
}

function Complete-Run($outcome, $exit, $left) {
    Write-Json ([ordered] @{ outcome = $outcome; exit = $exit; left = @($left) })
    $run.Exit = $exit
}

function Invoke-Run {
    $bad = @()
    try {
        Start-Run
        $run.Started = $true
        Invoke-Steps
        if (-not $NoRestart) { Restart-Planned }
        if ($WhatIf) {
            foreach ($port in $plan.Ports) { Show-Look $port @{ Thumbprint = $null; Message = 'it is looked at again' } 'would' }
        } else {
            $bad = @(Get-Late 'After' $plan.Ports)
            if (-not $NoRestart -and @($bad | Where-Object { $_.Is -eq 'late' -and $_.Port['Late'] })) {
                Restart-Late $bad
                $bad = @(Get-Late 'After' @($bad | ForEach-Object { $_.Port }))
            }
            if (@($bad | Where-Object { $_.Is -ne 'late' }) -and -not $failed.Count) { throw 'a port presents what it is not to' }
        }
        if (-not $bad) { Invoke-Removals }
        else { foreach ($one in Get-Removals $plan.Removals) { foreach ($fact in $one.Gives.Keys) { $stays[$fact] = $true } } }
    } catch {
        if ($run.Outcome) { Complete-Run $run.Outcome $run.Exit @(); return }
        Write-Line $null '' 'this run' 'failed' $_
        if (-not $run.Started) { Complete-Run 'stale' 3 @(); return }
        if (-not $run.Dropped) {
            # A run that has changed nothing takes nothing back: what it found is of another one.
            if ($run.Changed) {
                Undo-Stack
                if (-not $NoRestart) { Restart-Planned -All }
                $bad = @(Get-Late 'Before' $plan.Ports)
                if (-not $NoRestart -and @($bad | Where-Object { $_.Is -eq 'late' -and $_.Port['Late'] })) {
                    try { Restart-Late $bad } catch { }
                    $bad = @(Get-Late 'Before' @($bad | ForEach-Object { $_.Port }))
                }
            }
            $cache.Clear()
            $facts = @(Get-Left 0)
            # What was carried out by a former run, and is as planned, is not listed.
            $other = if ($run.Changed) { $facts } else { @(Get-Left 1) }
            if (@($other).Count -lt $facts.Count) { $facts = @($other) }
            $left = @($facts | ForEach-Object { $_.Show }) + @($bad | ForEach-Object { Show-Port $_ })
            if ($left) { Complete-Run 'failed' 2 $left } else { Complete-Run 'undone' 6 @() }
            return
        }
        $failed['run'] = $true
    }
    if ($WhatIf) { Complete-Run 'what-if' 0 @(); return }
    $cache.Clear()
    $facts = @(Get-Left 1)
    $left = @($facts | ForEach-Object { $_.Show }) + @($bad | ForEach-Object { Show-Port $_ })
    $wrong = @($facts | Where-Object { -not $stays[$_.Fact] })
    if (-not $wrong -and -not $failed.Count -and $bad) { Complete-Run 'pending' 5 $left; return }
    if (-not $wrong -and -not $failed.Count -and ($RestartIis -or $plan.Layer4) -and -not $NoRestart -and $run.Web) { Restart-Web }
    $left += @($open)
    if ($wrong -or $failed.Count -or $open.Count) { Complete-Run 'failed' 2 $left }
    else { Complete-Run $(if ($run.Changed) { 'done' } else { 'nothing-to-do' }) 0 $left }
}

if (-not $LogPath) { $LogPath = "$PSCommandPath.log" }
$LogPath = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($LogPath)
$isSnapIn = [bool] ($SnapIn -or $plan.Edge)
# What the caller has set is given back; Exchange's cmdlets see what is global, and nothing else.
$former = @{}
foreach ($name in 'ErrorActionPreference', 'WarningPreference', 'ConfirmPreference', 'WhatIfPreference') {
    $former[$name] = Get-Variable $name -Scope Global -ValueOnly
}
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$WhatIfPreference = $false
$ConfirmPreference = 'None'
$PSDefaultParameterValues = @{}
$mutex = New-Object Threading.Mutex($false, 'Global\ExchangeCertificates')
try { & { Invoke-Run } *> $null }
catch { Write-Line $null '' 'this run' 'failed' $_; Complete-Run 'failed' 2 @() }
finally {
    if ($run['Owns']) { $mutex.ReleaseMutex() }
    foreach ($name in $former.Keys) { Set-Variable $name $former[$name] -Scope Global }
}
exit $run.Exit
