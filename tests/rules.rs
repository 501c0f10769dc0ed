//! Every rule, by the pages beside this file: `rules/<id>.md` tells an administrator what the rule does.
//!
//! A page is the title `# <id>`, a sentence or two, and cases. A case is a heading, `## speaks: what is
//! special` or `## silent: the near miss`, and a `json` block with a merge patch (RFC 7386) on the plain
//! case of `rules/plain.json`. The heading is the judge. The answer follows in a `text` block, which
//! `UPDATE_EXPECT=1 cargo test` writes, but never against a heading: the rule of the page in full, the other rules
//! by their ids, and the script on one line if the rule is not about it. A silent case in which the rule could not
//! speak at all, like a follow-up if the request is refused, is an error. A page with more than eight cases gathers
//! them in groups: a group is a heading `## …`, and its cases are headings `### …`.
//!
//! A case is a scenario file, but for its certificates: `certificates` names them by keys, and each is a patch on
//! the healthy `certificate` of `plain.json`. `factory` makes it: each of the extensions `dns_names`, `key_usage`,
//! `extended_key_usage` and `ca` (basic constraints) is left out by null, and is damaged by its name in
//! `unreadable` or doubled by its name in `twice`. `"installed": false` leaves the certificate in no store. Wherever
//! a scenario holds a thumbprint, a key may stand; as `tls_certificate_name` of a connector, `{"of": key}` stands for
//! the name by which it finds that certificate. `others` are further servers, each a patch on the first one that names
//! by their keys the certificates that it has. An answer writes `<key>` for its thumbprint. `rules/facts.txt` lists
//! the facts that the rules tell on their pages.

#[path = "support/factory.rs"]
mod factory;
#[path = "support/page.rs"]
mod page;
#[path = "support/requests.rs"]
mod requests;

use std::collections::BTreeSet;
use std::{env, fs};

use exchange_certificates::{AUDIT_RULES, RULES};
use expect_test::expect_file;

use crate::page::{Pages, in_package};

/// The rules in the order of the specification: first its table from the article, then that from the references.
const SPECIFICATION: &[&str] = &[
    "certificate-not-installed",
    "status-not-valid",
    "status-accepted",
    "wildcard-imap",
    "wildcard-pop",
    "replace-default-smtp",
    "default-smtp-replaced",
    "default-smtp-unknown",
    "um-startup-mode",
    "um-call-router-startup-mode",
    "um-not-available",
    "assignment-irrevocable",
    "restart-iis",
    "recreate-edge-subscription",
    "permission-denied",
    "permission-uncertain",
    "permission-unchecked",
    "permission-partial",
    "verify-assignment",
    //
    "no-services",
    "federation-not-assignable",
    "service-not-hosted",
    "unreadable-extension",
    "private-key-missing",
    "not-server-authentication",
    "key-too-small",
    "ecc-unsupported",
    "cng-key",
    "removes-default-smtp",
    "removes-last-assignment",
    "removes-connector-certificate",
    "removes-back-end-certificate",
    "removes-keyless",
    "removes-federation-certificate",
    "removes-auth-certificate",
    "services-unknown",
    "facts-unknown",
    "removes-likely-auth-certificate",
    "removes-web-management",
    "require-ssl",
    "restart-imap",
    "restart-pop",
    "served-by-name",
    "connector-fqdn-invalid",
    "send-server-lacks",
    "update-hybrid",
    "restart-um",
    "restart-um-call-router",
    "load-balancer-certificate",
    "imap-name-mismatch",
    "pop-name-mismatch",
    "restore-imap-name",
    "restore-pop-name",
    "iis-name-not-covered",
    "update-connectors",
    "connector-uses-other",
    "edge-sync-breaks",
    "hybrid-root",
    "default-smtp-name-mismatch",
    "default-smtp-missing",
    "default-smtp-expired",
    "auth-certificate",
    "ca-certificate",
    "self-signed",
    "empty-subject",
    "no-domain",
    "expires-soon",
    "weak-key",
    "weak-signature",
    "ecc-key",
    "key-usage",
    "no-client-authentication",
    "service-skipped",
    "endpoint-fails",
    "endpoint-worse",
    "smtp-reaches-nothing",
    "smtp-reaches-some",
    "imap-ambiguous",
    "pop-ambiguous",
    "iis-binding-keeps-other",
    "import-takes-over",
    "endpoint-changes",
    "endpoints-unknown",
];

#[test]
fn rules_report_in_the_order_of_the_specification() {
    let ids: Vec<_> = RULES.iter().map(|rule| rule.id()).collect();
    page::assert_same_order("RULES in src/rules.rs", &ids, "SPECIFICATION in tests/rules.rs", SPECIFICATION);
}

#[test]
fn every_rule_has_a_row_in_the_decision_table() {
    let table = sources("tests/support/decision_table");
    for rule in RULES {
        let id = rule.id();
        assert!(
            table.contains(&format!("\"{id}\"")),
            "{id} has no row in tests/support/decision_table: it is written from the specification, and not from the rule"
        );
    }
}

