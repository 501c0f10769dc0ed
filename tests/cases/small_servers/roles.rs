//! Versions and roles, Unified Messaging, and every setting of a connector.

use super::{Candidate, Checked, FQDN, MAIL, choices, install, names, numbered, of_kind, sets, situation};
use crate::support::decision_table::{
    CertificateFacts, ConnectorFacts, ConnectorKind, DefaultSmtp, Fact, KeyStorage, SMTP, ServerFacts, StartupMode,
    TransportRole, UM, UM_CALL_ROUTER,
};
use crate::support::pool::{HEALTHY, RENEWED, SELF_SIGNED, versions_with_roles};

const HERE: &str = "mbx01";
const ELSEWHERE: &str = "MBX02";

fn receive_connectors() -> Vec<ConnectorFacts> {
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    let mut connectors = Vec::new();
    for servers in [vec![], vec![HERE.into()], vec![ELSEWHERE.into()]] {
        for enabled in [None, Some(true), Some(false)] {
            for auth_mechanism in [None, texts(&[]), texts(&["Integrated", "tls"]), texts(&["ExternalAuthoritative"])] {
                for transport_role in [None, Some(TransportRole::FrontendTransport), Some(TransportRole::HubTransport)]
                {
                    for bindings in [None, texts(&["0.0.0.0:25", "[::]:25"]), texts(&["0.0.0.0:717"])] {
                        connectors.push(ConnectorFacts {
                            kind: ConnectorKind::Receive,
                            fqdn: Fact::Value(FQDN.into()),
                            servers: servers.clone(),
                            enabled,
                            auth_mechanism: auth_mechanism.clone(),
                            transport_role,
                            bindings,
                            ..ConnectorFacts::default()
                        });
                    }
                }
            }
        }
    }
    connectors
}

fn send_connectors() -> Vec<ConnectorFacts> {
    let switch = [None, Some(true), Some(false)];
    let mut connectors = Vec::new();
    for servers in [vec![], vec![HERE.into()], vec![ELSEWHERE.into()], vec![ELSEWHERE.into(), HERE.into()]] {
        for smart_hosts in [None, Some(vec!["mx.fabrikam.com".into()]), Some(vec!["--".into()])] {
            for enabled in switch {
                for ignore_starttls in switch {
                    for (domain_secure_enabled, cloud_services_mail_enabled) in
                        [(None, None), (Some(true), None), (None, Some(true)), (Some(false), Some(false))]
                    {
                        connectors.push(ConnectorFacts {
                            kind: ConnectorKind::Send,
                            fqdn: Fact::Value(FQDN.into()),
                            servers: servers.clone(),
                            smart_hosts: smart_hosts.clone(),
                            enabled,
                            ignore_starttls,
                            domain_secure_enabled,
                            cloud_services_mail_enabled,
                            ..ConnectorFacts::default()
                        });
                    }
                }
            }
        }
    }
    connectors
}

#[test]
fn every_setting_of_a_connector_does_what_the_table_says_on_every_role() {
    let mut checked = Checked::default();
    let connectors = numbered([receive_connectors(), send_connectors()].concat());
    let mut situation = situation(ServerFacts { connectors, ..ServerFacts::default() });
    for (version, roles) in versions_with_roles() {
        (situation.server.version, situation.server.roles) = (version, roles);
        for kind in [HEALTHY, SELF_SIGNED] {
            for name in names(&[HEALTHY, SELF_SIGNED]) {
                situation.server.connectors.iter_mut().for_each(|it| it.tls_certificate_name = name.clone());
                let certificate = Candidate::new(CertificateFacts { services: Some(SMTP), ..of_kind(kind) });
                install(&mut situation, &[&certificate]);
                checked.check(&situation, &[&certificate]);
            }
        }
    }
    checked.print("one certificate on every role, and every setting of a connector");
    assert_eq!(checked, Checked { servers: 100, answers: 43_560 });
}

#[test]
fn every_role_presents_what_the_table_says_for_unified_messaging_and_edge_synchronization() {
    let mut checked = Checked::default();
    let mut situation = situation(ServerFacts {
        imap_certificate_name: Fact::Value(MAIL.into()),
        pop_certificate_name: Fact::Null,
        default_smtp: DefaultSmtp::Installed(0),
        ..ServerFacts::default()
    });
    let list = |kind: &usize| {
        let mut candidates = Vec::new();
        for services in [None, Some(0), Some(UM), Some(UM_CALL_ROUTER), Some(UM | UM_CALL_ROUTER)] {
            for key_storage in [None, Some(KeyStorage::Csp), Some(KeyStorage::Ksp)] {
                candidates.push(Candidate::new(CertificateFacts { services, key_storage, ..of_kind(*kind) }));
            }
        }
        candidates
    };
    let modes = [StartupMode::Tcp, StartupMode::Tls, StartupMode::Dual];
    for kinds in sets(&[SELF_SIGNED, HEALTHY, RENEWED], 2) {
        let lists: Vec<_> = kinds.iter().map(list).collect();
        for certificates in choices(&lists) {
            install(&mut situation, &certificates);
            for (version, roles) in versions_with_roles() {
                (situation.server.version, situation.server.roles) = (version, roles);
                for (um, call_router) in modes.iter().flat_map(|um| modes.map(|call_router| (*um, call_router))) {
                    situation.server.um_startup_mode = um;
                    situation.server.um_call_router_startup_mode = call_router;
                    for edge_subscribed in [true, false] {
                        situation.server.edge_subscribed = edge_subscribed;
                        checked.check(&situation, &certificates);
                    }
                }
            }
        }
    }
    checked.print("two certificates on every role, and every startup mode and Edge subscription");
    assert_eq!(checked, Checked { servers: 121_500, answers: 492_075 });
}
