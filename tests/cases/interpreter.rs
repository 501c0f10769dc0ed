//! The interpreter takes no script for granted: what Exchange or PowerShell would not do, it does not do either.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use super::renewal::{renewal, thumbprint};
use crate::support::comparison::NOT_INSTALLED;
use crate::support::decision_table::{DefaultSmtp, IIS, IMAP, Role, SMTP, Situation, StartupMode, UM};
use crate::support::interpreter::{Default, Machine, parse, single_quoted};
use crate::support::pool::{HEALTHY, OTHER_FIRST, POOL, RENEWED, SELF_SIGNED, WILDCARD_ALONE};

const COMMENT: &str =
    "# Answer No when asked whether to overwrite the default SMTP certificate: Enter alone means Yes.";

fn refusal(situation: &Situation, script: &str) -> String {
    Machine::new(situation, NOT_INSTALLED).run(script).unwrap_err().to_string()
}

fn enable(rest: &str) -> String {
    format!("Enable-ExchangeCertificate -Thumbprint {} {rest}", thumbprint(OTHER_FIRST))
}

fn remove_old() -> String {
    format!("Remove-ExchangeCertificate -Thumbprint {} -Server MBX01", thumbprint(HEALTHY))
}

fn stored(kind: usize) -> String {
    format!(r"Cert:\LocalMachine\My\{}", thumbprint(kind))
}

#[test]
fn the_interpreter_refuses_what_exchange_would_refuse_or_ask() {
    let situation = renewal(OTHER_FIRST);
    let name = "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=pop.contoso.com, O=Contoso, C=US";
    for (script, expected) in [
        (
            "Stop-Service MSExchangeTransport".into(),
            "line 1, column 1: the script ends with MSExchangeTransport stopped on mbx01",
        ),
        ("Invoke-Command -ComputerName X -ScriptBlock { Stop-Service MSExchangeTransport }".into(), "stopped on x"),
        ("Stop-Service Spooler".into(), "MBX01 has no service Spooler"),
        (enable("-Services IIS,SMTP -Server MBX01 -Force"), "-Force hides the questions about other services"),
        (enable("-Services SMTP -Server MBX01"), "asks, and no comment says what to answer"),
        (
            format!("# Something else\n{}", enable("-Services SMTP -Server MBX01")),
            "line 2, column 1: Enable-ExchangeCertificate: asks, and no",
        ),
        (
            format!("{COMMENT}\niisreset\n{}", enable("-Services SMTP -Server MBX01")),
            "line 1, column 1: the comment says",
        ),
        (format!("{COMMENT}\n{}", enable("-Services IMAP -Server MBX01")), "does not ask"),
        (format!("{COMMENT}\n{}", enable("-Services SMTP -Server MBX01 -Force")), "-Force answers Yes"),
        (format!("iisreset\n{COMMENT}"), "line 2, column 1: the comment says to answer No, and nothing asks"),
        (enable("-Services UM -Server MBX01"), "MSExchangeUM runs"),
        (enable("-Services IMAP"), "-Server is missing"),
        (enable("-Services IMAP -Server MBX02"), "is for another server: MBX02"),
        (enable("-Services IMAP,IMAP -Server MBX01"), "named twice"),
        (enable("-Services Federation -Server MBX01"), "not assigned here"),
        (enable("-Services IMAP -Server MBX01 -DoNotRequireSsl"), "about IIS alone"),
        (
            format!("Enable-ExchangeCertificate -Thumbprint {NOT_INSTALLED} -Services IMAP -Server MBX01"),
            "is installed",
        ),
        (
            format!(
                "Set-SendConnector -Identity 'Outbound to Office 365' -TlsCertificateName '{name}'\n{}",
                remove_old()
            ),
            "default SMTP certificate",
        ),
        (
            "Set-SendConnector -Identity 'Outbound to Office 365' -TlsCertificateName $null".into(),
            "sends without a certificate",
        ),
        (
            "Set-SendConnector -Identity 'Outbound to Office 365' -TlsCertificateName '<I>CN=A<S>CN=B'".into(),
            "no installed certificate",
        ),
        (format!("Set-SendConnector -Identity Outbound -TlsCertificateName '{name}'"), "no such connector"),
        ("Set-HybridConfiguration -TlsCertificateName $null".into(), "is left without a certificate"),
        (format!("Invoke-Command -ComputerName MBX02 -ScriptBlock {{ {} }}", remove_old()), "on another computer"),
        ("Set-ImapSettings -Server MBX01 -X509CertificateName mail.fabrikam.com".into(), "no installed certificate"),
        (format!("Remove-Item {}", stored(HEALTHY)), "the certificate has its private key: Exchange removes it"),
        (format!("Remove-Item {}", &stored(HEALTHY)[1..]), "is no certificate"),
        (format!("Remove-Item '{}'", stored(HEALTHY)), "is no path"),
        (format!(r"Remove-Item Cert:\LocalMachine\My\{NOT_INSTALLED}"), "is installed"),
        (
            format!("Invoke-Command -ComputerName MBX02 -ScriptBlock {{ Remove-Item {} }}", stored(HEALTHY)),
            "the certificates of another computer",
        ),
        ("Get-ExchangeCertificate -Server MBX01".into(), "has no place in a script"),
        ("Get-ExchangeCertificate -Server MBX01 | Format-List Thumbprint".into(), "a pipeline"),
    ] {
        let refusal = refusal(&situation, &script);
        assert!(refusal.contains(expected), "{script}\n{refusal}");
    }
}

