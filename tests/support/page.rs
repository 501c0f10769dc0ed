//! The pages beside the rules: their cases, whose headings judge the answers. The tests of each kind of rule say what
//! may be on their pages.
#![allow(clippy::indexing_slicing, reason = "a JSON value answers for an absent key with null")]

mod described;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use exchange_certificates::{Certificate, TlsCertificateName};
use expect_test::expect_file;
use serde_json::{Value, json};

pub(crate) use self::described::Factory;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The pages of one kind of rule.
pub(crate) struct Pages<'a> {
    pub(crate) folder: &'static str,
    /// How the heading of a case begins in which the rule is heard.
    pub(crate) heard: &'static str,
    pub(crate) ids: Vec<&'static str>,
    /// The answer to a patched plain case, and what it says of the rule of this id.
    pub(crate) answer: &'a dyn Fn(&str, &Value) -> Result<Answer>,
}

/// What a case comes to.
pub(crate) struct Answer {
    /// As people read it, with `<key>` for thumbprints.
    pub(crate) text: String,
    pub(crate) is_heard: bool,
    /// The names of the facts that the rule tells.
    pub(crate) facts: Vec<String>,
    /// Whether the rule would be heard in such an answer at all.
    pub(crate) would_be_heard: bool,
}

/// The summary of a rule is one sentence.
pub fn assert_is_a_sentence(id: &str, summary: &str) {
    let begins = summary.trim_start_matches('"').starts_with(char::is_uppercase);
    let is_one = !summary.trim_end_matches('.').contains(". ");
    assert!(
        begins && is_one && summary.ends_with('.'),
        "the first line of the documentation of {id} must be one sentence with a full stop: {summary}"
    );
}

/// Two lists of rules have the same entries in the same order.
pub fn assert_same_order<T: PartialEq + Debug>(name: &str, rules: &[T], other_name: &str, others: &[T]) {
    for rule in rules {
        assert!(
            others.contains(rule),
            "{rule:?} is in {name}, and not in {other_name}: add it there, at the same place"
        );
    }
    for other in others {
        assert!(
            rules.contains(other),
            "{other:?} is in {other_name}, and not in {name}: add it there, at the same place"
        );
    }
    for (rule, other) in rules.iter().zip(others) {
        assert_eq!(rule, other, "{name} and {other_name} differ in their order");
    }
    assert_eq!(rules.len(), others.len(), "a rule is twice in {name} or in {other_name}");
}

impl Pages<'_> {
    /// Every rule has a page, and every page a rule.
    pub(crate) fn check_names(&self) {
        let folder = self.folder;
        let pages: BTreeSet<_> = fs::read_dir(in_package(folder))
            .unwrap_or_else(|error| panic!("the pages stand in {folder}: {error}"))
            .map(|entry| entry.expect("an entry of the folder").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
            .map(|path| path.file_stem().expect("a file has a name").to_string_lossy().into_owned())
            .collect();
        for id in &self.ids {
            assert!(pages.contains(*id), "{id} has no page: write {folder}/{id}.md, as the top of {folder}.rs says");
        }
        for page in pages {
            assert!(self.ids.contains(&page.as_str()), "{folder}/{page}.md: there is no rule {page}");
        }
    }

    /// The headings of every page judge its answers, which are then held against what stands there.
    pub(crate) fn check_answers(&self) {
        let mut complaints = Vec::new();
        let mut pages = Vec::new();
        let mut facts = "The facts that each rule tells. Their names are permanent.\n\n".to_owned();
        for id in &self.ids {
            let path = in_package(self.folder).join(id).with_extension("md");
            // Another test says that a page is missing.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            match self.page(id, &text) {
                Ok(page) if page.heard == 0 => complaints.push(format!("{id}.md: no case {}", self.heard)),
                Ok(page) if page.silent == 0 => complaints.push(format!("{id}.md: no case is silent")),
                Ok(page) => {
                    facts += format!("{id}: {}", Vec::from_iter(page.facts).join(", ")).trim_end();
                    facts.push('\n');
                    pages.push((path, page.text));
                }
                Err(error) => complaints.push(format!("{id}.md: {error}")),
            }
        }
        assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
        pages.push((in_package(self.folder).join("facts.txt"), facts));
        for (path, text) in pages {
            expect_file![path].assert_eq(&text);
        }
    }

    fn page(&self, id: &str, text: &str) -> Result<Page> {
        let text = text.replace("\r\n", "\n");
        let (introduction, sections) = sections(&text);
        if introduction.strip_prefix(&format!("# {id}\n")).is_none_or(|sentence| sentence.trim().is_empty()) {
            return Err(format!("it does not begin with the title `# {id}` and a sentence").into());
        }
        let is_group = |section: &Section<'_>| section.level == "##" && !self.is_case(section.heading);
        let has_groups = sections.iter().any(is_group);
        let level = if has_groups { "###" } else { "##" };
        let mut page =
            Page { text: format!("{}\n", introduction.trim_end()), heard: 0, silent: 0, facts: BTreeSet::new() };
        let mut headings = BTreeSet::new();
        for (place, section) in sections.iter().enumerate() {
            let heading = section.heading;
            if !headings.insert(heading) {
                return Err(format!("`{heading}` is there twice").into());
            }
            if is_group(section) {
                if section.body.contains("```") || sections.get(place + 1).is_none_or(is_group) {
                    return Err(format!("`{heading}` begins with neither `{}: ` nor `silent: `", self.heard).into());
                }
                page.text += &format!("\n## {heading}\n{}", section.body);
                page.text.truncate(page.text.trim_end().len());
                page.text.push('\n');
                continue;
            }
            if section.level != level || (has_groups && place == 0) {
                return Err(format!(
                    "`{heading}`: a case is a heading `##`; if cases are grouped, all of them are: a group is `##`, and its cases are `###`"
                )
                .into());
            }
            self.case(&mut page, id, section).map_err(|error| format!("`{heading}`: {error}"))?;
        }
        let cases = page.heard + page.silent;
        if cases > MOST_CASES && !has_groups {
            return Err(format!(
                "{cases} cases, and more than {MOST_CASES} need groups: `## <group>` above `### <case>`"
            )
            .into());
        }
        Ok(page)
    }

    fn is_case(&self, heading: &str) -> bool {
        heading.split_once(": ").is_some_and(|(begin, _)| begin == self.heard || begin == "silent")
    }

    fn case(&self, page: &mut Page, id: &str, section: &Section<'_>) -> Result<()> {
        let Section { heading, body, .. } = section;
        if !self.is_case(heading) {
            return Err(format!("it begins with neither `{}: ` nor `silent: `", self.heard).into());
        }
        let is_heard = !heading.starts_with("silent: ");
        let (before, patch) = patch(body)?;
        let answer = (self.answer)(id, &serde_json::from_str(patch)?)?;
        if answer.is_heard != is_heard {
            return Err(format!("the answer is another:\n{}", answer.text).into());
        }
        if !is_heard && !answer.would_be_heard {
            return Err(format!("the rule is silent in every such answer:\n{}", answer.text).into());
        }
        *if is_heard { &mut page.heard } else { &mut page.silent } += 1;
        page.facts.extend(answer.facts);
        page.text += &written(section, before, patch, &answer.text);
        Ok(())
    }
}

