//! An audit as people read it: a certificate once, wherever it is installed, and what several servers have in common
//! said once.

use std::collections::{BTreeSet, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use exchange_certificates::{
    AUDIT_RULES, AgendaItem, Audit, AuditFinding, AuditedCertificate, Block, Consequence, Endpoint, Installed,
    NotReadKind, Server, Service, Severity, Thumbprint, rfc3339,
};

use super::organization::Organization;
use crate::common::input::plain;

/// Everything that a report shows, with every text from outside made [plain].
pub(crate) struct Digest<'a> {
    pub(crate) now: SystemTime,
    pub(crate) certificates: Vec<CertificateRow<'a>>,
    pub(crate) findings: Vec<FindingGroup<'a>>,
    pub(crate) servers: Vec<ServerRow<'a>>,
    /// What is presented where, of the servers whose roles are known.
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) agenda: &'a [AgendaItem],
    pub(crate) notes: &'a [String],
    /// What was not read, and so is not judged.
    pub(crate) not_read: Vec<NotReadRow<'a>>,
    /// Whether nothing of it could be judged.
    pub(crate) is_nothing_judged: bool,
    /// How many findings there are before they are put together.
    pub(crate) high: usize,
    pub(crate) low: usize,
    /// How many certificates there are, each counted on every server.
    pub(crate) installed: usize,
    /// The places of the certificates.
    places: HashMap<Thumbprint, usize>,
}

/// Something that was not read, with all the servers of which it is said; of the organisation if there are none.
pub(crate) struct NotReadRow<'a> {
    pub(crate) what: NotReadKind,
    pub(crate) message: Option<String>,
    pub(crate) servers: Vec<&'a str>,
}

impl NotReadRow<'_> {
    /// What it is and whose, in words.
    pub(crate) fn title(&self, most: usize) -> String {
        match self.servers.as_slice() {
            [] => self.what.title().to_owned(),
            servers => format!("{} of {}", self.what.title(), several(servers, most)),
        }
    }
}

/// How a certificate stands at the point in time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Expired,
    NotYet,
    ExpiresSoon,
    Current,
}

/// A certificate, with all the servers that hold it.
pub(crate) struct CertificateRow<'a> {
    pub(crate) thumbprint: Thumbprint,
    pub(crate) title: String,
    pub(crate) subject: String,
    pub(crate) domains: Vec<String>,
    /// In seconds since 1970.
    pub(crate) from: i64,
    /// In seconds since 1970.
    pub(crate) until: i64,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    pub(crate) days_left: i64,
    pub(crate) state: State,
    /// The services that it is assigned to on any server.
    pub(crate) services: Service,
    /// Whether that is known of every server.
    pub(crate) are_services_known: bool,
    /// What names it otherwise, as it was read.
    pub(crate) named_by: BTreeSet<&'a str>,
    pub(crate) servers: Vec<&'a str>,
}

/// What one rule found on one server or, word for word, on several.
pub(crate) struct FindingGroup<'a> {
    pub(crate) rule: &'a str,
    pub(crate) severity: Severity,
    pub(crate) thumbprint: Option<Thumbprint>,
    pub(crate) services: Service,
    pub(crate) message: String,
    /// What other rules say of the same cause, by their ids.
    pub(crate) consequences: Vec<(&'a str, String)>,
    pub(crate) remedies: Vec<Remedy<'a>>,
    pub(crate) servers: Vec<&'a str>,
}

/// The steps of a remedy, and the servers that they are for.
pub(crate) struct Remedy<'a> {
    pub(crate) servers: Vec<&'a str>,
    pub(crate) steps: &'a [Block],
}

/// A server, with the certificates that each service has there.
pub(crate) struct ServerRow<'a> {
    pub(crate) server: &'a Server,
    /// Whether version and roles are not known.
    pub(crate) is_guessed: bool,
    pub(crate) high: usize,
    pub(crate) low: usize,
    /// The place of each certificate in the list of all.
    pub(crate) certificates: Vec<(usize, &'a Installed)>,
}

/// Said once for all servers that answered alike.
fn not_read(audit: &Audit) -> Vec<NotReadRow<'_>> {
    let mut rows: Vec<NotReadRow<'_>> = Vec::new();
    let mut places = HashMap::new();
    for entry in &audit.not_read {
        let place = *places.entry((entry.what, entry.message.as_deref(), entry.server.is_some())).or_insert(rows.len());
        if place == rows.len() {
            let message = entry.message.as_deref().map(plain);
            rows.push(NotReadRow { what: entry.what, message, servers: Vec::new() });
        }
        rows[place].servers.extend(entry.server.as_deref());
    }
    rows
}

