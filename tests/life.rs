//! The life of assignments: any sequence of requests, by any policy, keeps what must hold.

mod support {
    pub mod comparison;
    pub mod decision_table;
    pub mod factory;
    pub mod pool;
    pub mod situations;
}

use std::time::{Duration, SystemTime};

use exchange_certificates::{
    AcceptedStatus, Answer, ConnectorNames, DEFAULT_WEB_SITE, EndpointChange, EndpointKind, Finding, Kind, Mode,
    NoPlan, Operation, OwnRule, Plan, Policy, Presented, RULES, Request, Server, Service, assign_with, plan, plan_with,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use support::comparison;
use support::situations::situations;

/// A request whose certificates are chosen when it is made, among those that are installed then.
#[derive(Clone, Debug)]
struct Step {
    certificate: Index,
    old: Index,
    kind: StepKind,
    default_smtp: Option<Answer>,
    accepts: bool,
    later: Duration,
}

#[derive(Clone, Copy, Debug)]
enum StepKind {
    Assign(Service, Mode),
    Remove,
    Replace(ConnectorNames),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let services = prop_oneof![3 => select(vec![1_u8, 2, 3, 8, 16, 24, 27]), 1 => 0_u8..128]
        .prop_map(|bits| Service::from_bits(bits).unwrap());
    let kind = prop_oneof![
        4 => (services, select(vec![Mode::Add, Mode::Add, Mode::Exact, Mode::Take]))
            .prop_map(|(services, mode)| StepKind::Assign(services, mode)),
        2 => Just(StepKind::Remove),
        2 => select(vec![ConnectorNames::Keep, ConnectorNames::Update]).prop_map(StepKind::Replace),
    ];
    let answer = option::of(select(vec![Answer::Keep, Answer::Replace]));
    let step = (any::<Index>(), any::<Index>(), kind, answer, any::<bool>(), 0_u64..40).prop_map(
        |(certificate, old, kind, default_smtp, accepts, days)| Step {
            certificate,
            old,
            kind,
            default_smtp,
            accepts,
            later: Duration::from_secs(days * 86_400),
        },
    );
    vec(step, 1..8)
}

impl Step {
    fn request(&self, server: &Server) -> Option<Request> {
        let installed: Vec<_> = server.certificates().map(|installed| installed.thumbprint()).collect();
        if installed.is_empty() {
            return None;
        }
        let (this, old) = (*self.certificate.get(&installed), *self.old.get(&installed));
        let request = match self.kind {
            StepKind::Assign(services, mode) => Request::assign(this, services).with_mode(mode),
            StepKind::Remove => Request::remove(this),
            StepKind::Replace(_) if this == old => return None,
            StepKind::Replace(names) => Request::replace(old, this).with_connector_names(names),
        };
        Some(self.answered(request))
    }

    /// The assignment of what would pass alone.
    fn narrowed(&self, request: &Request, services: Service) -> Request {
        self.answered(Request::assign(request.thumbprint(), services))
    }

    fn answered(&self, mut request: Request) -> Request {
        if let Some(answer) = self.default_smtp {
            request = request.with_default_smtp(answer);
        }
        if self.accepts {
            request =
                request.with_accepted_status(AcceptedStatus::Untrusted).with_accepted_status(AcceptedStatus::Unknown);
        }
        request
    }
}

/// What a policy does with one rule; what is not allowed leaves the policy as it was.
fn policies() -> impl Strategy<Value = Policy> {
    // In a replacement these look away from the old certificate, so that they say more of assigning what is left.
    let looks_away = ["connector-uses-other", "imap-ambiguous", "pop-ambiguous", "import-takes-over"];
    let ids: Vec<_> = RULES.iter().map(|rule| rule.id()).filter(|id| !looks_away.contains(id)).collect();
    let change = (select(ids), select(vec![Some(Kind::Warn), Some(Kind::Refuse), None]));
    (vec(change, 0..6), 60_u32..400, 2048_u32..5000, any::<bool>()).prop_map(|(changes, days, bits, own)| {
        let policy = Policy::default().with_expires_soon_days(days).unwrap().with_minimum_rsa_bits(bits).unwrap();
        let policy = changes.into_iter().fold(policy, |policy, (id, change)| {
            let changed = match change {
                Some(kind) => policy.clone().raise(id, kind),
                None => policy.clone().silence(id),
            };
            changed.unwrap_or(policy)
        });
        if !own {
            return policy;
        }
        let rule = OwnRule::new("contoso/no-pop", Kind::Refuse, |case| {
            case.adds(Service::POP).then(|| Finding::new(Service::POP, "POP is not used here"))
        });
        policy.with_rule(rule).unwrap()
    })
}

fn serialized(server: &Server) -> String {
    serde_json::to_string(server).unwrap()
}

/// The hosted services other than Federation that a certificate has; IIS by another site than the Default Web Site is
/// not among them.
fn served(server: &Server) -> Service {
    let had = server.certificates().fold(Service::empty(), |all, installed| {
        let is_elsewhere = installed.web_sites().is_some_and(|sites| !sites.contains(&DEFAULT_WEB_SITE));
        all | if is_elsewhere { installed.known_services() - Service::IIS } else { installed.known_services() }
    });
    had & (server.hosts() - Service::FEDERATION)
}

/// The services that are judged by what is presented, and those that the plan warns of or says to be served by name.
fn may_be_lost(plan: &Plan) -> Service {
    let kinds = [EndpointKind::DefaultWebSite, EndpointKind::Imap, EndpointKind::Pop];
    let is_known = |kind: &EndpointKind| {
        let mut of_kind = plan.endpoints().iter().filter(|change| change.after.kind() == *kind).peekable();
        of_kind.peek().is_some() && of_kind.all(EndpointChange::is_known)
    };
    let by_endpoint: Service = kinds.into_iter().filter(is_known).map(EndpointKind::service).collect();
    let is_said = |rule| ["removes-last-assignment", "served-by-name"].contains(&rule);
    let said = plan.diagnostics().iter().filter(|said| is_said(said.rule()));
    said.fold(by_endpoint, |all, said| all | said.services())
}

/// Services are lost by what is removed, and by what moves by itself: IIS with its site, IMAP and POP with their name.
fn only_grows(before: &Server, after: &Server, plan: &Plan) -> Result<(), TestCaseError> {
    let moving = plan.added() & (Service::IIS | Service::IMAP | Service::POP);
    for installed in before.certificates() {
        let thumbprint = installed.thumbprint();
        let is_removed = match plan.request().operation() {
            Operation::Remove => thumbprint == plan.request().thumbprint(),
            Operation::Replace { old, .. } => thumbprint == old,
            _ => false,
        };
        let Some(now) = after.installed(thumbprint) else {
            prop_assert!(is_removed);
            continue;
        };
        prop_assert!(!is_removed);
        let lost = installed.known_services() - now.known_services();
        prop_assert!(moving.contains(lost), "{thumbprint} lost {lost}");
        prop_assert!(lost.is_empty() || thumbprint != plan.request().thumbprint());
    }
    let lost = served(before) - served(after);
    prop_assert!(may_be_lost(plan).contains(lost), "{} was served, now {}", served(before), served(after));
    Ok(())
}

/// The server presents what the plan said, wherever that is known, and who loses a certificate hears of it.
fn presents(server: &Server, plan: &Plan, now: SystemTime) -> Result<(), TestCaseError> {
    let after = server.endpoints(now);
    prop_assert_eq!(after.len(), plan.endpoints().len());
    for (endpoint, change) in after.iter().zip(plan.endpoints()) {
        prop_assert_eq!(endpoint.id().to_string(), change.after.id().to_string());
        if !endpoint.presented().is_unknown() && !change.after.presented().is_unknown() {
            prop_assert_eq!(shown(endpoint.presented()), shown(change.after.presented()), "{}", endpoint.id());
        }
        if change.fails() {
            let is_heard = |rule: &str| {
                ["endpoint-fails", "update-connectors", "connector-uses-other"].contains(&rule)
                    || (rule.starts_with("removes-") && rule != "removes-keyless")
            };
            prop_assert!(plan.diagnostics().iter().any(|said| is_heard(said.rule())), "{change}");
        }
    }
    Ok(())
}

/// What is presented, whatever the reason.
fn shown(presented: &Presented) -> String {
    match presented {
        Presented::Certificate(certificate, _) => format!("{certificate:?}"),
        Presented::OneOf(several, _) => format!("{several:?}"),
        other => format!("{other:?}"),
    }
}

/// No endpoint rule keeps a certificate that no endpoint presents, but where the server itself is said to have chosen
/// one that does not hold the name.
fn refuses_for_a_reason(
    server: &Server,
    request: &Request,
    no_plan: &NoPlan,
    now: SystemTime,
) -> Result<(), TestCaseError> {
    let is_odd = ["mail.contoso.com", "mbx01.contoso.com"].iter().any(|host| server.selection(host).is_some());
    let is_bare = |presented: &Presented| !presented.is_unknown() && !presented.may_be(request.thumbprint());
    if request.operation() == Operation::Remove
        && !is_odd
        && server.endpoints(now).iter().all(|it| is_bare(it.presented()))
    {
        prop_assert!(!no_plan.has("endpoint-fails"), "{no_plan}");
    }
    Ok(())
}

/// An exact set is exact afterwards, and what was to be taken away is not there.
fn leaves_what_was_asked_for(server: &Server, request: &Request) -> Result<(), TestCaseError> {
    if let (Operation::Assign { services, mode }, Some(installed)) =
        (request.operation(), server.installed(request.thumbprint()))
    {
        let has = installed.known_services();
        match mode {
            Mode::Exact => prop_assert_eq!(has, services),
            Mode::Take => prop_assert!(!has.intersects(services)),
            _ => prop_assert!(has.contains(services)),
        }
    }
    Ok(())
}

fn again(policy: &Policy, server: &Server, request: &Request, now: SystemTime) -> Result<(), TestCaseError> {
    if matches!(request.operation(), Operation::Assign { .. }) {
        let again = plan_with(policy, server, request, now).expect("what is assigned already succeeds");
        prop_assert_eq!(again.added(), Service::empty());
        prop_assert!(again.script().is_empty());
        let mut twice = server.clone();
        again.apply(&mut twice, now).unwrap();
        prop_assert_eq!(serialized(&twice), serialized(server));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_requests_breaks_a_server(situation in situations(), steps in steps(), policy in policies()) {
        let mut server = comparison::server(&situation);
        let mut now = comparison::now(&situation);
        let mut earlier: Option<Plan> = None;
        for step in steps {
            let Some(request) = step.request(&server) else { continue };
            now += step.later;
            let before = server.clone();
            let by_default = plan(&server, &request, now);
            match assign_with(&policy, &mut server, &request, now) {
                Ok(plan) => {
                    prop_assert!(!matches!(by_default, Err(NoPlan::Refused(_))), "what the default refuses stays refused");
                    only_grows(&before, &server, &plan)?;
                    leaves_what_was_asked_for(&server, &request)?;
                    presents(&server, &plan, now)?;
                    again(&policy, &server, &request, now)?;
                    earlier = Some(plan);
                }
                Err(no_plan) => {
                    prop_assert_eq!(serialized(&server), serialized(&before), "nothing is half done");
                    refuses_for_a_reason(&server, &request, &no_plan, now)?;
                    if let (Some(assignable), Err(NoPlan::Refused(refusal))) = (no_plan.assignable(), &by_default) {
                        prop_assert!(refusal.assignable().unwrap().contains(assignable), "assignable never grows");
                    }
                    if let Some(assignable) = no_plan.assignable().filter(|services| !services.is_empty()) {
                        let narrowed = step.narrowed(&request, assignable);
                        let refused = matches!(plan_with(&policy, &server, &narrowed, now), Err(NoPlan::Refused(_)));
                        prop_assert!(!refused, "{} would not pass", assignable);
                    }
                }
            }
            stale_or_the_same(earlier.as_ref(), &policy, &server, now)?;
        }
    }
}

/// A plan from before is carried out where it still comes to the same, and else nothing changes.
fn stale_or_the_same(
    plan: Option<&Plan>,
    policy: &Policy,
    server: &Server,
    now: SystemTime,
) -> Result<(), TestCaseError> {
    let Some(plan) = plan else { return Ok(()) };
    let fresh = plan_with(policy, server, plan.request(), now);
    let told = |plan: &Plan| {
        let said = plan
            .diagnostics()
            .iter()
            .map(|diagnostic| (diagnostic.rule().to_owned(), diagnostic.kind(), diagnostic.services()))
            .collect::<Vec<_>>();
        (
            plan.added(),
            plan.services(),
            plan.superseded().to_vec(),
            plan.default_smtp(),
            said,
            plan.script().to_vec(),
            plan.endpoints().to_vec(),
        )
    };
    let mut target = server.clone();
    match plan.apply(&mut target, now) {
        Ok(()) => prop_assert_eq!(told(&fresh.unwrap()), told(plan)),
        Err(NoPlan::Stale(outcome)) => {
            prop_assert_eq!(serialized(&target), serialized(server));
            match (outcome.as_ref(), &fresh) {
                (Ok(new), Ok(fresh)) => {
                    prop_assert_eq!(told(new), told(fresh));
                    prop_assert_ne!(told(new), told(plan));
                }
                (Err(new), Err(fresh)) => prop_assert_eq!(new.to_string(), fresh.to_string()),
                _ => prop_assert!(false, "the new outcome is another than planning gives"),
            }
        }
        Err(other) => prop_assert!(false, "{other}"),
    }
    Ok(())
}
