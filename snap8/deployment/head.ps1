[CmdletBinding(PositionalBinding = $false)]
param(
    # The new certificate with its private key, where a server lacks it, and its password.
    [string] $PfxPath,
    [securestring] $PfxPassword,
    # Export-Clixml of the password, by the account that runs this script, on this computer.
    [string] $PfxPasswordFile,
    # Default: the path of this script, and .log.
    [string] $LogPath,
    # Restarts nothing, and removes nothing.
    [switch] $NoRestart,
    [switch] $RestartIis,
    # Stops transport where a certificate that a Send connector names is removed.
    [switch] $StopTransport,
    # Exchange's snap-in in place of its remote shell: for SYSTEM, and always on an Edge Transport server.
    [switch] $SnapIn,
    # Says what would be done.
    [switch] $WhatIf
)
