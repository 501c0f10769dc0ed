//! Each question that fails, fails half way or cannot be asked, in turn.

use crate::plain::PLAIN;
use crate::support::shell::Situation;
use crate::support::stand_in::Organization;
use crate::support::written::{Record, questions};
use crate::{collected, read, situations as all_situations};

/// An error beside whatever came; what ends the cmdlet takes the same way, and is tried where it is asked once.
const WAYS: [&str; 4] = ["error", "half", "throw", "half-throw"];
const FAILED: &str = "The RPC server is unavailable.";
const ABSENT: &str = "this shell, or your role in it, lacks the cmdlet";
const NOT_ASKED: &str = "not asked because Get-ExchangeCertificate failed";

/// A line of what is asked.
#[derive(Clone, Copy)]
struct Asked<'a> {
    line: &'a str,
    server: &'a str,
    cmdlet: &'a str,
    about: Option<&'a str>,
    count: usize,
}

fn asked() -> impl Iterator<Item = Asked<'static>> {
    PLAIN.lines().filter(|line| !line.contains("elsewhere")).map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        let about = words[2].strip_prefix('[').and_then(|about| about.strip_suffix(']'));
        let count = words.last().unwrap().parse().unwrap();
        Asked { line, server: words[0], cmdlet: words[1], about, count }
    })
}

/// The questions that fail in turn: those of the organisation and of one server.
fn in_turn() -> impl Iterator<Item = Asked<'static>> {
    asked().filter(|asked| asked.server != "MBX02")
}

fn ways(asked: &Asked<'_>) -> &'static [&'static str] {
    if asked.server == "-" || asked.cmdlet == "Get-ExchangeCertificate" || asked.about.is_some() {
        &WAYS
    } else {
        &WAYS[..2]
    }
}

fn name(asked: &Asked<'_>, how: &str) -> String {
    format!("{how}: {}", asked.line)
}

fn cmdlets() -> Vec<&'static str> {
    let mut cmdlets: Vec<_> = asked().map(|asked| asked.cmdlet).filter(|cmdlet| *cmdlet != "Invoke-Command").collect();
    cmdlets.sort_unstable();
    cmdlets.dedup();
    cmdlets
}

pub fn situations() -> Vec<Situation> {
    let mut situations = Vec::new();
    for asked in in_turn() {
        let server = (asked.server != "-").then_some(asked.server);
        let domain = asked.about.filter(|_| asked.cmdlet == "Get-ExchangeCertificate");
        for how in ways(&asked) {
            let failure = serde_json::json!({ "cmdlet": asked.cmdlet, "server": server, "domain": domain, "how": how,
                "message": "The RPC\tserver\r\n is unavailable.\u{85}" });
            situations.push(Situation::new(name(&asked, how), Organization::new().fails_with(failure)));
        }
    }
    for cmdlet in cmdlets() {
        situations.push(Situation::new(format!("missing: {cmdlet}"), Organization::new().missing(cmdlet)));
    }
    let neither = Organization::new().missing("Get-ClientAccessService").missing("Get-ClientAccessServer");
    situations.push(Situation::new("missing: both", neither));
    let inside = Organization::new().fails("Get-WebBinding", Some("MBX01"), "error");
    situations.push(Situation::new("error: inside", inside));
    situations.push(Situation::new("warning", Organization::new().fails("Get-SendConnector", None, "warning")));
    let silent =
        serde_json::json!({ "cmdlet": "Get-SendConnector", "server": null, "how": "error", "message": "\r\n" });
    situations.push(Situation::new("error: without a word", Organization::new().fails_with(silent)));
    situations
}

/// What is to stand in the file, where one question comes to something else.
fn expected(change: impl Fn(&Asked<'_>) -> Option<String>, gone: impl Fn(&Asked<'_>) -> bool, edge: bool) -> String {
    let mut lines = String::new();
    for asked in asked().filter(|asked| !gone(asked)) {
        let (before, _) = asked.line.rsplit_once(" read").unwrap();
        lines += &change(&asked).map_or_else(|| asked.line.to_owned(), |end| format!("{before} {end}"));
        lines += "\n";
    }
    for line in PLAIN.lines().filter(|line| edge && line.contains("elsewhere")) {
        lines += line;
        lines += "\n";
    }
    lines
}

/// The host names that nobody asks for where connectors were not read.
fn unasked(connectors: &str, server: &str, asked: &Asked<'_>) -> bool {
    match (connectors, asked.about) {
        ("Get-SendConnector", Some(about)) => about == "mail.contoso.com",
        ("Get-ReceiveConnector", Some(about)) => asked.server == server && about.starts_with("mbx0"),
        _ => false,
    }
}

#[test]
fn a_question_that_fails_touches_no_other() {
    for failing in in_turn() {
        for how in ways(&failing) {
            let Some(records) = read(&name(&failing, how)) else { return };
            let is_half = how.starts_with("half");
            let came = if is_half { failing.count.div_ceil(2) } else { 0 };
            let follows = |asked: &Asked<'_>| {
                failing.cmdlet == "Get-ExchangeCertificate"
                    && failing.about.is_none()
                    && asked.server == failing.server
                    && asked.about.is_some()
            };
            let change = |asked: &Asked<'_>| {
                if asked.line == failing.line {
                    Some(format!("failed {came}: {FAILED}"))
                } else {
                    follows(asked).then(|| format!("failed 0: {NOT_ASKED}"))
                }
            };
            let nothing = failing.cmdlet == "Get-ExchangeServer" && came == 0;
            let gone = |asked: &Asked<'_>| {
                came == 0 && unasked(failing.cmdlet, failing.server, asked) || nothing && asked.line != failing.line
            };
            let expected = expected(change, gone, failing.cmdlet != "Get-ExchangeServer");
            assert_eq!(questions(&records), expected, "{how}: {}", failing.line);
        }
    }
}

