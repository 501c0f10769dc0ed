//! What PowerShell's own formatter prints of certificates: each value that is read is right, and each thumbprint whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use exchange_certificates::Service;
use exchange_certificates::import::{Import, ImportError, Listed};
use serde_json::{Value, json};

use crate::support::pwsh::{folder, pwsh, run_file, support};

/// The certificates that are printed, by the properties that are compared.
fn certificates() -> Vec<Value> {
    let issuer =
        "CN=Contoso RSA Domain Validation Secure Server CA, O=Contoso Limited, L=Salford, S=Greater Manchester, C=GB";
    vec![
        json!({
            "Thumbprint": "356A192B7913B04C54574D18C28D46E6395428AB", "Services": 27, "Status": "Valid",
            "Subject": "CN=mail.contoso.com, OU=IT, O=Contoso Ltd, L=Zurich, C=CH", "FriendlyName": "mail 2026: public",
            "CertificateDomains": ["mail.contoso.com", "autodiscover.contoso.com", "ex01.contoso.com", "ex02.contoso.com", "legacy.contoso.com"],
            "IISServices": ["IIS://MBX01/W3SVC/1"], "RootCAType": "ThirdParty", "HasPrivateKey": true, "IsSelfSigned": false,
            "SerialNumber": "00AB12", "Issuer": issuer,
        }),
        json!({
            "Thumbprint": "DA4B9237BACCCDF19C0760CAB7AEC4A8359010B0", "Services": 48, "Status": "DateInvalid",
            "Subject": "CN=Federation", "FriendlyName": "Exchange Delegation Federation", "CertificateDomains": ["Federation"],
            "IISServices": [], "RootCAType": "None", "HasPrivateKey": true, "IsSelfSigned": true,
            "SerialNumber": "7F", "Issuer": "CN=Federation",
        }),
        json!({
            "Thumbprint": "77DE68DAECD823BABBB58EDB1C8E14D7106E83BB", "Services": 0, "Status": "Valid",
            "Subject": "CN=Microsoft Exchange Server Auth Certificate", "FriendlyName": "Microsoft Exchange Server Auth Certificate",
            "CertificateDomains": [], "IISServices": [], "RootCAType": "None", "HasPrivateKey": false, "IsSelfSigned": true,
            "SerialNumber": "1D00", "Issuer": "CN=Microsoft Exchange Server Auth Certificate",
        }),
        json!({
            "Thumbprint": "1B6453892473A467D07372D45EB05ABC2031647A", "Services": 127, "Status": "RevocationCheckFailure",
            "Subject": "CN=*.contoso.com", "FriendlyName": "", "CertificateDomains": ["*.contoso.com", "contoso.com"],
            "IISServices": ["IIS://MBX01/W3SVC/1", "IIS://MBX01/W3SVC/2"], "RootCAType": "Enterprise", "HasPrivateKey": true,
            "IsSelfSigned": false, "SerialNumber": "2B", "Issuer": issuer,
        }),
    ]
}

/// Every text by its name; none where there is no PowerShell.
static TEXTS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let Some(pwsh) = pwsh() else { return BTreeMap::new() };
    let folder = folder("formatted");
    fs::write(folder.join("certificates.json"), Value::from(certificates()).to_string()).unwrap();
    run_file(&pwsh, &support("formatted.ps1"), &[&folder]);
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    texts
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect()
});

