//! .NET's binary serialization: what it may hold, and what it may not.

use std::collections::BTreeSet;

use exchange_certificates::Service;
use exchange_certificates::import::{Import, ImportError};

use crate::support::export::{Binary, EXCHANGE_CERTIFICATE, Element, Node, Serialized, document, signed};
use crate::support::factory::CertificateFactory;

/// Reads an export of one certificate with these bytes as its serialized data.
fn attempt(data: &[u8]) -> Result<Import, ImportError> {
    let der = CertificateFactory::new("mail.contoso.com").build_der();
    let element = Element::new(EXCHANGE_CERTIFICATE)
        .property("RawData", Node::Bytes(der))
        .property("SerializationData", Node::Bytes(data.to_vec()));
    let mut import = Import::new();
    import.add("export.xml", document(&[element]).as_bytes())?;
    Ok(import)
}

/// The header of a stream that is about its first object.
fn stream() -> Binary {
    let mut out = Binary::default();
    out.byte(0).int(1).int(-1).int(1).int(0);
    out
}

/// The first object, whose one member of this name is a record.
fn about<'a>(out: &'a mut Binary, member: &str) -> &'a mut Binary {
    out.byte(4).int(1).string("Class").int(1).string(member).byte(2)
}

fn sites(data: &[u8]) -> Option<BTreeSet<u32>> {
    attempt(data).unwrap().certificates().next().unwrap().web_sites().cloned()
}

/// The byte of the data at which reading ends, and what was expected there.
fn error(data: &[u8]) -> (usize, &'static str) {
    match attempt(data).map(drop).unwrap_err() {
        ImportError::Binary { byte, expected, .. } => (byte, expected),
        other => panic!("{other}"),
    }
}

#[test]
fn lengths_are_held_against_what_is_left() {
    for (huge, values, room) in [
        (i32::MAX, "no more than 4096 values", "as many bytes as the array has"),
        (0x1000_0000, "no more than 4096 values", "as many bytes as the array has"),
        (-1, "the length of an array", "the length of an array"),
    ] {
        let members = if huge < 0 { "a number of members" } else { "no more than 4096 members" };
        assert_eq!(error(&stream().byte(5).int(1).string("Class").int(huge).string("a").0).1, members);
        assert_eq!(error(&stream().byte(15).int(1).int(huge).byte(2).0).1, room);
        assert_eq!(error(&stream().byte(17).int(1).int(huge).byte(14).int(huge).byte(11).0).1, values);
        let primitive = |dimensions: &[i32], kind: u8| {
            let mut out = stream();
            out.byte(7).int(1).byte(2).int(dimensions.len().try_into().unwrap());
            dimensions.iter().for_each(|length| _ = out.int(*length));
            error(&out.byte(0).byte(kind).byte(11).0).1
        };
        let size = if huge < 0 { "the length of an array" } else { "a primitive type of a known size" };
        assert_eq!(primitive(&[huge; 3], 17), size, "nulls that take no bytes");
        let size = if huge < 0 { "the length of an array" } else { "as many elements as the array has" };
        assert_eq!(primitive(&[huge; 3], 9), size);
    }
    let mut endless = stream();
    endless.byte(6).int(1).0.extend([0xFF; 64]);
    assert_eq!(error(&endless.0), (22, "a text with its length before it"));
    assert_eq!(error(b"#sig#\xFF\xFF\xFF\xFF"), (5, "after #sig# a length that fits and as many bytes"));
}

#[test]
fn nesting_objects_members_and_values_have_limits() {
    let mut nested = stream();
    for _ in 0..100 {
        about(&mut nested, "Services");
    }
    assert_eq!(error(&nested.0).1, "no deeper nesting");

    // Objects that name the class of the first one, which has so many booleans.
    let objects = |count: i32, members: usize| {
        let mut out = stream();
        out.byte(4).int(1).string("Class").int(members.try_into().unwrap());
        (0..members).for_each(|_| _ = out.string("IsIt"));
        out.0.extend(vec![0; members]);
        out.0.extend(vec![1; members]);
        out.0.extend(vec![1; members]);
        for object in 2..=count {
            out.byte(1).int(object).int(1);
            out.0.extend(vec![1; members]);
        }
        out.byte(11).0.clone()
    };
    assert!(attempt(&objects(512, 8)).is_ok());
    assert_eq!(error(&objects(513, 1)).1, "no more than 512 objects");
    assert_eq!(error(&objects(512, 9)).1, "no more than 4096 values");

    // Classes of a thousand members each, of which none has a value.
    let mut classes = stream();
    for object in 1..=5 {
        classes.byte(4).int(object).string("Class").int(1000);
        (0..1000).for_each(|_| _ = classes.string("a"));
        classes.0.extend([0; 1000]);
        classes.0.extend([17; 1000]);
    }
    assert_eq!(error(&classes.0).1, "no more than 4096 members");
}

