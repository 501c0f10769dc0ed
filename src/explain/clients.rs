//! What Outlook, browsers and other clients say of the certificate that they are shown.

use super::known::{KnownText, Publication, Sign};
use super::steps::Step;
use crate::endpoint::EndpointKind;
use crate::service::Service;

const WEB: &[EndpointKind] = &[EndpointKind::DefaultWebSite];
const CHROME: Publication =
    Publication::new("Common SSL errors explained", "https://ssl.studio/common-ssl-errors-explained/");
const FIREFOX: Publication = Publication::new(
    "What do the security warning codes mean?",
    "https://support.mozilla.org/kb/what-does-your-connection-is-not-secure-mean",
);
const OUTLOOK: Publication = Publication::new(
    "How to suppress the AutoDiscover mismatch warning in Outlook",
    "https://support.microsoft.com/help/2783881",
);
const PROXY: Publication =
    Publication::new("How to fix error code 10", "http://www.theemailadmin.com/2011/05/how-to-fix-error-code-10/");
const CHAIN: Publication = Publication::new(
    "COM error codes (security and setup)",
    "https://learn.microsoft.com/windows/win32/com/com-error-codes-4",
);

const LOOK: &[Step] = &[Step::TlsBindings, Step::CertificatesForHost];
const LOOK_DATE: &[Step] = &[
    Step::TlsBindings,
    Step::Certificates,
    Step::Words("the clock of the client, and the certificate of a load balancer"),
];
const LOOK_ROOT: &[Step] = &[
    Step::TlsBindings,
    Step::Certificates,
    Step::Words(
        "whether the file of the CA held the intermediate certificates, and whether a load balancer shows them",
    ),
];
const EXPIRED: &[&str] = &["audit-expired", "audit-endpoint-expired", "load-balancer-certificate"];
const NAME: &[&str] = &["iis-name-not-covered", "audit-client-name-uncovered", "audit-endpoint-fails"];
const ROOT: &[&str] = &["self-signed", "audit-endpoint-self-signed", "status-not-valid"];
const DO_RENEW: &[Step] = &[Step::Renew, Step::Assign(Service::IIS)];
const DO_NAME: &[Step] = &[
    Step::Words(
        "let the URLs of Exchange name a host that the certificate covers, or renew with every name that clients use; \
                 if another certificate covers the name:",
    ),
    Step::Assign(Service::IIS),
];
const DO_ROOT: &[Step] = &[
    Step::Words(
        "show a certificate of a CA that the clients trust, with its intermediate certificates in the store of the \
                 computer:",
    ),
    Step::Assign(Service::IIS),
];

