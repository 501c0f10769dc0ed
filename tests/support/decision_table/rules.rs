//! The two tables of §5, row by row and in their order.

mod permission;

use self::permission::{is_denied, is_uncertain, is_unchecked};
use super::Kind::{self, Decide, FollowUp, Note, Refuse, Warn};
use super::facts::*;
use super::state::State;

/// `None` is silent; otherwise the services that the diagnostic names, 0 where it names none.
type Answered = Option<u8>;
type OnAssignment = fn(&Assignment<'_>) -> Answered;
type OnRemoval = fn(&Removal<'_>) -> Answered;

pub struct Row {
    pub rule: &'static str,
    pub assignment: Option<(Kind, OnAssignment)>,
    pub removal: Option<(Kind, OnRemoval)>,
    /// Judged even where no service is in question.
    pub always: bool,
}

const fn assigning(rule: &'static str, kind: Kind, judge: OnAssignment) -> Row {
    Row { rule, assignment: Some((kind, judge)), removal: None, always: false }
}

const fn assigning_anything(rule: &'static str, kind: Kind, judge: OnAssignment) -> Row {
    Row { always: true, ..assigning(rule, kind, judge) }
}

const fn removing(rule: &'static str, kind: Kind, judge: OnRemoval) -> Row {
    Row { rule, assignment: None, removal: Some((kind, judge)), always: false }
}

const fn both(rule: &'static str, kind: Kind, assign: OnAssignment, remove: OnRemoval) -> Row {
    Row { rule, assignment: Some((kind, assign)), removal: Some((kind, remove)), always: false }
}

const fn both_always(rule: &'static str, kind: Kind, assign: OnAssignment, remove: OnRemoval) -> Row {
    Row { always: true, ..both(rule, kind, assign, remove) }
}

pub struct Assignment<'a> {
    pub now: i64,
    pub server: &'a ServerFacts,
    pub request: &'a RequestFacts,
    pub this: Option<usize>,
    pub certificate: Option<&'a CertificateFacts>,
    pub domains: Vec<&'a str>,
    pub hosted: u8,
    /// What the request names, or what `replace` makes of it.
    pub requested: u8,
    /// What the certificate has already.
    pub has: u8,
    pub question: u8,
    pub moves_default: bool,
    pub replaces: Option<Replacing>,
}

#[derive(Clone, Copy)]
pub struct Replacing {
    pub old: Option<usize>,
    pub update_connectors: bool,
}

pub struct Removal<'a> {
    pub server: &'a ServerFacts,
    pub request: &'a RequestFacts,
    pub gone: Option<usize>,
    pub certificate: Option<&'a CertificateFacts>,
    pub hosted: u8,
    /// The server as the removal finds it.
    pub state: State,
    /// Services that count as held though what holds them is not installed.
    pub held_elsewhere: u8,
    pub names_move: bool,
    pub default_open: bool,
}

impl<'a> Assignment<'a> {
    pub fn of(now: i64, server: &'a ServerFacts, request: &'a RequestFacts) -> Option<Self> {
        let hosted = server.hosted();
        let this = request.certificate;
        let certificate = this.map(|index| &server.certificates[index]);
        let has = certificate.and_then(|it| it.services).unwrap_or(0);
        let (requested, takes, replaces) = match request.operation {
            Operation::Assign { services, mode } => (services, mode == Mode::Take, None),
            Operation::Remove => return None,
            Operation::Replace { old, update_connectors } => {
                let of_old = old.and_then(|index| server.certificates[index].services).unwrap_or(0);
                // §4: Federation is not skipped where it is not hosted, it refuses.
                let requested = of_old & (hosted | FEDERATION);
                let replacing = Replacing { old, update_connectors };
                (requested, false, Some(replacing))
            }
        };
        let is_default = match server.default_smtp {
            DefaultSmtp::Installed(index) => this == Some(index),
            DefaultSmtp::NotInstalledRequested => this.is_none(),
            DefaultSmtp::NotKnown | DefaultSmtp::Nothing | DefaultSmtp::NotInstalled => false,
        };
        let moves_default =
            !takes && requested & SMTP != 0 && request.default_smtp == Some(Answer::Replace) && !is_default;
        let mut question = if takes { 0 } else { requested & !has };
        if moves_default {
            question |= SMTP;
        }
        Some(Self {
            now,
            server,
            request,
            this,
            certificate,
            domains: certificate.map(CertificateFacts::domains).unwrap_or_default(),
            hosted,
            requested,
            has,
            question,
            moves_default,
            replaces,
        })
    }

