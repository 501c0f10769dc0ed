//! What endpoints present by the library, beside what they present by the decision table.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use exchange_certificates::{Endpoint, Flags, Presented, PresentedCertificate, Rank, Thumbprint};

use super::decision_table as table;
use super::decision_table::{Flag, Presents, Shown};

/// Whether both say the same of an endpoint: its name, its answer and how good that is.
pub fn same(library: &Endpoint, table: &table::Endpoint, thumbprints: &[Thumbprint]) -> bool {
    let grade = |rank: Rank| match rank {
        Rank::Dead => 0,
        Rank::NotValid => 1,
        Rank::WrongName => 2,
        Rank::SelfSigned => 3,
        _ => 4,
    };
    library.id().to_string() == table.id
        && same_answer(library.presented(), &table.answer, thumbprints)
        && library.ranks().map(|(worst, best)| (grade(worst), grade(best)))
            == table::grades(&table.answer, &table.uncounted)
}

/// The same of an answer alone.
pub fn same_answer(library: &Presented, table: &Presents, thumbprints: &[Thumbprint]) -> bool {
    let one = |certificate: &PresentedCertificate, shown: &Shown| {
        certificate.thumbprint == thumbprints[shown.index] && certificate.flags == flags(shown)
    };
    match (library, table) {
        (Presented::Certificate(certificate, _), Presents::Certificate(shown)) => one(certificate, shown),
        (Presented::OneOf(certificates, _), Presents::OneOf(elements)) => {
            certificates.len() == elements.len()
                && certificates.iter().zip(elements).all(|pair| match pair {
                    (Some(certificate), Some(shown)) => one(certificate, shown),
                    (certificate, shown) => certificate.is_none() && shown.is_none(),
                })
        }
        (Presented::Unknown(missing), Presents::Unknown(facts)) => *facts == [missing.to_string()],
        (Presented::Nothing, Presents::Nothing) | (Presented::NotOffered(_), Presents::NotOffered) => true,
        _ => false,
    }
}

fn flags(shown: &Shown) -> Flags {
    let flag = |flag: &Flag| match flag {
        Flag::OutsideDates => Flags::OUTSIDE_DATES,
        Flag::Status => Flags::STATUS,
        Flag::NoKey => Flags::NO_KEY,
        Flag::KeyUnreadable => Flags::KEY_UNREADABLE,
        Flag::Ksp => Flags::KSP,
        Flag::Name => Flags::NAME,
        Flag::SelfSigned => Flags::SELF_SIGNED,
    };
    shown.flags.iter().map(flag).collect()
}

/// An answer as the decision table prints it: a certificate by what `letter` calls it, then its flags.
pub fn printed(presented: &Presented, letter: &dyn Fn(Thumbprint) -> String) -> String {
    let one = |certificate: &PresentedCertificate| {
        let flags =
            certificate.flags.iter_names().map(|(name, _)| format!(" {}", name.to_lowercase().replace('_', "-")));
        letter(certificate.thumbprint) + &flags.collect::<String>()
    };
    match presented {
        Presented::Certificate(certificate, _) => one(certificate),
        Presented::OneOf(certificates, _) => {
            let texts: Vec<_> =
                certificates.iter().map(|it| it.as_ref().map_or_else(|| "none".to_owned(), one)).collect();
            format!("OneOf[{}]", texts.join(", "))
        }
        Presented::Nothing => "Nothing".to_owned(),
        Presented::NotOffered(_) => "NotOffered".to_owned(),
        Presented::Unknown(missing) => format!("Unknown({missing})"),
        other => format!("{other:?}"),
    }
}
