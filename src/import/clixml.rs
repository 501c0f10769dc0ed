//! CLIXML, as `Export-Clixml` writes it: read in one pass, an object at a time, keeping what is needed.

mod events;
mod references;

use std::collections::BTreeMap;
use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

pub(super) use self::events::{Borrowed, Events, Streamed};
use self::references::References;
use super::error::{ImportError, Origin, Place};
use super::escape::unescape;
use super::value::{Object, ObjectKind, Structure, Value};
use crate::base64;

/// How many bytes of CLIXML are read at most: 4 GiB.
pub(super) const MAXIMUM_LENGTH: u64 = 4 << 30;
/// How many elements may stand inside each other; PowerShell itself writes at most about a hundred.
const MAXIMUM_DEPTH: usize = 256;

/// Reads CLIXML, hands each object of a known kind to `sink`, and tells how many others there were.
pub(super) fn read<E: Events>(
    file: &Arc<str>,
    events: E,
    sink: &mut dyn FnMut(Object) -> Result<(), ImportError>,
) -> Result<u64, ImportError> {
    let mut reader = ClixmlReader {
        file,
        events,
        sink,
        depth: 0,
        at: 0,
        name: String::new(),
        text: String::new(),
        collects: false,
        keeps_bytes: false,
        open: Vec::new(),
        kinds: BTreeMap::new(),
        references: References::default(),
        skipped: 0,
    };
    reader.document()?;
    Ok(reader.skipped)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    Document,
    Object,
    Types,
    Type,
    TypesReference,
    ToString,
    Properties,
    List,
    Dictionary,
    Entry,
    Reference,
    Nil,
    Bytes,
    Character,
    /// A primitive, written as text.
    Primitive,
    Other,
}

impl Tag {
    fn of(name: &str) -> Self {
        match name {
            "Obj" => Self::Object,
            "Objs" => Self::Document,
            "TN" => Self::Types,
            "T" => Self::Type,
            "TNRef" => Self::TypesReference,
            "ToString" => Self::ToString,
            "Props" | "MS" => Self::Properties,
            "LST" | "IE" | "QUE" | "STK" => Self::List,
            "DCT" => Self::Dictionary,
            "En" => Self::Entry,
            "Ref" => Self::Reference,
            "Nil" => Self::Nil,
            "BA" => Self::Bytes,
            "C" => Self::Character,
            "S" | "B" | "DT" | "TS" | "By" | "SB" | "U16" | "I16" | "U32" | "I32" | "U64" | "I64" | "Sg" | "Db"
            | "D" | "G" | "URI" | "Version" | "XD" | "SBK" => Self::Primitive,
            // A secure string and a progress record say nothing of a certificate.
            _ => Self::Other,
        }
    }
}

enum Token {
    Start(Tag, Option<u64>),
    End,
    EndOfFile,
}

struct ClixmlReader<'a, E> {
    file: &'a Arc<str>,
    events: E,
    sink: &'a mut dyn FnMut(Object) -> Result<(), ImportError>,
    depth: usize,
    /// Where the last event begins.
    at: u64,
    /// The name of the property that the last start tag begins.
    name: String,
    text: String,
    /// Whether the text that comes is kept.
    collects: bool,
    /// Whether bytes inside a value are kept.
    keeps_bytes: bool,
    open: Vec<(Tag, Option<u64>)>,
    kinds: BTreeMap<u64, Option<ObjectKind>>,
    references: References,
    skipped: u64,
}

