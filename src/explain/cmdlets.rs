//! What the cmdlets for certificates say.

use super::known::{KnownText, Publication, Sign};
use super::steps::Step;
use crate::endpoint::EndpointKind;
use crate::service::Service;

const ASSIGN: Publication = Publication::new(
    "Assign certificates to Exchange Server services",
    "https://learn.microsoft.com/exchange/architecture/client-access/assign-certificates-to-services",
);

pub(super) static KNOWN: &[KnownText] = &[
    KnownText {
        id: "overwrite-default-smtp",
        signs: &[
            Sign::Words(&["overwrite the existing default SMTP certificate"]),
            Sign::Words(&["Current certificate:", "Replace it with certificate:"]),
        ],
        unless: &[],
        meaning: "The cmdlet asks whether the certificate becomes the default SMTP certificate, by which the server \
                  authenticates to other Exchange servers. The certificate gets SMTP whatever the answer is. Yes breaks \
                  an Edge subscription, and one from a CA that lacks the server's own name should not become it.",
        about: &[EndpointKind::Internal, EndpointKind::EdgeSync],
        look_at: &[Step::DefaultSmtp, Step::Certificates],
        rules: &["replace-default-smtp", "default-smtp-replaced", "edge-sync-breaks", "default-smtp-name-mismatch"],
        remedy: &[Step::KeepDefault],
        source: ASSIGN,
    },
    KnownText {
        id: "private-key-missing",
        signs: &[Sign::Words(&["not valid for use with Exchange Server (reason: PrivateKeyMissing)"])],
        unless: &[],
        meaning: "The certificate is in the store without its private key: what the CA sent was imported on another \
                  server than the one that made the request, or by another tool.",
        about: &[],
        look_at: &[
            Step::Certificates,
            Step::Words("on which server the request was made, and whether a .pfx file with the key exists"),
        ],
        rules: &["private-key-missing", "audit-key-missing"],
        remedy: &[Step::Copy, Step::RepairKey, Step::ImportAnswer, Step::Import],
        source: Publication::new(
            "win-acme, issue 427: SAN certificate for Exchange 2013 (PrivateKeyMissing)",
            "https://github.com/win-acme/win-acme/issues/427",
        ),
    },
    KnownText {
        id: "not-valid-for-exchange",
        signs: &[Sign::Words(&["was found but is not valid for use with Exchange Server (reason:"])],
        unless: &["private-key-missing"],
        meaning: "The certificate is installed, and Exchange does not take it for the reason in parentheses: its key, \
                  its usage or its store.",
        about: &[],
        look_at: &[
            Step::Certificates,
            Step::Words(
                "the reason in parentheses: a key on an elliptic curve, a key that only CNG keeps, or an extended \
                         key usage without Server Authentication",
            ),
        ],
        rules: &[
            "not-server-authentication",
            "ecc-unsupported",
            "ecc-key",
            "cng-key",
            "key-too-small",
            "audit-unsuitable",
        ],
        remedy: &[
            Step::Words(
                "import it again with its key kept by a CryptoAPI provider, or order one with an RSA key and with \
                         Server Authentication in its extended key usage",
            ),
            Step::Import,
            Step::AllowEllipticCurves,
        ],
        source: Publication::new(
            "Digital certificates and encryption in Exchange Server",
            "https://learn.microsoft.com/exchange/architecture/client-access/certificates",
        ),
    },
    KnownText {
        id: "thumbprint-not-found",
        signs: &[
            Sign::Words(&["error occurs on server", "The certificate with thumbprint", "was not found"]),
            Sign::Words(&["The certificate with thumbprint", "was not found"]),
        ],
        unless: &[],
        meaning: "No certificate in the personal store of the computer that was asked has this thumbprint: it is on \
                  another server, or was copied with a sign too many or too few.",
        about: &[],
        look_at: &[Step::Certificates, Step::AuthCertificates],
        rules: &["certificate-not-installed", "audit-auth-certificate-missing"],
        remedy: &[Step::Copy, Step::Import],
        source: Publication::new(
            "Maintain the Exchange Server OAuth certificate",
            "https://learn.microsoft.com/exchange/plan-and-deploy/integration-with-sharepoint-and-skype/maintain-oauth-certificate",
        ),
    },
    KnownText {
        id: "wildcard-for-imap",
        signs: &[
            Sign::Words(&["cannot used for IMAP SSL/TLS connections because the subject is not a Fully Qualified"]),
            Sign::Words(&["cannot be used for IMAP SSL/TLS connections because the subject is not a Fully Qualified"]),
        ],
        unless: &[],
        meaning: "IMAP takes its certificate by one host name, which a wildcard certificate does not name. The other \
                  services of the request were assigned, IMAP was not.",
        about: &[EndpointKind::Imap],
        look_at: &[Step::ClientSettings(Service::IMAP)],
        rules: &["wildcard-imap", "audit-wildcard-imap-pop", "served-by-name"],
        remedy: &[Step::NameHost(Service::IMAP), Step::Restart(Service::IMAP)],
        source: Publication::new(
            "Microsoft Exchange Server Certificates (KimConnect)",
            "https://kimconnect.com/microsoft-exchange-server-certificates/",
        ),
    },
    KnownText {
        id: "wildcard-for-pop",
        signs: &[
            Sign::Words(&["cannot used for POP SSL/TLS connections because the subject is not a Fully Qualified"]),
            Sign::Words(&["cannot be used for POP SSL/TLS connections because the subject is not a Fully Qualified"]),
        ],
        unless: &[],
        meaning: "POP takes its certificate by one host name, which a wildcard certificate does not name. The other \
                  services of the request were assigned, POP was not.",
        about: &[EndpointKind::Pop],
        look_at: &[Step::ClientSettings(Service::POP)],
        rules: &["wildcard-pop", "audit-wildcard-imap-pop", "served-by-name"],
        remedy: &[Step::NameHost(Service::POP), Step::Restart(Service::POP)],
        source: Publication::new(
            "Microsoft Exchange Server Certificates (KimConnect)",
            "https://kimconnect.com/microsoft-exchange-server-certificates/",
        ),
    },
    KnownText {
        id: "named-by-send-connectors",
        signs: &[Sign::Words(&["These certificates are tagged with following Send Connectors"])],
        unless: &[],
        meaning: "Send connectors name the certificate by issuer and subject. A renewed one with the same names is named \
                  too, so that neither can be removed.",
        about: &[EndpointKind::SendConnector],
        look_at: &[Step::SendConnectors, Step::Certificates],
        rules: &["removes-connector-certificate", "connector-uses-other", "update-connectors"],
        remedy: &[Step::ClearConnectors, Step::Remove, Step::NameConnectors],
        source: Publication::new(
            "Can't remove a certificate that's installed in Exchange Server",
            "https://learn.microsoft.com/exchange/troubleshoot/mailflow/cannot-remove-installed-certificate",
        ),
    },
    KnownText {
        id: "internal-transport-not-removable",
        signs: &[
            Sign::Words(&["The internal transport certificate cannot be removed"]),
            Sign::Words(&["The internal transport certificate can't be removed"]),
        ],
        unless: &[],
        meaning: "The certificate is the default SMTP certificate of the server, without which transport would stop. \
                  Another one has to become the default first.",
        about: &[EndpointKind::Internal],
        look_at: &[Step::DefaultSmtp],
        rules: &["removes-default-smtp", "edge-sync-breaks"],
        remedy: &[Step::MakeDefault, Step::Remove],
        source: Publication::new(
            "Exchange 2013: The internal transport certificate cannot be removed (Practical 365)",
            "https://practical365.com/exchange-server/exchange-2013-the-internal-transport-certificate-cannot-be-removed/",
        ),
    },
    KnownText {
        id: "import-already-exists",
        signs: &[Sign::Words(&["Cannot import certificate. A certificate with the thumbprint", "already exists"])],
        unless: &[],
        meaning: "The certificate is in the store of the server already, perhaps without its private key, so that \
                  Exchange does not list it.",
        about: &[],
        look_at: &[Step::Certificates],
        rules: &["private-key-missing", "audit-key-missing"],
        remedy: &[
            Step::RepairKey,
            Step::Words(
                "if it has no key there, delete it from the store (certlm.msc), and import the .pfx file again",
            ),
            Step::Import,
        ],
        source: Publication::new(
            "Microsoft Q&A: Migration Exchange 2013 to Exch 2019, problems with the digital certificate",
            "https://learn.microsoft.com/answers/questions/1065652/migration-exchange-2013-to-exch-2019-problems-with",
        ),
    },
    KnownText {
        id: "import-wrong-password",
        signs: &[Sign::Words(&["The source data cannot be imported or the wrong password was specified"])],
        unless: &[],
        meaning: "The file could not be opened: its password is another one, or it is encrypted in a way (AES256-SHA256) \
                  that this version of Windows Server does not read.",
        about: &[],
        look_at: &[Step::Words(
            "the password, and by which program and with which encryption the .pfx file was written",
        )],
        rules: &["certificate-not-installed"],
        remedy: &[
            Step::Words("export the file again with TripleDES-SHA1, which all versions read, and import that"),
            Step::Import,
        ],
        source: Publication::new(
            "Microsoft Q&A: Exchange 2016, import cert to Exchange, password is…",
            "https://learn.microsoft.com/answers/questions/1394407/exchange-2016-import-cert-to-exchange-password-is",
        ),
    },
    KnownText {
        id: "key-not-exportable",
        signs: &[
            Sign::Words(&["The private key couldn't be exported as PKCS-12"]),
            Sign::Words(&["The private key could not be exported as PKCS-12"]),
        ],
        unless: &[],
        meaning: "The private key was not marked as exportable when it was made or imported, as that of the certificate \
                  that setup makes; or the caller may not read it.",
        about: &[],
        look_at: &[Step::Certificates],
        rules: &["certificate-not-installed", "audit-fleet-differs"],
        remedy: &[
            Step::Words(
                "import the .pfx file that the certificate came in on each server with an exportable key, or \
                         request a new certificate with an exportable key",
            ),
            Step::Import,
        ],
        source: Publication::new(
            "Export-ExchangeCertificate",
            "https://learn.microsoft.com/powershell/module/exchange/export-exchangecertificate",
        ),
    },
    KnownText {
        id: "network-service-access",
        signs: &[
            Sign::Words(&["Insufficient rights to grant Network Service access to the certificate with thumbprint"]),
            Sign::Words(&["AddAccessRuleUnauthorizedAccessException"]),
            Sign::Words(&["AddAccessRuleCryptographicException"]),
        ],
        unless: &[],
        meaning: "Exchange lets the Network Service read the private key of a certificate that gets services, and could \
                  not: the key is broken, or its file belongs to another account, as that of an ACME client. Setup and \
                  updates of Exchange stop at this.",
        about: &[],
        look_at: &[
            Step::Certificates,
            Step::Words("the permissions of the private key (certlm.msc, All Tasks, Manage Private Keys)"),
        ],
        rules: &["private-key-missing", "audit-key-missing"],
        remedy: &[
            Step::Words("give SYSTEM and Administrators full control of the key, or import the .pfx file again"),
            Step::RepairKey,
            Step::Import,
        ],
        source: Publication::new(
            "win-acme, issue 1286: Exchange 2019 on Windows Server 2019 broke update process to CU3",
            "https://github.com/win-acme/win-acme/issues/1286",
        ),
    },
    KnownText {
        id: "setup-certificate-expired",
        signs: &[Sign::Words(&[
            "Install-ExchangeCertificate",
            "System.Security.Cryptography.CryptographicException: The certificate is expired",
        ])],
        unless: &[],
        meaning: "Setup of an update assigns the certificate again that IIS has, and stopped since it has expired. The \
                  server is left half updated.",
        about: &[EndpointKind::DefaultWebSite, EndpointKind::ExchangeBackEnd],
        look_at: &[
            Step::TlsBindings,
            Step::Words("the dates of the certificates in certlm.msc: the shell may not open"),
        ],
        rules: &["audit-expired", "status-not-valid"],
        remedy: &[
            Step::Words(
                "bind a valid certificate to port 443 of the Default Web Site in IIS Manager, and run setup again",
            ),
            Step::Renew,
        ],
        source: Publication::new(
            "Expired certificates cause Exchange cumulative updates to fail (Practical 365)",
            "https://practical365.com/expired-certificates-cause-exchange-cumulative-updates-fail/",
        ),
    },
    KnownText {
        id: "operation-failed-e0434f4d",
        signs: &[Sign::Words(&[
            "The Exchange Certificate operation has failed with an exception",
            "Unknown error (0xe0434f4d)",
        ])],
        unless: &[],
        meaning: "The cmdlet ran in a PowerShell into which the snap-in of Exchange was loaded, which is not supported, or \
                  not as an administrator, and never came to the certificate.",
        about: &[],
        look_at: &[Step::Permission],
        rules: &["permission-denied", "permission-uncertain"],
        remedy: &[Step::Words("run the same command in the Exchange Management Shell, opened as administrator")],
        source: Publication::new(
            "win-acme, issue 1027: ImportExchange.ps1 failing to assign services to certificate",
            "https://github.com/win-acme/win-acme/issues/1027",
        ),
    },
    KnownText {
        id: "revocation-check-failed",
        signs: &[
            Sign::Words(&["The certificate status could not be determined because the revocation check failed"]),
            Sign::Words(&["Status : RevocationCheckFailure"]),
        ],
        unless: &[],
        meaning: "The server cannot reach the list of revoked certificates of the CA, or the CA's answer, so that the \
                  status of the certificate is not Valid.",
        about: &[],
        look_at: &[
            Step::Certificates,
            Step::Words(
                "the proxy of the computer (netsh winhttp show proxy), and the addresses in the certificate's CRL \
                         Distribution Points and Authority Information Access",
            ),
        ],
        rules: &["status-not-valid", "status-accepted", "audit-status"],
        remedy: &[Step::Words("let the server reach these addresses over HTTP, directly or by its proxy")],
        source: Publication::new(
            "EMC and certificates with failed revocation checks in Exchange 2010",
            "https://techcommunity.microsoft.com/blog/exchange/emc-and-certificates-with-failed-revocation-checks-in-exchange-2010/591628",
        ),
    },
    KnownText {
        id: "invalid-for-exchange-usage",
        signs: &[Sign::Words(&["certificate is invalid for Exchange Server usage"])],
        unless: &[],
        meaning: "The chain of the certificate does not end in a root that the server trusts, or lacks an intermediate \
                  certificate.",
        about: &[],
        look_at: &[Step::Certificates, Step::Words("the Certification Path of the certificate in certlm.msc")],
        rules: &["status-not-valid", "audit-status"],
        remedy: &[Step::Words(
            "import the root and the intermediate certificates of the CA into the stores of the computer \
                               (Trusted Root, Intermediate Certification Authorities)",
        )],
        source: Publication::new(
            "Troubleshooting certificate validation errors",
            "https://learn.microsoft.com/previous-versions/office/exchange-server-2010/bb331963(v=exchg.141)",
        ),
    },
    KnownText {
        id: "certificate-name-not-converted",
        signs: &[Sign::Words(&["parameter 'TlsCertificateName'", "SmtpX509Identifier"])],
        unless: &[],
        meaning: "The TlsCertificateName of a connector is written as <I>issuer<S>subject. What was given is another \
                  text, like a thumbprint or the certificate itself.",
        about: &[EndpointKind::SendConnector, EndpointKind::ReceiveConnector],
        look_at: &[Step::Certificates],
        rules: &["update-connectors", "audit-connector-certificate-missing"],
        remedy: &[Step::NameConnectors],
        source: Publication::new(
            "Set-SendConnector",
            "https://learn.microsoft.com/powershell/module/exchange/set-sendconnector",
        ),
    },
    KnownText {
        id: "receive-connector-fqdn-refused",
        signs: &[Sign::Words(&[
            "AuthMechanism",
            "contains the value ExchangeServer, you must set the FQDN parameter on the Receive connector",
        ])],
        unless: &[],
        meaning: "A Receive connector by which Exchange servers authenticate takes only the server's own names as its \
                  FQDN, since other servers expect them.",
        about: &[EndpointKind::ReceiveConnector],
        look_at: &[Step::ReceiveConnectors],
        rules: &["connector-fqdn-invalid", "audit-connector-fqdn-uncovered"],
        remedy: &[Step::Words(
            "leave its FQDN, and give it the certificate that clients expect by its TlsCertificateName; \
                               or make a connector of its own for them",
        )],
        source: Publication::new(
            "Set-ReceiveConnector",
            "https://learn.microsoft.com/powershell/module/exchange/set-receiveconnector",
        ),
    },
    KnownText {
        id: "imap-settings-need-restart",
        signs: &[Sign::Words(&[
            "Changes to IMAP4 settings will only take effect after all Microsoft Exchange IMAP4 services",
        ])],
        unless: &[],
        meaning: "The new certificate name of IMAP is written, and is not used until the services are started again.",
        about: &[EndpointKind::Imap],
        look_at: &[Step::ClientSettings(Service::IMAP)],
        rules: &["restart-imap", "restore-imap-name"],
        remedy: &[Step::Restart(Service::IMAP)],
        source: Publication::new(
            "Enable and configure IMAP4 on an Exchange server",
            "https://learn.microsoft.com/exchange/clients/pop3-and-imap4/configure-imap4",
        ),
    },
    KnownText {
        id: "pop-settings-need-restart",
        signs: &[Sign::Words(&[
            "Changes to POP3 settings will only take effect after all Microsoft Exchange POP3 services",
        ])],
        unless: &[],
        meaning: "The new certificate name of POP is written, and is not used until the services are started again.",
        about: &[EndpointKind::Pop],
        look_at: &[Step::ClientSettings(Service::POP)],
        rules: &["restart-pop", "restore-pop-name"],
        remedy: &[Step::Restart(Service::POP)],
        source: Publication::new(
            "Enable and configure POP3 on an Exchange server",
            "https://learn.microsoft.com/exchange/clients/pop3-and-imap4/configure-pop3",
        ),
    },
    KnownText {
        id: "edge-subscription-confirm",
        signs: &[Sign::Words(&[
            "If you create an Edge Subscription, this Edge Transport server will be managed via EdgeSync replication",
        ])],
        unless: &[],
        meaning: "The cmdlet asks before it writes the file that subscribes the Edge Transport server. The file holds the \
                  server's default SMTP certificate of this moment: after that changes, the server is subscribed again.",
        about: &[EndpointKind::EdgeSync, EndpointKind::Internal],
        look_at: &[Step::DefaultSmtp],
        rules: &["recreate-edge-subscription", "edge-sync-breaks"],
        remedy: &[Step::Words("answer Yes once the default SMTP certificate is the one that is to stay")],
        source: Publication::new(
            "Edge Subscriptions in Exchange Server",
            "https://learn.microsoft.com/exchange/architecture/edge-transport-servers/edge-subscriptions",
        ),
    },
    KnownText {
        id: "auth-not-48-hours-ahead",
        signs: &[Sign::Words(&["may not be deployed on all necessary servers"])],
        unless: &[],
        meaning: "The next Auth certificate becomes the current one in less than 48 hours, before Exchange has copied it to \
                  every server for certain.",
        about: &[],
        look_at: &[Step::AuthCertificates],
        rules: &["audit-auth-certificate-expires", "audit-auth-certificate-missing"],
        remedy: &[
            Step::Words(
                "answer No and name a later day while the current one is valid; answer Yes if it has expired, and let \
                         every server take the new one at once",
            ),
            Step::ReloadAuth,
        ],
        source: Publication::new(
            "Set-AuthConfig",
            "https://learn.microsoft.com/powershell/module/exchange/set-authconfig",
        ),
    },
];
