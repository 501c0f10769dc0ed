//! CLIXML that an independent writer makes is read as it was meant.

use std::collections::BTreeSet;

use exchange_certificates::import::{Format, Import, ImportError, Input, Place};
use exchange_certificates::{KeyStorage, RootCaType, Service, Status};
use proptest::prelude::*;

use crate::support::export::{
    EXCHANGE_CERTIFICATE, EXCHANGE_SERVER, Element, Node, Serialized, document, utf16_be, utf16_le,
};
use crate::support::factory::CertificateFactory;

fn der(name: &str) -> Vec<u8> {
    CertificateFactory::new(name).build_der()
}

fn read(text: &str) -> Import {
    let mut import = Import::new();
    import.add_as(Format::Clixml, "export.xml", text.as_bytes()).unwrap();
    import
}

proptest! {
    #[test]
    fn what_a_remote_session_serializes_is_read_back(
        friendly_name in proptest::option::of("\\PC{1,20}|[ -~]{1,20}"),
        provider in proptest::option::of(prop_oneof![Just(0_u32), Just(1), Just(12)]),
        services in 0..128,
        status in 0..10,
        root_ca_type in 0..6,
        sites in proptest::collection::btree_set(1..60_u32, 0..8),
        is_signed: bool,
        encoding in 0..5,
    ) {
        let serialized = Serialized {
            friendly_name: friendly_name.clone(),
            provider,
            status,
            root_ca_type,
            sites: sites.iter().copied().collect(),
            ..Serialized::new(der("mail.contoso.com"), services, "MBX01.contoso.com\\0123")
        };
        let text = document(&[serialized.element(is_signed)]);
        let bytes = match encoding {
            0 => text.into_bytes(),
            1 => [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat(),
            2 => utf16_le(&format!("\u{FEFF}{text}")),
            3 => utf16_be(&format!("\u{FEFF}{text}")),
            _ => utf16_le(&text),
        };
        let mut import = Import::new();
        prop_assert_eq!(import.add("export.xml", &bytes), Ok(Format::Clixml));
        let certificate = &import.certificates().next().unwrap();
        prop_assert_eq!(certificate.certificate().as_der(), serialized.der);
        prop_assert_eq!(certificate.friendly_name(), friendly_name.as_deref());
        let storage = provider.map(|kind| if kind == 0 { KeyStorage::Ksp } else { KeyStorage::Csp });
        prop_assert_eq!(certificate.key_storage(), storage);
        prop_assert_eq!(certificate.has_private_key(), Some(provider.is_some()));
        prop_assert_eq!(certificate.services(), Some(Service::from_value(services.into()).unwrap()));
        prop_assert_eq!(certificate.status(), Some(Status::from_value(status.unsigned_abs())));
        prop_assert_eq!(certificate.root_ca_type(), Some(RootCaType::from_value(root_ca_type.unsigned_abs())));
        prop_assert_eq!(certificate.web_sites(), Some(&sites));
        prop_assert_eq!(certificate.server(), Some("MBX01.contoso.com"));
    }

    #[test]
    fn any_text_comes_through_the_escapes(name in ".{1,40}|(_x|_|x005F|[0-9A-F]{4}_){1,12}") {
        let element = Element::new(EXCHANGE_CERTIFICATE)
            .property("RawData", Node::Bytes(der("mail.contoso.com")))
            .text("FriendlyName", &name);
        let import = read(&document(&[element]));
        prop_assert_eq!(import.certificates().next().unwrap().friendly_name(), Some(name.as_str()));
    }
}

#[test]
fn what_a_direct_session_has_as_properties_is_read() {
    let certificate = |types: &[&str], services: Node| {
        Element::new(types)
            .property("RawData", Node::Bytes(der("mail.contoso.com")))
            .property("Services", services)
            .enumeration("Status", "RevocationCheckFailure", 6)
            .enumeration("RootCAType", "ThirdParty", 1)
            .text("FriendlyName", "mail 2026")
            .property("HasPrivateKey", Node::Primitive("B", "true".to_owned()))
            .text("Identity", "MBX01.contoso.com\\0123")
    };
    let enumeration =
        |number: i32, text: &str| Node::Object(Element::new(&["System.Enum"]).prints(text).number(number));
    let deserialized: Vec<_> = EXCHANGE_CERTIFICATE.iter().map(|name| format!("Deserialized.{name}")).collect();
    let deserialized: Vec<_> = deserialized.iter().map(String::as_str).collect();
    let selected = [format!("Selected.{}", EXCHANGE_CERTIFICATE[0])];
    let selected: Vec<_> = selected.iter().map(String::as_str).collect();
    for (types, services) in [
        (EXCHANGE_CERTIFICATE, enumeration(24, "IIS, SMTP")),
        (&deserialized, Node::text("IIS, SMTP")),
        (&selected, Node::Primitive("I32", "24".to_owned())),
    ] {
        let import = read(&document(&[certificate(types, services)]));
        let certificate = &import.certificates().next().unwrap();
        assert_eq!(certificate.services(), Some(Service::IIS | Service::SMTP));
        assert_eq!(certificate.status(), Some(Status::RevocationCheckFailure));
        assert_eq!(certificate.root_ca_type(), Some(RootCaType::ThirdParty));
        assert_eq!(certificate.friendly_name(), Some("mail 2026"));
        assert_eq!(certificate.has_private_key(), Some(true));
        assert_eq!(certificate.server(), Some("MBX01.contoso.com"));
        assert_eq!(certificate.web_sites(), None);
    }
}

#[test]
fn the_sites_of_a_direct_session_are_found_in_its_list() {
    let site = |path: &str| Node::Object(Element::new(&["Microsoft.Exchange.IisService"]).text("IisPath", path));
    let list = |items| Node::Object(Element::new(&["System.Collections.Generic.List`1"]).list("LST", items));
    for (items, expected) in [
        (vec![site("IIS://MBX01/W3SVC/1"), site("IIS://MBX01/W3SVC/2")], BTreeSet::from([1, 2])),
        (vec![], BTreeSet::new()),
        (vec![Node::text("IIS://MBX01/W3SVC/7")], BTreeSet::from([7])),
    ] {
        let element = Element::new(EXCHANGE_CERTIFICATE)
            .property("RawData", Node::Bytes(der("mail.contoso.com")))
            .property("IISServices", list(items));
        assert_eq!(read(&document(&[element])).certificates().next().unwrap().web_sites(), Some(&expected));
    }
}

#[test]
fn objects_are_found_in_lists_dictionaries_and_other_objects() {
    let inside = |name: &str| Node::Object(Serialized::new(der(name), 16, "MBX01\\0").element(false));
    let entry = "<En><S N=\"Key\">a</S><S N=\"Value\">b</S></En>";
    let list = Element::new(&["System.Object[]", "System.Array"]).list("LST", vec![inside("a.contoso.com")]);
    let queue = Element::new(&["System.Collections.Queue"]).list("QUE", vec![Node::Nil, inside("b.contoso.com")]);
    let custom = Element::new(&["System.Management.Automation.PSCustomObject"]).note("Inside", inside("c.contoso.com"));
    let nested = Element::new(&["System.Object[]"]).list("LST", vec![Node::Object(list), Node::Object(queue)]);
    let other = Element::new(&["System.Diagnostics.Process"]).text("Name", "lsass");
    let text = document(&[nested, custom, other.clone(), other]);
    let text =
        text.replace("</Objs>", &format!("<Obj><DCT>{entry}</DCT></Obj><S>text</S><Nil /><Ref RefId=\"0\" /></Objs>"));
    let import = read(&text);
    let domains: Vec<_> = import.certificates().map(|found| found.certificate().first_domain().unwrap()).collect();
    assert_eq!(domains, ["a.contoso.com", "b.contoso.com", "c.contoso.com"]);
    assert_eq!(import.skipped(), 3);
}

#[test]
fn a_reference_stands_for_how_an_object_prints() {
    let server = |version: Node| {
        Element::new(EXCHANGE_SERVER).text("Name", "MBX01").property("AdminDisplayVersion", version).enumeration(
            "ServerRole",
            "Mailbox",
            2,
        )
    };
    let version = Element::new(&["Microsoft.Exchange.Data.ServerVersion"]).prints("Version 15.2 (Build 1544.4)");
    // In a property that is not needed, in an object of another kind, and in an earlier object.
    let marked = Node::Object(version.mark("version"));
    let first = server(Node::Reference("version"));
    let before = Element::new(&["System.Other"]).property("Version", marked.clone());
    let import = read(&document(&[before, first.clone()]));
    assert_eq!(import.servers()[0].build(), Some("15.2.1544.4"));
    let unneeded = Element::new(EXCHANGE_SERVER).text("Name", "MBX02").property("ExchangeVersion", marked);
    assert_eq!(read(&document(&[unneeded, first.clone()])).servers()[0].build(), Some("15.2.1544.4"));
    let mut import = Import::new();
    let error = import.add_as(Format::Clixml, "export.xml", document(&[first]).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("a reference to an object that came before"), "{error}");
}

#[test]
fn a_reference_stands_for_a_list_too() {
    let list = |items: Vec<Node>| Node::Object(Element::new(&["System.Object[]"]).list("LST", items).mark("list"));
    let send = |name: &str, hosts: Node| {
        Element::new(&["Microsoft.Exchange.Data.Directory.SystemConfiguration.SmtpSendConnectorConfig"])
            .text("Name", name)
            .property("SmartHosts", hosts)
    };
    let hosts = |objects: &[Element]| -> Vec<_> {
        let import = read(&document(objects));
        import.connectors().map(|connector| connector.smart_hosts().map(<[String]>::to_vec)).collect()
    };
    let again = send("Second", Node::Reference("list"));
    for items in [vec![], vec!["a.contoso.com", "b.contoso.com"]] {
        let first = send("First", list(items.iter().map(|item| Node::text(item)).collect()));
        let expected: Vec<_> = items.iter().map(|item| (*item).to_owned()).collect();
        assert_eq!(hosts(&[first, again.clone()]), [Some(expected.clone()), Some(expected)]);
    }
    // Of a list in a property that is not needed nothing is remembered: it is not known then, and never empty.
    let unneeded = Element::new(&["System.Other"]).property("List", list(vec![Node::text("a.contoso.com")]));
    assert_eq!(hosts(&[unneeded, again]), [None]);
}

#[test]
fn properties_and_serialized_data_must_agree() {
    let serialized = Serialized::new(der("mail.contoso.com"), 16, "MBX01\\0");
    let element = serialized.element(false).enumeration("Services", "IIS", 8);
    let mut import = Import::new();
    let error = import.add_as(Format::Clixml, "export.xml", document(&[element]).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("SerializationData: `the services` is not what the properties say"), "{error}");
    // Whether there is a private key, a session asks the wrong computer.
    let key = serialized.element(false).property("HasPrivateKey", Node::Primitive("B", "false".to_owned()));
    assert_eq!(read(&document(&[key])).certificates().next().unwrap().has_private_key(), Some(true));
    let other = Element::new(EXCHANGE_CERTIFICATE)
        .property("RawData", Node::Bytes(der("other.contoso.com")))
        .property("SerializationData", Node::Bytes(serialized.bytes()));
    let error = import.add_as(Format::Clixml, "export.xml", document(&[other]).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("`CertData` is not the same certificate as RawData"), "{error}");
    assert!(import.certificates().next().is_none());
}

#[test]
fn an_error_names_the_file_and_the_object() {
    let good = Serialized::new(der("mail.contoso.com"), 16, "MBX01\\0").element(false);
    let bad = Element::new(EXCHANGE_CERTIFICATE).property("RawData", Node::Bytes(b"no certificate".to_vec()));
    let mut import = Import::new();
    let error = import.add("C:\\export.xml", document(&[good, bad]).as_bytes()).unwrap_err();
    let ImportError::Certificate { origin, .. } = &error else { panic!("{error}") };
    assert_eq!(&*origin.file, "C:\\export.xml");
    assert!(matches!(origin.place, Place::Object { number: 2, .. }), "{origin}");
    assert!(error.to_string().starts_with("`C:\\export.xml`, object 2 at byte "), "{error}");
    assert!(import.certificates().next().is_none(), "nothing of a file is taken that cannot be read");
}

#[test]
fn the_server_of_certificates_is_named_by_the_object_the_caller_or_the_session() {
    let anonymous = Element::new(EXCHANGE_CERTIFICATE)
        .property("RawData", Node::Bytes(der("mail.contoso.com")))
        .note("PSComputerName", Node::text("session.contoso.com"));
    let text = document(&[anonymous]);
    assert_eq!(read(&text).certificates().next().unwrap().server(), Some("session.contoso.com"));
    let mut import = Import::new();
    import.add(Input::named("export.xml").on_server("MBX02"), text.as_bytes()).unwrap();
    assert_eq!(import.certificates().next().unwrap().server(), Some("MBX02"));
    let identified = Serialized::new(der("mail.contoso.com"), 16, "MBX01.contoso.com\\0").element(false);
    let mut import = Import::new();
    import.add(Input::named("export.xml").on_server("MBX02"), document(&[identified]).as_bytes()).unwrap();
    assert_eq!(import.certificates().next().unwrap().server(), Some("MBX01.contoso.com"));
}

#[test]
fn bytes_and_texts_may_come_in_pieces() {
    let text = document(&[Serialized::new(der("mail.contoso.com"), 16, "MBX01\\0").element(false)]);
    let start = text.find("RawData\">").unwrap() + "RawData\">".len();
    let whole = read(&text);
    for cut in start..start + 9 {
        for between in ["<!-- -->", "<?a b?>", "&#xA;", " \r\n ", "<![CDATA[]]>", "<![CDATA[ ]]>"] {
            let pieces = format!("{}{between}{}", &text[..cut], &text[cut..]);
            assert_eq!(
                read(&pieces).certificates().next().unwrap().certificate(),
                whole.certificates().next().unwrap().certificate()
            );
        }
        let (before, after) = text.split_at(cut);
        let (first, after) = after.split_at(1);
        let referred = format!("{before}&#x{:X};{after}", u32::from(first.chars().next().unwrap()));
        assert_eq!(
            read(&referred).certificates().next().unwrap().certificate(),
            whole.certificates().next().unwrap().certificate()
        );
    }
    let server = Element::new(EXCHANGE_SERVER).text("Name", "MBX01");
    let text = document(&[server]).replace("MBX01", "M<!-- -->B&#88;<![CDATA[0]]>1");
    assert_eq!(read(&text).servers()[0].name(), "MBX01");
}

#[test]
fn an_error_in_the_xml_names_its_byte_from_memory_and_from_a_stream() {
    let text = document(&[Element::new(EXCHANGE_SERVER).text("Name", "MBX01")]).replace("</Props>", "</MS>");
    let at = text.find("</MS>").unwrap() as u64;
    let memory = Import::new().add_as(Format::Clixml, "export.xml", text.as_bytes()).unwrap_err();
    let streamed = Import::new().add_from("export.xml", text.as_bytes()).unwrap_err();
    assert_eq!(memory, streamed);
    let ImportError::Syntax { origin, .. } = memory else { panic!("{memory}") };
    assert_eq!(origin.place, Place::Byte(at));
}
