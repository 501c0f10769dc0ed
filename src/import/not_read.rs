//! What the files do not tell, by server and of the organisation.

use std::collections::BTreeSet;

use super::Import;
use super::questions::{Question, Reading};
use super::records::ServerKey;
use super::value::ObjectKind;
use crate::server::{NotRead, NotReadKind, Role, Version};

/// What stands for several cmdlets that nobody asked, or that are not answered.
const NOT_EXPORTED: &str = "not exported";

impl Import {
    /// What was not read: asked for and not answered, or not exported at all. First that of the organisation, with
    /// `None` for the server, then that of each server by name.
    ///
    /// The kinds are judged over all files together. What no record of [`collection_script`](super::collection_script)
    /// and no object tells was not read; only a record can say that there is none. PEM, DER and PKCS#7 are no exports.
    pub fn not_read(&self) -> Vec<(Option<&str>, NotRead)> {
        let of_organization = self.not_read_of_organization().into_iter().map(|entry| (None, entry));
        let of_servers = self.records.servers.iter().flat_map(|(key, facts)| {
            let name = facts.name(&key.0);
            self.not_read_of(key).into_iter().map(move |entry| (Some(name), entry))
        });
        of_organization.chain(of_servers).collect()
    }

    /// Takes what is in the files for all there is: nothing counts as not read.
    #[must_use]
    pub fn complete(mut self) -> Self {
        self.is_complete = true;
        self
    }

    /// Whether everything that tells names of clients was asked of a server and answered.
    pub(super) fn has_all_client_names(&self, key: &ServerKey) -> bool {
        let cmdlets = NotReadKind::ClientNames.cmdlets().iter();
        let mut asked = cmdlets.map(|cmdlet| Question::new(Some(key.clone()), NotReadKind::ClientNames, cmdlet));
        asked.all(|question| self.records.answers.settles(&question))
    }

    pub(super) fn not_read_of_organization(&self) -> Vec<NotRead> {
        if self.is_complete || !self.records.answers.has_export {
            return Vec::new();
        }
        let mut entries = Vec::new();
        // An Edge Transport server stands outside of the organisation.
        if self.records.answers.has_organization && !self.is_of_edges_alone() {
            let kinds = NotReadKind::ALL.iter().filter(|what| what.is_of_organization());
            entries.extend(kinds.filter_map(|what| self.entry(None, *what)));
            if !entries.iter().any(|entry| entry.what() == NotReadKind::Servers)
                && let Some(message) = self.not_described()
            {
                entries.insert(0, not_read(NotReadKind::Servers, Some(message.as_str())));
            }
        }
        let is_unknown = |name: &ServerKey| self.records.servers.get(name).is_none_or(|facts| !facts.is_described());
        let mut silent = self.records.answers.silent_edges().filter(|(name, _)| is_unknown(name));
        if let Some((_, answer)) = silent.next()
            && !entries.iter().any(|entry| entry.what() == NotReadKind::Servers)
        {
            entries.insert(0, not_read(NotReadKind::Servers, answer.message.as_deref()));
        }
        entries
    }

