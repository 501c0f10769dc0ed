//! The renewal that most requests are about, with everything in its way, line by line.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use exchange_certificates::plan;

use super::meaning::{commands, of_library, of_machine, script};
use crate::support::comparison::{self, NOT_INSTALLED};
use crate::support::decision_table::{
    Answer, CertificateFacts, CertificateName, ConnectorFacts, ConnectorKind, DefaultSmtp, Fact, IIS, IMAP,
    LoadBalancing, Operation, POP, RequestFacts, Role, SMTP, ServerFacts, Situation, StartupMode, UM, Version,
};
use crate::support::interpreter::{Default, Machine};
use crate::support::pool::{HEALTHY, NOW, OTHER_FIRST, POOL, RENEWED, SELF_SIGNED, seconds};

const NAME_OF_OLD: &str = "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=mail.contoso.com, O=Contoso, C=US";
const NAME_OF_OTHER: &str = "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=pop.contoso.com, O=Contoso, C=US";

/// The old certificate is the default and has every service; connectors and the hybrid configuration name it.
pub fn renewal(new: usize) -> Situation {
    let installed = |place: usize, services: u8, web_sites: Vec<u32>| CertificateFacts {
        services: Some(services),
        web_sites: Some(web_sites),
        ..POOL[place].facts.clone()
    };
    let old = installed(HEALTHY, IMAP | POP | UM | IIS | SMTP, vec![1]);
    let connector = |kind, name: &str, servers: &[&str]| ConnectorFacts {
        kind,
        name: name.into(),
        tls_certificate_name: Fact::Value(CertificateName::of(&old)),
        servers: servers.iter().map(|name| (*name).into()).collect(),
        ..ConnectorFacts::default()
    };
    Situation {
        now: seconds(NOW),
        server: ServerFacts {
            name: "MBX01".into(),
            fqdn: Some("mbx01.contoso.com".into()),
            version: Version::E2016,
            roles: vec![Role::Mailbox],
            um_startup_mode: StartupMode::Dual,
            um_call_router_startup_mode: StartupMode::Tcp,
            imap_certificate_name: Fact::Value("mail.contoso.com".into()),
            pop_certificate_name: Fact::NotKnown,
            client_names: None,
            edge_subscribed: false,
            load_balancing: LoadBalancing::None,
            default_smtp: DefaultSmtp::Installed(0),
            auth_certificates: None,
            connectors: vec![
                connector(ConnectorKind::Send, "Outbound to Office 365", &["MBX01", "mbx02"]),
                connector(ConnectorKind::Receive, r"MBX01\Default Frontend MBX01", &["MBX01"]),
                connector(ConnectorKind::Hybrid, "Hybrid Configuration", &[]),
            ],
            certificates: vec![old.clone(), installed(SELF_SIGNED, IIS | SMTP, vec![2]), installed(new, 0, vec![])],
            ..ServerFacts::default()
        },
        request: RequestFacts {
            operation: Operation::Replace { old: Some(0), update_connectors: true },
            certificate: Some(2),
            thumbprint: thumbprint(new).into(),
            old_thumbprint: thumbprint(HEALTHY).into(),
            default_smtp: Some(Answer::Replace),
            caller: None,
            accept_status: Vec::new(),
            require_ssl: true,
            ..RequestFacts::default()
        },
    }
}

pub fn thumbprint(place: usize) -> &'static str {
    &POOL[place].facts.thumbprint
}

/// Plans it, holds the script against these lines, and runs it.
fn run(situation: &Situation, lines: &[String]) -> Machine {
    let mut server = comparison::server(situation);
    let now = comparison::now(situation);
    let plan = plan(&server, &comparison::request(situation), now).unwrap();
    assert_eq!(script(&plan).lines().collect::<Vec<_>>(), lines);
    plan.apply(&mut server, now).unwrap();
    let mut machine = Machine::new(situation, NOT_INSTALLED);
    machine.run(&script(&plan)).unwrap();
    assert_eq!(of_machine(&machine), of_library(&server));
    machine
}

