//! What names a certificate, where the web server binds one, and what the server itself chose.

use super::certificate::{CertificateFacts, same_text};

/// An export may lack a fact, or hold it and leave it empty: the two differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fact<T> {
    #[default]
    NotKnown,
    Null,
    Value(T),
}

/// `<I>issuer<S>subject`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateName {
    pub issuer: String,
    pub subject: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectorKind {
    Send,
    Receive,
    Hybrid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportRole {
    FrontendTransport,
    HubTransport,
}

#[derive(Clone, Debug)]
pub struct ConnectorFacts {
    pub kind: ConnectorKind,
    /// As Exchange prints it, which may begin with `SERVER\`.
    pub name: String,
    /// For compatibility `Null` where a scenario does not say it.
    pub tls_certificate_name: Fact<CertificateName>,
    pub fqdn: Fact<String>,
    /// Source servers of a Send connector, the server of a Receive connector; empty is not known.
    pub servers: Vec<String>,
    pub enabled: Option<bool>,
    pub auth_mechanism: Option<Vec<String>>,
    pub transport_role: Option<TransportRole>,
    pub ignore_starttls: Option<bool>,
    pub require_tls: Option<bool>,
    pub domain_secure_enabled: Option<bool>,
    pub cloud_services_mail_enabled: Option<bool>,
    pub tls_domain_capabilities: Option<Vec<String>>,
    pub smart_hosts: Option<Vec<String>>,
    /// Such as `0.0.0.0:25`.
    pub bindings: Option<Vec<String>>,
}

/// An https binding as `Get-WebBinding` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebBinding {
    pub site: u32,
    /// `address:port:host name`, such as `:443:` or `*:443:autodiscover.contoso.com`.
    pub binding: String,
    /// Index of an installed certificate, `None` where its hash is not installed.
    pub certificate: Option<usize>,
}

/// What `Get-ExchangeCertificate -DomainName` answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAnswer {
    pub fqdn: String,
    /// In the server's order; `None` is a thumbprint that is not installed.
    pub certificates: Vec<Option<usize>>,
}

impl<T> Fact<T> {
    pub fn value(&self) -> Option<&T> {
        match self {
            Fact::Value(value) => Some(value),
            Fact::NotKnown | Fact::Null => None,
        }
    }
}

impl Fact<String> {
    /// An empty text sets nothing.
    pub fn set(&self) -> Option<&String> {
        self.value().filter(|it| !it.is_empty())
    }
}

impl CertificateName {
    pub fn of(certificate: &CertificateFacts) -> Self {
        Self { issuer: certificate.issuer.clone(), subject: certificate.subject.clone() }
    }

    pub fn is_of(&self, certificate: &CertificateFacts) -> bool {
        same_text(&self.issuer, &certificate.issuer) && same_text(&self.subject, &certificate.subject)
    }
}

impl Default for ConnectorFacts {
    fn default() -> Self {
        Self {
            kind: ConnectorKind::Receive,
            name: String::new(),
            tls_certificate_name: Fact::Null,
            fqdn: Fact::NotKnown,
            servers: Vec::new(),
            enabled: None,
            auth_mechanism: None,
            transport_role: None,
            ignore_starttls: None,
            require_tls: None,
            domain_secure_enabled: None,
            cloud_services_mail_enabled: None,
            tls_domain_capabilities: None,
            smart_hosts: None,
            bindings: None,
        }
    }
}

impl ConnectorFacts {
    pub fn names(&self, certificate: &CertificateFacts) -> bool {
        self.tls_certificate_name.value().is_some_and(|name| name.is_of(certificate))
    }

    pub fn is_enabled(&self) -> bool {
        self.enabled != Some(false)
    }

    /// What was not exported is taken as offered.
    pub fn offers_tls(&self) -> bool {
        self.auth_mechanism.as_ref().is_none_or(|them| them.iter().any(|it| it.eq_ignore_ascii_case("Tls")))
    }

    /// The partner checks the certificate of this Send connector.
    pub fn is_checked(&self) -> bool {
        self.domain_secure_enabled == Some(true) || self.cloud_services_mail_enabled == Some(true)
    }

    /// EdgeSync's own: `--` stands for the subscribed servers.
    pub fn is_edge_sync(&self) -> bool {
        self.smart_hosts.as_ref().is_some_and(|hosts| hosts.iter().any(|it| it == "--"))
    }

    /// "Outbound Proxy Frontend" by whatever name.
    pub fn is_outbound_proxy(&self) -> bool {
        let port = |binding: &String| binding.rsplit(':').next() == Some("717");
        self.bindings.as_ref().is_some_and(|bindings| bindings.iter().any(port))
    }

    /// §5.2, `connector-fqdn-invalid`; an empty text sets nothing.
    pub fn has_invalid_fqdn(&self) -> bool {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let valid = |label: &str| {
            matches!(label.len(), 1..=63)
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        self.fqdn.set().is_some_and(|fqdn| !fqdn.split('.').all(valid))
    }

    pub fn runs_on(&self, server: &str) -> bool {
        self.servers.iter().any(|it| it.eq_ignore_ascii_case(server))
    }
}
