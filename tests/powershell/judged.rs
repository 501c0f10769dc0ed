//! What was not read weakens no decision, and makes no finding.

use std::collections::{BTreeMap, BTreeSet};

use exchange_certificates::import::Import;
use exchange_certificates::{Fleet, Kind, audit};

use crate::collected;
use crate::decisions::{Asked, Findings, Outcome, findings, now, outcome, requests};
use crate::read_back::{compare, not_read, read};
use crate::rich;
use crate::support::expected::Expected;
use crate::support::told::Telling;

/// Rules that refuse or warn although they do not over the whole, with what then was not read: what is said of what is
/// not known, and what is taken for the worse.
const EXPLAINED: [(&str, &[&str]); 13] = [
    ("certificate-not-installed", &["certificates"]),
    ("um-not-available", &["certificates"]),
    ("default-smtp-unknown", &["default-smtp"]),
    // The default moves if it is not known to be this one already.
    ("default-smtp-replaced", &["default-smtp"]),
    ("edge-sync-breaks", &["default-smtp"]),
    ("hybrid-root", &["default-smtp"]),
    ("removes-likely-auth-certificate", &["auth"]),
    // Services are judged by their assignments if their endpoints are not known.
    ("removes-last-assignment", &["imap", "pop"]),
    ("wildcard-imap", &["imap"]),
    ("wildcard-pop", &["pop"]),
    // TCP is what a server has that nobody has changed.
    ("um-startup-mode", &["um"]),
    ("um-call-router-startup-mode", &["um-call-router"]),
    (
        "facts-unknown",
        &["certificates", "receive-connectors", "send-connectors", "hybrid", "auth", "edge-subscriptions"],
    ),
];

/// What the whole organisation decides and finds.
struct Whole {
    decisions: Vec<(Asked, Outcome)>,
    findings: Findings,
}

/// What was compared, so that nothing passes for lack of cases.
#[derive(Default)]
struct Count {
    files: usize,
    decisions: usize,
    /// Refusals of the whole by a connector, by rule and operation, that were met with less.
    by_connector: BTreeMap<String, usize>,
    /// Those of them that no connector refuses any more, and `facts-unknown` does.
    held: BTreeMap<String, usize>,
    /// Requests that the whole does not let pass and less does, which say so.
    said: BTreeMap<String, usize>,
    silent: usize,
    problems: BTreeSet<String>,
}

fn whole() -> Option<Whole> {
    let files = rich::PLACES.map(|place| collected(&rich::name(place)));
    let [Some(inside), Some(edge)] = files else { return None };
    let import = read(&[inside.file.as_ref().unwrap(), edge.file.as_ref().unwrap()]);
    assert!(import.not_read().is_empty(), "{:?}", import.not_read());
    let (fleet, _) = import.fleet();
    let decide = |asked: Asked| {
        let outcome = outcome(&fleet, &asked).unwrap();
        (asked, outcome)
    };
    Some(Whole { decisions: requests(&fleet).into_iter().map(decide).collect(), findings: findings(&fleet) })
}

impl Whole {
    fn compare(&self, name: &str, import: &Import, count: &mut Count) {
        let (fleet, _) = import.fleet();
        let is_whole = import.not_read().is_empty();
        count.files += 1;
        let unread = |server: &str| -> BTreeSet<String> {
            not_read(import, None).into_keys().chain(not_read(import, Some(server)).into_keys()).collect()
        };
        let unread: BTreeMap<_, _> =
            fleet.servers().map(|server| (server.name().to_owned(), unread(server.name()))).collect();
        for (asked, whole) in &self.decisions {
            let Some(less) = outcome(&fleet, asked) else { continue };
            count.decisions += 1;
            count.compare(&format!("{name}: {asked:?}"), asked.operation, &unread[&asked.server], whole, &less);
            if is_whole && *whole != less {
                count.problems.insert(format!("{name}: {asked:?}: all was read, and {less:?} is not {whole:?}"));
            }
        }
        self.audit(name, &fleet, import, count);
    }

    fn audit(&self, name: &str, fleet: &Fleet, import: &Import, count: &mut Count) {
        let less = findings(fleet);
        for (rule, server, thumbprint) in less.keys().filter(|key| !self.findings.contains_key(key)) {
            // What presents a self-signed certificate may be told by a rule that needs to know all connectors.
            let reaches_nothing = self.findings.iter().any(|((rule, of, _), message)| {
                let is_in_it = thumbprint.is_some_and(|thumbprint| message.contains(&thumbprint.to_string()));
                rule == "audit-smtp-reaches-nothing" && of == server && is_in_it
            });
            let is_told = rule == "audit-endpoint-self-signed" && reaches_nothing;
            if rule != "audit-endpoint-ambiguous" && !is_told {
                count.problems.insert(format!("{name}: {rule} is found on {server} alone ({thumbprint:?})"));
            }
        }
        count.silent += self.findings.keys().filter(|key| !less.contains_key(key)).count();
        let listed: BTreeSet<_> = audit(fleet, now())
            .not_read
            .into_iter()
            .map(|entry| (entry.server, entry.what.to_string(), entry.message.unwrap_or_default()))
            .collect();
        let known: Vec<_> = [None].into_iter().chain(fleet.servers().map(|server| Some(server.name()))).collect();
        let mut expected = BTreeSet::new();
        for server in known {
            let entries = not_read(import, server);
            if server.is_some() && entries.contains_key("certificates") {
                assert!(!less.keys().any(|(_, of, _)| Some(of.as_str()) == server), "{name}: {server:?}");
            }
            expected.extend(entries.into_iter().map(|(what, message)| (server.map(str::to_owned), what, message)));
        }
        assert_eq!(listed, expected, "{name}");
    }
}

