//! Decides beforehand whether a certificate may be assigned to Exchange Server services.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod case;
mod certificate;
mod diagnostic;
mod finding;
#[cfg(feature = "import")]
pub mod import;
mod plan;
mod policy;
pub mod powershell;
mod request;
pub mod rfc3339;
mod rule;
mod rules;
mod scenario;
mod script;
mod server;
mod service;
mod text;
mod thumbprint;
mod verify;

pub use case::Assignment;
pub use certificate::{
    Attribute, BasicConstraints, Certificate, CertificateError, ExtendedKeyUsage, Extension, KeyUsage, Name, PublicKey,
    SerialNumber, domain_covers,
};
pub use diagnostic::{Decision, Diagnostic, Refusal};
pub use finding::{Detail, Finding, Remedy};
pub use plan::{NoPlan, Plan, assign, assign_with, plan, plan_with, remove, replace};
pub use policy::{OwnRule, Policy, PolicyError};
pub use request::{AcceptedStatus, Answer, ConnectorNames, Mode, Operation, Request};
pub use rule::{Kind, Rule, Source};
pub use rules::{RULES, rule};
pub use scenario::{Outcome, Scenario, Task};
pub use script::Line;
pub use server::{
    AuthCertificates, Connector, ConnectorKind, DEFAULT_WEB_SITE, DefaultSmtp, EXCHANGE_BACK_END, Installed,
    KeyStorage, LoadBalancing, Role, RootCaType, Server, ServerError, StartupMode, Status, TlsCertificateName,
    TlsCertificateNameError, Version,
};
pub use service::{Service, ServiceError};
pub use text::TextError;
pub use thumbprint::{Thumbprint, ThumbprintError};
pub use verify::{Expectation, Shown, Verification, verify};
