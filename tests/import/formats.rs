//! JSON, listings, PEM, DER and PKCS#7, as administrators keep and paste them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::import::{Format, Import, ImportError, Input, Origin, Place, collection_script};
use exchange_certificates::{Expectation, RootCaType, Service, Status, Thumbprint, Verification, rfc3339, verify};

use crate::support::export::utf16_le;
use crate::support::factory::CertificateFactory;

const ONE: &str = "5113AE0233A72FCCB75B1D0198628675333D010E";
const OTHER: &str = "92E196F3C8D3D753FCFC5B7690C3173AA1C0ABE3";

fn thumbprint(text: &str) -> Thumbprint {
    text.parse().unwrap()
}

fn services(text: &str) -> Option<Service> {
    Some(text.parse().unwrap())
}

fn read(text: &str, format: Format) -> Import {
    let mut import = Import::new();
    assert_eq!(import.add("file", text.as_bytes()), Ok(format), "{text}");
    import
}

fn error(text: &str) -> ImportError {
    let mut import = Import::new();
    let error = import.add("file", text.as_bytes()).unwrap_err();
    assert!(import.listed().next().is_none() && import.certificates().next().is_none());
    error
}

fn shown(import: &Import) -> Vec<(Thumbprint, Option<Service>)> {
    import.listed().map(|listed| (listed.thumbprint, listed.services)).collect()
}

#[test]
fn json_holds_services_and_bytes_in_any_form() {
    let der = CertificateFactory::new("mail.contoso.com").build_der();
    let base64 = format!("\"{}\"", STANDARD.encode(&der));
    let array = format!("{der:?}");
    let wrapped = format!("{{\"value\": {array}, \"Count\": {}}}", der.len());
    for raw in [&base64, &array, &wrapped] {
        for services in [
            "24",
            "\"IIS, SMTP\"",
            "[\"IIS\", \"SMTP\"]",
            "{\"value\": 24, \"Value\": \"IIS, SMTP\"}",
            "{\"Value\": \"IIS, SMTP\"}",
        ] {
            let object = format!(
                "{{\"FriendlyName\": \"mail 2026\", \"Services\": {services}, \"Status\": 1, \"RootCAType\": \"ThirdParty\",
                   \"HasPrivateKey\": true, \"RawData\": {raw}, \"NotAfter\": \"\\/Date(1575413252000)\\/\",
                   \"PSComputerName\": \"mbx01.contoso.com\", \"Extensions\": [{{\"Oid\": {{}}}}]}}"
            );
            for text in [object.clone(), format!(" [{object}]"), format!("\u{FEFF}[\r\n{object}]")] {
                let import = read(&text, Format::Json);
                let certificate = &import.certificates().next().unwrap();
                assert_eq!(certificate.certificate().as_der(), der);
                assert_eq!(certificate.services(), Some(Service::IIS | Service::SMTP), "{services}");
                assert_eq!(certificate.status(), Some(Status::Valid));
                assert_eq!(certificate.root_ca_type(), Some(RootCaType::ThirdParty));
                assert_eq!(certificate.friendly_name(), Some("mail 2026"));
                assert_eq!(certificate.has_private_key(), Some(true));
                assert_eq!(certificate.server(), Some("mbx01.contoso.com"));
            }
            let mut import = Import::new();
            assert_eq!(import.add("file", &utf16_le(&format!("\u{FEFF}{object}"))), Ok(Format::Json));
            assert_eq!(import.certificates().len(), 1);
        }
    }
}

