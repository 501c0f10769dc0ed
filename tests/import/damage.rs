//! Whatever is damaged is an error with a place, or says less; it is never a panic.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::import::{Format, Import, ImportError, Origin, Place};
use exchange_certificates::{Fleet, Thumbprint};
use proptest::prelude::*;

use crate::corpus;
use crate::support::collection::{Collection, certificate, question, selection, web_binding};
use crate::support::export::{EXCHANGE_SERVER, Element, Node, Serialized, document, signed};
use crate::support::factory::CertificateFactory;

fn serialized() -> Serialized {
    let der = CertificateFactory::new("mail.contoso.com").build_der();
    Serialized { sites: vec![1, 2], ..Serialized::new(der, 27, "MBX01.contoso.com\\0123") }
}

fn export() -> String {
    let server = Element::new(EXCHANGE_SERVER)
        .text("Name", "MBX01")
        .printed("AdminDisplayVersion", "Version 15.1 (Build 2507.6)")
        .enumeration("ServerRole", "Mailbox", 2);
    document(&[server, serialized().element(true), Element::new(&["System.Other"]).text("Name", "a & b")])
}

/// Reads the file, and checks that an error says where.
fn attempt(bytes: &[u8]) -> Result<Import, ImportError> {
    let mut import = Import::new();
    match import.add("damaged.xml", bytes) {
        Ok(_) => Ok(import),
        Err(error) => {
            assert!(error.to_string().starts_with("`damaged.xml`"), "{error}");
            assert!(!error.to_string().contains('\n'), "{error}");
            assert!(import.certificates().next().is_none() && import.servers().is_empty(), "nothing is taken: {error}");
            Err(error)
        }
    }
}

/// An export whose serialized data is this.
fn with_data(data: &[u8]) -> Vec<u8> {
    let whole = serialized();
    let element = Element::new(&["Microsoft.Exchange.Management.SystemConfigurationTasks.ExchangeCertificate"])
        .property("RawData", Node::Bytes(whole.der))
        .property("SerializationData", Node::Bytes(data.to_vec()));
    document(&[element]).into_bytes()
}

#[test]
fn an_export_cut_short_anywhere_is_an_error() {
    let text = export();
    assert_eq!(attempt(text.as_bytes()).unwrap().certificates().len(), 1);
    for length in 0..text.len() {
        assert!(attempt(&text.as_bytes()[..length]).is_err(), "{length}");
    }
}

#[test]
fn serialized_data_cut_short_anywhere_is_an_error() {
    let bytes = serialized().bytes();
    for length in 0..bytes.len() {
        let error = attempt(&with_data(&bytes[..length])).map(drop).unwrap_err();
        assert!(matches!(error, ImportError::Binary { .. }), "{length}: {error}");
    }
    let wrapped = signed(&bytes);
    assert!(attempt(&with_data(&wrapped)).is_ok());
    for length in 0..5 + 4 + bytes.len() {
        assert!(attempt(&with_data(&wrapped[..length])).is_err(), "{length}");
    }
}

#[test]
fn a_flipped_bit_in_serialized_data_does_no_harm() {
    let bytes = serialized().bytes();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        let _ = attempt(&with_data(&damaged));
    }
}

proptest! {
    #[test]
    fn flipped_bits_in_an_export_do_no_harm(flips in proptest::collection::vec((any::<prop::sample::Index>(), 0..8), 1..6)) {
        let mut bytes = export().into_bytes();
        for (place, bit) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= 1_u8 << bit;
        }
        let _ = attempt(&bytes);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,200}") {
        let _ = attempt(&bytes);
        let _ = attempt(&with_data(&bytes));
        let _ = attempt(text.as_bytes());
        let _ = attempt(format!("<Objs>{text}</Objs>").as_bytes());
        let _ = attempt(format!("[{{\"Thumbprint\":{text:?}}}]").as_bytes());
        let _ = attempt(format!("Thumbprint : {text}\nServices : {text}").as_bytes());
        let mut import = Import::new();
        let _ = import.add_as(Format::Json, "a", &bytes);
        let _ = import.add_as(Format::Text, "a", &bytes);
        let _ = import.add_as(Format::Certificates, "a", &bytes);
        let _ = import.add_as(Format::Clixml, "a", &bytes);
        let _ = import.add_as(Format::Csv, "a", &bytes);
        let _ = attempt(format!("Thumbprint Services {text}\n---------- -------- ---\n{text}\n{bytes:?}").as_bytes());
        let _ = attempt(format!("| Thumbprint | {text} |\n|--|--|\n|{text}|").as_bytes());
        let _ = attempt(format!("Thumbprint;Services;{text}\n{text}").as_bytes());
    }
}

