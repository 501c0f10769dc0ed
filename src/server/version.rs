//! The versions of Exchange Server.

use crate::service::Service;
use crate::word::{Word, words};

/// A version of Exchange Server. Printed and serialized as `2013`, `2016`, `2019` or `SE`.
///
/// Read also from the names of the product and from a build, as Exchange prints it.
///
/// ```
/// use exchange_certificates::Version;
///
/// for text in ["2019", "Exchange Server 2019", "15.2.1544.4", "Version 15.2 (Build 1544.4)"] {
///     assert_eq!(text.parse(), Ok(Version::Exchange2019), "{text}");
/// }
/// assert_eq!("15.2.2562.17".parse(), Ok(Version::SubscriptionEdition));
/// assert_eq!(Version::SubscriptionEdition.to_string(), "SE");
/// assert_eq!(Version::SubscriptionEdition.title(), "Exchange Subscription Edition");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// Exchange Server 2013 (15.0).
    Exchange2013,
    /// Exchange Server 2016 (15.1).
    Exchange2016,
    /// Exchange Server 2019 (15.2).
    Exchange2019,
    /// Exchange Server Subscription Edition (15.2 from build 2562).
    SubscriptionEdition,
}

impl Word for Version {
    const WHAT: &'static str = "version";
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Exchange2013, "2013"),
        (Self::Exchange2016, "2016"),
        (Self::Exchange2019, "2019"),
        (Self::SubscriptionEdition, "SE"),
    ];
    const OTHER_NAMES: &'static [(Self, &'static str)] = &[(Self::SubscriptionEdition, "Subscription Edition")];
    const LIKE: &'static str = "2019";
    #[cfg(feature = "schemars")]
    const OTHER_PATTERN: Option<&'static str> = Some(
        r"^[\s().A-Za-z]*(?:2013|2016|2019|[Ss]\s*[Ee]|[Ss]ubscription\s*[Ee]dition|15[\s().]+(?:[01]|2[\s().A-Za-z]+[0-9]+)(?:[\s().A-Za-z]+[0-9]+){0,2})[\s().]*$",
    );

    fn from_other(text: &str) -> Option<Self> {
        const AROUND: [&str; 5] = ["microsoft", "exchange", "server", "version", "build"];

        let text = text.to_ascii_lowercase();
        let words = text.split(|character: char| character.is_whitespace() || matches!(character, '(' | ')' | '.'));
        let words: Vec<_> = words.filter(|word| !word.is_empty() && !AROUND.contains(word)).collect();
        let named = words.concat();
        let named = named.strip_prefix("exchange").unwrap_or(&named);
        let numbers: Option<Vec<u32>> = words.iter().map(|word| word.parse().ok()).collect();
        match numbers.as_deref() {
            Some([major, minor]) if *minor < 2 => Self::of_build(*major, *minor, 0),
            Some([major, minor, build] | [major, minor, build, _]) => Self::of_build(*major, *minor, *build),
            _ => Self::NAMES
                .iter()
                .chain(Self::OTHER_NAMES)
                .find(|(_, name)| name.replace(' ', "").eq_ignore_ascii_case(named))
                .map(|(version, _)| *version),
        }
    }
}

words!(read Version);
words!(printed Version);

impl Version {
    /// The name of the product: `Exchange 2019`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Exchange2013 => "Exchange 2013",
            Self::Exchange2016 => "Exchange 2016",
            Self::Exchange2019 => "Exchange 2019",
            Self::SubscriptionEdition => "Exchange Subscription Edition",
        }
    }

    /// Whether it has Unified Messaging, which is gone from 2019 on.
    pub fn has_unified_messaging(self) -> bool {
        self < Self::Exchange2019
    }

    pub(super) fn services(self) -> Service {
        let unified_messaging = Service::UM | Service::UM_CALL_ROUTER;
        if self.has_unified_messaging() { Service::all() } else { Service::all() - unified_messaging }
    }

    /// The version of a build, by the first three of its numbers.
    pub(crate) fn of_build(major: u32, minor: u32, build: u32) -> Option<Self> {
        // The number of the build where the Subscription Edition begins.
        const SUBSCRIPTION_EDITION: u32 = 2562;

        Some(match (major, minor) {
            (15, 0) => Self::Exchange2013,
            (15, 1) => Self::Exchange2016,
            (15, 2) if build < SUBSCRIPTION_EDITION => Self::Exchange2019,
            (15, 2) => Self::SubscriptionEdition,
            _ => return None,
        })
    }
}
