//! What to look at, and what to do: steps that become blocks for the server in question.

use crate::block::Block;
use crate::commands;
use crate::powershell::{Bare, Command};
use crate::remedy;
use crate::server::{Connector, Installed, Server};
use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::time::Timestamp;

/// A step of what to look at or what to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Words(&'static str),
    // To look at.
    Certificates,
    CertificatesForHost,
    DefaultSmtp,
    SendConnectors,
    ReceiveConnectors,
    TlsBindings,
    ClientSettings(Service),
    AuthCertificates,
    FederationCertificates,
    EdgeSync,
    // To do.
    Assign(Service),
    KeepDefault,
    Renew,
    MakeDefault,
    Import,
    ImportAnswer,
    Copy,
    RepairKey,
    AllowEllipticCurves,
    NameHost(Service),
    Restart(Service),
    NameConnectors,
    ClearConnectors,
    Remove,
    NewAuth,
    ReloadAuth,
    NewFederation,
    TestFederation,
    BindBackEnd,
    Resubscribe,
    StartEdgeSync,
    SetStartupMode(Service),
    Permission,
}

/// What a text is about, as far as that is known.
#[derive(Debug)]
pub(super) struct Matter<'a> {
    /// The server; one that stands for it if it is not known.
    pub(super) server: &'a Server,
    pub(super) certificate: Option<Thumbprint>,
    pub(super) host: Option<&'a str>,
    pub(super) connectors: Vec<&'a Connector>,
    /// The servers that hold the certificate.
    pub(super) holders: Vec<&'a Server>,
    /// `None` if the server is not known.
    pub(super) now: Option<Timestamp>,
}

