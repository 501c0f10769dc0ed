//! The server that a script runs on, and what each cmdlet does to it.

mod certificates;
mod shared;

use std::collections::BTreeSet;

use super::super::decision_table::{
    CertificateFacts, ConnectorKind, DefaultSmtp, EXCHANGE_BACK_END, FEDERATION, IIS, IMAP, POP, Role, SMTP,
    ServerFacts, Situation, UM, UM_CALL_ROUTER, WebBinding, counted, covered,
};
use super::cmdlets::{Call, bind};
use super::syntax::{Command, Failure, Item, Value, read};

const TRANSPORT: &str = "MSExchangeTransport";

/// An Exchange server, and the other computers of the organisation as far as a script reaches them.
#[derive(Clone, Debug)]
pub struct Machine {
    facts: ServerFacts,
    /// Organisation's Auth certificates, by thumbprint.
    auth: Vec<String>,
    pub default_smtp: Default,
    pub certificates: Vec<Installed>,
    pub connectors: Vec<Named>,
    /// The https bindings in IIS, where they are known.
    bindings: Option<Vec<SiteBinding>>,
    pub imap_name: Option<String>,
    pub pop_name: Option<String>,
    /// "Require SSL" of the Default Web Site, where a script decided it.
    pub require_ssl: Option<bool>,
    now: i64,
    /// Services that may be left without a certificate: those that are judged by what is presented, and of a
    /// certificate outside its dates those that may not run.
    may_lose: u8,
    /// Windows services that do not run, each with its computer.
    stopped: BTreeSet<(String, String)>,
    /// Edge Transport servers of the organisation: no shell reaches their transport.
    unreachable: BTreeSet<String>,
    /// Whether the line before said to answer No.
    told_no: Option<Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Default {
    NotKnown,
    Nothing,
    Thumbprint(String),
}

#[derive(Clone, Debug)]
pub struct Installed {
    pub facts: CertificateFacts,
    pub services: Option<u8>,
    pub web_sites: Option<Vec<u32>>,
    /// What the script assigned to it, also where its services were not known.
    gained: u8,
}

#[derive(Clone, Debug)]
struct SiteBinding {
    site: u32,
    /// Every address, or this computer's own, at 443.
    is_usual: bool,
    /// Which it has, or may have, by thumbprint.
    certificates: Vec<String>,
}

/// A connector or the hybrid configuration, by what it names.
#[derive(Clone, Debug)]
pub struct Named {
    pub kind: ConnectorKind,
    pub name: String,
    servers: Vec<String>,
    /// A Receive connector, or a Send connector that this Edge Transport server alone has.
    own: bool,
    /// Before the script.
    had_name: bool,
    /// Before the script there was a certificate of that name whose key transport could read.
    found: bool,
    /// `<I>issuer<S>subject`.
    pub tls_certificate_name: Option<String>,
}

fn sites(bindings: &[SiteBinding], thumbprint: &String) -> Vec<u32> {
    let has = bindings.iter().filter(|it| it.certificates.contains(thumbprint)).map(|it| it.site);
    has.collect::<BTreeSet<_>>().into_iter().collect()
}

impl Machine {
    pub fn new(situation: &Situation, thumbprint_of_no_certificate: &str) -> Self {
        let facts = &situation.server;
        let thumbprint = |index: usize| facts.certificates[index].thumbprint.clone();
        let auth = facts.auth_certificates.iter().flat_map(|auth| [auth.current, auth.next]).flatten();
        let bound = |it: &WebBinding| SiteBinding {
            site: it.site,
            is_usual: ["*:443:", ":443:", "127.0.0.1:443:"].contains(&it.binding.as_str()),
            certificates: it.certificate.map(thumbprint).into_iter().collect(),
        };
        let bindings: Option<Vec<_>> = facts.web_bindings.as_ref().map(|them| them.iter().map(bound).collect());
        let mut machine = Self {
            auth: auth.map(thumbprint).collect(),
            default_smtp: match facts.default_smtp {
                DefaultSmtp::NotKnown => Default::NotKnown,
                DefaultSmtp::Nothing => Default::Nothing,
                DefaultSmtp::Installed(index) => Default::Thumbprint(thumbprint(index)),
                DefaultSmtp::NotInstalled => Default::Thumbprint(thumbprint_of_no_certificate.to_owned()),
                DefaultSmtp::NotInstalledRequested => Default::Thumbprint(situation.request.thumbprint.clone()),
            },
            certificates: facts
                .certificates
                .iter()
                .map(|certificate| Installed {
                    facts: certificate.clone(),
                    services: certificate.services,
                    web_sites: match &bindings {
                        Some(bindings) => Some(sites(bindings, &certificate.thumbprint)),
                        None => certificate.web_sites.clone(),
                    },
                    gained: 0,
                })
                .collect(),
            connectors: facts
                .connectors
                .iter()
                .map(|connector| Named {
                    kind: connector.kind,
                    name: connector.name.clone(),
                    servers: connector.servers.clone(),
                    own: connector.kind == ConnectorKind::Receive,
                    found: false,
                    had_name: connector.tls_certificate_name.value().is_some(),
                    tls_certificate_name: connector
                        .tls_certificate_name
                        .value()
                        .map(|name| format!("<I>{}<S>{}", name.issuer, name.subject)),
                })
                .collect(),
            bindings,
            imap_name: facts.imap_certificate_name.value().cloned(),
            pop_name: facts.pop_certificate_name.value().cloned(),
            require_ssl: None,
            now: situation.now,
            may_lose: IIS | IMAP | POP,
            stopped: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            told_no: None,
            facts: facts.clone(),
        };
        let found: Vec<bool> = machine.connectors.iter().map(|connector| machine.finds_readable(connector)).collect();
        machine.connectors.iter_mut().zip(found).for_each(|(connector, found)| connector.found = found);
        machine
    }

