//! The cmdlets that make, assign, copy and remove certificates.

use exchange_certificates::{Certificate, Service, rfc3339};
use serde_json::{Value, json};

use super::cmdlets::services as named_services;
use super::{Kept, Organization, certificate, fail, is_edge, services};
use crate::support::factory::CertificateFactory;
use crate::support::interpreter::{Call, Failure, Value as Given};

const YEARS: u64 = 5 * 365 * 86_400;
const USUAL: [&str; 3] = ["*:443:", ":443:", "127.0.0.1:443:"];

impl Organization {
    pub(super) fn place(&self, call: &Call<'_>, server: usize, thumbprint: &str) -> Result<usize, Failure> {
        let mut installed = self.servers[server]["certificates"].as_array().into_iter().flatten();
        match installed.position(|it| certificate(it).thumbprint().to_string() == thumbprint) {
            Some(place) => Ok(place),
            None => call.command.fail(format!("{thumbprint} is not installed on {}", self.servers[server]["name"])),
        }
    }

    pub(super) fn enable(
        &mut self,
        call: &Call<'_>,
        server: usize,
        thumbprint: &str,
        new: Service,
    ) -> Result<(), Failure> {
        let place = self.place(call, server, thumbprint)?;
        let installed = self.servers[server]["certificates"][place].clone();
        let it = certificate(&installed);
        if installed["has_private_key"] == json!(false) {
            return call.command.fail("the certificate has no private key");
        }
        if !(it.not_before()..=it.not_after()).contains(&self.now) {
            return call.command.fail("the certificate is outside its dates");
        }
        if it.is_wildcard() && new.intersects(Service::IMAP | Service::POP) {
            return call.command.fail("IMAP and POP take no wildcard");
        }
        if is_edge(&self.servers[server]) && !(new - Service::SMTP).is_empty() {
            return call.command.fail("an Edge Transport server has SMTP alone");
        }
        if new.contains(Service::SMTP) {
            self.decide_default(call, server, thumbprint)?;
        }
        let before = services(&installed);
        self.servers[server]["certificates"][place]["services"] = json!(before | new);
        if new.contains(Service::IIS) {
            self.bind(server, thumbprint, 1, |binding| USUAL.contains(&binding))?;
        }
        for (service, field) in [(Service::IMAP, "imap_certificate_name"), (Service::POP, "pop_certificate_name")] {
            if let Some(first) = it.first_domain().filter(|_| new.contains(service)) {
                self.follow_name(server, field, service, &first, Some(place));
            }
        }
        Ok(())
    }

    /// Exchange asks whether to overwrite the default SMTP certificate. `-Force` answers Yes; where what is left of a
    /// paste has been taken, whoever reads the words answers No; else nobody knows what answers.
    fn decide_default(&mut self, call: &Call<'_>, server: usize, thumbprint: &str) -> Result<(), Failure> {
        let default = &mut self.servers[server]["default_smtp"];
        if call.has("Force") {
            *default = json!(thumbprint);
            return Ok(());
        }
        if *default == json!(thumbprint) || *default == json!("none") || self.is_drained {
            return Ok(());
        }
        call.command.fail("asks whether to overwrite the default SMTP certificate, and nobody answers")
    }

    /// Binds a certificate to the bindings of a site, if they are known, and else to the site.
    fn bind(
        &mut self,
        server: usize,
        thumbprint: &str,
        site: u32,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        let server = &mut self.servers[server];
        if let Some(bindings) = server["web_bindings"].as_array_mut() {
            let mut bound = 0;
            for binding in bindings.iter_mut().filter(|it| it["site"] == json!(site)) {
                if is_meant(binding["binding"].as_str().unwrap()) {
                    binding["thumbprint"] = json!(thumbprint);
                    bound += 1;
                }
            }
            match (bound, site) {
                (0, 1) => bindings.push(json!({ "site": 1, "binding": "*:443:", "thumbprint": thumbprint })),
                (0, _) => return fail("there is no such binding"),
                _ => {}
            }
        }
        for installed in server["certificates"].as_array_mut().into_iter().flatten() {
            let is_it = certificate(installed).thumbprint().to_string() == thumbprint;
            let has = services(installed);
            let Some(sites) = installed["web_sites"].as_array_mut() else { continue };
            sites.retain(|bound| *bound != json!(site));
            if is_it {
                sites.push(json!(site));
            }
            let is_bound = !sites.is_empty();
            let has = if is_bound { has | Service::IIS } else { has - Service::IIS };
            if !installed["services"].is_null() {
                installed["services"] = json!(has);
            }
        }
        Ok(())
    }

