//! The unattended script: a plan as one PowerShell file that a scheduler runs with nobody there.

mod about;
mod data;
mod facts;
mod ports;
mod scope;
mod steps;
mod text;

use std::time::SystemTime;

use self::data::{Computer, Data};
use self::scope::{Part, Scope};
use crate::fleet::{Fleet, RolloutPlan};
use crate::plan::{NoPlan, Plan};
use crate::powershell::is_plain_word;
use crate::script;
use crate::server::{Connector, LoadBalancing, Server};
use crate::text::shown;

/// A plan as PowerShell that is run unattended: one file, and one more for each Edge Transport server, which is reached
/// from itself alone. Those come first, and each file names the others.
///
/// ```
/// # use std::time::SystemTime;
/// use exchange_certificates::{DeploymentOptions, Fleet, NoDeployment, RolloutPlan};
///
/// # fn written(fleet: &Fleet, plan: &RolloutPlan, now: SystemTime) -> Result<(), Box<dyn std::error::Error>> {
/// let deployment = plan.deployment(fleet, now, &DeploymentOptions::new())?;
/// for file in deployment.files() {
///     std::fs::write(format!("renew{}.ps1", file.suffix()), file.bytes())?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    files: Vec<DeploymentFile>,
}

/// One script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentFile {
    suffix: String,
    server: Option<String>,
    text: String,
}

/// What is known beside the plan.
///
/// ```
/// use exchange_certificates::{DeploymentOptions, Request, Scenario, Service, Thumbprint, plan};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
///
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let plan = plan(&server, &Request::assign(mail, Service::IIS), now)?;
/// let options = DeploymentOptions::new().with_name("assign-mail");
/// assert_eq!(plan.deployment(&server, now, &options)?.files().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentOptions {
    balancer_ready: bool,
    is_imported: bool,
    name: String,
}

/// Why no script is written.
///
/// ```
/// use exchange_certificates::{DeploymentOptions, LoadBalancing, NoDeployment, Request, Scenario, Service, Thumbprint, plan};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
///
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let server = server.with_load_balancing(LoadBalancing::Layer7);
/// let plan = plan(&server, &Request::assign(mail, Service::IIS), now)?;
/// let refused = plan.deployment(&server, now, &DeploymentOptions::new());
/// assert!(matches!(refused, Err(NoDeployment::Balancer { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoDeployment {
    /// The request is refused, for a server or as a whole.
    #[error("the request is refused")]
    Refused,
    /// It takes an answer first.
    #[error("a decision is open")]
    Undecided,
    /// The servers are not those any more that it was planned for.
    #[error("the servers have changed since it was planned: it comes to something else now")]
    Stale,
    /// A layer-7 load balancer would present another certificate than the server behind it, which Extended Protection
    /// refuses.
    #[error("{} is behind a layer-7 load balancer: give it the certificate first, and say that it has it", shown(.server))]
    Balancer {
        /// The server.
        server: String,
    },
    /// The partner of a connector of the hybrid configuration expects a domain that the new certificate lacks.
    #[error(
        "{} takes mail to Exchange Online by {}, which the new certificate lacks (550 5.7.51): change what is expected \
         there first", shown(.connector), shown(.domain)
    )]
    HybridDomain {
        /// The connector.
        connector: String,
        /// The first domain of its present certificate.
        domain: String,
    },
}

impl DeploymentOptions {
    /// Nothing is known beside the plan.
    pub fn new() -> Self {
        Self { balancer_ready: false, is_imported: false, name: "deployment".to_owned() }
    }

    /// Says that a layer-7 load balancer presents the new certificate already.
    #[must_use]
    pub fn with_balancer_ready(mut self, ready: bool) -> Self {
        self.balancer_ready = ready;
        self
    }

    /// Says that the certificate was given to the server for the plan alone: the script imports it. A rollout knows that
    /// by itself.
    #[must_use]
    pub fn with_import(mut self, is_imported: bool) -> Self {
        self.is_imported = is_imported;
        self
    }

