//! The pages beside the rules: their cases, the answers to them, and the dialect that describes
//! certificates. `tests/rules.rs` tells what may stand on a page.
#![allow(clippy::indexing_slicing, reason = "a JSON value answers for an absent key with null")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::UNIX_EPOCH;

use exchange_certificates::{Certificate, KeyUsage, Kind, Rule, Scenario, TlsCertificateName};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::factory::{
    ANY_PURPOSE, BASIC_CONSTRAINTS, CLIENT_AUTH, CertificateFactory, EMAIL_PROTECTION, EXTENDED_KEY_USAGE, KEY_USAGE,
    SERVER_AUTH, SUBJECT_ALTERNATIVE_NAME, Signature,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A page that its headings have judged, with the answers of today in place of those that stood there.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) text: String,
    pub(crate) speaking: usize,
    pub(crate) silent: usize,
}

impl Page {
    pub(crate) fn answer(rule: &Rule, text: &str) -> Result<Self> {
        let text = format!("{}\n", text.replace("\r\n", "\n").trim_end());
        let mut sections = text.split("\n## ");
        let introduction = sections.next().unwrap_or_default();
        let title = format!("# {}\n\n", rule.id());
        if introduction.strip_prefix(&title).is_none_or(|sentence| sentence.trim().is_empty()) {
            return Err(format!("it does not begin with the title `{}` and a sentence", title.trim()).into());
        }
        let mut page = Self { text: introduction.to_owned(), speaking: 0, silent: 0 };
        let mut headings = BTreeSet::new();
        for section in sections {
            let (heading, body) = section.split_once('\n').unwrap_or((section, ""));
            if !headings.insert(heading) {
                return Err(format!("`{heading}` stands there twice").into());
            }
            page.add(rule, heading, body).map_err(|error| format!("`{heading}`: {error}"))?;
        }
        Ok(page)
    }

    fn add(&mut self, rule: &Rule, heading: &str, body: &str) -> Result<()> {
        let speaks = match heading.split_once(": ") {
            Some(("speaks", _)) => true,
            Some(("silent", _)) => false,
            _ => return Err("it begins with neither `speaks: ` nor `silent: `".into()),
        };
        let (before, rest) = body.split_once("```json\n").ok_or("there is no json block")?;
        let (patch, after) = rest.split_once("\n```\n").ok_or("the json block does not end")?;
        if !after.trim().is_empty() && !after.starts_with("\n```text\n") {
            return Err("the json block is not followed by the text block alone".into());
        }
        let answer = Answer::to(patch)?;
        if answer.rules.iter().any(|id| id == rule.id()) != speaks {
            return Err(format!("the answer is another:\n{}", answer.text).into());
        }
        if !speaks && !answer.would_carry(rule.kind()) {
            return Err(format!("a {} rule is silent in every such answer:\n{}", rule.kind(), answer.text).into());
        }
        *if speaks { &mut self.speaking } else { &mut self.silent } += 1;
        let answer = answer.text;
        self.text += &format!("\n## {heading}\n{before}```json\n{patch}\n```\n\n```text\n{answer}```\n");
        Ok(())
    }
}

struct Answer {
    outcome: String,
    rules: Vec<String>,
    text: String,
}

impl Answer {
    fn to(patch: &str) -> Result<Self> {
        let (scenario, certificates) = scenario(&serde_json::from_str(patch)?)?;
        let scenario: Scenario = serde_json::from_value(scenario)?;
        let answer = serde_json::to_value(scenario.answer(UNIX_EPOCH)?)?;
        let text = certificates.iter().fold(printed(&answer), |text, (key, certificate)| {
            text.replace(&certificate.thumbprint().to_string(), &format!("<{key}>"))
        });
        let rules = list(&answer["diagnostics"]).map(|said| words(&said["rule"])).collect();
        Ok(Self { outcome: words(&answer["outcome"]), rules, text })
    }

    /// Whether a rule of this kind would be heard here if it spoke: what stops a request leaves out what
    /// would matter if it went through.
    fn would_carry(&self, kind: Kind) -> bool {
        match self.outcome.as_str() {
            "refused" => matches!(kind, Kind::Refuse | Kind::Warn),
            "decision-required" => matches!(kind, Kind::Refuse | Kind::Decide | Kind::Warn),
            _ => true,
        }
    }
}

