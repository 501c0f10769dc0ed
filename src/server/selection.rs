//! Which certificates a server itself finds for host names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::{Caseless, Text};
use crate::thumbprint::Thumbprint;

/// Which certificates a server finds for host names, compared without case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub(super) struct Selection(
    #[cfg_attr(feature = "schemars", schemars(with = "BTreeMap<String, Vec<Thumbprint>>"))]
    BTreeMap<Caseless<Text>, Vec<Thumbprint>>,
);

impl Selection {
    pub(super) fn insert(&mut self, host: Text, thumbprints: Vec<Thumbprint>) {
        self.0.insert(Caseless(host), thumbprints);
    }

    pub(super) fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.0.retain(|Caseless(host), _| is_kept(host.as_ref()));
    }

    pub(super) fn get(&self, host: &str) -> Option<&[Thumbprint]> {
        self.0.get(&Caseless(Text::unchecked(host))).map(Vec::as_slice)
    }
}
