//! What each endpoint would present, beside what it presents now.

use std::collections::BTreeSet;

use crate::block::Block;
use crate::case::Assignment;
use crate::commands;
use crate::comparison::{Comparison, Unnamed};
use crate::endpoint::{Endpoint, EndpointChange, EndpointKind, Flags, Presented};
use crate::fact::Fact;
use crate::finding::presented::{after, changing, changing_on_servers, not_known, presenting};
use crate::finding::{Finding, Kind, message};
use crate::powershell::Command;
use crate::remedy;
use crate::rule::rule;
use crate::server::{Installed, TlsCertificateName};
use crate::service::Service;
use crate::text::joined;
use crate::thumbprint::Thumbprint;

rule! {
    /// An endpoint would be left without a working certificate.
    ///
    /// It has one now. A web site then serves no HTTPS, a connector offers no STARTTLS or leaves mail in its queue.
    /// IMAP, POP and Unified Messaging may not run, and a Send connector whose partner does not check its certificate
    /// goes on without one: there it is a warning.
    ENDPOINT_FAILS: Refuse | Warn, Support, Compare(fails)
}

fn fails(case: &Comparison<'_>) -> Option<Finding> {
    let failing = case.failing();
    let kind = failing.iter().map(|change| failure(&change.after)).max()?;
    let message = changing(&failing, "there would be no certificate that can be used");
    let finding = Finding::on(case.services(&failing), message).with_kind(kind);
    Some(finding.steps(remedies(case, &failing)))
}

/// What may not run, or goes on without a certificate, is no reason to refuse.
fn failure(endpoint: &Endpoint) -> Kind {
    if endpoint.is_optional() { Kind::Warn } else { Kind::Refuse }
}

/// What to do first, for each kind of endpoint once.
fn remedies(case: &Comparison<'_>, failing: &[&EndpointChange]) -> Vec<Block> {
    let has_smtp = case.assigned_to(Service::SMTP).is_some();
    let advices: BTreeSet<_> = failing.iter().map(|change| Advice::of(&change.after, has_smtp)).collect();
    let steps = advices.into_iter().flat_map(|advice| {
        let server = case.server();
        let (commands, further) = match advice {
            Advice::NameThis => (renames(case, failing), Vec::new()),
            Advice::BackEnd => (Vec::new(), remedy::renew_back_end(server, None, false)),
            Advice::Default => (Vec::new(), remedy::make_default(server)),
            _ => (Vec::new(), Vec::new()),
        };
        [Block::of(advice.words(), commands)].into_iter().chain(further)
    });
    steps.collect()
}

/// What keeps an endpoint from failing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Advice {
    WebSite,
    BackEnd,
    ClientName,
    Default,
    UnifiedMessaging,
    NameAnother,
    NameThis,
    Cover,
}

impl Advice {
    fn of(endpoint: &Endpoint, has_smtp: bool) -> Self {
        match endpoint.kind() {
            EndpointKind::DefaultWebSite => Self::WebSite,
            EndpointKind::ExchangeBackEnd => Self::BackEnd,
            EndpointKind::Imap | EndpointKind::Pop => Self::ClientName,
            EndpointKind::Internal | EndpointKind::EdgeSync => Self::Default,
            EndpointKind::UnifiedMessaging | EndpointKind::CallRouter => Self::UnifiedMessaging,
            _ if endpoint.is_named() => Self::NameAnother,
            _ if has_smtp => Self::NameThis,
            _ => Self::Cover,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::WebSite => "assign IIS to the certificate that clients are to see first",
            Self::BackEnd => "bind another certificate to the Exchange Back End first:",
            Self::ClientName => "set X509CertificateName to a name that a certificate covers which stays",
            Self::Default => {
                "make another certificate the default one for SMTP first: assign SMTP to it with replace, or:"
            }
            Self::UnifiedMessaging => "assign the service to another certificate first",
            Self::NameAnother => {
                "give the connector the name of a certificate that is installed and assigned to SMTP first"
            }
            Self::NameThis => "give the connectors the name of this certificate first:",
            Self::Cover => {
                "assign SMTP to a certificate that covers the FQDN of the connector first, or give the connector the \
                 name of one"
            }
        }
    }
}

/// The commands that give connectors the name of the certificate that SMTP is assigned to.
fn renames(case: &Comparison<'_>, changes: &[&EndpointChange]) -> Vec<Command> {
    let assigned = case.assignment().filter(|assignment| assignment.adds(Service::SMTP));
    let Some(certificate) = assigned.and_then(Assignment::certificate) else { return Vec::new() };
    let name = TlsCertificateName::of(certificate);
    let connectors = changes.iter().filter(|change| !change.after.is_named()).filter_map(|it| it.after.connector());
    connectors.map(|connector| commands::set_tls_certificate_name(connector, &name)).collect()
}