/// A page that its headings have judged, with the answers of today instead of those that it had.
struct Page {
    text: String,
    heard: usize,
    silent: usize,
    facts: BTreeSet<String>,
}

/// A page with more cases than these is read only if they are grouped.
const MOST_CASES: usize = 8;

/// A heading of a page, `##` or `###`, and what follows it.
pub(crate) struct Section<'a> {
    level: &'a str,
    pub(crate) heading: &'a str,
    pub(crate) body: &'a str,
}

/// What stands above the json block of a case, and the block itself. The text block alone may follow.
pub(crate) fn patch(body: &str) -> Result<(&str, &str)> {
    let (before, rest) = body.split_once("```json\n").ok_or("there is no json block")?;
    let (patch, after) = rest.split_once("\n```\n").ok_or("the json block does not end")?;
    if !after.trim().is_empty() && !after.starts_with("\n```text\n") {
        return Err("the json block is not followed by the text block alone".into());
    }
    Ok((before, patch))
}

/// A case with the answer of today.
pub(crate) fn written(section: &Section<'_>, before: &str, patch: &str, answer: &str) -> String {
    let Section { level, heading, .. } = section;
    format!("\n{level} {heading}\n{before}```json\n{patch}\n```\n\n```text\n{answer}```\n")
}

/// The introduction of a page, and its sections.
pub(crate) fn sections(text: &str) -> (&str, Vec<Section<'_>>) {
    let headings = text.match_indices("\n##").map(|(place, _)| place + 1);
    let ends: Vec<_> = headings.filter(|place| is_heading(&text[*place..])).chain([text.len()]).collect();
    let sections = ends.windows(2).map(|ends| {
        let section = &text[ends[0]..ends[1]];
        let (title, body) = section.split_once('\n').unwrap_or((section, ""));
        let (level, heading) = title.split_once(' ').unwrap_or((title, ""));
        Section { level, heading, body }
    });
    (&text[..ends[0]], sections.collect())
}

fn is_heading(text: &str) -> bool {
    text.starts_with("## ") || text.starts_with("### ")
}

