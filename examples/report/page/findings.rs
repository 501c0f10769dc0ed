//! The findings, each with its remedy to be copied.

use exchange_certificates::{AUDIT_RULES, Block};
use maud::{Markup, html};

use super::left_out;
use super::parts::{Shape, icon, message, sentence, sorting, tools};
use crate::report::digest::{Digest, FindingGroup, count, several};

/// How many servers a finding names.
const SERVERS: usize = 12;
/// For how many servers a finding shows commands, where they differ.
const BLOCKS: usize = 8;

pub(super) fn section(digest: &Digest<'_>) -> Markup {
    let choice = html! {
        label {
            span { "Severity" }
            select data-choose="severity" {
                option value="" { "all" }
                option value="high" { "high" }
                option value="low" { "low" }
            }
        }
        (sorting(&[("place", "severity"), ("title", "certificate or server"), ("rule", "rule"), ("count", "most servers")]))
    };
    html! {
        section #findings aria-labelledby="findings-title" {
            h2 #findings-title { "Findings" }
            @if digest.findings.is_empty() && digest.is_nothing_judged { p.empty { "Nothing could be judged." } }
            @else if digest.findings.is_empty() { p.empty { "Nothing was found." } }
            @else {
                p.lead { "What to do, the urgent first. What several servers have in common is said once." }
                (tools("Filter and sort the findings", "findings-list", &choice))
            }
            ol.findings #findings-list {
                @for (place, group) in digest.listed_findings().into_iter().enumerate() { (finding(digest, group, place)) }
            }
            (left_out(digest.findings.len(), "finding", "findings", "those of low severity beyond the first of each rule"))
        }
    }
}

fn finding(digest: &Digest<'_>, group: &FindingGroup<'_>, place: usize) -> Markup {
    let shape = Shape::of_severity(group.severity);
    let certificate = group.thumbprint.and_then(|thumbprint| digest.certificate(thumbprint));
    let servers = several(&group.servers, SERVERS);
    let title = certificate.map_or(&servers, |row| &row.title);
    let rule = AUDIT_RULES.iter().find(|rule| rule.id() == group.rule);
    html! {
        li.finding.(shape.class()) data-severity=(group.severity) data-place=(place) data-rule=(group.rule) data-title=(title)
            data-count=(group.servers.len())
        {
            p.severity { span.badge.(shape.class()) { (icon(shape)) (group.severity) } }
            div.body {
                h3 { bdi { (title) } }
                p.where {
                    @if certificate.is_some() { "on " bdi { (servers) } " · " }
                    @if !group.services.is_empty() { (group.services) " · " }
                    code { (group.rule) }
                }
                p.message { (message(&sentence(&group.message))) }
                @if !group.consequences.is_empty() {
                    p.more { "What follows from it:" }
                    ul.consequences {
                        @for (rule, said) in &group.consequences { li { (message(&sentence(said))) " " code { (rule) } } }
                    }
                }
                (remedy(group, title))
                details {
                    summary { "What is wanted, and why" }
                    @if let Some(rule) = rule {
                        @for paragraph in rule.documentation().split("\n\n") { p { (message(&paragraph.replace('\n', " "))) } }
                        p { "Source: " (rule.source()) "." }
                    }
                    @if let Some(row) = certificate {
                        p { "Subject " bdi { code { (row.subject) } } ", thumbprint " code { (row.thumbprint) } "." }
                    }
                }
            }
        }
    }
}

fn remedy(group: &FindingGroup<'_>, title: &str) -> Markup {
    let more = group.remedies.len().saturating_sub(BLOCKS);
    html! {
        div.remedy {
            @for remedy in group.remedies.iter().take(BLOCKS) {
                @if group.remedies.len() > 1 { p.more { "On " bdi { (several(&remedy.servers, SERVERS)) } } }
                ol.steps { @for block in remedy.steps { li { (step(block, title)) } } }
            }
            @if more > 0 {
                p.more { "And so on for " (count(more, "other server", "other servers")) ", which " code { "--json" } " has." }
            }
        }
    }
}

/// Words, and the commands below them as the library writes them: it spells out each character of a name that would
/// not show.
fn step(block: &Block, title: &str) -> Markup {
    let (words, text) = (block.title().to_string(), block.text());
    html! {
        @if !words.is_empty() { p { (message(&sentence(&words))) } }
        @if !text.is_empty() {
            div.copied {
                pre tabindex="0" role="region" aria-label="Commands for the Exchange Management Shell" {
                    code data-copied { @for line in text.split('\n') { span.line { (line) } } }
                }
                button.copy type="button" hidden data-copy {
                    "Copy" span.visually-hidden { " the commands for " (title) }
                }
            }
        }
    }
}
