//! What a plan says that every endpoint presents before it and after it.

use exchange_certificates::plan;

use super::{Candidate, Checked, FQDN, MAIL, choices, fqdns, install, numbered, of_kind, situation};
use crate::support::comparison::{bare_server, now, request};
use crate::support::decision_table::{
    Answer, CertificateFacts, CertificateName, ConnectorFacts, ConnectorKind, DefaultSmtp, Fact, IIS, IMAP, Mode,
    Operation, OwnAnswer, POP, RequestFacts, SMTP, ServerFacts, Situation, changes,
};
use crate::support::pool::{EMPTY_SUBJECT, HEALTHY, OTHER_FIRST, POOL, RENEWED, SELF_SIGNED, WILDCARD_ALONE};
use crate::support::presented::{same, same_answer};

/// Everything that may be asked of the first certificate, beside the second.
pub(super) fn requests() -> Vec<RequestFacts> {
    let about_first = |operation, default_smtp| RequestFacts {
        operation,
        certificate: Some(0),
        default_smtp,
        ..RequestFacts::default()
    };
    let mut requests = vec![about_first(Operation::Remove, None)];
    for answer in [Answer::Keep, Answer::Replace] {
        for services in [SMTP, IIS, IMAP | POP, IMAP | POP | IIS | SMTP] {
            requests.push(about_first(Operation::Assign { services, mode: Mode::Add }, Some(answer)));
        }
        for update_connectors in [true, false] {
            requests.push(about_first(Operation::Replace { old: Some(1), update_connectors }, Some(answer)));
        }
    }
    requests
}

pub(super) fn candidates(kind: usize) -> Vec<Candidate> {
    let all = IMAP | POP | IIS | SMTP;
    let states = [
        (None, None),
        (Some(0), Some(vec![])),
        (Some(SMTP), None),
        (Some(all), Some(vec![1])),
        (Some(IIS | SMTP), Some(vec![2])),
    ];
    let candidate = |(services, web_sites)| Candidate::new(CertificateFacts { services, web_sites, ..of_kind(kind) });
    states.map(candidate).into()
}

pub(super) fn connectors() -> Vec<ConnectorFacts> {
    let mut connectors = Vec::new();
    for kind in [ConnectorKind::Receive, ConnectorKind::Send] {
        let connector = ConnectorFacts { kind, servers: vec!["MBX01".into()], ..ConnectorFacts::default() };
        connectors.extend(fqdns().map(|fqdn| ConnectorFacts { fqdn, ..connector.clone() }));
        connectors.extend([HEALTHY, SELF_SIGNED].map(|kind| ConnectorFacts {
            tls_certificate_name: Fact::Value(CertificateName::of(&POOL[kind].facts)),
            ..connector.clone()
        }));
    }
    numbered(connectors)
}

/// A plan says what the decision table says; a refusal has none of it.
pub(super) fn check(situation: &Situation, certificates: &[&Candidate], checked: &mut Checked) {
    let mut server = bare_server(situation);
    for candidate in certificates {
        server.install(candidate.installed.clone()).unwrap();
    }
    let Ok(plan) = plan(&server, &request(situation), now(situation)) else { return };
    let by_table = changes(situation);
    let thumbprints: Vec<_> = certificates.iter().map(|it| it.installed.thumbprint()).collect();
    assert_eq!(plan.endpoints().len(), by_table.len());
    for (library, table) in plan.endpoints().iter().zip(&by_table) {
        let is_same = same_answer(&library.before, &table.before.answer, &thumbprints)
            && same(&library.after, &table.after, &thumbprints);
        assert!(is_same, "{library}\n{table:?}\n{situation:#?}");
    }
    checked.servers += 1;
    checked.answers += by_table.len();
}

#[test]
fn every_plan_of_a_server_with_two_certificates_says_what_the_table_says() {
    let mut checked = Checked::default();
    let mut asked = 0;
    let mut situation = situation(ServerFacts {
        imap_certificate_name: Fact::Value(MAIL.into()),
        pop_certificate_name: Fact::Value(FQDN.into()),
        client_names: Some(vec![MAIL.into()]),
        edge_subscribed: true,
        connectors: connectors(),
        ..ServerFacts::default()
    });
    let kinds = [HEALTHY, RENEWED, WILDCARD_ALONE, SELF_SIGNED, OTHER_FIRST, EMPTY_SUBJECT];
    let pairs = kinds.iter().flat_map(|first| kinds.map(|second| [*first, second]));
    for pair in pairs.filter(|[first, second]| first != second) {
        let lists: Vec<_> = pair.into_iter().map(candidates).collect();
        for certificates in choices(&lists) {
            install(&mut situation, &certificates);
            for mut request in requests() {
                request.thumbprint = certificates[0].facts.thumbprint.clone();
                request.old_thumbprint = certificates[1].facts.thumbprint.clone();
                situation.request = request;
                for default in [DefaultSmtp::NotKnown, DefaultSmtp::Installed(0), DefaultSmtp::Installed(1)] {
                    situation.server.default_smtp = default;
                    // What the server itself chose holds until a plan changes what it chose from.
                    for own in [None, Some(0), Some(1)] {
                        let answer = |fqdn: &str| OwnAnswer { fqdn: fqdn.into(), certificates: vec![own] };
                        situation.server.selection = own.map(|_| [MAIL, FQDN].map(answer).into()).unwrap_or_default();
                        asked += 1;
                        check(&situation, &certificates, &mut checked);
                    }
                }
            }
        }
    }
    println!("{asked} requests");
    checked.print("two certificates, and every plan for one of them");
    assert_eq!((asked, checked), (87_750, Checked { servers: 55_040, answers: 990_720 }));
}
