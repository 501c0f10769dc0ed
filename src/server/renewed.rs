//! What a new certificate renews.

use std::cmp::Reverse;
use std::fmt;

use super::{Installed, Server};
use crate::certificate::Certificate;
use crate::text::{list, shown};
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

impl Server {
    /// The installed certificates that this one renews, the best first: those that are assigned to something, and whose
    /// every name it covers.
    ///
    /// Best is one that is self-signed just as the new one is, then one with more services, then one of the very same
    /// names, then the one that expires last. The Auth certificates are none of them: they are renewed by the
    /// authorization configuration.
    pub fn renewed_by(&self, certificate: &Certificate) -> Vec<&Installed> {
        let covers_all =
            |installed: &&Installed| installed.certificate().domains().iter().all(|domain| certificate.covers(domain));
        let mut renewed: Vec<_> = self.renewable_by(certificate).filter(covers_all).collect();
        renewed.sort_by_key(|installed| Rank::of(installed, certificate));
        renewed
    }

    /// The assigned certificate of which this one lacks the fewest names, if it renews none.
    pub fn nearest_renewed_by(&self, certificate: &Certificate) -> Option<Nearest> {
        let nearest = self.renewable_by(certificate).map(|installed| {
            let lacking = lacking(certificate, installed);
            (lacking.len(), Rank::of(installed, certificate), installed.thumbprint(), lacking)
        });
        let (_, _, thumbprint, lacking) = nearest.min_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)))?;
        Some(Nearest { thumbprint, server: self.name().to_owned(), lacking })
    }

    /// The certificates that another one can renew, whatever its names.
    fn renewable_by(&self, other: &Certificate) -> impl Iterator<Item = &Installed> + use<'_> {
        let other = other.thumbprint();
        let is_auth =
            |installed: &Installed| self.auth_certificates().is_some_and(|auth| auth.contains(installed.thumbprint()));
        self.certificates().filter(move |installed| {
            installed.thumbprint() != other
                && installed.is_assigned()
                && installed.first_domain().is_some()
                && !is_auth(installed)
        })
    }
}

/// The names of an installed certificate that the new one does not cover.
fn lacking(new: &Certificate, installed: &Installed) -> Vec<String> {
    let domains = installed.certificate().domains();
    domains.into_iter().filter(|domain| !new.covers(domain)).map(Into::into).collect()
}

/// How well a certificate is renewed by another one: the least is the best.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    is_of_other_issuance: bool,
    services: Reverse<usize>,
    has_other_names: bool,
    ends: Reverse<Timestamp>,
}

impl Rank {
    pub(crate) fn of(installed: &Installed, new: &Certificate) -> Self {
        let old = installed.certificate();
        let has_all_of_new = || new.domains().iter().all(|domain| installed.has_domain(domain));
        let has_all_of_old = || old.domains().iter().all(|domain| new.has_domain(domain));
        Self {
            is_of_other_issuance: old.is_self_signed() != new.is_self_signed(),
            services: Reverse(installed.known_services().iter().count()),
            has_other_names: !(has_all_of_new() && has_all_of_old()),
            ends: Reverse(old.ends()),
        }
    }
}

/// The certificate that a new one would renew if it had some more names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nearest {
    /// The certificate.
    pub thumbprint: Thumbprint,
    /// The server that has it.
    pub server: String,
    /// Its names that the new one does not cover.
    pub lacking: Vec<String>,
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { thumbprint, server, lacking } = self;
        write!(f, "nearest is {thumbprint} on {}, but the new certificate lacks {}", shown(server), list(lacking))
    }
}
