//! What falls due.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use serde::Serialize;

use crate::fleet::Fleet;
use crate::rfc3339;
use crate::server::Server;
use crate::service::Service;
use crate::text;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// A renewal that falls due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AgendaItem {
    /// The day to act by: from then on the certificate expires soon.
    #[serde(serialize_with = "rfc3339::serialize")]
    pub due: SystemTime,
    /// When it expires.
    #[serde(serialize_with = "rfc3339::serialize")]
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
    /// What to do, once the new certificate is there.
    pub plan: String,
}

/// The renewals that fall due between two points in time, the first included and the last not, in order.
///
/// A renewal is due when the certificate begins to [expire soon](crate::RULES): 60 days before its end, or a
/// third of its lifetime if that is less. Only what is assigned is renewed.
pub fn agenda(fleet: &Fleet, from: SystemTime, until: SystemTime, days: u32) -> Vec<AgendaItem> {
    let (from, until) = (Timestamp::from(from), Timestamp::from(until));
    let mut due: BTreeMap<(Timestamp, Thumbprint), AgendaItem> = BTreeMap::new();
    for server in fleet.servers() {
        for installed in server.certificates().filter(|installed| installed.is_assigned()) {
            let certificate = installed.certificate();
            let not_after = certificate.ends();
            let act_by = not_after.days_earlier(installed.expires_soon_from(days));
            if !(from..until).contains(&act_by) {
                continue;
            }
            let item = due.entry((act_by, installed.thumbprint())).or_insert_with(|| AgendaItem {
                due: act_by.into(),
                not_after: not_after.into(),
                thumbprint: installed.thumbprint(),
                subject: certificate.subject().to_string(),
                domains: certificate.domains().into_iter().map(Into::into).collect(),
                services: Service::empty(),
                servers: Vec::new(),
                plan: String::new(),
            });
            item.services |= installed.known_services();
            item.servers.push(server.name().to_owned());
        }
    }
    let auth = fleet.servers().filter_map(Server::auth_certificates);
    let auth: BTreeSet<_> = auth.flat_map(|auth| [auth.current, auth.next]).flatten().collect();
    let mut items: Vec<_> = due.into_values().collect();
    for item in &mut items {
        item.plan = plan(item, auth.contains(&item.thumbprint));
    }
    items
}

/// What meets a renewal: Auth certificates and those of federation trusts are published, all others are assigned.
fn plan(item: &AgendaItem, is_auth: bool) -> String {
    if is_auth {
        return "make a new Auth certificate, and publish it (Set-AuthConfig)".to_owned();
    }
    let names =
        if item.domains.is_empty() { "the same subject".to_owned() } else { text::list(&item.domains).to_string() };
    let servers = text::list(&item.servers);
    let services = item.services - Service::FEDERATION;
    let mut plan = format!("request a certificate for {names}, install it on {servers}");
    if !services.is_empty() {
        plan += &format!(", and replace {} by it, which assigns {services}", item.thumbprint);
    }
    if item.services.contains(Service::FEDERATION) {
        plan += "; publish it for the federation trust first (Set-FederationTrust)";
    }
    plan
}
