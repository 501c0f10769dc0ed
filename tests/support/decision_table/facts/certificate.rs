//! A certificate and what its server says of it, and the names that it covers.

use super::AUTH_CERTIFICATE_NAME;

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
    /// Its X.509 version is 3.
    pub version_three: bool,
    pub has_private_key: bool,
    pub key_storage: Option<KeyStorage>,
    pub status: Option<Status>,
    pub root_ca_type: Option<RootCaType>,
    /// The bits above; `None` is not known.
    pub services: Option<u8>,
    /// `None` is not known.
    pub web_sites: Option<Vec<u32>>,
}

impl Default for CertificateFacts {
    fn default() -> Self {
        Self {
            thumbprint: String::new(),
            issuer: String::new(),
            subject: String::new(),
            common_names: Vec::new(),
            dns_names: Extension::Absent,
            self_signed: false,
            not_before: i64::MIN / 2,
            not_after: i64::MAX / 2,
            key: Key::Rsa(2048),
            weak_signature: false,
            extended_key_usage: Extension::Absent,
            key_usage: Extension::Absent,
            basic_constraints: Extension::Absent,
            friendly_name: None,
            version_three: true,
            has_private_key: true,
            key_storage: None,
            status: None,
            root_ca_type: None,
            services: None,
            web_sites: None,
        }
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

    /// §2: by its first domain or by a CN; `*` in a domain further on makes it none.
    pub fn is_wildcard(&self) -> bool {
        let domains = self.domains();
        domains
            .first()
            .copied()
            .into_iter()
            .chain(self.common_names.iter().map(String::as_str))
            .any(|it| it.contains('*'))
    }

    pub fn has_dns_common_name(&self) -> bool {
        self.common_names.iter().any(|name| is_dns_name(name.as_bytes()))
    }

    /// §5.2: nothing documents that a `TlsCertificateName` of such a one works.
    pub fn has_empty_subject(&self) -> bool {
        self.subject.is_empty()
    }

    pub fn within_dates(&self, now: i64) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// Where Exchange itself says so, whatever the dates, too.
    pub fn is_outside_dates(&self, now: i64) -> bool {
        !self.within_dates(now) || self.status_in_force(now) == Status::DateInvalid
    }

    /// ENDPOINTS §2.1/2: transport and the front ends pass over it.
    pub fn is_unusable(&self, now: i64) -> bool {
        matches!(
            self.status_in_force(now),
            Status::Revoked | Status::Invalid | Status::PendingRequest | Status::Unrecognized(_)
        )
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

pub fn same_text(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || (!(one.is_ascii() && other.is_ascii()) && one.to_lowercase() == other.to_lowercase())
}
