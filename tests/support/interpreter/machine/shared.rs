//! What a server hears of the other servers of its organisation.

use super::super::super::decision_table::{CertificateFacts, ConnectorKind, Role};
use super::{Installed, Machine, TRANSPORT};

impl Machine {
    /// Its connectors from this place on are its own.
    pub(in super::super) fn has_own_from(&mut self, place: usize) {
        self.connectors[place..].iter_mut().for_each(|connector| connector.own = true);
    }

    /// Puts a certificate into the store, with its key, and assigns it to nothing.
    pub(in super::super) fn import(&mut self, facts: &CertificateFacts) {
        let facts = CertificateFacts { has_private_key: true, ..facts.clone() };
        self.certificates.push(Installed { facts, services: Some(0), web_sites: Some(Vec::new()), gained: 0 });
    }

    /// Gives a connector of the organisation, or one of its own, another name, if this server has it. Says whether it
    /// does.
    pub(in super::super) fn follow_connector(
        &mut self,
        kind: ConnectorKind,
        identity: Option<&str>,
        name: Option<&str>,
        own: bool,
    ) -> Result<bool, String> {
        let named = |connector: &super::Named| {
            let is_it = identity.is_none_or(|identity| connector.name == identity);
            connector.kind == kind && connector.own == own && is_it
        };
        let Some(place) = self.connectors.iter().position(named) else { return Ok(false) };
        self.connectors[place].tls_certificate_name = name.map(str::to_owned);
        let connector = &self.connectors[place];
        if name.is_none() {
            let sends = |computer: &String| (own || self.is_reachable(computer)) && self.runs(computer, TRANSPORT);
            if connector.had_name && connector.servers.iter().any(sends) {
                return Err(format!("{} sends without a certificate", connector.name));
            }
            return Ok(true);
        }
        let sends = connector.servers.is_empty() || connector.servers.iter().any(|server| self.is_here(server));
        if sends && connector.found && !self.finds_readable(connector) {
            return Err(format!(
                "{} has no certificate of this name with SMTP, and sends for the connector",
                self.facts.name
            ));
        }
        Ok(true)
    }

    pub(in super::super) fn has_connector(&self, kind: ConnectorKind, name: &str) -> bool {
        self.connectors.iter().any(|connector| connector.kind == kind && connector.name == name)
    }

    pub(in super::super) fn is_called(&self, name: &str) -> bool {
        self.is_here(name)
    }

    /// Whether it is a Mailbox server: no other one sends, or it is not reached from inside.
    pub(in super::super) fn sends_from_inside(&self) -> bool {
        self.facts.roles.contains(&Role::Mailbox)
    }

    pub(in super::super) fn is_subscribed(&self) -> bool {
        self.facts.edge_subscribed
    }

    /// By its names, of which a connector may have either.
    pub(in super::super) fn names(&self) -> Vec<String> {
        std::iter::once(self.facts.name.clone()).chain(self.facts.fqdn.clone()).collect()
    }

    pub(in super::super) fn cannot_reach(&mut self, names: &[String]) {
        self.unreachable.extend(names.iter().map(|name| name.to_lowercase()));
    }

    pub(super) fn is_reachable(&self, computer: &str) -> bool {
        !self.unreachable.contains(&computer.to_lowercase())
    }

    /// Transport was stopped or started on a computer, this one or another.
    pub(in super::super) fn hear_of_transport(&mut self, computer: &str, stops: bool) {
        let key = (self.key(computer), TRANSPORT.to_owned());
        if stops {
            self.stopped.insert(key);
        } else {
            self.stopped.remove(&key);
        }
    }
}