#[test]
fn json_without_the_bytes_is_a_listing() {
    let text = format!(
        "[{{\"thumbprint\": \"{ONE}\", \"services\": 0, \"notBefore\": \"\\/Date(1575413252000)\\/\",
            \"notAfter\": \"2027-04-19T00:00:00+02:00\", \"CertificateDomains\": [{{\"Domain\": \"mail.contoso.com\"}}, \"b\"],
            \"Subject\": \"CN=mail.contoso.com\", \"SerialNumber\": \"00AB\"}},
          {{\"Thumbprint\": \"{OTHER}\", \"Services\": null, \"NotAfter\": \"19/04/2027 00:00:00\"}}]"
    );
    let import = read(&text, Format::Json);
    assert!(import.certificates().next().is_none());
    assert_eq!(shown(&import), [(thumbprint(ONE), Some(Service::empty())), (thumbprint(OTHER), None)]);
    let listed = &import.listed().next().unwrap();
    assert_eq!(listed.domains.as_deref(), Some(["mail.contoso.com".to_owned(), "b".to_owned()].as_slice()));
    let printed = |time: Option<_>| time.map(|time| rfc3339::print(time).to_string());
    assert_eq!(printed(listed.not_before).as_deref(), Some("2019-12-03T22:47:32Z"));
    assert_eq!(printed(listed.not_after).as_deref(), Some("2027-04-18T22:00:00Z"));
    assert_eq!(listed.serial_number.as_deref(), Some("00AB"));
    assert_eq!(import.listed().nth(1).unwrap().not_after, None);
}

#[test]
fn invalid_json_is_an_error_with_its_place() {
    for (text, place, words) in [
        ("[{\"Thumbprint\": }]", "line 1, column 17", "expected value"),
        ("{\"Services\": 3}", "entry 1", "Thumbprint: missing"),
        ("[{\"Thumbprint\": \"XX\"}]", "entry 1", "`XX` is not a thumbprint"),
        ("[{\"RawData\": \"AA==\"}]", "entry 1", "expected a complete certificate"),
        ("[{\"RawData\": [256]}]", "line 1, column 17", "invalid value"),
        ("[{\"RawData\": \"?\"}]", "entry 1", "RawData: `?` is not base64 or an array of bytes"),
        ("[{}, 1]", "line 1, column 6", "invalid type"),
    ] {
        let error = error(text).to_string();
        assert!(error.starts_with(&format!("`file`, {place}: ")) && error.contains(words), "{text}: {error}");
    }
    let bits = error(&format!("[{{\"Thumbprint\": \"{ONE}\", \"Services\": 4096}}]")).to_string();
    assert!(bits.contains("Services: 4096 is no set of services"), "{bits}");
    assert!(
        error(&format!("[{{\"Thumbprint\": \"{ONE}\", \"Services\": \"FTP\"}}]"))
            .to_string()
            .contains("unknown service `FTP`")
    );
}

const LIST: &str = "
AccessRules        : {System.Security.AccessControl.CryptoKeyAccessRule, System.Security.AccessControl.CryptoKeyAcce
                     ssRule}
CertificateDomains : {mail.contoso.com, autodiscover.contoso.com, legacy.contoso.com,
                     smtp.contoso.com...}
HasPrivateKey      : True
IsSelfSigned       : False
Issuer             : CN=Contoso Issuing CA 1, O=Contoso, C=US
NotAfter           : 12/02/2018 1:53:00 PM
NotBefore          : 02.02.2028 4:22:23
PublicKeySize      : 2048
RawData            : {48, 130, 4, 145...}
IISServices        : {IIS://MBX01/W3SVC/1, IIS://MBX01/W3SVC/2}
RootCAType         : ThirdParty
SerialNumber       : 00AB
Services           : IMAP, POP, IIS,
                     SMTP
Status             : Valid
Subject            : CN=mail.contoso.com, O=Contoso,
                     C=US
Thumbprint         : 5113AE0233A72FCCB75B1D0198628675333D010E
FriendlyName       : mail 2026

CertificateDomains : {}
FriendlyName       :
Services           : None
Status             : DateInvalid
Thumbprint         : 92E196F3C8D3D753FCFC5B7690C3173AA1C0ABE3
";

fn check_list(import: &Import, case: &str) {
    let listed: Vec<_> = import.listed().collect();
    assert_eq!(listed.len(), 2, "{case}");
    let first = &listed[0];
    assert_eq!(first.thumbprint, thumbprint(ONE));
    assert_eq!(first.services, services("IMAP, POP, IIS, SMTP"), "{case}");
    assert_eq!(first.status, Some(Status::Valid));
    assert_eq!(first.root_ca_type, Some(RootCaType::ThirdParty));
    assert_eq!(first.subject.as_deref(), Some("CN=mail.contoso.com, O=Contoso, C=US"), "{case}");
    let domains = ["mail.contoso.com", "autodiscover.contoso.com", "legacy.contoso.com", "smtp.contoso.com"];
    assert_eq!(first.domains.as_deref(), Some(domains.map(str::to_owned).as_slice()), "{case}");
    assert!(first.domains_cut_short, "{case}");
    assert_eq!(first.friendly_name.as_deref(), Some("mail 2026"));
    assert_eq!(first.has_private_key, Some(true));
    assert_eq!(first.serial_number.as_deref(), Some("00AB"));
    assert_eq!((first.not_before, first.not_after), (None, None), "dates are printed in any culture");
    let second = &listed[1];
    assert_eq!(second.thumbprint, thumbprint(OTHER));
    assert_eq!(second.services, Some(Service::empty()));
    assert_eq!(second.status, Some(Status::DateInvalid));
    assert_eq!(second.domains.as_deref(), Some([].as_slice()));
    assert!(!second.domains_cut_short);
    assert_eq!(second.friendly_name, None);
}

#[test]
fn format_list_is_read_as_it_was_pasted() {
    let indented: String = LIST.lines().map(|line| format!("    {line}\n")).collect();
    let prompts = LIST.replacen(
        "\n\nCert",
        "\n\n\n[PS] C:\\Windows\\system32>Get-ExchangeCertificate 92E1 | fl *,Services : x\n\n\nCert",
        1,
    );
    let first = format!(
        "[PS] C:\\Windows\\system32>Get-ExchangeCertificate | Format-List\n{LIST}\n[PS] C:\\Windows\\system32>"
    );
    // Without the blank line between them, and with what other consoles write.
    let together = LIST.replace("2026\n\nCert", "2026\nCert");
    let ellipsis = LIST.replace("...", "…").replace('\n', "\r\n");
    for (case, text) in [
        ("as it is", LIST.to_owned()),
        ("indented", indented),
        ("prompts", prompts),
        ("prompt first", first),
        ("together", together),
        ("ellipsis", ellipsis),
    ] {
        check_list(&read(&text, Format::Text), case);
        let mut import = Import::new();
        import.add("file", &utf16_le(&format!("\u{FEFF}{text}"))).unwrap();
        check_list(&import, case);
    }
}

#[test]
fn a_list_cut_short_is_not_compared() {
    let text = format!("Thumbprint : {ONE}\nServices   : IMAP, POP, I...\n");
    let import = read(&text, Format::Text);
    assert_eq!(import.listed().next().unwrap().services, None);
    let expectation = Expectation { thumbprint: thumbprint(ONE), services: Service::SMTP };
    assert_eq!(verify(&expectation, import.listed()), Verification::Inconclusive);
    let import = read(LIST, Format::Text);
    assert_eq!(verify(&expectation, import.listed()), Verification::Verified { services: services("27").unwrap() });
}

const TABLE: &str = "Thumbprint                                Services   Subject
----------                                --------   -------
5113AE0233A72FCCB75B1D0198628675333D010E  IP.WS..    CN=mail.contoso.com, OU=IT, O=Cont...
92E196F3C8D3D753FCFC5B7690C3173AA1C0ABE3  ....SF.    CN=Federation
823884A32609DCDC8C4B5462952586C30D814073  .......    CN=Microsoft Exchange Server Auth Certificate
A60C6E62FF85D208DF668D597A1B077E1534147F  IP.W...
";

#[test]
fn format_table_is_read_as_it_was_pasted() {
    let lines = |change: &dyn Fn(&str) -> String| TABLE.lines().map(change).collect::<String>();
    let without_dashes = TABLE.replace("----------                                --------   -------\n", "");
    let six = TABLE
        .replace("IP.WS.. ", "IP.WS.  ")
        .replace("....SF. ", "....SF  ")
        .replace(".......  ", "......   ")
        .replace("IP.W...", "IP.W..");
    let rows: String = TABLE.lines().skip(2).map(|line| format!("{line}\n")).collect();
    for (case, text) in [
        ("as it is", TABLE.to_owned()),
        ("without dashes", without_dashes.clone()),
        ("a blank line after each", lines(&|line| format!("{line}\n\n"))),
        ("indented", lines(&|line| format!("      {line}\n"))),
        ("a list in a mail", without_dashes.lines().map(|line| format!("* {line}\n")).collect()),
        ("an indented list", without_dashes.lines().map(|line| format!("   * {line}\n\n")).collect()),
        ("six places", six),
        ("ellipsis", TABLE.replace("...\n", "…\n").replace("IP.W…", "IP.W...")),
        ("a prompt", format!("[PS] C:\\>Get-ExchangeCertificate\n\n{TABLE}\n\n[PS] C:\\>")),
        ("rows alone", rows),
        ("prose around", format!("Dear all,\nthis is what I see:\n\n{TABLE}\nAny idea, or hints?\n")),
        ("lower case", lines(&|line| format!("{}\n", line.replace("5113AE", "5113ae")))),
    ] {
        let import = read(&text, Format::Text);
        let expected = [
            (thumbprint(ONE), services("IMAP, POP, IIS, SMTP")),
            (thumbprint(OTHER), services("SMTP, Federation")),
            (thumbprint("823884A32609DCDC8C4B5462952586C30D814073"), Some(Service::empty())),
            (thumbprint("A60C6E62FF85D208DF668D597A1B077E1534147F"), services("IMAP, POP, IIS")),
        ];
        assert_eq!(shown(&import), expected, "{case}");
        let subject = import.listed().next().unwrap().subject.as_deref().unwrap();
        assert!(subject.starts_with("CN=mail.contoso.com, OU=IT, O=Cont"), "{case}: {subject}");
        assert_eq!(
            import.listed().nth(2).unwrap().subject.as_deref(),
            Some("CN=Microsoft Exchange Server Auth Certificate"),
            "{case}"
        );
        assert_eq!(import.listed().nth(3).unwrap().subject, None);
    }
}

#[test]
fn a_row_without_a_whole_thumbprint_is_named_and_nothing_is_taken() {
    for (masked, words) in [
        ("XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", "character 1, `X`, is not a hex digit"),
        ("92E196F3...", "character 9, `.`, is not a hex digit"),
        ("92E196F3C8D3D753FCFC5B7690C3173AA1C0ABE", "40 hex digits, not 39"),
        ("<thumbprint>", "character 1, `<`"),
        ("XXXX", "character 1, `X`, is not a hex digit"),
    ] {
        let error = error(&TABLE.replace(OTHER, masked));
        let ImportError::Field { origin, field, .. } = &error else { panic!("{error}") };
        assert_eq!((origin.place, *field), (Place::Line(4), "Thumbprint"));
        let sentence = error.to_string();
        assert!(
            sentence.starts_with(&format!("`file`, line 4: Thumbprint: `{masked}` is not a thumbprint: ")),
            "{sentence}"
        );
        assert!(sentence.contains(words), "{sentence}");
    }
    let error = error(&LIST.replace(OTHER, "92E1…")).to_string();
    assert!(error.contains("`92E1…` is not a thumbprint"), "{error}");
}

#[test]
fn a_masked_thumbprint_in_several_words_is_named_too() {
    let error = error(&TABLE.replace(OTHER, "92E1 XXXX XXXX")).to_string();
    assert!(error.starts_with("`file`, line 4: Thumbprint: `92E1` is not a thumbprint"), "{error}");
}

#[test]
fn services_in_braces_are_services() {
    for (shown, expected) in
        [("{IMAP, POP}", services("IMAP, POP")), ("{IMAP, POP...}", None), ("{}", None), ("", None)]
    {
        let import = read(&format!("Thumbprint : {ONE}\nServices : {shown}\n"), Format::Text);
        assert_eq!(import.listed().next().unwrap().services, expected, "{shown}");
    }
}

#[test]
fn a_thumbprint_beside_the_bytes_must_be_theirs() {
    let der = CertificateFactory::new("mail.contoso.com").build_der();
    let with =
        |thumbprint: &str| format!("{{\"RawData\": \"{}\", \"Thumbprint\": \"{thumbprint}\"}}", STANDARD.encode(&der));
    assert_eq!(read(&with(&Thumbprint::of(&der).to_string()), Format::Json).certificates().len(), 1);
    let error = error(&with(ONE)).to_string();
    assert!(error.contains(&format!("Thumbprint: `{ONE}` is not the thumbprint of RawData")), "{error}");
}

#[test]
fn a_block_without_a_thumbprint_is_an_error() {
    let error = error("FriendlyName : mail\nServices : SMTP\n");
    let ImportError::Field { origin: Origin { place, .. }, field, .. } = error else { panic!("{error}") };
    assert_eq!((place, field), (Place::Line(1), "Thumbprint"));
}

#[test]
fn a_table_and_a_list_may_stand_in_one_text() {
    let text = format!(
        "[PS] C:\\>Get-ExchangeCertificate\n\n{TABLE}\n\n[PS] C:\\>fl\n{}",
        LIST.replace(OTHER, &"0".repeat(40))
    );
    assert_eq!(read(&text, Format::Text).listed().count(), 6);
    let contradiction = LIST.replace("IMAP, POP, IIS,", "IMAP,");
    let error = error(&format!("{TABLE}\n{contradiction}")).to_string();
    assert!(error.contains("`file`, line 3 and `file`, line ") && error.contains("the services of"), "{error}");
}

#[test]
fn certificates_are_read_from_der_pem_base64_and_bundles() {
    let first = CertificateFactory::new("a.contoso.com").build_der();
    let second = CertificateFactory::new("b.contoso.com").build_der();
    let pem =
        |der: &[u8]| format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der));
    let bundle = pkcs7(&[&first, &second].map(|der| der.as_slice()));
    for (bytes, expected) in [
        (first.clone(), vec![&first]),
        (pem(&first).into_bytes(), vec![&first]),
        (format!("subject=a\n{}{}", pem(&first), pem(&second)).into_bytes(), vec![&first, &second]),
        (STANDARD.encode(&first).into_bytes(), vec![&first]),
        (bundle, vec![&first, &second]),
        (utf16_le(&pem(&first)), vec![&first]),
    ] {
        let mut import = Import::new();
        assert_eq!(import.add(Input::named("file").on_server("MBX01"), &bytes), Ok(Format::Certificates));
        let found: Vec<_> = import.certificates().map(|found| found.certificate().as_der().to_vec()).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        assert_eq!(import.certificates().next().unwrap().server(), Some("MBX01"));
        assert_eq!(import.certificates().next().unwrap().services(), None);
    }
    let mut import = Import::new();
    let error = import.add("file.cer", &first[..100]).unwrap_err();
    assert!(error.to_string().starts_with("`file.cer`: expected a complete certificate at byte "), "{error}");
}

/// A bundle of signed data without content and signers.
fn pkcs7(certificates: &[&[u8]]) -> Vec<u8> {
    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let value = parts.concat();
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        let header = match length {
            [0, short @ ..0x80] => vec![tag, short],
            [0, long] => vec![tag, 0x81, long],
            [high, low] => vec![tag, 0x82, high, low],
        };
        [header, value].concat()
    }
    let oid = |last: u8| vec![0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, last];
    let signed =
        tlv(0x30, &[&[2, 1, 1], &tlv(0x31, &[]), &tlv(0x30, &[&oid(1)]), &tlv(0xA0, certificates), &tlv(0x31, &[])]);
    tlv(0x30, &[&oid(2), &tlv(0xA0, &[&signed])])
}