    /// As it was before the script, where its sites are not known.
    fn is_bound_to_back_end(&self, certificate: &Installed) -> bool {
        match &certificate.web_sites {
            Some(sites) => sites.contains(&EXCHANGE_BACK_END),
            None => {
                let is_it = |it: &CertificateFacts| it.thumbprint == certificate.facts.thumbprint;
                let place = self.facts.certificates.iter().position(is_it);
                place.is_some_and(|place| counted(&self.facts)[place].back_end == Some(true))
            }
        }
    }

    pub fn name(&self) -> &str {
        &self.facts.name
    }

    pub(super) fn is_edge(&self) -> bool {
        self.facts.is_edge()
    }

    /// What is shown of a certificate.
    pub fn shown(&self, thumbprint: &str) -> u8 {
        let certificate = self.certificates.iter().find(|installed| installed.facts.thumbprint == thumbprint);
        certificate.map_or(0, |installed| installed.services.unwrap_or(0) | installed.gained)
    }

    /// Ends what a script left undone: nothing may be.
    pub(super) fn end(&mut self) -> Result<(), String> {
        match self.stopped.first() {
            Some((computer, service)) => Err(format!("the script ends with {service} stopped on {computer}")),
            None => Ok(()),
        }
    }

    /// Runs a script to its end. After each of its commands, every service that had a certificate must have one,
    /// and every connector that found its certificate must find one.
    pub fn run(&mut self, script: &str) -> Result<(), Failure> {
        let items = read(script)?;
        let here = self.facts.name.clone();
        self.run_items(&items, &here)?;
        self.nothing_told()?;
        self.end().map_err(|what| Failure { line: script.lines().count(), column: 1, what })
    }

    pub(super) fn run_items(&mut self, items: &[Item], computer: &str) -> Result<(), Failure> {
        for item in items {
            match item {
                Item::Comment { line, text } => {
                    self.nothing_told()?;
                    if text.starts_with("# Answer No ") && text.contains("default SMTP certificate") {
                        let what = "the comment says to answer No, and nothing asks".to_owned();
                        self.told_no = Some(Failure { line: *line, column: 1, what });
                    }
                }
                Item::Pipeline(commands) => match commands.as_slice() {
                    [command] => {
                        let before = (self.served(), self.found());
                        self.call(&bind(command)?, computer)?;
                        self.nothing_told()?;
                        self.still_serves(&before).or_else(|what| command.fail(what))?;
                    }
                    [get, which, restart] => self.restart_running([get, which, restart], computer)?,
                    [first, ..] => return first.fail("a pipeline, which a script has no use for"),
                    [] => {}
                },
                Item::Assignment { line, .. } | Item::Expression { line, .. } | Item::Throw { line, .. } => {
                    let what = "a statement, which the script of one server has no use for".to_owned();
                    return Err(Failure { line: *line, column: 1, what });
                }
                Item::Scope(_) | Item::Finally { .. } | Item::Kept { .. } | Item::Copied { .. } | Item::Drain => {
                    let what = "what is pasted, which a script has no use for".to_owned();
                    return Err(Failure { line: 1, column: 1, what });
                }
            }
        }
        Ok(())
    }

    fn nothing_told(&mut self) -> Result<(), Failure> {
        self.told_no.take().map_or(Ok(()), Err)
    }

