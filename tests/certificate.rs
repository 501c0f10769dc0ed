//! Certificates as a user of the crate sees them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "certificate/chain.rs"]
mod chain;
#[path = "certificate/mistaken.rs"]
mod mistaken;
#[path = "support"]
mod support {
    pub mod factory;
}

use std::hint::black_box;
use std::time::UNIX_EPOCH;

use exchange_certificates::{
    Certificate, CertificateError, ExtendedKeyUsage, Extension, KeyUsage, Mistaken, PublicKey, rfc3339,
};
use proptest::prelude::*;
use support::factory::*;

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = body.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn malformed(der: Vec<u8>) -> (usize, &'static str) {
    match Certificate::from_der(der).unwrap_err() {
        CertificateError::Malformed { offset, expected } => (offset, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_plain_certificate_has_the_facts_it_was_made_with() {
    let factory =
        CertificateFactory::new("mail.contoso.com").dns_names(["mail.contoso.com", "autodiscover.contoso.com"]);
    let certificate = factory.build();
    assert_eq!(certificate.as_der(), factory.build_der());
    assert_eq!(certificate.subject().to_string(), "CN=mail.contoso.com, O=Contoso, C=US");
    assert_eq!(certificate.issuer().to_string(), "CN=Contoso Issuing CA 1, O=Contoso, C=US");
    assert_eq!(certificate.not_before(), rfc3339::parse("2026-10-01T00:00:00Z").unwrap());
    assert_eq!(certificate.not_after(), rfc3339::parse("2027-04-19T00:00:00Z").unwrap());
    assert_eq!(certificate.domains(), ["mail.contoso.com", "autodiscover.contoso.com"]);
    assert_eq!(certificate.first_domain().as_deref(), Some("mail.contoso.com"));
    assert!(certificate.covers("AUTODISCOVER.contoso.com") && !certificate.covers("contoso.com"));
    assert!(certificate.has_common_name("MAIL.CONTOSO.COM") && !certificate.has_common_name("contoso.com"));
    assert!(!certificate.is_wildcard() && !certificate.is_self_signed() && !certificate.has_weak_signature());
    assert_eq!(certificate.public_key(), PublicKey::Rsa { bits: 2048 });
    assert_eq!(certificate.signature_algorithm(), "sha256RSA");
    let purposes = ExtendedKeyUsage::SERVER_AUTH | ExtendedKeyUsage::CLIENT_AUTH;
    assert_eq!(certificate.extended_key_usage(), Extension::Present(purposes));
    let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
    assert_eq!(certificate.key_usage(), Extension::Present(usage));
    assert!(!certificate.basic_constraints().present().unwrap().ca);
    let thumbprint = certificate.thumbprint();
    let shown = format!("Certificate({thumbprint} \"CN=mail.contoso.com, O=Contoso, C=US\")");
    assert_eq!(format!("{certificate:?}"), shown);
}

#[test]
fn a_certificate_converts_to_x509_cert() {
    let certificate = CertificateFactory::new("mail.contoso.com").build();
    let bridged = certificate.to_x509().unwrap();
    let signed = bridged.tbs_certificate();
    assert_eq!(signed.serial_number().as_bytes(), certificate.serial_number().as_bytes());
    let since_1970 = signed.validity().not_before.to_unix_duration();
    assert_eq!(UNIX_EPOCH + since_1970, certificate.not_before());
    let old = CertificateFactory::new("a").valid("1950-01-01T00:00:00Z", "9999-12-31T23:59:59Z").build();
    assert_eq!(rfc3339::print(old.not_before()).to_string(), "1950-01-01T00:00:00Z");
    assert_eq!(rfc3339::print(old.not_after()).to_string(), "9999-12-31T23:59:59Z");
    assert!(old.to_x509().is_err(), "the bridge knows no date before 1970");
}

#[test]
fn domains_are_common_names_first_and_each_once() {
    let certificate = CertificateFactory::new("x")
        .subject(&[("CN", "*.Contoso.com"), ("CN", "Exchange Server"), ("CN", "MBX01"), ("CN", "10.0.0.1")])
        .general_names(&[
            tlv(0x82, &[b"mail.contoso.com"]),
            tlv(0x87, &[&[10, 0, 0, 1]]),
            tlv(0x82, &[b"*.contoso.COM"]),
            tlv(0x82, &[b""]),
            tlv(0x81, &[b"admin@contoso.com"]),
            tlv(0x82, &[b"Mail.contoso.com"]),
            tlv(0x82, &[b"m\xFCnchen.de"]),
        ])
        .build();
    assert_eq!(certificate.domains(), ["*.Contoso.com", "MBX01", "mail.contoso.com", "münchen.de"]);
    assert_eq!(certificate.dns_names().present().unwrap().count(), 5);
    assert_eq!(certificate.first_wildcard().as_deref(), Some("*.Contoso.com"));
    assert!(certificate.covers("owa.contoso.com"));
}

#[test]
fn a_wildcard_certificate_has_the_wildcard_in_a_common_name_or_first() {
    let build = |common_name: &str, dns_names: &[&str]| {
        let dns_names = dns_names.iter().copied();
        let certificate = CertificateFactory::new("x").subject(&[("CN", common_name)]).dns_names(dns_names).build();
        certificate.first_wildcard().map(|name| name.into_owned())
    };
    assert_eq!(build("*.contoso.com", &["mail.contoso.com"]).as_deref(), Some("*.contoso.com"));
    assert_eq!(build("a * b", &["mail.contoso.com", "*.contoso.com"]).as_deref(), Some("a * b"));
    assert_eq!(build("Contoso mail", &["*.contoso.com", "mail.contoso.com"]).as_deref(), Some("*.contoso.com"));
    // It is assigned under the name that stands first.
    assert_eq!(build("mail.contoso.com", &["*.contoso.com"]), None);
    assert_eq!(build("Contoso mail", &["mail.contoso.com", "*.contoso.com"]), None);
    let two = CertificateFactory::new("x").subject(&[("CN", "*.contoso.com"), ("CN", "mail.contoso.com")]);
    assert!(two.dns_names(["mail.contoso.com"]).build().is_wildcard());
    let unreadable = CertificateFactory::new("*.contoso.com").unreadable(SUBJECT_ALTERNATIVE_NAME).build();
    assert!(unreadable.is_wildcard() && unreadable.dns_names().is_unreadable());
    assert_eq!(unreadable.domains(), ["*.contoso.com"]);
}

#[test]
fn an_extension_is_absent_unreadable_or_present() {
    let plain = CertificateFactory::new("mail.contoso.com");
    for extension in [KEY_USAGE, SUBJECT_ALTERNATIVE_NAME, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE] {
        let states = |certificate: &Certificate| {
            [
                (KEY_USAGE, certificate.key_usage().map(drop)),
                (SUBJECT_ALTERNATIVE_NAME, certificate.dns_names().map(drop)),
                (BASIC_CONSTRAINTS, certificate.basic_constraints().map(drop)),
                (EXTENDED_KEY_USAGE, certificate.extended_key_usage().map(drop)),
            ]
        };
        for (factory, expected) in [
            (plain.clone().without(extension), Extension::Absent),
            (plain.clone().unreadable(extension), Extension::Unreadable),
            (plain.clone().twice(extension), Extension::Unreadable),
            (plain.clone().with_another("1.2.3.4", b"odd".to_vec()), Extension::Present(())),
        ] {
            for (other, state) in states(&factory.build()) {
                let expected = if other == extension { expected } else { Extension::Present(()) };
                assert_eq!(state, expected, "{extension} {other}");
            }
        }
    }
}

#[test]
fn self_signed_means_the_same_bytes() {
    assert!(CertificateFactory::new("MBX01").self_signed().build().is_self_signed());
    let printable = sequence(&[tlv(0x31, &[&sequence(&[oid("2.5.4.3"), tlv(0x13, &[b"MBX01"])])])]);
    let certificate = CertificateFactory::new("x").subject(&[("CN", "MBX01")]).raw_issuer(printable).build();
    assert_eq!(certificate.subject().to_string(), certificate.issuer().to_string());
    assert!(!certificate.is_self_signed());
}

#[test]
fn keys_and_signatures_are_told_apart() {
    let plain = CertificateFactory::new("mail.contoso.com");
    for (factory, expected) in [
        (plain.clone().rsa(1023), PublicKey::Rsa { bits: 1023 }),
        (plain.clone().rsa(4096), PublicKey::Rsa { bits: 4096 }),
        (plain.clone().elliptic_curve(), PublicKey::EllipticCurve),
        (plain.clone().ed25519(), PublicKey::Other),
        (
            plain.clone().raw_public_key(sequence(&[sequence(&[oid("1.2.840.113549.1.1.1")]), tlv(0x03, &[b"\0odd"])])),
            PublicKey::Other,
        ),
    ] {
        assert_eq!(factory.build().public_key(), expected);
    }
    for (signature, name, weak) in [
        (Signature::Sha384Rsa, "sha384RSA", false),
        (Signature::Sha1Rsa, "sha1RSA", true),
        (Signature::Md5Rsa, "md5RSA", true),
        (Signature::Md4Rsa, "md4RSA", true),
        (Signature::Md2Rsa, "md2RSA", true),
        (Signature::PssSha256, "RSASSA-PSS", false),
        (Signature::PssSha1, "RSASSA-PSS", true),
        (Signature::PssDefault, "RSASSA-PSS", true),
        (Signature::Sha256Ecdsa, "sha256ECDSA", false),
        (Signature::Sha1Ecdsa, "sha1ECDSA", true),
        (Signature::Sha1Dsa, "sha1DSA", true),
        (Signature::Ed25519, "1.3.101.112", false),
    ] {
        let certificate = plain.clone().signature(signature).build();
        assert_eq!(certificate.signature_algorithm(), name);
        assert_eq!(certificate.has_weak_signature(), weak, "{name}");
    }
}

#[test]
fn a_serial_number_keeps_its_sign_octet() {
    for (value, expected) in [(&[0, 0xD0, 1][..], "00D001"), (&[0xFF], "FF"), (&[0; 30], &"00".repeat(30))] {
        let certificate = CertificateFactory::new("a").serial_number(value).build();
        assert_eq!(certificate.serial_number().to_string(), expected);
    }
}

#[test]
fn an_error_names_its_place() {
    let plain = CertificateFactory::new("mail.contoso.com");
    let der = plain.build_der();
    assert_eq!(Certificate::from_der([]).unwrap_err(), CertificateError::Empty);
    assert_eq!(malformed(b"-----BEGIN".to_vec()), (0, "a complete certificate"));
    assert_eq!(malformed(der[..700].to_vec()), (0, "a complete certificate"));
    let longer = [&der[..], b"ab"].concat();
    let error = Certificate::from_der(longer).unwrap_err();
    assert_eq!(error, CertificateError::TrailingBytes { offset: der.len(), extra: 2 });
    assert_eq!(error.to_string(), format!("the certificate ends at byte {}, and 2 more follow", der.len()));
    let mut indefinite = der.clone();
    indefinite[5] = 0x80;
    assert_eq!(Certificate::from_der(indefinite).unwrap_err(), CertificateError::IndefiniteLength { offset: 4 });
    assert_eq!(malformed(plain.clone().serial_number([]).build_der()), (13, "a serial number"));
    let date = tlv(0x17, &[b"261301000000Z"]);
    let (offset, expected) = malformed(plain.clone().raw_dates(date.clone(), date.clone()).build_der());
    assert_eq!(expected, "a date");
    let der = plain.clone().raw_dates(date.clone(), date.clone()).build_der();
    assert_eq!(der[offset..][..date.len()], date);
    assert_eq!(malformed(plain.clone().raw_issuer([0x30, 1, 0x31]).build_der()).1, "the name of an issuer");
    assert_eq!(malformed(plain.clone().raw_subject([0x31, 0]).build_der()).1, "the name of a subject");
    let huge = vec![0x30; Certificate::MAXIMUM_LENGTH + 1];
    let error = CertificateError::TooLarge { length: huge.len(), maximum: Certificate::MAXIMUM_LENGTH };
    assert_eq!(Certificate::from_der(huge).unwrap_err(), error);
}

#[test]
fn certificates_are_found_in_pem() {
    let [one, other] = ["one.contoso.com", "other.contoso.com"].map(|name| CertificateFactory::new(name).build());
    let key = pem("PRIVATE KEY", b"secret");
    let text = format!("{key}Subject: one\n{}{}", pem("CERTIFICATE", one.as_der()), key);
    assert_eq!(Certificate::from_pem(&text).as_ref(), Ok(&one));
    assert_eq!(Certificate::from_pem(&text.replace('\n', "\r\n  ")).as_ref(), Ok(&one));
    assert_eq!(Certificate::from_pem(&text.replace('\n', " ")).as_ref(), Ok(&one));
    let both = format!("{text}{}", pem("X509 CERTIFICATE", other.as_der()));
    assert_eq!(Certificate::all_from_pem(&both), Ok(vec![one.clone(), other.clone()]));
    assert_eq!(Certificate::from_pem(&both), Err(CertificateError::NotOne { count: 2 }));
    assert_eq!(Certificate::from_pem(" \n"), Err(CertificateError::Empty));
    assert_eq!(Certificate::from_pem("MIIB"), Err(CertificateError::NoPem));
    assert_eq!(Certificate::from_pem(&key), Err(CertificateError::Mistaken(Mistaken::PrivateKey)));
    let other = pem("PUBLIC KEY", b"open");
    assert_eq!(Certificate::from_pem(&other), Err(CertificateError::OtherLabel { label: "PUBLIC KEY".into() }));
    let broken = format!("{text}{}", pem("CERTIFICATE", &one.as_der()[..100]));
    assert_eq!(
        Certificate::all_from_pem(&broken).unwrap_err().to_string(),
        "PEM block 4: expected a complete certificate at byte 0"
    );
}

#[test]
fn certificates_are_found_in_bundles() {
    let bundle = |certificates: &[Vec<u8>]| {
        let certificates: Vec<_> = certificates.iter().map(Vec::as_slice).collect();
        let signed = sequence(&[
            tlv(0x02, &[&[1]]),
            tlv(0x31, &[]),
            sequence(&[oid("1.2.840.113549.1.7.1")]),
            tlv(0xA0, &certificates),
            tlv(0x31, &[]),
        ]);
        sequence(&[oid("1.2.840.113549.1.7.2"), tlv(0xA0, &[&signed])])
    };
    let ders = ["one.contoso.com", "other.contoso.com"].map(|name| CertificateFactory::new(name).build_der());
    let names = |certificates: Vec<Certificate>| {
        certificates.iter().map(|certificate| certificate.first_domain().unwrap().into_owned()).collect::<Vec<_>>()
    };
    let expected = ["one.contoso.com", "other.contoso.com"];
    assert_eq!(names(Certificate::all_from_pkcs7(&bundle(&ders)).unwrap()), expected);
    assert_eq!(names(Certificate::all_from_pem(&pem("PKCS7", &bundle(&ders))).unwrap()), expected);
    assert_eq!(Certificate::all_from_pkcs7(&bundle(&[])), Ok(Vec::new()));
    let wrong = bundle(&[ders[0].clone(), sequence(&[])]);
    assert_eq!(
        Certificate::all_from_pem(&pem("CMS", &wrong)).unwrap_err().to_string(),
        "PEM block 1: certificate 2 of the bundle: expected what is signed of the certificate at byte 2"
    );
}

#[test]
fn in_json_a_certificate_is_a_string() {
    let certificate = CertificateFactory::new("mail.contoso.com").build();
    let json = serde_json::to_string(&certificate).unwrap();
    assert_eq!(serde_json::from_str::<Certificate>(&json).unwrap(), certificate);
    let broken = format!("{}\\r\\n {}", &json[..100], &json[100..]);
    assert_eq!(serde_json::from_str::<Certificate>(&broken).unwrap(), certificate);
    let json = serde_json::to_string(&pem("CERTIFICATE", certificate.as_der())).unwrap();
    assert_eq!(serde_json::from_str::<Certificate>(&json).unwrap(), certificate);
    for (json, expected) in [
        (r#""""#, "there is nothing to read a certificate from"),
        (r#""MII?""#, "line 1, column 4: the base64 is not complete"),
        (r#""MIIB""#, "expected a complete certificate at byte 0"),
    ] {
        assert!(serde_json::from_str::<Certificate>(json).unwrap_err().to_string().starts_with(expected), "{json}");
    }
}

/// Asks everything, for the answers not to panic.
fn ask(certificate: &Certificate) {
    black_box(format!("{certificate:?} {} {:?}", certificate.issuer(), certificate.serial_number()));
    black_box((certificate.not_before(), certificate.not_after()));
    black_box((certificate.domains(), certificate.first_wildcard().is_some(), certificate.covers("mail.contoso.com")));
    black_box((certificate.signature_algorithm(), certificate.has_weak_signature(), certificate.is_self_signed()));
}

/// Certificates with something of every kind in them.
fn samples() -> [Vec<u8>; 2] {
    let names = [
        tlv(0x82, &[b"*.contoso.com"]),
        tlv(0xA0, &[&oid("1.3.6.1.4.1.311.20.2.3"), &tlv(0xA0, &[&tlv(0x0C, &[b"a@b"])])]),
        tlv(0xA4, &[&distinguished_name(&[("CN", "a")])]),
        tlv(0x88, &[&[0x55]]),
    ];
    let bmp = sequence(&[tlv(0x31, &[&sequence(&[oid("2.5.4.3"), tlv(0x1E, &[b"\0a\xD8\x3D\xDE\x00"])])])]);
    [
        CertificateFactory::new("mail.contoso.com").signature(Signature::PssSha256).general_names(&names).build_der(),
        CertificateFactory::new("a").raw_subject(bmp).rsa(1024).not_after("2060-01-01T00:00:00Z").build_der(),
    ]
}

#[test]
fn a_certificate_cut_short_is_refused() {
    for der in samples() {
        for length in 0..der.len() {
            assert!(Certificate::from_der(&der[..length]).is_err(), "{length}");
        }
    }
}

#[test]
fn no_changed_byte_makes_the_reader_panic() {
    for der in samples() {
        for place in 0..der.len() {
            for byte in [0, 1, 0x1F, 0x7F, 0x80, 0x81, 0x84, 0xFF, der[place] ^ 1, der[place] ^ 0x20] {
                let mut der = der.clone();
                der[place] = byte;
                if let Ok(certificate) = Certificate::from_der(der) {
                    ask(&certificate);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the crate `x509-cert` reads, though damaged, is read here with the same outcome.
    #[test]
    fn what_x509_cert_reads_is_read(
        sample in 0_usize..2,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut der = samples()[sample].clone();
        for (place, byte) in changes {
            let place = place.index(der.len());
            der[place] = byte;
        }
        let bridged = <x509_cert::Certificate as der::Decode>::from_der(&der);
        match Certificate::from_der(der) {
            Ok(certificate) => {
                ask(&certificate);
                if let Ok(bridged) = bridged {
                    let validity = bridged.tbs_certificate().validity();
                    prop_assert_eq!(UNIX_EPOCH + validity.not_before.to_unix_duration(), certificate.not_before());
                    prop_assert_eq!(UNIX_EPOCH + validity.not_after.to_unix_duration(), certificate.not_after());
                }
            }
            Err(error) => prop_assert!(bridged.is_err(), "{}", error),
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(-----(BEGIN|END) (CERTIFICATE|PKCS7|A)-----|[A-Za-z0-9+/=\n \u{feff}ü-]{0,9}){0,8}") {
        let _ = Certificate::all_from_pem(&text);
        let _ = text.parse::<Certificate>();
    }
}
