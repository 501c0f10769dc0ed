//! What is presented where, and why.

use exchange_certificates::Endpoint;
use maud::{Markup, html};

use super::left_out;
use super::matrix::held;
use super::parts::{Shape, icon};
use crate::common::input::plain;
use crate::report::digest::{Digest, ROWS};

pub(super) fn section(digest: &Digest<'_>) -> Markup {
    html! {
        section #endpoints aria-labelledby="endpoints-title" {
            h2 #endpoints-title { "What is presented where" }
            @if digest.endpoints.is_empty() { p.empty { "No server is known well enough." } }
            @else {
                p.lead {
                    "Which certificate clients, partners and other servers see at each place, and why. A certificate is "
                    "seen where it is listed here, whatever services are assigned to it."
                }
                div.scrolled role="region" aria-labelledby="endpoints-caption" tabindex="0" {
                    table.matrix {
                        caption #endpoints-caption { "Endpoints, with what they present" }
                        thead { tr { @for title in ["Server", "Endpoint", "Certificate", "Why"] { th scope="col" { (title) } } } }
                        tbody { @for endpoint in digest.endpoints.iter().take(ROWS) { (line(digest, endpoint)) } }
                    }
                }
                (left_out(digest.endpoints.len(), "endpoint", "endpoints", "those of the last servers"))
            }
        }
    }
}

fn line(digest: &Digest<'_>, endpoint: &Endpoint) -> Markup {
    let presented = endpoint.presented();
    let certificates: Vec<_> =
        presented.certificates().filter_map(|known| digest.certificate(known.thumbprint)).collect();
    html! {
        tr {
            th scope="row" { bdi { (plain(endpoint.server())) } }
            td { bdi { (plain(&endpoint.title().to_string())) } }
            td {
                @if endpoint.is_dead() { span.badge.high { (icon(Shape::High)) "cannot be used" } }
                @else if presented.is_unknown() { span.none { "not known" } }
                @if !certificates.is_empty() { ul.holders { @for row in certificates { li { (held(row)) } } } }
            }
            td { bdi { (plain(&endpoint.answer().to_string())) } }
        }
    }
}
