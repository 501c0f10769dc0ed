//! Servers of which an export says too little to plan anything.

use exchange_certificates::import::{Guess, Import, ImportError, ImportedOrganization, OrganizationNote};
use exchange_certificates::{Audit, Fleet, NotReadKind, Role, Server, Thumbprint, Version, audit, rfc3339};

use crate::servers::{der, names, of_kind, server};
use crate::support::export::{Element, Node, Serialized, document};
use crate::support::factory::CertificateFactory;

const NAME: &str = "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=mail.contoso.com, O=Contoso, C=US";

fn send(name: &str, tls: &str, servers: &[&str]) -> Element {
    of_kind("SmtpSendConnectorConfig")
        .text("Name", name)
        .printed("TlsCertificateName", tls)
        .property("SourceTransportServers", names(servers))
}

fn certificate(name: &str, services: i32, server: &str) -> Element {
    Serialized::new(der(name), services, &format!("{server}.contoso.com\\0")).element(false)
}

/// One server that is described, one by its certificates alone, one by connectors alone, one that is too old, one that
/// there cannot be, a certificate of no server and one that is shown as text.
fn half() -> Import {
    let elements = [
        server("MBX01", "Version 15.2 (Build 1544.4)", "Mailbox"),
        server("OLD01", "Version 14.3 (Build 123.4)", "Mailbox, ClientAccess, HubTransport"),
        server("BOTH01", "Version 15.2 (Build 1544.4)", "Mailbox, Edge"),
        certificate("mail.contoso.com", 24, "MBX01"),
        certificate("mail.contoso.com", 24, "MBX05"),
        certificate("own.contoso.com", 16, "OLD01"),
        send("Outbound", NAME, &["MBX01", "MBX09"]),
        send("Partner", &NAME.replace("mail.", "partner."), &["MBX09"]),
    ];
    let mut import = Import::new();
    import.add("half.xml", document(&elements).as_bytes()).unwrap();
    import.add("loose.cer", &der("loose.contoso.com")).unwrap();
    import.add("list.txt", format!("Thumbprint : {}\nServices : SMTP\n", "A".repeat(40)).as_bytes()).unwrap();
    import
}

fn judged(organization: &ImportedOrganization, now: &str) -> Audit {
    organization.judged(audit(organization.fleet(), rfc3339::parse(now).unwrap()))
}

fn of<'a>(audit: &'a Audit, server: &str) -> Vec<&'a str> {
    audit.findings.iter().filter(|finding| finding.server() == server).map(|finding| finding.rule()).collect()
}

#[test]
fn every_server_that_is_named_is_there_with_what_was_guessed_of_it() {
    let organization = half().organization();
    let servers: Vec<_> =
        organization.fleet().servers().map(|server| (server.name(), server.certificates().count())).collect();
    assert_eq!(servers, [("(server not said)", 1), ("MBX01", 1), ("MBX05", 1), ("MBX09", 0), ("OLD01", 1)]);
    let guesses =
        ["MBX01", "mbx05", "MBX09", "OLD01", "(server not said)", "MBX99"].map(|name| organization.guess(name));
    let [of_both, connectors] = [Guess::VersionAndRoles, Guess::AllButConnectors].map(Some);
    assert_eq!(guesses, [None, of_both, connectors, of_both, Some(Guess::Server), None]);
    let guessed = organization.fleet().get("MBX05").unwrap();
    assert!(guessed.is_mailbox(), "it has a certificate with IIS");
    assert!(organization.fleet().get("OLD01").unwrap().is_edge() && guessed.build().is_none());
    assert_ne!(guessed.version(), organization.fleet().get("MBX01").unwrap().version());
    assert!(organization.is_incomplete() && !organization.is_nothing_judged());
}

#[test]
fn what_could_not_be_judged_is_noted() {
    let organization = half().organization();
    let notes: Vec<_> = organization.notes().iter().map(ToString::to_string).collect();
    let expected = [
        "left out: `BOTH01`: roles: the Edge Transport role stands alone on its server.",
        "MBX05: neither its version nor its roles are known, and what depends on them is not judged: export those of \
         Get-ExchangeServer too.",
        "OLD01: its version 14.3.123.4 is not one of Exchange 2013, 2016, 2019 and Subscription Edition, and what \
         depends on it is not judged.",
        "MBX09: connectors name it, and nothing else of it is in the files: only whether anything installed elsewhere \
         is what they name is judged.",
        "No file says on which server some certificates are installed: they are judged one by one.",
        "The services of 1 of 4 exported certificates are not known: whether they are in use is not judged.",
        "1 certificates are shown as text alone, as Format-List and Format-Table do, and are not judged: export them \
         with Export-Clixml.",
    ];
    assert_eq!(notes, expected);
    assert!(matches!(organization.notes()[0], OrganizationNote::LeftOut(ImportError::Server { .. })));
}

