//! Unified Messaging, which 2019 no longer has.

use crate::case::Assignment;
use crate::finding::{Detail, Finding};
use crate::powershell::Command;
use crate::rule::rule;
use crate::server::StartupMode;
use crate::service::Service;

rule! {
    /// The startup mode of Unified Messaging is TLS or Dual.
    UM_STARTUP_MODE: Refuse, Article, Assign(um_startup_mode)
}

rule! {
    /// The startup mode of the Unified Messaging Call Router is TLS or Dual.
    UM_CALL_ROUTER_STARTUP_MODE: Refuse, Article, Assign(um_call_router_startup_mode)
}

rule! {
    /// Unified Messaging is on Exchange 2013 and 2016 alone.
    ///
    /// From 2019 on there is neither the service nor its call router.
    UM_NOT_AVAILABLE: Refuse, Article, Assign(not_available)
}

fn um_startup_mode(case: &Assignment<'_>) -> Option<Finding> {
    startup_mode(case, Service::UM, case.server().um_startup_mode(), || {
        Command::new("Set-UMService").value("Identity", case.server().name().to_owned())
    })
}

fn um_call_router_startup_mode(case: &Assignment<'_>) -> Option<Finding> {
    startup_mode(case, Service::UM_CALL_ROUTER, case.server().um_call_router_startup_mode(), || {
        Command::new("Set-UMCallRouterSettings").server(case.server())
    })
}

fn startup_mode(
    case: &Assignment<'_>,
    service: Service,
    mode: StartupMode,
    set: impl FnOnce() -> Command,
) -> Option<Finding> {
    let is_judged = case.adds(service) && case.server().hosts().contains(service);
    (is_judged && mode == StartupMode::Tcp).then(|| {
        Finding::on(service, Detail::StartupMode { service })
            .command(set().value("UMStartupMode", "Dual"))
            .command(Command::restart(service))
    })
}

fn not_available(case: &Assignment<'_>) -> Option<Finding> {
    let version = case.server().version();
    let services = case.in_question() & (Service::UM | Service::UM_CALL_ROUTER);
    (!version.has_unified_messaging() && !services.is_empty()).then(|| {
        Finding::on(services, Detail::NoUnifiedMessaging { services, version }).advise("leave Unified Messaging out")
    })
}
