//! PowerShell in a pseudo-terminal, as a console into which something is pasted.
#![allow(unreachable_pub, clippy::unwrap_used)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::shell::support;

pub struct Console {
    program: Child,
    keys: Arc<Mutex<ChildStdin>>,
    screen: Arc<Mutex<Vec<u8>>>,
    folder: PathBuf,
}

/// The longest that one block may take.
const LONG: Duration = Duration::from_secs(60);
/// What asks a terminal where its cursor is, and the answer.
const WHERE: &[u8] = b"\x1b[6n";
const HERE: &[u8] = b"\x1b[1;1R";

impl Console {
    /// Begins a console with or without line editing; nothing where no program makes a pseudo-terminal.
    pub fn begin(pwsh: &Path, references: &Path, folder: PathBuf, edits_lines: bool) -> Option<Self> {
        let quoted = |path: &Path| format!("'{}'", path.to_str().unwrap().replace('\'', "'\\''"));
        let setup = support("paste.ps1");
        let [program, setup, references, place] = [pwsh, &setup, references, &folder].map(quoted);
        let command = format!(
            "stty cols 240 rows 60; exec {program} -NoProfile -NoLogo -NoExit -File {setup} {references} {place}"
        );
        let program = Command::new("script")
            .args(["-qefc", &command, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut program) = program else {
            println!("skipped: there is no program `script`, which makes a pseudo-terminal");
            return None;
        };
        let keys = Arc::new(Mutex::new(program.stdin.take().unwrap()));
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut output, written, answers) = (program.stdout.take().unwrap(), Arc::clone(&screen), Arc::clone(&keys));
        std::thread::spawn(move || {
            let (mut bytes, mut answered) = ([0; 4096], 0);
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                let mut screen = written.lock().unwrap();
                screen.extend(bytes.iter().take(read));
                let asked = screen.windows(WHERE.len()).skip(answered).filter(|bytes| *bytes == WHERE).count();
                // A question may end in what is read next.
                answered = screen.len().saturating_sub(WHERE.len() - 1);
                drop(screen);
                (0..asked).for_each(|_| drop(answers.lock().unwrap().write_all(HERE)));
            }
        });
        let console = Self { program, keys, screen, folder };
        console.wait("a prompt", || console.shown(0).contains("> "));
        if !edits_lines {
            console.keys("Remove-Module PSReadLine; Write-Mark removed\r");
            console.wait_for_mark("removed");
            // It may still wait for a key.
            sleep(Duration::from_secs(1));
            console.keys("\r");
            sleep(Duration::from_secs(1));
        }
        console.keys("Write-Mark \"edits $([bool](Get-Module PSReadLine))\"\r");
        console.wait_for_mark(&format!("edits {}", if edits_lines { "True" } else { "False" }));
        Some(console)
    }

    /// Presses keys, or pastes.
    pub fn keys(&self, keys: &str) {
        let mut stdin = self.keys.lock().unwrap();
        stdin.write_all(keys.replace('\n', "\r").as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// How much has been written to the screen.
    pub fn place(&self) -> usize {
        self.screen.lock().unwrap().len()
    }

    /// What has been written to the screen from a place on.
    pub fn shown(&self, from: usize) -> String {
        let screen = self.screen.lock().unwrap();
        String::from_utf8_lossy(screen.get(from..).unwrap_or_default()).into_owned()
    }

    /// Waits until words have been shown, and nothing more comes.
    pub fn wait_for_quiet(&self, from: usize, words: &str) {
        self.wait(words, || self.shown(from).contains(words));
        let mut place = self.place();
        loop {
            sleep(Duration::from_millis(400));
            let now = self.place();
            if now == place {
                return;
            }
            place = now;
        }
    }

    pub fn wait_for_mark(&self, mark: &str) {
        self.wait(mark, || self.log().lines().any(|line| line.strip_prefix("mark ") == Some(mark)));
    }

    fn wait(&self, what: &str, is_there: impl Fn() -> bool) {
        let begin = Instant::now();
        while !is_there() {
            assert!(
                begin.elapsed() < LONG,
                "no {what}:\n{}\n{}",
                self.log(),
                self.shown(self.place().saturating_sub(9000))
            );
            sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log.txt")).unwrap_or_default()
    }

    /// What has been called since a mark, and the marks since then.
    pub fn logged_since(&self, mark: &str) -> Vec<String> {
        let log = self.log();
        let lines = log.lines().skip_while(|line| line.strip_prefix("mark ") != Some(mark)).skip(1);
        lines.map(str::to_owned).collect()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
