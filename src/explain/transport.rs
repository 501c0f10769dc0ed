//! Events of transport and of EdgeSync.

use super::known::{KnownText, Log, Publication, Sign};
use super::steps::Step;
use crate::endpoint::EndpointKind;
use crate::service::Service;

const CONNECTORS: &[EndpointKind] = &[EndpointKind::ReceiveConnector, EndpointKind::SendConnector];
const INTERNAL: &[EndpointKind] = &[EndpointKind::Internal];

const fn event(title: &'static str, address: &'static str) -> Publication {
    Publication::new(title, address)
}

pub(super) static KNOWN: &[KnownText] = &[
    KnownText {
        id: "internal-certificate-not-in-directory",
        signs: &[
            Sign::Event(Log::Transport, 12012),
            Sign::Words(&[
                "The internal transport certificate that is used for SMTP authentication",
                "could not be read from Active Directory",
            ]),
        ],
        unless: &[],
        meaning: "The default SMTP certificate of the server is not the one in Active Directory: it was changed without \
                  the cmdlets of Exchange, or the change has not been replicated yet.",
        about: INTERNAL,
        look_at: &[Step::DefaultSmtp, Step::Certificates],
        rules: &["audit-default-smtp-missing", "default-smtp-missing"],
        remedy: &[Step::MakeDefault],
        source: event("MSExchangeTransport 12012", "https://technet.microsoft.com/library/ff984391(v=exchg.141)"),
    },
    KnownText {
        id: "internal-certificate-not-loaded",
        signs: &[
            Sign::Event(Log::Transport, 12013),
            Sign::Event(Log::Transport, 12023),
            Sign::Words(&[
                "could not load the certificate with thumbprint of",
                "This certificate was configured for authentication with other Exchange servers",
            ]),
        ],
        unless: &["internal-certificate-replaced-for-now"],
        meaning: "The default SMTP certificate is not in the store of the server, or transport cannot read its key. Mail \
                  from and to other Exchange servers may stop.",
        about: INTERNAL,
        look_at: &[Step::DefaultSmtp, Step::Certificates],
        rules: &["audit-default-smtp-missing", "default-smtp-missing", "audit-endpoint-fails"],
        remedy: &[Step::Copy, Step::Assign(Service::SMTP), Step::MakeDefault],
        source: event("MSExchangeTransport 12013", "https://technet.microsoft.com/library/ff985435(v=exchg.141)"),
    },
    KnownText {
        id: "internal-certificate-replaced-for-now",
        signs: &[
            Sign::Event(Log::Transport, 12024),
            Sign::Words(&["Meanwhile, an ephemeral, self-signed certificate with thumbprint"]),
        ],
        unless: &[],
        meaning: "The default SMTP certificate could not be loaded, and transport uses one of its own making until it is \
                  started again. Other servers and Edge Transport servers do not know it.",
        about: INTERNAL,
        look_at: &[Step::DefaultSmtp, Step::Certificates],
        rules: &["audit-default-smtp-missing", "edge-sync-breaks"],
        remedy: &[Step::Copy, Step::MakeDefault],
        source: event("MSExchangeTransport 12024", "https://technet.microsoft.com/library/ff983190(v=exchg.141)"),
    },
    KnownText {
        id: "starttls-certificate-not-found",
        signs: &[
            Sign::Event(Log::Transport, 12014),
            Sign::Words(&[
                "could not find a certificate that contains the domain name",
                "unable to support the STARTTLS SMTP verb",
            ]),
            Sign::Words(&[
                "couldn't find a certificate that contains the domain name",
                "unable to support the STARTTLS SMTP verb",
            ]),
        ],
        unless: &[],
        meaning: "A connector has no certificate: none with SMTP covers its FQDN, or none has the issuer and subject that \
                  its TlsCertificateName says. It offers no TLS, and mail by which TLS is required stops.",
        about: CONNECTORS,
        look_at: &[Step::CertificatesForHost, Step::ReceiveConnectors, Step::SendConnectors],
        rules: &[
            "audit-connector-certificate-missing",
            "audit-connector-fqdn-uncovered",
            "audit-smtp-reaches-nothing",
            "update-connectors",
            "smtp-reaches-nothing",
        ],
        remedy: &[
            Step::Words("if a certificate covers the name, it lacks SMTP:"),
            Step::Assign(Service::SMTP),
            Step::Words("if the message names <I>…<S>…, the connector names a certificate that is gone:"),
            Step::NameConnectors,
        ],
        source: event(
            "How to troubleshoot STARTTLS certificate error 12014",
            "https://technet.microsoft.com/library/bb510128.aspx",
        ),
    },
    KnownText {
        id: "internal-certificate-expired",
        signs: &[
            Sign::Event(Log::Transport, 12015),
            Sign::Words(&["An internal transport certificate expired. Thumbprint"]),
        ],
        unless: &[],
        meaning: "The default SMTP certificate, by which the server authenticates to other Exchange servers, has expired.",
        about: INTERNAL,
        look_at: &[Step::DefaultSmtp, Step::Certificates],
        rules: &["audit-default-smtp-expired", "audit-expired", "default-smtp-expired"],
        remedy: &[Step::MakeDefault],
        source: event("MSExchangeTransport 12015", "https://technet.microsoft.com/library/ff981561(v=exchg.141)"),
    },
    KnownText {
        id: "starttls-certificate-expired",
        signs: &[
            Sign::Event(Log::Transport, 12016),
            Sign::Words(&[
                "There is no valid SMTP Transport Layer Security (TLS) certificate for the FQDN of",
                "has expired",
            ]),
        ],
        unless: &[],
        meaning: "The certificate that a connector presents for this FQDN has expired. Partners that check it refuse mail.",
        about: CONNECTORS,
        look_at: &[Step::CertificatesForHost, Step::ReceiveConnectors],
        rules: &["audit-expired", "audit-endpoint-expired", "audit-service-uncovered"],
        remedy: &[Step::Renew, Step::Assign(Service::SMTP)],
        source: event("MSExchangeTransport 12016", "https://technet.microsoft.com/library/ff983405(v=exchg.141)"),
    },
    KnownText {
        id: "internal-certificate-expires-soon",
        signs: &[
            Sign::Event(Log::Transport, 12017),
            Sign::Words(&["An internal transport certificate will expire soon"]),
        ],
        unless: &[],
        meaning: "The default SMTP certificate, by which the server authenticates to other Exchange servers, expires soon.",
        about: INTERNAL,
        look_at: &[Step::DefaultSmtp, Step::Certificates],
        rules: &["audit-expires-soon", "edge-sync-breaks"],
        remedy: &[Step::MakeDefault],
        source: event("MSExchangeTransport 12017", "https://technet.microsoft.com/library/ff985092(v=exchg.141)"),
    },
    KnownText {
        id: "starttls-certificate-expires-soon",
        signs: &[Sign::Event(Log::Transport, 12018), Sign::Words(&["The STARTTLS certificate will expire soon"])],
        unless: &[],
        meaning: "The certificate that a connector presents expires soon; the message says in how many hours.",
        about: CONNECTORS,
        look_at: &[Step::Certificates],
        rules: &["audit-expires-soon", "expires-soon"],
        remedy: &[Step::Renew],
        source: event("MSExchangeTransport 12018", "https://technet.microsoft.com/library/ff982351(v=exchg.141)"),
    },
    KnownText {
        id: "remote-internal-certificate-expired",
        signs: &[
            Sign::Event(Log::Transport, 12019),
            Sign::Words(&["The remote internal transport certificate expired"]),
        ],
        unless: &[],
        meaning: "Another Exchange server authenticated with a default SMTP certificate that has expired. It is to be \
                  renewed there, not on the server that wrote this.",
        about: INTERNAL,
        look_at: &[Step::Words("which server has the subject in the message"), Step::DefaultSmtp],
        rules: &["audit-default-smtp-expired"],
        remedy: &[Step::Words("on the server with that subject:"), Step::MakeDefault],
        source: event("MSExchangeTransport 12019", "https://technet.microsoft.com/library/ff980723(v=exchg.141)"),
    },
    KnownText {
        id: "inbound-authentication-failed",
        signs: &[
            Sign::Event(Log::Transport, 1035),
            Sign::Words(&["Inbound authentication failed with error", "for Receive connector"]),
        ],
        unless: &[],
        meaning: "Another server or a client could not authenticate at a Receive connector. Between Exchange servers it \
                  is often Kerberos, the clock or the default SMTP certificate, of clients a password.",
        about: &[EndpointKind::Internal, EndpointKind::ReceiveConnector],
        look_at: &[
            Step::Words("the mechanism and the address in the message: only ExchangeAuth is of a server"),
            Step::DefaultSmtp,
            Step::ReceiveConnectors,
        ],
        rules: &["audit-default-smtp-missing", "audit-default-smtp-expired"],
        remedy: &[Step::Words(
            "if it is ExchangeAuth: compare clocks, service principal names and the default SMTP \
                               certificates of both servers; if it is LOGIN or NTLM, no certificate is at fault",
        )],
        source: event(
            "Event 1035, MSExchangeTransport: Inbound authentication failed with error UnexpectedExchangeAuthBlob",
            "https://blogs.technet.microsoft.com/exchangechallengeaccepted/2016/08/24/event-1035-msexchangetransport-inbound-authentication-failed-with-error-unexpectedexchangeauthblob-for-receive-connector/",
        ),
    },
    KnownText {
        id: "inbound-direct-trust-failed",
        signs: &[
            Sign::Event(Log::Transport, 1036),
            Sign::Words(&["Inbound direct trust authentication failed for certificate"]),
        ],
        unless: &[],
        meaning: "Another server of the organisation showed a certificate that Active Directory, or the Edge subscription, \
                  does not know as its default SMTP certificate.",
        about: &[EndpointKind::Internal, EndpointKind::EdgeSync],
        look_at: &[Step::DefaultSmtp, Step::EdgeSync],
        rules: &["edge-sync-breaks", "recreate-edge-subscription"],
        remedy: &[Step::StartEdgeSync, Step::Resubscribe],
        source: event("MSExchangeTransport 1036", "https://technet.microsoft.com/library/ff980980(v=exchg.141)"),
    },
    KnownText {
        id: "outbound-direct-trust-failed",
        signs: &[
            Sign::Event(Log::Transport, 2018),
            Sign::Words(&["Outbound direct trust authentication failed for certificate"]),
        ],
        unless: &[],
        meaning: "The server that mail is sent to showed a certificate that Active Directory, or the Edge subscription, \
                  does not know as its default SMTP certificate.",
        about: &[EndpointKind::Internal, EndpointKind::EdgeSync],
        look_at: &[Step::DefaultSmtp, Step::EdgeSync],
        rules: &["edge-sync-breaks", "recreate-edge-subscription"],
        remedy: &[Step::StartEdgeSync, Step::Resubscribe],
        source: event("MSExchangeTransport 2018", "https://technet.microsoft.com/library/ff981963(v=exchg.141)"),
    },
    KnownText {
        id: "internal-certificate-not-validated",
        signs: &[Sign::Event(Log::Transport, 2019)],
        unless: &[],
        meaning: "The default SMTP certificate could not be validated: it lacks SMTP, or is not the one in Active \
                  Directory.",
        about: INTERNAL,
        look_at: &[Step::DefaultSmtp, Step::Certificates],
        rules: &["audit-default-smtp-missing", "audit-default-smtp-wrong-name"],
        remedy: &[Step::MakeDefault],
        source: event(
            "The Exchange authentication certificate must be updated (management pack, event 2019)",
            "http://systemscenter.ru/exch2010scom.en/html/e8dd5266-d5e6-4ed1-a890-aff268d644e4.htm",
        ),
    },
    KnownText {
        id: "tls-required-not-offered",
        signs: &[
            Sign::Event(Log::Transport, 2015),
            Sign::Words(&[
                "The send connector requires Transport Layer Security (TLS) authentication, but is unable to establish",
            ]),
        ],
        unless: &[],
        meaning: "A Send connector with RequireTls met a server that offers no STARTTLS, or whose handshake failed.",
        about: &[EndpointKind::SendConnector],
        look_at: &[
            Step::SendConnectors,
            Step::Words(
                "whether the remote server says 250-STARTTLS, or a device between \
                                                      removes it",
            ),
        ],
        rules: &["audit-connector-certificate-missing", "send-server-lacks"],
        remedy: &[Step::Words("let the partner offer TLS; only if that cannot be, take RequireTls from the connector")],
        source: event("MSExchangeTransport 2015", "https://technet.microsoft.com/library/ff982694(v=exchg.141)"),
    },
    KnownText {
        id: "domain-capabilities-not-confirmed",
        signs: &[
            Sign::Event(Log::Transport, 11022),
            Sign::Words(&[
                "Failed to confirm domain capabilities",
                "validation of the Transport Layer Security (TLS) certificate failed",
            ]),
        ],
        unless: &[],
        meaning: "The certificate of a partner that has rights by TlsDomainCapabilities, as Exchange Online has in a hybrid \
                  organisation, did not pass: its chain is not trusted, or its name is another one.",
        about: &[EndpointKind::ReceiveConnector],
        look_at: &[
            Step::Words("the status in the message, and the root certificates of the server"),
            Step::ReceiveConnectors,
        ],
        rules: &["audit-hybrid-connector-differs", "hybrid-root"],
        remedy: &[Step::Words(
            "let Windows update its trusted roots, or import those of Microsoft 365; then restart the \
                               Frontend Transport service",
        )],
        source: event("MSExchangeTransport 11022", "https://technet.microsoft.com/library/ff985053(v=exchg.141)"),
    },
    KnownText {
        id: "domain-secured-without-tls",
        signs: &[
            Sign::Event(Log::Transport, 11012),
            Sign::Words(&[
                "A message from domain-secured domain",
                "could not be authenticated because the server did not use Transport Layer Security",
            ]),
        ],
        unless: &[],
        meaning: "A partner with Domain Security sent without TLS: its server has no certificate, or the connector offers \
                  none.",
        about: &[EndpointKind::ReceiveConnector],
        look_at: &[Step::ReceiveConnectors, Step::CertificatesForHost],
        rules: &["audit-smtp-reaches-nothing", "audit-connector-fqdn-uncovered"],
        remedy: &[
            Step::Assign(Service::SMTP),
            Step::Words("ask the partner, or take its domain out of Domain Security"),
        ],
        source: event("MSExchangeTransport 11012", "https://technet.microsoft.com/library/ff982887(v=exchg.141)"),
    },
    KnownText {
        id: "edgesync-needs-cryptoapi",
        signs: &[
            Sign::Event(Log::EdgeSync, 1035),
            Sign::Words(&["EdgeSync failed to synchronize because it only supports Cryptographic API certificates"]),
        ],
        unless: &[],
        meaning: "The default SMTP certificate of the Mailbox server keeps its key with CNG, and EdgeSync reads only keys of \
                  CryptoAPI.",
        about: &[EndpointKind::EdgeSync],
        look_at: &[Step::DefaultSmtp, Step::Words("the provider of the key (certutil -store My)")],
        rules: &["edge-sync-breaks", "cng-key"],
        remedy: &[Step::MakeDefault],
        source: event(
            "Edge Transport Server, EdgeSync, and Certificates (Granikos)",
            "https://granikos.eu/edge-transport-server-edgesync-and-certificates/",
        ),
    },
    KnownText {
        id: "edgesync-certificate-not-matched",
        signs: &[
            Sign::Event(Log::EdgeSync, 10104),
            Sign::Words(&["couldn't match certificate when contacting", "The connection was stopped"]),
        ],
        unless: &[],
        meaning: "The default SMTP certificate of the Edge Transport server, or of the Mailbox server, is not the one of \
                  the Edge subscription any more.",
        about: &[EndpointKind::EdgeSync],
        look_at: &[Step::EdgeSync, Step::DefaultSmtp],
        rules: &["edge-sync-breaks", "recreate-edge-subscription"],
        remedy: &[Step::Resubscribe],
        source: event("MSExchange EdgeSync 10104", "https://technet.microsoft.com/library/ff985467(v=exchg.141)"),
    },
];
