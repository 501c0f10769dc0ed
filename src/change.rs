//! What a request changes on its server, worked out once: for rules, plan, script and commit alike.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::fact::Fact;
use crate::request::Request;
use crate::server::{Connector, ConnectorKind, DEFAULT_WEB_SITE, Installed, Server, Sites, TlsCertificateName};
use crate::service::Service;
use crate::thumbprint::Thumbprint;

/// What changes, and what moves by itself with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    thumbprint: Thumbprint,
    /// The services that the certificate is assigned to.
    gained: Service,
    moves_default_smtp: bool,
    renames: Vec<Rename>,
    removed: Option<Thumbprint>,
}

/// Which connectors of the organisation may be given another name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Names<'a> {
    /// All that the request is about.
    All,
    /// These alone, since others run on servers that would lack the certificate.
    Of(&'a [&'a Connector]),
}

impl Names<'_> {
    /// Whether a connector is given the name; `None` if that is for the names of its server's certificates to say.
    fn move_connector(self, server: &Server, connector: &Connector) -> Option<bool> {
        match self {
            Self::Of(moving) if !server.owns(connector) => Some(moving.contains(&connector)),
            // What EdgeSync gives to a subscribed Edge Transport server cannot be set there.
            Self::Of(_) if server.is_edge() && server.edge_subscribed() && connector.kind() == ConnectorKind::Send => {
                Some(false)
            }
            _ => None,
        }
    }
}

/// A connector, or the hybrid configuration, that is given the name of another certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rename {
    connector: Connector,
    name: TlsCertificateName,
    /// Whether it is a name that the connector has already: it lets go of it for a while.
    is_the_same: bool,
}

impl Change {
    /// What an assignment of these services changes; all that the request does beside it is added below.
    pub(crate) fn of_assignment(request: &Request, gained: Service, moves_default_smtp: bool) -> Self {
        Self {
            thumbprint: request.thumbprint(),
            gained: gained - Service::FEDERATION,
            moves_default_smtp,
            renames: Vec::new(),
            removed: None,
        }
    }

    /// What changes on a server where connectors of the organisation are given another name, and nothing else.
    pub(crate) fn of_names(request: &Request, renames: Vec<Rename>) -> Self {
        Self { renames, ..Self::of_assignment(request, Service::empty(), false) }
    }

    /// Adds the removal of a certificate, and the names that move from it to the new one if the request asks for it.
    pub(crate) fn with_removal(mut self, request: &Request, server: &Server, names: Names<'_>) -> Self {
        let removed = request.removes().and_then(|thumbprint| server.installed(thumbprint));
        self.removed = removed.map(Installed::thumbprint);
        let old = removed.or_else(|| server.installed(request.old()?));
        let new = server.installed(request.thumbprint()).filter(|_| moves_names(request, server));
        if let (Some(old), Some(new)) = (old, new) {
            let name = TlsCertificateName::of(new.certificate());
            let mut is_named = Connector::naming(old.certificate());
            let mut is_naming_new = Connector::naming(new.certificate());
            let rename = |connector| {
                let is_the_same = is_naming_new(connector);
                // Of the same name, Send connectors alone keep Exchange from removing a certificate.
                let counts = !is_the_same || connector.kind() == ConnectorKind::Send && removed.is_some();
                let names_old = is_named(connector);
                let moves = match names.move_connector(server, connector) {
                    // What lets go of its name for a while does so where the old certificate has it.
                    Some(moves) => moves && (names_old || !is_the_same),
                    None => names_old,
                };
                (counts && moves).then(|| Rename { is_the_same, ..Rename::of(connector, name.clone()) })
            };
            self.renames = server.connectors_that_count().filter_map(rename).collect();
        }
        self
    }

    /// The same before anything is removed.
    pub(crate) fn before_removal(&self) -> Self {
        Self { removed: None, ..self.clone() }
    }

