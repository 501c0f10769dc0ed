//! Running the examples.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Runs an example, which `cargo test` has built beside the tests.
pub fn run(example: &str, arguments: &[&str]) -> Output {
    command(example, arguments).output().expect("the example is built: cargo build --examples")
}

/// The same with something on standard input.
pub fn run_on(input: &[u8], example: &str, arguments: &[&str]) -> Output {
    let mut command = command(example, arguments);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().expect("the example is built: cargo build --examples");
    // One that reads no further has closed it.
    let _ = program.stdin.take().unwrap().write_all(input);
    program.wait_with_output().unwrap()
}

fn command(example: &str, arguments: &[&str]) -> Command {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(format!("{example}{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(path);
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env("NO_COLOR", "1");
    command
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
