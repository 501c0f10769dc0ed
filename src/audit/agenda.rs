//! What falls due.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use serde::Serialize;

use super::successor::{self, Successors};
use crate::fleet::Fleet;
use crate::policy::Policy;
use crate::remedy::Renewal;
use crate::rfc3339;
use crate::server::{AuthCertificates, Server};
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// A renewal that falls due.
///
/// ```
/// use exchange_certificates::{Fleet, agenda, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let agenda = agenda(&fleet, now, rfc3339::parse("2027-11-24")?);
/// let first = agenda.first().ok_or("nothing falls due")?;
/// println!("{}: {} on {}", rfc3339::print(first.not_after), first.services, first.servers.join(", "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AgendaItem {
    /// The day to act by: from then on the certificate expires soon.
    #[serde(serialize_with = "rfc3339::serialize")]
    #[cfg_attr(feature = "schemars", schemars(with = "rfc3339::Time"))]
    pub due: SystemTime,
    /// When it expires.
    #[serde(serialize_with = "rfc3339::serialize")]
    #[cfg_attr(feature = "schemars", schemars(with = "rfc3339::Time"))]
    pub not_after: SystemTime,
    /// The certificate.
    pub thumbprint: Thumbprint,
    /// Its subject, as Windows prints it.
    pub subject: String,
    /// Its domains, which the new one has to cover.
    pub domains: Vec<String>,
    /// The services that it is assigned to on any of the servers.
    pub services: Service,
    /// The servers on which it is assigned to something.
    pub servers: Vec<String>,
    /// What takes its place and is installed already, on one of the servers at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<Thumbprint>,
    /// What to do, once the new certificate is there.
    pub plan: String,
}

/// What is to be renewed until a point in time: first what has expired at the point in time from which it is asked, then
/// what is due by then and can still be made in time, and what falls due before `until`, in order.
///
/// A renewal is due when the certificate begins to [expire soon](crate::RULES): 60 days before its end, or a
/// third of its lifetime if that is less. Only what is assigned is renewed. What the [audit](crate::audit()) says of a
/// certificate is said here too: a successor that is installed is named.
///
/// ```
/// use exchange_certificates::{Fleet, agenda, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// for item in agenda(&fleet, now, rfc3339::parse("2027-11-24")?) {
///     println!("{} by {}", item.subject, rfc3339::print(item.due));
/// }
/// assert!(agenda(&fleet, now, now).len() < agenda(&fleet, now, rfc3339::parse("2027-11-24")?).len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn agenda(fleet: &Fleet, from: SystemTime, until: SystemTime) -> Vec<AgendaItem> {
    agenda_with(&Policy::default(), fleet, from, until)
}

/// What is to be renewed, as [`agenda`] has it, by the days of an organisation's own policy.
///
/// ```
/// use exchange_certificates::{Fleet, Policy, agenda, agenda_with, rfc3339};
/// # let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("examples/data/organization.json")?)?;
/// # let fleet: Fleet = serde_json::from_value(file["servers"].take())?;
/// # let now = rfc3339::parse("2026-11-24")?;
///
/// let policy = Policy::default().with_expires_soon_days(120)?;
/// let until = rfc3339::parse("2027-11-24")?;
/// assert!(agenda_with(&policy, &fleet, now, until)[0].due <= agenda(&fleet, now, until)[0].due);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn agenda_with(policy: &Policy, fleet: &Fleet, from: SystemTime, until: SystemTime) -> Vec<AgendaItem> {
    let days = policy.thresholds().expires_soon_days;
    let (from, until) = (Timestamp::from(from), Timestamp::from(until));
    let elsewhere = Successors::of(fleet, from);
    let mut due: BTreeMap<(Option<Timestamp>, Timestamp, Thumbprint), Due> = BTreeMap::new();
    for server in fleet.servers() {
        let sites = server.sites();
        for installed in server.certificates().filter(|installed| installed.is_assigned()) {
            let certificate = installed.certificate();
            let not_after = certificate.ends();
            let act_by = not_after.days_earlier(installed.expires_soon_from(days));
            if act_by >= until && not_after >= from {
                continue;
            }
            // What has expired comes first, by its end.
            let order = if not_after < from { (None, not_after) } else { (Some(act_by), not_after) };
            let due = due.entry((order.0, order.1, installed.thumbprint())).or_insert_with(|| Due {
                item: AgendaItem {
                    due: act_by.into(),
                    not_after: not_after.into(),
                    thumbprint: installed.thumbprint(),
                    subject: certificate.subject().to_string(),
                    domains: certificate.domains().into_iter().map(Into::into).collect(),
                    services: Service::empty(),
                    servers: Vec::new(),
                    successor: None,
                    plan: String::new(),
                },
                successors: BTreeMap::new(),
                elsewhere: BTreeMap::new(),
                without: BTreeMap::new(),
                is_auth: false,
            });
            let renewal = Renewal::of(server, &sites, installed);
            due.is_auth |= renewal == Renewal::Auth;
            due.item.services |= installed.known_services();
            due.item.servers.push(server.name().to_owned());
            match successor::of(server, &sites, installed, from) {
                Some(successor) => {
                    let (services, servers) = due.successors.entry(successor.thumbprint()).or_default();
                    *services |= successor::missing_services(&sites, installed, successor);
                    servers.push(server.name().to_owned());
                }
                None => match elsewhere.successor(installed, server) {
                    Some((successor, holders)) => {
                        let known = due.elsewhere.entry(successor.thumbprint());
                        let (_, servers) = known.or_insert_with(|| (names(holders), Vec::new()));
                        servers.push(server.name().to_owned());
                    }
                    None => due.without.entry(renewal).or_default().push(server.name().to_owned()),
                },
            }
        }
    }
    let staged = successor::staged(fleet, from);
    let planned = due.into_values().map(|due| if due.is_auth { due.of_auth(staged, from) } else { due.planned() });
    planned.collect()
}

