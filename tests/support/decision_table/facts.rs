//! What a decision looks at: plain values, read from nothing but their fields.

pub const IMAP: u8 = 1;
pub const POP: u8 = 2;
pub const UM: u8 = 4;
pub const IIS: u8 = 8;
pub const SMTP: u8 = 16;
pub const FEDERATION: u8 = 32;
pub const UM_CALL_ROUTER: u8 = 64;

/// In value order, which is also the order in which a command names them.
pub const SERVICES: [(u8, &str); 7] = [
    (IMAP, "IMAP"),
    (POP, "POP"),
    (UM, "UM"),
    (IIS, "IIS"),
    (SMTP, "SMTP"),
    (FEDERATION, "Federation"),
    (UM_CALL_ROUTER, "UMCallRouter"),
];

pub const UNIFIED_MESSAGING: u8 = UM | UM_CALL_ROUTER;

pub const DEFAULT_WEB_SITE: u32 = 1;
pub const EXCHANGE_BACK_END: u32 = 2;

pub const AUTH_CERTIFICATE_NAME: &str = "Microsoft Exchange Server Auth Certificate";

#[derive(Clone, Debug)]
pub struct Situation {
    /// Unix seconds.
    pub now: i64,
    pub server: ServerFacts,
    pub request: RequestFacts,
}

