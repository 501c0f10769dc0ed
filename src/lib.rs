//! Decides beforehand whether a certificate may be assigned to Exchange Server services.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod certificate;
pub mod powershell;
pub mod rfc3339;
mod service;
mod thumbprint;

pub use certificate::{
    Attribute, BasicConstraints, Certificate, CertificateError, ExtendedKeyUsage, Extension, KeyUsage, Name, PublicKey,
    SerialNumber, domain_covers,
};
pub use service::{Service, ServiceError};
pub use thumbprint::{Thumbprint, ThumbprintError};
