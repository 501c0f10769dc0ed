//! What to do, step by step: the procedures that rules and audits have in common.

use std::borrow::Cow;
use std::fmt;
use std::panic::RefUnwindSafe;

use crate::block::{Block, DefaultIsKept, Statement};
use crate::commands;
use crate::fact::Fact;
use crate::powershell::{Bare, Command};
use crate::server::{Connector, ConnectorKind, EXCHANGE_BACK_END, Installed, Server, Sites, WebBinding, site_name};
use crate::service::Service;
use crate::text::list;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// Who knows the other servers.
pub(crate) trait Elsewhere: fmt::Debug + Sync + RefUnwindSafe {
    /// The servers on which the certificate is installed.
    fn holders(&self, thumbprint: Thumbprint) -> Vec<&Server>;
}

// Certificates

/// Copies a certificate from the first of the servers that hold it. An Edge Transport server is reached by no other one.
pub(crate) fn copy(holders: &[&Server], thumbprint: Thumbprint, to: &Server) -> Option<Block> {
    let names: Vec<_> = holders.iter().take(3).map(|server| server.name()).collect();
    let there = match holders.len() - names.len() {
        0 if names.is_empty() => return None,
        0 => format!("it is installed on {}", list(&names)),
        1 => format!("it is installed on {} and another server", list(&names)),
        others => format!("it is installed on {} and {others} others", list(&names)),
    };
    Some(match holders.iter().find(|server| !server.is_edge() && !to.is_edge()) {
        Some(from) => {
            let words = format!("{there}: copy it with its private key:");
            Block::of(words, commands::copy(from, thumbprint, to)).in_any_shell()
        }
        None => Block::words_alone(format!("{there}: export it there with its private key, and import it here")),
    })
}

/// Makes a new default SMTP certificate, as setup makes it.
pub(crate) fn make_default(server: &Server) -> Vec<Block> {
    let words = "make a new self-signed certificate, and the default one of it, without the question:";
    let mut steps = vec![Block::of(words, [commands::new_default(server)])];
    steps.extend(follow_default(server));
    steps
}

/// What a new default SMTP certificate asks for: an Edge subscription holds the former one.
fn follow_default(server: &Server) -> Vec<Block> {
    if !server.edge_subscribed() {
        return Vec::new();
    }
    let again = "then create the Edge subscription again: it holds the former certificate";
    let mut steps = vec![Block::words_alone(again)];
    steps.extend(resubscribe(server));
    steps
}

/// Assigns SMTP to a certificate, and keeps the default one.
pub(crate) fn assign_smtp(words: impl Into<Cow<'static, str>>, server: &Server, thumbprint: Thumbprint) -> Block {
    let enable = commands::enable(server, thumbprint, Service::SMTP);
    if server.default_smtp() == Fact::Value(thumbprint) {
        return Block::of(format!("{}:", words.into()), [enable]);
    }
    let keep = "(answer No when asked whether to overwrite the default SMTP certificate)";
    Block::asking(format!("{} {keep}:", words.into()), enable)
}

/// How a certificate is renewed, by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Renewal {
    Auth,
    Federation,
    WebManagement,
    /// Self-signed and bound to the Exchange Back End, and perhaps the default SMTP certificate too.
    BackEnd {
        is_default: bool,
    },
    /// The self-signed default SMTP certificate.
    Default,
    SelfSigned,
    /// From a CA.
    Issued,
}

impl Renewal {
    pub(crate) fn of(server: &Server, sites: &Sites, installed: &Installed) -> Self {
        let certificate = installed.certificate();
        let is_default = server.default_smtp().value() == Some(installed.thumbprint());
        match certificate.is_self_signed() {
            _ if is_auth_certificate(server, installed) => Self::Auth,
            _ if installed.has(Service::FEDERATION) => Self::Federation,
            _ if certificate.web_management_name().is_some() => Self::WebManagement,
            // Where its sites are not known it may be bound there.
            true if is_perhaps_bound(sites, installed) => Self::BackEnd { is_default },
            true if is_default => Self::Default,
            true => Self::SelfSigned,
            false => Self::Issued,
        }
    }
}