#[test]
fn bombs_are_refused() {
    let deep = format!("<Objs>{}", "<Obj><LST>".repeat(500_000));
    assert!(matches!(attempt(deep.as_bytes()), Err(ImportError::TooDeep { .. })));
    let deep = format!("<Objs><Obj><TN><T>A</T></TN><Props>{}", "<Obj N=\"A\"><Props>".repeat(500_000));
    assert!(matches!(attempt(deep.as_bytes()), Err(ImportError::TooDeep { .. })));
    let deep = format!("<Objs><Obj><B>{}", "<a>".repeat(500_000));
    assert!(matches!(attempt(deep.as_bytes()), Err(ImportError::TooDeep { .. })));
    let deep = format!("{}1", "[".repeat(500_000));
    assert!(attempt(deep.as_bytes()).is_err());
    let entities = "<!DOCTYPE a [<!ENTITY b \"cccc\">]><Objs><S>&b;</S></Objs>";
    assert!(attempt(entities.as_bytes()).is_err());
}

#[test]
fn invalid_base64_is_an_error_with_its_place() {
    let text = export().replace(&STANDARD.encode(serialized().der), "MII*");
    let error = attempt(text.as_bytes()).map(drop).unwrap_err();
    let ImportError::Malformed { origin: Origin { place: Place::Byte(byte), .. }, .. } = error else {
        panic!("{error}")
    };
    let place = text.find("MII*").unwrap() as u64;
    assert!((place..place + 10).contains(&byte), "{byte} is not after {place}");
}

#[test]
fn a_real_export_cut_short_is_an_error() {
    for file in ["signed-session.xml", "send-connector.xml"] {
        let Some(path) = corpus::path(file) else { return };
        let bytes = std::fs::read(path).unwrap();
        let whole = bytes.trim_ascii_end();
        for length in (0..whole.len()).step_by(61) {
            assert!(attempt(&whole[..length]).is_err(), "{file} {length}");
        }
    }
}

/// A collection with every kind of record.
fn collection() -> Vec<u8> {
    let mail = serialized();
    let thumbprint = Thumbprint::of(&mail.der).to_string();
    let of = |cmdlet: &str, about: Option<&str>, count| question(Some("MBX01"), cmdlet, about, "read", count, "");
    Collection::new("2026-11-24T08:00:00Z", None)
        .server("MBX01", "Version 15.2 (Build 1544.4)", "Mailbox")
        .read(None, "Get-ExchangeServer", 1)
        .with(of("Get-ExchangeCertificate", None, 1))
        .with(certificate("MBX01", mail.der.clone()).note("SerializationData", Node::Bytes(mail.bytes())))
        .with(of("Get-ExchangeCertificate", Some("mail.contoso.com"), 1))
        .with(selection("MBX01", "mail.contoso.com", std::slice::from_ref(&thumbprint)))
        .with(of("Invoke-Command", Some("Get-WebBinding"), 1))
        .with(web_binding("MBX01", "https", 1, "*:443:", Node::text(&thumbprint)))
        .failed(None, "Get-SendConnector", "Access is denied.")
        .file()
}

#[test]
fn a_collection_cut_short_anywhere_is_an_error() {
    let bytes = collection();
    assert_eq!(attempt(&bytes).unwrap().server("MBX01").unwrap().certificates().count(), 1);
    for length in 0..bytes.len() {
        assert!(attempt(&bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_record_without_what_it_is_about_is_an_error_that_names_it() {
    let text = String::from_utf8(collection()).unwrap();
    for (property, value) in [
        ("Format", "three"),
        ("Collected", "yesterday"),
        ("Cmdlet", ""),
        ("Outcome", "perhaps"),
        ("Count", "many"),
        ("RawData", ""),
        ("Fqdn", ""),
        ("bindingInformation", "443"),
        ("certificateHash", "XXXX"),
        ("ItemXPath", "/sites/site"),
        ("ItemXPath", "/sites/site[@id='99999999999']"),
    ] {
        let tag = format!(" N=\"{property}\">");
        let (before, after) = text.rsplit_once(&tag).unwrap();
        let (_, after) = after.split_once('<').unwrap();
        let error = attempt(format!("{before}{tag}{value}<{after}").as_bytes()).map(drop).unwrap_err().to_string();
        assert!(error.contains(&format!("{property}: ")), "{property}: {error}");
    }
    let without = |name: &str| text.replace(&format!("N=\"{name}\""), "N=\"Other\"");
    for property in ["Format", "Count", "Outcome", "RawData"] {
        let error = attempt(without(property).as_bytes()).map(drop).unwrap_err().to_string();
        assert!(error.ends_with(&format!("{property}: missing")), "{property}: {error}");
    }
}

proptest! {
    #[test]
    fn flipped_bits_in_a_collection_do_no_harm(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 0..8), 1..6)
    ) {
        let mut bytes = collection();
        for (place, bit) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= 1_u8 << bit;
        }
        if let Ok(import) = attempt(&bytes) {
            let (fleet, _) = import.fleet();
            // Whatever is left of it can be written and read.
            let text = serde_json::to_string(&fleet).unwrap();
            prop_assert_eq!(serde_json::from_str::<Fleet>(&text).unwrap().len(), fleet.len());
            prop_assert!(import.not_read().iter().all(|(_, entry)| !entry.to_string().contains(char::is_control)));
        }
    }
}
