//! The services of an Exchange server that a certificate is assigned to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text;

bitflags::bitflags! {
    /// Services as bit flags, with the values that Exchange itself uses.
    ///
    /// Printed as Exchange prints a set: in value order, joined by `", "`, and `None` for the
    /// empty one. Reading accepts names in any order and case with `,`, `|` or white space
    /// between them, `None`, the [short form](Service::short) of `Format-Table`, and the integer.
    ///
    /// ```
    /// use exchange_certificates::Service;
    ///
    /// let services: Service = "smtp | IIS".parse()?;
    /// assert_eq!(services, Service::IIS | Service::SMTP);
    /// assert_eq!(services.to_string(), "IIS, SMTP");
    /// assert_eq!(services.short().to_string(), "...WS..");
    /// assert_eq!("IP.WS..".parse(), Ok(Service::IMAP | Service::POP | services));
    /// # Ok::<(), exchange_certificates::ServiceError>(())
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct Service: u8 {
        /// TLS for IMAP4 clients.
        const IMAP = 1;
        /// TLS for POP3 clients.
        const POP = 2;
        /// TLS for clients of the back-end Unified Messaging service (2013 and 2016).
        const UM = 4;
        /// TLS for HTTP: Outlook on the web, Autodiscover, ActiveSync, MAPI over HTTP and the rest.
        const IIS = 8;
        /// TLS for external SMTP clients and servers, and mutual TLS with other messaging servers.
        const SMTP = 16;
        /// Federation trusts: shown, never assigned here.
        const FEDERATION = 32;
        /// TLS for clients of the Unified Messaging Call Router service (2013 and 2016).
        const UM_CALL_ROUTER = 64;
    }
}

/// Every service with its printed name and its letter in the short form, in value order.
const NAMES: [(Service, &str, char); 7] = [
    (Service::IMAP, "IMAP", 'I'),
    (Service::POP, "POP", 'P'),
    (Service::UM, "UM", 'U'),
    (Service::IIS, "IIS", 'W'),
    (Service::SMTP, "SMTP", 'S'),
    (Service::FEDERATION, "Federation", 'F'),
    (Service::UM_CALL_ROUTER, "UMCallRouter", 'C'),
];

/// Why something is no set of services.
///
/// ```
/// use exchange_certificates::{Service, ServiceError};
///
/// let error = "IIS, FTP".parse::<Service>().unwrap_err();
/// assert_eq!(error, ServiceError::UnknownName { name: "FTP".to_owned() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A name that is none of a service.
    #[error("unknown service {}; {} {} or None", text::excerpt(.name), expected(.name), Service::all())]
    UnknownName {
        /// The name as it stood.
        name: String,
    },
    /// An integer with bits that stand for no service.
    #[error(
        "{value} is no set of services: the bits go from 1 (IMAP) to 64 (UMCallRouter), 127 for all of {}",
        Service::all()
    )]
    UnknownBits {
        /// The integer as it stood.
        value: i64,
    },
}

/// The words before all names, with the one that a misspelt name is most like.
fn expected(name: &str) -> impl fmt::Display {
    text::from_fn(move |f| match text::nearest(name, NAMES.iter().map(|(_, known, _)| *known)) {
        Some(nearest) => write!(f, "did you mean `{nearest}`? Expected one of"),
        None => f.write_str("expected one of"),
    })
}

impl Service {
    /// The services of the set one by one, in value order, each with its printed name.
    pub fn names(self) -> impl DoubleEndedIterator<Item = (Self, &'static str)> {
        NAMES.into_iter().filter(move |(service, ..)| self.contains(*service)).map(|(service, name, _)| (service, name))
    }