fn is_perhaps_bound(sites: &Sites, installed: &Installed) -> bool {
    sites.holds(installed, EXCHANGE_BACK_END).unwrap_or_else(|| installed.has(Service::IIS))
}

/// The steps in which a certificate is renewed.
pub(crate) fn renew(server: &Server, sites: &Sites, installed: &Installed, now: Timestamp) -> Vec<Block> {
    let is_over = installed.certificate().ends() < now;
    match Renewal::of(server, sites, installed) {
        Renewal::Auth => another_auth_certificate(server, is_over),
        Renewal::Federation => renew_federation_certificate(server, is_over),
        Renewal::WebManagement => vec![Block::words_alone(
            "IIS made it for the Web Management service: choose another certificate in IIS Manager (the server, \
             Management Service), or leave it if the service is not used",
        )],
        Renewal::BackEnd { is_default } => renew_back_end(server, Some(installed), is_default),
        Renewal::Default => make_default(server),
        Renewal::SelfSigned => renew_self_signed(server, installed),
        Renewal::Issued => request(server, installed),
    }
}

/// Another certificate of the same names from the CA.
fn request(server: &Server, installed: &Installed) -> Vec<Block> {
    let mut steps = Vec::new();
    if installed.certificate().is_issued_over_acme() {
        steps.push(Block::words_alone(
            "by its issuer a tool renews it (an ACME client): look why that tool did not, and at its deployment to \
             Exchange; only if there is none:",
        ));
    }
    let request = commands::request_renewal(server, installed.thumbprint());
    steps.push(Block::of("request a new one from the CA:", request));
    steps.push(Block::of("import what the CA sends, on the same server:", [commands::import_answer(server)]));
    steps.push(Block::words_alone(
        "copy it to every server that has this one (Export-ExchangeCertificate, Import-ExchangeCertificate), and replace \
         this one by it everywhere",
    ));
    steps
}

/// Whether it is the Auth certificate by the server's word or, where that is not known, by its name.
pub(crate) fn is_auth_certificate(server: &Server, installed: &Installed) -> bool {
    match server.auth_certificates() {
        Some(auth) => auth.contains(installed.thumbprint()),
        None => installed.certificate().is_named_auth_certificate(),
    }
}

fn renew_self_signed(server: &Server, installed: &Installed) -> Vec<Block> {
    let services = installed.known_services() - Service::FEDERATION;
    let words = "make a new one of the same names and services, and remove this one afterwards:";
    let command = commands::renew_self_signed(server, installed.thumbprint(), services);
    vec![if services.contains(Service::SMTP) {
        Block::asking(
            "make a new one of the same names and services, answer No when asked whether to overwrite the default SMTP certificate, and remove this one afterwards:",
            command,
        )
    } else {
        Block::of(words, [command])
    }]
}

/// A new certificate for the Exchange Back End, which no cmdlet of Exchange binds, in place of an old one.
pub(crate) fn renew_back_end(server: &Server, old: Option<&Installed>, is_default: bool) -> Vec<Block> {
    let bind = bind(server, commands::NEW_THUMBPRINT);
    let mut steps = if is_default {
        let words = "make a new self-signed certificate, the default one for SMTP as this one is, let the server trust \
                     it, and bind it to port 444 of the Exchange Back End:";
        vec![Block::of(words, [commands::new_default(server)].into_iter().chain(bind))]
    } else {
        let make = "make a new self-signed certificate with SMTP alone, and answer No when asked whether to overwrite the \
                    default SMTP certificate:";
        vec![
            Block::asking(make, commands::new_back_end(server)),
            with_new("let the server trust it, and bind it to port 444 of the Exchange Back End:", server, bind),
        ]
    };
    if is_default {
        steps.extend(follow_default(server));
    }
    steps.extend(old.map(|old| remove_from_back_end(server, old)));
    steps
}

