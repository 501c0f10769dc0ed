# Which certificate is presented at a port: State is seen or not-seen. It sends a greeting, and nothing else.
function Get-Presented($port, $limit) {
    $seen = @{ State = 'not-seen'; Thumbprint = $null; Message = '' }
    $wait = [int] ($limit * 1000)
    $tcp = New-Object Net.Sockets.TcpClient
    $secure = $null
    try {
        $pending = $tcp.BeginConnect($port['Address'], $port['Port'], $null, $null)
        if (-not $pending.AsyncWaitHandle.WaitOne($wait)) { throw 'no answer' }
        $tcp.EndConnect($pending)
        $stream = $tcp.GetStream()
        $stream.ReadTimeout = $stream.WriteTimeout = $wait
        if ($port['StartTls']) {
            [void] (Read-Reply $stream $limit '220')
            Write-Command $stream "EHLO $([Net.Dns]::GetHostName() -replace '[^A-Za-z0-9.-]')"
            if ((Read-Reply $stream $limit '250') -notmatch '(?m)^250[- ]STARTTLS\s*$') { throw 'no STARTTLS is offered' }
            Write-Command $stream 'STARTTLS'
            [void] (Read-Reply $stream $limit '220')
        }
        # Any certificate will do for a look. Older .NET Frameworks would offer TLS 1.0 by themselves.
        $secure = New-Object Net.Security.SslStream($stream, $false, [Net.Security.RemoteCertificateValidationCallback] { $true })
        $secure.AuthenticateAsClient($port['Name'], $null, [Security.Authentication.SslProtocols]::Tls12, $false)
        $seen.Thumbprint = $secure.RemoteCertificate.GetCertHashString().ToUpperInvariant()
        $seen.State = 'seen'
    } catch {
        $seen.Message = "$($_.Exception.GetBaseException().Message)"
    } finally {
        if ($secure) { $secure.Dispose() }
        $tcp.Close()
    }
    $seen
}

function Write-Command($stream, $text) {
    $bytes = [Text.Encoding]::ASCII.GetBytes("$text`r`n")
    $stream.Write($bytes, 0, $bytes.Length)
}

# The reply of a mail server, which has to have that code, in that time, and at most so many bytes.
function Read-Reply($stream, $limit, $code) {
    $reply = New-Object Text.StringBuilder
    $watch = [Diagnostics.Stopwatch]::StartNew()
    do {
        $byte = $stream.ReadByte()
        if ($byte -lt 0 -or $reply.Length -gt 8192 -or $watch.Elapsed.TotalSeconds -gt $limit) { throw 'no reply' }
        [void] $reply.Append([char] $byte)
    } until ("$reply" -match '(?m)^\d{3}( .*)?\r?\n\z')
    if (-not "$reply".StartsWith($code)) { throw "it replied $("$reply".Trim())" }
    "$reply"
}
