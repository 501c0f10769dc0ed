//! Decides beforehand whether a certificate may be assigned to Exchange Server services.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod thumbprint;

pub use thumbprint::{Thumbprint, ThumbprintError};
