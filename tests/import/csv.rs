//! CSV as `Export-Csv` writes it in several languages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::Service;
use exchange_certificates::import::{Format, Import, ImportError};

use crate::support::factory::CertificateFactory;

const ONE: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

fn read(text: &str) -> Result<Import, ImportError> {
    let mut import = Import::new();
    assert_eq!(import.add("file", text.as_bytes())?, Format::Csv, "{text}");
    Ok(import)
}

/// A record with its heading, with this between the fields.
fn csv(delimiter: &str, quote: &str) -> String {
    let line = |fields: &[&str]| {
        let fields: Vec<_> = fields.iter().map(|field| format!("{quote}{field}{quote}")).collect();
        fields.join(delimiter)
    };
    let heading = ["RawData", "CertificateDomains", "FriendlyName", "Services", "Status", "Thumbprint", "NotAfter"];
    let list = "Microsoft.Exchange.Data.MultiValuedProperty`1[Microsoft.Exchange.Data.SmtpDomain]";
    let record = ["System.Byte[]", list, "mail 2026", "IIS", "Valid", ONE, "31.12.2026 00:59:59"];
    format!("{}\r\n{}\r\n", line(&heading), line(&record))
}

#[test]
fn csv_is_read_with_each_delimiter_and_with_and_without_its_type() {
    for delimiter in [",", ";", "\t"] {
        for quote in ["\"", ""] {
            for kind in ["", "#TYPE Selected.System.Management.Automation.PSCustomObject\r\n"] {
                for mark in ["", "\u{FEFF}"] {
                    let import = read(&format!("{mark}{kind}{}", csv(delimiter, quote))).unwrap();
                    let listed = import.listed().next().unwrap();
                    assert_eq!((listed.thumbprint.to_string().as_str(), listed.services), (ONE, Some(Service::IIS)));
                    assert_eq!(listed.friendly_name.as_deref(), Some("mail 2026"));
                    assert_eq!(
                        (listed.domains.as_ref(), listed.not_after),
                        (None, None),
                        "the name of a type tells nothing"
                    );
                    assert_eq!(import.notes(), []);
                }
            }
        }
    }
}

#[test]
fn quotes_and_line_breaks_belong_to_a_field() {
    let text = format!(
        "\"FriendlyName\",\"Services\",\"Thumbprint\",\"CertificateDomains\"\n\"a \"\"b\"\",\nc\",\"IMAP, POP\",\"{ONE}\",\"a.example b.example\"\n"
    );
    let import = read(&text).unwrap();
    let listed = import.listed().next().unwrap();
    assert_eq!(listed.services, Some(Service::IMAP | Service::POP));
    assert_eq!(listed.friendly_name.as_deref(), Some("a \"b\",\nc"));
    assert_eq!(listed.domains.as_deref().unwrap(), ["a.example", "b.example"]);
}

#[test]
fn bytes_as_base64_are_a_certificate() {
    let der = CertificateFactory::new("mail.contoso.com").build_der();
    let import = read(&format!("\"RawData\";\"Services\"\n\"{}\";\"27\"\n", STANDARD.encode(&der))).unwrap();
    assert_eq!(import.certificates().next().unwrap().certificate().as_der(), der);
}

#[test]
fn a_connector_is_told_by_its_type() {
    let kind = "#TYPE Microsoft.Exchange.Data.Directory.SystemConfiguration.ReceiveConnector";
    let import = read(&format!("{kind}\n\"Identity\",\"TlsCertificateName\"\n\"EX01\\Default\",\"\"\n")).unwrap();
    assert_eq!(import.connectors().next().unwrap().name(), "Default");
}

#[test]
fn a_damaged_record_is_an_error_with_its_line() {
    for (text, expected) in [
        (
            format!("\"Services\",\"Thumbprint\"\n\"IIS\",\"{ONE}\"\n\"IIS\"\n"),
            "`file`, line 3: expected as many fields",
        ),
        (format!("#TYPE x\n\"Services\",\"Thumbprint\"\n\"IIS\",\"{}\"\n", &ONE[1..]), "`file`, line 3: Thumbprint: "),
        ("\"Services\",\"Status\"\n\"IIS\",\"Valid\"\n".to_owned(), "`file`, line 2: Thumbprint: missing"),
        ("\"Services\",\"Thumbprint\"\n".to_owned(), "`file`, line 1: expected records of"),
    ] {
        let error = read(&text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
