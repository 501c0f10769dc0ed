//! A writer of what Exchange exports: CLIXML and .NET's binary serialization, written from the
//! specifications and sharing nothing with the readers.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub const EXCHANGE_CERTIFICATE: &[&str] = &[
    "Microsoft.Exchange.Management.SystemConfigurationTasks.ExchangeCertificate",
    "System.Security.Cryptography.X509Certificates.X509Certificate2",
    "System.Object",
];
pub const EXCHANGE_SERVER: &[&str] = &["Microsoft.Exchange.Data.Directory.Management.ExchangeServer", "System.Object"];

/// A value of CLIXML.
#[derive(Clone, Debug)]
pub enum Node {
    Nil,
    /// A primitive: its tag and its text.
    Primitive(&'static str, String),
    Bytes(Vec<u8>),
    Object(Element),
    /// A reference to the object with this mark.
    Reference(&'static str),
}

/// An object of CLIXML.
#[derive(Clone, Debug, Default)]
pub struct Element {
    types: Vec<String>,
    mark: Option<&'static str>,
    text: Option<String>,
    number: Option<i32>,
    list: Option<(&'static str, Vec<Node>)>,
    properties: Vec<(String, Node)>,
    notes: Vec<(String, Node)>,
}

impl Element {
    pub fn new(types: &[&str]) -> Self {
        Self { types: types.iter().map(|name| (*name).to_owned()).collect(), ..Self::default() }
    }

    /// Lets references find it.
    pub fn mark(mut self, mark: &'static str) -> Self {
        self.mark = Some(mark);
        self
    }

    pub fn prints(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }

    /// The number of an enumeration.
    pub fn number(mut self, number: i32) -> Self {
        self.number = Some(number);
        self
    }

    pub fn list(mut self, tag: &'static str, items: Vec<Node>) -> Self {
        self.list = Some((tag, items));
        self
    }

    /// A property of .NET.
    pub fn property(mut self, name: &str, node: Node) -> Self {
        self.properties.push((name.to_owned(), node));
        self
    }

    /// A property that PowerShell added.
    pub fn note(mut self, name: &str, node: Node) -> Self {
        self.notes.push((name.to_owned(), node));
        self
    }

    /// A property that is a text.
    pub fn text(self, name: &str, text: &str) -> Self {
        self.property(name, Node::text(text))
    }

    /// A property that is an enumeration.
    pub fn enumeration(self, name: &str, text: &str, number: i32) -> Self {
        let types = ["Microsoft.Exchange.Data.Some", "System.Enum", "System.ValueType", "System.Object"];
        self.property(name, Node::Object(Self::new(&types).prints(text).number(number)))
    }

    /// A property that is an object of which only the text matters.
    pub fn printed(self, name: &str, text: &str) -> Self {
        self.property(name, Node::Object(Self::new(&["Microsoft.Exchange.Data.Other", "System.Object"]).prints(text)))
    }
}

impl Node {
    pub fn text(text: &str) -> Self {
        Self::Primitive("S", text.to_owned())
    }
}

/// A whole file of CLIXML, without a mark of its encoding.
pub fn document(elements: &[Element]) -> String {
    let mut writer = Writer::default();
    writer.out.push_str("<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n");
    for element in elements {
        writer.element(None, element);
    }
    writer.out.push_str("</Objs>");
    writer.out
}

pub fn utf16_le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

pub fn utf16_be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[derive(Default)]
struct Writer {
    out: String,
    objects: u32,
    types: Vec<Vec<String>>,
    marks: HashMap<&'static str, u32>,
}

impl Writer {
    fn element(&mut self, name: Option<&str>, element: &Element) {
        let id = self.objects;
        self.objects += 1;
        if let Some(mark) = element.mark {
            self.marks.insert(mark, id);
        }
        write!(self.out, "<Obj{} RefId=\"{id}\">", attribute(name)).unwrap();
        match self.types.iter().position(|types| *types == element.types) {
            _ if element.types.is_empty() => {}
            Some(known) => write!(self.out, "<TNRef RefId=\"{known}\" />").unwrap(),
            None => {
                write!(self.out, "<TN RefId=\"{}\">", self.types.len()).unwrap();
                for name in &element.types {
                    write!(self.out, "<T>{}</T>", escaped(name)).unwrap();
                }
                self.out.push_str("</TN>");
                self.types.push(element.types.clone());
            }
        }
        if let Some(text) = &element.text {
            write!(self.out, "<ToString>{}</ToString>", escaped(text)).unwrap();
        }
        if let Some(number) = element.number {
            write!(self.out, "<I32>{number}</I32>").unwrap();
        }
        if let Some((tag, items)) = &element.list {
            write!(self.out, "<{tag}>").unwrap();
            items.iter().for_each(|item| self.node(None, item));
            write!(self.out, "</{tag}>").unwrap();
        }
        for (tag, members) in [("Props", &element.properties), ("MS", &element.notes)] {
            if !members.is_empty() {
                write!(self.out, "<{tag}>").unwrap();
                members.iter().for_each(|(name, node)| self.node(Some(name), node));
                write!(self.out, "</{tag}>").unwrap();
            }
        }
        self.out.push_str("</Obj>\n");
    }

    fn node(&mut self, name: Option<&str>, node: &Node) {
        let attribute = attribute(name);
        match node {
            Node::Nil => write!(self.out, "<Nil{attribute} />").unwrap(),
            Node::Primitive(tag, text) => write!(self.out, "<{tag}{attribute}>{}</{tag}>", escaped(text)).unwrap(),
            Node::Bytes(bytes) => write!(self.out, "<BA{attribute}>{}</BA>", STANDARD.encode(bytes)).unwrap(),
            Node::Object(element) => self.element(name, element),
            Node::Reference(mark) => {
                write!(self.out, "<Ref{attribute} RefId=\"{}\" />", self.marks.get(mark).copied().unwrap_or(9999))
                    .unwrap();
            }
        }
    }
}

fn attribute(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!(" N=\"{}\"", escaped(name)))
}

/// What XML and CLIXML cannot hold as it stands, each in its way.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let is_like_an_escape = rest.starts_with("_x");
        rest = &rest[character.len_utf8()..];
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '_' if is_like_an_escape => out.push_str("_x005F_"),
            _ if character.is_control() || u32::from(character) > 0xFFFF || character == '\u{FFFE}' => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(out, "_x{unit:04X}_").unwrap();
                }
            }
            _ => out.push(character),
        }
    }
    out
}

