//! Every certificate on one scale of time, with a line for today.

use exchange_certificates::rfc3339;
use maud::{Markup, html};

use super::left_out;
use super::parts::{Shape, sorting, standing, tools};
use crate::report::digest::{CertificateRow, Digest, State, seconds, several};

const DAY: i64 = 86_400;

/// The part of time that is drawn, from one first of a month to another.
struct Scale {
    start: i64,
    end: i64,
    now: i64,
    /// The firsts of months that are marked: where, year, month.
    marks: Vec<(i64, i64, i64)>,
}

pub(super) fn section(digest: &Digest<'_>) -> Markup {
    let rows = digest.listed_certificates();
    let count = digest.certificates.len();
    let scale = Scale::new(&rows, seconds(digest.now));
    let choice = html! {
        label {
            span { "Show" }
            select data-choose="use" {
                option value="" { "all" }
                option value="used" { "in use" }
                option value="unused" { "not in use" }
            }
        }
        (sorting(&[("place", "use, then end"), ("until", "end"), ("title", "name"), ("count", "most servers")]))
    };
    html! {
        section #timeline aria-labelledby="timeline-title" {
            h2 #timeline-title { "Timeline" }
            @if count == 0 { p.empty { "No certificate is installed." } }
            @else {
                p.lead { "Every certificate once, wherever it is installed. A thin bar is one that nothing is known to use." }
                (tools("Filter and sort the certificates", "certificates-list", &choice))
                table.timeline role="table" aria-describedby="timeline-caption" {
                    caption #timeline-caption { "Certificates, what uses them, and from when to when they are valid" }
                    thead role="rowgroup" {
                        tr role="row" {
                            th scope="col" role="columnheader" { "Certificate" }
                            th scope="col" role="columnheader" { "Ends" }
                            th.drawing scope="col" role="columnheader" {
                                span.visually-hidden { "Validity, drawn" } (axis(&scale))
                            }
                        }
                    }
                    tbody #certificates-list role="rowgroup" {
                        @for (place, row) in rows.iter().enumerate() { (line(row, place, &scale)) }
                    }
                }
                (left_out(count, "certificate", "certificates", "those not in use and those that end last"))
            }
        }
    }
}

fn line(row: &CertificateRow<'_>, place: usize, scale: &Scale) -> Markup {
    html! {
        tr #{ "certificate-" (row.thumbprint) } role="row" data-place=(place) data-until=(row.until) data-title=(row.title)
            data-count=(row.servers.len()) data-use=(if row.is_used() { "used" } else { "unused" })
        {
            th scope="row" role="rowheader" {
                bdi.name { (row.title) }
                span.uses { bdi { (row.uses()) } }
                span.servers { "on " bdi { (several(&row.servers, 3)) } }
                span.visually-hidden data-hidden-text { (row.subject) " " (row.domains.join(" ")) " " (row.thumbprint) }
            }
            td.ends role="cell" { time datetime=(row.not_after) { (row.not_after) } (standing(row)) }
            td.drawing role="cell" { (bar(row, scale)) }
        }
    }
}

fn axis(scale: &Scale) -> Markup {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let now = scale.place(scale.now);
    html! {
        svg.axis width="100%" height="46" aria-hidden="true" focusable="false" {
            defs {
                g #grid {
                    @for (time, _, month) in &scale.marks {
                        line.(if *month == 1 { "year" } else { "month" }) x1=(scale.percent(*time)) x2=(scale.percent(*time)) y1="0" y2="100%" {}
                    }
                }
                g #today { line.today x1=(percent(now)) x2=(percent(now)) y1="0" y2="100%" {} }
            }
            @for (time, year, month) in &scale.marks {
                @let name = usize::try_from(month - 1).ok().and_then(|month| NAMES.get(month)).unwrap_or(&"");
                line.(if *month == 1 { "year" } else { "month" }) x1=(scale.percent(*time)) x2=(scale.percent(*time)) y1="38" y2="46" {}
                // Beside the right edge it would be cut off.
                @if scale.place(*time) < 95.0 {
                    text.(if *month == 1 { "year" } else { "month" }) x=(scale.percent(*time)) y="34" { @if *month == 1 { (year) } @else { (name) } }
                }
            }
            line.today x1=(percent(now)) x2=(percent(now)) y1="16" y2="46" {}
            text.today x=(percent(now)) y="12" text-anchor=(if now < 10.0 { "start" } else if now > 90.0 { "end" } else { "middle" }) { "today" }
        }
    }
}

