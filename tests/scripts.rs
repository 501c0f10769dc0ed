//! What the scripts and remedies mean to PowerShell and to Exchange.

#[allow(dead_code, reason = "the cases of the pages are run here, and their answers written elsewhere")]
#[path = "support/fleets.rs"]
mod fleets;
#[allow(dead_code, reason = "the same")]
#[path = "support/page.rs"]
mod page;
#[allow(dead_code, reason = "the same")]
#[path = "support/requests.rs"]
mod requests;

use self::support::factory;

mod support {
    pub mod comparison;
    pub mod decision_table;
    pub mod factory;
    pub mod filled;
    pub mod interpreter;
    pub mod pool;
    pub mod remedied;
    pub mod situations;
}

mod cases {
    pub(crate) mod audit_remedies;
    pub(crate) mod hostile;
    pub(crate) mod interpreter;
    pub(crate) mod meaning;
    pub(crate) mod remedies;
    pub(crate) mod remedies_of_plans;
    pub(crate) mod renewal;
    pub(crate) mod rollout;
}
