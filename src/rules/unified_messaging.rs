//! Unified Messaging, which 2019 no longer has.

use crate::case::Assignment;
use crate::commands;
use crate::finding::{Finding, message};
use crate::rule::rule;
use crate::server::StartupMode;
use crate::service::Service;

rule! {
    /// The startup mode of Unified Messaging must be TLS or Dual.
    UM_STARTUP_MODE: Refuse, Article,
    Assign(|case| startup_mode(case, Service::UM, case.server().um_startup_mode()))
}

rule! {
    /// The startup mode of the Unified Messaging Call Router must be TLS or Dual.
    UM_CALL_ROUTER_STARTUP_MODE: Refuse, Article,
    Assign(|case| startup_mode(case, Service::UM_CALL_ROUTER, case.server().um_call_router_startup_mode()))
}

fn startup_mode(case: &Assignment<'_>, service: Service, mode: StartupMode) -> Option<Finding> {
    let is_judged = case.adds(service) && case.server().hosts().contains(service);
    (is_judged && mode == StartupMode::Tcp).then(|| {
        let message = message!(service; "the startup mode of {service} is TCP, which uses no certificate");
        Finding::on(service, message)
            .command(commands::set_startup_mode(case.server(), service))
            .advise("then plan again: the service is restarted when the certificate is assigned")
    })
}

rule! {
    /// Only Exchange 2013 and 2016 have Unified Messaging.
    ///
    /// From 2019 on there is neither the service nor its call router.
    UM_NOT_AVAILABLE: Refuse, Article, Assign(not_available)
}

fn not_available(case: &Assignment<'_>) -> Option<Finding> {
    let version = case.server().version();
    let services = case.in_question() & (Service::UM | Service::UM_CALL_ROUTER);
    (!version.has_unified_messaging() && !services.is_empty()).then(|| {
        let message = message!(services, version = version.title(); "{version} has no Unified Messaging");
        Finding::on(services, message).advise("leave Unified Messaging out")
    })
}
