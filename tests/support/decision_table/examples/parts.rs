//! The certificates, connectors and servers of the worked examples (ENDPOINTS §10).

use super::super::facts::*;

pub const MAIL: &str = "mail.contoso.com";
pub const ALL: u8 = IMAP | POP | IIS | SMTP;

/// A date as Unix seconds.
pub const fn date(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the day that comes and goes is the last of a year.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    (days + (153 * month + 2) / 5 + day - 1 - 719_468) * 86_400
}

pub const NOW: i64 = date(2026, 11, 24);

/// A certificate, and what the examples call it.
#[derive(Clone)]
pub struct Lettered {
    pub letter: &'static str,
    pub facts: CertificateFacts,
}

impl Lettered {
    fn new(letter: &'static str, place: u8, issuer: &str, common_name: &str, also: &[&str]) -> Self {
        let subject = format!("CN={common_name}");
        let facts = CertificateFacts {
            // In the order of the letters.
            thumbprint: format!("{place:040X}"),
            self_signed: issuer == subject,
            issuer: issuer.to_owned(),
            subject,
            common_names: vec![common_name.to_owned()],
            dns_names: Extension::Present(also.iter().map(|it| (*it).to_owned()).collect()),
            status: Some(Status::Valid),
            services: Some(0),
            web_sites: Some(Vec::new()),
            ..CertificateFacts::default()
        };
        Self { letter, facts }
    }

    fn valid(mut self, from: i64, until: i64) -> Self {
        (self.facts.not_before, self.facts.not_after) = (from, until);
        self
    }

    pub fn with(mut self, services: u8, sites: &[u32]) -> Self {
        self.facts.services = Some(services);
        self.facts.web_sites = Some(sites.to_vec());
        self
    }

    pub fn but(mut self, change: fn(&mut CertificateFacts)) -> Self {
        change(&mut self.facts);
        self
    }
}

pub fn s() -> Lettered {
    Lettered::new("S", 9, "CN=MBX01", "MBX01", &["MBX01", "mbx01.contoso.com"])
        .valid(date(2023, 1, 1), date(2028, 1, 1))
        .but(|it| it.friendly_name = Some("Microsoft Exchange".to_owned()))
}

pub fn p() -> Lettered {
    Lettered::new("P", 1, "CN=CA1", MAIL, &[MAIL, "autodiscover.contoso.com"])
        .valid(date(2026, 1, 10), date(2027, 2, 10))
}

pub fn p2() -> Lettered {
    Lettered::new("P2", 2, "CN=CA1", MAIL, &[MAIL, "autodiscover.contoso.com"])
        .valid(date(2026, 11, 1), date(2027, 12, 1))
}

pub fn p3() -> Lettered {
    Lettered::new("P3", 3, "CN=CA2", MAIL, &[MAIL]).valid(date(2026, 11, 1), date(2027, 12, 1))
}

/// 47 days.
pub fn p_short() -> Lettered {
    Lettered::new("P'", 4, "CN=CA1", MAIL, &[MAIL, "autodiscover.contoso.com"])
        .valid(date(2026, 11, 1), date(2026, 12, 18))
}

pub fn x() -> Lettered {
    Lettered::new("X", 5, "CN=CA1", MAIL, &[MAIL, "autodiscover.contoso.com"]).valid(date(2026, 6, 1), date(2026, 9, 1))
}

pub fn w() -> Lettered {
    Lettered::new("W", 6, "CN=CA1", "*.contoso.com", &[]).valid(date(2026, 3, 1), date(2027, 4, 1))
}

pub fn q() -> Lettered {
    Lettered::new("Q", 7, "CN=CA1", "owa.contoso.com", &[]).valid(date(2026, 3, 1), date(2027, 4, 1))
}

pub fn r() -> Lettered {
    Lettered::new("R", 8, "CN=CA1", "autodiscover.contoso.com", &[]).valid(date(2026, 3, 1), date(2027, 4, 1))
}

pub fn se() -> Lettered {
    Lettered::new("SE", 10, "CN=EDGE01", "EDGE01", &["EDGE01", "edge01.dmz.local"])
        .valid(date(2023, 1, 1), date(2028, 1, 1))
}

pub fn pe() -> Lettered {
    Lettered::new("PE", 11, "CN=CA1", "edge.contoso.com", &[]).valid(date(2026, 3, 1), date(2027, 4, 1))
}

pub fn name_of(certificate: &Lettered) -> Fact<CertificateName> {
    Fact::Value(CertificateName::of(&certificate.facts))
}

/// By the short names of the examples.
pub fn receive(name: &str, role: TransportRole) -> ConnectorFacts {
    ConnectorFacts {
        kind: ConnectorKind::Receive,
        name: name.to_owned(),
        fqdn: Fact::Value("mbx01.contoso.com".to_owned()),
        servers: vec!["MBX01".to_owned()],
        auth_mechanism: Some(vec!["Tls".to_owned()]),
        transport_role: Some(role),
        ..ConnectorFacts::default()
    }
}

pub fn send(name: &str) -> ConnectorFacts {
    ConnectorFacts {
        kind: ConnectorKind::Send,
        name: name.to_owned(),
        fqdn: Fact::Null,
        servers: vec!["MBX01".to_owned()],
        ..ConnectorFacts::default()
    }
}

/// "Outbound to Office 365", named `certificate`.
pub fn so(certificate: &Lettered) -> ConnectorFacts {
    ConnectorFacts { tls_certificate_name: name_of(certificate), cloud_services_mail_enabled: Some(true), ..send("SO") }
}

pub fn usual_connectors() -> Vec<ConnectorFacts> {
    vec![
        receive("DF", TransportRole::FrontendTransport),
        receive("CF", TransportRole::FrontendTransport),
        receive("D", TransportRole::HubTransport),
        send("SI"),
    ]
}

pub fn relay(fqdn: Fact<String>, mechanism: &str) -> ConnectorFacts {
    ConnectorFacts {
        fqdn,
        auth_mechanism: Some(vec![mechanism.to_owned()]),
        ..receive("Relay", TransportRole::FrontendTransport)
    }
}

/// The first certificate is the default.
pub fn mailbox(name: &str, certificates: &[Lettered]) -> ServerFacts {
    let name = Fact::Value(name.to_owned());
    ServerFacts {
        name: "MBX01".to_owned(),
        fqdn: Some("mbx01.contoso.com".to_owned()),
        imap_certificate_name: name.clone(),
        pop_certificate_name: name,
        default_smtp: DefaultSmtp::Installed(0),
        connectors: usual_connectors(),
        certificates: certificates.iter().map(|it| it.facts.clone()).collect(),
        ..ServerFacts::default()
    }
}

pub fn binding(site: u32, binding: &str, certificate: Option<usize>) -> WebBinding {
    WebBinding { site, binding: binding.to_owned(), certificate }
}

pub fn assigning(services: u8, certificate: usize, default: Answer) -> RequestFacts {
    RequestFacts {
        operation: Operation::Assign { services, mode: Mode::Add },
        certificate: Some(certificate),
        default_smtp: Some(default),
        ..RequestFacts::default()
    }
}

pub fn removing(certificate: usize) -> RequestFacts {
    RequestFacts { operation: Operation::Remove, certificate: Some(certificate), ..RequestFacts::default() }
}