#[derive(Clone, Debug)]
pub struct ServerFacts {
    pub name: String,
    pub fqdn: Option<String>,
    pub version: Version,
    pub roles: Vec<Role>,
    pub um_startup_mode: StartupMode,
    pub um_call_router_startup_mode: StartupMode,
    pub imap_certificate_name: Option<String>,
    pub pop_certificate_name: Option<String>,
    pub client_names: Option<Vec<String>>,
    pub edge_subscribed: bool,
    pub load_balancing: LoadBalancing,
    pub default_smtp: DefaultSmtp,
    pub auth_certificates: Option<AuthFacts>,
    pub connectors: Vec<ConnectorFacts>,
    pub certificates: Vec<CertificateFacts>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    E2013,
    E2016,
    E2019,
    Se,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Mailbox,
    ClientAccess,
    Edge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartupMode {
    Tcp,
    Tls,
    Dual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadBalancing {
    None,
    Layer4,
    Layer7,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultSmtp {
    NotKnown,
    Nothing,
    /// Index of an installed certificate.
    Installed(usize),
    /// The server names a thumbprint that is not installed.
    NotInstalled,
    /// As `NotInstalled`, and it is the very thumbprint that the request names
    /// (in `replace`: the new one), so that it is not "another" certificate.
    NotInstalledRequested,
}

/// Indices of installed certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthFacts {
    pub current: Option<usize>,
    pub next: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectorKind {
    Send,
    Receive,
    Hybrid,
}

#[derive(Clone, Debug)]
pub struct ConnectorFacts {
    pub kind: ConnectorKind,
    pub name: String,
    pub issuer: String,
    pub subject: String,
    pub servers: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension<T> {
    Absent,
    Unreadable,
    Present(T),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Bits of the modulus.
    Rsa(u32),
    EllipticCurve,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    ServerAuth,
    ClientAuth,
    Any,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStorage {
    Csp,
    Ksp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Unknown,
    Valid,
    Revoked,
    DateInvalid,
    Untrusted,
    Invalid,
    RevocationCheckFailure,
    PendingRequest,
    Unrecognized(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootCaType {
    None,
    ThirdParty,
    Enterprise,
    Registry,
    GroupPolicy,
    Unknown,
}

#[derive(Clone, Debug)]
pub struct CertificateFacts {
    /// 40 upper-case hex digits.
    pub thumbprint: String,
    pub issuer: String,
    /// As printed.
    pub subject: String,
    pub common_names: Vec<String>,
    pub dns_names: Extension<Vec<String>>,
    pub self_signed: bool,
    pub not_before: i64,
    pub not_after: i64,
    pub key: Key,
    pub weak_signature: bool,
    pub extended_key_usage: Extension<Vec<Purpose>>,
    /// Holds digitalSignature.
    pub key_usage: Extension<bool>,
    /// CA.
    pub basic_constraints: Extension<bool>,
    pub friendly_name: Option<String>,
    pub has_private_key: bool,
    pub key_storage: Option<KeyStorage>,
    pub status: Option<Status>,
    pub root_ca_type: Option<RootCaType>,
    /// The bits above; `None` is not known.
    pub services: Option<u8>,
    /// `None` is not known.
    pub web_sites: Option<Vec<u32>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Add,
    Exact,
    Take,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Assign {
        services: u8,
        mode: Mode,
    },
    Remove,
    /// `old` is the index of an installed certificate, `None` one that is not installed.
    Replace {
        old: Option<usize>,
        update_connectors: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Keep,
    Replace,
}

#[derive(Clone, Debug)]
pub struct RequestFacts {
    pub operation: Operation,
    /// Index of an installed certificate, `None` a thumbprint that is not installed.
    pub certificate: Option<usize>,
    pub thumbprint: String,
    pub old_thumbprint: String,
    pub default_smtp: Option<Answer>,
    pub caller: Option<Vec<String>>,
    pub accept_status: Vec<Status>,
    pub require_ssl: bool,
}

impl ServerFacts {
    pub fn is_edge(&self) -> bool {
        self.roles.contains(&Role::Edge)
    }

    pub fn has_unified_messaging(&self) -> bool {
        self.version <= Version::E2016
    }

    /// §1, the columns "from" and "hosted by".
    pub fn hosted(&self) -> u8 {
        let by_role = |role: &Role| match (role, self.version) {
            (Role::Mailbox, Version::E2013) => IMAP | POP | UM | IIS | SMTP | FEDERATION,
            (Role::Mailbox, Version::E2016) => IMAP | POP | UM | IIS | SMTP | FEDERATION | UM_CALL_ROUTER,
            (Role::Mailbox, Version::E2019 | Version::Se) => IMAP | POP | IIS | SMTP | FEDERATION,
            (Role::ClientAccess, Version::E2013) => IMAP | POP | IIS | SMTP | UM_CALL_ROUTER,
            (Role::ClientAccess, _) => IMAP | POP | IIS | SMTP,
            (Role::Edge, _) => SMTP,
        };
        self.roles.iter().fold(0, |hosted, role| hosted | by_role(role))
    }

    /// "By the server's word or by its CN" (§5.2).
    pub fn is_auth_certificate(&self, index: usize) -> bool {
        self.names_as_auth(index) || self.certificates[index].has_auth_name()
    }

    pub fn names_as_auth(&self, index: usize) -> bool {
        self.auth_certificates.is_some_and(|auth| auth.current == Some(index) || auth.next == Some(index))
    }

    pub fn others(&self, this: Option<usize>) -> impl Iterator<Item = (usize, &CertificateFacts)> + '_ {
        self.certificates.iter().enumerate().filter(move |(index, _)| Some(*index) != this)
    }
}

impl ConnectorFacts {
    pub fn names(&self, certificate: &CertificateFacts) -> bool {
        same_text(&self.issuer, &certificate.issuer) && same_text(&self.subject, &certificate.subject)
    }
}

impl CertificateFacts {
    pub fn domains(&self) -> Vec<&str> {
        let common = self.common_names.iter().filter(|name| is_dns_name(name.as_bytes()));
        let mut domains: Vec<&str> = Vec::new();
        for name in common.chain(self.readable_dns_names()) {
            if !holds(&domains, name) {
                domains.push(name);
            }
        }
        domains
    }

    pub fn is_wildcard(&self) -> bool {
        self.common_names.iter().chain(self.readable_dns_names()).any(|name| name.as_bytes().contains(&b'*'))
    }

    pub fn within_dates(&self, now: i64) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    pub fn status_in_force(&self, now: i64) -> Status {
        let reported = self.status.unwrap_or(Status::Valid);
        match reported {
            Status::Valid | Status::RevocationCheckFailure | Status::Untrusted | Status::Unknown
                if !self.within_dates(now) =>
            {
                Status::DateInvalid
            }
            _ => reported,
        }
    }

    pub fn expires_soon(&self, now: i64) -> bool {
        let whole_days = |seconds: i64| seconds.div_euclid(86_400);
        let life = whole_days(self.not_after - self.not_before);
        self.within_dates(now) && whole_days(self.not_after - now) < (life / 3).min(60)
    }

    /// Known to have it: services that are not known count as none (§5).
    pub fn has(&self, service: u8) -> bool {
        self.services.unwrap_or(0) & service != 0
    }

    /// Exactly so written: §5.2 says "without case" of `WMSvc-` alone.
    pub fn has_auth_name(&self) -> bool {
        self.common_names.iter().any(|name| name == AUTH_CERTIFICATE_NAME)
    }

    pub fn is_web_management(&self) -> bool {
        self.common_names
            .iter()
            .any(|name| name.as_bytes().get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"WMSvc-")))
    }

    pub fn same_names(&self, other: &CertificateFacts) -> bool {
        same_text(&self.issuer, &other.issuer) && same_text(&self.subject, &other.subject)
    }

    fn readable_dns_names(&self) -> std::slice::Iter<'_, String> {
        match &self.dns_names {
            Extension::Present(names) => names.iter(),
            Extension::Absent | Extension::Unreadable => [].iter(),
        }
    }
}

pub fn holds(domains: &[&str], name: &str) -> bool {
    domains.iter().any(|domain| domain.eq_ignore_ascii_case(name))
}

pub fn covered(domains: &[&str], host: &str) -> bool {
    domains.iter().any(|domain| covers(domain, host))
}

pub fn covers(domain: &str, host: &str) -> bool {
    let one_label_more = || {
        let rest = domain.strip_prefix("*.")?;
        let (first, others) = host.split_once('.')?;
        Some(!first.is_empty() && rest.eq_ignore_ascii_case(others))
    };
    domain.eq_ignore_ascii_case(host) || one_label_more().unwrap_or(false)
}

/// §2 says "letters" of names in DNS, where those are the ASCII ones.
fn is_dns_name(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"*.").unwrap_or(name);
    let mut letter = false;
    let mut label = 0_usize;
    for byte in name {
        match byte {
            b'.' if label == 0 => return false,
            b'.' => label = 0,
            b'0'..=b'9' | b'-' | b'_' => label += 1,
            b'a'..=b'z' | b'A'..=b'Z' => {
                letter = true;
                label += 1;
            }
            _ => return false,
        }
    }
    letter && label != 0
}

fn same_text(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || (!(one.is_ascii() && other.is_ascii()) && one.to_lowercase() == other.to_lowercase())
}
