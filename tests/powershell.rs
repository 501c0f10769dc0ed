//! The collection script in real PowerShell, over a stand-in of Exchange, and every block that is printed anywhere, over
//! the declarations of the references.
//!
//! `PWSH` names the program. Without it there is nothing to test; with it, it has to be there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "support"]
mod support {
    pub mod console;
    pub mod expected;
    pub mod export;
    pub mod factory;
    pub mod filled;
    pub mod pwsh;
    pub mod shell;
    pub mod stand_in;
    pub mod told;
    pub mod written;
}

#[path = "support/fleets.rs"]
#[allow(dead_code)]
mod fleets_of_pages;
#[path = "support/page.rs"]
#[allow(dead_code)]
mod page;
#[path = "support/requests.rs"]
#[allow(dead_code)]
mod requests;

#[path = "powershell/blocks.rs"]
mod blocks;
#[path = "powershell/decisions.rs"]
mod decisions;
#[path = "powershell/failures.rs"]
mod failures;
#[path = "powershell/fleets.rs"]
mod fleets;
#[path = "powershell/formatted.rs"]
mod formatted;
#[path = "powershell/hostile_names.rs"]
mod hostile_names;
#[path = "powershell/judged.rs"]
mod judged;
#[path = "powershell/pasted.rs"]
mod pasted;
#[path = "powershell/places.rs"]
mod places;
#[path = "powershell/plain.rs"]
mod plain;
#[path = "powershell/probe.rs"]
mod probe;
#[path = "powershell/read_back.rs"]
mod read_back;
#[path = "powershell/remote.rs"]
mod remote;
#[path = "powershell/rich.rs"]
mod rich;
#[path = "powershell/sessions.rs"]
mod sessions;
#[path = "powershell/shells.rs"]
mod shells;
#[path = "powershell/text.rs"]
mod text;
#[path = "powershell/through_proxies.rs"]
mod through_proxies;

use std::sync::LazyLock;

use support::factory;
use support::shell::{Collected, Situation, pwsh, run};
use support::written::{Record, records};

/// Every situation that one PowerShell goes through.
fn situations() -> Vec<Situation> {
    let all = [
        plain::situations(),
        failures::situations(),
        places::situations(),
        sessions::situations(),
        shells::situations(),
        fleets::situations(),
        rich::situations(),
    ];
    all.concat()
}

static ALL: LazyLock<Option<Vec<(String, Collected)>>> = LazyLock::new(|| {
    let situations = situations();
    let collected = run(&pwsh()?, "situations", &situations);
    Some(situations.into_iter().map(|situation| situation.name).zip(collected).collect())
});

/// What came of the situation of this name; none where there is no PowerShell.
fn collected(name: &str) -> Option<&'static Collected> {
    pwsh()?;
    let all = ALL.as_ref()?;
    let mut named = all.iter().filter(|(known, _)| known == name);
    let (_, found) = named.next().unwrap_or_else(|| panic!("there is no situation {name}"));
    assert!(named.next().is_none(), "there are two situations {name}");
    Some(found)
}

/// The records that came of it.
fn read(name: &str) -> Option<Vec<Record>> {
    let collected = collected(name)?;
    Some(records(collected.file.as_ref().unwrap_or_else(|| panic!("{name}: there is no file: {}", collected.said))))
}