pub(crate) fn in_package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Writes what the rules said: the rule of the page in full, and every other one in few words.
pub(crate) fn print_findings(text: &mut String, id: &str, findings: &Value, weight: &str) {
    let mut others: Vec<String> = Vec::new();
    let mut weight_before = None;
    for finding in list(findings) {
        if finding["rule"] == id {
            print_finding(text, finding, weight);
            continue;
        }
        if list(&finding["consequences"]).any(|consequence| consequence["rule"] == id) {
            text.push_str(&format!("{} {}\n", words(&finding[weight]), title(finding)));
            print_consequences(text, finding);
            continue;
        }
        let (weight, title) = (words(&finding[weight]), title(finding));
        let is_as_before = weight_before.as_ref() == Some(&weight);
        let separator = if is_as_before { "," } else { ";" };
        if let Some(other) = others.last_mut() {
            other.push_str(separator);
        }
        others.push(if is_as_before { title } else { format!("{weight} {title}") });
        weight_before = Some(weight);
    }
    let mut line = String::new();
    for other in others {
        if !line.is_empty() && line.len() + other.len() >= WIDTH {
            text.push_str(&format!("{line}\n"));
            line = " ".repeat("also:".len());
        } else if line.is_empty() {
            line.push_str("also:");
        }
        line.push_str(&format!(" {other}"));
    }
    if !line.is_empty() {
        text.push_str(&format!("{line}\n"));
    }
}

/// Writes what other rules say of the cause of a finding.
fn print_consequences(text: &mut String, finding: &Value) {
    for consequence in list(&finding["consequences"]) {
        text.push_str(&format!("  hence {}: {}\n", title(consequence), words(&consequence["message"])));
    }
}

/// Writes what a rule said in full.
pub(crate) fn print_finding(text: &mut String, finding: &Value, weight: &str) {
    text.push_str(&format!("{} {}: {}\n", words(&finding[weight]), title(finding), words(&finding["message"])));
    print_consequences(text, finding);
    list(&finding["remedy"]).flat_map(step).for_each(|step| text.push_str(&format!("    {step}\n")));
}

/// The rule, and what it speaks of.
fn title(finding: &Value) -> String {
    format!("{}{}{}", words(&finding["rule"]), place(finding), services(&finding["services"]))
}

/// How long a line of a page may grow before another one begins.
const WIDTH: usize = 110;

/// The names of the facts that a rule tells in its findings.
pub(crate) fn facts(id: &str, findings: &Value) -> Vec<String> {
    let said = list(findings).flat_map(|finding| std::iter::once(finding).chain(list(&finding["consequences"])));
    let own = said.filter(|finding| finding["rule"] == id);
    own.flat_map(|finding| finding["facts"].as_object()).flat_map(|facts| facts.keys().cloned()).collect()
}

/// The server and the certificate that a finding of the audit is about.
fn place(finding: &Value) -> String {
    let server = finding["server"].as_str().map(|server| format!(" on {server}"));
    let thumbprint = finding["thumbprint"].as_str().map(|thumbprint| format!(" {thumbprint}"));
    server.into_iter().chain(thumbprint).collect()
}

fn services(services: &Value) -> String {
    let services = services.as_str().filter(|services| *services != "None");
    services.map(|services| format!(" ({services})")).unwrap_or_default()
}

/// A step of a remedy: a text, or an object that holds words, a text to copy, or both.
fn step(step: &Value) -> Vec<String> {
    let parts = step.as_object().map(|step| ["words", "text"].map(|part| step.get(part)));
    parts.map_or_else(
        || vec![words(step)],
        |parts| parts.into_iter().flatten().filter(|part| !part.is_null()).map(words).collect(),
    )
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Makes the certificates that a case describes, each by its key.
pub(crate) fn build(factories: BTreeMap<String, Factory>) -> Result<BTreeMap<String, Certificate>> {
    let build = |(key, factory): (String, Factory)| match factory.build(&key) {
        Ok(certificate) => Ok((key, certificate)),
        Err(error) => Err(format!("{key}: {error}").into()),
    };
    factories.into_iter().map(build).collect()
}

/// Writes the thumbprint where one of these places in a case names a certificate by its key.
pub(crate) fn resolve(case: &mut Value, places: &[&str], certificates: &BTreeMap<String, Certificate>) {
    for place in places {
        if let Some(reference) = case.pointer_mut(place)
            && let Some(certificate) = reference.as_str().and_then(|key| certificates.get(key))
        {
            *reference = json!(certificate.thumbprint().to_string());
        }
    }
}

/// Writes the names by which a server's connectors find what `of` names by its key.
pub(crate) fn resolve_connectors(server: &mut Value, certificates: &BTreeMap<String, Certificate>) {
    for connector in server["connectors"].as_array_mut().into_iter().flatten() {
        let name = &mut connector["tls_certificate_name"];
        if let Some(certificate) = name["of"].as_str().and_then(|key| certificates.get(key)) {
            *name = json!(TlsCertificateName::of(certificate).to_string());
        }
    }
}

/// Writes `<key>` for every thumbprint.
pub(crate) fn with_keys(text: String, certificates: &BTreeMap<String, Certificate>) -> String {
    certificates
        .iter()
        .fold(text, |text, (key, certificate)| text.replace(&certificate.thumbprint().to_string(), &format!("<{key}>")))
}

/// A JSON merge patch, RFC 7386.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            target.as_object_mut().and_then(|target| target.remove(key));
        } else {
            merge(&mut target[key], value);
        }
    }
}
