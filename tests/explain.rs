//! Every text that is explained, by the pages beside this file: `explain/<id>.md` holds a text as it is met.
//!
//! A page is the title `# <id>`, what it means, its rules and its source, as the library tells them, and a `text` block.
//! `UPDATE_EXPECT=1 cargo test` writes all but the block.

#[path = "support/factory.rs"]
mod factory;
#[path = "support/filled.rs"]
mod filled;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use exchange_certificates::{
    AUDIT_RULES, Connector, ConnectorKind, Explained, Fact, Fleet, Installed, RULES, Role, Server, Service, Status,
    Thumbprint, TlsCertificateName, Version, explain, explain_in, known_texts, rfc3339,
};
use expect_test::expect_file;
use factory::CertificateFactory;
use serde_json::Value;

fn page(id: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain").join(id).with_extension("md")
}

/// The text of a page.
fn text(id: &str) -> String {
    let page = fs::read_to_string(page(id)).unwrap_or_else(|_| panic!("{id} has no page tests/explain/{id}.md"));
    let block = page.replace("\r\n", "\n").split_once("```text\n").unwrap().1.to_owned();
    block.strip_suffix("\n```\n").unwrap().to_owned()
}

fn ids(explained: &Explained) -> Vec<&str> {
    explained.entries().iter().map(|entry| entry.id()).collect()
}

fn now() -> SystemTime {
    rfc3339::parse("2026-11-24T00:00:00Z").unwrap()
}

#[test]
fn every_known_text_has_its_page_and_every_page_its_text() {
    let mut seen = BTreeSet::new();
    for known in known_texts() {
        assert!(seen.insert(known.id()), "{} is there twice", known.id());
        let source = known.source();
        assert!(source.address.starts_with("http") && !source.title.is_empty(), "{}", known.id());
        let signs: Vec<_> = known.signs().map(|sign| format!("- {sign}\n")).collect();
        let expected = format!(
            "# {}\n\n{}\n\nRecognised by:\n\n{}\nRules: {}\n\nSource: [{}]({})\n\n```text\n{}\n```\n",
            known.id(),
            known.meaning(),
            signs.concat(),
            known.rules().join(", "),
            source.title,
            source.address,
            text(known.id())
        );
        expect_file![page(known.id())].assert_eq(&expected);
    }
    assert!(seen.len() >= 60, "{} texts are known", seen.len());
    for file in fs::read_dir(page("x").parent().unwrap()).unwrap() {
        let file = file.unwrap().path();
        let id = file.file_stem().unwrap().to_str().unwrap();
        assert!(seen.contains(id), "no text is known by the name of the page {id}");
    }
}

#[test]
fn every_rule_behind_a_text_exists() {
    let rules: BTreeSet<_> =
        RULES.iter().map(|rule| rule.id()).chain(AUDIT_RULES.iter().map(|rule| rule.id())).collect();
    for known in known_texts() {
        assert!(!known.rules().is_empty(), "{}", known.id());
        for rule in known.rules() {
            assert!(rules.contains(rule), "{}: there is no rule {rule}", known.id());
        }
    }
}

/// A text in a mail, with what a mail brings along.
fn in_mail(text: &str) -> String {
    format!(
        "From: Jane Doe <jane.doe@contoso.com>\r\nDate: Mon, 23 Nov 2026 09:41:12 +0100\r\nSubject: AW: Re: mail \
         problem (ticket 12012-1035)\r\n\r\nHi Tom,\r\n\r\nsince the weekend we have 12014 mails in the queue, order no. \
         36870 among them, and users call at extension 15021. Our Exchange 2019 server shows the following:\r\n\r\n\
         {text}\r\n\r\nCan you tell what this is? The room is booked until 20:18, call 2004 or +49 89 2009 36887.\r\n\r\n\
         Regards\r\nJane\r\n\r\n-- \r\nContoso Ltd, 1035 Main Street, Invoice 12016/12017\r\n"
    )
}

