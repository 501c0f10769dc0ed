//! What takes the place of a certificate and is there already.

use std::collections::{BTreeMap, HashMap};

use super::{Audited, fitness};
use crate::block::Block;
use crate::certificate::Certificate;
use crate::commands;
use crate::fact::Fact;
use crate::finding::Finding;
use crate::fleet::Fleet;
use crate::remedy;
use crate::server::{AuthCertificates, Connector, Installed, Server, Sites};
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// The installed certificate that can take the place of another one: with all its names, valid now, fit for its
/// services, and the one that expires last.
pub(super) fn of<'a>(
    server: &'a Server,
    sites: &Sites,
    installed: &Installed,
    now: Timestamp,
) -> Option<&'a Installed> {
    let old = installed.certificate();
    let services = installed.known_services() - Service::FEDERATION;
    let can_follow = |other: &&Installed| {
        let new = other.certificate();
        new.ends() > old.ends()
            && other.can_serve(now)
            && (!new.is_self_signed() || old.is_self_signed())
            && has_names_of(new, old)
            && fitness::faults(sites, other, services).is_empty()
    };
    let ends = |other: &&Installed| (other.certificate().ends(), other.thumbprint());
    match installed.first_domain() {
        Some(domain) => server.inventory().holding(&domain).filter(can_follow).max_by_key(ends),
        None => server.certificates().filter(can_follow).max_by_key(ends),
    }
}

/// Whether a certificate has every name of another one, which without names is its subject.
fn has_names_of(new: &Certificate, old: &Certificate) -> bool {
    let domains = old.domains();
    if domains.is_empty() {
        return new.domains().is_empty() && new.subject().to_string() == old.subject().to_string();
    }
    domains.iter().all(|domain| new.has_domain(domain))
}

/// The services that a successor is still to be assigned to.
pub(super) fn missing_services(sites: &Sites, installed: &Installed, successor: &Installed) -> Service {
    let counted = |it: &Installed| sites.counted_services(it, it.known_services());
    counted(installed) - Service::FEDERATION - counted(successor)
}

/// How a certificate is renewed: by what is installed already, or by a new one.
pub(super) fn renew(finding: Finding, case: &Audited<'_>, installed: &Installed) -> Finding {
    let server = case.server;
    if remedy::is_auth_certificate(server, installed) {
        return renew_auth(finding, case, installed.thumbprint(), Some(installed.certificate().ends()));
    }
    if let Some(successor) = of(server, &case.sites, installed, case.now) {
        return finding.steps(take_over(case, installed, successor));
    }
    match case.across.elsewhere().successor(installed, server) {
        Some((successor, holders)) => finding.steps(copy_and_take_over(case, installed, successor, holders)),
        None => finding.steps(remedy::renew(server, &case.sites, installed, case.now)),
    }
}

/// What is installed on this server already is assigned.
fn take_over(case: &Audited<'_>, installed: &Installed, successor: &Installed) -> Vec<Block> {
    let (thumbprint, not_after) = (successor.thumbprint(), successor.certificate().ends());
    let there = format!("{thumbprint} has the same names, is installed and valid until {not_after}");
    let services = missing_services(&case.sites, installed, successor);
    if services.is_empty() {
        return vec![Block::words_alone(format!("{there}, and has the same services: remove this one"))];
    }
    assign(case, installed, thumbprint, services, &format!("{there}: replace this one by it"))
}

/// What other servers have is copied, and assigned.
fn copy_and_take_over(
    case: &Audited<'_>,
    installed: &Installed,
    successor: &Installed,
    holders: &[&Server],
) -> Vec<Block> {
    let (thumbprint, not_after) = (successor.thumbprint(), successor.certificate().ends());
    let there = format!("{thumbprint} has the same names and is valid until {not_after}");
    let mut steps: Vec<_> = [Block::words_alone(format!("a new one is there on other servers: {there}"))].into();
    steps.extend(remedy::copy(holders, thumbprint, case.server));
    let services = case.sites.counted_services(installed, installed.known_services()) - Service::FEDERATION;
    if !services.is_empty() {
        steps.extend(assign(case, installed, thumbprint, services, "then replace this one by it"));
    }
    steps
}

