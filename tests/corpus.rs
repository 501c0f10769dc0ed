//! Certificates that others made: real ones that Exchange exported, and ones that are malformed on purpose.
//!
//! `EXCHANGE_CORPUS` names the folder. Without it there is nothing to test; with it, it has to be there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::path::PathBuf;

use exchange_certificates::{Certificate, Extension, KeyUsage, rfc3339};

fn corpus() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("EXCHANGE_CORPUS").map(PathBuf::from) else {
        println!("skipped: EXCHANGE_CORPUS names no folder");
        return None;
    };
    assert!(folder.join("certificates.tsv").is_file(), "there is no corpus in {}", folder.display());
    Some(folder)
}

#[test]
fn every_certificate_is_read_as_openssl_reads_it() {
    let Some(corpus) = corpus() else { return };
    let table = fs::read_to_string(corpus.join("certificates.tsv")).unwrap();
    let mut read = 0;
    for line in table.lines().skip(1) {
        let [file, sha1, serial, not_before, not_after, dns_names] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let der = fs::read(corpus.join("certificates").join(file)).unwrap();
        let certificate = Certificate::from_der(der).unwrap_or_else(|error| panic!("{file}: {error}"));
        read += 1;
        assert_eq!(certificate.thumbprint().to_string(), sha1, "{file}");
        assert_eq!(openssl_serial(certificate.serial_number().as_bytes()), serial, "{file}");
        assert_eq!(certificate.not_before(), openssl_time(not_before), "{file}");
        assert_eq!(certificate.not_after(), openssl_time(not_after), "{file}");
        // The table cuts a name at a comma, of which one of them has one.
        let names = certificate.dns_names().present().into_iter().flatten();
        let names: Vec<_> = names.map(|name| name.split(',').next().unwrap().to_owned()).collect();
        assert_eq!(names.join("|"), dns_names, "{file}");
        assert!(!certificate.dns_names().is_unreadable(), "{file}");
    }
    assert_eq!(read, 320);
}

/// As OpenSSL prints a serial number: the magnitude after a sign.
fn openssl_serial(bytes: &[u8]) -> String {
    let is_negative = bytes[0] & 0x80 != 0;
    let mut magnitude = bytes.to_vec();
    if is_negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let start = magnitude.iter().position(|byte| *byte != 0).unwrap_or(magnitude.len() - 1);
    format!("{}{}", if is_negative { "-" } else { "" }, hex::encode_upper(&magnitude[start..]))
}

fn openssl_time(text: &str) -> std::time::SystemTime {
    let (date, time) = text.split_at(text.len() - " 00:00:00Z".len());
    rfc3339::parse(&format!("{:0>10}T{}", date.trim().trim_start_matches('0'), time.trim_start())).unwrap()
}

/// The certificates of an export, each with the text that Windows showed of it.
fn exported() -> Vec<(String, Certificate, String)> {
    let Some(corpus) = corpus() else { return Vec::new() };
    let mut certificates = Vec::new();
    for file in fs::read_dir(corpus.join("exchange")).unwrap() {
        let path = file.unwrap().path();
        let file = path.file_name().unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        for shown in text.split("<ToString>[Subject]").skip(1) {
            let (shown, rest) = shown.split_once("</ToString>").unwrap();
            let (_, rest) = rest.split_once(r#"<BA N="RawData">"#).unwrap();
            let certificate = rest.split_once("</BA>").unwrap().0.parse().unwrap();
            certificates.push((file.clone(), certificate, format!("[Subject]{}", unescape(shown))));
        }
    }
    assert_eq!(certificates.len(), 20);
    certificates
}

/// CLIXML's `_x000D_` and XML's `&amp;`.
fn unescape(text: &str) -> String {
    let mut parts = text.split("_x");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        match part.get(..4).and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(character) if part[4..].starts_with('_') => {
                plain.push(character);
                plain.push_str(&part[5..]);
            }
            _ => {
                plain.push_str("_x");
                plain.push_str(part);
            }
        }
    }
    plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn exchange_shows_what_is_printed() {
    for (file, certificate, shown) in exported() {
        for (heading, printed) in [
            ("Subject", certificate.subject().to_string()),
            ("Issuer", certificate.issuer().to_string()),
            ("Serial Number", certificate.serial_number().to_string()),
            ("Thumbprint", certificate.thumbprint().to_string()),
        ] {
            let section = format!("[{heading}]\r\n  {printed}\r\n");
            assert!(shown.contains(&section), "{file}: {section} is not in {shown}");
        }
    }
}

#[test]
fn the_certificates_of_the_iis_management_service_have_key_usages() {
    let exported = exported();
    let services: Vec<_> = exported
        .iter()
        .filter(|(_, certificate, _)| certificate.common_names().any(|name| name.starts_with("WMSvc")))
        .collect();
    assert_eq!(services.len(), if exported.is_empty() { 0 } else { 4 });
    let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::DATA_ENCIPHERMENT;
    for (file, certificate, _) in services {
        assert_eq!(certificate.key_usage(), Extension::Present(usage), "{file}");
    }
}