/// What may have been done to a text before it is read.
fn disguised(text: &str) -> Vec<(&'static str, String)> {
    let quoted: Vec<_> = text.lines().map(|line| format!("> > {line}")).collect();
    let narrow = |width: usize| {
        let mut lines = vec![String::new()];
        for line in text.lines() {
            lines.push(String::new());
            for word in line.split_whitespace() {
                let last = lines.last_mut().unwrap();
                if last.is_empty() {
                    last.push_str(word);
                } else if last.len() + word.len() < width {
                    last.push_str(&format!(" {word}"));
                } else {
                    lines.push(word.to_owned());
                }
            }
        }
        lines.join("\n")
    };
    let typographic = text.replace('\'', "\u{2019}").replace('"', "\u{201c}").replace("...", "\u{2026}");
    vec![
        ("as it is", text.to_owned()),
        ("quoted twice", quoted.join("\r\n")),
        ("wrapped and quoted", narrow(44).lines().map(|line| format!("> {line}\r\n")).collect()),
        ("spaced", text.replace(' ', "  \u{a0}").replace('\n', "\n\n")),
        ("typographic", typographic),
        ("upper case", text.to_uppercase()),
        ("Markdown", format!("```\n{text}\n```")),
        ("damaged", text.replace('\'', "\u{fffd}")),
    ]
}

#[test]
fn every_text_is_found_in_a_noisy_mail_and_no_other_one() {
    for known in known_texts() {
        for (how, text) in disguised(&text(known.id())) {
            let explained = explain(&in_mail(&text));
            assert_eq!(ids(&explained), [known.id()], "{}, {how}:\n{}", known.id(), in_mail(&text));
        }
    }
}

#[test]
fn noise_alone_is_nothing() {
    let explained = explain(&in_mail("(see the attached picture)"));
    assert_eq!(ids(&explained), [""; 0]);
    for (text, why) in [
        ("12014", "a number alone"),
        ("Rechnung 12014 vom 24.11.2026, Kunde 1035", "numbers of an invoice"),
        ("MSExchangeTransport was started at 12:01, process 2018.", "a source, and a number that is no event's"),
        ("Event ID: 1035\nSource: disk", "a short id whose source is another one"),
        ("Source: ESENT\nEvent ID: 12014", "a long id whose source is another one"),
        ("eventually 12014 MSExchange mailboxes", "a word that begins like an event"),
        ("version 454 4.7.50", "another code"),
        ("SEC_ERROR_EXPIRED_CERTIFICATES", "another word"),
        ("", "nothing"),
        ("\u{0}\u{200b}\u{202e}>>> \n\n\u{fffd}", "nothing that can be read"),
    ] {
        assert_eq!(ids(&explain(text)), [""; 0], "{why}");
    }
}

#[test]
fn no_sign_is_so_short_that_chance_would_write_it() {
    for known in known_texts() {
        for sign in known.signs().filter(|sign| !sign.starts_with("event ") && !sign.starts_with("reply ")) {
            let letters = sign.chars().filter(char::is_ascii_alphanumeric).count();
            assert!(letters >= 10, "{}: {sign}", known.id());
        }
    }
}

#[test]
fn a_text_that_is_cut_anywhere_is_read() {
    let (fleet, _) = fleet();
    for known in known_texts() {
        let text = in_mail(&text(known.id())).replace('i', "\u{131}\u{307}");
        let places: Vec<_> = text.char_indices().map(|(place, _)| place).step_by(41).collect();
        for place in places {
            explain_in(&text[place..], &fleet, now());
            explain(&text[..place]);
        }
    }
}

#[test]
fn an_event_is_known_by_source_and_id_in_any_language() {
    for (text, id) in [
        (
            "Protokollname: Application\nQuelle: MSExchangeTransport\nEreignis-ID: 12014\nEbene: Fehler",
            "starttls-certificate-not-found",
        ),
        ("Код события: 2004\nИсточник: MSExchange OAuth\nУровень: Предупреждение", "auth-certificate-unusable"),
        ("Nom du journal : System\nSource : Schannel\nID de l’événement : 36870", "schannel-key-not-accessible"),
        ("ソース: HttpEvent\nイベント ID: 15021", "http-binding-broken"),
        ("Tapahtumatunnus: 12015\nLähde: MSExchangeTransport", "internal-certificate-expired"),
        (
            "<Provider Name=\"MSExchangeTransport\" /><EventID Qualifiers=\"32772\">1035</EventID>",
            "inbound-authentication-failed",
        ),
        (
            "<Provider Name=\"MSExchange EdgeSync\" /><EventID Qualifiers=\"32772\">1035</EventID>",
            "edgesync-needs-cryptoapi",
        ),
        (
            "ProviderName : MSExchangeFrontEndTransport\nId           : 12014\nMessage      : ...",
            "starttls-certificate-not-found",
        ),
        ("we see Event ID 36882 since the update", "schannel-remote-untrusted"),
        ("11/23/2026 7:00:01 AM  36887 Error  Schannel", "schannel-alert-received"),
    ] {
        assert_eq!(ids(&explain(text)), [id], "{text}");
    }
}