impl<'a> Digest<'a> {
    pub(crate) fn new(
        organization: &'a Organization,
        audit: &'a Audit,
        agenda: &'a [AgendaItem],
        now: SystemTime,
    ) -> Self {
        let is_known = |endpoint: &Endpoint| !organization.is_guessed(endpoint.server());
        let mut digest = Self {
            now,
            certificates: Vec::new(),
            findings: grouped(&audit.findings),
            servers: Vec::new(),
            endpoints: organization.fleet().endpoints(now).into_iter().filter(is_known).collect(),
            agenda,
            notes: &organization.notes,
            not_read: not_read(audit),
            is_nothing_judged: !audit.has_high() && organization.imported.is_nothing_judged(),
            high: audit.findings.iter().filter(|finding| finding.severity() == Severity::High).count(),
            low: audit.findings.iter().filter(|finding| finding.severity() == Severity::Low).count(),
            installed: audit.certificates.len(),
            places: HashMap::new(),
        };
        digest.enter(organization, audit);
        digest
    }

    /// The certificate of a thumbprint.
    pub(crate) fn certificate(&self, thumbprint: Thumbprint) -> Option<&CertificateRow<'a>> {
        self.places.get(&thumbprint).map(|place| &self.certificates[*place])
    }

    /// The findings that a report shows: where they are too many the heavy ones, and then as many of each rule, so
    /// that what concerns every server is not crowded out by what is said of each one.
    pub(crate) fn listed_findings(&self) -> Vec<&FindingGroup<'a>> {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let ranks = self.findings.iter().map(|group| {
            let rank = seen.entry(group.rule).or_default();
            *rank += 1;
            (std::cmp::Reverse(group.severity), *rank)
        });
        let mut ranked: Vec<_> = ranks.zip(self.findings.iter().enumerate()).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.truncate(ROWS);
        ranked.sort_by_key(|(_, (place, _))| *place);
        ranked.into_iter().map(|(_, (_, group))| group).collect()
    }

    /// The certificates that a report shows. What is in use and ends first matters most; what is not in use can wait.
    pub(crate) fn listed_certificates(&self) -> Vec<&CertificateRow<'a>> {
        let mut rows: Vec<_> = self.certificates.iter().collect();
        rows.sort_by_key(|row| (!row.is_used(), row.until, row.thumbprint));
        rows.truncate(ROWS);
        rows
    }

    fn enter(&mut self, organization: &'a Organization, audit: &'a Audit) {
        let soon: BTreeSet<_> = audit
            .findings
            .iter()
            .filter(|finding| {
                finding.rules().any(|rule| matches!(rule, "audit-expires-soon" | "audit-auth-certificate-expires"))
            })
            .filter_map(AuditFinding::thumbprint)
            .collect();
        let mut counts: HashMap<&str, [usize; 2]> = HashMap::new();
        for finding in &audit.findings {
            counts.entry(finding.server()).or_default()[usize::from(finding.severity() == Severity::High)] += 1;
        }
        // The audit lists the certificates in the order of the fleet.
        let mut audited = audit.certificates.iter();
        for server in organization.fleet().servers() {
            let [low, high] = counts.get(server.name()).copied().unwrap_or_default();
            let is_guessed = organization.is_guessed(server.name());
            let mut row = ServerRow { server, is_guessed, high, low, certificates: Vec::new() };
            for (installed, audited) in server.certificates().zip(&mut audited) {
                let place = *self.places.entry(installed.thumbprint()).or_insert_with(|| {
                    let is_soon = soon.contains(&installed.thumbprint());
                    self.certificates.push(CertificateRow::new(installed, audited, is_soon, self.now));
                    self.certificates.len() - 1
                });
                self.certificates[place].join(server, audited);
                row.certificates.push((place, installed));
            }
            self.servers.push(row);
        }
    }
}

impl<'a> CertificateRow<'a> {
    fn new(installed: &Installed, audited: &'a AuditedCertificate, is_soon: bool, now: SystemTime) -> Self {
        let certificate = installed.certificate();
        let state = if certificate.not_after() < now {
            State::Expired
        } else if certificate.not_before() > now {
            State::NotYet
        } else if is_soon {
            State::ExpiresSoon
        } else {
            State::Current
        };
        Self {
            thumbprint: audited.thumbprint,
            title: title(&audited.domains, &audited.subject, audited.thumbprint),
            subject: plain(&audited.subject),
            domains: audited.domains.iter().map(|domain| plain(domain)).collect(),
            from: seconds(certificate.not_before()),
            until: seconds(certificate.not_after()),
            not_before: day(audited.not_before),
            not_after: day(audited.not_after),
            days_left: audited.days_left,
            state,
            services: Service::empty(),
            are_services_known: true,
            named_by: BTreeSet::new(),
            servers: Vec::new(),
        }
    }

    fn join(&mut self, server: &'a Server, audited: &'a AuditedCertificate) {
        self.services |= audited.services.unwrap_or_default();
        self.are_services_known &= audited.services.is_some();
        self.named_by.extend(audited.named_by.iter().map(String::as_str));
        self.servers.push(server.name());
    }

