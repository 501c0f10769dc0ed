//! Certificates of every kind that a rule tells apart, each with the facts that the decision table reads.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::LazyLock;

use exchange_certificates::{Certificate, KeyUsage, rfc3339};

use super::decision_table::{CertificateFacts, Extension, Key, Purpose, Role, Version};
use super::factory::{
    ANY_PURPOSE, BASIC_CONSTRAINTS, CLIENT_AUTH, CertificateFactory, EMAIL_PROTECTION, EXTENDED_KEY_USAGE, KEY_USAGE,
    SERVER_AUTH, SUBJECT_ALTERNATIVE_NAME, Signature,
};

/// The point in time of the tests that take the pool.
pub const NOW: &str = "2026-11-24T00:00:00Z";

/// Every version, with all roles that a server of it can have.
pub fn versions_with_roles() -> Vec<(Version, Vec<Role>)> {
    vec![
        (Version::E2013, vec![Role::Mailbox]),
        (Version::E2013, vec![Role::ClientAccess]),
        (Version::E2013, vec![Role::Mailbox, Role::ClientAccess]),
        (Version::E2013, vec![Role::Edge]),
        (Version::E2016, vec![Role::Mailbox]),
        (Version::E2016, vec![Role::Edge]),
        (Version::E2019, vec![Role::Mailbox]),
        (Version::E2019, vec![Role::Edge]),
        (Version::Se, vec![Role::Mailbox]),
        (Version::Se, vec![Role::Edge]),
    ]
}

/// A certificate, and what is so of it.
#[derive(Clone, Debug)]
pub struct Made {
    pub certificate: Certificate,
    pub facts: CertificateFacts,
}

/// The certificates, each kind at its constant's place.
pub static POOL: LazyLock<Vec<Made>> = LazyLock::new(pool);

pub const HEALTHY: usize = 0;
/// The same names as the healthy one, and it expires later.
pub const RENEWED: usize = 1;
/// A wildcard behind the name that is its CN, which makes it no wildcard certificate.
pub const WILDCARD_LATER: usize = 3;
/// A wildcard alone.
pub const WILDCARD_ALONE: usize = 4;
pub const SELF_SIGNED: usize = 5;
/// Self-signed, by the name of the Auth certificate.
pub const AUTH: usize = 6;
/// Self-signed, and neither the server nor Exchange made it.
pub const WEB_MANAGEMENT: usize = 7;
pub const EXPIRED: usize = 8;
/// The names of the healthy one; it starts later, and expires earlier.
pub const SHORT: usize = 12;
pub const SMALL_KEY: usize = 14;
/// The names and the dates of the healthy one.
pub const TIED: usize = 15;
pub const ELLIPTIC_CURVE: usize = 16;
pub const UNREADABLE_PURPOSES: usize = 22;
pub const UNREADABLE_NAMES: usize = 25;
/// The first domain is another than that of the healthy one, whose domains it holds.
pub const OTHER_FIRST: usize = 34;
/// From a CA, for the FQDN of the server.
pub const OWN_NAME: usize = 35;
/// No subject at all; its first domain is that of the healthy one.
pub const EMPTY_SUBJECT: usize = 39;
/// The names of the one with no subject, of which the first is a wildcard; it expires later.
pub const EMPTY_SUBJECT_RENEWED: usize = 40;
/// The CN is no DNS name, so that nothing is known of the domains.
pub const UNREADABLE_NAMES_ALONE: usize = 41;
/// Self-signed, for the name that clients use.
pub const SELF_SIGNED_MAIL: usize = 42;
/// The subject of the healthy one, and another issuer.
pub const OTHER_ISSUER: usize = 46;

struct Maker {
    factory: CertificateFactory,
    facts: CertificateFacts,
}

impl Maker {
    /// In order, with one name, from a CA.
    fn new(name: &str) -> Self {
        let facts = CertificateFacts {
            thumbprint: String::new(),
            issuer: "CN=Contoso Issuing CA 1, O=Contoso, C=US".into(),
            subject: format!("CN={name}, O=Contoso, C=US"),
            common_names: vec![name.into()],
            dns_names: Extension::Present(vec![name.into()]),
            self_signed: false,
            not_before: seconds("2026-10-01T00:00:00Z"),
            not_after: seconds("2027-04-19T00:00:00Z"),
            key: Key::Rsa(2048),
            weak_signature: false,
            extended_key_usage: Extension::Present(vec![Purpose::ServerAuth, Purpose::ClientAuth]),
            key_usage: Extension::Present(true),
            basic_constraints: Extension::Present(false),
            ..CertificateFacts::default()
        };
        Self { factory: CertificateFactory::new(name), facts }
    }

