//! What is asked for: an operation on the certificates of a server, and all that decides with it.

use std::sync::Arc;

use crate::service::Service;
use crate::thumbprint::Thumbprint;
use crate::word::words;

/// A request to change what a server's certificates are assigned to.
///
/// ```
/// use exchange_certificates::{Answer, Request, Service, Thumbprint};
///
/// let thumbprint: Thumbprint = "5113AE0233A72FCCB75B1D0198628675333D010E".parse()?;
/// let request = Request::assign(thumbprint, Service::IIS | Service::SMTP)
///     .with_default_smtp(Answer::Keep)
///     .with_caller(["Organization Management"]);
/// # Ok::<(), exchange_certificates::ThumbprintError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    thumbprint: Thumbprint,
    operation: Operation,
    default_smtp: Option<Answer>,
    /// Shared with every plan.
    caller: Option<Arc<[String]>>,
    accept_status: Vec<AcceptedStatus>,
    require_ssl: bool,
    keeps_old: bool,
}

/// What a request asks for.
///
/// ```
/// use exchange_certificates::{Operation, Request, Thumbprint};
///
/// let request = Request::remove(Thumbprint::of(b""));
/// assert_eq!(request.operation(), Operation::Remove);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Assign the certificate to services.
    Assign {
        /// The services that are named.
        services: Service,
        /// How they are meant.
        mode: Mode,
    },
    /// Remove the certificate from the server.
    Remove,
    /// Assign the certificate to what another one has, then remove that one.
    Replace {
        /// The certificate whose place it takes.
        old: Thumbprint,
        /// What becomes of the names that connectors hold.
        connectors: ConnectorNames,
    },
    /// Replace the best of what the certificate renews on each server, which [`Server::renewed_by`] tells.
    ///
    /// [`Server::renewed_by`]: crate::Server::renewed_by
    Renew {
        /// What becomes of the names that connectors hold.
        connectors: ConnectorNames,
    },
}

/// How the services of an assignment are meant.
///
/// ```
/// use exchange_certificates::{Mode, Request, Service, Thumbprint};
///
/// let request = Request::assign(Thumbprint::of(b""), Service::IIS).with_mode(Mode::Exact);
/// # let _ = request;
/// assert_eq!("add".parse(), Ok(Mode::default()));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Add them to what the certificate has.
    #[default]
    Add,
    /// Leave the certificate with exactly these: refused if one would be taken away.
    Exact,
    /// Take them away: refused if the certificate has one of them.
    Take,
}

words! { Mode, "mode", like "add": Add = "add", Exact = "exact", Take = "take" }

/// The answer to whether the default SMTP certificate is replaced.
///
/// ```
/// use exchange_certificates::{Answer, Request, Service, Thumbprint};
///
/// let request = Request::assign(Thumbprint::of(b""), Service::SMTP).with_default_smtp(Answer::Keep);
/// assert_eq!(request.default_smtp(), Some(Answer::Keep));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// Keep it; it seldom needs replacing.
    Keep,
    /// Replace it, which is what `-Force` does.
    Replace,
}

words! { Answer, "answer", like "keep": Keep = "keep", Replace = "replace" }

/// What a replacement does with the names that connectors and the hybrid configuration hold.
///
/// ```
/// use exchange_certificates::{ConnectorNames, Operation, Request, Thumbprint};
///
/// let (old, new) = (Thumbprint::of(b"old"), Thumbprint::of(b"new"));
/// let request = Request::replace(old, new).with_connector_names(ConnectorNames::Update);
/// assert_eq!(request.operation(), Operation::Replace { old, connectors: ConnectorNames::Update });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConnectorNames {
    /// Leaves them as they are.
    #[default]
    Keep,
    /// Moves them to the new certificate.
    Update,
}

words! { ConnectorNames, "choice for the names of connectors", like "update": Keep = "keep", Update = "update" }

/// A status other than Valid that a request may accept; no other can be.
///
/// ```
/// use exchange_certificates::{AcceptedStatus, Request, Service, Thumbprint};
///
/// let request = Request::assign(Thumbprint::of(b""), Service::IIS)
///     .with_accepted_status(AcceptedStatus::RevocationCheckFailure);
/// assert_eq!(request.accepted_statuses(), [AcceptedStatus::RevocationCheckFailure]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AcceptedStatus {
    /// The revocation list could not be reached.
    RevocationCheckFailure,
    /// No trusted root.
    Untrusted,
    /// The status could not be determined.
    Unknown,
}

words! {
    AcceptedStatus, "status to accept", like "Untrusted":
    RevocationCheckFailure = "RevocationCheckFailure", Untrusted = "Untrusted", Unknown = "Unknown"
}

impl Request {
    /// Asks to assign the certificate of this thumbprint to services.
    pub fn assign(thumbprint: Thumbprint, services: Service) -> Self {
        Self::new(thumbprint, Operation::Assign { services, mode: Mode::Add })
    }

