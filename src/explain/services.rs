//! What the other services of Exchange say: OAuth, federation, hybrid, Unified Messaging, IMAP4 and POP3.

use super::known::{KnownText, Log, Publication, Sign};
use super::steps::Step;
use crate::endpoint::EndpointKind;
use crate::service::Service;

const OAUTH_EXPIRED: Publication = Publication::new(
    "Can't sign in to Outlook on the web or EAC if Exchange Server OAuth certificate is expired",
    "https://learn.microsoft.com/exchange/troubleshoot/administration/cannot-access-owa-or-ecp-if-oauth-expired",
);
const AUTH_RULES: &[&str] = &["audit-auth-certificate-missing", "audit-auth-certificate-expires"];

pub(super) static KNOWN: &[KnownText] = &[
    KnownText {
        id: "auth-certificate-unusable",
        signs: &[
            Sign::Event(Log::OAuth, 2004),
            Sign::Words(&[
                "Unable to find the certificate with thumbprint",
                "The certificate is needed to sign the outgoing token",
            ]),
        ],
        unless: &[],
        meaning: "The server lacks an Auth certificate that Get-AuthConfig names, or its private key, and cannot sign tokens.",
        about: &[],
        look_at: &[Step::AuthCertificates, Step::Certificates],
        rules: AUTH_RULES,
        remedy: &[Step::Copy, Step::NewAuth],
        source: Publication::new(
            "Microsoft Q&A: MSExchange OAuth 2004",
            "https://learn.microsoft.com/answers/questions/1166428/msexchange-aouth-2004",
        ),
    },
    KnownText {
        id: "certificate-expired-web-services",
        signs: &[Sign::Event(Log::WebServices, 24), Sign::Words(&["The Exchange certificate [Subject]", "expired on"])],
        unless: &[],
        meaning: "A certificate that Exchange knows has expired; the message says which one. If it is the Auth certificate, \
                  calendars, free/busy and hybrid features fail.",
        about: &[],
        look_at: &[Step::Certificates, Step::AuthCertificates],
        rules: &["audit-expired", "audit-auth-certificate-expires"],
        remedy: &[Step::Renew],
        source: Publication::new(
            "Expired Microsoft Exchange Server Auth Certificate (Byron Wright)",
            "https://byronwright.blogspot.com/2018/05/expired-microsoft-exchange-server-auth.html",
        ),
    },
    KnownText {
        id: "front-end-proxy-error",
        signs: &[Sign::Event(Log::FrontEndProxy, 1003), Sign::Words(&["HttpProxy.FbaModule.ParseCadataCookies"])],
        unless: &["protection-certificates-missing"],
        meaning: "Outlook on the web and the EAC loop or stay blank at the sign-in, since the Auth certificate is expired, \
                  missing or not configured.",
        about: &[EndpointKind::DefaultWebSite],
        look_at: &[Step::AuthCertificates, Step::Certificates],
        rules: AUTH_RULES,
        remedy: &[Step::NewAuth],
        source: OAUTH_EXPIRED,
    },
    KnownText {
        id: "protection-certificates-missing",
        signs: &[Sign::Words(&["ASSERT: HMACProvider.GetCertificates:protectionCertificates.Length"])],
        unless: &[],
        meaning: "Outlook on the web and the EAC fail since the Auth certificate is expired, missing, or too new: a server \
                  may take it only hours after it was published.",
        about: &[EndpointKind::DefaultWebSite],
        look_at: &[Step::AuthCertificates, Step::Certificates],
        rules: AUTH_RULES,
        remedy: &[Step::NewAuth],
        source: Publication::new(
            "OWA or ECP stops working after you install a security update",
            "https://learn.microsoft.com/exchange/troubleshoot/administration/cannot-access-owa-or-ecp-if-oauth-expired",
        ),
    },
    KnownText {
        id: "web-services-pool-crashes",
        signs: &[Sign::Words(&["V1ProfileLocalTokenIssuer", "OAuthTokenRequestFailedException"])],
        unless: &[],
        meaning: "The application pool of Exchange Web Services crashes every few minutes since the Auth certificate has \
                  expired.",
        about: &[EndpointKind::ExchangeBackEnd],
        look_at: &[Step::AuthCertificates],
        rules: AUTH_RULES,
        remedy: &[Step::NewAuth],
        source: Publication::new(
            "EWS application pool crashes because the Exchange Server OAuth certificate is expired",
            "https://learn.microsoft.com/exchange/troubleshoot/administration/ews-app-pool-crashes",
        ),
    },
    KnownText {
        id: "service-host-crashes",
        signs: &[Sign::Words(&["M.Exchange.ServiceHost", "BlockedDeserializeTypeException"])],
        unless: &[],
        meaning: "After the update of March 2022 the Service Host crashes while a certificate on the server has expired or \
                  expires within 30 days.",
        about: &[],
        look_at: &[Step::Certificates],
        rules: &["audit-expired", "audit-expires-soon"],
        remedy: &[Step::Renew, Step::Words("and install the latest security update")],
        source: Publication::new(
            "CSS-Exchange: Emerging issues, March 2022",
            "https://github.com/microsoft/CSS-Exchange/pull/929",
        ),
    },
    KnownText {
        id: "oauth-signature-unknown",
        signs: &[
            Sign::Words(&["Client assertion contains an invalid signature"]),
            Sign::Words(&["Client assertation contains an invalid signature"]),
            Sign::Words(&["AADSTS700027"]),
        ],
        unless: &[],
        meaning: "Microsoft 365 does not know the Auth certificate that signed the token: it was renewed, and the hybrid \
                  configuration was not updated.",
        about: &[],
        look_at: &[Step::AuthCertificates],
        rules: &["update-hybrid", "audit-auth-certificate-expires"],
        remedy: &[Step::Words("run the Hybrid Configuration wizard again, which uploads the current Auth certificate")],
        source: Publication::new(
            "OAuth certificates with hybrid Exchange (Byron Wright)",
            "https://byronwright.blogspot.com/2021/02/oauth-certificates-with-hybrid-exchange.html",
        ),
    },
    KnownText {
        id: "hybrid-certificate-without-smtp",
        signs: &[Sign::Words(&["Secure Mail Certificate on server", "is not bound to the SMTP Service"])],
        unless: &[],
        meaning: "The Hybrid Configuration wizard found the certificate for hybrid mail on a server without SMTP.",
        about: &[EndpointKind::ReceiveConnector],
        look_at: &[Step::Certificates],
        rules: &["update-hybrid", "audit-hybrid-connector-differs", "send-server-lacks"],
        remedy: &[Step::Assign(Service::SMTP), Step::Words("run the wizard again")],
        source: Publication::new(
            "Secure Mail Certificate on server is not bound to the SMTP Service error (Hybrid Configuration wizard)",
            "https://support.microsoft.com/help/3058190",
        ),
    },
    KnownText {
        id: "hybrid-oauth-not-configured",
        signs: &[Sign::Words(&["HCW8064", "was not able to perform the OAuth portion"])],
        unless: &[],
        meaning: "The Hybrid Configuration wizard could not set up OAuth, often since the Auth certificate is missing or \
                  expired.",
        about: &[],
        look_at: &[Step::AuthCertificates],
        rules: AUTH_RULES,
        remedy: &[Step::Words("if the Auth certificate is expired or missing:"), Step::NewAuth],
        source: Publication::new(
            "Exchange Hybrid: HCW8064, OAuth (diecknet)",
            "https://diecknet.de/en/2020/05/01/Exchange-Hybrid-HCW8064-OAuth/",
        ),
    },
    KnownText {
        id: "federation-or-auth-not-found",
        signs: &[
            Sign::Words(&["Federation or Auth certificate not found"]),
            Sign::Words(&[
                "Federation Certificate Not Found",
                "Unable to find the certificate in the local or neighboring sites",
            ]),
        ],
        unless: &[],
        meaning: "A certificate that the federation trust or the Auth configuration names is on no server of the site or of \
                  those next to it, so that Exchange cannot copy it to this one.",
        about: &[],
        look_at: &[Step::AuthCertificates, Step::FederationCertificates],
        rules: &["audit-auth-certificate-missing", "removes-federation-certificate", "removes-auth-certificate"],
        remedy: &[Step::Copy, Step::Words("if it is the Auth certificate, and on no server:"), Step::NewAuth],
        source: Publication::new(
            "Exchange troubleshooting: Federation or Auth certificate not found",
            "https://learn.microsoft.com/archive/technet-wiki/34914.exchange-troubleshooting-federation-or-auth-certificate-not-found",
        ),
    },
    KnownText {
        id: "federation-expires-soon",
        signs: &[
            Sign::Event(Log::CertificateDeployment, 2009),
            Sign::Words(&["The federation certificate", "will expire in less than 15 days"]),
        ],
        unless: &[],
        meaning: "The certificate of the federation trust expires within 15 days. Renewed before, the trust stays; after, it \
                  has to be made anew.",
        about: &[],
        look_at: &[Step::FederationCertificates],
        rules: &["audit-expires-soon", "removes-federation-certificate"],
        remedy: &[Step::NewFederation],
        source: Publication::new(
            "MSExchange Certificate Deployment 2009",
            "https://learn.microsoft.com/previous-versions/exchange-server/exchange-141/ff983647(v=exchg.141)",
        ),
    },
    KnownText {
        id: "federation-certificate-lost",
        signs: &[
            Sign::Words(&["Federation certificate with the thumbprint", "cannot be found"]),
            Sign::Words(&["Unable to find the certificate referenced by property OrgPrivCertificate"]),
        ],
        unless: &[],
        meaning: "The federation trust names a certificate that is on no server any more, as after a server was recovered. \
                  No cmdlet changes the trust without it.",
        about: &[],
        look_at: &[Step::FederationCertificates, Step::Certificates],
        rules: &["removes-federation-certificate"],
        remedy: &[
            Step::Copy,
            Step::Words(
                "import it from a backup; only if there is none, delete the trust in Active Directory as the article \
                         says, and make it anew",
            ),
            Step::TestFederation,
        ],
        source: Publication::new(
            "Error when you make changes to federation trust: Federation certificate with the thumbprint cannot be found",
            "https://support.microsoft.com/help/3215261",
        ),
    },
    KnownText {
        id: "federation-not-approved",
        signs: &[Sign::Words(&["Certificate cannot be updated until federation approval is configured with STS"])],
        unless: &[],
        meaning: "The federation trust has no federated domain, so that its certificate cannot be renewed. A trust that \
                  nobody uses needs none.",
        about: &[],
        look_at: &[Step::FederationCertificates],
        rules: &["federation-not-assignable", "removes-federation-certificate"],
        remedy: &[Step::Words("remove the trust in the EAC (organization, sharing), and make it anew if it is needed")],
        source: Publication::new(
            "Tech Community: Exchange Federation Certificate",
            "https://techcommunity.microsoft.com/t5/exchange/exchange-federation-certificate/m-p/4110066",
        ),
    },
    KnownText {
        id: "imap-certificate-not-found",
        signs: &[
            Sign::Event(Log::Imap, 2007),
            Sign::Words(&["A certificate for the host name", "SSL or TLS encryption can", "IMAP"]),
        ],
        unless: &["pop-certificate-not-found"],
        meaning: "No certificate with IMAP covers the X509CertificateName of IMAP, so that it offers no TLS. A wildcard \
                  certificate wants the name of a host there.",
        about: &[EndpointKind::Imap],
        look_at: &[Step::ClientSettings(Service::IMAP), Step::CertificatesForHost],
        rules: &["imap-name-mismatch", "wildcard-imap", "audit-endpoint-fails"],
        remedy: &[Step::NameHost(Service::IMAP), Step::Restart(Service::IMAP)],
        source: Publication::new(
            "Certificates that contain wildcard characters may not work correctly on Exchange 2007 SP1",
            "https://support.microsoft.com/kb/948896",
        ),
    },
    KnownText {
        id: "pop-certificate-not-found",
        signs: &[
            Sign::Event(Log::Pop, 2007),
            Sign::Words(&["A certificate for the host name", "SSL or TLS encryption can", "to the POP3 service"]),
        ],
        unless: &[],
        meaning: "No certificate with POP covers the X509CertificateName of POP, so that it offers no TLS. A wildcard \
                  certificate wants the name of a host there.",
        about: &[EndpointKind::Pop],
        look_at: &[Step::ClientSettings(Service::POP), Step::CertificatesForHost],
        rules: &["pop-name-mismatch", "wildcard-pop", "audit-endpoint-fails"],
        remedy: &[Step::NameHost(Service::POP), Step::Restart(Service::POP)],
        source: Publication::new(
            "Certificates that contain wildcard characters may not work correctly on Exchange 2007 SP1",
            "https://support.microsoft.com/kb/948896",
        ),
    },
    KnownText {
        id: "um-tls-failure",
        signs: &[Sign::Event(Log::UnifiedMessaging, 1423), Sign::Words(&["ExSmtpClient.TlsApiFailureException"])],
        unless: &[],
        meaning: "Unified Messaging could not hand a voice message to transport by TLS: the handshake failed, often since the \
                  transport server trusts so many roots that their list is cut.",
        about: &[EndpointKind::UnifiedMessaging, EndpointKind::ReceiveConnector],
        look_at: &[
            Step::Certificates,
            Step::Words("how many certificates are in Trusted Root Certification Authorities"),
        ],
        rules: &["audit-endpoint-fails"],
        remedy: &[Step::Words("remove roots that are not needed from the store of the transport server")],
        source: Publication::new(
            "Exchange 2010 UM: A TLS API failure occurred (Jaap Wesselius)",
            "https://jaapwesselius.com/2013/02/07/exchange-2010-um-a-tls-api-failure-occurred/",
        ),
    },
    KnownText {
        id: "um-gateway-silent",
        signs: &[
            Sign::Event(Log::UnifiedMessaging, 1400),
            Sign::Words(&["UM IP gateways did not respond as expected to a SIP OPTIONS request"]),
        ],
        unless: &[],
        meaning: "A gateway or Lync does not answer Unified Messaging, often since it does not accept its certificate: a \
                  wildcard, another name than the server's, or a root that it does not trust.",
        about: &[EndpointKind::UnifiedMessaging, EndpointKind::CallRouter],
        look_at: &[Step::ClientSettings(Service::UM), Step::Certificates],
        rules: &["um-startup-mode", "restart-um", "audit-endpoint-fails"],
        remedy: &[
            Step::Words(
                "assign a certificate to UM that names the server's own FQDN and whose root the other side trusts; with \
                         TCP as startup mode none is used:",
            ),
            Step::SetStartupMode(Service::UM),
        ],
        source: Publication::new(
            "Exchange UM and Lync issue using wildcard certificate (EighTwOne)",
            "https://eightwone.com/2012/01/05/exchange-um-and-lync-issue-using-wildcard-certificate/",
        ),
    },
];
