//! Which certificate a server presents where: the worked examples, every small server, and what may be removed.

mod support {
    pub mod comparison;
    pub mod decision_table;
    pub mod factory;
    pub mod pool;
    pub mod presented;
    pub mod situations;
}

mod cases {
    pub(crate) mod removals;
    pub(crate) mod small_servers;
    pub(crate) mod version_three;
    pub(crate) mod worked_examples;
}
