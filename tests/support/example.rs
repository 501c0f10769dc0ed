//! Running the examples.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::process::{Command, Output};

use serde_json::Value;

/// Runs an example, which `cargo test` has built beside the tests.
pub fn run(example: &str, arguments: &[&str]) -> Output {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(format!("{example}{}", std::env::consts::EXE_SUFFIX));
    Command::new(path)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .output()
        .expect("the example is built: cargo build --examples")
}

/// Decides a scenario in a file of this name; the answer and the exit status.
pub fn decide(name: &str, scenario: &Value) -> (Value, i32) {
    let output = run("assign", &[&write(name, scenario), "--json"]);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
}

/// Writes a scenario to a file of this name.
pub fn write(name: &str, scenario: &Value) -> String {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("exchange-certificates-{name}.json"));
    std::fs::write(&file, scenario.to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}
