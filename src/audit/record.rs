//! Findings as they are kept: what is new, changed or gone since an earlier audit.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Audit, AuditFinding};
use crate::finding::FactValue;
use crate::policy::Severity;
use crate::service::Service;
use crate::text::Caseless;
use crate::thumbprint::Thumbprint;

/// What tells a finding from every other one of an audit, and stays from hour to hour and over versions: the rule, the
/// server, the certificate, the services, and the connector or the endpoints that it is about. Printed on one line, as
/// words between spaces: of names, in lower case, `%20` stands for a space, and so on.
///
/// ```
/// use exchange_certificates::{Fleet, audit, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let (today, tomorrow) = (audit(&fleet, now), audit(&fleet, rfc3339::parse("2026-11-25")?));
/// assert_eq!(today.findings[0].key(), tomorrow.findings[0].key());
/// println!("{}", today.findings[0].key());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct FindingKey(String);

impl FindingKey {
    fn of(finding: &AuditFinding) -> Self {
        let message = finding.message();
        let texts = |name: &str| match message.fact(name) {
            Some(FactValue::Text(text)) => vec![text],
            Some(FactValue::Texts(texts)) => texts,
            _ => Vec::new(),
        };
        let about = match texts("connector") {
            none if none.is_empty() => texts("endpoints"),
            connector => connector,
        };
        // A certificate that is not installed is named in the message alone.
        let thumbprint =
            finding.thumbprint().map(|it| it.to_string()).or_else(|| texts("thumbprint").into_iter().next());
        let thumbprint = thumbprint.unwrap_or_else(|| "-".to_owned());
        let services = match finding.services() {
            none if none.is_empty() => "-".to_owned(),
            services => services.names().map(|(_, name)| name).collect::<Vec<_>>().join(","),
        };
        let mut key = format!("{} {} {thumbprint} {services}", finding.rule(), word(finding.server()));
        for name in about {
            key.push(' ');
            key.push_str(&word(&name));
        }
        Self(key)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name as one word, in which nothing stands that a format would have to escape.
fn word(name: &str) -> String {
    let mut word = String::with_capacity(name.len());
    for character in name.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() || "-._@/*:".contains(character) {
            word.push(character);
        } else {
            let mut bytes = [0; 4];
            character.encode_utf8(&mut bytes).bytes().for_each(|byte| word.push_str(&format!("%{byte:02X}")));
        }
    }
    word
}

impl fmt::Display for FindingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A finding as an answer keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FindingRecord {
    /// What tells it from others.
    pub key: FindingKey,
    /// The id of the rule.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// The name of the server.
    pub server: String,
    /// The certificate, if it is about one.
    pub thumbprint: Option<Thumbprint>,
    /// The services, if it is about some.
    #[serde(default)]
    pub services: Service,
    /// What it says.
    pub message: String,
    /// The facts in the message. A rule of one's own has none.
    #[serde(default)]
    pub facts: BTreeMap<String, FactValue>,
    /// What other rules say of the same cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<ConsequenceRecord>,
}

/// What another rule says of the cause of a finding, as an answer keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ConsequenceRecord {
    /// The id of the rule.
    pub rule: String,
    /// What it says.
    pub message: String,
}

/// An audit as an answer keeps it: what is read of an earlier one, whichever version wrote it.
///
/// ```
/// use exchange_certificates::{AuditRecord, Fleet, Role, Server, Version, audit, rfc3339};
///
/// let mut fleet = Fleet::new();
/// fleet.insert(Server::new("MBX01", Version::Exchange2016, [Role::Mailbox])?)?;
/// let yesterday = audit(&fleet, rfc3339::parse("2026-11-24")?);
/// let kept = serde_json::to_string(&yesterday)?;
///
/// let today = audit(&fleet, rfc3339::parse("2026-11-25")?);
/// let earlier: AuditRecord = serde_json::from_str(&kept)?;
/// assert!(today.since(&earlier).is_empty(), "nothing is new, changed or gone");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditRecord {
    /// Every finding.
    pub findings: Vec<FindingRecord>,
}

