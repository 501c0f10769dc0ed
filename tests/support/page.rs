//! The pages beside the rules: their cases, whose headings judge the answers, and the dialect that describes
//! certificates. The tests of each kind of rule tell what may stand on their pages.
#![allow(clippy::indexing_slicing, reason = "a JSON value answers for an absent key with null")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use exchange_certificates::{Certificate, KeyUsage, TlsCertificateName};
use expect_test::expect_file;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::factory::{
    ANY_PURPOSE, BASIC_CONSTRAINTS, CLIENT_AUTH, CertificateFactory, EMAIL_PROTECTION, EXTENDED_KEY_USAGE, KEY_USAGE,
    SERVER_AUTH, SUBJECT_ALTERNATIVE_NAME, Signature,
};

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
    /// Whether the rule would be heard in such an answer at all.
    pub(crate) would_be_heard: bool,
}

/// The summary of a rule is one sentence.
pub fn assert_is_a_sentence(id: &str, summary: &str) {
    assert!(
        summary.trim_start_matches('"').starts_with(char::is_uppercase) && summary.ends_with('.'),
        "{id}: {summary}"
    );
    assert!(!summary.trim_end_matches('.').contains(". "), "{id} has more than one sentence: {summary}");
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
            assert!(pages.contains(*id), "{id} has no page: write {folder}/{id}.md (the top of {folder}.rs says how)");
        }
        for page in pages {
            assert!(self.ids.contains(&page.as_str()), "{folder}/{page}.md: there is no rule {page}");
        }
    }

    /// The headings of every page judge its answers, which are then held against what stands there.
    pub(crate) fn check_answers(&self) {
        let mut complaints = Vec::new();
        let mut pages = Vec::new();
        for id in &self.ids {
            let path = in_package(self.folder).join(id).with_extension("md");
            // That there is one is another test's matter.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            match self.page(id, &text) {
                Ok(page) if page.heard == 0 => complaints.push(format!("{id}.md: no case {}", self.heard)),
                Ok(page) if page.silent == 0 => complaints.push(format!("{id}.md: no case is silent")),
                Ok(page) => pages.push((path, page.text)),
                Err(error) => complaints.push(format!("{id}.md: {error}")),
            }
        }
        assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
        for (path, text) in pages {
            expect_file![path].assert_eq(&text);
        }
    }

    fn page(&self, id: &str, text: &str) -> Result<Page> {
        let text = format!("{}\n", text.replace("\r\n", "\n").trim_end());
        let mut sections = text.split("\n## ");
        let introduction = sections.next().unwrap_or_default();
        let title = format!("# {id}\n\n");
        if introduction.strip_prefix(&title).is_none_or(|sentence| sentence.trim().is_empty()) {
            return Err(format!("it does not begin with the title `{}` and a sentence", title.trim()).into());
        }
        let mut page = Page { text: introduction.to_owned(), heard: 0, silent: 0 };
        let mut headings = BTreeSet::new();
        for section in sections {
            let (heading, body) = section.split_once('\n').unwrap_or((section, ""));
            if !headings.insert(heading) {
                return Err(format!("`{heading}` stands there twice").into());
            }
            self.case(&mut page, id, heading, body).map_err(|error| format!("`{heading}`: {error}"))?;
        }
        Ok(page)
    }

    fn case(&self, page: &mut Page, id: &str, heading: &str, body: &str) -> Result<()> {
        let is_heard = match heading.split_once(": ") {
            Some((begin, _)) if begin == self.heard => true,
            Some(("silent", _)) => false,
            _ => return Err(format!("it begins with neither `{}: ` nor `silent: `", self.heard).into()),
        };
        let (before, rest) = body.split_once("```json\n").ok_or("there is no json block")?;
        let (patch, after) = rest.split_once("\n```\n").ok_or("the json block does not end")?;
        if !after.trim().is_empty() && !after.starts_with("\n```text\n") {
            return Err("the json block is not followed by the text block alone".into());
        }
        let answer = (self.answer)(id, &serde_json::from_str(patch)?)?;
        if answer.is_heard != is_heard {
            return Err(format!("the answer is another:\n{}", answer.text).into());
        }
        if !is_heard && !answer.would_be_heard {
            return Err(format!("the rule is silent in every such answer:\n{}", answer.text).into());
        }
        *if is_heard { &mut page.heard } else { &mut page.silent } += 1;
        let answer = answer.text;
        page.text += &format!("\n## {heading}\n{before}```json\n{patch}\n```\n\n```text\n{answer}```\n");
        Ok(())
    }
}

/// A page that its headings have judged, with the answers of today in place of those that stood there.
struct Page {
    text: String,
    heard: usize,
    silent: usize,
}

pub(crate) fn in_package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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

