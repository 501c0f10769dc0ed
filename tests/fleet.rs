//! Many servers: the fleet, one certificate for all of them, and the audit.

mod support {
    pub mod example;
    pub mod factory;
    pub mod servers;
}

mod cases {
    pub(crate) mod audit;
    pub(crate) mod audit_field;
    pub(crate) mod audit_policy;
    pub(crate) mod fleet;
    pub(crate) mod plans;
    pub(crate) mod renewals_of_fleets;
    pub(crate) mod scenarios;
}