#[test]
fn a_cmdlet_that_is_missing_touches_no_other() {
    for cmdlet in cmdlets() {
        let Some(records) = read(&format!("missing: {cmdlet}")) else { return };
        let change = |asked: &Asked<'_>| (asked.cmdlet == cmdlet).then(|| format!("absent 0: {ABSENT}"));
        let nothing = cmdlet == "Get-ExchangeServer";
        let gone = |asked: &Asked<'_>| unasked(cmdlet, asked.server, asked) || nothing && asked.cmdlet != cmdlet;
        let mut expected = expected(change, gone, !nothing);
        if cmdlet == "Get-ClientAccessService" {
            // The other one of the two is there.
            expected = PLAIN.replace(cmdlet, "Get-ClientAccessServer");
        }
        assert_eq!(questions(&records), expected, "{cmdlet}");
    }
    let Some(records) = read("missing: both") else { return };
    let change = |asked: &Asked<'_>| (asked.cmdlet == "Get-ClientAccessService").then(|| format!("absent 0: {ABSENT}"));
    assert_eq!(questions(&records), expected(change, |_| false, true));
}

#[test]
fn a_server_whose_certificates_failed_is_not_made_to_wait_for_again() {
    for how in WAYS {
        let failing = in_turn().find(|asked| asked.line.starts_with("MBX01 Get-ExchangeCertificate read")).unwrap();
        let Some(collected) = collected(&name(&failing, how)) else { return };
        let again = |call: &&String| call.contains("-DomainName") && call.contains("MBX01") || call.contains("mbx01");
        assert_eq!(collected.calls.iter().filter(again).count(), 0, "{:#?}", collected.calls);
        assert!(collected.calls.contains(&"Get-ImapSettings -Server MBX01".to_owned()));
        assert!(
            collected
                .calls
                .contains(&"Invoke-Command -ComputerName mbx02.contoso.com -ScriptBlock Get-WebBinding".to_owned())
        );
    }
}

#[test]
fn an_error_on_the_other_computer_is_one_of_the_question() {
    let Some(records) = read("error: inside") else { return };
    let expected = format!("MBX01 Invoke-Command [Get-WebBinding] failed 0: {FAILED}\n");
    assert!(questions(&records).contains(&expected), "{}", questions(&records));
}

#[test]
fn a_failure_always_has_a_message_and_a_warning_is_none() {
    let Some(records) = read("error: without a word") else { return };
    assert!(
        questions(&records).contains("- Get-SendConnector failed 0: no reason was given\n"),
        "{}",
        questions(&records)
    );
    let Some(records) = read("warning") else { return };
    assert_eq!(questions(&records), PLAIN);
    assert!(collected("warning").unwrap().said.contains("warning: The RPC server"));
}

#[test]
fn an_order_that_is_cut_short_is_not_written() {
    let failing = in_turn().find(|asked| asked.about == Some("mbx01.contoso.com")).unwrap();
    let Some(records) = read(&name(&failing, "half")) else { return };
    let selections: Vec<_> =
        records.iter().filter(|record| record.is("Selection")).map(|record| record.shown("Fqdn")).collect();
    assert_eq!(selections, ["mail.contoso.com", "mbx02.contoso.com"]);
}

#[test]
fn as_many_answers_stand_in_a_file_as_its_questions_count() {
    for situation in all_situations() {
        let Some(collected) = collected(&situation.name) else { return };
        let Some(file) = collected.file.as_ref().filter(|file| file.starts_with(b"<Objs")) else { continue };
        let records = crate::records(file);
        let count = |wanted: &dyn Fn(&str, &str) -> bool| -> usize {
            let questions = records.iter().filter(|record| record.is("Question"));
            let asked = questions.filter(|record| wanted(&record.shown("Cmdlet"), &record.shown("About")));
            asked.map(|record| record.shown("Count").parse::<usize>().unwrap()).sum()
        };
        let of = |kind: &str| records.iter().filter(|record| record.is(kind)).count();
        let name = &situation.name;
        assert_eq!(
            count(&|cmdlet, about| cmdlet == "Get-ExchangeCertificate" && about == "-"),
            of("Certificate"),
            "{name}"
        );
        assert_eq!(count(&|_, about| about == "Get-WebBinding"), of("WebBinding"), "{name}");
        let whole = |record: &&Record| !record.types[0].starts_with("ExchangeCertificates.");
        let objects = records.iter().filter(whole).count();
        assert_eq!(count(&|cmdlet, about| cmdlet != "Get-ExchangeCertificate" && about == "-"), objects, "{name}");
        assert!(!collected.left, "{name}");
        assert!(!collected.said.contains("error: "), "{name}: {}", collected.said);
    }
}
