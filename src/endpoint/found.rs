//! What has been found by a name: connectors share names, and most certificates are there before a change and after it.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::selection::{Chosen, hosted, named};
use super::{Presented, View};
use crate::server::{Installed, TlsCertificateName};

/// The certificates that have been found by a name or for a host, with what transport chooses of them.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    names: SmallVec<[(&'a TlsCertificateName, Candidates<'a>); 2]>,
    hosts: SmallVec<[(&'a str, Candidates<'a>); 2]>,
    /// What covers the name that IMAP or POP presents a certificate by, and what is presented then.
    covering: Option<(Cow<'a, str>, List<'a>, InView<Presented>)>,
}

/// What is found does not depend on the view; what is chosen does.
#[derive(Debug)]
struct Candidates<'a> {
    /// Those that a change removes among them.
    all: List<'a>,
    chosen: InView<Chosen<'a>>,
}

type List<'a> = SmallVec<[&'a Installed; 2]>;

/// Something before a change, and after it.
type InView<T> = [Option<T>; 2];

fn in_view<'m, T>([before, after]: &'m mut InView<T>, view: &View<'_>) -> &'m mut Option<T> {
    if view.change.is_some() { after } else { before }
}

impl<'a> Found<'a> {
    /// What transport chooses by a name.
    pub(super) fn named(&mut self, view: &View<'a>, name: &'a TlsCertificateName) -> Option<&Chosen<'a>> {
        let find = || (name, view.server.inventory().named(name).collect());
        let Candidates { all, chosen } = entry(&mut self.names, |known| *known == name, find)?;
        Some(in_view(chosen, view).get_or_insert_with(|| named(view, all)))
    }

    /// What transport chooses for a host.
    pub(super) fn hosted(&mut self, view: &View<'a>, host: &'a str) -> Option<&Chosen<'a>> {
        let find = || (host, view.server.inventory().covering(host).collect());
        let Candidates { all, chosen } = entry(&mut self.hosts, |known| known.eq_ignore_ascii_case(host), find)?;
        Some(in_view(chosen, view).get_or_insert_with(|| hosted(view, host, all)))
    }

    /// What IMAP or POP presents by a name, which mostly is the same for both.
    pub(super) fn covering(
        &mut self,
        view: &View<'a>,
        name: Cow<'a, str>,
        present: impl FnOnce(&[&'a Installed]) -> Presented,
    ) -> Presented {
        let last = self.covering.take().filter(|(known, ..)| *known == name);
        let (_, all, presented) = self.covering.insert(last.unwrap_or_else(|| {
            let all = view.server.inventory().covering(&name).collect();
            (name, all, [None, None])
        }));
        in_view(presented, view).get_or_insert_with(|| present(all)).clone()
    }
}

fn entry<'m, 'a, K>(
    entries: &'m mut SmallVec<[(K, Candidates<'a>); 2]>,
    is_wanted: impl Fn(&K) -> bool,
    find: impl FnOnce() -> (K, List<'a>),
) -> Option<&'m mut Candidates<'a>> {
    let index = entries.iter().position(|(known, _)| is_wanted(known)).unwrap_or_else(|| {
        let (key, all) = find();
        entries.push((key, Candidates { all, chosen: [None, None] }));
        entries.len() - 1
    });
    entries.get_mut(index).map(|(_, candidates)| candidates)
}
