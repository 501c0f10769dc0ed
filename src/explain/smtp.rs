//! Replies of SMTP, and what transport says of TLS.

use super::known::{KnownText, Publication, Sign};
use super::steps::Step;
use crate::endpoint::EndpointKind;
use crate::service::Service;

const SEND: &[EndpointKind] = &[EndpointKind::SendConnector];
const RECEIVE: &[EndpointKind] = &[EndpointKind::ReceiveConnector];
const HYBRID: Publication = Publication::new(
    "Mailflow issue from Exchange On-Prem to Office 365",
    "https://learn.microsoft.com/archive/blogs/lalitbisht/mailflow-issue-from-exchange-on-prem-to-office-365",
);
const MAIL_FLOW: Publication = Publication::new(
    "Mail flow intelligence in Exchange Online",
    "https://learn.microsoft.com/exchange/mail-flow-best-practices/use-connectors-to-configure-mail-flow/mail-flow-intelligence-in-office-365",
);
const NO_CREDENTIALS: Publication = Publication::new(
    "TLS negotiation failed with error NoCredentials error if messages to external domains are deferred",
    "https://support.microsoft.com/help/4495258",
);

pub(super) static KNOWN: &[KnownText] = &[
    KnownText {
        id: "certificate-validation-failure",
        signs: &[Sign::Reply("454 4.7.5"), Sign::Words(&["4.7.5 Certificate validation failure"])],
        unless: &["remote-root-untrusted", "remote-name-mismatch", "send-connector-certificate-missing"],
        meaning: "One side of a connection that has to be validated did not accept the certificate of the other one, or a \
                  connector has none. The reason behind the code says which.",
        about: SEND,
        look_at: &[Step::SendConnectors, Step::CertificatesForHost],
        rules: &["update-connectors", "audit-connector-certificate-missing", "audit-hybrid-connector-differs"],
        remedy: &[
            Step::Words(
                "compare the names of the certificate with the TlsDomain of the connector, and its dates with \
                               the clock; after a renewal:",
            ),
            Step::NameConnectors,
        ],
        source: Publication::new(
            "Office 365: 454 4.7.5 certificate validation failure (PetersenIT)",
            "http://blog.petersenit.co.uk/2017/07/office-365-454-475-certificate.html",
        ),
    },
    KnownText {
        id: "remote-root-untrusted",
        signs: &[Sign::Words(&["Certificate validation failure, Reason:UntrustedRoot"])],
        unless: &[],
        meaning: "The server does not trust the root of the certificate that the other side showed, as Microsoft 365's new one \
                  on a server without updates of its roots.",
        about: SEND,
        look_at: &[
            Step::SendConnectors,
            Step::Words("the trusted roots of the server, and when Windows updated them last"),
        ],
        rules: &["hybrid-root", "audit-hybrid-root"],
        remedy: &[Step::Words(
            "import the chain of Microsoft 365, let Windows update its roots, and restart the transport \
                               services",
        )],
        source: Publication::new(
            "How to fix Exchange Online hybrid outbound connector 454 4.7.5 Certificate Validation Failure",
            "https://thecloudtechnologist.com/2018/12/15/how-to-fix-exchange-online-hybrid-outbound-connector-454-4-7-5-certificate-validation-failure/",
        ),
    },
    KnownText {
        id: "remote-name-mismatch",
        signs: &[Sign::Words(&["Certificate validation failure, Reason:SubjectMismatch"])],
        unless: &[],
        meaning: "The certificate that the other side showed lacks the name that the connector expects (TlsDomain), or the mail \
                  went to another server than meant, as without a smart host.",
        about: SEND,
        look_at: &[Step::SendConnectors, Step::CertificatesForHost],
        rules: &["audit-hybrid-connector-differs", "audit-connector-fqdn-uncovered"],
        remedy: &[Step::Words(
            "correct the TlsDomain or the smart host of the connector, or let the other side show a \
                               certificate with the name",
        )],
        source: Publication::new(
            "Office 365: 454 4.7.5 certificate validation failure (PetersenIT)",
            "http://blog.petersenit.co.uk/2017/07/office-365-454-475-certificate.html",
        ),
    },
    KnownText {
        id: "send-connector-certificate-missing",
        signs: &[Sign::Words(&[
            "The certificate specified in TlsCertificateName of the SendConnector could not be found",
        ])],
        unless: &[],
        meaning: "No certificate on the server has the issuer and subject that the Send connector names, or none of them has \
                  SMTP: it was renewed at another CA, removed, or is not on all source servers.",
        about: SEND,
        look_at: &[Step::SendConnectors, Step::Certificates],
        rules: &[
            "audit-connector-certificate-missing",
            "audit-send-server-lacks",
            "update-connectors",
            "send-server-lacks",
        ],
        remedy: &[Step::NameConnectors, Step::Assign(Service::SMTP)],
        source: HYBRID,
    },
    KnownText {
        id: "temporary-authentication-failure",
        signs: &[Sign::Words(&["454 4.7.0 Temporary authentication failure"])],
        unless: &[],
        meaning: "A server of the organisation could not authenticate to the next one. It is mostly Kerberos or the clock, and \
                  sometimes the default SMTP certificate of one of them.",
        about: &[EndpointKind::Internal],
        look_at: &[
            Step::DefaultSmtp,
            Step::Words("event 1035 of the server that mail goes to, and the clocks of both"),
        ],
        rules: &["audit-default-smtp-missing", "audit-default-smtp-expired", "audit-endpoint-fails"],
        remedy: &[
            Step::Words(
                "correct the clocks and the service principal names; if event 12015 or 12023 stands in the log:",
            ),
            Step::MakeDefault,
        ],
        source: Publication::new(
            "MDaemon message stuck in remote queue (on 454 4.7.0 and event 1035 of Exchange)",
            "http://telecomuf.blogg.se/2023/september/mdaemon-message-stuck-in-remote-queue.html",
        ),
    },
    KnownText {
        id: "starttls-required",
        signs: &[Sign::Words(&["STARTTLS is required to send mail"]), Sign::Reply("451 5.7.3")],
        unless: &["starttls-first"],
        meaning: "The sender has to use TLS and was not offered it: the connector that answered has no certificate, since its \
                  TlsCertificateName or FQDN fits none, or a device between removes STARTTLS.",
        about: RECEIVE,
        look_at: &[
            Step::ReceiveConnectors,
            Step::CertificatesForHost,
            Step::Words("event 12014 on the server that answered"),
        ],
        rules: &["audit-connector-certificate-missing", "audit-connector-fqdn-uncovered", "update-connectors"],
        remedy: &[
            Step::Words(
                "give the Receive connector that answers the name of the new certificate (TlsCertificateName):",
            ),
            Step::ReceiveConnectors,
            Step::Assign(Service::SMTP),
        ],
        source: Publication::new(
            "Error 450 4.4.317 Cannot connect to remote server [Message=451 5.7.3 STARTTLS is required to send mail]",
            "https://ex-shell.com/2022/10/25/error-450-4-4-317-cannot-connect-to-remote-server-451-5-7-3-starttls-is-required-to-send-mail/",
        ),
    },
    KnownText {
        id: "starttls-first",
        signs: &[
            Sign::Words(&["Must issue a STARTTLS command first"]),
            Sign::Words(&["Must issue STARTTLS command first"]),
            Sign::Reply("530 5.7.0"),
        ],
        unless: &[],
        meaning: "The server that answered takes mail or a password only by TLS, and the sender did not start it: it is not \
                  asked to, or its own certificate could not be used.",
        about: SEND,
        look_at: &[Step::SendConnectors, Step::ReceiveConnectors],
        rules: &["audit-connector-certificate-missing", "smtp-reaches-nothing"],
        remedy: &[Step::Words(
            "let the sender use TLS: take IgnoreSTARTTLS from the Send connector, or set it in the application",
        )],
        source: Publication::new(
            "Set up connectors to route mail between Microsoft 365 and your own email servers",
            "https://learn.microsoft.com/exchange/mail-flow-best-practices/use-connectors-to-configure-mail-flow/set-up-connectors-to-route-mail",
        ),
    },
    KnownText {
        id: "online-cannot-connect",
        signs: &[Sign::Reply("450 4.4.317")],
        unless: &["starttls-required"],
        meaning: "Exchange Online could not connect to the server of the organisation, or TLS with it failed; the message in \
                  brackets says why.",
        about: RECEIVE,
        look_at: &[Step::ReceiveConnectors, Step::CertificatesForHost],
        rules: &["audit-hybrid-connector-differs", "audit-connector-certificate-missing"],
        remedy: &[Step::Words(
            "see the message in brackets, then the firewall and the certificate of the Receive connector; the \
                               validation of a connector in the Exchange admin center repeats the attempt",
        )],
        source: MAIL_FLOW,
    },
    KnownText {
        id: "online-validation-failed",
        signs: &[Sign::Reply("450 4.7.320"), Sign::Words(&["4.7.320 Certificate validation failed"])],
        unless: &[],
        meaning: "Exchange Online did not accept the certificate that the organisation showed: it has expired, has another name \
                  than the connector expects, or its root is not public. If only some mail fails, one server of several differs.",
        about: RECEIVE,
        look_at: &[Step::ReceiveConnectors, Step::Certificates],
        rules: &[
            "audit-hybrid-connector-differs",
            "hybrid-root",
            "audit-hybrid-root",
            "update-connectors",
            "update-hybrid",
        ],
        remedy: &[Step::Words(
            "set TlsCertificateName of the Receive connector on each server that Exchange Online reaches, and \
                               run the Hybrid Configuration wizard again",
        )],
        source: Publication::new(
            "450 4.7.320 Certificate validation failed",
            "https://xostmoen.wordpress.com/2017/11/08/450-4-7-320-certificate-validation-failed/",
        ),
    },
    KnownText {
        id: "online-partner-connector",
        signs: &[Sign::Reply("550 5.7.51"), Sign::Words(&["TenantInboundAttribution"])],
        unless: &[],
        meaning: "Exchange Online has a connector for a partner that takes mail only by a certificate or from addresses of its \
                  own, and this mail came by another: the certificate was renewed with another name, or none was shown.",
        about: SEND,
        look_at: &[Step::SendConnectors, Step::Certificates],
        rules: &["update-connectors", "update-hybrid", "audit-hybrid-connector-differs"],
        remedy: &[
            Step::Words(
                "let the server show a certificate with the connector's TlsSenderCertificateName, or change that in \
                               the Exchange admin center:",
            ),
            Step::NameConnectors,
        ],
        source: Publication::new(
            "ERROR 550 5.7.51 TenantInboundAttribution (N-able Mail Assure)",
            "https://documentation.n-able.com/mail-assure/troubleshooting/Content/kb/",
        ),
    },
    KnownText {
        id: "online-relay-denied",
        signs: &[Sign::Reply("550 5.7.64"), Sign::Words(&["TenantAttribution; Relay Access Denied"])],
        unless: &[],
        meaning: "Exchange Online did not recognise the organisation by its certificate: the certificate has another name than \
                  the inbound connector expects, or none was shown.",
        about: SEND,
        look_at: &[Step::SendConnectors, Step::Certificates],
        rules: &["update-hybrid", "update-connectors", "audit-hybrid-connector-differs"],
        remedy: &[
            Step::NameConnectors,
            Step::Words("run the Hybrid Configuration wizard again, which tells Exchange Online the name"),
        ],
        source: Publication::new(
            "\"550 5.7.64 TenantAttribution\" when sending mail externally in Microsoft 365",
            "https://learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr/relay-access-denied-smtp",
        ),
    },
    KnownText {
        id: "tls-no-credentials",
        signs: &[Sign::Words(&["TLS negotiation failed with error NoCredentials"])],
        unless: &[],
        meaning: "The certificate that a Send connector names has no private key on the server, or transport may not read it. \
                  Mail waits in the queue.",
        about: SEND,
        look_at: &[Step::SendConnectors, Step::Certificates],
        rules: &["private-key-missing", "audit-key-missing", "audit-endpoint-fails"],
        remedy: &[Step::RepairKey, Step::Assign(Service::SMTP), Step::Import],
        source: NO_CREDENTIALS,
    },
    KnownText {
        id: "tls-unknown-credentials",
        signs: &[Sign::Words(&["TLS negotiation failed with error UnknownCredentials"])],
        unless: &[],
        meaning: "Transport could not use the certificate of the connector as a credential: its key is broken, or kept where \
                  transport does not read it.",
        about: &[EndpointKind::SendConnector, EndpointKind::ReceiveConnector],
        look_at: &[Step::Certificates, Step::Words("event 36870 of Schannel at the same time")],
        rules: &["private-key-missing", "cng-key", "audit-endpoint-fails"],
        remedy: &[Step::RepairKey, Step::Assign(Service::SMTP), Step::Import],
        source: NO_CREDENTIALS,
    },
    KnownText {
        id: "tls-socket-error",
        signs: &[Sign::Words(&["TLS negotiation failed with error SocketError"])],
        unless: &[],
        meaning: "The other side closed the connection during the handshake: no common version or cipher, a device between, or a \
                  certificate that it does not accept.",
        about: SEND,
        look_at: &[Step::SendConnectors, Step::Words("events 36887 and 36888 of Schannel at the same time")],
        rules: &["audit-endpoint-expired", "audit-endpoint-self-signed"],
        remedy: &[Step::Words("allow TLS 1.2 on both sides, and show a valid certificate of a public CA to partners")],
        source: MAIL_FLOW,
    },
    KnownText {
        id: "tls-invalid-token",
        signs: &[
            Sign::Words(&["TLS negotiation failed with error InvalidToken"]),
            Sign::Words(&["Security status InvalidToken"]),
        ],
        unless: &[],
        meaning: "The other side answered the handshake with something that is no TLS, or with versions and ciphers that this \
                  server does not have. Certificates are seldom the cause.",
        about: SEND,
        look_at: &[Step::SendConnectors, Step::Words("which TLS versions both sides have")],
        rules: &["audit-endpoint-fails"],
        remedy: &[Step::Words("allow TLS 1.2 on both sides, and ask whether a mail gateway stands between")],
        source: Publication::new(
            "postal, issue 829: Exchange TLS invalid Token",
            "https://github.com/postalserver/postal/issues/829",
        ),
    },
];
