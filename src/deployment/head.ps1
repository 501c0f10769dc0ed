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
