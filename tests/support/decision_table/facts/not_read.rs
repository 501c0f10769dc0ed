//! What was asked for and not answered, or not exported at all (§6).

use super::ServerFacts;

/// What counts; anything else that was not read is a fact of its own, which is then not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRead {
    /// Of the server.
    Certificates,
    ReceiveConnectors,
    ClientNames,
    /// Of the organisation; an Edge Transport server has Send connectors of its own.
    Servers,
    SendConnectors,
    Hybrid,
    Auth,
    Federation,
    EdgeSubscriptions,
}

impl NotRead {
    pub const ALL: [Self; 9] = [
        NotRead::Certificates,
        NotRead::ReceiveConnectors,
        NotRead::ClientNames,
        NotRead::Servers,
        NotRead::SendConnectors,
        NotRead::Hybrid,
        NotRead::Auth,
        NotRead::Federation,
        NotRead::EdgeSubscriptions,
    ];
}

impl ServerFacts {
    /// §8: an Edge Transport server has no part in the rest, so that it is never unread there.
    pub fn lacks(&self, what: NotRead) -> bool {
        let concerns_edge = match what {
            NotRead::Certificates | NotRead::ReceiveConnectors | NotRead::SendConnectors | NotRead::Servers => true,
            NotRead::ClientNames
            | NotRead::Hybrid
            | NotRead::Auth
            | NotRead::Federation
            | NotRead::EdgeSubscriptions => false,
        };
        self.not_read.contains(&what) && (concerns_edge || !self.is_edge())
    }

    pub fn lacks_any(&self, what: &[NotRead]) -> bool {
        what.iter().any(|what| self.lacks(*what))
    }
}