    /// The name of the main file without its ending, by which the files name each other.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

impl Default for DeploymentOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl Deployment {
    /// The files, in the order in which they are run: those of Edge Transport servers first.
    pub fn files(&self) -> &[DeploymentFile] {
        &self.files
    }
}

impl DeploymentFile {
    /// What its name has beside that of the main file: empty for that one, `-EDGE01` for an Edge Transport server.
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// The Edge Transport server that it is run on; `None` where it is run on any server of the others.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// The script, its lines ended as Windows ends them.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file: UTF-8 with a byte order mark, without which Windows PowerShell takes it for another encoding.
    pub fn bytes(&self) -> Vec<u8> {
        script::marked(&self.text)
    }
}

impl Plan {
    /// The plan as PowerShell that is run unattended. The server is the one that it was made for.
    ///
    /// # Errors
    ///
    /// A [`NoDeployment`] if the request comes to something else there by now, or something is to be done first.
    pub fn deployment(
        &self,
        server: &Server,
        now: SystemTime,
        options: &DeploymentOptions,
    ) -> Result<Deployment, NoDeployment> {
        self.still_holds(server, now).map_err(|no_plan| match no_plan {
            NoPlan::Refused(_) => NoDeployment::Refused,
            NoPlan::DecisionRequired(_) => NoDeployment::Undecided,
            NoPlan::Stale(_) => NoDeployment::Stale,
        })?;
        let scope = Scope::of_plan(self, server, now, options.is_imported);
        check(&scope, options)?;
        Ok(Deployment { files: vec![file(&scope, String::new(), &[], None, now)] })
    }

    /// The short script of [`blocks`](Self::blocks) as a file: UTF-8 with a byte order mark, and lines ended as Windows
    /// ends them. Where the default SMTP certificate is to be kept, it asks.
    pub fn script_file(&self) -> Vec<u8> {
        script::file(self.blocks())
    }
}

impl RolloutPlan {
    /// The rollout, or the renewal, as PowerShell that is run unattended. The fleet is the one that it was made for.
    ///
    /// # Errors
    ///
    /// A [`NoDeployment`] if a server refuses, is to be asked first, or the whole comes to something else by now, or
    /// something is to be done first.
    pub fn deployment(
        &self,
        fleet: &Fleet,
        now: SystemTime,
        options: &DeploymentOptions,
    ) -> Result<Deployment, NoDeployment> {
        if self.is_refused() {
            return Err(NoDeployment::Refused);
        }
        if !self.is_complete() {
            return Err(NoDeployment::Undecided);
        }
        if !self.still_holds(fleet, now) {
            return Err(NoDeployment::Stale);
        }
        let fleet = self.with_imports(fleet);
        let scopes = Scope::of_rollout(self, &fleet, now);
        scopes.iter().try_for_each(|scope| check(scope, options))?;
        let suffixes: Vec<_> = scopes.iter().enumerate().map(|(place, scope)| suffix(scope, place)).collect();
        let twins: Vec<_> = scopes
            .iter()
            .zip(&suffixes)
            .filter_map(|(scope, suffix)| {
                Some((scope.edge()?.name().to_owned(), format!("{}{suffix}.ps1", options.name)))
            })
            .collect();
        let main = scopes.iter().any(|scope| scope.edge().is_none()).then(|| format!("{}.ps1", options.name));
        let files = scopes.iter().zip(&suffixes).map(|(scope, suffix)| {
            let own = scope.edge().map(Server::name);
            let others: Vec<_> = twins.iter().filter(|(server, _)| Some(server.as_str()) != own).cloned().collect();
            file(scope, suffix.clone(), &others, main.as_deref(), now)
        });
        Ok(Deployment { files: files.collect() })
    }