    /// The servers that are named and not described, if no record says that there are no others than those that are.
    fn not_described(&self) -> Option<String> {
        const MOST: usize = 8;
        let asked = Question::of_object(None, ObjectKind::Server)?;
        if self.records.answers.settles(&asked) {
            return None;
        }
        let unknown = self.records.servers.iter().filter(|(_, facts)| !facts.is_described());
        let mut names: Vec<_> = unknown.map(|(key, facts)| facts.name(&key.0)).collect();
        names.extend(self.named_by_connectors().into_values().map(|(name, _)| name));
        let more = names.len().saturating_sub(MOST);
        names.truncate(MOST);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!names.is_empty()).then(|| format!("{NOT_EXPORTED}: {}{more}", names.join(", ")))
    }

    pub(super) fn not_read_of(&self, key: &ServerKey) -> Vec<NotRead> {
        let Some(facts) = self.records.servers.get(key).filter(|_| !self.is_complete) else { return Vec::new() };
        let exported = super::described::ExportedServer::new(&key.0, facts);
        // Of versions that are not modelled nothing is asked.
        if !self.records.answers.has_export || exported.build().is_some() && exported.version().is_none() {
            return Vec::new();
        }
        let is_edge = exported.roles().is_some_and(|roles| roles.contains(&Role::EdgeTransport));
        let has_clients = exported.roles().is_none_or(|roles| match exported.version() {
            Some(Version::Exchange2013) => roles.contains(&Role::ClientAccess),
            _ => true,
        });
        let is_asked = |what: NotReadKind| {
            what.stands_at(is_edge)
                && (!is_edge || what.is_on_edge())
                && (has_clients || what != NotReadKind::ClientNames)
        };
        let kinds = NotReadKind::ALL.iter().copied().filter(|what| is_asked(*what));
        let entry =
            |what: NotReadKind| if what.counts() { self.entry(Some(key), what) } else { self.recorded(key, what) };
        kinds.filter_map(entry).collect()
    }

    /// Whether all servers that are described are Edge Transport servers, and nobody asked the organisation.
    fn is_of_edges_alone(&self) -> bool {
        if self.records.answers.of(None).next().is_some() {
            return false;
        }
        let mut roles = self.records.servers.values().filter_map(|facts| facts.roles.as_ref()).peekable();
        roles.peek().is_some() && roles.all(|known| known.value.contains(&Role::EdgeTransport))
    }

    /// The entry of a kind if one of its cmdlets was not answered.
    fn entry(&self, server: Option<&ServerKey>, what: NotReadKind) -> Option<NotRead> {
        let mut absent = Vec::new();
        let mut answered: Vec<(&str, Vec<&str>)> = Vec::new();
        for cmdlet in what.cmdlets() {
            let question = Question::new(server.cloned(), what, cmdlet);
            match self.records.answers.reading(&question) {
                Reading::Read => {}
                Reading::Absent => absent.push(*cmdlet),
                Reading::Answered(message) => {
                    let message = message.unwrap_or_default();
                    match answered.iter_mut().find(|(known, _)| *known == message) {
                        Some((_, cmdlets)) => cmdlets.push(cmdlet),
                        None => answered.push((message, vec![cmdlet])),
                    }
                }
            }
        }
        if answered.is_empty() && absent.is_empty() {
            return None;
        }
        if absent.is_empty()
            && let [(message, cmdlets)] = answered.as_slice()
            && cmdlets.len() == what.cmdlets().len()
        {
            return Some(not_read(what, Some(message)));
        }
        if !absent.is_empty() && absent.len() < what.cmdlets().len() {
            answered.push((NOT_EXPORTED, absent));
        }
        let parts: Vec<_> = answered.iter().map(|(message, cmdlets)| part(message, cmdlets)).collect();
        Some(not_read(what, Some(parts.join("; ").as_str())))
    }

    /// The entry of a kind that does not count, if a record says that it was not answered. That nobody asked for it is
    /// said by its own field.
    fn recorded(&self, key: &ServerKey, what: NotReadKind) -> Option<NotRead> {
        let of_kind = self.records.answers.of(Some(key)).filter(|(question, _)| question.what == what);
        let unread: Vec<_> = of_kind.filter(|(_, answer)| !answer.is_read).collect();
        let messages: BTreeSet<_> = unread.iter().filter_map(|(_, answer)| answer.message.as_deref()).collect();
        let messages: Vec<_> = messages.into_iter().collect();
        (!unread.is_empty()).then(|| not_read(what, Some(messages.join("; ").as_str())))
    }
}

fn part(message: &str, cmdlets: &[&str]) -> String {
    let cmdlets = cmdlets.join(", ");
    if message.is_empty() { cmdlets } else { format!("{cmdlets}: {message}") }
}

/// An entry with its message; a message that cannot stand on a line is none.
fn not_read(what: NotReadKind, message: Option<&str>) -> NotRead {
    let entry = NotRead::new(what);
    message.and_then(|message| entry.clone().with_message(message).ok()).unwrap_or(entry)
}
