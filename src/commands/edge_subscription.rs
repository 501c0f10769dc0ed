//! Edge subscriptions.

use crate::powershell::Command;
use crate::server::Server;

/// Keeps the Send connectors of an Edge Transport server, from which the removal of its subscription takes it out.
pub(crate) fn keep_send_connectors(edge: Option<&Server>) -> Command {
    let get = Command::new("Get-SendConnector");
    let get = match edge {
        Some(edge) => get.of_source_server(edge),
        None => get,
    };
    get.pipe(Command::new("Export-Clixml").bare("Path", "<path of a file for the Send connectors>"))
}

/// Removes the subscription of an Edge Transport server.
pub(crate) fn remove_edge_subscription(edge: Option<&Server>) -> Command {
    let remove = Command::new("Remove-EdgeSubscription");
    let remove = match edge {
        Some(edge) => remove.value("Identity", edge.name().to_owned()),
        None => remove.bare("Identity", "<name of the Edge Transport server>"),
    };
    remove.word("-Confirm:$false")
}

/// Writes the file of a new subscription, on the Edge Transport server.
pub(crate) fn export_edge_subscription() -> Command {
    Command::new("New-EdgeSubscription").word("-FileName 'C:\\EdgeSubscription.xml' -Force")
}

/// Reads the file of a new subscription, on a Mailbox server.
pub(crate) fn import_edge_subscription(site: Option<&str>) -> Command {
    let import =
        Command::new("New-EdgeSubscription").word("-FileData ([IO.File]::ReadAllBytes('C:\\EdgeSubscription.xml'))");
    let import = match site {
        Some(site) => import.value("Site", site.to_owned()),
        None => import.bare("Site", "<the subscribed site>"),
    };
    import.switch("Force")
}

/// Synchronizes all of an Edge subscription.
pub(crate) fn start_edge_synchronization() -> Command {
    Command::new("Start-EdgeSynchronization").switch("ForceFullSync")
}

/// Tests an Edge subscription.
pub(crate) fn test_edge_synchronization() -> Command {
    Command::new("Test-EdgeSynchronization")
}