/// The removal of what was bound there, by a command where nothing else is known to be on it.
fn remove_from_back_end(server: &Server, old: &Installed) -> Block {
    let is_alone = old.web_sites().is_some_and(|sites| sites.iter().all(|site| *site == EXCHANGE_BACK_END))
        && old.services().is_some_and(|services| (Service::IIS | Service::SMTP).contains(services));
    if is_alone {
        Block::of("only then remove this one:", [commands::remove_installed(server, old)])
    } else {
        Block::words_alone(
            "only then remove this one, once another one has its other sites and services: plan its removal, which says \
             what is still on it",
        )
    }
}

/// Binds a certificate that the server has to the Exchange Back End, which has none: the one that setup made, or a new
/// one.
pub(crate) fn bind_back_end(server: &Server, now: Timestamp) -> Vec<Block> {
    let default = server.default_smtp().value().and_then(|default| server.installed(default));
    let fit = default.filter(|installed| {
        installed.certificate().is_self_signed() && installed.is_current(now) && installed.has_private_key()
    });
    match fit {
        Some(installed) => {
            let words = "bind the server's own certificate to port 444 of the Exchange Back End (in the shell of another \
                         server if this one's does not open):";
            vec![Block::of(words, bind(server, installed.thumbprint()))]
        }
        None => renew_back_end(server, None, false),
    }
}

fn bind(server: &Server, thumbprint: impl Into<Bare> + Copy) -> Vec<Command> {
    let has_none = server.web_bindings().is_some_and(|bindings| !bindings.iter().any(WebBinding::is_of_back_end));
    let add = has_none.then(|| commands::add_back_end_binding(server));
    let trust = commands::trust(server, thumbprint);
    [trust].into_iter().chain(add).chain([commands::bind_to_back_end(server, thumbprint)]).collect()
}

/// Commands about the new certificate that an earlier block kept, if the default one was kept there too.
fn with_new(words: &'static str, server: &Server, commands: impl IntoIterator<Item = Command>) -> Block {
    let show = commands::get_transport_service(server);
    let kept = Statement::DefaultIsKept(DefaultIsKept::new(show, server.default_smtp(), None));
    let commands = commands.into_iter().map(Statement::Command);
    Block::new(words, [Statement::NewIsThere, kept].into_iter().chain(commands).collect())
}

// The Auth certificate

/// Another Auth certificate in place of one.
pub(crate) fn another_auth_certificate(server: &Server, is_over: bool) -> Vec<Block> {
    if is_over { replace_auth_certificate(server) } else { stage_auth_certificate(server) }
}

/// The next Auth certificate, while the current one is valid.
fn stage_auth_certificate(server: &Server) -> Vec<Block> {
    vec![
        new_auth_certificate(server),
        with_new(
            "stage it three days ahead: Exchange copies it to all servers, and makes it the current one by itself:",
            server,
            [commands::stage_auth_certificate(commands::NEW_THUMBPRINT)],
        ),
        Block::words_alone("in a hybrid organisation run the Hybrid Configuration wizard again after that day"),
    ]
}

/// The next Auth certificate, which is there already, in place of one that is expired or gone.
pub(crate) fn publish_next_auth_certificate(next: Thumbprint, server: &Server) -> Vec<Block> {
    let words = format!(
        "the next one, {next}, is there: once every server has it, make it the current one, and clear the previous \
                         one:"
    );
    let mut steps = vec![Block::of(words, commands::publish_auth_certificate(next))];
    steps.extend(take_auth_certificate(server));
    steps
}

/// Another Auth certificate in place of one that is expired or gone.
fn replace_auth_certificate(server: &Server) -> Vec<Block> {
    let publish = commands::publish_auth_certificate(commands::NEW_THUMBPRINT);
    let mut steps = vec![
        new_auth_certificate(server),
        with_new("make it the current one, and clear the previous one:", server, publish),
    ];
    steps.extend(take_auth_certificate(server));
    steps
}

fn take_auth_certificate(server: &Server) -> [Block; 2] {
    let take = "let this server take it at once, and do the same on every other one; it may take up to an hour:";
    [
        Block::of(take, commands::reload_auth_certificate(server)),
        Block::words_alone("in a hybrid organisation run the Hybrid Configuration wizard again"),
    ]
}

