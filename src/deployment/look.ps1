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
