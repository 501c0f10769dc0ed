//! How good it is what an endpoint presents.

use super::{Endpoint, EndpointChange, EndpointKind, Flags, Presented, PresentedCertificate};
use crate::server::TransportRole;

/// How good a presented certificate is, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rank {
    /// There is none, or it cannot be used.
    Dead,
    /// It is outside its dates, or its status is not Valid.
    NotValid,
    /// It does not cover every name.
    WrongName,
    /// It is self-signed.
    SelfSigned,
    /// Nothing is wrong with it.
    Good,
}

impl Endpoint {
    /// The worst and the best that it may present; `None` if it offers no TLS or that is not known.
    ///
    /// Between Exchange servers a self-signed certificate or another name is normal, and does not count.
    pub fn ranks(&self) -> Option<(Rank, Rank)> {
        self.ranks_of(&self.presented, Flags::empty())
    }

    /// Whether no certificate that it may present can be used.
    pub fn is_dead(&self) -> bool {
        self.ranks().is_some_and(|(_, best)| best == Rank::Dead)
    }

    fn ranks_of(&self, presented: &Presented, excused: Flags) -> Option<(Rank, Rank)> {
        let uncounted = self.uncounted() | excused;
        let rank = |certificate: &PresentedCertificate| rank(certificate.flags - uncounted);
        match presented {
            Presented::Certificate(certificate, _) => Some((rank(certificate), rank(certificate))),
            Presented::OneOf(certificates, _) => {
                let ranks = || certificates.iter().map(|known| known.as_ref().map_or(Rank::Dead, rank));
                Some((ranks().min()?, ranks().max()?))
            }
            Presented::Nothing => Some((Rank::Dead, Rank::Dead)),
            Presented::NotOffered(_) | Presented::Unknown(_) => None,
        }
    }

    /// The flags that do not count here.
    fn uncounted(&self) -> Flags {
        let name_and_self_signed = Flags::NAME | Flags::SELF_SIGNED;
        match self.kind {
            _ if self.is_internal() => name_and_self_signed,
            // Only such partners look at the client certificate.
            EndpointKind::SendConnector if !self.is_checked_by_partner() => Flags::SELF_SIGNED,
            _ => Flags::empty(),
        }
    }

    /// Whether only Exchange servers connect to it, which trust each other's certificates.
    pub fn is_internal(&self) -> bool {
        match self.kind {
            EndpointKind::ExchangeBackEnd
            | EndpointKind::Internal
            | EndpointKind::EdgeSync
            | EndpointKind::UnifiedMessaging
            | EndpointKind::CallRouter => true,
            EndpointKind::DefaultWebSite => self.is_loopback(),
            EndpointKind::ReceiveConnector => self.is_outbound_proxy() || self.is_hub(),
            EndpointKind::Imap | EndpointKind::Pop | EndpointKind::SendConnector => false,
        }
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.binding().is_some_and(|binding| binding.address() == "127.0.0.1")
    }

    /// Whether it is Outbound Proxy Frontend, through which Send connectors leave by the front end.
    pub(crate) fn is_outbound_proxy(&self) -> bool {
        let bindings = self.connector().and_then(|connector| connector.bindings()).unwrap_or_default();
        bindings.iter().any(|binding| binding.trim_end_matches(':').ends_with(":717"))
    }

    /// Whether a Receive connector belongs to the Transport service behind the front end.
    pub(crate) fn is_hub(&self) -> bool {
        let role = self.connector().and_then(|connector| connector.transport_role());
        role == Some(TransportRole::HubTransport) && !self.is_on_edge
    }

    /// Whether it may not run at all, or goes on without a certificate: IMAP, POP and Unified Messaging, and Send
    /// connectors whose partner does not check the certificate.
    pub(crate) fn is_optional(&self) -> bool {
        match self.kind {
            EndpointKind::Imap | EndpointKind::Pop | EndpointKind::UnifiedMessaging | EndpointKind::CallRouter => true,
            EndpointKind::SendConnector => !self.is_named() && !self.is_checked_by_partner(),
            _ => false,
        }
    }

    /// Whether a connector finds its certificate by name.
    pub(crate) fn is_named(&self) -> bool {
        self.connector().is_some_and(|connector| connector.tls_certificate_name().value().is_some())
    }

    /// Whether it is presented to others than Exchange servers of the organisation, and who connects looks at it.
    pub(crate) fn is_meant_for_others(&self) -> bool {
        let is_looked_at = match self.kind {
            EndpointKind::ReceiveConnector => !self.is_internal(),
            _ => self.is_checked_by_partner(),
        };
        is_looked_at && !self.presented.is_not_offered()
    }

    /// Whether the partner of a Send connector checks the client certificate.
    pub(crate) fn is_checked_by_partner(&self) -> bool {
        self.connector().is_some_and(|connector| {
            connector.domain_secure_enabled() == Some(true) || connector.cloud_services_mail_enabled() == Some(true)
        })
    }
}

impl EndpointChange {
    /// Whether it had something that can be used, and would not have it any more.
    pub fn fails(&self) -> bool {
        // The same is as good as before.
        self.is_changed() && self.after.is_dead() && {
            let before = self.after.ranks_of(&self.before, Flags::empty());
            before.is_some_and(|(_, best)| best > Rank::Dead)
        }
    }

    /// Whether what it presents would be worse.
    pub fn is_worse(&self) -> bool {
        self.is_worse_beside(Flags::empty())
    }

    /// Whether it can be worse, whatever is excused: something is wrong that was not wrong before.
    pub(crate) fn may_be_worse(&self) -> bool {
        match (&self.before, &self.after.presented) {
            (Presented::Certificate(before, _), Presented::Certificate(after, _)) => {
                !before.flags.contains(after.flags)
            }
            _ => self.is_changed(),
        }
    }

    /// Whether it would be worse beside these flags, which are spoken of already.
    pub(crate) fn is_worse_beside(&self, excused: Flags) -> bool {
        self.is_changed()
            && match (self.after.ranks_of(&self.before, excused), self.after.ranks_of(&self.after.presented, excused)) {
                (Some((worst, best)), Some((worst_after, best_after))) => worst_after < worst || best_after < best,
                _ => false,
            }
    }
}

fn rank(flags: Flags) -> Rank {
    match flags {
        _ if flags.intersects(Flags::NO_KEY | Flags::KEY_UNREADABLE | Flags::KSP) => Rank::Dead,
        _ if flags.intersects(Flags::OUTSIDE_DATES | Flags::STATUS) => Rank::NotValid,
        _ if flags.contains(Flags::NAME) => Rank::WrongName,
        _ if flags.contains(Flags::SELF_SIGNED) => Rank::SelfSigned,
        _ => Rank::Good,
    }
}