impl<E: Events> ClixmlReader<'_, E> {
    fn document(&mut self) -> Result<(), ImportError> {
        let expected = "an element Objs, with which CLIXML begins,";
        match self.token()? {
            Token::Start(Tag::Document, _) => {}
            _ => return Err(self.malformed(expected)),
        }
        self.elements()?;
        match self.token()? {
            Token::EndOfFile => Ok(()),
            _ => Err(self.malformed("nothing after the end of Objs")),
        }
    }

    /// Reads the elements of a list up to its end, and tells how many known objects were in them.
    fn elements(&mut self) -> Result<u64, ImportError> {
        let mut found = 0;
        let mut number = 0;
        while let Some((tag, id)) = self.child()? {
            let start = self.skipped;
            let inside = match tag {
                Tag::Object => {
                    number += 1;
                    self.object(None, number)?
                }
                Tag::Entry => self.elements()?,
                _ => {
                    self.skip(tag, id)?;
                    continue;
                }
            };
            if tag == Tag::Object && inside == 0 && self.skipped == start {
                self.skipped += 1;
            }
            found += inside;
        }
        Ok(found)
    }

    /// Reads an object, and tells how many known ones it comes to. Its `id` matters where it is
    /// itself a property: a reference to a whole object says nothing new.
    fn object(&mut self, id: Option<u64>, number: u64) -> Result<u64, ImportError> {
        let byte = self.at;
        let mut kind = None;
        let mut members = Vec::new();
        let mut found = 0;
        while let Some((tag, inner)) = self.child()? {
            match (tag, kind) {
                (Tag::Types, _) => kind = self.types(inner)?,
                (Tag::TypesReference, _) => kind = self.types_again(inner)?,
                (Tag::Properties, Some(kind)) => self.members(kind, &mut members)?,
                (Tag::Properties, None) => found += self.properties_of_unknown(number)?,
                (Tag::List | Tag::Dictionary, None) => found += self.elements()?,
                (Tag::ToString, _) if id.is_some() => {
                    self.printed(id)?;
                }
                _ => self.skip(tag, inner)?,
            }
        }
        if let Some(kind) = kind {
            let origin = Origin::new(self.file, Place::Object { number, byte });
            (self.sink)(Object { kind, origin, members })?;
            found += 1;
        }
        Ok(found)
    }

    /// Looks for known objects in the properties of an object that is none itself.
    fn properties_of_unknown(&mut self, number: u64) -> Result<u64, ImportError> {
        let mut found = 0;
        while let Some((tag, id)) = self.child()? {
            match tag {
                Tag::Object => found += self.object(id, number)?,
                _ => self.skip(tag, id)?,
            }
        }
        Ok(found)
    }

    fn members(&mut self, kind: ObjectKind, members: &mut Vec<(&'static str, Value)>) -> Result<(), ImportError> {
        while let Some((tag, id)) = self.child()? {
            match kind.wants(&self.name) {
                Some(name) => {
                    self.keeps_bytes = kind.wants_bytes();
                    let value = match tag {
                        Tag::Reference => self.reference(id)?,
                        _ => Some(self.value(tag, id)?),
                    };
                    self.keeps_bytes = false;
                    members.extend(value.map(|value| (name, value)));
                }
                None => self.skip(tag, id)?,
            }
        }
        Ok(())
    }

    fn value(&mut self, tag: Tag, id: Option<u64>) -> Result<Value, ImportError> {
        Ok(match tag {
            Tag::Object => Value::Structure(Box::new(self.structure(id)?)),
            Tag::Reference => {
                let value = self.reference(id)?;
                value.ok_or_else(|| self.malformed("a reference to an object that prints"))?
            }
            Tag::Bytes => {
                self.collect()?;
                let bytes = base64::decode(&self.text).map_err(|_| self.malformed("the end of complete base64"))?;
                Value::Bytes(bytes)
            }
            Tag::Character => {
                self.collect()?;
                let character = self.text.trim().parse().ok().and_then(char::from_u32);
                Value::Text(character.unwrap_or(char::REPLACEMENT_CHARACTER).to_string())
            }
            Tag::Primitive | Tag::ToString => {
                self.collect()?;
                Value::Text(unescape(&self.text).into_owned())
            }
            _ => {
                self.skip(tag, id)?;
                Value::Nil
            }
        })
    }

    /// What a reference stands for; not known of an object that came before, and of which nothing was remembered.
    fn reference(&mut self, id: Option<u64>) -> Result<Option<Value>, ImportError> {
        if !self.references.has(id) {
            return Err(self.malformed("a reference to an object that came before"));
        }
        let value = self.references.value(id);
        self.skip(Tag::Reference, None)?;
        Ok(value)
    }

    /// An object that is a value: how it prints, its number, and what is in it.
    fn structure(&mut self, id: Option<u64>) -> Result<Structure, ImportError> {
        let mut structure = Structure::default();
        while let Some((tag, inner)) = self.child()? {
            match tag {
                Tag::Types => {
                    self.types(inner)?;
                }
                Tag::TypesReference => {
                    self.types_again(inner)?;
                }
                Tag::ToString => structure.text = self.printed(id)?,
                Tag::Primitive | Tag::Character => {
                    let value = self.value(tag, inner)?;
                    structure.number = value.number();
                    structure.text = structure.text.or_else(|| value.text().map(str::to_owned));
                }
                Tag::Properties | Tag::List => self.items(&mut structure.items)?,
                _ => self.skip(tag, inner)?,
            }
        }
        if structure.text.is_none() {
            self.references.list(id, &structure.items);
        }
        Ok(structure)
    }

    fn items(&mut self, items: &mut Vec<Value>) -> Result<(), ImportError> {
        while let Some((tag, id)) = self.child()? {
            match tag {
                // What is serialized inside a value says nothing that its text does not.
                Tag::Bytes if !self.keeps_bytes => self.skip(tag, id)?,
                _ => {
                    let value = self.value(tag, id)?;
                    items.push(value);
                }
            }
        }
        Ok(())
    }

    fn printed(&mut self, id: Option<u64>) -> Result<Option<String>, ImportError> {
        self.collect()?;
        let text = unescape(&self.text).into_owned();
        self.references.text(id, &text);
        Ok(Some(text))
    }

    /// Reads the names of an object's types, the most special first.
    fn types(&mut self, id: Option<u64>) -> Result<Option<ObjectKind>, ImportError> {
        let mut kind = None;
        while let Some((tag, inner)) = self.child()? {
            if tag == Tag::Type && kind.is_none() {
                self.collect()?;
                kind = ObjectKind::of(&unescape(&self.text));
            } else {
                self.skip(tag, inner)?;
            }
        }
        if let Some(id) = id {
            self.kinds.insert(id, kind);
        }
        Ok(kind)
    }

    fn types_again(&mut self, id: Option<u64>) -> Result<Option<ObjectKind>, ImportError> {
        let kind = id.and_then(|id| self.kinds.get(&id).copied());
        let kind = kind.ok_or_else(|| self.malformed("a reference to types that came before"))?;
        self.skip(Tag::TypesReference, None)?;
        Ok(kind)
    }

    /// Passes over an element, remembering how the objects in it print.
    fn skip(&mut self, tag: Tag, id: Option<u64>) -> Result<(), ImportError> {
        // One entry for each open element, so that no recursion is needed.
        self.open.clear();
        self.open.push((tag, id));
        while let Some(&(innermost, id)) = self.open.last() {
            match self.token()? {
                Token::Start(Tag::Types, id) => {
                    let open = std::mem::take(&mut self.open);
                    self.types(id)?;
                    self.open = open;
                }
                Token::Start(Tag::ToString, _) if innermost == Tag::Object => {
                    self.printed(id)?;
                }
                Token::Start(tag, id) => self.open.push((tag, id)),
                Token::End => {
                    self.open.pop();
                }
                Token::EndOfFile => return Err(self.unfinished()),
            }
        }
        Ok(())
    }

    /// Reads the text that an element holds, up to its end, in whatever pieces it comes.
    fn collect(&mut self) -> Result<(), ImportError> {
        self.text.clear();
        self.collects = true;
        let next = self.token();
        self.collects = false;
        match next? {
            Token::End => Ok(()),
            Token::Start(..) => Err(self.malformed("text alone")),
            Token::EndOfFile => Err(self.unfinished()),
        }
    }

    /// The next element inside the one that is open; nothing at its end.
    fn child(&mut self) -> Result<Option<(Tag, Option<u64>)>, ImportError> {
        match self.token()? {
            Token::Start(tag, id) => Ok(Some((tag, id))),
            Token::End => Ok(None),
            Token::EndOfFile => Err(self.unfinished()),
        }
    }

    fn token(&mut self) -> Result<Token, ImportError> {
        loop {
            self.at = self.events.position();
            match self.events.next() {
                Ok(Event::Start(start)) => {
                    self.depth += 1;
                    if self.depth > MAXIMUM_DEPTH {
                        let origin = Origin::new(self.file, Place::Byte(self.at));
                        return Err(ImportError::TooDeep { origin, maximum: MAXIMUM_DEPTH });
                    }
                    let tag = Tag::of(start.local_name().as_ref());
                    self.name.clear();
                    let id = attributes(&start, &mut self.name);
                    if tag == Tag::Object {
                        self.references.begin(id);
                    }
                    return Ok(Token::Start(tag, id));
                }
                Ok(Event::End(_)) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Token::End);
                }
                Ok(Event::Text(text)) if self.collects => {
                    self.text.push_str(&text.xml10_content());
                }
                Ok(Event::CData(text)) if self.collects => {
                    self.text.push_str(&text.xml10_content());
                }
                Ok(Event::GeneralRef(reference)) if self.collects => {
                    let character = match reference.resolve_char_ref() {
                        Ok(Some(character)) => Some(character),
                        Ok(None) => predefined(&reference.xml10_content()),
                        Err(_) => None,
                    };
                    match character {
                        Some(character) => self.text.push(character),
                        None => return Err(self.malformed("a character reference that XML has")),
                    }
                }
                Ok(Event::DocType(_)) => return Err(self.malformed("no document type")),
                Ok(Event::Eof) if self.depth > 0 => return Err(self.unfinished()),
                Ok(Event::Eof) => return Ok(Token::EndOfFile),
                Ok(_) => {}
                Err(error) => {
                    let place = Place::Byte(self.events.error_position());
                    return Err(Origin::new(self.file, place).syntax(&error.to_string()));
                }
            }
        }
    }

    fn unfinished(&self) -> ImportError {
        self.malformed("the end of the elements that are open")
    }

    fn malformed(&self, expected: &'static str) -> ImportError {
        ImportError::Malformed { origin: Origin::new(self.file, Place::Byte(self.at)), expected }
    }
}

/// Reads the two attributes that matter: the name of a property, and the number of an object.
fn attributes(start: &BytesStart<'_>, name: &mut String) -> Option<u64> {
    let raw = start.attributes_raw();
    // Most elements have a plain name and nothing else, or nothing at all.
    if let Some(value) = raw.strip_prefix(" N=\"").and_then(|raw| raw.strip_suffix('"'))
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        name.push_str(value);
        return None;
    }
    if raw.is_empty() {
        return None;
    }
    let mut id = None;
    for attribute in start.attributes().with_checks(false).flatten() {
        match attribute.key.as_ref() {
            "N" => {
                if let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) {
                    name.push_str(&unescape(&value));
                }
            }
            "RefId" => id = attribute.value.parse().ok(),
            _ => {}
        }
    }
    id
}

fn predefined(entity: &str) -> Option<char> {
    Some(match entity {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}
