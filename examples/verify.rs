//! What became of an organisation between two looks at it: `verify BEFORE AFTER [--probe FILE] [--now DATE] [--json]`.
//!
//! BEFORE and AFTER are exports of Exchange, or scenarios whose request is not looked at. BEFORE may also be a plan that
//! was kept: then what was to change is held against what did. Exit status 0: nothing got worse, or all is as planned; 1:
//! something did or is not, or something else is really presented than AFTER says; 2: neither, but not everything is
//! known; 3: bad input.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anstyle::{AnsiColor, Style};
use clap::Parser;
use exchange_certificates::import::Import;
use exchange_certificates::{
    CertificateAt, ComparedEndpoint, ConnectorChange, ConnectorKind, DefaultSmtpChange, EndpointState, Fact, Fleet,
    FleetChange, Look, NotRead, NotReadKind, PlanVerification, PlannedState, PresentedAt, StoredPlan, Thumbprint,
    TlsCertificateName, Verdict, compare,
};
use serde::Serialize;

mod common {
    pub(crate) mod exports;
    pub(crate) mod given;
    pub(crate) mod input;
    pub(crate) mod output;
    pub(crate) mod scenario;
}
use common::exports::{self, Completeness};
use common::given::Given;
use common::input::{self, BadInput, Kind, Source, plain};
use common::output::{self, say};

const HELP: &str = "\
Example: verify before.xml after.xml --probe exchange-presented.xml

Exit status 0: nothing got worse, or all is as planned; 1: something did or is not; 2: not everything is known; \
3: bad input.";

/// Says what became of each endpoint between two looks at an organisation, and whether anything got worse.
#[derive(Parser)]
#[command(name = "verify", version, after_help = HELP)]
struct Arguments {
    /// An export of Exchange or a scenario, as things were, or a plan that was kept; - is standard input.
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// The same as things are.
    #[arg(value_name = "AFTER")]
    after: PathBuf,
    /// A further file of BEFORE, like that of an Edge Transport server; may be said of several.
    #[arg(long, value_name = "FILE")]
    beside_before: Vec<PathBuf>,
    /// A further file of AFTER.
    #[arg(long, value_name = "FILE")]
    beside_after: Vec<PathBuf>,
    /// What the probe script saw after the change: `inspect --probe-script` prints that script.
    #[arg(long, value_name = "FILE")]
    probe: Option<PathBuf>,
    /// The point in time: a date, which is midnight UTC, or RFC 3339; without, that of the files, or else now.
    #[arg(long, value_name = "DATE")]
    now: Option<String>,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    completeness: Completeness,
}

/// The answer for programs.
#[derive(Serialize)]
struct Answer<'a> {
    format: u8,
    outcome: &'static str,
    endpoints: &'a [ComparedEndpoint],
    presented: &'a [Look],
    default_smtp: &'a [DefaultSmtpChange],
    connectors: &'a [ConnectorChange],
    added: &'a [CertificateAt],
    removed: &'a [CertificateAt],
    not_read: Vec<Unread>,
}

/// Something that was not read, of a server or else of the organisation.
#[derive(Serialize)]
struct Unread {
    of: &'static str,
    server: Option<String>,
    what: NotReadKind,
    message: Option<String>,
}

fn main() -> ExitCode {
    input::main(run)
}

fn run(arguments: &Arguments) -> Result<ExitCode, BadInput> {
    let named = input::now(arguments.now.as_deref())?;
    let read = |file: &Path, beside: &[PathBuf]| -> Result<(Fleet, Option<SystemTime>), BadInput> {
        let files: Vec<_> = std::iter::once(file.to_owned()).chain(beside.iter().cloned()).collect();
        let given = Given::read(&files, &arguments.completeness)?;
        let now = given.now(named.is_some())?;
        Ok((given.every_server()?, now))
    };
    let source = Source::open(&arguments.before)?;
    let stored = match source.kind {
        Kind::StoredPlan => Some(input::json::<StoredPlan>(&source.name.clone(), &source.whole()?)?),
        _ => None,
    };
    let (after, later) = read(&arguments.after, &arguments.beside_after)?;
    if let Some(stored) = stored {
        if !arguments.beside_before.is_empty() || arguments.probe.is_some() {
            return Err(BadInput::named("a plan that was kept stands alone: without --beside-before and --probe"));
        }
        return planned(&stored.verify(&after, named.or(later).unwrap_or_else(SystemTime::now)), arguments.json);
    }
    let (before, earlier) = read(&arguments.before, &arguments.beside_before)?;
    let now = named.or(later).or(earlier).unwrap_or_else(SystemTime::now);
    let presented = arguments.probe.as_deref().map(probe).transpose()?.unwrap_or_default();
    let change = compare(&before, &after, now).with_probe(&presented);
    let (outcome, status) = match &change {
        change if change.is_worse() => ("worse", 1),
        change if !change.is_known() => ("inconclusive", 2),
        _ => ("verified", 0),
    };
    let not_read = Unread::all(&before, &after);
    if arguments.json {
        input::print_json(&Answer {
            format: 3,
            outcome,
            endpoints: &change.endpoints,
            presented: &change.looks,
            default_smtp: &change.default_smtp,
            connectors: &change.connectors,
            added: &change.added,
            removed: &change.removed,
            not_read,
        })?;
    } else {
        show(outcome, &change, &not_read);
    }
    Ok(ExitCode::from(status))
}

