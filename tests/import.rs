//! What the readers make of exports: of real ones, and of those that an independent writer makes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "support"]
mod support {
    pub mod collection;
    pub mod export;
    pub mod factory;
}

#[path = "import/clixml.rs"]
mod clixml;
#[path = "import/collection.rs"]
mod collection;
#[path = "import/corpus.rs"]
mod corpus;
#[path = "import/csv.rs"]
mod csv;
#[path = "import/damage.rs"]
mod damage;
#[path = "import/formats.rs"]
mod formats;
#[path = "import/organization.rs"]
mod organization;
#[path = "import/pasted.rs"]
mod pasted;
#[path = "import/presented.rs"]
mod presented;
#[path = "import/serialized.rs"]
mod serialized;
#[path = "import/servers.rs"]
mod servers;
#[path = "import/times.rs"]
mod times;
