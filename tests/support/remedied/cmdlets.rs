//! What each cmdlet does, but those about certificates.

use exchange_certificates::Service;
use serde_json::{Value, json};

use super::{Kept, Organization, is_edge, same};
use crate::support::interpreter::{Call, Failure, Value as Given};

impl Organization {
    pub(super) fn call(
        &mut self,
        call: &Call<'_>,
        piped: Option<Kept>,
        computer: Option<&str>,
    ) -> Result<Kept, Failure> {
        if call.cmdlet != "Invoke-Command" && self.failed.is_none() {
            if self.fails_after == Some(0) {
                self.failed = Some(call.cmdlet);
                return call.command.fail("fails, as any cmdlet may");
            }
            self.fails_after = self.fails_after.map(|others| others - 1);
        }
        match call.cmdlet {
            "Enable-ExchangeCertificate" => {
                let (server, thumbprint) = (self.addressed(call, computer)?, self.thumbprint(call, "Thumbprint")?);
                self.enable(call, server, &thumbprint, services(call)?)?;
            }
            "Remove-ExchangeCertificate" => self.remove(call, computer)?,
            "New-ExchangeCertificate" => return self.new_certificate(call, piped, computer),
            "Export-ExchangeCertificate" => return self.export(call, computer),
            "Import-ExchangeCertificate" => self.import(call, computer)?,
            "Get-ExchangeCertificate" if call.has("Thumbprint") => {
                let (server, thumbprint) = (self.addressed(call, computer)?, self.thumbprint(call, "Thumbprint")?);
                let place = self.place(call, server, &thumbprint)?;
                return Ok(Kept::Certificate(super::certificate(&self.servers[server]["certificates"][place])));
            }
            "Get-Item" => {
                let thumbprint =
                    self.given.clone().filter(|_| self.is_given(call, r#""Cert:\LocalMachine\My\$($args[0])""#));
                let Some(thumbprint) = thumbprint else { return call.command.fail("no certificate that is given") };
                let server = self.server(call, computer)?;
                let place = self.place(call, server, &thumbprint)?;
                return Ok(Kept::Certificate(super::certificate(&self.servers[server]["certificates"][place])));
            }
            "Export-Certificate" => return Ok(piped.unwrap_or(Kept::Nothing)),
            "Import-Certificate" => match (piped, computer) {
                (Some(Kept::Certificate(it)), Some(computer)) => {
                    self.trusted.insert((computer.to_lowercase(), it.thumbprint().to_string()));
                }
                _ => return call.command.fail("there is no certificate, or no computer"),
            },
            "ConvertTo-SecureString" => return Ok(Kept::Password),
            "Set-SendConnector" => self.set_connector(call, "Send", computer)?,
            "Set-ReceiveConnector" => self.set_connector(call, "Receive", computer)?,
            "Set-HybridConfiguration" => self.set_connector(call, "Hybrid", computer)?,
            "Set-ImapSettings" => self.set_name(call, "imap_certificate_name", Service::IMAP, computer)?,
            "Set-PopSettings" => self.set_name(call, "pop_certificate_name", Service::POP, computer)?,
            "Set-UMService" => {
                let server = self.server(call, Some(call.text("Identity")?))?;
                self.servers[server]["um_startup_mode"] = json!(call.text("UMStartupMode")?);
            }
            "Set-UMCallRouterSettings" => {
                let server = self.addressed(call, computer)?;
                self.servers[server]["um_call_router_startup_mode"] = json!(call.text("UMStartupMode")?);
            }
            "Set-AuthConfig" => self.set_auth(call)?,
            "Invoke-Command" => self.invoke(call)?,
            "certutil" => {
                let server = self.server(call, computer)?;
                let thumbprint = call.text("Store and certificate").map(str::to_owned)?;
                let place = self.place(call, server, &thumbprint)?;
                self.servers[server]["certificates"][place]["has_private_key"] = json!(true);
            }
            "Stop-Service" | "Start-Service" | "Restart-Service" if piped.is_none() => self.control(call, computer)?,
            "Remove-Item" => {
                let (server, thumbprint) = (self.server(call, computer)?, call.stored("Path")?);
                self.take_away(call, server, thumbprint)?;
            }
            name if name.starts_with("Get-") || name.starts_with("Test-") => {}
            "New-WebBinding" => {
                let server = self.server(call, computer)?;
                let address = call.text("IPAddress")?;
                if call.text("Name")? != "Exchange Back End" || !format!("{:?}", call.value("Port")?).contains("444") {
                    return call.command.fail("makes a binding of another site");
                }
                let binding = json!({ "site": 2, "binding": format!("{address}:444:") });
                let bindings = &mut self.servers[server]["web_bindings"];
                match bindings.as_array_mut() {
                    Some(bindings) => bindings.push(binding),
                    None => *bindings = json!([binding]),
                }
            }
            "Format-List" | "Where-Object" | "ForEach-Object" | "Restart-Service" | "Restart-WebAppPool"
            | "iisreset" => {}
            _ => return call.command.fail("has no place in a remedy that is run here"),
        }
        Ok(Kept::Nothing)
    }

    fn is_given(&self, call: &Call<'_>, text: &str) -> bool {
        matches!(call.value("Path"), Ok(Given::Expression(path)) if path == text)
    }

    fn invoke(&mut self, call: &Call<'_>) -> Result<(), Failure> {
        let computer = call.text("ComputerName")?;
        if self.named(computer).is_some_and(|server| is_edge(&self.servers[server])) {
            return call.command.fail("no other computer reaches an Edge Transport server");
        }
        self.given = if call.has("ArgumentList") { Some(self.thumbprint(call, "ArgumentList")?) } else { None };
        let run = match call.value("ScriptBlock")? {
            Given::Block(items) => self.items(items, Some(computer)),
            _ => call.command.fail("-ScriptBlock is no block"),
        };
        self.given = None;
        run
    }

    fn control(&mut self, call: &Call<'_>, computer: Option<&str>) -> Result<(), Failure> {
        let Some(computer) = computer else { return call.command.fail("runs on whatever server the shell is on") };
        // A connector may name servers that nobody described.
        let name = self.named(computer).and_then(|server| self.servers[server]["name"].as_str());
        let name = name.unwrap_or(computer).to_lowercase();
        for service in call.words("Name")? {
            let key = (name.clone(), service.to_owned());
            match call.cmdlet {
                "Stop-Service" => self.stopped.insert(key),
                _ => self.stopped.remove(&key),
            };
        }
        Ok(())
    }

    fn set_name(
        &mut self,
        call: &Call<'_>,
        field: &str,
        service: Service,
        computer: Option<&str>,
    ) -> Result<(), Failure> {
        let (server, name) = (self.addressed(call, computer)?, call.text("X509CertificateName")?);
        self.follow_name(server, field, service, name, None);
        Ok(())
    }

    /// A Send connector and the hybrid configuration belong to the organization, and stand at several servers.
    fn set_connector(&mut self, call: &Call<'_>, kind: &str, computer: Option<&str>) -> Result<(), Failure> {
        let on_edge = computer.and_then(|computer| self.named(computer)).filter(|at| is_edge(&self.servers[*at]));
        let identity = if kind == "Hybrid" { "" } else { call.text("Identity")? };
        let mut is_known = false;
        for (place, server) in self.servers.iter_mut().enumerate() {
            if on_edge.is_some_and(|edge| edge != place) {
                continue;
            }
            let here = server["name"].as_str().unwrap_or_default().to_owned();
            for connector in server["connectors"].as_array_mut().into_iter().flatten() {
                let name = connector["name"].as_str().unwrap_or_default();
                let full = if name.contains('\\') { name.to_owned() } else { format!("{here}\\{name}") };
                let is_it = match kind {
                    "Hybrid" => true,
                    "Receive" => same(&full, identity) || same(name, identity),
                    _ => same(name, identity),
                };
                if connector["kind"] != kind || !is_it {
                    continue;
                }
                is_known = true;
                if call.has("TlsCertificateName") {
                    connector["tls_certificate_name"] = match call.value("TlsCertificateName")? {
                        Given::Null => json!("none"),
                        _ => json!(call.text("TlsCertificateName")?),
                    };
                }
                if call.has("Fqdn") {
                    connector["fqdn"] = json!(call.text("Fqdn")?);
                }
                if call.has("SourceTransportServers") {
                    return call.command.fail("other source servers, which nothing here takes away");
                }
            }
        }
        if is_known { Ok(()) } else { call.command.fail("there is no such connector") }
    }

    fn set_auth(&mut self, call: &Call<'_>) -> Result<(), Failure> {
        if !call.has("Force") && call.has("NewCertificateThumbprint") {
            return call.command.fail("asks, and nobody answers");
        }
        if call.has("PublishCertificate") && call.has("NewCertificateThumbprint") {
            return call.command.fail("two parameter sets");
        }
        if let Ok(Given::Expression(date)) = call.value("NewCertificateEffectiveDate") {
            let hours = date.strip_prefix("(Get-Date).AddHours(").and_then(|rest| rest.strip_suffix(')'));
            self.is_staged = match hours.map(str::parse::<u32>) {
                Some(Ok(48..)) => true,
                None if date == "(Get-Date)" => false,
                _ => return call.command.fail("takes effect before every server has the certificate"),
            };
        }
        let new = if call.has("NewCertificateThumbprint") {
            Some(self.thumbprint(call, "NewCertificateThumbprint")?)
        } else {
            None
        };
        if let Some(new) = &new {
            let has = |server: &Value| {
                let list = server["certificates"].as_array().into_iter().flatten();
                list.clone().any(|it| super::certificate(it).thumbprint().to_string() == *new)
            };
            if !self.servers.iter().any(has) {
                return call.command.fail("no server has this certificate");
            }
        }
        for server in self.servers.iter_mut().filter(|server| !is_edge(server)) {
            let auth = &mut server["auth_certificates"];
            if auth.is_null() {
                continue;
            }
            if let Some(new) = &new {
                auth["next"] = json!(new);
            }
            if call.has("PublishCertificate") {
                let next = auth["next"].take();
                if next.is_null() {
                    return call.command.fail("there is no next certificate");
                }
                auth["current"] = next;
                auth.as_object_mut().unwrap().retain(|name, _| name == "current");
            }
        }
        Ok(())
    }
}

/// The services that a command names; without them `New-ExchangeCertificate` takes three.
pub(super) fn services(call: &Call<'_>) -> Result<Service, Failure> {
    if !call.has("Services") {
        return Ok(Service::IMAP | Service::POP | Service::SMTP);
    }
    let words = call.words("Services")?.join(", ");
    serde_json::from_value(json!(words)).or_else(|error| call.command.fail(error))
}
