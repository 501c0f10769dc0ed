//! Text as people paste it: lists, tables and settings that lost something on their way.

use exchange_certificates::import::{Format, Import, ImportError, ImportNote};
use exchange_certificates::{Fact, RootCaType, Service, Status};

const ONE: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const OTHER: &str = "FEDCBA9876543210FEDCBA9876543210FEDCBA98";

fn add(name: &str, bytes: &[u8]) -> Result<Import, ImportError> {
    let mut import = Import::new();
    assert_eq!(import.add(name, bytes)?, Format::Text, "{name}");
    Ok(import)
}

fn read(text: &str) -> Import {
    add("file", text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn notes(import: &Import) -> Vec<String> {
    import.notes().iter().map(ToString::to_string).collect()
}

/// Two certificates in a list, as a console of 80 columns breaks it between words.
fn list() -> String {
    let one = |thumbprint: &str| {
        format!(
            "AccessRules        : {{System.Security.AccessControl.CryptoKeyAccessRule,
                     System.Security.AccessControl.CryptoKeyAccessRule}}
CertificateDomains : {{mail.tailspin.example, autodiscover.tailspin.example,
                     ex01.tailspin.example, ex02.tailspin.example...}}
HasPrivateKey      : True
IISServices        : {{IIS://EX01/W3SVC/1, IIS://EX01/W3SVC/2}}
Issuer             : CN=Tailspin Issuing CA for Servers, O=Tailspin Toys Limited, S=Greater
                     Manchester, C=GB
NotAfter           : 31.12.2026 00:59:59
RootCAType         : ThirdParty
Services           : IMAP, POP, IIS, SMTP
Status             : Valid
Subject            : CN=mail.tailspin.example
Thumbprint         : {thumbprint}
"
        )
    };
    format!("{}\n{}", one(ONE), one(OTHER))
}

fn check(text: &str, case: &str) {
    let import = read(text);
    assert_eq!(import.listed().count(), 2, "{case}");
    for (listed, thumbprint) in import.listed().zip([ONE, OTHER]) {
        assert_eq!(listed.thumbprint.to_string(), thumbprint, "{case}");
        assert_eq!(listed.services, Some(Service::IMAP | Service::POP | Service::IIS | Service::SMTP), "{case}");
        assert_eq!((listed.status, listed.root_ca_type), (Some(Status::Valid), Some(RootCaType::ThirdParty)), "{case}");
        let names = ["mail", "autodiscover", "ex01", "ex02"].map(|name| format!("{name}.tailspin.example"));
        assert_eq!(listed.domains.as_deref(), Some(names.as_slice()), "{case}");
        assert!(listed.domains_cut_short, "{case}");
        let issuer = "CN=Tailspin Issuing CA for Servers, O=Tailspin Toys Limited, S=Greater Manchester, C=GB";
        assert_eq!(listed.issuer.as_deref(), Some(issuer), "{case}");
        assert_eq!(listed.web_sites, Some([1, 2].into()), "{case}");
        assert_eq!(listed.has_private_key, Some(true), "{case}");
    }
}

fn each(text: &str, change: impl Fn(&str) -> String) -> String {
    text.lines().map(|line| change(line) + "\n").collect()
}

#[test]
fn a_list_is_read_whatever_it_lost_on_its_way() {
    let list = list();
    let collapsed = each(&list, |line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let coloured = each(&list, |line| match line.split_once(" : ") {
        Some((name, value)) => format!("\u{1B}[32;1m{name} : \u{1B}[0m{value}"),
        None => line.to_owned(),
    });
    for (case, text) in [
        ("as it is", list.clone()),
        ("collapsed", collapsed.clone()),
        ("collapsed and quoted", each(&collapsed, |line| format!("> {line}"))),
        ("no-break spaces", list.replace("  ", "\u{A0} ").replace(" :", "\u{A0}:")),
        ("a blank line after each", each(&list, |line| format!("{line}\n"))),
        ("collapsed, a blank line after each", each(&collapsed, |line| format!("{line}\n"))),
        ("quoted", each(&list, |line| format!("> {line}"))),
        ("quoted by bars", each(&list, |line| format!("| {line}"))),
        ("quoted twice and spaced", each(&list, |line| format!(">> {line}\n>>"))),
        ("coloured", coloured),
        ("a fence of Markdown", format!("```powershell\n{list}```\n")),
    ] {
        check(&text, case);
    }
}

#[test]
fn services_cut_short_are_not_known() {
    for shown in [
        "IMAP, POP, IIS...",
        "IMAP, POP, IIS…",
        "IMAP, POP, I…",
        "…AP, POP, IIS, SMTP",
        "...IIS, SMTP",
        "IMAP, POP,",
        "{IMAP, POP…}",
    ] {
        let import = read(&format!("Services : {shown}\nThumbprint : {ONE}\n"));
        assert_eq!(import.listed().next().unwrap().services, None, "{shown}");
    }
    let row = format!(
        "Thumbprint                                          Services\n----------                                          --------\n{ONE} …AP, POP, IIS, SMTP\n{OTHER}         IIS, SMTP\n"
    );
    let import = read(&row);
    let services: Vec<_> = import.listed().map(|listed| listed.services).collect();
    assert_eq!(services, [None, Some(Service::IIS | Service::SMTP)]);
}

#[test]
fn a_list_in_braces_that_is_not_closed_is_never_complete() {
    for (text, expected) in [
        ("{a.example, b.example,\nc.example}", (vec!["a.example", "b.example", "c.example"], false)),
        ("{a.example, b.example,\nc.example...}", (vec!["a.example", "b.example", "c.example"], true)),
        ("{a.example, b.exam", (vec!["a.example"], true)),
        ("{a.example, b.exam\nStatus : Valid", (vec!["a.example"], true)),
        ("{a.example, b.example, Thank you all", (vec!["a.example", "b.example"], true)),
    ] {
        let import = read(&format!("Thumbprint : {ONE}\nCertificateDomains : {text}\n"));
        let listed = import.listed().next().unwrap();
        let domains = listed.domains.as_deref().unwrap().iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!((domains, listed.domains_cut_short), expected, "{text}");
    }
}

#[test]
fn tables_are_read_by_their_headings_or_by_what_they_hold() {
    let all = Service::IMAP | Service::POP | Service::IIS | Service::SMTP;
    for text in [
        format!("Services               Thumbprint                               FriendlyName\n--------               ----------                               ------------\nIMAP, POP, IIS, SMTP   {ONE} mail 2026\n"),
        format!("FriendlyName             Services Thumbprint                               Status\n------------             -------- ----------                               ------\nmail 2026    IMAP, POP, IIS, SMTP {ONE}  Valid\n"),
        format!("| Thumbprint | Services | FriendlyName |\n|---|:---:|---|\n| {ONE} | IMAP, POP, IIS, SMTP | mail 2026 |\n"),
        format!("Thumbprint | Services | FriendlyName\n--- | --- | ---\n`{ONE}` | **IP.WS..** | mail 2026\n"),
        format!("Thumbprint Services FriendlyName\n---------- -------- ------------\n{ONE} IMAP, POP, IIS, SMTP mail 2026\n"),
        format!("Zertifikat                               Dienste FriendlyName\n----------                               ------- ------------\n{ONE} IP.WS.. mail 2026\n").replace("Zertifikat", "Thumbprint"),
        format!("FriendlyName Services   Thumb\n                        print\n------------ --------   -----\nmail 2026    IP.WS..    {}\n{}", &ONE[..5], ONE.as_bytes()[5..].chunks(5).map(|piece| format!("{}{}\n", " ".repeat(24), std::str::from_utf8(piece).unwrap())).collect::<String>()),
    ] {
        let import = read(&text);
        let listed: Vec<_> = import.listed().collect();
        assert_eq!(listed.len(), 1, "{text}");
        assert_eq!((listed[0].thumbprint.to_string().as_str(), listed[0].services), (ONE, Some(all)), "{text}");
        assert_eq!(listed[0].friendly_name.as_deref(), Some("mail 2026"), "{text}");
    }
    let row = format!("{ONE}  IMAP, SMTP  CN=mail.tailspin.example, O=Tailspin\n");
    assert_eq!(read(&row).listed().next().unwrap().subject.as_deref(), Some("CN=mail.tailspin.example, O=Tailspin"));
}

#[test]
fn settings_are_read_where_something_says_whose_they_are() {
    let settings =
        "X509CertificateName : mail.tailspin.example\nServer              : EX01\nLoginType           : SecureLogin\n";
    let name = |import: &Import, is_imap: bool| {
        let servers = import.servers();
        let server = servers.first().unwrap();
        let name = if is_imap { server.imap_certificate_name() } else { server.pop_certificate_name() };
        name.cloned()
    };
    let mail = Some(Fact::Value("mail.tailspin.example".to_owned()));
    let prompt = |cmdlet: &str| format!("[PS] C:\\>{cmdlet} | fl X509*, Server, LoginType\n\n{settings}");
    for (file, text, is_imap) in [
        ("settings.txt", prompt("Get-ImapSettings"), true),
        ("settings.txt", prompt("Get-PopSettings"), false),
        ("settings.txt", format!("ProtocolName : POP3\n{settings}"), false),
        (
            "settings.txt",
            format!("Identity : EX01\\1\nDistinguishedName : CN=1,CN=IMAP4,CN=Protocols,CN=EX01\n{settings}"),
            true,
        ),
        ("13-imap-settings.txt", settings.to_owned(), true),
        ("Get-PopSettings.txt", settings.to_owned(), false),
    ] {
        let import = add(file, text.as_bytes()).unwrap();
        assert_eq!((name(&import, is_imap), name(&import, !is_imap)), (mail.clone(), None), "{file} {text}");
    }
    let error = add("settings.txt", settings.as_bytes()).unwrap_err().to_string();
    assert_eq!(error, "`settings.txt`, line 1: settings of IMAP or POP, and nothing says of which");
}

#[test]
fn connectors_servers_and_the_auth_configuration_are_read_from_lists() {
    let import = read(&format!(
        "[PS] C:\\>Get-SendConnector | fl
Name                     : Internet
Fqdn                     :
TlsCertificateName       : <I>CN=Tailspin Issuing CA<S>CN=mail.tailspin.example
SourceTransportServers   : {{EX01, EX02}}
SmartHosts               : {{relay.tailspin.example...}}
Enabled                  : True

Identity                 : EX01\\Default Frontend EX01
AuthMechanism            : Tls, Integrated, BasicAuth
Bindings                 : {{[::]:25, 0.0.0.0:25}}
Fqdn                     : ex01.tailspin.example
TlsCertificateName       :
TransportRole            : FrontendTransport

Name                     : EX01
Fqdn                     : ex01.tailspin.example
ServerRole               : Mailbox
AdminDisplayVersion      : Version 15.2 (Build 1544.4)

CurrentCertificateThumbprint : {ONE}
NextCertificateThumbprint    :

Name               : Lost
TlsCertificateName : <I>CN=x<S>CN=y
"
    ));
    let connectors: Vec<_> = import.connectors().collect();
    assert_eq!(connectors.len(), 3);
    assert_eq!(
        (connectors[0].name(), connectors[0].servers().len(), connectors[0].fqdn()),
        ("Internet", 2, Fact::None)
    );
    assert_eq!(connectors[0].smart_hosts(), None, "cut short, so not known");
    assert_eq!(
        (connectors[1].name(), connectors[1].servers()),
        ("Default Frontend EX01", ["EX01".to_owned()].as_slice())
    );
    assert_eq!(connectors[1].bindings().unwrap().len(), 2);
    assert_eq!(connectors[1].auth_mechanism().unwrap().len(), 3);
    assert_eq!(connectors[1].tls_certificate_name(), Fact::None);
    assert_eq!(import.servers()[0].build(), Some("15.2.1544.4"));
    assert_eq!(import.auth_certificates().unwrap().current.unwrap().to_string(), ONE);
    // One list of a connector does not say that there are no others.
    assert!(
        import.not_read().iter().any(|(_, entry)| entry.what().to_string().contains("send")),
        "{:?}",
        import.not_read()
    );
}

#[test]
fn a_mail_with_an_error_a_list_and_a_table_is_understood_as_a_whole() {
    let mail = format!(
        "From: Pat\nSubject: certificate\n\nDear all,\nthis is what I see since Monday : nothing works.\n\n> [PS] C:\\Windows\\system32>Enable-ExchangeCertificate -Thumbprint {ONE} -Services SMTP\n> The certificate with thumbprint {ONE} was not found.\n>     + CategoryInfo          : InvalidOperation: (:) [Enable-ExchangeCertificate], LocalizedException\n>     + FullyQualifiedErrorId : [Server=EX01,RequestId=1]\n>\n> [PS] C:\\Windows\\system32>Get-ExchangeCertificate | fl Thumbprint, Services, Status\n>\n> Thumbprint : {ONE}\n> Services   : IIS\n> Status     : Valid\n>\n> [PS] C:\\Windows\\system32>Get-ExchangeCertificate\n>\n> Thumbprint                                Services   Subject\n> ----------                                --------   -------\n> {ONE}  ...W...    CN=mail.tailspin.example, O=Tail...\n> {OTHER}  ....S..    CN=EX01\n>\n> [PS] C:\\Windows\\system32>\n\nAny idea?\nPat\n"
    );
    let import = read(&mail);
    let thumbprints: std::collections::BTreeSet<_> =
        import.listed().map(|listed| listed.thumbprint.to_string()).collect();
    assert_eq!(thumbprints, [ONE, OTHER].map(str::to_owned).into());
    assert!(import.listed().all(|listed| listed.services.is_some_and(|services| services.bits().count_ones() == 1)));
    let notes = notes(&import);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].starts_with("`file`, line 1: ") && notes[0].contains("were passed over, from here on: `From: Pat`"),
        "{notes:?}"
    );
}

#[test]
fn what_is_not_taken_is_named() {
    let import = read(&format!("Thumbprint : {ONE}\nServices : SMTP\n\nServices : IIS\nFriendlyName : mail\n"));
    assert_eq!(notes(&import), ["`file`, line 4: not taken: a certificate without its thumbprint"]);
    let import = read(&format!("Thumbprint : {ONE}\nSubject : CN=mail\nThank you\n"));
    assert_eq!(import.listed().next().unwrap().subject.as_deref(), Some("CN=mail…"), "it may go on");
    assert_eq!(
        notes(&import),
        ["`file`, line 3: a line that says nothing of certificates was passed over: `Thank you`"]
    );
}

#[test]
fn a_list_in_the_western_code_page_is_read_and_said_so() {
    let bytes = [b"Thumbprint : ", ONE.as_bytes(), b"\nFriendlyName : Z\xFCrich \x96 mail\x85\n"].concat();
    let import = add("file", &bytes).unwrap();
    assert_eq!(import.listed().next().unwrap().friendly_name.as_deref(), Some("Zürich – mail…"));
    assert!(matches!(import.notes(), [ImportNote::Windows1252 { .. }]));
    assert_eq!(notes(&import), ["`file`: neither UTF-8 nor UTF-16: read as Windows-1252"]);
}
