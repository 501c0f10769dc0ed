//! What the rules say of a case.

use std::borrow::Cow;

use crate::case::Case;
use crate::comparison::{Comparison, Unnamed};
use crate::diagnostic::Diagnostic;
use crate::finding::{Finding, Kind};
use crate::policy::Policy;
use crate::rule::{Check, Rule};
use crate::rules::{self, RULES};
use crate::service::Service;

/// All diagnostics of a case, and what of the assignment they block.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    pub(crate) diagnostics: Vec<Diagnostic>,
    blocked: Service,
    is_blocked_whole: bool,
}

/// How many rules speak of most requests: a list of these does not grow.
const OFTEN_HEARD: usize = 8;

/// Asks every rule in its order, the organisation's own ones last.
pub(crate) fn judge(policy: &Policy, case: &Case<'_>) -> Judgement {
    let mut judgement = Judgement { diagnostics: Vec::with_capacity(OFTEN_HEARD), ..Judgement::default() };
    let assignment = case.assignment.as_ref().filter(|assignment| !assignment.in_question().is_empty());
    let removal = case.removal();
    let removal = removal.as_ref();
    let mut is_refused = false;
    let looks_on = |check: Check| matches!(check, Check::Compare(_) | Check::Fleet(_));
    let (first, comparing) = RULES.split_at(RULES.partition_point(|rule| !looks_on(rule.check)));
    for rule in first {
        // A refusal does not list what would follow, and no policy makes more of a follow-up than that.
        if is_refused && rule.kind() == Kind::FollowUp {
            continue;
        }
        // Fast path: most rules find nothing.
        let (adding, removing) = match rule.check {
            Check::Request(check) => match check(case) {
                None => continue,
                adding => (adding, None),
            },
            Check::Assign(check) => match assignment.and_then(check) {
                None => continue,
                adding => (adding, None),
            },
            Check::Remove(check) => match removal.and_then(check) {
                None => continue,
                removing => (None, removing),
            },
            Check::Both(adds, removes) => match (assignment.and_then(adds), removal.and_then(removes)) {
                (None, None) => continue,
                both => both,
            },
            // These look at what all others say.
            Check::Compare(_) | Check::Fleet(_) => continue,
        };
        let weighed = |finding: Finding| Some((policy.kind_of(rule, &finding)?, finding));
        let (adding, removing) = (adding.and_then(weighed), removing.and_then(weighed));
        if let Some((Kind::Refuse, finding)) = &adding {
            judgement.block(finding.services);
        }
        let stronger = match (adding, removing) {
            (Some(adding), Some(removing)) => Some(if removing.0 > adding.0 { removing } else { adding }),
            (adding, removing) => adding.or(removing),
        };
        if let Some((kind, finding)) = stronger {
            is_refused |= kind == Kind::Refuse;
            judgement.diagnostics.push(Diagnostic::new(Cow::Borrowed(rule.id()), kind, finding.at(case.server)));
        }
    }
    compare(policy, case, comparing, &mut judgement);
    for rule in policy.own_rules() {
        let said = |finding: Finding| Diagnostic::new(rule.shared_id(), rule.kind(), finding.at(case.server));
        if let Some(finding) = assignment.and_then(|assignment| rule.check_assignment(assignment)) {
            if rule.kind() == Kind::Refuse {
                judgement.block(finding.services);
            }
            judgement.diagnostics.push(said(finding));
        }
        if let Some(finding) = removal.and_then(|removal| rule.check_removal(removal)) {
            judgement.diagnostics.push(said(finding));
        }
    }
    judgement
}

/// Asks the rules about what changes over a fleet beside what was asked for.
pub(crate) fn judge_fleet(policy: &Policy, unnamed: &Unnamed<'_>) -> Vec<Diagnostic> {
    let asked = RULES.iter().filter_map(|rule| {
        let Check::Fleet(check) = rule.check else { return None };
        let finding = check(unnamed)?;
        Some(Diagnostic::new(Cow::Borrowed(rule.id()), policy.kind_of(rule, &finding)?, finding))
    });
    asked.collect()
}

/// Asks the rules about what is presented before and after.
fn compare(policy: &Policy, case: &Case<'_>, rules: &[&'static Rule], judgement: &mut Judgement) {
    let ask = |changes, said: &[Diagnostic]| -> Vec<_> {
        let comparison = Comparison::new(case, changes, said);
        let asked = rules.iter().filter_map(|rule| {
            let Check::Compare(check) = rule.check else { return None };
            let finding = check(&comparison)?;
            let kind = policy.kind_of(rule, &finding)?;
            Some(Diagnostic::new(Cow::Borrowed(rule.id()), kind, finding.at(case.server)))
        });
        asked.collect()
    };
    let mut found = ask(&case.endpoints, &judgement.diagnostics);
    let is_refusal = |said: &&Diagnostic| said.kind() == Kind::Refuse;
    let is_refused = judgement.diagnostics.iter().chain(&found).any(|said| is_refusal(&said));
    if is_refused && case.assignment.is_some() {
        // What a removal alone breaks does not stand against assigning.
        let of_assignment = match case.request.removes() {
            Some(_) => {
                let is_about_it = |said: &&Diagnostic| {
                    !matches!(rules::rule(said.rule()), Some(Rule { check: Check::Remove(_), .. }))
                };
                let said: Vec<_> = judgement.diagnostics.iter().filter(is_about_it).cloned().collect();
                &ask(&case.endpoints_of_assignment(), &said)
            }
            None => &found,
        };
        let blocked: Vec<_> = of_assignment.iter().filter(is_refusal).map(Diagnostic::services).collect();
        blocked.into_iter().for_each(|services| judgement.block(services));
    }
    judgement.diagnostics.append(&mut found);
}

impl Judgement {
    fn block(&mut self, services: Service) {
        self.is_blocked_whole |= services.is_empty();
        self.blocked |= services;
    }

    /// What of these services would pass.
    pub(crate) fn assignable(&self, in_question: Service) -> Service {
        if self.is_blocked_whole { Service::empty() } else { in_question - self.blocked }
    }
}