fn assert_renewed(machine: &Machine, new: usize) {
    let left: Vec<_> = machine.certificates.iter().map(|installed| installed.facts.thumbprint.as_str()).collect();
    assert_eq!(left, [thumbprint(SELF_SIGNED), thumbprint(new)]);
    assert_eq!(machine.certificates[1].services, Some(IMAP | POP | UM | IIS | SMTP));
    assert_eq!(machine.certificates[1].web_sites, Some(vec![1]));
    assert_eq!(machine.default_smtp, Default::Thumbprint(thumbprint(new).into()));
    assert_eq!(machine.require_ssl, Some(true));
}

#[test]
fn the_same_names_are_renewed_while_transport_is_stopped() {
    let (old, new) = (thumbprint(HEALTHY), thumbprint(RENEWED));
    let machine = run(
        &renewal(RENEWED),
        &[
            "Invoke-Command -ComputerName MBX01 -ScriptBlock { Stop-Service MSExchangeUM }".into(),
            format!("Enable-ExchangeCertificate -Thumbprint {new} -Services IMAP,POP,UM,IIS -Server MBX01"),
            "Invoke-Command -ComputerName MBX01 -ScriptBlock { Start-Service MSExchangeUM }".into(),
            format!("Enable-ExchangeCertificate -Thumbprint {new} -Services SMTP -Server MBX01 -Force"),
            "# This removes the certificate from one server alone. Other source servers of the Send connectors may have \
             it too: mbx02"
                .into(),
            "Invoke-Command -ComputerName MBX01 -ScriptBlock { Stop-Service MSExchangeTransport }".into(),
            "Invoke-Command -ComputerName mbx02 -ScriptBlock { Stop-Service MSExchangeTransport }".into(),
            "Set-SendConnector -Identity 'Outbound to Office 365' -TlsCertificateName $null".into(),
            format!("Remove-ExchangeCertificate -Thumbprint {old} -Server MBX01 -Confirm:$false"),
            format!("Set-SendConnector -Identity 'Outbound to Office 365' -TlsCertificateName '{NAME_OF_OLD}'"),
            "Invoke-Command -ComputerName MBX01 -ScriptBlock { Start-Service MSExchangeTransport }".into(),
            "Invoke-Command -ComputerName mbx02 -ScriptBlock { Start-Service MSExchangeTransport }".into(),
        ],
    );
    assert_renewed(&machine, RENEWED);
    assert!(machine.connectors.iter().all(|connector| connector.tls_certificate_name.as_deref() == Some(NAME_OF_OLD)));
    assert_eq!(machine.imap_name.as_deref(), Some("mail.contoso.com"));
}

#[test]
fn a_connector_names_the_server_in_whatever_case() {
    let mut situation = renewal(RENEWED);
    situation.server.name = "Münster01".into();
    for connector in &mut situation.server.connectors {
        connector.servers = vec!["MÜNSTER01".into(), "ÖHRINGEN01".into(), "öhringen01".into()];
    }
    let plan =
        plan(&comparison::server(&situation), &comparison::request(&situation), comparison::now(&situation)).unwrap();
    let script = script(&plan);
    let stops: Vec<_> = script.lines().filter(|line| line.contains("Stop-Service MSExchangeTransport")).collect();
    let elsewhere = "Invoke-Command -ComputerName 'ÖHRINGEN01' -ScriptBlock { Stop-Service MSExchangeTransport }";
    let here = "Invoke-Command -ComputerName 'Münster01' -ScriptBlock { Stop-Service MSExchangeTransport }";
    assert_eq!(stops, [here, elsewhere]);
}