    fn call(&mut self, call: &Call<'_>, computer: &str) -> Result<(), Failure> {
        let is_exchange = !matches!(
            call.cmdlet,
            "Stop-Service" | "Start-Service" | "Restart-Service" | "Invoke-Command" | "iisreset" | "Remove-Item"
        );
        if is_exchange && !self.is_here(computer) {
            return call.command.fail("a cmdlet of Exchange is not there in a session on another computer");
        }
        if call.on_server {
            self.check_server(call)?;
        }
        match call.cmdlet {
            "Enable-ExchangeCertificate" => self.enable(call),
            "Remove-ExchangeCertificate" => self.remove(call),
            "Remove-Item" => self.remove_from_store(call, computer),
            "Set-SendConnector" => self.rename(call, ConnectorKind::Send),
            "Set-ReceiveConnector" => self.rename(call, ConnectorKind::Receive),
            "Set-HybridConfiguration" => self.rename(call, ConnectorKind::Hybrid),
            "Set-ImapSettings" => self.set_certificate_name(call, IMAP),
            "Set-PopSettings" => self.set_certificate_name(call, POP),
            "Stop-Service" | "Start-Service" | "Restart-Service" => self.control_services(call, computer),
            "iisreset" => Ok(()),
            "Invoke-Command" => {
                let on = call.text("ComputerName")?;
                match call.value("ScriptBlock")? {
                    Value::Block(items) => self.run_items(items, on),
                    _ => call.command.fail("-ScriptBlock is no block"),
                }
            }
            _ => call.command.fail("has no place in a script"),
        }
    }

    fn check_server(&self, call: &Call<'_>) -> Result<(), Failure> {
        if self.facts.is_edge() {
            return if call.has("Server") { call.command.fail("an Edge server knows no -Server") } else { Ok(()) };
        }
        let server = call.text("Server")?;
        if server == self.facts.name { Ok(()) } else { call.command.fail(format!("is for another server: {server}")) }
    }

    fn rename(&mut self, call: &Call<'_>, kind: ConnectorKind) -> Result<(), Failure> {
        let identity = (kind != ConnectorKind::Hybrid).then(|| call.text("Identity")).transpose()?;
        // The identity of a Receive connector has its server before its name.
        let is_called = |connector: &Named, identity: &str| {
            let rest = identity.split_once('\\').filter(|_| kind == ConnectorKind::Receive).map(|(_, rest)| rest);
            connector.name == identity || rest == Some(connector.name.as_str())
        };
        let named = |connector: &Named| {
            connector.kind == kind && identity.is_none_or(|identity| is_called(connector, identity))
        };
        let Some(place) = self.connectors.iter().position(named) else {
            return call.command.fail("there is no such connector");
        };
        self.connectors[place].tls_certificate_name = match call.value("TlsCertificateName")? {
            Value::Null => None,
            _ => Some(call.text("TlsCertificateName")?.to_owned()),
        };
        let connector = &self.connectors[place];
        if connector.tls_certificate_name.is_some() && !self.finds_any(connector) {
            return call.command.fail("no installed certificate has this name");
        }
        Ok(())
    }

    fn set_certificate_name(&mut self, call: &Call<'_>, service: u8) -> Result<(), Failure> {
        let name = call.text("X509CertificateName")?;
        let has_name = |installed: &Installed| covered(&installed.facts.domains(), name);
        if !self.certificates.iter().any(has_name) {
            return call.command.fail("no installed certificate has this name");
        }
        let shown = if service == IMAP { &mut self.imap_name } else { &mut self.pop_name };
        *shown = Some(name.to_owned());
        Ok(())
    }

    /// Restarts those of some services that run.
    fn restart_running(&mut self, commands: [&Command; 3], computer: &str) -> Result<(), Failure> {
        let [get, which, restart] = commands.map(bind);
        let (get, which, restart) = (get?, which?, restart?);
        let is_running = which.text("Property")? == "Status" && which.text("eq")? == "Running";
        if [get.cmdlet, which.cmdlet, restart.cmdlet] != ["Get-Service", "Where-Object", "Restart-Service"]
            || !is_running
        {
            return get.command.fail("a pipeline, which a script has no use for");
        }
        self.control_services(&get, computer)
    }

    fn control_services(&mut self, call: &Call<'_>, computer: &str) -> Result<(), Failure> {
        for service in call.words("Name")? {
            if !self.has_windows_service(computer, service) {
                return call.command.fail(format!("{computer} has no service {service}"));
            }
            let key = (self.key(computer), service.to_owned());
            // It does nothing where the service is so already.
            match call.cmdlet {
                "Stop-Service" => self.stopped.insert(key),
                "Start-Service" => self.stopped.remove(&key),
                _ => true,
            };
        }
        Ok(())
    }