#[test]
fn an_object_may_have_the_class_of_one_that_is_still_open() {
    // A chain of two: the second link stands inside the first.
    let mut out = stream();
    out.byte(4).int(1).string("Class").int(2).string("Next").string("Services");
    out.0.extend([2, 0, 8]);
    out.byte(1).int(2).int(1).byte(10).int(1);
    out.int(16).byte(11);
    assert!(attempt(&out.0).is_ok());
    // And an array may hold one of its own kind.
    let mut out = stream();
    out.byte(17).int(2).int(2).byte(9).int(2).byte(6).int(3).string("IIS://MBX01/W3SVC/1");
    about(&mut out, "IISServices").byte(9).int(2).byte(11);
    assert_eq!(sites(&out.0), Some(BTreeSet::from([1])));
}

#[test]
fn nulls_of_an_array_are_counted_as_they_are_written() {
    // An array of four in which the third is a text: two nulls, the text, and so many more.
    let array = |nulls: i32| {
        let mut out = stream();
        out.byte(17).int(2).int(4).byte(13).byte(2).byte(6).int(3).string("IIS://MBX01/W3SVC/2").byte(14).int(nulls);
        about(&mut out, "IISServices").byte(9).int(2).byte(11).0.clone()
    };
    assert_eq!(sites(&array(1)), Some(BTreeSet::from([2])));
    for nulls in [2, i32::MAX] {
        assert_eq!(error(&array(nulls)), (53, "no more and no fewer elements than the array has"));
    }
    // A library is no element.
    let mut out = stream();
    out.byte(17).int(2).int(1).byte(12).int(9).string("Library").byte(6).int(3).string("IIS://MBX01/W3SVC/2");
    about(&mut out, "IISServices").byte(9).int(2).byte(11);
    assert_eq!(sites(&out.0), Some(BTreeSet::from([2])));
}

#[test]
fn an_array_may_have_dimensions_and_bounds() {
    for shape in 0..=5 {
        let mut out = stream();
        out.byte(7).int(2).byte(shape).int(2).int(1).int(2);
        if shape >= 3 {
            out.int(0).int(5);
        }
        out.byte(1).byte(10).byte(6).int(3).string("IIS://MBX01/W3SVC/4");
        about(&mut out, "IISServices").byte(9).int(2).byte(11);
        assert_eq!(sites(&out.0), Some(BTreeSet::from([4])), "{shape}");
    }
}

#[test]
fn sites_are_found_in_objects_that_refer_to_each_other() {
    let mut out = stream();
    out.byte(17).int(2).int(3).byte(9).int(3).byte(9).int(2).byte(6).int(4).string("IIS://MBX01/W3SVC/1");
    out.byte(17).int(3).int(3).byte(9).int(2).byte(9).int(4).byte(6).int(5).string("IIS://MBX01/W3SVC/2");
    about(&mut out, "IISServices").byte(9).int(2).byte(11);
    assert_eq!(sites(&out.0), Some(BTreeSet::from([1, 2])));
}

#[test]
fn an_error_in_a_signed_stream_names_its_byte_in_the_whole_file() {
    let whole = Serialized::new(CertificateFactory::new("mail.contoso.com").build_der(), 16, "MBX01\\0");
    let mut bytes = whole.bytes();
    let last = bytes.len() - 1;
    bytes[last] = 99;
    let expected = "a record of a type that Exchange writes";
    assert_eq!(error(&bytes), (last, expected));
    assert_eq!(error(&signed(&bytes)), (last + 9, expected));
    bytes[last] = 11;
    assert_eq!(attempt(&signed(&bytes)).unwrap().certificates().next().unwrap().services(), Some(Service::SMTP));
}
