//! What has been found by a name: connectors share names, and most certificates are there before a change and after it.

use std::borrow::Cow;

use super::View;
use super::selection::{Chosen, hosted, named};
use crate::server::{Installed, TlsCertificateName};

/// The certificates that have been found by a name or for a host, with what transport chooses of them.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    names: Vec<(&'a TlsCertificateName, Candidates<'a>)>,
    hosts: Vec<(Cow<'a, str>, Candidates<'a>)>,
}

#[derive(Debug)]
struct Candidates<'a> {
    /// Those that a change removes among them.
    all: Vec<&'a Installed>,
    chosen: Option<Chosen<'a>>,
}

impl<'a> Found<'a> {
    /// What is chosen depends on the view; what is found does not.
    pub(super) fn forget_chosen(&mut self) {
        let by_name = self.names.iter_mut().map(|(_, candidates)| candidates);
        let by_host = self.hosts.iter_mut().map(|(_, candidates)| candidates);
        by_name.chain(by_host).for_each(|candidates| candidates.chosen = None);
    }

    /// What transport chooses by a name.
    pub(super) fn named(&mut self, view: &View<'a>, name: &'a TlsCertificateName) -> Option<&Chosen<'a>> {
        let find = || (name, view.server.inventory().named(name).collect());
        let Candidates { all, chosen } = entry(&mut self.names, |known| *known == name, find)?;
        Some(chosen.get_or_insert_with(|| named(view, all)))
    }

    /// What transport chooses for a host.
    pub(super) fn hosted(&mut self, view: &View<'a>, host: &'a str) -> Option<&Chosen<'a>> {
        let Candidates { all, chosen } = self.host(view, Cow::Borrowed(host))?;
        Some(chosen.get_or_insert_with(|| hosted(view, host, all)))
    }

    /// The certificates that cover a host, those that the change removes among them.
    pub(super) fn covering(&mut self, view: &View<'a>, host: Cow<'a, str>) -> &[&'a Installed] {
        self.host(view, host).map(|candidates| candidates.all.as_slice()).unwrap_or_default()
    }

    fn host(&mut self, view: &View<'a>, host: Cow<'a, str>) -> Option<&mut Candidates<'a>> {
        // A copy of a borrowed text costs nothing, and nearly all are.
        let find = || (host.clone(), view.server.inventory().covering(&host).collect());
        entry(&mut self.hosts, |known| known.eq_ignore_ascii_case(&host), find)
    }
}

fn entry<'m, 'a, K>(
    entries: &'m mut Vec<(K, Candidates<'a>)>,
    is_wanted: impl Fn(&K) -> bool,
    find: impl FnOnce() -> (K, Vec<&'a Installed>),
) -> Option<&'m mut Candidates<'a>> {
    let index = entries.iter().position(|(known, _)| is_wanted(known)).unwrap_or_else(|| {
        let (key, all) = find();
        entries.push((key, Candidates { all, chosen: None }));
        entries.len() - 1
    });
    entries.get_mut(index).map(|(_, candidates)| candidates)
}