impl Count {
    fn compare(&mut self, name: &str, operation: &str, unread: &BTreeSet<String>, whole: &Outcome, less: &Outcome) {
        let problem = |what: &str| format!("{name}: {what}: {:?} / {:?}", whole.rules, less.rules);
        if let Some(rule) = whole.refused_by_connector {
            let case = format!("{operation} {rule}");
            *self.by_connector.entry(case.clone()).or_default() += 1;
            if less.refused_by_connector.is_none() && less.rules.get("facts-unknown") == Some(&Kind::Refuse) {
                *self.held.entry(case).or_default() += 1;
            }
        }
        if less.passes && !whole.passes {
            // The default and the Auth certificate have words of their own.
            let words = ["facts-unknown", "default-smtp-unknown", "removes-likely-auth-certificate"];
            let said = words.into_iter().find(|rule| less.rules.contains_key(*rule));
            match said {
                Some(rule) => *self.said.entry(format!("{operation} {rule}")).or_default() += 1,
                None => drop(self.problems.insert(problem("it passes without a word"))),
            }
            if operation != "assign" && whole.refused_by_connector.is_some() {
                self.problems.insert(problem("a connector refuses it, and it passes"));
            }
        }
        for (rule, kind) in &less.rules {
            let is_new = whole.rules.get(rule).is_none_or(|known| known < kind) && *kind >= Kind::Warn;
            let mut causes = EXPLAINED.iter().filter(|(known, _)| known == rule).flat_map(|(_, causes)| *causes);
            if is_new && !causes.any(|cause| unread.contains(*cause)) {
                self.problems.insert(problem(rule));
            }
        }
    }

    fn end(self) {
        for problem in self.problems.iter().take(20) {
            println!("{problem}");
        }
        assert!(self.problems.is_empty(), "{} problems", self.problems.len());
        println!("{} files or pairs, {} decisions; {} findings were silent", self.files, self.decisions, self.silent);
        println!("refused by connectors: {:?}, and for lack of them: {:?}", self.by_connector, self.held);
        println!("passing with less, and said: {:?}", self.said);
        for case in [
            "remove removes-connector-certificate",
            "remove endpoint-fails",
            "replace removes-connector-certificate",
            "replace endpoint-fails",
        ] {
            assert!(self.held.get(case).is_some_and(|count| *count > 0), "no {case} was met");
        }
        for case in ["remove facts-unknown", "replace facts-unknown", "assign default-smtp-unknown"] {
            assert!(self.said.get(case).is_some_and(|count| *count > 0), "no {case} was met");
        }
        assert!(self.silent > 0);
    }
}

/// The runs that fail, each with its place, what it tells, and its file.
fn failing() -> Vec<(usize, String, Telling, &'static [u8])> {
    let mut all = Vec::new();
    for (place, name) in rich::PLACES.into_iter().enumerate() {
        for run in rich::failing(name) {
            let file = collected(&run.name).unwrap().file.as_ref().unwrap();
            all.push((place, run.name.clone(), Telling::of(&run.organization), file.as_slice()));
        }
    }
    all
}

#[test]
fn what_one_run_did_not_read_weakens_nothing() {
    let Some(whole) = whole() else { return };
    let mut count = Count::default();
    let wholes = rich::PLACES.map(|place| (Telling::of(&rich::whole(place)), collected(&rich::name(place)).unwrap()));
    for (place, name, telling, file) in failing() {
        let (beside, other) = &wholes[1 - place];
        let import = read(&[file, other.file.as_ref().unwrap()]);
        compare(&name, &import, &[&telling, beside]);
        whole.compare(&name, &import, &mut count);
    }
    count.end();
}

#[test]
fn what_one_of_two_runs_read_is_read() {
    let Some(whole) = whole() else { return };
    let mut count = Count::default();
    let wholes = rich::PLACES.map(|place| (Telling::of(&rich::whole(place)), collected(&rich::name(place)).unwrap()));
    let all = failing();
    for (index, (place, name, telling, file)) in all.iter().enumerate() {
        for (other_place, other_name, other_telling, other_file) in &all[index + 1..] {
            let name = format!("{name} + {other_name}");
            let mut files = vec![*file, *other_file];
            let mut tellings = vec![telling, other_telling];
            if place == other_place {
                let (beside, other) = &wholes[1 - place];
                files.push(other.file.as_ref().unwrap());
                tellings.push(beside);
            }
            let import = read(&files);
            let expected = Expected(&tellings);
            let kinds = |entries: BTreeMap<String, String>| entries.into_keys().collect::<Vec<_>>();
            assert_eq!(kinds(not_read(&import, None)), kinds(expected.organization_not_read()), "{name}");
            for (server, described) in expected.servers() {
                let expected: BTreeMap<String, String> = serde_json::from_value(described["not_read"].clone()).unwrap();
                assert_eq!(kinds(not_read(&import, Some(&server))), kinds(expected), "{name}: {server}");
            }
            whole.compare(&name, &import, &mut count);
        }
    }
    count.end();
}
