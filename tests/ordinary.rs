//! Ordinary life: what administrators do every day on usual servers, on the pages of `ordinary/`.
//!
//! A page is the title `# <name>`, a sentence or two, and cases, each a heading `##` and a merge patch on the usual
//! server of `ordinary/plain.json`, as at the top of `tests/rules.rs`. The exact answer follows, written by
//! `UPDATE_EXPECT=1 cargo test`: all that the rules say, what is presented from then on, and the script. What must stay
//! so, whoever writes the answers anew, is claimed here.
#![allow(clippy::indexing_slicing, reason = "a JSON value answers for an absent key with null")]

#[path = "support/factory.rs"]
mod factory;
#[allow(dead_code, reason = "the headings of these pages judge nothing")]
#[path = "support/page.rs"]
mod page;
#[allow(dead_code, reason = "the answers of these pages are written in full")]
#[path = "support/requests.rs"]
mod requests;

use std::fs;
use std::path::{Path, PathBuf};

use exchange_certificates::RULES;
use expect_test::expect_file;
use serde_json::Value;

use crate::page::{Result, Section, in_package, list, patch, print_finding, sections, with_keys, words, written};

/// The answer to a case as JSON, and as its page has it.
fn answer(section: &Section<'_>) -> Result<(Value, String)> {
    let (before, patch) = patch(section.body)?;
    let (answer, certificates) =
        requests::answered(include_str!("ordinary/plain.json"), &serde_json::from_str(patch)?)?;
    let answer: Value = serde_json::from_str(&with_keys(answer.to_string(), &certificates))?;
    let mut text = requests::headline(&answer);
    list(&answer["diagnostics"]).for_each(|said| print_finding(&mut text, said, "kind"));
    for change in list(&answer["endpoints"]) {
        let [before, after] = ["before", "after"].map(|side| presented(&change[side]));
        text += &format!("presents {}: {before} -> {after}\n", words(&change["id"]));
    }
    list(&answer["script"]).for_each(|line| text += &format!("PS> {}\n", words(line)));
    let text = written(section, before, patch, &text);
    Ok((answer, text))
}

/// What an endpoint answers, in few words.
fn presented(answer: &Value) -> String {
    let Some((kind, what)) = answer
        .as_object()
        .and_then(|answer| answer.iter().find(|(kind, _)| !["flags", "reason"].contains(&kind.as_str())))
    else {
        return "none".to_owned();
    };
    match kind.as_str() {
        "certificate" => list(&answer["flags"]).fold(words(what), |text, flag| format!("{text} {}", words(flag))),
        "one_of" => list(what).map(presented).collect::<Vec<_>>().join(" or "),
        _ => format!("{}: {}", kind.replace('_', " "), words(what)),
    }
}

const NOTHING: [&str; 0] = [];

fn pages() -> Vec<PathBuf> {
    let entries = fs::read_dir(in_package("tests/ordinary")).expect("the pages stand in tests/ordinary");
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).replace("\r\n", "\n")
}

#[test]
fn every_page_has_the_exact_answers() {
    for path in pages() {
        let page = read(&path);
        let (introduction, sections) = sections(&page);
        let name = path.file_stem().expect("a file has a name").to_string_lossy();
        assert!(introduction.starts_with(&format!("# {name}\n")), "{name}.md begins with its name");
        let mut text = format!("{}\n", introduction.trim_end());
        for section in &sections {
            let (_, answer) = answer(section).unwrap_or_else(|error| panic!("{name}.md: {}: {error}", section.heading));
            text += &answer;
        }
        expect_file![path].assert_eq(&text);
    }
}

/// The answer to a case of a page, with `<key>` for thumbprints.
struct Told(Value);

impl Told {
    fn by(page: &str, heading: &str) -> Self {
        let text = read(&in_package("tests/ordinary").join(page).with_extension("md"));
        let (_, sections) = sections(&text);
        let section = sections.iter().find(|section| section.heading == heading);
        let section = section.unwrap_or_else(|| panic!("{page}.md has no case `{heading}`"));
        Self(answer(section).expect("the case is a scenario").0)
    }

    fn is(&self, outcome: &str) -> bool {
        self.0["outcome"] == outcome
    }

