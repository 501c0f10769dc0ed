//! Why there can be no such server.

use super::{NotReadError, Version};
use crate::text::TextError;
use crate::thumbprint::Thumbprint;

/// Why there can be no such server.
///
/// ```
/// use exchange_certificates::{Role, Server, ServerError, Version};
///
/// let error = Server::new("", Version::Exchange2019, [Role::Mailbox]).unwrap_err();
/// assert!(matches!(error, ServerError::Name(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Its name is empty or holds a control character.
    #[error("name: {0}")]
    Name(#[source] TextError),
    /// It has no role.
    #[error("roles: a server has at least one role: Mailbox, ClientAccess or EdgeTransport")]
    NoRole,
    /// An Edge Transport server with another role.
    #[error("roles: the Edge Transport role stands alone on its server")]
    EdgeWithOtherRole,
    /// The Client Access role on a version that has none.
    #[error("roles: the Client Access role exists on Exchange 2013 alone, and this is {}", .version.title())]
    NoClientAccess {
        /// The version of the server.
        version: Version,
    },
    /// A text that cannot stand in a command.
    #[error("{field}: {error}")]
    Text {
        /// The field of the scenario file.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        error: TextError,
    },
    /// A certificate that is installed already.
    #[error("the certificate {thumbprint} is installed already")]
    AlreadyInstalled {
        /// Its thumbprint.
        thumbprint: Thumbprint,
    },
    /// A list of what was not read that is none.
    #[error("not_read: {0}")]
    NotRead(#[from] NotReadError),
}
