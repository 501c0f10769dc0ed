//! The page for people who have neither the files nor a shell: one file that needs no network, runs only its own
//! script, and can be printed.

mod endpoints;
mod findings;
mod matrix;
mod parts;
mod timeline;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::{Severity, rfc3339};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use self::parts::{Shape, icon, message, sentence, symbols};
use super::digest::{Digest, ROWS, ServerRow, State, count, day, several, thousands, title};

/// How many servers a line names.
const SERVERS: usize = 12;

/// The whole page.
pub(crate) fn page(digest: &Digest<'_>) -> String {
    let style = normalized(include_str!("page/page.css"));
    let script = normalized(include_str!("page/page.js"));
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(&style)
    );
    let date = long_date(digest);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "Exchange certificates on " (date) ": " (verdict(digest)) }
                style { (PreEscaped(&style)) }
            }
            body {
                a.skip href="#main" { "Skip to the findings" }
                (symbols())
                (head(digest, &date))
                main #main {
                    (not_read(digest))
                    (findings::section(digest))
                    (timeline::section(digest))
                    (matrix::section(digest))
                    (endpoints::section(digest))
                    (agenda(digest))
                    (notes(digest))
                }
                p.visually-hidden #announcement role="status" {}
                script { (PreEscaped(&script)) }
            }
        }
    };
    markup.into_string()
}

/// Browsers read a line break as a line feed, whatever stands in the file, before they hash.
fn normalized(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

fn head(digest: &Digest<'_>, date: &str) -> Markup {
    let soon = digest.certificates.iter().filter(|row| row.state == State::ExpiresSoon).count();
    let expired = digest.certificates.iter().filter(|row| row.state == State::Expired && row.is_used()).count();
    html! {
        header.page-head {
            div.title {
                div {
                    p.eyebrow { "Exchange certificates" }
                    h1 { (verdict(digest)) }
                    p.as-of {
                        "As of " time datetime=(rfc3339::print(digest.now)) { (date) ", " (clock(digest)) " UTC" }
                        " · " (count(digest.servers.len(), "server", "servers"))
                        " · " (count(digest.installed, "installed certificate", "installed certificates"))
                    }
                }
                button.theme type="button" hidden data-theme-toggle aria-pressed="false" { "Dark colours" }
            }
            dl.tiles {
                (tile(Shape::High, "High findings", findings(digest, Severity::High), &on_servers(digest, |row| row.high)))
                (tile(Shape::Low, "Low findings", findings(digest, Severity::Low), &on_servers(digest, |row| row.low)))
                (tile(Shape::Expired, "Expired, in use", expired, "certificates"))
                (tile(Shape::Soon, "Expire soon", soon, "certificates"))
            }
            nav aria-label="Sections" {
                ul {
                    li { a href="#findings" { "Findings" } }
                    li { a href="#timeline" { "Timeline" } }
                    li { a href="#servers" { "Servers" } }
                    li { a href="#endpoints" { "What is presented" } }
                    li { a href="#agenda" { "What falls due" } }
                    li { a href="#about" { "About this page" } }
                }
            }
        }
    }
}

fn tile(shape: Shape, name: &str, number: usize, about: &str) -> Markup {
    html! {
        div.tile.(if number == 0 { "nothing" } else { shape.class() }) {
            dt { (icon(shape)) (name) }
            dd { strong { (thousands(number)) } span { (about) } }
        }
    }
}

/// How many findings of a severity the page lists, each once for all its servers.
fn findings(digest: &Digest<'_>, severity: Severity) -> usize {
    digest.findings.iter().filter(|group| group.severity == severity).count()
}

fn on_servers(digest: &Digest<'_>, findings: fn(&ServerRow<'_>) -> usize) -> String {
    let servers = digest.servers.iter().filter(|row| findings(row) > 0).count();
    if servers == 0 { "on no server".to_owned() } else { format!("on {}", count(servers, "server", "servers")) }
}

/// What the whole comes to, in one line.
fn verdict(digest: &Digest<'_>) -> String {
    match (findings(digest, Severity::High), findings(digest, Severity::Low)) {
        (0, _) if digest.is_nothing_judged => "Nothing could be judged".to_owned(),
        (0, 0) if !digest.not_read.is_empty() => "Nothing was found, and not everything was read".to_owned(),
        (0, 0) => "Nothing was found".to_owned(),
        (0, low) => format!("Nothing urgent; {} to look at in time", count(low, "finding", "findings")),
        (1, _) => "1 finding needs attention now".to_owned(),
        (high, _) => format!("{} findings need attention now", thousands(high)),
    }
}