    /// The Windows services behind one service, as a list of PowerShell.
    pub(crate) fn windows_services(self) -> &'static str {
        match self {
            Self::IMAP => "MSExchangeIMAP4,MSExchangeIMAP4BE",
            Self::POP => "MSExchangePOP3,MSExchangePOP3BE",
            Self::UM => "MSExchangeUM",
            Self::UM_CALL_ROUTER => "MSExchangeUMCR",
            Self::IIS => "W3SVC",
            _ => "MSExchangeTransport",
        }
    }

    /// The services of the set one by one, in value order: what the iterator of `bitflags` does, in a few instructions.
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        let mut left = self.bits();
        std::iter::from_fn(move || {
            let lowest = left & left.wrapping_neg();
            left ^= lowest;
            (lowest != 0).then(|| Self::from_bits_truncate(lowest))
        })
    }

    /// The set in the seven places of `Format-Table`, `IPUWSFC`, with a dot where a service is absent.
    pub fn short(self) -> impl fmt::Display {
        text::from_fn(move |f| {
            NAMES.iter().try_for_each(|(service, _, letter)| {
                fmt::Write::write_char(f, if self.contains(*service) { *letter } else { '.' })
            })
        })
    }

    /// The set of this integer, as exports hold it.
    ///
    /// # Errors
    ///
    /// [`ServiceError::UnknownBits`] if it has a bit that stands for no service.
    pub fn from_value(value: i64) -> Result<Self, ServiceError> {
        u8::try_from(value).ok().and_then(Self::from_bits).ok_or(ServiceError::UnknownBits { value })
    }

    fn from_short(text: &str) -> Option<Self> {
        if !(5..=NAMES.len()).contains(&text.len()) {
            return None;
        }
        text.chars().zip(NAMES).try_fold(Self::empty(), |set, (place, (service, _, letter))| match place {
            '.' => Some(set),
            _ if place.eq_ignore_ascii_case(&letter) => Some(set | service),
            _ => None,
        })
    }

    fn named(name: &str) -> Result<Self, ServiceError> {
        if name.eq_ignore_ascii_case("None") {
            return Ok(Self::empty());
        }
        NAMES
            .into_iter()
            .find_map(|(service, known, _)| known.eq_ignore_ascii_case(name).then_some(service))
            // The name of the flag, as code writes it.
            .or_else(|| name.eq_ignore_ascii_case("UM_CALL_ROUTER").then_some(Self::UM_CALL_ROUTER))
            .ok_or_else(|| ServiceError::UnknownName { name: name.to_owned() })
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("None");
        }
        for (index, (_, name)) in self.names().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl FromStr for Service {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if !text.starts_with('+')
            && let Ok(value) = text.parse()
        {
            return Self::from_value(value);
        }
        if let Some(services) = Self::from_short(text) {
            return Ok(services);
        }
        let mut names =
            text.split(|c: char| matches!(c, ',' | '|') || c.is_whitespace()).filter(|name| !name.is_empty());
        // No name at all says nothing; the empty set has one.
        let first = Self::named(names.next().unwrap_or(text))?;
        names.try_fold(first, |set, name| Ok(set | Self::named(name)?))
    }
}

impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Service {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Service;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("services: names like \"IIS, SMTP\", a list of names, or their integer")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Service, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Service, E> {
                Service::from_value(value).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Service, E> {
                self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut names: A) -> Result<Service, A::Error> {
                let mut services = Service::empty();
                while let Some(name) = names.next_element::<String>()? {
                    services |= Service::named(name.trim()).map_err(de::Error::custom)?;
                }
                Ok(services)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_prints_in_value_order() {
        let all = Service::all();
        assert_eq!(all.to_string(), "IMAP, POP, UM, IIS, SMTP, Federation, UMCallRouter");
        assert_eq!(Service::empty().to_string(), "None");
        assert_eq!(all.short().to_string(), "IPUWSFC");
        assert_eq!(Service::empty().short().to_string(), ".......");
    }

    #[test]
    fn every_set_is_read_from_each_of_its_forms() {
        for bits in 0..128 {
            let set = Service::from_bits(bits).unwrap();
            assert_eq!(set.to_string().parse(), Ok(set));
            assert_eq!(set.to_string().to_lowercase().replace(", ", "|").parse(), Ok(set));
            assert_eq!(set.short().to_string().parse(), Ok(set));
            assert_eq!(bits.to_string().parse(), Ok(set));
            let names: Vec<_> = set.names().map(|(_, name)| name).rev().collect();
            assert!(names.is_empty() || names.join(" ").parse() == Ok(set));
            let json = serde_json::to_string(&set).unwrap();
            assert_eq!(serde_json::from_str::<Service>(&json).unwrap(), set);
            assert_eq!(serde_json::from_value::<Service>(names.into()).unwrap(), set);
            assert_eq!(serde_json::from_value::<Service>(bits.into()).unwrap(), set);
        }
    }

    #[test]
    fn the_short_form_has_five_to_seven_places() {
        assert_eq!("IP.WS".parse(), Ok(Service::IMAP | Service::POP | Service::IIS | Service::SMTP));
        assert_eq!("....SF".parse(), Ok(Service::SMTP | Service::FEDERATION));
        assert!("IP.W".parse::<Service>().is_err());
        assert!("IP.WS...".parse::<Service>().is_err());
        assert!("PI.WS..".parse::<Service>().is_err());
    }

    #[test]
    fn an_unknown_name_or_bit_is_an_error_that_lists_the_names() {
        let error = "IIS, FTP".parse::<Service>().unwrap_err();
        assert_eq!(error, ServiceError::UnknownName { name: "FTP".to_owned() });
        assert!(error.to_string().contains("IMAP, POP, UM, IIS, SMTP, Federation, UMCallRouter"), "{error}");
        for text in ["", " , ", "+8"] {
            assert!(text.parse::<Service>().is_err(), "{text:?}");
        }
        for value in [128, 256, -1] {
            let error = value.to_string().parse::<Service>().unwrap_err();
            assert_eq!(error, ServiceError::UnknownBits { value });
            assert!(error.to_string().contains("UMCallRouter"), "{error}");
        }
        assert!(serde_json::from_str::<Service>("18446744073709551615").is_err());
        assert!(serde_json::from_str::<Service>("true").is_err());
    }
}
