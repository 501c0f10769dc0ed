//! The reports of the example `audit`: text, JSON, page and calendar, and the exit statuses.

#[path = "report/calendar.rs"]
mod calendar;
#[path = "support"]
mod support {
    pub mod example;
    pub mod factory;
    pub mod organization;
}

use std::path::{Path, PathBuf};
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::{Fleet, rfc3339};
use expect_test::expect_file;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::example::run;
use support::factory::CertificateFactory;
use support::organization::{NOW, back_end, base64, healthy, hostile, installed, mail, organization, own};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data").join(name)
}

/// A folder of a test's own.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn file(test: &str, name: &str, text: &str) -> String {
    let path = folder(test).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn audit(arguments: &[&str]) -> Output {
    run("audit", arguments)
}

/// The page, and what was printed beside it.
fn page(test: &str, scenario: &Value) -> (String, Output) {
    let input = file(test, "scenario.json", &scenario.to_string());
    let html = folder(test).join("page.html");
    let output = audit(&[&input, "--html", html.to_str().unwrap()]);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (std::fs::read_to_string(html).unwrap(), output)
}

/// What stands between the only opening tag and its end.
fn content<'a>(page: &'a str, element: &str) -> &'a str {
    let tag = format!("<{element}>");
    let mut parts = page.split(&tag);
    let after = parts.nth(1).unwrap_or_else(|| panic!("there is no {element}"));
    assert!(parts.next().is_none(), "there is more than one {element}");
    after.split(&format!("</{element}>")).next().unwrap()
}

/// The tags of a page, without its script and style. No attribute holds a `>` that ends no tag.
fn tags(page: &str) -> Vec<&str> {
    let script = content(page, "script");
    let style = content(page, "style");
    let mut tags = Vec::new();
    for part in page.split(script).flat_map(|part| part.split(style)) {
        tags.extend(part.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()));
    }
    tags
}

/// The names and values of a tag's attributes.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut rest = tag.split_once(' ').map_or("", |(_, rest)| rest);
    let mut attributes = Vec::new();
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap();
        attributes.push((name.rsplit(' ').next().unwrap(), value));
        rest = after;
    }
    attributes
}

#[test]
fn the_organization_of_the_readme_is_audited() {
    expect_file![data("organization.json")].assert_eq(&format!("{:#}\n", organization()));
    let output = audit(&["examples/data/organization.json"]);
    let printed = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/audit.txt");
    expect_file![expected].assert_eq(&format!("{printed}exit status {}\n", output.status.code().unwrap()));
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let console = readme.split("```console\n$ cargo run --example audit -- ").nth(1).unwrap();
    let mut lines = printed.lines();
    for shown in console.lines().skip(1).take_while(|line| *line != "```").filter(|line| *line != "…") {
        assert!(lines.any(|line| line == shown), "{shown:?} is not printed there");
    }
}

