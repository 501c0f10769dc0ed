//! What the scripts and remedies mean to PowerShell and to Exchange.

mod support {
    pub mod comparison;
    pub mod decision_table;
    pub mod factory;
    pub mod filled;
    pub mod interpreter;
    pub mod pool;
    pub mod situations;
}

mod cases {
    pub(crate) mod audit_remedies;
    pub(crate) mod hostile;
    pub(crate) mod interpreter;
    pub(crate) mod meaning;
    pub(crate) mod renewal;
    pub(crate) mod rollout;
}
