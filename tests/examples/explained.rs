//! The example `explain`.

use serde_json::Value;

use crate::support::example::{run, run_on};
use crate::{expected, transcript};

const FLEET: [&str; 4] = ["examples/data/event.txt", "--fleet", "examples/data/organization.json", "--json"];

#[test]
fn a_mail_is_explained() {
    expected("explained.txt").assert_eq(&transcript(&run("explain", &FLEET[..3])));
    expected("explained.json").assert_eq(&transcript(&run("explain", &FLEET)));
    let alone = run("explain", &["examples/data/event.txt"]);
    expected("explained-alone.txt").assert_eq(&transcript(&alone));
}

#[test]
fn the_answer_has_the_shape_of_the_specification() {
    let output = run("explain", &FLEET);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let entry = answer["entries"][0].as_object().unwrap();
    let fields: Vec<_> = entry.keys().map(String::as_str).collect();
    let mut expected =
        ["id", "recognised", "meaning", "look_at", "rules", "servers", "endpoints", "thumbprints", "remedy", "source"];
    expected.sort_unstable();
    assert_eq!(fields, expected);
    assert_eq!(entry["servers"], serde_json::json!(["MBX01"]));
    // As a file and from standard input the same, in UTF-16 as PowerShell writes it too.
    let text = std::fs::read_to_string("examples/data/event.txt").unwrap();
    let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [text.into_bytes(), wide] {
        let same = run_on(&bytes, "explain", &["-", "--fleet", "examples/data/organization.json", "--json"]);
        assert_eq!(same.stdout, output.stdout);
        assert_eq!(same.status.code(), Some(0));
    }
}

#[test]
fn what_is_not_known_is_exit_status_1_and_what_is_no_file_3() {
    let nothing = run_on(b"The printer is out of paper.", "explain", &["-"]);
    assert_eq!(transcript(&nothing), "Nothing in this text is known.\nexit status 1\n");
    let json = run_on(b"The printer is out of paper.", "explain", &["-", "--json"]);
    let answer: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&answer["entries"], json.status.code()), (&serde_json::json!([]), Some(1)));
    let near = run_on(b"the federation trust: no certificate was found with this thumbprint", "explain", &["-"]);
    assert!(String::from_utf8(near.stdout).unwrap().contains("\n  - federation-"), "the nearest are named");
    assert_eq!(near.status.code(), Some(1));
    for arguments in [&["no-such-file"][..], &[], &["examples/data/event.txt", "--fleet", "examples/data/event.txt"]] {
        let output = run("explain", arguments);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
}
