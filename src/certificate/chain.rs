//! A certificate with those of its issuers, as a CA hands them out.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::{Certificate, CertificateError, Name};

/// A certificate and its issuers, by the names in them: no signature is verified.
///
/// ```
/// use exchange_certificates::Certificate;
///
/// // A file of the certificate alone is a chain too, of which the issuer is missing.
/// let chain = Certificate::chain_from_pem(&std::fs::read_to_string("examples/data/renewed.pem")?)?;
/// assert!(chain.leaf().covers("mail.contoso.com"));
/// assert!(chain.links().is_empty() && chain.unrelated().is_empty());
/// let missing = chain.missing().map(|issuer| issuer.to_string());
/// assert_eq!(missing.as_deref(), Some("CN=Contoso Issuing CA 1, O=Contoso, C=US"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chain {
    leaf: Certificate,
    links: Vec<Certificate>,
    unrelated: Vec<Certificate>,
}

impl Chain {
    /// Finds the chain in certificates that stand in any order, some of them perhaps twice or of something else.
    ///
    /// The leaf is the only one that belongs to no certification authority and issued none of the others; one
    /// certificate alone is a leaf, whatever it is. Where several certificates have the name of an issuer, the one of a
    /// certification authority is taken, a self-signed one first, then one whose own issuer is there, then the one that
    /// expires last.
    ///
    /// # Errors
    ///
    /// [`CertificateError::Empty`] if there is none, [`CertificateError::NoLeaf`] or
    /// [`CertificateError::SeveralLeaves`] if it cannot be told which one the others are for.
    pub fn of(certificates: Vec<Certificate>) -> Result<Self, CertificateError> {
        let mut seen = HashSet::new();
        let mut certificates = certificates;
        certificates.retain(|certificate| seen.insert(certificate.clone()));
        let leaf = certificates.remove(leaf(&certificates)?);
        let used = links(&leaf, &certificates);
        let links = used.iter().filter_map(|index| certificates.get(*index).cloned()).collect();
        let used: HashSet<_> = used.into_iter().collect();
        let unrelated = certificates.into_iter().enumerate();
        let unrelated = unrelated.filter_map(|(index, other)| (!used.contains(&index)).then_some(other)).collect();
        Ok(Self { leaf, links, unrelated })
    }

    /// The certificate that the others are for.
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// Its issuer, the issuer of that one and so on, as far as they are there.
    pub fn links(&self) -> &[Certificate] {
        &self.links
    }

    /// The issuer that is needed and not there: that of the leaf, if no link is there and it is not self-signed.
    ///
    /// Above a link nothing is missing: a root, which ends a chain, is in the store of whoever checks it, and is left out.
    pub fn missing(&self) -> Option<Name<'_>> {
        (self.links.is_empty() && !self.leaf.is_self_signed()).then(|| self.leaf.issuer())
    }

    /// Certificates that are no part of the chain, in the order in which they stood.
    pub fn unrelated(&self) -> &[Certificate] {
        &self.unrelated
    }
}

impl Certificate {
    /// Reads a certificate with its chain from a PEM text, like the `fullchain.pem` of an ACME client.
    ///
    /// # Errors
    ///
    /// Like [`all_from_pem`](Self::all_from_pem), and like [`Chain::of`].
    pub fn chain_from_pem(text: &str) -> Result<Chain, CertificateError> {
        Chain::of(Self::all_from_pem(text)?)
    }
}

/// The place of the leaf.
fn leaf(certificates: &[Certificate]) -> Result<usize, CertificateError> {
    if certificates.len() < 2 {
        return if certificates.is_empty() { Err(CertificateError::Empty) } else { Ok(0) };
    }
    // A self-signed certificate was issued by none of the others, even if one has its name.
    let issued = certificates.iter().filter(|certificate| !certificate.is_self_signed());
    let issuers: HashSet<_> = issued.map(Certificate::issuer).filter(|issuer| !issuer.is_empty()).collect();
    let is_leaf = |certificate: &Certificate| !is_authority(certificate) && !issuers.contains(&certificate.subject());
    let mut leaves = certificates.iter().enumerate().filter(|(_, certificate)| is_leaf(certificate));
    let subject = |certificate: &Certificate| certificate.subject().to_string();
    match (leaves.next(), leaves.next()) {
        (Some((place, _)), None) => Ok(place),
        (None, _) => Err(CertificateError::NoLeaf { subjects: certificates.iter().map(subject).collect() }),
        (Some((_, first)), Some((_, second))) => {
            let leaves = [first, second].into_iter().chain(leaves.map(|(_, leaf)| leaf));
            Err(CertificateError::SeveralLeaves { subjects: leaves.map(subject).collect() })
        }
    }
}

/// The places of the issuers, from the leaf upwards.
fn links(leaf: &Certificate, others: &[Certificate]) -> Vec<usize> {
    let mut by_subject: HashMap<Name<'_>, Vec<usize>> = HashMap::new();
    for (index, other) in others.iter().enumerate().filter(|(_, other)| !other.subject().is_empty()) {
        by_subject.entry(other.subject()).or_default().push(index);
    }
    let subjects: HashSet<_> = by_subject.keys().copied().collect();
    let fitness = |other: &Certificate| {
        let is_followed = subjects.contains(&other.issuer());
        let tie = Reverse(other.thumbprint());
        (is_authority(other), other.is_self_signed(), is_followed, other.ends(), tie)
    };
    let mut links = Vec::new();
    let mut last = leaf;
    while !last.is_self_signed() {
        // A name that was met before is a loop: it is not there any more.
        let Some(named) = by_subject.remove(&last.issuer()) else { break };
        let named = named.into_iter().filter_map(|index| Some((index, others.get(index)?)));
        let Some((index, issuer)) = named.max_by_key(|(_, other)| fitness(other)) else { break };
        links.push(index);
        last = issuer;
    }
    links
}

fn is_authority(certificate: &Certificate) -> bool {
    certificate.basic_constraints().present().is_some_and(|constraints| constraints.ca)
}