#[test]
fn nothing_is_found_that_stands_on_a_guess() {
    let organization = half().organization();
    let audit = judged(&organization, "2026-11-24");
    assert!(of(&audit, "MBX01").contains(&"audit-out-of-support"));
    for guessed in ["MBX05", "OLD01"] {
        let found = of(&audit, guessed);
        assert!(!found.contains(&"audit-out-of-support") && !found.contains(&"audit-fleet-differs"), "{found:?}");
    }
    assert_eq!(of(&audit, "(server not said)"), [""; 0]);
    // Its certificates may be there, but for that which no server has.
    assert_eq!(of(&audit, "MBX09"), ["audit-endpoint-fails"]);
    let held = send("Outbound", NAME, &["MBX09"]);
    let mut import = Import::new();
    let elements =
        [server("MBX01", "Version 15.2 (Build 1544.4)", "Mailbox"), certificate("mail.contoso.com", 24, "MBX01"), held];
    import.add("held.xml", document(&elements).as_bytes()).unwrap();
    let organization = import.organization();
    assert_eq!(of(&judged(&organization, "2026-11-24"), "MBX09"), [""; 0]);
    // What is wrong with a certificate is wrong with it on any server.
    let late = judged(&half().organization(), "2027-12-01");
    assert!(of(&late, "MBX05").contains(&"audit-expired") && of(&late, "OLD01").contains(&"audit-expired"));
}

#[test]
fn a_fleet_says_what_is_left_out_of_it() {
    let (fleet, left_out) = half().fleet();
    assert_eq!(fleet.servers().map(Server::name).collect::<Vec<_>>(), ["MBX01"]);
    let left_out: Vec<_> = left_out.iter().map(ToString::to_string).collect();
    let expected = [
        "`BOTH01`: roles: the Edge Transport role stands alone on its server".to_owned(),
        "`MBX05`: no object of Get-ExchangeServer that was read describes this server, and without its version and \
         roles nothing can be decided"
            .to_owned(),
        "`OLD01`: version `14.3.123.4` is not one of Exchange 2013, 2016, 2019 and Subscription Edition".to_owned(),
        "`MBX09`: connectors name this server, and nothing else of it was read".to_owned(),
        format!(
            "{}, `CN=loose.contoso.com, O=Contoso, C=US`: no file says on which server this certificate is installed",
            Thumbprint::of(&der("loose.contoso.com"))
        ),
        format!(
            "{}: this certificate is shown as text alone, by which nothing can be decided; export it with Export-Clixml",
            "A".repeat(40)
        ),
    ];
    assert_eq!(left_out, expected);
    let servers = fleet.not_read().find(|entry| entry.what() == NotReadKind::Servers).unwrap();
    assert_eq!(servers.message(), Some("not exported: MBX05, MBX09"));
    assert!(half().complete().fleet().0.not_read().next().is_none());
}

#[test]
fn servers_that_are_known_from_elsewhere_stand_beside_them() {
    let known = |name| Server::new(name, Version::SubscriptionEdition, [Role::Mailbox]).unwrap();
    let mut fleet = Fleet::new();
    fleet.insert(known("MBX09")).unwrap();
    let organization = half().organization_beside(fleet).unwrap();
    assert_eq!((organization.fleet().len(), organization.guess("MBX09")), (5, None));
    let versions = ["MBX05", "MBX01", "MBX09"].map(|name| organization.fleet().get(name).unwrap().version());
    assert_eq!(versions, [Version::Exchange2016, Version::Exchange2019, Version::SubscriptionEdition]);
    let mut fleet = Fleet::new();
    fleet.insert(known("mbx05")).unwrap();
    assert!(half().organization_beside(fleet).is_err(), "which of the two is it?");
}

#[test]
fn no_server_takes_the_name_of_what_is_on_no_server() {
    let name = "(server not said)";
    let bare = CertificateFactory::new("mail.contoso.com").build_der();
    let element = Serialized::new(bare, 16, &format!("{name}\\0")).element(false);
    let mut import = Import::new();
    import.add("hostile.xml", document(&[element]).as_bytes()).unwrap();
    import.add("loose.cer", &der("loose.contoso.com")).unwrap();
    let organization = import.organization();
    let guesses: Vec<_> =
        organization.fleet().servers().map(|server| (server.name(), organization.guess(server.name()))).collect();
    let expected = [(name, Some(Guess::VersionAndRoles)), ("(server not said) 2", Some(Guess::Server))];
    assert_eq!(guesses, expected);
}

