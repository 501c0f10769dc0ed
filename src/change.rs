//! What a request changes on its server, worked out once: for rules, plan, script and commit alike.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::request::Request;
use crate::server::{Connector, ConnectorKind, DEFAULT_WEB_SITE, DefaultSmtp, Installed, Server, TlsCertificateName};
use crate::service::Service;
use crate::text::{self, Caseless};
use crate::thumbprint::Thumbprint;

/// What changes, and what moves by itself with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    thumbprint: Thumbprint,
    /// The services that the certificate is assigned to.
    gained: Service,
    moves_default_smtp: bool,
    /// What IMAP and POP take as their name, if they are assigned.
    certificate_name: Option<String>,
    renames: Vec<Rename>,
    removed: Option<Thumbprint>,
}

/// A connector, or the hybrid configuration, that is given the name of another certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rename {
    kind: ConnectorKind,
    connector: String,
    /// The server of a Receive connector, whose name others may have on their servers.
    server: Option<String>,
    name: TlsCertificateName,
    /// Whether it is a name that the connector has already: it lets go of it for a while.
    is_the_same: bool,
}

impl Change {
    /// What an assignment of these services changes; all that the request does beside it is added below.
    pub(crate) fn of_assignment(request: &Request, gained: Service, moves_default_smtp: bool, server: &Server) -> Self {
        let takes_a_name = gained.intersects(Service::IMAP | Service::POP);
        let first_domain = || server.installed(request.thumbprint())?.first_domain().map(Cow::into_owned);
        Self {
            thumbprint: request.thumbprint(),
            gained: gained - Service::FEDERATION,
            moves_default_smtp,
            certificate_name: takes_a_name.then(first_domain).flatten(),
            renames: Vec::new(),
            removed: None,
        }
    }

    /// Adds the removal of a certificate, and the names that move from it to the new one if the request asks for it.
    pub(crate) fn with_removal(mut self, request: &Request, server: &Server) -> Self {
        let Some(removed) = request.removes().and_then(|thumbprint| server.installed(thumbprint)) else {
            return self;
        };
        self.removed = Some(removed.thumbprint());
        if let Some(new) = server.installed(request.thumbprint()).filter(|_| request.updates_connectors()) {
            let name = TlsCertificateName::of(new.certificate());
            let is_the_same = name == TlsCertificateName::of(removed.certificate());
            // Of the same name, Send connectors alone keep Exchange from removing a certificate.
            let moves = |connector: &&Connector| {
                connector.names(removed.certificate()) && (!is_the_same || connector.kind() == ConnectorKind::Send)
            };
            let rename = |connector: &Connector| Rename { is_the_same, ..Rename::of(connector, name.clone()) };
            self.renames = server.connectors().iter().filter(moves).map(rename).collect();
        }
        self
    }

    /// The certificate that is assigned.
    pub(crate) fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    /// The services that it is assigned to.
    pub(crate) fn gained(&self) -> Service {
        self.gained
    }

    /// The connectors that are given another name, or the same one again.
    pub(crate) fn renames(&self) -> &[Rename] {
        &self.renames
    }

    /// The default SMTP certificate afterwards.
    pub(crate) fn default_smtp(&self, server: &Server) -> DefaultSmtp {
        if self.moves_default_smtp { DefaultSmtp::Certificate(self.thumbprint) } else { server.default_smtp() }
    }

    /// The services, IMAP and POP, that take a new `X509CertificateName`, with the name.
    fn certificate_name(&self) -> Option<(Service, &str)> {
        self.certificate_name.as_deref().map(|name| (self.gained & (Service::IMAP | Service::POP), name))
    }

    /// The sites of an installed certificate after the assignment; `None` if they are not known.
    pub(crate) fn web_sites<'a>(&self, installed: &'a Installed) -> Option<Cow<'a, BTreeSet<u32>>> {
        let sites = installed.web_sites()?;
        let gains = installed.thumbprint() == self.thumbprint;
        if !self.gained.contains(Service::IIS) || sites.contains(&DEFAULT_WEB_SITE) == gains {
            return Some(Cow::Borrowed(sites));
        }
        let mut sites = sites.clone();
        if gains {
            sites.insert(DEFAULT_WEB_SITE);
        } else {
            sites.remove(&DEFAULT_WEB_SITE);
        }
        Some(Cow::Owned(sites))
    }

    /// The services that an installed certificate is known to have after the assignment.
    pub(crate) fn services(&self, installed: &Installed) -> Service {
        let mut services = installed.known_services();
        if installed.thumbprint() == self.thumbprint {
            return services | self.gained;
        }
        if self.gained.contains(Service::IIS) && self.web_sites(installed).is_some_and(|sites| sites.is_empty()) {
            services.remove(Service::IIS);
        }
        if let Some((moved, name)) = self.certificate_name()
            && services.intersects(moved)
            && !installed.has_domain(name)
        {
            services.remove(moved);
        }
        services
    }

    /// Changes the server.
    pub(crate) fn commit(&self, server: &mut Server) {
        let affected = server.inventory().affected_by(self.thumbprint, self.gained);
        let after = affected.map(|installed| {
            (installed.thumbprint(), self.services(installed), self.web_sites(installed).map(Cow::into_owned))
        });
        for (thumbprint, services, web_sites) in after.collect::<Vec<_>>() {
            server.inventory_mut().change(thumbprint, services, web_sites);
        }
        if let Some((services, name)) = self.certificate_name() {
            server.set_certificate_name(services, name);
        }
        if self.moves_default_smtp {
            server.set_default_smtp(self.thumbprint);
        }
        self.renames.iter().for_each(|rename| rename.commit(server));
        if let Some(thumbprint) = self.removed {
            server.inventory_mut().remove(thumbprint);
        }
    }
}

impl Rename {
    /// Gives this connector the name.
    pub(crate) fn of(connector: &Connector, name: TlsCertificateName) -> Self {
        let connector_name = connector.name().to_owned();
        let server = owner(connector).map(str::to_owned);
        Self { kind: connector.kind(), connector: connector_name, server, name, is_the_same: false }
    }

    /// The name that the connector is given.
    pub(crate) fn name(&self) -> &TlsCertificateName {
        &self.name
    }

    /// Whether the connector has the name already.
    pub(crate) fn is_the_same(&self) -> bool {
        self.is_the_same
    }

    /// Whether it is about this connector.
    pub(crate) fn is_of(&self, connector: &Connector) -> bool {
        self.kind == connector.kind()
            && text::same(&self.connector, connector.name())
            && self.server.as_deref().map(Caseless) == owner(connector).map(Caseless)
    }

    /// Changes the connector on a server.
    pub(crate) fn commit(&self, server: &mut Server) {
        server.rename_connectors(&self.name, |connector| self.is_of(connector));
    }
}

/// The server of a Receive connector.
fn owner(connector: &Connector) -> Option<&str> {
    connector.servers().first().filter(|_| connector.kind() == ConnectorKind::Receive).map(String::as_str)
}
