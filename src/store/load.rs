//! Many certificates at once.

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

impl Store {
    /// Reads many certificates from their DER, with the feature `rayon` on all processors: the result
    /// and its order are the same. Of several of one thumbprint, the first stays.
    ///
    /// # Errors
    ///
    /// All that could not be read, each with its place.
    pub fn from_ders<D: AsRef<[u8]> + Sync>(ders: &[D]) -> Result<Self, Vec<LoadError>> {
        Self::from_read(ders, |der| Certificate::from_der(der.as_ref()))
    }

    /// Reads many certificates from PEM, one in each text; otherwise as [`from_ders`](Self::from_ders).
    ///
    /// # Errors
    ///
    /// All that could not be read, each with its place.
    pub fn from_pems<P: AsRef<str> + Sync>(pems: &[P]) -> Result<Self, Vec<LoadError>> {
        Self::from_read(pems, |pem| Certificate::from_pem(pem.as_ref()))
    }

    /// Takes what was read into the store while the next ones are read: the one has to go by turns, the other need not.
    fn from_read<S: Sync>(
        sources: &[S],
        read: impl Fn(&S) -> Result<Certificate, CertificateError> + Send + Sync,
    ) -> Result<Self, Vec<LoadError>> {
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
        if errors.is_empty() { Ok(store) } else { Err(errors) }
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
