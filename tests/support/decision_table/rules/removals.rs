//! §5.2: what stands against taking a certificate away.

use super::super::Kind::{Refuse, Warn};
use super::super::facts::*;
use super::{Judge, Row, not_read, removing, some, unknown_services, whole};

pub static ROWS: &[Row] = &[
    removing("removes-default-smtp", Refuse, |r| {
        let gone = r.gone?;
        whole(!r.default_open && r.state.default_smtp == DefaultSmtp::Installed(gone))
    }),
    Row {
        rule: "removes-last-assignment",
        assignment: None,
        removal: Some(Judge::Weaker(
            Refuse,
            |r| some(r.last()),
            Warn,
            |r| {
                let expired = !r.certificate?.within_dates(r.now);
                whole(expired && r.last() & !(IMAP | POP | UNIFIED_MESSAGING) == 0)
            },
        )),
        always: false,
    },
    removing("removes-connector-certificate", Refuse, |r| {
        let certificate = r.certificate?;
        let breaks = |connector: &ConnectorFacts| {
            r.server.counts(connector)
                && connector.names(certificate)
                && (connector.kind == ConnectorKind::Send
                    || !(r.server.lacks(NotRead::Certificates)
                        || r.server.others(r.gone).any(|(_, it)| connector.names(it))))
        };
        whole(!r.names_move && r.server.connectors.iter().any(breaks))
    }),
    removing("removes-back-end-certificate", Refuse, |r| whole(r.state.sites[r.gone?].back_end == Some(true))),
    removing("removes-keyless", Warn, |r| whole(!r.certificate?.has_private_key)),
    removing("removes-federation-certificate", Refuse, |r| whole(r.has(FEDERATION))),
    removing("removes-auth-certificate", Refuse, |r| whole(r.server.names_as_auth(r.gone?))),
    Row {
        rule: "services-unknown",
        assignment: Some(Judge::Always(Warn, |a| unknown_services(a.server))),
        removal: Some(Judge::Always(Refuse, |r| unknown_services(r.server))),
        always: false,
    },
    not_read::FACTS_UNKNOWN,
    removing("removes-likely-auth-certificate", Warn, |r| whole(r.is_likely_auth_certificate())),
    removing("removes-web-management", Warn, |r| whole(r.certificate?.is_web_management())),
];