    /// The certificate that is assigned.
    pub(crate) fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    /// The services that it is assigned to.
    pub(crate) fn gained(&self) -> Service {
        self.gained
    }

    /// The certificate that is removed.
    pub(crate) fn removed(&self) -> Option<Thumbprint> {
        self.removed
    }

    /// Whether the certificate becomes the default SMTP certificate.
    pub(crate) fn moves_default_smtp(&self) -> bool {
        self.moves_default_smtp
    }

    /// The new `X509CertificateName` of IMAP or of POP, if it takes one.
    pub(crate) fn new_certificate_name<'a>(&self, server: &'a Server, service: Service) -> Option<Cow<'a, str>> {
        let (services, name) = self.certificate_name(server)?;
        services.contains(service).then_some(name)
    }

    /// The name that a connector is given.
    pub(crate) fn name_of(&self, connector: &Connector) -> Option<&TlsCertificateName> {
        self.renames.iter().find(|rename| rename.is_of(connector)).map(Rename::name)
    }

    /// The connectors that are given another name, or the same one again.
    pub(crate) fn renames(&self) -> &[Rename] {
        &self.renames
    }

    /// The default SMTP certificate afterwards.
    pub(crate) fn default_smtp(&self, server: &Server) -> Fact<Thumbprint> {
        if self.moves_default_smtp { Fact::Value(self.thumbprint) } else { server.default_smtp() }
    }

    /// The services, IMAP and POP, that take a new `X509CertificateName`, with the name.
    fn certificate_name<'a>(&self, server: &'a Server) -> Option<(Service, Cow<'a, str>)> {
        let services = self.gained & (Service::IMAP | Service::POP);
        let installed = server.installed(self.thumbprint).filter(|_| !services.is_empty())?;
        // Of a wildcard certificate Exchange sets nothing.
        installed.first_domain().filter(|_| !installed.is_wildcard()).map(|name| (services, name))
    }

    /// The sites of an installed certificate after the assignment; `None` if they are not known.
    fn web_sites<'a>(&self, server: &Server, installed: &'a Installed) -> Option<Cow<'a, BTreeSet<u32>>> {
        let sites = installed.web_sites()?;
        let is_new = installed.thumbprint() == self.thumbprint;
        if !self.gained.contains(Service::IIS) || sites.contains(&DEFAULT_WEB_SITE) == is_new {
            return Some(Cow::Borrowed(sites));
        }
        let mut sites = sites.clone();
        if is_new {
            sites.insert(DEFAULT_WEB_SITE);
        } else if !keeps_binding(server, installed) {
            sites.remove(&DEFAULT_WEB_SITE);
        }
        Some(Cow::Owned(sites))
    }

    /// The services that an installed certificate is known to have after the assignment.
    pub(crate) fn services(&self, server: &Server, installed: &Installed) -> Service {
        let services = installed.known_services();
        if installed.thumbprint() == self.thumbprint {
            return services | self.gained;
        }
        let lost = (services & self.gained).each().filter(|service| !self.leaves(server, installed, *service));
        lost.fold(services, |services, lost| services - lost)
    }

    /// Whether another certificate that has a service has it after the assignment too.
    pub(crate) fn leaves(&self, server: &Server, installed: &Installed, service: Service) -> bool {
        if !self.gained.contains(service) {
            return true;
        }
        match service {
            Service::IIS => installed.web_sites().is_none_or(|sites| {
                sites.iter().any(|site| *site != DEFAULT_WEB_SITE)
                    || sites.contains(&DEFAULT_WEB_SITE) && keeps_binding(server, installed)
            }),
            Service::IMAP | Service::POP => {
                self.certificate_name(server).is_none_or(|(_, name)| installed.has_domain(&name))
            }
            _ => true,
        }
    }

    /// Whether a certificate that transport chooses from for a host comes or goes.
    pub(crate) fn outdates_selection(&self, server: &Server, host: &str) -> bool {
        let is_candidate = |installed: &&Installed| installed.may_be_presented() && installed.covers(host);
        let gains = self.gained.contains(Service::SMTP)
            && server
                .installed(self.thumbprint)
                .filter(is_candidate)
                .is_some_and(|installed| !installed.known_services().contains(Service::SMTP));
        let loses = self
            .removed
            .and_then(|removed| server.installed(removed))
            .filter(is_candidate)
            .is_some_and(|installed| installed.may_have(Service::SMTP));
        gains || loses
    }

    /// The services that count as assigned to an installed certificate after the assignment: IIS by the Exchange Back
    /// End alone does not.
    pub(crate) fn counted_services(&self, server: &Server, sites: &Sites, installed: &Installed) -> Service {
        let services = self.services(server, installed);
        if !services.contains(Service::IIS) || !self.gained.contains(Service::IIS) {
            return sites.counted_services(installed, services);
        }
        let is_at_default = match self.web_sites(server, installed) {
            Some(sites) => sites.contains(&DEFAULT_WEB_SITE),
            None => installed.thumbprint() == self.thumbprint,
        };
        if is_at_default { services } else { services - Service::IIS }
    }

    /// Changes the server.
    pub(crate) fn commit(&self, server: &mut Server) {
        server.forget_selections(|server, host| self.outdates_selection(server, host));
        let moves_web_sites = self.gained.contains(Service::IIS) || self.removed.is_some();
        let sites = moves_web_sites.then(|| {
            let new = server.installed(self.thumbprint).filter(|_| self.gained.contains(Service::IIS));
            new.into_iter().fold(server.sites(), Sites::assigned_to)
        });
        let affected = server.inventory().affected_by(self.thumbprint, self.gained);
        let after = affected.map(|installed| {
            let web_sites = self.web_sites(server, installed).map(Cow::into_owned);
            (installed.thumbprint(), self.services(server, installed), web_sites)
        });
        for (thumbprint, services, web_sites) in after.collect::<Vec<_>>() {
            server.inventory_mut().change(thumbprint, services, web_sites);
        }
        if self.gained.contains(Service::IIS) && server.installed(self.thumbprint).is_some() {
            server.bind_default_web_site(self.thumbprint);
        }
        if let Some((services, name)) =
            self.certificate_name(server).map(|(services, name)| (services, name.into_owned()))
        {
            server.set_certificate_name(services, &name);
        }
        if self.moves_default_smtp {
            server.set_default_smtp(self.thumbprint);
        }
        self.renames.iter().for_each(|rename| rename.commit(server));
        if let Some(thumbprint) = self.removed {
            server.inventory_mut().remove(thumbprint);
        }
        sites.into_iter().for_each(|sites| server.keep_sites(sites));
    }
}

/// Whether the names that connectors hold move to the new certificate. Nothing documents that a connector finds one
/// whose subject is empty.
pub(crate) fn moves_names(request: &Request, server: &Server) -> bool {
    let is_nameless = |installed: &Installed| installed.certificate().subject().is_empty();
    request.updates_connectors() && !server.installed(request.thumbprint()).is_some_and(is_nameless)
}

/// Whether some binding may keep its certificate when IIS is assigned to another one.
fn keeps_binding(server: &Server, installed: &Installed) -> bool {
    server.web_bindings().unwrap_or_default().iter().any(|binding| binding.may_keep(installed))
}

impl Rename {
    /// Gives this connector the name.
    pub(crate) fn of(connector: &Connector, name: TlsCertificateName) -> Self {
        Self { connector: connector.clone(), name, is_the_same: false }
    }

    /// The connector.
    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
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
        self.connector == *connector
    }

    /// Changes the connector on a server.
    pub(crate) fn commit(&self, server: &mut Server) {
        server.rename_connectors(&self.name, |connector| self.is_of(connector));
    }
}