fn new_auth_certificate(server: &Server) -> Block {
    let words =
        "make a new Auth certificate, and answer No when asked whether to overwrite the default SMTP certificate:";
    Block::asking(words, commands::new_auth_certificate(server))
}

// Federation

/// Another certificate for the federation trust.
pub(crate) fn renew_federation_certificate(server: &Server, is_over: bool) -> Vec<Block> {
    if is_over {
        return vec![Block::words_alone(
            "the trust must be made anew: remove the federated domains and the trust (Remove-FederatedDomain, \
             Remove-FederationTrust), create it with a new certificate (New-FederationTrust), and prove the domains \
             again (Get-FederatedDomainProof)",
        )];
    }
    vec![
        Block::of("make a new certificate for the federation trust:", [commands::new_federation_certificate(server)]),
        Block::new(
            "name it to the trust as its next one:",
            vec![Statement::NewIsThere, Statement::Command(commands::announce_federation_certificate())],
        ),
        Block::of(
            "put the proof of each federated domain into its TXT record in DNS:",
            [commands::show_federation_proof()],
        ),
        Block::of("wait until every server has it:", [commands::test_federation_certificate()]),
        Block::of("then make it the current one:", [commands::publish_federation_certificate()]),
    ]
}

// Edge subscriptions

/// A new Edge subscription, in the order in which its steps are done; of an Edge Transport server, or of those that
/// are subscribed to the site of a Mailbox server.
pub(crate) fn resubscribe(server: &Server) -> Vec<Block> {
    let edge = Some(server).filter(|server| server.is_edge());
    let on_edge = |block: Block| match edge {
        Some(edge) => block.on(edge.name()),
        None => block.in_any_shell(),
    };
    let keep = "on a Mailbox server of the subscribed site, keep the Send connectors whose source is the Edge Transport \
                server: removing its subscription takes it out of them, and deletes those that have no other source:";
    let remove = "on the same Mailbox server, remove the subscription (the article asks for it; by Microsoft's newer page \
                  subscribing again overwrites it):";
    let export = if edge.is_some() { "make a new one:" } else { "on the Edge Transport server, make a new one:" };
    let import = "copy the file to the Mailbox server, and read it there within 24 hours:";
    let mut steps = vec![
        Block::of(keep, [commands::keep_send_connectors(edge)]).in_any_shell(),
        Block::of(remove, [commands::remove_edge_subscription(edge)]).in_any_shell(),
        on_edge(Block::of(export, [commands::export_edge_subscription()])),
        Block::of(import, [commands::import_edge_subscription(server.site().map(site_name))]).in_any_shell(),
        Block::of("synchronise everything:", [commands::start_edge_synchronization()]).in_any_shell(),
        Block::of("test the subscription:", [commands::test_edge_synchronization()]).in_any_shell(),
    ];
    steps.push(restore(server, edge));
    steps
}

/// Gives the Edge Transport server back to its Send connectors.
fn restore(server: &Server, edge: Option<&Server>) -> Block {
    let is_lost = |connector: &&Connector| {
        connector.kind() == ConnectorKind::Send
            && edge.is_some_and(|edge| connector.servers().iter().any(|name| edge.is_called(name)))
    };
    let lost: Vec<_> = server.connectors().filter(is_lost).collect();
    // Those that had no other source are gone, and are made again from what was kept.
    let kept: Vec<_> = lost.iter().filter(|connector| connector.servers().len() > 1).collect();
    if kept.is_empty() {
        let words =
            "then restore the Send connectors that were kept, with their TlsCertificateName: these are there now:";
        return Block::of(words, [commands::show_send_connectors()]).in_any_shell();
    }
    let words = "then restore the Send connectors that were kept, with their TlsCertificateName; those that are still \
                 there get the Edge Transport server back:";
    Block::of(words, kept.into_iter().map(|connector| commands::set_source_servers(connector))).in_any_shell()
}
