//! The cmdlets that assign and remove certificates.

use super::super::super::decision_table::{
    ConnectorKind, DEFAULT_WEB_SITE, FEDERATION, IIS, IMAP, POP, SERVICES, SMTP, StartupMode, UM, UM_CALL_ROUTER, holds,
};
use super::super::cmdlets::Call;
use super::super::syntax::Failure;
use super::{Default, Machine, SiteBinding, sites};

impl Machine {
    pub(super) fn enable(&mut self, call: &Call<'_>) -> Result<(), Failure> {
        let fail = |what: String| call.command.fail(what);
        let this = self.place(call)?;
        let mut services = 0;
        for word in call.words("Services")? {
            match SERVICES.iter().find(|(_, name)| *name == word) {
                Some((service, _)) if services & service == 0 => services |= service,
                _ => return fail(format!("there is no service {word}, or it is named twice")),
            }
        }
        if services & FEDERATION != 0 || services & !self.facts.hosted() != 0 {
            return fail(format!("services that are not assigned here: {services:#b}"));
        }
        let certificate = &self.certificates[this].facts;
        if !certificate.has_private_key {
            return fail("the certificate has no private key".into());
        }
        if certificate.is_wildcard() && services & (IMAP | POP) != 0 {
            return fail("IMAP and POP take no wildcard".into());
        }
        for (service, mode, windows_service) in [
            (UM, self.facts.um_startup_mode, "MSExchangeUM"),
            (UM_CALL_ROUTER, self.facts.um_call_router_startup_mode, "MSExchangeUMCR"),
        ] {
            if services & service == 0 {
                continue;
            }
            if mode == StartupMode::Tcp {
                return fail(format!("{windows_service} starts without TLS"));
            }
            if self.runs(&self.facts.name, windows_service) {
                return fail(format!("{windows_service} runs"));
            }
        }
        self.decide_default(call, this, services)?;
        if call.has("DoNotRequireSsl") && services & IIS == 0 {
            return fail("-DoNotRequireSsl is about IIS alone".into());
        }
        if services & IIS != 0 {
            self.require_ssl = Some(!call.has("DoNotRequireSsl"));
            self.bind_default_web_site(this);
        }
        let first = self.certificates[this].facts.domains().first().map(|name| (*name).to_owned());
        for service in [IMAP, POP] {
            match &first {
                Some(name) if services & service != 0 => self.follow_name(this, service, name),
                _ => {}
            }
        }
        let certificate = &mut self.certificates[this];
        certificate.services = certificate.services.map(|had| had | services);
        certificate.gained |= services;
        Ok(())
    }

    /// Exchange asks whether to overwrite the default SMTP certificate, unless `-Force` answers every question.
    fn decide_default(&mut self, call: &Call<'_>, this: usize, services: u8) -> Result<(), Failure> {
        let thumbprint = &self.certificates[this].facts.thumbprint;
        let told_no = self.told_no.take().is_some();
        if call.has("Force") {
            if services != SMTP {
                return call.command.fail("-Force hides the questions about other services too");
            }
            if told_no {
                return call.command.fail("the comment says to answer No, and -Force answers Yes");
            }
            self.default_smtp = Default::Thumbprint(thumbprint.clone());
            return Ok(());
        }
        let may_ask = services & SMTP != 0
            && match &self.default_smtp {
                Default::NotKnown => true,
                Default::Nothing => false,
                Default::Thumbprint(default) => default != thumbprint,
            };
        match (may_ask, told_no) {
            (true, false) => call.command.fail("asks, and no comment says what to answer"),
            (false, true) => call.command.fail("does not ask, and a comment says what to answer"),
            _ => Ok(()),
        }
    }

    fn bind_default_web_site(&mut self, this: usize) {
        if self.bindings.is_some() {
            return self.bind_in_iis(this);
        }
        for (place, certificate) in self.certificates.iter_mut().enumerate() {
            let Some(sites) = &mut certificate.web_sites else { continue };
            sites.retain(|site| *site != DEFAULT_WEB_SITE);
            if place == this {
                sites.insert(0, DEFAULT_WEB_SITE);
            } else if sites.is_empty() {
                certificate.lose(IIS);
            }
        }
    }

