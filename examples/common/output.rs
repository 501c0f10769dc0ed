//! Standard output that does not panic: whoever closes a pipe early has read enough, and a full disk is said.
#![allow(dead_code)]

use std::fmt::Arguments;
use std::io::{self, Write as _};
use std::process::exit;

use anstream::{eprintln, stdout};

/// As `println!`, but without its panic; it takes [`line`] from a module `output` in scope.
#[allow(unused_macros)]
macro_rules! say {
    () => { output::line(format_args!("")) };
    ($($text:tt)+) => { output::line(format_args!($($text)+)) };
}
#[allow(unused_imports)]
pub(crate) use say;

/// Prints a line, with its colours where standard output is a terminal.
pub fn line(line: Arguments<'_>) {
    written(writeln!(stdout(), "{line}"));
}

/// Prints a text as it is.
pub fn text(text: &str) {
    written(io::stdout().write_all(text.as_bytes()));
}

fn written(result: io::Result<()>) {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("standard output: {error}");
            exit(3);
        }
        _ => {}
    }
}

/// Text in which nothing can forge a line or move the cursor.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' => plain.push(character),
            _ => plain.extend(character.escape_debug()),
        }
    }
    plain
}
