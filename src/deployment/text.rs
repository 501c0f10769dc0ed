//! The data of a script as literals of PowerShell.

use std::fmt::{Display, Write as _};

use super::data::{Data, Does, Port, Unit};
use crate::powershell::string;
use crate::thumbprint::Thumbprint;

/// How long a port may take to answer, and how long all of them to present what they are to.
const LIMIT: u32 = 5;
const WAIT: u32 = 120;

/// What every script has, around its own data.
const HEAD: &str = include_str!("head.ps1");
const REST: [&str; 4] =
    [include_str!("facts.ps1"), include_str!("look.ps1"), include_str!("steps.ps1"), include_str!("body.ps1")];

/// The whole script, with the words at its top that hold no input.
pub(super) fn script(top: &str, data: &Data) -> String {
    let mut text = format!("{top}{HEAD}{}", plan(data));
    REST.iter().for_each(|part| text.push_str(part));
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

fn plan(data: &Data) -> String {
    let mut text = String::from("$plan = @{\n");
    let mut line = |name: &str, value: String| text.push_str(&format!("    {name} = {value}\n"));
    line("About", lines(data.about.iter().map(|about| string(about).to_string())));
    line("New", string(&data.new).to_string());
    line("Edge", string(&data.edge).to_string());
    line("Twins", table("@{", data.twins.iter().map(|(server, file)| (server, string(file)))));
    let servers = data.servers.iter().map(|known| {
        let old = known.old.map(|old| old.to_string()).unwrap_or_default();
        let (address, old) = (string(&known.address), string(&old));
        let (outside, default) = (truth(known.is_outside), truth(known.has_default));
        let known_of_it = format!("@{{ Computer = {address}; Old = {old}; Outside = {outside}; Default = {default} }}");
        (&known.server, known_of_it)
    });
    let servers = servers.map(|(server, known)| format!("        {} = {known}\n", string(server)));
    line("Servers", format!("[ordered] @{{\n{}    }}", servers.collect::<String>()));
    line("Names", list(data.names.iter()));
    line("Layer4", truth(data.is_behind_layer4).to_owned());
    line("Limit", LIMIT.to_string());
    line("Wait", WAIT.to_string());
    let facts = data.facts.iter().map(|(fact, values)| {
        let values: Vec<_> = values.iter().map(|value| string(value).to_string()).collect();
        format!("        {} = {}\n", string(fact), values.join(", "))
    });
    line("Facts", format!("[ordered] @{{\n{}    }}", facts.collect::<String>()));
    line("Ports", lines(data.ports.iter().map(port)));
    let unseen = data.unseen.iter().map(|(server, endpoint)| {
        let (server, endpoint) = (string(server), string(endpoint));
        format!("@{{ Server = {server}; Endpoint = {endpoint} }}")
    });
    line("Unseen", lines(unseen));
    line("Steps", units(&data.steps, 4));
    let restarts = data.restarts.iter().map(|restart| {
        let (server, kind) = (string(&restart.server), string(restart.kind));
        let (services, after) = (list(restart.services.split(',')), list(restart.after.iter()));
        format!("@{{ Server = {server}; Kind = {kind}; Services = {services}; After = {after} }}")
    });
    line("Restarts", lines(restarts));
    line("Removals", units(&data.removals, 4));
    text.push_str("}\n");
    text
}

fn truth(is_so: bool) -> &'static str {
    if is_so { "$true" } else { "$false" }
}

fn list<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> String {
    let texts: Vec<_> = texts.map(|text| string(text.as_ref()).to_string()).collect();
    format!("@({})", texts.join(", "))
}

fn thumbprints(thumbprints: &[Thumbprint]) -> String {
    list(thumbprints.iter().map(ToString::to_string))
}

/// A list, an element a line.
fn lines(elements: impl Iterator<Item = String>) -> String {
    let elements: String = elements.map(|element| format!("        {element}\n")).collect();
    format!("@(\n{elements}    )")
}

fn table<K: AsRef<str>, V: Display>(begin: &str, entries: impl Iterator<Item = (K, V)>) -> String {
    let entries: Vec<_> = entries.map(|(key, value)| format!("{} = {value}", string(key.as_ref()))).collect();
    format!("{begin} {} }}", entries.join("; "))
}

fn port(port: &Port) -> String {
    let mut text = format!(
        "@{{ Server = {}; Endpoint = {}; Kind = {}; Address = {}; Port = {}; Name = {}; StartTls = {}; Before = {}; \
         After = {}",
        string(&port.server),
        string(&port.endpoint),
        string(port.kind),
        string(&port.address),
        port.port,
        string(&port.name),
        truth(port.kind == "smtp"),
        thumbprints(&port.before),
        thumbprints(&port.after),
    );
    port.late.iter().for_each(|late| text.push_str(&format!("; Late = {}", string(late))));
    text + " }"
}

fn units(units: &[Unit], depth: usize) -> String {
    let units: String = units.iter().map(|one| format!("{:1$}{2}\n", "", depth + 4, unit(one, depth + 4))).collect();
    format!("@(\n{units}{:1$})", "", depth)
}

fn unit(unit: &Unit, depth: usize) -> String {
    let mut text = String::from("@{ ");
    let mut part = |name: &str, value: &dyn Display| {
        let between = if text.len() > 3 { "; " } else { "" };
        // A text takes whatever is written into it.
        let _ = write!(text, "{between}{name} = {value}");
    };
    if !unit.id.is_empty() {
        part("Id", &string(&unit.id));
    }
    part("Server", &string(&unit.server));
    part("What", &string(&unit.what));
    unit.switch.iter().for_each(|switch| part("Switch", &string(switch)));
    if !unit.needs.is_empty() {
        part("Needs", &list(unit.needs.iter()));
    }
    unit.removes.iter().for_each(|removed| part("Removes", &string(&removed.to_string())));
    unit.or_else.iter().for_each(|id| part("Else", &string(id)));
    if !unit.gives.is_empty() {
        part("Gives", &table("@{", unit.gives.iter().map(|(fact, value)| (fact, string(value)))));
    }
    match &unit.does {
        Some(Does::Call(command)) => part("Call", &format_args!("{{ {command} }}")),
        Some(Does::Keep { former, may_give_back }) => {
            let former = former.map(|former| former.to_string()).unwrap_or_default();
            let former = string(&former);
            part("Keep", &format_args!("@{{ Former = {former}; Fallback = {} }}", truth(*may_give_back)));
        }
        Some(Does::Stop(service)) => part("Stop", &string(service)),
        Some(Does::Start(service)) => part("Start", &string(service)),
        None => {}
    }
    for (name, several) in [("Steps", &unit.steps), ("Finally", &unit.finally), ("Undo", &unit.undo)] {
        if !several.is_empty() {
            part(name, &units(several, depth));
        }
    }
    text + " }"
}