    /// The rules that speak in one of these kinds.
    fn rules(&self, kinds: &[&str]) -> Vec<&str> {
        let said =
            list(&self.0["diagnostics"]).filter(|said| kinds.contains(&said["kind"].as_str().unwrap_or_default()));
        said.filter_map(|said| said["rule"].as_str()).collect()
    }

    /// The rules that speak against the request: what only informs is not among them.
    fn against(&self) -> Vec<&str> {
        self.rules(&["refuse", "decide", "warn"])
    }

    /// The rules about endpoints that speak, in whatever kind.
    fn endpoint_rules(&self) -> Vec<&str> {
        // They close the order of the rules, from this one on.
        let about: Vec<_> = RULES.iter().map(|rule| rule.id()).skip_while(|id| *id != "endpoint-fails").collect();
        assert!(about.contains(&"smtp-reaches-nothing"), "the rules about endpoints are the last ones");
        let mut said = self.rules(&["refuse", "decide", "warn", "follow-up", "note"]);
        said.retain(|rule| about.contains(rule));
        said
    }

    /// What a rule says, with its remedy.
    fn says(&self, rule: &str) -> String {
        let said = list(&self.0["diagnostics"]).find(|said| said["rule"] == rule);
        let said = said.unwrap_or_else(|| panic!("{rule} does not speak: {}", self.0));
        let mut text = String::new();
        print_finding(&mut text, said, "kind");
        text
    }

    fn script(&self) -> String {
        list(&self.0["script"]).map(|line| words(line) + "\n").collect()
    }

    /// What an endpoint presents afterwards.
    fn presents(&self, endpoint: &str) -> String {
        let found = list(&self.0["presented"]).find(|it| it["id"] == endpoint);
        presented(&found.unwrap_or_else(|| panic!("there is no {endpoint}: {}", self.0))["answer"])
    }
}

#[test]
fn a_usual_renewal_is_warned_of_by_nothing() {
    let told = Told::by("renewal", "the next one takes its place, and the default is kept");
    assert!(told.is("replaced"));
    assert_eq!(told.against(), NOTHING);
    // A note, since the certificate before it reached no connector either.
    assert_eq!(told.endpoint_rules(), ["smtp-reaches-nothing"]);
    assert!(told.says("smtp-reaches-nothing").starts_with("note "));
    for endpoint in ["https/1/*:443", "https/1/127.0.0.1:443", "imap", "pop"] {
        assert_eq!(told.presents(endpoint), "<new>", "{endpoint}");
    }
    assert_eq!(told.presents("https/2/*:444"), "<default> self-signed");
    assert_eq!(told.presents("internal"), "<default> self-signed");
}

#[test]
fn a_first_certificate_is_warned_of_at_smtp_alone() {
    let told = Told::by("first-certificate", "it is assigned to all that clients see, and the default is kept");
    assert!(told.is("assigned"));
    assert_eq!(told.endpoint_rules(), ["smtp-reaches-nothing"]);
    assert!(told.says("smtp-reaches-nothing").starts_with("warn "));
    // On a fresh server no client has been able to rely on the names of IMAP and POP.
    assert_eq!(told.against(), ["smtp-reaches-nothing"]);
    for endpoint in ["https/1/*:443", "https/1/127.0.0.1:443", "imap", "pop"] {
        assert_eq!(told.presents(endpoint), "<new>", "{endpoint}");
    }
}

#[test]
fn who_assigns_smtp_hears_which_connectors_go_on_with_the_self_signed_certificate() {
    let told = Told::by("first-certificate", "SMTP alone, later");
    assert!(told.is("assigned"));
    let said = told.says("smtp-reaches-nothing");
    let connectors = [
        "Receive connector `Default Frontend MBX01`",
        "Receive connector `Client Frontend MBX01`",
        "Receive connector `Default MBX01`",
        "Send connector `Internet`",
    ];
    for connector in connectors {
        assert!(said.contains(&format!("{connector}: <default> (self-signed)")), "{said}");
    }
    for name in ["Default Frontend MBX01", "Client Frontend MBX01"] {
        let command = format!(r"Set-ReceiveConnector -Identity 'MBX01\{name}' -TlsCertificateName '<I>CN=Contoso");
        assert!(said.contains(&command), "{said}");
    }
    // Between servers the self-signed one is as it should be.
    assert!(
        !said.contains(r"-Identity 'MBX01\Default MBX01'") && !said.contains("Outbound Proxy Frontend MBX01' -Tls")
    );
}