/// What became of a plan.
fn planned(verification: &PlanVerification, json: bool) -> Result<ExitCode, BadInput> {
    #[derive(Serialize)]
    struct Answer<'a> {
        format: u8,
        outcome: &'static str,
        #[serde(flatten)]
        verification: &'a PlanVerification,
    }

    let (outcome, status) = match verification {
        it if it.is_missing() => ("missing", 1),
        it if !it.is_known() => ("inconclusive", 2),
        _ => ("verified", 0),
    };
    if json {
        input::print_json(&Answer { format: 3, outcome, verification })?;
        return Ok(ExitCode::from(status));
    }
    headline(match outcome {
        "missing" => (AnsiColor::Red, "missing: something is not as planned"),
        "inconclusive" => (AnsiColor::Yellow, "inconclusive: not everything is known"),
        _ => (AnsiColor::Green, "verified: all is as planned"),
    });
    let one =
        |thumbprint: Option<Thumbprint>| thumbprint.map_or_else(|| "nothing certain".to_owned(), |it| it.to_string());
    for (state, title) in [
        (PlannedState::Other, "Neither as planned nor as before"),
        (PlannedState::AsBefore, "Still as before"),
        (PlannedState::NotKnown, "Not known"),
        (PlannedState::AsPlanned, "As planned"),
    ] {
        let certificates = verification.certificates.iter().filter(|it| it.state == state).map(|it| {
            let missing = if it.missing.is_empty() { String::new() } else { format!(", and lacks {}", it.missing) };
            let removed = it.removed.map(|it| format!("; {it} was to be removed")).unwrap_or_default();
            format!("{}: {} for {}{missing}{removed}", plain(&it.server), it.thumbprint, it.services)
        });
        let connectors = verification.connectors.iter().filter(|it| it.state == state);
        let connectors = connectors
            .map(|it| format!("{:?} connector {}: {}", it.kind, plain(&it.name), plain(&it.planned.to_string())));
        // What was not to change and did not is nobody's concern.
        let endpoints = verification.endpoints.iter().filter(|it| it.state == state);
        let endpoints = endpoints.filter(|it| it.was_to_change || state != PlannedState::AsPlanned).map(|it| {
            format!("{}: {}: {}, planned {}", plain(&it.server), plain(&it.id), one(it.now), one(it.planned))
        });
        section(title, certificates.chain(connectors).chain(endpoints));
    }
    Ok(ExitCode::from(status))
}

/// What the probe script saw.
fn probe(file: &Path) -> Result<Vec<PresentedAt>, BadInput> {
    let mut import = Import::new();
    exports::read(&mut import, file)?;
    let presented: Vec<_> = import.presented().cloned().collect();
    if presented.is_empty() {
        let problem = "it holds nothing that the probe script saw: inspect --probe-script prints that script";
        return Err(BadInput::new(&file.display().to_string(), problem));
    }
    Ok(presented)
}

impl Unread {
    fn all(before: &Fleet, after: &Fleet) -> Vec<Self> {
        let of = |of: &'static str, fleet: &Fleet| -> Vec<Self> {
            let entry = |server: Option<&str>, entry: &NotRead| Self {
                of,
                server: server.map(str::to_owned),
                what: entry.what(),
                message: entry.message().map(str::to_owned),
            };
            let shared = fleet.not_read().map(|unread| entry(None, unread));
            let own = fleet.servers().flat_map(|server| {
                let own = server.not_read().filter(|unread| !unread.what().is_of_organization());
                own.map(|unread| entry(Some(server.name()), unread)).collect::<Vec<_>>()
            });
            shared.chain(own).collect()
        };
        [of("before", before), of("after", after)].into_iter().flatten().collect()
    }
}

