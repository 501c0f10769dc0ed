//! Organisations for the stand-in of Exchange, and the situations in which the collection script meets them.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::Thumbprint;
use serde_json::{Value, json};

use super::export::Serialized;
use super::factory::CertificateFactory;

pub const DIRECTORIES: [(&str, &str); 8] = [
    ("Get-OwaVirtualDirectory", "ADOwaVirtualDirectory"),
    ("Get-EcpVirtualDirectory", "ADEcpVirtualDirectory"),
    ("Get-WebServicesVirtualDirectory", "ADWebServicesVirtualDirectory"),
    ("Get-ActiveSyncVirtualDirectory", "ADMobileVirtualDirectory"),
    ("Get-OabVirtualDirectory", "ADOabVirtualDirectory"),
    ("Get-AutodiscoverVirtualDirectory", "ADAutodiscoverVirtualDirectory"),
    ("Get-MapiVirtualDirectory", "ADMapiVirtualDirectory"),
    ("Get-OutlookAnywhere", "ADRpcHttpVirtualDirectory"),
];

/// What the stand-in takes; `exchange.psm1` describes it.
#[derive(Clone, Debug)]
pub struct Organization(pub Value);

/// A certificate of a server with what Exchange knows of it.
#[derive(Clone, Debug)]
pub struct Held {
    pub der: Vec<u8>,
    pub services: i32,
    pub status: i32,
    pub root_ca_type: i32,
    pub friendly_name: Option<String>,
    /// The type of the private key's provider, 0 for a key storage provider; none without a private key.
    pub provider: Option<u32>,
    pub sites: Vec<u32>,
}

impl Held {
    pub fn new(name: &str, services: i32) -> Self {
        Self::of(&CertificateFactory::new(name), services)
    }

    pub fn of(factory: &CertificateFactory, services: i32) -> Self {
        Self {
            der: factory.build_der(),
            services,
            status: 1,
            root_ca_type: 3,
            friendly_name: Some("mail 2026".to_owned()),
            provider: Some(12),
            sites: if services & 8 == 0 { Vec::new() } else { vec![1] },
        }
    }

    pub fn at(self, sites: &[u32]) -> Self {
        Self { sites: sites.to_vec(), ..self }
    }

    pub fn thumbprint(&self) -> String {
        Thumbprint::of(&self.der).to_string()
    }

    pub fn serialized(&self, server: &str) -> Vec<u8> {
        let identity = format!("{}.contoso.com\\{}", server.to_lowercase(), self.thumbprint());
        Serialized {
            der: self.der.clone(),
            friendly_name: self.friendly_name.clone(),
            provider: self.provider,
            services: self.services,
            status: self.status,
            root_ca_type: self.root_ca_type,
            sites: self.sites.clone(),
            identity,
        }
        .bytes()
    }

    pub fn json(&self, server: &str) -> Value {
        json!({
            "der": STANDARD.encode(&self.der), "thumbprint": self.thumbprint(), "services": self.services,
            "status": self.status, "root_ca_type": self.root_ca_type, "friendly_name": self.friendly_name,
            "has_private_key": self.provider.is_some(), "provider": self.provider, "sites": self.sites,
            "serialization_data": STANDARD.encode(self.serialized(server)),
        })
    }
}

/// An object of a type of `Microsoft.Exchange.Data.Directory`.
pub fn object(class: &str, properties: Value) -> Value {
    json!({ "type": format!("Microsoft.Exchange.Data.Directory.{class}"), "properties": properties })
}

pub fn send_connector(name: &str, fqdn: Value, servers: &[&str]) -> Value {
    let tls = "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=mail.contoso.com, O=Contoso, C=US";
    object(
        "SystemConfiguration.SmtpSendConnectorConfig",
        json!({ "Name": name, "Fqdn": fqdn, "SourceTransportServers": servers, "TlsCertificateName": tls, "Enabled": true }),
    )
}

pub fn receive_connector(server: &str, name: &str, fqdn: Value) -> Value {
    object(
        "SystemConfiguration.ReceiveConnector",
        json!({ "Name": name, "Identity": format!("{server}\\{name}"), "Server": { "prints": server }, "Fqdn": fqdn,
            "TlsCertificateName": null, "AuthMechanism": "Tls, ExchangeServer", "TransportRole": 16384,
            "Bindings": ["[::]:25", "0.0.0.0:25"] }),
    )
}

/// The version of a server as it prints, and its roles.
#[derive(Clone, Copy, Debug)]
pub struct Kind(pub &'static str, pub &'static str);

pub const OF_2010: Kind = Kind("Version 14.3 (Build 123.4)", "Mailbox, ClientAccess, HubTransport");
pub const OF_2013: Kind = Kind("Version 15.0 (Build 1497.2)", "Mailbox, ClientAccess");
pub const OF_2016: Kind = Kind("Version 15.1 (Build 2507.6)", "Mailbox");
pub const OF_2019: Kind = Kind("Version 15.2 (Build 1544.4)", "Mailbox");
pub const OF_SE: Kind = Kind("Version 15.2 (Build 2562.17)", "Mailbox");
pub const EDGE: Kind = Kind("Version 15.2 (Build 1544.4)", "Edge");

