//! What several sections of the page are made of.

use exchange_certificates::Severity;
use maud::{Markup, html};

use crate::report::digest::{CertificateRow, State};

/// What a mark says by its form; the words beside it say the same.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    High,
    Low,
    Expired,
    NotYet,
    Soon,
    Current,
}

impl Shape {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
            Self::Expired => "expired",
            Self::NotYet => "not-yet",
            Self::Soon => "soon",
            Self::Current => "current",
        }
    }

    pub(super) fn of_severity(severity: Severity) -> Self {
        if severity == Severity::High { Self::High } else { Self::Low }
    }

    pub(super) fn of_state(state: State) -> Self {
        match state {
            State::Expired => Self::Expired,
            State::NotYet => Self::NotYet,
            State::ExpiresSoon => Self::Soon,
            State::Current => Self::Current,
        }
    }
}

/// A mark, which is nothing to a screen reader.
pub(super) fn icon(shape: Shape) -> Markup {
    html! {
        svg.icon.(shape.class()) viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false" {
            use href={ "#icon-" (shape.class()) } {}
        }
    }
}

/// The forms of the marks, drawn once.
pub(super) fn symbols() -> Markup {
    html! {
        svg.symbols width="0" height="0" aria-hidden="true" focusable="false" {
            defs {
                symbol #icon-high viewBox="0 0 16 16" {
                    path d="M8 1.2 15.4 14.4H.6Z" {}
                    path.cut d="M7.1 5.6h1.8v4.6H7.1zM7.1 11.3h1.8v1.8H7.1z" {}
                }
                symbol #icon-low viewBox="0 0 16 16" { path d="M8 1.4 14.6 8 8 14.6 1.4 8Z" {} }
                symbol #icon-expired viewBox="0 0 16 16" {
                    path d="M3.4 2 8 6.6 12.6 2 14 3.4 9.4 8l4.6 4.6-1.4 1.4L8 9.4 3.4 14 2 12.6 6.6 8 2 3.4Z" {}
                }
                symbol #icon-soon viewBox="0 0 16 16" {
                    path d="M8 1.2a6.8 6.8 0 1 0 0 13.6A6.8 6.8 0 0 0 8 1.2Zm0 1.8a5 5 0 1 1 0 10A5 5 0 0 1 8 3Z" {}
                    path d="M7.1 4.6h1.8v3.1l2.3 2.2-1.2 1.3L7.1 8.5Z" {}
                }
                symbol #icon-not-yet viewBox="0 0 16 16" {
                    path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 1.8a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4Z" {}
                }
                symbol #icon-current viewBox="0 0 16 16" { circle cx="8" cy="8" r="5" {} }
                pattern #hatching width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect.hatching-ground width="6" height="6" {}
                    rect.hatching-line width="2.4" height="6" {}
                }
            }
        }
    }
}

/// How a certificate stands, by form and in words.
pub(super) fn standing(row: &CertificateRow<'_>) -> Markup {
    let shape = Shape::of_state(row.state);
    html! { span.badge.(shape.class()).unused[!row.is_used()] { (icon(shape)) (row.standing()) } }
}

/// Tools to filter and sort the list that follows; without the script they are not there.
pub(super) fn tools(about: &str, list: &str, more: &Markup) -> Markup {
    html! {
        div.tools role="group" aria-label=(about) hidden data-tools=(list) {
            label {
                span { "Filter" }
                input type="search" data-filter autocomplete="off" spellcheck="false" placeholder="name, service, thumbprint" ;
            }
            (more)
            p.shown role="status" data-shown {}
        }
    }
}

/// A choice by which a list is sorted; the first one is how it stands.
pub(super) fn sorting(choices: &[(&str, &str)]) -> Markup {
    html! {
        label {
            span { "Sort by" }
            select data-sort {
                @for (key, name) in choices { option value=(key) { (name) } }
            }
        }
    }
}

/// A sentence of the library, which begins in lower case. A name at its beginning stays what it is.
pub(super) fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default().trim_end_matches([':', ',']);
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if word.chars().all(|character| character.is_ascii_lowercase()) => {
            format!("{}{}", first.to_ascii_uppercase(), characters.as_str())
        }
        _ => text.to_owned(),
    }
}

/// Text with what stands in backticks as code, as the library's messages have it.
pub(super) fn message(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { bdi { code { (part) } } } @else { (part) }
        }
    }
}