impl Matter<'_> {
    fn installed(&self) -> Option<&Installed> {
        self.server.installed(self.certificate?)
    }

    fn thumbprint(&self) -> Bare {
        self.certificate.map_or(commands::CHOSEN.into(), Into::into)
    }

    /// The steps as blocks, each once.
    pub(super) fn blocks(&self, steps: &[Step]) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        for block in steps.iter().flat_map(|step| self.step(*step)).map(|block| block.at(self.server)) {
            if !blocks.contains(&block) {
                blocks.push(block);
            }
        }
        blocks
    }

    fn step(&self, step: Step) -> Vec<Block> {
        match step {
            Step::Words(words) => vec![Block::words_alone(words)],
            Step::Renew => self.renew(),
            Step::MakeDefault => remedy::make_default(self.server),
            Step::Copy => self.copy(),
            Step::NewAuth => remedy::another_auth_certificate(self.server, true),
            Step::NewFederation => remedy::renew_federation_certificate(self.server, false),
            Step::BindBackEnd => self.bind_back_end(),
            Step::Resubscribe => remedy::resubscribe(self.server),
            other => vec![self.show(other).or_else(|| self.act(other)).unwrap_or_else(|| self.certificates())],
        }
    }

    fn certificates(&self) -> Block {
        let words = "the certificates of the server and their services:";
        Block::of(words, [commands::show_assignments(self.server)])
    }

    /// What shows something.
    fn show(&self, step: Step) -> Option<Block> {
        let server = self.server;
        Some(match step {
            Step::CertificatesForHost => match self.host {
                Some(host) => Block::of(
                    "the certificates that cover the name; of those with SMTP transport takes the newest:",
                    [commands::show_certificates_for(server, host)],
                ),
                None => self.certificates(),
            },
            Step::DefaultSmtp => Block::of("the default SMTP certificate:", [commands::show_default_smtp(server)]),
            Step::SendConnectors => {
                let words = "the certificates that Send connectors name:";
                Block::of(words, [commands::show_send_connectors()]).in_any_shell()
            }
            Step::ReceiveConnectors => {
                let words = "the names and certificates of the Receive connectors:";
                Block::of(words, [commands::show_receive_connectors(server)])
            }
            Step::TlsBindings => {
                Block::of("the certificate at each port of IIS:", [commands::show_tls_bindings(server)])
            }
            Step::ClientSettings(service) => {
                let words = "what decides which certificate the service takes:";
                Block::of(words, [commands::show_client_settings(server, service)])
            }
            Step::AuthCertificates => {
                Block::of("the Auth certificates in use:", [commands::show_auth_certificates()]).in_any_shell()
            }
            Step::FederationCertificates => {
                let words = "the certificates of federation trusts:";
                Block::of(words, [commands::show_federation_certificates()]).in_any_shell()
            }
            Step::EdgeSync => {
                let words = "how the synchronisation stands:";
                Block::of(words, [commands::test_edge_synchronization()]).in_any_shell()
            }
            _ => return None,
        })
    }

    /// What changes something, in one block.
    fn act(&self, step: Step) -> Option<Block> {
        let server = self.server;
        Some(match step {
            Step::Assign(Service::SMTP) => Block::asking(
                "assign SMTP to the certificate, which lets transport read its key, and keep the default SMTP \
                 certificate (answer No):",
                commands::enable(server, self.thumbprint(), Service::SMTP),
            ),
            Step::Assign(services) => {
                let words = format!("assign the certificate to {services}:");
                Block::of(words, [commands::enable(server, self.thumbprint(), services)])
            }
            Step::KeepDefault => {
                let words = "assign SMTP, and answer No, so that the default SMTP certificate stays:";
                Block::asking(words, commands::enable(server, commands::CHOSEN, Service::SMTP))
            }
            Step::Import => Block::of("import it with its private key:", [commands::import(server)]),
            Step::ImportAnswer => {
                let words = "import what the CA sent on the server on which the request was made, where its key is:";
                Block::of(words, [commands::import_answer(server)])
            }
            Step::RepairKey => {
                let words = "recover the link from the certificate to its private key, if that is on the server:";
                Block::of(words, [commands::repair_key(server, self.thumbprint())])
            }
            Step::AllowEllipticCurves => {
                let words = "with a current update of Exchange 2016, 2019 or SE, allow such certificates, and restart \
                             the services of Exchange:";
                Block::of(words, [commands::support_elliptic_curves(server)])
            }
            Step::NameHost(service) => {
                let words = "name the host that clients use, which a certificate with that service must cover:";
                Block::of(words, [commands::name_chosen_host(server, service, self.host)])
            }
            Step::Restart(service) => Block::of("restart the service:", [commands::restart_running(server, service)]),
            Step::NameConnectors => {
                let words = "give the connector the name of a certificate with SMTP on its servers (<I>, its issuer, \
                             <S>, its subject):";
                let named = self.connectors.iter().map(|it| commands::set_chosen_tls_certificate_name(it)).collect();
                self.on_connectors(words, named, commands::name_chosen_connector())
            }
            Step::ClearConnectors => {
                let words = "at a quiet hour stop transport on the source servers, and take the name out of each Send \
                             connector that the message lists:";
                let cleared = self.connectors.iter().map(|it| commands::clear_tls_certificate_name(it)).collect();
                self.on_connectors(words, cleared, commands::clear_chosen_connector())
            }
            Step::Remove => {
                let words = "only then remove the certificate:";
                Block::of(words, [commands::remove(server, self.thumbprint())])
            }
            Step::ReloadAuth => {
                let words = "let the server take the Auth certificate at once:";
                Block::of(words, commands::reload_auth_certificate(server))
            }
            Step::TestFederation => {
                let words = "test whether every server has the certificates of the trust:";
                Block::of(words, [commands::test_federation_certificate()]).in_any_shell()
            }
            Step::StartEdgeSync => {
                Block::of("synchronise again:", [commands::start_edge_synchronization()]).in_any_shell()
            }
            Step::SetStartupMode(service) => {
                Block::of("let the service use TLS:", [commands::set_startup_mode(server, service)])
            }
            Step::Permission => {
                let words = "look whether the role that manages certificates is granted:";
                Block::of(words, [commands::show_role_assignment("Server Management")]).in_any_shell()
            }
            _ => return None,
        })
    }

    fn on_connectors(&self, words: &'static str, known: Vec<Command>, chosen: Command) -> Block {
        Block::of(words, if known.is_empty() { vec![chosen] } else { known }).in_any_shell()
    }

    /// By what it is, if that is known.
    fn renew(&self) -> Vec<Block> {
        match (self.installed(), self.now) {
            (Some(installed), Some(now)) => remedy::renew(self.server, &self.server.sites(), installed, now),
            _ => vec![Block::words_alone(
                "renew it by what it is: one from a CA by a new request, the default SMTP certificate and that of the \
                 Exchange Back End by a new self-signed one, the Auth certificate by the next one; given an export of \
                 the servers, the steps are printed here",
            )],
        }
    }

    /// From another server, if that is known.
    fn copy(&self) -> Vec<Block> {
        let lacks = |certificate: &Thumbprint| self.server.installed(*certificate).is_none();
        let copied = self.certificate.filter(lacks).and_then(|it| remedy::copy(&self.holders, it, self.server));
        copied.into_iter().collect()
    }

    fn bind_back_end(&self) -> Vec<Block> {
        match self.now {
            Some(now) => remedy::bind_back_end(self.server, now),
            None => remedy::renew_back_end(self.server, None, false),
        }
    }
}