impl Organization {
    /// MBX01 (2016), MBX02 (2019) and EDGE01, asked from the shell of MBX01 in a remote session.
    pub fn new() -> Self {
        let mut all = Self::empty("2016", "MBX01")
            .server("MBX01", OF_2016)
            .server("MBX02", OF_2019)
            .server("EDGE01", EDGE)
            .answer("Get-AuthConfig", "", object(
                "SystemConfiguration.AuthConfig",
                json!({ "CurrentCertificateThumbprint": Held::new("Auth", 16).thumbprint(), "NextCertificateThumbprint": null }),
            ))
            .answer("Get-HybridConfiguration", "", object(
                "SystemConfiguration.HybridConfiguration",
                json!({ "Name": "Hybrid Configuration", "TlsCertificateName": null, "SendingTransportServers": ["MBX01"] }),
            ))
            .answer("Get-FederationTrust", "", object(
                "SystemConfiguration.FederationTrust",
                json!({ "Name": "Microsoft Federation Gateway",
                    "OrgCertificate": { "der": STANDARD.encode(&Held::new("Federation", 32).der) } }),
            ))
            .answer("Get-EdgeSubscription", "", object(
                "SystemConfiguration.EdgeSubscription",
                json!({ "Name": "EDGE01", "Site": { "prints": "contoso.com/Configuration/Sites/Berlin" } }),
            ))
            .answer("Get-SendConnector", "", send_connector("Outbound", json!("mail.contoso.com"), &["MBX01"]))
            .answer("Get-SendConnector", "", send_connector("Partner", Value::Null, &["EDGE01"]));
        for server in ["MBX01", "MBX02", "EDGE01"] {
            all = all
                .certificate(server, &Held::new("mail.contoso.com", 1 | 2 | 8))
                .certificate(server, &Held::new(&format!("{server}.contoso.com"), 16));
        }
        let mail = Held::new("mail.contoso.com", 0).thumbprint();
        all.selection("MBX01", "mail.contoso.com", &[&mail]).selection(
            "MBX01",
            "mbx01.contoso.com",
            &[&Held::new("MBX01.contoso.com", 0).thumbprint(), &mail],
        )
    }

    pub fn empty(shell: &str, computer: &str) -> Self {
        Self(json!({ "shell": shell, "computer": computer, "form": "session", "servers": [], "answers": {},
            "certificates": {}, "selection": {}, "fails": [], "missing": [] }))
    }

    /// A server with everything that its kind answers, but for certificates.
    pub fn server(self, name: &str, kind: Kind) -> Self {
        let fqdn = format!("{}.contoso.com", name.to_lowercase());
        self.server_named(name, &fqdn, kind)
    }

    pub fn server_named(mut self, name: &str, fqdn: &str, Kind(version, roles): Kind) -> Self {
        let has = |role| roles.contains(role);
        let is_2013_or_2010 = version.contains("15.0") || version.contains("14.");
        let has_client_access = has("ClientAccess") || has("Mailbox") && !is_2013_or_2010;
        let has_um = has("Mailbox") && !version.contains("15.2");
        self.push("/servers", json!({ "name": name, "fqdn": fqdn, "edge": has("Edge") }));
        self = self.answer("Get-ExchangeServer", "", object(
            "Management.ExchangeServer",
            json!({ "Name": name, "Fqdn": fqdn, "AdminDisplayVersion": { "prints": version }, "ServerRole": roles,
                "Site": { "prints": "contoso.com/Configuration/Sites/Berlin" },
                "IsE15OrLater": !version.contains("14."), "IsEdgeServer": has("Edge"), "IsHubTransportServer": has("Mailbox"),
                "IsClientAccessServer": has_client_access, "IsUnifiedMessagingServer": has_um }),
        ));
        self = self.answer("Get-ReceiveConnector", name, receive_connector(name, "Default", Value::Null));
        if has("Mailbox") || has("Edge") {
            let default = Held::new(&format!("{name}.contoso.com"), 16).thumbprint();
            self = self.answer(
                "Get-TransportService",
                name,
                object(
                    "Management.TransportServer",
                    json!({ "Name": name, "InternalTransportCertificateThumbprint": default }),
                ),
            );
        }
        if has_um {
            self = self.answer(
                "Get-UMService",
                name,
                object("Management.UMServer", json!({ "Name": name, "UMStartupMode": "Dual" })),
            );
        }
        if has_client_access { self.client_access(name, is_2013_or_2010, version) } else { self }
    }