    pub(super) fn bind_back_end(&mut self, server: usize, thumbprint: &str) -> Result<(), Failure> {
        let name = self.servers[server]["name"].as_str().unwrap_or_default().to_lowercase();
        let installed = self.servers[server]["certificates"].as_array().into_iter().flatten();
        let found = installed.clone().find(|it| certificate(it).thumbprint().to_string() == thumbprint);
        match found {
            None => fail("the certificate is not installed"),
            Some(it) if it["has_private_key"] == json!(false) => fail("the certificate has no private key"),
            Some(it) if certificate(it).is_self_signed() && !self.trusted.contains(&(name, thumbprint.to_owned())) => {
                fail("the server does not trust the certificate")
            }
            Some(_) => self.bind(server, thumbprint, 2, |binding| binding.ends_with(":444:")),
        }
    }

    /// IMAP and POP are shown for the certificates that hold their name.
    pub(super) fn follow_name(
        &mut self,
        server: usize,
        field: &str,
        service: Service,
        name: &str,
        this: Option<usize>,
    ) {
        let server = &mut self.servers[server];
        server[field] = json!(name);
        for (place, installed) in server["certificates"].as_array_mut().into_iter().flatten().enumerate() {
            if Some(place) != this && !installed["services"].is_null() && !certificate(installed).has_domain(name) {
                installed["services"] = json!(services(installed) - service);
            }
        }
    }

    pub(super) fn remove(&mut self, call: &Call<'_>, computer: Option<&str>) -> Result<(), Failure> {
        let (server, thumbprint) = (self.addressed(call, computer)?, self.thumbprint(call, "Thumbprint")?);
        if !call.has("Confirm") {
            return call.command.fail("asks, and nobody answers");
        }
        let place = self.place(call, server, &thumbprint)?;
        if self.servers[server]["certificates"][place]["has_private_key"] == json!(false) {
            return call.command.fail("the certificate has no private key");
        }
        self.take_away(call, server, &thumbprint)
    }

    /// Exchange keeps the default one, and what a Send connector or the hybrid configuration names.
    pub(super) fn take_away(&mut self, call: &Call<'_>, server: usize, thumbprint: &str) -> Result<(), Failure> {
        let place = self.place(call, server, thumbprint)?;
        let here = &self.servers[server];
        let gone = &here["certificates"][place];
        let auth = ["current", "next"].iter().any(|which| here["auth_certificates"][which] == json!(thumbprint));
        if here["default_smtp"] == json!(thumbprint) || auth {
            return call.command.fail("it is the default SMTP certificate, or an Auth certificate");
        }
        if services(gone).contains(Service::FEDERATION) {
            return call.command.fail("it belongs to a federation trust");
        }
        let it = certificate(gone);
        let name = format!("<I>{}<S>{}", it.issuer(), it.subject());
        let connectors = self.servers.iter().flat_map(|server| server["connectors"].as_array().into_iter().flatten());
        for connector in connectors.filter(|connector| connector["kind"] == "Send") {
            if connector["tls_certificate_name"].as_str().is_some_and(|named| super::same(named, &name)) {
                return call.command.fail(format!("{} names it", connector["name"]));
            }
        }
        self.servers[server]["certificates"].as_array_mut().unwrap().remove(place);
        Ok(())
    }