/// Assigns another certificate to services of a certificate, the default of which it becomes too. The command that asks
/// stands last, and alone.
fn assign(
    case: &Audited<'_>,
    installed: &Installed,
    thumbprint: Thumbprint,
    services: Service,
    replace: &str,
) -> Vec<Block> {
    let server = case.server;
    let enable = |services| commands::enable(server, thumbprint, services);
    let is_default = server.default_smtp() == Fact::Value(installed.thumbprint());
    let alone = services & Service::SMTP;
    let others = services - Service::SMTP;
    let first = Some(others).filter(|others| !others.is_empty()).map(enable);
    let mut steps = if alone.is_empty() || is_default {
        let alone = alone.each().map(|smtp| enable(smtp).switch("Force"));
        vec![Block::of(format!("{replace}: assign it to {services}:"), first.into_iter().chain(alone))]
    } else {
        let keep = "SMTP, and answer No when asked whether to overwrite the default SMTP certificate:";
        match first {
            Some(first) => {
                let ask = Block::asking(format!("assign it to {keep}"), enable(alone));
                vec![Block::of(format!("{replace}: assign it to {others}:"), [first]), ask]
            }
            None => vec![Block::asking(format!("{replace}: assign it to {keep}"), enable(alone))],
        }
    };
    let restarted: Vec<_> = (services & (Service::IMAP | Service::POP)).each().collect();
    if !restarted.is_empty() {
        let restart = restarted.into_iter().map(|service| commands::restart_running(server, service));
        steps.push(Block::of("restart what presents it by name:", restart));
    }
    steps.push(Block::words_alone("then plan the removal of this one: it says what is still on it"));
    steps
}

/// The certificates of all servers that can take the place of others, by their names.
#[derive(Debug, Default)]
pub(super) struct Successors<'a> {
    known: BTreeMap<Thumbprint, (&'a Installed, Vec<&'a Server>)>,
    by_domain: HashMap<String, Vec<Thumbprint>>,
}

impl<'a> Successors<'a> {
    /// Those of a CA that are valid now and have their key: what a server made for itself is not passed on.
    pub(super) fn of(fleet: &'a Fleet, now: Timestamp) -> Self {
        let mut successors = Self::default();
        for server in fleet.servers() {
            let sound = server
                .certificates()
                .filter(|installed| !installed.certificate().is_self_signed() && installed.can_serve(now));
            for installed in sound {
                let thumbprint = installed.thumbprint();
                let (_, holders) = successors.known.entry(thumbprint).or_insert_with(|| (installed, Vec::new()));
                if holders.is_empty() {
                    for domain in installed.certificate().domains() {
                        successors.by_domain.entry(domain.to_ascii_lowercase()).or_default().push(thumbprint);
                    }
                }
                holders.push(server);
            }
        }
        successors
    }

    /// The certificate with SMTP, and a subject, that a server and every other source server of a connector have.
    pub(super) fn for_connector(&self, case: &Audited<'a>, connector: &Connector) -> Option<&'a Installed> {
        let is_everywhere = |installed: &&'a Installed| {
            let thumbprint = installed.thumbprint();
            let Some((_, holders)) = self.known.get(&thumbprint) else { return false };
            let has_smtp = |holder: &Server| holder.installed(thumbprint).is_some_and(|it| it.has(Service::SMTP));
            let has_it = |name: &String| holders.iter().any(|holder| holder.is_called(name) && has_smtp(holder));
            connector.servers().iter().all(has_it)
        };
        let is_fit =
            |installed: &&'a Installed| !installed.certificate().subject().is_empty() && is_everywhere(installed);
        let fit = case.server.inventory().holders(Service::SMTP).filter(is_fit);
        fit.max_by_key(|installed| (installed.certificate().ends(), installed.thumbprint()))
    }

