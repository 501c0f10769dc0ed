//! One certificate for every server of an organisation (§10): what takes its place where, which names move, and what
//! is removed.

mod after;
mod checks;
mod facts;
mod names;
mod servers;

pub use after::{After, changes_of};
pub use checks::{Lacking, Worse, lacking, worse};
pub use facts::*;
use names::Names;
use servers::{Decided, decide};

use super::facts::*;
use super::{Change, Outcome, Said};

/// What the renewal comes to.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// Replaced, refused, or a decision that is required.
    pub outcome: Outcome,
    /// Each at its place in the facts.
    pub servers: Vec<OfServer>,
    /// Places of those that were asked for, in the order in which they are done.
    pub order: Vec<usize>,
    /// Where the new certificate is to be imported first, in that order.
    pub imports: Vec<usize>,
    /// Of the organisation, by its place there.
    pub moved: Vec<Moved>,
    /// A server, and the place of a connector of its own there.
    pub own_moved: Vec<(usize, usize)>,
    pub kept: Vec<Kept>,
    /// In that order: a server, and the thumbprint that is removed there.
    pub removals: Vec<(usize, String)>,
    pub left_out: Vec<(usize, String, LeftOut)>,
    /// Server and endpoint that `endpoint-changes` names.
    pub endpoint_changes: Vec<(usize, String)>,
}

#[derive(Clone, Debug)]
pub struct OfServer {
    pub standing: Standing,
    /// Index of the certificate whose place is taken.
    pub old: Option<usize>,
    /// Those that its outcome carries.
    pub diagnostics: Vec<Said>,
    pub after: After,
    /// Every endpoint as the server is now, and as it is afterwards.
    pub changes: Vec<Change>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not asked for.
    Outside,
    /// It has nothing that the certificate renews.
    Skipped,
    Planned {
        question: u8,
        added: u8,
        served: u8,
    },
    Refused {
        assignable: u8,
    },
    Undecided {
        recommended: Answer,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Into the connectors of the organisation.
    pub connector: usize,
    pub from: CertificateName,
    pub to: CertificateName,
    /// The servers with a plan that it waits for, in the order in which they are done.
    pub after: Vec<usize>,
}

/// Its name was to move, and does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub connector: usize,
    /// Names of the servers that lack the new certificate with SMTP, as the fleet has them where it knows them.
    pub lacking: Vec<String>,
}

/// Why a certificate stays on a server though nothing there stands against its removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// A connector or the hybrid configuration goes on naming it.
    KeptName,
    /// A Send connector of its names is synchronised to this Edge Transport server, and cannot be set there.
    Synchronised,
}

/// What is said of endpoints that nobody named.
pub const ENDPOINT_CHANGES: &str = "endpoint-changes";

/// `None` where no server has anything to renew: that is bad input.
pub fn renew(facts: &OrganizationFacts) -> Option<Renewed> {
    let order = facts.order();
    let views: Vec<ViewOfServer> = (0..facts.servers.len()).map(|place| facts.view(place, &order)).collect();
    if views.iter().all(|it| it.old.is_none()) {
        return None;
    }
    let mut names = Names::at_first(facts, &views);
    let mut decided: Vec<Option<Decided>> = vec![None; views.len()];
    loop {
        for (place, view) in views.iter().enumerate() {
            // A server once refused stays refused; what is to be decided first stays open too.
            if view.old.is_some() && decided[place].as_ref().is_none_or(Decided::has_plan) {
                decided[place] = Some(decide(facts, view, &names));
            }
        }
        if !names.keep_more(facts, &views, &decided) {
            break;
        }
    }
    Some(answer(facts, order, &views, &decided, &names))
}

