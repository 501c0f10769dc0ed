//! Which web site has which certificate: by its bindings, else by what Exchange shows, else by
//! what counts (ENDPOINTS §4.1).

use super::facts::*;

/// Three-valued; other sites are of no interest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sites {
    pub default_web_site: Option<bool>,
    pub back_end: Option<bool>,
}

impl Sites {
    pub fn at(self, site: u32) -> Option<bool> {
        match site {
            DEFAULT_WEB_SITE => self.default_web_site,
            EXCHANGE_BACK_END => self.back_end,
            _ => Some(false),
        }
    }

    fn known(sites: &[u32]) -> Self {
        Self {
            default_web_site: Some(sites.contains(&DEFAULT_WEB_SITE)),
            back_end: Some(sites.contains(&EXCHANGE_BACK_END)),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// `*` for every address.
    pub address: String,
    pub port: String,
    /// Empty where there is none.
    pub host: String,
}

impl Binding {
    pub fn every_address(port: &str) -> Self {
        Self { address: "*".to_owned(), port: port.to_owned(), host: String::new() }
    }

    fn parse(text: &str) -> Self {
        // From the right, since an address may hold colons.
        let mut parts = text.rsplitn(3, ':');
        let host = parts.next().unwrap_or_default().to_owned();
        let port = parts.next().unwrap_or_default().to_owned();
        let address = parts.next().filter(|it| !it.is_empty()).unwrap_or("*").to_owned();
        Self { address, port, host }
    }

    pub fn is_loopback(&self) -> bool {
        self.address == "127.0.0.1"
    }

    /// Assigning IIS moves these two, and nothing says so of any other.
    pub fn follows_exchange(&self) -> bool {
        self.host.is_empty() && self.port == "443" && (self.address == "*" || self.is_loopback())
    }

    pub fn has_host_or_address(&self) -> bool {
        !self.host.is_empty() || self.address != "*"
    }
}

impl std::fmt::Display for Binding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.address, self.port)?;
        if self.host.is_empty() { Ok(()) } else { write!(formatter, ":{}", self.host) }
    }
}

/// A binding and the certificates of which it has one; `None` is a hash that is not installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    pub site: u32,
    pub binding: Binding,
    pub certificates: Vec<Option<usize>>,
}

pub fn bound(server: &ServerFacts) -> Option<Vec<Bound>> {
    let bindings = server.web_bindings.as_ref()?;
    let bound = |it: &WebBinding| Bound {
        site: it.site,
        binding: Binding::parse(&it.binding),
        certificates: vec![it.certificate],
    };
    Some(bindings.iter().map(bound).collect())
}

/// The sites of a certificate, in order.
pub fn sites_of(bindings: &[Bound], index: usize) -> Vec<u32> {
    let mut sites: Vec<u32> =
        bindings.iter().filter(|it| it.certificates.contains(&Some(index))).map(|it| it.site).collect();
    sites.sort_unstable();
    sites.dedup();
    sites
}

pub fn counted_by_bindings(bindings: &[Bound], certificates: usize) -> Vec<Sites> {
    (0..certificates).map(|index| Sites::known(&sites_of(bindings, index))).collect()
}

/// Without bindings, on the server as it is before any plan.
pub fn counted(server: &ServerFacts) -> Vec<Sites> {
    let certificates = &server.certificates;
    let open = |it: &CertificateFacts| it.has(IIS) && it.web_sites.is_none();
    let mut sites: Vec<Sites> = certificates
        .iter()
        .map(|it| match (&it.web_sites, it.services) {
            (Some(sites), _) => Sites::known(sites),
            (None, Some(services)) if services & IIS == 0 => Sites::known(&[]),
            (None, _) => Sites::default(),
        })
        .collect();
    let looks_made = |it: &CertificateFacts| {
        let named = it.friendly_name.as_deref() == Some("Microsoft Exchange")
            || it.domains().first().is_some_and(|first| first.eq_ignore_ascii_case(&server.name));
        open(it) && it.self_signed && named
    };
    // Two that look alike say nothing of each other: one of them may be the Default Web Site's.
    let made_by_setup =
        |index: usize| looks_made(&certificates[index]) && certificates.iter().any(|it| it.has(IIS) && !looks_made(it));
    let back_end: Vec<usize> = (0..certificates.len()).filter(|index| made_by_setup(*index)).collect();
    for index in &back_end {
        sites[*index] = Sites::known(&[EXCHANGE_BACK_END]);
    }
    let mut left = (0..certificates.len()).filter(|index| open(&certificates[*index]) && !back_end.contains(index));
    if let (false, Some(only), None) = (back_end.is_empty(), left.next(), left.next())
        && !sites.iter().any(|it| it.default_web_site == Some(true))
    {
        sites[only] = Sites::known(&[DEFAULT_WEB_SITE]);
    }
    sites
}
