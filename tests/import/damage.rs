//! Whatever is damaged is an error with a place, or says less; it is never a panic.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::import::{Import, ImportError, Origin, Place};
use proptest::prelude::*;

use crate::corpus;
use crate::support::export::{Binary, EXCHANGE_SERVER, Element, Node, Serialized, document, signed};
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
            assert!(import.certificates().is_empty() && import.servers().is_empty(), "nothing is taken: {error}");
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
        let _ = import.add_json("a", &bytes);
        let _ = import.add_text("a", &bytes);
        let _ = import.add_certificates("a", &bytes);
        let _ = import.add_clixml("a", &bytes);
    }
}

#[test]
fn bombs_are_refused_at_once() {
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
fn lengths_are_held_against_what_is_left() {
    let start = || {
        let mut out = Binary::default();
        out.byte(0).int(1).int(-1).int(1).int(0);
        out
    };
    let class = |out: &mut Binary, types: &[u8]| {
        out.byte(4).int(1).string("Class").int(1).string("Services").0.extend(types);
    };
    let mut bombs = Vec::new();
    for huge in [i32::MAX, -1, 0x1000_0000] {
        // A class with so many members, arrays of so many bytes, strings and nulls.
        let mut out = start();
        out.byte(5).int(1).string("Class").int(huge).string("a");
        bombs.push(out.0);
        let mut out = start();
        out.byte(15).int(1).int(huge).byte(2);
        bombs.push(out.0);
        let mut out = start();
        out.byte(17).int(1).int(huge).byte(14).int(huge - 1).byte(11);
        bombs.push(out.0);
        let mut out = start();
        out.byte(7).int(1).byte(2).int(3).int(huge).int(huge).int(huge).byte(0).byte(17);
        bombs.push(out.0);
        // Nulls alone, and primitive ones that take no bytes at all.
        let mut out = start();
        out.byte(17).int(1).int(huge).byte(14).int(huge).byte(11);
        bombs.push(out.0);
        let mut out = start();
        out.byte(7).int(1).byte(0).int(1).int(huge).byte(0).byte(17).byte(11);
        bombs.push(out.0);
    }
    // Classes that stand inside each other.
    let mut out = start();
    for _ in 0..100_000 {
        class(&mut out, &[2]);
    }
    bombs.push(out.0);
    // More objects than any certificate has.
    let mut out = start();
    class(&mut out, &[0, 8]);
    out.int(1);
    for object in 2..100_000 {
        out.byte(1).int(object).int(1).int(0);
    }
    out.byte(11);
    bombs.push(out.0);
    // A text whose length goes on and on.
    let mut out = start();
    out.byte(6).int(1).0.extend([0xFF; 64]);
    bombs.push(out.0);
    bombs.push(b"#sig#\xFF\xFF\xFF\xFF".to_vec());
    for bomb in bombs {
        let error = attempt(&with_data(&bomb)).map(drop).unwrap_err();
        assert!(matches!(error, ImportError::Binary { .. }), "{error}");
    }
}

#[test]
fn nulls_of_an_array_are_counted_as_they_are_written() {
    // An array of four in which the third is a text: two nulls, the text, and so many more.
    let array = |nulls: i32| {
        let mut out = Binary::default();
        out.byte(0).int(1).int(-1).int(1).int(0);
        out.byte(17).int(2).int(4).byte(13).byte(2).byte(6).int(3).string("IIS://MBX01/W3SVC/2").byte(14).int(nulls);
        out.byte(4).int(1).string("Class").int(1).string("IISServices").byte(1);
        out.byte(9).int(2).byte(11);
        attempt(&with_data(&out.0))
    };
    let import = array(1).unwrap();
    assert_eq!(import.certificates()[0].web_sites(), Some(&BTreeSet::from([2])));
    for nulls in [2, i32::MAX] {
        let ImportError::Binary { byte, expected, .. } = array(nulls).unwrap_err() else { panic!("{nulls}") };
        assert_eq!((byte, expected), (53, "no more and no fewer elements than the array has"));
    }
}

#[test]
fn sites_are_found_in_objects_that_refer_to_each_other() {
    let mut out = Binary::default();
    out.byte(0).int(1).int(-1).int(1).int(0);
    out.byte(17).int(2).int(3).byte(9).int(3).byte(9).int(2).byte(6).int(4).string("IIS://MBX01/W3SVC/1");
    out.byte(17).int(3).int(3).byte(9).int(2).byte(9).int(4).byte(6).int(5).string("IIS://MBX01/W3SVC/2");
    out.byte(4).int(1).string("Class").int(1).string("IISServices").byte(1);
    out.byte(9).int(2).byte(11);
    let import = attempt(&with_data(&out.0)).unwrap();
    assert_eq!(import.certificates()[0].web_sites(), Some(&BTreeSet::from([1, 2])));
}

#[test]
fn base64_that_is_none_is_an_error_at_its_place() {
    let text = export().replace(&STANDARD.encode(serialized().der), "MII*");
    let error = attempt(text.as_bytes()).map(drop).unwrap_err();
    let ImportError::Malformed { origin: Origin { place: Place::Byte(byte), .. }, .. } = error else {
        panic!("{error}")
    };
    let place = text.find("MII*").unwrap() as u64;
    assert!((place..place + 10).contains(&byte), "{byte} is not after {place}");
}

#[test]
fn a_real_export_cut_short_is_an_error_too() {
    for file in ["signed-session.xml", "send-connector.xml"] {
        let Some(path) = corpus::path(file) else { return };
        let bytes = std::fs::read(path).unwrap();
        let whole = bytes.trim_ascii_end();
        for length in (0..whole.len()).step_by(61) {
            assert!(attempt(&whole[..length]).is_err(), "{file} {length}");
        }
    }
}
