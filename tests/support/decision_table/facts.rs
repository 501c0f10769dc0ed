//! What a decision looks at: plain values, read from nothing but their fields.

mod certificate;
mod connector;
mod not_read;

pub use certificate::*;
pub use connector::*;
pub use not_read::*;

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
    pub imap_certificate_name: Fact<String>,
    pub pop_certificate_name: Fact<String>,
    pub client_names: Option<Vec<String>>,
    pub edge_subscribed: bool,
    pub load_balancing: LoadBalancing,
    pub default_smtp: DefaultSmtp,
    pub auth_certificates: Option<AuthFacts>,
    pub connectors: Vec<ConnectorFacts>,
    /// Of Active Directory.
    pub site: Option<String>,
    /// The https bindings of every site; `None` is not known.
    pub web_bindings: Option<Vec<WebBinding>>,
    /// The server's own choice, for the names that it was asked about.
    pub selection: Vec<OwnAnswer>,
    /// Index of the installed certificate that the federation trust names.
    pub federation_certificate: Option<usize>,
    pub certificates: Vec<CertificateFacts>,
    /// Beside what is known of the same kind, which may be a part.
    pub not_read: Vec<NotRead>,
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
    /// Of `replace`: assign and move names, and remove nothing.
    pub keep_old: bool,
    /// Of `replace` where names move: exactly these of the server's connectors take the new name. `None` is every one
    /// that names the old certificate.
    pub moving: Option<Vec<usize>>,
}

impl Default for ServerFacts {
    fn default() -> Self {
        Self {
            name: String::new(),
            fqdn: None,
            version: Version::E2019,
            roles: vec![Role::Mailbox],
            um_startup_mode: StartupMode::Tcp,
            um_call_router_startup_mode: StartupMode::Tcp,
            imap_certificate_name: Fact::NotKnown,
            pop_certificate_name: Fact::NotKnown,
            client_names: None,
            edge_subscribed: false,
            load_balancing: LoadBalancing::None,
            default_smtp: DefaultSmtp::NotKnown,
            auth_certificates: None,
            connectors: Vec::new(),
            site: None,
            web_bindings: None,
            selection: Vec::new(),
            federation_certificate: None,
            certificates: Vec::new(),
            not_read: Vec::new(),
        }
    }
}

impl Default for RequestFacts {
    fn default() -> Self {
        Self {
            operation: Operation::Assign { services: 0, mode: Mode::Add },
            certificate: None,
            thumbprint: String::new(),
            old_thumbprint: String::new(),
            default_smtp: None,
            caller: None,
            accept_status: Vec::new(),
            require_ssl: true,
            keep_old: false,
            moving: None,
        }
    }
}

impl ServerFacts {
    pub fn is_edge(&self) -> bool {
        self.roles.contains(&Role::Edge)
    }

    pub fn has_unified_messaging(&self) -> bool {
        self.version <= Version::E2016
    }

    /// Where clients connect: in 2013 a role of its own.
    pub fn has_client_access(&self) -> bool {
        let role = if self.version == Version::E2013 { Role::ClientAccess } else { Role::Mailbox };
        self.roles.contains(&role)
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

    /// Receive connectors of other servers count for no rule; Send connectors are the organisation's.
    pub fn counts(&self, connector: &ConnectorFacts) -> bool {
        connector.kind != ConnectorKind::Receive || connector.servers.is_empty() || connector.runs_on(&self.name)
    }
}
