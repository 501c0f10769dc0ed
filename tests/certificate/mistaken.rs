//! What is often given for a certificate is named for what it is.

use exchange_certificates::{Certificate, CertificateError, Mistaken};

use crate::pem;
use crate::support::factory::*;

/// Each of them by its name, as the programs write it that make them.
fn shapes() -> Vec<(&'static str, Mistaken, Vec<u8>)> {
    let number = |value: u8| vec![2, 1, value];
    let octets = tlv(4, &[&[7; 200]]);
    let algorithm = |dotted: &str| sequence(&[oid(dotted), vec![5, 0]]);
    let data = |kind: &str| sequence(&[oid(kind), tlv(0xA0, &[&octets])]);
    let key = sequence(&[algorithm("1.2.840.113549.1.1.1"), tlv(3, &[&[0; 140]])]);
    let request = |name: Vec<u8>| {
        let facts = sequence(&[number(0), name, key.clone(), tlv(0xA0, &[])]);
        sequence(&[facts, algorithm("1.2.840.113549.1.1.11"), tlv(3, &[&[0; 140]])])
    };
    vec![
        ("pfx", Mistaken::Pkcs12, sequence(&[number(3), data("1.2.840.113549.1.7.1")])),
        ("signed pfx", Mistaken::Pkcs12, sequence(&[number(3), data("1.2.840.113549.1.7.2")])),
        (
            "pfx in BER",
            Mistaken::Pkcs12,
            [&[0x30, 0x80, 2, 1, 3, 0x30, 0x80][..], &oid("1.2.840.113549.1.7.1"), &[0xA0, 0x80, 0x24, 0x80]].concat(),
        ),
        ("PKCS#8", Mistaken::PrivateKey, sequence(&[number(0), algorithm("1.2.840.113549.1.1.1"), octets.clone()])),
        (
            "short PKCS#8",
            Mistaken::PrivateKey,
            sequence(&[number(1), sequence(&[oid("1.3.101.112")]), vec![4, 2, 4, 0]]),
        ),
        ("PKCS#1", Mistaken::PrivateKey, sequence(&[number(0), tlv(2, &[&[1; 128]]), tlv(2, &[&[1, 0, 1]])])),
        ("SEC 1", Mistaken::PrivateKey, sequence(&[number(1), tlv(4, &[&[9; 32]])])),
        ("encrypted PKCS#8", Mistaken::PrivateKey, sequence(&[algorithm("1.2.840.113549.1.5.13"), octets.clone()])),
        (
            "PKCS#8 encrypted as in PKCS#12",
            Mistaken::PrivateKey,
            sequence(&[algorithm("1.2.840.113549.1.12.1.3"), octets.clone()]),
        ),
        ("request", Mistaken::Request, request(distinguished_name(&[("2.5.4.3", "mail.contoso.com")]))),
        ("request without a name", Mistaken::Request, request(sequence(&[]))),
        ("JKS", Mistaken::KeyStore, [&[0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2], &[0; 40][..]].concat()),
        ("JCEKS", Mistaken::KeyStore, [&[0xCE, 0xCE, 0xCE, 0xCE, 0, 0, 0, 2], &[0; 40][..]].concat()),
    ]
}

#[test]
fn keys_requests_and_key_stores_are_named_for_what_they_are() {
    for (name, mistaken, bytes) in shapes() {
        let expected = CertificateError::Mistaken(mistaken);
        assert_eq!(Certificate::from_der(bytes.as_slice()), Err(expected.clone()), "{name}");
        let labelled = Certificate::from_pem(&pem("CERTIFICATE", &bytes)).unwrap_err();
        assert!(matches!(labelled, CertificateError::InBlock { error, .. } if *error == expected), "{name}");
        // However much of it is there.
        for length in 40.min(bytes.len())..bytes.len() {
            assert_eq!(Certificate::from_der(&bytes[..length]), Err(expected.clone()), "{name}, {length}");
        }
    }
    for (label, mistaken) in [
        ("PRIVATE KEY", Mistaken::PrivateKey),
        ("RSA PRIVATE KEY", Mistaken::PrivateKey),
        ("EC PRIVATE KEY", Mistaken::PrivateKey),
        ("ENCRYPTED PRIVATE KEY", Mistaken::PrivateKey),
        ("OPENSSH PRIVATE KEY", Mistaken::PrivateKey),
        ("CERTIFICATE REQUEST", Mistaken::Request),
        ("NEW CERTIFICATE REQUEST", Mistaken::Request),
    ] {
        assert_eq!(Certificate::from_pem(&pem(label, b"x")), Err(CertificateError::Mistaken(mistaken)), "{label}");
    }
}

#[test]
fn a_certificate_and_a_bundle_are_mistaken_for_nothing() {
    for factory in [
        CertificateFactory::new("mail.contoso.com"),
        CertificateFactory::new("mail.contoso.com").version(1),
        CertificateFactory::new("mail.contoso.com").version(1).serial_number([0]),
        CertificateFactory::new("mail.contoso.com").serial_number([1]).elliptic_curve(),
    ] {
        let der = factory.build_der();
        for length in 0..der.len() {
            let error = Certificate::from_der(&der[..length]).unwrap_err();
            assert!(!matches!(error, CertificateError::Mistaken(_)), "{length}: {error}");
        }
    }
    let bundle = sequence(&[oid("1.2.840.113549.1.7.2"), tlv(0xA0, &[&sequence(&[vec![2, 1, 1]])])]);
    assert!(!matches!(Certificate::from_der(bundle), Err(CertificateError::Mistaken(_))));
}

#[test]
fn the_sentence_says_what_to_give_instead() {
    let of = |wanted| shapes().into_iter().find(|(_, mistaken, _)| *mistaken == wanted).unwrap().2;
    let said = |wanted| Certificate::from_der(of(wanted)).unwrap_err().to_string();
    assert_eq!(
        said(Mistaken::Pkcs12),
        "this is a PKCS#12 file (.pfx or .p12): it holds the private key and is not read here; give the certificate alone"
    );
    for mistaken in [Mistaken::PrivateKey, Mistaken::Request, Mistaken::KeyStore] {
        assert!(said(mistaken).contains("give the certificate"), "{mistaken:?}");
    }
}