#[test]
fn the_interpreter_removes_nothing_that_something_needs() {
    let mut situation = renewal(OTHER_FIRST);
    situation.server.default_smtp = DefaultSmtp::Installed(1);
    let hybrid = situation.server.connectors.pop().unwrap();
    let receive = situation.server.connectors.pop().unwrap();
    let send = situation.server.connectors.pop().unwrap();
    assert!(refusal(&situation, &remove_old()).contains("left without a certificate: 0b100"));
    situation.server.certificates[0].services = Some(SMTP);
    Machine::new(&situation, NOT_INSTALLED).run(&remove_old()).unwrap();

    situation.server.certificates[0].has_private_key = false;
    assert!(refusal(&situation, &remove_old()).contains("the certificate has no private key"));
    let from_store = format!("Invoke-Command -ComputerName MBX01 -ScriptBlock {{ Remove-Item {} }}", stored(HEALTHY));
    let mut machine = Machine::new(&situation, NOT_INSTALLED);
    machine.run(&from_store).unwrap();
    assert!(machine.certificates.iter().all(|it| it.facts.thumbprint != thumbprint(HEALTHY)));
    situation.server.connectors = vec![send.clone()];
    assert!(refusal(&situation, &from_store).contains("Send connector Outbound to Office 365 names it"));
    situation.server.certificates[0].has_private_key = true;

    for (connector, expected) in [
        (&send, "Send connector Outbound to Office 365 names it"),
        (&hybrid, "Hybrid connector Hybrid Configuration names it"),
        (&receive, r"MBX01\Default Frontend MBX01 is left without a certificate"),
    ] {
        let mut situation = situation.clone();
        situation.server.connectors = vec![connector.clone()];
        let refusal = refusal(&situation, &remove_old());
        assert!(refusal.contains(expected), "{refusal}");
    }

    // A Send connector holds the old certificate even where the new one has the same names.
    let mut same = renewal(RENEWED);
    same.server.default_smtp = DefaultSmtp::Installed(1);
    assert!(refusal(&same, &remove_old()).contains("Send connector Outbound to Office 365 names it"));

    let back_end = format!("Remove-ExchangeCertificate -Thumbprint {} -Server MBX01", thumbprint(SELF_SIGNED));
    assert!(refusal(&renewal(OTHER_FIRST), &back_end).contains("bound to the Exchange Back End"));
}

#[test]
fn the_interpreter_assigns_only_what_the_server_and_the_certificate_allow() {
    let mut situation = renewal(OTHER_FIRST);
    situation.server.um_startup_mode = StartupMode::Tcp;
    let script =
        format!("Stop-Service MSExchangeUM\n{}\nStart-Service MSExchangeUM", enable("-Services UM -Server MBX01"));
    assert!(refusal(&situation, &script).contains("MSExchangeUM starts without TLS"));
    situation.server.um_startup_mode = StartupMode::Tls;
    Machine::new(&situation, NOT_INSTALLED).run(&script).unwrap();

    situation.server.certificates[2].has_private_key = false;
    assert!(refusal(&situation, &script).contains("no private key"));

    situation.server.certificates[2] = POOL[WILDCARD_ALONE].facts.clone();
    let script =
        format!("Enable-ExchangeCertificate -Thumbprint {} -Services POP -Server MBX01", thumbprint(WILDCARD_ALONE));
    assert!(refusal(&situation, &script).contains("no wildcard"));

    situation.server.roles = vec![Role::Edge];
    assert!(refusal(&situation, &script).contains("an Edge server knows no -Server"));
}

#[test]
fn the_interpreter_moves_sites_and_names_as_exchange_does() {
    let situation = renewal(OTHER_FIRST);
    let mut machine = Machine::new(&situation, NOT_INSTALLED);
    machine.run(&enable("-Services IMAP,IIS -Server MBX01")).unwrap();
    // The old certificate holds no pop.contoso.com, and the Default Web Site was the only one it was bound to.
    assert_eq!(machine.certificates[0].services, Some(2 | UM | SMTP));
    assert_eq!(machine.certificates[2].services, Some(IMAP | IIS));
    assert_eq!(machine.certificates[0].web_sites, Some(vec![]));
    assert_eq!(machine.imap_name.as_deref(), Some("pop.contoso.com"));
    assert_eq!(machine.pop_name, None);

    machine.run(&format!("{COMMENT}\n{}", enable("-Services SMTP -Server MBX01"))).unwrap();
    assert_eq!(machine.default_smtp, Default::Thumbprint(thumbprint(HEALTHY).into()));
    machine.run(&enable("-Services SMTP -Server MBX01 -Force")).unwrap();
    assert_eq!(machine.default_smtp, Default::Thumbprint(thumbprint(OTHER_FIRST).into()));
}

