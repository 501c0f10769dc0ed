//! IMAP, POP, mail between servers and EdgeSync.

use super::{Checked, FQDN, MAIL, choices, install, sets, situation, with};
use crate::support::decision_table::{DefaultSmtp, Fact, IMAP, ServerFacts, Situation, Status};
use crate::support::pool::{
    EXPIRED, HEALTHY, OTHER_FIRST, RENEWED, SELF_SIGNED, TIED, UNREADABLE_NAMES, WILDCARD_ALONE, WILDCARD_LATER,
};

const KINDS: [usize; 9] =
    [HEALTHY, RENEWED, TIED, EXPIRED, WILDCARD_LATER, WILDCARD_ALONE, SELF_SIGNED, OTHER_FIRST, UNREADABLE_NAMES];

const STATUSES: [Option<Status>; 4] = [None, Some(Status::Untrusted), Some(Status::Invalid), Some(Status::DateInvalid)];

/// With every name of IMAP, another one of POP, and every default SMTP certificate.
fn check_all(situation: &mut Situation, kinds: &[usize], services: &[Option<u8>], checked: &mut Checked) {
    let name = |name: &str| Fact::Value(name.to_owned());
    let names =
        [Fact::NotKnown, Fact::Null, name(MAIL), name(&MAIL.to_uppercase()), name(FQDN), name("imap.fabrikam.com")];
    let mut defaults = vec![DefaultSmtp::NotKnown, DefaultSmtp::Nothing, DefaultSmtp::NotInstalled];
    defaults.extend((0..kinds.len()).map(DefaultSmtp::Installed));
    let lists: Vec<_> = kinds.iter().map(|kind| with(*kind, services, &STATUSES, &[true, false])).collect();
    for certificates in choices(&lists) {
        install(situation, &certificates);
        for (place, imap) in names.iter().enumerate() {
            situation.server.imap_certificate_name = imap.clone();
            situation.server.pop_certificate_name = names[(place + 1) % names.len()].clone();
            for default in &defaults {
                situation.server.default_smtp = *default;
                checked.check(situation, &certificates);
            }
        }
    }
}

#[test]
fn every_front_end_of_a_server_with_two_certificates_presents_what_the_table_says() {
    let mut checked = Checked::default();
    let mut situation = situation(ServerFacts { edge_subscribed: true, ..ServerFacts::default() });
    for kinds in [sets(&KINDS, 0), sets(&KINDS, 1), sets(&KINDS, 2)].concat() {
        check_all(&mut situation, &kinds, &[None, Some(IMAP)], &mut checked);
    }
    checked.print("two certificates, and every name of IMAP and POP and default SMTP certificate");
    assert_eq!(checked, Checked { servers: 279_954, answers: 1_679_724 });
}