    pub(super) fn new_certificate(
        &mut self,
        call: &Call<'_>,
        piped: Option<Kept>,
        computer: Option<&str>,
    ) -> Result<Kept, Failure> {
        if call.has("GenerateRequest") {
            return call.command.fail("waits for a certification authority");
        }
        let server = self.addressed(call, computer)?;
        let new = self.make(call, server, piped)?;
        let thumbprint = new.thumbprint().to_string();
        let installed = json!({
            "certificate": new, "has_private_key": true, "key_storage": "CSP", "status": "Valid", "services": "None",
            "web_sites": [],
        });
        self.servers[server]["certificates"].as_array_mut().unwrap().push(installed);
        let services = named_services(call)?;
        if !services.is_empty() {
            self.enable(call, server, &thumbprint, services)?;
        }
        Ok(Kept::Certificate(new))
    }

    fn make(&mut self, call: &Call<'_>, server: usize, piped: Option<Kept>) -> Result<Certificate, Failure> {
        let like = match piped {
            Some(Kept::Certificate(like)) => Some(like),
            _ => None,
        };
        let subject = match &like {
            Some(like) => like.subject().to_string(),
            None => call.text("SubjectName")?.to_owned(),
        };
        let mut names: Vec<String> =
            like.iter().flat_map(|like| like.domains()).map(|name| name.into_owned()).collect();
        if call.has("DomainName") {
            match call.value("DomainName")? {
                Given::Expression(none) if none == "@()" => {}
                _ => names.extend(call.words("DomainName")?.into_iter().map(str::to_owned)),
            }
        }
        if call.has("IncludeServerFQDN") {
            names.extend(self.servers[server]["fqdn"].as_str().map(str::to_owned));
        }
        let attributes: Option<Vec<(&str, &str)>> = subject.rsplit(", ").map(|part| part.split_once('=')).collect();
        let Some(attributes) = attributes else { return call.command.fail(format!("no subject: {subject}")) };
        self.made += 1;
        let times =
            [self.now, self.now + std::time::Duration::from_secs(YEARS)].map(|time| rfc3339::print(time).to_string());
        let factory = CertificateFactory::new("new").subject(&attributes).valid(&times[0], &times[1]);
        let factory = factory.dns_names(names.iter().map(String::as_str)).serial_number([self.made]);
        Ok(factory.self_signed().build())
    }

    pub(super) fn export(&mut self, call: &Call<'_>, computer: Option<&str>) -> Result<Kept, Failure> {
        let (server, thumbprint) = (self.addressed(call, computer)?, self.thumbprint(call, "Thumbprint")?);
        self.check_password(call)?;
        let place = self.place(call, server, &thumbprint)?;
        let installed = self.servers[server]["certificates"][place].clone();
        if installed["has_private_key"] == json!(false) {
            return call.command.fail("the certificate has no private key");
        }
        if !call.has("BinaryEncoded") {
            return call.command.fail("gives text");
        }
        Ok(Kept::Exported(installed))
    }

    fn check_password(&self, call: &Call<'_>) -> Result<(), Failure> {
        match (call.value("Password")?, self.variable("$password")) {
            (Given::Expression(text), Some(Kept::Password)) if text == "$password" => Ok(()),
            _ => call.command.fail("there is no password"),
        }
    }

    pub(super) fn import(&mut self, call: &Call<'_>, computer: Option<&str>) -> Result<(), Failure> {
        let server = self.addressed(call, computer)?;
        self.check_password(call)?;
        let copy = match (call.value("FileData")?, self.variable("$copy")) {
            (Given::Expression(text), Some(Kept::Exported(copy))) if text == "$copy.FileData" => copy.clone(),
            _ => return call.command.fail("nothing was exported"),
        };
        let thumbprint = certificate(&copy).thumbprint().to_string();
        if let Ok(place) = self.place(call, server, &thumbprint) {
            self.servers[server]["certificates"][place]["has_private_key"] = json!(true);
            return Ok(());
        }
        let mut installed = copy;
        (installed["services"], installed["web_sites"]) = (json!("None"), json!([]));
        let list: &mut Value = &mut self.servers[server]["certificates"];
        list.as_array_mut().unwrap().push(installed);
        Ok(())
    }
}