#[test]
fn the_interpreter_refuses_text_that_powershell_reads_otherwise() {
    let situation = renewal(OTHER_FIRST);
    for (script, expected) in [
        ("iisreset\nRestart-Service 'MSExchangeUM", "column"),
        ("Restart-Service (", "column"),
        ("Restart-Service 'a'b", "no PowerShell"),
        (
            "iisreset\nSet-SendConnector -Identity 'a\u{2019} -TlsCertificateName $null'",
            "line 2, column 29: a literal that ends elsewhere",
        ),
        ("Set-SendConnector -Identity 'a'\u{2019}b' -TlsCertificateName $null", "column"),
        ("Set-SendConnector -Identity 1MB -TlsCertificateName $null", "-Identity is no plain text: Word(\"1MB\")"),
        ("Set-SendConnector -Identity 12 -TlsCertificateName $null", "-Identity is no plain text: Word(\"12\")"),
        ("Set-SendConnector -Identity -Force -TlsCertificateName $null", "-Identity lacks its value"),
        ("Set-SendConnector -Identity a_b -TlsCertificateName $null", "-Identity is no plain text"),
        ("Set-SendConnector -Identity $name -TlsCertificateName $null", "variable is not known here: $name"),
        ("Set-SendConnector -Identity \"a\" -TlsCertificateName $null", "is not known here"),
        ("Set-SendConnector -Identity $(iisreset) -TlsCertificateName $null", "is not known here"),
        ("Set-SendConnector -Identity (Get-Date) -TlsCertificateName $null", "-Identity is no plain text: Expression"),
        ("Set-SendConnector -Identity ('a' - 'b') -TlsCertificateName $null", "-Identity is no plain text: Expression"),
        ("Set-SendConnector -Identity a b -TlsCertificateName $null", "-Identity is given twice"),
        ("Set-SendConnector -Identity:a -TlsCertificateName $null", "is not known here"),
        ("Set-SendConnector -Identity a,b -TlsCertificateName $null", "-Identity is no plain text: List"),
        ("Set-SendConnector -Identity a -Enabled $null", "has no parameter -Enabled"),
        ("Set-Mailbox -Identity a", "Set-Mailbox: no such cmdlet is known"),
        ("iisreset; iisreset", "empty_statement is not known here"),
        ("$x = 'a'", "a statement, which the script of one server has no use for"),
        ("$x = $y", "is not known here"),
        ("if ($env:COMPUTERNAME -ne 'a') { throw 'b' }", "a statement, which the script of one server has no use for"),
        ("if ($env:COMPUTERNAME -eq 'a') { throw 'b' }", "is not known here"),
        ("if ($true) { iisreset }", "is not known here"),
        ("& 'iisreset'", "is not known here"),
        ("iisreset > 'a'", "is not known here"),
        ("iisreset\n# a\u{7}", "line 2, column 4: a control character"),
        ("iisreset\r\niisreset", "line 1, column 9: a control character"),
    ] {
        let refusal = refusal(&situation, script);
        assert!(refusal.starts_with("line ") && refusal.contains(expected), "{script}\n{refusal}");
    }
}

#[test]
fn literals_end_where_powershell_ends_them() {
    for (text, expected) in [
        ("''", Some(("", ""))),
        ("'a'''", Some(("a'", ""))),
        ("'a' -Force", Some(("a", " -Force"))),
        ("'a\u{2018}\u{2018}b'", Some(("a\u{2018}b", ""))),
        // Two of different kinds are one, the second.
        ("'a'\u{201B}b'", Some(("a\u{201B}b", ""))),
        ("\u{2018}a\u{2019} -Force", Some(("a", " -Force"))),
        ("'a\u{201A}; iisreset'", Some(("a", "; iisreset'"))),
        ("'a\u{201C}\"`$x\u{201C}'", Some(("a\u{201C}\"`$x\u{201C}", ""))),
        ("'a''", None),
        ("'", None),
        ("a", None),
    ] {
        let read = single_quoted(text);
        assert_eq!(read.as_ref().map(|(says, rest)| (says.as_str(), *rest)), expected, "{text}");
    }
    let failure = parse("iisreset\nX 'a\u{2019}; iisreset'").unwrap_err();
    assert_eq!((failure.line, failure.column), (2, 3));
}