#[test]
fn a_wildcard_renewed_by_its_like_follows_by_name() {
    for heading in ["it is renewed by its like", "Exchange shows IMAP of the old one by its name"] {
        let told = Told::by("wildcard", heading);
        assert!(told.is("replaced"));
        assert_eq!(told.against(), NOTHING, "{heading}");
        assert!(told.endpoint_rules().is_empty(), "{:?}", told.endpoint_rules());
        assert_eq!(told.0["added"], "IIS, SMTP");
        assert!(told.says("served-by-name").starts_with("note "));
        assert!(
            told.says("restart-imap")
                .contains("Get-Service MSExchangeIMAP4,MSExchangeIMAP4BE | Where-Object Status -eq Running")
        );
        assert_eq!(told.presents("imap"), "<new>");
        assert!(!told.script().contains("IMAP"), "a wildcard certificate is not assigned to it: {}", told.script());
    }
    let both = Told::by("wildcard", "it is renewed by its like");
    assert!(
        both.says("restart-pop")
            .contains("Get-Service MSExchangePOP3,MSExchangePOP3BE | Where-Object Status -eq Running")
    );
    assert_eq!(both.presents("pop"), "<new>");
    // Where POP has the name of the server, it goes on with the self-signed one.
    let one = Told::by("wildcard", "Exchange shows IMAP of the old one by its name");
    assert!(!one.rules(&["follow-up"]).contains(&"restart-pop"));
    assert_eq!(one.presents("pop"), "<default> self-signed");
}

#[test]
fn the_only_certificate_of_the_default_web_site_is_not_removed() {
    let headings = [
        "the bindings are known",
        "the sites are known, and not the bindings",
        "neither is known: the self-signed one has the friendly name that setup gives",
        "it is replaced by one that does not take over IIS",
    ];
    for heading in headings {
        let told = Told::by("web-site", heading);
        assert!(told.is("refused"), "{heading}");
        assert_eq!(told.against(), ["endpoint-fails"], "{heading}");
        let said = told.says("endpoint-fails");
        assert!(
            said.starts_with("refuse ") && said.contains("443 of the Default Web Site: <old> -> nothing"),
            "{said}"
        );
    }
}

#[test]
fn the_self_signed_certificate_of_the_back_end_takes_the_default_web_site_only_by_an_assignment() {
    let told = Told::by("web-site", "the self-signed one takes its place");
    assert!(told.is("replaced"));
    assert_eq!(told.0["added"], "IIS");
    assert!(told.script().contains("Enable-ExchangeCertificate -Thumbprint <default> -Services IIS"));
    assert_eq!(told.presents("https/1/*:443"), "<default> name self-signed");
}

#[test]
fn the_exchange_back_end_is_not_passed_on_and_it_is_said_how_to_bind_another_certificate() {
    let told = Told::by("back-end", "a new self-signed one is to take its place");
    assert!(told.is("refused"));
    assert_eq!(told.rules(&["refuse"]), ["removes-back-end-certificate"]);
    assert_eq!(told.0["assignable"], "IMAP, POP, SMTP");
    let said = told.says("removes-back-end-certificate");
    assert!(said.contains("-Port 444") && said.contains(r"Cert:\LocalMachine\Root"), "{said}");
}

#[test]
fn a_connector_of_two_servers_is_warned_of_and_the_other_server_keeps_its_own_connectors() {
    let told = Told::by("connector-of-two-servers", "the name of the connector moves");
    assert!(told.is("replaced"));
    assert_eq!(told.against(), ["send-server-lacks"]);
    let said = told.says("send-server-lacks");
    assert!(said.contains("`Outbound to Office 365`") && said.contains("`MBX02`"), "{said}");
    let script = told.script();
    assert!(script.contains("Set-SendConnector -Identity 'Outbound to Office 365' -TlsCertificateName '<I>CN=R12"));
    assert!(script.contains(r"Set-ReceiveConnector -Identity 'MBX01\Default Frontend MBX01'"));
    assert!(!script.contains("MBX02"), "{script}");
}

#[test]
fn what_alone_covers_the_name_of_a_connector_is_not_removed() {
    let told = Told::by("connector-by-fqdn", "what alone covers the FQDN is removed");
    assert!(told.is("refused"));
    assert_eq!(told.against(), ["endpoint-fails"]);
    let said = told.says("endpoint-fails");
    assert!(said.contains("Receive connector `Client Frontend MBX01`: <old> -> nothing: STARTTLS"), "{said}");
}

