//! Many certificates at once.

use std::error::Error;
use std::fmt;
use std::slice;

use super::Store;
use crate::certificate::{Certificate, CertificateError};

/// One of many certificates that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("certificate {index}: {error}")]
pub struct LoadError {
    /// Its place among all, counted from 0.
    pub index: usize,
    /// What is wrong with it.
    #[source]
    pub error: CertificateError,
}

/// Which of many certificates could not be read: at least one.
///
/// ```
/// use exchange_certificates::Store;
///
/// let wildcard = std::fs::read("examples/data/wildcard.pem")?;
/// let pems = [String::from_utf8(wildcard)?, "no certificate".to_owned(), String::new()];
/// let errors = Store::from_pems(&pems).unwrap_err();
/// assert_eq!(errors.iter().map(|error| error.index).collect::<Vec<_>>(), [1, 2]);
/// assert_eq!(errors.to_string(), "certificate 1: the text holds no PEM block; and 1 more");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadErrors(Vec<LoadError>);

impl LoadErrors {
    fn of(errors: Vec<LoadError>) -> Option<Self> {
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// The errors, in the order of the certificates.
    pub fn iter(&self) -> slice::Iter<'_, LoadError> {
        self.0.iter()
    }
}

impl AsRef<[LoadError]> for LoadErrors {
    fn as_ref(&self) -> &[LoadError] {
        &self.0
    }
}

impl<'a> IntoIterator for &'a LoadErrors {
    type Item = &'a LoadError;
    type IntoIter = slice::Iter<'a, LoadError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for LoadErrors {
    type Item = LoadError;
    type IntoIter = std::vec::IntoIter<LoadError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Prints the first, and how many more there are: a line.
impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => Ok(()),
            [first] => first.fmt(f),
            [first, others @ ..] => write!(f, "{first}; and {} more", others.len()),
        }
    }
}

/// Its cause is the first one's.
impl Error for LoadErrors {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.first().and_then(Error::source)
    }
}

impl Store {
    /// Reads many certificates from their DER, with the feature `rayon` on all processors: the result
    /// and its order are the same. Of several of one thumbprint, the first stays.
    ///
    /// # Errors
    ///
    /// All that could not be read, each with its place.
    pub fn from_ders<D: AsRef<[u8]> + Sync>(ders: &[D]) -> Result<Self, LoadErrors> {
        Self::from_read(ders, |der| Certificate::from_der(der.as_ref()))
    }

    /// Reads many certificates from PEM, one in each text; otherwise as [`from_ders`](Self::from_ders).
    ///
    /// # Errors
    ///
    /// All that could not be read, each with its place.
    pub fn from_pems<P: AsRef<str> + Sync>(pems: &[P]) -> Result<Self, LoadErrors> {
        Self::from_read(pems, |pem| Certificate::from_pem(pem.as_ref()))
    }

    /// Takes what was read into the store while the next ones are read: the one has to go by turns, the other need not.
    fn from_read<S: Sync>(
        sources: &[S],
        read: impl Fn(&S) -> Result<Certificate, CertificateError> + Send + Sync,
    ) -> Result<Self, LoadErrors> {
        let mut store = Self::new();
        store.reserve(sources.len());
        let mut errors = Vec::new();
        let mut indices = 0..sources.len();
        let mut take = |certificates: Vec<Result<Certificate, CertificateError>>| {
            for (certificate, index) in certificates.into_iter().zip(indices.by_ref()) {
                match certificate {
                    Ok(certificate) if errors.is_empty() => store.extend([certificate]),
                    Ok(_) => {}
                    Err(error) => errors.push(LoadError { index, error }),
                }
            }
        };
        at_once(|| {
            let mut last = Vec::new();
            for sources in sources.chunks(AT_A_TIME) {
                let taken = last;
                ((), last) = both(|| take(taken), || read_all(sources, &read));
            }
            take(last);
        });
        store.shrink();
        LoadErrors::of(errors).map_or(Ok(store), Err)
    }
}

/// Few enough that the bytes of what was read are still near the processor when the names in them are looked for.
const AT_A_TIME: usize = 512;

/// Does the work inside of the pool, so that not each of its parts has to be handed in.
#[cfg(feature = "rayon")]
fn at_once<A: Send>(work: impl FnOnce() -> A + Send) -> A {
    rayon::scope(|_| work())
}

#[cfg(not(feature = "rayon"))]
fn at_once<A>(work: impl FnOnce() -> A) -> A {
    work()
}

#[cfg(feature = "rayon")]
fn both<A: Send, B: Send>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(one, other)
}

#[cfg(not(feature = "rayon"))]
fn both<A, B>(one: impl FnOnce() -> A, other: impl FnOnce() -> B) -> (A, B) {
    (one(), other())
}

#[cfg(feature = "rayon")]
fn read_all<S: Sync, T: Send>(sources: &[S], read: impl Fn(&S) -> T + Send + Sync) -> Vec<T> {
    use rayon::prelude::*;

    sources.par_iter().map(read).collect()
}

#[cfg(not(feature = "rayon"))]
fn read_all<S, T>(sources: &[S], read: impl Fn(&S) -> T) -> Vec<T> {
    sources.iter().map(read).collect()
}