#[test]
fn a_console_that_breaks_words_hides_nothing() {
    let text = "The internal transport certi\n  ficate cannot be re\n  moved because that would";
    assert_eq!(ids(&explain(text)), ["internal-transport-not-removable"]);
    let glued = "error occurs on server EXCH-1: The certificate with thumbprint \
                 94E711DD84BC285CD2911DAC3D0C9E3ABB29671Ewas not found.";
    let explained = explain(glued);
    assert_eq!(ids(&explained), ["thumbprint-not-found"]);
    assert_eq!(explained.entries()[0].thumbprints(), ["94E711DD84BC285CD2911DAC3D0C9E3ABB29671E".parse().unwrap()]);
    assert_eq!(explained.entries()[0].servers(), ["EXCH-1"]);
}

#[test]
fn entries_stand_in_the_order_of_the_text_with_what_each_names() {
    let (one, other) = ("internal-certificate-expired", "auth-certificate-unusable");
    let first = text(one).replace("EX01", "EX07");
    let second = text(other);
    let thumbprints = |explained: &Explained| -> Vec<Vec<Thumbprint>> {
        explained.entries().iter().map(|entry| entry.thumbprints().to_vec()).collect()
    };
    let explained = explain(&format!("{first}\n\n{second}"));
    assert_eq!(ids(&explained), [one, other]);
    assert_eq!(explained.entries()[0].servers(), ["EX07.contoso.com"]);
    assert_eq!(explained.entries()[1].servers(), ["EX01.contoso.com"]);
    let both = thumbprints(&explained);
    assert_eq!(both, [thumbprints(&explain(&first))[0].clone(), thumbprints(&explain(&second))[0].clone()]);
    assert!(both.iter().all(|own| own.len() == 1) && both[0] != both[1]);
    assert_eq!(ids(&explain(&format!("{second}\n\n{first}"))), [other, one]);
    let twice = format!("{first}\n\n{}\n\n{second}", first.replace("EX07", "EX08"));
    let explained = explain(&twice);
    assert_eq!(ids(&explained), [one, other]);
    assert_eq!(explained.entries()[0].servers(), ["EX07.contoso.com", "EX08.contoso.com"]);
}

#[test]
fn what_is_not_known_says_so_with_what_is_nearest() {
    let text = "The internal transport certificate of this server is somehow strange, says the transport service.";
    let explained = explain(text);
    assert!(!explained.is_recognised());
    let nearest: Vec<_> = explained.nearest().iter().map(|known| known.id()).collect();
    assert!(nearest.contains(&"internal-transport-not-removable"), "{nearest:?}");
    assert!(nearest.len() <= 3);
    assert!(explain("The printer is out of paper.").nearest().is_empty());
    let answer: Value = serde_json::to_value(&explained).unwrap();
    assert_eq!(answer["entries"], serde_json::json!([]));
    assert_eq!(answer["nearest"][0], nearest[0]);
}