/// What became of the findings of an earlier audit, in the order of the findings. Serialized with `new`, `changed`, `gone`
/// and `not_judged`.
///
/// ```
/// use exchange_certificates::{Fleet, audit, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let (today, in_spring) = (audit(&fleet, now), audit(&fleet, rfc3339::parse("2027-04-20")?));
/// let earlier = today.record();
/// let change = in_spring.since(&earlier);
/// assert!(change.new.iter().any(|finding| finding.rule() == "audit-expired"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AuditChange<'a> {
    /// Those that were not there.
    pub new: Vec<&'a AuditFinding>,
    /// Those that weigh something else, or say something else than that time has passed.
    pub changed: Vec<&'a AuditFinding>,
    /// Those that are not there any more.
    pub gone: Vec<&'a FindingRecord>,
    /// Those that may still be there: their server is not there, or not all of it was read.
    pub not_judged: Vec<&'a FindingRecord>,
}

impl AuditChange<'_> {
    /// Whether all is as it was.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.changed.is_empty() && self.gone.is_empty() && self.not_judged.is_empty()
    }
}

impl AuditFinding {
    /// What tells it from every other finding.
    pub fn key(&self) -> FindingKey {
        FindingKey::of(self)
    }

    /// The finding as it is kept.
    pub fn record(&self) -> FindingRecord {
        let facts = self.message().facts();
        FindingRecord {
            key: self.key(),
            rule: self.rule().to_owned(),
            severity: self.severity(),
            server: self.server().to_owned(),
            thumbprint: self.thumbprint(),
            services: self.services(),
            message: self.message().to_string(),
            facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            consequences: self
                .consequences()
                .iter()
                .map(|it| ConsequenceRecord { rule: it.rule().to_owned(), message: it.message().to_string() })
                .collect(),
        }
    }
}

impl FindingRecord {
    /// Whether it says the same as an earlier one, whatever time has passed.
    fn says_the_same(&self, earlier: &Self) -> bool {
        let lasting = |record: &'_ Self| {
            let facts = record.facts.iter().filter(|(name, _)| *name != "days");
            facts.map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        let rules = |record: &Self| record.consequences.iter().map(|it| it.rule.clone()).collect::<Vec<_>>();
        self.severity == earlier.severity && lasting(self) == lasting(earlier) && rules(self) == rules(earlier)
    }
}

impl Audit {
    /// The audit as it is kept.
    pub fn record(&self) -> AuditRecord {
        AuditRecord { findings: self.findings.iter().map(AuditFinding::record).collect() }
    }

    /// What is new, changed or gone since an earlier audit.
    pub fn since<'a>(&'a self, earlier: &'a AuditRecord) -> AuditChange<'a> {
        let known: HashMap<&FindingKey, &FindingRecord> = earlier.findings.iter().map(|it| (&it.key, it)).collect();
        let mut now = HashSet::new();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for finding in &self.findings {
            let record = finding.record();
            match known.get(&record.key) {
                None => new.push(finding),
                Some(earlier) if !record.says_the_same(earlier) => changed.push(finding),
                Some(_) => {}
            }
            now.insert(record.key);
        }
        let judged: HashSet<_> = self.servers.iter().map(|server| Caseless(server.as_str())).collect();
        let unread: Vec<_> = self.not_read.iter().filter(|entry| entry.what.counts()).collect();
        let is_judged = |record: &&FindingRecord| {
            let server = Caseless(record.server.as_str());
            let is_of = |unread: &Option<String>| unread.as_deref().is_none_or(|unread| Caseless(unread) == server);
            judged.contains(&server) && !unread.iter().any(|entry| is_of(&entry.server))
        };
        let missing = earlier.findings.iter().filter(|record| !now.contains(&record.key));
        let (gone, not_judged) = missing.partition(is_judged);
        AuditChange { new, changed, gone, not_judged }
    }
}
