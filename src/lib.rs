#![doc = include_str!("../README.md")]
//! # The house
//!
//! Data flows one way: bytes, [`Certificate`], [`Server`], case, rules, [`Plan`], script and answer. A module imports
//! only from lines above its own; its children count as above it.
//!
//! ```text
//! text          what may stand in text from outside, and how it is shown
//! word          one of a few names, printed as files write it and read in every form that is clear
//! fact          something, nothing, or not known
//! time          points in time, inside
//! rfc3339       points in time, as text
//! base64        bytes in text
//! json_object   structs that JSON writes as objects
//! service       the bit flags, their names and forms
//! thumbprint    the name of a certificate
//! certificate   one pass over the DER, names, domains, PEM and PKCS#7
//! store         many certificates, found by thumbprint and name
//! server        a server, its settings, connectors and installed certificates
//! request       what is asked for
//! powershell    a cmdlet and its quoted arguments: the only writer of PowerShell
//! commands      every cmdlet that is written, once
//! change        what a request changes on its server
//! endpoint      which certificate is presented where, and why
//! block         what is pasted as a whole, and the words above it
//! finding       a message with the facts in it, and the remedy
//! remedy        what to do, step by step, where several rules say the same
//! diagnostic    what the rules said
//! case          all that a rule may see
//! comparison    what is presented before and after, as rules see it
//! script        the commands of an operation in their order
//! rule          what a rule is
//! rules         every rule, a file a theme, in the order in which they report
//! policy        an organisation's own view
//! judgement     what the rules say of a case
//! plan          deciding, and carrying out what was decided
//! fleet         the servers of an organisation, and one certificate for many of them
//! deployment    a plan as a script that is run unattended
//! audit         what is wrong today, and what falls due
//! explain       what Exchange, Windows and mail partners print, explained
//! verify        what is expected against what is shown, before and after, and what is really presented
//! scenario      all of it in one file
//! stored        plans as files, carried out and looked up later
//! schema        (feature `schemars`) what scenario files, answers and audits look like, as JSON Schemas
//! import        (feature `import`) readers of what Exchange exports
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, missing_debug_implementations, unreachable_pub)]

mod audit;
mod base64;
mod block;
mod case;
mod certificate;
mod change;
mod commands;
mod comparison;
mod deployment;
mod diagnostic;
mod endpoint;
mod explain;
mod fact;
mod finding;
mod fleet;
#[cfg(feature = "import")]
pub mod import;
mod json_object;
mod judgement;
mod plan;
mod policy;
pub mod powershell;
mod remedy;
mod request;
pub mod rfc3339;
mod rule;
mod rules;
mod scenario;
#[cfg(feature = "schemars")]
pub mod schema;
mod script;
mod server;
mod service;

mod store;
mod stored;
mod text;
mod thumbprint;
mod time;
mod verify;
mod word;

pub use audit::{
    AUDIT_RULES, AgendaItem, Audit, AuditChange, AuditFinding, AuditRecord, AuditRule, AuditedCertificate, Consequence,
    ConsequenceRecord, FindingKey, FindingRecord, NotJudged, agenda, agenda_with, audit, audit_with,
};
pub use block::Block;
pub use case::{Assignment, Removal};
pub use certificate::{
    Attribute, BasicConstraints, Certificate, CertificateError, Chain, ExtendedKeyUsage, Extension, KeyUsage, Mistaken,
    Name, PublicKey, SerialNumber, domain_covers,
};
pub use deployment::{Deployment, DeploymentFile, DeploymentOptions, NoDeployment};
pub use diagnostic::{Decision, Diagnostic, Refusal};
pub use endpoint::{
    Endpoint, EndpointChange, EndpointKind, Flags, MissingFact, NotOffered, Presented, PresentedCertificate, Rank,
    Reason,
};
pub use explain::{Explained, Explanation, KnownText, Publication, explain, explain_in, known_texts};
pub use fact::Fact;
pub use finding::{FactValue, Finding, Kind, Message};
pub use fleet::{
    Fleet, FleetError, FleetIntoIter, FleetIter, FleetPlanError, LeftOver, MovedName, PlannedRemoval, Renewable,
    Rollout, RolloutError, RolloutPlan, RolloutStopped,
};
pub use plan::{NoPlan, Plan, assign, assign_with, plan, plan_with, remove, replace};
pub use policy::{AuditedServer, OwnAuditRule, OwnRule, Policy, PolicyError, Severity, Weight};
pub use request::{AcceptedStatus, Answer, ConnectorNames, Mode, Operation, Request};
pub use rule::{Rule, Source};
pub use rules::{RULES, rule};
pub use scenario::{Outcome, Scenario, ScenarioError, Task};
pub use script::Line;
pub use server::{
    AuthCertificates, Connector, ConnectorKind, DEFAULT_WEB_SITE, EXCHANGE_BACK_END, Installed, KeyStorage,
    LoadBalancing, Nearest, NotRead, NotReadError, NotReadKind, NotReadKindError, Role, RootCaType, Server,
    ServerError, StartupMode, Status, TlsCertificateName, TlsCertificateNameError, TransportRole, Version, WebBinding,
    WebBindingError,
};
pub use service::{Service, ServiceError};
pub use store::{Duplicate, LoadError, LoadErrors, Store, StoreIntoIter, StoreIter};
pub use stored::{
    Fingerprint, FingerprintError, PlanVerification, PlannedAgain, PlannedState, StalePlan, StoredPlan,
    VerifiedCertificate, VerifiedConnector, VerifiedEndpoint,
};
pub use text::TextError;
pub use thumbprint::{Thumbprint, ThumbprintError};
pub use verify::{
    CertificateAt, ComparedEndpoint, ConnectorChange, DefaultSmtpChange, EndpointState, Expectation, FleetChange, Look,
    PresentedAt, Shown, Verdict, Verification, compare, verify,
};
pub use word::UnknownName;
/// The crate that [`Certificate::to_x509`] hands a certificate to, in the version that it does.
pub use x509_cert;

/// Longer pages.
pub mod docs {
    #[doc = include_str!("../docs/cookbook.md")]
    pub mod cookbook {}
    #[doc = include_str!("../docs/rules.md")]
    pub mod rules {}
}

/// The snippets of COMPARE.md hold.
#[cfg(doctest)]
#[doc = include_str!("../COMPARE.md")]
mod compare {}
