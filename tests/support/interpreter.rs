//! A second reading of the scripts: PowerShell by a grammar of its own, run on a server of its own. It shares no code
//! with the library, and knows the cmdlets from their references and from the specification.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test program runs only the scripts that it is about"
)]

mod cmdlets;
mod machine;
mod organisation;
mod syntax;

pub use cmdlets::{Call, bind};
pub use machine::{Default, Machine};
pub use organisation::{Organisation, Ran};
pub use syntax::{Argument, Command, Condition, Failure, Item, Value, parse, read, single_quoted};