    fn client_access(mut self, name: &str, is_2013: bool, version: &str) -> Self {
        for (cmdlet, class) in
            [("Get-ImapSettings", "Imap4AdConfiguration"), ("Get-PopSettings", "Pop3AdConfiguration")]
        {
            self = self.answer(cmdlet, name, object(
                &format!("SystemConfiguration.{class}"),
                json!({ "Server": { "prints": name }, "Identity": format!("{name}\\1"), "X509CertificateName": "mail.contoso.com" }),
            ));
        }
        for (cmdlet, class) in DIRECTORIES {
            self = self.answer(
                cmdlet,
                name,
                object(
                    &format!("Management.{class}"),
                    json!({ "Server": { "prints": name }, "Identity": format!("{name}\\{class} (Default Web Site)"),
                    "InternalUrl": { "prints": "https://mail.contoso.com/x" }, "ExternalUrl": null }),
                ),
            );
        }
        let uri = json!({ "prints": "https://autodiscover.contoso.com/autodiscover/autodiscover.xml" });
        let access = object(
            "Management.ClientAccessServer",
            json!({ "Name": name, "Identity": name, "AutoDiscoverServiceInternalUri": uri }),
        );
        self =
            self.answer("Get-ClientAccessServer", name, access.clone()).answer("Get-ClientAccessService", name, access);
        if is_2013 || version.contains("15.1") {
            self = self.answer("Get-UMCallRouterSettings", name, object(
                "SystemConfiguration.SIPFEServerConfiguration",
                json!({ "UMStartupMode": "TLS",
                    "DistinguishedName": format!("CN=UMCallRouterSettings,CN={name},CN=Servers,CN=Contoso,DC=contoso,DC=com") }),
            ));
        }
        let hash = Held::new("mail.contoso.com", 0).thumbprint();
        self.binding(name, "https", "*:443:", &hash, 1).binding(name, "http", "*:80:", "", 1)
    }

    pub fn binding(self, server: &str, protocol: &str, information: &str, hash: &str, site: u32) -> Self {
        let path = format!("/system.applicationHost/sites/site[@name='Site' and @id='{site}']/bindings/binding");
        self.answer(
            "Get-WebBinding",
            server,
            json!({
                "type": "Microsoft.IIs.PowerShell.Framework.ConfigurationElement",
                "properties": { "protocol": protocol, "bindingInformation": information, "certificateHash": hash,
                    "certificateStoreName": if hash.is_empty() { "" } else { "My" }, "sslFlags": 0, "ItemXPath": path,
                    "isDsMapperEnabled": false },
            }),
        )
    }

    pub fn answer(mut self, cmdlet: &str, server: &str, object: Value) -> Self {
        let of_cmdlet = &mut self.0["answers"][cmdlet];
        if of_cmdlet.is_null() {
            *of_cmdlet = json!({});
        }
        match of_cmdlet[server].as_array_mut() {
            Some(objects) => objects.push(object),
            None => of_cmdlet[server] = json!([object]),
        }
        self
    }

    /// Gives the last object that a cmdlet answers another property.
    pub fn set(mut self, cmdlet: &str, server: &str, property: &str, value: Value) -> Self {
        let objects = self.0["answers"][cmdlet][server].as_array_mut().unwrap();
        objects.last_mut().unwrap()["properties"][property] = value;
        self
    }

    /// Without what a cmdlet would answer.
    pub fn without(mut self, cmdlet: &str) -> Self {
        self.0["answers"][cmdlet] = json!({});
        self
    }

    pub fn certificate(mut self, server: &str, held: &Held) -> Self {
        if self.0["certificates"][server].is_null() {
            self.0["certificates"][server] = json!([]);
        }
        self.0["certificates"][server].as_array_mut().unwrap().push(held.json(server));
        self
    }

    pub fn selection(mut self, server: &str, fqdn: &str, thumbprints: &[&str]) -> Self {
        self.0["selection"][server][fqdn] = json!(thumbprints);
        self
    }

    /// How certificates arrive.
    pub fn form(mut self, form: &str) -> Self {
        self.0["form"] = json!(form);
        self
    }

    pub fn from(mut self, shell: &str, computer: &str) -> Self {
        self.0["shell"] = json!(shell);
        self.0["computer"] = json!(computer);
        self
    }

    pub fn missing(mut self, cmdlet: &str) -> Self {
        self.push("/missing", json!(cmdlet));
        self
    }

    /// A cmdlet fails, of one server or of whichever.
    pub fn fails(self, cmdlet: &str, server: Option<&str>, how: &str) -> Self {
        self.fails_with(
            json!({ "cmdlet": cmdlet, "server": server, "how": how, "message": "The RPC server\r\n is unavailable." }),
        )
    }

    pub fn fails_with(mut self, failure: Value) -> Self {
        self.push("/fails", failure);
        self
    }

    fn push(&mut self, list: &str, value: Value) {
        self.0.pointer_mut(list).unwrap().as_array_mut().unwrap().push(value);
    }
}
