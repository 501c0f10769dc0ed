//! What was not read of a server: all that it presents, or one endpoint more for what nobody saw.

use super::plans::{candidates, check, connectors, requests};
use super::{Checked, FQDN, MAIL, choices, install, situation};
use crate::support::decision_table::{DefaultSmtp, Fact, NotRead, ServerFacts, StartupMode};
use crate::support::pool::{HEALTHY, SELF_SIGNED, versions_with_roles};

/// Every set of what endpoints stand on, and one of what they do not stand on.
fn not_read() -> Vec<Vec<NotRead>> {
    let parts = [NotRead::Certificates, NotRead::ReceiveConnectors, NotRead::SendConnectors];
    let of_set = |set: usize| (0..3).filter(|place| set >> place & 1 == 1).map(|place| parts[place]).collect();
    let others = NotRead::ALL.into_iter().filter(|what| !parts.contains(what)).collect();
    (0..8).map(of_set).chain([others]).collect()
}

#[test]
fn every_server_presents_what_was_read_of_it_and_its_plans_say_so_too() {
    let (mut servers, mut plans) = (Checked::default(), Checked::default());
    let lists: Vec<_> = [HEALTHY, SELF_SIGNED].into_iter().map(candidates).collect();
    for (version, roles) in versions_with_roles() {
        for (connectors, mode) in [(connectors(), StartupMode::Dual), (Vec::new(), StartupMode::Tcp)] {
            for not_read in not_read() {
                let mut situation = situation(ServerFacts {
                    version,
                    roles: roles.clone(),
                    um_startup_mode: mode,
                    um_call_router_startup_mode: mode,
                    imap_certificate_name: Fact::Value(MAIL.into()),
                    pop_certificate_name: Fact::Value(FQDN.into()),
                    client_names: Some(vec![MAIL.into()]),
                    edge_subscribed: true,
                    connectors: connectors.clone(),
                    not_read,
                    ..ServerFacts::default()
                });
                for certificates in choices(&lists) {
                    install(&mut situation, &certificates);
                    for default_smtp in [DefaultSmtp::Nothing, DefaultSmtp::Installed(0), DefaultSmtp::Installed(1)] {
                        situation.server.default_smtp = default_smtp;
                        servers.check(&situation, &certificates);
                        for mut request in requests() {
                            request.thumbprint = certificates[0].facts.thumbprint.clone();
                            request.old_thumbprint = certificates[1].facts.thumbprint.clone();
                            situation.request = request;
                            check(&situation, &certificates, &mut plans);
                        }
                    }
                }
            }
        }
    }
    servers.print("two certificates, and every set of what was not read");
    plans.print("the same, and every plan for one of the certificates");
    assert_eq!(servers, Checked { servers: 10 * 2 * 9 * 25 * 3, answers: 153_750 });
    assert_eq!(plans, Checked { servers: 84_992, answers: 1_016_464 });
}
