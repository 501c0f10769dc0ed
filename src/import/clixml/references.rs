//! What a reference of CLIXML may stand for: an object that came before.

use std::collections::BTreeMap;

use crate::import::value::{Structure, Value};

/// How many objects are remembered for references to them, and how many bytes of each.
const MAXIMUM_REMEMBERED: usize = 1 << 20;
const MAXIMUM_REMEMBERED_TEXT: usize = 4096;

/// What is kept of the objects of a file.
#[derive(Default)]
pub(super) struct References {
    remembered: BTreeMap<u64, Remembered>,
    /// The highest number of an object so far.
    last: Option<u64>,
}

enum Remembered {
    /// How it prints.
    Text(Box<str>),
    /// The texts of a list. An empty one of .NET may be one object, wherever it stands.
    List(Box<[Box<str>]>),
}

impl References {
    /// Notes that an object begins.
    pub(super) fn begin(&mut self, id: Option<u64>) {
        self.last = self.last.max(id);
    }

    /// Whether the object of this number has begun.
    pub(super) fn has(&self, id: Option<u64>) -> bool {
        id.is_some() && id <= self.last
    }

    /// What is remembered of an object.
    pub(super) fn value(&self, id: Option<u64>) -> Option<Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        Some(match self.remembered.get(&id?)? {
            Remembered::Text(known) => text(known),
            Remembered::List(items) => {
                let items = items.iter().map(|item| text(item)).collect();
                Value::Structure(Box::new(Structure { items, ..Structure::default() }))
            }
        })
    }

    /// Remembers how an object prints.
    pub(super) fn text(&mut self, id: Option<u64>, text: &str) {
        if text.len() <= MAXIMUM_REMEMBERED_TEXT {
            self.remember(id, || Remembered::Text(text.into()));
        }
    }

    /// Remembers a list in which everything prints.
    pub(super) fn list(&mut self, id: Option<u64>, items: &[Value]) {
        let length = items.iter().try_fold(0, |length, item| Some(length + size_of::<Box<str>>() + item.text()?.len()));
        if length.is_some_and(|length| length <= MAXIMUM_REMEMBERED_TEXT) {
            let texts = || items.iter().filter_map(Value::text).map(Into::into).collect();
            self.remember(id, || Remembered::List(texts()));
        }
    }

    fn remember(&mut self, id: Option<u64>, value: impl FnOnce() -> Remembered) {
        if let Some(id) = id.filter(|_| self.remembered.len() < MAXIMUM_REMEMBERED) {
            self.remembered.insert(id, value());
        }
    }
}
