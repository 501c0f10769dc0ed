//! The same through the proxies of a remote session, which tell of errors in ways of their own.

use crate::support::shell::{beside, pwsh, run_remotely};
use crate::support::written::{questions, records};
use crate::{collected, situations};

const SITUATIONS: [&str; 21] = [
    "plain",
    "no server",
    "error: - Get-ExchangeServer read 3",
    "error: - Get-SendConnector read 2",
    "throw: - Get-SendConnector read 2",
    "half: - Get-SendConnector read 2",
    "half-throw: - Get-SendConnector read 2",
    "throw: MBX01 Get-ExchangeCertificate read 2",
    "half-throw: MBX01 Get-ExchangeCertificate [mbx01.contoso.com] read 2",
    "half: MBX01 Get-ImapSettings read 1",
    "throw: MBX01 Invoke-Command [Get-WebBinding] read 2",
    "missing: Get-UMService",
    "form: unserialized",
    "form: flat",
    "hostile names",
    "session: errors stop",
    "session: errors are ignored",
    "session: default parameters",
    "session: what if",
    "session: warnings stop",
    "a full disk",
];

#[test]
fn through_proxies_the_same_is_collected() {
    let Some(pwsh) = pwsh() else { return };
    let Some(remotely) = beside(&pwsh, "import-remotely.ps1") else { return };
    let all = situations();
    let chosen: Vec<_> = SITUATIONS
        .iter()
        .map(|name| all.iter().find(|situation| situation.name == *name).unwrap_or_else(|| panic!("{name}")).clone())
        .collect();
    for (situation, through) in chosen.iter().zip(run_remotely(&pwsh, &remotely, "remote", &chosen)) {
        let name = &situation.name;
        let direct = collected(name).unwrap();
        assert_eq!(through.calls, direct.calls, "{name}");
        assert!(!through.left, "{name}");
        if !direct.file.as_ref().unwrap().starts_with(b"<Objs") {
            assert_eq!(through.file, direct.file, "{name}");
            continue;
        }
        let (one, other) = (records(through.file.as_ref().unwrap()), records(direct.file.as_ref().unwrap()));
        assert_eq!(questions(&one), questions(&other), "{name}");
        for kind in ["Certificate", "Selection", "WebBinding"] {
            let of = |all: &[crate::Record]| {
                all.iter()
                    .filter(|record| record.is(kind))
                    .map(|record| record.notes.iter().map(crate::support::written::Element::shown).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            };
            assert_eq!(of(&one), of(&other), "{name}: {kind}");
        }
    }
}