    fn place(&self, call: &Call<'_>) -> Result<usize, Failure> {
        self.place_of(call, call.text("Thumbprint")?)
    }

    fn place_of(&self, call: &Call<'_>, thumbprint: &str) -> Result<usize, Failure> {
        match self.certificates.iter().position(|installed| installed.facts.thumbprint == thumbprint) {
            Some(place) => Ok(place),
            None => call.command.fail(format!("no certificate {thumbprint} is installed")),
        }
    }

    fn is_here(&self, computer: &str) -> bool {
        let this = |name: &str| name.to_lowercase() == computer.to_lowercase();
        this(&self.facts.name) || self.facts.fqdn.as_deref().is_some_and(this)
    }

    /// One spelling for each computer.
    fn key(&self, computer: &str) -> String {
        if self.is_here(computer) { self.facts.name.to_lowercase() } else { computer.to_lowercase() }
    }

    fn runs(&self, computer: &str, service: &str) -> bool {
        !self.stopped.contains(&(self.key(computer), service.to_owned()))
    }

    fn has_windows_service(&self, computer: &str, service: &str) -> bool {
        if !self.is_here(computer) {
            return service == TRANSPORT;
        }
        let hosted = self.facts.hosted();
        match service {
            // A server that is a Client Access server alone has the front end of transport.
            TRANSPORT => self.facts.roles != [Role::ClientAccess],
            "MSExchangeUM" => hosted & UM != 0,
            "MSExchangeUMCR" => hosted & UM_CALL_ROUTER != 0,
            // On 2013 the front end runs with Client Access and the back end with Mailbox; §5.1 and §5.2 name both
            // always, and `Restart-Service` restarts those that are there.
            "MSExchangeIMAP4" | "MSExchangeIMAP4BE" => hosted & IMAP != 0,
            "MSExchangePOP3" | "MSExchangePOP3BE" => hosted & POP != 0,
            _ => false,
        }
    }

    /// The hosted services that some certificate has.
    fn served(&self) -> u8 {
        let of_certificates =
            self.certificates.iter().fold(0, |all, installed| all | installed.services.unwrap_or(0) | installed.gained);
        of_certificates & self.facts.hosted() & !FEDERATION
    }

    /// Which connectors find a certificate.
    fn found(&self) -> Vec<bool> {
        self.connectors.iter().map(|connector| self.finds_any(connector)).collect()
    }

    fn finds_any(&self, connector: &Named) -> bool {
        self.certificates.iter().any(|installed| connector.finds(&installed.facts))
    }

    /// SMTP lets transport read the key.
    fn finds_readable(&self, connector: &Named) -> bool {
        let is_readable = |it: &Installed| it.services.is_none_or(|services| (services | it.gained) & SMTP != 0);
        self.certificates.iter().any(|it| is_readable(it) && connector.finds(&it.facts))
    }

    fn still_serves(&self, (served, found): &(u8, Vec<bool>)) -> Result<(), String> {
        let lost = served & !self.served() & !self.may_lose;
        if lost != 0 {
            return Err(format!("services are left without a certificate: {lost:#b}"));
        }
        for (connector, found) in self.connectors.iter().zip(found) {
            // Receive connectors of other servers are those servers' own.
            let is_elsewhere = connector.kind == ConnectorKind::Receive
                && !connector.servers.is_empty()
                && !connector.servers.iter().any(|server| server.eq_ignore_ascii_case(&self.facts.name));
            if self.finds_any(connector) || is_elsewhere {
                continue;
            }
            let is_without = connector.had_name && connector.tls_certificate_name.is_none();
            let waits = connector.kind == ConnectorKind::Send && is_without;
            if *found && !waits {
                return Err(format!("{} is left without a certificate", connector.name));
            }
            // While a Send connector names none, its mail would go out without the certificate.
            let sends =
                |computer: &str| (connector.own || self.is_reachable(computer)) && self.runs(computer, TRANSPORT);
            let here = [self.facts.name.clone()];
            let servers = if connector.servers.is_empty() { &here[..] } else { &connector.servers };
            if waits && servers.iter().any(|server| sends(server)) {
                return Err(format!("{} sends without a certificate", connector.name));
            }
        }
        Ok(())
    }
}

impl Installed {
    fn lose(&mut self, service: u8) {
        self.services = self.services.map(|had| had & !service);
        self.gained &= !service;
    }
}

impl Named {
    fn finds(&self, certificate: &CertificateFacts) -> bool {
        let name = format!("<I>{}<S>{}", certificate.issuer, certificate.subject);
        self.tls_certificate_name.as_ref().is_some_and(|named| named.to_lowercase() == name.to_lowercase())
    }
}