    fn with(
        self,
        make: impl FnOnce(CertificateFactory) -> CertificateFactory,
        tell: impl FnOnce(&mut CertificateFacts),
    ) -> Self {
        let Self { factory, mut facts } = self;
        tell(&mut facts);
        Self { factory: make(factory), facts }
    }

    fn names(self, names: &[&str]) -> Self {
        self.with(
            |factory| factory.dns_names(names.iter().copied()),
            |facts| facts.dns_names = Extension::Present(names.iter().map(|name| (*name).into()).collect()),
        )
    }

    fn without_names(self) -> Self {
        self.with(|factory| factory.without(SUBJECT_ALTERNATIVE_NAME), |facts| facts.dns_names = Extension::Absent)
    }

    fn valid(self, not_before: &str, not_after: &str) -> Self {
        self.with(
            |factory| factory.valid(not_before, not_after),
            |facts| (facts.not_before, facts.not_after) = (seconds(not_before), seconds(not_after)),
        )
    }

    fn self_signed(self) -> Self {
        self.with(CertificateFactory::self_signed, |facts| {
            facts.issuer = facts.subject.clone();
            facts.self_signed = true;
        })
    }

    fn rsa(self, bits: u32) -> Self {
        self.with(|factory| factory.rsa(bits as usize), |facts| facts.key = Key::Rsa(bits))
    }

    fn signed(self, signature: Signature, weak: bool) -> Self {
        self.with(|factory| factory.signature(signature), |facts| facts.weak_signature = weak)
    }

    fn purposes(self, purposes: &[Purpose]) -> Self {
        let oids: Vec<_> = purposes
            .iter()
            .map(|purpose| match purpose {
                Purpose::ServerAuth => SERVER_AUTH,
                Purpose::ClientAuth => CLIENT_AUTH,
                Purpose::Any => ANY_PURPOSE,
                Purpose::Other => EMAIL_PROTECTION,
            })
            .collect();
        self.with(
            |factory| factory.extended_key_usage(&oids),
            |facts| facts.extended_key_usage = Extension::Present(purposes.to_vec()),
        )
    }

    fn without_subject(self) -> Self {
        self.with(
            |factory| factory.subject(&[]),
            |facts| {
                facts.subject = String::new();
                facts.common_names = Vec::new();
            },
        )
    }

    fn unreadable_names(self) -> Self {
        self.with(
            |factory| factory.unreadable(SUBJECT_ALTERNATIVE_NAME),
            |facts| facts.dns_names = Extension::Unreadable,
        )
    }

    fn make(self) -> Made {
        let certificate = self.factory.build();
        let mut facts = self.facts;
        facts.thumbprint = certificate.thumbprint().to_string();
        Made { certificate, facts }
    }
}