rule! {
    /// An endpoint would present a worse certificate.
    ///
    /// From good to worse: nothing is wrong with it, it is self-signed, it does not cover every name that clients use,
    /// it is not valid now, it cannot be used. Between Exchange servers a self-signed certificate is as good as any.
    ENDPOINT_WORSE: Warn, Support, Compare(worse)
}

fn worse(case: &Comparison<'_>) -> Option<Finding> {
    let mut worse = case.worse();
    if !worse.is_empty() {
        let named = [case.failing(), case.keeping_other()].concat();
        worse.retain(|change| !named.iter().any(|known| std::ptr::eq(*known, *change)));
    }
    (!worse.is_empty()).then(|| {
        let message = changing(&worse, "a worse certificate would be presented");
        Finding::on(case.services(&worse), message)
            .advise("look at what would be presented there, and take another certificate if it is not meant")
    })
}

rule! {
    /// No connector would present the certificate.
    ///
    /// A connector chooses by its `TlsCertificateName`, else by its FQDN, which mostly is the name of the server. A
    /// certificate for the name that clients use is then presented by none, though SMTP is assigned to it. Where the
    /// one before it was not presented either it is a note.
    SMTP_REACHES_NOTHING: Warn | Note, Support, Compare(reaches_nothing)
}

fn reaches_nothing(case: &Comparison<'_>) -> Option<Finding> {
    let this = case.assigned_to(Service::SMTP)?;
    let assignment = case.assignment().filter(|assignment| !assignment.moves_default_smtp())?;
    let server = case.server();
    let default = server.default_smtp();
    if default == Fact::NotKnown || default == Fact::Value(this) {
        return None;
    }
    let is_offering = |change: &EndpointChange| {
        change.after.kind() == EndpointKind::ReceiveConnector && !change.after.presented().is_not_offered()
    };
    let may_reach =
        |change: &EndpointChange| change.after.presented().is_unknown() || change.after.presented().may_be(this);
    if !case.connectors().any(is_offering)
        || case.connectors().any(may_reach)
        || !assignment.connectors_left_behind().is_empty()
    {
        return None;
    }
    let reached_none =
        |other: Thumbprint| case.connectors().all(|change| !change.before.is_unknown() && !change.before.may_be(other));
    let is_alike = |other: &Installed| {
        !other.certificate().is_self_signed()
            && default != Fact::Value(other.thumbprint())
            && reached_none(other.thumbprint())
    };
    let as_before = case.old().is_some_and(reached_none) || assignment.other_holders(Service::SMTP).any(is_alike);
    let shown: Vec<_> = case.connectors().filter(|change| !change.after.presented().is_not_offered()).collect();
    let finding = Finding::on(Service::SMTP, presenting(after(&shown), "no connector would present this certificate"));
    let finding = if as_before { finding.with_kind(Kind::Note) } else { finding };
    Some(by_name(case, finding, case.connectors().filter(|change| change.after.is_meant_for_others())))
}

/// The way to let connectors present the certificate.
fn by_name<'a>(case: &Comparison<'_>, finding: Finding, changes: impl Iterator<Item = &'a EndpointChange>) -> Finding {
    let commands = renames(case, &changes.collect::<Vec<_>>());
    if commands.is_empty() {
        return finding;
    }
    let advice = "if clients and partners are to see it there, give the connectors its name once SMTP is assigned:";
    finding.advise(advice).commands(commands)
}

rule! {
    /// Some connectors still present a self-signed certificate.
    ///
    /// The certificate is presented at other connectors.
    SMTP_REACHES_SOME: Note, Support, Compare(reaches_some)
}

fn reaches_some(case: &Comparison<'_>) -> Option<Finding> {
    let this = case.assigned_to(Service::SMTP)?;
    let stays_self_signed = |change: &&EndpointChange| {
        change.after.kind() == EndpointKind::ReceiveConnector
            && !change.after.is_internal()
            && !change.after.presented().may_be(this)
            && change.before.always_has(Flags::SELF_SIGNED)
            && change.after.presented().always_has(Flags::SELF_SIGNED)
    };
    let staying: Vec<_> = case.connectors().filter(stays_self_signed).collect();
    let reaches = case.connectors().any(|change| change.after.presented().may_be(this));
    (reaches && !staying.is_empty()).then(|| {
        let message = presenting(after(&staying), "not every connector would present this certificate");
        by_name(case, Finding::on(Service::SMTP, message), staying.iter().copied())
    })
}

rule! {
    /// It is not certain which certificate IMAP would present.
    ///
    /// Several cover its `X509CertificateName`, and no source tells which one is used.
    IMAP_AMBIGUOUS: Note, Reference("Set-ImapSettings"), Compare(|case| ambiguous(case, EndpointKind::Imap))
}