    pub fn added(&self) -> u8 {
        self.question & !self.has
    }

    pub fn asks(&self, services: u8) -> bool {
        self.question & services != 0
    }

    /// The server names a default SMTP certificate, and it is not this one.
    pub fn other_default(&self) -> bool {
        match self.server.default_smtp {
            DefaultSmtp::Installed(index) => self.this != Some(index),
            DefaultSmtp::NotInstalled => true,
            DefaultSmtp::NotInstalledRequested => self.this.is_some(),
            DefaultSmtp::NotKnown | DefaultSmtp::Nothing => false,
        }
    }

    fn updates_connectors(&self) -> bool {
        self.replaces.is_some_and(|it| it.update_connectors)
    }

    fn all(&self, speaks: bool) -> Answered {
        speaks.then_some(self.question)
    }

    fn all_about(&self, speaks: fn(&CertificateFacts) -> bool) -> Answered {
        self.all(self.certificate.is_some_and(speaks))
    }

    fn one(&self, service: u8, speaks: bool) -> Answered {
        (speaks && self.asks(service)).then_some(service)
    }

    fn one_about(&self, service: u8, speaks: fn(&CertificateFacts) -> bool) -> Answered {
        self.one(service, self.certificate.is_some_and(speaks))
    }

    fn those(&self, services: u8) -> Answered {
        some(self.question & services)
    }

    fn those_about(&self, services: u8, speaks: fn(&CertificateFacts) -> bool) -> Answered {
        self.those(services).filter(|_| self.certificate.is_some_and(speaks))
    }

    fn accepts(&self, status: Status) -> bool {
        acceptable(status) && self.request.accept_status.contains(&status)
    }

    /// The name that the shell shows for IMAP or POP, where the certificate does not bear it.
    fn name_mismatch(&self, service: u8, name: &Option<String>) -> Answered {
        let missing = |name: &String| !holds(&self.domains, name);
        let speaks = self.certificate.is_some_and(|it| !it.is_wildcard()) && name.as_ref().is_some_and(missing);
        self.one(service, speaks)
    }

    /// The name that assigning overwrites with the certificate's first.
    fn name_not_first(&self, service: u8, name: &Option<String>) -> Answered {
        let later = |name: &String| holds(&self.domains, name) && !self.domains[0].eq_ignore_ascii_case(name);
        self.one(service, name.as_ref().is_some_and(later))
    }
}

impl Removal<'_> {
    fn has(&self, service: u8) -> bool {
        self.gone.is_some_and(|gone| self.state.has(gone, service))
    }

    /// An Auth certificate never counts as another holder.
    fn held_by_another(&self, service: u8) -> bool {
        self.held_elsewhere & service != 0
            || self
                .server
                .others(self.gone)
                .any(|(index, _)| self.state.has(index, service) && !self.server.is_auth_certificate(index))
    }
}

fn some(services: u8) -> Answered {
    (services != 0).then_some(services)
}

fn whole(speaks: bool) -> Answered {
    speaks.then_some(0)
}

fn acceptable(status: Status) -> bool {
    matches!(status, Status::RevocationCheckFailure | Status::Untrusted | Status::Unknown)
}

fn covers_purpose(certificate: &CertificateFacts, wanted: &[Purpose]) -> Option<bool> {
    match &certificate.extended_key_usage {
        Extension::Present(purposes) => Some(purposes.iter().any(|it| wanted.contains(it))),
        Extension::Absent | Extension::Unreadable => None,
    }
}

fn unknown_services(server: &ServerFacts) -> Answered {
    whole(server.certificates.iter().any(|it| it.services.is_none()))
}

pub fn default_open(a: &Assignment<'_>) -> Answered {
    a.one(SMTP, a.other_default() && a.request.default_smtp.is_none())
}