fn bar(row: &CertificateRow<'_>, scale: &Scale) -> Markup {
    let (from, until) = (row.from.clamp(scale.start, scale.end), row.until.clamp(scale.start, scale.end));
    let (x, end) = (scale.place(from), scale.place(until));
    let class = match (row.state, row.is_used()) {
        (_, false) => "unused",
        (state, true) => Shape::of_state(state).class(),
    };
    let (y, height) = if row.is_used() { ("-7", "14") } else { ("-2.5", "5") };
    // In the colour of the ground on a bar, in its own where there is none to stand on.
    let edge = if end > x && row.is_used() { "inside" } else { class };
    html! {
        svg.bar width="100%" height="100%" aria-hidden="true" focusable="false" {
            use href="#grid" {}
            svg y="50%" overflow="visible" {
                @if end > x {
                    rect.span.(class) x=(percent(x)) width=(percent(end - x)) y=(y) height=(height) rx="2" {}
                }
                @if row.from < scale.start { path.more.(edge) d="M8-4 4 0l4 4" {} }
            }
            @if row.until > scale.end {
                svg x="100%" y="50%" overflow="visible" { path.more.(edge) d="M-8-4-4 0l-4 4" {} }
            }
            @if row.state == State::Expired && row.until > scale.start {
                svg x=(percent(end)) y="50%" overflow="visible" { path.cross.(class) d="M2-4.5 11 4.5M11-4.5 2 4.5" {} }
            }
            use href="#today" {}
        }
    }
}

impl Scale {
    /// From a year before to two years after at most, and no longer than the certificates last.
    fn new(rows: &[&CertificateRow<'_>], now: i64) -> Self {
        let first = rows.iter().map(|row| row.from).min().unwrap_or(now);
        let last = rows.iter().map(|row| row.until).max().unwrap_or(now);
        let start = first.clamp(now - 365 * DAY, now - 60 * DAY);
        let end = last.clamp(now + 120 * DAY, now + 730 * DAY);
        let months = firsts(start, end);
        let bounds = months.first().zip(months.last());
        let (start, end) = bounds.map_or((start, end), |(first, last)| (first.0, last.0));
        // Marks that stand too close cannot be read.
        let step = if months.len() > 14 { 3 } else { 1 };
        let marks =
            months.into_iter().filter(|(time, _, month)| (month - 1) % step == 0 && (start + 1..end).contains(time));
        Self { start, end, now, marks: marks.collect() }
    }

    /// Where a point in time is drawn, in percent.
    #[expect(clippy::cast_precision_loss, reason = "a drawing is no more precise than its pixels")]
    fn place(&self, time: i64) -> f64 {
        let width = (self.end - self.start).max(1);
        (time - self.start) as f64 * 100.0 / width as f64
    }

    fn percent(&self, time: i64) -> String {
        percent(self.place(time))
    }
}

fn percent(place: f64) -> String {
    format!("{place:.2}%")
}

/// The firsts of the months from the one that holds the start to the one after the end.
fn firsts(start: i64, end: i64) -> Vec<(i64, i64, i64)> {
    let time = |seconds: i64| {
        let distance = std::time::Duration::from_secs(seconds.unsigned_abs());
        let epoch = std::time::SystemTime::UNIX_EPOCH;
        if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) }
    };
    let Some(text) = time(start).map(|time| rfc3339::print(time).to_string()) else { return Vec::new() };
    let mut fields = text.split('-');
    let mut field = || fields.next().and_then(|field| field.parse::<i64>().ok());
    let (Some(mut year), Some(mut month)) = (field(), field()) else { return Vec::new() };
    let mut firsts = Vec::new();
    while let Ok(first) = rfc3339::parse(&format!("{year:04}-{month:02}-01T00:00:00Z")) {
        let first = seconds(first);
        firsts.push((first, year, month));
        if first > end {
            break;
        }
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
    firsts
}