/// Holds what is read of a certificate against the certificate, and tells how much of it is known.
fn hold(case: &str, listed: &Listed, certificates: &[Value]) -> usize {
    let printed = listed.thumbprint.to_string();
    let found = certificates.iter().find(|certificate| certificate["Thumbprint"] == printed.as_str());
    let wanted = found.unwrap_or_else(|| panic!("{case}: there is no {printed}"));
    let mut known = 0;
    let mut check = |field: &str, value: Option<Value>| {
        known += usize::from(value.is_some());
        assert!(value.is_none_or(|value| value == wanted[field]), "{case}: {field}: {listed:#?}");
    };
    check("Services", listed.services.map(|services: Service| services.bits().into()));
    check("Status", listed.status.map(|status| status.to_string().into()));
    check("RootCAType", listed.root_ca_type.map(|kind| kind.to_string().into()));
    check("HasPrivateKey", listed.has_private_key.map(Value::from));
    check("SerialNumber", listed.serial_number.clone().map(Value::from));
    let sites = |wanted: &Value| -> BTreeSet<u32> {
        wanted
            .as_array()
            .unwrap()
            .iter()
            .map(|site| site.as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap())
            .collect()
    };
    if let Some(found) = &listed.web_sites {
        known += 1;
        assert_eq!(*found, sites(&wanted["IISServices"]), "{case}");
    }
    for (field, text) in
        [("Subject", &listed.subject), ("Issuer", &listed.issuer), ("FriendlyName", &listed.friendly_name)]
    {
        let Some(text) = text else { continue };
        let wanted = wanted[field].as_str().unwrap();
        let begins = text.strip_suffix('…').map(str::trim_end).is_some_and(|beginning| wanted.starts_with(beginning));
        known += usize::from(!begins);
        assert!(begins || text == wanted, "{case}: {field}: {text}");
    }
    if let Some(domains) = &listed.domains {
        let wanted: Vec<_> =
            wanted["CertificateDomains"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let is_whole = !listed.domains_cut_short;
        known += usize::from(is_whole);
        assert!(wanted.starts_with(&domains.iter().map(String::as_str).collect::<Vec<_>>()), "{case}: {domains:?}");
        assert!(!is_whole || domains.len() == wanted.len(), "{case}: {domains:?} are not all");
    }
    known
}

fn read(case: &str, text: &str) -> Result<(usize, usize), ImportError> {
    let certificates = certificates();
    let mut import = Import::new();
    import.add(case, text.as_bytes())?;
    let known = import.listed().map(|listed| hold(case, listed, &certificates)).sum();
    let whole: BTreeSet<_> = import.listed().map(|listed| listed.thumbprint).collect();
    Ok((whole.len(), known))
}

#[test]
fn what_the_formatter_prints_is_read_right_or_not_at_all() {
    let (mut readable, mut facts) = (0, 0);
    let (mut refused, mut of): (Vec<&str>, usize) = (Vec::new(), 0);
    for (name, text) in &*TEXTS {
        of += 1;
        let thumbprints =
            certificates().iter().filter(|wanted| text.contains(wanted["Thumbprint"].as_str().unwrap())).count();
        // Under headings of somebody's own only rows that can be nothing else are read.
        let is_renamed = name.contains("renamed");
        match read(name, text) {
            Ok((found, known)) => {
                assert!(is_renamed || found >= thumbprints, "{name}: {found} of {thumbprints}\n{text}");
                readable += 1;
                facts += known;
            }
            Err(error) => {
                let is_cut = text.contains('…');
                assert!(
                    thumbprints == 0 || is_cut && error.to_string().contains("Thumbprint"),
                    "{name}: {error}\n{text}"
                );
                refused.push(name);
            }
        }
    }
    println!(
        "{readable} of {of} shapes are read, and {facts} facts of them; refused, since no thumbprint is whole: {refused:#?}"
    );
    assert!(of == 0 || readable * 10 > of * 6, "{readable} of {of}");
}

#[test]
fn every_thumbprint_and_every_whole_value_of_a_list_is_read() {
    for (name, text) in TEXTS.iter().filter(|(name, _)| name.starts_with("list ")) {
        let (found, known) = read(name, text).unwrap();
        assert_eq!(found, 4, "{name}");
        let most = if name.starts_with("list texts") { 16 } else { 24 };
        assert!(known >= most, "{name}: {known} facts\n{text}");
    }
    for (name, text) in TEXTS.iter().filter(|(name, _)| name.starts_with("csv ") || name.starts_with("json")) {
        let (found, known) = read(name, text).unwrap();
        assert_eq!(found, 4, "{name}");
        assert!(known >= 8, "{name}: {known} facts");
    }
}

/// What becomes of a text on its way through consoles, mails and forums.
type Change = fn(&str) -> String;
const CHANGES: [(&str, Change); 9] = [
    ("quoted", |text| each(text, |line| format!("> {line}"))),
    ("quoted twice", |text| each(text, |line| format!(">> {line}"))),
    ("bars before", |text| each(text, |line| format!("| {line}"))),
    ("no-break spaces", |text| text.replace(' ', "\u{A0}")),
    ("a blank line after each", |text| each(text, |line| format!("{line}\n"))),
    ("without blanks at the ends", |text| each(text, |line| line.trim_end().to_owned())),
    ("indented", |text| each(text, |line| format!("    {line}"))),
    ("line ends of Windows", |text| each(text, |line| format!("{line}\r"))),
    ("blanks lost", |text| each(text, |line| line.split_whitespace().collect::<Vec<_>>().join(" "))),
];

fn each(text: &str, change: impl Fn(&str) -> String) -> String {
    text.lines().map(|line| change(line) + "\n").collect()
}

#[test]
fn what_becomes_of_it_on_its_way_changes_no_value() {
    let mut counts = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, text) in TEXTS.iter().filter(|(name, _)| name.starts_with("list ") || name.starts_with("table ")) {
        let before = read(name, text);
        for (change, apply) in CHANGES {
            let changed = apply(text);
            let case = format!("{name}, {change}\n{changed}");
            let Ok(after) = std::panic::catch_unwind(|| read(&case, &changed)) else {
                wrong.push(format!("{name}, {change}"));
                continue;
            };
            let count: &mut (usize, usize) = counts.entry(change).or_default();
            count.0 += usize::from(after.is_ok());
            count.1 += usize::from(before.is_ok());
            if change == "blanks lost" {
                continue;
            }
            match (&before, &after) {
                (Ok((found, _)), Ok((again, _))) if again < found && !name.contains("renamed") => {
                    wrong.push(format!("{name}, {change}: {again} of {found}"));
                }
                (Ok(_), Err(error)) => wrong.push(format!("{name}, {change}: {error}")),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
    println!("read of those that are read unchanged: {counts:#?}");
}
