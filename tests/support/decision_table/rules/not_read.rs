//! §5.2, `facts-unknown`: what a decision stands on and nobody read.

use super::super::Kind::{Note, Refuse, Warn};
use super::super::facts::*;
use super::{Judge, Row, whole};

const CONNECTORS: [NotRead; 2] = [NotRead::SendConnectors, NotRead::ReceiveConnectors];

pub const FACTS_UNKNOWN: Row = Row {
    rule: "facts-unknown",
    assignment: Some(Judge::Cases(&[
        (Note, |a| whole(a.server.lacks(NotRead::Certificates))),
        (Warn, |a| a.one(SMTP, a.moves_default && a.server.lacks(NotRead::EdgeSubscriptions))),
        (Note, |a| {
            let others = [NotRead::Hybrid, NotRead::EdgeSubscriptions];
            a.one(SMTP, a.server.lacks_any(&CONNECTORS) || a.server.lacks_any(&others))
        }),
        (Note, |a| a.one(IIS, a.server.lacks(NotRead::ClientNames))),
    ])),
    removal: Some(Judge::Cases(&[
        (Refuse, |r| whole(r.server.lacks(NotRead::Certificates) || r.server.lacks_any(&CONNECTORS))),
        (Warn, |r| {
            let auth = r.server.lacks(NotRead::Auth) && !r.is_likely_auth_certificate();
            whole(r.server.lacks(NotRead::Hybrid) || auth)
        }),
    ])),
    always: false,
};