    /// Whether anything is known to use it.
    pub(crate) fn is_used(&self) -> bool {
        !self.services.is_empty() || !self.named_by.is_empty()
    }

    /// How it stands, in words.
    pub(crate) fn standing(&self) -> String {
        let days = |days: i64| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        match self.state {
            State::Expired => format!("expired {} ago", days(-self.days_left)),
            State::NotYet => format!("valid from {}", self.not_before),
            State::ExpiresSoon | State::Current if self.days_left == 0 => "expires today".to_owned(),
            State::ExpiresSoon | State::Current => format!("{} left", days(self.days_left)),
        }
    }

    /// What uses it, in words.
    pub(crate) fn uses(&self) -> String {
        let services = match (self.services.is_empty(), self.are_services_known) {
            (false, true) => vec![self.services.to_string()],
            (false, false) => vec![self.services.to_string(), "on some servers not known".to_owned()],
            (true, true) => Vec::new(),
            (true, false) => vec!["services not known".to_owned()],
        };
        let names: Vec<_> = self.named_by.iter().copied().collect();
        let names = (!names.is_empty()).then(|| several(&names, 3));
        let uses: Vec<_> = services.into_iter().chain(names).collect();
        if uses.is_empty() { "not in use".to_owned() } else { uses.join(", ") }
    }
}

/// What a person calls a certificate: its first name, or else what its subject says.
pub(crate) fn title(domains: &[String], subject: &str, thumbprint: Thumbprint) -> String {
    let name = domains.first().map_or_else(|| subject.strip_prefix("CN=").unwrap_or(subject), String::as_str);
    if name.trim().is_empty() { thumbprint.to_string() } else { plain(name) }
}

/// The rules whose remedy makes a new certificate, if none is installed already.
const RENEWALS: [&str; 3] = ["audit-expired", "audit-expires-soon", "audit-auth-certificate-expires"];

const NEW: &str = "New-ExchangeCertificate";

fn grouped<'a>(findings: &'a [AuditFinding]) -> Vec<FindingGroup<'a>> {
    let mut groups: Vec<FindingGroup<'a>> = Vec::new();
    let mut places = HashMap::new();
    for finding in findings {
        // The library makes names in its messages plain already.
        let message = finding.message().to_string();
        let of_consequence = |it: &'a Consequence| (it.rule(), it.message().to_string());
        let consequences: Vec<_> = finding.consequences().iter().map(of_consequence).collect();
        let key = (finding.rule(), finding.thumbprint(), finding.services().bits(), message, consequences);
        let place = *places.entry(key).or_insert_with_key(|(rule, thumbprint, _, message, consequences)| {
            groups.push(FindingGroup {
                rule,
                severity: finding.severity(),
                thumbprint: *thumbprint,
                services: finding.services(),
                message: message.clone(),
                consequences: consequences.clone(),
                remedies: Vec::new(),
                servers: Vec::new(),
            });
            groups.len() - 1
        });
        let group = &mut groups[place];
        group.servers.push(finding.server());
        let steps = finding.remedy();
        let makes_new = || steps.iter().any(|step| step.text().contains(NEW));
        match group.remedies.first_mut() {
            _ if steps.is_empty() => {}
            // A certificate that several servers hold is renewed once.
            Some(_) if RENEWALS.contains(&finding.rule()) && makes_new() => {}
            Some(first) if first.steps == steps => first.servers.push(finding.server()),
            _ => group.remedies.push(Remedy { servers: vec![finding.server()], steps }),
        }
    }
    groups.sort_by_key(|group| {
        let place = AUDIT_RULES.iter().position(|rule| rule.id() == group.rule);
        (std::cmp::Reverse(group.severity), place, group.servers[0])
    });
    groups
}

/// The first names of a list, and how many more there are.
pub(crate) fn several<T: AsRef<str>>(names: &[T], shown: usize) -> String {
    let first: Vec<_> = names.iter().take(shown).map(|name| plain(name.as_ref())).collect();
    let more = names.len().saturating_sub(shown);
    if more == 0 { first.join(", ") } else { format!("{} and {} more", first.join(", "), thousands(more)) }
}

/// How many rows of each kind a report shows at most: what a browser filters without delay, and a person can survey.
pub(crate) const ROWS: usize = 250;

/// A count with its noun.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// A number with a comma between thousands.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut printed = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            printed.push(',');
        }
        printed.push(digit);
    }
    printed
}

/// Seconds since 1970, negative before.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let whole = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -whole(before.duration()), whole)
}

/// The date of a point in time, in UTC: `2026-11-24`.
pub(crate) fn day(time: SystemTime) -> String {
    let text = rfc3339::print(time).to_string();
    text.split('T').next().unwrap_or(&text).to_owned()
}