const fn client(
    id: &'static str,
    signs: &'static [Sign],
    meaning: &'static str,
    (look_at, rules, remedy): (&'static [Step], &'static [&'static str], &'static [Step]),
    source: Publication,
) -> KnownText {
    KnownText { id, signs, unless: &[], meaning, about: WEB, look_at, rules, remedy, source }
}

type Kind = (&'static [Step], &'static [&'static str], &'static [Step]);
const OF_DATE: Kind = (LOOK_DATE, EXPIRED, DO_RENEW);
const OF_NAME: Kind = (LOOK, NAME, DO_NAME);
const OF_ROOT: Kind = (LOOK_ROOT, ROOT, DO_ROOT);
const OF_REVOKED: Kind = (LOOK_DATE, &["status-not-valid", "audit-status"], DO_RENEW);
const OF_SIGNATURE: Kind = (LOOK_DATE, &["weak-signature", "weak-key", "audit-weak"], DO_RENEW);

pub(super) static KNOWN: &[KnownText] = &[
    client(
        "chrome-date",
        &[Sign::Words(&["ERR_CERT_DATE_INVALID"])],
        "The certificate that the browser was shown is outside its dates, or the clock of the client is wrong.",
        OF_DATE,
        CHROME,
    ),
    client(
        "chrome-name",
        &[Sign::Words(&["ERR_CERT_COMMON_NAME_INVALID"])],
        "The certificate that the browser was shown does not name the host in the address among its alternative names.",
        OF_NAME,
        CHROME,
    ),
    client(
        "chrome-authority",
        &[Sign::Words(&["ERR_CERT_AUTHORITY_INVALID"])],
        "The browser does not trust the issuer of the certificate: a self-signed one, a private CA's, or an intermediate \
         certificate that is not sent.",
        OF_ROOT,
        CHROME,
    ),
    client(
        "chrome-revoked",
        &[Sign::Words(&["ERR_CERT_REVOKED"])],
        "The CA has revoked the certificate that the browser was shown.",
        OF_REVOKED,
        CHROME,
    ),
    client(
        "chrome-weak-signature",
        &[Sign::Words(&["ERR_CERT_WEAK_SIGNATURE_ALGORITHM"])],
        "A certificate of the chain is signed with a broken hash like SHA-1.",
        OF_SIGNATURE,
        CHROME,
    ),
    client(
        "firefox-issuer",
        &[Sign::Words(&["SEC_ERROR_UNKNOWN_ISSUER"])],
        "Firefox does not know the issuer of the certificate: a private CA's, which it does not take from Windows by default, or \
         an intermediate certificate that is not sent.",
        OF_ROOT,
        FIREFOX,
    ),
    client(
        "firefox-self-signed",
        &[Sign::Words(&["MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT"])],
        "The certificate that Firefox was shown is self-signed: that of setup, which clients should not meet.",
        OF_ROOT,
        FIREFOX,
    ),
    client(
        "firefox-name",
        &[Sign::Words(&["SSL_ERROR_BAD_CERT_DOMAIN"])],
        "The certificate that Firefox was shown does not name the host in the address.",
        OF_NAME,
        FIREFOX,
    ),
    client(
        "firefox-expired",
        &[Sign::Words(&["SEC_ERROR_EXPIRED_CERTIFICATE"])],
        "The certificate that Firefox was shown has expired.",
        OF_DATE,
        FIREFOX,
    ),
    client(
        "outlook-name",
        &[
            Sign::Words(&["The name on the security certificate is invalid or does not match the name of the site"]),
            Sign::Words(&["The name of the security certificate is invalid or does not match the name of the site"]),
            Sign::Words(&[
                "The name on the security certificate is invalid or does not match the name of the target site",
            ]),
        ],
        "Outlook connected by a name that the certificate lacks: a URL of Exchange with the server's own name, Autodiscover of \
         the domain, or a service connection point with another name.",
        OF_NAME,
        OUTLOOK,
    ),
    client(
        "outlook-authority",
        &[
            Sign::Words(&["The security certificate is not from a trusted certifying authority"]),
            Sign::Words(&["The security certificate was issued by a company you have not chosen to trust"]),
        ],
        "Outlook does not trust the issuer of the certificate: that of setup is shown, as on a server added to a balanced set, or \
         a private CA's.",
        OF_ROOT,
        PROXY,
    ),
    client(
        "outlook-date",
        &[
            Sign::Words(&["The security certificate has expired or is not yet valid"]),
            Sign::Words(&["The security certificate date is invalid"]),
        ],
        "The certificate that Outlook was shown is outside its dates, or the clock of the client is wrong.",
        OF_DATE,
        PROXY,
    ),
    KnownText {
        id: "outlook-proxy",
        signs: &[Sign::Words(&["There is a problem with the proxy server's security certificate"])],
        unless: &["outlook-name", "outlook-authority"],
        meaning: "Outlook Anywhere did not accept the certificate; the error code is a sum: 1 and 4 are of revocation, 2 is of an \
                  invalid one, 8 of its issuer, 10 of its name, 20 of its dates.",
        about: WEB,
        look_at: LOOK,
        rules: NAME,
        remedy: DO_NAME,
        source: PROXY,
    },
    KnownText {
        id: "outlook-imap-name",
        signs: &[
            Sign::Words(&["The server you are connected to is using a security certificate that cannot be verified"]),
            Sign::Words(&[
                "The server you are connected to is using a security certificate that could not be verified",
            ]),
        ],
        unless: &[],
        meaning: "A mail client did not accept the certificate of SMTP, IMAP or POP: its name is not the one in the account, or \
                  its issuer is not trusted, as that of the server's own certificate.",
        about: &[EndpointKind::ReceiveConnector, EndpointKind::Imap, EndpointKind::Pop],
        look_at: &[Step::ClientSettings(Service::IMAP), Step::ReceiveConnectors, Step::CertificatesForHost],
        rules: &["imap-name-mismatch", "pop-name-mismatch", "audit-connector-fqdn-uncovered"],
        remedy: &[
            Step::NameHost(Service::IMAP),
            Step::Restart(Service::IMAP),
            Step::Words(
                "for SMTP at port 587, give the \
                   Client Frontend connector the FQDN that clients use, or the name of the certificate (TlsCertificateName)",
            ),
        ],
        source: Publication::new(
            "Configuring the TLS certificate name for Exchange Server Receive connectors (Practical 365)",
            "https://practical365.com/configuring-the-tls-certificate-name-for-exchange-server-receive-connectors/",
        ),
    },
    client(
        "windows-untrusted-root",
        &[
            Sign::Words(&["SEC_E_UNTRUSTED_ROOT"]),
            Sign::Words(&["0x80090325"]),
            Sign::Words(&["CERT_E_UNTRUSTEDROOT"]),
            Sign::Words(&["0x800B0109"]),
            Sign::Words(&["root certificate which is not trusted by the trust provider"]),
        ],
        "A program of Windows does not trust the root of the certificate that it was shown.",
        OF_ROOT,
        CHAIN,
    ),
    client(
        "windows-wrong-name",
        &[
            Sign::Words(&["SEC_E_WRONG_PRINCIPAL"]),
            Sign::Words(&["0x80090322"]),
            Sign::Words(&["CERT_E_CN_NO_MATCH"]),
            Sign::Words(&["0x800B010F"]),
        ],
        "A program of Windows was shown a certificate that does not name the host that it connected to.",
        OF_NAME,
        CHAIN,
    ),
    client(
        "windows-expired",
        &[
            Sign::Words(&["SEC_E_CERT_EXPIRED"]),
            Sign::Words(&["0x80090328"]),
            Sign::Words(&["CERT_E_EXPIRED"]),
            Sign::Words(&["0x800B0101"]),
        ],
        "A program of Windows was shown a certificate outside its dates, or its own clock is wrong.",
        OF_DATE,
        CHAIN,
    ),
    client(
        "windows-revocation-offline",
        &[
            Sign::Words(&["CRYPT_E_REVOCATION_OFFLINE"]),
            Sign::Words(&["0x80092013"]),
            Sign::Words(&["CRYPT_E_NO_REVOCATION_CHECK"]),
            Sign::Words(&["0x80092012"]),
        ],
        "A program of Windows could not ask whether the certificate is revoked: the CA's list cannot be reached.",
        (
            &[Step::Words("the addresses in the certificate's CRL Distribution Points, and the proxy of the computer")],
            &["status-not-valid", "audit-status"],
            &[Step::Words("let the computer reach these addresses over HTTP, directly or by its proxy")],
        ),
        CHAIN,
    ),
    client(
        "dotnet-trust",
        &[
            Sign::Words(&["Could not establish trust relationship for the SSL/TLS secure channel"]),
            Sign::Words(&["The remote certificate is invalid according to the validation procedure"]),
        ],
        "A program on .NET, like a script or a test cmdlet of Exchange, did not accept the certificate of the server that it \
         called: its name, its issuer or its dates.",
        (LOOK_ROOT, &["iis-name-not-covered", "audit-client-name-uncovered", "audit-endpoint-self-signed"], DO_NAME),
        Publication::new(
            "Debug and troubleshoot a remote event receiver",
            "https://learn.microsoft.com/sharepoint/dev/sp-add-ins/debug-and-troubleshoot-a-remote-event-receiver-in-a-sharepoint-add-in",
        ),
    ),
    client(
        "winrm-name",
        &[Sign::Words(&["The SSL certificate contains a common name (CN) that does not match the hostname"])],
        "Remote PowerShell over HTTPS connected by a name that the certificate lacks.",
        OF_NAME,
        Publication::new("Secrets of PowerShell Remoting", "https://leanpub.com/secretsofpowershellremoting/read"),
    ),
    client(
        "winrm-authority",
        &[Sign::Words(&["The SSL certificate is signed by an unknown certificate authority"])],
        "Remote PowerShell over HTTPS does not trust the issuer of the certificate.",
        OF_ROOT,
        Publication::new("Secrets of PowerShell Remoting", "https://leanpub.com/secretsofpowershellremoting/read"),
    ),
];
