//! What an older collection has and a newer one has no more.

use super::described::Known;
use super::error::Origin;
use super::note::ImportNote;
use super::questions::{Answers, Question};
use super::records::{ConnectorKey, Records, ServerKey, server_key};
use super::value::ObjectKind;
use crate::server::ConnectorKind;
use crate::thumbprint::Thumbprint;

impl Answers {
    /// Whether a collection that is newer by more than an hour read the same whole. What is there still is as new as
    /// that one, since it was merged with it.
    fn outdates(&self, question: Option<&Question>, origin: &Origin) -> bool {
        let newer = question.and_then(|question| self.read_at(question));
        newer.is_some_and(|newer| origin.cmp_collected(newer).is_lt())
    }
}

impl Records {
    /// Forgets what a newer collection asked for and did not get any more.
    pub(super) fn forget_what_is_gone(&mut self) {
        if !self.answers.are_of_different_times() {
            return;
        }
        let mut gone = Vec::new();
        self.forget_servers(&mut gone);
        self.forget_certificates(&mut gone);
        self.forget_connectors(&mut gone);
        self.forget_facts();
        let answers = &self.answers;
        let subscriptions = Question::of_object(None, ObjectKind::EdgeSubscription);
        self.edges.retain(|name, known| {
            let is_kept = !answers.outdates(subscriptions.as_ref(), &known.origin);
            note(&mut gone, is_kept, || format!("the Edge subscription of {}", name.0), &known.origin)
        });
        if !gone.is_empty() {
            self.notes.append(&mut gone);
            self.reindex();
        }
    }

    /// A server that is no more goes with all that is of it.
    fn forget_servers(&mut self, gone: &mut Vec<ImportNote>) {
        let answers = &self.answers;
        let asked = Question::of_object(None, ObjectKind::Server);
        let is_outdated = |known: &Known<String>| answers.outdates(asked.as_ref(), &known.origin);
        let mut names: Vec<ServerKey> = Vec::new();
        self.servers.retain(|name, facts| {
            let Some(build) = facts.build.as_ref().filter(|_| facts.own_build.is_none()) else { return true };
            let is_kept = !is_outdated(build);
            if !is_kept {
                names.push(name.clone());
            }
            note(gone, is_kept, || format!("the server {}", name.0), &build.origin)
        });
        if names.is_empty() {
            return;
        }
        self.certificates
            .retain(|_, certificate| !certificate.server().is_some_and(|server| names.contains(&server_key(server))));
        self.connectors.retain(|(_, server, _), _| !server.as_ref().is_some_and(|server| names.contains(server)));
    }

    fn forget_certificates(&mut self, gone: &mut Vec<ImportNote>) {
        let answers = &self.answers;
        self.certificates.retain(|(thumbprint, _), certificate| {
            let server = certificate.server().map(server_key);
            let asked = Question::of_object(server, ObjectKind::CertificateRecord);
            let is_kept = !answers.outdates(asked.as_ref(), certificate.origin());
            note(gone, is_kept, || gone_from(*thumbprint, certificate.server()), certificate.origin())
        });
    }

    fn forget_connectors(&mut self, gone: &mut Vec<ImportNote>) {
        let answers = &self.answers;
        self.connectors.retain(|key, known| {
            let is_kept = !answers.outdates(question(key).as_ref(), &known.origin);
            note(gone, is_kept, || format!("the connector {}", known.value.name()), &known.origin)
        });
    }

    /// Names of clients and selections: what holds is there anew.
    fn forget_facts(&mut self) {
        let answers = &self.answers;
        for (name, facts) in &mut self.servers {
            facts.client_names.retain(|(cmdlet, ..), known| {
                let asked = Question::of_record(Some(&name.0), cmdlet, None);
                !answers.outdates(asked.as_ref(), &known.origin)
            });
            facts.selection.retain(|_, known| {
                let asked = Question::of_object(Some(name.clone()), ObjectKind::CertificateRecord);
                !answers.outdates(asked.as_ref(), &known.origin)
            });
        }
    }
}

fn question((kind, server, _): &ConnectorKey) -> Option<Question> {
    let kind = match kind {
        ConnectorKind::Send => ObjectKind::SendConnector,
        ConnectorKind::Receive => ObjectKind::ReceiveConnector,
        ConnectorKind::Hybrid => ObjectKind::HybridConfiguration,
    };
    Question::of_object(server.clone(), kind)
}

fn gone_from(thumbprint: Thumbprint, server: Option<&str>) -> String {
    let server = server.map(|server| format!(" of {server}")).unwrap_or_default();
    format!("the certificate {thumbprint}{server}")
}

/// Notes what is not kept, and tells whether it is.
fn note(gone: &mut Vec<ImportNote>, is_kept: bool, what: impl Fn() -> String, older: &Origin) -> bool {
    if !is_kept {
        gone.push(ImportNote::Gone { what: what(), older: older.clone() });
    }
    is_kept
}
