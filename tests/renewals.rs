//! One certificate for every server of an organisation.

mod support {
    pub mod comparison;
    pub mod decision_table;
    pub mod factory;
    pub mod interpreter;
    pub mod organizations;
    pub mod pool;
    pub mod presented;
}

mod cases {
    pub(crate) mod renewals;
    pub(crate) mod renewals_by_hand;
    pub(crate) mod renewals_decided_twice;
    pub(crate) mod renewals_of_two;
}