#[test]
fn the_exit_status_tells_whether_something_is_high() {
    let well = file("status", "well.json", &healthy().to_string());
    let output = audit(&[&well, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["findings"], json!([]));
    assert_eq!(audit(&[&well, "--now", "2027-03-01"]).status.code(), Some(0), "what expires soon is of low severity");
    assert_eq!(audit(&[&well, "--now", "2027-04-20"]).status.code(), Some(1));
    assert_eq!(audit(&["examples/data/organization.json"]).status.code(), Some(1));
}

#[test]
fn bad_input_is_one_line_and_prints_nothing() {
    let well = file("bad", "well.json", &healthy().to_string());
    let other_time = file("bad", "other.json", &json!({ "now": "2026-11-25T00:00:00Z", "servers": [] }).to_string());
    let mut damaged = healthy();
    damaged["server"]["certificates"][1]["services"] = json!("IIS, SMPT");
    let damaged = file("bad", "damaged.json", &damaged.to_string());
    let neither = file("bad", "neither.json", r#"{ "now": "2026-11-25T00:00:00Z" }"#);
    let unknown = file("bad", "unknown.json", r#"{ "servers": [], "sever": {} }"#);
    let text = file("bad", "text.txt", "nothing that is read");
    let cases: [(&[&str], &str); 10] = [
        (&["missing.json"], "missing.json: "),
        (&[&damaged], "damaged.json: server.certificates[1].services: "),
        (&[&neither], "neither.json: server: "),
        (&[&unknown], "unknown.json: sever: "),
        (&[&text], "text.txt"),
        (&[&well, &other_time], "other.json: now: "),
        (&[&well, &well], "well.json: name: there is a server `MBX01` already, in "),
        (&[&well, "--now", "24.11.2026"], "--now: `24.11.2026`"),
        (&[&well, "--html", "no/such/folder/page.html"], "no/such/folder/page.html: "),
        (&[], "FILE"),
    ];
    for (arguments, expected) in cases {
        let output = audit(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_date_on_the_command_line_is_its_midnight_and_overrides_the_file() {
    let now = |text: &str| {
        let output = audit(&["examples/data/organization.json", "--json", "--now", text]);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["now"].clone()
    };
    assert_eq!(now("2027-01-31"), "2027-01-31T00:00:00Z");
    assert_eq!(now("2027-01-31T01:30:00+01:00"), "2027-01-31T00:30:00Z");
    let output = audit(&["examples/data/organization.json", "--json"]);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["now"], NOW);
}

#[test]
fn what_was_not_read_stands_first_and_is_an_exit_status_of_its_own() {
    let mut scenario = healthy();
    scenario["server"]["not_read"] =
        json!([{ "what": "send-connectors", "message": "<b>\u{202e}It is down." }, "receive-connectors", "imap"]);
    let well = file("not-read", "well.json", &scenario.to_string());
    let output = audit(&[&well]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines().skip(2);
    for expected in [
        "Not read, and so not judged",
        r"  - the Send connectors answered: <b>\u{202e}It is down.",
        "    Get-SendConnector",
        "  - the Receive connectors of MBX01",
        "    Get-ReceiveConnector",
    ] {
        assert_eq!(lines.next(), Some(expected), "{text}");
    }
    let (page, _) = page("not-read", &scenario);
    let section = page.split("<section id=\"not-read\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(
        section.contains("the Send connectors") && section.contains("Get-SendConnector") && !section.contains("<b>")
    );
    assert!(page.find("id=\"not-read\"") < page.find("id=\"findings\""));

    let row = |server: Option<&str>, what, message: Option<&str>| json!({ "server": server, "what": what, "message": message });
    let answer: Value = serde_json::from_slice(&audit(&[&well, "--json"]).stdout).unwrap();
    let expected = [
        row(None, "send-connectors", Some("<b>\u{202e}It is down.")),
        row(Some("MBX01"), "receive-connectors", None),
        row(Some("MBX01"), "imap", None),
    ];
    assert_eq!(answer["not_read"], json!(expected));

    scenario["server"]["not_read"] = json!(["imap", "web-bindings"]);
    let settings = file("not-read", "settings.json", &scenario.to_string());
    assert_eq!(audit(&[&settings]).status.code(), Some(0), "these are facts of their own");
    scenario["server"]["not_read"] = json!(["certificates"]);
    let down = file("not-read", "down.json", &scenario.to_string());
    let output = audit(&[&down, "--now", "2027-04-20", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &answer["findings"]), (Some(2), &json!([])), "what was not read has no finding");
}

#[test]
fn where_nothing_could_be_judged_nothing_is_in_order() {
    let text = |output: Output| String::from_utf8(output.stdout).unwrap();
    let nothing = json!({ "now": NOW, "servers": [] });
    let mut unknown = healthy();
    for installed in unknown["server"]["certificates"].as_array_mut().unwrap() {
        installed["services"] = json!(null);
    }
    let mut down = healthy();
    down["server"]["not_read"] = json!(["certificates"]);
    for (name, scenario) in [("nothing", &nothing), ("unknown", &unknown), ("down", &down)] {
        let input = file("not-judged", &format!("{name}.json"), &scenario.to_string());
        let output = audit(&[&input]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(text(output).contains("\nNothing could be judged\n"), "{name}");
        let (page, _) = page("not-judged", scenario);
        assert!(page.contains("Nothing could be judged") && !page.contains("Nothing was found"), "{name}");
    }
    // One of two is enough to be judged, and the other one still counts.
    unknown["server"]["certificates"][0]["services"] = json!("IIS, SMTP");
    let input = file("not-judged", "one.json", &unknown.to_string());
    let output = audit(&[&input]);
    assert_eq!(output.status.code(), Some(0), "of some certificates it is known");
    assert!(!text(output).contains("Nothing could be judged"));
    let table = "Thumbprint                                Services   Subject\n----------                                --------   -------\n\
        5113AE0233A72FCCB75B1D0198628675333D010E  IP.WS..    CN=mail.contoso.com\n";
    let table = file("not-judged", "table.txt", table);
    let output = audit(&[&table, "--now", "2026-11-24"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(output).contains("\nNothing could be judged\n"), "text alone is not judged");
}

#[test]
fn a_policy_is_given_beside_the_files() {
    let mut scenario = healthy();
    scenario["server"]["version"] = json!("2019");
    let input = file("policy-file", "server.json", &scenario.to_string());
    let with = |policy: Value| {
        let policy = file("policy-file", "policy.json", &policy.to_string());
        let output = audit(&[&input, "--policy", &policy, "--json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), answer, String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(with(json!({})).0, Some(0));
    let (status, answer, _) = with(json!({ "raise": { "audit-out-of-support": "high" } }));
    assert_eq!((status, &answer["findings"][0]["severity"]), (Some(1), &json!("high")));
    let (status, answer, _) = with(json!({ "silence": ["audit-out-of-support"] }));
    assert_eq!((status, &answer["findings"]), (Some(0), &json!([])));
    let due = |policy| with(policy).1["agenda"][0]["due"].clone();
    assert_eq!(due(json!({})), "2027-02-18T00:00:00Z");
    assert_eq!(due(json!({ "expires_soon_days": 66 })), "2027-02-12T00:00:00Z");
    let (status, _, error) = with(json!({ "silence": ["audit-expired"] }));
    assert_eq!(status, Some(3));
    assert!(error.contains("policy.json: `audit-expired` cannot be silenced"), "{error}");
    assert_eq!(audit(&[&input, "--policy", "missing.json"]).status.code(), Some(3));
}

#[test]
fn what_takes_the_place_of_a_certificate_is_assigned_on_each_server() {
    let servers = ["MBX01", "MBX02"].map(|name| {
        let mut server = healthy()["server"].take();
        server["name"] = json!(name);
        let next = mail("2026-11-01T00:00:00Z", "2027-06-19T00:00:00Z");
        server["certificates"].as_array_mut().unwrap().push(installed(&next, "mail 2026-12", "None"));
        server
    });
    let input = file("successor", "scenario.json", &json!({ "now": NOW, "servers": servers }).to_string());
    let text = String::from_utf8(audit(&[&input, "--now", "2027-03-01"]).stdout).unwrap();
    let assigned = |server: &str| text.contains(&format!("-Services IIS -Server {server}\n"));
    assert!(assigned("MBX01") && assigned("MBX02") && !text.contains("GenerateRequest"), "{text}");
}

#[test]
fn what_follows_from_a_cause_is_shown_with_it() {
    let (page, output) = page("consequences", &organization());
    let text = String::from_utf8(output.stdout).unwrap();
    let of_default = text.split("\n\n").find(|part| part.contains("audit-expired on MBX02 (IIS, SMTP)")).unwrap();
    assert!(of_default.contains("\n  hence audit-default-smtp-expired: the default SMTP certificate "), "{of_default}");
    assert!(!text.contains("low audit-default-smtp-expired"));
    let consequences = page.split("<ul class=\"consequences\">").nth(1).unwrap().split("</ul>").next().unwrap();
    assert!(consequences.contains("<code>audit-default-smtp-expired</code>"), "{consequences}");
}

#[test]
fn the_json_is_what_the_library_says() {
    let output = audit(&["examples/data/organization.json", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fleet: Fleet = serde_json::from_value(organization()["servers"].clone()).unwrap();
    let now = rfc3339::parse(NOW).unwrap();
    let expected = exchange_certificates::audit(&fleet, now);
    assert_eq!(
        answer.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["agenda", "certificates", "findings", "format", "not_read", "now"]
    );
    assert_eq!(answer["certificates"], serde_json::to_value(&expected.certificates).unwrap());
    assert_eq!(answer["findings"], serde_json::to_value(&expected.findings).unwrap());
    let due: Vec<_> = answer["agenda"].as_array().unwrap().iter().map(|item| item["due"].as_str().unwrap()).collect();
    // The first two have expired; the next three are due already, and can still be made in time.
    let expected = [
        "2026-08-31T08:00:00Z",
        "2026-09-06T00:00:00Z",
        "2026-10-16T09:00:00Z",
        "2026-11-06T00:00:00Z",
        "2026-11-17T00:00:00Z",
        "2027-02-18T00:00:00Z",
    ];
    assert_eq!(due, expected);
}

#[test]
fn a_request_is_not_looked_at_and_files_add_up() {
    let whole = audit(&["examples/data/organization.json", "--json"]).stdout;
    let mut paths = Vec::new();
    for (index, server) in organization()["servers"].as_array().unwrap().iter().enumerate() {
        let scenario = json!({ "now": NOW, "server": server, "policy": {}, "request": { "not": ["looked", "at"] } });
        paths.push(file("parts", &format!("{index}.json"), &scenario.to_string()));
    }
    let mut arguments: Vec<_> = paths.iter().map(String::as_str).rev().collect();
    arguments.push("--json");
    assert_eq!(audit(&arguments).stdout, whole);
}

#[test]
fn exports_and_scenarios_are_audited_together() {
    let served = mail("2026-04-20T00:00:00Z", "2026-11-05T00:00:00Z");
    let row = json!({ "Thumbprint": served.build().thumbprint(), "Services": "IIS, SMTP", "RawData": base64(&served) });
    let export = file("mixture", "export.json", &json!([row]).to_string());
    let loose = CertificateFactory::new("loose.contoso.com");
    let loose_file = folder("mixture").join("loose.cer");
    std::fs::write(&loose_file, loose.build_der()).unwrap();
    let scenario = file("mixture", "scenario.json", &healthy().to_string());
    let output = audit(&[&export, loose_file.to_str().unwrap(), &scenario, "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{answer:#}");
    let findings = answer["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "what no file tells is not judged: {answer:#}");
    assert_eq!(findings[0]["rule"], "audit-expired");
    assert_eq!(findings[0]["thumbprint"], json!(served.build().thumbprint()));
    assert_eq!(answer["certificates"].as_array().unwrap().len(), 4);
    assert_eq!(answer["notes"].as_array().unwrap().len(), 2, "{answer:#}");
}

#[test]
fn exports_may_be_said_to_be_complete_and_what_is_left_out_of_them_is_noted() {
    let connector = r#"<Objs><Obj><TN><T>Microsoft.Exchange.Data.Directory.SystemConfiguration.SmtpSendConnectorConfig</T></TN>
        <Props><S N="Name">Out_x001B_bound</S></Props></Obj></Objs>"#;
    let export = file("complete", "export.xml", connector);
    for arguments in [vec![export.as_str(), "--json"], vec![export.as_str(), "--json", "--complete"]] {
        let output = audit(&arguments);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let note = answer["notes"][0].as_str().unwrap();
        assert!(note.starts_with("left out: ") && note.ends_with("is the control character U+001B."), "{note}");
    }
}

#[test]
fn the_exports_of_the_corpus_have_the_expected_findings() {
    let Some(corpus) = std::env::var_os("EXCHANGE_CORPUS") else {
        println!("skipped: EXCHANGE_CORPUS names no folder");
        return;
    };
    let files = std::fs::read_dir(Path::new(&corpus).join("exchange")).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path().to_str().unwrap().to_owned()).collect();
    files.sort();
    let arguments: Vec<_> = files.iter().map(String::as_str).chain(["--json", "--now", "2026-11-24"]).collect();
    let output = audit(&arguments);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let found = |rule: &str| {
        let consequences = |finding: &Value| finding["consequences"].as_array().cloned().unwrap_or_default();
        let says = |finding: &&Value| {
            finding["rule"] == rule || consequences(finding).iter().any(|consequence| consequence["rule"] == rule)
        };
        let findings = answer["findings"].as_array().unwrap().iter().filter(says);
        findings
            .map(|finding| {
                let thumbprint = finding["thumbprint"].as_str().map_or("", |thumbprint| &thumbprint[..8]);
                format!("{} {thumbprint}", finding["server"].as_str().unwrap()).trim_end().to_owned()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("audit-expired"),
        [
            "E2k16-1 F57DEA0E",
            "E2k16-1 EEA2F1BD",
            "SOLO-E16A 92E196F3",
            "SOLO-E16A 823884A3",
            "SOLO-E19A 6C7DE09F",
            "SOLO-E19A C3EDCF18",
            "WIN-CTD3L0RGEN4 611C687D",
        ]
    );
    assert_eq!(found("audit-connector-certificate-missing"), ["ex-02"]);
    assert_eq!(found("audit-out-of-support"), ["SOLO-E16A", "SOLO-E19A"]);
}

#[test]
fn the_page_runs_only_its_own_script_and_loads_nothing() {
    let (page, _) = page("policy", &organization());
    let policies: Vec<_> = tags(&page).into_iter().filter(|tag| tag.contains("Content-Security-Policy")).collect();
    assert_eq!(policies.len(), 1);
    let hash = |element| STANDARD.encode(Sha256::digest(content(&page, element).as_bytes()));
    let expected = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash("script"),
        hash("style")
    );
    let policy = attributes(policies[0]).into_iter().find(|(name, _)| *name == "content").unwrap().1;
    assert_eq!(policy, expected);
    for tag in tags(&page) {
        for (name, value) in attributes(tag) {
            assert!(name != "style" && !name.starts_with("on"), "{tag}");
            assert!(name != "src" && name != "srcset" && name != "action", "{tag}");
            assert!(name != "href" || value.starts_with('#'), "{tag}");
        }
        let name = tag.split([' ', '/']).next().unwrap();
        assert!(!["link", "base", "iframe", "object", "embed", "img", "form"].contains(&name), "{tag}");
    }
    assert!(!page.contains("://") && !page.contains("@import"));
    // The only references of the style are to what the page draws itself.
    for reference in content(&page, "style").split("url(").skip(1) {
        assert!(reference.starts_with("\"#"), "{reference}");
    }
    let head = page.split("</head>").next().unwrap();
    let place = |text: &str| head.find(text).unwrap();
    assert!(place("Content-Security-Policy") < place("<style>"), "a policy holds for what follows it");
}

#[test]
fn every_id_that_the_page_links_to_is_there_once() {
    let (page, _) = page("links", &organization());
    let mut ids = Vec::new();
    let mut named = Vec::new();
    for (name, value) in tags(&page).into_iter().flat_map(attributes) {
        match name {
            "id" => ids.push(value),
            "href" => named.push(&value[1..]),
            "aria-labelledby" | "aria-describedby" | "data-tools" => named.push(value),
            _ => {}
        }
    }
    for name in &named {
        assert!(ids.contains(name), "nothing has the id {name}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id stands twice");
    assert!(page.contains("<html lang=\"en\">"));
    assert_eq!(page.matches("<h1").count(), 1);
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
}

#[test]
fn hostile_names_come_out_escaped() {
    let (page, output) = page("hostile", &hostile());
    assert_eq!(output.status.code(), Some(1));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("\\u{202e}") && page.contains("\\u{7}"));
    assert!(!page.contains("<script>alert") && !page.contains("alert(1)</script>"));
    let is_hidden = |character: char| character.is_control() && character != '\n' || character == '\u{202E}';
    assert!(!page.contains(is_hidden));
    assert_eq!(page.matches("<script").count(), 1);
    for tag in tags(&page) {
        assert!(attributes(tag).iter().all(|(name, _)| !name.starts_with("on")), "{tag}");
    }
    let copied: Vec<_> = page.split("data-copied>").skip(1).map(|text| text.split("</code>").next().unwrap()).collect();
    assert!(copied.iter().any(|command| command.contains("[char]8238")), "{copied:?}");
    assert!(copied.iter().all(|command| !command.contains("\\u{202e}")), "{copied:?}");

    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(is_hidden) && text.contains("\\u{202e}"));
}

#[test]
fn the_page_of_a_large_fleet_is_small_enough_to_read() {
    let shared = mail("2026-04-20T00:00:00Z", "2026-11-05T00:00:00Z");
    let servers: Vec<_> = (0..600)
        .map(|index| {
            let name = format!("MBX{index:04}");
            let own = own(&name, "2025-09-01T08:00:00Z", "2030-09-01T08:00:00Z");
            json!({ "name": name, "version": "2019", "roles": ["Mailbox"], "default_smtp": own.build().thumbprint(),
                "connectors": [{ "kind": "Receive", "name": name, "fqdn": "relay.contoso.com" }],
                "certificates": [back_end(&own), installed(&shared, "mail", "IIS")] })
        })
        .collect();
    let (page, _) = page("large", &json!({ "now": NOW, "servers": servers }));
    assert!(page.contains("350 servers of 600 are left out here"));
    assert!(page.contains("351 certificates of 601 are left out here"));
    assert!(page.contains("audit FILE… --json"));
    assert!(page.contains("and 588 more"), "what is the same on every server is said once");
    assert!(page.contains("352 findings of 602 are left out here"));
    assert!(page.contains("has been out of support"), "what is said of each server does not crowd it out");
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
}