    /// The short script of [`blocks`](Self::blocks) as a file: UTF-8 with a byte order mark, and lines ended as Windows
    /// ends them. What is for an Edge Transport server is done where the file is run there, and nothing else.
    pub fn script_file(&self) -> Vec<u8> {
        script::file(self.blocks())
    }
}

/// What the name of a file has beside that of the main file.
fn suffix(scope: &Scope<'_>, place: usize) -> String {
    match scope.edge().map(Server::name) {
        None => String::new(),
        Some(name) if is_plain_word(name) => format!("-{name}"),
        Some(_) => format!("-EDGE-{}", place + 1),
    }
}

/// Whether something is to be done elsewhere first.
fn check(scope: &Scope<'_>, options: &DeploymentOptions) -> Result<(), NoDeployment> {
    if let (Some(part), false) = (scope.is_behind(LoadBalancing::Layer7), options.balancer_ready) {
        return Err(NoDeployment::Balancer { server: part.server.name().to_owned() });
    }
    let new = scope.parts.iter().find_map(Part::new_certificate);
    let of_organization = scope.moved.iter().map(|moved| moved.connector);
    let of_servers = scope.parts.iter().flat_map(|part| part.plan.change().renames()).map(|rename| rename.connector());
    for connector in of_organization.chain(of_servers) {
        let expected = expected(scope, connector);
        if let (Some(domain), Some(new)) = (expected, new)
            && !new.has_domain(&domain)
        {
            return Err(NoDeployment::HybridDomain { connector: connector.name().to_owned(), domain });
        }
    }
    Ok(())
}

/// The domain that Exchange Online expects of a connector.
fn expected(scope: &Scope<'_>, connector: &Connector) -> Option<String> {
    if connector.cloud_services_mail_enabled() != Some(true) {
        return None;
    }
    let name = connector.tls_certificate_name().value()?;
    let installed = scope.parts.iter().find_map(|part| part.server.inventory().named(name).next())?;
    installed.first_domain().map(|domain| domain.into_owned())
}

/// The script of a scope. The others are those of Edge Transport servers, and the main one.
fn file(
    scope: &Scope<'_>,
    suffix: String,
    others: &[(String, String)],
    main: Option<&str>,
    planned: SystemTime,
) -> DeploymentFile {
    let facts = facts::of(scope);
    let steps = steps::of(scope, &facts);
    let (ports, unseen) = ports::of(scope);
    let data = Data {
        about: about::lines(scope, others, main),
        new: scope.new.to_string(),
        // What Windows calls the computer is the first label of its name.
        edge: scope.edge().and_then(|edge| edge.name().split('.').next()).unwrap_or_default().to_owned(),
        twins: if scope.edge().is_none() { others.to_vec() } else { Vec::new() },
        servers: computers(scope),
        names: scope.names().iter().map(ToString::to_string).collect(),
        is_behind_layer4: scope.is_behind(LoadBalancing::Layer4).is_some(),
        restarts: steps::restarts(scope, &steps),
        removals: steps::removals(scope, &facts),
        facts,
        ports,
        unseen,
        steps,
    };
    let top = about::top(scope, &data, planned.into());
    let server = scope.edge().map(|edge| edge.name().to_owned());
    DeploymentFile { suffix, server, text: text::script(&top, &data) }
}

/// The servers that the script reaches: those with a plan, and those on which transport is stopped beside them.
fn computers(scope: &Scope<'_>) -> Vec<Computer> {
    let planned = scope.parts.iter().map(|part| Computer {
        server: part.server.name().to_owned(),
        address: part.address().to_owned(),
        old: part.old().map(|old| old.thumbprint()),
        is_outside: part.old().is_some_and(|old| !old.is_current(scope.now)),
        has_default: part.has_transport(),
    });
    let mut computers: Vec<_> = planned.collect();
    for name in scope.transport_servers() {
        if !computers.iter().any(|known| crate::text::same(&known.server, &name)) {
            let server = scope.fleet.and_then(|fleet| fleet.get(&name));
            let address = server.and_then(Server::fqdn).unwrap_or(&name).to_owned();
            computers.push(Computer { server: name, address, old: None, is_outside: false, has_default: true });
        }
    }
    computers
}
