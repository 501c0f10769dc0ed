//! Which certificate a server presents where: the worked examples, and every small server.

mod support {
    pub mod comparison;
    pub mod decision_table;
    pub mod factory;
    pub mod pool;
    pub mod presented;
}

mod cases {
    pub(crate) mod small_servers;
    pub(crate) mod worked_examples;
}