fn answer(
    facts: &OrganizationFacts,
    order: Vec<usize>,
    views: &[ViewOfServer],
    decided: &[Option<Decided>],
    names: &Names,
) -> Renewed {
    let moving = &names.moving;
    let thumbprint_of_old = |place: usize| {
        let view = &views[place];
        view.old.map(|old| view.facts.certificates[old].thumbprint.clone()).unwrap_or_default()
    };
    let planned: Vec<(usize, &Decided)> = order
        .iter()
        .filter_map(|place| decided[*place].as_ref().filter(|it| it.has_plan()).map(|it| (*place, it)))
        .collect();
    let removes = !facts.request.keep_old;
    let left_out: Vec<(usize, String, LeftOut)> = planned
        .iter()
        .filter(|_| removes)
        .filter_map(|(place, it)| Some((*place, thumbprint_of_old(*place), it.left_out?)))
        .collect();
    let removals = planned
        .iter()
        .filter(|(_, it)| removes && it.left_out.is_none())
        .map(|(place, _)| (*place, thumbprint_of_old(*place)))
        .collect();
    let to = CertificateName::of(&facts.request.new);
    let moved = moving
        .iter()
        .map(|connector| Moved {
            connector: *connector,
            from: facts.connectors[*connector].tls_certificate_name.value().cloned().unwrap_or_default(),
            to: to.clone(),
            after: {
                let asked = names::asked(facts, views, *connector);
                planned.iter().map(|(place, _)| *place).filter(|place| asked.servers.contains(place)).collect()
            },
        })
        .collect();
    let own_moved = planned.iter().flat_map(|(place, it)| it.own_moved.iter().map(|own| (*place, *own))).collect();
    let kept = names.kept(facts, views, decided);
    let servers: Vec<OfServer> = views
        .iter()
        .zip(decided)
        .map(|(view, decided)| of_server(facts, view, decided.as_ref(), moving, &order))
        .collect();
    let any = |outcome: Outcome| decided.iter().flatten().any(|it| it.verdict.outcome == outcome);
    let stays_for_a_name = left_out.iter().any(|(.., why)| *why == LeftOut::KeptName);
    // What waits for an answer may move once it is given.
    let is_open = |name: &String| {
        let decided = facts.called(name).and_then(|place| decided[place].as_ref());
        decided.is_some_and(|it| it.verdict.outcome == Outcome::DecisionRequired)
    };
    let is_held = kept.iter().any(|it| !it.lacking.iter().all(is_open)) || kept.is_empty() && stays_for_a_name;
    let outcome = if any(Outcome::Refused) || is_held {
        Outcome::Refused
    } else if any(Outcome::DecisionRequired) {
        Outcome::DecisionRequired
    } else {
        Outcome::Replaced
    };
    let endpoint_changes = servers
        .iter()
        .zip(views)
        .enumerate()
        .flat_map(|(place, (server, view))| unasked(server, view).map(move |id| (place, id)))
        .collect();
    let imports = order.iter().copied().filter(|place| views[*place].imports()).collect();
    Renewed { outcome, servers, order, imports, moved, own_moved, kept, removals, left_out, endpoint_changes }
}

fn of_server(
    facts: &OrganizationFacts,
    view: &ViewOfServer,
    decided: Option<&Decided>,
    moving: &[usize],
    order: &[usize],
) -> OfServer {
    let standing = match decided {
        None if order.contains(&view.place) => Standing::Skipped,
        None => Standing::Outside,
        Some(it) => match it.verdict.outcome {
            Outcome::Refused => Standing::Refused { assignable: it.verdict.assignable.unwrap_or(0) },
            Outcome::DecisionRequired => {
                Standing::Undecided { recommended: it.verdict.recommended.unwrap_or(Answer::Keep) }
            }
            Outcome::Assigned | Outcome::Removed | Outcome::Replaced => {
                Standing::Planned { question: it.question, added: it.verdict.added, served: it.served }
            }
        },
    };
    let left = after::left(facts, view, decided, moving);
    let after = After::of(&left);
    let changes = after::changes_to(facts, view, &left);
    let diagnostics = decided.map(|it| it.verdict.diagnostics.clone()).unwrap_or_default();
    OfServer { standing, old: view.old, diagnostics, after, changes }
}

/// What changes though nobody asked for it: on a server without a plan, or of a service that the plan is not about.
fn unasked<'a>(server: &'a OfServer, view: &'a ViewOfServer) -> impl Iterator<Item = String> + 'a {
    let asked = match server.standing {
        Standing::Planned { question, served, .. } => {
            let of_old = view.old.and_then(|old| view.facts.certificates[old].services);
            question | served | of_old.unwrap_or(0)
        }
        _ => 0,
    };
    server
        .changes
        .iter()
        .filter(move |it| it.before.answer != it.after.answer && it.after.kind.service() & asked == 0)
        .map(|it| it.after.id.clone())
}
