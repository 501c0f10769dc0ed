//! Decides beforehand whether a certificate may be assigned to Exchange Server services.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod powershell;
pub mod rfc3339;
mod service;
mod thumbprint;

pub use service::{Service, ServiceError};
pub use thumbprint::{Thumbprint, ThumbprintError};