rule! {
    /// It is not certain which certificate POP would present.
    ///
    /// Several cover its `X509CertificateName`, and no source tells which one is used.
    POP_AMBIGUOUS: Note, Reference("Set-PopSettings"), Compare(|case| ambiguous(case, EndpointKind::Pop))
}

fn ambiguous(case: &Comparison<'_>, kind: EndpointKind) -> Option<Finding> {
    let service = kind.service();
    let is_one_of = |change: &&EndpointChange| matches!(change.after.presented(), Presented::OneOf(..));
    let change = case.changes().iter().find(|change| change.after.kind() == kind).filter(is_one_of)?;
    case.in_question().contains(service).then(|| {
        let certificates: Vec<_> =
            change.after.presented().certificates().map(|known| known.thumbprint.to_string()).collect();
        let message = message!(
            service, certificates;
            "several certificates cover X509CertificateName, and {service} may present any of {}",
            joined(certificates, ", ")
        );
        Finding::on(service, message)
            .advise("look at what is presented after the restart, or remove those that are not used any more")
    })
}

rule! {
    /// Another binding of the Default Web Site keeps its certificate.
    ///
    /// Assigning IIS binds the certificate to port 443 of every address. Nothing documents that it reaches a binding
    /// with a host name or an address of its own.
    IIS_BINDING_KEEPS_OTHER: Warn, DecidedHere, Compare(binding_keeps_other)
}

fn binding_keeps_other(case: &Comparison<'_>) -> Option<Finding> {
    let mut keeping = case.keeping_other();
    if !keeping.is_empty() {
        let failing = case.failing();
        keeping.retain(|change| !failing.iter().any(|known| std::ptr::eq(*known, *change)));
    }
    (!keeping.is_empty()).then(|| {
        let message = presenting(after(&keeping), "some bindings of the Default Web Site may keep their certificate");
        Finding::on(Service::IIS, message).advise("bind the new certificate to them in IIS, if they are to present it")
    })
}

rule! {
    /// A connector picks the certificate although SMTP is not assigned to it.
    ///
    /// A connector with a `TlsCertificateName` chooses by issuer and subject alone. The Network Service may read the
    /// key of a certificate once SMTP is assigned to it: until then TLS fails at that connector, unless the Network
    /// Service may read its key for another reason.
    IMPORT_TAKES_OVER: Warn, Support, Compare(takes_over)
}

fn takes_over(case: &Comparison<'_>) -> Option<Finding> {
    let assignment = case.assignment().filter(|assignment| !assignment.in_question().is_empty())?;
    let installed = assignment.installed()?;
    if (installed.known_services() | assignment.in_question()).contains(Service::SMTP) {
        return None;
    }
    let is_taken =
        |change: &&EndpointChange| change.after.is_named() && change.after.presented().is(installed.thumbprint());
    let taken: Vec<_> = case.connectors().filter(is_taken).collect();
    (!taken.is_empty()).then(|| {
        let message = presenting(
            after(&taken),
            "SMTP is not assigned to this certificate, and connectors choose it by its issuer and subject",
        );
        let assign = remedy::assign_smtp("assign SMTP to it too", case.server(), installed.thumbprint());
        Finding::on_request(message).step(assign)
    })
}

rule! {
    /// Endpoints that the request does not name would change.
    ///
    /// What belongs to the organisation changes on all servers at once: a Send connector takes its new name on each of
    /// its source servers. These are the endpoints of servers that the request leaves out, and of services that the
    /// old certificate does not have.
    ENDPOINT_CHANGES: Note, DecidedHere, Fleet(unnamed)
}

fn unnamed(case: &Unnamed<'_>) -> Option<Finding> {
    (!case.changes.is_empty()).then(|| {
        let what = "the request does not name them, and they would present something else";
        Finding::on_request(changing_on_servers(case.changes, what))
            .advise("look whether that is meant before the names of the connectors are set")
    })
}

rule! {
    /// Facts are missing to say what some endpoints present.
    ///
    /// A fact was not exported. No rule about what is presented judges these endpoints.
    ENDPOINTS_UNKNOWN: Note, DecidedHere, Compare(unknown)
}

fn unknown(case: &Comparison<'_>) -> Option<Finding> {
    let is_in_plan =
        |change: &&EndpointChange| case.removes() || case.in_question().intersects(change.after.kind().service());
    let unknown: Vec<_> = case.changes().iter().filter(|change| !change.is_known()).filter(is_in_plan).collect();
    (!unknown.is_empty()).then(|| {
        Finding::on(case.services(&unknown), not_known(&unknown))
            .advise("export the server with the collection script, which asks for all facts")
    })
}
