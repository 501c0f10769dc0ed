//! The Default Web Site and the Exchange Back End, by their bindings and by what Exchange shows.

use super::{Candidate, Checked, MAIL, choices, install, of_kind, sets, situation, with};
use crate::support::decision_table::{CertificateFacts, IIS, LoadBalancing, ServerFacts, Status, WebBinding};
use crate::support::pool::{HEALTHY, OTHER_FIRST, SELF_SIGNED, WEB_MANAGEMENT, WILDCARD_ALONE};

/// What Exchange itself calls the certificate that setup makes.
const MADE: Option<&str> = Some("Microsoft Exchange");

/// Kinds with their friendly names: self-signed ones that look as setup makes them or not, and issued ones.
const KINDS: [(usize, Option<&str>); 6] = [
    (SELF_SIGNED, None),
    (WEB_MANAGEMENT, None),
    (WEB_MANAGEMENT, MADE),
    (HEALTHY, None),
    (HEALTHY, MADE),
    (WILDCARD_ALONE, None),
];

fn client_names() -> [Option<Vec<String>>; 3] {
    [None, Some(vec![MAIL.into()]), Some(vec![MAIL.into(), "pop.contoso.com".into()])]
}

/// Every combination of services and sites.
fn at_sites((kind, friendly_name): (usize, Option<&str>)) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for services in [None, Some(0), Some(IIS)] {
        for sites in [None, Some(vec![]), Some(vec![1]), Some(vec![2]), Some(vec![1, 2])] {
            candidates.push(Candidate::new(CertificateFacts {
                services,
                web_sites: sites,
                friendly_name: friendly_name.map(str::to_owned),
                ..of_kind(kind)
            }));
        }
    }
    candidates
}

#[test]
fn every_web_site_without_known_bindings_presents_what_the_table_says() {
    let mut checked = Checked::default();
    let mut situation = situation(ServerFacts::default());
    let kinds = (0..=3).flat_map(|size| sets(&KINDS, size));
    // No certificate is there twice.
    let kinds = kinds.filter(|kinds| kinds.windows(2).all(|pair| pair[0].0 != pair[1].0));
    for kinds in kinds {
        let lists: Vec<_> = kinds.into_iter().map(at_sites).collect();
        for certificates in choices(&lists) {
            install(&mut situation, &certificates);
            for names in client_names() {
                situation.server.client_names = names;
                checked.check(&situation, &certificates);
            }
        }
    }
    checked.print("up to three certificates, and every site that Exchange shows");
    assert_eq!(checked, Checked { servers: 130_548, answers: 652_740 });
}

#[test]
fn every_binding_of_a_web_site_presents_what_the_table_says() {
    let mut checked = Checked::default();
    let mut situation = situation(ServerFacts::default());
    // Each is not there, or has the one certificate, the other, or one that is not installed.
    let bindings =
        [(1, ":443:"), (1, "127.0.0.1:443:"), (1, "10.0.0.5:443:"), (1, "*:443:mail.contoso.com"), (2, "*:444:")];
    let has = [None, Some(Some(0)), Some(Some(1)), Some(None)];
    let lists: Vec<Vec<_>> = bindings.iter().map(|binding| has.iter().map(|has| (*binding, *has)).collect()).collect();
    for kinds in sets(&[HEALTHY, OTHER_FIRST, SELF_SIGNED], 2) {
        let statuses = [None, Some(Status::Revoked)];
        let certificates: Vec<_> =
            kinds.iter().map(|kind| with(*kind, &[Some(IIS)], &statuses, &[true, false])).collect();
        // The second is in order: nothing of it touches the first.
        let second = with(kinds[1], &[Some(IIS)], &[None], &[true]);
        for first in &certificates[0] {
            let certificates = [first, &second[0]];
            install(&mut situation, &certificates);
            for bound in choices(&lists) {
                let bound = bound.iter().filter_map(|((site, binding), has)| {
                    has.map(|certificate| WebBinding { site: *site, binding: (*binding).to_owned(), certificate })
                });
                situation.server.web_bindings = Some(bound.collect());
                for names in client_names() {
                    situation.server.client_names = names;
                    for load_balancing in [LoadBalancing::Layer4, LoadBalancing::Layer7] {
                        situation.server.load_balancing = load_balancing;
                        checked.check(&situation, &certificates);
                    }
                }
            }
        }
    }
    checked.print("two certificates, and every way to bind them");
    assert_eq!(checked, Checked { servers: 73_728, answers: 516_384 });
}