fn pool() -> Vec<Made> {
    let mail = || Maker::new("mail.contoso.com").names(&["mail.contoso.com", "autodiscover.contoso.com"]);
    let unreadable = |extension: &'static str| mail().with(move |factory| factory.unreadable(extension), |_| ());
    let makers = vec![
        mail(),
        mail().valid("2026-11-01T00:00:00Z", "2027-05-20T00:00:00Z"),
        mail().valid("2026-09-01T00:00:00Z", "2027-03-20T00:00:00Z"),
        Maker::new("mail.contoso.com").names(&["mail.contoso.com", "*.contoso.com"]),
        Maker::new("*.contoso.com").without_names(),
        Maker::new("MBX01").names(&["MBX01", "mbx01.contoso.com"]).self_signed(),
        Maker::new("Microsoft Exchange Server Auth Certificate").without_names().self_signed(),
        Maker::new("WMSvc-MBX01").without_names().self_signed(),
        mail().valid("2026-03-01T00:00:00Z", "2026-09-17T00:00:00Z"),
        mail().valid("2027-01-01T00:00:00Z", "2027-07-20T00:00:00Z"),
        // 59 and 60 whole days left.
        mail().valid("2026-06-01T00:00:00Z", "2027-01-22T23:59:59Z"),
        mail().valid("2026-06-01T00:00:00Z", "2027-01-23T00:00:00Z"),
        // 47 days, of which 14 and 15 are left; a third is 15.
        mail().valid("2026-10-22T00:00:00Z", "2026-12-08T00:00:00Z"),
        mail().valid("2026-10-23T00:00:00Z", "2026-12-09T00:00:00Z"),
        mail().rsa(1023),
        mail().rsa(1024),
        mail().with(CertificateFactory::elliptic_curve, |facts| facts.key = Key::EllipticCurve),
        mail().with(CertificateFactory::ed25519, |facts| facts.key = Key::Other),
        mail().signed(Signature::Sha1Rsa, true),
        Maker::new("MBX01").self_signed().signed(Signature::Md5Rsa, true),
        mail()
            .with(|factory| factory.without(EXTENDED_KEY_USAGE), |facts| facts.extended_key_usage = Extension::Absent),
        mail().purposes(&[]),
        unreadable(EXTENDED_KEY_USAGE)
            .with(|factory| factory, |facts| facts.extended_key_usage = Extension::Unreadable),
        mail().purposes(&[Purpose::Any]),
        mail().purposes(&[Purpose::ServerAuth, Purpose::Other]),
        mail().unreadable_names(),
        Maker::new("*.contoso.com").unreadable_names(),
        mail().with(|factory| factory.without(KEY_USAGE), |facts| facts.key_usage = Extension::Absent),
        mail().with(
            |factory| factory.key_usage(KeyUsage::KEY_ENCIPHERMENT),
            |facts| facts.key_usage = Extension::Present(false),
        ),
        unreadable(KEY_USAGE).with(|factory| factory, |facts| facts.key_usage = Extension::Unreadable),
        mail().with(|factory| factory.authority(true), |facts| facts.basic_constraints = Extension::Present(true)),
        unreadable(BASIC_CONSTRAINTS).with(|factory| factory, |facts| facts.basic_constraints = Extension::Unreadable),
        mail().with(|factory| factory.without(BASIC_CONSTRAINTS), |facts| facts.basic_constraints = Extension::Absent),
        Maker::new("Contoso Mail").without_names(),
        Maker::new("pop.contoso.com").names(&["pop.contoso.com", "imap.contoso.com", "MAIL.contoso.com"]),
        Maker::new("mbx01.contoso.com").purposes(&[Purpose::ServerAuth, Purpose::Any]),
        // The names of the healthy one in another case: a connector does not tell them apart.
        Maker::new("MAIL.contoso.com")
            .names(&["mail.contoso.com"])
            .valid("2026-10-15T00:00:00Z", "2027-05-03T00:00:00Z"),
        Maker::new("Microsoft Exchange")
            .names(&["MBX01"])
            .self_signed()
            .valid("2021-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        Maker::new("Microsoft Exchange Server Auth Certificate").names(&["mbx01.contoso.com"]),
        mail().without_subject(),
        mail()
            .names(&["*.contoso.com", "mail.contoso.com"])
            .without_subject()
            .valid("2026-11-01T00:00:00Z", "2027-05-20T00:00:00Z"),
        Maker::new("Contoso Mail").unreadable_names(),
        mail().self_signed().valid("2026-02-01T00:00:00Z", "2031-02-01T00:00:00Z").purposes(&[Purpose::ServerAuth]),
        // A wildcard is the first domain, or a CN that is no domain.
        Maker::new("Contoso Mail").names(&["*.contoso.com", "mail.contoso.com"]),
        Maker::new("mail*.contoso.com").names(&["mail.contoso.com"]),
        Maker::new("pop.contoso.com").names(&["pop.contoso.com", "*.contoso.com"]).self_signed(),
        mail().with(
            |factory| factory.issuer(&[("C", "US"), ("O", "Contoso"), ("CN", "Contoso Issuing CA 2")]),
            |facts| facts.issuer = "CN=Contoso Issuing CA 2, O=Contoso, C=US".into(),
        ),
    ];
    makers.into_iter().map(Maker::make).collect()
}

pub fn seconds(text: &str) -> i64 {
    let time = rfc3339::parse(text).unwrap();
    i64::try_from(time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}