#[test]
fn an_import_of_nothing_is_an_organization_of_nothing() {
    let organization = Import::new().organization();
    assert!(organization.fleet().is_empty() && organization.notes().is_empty());
    assert!(organization.is_nothing_judged() && organization.is_incomplete());
    let described = [
        server("MBX01", "Version 15.2 (Build 1544.4)", "Mailbox").property("Nothing", Node::Nil),
        certificate("mail.contoso.com", 24, "MBX01"),
    ];
    let mut import = Import::new();
    import.add("one.xml", document(&described).as_bytes()).unwrap();
    let organization = import.organization();
    assert!(!organization.is_incomplete() && organization.notes().is_empty());
    assert_eq!(Some(organization.fleet().servers().next().unwrap().clone()), import.server("MBX01").ok());
}

#[test]
fn what_is_said_of_a_server_by_hand_makes_it_one_like_any_other() {
    let mut import = half();
    import.know("mbx05", Version::Exchange2019, [Role::Mailbox]).unwrap();
    import.know("MBX09", Version::SubscriptionEdition, [Role::EdgeTransport]).unwrap();
    // The same may be said again, and is no contradiction to what was exported.
    import.know("MBX05.contoso.com", Version::Exchange2019, [Role::Mailbox]).unwrap();
    import.know("MBX01", Version::Exchange2019, [Role::Mailbox]).unwrap();
    let (fleet, left_out) = import.fleet();
    assert_eq!(fleet.servers().map(Server::name).collect::<Vec<_>>(), ["MBX01", "MBX05", "MBX09"]);
    assert_eq!(left_out.len(), 4, "{left_out:?}");
    assert!(fleet.get("MBX09").unwrap().is_edge());
    let certificates = fleet.get("MBX09").unwrap().not_read().map(|entry| entry.what()).next();
    assert_eq!(certificates, Some(NotReadKind::Certificates), "they are not known by that");
    assert!(fleet.not_read().all(|entry| entry.what() != NotReadKind::Servers));
    let organization = import.organization();
    assert_eq!((organization.guess("MBX05"), organization.guess("MBX09")), (None, None));
    assert!(of(&judged(&organization, "2026-11-24"), "MBX05").contains(&"audit-out-of-support"));
}

#[test]
fn what_cannot_be_true_of_a_server_is_an_error_and_changes_nothing() {
    let said = |server: &str, version, roles: &[Role]| {
        let mut import = half();
        let error = import.know(server, version, roles.iter().copied()).unwrap_err();
        assert_eq!(import.servers(), half().servers());
        error.to_string()
    };
    let mailbox = [Role::Mailbox];
    for (error, expected) in [
        (
            said("MBX77", Version::Exchange2019, &mailbox),
            "`MBX77`: no file names this server; named are `BOTH01`, `MBX01`, `MBX05`, `OLD01`, `MBX09`",
        ),
        (
            said("MBX05.fabrikam.com", Version::Exchange2019, &mailbox),
            "`MBX05.fabrikam.com`: no file names this server; named are `BOTH01`, `MBX01`, `MBX05`, `OLD01`, `MBX09`",
        ),
        (
            said("MBX01", Version::Exchange2016, &mailbox),
            "`MBX01`: the version Exchange 2016 was given, and Exchange 2019 is known already",
        ),
        (
            said("MBX01", Version::Exchange2019, &[Role::EdgeTransport]),
            "`MBX01`: the role EdgeTransport was given, and Mailbox is known already",
        ),
        (
            said("OLD01", Version::Exchange2016, &mailbox),
            "`OLD01`: the version Exchange 2016 was given, and 14.3.123.4 is known already",
        ),
        (
            said("MBX05", Version::Exchange2019, &[Role::Mailbox, Role::EdgeTransport]),
            "`MBX05`: roles: the Edge Transport role stands alone on its server",
        ),
        (
            said("MBX05", Version::Exchange2019, &[Role::ClientAccess]),
            "`MBX05`: roles: the Client Access role exists on Exchange 2013 alone, and this is Exchange 2019",
        ),
        (
            said("MBX05", Version::Exchange2019, &[]),
            "`MBX05`: roles: a server has at least one role: Mailbox, ClientAccess or EdgeTransport",
        ),
    ] {
        assert_eq!(error, expected);
    }
    let mut import = half();
    import.know("MBX05", Version::Exchange2019, mailbox).unwrap();
    assert!(matches!(import.know("MBX05", Version::Exchange2016, mailbox), Err(ImportError::KnownOtherwise { .. })));
}