#[test]
fn an_unknown_format_is_an_error() {
    for text in ["", " \n", "Dear colleague,\nsee the attachment.\n", "[PS] C:\\>", "\0\0\0\0", "%PDF-1.7"] {
        assert!(matches!(error(text), ImportError::UnknownFormat { .. }), "{text:?}");
    }
    assert!(matches!(error("<html><body></body></html>"), ImportError::Malformed { .. }));
}

/// What the script uses beside what it asks: its own functions, PowerShell's own means, and its two files.
const HARMLESS: [&str; 14] = [
    "Add-Certificate",
    "Add-Record",
    "Add-Selection",
    "Export-Clixml",
    "ForEach-Object",
    "Invoke-Command",
    "Move-Item",
    "Read-Answer",
    "Remove-Item",
    "Select-Object",
    "Set-StrictMode",
    "Test-Path",
    "Where-Object",
    "Write-Host",
];

#[test]
fn the_collection_script_only_reads() {
    let script = collection_script();
    let without_comments: String =
        script.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| format!("{line}\n")).collect();
    // Every word with a hyphen inside that begins like a cmdlet.
    for word in without_comments.split(|character: char| !(character.is_ascii_alphanumeric() || character == '-')) {
        let Some((verb, noun)) = word.split_once('-') else { continue };
        if verb.starts_with(|first: char| first.is_ascii_uppercase())
            && noun.starts_with(|first: char| first.is_ascii_uppercase())
        {
            assert!(verb == "Get" || HARMLESS.contains(&word), "{word}");
        }
    }
    for cmdlet in [
        "Get-ExchangeServer",
        "Get-ExchangeCertificate",
        "Get-ImapSettings",
        "Get-PopSettings",
        "Get-UMService",
        "Get-UMCallRouterSettings",
        "Get-TransportService",
        "Get-SendConnector",
        "Get-ReceiveConnector",
        "Get-EdgeSubscription",
        "Get-HybridConfiguration",
        "Get-AuthConfig",
        "Get-FederationTrust",
        "Get-WebBinding",
        "Get-OwaVirtualDirectory",
        "Get-OutlookAnywhere",
        "Get-ClientAccessService",
    ] {
        assert!(script.contains(cmdlet), "{cmdlet}");
    }
    assert_eq!(script.matches("Export-Clixml").count(), 1);
    assert_eq!(script.matches('{').count(), script.matches('}').count());
    assert_eq!(script.matches('(').count(), script.matches(')').count());
    assert!(script.is_ascii(), "it is pasted into consoles of any code page");
}

#[test]
fn what_is_often_given_for_a_certificate_is_named() {
    let key =
        [&[0x30, 0x82, 2, 0, 2, 1, 3, 0x30, 0x82, 1, 0, 6, 9][..], b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01"].concat();
    for (bytes, words) in [
        (key.clone(), "a PKCS#12 file (.pfx or .p12): it holds the private key"),
        (STANDARD.encode([key, vec![0; 99]].concat()).into_bytes(), "a PKCS#12 file"),
        (vec![0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2], "a key store of Java"),
        (vec![0x30, 5, 2, 1, 1, 4, 0], "a private key"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n".to_vec(), "a private key"),
        (
            b"-----BEGIN NEW CERTIFICATE REQUEST-----\nMAA=\n-----END NEW CERTIFICATE REQUEST-----\n".to_vec(),
            "a certificate request",
        ),
    ] {
        let error = Import::new().add("file", &bytes).unwrap_err().to_string();
        assert!(error.starts_with("`file`: this is ") && error.contains(words), "{error}");
    }
}
