//! What Windows says: HTTP, IIS and Schannel.

use super::known::{KnownText, Log, Publication, Sign};
use super::steps::Step;
use crate::endpoint::EndpointKind;
use crate::service::Service;

const SCHANNEL: Publication = Publication::new(
    "Schannel Events",
    "https://learn.microsoft.com/previous-versions/windows/it-pro/windows-server-2012-R2-and-2012/dn786445(v=ws.11)",
);
const WEB: &[EndpointKind] = &[EndpointKind::DefaultWebSite, EndpointKind::ExchangeBackEnd];
const CLIENT: &[EndpointKind] = &[EndpointKind::SendConnector];

pub(super) static KNOWN: &[KnownText] = &[
    KnownText {
        id: "http-binding-broken",
        signs: &[
            Sign::Event(Log::Http, 15021),
            Sign::Words(&["An error occurred while using SSL configuration for endpoint"]),
        ],
        unless: &[],
        meaning: "HTTP has a certificate hash for this port whose certificate is gone or has no key. At port 444 the Exchange \
                  Back End fails, so that Outlook on the web, the EAC and the shell stay blank; at port 443 no client connects.",
        about: WEB,
        look_at: &[Step::TlsBindings, Step::Certificates],
        rules: &["audit-back-end-binding", "removes-back-end-certificate", "audit-binding-differs"],
        remedy: &[
            Step::Words("at port 444:"),
            Step::BindBackEnd,
            Step::Words(
                "at port 443: bind a valid certificate to the Default Web Site in IIS Manager, or assign IIS to it",
            ),
        ],
        source: Publication::new(
            "Exchange 2013/2016/2019 shows blank ECP & OWA after changes to SSL certificates (vcloudnine)",
            "https://vcloudnine.de/microsoft-exchange-2013-2016-2019-shows-blank-ecp-owa-after-changes-to-ssl-certificates",
        ),
    },
    KnownText {
        id: "http-binding-deleted",
        signs: &[Sign::Event(Log::Http, 15300), Sign::Words(&["SSL Certificate Settings deleted for Port"])],
        unless: &[],
        meaning: "The certificate of a port was taken out of HTTP: a binding was removed or is about to be changed. If no \
                  other event says that it was created again, the port has none.",
        about: WEB,
        look_at: &[Step::TlsBindings],
        rules: &["audit-back-end-binding", "audit-binding-differs"],
        remedy: &[
            Step::Words("if the port has none now, bind a certificate to it in IIS Manager; at port 444:"),
            Step::BindBackEnd,
        ],
        source: Publication::new(
            "SSL bindings are randomly getting deleted for a website (IIS 7.0/7.5)",
            "https://learn.microsoft.com/archive/blogs/saurabh_singh/ssl-bindings-are-randomly-getting-deleted-for-a-website-with-error-ssl-certificate-settings-deleted-for-port-x-x-x-x443-in-the-event-logs-iis-7-07-5",
        ),
    },
    KnownText {
        id: "iis-logon-session",
        signs: &[
            Sign::Words(&["A specified logon session does not exist. It may already have been terminated"]),
            Sign::Words(&["0x80070520"]),
        ],
        unless: &[],
        meaning: "IIS cannot bind a certificate whose private key is missing or broken, as after an import without an \
                  exportable key.",
        about: WEB,
        look_at: &[Step::Certificates, Step::Words("event 36870 of Schannel, which names the error of the key")],
        rules: &["private-key-missing", "audit-key-missing"],
        remedy: &[Step::RepairKey, Step::Import],
        source: Publication::new(
            "Error HRESULT: 0x80070520 when adding SSL binding in IIS",
            "https://techcommunity.microsoft.com/blog/iis-support-blog/error-hresult-0x80070520-when-adding-ssl-binding-in-iis/377281",
        ),
    },
    KnownText {
        id: "schannel-no-key",
        signs: &[
            Sign::Event(Log::Schannel, 36869),
            Sign::Words(&["certificate does not have a private key information property attached to it"]),
        ],
        unless: &[],
        meaning: "A service was given a certificate whose link to its private key is lost, as after a restore.",
        about: WEB,
        look_at: &[Step::TlsBindings, Step::Certificates],
        rules: &["private-key-missing", "audit-key-missing"],
        remedy: &[Step::RepairKey, Step::Import],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-key-not-accessible",
        signs: &[
            Sign::Event(Log::Schannel, 36870),
            Sign::Words(&["A fatal error occurred when attempting to access the", "credential private key"]),
        ],
        unless: &[],
        meaning: "A service could not read the private key of its certificate: the key is gone (0x8009030D), or the account of \
                  the service may not read it (0x80090016, 0x8009030E).",
        about: WEB,
        look_at: &[
            Step::TlsBindings,
            Step::Certificates,
            Step::Words("the process and the error code in the message; the permissions of the key in certlm.msc"),
        ],
        rules: &["private-key-missing", "audit-key-missing", "audit-endpoint-fails"],
        remedy: &[Step::RepairKey, Step::Import],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-credential",
        signs: &[
            Sign::Event(Log::Schannel, 36871),
            Sign::Words(&["A fatal error occurred while creating a", "credential. The internal error state is"]),
        ],
        unless: &[],
        meaning: "A program could not prepare TLS. State 10013 is mostly of protocols or ciphers that are switched off, seldom \
                  of a certificate.",
        about: &[],
        look_at: &[Step::Words("the process in the message, and which TLS versions are switched off on the server")],
        rules: &["audit-endpoint-fails"],
        remedy: &[Step::Words(
            "switch TLS 1.2 on for .NET and Schannel as Microsoft's article on TLS in Exchange says",
        )],
        source: Publication::new(
            "Exchange: Schannel 36888/36871 error after renewing the backend certificate (Frankysweb)",
            "https://frankysweb.de/en/exchange-channel-36888-36871-error-after-renewing-the-backend-certificate/",
        ),
    },
    KnownText {
        id: "schannel-no-client-certificate",
        signs: &[
            Sign::Event(Log::Schannel, 36875),
            Sign::Words(&["has requested", "client authentication, but no suitable client certificate could be found"]),
        ],
        unless: &[],
        meaning: "The other side asked for a client certificate and got none. If it does not insist, nothing fails.",
        about: CLIENT,
        look_at: &[Step::SendConnectors],
        rules: &["no-client-authentication", "send-server-lacks"],
        remedy: &[
            Step::Words("if the partner insists, name a certificate with Client Authentication to the connector:"),
            Step::NameConnectors,
        ],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-not-validated",
        signs: &[
            Sign::Event(Log::Schannel, 36876),
            Sign::Words(&["The certificate received from the remote server has not validated correctly"]),
        ],
        unless: &[],
        meaning: "The certificate of the server that this one connected to did not pass; the error code says why.",
        about: CLIENT,
        look_at: &[Step::Words(
            "the error code: 0x80092013 is a revocation list that cannot be reached, 0x800B0109 a root that \
                                is not trusted",
        )],
        rules: &["audit-status"],
        remedy: &[Step::Words("let the server reach the CA's lists and trust its root, or let the other side renew")],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-remote-expired",
        signs: &[
            Sign::Event(Log::Schannel, 36881),
            Sign::Words(&["The certificate received from the remote server has either expired or is not yet valid"]),
            Sign::Words(&["The certificate received from the remote server has expired"]),
        ],
        unless: &[],
        meaning: "The server that this one connected to showed a certificate outside its dates. It may be another Exchange \
                  server of the organisation.",
        about: CLIENT,
        look_at: &[Step::Words("which server that is, and the clocks of both")],
        rules: &["audit-expired", "audit-endpoint-expired"],
        remedy: &[Step::Words("renew the certificate there")],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-remote-untrusted",
        signs: &[
            Sign::Event(Log::Schannel, 36882),
            Sign::Words(&[
                "The certificate received from the remote server was issued by an untrusted certificate authority",
            ]),
        ],
        unless: &[],
        meaning: "The server that this one connected to showed a certificate whose root this one does not trust: a self-signed \
                  one, a private CA's, or a public CA's that Windows does not know yet.",
        about: CLIENT,
        look_at: &[Step::Words(
            "the attached certificate in the data of the event, and the trusted roots of the server",
        )],
        rules: &["audit-endpoint-self-signed", "hybrid-root", "self-signed"],
        remedy: &[Step::Words(
            "import the root of that CA into Trusted Root Certification Authorities, or let the other side \
                               show a certificate of a public CA",
        )],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-remote-revoked",
        signs: &[
            Sign::Event(Log::Schannel, 36883),
            Sign::Words(&["The certificate received from the remote server has been revoked"]),
        ],
        unless: &[],
        meaning: "The server that this one connected to showed a certificate that its CA has revoked.",
        about: CLIENT,
        look_at: &[Step::Words("which server that is")],
        rules: &["audit-status", "status-not-valid"],
        remedy: &[Step::Words("replace the certificate there")],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-remote-name",
        signs: &[
            Sign::Event(Log::Schannel, 36884),
            Sign::Words(&["The certificate received from the remote server does not contain the expected name"]),
        ],
        unless: &[],
        meaning: "The server that this one connected to showed a certificate for another name. Inside, it is often a URL of \
                  Exchange, like that of Autodiscover, with a name that the certificate lacks.",
        about: CLIENT,
        look_at: &[Step::CertificatesForHost],
        rules: &["audit-client-name-uncovered", "iis-name-not-covered"],
        remedy: &[Step::Words("connect by a name that the certificate has: change the URL, or renew with the name")],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-roots-cut",
        signs: &[
            Sign::Event(Log::Schannel, 36885),
            Sign::Words(&["trusts so many certificate authorities that the list has grown too long"]),
        ],
        unless: &[],
        meaning: "The server sends the list of trusted roots in each handshake that asks for a client certificate, and it is \
                  longer than 16 KB. TLS with partners and between servers can fail.",
        about: &[EndpointKind::ReceiveConnector],
        look_at: &[Step::Words("how many certificates are in Trusted Root Certification Authorities of the computer")],
        rules: &["audit-endpoint-fails"],
        remedy: &[Step::Words("remove roots that are not needed, or set SendTrustedIssuerList of Schannel to 0")],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-no-default-credential",
        signs: &[
            Sign::Event(Log::Schannel, 36886),
            Sign::Words(&["No suitable default server credential exists on this system"]),
        ],
        unless: &[],
        meaning: "A program, mostly LDAP or Remote Desktop, found no certificate of the computer's name with Server \
                  Authentication. Exchange does not need one.",
        about: &[],
        look_at: &[Step::Certificates],
        rules: &["not-server-authentication"],
        remedy: &[Step::Words(
            "nothing for Exchange; for others, a certificate with the computer's FQDN in the personal store",
        )],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-alert-received",
        signs: &[
            Sign::Event(Log::Schannel, 36887),
            Sign::Words(&["A fatal alert was received from the remote endpoint"]),
        ],
        unless: &[],
        meaning: "The other side ended the handshake. By the code of the alert it did not like the certificate: 42 bad, 44 \
                  revoked, 45 expired, 46 unknown, 48 unknown CA; 40 and 70 are of ciphers and versions.",
        about: WEB,
        look_at: &[
            Step::TlsBindings,
            Step::Certificates,
            Step::Words("the code in the message, and who connected then"),
        ],
        rules: &["audit-endpoint-expired", "audit-endpoint-self-signed", "audit-client-name-uncovered"],
        remedy: &[Step::Words(
            "45: renew the certificate; 46 and 48: show one of a CA that the clients trust, with its chain",
        )],
        source: SCHANNEL,
    },
    KnownText {
        id: "schannel-alert-sent",
        signs: &[
            Sign::Event(Log::Schannel, 36888),
            Sign::Words(&["A fatal alert was generated and sent to the remote endpoint"]),
        ],
        unless: &[],
        meaning: "This server ended the handshake. Code 10 with state 1203 is a client that speaks no TLS at the port, or a \
                  service that took an unfit certificate, like that of the Exchange Back End for POP.",
        about: &[EndpointKind::Pop, EndpointKind::Imap],
        look_at: &[Step::TlsBindings, Step::Words("the code and the state in the message")],
        rules: &["pop-name-mismatch", "imap-name-mismatch", "audit-endpoint-ambiguous"],
        remedy: &[
            Step::Words("if POP or IMAP is used, name the host that clients use to it:"),
            Step::NameHost(Service::POP),
            Step::Restart(Service::POP),
        ],
        source: Publication::new(
            "Exchange: Schannel 36888/36871 error after renewing the backend certificate (Frankysweb)",
            "https://frankysweb.de/en/exchange-channel-36888-36871-error-after-renewing-the-backend-certificate/",
        ),
    },
];
