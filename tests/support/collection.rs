//! A writer of what the collection script writes: its records, with their properties as notes.
#![allow(dead_code, clippy::unwrap_used)]

use crate::support::export::{EXCHANGE_SERVER, Element, Node, document};

/// The nine cmdlets that tell the names of clients.
pub const CLIENT_NAMES: [&str; 9] = [
    "Get-OwaVirtualDirectory",
    "Get-EcpVirtualDirectory",
    "Get-WebServicesVirtualDirectory",
    "Get-ActiveSyncVirtualDirectory",
    "Get-OabVirtualDirectory",
    "Get-AutodiscoverVirtualDirectory",
    "Get-OutlookAnywhere",
    "Get-MapiVirtualDirectory",
    "Get-ClientAccessService",
];

/// The cmdlets that the organisation is asked by.
pub const ORGANIZATION: [&str; 6] = [
    "Get-ExchangeServer",
    "Get-SendConnector",
    "Get-HybridConfiguration",
    "Get-AuthConfig",
    "Get-FederationTrust",
    "Get-EdgeSubscription",
];

fn record(class: &str) -> Element {
    Element::new(&[&format!("ExchangeCertificates.{class}"), "System.Management.Automation.PSCustomObject"])
}

fn text(text: Option<&str>) -> Node {
    text.map_or(Node::Nil, Node::text)
}

fn number(number: i64) -> Node {
    Node::Primitive("I32", number.to_string())
}

pub fn list(items: Vec<Node>) -> Node {
    Node::Object(Element::new(&["System.Object[]", "System.Array", "System.Object"]).list("LST", items))
}

/// A file that says when it was collected, and on which Edge Transport server.
#[derive(Clone, Debug)]
pub struct Collection {
    pub elements: Vec<Element>,
}

impl Collection {
    pub fn new(collected: &str, edge: Option<&str>) -> Self {
        Self::of_format(3, collected, edge)
    }

    pub fn of_format(format: i64, collected: &str, edge: Option<&str>) -> Self {
        let first = record("Collection")
            .note("Format", number(format))
            .note("Collected", Node::Primitive("DT", collected.to_owned()))
            .note("Edge", text(edge));
        Self { elements: vec![first] }
    }

    pub fn with(mut self, element: Element) -> Self {
        self.elements.push(element);
        self
    }

    /// A question that was answered with so many objects.
    pub fn read(self, server: Option<&str>, cmdlet: &str, count: i64) -> Self {
        self.with(question(server, cmdlet, None, "read", count, ""))
    }

    /// Questions that were answered with nothing.
    pub fn all_read(self, server: Option<&str>, cmdlets: &[&str]) -> Self {
        cmdlets.iter().fold(self, |collection, cmdlet| collection.read(server, cmdlet, 0))
    }

    pub fn failed(self, server: Option<&str>, cmdlet: &str, message: &str) -> Self {
        self.with(question(server, cmdlet, None, "failed", 0, message))
    }

    /// A server as Get-ExchangeServer gives it.
    pub fn server(self, name: &str, build: &str, role: &str) -> Self {
        self.with(
            Element::new(EXCHANGE_SERVER)
                .text("Name", name)
                .text("Fqdn", &format!("{}.contoso.com", name.to_lowercase()))
                .printed("AdminDisplayVersion", build)
                .property("ServerRole", Node::text(role)),
        )
    }

    pub fn file(&self) -> Vec<u8> {
        document(&self.elements).into_bytes()
    }
}

pub fn question(
    server: Option<&str>,
    cmdlet: &str,
    about: Option<&str>,
    outcome: &str,
    count: i64,
    message: &str,
) -> Element {
    record("Question")
        .note("Server", text(server))
        .note("Cmdlet", Node::text(cmdlet))
        .note("About", text(about))
        .note("Outcome", Node::text(outcome))
        .note("Count", number(count))
        .note("Message", Node::text(message))
}

/// A certificate that a server gave, with nothing beside its bytes.
pub fn certificate(server: &str, der: Vec<u8>) -> Element {
    record("Certificate").note("Server", Node::text(server)).note("RawData", Node::Bytes(der))
}

pub fn selection(server: &str, fqdn: &str, thumbprints: &[String]) -> Element {
    record("Selection")
        .note("Server", Node::text(server))
        .note("Fqdn", Node::text(fqdn))
        .note("Thumbprints", list(thumbprints.iter().map(|thumbprint| Node::text(thumbprint)).collect()))
}

pub fn web_binding(server: &str, protocol: &str, site: u32, information: &str, hash: Node) -> Element {
    let path = format!("/system.applicationHost/sites/site[@name='Default Web Site' and @id='{site}']");
    record("WebBinding")
        .note("Server", Node::text(server))
        .note("protocol", Node::text(protocol))
        .note("bindingInformation", Node::text(information))
        .note("certificateHash", hash)
        .note("certificateStoreName", Node::text("My"))
        .note("sslFlags", number(0))
        .note("ItemXPath", Node::text(&path))
}

/// What the probe script saw at a port; nothing where there is no thumbprint.
pub fn presented(server: &str, endpoint: Option<&str>, port: i64, thumbprint: Option<&str>) -> Element {
    let address = format!("{}.contoso.com", server.to_lowercase());
    record("Presented")
        .note("Server", Node::text(server))
        .note("Endpoint", text(endpoint))
        .note("Address", Node::text(&address))
        .note("Port", number(port))
        .note("Name", Node::text(&address))
        .note("State", Node::text(if thumbprint.is_some() { "seen" } else { "not-seen" }))
        .note("Thumbprint", text(thumbprint))
        .note("Message", Node::text(if thumbprint.is_some() { "" } else { "no answer" }))
}