    /// Asks to remove the certificate of this thumbprint.
    pub fn remove(thumbprint: Thumbprint) -> Self {
        Self::new(thumbprint, Operation::Remove)
    }

    /// Asks to assign `new` to every service of `old` that the server hosts, then to remove `old`.
    pub fn replace(old: Thumbprint, new: Thumbprint) -> Self {
        Self::new(new, Operation::Replace { old, connectors: ConnectorNames::Keep })
    }

    /// Asks to replace on each server the best of what `new` renews there.
    pub fn renew(new: Thumbprint) -> Self {
        Self::new(new, Operation::Renew { connectors: ConnectorNames::Keep })
    }

    pub(crate) fn new(thumbprint: Thumbprint, operation: Operation) -> Self {
        Self {
            thumbprint,
            operation,
            default_smtp: None,
            caller: None,
            accept_status: Vec::new(),
            require_ssl: true,
            keeps_old: false,
        }
    }

    /// Says how the services of an assignment are meant; other operations have no mode.
    #[must_use]
    pub fn with_mode(mut self, to: Mode) -> Self {
        if let Operation::Assign { mode, .. } = &mut self.operation {
            *mode = to;
        }
        self
    }

    /// Says what a replacement does with the names that connectors hold; other operations leave them.
    #[must_use]
    pub fn with_connector_names(mut self, to: ConnectorNames) -> Self {
        if let Operation::Replace { connectors, .. } | Operation::Renew { connectors } = &mut self.operation {
            *connectors = to;
        }
        self
    }

    /// Leaves the old certificate of a replacement where it is: services are assigned and names moved, and nothing is
    /// removed.
    #[must_use]
    pub fn keeping_old(mut self) -> Self {
        self.keeps_old = true;
        self
    }

    /// The same where the certificate that is renewed is known.
    pub(crate) fn replacing(&self, renewed: Thumbprint) -> Self {
        let operation = match self.operation {
            Operation::Renew { connectors } => Operation::Replace { old: renewed, connectors },
            other => other,
        };
        Self { operation, ..self.clone() }
    }

    /// Answers beforehand whether the default SMTP certificate is replaced.
    #[must_use]
    pub fn with_default_smtp(mut self, answer: Answer) -> Self {
        self.default_smtp = Some(answer);
        self
    }

    /// Says who asks, by role groups and management roles, or local groups on an Edge server.
    #[must_use]
    pub fn with_caller<T: Into<String>>(mut self, groups: impl IntoIterator<Item = T>) -> Self {
        self.caller = Some(groups.into_iter().map(Into::into).collect());
        self
    }

    /// Accepts a status other than Valid.
    #[must_use]
    pub fn with_accepted_status(mut self, status: AcceptedStatus) -> Self {
        self.accept_status.push(status);
        self
    }

    /// Says whether IIS requires SSL on the default web site afterwards.
    #[must_use]
    pub fn with_require_ssl(mut self, require_ssl: bool) -> Self {
        self.require_ssl = require_ssl;
        self
    }

    /// The certificate that is assigned, or removed.
    pub fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    /// What is asked for.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The answer to whether the default SMTP certificate is replaced, if one was given.
    pub fn default_smtp(&self) -> Option<Answer> {
        self.default_smtp
    }

    /// Who asks, if that was said.
    pub fn caller(&self) -> Option<&[String]> {
        self.caller.as_deref()
    }

    /// The statuses other than Valid that are accepted.
    pub fn accepted_statuses(&self) -> &[AcceptedStatus] {
        &self.accept_status
    }

    /// Whether IIS requires SSL on the default web site afterwards.
    pub fn require_ssl(&self) -> bool {
        self.require_ssl
    }

    /// Whether the old certificate of a replacement stays where it is.
    pub fn keeps_old(&self) -> bool {
        self.keeps_old
    }

    /// The certificate whose place another one takes.
    pub(crate) fn old(&self) -> Option<Thumbprint> {
        match self.operation {
            // A certificate that would take its own place stays where it is.
            Operation::Replace { old, .. } => Some(old).filter(|old| *old != self.thumbprint),
            Operation::Assign { .. } | Operation::Remove | Operation::Renew { .. } => None,
        }
    }

    /// The certificate that the operation takes away.
    pub(crate) fn removes(&self) -> Option<Thumbprint> {
        match self.operation {
            Operation::Remove => Some(self.thumbprint),
            _ => self.old().filter(|_| !self.keeps_old),
        }
    }

    /// Whether the names that connectors hold move from the old certificate to the new one.
    pub(crate) fn updates_connectors(&self) -> bool {
        let update = ConnectorNames::Update;
        match self.operation {
            Operation::Replace { connectors, .. } | Operation::Renew { connectors } => connectors == update,
            Operation::Assign { .. } | Operation::Remove => false,
        }
    }
}