    /// Its usual bindings take the certificate; of others nothing says whether they do.
    fn bind_in_iis(&mut self, this: usize) {
        let thumbprint = self.certificates[this].facts.thumbprint.clone();
        let bindings = self.bindings.get_or_insert_default();
        if !bindings.iter().any(|it| it.site == DEFAULT_WEB_SITE) {
            bindings.push(SiteBinding { site: DEFAULT_WEB_SITE, is_usual: true, certificates: Vec::new() });
        }
        for binding in bindings.iter_mut().filter(|it| it.site == DEFAULT_WEB_SITE) {
            if binding.is_usual {
                binding.certificates.clear();
            }
            if !binding.certificates.contains(&thumbprint) {
                binding.certificates.push(thumbprint.clone());
            }
        }
        for (place, certificate) in self.certificates.iter_mut().enumerate() {
            let bound = sites(bindings, &certificate.facts.thumbprint);
            if place != this && bound.is_empty() {
                certificate.lose(IIS);
            }
            certificate.web_sites = Some(bound);
        }
    }

    /// IMAP and POP are shown for the certificates that hold their name.
    fn follow_name(&mut self, this: usize, service: u8, name: &str) {
        for (place, certificate) in self.certificates.iter_mut().enumerate() {
            if place != this && !holds(&certificate.facts.domains(), name) {
                certificate.lose(service);
            }
        }
        let shown = if service == IMAP { &mut self.imap_name } else { &mut self.pop_name };
        *shown = Some(name.to_owned());
    }

    pub(super) fn remove(&mut self, call: &Call<'_>) -> Result<(), Failure> {
        let place = self.place(call)?;
        if !self.certificates[place].facts.has_private_key {
            return call.command.fail("the certificate has no private key");
        }
        self.take_away(call, place)
    }

    /// Windows asks nothing, and takes away what Exchange would keep, and a private key's certificate too.
    pub(super) fn remove_from_store(&mut self, call: &Call<'_>, computer: &str) -> Result<(), Failure> {
        if !self.is_here(computer) {
            return call.command.fail("the certificates of another computer");
        }
        let place = self.place_of(call, call.stored("Path")?)?;
        if self.certificates[place].facts.has_private_key {
            return call.command.fail("the certificate has its private key: Exchange removes it");
        }
        self.take_away(call, place)
    }

    /// Where nothing stands on it.
    fn take_away(&mut self, call: &Call<'_>, place: usize) -> Result<(), Failure> {
        let fail = |what: String| call.command.fail(what);
        let gone = &self.certificates[place];
        let thumbprint = &gone.facts.thumbprint;
        if self.default_smtp == Default::Thumbprint(thumbprint.clone()) {
            return fail("it is the default SMTP certificate".into());
        }
        if self.auth.contains(thumbprint) {
            return fail("it is the Auth certificate".into());
        }
        if gone.services.unwrap_or(0) & FEDERATION != 0 {
            return fail("it belongs to a federation trust".into());
        }
        if self.is_bound_to_back_end(gone) {
            return fail("it is bound to the Exchange Back End".into());
        }
        for connector in self.connectors.iter().filter(|connector| connector.finds(&gone.facts)) {
            // §5.2 has Exchange refuse for the hybrid configuration as for a Send connector; §7 removes the certificate
            // all the same where the new one has its names. Microsoft's article is about Send connectors alone.
            let another = self
                .certificates
                .iter()
                .any(|other| other.facts.thumbprint != *thumbprint && connector.finds(&other.facts));
            let refuses = match connector.kind {
                // Without a subscription an Edge Transport server has none of the organisation's.
                ConnectorKind::Send => {
                    connector.own || self.is_reachable(&self.facts.name) || self.facts.edge_subscribed
                }
                ConnectorKind::Hybrid => !another,
                ConnectorKind::Receive => false,
            };
            if refuses {
                return fail(format!("{:?} connector {} names it", connector.kind, connector.name));
            }
        }
        if !gone.facts.within_dates(self.now) {
            self.may_lose |= UM | UM_CALL_ROUTER;
        }
        self.certificates.remove(place);
        Ok(())
    }
}
