//! Real PowerShell, and where the files for it lie.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The PowerShell that `PWSH` names. Without it there is nothing to test; with it, it has to be there.
pub fn pwsh() -> Option<PathBuf> {
    let Some(program) = std::env::var_os("PWSH").map(PathBuf::from) else {
        println!("skipped: PWSH names no PowerShell");
        return None;
    };
    assert!(program.is_file(), "there is no PowerShell at {}", program.display());
    Some(program)
}

/// What lies beside the PowerShell, if it does.
pub fn beside(pwsh: &Path, file: &str) -> Option<PathBuf> {
    let path = pwsh.parent().unwrap().join(file);
    if !path.is_file() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path)
}

pub fn support(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(file)
}

/// An empty folder for a test.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("powershell").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs PowerShell on a script file, which has to succeed.
pub fn run_file(pwsh: &Path, file: &Path, arguments: &[&dyn AsRef<OsStr>]) -> String {
    let mut command = Command::new(pwsh);
    command.args(["-NoProfile", "-NonInteractive", "-File"]).arg(file);
    command.args(arguments.iter().map(|argument| argument.as_ref()));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}