    /// The one of the same names that expires last, with the servers that hold it. One that the server itself holds was
    /// not fit to take the place.
    pub(super) fn successor(&self, installed: &Installed, server: &Server) -> Option<(&'a Installed, &[&'a Server])> {
        let old = installed.certificate();
        if old.is_self_signed() {
            return None;
        }
        let thumbprints = self.by_domain.get(&installed.first_domain()?.to_ascii_lowercase())?;
        let known = thumbprints.iter().filter_map(|thumbprint| self.known.get(thumbprint));
        let later = known.filter(|(new, _)| {
            let certificate = new.certificate();
            let is_elsewhere = server.installed(new.thumbprint()).is_none();
            certificate.ends() > old.ends() && is_elsewhere && has_names_of(certificate, old)
        });
        let (new, holders) = later.max_by_key(|(new, _)| (new.certificate().ends(), new.thumbprint()))?;
        Some((new, holders))
    }
}

/// What becomes of the Auth certificate, which ended or will: a valid next one that is there already is not made again.
pub(super) fn renew_auth(
    finding: Finding,
    case: &Audited<'_>,
    thumbprint: Thumbprint,
    end: Option<Timestamp>,
) -> Finding {
    let staged = case.across.staged().filter(|(next, _)| *next != thumbprint);
    let is_next = case.server.auth_certificates().is_some_and(|auth| auth.next == Some(thumbprint));
    // While the current one is good nothing is published over it.
    let is_over = if is_next { !is_current_auth_good(case) } else { end.is_none_or(|end| end < case.now) };
    let Some((next, auth)) = staged else {
        return finding.steps(remedy::another_auth_certificate(case.server, is_over));
    };
    let Some(end) = end.filter(|end| *end >= case.now) else {
        return finding.steps(remedy::publish_next_auth_certificate(next, case.server));
    };
    let advice = match auth.next_effective.map(Timestamp::from) {
        Some(effective) if effective > end => {
            let words = format!(
                "the next one, {next}, is there, so that nothing has to be made; but it takes its place only on \
                 {effective}: set an earlier date:"
            );
            return finding.step(Block::of(words, [commands::stage_auth_certificate(next)]));
        }
        Some(effective) => format!(
            "the next one, {next}, is there and takes its place on {effective}: nothing has to be made; check that it \
             does:"
        ),
        None => format!(
            "the next one, {next}, is there and takes its place: nothing has to be made; check that it does in time:"
        ),
    };
    finding.advise(advice).command(commands::show_auth_certificates())
}

fn is_current_auth_good(case: &Audited<'_>) -> bool {
    let current = case.server.auth_certificates().and_then(|auth| auth.current);
    let held = |thumbprint| case.across.auth_holders(thumbprint).iter().find_map(|it| it.installed(thumbprint));
    current.and_then(held).is_some_and(|installed| installed.is_current(case.now))
}

/// The next Auth certificate of the organisation, if a server has it and it is valid beyond the current one.
pub(super) fn staged(fleet: &Fleet, now: Timestamp) -> Option<(Thumbprint, AuthCertificates)> {
    let auth = fleet.servers().find_map(Server::auth_certificates)?;
    let next = auth.next.filter(|next| auth.current != Some(*next))?;
    let installed = |thumbprint| fleet.servers().filter_map(move |server| server.installed(thumbprint));
    let outlasts = |it: &Installed| {
        auth.current
            .is_none_or(|current| installed(current).all(|known| known.certificate().ends() < it.certificate().ends()))
    };
    let is_sound = |it: &Installed| it.can_serve(now) && outlasts(it);
    installed(next).any(is_sound).then_some((next, auth))
}