/// The first names of servers.
fn names(servers: &[&Server]) -> Vec<String> {
    servers.iter().take(3).map(|server| server.name().to_owned()).collect()
}

/// A renewal with what takes the place of its certificate.
struct Due {
    item: AgendaItem,
    /// With the services that they are still to be assigned to, and the servers on which they are installed.
    successors: BTreeMap<Thumbprint, (Service, Vec<String>)>,
    /// With the servers that hold them, and those to which they are to be copied.
    elsewhere: BTreeMap<Thumbprint, (Vec<String>, Vec<String>)>,
    /// The servers for which there is none, by what it is there.
    without: BTreeMap<Renewal, Vec<String>>,
    is_auth: bool,
}

impl Due {
    /// All but Auth certificates are replaced.
    fn planned(self) -> AgendaItem {
        let Self { mut item, successors, elsewhere, without, .. } = self;
        item.successor = successors.keys().chain(elsewhere.keys()).next().copied();
        let replaced = successors.iter().map(|(successor, (services, servers))| {
            let servers = text::list(servers);
            if services.is_empty() {
                format!("remove {} on {servers}, where {successor} has its services", item.thumbprint)
            } else {
                format!(
                    "replace {} by {successor}, which is installed on {servers} and has the same names, which assigns \
                     {services}",
                    item.thumbprint
                )
            }
        });
        let services = item.services - Service::FEDERATION;
        let copied = elsewhere.iter().map(|(successor, (holders, servers))| {
            format!(
                "copy {successor}, which is installed on {} and has the same names, to {}, and replace {} by it there, \
                 which assigns {services}",
                text::list(holders),
                text::list(servers),
                item.thumbprint
            )
        });
        let mut steps: Vec<_> = replaced.chain(copied).collect();
        steps.extend(without.iter().map(|(renewal, servers)| made(*renewal, &item, servers)));
        item.plan = steps.join("; ");
        item
    }

    /// Auth certificates are published.
    fn of_auth(self, staged: Option<(Thumbprint, AuthCertificates)>, from: Timestamp) -> AgendaItem {
        let Self { mut item, .. } = self;
        item.plan = match staged.filter(|(next, _)| *next != item.thumbprint) {
            Some((next, _)) => {
                item.successor = Some(next);
                if Timestamp::from(item.not_after) < from {
                    format!("make the next Auth certificate {next} the current one, and publish it (Set-AuthConfig)")
                } else {
                    format!(
                        "nothing has to be made: the next Auth certificate {next} is there; check that it takes its place"
                    )
                }
            }
            None => "make a new Auth certificate, and publish it (Set-AuthConfig)".to_owned(),
        };
        item
    }
}

/// What meets a renewal for which there is no certificate yet.
fn made(renewal: Renewal, item: &AgendaItem, servers: &[String]) -> String {
    let (servers, thumbprint) = (text::list(servers), item.thumbprint);
    match renewal {
        Renewal::Default => {
            format!(
                "make a new self-signed default SMTP certificate on {servers} (New-ExchangeCertificate -Services SMTP)"
            )
        }
        Renewal::BackEnd { .. } => format!(
            "make a new self-signed certificate on {servers}, bind it to port 444 of the Exchange Back End, and remove \
             {thumbprint} afterwards"
        ),
        Renewal::SelfSigned => {
            format!(
                "make a new self-signed certificate of the same names and services on {servers}, and remove {thumbprint}"
            )
        }
        Renewal::WebManagement => {
            format!("choose another certificate for the Web Management service in IIS Manager on {servers}")
        }
        Renewal::Auth | Renewal::Federation | Renewal::Issued => requested(item, &servers),
    }
}

/// What a CA is asked for; the certificate of a federation trust is published.
fn requested(item: &AgendaItem, servers: &dyn fmt::Display) -> String {
    if item.services.contains(Service::FEDERATION) {
        return format!(
            "make a new certificate for the federation trust on {servers}, and publish it (Set-FederationTrust)"
        );
    }
    let names =
        if item.domains.is_empty() { "the same subject".to_owned() } else { text::list(&item.domains).to_string() };
    let mut plan = format!("request a certificate for {names}, install it on {servers}");
    if !item.services.is_empty() {
        plan += &format!(", and replace {} by it, which assigns {}", item.thumbprint, item.services);
    }
    plan
}