/// The knobs of the certificate factory.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Factory {
    subject: String,
    issuer: String,
    #[serde(default)]
    self_signed: bool,
    dns_names: Option<Vec<String>>,
    not_before: String,
    not_after: String,
    public_key: String,
    signature: String,
    key_usage: Option<Vec<String>>,
    extended_key_usage: Option<Vec<String>>,
    ca: Option<bool>,
    #[serde(default)]
    unreadable: Vec<String>,
    #[serde(default)]
    twice: Vec<String>,
}

impl Factory {
    fn build(&self, key: &str) -> Result<Certificate> {
        // The serial number alone tells two certificates apart that are otherwise the same.
        let serial_number = [b"\x01", key.as_bytes()].concat();
        let mut factory = CertificateFactory::new("")
            .serial_number(serial_number)
            .subject(&attributes(&self.subject)?)
            .issuer(&attributes(&self.issuer)?)
            .valid(&self.not_before, &self.not_after)
            .signature(known(&SIGNATURES, &self.signature)?);
        if self.self_signed {
            factory = factory.self_signed();
        }
        factory = match self.public_key.split_once(' ') {
            Some(("RSA", bits)) => factory.rsa(bits.parse()?),
            None if self.public_key == "P-256" => factory.elliptic_curve(),
            None if self.public_key == "Ed25519" => factory.ed25519(),
            _ => return Err(format!("{} is no public key: RSA 2048, P-256 or Ed25519", self.public_key).into()),
        };
        factory = match &self.dns_names {
            Some(names) => factory.dns_names(names.iter().map(String::as_str)),
            None => factory.without(SUBJECT_ALTERNATIVE_NAME),
        };
        factory = match &self.key_usage {
            Some(names) => {
                let usages = names.iter().map(|name| known(&KEY_USAGES, name));
                factory.key_usage(usages.collect::<Result<_>>()?)
            }
            None => factory.without(KEY_USAGE),
        };
        factory = match &self.extended_key_usage {
            Some(names) => {
                let purposes = names.iter().map(|name| known(&PURPOSES, name));
                factory.extended_key_usage(&purposes.collect::<Result<Vec<_>>>()?)
            }
            None => factory.without(EXTENDED_KEY_USAGE),
        };
        factory = match self.ca {
            Some(is_one) => factory.authority(is_one),
            None => factory.without(BASIC_CONSTRAINTS),
        };
        for name in &self.unreadable {
            factory = factory.unreadable(known(&EXTENSIONS, name)?);
        }
        for name in &self.twice {
            factory = factory.twice(known(&EXTENSIONS, name)?);
        }
        Ok(factory.build())
    }
}

/// The attributes of a name that is written as Windows prints it, in the order of the DER.
fn attributes(name: &str) -> Result<Vec<(&str, &str)>> {
    name.rsplit(", ").map(|part| part.split_once('=').ok_or_else(|| format!("{part} lacks `=`").into())).collect()
}

fn known<T: Copy>(names: &[(&str, T)], name: &str) -> Result<T> {
    let found = names.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
        format!("{name} is none of {}", names.join(", ")).into()
    })
}

const EXTENSIONS: [(&str, &str); 4] = [
    ("key_usage", KEY_USAGE),
    ("extended_key_usage", EXTENDED_KEY_USAGE),
    ("dns_names", SUBJECT_ALTERNATIVE_NAME),
    ("ca", BASIC_CONSTRAINTS),
];

const KEY_USAGES: [(&str, KeyUsage); 4] = [
    ("digitalSignature", KeyUsage::DIGITAL_SIGNATURE),
    ("keyEncipherment", KeyUsage::KEY_ENCIPHERMENT),
    ("keyCertSign", KeyUsage::KEY_CERT_SIGN),
    ("cRLSign", KeyUsage::CRL_SIGN),
];

const PURPOSES: [(&str, &str); 4] = [
    ("serverAuth", SERVER_AUTH),
    ("clientAuth", CLIENT_AUTH),
    ("emailProtection", EMAIL_PROTECTION),
    ("anyExtendedKeyUsage", ANY_PURPOSE),
];

const SIGNATURES: [(&str, Signature); 11] = [
    ("sha256RSA", Signature::Sha256Rsa),
    ("sha384RSA", Signature::Sha384Rsa),
    ("sha1RSA", Signature::Sha1Rsa),
    ("md5RSA", Signature::Md5Rsa),
    ("md4RSA", Signature::Md4Rsa),
    ("md2RSA", Signature::Md2Rsa),
    ("RSASSA-PSS with SHA-256", Signature::PssSha256),
    ("RSASSA-PSS with SHA-1", Signature::PssSha1),
    ("RSASSA-PSS", Signature::PssDefault),
    ("sha256ECDSA", Signature::Sha256Ecdsa),
    ("sha1ECDSA", Signature::Sha1Ecdsa),
];