pub static ROWS: &[Row] = &[
    // §5.1
    both_always(
        "certificate-not-installed",
        Refuse,
        |a| whole(a.this.is_none() || a.replaces.is_some_and(|it| it.old.is_none())),
        |r| whole(r.gone.is_none()),
    ),
    assigning("status-not-valid", Refuse, |a| {
        a.all(a.certificate.is_some_and(|it| {
            let status = it.status_in_force(a.now);
            status != Status::Valid && !a.accepts(status)
        }))
    }),
    assigning("status-accepted", Warn, |a| a.all(a.certificate.is_some_and(|it| a.accepts(it.status_in_force(a.now))))),
    assigning("wildcard-imap", Refuse, |a| a.one_about(IMAP, CertificateFacts::is_wildcard)),
    assigning("wildcard-pop", Refuse, |a| a.one_about(POP, CertificateFacts::is_wildcard)),
    assigning("replace-default-smtp", Decide, default_open),
    assigning("default-smtp-replaced", Warn, |a| a.one(SMTP, a.moves_default)),
    both(
        "default-smtp-unknown",
        Warn,
        |a| {
            let unknown = a.server.default_smtp == DefaultSmtp::NotKnown;
            a.one(SMTP, unknown && a.request.default_smtp != Some(Answer::Replace))
        },
        |r| (r.has(SMTP) && r.state.default_smtp == DefaultSmtp::NotKnown).then_some(SMTP),
    ),
    assigning("um-startup-mode", Refuse, |a| {
        let plain = a.server.um_startup_mode == StartupMode::Tcp;
        a.one(UM, plain && a.hosted & UM != 0)
    }),
    assigning("um-call-router-startup-mode", Refuse, |a| {
        let plain = a.server.um_call_router_startup_mode == StartupMode::Tcp;
        a.one(UM_CALL_ROUTER, plain && a.hosted & UM_CALL_ROUTER != 0)
    }),
    assigning("um-not-available", Refuse, |a| a.those(UNIFIED_MESSAGING).filter(|_| !a.server.has_unified_messaging())),
    assigning_anything("assignment-irrevocable", Refuse, |a| {
        let lost = match a.request.operation {
            Operation::Assign { services, mode } => match mode {
                Mode::Add => 0,
                Mode::Exact => a.has & !services,
                Mode::Take => a.has & services,
            },
            Operation::Remove | Operation::Replace { .. } => 0,
        };
        whole(lost != 0)
    }),
    assigning("restart-iis", FollowUp, |a| a.one(IIS, true)),
    both(
        "recreate-edge-subscription",
        FollowUp,
        |a| {
            let renewed = |(_, it): (usize, &CertificateFacts)| it.has(SMTP) && !it.self_signed;
            let subscribed = a.server.is_edge() && a.server.edge_subscribed;
            a.one(SMTP, subscribed && a.server.others(a.this).any(renewed))
        },
        |r| {
            let subscribed = r.server.is_edge() && r.server.edge_subscribed;
            let renewed = r.has(SMTP) && r.certificate.is_some_and(|it| !it.self_signed);
            (subscribed && renewed).then_some(SMTP)
        },
    ),
    both_always("permission-denied", Refuse, |a| is_denied(a.server, a.request), |r| is_denied(r.server, r.request)),
    both_always(
        "permission-uncertain",
        Warn,
        |a| is_uncertain(a.server, a.request),
        |r| is_uncertain(r.server, r.request),
    ),
    both_always(
        "permission-unchecked",
        Note,
        |a| is_unchecked(a.server, a.request),
        |r| is_unchecked(r.server, r.request),
    ),
    assigning("verify-assignment", FollowUp, |a| a.all(true)),
    // §5.2
    assigning_anything("no-services", Refuse, |a| {
        // A replacement names no service and takes what the old certificate has, which may be none.
        whole(a.replaces.is_none() && a.requested == 0)
    }),
    assigning("federation-not-assignable", Refuse, |a| a.one(FEDERATION, true)),
    assigning("service-not-hosted", Refuse, |a| {
        let judged_elsewhere =
            if a.server.has_unified_messaging() { FEDERATION } else { FEDERATION | UNIFIED_MESSAGING };
        a.those(!(a.hosted | judged_elsewhere))
    }),
    assigning("unreadable-extension", Refuse, |a| {
        let certificate = a.certificate?;
        if matches!(certificate.extended_key_usage, Extension::Unreadable) {
            Some(a.question)
        } else {
            a.those(IMAP | POP).filter(|_| matches!(certificate.dns_names, Extension::Unreadable))
        }
    }),
    assigning("private-key-missing", Refuse, |a| a.all_about(|it| !it.has_private_key)),
    assigning("not-server-authentication", Refuse, |a| {
        a.all_about(|it| covers_purpose(it, &[Purpose::ServerAuth]) == Some(false))
    }),
    assigning("key-too-small", Refuse, |a| a.all_about(|it| matches!(it.key, Key::Rsa(bits) if bits < 1024))),
    assigning("ecc-unsupported", Refuse, |a| {
        let unsupported = a.server.version == Version::E2013;
        a.all_about(|it| it.key == Key::EllipticCurve).filter(|_| unsupported)
    }),
    assigning("cng-key", Refuse, |a| a.one_about(IIS, |it| it.key_storage == Some(KeyStorage::Ksp))),
    removing("removes-default-smtp", Refuse, |r| {
        let gone = r.gone?;
        whole(!r.default_open && r.state.default_smtp == DefaultSmtp::Installed(gone))
    }),
    removing("removes-last-assignment", Refuse, |r| {
        let last = SERVICES
            .iter()
            .map(|(service, _)| *service)
            .filter(|service| *service != FEDERATION && r.hosted & service != 0)
            .filter(|service| r.has(*service) && !r.held_by_another(*service));
        some(last.fold(0, |services, service| services | service))
    }),
    removing("removes-connector-certificate", Refuse, |r| {
        let certificate = r.certificate?;
        let breaks = |connector: &ConnectorFacts| {
            connector.names(certificate)
                && match connector.kind {
                    ConnectorKind::Send | ConnectorKind::Hybrid => true,
                    ConnectorKind::Receive => !r.server.others(r.gone).any(|(_, it)| connector.names(it)),
                }
        };
        whole(!r.names_move && r.server.connectors.iter().any(breaks))
    }),
    removing("removes-back-end-certificate", Refuse, |r| {
        let certificate = r.certificate?;
        whole(match &r.state.web_sites[r.gone?] {
            Some(sites) => sites.contains(&EXCHANGE_BACK_END),
            None => {
                certificate.self_signed
                    && r.has(IIS)
                    && certificate.friendly_name.as_deref() == Some("Microsoft Exchange")
            }
        })
    }),
    removing("removes-federation-certificate", Refuse, |r| whole(r.has(FEDERATION))),
    removing("removes-auth-certificate", Refuse, |r| whole(r.server.names_as_auth(r.gone?))),
    Row {
        rule: "services-unknown",
        assignment: Some((Warn, |a| unknown_services(a.server))),
        removal: Some((Refuse, |r| unknown_services(r.server))),
        always: false,
    },
    removing("removes-likely-auth-certificate", Warn, |r| {
        whole(r.server.auth_certificates.is_none() && r.certificate?.has_auth_name())
    }),
    removing("removes-web-management", Warn, |r| whole(r.certificate?.is_web_management())),
    assigning("require-ssl", Note, |a| a.one(IIS, a.request.require_ssl)),
    assigning("restart-imap", FollowUp, |a| a.one(IMAP, true)),
    assigning("restart-pop", FollowUp, |a| a.one(POP, true)),
    assigning("restart-um", FollowUp, |a| a.one(UM, true)),
    assigning("restart-um-call-router", FollowUp, |a| a.one(UM_CALL_ROUTER, true)),
    assigning("load-balancer-certificate", FollowUp, |a| a.one(IIS, a.server.load_balancing == LoadBalancing::Layer7)),
    assigning("imap-name-mismatch", Warn, |a| a.name_mismatch(IMAP, &a.server.imap_certificate_name)),
    assigning("pop-name-mismatch", Warn, |a| a.name_mismatch(POP, &a.server.pop_certificate_name)),
    assigning("restore-imap-name", FollowUp, |a| a.name_not_first(IMAP, &a.server.imap_certificate_name)),
    assigning("restore-pop-name", FollowUp, |a| a.name_not_first(POP, &a.server.pop_certificate_name)),
    assigning("iis-name-not-covered", Warn, |a| {
        let uncovered = a
            .server
            .client_names
            .as_ref()
            .is_some_and(|names| a.asks(IIS) && names.iter().any(|name| !covered(&a.domains, name)));
        a.one(IIS, a.certificate.is_some() && uncovered)
    }),
    assigning("update-connectors", FollowUp, |a| {
        let stays_behind = |connector: &ConnectorFacts| {
            !a.certificate.is_some_and(|it| connector.names(it))
                && a.server.others(a.this).any(|(_, it)| it.has(SMTP) && connector.names(it))
        };
        let speaks = a.asks(SMTP) && !a.updates_connectors() && a.server.connectors.iter().any(stays_behind);
        a.one(SMTP, speaks)
    }),
    assigning("connector-uses-other", Warn, |a| {
        let certificate = a.certificate?;
        let outlived = |connector: &ConnectorFacts| {
            connector.names(certificate)
                && a.server
                    .others(a.this)
                    .any(|(_, it)| it.not_after > certificate.not_after && it.same_names(certificate))
        };
        a.one(SMTP, a.asks(SMTP) && a.server.connectors.iter().any(outlived))
    }),
    assigning("edge-sync-breaks", Warn, |a| {
        let mailbox = a.server.roles.contains(&Role::Mailbox);
        a.one(SMTP, mailbox && a.server.edge_subscribed && a.moves_default)
    }),
    assigning("hybrid-root", Warn, |a| {
        let hybrid = a.server.connectors.iter().any(|it| it.kind == ConnectorKind::Hybrid);
        a.one_about(SMTP, |it| it.root_ca_type.is_some_and(|root| root != RootCaType::ThirdParty)).filter(|_| hybrid)
    }),
    assigning("default-smtp-name-mismatch", Warn, |a| {
        let fqdn = a.server.fqdn.as_ref()?;
        a.certificate?;
        a.one(SMTP, a.moves_default && !covered(&a.domains, fqdn))
    }),
    assigning("default-smtp-missing", Warn, |a| {
        let missing = matches!(a.server.default_smtp, DefaultSmtp::NotInstalled | DefaultSmtp::NotInstalledRequested);
        a.one(SMTP, missing)
    }),
    assigning("default-smtp-expired", Warn, |a| {
        let DefaultSmtp::Installed(index) = a.server.default_smtp else {
            return None;
        };
        let expired = !a.server.certificates[index].within_dates(a.now);
        let stays = a.request.default_smtp != Some(Answer::Replace);
        a.one(SMTP, stays && a.other_default() && expired)
    }),
    assigning("auth-certificate", Warn, |a| {
        let auth = a.server.is_auth_certificate(a.this?);
        a.one(SMTP, a.moves_default && auth)
    }),
    assigning("ca-certificate", Warn, |a| {
        a.all_about(|it| matches!(it.basic_constraints, Extension::Unreadable | Extension::Present(true)))
    }),
    assigning("self-signed", Warn, |a| a.those_about(IMAP | POP | UM | IIS | UM_CALL_ROUTER, |it| it.self_signed)),
    assigning("no-domain", Warn, |a| {
        a.those(IMAP | POP | IIS | SMTP).filter(|_| a.certificate.is_some() && a.domains.is_empty())
    }),
    assigning("expires-soon", Warn, |a| a.all(a.certificate.is_some_and(|it| it.expires_soon(a.now)))),
    assigning("weak-key", Warn, |a| a.all_about(|it| matches!(it.key, Key::Rsa(1024..2048)))),
    assigning("weak-signature", Warn, |a| a.all_about(|it| it.weak_signature && !it.self_signed)),
    assigning("ecc-key", Warn, |a| {
        let supported = a.server.version > Version::E2013;
        a.all_about(|it| it.key == Key::EllipticCurve).filter(|_| supported)
    }),
    assigning("key-usage", Warn, |a| {
        a.all_about(|it| matches!(it.key_usage, Extension::Unreadable | Extension::Present(false)))
    }),
    assigning("no-client-authentication", Note, |a| {
        a.one_about(SMTP, |it| covers_purpose(it, &[Purpose::ClientAuth, Purpose::Any]) == Some(false))
    }),
    assigning("service-skipped", Note, |a| {
        let old = a.replaces?.old?;
        let services = a.server.certificates[old].services.unwrap_or(0);
        some(services & !(a.hosted | FEDERATION))
    }),
];
