//! What several tests need.
#![allow(dead_code, unreachable_pub, missing_docs)]

#[path = "support/factory.rs"]
pub mod factory;

#[path = "support/export.rs"]
pub mod export;