/// Two servers of Contoso: the default SMTP certificate of each, and one from a CA on the first one.
fn fleet() -> (Fleet, [Thumbprint; 3]) {
    let own = |name: &str| {
        CertificateFactory::new(name)
            .subject(&[("CN", name)])
            .dns_names([name, &format!("{}.contoso.com", name.to_lowercase())])
            .valid("2024-02-01T08:00:00Z", "2029-02-01T08:00:00Z")
            .self_signed()
            .build()
    };
    let mail = CertificateFactory::new("mail.contoso.com")
        .dns_names(["mail.contoso.com", "autodiscover.contoso.com"])
        .valid("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
        .build();
    let (one, two) = (own("EX01"), own("EX02"));
    let thumbprints = [one.thumbprint(), two.thumbprint(), mail.thumbprint()];
    let installed = |certificate, services| {
        Installed::new(certificate).with_services(services).with_status(Status::Valid).with_web_sites([])
    };
    let send = Connector::new(ConnectorKind::Send, "Outbound to Office 365")
        .unwrap()
        .with_tls_certificate_name(Fact::Value(TlsCertificateName::of(&mail)))
        .unwrap()
        .with_servers(["EX01", "EX02"])
        .unwrap();
    let receive = |server: &str| {
        Connector::new(ConnectorKind::Receive, format!("Default Frontend {server}"))
            .unwrap()
            .with_fqdn(Fact::Value("mail.contoso.com"))
            .unwrap()
            .with_servers([server])
            .unwrap()
    };
    let server = |name: &str, own, default| {
        let mut server = Server::new(name, Version::Exchange2019, [Role::Mailbox])
            .unwrap()
            .with_fqdn(format!("{}.contoso.com", name.to_lowercase()))
            .unwrap()
            .with_default_smtp(Fact::Value(default))
            .with_imap_certificate_name(Fact::Value("mail.contoso.com"))
            .unwrap()
            .with_connector(send.clone())
            .with_connector(receive(name));
        server.install(installed(own, Service::SMTP)).unwrap();
        server
    };
    let mut first = server("EX01", one, thumbprints[0]);
    first.install(installed(mail, Service::SMTP | Service::IIS | Service::IMAP).with_web_sites([1])).unwrap();
    let mut fleet = Fleet::new();
    fleet.insert(first).unwrap();
    fleet.insert(server("EX02", two, thumbprints[1])).unwrap();
    (fleet, thumbprints)
}

#[test]
fn a_fleet_says_which_server_endpoint_and_certificate_a_text_is_about() {
    let (fleet, [one, two, mail]) = fleet();
    let about = |text: &str| {
        let explained = explain_in(text, &fleet, now());
        let [entry] = explained.entries() else { panic!("{:?}: {text}", ids(&explained)) };
        let own = |list: &[String]| list.to_vec();
        (own(entry.servers()), own(entry.endpoints()), entry.thumbprints().to_vec())
    };
    let strings = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    // By the name of its computer, its FQDN and the name of the connector.
    let (servers, endpoints, _) = about(&text("starttls-certificate-not-found").replace("EX01", "EX02"));
    assert_eq!((servers, endpoints), (strings(&["EX02"]), strings(&["receive/EX02\\Default Frontend EX02"])));
    // An event without a thumbprint is about what the endpoint presents.
    let event = "Source: MSExchangeTransport\nEvent ID: 12015\nComputer: ex02.contoso.com\n";
    assert_eq!(about(event), (strings(&["EX02"]), strings(&["internal"]), vec![two]));
    // By the connector that the text names.
    let (servers, endpoints, certificates) = about(&text("send-connector-certificate-missing"));
    assert_eq!((servers, endpoints), (strings(&["EX01"]), strings(&["send/Outbound to Office 365@EX01"])));
    assert_eq!(certificates, [mail]);
    // By the thumbprint, if no server is named.
    let warning = text("wildcard-for-imap");
    let (start, end) = (warning.find("thumbprint ").unwrap() + 11, warning.find(" and subject").unwrap());
    let of_mail = warning.replace(&warning[start..end], &mail.to_string().to_lowercase());
    assert_eq!(about(&of_mail), (strings(&["EX01"]), strings(&["imap"]), vec![mail]));
    // By the subject that an event names.
    let subject = "Event 12018, MSExchangeTransport, ex01.contoso.com. The STARTTLS certificate will expire soon: \
                   subject: CN=EX01, hours remaining: 3.";
    assert_eq!(about(subject).2, [one]);
    // By the port.
    let (_, endpoints, _) = about(&text("http-binding-broken"));
    assert_eq!(endpoints, strings(&["https/2/*:444"]));
}

#[test]
fn a_fleet_makes_the_remedy_concrete() {
    let (fleet, [_, _, mail]) = fleet();
    let missing = text("internal-certificate-not-loaded").replace("EX01", "EX02");
    let (start, end) = (missing.find("thumbprint of ").unwrap() + 14, missing.find(" from the personal").unwrap());
    let missing = missing.replace(&missing[start..end], &mail.to_string());
    let explained = explain_in(&missing, &fleet, now());
    let remedy: Vec<_> = explained.entries()[0].remedy().iter().map(|block| block.text()).collect();
    let copies =
        remedy.iter().any(|it| it.contains(&format!("Export-ExchangeCertificate -Thumbprint {mail} -Server EX01")));
    assert!(copies, "{remedy:#?}");
    let alone = explain(&missing);
    let remedy: Vec<_> = alone.entries()[0].remedy().iter().map(|block| block.text()).collect();
    assert!(
        !remedy.iter().any(|it| it.contains("Export-ExchangeCertificate")),
        "nobody knows where it is: {remedy:#?}"
    );
    assert!(
        remedy.iter().any(|it| it.contains(&format!("-Thumbprint {mail} ")) && it.contains("-Server EX02")),
        "{remedy:#?}"
    );
}

#[test]
fn a_server_that_nobody_names_is_to_be_put_in() {
    let explained = explain(&text("chrome-date"));
    let commands: Vec<_> = explained.entries()[0].look_at().iter().map(|block| block.text()).collect();
    assert!(commands.iter().any(|it| it.contains("-Server <server> ")), "{commands:#?}");
    assert!(commands.iter().any(|it| it.contains("-ComputerName <server> ")), "{commands:#?}");
}

#[test]
fn every_step_is_words_or_a_command_that_powershell_reads() {
    let (fleet, _) = fleet();
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    for known in known_texts() {
        let text = text(known.id());
        for explained in [explain(&text), explain_in(&text, &fleet, now())] {
            let entry = &explained.entries()[0];
            assert!(!entry.look_at().is_empty() && !entry.remedy().is_empty(), "{}", known.id());
            for block in entry.look_at().iter().chain(entry.remedy()) {
                let commands = filled::filled(&block.text());
                assert!(!block.words().is_empty(), "{}: {commands}", known.id());
                assert!(!commands.contains("<server>"), "{}: a placeholder is quoted: {commands}", known.id());
                let tree = parser.parse(&commands, None).unwrap();
                assert!(commands.is_empty() || !tree.root_node().has_error(), "{}:\n{commands}", known.id());
            }
        }
    }
}

#[test]
fn hostile_text_runs_nowhere_and_forges_no_line() {
    let text = "A special Rpc error occurs on server EX-9;iisreset: The certificate with\u{1b}[31m thumbprint \
                \u{202e}\u{7} was not found. Computer: $(iisreset)-1 Computer: a'b-1";
    let explained = explain(text);
    let shown = explained.entries()[0].to_string();
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}', '\n']), "{shown:?}");
    let answer = serde_json::to_string(&explained).unwrap();
    assert!(!answer.contains(['\u{1b}', '\u{202e}']), "{answer}");
    for block in explained.entries()[0].look_at().iter().chain(explained.entries()[0].remedy()) {
        assert!(!block.text().contains("iisreset"), "{}", block.text());
    }
}

#[test]
fn time_grows_with_the_text_alone() {
    let pieces = [
        "The certificate with thumbprint ",
        "could not find a certificate that contains the domain name ",
        "Event ID: 12014 MSExchangeTransport ",
        "454 4.7.5 4.7.5 4.7.5 ",
        "5A 49 2D 0F C5 8E C8 3A ",
        "thethethethe",
        "Computer: EX01 ",
        "\n> \n",
    ];
    for piece in pieces {
        let time = |bytes: usize| {
            let text = piece.repeat(bytes / piece.len());
            let start = Instant::now();
            let explained = explain(&text);
            assert!(explained.entries().len() <= 2, "{piece}");
            start.elapsed()
        };
        let (short, long) = (time(50_000), time(400_000));
        let most = short.max(Duration::from_millis(40)) * 30;
        assert!(long < most, "{piece:?}: {short:?} for 50 KB, {long:?} for 400 KB");
    }
    assert!(explain(&"a ".repeat(3 << 20)).is_cut());
}
