//! The records of the probe script: what was really presented.

use exchange_certificates::import::{Import, ImportError};
use exchange_certificates::{PresentedAt, Thumbprint};

use crate::support::collection::{Collection, presented};
use crate::support::export::{Element, Node, document};

const ONE: &str = "5113AE0233A72FCCB75B1D0198628675333D010E";
const OTHER: &str = "6113AE0233A72FCCB75B1D0198628675333D010E";

fn read(files: &[&[Element]]) -> Result<Import, ImportError> {
    let mut import = Import::new();
    for (index, elements) in files.iter().enumerate() {
        import.add(format!("{index}.xml"), document(elements).as_bytes())?;
    }
    Ok(import)
}

/// A record with another value in one place.
fn but(field: &str, node: Node) -> Element {
    let fields = [
        ("Server", Node::text("MBX01")),
        ("Endpoint", Node::text("imap")),
        ("Address", Node::text("mbx01.contoso.com")),
        ("Port", Node::Primitive("I32", "993".to_owned())),
        ("Name", Node::text("mbx01.contoso.com")),
        ("State", Node::text("seen")),
        ("Thumbprint", Node::text(ONE)),
        ("Message", Node::text("")),
    ];
    assert!(fields.iter().any(|(name, _)| *name == field));
    let element = Element::new(&["ExchangeCertificates.Presented", "System.Object"]);
    fields
        .into_iter()
        .fold(element, |element, (name, value)| element.note(name, if name == field { node.clone() } else { value }))
}

#[test]
fn every_look_is_read_in_its_order_and_a_probe_is_no_export() {
    let import = read(&[&[
        presented("MBX01", Some("imap"), 993, Some(ONE)),
        presented("MBX01", None, 25, None),
        presented("MBX02", None, 25, Some(&OTHER.to_lowercase())),
    ]])
    .unwrap();
    let thumbprint = |text: &str| text.parse::<Thumbprint>().unwrap();
    let expected = [
        PresentedAt::seen("MBX01", "mbx01.contoso.com", 993, thumbprint(ONE)).with_endpoint("imap"),
        PresentedAt::not_seen("MBX01", "mbx01.contoso.com", 25, "no answer"),
        PresentedAt::seen("MBX02", "mbx02.contoso.com", 25, thumbprint(OTHER)),
    ];
    assert_eq!(import.presented().collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
    assert!(import.not_read().is_empty());
    assert_eq!(import.servers().len(), 0);
    // Beside an export it takes nothing from it.
    let export =
        Collection::new("2026-11-24T08:00:00Z", None).server("MBX01", "Version 15.2 (Build 1544.4)", "Mailbox");
    let beside = read(&[&export.elements, &[presented("MBX01", None, 25, None)]]).unwrap();
    assert_eq!(beside.not_read(), read(&[&export.elements]).unwrap().not_read());
    assert_eq!(beside.presented().len(), 1);
}

#[test]
fn what_cannot_be_is_an_error_that_names_the_place() {
    let text = Node::text;
    let number = |number: &str| Node::Primitive("I32", number.to_owned());
    for (field, node, expected) in [
        ("State", text("perhaps"), "State: `perhaps` is not seen or not-seen"),
        ("State", text("not-seen"), "State: `not-seen` is not seen, and there is a thumbprint"),
        ("State", Node::Nil, "State: missing"),
        ("Thumbprint", Node::Nil, "Thumbprint: missing"),
        ("Thumbprint", text("51"), "Thumbprint: `51` is not a thumbprint"),
        ("Port", number("0"), "Port: `0` is not the number of a port, from 1 to 65535"),
        ("Port", number("65536"), "Port: `65536` is not the number of a port"),
        ("Port", number("-25"), "Port: `-25` is not the number of a port"),
        ("Port", text("https"), "Port: `https` is not a whole number"),
        ("Port", Node::Nil, "Port: `` is not a whole number"),
        ("Server", Node::Nil, "Server: missing"),
        ("Server", text("MBX\u{1b}[2J"), "Server: character 4 is the control character U+001B"),
        ("Endpoint", text("im\nap"), "Endpoint: character 3 is the control character U+000A"),
        ("Address", text("a\u{0}"), "Address: character 2 is the control character U+0000"),
        ("Name", text(" \t"), "Name: missing"),
    ] {
        let error = read(&[&[but("Message", Node::Nil), but(field, node)]]).unwrap_err().to_string();
        assert!(error.starts_with("`0.xml`, object 2 at byte "), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn two_looks_at_one_port_agree_or_are_an_error_that_names_both() {
    let imap = |thumbprint| presented("MBX01", Some("imap"), 993, thumbprint);
    let (one, other, nothing) = (imap(Some(ONE)), imap(Some(OTHER)), imap(None));
    // In one file as in two, and whatever the case of the server.
    let lower = presented("mbx01", Some("imap"), 993, Some(OTHER));
    for files in [vec![vec![one.clone(), other.clone()]], vec![vec![one.clone()], vec![lower]]] {
        let files: Vec<_> = files.iter().map(Vec::as_slice).collect();
        let error = read(&files).unwrap_err().to_string();
        assert!(error.starts_with("`0.xml`, object 1 at byte "), "{error}");
        let place = if files.len() == 1 { "`0.xml`, object 2" } else { "`1.xml`, object 1" };
        assert!(error.contains(place) && error.contains("contradict each other"), "{error}");
        assert!(error.ends_with("contradict each other: the certificate of `port 993 of MBX01`"), "{error}");
    }
    let elsewhere = presented("MBX01", Some("pop"), 993, Some(ONE));
    let error = read(&[&[one.clone(), elsewhere]]).unwrap_err().to_string();
    assert!(error.ends_with(": the endpoint of `port 993 of MBX01`"), "{error}");
    // What one look saw and another one did not is seen.
    for elements in [[one.clone(), nothing.clone()], [nothing, one.clone()], [one.clone(), one]] {
        let import = read(&[&elements]).unwrap();
        let seen: Vec<_> = import.presented().map(|seen| seen.thumbprint.unwrap().to_string()).collect();
        assert_eq!(seen, [ONE]);
    }
}

#[test]
fn a_message_is_one_line_whatever_it_holds() {
    let element = Element::new(&["Deserialized.ExchangeCertificates.Presented", "System.Object"]);
    let fields = [("Server", "MBX01"), ("Address", "a"), ("Name", "a"), ("State", "not-seen")];
    let element = fields.into_iter().fold(element, |element, (name, value)| element.note(name, Node::text(value)));
    let element = element
        .note("Port", Node::Primitive("I32", "25".to_owned()))
        .note("Message", Node::text("No\r\nway\u{1b}[31m  out"));
    let import = read(&[&[element]]).unwrap();
    let [seen] = import.presented().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((seen.message.as_str(), seen.endpoint.as_deref()), ("No way [31m out", None));
}
