# Runs the probe script in each situation of a folder, each in a session of its own, against listeners on the loopback.
#
# A situation is a folder as for collect.ps1, with its script in probe.ps1. In its texts %port:KIND-NAME% stands for a port
# of this computer; KIND says who listens there:
#
#   tls      presents LATER to who asks for mail.contoso.com, else FIRST
#   mail     offers STARTTLS, and presents FIRST
#   plain    offers no STARTTLS
#   busy     greets with 421
#   endless  begins a greeting that never ends
#   drip     begins TLS, and goes on with a byte now and then
#   silent   takes what is said and never answers
#   close    closes each connection
#   nobody   nobody listens
#
# said.txt, calls.txt, and told.json with ports and thumbprints are written into it.
param([string] $Module, [string] $Folder)
$ErrorActionPreference = 'Stop'

Add-Type -IgnoreWarnings -WarningAction Ignore -TypeDefinition @'
using System; using System.Collections.Generic; using System.IO; using System.Net; using System.Net.Security; using System.Net.Sockets;
using System.Security.Authentication; using System.Security.Cryptography.X509Certificates; using System.Text; using System.Threading.Tasks;
public static class Listeners {
    public static X509Certificate2 First, Later;
    public static int Open(string kind) {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        if (kind == "nobody") { listener.Stop(); return port; }
        Task.Run(async () => { while (true) { var client = await listener.AcceptTcpClientAsync(); _ = Task.Run(() => Serve(client, kind)); } });
        return port;
    }
    static void Serve(TcpClient client, string kind) {
        try {
            using (client) {
                var stream = client.GetStream();
                switch (kind) {
                    case "tls": Present(stream); break;
                    case "mail":
                        Say(stream, "220-mail.contoso.com\r\n220 ready"); Hear(stream);
                        Say(stream, "250-mail.contoso.com\r\n250-STARTTLS\r\n250 SIZE"); Hear(stream);
                        Say(stream, "220 go"); Present(stream); break;
                    case "plain":
                        Say(stream, "220 ready"); Hear(stream);
                        Say(stream, "250-mail.contoso.com\r\n250 SIZE 1"); Hear(stream); break;
                    case "busy": Say(stream, "421 4.3.2 Service not available"); Hear(stream); break;
                    case "endless": while (true) Say(stream, "220-and more"); 
                    case "drip": stream.Write(new byte[] { 22, 3, 3, 64, 0 }); while (true) { stream.WriteByte(2); Task.Delay(300).Wait(); }
                    case "silent": while (stream.ReadByte() >= 0) { } break;
                }
            }
        } catch (Exception) { }
    }
    static void Present(Stream stream) {
        using (var tls = new SslStream(stream)) {
            tls.AuthenticateAsServer(new SslServerAuthenticationOptions {
                EnabledSslProtocols = SslProtocols.Tls12,
                ServerCertificateSelectionCallback = (_, name) => name == "mail.contoso.com" ? Later : First });
            tls.ReadByte();
        }
    }
    static void Say(Stream stream, string text) { var bytes = Encoding.ASCII.GetBytes(text + "\r\n"); stream.Write(bytes, 0, bytes.Length); }
    static void Hear(Stream stream) { int one; while ((one = stream.ReadByte()) >= 0 && one != 10) { } }
}
'@

function New-Certificate($subject) {
    $key = [Security.Cryptography.RSA]::Create(2048)
    $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new($subject, $key, 'SHA256', [Security.Cryptography.RSASignaturePadding]::Pkcs1)
    # Outside its dates: any certificate will do for a look.
    $made = $request.CreateSelfSigned([DateTimeOffset]::UtcNow.AddDays(-400), [DateTimeOffset]::UtcNow.AddDays(-30))
    [Security.Cryptography.X509Certificates.X509CertificateLoader]::LoadPkcs12($made.Export('Pfx', 'a'), 'a')
}
[Listeners]::First = New-Certificate 'CN=MBX01'
[Listeners]::Later = New-Certificate 'CN=mail.contoso.com'

$ports = @{}
function Expand-Port($text) {
    [regex]::Replace($text, '%port:((\w+)-\w+)%', {
        param($match)
        $name = $match.Groups[1].Value
        if (-not $ports.ContainsKey($name)) { $ports[$name] = [Listeners]::Open($match.Groups[2].Value) }
        "$($ports[$name])"
    })
}

foreach ($situation in Get-ChildItem -LiteralPath $Folder -Directory | Sort-Object Name) {
    $organization = Join-Path $situation 'organization.json'
    Set-Content -LiteralPath $organization -NoNewline -Value (Expand-Port (Get-Content -LiteralPath $organization -Raw))
    $text = Expand-Port (Get-Content -LiteralPath (Join-Path $situation 'probe.ps1') -Raw)
    $place = Get-Content -LiteralPath (Join-Path $situation 'place.json') -Raw | ConvertFrom-Json
    $env:COMPUTERNAME = $place.computer
    $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
    $null = $shell.AddScript({
        param($module, $organization, $place)
        Set-Variable HOME $place -Force -Scope Global
        Import-Module $module -DisableNameChecking
        foreach ($cmdlet in Set-Organization $organization) { Remove-Item "function:$cmdlet" }
    }).AddArgument($Module).AddArgument($organization).AddArgument($place.home).Invoke()
    if ($shell.HadErrors) { throw "$($situation.Name): $($shell.Streams.Error)" }
    $shell.Commands.Clear()
    $said = @(
        try {
            $null = $shell.AddScript([IO.File]::ReadAllText((Join-Path $situation 'session.ps1'))).Invoke()
            $shell.Commands.Clear()
            $shell.AddScript($text).Invoke()
        } catch {
            "thrown: $($_.Exception.InnerException.Message)"
        }
        $shell.Streams.Information
        $shell.Streams.Warning | ForEach-Object { "warning: $_" }
        $shell.Streams.Error | ForEach-Object { "error: $_" }
    )
    $said | Out-File -LiteralPath (Join-Path $situation 'said.txt') -Width 10000
    $shell.Runspace.SessionStateProxy.SetVariable('ErrorActionPreference', 'Continue')
    $shell.Commands.Clear()
    $shell.AddScript('Get-OrganizationCall').Invoke() | Out-File -LiteralPath (Join-Path $situation 'calls.txt') -Width 10000
    $shell.Dispose()
    $told = @{ ports = $ports; FIRST = [Listeners]::First.Thumbprint; LATER = [Listeners]::Later.Thumbprint }
    Set-Content -LiteralPath (Join-Path $situation 'told.json') -Value (ConvertTo-Json $told)
}
# The listeners end with the process.
[Environment]::Exit(0)
