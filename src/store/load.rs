//! Many certificates at once.

use super::Store;
use crate::certificate::{Certificate, CertificateError};

/// One of many certificates that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("certificate {place}: {error}")]
pub struct LoadError {
    /// Its place among all, counted from 0.
    pub place: usize,
    /// What is wrong with it.
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

    fn from_read<S: Sync>(
        sources: &[S],
        read: impl Fn(&S) -> Result<Certificate, CertificateError> + Send + Sync,
    ) -> Result<Self, Vec<LoadError>> {
        let mut store = Self::new();
        store.reserve(sources.len());
        let mut errors = Vec::new();
        for (place, certificate) in read_all(sources, read).into_iter().enumerate() {
            match certificate {
                Ok(certificate) if errors.is_empty() => store.extend([certificate]),
                Ok(_) => {}
                Err(error) => errors.push(LoadError { place, error }),
            }
        }
        if errors.is_empty() { Ok(store) } else { Err(errors) }
    }
}

#[cfg(feature = "rayon")]
fn read_all<S: Sync>(
    sources: &[S],
    read: impl Fn(&S) -> Result<Certificate, CertificateError> + Send + Sync,
) -> Vec<Result<Certificate, CertificateError>> {
    use rayon::prelude::*;

    sources.par_iter().map(read).collect()
}

#[cfg(not(feature = "rayon"))]
fn read_all<S: Sync>(
    sources: &[S],
    read: impl Fn(&S) -> Result<Certificate, CertificateError> + Send + Sync,
) -> impl IntoIterator<Item = Result<Certificate, CertificateError>> {
    sources.iter().map(read)
}