#[test]
fn an_imported_certificate_takes_over_connectors_before_smtp_is_assigned() {
    let told = Told::by("imported", "it is assigned to IIS alone");
    assert!(told.is("assigned"));
    assert_eq!(told.against(), ["import-takes-over"]);
    let said = told.says("import-takes-over");
    assert!(said.contains("`Default Frontend MBX01`: <new> (key-unreadable)"), "{said}");
    assert!(said.contains("`Outbound to Office 365`: <new> (key-unreadable)"), "{said}");
    assert!(said.contains("Enable-ExchangeCertificate -Thumbprint <new> -Services SMTP -Server MBX01"), "{said}");

    let told = Told::by("imported", "SMTP is assigned with it");
    assert_eq!(told.against(), NOTHING);
    assert_eq!(told.presents(r"receive/MBX01\Default Frontend MBX01"), "<new>");
}

#[test]
fn a_key_on_an_elliptic_curve_is_warned_of_and_its_provider_is_as_it_should_be() {
    let told = Told::by("elliptic-curve", "it is assigned to all that clients see");
    assert!(told.is("assigned"));
    assert_eq!(told.against(), ["ecc-key", "smtp-reaches-nothing"]);
    let said = told.says("ecc-key");
    assert!(said.contains("EnableEccCertificateSupport -Value 1 -PropertyType String"), "{said}");
    let told = Told::by("elliptic-curve", "an RSA key that is kept there too is refused to IIS");
    assert!(told.is("refused"));
    assert_eq!(told.rules(&["refuse"]), ["cng-key"]);
    assert_eq!(told.0["assignable"], "SMTP");
}

#[test]
fn the_subscription_is_created_again_where_the_default_of_an_edge_server_moves() {
    let told = Told::by("edge-default", "it becomes the default");
    assert!(told.is("assigned"));
    let said = told.says("recreate-edge-subscription");
    assert!(said.starts_with("follow-up ") && said.contains("which the request replaces"), "{said}");
    assert!(said.contains("Start-EdgeSynchronization -ForceFullSync"), "{said}");
    assert_eq!(told.presents("edgesync"), "<new>");
    // The self-signed certificate that stays beside it is no reason.
    let told = Told::by("edge-default", "the default is kept");
    assert!(!told.rules(&["follow-up"]).contains(&"recreate-edge-subscription"));
    assert_eq!(told.presents("edgesync"), "<default> self-signed");
}

#[test]
fn smtp_is_not_assigned_beside_a_connector_on_whose_fqdn_exchange_fails() {
    let told = Told::by("relay-connector", "SMTP is assigned");
    assert!(told.is("refused"));
    assert_eq!(told.rules(&["refuse"]), ["connector-fqdn-invalid"]);
    assert_eq!(told.0["assignable"], "IIS");
    let said = told.says("connector-fqdn-invalid");
    assert!(said.contains(r"Set-ReceiveConnector -Identity 'MBX01\Relay app' -Fqdn <its host name>"), "{said}");
}

#[test]
fn who_manages_one_server_hears_which_commands_are_the_organisations() {
    for heading in ["the new certificate is assigned", "it takes the place of the old one"] {
        let told = Told::by("partial-permission", heading);
        let said = told.says("permission-partial");
        assert!(said.starts_with("warn ") && said.contains("Set-SendConnector and Set-HybridConfiguration"), "{said}");
        assert!(told.says("update-hybrid").contains("Hybrid Configuration wizard"), "{heading}");
    }
    let told = Told::by("partial-permission", "it takes the place of the old one");
    assert!(told.script().contains("Set-SendConnector") && told.script().contains("Set-HybridConfiguration"));
}

#[test]
fn a_certificate_without_a_key_is_removed_from_the_store_of_its_computer() {
    let told = Told::by("keyless", "it is removed");
    assert!(told.is("removed"));
    assert_eq!(told.against(), ["removes-keyless"]);
    let removal = r"Invoke-Command -ComputerName MBX01 -ScriptBlock { Remove-Item Cert:\LocalMachine\My\<new> }";
    assert_eq!(told.script().trim_end(), removal);
}