/// An answer as people read it.
fn printed(answer: &Value) -> String {
    let mut text = words(&answer["outcome"]);
    let fields = [
        ("thumbprint", ""),
        ("decision", ""),
        ("current", "; current "),
        ("proposed", "; proposed "),
        ("recommended", "; recommended "),
        ("assignable", "; assignable "),
        ("added", "; added "),
        ("services", "; services "),
    ];
    for (field, label) in fields {
        if let Some(value) = answer.get(field) {
            text.push_str(if label.is_empty() { " " } else { label });
            text.push_str(&words(value));
        }
    }
    for superseded in list(&answer["superseded"]) {
        text.push_str(&format!("; {} also on {}", words(&superseded["service"]), words(&superseded["thumbprint"])));
    }
    if let Some(default) = answer.get("default_smtp") {
        text.push_str("; default SMTP ");
        text.push_str(&default.as_str().map_or("not known".to_owned(), str::to_owned));
    }
    text.push('\n');
    for said in list(&answer["diagnostics"]) {
        let [kind, rule, services, message] = ["kind", "rule", "services", "message"].map(|field| words(&said[field]));
        text.push_str(&format!("{kind} {rule} ({services}): {message}\n"));
        list(&said["remedy"]).for_each(|step| text.push_str(&format!("    {}\n", words(step))));
    }
    list(&answer["script"]).for_each(|line| text.push_str(&format!("PS> {}\n", words(line))));
    text
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The scenario of a patched plain case, and every certificate in it by its key.
fn scenario(patch: &Value) -> Result<(Value, BTreeMap<String, Certificate>)> {
    let plain: Value = serde_json::from_str(include_str!("../rules/plain.json"))?;
    let mut case = json!({ "certificates": {} });
    for patch in [&plain["case"], patch] {
        for (key, _) in patch["certificates"].as_object().into_iter().flatten() {
            if case["certificates"].get(key).is_none() {
                case["certificates"][key] = plain["certificate"].clone();
            }
        }
        merge(&mut case, patch);
    }
    let entries = case.as_object_mut().and_then(|case| case.remove("certificates")).unwrap_or_default();
    let entries: BTreeMap<String, Entry> = serde_json::from_value(entries)?;
    let mut certificates = BTreeMap::new();
    let mut installed = Vec::new();
    for (key, mut entry) in entries {
        let certificate = entry.factory.build(&key).map_err(|error| format!("{key}: {error}"))?;
        entry.beside.insert("certificate".to_owned(), serde_json::to_value(&certificate)?);
        if entry.installed {
            installed.push(entry.beside);
        }
        certificates.insert(key, certificate);
    }
    case["server"]["certificates"] = json!(installed);
    for place in REFERENCES {
        if let Some(reference) = case.pointer_mut(place)
            && let Some(certificate) = reference.as_str().and_then(|key| certificates.get(key))
        {
            *reference = json!(certificate.thumbprint().to_string());
        }
    }
    for connector in case["server"]["connectors"].as_array_mut().into_iter().flatten() {
        let name = &mut connector["tls_certificate_name"];
        if let Some(certificate) = name["of"].as_str().and_then(|key| certificates.get(key)) {
            *name = json!(TlsCertificateName::of(certificate).to_string());
        }
    }
    Ok((case, certificates))
}

/// Where a scenario names a certificate by its thumbprint, and a page by its key.
const REFERENCES: [&str; 5] = [
    "/server/default_smtp",
    "/server/auth_certificates/current",
    "/server/auth_certificates/next",
    "/request/thumbprint",
    "/request/old",
];

/// A JSON merge patch, RFC 7386.
fn merge(target: &mut Value, patch: &Value) {
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

/// A certificate of a case.
#[derive(Deserialize)]
struct Entry {
    factory: Factory,
    #[serde(default = "yes")]
    installed: bool,
    /// What a scenario says beside the certificate.
    #[serde(flatten)]
    beside: Map<String, Value>,
}

fn yes() -> bool {
    true
}

/// The knobs of the certificate factory.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Factory {
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
