//! Which certificate each service has on each server.

use exchange_certificates::Service;
use maud::{Markup, html};

use super::left_out;
use super::parts::{Shape, icon, sorting, standing, tools};
use crate::common::input::plain;
use crate::report::digest::{CertificateRow, Digest, ROWS, ServerRow, State, count};

/// How many certificates a cell names.
const CERTIFICATES: usize = 4;

pub(super) fn section(digest: &Digest<'_>) -> Markup {
    let mut rows: Vec<_> = digest.servers.iter().collect();
    // Where not all fit, those with the most to do stay.
    if rows.len() > ROWS {
        rows.sort_by_key(|row| std::cmp::Reverse((row.high, row.low)));
        rows.truncate(ROWS);
        rows.sort_by_key(|row| row.server.name().to_lowercase());
    }
    let services = columns(digest);
    let choice = html! {
        label {
            span { "Show" }
            select data-choose="worst" {
                option value="" { "all" }
                option value="high" { "with high findings" }
                option value="low" { "with low findings alone" }
                option value="none" { "without findings" }
            }
        }
        (sorting(&[("place", "name"), ("findings", "most findings"), ("version", "version"), ("until", "first end")]))
    };
    html! {
        section #servers aria-labelledby="servers-title" {
            h2 #servers-title { "Servers and services" }
            @if rows.is_empty() { p.empty { "There is no server." } }
            @else {
                p.lead { "Which certificate each service has on each server, the one that lasts longest first." }
                (tools("Filter and sort the servers", "servers-list", &choice))
                div.scrolled role="region" aria-labelledby="servers-caption" tabindex="0" {
                    table.matrix {
                        caption #servers-caption { "Servers by services, with the certificates in use" }
                        thead {
                            tr {
                                th scope="col" { "Server" }
                                @for service in &services { th scope="col" { (service) } }
                            }
                        }
                        tbody #servers-list {
                            @for (place, row) in rows.iter().enumerate() { (line(digest, row, place, &services)) }
                        }
                    }
                }
                (left_out(digest.servers.len(), "server", "servers", "those with the least findings"))
            }
        }
    }
}

/// The services that most servers have, and the others where a certificate has them.
fn columns(digest: &Digest<'_>) -> Vec<Service> {
    let used = digest.certificates.iter().fold(Service::empty(), |used, row| used | row.services);
    let always = [Service::IIS, Service::SMTP, Service::IMAP, Service::POP];
    let others = [Service::UM, Service::UM_CALL_ROUTER, Service::FEDERATION];
    always.into_iter().chain(others.into_iter().filter(|service| used.contains(*service))).collect()
}

fn line(digest: &Digest<'_>, row: &ServerRow<'_>, place: usize, services: &[Service]) -> Markup {
    let server = row.server;
    let worst = match (row.high, row.low) {
        (0, 0) => "none",
        (0, _) => "low",
        _ => "high",
    };
    let ends = row.certificates.iter().filter(|(_, installed)| !installed.known_services().is_empty());
    let until = ends.map(|(place, _)| digest.certificates[*place].until).min().unwrap_or(i64::MAX);
    let version = if row.is_guessed { "version not known".to_owned() } else { server.version().title().to_owned() };
    html! {
        tr data-place=(place) data-worst=(worst) data-findings=(row.high * 1000 + row.low) data-version=(version) data-until=(until) {
            th scope="row" {
                bdi.name { (plain(server.name())) }
                span.version { (version) @if server.is_edge() && !row.is_guessed { ", Edge Transport" } }
                @if row.high > 0 { span.badge.high { (icon(Shape::High)) (row.high) " high" } }
                @if row.low > 0 { span.badge.low { (icon(Shape::Low)) (row.low) " low" } }
            }
            @for service in services { (cell(digest, row, *service)) }
        }
    }
}

fn cell(digest: &Digest<'_>, row: &ServerRow<'_>, service: Service) -> Markup {
    let holders = row.certificates.iter().filter(|(_, installed)| installed.has(service));
    let mut holders: Vec<_> = holders.map(|(place, _)| &digest.certificates[*place]).collect();
    holders.sort_by_key(|row| std::cmp::Reverse(row.until));
    let is_known = row.certificates.iter().all(|(_, installed)| installed.services().is_some());
    let is_served = holders.iter().any(|row| matches!(row.state, State::Current | State::ExpiresSoon));
    let is_needed = (Service::IIS | Service::SMTP).contains(service);
    html! {
        td {
            @if holders.is_empty() {
                @if row.is_guessed { span.none { "not known" } }
                @else if !row.server.hosts().contains(service) { span.none { "not hosted" } }
                @else if !is_known { span.none { "not known" } }
                @else if is_needed { span.badge.high { (icon(Shape::High)) "no certificate" } }
                @else { span.none { "no certificate" } }
            } @else {
                ul.holders {
                    @for holder in holders.iter().take(CERTIFICATES) { li { (held(holder)) } }
                }
                @if holders.len() > CERTIFICATES { span.none { "and " (count(holders.len() - CERTIFICATES, "other", "others")) } }
                @if !is_served && is_needed && is_known { span.badge.high { (icon(Shape::High)) "none is valid" } }
            }
        }
    }
}

pub(super) fn held(row: &CertificateRow<'_>) -> Markup {
    html! { a href={ "#certificate-" (row.thumbprint) } { bdi { (row.title) } } (standing(row)) }
}
