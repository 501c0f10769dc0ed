//! The worked examples of the specification of endpoints, as the library answers them.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod page;

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use exchange_certificates::{Certificate, Diagnostic, Endpoint, Kind, Operation, Server, Thumbprint, plan, rfc3339};

use crate::support::comparison::{bare_server, installed, now, request};
use crate::support::decision_table as table;
use crate::support::decision_table::examples::{Example, examples};
use crate::support::decision_table::{CertificateFacts, Extension, Situation, changes};
use crate::support::factory::{
    BASIC_CONSTRAINTS, CertificateFactory, EXTENDED_KEY_USAGE, KEY_USAGE, SUBJECT_ALTERNATIVE_NAME,
};
use crate::support::presented::{printed, same};

/// An example with certificates that are made as it describes them.
struct Worked {
    example: Example,
    certificates: Vec<Certificate>,
}

/// What the library says of it.
struct Answered {
    endpoints: Vec<Endpoint>,
    /// Of the request, if there is one.
    diagnostics: Vec<Diagnostic>,
}

impl Worked {
    fn new(mut example: Example) -> Self {
        let certificates: Vec<_> = example.server.certificates.iter().map(make).collect();
        for (facts, certificate) in example.server.certificates.iter_mut().zip(&certificates) {
            facts.thumbprint = certificate.thumbprint().to_string();
        }
        if let Some(request) = &mut example.request {
            request.thumbprint = certificates[request.certificate.unwrap()].thumbprint().to_string();
        }
        Self { example, certificates }
    }

    fn situation(&self) -> Situation {
        self.example.situation()
    }

    /// With all certificates but this one.
    fn server_without(&self, gone: Option<Thumbprint>) -> Server {
        let mut server = bare_server(&self.situation());
        for (facts, certificate) in self.example.server.certificates.iter().zip(&self.certificates) {
            if gone != Some(certificate.thumbprint()) {
                server.install(installed(facts, certificate.clone())).unwrap();
            }
        }
        server
    }

    fn answer(&self) -> Answered {
        let situation = self.situation();
        let (server, now) = (self.server_without(None), now(&situation));
        if self.example.request.is_none() {
            return Answered { endpoints: server.endpoints(now), diagnostics: Vec::new() };
        }
        let request = request(&situation);
        match plan(&server, &request, now) {
            Ok(plan) => Answered {
                endpoints: plan.endpoints().iter().map(|change| change.after.clone()).collect(),
                diagnostics: plan.diagnostics().to_vec(),
            },
            Err(no_plan) => {
                // A refusal says what would fail; what would be left is seen on a server that never had it.
                assert_eq!(request.operation(), Operation::Remove, "{no_plan}");
                Answered {
                    endpoints: self.server_without(Some(request.thumbprint())).endpoints(now),
                    diagnostics: no_plan.diagnostics().to_vec(),
                }
            }
        }
    }

    fn letter(&self, thumbprint: Thumbprint) -> String {
        let place = self.certificates.iter().position(|certificate| certificate.thumbprint() == thumbprint);
        place.map_or_else(|| thumbprint.to_string(), |place| self.example.letters[place].to_owned())
    }

    fn printed(&self, endpoint: &Endpoint) -> String {
        printed(endpoint.presented(), &|thumbprint| self.letter(thumbprint))
    }

    fn thumbprints(&self) -> Vec<Thumbprint> {
        self.certificates.iter().map(Certificate::thumbprint).collect()
    }
}

/// Such a certificate. The first digit of its thumbprint keeps the order of the examples, in which some answers are.
fn make(facts: &CertificateFacts) -> Certificate {
    let time = |seconds: i64| rfc3339::print(UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())).to_string();
    let common_name = |name: &str| name.strip_prefix("CN=").unwrap().to_owned();
    let mut factory = CertificateFactory::new("")
        .subject(&[("CN", &common_name(&facts.subject))])
        .issuer(&[("CN", &common_name(&facts.issuer))])
        .valid(&time(facts.not_before), &time(facts.not_after));
    for extension in [KEY_USAGE, EXTENDED_KEY_USAGE, BASIC_CONSTRAINTS, SUBJECT_ALTERNATIVE_NAME] {
        factory = factory.without(extension);
    }
    if let Extension::Present(names) = &facts.dns_names
        && !names.is_empty()
    {
        factory = factory.dns_names(names.iter().map(String::as_str));
    }
    let digit = facts.thumbprint.chars().last();
    let mut serials = (1_u8..=255).map(|serial| factory.clone().serial_number([serial & 0x7F, serial]).build());
    serials.find(|made| made.thumbprint().to_string().chars().next() == digit).unwrap()
}

fn worked() -> Vec<Worked> {
    examples().into_iter().map(Worked::new).collect()
}

fn kind(kind: table::Kind) -> Kind {
    match kind {
        table::Kind::Note => Kind::Note,
        table::Kind::FollowUp => Kind::FollowUp,
        table::Kind::Warn => Kind::Warn,
        table::Kind::Decide => Kind::Decide,
        table::Kind::Refuse => Kind::Refuse,
    }
}

#[test]
fn every_worked_example_is_answered_as_the_specification_says() {
    let mut wrong = String::new();
    for worked in worked() {
        let answered = worked.answer();
        let mut named = answered.endpoints.iter();
        for (id, expected) in worked.example.expected {
            // From where the one before was found: the order is part of the answer.
            let presented = named.find(|endpoint| endpoint.id().to_string() == *id);
            let presented = presented.map_or_else(|| "not there".to_owned(), |endpoint| worked.printed(endpoint));
            if presented != *expected {
                writeln!(wrong, "| {} | {id} | {expected} | {presented} |", worked.example.number).unwrap();
            }
        }
        for (rule, expected) in worked.example.rules {
            let said = answered.diagnostics.iter().find(|said| said.rule() == *rule).map(Diagnostic::kind);
            if said != expected.map(kind) {
                writeln!(wrong, "| {} | rule {rule} | {expected:?} | {said:?} |", worked.example.number).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "| # | endpoint | expected | presented |\n|---|---|---|---|\n{wrong}");
}

/// The specification names only those endpoints of a server that an example is about.
#[test]
fn the_other_endpoints_of_the_worked_examples_are_as_the_decision_table_says() {
    for worked in worked() {
        let situation = worked.situation();
        let by_table = match &worked.example.request {
            Some(_) => changes(&situation).into_iter().map(|change| change.after).collect(),
            None => table::endpoints(situation.now, &situation.server),
        };
        let answered = worked.answer().endpoints;
        let thumbprints = worked.thumbprints();
        assert_eq!(answered.len(), by_table.len(), "{}", worked.example.number);
        for (library, by_table) in answered.iter().zip(&by_table) {
            let printed = worked.printed(library);
            assert!(same(library, by_table, &thumbprints), "{}: {printed}: {by_table:?}", worked.example.number);
        }
    }
}
