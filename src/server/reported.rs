//! What Exchange and Windows report of an installed certificate, each as one of a few names.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::word::{self, Word, words};

/// Where Windows keeps the private key.
///
/// ```
/// use exchange_certificates::KeyStorage;
///
/// assert_eq!("CNG".parse(), Ok(KeyStorage::Ksp));
/// assert_eq!(KeyStorage::Csp.to_string(), "CSP");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyStorage {
    /// A cryptographic service provider of the CryptoAPI, which all of Exchange supports.
    Csp,
    /// A key storage provider of CNG, which Outlook on the web and the admin center do not support.
    Ksp,
}

words! { KeyStorage, "key storage", like "CSP": Csp = "CSP", Ksp = "KSP"; or Csp = "CAPI", Ksp = "CNG" }

/// The status that `Get-ExchangeCertificate` reports. Read from its name or its number.
///
/// ```
/// use exchange_certificates::Status;
///
/// assert_eq!("date invalid".parse(), Ok(Status::DateInvalid));
/// assert_eq!(Status::from_value(6), Status::RevocationCheckFailure);
/// assert_eq!(Status::from_value(99).to_string(), "99", "which is never acceptable");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Status {
    /// 0: the status could not be determined.
    Unknown,
    /// 1: fit for use.
    Valid,
    /// 2: revoked by its CA.
    Revoked,
    /// 3: expired, or not valid yet.
    DateInvalid,
    /// 4: no trusted root.
    Untrusted,
    /// 5: broken in some other way.
    Invalid,
    /// 6: the revocation list could not be reached.
    RevocationCheckFailure,
    /// 7: a request that the CA has not answered yet.
    PendingRequest,
    /// A number that Microsoft's reference does not list: never acceptable.
    Unrecognized(u32),
}

impl Word for Status {
    const WHAT: &'static str = "status";
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Unknown, "Unknown"),
        (Self::Valid, "Valid"),
        (Self::Revoked, "Revoked"),
        (Self::DateInvalid, "DateInvalid"),
        (Self::Untrusted, "Untrusted"),
        (Self::Invalid, "Invalid"),
        (Self::RevocationCheckFailure, "RevocationCheckFailure"),
        (Self::PendingRequest, "PendingRequest"),
    ];
    const LIKE: &'static str = "Valid";

    fn from_number(number: u32) -> Option<Self> {
        Some(Self::from_value(number))
    }
}

words!(read Status);

impl Status {
    /// The status of this number, as exports hold it.
    pub fn from_value(value: u32) -> Self {
        let known = usize::try_from(value).ok().and_then(|index| Self::NAMES.get(index));
        known.map_or(Self::Unrecognized(value), |(status, _)| *status)
    }
}

/// Prints its name, or else its number.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, word::name(*self)) {
            (Self::Unrecognized(value), _) => value.fmt(f),
            (_, name) => f.pad(name.unwrap_or_default()),
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unrecognized(value) => serializer.serialize_u32(*value),
            _ => serializer.collect_str(self),
        }
    }
}

/// The kind of CA that issued the root, as `Get-ExchangeCertificate` reports it. Read from its name or its number.
///
/// ```
/// use exchange_certificates::RootCaType;
///
/// assert_eq!("thirdparty".parse(), Ok(RootCaType::ThirdParty));
/// assert_eq!(RootCaType::from_value(3), RootCaType::Registry);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RootCaType {
    /// 0: none.
    None,
    /// 1: a commercial CA in the root programme of Windows.
    ThirdParty,
    /// 2: a CA of Active Directory.
    Enterprise,
    /// 3: a root from the registry of the server.
    Registry,
    /// 4: a root from a group policy.
    GroupPolicy,
    /// 5: not determined.
    Unknown,
}

impl Word for RootCaType {
    const WHAT: &'static str = "root CA type";
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::None, "None"),
        (Self::ThirdParty, "ThirdParty"),
        (Self::Enterprise, "Enterprise"),
        (Self::Registry, "Registry"),
        (Self::GroupPolicy, "GroupPolicy"),
        (Self::Unknown, "Unknown"),
    ];
    const LIKE: &'static str = "Registry";

    fn from_number(number: u32) -> Option<Self> {
        Some(Self::from_value(number))
    }
}

words!(read RootCaType);
words!(printed RootCaType);

impl RootCaType {
    /// The type of this number, as exports hold it; a number not listed is not known.
    pub fn from_value(value: u32) -> Self {
        let known = usize::try_from(value).ok().and_then(|index| Self::NAMES.get(index));
        known.map_or(Self::Unknown, |(root_ca_type, _)| *root_ca_type)
    }
}
