//! The report for people, on a terminal.

use anstyle::{AnsiColor, Style};
use exchange_certificates::{AuditChange, Severity, rfc3339};

use super::digest::{Digest, FindingGroup, ROWS, State, count, day, several, thousands, title};
use crate::common::output::{self, say};
use crate::common::{show, since};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// How many servers a line names.
const SERVERS: usize = 8;
/// For how many servers a finding shows commands, where they differ.
const BLOCKS: usize = 5;

/// Prints findings, certificates, what falls due, and what could not be judged.
pub(crate) fn print(digest: &Digest<'_>) {
    let findings = count(digest.high + digest.low, "finding", "findings");
    say!(
        "{BOLD}Audit at {}: {}, {}, {findings}, {} of high severity{BOLD:#}",
        rfc3339::print(digest.now),
        count(digest.servers.len(), "server", "servers"),
        count(digest.installed, "certificate", "certificates"),
        thousands(digest.high),
    );
    if digest.is_nothing_judged {
        say!("\n{BOLD}Nothing could be judged{BOLD:#}");
    }
    not_read(digest);
    digest.listed_findings().into_iter().for_each(|group| finding(digest, group));
    left_out(digest.findings.len(), "finding", "findings");
    certificates(digest);
    agenda(digest);
    if !digest.notes.is_empty() {
        say!("\n{BOLD}Not judged{BOLD:#}");
        digest.notes.iter().for_each(|note| say!("  - {note}"));
    }
}

/// What became of an earlier audit, a line for each finding.
pub(crate) fn since(change: &AuditChange<'_>) {
    if change.is_empty() {
        say!("{BOLD}Since the earlier audit nothing is new, changed or gone{BOLD:#}\n");
        return;
    }
    say!("{BOLD}Since the earlier audit{BOLD:#}");
    since::lines(change).for_each(|(word, severity, line)| say!("  {word:<10} {:<4} {line}", severity.to_string()));
    say!();
}

/// What was not read stands first: what follows says nothing of it.
fn not_read(digest: &Digest<'_>) {
    if digest.not_read.is_empty() {
        return;
    }
    say!("\n{BOLD}Not read, and so not judged{BOLD:#}");
    for row in &digest.not_read {
        let answer = row.message.as_ref().map_or_else(String::new, |message| format!(" answered: {message}"));
        say!("  - {}{answer}", row.title(SERVERS));
        say!("    {DIM}{}{DIM:#}", row.what.cmdlets().join(", "));
    }
}

fn finding(digest: &Digest<'_>, group: &FindingGroup<'_>) {
    let color = if group.severity == Severity::High { AnsiColor::Red } else { AnsiColor::Yellow };
    let style = Style::new().bold().fg_color(Some(color.into()));
    let services = if group.services.is_empty() { String::new() } else { format!(" ({})", group.services) };
    say!();
    say!("{style}{}{style:#} {} on {}{services}", group.severity, group.rule, several(&group.servers, SERVERS));
    if let Some(certificate) = group.thumbprint.and_then(|thumbprint| digest.certificate(thumbprint)) {
        say!("  {} {DIM}{}{DIM:#}", certificate.title, certificate.thumbprint);
    }
    say!("  {}", group.message);
    group.consequences.iter().for_each(|(rule, message)| say!("  hence {rule}: {message}"));
    for remedy in group.remedies.iter().take(BLOCKS) {
        if group.remedies.len() > 1 {
            say!("  on {}:", several(&remedy.servers, SERVERS));
        }
        remedy.steps.iter().for_each(show::step);
    }
    let more = group.remedies.len().saturating_sub(BLOCKS);
    if more > 0 {
        say!("    and so on for {}; --json has them all", count(more, "other server", "other servers"));
    }
}

fn certificates(digest: &Digest<'_>) {
    if digest.certificates.is_empty() {
        return;
    }
    let mut rows = digest.listed_certificates();
    rows.sort_by_key(|row| (row.until, row.thumbprint));
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::ASCII_BORDERS_ONLY_CONDENSED);
    table.set_header(["certificate", "thumbprint", "used by", "until", "", "servers"]);
    for row in rows {
        let standing = match row.state {
            State::ExpiresSoon => format!("{}: soon", row.standing()),
            _ => row.standing(),
        };
        let thumbprint = row.thumbprint.to_string();
        let servers = several(&row.servers, 3);
        table.add_row([&row.title, &thumbprint, &row.uses(), &row.not_after, &standing, &servers]);
    }
    say!("\n{BOLD}Certificates{BOLD:#}\n{table}");
    left_out(digest.certificates.len(), "certificate", "certificates");
}

fn agenda(digest: &Digest<'_>) {
    say!("\n{BOLD}What has expired, and what falls due in the next 365 days{BOLD:#}");
    if digest.agenda.is_empty() {
        say!("  nothing");
    }
    for item in digest.agenda.iter().take(ROWS) {
        let is_over = item.not_after < digest.now;
        let when = match item {
            _ if is_over => format!("expired on {}", day(item.not_after)),
            item if item.due < digest.now => format!("{}, which is overdue", day(item.due)),
            _ => day(item.due),
        };
        say!("  {when}: renew {} ({})", title(&item.domains, &item.subject, item.thumbprint), item.services);
        if is_over {
            say!("    {DIM}{}{DIM:#}", item.thumbprint);
        } else {
            say!("    it expires on {}; {DIM}{}{DIM:#}", day(item.not_after), item.thumbprint);
        }
        say!("    on {}", several(&item.servers, SERVERS));
        if item.successor.is_some() && item.servers.len() <= SERVERS {
            say!("    {}", item.plan);
        }
    }
    left_out(digest.agenda.len(), "renewal", "renewals");
}

fn left_out(rows: usize, one: &str, many: &str) {
    let left_out = rows.saturating_sub(ROWS);
    if left_out > 0 {
        say!("\n{} of {} are left out here; --json has them all", count(left_out, one, many), thousands(rows));
    }
}
