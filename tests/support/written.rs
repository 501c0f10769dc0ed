//! Reads the records of a collected file; it shares nothing with the readers of the library.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element of CLIXML.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Element {
    pub tag: String,
    /// Its `N`.
    pub name: Option<String>,
    pub id: Option<String>,
    pub text: String,
    pub inside: Vec<Element>,
}

/// An object at the top of the file.
#[derive(Clone, Debug)]
pub struct Record {
    pub types: Vec<String>,
    /// What stands in `<Props>`.
    pub properties: Vec<Element>,
    /// What stands in `<MS>`.
    pub notes: Vec<Element>,
}

impl Element {
    fn start(start: &BytesStart<'_>) -> Self {
        let attribute = |name| {
            start
                .try_get_attribute(name)
                .unwrap()
                .map(|value| escapes(&quick_xml::escape::unescape(&value.value).unwrap()))
        };
        let tag = start.name().as_ref().to_owned();
        Self { tag, name: attribute("N"), id: attribute("RefId"), ..Self::default() }
    }

    fn child(&self, tag: &str) -> Option<&Self> {
        self.inside.iter().find(|child| child.tag == tag)
    }

    /// The value as text: `-` for null, lists in brackets, what prints as it prints.
    pub fn shown(&self) -> String {
        match self.tag.as_str() {
            "Nil" => "-".to_owned(),
            "Obj" => match (self.child("ToString"), self.child("LST")) {
                (_, Some(list)) => {
                    let items: Vec<_> = list.inside.iter().map(Self::shown).collect();
                    format!("[{}]", items.join(", "))
                }
                (Some(text), None) => text.text.clone(),
                (None, None) => "?".to_owned(),
            },
            _ => self.text.clone(),
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        assert_eq!(self.tag, "BA");
        STANDARD.decode(&self.text).unwrap()
    }
}

impl Record {
    pub fn is(&self, kind: &str) -> bool {
        self.types.first().is_some_and(|name| name.rsplit('.').next() == Some(kind))
    }

    pub fn note(&self, name: &str) -> Option<&Element> {
        self.notes.iter().find(|note| note.name.as_deref() == Some(name))
    }

    pub fn shown(&self, name: &str) -> String {
        self.note(name).map_or_else(|| format!("no {name}"), Element::shown)
    }

    pub fn names(&self) -> Vec<&str> {
        self.notes.iter().filter_map(|note| note.name.as_deref()).collect()
    }
}

/// The objects of a file in their order.
pub fn records(file: &[u8]) -> Vec<Record> {
    let root = tree(std::str::from_utf8(file).unwrap());
    let mut types: Vec<(String, Vec<String>)> = Vec::new();
    let mut records = Vec::new();
    for object in &root.inside {
        collect_types(object, &mut types);
        let list = |tag| object.child(tag).map(|found| found.inside.clone()).unwrap_or_default();
        let own = object.child("TN").or_else(|| object.child("TNRef")).and_then(|names| names.id.clone());
        let known = types.iter().find(|(id, _)| Some(id) == own.as_ref());
        records.push(Record {
            types: known.map(|(_, names)| names.clone()).unwrap_or_default(),
            properties: list("Props"),
            notes: list("MS"),
        });
    }
    records
}

fn collect_types(element: &Element, types: &mut Vec<(String, Vec<String>)>) {
    for child in &element.inside {
        if let ("TN", Some(id)) = (child.tag.as_str(), &child.id) {
            types.push((id.clone(), child.inside.iter().map(|name| name.text.clone()).collect()));
        }
        collect_types(child, types);
    }
}

fn tree(text: &str) -> Element {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => open.push(Element::start(&start)),
            Event::Empty(start) => open.last_mut().unwrap().inside.push(Element::start(&start)),
            Event::End(_) => {
                let mut done = open.pop().unwrap();
                done.text = escapes(&done.text);
                open.last_mut().unwrap().inside.push(done);
            }
            Event::Text(text) => open.last_mut().unwrap().text += &text,
            Event::GeneralRef(reference) => {
                let raw = format!("&{};", &*reference);
                open.last_mut().unwrap().text += &quick_xml::escape::unescape(&raw).unwrap();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let root = open.pop().unwrap();
    assert!(open.is_empty(), "the file is cut short");
    root.inside.into_iter().find(|element| element.tag == "Objs").unwrap()
}

/// CLIXML's `_x000D_`, in UTF-16.
fn escapes(text: &str) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let code = rest.strip_prefix("_x").and_then(|rest| rest.get(..5)?.strip_suffix('_'));
        if let Some(unit) = code.and_then(|code| u16::from_str_radix(code, 16).ok()) {
            units.push(unit);
            rest = &rest["_x0000_".len()..];
        } else {
            units.extend(character.encode_utf16(&mut [0; 2]).iter());
            rest = &rest[character.len_utf8()..];
        }
    }
    String::from_utf16_lossy(&units)
}

/// The questions of a file, a line each: server, cmdlet, what about, outcome, count and message.
pub fn questions(records: &[Record]) -> String {
    let mut lines = String::new();
    for question in records.iter().filter(|record| record.is("Question")) {
        let names = ["Server", "Cmdlet", "About", "Outcome", "Count", "Message"];
        assert_eq!(question.names(), names);
        let [server, cmdlet, about, outcome, count, message] = names.map(|name| question.shown(name));
        let about = if about == "-" { String::new() } else { format!(" [{about}]") };
        let message = if message.is_empty() { message } else { format!(": {message}") };
        writeln!(lines, "{server} {cmdlet}{about} {outcome} {count}{message}").unwrap();
    }
    lines
}
