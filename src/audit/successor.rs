//! What takes the place of a certificate and is there already.

use super::{Audited, fitness};
use crate::block::Block;
use crate::certificate::Certificate;
use crate::commands;
use crate::fact::Fact;
use crate::finding::Finding;
use crate::fleet::Fleet;
use crate::remedy;
use crate::server::{AuthCertificates, Installed, Server, Sites};
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
            && other.is_current(now)
            && other.may_be_valid(now)
            && other.has_private_key()
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
    match of(server, &case.sites, installed, case.now) {
        Some(successor) => finding.steps(take_over(case, installed, successor)),
        None => finding.steps(remedy::renew(server, installed, case.now)),
    }
}

fn take_over(case: &Audited<'_>, installed: &Installed, successor: &Installed) -> Vec<Block> {
    let server = case.server;
    let (thumbprint, not_after) = (successor.thumbprint(), successor.certificate().ends());
    let there = format!("{thumbprint} has the same names, is installed and valid until {not_after}");
    let services = missing_services(&case.sites, installed, successor);
    if services.is_empty() {
        return vec![Block::words_alone(format!("{there}, and has the same services: remove this one"))];
    }
    let enable = |services| commands::enable(server, thumbprint, services);
    let is_default = server.default_smtp() == Fact::Value(installed.thumbprint());
    let alone = services & Service::SMTP;
    let replace = format!("{there}: replace this one by it, which assigns {services}:");
    if alone.is_empty() || is_default {
        let alone = alone.each().map(|smtp| enable(smtp).switch("Force"));
        let others = Some(services - Service::SMTP).filter(|others| !others.is_empty()).map(enable);
        return vec![Block::of(replace, others.into_iter().chain(alone))];
    }
    // The one that asks stands last, and alone.
    let ask = "assign SMTP, and answer No when asked whether to overwrite the default SMTP certificate:";
    let others = Some(services - Service::SMTP).filter(|others| !others.is_empty()).map(enable);
    vec![Block::of(replace, others), Block::asking(ask, enable(alone))]
}

/// What becomes of the Auth certificate, which ended or will: a valid next one that is there already is not made again.
pub(super) fn renew_auth(
    finding: Finding,
    case: &Audited<'_>,
    thumbprint: Thumbprint,
    end: Option<Timestamp>,
) -> Finding {
    let staged = case.across.staged().filter(|(next, _)| *next != thumbprint);
    let is_over = end.is_none_or(|end| end < case.now);
    let Some((next, auth)) = staged else {
        return finding.steps(remedy::another_auth_certificate(case.server, is_over));
    };
    let Some(end) = end.filter(|end| *end >= case.now) else {
        return finding.steps(remedy::publish_next_auth_certificate(next, case.server));
    };
    let advice = match auth.next_effective.map(Timestamp::from) {
        Some(effective) if effective > end => format!(
            "the next one, {next}, is there, so that nothing has to be made; but it takes its place only on {effective}: \
             set an earlier date (Set-AuthConfig -NewCertificateEffectiveDate)"
        ),
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

/// The next Auth certificate of the organisation, if a server has it and it is valid beyond the current one.
pub(super) fn staged(fleet: &Fleet, now: Timestamp) -> Option<(Thumbprint, AuthCertificates)> {
    let auth = fleet.servers().find_map(Server::auth_certificates)?;
    let next = auth.next.filter(|next| auth.current != Some(*next))?;
    let installed = |thumbprint| fleet.servers().filter_map(move |server| server.installed(thumbprint));
    let outlasts = |it: &Installed| {
        auth.current
            .is_none_or(|current| installed(current).all(|known| known.certificate().ends() < it.certificate().ends()))
    };
    let is_sound = |it: &Installed| it.is_current(now) && it.may_be_valid(now) && it.has_private_key() && outlasts(it);
    installed(next).any(is_sound).then_some((next, auth))
}