fn headline((color, words): (AnsiColor, &str)) {
    let style = Style::new().bold().fg_color(Some(color.into()));
    say!("{style}{words}{style:#}");
}

fn show(outcome: &str, change: &FleetChange, not_read: &[Unread]) {
    headline(match outcome {
        "worse" => (AnsiColor::Red, "worse: something is not as it is to be"),
        "inconclusive" => (AnsiColor::Yellow, "inconclusive: not everything is known"),
        _ => (AnsiColor::Green, "verified: nothing got worse"),
    });
    section("Not read", not_read.iter().map(unread));
    for (state, title) in [
        (EndpointState::Worse, "Worse"),
        (EndpointState::Gone, "Gone"),
        (EndpointState::NotKnown, "Not known"),
        (EndpointState::Changed, "Changed"),
        (EndpointState::New, "New"),
    ] {
        let endpoints = change.endpoints.iter().filter(|endpoint| endpoint.state == state);
        section(title, endpoints.map(|endpoint| format!("{}: {endpoint}", plain(endpoint.server()))));
    }
    for (title, verdicts) in [
        ("Really presented, and not what it is to be", [Verdict::Late, Verdict::Other].as_slice()),
        ("Not seen", &[Verdict::NotSeen]),
        ("Seen, and not known what it is to be", &[Verdict::NotCompared]),
        ("Really presented, as it is to be", &[Verdict::AsExpected]),
    ] {
        section(title, change.looks.iter().filter(|seen| verdicts.contains(&seen.verdict)).map(look));
    }
    section("Default SMTP certificates", change.default_smtp.iter().map(default_smtp));
    section("Connectors", change.connectors.iter().map(connector));
    section("Installed since", change.added.iter().map(certificate));
    section("Removed since", change.removed.iter().map(certificate));
    let same = change.endpoints.iter().filter(|endpoint| endpoint.state == EndpointState::Same).count();
    say!();
    say!("{same} of {} endpoints present the same as before.", change.endpoints.len());
}

fn section(title: &str, lines: impl Iterator<Item = String>) {
    const BOLD: Style = Style::new().bold();
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        say!();
        say!("{BOLD}{title}:{BOLD:#}");
        lines.for_each(|line| say!("  {line}"));
    }
}

fn unread(unread: &Unread) -> String {
    let server = unread.server.as_deref().map(|server| format!(" of {}", plain(server))).unwrap_or_default();
    let message = unread.message.as_deref().map(|message| format!(" ({})", plain(message))).unwrap_or_default();
    format!("{}{server}, {}{message}", unread.what, unread.of)
}

fn look(look: &Look) -> String {
    let PresentedAt { server, address, port, name, thumbprint, message, .. } = &look.seen;
    let asked = if name == address { String::new() } else { format!(" for {}", plain(name)) };
    let of = match look.endpoints.as_slice() {
        [] => look.seen.endpoint.as_deref().map(plain).unwrap_or_default(),
        endpoints => endpoints.iter().map(|id| plain(id)).collect::<Vec<_>>().join(", "),
    };
    let of = if of.is_empty() { of } else { format!(" ({of})") };
    let seen = thumbprint.map_or_else(|| plain(message), |thumbprint| thumbprint.to_string());
    let verdict = match look.verdict {
        Verdict::Late => ", which is the former one: restart its service, then look again",
        Verdict::Other => ", which is neither the former nor the new one",
        _ => "",
    };
    format!("{}: {}:{port}{asked}{of}: {seen}{verdict}", plain(server), plain(address))
}

fn default_smtp(change: &DefaultSmtpChange) -> String {
    let shown = |default: Fact<Thumbprint>| default.value().map_or_else(|| "none".to_owned(), |it| it.to_string());
    format!("{}: {} -> {}", plain(&change.server), shown(change.before), shown(change.after))
}

fn connector(change: &ConnectorChange) -> String {
    let kind = match change.kind {
        ConnectorKind::Hybrid => "the hybrid configuration".to_owned(),
        kind => format!("the {kind:?} connector {}", plain(&change.name)),
    };
    let server = change.server.as_deref().map(|server| format!("{}: ", plain(server))).unwrap_or_default();
    let named = |name: &Option<Fact<TlsCertificateName>>| match name {
        None => "not there".to_owned(),
        Some(Fact::Value(name)) => plain(&name.to_string()),
        Some(_) => "no certificate".to_owned(),
    };
    format!("{server}{kind}: {} -> {}", named(&change.before), named(&change.after))
}

fn certificate(certificate: &CertificateAt) -> String {
    format!("{}: {}", plain(&certificate.server), certificate.thumbprint)
}
