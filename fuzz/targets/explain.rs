//! Any text is explained, and what is shown of it forges no line.
#![no_main]

use exchange_certificates::explain;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let explained = explain(text);
    for entry in explained.entries() {
        assert_eq!(entry.to_string().lines().count(), 1);
        assert!(entry.remedy().iter().chain(entry.look_at()).all(|block| !block.text().contains('\u{1b}')));
    }
    assert_eq!(explained.is_recognised(), !explained.entries().is_empty());
    assert!(explained.nearest().len() <= 3);
});
