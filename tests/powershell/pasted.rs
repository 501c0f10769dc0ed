//! Blocks that are pasted into a console, whose cmdlets ask.

use std::collections::BTreeMap;
use std::path::Path;

use crate::blocks::{all, default_of, is_block, judge, references};
use crate::support::console::Console;
use crate::support::filled::filled;
use crate::support::shell::folder;

/// A block as others are that differ from it in names alone.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    let pieces = text.split('\'').enumerate();
    for (place, piece) in pieces {
        if place % 2 == 1 {
            shape.push_str("'V'");
            continue;
        }
        let mut is_value = false;
        for word in piece.split_inclusive([' ', '\n']) {
            let is_plain = word.starts_with(|first: char| first.is_ascii_alphanumeric());
            shape.push_str(if is_value && is_plain { "V " } else { word });
            is_value = word.starts_with('-');
        }
    }
    shape
}

/// A block to be pasted, and what it calls.
struct Pasted {
    text: String,
    calls: Vec<String>,
    /// The call that fails, and what is called then.
    failure: Option<(usize, Vec<String>)>,
}

/// A block of each shape.
fn pasted(pwsh: &Path, references: &Path) -> Vec<Pasted> {
    let remedies = all();
    let judged = judge(pwsh, references, "pasted-judged", &remedies, true);
    let mut shapes = BTreeMap::new();
    for (text, judged) in remedies.iter().flatten().zip(judged) {
        let is_file = !is_block(text) && text.contains('\n');
        if text.is_empty() || is_file {
            continue;
        }
        let failure = judged.failure(|at| at > 0).map(|(at, calls)| (at + 1, calls.to_vec()));
        let calls = judged.calls.iter().map(|call| call.cmdlet.clone()).collect();
        shapes.entry(shape(text)).or_insert_with(|| Pasted { text: filled(text), calls, failure });
    }
    shapes.into_values().collect()
}

impl Pasted {
    fn asks(&self) -> bool {
        self.text.contains("Read-Host")
    }

    /// Begins a paste, and gives the mark from which on calls are counted.
    fn begin(&self, console: &Console, name: &str, fail_at: usize) -> String {
        console.keys(&format!("Start-Paste {name} {} {fail_at}\r", default_of(&self.text)));
        let ready = format!("ready {name}");
        console.wait_for_mark(&ready);
        ready
    }

    /// Pastes it with what else is pasted, and gives what was called.
    fn paste(&self, console: &Console, name: &str, ends: &str, fail_at: usize) -> Vec<String> {
        let ready = self.begin(console, name, fail_at);
        console.keys(&format!("{}{ends}Write-Mark after-{name}\r", self.text));
        console.wait_for_mark(&format!("after-{name}"));
        let mut calls = console.logged_since(&ready);
        assert_eq!(calls.pop().unwrap(), format!("mark after-{name}"), "{}", self.text);
        calls
    }

    /// Pastes it where it asks, and answers.
    fn answer(&self, console: &Console, name: &str, ends: &str, edits_lines: bool, is_yes: bool) {
        let ready = self.begin(console, name, 0);
        let place = console.place();
        console.keys(&format!("{}{ends}Write-Mark after-{name}\r", self.text));
        console.wait_for_quiet(place, "Type keep");
        let shown = console.shown(place);
        assert_eq!(console.logged_since(&ready), [""; 0], "{}\nis answered by what follows\n{shown}", self.text);
        console.keys("keep\r");
        console.wait_for_quiet(place, "Overwrite the existing default SMTP certificate?");
        let (last, before) = self.calls.split_last().unwrap();
        assert_eq!(console.logged_since(&ready), before, "{}\n{last} is answered by accident", self.text);
        console.keys(if is_yes { "Y\r" } else { "N\r" });
        console.keys(&format!("Write-Mark done-{name}\r"));
        console.wait_for_mark(&format!("done-{name}"));
        // PSReadLine keeps what is pasted behind a question, and runs it when the question is answered.
        let logged = console.logged_since(&ready);
        let (after, calls): (Vec<_>, Vec<_>) = logged.into_iter().partition(|line| line.starts_with("mark "));
        assert!(after.len() <= if edits_lines { 2 } else { 1 }, "{}\n{after:?}", self.text);
        assert_eq!(calls, if is_yes { &*self.calls } else { before }, "{}", self.text);
    }
}

#[test]
fn pasted_into_a_console_every_block_runs_whole_and_no_question_is_answered_by_accident() {
    let Some((pwsh, references)) = references() else { return };
    let pasted = pasted(&pwsh, &references);
    let asking = pasted.iter().filter(|pasted| pasted.asks()).count();
    let failing = pasted.iter().filter(|pasted| pasted.failure.is_some()).count();
    let consoles = [(true, "\n"), (true, "\n\n\n"), (false, "\n"), (false, "\n\n\n")];
    let run = |(edits_lines, ends): (bool, &str)| {
        let folder = folder(&format!("pasted-{edits_lines}-{}", ends.len()));
        let Some(console) = Console::begin(&pwsh, &references, folder, edits_lines) else { return };
        for (number, pasted) in pasted.iter().enumerate() {
            if pasted.asks() {
                pasted.answer(&console, &format!("{number}-no"), ends, edits_lines, false);
                pasted.answer(&console, &format!("{number}-yes"), ends, edits_lines, true);
                continue;
            }
            let calls = pasted.paste(&console, &number.to_string(), ends, 0);
            assert_eq!(calls, pasted.calls, "{}\nwith line editing: {edits_lines}", pasted.text);
            if let Some((fail_at, expected)) = &pasted.failure {
                let calls = pasted.paste(&console, &format!("{number}-fails"), ends, *fail_at);
                assert_eq!(calls, *expected, "{}\nwith line editing: {edits_lines}", pasted.text);
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = consoles.map(|console| scope.spawn(move || run(console)));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    println!("{} shapes pasted into 4 consoles: {asking} ask, {failing} fail in between as well", pasted.len());
    assert!(pasted.len() > 40 && asking > 3 && failing > 10, "{} {asking} {failing}", pasted.len());
}