/// What Exchange serializes of a certificate.
#[derive(Clone, Debug)]
pub struct Serialized {
    pub der: Vec<u8>,
    pub friendly_name: Option<String>,
    /// The type of the private key's provider: 0 for a key storage provider.
    pub provider: Option<u32>,
    pub services: i32,
    pub status: i32,
    pub root_ca_type: i32,
    pub sites: Vec<u32>,
    pub identity: String,
}

impl Serialized {
    pub fn new(der: Vec<u8>, services: i32, identity: &str) -> Self {
        Self {
            der,
            friendly_name: Some("mail 2026".to_owned()),
            provider: Some(12),
            services,
            status: 1,
            root_ca_type: 3,
            sites: vec![1],
            identity: identity.to_owned(),
        }
    }

    /// The object of a remote session.
    pub fn element(&self, is_signed: bool) -> Element {
        let data = if is_signed { signed(&self.bytes()) } else { self.bytes() };
        Element::new(EXCHANGE_CERTIFICATE)
            .prints("[Subject]\r\n  CN=mail.contoso.com\r\n")
            .property("RawData", Node::Bytes(self.der.clone()))
            .note("PSComputerName", Node::text("session.contoso.com"))
            .note("RunspaceId", Node::Primitive("G", "46a1b05b-0ed2-4449-a6bb-64ae4f9c1a94".to_owned()))
            .note("PSShowComputerName", Node::Primitive("B", "false".to_owned()))
            .note("SerializationData", Node::Bytes(data))
    }

