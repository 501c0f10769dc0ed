//! How good an answer is, and which of two is worse (ENDPOINTS §1).

use super::endpoints::Presents;
use super::facts::*;

/// In the order in which they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    OutsideDates,
    Status,
    NoKey,
    KeyUnreadable,
    Ksp,
    Name,
    SelfSigned,
}

/// A certificate that is presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub index: usize,
    pub flags: Vec<Flag>,
}

impl Flag {
    pub fn text(self) -> &'static str {
        match self {
            Flag::OutsideDates => "outside-dates",
            Flag::Status => "status",
            Flag::NoKey => "no-key",
            Flag::KeyUnreadable => "key-unreadable",
            Flag::Ksp => "ksp",
            Flag::Name => "name",
            Flag::SelfSigned => "self-signed",
        }
    }

    fn grade(self) -> u8 {
        match self {
            Flag::NoKey | Flag::KeyUnreadable | Flag::Ksp => 0,
            Flag::OutsideDates | Flag::Status => 1,
            Flag::Name => 2,
            Flag::SelfSigned => 3,
        }
    }
}

impl Shown {
    /// With the flags that a certificate has wherever it is presented.
    pub fn new(now: i64, server: &ServerFacts, index: usize) -> Self {
        let certificate = &server.certificates[index];
        let status = certificate.status_in_force(now);
        let flags = [
            (Flag::OutsideDates, certificate.is_outside_dates(now)),
            (Flag::Status, !matches!(status, Status::Valid | Status::DateInvalid)),
            (Flag::NoKey, !certificate.has_private_key),
            (Flag::SelfSigned, certificate.self_signed),
        ];
        Self { index, flags: flags.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag).collect() }
    }

    pub fn with(mut self, flag: Flag, set: bool) -> Self {
        if set {
            self.flags.push(flag);
            self.flags.sort_unstable();
        }
        self
    }

    pub fn grade(&self, uncounted: &[Flag]) -> u8 {
        self.flags.iter().filter(|flag| !uncounted.contains(flag)).map(|flag| flag.grade()).min().unwrap_or(4)
    }
}

/// Worst and best; `None` where nothing is to be compared.
pub fn grades(answer: &Presents, uncounted: &[Flag]) -> Option<(u8, u8)> {
    match answer {
        Presents::Certificate(shown) => Some((shown.grade(uncounted), shown.grade(uncounted))),
        Presents::OneOf(elements) => {
            let grade = |element: &Option<Shown>| element.as_ref().map_or(0, |it| it.grade(uncounted));
            Some((elements.iter().map(grade).min()?, elements.iter().map(grade).max()?))
        }
        Presents::Nothing => Some((0, 0)),
        Presents::NotOffered | Presents::Unknown(_) => None,
    }
}

/// `None` where it is not offered or not known.
pub fn is_dead(answer: &Presents) -> Option<bool> {
    // Nothing that makes an answer dead is ever left out of account.
    grades(answer, &[]).map(|(_, best)| best == 0)
}

pub fn is_worse(before: &Presents, after: &Presents, uncounted: &[Flag]) -> bool {
    let (Some((worst_before, best_before)), Some((worst, best))) =
        (grades(before, uncounted), grades(after, uncounted))
    else {
        return false;
    };
    before != after && (worst < worst_before || best < best_before)
}