#[test]
fn another_subject_moves_the_names_before_the_old_certificate_goes() {
    let (old, new) = (thumbprint(HEALTHY), thumbprint(OTHER_FIRST));
    let situation = renewal(OTHER_FIRST);
    let mut machine = run(
        &situation,
        &[
            "Invoke-Command -ComputerName MBX01 -ScriptBlock { Stop-Service MSExchangeUM }".into(),
            format!("Enable-ExchangeCertificate -Thumbprint {new} -Services IMAP,POP,UM,IIS -Server MBX01"),
            "Invoke-Command -ComputerName MBX01 -ScriptBlock { Start-Service MSExchangeUM }".into(),
            format!("Enable-ExchangeCertificate -Thumbprint {new} -Services SMTP -Server MBX01 -Force"),
            format!("Set-SendConnector -Identity 'Outbound to Office 365' -TlsCertificateName '{NAME_OF_OTHER}'"),
            format!("Set-HybridConfiguration -TlsCertificateName '{NAME_OF_OTHER}'"),
            format!(
                r"Set-ReceiveConnector -Identity 'MBX01\Default Frontend MBX01' -TlsCertificateName '{NAME_OF_OTHER}'"
            ),
            format!("Remove-ExchangeCertificate -Thumbprint {old} -Server MBX01 -Confirm:$false"),
        ],
    );
    assert_renewed(&machine, OTHER_FIRST);
    assert!(
        machine.connectors.iter().all(|connector| connector.tls_certificate_name.as_deref() == Some(NAME_OF_OTHER))
    );

    // IMAP follows the new certificate's first name, until the remedy gives it the old one back.
    assert_eq!(machine.imap_name.as_deref(), Some("pop.contoso.com"));
    let plan =
        plan(&comparison::server(&situation), &comparison::request(&situation), comparison::now(&situation)).unwrap();
    let restore = plan.diagnostics().iter().find(|diagnostic| diagnostic.rule() == "restore-imap-name").unwrap();
    machine.run(&commands(restore).join("\n")).unwrap();
    assert_eq!(machine.imap_name.as_deref(), Some("mail.contoso.com"));
}

#[test]
fn a_default_that_stays_is_asked_about_and_answered() {
    let mut situation = renewal(OTHER_FIRST);
    situation.server.default_smtp = DefaultSmtp::Installed(1);
    situation.server.connectors.clear();
    situation.request.default_smtp = Some(Answer::Keep);
    situation.request.require_ssl = false;
    let (old, new) = (thumbprint(HEALTHY), thumbprint(OTHER_FIRST));
    let machine = run(
        &situation,
        &[
            "Invoke-Command -ComputerName MBX01 -ScriptBlock { Stop-Service MSExchangeUM }".into(),
            format!(
                "Enable-ExchangeCertificate -Thumbprint {new} -Services IMAP,POP,UM,IIS -Server MBX01 -DoNotRequireSsl"
            ),
            "Invoke-Command -ComputerName MBX01 -ScriptBlock { Start-Service MSExchangeUM }".into(),
            "# Answer No when asked whether to overwrite the default SMTP certificate: Enter alone means Yes.".into(),
            format!("Enable-ExchangeCertificate -Thumbprint {new} -Services SMTP -Server MBX01"),
            format!("Remove-ExchangeCertificate -Thumbprint {old} -Server MBX01 -Confirm:$false"),
        ],
    );
    assert_eq!(machine.default_smtp, Default::Thumbprint(thumbprint(SELF_SIGNED).into()));
    assert_eq!(machine.require_ssl, Some(false));
}

/// Where the names are the same and a Receive connector alone holds them, there is nothing to stop and nothing to move.
#[test]
fn no_send_connector_leaves_transport_running() {
    let mut situation = renewal(RENEWED);
    situation.server.connectors.remove(0);
    let (old, new) = (thumbprint(HEALTHY), thumbprint(RENEWED));
    run(
        &situation,
        &[
            "Invoke-Command -ComputerName MBX01 -ScriptBlock { Stop-Service MSExchangeUM }".into(),
            format!("Enable-ExchangeCertificate -Thumbprint {new} -Services IMAP,POP,UM,IIS -Server MBX01"),
            "Invoke-Command -ComputerName MBX01 -ScriptBlock { Start-Service MSExchangeUM }".into(),
            format!("Enable-ExchangeCertificate -Thumbprint {new} -Services SMTP -Server MBX01 -Force"),
            format!("Remove-ExchangeCertificate -Thumbprint {old} -Server MBX01 -Confirm:$false"),
        ],
    );
}