fn agenda(digest: &Digest<'_>) -> Markup {
    html! {
        section #agenda aria-labelledby="agenda-title" {
            h2 #agenda-title { "What falls due" }
            p.lead {
                "What has expired, and renewals to begin in the next 365 days, so that each is done well before its certificate expires."
            }
            @if digest.agenda.is_empty() { p.empty { "Nothing falls due." } }
            ol.agenda {
                @for item in digest.agenda.iter().take(ROWS) {
                    li {
                        p.due {
                            time datetime=(day(item.due)) { (day(item.due)) }
                            @if item.not_after < digest.now { span.badge.expired { (icon(Shape::Expired)) "expired" } }
                            @else if item.due < digest.now { span.badge.soon { (icon(Shape::Soon)) "overdue" } }
                        }
                        div {
                            h3 { "Renew " bdi { (title(&item.domains, &item.subject, item.thumbprint)) } }
                            p {
                                @if item.not_after < digest.now { "Expired on " } @else { "Expires on " }
                                time datetime=(day(item.not_after)) { (day(item.not_after)) }
                                ". Serves " (item.services) " on " bdi { (several(&item.servers, 8)) } "."
                            }
                            // A plan names every server, which is too much to read where they are many.
                            @if item.servers.len() <= 8 { p { (message(&sentence(&item.plan))) "." } }
                            @else {
                                p { "Names: " bdi { (several(&item.domains, 20)) } }
                                p.thumbprint { "Replaces " code { (item.thumbprint) } }
                            }
                        }
                    }
                }
            }
            (left_out(digest.agenda.len(), "renewal", "renewals", "the last ones to fall due"))
        }
    }
}

/// What was not read stands first: what follows says nothing of it.
fn not_read(digest: &Digest<'_>) -> Markup {
    html! {
        @if !digest.not_read.is_empty() {
            section #not-read aria-labelledby="not-read-title" {
                h2 #not-read-title { "Not read" }
                p.lead { "This was asked for and not answered, or was not exported: nothing on this page is about it." }
                ul.notes {
                    @for row in &digest.not_read {
                        li {
                            bdi { (row.title(SERVERS)) }
                            @if let Some(message) = &row.message { ", which answered: " bdi { (message) } }
                            " · "
                            code { (row.what.cmdlets().join(", ")) }
                        }
                    }
                }
            }
        }
    }
}

fn notes(digest: &Digest<'_>) -> Markup {
    html! {
        section #about aria-labelledby="about-title" {
            h2 #about-title { "About this page" }
            @if !digest.notes.is_empty() {
                h3 { "What could not be judged" }
                ul.notes { @for note in digest.notes { li { bdi { (note) } } } }
            }
            p {
                "It was written by " code { "audit" } " of exchange-certificates, from files and without touching a "
                "server. It shows how things stood at the time above; it loads nothing and sends nothing. Text in names "
                "that would not show, or would turn the direction of writing, stands as " code { "\\u{…}" } "."
            }
            p { "The whole of it, for programs: " code { "audit FILE… --json" } "; for a calendar: " code { "--ics" } "." }
        }
    }
}

/// Says how many rows a list leaves out, and where they are.
fn left_out(rows: usize, one: &str, many: &str, which: &str) -> Markup {
    let left_out = rows.saturating_sub(ROWS);
    html! {
        @if left_out > 0 {
            p.left-out {
                (icon(Shape::Low)) span {
                    (count(left_out, one, many)) " of " (thousands(rows)) " are left out here: " (which) ". The whole is in the answer of "
                    code { "audit FILE… --json" } "."
                }
            }
        }
    }
}

fn long_date(digest: &Digest<'_>) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let text = day(digest.now);
    let mut fields = text.splitn(3, '-');
    let mut field = || fields.next().unwrap_or_default();
    let (year, month, day_of_month) = (field(), field(), field());
    let month = month.parse().ok().and_then(|month: usize| MONTHS.get(month.checked_sub(1)?));
    format!("{} {} {year}", day_of_month.trim_start_matches('0'), month.unwrap_or(&""))
}

fn clock(digest: &Digest<'_>) -> String {
    let text = rfc3339::print(digest.now).to_string();
    text.split('T').nth(1).and_then(|time| time.get(..5)).unwrap_or_default().to_owned()
}
