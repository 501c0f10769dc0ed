//! What became of the findings of an earlier audit, for people.

use exchange_certificates::{AuditChange, AuditFinding, FindingRecord, Severity};

use super::input::plain;

/// A word, a severity and a line for each finding that is new, changed, gone or not judged.
pub(crate) fn lines<'a>(change: &'a AuditChange<'_>) -> impl Iterator<Item = (&'static str, Severity, String)> + 'a {
    let found = |word| move |it: &&AuditFinding| (word, it.severity(), plain(&it.to_string()));
    let kept = |word| {
        let line = |it: &FindingRecord| plain(&format!("{} on {}: {}", it.rule, it.server, it.message));
        move |it: &&FindingRecord| (word, it.severity, line(it))
    };
    let now = change.new.iter().map(found("new")).chain(change.changed.iter().map(found("changed")));
    let earlier = change.gone.iter().map(kept("gone")).chain(change.not_judged.iter().map(kept("not judged")));
    now.chain(earlier)
}