#[test]
fn ids_are_unique_and_in_kebab_case() {
    let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.id()).collect();
    assert_eq!(ids.len(), RULES.len());
    for id in ids {
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(id.split('-').all(is_word), "{id}");
    }
}

#[test]
fn every_documentation_begins_with_a_sentence() {
    for rule in RULES {
        page::assert_is_a_sentence(rule.id(), rule.summary());
    }
}

fn pages() -> Pages<'static> {
    let ids = RULES.iter().map(|rule| rule.id()).collect();
    Pages { folder: "tests/rules", heard: "speaks", ids, answer: &requests::answer }
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    pages().check_names();
}

#[test]
fn every_page_tells_what_its_rule_does() {
    pages().check_answers();
}

/// A file that is written from the rules is as they say. It is long: only the first difference is shown.
fn assert_written(path: &str, text: &str) {
    let file = in_package(path);
    if env::var_os("UPDATE_EXPECT").is_some() {
        return expect_file![file].assert_eq(text);
    }
    let written = fs::read_to_string(file).unwrap_or_default().replace("\r\n", "\n");
    let mut lines = written.lines().zip(text.lines());
    if let Some((line, wanted)) = lines.find(|(line, wanted)| line != wanted) {
        panic!("{path} must be written anew, by `UPDATE_EXPECT=1 cargo test`: {line:?} is now {wanted:?}");
    }
    assert_eq!(written.len(), text.len(), "{path} must be written anew, by `UPDATE_EXPECT=1 cargo test`");
}

/// The text of a module and of those below it.
fn sources(module: &str) -> String {
    let folder = fs::read_dir(in_package(module)).into_iter().flatten();
    let below = folder.filter_map(|entry| {
        let path = entry.expect("an entry of the folder").path();
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        (path.is_dir() || path.extension().is_some_and(|extension| extension == "rs")).then_some(name)
    });
    let below: BTreeSet<_> = below.collect();
    let text = fs::read_to_string(in_package(&format!("{module}.rs"))).unwrap_or_default();
    below.iter().fold(text, |text, name| text + &sources(&format!("{module}/{name}")))
}

#[test]
fn the_list_of_rules_is_written_from_the_rules() {
    let mut text =
        "# Rules\n\nThis page is written by `UPDATE_EXPECT=1 cargo test`.\n\nAbout a request:\n\n".to_owned();
    let item = |id, summary| format!("- [`{id}`](#{id}): {summary}\n");
    text.extend(RULES.iter().map(|rule| item(rule.id(), rule.summary())));
    text += "\nOf the audit:\n\n";
    text.extend(AUDIT_RULES.iter().map(|rule| item(rule.id(), rule.summary())));
    let section = |id, what: String, source, folder, documentation: &str| {
        let documentation: Vec<_> = documentation.lines().map(str::trim).collect();
        let documentation = documentation.join("\n");
        format!("\n## {id}\n\n{what}. Source: {source}. Cases: `tests/{folder}/{id}.md`.\n\n{documentation}\n")
    };
    for rule in RULES {
        let kinds: Vec<_> = rule.kinds().iter().map(ToString::to_string).collect();
        let kind = format!("Kind: {}", kinds.join(" or "));
        text += &section(rule.id(), kind, rule.source(), "rules", rule.documentation());
    }
    for rule in AUDIT_RULES {
        let severities: Vec<_> = rule.severities().iter().map(ToString::to_string).collect();
        let severity = format!("Severity: {}", severities.join(" or "));
        text += &section(rule.id(), severity, rule.source(), "audit", rule.documentation());
    }
    assert_written("docs/rules.md", &text);
}

/// Where a link of Markdown leads.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn no_link_is_dead_where_the_pages_are_published() {
    // On docs.rs and crates.io there is neither the repository nor a page beside the README.
    for page in ["README.md", "COMPARE.md", "docs/rules.md"] {
        let text = fs::read_to_string(in_package(page)).expect("the page is there");
        let headings: BTreeSet<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' '))
            .map(|heading| heading.to_lowercase().replace(' ', "-"))
            .collect();
        for link in links(&text) {
            let is_alive = match link.strip_prefix('#') {
                Some(anchor) => headings.contains(anchor),
                None => link.starts_with("https://"),
            };
            assert!(is_alive, "{page}: {link}");
        }
    }
}

#[test]
fn the_readme_names_only_rules_that_there_are() {
    let readme = fs::read_to_string(in_package("README.md")).expect("README.md is there");
    let digest = readme.split("## What it decides").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.id()).collect();
    let is_id = |word: &&str| word.contains('-') && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let named: Vec<_> = digest.split('`').skip(1).step_by(2).filter(is_id).collect();
    assert!(named.len() > 15, "{named:?}");
    for id in named {
        assert!(ids.contains(id), "README.md: there is no rule {id}");
    }
}