    /// The bytes of .NET's binary serialization.
    pub fn bytes(&self) -> Vec<u8> {
        const NAMESPACE: &str = "Microsoft.Exchange.Management.SystemConfigurationTasks";
        let class = |name: &str| format!("{NAMESPACE}.{name}");
        let list = format!("System.Collections.Generic.List`1[[{}]]", class("IisService"));
        let mut out = Binary::default();
        out.byte(0).int(1).int(-1).int(1).int(0);
        out.byte(12).int(2).string("Microsoft.Exchange.Management, Version=15.0.0.0");
        let members = [
            "CertData",
            "SelfSigned",
            "Status",
            "RootCAType",
            "Services",
            "IISServices",
            "PrivateKeyExportable",
            "Identity",
        ];
        out.byte(5).int(1).string(&class("ExchangeCertificate")).int(8);
        members.iter().for_each(|member| {
            out.string(member);
        });
        // An array of bytes, a boolean, three enumerations, a system class, a boolean and a string.
        out.0.extend([7, 0, 4, 4, 4, 3, 0, 1]);
        out.byte(2).byte(1);
        for name in ["CertificateStatus", "CertificateAuthorityType", "AllowedServices"] {
            out.string(&class(name)).int(2);
        }
        out.string(&list).byte(1).int(2);
        out.byte(9).int(3).byte(1);
        let enumerations = [
            ("CertificateStatus", self.status),
            ("CertificateAuthorityType", self.root_ca_type),
            ("AllowedServices", self.services),
        ];
        for ((name, value), id) in enumerations.into_iter().zip([-4, -5, -6]) {
            out.byte(5).int(id).string(&class(name)).int(1).string("value__").byte(0).byte(8).int(2).int(value);
        }
        out.byte(9).int(7).byte(1);
        out.byte(6).int(8).string(&self.identity);
        let data = self.property_list();
        out.byte(15).int(3).int(i32::try_from(data.len()).unwrap()).byte(2);
        out.0.extend(data);
        self.iis_services(&mut out, &list, &class("IisService"));
        out.byte(11);
        out.0
    }

    /// A list, its array, and an object for each site: the first one describes its class, the others name it.
    fn iis_services(&self, out: &mut Binary, list: &str, class: &str) {
        let count = i32::try_from(self.sites.len()).unwrap();
        out.byte(4).int(7).string(list).int(3).string("_items").string("_size").string("_version");
        out.0.extend([4, 0, 0]);
        out.string(&format!("{class}[]")).int(2).byte(8).byte(8);
        out.byte(9).int(9).int(count).int(count);
        // The array has room for four and is filled up with nulls.
        let room = count.max(4);
        out.byte(7).int(9).byte(0).int(1).int(room).byte(4).string(class).int(2);
        for index in 0..count {
            out.byte(9).int(20 + index);
        }
        match room - count {
            0 => {}
            1 => {
                out.byte(10);
            }
            nulls if nulls < 256 && count % 2 == 0 => {
                out.byte(13).byte(u8::try_from(nulls).unwrap());
            }
            nulls => {
                out.byte(14).int(nulls);
            }
        }
        for (index, site) in self.sites.iter().enumerate() {
            let id = 20 + i32::try_from(index).unwrap();
            if index == 0 {
                out.byte(5).int(id).string(class).int(2).string("serviceKind").string("path");
                out.0.extend([0, 1, 8]);
                out.int(2);
            } else {
                out.byte(1).int(id).int(20);
            }
            out.int(0).byte(6).int(100 + id).string(&format!("IIS://MBX01/W3SVC/{site}"));
        }
    }

    fn property_list(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut property = |id: u32, value: &[u8]| {
            out.extend([id, 1, u32::try_from(value.len()).unwrap()].into_iter().flat_map(u32::to_le_bytes));
            out.extend(value);
        };
        property(3, &[7; 20]);
        if let Some(provider) = self.provider {
            let header: Vec<u8> = [28, 92, provider, 32, 0, 0, 1].into_iter().flat_map(u32::to_le_bytes).collect();
            property(2, &header);
        }
        if let Some(name) = &self.friendly_name {
            property(11, &utf16_le(&format!("{name}\0")));
        }
        property(32, &self.der);
        out
    }
}

/// The wrapper of an organisation that signs what it serializes.
pub fn signed(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    [b"#sig#".as_slice(), &length, bytes, &[0x5A; 32]].concat()
}

#[derive(Default)]
pub struct Binary(pub Vec<u8>);

impl Binary {
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    pub fn int(&mut self, value: i32) -> &mut Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn string(&mut self, text: &str) -> &mut Self {
        let mut length = text.len();
        while length >= 0x80 {
            self.0.push(u8::try_from(length & 0x7F).unwrap() | 0x80);
            length >>= 7;
        }
        self.0.push(u8::try_from(length).unwrap());
        self.0.extend(text.as_bytes());
        self
    }
}
