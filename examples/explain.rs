//! Explains what Exchange, Windows or a mail partner printed: `explain FILE|- [--fleet FILE…] [--json] [--now DATE]`.
//!
//! FILE is any text. Exit status 0: something in it is known; 1: nothing is; 3: bad input.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use anstyle::{AnsiColor, Style};
use clap::Parser;
use exchange_certificates::{Block, Explained, Explanation, explain, explain_in};

mod common {
    pub(crate) mod exports;
    pub(crate) mod given;
    pub(crate) mod input;
    pub(crate) mod output;
    pub(crate) mod scenario;
    pub(crate) mod show;
}
use common::exports::Completeness;
use common::given::Given;
use common::input::{self, BadInput, Source, plain};
use common::output::{self, say};
use common::show;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

const HELP: &str = "\
Example: explain mail.txt --fleet exchange-certificates.xml

Exit status 0: something was recognised; 1: nothing; 3: bad input.";

/// Says what an error, an event or a reply about certificates means, and what to do.
#[derive(Parser)]
#[command(name = "explain", version, after_help = HELP)]
struct Arguments {
    /// A text with anything around it; - is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Exports of Exchange or scenarios: the servers that the text may be about.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    fleet: Vec<PathBuf>,
    /// The point in time: a date, which is midnight UTC, or RFC 3339; without, that of the files, or else now.
    #[arg(long, value_name = "DATE")]
    now: Option<String>,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    completeness: Completeness,
}

fn main() -> ExitCode {
    input::main(run)
}

fn run(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    let named = input::now(arguments.now.as_deref())?;
    let bytes = Source::open(&arguments.file)?.whole()?;
    let text = input::decoded(&bytes);
    let explained = if arguments.fleet.is_empty() {
        explain(&text)
    } else {
        let given = Given::read(&arguments.fleet, &arguments.completeness)?;
        let now = named.or(given.now(named.is_some())?).unwrap_or_else(SystemTime::now);
        explain_in(&text, given.organization()?.fleet(), now)
    };
    if arguments.json {
        input::print_json(&explained)?;
    } else {
        print(&explained);
    }
    Ok(ExitCode::from(u8::from(!explained.is_recognised())))
}

fn print(explained: &Explained) {
    if !explained.is_recognised() {
        let style = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
        say!("{style}Nothing in this text is known.{style:#}");
        if !explained.nearest().is_empty() {
            say!("These texts share most words with it:");
        }
        for known in explained.nearest() {
            say!("  - {BOLD}{}{BOLD:#}: {}", known.id(), known.signs().next().unwrap_or_default());
        }
    }
    for (number, entry) in (1..).zip(explained.entries()) {
        if number > 1 {
            say!();
        }
        say!("{BOLD}{number}. {}{BOLD:#}", entry.id());
        print_entry(entry);
    }
    if explained.is_cut() {
        say!();
        say!("The text is longer than what is looked at: its end was not read.");
    }
}

fn print_entry(entry: &Explanation) {
    say!("  {DIM}{}{DIM:#}", plain(entry.recognised()));
    say!("  {}", entry.meaning());
    let thumbprints: Vec<_> = entry.thumbprints().iter().map(ToString::to_string).collect();
    for (title, list) in
        [("servers", entry.servers()), ("endpoints", entry.endpoints()), ("certificates", &thumbprints[..])]
    {
        if !list.is_empty() {
            say!("  {title}: {}", list.iter().map(|item| plain(item)).collect::<Vec<_>>().join(", "));
        }
    }
    steps("Look at", entry.look_at());
    steps("Do", entry.remedy());
    say!("  rules: {}", entry.rules().join(", "));
    say!("  source: {} {DIM}<{}>{DIM:#}", entry.source().title, entry.source().address);
}

fn steps(title: &str, steps: &[Block]) {
    if !steps.is_empty() {
        say!("  {BOLD}{title}:{BOLD:#}");
        steps.iter().for_each(show::step);
    }
}
